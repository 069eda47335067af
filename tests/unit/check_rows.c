/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_rows.c */
/*
 * What people see of the engine's breakers, streams, connections and rules:
 * whose row it is, its times, and that a listing ends.
 */
#include "unit.h"

#include "duo_net.h"

#define UNIX UINT64_C(1700000000000) /* of DUO_T0 */

static uint64_t
unix_now(const struct duo *d)
{
	return UNIX + d->now - DUO_T0;
}

/* ---- breakers ---- */

#define ROWS_MAX 64

/* All rows of a; how many. */
static unsigned
breakers(const struct duo *d, struct msg_breaker_row row[ROWS_MAX])
{
	const struct engine *e = d->side[0].e;
	unsigned n = 0;
	uint32_t i = 0;
	int is;

	while ((is = engine_breaker_row(e, i, d->now, unix_now(d), &row[n])) !=
	    -1) {
		n += is == 1;
		i++;
		ck_assert_uint_lt(n, ROWS_MAX);
	}
	/* so many there may be, and after the end comes nothing */
	ck_assert_uint_eq(i, e->npeers * (SPOTS_MAX + 1));
	for (uint32_t k = i; k < i + 20; k++)
		ck_assert_int_eq(
		    engine_breaker_row(e, k, d->now, unix_now(d), &row[n]), -1);
	return n;
}

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

/* Until a's breaker for b opens; the moment. */
static uint64_t
trip(struct duo *d)
{
	duo_a_to_b(d);
	for (int i = 0; duo_count(d, 0, BREAKER_TRIPS) == 0; i++) {
		ck_assert_int_lt(i, 60000);
		in_vain(d, 1);
	}
	return d->now;
}

START_TEST(closed_breakers_have_no_row)
{
	struct msg_breaker_row row[ROWS_MAX];
	struct duo *d = duo_up();

	ck_assert_uint_eq(breakers(d, row), 0);
	duo_free(d);
}
END_TEST

START_TEST(a_failure_or_two_are_no_row)
{
	struct msg_breaker_row row[ROWS_MAX];
	struct duo *d = duo_new();

	duo_a_to_b(d);
	in_vain(d, 1000);
	ck_assert_uint_gt(
	    net_slot(d, 0)->breaker.failures, 0); /* something is known */
	ck_assert_uint_eq(breakers(d, row), 0);
	duo_free(d);
}
END_TEST

START_TEST(open_breakers_of_a_peer_and_its_place_have_a_row_each)
{
	struct msg_breaker_row row[ROWS_MAX];
	struct duo *d = duo_new();
	uint64_t at = trip(d);
	const struct peer_slot *p = net_slot(d, 0);

	in_vain(d, 300);
	duo_a_to_b(d); /* refused */
	ck_assert_uint_eq(breakers(d, row), 2);
	ck_assert_str_eq(row[0].name, "b");
	ck_assert(!row[0].is_place);
	ck_assert_int_eq(row[0].state, BV_OPEN);
	ck_assert_uint_eq(row[0].since_unix_ms, UNIX + at - DUO_T0);
	ck_assert_uint_eq(
	    row[0].next_unix_ms, UNIX + p->breaker.due_ms - DUO_T0);
	ck_assert_uint_ge(row[0].next_unix_ms, row[0].since_unix_ms + 1000);
	ck_assert_uint_le(row[0].next_unix_ms, row[0].since_unix_ms + 1250);
	ck_assert_uint_eq(row[0].trips, 1);
	ck_assert_uint_eq(row[0].refused, 1);
	ck_assert_uint_eq(row[0].tries, 0);
	ck_assert_str_eq(row[1].name, "b");
	ck_assert(row[1].is_place);
	ck_assert(endpoint_eq(&row[1].place, &d->side[1].ep));
	ck_assert_int_eq(row[1].state, BV_OPEN);
	ck_assert_uint_eq(row[1].since_unix_ms, UNIX + at - DUO_T0);
	ck_assert_uint_eq(row[1].trips, 1);
	duo_free(d);
}
END_TEST

