/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_reload.c */
/*
 * A second configuration while the engine runs: what it says of breakers,
 * retries, streams and the filter holds from then on, and what goes on is not
 * disturbed by it.
 */
#include "unit.h"

#include "duo_net.h"

/* ---- breaker, retry ---- */

/* Nothing that is sent arrives. */
static void
in_vain(struct duo *d, unsigned ms)
{
	for (; ms > 0; ms--) {
		d->now++;
		duo_keyd(d);
		d->nwire = 0;
	}
}

/* Until the breaker has tripped n times; initiations since. */
static uint64_t
inits_until_trip(struct duo *d, uint64_t n)
{
	uint64_t was = duo_count(d, 0, HS_INIT_SENT);

	duo_a_to_b(d);
	for (int i = 0; duo_count(d, 0, BREAKER_TRIPS) < n; i++) {
		ck_assert_int_lt(i, 60000);
		in_vain(d, 1);
	}
	return duo_count(d, 0, HS_INIT_SENT) - was;
}

static struct conf_node *
node_of(struct duo *d)
{
	return &d->side[0].conf.node;
}

START_TEST(fewer_failures_open_a_breaker_sooner)
{
	for (uint8_t second = 2; second <= 8; second += 3) {
		struct duo *d = duo_new();

		ck_assert_uint_eq(node_of(d)->breaker_failures, 5);
		node_of(d)->breaker_failures = second;
		duo_configure(d, 0);
		ck_assert_uint_eq(inits_until_trip(d, 1), second);
		duo_free(d);
	}
}
END_TEST

START_TEST(failures_so_far_count_by_the_new_threshold)
{
	struct duo *d = duo_new();

	duo_a_to_b(d);
	while (net_slot(d, 0)->breaker.failures < 2)
		in_vain(d, 1);
	node_of(d)->breaker_failures = 2;
	duo_configure(d, 0);
	ck_assert_uint_eq(duo_count(d, 0, BREAKER_TRIPS), 0);
	/* the next one is one too many */
	ck_assert_uint_le(inits_until_trip(d, 1), 1);
	ck_assert_uint_le(duo_count(d, 0, HS_INIT_SENT), 3);
	duo_free(d);
}
END_TEST

START_TEST(an_open_breaker_stays_open_and_what_comes_next_is_new)
{
	struct duo *d = duo_new();
	struct breaker *b;
	uint64_t due;

	inits_until_trip(d, 1);
	b = &net_slot(d, 0)->breaker;
	due = b->due_ms;
	node_of(d)->retry_initial_ms = 200;
	node_of(d)->retry_max_ms = 300;
	node_of(d)->breaker_successes = 1;
	duo_configure(d, 0);
	ck_assert_int_eq(b->state, BREAKER_OPEN);
	ck_assert_uint_eq(b->due_ms, due);
	in_vain(d, (unsigned)(due - d->now));
	ck_assert_int_eq(b->state, BREAKER_HALF);
	/* a trial in vain: then the new longest wait, and jitter */
	duo_a_to_b(d);
	while (b->state != BREAKER_OPEN)
		in_vain(d, 1);
	ck_assert_uint_ge(b->due_ms - d->now, 200);
	ck_assert_uint_le(b->due_ms - d->now, 375);
	while (b->state != BREAKER_HALF)
		in_vain(d, 1);
	/* and one answer is enough */
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_int_eq(b->state, BREAKER_CLOSED);
	duo_free(d);
}
END_TEST

/* Its last wait with these settings, after so many trials in vain. */
static uint64_t
wait_after(struct duo *d, unsigned trials)
{
	struct breaker *b = &net_slot(d, 0)->breaker;

	inits_until_trip(d, 1);
	while (trials-- > 0) {
		while (b->state == BREAKER_OPEN)
			in_vain(d, 1);
		duo_a_to_b(d);
		while (b->state != BREAKER_OPEN)
			in_vain(d, 1);
	}
	return b->due_ms - d->now;
}

START_TEST(each_number_of_a_retry_counts)
{
	/* what it is set to, and what the wait is after so many trials */
	static const struct {
		uint32_t first, max, reset;
		uint8_t multiplier, attempts;
		unsigned trials;
		uint64_t wait;
	} c[] = {
	    {400, 5000, 60000, 2, 5, 0, 400},
	    {400, 5000, 60000, 2, 5, 1, 800},
	    {400, 5000, 60000, 3, 5, 1, 1200},
	    {400, 5000, 60000, 1, 5, 2, 400},
	    {400, 700, 60000, 2, 5, 1, 700},
	    {400, 5000, 9000, 2, 1, 1, 9000},
	    {400, 5000, 7000, 2, 0, 0, 7000},
	};

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct duo *d = duo_new();
		uint64_t wait;

		node_of(d)->retry_initial_ms = c[i].first;
		node_of(d)->retry_max_ms = c[i].max;
		node_of(d)->retry_multiplier = c[i].multiplier;
		node_of(d)->retry_attempts = c[i].attempts;
		node_of(d)->breaker_reset_ms = c[i].reset;
		duo_configure(d, 0);
		wait = wait_after(d, c[i].trials);
		ck_assert_msg(
		    wait >= c[i].wait && wait <= c[i].wait + c[i].wait / 4,
		    "case %zu: %llu ms", i, (unsigned long long)wait);
		duo_free(d);
	}
}
END_TEST

