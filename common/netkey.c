/* SPDX-License-Identifier: ISC */
/* file: common/netkey.c */
/*
 * The key schedule of a network (see netkey.h): one secret, and one key from
 * it for each purpose, so that no two uses can be played against each other.
 * Pure; what is derived is the caller's to wipe.
 */
#include <string.h>

#include "crypto.h"
#include "netkey.h"

static void
derive(uint8_t out[32], const uint8_t from[32], const char *purpose)
{
	crypto_hkdf256(out, from, 32, NULL, 0, purpose, strlen(purpose));
}

void
netkeys_derive(struct netkeys *k, const uint8_t secret[32])
{
	derive(k->rdv, secret, "mesh1 rendezvous");
	derive(k->rec, secret, "mesh1 record");
	derive(k->psk, secret, "mesh1 psk");
	derive(k->lan, secret, "mesh1 lan");
}

/*
 * X25519 clamps the identity, so several spellings of it are one public key;
 * here each has a seed of its own.  The file's octets are what counts.
 */
void
netkey_node_seed(uint8_t seed[32], const uint8_t identity[32])
{
	derive(seed, identity, "mesh1 sign");
}

void
netkey_dht_tag(uint8_t tag[8], const uint8_t rdv[32])
{
	uint8_t mac[32];

	crypto_hmac256(mac, rdv, 32, "dht", 3, NULL, 0);
	memcpy(tag, mac, 8);
}
