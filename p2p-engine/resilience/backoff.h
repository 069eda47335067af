/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/backoff.h */
#ifndef BACKOFF_H
#define BACKOFF_H

#include <stdint.h>

#include "rnd.h"

/*
 * How long to wait after a failure: min, twice that, ... up to max; a success
 * starts over.  Pure.  Jitter is added where a timer is armed, so that a
 * hundred nodes that lost the same peer do not come back in step.
 */
struct backoff {
	uint32_t min_ms, max_ms;
	uint32_t ms; /* the present or last wait; 0: none since a success */
};

void backoff_init(struct backoff *, uint32_t min_ms, uint32_t max_ms);
uint32_t backoff_next(struct backoff *); /* one more failure: how long now */
void backoff_reset(struct backoff *);
/* ms and up to a quarter more */
uint32_t backoff_jitter(uint32_t ms, const struct rnd_src *);

#endif
