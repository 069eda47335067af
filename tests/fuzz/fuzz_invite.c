/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_invite.c */
/*
 * invite_parse with any text.  Oracles: what is refused has a reason; what is
 * taken comes back from its canonical text as it is; and a token made of the
 * input's octets, if it can be written at all, is read as itself.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "crypto.h"
#include "invite.h"

static void
check(int ok)
{
	if (!ok)
		abort();
}

static int
same(const struct invite_token *a, const struct invite_token *b)
{
	if (a->n != b->n ||
	    memcmp(a->secret, b->secret, sizeof(a->secret)) != 0)
		return 0;
	for (unsigned i = 0; i < a->n; i++)
		if (memcmp(a->contact[i].key, b->contact[i].key, 32) != 0 ||
		    !endpoint_eq(&a->contact[i].ep, &b->contact[i].ep) ||
		    a->contact[i].dht_port != b->contact[i].dht_port)
			return 0;
	return 1;
}

static void
read_text(const uint8_t *data, size_t size)
{
	struct invite_token t, again;
	char text[INVITE_TEXT_MAX];
	char *s = malloc(size + 1);
	const char *why = NULL;

	check(s != NULL);
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	if (invite_parse(s, &t, &why) == -1)
		check(why != NULL);
	else {
		check(invite_format(text, &t) == 0);
		check(invite_parse(text, &again, &why) == 0);
		check(same(&t, &again));
	}
	free(s);
}

static void
write_text(const uint8_t *data, size_t size)
{
	struct invite_token t = {0}, again;
	char text[INVITE_TEXT_MAX];
	const char *why;
	struct rbuf r;

	rbuf_init(&r, data, size);
	rbuf_bytes(&r, t.secret, sizeof(t.secret));
	t.n = rbuf_u8(&r) % (INVITE_CONTACTS_MAX + 2);
	for (unsigned i = 0; i < t.n && i < INVITE_CONTACTS_MAX; i++) {
		struct contact *c = &t.contact[i];

		rbuf_bytes(&r, c->key, sizeof(c->key));
		c->ep.addr.family = rbuf_u8(&r) % 2 == 0 ? 4 : 6;
		rbuf_bytes(&r, c->ep.addr.b, addr_bits(&c->ep.addr) / 8);
		c->ep.port = rbuf_u16(&r);
		c->dht_port = rbuf_u16(&r);
	}
	if (invite_format(text, &t) == 0) {
		check(invite_parse(text, &again, &why) == 0);
		check(same(&t, &again));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(crypto_init() == 0);
	read_text(data, size);
	write_text(data, size);
	return 0;
}
