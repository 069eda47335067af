/* SPDX-License-Identifier: ISC */
/* file: keyd/keys.h */
#ifndef KEYS_H
#define KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "askrate.h"
#include "msg.h"

/*
 * The oracle: what keyd can be asked, as a pure module (time comes in, stamp
 * persistence goes out).  The private key is in `struct keys`, which main.c
 * places in memory that is locked and never dumped; the simulator uses the
 * same code with keys of its own.
 *
 * MIX(ck, point, n): HKDF-BLAKE2s(ck, X25519(node, point)), n outputs.  A raw
 * shared secret never leaves.  Low-order points and our own public key are
 * refused.  A token bucket of KEYS_RATE a second, burst KEYS_BURST.
 * STAMP: TAI64N, quantised down to 2^24 ns and strictly increasing, also over
 * restarts and when the clock goes back: the file says up to which second
 * stamps may have been given away, KEYS_AHEAD_S ahead, so that it is written
 * at most once in that time.
 * SIGN(salt, seq, v): the node's Ed25519 signature of a BEP44 item with a salt
 * (record_tbs), never of anything else, and of one only for each seq: a record
 * is sealed with a nonce of zero, so a second content under the same number
 * would open both.  seq is unix seconds, so that far ahead of the clock there
 * is only the next one: nobody can use up the numbers there are.
 */
#define KEYS_RATE 2000
#define KEYS_BURST 4000
#define KEYS_AHEAD_S 10
#define KEYS_SIGN_RATE 1
#define KEYS_SIGN_BURST 32
#define KEYS_SEQ_AHEAD_S 86400
/*
 * A stamp steps 1/60 s: not more of them in the long run than time allows, so
 * that nobody drives them ahead of the clock; all peers at once is a burst.
 */
#define KEYS_STAMP_RATE 59
#define KEYS_STAMP_BURST 4096

struct keys {
	uint8_t priv[32], pub[32];
	uint8_t seed[32], ed[32]; /* Ed25519, from priv (netkey.h) */
	uint8_t renew[64];        /* signature of our request for renewal */
	bool loaded;
	/* TAI64 labels without the base: the last stamp, and the stored one */
	uint64_t last_sec, reserved_sec;
	uint32_t last_nsec;
	uint64_t last_seq; /* the highest that was signed */
	struct askrate mix, stamp, sign;
};

/*
 * priv is clamped by X25519 itself; -1 if it is all zero.  Stamps and numbers
 * of records go on.  A struct keys begins as all zeroes.
 */
int keys_load(struct keys *, const uint8_t priv[32], uint64_t now_ms);
void keys_wipe(struct keys *);
/*
 * What the stamp file holds, 8 octets big-endian as given by keys_stamp: all
 * later stamps are above that second.  Nonsense (2^62 and more) is ignored.
 */
void keys_stamp_restore(struct keys *, const uint8_t stored[8]);
/* The same for the number of the last record, as given by keys_sign. */
void keys_seq_restore(struct keys *, const uint8_t stored[8]);

/*
 * KEY_BUSY_NOW: too many, or no key yet; KEY_REFUSED_POINT: low order, our own
 * key, or n not 1 or 2; out is zero then.
 */
void keys_mix(struct keys *, uint64_t now_ms, const struct msg_mix_ask *,
    struct msg_mix_reply *);
/* Ask before each stamp; false: too many, give none. */
bool keys_stamp_allowed(struct keys *, uint64_t now_ms);
/* Fills stamp.  Returns true if stored[] must be written before it is sent. */
bool keys_stamp(struct keys *, uint64_t unix_sec, uint32_t nsec,
    uint8_t stamp[12], uint8_t stored[8]);
/*
 * KEY_OK (true): stored[] must be on the disk before the reply leaves; if it
 * can't be written, there is no signature.  Else sig is zero: KEY_BUSY_NOW,
 * too many or no key yet; KEY_REFUSED_POINT, seq is not above the last one or
 * far in the future, or v is not one string.
 */
bool keys_sign(struct keys *, uint64_t now_ms, uint64_t unix_s,
    const struct msg_sign_ask *, struct msg_sign_reply *, uint8_t stored[8]);

#endif
