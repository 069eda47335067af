/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_noise.c */
/*
 * The handshake against the published Noise vector (another prologue, with
 * payloads) and against WireGuard known answers from an implementation that
 * talks to wireguard-go.  keyd's part is played by keyd's own module.
 */
#include "cookie.h"
#include "hex.h"
#include "keypair.h"
#include "keys.h"
#include "noise.h"

/* ---- WireGuard known answers ---- */

static const char msg1[] =
    "01000000443322115dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e01"
    "24b3ef220a26599fb2188bb723276fc173af67616c817fc32fd04d686d87ec152fac10ee"
    "d2bda3bb3b6f1eded6977684082284d817fb46b3a99b6be3ba7cf3c3fb1c735e18246a70"
    "0c43a4d05a1d12d612891d19abf09e0dab06891a9f8a0c4d000000000000000000000000"
    "00000000";
static const char msg2[] =
    "020000008877665544332211ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c"
    "019369617fecf10bfe43645da0a6fb9bb9ce9cf7139779635010370522853f5e83a92967"
    "a8e3399d00000000000000000000000000000000";
static const char init_send_key[] =
    "fabf2974d2119dba6cf6c427de7e432fbece8bd9c7b5c548e0a19d24b4242e3e";
static const char init_recv_key[] =
    "946b6be48024f591049d4519af550b2b94a754615cc30d0ea84789b8d350a418";
static const char keepalive[] =
    "040000008877665500000000000000007b028569a749b05e7f31322f80eca52a";
static const char init_data[] =
    "04000000887766550100000000000000c3096551d4d9f27febe42cb92336a136eea7f0fd"
    "b681193044b39155d6213f176c81a9fff65b37485b9bf31a822d4e23";
static const char resp_data[] =
    "040000004433221100000000000000003c7228f4d3036e90e23143eb03b068b90b3eefb5"
    "aeb7e9cbd3a75023ca9f256da469139276ef6662d2802253c3e58880";
static const char payload[] =
    "45000000000000000000000000000000000000000000000000000000";

struct side {
	struct keys keys;
	struct noise noise;
	struct noise_keys transport;
	uint8_t eph[32];
};

struct pair {
	struct side init, resp;
	uint8_t psk[32], stamp[WG_STAMP];
	uint8_t m1[WG_INITIATION_LEN], m2[WG_RESPONSE_LEN];
};

static void
side_init(struct side *s, int static_octet, int eph_octet)
{
	uint8_t priv[32];

	memset(s, 0, sizeof(*s));
	memset(priv, static_octet, sizeof(priv));
	memset(s->eph, eph_octet, sizeof(s->eph));
	ck_assert_int_eq(keys_load(&s->keys, priv, 0), 0);
}

static struct pair
pair_new(void)
{
	struct pair p;

	memset(&p, 0, sizeof(p));
	side_init(&p.init, 1, 3);
	side_init(&p.resp, 2, 4);
	for (int i = 0; i < 32; i++)
		p.psk[i] = (uint8_t)i;
	unhex(p.stamp, sizeof(p.stamp), "400000006553f10a075bcd15");
	return p;
}

static struct msg_mix_reply
mix(struct side *s, const struct msg_mix_ask *ask)
{
	struct msg_mix_reply r;

	keys_mix(&s->keys, 0, ask, &r);
	return r;
}

static void
initiate(struct pair *p)
{
	struct msg_mix_ask ask;
	struct msg_mix_reply r;

	ck_assert_int_eq(
	    noise_init_start(&p->init.noise, p->init.keys.pub, p->resp.keys.pub,
		p->init.eph, 0x11223344, p->m1, &ask),
	    0);
	r = mix(&p->init, &ask);
	ck_assert_int_eq(r.status, KEY_OK);
	noise_init_finish(&p->init.noise, &r, p->stamp, p->m1);
}

/* 0, or -1 where the initiation did not open. */
static int
consume(struct pair *p, uint8_t stamp[WG_STAMP])
{
	struct side *s = &p->resp;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;

	noise_init_read(&s->noise, s->keys.pub, p->m1, &ask);
	r = mix(s, &ask);
	if (r.status != KEY_OK ||
	    noise_init_who(&s->noise, &r, p->m1, &ask) == -1)
		return -1;
	r = mix(s, &ask);
	if (r.status != KEY_OK)
		return -1;
	return noise_init_stamp(&s->noise, &r, p->m1, stamp);
}

