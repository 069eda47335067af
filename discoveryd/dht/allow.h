/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/allow.h */
#ifndef ALLOW_H
#define ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * How much somebody may have: what limit.c, store.c and swarm.c count with.
 * A source is an IPv4 address or an IPv6 /64 (what one customer gets), its
 * neighbourhood a /24 or /48; both are a keyed hash, so nobody can choose the
 * place in a table.  Pure.
 */

/* never 0 */
uint64_t allow_source(const uint8_t key[16], const struct addr *);
uint64_t allow_net(const uint8_t key[16], const struct addr *);

/* ---- a token bucket ---- */
struct allow_rate {
	uint32_t n, per_ms; /* so many in so long */
	uint32_t burst;     /* at most 4,000,000 */
};
struct allowance {
	uint64_t at_ms;
	uint32_t milli; /* thousandths that were left then */
};
void allow_fill(struct allowance *, uint64_t now_ms, const struct allow_rate *);
uint32_t allow_left(/* thousandths */
    const struct allowance *, uint64_t now_ms, const struct allow_rate *);
/* false: not so much is left, and nothing is taken */
bool allow_take(
    struct allowance *, uint64_t now_ms, const struct allow_rate *, size_t n);

/* ---- a bucket for each source, in a table of fixed size ---- */
#define ALLOW_WAYS 4
#define ALLOW_PLACES 256 /* 6 KB; the one with most left is forgotten */
struct allow_table {
	struct {
		uint64_t source;
		struct allowance left;
	} place[ALLOW_PLACES];
};
bool allow_source_take(struct allow_table *, uint64_t now_ms,
    const struct allow_rate *, uint64_t source);

#endif
