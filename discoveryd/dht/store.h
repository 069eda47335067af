/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/store.h */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "bencode.h"
#include "dht.h"
#include "krpc.h"

/*
 * What we keep for others: items of BEP44.  Pure; memory is taken as it fills,
 * as much as an item has, and all of it is counted.
 *
 * An item lives STORE_LIFE_MS after it was put or put again.  When the store
 * is full the one longest not asked for or put makes way.  A source (an IPv4
 * address, an IPv6 /64) and its neighbourhood (/24, /48) can only have so many
 * items, so that who floods pushes out others' only from many networks.
 */
#define STORE_ITEMS_MAX 10000
#define STORE_OCTETS_MAX (4u << 20) /* tables included */
#define STORE_PER_SOURCE 64
#define STORE_PER_NET 256
#define STORE_PUTS_MINUTE 32 /* of a source; also what it may do at once */
#define STORE_LIFE_MS (2 * 3600 * 1000)

/* Smaller numbers for tests and the simulator; 0: the above. */
struct store_bounds {
	uint32_t items, octets, per_source, per_net, puts_minute;
};

struct store_stats {
	uint32_t items, octets;
	uint64_t stored, refreshed, replaced;
	/* refused */
	uint64_t too_fast, too_many_source, too_many_net, no_memory;
	uint64_t bad_sig, bad_value, bad_cas, bad_seq;
	/* gone */
	uint64_t evicted, expired;
};

/* An item as it lies in the store; valid until the store changes. */
struct store_item {
	const uint8_t *k, *sig; /* NULL: immutable */
	uint64_t seq;
	struct octets v;
};

struct store;

struct store *store_new(
    const uint8_t hash_key[16], const struct store_bounds *); /* or NULL */
void store_free(struct store *);
/*
 * Keep the item, if its hash or signature is right.  from: who sent it (its
 * token was checked); NULL: ourselves, and the caps for sources don't count.
 * cas: KRPC_NO_CAS or the seq that it must replace.  KRPC_E_NONE: it is there;
 * else what to answer: _SERVER (a cap), _PROTOCOL (v is no value), _SIG,
 * _CAS, _SEQ.
 */
enum krpc_code store_put(struct store *, uint64_t now_ms,
    const struct addr *from, const struct dht_item *, uint64_t cas);
/* false: not here */
bool store_get(struct store *, uint64_t now_ms, const uint8_t target[DHT_ID],
    struct store_item *out);
void store_tick(struct store *, uint64_t now_ms); /* drops what is too old */
uint64_t store_due(const struct store *); /* when one will be; or UINT64_MAX */
void store_get_stats(const struct store *, struct store_stats *);

#endif
