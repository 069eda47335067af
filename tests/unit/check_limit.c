/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_limit.c */
/* How much a stranger may ask and be told, and that members are not pushed out.
 */
#include "limit.h"
#include "unit.h"

#define T0 1000000
static const uint8_t hash_key[16] = {3, 1, 4};

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

static struct addr
any_address(uint64_t *seed)
{
	uint64_t r = unit_random(seed);

	return (struct addr){4,
	    {(uint8_t)r, (uint8_t)(r >> 8), (uint8_t)(r >> 16),
		(uint8_t)(r >> 24)}};
}

static unsigned
pass(struct limit *l, uint64_t now_ms, const char *from, unsigned n)
{
	struct addr a = address(from);
	unsigned ok = 0;

	while (n-- > 0)
		ok += limit_query(l, now_ms, &a);
	return ok;
}

/* Queries that pass if one comes each millisecond. */
static unsigned
pass_for(struct limit *l, uint64_t from_ms, unsigned ms, const char *from)
{
	unsigned ok = 0;

	for (unsigned i = 1; i <= ms; i++)
		ok += pass(l, from_ms + i, from, 1);
	return ok;
}

START_TEST(a_stranger_has_a_burst_and_then_five_a_second)
{
	struct limit *l = limit_new(64, hash_key);
	struct limit_stats s;

	ck_assert_uint_eq(pass(l, T0, "192.0.2.1", 100), LIMIT_BURST);
	ck_assert_uint_eq(pass_for(l, T0, 10000, "192.0.2.1"), 10 * LIMIT_QPS);
	ck_assert_uint_eq(pass(l, T0, "192.0.2.2", 1), 1);
	limit_get_stats(l, &s);
	ck_assert_uint_eq(s.queries, 100 - LIMIT_BURST + 10000 - 50);
	limit_free(l);
}
END_TEST

START_TEST(who_is_verified_has_250_a_second)
{
	struct limit *l = limit_new(64, hash_key);
	struct addr a = address("192.0.2.1");

	pass(l, T0, "192.0.2.1", 100);
	limit_verify(l, T0, &a);
	ck_assert(limit_is_verified(l, T0, &a));
	ck_assert_uint_eq(pass(l, T0, "192.0.2.1", 1000), LIMIT_VERIFIED_BURST);
	ck_assert_uint_eq(
	    pass_for(l, T0, 2000, "192.0.2.1"), 2 * LIMIT_VERIFIED_QPS);
	/* to prove it again gives nothing more */
	limit_verify(l, T0 + 2000, &a);
	ck_assert_uint_eq(pass(l, T0 + 2000, "192.0.2.1", 10), 0);
	limit_free(l);
}
END_TEST

START_TEST(the_proof_grows_old)
{
	struct limit *l = limit_new(64, hash_key);
	struct addr a = address("192.0.2.1");

	limit_verify(l, T0, &a);
	ck_assert(limit_is_verified(l, T0 + LIMIT_VERIFIED_MS - 1, &a));
	ck_assert(!limit_is_verified(l, T0 + LIMIT_VERIFIED_MS, &a));
	ck_assert_uint_eq(
	    pass(l, T0 + LIMIT_VERIFIED_MS, "192.0.2.1", 100), LIMIT_BURST);
	limit_free(l);
}
END_TEST

START_TEST(an_ipv6_customer_is_one_source)
{
	struct limit *l = limit_new(64, hash_key);
	struct addr a = address("2001:db8::1");

	ck_assert_uint_eq(pass(l, T0, "2001:db8::1", 15), 15);
	ck_assert_uint_eq(pass(l, T0, "2001:db8::2", 15), LIMIT_BURST - 15);
	ck_assert_uint_eq(pass(l, T0, "2001:db8:0:1::2", 15), 15);
	limit_verify(l, T0, &a);
	a = address("2001:db8::ffff");
	ck_assert(limit_is_verified(l, T0, &a));
	limit_free(l);
}
END_TEST

START_TEST(an_answer_is_at_most_three_times_the_question)
{
	struct limit *l = limit_new(64, hash_key);
	struct addr a = address("192.0.2.1"), b = address("2001:db8::1");
	struct limit_stats s;

	ck_assert_uint_eq(limit_answer_max(l, T0, &a, 92), 3 * 120 - 28);
	ck_assert_uint_eq(limit_answer_max(l, T0, &b, 92), 3 * 140 - 48);
	ck_assert(limit_may_answer(l, T0, &a, 92, 332));
	ck_assert(!limit_may_answer(l, T0, &a, 92, 333));
	limit_get_stats(l, &s);
	ck_assert_uint_eq(s.amplified, 1);
	limit_verify(l, T0, &a);
	ck_assert_uint_eq(limit_answer_max(l, T0, &a, 92), SIZE_MAX);
	ck_assert(limit_may_answer(l, T0, &a, 92, 1400));
	limit_free(l);
}
END_TEST

