/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_sign.c */
/*
 * request, sign: membership by hand, for a network whose authority is on a
 * machine without a network.
 *
 *	node$ meshctl request > r	machine# meshctl sign r --name N > a
 *	node# meshctl join --file a
 *
 * Nobody renews such a certificate by itself, so its life is longer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "contacts.h"
#include "crypto.h"
#include "netkey.h"
#include "signed.h"
#include "terms.h"

#define LIFE_S (365u * 86400)

/* To a new file, or standard output. */
static int
give(const struct call *c, const char *text, size_t len, mode_t mode)
{
	const struct complaint m = {.exit_status = EXIT_BAD, .code = "file"};

	if (c->file != NULL)
		return paths_write(c->file, mode, text, len) == 0
		    ? EXIT_FINE
		    : paths_failed(c, c->file, "write");
	if (fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0)
		return EXIT_FINE;
	return report_error(c, &m, "standard output: could not write all");
}

int
verb_request(const struct call *c)
{
	const struct complaint bad = {.exit_status = EXIT_BAD, .code = "key"};
	uint8_t identity[32], node[32], seed[32];
	char text[SIGNED_REQUEST_MAX];
	struct join_request q;
	struct paths f;
	bool made;
	int code = paths_new(&f, c);

	if (code == EXIT_FINE && crypto_init() == -1)
		code = report_error(c, &bad, "the crypto library fails");
	if (code == EXIT_FINE && paths_dir(f.state, 0700) == -1)
		code = paths_failed(c, f.state, "make");
	if (code == EXIT_FINE)
		code = paths_key_make(c, f.key, identity, &made);
	if (code != EXIT_FINE)
		return code;
	netkey_node_seed(seed, identity);
	if (crypto_x25519_pub(node, identity) == -1 ||
	    join_request_make(&q, NULL, node, seed) == -1)
		code = report_error(c, &bad, "%s: not a usable key", f.key);
	crypto_wipe(identity, sizeof(identity));
	crypto_wipe(seed, sizeof(seed));
	if (code != EXIT_FINE)
		return code;
	signed_request_put(text, &q);
	return give(c, text, strlen(text), 0644);
}

/* ---- sign ---- */

static int
read_request(const struct call *c, struct join_request *q)
{
	const struct complaint bad = {.exit_status = EXIT_BAD,
	    .code = "request",
	    .hint = {"it must be what meshctl request has written"}};
	const char *path = c->argv[0];
	char text[SIGNED_REQUEST_MAX + 1];
	ssize_t n = paths_read(path, text, SIGNED_REQUEST_MAX);

	if (n == -1 && errno != EFBIG)
		return paths_failed(c, path, "read");
	text[n > 0 ? n : 0] = '\0';
	return signed_request_get(text, q) == 0
	    ? EXIT_FINE
	    : report_error(c, &bad, "%s: not a request, or damaged", path);
}

static int
issue(const struct call *c, struct registry *registry,
    const struct join_request *q, const struct ledger_invite *terms,
    struct bundle *b)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "certificate"};
	char line[LEDGER_LINE_MAX];
	enum join_status r;
	const char *who;

	r = ledger_admit(&registry->ledger, &registry->authority,
	    registry->holder, q, terms, clock_unix_ms() / 1000, b, line, &who);
	if (r == JOIN_FORGED)
		return report_error(c, &bad,
		    "one of its keys is known with another one beside it");
	if (r != JOIN_OK)
		return report_error(c, &bad, "no certificate: %s", who);
	return registry_append(registry, c, line);
}

static int
sign(const struct call *c, struct registry *registry, const struct paths *f,
    const struct conf *conf)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "certificate"};
	struct contacts at = {0};
	char *text = malloc(SIGNED_MAX);
	struct bundle *b = calloc(1, sizeof(*b));
	struct ledger_invite terms = {0};
	struct join_request q;
	size_t len = 0;
	int code = EXIT_BAD;

	if (text == NULL || b == NULL)
		goto out;
	code = read_request(c, &q);
	if (code == EXIT_FINE)
		code = terms_read(&terms, c, registry,
		    c->opt[OPT_NAME] == NULL ? "-" : c->opt[OPT_NAME], LIFE_S);
	if (code == EXIT_FINE && c->ncontacts > 0)
		code = contacts_find(c, f, conf, registry->holder, &at);
	if (code == EXIT_FINE)
		code = issue(c, registry, &q, &terms, b);
	if (code != EXIT_FINE)
		goto out;
	len = signed_put(text, b, at.at, at.n);
	code = len > 0 ? give(c, text, len, 0400)
		       : report_error(c, &bad, "the answer does not fit");
	crypto_wipe(text, SIGNED_MAX);
	crypto_wipe(b, sizeof(*b));
out:
	free(text);
	free(b);
	return code;
}

int
verb_sign(const struct call *c)
{
	return terms_with_registry(c, sign);
}
