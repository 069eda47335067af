/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/node_id.h */
#ifndef NODE_ID_H
#define NODE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "dht.h"
#include "rnd.h"

/*
 * Node ids bound to addresses (BEP42): who has few addresses has few places in
 * the key space.  And what our own address is, by vote.  Pure.
 */

/*
 * Addresses that BEP42 says nothing about: 10/8, 172.16/12, 192.168/16,
 * 169.254/16, 127/8, ::1, fc00::/7, fe80::/10, and family 0.
 */
bool node_id_exempt(const struct addr *);
/* Random, and right for that address if it is not exempt. */
void node_id_make(
    uint8_t id[DHT_ID], const struct addr *, const struct rnd_src *);
/* Only what the rule binds: the first 21 bits and the last octet = seed. */
void node_id_bind(uint8_t id[DHT_ID], const struct addr *, uint8_t seed);
/* Does the id belong to the address?  Always, if that is exempt. */
bool node_id_fits(const uint8_t id[DHT_ID], const struct addr *);

/*
 * What others say our address is.  A source (an IPv4 address, an IPv6 /64) has
 * one vote, its last; votes grow old.  The address with the most votes is
 * ours if VOTE_AGREE sources say so; one of the open network goes before a
 * local one.  One struct for each family.
 */
#define VOTE_MAX 32
#define VOTE_AGREE 5
#define VOTE_OLD_MS (30 * 60 * 1000)

struct vote {
	uint64_t at_ms;
	struct addr from; /* masked; family 0: free */
	struct endpoint says;
};
struct votes {
	struct vote vote[VOTE_MAX];
	struct endpoint own; /* family 0: not known; port 0: they differ */
};
void votes_init(struct votes *);
/*
 * Take one in.  Only of answers to queries of ours.  Ignored if the families
 * differ or no host can have that address.  true: own.addr is now another.
 */
bool votes_add(struct votes *, uint64_t now_ms, const struct addr *from,
    const struct endpoint *says);

#endif
