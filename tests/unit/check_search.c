/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_search.c */
/* The choice of a lookup: whom it asks, when it has asked enough. */
#include <string.h>

#include "search.h"
#include "table.h"
#include "unit.h"

#define BIG 160 /* 10 bits, 1/16: a network of 1024 nodes */

static const uint8_t target[DHT_ID]; /* zero: an id is its distance */

/* A node with so many bits of the target, and a number of its own. */
static struct dht_node
node(unsigned bits, unsigned no)
{
	struct dht_node n = {.ep = {.addr.family = 4, .port = 6881}};

	n.id[bits / 8] = (uint8_t)(0x80 >> bits % 8);
	n.id[DHT_ID - 2] = (uint8_t)(no >> 8);
	n.id[DHT_ID - 1] = (uint8_t)no;
	n.ep.addr.b[0] = 10;
	n.ep.addr.b[1] = (uint8_t)bits;
	n.ep.addr.b[2] = (uint8_t)(no >> 8);
	n.ep.addr.b[3] = (uint8_t)no;
	return n;
}

static struct search *
begin(unsigned size_log, unsigned roots)
{
	struct search *s = malloc(sizeof(*s));

	ck_assert_ptr_nonnull(s);
	search_init(s, target, size_log);
	for (unsigned i = 0; i < roots; i++) {
		struct dht_node n = node(1, i);

		search_root(s, n.id, &n.ep);
	}
	return s;
}

/* Ask the next one; its number, or -1. */
static int
ask(struct search *s, struct search_leg *leg)
{
	if (!search_next(s, leg))
		return -1;
	search_asked(s, leg);
	return leg->cand;
}

static void
answer(struct search *s, const struct search_leg *leg)
{
	search_answered(s, leg, s->cand[leg->cand].id);
}

static void
tell(struct search *s, unsigned teller, unsigned bits, unsigned no)
{
	struct dht_node n = node(bits, no);

	search_told(s, teller, &n);
}

START_TEST(so_many_are_asked_at_once_and_late_ones_do_not_count)
{
	struct search *s = begin(0, 8);
	struct search_leg leg[4];

	for (int i = 0; i < DHT_ALPHA; i++)
		ck_assert_int_ne(ask(s, &leg[i]), -1);
	ck_assert_int_eq(ask(s, &leg[3]), -1);
	search_late(s, &leg[0]);
	ck_assert_int_ne(ask(s, &leg[3]), -1);
	answer(s, &leg[0]);
	ck_assert_uint_eq(s->inflight, 3);
	ck_assert_uint_eq(s->late, 0);
	free(s);
}
END_TEST

START_TEST(the_closest_is_asked_first)
{
	struct search *s = begin(0, 3);
	struct search_leg leg;

	ask(s, &leg);
	tell(s, leg.cand, 5, 1);
	tell(s, leg.cand, 7, 2);
	answer(s, &leg);
	ask(s, &leg);
	ck_assert_uint_eq(s->cand[leg.cand].bits, 7);
	free(s);
}
END_TEST

START_TEST(who_is_silent_is_asked_three_times_and_is_dead)
{
	struct search *s = begin(0, 1);
	struct search_leg leg;

	for (int i = 0; i < SEARCH_TRIES; i++) {
		ck_assert_int_eq(ask(s, &leg), 0);
		search_missed(s, &leg);
	}
	ck_assert_int_eq(s->cand[0].state, CAND_DEAD);
	ck_assert(search_done(s, false));
	free(s);
}
END_TEST

START_TEST(it_is_over_when_the_closest_have_answered)
{
	struct search *s = begin(0, 8);
	struct search_leg leg;
	int n = 0;

	while (!search_done(s, true)) {
		ck_assert_int_ne(ask(s, &leg), -1);
		answer(s, &leg);
		n++;
	}
	ck_assert_int_eq(n, 8);
	free(s);
}
END_TEST

START_TEST(who_found_nothing_asks_some_more)
{
	struct search *s = begin(0, 30);
	struct search_leg leg;
	int n = 0;

	s->effort = (struct search_effort){20, 25};
	while (!search_done(s, false)) {
		ck_assert_int_ne(ask(s, &leg), -1);
		answer(s, &leg);
		n++;
	}
	ck_assert_int_eq(n, 20);
	free(s);
}
END_TEST

