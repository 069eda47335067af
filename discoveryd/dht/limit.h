/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/limit.h */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * How much a source (an IPv4 address, an IPv6 /64) may ask, and how much an
 * address that may be forged may be sent.  Pure; all memory at limit_new.
 *
 * Verified: it answered a query of ours, or showed a token of ours, within
 * LIMIT_VERIFIED_MS.  Whoever is not may be the victim of a forger, so it gets
 * few answers, none more than three times as long as its query in octets of
 * IP, and all such together get LIMIT_OCTETS a second.
 *
 * The table has a fixed size.  A source looks at LIMIT_WAYS places; one that
 * is not verified never takes the place of one that is, so a flood of forged
 * sources makes the limiter forget its own kind, not members.  Newcomers that
 * find only verified ones there share a rate until they are verified, too.
 */
#define LIMIT_QPS 5
#define LIMIT_BURST 20
#define LIMIT_VERIFIED_QPS 250
#define LIMIT_VERIFIED_BURST 250
#define LIMIT_VERIFIED_MS (15 * 60 * 1000)
#define LIMIT_OCTETS 8192       /* a second, to all that are not verified */
#define LIMIT_OCTETS_BURST 8192 /* ... at one moment */
#define LIMIT_CROWD_QPS 50      /* of all that found no place in the table */
#define LIMIT_CROWD_BURST 100
#define LIMIT_FACTOR 3
#define LIMIT_IP4 28 /* octets of IP and UDP headers */
#define LIMIT_IP6 48
#define LIMIT_WAYS 4
#define LIMIT_PLACES 1024 /* what a node should ask for: 40 KB */

struct limit;
struct limit_stats {
	uint64_t queries;   /* refused: too many from its source */
	uint64_t crowded;   /* ... of those without a place */
	uint64_t amplified; /* answers refused: too long for the question */
	uint64_t octets;    /* ... the cap for all */
};

/* places is rounded up to a power of two; NULL: no memory */
struct limit *limit_new(uint32_t places, const uint8_t hash_key[16]);
void limit_free(struct limit *); /* NULL is fine */

/* A query came: may it be looked at?  Takes from the source's allowance. */
bool limit_query(struct limit *, uint64_t now_ms, const struct addr *from);
void limit_verify(struct limit *, uint64_t now_ms, const struct addr *);
bool limit_is_verified(
    const struct limit *, uint64_t now_ms, const struct addr *);
/*
 * The longest answer (UDP payload) that limit_may_answer would let pass by its
 * length, for who leaves nodes out to fit.  SIZE_MAX: verified.
 */
size_t limit_answer_max(
    const struct limit *, uint64_t now_ms, const struct addr *to, size_t in);
/*
 * May `out` octets be sent in answer to a query of `in` (both UDP payload)?
 * Takes them from what all unverified share.
 */
bool limit_may_answer(struct limit *, uint64_t now_ms, const struct addr *to,
    size_t in, size_t out);
void limit_get_stats(const struct limit *, struct limit_stats *);

#endif
