/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_pool.c */
/*
 * The pool: its table state by state, and what it decides in time against a
 * peer that agrees to everything.
 */
#include <string.h>

#include "pool.h"
#include "unit.h"

static const struct pool_limits lim = {
    .min = 1, .max = 10, .idle_ms = 300000, .cleanup_ms = 60000};

static struct pool p;
static uint64_t now;
static unsigned pings;

static void
begin(uint8_t min, uint8_t max)
{
	struct pool_limits l = lim;

	l.min = min;
	l.max = max;
	now = 1000;
	pings = 0;
	pool_init(&p, &l, now);
}

static unsigned
in_state(enum stream_state s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < POOL_MAX; i++)
		n += p.s[i].state == s;
	return n;
}

/* The other side and the network, at their best. */
static void
obey(unsigned place, enum stream_action a)
{
	switch (a) {
	case SACT_ASK:
		obey(place, pool_event(&p, place, now, SEV_ACCEPTED));
		break;
	case SACT_DIAL:
		obey(place, pool_event(&p, place, now, SEV_UP));
		break;
	case SACT_FENCE:
	case SACT_STALL:
		obey(place, pool_event(&p, place, now, SEV_FENCED));
		break;
	default:
		break;
	}
}

static void
tick(void)
{
	struct pool_step out[POOL_STEPS];
	unsigned n;

	now += POOL_TICK_MS;
	n = pool_tick(&p, now, out);
	ck_assert_uint_le(n, POOL_STEPS);
	for (unsigned i = 0; i < n; i++) {
		if (out[i].what == DO_EVENT)
			obey(out[i].place,
			    pool_event(&p, out[i].place, now, out[i].ev));
		pings += out[i].what == DO_PING;
	}
}

static void
pong(unsigned place)
{
	pool_heard(&p.s[place], now, false);
	p.s[place].asked_ms = 0;
}

/* All streams heard of, and their pings answered, in each tick. */
static void
run(unsigned ms)
{
	for (uint64_t end = now + ms; now < end;) {
		tick();
		for (unsigned i = 0; i < POOL_MAX; i++)
			if (p.s[i].state != STREAM_FREE)
				pong(i);
	}
}

/* ---- the table ---- */

START_TEST(every_state_and_event_stays_inside_the_table)
{
	for (unsigned place = 0; place < POOL_MAX; place++)
		for (unsigned s = 0; s < STREAM_NSTATES; s++)
			for (unsigned ev = 0; ev < SEV_NEVENTS; ev++) {
				begin(1, 10);
				p.s[place].state = (enum stream_state)s;
				(void)pool_event(
				    &p, place, now, (enum stream_event)ev);
				ck_assert_uint_lt(
				    p.s[place].state, STREAM_NSTATES);
			}
}
END_TEST

START_TEST(every_stream_ends_free_whatever_it_was_in)
{
	for (unsigned s = 0; s <= STREAM_LINGER; s++) {
		begin(1, 10);
		p.s[3].state = (enum stream_state)s;
		(void)pool_event(&p, 3, now, SEV_OVER);
		ck_assert_uint_eq(p.s[3].state, STREAM_FREE);
	}
}
END_TEST

START_TEST(stream_0_is_never_anything_but_live_faltering_or_sick)
{
	uint64_t rnd = unit_seed();

	begin(1, 10);
	for (int i = 0; i < 10000; i++) {
		(void)pool_event(&p, 0, now,
		    (enum stream_event)(unit_random(&rnd) % SEV_NEVENTS));
		ck_assert_msg(p.s[0].state == STREAM_LIVE ||
			p.s[0].state == STREAM_SPREAD ||
			p.s[0].state == STREAM_FALTER ||
			p.s[0].state == STREAM_SICK,
		    "SEED=%lu", unit_seed());
	}
}
END_TEST

START_TEST(no_other_stream_falters)
{
	begin(1, 10);
	p.s[1].state = STREAM_LIVE;
	ck_assert_uint_eq(pool_event(&p, 1, now, SEV_SICK), SACT_NONE);
	ck_assert_uint_eq(p.s[1].state, STREAM_LIVE);
	ck_assert_uint_eq(p.illegal, 1);
}
END_TEST

