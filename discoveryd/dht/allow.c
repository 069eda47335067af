/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/allow.c */
/*
 * Token buckets: see allow.h.  A bucket that is full says nothing that a new
 * one would not, so "most left" is the right one to forget.
 */
#include "allow.h"

#include <string.h>

#include "siphash.h"

static uint64_t
hash_of(const uint8_t key[16], const struct addr *a, size_t octets)
{
	uint8_t in[10] = {a->family, (uint8_t)octets};
	uint64_t h;

	memcpy(in + 2, a->b, octets);
	h = siphash(key, in, sizeof(in));
	return h == 0 ? 1 : h;
}

uint64_t
allow_source(const uint8_t key[16], const struct addr *a)
{
	return hash_of(key, a, a->family == 4 ? 4 : 8);
}

uint64_t
allow_net(const uint8_t key[16], const struct addr *a)
{
	return hash_of(key, a, a->family == 4 ? 3 : 6);
}

void
allow_fill(struct allowance *a, uint64_t now_ms, const struct allow_rate *rate)
{
	*a = (struct allowance){now_ms, rate->burst * 1000};
}

uint32_t
allow_left(
    const struct allowance *a, uint64_t now_ms, const struct allow_rate *rate)
{
	uint64_t full = (uint64_t)rate->burst * 1000;
	uint64_t passed = now_ms > a->at_ms ? now_ms - a->at_ms : 0;
	uint64_t left;

	if (passed > UINT32_MAX)
		return (uint32_t)full;
	left = a->milli + passed * rate->n * 1000 / rate->per_ms;
	return (uint32_t)(left > full ? full : left);
}

/*
 * A refusal leaves the bucket as it is: were the time of it kept, who asks
 * often enough would never get what rounding takes off.
 */
bool
allow_take(struct allowance *a, uint64_t now_ms, const struct allow_rate *rate,
    size_t n)
{
	uint32_t left = allow_left(a, now_ms, rate);

	if (n > left / 1000)
		return false;
	*a = (struct allowance){now_ms, left - (uint32_t)n * 1000};
	return true;
}

bool
allow_source_take(struct allow_table *t, uint64_t now_ms,
    const struct allow_rate *rate, uint64_t source)
{
	uint32_t best = 0, most = 0;

	for (uint32_t i = 0; i < ALLOW_WAYS; i++) {
		uint32_t at = ((uint32_t)source + i) % ALLOW_PLACES, left;

		if (t->place[at].source == source)
			return allow_take(&t->place[at].left, now_ms, rate, 1);
		left = t->place[at].source == 0
		    ? UINT32_MAX
		    : allow_left(&t->place[at].left, now_ms, rate);
		if (i == 0 || left > most) {
			best = at;
			most = left;
		}
	}
	t->place[best].source = source;
	allow_fill(&t->place[best].left, now_ms, rate);
	return allow_take(&t->place[best].left, now_ms, rate, 1);
}
