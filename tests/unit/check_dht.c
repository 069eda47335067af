/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_dht.c */
/* One DHT node: what it answers, whom it believes, what it sends to whom. */
#include "dht_hand.h"

static const struct dht_conf members = {
    .v4 = true, .is_private = true, .any_address = true};
static const struct dht_conf strangers = {.v4 = true};
static const struct dht_conf tagged = {
    .v4 = true, .is_private = true, .has_tag = true, .tag = "mesh-tag"};
static const uint8_t id_a[DHT_ID] = {0xaa, 1}, id_b[DHT_ID] = {0x5b, 2};

static struct hand *
begin(const struct dht_conf *c)
{
	ck_assert_int_eq(crypto_init(), 0);
	return hand_new(c);
}

static uint32_t
nodes_of(struct hand *h)
{
	struct dht_stats s;

	dht_stats(h->d, &s);
	return s.nodes4 + s.nodes6;
}

/* ---- queries ---- */

START_TEST(a_ping_is_answered_with_our_id_and_the_askers_address)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = hand_query(KRPC_PING, id_a);
	const struct hand_sent *r;

	hand_give(h, &a, &q);
	r = hand_last(h, &a, KRPC_RESPONSE);
	ck_assert_ptr_nonnull(r);
	ck_assert_mem_eq(r->m.id, dht_own_id(h->d, 4), DHT_ID);
	ck_assert(endpoint_eq(&r->m.ip, &a));
	ck_assert(octets_eq(&r->m.t, "quux", 4));
	hand_free(h);
}
END_TEST

START_TEST(a_node_enters_by_answering_twice_not_by_asking)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = hand_query(KRPC_PING, id_a);

	hand_give(h, &a, &q);
	ck_assert_uint_eq(nodes_of(h), 0);
	hand_pong(h, &a, id_a);
	ck_assert_uint_eq(nodes_of(h), 0);
	hand_pong(h, &a, id_a);
	ck_assert_uint_eq(nodes_of(h), 1);
	hand_free(h);
}
END_TEST

START_TEST(one_node_is_enough_to_be_found_whatever_its_family)
{
	static const struct dht_conf both = {
	    .v4 = true, .v6 = true, .is_private = true, .any_address = true};
	struct hand *h = begin(&both);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct dht_node got[2];

	ck_assert_uint_eq(dht_nodes(h->d, got, 1), 0);
	hand_befriend(h, &a, id_a);
	ck_assert_uint_eq(dht_nodes(h->d, got, 1), 1);
	ck_assert(endpoint_eq(&got[0].ep, &a));
	ck_assert_uint_eq(dht_nodes(h->d, got, 2), 1);
	hand_free(h);
}
END_TEST

START_TEST(who_is_somebody_else_the_second_time_does_not_enter)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = hand_query(KRPC_PING, id_a);
	struct dht_stats s;

	hand_give(h, &a, &q);
	hand_pong(h, &a, id_a);
	hand_pong(h, &a, id_b);
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.nodes4, 0);
	ck_assert_uint_eq(s.banned, 1);
	hand_free(h);
}
END_TEST

START_TEST(read_only_nodes_are_answered_and_never_asked)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = hand_query(KRPC_FIND_NODE, id_a);

	q.read_only = true;
	q.target = id_b;
	hand_give(h, &a, &q);
	ck_assert_ptr_nonnull(hand_last(h, &a, KRPC_RESPONSE));
	ck_assert_ptr_null(hand_last(h, &a, KRPC_QUERY));
	hand_free(h);
}
END_TEST

START_TEST(what_nobody_asked_for_changes_nothing)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct krpc_msg q = hand_query(KRPC_PING, id_a), r;
	struct dht_stats s;

	hand_give(h, &a, &q);
	r = hand_last(h, &a, KRPC_QUERY)->m;
	r.kind = KRPC_RESPONSE;
	r.id = id_b;
	hand_give(h, &b, &r); /* right id, wrong address */
	r.t = (struct octets){(const uint8_t *)"none", 4};
	hand_give(h, &a, &r); /* right address, wrong id */
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.unsolicited, 2);
	ck_assert_uint_eq(s.nodes4, 0);
	ck_assert_uint_eq(s.pending, 1);
	hand_free(h);
}
END_TEST

