/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_lan.c */
/* Beacons: what is said and when, and what of others is believed. */
#include "disc_net.h"
#include "lan.h"

#define MAX_SENT 64

static struct lan *lan;
static uint64_t seed;
static struct {
	unsigned families;
	uint64_t at_ms;
	size_t len;
	uint8_t data[LAN_DATAGRAM_MAX];
} sent[MAX_SENT];
static unsigned nsent, nheard;
static uint64_t now_ms;
static const uint8_t key[32] = {1, 2, 3};

static void
on_send(void *ctx, unsigned families, const uint8_t *data, size_t len)
{
	(void)ctx;
	ck_assert_uint_lt(nsent, MAX_SENT);
	sent[nsent].families = families;
	sent[nsent].at_ms = now_ms;
	sent[nsent].len = len;
	memcpy(sent[nsent++].data, data, len);
}

static void
on_heard(void *ctx, uint64_t at_ms, const uint8_t k[32], const uint8_t *cert,
    size_t certlen)
{
	(void)cert;
	(void)certlen;
	(void)ctx;
	(void)at_ms;
	(void)k;
	nheard++;
}

static void
start(bool on)
{
	const struct lan_io io = {.send = on_send,
	    .heard = on_heard,
	    .rnd = {.fill = net_fill, .ctx = &seed}};
	struct lan_conf c = {.boot = 7};
	struct msg_places p = {
	    .n = 2, .at = {{1, {.port = 51820}}, {1, {.port = 51820}}}};

	seed = unit_seed();
	now_ms = 500000;
	nsent = nheard = 0;
	memcpy(c.key, key, 32);
	memset(c.node, 0xaa, 32);
	p.at[0].ep.addr = net_addr("192.0.2.1");
	p.at[1].ep.addr = net_addr("fe80::1");
	lan = lan_new(&io);
	ck_assert_ptr_nonnull(lan);
	lan_places(lan, now_ms, &p);
	if (on)
		lan_configure(lan, now_ms, &c);
}

static void
run(uint64_t ms)
{
	uint64_t end = now_ms + ms;

	while (lan_due(lan) <= end) {
		if (lan_due(lan) > now_ms)
			now_ms = lan_due(lan);
		lan_tick(lan, now_ms, T0 + now_ms / 1000);
	}
	now_ms = end;
}

/* A beacon of a member with that letter for a key, that many seconds ago. */
static size_t
beacon(uint8_t *out, uint8_t who, int ago_s, const char *place)
{
	struct beacon b = {.port = 51820,
	    .boot = 9,
	    .unix_s = (uint64_t)((int64_t)(T0 + now_ms / 1000) - ago_s)};
	uint8_t nonce[24] = {who};

	memset(b.node, who, sizeof(b.node));
	b.certlen = 200;
	b.cert[100] = who;
	if (place != NULL)
		b.c[b.n++] =
		    (struct candidate){.type = 1, .ep = net_ep(place, 51820)};
	return beacon_seal(out, key, nonce, &b);
}

static void
hear(uint8_t who, int ago_s, const char *from, const char *place)
{
	uint8_t data[LAN_DATAGRAM_MAX];
	size_t len = beacon(data, who, ago_s, place);
	struct endpoint ep = net_ep(from, LAN_PORT);

	ck_assert_uint_gt(len, 0);
	lan_from_udp(lan, now_ms, T0 + now_ms / 1000, &ep, data, len);
}

static const struct lan_hint *
hint(uint8_t who)
{
	uint8_t k[32];

	memset(k, who, sizeof(k));
	return lan_find(lan, now_ms, k);
}

START_TEST(three_at_the_start_then_one_in_half_a_minute)
{
	start(true);
	run(3000);
	ck_assert_uint_eq(nsent, 3);
	ck_assert_uint_eq(sent[1].at_ms - sent[0].at_ms, 1000);
	ck_assert_uint_eq(sent[2].at_ms - sent[0].at_ms, 3000);
	run(300000);
	ck_assert_uint_ge(nsent, 3 + 300 / 35);
	ck_assert_uint_le(nsent, 3 + 300 / 25);
	lan_free(lan);
}
END_TEST

START_TEST(off_is_silent_and_deaf)
{
	start(false);
	run(100000);
	hear('b', 0, "192.0.2.2", NULL);
	ck_assert_uint_eq(nsent, 0);
	ck_assert_ptr_null(hint('b'));
	lan_free(lan);
}
END_TEST

START_TEST(what_is_said_can_be_opened_and_holds_no_link_local_place)
{
	struct beacon b;

	start(true);
	lan_certificate(lan, "certificate", 11);
	run(0);
	ck_assert_uint_eq(nsent, 1);
	ck_assert_int_eq(
	    beacon_open(sent[0].data, sent[0].len, key, T0 + now_ms / 1000, &b),
	    0);
	ck_assert_uint_eq(b.port, 51820);
	ck_assert_uint_eq(b.n, 1);
	ck_assert_uint_eq(b.boot, 7);
	ck_assert_uint_eq(b.certlen, 11);
	ck_assert_mem_eq(b.cert, "certificate", 11);
	lan_free(lan);
}
END_TEST

