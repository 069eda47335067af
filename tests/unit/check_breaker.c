/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_breaker.c */
/*
 * The circuit breaker: its table cell by cell, and what it promises in virtual
 * time.  The same table is model-checked in tests/spin.
 */
#include <inttypes.h>
#include <stdio.h>

#include "breaker.h"
#include "unit.h"

static struct breaker_conf
usual(void)
{
	struct breaker_conf c;

	breaker_conf_default(&c);
	return c;
}

/* ---- the table ---- */

#define N BREAKER_NSTATES /* illegal */
#define C BREAKER_CLOSED
#define O BREAKER_OPEN
#define H BREAKER_HALF
#define T BREAKER_TRIAL

/* Where each event leads, written down a second time. */
/* clang-format off */
static const enum breaker_state leads[BEV_NEVENTS][BREAKER_NSTATES] = {
	/*                from  C  O  H  T */
	[BEV_WANT]          = { C, O, T, T },
	[BEV_PACKET]        = { C, O, T, T },
	[BEV_MISS]          = { C, O, H, T },
	[BEV_LOST]          = { O, O, O, O },
	[BEV_PASS]          = { C, H, H, H },
	[BEV_CALL]          = { C, C, C, C },
	[BEV_TIME]          = { N, H, H, O },
	[BEV_HINT]          = { C, H, H, T },
	[BEV_LINK]          = { C, H, H, T },
	[BEV_OFF]           = { C, C, C, C },
	[BEV_EAGER]         = { N, T, N, N },
	[BEV_MANY]          = { O, N, N, N },
	[BEV_ENOUGH]        = { N, C, C, C },
};
/* clang-format on */

START_TEST(every_cell_of_the_table_is_as_drawn)
{
	for (int s = 0; s < BREAKER_NSTATES; s++)
		for (int ev = 0; ev < BEV_NEVENTS; ev++) {
			enum breaker_state next, want = leads[ev][s];
			enum breaker_action act;
			bool legal = breaker_cell((enum breaker_state)s,
			    (enum breaker_event)ev, &next, &act);

			ck_assert_msg(
			    legal == (want != N) && (!legal || next == want),
			    "state %d event %d leads to %d", s, ev, (int)next);
		}
}
END_TEST

START_TEST(an_action_belongs_to_the_step_it_is_named_for)
{
	for (int s = 0; s < BREAKER_NSTATES; s++)
		for (int ev = 0; ev < BEV_NEVENTS; ev++) {
			enum breaker_state next;
			enum breaker_action act;

			if (!breaker_cell((enum breaker_state)s,
				(enum breaker_event)ev, &next, &act))
				continue;
			ck_assert_int_eq(act == BACT_OPEN, next == O && s != O);
			ck_assert_int_eq(act == BACT_TRY, next == T && s != T);
			ck_assert_int_eq(
			    act == BACT_CLOSE, next == C && s != C);
			if (act == BACT_HALF)
				ck_assert_int_eq(next, H);
		}
}
END_TEST

START_TEST(every_event_in_every_state_stays_inside_the_table)
{
	struct breaker_conf c = usual();

	for (int s = 0; s < BREAKER_NSTATES; s++)
		for (int ev = 0; ev < BEV_NEVENTS; ev++) {
			struct breaker b = {.state = (enum breaker_state)s};

			breaker_event(&b, &c, 1000, (enum breaker_event)ev);
			ck_assert_int_lt(b.state, BREAKER_NSTATES);
			/* what could get stuck has its end in time */
			if (b.state != (enum breaker_state)s &&
			    (b.state == O || b.state == T))
				ck_assert_uint_gt(b.due_ms, 1000);
		}
}
END_TEST

START_TEST(what_makes_no_sense_is_counted_and_ignored)
{
	struct breaker_conf c = usual();
	struct breaker b = {0};

	ck_assert_int_eq(breaker_event(&b, &c, 1, BEV_TIME), BACT_NONE);
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	ck_assert_uint_eq(b.illegal, 1);
}
END_TEST

/* ---- its walk ---- */

