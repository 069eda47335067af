/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_lookup.c */
/* Questions on their way: order, waiting, merging, bounds. */
#include <stdlib.h>

#include "disc_net.h"
#include "lookup.h"
#include "refusals.h"

static struct lookup *f;
static struct book *book;
static struct members *ms;
static struct lan *lan;
static struct msg_places places;
static struct conf_net net;
static uint64_t now_ms, seed;
static bool engine, dht_full;
static unsigned ngets, ncancels, nasked, nanswers;
static uint32_t last_search, last_req;
static struct dht_item wanted; /* k and salt of the last get */
static struct lookup_answer last;

static uint32_t
on_get(void *ctx, uint64_t at, const uint8_t k[32],
    const uint8_t salt[RECORD_SALT])
{
	(void)ctx;
	(void)at;
	ngets++;
	if (dht_full)
		return 0;
	memcpy(wanted.k, k, 32);
	memcpy(wanted.salt, salt, RECORD_SALT);
	return ++last_search;
}

static void
on_cancel(void *ctx, uint64_t at, uint32_t search)
{
	(void)ctx;
	(void)at;
	(void)search;
	ncancels++;
}

static int
on_ask(void *ctx, const struct who_has *q)
{
	(void)ctx;
	if (!engine)
		return -1;
	nasked++;
	last_req = q->req;
	return 0;
}

static void
on_answer(void *ctx, struct lookup_waiter w, const struct lookup_answer *a)
{
	(void)ctx;
	(void)w;
	nanswers++;
	last = *a;
}

static void
lan_quiet(void *ctx, unsigned families, const uint8_t *p, size_t len)
{
	(void)ctx;
	(void)families;
	(void)p;
	(void)len;
}

static void
start(bool dht)
{
	const struct lan_io lio = {.send = lan_quiet};
	const struct lookup_io io = {.get = on_get,
	    .cancel = on_cancel,
	    .ask_peers = on_ask,
	    .answer = on_answer,
	    .rnd = {.fill = net_fill, .ctx = &seed}};
	struct lookup_world world;

	seed = unit_seed();
	now_ms = 1000;
	engine = true;
	dht_full = false;
	ngets = ncancels = nasked = nanswers = 0;
	net_conf(&net, 0);
	book = book_new();
	ms = members_new();
	lan = lan_new(&lio);
	places = (struct msg_places){0};
	world = (struct lookup_world){book, ms, lan, &places};
	members_configure(ms, T0, &net);
	f = lookup_new(&io, &world);
	ck_assert_ptr_nonnull(f);
	lookup_configure(f, now_ms, dht, 5000);
}

static void
stop(void)
{
	lookup_free(f);
	lan_free(lan);
	members_free(ms);
	book_free(book);
}

static void
ask(unsigned about, uint32_t id)
{
	struct msg_find_ask q = {.what = FIND_IP, .ip = net_ip(about)};

	lookup_ask(f, now_ms, T0, &q, (struct lookup_waiter){.id = id});
}

static void
run(uint64_t ms_more)
{
	uint64_t end = now_ms + ms_more;

	for (unsigned i = 0; i < 100000 && lookup_due(f) <= end; i++) {
		ck_assert_uint_lt(i, 1000);
		if (lookup_due(f) > now_ms)
			now_ms = lookup_due(f);
		lookup_tick(f, now_ms, T0);
	}
	now_ms = end;
}

static void
to_item(struct dht_item *item, const struct record *r)
{
	*item = (struct dht_item){.is_mutable = true,
	    .saltlen = RECORD_SALT,
	    .seq = r->seq,
	    .vlen = r->vlen};
	memcpy(item->k, r->k, 32);
	memcpy(item->salt, r->salt, RECORD_SALT);
	memcpy(item->sig, r->sig, 64);
	memcpy(item->v, r->v, r->vlen);
}

/* The DHT has this record, if it was asked for it. */
static void
dht_has(const struct record *r)
{
	struct dht_item item;

	ck_assert_mem_eq(wanted.k, r->k, 32);
	ck_assert_mem_eq(wanted.salt, r->salt, RECORD_SALT);
	to_item(&item, r);
	ck_assert(lookup_item(f, now_ms, T0, last_search, &item));
}

static void
dht_ends(uint32_t search, enum dht_result result)
{
	struct dht_report r = {.result = result};

	ck_assert(lookup_done(f, now_ms, T0, search, &r));
}

