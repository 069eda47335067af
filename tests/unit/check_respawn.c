/* SPDX-License-Identifier: ISC */
/* The back-off of the parent's children (tunnel-priv/respawn.h). */
#include "respawn.h"
#include "unit.h"

START_TEST(a_child_that_worked_starts_again_at_once)
{
	struct respawn r = {.wait_ms = 0};

	ck_assert_uint_eq(respawn_wait(&r, RESPAWN_GOOD_MS), 0);
	ck_assert_uint_eq(respawn_wait(&r, UINT64_MAX), 0);
}
END_TEST

START_TEST(a_child_that_dies_young_waits_twice_as_long_each_time)
{
	static const uint32_t want[] = {100, 200, 400, 800, 1600, 3200, 6400,
	    12800, 25600, 30000, 30000, 30000};
	struct respawn r = {.wait_ms = 0};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		ck_assert_uint_eq(
		    respawn_wait(&r, i % 2 == 0 ? 0 : RESPAWN_GOOD_MS - 1),
		    want[i]);
}
END_TEST

START_TEST(one_good_life_starts_the_back_off_over)
{
	struct respawn r = {.wait_ms = RESPAWN_MAX_MS};

	ck_assert_uint_eq(respawn_wait(&r, RESPAWN_GOOD_MS), 0);
	ck_assert_uint_eq(respawn_wait(&r, 0), RESPAWN_MIN_MS);
}
END_TEST

START_TEST(a_crash_loop_starts_at_most_eleven_times_in_its_first_minute)
{
	struct respawn r = {.wait_ms = 0};
	unsigned starts = 1;

	for (uint64_t t = 0; (t += respawn_wait(&r, 0)) < 60000;)
		starts++;
	ck_assert_uint_le(starts, 11);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_child_that_worked_starts_again_at_once,
	    a_child_that_dies_young_waits_twice_as_long_each_time,
	    one_good_life_starts_the_back_off_over,
	    a_crash_loop_starts_at_most_eleven_times_in_its_first_minute,
	};

	return UNIT_RUN("respawn", tests);
}
