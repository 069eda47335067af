/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/backoff.h */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "rnd.h"

/*
 * When to try again after a failure: first, times the multiplier, ... up to
 * max, so many attempts; after those, late each time.  A success starts over.
 * Pure.  Jitter is added where a timer is armed, so that a hundred nodes that
 * lost the same peer do not come back in step.
 */
struct backoff_conf {
	uint32_t first_ms, max_ms, late_ms;
	uint32_t multiplier; /* 1: always first_ms */
	uint32_t attempts;   /* before it is late; 0: late from the start */
};

struct backoff {
	uint32_t ms;    /* the present or last wait; 0: none since a success */
	uint32_t tries; /* failures since then, UINT32_MAX is many */
};

/* one more failure: how long now */
uint32_t backoff_next(struct backoff *, const struct backoff_conf *);
void backoff_reset(struct backoff *);
/* All attempts were in vain. */
bool backoff_late(const struct backoff *, const struct backoff_conf *);
/* ms and up to a quarter more */
uint32_t backoff_jitter(uint32_t ms, const struct rnd_src *);

#endif
