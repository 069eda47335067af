/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_gossip.c */
/* What members tell each other: answered, believed, bounded. */
#include "disc_net.h"
#include "gossip.h"

static struct gossip *g;
static struct members *ms;
static uint64_t now_ms, seed;
static unsigned nsent, nlearned, nrefused;
static struct msg_peer_frame sent[512];
static uint32_t learned_req;

static int
on_send(void *ctx, const struct msg_peer_frame *m)
{
	(void)ctx;
	ck_assert_uint_lt(nsent, 512);
	sent[nsent++] = *m;
	return 0;
}

static void
on_learned(void *ctx, uint64_t at, const uint8_t key[32], uint32_t req)
{
	(void)ctx;
	(void)at;
	(void)key;
	nlearned++;
	learned_req = req;
}

static void
on_refused(void *ctx, uint32_t req)
{
	(void)ctx;
	(void)req;
	nrefused++;
}

static void
start(void)
{
	const struct gossip_io io = {.send = on_send,
	    .learned = on_learned,
	    .refused = on_refused,
	    .rnd = {.fill = net_fill, .ctx = &seed}};
	struct conf_net net;

	seed = unit_seed();
	now_ms = 1000000;
	nsent = nlearned = nrefused = 0;
	net_conf(&net, 0);
	ms = members_new();
	members_configure(ms, T0, &net);
	g = gossip_new(&io, ms);
	ck_assert_ptr_nonnull(g);
}

static void
stop(void)
{
	gossip_free(g);
	members_free(ms);
}

static void
know(unsigned i, bool with_records)
{
	struct bundle b;
	struct record r;
	bool fresh;

	net_bundle(&b, i, 100 + i);
	members_cert(ms, T0, b.cert, b.certlen, &fresh);
	for (unsigned j = 0; with_records && j < b.nrecords; j++)
		members_record(ms, T0, &b.record[j], &fresh);
	net_place(&r, i, T0, "192.0.2.1");
	members_record(ms, T0, &r, &fresh);
}

static void
frame(uint8_t from, enum frame_type type, const uint8_t *body, size_t len)
{
	struct msg_peer_frame m = {.type = (uint8_t)type, .len = (uint16_t)len};

	memset(m.key, from, sizeof(m.key));
	memcpy(m.body, body, len);
	gossip_frame(g, now_ms, T0, &m);
}

static void
ask(uint8_t from, unsigned about)
{
	struct who_has q = {
	    .req = 5, .ask = {.what = FIND_IP, .ip = net_ip(about)}};
	uint8_t body[FRAME_BODY_MAX];

	frame(from, FRAME_WHO_HAS, body, who_has_put(body, &q));
}

static void
run(uint64_t ms_more)
{
	uint64_t end = now_ms + ms_more;

	while (gossip_due(g) <= end) {
		if (gossip_due(g) > now_ms)
			now_ms = gossip_due(g);
		gossip_tick(g, now_ms, T0);
	}
	now_ms = end;
}

START_TEST(a_question_is_answered_with_the_record_and_the_place)
{
	struct told t;

	start();
	know(3, true);
	ask('p', 3);
	ck_assert_uint_eq(nsent, 2);
	ck_assert_uint_eq(sent[0].key[0], 'p');
	ck_assert_int_eq(told_get(sent[0].body, sent[0].len, &t), 0);
	ck_assert_uint_eq(t.req, 5);
	ck_assert_int_eq(t.record.kind, REC_ADDRESS);
	ck_assert_int_eq(told_get(sent[1].body, sent[1].len, &t), 0);
	ck_assert_int_eq(t.record.kind, REC_PLACE);
	stop();
}
END_TEST

START_TEST(without_a_record_the_certificate_itself_is_sent)
{
	struct told t;

	start();
	know(3, false);
	ask('p', 3);
	ck_assert_int_eq(told_get(sent[0].body, sent[0].len, &t), 0);
	ck_assert(t.is_cert);
	stop();
}
END_TEST

