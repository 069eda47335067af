/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_table.c */
/* The routing table: who comes in, who stays, who goes. */
#include <string.h>

#include "table.h"
#include "unit.h"

static const uint8_t zero[DHT_ID];

/* Node i of bucket b, each in a network of its own. */
static struct dht_node
node(unsigned b, unsigned i)
{
	struct dht_node n = {.ep = {.addr.family = 4, .port = 6881}};

	n.id[b / 8] = (uint8_t)(0x80 >> b % 8);
	n.id[DHT_ID - 1] = (uint8_t)i;
	n.ep.addr.b[0] = 52;
	n.ep.addr.b[1] = (uint8_t)b;
	n.ep.addr.b[2] = (uint8_t)i;
	n.ep.addr.b[3] = 1;
	return n;
}

static void
fill(struct table *t, unsigned b, unsigned n, uint64_t now_ms)
{
	for (unsigned i = 0; i < n; i++) {
		struct dht_node x = node(b, i);

		table_answered(t, now_ms, &x, false);
	}
}

START_TEST(bits_in_common_are_counted_and_closer_is_by_xor)
{
	uint8_t a[DHT_ID] = {0x80}, b[DHT_ID] = {0x81}, t[DHT_ID] = {0x83};

	ck_assert_uint_eq(id_common(a, a), 160);
	ck_assert_uint_eq(id_common(a, b), 7);
	ck_assert_uint_eq(id_common(a, zero), 0);
	ck_assert(id_closer(t, b, a));
	ck_assert(!id_closer(t, a, b));
	ck_assert(!id_closer(t, a, a));
}
END_TEST

START_TEST(a_bucket_has_eight_and_the_ninth_is_kept_in_reserve)
{
	struct dht_node ninth = node(3, 8);
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 8, 1000);
	ck_assert_int_eq(
	    table_answered(&t, 1000, &ninth, false), TABLE_RESERVE);
	ck_assert_uint_eq(t.n, 8);
	ck_assert_ptr_null(table_find(&t, &ninth.ep));
	table_clear(&t);
}
END_TEST

START_TEST(who_misses_twice_makes_way_for_the_reserve)
{
	struct dht_node ninth = node(3, 8), bad = node(3, 4);
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 9, 1000);
	table_missed(&t, 2000, &bad.ep);
	ck_assert_ptr_nonnull(table_find(&t, &bad.ep));
	table_missed(&t, 3000, &bad.ep);
	ck_assert_ptr_null(table_find(&t, &bad.ep));
	ck_assert_ptr_nonnull(table_find(&t, &ninth.ep));
	ck_assert_uint_eq(t.n, 8);
	table_clear(&t);
}
END_TEST

START_TEST(an_answer_in_between_forgives_a_miss)
{
	struct dht_node n = node(3, 4);
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 9, 1000);
	for (int i = 0; i < 5; i++) {
		table_missed(&t, 2000, &n.ep);
		ck_assert_int_eq(
		    table_answered(&t, 2000, &n, false), TABLE_KNOWN);
	}
	ck_assert_ptr_nonnull(table_find(&t, &n.ep));
	table_clear(&t);
}
END_TEST

START_TEST(the_last_ones_are_kept_though_bad_and_forgotten_at_length)
{
	struct dht_node n = node(3, 0), out[8];
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 1, 1000);
	for (int i = 0; i < TABLE_GONE - 1; i++)
		table_missed(&t, 2000, &n.ep);
	ck_assert_uint_eq(t.n, 1);
	ck_assert_uint_eq(table_closest(&t, 2000, zero, false, out, 8), 0);
	table_missed(&t, 2000, &n.ep);
	ck_assert_uint_eq(t.n, 0);
	table_clear(&t);
}
END_TEST

START_TEST(a_node_is_good_for_a_quarter_of_an_hour)
{
	struct dht_node out[8];
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 5, 1000);
	ck_assert_uint_eq(
	    table_closest(&t, 1000 + TABLE_GOOD_MS - 1, zero, true, out, 8), 5);
	ck_assert_uint_eq(
	    table_closest(&t, 1000 + TABLE_GOOD_MS, zero, true, out, 8), 0);
	ck_assert_uint_eq(
	    table_closest(&t, 1000 + TABLE_GOOD_MS, zero, false, out, 8), 5);
	table_clear(&t);
}
END_TEST

START_TEST(good_nodes_are_not_replaced_but_by_who_asked_us)
{
	struct dht_node named = node(3, 8), met = node(3, 9);
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 8, 1000);
	ck_assert(!table_wants(&t, &named, false));
	ck_assert(table_wants(&t, &met, true));
	table_answered(&t, 1000, &named, false);
	ck_assert_int_eq(table_answered(&t, 1000, &met, true), TABLE_NEW);
	ck_assert_ptr_nonnull(table_find(&t, &met.ep));
	ck_assert_uint_eq(t.n, 8);
	table_clear(&t);
}
END_TEST

