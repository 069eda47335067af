/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_member.c */
/*
 * A member, or somebody who would like to be one, with a session: what it
 * says inside is the input, message by message (u16 length, octets; the upper
 * two bits: wait a while, play a certificate in).  Whatever it says:
 *
 *  - the books balance, and what is bounded stays within its bounds
 *  - nothing reaches the host of a node to which no certificate was shown
 *  - nobody but the authority makes a member: there is never more than one
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cookie.h"
#include "crypto.h"
#include "engine_int.h"
#include "keys.h"
#include "log.h"
#include "wg.h"

#define MESSAGES_MAX 64
#define PLAIN_MAX 1400

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct bench {
	struct engine *e;
	struct keys mine, its;
	uint64_t now, dice;
	struct msg_mix_ask mix;
	uint32_t mix_id; /* asked, not answered; 0: nothing */
	uint8_t sent[2048];
	size_t sent_len;
	uint32_t to_host;
	struct keypair *kp;
	uint8_t cert[2][CERT_MAX];
	uint16_t certlen[2];
	bool shown;
};

static const uint8_t seed[32] = {1}, psk[32] = {2};

static enum udp_result
on_udp(void *ctx, uint16_t sock, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	struct bench *b = ctx;

	(void)sock, (void)to, (void)seg;
	if (len > sizeof(b->sent))
		return UDP_ERROR;
	memcpy(b->sent, data, len);
	b->sent_len = len;
	return UDP_OK;
}

static int
on_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct bench *b = ctx;

	(void)v, (void)pkt, (void)len;
	b->to_host++;
	return 0;
}

static int
on_mix(void *ctx, uint32_t id, const struct msg_mix_ask *m)
{
	struct bench *b = ctx;

	b->mix = *m;
	b->mix_id = id;
	return 0;
}

static int
on_stamp(void *ctx, uint32_t id)
{
	(void)ctx, (void)id;
	return -1;
}

static int
on_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *m)
{
	(void)ctx, (void)id, (void)m;
	return -1;
}

static int
on_seen(void *ctx, const struct msg_peer_seen *m)
{
	(void)ctx, (void)m;
	return 0;
}

static uint64_t
on_unix(void *ctx)
{
	(void)ctx;
	return 1700000000000;
}

static void
on_fill(void *ctx, void *out, size_t len)
{
	struct bench *b = ctx;
	uint8_t *p = out;

	while (len-- > 0) {
		b->dice = b->dice * 6364136223846793005u + 1442695040888963407u;
		*p++ = (uint8_t)(b->dice >> 56);
	}
}

/* ---- the network ---- */

static void
certify(struct bench *b, int i, const uint8_t key[32], const char *name)
{
	struct cert c = {.serial = 7u + (unsigned)i,
	    .not_before = 1600000000,
	    .not_after = 1800000000,
	    .naddresses = 1};

	memcpy(c.node, key, 32);
	memset(c.ed, 1, 32);
	snprintf(c.name, sizeof(c.name), "%s", name);
	c.address[0] = (struct prefix){.addr.family = 4, .len = 16};
	memcpy(c.address[0].addr.b, (uint8_t[]){10, 0, 0, (uint8_t)(i + 1)}, 4);
	b->certlen[i] = (uint16_t)cert_sign(b->cert[i], &c, seed);
	if (b->certlen[i] == 0)
		abort();
}

static void
configure(struct bench *b)
{
	static struct conf_net n;
	struct conf c;

	conf_defaults(&c, "fuzz", "/run/mesh");
	c.node.flows_max = 16;
	c.node.naddresses = 1;
	(void)prefix_parse("10.0.0.1/16", &c.node.address[0]);
	n = (struct conf_net){.on = true};
	(void)crypto_sign_pub(n.bundle.authority, seed);
	(void)prefix_parse("10.0.0.0/16", &n.bundle.prefix);
	n.bundle.certlen = b->certlen[0];
	memcpy(n.bundle.cert, b->cert[0], b->certlen[0]);
	memcpy(n.keys.psk, psk, 32);
	engine_set_network(b->e, b->now, &n);
	if (engine_configure(b->e, b->now, &c) == -1)
		abort();
	engine_set_pub(b->e, b->now, b->mine.pub);
	conf_clear(&c);
}

/* ---- the session ---- */

static void
give(struct bench *b, const uint8_t *msg, size_t len)
{
	static const struct endpoint from = {
	    .addr = {.family = 4, .b = {192, 0, 2, 1}}, .port = 9};
	uint8_t copy[2048];

	memcpy(copy, msg, len);
	engine_from_udp(b->e, b->now, 0, &from, copy, len);
}

