/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_sim_relay.c */
/*
 * Members that can't reach each other, in virtual time (tests/sim/): the first
 * nodes relay.  How soon they talk by them, and how soon by another way.
 */
#include "sim_help.h"
#include "unit.h"

static struct sim *
network(uint32_t nodes, uint32_t relays, int round)
{
	struct sim_conf c = calm(nodes);

	c.members = true;
	c.relays = relays;
	c.seed += (uint64_t)round;
	return sim_new(&c);
}

/* Each end talks to its relays, so that there are sessions. */
static void
meet(struct sim *s, uint32_t a, uint32_t b)
{
	sim_send(s, a, b, 0);
	sim_run(s, 500);
	ck_assert_uint_eq(sim_delivered_to(s, a, b), 1);
	sim_run(s, sim_below(s, 3000));
}

/* How long until the first packet arrives. */
static uint64_t
first(struct sim *s, uint32_t a, uint32_t b)
{
	uint64_t was = sim_delivered_to(s, a, b), began = sim_now(s);

	sim_send(s, a, b, 1);
	while (sim_delivered_to(s, a, b) == was && sim_now(s) < began + 20000)
		sim_run(s, 1);
	no_error(s);
	return sim_now(s) - began;
}

START_TEST(the_first_packet_by_a_relay_takes_less_than_half_a_second)
{
	for (int round = 0; round < 20; round++) {
		struct sim *s = network(4, 2, round);
		uint64_t ms;

		sim_block(s, 2, 3, true);
		for (uint32_t i = 0; i < 4; i++)
			meet(s, 2 + i / 2, i % 2);
		ms = first(s, 2, 3);
		ck_assert_uint_le(ms, 500);
		sim_free(s);
	}
}
END_TEST

START_TEST(two_relays_one_behind_the_other_do_as_well)
{
	for (int round = 0; round < 20; round++) {
		struct sim *s = network(4, 2, round);
		uint64_t ms;

		sim_block(s, 2, 3, true);
		sim_block(s, 2, 1, true);
		sim_block(s, 3, 0, true);
		meet(s, 2, 0);
		meet(s, 3, 1);
		meet(s, 0, 1);
		ms = first(s, 2, 3);
		ck_assert_uint_le(ms, 1000);
		sim_free(s);
	}
}
END_TEST

START_TEST(a_direct_way_that_dies_is_followed_by_a_relay_within_a_second)
{
	for (int round = 0; round < 20; round++) {
		struct sim *s = network(4, 2, round);
		uint64_t ms;

		for (uint32_t i = 0; i < 4; i++)
			meet(s, 2 + i / 2, i % 2);
		meet(s, 2, 3);
		(void)outage(s, 2, 3, 2000 + sim_below(s, 4000));
		sim_block(s, 2, 3, true);
		ms = outage(s, 2, 3, 5000);
		ck_assert_uint_le(ms, 1000);
		no_error(s);
		sim_free(s);
	}
}
END_TEST

START_TEST(a_relay_that_dies_is_followed_by_another_within_a_second)
{
	for (int round = 0; round < 20; round++) {
		struct sim *s = network(4, 2, round);
		uint64_t ms, worst = 0;

		sim_block(s, 2, 3, true);
		for (uint32_t i = 0; i < 4; i++)
			meet(s, 2 + i / 2, i % 2);
		(void)first(s, 2, 3);
		(void)outage(s, 2, 3, 2000 + sim_below(s, 4000));
		for (uint32_t r = 0; r < 2; r++) {
			sim_block(s, 2, r, true);
			sim_block(s, 3, r, true);
			ms = outage(s, 2, 3, 5000);
			worst = ms > worst ? ms : worst;
			sim_block(s, 2, r, false);
			sim_block(s, 3, r, false);
			(void)outage(s, 2, 3, 15000);
		}
		ck_assert_uint_le(worst, 1000);
		no_error(s);
		sim_free(s);
	}
}
END_TEST

/* As if the relay's word of the way, and what came by it, were lost. */
START_TEST(what_was_lost_when_the_way_was_opened_is_said_again_soon)
{
	for (int round = 0; round < 20; round++) {
		struct sim *s = network(4, 2, round);
		uint64_t began;

		sim_block(s, 2, 3, true);
		for (uint32_t i = 0; i < 4; i++)
			meet(s, 2 + i / 2, i % 2);
		began = sim_now(s);
		sim_send(s, 2, 3, 1);
		sim_run(s, 70 + (uint64_t)round);
		sim_block(s, 3, 0, true);
		sim_block(s, 3, 1, true);
		sim_run(s, 60);
		sim_block(s, 3, 0, false);
		sim_block(s, 3, 1, false);
		while (
		    sim_delivered_to(s, 2, 3) == 0 && sim_now(s) < began + 5000)
			sim_run(s, 1);
		ck_assert_uint_gt(sim_now(s) - began, 200);
		ck_assert_uint_le(sim_now(s) - began, 500);
		no_error(s);
		sim_free(s);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_first_packet_by_a_relay_takes_less_than_half_a_second,
	    what_was_lost_when_the_way_was_opened_is_said_again_soon,
	    two_relays_one_behind_the_other_do_as_well,
	    a_direct_way_that_dies_is_followed_by_a_relay_within_a_second,
	    a_relay_that_dies_is_followed_by_another_within_a_second,
	};

	return UNIT_RUN("sim_relay", tests);
}
