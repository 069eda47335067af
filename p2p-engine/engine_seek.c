/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_seek.c */
/*
 * Packets for an address of the network that no peer has: somebody may.
 *
 *	FREE --packet--> ASKED --certificate that covers it--> FOUND
 *	                   |                                     |
 *	                nobody, late, wrong                  end of the turn:
 *	                   v                               a peer, packets go
 *	                UNKNOWN: 30 s, then 1 min, 2, 4, 5     its way
 *
 * One question an address at a time, so that equal ones are one.  What may
 * wait is bounded an address and in all; the host hears of what can't go.
 * discoveryd may be slow, dead or lie: all it can do is keep us from somebody.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "log.h"
#include "path.h"

int
seeks_init(struct engine *e)
{
	if (e->net.seek == NULL)
		e->net.seek = calloc(SEEKS_MAX, sizeof(*e->net.seek));
	return e->net.seek == NULL ? -1 : 0;
}

void
seeks_clear(struct engine *e)
{
	for (uint32_t i = 0; e->net.seek != NULL && i < SEEKS_MAX; i++)
		hold_clear(&e->net.seek[i].hold);
	free(e->net.seek);
	e->net.seek = NULL;
	e->net.seek_bytes = 0;
}

uint64_t
seeks_held(const struct engine *e)
{
	uint64_t n = 0;

	for (uint32_t i = 0; e->net.seek != NULL && i < SEEKS_MAX; i++)
		n += e->net.seek[i].hold.n;
	return n;
}

/* ---- time ---- */

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
seek_due(const struct seek *s)
{
	return earlier(
	    s->state == SEEK_FREE ? UINT64_MAX : s->due_ms, hold_due(&s->hold));
}

static void
arm(struct engine *e, const struct seek *s)
{
	uint64_t due = seek_due(s);

	if (due < (e->t_seek.pos == 0 ? UINT64_MAX : e->t_seek.due_ms))
		timers_set(&e->timers, &e->t_seek, due);
}

/* ---- the table ---- */

static struct seek *
find(struct engine *e, const struct addr *dst)
{
	for (uint32_t i = 0; i < SEEKS_MAX; i++)
		if (e->net.seek[i].state != SEEK_FREE &&
		    addr_eq(&e->net.seek[i].dst, dst))
			return &e->net.seek[i];
	return NULL;
}

/* A free one, or what is known to be unknown for longest; NULL: neither. */
static struct seek *
place(struct engine *e, const struct addr *dst)
{
	struct seek *best = NULL;

	for (uint32_t i = 0; i < SEEKS_MAX; i++) {
		struct seek *s = &e->net.seek[i];

		if (s->state == SEEK_FREE) {
			best = s;
			break;
		}
		if (s->state == SEEK_UNKNOWN &&
		    (best == NULL || s->used_ms < best->used_ms))
			best = s;
	}
	if (best == NULL)
		return NULL;
	*best = (struct seek){.dst = *dst};
	hold_init(&best->hold,
	    e->node.hold_packets < SEEK_PACKETS ? e->node.hold_packets
						: SEEK_PACKETS,
	    e->node.hold_bytes);
	return best;
}

/* It waits no longer; h may be NULL. */
static struct held *
taken(struct engine *e, struct held *h)
{
	if (h != NULL)
		e->net.seek_bytes -= h->len;
	return h;
}

static void
drop_one(struct engine *e, struct held *h, uint64_t now_ms, enum counter why)
{
	struct pkt p;

	drop_waited(e, why, NULL, h);
	if (why != EO_SHUTDOWN && pkt_parse(&p, h->pkt, h->len) == 0)
		engine_complain(e, now_ms, ICMP_HOST, &p);
	free(h);
}

static void
drop_held(struct engine *e, struct seek *s, uint64_t now_ms, enum counter why)
{
	struct held *h;

	while ((h = taken(e, hold_pop(&s->hold))) != NULL)
		drop_one(e, h, now_ms, why);
}

/* ---- asking ---- */

/* Twice as long as last time, within bounds. */
static uint32_t
longer(uint32_t ms)
{
	if (ms == 0)
		return SEEK_UNKNOWN_MS;
	return ms > SEEK_UNKNOWN_MAX_MS / 2 ? SEEK_UNKNOWN_MAX_MS : ms * 2;
}

/* Nobody has it, as far as we know; not_now: that was no answer at all. */
static void
give_up(struct engine *e, struct seek *s, uint64_t now_ms, bool not_now)
{
	s->state = SEEK_UNKNOWN;
	s->lookup_id = 0;
	s->wanted = false;
	if (!not_now)
		s->unknown_ms = longer(s->unknown_ms);
	s->due_ms = now_ms + (not_now ? SEEK_AGAIN_MS : s->unknown_ms);
	count(e, SEEKS_UNKNOWN);
	drop_held(e, s, now_ms, EO_NO_ROUTE);
	arm(e, s);
}

