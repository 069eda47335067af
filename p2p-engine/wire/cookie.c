/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/cookie.c */
/*
 * mac1 says "I know whom I am talking to", mac2 "and I receive what you send
 * to the address you see".  Neither is worth a DH before it fits.
 *
 * The answering side keeps one secret and no list.  Only the present secret
 * counts: a cookie is a function of it, so none is accepted for longer than
 * WG_COOKIE_LIFE_MS, and one made just before a change costs its owner one
 * more round trip.
 */
#include <string.h>

#include "cookie.h"
#include "crypto.h"

static void
label_key(uint8_t key[32], const char label[8], const uint8_t pub[32])
{
	crypto_hash(key, label, 8, pub, 32);
}

static const uint8_t *
mac1_of(const uint8_t *msg, size_t len)
{
	return msg + len - WG_MACS;
}

static const uint8_t *
mac2_of(const uint8_t *msg, size_t len)
{
	return msg + len - WG_MACS / 2;
}

/* ---- the answering side ---- */

void
cookie_checker_init(struct cookie_checker *c, const uint8_t my_pub[32])
{
	memset(c, 0, sizeof(*c));
	label_key(c->mac1_key, "mac1----", my_pub);
	label_key(c->cookie_key, "cookie--", my_pub);
}

bool
cookie_mac1_ok(const struct cookie_checker *c, const uint8_t *msg, size_t len)
{
	uint8_t mac[16];

	crypto_mac(mac, c->mac1_key, sizeof(c->mac1_key), msg, len - WG_MACS);
	return crypto_equal(mac, mac1_of(msg, len), sizeof(mac));
}

/* Address and port as they are on the wire: 6 or 18 octets. */
static void
cookie_for(const struct cookie_checker *c, const struct endpoint *from,
    uint8_t cookie[16])
{
	size_t n = from->addr.family == 4 ? 4 : 16;
	uint8_t in[18];

	memcpy(in, from->addr.b, n);
	in[n] = (uint8_t)(from->port >> 8);
	in[n + 1] = (uint8_t)from->port;
	crypto_mac(cookie, c->secret, sizeof(c->secret), in, n + 2);
}

/* A clock that went back makes a new secret: age is unsigned. */
static bool
secret_fresh(const struct cookie_checker *c, uint64_t now_ms)
{
	return c->has_secret && now_ms - c->secret_ms < WG_COOKIE_LIFE_MS;
}

static void
secret_renew(
    struct cookie_checker *c, uint64_t now_ms, const struct rnd_src *rnd)
{
	if (secret_fresh(c, now_ms))
		return;
	rnd->fill(rnd->ctx, c->secret, sizeof(c->secret));
	c->secret_ms = now_ms;
	c->has_secret = true;
}

bool
cookie_mac2_ok(struct cookie_checker *c, uint64_t now_ms,
    const struct rnd_src *rnd, const uint8_t *msg, size_t len,
    const struct endpoint *from)
{
	uint8_t cookie[16], mac[16];

	secret_renew(c, now_ms, rnd);
	cookie_for(c, from, cookie);
	crypto_mac(mac, cookie, sizeof(cookie), msg, len - WG_MACS / 2);
	crypto_wipe(cookie, sizeof(cookie));
	return crypto_equal(mac, mac2_of(msg, len), sizeof(mac));
}

void
cookie_reply(struct cookie_checker *c, uint64_t now_ms,
    const struct rnd_src *rnd, const uint8_t *msg, size_t len,
    const struct endpoint *from, uint8_t out[WG_COOKIE_LEN])
{
	uint8_t cookie[16];

	secret_renew(c, now_ms, rnd);
	cookie_for(c, from, cookie);
	wg_put32(out, WG_COOKIE);
	memcpy(out + WG_DATA_RECEIVER, msg + WG_SENDER, 4);
	rnd->fill(rnd->ctx, out + WG_COOKIE_NONCE, 24);
	crypto_xseal(out + WG_COOKIE_BOX, c->cookie_key, out + WG_COOKIE_NONCE,
	    mac1_of(msg, len), 16, cookie, sizeof(cookie));
	crypto_wipe(cookie, sizeof(cookie));
}

/* ---- the asking side ---- */

void
cookie_jar_init(struct cookie_jar *j, const uint8_t peer_pub[32])
{
	memset(j, 0, sizeof(*j));
	label_key(j->mac1_key, "mac1----", peer_pub);
	label_key(j->cookie_key, "cookie--", peer_pub);
}

void
cookie_stamp(struct cookie_jar *j, uint64_t now_ms, uint8_t *msg, size_t len)
{
	uint8_t *mac1 = msg + len - WG_MACS, *mac2 = mac1 + 16;

	crypto_mac(mac1, j->mac1_key, sizeof(j->mac1_key), msg, len - WG_MACS);
	memcpy(j->last_mac1, mac1, 16);
	j->sent_mac1 = true;
	if (j->has_cookie && now_ms - j->cookie_ms >= WG_COOKIE_LIFE_MS) {
		crypto_wipe(j->cookie, sizeof(j->cookie));
		j->has_cookie = false;
	}
	if (j->has_cookie)
		crypto_mac(mac2, j->cookie, 16, msg, len - WG_MACS / 2);
	else
		memset(mac2, 0, 16);
}

int
cookie_take(
    struct cookie_jar *j, uint64_t now_ms, const uint8_t msg[WG_COOKIE_LEN])
{
	uint8_t cookie[16];

	if (!j->sent_mac1)
		return -1;
	if (crypto_xopen(cookie, j->cookie_key, msg + WG_COOKIE_NONCE,
		j->last_mac1, 16, msg + WG_COOKIE_BOX, 16 + WG_TAG) == -1)
		return -1;
	memcpy(j->cookie, cookie, sizeof(j->cookie));
	crypto_wipe(cookie, sizeof(cookie));
	j->cookie_ms = now_ms;
	j->has_cookie = true;
	j->sent_mac1 = false;
	return 0;
}
