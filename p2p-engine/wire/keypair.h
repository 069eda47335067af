/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/keypair.h */
#ifndef KEYPAIR_H
#define KEYPAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto.h"
#include "noise.h"
#include "probe.h"
#include "replay.h"
#include "wg.h"

/*
 * One pair of transport keys (whitepaper 5.4.5, 5.4.6): seals and opens
 * data messages.  Knows no time; session.h says which pair may be used when.
 * A counter is never used twice: past `limit` nothing is sealed or opened.
 */
struct keypair {
	struct aead *send, *recv;
	uint8_t send_key[32], recv_key[32]; /* for who works elsewhere */
	uint32_t local_index, remote_index;
	uint64_t tx_counter; /* the next one */
	uint64_t limit;      /* counters are below it: reject_after_messages */
	uint64_t born_ms;
	bool initiator;
	bool outranked; /* of two crossing handshakes not the one to use */
	uint64_t rx;    /* accepted */
	struct replay replay;
	struct probe_keys probe; /* made when there is the first */
};

/* NULL: no memory.  The caller wipes the noise_keys. */
struct keypair *keypair_new(const struct noise_keys *, uint32_t local_index,
    uint32_t remote_index, uint64_t limit);
void keypair_free(struct keypair *); /* wipes; NULL is fine */

/*
 * Seal in into out as one type-4 message: header, ciphertext of in padded
 * with zeroes to 16 but not beyond pad_max (the tunnel MTU; in itself may be
 * longer), tag.  Returns its length, or 0 if the counters are used up.  out
 * must hold len + 15 + 32; in is out + WG_DATA_HDR or does not overlap out.
 */
size_t keypair_seal(struct keypair *, uint8_t *out, const uint8_t *in,
    size_t len, size_t pad_max);
/* The length of what keypair_seal makes of len octets. */
size_t keypair_sealed_len(size_t len, size_t pad_max);
/* n counters for sealing elsewhere: the first; the caller looked at limit. */
uint64_t keypair_take(struct keypair *, uint32_t n);
/*
 * Open a type-4 message (len >= WG_DATA_MIN) into out, which is msg +
 * WG_DATA_HDR or does not overlap msg: plaintext length >= 0 with padding, or
 * -1 bad tag, -2 replay (seen, too old, or past the limit).
 */
long keypair_open(
    struct keypair *, uint8_t *out, const uint8_t *msg, size_t len);
/* What keypair_open still has to say of a message that was opened elsewhere. */
long keypair_opened(
    struct keypair *, const uint8_t *msg, size_t len, bool good);

#endif
