/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_hold.c */
/* The hold queue: bounds, order, expiry. */
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "unit.h"

static const struct vnet none;

static unsigned
push(struct hold *h, uint64_t due, uint8_t what, size_t len)
{
	uint8_t b[300];

	memset(b, what, sizeof(b));
	return hold_push(h, due, &none, b, len);
}

/* The first octet of the next one, -1: empty. */
static int
pop(struct hold *h)
{
	struct held *e = hold_pop(h);
	int what;

	if (e == NULL)
		return -1;
	what = e->len == 0 ? 0 : e->pkt[0];
	free(e);
	return what;
}

START_TEST(what_is_held_comes_out_whole_and_in_order)
{
	struct vnet v = {.gso_size = 1400, .csum_start = 20};
	uint8_t b[100];
	struct held *e;
	struct hold h;

	hold_init(&h, 4, 1000);
	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)i;
	ck_assert_uint_eq(hold_push(&h, 7, &v, b, sizeof(b)), 0);
	push(&h, 7, 2, 10);
	e = hold_pop(&h);
	ck_assert_uint_eq(e->len, sizeof(b));
	ck_assert_mem_eq(e->pkt, b, sizeof(b));
	ck_assert_uint_eq(e->vnet.gso_size, 1400);
	ck_assert_uint_eq(e->due_ms, 7);
	free(e);
	ck_assert_int_eq(pop(&h), 2);
	ck_assert_int_eq(pop(&h), -1);
}
END_TEST

START_TEST(the_oldest_goes_when_there_are_too_many)
{
	struct hold h;

	hold_init(&h, 2, 1000);
	ck_assert_uint_eq(push(&h, 1, 1, 10), 0);
	ck_assert_uint_eq(push(&h, 1, 2, 10), 0);
	ck_assert_uint_eq(push(&h, 1, 3, 10), 1);
	ck_assert_uint_eq(h.n, 2);
	ck_assert_int_eq(pop(&h), 2);
	ck_assert_int_eq(pop(&h), 3);
}
END_TEST

START_TEST(as_many_old_ones_go_as_a_long_one_needs)
{
	struct hold h;

	hold_init(&h, 10, 300);
	for (uint8_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(push(&h, 1, i, 100), 0);
	ck_assert_uint_eq(push(&h, 1, 4, 150), 2);
	ck_assert_uint_eq(h.bytes, 250);
	ck_assert_int_eq(pop(&h), 3);
	ck_assert_int_eq(pop(&h), 4);
	ck_assert_uint_eq(h.bytes, 0);
}
END_TEST

START_TEST(what_can_never_fit_costs_the_others_nothing)
{
	struct hold h;

	hold_init(&h, 10, 100);
	push(&h, 1, 1, 50);
	ck_assert_uint_eq(push(&h, 1, 2, 101), 1);
	ck_assert_uint_eq(h.n, 1);
	ck_assert_uint_eq(push(&h, 1, 3, 100), 1);
	ck_assert_int_eq(pop(&h), 3);
	hold_init(&h, 0, 100);
	ck_assert_uint_eq(push(&h, 1, 1, 1), 1);
	ck_assert_uint_eq(h.n, 0);
}
END_TEST

START_TEST(only_what_is_due_expires)
{
	struct hold h;
	struct held *e;

	hold_init(&h, 10, 1000);
	ck_assert(hold_due(&h) == UINT64_MAX);
	push(&h, 100, 1, 10);
	push(&h, 200, 2, 10);
	ck_assert_uint_eq(hold_due(&h), 100);
	ck_assert_ptr_null(hold_expired(&h, 99));
	e = hold_expired(&h, 100);
	ck_assert_uint_eq(e->pkt[0], 1);
	free(e);
	ck_assert_ptr_null(hold_expired(&h, 199));
	ck_assert_uint_eq(hold_due(&h), 200);
	ck_assert_uint_eq(hold_clear(&h), 1);
	ck_assert_ptr_null(hold_expired(&h, UINT64_MAX));
}
END_TEST

START_TEST(due_times_never_go_back)
{
	struct hold h;

	hold_init(&h, 10, 1000);
	push(&h, 200, 1, 10);
	push(&h, 100, 2, 10);
	ck_assert_uint_eq(hold_due(&h), 200);
	pop(&h);
	ck_assert_uint_eq(hold_due(&h), 200);
	pop(&h);
	push(&h, 50, 3, 10); /* an empty queue remembers nothing */
	ck_assert_uint_eq(hold_due(&h), 50);
	hold_clear(&h);
}
END_TEST

START_TEST(clearing_says_how_many_and_leaves_it_usable)
{
	struct hold h;

	hold_init(&h, 10, 1000);
	for (uint8_t i = 0; i < 5; i++)
		push(&h, 1, i, i);
	ck_assert_uint_eq(hold_clear(&h), 5);
	ck_assert_uint_eq(hold_clear(&h), 0);
	ck_assert_uint_eq(push(&h, 1, 9, 10), 0);
	ck_assert_int_eq(pop(&h), 9);
}
END_TEST

START_TEST(the_bounds_hold_whatever_is_pushed)
{
	uint64_t r = unit_seed();
	uint64_t in = 0, out = 0;
	struct hold h;

	hold_init(&h, 7, 700);
	for (int i = 0; i < 20000; i++) {
		if (unit_random(&r) % 4 > 0) {
			out += push(&h, (uint64_t)i, 0, unit_random(&r) % 300);
			in++;
		} else {
			out += pop(&h) != -1;
		}
		ck_assert_msg(h.n <= 7 && h.bytes <= 700 && in == out + h.n,
		    "SEED=%llu", (unsigned long long)unit_seed());
	}
	hold_clear(&h);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_held_comes_out_whole_and_in_order,
	    the_oldest_goes_when_there_are_too_many,
	    as_many_old_ones_go_as_a_long_one_needs,
	    what_can_never_fit_costs_the_others_nothing,
	    only_what_is_due_expires,
	    due_times_never_go_back,
	    clearing_says_how_many_and_leaves_it_usable,
	    the_bounds_hold_whatever_is_pushed,
	};

	return UNIT_RUN("hold", tests);
}
