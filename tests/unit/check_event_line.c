/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_event_line.c */
/*
 * The log of events and what meshctl makes of an event: numbers that stay,
 * filters, lines that no name can break, cells for JSON; and limits that become
 * events; and sums of pings.
 */
#include <string.h>

#include "counters.h"
#include "event_line.h"
#include "eventlog.h"
#include "excess.h"
#include "msg.h"
#include "pingsum.h"
#include "unit.h"

static struct eventlog l;
static char line[EVENT_LINE_MAX];

static struct msg_event
down(const char *peer)
{
	struct msg_event e;

	events_begin(&e, EV_PEER_DOWN);
	e.from = ROLE_ENGINE;
	e.unix_ms = 1000;
	events_text(&e, EVF_PEER, peer);
	events_number(&e, EVF_CAUSE, EVW_NO_ANSWER);
	return e;
}

static void
fill(unsigned n)
{
	struct msg_event e = down("beta");

	eventlog_clear(&l);
	for (unsigned i = 0; i < n; i++)
		ck_assert_int_eq(eventlog_add(&l, &e), 0);
}

/* ---- the log ---- */

START_TEST(an_event_comes_back_as_it_went_in_with_a_number)
{
	struct msg_event e = down("beta"), back;

	eventlog_init(&l);
	ck_assert_int_eq(eventlog_add(&l, &e), 0);
	ck_assert_uint_eq(e.no, 1000001);
	ck_assert_int_eq(eventlog_get(&l, e.no, &back), 0);
	ck_assert_mem_eq(&back, &e, sizeof(e));
	ck_assert_int_eq(eventlog_get(&l, e.no + 1, &back), -1);
	ck_assert_int_eq(eventlog_get(&l, e.no - 1, &back), -1);
	eventlog_clear(&l);
}
END_TEST

START_TEST(the_oldest_are_forgotten)
{
	struct msg_event e;

	fill(EVENTLOG_MAX + 10);
	ck_assert_uint_eq(l.next - l.first, EVENTLOG_MAX);
	ck_assert_int_eq(eventlog_get(&l, l.first - 1, &e), -1);
	ck_assert_int_eq(eventlog_get(&l, l.first, &e), 0);
	ck_assert_int_eq(eventlog_get(&l, l.next - 1, &e), 0);
	eventlog_clear(&l);
}
END_TEST

START_TEST(a_reader_starts_at_the_last_n_or_behind_what_it_has)
{
	fill(10);
	ck_assert_uint_eq(eventlog_from(&l, 3, 0), l.next - 3);
	ck_assert_uint_eq(eventlog_from(&l, 99, 0), l.first);
	ck_assert_uint_eq(eventlog_from(&l, 99, l.first + 4), l.first + 5);
	ck_assert_uint_eq(eventlog_from(&l, 99, l.next - 1), l.next);
	eventlog_clear(&l);
	ck_assert_uint_eq(eventlog_from(&l, 99, 5), 0);
}
END_TEST

START_TEST(what_it_missed_is_missed_and_what_was_before_us_is_not)
{
	uint64_t base;

	fill(EVENTLOG_MAX + 10);
	base = l.base;
	ck_assert_uint_eq(eventlog_from(&l, UINT32_MAX, base + 1), base + 2);
	ck_assert_uint_eq(eventlog_from(&l, UINT32_MAX, base - 1), l.first);
	eventlog_clear(&l);
}
END_TEST

/* ---- filters ---- */

