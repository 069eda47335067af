/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_events.c */
/*
 * The list of events: names that scripts can rely on, mesh-events(7) says the
 * same, what an encoder makes its decoder takes, and the gate lets through
 * what it promises and tells what it did not.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "unit.h"

#define PAGE "man/mesh-events.7"

static struct event_gate gate;

static bool
is_name(const char *s)
{
	for (const char *p = s; *p != '\0'; p++)
		if (!islower((unsigned char)*p) && *p != '_')
			return false;
	return s[0] != '\0';
}

START_TEST(a_kind_has_a_name_of_its_own_a_sentence_and_known_fields)
{
	enum event_kind found;

	for (unsigned i = 0; i < EVENT_NKINDS; i++) {
		const struct event_info *e = events_info((enum event_kind)i);
		unsigned n = 0;

		ck_assert_msg(is_name(e->name), "%s", e->name);
		ck_assert_int_eq(event_kind_parse(e->name, &found), 0);
		ck_assert_uint_eq(found, i);
		ck_assert_int_eq(e->help[strlen(e->help) - 1], '.');
		while (e->field[n] != EVF_NONE)
			ck_assert_ptr_nonnull(events_field(e->field[n++]));
		ck_assert_uint_le(n, EVENT_FIELDS_MAX);
	}
	ck_assert_ptr_null(events_info(EVENT_NKINDS));
	ck_assert_int_eq(event_kind_parse("peer", &found), -1);
}
END_TEST

START_TEST(fields_and_causes_have_names_and_help)
{
	for (unsigned i = 1; i < EVENT_NFIELDS; i++) {
		const struct event_field_info *f =
		    events_field((enum event_field)i);

		ck_assert_msg(is_name(f->name), "%s", f->name);
		ck_assert_str_ne(f->help, "");
	}
	for (unsigned i = 0; i < EVENT_NWORDS; i++)
		ck_assert(is_name(event_word_name((enum event_word)i)));
	ck_assert_ptr_null(events_field(EVF_NONE));
	ck_assert_str_eq(event_word_name(EVENT_NWORDS), "?");
}
END_TEST

/* ---- the manual ---- */

static char page[65536];

