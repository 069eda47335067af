/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/streams_frame.c */
/*
 * What two members say about their streams.
 *
 *	on stream 0	STREAM_OPEN, STREAM_ACCEPT, STREAM_CLOSE
 *	on any stream	FENCE, FENCE_ACK, STREAM_STATS: of itself
 *
 * An answer is the same each time it is asked for: a stream that was accepted
 * is there, by number and key.  Nothing said here ends a slot at once: it is
 * marked, and its own tick does it.
 */
#include <string.h>

#include "engine_int.h"
#include "path.h"

/* ---- out ---- */

void
stream_say_open(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	const struct lane *lane = p->lanes->lane[p->place];
	struct stream_open o = {
	    .req = lane->req, .id = p->lanes->pool.s[p->place].id};
	uint8_t body[FRAME_BODY_MAX];
	size_t n;

	if (p->sock != p->owner->sock)
		o.flags |= OPEN_OWN_SOCKET;
	if (stream_wants_socket(p))
		o.flags |= OPEN_YOUR_SOCKET;
	memcpy(o.key, lane->pub, sizeof(o.key));
	memcpy(o.psk, p->conf.psk, sizeof(o.psk));
	n = stream_open_put(body, &o);
	(void)engine_frame_send(
	    e, p->owner, now_ms, FRAME_STREAM_OPEN, body, n);
	crypto_wipe(&o, sizeof(o));
	crypto_wipe(body, sizeof(body));
}

void
stream_say_close(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct lane *lane = p->lanes->lane[p->place];
	struct stream_close c = {
	    .id = lane->id, .mine = lane->mine, .reason = (uint8_t)lane->why};
	uint8_t body[FRAME_BODY_MAX];

	if (lane->said)
		return;
	lane->said = true;
	(void)engine_frame_send(e, p->owner, now_ms, FRAME_STREAM_CLOSE, body,
	    stream_close_put(body, &c));
}

void
stream_say_fence(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	uint8_t body[FRAME_BODY_MAX];

	(void)engine_frame_send(e, p, now_ms, FRAME_FENCE, body,
	    fence_put(body, p->lanes->pool.s[p->place].fence.token));
}

void
stream_say_stats(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	const struct keypair *kp = p->ses.slot[SLOT_CURRENT];
	uint8_t body[FRAME_BODY_MAX];
	struct stream_stats s;

	if (kp == NULL || kp->replay.next == 0)
		return;
	s = (struct stream_stats){.tx = kp->tx_counter,
	    .rx = kp->rx,
	    .rx_max = kp->replay.next - 1,
	    .queue_us = p->lanes->pool.s[p->place].delay_us};
	(void)engine_frame_send(
	    e, p, now_ms, FRAME_STREAM_STATS, body, stream_stats_put(body, &s));
}

/* ---- in, on stream 0 ---- */

static void
answer(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct stream_open *o, enum accept_status status)
{
	struct stream_accept a = {
	    .req = o->req, .id = o->id, .status = (uint8_t)status};
	unsigned place = pool_find(&p->lanes->pool, false, o->id);
	uint8_t body[FRAME_BODY_MAX];

	if (status == ACCEPT_OK && place != 0 &&
	    (o->flags & OPEN_YOUR_SOCKET) != 0)
		stream_offer_socket(e, p->lanes->slot[place], &a);
	(void)engine_frame_send(e, p, now_ms, FRAME_STREAM_ACCEPT, body,
	    stream_accept_put(body, &a));
}

/* It is there already: the same one, or one that still has to end. */
static enum accept_status
again(const struct lanes *l, unsigned place, const struct stream_open *o)
{
	const struct peer_slot *p = l->slot[place];

	return memcmp(p->conf.key, o->key, 32) == 0 &&
		memcmp(p->conf.psk, o->psk, 32) == 0
	    ? ACCEPT_OK
	    : ACCEPT_LIMIT;
}

