/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_session_timers.c */
/*
 * The timers of a session: dead peer, passive and persistent keepalive.
 */
#include "session_help.h"

/* ---- dead peer, keepalives ---- */

enum act { SENT_DATA, SENT_EMPTY, GOT_DATA, GOT_EMPTY, NOTHING };

struct timer_case {
	const char *what;
	enum act act[3];
	uint64_t at_ms[3];  /* when */
	uint64_t dead_ms;   /* 0: off */
	uint64_t answer_ms; /* the passive keepalive; 0: off */
};

/* clang-format off */
static const struct timer_case timer_cases[] = {
	{ "silence", { NOTHING, NOTHING, NOTHING }, { 0, 0, 0 }, 0, 0 },
	{ "data out", { SENT_DATA, NOTHING, NOTHING }, { 1000, 0, 0 },
	    16000, 0 },
	{ "keepalive out", { SENT_EMPTY, NOTHING, NOTHING }, { 1000, 0, 0 },
	    0, 0 },
	{ "data out twice counts from the first",
	    { SENT_DATA, SENT_DATA, NOTHING }, { 1000, 9000, 0 }, 16000, 0 },
	{ "data in", { GOT_DATA, NOTHING, NOTHING }, { 1000, 0, 0 }, 0, 11000 },
	{ "keepalive in", { GOT_EMPTY, NOTHING, NOTHING }, { 1000, 0, 0 },
	    0, 0 },
	{ "data in twice counts from the first",
	    { GOT_DATA, GOT_DATA, NOTHING }, { 1000, 9000, 0 }, 0, 11000 },
	{ "answered by data", { GOT_DATA, SENT_DATA, NOTHING },
	    { 1000, 2000, 0 }, 17000, 0 },
	{ "answered by a keepalive", { GOT_DATA, SENT_EMPTY, NOTHING },
	    { 1000, 2000, 0 }, 0, 0 },
	{ "heard data", { SENT_DATA, GOT_DATA, NOTHING }, { 1000, 2000, 0 },
	    0, 12000 },
	{ "heard a keepalive", { SENT_DATA, GOT_EMPTY, NOTHING },
	    { 1000, 2000, 0 }, 0, 0 },
	{ "heard, then data out again", { SENT_DATA, GOT_EMPTY, SENT_DATA },
	    { 1000, 2000, 3000 }, 18000, 0 },
	{ "a keepalive out does not excuse the peer",
	    { SENT_DATA, SENT_EMPTY, NOTHING }, { 1000, 2000, 0 }, 16000, 0 },
};
/* clang-format on */
#define NTIMER ((int)(sizeof(timer_cases) / sizeof(timer_cases[0])))

static void
act_on(struct session *s, enum act a, uint64_t now)
{
	if (a == SENT_DATA || a == SENT_EMPTY)
		session_sent(s, now, a == SENT_DATA);
	else if (a == GOT_DATA || a == GOT_EMPTY)
		receive(s, now, a == GOT_DATA);
}

static void
timers_by_table(const struct timer_case *c, bool initiator)
{
	struct session s = up(initiator, T0);
	uint64_t wipe = T0 + LIVES, first;

	for (int i = 0; i < 3; i++)
		act_on(&s, c->act[i], T0 + c->at_ms[i]);
	ck_assert_msg(s.dead_due_ms == (c->dead_ms ? T0 + c->dead_ms : 0),
	    "%s: dead", c->what);
	ck_assert_msg(
	    s.keepalive_due_ms == (c->answer_ms ? T0 + c->answer_ms : 0),
	    "%s: keepalive", c->what);
	if (c->answer_ms != 0) {
		ck_assert_uint_eq(tick(&s, T0 + c->answer_ms - 1), 0);
		ck_assert_uint_eq(tick(&s, T0 + c->answer_ms), SES_KEEPALIVE);
		session_sent(&s, T0 + c->answer_ms, false);
	} else if (c->dead_ms != 0) {
		ck_assert_uint_eq(tick(&s, T0 + c->dead_ms - 1), 0);
		ck_assert_uint_eq(tick(&s, T0 + c->dead_ms), SES_INITIATE);
		ck_assert(session_up(&s, T0 + c->dead_ms));
		session_stop_dialing(&s);
	}
	first = session_due(&s);
	ck_assert_msg(first == wipe, "%s: something is left", c->what);
	session_clear(&s);
}

