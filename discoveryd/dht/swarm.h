/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/swarm.h */
#ifndef SWARM_H
#define SWARM_H

#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "dht.h"

/*
 * Who announced itself for which info-hash (BEP5).  We only keep this because
 * a node of the public DHT is expected to; nothing of ours depends on it.
 * Pure; memory is taken as it fills.  When there is no room the hash, or the
 * peer of the hash, that was announced longest ago makes way.
 */
#define SWARM_HASHES_MAX 256
#define SWARM_PEERS_MAX 64 /* of a hash */
#define SWARM_PER_SOURCE 4 /* ports of one address (IPv6: /64) of a hash */
#define SWARM_ANNOUNCES_MINUTE 8 /* of a source; also at once */
#define SWARM_LIFE_MS (30 * 60 * 1000)

struct swarm_stats {
	uint32_t hashes, peers;
	uint64_t announced, too_fast, no_memory, evicted, expired;
};

struct swarm;

struct swarm *swarm_new(const uint8_t hash_key[16]); /* NULL: no memory */
void swarm_free(struct swarm *);
/* 0, or -1: too often, or no memory.  The token was checked. */
int swarm_announce(struct swarm *, uint64_t now_ms, const uint8_t hash[DHT_ID],
    const struct endpoint *);
/* Those of this family, last announced first; how many were written. */
size_t swarm_peers(struct swarm *, uint64_t now_ms, const uint8_t hash[DHT_ID],
    uint8_t family, struct endpoint *out, size_t max);
void swarm_tick(struct swarm *, uint64_t now_ms); /* drops what is too old */
uint64_t swarm_due(const struct swarm *);
void swarm_get_stats(const struct swarm *, struct swarm_stats *);

#endif
