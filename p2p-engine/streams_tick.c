/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/streams_tick.c */
/*
 * Streams in time: their own timers, which are those of a session, and the
 * pool's, which is one for all peers and stops while none has anything to do.
 */
#include "engine_int.h"
#include "handshake.h"
#include "path.h"

void
stream_fence_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct fence *f;

	if (p->lanes == NULL)
		return;
	f = &p->lanes->pool.s[p->place].fence;
	if (fence_again(f, now_ms) && !fence_over(f, now_ms))
		stream_say_fence(e, p, now_ms);
	if (!fence_over(f, now_ms))
		return;
	if (!f->passed)
		count(e, FENCES_LATE);
	f->up = false;
	stream_event(e, p, now_ms, SEV_FENCED);
}

/* The opener keeps the keys fresh, also while nothing is said. */
static void
refresh_keys(struct engine *e, struct lanes *l, uint64_t now_ms)
{
	for (unsigned i = 0; i < POOL_MAX; i++) {
		const struct pool_stream *s = &l->pool.s[i];
		struct peer_slot *p = l->slot[i];
		const struct keypair *kp;

		if (p == NULL || (i != 0 && s->state != STREAM_LIVE))
			continue;
		kp = p->ses.slot[SLOT_CURRENT];
		if (kp == NULL || !kp->initiator ||
		    now_ms - kp->born_ms <
			e->node.rekey_after_s * UINT64_C(1000))
			continue;
		session_want(&p->ses, now_ms);
		slot_arm(e, p);
	}
}

static void
session_part(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, unsigned todo)
{
	bool mine = p->lanes->pool.s[p->place].mine;

	if ((todo & SES_INITIATE) != 0 && mine)
		hs_dial(e, p, now_ms);
	else if ((todo & SES_INITIATE) != 0)
		session_stop_dialing(&p->ses);
	if ((todo & SES_KEEPALIVE) != 0)
		(void)path_keepalive(e, now_ms, p);
}

static bool
is_over(const struct peer_slot *p, uint64_t now_ms, unsigned todo)
{
	enum stream_state s = p->lanes->pool.s[p->place].state;

	if (s != STREAM_LIVE && s != STREAM_DIAL)
		return false;
	if ((todo & (SES_WIPED | SES_GAVE_UP)) != 0)
		return true;
	return s == STREAM_LIVE && !session_up(&p->ses, now_ms);
}

void
stream_slot_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct lane *lane = p->lanes->lane[p->place];
	struct lanes *l = p->lanes;
	unsigned place = p->place, ngone = 0, todo;
	uint32_t gone[SLOT_N];

	slot_frames_flush(e, p, now_ms);
	if (lane->ended) {
		lane->ended = false;
		if (stream_step(
			e, l, place, now_ms, lane->lost ? SEV_LOST : SEV_CLOSE))
			return;
	}
	todo = session_tick(&p->ses, now_ms, gone, &ngone);
	index_drop_all(e, gone, (int)ngone);
	session_part(e, p, now_ms, todo);
	if (is_over(p, now_ms, todo) &&
	    stream_step(e, l, place, now_ms, SEV_LOST))
		return;
	stream_fence_tick(e, p, now_ms);
	slot_rearm(e, p, now_ms);
}

static void
sample_queues(struct engine *e, struct lanes *l)
{
	if (e->io.udp_delay_us == NULL)
		return;
	for (unsigned i = 0; i < POOL_MAX; i++)
		if (l->slot[i] != NULL && l->pool.s[i].octets != 0)
			l->pool.s[i].delay_us =
			    e->io.udp_delay_us(e->io.ctx, l->slot[i]->sock);
}

/* It did not work by a 5-tuple of its own: stream 0's works. */
static void
fall_back(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	stream_socket_silent(e, p);
	p->ep = p->owner->ep;
	p->sock = p->owner->sock;
	session_stop_dialing(&p->ses);
	session_want(&p->ses, now_ms);
	slot_arm(e, p);
}

static void
do_step(struct engine *e, struct lanes *l, uint64_t now_ms,
    const struct pool_step *step)
{
	struct peer_slot *p = l->slot[step->place];

	switch (step->what) {
	case DO_EVENT:
		(void)stream_step(e, l, step->place, now_ms, step->ev);
		break;
	case DO_ASK_AGAIN:
		stream_say_open(e, p, now_ms);
		break;
	case DO_FALL_BACK:
		fall_back(e, p, now_ms);
		break;
	case DO_PING:
		if (p != NULL)
			probe_ping(e, p, now_ms);
		break;
	}
}

/* Nothing of it moved for a while, and nothing is on its way. */
static bool
is_calm(const struct pool *p, uint64_t now_ms)
{
	for (unsigned i = 0; i < POOL_MAX; i++) {
		const struct pool_stream *s = &p->s[i];

		if (s->state == STREAM_FREE)
			continue;
		if (s->state != STREAM_LIVE ||
		    now_ms - s->used_ms < 2 * LANE_IDLE_TICK_MS)
			return false;
	}
	return true;
}

static void
say_stats(struct engine *e, struct lanes *l, uint64_t now_ms)
{
	for (unsigned i = 0; i < POOL_MAX; i++) {
		struct pool_stream *s = &l->pool.s[i];

		if (s->state != STREAM_LIVE || l->slot[i] == NULL ||
		    now_ms - l->lane[i]->stats_ms < LANE_STATS_MS ||
		    now_ms - s->used_ms > LANE_STATS_MS)
			continue;
		l->lane[i]->stats_ms = now_ms;
		stream_say_stats(e, l->slot[i], now_ms);
	}
}

/* When this peer is to be looked at again; UINT64_MAX: when a packet comes. */
static uint64_t
tick_peer(struct engine *e, struct lanes *l, uint64_t now_ms)
{
	struct pool_step step[POOL_STEPS];
	bool calm = is_calm(&l->pool, now_ms);
	unsigned n;

	if (calm && now_ms - l->tick_ms < LANE_IDLE_TICK_MS)
		return l->tick_ms + LANE_IDLE_TICK_MS;
	l->tick_ms = now_ms;
	sample_queues(e, l);
	n = pool_tick(&l->pool, now_ms, step);
	for (unsigned i = 0; i < n; i++)
		do_step(e, l, now_ms, &step[i]);
	e->c.v[STREAMS_GROWN] += l->pool.grown - l->grown;
	e->c.v[STREAMS_SHRUNK] += l->pool.shrunk - l->shrunk;
	l->grown = l->pool.grown;
	l->shrunk = l->pool.shrunk;
	if (pool_beside(&l->pool) > 0) {
		say_stats(e, l, now_ms);
		refresh_keys(e, l, now_ms);
	} else if (calm && l->pool.lim.min <= 1)
		return UINT64_MAX;
	return now_ms + (calm ? LANE_IDLE_TICK_MS : POOL_TICK_MS);
}

void
streams_tick(struct engine *e, uint64_t now_ms)
{
	uint64_t due = UINT64_MAX, at;

	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->lanes == NULL || p->peer.state != PEER_UP ||
		    !session_up(&p->ses, now_ms))
			continue;
		at = tick_peer(e, p->lanes, now_ms);
		due = at < due ? at : due;
	}
	if (due != UINT64_MAX &&
	    (e->t_streams.pos == 0 || e->t_streams.due_ms > due))
		timers_set(&e->timers, &e->t_streams, due);
}
