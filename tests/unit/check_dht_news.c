/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_dht_news.c */
/* News: who is told and asked, what is believed, what a forger gets. */
#include "dht_hand.h"

static const struct dht_conf tagged = {
    .v4 = true, .is_private = true, .has_tag = true, .tag = "mesh-tag"};
static const struct dht_conf plain = {
    .v4 = true, .is_private = true, .any_address = true};
static const uint8_t id_a[DHT_ID] = {0xaa, 1}, id_b[DHT_ID] = {0x5b, 2};
static const uint8_t first[] = "\1 one.", second[] = "\2 two.";
static const uint8_t wrong[] = "\3 three";

static struct hand *
begin(const struct dht_conf *c)
{
	ck_assert_int_eq(crypto_init(), 0);
	return hand_new(c);
}

static struct krpc_msg
tagged_query(enum krpc_method method)
{
	struct krpc_msg q = hand_query(method, id_a);

	q.tag = tagged.tag;
	return q;
}

static void
befriend(struct hand *h, const struct endpoint *ep, const uint8_t id[DHT_ID])
{
	struct krpc_msg q = tagged_query(KRPC_PING);
	struct krpc_msg r = {.tag = tagged.tag};

	q.id = id;
	hand_give(h, ep, &q);
	hand_answer(h, ep, id, &r);
	hand_answer(h, ep, id, &r);
}

/* The query about news that it sent last. */
static const struct krpc_msg *
asked(const struct hand *h, const struct endpoint *to)
{
	const struct hand_sent *s = hand_last(h, to, KRPC_QUERY);

	return s != NULL && s->m.method == KRPC_NEWS ? &s->m : NULL;
}

/* v of a message, bencoded, good until the next one. */
static struct octets
text(const uint8_t *octets, size_t len)
{
	static uint8_t v[DHT_V_MAX];
	struct wbuf w;

	wbuf_init(&w, v, sizeof(v));
	ben_put_str(&w, octets, len);
	return (struct octets){v, w.len};
}

static void
say(struct hand *h, const struct endpoint *from, uint64_t seq,
    const uint8_t *octets, size_t len)
{
	struct krpc_msg q = tagged_query(KRPC_NEWS);

	q.has_seq = true;
	q.seq = seq;
	if (octets != NULL)
		q.v = text(octets, len);
	hand_give(h, from, &q);
}
#define SAY(h, from, seq, t) say(h, from, seq, t, sizeof(t) - 1)
#define NEWS(h, n, t) dht_news((h)->d, (h)->now_ms, n, t, sizeof(t) - 1)

START_TEST(a_new_node_is_asked_for_its_number)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	befriend(h, &a, id_a);
	ck_assert_ptr_nonnull(asked(h, &a));
	ck_assert_uint_eq(asked(h, &a)->seq, 0);
	ck_assert_ptr_null(asked(h, &a)->v.p);
	hand_free(h);
}
END_TEST

START_TEST(news_are_told_to_who_we_know_and_passed_on_once)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 1, 2);
	size_t sent;

	befriend(h, &a, id_a);
	befriend(h, &b, id_b);
	SAY(h, &a, 1, first);
	ck_assert_uint_eq(asked(h, &b)->seq, 1);
	ck_assert(octets_eq(&asked(h, &b)->v, "6:\1 one.", 8));
	ck_assert_uint_eq(hand_last(h, &a, KRPC_RESPONSE)->m.seq, 1);
	sent = h->nsent;
	SAY(h, &b, 1, first);
	ck_assert_uint_eq(h->nsent, sent + 1); /* the answer */
	ck_assert_uint_eq(h->news, 1);
	hand_free(h);
}
END_TEST

START_TEST(a_lost_message_is_said_again_and_then_no_more)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	size_t before;
	unsigned n = 0;

	befriend(h, &a, id_a);
	before = h->nsent;
	NEWS(h, 1, first);
	hand_wait(h, 20000);
	for (size_t i = before; i < h->nsent; i++)
		n += h->sent[i].m.method == KRPC_NEWS && h->sent[i].m.v.p;
	ck_assert_uint_eq(n, 3);
	hand_free(h);
}
END_TEST

START_TEST(what_the_host_does_not_believe_goes_nowhere)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1), b = hand_ep(10, 0, 1, 2);
	struct dht_stats s;

	befriend(h, &a, id_a);
	befriend(h, &b, id_b);
	SAY(h, &a, 3, wrong);
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.bad_news, 1);
	ck_assert_ptr_null(asked(h, &b)->v.p);
	ck_assert_uint_eq(hand_last(h, &a, KRPC_RESPONSE)->m.seq, 0);
	/* a true text with a number of the sender's own choice */
	SAY(h, &a, 1000, first);
	ck_assert_uint_eq(hand_last(h, &a, KRPC_RESPONSE)->m.seq, 1);
	SAY(h, &a, 2, second);
	ck_assert_uint_eq(hand_last(h, &a, KRPC_RESPONSE)->m.seq, 2);
	/* an old one */
	SAY(h, &a, 1000, first);
	ck_assert_uint_eq(hand_last(h, &a, KRPC_RESPONSE)->m.seq, 2);
	hand_free(h);
}
END_TEST