/* ---- streams ---- */

static void
set_streams(struct duo *d, int no, uint8_t min, uint8_t max)
{
	d->side[no].conf.node.streams_min = min;
	d->side[no].conf.node.streams_max = max;
	duo_configure(d, no);
}

static void
talk(struct duo *d, unsigned ms)
{
	for (; ms >= 100; ms -= 100) {
		duo_a_to_b(d);
		duo_pump(d);
		duo_later(d, 100);
	}
}

static struct duo *
talking(void)
{
	struct duo *d = net_up();

	d->side[0].conf.node.streams_idle_s = 5;
	d->side[0].conf.node.streams_cleanup_s = 1;
	talk(d, 1000);
	ck_assert_uint_eq(duo_count(d, 0, STREAMS), 0);
	return d;
}

START_TEST(more_and_fewer_streams_come_and_go_while_packets_flow)
{
	struct duo *d = talking();
	uint64_t handshakes = net_slot(d, 0)->handshakes;

	set_streams(d, 0, 4, 8);
	talk(d, 8000);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(duo_count(d, i, STREAMS), 3);
	/* no more than so many, at once */
	set_streams(d, 0, 1, 2);
	talk(d, 8000);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_le(duo_count(d, i, STREAMS), 1);
	set_streams(d, 0, 1, 1);
	talk(d, 8000);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(duo_count(d, i, STREAMS), 0);
	/* the session of the node keys has not noticed, and nothing was lost */
	ck_assert_uint_eq(net_slot(d, 0)->handshakes, handshakes);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), duo_count(d, 0, EO_SENT));
	ck_assert_uint_eq(duo_count(d, 0, ILLEGAL_EVENTS), 0);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(the_other_side_hears_of_a_new_limit)
{
	struct duo *d = talking();

	set_streams(d, 1, 1, 2);
	talk(d, 1000);
	set_streams(d, 0, 4, 8);
	talk(d, 8000);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(duo_count(d, i, STREAMS), 1);
	set_streams(d, 1, 1, 8);
	talk(d, 8000);
	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(duo_count(d, i, STREAMS), 3);
	net_free(d);
}
END_TEST

START_TEST(a_shorter_idle_timeout_closes_what_nobody_needs)
{
	struct duo *d = talking();

	d->side[0].conf.node.streams_idle_s = 3600;
	set_streams(d, 0, 3, 8);
	talk(d, 8000);
	ck_assert_uint_eq(duo_count(d, 0, STREAMS), 2);
	set_streams(d, 0, 1, 8);
	duo_later(d, 8000);
	ck_assert_uint_eq(duo_count(d, 0, STREAMS), 2);
	d->side[0].conf.node.streams_idle_s = 2;
	duo_configure(d, 0);
	duo_later(d, 8000);
	ck_assert_uint_eq(duo_count(d, 0, STREAMS), 0);
	net_free(d);
}
END_TEST

/* ---- filter ---- */

START_TEST(connections_that_go_on_are_judged_by_new_rules)
{
	struct duo *d = duo_up();
	struct conf_node *n = node_of(d);

	/* with rules that let it pass it is known */
	n->rule[0] = (struct conf_rule){.pass = true, .out = true};
	n->nrules = 1;
	duo_configure(d, 0);
	duo_a_to_b(d);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_FILTERED), 0);
	n->filter_deny = true; /* the rule still says yes */
	duo_configure(d, 0);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_FILTERED), 0);
	n->nrules = 0;
	duo_configure(d, 0);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_FILTERED), 1);
	n->filter_deny = false;
	n->nports = 1;
	n->port[0] = 53;
	duo_configure(d, 0);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_FILTERED), 2);
	n->port[0] = 54;
	duo_configure(d, 0);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_FILTERED), 2);
	duo_pump(d);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_rule_that_stays_keeps_what_it_counted)
{
	struct duo *d = duo_up();
	struct conf_node *n = node_of(d);
	struct msg_rule_row row;

	n->rule[0] = (struct conf_rule){.pass = true, .out = true};
	n->nrules = 1;
	duo_configure(d, 0);
	duo_a_to_b(d);
	/* another one before it: its number is another, it is the same */
	n->rule[1] = n->rule[0];
	n->rule[0] = (struct conf_rule){.proto = 6};
	n->nrules = 2;
	duo_configure(d, 0);
	duo_a_to_b(d);
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 0, &row), 0);
	ck_assert_uint_eq(row.packets, 0);
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 1, &row), 0);
	ck_assert_uint_eq(row.packets, 2);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    fewer_failures_open_a_breaker_sooner,
	    failures_so_far_count_by_the_new_threshold,
	    an_open_breaker_stays_open_and_what_comes_next_is_new,
	    each_number_of_a_retry_counts,
	    more_and_fewer_streams_come_and_go_while_packets_flow,
	    the_other_side_hears_of_a_new_limit,
	    a_shorter_idle_timeout_closes_what_nobody_needs,
	    connections_that_go_on_are_judged_by_new_rules,
	    a_rule_that_stays_keeps_what_it_counted,
	};

	return UNIT_RUN("reload", tests);
}
