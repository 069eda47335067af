/* SPDX-License-Identifier: ISC */
/* file: discoveryd/members.c */
/*
 * Who is a member, and where (see members.h).
 *
 * One array of pointers that is searched from its beginning: a thousand
 * comparisons are nothing beside one signature, and there is no index to keep
 * in step when certificates replace each other.
 */
#include <stdlib.h>
#include <string.h>

#include "members.h"

/* Authenticated by the engine before its certificate came. */
#define STRANGERS_MAX 64
struct stranger {
	uint8_t key[32];
	struct endpoint ep;
	uint64_t seen_s;
	bool used, up;
};

struct members {
	struct conf_net net;
	struct cert_check check;
	struct prefix prefix6[CERT_CAS_MAX];
	struct crl crl; /* check.crl points here if there is one */
	uint16_t crl_len;
	uint8_t crl_octets[CRL_MAX];
	size_t n;
	struct member *member[MEMBERS_MAX];
	unsigned next_stranger;
	struct stranger stranger[STRANGERS_MAX];
	uint64_t tick, crowded;
};

static void
member_free(struct member *m)
{
	for (unsigned i = 0; i < m->nrecords; i++)
		free(m->record[i]);
	free(m->place_record);
	free(m);
}

static void
forget(struct members *ms, size_t i)
{
	member_free(ms->member[i]);
	ms->member[i] = ms->member[--ms->n];
}

static void
forget_all(struct members *ms)
{
	while (ms->n > 0)
		forget(ms, ms->n - 1);
}

struct members *
members_new(void)
{
	return calloc(1, sizeof(struct members));
}

void
members_free(struct members *ms)
{
	if (ms == NULL)
		return;
	forget_all(ms);
	free(ms);
}

/* Whom the network does not know (any more) goes. */
static void
sift(struct members *ms, uint64_t unix_s)
{
	struct cert c;

	for (size_t i = ms->n; i-- > 0;) {
		const struct member *m = ms->member[i];

		if (cert_verify(m->certificate, m->certlen, &ms->check, unix_s,
			&c) != CERT_OK)
			forget(ms, i);
	}
}

void
members_configure(
    struct members *ms, uint64_t unix_s, const struct conf_net *net)
{
	struct cert_check *c = &ms->check;

	if (net == NULL || !net->on ||
	    memcmp(net->bundle.authority, ms->net.bundle.authority, 32) != 0 ||
	    memcmp(&net->keys, &ms->net.keys, sizeof(net->keys)) != 0) {
		forget_all(ms);
		ms->crl_len = 0;
		c->crl = NULL;
	}
	if (net == NULL || !net->on) {
		ms->net = (struct conf_net){0};
		return;
	}
	ms->net = *net;
	c->nca = 1;
	memcpy(c->ca[0], net->bundle.authority, 32);
	for (unsigned i = 0; i < net->nmore && c->nca < CERT_CAS_MAX; i++)
		memcpy(c->ca[c->nca++], net->more[i], 32);
	for (unsigned i = 0; i < c->nca; i++)
		cert_prefix6(&ms->prefix6[i], c->ca[i]);
	c->prefix = net->bundle.prefix;
	c->has_prefix = c->prefix.addr.family != 0;
	sift(ms, unix_s);
}

bool
members_on(const struct members *ms)
{
	return ms->net.on;
}

const struct conf_net *
members_net(const struct members *ms)
{
	return &ms->net;
}

size_t
members_count(const struct members *ms)
{
	return ms->n;
}

uint64_t
members_crowded(const struct members *ms)
{
	return ms->crowded;
}

bool
members_inside(const struct members *ms, const struct addr *ip)
{
	if (!ms->net.on)
		return false;
	if (ms->check.has_prefix && prefix_has(&ms->check.prefix, ip))
		return true;
	for (unsigned i = 0; i < ms->check.nca; i++)
		if (prefix_has(&ms->prefix6[i], ip))
			return true;
	return false;
}

/* ---- revocation ---- */

