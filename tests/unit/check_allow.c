/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_allow.c */
/* Token buckets and tallies: what the DHT's bounds are counted with. */
#include "allow.h"
#include "tally.h"
#include "unit.h"

#define T0 77777
static const uint8_t key[16] = {2, 7, 1, 8};

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

START_TEST(who_asks_all_the_time_gets_the_slow_rate_in_full)
{
	static const struct allow_rate rate = {8, 60000, 8};
	struct allowance a;
	unsigned ok = 0;

	allow_fill(&a, T0, &rate);
	for (uint64_t ms = 0; ms <= 10 * 60000; ms++)
		ok += allow_take(&a, T0 + ms, &rate, 1);
	/* a thousandth is lost now and then */
	ck_assert_uint_le(ok, 88);
	ck_assert_uint_ge(ok, 87);
}
END_TEST

START_TEST(a_bucket_holds_no_more_than_its_burst_and_no_time_runs_over)
{
	static const struct allow_rate rate = {8192, 1000, 8192};
	struct allowance a = {0};

	ck_assert_uint_eq(allow_left(&a, UINT64_MAX, &rate), 8192000);
	ck_assert(!allow_take(&a, UINT64_MAX, &rate, 8193));
	ck_assert(allow_take(&a, UINT64_MAX, &rate, 8192));
	ck_assert(!allow_take(&a, UINT64_MAX, &rate, 1));
	ck_assert_uint_eq(
	    allow_left(&(struct allowance){0}, 5000, &rate), 8192000);
	/* so long that the product would be 2^64 */
	ck_assert_uint_eq(
	    allow_left(&(struct allowance){0}, 1ull << 48, &rate), 8192000);
	/* and a clock that stands or runs back gives nothing */
	ck_assert(!allow_take(&a, 0, &rate, 1));
}
END_TEST

START_TEST(sources_and_nets_are_what_they_should_be)
{
	struct addr a = address("192.0.2.1"), b = address("192.0.2.200"),
		    c = address("192.0.3.1"), d = address("2001:db8:1:2::1"),
		    e = address("2001:db8:1:2:3::"),
		    f = address("2001:db8:1:9::");

	ck_assert_uint_ne(allow_source(key, &a), allow_source(key, &b));
	ck_assert_uint_eq(allow_net(key, &a), allow_net(key, &b));
	ck_assert_uint_ne(allow_net(key, &a), allow_net(key, &c));
	ck_assert_uint_eq(allow_source(key, &d), allow_source(key, &e));
	ck_assert_uint_ne(allow_source(key, &d), allow_source(key, &f));
	ck_assert_uint_eq(allow_net(key, &d), allow_net(key, &f));
	ck_assert_uint_ne(allow_net(key, &d), allow_source(key, &d));
}
END_TEST

START_TEST(a_table_forgets_whoever_asked_least)
{
	static const struct allow_rate rate = {1, 1000000, 5};
	static struct allow_table t;
	uint64_t busy = 42, seed = 1;

	for (int i = 0; i < 5; i++)
		ck_assert(allow_source_take(&t, T0, &rate, busy));
	for (int i = 0; i < 10000; i++)
		allow_source_take(&t, T0, &rate, unit_random(&seed) | 1);
	ck_assert(!allow_source_take(&t, T0, &rate, busy));
}
END_TEST

#define KEYS 300

/* Keys with few different low bits, so that runs are long and wrap. */
static uint64_t
nth_key(unsigned n)
{
	uint32_t low = n % 10 < 5 ? n % 10 : UINT32_MAX - n % 10;

	return (uint64_t)(n / 10 + 1) << 32 | low;
}

START_TEST(a_tally_counts_like_an_array)
{
	uint64_t seed = unit_seed();
	struct tally t = {0};
	static uint32_t want[KEYS];
	uint32_t live = 0;

	ck_assert_uint_eq(tally_octets(&t), 0);
	for (int i = 0; i < 100000; i++) {
		unsigned n = (unsigned)(unit_random(&seed) % KEYS);
		uint64_t k = nth_key(n);
		uint32_t *w = &want[n];
		bool grows = i % 20000 < 10000;

		ck_assert_msg(tally_get(&t, k) == *w, "SEED=%lu",
		    (unsigned long)unit_seed());
		if (unit_random(&seed) % 3 == (grows ? 0 : 1) && *w > 0) {
			live -= --*w == 0;
			tally_sub(&t, k);
		} else if (grows) {
			live += (*w)++ == 0;
			ck_assert_int_eq(tally_add(&t, k), 0);
		} else
			tally_sub(&t, 12345);
		ck_assert_uint_eq(t.used, live);
	}
	ck_assert_uint_gt(tally_octets(&t), 0);
	tally_clear(&t);
	ck_assert_uint_eq(tally_get(&t, 1), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    who_asks_all_the_time_gets_the_slow_rate_in_full,
	    a_bucket_holds_no_more_than_its_burst_and_no_time_runs_over,
	    sources_and_nets_are_what_they_should_be,
	    a_table_forgets_whoever_asked_least,
	    a_tally_counts_like_an_array,
	};

	return UNIT_RUN("allow", tests);
}