START_TEST(nodes_are_told_to_who_asks)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct krpc_msg q = hand_query(KRPC_FIND_NODE, id_b);
	const struct hand_sent *r;
	struct dht_node n;

	hand_befriend(h, &a, id_a);
	q.target = id_b;
	hand_give(h, &b, &q);
	r = hand_last(h, &b, KRPC_RESPONSE);
	ck_assert_uint_eq(krpc_nnodes(&r->m, 4), 1);
	krpc_node(&r->m, 4, 0, &n);
	ck_assert(endpoint_eq(&n.ep, &a));
	ck_assert_mem_eq(n.id, id_a, DHT_ID);
	hand_free(h);
}
END_TEST

START_TEST(unknown_queries_with_a_target_are_like_find_node)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct krpc_msg q = hand_query(KRPC_OTHER, id_b);

	hand_befriend(h, &a, id_a);
	q.name = (struct octets){(const uint8_t *)"sample", 6};
	hand_give(h, &b, &q);
	ck_assert_uint_eq(hand_last(h, &b, KRPC_ERROR)->m.code, KRPC_E_METHOD);
	q.target = id_b;
	hand_give(h, &b, &q);
	ck_assert_uint_eq(
	    krpc_nnodes(&hand_last(h, &b, KRPC_RESPONSE)->m, 4), 1);
	hand_free(h);
}
END_TEST

START_TEST(a_query_that_lacks_something_is_told_so)
{
	static const char bad[] = "d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q9:find_"
				  "node1:t2:xx1:y1:qe";
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	dht_from_udp(h->d, h->now_ms, &a, (const uint8_t *)bad, strlen(bad));
	ck_assert_uint_eq(
	    hand_last(h, &a, KRPC_ERROR)->m.code, KRPC_E_PROTOCOL);
	hand_free(h);
}
END_TEST

/* ---- items ---- */

/* The answer to a get of the item from there. */
static const struct krpc_msg *
get(struct hand *h, const struct endpoint *from, const struct dht_item *it,
    const struct octets *token)
{
	uint8_t target[DHT_ID];
	struct krpc_msg q = hand_query(KRPC_GET, id_b);

	dht_target(target, it);
	q.target = target;
	q.read_only = true; /* no pings among the answers */
	if (token != NULL)
		q.token = *token;
	hand_give(h, from, &q);
	return &hand_last(h, from, KRPC_RESPONSE)->m;
}

static uint32_t
put(struct hand *h, const struct endpoint *from, const struct dht_item *it,
    const struct octets *token, uint64_t cas)
{
	struct krpc_msg q = hand_query(KRPC_PUT, id_b);
	size_t n = h->nsent;

	q.read_only = true;
	q.token = *token;
	q.cas = cas;
	if (it->saltlen > 0)
		q.salt = (struct octets){it->salt, it->saltlen};
	hand_say_item(&q, it);
	hand_give(h, from, &q);
	ck_assert_uint_eq(h->nsent, n + 1);
	return h->sent[n].m.kind == KRPC_ERROR ? h->sent[n].m.code : 0;
}

START_TEST(an_item_is_put_with_a_token_and_got_back)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct octets token = get(h, &a, &it, NULL)->token;
	const struct krpc_msg *r;

	ck_assert_uint_eq(token.len, TOKEN_LEN);
	ck_assert_uint_eq(put(h, &a, &it, &token, KRPC_NO_CAS), 0);
	r = get(h, &a, &it, NULL);
	ck_assert_mem_eq(r->v.p, it.v, it.vlen);
	ck_assert_mem_eq(r->k, it.k, 32);
	ck_assert_mem_eq(r->sig, it.sig, 64);
	ck_assert_uint_eq(r->seq, 7);
	hand_free(h);
}
END_TEST

START_TEST(a_value_is_kept_back_until_the_token_is_shown)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct octets token = get(h, &a, &it, NULL)->token;
	const struct krpc_msg *r;

	put(h, &a, &it, &token, KRPC_NO_CAS);
	r = get(h, &b, &it, NULL);
	ck_assert_ptr_null(r->v.p);
	ck_assert(r->has_seq);
	ck_assert_uint_eq(r->seq, 7);
	/* it is asked for a sign of life as well */
	ck_assert_ptr_nonnull(hand_last(h, &b, KRPC_QUERY));
	token = r->token;
	ck_assert_ptr_nonnull(get(h, &b, &it, &token)->v.p);
	ck_assert_ptr_nonnull(get(h, &b, &it, NULL)->v.p);
	hand_free(h);
}
END_TEST

