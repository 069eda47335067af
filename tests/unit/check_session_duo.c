/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_session_duo.c */
/*
 * Two sessions against each other: crossing handshakes, rekeys under traffic,
 * and random events.
 */
#include "session_help.h"

/* ---- two sessions ---- */

struct duo {
	struct session a, b;
	uint64_t now;
};

/* One data message; the other side must take it, whatever key it is on. */
static void
pass(struct session *from, struct session *to, uint64_t now)
{
	struct keypair *kp = session_tx(from, now), *in;
	uint8_t msg[64], out[64];
	uint32_t gone[SLOT_N];
	size_t n;

	ck_assert_ptr_nonnull(kp);
	n = keypair_seal(kp, msg, (const uint8_t *)"x", 1, 1420);
	session_sent(from, now, true);
	in = session_rx(to, now, wg_receiver(msg));
	ck_assert_ptr_nonnull(in);
	ck_assert_int_eq(keypair_open(in, out, msg, n), 16);
	session_received(to, now, in, true, gone);
}

static void
talk(struct duo *d)
{
	for (int i = 0; i < 3; i++) {
		pass(&d->a, &d->b, d->now);
		pass(&d->b, &d->a, d->now);
	}
}

/*
 * Both initiate; both initiations arrive, then both responses.  ia and ib are
 * the initiators' indices.
 */
static struct duo
crossed(uint32_t ia, uint32_t ib, bool b_first)
{
	struct duo d = {.a = fresh(), .b = fresh(), .now = T0};
	uint32_t gone[SLOT_N];

	session_want(&d.a, T0);
	session_want(&d.b, T0);
	establish(&d.b, T0 + 10, false, 1000, ia, gone);
	establish(&d.a, T0 + 10, false, 2000, ib, gone);
	d.now = T0 + 20;
	if (b_first)
		establish(&d.b, d.now, true, ib, 2000, gone);
	establish(&d.a, d.now, true, ia, 1000, gone);
	if (!b_first)
		establish(&d.b, d.now, true, ib, 2000, gone);
	return d;
}

static void
duo_clear(struct duo *d)
{
	session_clear(&d->a);
	session_clear(&d->b);
}

START_TEST(crossing_handshakes_settle_on_one_key_with_one_initiator)
{
	for (unsigned i = 0; i < 4; i++) {
		bool a_wins = (i & 1) != 0;
		struct duo d =
		    crossed(a_wins ? 5 : 9, a_wins ? 9 : 5, (i & 2) != 0);
		struct keypair *ka, *kb;

		ck_assert(!session_dialing(&d.a) && !session_dialing(&d.b));
		talk(&d);
		ka = session_tx(&d.a, d.now);
		kb = session_tx(&d.b, d.now);
		ck_assert_uint_eq(ka->local_index, kb->remote_index);
		ck_assert_uint_eq(kb->local_index, ka->remote_index);
		ck_assert(ka->initiator == a_wins);
		ck_assert(kb->initiator == !a_wins);
		duo_clear(&d);
	}
}
END_TEST

START_TEST(crossing_in_any_order_of_sending_loses_nothing)
{
	for (unsigned order = 0; order < 64; order++) {
		struct duo d = crossed(5, 9, false);

		for (unsigned i = 0; i < 6; i++)
			if ((order >> i & 1) != 0)
				pass(&d.a, &d.b, d.now);
			else
				pass(&d.b, &d.a, d.now);
		talk(&d);
		duo_clear(&d);
	}
}
END_TEST

START_TEST(after_a_crossing_only_one_side_rekeys)
{
	struct duo d = crossed(5, 9, false);
	unsigned todo_a, todo_b;

	talk(&d);
	d.now += 121 * S;
	talk(&d);
	todo_a = tick(&d.a, d.now);
	todo_b = tick(&d.b, d.now);
	ck_assert_uint_eq(todo_a & SES_INITIATE, SES_INITIATE);
	ck_assert_uint_eq(todo_b & SES_INITIATE, 0);
	duo_clear(&d);
}
END_TEST

/* A stock peer keeps its own handshake's key in use; ours must follow along. */
START_TEST(a_peer_that_stays_on_the_losing_key_is_still_heard)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];
	struct keypair *theirs;

	establish(&s, T0, false, 2000, 9, gone);
	establish(&s, T0 + 5, true, 5, 1000, gone);
	for (int i = 0; i < 10; i++) {
		theirs = session_rx(&s, T0 + 10, 2000);
		ck_assert_ptr_nonnull(theirs);
		session_received(&s, T0 + 10, theirs, true, gone);
		ck_assert_uint_eq(session_tx(&s, T0 + 10)->local_index, 5);
	}
	session_clear(&s);
}
END_TEST

