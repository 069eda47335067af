/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_clients.c */
/* Who may have a place, who has to give his up, who may ask. */
#include "clients.h"
#include "unit.h"

#define NOW 1000
static struct clients t;

/* A newcomer; whoever has to make room does.  The place, or -1: refused. */
static int
come(enum listen_kind kind, uint64_t user)
{
	int victim, place = clients_room(&t, kind, user, NOW, &victim);

	if (place == -1 && victim != -1) {
		clients_remove(&t, (unsigned)victim);
		place = clients_room(&t, kind, user, NOW, &victim);
		ck_assert_int_ne(place, -1);
	}
	if (place != -1)
		clients_take(&t, (unsigned)place, kind, user, NOW);
	return place;
}

/* n newcomers; how many of them hold a place afterwards? */
static unsigned
crowd(enum listen_kind kind, uint64_t user, unsigned n)
{
	unsigned held = 0;

	while (n-- > 0)
		(void)come(kind, user);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		held += t.c[i].used && t.c[i].user == user;
	return held;
}

START_TEST(one_user_holds_at_most_half)
{
	clients_init(&t);
	ck_assert_uint_eq(crowd(LISTEN_CONTROL, 1000, 500), CLIENTS_PER_USER);
}
END_TEST

START_TEST(root_may_hold_all)
{
	clients_init(&t);
	ck_assert_uint_eq(crowd(LISTEN_STATUS, 0, 500), CLIENTS_MAX);
}
END_TEST

START_TEST(strangers_leave_places_for_administrators)
{
	clients_init(&t);
	for (uint64_t user = 1; user <= 500; user++)
		(void)come(LISTEN_STATUS, user);
	ck_assert_uint_eq(clients_count(&t), CLIENTS_MAX - CLIENTS_RESERVED);
	ck_assert_uint_eq(
	    crowd(LISTEN_CONTROL, 1000, CLIENTS_RESERVED), CLIENTS_RESERVED);
	ck_assert_uint_eq(clients_count(&t), CLIENTS_MAX);
}
END_TEST

START_TEST(a_thousand_silent_connections_shut_nobody_out)
{
	clients_init(&t);
	crowd(LISTEN_STATUS, 1000, 1000);
	crowd(LISTEN_STATUS, 1001, 1000);
	ck_assert_int_ne(come(LISTEN_STATUS, 1002), -1);
	ck_assert_int_ne(come(LISTEN_CONTROL, 1003), -1);
	crowd(LISTEN_CONTROL, 0, 1000);
	ck_assert_int_ne(come(LISTEN_CONTROL, 0), -1);
}
END_TEST

START_TEST(the_greediest_user_makes_room)
{
	int victim;

	clients_init(&t);
	crowd(LISTEN_STATUS, 1000, CLIENTS_PER_USER);
	crowd(LISTEN_STATUS, 1001, 16);
	ck_assert_int_eq(
	    clients_room(&t, LISTEN_STATUS, 1002, NOW, &victim), -1);
	ck_assert_int_ne(victim, -1);
	ck_assert_uint_eq(t.c[victim].user, 1000);
}
END_TEST

START_TEST(who_was_silent_for_longest_goes_first)
{
	int victim;

	clients_init(&t);
	crowd(LISTEN_STATUS, 1000, CLIENTS_PER_USER);
	for (unsigned i = 0; i < CLIENTS_PER_USER; i++)
		if (i != 7)
			clients_touch(&t, i, 1000);
	ck_assert_int_eq(
	    clients_room(&t, LISTEN_STATUS, 1000, NOW, &victim), -1);
	ck_assert_int_eq(victim, 7);
}
END_TEST

START_TEST(who_waits_for_an_answer_keeps_the_place)
{
	int victim;

	clients_init(&t);
	crowd(LISTEN_STATUS, 1000, CLIENTS_PER_USER);
	for (unsigned i = 0; i < CLIENTS_PER_USER; i++)
		clients_asked(&t, i, NOW);
	ck_assert_int_eq(
	    clients_room(&t, LISTEN_STATUS, 1000, NOW, &victim), -1);
	ck_assert_int_eq(victim, -1);
}
END_TEST

