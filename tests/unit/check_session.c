/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_session.c */
/*
 * Dialing, key slots, roles, age and counters of a session, each rule by
 * itself.
 */
#include "session_help.h"

/* ---- dialing ---- */

START_TEST(a_fresh_session_wants_nothing)
{
	struct session s = fresh();

	ck_assert_uint_eq(session_due(&s), UINT64_MAX);
	ck_assert_uint_eq(tick(&s, T0), 0);
	ck_assert_ptr_null(session_tx(&s, T0));
	ck_assert_ptr_null(session_rx(&s, T0, 0));
	ck_assert(!session_up(&s, T0));
	ck_assert(!session_dialing(&s));
	session_clear(&s);
}
END_TEST

START_TEST(a_wanted_session_initiates_at_once_also_at_time_zero)
{
	for (uint64_t t = 0; t <= T0; t += T0) {
		struct session s = fresh();

		session_want(&s, t);
		ck_assert(session_dialing(&s));
		ck_assert_uint_eq(session_due(&s), t);
		ck_assert_uint_eq(tick(&s, t), SES_INITIATE);
	}
}
END_TEST

START_TEST(an_initiation_is_repeated_after_one_two_and_three_quarters)
{
	static const uint64_t at[] = {
	    0, 250, 750, 1500, 2250, 3000, 3750, 4500};
	struct session s = fresh();

	session_want(&s, T0);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		ck_assert_uint_eq(session_due(&s), T0 + at[i]);
		if (at[i] > 0)
			ck_assert_uint_eq(tick(&s, T0 + at[i] - 1), 0);
		ck_assert_uint_eq(tick(&s, T0 + at[i]), SES_INITIATE);
		init_sent(&s, T0 + at[i]);
		ck_assert_uint_eq(s.attempts, i + 1);
	}
}
END_TEST

START_TEST(jitter_is_at_most_a_third_and_gets_there)
{
	static const uint64_t base[] = {250, 500, 750, 750};
	uint64_t seed = 1, low[4], high[4] = {0};
	struct rnd_src r = {.fill = fill_rnd, .ctx = &seed};

	memset(low, 0xff, sizeof(low));
	for (int run = 0; run < 2000; run++) {
		struct session s = fresh();

		session_want(&s, T0);
		for (int i = 0; i < 4; i++) {
			uint64_t d;

			session_init_sent(&s, T0, &r);
			d = s.dial_due_ms - T0;
			low[i] = d < low[i] ? d : low[i];
			high[i] = d > high[i] ? d : high[i];
		}
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_ge(low[i], base[i]);
		ck_assert_uint_le(low[i], base[i] + base[i] / 20);
		ck_assert_uint_le(high[i], base[i] + base[i] / 3);
		ck_assert_uint_ge(high[i], base[i] + base[i] / 4);
	}
}
END_TEST

START_TEST(dialing_ends_after_attempt_s_once_and_starts_again_when_wanted)
{
	struct session s = fresh();
	unsigned inits = 0, todo = 0;
	uint64_t t = T0;

	session_want(&s, t);
	while (todo != SES_GAVE_UP) {
		t = session_due(&s);
		todo = tick(&s, t);
		if (todo == SES_INITIATE) {
			init_sent(&s, t);
			inits++;
		}
	}
	ck_assert_uint_eq(t, T0 + WG_REKEY_ATTEMPT_S * S);
	ck_assert_uint_eq(inits, 2 + 119);
	ck_assert(!session_dialing(&s));
	ck_assert_uint_eq(tick(&s, t + 1), 0);
	ck_assert_uint_eq(session_due(&s), UINT64_MAX);
	session_want(&s, t + 2);
	ck_assert_uint_eq(tick(&s, t + 2), SES_INITIATE);
	ck_assert_uint_eq(s.attempts, 0);
}
END_TEST

START_TEST(wanting_again_neither_hurries_nor_prolongs_dialing)
{
	struct session s = fresh();

	session_want(&s, T0);
	tick(&s, T0);
	init_sent(&s, T0);
	session_want(&s, T0 + 100);
	ck_assert_uint_eq(session_due(&s), T0 + 250);
	session_want(&s, T0 + 90 * S - 1);
	ck_assert_uint_eq(tick(&s, T0 + 90 * S), SES_GAVE_UP);
}
END_TEST

