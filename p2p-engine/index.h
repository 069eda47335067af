/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/index.h */
#ifndef INDEX_H
#define INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "rnd.h"

/*
 * Receiver index -> what it names (whitepaper 5.4: the 32-bit number that a
 * peer puts into every message to us).  Pure.
 *
 * We choose the numbers, at random: a stranger can neither guess a live one
 * nor aim at one place of the table, so the number itself is the hash.  Open
 * addressing with linear probing, at most half full, memory only from
 * index_new and index_reserve: the packet path never allocates.
 */
enum index_kind {
	INDEX_DIAL, /* our initiation that waits for its response */
	INDEX_KEYS  /* a keypair of the peer's session */
};

struct index_entry {
	uint32_t index; /* 0: the place is free */
	uint32_t peer;  /* slot number */
	enum index_kind kind;
};

struct index_table;

/* Room for n live indices; NULL: no memory. */
struct index_table *index_new(uint32_t n);
void index_free(struct index_table *); /* NULL is fine */
/* Make room for n in all (never shrinks).  0, or -1 ENOMEM: as before. */
int index_reserve(struct index_table *, uint32_t n);

/* A new random index, never 0; 0: the table is full. */
uint32_t index_take(struct index_table *, const struct rnd_src *,
    enum index_kind, uint32_t peer);
/* NULL: not of ours.  Valid until the table changes. */
struct index_entry *index_find(struct index_table *, uint32_t index);
void index_drop(struct index_table *, uint32_t index); /* unknown is fine */
uint32_t index_count(const struct index_table *);

#endif
