/* SPDX-License-Identifier: ISC */
/* file: common/cert.h */
#ifndef CERT_H
#define CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * Membership: who belongs to a network, under which name and addresses.
 *
 *	authority key --signs--> certificate: node key, name, addresses, expiry
 *	authority key --signs--> revocation list: serials that don't count
 *
 * Binary and canonical: there is exactly one encoding of a certificate, and
 * cert_get refuses every other.  Pure; the time comes in.
 *
 *  0 "MC" | 2 u8 version 1 | 3 u8 flags 0 | 4 u64 serial | 12 u64 not before
 *  | 20 u64 not after | 28 node X25519 key 32 | 60 node Ed25519 key 32
 *  | 92 issuer 8 = SHA-256(authority key)[0..8] | 100 u16 length of TLVs
 *  | 102 TLVs | signature 64 = Ed25519("mesh1 cert\0" || all before it)
 *
 * TLV: u8 type, u8 length, value; ascending by (type, value), none twice.
 * Exactly one name, at most one capabilities.  An unknown type of 0x80 and
 * above is critical and refused, others are skipped.
 */
#define CERT_MAX 900
#define CERT_SIG 64
#define CERT_NAME_MAX 64     /* with the NUL; letters, digits, hyphens */
#define CERT_ADDRESSES_MAX 4 /* of both families */
#define CERT_ROUTES_MAX 16
#define CERT_GROUPS_MAX 8
#define CERT_GROUP_MAX 33 /* with the NUL */
#define CERT_SKEW_S 300   /* clocks may differ by so much */

enum cert_tlv {
	CERT_TLV_NAME = 1,
	CERT_TLV_IPV4, /* address 4, prefix length 1 */
	CERT_TLV_IPV6, /* 16 and 1 */
	CERT_TLV_ROUTE4,
	CERT_TLV_ROUTE6,
	CERT_TLV_GROUP,
	CERT_TLV_CAPS, /* u32 */
	CERT_TLV_CRITICAL = 0x80
};
#define CERT_CAP_RELAY 1u
#define CERT_CAP_EXIT 2u
#define CERT_CAP_ROUTES 4u /* its routes count */

struct cert {
	uint64_t serial, not_before, not_after; /* unix seconds */
	uint8_t node[32], ed[32], issuer[8];
	char name[CERT_NAME_MAX];
	uint8_t naddresses, nroutes, ngroups;
	struct prefix
	    address[CERT_ADDRESSES_MAX];      /* v4 first; host bits kept */
	struct prefix route[CERT_ROUTES_MAX]; /* v4 first; masked */
	char group[CERT_GROUPS_MAX][CERT_GROUP_MAX];
	uint32_t caps;
};

/* Why a certificate does not count.  Each has a counter of its own. */
enum cert_verdict {
	CERT_OK,
	CERT_MALFORMED, /* not the one encoding there is */
	CERT_CRITICAL,  /* a critical TLV that we don't know */
	CERT_ISSUER,    /* of another network */
	CERT_SIGNATURE,
	CERT_EARLY, /* not yet: whose clock is off? */
	CERT_EXPIRED,
	CERT_REVOKED,
	CERT_ADDRESS, /* an address that is not the network's or the key's */
	CERT_KEY,     /* good, but not of who showed it */
	CERT_NVERDICTS
};
const char *cert_verdict_name(enum cert_verdict); /* a short phrase */

/*
 * Shape only, no signature: CERT_OK, CERT_MALFORMED or CERT_CRITICAL.
 * *out is defined in the first case only.
 */
enum cert_verdict cert_get(const void *, size_t len, struct cert *out);
/* The encoding, signed; sorts the TLVs itself, fills c->issuer.  Its length,
 * or 0: does not fit, or is not what cert_get would take. */
size_t cert_sign(
    uint8_t out[CERT_MAX], struct cert *c, const uint8_t ca_seed[32]);

/* ---- revocation ---- */
/*
 * "MR" | u8 version 1 | u64 number | u64 issued | u64 next update | u16 n
 * | n * u64 serial, ascending | signature 64 over "mesh1 crl\0" || ...
 * The serial of a certificate that has expired leaves the list.
 */
#define CRL_SERIALS_MAX 109 /* what one record of the DHT has room for */
#define CRL_MAX (29 + CRL_SERIALS_MAX * 8 + CERT_SIG)
struct crl {
	uint64_t number, issued, next_update;
	uint16_t n;
	uint64_t serial[CRL_SERIALS_MAX];
};
/* 0 with *out, or -1: not a list, or by none of these authorities. */
int crl_get(const void *, size_t len, const uint8_t (*ca)[32], unsigned nca,
    struct crl *out);
size_t crl_sign(
    uint8_t out[CRL_MAX], const struct crl *, const uint8_t ca_seed[32]);
bool crl_has(const struct crl *, uint64_t serial);
/* What it says of itself, before anything is verified; 0: not a list. */
uint64_t crl_number(const void *, size_t len);

/* ---- who counts ---- */
#define CERT_CAS_MAX 4
struct cert_check {
	unsigned nca;
	uint8_t ca[CERT_CAS_MAX][32]; /* the first is the network's own */
	bool has_prefix;
	struct prefix prefix;  /* IPv4 addresses must be in it */
	const struct crl *crl; /* or NULL */
};
/*
 * Everything but CERT_KEY.  The IPv6 address that comes from the key is the
 * node's in any case; another IPv6 address, one outside the prefix, or one that
 * makes more of it than the prefix: ADDRESS.  *out is defined unless the
 * verdict is CERT_MALFORMED or CERT_CRITICAL; it counts only if that is
 * CERT_OK.
 */
enum cert_verdict cert_verify(const void *, size_t len,
    const struct cert_check *, uint64_t unix_s, struct cert *out);

/*
 * fd | SHA-256("mesh1 net" || authority key)[0..5] |
 * SHA-256("mesh1 addr" || node key)[0..10]: the node's own IPv6 address
 * (RFC 4193), bound to its key; the network's prefix is its first 48 bits.
 */
void cert_address6(struct addr *, const uint8_t ca[32], const uint8_t node[32]);
void cert_prefix6(struct prefix *, const uint8_t ca[32]);

#endif