START_TEST(an_initiation_in_the_making_is_not_asked_for_all_the_time)
{
	struct session s = fresh();

	session_want(&s, T0);
	ck_assert_uint_eq(tick(&s, T0), SES_INITIATE);
	ck_assert_uint_eq(tick(&s, T0), 0);
	ck_assert_uint_eq(session_due(&s), T0 + 250);
	ck_assert_uint_eq(tick(&s, T0 + 250), SES_INITIATE);
}
END_TEST

START_TEST(a_cookie_repeats_the_initiation_soon)
{
	struct session s = fresh();

	session_want(&s, T0);
	tick(&s, T0);
	init_sent(&s, T0);
	session_cookie_taken(&s, T0 + 7);
	ck_assert_uint_eq(session_due(&s), T0 + WG_INIT_GAP_MS);
	ck_assert_uint_eq(tick(&s, T0 + WG_INIT_GAP_MS), SES_INITIATE);
	init_sent(&s, T0 + WG_INIT_GAP_MS);
	session_cookie_taken(&s, T0 + 100);
	ck_assert_uint_eq(session_due(&s), T0 + 100);
	session_stop_dialing(&s);
	session_cookie_taken(&s, T0 + 200);
	ck_assert_uint_eq(session_due(&s), UINT64_MAX);
}
END_TEST

START_TEST(a_long_way_delays_the_repetition_and_never_hurries_it)
{
	struct session s = fresh();

	session_be_patient(&s, T0 + 5000); /* not dialing: nothing */
	ck_assert_uint_eq(session_due(&s), UINT64_MAX);
	session_want(&s, T0);
	tick(&s, T0);
	init_sent(&s, T0);
	session_be_patient(&s, T0 + 100);
	ck_assert_uint_eq(session_due(&s), T0 + 250);
	session_be_patient(&s, T0 + 5000);
	ck_assert_uint_eq(session_due(&s), T0 + 5000);
}
END_TEST

START_TEST(a_keepalive_can_be_asked_for)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	session_keepalive_now(&s);
	ck_assert_uint_eq(tick(&s, T0), 0); /* no key to send it with */
	establish(&s, T0, true, 11, 22, gone);
	session_sent(&s, T0, true);
	ck_assert_uint_eq(tick(&s, T0), 0);
	session_keepalive_now(&s);
	ck_assert_uint_eq(tick(&s, T0), SES_KEEPALIVE);
	ck_assert_uint_eq(tick(&s, T0), 0);
	session_clear(&s);
}
END_TEST

/* Any order of events: the gap between initiations holds. */
START_TEST(initiations_are_never_closer_than_the_gap)
{
	uint64_t seed = seed_get(), x = seed, t = 1, last = 0;
	struct rnd_src r = {.fill = fill_rnd, .ctx = &x};
	struct session s = fresh();
	uint32_t gone[SLOT_N], index = 1;

	for (int i = 0; i < 100000; i++) {
		uint64_t v = next_rnd(&x);

		t += v % 8;
		switch (v >> 8 & 7) {
		case 0:
			session_stop_dialing(&s);
			break;
		case 1:
			session_cookie_taken(&s, t);
			break;
		case 2:
			if ((v >> 16 & 15) == 0)
				establish(&s, t, (v >> 20 & 1) != 0, index++, 7,
				    gone);
			break;
		default:
			session_want(&s, t);
		}
		if ((tick(&s, t) & SES_INITIATE) == 0)
			continue;
		ck_assert_msg(last == 0 || t - last >= WG_INIT_GAP_MS,
		    "SEED=%llu step %d", (unsigned long long)seed, i);
		session_init_sent(&s, t, &r);
		last = t;
	}
	session_clear(&s);
}
END_TEST

/* ---- keys and roles ---- */

