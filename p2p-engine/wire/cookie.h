/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/cookie.h */
#ifndef COOKIE_H
#define COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rnd.h"
#include "wg.h"

/*
 * mac1, mac2 and cookie replies (whitepaper 5.4.4, 5.4.7), both ends.  Pure.
 * The answering side keeps nothing per source: one secret, changed every two
 * minutes.  Only the present one counts, so a cookie is accepted for at most
 * WG_COOKIE_LIFE_MS.  A cookie is bound to source address and port.
 *
 * Messages are handshake messages that wg_classify knows; len is their length.
 */
struct cookie_checker { /* our side, one a static key */
	uint8_t mac1_key[32], cookie_key[32];
	uint8_t secret[32];
	uint64_t secret_ms;
	bool has_secret;
};

void cookie_checker_init(struct cookie_checker *, const uint8_t my_pub[32]);
bool cookie_mac1_ok(
    const struct cookie_checker *, const uint8_t *msg, size_t len);
bool cookie_mac2_ok(struct cookie_checker *, uint64_t now_ms,
    const struct rnd_src *, const uint8_t *msg, size_t len,
    const struct endpoint *from);
void cookie_reply(struct cookie_checker *, uint64_t now_ms,
    const struct rnd_src *, const uint8_t *msg, size_t len,
    const struct endpoint *from, uint8_t out[WG_COOKIE_LEN]);

struct cookie_jar { /* what we know of a peer's checker */
	uint8_t mac1_key[32], cookie_key[32];
	uint8_t cookie[16], last_mac1[16];
	uint64_t cookie_ms;
	bool has_cookie, sent_mac1;
};

void cookie_jar_init(struct cookie_jar *, const uint8_t peer_pub[32]);
/* Fill mac1 and mac2 (zero without a fresh cookie) of a handshake message. */
void cookie_stamp(
    struct cookie_jar *, uint64_t now_ms, uint8_t *msg, size_t len);
/*
 * A cookie reply to our newest message: 0 taken, -1 not authentic, or that
 * message was answered by one already.
 */
int cookie_take(
    struct cookie_jar *, uint64_t now_ms, const uint8_t msg[WG_COOKIE_LEN]);

#endif