START_TEST(a_value_is_given_to_who_answered_our_ping)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct octets token = get(h, &a, &it, NULL)->token;

	put(h, &a, &it, &token, KRPC_NO_CAS);
	ck_assert_ptr_null(get(h, &b, &it, NULL)->v.p);
	hand_pong(h, &b, id_b);
	ck_assert_ptr_nonnull(get(h, &b, &it, NULL)->v.p);
	hand_free(h);
}
END_TEST

START_TEST(plain_answers_have_the_value_at_once)
{
	struct dht_conf c = members;
	struct hand *h;
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct dht_item it;
	struct octets token;

	c.plain = true;
	h = begin(&c);
	it = hand_make_item(1, 7, "5:hello");
	token = get(h, &a, &it, NULL)->token;
	put(h, &a, &it, &token, KRPC_NO_CAS);
	ck_assert_ptr_nonnull(get(h, &b, &it, NULL)->v.p);
	hand_free(h);
}
END_TEST

START_TEST(refused_puts_are_told_why)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct dht_item it = hand_make_item(1, 7, "5:hello"), bad = it;
	struct octets token = get(h, &a, &it, NULL)->token;
	const struct octets none = {(const uint8_t *)"12345678", 8};

	ck_assert_uint_eq(put(h, &a, &it, &none, KRPC_NO_CAS), KRPC_E_PROTOCOL);
	bad.v[2] ^= 1;
	ck_assert_uint_eq(put(h, &a, &bad, &token, KRPC_NO_CAS), KRPC_E_SIG);
	ck_assert_uint_eq(put(h, &a, &it, &token, KRPC_NO_CAS), 0);
	bad = hand_make_item(1, 6, "5:hello");
	ck_assert_uint_eq(put(h, &a, &bad, &token, KRPC_NO_CAS), KRPC_E_SEQ);
	bad = hand_make_item(1, 8, "5:hello");
	ck_assert_uint_eq(put(h, &a, &bad, &token, 3), KRPC_E_CAS);
	ck_assert_uint_eq(put(h, &a, &bad, &token, 7), 0);
	hand_free(h);
}
END_TEST

START_TEST(a_token_is_good_for_one_address)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 0, 2);
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct octets token = get(h, &a, &it, NULL)->token;
	struct dht_stats s;

	ck_assert_uint_eq(
	    put(h, &b, &it, &token, KRPC_NO_CAS), KRPC_E_PROTOCOL);
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.bad_token, 1);
	ck_assert_uint_eq(s.items, 0);
	hand_free(h);
}
END_TEST

START_TEST(peers_that_announced_themselves_are_told)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = hand_query(KRPC_GET_PEERS, id_a), p;

	q.target = id_b;
	hand_give(h, &a, &q);
	p = hand_query(KRPC_ANNOUNCE, id_a);
	p.target = id_b;
	p.token = hand_last(h, &a, KRPC_RESPONSE)->m.token;
	p.port = 4711;
	hand_give(h, &a, &p);
	hand_give(h, &a, &q);
	ck_assert_uint_eq(hand_last(h, &a, KRPC_RESPONSE)->m.nvalues, 1);
	hand_free(h);
}
END_TEST

/* ---- amplification ---- */

/* What went to that address since, with headers; queries of ours included. */
static size_t
octets_to(const struct hand *h, const struct endpoint *to, size_t since)
{
	size_t n = 0;

	for (size_t i = since; i < h->nsent; i++)
		if (endpoint_eq(&h->sent[i].to, to))
			n += h->sent[i].len + LIMIT_IP4;
	return n;
}

