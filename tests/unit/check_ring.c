/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_ring.c */
/* The ring of log lines. */
#include <stdio.h>
#include <string.h>

#include "ring.h"
#include "unit.h"

static struct ring r;

static void
start(size_t lines)
{
	ring_init(&r);
	ck_assert_int_eq(ring_resize(&r, lines), 0);
}

/* Lines "1", "2", ... as many as asked for. */
static void
add(unsigned n)
{
	char text[16];

	while (n-- > 0) {
		snprintf(text, sizeof(text), "%u", (unsigned)r.next);
		ck_assert_int_eq(ring_add(&r, r.next * 10, 2, text), 0);
	}
}

static void
expect(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	ck_assert_ptr_nonnull(ring_get(&r, number));
	ck_assert_str_eq(ring_get(&r, number)->text, text);
	ck_assert_uint_eq(ring_get(&r, number)->unix_ms, number * 10);
}

START_TEST(a_new_ring_is_empty)
{
	start(4);
	ck_assert_ptr_null(ring_get(&r, 0));
	ck_assert_ptr_null(ring_get(&r, 1));
	ck_assert_uint_eq(ring_tail(&r, 10), r.next);
	ring_clear(&r);
}
END_TEST

START_TEST(a_ring_of_no_lines_takes_and_forgets)
{
	start(0);
	ck_assert_int_eq(ring_add(&r, 1, 0, "x"), 0);
	ck_assert_ptr_null(ring_get(&r, 1));
	ring_clear(&r);
}
END_TEST

START_TEST(the_oldest_line_makes_room)
{
	start(3);
	add(5);
	ck_assert_ptr_null(ring_get(&r, 2));
	for (uint64_t n = 3; n <= 5; n++)
		expect(n);
	ck_assert_ptr_null(ring_get(&r, 6));
	ring_clear(&r);
}
END_TEST

START_TEST(the_tail_begins_n_lines_before_the_end)
{
	start(10);
	add(7);
	ck_assert_uint_eq(ring_tail(&r, 2), 6);
	ck_assert_uint_eq(ring_tail(&r, 7), 1);
	ck_assert_uint_eq(ring_tail(&r, UINT64_MAX), 1);
	ck_assert_uint_eq(ring_tail(&r, 0), 8);
	ring_clear(&r);
}
END_TEST

START_TEST(growing_keeps_all_lines_and_their_numbers)
{
	start(3);
	add(5);
	ck_assert_int_eq(ring_resize(&r, 100), 0);
	for (uint64_t n = 3; n <= 5; n++)
		expect(n);
	add(2);
	expect(7);
	ring_clear(&r);
}
END_TEST

START_TEST(shrinking_keeps_the_newest)
{
	start(10);
	add(9);
	ck_assert_int_eq(ring_resize(&r, 2), 0);
	ck_assert_ptr_null(ring_get(&r, 7));
	expect(8);
	expect(9);
	ck_assert_int_eq(ring_resize(&r, 0), 0);
	ck_assert_ptr_null(ring_get(&r, 9));
	ring_clear(&r);
}
END_TEST

START_TEST(the_size_has_an_upper_bound)
{
	start(SIZE_MAX);
	ck_assert_uint_eq(r.cap, RING_LINES_MAX);
	ring_clear(&r);
}
END_TEST

START_TEST(a_long_line_is_cut)
{
	char text[RING_TEXT_MAX + 100];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	start(2);
	ck_assert_int_eq(ring_add(&r, 1, 0, text), 0);
	ck_assert_uint_eq(strlen(ring_get(&r, 1)->text), RING_TEXT_MAX);
	ring_clear(&r);
}
END_TEST

/* Any mixture of adding and resizing: what is kept is the newest, in order. */
START_TEST(a_random_walk_keeps_the_newest_lines)
{
	uint64_t seed = unit_seed(), s = seed;

	start(5);
	for (int i = 0; i < 500; i++) {
		if (unit_random(&s) % 4 == 0)
			ck_assert_int_eq(
			    ring_resize(&r, unit_random(&s) % 20), 0);
		else
			add((unsigned)(unit_random(&s) % 6));
		ck_assert_msg(r.next - r.first <= r.cap, "SEED=%llu",
		    (unsigned long long)seed);
		for (uint64_t n = r.first; n < r.next; n++)
			expect(n);
	}
	ring_clear(&r);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_new_ring_is_empty,
	    a_ring_of_no_lines_takes_and_forgets,
	    the_oldest_line_makes_room,
	    the_tail_begins_n_lines_before_the_end,
	    growing_keeps_all_lines_and_their_numbers,
	    shrinking_keeps_the_newest,
	    the_size_has_an_upper_bound,
	    a_long_line_is_cut,
	    a_random_walk_keeps_the_newest_lines,
	};

	return UNIT_RUN("ring", tests);
}