/* Each its own process, and none ever reads its answer. */
START_TEST(questions_that_never_end_hold_no_place_of_a_stranger)
{
	int victim;

	clients_init(&t);
	for (unsigned i = 0; i < CLIENTS_MAX - CLIENTS_RESERVED; i++) {
		ck_assert_int_ne(come(LISTEN_STATUS, 2000 + i), -1);
		clients_asked(&t, i, NOW);
		clients_asked(&t, i, NOW + CLIENT_OPEN_MS - 1); /* and more */
		clients_touch(&t, i, NOW + CLIENT_OPEN_MS - 1 - i);
	}
	ck_assert_int_eq(clients_room(&t, LISTEN_STATUS, 1000,
			     NOW + CLIENT_OPEN_MS - 1, &victim),
	    -1);
	ck_assert_int_eq(victim, -1);
	ck_assert_int_eq(clients_room(&t, LISTEN_STATUS, 1000,
			     NOW + CLIENT_OPEN_MS, &victim),
	    -1);
	ck_assert_int_ne(victim, -1);
}
END_TEST

START_TEST(an_administrators_question_keeps_its_place_however_long)
{
	int victim;

	clients_init(&t);
	crowd(LISTEN_CONTROL, 1000, CLIENTS_PER_USER);
	for (unsigned i = 0; i < CLIENTS_PER_USER; i++)
		clients_asked(&t, i, NOW);
	ck_assert_int_eq(
	    clients_room(&t, LISTEN_CONTROL, 1000, NOW + 60000, &victim), -1);
	ck_assert_int_eq(victim, -1);
}
END_TEST

START_TEST(who_waits_for_nothing_goes_before_who_waits_too_long)
{
	int victim;

	clients_init(&t);
	crowd(LISTEN_STATUS, 1000, CLIENTS_PER_USER);
	for (unsigned i = 0; i < CLIENTS_PER_USER; i++)
		if (i != 9)
			clients_asked(&t, i, NOW);
	clients_touch(&t, 9, NOW); /* the least silent */
	ck_assert_int_eq(
	    clients_room(&t, LISTEN_STATUS, 1000, NOW + 60000, &victim), -1);
	ck_assert_int_eq(victim, 9);
}
END_TEST

START_TEST(who_has_none_to_give_is_not_the_one_who_makes_room)
{
	int victim;

	clients_init(&t);
	crowd(LISTEN_STATUS, 1000, CLIENTS_PER_USER);
	for (unsigned i = 0; i < CLIENTS_PER_USER; i++)
		clients_asked(&t, i, NOW);
	crowd(LISTEN_STATUS, 1001, 16);
	ck_assert_int_eq(
	    clients_room(&t, LISTEN_STATUS, 1002, NOW, &victim), -1);
	ck_assert_int_ne(victim, -1);
	ck_assert_uint_eq(t.c[victim].user, 1001);
}
END_TEST

START_TEST(questions_are_limited_for_a_user_over_all_connections)
{
	unsigned asked = 0;
	int a, b;

	clients_init(&t);
	a = come(LISTEN_CONTROL, 1000);
	b = come(LISTEN_CONTROL, 1000);
	while (clients_may_ask(&t, (unsigned)(asked % 2 ? a : b), 5000))
		asked++;
	ck_assert_uint_eq(asked, CLIENT_BURST);
	ck_assert(!clients_may_ask(&t, (unsigned)a, 5000));
	ck_assert(clients_may_ask(&t, (unsigned)a, 5000 + 1000 / CLIENT_RATE));
	ck_assert(!clients_may_ask(&t, (unsigned)a, 5000 + 1000 / CLIENT_RATE));
}
END_TEST

START_TEST(one_users_limit_is_not_anothers)
{
	int a, b;

	clients_init(&t);
	a = come(LISTEN_STATUS, 1000);
	b = come(LISTEN_STATUS, 1001);
	while (clients_may_ask(&t, (unsigned)a, 5000))
		continue;
	ck_assert(clients_may_ask(&t, (unsigned)b, 5000));
}
END_TEST

START_TEST(all_strangers_together_have_a_limit_too)
{
	unsigned asked = 0;

	clients_init(&t);
	for (uint64_t user = 1; user <= 20; user++) {
		int place = come(LISTEN_STATUS, user);

		while (clients_may_ask(&t, (unsigned)place, 5000))
			asked++;
	}
	ck_assert_uint_eq(asked, STRANGERS_RATE);
	ck_assert(
	    clients_may_ask(&t, (unsigned)come(LISTEN_CONTROL, 999), 5000));
}
END_TEST