START_TEST(streams_never_exceed_the_most_whatever_happens)
{
	struct pool_step out[POOL_STEPS];
	uint64_t rnd = unit_seed();
	unsigned n;

	begin(4, 6);
	for (int i = 0; i < 100000; i++) {
		unsigned place = (unsigned)(unit_random(&rnd) % POOL_MAX);

		if (unit_random(&rnd) % 4 == 0)
			(void)pool_take(&p, now, (uint16_t)place);
		else if (unit_random(&rnd) % 4 == 0)
			(void)pool_event(&p, place, now,
			    (enum stream_event)(SEV_ACCEPTED +
				unit_random(&rnd) % (SEV_NEVENTS - 2)));
		now += unit_random(&rnd) % 300;
		n = pool_tick(&p, now, out);
		for (unsigned k = 0; k < n; k++)
			if (out[k].what == DO_EVENT)
				(void)pool_event(
				    &p, out[k].place, now, out[k].ev);
		n = in_state(STREAM_ASKED) + in_state(STREAM_DIAL) +
		    in_state(STREAM_LIVE);
		ck_assert_msg(n <= 6, "SEED=%lu", unit_seed());
	}
}
END_TEST

/* ---- how many ---- */

START_TEST(an_idle_pool_is_one_stream_and_asks_nobody_anything)
{
	begin(1, 10);
	run(400000);
	ck_assert_uint_eq(p.live, 1);
	ck_assert_uint_eq(pings, 0);
}
END_TEST

START_TEST(the_least_is_opened_at_once_and_kept)
{
	begin(8, 10);
	run(3000);
	ck_assert_uint_eq(p.live, 8);
	run(1000000);
	ck_assert_uint_eq(p.live, 8);
}
END_TEST

START_TEST(a_smaller_limit_closes_what_is_too_many)
{
	struct pool_limits one = lim;

	begin(8, 10);
	run(3000);
	one.max = 1;
	pool_limit(&p, &one);
	run(3000);
	ck_assert_uint_eq(p.live, 1);
	ck_assert_uint_eq(pool_beside(&p), 0);
}
END_TEST

START_TEST(three_slow_ticks_open_one_more_stream)
{
	begin(1, 10);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_eq(p.live, 1);
		p.s[0].delay_us = POOL_SLOW_US + 1;
		tick();
	}
	ck_assert_uint_eq(p.live, 2);
	run(1000);
	ck_assert_uint_eq(p.live, 2);
}
END_TEST

START_TEST(two_slow_ticks_open_nothing)
{
	begin(1, 10);
	for (int i = 0; i < 20; i++) {
		p.s[0].delay_us = i % 3 == 2 ? 0 : POOL_SLOW_US + 1;
		tick();
	}
	ck_assert_uint_eq(p.live, 1);
}
END_TEST

START_TEST(not_more_than_the_peer_allows)
{
	begin(8, 10);
	p.its_max = 3;
	run(10000);
	ck_assert_uint_eq(p.live, 3);
}
END_TEST

START_TEST(what_would_fit_into_less_is_closed_after_a_minute)
{
	begin(1, 10);
	for (int i = 0; i < 3; i++) {
		p.s[0].delay_us = POOL_SLOW_US + 1;
		p.s[0].octets = 1000000;
		tick();
	}
	ck_assert_uint_eq(p.live, 2);
	run(59000);
	ck_assert_uint_eq(p.live, 2);
	run(6000);
	ck_assert_uint_eq(p.live, 1);
}
END_TEST

START_TEST(a_stream_without_data_is_closed_at_the_clean_up_after_its_time)
{
	begin(1, 10);
	(void)pool_event(&p, 1, now, SEV_OPEN);
	obey(1, pool_event(&p, 1, now, SEV_ACCEPTED));
	ck_assert_uint_eq(p.live, 2);
	run(299000);
	ck_assert_uint_eq(p.live, 2);
	run(62000);
	ck_assert_uint_eq(p.live, 1);
}
END_TEST