START_TEST(timers_follow_this_table_in_both_roles)
{
	timers_by_table(&timer_cases[_i], true);
	timers_by_table(&timer_cases[_i], false);
}
END_TEST

START_TEST(a_finished_handshake_is_a_sign_of_life)
{
	uint32_t gone[SLOT_N];

	for (int role = 0; role < 2; role++) {
		struct session s = up(true, T0);

		session_sent(&s, T0, true);
		ck_assert_uint_ne(s.dead_due_ms, 0);
		establish(&s, T0 + 10, role == 1, 12, 23, gone);
		ck_assert_uint_eq(s.dead_due_ms, 0);
		session_clear(&s);
	}
}
END_TEST

START_TEST(a_keepalive_without_a_usable_key_is_not_asked_for)
{
	struct session s = up(false, T0);

	receive(&s, T0 + 179 * S, true);
	ck_assert_uint_eq(tick(&s, T0 + 189 * S), 0);
	session_clear(&s);
}
END_TEST

START_TEST(a_dead_peer_is_dialed_for_attempt_s_and_again_after_new_data)
{
	struct session s = up(true, T0);
	uint64_t t = T0 + 15 * S;

	s.lim.attempt_s = 10;
	session_sent(&s, T0, true);
	ck_assert_uint_eq(tick(&s, t), SES_INITIATE);
	init_sent(&s, t);
	session_sent(&s, t + 1, true);
	ck_assert_uint_eq(tick(&s, t + 10 * S), SES_GAVE_UP);
	ck_assert_uint_eq(tick(&s, t + 15 * S), 0);
	ck_assert_uint_eq(tick(&s, t + 15 * S + 1), SES_INITIATE);
	session_clear(&s);
}
END_TEST

START_TEST(a_persistent_keepalive_follows_every_silence_of_ours)
{
	struct session s = up(true, T0);

	s.persistent_s = 25;
	ck_assert_uint_eq(session_due(&s), 0);
	ck_assert_uint_eq(tick(&s, T0), 0);
	ck_assert_uint_eq(session_due(&s), T0 + 25 * S);
	session_sent(&s, T0 + 10 * S, true);
	receive(&s, T0 + 20 * S, false);
	ck_assert_uint_eq(tick(&s, T0 + 34 * S), 0);
	ck_assert_uint_eq(tick(&s, T0 + 35 * S), SES_KEEPALIVE);
	session_sent(&s, T0 + 35 * S, false);
	ck_assert_uint_eq(tick(&s, T0 + 60 * S), SES_KEEPALIVE);
	/* shorter, then off */
	s.persistent_s = 5;
	ck_assert_uint_eq(tick(&s, T0 + 61 * S), 0);
	ck_assert_uint_eq(tick(&s, T0 + 66 * S), SES_KEEPALIVE);
	s.persistent_s = 0;
	ck_assert_uint_eq(tick(&s, T0 + 71 * S), 0);
	ck_assert_uint_eq(session_due(&s), T0 + LIVES);
	session_clear(&s);
}
END_TEST

START_TEST(a_persistent_keepalive_without_a_key_dials_again_and_again)
{
	struct session s = fresh();
	uint64_t t = T0 + 200 * S;

	s.persistent_s = 200;
	ck_assert_uint_eq(tick(&s, T0), 0);
	ck_assert_uint_eq(tick(&s, t), SES_INITIATE);
	init_sent(&s, t);
	ck_assert_uint_eq(tick(&s, t + 90 * S), SES_GAVE_UP);
	ck_assert_uint_eq(session_due(&s), t + 200 * S);
	ck_assert_uint_eq(tick(&s, t + 200 * S), SES_INITIATE);
}
END_TEST

static TCase *
timer_tests(void)
{
	TCase *t = tcase_create("timers");

	tcase_add_loop_test(
	    t, timers_follow_this_table_in_both_roles, 0, NTIMER);
	tcase_add_test(t, a_finished_handshake_is_a_sign_of_life);
	tcase_add_test(t, a_keepalive_without_a_usable_key_is_not_asked_for);
	tcase_add_test(
	    t, a_dead_peer_is_dialed_for_attempt_s_and_again_after_new_data);
	tcase_add_test(t, a_persistent_keepalive_follows_every_silence_of_ours);
	tcase_add_test(
	    t, a_persistent_keepalive_without_a_key_dials_again_and_again);
	return t;
}

int
main(void)
{
	if (crypto_init() == -1)
		return 1;
	return run_suite("session_timers", timer_tests(), NULL);
}