START_TEST(who_knows_nothing_says_nothing)
{
	start();
	ask('p', 3);
	ck_assert_uint_eq(nsent, 0);
	stop();
}
END_TEST

START_TEST(of_one_member_so_many_frames_a_second_are_read)
{
	start();
	know(3, false);
	for (unsigned i = 0; i < 100; i++)
		ask('p', 3);
	ck_assert_uint_eq(nsent, 2 * GOSSIP_BURST);
	ck_assert_uint_eq(gossip_stats(g)->limited, 100 - GOSSIP_BURST);
	ask('q', 3); /* another one is not to blame */
	ck_assert_uint_eq(nsent, 2 * GOSSIP_BURST + 2);
	now_ms += 1000;
	for (unsigned i = 0; i < 100; i++)
		ask('p', 3);
	ck_assert_uint_eq(nsent, 2 * (GOSSIP_BURST + GOSSIP_RATE) + 2);
	stop();
}
END_TEST

START_TEST(a_right_record_is_learned_and_a_forged_one_is_not)
{
	struct told t = {.req = 8};
	uint8_t body[FRAME_BODY_MAX];
	struct bundle b;

	start();
	net_bundle(&b, 4, 104);
	t.record = b.record[0];
	frame('p', FRAME_RECORD, body, told_put(body, &t));
	ck_assert_uint_eq(nlearned, 1);
	ck_assert_uint_eq(learned_req, 8);
	t.record.sig[3] ^= 1;
	frame('p', FRAME_RECORD, body, told_put(body, &t));
	ck_assert_uint_eq(nlearned, 1);
	ck_assert_uint_eq(nrefused, 1);
	stop();
}
END_TEST

START_TEST(unknown_keys_are_asked_for_one_by_one)
{
	struct peers_row row[PEERS_ROWS_MAX] = {0};
	uint8_t body[FRAME_BODY_MAX];
	struct who_has q;

	start();
	for (unsigned i = 0; i < PEERS_ROWS_MAX; i++)
		row[i].key[0] = (uint8_t)(i + 1);
	for (unsigned i = 0; i < 4; i++) {
		row[0].key[1]++;
		frame('p', FRAME_PEERS, body,
		    peers_put(body, row, PEERS_ROWS_MAX));
	}
	run(59999);
	ck_assert_uint_eq(nsent, 6);
	ck_assert_int_eq(who_has_get(sent[0].body, sent[0].len, &q), 0);
	ck_assert_int_eq(q.ask.what, FIND_KEY);
	ck_assert_uint_ge(q.req, GOSSIP_REQ);
	run(3600000);
	ck_assert_uint_le(nsent, GOSSIP_WANTED_MAX);
	stop();
}
END_TEST

START_TEST(who_is_up_is_told_once_a_minute_to_a_few)
{
	struct endpoint ep = net_ep("192.0.2.1", 1);
	struct peers_row row[PEERS_ROWS_MAX];
	uint8_t key[32];

	start();
	for (unsigned i = 1; i < 40; i++) {
		know(i, false);
		net_node_key(key, i);
		members_seen(ms, T0, key, &ep, true);
		gossip_change(g, now_ms, key, true);
	}
	run(5000);
	ck_assert_uint_eq(nsent, GOSSIP_PEERS_TO);
	ck_assert_int_eq(
	    peers_get(sent[0].body, sent[0].len, row), PEERS_ROWS_MAX);
	for (unsigned i = 0; i < 10; i++) {
		gossip_change(g, now_ms, key, true);
		run(1000);
	}
	ck_assert_uint_eq(nsent, GOSSIP_PEERS_TO);
	run(60000);
	ck_assert_uint_eq(nsent, 2 * GOSSIP_PEERS_TO);
	run(3600000);
	ck_assert_uint_eq(nsent, 2 * GOSSIP_PEERS_TO);
	stop();
}
END_TEST

