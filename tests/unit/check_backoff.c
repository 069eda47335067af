/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_backoff.c */
/* Waits that double. */
#include "backoff.h"
#include "unit.h"

static void
fill(void *ctx, void *out, size_t len)
{
	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(ctx);
}

START_TEST(waits_double_up_to_the_longest)
{
	static const uint32_t want[] = {500, 1000, 2000, 3000, 3000};
	struct backoff b;

	backoff_init(&b, 500, 3000);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(backoff_next(&b), want[i]);
}
END_TEST

START_TEST(a_success_starts_over)
{
	struct backoff b;

	backoff_init(&b, 500, 64000);
	backoff_next(&b);
	backoff_next(&b);
	backoff_reset(&b);
	ck_assert_uint_eq(backoff_next(&b), 500);
}
END_TEST

START_TEST(the_longest_wait_can_be_any_number)
{
	struct backoff b;

	backoff_init(&b, 1, UINT32_MAX);
	for (int i = 0; i < 40; i++)
		backoff_next(&b);
	ck_assert_uint_eq(b.ms, UINT32_MAX);
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
	    waits_double_up_to_the_longest,
	    a_success_starts_over,
	    the_longest_wait_can_be_any_number,
	    jitter_adds_up_to_a_quarter,
	};

	return UNIT_RUN("backoff", tests);
}
