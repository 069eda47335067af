/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/probe.h */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * PROBE, message type 5: is somebody there, how far away, by this very path?
 * It touches neither roaming nor the timers of the session.  Pure.
 *
 *	u8 5 | 3 zero | u32 LE receiver index | u64 LE counter | box | tag 16
 *	box: u8 kind | u8 flags | u16 path | u64 id | u8 family | u8 0
 *	     | u16 port | 16 address | zeroes              (big-endian, >= 32)
 *
 * The keys are made of the keypair's, one a direction: HMAC-BLAKE2s(transport
 * key, "mesh1 probe"); counter, nonce and replay window are of their own.  A
 * pong has 32 octets in its box and a ping at least as many, so whoever makes
 * us answer has sent at least as much.
 */
#define PROBE_BOX 32       /* least octets in the box, all of a pong's */
#define PROBE_BOX_MAX 8940 /* a packet of 9000 octets */
#define PROBE_LEN(box) ((box) + 32)
#define PROBE_LABEL "mesh1 probe"
#define PROBE_WINDOW 256

enum probe_kind { PROBE_PING = 1, PROBE_PONG = 2 };
#define PROBE_DATA_HERE 1 /* flag: I send data by this path */

struct probe {
	uint8_t kind, flags;
	uint16_t path;
	uint64_t id;          /* of a ping; its pong has the same */
	struct endpoint seen; /* pong: where the ping came from */
};

struct probe_keys {
	bool made;
	uint8_t send[32], recv[32];
	uint64_t tx;   /* the next counter */
	uint64_t next; /* greatest accepted + 1 */
	uint64_t seen[PROBE_WINDOW / 64 + 1];
};

/* From a session's transport keys, once; later calls change nothing. */
void probe_keys_make(struct probe_keys *, const uint8_t send_key[32],
    const uint8_t recv_key[32]);

/*
 * box: octets of it, PROBE_BOX to PROBE_BOX_MAX; out holds PROBE_LEN(box).
 * The length; 0: no such probe, or the counters are used up.
 */
size_t probe_seal(struct probe_keys *, uint32_t remote_index,
    const struct probe *, size_t box, uint8_t *out);
/*
 * A message that wg_classify calls WG_PROBE: 0; -1 not authentic; -2 replay;
 * -3 authentic, but nothing that we understand.
 */
int probe_open(
    struct probe_keys *, const uint8_t *msg, size_t len, struct probe *);

#endif
