/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_record.c */
/*
 * Records and places of strangers.  The first octet chooses.
 *
 * A record: what is taken is written again with the same octets; it verifies
 * and opens only if it is one of ours, which no input can be.  Made ours, it
 * does both.  A place: nothing is left in it to which nothing must be sent, and
 * what is left and written is read again the same.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "record.h"

static const uint8_t seed[32] = {0x5e}, rec[32] = {0x4e};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
sealed_by_us(struct record *r)
{
	uint8_t content[RECORD_CONTENT_MAX], out[RECORD_CONTENT_MAX];
	size_t n, len;
	const uint8_t *p = record_string(r->v, r->vlen, &n);

	expect(p != NULL && n >= CRYPTO_TAG);
	len = n < RECORD_CONTENT_MAX ? n : RECORD_CONTENT_MAX;
	memcpy(content, p, len);
	expect(crypto_sign_pub(r->k, seed) == 0);
	expect(record_seal(r, rec, content, len) == 0);
	expect(record_sign(r, seed) == 0);
	expect(record_verify(r));
	expect(record_open(out, r, rec) == (int)len);
	expect(memcmp(out, content, len) == 0);
}

static void
one_record(const uint8_t *data, size_t len)
{
	uint8_t out[RECORD_CONTENT_MAX], *again;
	struct record r;
	struct rbuf in;
	struct wbuf w;
	size_t used;

	rbuf_init(&in, data, len);
	record_get(&in, &r);
	if (in.bad)
		return;
	used = len - in.left;
	again = malloc(used);
	expect(again != NULL);
	wbuf_init(&w, again, used);
	record_put(&w, &r);
	expect(wbuf_done(&w) == 0 && w.len == used);
	expect(memcmp(again, data, used) == 0);
	free(again);
	(void)record_verify(&r);
	expect(record_open(out, &r, rec) == -1);
	sealed_by_us(&r);
}

static void
one_place(const uint8_t *data, size_t len)
{
	unsigned dropped = 0, none;
	uint8_t b[PLACE_MAX];
	struct place p, back;
	size_t n;

	if (place_get(data, len, &p, &dropped) == -1)
		return;
	expect(p.n + dropped <= CANDIDATES_MAX);
	for (unsigned i = 0; i < p.n; i++)
		expect(p.c[i].ep.port != 0 && p.c[i].type >= 1 &&
		    p.c[i].type <= 7 && !addr_is_special(&p.c[i].ep.addr));
	n = place_put(b, &p);
	expect(n == len - dropped * 24);
	if (dropped == 0)
		expect(memcmp(b, data, n) == 0);
	expect(place_get(b, n, &back, &none) == 0 && none == 0);
	expect(back.n == p.n && back.boot == p.boot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < 1)
		return 0;
	expect(crypto_init() == 0);
	copy = malloc(size);
	expect(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 2 == 0)
		one_record(copy, size - 1);
	else
		one_place(copy, size - 1);
	free(copy);
	return 0;
}