START_TEST(a_trial_is_half_open_and_one_in_vain_is_counted)
{
	struct msg_breaker_row row[ROWS_MAX];
	struct duo *d = duo_new();

	trip(d);
	in_vain(d, 1300);
	ck_assert_uint_ge(breakers(d, row), 1);
	ck_assert_int_eq(row[0].state, BV_HALF);
	ck_assert_uint_eq(row[0].next_unix_ms, 0); /* who wants it */
	duo_a_to_b(d);
	ck_assert_uint_ge(breakers(d, row), 1);
	ck_assert_int_eq(row[0].state, BV_HALF);
	ck_assert_uint_eq(row[0].next_unix_ms, unix_now(d) + BREAKER_TRIAL_MS);
	in_vain(d, BREAKER_TRIAL_MS + 100);
	ck_assert_uint_ge(breakers(d, row), 1);
	ck_assert_int_eq(row[0].state, BV_OPEN);
	ck_assert_uint_eq(row[0].tries, 1);
	ck_assert_uint_eq(row[0].trips, 1);
	duo_free(d);
}
END_TEST

START_TEST(what_works_again_has_no_row)
{
	struct msg_breaker_row row[ROWS_MAX];
	struct duo *d = duo_new();

	trip(d);
	duo_later(d, 1300);
	for (int i = 0; i < 20; i++) {
		duo_a_to_b(d);
		duo_pump(d);
		duo_later(d, 1000);
	}
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_uint_eq(breakers(d, row), 0);
	duo_free(d);
}
END_TEST

/* Of three peers the one in the middle can't be reached. */
START_TEST(a_row_is_of_the_peer_that_fails)
{
	struct msg_breaker_row row[ROWS_MAX];
	struct duo *d = duo_new();
	struct conf *c = &d->side[0].conf;

	for (uint32_t i = 1; i < 3; i++) {
		struct conf_peer *p = &c->peer[i];

		*p = c->peer[0];
		snprintf(p->name, sizeof(p->name), "c%u", (unsigned)i);
		p->key[0] ^= (uint8_t)i;
		p->endpoint[0].addr.b[3] = (uint8_t)(10 + i);
		p->allowed = calloc(1, sizeof(*p->allowed));
		p->nallowed = 1;
		duo_prefix(i == 1 ? "10.0.8.1" : "10.0.8.2", &p->allowed[0]);
	}
	c->npeers = 3;
	duo_configure(d, 0);
	duo_a_to_b(d);
	duo_pump(d);
	duo_send(d, 0, "10.0.0.1", "10.0.8.1", 10);
	in_vain(d, 8000);
	ck_assert_uint_eq(breakers(d, row), 2);
	for (int i = 0; i < 2; i++)
		ck_assert_str_eq(row[i].name, "c1");
	ck_assert_uint_eq(row[1].place.addr.b[3], 11);
	duo_free(d);
}
END_TEST

/* ---- places ---- */

/* Every initiation of a goes to one of these: how often to each. */
static void
dial_for(struct duo *d, unsigned ms, unsigned to[], unsigned n)
{
	memset(to, 0, n * sizeof(*to));
	for (; ms > 0; ms--) {
		d->now++;
		if (d->now % 100 == 0)
			duo_a_to_b(d);
		duo_keyd(d);
		for (uint32_t i = 0; i < d->nwire; i++)
			if (d->wire[i].to >= 49 && d->wire[i].to < 49 + (int)n)
				to[d->wire[i].to - 49]++;
		d->nwire = 0;
	}
}

static struct duo *
three_places(void)
{
	struct duo *d = duo_new();
	struct conf_peer *p = &d->side[0].conf.peer[0];

	p->nendpoints = 3;
	for (int i = 0; i < 3; i++) {
		p->endpoint[i] = d->side[1].ep;
		p->endpoint[i].addr.b[3] = (uint8_t)(50 + i);
	}
	duo_configure(d, 0);
	return d;
}

static void
shut(struct duo *d, int place)
{
	struct peer_slot *p = net_slot(d, 0);

	for (uint32_t i = 0; i < d->side[0].e->breaker.failures; i++)
		spots_missed(&p->spots, &d->side[0].e->breaker, d->now,
		    &p->conf.endpoint[place]);
	ck_assert(!spots_allow(&p->spots, d->now, &p->conf.endpoint[place]));
}

START_TEST(an_open_place_is_passed_over_while_there_are_others)
{
	struct duo *d = three_places();
	unsigned to[3];

	shut(d, 0);
	shut(d, 2);
	dial_for(d, 900, to, 3); /* their wait is a second */
	ck_assert_uint_eq(to[0], 0);
	ck_assert_uint_ge(to[1], 2);
	ck_assert_uint_eq(to[2], 0);
	ck_assert_uint_ge(duo_count(d, 0, PLACES_SKIPPED), 1);
	/* as often as its turn came */
	ck_assert_uint_ge(net_slot(d, 0)->spots.at[0].breaker.refused, 1);
	duo_free(d);
}
END_TEST

