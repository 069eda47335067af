/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_publish.c */
/* What is put into the DHT, when, and with which number. */
#include "disc_net.h"
#include "publish.h"

static struct publish *p;
static uint64_t now_ms, seed, last_seq;
static bool keyd, answers, place_taken;
static uint64_t refuse_below;
static unsigned nputs, ngets, nmade, nsigned;
static uint32_t search, place_search;
static struct msg_sign_ask asked;
static uint32_t asked_id;
static struct bundle own;

static uint32_t
on_get(void *ctx, uint64_t at, const uint8_t k[32],
    const uint8_t salt[RECORD_SALT])
{
	(void)ctx;
	(void)at;
	(void)k;
	(void)salt;
	ngets++;
	return ++search;
}

static uint32_t
on_put(void *ctx, uint64_t at, const struct record *r)
{
	(void)ctx;
	(void)at;
	ck_assert(record_verify(r));
	if (r->kind == REC_PLACE)
		last_seq = r->seq;
	nputs++;
	search++;
	if (r->kind == REC_PLACE)
		place_search = search;
	return search;
}

static int
on_sign(void *ctx, uint32_t id, const struct msg_sign_ask *m)
{
	(void)ctx;
	if (!keyd)
		return -1;
	asked = *m;
	asked_id = id;
	nsigned++;
	return 0;
}

static void
on_made(void *ctx, uint64_t at, const struct record *r)
{
	(void)ctx;
	(void)at;
	ck_assert(record_verify(r));
	nmade++;
}

static void
places(const char *ip)
{
	struct candidate c = {.type = 1, .ep = net_ep(ip, 51820)};

	publish_places(p, now_ms, 0, &c, 1);
}

static void
start(void)
{
	const struct publish_io io = {.get = on_get,
	    .put = on_put,
	    .sign = on_sign,
	    .made = on_made,
	    .rnd = {.fill = net_fill, .ctx = &seed}};
	struct publish_conf c = {.announce_s = 2700, .boot = 1};
	struct conf_net net;
	uint8_t s[32];

	seed = unit_seed();
	now_ms = 1000000;
	keyd = answers = place_taken = true;
	refuse_below = nputs = ngets = nmade = nsigned = 0;
	asked_id = 0;
	net_conf(&net, 1);
	own = net.bundle;
	memcpy(c.rdv, net.keys.rdv, 32);
	memcpy(c.rec, net.keys.rec, 32);
	net_node_key(c.node, 1);
	net_node_seed(s, 1);
	crypto_sign_pub(c.ed, s);
	p = publish_new(&io);
	ck_assert_ptr_nonnull(p);
	publish_configure(p, now_ms, &c);
	publish_records(p, now_ms, own.record, own.nrecords);
	places("192.0.2.1");
}

static void
keyd_works(void)
{
	struct msg_sign_reply m = {.status = KEY_OK};
	uint8_t tbs[RECORD_TBS_MAX], s[32];
	uint32_t id = asked_id;

	if (id == 0 || !answers)
		return;
	asked_id = 0;
	net_node_seed(s, 1);
	crypto_sign(m.sig, s, tbs,
	    record_tbs(tbs, asked.salt, asked.seq, asked.v, asked.vlen));
	if (asked.seq < refuse_below)
		m.status = KEY_REFUSED_POINT;
	publish_signed(p, now_ms, id, &m);
}

/* Searches end at once, with `stored` copies. */
static void
run(uint64_t ms, uint32_t stored)
{
	struct dht_report r = {.result = DHT_FOUND, .stored = stored};
	uint64_t end = now_ms + ms;

	for (unsigned i = 0; publish_due(p) <= end; i++) {
		ck_assert_uint_lt(i, 20000);
		if (publish_due(p) > now_ms)
			now_ms = publish_due(p);
		publish_tick(p, now_ms, T0 + now_ms / 1000);
		keyd_works();
		for (uint32_t s = 1; s <= search; s++) {
			r.stored =
			    s == place_search && !place_taken ? 0 : stored;
			if (publish_done(p, now_ms, T0 + now_ms / 1000, s, &r))
				keyd_works();
		}
	}
	now_ms = end;
}

START_TEST(the_place_is_signed_at_once_for_peers_and_put_when_there_is_a_dht)
{
	start();
	run(10000, 8);
	ck_assert_uint_eq(nmade, 1);
	ck_assert_uint_eq(nputs, 0);
	publish_ready(p, now_ms, true);
	run(999, 8);
	ck_assert_uint_eq(nputs, 0);
	run(1001, 8);
	ck_assert_uint_eq(nputs, 1 + own.nrecords);
	ck_assert_uint_eq(ngets, 1);
	publish_free(p);
}
END_TEST