static void
answer(struct bench *b)
{
	while (b->mix_id != 0) {
		struct msg_mix_reply r;
		uint32_t id = b->mix_id;

		b->mix_id = 0;
		keys_mix(&b->mine, b->now, &b->mix, &r);
		engine_on_mix(b->e, b->now, id, &r);
	}
}

static void
call(struct bench *b)
{
	uint8_t eph[32], msg[WG_INITIATION_LEN], stamp[WG_STAMP], stored[8];
	struct msg_mix_reply r;
	struct msg_mix_ask a;
	struct noise_keys keys;
	struct cookie_jar jar;
	struct noise hs;

	on_fill(b, eph, sizeof(eph));
	if (noise_init_start(&hs, b->its.pub, b->mine.pub, eph, 7, msg, &a) ==
	    -1)
		abort();
	keys_mix(&b->its, b->now, &a, &r);
	keys_stamp(&b->its, 1700000000 + b->now / 1000, 0, stamp, stored);
	noise_init_finish(&hs, &r, stamp, msg);
	cookie_jar_init(&jar, b->mine.pub);
	cookie_stamp(&jar, b->now, msg, sizeof(msg));
	give(b, msg, sizeof(msg));
	answer(b);
	if (b->sent_len != WG_RESPONSE_LEN ||
	    noise_resp_read(&hs, b->sent, &a) == -1)
		abort();
	keys_mix(&b->its, b->now, &a, &r);
	if (noise_resp_finish(&hs, &r, psk, b->sent, &keys) == -1)
		abort();
	b->kp =
	    keypair_new(&keys, 7, hs.remote_index, WG_REJECT_AFTER_MESSAGES);
}

static void
say(struct bench *b, const uint8_t *plain, size_t len)
{
	uint8_t msg[PLAIN_MAX + 64];
	size_t n = keypair_seal(b->kp, msg, plain, len, len + FRAME_PAD);

	give(b, msg, n);
}

static void
show(struct bench *b)
{
	struct hello h = {.certlen = b->certlen[1]};
	uint8_t body[FRAME_BODY_MAX], frame[FRAME_MAX];
	size_t n;

	memcpy(h.cert, b->cert[1], h.certlen);
	n = hello_put(body, &h);
	n = frame_put(frame, sizeof(frame), FRAME_HELLO, body, n);
	say(b, frame, n);
	b->shown = true;
}

/* ---- what must hold ---- */

static void
check(const struct bench *b)
{
	const struct counters *c = engine_counters(b->e);

	if (counters_balance(c, B_ENG_OUT) != 0 ||
	    counters_balance(c, B_ENG_IN) != 0)
		abort();
	if (!b->shown && (b->to_host != 0 || engine_nmembers(b->e) != 0))
		abort();
	if (engine_nmembers(b->e) > 1 || b->e->net.nguests > 1 ||
	    b->e->net.has_crl)
		abort();
}

static void
turn(struct bench *b)
{
	for (int i = 0; i < 8 && engine_due(b->e) <= b->now; i++)
		engine_tick(b->e, b->now);
	engine_flush(b->e, b->now);
	answer(b);
	check(b);
}

static void
play(struct bench *b, const uint8_t *data, size_t size)
{
	for (int i = 0; i < MESSAGES_MAX && size >= 2; i++) {
		size_t len = (size_t)((data[0] & 0x3f) << 8 | data[1]);
		uint8_t how = data[0] >> 6;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (len > PLAIN_MAX)
			len = PLAIN_MAX;
		if ((how & 1) != 0)
			b->now += 400;
		if ((how & 2) != 0)
			show(b);
		say(b, data, len);
		if (how != 0)
			turn(b);
		data += len;
		size -= len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench b;
	struct engine_io io = {.ctx = &b,
	    .udp_send = on_udp,
	    .tun_send = on_tun,
	    .ask_mix = on_mix,
	    .ask_stamp = on_stamp,
	    .ask_lookup = on_lookup,
	    .tell_seen = on_seen,
	    .unix_ms = on_unix,
	    .rnd = {.fill = on_fill, .ctx = &b}};
	uint8_t priv[2][32] = {{8}, {16}};

	b = (struct bench){.now = 1000000, .dice = 1};
	if (crypto_init() == -1)
		abort();
	log_set_level(LOG_L_ERROR);
	if (keys_load(&b.mine, priv[0], b.now) == -1 ||
	    keys_load(&b.its, priv[1], b.now) == -1)
		abort();
	certify(&b, 0, b.mine.pub, "mine");
	certify(&b, 1, b.its.pub, "its");
	if ((b.e = engine_new(&io)) == NULL)
		abort();
	engine_socket_add(b.e, 0, 4);
	configure(&b);
	call(&b);
	play(&b, data, size);
	turn(&b);
	b.now += 600000;
	turn(&b);
	keypair_free(b.kp);
	engine_free(b.e);
	return 0;
}
