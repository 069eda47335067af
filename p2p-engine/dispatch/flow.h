/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/flow.h */
#ifndef FLOW_H
#define FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "pkt.h"

/*
 * Connection key -> flow.  The key is protocol, both addresses and both ports
 * (fragments and protocols without ports: ports 0).  A flow remembers its peer
 * and its stream: packets of one connection stay in order because they stay
 * on one stream.  Open addressing over a keyed hash, all memory at flow_new,
 * hard cap with eviction of the least recently used (to the second).
 */
struct flow_key {
	uint8_t proto, version;
	uint16_t sport, dport;
	uint8_t src[16], dst[16];
};

struct flow {
	struct flow_key key;
	uint32_t peer;   /* slot number */
	uint16_t stream; /* its place in the peer's pool ... */
	uint16_t epoch;  /* ... and what that counted when it came */
	uint32_t hash;   /* of the key, keyed */
	uint32_t
	    idle_ms; /* before the last touch; FLOW_NEW: it was the first */
	uint64_t last_ms;
	uint64_t packets, bytes;
};

#define FLOW_NEW UINT32_MAX
#define FLOW_MAX (1u << 24) /* more can't be asked for */

struct flow_table;
/* NULL and errno: ENOMEM; EINVAL, max is 0 or over FLOW_MAX. */
struct flow_table *flow_new(uint32_t max, const uint8_t hash_key[16]);
void flow_free(struct flow_table *);
void flow_key(struct flow_key *, const struct pkt *);
/*
 * Find or make; never NULL (evicts; *evicted is incremented then).  Sets peer,
 * last_ms and idle_ms; stream, packets and bytes are the caller's (0 in a new
 * one).  One that goes to another peer now is new, but for its books.
 * What is returned stays valid until the next call that is not a question.
 */
struct flow *flow_touch(struct flow_table *, const struct flow_key *,
    uint32_t peer, uint64_t now_ms, uint64_t *evicted);
struct flow *flow_find(struct flow_table *, const struct flow_key *);
/* Remove what was not touched for idle_ms; how many that were. */
uint32_t flow_expire(struct flow_table *, uint64_t now_ms, uint64_t idle_ms);
void flow_drop_peer(struct flow_table *, uint32_t peer);
/* The flow after the i-th in the order of last use, for listings; or NULL. */
const struct flow *flow_at(const struct flow_table *, uint32_t *cursor);
uint32_t flow_count(const struct flow_table *);
uint32_t flow_count_peer(const struct flow_table *, uint32_t peer);

#endif
