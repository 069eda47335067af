/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_wg.c */
/*
 * Everything that reads a WireGuard message from a stranger: classification,
 * initiation, response, cookie reply, data.
 *
 * The first octet chooses.  Either the rest is the message as it is, or it is
 * a list of changes (offset, value) to a message that really was made for us,
 * with mac1 made right again, so that the fuzzer stands in front of the AEAD
 * and not in front of the MAC.  Then the answer is known: a message opens if
 * and only if nothing was changed in what it authenticates.
 */
#include <stdlib.h>
#include <string.h>

#include "cookie.h"
#include "crypto.h"
#include "keypair.h"
#include "keys.h"
#include "noise.h"
#include "wg.h"

#define DATA_MAX 2048
#define INIT_INDEX 0x11223344u
#define RESP_INDEX 0x55667788u

enum mode { RAW, INITIATION, RESPONSE, COOKIE, DATA, NMODES };

/* Made once; a finished handshake and what led to it. */
struct fixture {
	struct keys init, resp;
	struct cookie_checker resp_checker, init_checker;
	struct noise hs; /* the initiator's, waiting for the response */
	struct noise_keys at_init, at_resp;
	uint8_t m1[WG_INITIATION_LEN], m2[WG_RESPONSE_LEN];
	uint8_t stamp[WG_STAMP];
};

static const uint8_t psk[32] = {9};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static void
fill(void *ctx, void *out, size_t len)
{
	memset(out, *(uint8_t *)ctx, len);
}

static struct msg_mix_reply
mix(struct keys *k, const struct msg_mix_ask *ask)
{
	struct msg_mix_reply r;

	k->mix.tokens_milli = 1000;
	keys_mix(k, 0, ask, &r);
	return r;
}

static void
load(struct keys *k, int octet)
{
	uint8_t priv[32];

	memset(priv, octet, sizeof(priv));
	expect(keys_load(k, priv, 0) == 0);
}

/* 0 and the responder's state, or -1 */
static int
read_initiation(struct fixture *f, const uint8_t *msg, struct noise *n,
    uint8_t stamp[WG_STAMP])
{
	struct msg_mix_ask ask;
	struct msg_mix_reply r;

	noise_init_read(n, f->resp.pub, msg, &ask);
	r = mix(&f->resp, &ask);
	if (r.status != KEY_OK || noise_init_who(n, &r, msg, &ask) == -1)
		return -1;
	r = mix(&f->resp, &ask);
	if (r.status != KEY_OK)
		return -1;
	return noise_init_stamp(n, &r, msg, stamp);
}

static int
read_response(struct fixture *f, const uint8_t *msg, struct noise_keys *keys)
{
	struct noise n = f->hs;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;

	if (noise_resp_read(&n, msg, &ask) == -1)
		return -1;
	r = mix(&f->init, &ask);
	if (r.status != KEY_OK)
		return -1;
	return noise_resp_finish(&n, &r, psk, msg, keys);
}

static void
make_fixture(struct fixture *f)
{
	struct msg_mix_ask ask;
	struct msg_mix_reply r;
	struct noise n;
	uint8_t eph[32], stamp[WG_STAMP];

	load(&f->init, 1);
	load(&f->resp, 2);
	cookie_checker_init(&f->init_checker, f->init.pub);
	cookie_checker_init(&f->resp_checker, f->resp.pub);
	memset(f->stamp, 0x40, sizeof(f->stamp));
	memset(eph, 3, sizeof(eph));
	expect(noise_init_start(&f->hs, f->init.pub, f->resp.pub, eph,
		   INIT_INDEX, f->m1, &ask) == 0);
	r = mix(&f->init, &ask);
	noise_init_finish(&f->hs, &r, f->stamp, f->m1);
	expect(read_initiation(f, f->m1, &n, stamp) == 0);
	memset(eph, 4, sizeof(eph));
	expect(
	    noise_resp_make(&n, psk, eph, RESP_INDEX, f->m2, &f->at_resp) == 0);
	expect(read_response(f, f->m2, &f->at_init) == 0);
}

