/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_frame.c */
/*
 * Control frames, out and in: who may say what, how often.
 *
 *	members		everything
 *	guests		HELLO, HELLO_ACK, BYE
 *	... that join	JOIN_ASK, BYE
 *	configured	nothing: they may be stock WireGuard
 *	streams		what concerns themselves
 *
 * A frame comes in between packets, some of which may still be with the crew;
 * what is said in return leaves at the end of the turn, behind them all.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "path.h"

/* ---- out ---- */

static int
send_now(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const uint8_t *frame, size_t len)
{
	if (path_frame(e, now_ms, p, frame, len) == -1)
		return -1;
	count(e, FRAMES_SENT);
	return 0;
}

int
engine_frame_send(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    uint8_t type, const void *body, size_t len)
{
	static const struct vnet plain;
	uint8_t frame[FRAME_MAX];
	size_t n;
	int r = 0;

	if (p->member == NULL && !p->guest && p->owner == NULL)
		return -1;
	n = frame_put(frame, sizeof(frame), type, body, len);
	if (n == 0 || !session_up(&p->ses, now_ms))
		return -1;
	if (e->moving) {
		(void)hold_push(&p->out, now_ms, &plain, frame, n);
		timers_set(&e->timers, &p->timer, 0);
	} else {
		r = send_now(e, p, now_ms, frame, n);
	}
	crypto_wipe(frame, sizeof(frame));
	return r;
}

void
slot_frames_flush(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct held *h;

	while ((h = hold_pop(&p->out)) != NULL) {
		(void)send_now(e, p, now_ms, h->pkt, h->len);
		crypto_wipe(h->pkt, h->len);
		free(h);
	}
}

/* ---- in ---- */

static bool
is_asking(uint8_t type)
{
	return type == FRAME_WHO_HAS || type == FRAME_RECORD ||
	    type == FRAME_PEERS;
}

static bool
may_say(const struct peer_slot *p, uint8_t type)
{
	if (p->owner != NULL)
		return type == FRAME_FENCE || type == FRAME_FENCE_ACK ||
		    type == FRAME_STREAM_STATS;
	if (type == FRAME_BYE || !p->guest)
		return true;
	if (p->joins)
		return type == FRAME_JOIN_ASK;
	return type == FRAME_HELLO || type == FRAME_HELLO_ACK;
}

static bool
too_often(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint8_t type)
{
	bool ok;

	/* all that there are at once, when a session comes up */
	if (type == FRAME_INVITE && join_is_holder(e, p))
		return false;
	ok = is_asking(type)
	    ? bucket_take(&p->asks, now_ms, ASKS_PER_S, ASKS_BURST)
	    : bucket_take(&p->frames, now_ms, FRAMES_PER_S, FRAMES_BURST);

	if (!ok)
		count(e, FRAMES_LIMITED);
	return !ok;
}

/* Whether discoveryd has a use for it is its own business. */
static void
pass_to_disc(struct engine *e, const struct peer_slot *p, const struct frame *f)
{
	struct msg_peer_frame m = {.type = f->type, .len = f->len};

	memcpy(m.key, p->conf.key, sizeof(m.key));
	memcpy(m.body, f->body, f->len);
	if (e->io.tell_frame != NULL)
		(void)e->io.tell_frame(e->io.ctx, &m);
}

static void
on_join(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	if (p->joins)
		p->guest_due_ms = now_ms + GUEST_MS;
	join_frame(e, p, now_ms, f->type, f->body, f->len);
}

static void
on_frame(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	switch (f->type) {
	case FRAME_HELLO:
	case FRAME_HELLO_ACK:
		on_hello(e, p, now_ms, f);
		break;
	case FRAME_BYE:
		on_bye(e, p, now_ms, f);
		break;
	case FRAME_WHO_HAS:
	case FRAME_RECORD:
	case FRAME_PEERS:
		pass_to_disc(e, p, f);
		break;
	case FRAME_CRL:
		on_crl(e, p, now_ms, f);
		break;
	case FRAME_JOIN_ASK:
	case FRAME_JOIN_REPLY:
	case FRAME_INVITE:
		on_join(e, p, now_ms, f);
		break;
	case FRAME_RELAY_OPEN:
	case FRAME_RELAY_OPENED:
	case FRAME_RELAY_INCOMING:
	case FRAME_RELAY_CLOSE:
		on_relay_frame(e, p, now_ms, f);
		break;
	case FRAME_STREAM_OPEN:
	case FRAME_STREAM_ACCEPT:
	case FRAME_STREAM_CLOSE:
	case FRAME_STREAM_STATS:
	case FRAME_FENCE:
	case FRAME_FENCE_ACK:
		on_stream_frame(e, p, now_ms, f);
		break;
	case FRAME_CANDIDATES:
		on_candidates(e, p, now_ms, f);
		break;
	default: /* of a later version */
		break;
	}
}

enum counter
engine_frame(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const uint8_t *plain, size_t len)
{
	struct frame f;

	if ((p->member == NULL && !p->guest && p->owner == NULL) ||
	    frame_get(plain, len, &f) == -1)
		return EI_MALFORMED;
	if (!may_say(p, f.type))
		return EI_QUARANTINE;
	if (!p->parting && !too_often(e, p, now_ms, f.type))
		on_frame(e, p, now_ms, &f);
	return EI_CONTROL;
}

/* ---- discoveryd's frames ---- */

static uint64_t
last_heard(const struct peer_slot *p)
{
	return p->seen_ms > p->used_ms ? p->seen_ms : p->used_ms;
}

/* The best of those that are not better than `than`; NULL: no more. */
static struct peer_slot *
next_best(const struct engine *e, uint64_t now_ms, const struct peer_slot *than)
{
	struct peer_slot *best = NULL;

	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->member == NULL || !session_up(&p->ses, now_ms))
			continue;
		if (than != NULL &&
		    (last_heard(p) > last_heard(than) ||
			(last_heard(p) == last_heard(than) &&
			    p->no <= than->no)))
			continue;
		if (best == NULL || last_heard(p) > last_heard(best))
			best = p;
	}
	return best;
}

void
engine_on_frame(
    struct engine *e, uint64_t now_ms, const struct msg_peer_frame *m)
{
	static const uint8_t any[32];
	struct peer_slot *p = NULL;

	if (!is_asking(m->type)) {
		count(e, ILLEGAL_EVENTS);
		return;
	}
	if (memcmp(m->key, any, sizeof(any)) != 0) {
		p = engine_find_key(e, m->key);
		if (p != NULL && p->member != NULL)
			(void)engine_frame_send(
			    e, p, now_ms, m->type, m->body, m->len);
		return;
	}
	for (int i = 0; i < FRAME_ANY_PEERS; i++) {
		if ((p = next_best(e, now_ms, p)) == NULL)
			return;
		(void)engine_frame_send(e, p, now_ms, m->type, m->body, m->len);
	}
}
