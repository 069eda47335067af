/* SPDX-License-Identifier: ISC */
/* file: tests/unit/ledger_help.h */
#ifndef LEDGER_HELP_H
#define LEDGER_HELP_H

/*
 * An authority, machines that ask it, and a ledger that is only ever changed
 * by reading lines, as keyd does it.
 */
#include <stdio.h>

#include "base64.h"
#include "bundle.h"
#include "crypto.h"
#include "hex.h"
#include "ledger.h"
#include "unit.h"

#define NOW UINT64_C(1763694000)
#define DAY 86400u

struct office {
	struct ledger l;
	struct authority a;
	uint8_t holder[32];
	struct bundle b;
	char line[LEDGER_LINE_MAX];
	const char *who;
	uint64_t now;
};

static inline struct office
office(const char *net)
{
	struct office o = {.now = NOW};

	ledger_init(&o.l);
	memset(o.a.ca_seed, 0xca, 32);
	memset(o.a.dir_seed, 0xd1, 32);
	memset(o.a.secret, 0x5e, 32);
	memset(o.holder, 0x40, 32);
	if (net != NULL)
		ck_assert_int_eq(prefix_parse(net, &o.a.prefix), 0);
	return o;
}

static inline void
say(struct office *o, const char *line)
{
	ck_assert_int_eq(ledger_read(&o->l, line, strlen(line)), 0);
}

/* An invitation of this kind, its number making its secret. */
static inline struct ledger_invite
invitation(uint8_t number, const char *name)
{
	struct ledger_invite v = {.created = NOW - 60,
	    .expires = NOW + 900,
	    .uses = 1,
	    .life_s = 30 * DAY};

	memset(v.secret, number, sizeof(v.secret));
	snprintf(v.name, sizeof(v.name), "%s", name);
	return v;
}

static inline void
invite(struct office *o, const struct ledger_invite *v)
{
	char line[LEDGER_LINE_MAX];

	ck_assert_uint_ne(ledger_line_invite(line, v), 0);
	say(o, line);
}

static inline struct invite_keys
keys_of(uint8_t number)
{
	uint8_t secret[INVITE_SECRET];
	struct invite_keys k;

	memset(secret, number, sizeof(secret));
	invite_derive(&k, secret);
	return k;
}

/* What machine m asks with invitation number; 0: a renewal. */
static inline struct join_request
request(uint8_t m, uint8_t number)
{
	struct invite_keys k = keys_of(number);
	struct join_request q;
	uint8_t node[32], seed[32];

	memset(node, m, sizeof(node));
	memset(seed, m ^ 0x80, sizeof(seed));
	ck_assert_int_eq(
	    join_request_make(&q, number == 0 ? NULL : &k, node, seed), 0);
	return q;
}

static inline enum join_status
asks(struct office *o, const struct join_request *q)
{
	enum join_status s = ledger_issue(
	    &o->l, &o->a, o->holder, q, o->now, &o->b, o->line, &o->who);

	say(o, o->line);
	return s;
}

static inline enum join_status
comes(struct office *o, uint8_t m, uint8_t number)
{
	struct join_request q = request(m, number);

	return asks(o, &q);
}

static inline struct cert
paper(const struct office *o)
{
	struct cert c;

	ck_assert_int_eq(cert_get(o->b.cert, o->b.certlen, &c), CERT_OK);
	return c;
}

static inline void
assert_is(const struct office *o, const char *name, const char *address)
{
	struct cert c = paper(o);
	char text[PREFIX_STRLEN];

	ck_assert_str_eq(c.name, name);
	ck_assert_uint_eq(c.naddresses, address == NULL ? 0 : 1);
	if (address != NULL)
		ck_assert_str_eq(prefix_format(&c.address[0], text), address);
}

static inline void
gone(struct office *o, uint64_t serial)
{
	char line[LEDGER_LINE_MAX];

	ck_assert_uint_ne(ledger_line_revoke(line, serial, o->now), 0);
	say(o, line);
}

#endif
