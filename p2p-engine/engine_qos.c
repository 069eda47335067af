/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_qos.c */
/*
 * Shaping in the engine: what dispatch/qos.c decides is carried out here.
 *
 * A record that has to wait is cut into its packets at once, because a
 * super-packet is a tenth of a second of a slow line, and each of them is a
 * record of its own from then on: EO_QOS_CUT is how many more came to be.
 * When one may leave it goes the way of all records again, without filter and
 * shaping, which it has behind it.
 *
 * Packets that may leave while there is no key wait on, and the peer is wanted;
 * after the hold timeout they are dropped.  Those that came since are in the
 * peer's hold queue, and so behind them.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"

#define AGAIN_MS 100 /* is there a key now? */

/* ---- out ---- */

static void
lost(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct shaper *s = p->shaper;

	if (s->lost_ms == 0)
		s->lost_ms = now_ms;
	if (now_ms - s->lost_ms >= e->node.hold_timeout_ms) {
		qos_drop(e, p, EO_HOLD_TIMEOUT);
		return;
	}
	s->due_ms = now_ms + AGAIN_MS;
	slot_want(e, p, now_ms, BEV_PACKET);
}

/* false: it stays where it is. */
static bool
send_one(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const uint8_t *pkt, size_t len)
{
	static const struct vnet plain;
	struct outgoing r = {
	    .vnet = &plain, .data = pkt, .len = len, .paid = true};
	enum counter verdict = path_out(e, now_ms, &r);

	if (verdict == EO_HELD && r.behind == NULL)
		return false;
	if (verdict == EO_HELD)
		stream_hold(e, now_ms, &r);
	else if (verdict != EO_SENT)
		drop_out(e, verdict, &r);
	if (r.via != NULL && r.via != p)
		slot_arm(e, r.via);
	p->shaper->lost_ms = 0;
	return true;
}

void
qos_release(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct shaper *s = p->shaper;
	const uint8_t *pkt;
	uint32_t len;

	if (s == NULL || s->waiting == 0)
		return;
	if (now_ms < s->due_ms && s->lost_ms == 0)
		return;
	while ((pkt = shaper_next(e->qos, s, now_ms, &len)) != NULL) {
		if (!send_one(e, p, now_ms, pkt, len)) {
			lost(e, p, now_ms);
			return;
		}
		shaper_sent(e->qos, s);
	}
}

/* Each packet of it to the end of the queue, as long as there is room. */
static void
cut(struct engine *e, const struct outgoing *r, unsigned band,
    struct split *cut)
{
	struct shaper *s = r->to->shaper;
	uint32_t n = split_count(cut), in = 0;
	uint8_t *at;

	while (in < n && (at = shaper_room(e->qos, s, band)) != NULL) {
		shaper_push(e->qos, s, band,
		    (uint32_t)split_next(cut, at, e->qos->mtu));
		in++;
	}
	e->c.v[EO_QOS_CUT] += n - 1;
	if (in == n)
		return;
	shaper_drop(e->qos, s, band, n - in);
	drop_cut(e, EO_QOS_FULL, r, n - in);
}

bool
qos_takes(struct engine *e, uint64_t now_ms, const struct outgoing *r,
    const struct split *whole)
{
	struct peer_slot *p = r->to;
	uint32_t n = split_count(whole);
	struct split s = *whole;
	unsigned band;

	if (p->shaper == NULL)
		return false;
	band = qos_band(e->qos, r->pkt.tos);
	if (shaper_pass(e->qos, p->shaper, now_ms, band, n,
		(n - 1) * (uint64_t)split_longest(whole) + split_last(whole)))
		return false;
	cut(e, r, band, &s);
	qos_release(e, p, now_ms);
	slot_arm(e, p);
	return true;
}

uint64_t
qos_due(const struct peer_slot *p)
{
	return p->shaper == NULL || p->shaper->waiting == 0 ? UINT64_MAX
							    : p->shaper->due_ms;
}

