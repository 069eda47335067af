/* SPDX-License-Identifier: ISC */
/* file: common/record.h */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "msg.h"

/*
 * Records: what a network keeps in the DHT, as mutable items of BEP44.  Pure.
 *
 *	kind      signed by       salt = HMAC-SHA256(rdv, ...)    content
 *	address   directory key   "ip" | u8 4/6 | address         certificate
 *	key       directory key   "nk" | node X25519 key          certificate
 *	name      directory key   "dn" | name in lower case       certificate
 *	place     node's Ed25519  "ep" | node X25519 key          endpoints
 *	state     directory key   "net" | u8 page                 revoked
 *
 * The value is sealed: ChaCha20-Poly1305, key = HKDF-SHA256(rec, salt = the
 * record's salt, info = BE64(seq)), nonce zero, additional data = the signing
 * key.  One (salt, seq) is used for one content only.  The DHT and whoever
 * carries a record can neither read nor change it; who reads it believes the
 * certificate inside, not the way it came.
 *
 * Signed octets (BEP44): "4:salt32:" salt "3:seqi" seq "e1:v" bencoded value,
 * the value being one byte string.
 */
enum record_kind { REC_ADDRESS = 1, REC_KEY, REC_NAME, REC_PLACE, REC_STATE };

#define RECORD_SALT 32
#define RECORD_CONTENT_MAX 970
#define RECORD_SEALED_MAX (RECORD_CONTENT_MAX + 16)
#define RECORD_V_MAX (RECORD_SEALED_MAX + 4) /* with bencode's "986:" */
#define RECORD_MAX (1 + 32 + 8 + 64 + RECORD_SALT + 2 + RECORD_V_MAX)

struct record {
	enum record_kind kind;
	uint8_t k[32]; /* who signed: directory, or node's Ed25519 */
	uint8_t salt[RECORD_SALT];
	uint64_t seq;
	uint8_t sig[64];
	uint16_t vlen;
	uint8_t v[RECORD_V_MAX]; /* bencoded: "NNN:" and the sealed content */
};

/* ---- where it is ---- */
void record_salt_address(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const struct addr *);
void record_salt_key(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const uint8_t node[32]);
/* upper case is made lower */
void record_salt_name(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const char *name);
void record_salt_place(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], const uint8_t node[32]);
void record_salt_state(
    uint8_t salt[RECORD_SALT], const uint8_t rdv[32], uint8_t page);

/* ---- what it is ---- */
/*
 * Seals content into r->v; kind, k, salt and seq are set.  0, or -1: too long.
 * It is signed afterwards: by record_sign, or by keyd with record_tbs.
 */
int record_seal(
    struct record *r, const uint8_t rec[32], const void *content, size_t len);
int record_sign(struct record *r, const uint8_t seed[32]);
/* The signed octets, at most RECORD_TBS_MAX; 0: v is too long. */
#define RECORD_TBS_MAX (48 + RECORD_SALT + 24 + RECORD_V_MAX)
size_t record_tbs(uint8_t out[RECORD_TBS_MAX], const uint8_t salt[RECORD_SALT],
    uint64_t seq, const void *v, size_t vlen);
/* Signature by r->k good? */
bool record_verify(const struct record *);
/* The content: its length, or -1: not of this network.  Verify it first. */
int record_open(uint8_t out[RECORD_CONTENT_MAX], const struct record *,
    const uint8_t rec[32]);

/*
 * v as exactly one bencoded byte string of at most 999 octets, in the one way
 * to write it: where they are and how many, or NULL.
 */
const uint8_t *record_string(const void *v, size_t vlen, size_t *len);

/* ---- as octets (control frame RECORD, bundle, cache) ---- */
/* u8 kind | k 32 | u64 seq | sig 64 | salt 32 | u16 length | v */
void record_put(struct wbuf *, const struct record *);
/*
 * One of them, others may follow; a bad one makes the buffer bad.  Shape only:
 * a kind, a seq of BEP44 (63 bits), a v that could be something sealed.
 */
void record_get(struct rbuf *, struct record *);

/* ---- content of a place record ---- */
/*
 * u8 version 1 | u8 nat | u64 boot id | u8 n <= 16 | n candidates of 24
 * | u8 r <= 4 | r * relay's node key 32 | u8 0 or: u8 1, TLS pin 32
 */
#define PLACE_RELAYS_MAX 4
#define PLACE_NAT_MAPPING 3 /* of the octet nat: 0 not known */
#define PLACE_NAT_SAME 1    /* the same for all; then by address, and port */
#define PLACE_MAX (11 + CANDIDATES_MAX * 24 + 1 + PLACE_RELAYS_MAX * 32 + 33)
struct place {
	uint8_t nat;
	uint64_t boot;
	uint8_t n, nrelays;
	struct candidate c[CANDIDATES_MAX];
	uint8_t relay[PLACE_RELAYS_MAX][32];
	bool has_pin;
	uint8_t pin[32];
};
/* Of the octet nat: another port, or address, for each destination? */
bool place_nat_varies(uint8_t nat);
size_t place_put(uint8_t out[PLACE_MAX], const struct place *);
/* 0 or -1; candidates to which nothing must be sent (addr_is_special, port 0,
 * multicast, types unknown) are left out; *dropped is how many. */
int place_get(const void *, size_t len, struct place *, unsigned *dropped);
/*
 * u8 type | u8 4/6 | u16 port | address 16, IPv4 as v4-mapped | u32 priority:
 * the same everywhere on the network.  Get takes 24 octets, and is false for
 * one to which nothing must be sent (and for a bad buffer).
 */
void candidate_put(struct wbuf *, const struct candidate *);
bool candidate_get(struct rbuf *, struct candidate *);

#endif