/* The length of the certificate in the i-th that was sent. */
static unsigned
cert_in(unsigned i)
{
	struct beacon b;

	ck_assert_int_eq(beacon_open(sent[i].data, sent[i].len, key,
			     T0 + sent[i].at_ms / 1000, &b),
	    0);
	return b.certlen;
}

START_TEST(a_newcomer_is_answered_at_once_by_a_whole_beacon_and_once)
{
	start(true);
	lan_certificate(lan, "certificate", 11);
	run(5000);
	nsent = 0;
	hear('b', 0, "192.0.2.2", "192.0.2.9");
	hear('b', 0, "192.0.2.2", "192.0.2.9");
	run(LAN_ANSWER_MS);
	ck_assert_uint_eq(nsent, 1);
	ck_assert_uint_eq(sent[0].families, LAN_IP4 | LAN_IP6);
	ck_assert_uint_eq(cert_in(0), 11);
	hear('b', 0, "192.0.2.2", "192.0.2.9");
	run(5000);
	ck_assert_uint_eq(nsent, 1);
	lan_free(lan);
}
END_TEST

START_TEST(while_nothing_happens_beacons_are_short_and_of_one_family)
{
	unsigned whole = 0, n4 = 0, n6 = 0, certs[3] = {0};

	start(true);
	lan_certificate(lan, "certificate", 11);
	run(5000);
	nsent = 0;
	run(16 * 25000); /* 8 short ones at least */
	for (unsigned i = 0; i < 8; i++) {
		whole += sent[i].families == (LAN_IP4 | LAN_IP6);
		n4 += sent[i].families == LAN_IP4;
		n6 += sent[i].families == LAN_IP6;
		certs[sent[i].families % 3] += cert_in(i) > 0;
	}
	ck_assert_uint_eq(whole, 0);
	ck_assert_uint_eq(n4, 4);
	ck_assert_uint_eq(n6, 4);
	ck_assert_uint_eq(certs[LAN_IP4], 1);
	ck_assert_uint_eq(certs[LAN_IP6], 1);
	lan_free(lan);
}
END_TEST

START_TEST(a_new_certificate_is_in_the_next_beacon)
{
	start(true);
	run(5000 + 3 * 35000);
	nsent = 0;
	lan_certificate(lan, "a newer one", 11);
	run(35000);
	ck_assert_uint_ge(nsent, 1);
	ck_assert_uint_eq(cert_in(0), 11);
	lan_free(lan);
}
END_TEST

START_TEST(many_newcomers_do_not_make_a_storm)
{
	start(true);
	run(5000);
	nsent = 0;
	for (uint8_t i = 1; i < 60; i++)
		hear(i, 0, "192.0.2.2", NULL);
	run(1000);
	ck_assert_uint_ge(nsent, 1);
	ck_assert_uint_le(nsent, 2);
	lan_free(lan);
}
END_TEST

START_TEST(where_it_came_from_stands_first)
{
	const struct lan_hint *h;
	struct endpoint from = net_ep("192.0.2.2", 51820);

	start(true);
	hear('b', 0, "192.0.2.2", "192.0.2.9");
	h = hint('b');
	ck_assert_ptr_nonnull(h);
	ck_assert_uint_eq(h->n, 2);
	ck_assert(endpoint_eq(&h->at[0], &from));
	lan_free(lan);
}
END_TEST

START_TEST(a_link_local_source_leaves_what_it_says)
{
	start(true);
	hear('b', 0, "fe80::5", "192.0.2.9");
	ck_assert_uint_eq(hint('b')->n, 1);
	lan_free(lan);
}
END_TEST

START_TEST(hints_end_after_two_minutes)
{
	start(true);
	hear('b', 0, "192.0.2.2", NULL);
	now_ms += 120000;
	ck_assert_ptr_nonnull(hint('b'));
	now_ms += 1;
	ck_assert_ptr_null(hint('b'));
	lan_free(lan);
}
END_TEST

START_TEST(an_old_or_future_beacon_is_refused)
{
	start(true);
	hear('b', 121, "192.0.2.2", NULL);
	hear('c', -121, "192.0.2.2", NULL);
	ck_assert_ptr_null(hint('b'));
	ck_assert_ptr_null(hint('c'));
	hear('b', 119, "192.0.2.2", NULL);
	hear('c', -119, "192.0.2.2", NULL);
	ck_assert_ptr_nonnull(hint('b'));
	ck_assert_ptr_nonnull(hint('c'));
	ck_assert_uint_eq(lan_stats(lan)->refused, 2);
	lan_free(lan);
}
END_TEST

