/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_targets.c */
/* How often an address that never answered is written to. */
#include <string.h>

#include "targets.h"
#include "unit.h"

static const uint8_t hash_key[16] = {1};

static struct addr
at(uint32_t no)
{
	return (struct addr){.family = 4,
	    .b = {198, (uint8_t)(no >> 16), (uint8_t)(no >> 8), (uint8_t)no}};
}

/* So many of n tries at this moment are let through. */
static unsigned
tries(struct targets *t, uint64_t now_ms, const struct addr *a, unsigned n)
{
	unsigned let = 0;

	for (; n > 0; n--) {
		if (!targets_allow(t, now_ms, a))
			continue;
		targets_note(t, now_ms, a);
		let++;
	}
	return let;
}

START_TEST(ten_a_minute_and_then_ten_more)
{
	struct targets *t = targets_new(64, hash_key);
	struct addr a = at(1), b = at(2);

	ck_assert_uint_eq(tries(t, 1000, &a, 50), TARGET_MAX);
	ck_assert_uint_eq(tries(t, 60999, &a, 50), 0);
	ck_assert_uint_eq(tries(t, 2000, &b, 3), 3);
	ck_assert_uint_eq(tries(t, 61000, &a, 50), TARGET_MAX);
	ck_assert_uint_eq(tries(t, 61000, &b, 50), TARGET_MAX - 3);
	targets_free(t);
}
END_TEST

START_TEST(who_answered_is_not_counted)
{
	struct targets *t = targets_new(64, hash_key);
	struct addr a = at(1);

	ck_assert_uint_eq(tries(t, 1000, &a, 50), TARGET_MAX);
	targets_good(t, 1000, &a);
	ck_assert_uint_eq(tries(t, 1000, &a, 50), 50);
	ck_assert_uint_eq(tries(t, 1000 + TARGET_GOOD_MS - 1, &a, 50), 50);
	targets_free(t);
}
END_TEST

START_TEST(many_addresses_never_make_it_forget_one_of_this_minute)
{
	struct targets *t = targets_new(64, hash_key);
	struct addr victim = at(77);
	unsigned let = tries(t, 1000, &victim, 5), others = 0;

	for (uint32_t i = 1000; i < 11000; i++) {
		struct addr a = at(i);

		others += tries(t, 1000 + i, &a, 1);
		let += tries(t, 1000 + i, &victim, 1);
	}
	ck_assert_uint_eq(let, TARGET_MAX);
	ck_assert_uint_eq(others, 64 - 1);
	/* a minute later they have their turn */
	for (uint32_t i = 0; i < 1000; i++) {
		struct addr a = at(20000 + i);

		others += tries(t, 80000, &a, 1);
	}
	ck_assert_uint_gt(others, 64);
	targets_free(t);
}
END_TEST

START_TEST(the_families_are_told_apart)
{
	struct targets *t = targets_new(8, hash_key);
	struct addr a = at(1), b = at(1);

	b.family = 6;
	ck_assert_uint_eq(tries(t, 1000, &a, 50), TARGET_MAX);
	ck_assert_uint_eq(tries(t, 1000, &b, 50), TARGET_MAX);
	targets_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    ten_a_minute_and_then_ten_more,
	    who_answered_is_not_counted,
	    many_addresses_never_make_it_forget_one_of_this_minute,
	    the_families_are_told_apart,
	};

	return UNIT_RUN("targets", tests);
}
