/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/fence.h */
#ifndef FENCE_H
#define FENCE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When may the flows of a stream go on by another one?  After everything that
 * was sent on the old one arrived: a FENCE is sent behind it, and nothing more;
 * its acknowledgement says that it did.  What comes for these flows meanwhile
 * is held, at most FENCE_HELD packets.  A path that says nothing for so long
 * has either delivered or lost it.
 *
 * While a path is alive no answer means little: its queue got long, or FENCE
 * was lost where the packets before it still wait.  So it is said again, and
 * only a path that is silent anyway is given up early.  Pure.
 */
#define FENCE_HELD 64
#define FENCE_HELD_BYTES (1 << 20)
#define FENCE_WAIT_MS 100        /* for the acknowledgement */
#define FENCE_WAIT_MAX_MS 500    /* ... on a path that is known to be long */
#define FENCE_WAIT_ALIVE_MS 2000 /* ... that lives */
#define FENCE_AGAIN_MS 50        /* said again, then after twice as long */
#define FENCE_ALIVE_MS 1000      /* heard of since: it lives */
/* A flow that was silent for so long has nothing under way any more ... */
#define FENCE_IDLE_MS 1000

struct fence {
	bool up, passed;
	uint64_t token, due_ms;
	uint64_t again_ms;
	uint32_t gap_ms; /* to the next time after that */
};

/*
 * silent_ms: since the path was heard of; deaf_ms: since the first question on
 * it that was not answered, 0: none.
 */
struct fence_path {
	uint32_t rtt_us;
	uint64_t silent_ms, deaf_ms;
};
void fence_raise(
    struct fence *, uint64_t now_ms, uint64_t token, const struct fence_path *);
/* Is it to be said again? */
bool fence_again(struct fence *, uint64_t now_ms);
/* Acknowledged by this token?  An old or invented one changes nothing. */
bool fence_ack(struct fence *, uint64_t token);
bool fence_over(const struct fence *, uint64_t now_ms); /* passed or late */
/* ... nor has one on streams whose round trips differ by so much. */
bool fence_is_idle(uint64_t idle_ms, uint32_t spread_us);
uint64_t fence_due(const struct fence *); /* UINT64_MAX: not up */
void fence_drop(struct fence *);

#endif