START_TEST(a_stale_next_is_not_promoted_once_the_peer_uses_a_newer_key)
{
	struct session s = fresh();
	uint32_t gone[SLOT_N];

	/* theirs would outrank ours (3 < 5), but it is old and they moved on */
	establish(&s, T0, false, 2000, 3, gone);
	establish(&s, T0 + 50 * S, true, 5, 1000, gone);
	receive(&s, T0 + 51 * S, true);
	session_received(
	    &s, T0 + 51 * S, session_rx(&s, T0 + 51 * S, 2000), true, gone);
	ck_assert_uint_eq(session_tx(&s, T0 + 51 * S)->local_index, 5);
	session_clear(&s);
}
END_TEST

/* Half an hour of traffic both ways with rekeys by the rules: no gap. */
START_TEST(a_busy_session_rekeys_without_a_hole)
{
	struct duo d = {.a = fresh(), .b = fresh(), .now = T0};
	uint32_t gone[SLOT_N], index = 100;
	unsigned rekeys = 0;

	establish(&d.b, d.now, false, 2, 1, gone);
	establish(&d.a, d.now, true, 1, 2, gone);
	for (; d.now < T0 + 1800 * S; d.now += 500) {
		talk(&d);
		ck_assert_uint_eq(tick(&d.b, d.now) & SES_INITIATE, 0);
		if ((tick(&d.a, d.now) & SES_INITIATE) == 0)
			continue;
		init_sent(&d.a, d.now);
		establish(&d.b, d.now, false, index + 1, index, gone);
		talk(&d); /* the response is still under way */
		establish(&d.a, d.now, true, index, index + 1, gone);
		index += 2;
		rekeys++;
	}
	ck_assert_uint_eq(rekeys, 14);
	duo_clear(&d);
}
END_TEST

/*
 * Any order of two peers' events: a slot's key is never used past its life,
 * a counter never twice, and due times never lie behind a tick.
 */
START_TEST(random_events_keep_the_invariants)
{
	uint64_t seed = seed_get(), x = seed, t = T0;
	struct rnd_src r = {.fill = fill_rnd, .ctx = &x};
	struct session s = fresh();
	uint32_t gone[SLOT_N], index = 1;
	uint8_t msg[WG_DATA_MIN];
	struct keypair *kp;
	uint64_t counter;

	s.lim.rekey_after_s = 4;
	s.lim.reject_after_s = 6;
	s.lim.attempt_s = 3;
	for (int i = 0; i < 50000; i++) {
		uint64_t v = next_rnd(&x);

		t += v % 400;
		switch (v >> 16 & 7) {
		case 0:
			establish(&s, t, (v >> 24 & 1) != 0, index++,
			    (uint32_t)(v >> 32), gone);
			break;
		case 1:
			session_want(&s, t);
			break;
		case 2:
			s.persistent_s = (uint16_t)(v >> 24 & 3);
			break;
		case 3:
		case 4:
			kp = session_rx(&s, t, index - (v >> 24 & 3));
			if (kp == NULL)
				break;
			ck_assert_uint_lt(t - kp->born_ms, 6 * S);
			session_received(&s, t, kp, (v & 1) != 0, gone);
			break;
		default:
			kp = session_tx(&s, t);
			if (kp == NULL)
				break;
			ck_assert_uint_lt(t - kp->born_ms, 6 * S);
			counter = kp->tx_counter;
			keypair_seal(kp, msg, NULL, 0, 0);
			ck_assert_uint_eq(kp->tx_counter, counter + 1);
			session_sent(&s, t, (v & 1) != 0);
		}
		if ((tick(&s, t) & SES_INITIATE) != 0)
			session_init_sent(&s, t, &r);
		tick(&s, t);
		ck_assert_msg(session_due(&s) > t, "SEED=%llu step %d",
		    (unsigned long long)seed, i);
	}
	session_clear(&s);
}
END_TEST

static TCase *
duo_tests(void)
{
	TCase *t = tcase_create("duo");

	tcase_add_test(
	    t, crossing_handshakes_settle_on_one_key_with_one_initiator);
	tcase_add_test(t, crossing_in_any_order_of_sending_loses_nothing);
	tcase_add_test(t, after_a_crossing_only_one_side_rekeys);
	tcase_add_test(t, a_peer_that_stays_on_the_losing_key_is_still_heard);
	tcase_add_test(
	    t, a_stale_next_is_not_promoted_once_the_peer_uses_a_newer_key);
	tcase_add_test(t, a_busy_session_rekeys_without_a_hole);
	tcase_add_test(t, random_events_keep_the_invariants);
	return t;
}

int
main(void)
{
	if (crypto_init() == -1)
		return 1;
	return run_suite("session_duo", duo_tests(), NULL);
}