/* One that opened at this moment. */
static struct breaker
opened(const struct breaker_conf *c, uint64_t now_ms)
{
	struct breaker b = {0};

	for (uint32_t i = 1; i < c->failures; i++)
		ck_assert_int_eq(
		    breaker_event(&b, c, now_ms, BEV_MISS), BACT_COUNT);
	ck_assert_int_eq(breaker_event(&b, c, now_ms, BEV_MISS), BACT_OPEN);
	ck_assert_int_eq(b.state, BREAKER_OPEN);
	return b;
}

START_TEST(five_failures_in_a_row_open_it)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);

	ck_assert_uint_eq(b.trips, 1);
	ck_assert_uint_eq(b.due_ms, 2000);
	ck_assert(breaker_blocks(&b));
	ck_assert_int_eq(breaker_event(&b, &c, 1001, BEV_WANT), BACT_REFUSE);
	ck_assert_uint_eq(b.refused, 1);
}
END_TEST

START_TEST(four_failures_and_an_answer_are_forgotten)
{
	struct breaker_conf c = usual();
	struct breaker b = {0};

	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			breaker_event(&b, &c, 1, BEV_MISS);
		breaker_event(&b, &c, 1, BEV_PASS);
	}
	ck_assert_int_eq(b.state, BREAKER_CLOSED);
	ck_assert_uint_eq(b.trips, 0);
}
END_TEST

START_TEST(half_open_lets_exactly_one_through)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);

	ck_assert_int_eq(breaker_event(&b, &c, b.due_ms, BEV_TIME), BACT_HALF);
	ck_assert(!breaker_blocks(&b));
	ck_assert_int_eq(breaker_event(&b, &c, 2000, BEV_PACKET), BACT_TRY);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(
		    breaker_event(&b, &c, 2001, BEV_PACKET), BACT_REFUSE);
	ck_assert(breaker_blocks(&b));
}
END_TEST

START_TEST(two_trials_that_pass_close_it)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);

	breaker_event(&b, &c, 2000, BEV_TIME);
	breaker_event(&b, &c, 2000, BEV_WANT);
	ck_assert_int_eq(breaker_event(&b, &c, 2010, BEV_PASS), BACT_HALF);
	/* packets go on meanwhile, and it asks for the second by itself */
	ck_assert(!breaker_blocks(&b));
	ck_assert_uint_eq(b.due_ms, 3010);
	ck_assert_int_eq(breaker_event(&b, &c, 3010, BEV_TIME), BACT_AGAIN);
	ck_assert_int_eq(breaker_event(&b, &c, 3010, BEV_WANT), BACT_TRY);
	ck_assert(!breaker_blocks(&b));
	ck_assert_int_eq(breaker_event(&b, &c, 3020, BEV_PASS), BACT_CLOSE);
	ck_assert_uint_eq(b.due_ms, 0);
	ck_assert_uint_eq(b.wait.ms, 0);
}
END_TEST

START_TEST(a_lost_trial_ends_in_time_and_counts_as_a_failure)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);

	breaker_event(&b, &c, 2000, BEV_TIME);
	breaker_event(&b, &c, 2000, BEV_WANT);
	ck_assert_uint_eq(b.due_ms, 2000 + BREAKER_TRIAL_MS);
	ck_assert(!breaker_is_due(&b, b.due_ms - 1));
	ck_assert(breaker_is_due(&b, b.due_ms));
	ck_assert_int_eq(breaker_event(&b, &c, 7000, BEV_TIME), BACT_OPEN);
	/* twice as long as the first time; it did not trip again */
	ck_assert_uint_eq(b.due_ms, 9000);
	ck_assert_uint_eq(b.trips, 1);
}
END_TEST

START_TEST(waits_grow_to_the_reset_timeout)
{
	static const uint32_t want[] = {1, 2, 4, 8, 16, 60, 60};
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 0);

	for (int i = 0; i < 7; i++) {
		uint64_t at = b.since_ms;

		ck_assert_uint_eq(b.due_ms - at, want[i] * 1000);
		breaker_event(&b, &c, b.due_ms, BEV_TIME);
		breaker_event(&b, &c, b.since_ms, BEV_WANT);
		breaker_event(&b, &c, b.due_ms, BEV_TIME);
	}
}
END_TEST