static int
respond(struct pair *p)
{
	return noise_resp_make(&p->resp.noise, p->psk, p->resp.eph, 0x55667788,
	    p->m2, &p->resp.transport);
}

static int
finish(struct pair *p)
{
	struct noise copy = p->init.noise;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;

	if (noise_resp_read(&copy, p->m2, &ask) == -1)
		return -1;
	r = mix(&p->init, &ask);
	if (r.status != KEY_OK ||
	    noise_resp_finish(&copy, &r, p->psk, p->m2, &p->init.transport) ==
		-1)
		return -1;
	p->init.noise = copy;
	return 0;
}

static struct pair
open_pair(void)
{
	struct pair p = pair_new();
	uint8_t stamp[WG_STAMP];

	initiate(&p);
	ck_assert_int_eq(consume(&p, stamp), 0);
	ck_assert_int_eq(respond(&p), 0);
	ck_assert_int_eq(finish(&p), 0);
	return p;
}

static void
stamp_macs(const struct side *to, uint8_t *msg, size_t len)
{
	struct cookie_jar j;

	cookie_jar_init(&j, to->keys.pub);
	cookie_stamp(&j, 0, msg, len);
}

START_TEST(name_and_prologue_hash_to_the_constants_everybody_has)
{
	uint8_t ck[32], h[32];

	crypto_hash(ck, NOISE_NAME, sizeof(NOISE_NAME) - 1, NULL, 0);
	assert_hex(ck,
	    "60e26daef327efc02ec335e2a025d2d016eb4206f87277f52d38d1988b78cd36");
	crypto_hash(h, ck, 32, NOISE_PROLOGUE, sizeof(NOISE_PROLOGUE) - 1);
	assert_hex(h,
	    "2211b361081ac566691243db458ad5322d9c6c662293e8b70ee19c65ba079ef3");
}
END_TEST

START_TEST(an_initiation_is_the_known_one)
{
	struct pair p = pair_new();

	initiate(&p);
	stamp_macs(&p.resp, p.m1, sizeof(p.m1));
	assert_hex(p.m1, msg1);
}
END_TEST

START_TEST(the_known_initiation_names_its_sender_and_its_time)
{
	struct pair p = pair_new();
	uint8_t stamp[WG_STAMP];

	unhex(p.m1, sizeof(p.m1), msg1);
	ck_assert_int_eq(consume(&p, stamp), 0);
	ck_assert_mem_eq(p.resp.noise.remote_static, p.init.keys.pub, 32);
	ck_assert_mem_eq(stamp, p.stamp, WG_STAMP);
	ck_assert_uint_eq(p.resp.noise.remote_index, 0x11223344);
}
END_TEST

START_TEST(a_response_is_the_known_one)
{
	struct pair p = pair_new();
	uint8_t stamp[WG_STAMP];

	unhex(p.m1, sizeof(p.m1), msg1);
	ck_assert_int_eq(consume(&p, stamp), 0);
	ck_assert_int_eq(respond(&p), 0);
	stamp_macs(&p.init, p.m2, sizeof(p.m2));
	assert_hex(p.m2, msg2);
	assert_hex(p.resp.transport.recv, init_send_key);
	assert_hex(p.resp.transport.send, init_recv_key);
}
END_TEST

START_TEST(the_known_response_gives_the_known_keys)
{
	struct pair p = pair_new();

	initiate(&p);
	unhex(p.m2, sizeof(p.m2), msg2);
	ck_assert_int_eq(finish(&p), 0);
	assert_hex(p.init.transport.send, init_send_key);
	assert_hex(p.init.transport.recv, init_recv_key);
	ck_assert_uint_eq(p.init.noise.remote_index, 0x55667788);
}
END_TEST

