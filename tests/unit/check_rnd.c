/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_rnd.c */
/* Random numbers in a range: unbiased, whatever the source gives. */
#include <string.h>

#include "rnd.h"
#include "unit.h"

struct script {
	uint32_t v[4];
	unsigned n;
};

static void
scripted(void *ctx, void *out, size_t len)
{
	struct script *s = ctx;

	ck_assert_uint_eq(len, 4);
	ck_assert_uint_lt(s->n, 4);
	memcpy(out, &s->v[s->n++], 4);
}

START_TEST(values_that_would_bias_are_drawn_again)
{
	/* 2^32 mod 3 = 1: only 0 is one too many */
	struct script s = {.v = {0, 0, 1, 9}};
	struct rnd_src src = {scripted, &s};

	ck_assert_uint_eq(rnd_below(&src, 3), 1);
	ck_assert_uint_eq(s.n, 3);
}
END_TEST

START_TEST(a_power_of_two_rejects_nothing)
{
	struct script s = {.v = {0, UINT32_MAX}};
	struct rnd_src src = {scripted, &s};

	ck_assert_uint_eq(rnd_below(&src, 1u << 31), 0);
	ck_assert_uint_eq(rnd_below(&src, 1u << 31), (1u << 31) - 1);
	ck_assert_uint_eq(s.n, 2);
}
END_TEST

START_TEST(one_choice_needs_no_draw)
{
	struct script s = {.n = 4};
	struct rnd_src src = {scripted, &s};

	ck_assert_uint_eq(rnd_below(&src, 1), 0);
}
END_TEST

START_TEST(the_kernel_stays_below_the_limit)
{
	struct rnd_src src = rnd_kernel();
	unsigned seen = 0;

	for (int i = 0; i < 1000; i++) {
		uint32_t v = rnd_below(&src, 5);

		ck_assert_uint_lt(v, 5);
		seen |= 1u << v;
	}
	ck_assert_uint_eq(seen, 31); /* missing one: 5 * 0.8^1000 */
}
END_TEST

START_TEST(long_requests_are_filled_to_the_end)
{
	uint8_t a[1000] = {0}, zeroes[32] = {0};

	rnd_bytes(a, sizeof(a));
	for (size_t i = 0; i + 32 <= sizeof(a); i += 8)
		ck_assert_mem_ne(a + i, zeroes, 32);
	rnd_bytes(a, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    values_that_would_bias_are_drawn_again,
	    a_power_of_two_rejects_nothing,
	    one_choice_needs_no_draw,
	    the_kernel_stays_below_the_limit,
	    long_requests_are_filled_to_the_end,
	};

	return UNIT_RUN("rnd", tests);
}