int
members_crl(struct members *ms, uint64_t unix_s, const void *data, size_t len)
{
	struct crl crl;

	if (!ms->net.on || len > sizeof(ms->crl_octets) ||
	    crl_get(data, len, (const uint8_t(*)[32])ms->check.ca,
		ms->check.nca, &crl) == -1)
		return -1;
	if (ms->check.crl != NULL && crl.number <= ms->crl.number)
		return 0;
	ms->crl = crl;
	ms->check.crl = &ms->crl;
	ms->crl_len = (uint16_t)len;
	memcpy(ms->crl_octets, data, len);
	sift(ms, unix_s);
	return 1;
}

const uint8_t *
members_crl_octets(const struct members *ms, size_t *len)
{
	*len = ms->crl_len;
	return ms->crl_len == 0 ? NULL : ms->crl_octets;
}

/* ---- questions ---- */

static bool
in_time(const struct member *m, uint64_t unix_s)
{
	return unix_s <= m->cert.not_after + CERT_SKEW_S;
}

static struct member *
use(struct members *ms, struct member *m)
{
	if (m != NULL)
		m->used = ++ms->tick;
	return m;
}

static struct member *
of_key(struct members *ms, const uint8_t key[32])
{
	for (size_t i = 0; i < ms->n; i++)
		if (memcmp(ms->member[i]->cert.node, key, 32) == 0)
			return ms->member[i];
	return NULL;
}

struct member *
members_by_key(struct members *ms, uint64_t unix_s, const uint8_t key[32])
{
	struct member *m = of_key(ms, key);

	return use(ms, m != NULL && in_time(m, unix_s) ? m : NULL);
}

/* How well it fits: 0 not at all, 1 + length of the route, 200: its own. */
static unsigned
fit(const struct member *m, const struct addr *ip)
{
	unsigned best = 0;

	if (addr_eq(&m->ip6, ip))
		return 200;
	for (unsigned i = 0; i < m->cert.naddresses; i++)
		if (addr_eq(&m->cert.address[i].addr, ip))
			return 200;
	if ((m->cert.caps & CERT_CAP_ROUTES) == 0)
		return 0;
	for (unsigned i = 0; i < m->cert.nroutes; i++)
		if (prefix_has(&m->cert.route[i], ip) &&
		    m->cert.route[i].len + 1u > best)
			best = m->cert.route[i].len + 1u;
	return best;
}

struct member *
members_by_ip(struct members *ms, uint64_t unix_s, const struct addr *ip)
{
	struct member *best = NULL;
	unsigned best_fit = 0, f;

	for (size_t i = 0; i < ms->n; i++) {
		struct member *m = ms->member[i];

		if (!in_time(m, unix_s) || (f = fit(m, ip)) == 0 ||
		    f < best_fit)
			continue;
		if (f == best_fit && m->cert.serial < best->cert.serial)
			continue;
		best = m;
		best_fit = f;
	}
	return use(ms, best);
}

static bool
same_name(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char x = *a, y = *b;

		x = (char)(x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x);
		y = (char)(y >= 'A' && y <= 'Z' ? y - 'A' + 'a' : y);
		if (x != y)
			return false;
	}
	return *a == *b;
}

struct member *
members_by_name(struct members *ms, uint64_t unix_s, const char *name)
{
	struct member *best = NULL;

	for (size_t i = 0; i < ms->n; i++) {
		struct member *m = ms->member[i];

		if (in_time(m, unix_s) && same_name(m->cert.name, name) &&
		    (best == NULL || m->cert.serial > best->cert.serial))
			best = m;
	}
	return use(ms, best);
}

bool
member_is(const struct member *m, const struct msg_find_ask *q)
{
	switch (q->what) {
	case FIND_IP:
		return fit(m, &q->ip) > 0;
	case FIND_KEY:
		return memcmp(m->cert.node, q->key, sizeof(q->key)) == 0;
	case FIND_NAME:
		return same_name(m->cert.name, q->name);
	}
	return false;
}

struct member *
members_next(struct members *ms, size_t *cursor)
{
	return *cursor < ms->n ? ms->member[(*cursor)++] : NULL;
}