static struct bundle
know(unsigned i)
{
	struct bundle b;
	bool fresh;

	net_bundle(&b, i, 100 + i);
	members_cert(ms, T0, b.cert, b.certlen, &fresh);
	return b;
}

START_TEST(peers_first_then_the_dht_then_its_place)
{
	struct bundle b;
	struct record place;

	start(true);
	ask(3, 1);
	ck_assert_uint_eq(nasked, 1);
	ck_assert_uint_eq(ngets, 0);
	run(150);
	ck_assert_uint_eq(ngets, 1);
	net_bundle(&b, 3, 103);
	for (unsigned i = 0; i < b.nrecords; i++)
		if (memcmp(b.record[i].salt, wanted.salt, RECORD_SALT) == 0) {
			dht_has(&b.record[i]);
			break;
		}
	ck_assert_uint_eq(ngets, 2);
	ck_assert_uint_eq(nanswers, 0);
	net_place(&place, 3, T0, "192.0.2.3");
	dht_has(&place);
	ck_assert_uint_eq(nanswers, 1);
	ck_assert_int_eq(last.row.status, LOOKUP_FOUND);
	ck_assert_int_eq(last.row.source, FIND_DHT);
	ck_assert_uint_eq(last.row.reply.n, 1);
	stop();
}
END_TEST

START_TEST(without_an_engine_the_dht_is_asked_at_once)
{
	start(true);
	engine = false;
	ask(3, 1);
	ck_assert_uint_eq(ngets, 1);
	stop();
}
END_TEST

START_TEST(equal_questions_are_one)
{
	start(true);
	for (uint32_t i = 0; i < LOOKUP_WAITERS_MAX; i++)
		ask(3, i);
	ck_assert_uint_eq(nasked, 1);
	ck_assert_uint_eq(nanswers, 0);
	ask(3, 99);
	ck_assert_uint_eq(nanswers, 1);
	ck_assert_int_eq(last.row.status, LOOKUP_BUSY);
	run(6000);
	ck_assert_uint_eq(nanswers, 1 + LOOKUP_WAITERS_MAX);
	stop();
}
END_TEST

START_TEST(more_questions_than_there_is_room_for_are_busy)
{
	start(true);
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		struct msg_find_ask q = {.what = FIND_KEY};

		memcpy(q.key, &i, sizeof(i));
		lookup_ask(f, now_ms, T0, &q, (struct lookup_waiter){.id = i});
	}
	ck_assert_uint_eq(nanswers, 0);
	ask(3, 1);
	ck_assert_int_eq(last.row.status, LOOKUP_BUSY);
	ck_assert_uint_eq(lookup_stats(f)->busy, 1);
	run(6000);
	ck_assert_uint_eq(lookup_stats(f)->open, 0);
	ck_assert_uint_eq(nanswers, LOOKUP_QUESTIONS_MAX + 1);
	stop();
}
END_TEST

START_TEST(the_end_of_time_is_unknown_and_cancels_searches)
{
	start(true);
	ask(3, 1);
	run(4999);
	ck_assert_uint_eq(nanswers, 0);
	run(1);
	ck_assert_uint_eq(nanswers, 1);
	ck_assert_int_eq(last.row.status, LOOKUP_UNKNOWN);
	ck_assert_uint_eq(ncancels, 1);
	stop();
}
END_TEST

START_TEST(two_searches_without_result_end_the_question_early)
{
	start(true);
	ask(3, 1);
	run(200);
	dht_ends(1, DHT_NONE);
	run(1400);
	ck_assert_uint_eq(ngets, 1);
	run(100);
	ck_assert_uint_eq(ngets, 2); /* it may just be on its way there */
	ck_assert_uint_eq(nanswers, 0);
	dht_ends(2, DHT_NONE);
	ck_assert_uint_eq(nanswers, 1);
	stop();
}
END_TEST

START_TEST(a_dht_that_knows_nobody_is_asked_again_and_not_held_against_it)
{
	start(true);
	ask(3, 1);
	run(200);
	dht_ends(1, DHT_NOBODY);
	run(600);
	ck_assert_uint_eq(ngets, 2);
	dht_ends(2, DHT_NOBODY);
	run(5000);
	ck_assert_int_eq(last.row.status, LOOKUP_UNKNOWN);
	ask(3, 1);
	ck_assert_uint_eq(nasked, 2); /* not refused from memory */
	stop();
}
END_TEST