START_TEST(a_filter_asks_for_peer_kind_severity_and_time)
{
	struct event_filter any = {0}, f = {.peer = "beta"};
	struct msg_event e = down("beta"), other = down("gamma"), up;
	char bad[64];

	events_begin(&up, EV_NODE_UP);
	up.unix_ms = 2000;
	ck_assert(event_filter_takes(&any, &e));
	ck_assert(event_filter_takes(&f, &e));
	ck_assert(!event_filter_takes(&f, &other));
	ck_assert(!event_filter_takes(&f, &up));
	f = (struct event_filter){.least = EVENT_WARNING};
	ck_assert(event_filter_takes(&f, &e));
	ck_assert(!event_filter_takes(&f, &up));
	f = (struct event_filter){.since_unix_ms = 1500};
	ck_assert(!event_filter_takes(&f, &e));
	ck_assert(event_filter_takes(&f, &up));
	f = (struct event_filter){0};
	ck_assert_int_eq(event_filter_kinds(&f, "peer_up,peer_down", bad), 0);
	ck_assert(event_filter_takes(&f, &e));
	ck_assert(!event_filter_takes(&f, &up));
	ck_assert_int_eq(event_filter_kinds(&f, "peer_up,nonsense", bad), -1);
	ck_assert_str_eq(bad, "nonsense");
}
END_TEST

START_TEST(what_a_reader_lost_passes_every_filter)
{
	struct event_filter f = {.peer = "beta", .least = EVENT_ERROR};
	struct msg_event e;

	events_begin(&e, EV_LOST);
	ck_assert(event_filter_takes(&f, &e));
	e.no = 7;
	ck_assert(!event_filter_takes(&f, &e));
}
END_TEST

/* ---- lines ---- */

START_TEST(a_line_has_the_fields_with_their_names)
{
	struct msg_event e = down("beta");

	ck_assert_str_eq(
	    event_line_fields(line, &e, false), "peer=beta cause=no_answer");
	ck_assert_str_eq(
	    event_line_fields(line, &e, true), "peer=beta\tcause=no_answer");
	events_begin(&e, EV_NODE_UP);
	ck_assert_str_eq(event_line_fields(line, &e, false), "");
	events_begin(&e, EV_RELOAD_REFUSED);
	events_text(&e, EVF_TEXT, "unknown block \"x\"");
	ck_assert_str_eq(event_line_fields(line, &e, false),
	    "text=\"unknown block \\\"x\\\"\"");
	ck_assert_str_eq(
	    event_line_fields(line, &e, true), "text=unknown block \"x\"");
}
END_TEST

START_TEST(no_name_breaks_a_line)
{
	struct msg_event e = down("b\033[2Jta\nx y");

	ck_assert_str_eq(event_line_fields(line, &e, false),
	    "peer=\"b\\033[2Jta\\012x y\" cause=no_answer");
}
END_TEST

START_TEST(what_is_not_known_is_a_dash)
{
	struct msg_event e;

	events_begin(&e, EV_MISMATCH);
	events_text(&e, EVF_PEER, "beta");
	events_number(&e, EVF_CAUSE, EVW_LOOKUP_KEY);
	ck_assert_str_eq(event_line_fields(line, &e, false),
	    "peer=beta place=- cause=lookup_key");
	events_begin(&e, EV_CERT_RENEWED);
	ck_assert_str_eq(
	    event_line_fields(line, &e, false), "serial=0 expires=-");
}
END_TEST

START_TEST(the_longest_fits)
{
	struct msg_event e;
	char wild[EVENT_TEXT_MAX];

	memset(wild, 1, sizeof(wild) - 1);
	wild[sizeof(wild) - 1] = '\0';
	events_begin(&e, EV_PEER_MOVED);
	events_text(&e, EVF_PEER, wild);
	events_text(&e, EVF_PLACE, wild);
	events_text(&e, EVF_WAS, wild);
	ck_assert_uint_gt(strlen(event_line_fields(line, &e, false)),
	    3 * 4 * (EVENT_TEXT_MAX - 1));
}
END_TEST

START_TEST(cells_are_the_envelope_and_the_fields)
{
	struct show_cell cell[EVENT_CELLS];
	struct msg_event e;

	for (unsigned i = 0; i < EVENT_NKINDS; i++) {
		unsigned n;

		events_begin(&e, (enum event_kind)i);
		n = event_line_cells(cell, &e);
		for (unsigned a = 0; a < n; a++)
			for (unsigned b = 0; b < a; b++)
				ck_assert_str_ne(cell[a].key, cell[b].key);
	}
	e = down("beta");
	ck_assert_uint_eq(event_line_cells(cell, &e), 8);
	ck_assert_str_eq(cell[3].s, "peer_down");
	ck_assert_str_eq(cell[4].s, "warning");
	ck_assert_str_eq(cell[5].s, "p2p-engine");
	ck_assert_str_eq(cell[6].s, "beta");
	ck_assert_str_eq(cell[7].s, "no_answer");
}
END_TEST

