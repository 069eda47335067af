/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_hist.c */
/* Histograms: each value is in the one bucket where it belongs. */
#include <stdbool.h>
#include <string.h>

#include "hist.h"
#include "unit.h"

START_TEST(edges_grow)
{
	for (unsigned id = 0; id < HIST_N; id++)
		for (unsigned i = 1; i < HIST_EDGES; i++)
			ck_assert_uint_gt(hist_edge((enum hist_id)id, i),
			    hist_edge((enum hist_id)id, i - 1));
}
END_TEST

START_TEST(what_is_promised_is_an_edge)
{
	static const uint32_t setup[] = {10000, 5000000, 10000000, 60000000};

	for (size_t k = 0; k < sizeof(setup) / sizeof(setup[0]); k++) {
		bool is = false;

		for (unsigned i = 0; i < HIST_EDGES; i++)
			is = is || hist_edge(HIST_SETUP, i) == setup[k];
		ck_assert(is);
	}
}
END_TEST

START_TEST(a_value_at_an_edge_is_below_it)
{
	for (unsigned id = 0; id < HIST_N; id++)
		for (unsigned i = 0; i < HIST_EDGES; i++) {
			struct hist h = {{0}, 0};
			uint32_t e = hist_edge((enum hist_id)id, i);

			hist_add(&h, (enum hist_id)id, e);
			hist_add(&h, (enum hist_id)id, (uint64_t)e + 1);
			ck_assert_uint_eq(h.n[i], 1);
			ck_assert_uint_eq(h.n[i + 1], 1);
			ck_assert_uint_eq(h.sum, 2 * (uint64_t)e + 1);
		}
}
END_TEST

START_TEST(the_least_and_the_most_have_a_place)
{
	struct hist h = {{0}, 0};

	hist_add(&h, HIST_SETUP, 0);
	hist_add(&h, HIST_SETUP, UINT64_MAX);
	ck_assert_uint_eq(h.n[0], 1);
	ck_assert_uint_eq(h.n[HIST_EDGES], 1);
}
END_TEST

/* Against a search along all edges. */
START_TEST(every_value_is_counted_once_and_where_it_belongs)
{
	uint64_t seed = unit_seed(), dice = seed;

	for (unsigned id = 0; id < HIST_N; id++) {
		struct hist h = {{0}, 0}, slow = {{0}, 0};

		for (int i = 0; i < 10000; i++) {
			uint64_t v = unit_random(&dice) >>
			    (unit_random(&dice) % 40 + 24);
			unsigned k = 0;

			hist_add(&h, (enum hist_id)id, v);
			while (k < HIST_EDGES &&
			    v > hist_edge((enum hist_id)id, k))
				k++;
			slow.n[k]++;
			slow.sum += v;
		}
		ck_assert_msg(memcmp(&h, &slow, sizeof(h)) == 0, "SEED=%llu",
		    (unsigned long long)seed);
		ck_assert_uint_eq(hist_count(&h), 10000);
	}
}
END_TEST

START_TEST(what_is_not_in_the_list_is_unknown)
{
	ck_assert_ptr_null(hist_info(HIST_N));
	ck_assert_ptr_nonnull(hist_info(HIST_LAG));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    edges_grow,
	    what_is_promised_is_an_edge,
	    a_value_at_an_edge_is_below_it,
	    the_least_and_the_most_have_a_place,
	    every_value_is_counted_once_and_where_it_belongs,
	    what_is_not_in_the_list_is_unknown,
	};

	return UNIT_RUN("hist", tests);
}
