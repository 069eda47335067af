/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/stun.h */
#ifndef STUN_H
#define STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * STUN messages (RFC 8489), what RFC 5780 adds to learn how a NAT behaves, and
 * what RFC 8656 does to be relayed (TURN).
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

/* methods */
enum {
	STUN_BINDING = 1,
	STUN_ALLOCATE = 3,
	STUN_REFRESH,
	STUN_SEND = 6,
	STUN_DATA_IND,
	STUN_PERMIT, /* CreatePermission */
	STUN_BIND    /* ChannelBind */
};
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
	STUN_PEER = 1 << 13,    /* XOR-PEER-ADDRESS */
	STUN_RELAYED = 1 << 14, /* XOR-RELAYED-ADDRESS */
	STUN_DATA = 1 << 15,
	STUN_LIFETIME = 1 << 16,  /* seconds */
	STUN_CHANNEL = 1 << 17,   /* CHANNEL-NUMBER */
	STUN_TRANSPORT = 1 << 18, /* REQUESTED-TRANSPORT: a protocol */
	/* of a message that was read; see stun_seal and stun_mark */
	STUN_SEAL = 1 << 19,    /* MESSAGE-INTEGRITY */
	STUN_SEAL256 = 1 << 20, /* MESSAGE-INTEGRITY-SHA256 */
	STUN_MARK = 1 << 21     /* FINGERPRINT, which is right */
};

#define STUN_CHANGE_IP 4u /* CHANGE-REQUEST */
#define STUN_CHANGE_PORT 2u

#define STUN_TYPE_CHANGE 0x0003 /* as attribute types that are told of */
#define STUN_TYPE_PORT 0x0027

#define STUN_E_BAD 400 /* ERROR-CODE */
#define STUN_E_UNAUTHORIZED 401
#define STUN_E_FORBIDDEN 403
#define STUN_E_UNKNOWN 420
#define STUN_E_MISMATCH 437
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
	struct endpoint mapped, xor_mapped, origin, other, peer, relayed;
	uint16_t code; /* 300 to 699 */
	uint32_t change, lifetime;
	uint16_t port, padding, channel;
	uint8_t transport;
	struct stun_text reason, software, username, nonce, realm, data;
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
