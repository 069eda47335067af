/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/breaker.h */
#ifndef BREAKER_H
#define BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "backoff.h"

/*
 * A circuit breaker: who fails again and again is left alone for a while, and
 * then tried with one trial, not with everything that waits.  One for each
 * peer, one for each of its places (spots.h).
 *
 * Pure: no clock, no random numbers, no allocation.  The caller reports what
 * happened and carries out the action that comes back.
 *
 *	        too many failures, or one to the end
 *	CLOSED -------------------------------------> OPEN <---------.
 *	  ^                                           | |            |
 *	  | passed,               time, hint          | | a packet,  | failed,
 *	  | the last one     .------------------------' | waited     | or no
 *	  |                  v                          v enough     | answer
 *	  +------------- HALF OPEN ---- wanted -----> TRIAL ---------+ in time
 *	  |                  ^                          |
 *	  |                  `--------- passed ---------+
 *	  `---------------------------- passed, the last one
 *
 * HALF OPEN has no trial under way, TRIAL has exactly one; to a person both are
 * half open.  "called" leads from everywhere to CLOSED: it spoke to us on its
 * own account, which says more than a trial.
 *
 * It recovers: OPEN and TRIAL always have a time at which they end, HALF OPEN
 * takes the next who wants it, and when something has passed already it asks
 * for the next trial by itself.  tests/spin/breaker.pml proves that of this
 * very table.
 *
 * "link" is a hint that also ends what was learned of waiting: OPEN goes half
 * open, and a trial, whose messages went nowhere, begins anew.  Whoever reports
 * links has a rate, so that the trial ends all the same.
 *
 * How long OPEN lasts grows as in backoff.h and ends at the reset timeout.  A
 * packet of the host need not wait for that: BREAKER_EAGER_MS after the last
 * trial it may be the next one, which is the pace at which a WireGuard peer
 * repeats its initiations.
 */
enum breaker_state {
	BREAKER_CLOSED,
	BREAKER_OPEN,
	BREAKER_HALF,
	BREAKER_TRIAL,
	BREAKER_NSTATES
};

enum breaker_event {
	BEV_WANT,   /* may it be tried? */
	BEV_PACKET, /* the same, for a packet of the host */
	BEV_MISS,   /* one message had no answer */
	BEV_LOST,   /* nothing had, to the end: or there is nothing to try */
	BEV_PASS,   /* what we asked was answered */
	BEV_CALL,   /* it called us */
	BEV_TIME,   /* due_ms has come */
	BEV_HINT,   /* something changed: it may work now */
	BEV_LINK,   /* we have another network: what failed was in the old */
	BEV_OFF,    /* start anew */
	/* breaker_event makes these of PACKET, MISS and PASS */
	BEV_EAGER,  /* a packet, and the last trial was long ago */
	BEV_MANY,   /* the miss that is one too many */
	BEV_ENOUGH, /* the pass that is the last one needed */
	BEV_NEVENTS
};

enum breaker_action {
	BACT_NONE,
	BACT_GO,     /* yes, as ever */
	BACT_TRY,    /* yes, this is the trial; due_ms: its end */
	BACT_REFUSE, /* no */
	BACT_COUNT,  /* one failure more */
	BACT_CLEAR,  /* none so far */
	BACT_OPEN,   /* it opened; due_ms: may be made later, as jitter */
	BACT_HALF,   /* half open; due_ms is set if something passed */
	BACT_AGAIN,  /* want it now: it takes more than one trial */
	BACT_ANEW,   /* the trial has all its time again */
	BACT_CLOSE,  /* closed, all is well */
	BACT_NACTIONS
};

#define BREAKER_TRIAL_MS 5000 /* no answer after this: it failed */
#define BREAKER_EAGER_MS 5000

struct breaker_conf {
	uint32_t failures, successes; /* thresholds, both at least 1 */
	struct backoff_conf wait;     /* late_ms is the reset timeout */
};

struct breaker {
	enum breaker_state state;
	uint32_t failures; /* in a row, while closed */
	uint32_t passes;   /* in a row, since it was open */
	struct backoff wait;
	uint64_t since_ms; /* of the state */
	uint64_t due_ms;   /* BEV_TIME then; 0: never */
	uint64_t trips;    /* times it opened, out of CLOSED only */
	uint64_t refused;
	uint32_t illegal; /* events that made no sense in their state */
};

void breaker_conf_default(struct breaker_conf *);
/* All zero is a closed one. */
enum breaker_action breaker_event(struct breaker *, const struct breaker_conf *,
    uint64_t now_ms, enum breaker_event);
bool breaker_is_due(const struct breaker *, uint64_t now_ms);
/* Would BEV_WANT be refused? */
bool breaker_refuses(const struct breaker *);

/* What has a key to be sent with is stopped too: nothing has come back. */
static inline bool
breaker_blocks(const struct breaker *b)
{
	return b->state == BREAKER_OPEN ||
	    (b->state == BREAKER_TRIAL && b->passes == 0);
}

const char *breaker_state_name(enum breaker_state);
/* A cell of the table, for tests and for the model; false: illegal. */
bool breaker_cell(enum breaker_state, enum breaker_event,
    enum breaker_state *next, enum breaker_action *);

#endif
