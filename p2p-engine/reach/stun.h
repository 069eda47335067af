/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/stun.h */
#ifndef STUN_H
#define STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * STUN messages (RFC 8489) and what RFC 5780 adds to learn how a NAT behaves.
 * Pure: octets to a value and back; who is asked, and how often, is not known
 * here.
 *
 *	stun_print --> stun_seal --> stun_mark --> the network --> stun_parse
 *
 * Of an attribute that comes twice the first counts, and nothing counts behind
 * MESSAGE-INTEGRITY but the other one and FINGERPRINT (section 14).  A wrong
 * FINGERPRINT is no message at all.
 */
#define STUN_HDR 20
#define STUN_ID 12
#define STUN_COOKIE 0x2112a442u
#define STUN_MAPPED_LEN 12  /* XOR-MAPPED-ADDRESS of IPv4 */
#define STUN_MAPPED6_LEN 24 /* ... of IPv6 */
#define STUN_MARK_LEN 8     /* FINGERPRINT */
#define STUN_USER_MAX 508   /* octets of a USERNAME */
#define STUN_TEXT_MAX 763   /* ... of the others */
#define STUN_TYPES_MAX 8    /* attribute types that are told of */

#define STUN_BINDING 1 /* the method */
enum stun_kind { STUN_REQUEST, STUN_INDICATION, STUN_SUCCESS, STUN_ERROR };

enum stun_has { /* bits */
	STUN_MAPPED = 1 << 0,
	STUN_XOR_MAPPED = 1 << 1,
	STUN_ORIGIN = 1 << 2, /* RESPONSE-ORIGIN */
	STUN_OTHER = 1 << 3,  /* OTHER-ADDRESS */
	STUN_CODE = 1 << 4,   /* ERROR-CODE */
	STUN_UNKNOWN = 1 << 5,
	STUN_CHANGE = 1 << 6, /* CHANGE-REQUEST */
	STUN_PORT = 1 << 7,   /* RESPONSE-PORT */
	STUN_PADDING = 1 << 8,
	STUN_SOFTWARE = 1 << 9,
	STUN_USERNAME = 1 << 10,
	STUN_NONCE = 1 << 11,
	STUN_REALM = 1 << 12,
	/* of a message that was read; see stun_seal and stun_mark */
	STUN_SEAL = 1 << 13,    /* MESSAGE-INTEGRITY */
	STUN_SEAL256 = 1 << 14, /* MESSAGE-INTEGRITY-SHA256 */
	STUN_MARK = 1 << 15     /* FINGERPRINT, which is right */
};

#define STUN_CHANGE_IP 4u /* CHANGE-REQUEST */
#define STUN_CHANGE_PORT 2u

#define STUN_TYPE_CHANGE 0x0003 /* as attribute types that are told of */
#define STUN_TYPE_PORT 0x0027

#define STUN_E_BAD 400 /* ERROR-CODE */
#define STUN_E_UNAUTHORIZED 401
#define STUN_E_UNKNOWN 420
#define STUN_E_STALE 438

struct stun_text { /* points into the message, or the caller's memory */
	const uint8_t *p;
	uint16_t len;
};

struct stun {
	enum stun_kind kind;
	uint16_t method; /* 12 bits */
	uint8_t id[STUN_ID];
	uint32_t has; /* enum stun_has: what else here means something */
	struct endpoint mapped, xor_mapped, origin, other;
	uint16_t code; /* 300 to 699 */
	uint32_t change;
	uint16_t port, padding;
	struct stun_text reason, software, username, nonce, realm;
	/* UNKNOWN-ATTRIBUTES, and those that the reader itself had to know */
	uint8_t nunknown, nalien;
	uint16_t unknown[STUN_TYPES_MAX], alien[STUN_TYPES_MAX];
	size_t seal_at, seal256_at; /* where their attributes begin */
	uint8_t seal256_len;        /* octets of its value */
};

/* Is it for us to read (RFC 8489 section 6.3, RFC 7983)?  Cheap. */
bool stun_is(const uint8_t *msg, size_t len);
/* 0, or -1: no well-formed message. */
int stun_parse(const uint8_t *msg, size_t len, struct stun *);
/* Octets, without seal and mark; 0: no room, or it can't be said so. */
size_t stun_print(const struct stun *, uint8_t *out, size_t cap);

/* Append MESSAGE-INTEGRITY (-SHA256) or FINGERPRINT; the new length, or 0. */
size_t stun_seal(
    uint8_t *msg, size_t len, size_t cap, const void *key, size_t klen);
size_t stun_seal256(
    uint8_t *msg, size_t len, size_t cap, const void *key, size_t klen);
size_t stun_mark(uint8_t *msg, size_t len, size_t cap);
/* Is msg, read as this, from who has the key?  The better seal of two. */
bool stun_sealed(
    const uint8_t *msg, const struct stun *, const void *key, size_t klen);

#endif