START_TEST(nobody_who_may_be_forged_gets_more_than_three_times_his_octets)
{
	struct hand *h = begin(&members);
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	uint8_t target[DHT_ID];
	struct octets token;

	for (unsigned i = 1; i < 40; i++) {
		struct endpoint ep = hand_ep(10, 0, 1, i);
		uint8_t id[DHT_ID] = {(uint8_t)(i * 6), (uint8_t)i};

		hand_befriend(h, &ep, id);
		token = get(h, &ep, &it, NULL)->token;
		ck_assert_uint_eq(put(h, &ep, &it, &token, KRPC_NO_CAS), 0);
		h->nsent = 0;
		hand_wait(h, 1000); /* all unverified share 8 KB a second */
	}
	ck_assert_uint_ge(nodes_of(h), 8);
	dht_target(target, &it);
	for (int m = 0; m < KRPC_NMETHODS; m++) {
		struct endpoint v = hand_ep(10, 0, 2, (unsigned)m + 1);
		struct krpc_msg q = hand_query((enum krpc_method)m, id_a);
		size_t before = h->nsent, in;

		if (m == KRPC_PUT || m == KRPC_ANNOUNCE)
			q.token = (struct octets){target, 8};
		if (m == KRPC_OTHER)
			q.name = (struct octets){target, 1};
		if (m == KRPC_PUT)
			hand_say_item(&q, &it);
		else if (m != KRPC_PING)
			q.target = target;
		q.implied_port = m == KRPC_ANNOUNCE;
		in = hand_give(h, &v, &q) + LIMIT_IP4;
		ck_assert_msg(octets_to(h, &v, before) <= 3 * in,
		    "method %d: %zu for %zu", m, octets_to(h, &v, before), in);
		ck_assert_uint_gt(octets_to(h, &v, before), 0);
	}
	hand_free(h);
}
END_TEST

/* ---- addresses ---- */

START_TEST(nothing_is_sent_to_addresses_of_no_host)
{
	struct hand *h = begin(&strangers);
	struct endpoint a = hand_ep(52, 0, 0, 1), to;
	struct dht_node n = {.id = {1}};
	uint8_t nodes[8 * KRPC_NODE4];
	struct krpc_msg r = {.kind = KRPC_RESPONSE};
	struct wbuf w;
	const unsigned bad[8][4] = {{127, 0, 0, 1}, {10, 0, 0, 1},
	    {224, 0, 0, 1}, {0, 0, 0, 0}, {255, 255, 255, 255},
	    {192, 168, 1, 1}, {169, 254, 1, 1}, {52, 0, 0, 2}};

	wbuf_init(&w, nodes, sizeof(nodes));
	for (int i = 0; i < 8; i++) {
		n.id[1] = (uint8_t)i;
		n.ep = hand_ep(bad[i][0], bad[i][1], bad[i][2], bad[i][3]);
		if (i == 7)
			n.ep.port = 0;
		krpc_put_node(&w, &n);
	}
	dht_bootstrap(h->d, h->now_ms, &a);
	hand_wait(h, 10);
	r.nodes = (struct octets){nodes, w.len};
	hand_answer(h, &a, id_a, &r);
	hand_wait(h, 5000);
	for (size_t i = 0; i < h->nsent; i++)
		ck_assert(endpoint_eq(&h->sent[i].to, &a));
	to = hand_ep(127, 0, 0, 1);
	dht_bootstrap(h->d, h->now_ms, &to);
	hand_wait(h, 5000);
	ck_assert_ptr_null(hand_last(h, &to, KRPC_QUERY));
	hand_free(h);
}
END_TEST

START_TEST(our_id_follows_the_address_that_others_agree_on)
{
	struct hand *h = begin(&strangers);
	struct endpoint own = hand_ep(21, 75, 31, 124), is;

	for (unsigned i = 1; i < 8; i++) {
		struct endpoint ep = hand_ep(52, i, 3, 1);
		uint8_t id[DHT_ID] = {(uint8_t)(i << 5), (uint8_t)i};
		struct krpc_msg q = hand_query(KRPC_PING, id),
				r = {.kind = KRPC_RESPONSE, .ip = own};

		hand_give(h, &ep, &q);
		hand_answer(h, &ep, id, &r);
	}
	dht_own_address(h->d, 4, &is);
	ck_assert(addr_eq(&is.addr, &own.addr));
	ck_assert(node_id_fits(dht_own_id(h->d, 4), &own.addr));
	hand_free(h);
}
END_TEST

/* ---- the private swarm ---- */

