/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_timers.c */
/* The heap of timers. */
#include "timers.h"
#include "unit.h"

#define N 64

START_TEST(nothing_armed_is_never_due)
{
	struct timers t;

	timers_init(&t);
	ck_assert_uint_eq(timers_due(&t), UINT64_MAX);
	ck_assert_ptr_null(timers_expired(&t, UINT64_MAX));
	timers_clear(&t);
}
END_TEST

START_TEST(without_room_a_timer_stays_off)
{
	struct timer x = {0};
	struct timers t;

	timers_init(&t);
	timers_set(&t, &x, 1);
	ck_assert_uint_eq(x.pos, 0);
	ck_assert_uint_eq(timers_due(&t), UINT64_MAX);
	timers_clear(&t);
}
END_TEST

START_TEST(a_timer_fires_once_when_it_is_due)
{
	struct timer x = {0};
	struct timers t;

	timers_init(&t);
	ck_assert_int_eq(timers_reserve(&t, 1), 0);
	timers_set(&t, &x, 10);
	ck_assert_uint_eq(timers_due(&t), 10);
	ck_assert_ptr_null(timers_expired(&t, 9));
	ck_assert_ptr_eq(timers_expired(&t, 10), &x);
	ck_assert_ptr_null(timers_expired(&t, 10));
	timers_stop(&t, &x);
	timers_clear(&t);
}
END_TEST

START_TEST(setting_and_stopping_at_random_agrees_with_a_list)
{
	uint64_t seed = unit_seed(), dice = seed, due[N] = {0};
	struct timer x[N] = {0};
	struct timers t;

	timers_init(&t);
	ck_assert_int_eq(timers_reserve(&t, N), 0);
	for (int step = 0; step < 100000; step++) {
		uint64_t r = unit_random(&dice), least = UINT64_MAX;
		uint32_t i = (uint32_t)(r >> 8) % N;

		if (r % 4 == 0)
			timers_stop(&t, &x[i]);
		else
			timers_set(&t, &x[i], 1 + (r >> 32) % 1000);
		due[i] = r % 4 == 0 ? 0 : 1 + (r >> 32) % 1000;
		for (int k = 0; k < N; k++)
			if (due[k] != 0 && due[k] < least)
				least = due[k];
		ck_assert_msg(timers_due(&t) == least, "SEED=%llu step %d",
		    (unsigned long long)seed, step);
	}
	timers_clear(&t);
}
END_TEST

START_TEST(timers_come_in_the_order_of_their_times)
{
	uint64_t dice = 3, last = 0;
	struct timer x[N] = {0}, *e;
	struct timers t;
	int n = 0;

	timers_init(&t);
	ck_assert_int_eq(timers_reserve(&t, N), 0);
	for (int i = 0; i < N; i++)
		timers_set(&t, &x[i], unit_random(&dice) % 1000);
	while ((e = timers_expired(&t, 1000)) != NULL) {
		ck_assert_uint_ge(e->due_ms, last);
		last = e->due_ms;
		n++;
	}
	ck_assert_int_eq(n, N);
	timers_clear(&t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    nothing_armed_is_never_due,
	    without_room_a_timer_stays_off,
	    a_timer_fires_once_when_it_is_due,
	    setting_and_stopping_at_random_agrees_with_a_list,
	    timers_come_in_the_order_of_their_times,
	};

	return UNIT_RUN("timers", tests);
}
