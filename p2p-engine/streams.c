/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/streams.c */
/*
 * The life of streams: slots for them, what the pool's machine asks for, and
 * time.  See streams.h for the picture.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "handshake.h"
#include "log.h"
#include "path.h"

/* A stream and what belongs to it, in one piece. */
struct stream_slot {
	struct peer_slot slot;
	struct lane lane;
};

void
streams_init(struct engine *e)
{
	e->io.rnd.fill(e->io.rnd.ctx, e->stream_key, sizeof(e->stream_key));
	if (crypto_x25519_pub(e->stream_pub, e->stream_key) == -1)
		return;
	cookie_checker_init(&e->stream_checker, e->stream_pub);
}

static void
limits(const struct engine *e, struct pool_limits *l)
{
	const struct conf_node *n = &e->node;

	*l = (struct pool_limits){
	    .min = n->streams_min == 0 ? 1 : n->streams_min,
	    .max = n->streams_max == 0 ? 1 : n->streams_max,
	    .idle_ms = n->streams_idle_s * 1000,
	    .cleanup_ms = n->streams_cleanup_s * 1000};
	if (l->max > POOL_MAX)
		l->max = POOL_MAX;
	if (l->min > l->max)
		l->min = l->max;
}

static uint32_t
buffer(const struct engine *e)
{
	uint32_t n = e->node.streams_buffer;

	return n == 0 || n > FENCE_HELD ? FENCE_HELD : n;
}

/* ---- a peer's lanes ---- */

static struct lanes *
lanes_new(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct lanes *l = calloc(1, sizeof(*l));
	struct pool_limits lim;

	if (l == NULL)
		return NULL;
	limits(e, &lim);
	pool_init(&l->pool, &lim, now_ms);
	l->slot[0] = p;
	l->lane[0] = &l->lane0;
	hold_init(&l->lane0.held, buffer(e), FENCE_HELD_BYTES);
	p->lanes = l;
	paths_begin(e, p, now_ms);
	return l;
}

void
streams_begin(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->guest || p->member == NULL || !p->said.knows)
		return;
	if (p->lanes == NULL)
		p->lanes = lanes_new(e, p, now_ms);
	if (p->lanes == NULL)
		return;
	p->lanes->pool.its_max = p->said.max;
	streams_wake(e, now_ms);
}

void
streams_hello(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct hello *h)
{
	struct said said = {.knows = (h->flags & HELLO_STREAMS) != 0,
	    .max = h->streams == 0 ? 1 : h->streams,
	    .boot = h->boot};

	if (p->owner != NULL)
		return;
	memcpy(said.key, h->stream_key, sizeof(said.key));
	if (!said.knows || said.boot != p->said.boot ||
	    memcmp(said.key, p->said.key, sizeof(said.key)) != 0)
		streams_reset(e, p, now_ms);
	p->said = said;
	streams_begin(e, p, now_ms);
}

/* What waits for a fence waits for stream 0 again. */
static void
give_back(struct engine *e, struct peer_slot *owner, struct lane *lane)
{
	struct held *h;

	while ((h = hold_pop(&lane->held)) != NULL) {
		const struct outgoing r = {.vnet = &h->vnet,
		    .data = h->pkt,
		    .len = h->len,
		    .to = owner};

		drop_or_hold(e, &owner->hold, h->due_ms, &r, EO_HOLD_FULL);
		free(h);
	}
}

static void
drop_slot(struct engine *e, struct lanes *l, unsigned place)
{
	struct peer_slot *p = l->slot[place];

	if (p->batch != NULL)
		path_send(e, p->batch);
	hs_close(e, p);
	for (int i = 0; i < SLOT_N; i++)
		if (p->ses.slot[i] != NULL)
			index_drop(e->index, p->ses.slot[i]->local_index);
	timers_stop(&e->timers, &p->timer);
	give_back(e, p->owner, l->lane[place]);
	p->owner->rx_bytes += p->rx_bytes;
	p->owner->tx_bytes += p->tx_bytes;
	p->owner->rx_packets += p->rx_packets;
	p->owner->tx_packets += p->tx_packets;
	e->stream[p->no - STREAM_NUMBERS] = NULL;
	e->nstreams--;
	count(e, STREAMS_CLOSED);
	l->slot[place] = NULL;
	l->lane[place] = NULL;
	hold_clear(&p->out);
	session_clear(&p->ses);
	crypto_wipe(p, sizeof(struct stream_slot));
	free(p);
}

