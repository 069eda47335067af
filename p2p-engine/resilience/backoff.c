/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/backoff.c */
/* Growing waits: see backoff.h. */
#include "backoff.h"

static uint32_t
longer(uint32_t ms, const struct backoff_conf *c)
{
	uint64_t next = (uint64_t)ms * c->multiplier;

	if (ms == 0)
		next = c->first_ms;
	else if (next < ms)
		next = ms; /* a multiplier of 0 */
	return next > c->max_ms ? c->max_ms : (uint32_t)next;
}

bool
backoff_late(const struct backoff *b, const struct backoff_conf *c)
{
	return b->tries > c->attempts;
}

uint32_t
backoff_next(struct backoff *b, const struct backoff_conf *c)
{
	if (b->tries < UINT32_MAX)
		b->tries++;
	b->ms = backoff_late(b, c) ? c->late_ms : longer(b->ms, c);
	return b->ms;
}

void
backoff_reset(struct backoff *b)
{
	*b = (struct backoff){0};
}

uint32_t
backoff_jitter(uint32_t ms, const struct rnd_src *rnd)
{
	return ms + rnd_below(rnd, ms / 4 + 1);
}