START_TEST(data_messages_are_the_known_ones)
{
	struct pair p = open_pair();
	struct keypair *i, *r;
	uint8_t in[28], out[128];

	i = keypair_new(&p.init.transport, 0x11223344, 0x55667788, UINT64_MAX);
	r = keypair_new(&p.resp.transport, 0x55667788, 0x11223344, UINT64_MAX);
	unhex(in, sizeof(in), payload);
	ck_assert_uint_eq(keypair_seal(i, out, NULL, 0, 1420), WG_DATA_MIN);
	assert_hex(out, keepalive);
	ck_assert_uint_eq(keypair_seal(i, out, in, sizeof(in), 1420), 64);
	assert_hex(out, init_data);
	ck_assert_int_eq(keypair_open(r, out + 16, out, 64), 32);
	assert_hex(out + 16, payload);
	ck_assert_uint_eq(keypair_seal(r, out, in, sizeof(in), 1420), 64);
	assert_hex(out, resp_data);
	keypair_free(i);
	keypair_free(r);
}
END_TEST

START_TEST(no_private_value_stays_behind_a_finished_handshake)
{
	static const uint8_t zero[32];
	struct pair p = open_pair();
	const struct noise *both[] = {&p.init.noise, &p.resp.noise};

	for (int i = 0; i < 2; i++) {
		ck_assert_mem_eq(both[i]->ck, zero, 32);
		ck_assert_mem_eq(both[i]->k, zero, 32);
		ck_assert_mem_eq(both[i]->eph, zero, 32);
	}
}
END_TEST

START_TEST(no_changed_octet_of_an_initiation_opens)
{
	struct pair p = pair_new();
	uint8_t good[WG_INITIATION_LEN], stamp[WG_STAMP];

	initiate(&p);
	memcpy(good, p.m1, sizeof(good));
	for (size_t i = WG_INIT_EPHEMERAL; i < sizeof(good) - WG_MACS; i++) {
		memcpy(p.m1, good, sizeof(good));
		p.m1[i] ^= 1;
		ck_assert_int_eq(consume(&p, stamp), -1);
	}
}
END_TEST

START_TEST(a_changed_response_fails_and_the_real_one_still_works)
{
	struct pair p = pair_new();
	uint8_t stamp[WG_STAMP], good[WG_RESPONSE_LEN];

	initiate(&p);
	ck_assert_int_eq(consume(&p, stamp), 0);
	ck_assert_int_eq(respond(&p), 0);
	memcpy(good, p.m2, sizeof(good));
	for (size_t i = WG_RESP_RECEIVER; i < sizeof(good) - WG_MACS; i++) {
		memcpy(p.m2, good, sizeof(good));
		p.m2[i] ^= 1;
		ck_assert_int_eq(finish(&p), -1);
	}
	memcpy(p.m2, good, sizeof(good));
	ck_assert_int_eq(finish(&p), 0);
	ck_assert_mem_eq(p.init.transport.send, p.resp.transport.recv, 32);
	ck_assert_mem_eq(p.init.transport.recv, p.resp.transport.send, 32);
}
END_TEST

START_TEST(another_psk_is_another_network)
{
	struct pair p = pair_new();
	uint8_t stamp[WG_STAMP];

	initiate(&p);
	ck_assert_int_eq(consume(&p, stamp), 0);
	ck_assert_int_eq(respond(&p), 0);
	p.psk[0] ^= 1;
	ck_assert_int_eq(finish(&p), -1);
}
END_TEST

START_TEST(low_order_points_of_a_peer_stop_the_handshake)
{
	static const uint8_t zero[32];
	struct pair p = pair_new();
	struct msg_mix_ask ask;
	uint8_t stamp[WG_STAMP];

	ck_assert_int_eq(noise_init_start(&p.init.noise, p.init.keys.pub, zero,
			     p.init.eph, 1, p.m1, &ask),
	    -1);
	initiate(&p);
	ck_assert_int_eq(consume(&p, stamp), 0);
	memset(p.resp.noise.remote_static, 0, 32);
	ck_assert_int_eq(respond(&p), -1);
	memset(p.m1 + WG_INIT_EPHEMERAL, 0, 32);
	ck_assert_int_eq(consume(&p, stamp), -1);
	initiate(&p);
	memset(p.m2, 0, sizeof(p.m2));
	wg_put32(p.m2 + WG_RESP_RECEIVER, 0x11223344);
	ck_assert_int_eq(finish(&p), -1);
}
END_TEST