void
streams_reset(struct engine *e, struct peer_slot *owner, uint64_t now_ms)
{
	struct lanes *l = owner->lanes;

	if (l == NULL || owner->owner != NULL)
		return;
	for (unsigned i = 1; i < POOL_MAX; i++)
		if (l->slot[i] != NULL) {
			(void)pool_event(&l->pool, i, now_ms, SEV_OVER);
			drop_slot(e, l, i);
		}
	give_back(e, owner, &l->lane0);
	owner->lanes = NULL;
	crypto_wipe(l, sizeof(*l));
	free(l);
}

void
streams_free(struct peer_slot *owner)
{
	struct lanes *l = owner->lanes;

	if (l == NULL)
		return;
	for (unsigned i = 1; i < POOL_MAX; i++) {
		struct peer_slot *p = l->slot[i];

		if (p == NULL)
			continue;
		hold_clear(&l->lane[i]->held);
		hold_clear(&p->out);
		session_clear(&p->ses);
		crypto_wipe(p, sizeof(struct stream_slot));
		free(p);
	}
	hold_clear(&l->lane0.held);
	crypto_wipe(l, sizeof(*l));
	free(l);
	owner->lanes = NULL;
}

/* ---- a slot for one ---- */

static uint32_t
free_number(const struct engine *e)
{
	uint32_t i = 0;

	if (e->nstreams >= e->streams_room)
		return SLOT_NONE;
	while (i < STREAMS_ALL && e->stream[i] != NULL)
		i++;
	return i < STREAMS_ALL ? i : SLOT_NONE;
}

static struct peer_slot *
slot_new(
    struct engine *e, struct peer_slot *owner, uint64_t now_ms, unsigned place)
{
	struct lanes *l = owner->lanes;
	struct stream_slot *s;
	uint32_t no = free_number(e);
	struct peer_slot *p;

	if (no == SLOT_NONE || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	p = &s->slot;
	p->no = STREAM_NUMBERS + no;
	p->owner = owner;
	p->lanes = l;
	p->place = (uint8_t)place;
	p->timer.id = p->no;
	p->since_ms = now_ms;
	p->has_ep = true;
	p->ep = owner->ep;
	p->sock = owner->sock;
	p->conf.has_psk = true;
	p->conf.admin_up = true;
	peer_init(&p->peer);
	session_init(&p->ses, &owner->ses.lim);
	hold_init(&p->out, FRAMES_QUEUED, FRAMES_BYTES);
	hold_init(&s->lane.held, buffer(e), FENCE_HELD_BYTES);
	bucket_fill(&p->frames, now_ms, FRAMES_BURST);
	bucket_fill(&p->asks, now_ms, ASKS_BURST);
	e->stream[no] = p;
	e->nstreams++;
	l->slot[place] = p;
	l->lane[place] = &s->lane;
	s->lane.id = l->pool.s[place].id;
	s->lane.mine = l->pool.s[place].mine;
	count(e, STREAMS_OPENED);
	return p;
}

static void
set_remote(struct peer_slot *p, const uint8_t key[32], const uint8_t psk[32])
{
	memcpy(p->conf.key, key, 32);
	memcpy(p->conf.psk, psk, 32);
	cookie_jar_init(&p->jar, key);
}

struct peer_slot *
stream_accept(struct engine *e, struct peer_slot *owner, uint64_t now_ms,
    const struct stream_open *o)
{
	struct lanes *l = owner->lanes;
	struct peer_slot *p;
	unsigned place;

	if (free_number(e) == SLOT_NONE ||
	    (place = pool_take(&l->pool, now_ms, o->id)) == 0)
		return NULL;
	p = slot_new(e, owner, now_ms, place);
	if (p == NULL) {
		(void)pool_event(&l->pool, place, now_ms, SEV_OVER);
		return NULL;
	}
	set_remote(p, o->key, o->psk);
	streams_wake(e, now_ms);
	return p;
}

struct peer_slot *
streams_find_key(const struct engine *e, const uint8_t key[32])
{
	for (uint32_t i = 0; i < STREAMS_ALL; i++) {
		struct peer_slot *p = e->stream[i];

		if (p != NULL && !p->lanes->pool.s[p->place].mine &&
		    memcmp(p->conf.key, key, 32) == 0)
			return p;
	}
	return NULL;
}

/* ---- what the machine asks for ---- */

static bool
open_one(
    struct engine *e, struct peer_slot *owner, uint64_t now_ms, unsigned place)
{
	struct lanes *l = owner->lanes;
	struct peer_slot *p = slot_new(e, owner, now_ms, place);
	uint8_t psk[32];
	struct lane *lane;