/* ---- what is learned ---- */

/* Room for one more: of those that are nobody's neighbour, the least used. */
static void
make_room(struct members *ms)
{
	size_t victim = 0;
	bool found = false;

	if (ms->n < MEMBERS_MAX)
		return;
	for (size_t i = 0; i < ms->n; i++) {
		const struct member *m = ms->member[i];

		if (m->own || m->up)
			continue;
		if (!found || m->used < ms->member[victim]->used)
			victim = i;
		found = true;
	}
	/* all of them are up: then any, but not this node */
	if (!found && ms->member[0]->own)
		victim = 1;
	forget(ms, victim);
	ms->crowded++;
}

static void
forget_records(struct member *m)
{
	for (unsigned i = 0; i < m->nrecords; i++)
		free(m->record[i]);
	m->nrecords = 0;
}

static void
see(struct member *m, uint64_t unix_s, const struct endpoint *ep, bool up)
{
	m->up = up;
	if (ep->addr.family == 0 || ep->port == 0)
		return;
	m->seen = *ep;
	addr_canonical(&m->seen.addr);
	m->seen_s = unix_s;
}

static struct stranger *
stranger_of(struct members *ms, const uint8_t key[32])
{
	for (unsigned i = 0; i < STRANGERS_MAX; i++)
		if (ms->stranger[i].used &&
		    memcmp(ms->stranger[i].key, key, 32) == 0)
			return &ms->stranger[i];
	return NULL;
}

static void
meet(struct members *ms, struct member *m)
{
	struct stranger *s = stranger_of(ms, m->cert.node);

	if (s == NULL)
		return;
	see(m, s->seen_s, &s->ep, s->up);
	s->used = false;
}

struct member *
members_cert(struct members *ms, uint64_t unix_s, const void *data, size_t len,
    bool *fresh)
{
	bool is_new = false;
	struct member *m;
	struct cert c;

	*fresh = false;
	if (!ms->net.on || len > CERT_MAX ||
	    cert_verify(data, len, &ms->check, unix_s, &c) != CERT_OK)
		return NULL;
	m = of_key(ms, c.node);
	if (m != NULL && c.serial <= m->cert.serial)
		return use(ms, m);
	if (m == NULL) {
		if ((m = calloc(1, sizeof(*m))) == NULL)
			return NULL;
		make_room(ms);
		ms->member[ms->n++] = m;
		is_new = true;
	} else {
		forget_records(m); /* they hold the old one */
		if (memcmp(m->cert.ed, c.ed, sizeof(c.ed)) != 0) {
			free(m->place_record);
			m->place_record = NULL;
		}
	}
	m->cert = c;
	m->certlen = (uint16_t)len;
	memcpy(m->certificate, data, len);
	cert_address6(&m->ip6, ms->net.bundle.authority, c.node);
	if (is_new)
		meet(ms, m);
	*fresh = true;
	return use(ms, m);
}

void
members_own(struct members *ms, struct member *own)
{
	for (size_t i = 0; i < ms->n; i++)
		ms->member[i]->own = ms->member[i] == own;
}

bool
members_seen(struct members *ms, uint64_t unix_s, const uint8_t key[32],
    const struct endpoint *ep, bool up)
{
	struct member *m = of_key(ms, key);
	struct stranger *s;

	if (!ms->net.on)
		return false;
	if (m != NULL) {
		see(m, unix_s, ep, up);
		return true;
	}
	if ((s = stranger_of(ms, key)) == NULL) {
		s = &ms->stranger[ms->next_stranger++ % STRANGERS_MAX];
		*s = (struct stranger){.used = true};
		memcpy(s->key, key, sizeof(s->key));
	}
	s->up = up;
	s->seen_s = unix_s;
	s->ep = *ep;
	return false;
}

/* ---- records ---- */

