/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_init.c */
/*
 * init: a network begins.  Its keys, this node's certificate and a short
 * configuration are made; then the service is started.
 *
 * This node has the authority from then on: who loses identity.key.authority
 * can't invite, renew or revoke any more, and who copies it can.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "hostnet.h"
#include "ledger.h"
#include "newcomer.h"
#include "rnd.h"

#define OWN_LIFE_S (365u * 86400)
#define CONTACT_TEXT_MAX 256

struct start { /* what init was asked for */
	struct newcomer m;
	struct authority authority;
	struct ledger ledger;
	struct ledger_invite terms;
	char line[LEDGER_LINE_MAX];
	char contact[CONTACT_TEXT_MAX];
};

/* ---- what was asked for ---- */

/* The machine's own name up to its first dot, if a node may be called so. */
static int
choose_name(struct start *s, const struct call *c)
{
	const char *want = c->opt[OPT_NODE];
	char host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	if (want == NULL)
		want = ledger_name_ok(host) ? host : "node";
	if (!ledger_name_ok(want))
		return args_usage(
		    c, "--node takes letters, digits and hyphens, not ", want);
	snprintf(s->terms.name, sizeof(s->terms.name), "%.63s", want);
	return EXIT_FINE;
}

static int
taken(
    const struct call *c, const struct prefix *p, const struct hostnet_row *row)
{
	const struct complaint m = {.exit_status = EXIT_BAD,
	    .code = "overlap",
	    .hint = {"meshctl init --prefix A/N with another one"}};
	char ours[PREFIX_STRLEN], theirs[PREFIX_STRLEN];

	return report_error(c, &m, "%s overlaps this machine's %s %s",
	    prefix_format(p, ours), row->address ? "network" : "route to",
	    prefix_format(&row->p, theirs));
}

static int
given_prefix(struct start *s, const struct call *c, const struct hostnet *h)
{
	struct prefix *p = &s->authority.prefix;
	const struct hostnet_row *row;
	struct prefix masked;

	if (prefix_parse(c->opt[OPT_PREFIX], p) == -1 || p->addr.family != 4 ||
	    p->len < 8 || p->len > 29)
		return args_usage(c,
		    "--prefix takes an IPv4 network of 8 to 29 bits, not ",
		    c->opt[OPT_PREFIX]);
	masked = *p;
	prefix_mask(&masked);
	if (!prefix_eq(p, &masked) || addr_is_special(&p->addr))
		return args_usage(
		    c, "--prefix is no network: ", c->opt[OPT_PREFIX]);
	row = hostnet_overlap(h, p);
	return row == NULL ? EXIT_FINE : taken(c, p, row);
}

static int
choose_prefix(struct start *s, const struct call *c)
{
	const struct complaint none = {.exit_status = EXIT_BAD,
	    .code = "overlap",
	    .hint = {"meshctl init --prefix A/N"}};
	struct hostnet *h = calloc(1, sizeof(*h));
	struct rnd_src rnd = rnd_kernel();
	int code = EXIT_FINE;

	if (h == NULL || hostnet_read(h) == -1)
		code = paths_failed(c, "interfaces", "read");
	else if (c->opt[OPT_PREFIX] != NULL)
		code = given_prefix(s, c, h);
	else if (h->more)
		code = report_error(c, &none,
		    "this machine has too many routes to see what is free");
	else if (hostnet_pick(h, rnd_below(&rnd, 256), &s->authority.prefix) ==
	    -1)
		code = report_error(c, &none,
		    "all of 10.0.0.0/8 overlaps networks of this machine");
	free(h);
	return code;
}

static int
choose_address(struct start *s, const struct call *c)
{
	const char *want = c->opt[OPT_ADDRESS];
	struct prefix *a = &s->terms.address;

	if (want == NULL)
		return EXIT_FINE;
	if (prefix_parse(want, a) == -1 || a->addr.family != 4 ||
	    !prefix_has(&s->authority.prefix, &a->addr))
		return args_usage(c, "--address is not in the network: ", want);
	return EXIT_FINE;
}