START_TEST(too_many_searches_are_tried_again)
{
	start(true);
	dht_full = true;
	ask(3, 1);
	run(200);
	ck_assert_uint_eq(ngets, 1);
	dht_full = false;
	run(600);
	ck_assert_uint_eq(ngets, 2);
	stop();
}
END_TEST

START_TEST(unknown_is_remembered_for_longer_each_time)
{
	start(false);
	ask(3, 1);
	run(300);
	ck_assert_uint_eq(nanswers, 1);
	ask(3, 1);
	ck_assert_uint_eq(nanswers, 2);
	ck_assert_uint_eq(nasked, 1);
	now_ms += REFUSALS_MS;
	ask(3, 1);
	ck_assert_uint_eq(nasked, 2);
	run(300);
	now_ms += REFUSALS_MS;
	ask(3, 1);
	ck_assert_uint_eq(nasked, 2);
	stop();
}
END_TEST

START_TEST(what_is_learned_ends_a_refusal)
{
	struct record r;
	bool fresh;

	start(false);
	ask(3, 1);
	run(300);
	know(3);
	net_place(&r, 3, T0, "192.0.2.3");
	members_record(ms, T0, &r, &fresh);
	ask(3, 1);
	ck_assert_int_eq(last.row.status, LOOKUP_FOUND);
	ck_assert_int_eq(last.row.source, FIND_CACHE);
	stop();
}
END_TEST

START_TEST(an_old_place_is_told_at_once_and_renewed_behind)
{
	struct record r;
	struct member *m;
	bool fresh;

	start(true);
	know(3);
	net_place(&r, 3, T0 - 600, "192.0.2.3");
	m = members_record(ms, T0, &r, &fresh);
	m->place_s = T0 - LOOKUP_FRESH_S - 1;
	ask(3, 1);
	ck_assert_uint_eq(nanswers, 1);
	ck_assert_uint_eq(last.row.age_s, 600);
	ck_assert_uint_eq(nasked, 1);
	run(150);
	ck_assert_uint_eq(ngets, 1);
	net_place(&r, 3, T0, "192.0.2.33");
	dht_has(&r);
	dht_ends(1, DHT_FOUND);
	run(300);
	ask(3, 1);
	ck_assert_uint_eq(nanswers, 2);
	ck_assert_uint_eq(last.row.reply.c[0].ep.addr.b[3], 33);
	ck_assert_uint_eq(ngets, 1); /* fresh now */
	stop();
}
END_TEST

START_TEST(a_certificate_without_a_place_is_better_than_nothing)
{
	start(true);
	know(3);
	ask(3, 1);
	run(200);
	dht_ends(1, DHT_NONE);
	run(1600);
	dht_ends(2, DHT_NONE);
	ck_assert_int_eq(last.row.status, LOOKUP_FOUND);
	ck_assert_uint_eq(last.row.reply.n, 0);
	ck_assert_uint_gt(last.row.reply.certlen, 0);
	stop();
}
END_TEST

START_TEST(an_answer_of_a_peer_counts_for_whoever_asked)
{
	struct bundle b;
	struct record r;
	bool fresh;

	start(true);
	ask(3, 1);
	b = know(3);
	net_place(&r, 3, T0, "192.0.2.3");
	members_record(ms, T0, &r, &fresh);
	{
		uint8_t key[32];

		net_node_key(key, 3);
		lookup_learned(f, now_ms, T0, key, last_req);
	}
	ck_assert_uint_eq(nanswers, 1);
	ck_assert_int_eq(last.row.source, FIND_PEERS);
	(void)b;
	stop();
}
END_TEST

START_TEST(an_item_of_another_member_is_refused)
{
	struct dht_item item;
	struct bundle b;

	start(true);
	ask(3, 1);
	run(150);
	net_bundle(&b, 4, 104);
	to_item(&item, &b.record[0]);
	ck_assert(lookup_item(f, now_ms, T0, last_search, &item));
	ck_assert_uint_eq(ngets, 1);
	run(6000);
	ck_assert_int_eq(last.row.status, LOOKUP_UNKNOWN);
	stop();
}
END_TEST

