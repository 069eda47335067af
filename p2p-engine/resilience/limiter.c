/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/limiter.c */
/*
 * Token buckets by source: see limiter.h.  A bucket that was not used for
 * burst / rate seconds is full again, and a full bucket says nothing that a
 * new one would not: so "nearest to full" is the right one to forget.
 */
#include "limiter.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

/* What is in it now, in thousandths. */
static uint32_t
bucket_level(
    const struct bucket *b, uint64_t now_ms, uint32_t rate, uint32_t burst)
{
	uint64_t full = (uint64_t)burst * 1000;
	uint64_t passed = now_ms > b->refilled_ms ? now_ms - b->refilled_ms : 0;

	if (rate != 0 && passed > full / rate)
		return (uint32_t)full;
	passed = b->milli + passed * rate;
	return (uint32_t)(passed > full ? full : passed);
}

bool
bucket_spare(struct bucket *b, uint64_t now_ms, uint32_t rate, uint32_t burst,
    uint32_t keep)
{
	b->milli = bucket_level(b, now_ms, rate, burst);
	b->refilled_ms = now_ms;
	if (b->milli < (uint64_t)keep * 1000 + 1000)
		return false;
	b->milli -= 1000;
	return true;
}

bool
bucket_take(struct bucket *b, uint64_t now_ms, uint32_t rate, uint32_t burst)
{
	return bucket_spare(b, now_ms, rate, burst, 0);
}

void
bucket_fill(struct bucket *b, uint64_t now_ms, uint32_t burst)
{
	*b = (struct bucket){now_ms, burst * 1000};
}

struct place {
	uint64_t source; /* keyed hash of the address; 0: free */
	struct bucket bucket;
};

struct limiter {
	uint8_t key[16];
	uint32_t mask, rate, burst;
	struct place place[];
};

struct limiter *
limiter_new(uint32_t places, const uint8_t hash_key[16])
{
	struct limiter *l;
	uint32_t n = LIMITER_WAYS;

	while (n < places && n < (1u << 24))
		n *= 2;
	l = calloc(1, sizeof(*l) + n * sizeof(struct place));
	if (l == NULL)
		return NULL;
	memcpy(l->key, hash_key, sizeof(l->key));
	l->mask = n - 1;
	l->rate = 1;
	l->burst = 1;
	return l;
}

void
limiter_free(struct limiter *l)
{
	free(l);
}

void
limiter_set(struct limiter *l, uint32_t rate, uint32_t burst)
{
	/* milli has 32 bits; a burst of a million is no limit anyway */
	l->rate = rate == 0 ? 1 : rate;
	l->burst = burst == 0 ? 1 : burst > 1000000 ? 1000000 : burst;
}

/* All that counts of a source, as one number that nobody can steer. */
static uint64_t
source_hash(const struct limiter *l, const struct addr *a)
{
	uint8_t in[9] = {a->family};
	uint64_t h;

	memcpy(in + 1, a->b, a->family == 4 ? 4 : 8);
	h = siphash(l->key, in, sizeof(in));
	return h == 0 ? 1 : h;
}

bool
limiter_pass(struct limiter *l, uint64_t now_ms, const struct addr *a)
{
	uint64_t h = source_hash(l, a);
	struct place *best = NULL;
	uint32_t most = 0;

	for (uint32_t i = 0; i < LIMITER_WAYS; i++) {
		struct place *p = &l->place[((uint32_t)h + i) & l->mask];
		uint32_t level = l->burst * 1000;

		if (p->source == h)
			return bucket_take(
			    &p->bucket, now_ms, l->rate, l->burst);
		if (p->source != 0)
			level =
			    bucket_level(&p->bucket, now_ms, l->rate, l->burst);
		if (best == NULL || level > most) {
			best = p;
			most = level;
		}
	}
	best->source = h;
	bucket_fill(&best->bucket, now_ms, l->burst);
	return bucket_take(&best->bucket, now_ms, l->rate, l->burst);
}

void
load_init(struct load *l, uint32_t max_per_window)
{
	*l = (struct load){.max = max_per_window};
}

void
load_note(struct load *l, uint64_t now_ms)
{
	if (now_ms - l->window_ms >= LOAD_WINDOW_MS) {
		l->window_ms = now_ms;
		l->n = 0;
	}
	if (++l->n > l->max)
		l->until_ms = now_ms + LOAD_LASTS_MS;
}

bool
load_high(const struct load *l, uint64_t now_ms)
{
	return now_ms < l->until_ms;
}