START_TEST(again_after_the_announce_interval_and_not_before)
{
	start();
	publish_ready(p, now_ms, true);
	run(10000, 8);
	nputs = 0;
	run(2700 * 850 - 10000, 8);
	ck_assert_uint_eq(nputs, 0);
	run(2700 * 300 + 12000, 8);
	ck_assert_uint_eq(nputs, 1 + own.nrecords);
	publish_free(p);
}
END_TEST

START_TEST(in_a_swarm_that_grew_all_is_put_once_more)
{
	start();
	publish_ready(p, now_ms, true);
	publish_nodes(p, now_ms, 2);
	run(10000, 8);
	nputs = 0;
	publish_nodes(p, now_ms, 3);
	run(10000, 8);
	ck_assert_uint_eq(nputs, 0);
	publish_nodes(p, now_ms, 4); /* twice as many */
	publish_nodes(p, now_ms, 4);
	run(2000, 8);
	ck_assert_uint_eq(nputs, 1 + own.nrecords);
	publish_nodes(p, now_ms, 40);
	run(10000, 8);
	nputs = 0;
	publish_nodes(p, now_ms, 20); /* some are silent, and back again */
	publish_nodes(p, now_ms, 47);
	run(10000, 8);
	ck_assert_uint_eq(nputs, 0);
	publish_nodes(p, now_ms, 48); /* a bucket more */
	run(2000, 8);
	ck_assert_uint_eq(nputs, 1 + own.nrecords);
	publish_free(p);
}
END_TEST

START_TEST(a_change_is_published_and_flapping_is_slowed)
{
	start();
	publish_ready(p, now_ms, true);
	run(60000, 8);
	nmade = 0;
	places("192.0.2.2");
	run(10, 8);
	ck_assert_uint_eq(nmade, 1);
	places("192.0.2.2");
	run(60000, 8);
	ck_assert_uint_eq(nmade, 1);
	for (int i = 0; i < 3600; i++) {
		places(i % 2 ? "192.0.2.1" : "192.0.2.2");
		run(1000, 8);
	}
	/* those that are lent, three seconds apart, then one in two minutes */
	ck_assert_uint_ge(nmade, 3600000 / PUBLISH_REFILL_MS);
	ck_assert_uint_le(
	    nmade, 2 + PUBLISH_BURST + 3600000 / PUBLISH_REFILL_MS);
	publish_free(p);
}
END_TEST

/* one for each destination (nat 3), and the same for all (nat 1) */
START_TEST(another_port_of_a_symmetric_translator_is_no_change)
{
	struct candidate c = {.type = 2, .ep = net_ep("192.0.2.9", 1000)};

	start();
	run(60000, 8);
	publish_places(p, now_ms, 3, &c, 1);
	run(60000, 8);
	nmade = 0;
	for (int i = 0; i < 60; i++) {
		c.ep.port++;
		publish_places(p, now_ms, 3, &c, 1);
		run(1000, 8);
	}
	ck_assert_uint_eq(nmade, 0);
	c.ep = net_ep("192.0.2.10", 1000);
	publish_places(p, now_ms, 3, &c, 1);
	run(60000, 8);
	ck_assert_uint_eq(nmade, 1);
	publish_places(p, now_ms, 1, &c, 1); /* others know what it means */
	run(60000, 8);
	ck_assert_uint_eq(nmade, 2);
	c.ep.port++;
	publish_places(p, now_ms, 1, &c, 1);
	run(60000, 8);
	ck_assert_uint_eq(nmade, 3);
	publish_free(p);
}
END_TEST

START_TEST(the_number_goes_on_from_what_is_in_the_dht)
{
	struct dht_item item = {.is_mutable = true, .seq = T0 * 2ull};
	struct dht_report r = {.result = DHT_FOUND};

	start();
	publish_ready(p, now_ms, true);
	while (ngets == 0) {
		now_ms = publish_due(p);
		publish_tick(p, now_ms, T0 + now_ms / 1000);
		keyd_works();
	}
	ck_assert(publish_item(p, search, &item));
	ck_assert(publish_done(p, now_ms, T0, search, &r));
	keyd_works();
	run(5000, 8);
	ck_assert_uint_eq(last_seq, T0 * 2ull + 1);
	publish_free(p);
}
END_TEST

START_TEST(keyd_that_has_signed_higher_is_caught_up_with)
{
	start();
	refuse_below = T0 + 1000000;
	run(3600000, 8);
	ck_assert_uint_eq(nmade, 1);
	ck_assert_uint_lt(nsigned, 20);
	publish_free(p);
}
END_TEST

