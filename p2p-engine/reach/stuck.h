/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/stuck.h */
#ifndef STUCK_H
#define STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * Whose datagrams fill a socket that all peers share?
 *
 * The system keeps what it can't pass on yet (a class of a shaper for one
 * destination, a neighbour that does not answer) as part of the send buffer,
 * and when that is full nobody can send.  Pure: the caller says how much is in
 * the buffer, and does what comes back.
 *
 * A buffer that is full for STUCK_MS is watched for STUCK_TRIAL_MS: how fast
 * does it drain by itself?  Then one waiting batch is sent and watched as long.
 * If what left meanwhile is that batch, its destination is good; if it is no
 * more than before, the batch stays.  A line that is slow for all lets every
 * batch stay, and all wait, as always.  But when one is good, those that stay
 * are slow: they are why the others wait.  A slow one may have a quarter of the
 * buffer (stuck_share), and what is more is dropped, until it has not been too
 * much for STUCK_FORGET_MS.
 */
#define STUCK_MS 20
#define STUCK_TRIAL_MS 5
#define STUCK_FORGET_MS 10000
#define STUCK_KNOWN_MS 1000 /* then it is looked at again */
#define STUCK_SLOW 64       /* the one longest known makes way */
#define STUCK_KNOWN 64

enum stuck_act {
	STUCK_SEND,
	STUCK_TRY,  /* send it, then stuck_tried() */
	STUCK_WAIT, /* nothing now */
	STUCK_DROP
};

struct stuck_place {
	struct endpoint to;
	uint64_t ms; /* 0: none */
};

struct stuck {
	uint64_t since_ms; /* somebody waits since then, 0: nobody */
	uint64_t good_ms;  /* when one was found good since, 0: none */
	uint32_t nslow;
	struct stuck_place slow[STUCK_SLOW];
	struct stuck_place stays[STUCK_KNOWN], other[STUCK_KNOWN];
	uint64_t base_ms; /* watched without a batch since then, 0: not */
	size_t base;
	uint64_t trial_ms; /* ... with one, 0: not */
	struct endpoint tried;
	size_t before, added, leaves; /* leaves: in STUCK_TRIAL_MS by itself */
};

void stuck_begin(struct stuck *, uint64_t now_ms); /* the first waits */
void stuck_end(struct stuck *);                    /* nobody waits any more */
/* What to do with the first that waits; unsent: octets in the buffer. */
enum stuck_act stuck_next(
    struct stuck *, uint64_t now_ms, size_t unsent, const struct endpoint *to);
/* It was sent: so many octets on top of what was in the buffer. */
void stuck_tried(struct stuck *, uint64_t now_ms, const struct endpoint *to,
    size_t before, size_t added);
/* Is there too much of it in the buffer for one more?  Asked of all. */
bool stuck_share(struct stuck *, uint64_t now_ms, size_t unsent, size_t limit,
    const struct endpoint *to);
/* Is it one that stuck_share should be asked about? */
bool stuck_is_slow(struct stuck *, uint64_t now_ms, const struct endpoint *to);

#endif