static int
ask(struct engine *e, struct seek *s, uint64_t now_ms)
{
	struct msg_lookup_ask m = {.ip = s->dst};
	uint32_t id =
	    lookup_id(e, SLOTS_USED_MAX + (uint32_t)(s - e->net.seek));

	s->used_ms = now_ms;
	if (e->io.ask_lookup(e->io.ctx, id, &m) == -1) {
		count(e, LOOKUPS_FAILED);
		give_up(e, s, now_ms, true);
		return -1;
	}
	count(e, LOOKUPS);
	count(e, SEEKS);
	s->lookup_id = id;
	s->state = SEEK_ASKED;
	s->due_ms = now_ms + SEEK_MS;
	arm(e, s);
	return 0;
}

/* The network's own address, or its broadcast address: no node's (RFC 919). */
static bool
is_everybody(const struct prefix *p, const struct addr *a)
{
	unsigned ones = 0, bits = 32u - p->len;

	if (a->family != 4 || p->len > 30)
		return false;
	for (unsigned i = p->len; i < 32; i++)
		ones += a->b[i / 8] >> (7 - i % 8) & 1;
	return ones == 0 || ones == bits;
}

/* An address of the network, and not our own. */
static bool
is_of_network(const struct engine *e, const struct addr *a)
{
	if (!e->net.on || e->net.seek == NULL)
		return false;
	if (!(e->net.check.has_prefix && prefix_has(&e->net.check.prefix, a) &&
		!is_everybody(&e->net.check.prefix, a)) &&
	    !prefix_has(&e->net.prefix6, a))
		return false;
	for (unsigned i = 0; i < e->node.naddresses; i++)
		if (addr_eq(&e->node.address[i].addr, a))
			return false;
	return true;
}

/* The entry to hold a packet in; NULL: it can't wait, for *why. */
static struct seek *
entry_for(struct engine *e, uint64_t now_ms, const struct outgoing *r,
    enum counter *why)
{
	struct seek *s = find(e, &r->pkt.dst);

	*why = EO_SEEK_FULL;
	if (e->net.seek_bytes + r->len > SEEK_BYTES)
		return NULL;
	if (s == NULL && (s = place(e, &r->pkt.dst)) == NULL)
		return NULL;
	*why = EO_NO_ROUTE;
	if (s->state == SEEK_UNKNOWN && now_ms < s->due_ms)
		return NULL;
	if (s->state != SEEK_ASKED && s->state != SEEK_FOUND &&
	    ask(e, s, now_ms) == -1)
		return NULL;
	return s;
}

bool
engine_seek(struct engine *e, uint64_t now_ms, const struct outgoing *r)
{
	struct seek *s;
	enum counter why;
	size_t before;

	if (!is_of_network(e, &r->pkt.dst))
		return false;
	if ((s = entry_for(e, now_ms, r, &why)) == NULL) {
		drop_out(e, why, r);
		engine_complain(e, now_ms, ICMP_HOST, &r->pkt);
		return true;
	}
	before = s->hold.bytes;
	drop_or_hold(
	    e, &s->hold, now_ms + e->node.hold_timeout_ms, r, EO_HOLD_FULL);
	e->net.seek_bytes += s->hold.bytes - before;
	arm(e, s);
	return true;
}

void
engine_want_addr(struct engine *e, const struct addr *dst, uint64_t now_ms)
{
	struct seek *s;

	if (!is_of_network(e, dst))
		return;
	if ((s = find(e, dst)) == NULL && (s = place(e, dst)) == NULL)
		return;
	if (s->state == SEEK_UNKNOWN && now_ms < s->due_ms)
		return;
	if (s->state == SEEK_FREE || s->state == SEEK_UNKNOWN)
		(void)ask(e, s, now_ms);
	s->wanted = s->state == SEEK_ASKED;
}

/* The key gives an address, and whoever has that has the key. */
void
engine_want_key(struct engine *e, const uint8_t key[32], uint64_t now_ms)
{
	struct peer_slot *p = engine_find_key(e, key);
	struct addr dst;

	if (!e->net.on || memcmp(key, e->pub, 32) == 0)
		return;
	if (p != NULL) {
		if (p->member != NULL && p->peer.state == PEER_IDLE)
			slot_want(e, p, now_ms, BEV_WANT);
		return;
	}
	cert_address6(&dst, e->net.check.ca[0], key);
	engine_want_addr(e, &dst, now_ms);
}

/* ---- answers ---- */

bool
seek_is(uint32_t id)
{
	return (id & (SLOTS_MAX - 1)) >= SLOTS_USED_MAX;
}