START_TEST(keyd_away_or_silent_is_asked_again_with_patience)
{
	start();
	keyd = false;
	run(60000, 8);
	keyd = true;
	answers = false;
	run(600000, 8);
	ck_assert_uint_ge(nsigned, 2);
	ck_assert_uint_lt(nsigned, 20);
	answers = true;
	asked_id = 0;
	run(1200000, 8);
	ck_assert_uint_eq(nmade, 1);
	publish_free(p);
}
END_TEST

START_TEST(what_nobody_takes_is_put_again_later)
{
	start();
	publish_ready(p, now_ms, true);
	run(60000, 0);
	ck_assert_uint_gt(publish_stats(p)->failed, 1);
	ck_assert_uint_lt(publish_stats(p)->failed, 8);
	ck_assert_uint_eq(publish_stats(p)->last_unix_s, 0);
	run(120000, 3);
	ck_assert_uint_gt(publish_stats(p)->last_unix_s, 0);
	publish_free(p);
}
END_TEST

START_TEST(only_what_changed_or_was_not_taken_is_put)
{
	start();
	publish_ready(p, now_ms, true);
	run(60000, 8);
	ck_assert_uint_eq(nputs, 1 + own.nrecords);
	nputs = 0;
	place_taken = false;
	places("192.0.2.2");
	run(6500, 8); /* after 1, 2 and 4 s */
	ck_assert_uint_eq(nputs, 3);
	place_taken = true;
	run(60000, 8);
	ck_assert_uint_eq(nputs, 4);
	publish_free(p);
}
END_TEST

START_TEST(a_late_or_foreign_signature_changes_nothing)
{
	struct msg_sign_reply m = {.status = KEY_OK};

	start();
	answers = false;
	run(10, 8);
	publish_signed(p, now_ms, asked_id + 1, &m);
	publish_signed(p, now_ms, asked_id, &m); /* not a signature */
	ck_assert_uint_eq(nmade, 0);
	publish_free(p);
}
END_TEST

/* As run, but no search ends. */
static void
run_unanswered(uint64_t ms)
{
	uint64_t end = now_ms + ms;

	for (unsigned i = 0; publish_due(p) <= end; i++) {
		ck_assert_uint_lt(i, 20000);
		if (publish_due(p) > now_ms)
			now_ms = publish_due(p);
		publish_tick(p, now_ms, T0 + now_ms / 1000);
		keyd_works();
	}
	now_ms = end;
}

START_TEST(a_dht_that_goes_away_in_the_middle_ends_nothing)
{
	/* while it is asked for our last number */
	start();
	publish_ready(p, now_ms, true);
	run_unanswered(5000);
	ck_assert_uint_eq(ngets, 1);
	ck_assert_uint_eq(publish_due(p), UINT64_MAX);
	publish_dht_gone(p, now_ms);
	publish_ready(p, now_ms, true);
	run(10000, 8);
	ck_assert_uint_eq(ngets, 2);
	ck_assert_uint_eq(nputs, 1 + own.nrecords);
	/* and while records are put */
	publish_records(p, now_ms, own.record, own.nrecords);
	run_unanswered(5000);
	ck_assert_uint_eq(nputs, 2 * (1 + own.nrecords));
	ck_assert_uint_eq(publish_due(p), UINT64_MAX);
	publish_dht_gone(p, now_ms);
	publish_ready(p, now_ms, true);
	run(10000, 8);
	ck_assert_uint_eq(nputs, 3 * (1 + own.nrecords));
	publish_free(p);
}
END_TEST

START_TEST(off_is_silent)
{
	start();
	publish_configure(p, now_ms, NULL);
	ck_assert_uint_eq(publish_due(p), UINT64_MAX);
	publish_free(p);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_place_is_signed_at_once_for_peers_and_put_when_there_is_a_dht,
	    again_after_the_announce_interval_and_not_before,
	    in_a_swarm_that_grew_all_is_put_once_more,
	    a_change_is_published_and_flapping_is_slowed,
	    another_port_of_a_symmetric_translator_is_no_change,
	    the_number_goes_on_from_what_is_in_the_dht,
	    keyd_that_has_signed_higher_is_caught_up_with,
	    keyd_away_or_silent_is_asked_again_with_patience,
	    what_nobody_takes_is_put_again_later,
	    only_what_changed_or_was_not_taken_is_put,
	    a_late_or_foreign_signature_changes_nothing,
	    a_dht_that_goes_away_in_the_middle_ends_nothing,
	    off_is_silent,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("publish", tests);
}