START_TEST(when_all_places_are_open_they_are_tried_all_the_same)
{
	struct duo *d = three_places();
	unsigned to[3];

	for (int i = 0; i < 3; i++)
		shut(d, i);
	dial_for(d, 900, to, 3);
	ck_assert_uint_ge(to[0] + to[1] + to[2], 2);
	for (int i = 0; i < 3; i++)
		ck_assert_uint_eq(
		    net_slot(d, 0)->spots.at[i].breaker.refused, 0);
	ck_assert_uint_eq(duo_count(d, 0, PLACES_SKIPPED), 0);
	duo_free(d);
}
END_TEST

/* ---- streams ---- */

static struct duo *
with_streams(uint8_t n)
{
	struct duo *d = net_up();

	for (int i = 0; i < 2; i++) {
		d->side[i].conf.node.streams_max = n;
		d->side[i].conf.node.streams_min = i == 0 ? n : 1;
		duo_configure(d, i);
	}
	for (int i = 0; i < 50; i++) {
		duo_a_to_b(d);
		duo_pump(d);
		duo_later(d, 100);
	}
	return d;
}

START_TEST(each_stream_has_a_row_and_the_listing_ends)
{
	struct duo *d = with_streams(3);
	struct msg_stream_row row;

	for (int side = 0; side < 2; side++) {
		const struct engine *e = d->side[side].e;
		uint32_t cursor = 0;
		uint8_t last = 0;

		for (uint8_t i = 0; i < 3; i++) {
			ck_assert_int_eq(engine_stream_row(e, &cursor, d->now,
					     unix_now(d), &row),
			    0);
			ck_assert_str_eq(
			    row.peer, side == 0 ? "node2" : "node1");
			/* each place once, the session's own first */
			ck_assert(i == 0 ? row.place == 0 : row.place > last);
			last = row.place;
			ck_assert_uint_eq(row.state, STREAM_LIVE);
			if (i > 0)
				ck_assert_int_eq(row.mine, side == 0);
			ck_assert(endpoint_eq(&row.ep, &d->side[!side].ep));
			ck_assert_uint_ge(row.since_unix_ms, UNIX);
			ck_assert_uint_le(row.since_unix_ms, unix_now(d));
			ck_assert_uint_gt(row.tx_packets + row.rx_packets, 0);
		}
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(engine_stream_row(e, &cursor, d->now,
					     unix_now(d), &row),
			    -1);
	}
	net_free(d);
}
END_TEST

START_TEST(who_knows_no_streams_has_no_rows)
{
	struct duo *d = duo_up();
	struct msg_stream_row row;
	uint32_t cursor = 0;

	ck_assert_int_eq(
	    engine_stream_row(d->side[0].e, &cursor, d->now, unix_now(d), &row),
	    -1);
	duo_free(d);
}
END_TEST

/* ---- connections ---- */

START_TEST(a_connection_is_a_row_with_its_books)
{
	struct duo *d = duo_up();
	const struct engine *e = d->side[0].e;
	struct msg_flow_row row;
	uint32_t cursor = 0;
	struct addr a, b;

	duo_later(d, 10);
	duo_a_to_b(d);
	duo_pump(d);
	duo_later(d, 25);
	ck_assert_int_eq(addr_parse("10.0.0.1", &a), 0);
	ck_assert_int_eq(addr_parse("10.0.0.2", &b), 0);
	ck_assert_int_eq(engine_flow_row(e, &cursor, d->now, &row), 0);
	ck_assert_str_eq(row.peer, "b");
	ck_assert_uint_eq(row.proto, 17);
	ck_assert(addr_eq(&row.src, &a) && addr_eq(&row.dst, &b));
	ck_assert_uint_eq(row.dport, 53);
	ck_assert_uint_eq(row.stream, 0);
	ck_assert_uint_eq(row.idle_ms, 25);
	ck_assert_uint_eq(row.packets, 2);
	ck_assert_uint_eq(row.bytes, 2 * 128);
	ck_assert_int_eq(engine_flow_row(e, &cursor, d->now, &row), -1);
	ck_assert_int_eq(engine_flow_row(e, &cursor, d->now, &row), -1);
	duo_free(d);
}
END_TEST