/* Kept for the invitations, one a line. */
static int
choose_contact(struct start *s, const struct call *c)
{
	char text[ENDPOINT_STRLEN];
	struct endpoint ep;
	size_t len = 0;

	for (unsigned i = 0; i < c->ncontacts; i++) {
		if (i == INVITE_CONTACTS_MAX ||
		    endpoint_parse(c->contact[i], 51820, &ep) == -1)
			return args_usage(c,
			    "--contact takes up to three ADDRESS:PORT, not ",
			    c->contact[i]);
		len +=
		    (size_t)snprintf(s->contact + len, sizeof(s->contact) - len,
			"%s\n", endpoint_format(&ep, text));
	}
	return EXIT_FINE;
}

/* ---- making it ---- */

static int
make_certificate(struct start *s, const struct call *c)
{
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "certificate"};
	struct join_request q;
	const char *who;
	enum join_status r;

	rnd_bytes(s->authority.ca_seed, sizeof(s->authority.ca_seed));
	rnd_bytes(s->authority.dir_seed, sizeof(s->authority.dir_seed));
	rnd_bytes(s->authority.secret, sizeof(s->authority.secret));
	s->terms.life_s = OWN_LIFE_S;
	s->terms.caps = CERT_CAP_RELAY; /* if its configuration says so */
	if (join_request_make(&q, NULL, s->m.node, s->m.seed) == -1)
		return report_error(c, &bad, "this node's key can't sign");
	r = ledger_admit(&s->ledger, &s->authority, s->m.node, &q, &s->terms,
	    clock_unix_ms() / 1000, &s->m.bundle, s->line, &who);
	return r == JOIN_OK
	    ? EXIT_FINE
	    : report_error(c, &bad, "no certificate was made: %s", who);
}

static int
write_authority(struct start *s)
{
	char text[AUTHORITY_TEXT_MAX];
	size_t len = authority_print(text, sizeof(text), &s->authority);
	struct newcomer *m = &s->m;
	int code;

	code = newcomer_write(m, m->files.authority, 0400, text, len);
	crypto_wipe(text, sizeof(text));
	if (code == EXIT_FINE)
		code = newcomer_write(
		    m, m->files.ledger, 0600, s->line, strlen(s->line));
	if (code == EXIT_FINE && s->contact[0] != '\0')
		code = newcomer_write(
		    m, m->files.contact, 0600, s->contact, strlen(s->contact));
	return code;
}

/* Members of another network may still hold its certificates. */
static int
old_authority(const struct call *c, const struct paths *f)
{
	static const struct complaint is = {.exit_status = EXIT_BAD,
	    .code = "file_exists",
	    .hint = {"it signs for a network: keep it, or move it away to "
		     "give that network up"}};

	if (paths_exist(f->authority))
		return report_error(c, &is, "%s exists", f->authority);
	if (paths_exist(f->ledger))
		return report_error(c, &is, "%s exists", f->ledger);
	return EXIT_FINE;
}

static int
init(struct start *s, const struct call *c, bool *keep)
{
	int code = newcomer_begin(&s->m, c);

	if (code == EXIT_FINE)
		code = old_authority(c, &s->m.files);
	if (code == EXIT_FINE)
		code = choose_name(s, c);
	if (code == EXIT_FINE)
		code = choose_prefix(s, c);
	if (code == EXIT_FINE)
		code = choose_address(s, c);
	if (code == EXIT_FINE)
		code = choose_contact(s, c);
	if (code == EXIT_FINE)
		code = make_certificate(s, c);
	if (code == EXIT_FINE)
		code = newcomer_check(&s->m);
	if (code == EXIT_FINE)
		code = write_authority(s);
	if (code == EXIT_FINE)
		code = newcomer_write_all(&s->m);
	if (code != EXIT_FINE)
		return code;
	*keep = true;
	return newcomer_start(&s->m, c->opt[OPT_NAME],
	    "Invite the next machine:  sudo meshctl invite NAME");
}

int
verb_init(const struct call *c)
{
	const struct complaint oom = {
	    .exit_status = EXIT_BAD, .code = "system"};
	struct start *s = calloc(1, sizeof(*s));
	bool keep = false;
	int code;

	if (s == NULL)
		return report_error(c, &oom, "no memory");
	ledger_init(&s->ledger);
	code = init(s, c, &keep);
	newcomer_clear(&s->m, keep);
	ledger_clear(&s->ledger);
	crypto_wipe(s, sizeof(*s));
	free(s);
	return code;
}
