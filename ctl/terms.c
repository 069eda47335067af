/* SPDX-License-Identifier: ISC */
/* file: ctl/terms.c */
/*
 * What a new member is given (see terms.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fmt.h"
#include "terms.h"

_Static_assert(ARGS_REPEAT_MAX <= CERT_GROUPS_MAX, "all groups fit");

static int
read_name(struct ledger_invite *v, const struct call *c,
    const struct registry *b, const char *name)
{
	const struct complaint taken = {.exit_status = EXIT_BAD,
	    .code = "name_taken",
	    .hint = {"another name; or first: sudo meshctl revoke NAME"}};
	uint64_t now = clock_unix_ms() / 1000;

	if (strcmp(name, "-") != 0 && !ledger_name_ok(name))
		return args_usage(c,
		    "a name has letters, digits and hyphens inside, unlike ",
		    name);
	if (ledger_name_of(&b->ledger, name, NULL, now) != NULL &&
	    c->opt[OPT_REUSABLE] == NULL)
		return report_error(
		    c, &taken, "there is a node called %s", name);
	snprintf(v->name, sizeof(v->name), "%s", name);
	return EXIT_FINE;
}

static int
read_address(
    struct ledger_invite *v, const struct call *c, const struct registry *b)
{
	const struct complaint taken = {
	    .exit_status = EXIT_BAD, .code = "address_taken"};
	const struct prefix *net = &b->authority.prefix;
	const char *text = c->opt[OPT_ADDRESS];
	const struct ledger_issue *has;
	char prefix[PREFIX_STRLEN];

	if (text == NULL)
		return EXIT_FINE;
	if (prefix_parse(text, &v->address) == -1 ||
	    v->address.addr.family != 4 || !prefix_has(net, &v->address.addr))
		return report_error(c, &taken, "%s is no address in %s", text,
		    prefix_format(net, prefix));
	v->address.len = 32;
	has = ledger_address_of(
	    &b->ledger, &v->address.addr, NULL, clock_unix_ms() / 1000);
	return has == NULL
	    ? EXIT_FINE
	    : report_error(c, &taken, "%s belongs to %s", text, has->name);
}

int
terms_read(struct ledger_invite *v, const struct call *c,
    const struct registry *b, const char *name, uint32_t life_s)
{
	const char *life = c->opt[OPT_LIFE];
	uint64_t s = life_s;
	int code;

	code = read_name(v, c, b, name);
	if (code == EXIT_FINE)
		code = read_address(v, c, b);
	if (code != EXIT_FINE)
		return code;
	if (life != NULL &&
	    (fmt_span_parse(life, &s) == -1 || s < TERMS_LIFE_MIN_S ||
		s > TERMS_LIFE_MAX_S))
		return args_usage(
		    c, "--life takes a time from 60s to 3650d, not ", life);
	v->life_s = (uint32_t)s;
	v->caps = c->opt[OPT_RELAY] != NULL ? CERT_CAP_RELAY : 0;
	for (unsigned i = 0; i < c->ngroups; i++) {
		if (!ledger_group_ok(c->group[i]))
			return args_usage(c,
			    "--group takes a word of up to 32 characters, not ",
			    c->group[i]);
		snprintf(
		    v->group[v->ngroups++], CERT_GROUP_MAX, "%s", c->group[i]);
	}
	return EXIT_FINE;
}

int
terms_with_registry(const struct call *c,
    int (*run)(const struct call *, struct registry *, const struct paths *,
	const struct conf *))
{
	const struct complaint oom = {
	    .exit_status = EXIT_BAD, .code = "system"};
	char again[96];
	const struct complaint root = {.exit_status = EXIT_DENIED,
	    .code = "not_permitted",
	    .hint = {again}};
	struct conf *conf;
	struct paths f;
	struct registry b;
	int code;

	if (geteuid() != 0) {
		snprintf(
		    again, sizeof(again), "sudo meshctl %s", c->verb->name);
		return report_error(
		    c, &root, "not permitted: %s needs root", c->verb->name);
	}
	conf = calloc(1, sizeof(*conf));
	if (conf == NULL)
		return report_error(c, &oom, "no memory");
	code = paths_of(&f, c, conf);
	if (code == EXIT_FINE) {
		code = registry_open(&b, c, &f);
		if (code == EXIT_FINE)
			code = run(c, &b, &f, conf);
		registry_close(&b);
	}
	conf_clear(conf);
	free(conf);
	return code;
}
