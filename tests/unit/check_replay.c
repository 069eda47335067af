/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_replay.c */
/*
 * The replay window against a slow model: a list of everything accepted and
 * the sentence of the header.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "replay.h"
#include "wg.h"

#define STEPS 100000
#define LIMIT WG_REJECT_AFTER_MESSAGES

/* ---- the model: an open-addressed set that never forgets ---- */

#define SET (1u << 18)

struct model {
	uint64_t *set; /* counter + 1; 0: free */
	uint64_t greatest;
	bool any;
};

static bool
set_add(struct model *m, uint64_t counter)
{
	uint64_t h = counter * 0x9e3779b97f4a7c15ULL;

	for (h >>= 46;; h = (h + 1) % SET) {
		if (m->set[h] == counter + 1)
			return false;
		if (m->set[h] == 0) {
			m->set[h] = counter + 1;
			return true;
		}
	}
}

static bool
model_accept(struct model *m, uint64_t counter)
{
	if (counter >= LIMIT)
		return false;
	if (m->any && counter < m->greatest &&
	    m->greatest - counter > REPLAY_WINDOW)
		return false;
	if (!set_add(m, counter))
		return false;
	if (!m->any || counter > m->greatest)
		m->greatest = counter;
	m->any = true;
	return true;
}

/* ---- a seeded generator ---- */

static uint64_t
seed_get(void)
{
	const char *s = getenv("SEED");

	return s != NULL ? strtoull(s, NULL, 0) : (uint64_t)time(NULL);
}

static uint64_t
rnd(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Mostly near the front, as a network would have it; now and then a leap. */
static uint64_t
pick(uint64_t *s, uint64_t front)
{
	uint64_t r = rnd(s);

	switch (r % 16) {
	case 0:
		return front + rnd(s) % (3 * REPLAY_WINDOW);
	case 1:
		return front - rnd(s) % (2 * REPLAY_WINDOW);
	case 2:
		return front - REPLAY_WINDOW + rnd(s) % 5 - 2;
	case 3:
		return front - rnd(s) % 64;
	default:
		return front + rnd(s) % 9 - 4;
	}
}

static void
compare(uint64_t start)
{
	uint64_t seed = seed_get() + start, s = seed, c;
	struct model m = {.set = calloc(SET, sizeof(uint64_t))};
	struct replay r;
	bool want, got;

	replay_init(&r);
	for (int i = 0; i < STEPS; i++) {
		c = pick(&s, m.any ? m.greatest : start);
		want = model_accept(&m, c);
		got = replay_accept(&r, c);
		ck_assert_msg(want == got,
		    "SEED=%llu step %d counter %llu: model %d window %d",
		    (unsigned long long)(seed - start), i,
		    (unsigned long long)c, want, got);
	}
	free(m.set);
}

START_TEST(random_sequences_agree_with_the_model)
{
	compare(0);
}
END_TEST

START_TEST(random_sequences_agree_in_the_middle_of_nowhere)
{
	compare(1ULL << 40);
}
END_TEST

START_TEST(random_sequences_agree_at_the_end_of_all_counters)
{
	compare(LIMIT - 4 * REPLAY_WINDOW);
	compare(LIMIT - 1);
}
END_TEST

START_TEST(each_counter_passes_once_in_order)
{
	struct replay r;

	replay_init(&r);
	for (uint64_t c = 0; c < 3 * REPLAY_WINDOW; c++) {
		ck_assert(replay_accept(&r, c));
		ck_assert(!replay_accept(&r, c));
	}
}
END_TEST

START_TEST(each_counter_passes_once_in_reverse)
{
	struct replay r;

	replay_init(&r);
	for (uint64_t c = REPLAY_WINDOW + 1; c-- > 0;)
		ck_assert(replay_accept(&r, c));
	for (uint64_t c = REPLAY_WINDOW + 1; c-- > 0;)
		ck_assert(!replay_accept(&r, c));
}
END_TEST

START_TEST(the_window_ends_where_it_says)
{
	struct replay r;

	for (uint64_t off = 0; off < 64; off++) {
		uint64_t front = 3 * REPLAY_WINDOW + off;

		replay_init(&r);
		ck_assert(replay_accept(&r, front));
		ck_assert(!replay_accept(&r, front - REPLAY_WINDOW - 1));
		ck_assert(replay_accept(&r, front - REPLAY_WINDOW));
		ck_assert(!replay_accept(&r, front - REPLAY_WINDOW));
	}
}
END_TEST

START_TEST(nothing_from_the_limit_on_is_accepted)
{
	struct replay r;

	replay_init(&r);
	ck_assert(!replay_accept(&r, UINT64_MAX));
	ck_assert(!replay_accept(&r, LIMIT));
	ck_assert(replay_accept(&r, 0));
	ck_assert(replay_accept(&r, LIMIT - 1));
	ck_assert(!replay_accept(&r, LIMIT - 1));
	ck_assert(!replay_accept(&r, 1));
	ck_assert(replay_accept(&r, LIMIT - 1 - REPLAY_WINDOW));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("replay");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, random_sequences_agree_with_the_model);
	tcase_add_test(t, random_sequences_agree_in_the_middle_of_nowhere);
	tcase_add_test(t, random_sequences_agree_at_the_end_of_all_counters);
	tcase_add_test(t, each_counter_passes_once_in_order);
	tcase_add_test(t, each_counter_passes_once_in_reverse);
	tcase_add_test(t, the_window_ends_where_it_says);
	tcase_add_test(t, nothing_from_the_limit_on_is_accepted);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