START_TEST(a_liar_that_names_liars_for_ever_does_not_starve_the_others)
{
	struct search *s = begin(BIG, 8);
	unsigned asked[2] = {0}, next = 100;
	struct search_leg leg;

	s->effort = (struct search_effort){40, 40};
	/* the first root, and whoever it names, names eight that are closer */
	while (ask(s, &leg) != -1) {
		struct cand *c = &s->cand[leg.cand];
		bool liar = (c->lines & 1) != 0;

		asked[liar]++;
		for (unsigned i = 0; liar && i < 8; i++)
			tell(s, leg.cand, 5 + i % 3, next++);
		for (unsigned i = 0; !liar && i < 8; i++)
			tell(
			    s, leg.cand, 4 + c->depth, c->ep.addr.b[3] * 8 + i);
		answer(s, &leg);
	}
	ck_assert_uint_eq(asked[0] + asked[1], 40);
	ck_assert_uint_ge(asked[0], 24);
	free(s);
}
END_TEST

START_TEST(one_that_lied_is_worth_nothing_nor_are_those_it_named)
{
	struct search *s = begin(0, 2);
	struct search_leg leg;

	ask(s, &leg);
	tell(s, leg.cand, 9, 1);
	answer(s, &leg);
	search_shun(s, leg.cand);
	ask(s, &leg);
	ck_assert_uint_eq(leg.cand, 1);
	answer(s, &leg);
	ck_assert_int_eq(ask(s, &leg), -1);
	ck_assert(s->suspect);
	free(s);
}
END_TEST

START_TEST(a_siege_opens_the_sides)
{
	struct search *s = begin(BIG, 8);
	struct search_leg leg;
	unsigned sides = 0;

	s->guarded = true;
	s->effort = (struct search_effort){0, 30};
	for (int k = 0; k < 2; k++) {
		ask(s, &leg);
		for (unsigned i = 0; i < 8; i++)
			tell(s, leg.cand, 20 + i, i);
		answer(s, &leg);
	}
	while (!search_done(s, false) && ask(s, &leg) != -1) {
		sides += leg.side != SEARCH_NO_SIDE;
		answer(s, &leg);
	}
	ck_assert(s->suspect);
	ck_assert_uint_eq(s->nsides, SEARCH_SIDES);
	ck_assert_uint_gt(sides, 0);
	for (int i = 0; i < SEARCH_SIDES; i++)
		ck_assert_uint_eq(
		    id_common(s->side[i], target), s->depth - 1 + (unsigned)i);
	free(s);
}
END_TEST

/* Ask until it is done; queries for sides. */
static unsigned
ask_all(struct search *s, bool silent_crowd)
{
	struct search_leg leg;
	unsigned sides = 0;

	while (!search_done(s, false)) {
		/* who has nobody to ask has just been told about new sides */
		if (ask(s, &leg) == -1)
			continue;
		sides += leg.side != SEARCH_NO_SIDE;
		if (silent_crowd && s->cand[leg.cand].bits >= 20)
			search_missed(s, &leg);
		else
			answer(s, &leg);
	}
	return sides;
}

START_TEST(who_starts_amidst_a_siege_needs_roots_elsewhere)
{
	for (unsigned roots = 0; roots < 2; roots++) {
		struct search *s = begin(BIG, 0);
		struct search_leg leg;
		struct dht_node n;

		s->guarded = true;
		s->effort = (struct search_effort){24, 40};
		for (unsigned i = 0; i < 12; i++) {
			n = node(20 + i, i);
			search_root(s, n.id, &n.ep);
		}
		while (!search_done(s, false) && ask(s, &leg) != -1)
			answer(s, &leg);
		ck_assert_uint_eq(s->sieges, 1);
		ck_assert_uint_eq(s->asked, 12);
		n = node(5, 1);
		if (roots > 0)
			search_root(s, n.id, &n.ep);
		ck_assert_uint_eq(ask_all(s, false), roots * SEARCH_SIDES);
		ck_assert_uint_eq(s->asked, 12 + roots * (SEARCH_SIDES + 1));
		free(s);
	}
}
END_TEST

START_TEST(besiegers_that_are_silent_are_a_crowd_all_the_same)
{
	struct search *s = begin(BIG, 8);
	struct search_leg leg;

	s->guarded = true;
	s->effort = (struct search_effort){24, 40};
	ask(s, &leg);
	for (unsigned i = 0; i < 8; i++)
		tell(s, leg.cand, 20 + i, i);
	answer(s, &leg);
	ck_assert_uint_gt(ask_all(s, true), 0);
	ck_assert_uint_eq(s->sieges, 1);
	ck_assert_uint_eq(s->crowd, s->depth + 2);
	free(s);
}
END_TEST