static struct fixture *
fixture(void)
{
	static struct fixture f;
	static bool made;

	if (!made) {
		expect(crypto_init() == 0);
		make_fixture(&f);
		made = true;
	}
	return &f;
}

/*
 * Apply (offset, value) pairs.  True if an octet in [from, to) is another now.
 */
static bool
patch(uint8_t *msg, size_t len, size_t from, size_t to, const uint8_t *p,
    size_t n)
{
	uint8_t *was = malloc(len);
	bool changed;

	expect(was != NULL);
	memcpy(was, msg, len);
	for (; n >= 2; n -= 2, p += 2)
		msg[p[0] % len] = p[1];
	changed = memcmp(was + from, msg + from, to - from) != 0;
	free(was);
	return changed;
}

static uint8_t *
copy_of(const uint8_t *msg, size_t len)
{
	uint8_t *p = malloc(len > 0 ? len : 1);

	expect(p != NULL);
	memcpy(p, msg, len);
	return p;
}

static void
fix_mac1(uint8_t *msg, size_t len, const uint8_t pub[32])
{
	struct cookie_jar j;

	cookie_jar_init(&j, pub);
	cookie_stamp(&j, 0, msg, len);
}

static void
try_initiation(struct fixture *f, const uint8_t *p, size_t n)
{
	uint8_t *msg = copy_of(f->m1, sizeof(f->m1)), stamp[WG_STAMP];
	struct noise ns;
	bool bad;

	bad = patch(msg, sizeof(f->m1), WG_INIT_EPHEMERAL,
	    sizeof(f->m1) - WG_MACS, p, n);
	fix_mac1(msg, sizeof(f->m1), f->resp.pub);
	expect(cookie_mac1_ok(&f->resp_checker, msg, sizeof(f->m1)));
	expect((read_initiation(f, msg, &ns, stamp) == 0) == !bad);
	if (!bad) {
		expect(memcmp(stamp, f->stamp, WG_STAMP) == 0);
		expect(memcmp(ns.remote_static, f->init.pub, 32) == 0);
	}
	free(msg);
}

/* The receiver's index is checked, the sender's is not authenticated. */
static void
try_response(struct fixture *f, const uint8_t *p, size_t n)
{
	uint8_t *msg = copy_of(f->m2, sizeof(f->m2));
	struct noise_keys keys;
	bool bad;

	bad = patch(msg, sizeof(f->m2), WG_RESP_RECEIVER,
	    sizeof(f->m2) - WG_MACS, p, n);
	fix_mac1(msg, sizeof(f->m2), f->init.pub);
	expect(cookie_mac1_ok(&f->init_checker, msg, sizeof(f->m2)));
	expect((read_response(f, msg, &keys) == 0) == !bad);
	if (!bad)
		expect(memcmp(&keys, &f->at_init, sizeof(keys)) == 0);
	free(msg);
}

static void
try_cookie(struct fixture *f, const uint8_t *p, size_t n)
{
	struct endpoint from = {
	    .addr = {.family = 6, .b = {0xfd}}, .port = 4711};
	uint8_t seed = 6, m1[WG_INITIATION_LEN];
	struct rnd_src rnd = {.fill = fill, .ctx = &seed};
	uint8_t *msg = calloc(1, WG_COOKIE_LEN);
	struct cookie_jar jar;
	bool bad;

	expect(msg != NULL);
	memcpy(m1, f->m1, sizeof(m1));
	cookie_jar_init(&jar, f->resp.pub);
	cookie_stamp(&jar, 1, m1, sizeof(m1));
	cookie_reply(&f->resp_checker, 1, &rnd, m1, sizeof(m1), &from, msg);
	bad = patch(msg, WG_COOKIE_LEN, WG_COOKIE_NONCE, WG_COOKIE_LEN, p, n);
	expect((cookie_take(&jar, 1, msg) == 0) == !bad);
	cookie_stamp(&jar, 1, m1, sizeof(m1));
	expect(cookie_mac2_ok(
		   &f->resp_checker, 1, &rnd, m1, sizeof(m1), &from) == !bad);
	free(msg);
}