START_TEST(a_place_inside_the_overlay_is_not_offered)
{
	struct record r;
	bool fresh;

	start(false);
	know(3);
	net_place(&r, 3, T0, "10.77.0.9");
	members_record(ms, T0, &r, &fresh);
	ask(3, 1);
	run(300);
	ck_assert_uint_eq(last.row.reply.n, 0);
	stop();
}
END_TEST

/* Member 3 says it is there: how many places are told of it? */
static unsigned
offered(const char *ip, uint64_t seq)
{
	struct record r;
	bool fresh;

	net_place(&r, 3, seq, ip);
	ck_assert_ptr_nonnull(members_record(ms, T0, &r, &fresh));
	nanswers = 0;
	ask(3, 1);
	run(6000);
	ck_assert_uint_eq(nanswers, 1);
	return last.row.reply.n;
}

START_TEST(a_private_place_is_for_who_is_in_a_private_network)
{
	static const char *const private[] = {
	    "10.1.2.3", "172.31.0.1", "192.168.7.7", "100.64.0.9", "fd12::7"};
	static const char *const public[] = {"11.0.0.1", "172.32.0.1",
	    "192.169.0.1", "100.128.0.1", "2001:db8::7"};
	struct bundle b;
	bool fresh;

	start(false);
	net_bundle(&b, 3, 103);
	ck_assert_ptr_nonnull(members_cert(ms, T0, b.cert, b.certlen, &fresh));
	places.n = 2;
	places.at[0].ep = net_ep("198.51.100.1", 51820);
	places.at[1].ep = net_ep("2001:db8::1", 51820);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(offered(private[i], T0 + 2 * i), 0);
		ck_assert_uint_eq(offered(public[i], T0 + 2 * i + 1), 1);
	}
	/* of each family its own */
	places.at[0].ep = net_ep("192.168.0.1", 51820);
	ck_assert_uint_eq(offered("10.1.2.3", T0 + 20), 1);
	ck_assert_uint_eq(offered("fd12::7", T0 + 21), 0);
	stop();
}
END_TEST

START_TEST(whose_places_are_out_of_reach_may_be_relayed_by_who_is_up)
{
	struct addr four = net_ip(4);

	start(false);
	know(3);
	know(4);
	places.n = 1;
	places.at[0].ep = net_ep("198.51.100.1", 51820);
	ck_assert_uint_eq(offered("10.1.2.3", T0), 0);
	members_by_ip(ms, T0, &four)->up = true;
	ck_assert_uint_eq(offered("10.1.2.4", T0 + 1), 0); /* may not */
	members_by_ip(ms, T0, &four)->cert.caps = CERT_CAP_RELAY;
	ck_assert_uint_eq(offered("10.1.2.4", T0 + 1), 1);
	ck_assert_int_eq(last.row.reply.c[0].type, CANDIDATE_RELAY);
	/* and whose are not, if they fail */
	ck_assert_uint_eq(offered("11.0.0.1", T0 + 2), 2);
	ck_assert_int_ne(last.row.reply.c[0].type, CANDIDATE_RELAY);
	ck_assert_int_eq(last.row.reply.c[1].type, CANDIDATE_RELAY);
	stop();
}
END_TEST

/* One may die.  Who is up comes first; of the others, whose place is known. */
START_TEST(two_relays_are_named_and_no_more)
{
	struct record r;
	bool fresh;

	start(false);
	places.n = 1;
	places.at[0].ep = net_ep("198.51.100.1", 51820);
	for (unsigned i = 3; i < 8; i++)
		know(i);
	for (unsigned i = 4; i < 8; i++) {
		struct addr a = net_ip(i);

		members_by_ip(ms, T0, &a)->cert.caps = CERT_CAP_RELAY;
		members_by_ip(ms, T0, &a)->up = i == 6;
	}
	ck_assert_uint_eq(offered("11.0.0.1", T0), 2);
	net_place(&r, 5, T0, "192.0.2.5");
	ck_assert_ptr_nonnull(members_record(ms, T0, &r, &fresh));
	net_place(&r, 7, T0, "192.0.2.7");
	ck_assert_ptr_nonnull(members_record(ms, T0, &r, &fresh));
	ck_assert_uint_eq(offered("11.0.0.1", T0 + 1), 3);
	ck_assert_int_ne(last.row.reply.c[0].type, CANDIDATE_RELAY);
	ck_assert_int_eq(last.row.reply.c[1].type, CANDIDATE_RELAY);
	ck_assert_int_eq(last.row.reply.c[2].type, CANDIDATE_RELAY);
	ck_assert(!addr_eq(
	    &last.row.reply.c[1].ep.addr, &last.row.reply.c[2].ep.addr));
	stop();
}
END_TEST