START_TEST(messages_are_told_apart_by_type_zeroes_and_length)
{
	static const size_t len[] = {0, 148, 92, 64, 32, 64, 40};
	uint8_t msg[200] = {0};

	for (unsigned type = 0; type < 8; type++)
		for (size_t n = 0; n < sizeof(msg); n++) {
			bool fits = type >= 1 && type <= 6 &&
			    (n == len[type] || (type >= 4 && n > len[type]));

			msg[0] = (uint8_t)type;
			ck_assert_uint_eq(wg_classify(msg, n),
			    fits ? type : (unsigned)WG_NONE);
		}
	for (int i = 1; i < 4; i++) {
		memset(msg, 0, 4);
		msg[0] = WG_DATA;
		msg[i] = 1;
		ck_assert_uint_eq(wg_classify(msg, 32), WG_NONE);
	}
}
END_TEST

/* ---- the published Noise vector: other prologue, payloads, transport ---- */

struct cacophony {
	struct noise n;
	uint8_t s[32], e[32], s_pub[32], e_pub[32];
};

static const char *const payloads[] = {"4c756477696720766f6e204d69736573",
    "4d757272617920526f746862617264", "462e20412e20486179656b",
    "4361726c204d656e676572", "4a65616e2d426170746973746520536179",
    "457567656e2042f6686d20766f6e2042617765726b"};
static const char *const ciphertexts[] = {
    "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944001e21de9f"
    "98ddd8e2ad57527207feb56253c9c94a9e496782ecfcb2a75fbcaf1b52948cc48daefe660c"
    "62119ab5000980c84831215f2441eba616548e832985464cf17e51ee93109008399a21f7e1"
    "3f",
    "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843cb765f2cae"
    "f0751b8f007572dab0322217755c0632f365717edbf34d33e87a",
    "8153ca9833bc3c1b91a7e66e5f4d4f5b59bf9e64c2f20d15f0bba7",
    "07af0c9c86e1b4e80f36b04ff7688d51141af3debd0332f0a705ef",
    "6ab1467c0448cc78394494abaaf23afce0e234315d6e2624dcbfa8a21c1c4d073d",
    "dfc346c0d2296ae6cf1acf6f12b8456a1dba228cf8d8b774aacf1c47fc53aa80ebc7a4c2"
    "92"};
static const char handshake_hash[] =
    "f5191b875290abcd41347ac3622d9679688a7e980229cb937ef748336cfde0e5";

static void
cacophony_init(struct cacophony *c, const char *s, const char *e)
{
	unhex(c->s, 32, s);
	unhex(c->e, 32, e);
	ck_assert_int_eq(crypto_x25519_pub(c->s_pub, c->s), 0);
	ck_assert_int_eq(crypto_x25519_pub(c->e_pub, c->e), 0);
}

static void
mix_dh(struct cacophony *c, const uint8_t priv[32], const uint8_t pub[32])
{
	uint8_t dh[32];

	ck_assert_int_eq(crypto_x25519(dh, priv, pub), 0);
	noise_mix_key(&c->n, dh, 32);
}

static void
mix_e(struct cacophony *c, const uint8_t pub[32])
{
	noise_mix_hash(&c->n, pub, 32);
	noise_mix_key(&c->n, pub, 32);
}

/* Message 0 as the initiator writes it. */
static size_t
write0(struct cacophony *i, const uint8_t r_pub[32], uint8_t *out)
{
	uint8_t in[64];
	size_t n = unhex(in, sizeof(in), payloads[0]);

	memcpy(out, i->e_pub, 32);
	mix_e(i, i->e_pub);
	mix_dh(i, i->e, r_pub);
	noise_seal(&i->n, out + 32, i->s_pub, 32);
	mix_dh(i, i->s, r_pub);
	noise_seal(&i->n, out + 80, in, n);
	return 80 + n + 16;
}