/* One length octet pair, where to pad to, then changes. */
static void
try_data(struct fixture *f, const uint8_t *p, size_t n)
{
	static const uint8_t text[DATA_MAX];
	struct keypair *a, *b;
	size_t len, pad, sealed;
	uint8_t *msg, *exact;
	bool bad;
	long got;

	if (n < 4)
		return;
	len = ((size_t)p[0] << 8 | p[1]) % DATA_MAX;
	pad = ((size_t)p[2] << 8 | p[3]) % DATA_MAX;
	a = keypair_new(&f->at_init, INIT_INDEX, RESP_INDEX, UINT64_MAX);
	b = keypair_new(&f->at_resp, RESP_INDEX, INIT_INDEX, UINT64_MAX);
	msg = malloc(len + 15 + 32);
	expect(a != NULL && b != NULL && msg != NULL);
	sealed = keypair_seal(a, msg, text, len, pad);
	expect(sealed >= len + 32 && sealed <= len + 15 + 32);
	expect(sealed == len + 32 || sealed - 32 <= pad);
	exact = copy_of(msg, sealed);
	bad = patch(exact, sealed, WG_DATA_COUNTER, sealed, p + 4, n - 4);
	got = keypair_open(b, exact + WG_DATA_HDR, exact, sealed);
	expect((got >= 0) == !bad);
	if (!bad) {
		expect((size_t)got == sealed - 32);
		expect(keypair_open(b, msg + WG_DATA_HDR, msg, sealed) == -2);
	}
	free(exact);
	free(msg);
	keypair_free(a);
	keypair_free(b);
}

/* Whatever it says it is, it is read as that, from an exact copy. */
static void
try_raw(struct fixture *f, const uint8_t *p, size_t n)
{
	struct keypair *b;
	struct cookie_jar jar;
	struct noise_keys keys;
	uint8_t *msg = copy_of(p, n), stamp[WG_STAMP];
	struct noise ns;

	switch (wg_classify(msg, n)) {
	case WG_RELAY:
		if (wg_relay_whole(msg, n))
			expect(wg_classify(msg + WG_RELAY_HDR,
				   n - WG_RELAY_HDR) != WG_RELAY);
		break;
	case WG_INITIATION:
		expect(n == WG_INITIATION_LEN && wg_receiver(msg) == 0);
		(void)cookie_mac1_ok(&f->resp_checker, msg, n);
		(void)read_initiation(f, msg, &ns, stamp);
		break;
	case WG_RESPONSE:
		expect(n == WG_RESPONSE_LEN);
		(void)cookie_mac1_ok(&f->init_checker, msg, n);
		(void)read_response(f, msg, &keys);
		break;
	case WG_COOKIE:
		expect(n == WG_COOKIE_LEN);
		cookie_jar_init(&jar, f->resp.pub);
		jar.sent_mac1 = true;
		(void)cookie_take(&jar, 1, msg);
		break;
	case WG_DATA:
		expect(n >= WG_DATA_MIN);
		b = keypair_new(&f->at_resp, RESP_INDEX, INIT_INDEX, 1 << 20);
		expect(b != NULL);
		(void)keypair_open(b, msg + WG_DATA_HDR, msg, n);
		keypair_free(b);
		break;
	case WG_PROBE: /* fuzz_probe's */
	case WG_NONE:
		break;
	}
	free(msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fixture *f = fixture();

	if (len < 1)
		return 0;
	switch ((enum mode)(data[0] % NMODES)) {
	case INITIATION:
		try_initiation(f, data + 1, len - 1);
		break;
	case RESPONSE:
		try_response(f, data + 1, len - 1);
		break;
	case COOKIE:
		try_cookie(f, data + 1, len - 1);
		break;
	case DATA:
		try_data(f, data + 1, len - 1);
		break;
	default:
		try_raw(f, data + 1, len - 1);
	}
	return 0;
}
