/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_fence.c */
/* When a flow may change its stream. */
#include "fence.h"
#include "unit.h"

/* A path of this round trip, silent and without answers for so long. */
static void
raise(struct fence *f, uint32_t rtt_us, uint64_t silent_ms, uint64_t deaf_ms)
{
	struct fence_path p = {rtt_us, silent_ms, deaf_ms};

	fence_raise(f, 1000, 1, &p);
}

START_TEST(a_fence_is_over_when_it_is_acknowledged)
{
	struct fence f;

	raise(&f, 0, FENCE_ALIVE_MS, 0);
	ck_assert(!fence_over(&f, 1000));
	ck_assert(!fence_ack(&f, 2));
	ck_assert(!fence_over(&f, 1099));
	ck_assert(fence_ack(&f, 1));
	ck_assert(fence_over(&f, 1001));
	ck_assert_uint_eq(fence_due(&f), 0);
}
END_TEST

START_TEST(a_fence_on_a_silent_path_is_over_after_100_ms)
{
	struct fence f;

	raise(&f, 0, FENCE_ALIVE_MS, 0);
	ck_assert(!fence_over(&f, 1099));
	ck_assert(fence_over(&f, 1100));
}
END_TEST

START_TEST(on_a_long_path_it_waits_longer_but_not_for_ever)
{
	struct fence f;

	raise(&f, 160000, FENCE_ALIVE_MS, 0);
	ck_assert(!fence_over(&f, 1209));
	ck_assert(fence_over(&f, 1210));
	raise(&f, 60000000, FENCE_ALIVE_MS, 0);
	ck_assert(!fence_over(&f, 999 + FENCE_WAIT_MAX_MS));
	ck_assert(fence_over(&f, 1000 + FENCE_WAIT_MAX_MS));
}
END_TEST

START_TEST(a_path_that_lives_has_time)
{
	struct fence f;

	raise(&f, 0, FENCE_ALIVE_MS - 1, FENCE_ALIVE_MS - 1);
	ck_assert(!fence_over(&f, 999 + FENCE_WAIT_ALIVE_MS));
	ck_assert(fence_over(&f, 1000 + FENCE_WAIT_ALIVE_MS));
	/* ... less, where we are perhaps not heard */
	raise(&f, 0, 0, FENCE_ALIVE_MS);
	ck_assert(!fence_over(&f, 999 + FENCE_WAIT_MAX_MS));
	ck_assert(fence_over(&f, 1000 + FENCE_WAIT_MAX_MS));
}
END_TEST

START_TEST(a_fence_is_said_again_until_it_is_acknowledged)
{
	struct fence f;

	raise(&f, 0, 0, 0);
	ck_assert_uint_eq(fence_due(&f), 1050);
	ck_assert(!fence_again(&f, 1049));
	ck_assert(fence_again(&f, 1050));
	ck_assert(!fence_again(&f, 1149));
	ck_assert(fence_again(&f, 1150));
	ck_assert_uint_eq(fence_due(&f), 1350);
	ck_assert(fence_again(&f, 1350));
	ck_assert_uint_eq(fence_due(&f), 1750);
	ck_assert(fence_ack(&f, 1));
	ck_assert(!fence_again(&f, 2000));
}
END_TEST

START_TEST(what_is_not_up_is_neither_over_nor_acknowledged)
{
	struct fence f = {0};

	ck_assert(!fence_over(&f, 1000));
	ck_assert(!fence_ack(&f, 0));
	ck_assert_uint_eq(fence_due(&f), UINT64_MAX);
	raise(&f, 0, 0, 0);
	fence_drop(&f);
	ck_assert(!fence_ack(&f, 1));
}
END_TEST

START_TEST(a_silent_flow_is_idle_after_a_second_and_the_difference_of_ways)
{
	ck_assert(!fence_is_idle(FENCE_IDLE_MS - 1, 0));
	ck_assert(fence_is_idle(FENCE_IDLE_MS, 0));
	ck_assert(!fence_is_idle(FENCE_IDLE_MS + 79, 80000));
	ck_assert(fence_is_idle(FENCE_IDLE_MS + 80, 80000));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_fence_is_over_when_it_is_acknowledged,
	    a_fence_on_a_silent_path_is_over_after_100_ms,
	    on_a_long_path_it_waits_longer_but_not_for_ever,
	    a_path_that_lives_has_time,
	    a_fence_is_said_again_until_it_is_acknowledged,
	    what_is_not_up_is_neither_over_nor_acknowledged,
	    a_silent_flow_is_idle_after_a_second_and_the_difference_of_ways};

	return UNIT_RUN("fence", tests);
}
