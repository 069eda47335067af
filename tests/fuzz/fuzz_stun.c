/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_stun.c */
/*
 * STUN messages, as they come and with a header that is right, since behind a
 * wrong one nothing is read.  Oracles: what was read and is printed is read as
 * the same, and printed the same again; a seal and a mark of ours are right,
 * and no longer so with one bit changed.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define ROOM 160000 /* all attributes at their longest */

static bool
same_text(const struct stun_text *a, const struct stun_text *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

static bool
same(const struct stun *a, const struct stun *b)
{
	return a->kind == b->kind && a->method == b->method &&
	    memcmp(a->id, b->id, STUN_ID) == 0 &&
	    (a->has & (STUN_SEAL - 1)) == b->has &&
	    endpoint_eq(&a->mapped, &b->mapped) &&
	    endpoint_eq(&a->xor_mapped, &b->xor_mapped) &&
	    endpoint_eq(&a->origin, &b->origin) &&
	    endpoint_eq(&a->other, &b->other) &&
	    endpoint_eq(&a->peer, &b->peer) &&
	    endpoint_eq(&a->relayed, &b->relayed) &&
	    a->lifetime == b->lifetime && a->channel == b->channel &&
	    a->transport == b->transport && same_text(&a->data, &b->data) &&
	    a->code == b->code && a->change == b->change &&
	    a->port == b->port && a->padding == b->padding &&
	    same_text(&a->reason, &b->reason) &&
	    same_text(&a->software, &b->software) &&
	    same_text(&a->username, &b->username) &&
	    same_text(&a->nonce, &b->nonce) &&
	    same_text(&a->realm, &b->realm) && a->nunknown == b->nunknown &&
	    memcmp(a->unknown, b->unknown, sizeof(a->unknown)) == 0;
}

static void
sealed(uint8_t *msg, size_t n, uint8_t flip)
{
	struct stun s;
	size_t len = stun_seal(msg, n, ROOM, "key", 3);

	if (len != 0 && (flip & 1) != 0)
		len = stun_seal256(msg, len, ROOM, "key", 3);
	if (len != 0)
		len = stun_mark(msg, len, ROOM);
	if (len == 0)
		return; /* too long for its length field */
	if (stun_parse(msg, len, &s) == -1 || !stun_sealed(msg, &s, "key", 3) ||
	    stun_sealed(msg, &s, "kez", 3))
		abort();
	len -= STUN_MARK_LEN; /* which a seal does not cover */
	msg[flip % len] ^= (uint8_t)(1 << flip % 8);
	len += STUN_MARK_LEN;
	if (stun_parse(msg, len, &s) == 0 && stun_sealed(msg, &s, "key", 3))
		abort();
}

static void
look(const uint8_t *msg, size_t n)
{
	uint8_t *out, *again;
	struct stun a, b;
	size_t len;

	if (stun_parse(msg, n, &a) == -1)
		return;
	if (!stun_is(msg, n))
		abort();
	(void)stun_sealed(msg, &a, "key", 3);
	out = malloc(ROOM);
	again = malloc(ROOM);
	len = stun_print(&a, out, ROOM);
	if (len == 0 || stun_parse(out, len, &b) == -1 || !same(&a, &b) ||
	    stun_print(&b, again, ROOM) != len || memcmp(out, again, len) != 0)
		abort();
	sealed(out, len, n > 8 ? msg[8] : 0);
	free(out);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *msg;
	size_t n = size & ~(size_t)3;

	if (crypto_init() == -1)
		abort();
	msg = malloc(size > 0 ? size : 1);
	if (size > 0)
		memcpy(msg, data, size);
	look(msg, size);
	free(msg);
	if (n < STUN_HDR || n - STUN_HDR > UINT16_MAX)
		return 0;
	msg = malloc(n);
	memcpy(msg, data, n);
	msg[0] &= 0x3f;
	msg[2] = (uint8_t)((n - STUN_HDR) >> 8);
	msg[3] = (uint8_t)(n - STUN_HDR);
	memcpy(msg + 4, "\x21\x12\xa4\x42", 4);
	look(msg, n);
	free(msg);
	return 0;
}
