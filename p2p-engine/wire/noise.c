/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/noise.c */
/*
 * The handshake, token by token.  Where a token needs the node's static key
 * the function stops with a question for keyd and the next one begins with
 * the answer; everything else happens here, with ephemeral keys only.
 *
 * A message is read as far as the answers allow and never trusted before its
 * AEAD opened.  Nothing is kept of a private value that is not needed for the
 * next step: `k` lives from one token to the seal or open after it, the
 * ephemeral private key and `ck` until the transport keys exist.
 */
#include <string.h>

#include "crypto.h"
#include "noise.h"

/* ---- the symmetric state of the Noise specification, section 5.2 ---- */

void
noise_mix_hash(struct noise *n, const void *data, size_t len)
{
	crypto_hash(n->h, n->h, sizeof(n->h), data, len);
}

void
noise_mix_key(struct noise *n, const void *data, size_t len)
{
	uint8_t out[2][32];

	crypto_kdf(out, 2, n->ck, data, len);
	memcpy(n->ck, out[0], 32);
	memcpy(n->k, out[1], 32);
	crypto_wipe(out, sizeof(out));
}

void
noise_mix_psk(struct noise *n, const uint8_t psk[32])
{
	uint8_t out[3][32];

	crypto_kdf(out, 3, n->ck, psk, 32);
	memcpy(n->ck, out[0], 32);
	noise_mix_hash(n, out[1], 32);
	memcpy(n->k, out[2], 32);
	crypto_wipe(out, sizeof(out));
}

void
noise_begin(struct noise *n, const char *protocol, const void *prologue,
    size_t len, const uint8_t responder_static[32])
{
	size_t plen = strlen(protocol);

	memset(n, 0, sizeof(*n));
	if (plen <= sizeof(n->h))
		memcpy(n->h, protocol, plen);
	else
		crypto_hash(n->h, protocol, plen, NULL, 0);
	memcpy(n->ck, n->h, sizeof(n->ck));
	noise_mix_hash(n, prologue, len);
	noise_mix_hash(n, responder_static, 32);
}

void
noise_seal(struct noise *n, uint8_t *out, const void *in, size_t len)
{
	crypto_seal(out, n->k, 0, n->h, sizeof(n->h), in, len);
	crypto_wipe(n->k, sizeof(n->k));
	noise_mix_hash(n, out, len + WG_TAG);
}

int
noise_open(struct noise *n, uint8_t *out, const void *in, size_t len)
{
	int r;

	r = crypto_open(out, n->k, 0, n->h, sizeof(n->h), in, len);
	crypto_wipe(n->k, sizeof(n->k));
	if (r == 0)
		noise_mix_hash(n, in, len);
	return r;
}

void
noise_split(struct noise *n, uint8_t first[32], uint8_t second[32])
{
	uint8_t out[2][32];

	crypto_kdf(out, 2, n->ck, NULL, 0);
	memcpy(first, out[0], 32);
	memcpy(second, out[1], 32);
	crypto_wipe(out, sizeof(out));
	crypto_wipe(n->ck, sizeof(n->ck));
	crypto_wipe(n->eph, sizeof(n->eph));
}

/* ---- helpers ---- */

/* The `e` token; with a PSK the public value is also mixed into the key. */
static void
mix_eph(struct noise *n, const uint8_t pub[32])
{
	noise_mix_hash(n, pub, 32);
	noise_mix_key(n, pub, 32);
}

/* A DH token with our ephemeral key. */
static int
mix_dh(struct noise *n, const uint8_t pub[32])
{
	uint8_t dh[32];
	int r;

	r = crypto_x25519(dh, n->eph, pub);
	if (r == 0)
		noise_mix_key(n, dh, sizeof(dh));
	crypto_wipe(dh, sizeof(dh));
	return r;
}

/* A DH token with the static key: the question ... */
static void
ask(const struct noise *n, struct msg_mix_ask *m, const uint8_t pub[32],
    uint8_t outputs)
{
	memcpy(m->ck, n->ck, sizeof(m->ck));
	memcpy(m->point, pub, sizeof(m->point));
	m->n = outputs;
}

/* ... and the answer. */
static void
answered(struct noise *n, const struct msg_mix_reply *m)
{
	memcpy(n->ck, m->out[0], sizeof(n->ck));
	memcpy(n->k, m->out[1], sizeof(n->k));
}

static int
take_eph(struct noise *n, const uint8_t priv[32])
{
	memcpy(n->eph, priv, sizeof(n->eph));
	return crypto_x25519_pub(n->eph_pub, priv);
}

static void
begin_wg(struct noise *n, const uint8_t responder_static[32])
{
	noise_begin(n, NOISE_NAME, NOISE_PROLOGUE, sizeof(NOISE_PROLOGUE) - 1,
	    responder_static);
}

