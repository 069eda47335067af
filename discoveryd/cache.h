/* SPDX-License-Identifier: ISC */
/* file: discoveryd/cache.h */
#ifndef CACHE_H
#define CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle.h"
#include "dht.h"
#include "members.h"

/*
 * The file that lets a node find the others again without asking anybody:
 * DHT nodes, the revocation list, a renewed certificate, members and their
 * places.  Pure: octets in, octets out; who reads and writes is store.c.
 *
 * The file has two halves that are written in turns, so a crash in the middle
 * leaves the older one whole.  Of a half:
 *
 * "MDC" | u8 version 1 | u64 number | u32 length | SHA-256 of all else | body
 * body: u8 n, n * (id 20, endpoint) | u16 length, revocation list
 * | u16 length, bundle | u64 our last sequence number | members to the end:
 *   u16 length, certificate | endpoint seen (family 0: none), u64 when
 *   | bool, if true: u64 when it came, place record
 *
 * The sum finds accidents, not forgers: whatever was signed is checked again,
 * and a node is only somebody to ask.
 */
#define CACHE_HALF (512 * 1024)
#define CACHE_NODES_MAX 128 /* 64 of each family */
#define CACHE_MEMBERS_MAX 256

struct cache {
	uint64_t number; /* of the half, grows by one a time */
	uint64_t place_seq;
	unsigned nnodes;
	struct dht_node node[CACHE_NODES_MAX];
	/* read: into the file's octets; written: the caller's; len 0: none */
	const uint8_t *crl, *bundle;
	size_t crl_len, bundle_len;
	const uint8_t *members; /* read: for cache_next */
	size_t members_len;
};
struct cache_member {
	uint16_t certlen;
	const uint8_t *cert;
	struct endpoint seen;
	uint64_t seen_s, place_s;
	bool has_place;
	struct record place;
};

/*
 * One half, with the members of use last first as far as they fit; its length,
 * or 0: no room even without them, or no memory.
 */
size_t cache_put(
    uint8_t *out, size_t cap, const struct cache *, struct members *);
/* 0, or -1: not a whole one. */
int cache_get(const uint8_t *, size_t len, struct cache *);
/* Of a file: the whole half with the higher number, 0 or 1; -1: none. */
int cache_choose(const uint8_t *, size_t len, struct cache *);
/* Members of one that was read, one after the other; false: no more. */
bool cache_next(struct cache *, struct cache_member *);

#endif
