/* SPDX-License-Identifier: ISC */
/* file: ctl/signed.c */
/*
 * Requests and answers that are carried by hand (see signed.h).  They are text,
 * so that they survive mail and eyes; what they say is verified as if it had
 * come over the network.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "crypto.h"
#include "signed.h"

#define REQUEST_WORD "mesh1-request "

void
signed_request_put(char out[SIGNED_REQUEST_MAX], const struct join_request *q)
{
	char text[BASE64_LEN(JOIN_REQUEST) + 1];
	uint8_t octets[JOIN_REQUEST];

	join_request_put(octets, q);
	snprintf(out, SIGNED_REQUEST_MAX, REQUEST_WORD "%s\n",
	    base64_put(text, octets, sizeof(octets)));
}

int
signed_request_get(const char *text, struct join_request *q)
{
	static const uint8_t none[INVITE_ID];
	uint8_t octets[JOIN_REQUEST];
	size_t len;

	text += strspn(text, " \t\r\n");
	if (strncmp(text, REQUEST_WORD, strlen(REQUEST_WORD)) != 0)
		return -1;
	text += strlen(REQUEST_WORD);
	len = strcspn(text, " \t\r\n");
	if (base64_get(octets, sizeof(octets), text, len) != JOIN_REQUEST ||
	    text[len + strspn(text + len, " \t\r\n")] != '\0')
		return -1;
	join_request_get(octets, q);
	return memcmp(q->id, none, sizeof(none)) == 0 && join_request_signed(q)
	    ? 0
	    : -1;
}

/* ---- the answer ---- */

size_t
signed_put(char out[SIGNED_MAX], const struct bundle *b,
    const struct contact *k, unsigned n)
{
	char key[45], ep[ENDPOINT_STRLEN];
	size_t len = bundle_print(out, SIGNED_MAX, b);

	if (len == 0)
		return 0;
	len += (size_t)snprintf(out + len, SIGNED_MAX - len, "secret %s\n",
	    key_format(b->secret, key));
	for (unsigned i = 0; i < n && len < SIGNED_MAX; i++)
		len += (size_t)snprintf(out + len, SIGNED_MAX - len,
		    "contact %s %s %u\n", key_format(k[i].key, key),
		    endpoint_format(&k[i].ep, ep), (unsigned)k[i].dht_port);
	crypto_wipe(key, sizeof(key));
	return len < SIGNED_MAX ? len : 0;
}

static int
get_contact(char *line, struct contact *k)
{
	char *at = strchr(line, ' '), *dht, *end;
	unsigned long port;

	if (at == NULL)
		return -1;
	*at++ = '\0';
	dht = strchr(at, ' ');
	if (dht == NULL)
		return -1;
	*dht++ = '\0';
	port = strtoul(dht, &end, 10);
	if (*dht < '0' || *dht > '9' || *end != '\0' || port > UINT16_MAX)
		return -1;
	k->dht_port = (uint16_t)port;
	return key_parse(line, k->key) == 0 &&
		endpoint_parse(at, 0, &k->ep) == 0
	    ? 0
	    : -1;
}

/* Our own lines leave the text: what is left is a certificate file. */
int
signed_get(char *text, struct bundle *b, struct contact *k, uint8_t *n,
    const char **why)
{
	uint8_t secret[32] = {0};
	char *line = text, *end, *rest = text;
	unsigned at;
	int r = 0;

	*n = 0;
	*why = "a secret or contact in it makes no sense";
	for (; *line != '\0' && r == 0; line = end) {
		size_t len = strcspn(line, "\n");
		bool ended = line[len] != '\0';

		line[len] = '\0';
		end = line + len + ended;
		if (strncmp(line, "secret ", 7) == 0) {
			r = key_parse(line + 7, secret);
		} else if (strncmp(line, "contact ", 8) == 0) {
			r = *n < INVITE_CONTACTS_MAX
			    ? get_contact(line + 8, &k[(*n)++])
			    : -1;
		} else {
			line[len] = '\n';
			memmove(rest, line, len + ended);
			rest += len + ended;
		}
	}
	if (r == 0)
		r = bundle_parse(text, (size_t)(rest - text), b, &at, why);
	if (r == 0)
		memcpy(b->secret, secret, sizeof(b->secret));
	crypto_wipe(secret, sizeof(secret));
	return r;
}

int
signed_read(struct newcomer *m)
{
	const struct complaint bad = {.exit_status = EXIT_BAD,
	    .code = "certificate",
	    .hint = {"it must be what meshctl sign has written, all of it"}};
	const char *path = m->call->opt[OPT_FILE], *why = "no memory";
	char *text = malloc(SIGNED_MAX + 1);
	ssize_t len;
	int r;

	len = text == NULL ? -1 : paths_read(path, text, SIGNED_MAX);
	if (len == -1) {
		free(text);
		return paths_failed(m->call, path, "read");
	}
	text[len] = '\0';
	r = strlen(text) == (size_t)len
	    ? signed_get(text, &m->bundle, m->contact, &m->ncontacts, &why)
	    : -1;
	crypto_wipe(text, SIGNED_MAX);
	free(text);
	return r == 0 ? EXIT_FINE
		      : report_error(m->call, &bad, "%s: %s", path, why);
}