START_TEST(who_is_behind_gets_them_with_the_answer)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	const struct hand_sent *r;

	befriend(h, &a, id_a);
	NEWS(h, 2, second);
	SAY(h, &a, 1, first);
	r = hand_last(h, &a, KRPC_RESPONSE);
	ck_assert_uint_eq(r->m.seq, 2);
	ck_assert(octets_eq(&r->m.v, "6:\2 two.", 8));
	hand_free(h);
}
END_TEST

START_TEST(who_may_be_forged_gets_a_token_first)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg q = tagged_query(KRPC_NEWS);
	uint8_t token[KRPC_TOKEN_MAX];
	const struct hand_sent *r;

	NEWS(h, 2, second);
	q.has_seq = true;
	q.read_only = true; /* no ping that it could answer */
	hand_give(h, &a, &q);
	r = hand_last(h, &a, KRPC_RESPONSE);
	ck_assert_uint_eq(r->m.seq, 2);
	ck_assert_ptr_null(r->m.v.p);
	ck_assert_ptr_nonnull(r->m.token.p);
	memcpy(token, r->m.token.p, r->m.token.len);
	q.token = (struct octets){token, r->m.token.len};
	hand_give(h, &a, &q);
	r = hand_last(h, &a, KRPC_RESPONSE);
	ck_assert(octets_eq(&r->m.v, "6:\2 two.", 8));
	hand_free(h);
}
END_TEST

START_TEST(who_knows_more_is_asked_with_its_token_once)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg r = {.tag = tagged.tag, .has_seq = true, .seq = 2};
	size_t before;

	befriend(h, &a, id_a);
	r.token = (struct octets){(const uint8_t *)"tokn", 4};
	hand_answer(h, &a, id_a, &r);
	ck_assert(octets_eq(&asked(h, &a)->token, "tokn", 4));
	before = h->nsent;
	hand_answer(h, &a, id_a, &r);
	ck_assert_uint_eq(h->nsent, before);
	hand_free(h);
}
END_TEST

START_TEST(who_knows_less_is_told)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg r = {.tag = tagged.tag, .has_seq = true, .seq = 1};
	size_t before;

	NEWS(h, 2, second);
	befriend(h, &a, id_a);
	ck_assert_ptr_null(asked(h, &a)->v.p);
	hand_answer(h, &a, id_a, &r);
	ck_assert(octets_eq(&asked(h, &a)->v, "6:\2 two.", 8));
	before = h->nsent; /* and if it does not believe it, that is that */
	hand_answer(h, &a, id_a, &r);
	ck_assert_uint_eq(h->nsent, before);
	hand_free(h);
}
END_TEST

START_TEST(news_in_an_answer_are_taken)
{
	struct hand *h = begin(&tagged);
	struct endpoint a = hand_ep(10, 0, 0, 1);
	struct krpc_msg r = {.tag = tagged.tag, .has_seq = true, .seq = 1};
	struct dht_stats s;

	befriend(h, &a, id_a);
	r.v = text(first, sizeof(first) - 1);
	hand_answer(h, &a, id_a, &r);
	dht_stats(h->d, &s);
	ck_assert_uint_eq(s.news, 1);
	hand_free(h);
}
END_TEST

START_TEST(without_a_tag_there_are_none)
{
	struct hand *h = begin(&plain);
	struct endpoint a = hand_ep(10, 0, 0, 1);

	hand_befriend(h, &a, id_a);
	NEWS(h, 2, second);
	ck_assert_ptr_null(asked(h, &a));
	SAY(h, &a, 1, first);
	ck_assert_uint_eq(hand_last(h, &a, KRPC_ERROR)->m.code, KRPC_E_METHOD);
	ck_assert_uint_eq(h->news, 0);
	hand_free(h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_new_node_is_asked_for_its_number,
	    news_are_told_to_who_we_know_and_passed_on_once,
	    a_lost_message_is_said_again_and_then_no_more,
	    what_the_host_does_not_believe_goes_nowhere,
	    who_is_behind_gets_them_with_the_answer,
	    who_may_be_forged_gets_a_token_first,
	    who_knows_more_is_asked_with_its_token_once,
	    who_knows_less_is_told,
	    news_in_an_answer_are_taken,
	    without_a_tag_there_are_none,
	};

	return UNIT_RUN("dht_news", tests);
}