START_TEST(who_asked_us_is_not_replaced_by_another_who_did)
{
	struct table t;

	table_init(&t, zero);
	for (unsigned i = 0; i < 20; i++) {
		struct dht_node n = node(3, i);

		ck_assert_int_eq(table_answered(&t, 1000, &n, true),
		    i < 8 ? TABLE_NEW : TABLE_RESERVE);
	}
	table_clear(&t);
}
END_TEST

START_TEST(an_address_has_one_place_and_a_network_two_in_a_bucket)
{
	struct dht_node a = node(3, 0), b = node(3, 1), c = node(3, 2),
			d = node(4, 3);
	struct table t;

	table_init(&t, zero);
	b.ep = c.ep = d.ep = a.ep;
	b.ep.port = 7000;
	c.ep.addr.b[3] = 2;
	d.ep.addr.b[3] = 3;
	table_answered(&t, 1000, &a, false);
	ck_assert_int_eq(table_answered(&t, 1000, &b, false), TABLE_REFUSED);
	ck_assert_int_eq(table_answered(&t, 1000, &c, false), TABLE_NEW);
	ck_assert_int_eq(table_answered(&t, 1000, &d, false), TABLE_NEW);
	d = node(3, 5);
	d.ep = a.ep;
	d.ep.addr.b[3] = 4;
	ck_assert_int_eq(table_answered(&t, 1000, &d, false), TABLE_REFUSED);
	t.loose = true;
	ck_assert_int_eq(table_answered(&t, 1000, &d, false), TABLE_NEW);
	ck_assert_int_eq(table_answered(&t, 1000, &b, false), TABLE_NEW);
	table_clear(&t);
}
END_TEST

START_TEST(of_ipv6_a_64_is_one_host)
{
	struct dht_node a = {.ep = {.addr.family = 6, .port = 1}}, b;
	struct table t;

	a.ep.addr.b[0] = 0x20;
	a.id[0] = 0x80;
	b = a;
	b.id[5] = 1;
	b.ep.addr.b[15] = 1;
	table_init(&t, zero);
	ck_assert_int_eq(table_answered(&t, 1000, &a, false), TABLE_NEW);
	ck_assert_int_eq(table_answered(&t, 1000, &b, false), TABLE_REFUSED);
	b.ep.addr.b[7] = 1;
	ck_assert_int_eq(table_answered(&t, 1000, &b, false), TABLE_NEW);
	table_clear(&t);
}
END_TEST

START_TEST(we_never_know_ourselves)
{
	struct dht_node n = node(3, 0);
	struct table t;

	table_init(&t, n.id);
	ck_assert(!table_wants(&t, &n, true));
	ck_assert_int_eq(table_answered(&t, 1000, &n, true), TABLE_REFUSED);
	table_clear(&t);
}
END_TEST

START_TEST(another_id_at_an_endpoint_takes_its_place)
{
	struct dht_node a = node(3, 0), b = node(5, 0);
	struct table t;

	table_init(&t, zero);
	b.ep = a.ep;
	table_answered(&t, 1000, &a, false);
	table_answered(&t, 2000, &b, false);
	ck_assert_uint_eq(t.n, 1);
	ck_assert_mem_eq(table_find(&t, &a.ep)->id, b.id, DHT_ID);
	table_clear(&t);
}
END_TEST

START_TEST(the_closest_come_first)
{
	uint64_t seed = unit_seed();
	struct dht_node out[8];
	uint8_t target[DHT_ID];
	struct table t;
	size_t n, closer = 0;

	table_init(&t, zero);
	t.loose = true;
	for (int i = 0; i < 200; i++) {
		struct dht_node x = node(0, (unsigned)i);

		for (int j = 0; j < DHT_ID; j++)
			x.id[j] = (uint8_t)unit_random(&seed);
		table_answered(&t, 1000, &x, false);
	}
	for (int j = 0; j < DHT_ID; j++)
		target[j] = (uint8_t)unit_random(&seed);
	n = table_closest(&t, 1000, target, true, out, 8);
	ck_assert_uint_eq(n, 8);
	for (size_t i = 1; i < n; i++)
		ck_assert(id_closer(target, out[i - 1].id, out[i].id));
	for (int i = 0; i < TABLE_BUCKETS; i++)
		for (unsigned j = 0; t.bucket[i] != NULL && j < t.bucket[i]->n;
		     j++)
			closer += id_closer(
			    target, t.bucket[i]->node[j].id, out[7].id);
	ck_assert_uint_eq(closer, 7);
	table_clear(&t);
}
END_TEST

