/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_lan.c */
/*
 * Beacons: the first octet chooses what the rest is.  Even: a datagram as it
 * came.  Odd: what is sealed in one, so that the parser behind the seal is
 * reached; what it takes must come back the same when sealed and opened again.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "lan.h"

#define NOW 1800000000u
#define HEAD 36

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint8_t key[32] = {1, 2, 3};

/* A datagram with the right tag around these octets. */
static size_t
seal(uint8_t *out, const uint8_t *plain, size_t len)
{
	const struct beacon b = {.port = 1, .unix_s = NOW};
	uint8_t good[LAN_DATAGRAM_MAX], nonce[24] = {0};

	beacon_seal(good, key, nonce, &b);
	memcpy(out, good, HEAD);
	crypto_xseal(out + HEAD, key, nonce, out, 12, plain, len);
	return HEAD + len + CRYPTO_TAG;
}

static void
again(const struct beacon *b)
{
	uint8_t data[LAN_DATAGRAM_MAX], nonce[24] = {0};
	struct beacon got;
	size_t len = beacon_seal(data, key, nonce, b);

	if (len == 0 || beacon_open(data, len, key, NOW, &got) == -1)
		abort();
	if (got.n != b->n || got.port != b->port || got.boot != b->boot ||
	    got.unix_s != b->unix_s || memcmp(got.node, b->node, 32) != 0 ||
	    got.certlen != b->certlen ||
	    memcmp(got.cert, b->cert, b->certlen) != 0)
		abort();
	for (unsigned i = 0; i < b->n; i++)
		if (!endpoint_eq(&got.c[i].ep, &b->c[i].ep) ||
		    got.c[i].type != b->c[i].type)
			abort();
}

static void
nothing_sent(void *ctx, unsigned families, const uint8_t *data, size_t len)
{
	(void)ctx;
	(void)families;
	(void)data;
	if (len > LAN_DATAGRAM_MAX)
		abort();
}

static void
nothing_heard(void *ctx, uint64_t now_ms, const uint8_t k[32],
    const uint8_t *cert, size_t certlen)
{
	(void)cert;
	if (certlen > CERT_MAX)
		abort();
	(void)ctx;
	(void)now_ms;
	(void)k;
}

static void
nothing_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 7, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lan_io io = {.send = nothing_sent,
	    .heard = nothing_heard,
	    .rnd = {.fill = nothing_random}};
	struct lan_conf conf = {.node = {9}};
	const struct endpoint from = {
	    .addr = {.family = 4, .b = {192, 0, 2, 1}}, .port = LAN_PORT};
	static bool ready;
	struct beacon b;
	struct lan *lan;
	uint8_t *copy;
	size_t len;

	if (!ready && crypto_init() == -1)
		abort();
	ready = true;
	if (size < 1 || size > 4096)
		return 0;
	copy = malloc(size + HEAD + CRYPTO_TAG);
	len = size - 1;
	if (data[0] % 2 == 0)
		memcpy(copy, data + 1, len);
	else
		len = seal(copy, data + 1, len);
	copy = realloc(copy, len == 0 ? 1 : len);
	if (beacon_open(copy, len, key, NOW, &b) == 0)
		again(&b);
	memcpy(conf.key, key, sizeof(key));
	lan = lan_new(&io);
	lan_configure(lan, 1000, &conf);
	lan_from_udp(lan, 1000, NOW, &from, copy, len);
	lan_tick(lan, 2000, NOW);
	lan_free(lan);
	free(copy);
	return 0;
}