	if (p == NULL)
		return false;
	lane = l->lane[place];
	e->io.rnd.fill(e->io.rnd.ctx, lane->key, sizeof(lane->key));
	e->io.rnd.fill(e->io.rnd.ctx, psk, sizeof(psk));
	set_remote(p, owner->said.key, psk);
	crypto_wipe(psk, sizeof(psk));
	if (crypto_x25519_pub(lane->pub, lane->key) == -1)
		return false;
	stream_choose_socket(e, p);
	lane->req = ++e->stream_reqs;
	stream_say_open(e, p, now_ms);
	return true;
}

/* It was to wait, and need not any more. */
static void
again(struct engine *e, uint64_t now_ms, const struct outgoing *held)
{
	struct outgoing r = {.vnet = held->vnet,
	    .data = held->data,
	    .len = held->len,
	    .paid = true};
	enum counter verdict = path_out(e, now_ms, &r);

	if (verdict == EO_HELD)
		slot_hold(e, now_ms, &r);
	else if (verdict != EO_SENT)
		drop_out(e, verdict, &r);
}

/* Its packets, in their order, by whatever streams their flows have now. */
static void
move(struct engine *e, struct lanes *l, unsigned place, uint64_t now_ms)
{
	struct lane *lane = l->lane[place];
	struct held *h;

	fence_drop(&l->pool.s[place].fence);
	for (uint32_t n = lane->held.n; n > 0; n--) {
		struct outgoing r;

		h = hold_pop(&lane->held);
		r = (struct outgoing){
		    .vnet = &h->vnet, .data = h->pkt, .len = h->len};
		again(e, now_ms, &r);
		free(h);
	}
}

static void
raise_fence(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pool_stream *s = &p->lanes->pool.s[p->place];
	struct fence_path path = {.rtt_us = s->rtt_us,
	    .silent_ms = now_ms - s->heard_ms,
	    .deaf_ms = s->asked_ms == 0 ? 0 : now_ms - s->asked_ms};
	uint64_t token;

	e->io.rnd.fill(e->io.rnd.ctx, &token, sizeof(token));
	fence_raise(&s->fence, now_ms, token, &path);
	stream_say_fence(e, p, now_ms);
	count(e, FENCES);
	slot_arm(e, p);
}

/* true: the slot is no more. */
static bool
carry_out(struct engine *e, struct lanes *l, unsigned place, uint64_t now_ms,
    enum stream_action act)
{
	struct peer_slot *p = l->slot[place], *owner = l->slot[0];

	switch (act) {
	case SACT_NONE:
	case SACT_PLACE:
		break;
	case SACT_ASK:
		if (!open_one(e, owner, now_ms, place)) {
			(void)pool_event(&l->pool, place, now_ms, SEV_OVER);
			if (l->slot[place] != NULL)
				drop_slot(e, l, place);
			return true;
		}
		break;
	case SACT_AWAIT:
		break;
	case SACT_DIAL:
		session_want(&p->ses, now_ms);
		slot_arm(e, p);
		break;
	case SACT_FENCE:
		stream_say_close(e, p, now_ms);
		raise_fence(e, p, now_ms);
		break;
	case SACT_STALL:
		raise_fence(e, p, now_ms);
		break;
	case SACT_MOVE:
		move(e, l, place, now_ms);
		break;
	case SACT_DROP:
		stream_say_close(e, p, now_ms);
		drop_slot(e, l, place);
		return true;
	}
	return false;
}

bool
stream_step(struct engine *e, struct lanes *l, unsigned place, uint64_t now_ms,
    enum stream_event ev)
{
	struct pool_stream *s = &l->pool.s[place];
	enum stream_state was = s->state;
	uint32_t illegal = l->pool.illegal;
	enum stream_action act;