START_TEST(an_initiator_sends_at_once_and_says_so)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	session_want(&s, T0);
	ck_assert_int_eq(establish(&s, T0, true, 11, 22, gone), 0);
	ck_assert(!session_dialing(&s));
	ck_assert(session_up(&s, T0));
	ck_assert_ptr_nonnull(session_tx(&s, T0));
	/* nothing else to send: a keepalive confirms the key */
	ck_assert_uint_eq(session_due(&s), T0);
	ck_assert_uint_eq(tick(&s, T0), SES_KEEPALIVE);
	ck_assert_uint_eq(tick(&s, T0), 0);
	session_clear(&s);
}
END_TEST

START_TEST(data_that_waited_is_confirmation_enough)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	establish(&s, T0, true, 11, 22, gone);
	session_sent(&s, T0, true);
	ck_assert_uint_eq(tick(&s, T0), 0);
	session_clear(&s);
}
END_TEST

START_TEST(a_responder_receives_on_next_but_sends_only_after_that)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];
	struct keypair *kp;

	establish(&s, T0, false, 11, 22, gone);
	ck_assert_ptr_null(session_tx(&s, T0));
	ck_assert(!session_up(&s, T0));
	ck_assert_uint_eq(tick(&s, T0), 0);
	kp = session_rx(&s, T0, 11);
	ck_assert_ptr_nonnull(kp);
	ck_assert_int_eq(session_received(&s, T0 + 1, kp, false, gone), 0);
	ck_assert_ptr_eq(session_tx(&s, T0 + 1), kp);
	session_clear(&s);
}
END_TEST

START_TEST(a_responders_first_message_ends_its_own_dialing)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	session_want(&s, T0);
	tick(&s, T0);
	init_sent(&s, T0);
	establish(&s, T0 + 10, false, 11, 22, gone);
	ck_assert(session_dialing(&s));
	/* our repetition gives the peer's handshake a moment */
	ck_assert_uint_ge(session_due(&s), T0 + 260);
	session_received(&s, T0 + 30, session_rx(&s, T0 + 30, 11), true, gone);
	ck_assert(!session_dialing(&s));
	session_clear(&s);
}
END_TEST

START_TEST(wanting_while_the_peer_just_initiated_waits_for_it)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	establish(&s, T0, false, 11, 22, gone);
	session_want(&s, T0 + 1);
	ck_assert_uint_eq(tick(&s, T0 + 249), 0);
	ck_assert_uint_eq(tick(&s, T0 + 250), SES_INITIATE);
	session_clear(&s);
}
END_TEST

START_TEST(keys_move_down_and_fall_out_by_index)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	ck_assert_int_eq(establish(&s, T0, true, 1, 101, gone), 0);
	ck_assert_int_eq(establish(&s, T0, true, 2, 102, gone), 0);
	ck_assert_ptr_nonnull(session_rx(&s, T0, 1));
	ck_assert_int_eq(establish(&s, T0, true, 3, 103, gone), 1);
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_ptr_null(session_rx(&s, T0, 1));
	ck_assert_ptr_nonnull(session_rx(&s, T0, 2));
	ck_assert_uint_eq(session_tx(&s, T0)->local_index, 3);
	session_clear(&s);
}
END_TEST

START_TEST(an_unconfirmed_next_is_replaced_and_the_old_keys_stay)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	establish(&s, T0, true, 1, 101, gone);
	establish(&s, T0, true, 2, 102, gone);
	ck_assert_int_eq(establish(&s, T0, false, 3, 103, gone), 0);
	ck_assert_int_eq(establish(&s, T0, false, 4, 104, gone), 1);
	ck_assert_uint_eq(gone[0], 3);
	ck_assert_uint_eq(session_tx(&s, T0)->local_index, 2);
	ck_assert_ptr_nonnull(session_rx(&s, T0, 1));
	ck_assert_int_eq(
	    session_received(&s, T0, session_rx(&s, T0, 4), true, gone), 1);
	ck_assert_uint_eq(gone[0], 1);
	ck_assert_uint_eq(session_tx(&s, T0)->local_index, 4);
	ck_assert_ptr_nonnull(session_rx(&s, T0, 2));
	session_clear(&s);
}
END_TEST

START_TEST(an_old_message_on_previous_promotes_nothing)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	establish(&s, T0, true, 1, 101, gone);
	establish(&s, T0, true, 2, 102, gone);
	session_received(&s, T0, session_rx(&s, T0, 1), true, gone);
	ck_assert_uint_eq(session_tx(&s, T0)->local_index, 2);
	session_clear(&s);
}
END_TEST