START_TEST(an_earlier_beacon_sent_again_changes_nothing)
{
	struct endpoint now = net_ep("192.0.2.3", 51820);

	start(true);
	hear('b', 0, "192.0.2.3", NULL);
	hear('b', 60, "192.0.2.66", NULL);
	ck_assert(endpoint_eq(&hint('b')->at[0], &now));
	lan_free(lan);
}
END_TEST

START_TEST(the_neighbouring_hours_are_accepted_and_no_others)
{
	uint8_t data[LAN_DATAGRAM_MAX], nonce[24] = {0};
	struct beacon b = {.port = 1, .unix_s = 3600 * 1000}, out;
	size_t len = beacon_seal(data, key, nonce, &b);

	ck_assert_int_eq(beacon_open(data, len, key, 3600 * 1000 - 1, &out), 0);
	ck_assert_int_eq(
	    beacon_open(data, len, key, 3600 * 1000 + 60, &out), 0);
	ck_assert_int_eq(beacon_open(data, len, key, 3600 * 1002, &out), -1);
}
END_TEST

START_TEST(every_truncation_and_every_flipped_octet_is_refused)
{
	uint8_t data[LAN_DATAGRAM_MAX];
	struct beacon b;
	size_t len;

	now_ms = 0;
	len = beacon(data, 'b', 0, "192.0.2.9");
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(beacon_open(data, i, key, T0, &b), -1);
	for (size_t i = 0; i < len; i++) {
		data[i] ^= 1;
		ck_assert_int_eq(beacon_open(data, len, key, T0, &b), -1);
		data[i] ^= 1;
	}
	ck_assert_int_eq(beacon_open(data, len, key, T0, &b), 0);
}
END_TEST

START_TEST(another_key_is_noise)
{
	static const uint8_t other[32] = {9};
	uint8_t data[LAN_DATAGRAM_MAX];
	struct beacon b;

	now_ms = 0;
	ck_assert_int_eq(
	    beacon_open(data, beacon(data, 'b', 0, NULL), other, T0, &b), -1);
}
END_TEST

START_TEST(the_table_is_bounded_and_a_flood_is_not_opened)
{
	start(true);
	for (unsigned i = 0; i < 200; i++)
		hear((uint8_t)i, 0, "192.0.2.2", NULL);
	ck_assert_uint_gt(lan_stats(lan)->held, 100);
	lan_free(lan);
}
END_TEST

START_TEST(noise_does_not_keep_beacons_from_being_opened)
{
	const struct endpoint from = net_ep("192.0.2.66", LAN_PORT);
	uint8_t noise[400] = {'M', 'L', 'D', '1'};

	start(true);
	for (unsigned i = 0; i < 1000; i++)
		lan_from_udp(
		    lan, now_ms, T0 + now_ms / 1000, &from, noise, i % 400);
	hear('b', 0, "192.0.2.2", NULL);
	ck_assert_ptr_nonnull(hint('b'));
	ck_assert_uint_eq(lan_stats(lan)->refused, 1000);
	ck_assert_uint_eq(lan_stats(lan)->held, 0);
	lan_free(lan);
}
END_TEST

START_TEST(a_new_place_is_said_at_once_but_not_in_a_storm)
{
	struct msg_places p = {.n = 1, .at = {{1, {.port = 51820}}}};

	start(true);
	run(10000);
	nsent = 0;
	for (uint8_t i = 1; i < 100; i++) {
		p.at[0].ep.addr = net_addr("192.0.2.1");
		p.at[0].ep.addr.b[3] = i + 1;
		lan_places(lan, now_ms, &p);
		run(10);
	}
	ck_assert_uint_ge(nsent, 1);
	ck_assert_uint_le(nsent, 2);
	lan_free(lan);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    three_at_the_start_then_one_in_half_a_minute,
	    off_is_silent_and_deaf,
	    what_is_said_can_be_opened_and_holds_no_link_local_place,
	    a_newcomer_is_answered_at_once_by_a_whole_beacon_and_once,
	    while_nothing_happens_beacons_are_short_and_of_one_family,
	    a_new_certificate_is_in_the_next_beacon,
	    many_newcomers_do_not_make_a_storm,
	    where_it_came_from_stands_first,
	    a_link_local_source_leaves_what_it_says,
	    hints_end_after_two_minutes,
	    an_old_or_future_beacon_is_refused,
	    an_earlier_beacon_sent_again_changes_nothing,
	    the_neighbouring_hours_are_accepted_and_no_others,
	    every_truncation_and_every_flipped_octet_is_refused,
	    another_key_is_noise,
	    the_table_is_bounded_and_a_flood_is_not_opened,
	    noise_does_not_keep_beacons_from_being_opened,
	    a_new_place_is_said_at_once_but_not_in_a_storm,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("lan", tests);
}
