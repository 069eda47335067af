/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_cache.c */
/*
 * The saved file.  First octet even: the rest is a half as it is.  Odd: the
 * rest is a body, and gets a head and a sum that are right.  What is taken is
 * walked to its end, and then put once more, without its members.
 */
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "crypto.h"

#define HEAD 16
#define SUM 32

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
finish(uint8_t *half, size_t body)
{
	struct wbuf w;

	wbuf_init(&w, half, HEAD);
	wbuf_bytes(&w, "MDC\1", 4);
	wbuf_u64(&w, 7);
	wbuf_u32(&w, (uint32_t)body);
	crypto_sha256(half + HEAD, half, HEAD, half + HEAD + SUM, body);
}

static void
again(struct cache *c)
{
	uint8_t *out = malloc(CACHE_HALF);
	struct members *none = members_new();
	struct cache_member m;
	struct cache got;
	size_t len, n = 0;

	while (cache_next(c, &m))
		n++;
	if (n > CACHE_HALF / 30)
		abort();
	len = cache_put(out, CACHE_HALF, c, none);
	if (len == 0) { /* longer than we would write */
		if (c->crl_len <= CRL_MAX && c->bundle_len <= BUNDLE_MAX)
			abort();
	} else if (cache_get(out, len, &got) == -1 || got.number != c->number ||
	    got.nnodes != c->nnodes || got.crl_len != c->crl_len ||
	    got.bundle_len != c->bundle_len || got.place_seq != c->place_seq) {
		abort();
	}
	members_free(none);
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct cache c;
	uint8_t *half;
	size_t len;

	if (!ready && crypto_init() == -1)
		abort();
	ready = true;
	if (size < 1 || size > 65536)
		return 0;
	len = size - 1;
	if (data[0] % 2 == 0) {
		half = malloc(len + 1);
		memcpy(half, data + 1, len);
		half = realloc(half, len == 0 ? 1 : len);
	} else {
		half = malloc(HEAD + SUM + len);
		memcpy(half + HEAD + SUM, data + 1, len);
		finish(half, len);
		len += HEAD + SUM;
	}
	if (cache_choose(half, len, &c) != -1)
		again(&c);
	free(half);
	return 0;
}
