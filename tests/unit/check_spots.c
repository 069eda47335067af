/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_spots.c */
/*
 * The places of one peer that failed: each has a breaker of its own, there are
 * never more than SPOTS_MAX, and nothing is held against a place that works.
 */
#include "spots.h"
#include "unit.h"

#define T0 UINT64_C(1000000)

static struct breaker_conf
usual(void)
{
	struct breaker_conf c;

	breaker_conf_default(&c);
	return c;
}

static struct endpoint
place(unsigned n)
{
	return (struct endpoint){
	    .addr = {.family = 4, .b = {192, 0, 2, (uint8_t)n}}, .port = 1};
}

/* Is one of these remembered? */
static bool
knows(const struct spots *p, const struct endpoint *ep)
{
	for (int i = 0; i < SPOTS_MAX; i++)
		if (p->at[i].ep.addr.family != 0 &&
		    endpoint_eq(&p->at[i].ep, ep))
			return true;
	return false;
}

static const struct breaker *
breaker_of(const struct spots *p, const struct endpoint *ep)
{
	for (int i = 0; i < SPOTS_MAX; i++)
		if (endpoint_eq(&p->at[i].ep, ep))
			return &p->at[i].breaker;
	ck_abort_msg("not there");
}

/* It is tried without an answer until its breaker opens. */
static void
ruin(struct spots *p, const struct breaker_conf *c, uint64_t now_ms,
    const struct endpoint *ep)
{
	for (uint32_t i = 1; i <= c->failures; i++) {
		ck_assert(spots_allow(p, now_ms, ep));
		spots_used(p, c, now_ms, ep);
		ck_assert_int_eq(
		    spots_missed(p, c, now_ms, ep), i == c->failures);
	}
	ck_assert(!spots_allow(p, now_ms, ep));
}

START_TEST(a_place_that_never_failed_is_allowed_and_not_remembered)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1);

	ck_assert(spots_allow(&p, T0, &a));
	spots_used(&p, &c, T0, &a);
	spots_good(&p, &a);
	ck_assert(!knows(&p, &a));
}
END_TEST

START_TEST(so_many_failures_shut_a_place_and_no_other_one)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1), b = place(2), port = a, six = a;

	port.port = 2;
	six.addr.family = 6;
	ruin(&p, &c, T0, &a);
	ck_assert(spots_allow(&p, T0, &b));
	ck_assert(spots_allow(&p, T0, &port));
	ck_assert(spots_allow(&p, T0, &six));
	/* one more is no second opening */
	ck_assert(!spots_missed(&p, &c, T0 + 1, &a));
	ck_assert_uint_eq(breaker_of(&p, &a)->trips, 1);
}
END_TEST

START_TEST(the_threshold_is_that_of_the_moment)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1);

	ck_assert(!spots_missed(&p, &c, T0, &a));
	c.failures = 2;
	ck_assert(spots_missed(&p, &c, T0, &a));
}
END_TEST

START_TEST(after_the_wait_it_has_one_trial_and_a_longer_wait)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1);
	uint64_t now = T0;

	ruin(&p, &c, now, &a);
	for (uint64_t wait = c.wait.first_ms; wait <= 4000; wait *= 2) {
		ck_assert(!spots_allow(&p, now + wait - 1, &a));
		now += wait;
		ck_assert(spots_allow(&p, now, &a));
		spots_used(&p, &c, now, &a);
		/* one message, not two */
		ck_assert(!spots_allow(&p, now, &a));
		/* a trial in vain is no trip */
		ck_assert(!spots_missed(&p, &c, now, &a));
		ck_assert_int_eq(breaker_of(&p, &a)->state, BREAKER_OPEN);
	}
	ck_assert_uint_eq(breaker_of(&p, &a)->trips, 1);
}
END_TEST

/* The session worked meanwhile, so nobody said that the trial failed. */
START_TEST(a_trial_of_which_nobody_heard_is_over_some_day)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1);
	uint64_t now = T0;

	ruin(&p, &c, now, &a);
	for (int i = 0; i < 3; i++) {
		now += 60000;
		ck_assert(spots_allow(&p, now, &a));
		spots_used(&p, &c, now, &a);
		ck_assert_int_eq(breaker_of(&p, &a)->state, BREAKER_TRIAL);
		ck_assert_uint_eq(breaker_of(&p, &a)->refused, 0);
	}
	ck_assert_uint_eq(breaker_of(&p, &a)->trips, 1);
}
END_TEST

/* All places of a peer are shut: one of them is written to all the same. */
START_TEST(what_is_sent_all_the_same_was_not_refused)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1);

	ruin(&p, &c, T0, &a);
	spots_used(&p, &c, T0 + 1, &a);
	ck_assert_uint_eq(breaker_of(&p, &a)->refused, 0);
	ck_assert_int_eq(breaker_of(&p, &a)->state, BREAKER_OPEN);
	/* during its trial too */
	spots_used(&p, &c, T0 + c.wait.first_ms, &a);
	ck_assert_int_eq(breaker_of(&p, &a)->state, BREAKER_TRIAL);
	spots_used(&p, &c, T0 + c.wait.first_ms + 1, &a);
	ck_assert_uint_eq(breaker_of(&p, &a)->refused, 0);
}
END_TEST

START_TEST(a_place_that_is_passed_over_was_refused)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1), b = place(2);

	/* nothing is held against these */
	ck_assert(!spots_passed(&p, &c, T0, &a));
	ruin(&p, &c, T0, &a);
	ck_assert(!spots_passed(&p, &c, T0, &b));
	ck_assert(spots_passed(&p, &c, T0, &a));
	ck_assert(spots_passed(&p, &c, T0 + 1, &a));
	ck_assert_uint_eq(breaker_of(&p, &a)->refused, 2);
	/* it may be tried now: whoever passes it over has another reason */
	ck_assert(!spots_passed(&p, &c, T0 + c.wait.first_ms, &a));
	ck_assert_uint_eq(breaker_of(&p, &a)->refused, 2);
}
END_TEST

