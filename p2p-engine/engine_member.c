/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_member.c */
/*
 * Members: certificates that were verified here, whoever brought them.
 *
 * One entry a node key, the certificate with the highest serial.  The list is
 * in the order of who wins when two claim one thing (the newer serial), so
 * engine_conf.c only has to take them in turn.  Bounded: who has no session
 * and was unused for longest makes way, and if all are in use nobody does.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "log.h"

struct member *
member_find(const struct engine *e, const uint8_t key[32])
{
	for (uint32_t i = 0; i < e->net.nmembers; i++)
		if (!e->net.member[i]->gone &&
		    memcmp(e->net.member[i]->cert.node, key, 32) == 0)
			return e->net.member[i];
	return NULL;
}

static void
member_free(struct member *m)
{
	crypto_wipe(m, sizeof(*m));
	free(m);
}

/* ---- its prefixes ---- */

static bool
has_address(const struct cert *c, const struct addr *a)
{
	for (unsigned i = 0; i < c->naddresses; i++)
		if (addr_eq(&c->address[i].addr, a))
			return true;
	return false;
}

unsigned
member_prefixes(const struct engine *e, const struct member *m,
    struct prefix out[MEMBER_PREFIXES])
{
	const struct cert *c = &m->cert;
	struct addr own6;
	unsigned n = 0;

	for (unsigned i = 0; i < c->naddresses; i++) {
		out[n].addr = c->address[i].addr;
		out[n].len = addr_bits(&out[n].addr);
		n++;
	}
	cert_address6(&own6, e->net.check.ca[0], c->node);
	if (!has_address(c, &own6))
		out[n++] = (struct prefix){.addr = own6, .len = 128};
	for (unsigned i = 0; (c->caps & CERT_CAP_ROUTES) != 0 && i < c->nroutes;
	     i++)
		out[n++] = c->route[i];
	return n;
}

bool
member_covers(
    const struct engine *e, const struct member *m, const struct addr *a)
{
	struct prefix list[MEMBER_PREFIXES];
	unsigned n = member_prefixes(e, m, list);

	for (unsigned i = 0; i < n; i++)
		if (prefix_has(&list[i], a))
			return true;
	return false;
}

void
member_candidates(struct member *m, const struct msg_lookup_reply *r)
{
	m->ncand = 0;
	tls_member(m, r);
	for (unsigned i = 0; i < r->n && i < CANDIDATES_MAX; i++)
		if (r->c[i].type != CANDIDATE_TLS &&
		    m->ncand < MEMBER_CANDIDATES && r->c[i].ep.port != 0 &&
		    !addr_is_special(&r->c[i].ep.addr))
			m->cand[m->ncand++] = r->c[i].ep;
	m->nrelays = 0;
	for (unsigned i = 0; i < r->n && i < CANDIDATES_MAX; i++)
		if (r->c[i].type == CANDIDATE_RELAY &&
		    r->c[i].ep.addr.family == 6 && m->nrelays < MEMBER_RELAYS)
			m->relay[m->nrelays++] = r->c[i].ep.addr;
}

/* ---- taking one ---- */

/* Nothing of it is needed now: neither a session nor what waits for one. */
static bool
is_unused(const struct engine *e, const struct member *m)
{
	const struct peer_slot *p = slot_get(e, m->no);

	if (p == NULL || p->member != m)
		return true;
	return !p->has_keys && p->hold.n == 0 && p->peer.state != PEER_DIAL &&
	    p->peer.state != PEER_LOOKUP;
}

static uint64_t
last_use(const struct engine *e, const struct member *m)
{
	const struct peer_slot *p = slot_get(e, m->no);

	if (p != NULL && p->member == m && p->used_ms > m->used_ms)
		return p->used_ms;
	return m->used_ms;
}

static uint32_t
live(const struct engine *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->net.nmembers; i++)
		n += !e->net.member[i]->gone;
	return n;
}