START_TEST(a_crowd_that_begins_farther_out_is_one_too)
{
	struct search *s = begin(BIG, 8);
	struct search_leg leg;

	/* 7 bits: eight nodes are expected */
	s->guarded = true;
	s->effort = (struct search_effort){32, 40};
	for (unsigned k = 0; k < 3; k++) {
		ask(s, &leg);
		for (unsigned i = 0; i < 8; i++)
			tell(s, leg.cand, 7 + i % 2, 8 * k + i);
		answer(s, &leg);
	}
	ck_assert_uint_gt(ask_all(s, false), 0);
	ck_assert_uint_eq(s->crowd, 7);
	for (unsigned i = 0; i < s->nsides; i++)
		ck_assert_uint_lt(id_common(s->side[i], target), 7);
	free(s);
}
END_TEST

START_TEST(an_even_network_besieges_nobody)
{
	struct search *s = begin(BIG, 12);
	unsigned next = 100;
	struct search_leg leg;

	s->guarded = true;
	s->effort = (struct search_effort){24, 40};
	while (!search_done(s, false) && ask(s, &leg) != -1) {
		/* 8 of 7 bits, 4 of 8, 2 of 9, 1 of 10 and one of 12 */
		static const unsigned bits[16] = {
		    7, 7, 7, 7, 7, 7, 7, 7, 8, 8, 8, 8, 9, 9, 10, 12};

		for (unsigned i = 0; i < 16; i++)
			tell(s, leg.cand, bits[i], i);
		tell(s, leg.cand, 3, next++);
		answer(s, &leg);
	}
	ck_assert_uint_eq(s->sieges, 0);
	ck_assert_uint_le(s->asked, 40);
	free(s);
}
END_TEST

START_TEST(places_are_the_closest_and_then_from_outside_of_the_crowd)
{
	struct search *s = begin(BIG, 8);
	struct search_leg leg;
	uint16_t out[20];
	size_t n;

	ask(s, &leg);
	for (unsigned i = 0; i < 12; i++)
		tell(s, leg.cand, 20 + i, i);
	answer(s, &leg);
	s->effort.least = 40;
	while (ask(s, &leg) != -1)
		answer(s, &leg);
	for (unsigned i = 0; i < s->n; i++)
		s->cand[i].tokenlen = 1;
	n = search_places(s, out, 0, 20);
	ck_assert_uint_eq(n, 8 + 8);
	for (size_t i = 0; i < n; i++)
		ck_assert(i < 8 ? s->cand[out[i]].bits >= 24
				: s->cand[out[i]].bits == 1);
	free(s);
}
END_TEST

START_TEST(any_sequence_of_events_ends_within_its_bounds)
{
	uint64_t seed = unit_seed();

	for (int round = 0; round < 200; round++) {
		struct search *s = begin(unit_random(&seed) % 2 ? BIG : 0, 12);
		struct search_leg flying[SEARCH_INFLIGHT];
		unsigned n = 0, asked = 0;

		s->guarded = true;
		s->effort = (struct search_effort){24, 40};
		while (!search_done(s, unit_random(&seed) % 64 == 0)) {
			unsigned i;

			while (
			    n < SEARCH_INFLIGHT && ask(s, &flying[n]) != -1) {
				n++;
				asked++;
			}
			ck_assert_msg(n > 0, "stuck, SEED=%llu",
			    (unsigned long long)unit_seed());
			i = (unsigned)(unit_random(&seed) % n);
			if (unit_random(&seed) % 3 == 0) {
				search_late(s, &flying[i]);
				continue;
			}
			for (unsigned k = 0; k < unit_random(&seed) % 9; k++)
				tell(s, flying[i].cand,
				    (unsigned)(unit_random(&seed) % 30),
				    (unsigned)(unit_random(&seed) % 500));
			if (unit_random(&seed) % 3 == 0)
				search_missed(s, &flying[i]);
			else
				answer(s, &flying[i]);
			flying[i] = flying[--n];
			ck_assert_uint_le(s->n, SEARCH_CANDS);
		}
		ck_assert_uint_le(asked, 3 * SEARCH_CANDS);
		free(s);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    so_many_are_asked_at_once_and_late_ones_do_not_count,
	    the_closest_is_asked_first,
	    who_is_silent_is_asked_three_times_and_is_dead,
	    it_is_over_when_the_closest_have_answered,
	    who_found_nothing_asks_some_more,
	    a_liar_that_names_liars_for_ever_does_not_starve_the_others,
	    one_that_lied_is_worth_nothing_nor_are_those_it_named,
	    a_siege_opens_the_sides,
	    who_starts_amidst_a_siege_needs_roots_elsewhere,
	    besiegers_that_are_silent_are_a_crowd_all_the_same,
	    a_crowd_that_begins_farther_out_is_one_too,
	    an_even_network_besieges_nobody,
	    places_are_the_closest_and_then_from_outside_of_the_crowd,
	    any_sequence_of_events_ends_within_its_bounds,
	};

	return UNIT_RUN("search", tests);
}