START_TEST(every_connection_is_listed_once)
{
	struct duo *d = duo_up();
	const struct engine *e = d->side[0].e;
	uint32_t cursor = 0, n = 0;
	struct msg_flow_row row;
	uint64_t seen = 0;

	for (unsigned i = 0; i < 20; i++) {
		char to[16];

		snprintf(to, sizeof(to), "10.0.9.%u", i);
		duo_send(d, 0, "10.0.0.1", to, 10);
	}
	duo_pump(d);
	for (; engine_flow_row(e, &cursor, d->now, &row) == 0; n++)
		if (row.dst.b[2] == 9)
			seen |= UINT64_C(1) << row.dst.b[3];
	ck_assert_uint_eq(n, 21); /* and that of duo_up */
	ck_assert_uint_eq(seen, (UINT64_C(1) << 20) - 1);
	/* what is gone is in no listing */
	d->side[0].conf.npeers = 0;
	duo_configure(d, 0);
	d->side[0].conf.npeers = 1;
	cursor = 0;
	ck_assert_int_eq(engine_flow_row(e, &cursor, d->now, &row), -1);
	duo_free(d);
}
END_TEST

START_TEST(without_a_configuration_there_are_no_rows)
{
	struct duo *d = duo_new();
	struct engine_io io = d->side[0].e->io;
	struct engine *e = engine_new(&io);
	struct msg_breaker_row breaker;
	struct msg_stream_row stream;
	struct msg_flow_row flow;
	uint32_t cursor = 0;

	ck_assert_int_eq(engine_breaker_row(e, 0, d->now, UNIX, &breaker), -1);
	ck_assert_int_eq(
	    engine_stream_row(e, &cursor, d->now, UNIX, &stream), -1);
	ck_assert_int_eq(engine_flow_row(e, &cursor, d->now, &flow), -1);
	engine_free(e);
	duo_free(d);
}
END_TEST

/* ---- rules ---- */

START_TEST(rules_are_listed_as_they_are_read)
{
	struct duo *d = duo_up();
	struct conf_node *n = &d->side[0].conf.node;
	const struct engine *e = d->side[0].e;
	struct msg_rule_row row;

	/* the default alone: nothing to filter */
	ck_assert_int_eq(engine_rule_row(e, 0, &row), 0);
	ck_assert_str_eq(row.text, "default allow");
	ck_assert_int_eq(engine_rule_row(e, 1, &row), -1);
	n->nports = 2;
	n->port[0] = 25;
	n->port[1] = 445;
	n->nrules = 2;
	n->rule[0] = (struct conf_rule){.out = true};
	n->rule[1] = (struct conf_rule){
	    .pass = true, .out = true, .who = CONF_PEER, .name = "b"};
	n->filter_deny = true;
	duo_configure(d, 0);
	for (int i = 0; i < 3; i++)
		duo_a_to_b(d);
	ck_assert_int_eq(engine_rule_row(e, 0, &row), 0);
	ck_assert_str_eq(row.text, "unallowed ports { 25, 445 }");
	ck_assert_uint_eq(row.no, 0);
	ck_assert_int_eq(engine_rule_row(e, 1, &row), 0);
	ck_assert_str_eq(row.text, "block out");
	ck_assert_uint_eq(row.no, 1);
	ck_assert_uint_eq(row.packets, 0);
	ck_assert_int_eq(engine_rule_row(e, 2, &row), 0);
	ck_assert_uint_eq(row.no, 2);
	ck_assert_uint_eq(row.judged, 1);
	ck_assert_uint_eq(row.packets, 3);
	ck_assert_uint_eq(row.bytes, 3 * 128);
	ck_assert_int_eq(engine_rule_row(e, 3, &row), 0);
	ck_assert_str_eq(row.text, "default deny");
	ck_assert_uint_eq(row.no, 0);
	for (uint32_t i = 4; i < 80; i++)
		ck_assert_int_eq(engine_rule_row(e, i, &row), -1);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    closed_breakers_have_no_row,
	    a_failure_or_two_are_no_row,
	    open_breakers_of_a_peer_and_its_place_have_a_row_each,
	    a_trial_is_half_open_and_one_in_vain_is_counted,
	    what_works_again_has_no_row,
	    a_row_is_of_the_peer_that_fails,
	    an_open_place_is_passed_over_while_there_are_others,
	    when_all_places_are_open_they_are_tried_all_the_same,
	    each_stream_has_a_row_and_the_listing_ends,
	    who_knows_no_streams_has_no_rows,
	    a_connection_is_a_row_with_its_books,
	    every_connection_is_listed_once,
	    without_a_configuration_there_are_no_rows,
	    rules_are_listed_as_they_are_read,
	};

	return UNIT_RUN("rows", tests);
}
