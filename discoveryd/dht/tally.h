/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/tally.h */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many things each of many has: a number for each key that is not 0 at
 * the moment.  Keys are keyed hashes (allow.h), so they are their own place.
 * Pure; grows with the keys there are, never shrinks.
 */
struct tally {
	struct tally_place *place; /* NULL: nothing yet */
	uint32_t mask, used;
};

void tally_clear(struct tally *); /* to nothing; also frees */
uint32_t tally_get(const struct tally *, uint64_t key);
int tally_add(struct tally *, uint64_t key);  /* 0; -1: no memory */
void tally_sub(struct tally *, uint64_t key); /* of none: nothing */
size_t tally_octets(const struct tally *);

#endif
