/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_sim_members.c */
/*
 * Whole networks in virtual time (tests/sim/): members that know nobody find
 * each other by what their discoveryds say, true or not.
 */
#include "sim_help.h"
#include "unit.h"

#define NODES 60
#define PAIRS 240

static struct sim_conf
network(uint32_t nodes)
{
	struct sim_conf c = calm(nodes);

	c.members = true;
	return c;
}

START_TEST(members_that_know_nobody_reach_everybody)
{
	struct sim_conf c = network(NODES);
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
	ck_assert_uint_eq(sim_count_all(s, MEMBER_CONFLICTS), 0);
	ck_assert_uint_eq(sim_count_all(s, GUESTS), 0);
	sim_free(s);
}
END_TEST

START_TEST(whatever_happens_members_books_balance_and_they_come_back)
{
	enum { N = NODES, P = 120 };
	struct sim_conf c = network(N);
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
	/* a minute: so long an address that did not answer is left alone */
	for (int round = 0; round < 75; round++) {
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

START_TEST(discoveryds_that_lie_bring_nothing_to_the_wrong_node)
{
	enum { N = 20, P = 60 };
	struct sim_conf c = network(N);
	struct want w[P];
	struct sim *s = sim_new(&c);
	uint64_t before;

	for (uint32_t i = 0; i < N; i++)
		sim_disc(s, i, DISC_LIE);
	draw(s, N, w, P);
	for (int round = 0; round < 300; round++) {
		send_all(s, w, P);
		sim_run(s, 100);
		no_error(s); /* "node x got a packet from a to b" */
	}
	ck_assert_uint_gt(sim_count_all(s, LOOKUP_WRONG), 0);
	ck_assert_uint_gt(sim_count_all(s, CERT_BAD_ISSUER), 0);
	ck_assert_uint_gt(sim_count_all(s, CERT_BAD_EXPIRED), 0);
	ck_assert_uint_gt(sim_count_all(s, CERT_BAD_KEY), 0);
	ck_assert_uint_eq(sim_count_all(s, MEMBER_CONFLICTS), 0);
	/* once they speak the truth everything goes */
	for (uint32_t i = 0; i < N; i++)
		sim_disc(s, i, DISC_OK);
	sim_run(s, 310000); /* the longest time nobody is asked again */
	before = sim_delivered(s);
	send_all(s, w, P);
	sim_run(s, 3000);
	ck_assert_uint_eq(sim_delivered(s) - before, P);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(without_discoveryd_for_ten_minutes_nothing_of_a_session_is_lost)
{
	enum { N = 10 };
	struct sim_conf c = network(N);
	struct sim *s;

	c.rekey_after_s = 20; /* and through many handshakes */
	c.reject_after_s = 40;
	s = sim_new(&c);
	for (uint32_t i = 1; i < N; i++)
		outage(s, 0, i, 100);
	for (uint32_t i = 0; i < N; i++)
		sim_disc(s, i, i % 2 == 0 ? DISC_AWAY : DISC_HANG);
	for (int round = 0; round < 1200; round++) {
		sim_send(s, 0, 1 + (uint32_t)round % (N - 1), 5);
		sim_send(s, 1 + (uint32_t)round % (N - 1), 0, 5);
		sim_run(s, 500);
	}
	sim_run(s, 1000);
	no_error(s);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	/* who is not known is refused at once, not waited for */
	sim_send(s, 2, 3, 0);
	ck_assert_uint_eq(sim_icmp(s, 2), 1);
	sim_free(s);
}
END_TEST

START_TEST(a_members_engine_that_was_killed_is_back_in_a_quarter_of_a_second)
{
	struct sim_conf c = network(4);
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

START_TEST(a_revocation_reaches_all_that_are_connected_in_a_second)
{
	enum { N = 30 };
	struct sim_conf c = network(N);
	struct sim *s = sim_new(&c);
	uint64_t before;

	/* a ring with chords: everybody is reached over others */
	for (uint32_t i = 0; i < N; i++) {
		sim_send(s, i, (i + 1) % N, 0);
		sim_send(s, i, (i + 7) % N, 0);
	}
	sim_run(s, 3000);
	ck_assert_uint_eq(sim_delivered(s), sim_sent(s));
	sim_revoke(s, 0, 17);
	sim_run(s, 1000);
	for (uint32_t i = 0; i < N; i++)
		if (i != 17)
			ck_assert_uint_eq(sim_count(s, i, CRLS_TAKEN), 1);
	before = sim_delivered(s);
	for (int round = 0; round < 100; round++) {
		for (uint32_t i = 0; i < N; i++)
			if (i != 17) {
				sim_send(s, 17, i, 1);
				sim_send(s, i, 17, 1);
			}
		sim_run(s, 500);
		no_error(s);
	}
	ck_assert_uint_eq(sim_delivered(s), before);
	for (uint32_t i = 0; i < N; i++)
		ck_assert(!sim_up(s, i, 17));
	sim_free(s);
}
END_TEST

START_TEST(who_moved_is_found_by_whom_it_talks_to)
{
	struct sim_conf c = network(3);
	struct sim *s = sim_new(&c);

	outage(s, 0, 1, 500);
	for (int round = 0; round < 5; round++) {
		sim_roam(s, 0);
		ck_assert_uint_le(outage(s, 1, 0, 500), 60);
	}
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(a_network_that_loses_a_third_comes_up_all_the_same)
{
	enum { N = 40 };
	struct sim_conf c = network(N);
	struct sim *s;
	uint32_t up = 0;

	c.net.loss = 300;
	s = sim_new(&c);
	for (int round = 0; round < 120; round++) {
		for (uint32_t i = 0; i < N; i += 2)
			sim_send(s, i, i + 1, 0);
		sim_run(s, 500);
		no_error(s);
	}
	for (uint32_t i = 0; i < N; i += 2)
		up += sim_up(s, i, i + 1) && sim_up(s, i + 1, i);
	ck_assert_uint_ge(up, N / 2 - 1);
	sim_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    members_that_know_nobody_reach_everybody,
	    whatever_happens_members_books_balance_and_they_come_back,
	    discoveryds_that_lie_bring_nothing_to_the_wrong_node,
	    without_discoveryd_for_ten_minutes_nothing_of_a_session_is_lost,
	    a_members_engine_that_was_killed_is_back_in_a_quarter_of_a_second,
	    a_revocation_reaches_all_that_are_connected_in_a_second,
	    who_moved_is_found_by_whom_it_talks_to,
	    a_network_that_loses_a_third_comes_up_all_the_same,
	};

	return UNIT_RUN("sim_members", tests);
}