/* its place is not said at once, or by nobody */
START_TEST(whose_certificate_came_alone_may_be_relayed_by_who_is_up)
{
	struct addr four = net_ip(4);

	start(true);
	know(4);
	members_by_ip(ms, T0, &four)->up = true;
	members_by_ip(ms, T0, &four)->cert.caps = CERT_CAP_RELAY;
	know(3);
	ask(3, 1);
	run(LOOKUP_PEERS_MS - 1);
	ck_assert_uint_eq(nanswers, 0);
	run(1);
	ck_assert_uint_eq(nanswers, 1);
	ck_assert_uint_eq(last.row.reply.n, 1);
	ck_assert_int_eq(last.row.reply.c[0].type, CANDIDATE_RELAY);
	stop();
}
END_TEST

START_TEST(nobody_is_answered_who_is_gone)
{
	start(true);
	ask(3, 1);
	lookup_drop(f, false);
	run(6000);
	ck_assert_uint_eq(nanswers, 0);
	stop();
}
END_TEST

START_TEST(the_address_book_goes_before_everything)
{
	struct prefix p = {.addr = net_ip(3), .len = 32};
	struct conf_peer peer = {
	    .nallowed = 1, .allowed = &p, .key = {7}, .name = "stock"};
	struct msg_find_ask q = {.what = FIND_NAME, .name = "STOCK"};

	start(true);
	book_add(book, &peer);
	book_commit(book);
	know(3);
	ask(3, 1);
	ck_assert_uint_eq(last.row.reply.key[0], 7);
	lookup_ask(f, now_ms, T0, &q, (struct lookup_waiter){0});
	ck_assert_uint_eq(nanswers, 2);
	ck_assert_int_eq(last.row.source, FIND_BOOK);
	stop();
}
END_TEST

START_TEST(refusals_forget_what_ends_first)
{
	static struct refusals rs;

	refusals_clear(&rs);
	for (uint64_t i = 0; i < REFUSALS_MAX + 1; i++)
		refusals_add(&rs, 1000 + i, i + 1);
	ck_assert(!refusals_has(&rs, 2000, 1));
	ck_assert(refusals_has(&rs, 2000, 2));
	ck_assert(refusals_has(&rs, 2000, REFUSALS_MAX + 1));
	refusals_forget(&rs, 2);
	ck_assert(!refusals_has(&rs, 2000, 2));
}
END_TEST

START_TEST(refusals_end_at_five_minutes)
{
	static struct refusals rs;
	uint64_t t = 1000;

	refusals_clear(&rs);
	for (int i = 0; i < 10; i++) {
		refusals_add(&rs, t, 1);
		t = rs.row[0].until_ms;
		ck_assert(!refusals_has(&rs, t, 1));
	}
	ck_assert_uint_eq(rs.row[0].wait_ms, REFUSALS_LONGEST_MS);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    peers_first_then_the_dht_then_its_place,
	    without_an_engine_the_dht_is_asked_at_once,
	    equal_questions_are_one,
	    more_questions_than_there_is_room_for_are_busy,
	    the_end_of_time_is_unknown_and_cancels_searches,
	    two_searches_without_result_end_the_question_early,
	    a_dht_that_knows_nobody_is_asked_again_and_not_held_against_it,
	    too_many_searches_are_tried_again,
	    unknown_is_remembered_for_longer_each_time,
	    what_is_learned_ends_a_refusal,
	    an_old_place_is_told_at_once_and_renewed_behind,
	    a_certificate_without_a_place_is_better_than_nothing,
	    an_answer_of_a_peer_counts_for_whoever_asked,
	    an_item_of_another_member_is_refused,
	    a_place_inside_the_overlay_is_not_offered,
	    a_private_place_is_for_who_is_in_a_private_network,
	    whose_places_are_out_of_reach_may_be_relayed_by_who_is_up,
	    two_relays_are_named_and_no_more,
	    whose_certificate_came_alone_may_be_relayed_by_who_is_up,
	    nobody_is_answered_who_is_gone,
	    the_address_book_goes_before_everything,
	    refusals_forget_what_ends_first,
	    refusals_end_at_five_minutes,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("lookup", tests);
}
