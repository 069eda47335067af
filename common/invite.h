/* SPDX-License-Identifier: ISC */
/* file: common/invite.h */
#ifndef INVITE_H
#define INVITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * An invitation: one line of text that lets a machine join a network.  Pure.
 *
 *	mesh1-XXXXX-XXXXX-...	Crockford's base32 (no I L O U; read with them
 *				as 1 1 0 and V, any case), in groups of five
 *
 * octets: u8 version 1 | secret 20 | u8 n 1..3 | n contacts | check 4
 * contact: node X25519 key 32 | u8 4/6 | address 4/16 | u16 WireGuard port
 * | u16 DHT port (0: none).  The first is the node that holds the authority
 * key.  check = SHA-256("mesh1 invite" || all before it)[0..4].
 *
 * From the secret come, by HKDF-SHA256 with the info in quotes:
 *	"id"	who it is (8 octets)
 *	"key"	the X25519 key with which it calls (never the node's own)
 *	"psk"	WireGuard's pre-shared key of that call
 *	"proof"	with which it shows keyd that it has the token
 */
#define INVITE_SECRET 20
#define INVITE_ID 8
#define INVITE_CONTACTS_MAX 3
#define INVITE_OCTETS_MAX (22 + INVITE_CONTACTS_MAX * 53 + 4)
#define INVITE_TEXT_MAX 400

struct contact {
	uint8_t key[32];
	struct endpoint ep; /* WireGuard */
	uint16_t dht_port;
};
struct invite_token {
	uint8_t secret[INVITE_SECRET];
	uint8_t n;
	struct contact contact[INVITE_CONTACTS_MAX];
};
struct invite_keys {
	uint8_t id[INVITE_ID];
	uint8_t priv[32], pub[32], psk[32], proof[32];
};

/* 0, or -1: it does not fit. */
int invite_format(char out[INVITE_TEXT_MAX], const struct invite_token *);
/*
 * 0, or -1 and a clause that says what is wrong with it ("its end is missing").
 * Blanks and hyphens anywhere don't matter.
 */
int invite_parse(const char *, struct invite_token *, const char **why);
void invite_derive(struct invite_keys *, const uint8_t secret[INVITE_SECRET]);

/* ---- what the newcomer asks: the node's keys, and that they are its own ----
 */
/*
 * id 8 | node X25519 key 32 | node Ed25519 key 32 | proof 32 =
 * HMAC-SHA256(proof key, "mesh1 join" || id || keys) | signature 64 by the
 * Ed25519 key over "mesh1 join\0" || id || keys
 */
#define JOIN_REQUEST (INVITE_ID + 32 + 32 + 32 + 64)
struct join_request {
	uint8_t id[INVITE_ID]; /* all zero: renewal, no proof */
	uint8_t node[32], ed[32], proof[32], sig[64];
};
/* 0 or -1.  Without keys (NULL) it is a renewal. */
int join_request_make(struct join_request *, const struct invite_keys *,
    const uint8_t node[32], const uint8_t ed_seed[32]);
void join_request_put(uint8_t out[JOIN_REQUEST], const struct join_request *);
void join_request_get(const uint8_t in[JOIN_REQUEST], struct join_request *);
bool join_request_signed(const struct join_request *); /* by its own key? */
bool join_request_proved(const struct join_request *, const uint8_t proof[32]);

enum join_status {
	JOIN_OK,
	JOIN_UNKNOWN, /* no such invitation, or cancelled */
	JOIN_USED,    /* by another machine */
	JOIN_EXPIRED,
	JOIN_FORGED,       /* proof or signature is wrong */
	JOIN_NO_AUTHORITY, /* nobody here can sign, or the holder is away */
	JOIN_REVOKED,
	JOIN_BUSY, /* again, please */
	JOIN_NSTATUS
};

#endif
