/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/token.c */
/*
 * Write tokens: see token.h.  The secret changes when somebody next asks, so
 * there is no timer; after a long silence both secrets are new.
 */
#include "token.h"

#include <string.h>

#include "crypto.h"

static void
fresh(struct token_box *b, uint8_t secret[32])
{
	b->rnd.fill(b->rnd.ctx, secret, 32);
}

void
token_init(struct token_box *b, uint64_t now_ms, struct rnd_src rnd)
{
	*b = (struct token_box){.rnd = rnd, .since_ms = now_ms};
	fresh(b, b->secret[0]);
	fresh(b, b->secret[1]);
}

void
token_clear(struct token_box *b)
{
	crypto_wipe(b, sizeof(*b));
}

static void
turn(struct token_box *b, uint64_t now_ms)
{
	uint64_t passed = now_ms > b->since_ms ? now_ms - b->since_ms : 0;

	if (passed < TOKEN_SECRET_MS)
		return;
	if (passed < 2 * TOKEN_SECRET_MS)
		memcpy(b->secret[1], b->secret[0], sizeof(b->secret[1]));
	else
		fresh(b, b->secret[1]);
	fresh(b, b->secret[0]);
	/* a late turn must not lengthen anybody's life */
	b->since_ms = now_ms - passed % TOKEN_SECRET_MS;
}

static void
make(const uint8_t secret[32], const struct addr *a, uint8_t out[32])
{
	crypto_hmac256(out, secret, 32, &a->family, 1, a->b, sizeof(a->b));
}

void
token_make(struct token_box *b, uint64_t now_ms, const struct addr *a,
    uint8_t out[TOKEN_LEN])
{
	uint8_t mac[32];

	turn(b, now_ms);
	make(b->secret[0], a, mac);
	memcpy(out, mac, TOKEN_LEN);
}

bool
token_ok(struct token_box *b, uint64_t now_ms, const struct addr *a,
    const uint8_t *token, size_t len)
{
	uint8_t mac[2][32];
	bool new, old;

	turn(b, now_ms);
	if (len != TOKEN_LEN)
		return false;
	make(b->secret[0], a, mac[0]);
	make(b->secret[1], a, mac[1]);
	new = crypto_equal(token, mac[0], TOKEN_LEN);
	old = crypto_equal(token, mac[1], TOKEN_LEN);
	return new || old;
}
