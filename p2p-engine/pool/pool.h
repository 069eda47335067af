/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/pool.h */
#ifndef POOL_H
#define POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "fence.h"
#include "pool_state.h"

/*
 * The streams to one peer: how many, in which state, and which one a flow
 * takes.  Pure: the caller reports what happened, asks every POOL_TICK_MS what
 * to do, and does it.  Place 0 is the session of the node keys, which is there
 * as long as the peer is up; the others are opened beside it, by either side.
 *
 *	FREE --open--> ASKED --accepted--> DIAL --up--> LIVE
 *	FREE --taken---------------------> DIAL          | close, lost
 *	                                                 v
 *	FREE <--over-- LINGER <--fenced-- MOVING <-------+
 *
 * After a stream came the busiest is spread: LIVE --spread--> SPREAD
 *--fenced--> LIVE, and each of its flows chooses once again; if more would have
 *to wait than may, it is tried with half of them, a quarter ...
 *
 * Place 0 is not closed for being unwell: LIVE --sick--> FALTER --fenced-->
 * SICK --up--> LIVE.  Flows leave it meanwhile.
 *
 * A place that was given back and taken again may find flows that remember it:
 * what they sent on the stream before went behind a fence, so they may stay.
 */
#define POOL_MAX 16 /* streams of one peer, place 0 among them */
#define POOL_TICK_MS 100
#define POOL_ASK_TRIES 4  /* sent at 0, 1, 3, 7 s */
#define POOL_DIAL_MS 3000 /* by its own 5-tuple, then by that of stream 0 */
#define POOL_DIAL_END_MS 6000
#define POOL_LINGER_MS 1000 /* the peer's flows leave it, too */
#define POOL_DEAD_MS 2000   /* sending and nothing came, or no pong */
#define POOL_SLOW_US 5000   /* queue delay ... */
#define POOL_SLOW_TICKS 3   /* ... in so many ticks running: one more */
#define POOL_SPREAD_BITS 6
#define POOL_SPREAD_MS 500 /* after the last one that came */
#define POOL_FITS_MS 60000 /* less would have done for so long: one less */
#define POOL_LOSSY_PM 200  /* per mille ... */
#define POOL_LOSSY_N 5     /* ... in so many seconds running: unhealthy */
#define POOL_LOSS_LEAST 50 /* packets in that second, else it says nothing */
#define POOL_AGAIN_MS 500  /* after a failed opening, then doubling */
#define POOL_AGAIN_MAX_MS 60000
#define POOL_REPLACE_TRIES 5
#define POOL_PING_MS 5000       /* a stream that is idle */
#define POOL_PING_BUSY_MS 500   /* one that is not */
#define POOL_PING_SILENT_MS 250 /* one that should have been heard of */

struct pool_limits {
	uint8_t min, max;
	uint32_t idle_ms, cleanup_ms;
};

struct pool_stream {
	enum stream_state state;
	bool mine;   /* we opened it, so we dial and close */
	uint16_t id; /* the opener's number for it */
	uint64_t state_ms, born_ms;
	uint64_t used_ms;   /* data, either way */
	uint64_t silent_ms; /* sent since then, nothing heard; 0: heard */
	uint64_t heard_ms, ping_ms;
	uint64_t asked_ms; /* of the first ping without a pong since; or 0 */
	uint32_t rtt_us, loss_pm;
	uint32_t octets, rate; /* since the tick; mean of a tick */
	uint32_t placed;       /* new flows lately */
	uint32_t delay_us;     /* worst wait in its queue since the tick */
	/* flows of an earlier epoch whose hash & mask is this may choose again
	 */
	uint16_t epoch;
	uint32_t mask, part;
	uint8_t slow, lossy, asked;
	bool fell_back; /* to the 5-tuple of stream 0 */
	struct fence fence;
};

struct pool {
	struct pool_limits lim;
	uint8_t its_max; /* what the peer said */
	struct pool_stream s[POOL_MAX];
	uint8_t live, next; /* streams that carry flows; next place */
	uint8_t replace;    /* tries to replace what was lost */
	uint32_t again_ms, spread_us;
	uint64_t open_due_ms, cleanup_due_ms, fits_ms;
	uint64_t spread_due_ms; /* 0: nothing came since */
	uint8_t spread_bits;    /* of the hash: one in 2^n flows */
	uint32_t spread_part;   /* which of these is next */
	uint32_t capacity;      /* octets a tick of a stream that was slow */
	uint32_t grown, shrunk, illegal;
};

void pool_init(struct pool *, const struct pool_limits *, uint64_t now_ms);
void pool_limit(struct pool *, const struct pool_limits *); /* others, live */

/* The one writer of a stream's state. */
enum stream_action pool_event(
    struct pool *, unsigned place, uint64_t now_ms, enum stream_event);
/* A place for the peer's stream `id`, taken; 0: no more allowed. */
unsigned pool_take(struct pool *, uint64_t now_ms, uint16_t id);
/* The place of a stream by its name; 0: there is none. */
unsigned pool_find(const struct pool *, bool mine, uint16_t id);
/* Streams beside 0 that exist in any state. */
unsigned pool_beside(const struct pool *);

/* ---- time ---- */
enum pool_do { DO_EVENT, DO_ASK_AGAIN, DO_FALL_BACK, DO_PING };
struct pool_step {
	enum pool_do what;
	uint8_t place;
	enum stream_event ev; /* DO_EVENT */
};
#define POOL_STEPS (2 * POOL_MAX + 4)
unsigned pool_tick(
    struct pool *, uint64_t now_ms, struct pool_step out[POOL_STEPS]);

/* ---- the packet path ---- */
/*
 * The stream of a new flow: of the two that rendezvous hashing names first,
 * the less loaded.  Counts it.
 */
unsigned pool_pick(struct pool *, uint32_t hash);
enum pool_way { WAY_STAY, WAY_MOVE, WAY_HOLD };
/* What a flow of this stream, of such hash and epoch, may do. */
enum pool_way pool_way(const struct pool *, unsigned place, uint32_t hash,
    uint16_t epoch, uint64_t idle_ms);

static inline void
pool_sent(struct pool_stream *s, uint64_t now_ms, uint32_t octets)
{
	s->octets += octets;
	s->used_ms = now_ms;
	if (s->silent_ms == 0)
		s->silent_ms = now_ms;
}

static inline void
pool_heard(struct pool_stream *s, uint64_t now_ms, bool data)
{
	s->silent_ms = 0;
	s->heard_ms = now_ms;
	if (data)
		s->used_ms = now_ms;
}

void pool_rtt(struct pool *, unsigned place, uint32_t rtt_us);
/* Of n packets in a second so many got lost, as the peer counted. */
void pool_loss(struct pool *, unsigned place, uint64_t n, uint64_t lost);

#endif