static int
on_open(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	enum accept_status status = ACCEPT_OK;
	struct stream_open o;
	unsigned place;

	if (stream_open_get(f->body, f->len, &o) == -1 || o.id == 0)
		return -1;
	place = pool_find(&p->lanes->pool, false, o.id);
	if (place != 0)
		status = again(p->lanes, place, &o);
	else if (stream_accept(e, p, now_ms, &o) == NULL)
		status = ACCEPT_LIMIT;
	if (status != ACCEPT_OK)
		count(e, STREAMS_REFUSED);
	answer(e, p, now_ms, &o, status);
	crypto_wipe(&o, sizeof(o));
	return 0;
}

static void
end_soon(struct engine *e, struct peer_slot *p)
{
	p->lanes->lane[p->place]->ended = true;
	timers_set(&e->timers, &p->timer, 0);
}

static int
on_accept(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct lanes *l = p->lanes;
	struct stream_accept a;
	unsigned place;

	if (stream_accept_get(f->body, f->len, &a) == -1)
		return -1;
	place = pool_find(&l->pool, true, a.id);
	if (place == 0 || l->lane[place]->req != a.req)
		return 0; /* it was given up */
	if (a.status == ACCEPT_OK) {
		if (l->pool.s[place].state == STREAM_ASKED)
			stream_take_socket(e, l->slot[place], &a);
		stream_event(e, l->slot[place], now_ms, SEV_ACCEPTED);
	} else {
		l->lane[place]->said = true;
		end_soon(e, l->slot[place]);
	}
	return 0;
}

static int
on_close(struct engine *e, struct peer_slot *p, const struct frame *f)
{
	struct lanes *l = p->lanes;
	struct stream_close c;
	unsigned place;

	if (stream_close_get(f->body, f->len, &c) == -1)
		return -1;
	/* what is the peer's own is not ours */
	place = pool_find(&l->pool, c.mine == 0, c.id);
	if (place == 0)
		return 0;
	l->lane[place]->said = true;
	l->lane[place]->lost = c.reason == CLOSE_UNHEALTHY;
	end_soon(e, l->slot[place]);
	return 0;
}

/* ---- in, on the stream itself ---- */

static int
on_fence(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	uint8_t body[FRAME_BODY_MAX];
	uint64_t token;

	if (fence_get(f->body, f->len, &token) == -1)
		return -1;
	(void)engine_frame_send(
	    e, p, now_ms, FRAME_FENCE_ACK, body, fence_put(body, token));
	return 0;
}

static int
on_fence_ack(struct engine *e, struct peer_slot *p, const struct frame *f)
{
	uint64_t token;

	if (fence_get(f->body, f->len, &token) == -1)
		return -1;
	if (fence_ack(&p->lanes->pool.s[p->place].fence, token))
		timers_set(&e->timers, &p->timer, 0);
	return 0;
}

/* Since the last time: how many of ours did not come?  A new key starts anew.
 */
static int
on_stats(struct peer_slot *p, const struct frame *f)
{
	struct lane *lane = p->lanes->lane[p->place];
	struct stream_stats s;
	uint64_t sent, came;

	if (stream_stats_get(f->body, f->len, &s) == -1)
		return -1;
	sent = s.rx_max - lane->its_max;
	came = s.rx - lane->its_rx;
	if (s.rx_max > lane->its_max && s.rx >= lane->its_rx && came <= sent &&
	    lane->its_max != 0)
		pool_loss(&p->lanes->pool, p->place, sent, sent - came);
	lane->its_max = s.rx_max;
	lane->its_rx = s.rx;
	return 0;
}

void
on_stream_frame(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	bool on_zero = p->owner == NULL;
	int r = 0;

	if (p->lanes == NULL)
		return;
	if (f->type == FRAME_FENCE)
		r = on_fence(e, p, now_ms, f);
	else if (f->type == FRAME_FENCE_ACK)
		r = on_fence_ack(e, p, f);
	else if (f->type == FRAME_STREAM_STATS)
		r = on_stats(p, f);
	else if (on_zero && f->type == FRAME_STREAM_OPEN)
		r = on_open(e, p, now_ms, f);
	else if (on_zero && f->type == FRAME_STREAM_ACCEPT)
		r = on_accept(e, p, now_ms, f);
	else if (on_zero && f->type == FRAME_STREAM_CLOSE)
		r = on_close(e, p, f);
	if (r == -1)
		count(e, FRAMES_BAD);
}