START_TEST(an_answer_makes_a_place_as_good_as_new)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a = place(1), b = place(2);

	ruin(&p, &c, T0, &a);
	ruin(&p, &c, T0, &b);
	spots_good(&p, &a);
	ck_assert(!knows(&p, &a) && spots_allow(&p, T0, &a));
	ck_assert(knows(&p, &b) && !spots_allow(&p, T0, &b));
	/* it needs all its failures again, and waits as after the first */
	ruin(&p, &c, T0, &a);
	ck_assert_uint_eq(breaker_of(&p, &a)->due_ms, T0 + c.wait.first_ms);
}
END_TEST

START_TEST(all_is_forgotten_at_once)
{
	struct breaker_conf c = usual();
	struct spots p = {0};

	for (unsigned n = 1; n <= SPOTS_MAX; n++) {
		struct endpoint a = place(n);

		ruin(&p, &c, T0, &a);
	}
	spots_forget(&p);
	for (unsigned n = 1; n <= SPOTS_MAX; n++) {
		struct endpoint a = place(n);

		ck_assert(!knows(&p, &a) && spots_allow(&p, T0, &a));
	}
}
END_TEST

START_TEST(in_a_full_table_the_one_longest_in_its_state_makes_way)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a;

	for (unsigned n = 0; n < SPOTS_MAX; n++) {
		a = place(n);
		ruin(&p, &c, T0 + n * 10, &a);
	}
	/* the first has just changed, so it is the second's turn */
	a = place(0);
	spots_used(&p, &c, T0 + 5000, &a);
	a = place(100);
	ck_assert(!spots_missed(&p, &c, T0 + 5001, &a));
	ck_assert(knows(&p, &a));
	for (unsigned n = 0; n < SPOTS_MAX; n++) {
		a = place(n);
		ck_assert_int_eq(knows(&p, &a), n != 1);
	}
	/* the newcomer begins anew: nothing of the old one is its */
	a = place(100);
	ck_assert_uint_eq(breaker_of(&p, &a)->failures, 1);
	ck_assert_uint_eq(breaker_of(&p, &a)->trips, 0);
}
END_TEST

/* A room that was given back is taken before anybody has to go. */
START_TEST(a_free_room_is_taken_first)
{
	struct breaker_conf c = usual();
	struct spots p = {0};
	struct endpoint a;

	for (unsigned n = 0; n < SPOTS_MAX; n++) {
		a = place(n);
		spots_missed(&p, &c, T0 + n, &a);
	}
	a = place(5);
	spots_good(&p, &a);
	a = place(100);
	spots_missed(&p, &c, T0 + 100, &a);
	for (unsigned n = 0; n < SPOTS_MAX; n++) {
		a = place(n);
		ck_assert_int_eq(knows(&p, &a), n != 5);
	}
}
END_TEST

/*
 * Twenty places, all events in any order: the table holds each once, what is
 * not in it is allowed, and everything is allowed again in the end.
 */
START_TEST(any_sequence_of_events_keeps_the_table_sound)
{
	uint64_t seed = unit_seed(), dice = seed, now = T0;
	struct breaker_conf c = usual();
	struct spots p = {0};

	for (int i = 0; i < 100000; i++) {
		struct endpoint a = place((unsigned)(unit_random(&dice) % 20));

		now += unit_random(&dice) % 700;
		switch (unit_random(&dice) % 16) {
		case 0:
			spots_good(&p, &a);
			ck_assert(spots_allow(&p, now, &a));
			break;
		case 1:
			if (unit_random(&dice) % 50 == 0)
				spots_forget(&p);
			break;
		default:
			if (!spots_allow(&p, now, &a))
				break;
			spots_used(&p, &c, now, &a);
			spots_missed(&p, &c, now, &a);
			ck_assert_msg(knows(&p, &a), "SEED=%llu",
			    (unsigned long long)seed);
		}
		for (int k = 0; k < SPOTS_MAX; k++)
			for (int j = 0; j < k; j++)
				ck_assert_msg(p.at[k].ep.addr.family == 0 ||
					!endpoint_eq(&p.at[k].ep, &p.at[j].ep),
				    "SEED=%llu", (unsigned long long)seed);
	}
	now += c.wait.late_ms;
	for (unsigned n = 0; n < 20; n++) {
		struct endpoint a = place(n);

		ck_assert(spots_allow(&p, now, &a));
	}
	for (int k = 0; k < SPOTS_MAX; k++)
		ck_assert_uint_eq(p.at[k].breaker.illegal, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_place_that_never_failed_is_allowed_and_not_remembered,
	    so_many_failures_shut_a_place_and_no_other_one,
	    the_threshold_is_that_of_the_moment,
	    after_the_wait_it_has_one_trial_and_a_longer_wait,
	    a_trial_of_which_nobody_heard_is_over_some_day,
	    what_is_sent_all_the_same_was_not_refused,
	    a_place_that_is_passed_over_was_refused,
	    an_answer_makes_a_place_as_good_as_new,
	    all_is_forgotten_at_once,
	    in_a_full_table_the_one_longest_in_its_state_makes_way,
	    a_free_room_is_taken_first,
	    any_sequence_of_events_keeps_the_table_sound,
	};

	return UNIT_RUN("spots", tests);
}