START_TEST(an_opening_that_nobody_answers_ends_and_backs_off)
{
	struct pool_step out[POOL_STEPS];
	unsigned asks = 0, opens = 0;

	begin(2, 10);
	for (int i = 0; i < 1200; i++) {
		unsigned n;

		now += POOL_TICK_MS;
		n = pool_tick(&p, now, out);
		for (unsigned k = 0; k < n; k++) {
			asks += out[k].what == DO_ASK_AGAIN;
			opens +=
			    out[k].what == DO_EVENT && out[k].ev == SEV_OPEN;
			if (out[k].what == DO_EVENT)
				(void)pool_event(
				    &p, out[k].place, now, out[k].ev);
		}
	}
	/* in two minutes: 15 s each, and 0.5, 1, 2 ... s between */
	ck_assert_uint_ge(opens, 5);
	ck_assert_uint_le(opens, 8);
	ck_assert_uint_le(asks, 3 * opens);
}
END_TEST

/* ---- health ---- */

/* place sends and hears nothing, all others are heard of */
static unsigned
ticks_until_lost(unsigned place)
{
	unsigned n = 0;

	for (; n < 100 && p.s[place].state == STREAM_LIVE; n++) {
		pool_sent(&p.s[place], now, 1000);
		tick();
		for (unsigned i = 0; i < POOL_MAX; i++)
			if (i != place && p.s[i].state != STREAM_FREE)
				pong(i);
	}
	return n;
}

START_TEST(a_silent_stream_is_replaced_after_two_seconds_at_another_place)
{
	begin(8, 10);
	run(3000);
	ck_assert_uint_le(ticks_until_lost(3), POOL_DEAD_MS / POOL_TICK_MS);
	run(300);
	ck_assert_uint_eq(p.live, 8);
	ck_assert_uint_eq(p.s[8].state, STREAM_LIVE);
	ck_assert_uint_eq(p.s[3].state, STREAM_LINGER);
}
END_TEST

START_TEST(a_stream_that_speaks_but_never_answers_is_replaced_too)
{
	begin(4, 10);
	run(3000);
	for (int i = 0; i < 25; i++) {
		pool_sent(&p.s[2], now, 1000);
		tick();
		for (unsigned k = 0; k < POOL_MAX; k++)
			if (k == 2)
				pool_heard(&p.s[k], now, true);
			else if (p.s[k].state != STREAM_FREE)
				pong(k);
	}
	ck_assert_uint_ne(p.s[2].state, STREAM_LIVE);
}
END_TEST

START_TEST(when_all_are_silent_none_is_replaced)
{
	begin(4, 10);
	run(3000);
	for (int i = 0; i < 200; i++) {
		for (unsigned k = 0; k < POOL_MAX; k++)
			if (p.s[k].state == STREAM_LIVE)
				pool_sent(&p.s[k], now, 1000);
		tick();
	}
	ck_assert_uint_eq(p.live, 4);
}
END_TEST

START_TEST(a_silent_stream_0_carries_nothing_until_it_is_heard_of)
{
	begin(2, 10);
	run(3000);
	ck_assert_uint_lt(ticks_until_lost(0), 25);
	ck_assert_uint_eq(p.s[0].state, STREAM_SICK);
	for (uint32_t h = 0; h < 100; h++)
		ck_assert_uint_ne(pool_pick(&p, h * 7919), 0);
	pong(0);
	tick();
	ck_assert_uint_eq(p.s[0].state, STREAM_LIVE);
}
END_TEST

START_TEST(five_seconds_of_loss_replace_a_stream_if_others_lose_less)
{
	begin(3, 10);
	run(3000);
	for (int i = 0; i < 5; i++) {
		pool_loss(&p, 1, 1000, 300);
		run(1000);
	}
	run(2000);
	ck_assert_uint_eq(p.s[1].state, STREAM_FREE);
	ck_assert_uint_eq(p.live, 3);
}
END_TEST

