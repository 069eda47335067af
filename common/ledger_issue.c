/* SPDX-License-Identifier: ISC */
/* file: common/ledger_issue.c */
/*
 * Who gets a certificate, under which name and address (see ledger.h).
 *
 * A request comes from whoever has the token, or from a member: everything in
 * it is a stranger's word but what its signature and its proof cover.  The
 * order of the questions is the policy: is it by the key it names, is the
 * invitation known and the proof right, and only then what became of it, so
 * that nobody learns anything about an invitation that he does not hold.
 *
 * X25519 can't sign, so a request does not show that the node's key is its
 * own: a pair of keys that was seen once is never taken apart again, and who
 * certifies a key he does not have can't open a session with it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bundle.h"
#include "crypto.h"
#include "ledger.h"

#define AGAIN_S 3600     /* a younger certificate is good enough */
#define SUFFIX_MAX 65536 /* of a name */

static const uint8_t no_id[INVITE_ID];

/* ---- what the ledger says ---- */

struct ledger_invite *
ledger_invite(const struct ledger *l, const uint8_t id[INVITE_ID])
{
	for (uint32_t i = 0; i < l->ninvites; i++)
		if (memcmp(l->invite[i].id, id, INVITE_ID) == 0)
			return &l->invite[i];
	return NULL;
}

bool
ledger_invite_open(const struct ledger_invite *v, uint64_t unix_s)
{
	return !v->cancelled && unix_s < v->expires && v->used < v->uses;
}

struct ledger_issue *
ledger_by_name(const struct ledger *l, const char *name)
{
	for (uint32_t i = l->nissues; i-- > 0;)
		if (l->issue[i].revoked == 0 &&
		    strcasecmp(l->issue[i].name, name) == 0)
			return &l->issue[i];
	return NULL;
}

/* The newest of this key, revoked or not. */
static struct ledger_issue *
last_of(const struct ledger *l, const uint8_t node[32])
{
	for (uint32_t i = l->nissues; i-- > 0;)
		if (memcmp(l->issue[i].node, node, 32) == 0)
			return &l->issue[i];
	return NULL;
}

struct ledger_issue *
ledger_by_node(const struct ledger *l, const uint8_t node[32])
{
	for (uint32_t i = l->nissues; i-- > 0;)
		if (l->issue[i].revoked == 0 &&
		    memcmp(l->issue[i].node, node, 32) == 0)
			return &l->issue[i];
	return NULL;
}

/* Does it count, or could it again by a renewal? */
static bool
keeps(const struct ledger_issue *v, uint64_t unix_s)
{
	return v->revoked == 0 && unix_s <= v->not_after + LEDGER_GRACE_S;
}

const struct ledger_issue *
ledger_address_of(const struct ledger *l, const struct addr *a,
    const uint8_t but[32], uint64_t unix_s)
{
	for (uint32_t i = l->nissues; i-- > 0;) {
		const struct ledger_issue *v = &l->issue[i];

		if (keeps(v, unix_s) && addr_eq(&v->address.addr, a) &&
		    (but == NULL || memcmp(v->node, but, 32) != 0))
			return v;
	}
	return NULL;
}

const struct ledger_issue *
ledger_name_of(const struct ledger *l, const char *name, const uint8_t but[32],
    uint64_t unix_s)
{
	for (uint32_t i = l->nissues; i-- > 0;) {
		const struct ledger_issue *v = &l->issue[i];

		if (keeps(v, unix_s) && strcasecmp(v->name, name) == 0 &&
		    (but == NULL || memcmp(v->node, but, 32) != 0))
			return v;
	}
	return NULL;
}