	if (ev == SEV_LOST)
		count(e, STREAMS_LOST);
	if (l->lane[place] != NULL && (ev == SEV_LOST || ev == SEV_CLOSE))
		l->lane[place]->why =
		    ev == SEV_LOST ? CLOSE_UNHEALTHY : CLOSE_IDLE;
	act = pool_event(&l->pool, place, now_ms, ev);
	e->c.v[ILLEGAL_EVENTS] += l->pool.illegal - illegal;
	if (was == STREAM_DIAL && s->state == STREAM_LIVE)
		ev_stream_up(e, l, place);
	else if (s->state != was && (ev == SEV_LOST || ev == SEV_CLOSE))
		ev_stream_end(e, l, place, ev == SEV_LOST);
	if (s->state != was)
		log_debug("%s: stream %u: %s -> %s", l->slot[0]->conf.name,
		    place, stream_state_name(was), stream_state_name(s->state));
	return carry_out(e, l, place, now_ms, act);
}

void
stream_event(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    enum stream_event ev)
{
	(void)stream_step(e, p->lanes, p->place, now_ms, ev);
}

void
stream_heard(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pool_stream *s = &p->lanes->pool.s[p->place];

	if (s->state == STREAM_DIAL && session_up(&p->ses, now_ms))
		stream_event(e, p, now_ms, SEV_UP);
	slot_arm(e, p);
}

/* ---- the packet path ---- */

void
streams_wake(struct engine *e, uint64_t now_ms)
{
	uint64_t due = now_ms + POOL_TICK_MS;

	if (e->t_streams.pos == 0 || e->t_streams.due_ms > due)
		timers_set(&e->timers, &e->t_streams, due);
}

struct peer_slot *
stream_of(struct engine *e, struct peer_slot *owner, uint64_t now_ms,
    struct flow *f, struct peer_slot **behind)
{
	struct lanes *l = owner->lanes;
	unsigned place = f->stream < POOL_MAX ? f->stream : 0;
	enum pool_way way = WAY_STAY;

	streams_wake(e, now_ms);
	if (l->pool.live > 1 || l->pool.s[place].state != STREAM_LIVE)
		way = pool_way(&l->pool, place, f->hash, f->epoch, f->idle_ms);
	/* a long wait makes it look idle, but what it sent may wait here, too
	 */
	if (way == WAY_MOVE && l->pool.s[place].fence.up &&
	    l->lane[place]->held.n > 0)
		way = WAY_HOLD;
	if (way == WAY_HOLD) {
		*behind = l->slot[place];
		return NULL;
	}
	if (way == WAY_MOVE) {
		place = pool_pick(&l->pool, f->hash);
		if (place != f->stream && f->packets != 0)
			count(e, FLOWS_MOVED);
	}
	f->stream = (uint16_t)place;
	f->epoch = l->pool.s[place].epoch;
	return l->slot[place];
}

void
stream_hold(struct engine *e, uint64_t now_ms, const struct outgoing *r)
{
	struct lanes *l = r->behind->lanes;
	struct lane *lane = l->lane[r->behind->place];
	struct pool_stream *s = &l->pool.s[r->behind->place];

	/* what would be lost need not move: it goes where it went before */
	if (s->state == STREAM_SPREAD && lane->held.n >= lane->held.max_n) {
		stream_event(e, r->behind, now_ms, SEV_CANCEL);
		again(e, now_ms, r);
		return;
	}
	drop_or_hold(e, &lane->held, now_ms + e->node.hold_timeout_ms, r,
	    EO_STREAM_FULL);
}

uint64_t
streams_held(const struct peer_slot *owner)
{
	uint64_t n = 0;

	for (unsigned i = 0; owner->lanes != NULL && i < POOL_MAX; i++)
		if (owner->lanes->lane[i] != NULL)
			n += owner->lanes->lane[i]->held.n;
	return n;
}

/* ---- configuration ---- */

void
streams_conf(struct engine *e, uint64_t now_ms)
{
	struct pool_limits lim;

	limits(e, &lim);
	if (e->streams_said != lim.max) {
		e->streams_said = lim.max;
		hello_all(e, now_ms);
	}
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->lanes == NULL)
			continue;
		for (unsigned k = 1; k < POOL_MAX; k++)
			if (p->lanes->slot[k] != NULL)
				p->lanes->slot[k]->ses.lim = p->ses.lim;
		if (p->member == NULL) /* it is configured now */
			streams_reset(e, p, now_ms);
		else
			pool_limit(&p->lanes->pool, &lim);
	}
	streams_wake(e, now_ms);
}
