/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_stuck.c */
/* Whose datagrams fill the send buffer that all peers share. */
#include "unit.h"

#include "stuck.h"

#define T0 5000
#define FULL 2000000
#define BATCH 60000

static struct endpoint
place(uint8_t n)
{
	return (struct endpoint){
	    .port = 9, .addr = {.family = 4, .b = {192, 0, 2, n}}};
}

/* Full since so long that it is looked at. */
static struct stuck
full(void)
{
	struct stuck s = {0};

	stuck_begin(&s, T0 - STUCK_MS);
	return s;
}

/*
 * A batch to n is watched: so much leaves by itself in each moment, and the
 * batch goes or stays.
 */
static uint64_t
look(struct stuck *s, uint64_t now_ms, uint8_t n, size_t leaves, bool goes)
{
	struct endpoint to = place(n), next = place(200);
	size_t unsent = FULL;

	ck_assert_int_eq(stuck_next(s, now_ms, unsent, &to), STUCK_WAIT);
	now_ms += STUCK_TRIAL_MS;
	unsent -= leaves;
	ck_assert_int_eq(stuck_next(s, now_ms, unsent, &to), STUCK_TRY);
	stuck_tried(s, now_ms, &to, unsent, BATCH);
	unsent += BATCH;
	ck_assert_int_eq(
	    stuck_next(s, now_ms + STUCK_TRIAL_MS - 1, unsent, &next),
	    STUCK_WAIT);
	now_ms += STUCK_TRIAL_MS;
	unsent -= leaves + (goes ? BATCH : 0);
	ck_assert_int_eq(stuck_next(s, now_ms, unsent, &next), STUCK_WAIT);
	s->base_ms = 0; /* the next one is another's */
	return now_ms;
}

START_TEST(a_buffer_that_is_full_for_a_moment_is_nobodys_fault)
{
	struct stuck s = {0};
	struct endpoint to = place(1);

	ck_assert_int_eq(stuck_next(&s, T0, FULL, &to), STUCK_SEND);
	stuck_begin(&s, T0);
	ck_assert_int_eq(
	    stuck_next(&s, T0 + STUCK_MS - 1, FULL, &to), STUCK_SEND);
	ck_assert_int_eq(stuck_next(&s, T0 + STUCK_MS, FULL, &to), STUCK_WAIT);
}
END_TEST

START_TEST(what_stays_while_another_leaves_is_slow)
{
	struct stuck s = full();
	struct endpoint bad = place(1), good = place(2);
	uint64_t now_ms;

	now_ms = look(&s, T0, 1, 1000, false);
	ck_assert_int_eq(stuck_next(&s, now_ms, FULL, &bad), STUCK_SEND);
	now_ms = look(&s, now_ms, 2, 1000, true);
	ck_assert_int_eq(stuck_next(&s, now_ms, FULL, &bad), STUCK_DROP);
	ck_assert_int_eq(stuck_next(&s, now_ms, FULL, &good), STUCK_SEND);
	ck_assert(stuck_is_slow(&s, now_ms, &bad));
	ck_assert(!stuck_is_slow(&s, now_ms, &good));
	/* when nobody waits any more only the slow one is remembered */
	stuck_end(&s);
	stuck_begin(&s, now_ms);
	now_ms += STUCK_MS;
	ck_assert_int_eq(stuck_next(&s, now_ms, FULL, &bad), STUCK_DROP);
	ck_assert_int_eq(stuck_next(&s, now_ms, FULL, &good), STUCK_WAIT);
}
END_TEST

START_TEST(a_line_that_is_slow_for_all_makes_nobody_slow)
{
	struct stuck s = full();
	uint64_t now_ms = T0;

	/* from 0.8 Mbit/s to 2 Gbit/s */
	for (size_t leaves = 500; leaves < 1300000; leaves *= 2)
		for (uint8_t n = 1; n < 20; n++) {
			now_ms = look(&s, now_ms, n, leaves, false);
			now_ms += STUCK_KNOWN_MS;
		}
	ck_assert_uint_eq(s.nslow, 0);
	ck_assert_uint_eq(s.good_ms, 0);
}
END_TEST

/* One that stays, and one that does not. */
static uint64_t
one_slow(struct stuck *s, uint64_t now_ms, uint8_t n)
{
	struct endpoint to = place(n);

	now_ms = look(s, now_ms, n, 0, false);
	if (s->good_ms == 0)
		now_ms = look(s, now_ms, 199, 0, true);
	ck_assert_int_eq(stuck_next(s, now_ms, FULL, &to), STUCK_DROP);
	return now_ms;
}

START_TEST(a_slow_one_has_a_quarter_until_it_is_enough_for_it)
{
	struct stuck s = full();
	struct endpoint bad = place(1), good = place(2);
	uint64_t now_ms = one_slow(&s, T0, 1);

	ck_assert(!stuck_share(&s, now_ms, FULL / 4 - 1, FULL, &bad));
	ck_assert(!stuck_share(&s, now_ms, FULL, FULL, &good));
	for (int i = 0; i < 10; i++) {
		now_ms += STUCK_FORGET_MS - 1;
		ck_assert(stuck_share(&s, now_ms, FULL / 4, FULL, &bad));
	}
	now_ms += STUCK_FORGET_MS;
	ck_assert(!stuck_share(&s, now_ms, FULL, FULL, &bad));
	ck_assert_uint_eq(s.nslow, 0);
}
END_TEST

START_TEST(more_slow_ones_than_there_is_room_for_push_out_the_oldest)
{
	struct stuck s = full();
	uint64_t now_ms = T0;

	for (uint8_t n = 1; n <= STUCK_SLOW + 1; n++)
		now_ms = one_slow(&s, now_ms, n);
	ck_assert_uint_eq(s.nslow, STUCK_SLOW);
	for (uint8_t n = 1; n <= STUCK_SLOW + 1; n++) {
		struct endpoint to = place(n);

		ck_assert(stuck_is_slow(&s, now_ms, &to) == (n > 1));
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_buffer_that_is_full_for_a_moment_is_nobodys_fault,
	    what_stays_while_another_leaves_is_slow,
	    a_line_that_is_slow_for_all_makes_nobody_slow,
	    a_slow_one_has_a_quarter_until_it_is_enough_for_it,
	    more_slow_ones_than_there_is_room_for_push_out_the_oldest,
	};

	return UNIT_RUN("stuck", tests);
}
