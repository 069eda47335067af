/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_sim.c */
/*
 * Whole meshes in virtual time (tests/sim/): what must hold among a hundred
 * engines whatever the network, the clocks, keyd and discoveryd do.
 */
#include <stdio.h>
#include <string.h>

#include "sim_help.h"
#include "unit.h"

#define NODES 100
#define PAIRS 600

START_TEST(a_hundred_nodes_deliver_everything_once_and_in_order)
{
	struct sim_conf c = calm(NODES);
	struct want w[PAIRS];
	struct sim *s;

	c.super = true;
	s = sim_new(&c);
	draw(s, NODES, w, PAIRS);
	for (int round = 0; round < 10; round++) {
		send_all(s, w, PAIRS);
		sim_run(s, 20);
		no_error(s);
	}
	sim_run(s, 2000);
	no_error(s);
	for (unsigned i = 0; i < PAIRS; i++)
		ck_assert(sim_up(s, w[i].a, w[i].b));
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	ck_assert_uint_eq(sim_count_all(s, ILLEGAL_EVENTS), 0);
	sim_free(s);
}
END_TEST

START_TEST(whatever_happens_books_balance_and_everybody_comes_back)
{
	enum { N = NODES, P = 250 };
	struct sim_conf c = calm(N);
	struct want w[P];
	struct sim *s;

	c.net = (struct sim_net){.loss = 100,
	    .dup = 20,
	    .corrupt = 20,
	    .reorder = 200,
	    .delay_ms = 20,
	    .jitter_ms = 50};
	c.super = true;
	s = sim_new(&c);
	draw(s, N, w, P);
	for (int round = 0; round < 150; round++) {
		send_all(s, w, P);
		mishap(s, N);
		mishap(s, N);
		sim_run(s, 200);
		no_error(s);
	}
	heal(s, N);
	/* the longest back-off, and a hand shake */
	for (int round = 0; round < 25; round++) {
		send_all(s, w, P);
		sim_run(s, 1000);
		no_error(s);
	}
	for (unsigned i = 0; i < P; i++)
		ck_assert_msg(sim_up(s, w[i].a, w[i].b),
		    "SEED=%llu: %u -> %u is in state %d",
		    (unsigned long long)c.seed, w[i].a, w[i].b,
		    sim_state(s, w[i].a, w[i].b));
	sim_free(s);
}
END_TEST

START_TEST(the_same_seed_is_the_same_run)
{
	uint64_t delivered[2], handshakes[2];

	for (int run = 0; run < 2; run++) {
		struct sim_conf c = calm(12);
		struct want w[40];
		struct sim *s;

		c.net.loss = 200;
		c.net.reorder = 300;
		c.net.jitter_ms = 40;
		s = sim_new(&c);
		draw(s, 12, w, 40);
		for (int round = 0; round < 20; round++) {
			send_all(s, w, 40);
			sim_run(s, 100);
		}
		delivered[run] = sim_delivered(s);
		handshakes[run] = sim_count_all(s, HS_INIT_SENT);
		sim_free(s);
	}
	ck_assert_uint_eq(delivered[0], delivered[1]);
	ck_assert_uint_eq(handshakes[0], handshakes[1]);
}
END_TEST

START_TEST(one_unreachable_peer_never_delays_another)
{
	struct sim_conf c = calm(20);
	struct sim *s = sim_new(&c);

	sim_block(s, 0, 1, true);
	for (int round = 0; round < 300; round++) {
		sim_send(s, 0, 1, 0);
		sim_send(s, 0, 2 + (uint32_t)round % 18, 1);
		sim_run(s, 20);
		no_error(s);
	}
	ck_assert_uint_eq(sim_delivered_to(s, 0, 1), 0);
	ck_assert(!sim_up(s, 0, 1));
	for (uint32_t b = 2; b < 20; b++) {
		ck_assert_uint_gt(sim_delivered_to(s, 0, b), 10);
		/* the first one: lookup, three answers of keyd, three ways */
		ck_assert_uint_le(sim_slowest(s, 0, b), 60);
	}
	/* the host hears of the packets that waited too long */
	sim_run(s, SIM_HOLD_MS);
	ck_assert_uint_gt(sim_icmp(s, 0), 0);
	ck_assert_uint_eq(sim_count(s, 0, EO_HOLD_FULL) +
		sim_count(s, 0, EO_HOLD_TIMEOUT) + sim_count(s, 0, EO_BREAKER) +
		sim_count(s, 0, EO_HELD),
	    300);
	sim_free(s);
}
END_TEST