START_TEST(a_packet_waits_five_seconds_for_a_trial_at_most)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 0);

	for (int i = 0; i < 10; i++) {
		uint64_t at = b.since_ms;
		uint32_t ms =
		    b.wait.ms < BREAKER_EAGER_MS ? b.wait.ms : BREAKER_EAGER_MS;

		ck_assert_int_eq(breaker_event(&b, &c, at + ms - 1, BEV_PACKET),
		    BACT_REFUSE);
		ck_assert_int_eq(
		    breaker_event(&b, &c, at + ms, BEV_PACKET), BACT_TRY);
		breaker_event(&b, &c, b.due_ms, BEV_TIME);
	}
}
END_TEST

START_TEST(who_calls_us_closes_it_from_everywhere)
{
	struct breaker_conf c = usual();

	for (int s = 0; s < BREAKER_NSTATES; s++) {
		struct breaker b = {.state = (enum breaker_state)s,
		    .wait = {.ms = 16000, .tries = 5}};

		breaker_event(&b, &c, 5, BEV_CALL);
		ck_assert_int_eq(b.state, BREAKER_CLOSED);
		if (s != BREAKER_CLOSED)
			ck_assert_uint_eq(b.wait.ms, 0);
	}
}
END_TEST

START_TEST(a_new_link_lets_one_through_and_waits_begin_anew)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);

	for (int i = 0; i < 4; i++) {
		breaker_event(&b, &c, b.due_ms, BEV_TIME);
		breaker_event(&b, &c, b.since_ms, BEV_WANT);
		breaker_event(&b, &c, b.due_ms, BEV_TIME);
	}
	ck_assert_uint_gt(b.wait.ms, c.wait.first_ms);
	ck_assert_int_eq(
	    breaker_event(&b, &c, b.since_ms + 1, BEV_LINK), BACT_HALF);
	ck_assert_int_eq(breaker_event(&b, &c, b.since_ms, BEV_WANT), BACT_TRY);
	/* in vain: it waits as after the first failure */
	ck_assert_int_eq(breaker_event(&b, &c, b.due_ms, BEV_TIME), BACT_OPEN);
	ck_assert_uint_eq(b.due_ms, b.since_ms + c.wait.first_ms);
}
END_TEST

START_TEST(a_trial_has_all_its_time_again_on_a_new_link)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);
	uint64_t at;

	breaker_event(&b, &c, b.due_ms, BEV_TIME);
	breaker_event(&b, &c, b.since_ms, BEV_WANT);
	at = b.due_ms - 1;
	ck_assert_int_eq(breaker_event(&b, &c, at, BEV_LINK), BACT_ANEW);
	ck_assert_int_eq(b.state, BREAKER_TRIAL);
	ck_assert_uint_eq(b.due_ms, at + BREAKER_TRIAL_MS);
}
END_TEST

START_TEST(failures_of_the_old_link_are_not_counted_on_the_new_one)
{
	struct breaker_conf c = usual();
	struct breaker b = {0};

	for (uint32_t i = 1; i < c.failures; i++)
		breaker_event(&b, &c, i, BEV_MISS);
	breaker_event(&b, &c, 10, BEV_LINK);
	ck_assert_int_eq(breaker_event(&b, &c, 11, BEV_MISS), BACT_COUNT);
}
END_TEST

START_TEST(a_threshold_of_one_is_one)
{
	struct breaker_conf c = usual();
	struct breaker b = {0};

	c.failures = 1;
	c.successes = 1;
	ck_assert_int_eq(breaker_event(&b, &c, 1, BEV_MISS), BACT_OPEN);
	breaker_event(&b, &c, 2, BEV_HINT);
	breaker_event(&b, &c, 2, BEV_WANT);
	ck_assert_int_eq(breaker_event(&b, &c, 3, BEV_PASS), BACT_CLOSE);
}
END_TEST

