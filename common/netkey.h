/* SPDX-License-Identifier: ISC */
/* file: common/netkey.h */
#ifndef NETKEY_H
#define NETKEY_H

#include <stdint.h>

/*
 * What every member of a network can derive from its secret (32 octets), each
 * for one purpose: HKDF-SHA256 with an empty salt and the info in quotes.
 */
struct netkeys {
	uint8_t rdv[32]; /* "mesh1 rendezvous": where records are */
	uint8_t rec[32]; /* "mesh1 record": who can read them */
	uint8_t psk[32]; /* "mesh1 psk": WireGuard's, between members */
	uint8_t lan[32]; /* "mesh1 lan": beacons */
};
void netkeys_derive(struct netkeys *, const uint8_t secret[32]);
/* Seed of the node's Ed25519 key: HKDF of the identity key, "mesh1 sign". */
void netkey_node_seed(uint8_t seed[32], const uint8_t identity[32]);
/* Tag of a private swarm's messages: HMAC-SHA256(rdv, "dht")[0..8]. */
void netkey_dht_tag(uint8_t tag[8], const uint8_t rdv[32]);

#endif