START_TEST(a_rekey_does_not_interrupt_what_is_sent)
{
	struct session s = up(true, T0);
	struct keypair *kp = session_tx(&s, T0 + 120 * S);

	ck_assert_ptr_nonnull(kp);
	ck_assert_uint_eq(tick(&s, T0 + 120 * S), SES_INITIATE);
	for (uint64_t t = 120 * S; t < 180 * S; t += 100) {
		ck_assert_ptr_eq(session_tx(&s, T0 + t), kp);
		if ((tick(&s, T0 + t) & SES_INITIATE) != 0)
			init_sent(&s, T0 + t);
	}
	session_clear(&s);
}
END_TEST

/* ---- age and counters ---- */

struct rekey_case {
	bool initiator, sends;
	uint32_t reject_s;
	uint64_t age_ms, counter;
	bool want;
};

/* clang-format off */
static const struct rekey_case rekey_cases[] = {
	/* role, sends, reject, age, counter: rekey? */
	{ true,  true,  180, 119999, 1, false },
	{ true,  true,  180, 120000, 1, true },
	{ true,  true,  180, 179999, 1, true },
	{ false, true,  180, 120000, 1, false },
	{ false, true,  180, 179999, 1, false },
	{ true,  true,  180, 0, (1ULL << 60) - 1, false },
	{ true,  true,  180, 0, 1ULL << 60, true },
	{ false, true,  180, 0, 1ULL << 60, true },
	{ true,  false, 180, 164999, 1, false },
	{ true,  false, 180, 165000, 1, true },
	{ false, false, 180, 179999, 1, false },
	{ true,  false, 180, 0, 1ULL << 60, false },
	/* short lives: a third instead of 15 s */
	{ true,  false, 5,   3333, 1, false },
	{ true,  false, 5,   3334, 1, true },
	{ true,  false, 45,  29999, 1, false },
	{ true,  false, 45,  30000, 1, true },
};
/* clang-format on */
#define NREKEY ((int)(sizeof(rekey_cases) / sizeof(rekey_cases[0])))

START_TEST(a_rekey_is_due_by_this_table)
{
	const struct rekey_case *c = &rekey_cases[_i];
	struct session s = up(c->initiator, T0);
	uint64_t t = T0 + c->age_ms;

	s.lim.reject_after_s = c->reject_s;
	s.slot[SLOT_CURRENT]->tx_counter = c->counter;
	if (c->sends)
		ck_assert_ptr_nonnull(session_tx(&s, t));
	else
		receive(&s, t, false);
	ck_assert(s.rekey_wanted == c->want);
	if (c->want) {
		ck_assert_uint_eq(session_due(&s), 0);
		ck_assert_uint_eq(tick(&s, t), SES_INITIATE);
		session_tx(&s, t);
		receive(&s, t, false);
		ck_assert(!s.rekey_wanted);
	}
	session_clear(&s);
}
END_TEST

START_TEST(a_key_ends_at_reject_after_in_both_directions_and_roles)
{
	for (int role = 0; role < 2; role++) {
		struct session s = up(role == 1, T0);
		uint64_t t = T0 + 180 * S;

		ck_assert(session_up(&s, t - 1));
		ck_assert_ptr_nonnull(session_tx(&s, t - 1));
		ck_assert_ptr_nonnull(session_rx(&s, t - 1, 11));
		ck_assert(!session_up(&s, t));
		ck_assert_ptr_null(session_tx(&s, t));
		ck_assert_ptr_null(session_rx(&s, t, 11));
		session_clear(&s);
	}
}
END_TEST

