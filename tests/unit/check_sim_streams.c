/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_sim_streams.c */
/*
 * Streams between whole engines in virtual time: what changes while flows go
 * on must neither reorder nor double a packet; the simulator looks at each.
 */
#include <stdio.h>

#include "sim_help.h"
#include "unit.h"

#define FLOWS 200

static struct sim *
two(void)
{
	struct sim_conf c = calm(2);

	c.members = true;
	c.sockets = true;
	return sim_new(&c);
}

/* Both hosts in all flows, one packet each every 25 ms. */
static void
talk(struct sim *s, unsigned flows, unsigned ms)
{
	for (uint64_t end = sim_now(s) + ms; sim_now(s) < end;) {
		for (unsigned f = 0; f < flows; f++) {
			sim_send(s, 0, 1, f);
			sim_send(s, 1, 0, f);
		}
		sim_run(s, 25);
	}
	no_error(s);
}

/* Few packets, so that numbers last. */
static void
whisper(struct sim *s, unsigned flows, unsigned ms, unsigned every)
{
	for (uint64_t end = sim_now(s) + ms; sim_now(s) < end;) {
		for (unsigned f = 0; f < flows; f++)
			sim_send(s, 0, 1, f);
		sim_run(s, every);
	}
	no_error(s);
}

static uint64_t
streams(struct sim *s)
{
	return sim_count(s, 0, STREAMS);
}

START_TEST(without_need_there_is_one_stream)
{
	struct sim *s = two();

	talk(s, 1, 500);
	talk(s, 20, 5000);
	sim_run(s, 100);
	ck_assert_uint_eq(sim_count_all(s, STREAMS_OPENED), 0);
	ck_assert_uint_eq(sim_count_all(s, PROBES_SENT), 0);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	sim_free(s);
}
END_TEST

START_TEST(streams_are_opened_and_both_sides_use_them)
{
	struct sim *s = two();

	talk(s, 1, 500);
	talk(s, FLOWS / 4, 500);
	sim_streams(s, 0, 8, 10);
	talk(s, FLOWS, 4000);
	ck_assert_uint_eq(streams(s), 7);
	ck_assert_uint_eq(sim_count(s, 1, STREAMS), 7);
	/* also those that were there before, behind fences */
	ck_assert_uint_gt(sim_count(s, 0, FLOWS_MOVED), 10);
	ck_assert_uint_gt(sim_count_all(s, PROBES_ANSWERED), 0);
	sim_run(s, 1000);
	no_error(s);
	ck_assert_uint_eq(
	    sim_delivered(s) + sim_count_all(s, EO_HOLD_FULL), sim_sent(s));
	ck_assert_uint_eq(sim_count_all(s, ILLEGAL_EVENTS), 0);
	sim_free(s);
}
END_TEST

START_TEST(the_other_sides_limit_counts_too)
{
	struct sim *s = two();

	sim_streams(s, 1, 1, 3);
	talk(s, 1, 500);
	sim_streams(s, 0, 8, 10);
	talk(s, 10, 5000);
	ck_assert_uint_eq(streams(s), 2);
	sim_streams(s, 1, 1, 1);
	talk(s, 10, 4000);
	ck_assert_uint_eq(streams(s), 0);
	sim_free(s);
}
END_TEST

START_TEST(from_one_to_eight_and_back_no_flow_is_reordered_or_loses)
{
	struct sim *s = two();

	talk(s, 1, 500);
	for (int i = 0; i < 2; i++) {
		sim_streams(s, 0, 8, 10);
		talk(s, FLOWS, 3000);
		ck_assert_uint_eq(streams(s), 7);
		sim_streams(s, 0, 1, 1);
		talk(s, FLOWS, 3000);
		ck_assert_uint_eq(streams(s), 0);
	}
	sim_run(s, 2000);
	no_error(s);
	ck_assert_uint_eq(
	    sim_delivered(s) + sim_count_all(s, EO_STREAM_FULL), sim_sent(s));
	ck_assert_uint_lt(sim_count_all(s, EO_STREAM_FULL) * 100, sim_sent(s));
	ck_assert_uint_gt(sim_count(s, 0, FLOWS_MOVED), 100);
	ck_assert_uint_eq(sim_count(s, 0, FENCES_LATE), 0);
	sim_free(s);
}
END_TEST

