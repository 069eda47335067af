/* SPDX-License-Identifier: ISC */
/* file: keyd/keys.c */
/*
 * What may be done with the node's private key, and nothing else: mixing it
 * into a chaining key, naming the time of a handshake, and signing where the
 * node is.
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
#include "invite.h"
#include "keys.h"
#include "netkey.h"
#include "record.h"

/* hides the clock's low bits, whitepaper 5.4.2 */
#define STEP_NSEC (1u << 24)
#define NSEC_PER_SEC 1000000000u
#define TAI64_BASE ((UINT64_C(1) << 62) + 10)
#define SEC_END (UINT64_C(1) << 62)

/*
 * The request for a renewal is always the same, so that it can be signed here,
 * and there is no question that signs requests (invite.h).
 */
static int
load_signing(struct keys *k)
{
	struct join_request q;

	netkey_node_seed(k->seed, k->priv);
	if (join_request_make(&q, NULL, k->pub, k->seed) == -1)
		return -1;
	memcpy(k->ed, q.ed, sizeof(k->ed));
	memcpy(k->renew, q.sig, sizeof(k->renew));
	return 0;
}

int
keys_load(struct keys *k, const uint8_t priv[32], uint64_t now_ms)
{
	static const uint8_t zero[32];

	if (crypto_equal(priv, zero, sizeof(zero)) ||
	    crypto_x25519_pub(k->pub, priv) == -1)
		return -1;
	memcpy(k->priv, priv, sizeof(k->priv));
	if (load_signing(k) == -1)
		return -1;
	k->loaded = true;
	askrate_fill(&k->mix, now_ms, KEYS_BURST);
	askrate_fill(&k->stamp, now_ms, KEYS_STAMP_BURST);
	askrate_fill(&k->sign, now_ms, KEYS_SIGN_BURST);
	return 0;
}

void
keys_wipe(struct keys *k)
{
	crypto_wipe(k, sizeof(*k));
}

/* ---- MIX ---- */

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
	if (!k->loaded ||
	    !askrate_take(&k->mix, now_ms, KEYS_RATE, KEYS_BURST)) {
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

static uint64_t
get_be(const uint8_t p[8])
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void
keys_stamp_restore(struct keys *k, const uint8_t stored[8])
{
	uint64_t sec = get_be(stored);

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
	return askrate_take(
	    &k->stamp, now_ms, KEYS_STAMP_RATE, KEYS_STAMP_BURST);
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

/* ---- SIGN ---- */

void
keys_seq_restore(struct keys *k, const uint8_t stored[8])
{
	uint64_t seq = get_be(stored);

	if (seq <= INT64_MAX && seq > k->last_seq)
		k->last_seq = seq;
}

/* A clock that is behind makes it slow, one number at a time, not impossible.
 */
static bool
is_next(const struct keys *k, uint64_t seq, uint64_t unix_s)
{
	if (seq <= k->last_seq || seq > INT64_MAX)
		return false;
	return seq == k->last_seq + 1 || seq <= KEYS_SEQ_AHEAD_S ||
	    seq - KEYS_SEQ_AHEAD_S <= unix_s;
}

bool
keys_sign(struct keys *k, uint64_t now_ms, uint64_t unix_s,
    const struct msg_sign_ask *ask, struct msg_sign_reply *reply,
    uint8_t stored[8])
{
	uint8_t tbs[RECORD_TBS_MAX];
	size_t len;

	memset(reply, 0, sizeof(*reply));
	if (!k->loaded ||
	    !askrate_take(&k->sign, now_ms, KEYS_SIGN_RATE, KEYS_SIGN_BURST)) {
		reply->status = KEY_BUSY_NOW;
		return false;
	}
	reply->status = KEY_REFUSED_POINT;
	if (!is_next(k, ask->seq, unix_s) || ask->vlen > sizeof(ask->v) ||
	    record_string(ask->v, ask->vlen, &len) == NULL)
		return false;
	len = record_tbs(tbs, ask->salt, ask->seq, ask->v, ask->vlen);
	if (len == 0 || crypto_sign(reply->sig, k->seed, tbs, len) == -1)
		return false;
	k->last_seq = ask->seq;
	put_be(stored, k->last_seq, 8);
	reply->status = KEY_OK;
	return true;
}
