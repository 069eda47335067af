/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/noise.h */
#ifndef NOISE_H
#define NOISE_H

#include <stddef.h>
#include <stdint.h>

#include "msg.h"
#include "wg.h"

/*
 * Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s as WireGuard uses it (whitepaper
 * 5.4.2, 5.4.3), cut where the node's static key is needed: there the function
 * fills a msg_mix_ask for keyd and the caller comes back with the answer.
 * Pure: randomness (ephemeral keys, indices) is passed in.  All secrets are
 * wiped as soon as they are used; noise_wipe ends a handshake.
 *
 *	initiator: init_start -> ss from keyd -> init_finish -> (wire)
 *	           -> resp_read -> se from keyd -> resp_finish -> keys
 *	responder: init_read -> es from keyd -> init_who -> ss from keyd
 *	           -> init_stamp -> resp_make -> keys
 *
 * The mac1/mac2 fields are cookie.h's; here they stay zero.
 */
struct noise {
	uint8_t ck[32], h[32], k[32];
	uint8_t eph[32], eph_pub[32]; /* ours */
	uint8_t remote_eph[32], remote_static[32];
	uint32_t local_index, remote_index;
};

struct noise_keys {
	uint8_t send[32], recv[32];
};

/*
 * The symmetric state (Noise revision 34, section 5.2) with name and prologue
 * as parameters, so that the published vectors test this very code.  seal
 * writes len + 16 octets; len of open includes the tag, as in crypto.h.  Both
 * use k once and wipe it.  mix_psk is MixKeyAndHash; split ends the handshake:
 * first is the initiator's sending key; h stays, ck and eph are wiped.
 */
#define NOISE_NAME "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"
#define NOISE_PROLOGUE "WireGuard v1 zx2c4 Jason@zx2c4.com"
void noise_begin(struct noise *, const char *protocol, const void *prologue,
    size_t len, const uint8_t responder_static[32]);
void noise_mix_hash(struct noise *, const void *, size_t);
void noise_mix_key(struct noise *, const void *, size_t);
void noise_mix_psk(struct noise *, const uint8_t psk[32]);
void noise_seal(struct noise *, uint8_t *out, const void *in, size_t len);
int noise_open(struct noise *, uint8_t *out, const void *in, size_t len);
void noise_split(struct noise *, uint8_t first[32], uint8_t second[32]);

/* ---- initiator ---- */
/* -1: the peer's public key is a low-order point. */
int noise_init_start(struct noise *, const uint8_t my_pub[32],
    const uint8_t peer_pub[32], const uint8_t eph_priv[32], uint32_t index,
    uint8_t msg[WG_INITIATION_LEN], struct msg_mix_ask *ss);
void noise_init_finish(struct noise *, const struct msg_mix_reply *ss,
    const uint8_t stamp[WG_STAMP], uint8_t msg[WG_INITIATION_LEN]);
/* -1: not for local_index, or a low-order point.  Sets remote_index. */
int noise_resp_read(
    struct noise *, const uint8_t msg[WG_RESPONSE_LEN], struct msg_mix_ask *se);
/*
 * 0 and keys, or -1: did not authenticate.  Both functions change the state
 * also when they fail, and a forged response must not kill a handshake: the
 * caller works on a copy and keeps the original until this returns 0.
 */
int noise_resp_finish(struct noise *, const struct msg_mix_reply *se,
    const uint8_t psk[32], const uint8_t msg[WG_RESPONSE_LEN],
    struct noise_keys *);

/* ---- responder ---- */
void noise_init_read(struct noise *, const uint8_t my_pub[32],
    const uint8_t msg[WG_INITIATION_LEN], struct msg_mix_ask *es);
/* 0: remote_static is known (look the peer up), or -1 */
int noise_init_who(struct noise *, const struct msg_mix_reply *es,
    const uint8_t msg[WG_INITIATION_LEN], struct msg_mix_ask *ss);
int noise_init_stamp(struct noise *, const struct msg_mix_reply *ss,
    const uint8_t msg[WG_INITIATION_LEN], uint8_t stamp[WG_STAMP]);
/* -1: the initiator's points are of low order */
int noise_resp_make(struct noise *, const uint8_t psk[32],
    const uint8_t eph_priv[32], uint32_t index, uint8_t msg[WG_RESPONSE_LEN],
    struct noise_keys *);

void noise_wipe(struct noise *);

#endif