START_TEST(a_stream_that_is_delayed_and_dies_is_replaced_in_order)
{
	struct sim *s = two();
	uint64_t began;

	talk(s, 1, 500);
	sim_streams(s, 0, 8, 10);
	talk(s, FLOWS, 2500);
	ck_assert_uint_eq(streams(s), 7);
	sim_path(s, 0, 3, 80, false);
	talk(s, FLOWS, 1000);
	ck_assert_uint_eq(sim_count_all(s, STREAMS_LOST), 0);
	sim_path(s, 0, 3, 80, true);
	began = sim_now(s);
	while (sim_count(s, 0, STREAMS_OPENED) < 8 ||
	    sim_count_all(s, STREAMS_LOST) == 0)
		talk(s, FLOWS, 50);
	talk(s, FLOWS, 100);
	printf("replaced after %u ms\n", (unsigned)(sim_now(s) - began));
	ck_assert_uint_lt(sim_now(s) - began, 3000);
	talk(s, FLOWS, 1500);
	ck_assert_uint_eq(streams(s), 7);
	sim_streams(s, 0, 1, 1);
	talk(s, FLOWS, 2000);
	ck_assert_uint_eq(streams(s), 0);
	sim_free(s);
}
END_TEST

/* Nobody has measured it yet when the flows have to leave it. */
START_TEST(flows_leave_a_path_that_just_became_long_in_order)
{
	struct sim *s = two();

	talk(s, 1, 500);
	sim_streams(s, 0, 8, 10);
	talk(s, FLOWS, 2500);
	ck_assert_uint_eq(streams(s), 7);
	for (unsigned k = 1; k < 8; k += 2)
		sim_path(s, 0, k, 200, false);
	talk(s, FLOWS, 150);
	sim_streams(s, 0, 1, 1);
	talk(s, FLOWS, 4000);
	ck_assert_uint_eq(streams(s), 0);
	ck_assert_uint_eq(sim_count_all(s, FENCES_LATE), 0);
	sim_free(s);
}
END_TEST

START_TEST(who_waits_long_is_not_idle)
{
	struct sim *s = two();

	talk(s, 1, 500);
	sim_streams(s, 0, 8, 10);
	talk(s, FLOWS, 2500);
	ck_assert_uint_eq(streams(s), 7);
	for (unsigned k = 1; k < 8; k++)
		sim_path(s, 0, k, 700, false);
	sim_streams(s, 0, 1, 1);
	sim_run(s, 150);
	for (int i = 0; i < 2; i++) {
		for (unsigned f = 0; f < FLOWS; f += 8)
			sim_send(s, 0, 1, f);
		sim_run(s, 1050 - 850 * i);
		no_error(s);
	}
	talk(s, FLOWS, 3000);
	sim_free(s);
}
END_TEST

START_TEST(a_fence_that_is_lost_is_said_again)
{
	struct sim *s = two();
	uint64_t fences = 0, late = 0;

	talk(s, 1, 500);
	sim_streams(s, 0, 4, 10);
	talk(s, FLOWS, 2500);
	for (int i = 0; i < 5; i++) {
		fences -= sim_count_all(s, FENCES);
		late -= sim_count_all(s, FENCES_LATE);
		sim_net(s)->loss = 200;
		sim_streams(s, 0, 1, 1);
		talk(s, FLOWS, 4000);
		fences += sim_count_all(s, FENCES);
		late += sim_count_all(s, FENCES_LATE);
		sim_net(s)->loss = 0;
		sim_streams(s, 0, 4, 10);
		talk(s, FLOWS, 4000);
	}
	/* it or its answer, four times in a row: one in fifty, else in three */
	ck_assert_uint_ge(fences, 20);
	ck_assert_uint_lt(late * 5, fences);
	sim_free(s);
}
END_TEST

START_TEST(a_stream_0_that_dies_alone_carries_nothing_meanwhile)
{
	struct sim *s = two();
	uint64_t sent, got;

	talk(s, 1, 500);
	sim_streams(s, 0, 4, 10);
	talk(s, 50, 2000);
	sim_path(s, 0, 0, 0, true);
	talk(s, 50, 3000);
	sent = sim_sent(s);
	got = sim_delivered(s);
	talk(s, 50, 1000);
	sim_run(s, 100);
	ck_assert_uint_ge(sim_delivered(s) - got, sim_sent(s) - sent);
	sim_path(s, 0, 0, 0, false);
	talk(s, 50, 2000);
	sim_free(s);
}
END_TEST

START_TEST(when_the_peer_dies_streams_end_with_its_session)
{
	struct sim *s = two();

	talk(s, 1, 500);
	sim_streams(s, 0, 4, 10);
	talk(s, 20, 2000);
	ck_assert_uint_eq(streams(s), 3);
	sim_kill(s, 1);
	whisper(s, 20, 5000, 100);
	sim_start(s, 1);
	whisper(s, 20, 30000, 100);
	ck_assert(sim_up(s, 0, 1));
	ck_assert_uint_eq(streams(s), 3);
	ck_assert_uint_eq(sim_count(s, 1, STREAMS), 3);
	sim_free(s);
}
END_TEST

