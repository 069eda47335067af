/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/sieve.h */
#ifndef SIEVE_H
#define SIEVE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * What the system is to throw away before it takes room in the receive buffer,
 * while there is a flood.  Whatever is in the buffer is read in its order, and
 * what finds it full is lost, sessions' data like all else; to look at a
 * datagram here costs ten times what the system needs for it.  Pure.
 *
 *	garbage   what is no message of ours at all, when there are more than
 *	          SIEVE_GARBAGE in a window
 *	heavy     addresses from where come more than SIEVE_UNPROVED initiations
 *	          in a window that did not prove where they are from: of those
 *	          with no mac2, one in SIEVE_KEEP gets through.  Who owns that
 *	          address gets a cookie by one of these, and with it through
 *
 * Nothing else is ever sieved, and nothing at all without a flood: a rule lasts
 * SIEVE_LASTS_MS after what it is for.  Addresses are IPv4 ones or IPv6 /64.
 * Heavy ones are found by counting SIEVE_TALKERS of them (Misra and Gries): no
 * number of sources makes an innocent one heavy.
 */
#define SIEVE_WINDOW_MS 100
#define SIEVE_LASTS_MS 5000
#define SIEVE_GARBAGE 500
#define SIEVE_UNPROVED 200
#define SIEVE_KEEP 32
#define SIEVE_TALKERS 8
#define SIEVE_HEAVY 4

struct sieve_rules {
	bool garbage;
	uint8_t nheavy;
	struct addr heavy[SIEVE_HEAVY];
};

struct sieve {
	uint64_t window_ms;
	uint32_t garbage; /* in this window */
	struct {
		struct addr from;
		uint32_t n;
	} talker[SIEVE_TALKERS];
	uint64_t garbage_until_ms; /* 0: let through */
	struct {
		struct addr from;
		uint64_t until_ms; /* 0: free */
	} heavy[SIEVE_HEAVY];
};

/* One came.  True: the rules have changed. */
bool sieve_garbage(struct sieve *, uint64_t now_ms);
bool sieve_unproved(struct sieve *, uint64_t now_ms, const struct addr *from);
/* Now and then: forgets what is over.  True: the rules have changed. */
bool sieve_look(struct sieve *, uint64_t now_ms);
void sieve_rules(const struct sieve *, struct sieve_rules *);

#endif