START_TEST(loss_that_all_have_replaces_nothing)
{
	begin(3, 10);
	run(3000);
	for (int i = 0; i < 20; i++) {
		for (unsigned k = 0; k < 3; k++)
			pool_loss(&p, k, 1000, 300);
		run(1000);
	}
	ck_assert_uint_eq(p.s[1].state, STREAM_LIVE);
	pool_loss(&p, 1, 10, 20); /* a lie */
	pool_loss(&p, 1, 49, 49); /* too few */
	ck_assert_uint_le(p.s[1].loss_pm, 300);
}
END_TEST

/* ---- flows ---- */

START_TEST(a_flow_has_the_same_stream_as_long_as_nothing_changes)
{
	begin(8, 10);
	run(3000);
	for (uint32_t h = 1; h < 1000; h++) {
		unsigned a = pool_pick(&p, h * 2654435761u);

		for (unsigned i = 0; i < POOL_MAX; i++)
			p.s[i].placed = 0;
		ck_assert_uint_eq(pool_pick(&p, h * 2654435761u), a);
		for (unsigned i = 0; i < POOL_MAX; i++)
			p.s[i].placed = 0;
	}
}
END_TEST

START_TEST(one_more_stream_takes_its_share_from_all_and_moves_no_other)
{
	unsigned before[2000], moved = 0;

	begin(4, 10);
	run(3000);
	for (uint32_t h = 0; h < 2000; h++) {
		before[h] = pool_pick(&p, h * 2654435761u);
		memset(&p.s[0].placed, 0, sizeof(p.s[0].placed));
		for (unsigned i = 0; i < POOL_MAX; i++)
			p.s[i].placed = 0;
	}
	p.lim.min = 5;
	run(1000);
	for (uint32_t h = 0; h < 2000; h++) {
		unsigned a = pool_pick(&p, h * 2654435761u);

		for (unsigned i = 0; i < POOL_MAX; i++)
			p.s[i].placed = 0;
		if (a == before[h])
			continue;
		moved++;
		ck_assert_uint_eq(a, 4);
	}
	ck_assert_uint_gt(moved, 2000 / 5 / 2);
	ck_assert_uint_lt(moved, 2000 / 5 * 2);
}
END_TEST

START_TEST(new_flows_are_spread_evenly)
{
	unsigned n[POOL_MAX] = {0};
	uint64_t rnd = unit_seed();

	begin(8, 10);
	run(3000);
	for (int i = 0; i < 8000; i++)
		n[pool_pick(&p, (uint32_t)unit_random(&rnd))]++;
	for (unsigned i = 0; i < 8; i++) {
		ck_assert_msg(n[i] > 900, "SEED=%lu", unit_seed());
		ck_assert_msg(n[i] < 1100, "SEED=%lu", unit_seed());
	}
}
END_TEST

START_TEST(a_busy_stream_gets_no_new_flow_while_another_is_free)
{
	unsigned busy = 0;

	begin(2, 10);
	run(3000);
	p.s[1].rate = 100000000;
	for (uint32_t h = 0; h < 1000; h++)
		busy += pool_pick(&p, h * 2654435761u) == 1;
	ck_assert_uint_eq(busy, 0);
}
END_TEST

START_TEST(a_flow_moves_only_when_idle_or_behind_a_fence)
{
	begin(2, 10);
	run(3000);
	ck_assert_uint_eq(pool_way(&p, 1, 0, 0, 0), WAY_STAY);
	ck_assert_uint_eq(pool_way(&p, 1, 0, 0, FENCE_IDLE_MS), WAY_MOVE);
	ck_assert_uint_eq(pool_event(&p, 1, now, SEV_CLOSE), SACT_FENCE);
	ck_assert_uint_eq(pool_way(&p, 1, 0, 0, 0), WAY_HOLD);
	ck_assert_uint_eq(pool_event(&p, 1, now, SEV_FENCED), SACT_MOVE);
	ck_assert_uint_eq(pool_way(&p, 1, 0, 0, 0), WAY_MOVE);
}
END_TEST

