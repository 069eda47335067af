/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/limiter.h */
#ifndef LIMITER_H
#define LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * Token buckets: how often something may happen.  Pure, all memory at
 * limiter_new.
 *
 * struct bucket: one rate.  struct limiter: one bucket for each source, an
 * IPv4 address or an IPv6 /64 (what one customer gets), in a keyed hash table
 * of fixed size.  A source looks at LIMITER_WAYS places; when all are taken,
 * the one nearest to full (least to lose) makes way: a flood from many sources
 * can make the limiter forget, not grow.  struct load: "more than so many in
 * 100 ms" as a state that lasts a second, for asking cookies under load.
 */
struct bucket {
	uint64_t refilled_ms;
	uint32_t milli; /* thousandths of a token */
};
/* Take one token.  rate is tokens a second, burst the most it can hold. */
bool bucket_take(
    struct bucket *, uint64_t now_ms, uint32_t rate, uint32_t burst);
/* ... but only while keep more are there: those are for who matters more. */
bool bucket_spare(struct bucket *, uint64_t now_ms, uint32_t rate,
    uint32_t burst, uint32_t keep);
void bucket_fill(struct bucket *, uint64_t now_ms, uint32_t burst);

#define LIMITER_WAYS 4

struct limiter;
/* places is rounded up to a power of two; NULL: no memory. */
struct limiter *limiter_new(uint32_t places, const uint8_t hash_key[16]);
void limiter_free(struct limiter *); /* NULL is fine */
void limiter_set(struct limiter *, uint32_t rate, uint32_t burst);
bool limiter_pass(struct limiter *, uint64_t now_ms, const struct addr *);

#define LOAD_WINDOW_MS 100
#define LOAD_LASTS_MS 1000
struct load {
	uint64_t window_ms; /* when the present window began */
	uint64_t until_ms;  /* high until then */
	uint32_t n, max;    /* in this window; more than max is high */
};
void load_init(struct load *, uint32_t max_per_window);
void load_note(struct load *, uint64_t now_ms); /* one more happened */
bool load_high(const struct load *, uint64_t now_ms);

#endif