START_TEST(an_answer_that_came_late_counts_all_the_same)
{
	struct breaker_conf c = usual();
	struct breaker b = opened(&c, 1000);

	ck_assert_int_eq(breaker_event(&b, &c, 1500, BEV_PASS), BACT_HALF);
	ck_assert(!breaker_blocks(&b));
}
END_TEST

/* ---- a world in virtual time ---- */

#define SEEDS 2000
#define SIDE_MS 600000 /* of chaos, then as long with a peer that answers */

struct world {
	uint64_t rnd, now;
	struct breaker_conf c;
	struct breaker b;
	bool answers;
	uint32_t delay_ms;  /* of an answer */
	uint64_t answer_at; /* 0: none on its way */
	unsigned trials;    /* under way */
	uint64_t done;      /* trials so far */
	bool wants;         /* a packet every now and then */
};

/* An assertion that costs something only when it fails. */
#define SEED_SAYS(w, cond)                                                     \
	do {                                                                   \
		if (!(cond))                                                   \
			ck_abort_msg("%s: SEED=%" PRIu64 " at %" PRIu64        \
				     " ms, state %s",                          \
			    #cond, unit_seed(), (w)->now,                      \
			    breaker_state_name((w)->b.state));                 \
	} while (0)

static uint32_t
below(struct world *w, uint32_t n)
{
	return (uint32_t)(unit_random(&w->rnd) % n);
}

static void
ask(struct world *w)
{
	if (w->answers)
		w->answer_at = w->now + w->delay_ms;
}

static enum breaker_action
event(struct world *w, enum breaker_event ev)
{
	enum breaker_state was = w->b.state;
	enum breaker_action act = breaker_event(&w->b, &w->c, w->now, ev);

	if (act == BACT_TRY) {
		w->trials++;
		w->done++;
		ask(w);
	} else if (act == BACT_GO) {
		ask(w);
	} else if (was == BREAKER_TRIAL && w->b.state != BREAKER_TRIAL) {
		w->trials--;
	}
	SEED_SAYS(w, w->trials == (w->b.state == BREAKER_TRIAL));
	SEED_SAYS(w, w->b.illegal == 0);
	/* nothing waits for ever */
	if (w->b.state == BREAKER_OPEN || w->b.state == BREAKER_TRIAL)
		SEED_SAYS(w, w->b.due_ms > w->now);
	if (w->b.state == BREAKER_HALF && w->b.passes != 0)
		SEED_SAYS(w, w->b.due_ms != 0);
	return act;
}

static void
time_passes(struct world *w, bool chaos)
{
	w->now += 1 + below(w, 400);
	if (w->answer_at != 0 && w->now >= w->answer_at) {
		w->answer_at = 0;
		event(w, BEV_PASS);
	} else if (w->answer_at == 0 && w->b.state == BREAKER_CLOSED &&
	    !w->answers && below(w, 2) == 0) {
		event(w, BEV_MISS);
	}
	if (breaker_is_due(&w->b, w->now) && event(w, BEV_TIME) == BACT_AGAIN)
		event(w, BEV_WANT);
	if (w->wants && below(w, 3) == 0)
		event(w, BEV_PACKET);
	else if (below(w, 20) == 0)
		event(w, BEV_WANT);
	if (!chaos)
		return;
	if (below(w, 200) == 0)
		w->answers = !w->answers;
	if (below(w, 50) == 0)
		w->wants = !w->wants;
	if (below(w, 300) == 0)
		event(w,
		    (enum breaker_event[]){BEV_LOST, BEV_CALL, BEV_HINT,
			BEV_LINK, BEV_OFF}[below(w, 5)]);
	if (below(w, 10) == 0)
		w->answer_at = 0; /* lost on its way */
}