START_TEST(rekeying_under_traffic_loses_nothing)
{
	struct sim_conf c = calm(10);
	struct sim *s;

	c.rekey_after_s = 3;
	c.reject_after_s = 8;
	c.endpoints = true;
	s = sim_new(&c);
	for (int round = 0; round < 3000; round++) { /* a minute */
		uint32_t a = (uint32_t)round % 10;

		sim_send(s, a, (a + 1) % 10, 0);
		sim_send(s, (a + 1) % 10, a, 1);
		sim_run(s, 20);
	}
	sim_run(s, 1000);
	no_error(s);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	ck_assert_uint_ge(sim_row(s, 0, 1)->handshakes, 15);
	sim_free(s);
}
END_TEST

START_TEST(two_that_dial_each_other_at_once_lose_nothing)
{
	struct sim_conf c = calm(40);
	struct sim *s;

	c.endpoints = true;
	c.net.delay_ms = 40;
	s = sim_new(&c);
	for (int round = 0; round < 100; round++) {
		for (uint32_t a = 0; a < 40; a += 2) {
			sim_send(s, a, a + 1, 0);
			sim_send(s, a + 1, a, 0);
		}
		sim_run(s, 50);
		no_error(s);
	}
	sim_run(s, 1000);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	ck_assert_ptr_null(sim_check(s));
	sim_free(s);
}
END_TEST

START_TEST(an_engine_that_was_killed_is_back_in_a_quarter_of_a_second)
{
	struct sim_conf c = calm(4);
	struct sim *s = sim_new(&c);

	outage(s, 0, 1, 1000);
	for (int round = 0; round < 10; round++) {
		sim_kill(s, (uint32_t)round % 2);
		sim_run(s, 50); /* the parent starts another */
		sim_start(s, (uint32_t)round % 2);
		ck_assert_uint_le(outage(s, 0, 1, 1000), 250);
		ck_assert_uint_le(outage(s, 1, 0, 500), 60);
		no_error(s);
	}
	sim_free(s);
}
END_TEST

START_TEST(clock_jumps_cost_nothing_in_a_session_and_nothing_after_it)
{
	static const int64_t jumps[] = {1000, -1000, 3600000, -3600000,
	    -31536000000, 315360000000, -1800000000000};
	struct sim_conf c = calm(2);
	struct sim *s;

	c.rekey_after_s = 3;
	c.reject_after_s = 8;
	s = sim_new(&c);
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		sim_clock(s, (uint32_t)i % 2, jumps[i]);
		outage(s, 0, 1, 4000);
		no_error(s);
	}
	sim_run(s, 200);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	sim_free(s);
}
END_TEST