START_TEST(root_is_not_limited)
{
	int a;

	clients_init(&t);
	a = come(LISTEN_STATUS, 0);
	for (int i = 0; i < 10000; i++)
		ck_assert(clients_may_ask(&t, (unsigned)a, 5000));
}
END_TEST

START_TEST(a_clock_that_jumps_back_gives_no_tokens)
{
	int a;

	clients_init(&t);
	a = come(LISTEN_CONTROL, 1000);
	while (clients_may_ask(&t, (unsigned)a, 5000))
		continue;
	ck_assert(!clients_may_ask(&t, (unsigned)a, 4000));
	ck_assert(!clients_may_ask(&t, (unsigned)a, 4000));
}
END_TEST

START_TEST(half_open_idle_and_stalled_clients_are_overdue)
{
	struct client c = {.used = true, .last_ms = 1000};

	ck_assert_ptr_null(clients_overdue(&c, false, 0, 1500));
	ck_assert_ptr_nonnull(
	    clients_overdue(&c, false, 0, 1000 + CLIENT_HELLO_MS));
	c.greeted = true;
	ck_assert_ptr_null(
	    clients_overdue(&c, false, 0, 1000 + CLIENT_HELLO_MS));
	ck_assert_ptr_nonnull(
	    clients_overdue(&c, false, 0, 1000 + CLIENT_IDLE_MS));
	c.open = 1;
	ck_assert_ptr_null(
	    clients_overdue(&c, false, 0, 1000 + CLIENT_IDLE_MS));
}
END_TEST

START_TEST(a_slow_reader_is_not_a_stalled_one)
{
	struct client c = {.used = true, .greeted = true, .last_ms = 1000};
	uint64_t now = 2000;

	for (uint64_t out = 0; out < 20; out++, now += CLIENT_STALL_MS - 1)
		ck_assert_ptr_null(clients_overdue(&c, true, out, now));
	ck_assert_ptr_null(clients_overdue(&c, true, 20, now));
	ck_assert_ptr_nonnull(
	    clients_overdue(&c, true, 20, now + CLIENT_STALL_MS));
}
END_TEST

/* Whoever comes and goes, no rule is ever broken. */
START_TEST(a_random_crowd_keeps_the_rules)
{
	uint64_t seed = unit_seed(), s = seed;

	clients_init(&t);
	for (int i = 0; i < 5000; i++) {
		unsigned strangers = 0, of[8] = {0};

		if (unit_random(&s) % 8 == 0)
			clients_remove(&t, unit_random(&s) % CLIENTS_MAX);
		else
			(void)come(unit_random(&s) % 2 ? LISTEN_STATUS
						       : LISTEN_CONTROL,
			    unit_random(&s) % 8);
		for (unsigned k = 0; k < CLIENTS_MAX; k++) {
			if (!t.c[k].used)
				continue;
			of[t.c[k].user]++;
			strangers +=
			    t.c[k].user != 0 && t.c[k].kind == LISTEN_STATUS;
		}
		ck_assert_msg(strangers <= CLIENTS_MAX - CLIENTS_RESERVED,
		    "SEED=%llu", (unsigned long long)seed);
		for (unsigned u = 1; u < 8; u++)
			ck_assert_msg(of[u] <= CLIENTS_PER_USER, "SEED=%llu",
			    (unsigned long long)seed);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    one_user_holds_at_most_half,
	    root_may_hold_all,
	    strangers_leave_places_for_administrators,
	    a_thousand_silent_connections_shut_nobody_out,
	    the_greediest_user_makes_room,
	    who_was_silent_for_longest_goes_first,
	    who_waits_for_an_answer_keeps_the_place,
	    questions_that_never_end_hold_no_place_of_a_stranger,
	    an_administrators_question_keeps_its_place_however_long,
	    who_waits_for_nothing_goes_before_who_waits_too_long,
	    who_has_none_to_give_is_not_the_one_who_makes_room,
	    questions_are_limited_for_a_user_over_all_connections,
	    one_users_limit_is_not_anothers,
	    all_strangers_together_have_a_limit_too,
	    root_is_not_limited,
	    a_clock_that_jumps_back_gives_no_tokens,
	    half_open_idle_and_stalled_clients_are_overdue,
	    a_slow_reader_is_not_a_stalled_one,
	    a_random_crowd_keeps_the_rules,
	};

	return UNIT_RUN("clients", tests);
}
