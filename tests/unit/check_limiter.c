/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_limiter.c */
/* Token buckets, by source too, and the load gauge. */
#include "limiter.h"
#include "unit.h"

#define T0 1000000
static const uint8_t hash_key[16] = {9, 8, 7};

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

/* How many of n tries at one moment pass. */
static unsigned
passes(struct limiter *l, uint64_t now_ms, const char *text, unsigned n)
{
	struct addr a = address(text);
	unsigned ok = 0;

	while (n-- > 0)
		ok += limiter_pass(l, now_ms, &a);
	return ok;
}

START_TEST(a_bucket_gives_its_burst_and_then_its_rate)
{
	struct bucket b;
	unsigned n = 0;

	bucket_fill(&b, T0, 5);
	for (int i = 0; i < 10; i++)
		n += bucket_take(&b, T0, 20, 5);
	ck_assert_uint_eq(n, 5);
	for (uint64_t ms = 1; ms <= 1000; ms++)
		n += bucket_take(&b, T0 + ms, 20, 5);
	ck_assert_uint_eq(n, 25);
}
END_TEST

START_TEST(a_bucket_never_holds_more_than_its_burst)
{
	struct bucket b = {0};
	unsigned n = 0;

	for (int i = 0; i < 100; i++)
		n += bucket_take(&b, UINT64_MAX / 2, 1000000, 7);
	ck_assert_uint_eq(n, 7);
	/* a clock that goes back gives nothing */
	ck_assert(!bucket_take(&b, 0, 1000000, 7));
}
END_TEST

START_TEST(who_takes_only_what_is_spare_leaves_the_rest)
{
	struct bucket b;
	unsigned spare = 0, rest = 0;

	bucket_fill(&b, T0, 10);
	for (int i = 0; i < 20; i++)
		spare += bucket_spare(&b, T0, 20, 10, 4);
	for (int i = 0; i < 20; i++)
		rest += bucket_take(&b, T0, 20, 10);
	ck_assert_uint_eq(spare, 6);
	ck_assert_uint_eq(rest, 4);
	/* what comes back is the others' first */
	ck_assert(!bucket_spare(&b, T0 + 200, 20, 10, 4));
	ck_assert(bucket_spare(&b, T0 + 250, 20, 10, 4));
	ck_assert(!bucket_spare(&b, T0 + 250, 20, 10, 4));
}
END_TEST

START_TEST(each_source_has_its_own_bucket)
{
	struct limiter *l = limiter_new(64, hash_key);

	limiter_set(l, 20, 5);
	ck_assert_uint_eq(passes(l, T0, "192.0.2.1", 10), 5);
	ck_assert_uint_eq(passes(l, T0, "192.0.2.2", 10), 5);
	ck_assert_uint_eq(passes(l, T0, "192.0.2.1", 10), 0);
	ck_assert_uint_eq(passes(l, T0 + 50, "192.0.2.1", 10), 1);
	limiter_free(l);
}
END_TEST

START_TEST(an_ipv6_source_is_its_64)
{
	struct limiter *l = limiter_new(64, hash_key);

	limiter_set(l, 20, 5);
	ck_assert_uint_eq(passes(l, T0, "2001:db8:1:2::1", 3), 3);
	ck_assert_uint_eq(passes(l, T0, "2001:db8:1:2:ffff::9", 5), 2);
	ck_assert_uint_eq(passes(l, T0, "2001:db8:1:3::1", 5), 5);
	limiter_free(l);
}
END_TEST

START_TEST(limits_can_change_while_it_runs)
{
	struct limiter *l = limiter_new(64, hash_key);

	limiter_set(l, 1, 1);
	ck_assert_uint_eq(passes(l, T0, "192.0.2.1", 9), 1);
	limiter_set(l, 1000, 100);
	ck_assert_uint_eq(passes(l, T0 + 50, "192.0.2.1", 99), 50);
	limiter_set(l, 0, 0); /* nothing would ever pass: taken as 1 */
	ck_assert_uint_eq(passes(l, T0 + 9000, "192.0.2.9", 9), 1);
	limiter_free(l);
}
END_TEST

/* The table can forget; who is not part of the flood must not suffer. */
START_TEST(a_flood_from_everywhere_does_not_lock_anybody_out)
{
	struct limiter *l = limiter_new(256, hash_key);
	uint64_t dice = 5;
	unsigned ok = 0;

	limiter_set(l, 20, 5);
	for (unsigned i = 0; i < 100000; i++) {
		struct addr a = {.family = 4};
		uint64_t r = unit_random(&dice);

		a.b[0] = (uint8_t)r;
		a.b[1] = (uint8_t)(r >> 8);
		a.b[2] = (uint8_t)(r >> 16);
		limiter_pass(l, T0 + i / 100, &a);
		if (i % 5000 == 0) /* 20 a second, for one second */
			ok += passes(l, T0 + i / 100, "192.0.2.1", 1);
	}
	ck_assert_uint_eq(ok, 20);
	limiter_free(l);
}
END_TEST

START_TEST(load_is_high_after_too_many_and_for_a_second)
{
	struct load l;

	load_init(&l, 50);
	for (int i = 0; i < 50; i++)
		load_note(&l, T0);
	ck_assert(!load_high(&l, T0));
	load_note(&l, T0 + 99);
	ck_assert(load_high(&l, T0 + 99));
	ck_assert(load_high(&l, T0 + 99 + LOAD_LASTS_MS - 1));
	ck_assert(!load_high(&l, T0 + 99 + LOAD_LASTS_MS));
}
END_TEST

START_TEST(a_steady_rate_below_the_limit_is_no_load)
{
	struct load l;

	load_init(&l, 50);
	for (uint64_t ms = 0; ms < 10000; ms += 2) {
		load_note(&l, T0 + ms);
		ck_assert(!load_high(&l, T0 + ms));
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_bucket_gives_its_burst_and_then_its_rate,
	    a_bucket_never_holds_more_than_its_burst,
	    who_takes_only_what_is_spare_leaves_the_rest,
	    each_source_has_its_own_bucket,
	    an_ipv6_source_is_its_64,
	    limits_can_change_while_it_runs,
	    a_flood_from_everywhere_does_not_lock_anybody_out,
	    load_is_high_after_too_many_and_for_a_second,
	    a_steady_rate_below_the_limit_is_no_load,
	};

	return UNIT_RUN("limiter", tests);
}
