/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_breaker.c */
/*
 * breakers: which peers, and which places of them, failed too often.  Everybody
 * may ask.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static const char *
state_name(enum breaker_view v)
{
	static const char *const names[] = {
	    [BV_CLOSED] = "closed",
	    [BV_OPEN] = "open",
	    [BV_HALF] = "half_open",
	};

	return names[v];
}

static void
show_one(struct show *o, const struct msg_breaker_row *m)
{
	char place[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "peer", .head = "PEER", .s = m->name},
	    {.key = "place",
		.head = "PLACE",
		.s = m->is_place ? endpoint_format(&m->place, place) : NULL},
	    {.key = "state", .head = "STATE", .s = state_name(m->state)},
	    {.key = "since",
		.head = "SINCE",
		.type = CELL_AGO,
		.n = m->since_unix_ms},
	    {.key = "trials_failed",
		.head = "FAILED",
		.type = CELL_COUNT,
		.n = m->tries},
	    {.key = "trips",
		.head = "TRIPS",
		.type = CELL_COUNT,
		.n = m->trips},
	    {.key = "refused",
		.head = "REFUSED",
		.type = CELL_COUNT,
		.n = m->refused},
	    {.key = "next_at",
		.head = "NEXT",
		.type = CELL_AT,
		.n = m->next_unix_ms},
	    {.key = "passes", .type = CELL_COUNT, .n = m->passes},
	};

	o->ops->row(o, "breakers", cells, sizeof(cells) / sizeof(cells[0]));
}

static int
by_name(const void *a, const void *b)
{
	const struct msg_breaker_row *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r != 0 ? r : x->is_place - y->is_place;
}

static int
show_all(const struct call *c, struct snapshot *s)
{
	struct show *o =
	    report_begin(c, SHOW_BREAKERS, s->has_node ? s->node.name : NULL);

	if (o == NULL)
		return EXIT_BAD;
	if (s->nbreakers > 1)
		qsort(s->breaker, s->nbreakers, sizeof(*s->breaker), by_name);
	for (size_t i = 0; i < s->nbreakers; i++)
		show_one(o, &s->breaker[i]);
	if (s->nbreakers == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "", "All breakers are closed.");
	return report_end(c, o, EXIT_FINE);
}

int
verb_breakers(const struct call *c)
{
	struct session s;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = session_get(&s, MSG_BREAKERS_ASK);
	if (code == EXIT_FINE)
		code = show_all(c, &s.snap);
	session_close(&s);
	return code;
}
