/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame.h */
#ifndef FRAME_H
#define FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "cert.h"
#include "invite.h"

/*
 * Control frames: what two members say to each other inside their session.
 *
 *	u8 0xF1 | u8 type | u16 length of the body | body | zeroes, 0..15
 *
 * One frame is the plaintext of one data message.  Its first octet is neither
 * IPv4's nor IPv6's, so a stock WireGuard peer drops it and the session lives
 * on.  Big-endian.  Pure; nothing here is believed, only understood.
 */
#define FRAME_FIRST 0xf1
#define FRAME_HEAD 4
#define FRAME_BODY_MAX 1200
#define FRAME_MAX (FRAME_HEAD + FRAME_BODY_MAX)
#define FRAME_PAD 16

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_HELLO_ACK = 2,
	FRAME_BYE = 3,
	FRAME_STREAM_OPEN = 10,
	FRAME_STREAM_ACCEPT = 11,
	FRAME_STREAM_CLOSE = 12,
	FRAME_STREAM_STATS = 13, /* this and the next two: on the stream */
	FRAME_FENCE = 14,
	FRAME_FENCE_ACK = 15,
	FRAME_CANDIDATES = 20,
	FRAME_RELAY_OPEN = 30, /* this and the next three: frame_relay.h */
	FRAME_RELAY_OPENED = 31,
	FRAME_RELAY_INCOMING = 32,
	FRAME_RELAY_CLOSE = 33,
	FRAME_WHO_HAS = 40, /* this and the next two: discoveryd's business */
	FRAME_RECORD = 41,
	FRAME_PEERS = 42,
	FRAME_CRL = 43,
	FRAME_JOIN_ASK = 44,
	FRAME_JOIN_REPLY = 45,
	FRAME_INVITE = 46
};

struct frame {
	uint8_t type; /* any: unknown ones are ignored, not refused */
	uint16_t len;
	const uint8_t *body; /* in the octets that were read */
};

/* Without padding: whoever seals it pads.  Its length; 0: does not fit. */
size_t frame_put(
    uint8_t *out, size_t cap, uint8_t type, const void *body, size_t len);
/* 0, or -1: not exactly one frame with less than 16 zeroes behind it. */
int frame_get(const uint8_t *, size_t len, struct frame *);

/* ---- bodies; put: the length, 0: not possible; get: 0 or -1 ---- */
/*
 * HELLO and HELLO_ACK: u16 version 1 | u16 flags | u64 boot id | u8 streams
 * | u8 0 | u16 MTU | stream key 32 | u64 CRL number | u16 length, certificate
 */
#define HELLO_VERSION 1
#define HELLO_MIN 58
#define HELLO_STREAMS 1 /* streams and probes */
#define HELLO_RELAY 2
#define HELLO_TLS 4
#define HELLO_PMTU 8
struct hello {
	uint16_t flags; /* HELLO_*; others mean nothing to us */
	uint64_t boot;  /* another one: it was started anew */
	uint8_t streams;
	uint16_t mtu;
	uint8_t stream_key[32];
	uint64_t crl; /* number of the newest list it has, 0: none */
	uint16_t certlen;
	uint8_t cert[CERT_MAX];
};
size_t hello_put(uint8_t out[FRAME_BODY_MAX], const struct hello *);
/* -1 also for another version: then it is a stranger's language */
int hello_get(const uint8_t *, size_t len, struct hello *);

/* BYE: u16 reason; one that is not known reads as BYE_POLICY. */
enum bye_reason {
	BYE_SHUTDOWN,
	BYE_REVOKED,
	BYE_EXPIRED,
	BYE_POLICY,
	BYE_PROTOCOL,
	BYE_NREASONS
};
size_t bye_put(uint8_t out[FRAME_BODY_MAX], enum bye_reason);
int bye_get(const uint8_t *, size_t len, enum bye_reason *);

/* JOIN_ASK: u32 request number | u8 part that is wanted | request 168 */
struct join_ask {
	uint32_t req;
	uint8_t part;
	uint8_t request[JOIN_REQUEST];
};
size_t join_ask_put(uint8_t out[FRAME_BODY_MAX], const struct join_ask *);
int join_ask_get(const uint8_t *, size_t len, struct join_ask *);

/*
 * JOIN_REPLY: u32 request number | u8 part | u8 parts | u8 enum join_status
 * | octets: of the bundle, or text for a human
 */
#define JOIN_PART_MAX 1100
struct join_reply {
	uint32_t req;
	uint8_t part, parts, status;
	uint16_t len;
	uint8_t data[JOIN_PART_MAX];
};
size_t join_reply_put(uint8_t out[FRAME_BODY_MAX], const struct join_reply *);
int join_reply_get(const uint8_t *, size_t len, struct join_reply *);

/* INVITE: id 8 | key 32 | psk 32 | u64 expires | u8 enum invite_state */
struct join_invite {
	uint8_t id[INVITE_ID], pub[32], psk[32];
	uint64_t expires; /* unix seconds */
	uint8_t state;
};
size_t join_invite_put(uint8_t out[FRAME_BODY_MAX], const struct join_invite *);
int join_invite_get(const uint8_t *, size_t len, struct join_invite *);

#endif
