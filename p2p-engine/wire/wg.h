/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/wg.h */
#ifndef WG_H
#define WG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The WireGuard wire format: sizes, offsets and constants of the whitepaper,
 * sections 5.4 and 6.1.  Little-endian.  And what we say besides, between
 * nodes that understand it: stock peers drop a type that they do not know.
 */
enum wg_type {
	WG_NONE, /* not a WireGuard message */
	WG_INITIATION = 1,
	WG_RESPONSE = 2,
	WG_COOKIE = 3,
	WG_DATA = 4,
	WG_PROBE = 5, /* not WireGuard's: see probe.h */
	WG_RELAY = 6  /* ... a label, then one of the others: see relay.h */
};

#define WG_INITIATION_LEN 148
#define WG_RESPONSE_LEN 92
#define WG_COOKIE_LEN 64
#define WG_DATA_HDR 16
#define WG_DATA_MIN 32  /* header and tag: a keepalive */
#define WG_PROBE_MIN 64 /* header, 32 octets, tag */
#define WG_RELAY_HDR 8
#define WG_RELAY_MIN (WG_RELAY_HDR + WG_DATA_MIN)
#define WG_TAG 16
#define WG_STAMP 12

/* where the fields are */
#define WG_SENDER 4         /* u32, initiation and response */
#define WG_DATA_RECEIVER 4  /* u32, also of a cookie reply, a probe */
#define WG_RESP_RECEIVER 8  /* u32 */
#define WG_RELAY_LABEL 4    /* u32 */
#define WG_DATA_COUNTER 8   /* u64 */
#define WG_INIT_EPHEMERAL 8 /* 32 */
#define WG_INIT_STATIC 40   /* 32 + tag */
#define WG_INIT_STAMP 88    /* 12 + tag */
#define WG_RESP_EPHEMERAL 12
#define WG_RESP_EMPTY 44 /* tag */
#define WG_COOKIE_NONCE 8
#define WG_COOKIE_BOX 32 /* 16 + tag */
#define WG_MACS 32       /* mac1 and mac2, the end of types 1 and 2 */

#define WG_REKEY_AFTER_MESSAGES (1ULL << 60)
#define WG_REJECT_AFTER_MESSAGES (UINT64_MAX - (1ULL << 13))
#define WG_REKEY_AFTER_S 120
#define WG_REJECT_AFTER_S 180
#define WG_REKEY_ATTEMPT_S 90
#define WG_REKEY_TIMEOUT_MS 5000
#define WG_KEEPALIVE_MS 10000
#define WG_COOKIE_LIFE_MS 120000
#define WG_INIT_GAP_MS 20 /* least time between initiations of a peer */

/* Type by first octets and length; the only demultiplexer.  Pure. */
enum wg_type wg_classify(const uint8_t *msg, size_t len);
/* Of a relayed message: is what it carries one whole message, not relayed? */
bool wg_relay_whole(const uint8_t *msg, size_t len);
/*
 * The index of ours a classified message is for: receiver of a response,
 * cookie reply or data message; 0 for an initiation, which has none.
 */
uint32_t wg_receiver(const uint8_t *msg);

/* little-endian fields */
uint32_t wg_get32(const uint8_t *);
uint64_t wg_get64(const uint8_t *);
void wg_put32(uint8_t *, uint32_t);
void wg_put64(uint8_t *, uint64_t);

#endif