static void
read0(struct cacophony *r, const uint8_t *msg, size_t len, uint8_t i_pub[32])
{
	uint8_t out[64];

	mix_e(r, msg);
	mix_dh(r, r->s, msg);
	ck_assert_int_eq(noise_open(&r->n, i_pub, msg + 32, 48), 0);
	mix_dh(r, r->s, i_pub);
	ck_assert_int_eq(noise_open(&r->n, out, msg + 80, len - 80), 0);
	assert_hex(out, payloads[0]);
}

static size_t
write1(struct cacophony *r, const struct cacophony *i, const uint8_t psk[32],
    uint8_t *out)
{
	uint8_t in[64];
	size_t n = unhex(in, sizeof(in), payloads[1]);

	memcpy(out, r->e_pub, 32);
	mix_e(r, r->e_pub);
	mix_dh(r, r->e, i->e_pub);
	mix_dh(r, r->e, i->s_pub);
	noise_mix_psk(&r->n, psk);
	noise_seal(&r->n, out + 32, in, n);
	return 32 + n + 16;
}

static void
read1(
    struct cacophony *i, const uint8_t *msg, size_t len, const uint8_t psk[32])
{
	uint8_t out[64];

	mix_e(i, msg);
	mix_dh(i, i->e, msg);
	mix_dh(i, i->s, msg);
	noise_mix_psk(&i->n, psk);
	ck_assert_int_eq(noise_open(&i->n, out, msg + 32, len - 32), 0);
	assert_hex(out, payloads[1]);
}

START_TEST(the_published_noise_vector_comes_out)
{
	struct cacophony i, r;
	uint8_t psk[32], prologue[16], buf[256], who[32], k[2][32];
	size_t n;

	cacophony_init(&i,
	    "e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1",
	    "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a");
	cacophony_init(&r,
	    "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893",
	    "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b");
	assert_hex(r.s_pub,
	    "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62");
	unhex(psk, 32,
	    "54686973206973206d7920417573747269616e20706572737065637469766521");
	n = unhex(prologue, sizeof(prologue), "4a6f686e2047616c74");
	noise_begin(&i.n, NOISE_NAME, prologue, n, r.s_pub);
	noise_begin(&r.n, NOISE_NAME, prologue, n, r.s_pub);
	n = write0(&i, r.s_pub, buf);
	assert_hex(buf, ciphertexts[0]);
	read0(&r, buf, n, who);
	ck_assert_mem_eq(who, i.s_pub, 32);
	n = write1(&r, &i, psk, buf);
	assert_hex(buf, ciphertexts[1]);
	read1(&i, buf, n, psk);
	assert_hex(i.n.h, handshake_hash);
	assert_hex(r.n.h, handshake_hash);
	noise_split(&i.n, k[0], k[1]);
	/* transport messages alternate, two for each direction */
	for (unsigned m = 2; m < 6; m++) {
		n = unhex(buf, sizeof(buf), payloads[m]);
		crypto_seal(buf, k[m % 2], m / 2 - 1, NULL, 0, buf, n);
		assert_hex(buf, ciphertexts[m]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("noise");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	if (crypto_init() == -1)
		return 1;
	tcase_add_test(
	    t, name_and_prologue_hash_to_the_constants_everybody_has);
	tcase_add_test(t, an_initiation_is_the_known_one);
	tcase_add_test(t, the_known_initiation_names_its_sender_and_its_time);
	tcase_add_test(t, a_response_is_the_known_one);
	tcase_add_test(t, the_known_response_gives_the_known_keys);
	tcase_add_test(t, data_messages_are_the_known_ones);
	tcase_add_test(t, no_private_value_stays_behind_a_finished_handshake);
	tcase_add_test(t, no_changed_octet_of_an_initiation_opens);
	tcase_add_test(
	    t, a_changed_response_fails_and_the_real_one_still_works);
	tcase_add_test(t, another_psk_is_another_network);
	tcase_add_test(t, low_order_points_of_a_peer_stop_the_handshake);
	tcase_add_test(t, messages_are_told_apart_by_type_zeroes_and_length);
	tcase_add_test(t, the_published_noise_vector_comes_out);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
