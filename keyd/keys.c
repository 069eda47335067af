/* SPDX-License-Identifier: ISC */
/* file: keyd/keys.c */
/*
 * What may be done with the node's private key, and nothing else: mixing it
 * into a chaining key, and naming the time of a handshake.
 *
 * An answer never contains a shared secret, only a hash of it with a chaining
 * key, so whoever asks can run handshakes while it can ask, but takes nothing
 * away.  The rate bounds what a taken engine can try.
 *
 * Peers drop an initiation whose stamp is not above the last one they saw.  A
 * stamp that goes back would therefore cut the node off until the clock has
 * caught up; hence the floor in the file, and max(now, last + one step).
 */
#include <string.h>

#include "crypto.h"
#include "keys.h"

/* hides the clock's low bits, whitepaper 5.4.2 */
#define STEP_NSEC (1u << 24)
#define NSEC_PER_SEC 1000000000u
#define TAI64_BASE ((UINT64_C(1) << 62) + 10)
#define SEC_END (UINT64_C(1) << 62)

int
keys_load(struct keys *k, const uint8_t priv[32], uint64_t now_ms)
{
	static const uint8_t zero[32];

	if (crypto_equal(priv, zero, sizeof(zero)) ||
	    crypto_x25519_pub(k->pub, priv) == -1)
		return -1;
	memcpy(k->priv, priv, sizeof(k->priv));
	k->loaded = true;
	k->mix = (struct keys_bucket){KEYS_BURST * UINT64_C(1000), now_ms};
	k->stamp =
	    (struct keys_bucket){KEYS_STAMP_BURST * UINT64_C(1000), now_ms};
	return 0;
}

void
keys_wipe(struct keys *k)
{
	crypto_wipe(k, sizeof(*k));
}

/* ---- MIX ---- */

/* rate tokens a second are as many thousandths a millisecond. */
static bool
take_token(
    struct keys_bucket *b, uint64_t now_ms, uint64_t rate, uint64_t burst)
{
	const uint64_t full = burst * 1000;
	uint64_t gone;

	if (now_ms > b->refilled_ms) {
		gone = now_ms - b->refilled_ms;
		b->refilled_ms = now_ms;
		if (gone >= (full - b->tokens_milli) / rate + 1)
			b->tokens_milli = full;
		else
			b->tokens_milli += gone * rate;
	}
	if (b->tokens_milli < 1000)
		return false;
	b->tokens_milli -= 1000;
	return true;
}

/* X25519 ignores the top bit, so both spellings of our key are ours. */
static bool
is_own(const struct keys *k, const uint8_t point[32])
{
	uint8_t p[32];

	memcpy(p, point, sizeof(p));
	p[31] &= 0x7f;
	return crypto_equal(p, k->pub, sizeof(p));
}

void
keys_mix(struct keys *k, uint64_t now_ms, const struct msg_mix_ask *ask,
    struct msg_mix_reply *reply)
{
	uint8_t dh[32];

	memset(reply, 0, sizeof(*reply));
	if (!k->loaded || !take_token(&k->mix, now_ms, KEYS_RATE, KEYS_BURST)) {
		reply->status = KEY_BUSY_NOW;
		return;
	}
	if (ask->n < 1 || ask->n > 2 || is_own(k, ask->point) ||
	    crypto_x25519(dh, k->priv, ask->point) == -1) {
		reply->status = KEY_REFUSED_POINT;
		return;
	}
	crypto_kdf(reply->out, ask->n, ask->ck, dh, sizeof(dh));
	crypto_wipe(dh, sizeof(dh));
	reply->status = KEY_OK;
}

/* ---- STAMP ---- */

static void
put_be(uint8_t *p, uint64_t v, int octets)
{
	for (int i = 0; i < octets; i++)
		p[i] = (uint8_t)(v >> (8 * (octets - 1 - i)));
}

void
keys_stamp_restore(struct keys *k, const uint8_t stored[8])
{
	uint64_t sec = 0;

	for (int i = 0; i < 8; i++)
		sec = sec << 8 | stored[i];
	if (sec >= SEC_END)
		return;
	if (sec > k->reserved_sec)
		k->reserved_sec = sec;
	if (sec < k->last_sec)
		return;
	k->last_sec = sec;
	k->last_nsec = NSEC_PER_SEC - 1; /* nothing is left of that second */
}

bool
keys_stamp_allowed(struct keys *k, uint64_t now_ms)
{
	return take_token(&k->stamp, now_ms, KEYS_STAMP_RATE, KEYS_STAMP_BURST);
}

static bool
after_last(const struct keys *k, uint64_t sec, uint32_t nsec)
{
	return sec > k->last_sec || (sec == k->last_sec && nsec > k->last_nsec);
}

bool
keys_stamp(struct keys *k, uint64_t unix_sec, uint32_t nsec, uint8_t stamp[12],
    uint8_t stored[8])
{
	uint64_t sec = unix_sec;

	nsec -= nsec % STEP_NSEC;
	if (!after_last(k, sec, nsec)) {
		sec = k->last_sec;
		nsec = k->last_nsec + STEP_NSEC;
		if (nsec >= NSEC_PER_SEC) {
			sec++;
			nsec = 0;
		}
	}
	k->last_sec = sec;
	k->last_nsec = nsec;
	put_be(stamp, TAI64_BASE + sec, 8);
	put_be(stamp + 8, nsec, 4);
	if (sec <= k->reserved_sec && k->reserved_sec != 0)
		return false;
	k->reserved_sec = sec + KEYS_AHEAD_S;
	put_be(stored, k->reserved_sec, 8);
	return true;
}