/* Room for one more: false, all are in use. */
static bool
make_way(struct engine *e)
{
	struct member *old = NULL;

	if (e->net.nmembers == MEMBERS_ROOM)
		return false;
	if (live(e) < MEMBERS_MAX)
		return true;
	for (uint32_t i = 0; i < e->net.nmembers; i++) {
		struct member *m = e->net.member[i];

		if (m->gone || !is_unused(e, m))
			continue;
		if (old == NULL || last_use(e, m) < last_use(e, old))
			old = m;
	}
	if (old == NULL)
		return false;
	old->gone = true;
	count(e, MEMBERS_GONE);
	return true;
}

static void
take_out(struct network *n, const struct member *m)
{
	uint32_t i = 0;

	while (n->member[i] != m)
		i++;
	n->nmembers--;
	memmove(&n->member[i], &n->member[i + 1],
	    (n->nmembers - i) * sizeof(n->member[0]));
}

/* Behind those with a higher serial. */
static void
put_in(struct network *n, struct member *m)
{
	uint32_t i = n->nmembers++;

	for (; i > 0 && n->member[i - 1]->cert.serial < m->cert.serial; i--)
		n->member[i] = n->member[i - 1];
	n->member[i] = m;
}

static struct member *
member_new(struct engine *e)
{
	struct member *m;

	if (!make_way(e)) {
		count(e, MEMBERS_FULL);
		return NULL;
	}
	m = calloc(1, sizeof(*m));
	if (m != NULL)
		m->no = SLOT_NONE;
	return m;
}

/* A configured peer has this key: what its certificate says is not asked. */
static bool
is_configured(const struct engine *e, const uint8_t key[32])
{
	const struct peer_slot *p = slot_get(e, keytab_find(e->by_key, key));

	return p != NULL && p->member == NULL;
}

/* A verified certificate.  NULL: ours, a configured peer's, or no room. */
static struct member *
take(struct engine *e, uint64_t now_ms, const uint8_t *blob, size_t len,
    const struct cert *c)
{
	struct member *m = member_find(e, c->node);
	bool known = m != NULL && !m->gone;

	if ((e->has_pub && memcmp(c->node, e->pub, 32) == 0) ||
	    is_configured(e, c->node))
		return NULL;
	if (m != NULL && c->serial <= m->cert.serial)
		return m; /* we know a newer one */
	if (m != NULL)
		take_out(&e->net, m);
	else if ((m = member_new(e)) == NULL)
		return NULL;
	m->cert = *c;
	m->certlen = (uint16_t)len;
	memcpy(m->blob, blob, len);
	m->tell = true;
	m->used_ms = now_ms;
	put_in(&e->net, m);
	count(e, MEMBERS_TAKEN);
	ev_member(e, c, known ? EV_MEMBER_RENEWED : EV_MEMBER_JOINED);
	log_info("%s: member, certificate %llu", c->name,
	    (unsigned long long)c->serial);
	timers_set(&e->timers, &e->t_seen, 0); /* discoveryd hears of it */
	e->net.dirty = true;
	network_soon(e);
	return m;
}

enum cert_verdict
member_show(struct engine *e, uint64_t now_ms, const uint8_t *blob, size_t len,
    const uint8_t *key, struct member **out)
{
	enum cert_verdict v;
	struct cert c;

	*out = NULL;
	v = cert_verify(blob, len, &e->net.check, engine_unix_s(e, now_ms), &c);
	if (v == CERT_OK && key != NULL && memcmp(c.node, key, 32) != 0)
		v = CERT_KEY;
	if (v != CERT_OK) {
		count(e, (enum counter)(CERT_BAD_SHAPE + v - CERT_MALFORMED));
		return v;
	}
	*out = take(e, now_ms, blob, len, &c);
	return CERT_OK;
}

/* ---- who stays ---- */

static enum cert_verdict
judge_again(const struct engine *e, const struct member *m, uint64_t unix_s)
{
	if (unix_s > CERT_SKEW_S && unix_s - CERT_SKEW_S > m->cert.not_after)
		return CERT_EXPIRED;
	if (e->net.has_crl && crl_has(&e->net.crl, m->cert.serial))
		return CERT_REVOKED;
	return CERT_OK;
}