/* ---- limits ---- */

START_TEST(a_limit_is_told_at_once_and_then_by_the_minute)
{
	static const enum counter list[] = {EI_RATE, DHT_LIMITED, C_NONE};
	struct counters c = {0};
	struct excess x;
	struct msg_event e;

	excess_init(&x, list);
	ck_assert(!excess_next(&x, &c, 1000, &e));
	c.v[DHT_LIMITED] = 7;
	ck_assert(excess_next(&x, &c, 1000, &e));
	ck_assert_str_eq(
	    events_value(&e, EVF_LIMIT)->s, counter_info(DHT_LIMITED)->name);
	ck_assert_uint_eq(events_value(&e, EVF_COUNT)->n, 7);
	c.v[DHT_LIMITED] = 9;
	ck_assert(!excess_next(&x, &c, 1000 + EXCESS_AGAIN_MS - 1, &e));
	ck_assert(excess_next(&x, &c, 1000 + EXCESS_AGAIN_MS, &e));
	ck_assert_uint_eq(events_value(&e, EVF_COUNT)->n, 2);
	ck_assert(!excess_next(&x, &c, 9999999, &e));
}
END_TEST

/* ---- pings ---- */

START_TEST(a_pingsum_has_least_most_mean_and_loss)
{
	struct pingsum t = {0};

	ck_assert_uint_eq(pingsum_lost_pm(&t), 0);
	ck_assert_uint_eq(pingsum_avg_us(&t), 0);
	pingsum_answer(&t, 300);
	pingsum_answer(&t, 100);
	pingsum_lost(&t);
	pingsum_answer(&t, 200);
	ck_assert_uint_eq(t.min_us, 100);
	ck_assert_uint_eq(t.max_us, 300);
	ck_assert_uint_eq(pingsum_avg_us(&t), 200);
	ck_assert_uint_eq(t.sent, 4);
	ck_assert_uint_eq(t.received, 3);
	ck_assert_uint_eq(pingsum_lost_pm(&t), 250);
}
END_TEST

START_TEST(seconds_are_read_as_people_write_them)
{
	static const char *const wrong[] = {"", "x", "-1", "1s", ".5", "1e3",
	    "0.05", "11", "99999999999999999999", "nan", "1.2.3", " 1"};
	uint32_t ms = 0;

	ck_assert_int_eq(pingsum_seconds("1", 100, 10000, &ms), 0);
	ck_assert_uint_eq(ms, 1000);
	ck_assert_int_eq(pingsum_seconds("0.2", 100, 10000, &ms), 0);
	ck_assert_uint_eq(ms, 200);
	ck_assert_int_eq(pingsum_seconds("2.3456789", 100, 10000, &ms), 0);
	ck_assert_uint_eq(ms, 2345);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(pingsum_seconds(wrong[i], 100, 10000, &ms) == -1,
		    "%s", wrong[i]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    an_event_comes_back_as_it_went_in_with_a_number,
	    the_oldest_are_forgotten,
	    a_reader_starts_at_the_last_n_or_behind_what_it_has,
	    what_it_missed_is_missed_and_what_was_before_us_is_not,
	    a_filter_asks_for_peer_kind_severity_and_time,
	    what_a_reader_lost_passes_every_filter,
	    a_line_has_the_fields_with_their_names,
	    no_name_breaks_a_line,
	    what_is_not_known_is_a_dash,
	    the_longest_fits,
	    cells_are_the_envelope_and_the_fields,
	    a_limit_is_told_at_once_and_then_by_the_minute,
	    a_pingsum_has_least_most_mean_and_loss,
	    seconds_are_read_as_people_write_them,
	};

	return UNIT_RUN("event_line", tests);
}