START_TEST(a_new_id_of_ours_moves_everybody)
{
	uint8_t own[DHT_ID] = {0xff, 0xff};
	struct dht_node n = node(3, 1);
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 4, 1000);
	fill(&t, 5, 3, 1000);
	table_met(&t, &n);
	table_rename(&t, 2000, own);
	ck_assert_uint_eq(t.n, 7);
	ck_assert_uint_eq(t.bucket[0]->n, 7);
	ck_assert(table_find(&t, &n.ep)->met);
	ck_assert_uint_eq(table_find(&t, &n.ep)->answered_ms, 1000);
	table_clear(&t);
}
END_TEST

START_TEST(who_is_silent_long_is_asked_and_who_missed_sooner)
{
	struct dht_node n = node(3, 0);
	struct table t;

	table_init(&t, zero);
	fill(&t, 3, 1, 1000);
	ck_assert_ptr_null(table_overdue(&t, 1000 + TABLE_TOUCH_MS - 1));
	ck_assert_ptr_nonnull(table_overdue(&t, 1000 + TABLE_TOUCH_MS));
	table_asked(&t, 1000 + TABLE_TOUCH_MS, &n.ep);
	ck_assert_ptr_null(table_overdue(&t, 1000 + TABLE_TOUCH_MS));
	table_answered(&t, 5000, &n, false);
	table_missed(&t, 6000, &n.ep);
	ck_assert_ptr_null(table_overdue(&t, 6000 + TABLE_AGAIN_MS - 1));
	ck_assert_ptr_nonnull(table_overdue(&t, 6000 + TABLE_AGAIN_MS));
	table_clear(&t);
}
END_TEST

START_TEST(an_idle_bucket_is_found_and_aimed_at)
{
	uint8_t id[DHT_ID];
	struct table t;

	table_init(&t, zero);
	fill(&t, 13, 2, 1000);
	ck_assert_int_eq(table_idle(&t, 2000, 5000), -1);
	ck_assert_int_eq(table_idle(&t, 6000, 5000), 13);
	memset(id, 0xa5, sizeof(id));
	table_aim(&t, 13, id);
	ck_assert_uint_eq(id_common(zero, id), 13);
	table_looked(&t, 6000, id);
	ck_assert_int_eq(table_idle(&t, 6000, 5000), -1);
	table_clear(&t);
}
END_TEST

START_TEST(the_size_is_estimated_from_the_first_bucket_with_room)
{
	struct table t;

	table_init(&t, zero);
	ck_assert_uint_eq(table_size_log(&t), 0);
	fill(&t, 0, 7, 1000);
	ck_assert_uint_eq(table_size_log(&t), 3 * 16);
	for (unsigned b = 0; b < 7; b++)
		fill(&t, b, 8, 1000);
	fill(&t, 7, 4, 1000);
	fill(&t, 8, 3, 1000);
	/* 8 nodes of a 128th: 1024 */
	ck_assert_uint_eq(table_size_log(&t), 10 * 16);
	table_clear(&t);
}
END_TEST

START_TEST(those_known_longest_are_listed_first)
{
	struct dht_node out[3];
	struct table t;

	table_init(&t, zero);
	for (unsigned i = 0; i < 6; i++) {
		struct dht_node n = node(i, 0);

		table_answered(&t, 1000 - i, &n, false);
	}
	ck_assert_uint_eq(table_good(&t, 1000, out, 3), 3);
	for (unsigned i = 0; i < 3; i++) {
		struct dht_node n = node(5 - i, 0);

		ck_assert_mem_eq(out[i].id, n.id, DHT_ID);
	}
	ck_assert_uint_eq(table_good(&t, 1000, out, 0), 0);
	table_clear(&t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    bits_in_common_are_counted_and_closer_is_by_xor,
	    a_bucket_has_eight_and_the_ninth_is_kept_in_reserve,
	    who_misses_twice_makes_way_for_the_reserve,
	    an_answer_in_between_forgives_a_miss,
	    the_last_ones_are_kept_though_bad_and_forgotten_at_length,
	    a_node_is_good_for_a_quarter_of_an_hour,
	    good_nodes_are_not_replaced_but_by_who_asked_us,
	    who_asked_us_is_not_replaced_by_another_who_did,
	    an_address_has_one_place_and_a_network_two_in_a_bucket,
	    of_ipv6_a_64_is_one_host,
	    we_never_know_ourselves,
	    another_id_at_an_endpoint_takes_its_place,
	    the_closest_come_first,
	    a_new_id_of_ours_moves_everybody,
	    who_is_silent_long_is_asked_and_who_missed_sooner,
	    an_idle_bucket_is_found_and_aimed_at,
	    the_size_is_estimated_from_the_first_bucket_with_room,
	    those_known_longest_are_listed_first,
	};

	return UNIT_RUN("table", tests);
}