/* Keep one copy of a record that holds the certificate of m. */
static void
keep(struct member *m, const struct record *r)
{
	struct record *copy;
	unsigned i;

	for (i = 0; i < m->nrecords; i++)
		if (memcmp(m->record[i]->salt, r->salt, sizeof(r->salt)) == 0)
			break;
	if (i == MEMBER_RECORDS)
		return;
	if (i < m->nrecords) {
		if (r->seq > m->record[i]->seq)
			*m->record[i] = *r;
		return;
	}
	if ((copy = malloc(sizeof(*copy))) == NULL)
		return;
	*copy = *r;
	m->record[m->nrecords++] = copy;
}

/* Is it where a record of this kind about this certificate belongs? */
static bool
in_its_place(
    const struct members *ms, const struct record *r, const struct member *m)
{
	const uint8_t *rdv = ms->net.keys.rdv;
	uint8_t salt[RECORD_SALT];

	switch (r->kind) {
	case REC_KEY:
		record_salt_key(salt, rdv, m->cert.node);
		return memcmp(salt, r->salt, sizeof(salt)) == 0;
	case REC_NAME:
		record_salt_name(salt, rdv, m->cert.name);
		return memcmp(salt, r->salt, sizeof(salt)) == 0;
	case REC_ADDRESS:
		for (unsigned i = 0; i < m->cert.naddresses; i++) {
			record_salt_address(
			    salt, rdv, &m->cert.address[i].addr);
			if (memcmp(salt, r->salt, sizeof(salt)) == 0)
				return true;
		}
		record_salt_address(salt, rdv, &m->ip6);
		return memcmp(salt, r->salt, sizeof(salt)) == 0;
	default:
		return false;
	}
}

static struct member *
take_cert_record(
    struct members *ms, uint64_t unix_s, const struct record *r, bool *fresh)
{
	uint8_t content[RECORD_CONTENT_MAX];
	struct member *m;
	int len;

	if (memcmp(r->k, ms->net.bundle.directory, sizeof(r->k)) != 0 ||
	    !record_verify(r) ||
	    (len = record_open(content, r, ms->net.keys.rec)) == -1)
		return NULL;
	m = members_cert(ms, unix_s, content, (size_t)len, fresh);
	if (m == NULL || !in_its_place(ms, r, m))
		return NULL;
	if (m->certlen == len &&
	    memcmp(m->certificate, content, m->certlen) == 0)
		keep(m, r);
	return m;
}

static struct member *
of_signer(struct members *ms, const struct record *r)
{
	uint8_t salt[RECORD_SALT];

	for (size_t i = 0; i < ms->n; i++) {
		struct member *m = ms->member[i];

		if (memcmp(m->cert.ed, r->k, sizeof(r->k)) != 0)
			continue;
		record_salt_place(salt, ms->net.keys.rdv, m->cert.node);
		if (memcmp(salt, r->salt, sizeof(salt)) == 0)
			return m;
	}
	return NULL;
}

static struct member *
take_place(
    struct members *ms, uint64_t unix_s, const struct record *r, bool *fresh)
{
	uint8_t content[RECORD_CONTENT_MAX];
	struct member *m = of_signer(ms, r);
	unsigned dropped = 0;
	struct place place;
	int len;

	if (m == NULL || !record_verify(r) ||
	    (len = record_open(content, r, ms->net.keys.rec)) == -1 ||
	    place_get(content, (size_t)len, &place, &dropped) == -1)
		return NULL;
	if (m->place_record != NULL && r->seq < m->place_record->seq)
		return m;
	*fresh = m->place_record == NULL || r->seq > m->place_record->seq;
	if (m->place_record == NULL &&
	    (m->place_record = malloc(sizeof(*r))) == NULL)
		return NULL;
	*m->place_record = *r;
	m->place = place;
	m->place_s = unix_s;
	return use(ms, m);
}

struct member *
members_record(
    struct members *ms, uint64_t unix_s, const struct record *r, bool *fresh)
{
	*fresh = false;
	if (!ms->net.on)
		return NULL;
	switch (r->kind) {
	case REC_ADDRESS:
	case REC_KEY:
	case REC_NAME:
		return take_cert_record(ms, unix_s, r, fresh);
	case REC_PLACE:
		return take_place(ms, unix_s, r, fresh);
	default:
		return NULL;
	}
}