START_TEST(all_strangers_together_get_8_kb_a_second)
{
	struct limit *l = limit_new(64, hash_key);
	uint64_t seed = unit_seed(), octets = 0;
	struct addr member = address("192.0.2.1");
	struct limit_stats s;

	limit_verify(l, T0, &member);
	for (unsigned ms = 0; ms < 10000; ms++) {
		struct addr a = any_address(&seed);

		if (limit_may_answer(l, T0 + ms, &a, 120, 300))
			octets += 300 + LIMIT_IP4;
	}
	ck_assert_uint_le(octets, LIMIT_OCTETS_BURST + 10 * LIMIT_OCTETS);
	ck_assert_uint_ge(octets, 10 * LIMIT_OCTETS - 1000);
	ck_assert(limit_may_answer(l, T0 + 9999, &member, 120, 1400));
	limit_get_stats(l, &s);
	ck_assert_uint_gt(s.octets, 0);
	limit_free(l);
}
END_TEST

/*
 * Members may have to share places among themselves, so not all of them need
 * be there before; but whoever was is there afterwards.
 */
START_TEST(a_flood_of_forged_sources_pushes_out_no_member)
{
	struct limit *l = limit_new(64, hash_key);
	uint64_t seed = unit_seed();
	struct addr member[16];
	bool before[16];
	unsigned n = 0;

	for (int i = 0; i < 16; i++) {
		member[i] = any_address(&seed);
		limit_verify(l, T0, &member[i]);
	}
	for (int i = 0; i < 16; i++)
		n += before[i] = limit_is_verified(l, T0, &member[i]);
	ck_assert_uint_ge(n, 4); /* as many as one source has places */
	for (int i = 0; i < 100000; i++) {
		struct addr a = any_address(&seed);

		limit_query(l, T0 + 1, &a);
	}
	for (int i = 0; i < 16; i++)
		ck_assert_msg(!before[i] ||
			(limit_is_verified(l, T0 + 2, &member[i]) &&
			    limit_query(l, T0 + 2, &member[i])),
		    "SEED=%lu", (unsigned long)unit_seed());
	limit_free(l);
}
END_TEST

START_TEST(a_table_with_places_to_spare_keeps_every_member)
{
	struct limit *l = limit_new(LIMIT_PLACES, hash_key);
	uint64_t seed = unit_seed();
	struct addr member[32];
	unsigned n = 0;

	for (int i = 0; i < 32; i++) {
		member[i] = any_address(&seed);
		limit_verify(l, T0 + i, &member[i]);
	}
	for (int i = 0; i < 32; i++)
		n += limit_is_verified(l, T0 + 32, &member[i]);
	/* five that want the same four places are one chance in 10^4 */
	ck_assert_uint_ge(n, 31);
	limit_free(l);
}
END_TEST

START_TEST(a_newcomer_among_members_only_shares_a_rate_until_it_is_verified)
{
	struct limit *l = limit_new(4, hash_key);
	uint64_t seed = unit_seed();
	struct limit_stats s;
	unsigned ok = 0;
	struct addr a;

	for (int i = 0; i < 100; i++) {
		a = any_address(&seed);
		limit_verify(l, T0 + i, &a);
	}
	for (int i = 0; i < 1000; i++) {
		a = any_address(&seed);
		ok += limit_query(l, T0 + 100, &a);
	}
	ck_assert_uint_eq(ok, LIMIT_CROWD_BURST);
	limit_get_stats(l, &s);
	ck_assert_uint_eq(s.crowded, 1000 - ok);
	limit_verify(l, T0 + 101, &a);
	ck_assert(limit_query(l, T0 + 101, &a));
	limit_free(l);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_stranger_has_a_burst_and_then_five_a_second,
	    who_is_verified_has_250_a_second,
	    the_proof_grows_old,
	    an_ipv6_customer_is_one_source,
	    an_answer_is_at_most_three_times_the_question,
	    all_strangers_together_get_8_kb_a_second,
	    a_flood_of_forged_sources_pushes_out_no_member,
	    a_table_with_places_to_spare_keeps_every_member,
	    a_newcomer_among_members_only_shares_a_rate_until_it_is_verified,
	};

	return UNIT_RUN("limit", tests);
}
