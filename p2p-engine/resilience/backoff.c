/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/backoff.c */
/* Doubling waits: see backoff.h. */
#include "backoff.h"

void
backoff_init(struct backoff *b, uint32_t min_ms, uint32_t max_ms)
{
	*b = (struct backoff){.min_ms = min_ms, .max_ms = max_ms};
}

uint32_t
backoff_next(struct backoff *b)
{
	if (b->ms == 0)
		b->ms = b->min_ms;
	else if (b->ms > b->max_ms / 2)
		b->ms = b->max_ms;
	else
		b->ms *= 2;
	return b->ms;
}

void
backoff_reset(struct backoff *b)
{
	b->ms = 0;
}

uint32_t
backoff_jitter(uint32_t ms, const struct rnd_src *rnd)
{
	return ms + rnd_below(rnd, ms / 4 + 1);
}