START_TEST(used_up_counters_end_a_key_and_are_never_used_twice)
{
	struct session_limits l;
	struct session s;
	uint32_t gone[SLOT_N];
	uint8_t out[WG_DATA_MIN];
	struct keypair *kp;

	session_limits_default(&l);
	l.rekey_after_messages = 3;
	l.reject_after_messages = 5;
	session_init(&s, &l);
	establish(&s, T0, true, 11, 22, gone);
	kp = session_tx(&s, T0);
	for (uint64_t n = 0; n < 5; n++) {
		ck_assert_ptr_eq(session_tx(&s, T0), kp);
		ck_assert(s.rekey_wanted == (n >= 3));
		ck_assert_uint_eq(
		    keypair_seal(kp, out, NULL, 0, 0), WG_DATA_MIN);
		ck_assert_uint_eq(wg_get64(out + WG_DATA_COUNTER), n);
	}
	ck_assert_uint_eq(keypair_seal(kp, out, NULL, 0, 0), 0);
	ck_assert_ptr_null(session_tx(&s, T0));
	ck_assert(!session_up(&s, T0));
	session_want(&s, T0);
	establish(&s, T0, true, 12, 23, gone);
	ck_assert_ptr_nonnull(session_tx(&s, T0));
	session_clear(&s);
}
END_TEST

START_TEST(all_keys_are_wiped_three_lives_after_the_last)
{
	struct session s = up(true, T0);
	uint32_t gone[SLOT_N];
	unsigned n;

	establish(&s, T0 + 5, true, 12, 22, gone);
	establish(&s, T0 + 9, false, 13, 23, gone);
	session_sent(&s, T0 + 9, false);
	ck_assert_uint_eq(session_tick(&s, T0 + 8 + LIVES, gone, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(
	    session_tick(&s, T0 + 9 + LIVES, gone, &n), SES_WIPED);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(gone[0] + gone[1] + gone[2], 11 + 12 + 13);
	for (int i = 0; i < SLOT_N; i++)
		ck_assert_ptr_null(s.slot[i]);
	ck_assert_uint_eq(session_due(&s), UINT64_MAX);
}
END_TEST

static TCase *
dialing_tests(void)
{
	TCase *t = tcase_create("dialing");

	tcase_add_test(t, a_fresh_session_wants_nothing);
	tcase_add_test(t, a_wanted_session_initiates_at_once_also_at_time_zero);
	tcase_add_test(
	    t, an_initiation_is_repeated_after_one_two_and_three_quarters);
	tcase_add_test(t, jitter_is_at_most_a_third_and_gets_there);
	tcase_add_test(
	    t, dialing_ends_after_attempt_s_once_and_starts_again_when_wanted);
	tcase_add_test(t, wanting_again_neither_hurries_nor_prolongs_dialing);
	tcase_add_test(
	    t, an_initiation_in_the_making_is_not_asked_for_all_the_time);
	tcase_add_test(t, a_cookie_repeats_the_initiation_soon);
	tcase_add_test(
	    t, a_long_way_delays_the_repetition_and_never_hurries_it);
	tcase_add_test(t, a_keepalive_can_be_asked_for);
	tcase_add_test(t, initiations_are_never_closer_than_the_gap);
	return t;
}

static TCase *
key_tests(void)
{
	TCase *t = tcase_create("keys");

	tcase_add_test(t, an_initiator_sends_at_once_and_says_so);
	tcase_add_test(t, data_that_waited_is_confirmation_enough);
	tcase_add_test(
	    t, a_responder_receives_on_next_but_sends_only_after_that);
	tcase_add_test(t, a_responders_first_message_ends_its_own_dialing);
	tcase_add_test(t, wanting_while_the_peer_just_initiated_waits_for_it);
	tcase_add_test(t, keys_move_down_and_fall_out_by_index);
	tcase_add_test(
	    t, an_unconfirmed_next_is_replaced_and_the_old_keys_stay);
	tcase_add_test(t, an_old_message_on_previous_promotes_nothing);
	tcase_add_test(t, a_rekey_does_not_interrupt_what_is_sent);
	tcase_add_loop_test(t, a_rekey_is_due_by_this_table, 0, NREKEY);
	tcase_add_test(
	    t, a_key_ends_at_reject_after_in_both_directions_and_roles);
	tcase_add_test(t, used_up_counters_end_a_key_and_are_never_used_twice);
	tcase_add_test(t, all_keys_are_wiped_three_lives_after_the_last);
	return t;
}

int
main(void)
{
	if (crypto_init() == -1)
		return 1;
	return run_suite("session", dialing_tests(), key_tests());
}