START_TEST(keys_of_idle_streams_are_renewed_and_idle_ones_closed)
{
	struct sim *s = two();

	talk(s, 1, 500);
	sim_streams(s, 0, 4, 10);
	talk(s, 20, 2000);
	whisper(s, 1, 400000, 1000);
	ck_assert_uint_eq(streams(s), 3);
	ck_assert_uint_eq(sim_count(s, 0, STREAMS_LOST), 0);
	sim_streams(s, 0, 1, 10);
	sim_run(s, 400000);
	ck_assert_uint_eq(streams(s), 0);
	sim_free(s);
}
END_TEST

START_TEST(a_member_that_moves_is_believed_after_a_pong)
{
	struct sim *s = two();

	talk(s, 1, 500);
	sim_streams(s, 0, 3, 10);
	talk(s, 20, 2000);
	sim_roam(s, 0);
	talk(s, 20, 1000);
	sim_run(s, 100);
	ck_assert_uint_gt(sim_count(s, 1, PATHS_ASKED), 0);
	ck_assert_uint_gt(sim_count(s, 1, ROAMS), 0);
	ck_assert_uint_eq(sim_count_all(s, STREAMS_LOST), 0);
	sim_free(s);
}
END_TEST

START_TEST(without_sockets_of_their_own_streams_share_the_first)
{
	struct sim_conf c = calm(2);
	struct sim *s;

	c.members = true;
	s = sim_new(&c);
	talk(s, 1, 500);
	sim_streams(s, 0, 4, 10);
	talk(s, 50, 3000);
	ck_assert_uint_eq(streams(s), 3);
	sim_streams(s, 0, 1, 1);
	talk(s, 50, 3000);
	sim_run(s, 500);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	sim_free(s);
}
END_TEST

START_TEST(a_socket_that_nobody_gets_through_falls_back_to_the_first)
{
	struct sim *s = two();

	talk(s, 1, 500);
	sim_path(s, 0, 1, 0, true);
	sim_streams(s, 0, 2, 10);
	talk(s, 20, 5000);
	ck_assert_uint_eq(streams(s), 1);
	ck_assert_uint_eq(sim_count(s, 0, STREAMS_LOST), 0);
	sim_free(s);
}
END_TEST

START_TEST(whatever_happens_streams_keep_the_order_and_the_books)
{
	enum { N = 6, P = 12 };
	struct sim_conf c = calm(N);
	uint32_t delay[N][10], a, k;
	struct want w[P];
	struct sim *s;

	c.members = true;
	c.sockets = true;
	c.super = true;
	c.net.loss = 20;
	s = sim_new(&c);
	draw(s, N, w, P);
	/* a delay that changes would change the order by itself */
	for (uint32_t i = 0; i < N; i++)
		for (k = 1; k < 10; k++)
			sim_path(
			    s, i, k, delay[i][k] = sim_below(s, 90), false);
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < 5; i++) {
			send_all(s, w, P);
			sim_run(s, 40);
		}
		if (round % 3 == 0)
			mishap(s, N);
		a = sim_below(s, N);
		k = 1 + sim_below(s, 9);
		sim_path(s, a, k, delay[a][k], sim_below(s, 4) == 0);
		if (round % 5 == 0) {
			uint8_t max = (uint8_t)(1 + sim_below(s, 10));

			sim_streams(s, sim_below(s, N),
			    (uint8_t)(1 + sim_below(s, max)), max);
		}
		no_error(s);
	}
	sim_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {without_need_there_is_one_stream,
	    streams_are_opened_and_both_sides_use_them,
	    the_other_sides_limit_counts_too,
	    from_one_to_eight_and_back_no_flow_is_reordered_or_loses,
	    a_stream_that_is_delayed_and_dies_is_replaced_in_order,
	    flows_leave_a_path_that_just_became_long_in_order,
	    who_waits_long_is_not_idle, a_fence_that_is_lost_is_said_again,
	    a_stream_0_that_dies_alone_carries_nothing_meanwhile,
	    when_the_peer_dies_streams_end_with_its_session,
	    keys_of_idle_streams_are_renewed_and_idle_ones_closed,
	    a_member_that_moves_is_believed_after_a_pong,
	    without_sockets_of_their_own_streams_share_the_first,
	    a_socket_that_nobody_gets_through_falls_back_to_the_first,
	    whatever_happens_streams_keep_the_order_and_the_books};

	return UNIT_RUN("sim_streams", tests);
}