START_TEST(without_the_tag_nothing_is_answered_or_believed)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = hand_query(KRPC_PING, id_a);
	struct dht_stats s;

	hand_give(h, &a, &q);
	ck_assert_uint_eq(h->nsent, 0);
	q.tag = (const uint8_t *)"other-tg";
	hand_give(h, &a, &q);
	ck_assert_uint_eq(h->nsent, 0);
	q.tag = tagged.tag;
	hand_give(h, &a, &q);
	ck_assert_mem_eq(
	    hand_last(h, &a, KRPC_RESPONSE)->m.tag, tagged.tag, KRPC_TAG);
	hand_pong(h, &a, id_a); /* has no tag */
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.untagged, 3);
	ck_assert_uint_eq(s.pending, 1);
	hand_free(h);
}
END_TEST

START_TEST(another_tag_forgets_who_was_known)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	hand_befriend(h, &a, id_a);
	ck_assert_uint_eq(nodes_of(h), 1);
	dht_configure(h->d, &tagged);
	ck_assert_uint_eq(nodes_of(h), 0);
	hand_free(h);
}
END_TEST

/* ---- joining ---- */

START_TEST(bootstrap_nodes_that_are_silent_are_asked_less_and_less)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	size_t first;

	dht_bootstrap(h->d, h->now_ms, &a);
	hand_wait(h, 60000);
	first = h->nsent;
	ck_assert_uint_ge(first, 6);
	ck_assert_uint_le(first, 40);
	hand_wait(h, 600000);
	ck_assert_uint_ge(h->nsent - first, 9);
	ck_assert_uint_le(h->nsent - first, 60);
	hand_free(h);
}
END_TEST

START_TEST(an_empty_table_is_filled_from_the_bootstrap_list_again)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	dht_bootstrap(h->d, h->now_ms, &a);
	hand_wait(h, 10);
	hand_pong(h, &a, id_a);
	hand_pong(h, &a, id_a);
	ck_assert_uint_eq(nodes_of(h), 1);
	hand_wait(h, 3600000); /* silence */
	h->nsent = 0;
	hand_wait(h, 120000);
	ck_assert_ptr_nonnull(hand_last(h, &a, KRPC_QUERY));
	hand_free(h);
}
END_TEST

START_TEST(saved_nodes_are_asked_at_once_and_enter_by_answering)
{
	struct hand *h = begin(&members);
	struct dht_node n = {.ep = hand_ep(10, 0, 0, 1)};

	memcpy(n.id, id_a, DHT_ID);
	dht_try(h->d, h->now_ms, &n);
	ck_assert_uint_eq(nodes_of(h), 0);
	hand_wait(h, 10);
	hand_pong(h, &n.ep, id_a);
	hand_pong(h, &n.ep, id_a);
	ck_assert_uint_eq(nodes_of(h), 1);
	hand_free(h);
}
END_TEST

/* ---- searches ---- */

START_TEST(a_search_with_nobody_to_ask_says_so_after_the_call)
{
	struct hand *h = begin(&members);

	ck_assert_uint_ne(dht_find_node(h->d, h->now_ms, id_a), 0);
	ck_assert_uint_eq(h->dones, 0);
	hand_wait(h, 1);
	ck_assert_uint_eq(h->dones, 1);
	ck_assert_int_eq(h->report.result, DHT_NOBODY);
	hand_free(h);
}
END_TEST

START_TEST(a_search_that_nobody_answers_times_out)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	hand_befriend(h, &a, id_a);
	dht_find_node(h->d, h->now_ms, id_b);
	hand_wait(h, 5000);
	ck_assert_uint_eq(h->dones, 1);
	ck_assert_int_eq(h->report.result, DHT_TIMEOUT);
	ck_assert_uint_eq(h->report.answers, 0);
	hand_free(h);
}
END_TEST

START_TEST(who_never_answered_is_asked_ten_times_a_minute_at_most)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct dht_stats s;

	dht_bootstrap(h->d, h->now_ms, &a);
	for (uint32_t i = 1; i <= 12; i++) {
		dht_find_node(h->d, h->now_ms, id_b);
		hand_wait(h, 5000);
		ck_assert_uint_eq(h->dones, i);
		ck_assert_int_eq(h->report.result, DHT_TIMEOUT);
	}
	ck_assert_uint_ge(h->nsent, 5);
	ck_assert_uint_le(h->nsent, 10);
	dht_stats(h->d, &s);
	ck_assert_uint_gt(s.not_asked, 0);
	/* from its first answer on it is asked whatever there is to ask */
	hand_wait(h, 30000);
	h->nsent = 0;
	dht_find_node(h->d, h->now_ms, id_b);
	ck_assert_uint_ge(h->nsent, 1);
	hand_pong(h, &a, id_a);
	h->nsent = 0;
	for (int i = 0; i < 12; i++)
		dht_find_node(h->d, h->now_ms, id_b);
	ck_assert_uint_ge(h->nsent, 12);
	hand_free(h);
}
END_TEST

