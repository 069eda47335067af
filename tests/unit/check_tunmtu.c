/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_tunmtu.c */
/* What the interface's MTU should be. */
#include "tunmtu.h"
#include "unit.h"

#define MOST 1400

/* Looks each second for `ms`; the last change, 0: none; *changes: how many. */
static uint16_t
look(struct tunmtu *s, uint16_t narrowest, uint64_t *now, uint64_t ms,
    unsigned *changes)
{
	uint16_t last = 0;

	*changes = 0;
	for (uint64_t until = *now + ms; *now < until; *now += 1000) {
		uint16_t was = s->is, mtu = tunmtu_look(s, narrowest, *now);

		if (mtu == 0)
			continue;
		tunmtu_told(s, mtu, *now);
		if (mtu != was) {
			last = mtu;
			++*changes;
		}
	}
	return last;
}

START_TEST(less_is_told_at_once)
{
	struct tunmtu s;

	tunmtu_init(&s, MOST);
	ck_assert_uint_eq(tunmtu_look(&s, 1340, 1000), 1340);
}
END_TEST

START_TEST(more_is_told_when_it_was_right_for_a_while)
{
	uint64_t now = 1000;
	struct tunmtu s;
	unsigned n;

	tunmtu_init(&s, MOST);
	ck_assert_uint_eq(look(&s, 1220, &now, 1000, &n), 1280);
	ck_assert_uint_eq(look(&s, TUNMTU_NONE, &now, TUNMTU_HOLD_MS, &n), 0);
	ck_assert_uint_eq(look(&s, TUNMTU_NONE, &now, 1000, &n), MOST);
}
END_TEST

START_TEST(more_is_the_least_that_it_was_meanwhile)
{
	uint64_t now = 1000;
	struct tunmtu s;
	unsigned n;

	tunmtu_init(&s, MOST);
	ck_assert_uint_eq(look(&s, 1280, &now, 20000, &n), 1280);
	ck_assert_uint_eq(look(&s, MOST, &now, 10000, &n), 0);
	ck_assert_uint_eq(look(&s, 1320, &now, 10000, &n), 0);
	ck_assert_uint_eq(look(&s, MOST, &now, 12000, &n), 1320);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(one_that_was_not_held_is_forgotten)
{
	uint64_t now = 1000;
	struct tunmtu s;
	unsigned n;

	tunmtu_init(&s, MOST);
	ck_assert_uint_eq(look(&s, 1280, &now, 20000, &n), 1280);
	ck_assert_uint_eq(look(&s, MOST, &now, TUNMTU_HOLD_MS - 1000, &n), 0);
	ck_assert_uint_eq(look(&s, 1280, &now, 1000, &n), 0);
	ck_assert_uint_eq(look(&s, MOST, &now, TUNMTU_HOLD_MS - 1000, &n), 0);
}
END_TEST

START_TEST(it_stays_within_its_limits)
{
	struct tunmtu s;

	for (unsigned v = 0; v <= UINT16_MAX; v++) {
		uint16_t mtu;

		tunmtu_init(&s, MOST);
		mtu = tunmtu_look(&s, (uint16_t)v, 1000);
		ck_assert(mtu == 0 || (mtu >= TUNMTU_LEAST && mtu < MOST));
		ck_assert((mtu == 0) == (v >= MOST));
	}
}
END_TEST

START_TEST(changes_are_apart_whatever_the_paths_do)
{
	uint64_t seed = unit_seed(), now = 1000, changed = 0;
	struct tunmtu s;

	tunmtu_init(&s, MOST);
	for (unsigned i = 0; i < 20000; i++, now += 100) {
		uint16_t was = s.is,
			 mtu = tunmtu_look(&s,
			     (uint16_t)(1200 + unit_random(&seed) % 300), now);

		if (mtu == 0)
			continue;
		tunmtu_told(&s, mtu, now);
		if (mtu == was)
			continue;
		ck_assert(changed == 0 || now - changed >= TUNMTU_GAP_MS);
		changed = now;
	}
	ck_assert_uint_ne(changed, 0);
}
END_TEST

START_TEST(what_may_have_been_lost_is_told_again)
{
	struct tunmtu s;

	tunmtu_init(&s, MOST);
	tunmtu_told(&s, 1300, 1000);
	ck_assert_uint_eq(tunmtu_look(&s, 1300, 1000 + 59999), 0);
	ck_assert_uint_eq(tunmtu_look(&s, 1300, 1000 + 60000), 1300);
}
END_TEST

START_TEST(one_that_does_not_follow_is_left_alone)
{
	struct tunmtu s;

	tunmtu_init(&s, 0);
	ck_assert_uint_eq(tunmtu_look(&s, 1280, 1000), 0);
	ck_assert_uint_eq(tunmtu_look(&s, TUNMTU_NONE, 1000000), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {less_is_told_at_once,
	    more_is_told_when_it_was_right_for_a_while,
	    more_is_the_least_that_it_was_meanwhile,
	    one_that_was_not_held_is_forgotten, it_stays_within_its_limits,
	    changes_are_apart_whatever_the_paths_do,
	    what_may_have_been_lost_is_told_again,
	    one_that_does_not_follow_is_left_alone};

	return UNIT_RUN("tunmtu", tests);
}
