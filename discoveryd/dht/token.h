/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/token.h */
#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rnd.h"

/*
 * Write tokens (BEP5, BEP44): who shows one got our datagram at that address.
 * HMAC-SHA256(secret, family || address)[0..8]; the secret changes every 5 min
 * and the one before is good, too, so a token lives 5 to 10 min.  Nothing is
 * kept for each asker.  Pure.
 */
#define TOKEN_LEN 8
#define TOKEN_SECRET_MS (5 * 60 * 1000)

struct token_box {
	struct rnd_src rnd;
	uint64_t since_ms; /* of secret[0] */
	uint8_t secret[2][32];
};
void token_init(struct token_box *, uint64_t now_ms, struct rnd_src);
void token_clear(struct token_box *); /* wipes */
void token_make(struct token_box *, uint64_t now_ms, const struct addr *,
    uint8_t out[TOKEN_LEN]);
bool token_ok(struct token_box *, uint64_t now_ms, const struct addr *,
    const uint8_t *, size_t len); /* constant time; any length */

#endif