/* Whatever happens to the tables: nothing comes from or goes to it any more. */
static void
shut_out(
    struct engine *e, struct member *m, uint64_t now_ms, enum bye_reason why)
{
	struct peer_slot *p = slot_get(e, m->no);

	m->gone = true;
	count(e, MEMBERS_GONE);
	if (p == NULL || p->member != m)
		return;
	bye_send(e, p, now_ms, why);
	p->conf.admin_up = false;
	slot_drop_held(e, p, now_ms, EO_PEER_OFF);
	ev_cause(p,
	    why == BYE_REVOKED       ? EVW_REVOKED
		: why == BYE_EXPIRED ? EVW_EXPIRED
				     : EVW_INVALID);
	slot_close(e, p, now_ms, PEV_OFF);
}

static void
refuse(struct engine *e, struct member *m, uint64_t now_ms, enum cert_verdict v)
{
	log_info("%s: no member any more, certificate %s", m->cert.name,
	    cert_verdict_name(v));
	ev_member_gone(e, &m->cert, v);
	shut_out(e, m, now_ms,
	    v == CERT_REVOKED       ? BYE_REVOKED
		: v == CERT_EXPIRED ? BYE_EXPIRED
				    : BYE_POLICY);
}

void
members_look(struct engine *e, uint64_t now_ms)
{
	uint64_t unix_s = engine_unix_s(e, now_ms);

	for (uint32_t i = 0; i < e->net.nmembers; i++) {
		struct member *m = e->net.member[i];
		enum cert_verdict v;

		if (m->gone || (v = judge_again(e, m, unix_s)) == CERT_OK)
			continue;
		refuse(e, m, now_ms, v);
		e->net.dirty = true;
	}
}

void
members_verify(struct engine *e, uint64_t now_ms)
{
	uint64_t unix_s = engine_unix_s(e, now_ms);

	for (uint32_t i = 0; i < e->net.nmembers; i++) {
		struct member *m = e->net.member[i];
		enum cert_verdict v;
		struct cert c;

		v = cert_verify(m->blob, m->certlen, &e->net.check, unix_s, &c);
		if (!m->gone && v != CERT_OK)
			refuse(e, m, now_ms, v);
	}
}

void
members_dismiss(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; i < e->net.nmembers; i++)
		if (!e->net.member[i]->gone)
			shut_out(e, e->net.member[i], now_ms, BYE_POLICY);
}

void
members_free_gone(struct engine *e)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < e->net.nmembers; i++) {
		struct member *m = e->net.member[i];
		struct peer_slot *p = slot_get(e, m->no);

		if (!m->gone || (p != NULL && p->member == m))
			e->net.member[kept++] = m;
		else
			member_free(m);
	}
	e->net.nmembers = kept;
}

uint64_t
members_due(const struct engine *e, uint64_t now_ms)
{
	uint64_t unix_s = engine_unix_s(e, now_ms), end_s;
	uint64_t left_ms = NET_LOOK_MS;

	for (uint32_t i = 0; i < e->net.nmembers; i++) {
		end_s = e->net.member[i]->cert.not_after + CERT_SKEW_S + 1;
		if (end_s < unix_s)
			end_s = unix_s;
		if (end_s - unix_s < left_ms / 1000)
			left_ms = (end_s - unix_s + 1) * 1000;
	}
	return now_ms + left_ms;
}

bool
members_tell(struct engine *e)
{
	for (uint32_t i = 0; i < e->net.nmembers; i++) {
		struct member *m = e->net.member[i];

		if (!m->tell || m->gone)
			continue;
		if (e->io.tell_blob(
			e->io.ctx, MSG_MEMBER, m->blob, m->certlen) == -1)
			return false;
		m->tell = false;
	}
	return true;
}

void
members_clear(struct engine *e)
{
	for (uint32_t i = 0; i < e->net.nmembers; i++)
		member_free(e->net.member[i]);
	e->net.nmembers = 0;
}