static struct world
new_world(uint64_t seed)
{
	struct world w = {.rnd = seed, .now = 1000};

	w.c = usual();
	w.c.failures = 1 + below(&w, 8);
	w.c.successes = 1 + below(&w, 4);
	w.c.wait.first_ms = 100 + below(&w, 3000);
	w.c.wait.max_ms = w.c.wait.first_ms + below(&w, 60000);
	w.c.wait.late_ms = 1000 + below(&w, 120000);
	w.c.wait.multiplier = 1 + below(&w, 4);
	w.c.wait.attempts = below(&w, 8);
	w.delay_ms = 1 + below(&w, BREAKER_TRIAL_MS - 500);
	return w;
}

/* From the moment on that it answers: how long until it is closed. */
static uint64_t
recovery(struct world *w, bool packets)
{
	uint64_t from = w->now;

	w->answers = true;
	w->wants = packets;
	while (w->b.state != BREAKER_CLOSED) {
		time_passes(w, false);
		SEED_SAYS(w, w->now - from < 2 * SIDE_MS);
	}
	return w->now - from;
}

START_TEST(no_trial_is_lost_and_it_closes_once_the_peer_answers)
{
	for (uint64_t i = 0; i < SEEDS; i++) {
		struct world w = new_world(unit_seed() * SEEDS + i);
		uint64_t end = w.now + SIDE_MS;

		while (w.now < end)
			time_passes(&w, true);
		recovery(&w, i % 2 == 0);
		/* and stays so */
		end = w.now + SIDE_MS / 10;
		while (w.now < end) {
			time_passes(&w, false);
			SEED_SAYS(&w, w.b.state == BREAKER_CLOSED);
		}
	}
}
END_TEST

START_TEST(with_packets_it_is_back_in_seconds_however_long_it_was_away)
{
	for (uint64_t i = 0; i < SEEDS; i++) {
		struct world w = new_world(unit_seed() * SEEDS + i);
		uint64_t end = w.now + 1 + below(&w, SIDE_MS), took;

		w.c = usual();
		w.delay_ms = 1 + below(&w, 100);
		w.wants = true;
		while (w.now < end || w.b.state == BREAKER_CLOSED)
			time_passes(&w, false);
		took = recovery(&w, true);
		/*
		 * A trial that began too early, a wait, two trials; and the
		 * packets that they wait for come when chance wants.
		 */
		SEED_SAYS(&w,
		    took <= BREAKER_TRIAL_MS + BREAKER_EAGER_MS + 1000 + 10000);
	}
}
END_TEST

START_TEST(a_dead_peer_costs_one_trial_a_wait)
{
	struct world w = new_world(1);

	w.c = usual();
	w.wants = true;
	while (w.now < 3600000)
		time_passes(&w, false);
	ck_assert_uint_le(
	    w.done, 3600000 / (BREAKER_TRIAL_MS + BREAKER_EAGER_MS) + 5);
	ck_assert_uint_eq(w.b.trips, 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_cell_of_the_table_is_as_drawn,
	    an_action_belongs_to_the_step_it_is_named_for,
	    every_event_in_every_state_stays_inside_the_table,
	    what_makes_no_sense_is_counted_and_ignored,
	    five_failures_in_a_row_open_it,
	    four_failures_and_an_answer_are_forgotten,
	    half_open_lets_exactly_one_through,
	    two_trials_that_pass_close_it,
	    a_lost_trial_ends_in_time_and_counts_as_a_failure,
	    waits_grow_to_the_reset_timeout,
	    a_packet_waits_five_seconds_for_a_trial_at_most,
	    who_calls_us_closes_it_from_everywhere,
	    a_new_link_lets_one_through_and_waits_begin_anew,
	    a_trial_has_all_its_time_again_on_a_new_link,
	    failures_of_the_old_link_are_not_counted_on_the_new_one,
	    a_threshold_of_one_is_one,
	    an_answer_that_came_late_counts_all_the_same,
	    no_trial_is_lost_and_it_closes_once_the_peer_answers,
	    with_packets_it_is_back_in_seconds_however_long_it_was_away,
	    a_dead_peer_costs_one_trial_a_wait,
	};

	return UNIT_RUN("breaker", tests);
}