static uint32_t
host_order(const struct addr *a)
{
	return (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 |
	    (uint32_t)a->b[2] << 8 | a->b[3];
}

struct marks { /* one bit for each of the lowest addresses */
	uint8_t *bit;
	uint32_t n, base;
};

static void
mark(struct marks *m, const struct prefix *net, const struct prefix *p)
{
	uint32_t at;

	if (!prefix_has(net, &p->addr))
		return;
	at = host_order(&p->addr) - m->base;
	if (at < m->n)
		m->bit[at / 8] |= (uint8_t)(1u << at % 8);
}

/*
 * As many addresses as were ever given out, and one more: the lowest free one
 * is among them.
 */
int
ledger_free_address(const struct ledger *l, const struct prefix *net,
    uint64_t unix_s, struct prefix *out)
{
	struct marks m = {.n = l->nissues + l->ninvites + 2};
	struct prefix masked = *net;
	uint32_t last, i;

	if (net->addr.family != 4 || net->len > 30)
		return -1;
	prefix_mask(&masked);
	m.base = host_order(&masked.addr);
	last = (UINT32_MAX >> net->len) - 1; /* not the broadcast address */
	m.bit = calloc(m.n / 8 + 1, 1);
	if (m.bit == NULL)
		return -1;
	for (i = 0; i < l->nissues; i++)
		if (keeps(&l->issue[i], unix_s))
			mark(&m, &masked, &l->issue[i].address);
	for (i = 0; i < l->ninvites; i++)
		if (ledger_invite_open(&l->invite[i], unix_s))
			mark(&m, &masked, &l->invite[i].address);
	for (i = 1; i < m.n && (m.bit[i / 8] & 1u << i % 8) != 0; i++)
		continue;
	free(m.bit);
	if (i > last)
		return -1;
	*out = masked;
	i += m.base;
	for (unsigned k = 0; k < 4; k++)
		out->addr.b[k] = (uint8_t)(i >> (24 - 8 * k));
	return 0;
}

/* The one that expires first leaves a full list. */
static void
crl_add(struct crl *c, uint64_t until[CRL_SERIALS_MAX],
    const struct ledger_issue *v)
{
	unsigned first = 0;

	if (c->n == CRL_SERIALS_MAX) {
		for (unsigned i = 1; i < c->n; i++)
			if (until[i] < until[first])
				first = i;
		if (until[first] >= v->not_after)
			return;
		c->n--;
		memmove(&c->serial[first], &c->serial[first + 1],
		    (c->n - first) * sizeof(c->serial[0]));
		memmove(&until[first], &until[first + 1],
		    (c->n - first) * sizeof(until[0]));
	}
	c->serial[c->n] = v->serial; /* they come in ascending order */
	until[c->n++] = v->not_after;
}

void
ledger_crl(const struct ledger *l, uint64_t unix_s, struct crl *out)
{
	uint64_t until[CRL_SERIALS_MAX] = {0};

	*out = (struct crl){.number = l->crl + 1,
	    .issued = unix_s,
	    .next_update = unix_s + LEDGER_CRL_S};
	for (uint32_t i = 0; i < l->nissues; i++)
		if (l->issue[i].revoked != 0 &&
		    unix_s <= l->issue[i].not_after + CERT_SKEW_S)
			crl_add(out, until, &l->issue[i]);
}

/* ---- words for people ---- */

/* "12 min ago" */
static void
ago(char *out, size_t cap, uint64_t then, uint64_t now)
{
	static const struct {
		uint64_t below, unit;
		const char *name;
	} units[] = {{120, 1, "s"}, {7200, 60, "min"}, {172800, 3600, "h"},
	    {UINT64_MAX, 86400, "d"}};
	uint64_t d = now > then ? now - then : 0;
	unsigned i = 0;

	while (d >= units[i].below)
		i++;
	snprintf(
	    out, cap, "%" PRIu64 " %s ago", d / units[i].unit, units[i].name);
}

static void
say_used(struct ledger *l, const uint8_t id[INVITE_ID], uint64_t now)
{
	const struct ledger_issue *v = NULL;
	char when[40], address[ADDR_STRLEN];

	for (uint32_t i = 0; i < l->nissues; i++)
		if (memcmp(l->issue[i].id, id, INVITE_ID) == 0)
			v = &l->issue[i];
	if (v == NULL)
		return;
	ago(when, sizeof(when), v->not_before, now);
	snprintf(l->who, sizeof(l->who), "%s by %.63s (%s)", when, v->name,
	    addr_format(&v->address.addr, address));
}

/* ---- the decision ---- */

struct asked { /* one request on its way through */
	struct ledger *l;
	const struct authority *a;
	const struct join_request *q;
	uint64_t now;
	uint32_t life_s;
	struct ledger_issue v; /* what it gets; serial 0: not yet */
};

/* Is one of the keys known with another partner? */
static bool
keys_mixed(const struct ledger *l, const struct join_request *q)
{
	for (uint32_t i = 0; i < l->nissues; i++) {
		bool node = memcmp(l->issue[i].node, q->node, 32) == 0;
		bool ed = memcmp(l->issue[i].ed, q->ed, 32) == 0;

		if (node != ed)
			return true;
	}
	return false;
}

static int
choose_name(struct asked *k, const char *want)
{
	char base[CERT_NAME_MAX], suffix[16] = "";
	int room;

	snprintf(base, sizeof(base), "%s", want);
	if (strcmp(want, "-") == 0)
		snprintf(base, sizeof(base), "node-%" PRIu64, k->l->serial + 1);
	for (unsigned i = 2; i < SUFFIX_MAX; i++) {
		room = (int)(CERT_NAME_MAX - 1 - strlen(suffix));
		snprintf(
		    k->v.name, sizeof(k->v.name), "%.*s%s", room, base, suffix);
		if (ledger_name_of(k->l, k->v.name, k->q->node, k->now) == NULL)
			return 0;
		snprintf(suffix, sizeof(suffix), "-%u", i);
	}
	return -1;
}

/* An address that was promised is given or nothing is. */
static enum join_status
promised_address(struct asked *k, const struct prefix *want)
{
	const struct prefix *net = &k->a->prefix;
	const struct ledger_issue *has;
	char text[ADDR_STRLEN];

	addr_format(&want->addr, text);
	if (!prefix_has(net, &want->addr)) {
		snprintf(k->l->who, sizeof(k->l->who),
		    "its address %s is not the network's", text);
		return JOIN_USED;
	}
	has = ledger_address_of(k->l, &want->addr, k->q->node, k->now);
	if (has != NULL) {
		snprintf(k->l->who, sizeof(k->l->who),
		    "its address %.15s belongs to %.63s", text, has->name);
		return JOIN_USED;
	}
	k->v.address = *want;
	k->v.address.len = net->len;
	return JOIN_OK;
}

static enum join_status
choose_address(struct asked *k, const struct prefix *want)
{
	const struct prefix *net = &k->a->prefix;
	const struct ledger_issue *had = ledger_by_node(k->l, k->q->node);

	if (net->addr.family == 0)
		return JOIN_OK;
	if (want->addr.family != 0)
		return promised_address(k, want);
	if (had != NULL && prefix_has(net, &had->address.addr) &&
	    ledger_address_of(k->l, &had->address.addr, k->q->node, k->now) ==
		NULL) {
		k->v.address = had->address;
		k->v.address.len = net->len;
		return JOIN_OK;
	}
	if (ledger_free_address(k->l, net, k->now, &k->v.address) == 0)
		return JOIN_OK;
	snprintf(
	    k->l->who, sizeof(k->l->who), "the network has no free address");
	return JOIN_BUSY;
}

/*
 * Not before: also the sequence number of its records.  Two certificates with
 * one place between them never have the same.
 */
static uint64_t
own_moment(const struct asked *k)
{
	uint64_t t = k->now;

	for (uint32_t i = 0; i < k->l->nissues; i++) {
		const struct ledger_issue *v = &k->l->issue[i];

		if (v->not_before != t ||
		    (memcmp(v->node, k->v.node, 32) != 0 &&
			strcasecmp(v->name, k->v.name) != 0 &&
			!addr_eq(&v->address.addr, &k->v.address.addr)))
			continue;
		t++;
		i = UINT32_MAX; /* from the start */
	}
	return t;
}

/* The request is granted: what it gets is known. */
static void
grant(struct asked *k)
{
	memcpy(k->v.node, k->q->node, sizeof(k->v.node));
	memcpy(k->v.ed, k->q->ed, sizeof(k->v.ed));
	k->v.serial = k->l->serial + 1;
	k->v.not_before = own_moment(k);
	k->v.not_after = k->v.not_before + k->life_s;
	k->v.revoked = 0;
}

static enum join_status
by_terms(struct asked *k, const struct ledger_invite *terms)
{
	enum join_status s;

	k->life_s = terms->life_s;
	k->v.ngroups = terms->ngroups;
	memcpy(k->v.group, terms->group, sizeof(k->v.group));
	k->v.caps = terms->caps;
	s = choose_address(k, &terms->address);
	if (s != JOIN_OK)
		return s;
	if (choose_name(k, terms->name) == -1)
		return JOIN_BUSY;
	grant(k);
	return JOIN_OK;
}

static enum join_status
renew(struct asked *k)
{
	const struct ledger_issue *v = last_of(k->l, k->q->node);
	uint64_t life, young;

	if (v == NULL)
		return JOIN_UNKNOWN;
	snprintf(k->l->who, sizeof(k->l->who), "%.63s", v->name);
	if (v->revoked != 0)
		return JOIN_REVOKED;
	if (k->now > v->not_after + LEDGER_GRACE_S) {
		ago(k->l->who, sizeof(k->l->who), v->not_after, k->now);
		return JOIN_EXPIRED;
	}
	k->v = *v;
	life = v->not_after - v->not_before;
	young = life / 10 < AGAIN_S ? life / 10 : AGAIN_S;
	if (k->now < v->not_before + young)
		return JOIN_OK; /* as it is */
	memcpy(k->v.id, no_id, sizeof(no_id));
	k->life_s = life > UINT32_MAX ? UINT32_MAX : (uint32_t)life;
	grant(k);
	return JOIN_OK;
}

/* Did this machine come by this invitation before? */
static bool
came_before(const struct asked *k)
{
	for (uint32_t i = 0; i < k->l->nissues; i++)
		if (memcmp(k->l->issue[i].id, k->q->id, INVITE_ID) == 0 &&
		    memcmp(k->l->issue[i].node, k->q->node, 32) == 0)
			return true;
	return false;
}

/* What the machine has; a renewal if that does not count any more. */
static enum join_status
as_before(struct asked *k, const struct ledger_issue *v)
{
	if (k->now > v->not_after)
		return renew(k);
	k->v = *v;
	return JOIN_OK;
}

static enum join_status
join(struct asked *k)
{
	const struct ledger_invite *inv = ledger_invite(k->l, k->q->id);
	const struct ledger_issue *last = last_of(k->l, k->q->node);
	struct invite_keys keys;
	bool proved;

	if (inv == NULL)
		return JOIN_UNKNOWN;
	invite_derive(&keys, inv->secret);
	proved = join_request_proved(k->q, keys.proof);
	crypto_wipe(&keys, sizeof(keys));
	if (!proved)
		return JOIN_FORGED;
	if (last != NULL && last->revoked != 0 &&
	    inv->created <= last->revoked) {
		snprintf(k->l->who, sizeof(k->l->who), "%.63s", last->name);
		return JOIN_REVOKED;
	}
	if (last != NULL && last->revoked == 0 && came_before(k))
		return as_before(k, last);
	if (inv->cancelled)
		return JOIN_UNKNOWN;
	if (k->now >= inv->expires) {
		ago(k->l->who, sizeof(k->l->who), inv->expires, k->now);
		return JOIN_EXPIRED;
	}
	if (inv->used >= inv->uses) {
		say_used(k->l, inv->id, k->now);
		return JOIN_USED;
	}
	memcpy(k->v.id, inv->id, sizeof(k->v.id));
	return by_terms(k, inv);
}

/* ---- and its paper ---- */

static int
make_bundle(const struct asked *k, const uint8_t holder[32], struct bundle *b)
{
	const struct ledger_issue *v = &k->v;
	struct cert c = {.serial = v->serial,
	    .not_before = v->not_before,
	    .not_after = v->not_after,
	    .ngroups = v->ngroups,
	    .caps = v->caps};

	memset(b, 0, sizeof(*b));
	if (crypto_sign_pub(b->authority, k->a->ca_seed) == -1 ||
	    crypto_sign_pub(b->directory, k->a->dir_seed) == -1)
		return -1;
	memcpy(b->holder, holder, sizeof(b->holder));
	memcpy(b->secret, k->a->secret, sizeof(b->secret));
	b->prefix = k->a->prefix;
	memcpy(c.node, v->node, sizeof(c.node));
	memcpy(c.ed, v->ed, sizeof(c.ed));
	memcpy(c.name, v->name, sizeof(c.name));
	memcpy(c.group, v->group, sizeof(c.group));
	if (v->address.addr.family != 0)
		c.address[c.naddresses++] = v->address;
	return bundle_issue(b, &c, k->a->ca_seed, k->a->dir_seed);
}

/* A ledger that somebody wrote in may promise what no member would believe. */
static bool
address_fits(const struct asked *k)
{
	const struct prefix *net = &k->a->prefix, *p = &k->v.address;

	return p->addr.family == 0 || net->addr.family == 0 ||
	    (prefix_has(net, &p->addr) && p->len >= net->len);
}

static enum join_status
finish(struct asked *k, const uint8_t holder[32], struct bundle *b,
    char line[LEDGER_LINE_MAX])
{
	bool new = k->v.serial > k->l->serial;
	char text[ADDR_STRLEN];

	if (!address_fits(k)) {
		snprintf(k->l->who, sizeof(k->l->who),
		    "its address %s is not the network's",
		    addr_format(&k->v.address.addr, text));
		return JOIN_USED;
	}
	if (make_bundle(k, holder, b) == 0 &&
	    (!new || ledger_line_issue(line, &k->v) != 0)) {
		snprintf(k->l->who, sizeof(k->l->who), "%.63s", k->v.name);
		return JOIN_OK;
	}
	crypto_wipe(b, sizeof(*b));
	line[0] = '\0';
	snprintf(k->l->who, sizeof(k->l->who), "it could not be signed");
	return JOIN_BUSY;
}

enum join_status
ledger_issue(struct ledger *l, const struct authority *a,
    const uint8_t holder[32], const struct join_request *q, uint64_t unix_s,
    struct bundle *b, char line[LEDGER_LINE_MAX], const char **who)
{
	struct asked k = {.l = l, .a = a, .q = q, .now = unix_s};
	bool again = memcmp(q->id, no_id, sizeof(no_id)) == 0;
	enum join_status s;

	l->who[0] = '\0';
	line[0] = '\0';
	*who = l->who;
	if (!join_request_signed(q) || keys_mixed(l, q))
		return JOIN_FORGED;
	s = again ? renew(&k) : join(&k);
	return s == JOIN_OK ? finish(&k, holder, b, line) : s;
}

enum join_status
ledger_admit(struct ledger *l, const struct authority *a,
    const uint8_t holder[32], const struct join_request *q,
    const struct ledger_invite *terms, uint64_t unix_s, struct bundle *b,
    char line[LEDGER_LINE_MAX], const char **who)
{
	struct asked k = {.l = l, .a = a, .q = q, .now = unix_s};
	enum join_status s;

	l->who[0] = '\0';
	line[0] = '\0';
	*who = l->who;
	if (memcmp(q->id, no_id, sizeof(no_id)) != 0 ||
	    !join_request_signed(q) || keys_mixed(l, q))
		return JOIN_FORGED;
	s = by_terms(&k, terms);
	return s == JOIN_OK ? finish(&k, holder, b, line) : s;
}