START_TEST(only_so_many_searches_are_taken)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	hand_befriend(h, &a, id_a);
	for (int i = 0; i < DHT_SEARCHES_MAX; i++)
		ck_assert_uint_ne(dht_find_node(h->d, h->now_ms, id_b), 0);
	ck_assert_uint_eq(dht_find_node(h->d, h->now_ms, id_b), 0);
	hand_wait(h, 10000);
	ck_assert_uint_eq(h->dones, DHT_SEARCHES_MAX);
	ck_assert_uint_ne(dht_find_node(h->d, h->now_ms, id_b), 0);
	hand_free(h);
}
END_TEST

/* A friend that is asked for the item; its answer is given by the test. */
static struct hand *
searching(struct endpoint *a, const struct dht_item *it)
{
	struct hand *h = begin(&members);

	*a = hand_ep(10, 0, 0, 1);
	hand_befriend(h, a, id_a);
	ck_assert_uint_ne(dht_get(h->d, h->now_ms, it), 0);
	return h;
}

START_TEST(a_right_item_is_found)
{
	struct endpoint a;
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct hand *h = searching(&a, &it);
	struct krpc_msg r = {.kind = KRPC_RESPONSE};

	hand_say_item(&r, &it);
	hand_answer(h, &a, id_a, &r);
	ck_assert_uint_eq(h->items, 1);
	ck_assert_mem_eq(h->item.v, it.v, it.vlen);
	hand_wait(h, 5000);
	ck_assert_int_eq(h->report.result, DHT_FOUND);
	ck_assert_uint_eq(h->report.copies, 1);
	hand_free(h);
}
END_TEST

START_TEST(wrong_items_are_refused_and_their_giver_is_banned)
{
	struct endpoint a;
	struct dht_item it = hand_make_item(1, 7, "5:hello"), bad = it;
	struct hand *h = searching(&a, &it);
	struct krpc_msg r = {.kind = KRPC_RESPONSE};
	struct dht_stats s;

	bad.v[2] ^= 1;
	hand_say_item(&r, &bad);
	hand_answer(h, &a, id_a, &r);
	hand_wait(h, 5000);
	ck_assert_uint_eq(h->items, 0);
	ck_assert_int_eq(h->report.result, DHT_NONE);
	ck_assert_uint_eq(h->report.refused, 1);
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.bad_item, 1);
	ck_assert_uint_eq(s.banned, 1);
	ck_assert_uint_eq(s.nodes4, 0);
	hand_free(h);
}
END_TEST

START_TEST(an_item_of_another_key_is_refused)
{
	struct endpoint a;
	struct dht_item it = hand_make_item(1, 7, "5:hello"),
			other = hand_make_item(2, 9, "5:hello");
	struct hand *h = searching(&a, &it);
	struct krpc_msg r = {.kind = KRPC_RESPONSE};

	hand_say_item(&r, &other);
	hand_answer(h, &a, id_a, &r);
	hand_wait(h, 5000);
	ck_assert_uint_eq(h->items, 0);
	ck_assert_uint_eq(h->report.refused, 1);
	hand_free(h);
}
END_TEST

START_TEST(a_value_kept_back_is_asked_for_with_the_token)
{
	struct endpoint a;
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct hand *h = searching(&a, &it);
	struct krpc_msg r = {.kind = KRPC_RESPONSE,
	    .has_seq = true,
	    .seq = 7,
	    .token = {(const uint8_t *)"tokentok", 8}};
	const struct krpc_msg *q;

	hand_answer(h, &a, id_a, &r);
	q = &hand_last(h, &a, KRPC_QUERY)->m;
	ck_assert_int_eq(q->method, KRPC_GET);
	ck_assert(octets_eq(&q->token, "tokentok", 8));
	hand_say_item(&r, &it);
	hand_answer(h, &a, id_a, &r);
	ck_assert_uint_eq(h->items, 1);
	hand_free(h);
}
END_TEST