void
qos_drop(struct engine *e, struct peer_slot *p, enum counter why)
{
	const uint8_t *first;
	uint32_t len;

	if (p->shaper == NULL || p->shaper->waiting == 0)
		return;
	if ((first = shaper_any(e->qos, p->shaper, &len)) != NULL)
		drop_shaped(e, why, p, first, len, p->shaper->waiting);
	(void)shaper_clear(e->qos, p->shaper);
}

/* ---- the configuration ---- */

int
qos_stage(const struct engine *e, const struct conf_node *n, struct qos **fresh)
{
	if (!n->qos || (e->qos != NULL && qos_fits(e->qos, n, n->mtu)))
		return 0;
	*fresh = qos_new(n, n->mtu);
	return *fresh == NULL ? -1 : 0;
}

int
qos_stage_peer(const struct conf_node *n, struct peer_slot *p)
{
	if (n->qos && p->shaper == NULL)
		p->shaper = calloc(1, sizeof(*p->shaper));
	return n->qos && p->shaper == NULL ? -1 : 0;
}

/* All at once: its queues are about to be others. */
static void
let_go(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	const uint8_t *pkt;
	uint32_t len;

	while ((pkt = shaper_any(e->qos, p->shaper, &len)) != NULL) {
		if (!send_one(e, p, now_ms, pkt, len))
			break;
		shaper_sent(e->qos, p->shaper);
	}
	qos_drop(e, p, EO_HOLD_TIMEOUT);
}

void
qos_commit(struct engine *e, const struct conf_node *n, uint64_t now_ms,
    struct qos **fresh)
{
	struct qos *old = e->qos;

	if (*fresh == NULL && n->qos)
		return;
	for (uint32_t i = 0; old != NULL && i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL || p->shaper == NULL)
			continue;
		let_go(e, p, now_ms);
		*p->shaper = (struct shaper){0};
		if (!n->qos) {
			free(p->shaper);
			p->shaper = NULL;
		}
	}
	if (old != NULL && *fresh != NULL)
		qos_inherit(*fresh, old);
	e->qos = *fresh;
	*fresh = old;
}

/* NULL: of a peer that has none of its own */
static uint32_t
limit_of(const struct engine *e, const struct peer_slot *p)
{
	return p == NULL || p->conf.limit_kbit == CONF_LIMIT_DEFAULT
	    ? e->node.qos_limit_kbit
	    : p->conf.limit_kbit;
}

void
qos_apply(const struct engine *e, struct peer_slot *p)
{
	if (p->shaper != NULL)
		shaper_limit(p->shaper, limit_of(e, p));
}

/* ---- looking ---- */

uint32_t
qos_waiting(const struct peer_slot *p)
{
	return p->shaper == NULL ? 0 : p->shaper->waiting;
}

bool
engine_has_peer(const struct engine *e, const char *name)
{
	return engine_find_name(e, name) != NULL;
}

int
engine_qos_row(const struct engine *e, const char *peer, uint32_t i,
    struct msg_qos_row *row)
{
	const struct peer_slot *p = NULL;
	const struct qos_count *c;

	if (peer[0] != '\0' && (p = engine_find_name(e, peer)) == NULL)
		return -1;
	if (e->qos == NULL || i >= e->qos->nbands ||
	    (p != NULL && p->shaper == NULL))
		return -1;
	*row = (struct msg_qos_row){.limit_kbit = limit_of(e, p),
	    .weight = e->qos->band[i].weight,
	    .queue = e->qos->band[i].queue};
	memcpy(row->name, e->qos->band[i].name, sizeof(row->name));
	row->waiting = e->qos->band[i].waiting;
	c = &e->qos->band[i].all;
	if (p != NULL) {
		memcpy(row->peer, p->conf.name, sizeof(row->peer));
		row->waiting = p->shaper->band[i].n;
		c = &p->shaper->band[i].count;
	}
	row->tx_packets = c->tx_packets;
	row->tx_bytes = c->tx_bytes;
	row->dropped = c->dropped;
	return 0;
}