START_TEST(without_keyd_and_discoveryd_sessions_live_on)
{
	struct sim_conf c = calm(6);
	struct sim *s = sim_new(&c);

	outage(s, 0, 1, 500);
	sim_key(s, 0, KEYD_AWAY);
	sim_disc(s, 0, DISC_AWAY);
	ck_assert_uint_le(outage(s, 0, 1, 3000), 20);
	ck_assert_uint_eq(sim_delivered_to(s, 1, 0) > 300, 1);
	/* a new peer has to wait for them, and comes up when they are back */
	sim_send(s, 0, 2, 0);
	sim_run(s, 1000);
	ck_assert(!sim_up(s, 0, 2));
	sim_key(s, 0, KEYD_OK);
	sim_disc(s, 0, DISC_OK);
	sim_send(s, 0, 2, 0);
	sim_run(s, 600);
	ck_assert(sim_up(s, 0, 2));
	ck_assert_uint_eq(sim_delivered_to(s, 0, 2) > 0, 1);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(a_discoveryd_that_hangs_fails_new_lookups_in_two_seconds)
{
	struct sim_conf c = calm(4);
	struct sim *s = sim_new(&c);

	sim_disc(s, 0, DISC_HANG);
	sim_send(s, 0, 1, 0);
	sim_run(s, 1900);
	ck_assert_int_eq(sim_state(s, 0, 1), PV_LOOKUP);
	sim_run(s, 200);
	ck_assert_int_eq(sim_state(s, 0, 1), PV_WAIT);
	ck_assert_uint_eq(sim_count(s, 0, EO_NO_ENDPOINT), 1);
	ck_assert_uint_eq(sim_icmp(s, 0), 1);
	/* who calls us is welcome all the same */
	sim_send(s, 1, 0, 0);
	sim_run(s, 100);
	ck_assert_uint_eq(sim_delivered_to(s, 1, 0), 1);
	ck_assert(sim_up(s, 0, 1));
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(a_discoveryd_that_lies_can_send_nothing_to_the_wrong_peer)
{
	enum { N = 20 };
	struct sim_conf c = calm(N);
	struct want w[60];
	struct sim *s = sim_new(&c);

	for (uint32_t i = 0; i < N; i++)
		sim_disc(s, i, DISC_LIE);
	draw(s, N, w, 60);
	for (int round = 0; round < 200; round++) {
		send_all(s, w, 60);
		sim_run(s, 100);
		no_error(s); /* "node x got a packet from a to b" */
	}
	ck_assert_uint_gt(sim_count_all(s, LOOKUPS_FAILED), 0);
	ck_assert_uint_gt(sim_count_all(s, ILLEGAL_EVENTS), 0);
	sim_free(s);
}
END_TEST

/* When each of n pairs was up, sorted. */
static void
times_to_up(struct sim *s, uint32_t n, uint64_t *ms)
{
	uint64_t t0 = sim_now(s);
	uint32_t found = 0;
	bool done[NODES] = {false};

	while (found < n && sim_now(s) - t0 < 60000) {
		for (uint32_t i = 0; i < n; i++)
			if (!done[i])
				sim_send(s, 2 * i, 2 * i + 1, 0);
		sim_run(s, 50);
		for (uint32_t i = 0; i < n; i++)
			if (!done[i] && sim_up(s, 2 * i, 2 * i + 1)) {
				done[i] = true;
				ms[found++] = sim_now(s) - t0;
			}
	}
	while (found < n)
		ms[found++] = UINT64_MAX;
}

START_TEST(handshakes_get_through_a_network_that_loses_a_third)
{
	enum { N = 50, RUNS = 4 };
	uint64_t ms[N];
	uint32_t late = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		struct sim_conf c = calm(2 * N);
		struct sim *s;

		c.seed += run;
		c.net.loss = 300;
		c.endpoints = true;
		s = sim_new(&c);
		times_to_up(s, N, ms);
		no_error(s);
		sim_free(s);
		ck_assert_uint_le(ms[N / 2], 1000);
		ck_assert_uint_le(ms[N - 1], 30000);
		for (int i = 0; i < N; i++)
			late += ms[i] > 5000;
	}
	/* 49 of 100 tries succeed, and seven of them fit into five seconds */
	ck_assert_uint_le(late, RUNS * N / 20);
}
END_TEST

START_TEST(a_way_longer_than_our_patience_is_waited_for)
{
	static const uint32_t delay[] = {300, 600, 700, 1500, 2200};

	for (size_t i = 0; i < sizeof(delay) / sizeof(delay[0]); i++) {
		struct sim_conf c = calm(10);
		struct sim *s;

		c.endpoints = true;
		c.net.delay_ms = delay[i];
		s = sim_new(&c);
		for (uint32_t a = 0; a < 10; a += 2)
			sim_send(s, a, a + 1, 0);
		/* two ways there and back to learn it, one to use it */
		sim_run(s, 6 * delay[i] + 500);
		for (uint32_t a = 0; a < 10; a += 2)
			ck_assert(sim_up(s, a, a + 1));
		no_error(s);
		sim_free(s);
	}
}
END_TEST

START_TEST(who_moved_is_found_again)
{
	struct sim_conf c = calm(3);
	struct sim *s = sim_new(&c);

	outage(s, 0, 1, 500);
	for (int round = 0; round < 5; round++) {
		sim_roam(s, 0);
		/* node 1 answers to where the next packet came from */
		ck_assert_uint_le(outage(s, 1, 0, 500), 60);
	}
	ck_assert_uint_eq(sim_count(s, 1, ROAMS), 5);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(a_hub_that_starts_again_serves_everybody_soon)
{
	enum { N = 100 };
	struct sim_conf c = calm(N);
	struct sim *s = sim_new(&c);
	uint32_t up = 0;

	for (uint32_t i = 1; i < N; i++)
		sim_send(s, i, 0, 0);
	sim_run(s, 3000);
	sim_kill(s, 0);
	sim_run(s, 100);
	sim_start(s, 0);
	sim_run(s, 2000);
	for (uint32_t i = 1; i < N; i++)
		up += sim_up(s, 0, i);
	ck_assert_uint_eq(up, N - 1);
	no_error(s);
	sim_free(s);
}
END_TEST

/* How many of n - 1 peers of a hub, node 0, have a session with it then? */
static uint32_t
up_after(struct sim *s, uint32_t n, uint64_t ms)
{
	uint32_t up = 0;

	sim_run(s, ms);
	for (uint32_t i = 1; i < n; i++)
		up += sim_up(s, 0, i) && sim_up(s, i, 0);
	return up;
}

START_TEST(a_thousand_peers_of_a_hub_that_all_start_again_are_back_in_time)
{
	enum { N = 1001 };
	struct sim_conf c = calm(N);
	struct sim *s;

	c.star = true;
	c.endpoints = true;
	c.key_delay_ms = 20; /* it has a thousand things to do */
	s = sim_new(&c);
	for (uint32_t i = 1; i < N; i++)
		sim_send(s, i, 0, 0);
	ck_assert_uint_eq(up_after(s, N, 15000), N - 1);
	/* once more, and now the hub knows whom to call, too */
	for (uint32_t i = 0; i < N; i++)
		sim_kill(s, i);
	sim_run(s, 50);
	for (uint32_t i = 0; i < N; i++)
		sim_start(s, i);
	ck_assert_uint_eq(up_after(s, N, 15000), N - 1);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(peers_with_a_keepalive_are_up_without_any_packet)
{
	struct sim_conf c = calm(5);
	struct sim *s;

	c.keepalive_s = 5;
	c.endpoints = true;
	s = sim_new(&c);
	sim_run(s, 500);
	for (uint32_t i = 1; i < 5; i++)
		ck_assert(sim_up(s, 0, i));
	/* for good: also when the other side was away for long */
	sim_kill(s, 1);
	sim_run(s, 600 * 1000);
	ck_assert(!sim_up(s, 0, 1));
	sim_start(s, 1);
	sim_run(s, 20 * 1000);
	ck_assert(sim_up(s, 0, 1));
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(an_hour_of_silence_costs_nothing_and_the_next_packet_goes_through)
{
	struct sim_conf c = calm(3);
	struct sim *s = sim_new(&c);
	uint64_t sent;

	sim_send(s, 0, 1, 0);
	sim_run(s, 60000);
	sent = sim_count_all(s, UDP_TX);
	sim_run(s, 3600 * 1000);
	ck_assert_uint_eq(sim_count_all(s, UDP_TX), sent);
	ck_assert_int_eq(sim_state(s, 0, 1), PV_IDLE);
	sim_send(s, 0, 1, 0);
	sim_run(s, 100);
	ck_assert_uint_eq(sim_delivered_to(s, 0, 1), 2);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(more_sessions_than_the_limit_close_the_one_unused_longest)
{
	struct sim_conf c = calm(8);
	struct sim *s;
	uint32_t up = 0;

	c.sessions_max = 3;
	s = sim_new(&c);
	for (uint32_t b = 1; b < 8; b++) {
		sim_send(s, 0, b, 0);
		sim_run(s, 100);
		sim_send(s, 0, 1, 0); /* node 1 is never the oldest */
		sim_run(s, 100);
	}
	for (uint32_t b = 1; b < 8; b++)
		up += sim_up(s, 0, b);
	ck_assert_uint_eq(up, 3);
	ck_assert(sim_up(s, 0, 1));
	ck_assert(sim_up(s, 0, 7));
	ck_assert_uint_eq(sim_count(s, 0, HS_DONE), 7);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(an_idle_session_is_closed_and_comes_back)
{
	struct sim_conf c = calm(2);
	struct sim *s;

	c.sessions_idle_s = 30;
	s = sim_new(&c);
	sim_send(s, 0, 1, 0);
	sim_run(s, 29000);
	ck_assert(sim_up(s, 0, 1));
	sim_run(s, 2000);
	ck_assert_int_eq(sim_state(s, 0, 1), PV_IDLE);
	ck_assert_int_eq(sim_state(s, 1, 0), PV_IDLE);
	sim_send(s, 0, 1, 0);
	sim_run(s, 100);
	ck_assert_uint_eq(sim_delivered_to(s, 0, 1), 2);
	no_error(s);
	sim_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_hundred_nodes_deliver_everything_once_and_in_order,
	    whatever_happens_books_balance_and_everybody_comes_back,
	    the_same_seed_is_the_same_run,
	    one_unreachable_peer_never_delays_another,
	    rekeying_under_traffic_loses_nothing,
	    two_that_dial_each_other_at_once_lose_nothing,
	    an_engine_that_was_killed_is_back_in_a_quarter_of_a_second,
	    clock_jumps_cost_nothing_in_a_session_and_nothing_after_it,
	    without_keyd_and_discoveryd_sessions_live_on,
	    a_discoveryd_that_hangs_fails_new_lookups_in_two_seconds,
	    a_discoveryd_that_lies_can_send_nothing_to_the_wrong_peer,
	    handshakes_get_through_a_network_that_loses_a_third,
	    a_way_longer_than_our_patience_is_waited_for,
	    who_moved_is_found_again,
	    a_hub_that_starts_again_serves_everybody_soon,
	    a_thousand_peers_of_a_hub_that_all_start_again_are_back_in_time,
	    peers_with_a_keepalive_are_up_without_any_packet,
	    an_hour_of_silence_costs_nothing_and_the_next_packet_goes_through,
	    more_sessions_than_the_limit_close_the_one_unused_longest,
	    an_idle_session_is_closed_and_comes_back,
	};

	return UNIT_RUN("sim", tests);
}