START_TEST(a_search_can_be_cancelled_where_its_item_is_told)
{
	struct endpoint a;
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct hand *h = searching(&a, &it);
	struct krpc_msg r = {.kind = KRPC_RESPONSE};

	h->cancel = true;
	hand_say_item(&r, &it);
	hand_answer(h, &a, id_a, &r);
	ck_assert_uint_eq(h->dones, 1);
	ck_assert_int_eq(h->report.result, DHT_CANCELLED);
	hand_wait(h, 5000);
	ck_assert_uint_eq(h->dones, 1);
	hand_free(h);
}
END_TEST

START_TEST(what_we_keep_ourselves_is_found_without_anybody)
{
	struct hand *h = begin(&members);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct dht_item it = hand_make_item(1, 7, "5:hello");
	struct octets token = get(h, &a, &it, NULL)->token;

	put(h, &a, &it, &token, KRPC_NO_CAS);
	dht_get(h->d, h->now_ms, &it);
	ck_assert_uint_eq(h->items, 0);
	hand_wait(h, 5000);
	ck_assert_uint_eq(h->items, 1);
	ck_assert_int_eq(h->report.result, DHT_FOUND);
	hand_free(h);
}
END_TEST

START_TEST(of_both_families_both_are_asked_for)
{
	struct dht_conf c = members;
	struct endpoint a = hand_ep(10, 0, 0, 1), b = {.addr.family = 6};
	struct krpc_msg q = hand_query(KRPC_FIND_NODE, id_a);
	const struct krpc_msg *r;
	struct hand *h;

	c.v6 = true;
	h = begin(&c);
	b.addr.b[0] = 0xfd;
	b.port = 1;
	hand_befriend(h, &a, id_a);
	hand_befriend(h, &b, id_b);
	dht_find_node(h->d, h->now_ms, id_b);
	r = &hand_last(h, &a, KRPC_QUERY)->m;
	ck_assert(r->want4 && r->want6);
	q.target = id_b;
	q.want4 = q.want6 = true;
	hand_give(h, &a, &q);
	r = &hand_last(h, &a, KRPC_RESPONSE)->m;
	ck_assert_uint_eq(krpc_nnodes(r, 4), 1);
	ck_assert_uint_eq(krpc_nnodes(r, 6), 1);
	hand_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_ping_is_answered_with_our_id_and_the_askers_address,
	    a_node_enters_by_answering_twice_not_by_asking,
	    one_node_is_enough_to_be_found_whatever_its_family,
	    who_is_somebody_else_the_second_time_does_not_enter,
	    read_only_nodes_are_answered_and_never_asked,
	    what_nobody_asked_for_changes_nothing,
	    nodes_are_told_to_who_asks,
	    unknown_queries_with_a_target_are_like_find_node,
	    a_query_that_lacks_something_is_told_so,
	    an_item_is_put_with_a_token_and_got_back,
	    a_value_is_kept_back_until_the_token_is_shown,
	    a_value_is_given_to_who_answered_our_ping,
	    plain_answers_have_the_value_at_once,
	    refused_puts_are_told_why,
	    a_token_is_good_for_one_address,
	    peers_that_announced_themselves_are_told,
	    nobody_who_may_be_forged_gets_more_than_three_times_his_octets,
	    nothing_is_sent_to_addresses_of_no_host,
	    our_id_follows_the_address_that_others_agree_on,
	    without_the_tag_nothing_is_answered_or_believed,
	    another_tag_forgets_who_was_known,
	    bootstrap_nodes_that_are_silent_are_asked_less_and_less,
	    an_empty_table_is_filled_from_the_bootstrap_list_again,
	    saved_nodes_are_asked_at_once_and_enter_by_answering,
	    a_search_with_nobody_to_ask_says_so_after_the_call,
	    a_search_that_nobody_answers_times_out,
	    who_never_answered_is_asked_ten_times_a_minute_at_most,
	    only_so_many_searches_are_taken,
	    a_right_item_is_found,
	    wrong_items_are_refused_and_their_giver_is_banned,
	    an_item_of_another_key_is_refused,
	    a_value_kept_back_is_asked_for_with_the_token,
	    a_search_can_be_cancelled_where_its_item_is_told,
	    what_we_keep_ourselves_is_found_without_anybody,
	    of_both_families_both_are_asked_for,
	};

	return UNIT_RUN("dht", tests);
}
