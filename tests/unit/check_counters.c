/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_counters.c */
/* The list of counters and the books of the borders. */
#include <string.h>

#include "counters.h"
#include "unit.h"

START_TEST(every_counter_has_a_name_and_a_help_text)
{
	for (int i = 0; i < C_NCOUNTERS; i++) {
		const struct counter_info *ci = counter_info((enum counter)i);

		ck_assert_ptr_nonnull(ci);
		ck_assert(ci->name[0] != '\0' && ci->help[0] != '\0');
		ck_assert_uint_lt(ci->border, B_NBORDERS);
	}
	ck_assert_ptr_null(counter_info(C_NCOUNTERS));
}
END_TEST

START_TEST(no_two_counters_share_a_name)
{
	for (int i = 0; i < C_NCOUNTERS; i++)
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(counter_info((enum counter)i)->name,
			    counter_info((enum counter)j)->name);
}
END_TEST

START_TEST(names_are_plain_words_for_machines)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	for (int i = 0; i < C_NCOUNTERS; i++) {
		const char *n = counter_info((enum counter)i)->name;

		ck_assert_uint_eq(strspn(n, ok), strlen(n));
	}
}
END_TEST

START_TEST(every_border_has_an_entrance_an_exit_and_drops)
{
	for (int b = B_NONE + 1; b < B_NBORDERS; b++) {
		unsigned seen = 0;

		for (int i = 0; i < C_NCOUNTERS; i++)
			if (counter_info((enum counter)i)->border ==
			    (enum border)b)
				seen |= 1u
				    << counter_info((enum counter)i)->kind;
		ck_assert_msg(seen & 1u << K_IN && seen & 1u << K_OUT &&
			seen & 1u << K_DROP,
		    "border %s", border_name((enum border)b));
	}
}
END_TEST

START_TEST(what_has_no_border_is_information_only)
{
	for (int i = 0; i < C_NCOUNTERS; i++) {
		const struct counter_info *ci = counter_info((enum counter)i);

		ck_assert_int_eq(ci->border == B_NONE, ci->kind == K_INFO);
	}
}
END_TEST

START_TEST(the_books_balance_when_in_is_out_and_drops_and_held)
{
	struct counters c = {0};

	c.v[TO_READ] = 10;
	c.v[TO_SENT] = 6;
	c.v[TO_HELD] = 1;
	c.v[TO_PORT] = 2;
	c.v[TO_SOURCE] = 1;
	c.v[UDP_TX] = 12345;
	ck_assert_int_eq(counters_balance(&c, B_TUN_OUT), 0);
	c.v[TO_PORT]++;
	ck_assert_int_eq(counters_balance(&c, B_TUN_OUT), -1);
	c.v[TO_READ] += 3;
	ck_assert_int_eq(counters_balance(&c, B_TUN_OUT), 2);
}
END_TEST

START_TEST(one_border_does_not_see_the_other)
{
	struct counters c = {0};

	c.v[TI_RECV] = 7;
	ck_assert_int_eq(counters_balance(&c, B_TUN_OUT), 0);
	ck_assert_int_eq(counters_balance(&c, B_TUN_IN), 7);
	ck_assert_int_eq(counters_balance(&c, B_NONE), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_counter_has_a_name_and_a_help_text,
	    no_two_counters_share_a_name,
	    names_are_plain_words_for_machines,
	    every_border_has_an_entrance_an_exit_and_drops,
	    what_has_no_border_is_information_only,
	    the_books_balance_when_in_is_out_and_drops_and_held,
	    one_border_does_not_see_the_other,
	};

	return UNIT_RUN("counters", tests);
}