/* ---- initiator ---- */

int
noise_init_start(struct noise *n, const uint8_t my_pub[32],
    const uint8_t peer_pub[32], const uint8_t eph_priv[32], uint32_t index,
    uint8_t msg[WG_INITIATION_LEN], struct msg_mix_ask *ss)
{
	begin_wg(n, peer_pub);
	memcpy(n->remote_static, peer_pub, sizeof(n->remote_static));
	n->local_index = index;
	memset(msg, 0, WG_INITIATION_LEN);
	wg_put32(msg, WG_INITIATION);
	wg_put32(msg + WG_SENDER, index);
	if (take_eph(n, eph_priv) == -1)
		return -1;
	memcpy(msg + WG_INIT_EPHEMERAL, n->eph_pub, 32);
	mix_eph(n, n->eph_pub);
	if (mix_dh(n, peer_pub) == -1)
		return -1;
	noise_seal(n, msg + WG_INIT_STATIC, my_pub, 32);
	ask(n, ss, peer_pub, 2);
	return 0;
}

void
noise_init_finish(struct noise *n, const struct msg_mix_reply *ss,
    const uint8_t stamp[WG_STAMP], uint8_t msg[WG_INITIATION_LEN])
{
	answered(n, ss);
	noise_seal(n, msg + WG_INIT_STAMP, stamp, WG_STAMP);
}

int
noise_resp_read(
    struct noise *n, const uint8_t msg[WG_RESPONSE_LEN], struct msg_mix_ask *se)
{
	if (wg_get32(msg + WG_RESP_RECEIVER) != n->local_index)
		return -1;
	n->remote_index = wg_get32(msg + WG_SENDER);
	memcpy(n->remote_eph, msg + WG_RESP_EPHEMERAL, 32);
	mix_eph(n, n->remote_eph);
	if (mix_dh(n, n->remote_eph) == -1)
		return -1;
	ask(n, se, n->remote_eph, 1);
	return 0;
}

int
noise_resp_finish(struct noise *n, const struct msg_mix_reply *se,
    const uint8_t psk[32], const uint8_t msg[WG_RESPONSE_LEN],
    struct noise_keys *keys)
{
	uint8_t none[1];

	answered(n, se);
	noise_mix_psk(n, psk);
	if (noise_open(n, none, msg + WG_RESP_EMPTY, WG_TAG) == -1)
		return -1;
	noise_split(n, keys->send, keys->recv);
	return 0;
}

/* ---- responder ---- */

void
noise_init_read(struct noise *n, const uint8_t my_pub[32],
    const uint8_t msg[WG_INITIATION_LEN], struct msg_mix_ask *es)
{
	begin_wg(n, my_pub);
	n->remote_index = wg_get32(msg + WG_SENDER);
	memcpy(n->remote_eph, msg + WG_INIT_EPHEMERAL, 32);
	mix_eph(n, n->remote_eph);
	ask(n, es, n->remote_eph, 2);
}

int
noise_init_who(struct noise *n, const struct msg_mix_reply *es,
    const uint8_t msg[WG_INITIATION_LEN], struct msg_mix_ask *ss)
{
	answered(n, es);
	if (noise_open(
		n, n->remote_static, msg + WG_INIT_STATIC, 32 + WG_TAG) == -1)
		return -1;
	ask(n, ss, n->remote_static, 2);
	return 0;
}

int
noise_init_stamp(struct noise *n, const struct msg_mix_reply *ss,
    const uint8_t msg[WG_INITIATION_LEN], uint8_t stamp[WG_STAMP])
{
	answered(n, ss);
	return noise_open(n, stamp, msg + WG_INIT_STAMP, WG_STAMP + WG_TAG);
}

int
noise_resp_make(struct noise *n, const uint8_t psk[32],
    const uint8_t eph_priv[32], uint32_t index, uint8_t msg[WG_RESPONSE_LEN],
    struct noise_keys *keys)
{
	n->local_index = index;
	memset(msg, 0, WG_RESPONSE_LEN);
	wg_put32(msg, WG_RESPONSE);
	wg_put32(msg + WG_SENDER, index);
	wg_put32(msg + WG_RESP_RECEIVER, n->remote_index);
	if (take_eph(n, eph_priv) == -1)
		return -1;
	memcpy(msg + WG_RESP_EPHEMERAL, n->eph_pub, 32);
	mix_eph(n, n->eph_pub);
	if (mix_dh(n, n->remote_eph) == -1 || mix_dh(n, n->remote_static) == -1)
		return -1;
	noise_mix_psk(n, psk);
	noise_seal(n, msg + WG_RESP_EMPTY, NULL, 0);
	noise_split(n, keys->recv, keys->send);
	return 0;
}

void
noise_wipe(struct noise *n)
{
	crypto_wipe(n, sizeof(*n));
}