static void
read_page(void)
{
	FILE *f = fopen(PAGE, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(page, 1, sizeof(page) - 1, f);
	page[n] = '\0';
	fclose(f);
}

/* ".It Ic name ( severity )" and ".Ar field" as the table has them, or "" */
static void
expected(char *out, size_t cap, const struct event_info *e)
{
	int n = snprintf(out, cap, ".It Ic %s Pq %s", e->name,
	    event_severity_name(e->severity));

	for (unsigned i = 0; e->field[i] != EVF_NONE; i++)
		n += snprintf(out + n, cap - (size_t)n, " Ar %s",
		    events_field(e->field[i])->name);
	snprintf(out + n, cap - (size_t)n, "\n");
}

/* The page breaks its lines where sentences and the width end. */
static void
assert_says(const char *at, const char *help)
{
	const char *p = strchr(at, '\n') + 1;

	for (const char *h = help; *h != '\0'; h++, p++)
		ck_assert_msg(*p == *h || (*h == ' ' && *p == '\n'),
		    "\"%s\" is not what the page says: %.60s", help, p);
}

START_TEST(the_manual_has_every_event_with_its_fields)
{
	char item[256];
	const char *at;
	unsigned n = 0;

	read_page();
	for (unsigned i = 0; i < EVENT_NKINDS; i++) {
		const struct event_info *e = events_info((enum event_kind)i);

		expected(item, sizeof(item), e);
		at = strstr(page, item);
		ck_assert_msg(at != NULL, "not in the page: %s", item);
		assert_says(at, e->help);
	}
	for (at = page; (at = strstr(at, ".It Ic ")) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, EVENT_NKINDS);
}
END_TEST

START_TEST(and_every_field_and_cause)
{
	char item[96];
	const char *at;
	unsigned n = 0;

	read_page();
	for (unsigned i = 1; i < EVENT_NFIELDS; i++) {
		const struct event_field_info *f =
		    events_field((enum event_field)i);

		snprintf(item, sizeof(item), ".It Ar %s\n", f->name);
		at = strstr(page, item);
		ck_assert_msg(at != NULL, "not in the page: %s", item);
		assert_says(at, f->help);
	}
	for (unsigned i = 0; i < EVENT_NWORDS; i++) {
		snprintf(item, sizeof(item), ".It Cm %s\n",
		    event_word_name((enum event_word)i));
		at = strstr(page, item);
		ck_assert_msg(at != NULL, "not in the page: %s", item);
		assert_says(at, event_word_help((enum event_word)i));
	}
	for (at = page; (at = strstr(at, ".It Cm ")) != NULL; at++)
		n++;
	ck_assert_uint_eq(n, EVENT_NWORDS);
}
END_TEST

/* ---- values ---- */

START_TEST(every_kind_survives_the_wire)
{
	struct msg_event e, back;
	uint8_t body[1024];
	struct wbuf w;
	struct rbuf r;

	for (unsigned i = 0; i < EVENT_NKINDS; i++) {
		events_begin(&e, (enum event_kind)i);
		e.from = ROLE_ENGINE;
		e.no = 7;
		events_text(&e, EVF_PEER, "beta");
		events_text(&e, EVF_TEXT, "no such file");
		events_number(&e, EVF_COUNT, UINT64_MAX);
		events_number(&e, EVF_CAUSE, EVENT_NWORDS - 1);
		events_number(&e, EVF_EVENT, EVENT_ANY);
		wbuf_init(&w, body, sizeof(body));
		msg_put_event(&w, &e);
		ck_assert_int_eq(wbuf_done(&w), 0);
		rbuf_init(&r, body, w.len);
		ck_assert_int_eq(msg_get_event(&r, &back), 0);
		ck_assert_mem_eq(&e, &back, sizeof(e));
	}
}
END_TEST

START_TEST(a_value_that_the_list_does_not_know_is_refused)
{
	struct msg_event e, back;
	uint8_t body[1024];
	struct wbuf w;
	struct rbuf r;

	events_begin(&e, EV_PEER_DOWN);
	events_number(&e, EVF_CAUSE, EVENT_NWORDS);
	wbuf_init(&w, body, sizeof(body));
	msg_put_event(&w, &e);
	rbuf_init(&r, body, w.len);
	ck_assert_int_eq(msg_get_event(&r, &back), -1);
	e.kind = EVENT_NKINDS;
	wbuf_init(&w, body, sizeof(body));
	msg_put_event(&w, &e);
	ck_assert_int_eq(wbuf_done(&w), -1);
}
END_TEST

START_TEST(what_a_kind_does_not_have_is_not_set)
{
	struct msg_event e;

	events_begin(&e, EV_PEER_UP);
	events_number(&e, EVF_COUNT, 5);
	events_number(&e, EVF_PEER, 5);
	events_text(&e, EVF_CAUSE, "x");
	ck_assert_uint_eq(e.v[0].n, 0);
	ck_assert_ptr_null(events_value(&e, EVF_COUNT));
	ck_assert_ptr_eq(events_value(&e, EVF_PLACE), &e.v[1]);
}
END_TEST

/* ---- the gate ---- */

START_TEST(a_flood_of_a_kind_is_let_through_once_and_then_by_the_second)
{
	unsigned passed = 0;

	event_gate_init(&gate, EVENT_BURST);
	for (unsigned i = 0; i < 100000; i++)
		passed += event_gate_pass(&gate, EV_MISMATCH, 1000 + i / 10);
	ck_assert_uint_eq(passed, EVENT_BURST + 9);
}
END_TEST

START_TEST(it_hides_no_other_kind)
{
	event_gate_init(&gate, EVENT_BURST);
	for (unsigned i = 0; i < 100000; i++)
		(void)event_gate_pass(&gate, EV_MISMATCH, 1000);
	ck_assert(!event_gate_pass(&gate, EV_MISMATCH, 1000));
	ck_assert(event_gate_pass(&gate, EV_PEER_DOWN, 1000));
}
END_TEST

START_TEST(what_was_held_back_is_told_once_the_most_first)
{
	struct msg_event e;

	event_gate_init(&gate, 2);
	ck_assert(!event_gate_report(&gate, 1000, &e));
	for (unsigned i = 0; i < 7; i++)
		(void)event_gate_pass(&gate, EV_PEER_UP, 1000);
	event_gate_lose(&gate, EV_MISMATCH, 100, EVW_QUEUE);
	ck_assert(event_gate_report(&gate, 1000, &e));
	ck_assert_uint_eq(events_value(&e, EVF_EVENT)->n, EV_MISMATCH);
	ck_assert_uint_eq(events_value(&e, EVF_COUNT)->n, 100);
	ck_assert_uint_eq(events_value(&e, EVF_CAUSE)->n, EVW_QUEUE);
	ck_assert(!event_gate_report(&gate, 1001, &e));
	ck_assert(event_gate_report(&gate, 1000 + EVENT_LOST_AGAIN_MS, &e));
	ck_assert_uint_eq(events_value(&e, EVF_EVENT)->n, EV_PEER_UP);
	ck_assert_uint_eq(events_value(&e, EVF_COUNT)->n, 5);
	ck_assert(!event_gate_report(&gate, 99000, &e));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_kind_has_a_name_of_its_own_a_sentence_and_known_fields,
	    fields_and_causes_have_names_and_help,
	    the_manual_has_every_event_with_its_fields,
	    and_every_field_and_cause,
	    every_kind_survives_the_wire,
	    a_value_that_the_list_does_not_know_is_refused,
	    what_a_kind_does_not_have_is_not_set,
	    a_flood_of_a_kind_is_let_through_once_and_then_by_the_second,
	    it_hides_no_other_kind,
	    what_was_held_back_is_told_once_the_most_first,
	};

	return UNIT_RUN("events", tests);
}
