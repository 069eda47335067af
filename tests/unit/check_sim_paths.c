/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_sim_paths.c */
/*
 * Nodes with several places in virtual time: one that falls silent is left
 * within a third of a second, without a handshake, and whatever happens the two
 * sides end up in peace with one another.
 */
#include <stdio.h>

#include "sim_help.h"
#include "unit.h"

#define PLACES 3

static struct sim *
two(uint64_t seed)
{
	struct sim_conf c = calm(2);

	c.seed = seed;
	c.members = true;
	c.sockets = true;
	c.places = PLACES;
	return sim_new(&c);
}

/* A packet each way every 10 ms; the longest a side had to wait for one. */
static uint64_t
talk(struct sim *s, bool back, unsigned ms)
{
	uint64_t gap = 0, last = sim_now(s), had = sim_delivered_to(s, 0, 1);
	uint32_t flow;

	for (uint64_t end = sim_now(s) + ms; sim_now(s) < end;) {
		flow = (uint32_t)(sim_now(s) / 20000) % 256; /* numbers end */
		sim_send(s, 0, 1, flow);
		if (back)
			sim_send(s, 1, 0, flow);
		sim_run(s, 10);
		if (sim_delivered_to(s, 0, 1) != had) {
			had = sim_delivered_to(s, 0, 1);
			last = sim_now(s);
		}
		if (sim_now(s) - last > gap)
			gap = sim_now(s) - last;
	}
	no_error(s);
	return gap;
}

static void
cut(struct sim *s, uint32_t a, unsigned k, bool dead)
{
	sim_place(s, a, k, 0, dead);
}

/* Node 0's place for node 1. */
static unsigned
place_of(struct sim *s)
{
	const struct msg_peer_row *r = sim_row(s, 0, 1);

	return ((unsigned)r->endpoint.addr.b[1] - 18) / 2;
}

START_TEST(a_silent_place_is_left_without_a_handshake)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim *s = two(seed);
		uint64_t done, gap;
		unsigned was;

		(void)talk(s, true, 2000 + (unsigned)seed * 13);
		done = sim_count_all(s, HS_DONE);
		was = place_of(s);
		cut(s, 1, was, true);
		gap = talk(s, true, 3000);
		ck_assert_msg(gap <= 300, "seed %u: %u ms", (unsigned)seed,
		    (unsigned)gap);
		ck_assert_uint_ne(place_of(s), was);
		ck_assert_uint_ge(sim_count_all(s, FAILOVERS), 1);
		ck_assert_uint_eq(sim_count_all(s, HS_DONE), done);
		ck_assert_uint_gt(sim_count_all(s, FAILOVER_COPIES), 0);
		sim_free(s);
	}
}
END_TEST

START_TEST(also_when_only_one_side_talks)
{
	struct sim *s = two(unit_seed());
	uint64_t gap;

	(void)talk(s, false, 3000);
	cut(s, 1, place_of(s), true);
	gap = talk(s, false, 3000);
	ck_assert_uint_le(gap, 400);
	sim_free(s);
}
END_TEST

START_TEST(the_first_is_used_again_and_nothing_is_lost)
{
	struct sim *s = two(unit_seed());
	uint64_t lost;
	unsigned was;

	(void)talk(s, true, 3000);
	was = place_of(s);
	cut(s, 1, was, true);
	(void)talk(s, true, 10000);
	cut(s, 1, was, false);
	lost = sim_sent(s) - sim_delivered(s);
	ck_assert_uint_le(talk(s, true, 15000), 30);
	sim_run(s, 200);
	ck_assert_uint_eq(place_of(s), was);
	ck_assert_uint_ge(sim_count_all(s, PATH_RETURNS), 1);
	ck_assert_uint_le(sim_sent(s) - sim_delivered(s), lost);
	sim_free(s);
}
END_TEST

/* Whatever is cut and mended: at the end it works, and stands still. */
START_TEST(both_sides_come_to_rest)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim *s = two(seed * 7919);
		uint64_t moves;

		(void)talk(s, true, 2000);
		for (int i = 0; i < 12; i++) {
			cut(s, sim_below(s, 2), sim_below(s, PLACES),
			    sim_below(s, 2) != 0);
			(void)talk(s, true, 100 + sim_below(s, 3000));
		}
		for (unsigned k = 0; k < PLACES; k++) {
			cut(s, 0, k, false);
			cut(s, 1, k, false);
		}
		(void)talk(s, true, 40000);
		moves = sim_count_all(s, ROAMS);
		ck_assert_uint_le(talk(s, true, 60000), 30);
		ck_assert_msg(sim_count_all(s, ROAMS) == moves,
		    "seed %u: %u changes", (unsigned)seed,
		    (unsigned)(sim_count_all(s, ROAMS) - moves));
		sim_free(s);
	}
}
END_TEST

START_TEST(idle_nodes_ping_nobody)
{
	struct sim *s = two(unit_seed());
	uint64_t sent;

	(void)talk(s, true, 2000);
	sim_run(s, 120000);
	sent = sim_count_all(s, PROBES_SENT);
	sim_run(s, 600000);
	ck_assert_uint_eq(sim_count_all(s, PROBES_SENT), sent);
	no_error(s);
	sim_free(s);
}
END_TEST

START_TEST(a_nearer_place_is_used)
{
	struct sim *s = two(unit_seed());
	unsigned was, other;

	(void)talk(s, false, 1000);
	/* packets on the longer way are overtaken: order is not the point */
	sim_net(s)->reorder = sim_net(s)->jitter_ms = 1;
	was = place_of(s);
	other = (was + 1) % PLACES;
	for (unsigned k = 0; k < PLACES; k++)
		sim_place(s, 1, k, k == other ? 0 : 60, false);
	(void)talk(s, false, 200000);
	ck_assert_uint_eq(place_of(s), other);
	sim_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_silent_place_is_left_without_a_handshake,
	    also_when_only_one_side_talks,
	    the_first_is_used_again_and_nothing_is_lost,
	    both_sides_come_to_rest,
	    idle_nodes_ping_nobody,
	    a_nearer_place_is_used,
	};

	return UNIT_RUN("sim_paths", tests);
}