START_TEST(our_place_is_told_when_it_is_new_and_to_who_comes_up)
{
	struct record r;
	uint8_t key[32];

	start();
	net_place(&r, 0, T0, "192.0.2.1");
	gossip_own(g, &r);
	ck_assert_uint_eq(nsent, 1);
	net_node_key(key, 3);
	gossip_change(g, now_ms, key, true);
	ck_assert_uint_eq(nsent, 2);
	ck_assert_mem_eq(sent[1].key, key, 32);
	stop();
}
END_TEST

START_TEST(a_relay_that_comes_is_told_sooner)
{
	struct endpoint ep = net_ep("192.0.2.1", 1);
	struct addr two = net_ip(2);
	uint8_t key[32];
	unsigned before;

	start();
	for (unsigned i = 1; i < 4; i++) {
		know(i, false);
		net_node_key(key, i);
		members_seen(ms, T0, key, &ep, true);
		gossip_change(g, now_ms, key, true);
	}
	run(5000);
	before = nsent;
	net_node_key(key, 2);
	gossip_change(g, now_ms, key, true);
	run(GOSSIP_RELAY_MS);
	ck_assert_uint_eq(nsent, before); /* within the minute, and may not */
	members_by_ip(ms, T0, &two)->cert.caps = CERT_CAP_RELAY;
	gossip_change(g, now_ms, key, true);
	run(3000);
	ck_assert_uint_eq(nsent, before + 3);
	stop();
}
END_TEST

START_TEST(who_comes_up_hears_of_two_relays_that_are_up)
{
	struct endpoint ep = net_ep("192.0.2.1", 1);
	uint8_t key[32];
	struct told t;

	start();
	for (unsigned i = 1; i < 6; i++) {
		struct addr a = net_ip(i);

		know(i, false);
		net_node_key(key, i);
		members_seen(ms, T0, key, &ep, i != 3);
		/* 1 may not, 3 is not up */
		if (i > 1)
			members_by_ip(ms, T0, &a)->cert.caps = CERT_CAP_RELAY;
	}
	net_node_key(key, 5);
	gossip_change(g, now_ms, key, true);
	ck_assert_uint_eq(nsent, 4); /* a certificate and a place of each */
	for (unsigned i = 0; i < nsent; i++) {
		ck_assert_int_eq(sent[i].type, FRAME_RECORD);
		ck_assert_mem_eq(sent[i].key, key, 32);
		ck_assert_int_eq(told_get(sent[i].body, sent[i].len, &t), 0);
		ck_assert_uint_eq(t.req, 0);
	}
	gossip_change(g, now_ms, key, false);
	ck_assert_uint_eq(nsent, 4);
	stop();
}
END_TEST

START_TEST(noise_is_counted)
{
	uint8_t body[FRAME_BODY_MAX] = {0};

	start();
	frame('p', FRAME_WHO_HAS, body, 3);
	frame('p', FRAME_RECORD, body, 700);
	frame('p', FRAME_PEERS, body, 9);
	frame('p', (enum frame_type)99, body, 9);
	ck_assert_uint_eq(gossip_stats(g)->malformed, 4);
	ck_assert_uint_eq(nsent, 0);
	stop();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_question_is_answered_with_the_record_and_the_place,
	    without_a_record_the_certificate_itself_is_sent,
	    who_knows_nothing_says_nothing,
	    of_one_member_so_many_frames_a_second_are_read,
	    a_right_record_is_learned_and_a_forged_one_is_not,
	    unknown_keys_are_asked_for_one_by_one,
	    who_is_up_is_told_once_a_minute_to_a_few,
	    our_place_is_told_when_it_is_new_and_to_who_comes_up,
	    a_relay_that_comes_is_told_sooner,
	    who_comes_up_hears_of_two_relays_that_are_up,
	    noise_is_counted,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("gossip", tests);
}