/* Who the answer says has it, if that can be believed; else NULL. */
static struct member *
vouched_for(struct engine *e, const struct seek *s, uint64_t now_ms,
    const struct msg_lookup_reply *r)
{
	struct member *m = NULL;
	enum cert_verdict v;

	if (r->certlen == 0)
		return NULL;
	v = member_show(e, now_ms, r->cert, r->certlen, r->key, &m);
	if (v != CERT_OK) {
		log_warnx("answer of discoveryd: certificate refused, %s",
		    cert_verdict_name(v));
		return NULL;
	}
	return m != NULL && member_covers(e, m, &s->dst) ? m : NULL;
}

void
seek_answer(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_lookup_reply *r)
{
	struct seek *s = NULL;
	struct peer_slot *p;
	struct member *m;

	if (e->net.seek != NULL)
		s = &e->net.seek[(id & (SLOTS_MAX - 1)) - SLOTS_USED_MAX];
	if (s == NULL || s->state != SEEK_ASKED || s->lookup_id != id) {
		count(e, ILLEGAL_EVENTS);
		return;
	}
	if (r->status != LOOKUP_FOUND) {
		count(e, LOOKUPS_FAILED);
		give_up(e, s, now_ms, r->status == LOOKUP_BUSY);
		return;
	}
	if ((m = vouched_for(e, s, now_ms, r)) == NULL) {
		count(e, LOOKUP_WRONG);
		give_up(e, s, now_ms, false);
		return;
	}
	member_candidates(m, r);
	if ((p = slot_get(e, m->no)) != NULL && p->member == m)
		slot_member_places(p, m, now_ms);
	m->wanted = m->wanted || s->wanted;
	s->state = SEEK_FOUND;
	s->lookup_id = 0;
	network_soon(e);
}

void
seeks_disc_lost(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; e->net.seek != NULL && i < SEEKS_MAX; i++)
		if (e->net.seek[i].state == SEEK_ASKED)
			give_up(e, &e->net.seek[i], now_ms, true);
}

/* ---- the end of a turn ---- */

/* There is a way now: out, or to where its peer's packets wait. */
static void
flush(struct engine *e, struct seek *s, uint64_t now_ms)
{
	struct held *h;

	while ((h = taken(e, hold_pop(&s->hold))) != NULL) {
		struct outgoing r = {
		    .vnet = &h->vnet, .data = h->pkt, .len = h->len};
		enum counter verdict = path_out(e, now_ms, &r);

		if (verdict == EO_HELD)
			slot_hold(e, now_ms, &r);
		else if (verdict != EO_SENT)
			drop_out(e, verdict, &r);
		free(h);
	}
}

void
seeks_flush(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; e->net.seek != NULL && i < SEEKS_MAX; i++) {
		struct seek *s = &e->net.seek[i];

		if (s->state == SEEK_FREE)
			continue;
		if (route_find(e->routes, &s->dst) != ROUTE_NONE) {
			flush(e, s, now_ms);
			if (s->state != SEEK_ASKED)
				s->state = SEEK_FREE;
		} else if (s->state == SEEK_FOUND) {
			/* somebody else's, who is not reached this way */
			give_up(e, s, now_ms, false);
		}
	}
}

void
seeks_tick(struct engine *e, uint64_t now_ms)
{
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; e->net.seek != NULL && i < SEEKS_MAX; i++) {
		struct seek *s = &e->net.seek[i];
		struct held *h;

		while ((h = taken(e, hold_expired(&s->hold, now_ms))) != NULL)
			drop_one(e, h, now_ms, EO_HOLD_TIMEOUT);
		if (s->state == SEEK_ASKED && now_ms >= s->due_ms) {
			count(e, LOOKUPS_FAILED);
			give_up(e, s, now_ms, false);
		} else if (s->state == SEEK_UNKNOWN &&
		    now_ms >= s->due_ms + SEEK_UNKNOWN_MAX_MS) {
			s->state = SEEK_FREE; /* not wanted any more */
		}
		if (s->state == SEEK_UNKNOWN)
			due = earlier(due, s->due_ms + SEEK_UNKNOWN_MAX_MS);
		else
			due = earlier(due, seek_due(s));
	}
	if (due != UINT64_MAX)
		timers_set(
		    &e->timers, &e->t_seek, due > now_ms ? due : now_ms + 1);
}

void
seeks_drop(struct engine *e, uint64_t now_ms, enum counter why)
{
	for (uint32_t i = 0; e->net.seek != NULL && i < SEEKS_MAX; i++) {
		drop_held(e, &e->net.seek[i], now_ms, why);
		e->net.seek[i].state = SEEK_FREE;
	}
}