START_TEST(after_a_stream_came_the_busiest_is_spread_once)
{
	unsigned spreads = 0;

	begin(4, 10);
	for (int i = 0; i < 50; i++) {
		uint16_t epoch = p.s[0].epoch;

		pool_sent(&p.s[0], now, 100000);
		run(POOL_TICK_MS);
		spreads += p.s[0].epoch != epoch;
	}
	ck_assert_uint_eq(spreads, 1);
	ck_assert_uint_eq(pool_way(&p, 0, 9, 0, 0), WAY_MOVE);
	ck_assert_uint_eq(pool_way(&p, 0, 9, p.s[0].epoch, 0), WAY_STAY);
}
END_TEST

START_TEST(what_is_too_much_to_wait_is_spread_in_parts)
{
	begin(2, 10);
	run(1000);
	p.spread_bits = 1;
	p.s[0].mask = 1;
	p.s[0].part = 0;
	ck_assert_uint_eq(pool_event(&p, 0, now, SEV_SPREAD), SACT_STALL);
	ck_assert_uint_eq(pool_way(&p, 0, 2, 0, 0), WAY_HOLD);
	ck_assert_uint_eq(pool_way(&p, 0, 3, 0, 0), WAY_STAY);
	ck_assert_uint_eq(pool_event(&p, 0, now, SEV_CANCEL), SACT_MOVE);
	ck_assert_uint_eq(p.spread_bits, 2);
	ck_assert_uint_eq(pool_way(&p, 0, 2, p.s[0].epoch, 0), WAY_STAY);
	ck_assert_uint_eq(pool_event(&p, 0, now, SEV_SPREAD), SACT_STALL);
	ck_assert_uint_eq(pool_event(&p, 0, now, SEV_FENCED), SACT_MOVE);
	ck_assert_uint_eq(
	    pool_way(&p, 0, 2, (uint16_t)(p.s[0].epoch - 1), 0), WAY_MOVE);
	ck_assert_uint_eq(
	    pool_way(&p, 0, 3, (uint16_t)(p.s[0].epoch - 1), 0), WAY_STAY);
}
END_TEST

START_TEST(a_live_stream_that_is_idle_is_asked_every_five_seconds)
{
	begin(2, 10);
	run(3000);
	pings = 0;
	run(60000);
	ck_assert_uint_ge(pings, 2 * 11);
	ck_assert_uint_le(pings, 2 * 13);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_state_and_event_stays_inside_the_table,
	    every_stream_ends_free_whatever_it_was_in,
	    stream_0_is_never_anything_but_live_faltering_or_sick,
	    no_other_stream_falters,
	    streams_never_exceed_the_most_whatever_happens,
	    an_idle_pool_is_one_stream_and_asks_nobody_anything,
	    the_least_is_opened_at_once_and_kept,
	    a_smaller_limit_closes_what_is_too_many,
	    three_slow_ticks_open_one_more_stream, two_slow_ticks_open_nothing,
	    not_more_than_the_peer_allows,
	    what_would_fit_into_less_is_closed_after_a_minute,
	    a_stream_without_data_is_closed_at_the_clean_up_after_its_time,
	    an_opening_that_nobody_answers_ends_and_backs_off,
	    a_silent_stream_is_replaced_after_two_seconds_at_another_place,
	    a_stream_that_speaks_but_never_answers_is_replaced_too,
	    when_all_are_silent_none_is_replaced,
	    a_silent_stream_0_carries_nothing_until_it_is_heard_of,
	    five_seconds_of_loss_replace_a_stream_if_others_lose_less,
	    loss_that_all_have_replaces_nothing,
	    a_flow_has_the_same_stream_as_long_as_nothing_changes,
	    one_more_stream_takes_its_share_from_all_and_moves_no_other,
	    new_flows_are_spread_evenly,
	    a_busy_stream_gets_no_new_flow_while_another_is_free,
	    a_flow_moves_only_when_idle_or_behind_a_fence,
	    after_a_stream_came_the_busiest_is_spread_once,
	    what_is_too_much_to_wait_is_spread_in_parts,
	    a_live_stream_that_is_idle_is_asked_every_five_seconds};

	return UNIT_RUN("pool", tests);
}
