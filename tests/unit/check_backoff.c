/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_backoff.c */
/* Waits that grow. */
#include "backoff.h"
#include "unit.h"

static const struct backoff_conf usual = {.first_ms = 500,
    .max_ms = 3000,
    .late_ms = 60000,
    .multiplier = 2,
    .attempts = 5};

static void
fill(void *ctx, void *out, size_t len)
{
	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(ctx);
}

START_TEST(waits_double_up_to_the_longest_and_then_it_is_late)
{
	static const uint32_t want[] = {
	    500, 1000, 2000, 3000, 3000, 60000, 60000};
	struct backoff b = {0};

	for (int i = 0; i < 7; i++) {
		ck_assert_uint_eq(backoff_next(&b, &usual), want[i]);
		ck_assert_int_eq(backoff_late(&b, &usual), i >= 5);
	}
}
END_TEST

START_TEST(a_success_starts_over)
{
	struct backoff b = {0};

	backoff_next(&b, &usual);
	backoff_next(&b, &usual);
	backoff_reset(&b);
	ck_assert_uint_eq(backoff_next(&b, &usual), 500);
}
END_TEST

START_TEST(the_multiplier_can_be_any_number)
{
	struct backoff_conf c = usual;

	for (uint32_t m = 0; m <= 10; m++) {
		struct backoff b = {0};

		c.multiplier = m;
		backoff_next(&b, &c);
		ck_assert_uint_eq(backoff_next(&b, &c),
		    m < 2                ? 500
			: 500 * m > 3000 ? 3000
					 : 500 * m);
	}
}
END_TEST

START_TEST(the_longest_wait_can_be_any_number)
{
	const struct backoff_conf c = {.first_ms = 1,
	    .max_ms = UINT32_MAX,
	    .multiplier = 10,
	    .attempts = UINT32_MAX};
	struct backoff b = {0};

	for (int i = 0; i < 40; i++)
		backoff_next(&b, &c);
	ck_assert_uint_eq(b.ms, UINT32_MAX);
	ck_assert(!backoff_late(&b, &c));
}
END_TEST

START_TEST(without_attempts_it_is_late_at_once)
{
	struct backoff_conf c = usual;
	struct backoff b = {0};

	c.attempts = 0;
	ck_assert_uint_eq(backoff_next(&b, &c), 60000);
}
END_TEST

START_TEST(jitter_adds_up_to_a_quarter)
{
	uint64_t seed = 1;
	struct rnd_src rnd = {fill, &seed};
	uint32_t low = UINT32_MAX, high = 0;

	for (int i = 0; i < 10000; i++) {
		uint32_t ms = backoff_jitter(100, &rnd);

		low = ms < low ? ms : low;
		high = ms > high ? ms : high;
	}
	ck_assert_uint_eq(low, 100);
	ck_assert_uint_eq(high, 125);
	ck_assert_uint_eq(backoff_jitter(0, &rnd), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    waits_double_up_to_the_longest_and_then_it_is_late,
	    a_success_starts_over,
	    the_multiplier_can_be_any_number,
	    the_longest_wait_can_be_any_number,
	    without_attempts_it_is_late_at_once,
	    jitter_adds_up_to_a_quarter,
	};

	return UNIT_RUN("backoff", tests);
}
