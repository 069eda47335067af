/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_nat.c */
/*
 * netcheck: how others see this node.  The engine asks them again, unless it
 * did a moment ago, and tells what it knows then: of each socket the address
 * that others see and how the translator in between behaves, and who said so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static const char *
place(const struct endpoint *e, char text[ENDPOINT_STRLEN])
{
	return e->addr.family == 0 ? NULL : endpoint_format(e, text);
}

static void
show_socket(struct show *o, const struct msg_nat_row *m)
{
	char local[ENDPOINT_STRLEN], seen[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "socket", .type = CELL_COUNT, .n = m->socket},
	    {.key = "family", .type = CELL_COUNT, .n = m->family},
	    {.key = "local", .head = "LOCAL", .s = place(&m->local, local)},
	    {.key = "reflexive", .head = "SEEN AS", .s = place(&m->seen, seen)},
	    {.key = "mapping",
		.head = "MAPPING",
		.s = nat_mapping_name(m->mapping)},
	    {.key = "filtering",
		.head = "FILTERING",
		.s = nat_filtering_name(m->filtering)},
	    {.key = "asked", .type = CELL_COUNT, .n = m->asked},
	    {.key = "answered", .type = CELL_COUNT, .n = m->answered},
	    {.key = "seen_at", .type = CELL_AT, .n = m->seen_unix_ms},
	    {.key = "checked_at", .type = CELL_AT, .n = m->judged_unix_ms},
	};

	o->ops->row(o, "sockets", cells, sizeof(cells) / sizeof(cells[0]));
}

static void
show_server(struct show *o, const struct msg_nat_seen_row *m)
{
	char ep[ENDPOINT_STRLEN], seen[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "name",
		.head = "ASKED",
		.s = m->name[0] != '\0' ? m->name : NULL},
	    {.key = "endpoint", .head = "AT", .s = place(&m->server, ep)},
	    {.key = "socket", .type = CELL_COUNT, .n = m->socket},
	    {.key = "answered",
		.head = "ANSWER",
		.type = CELL_YES,
		.n = m->answered},
	    {.key = "sees", .head = "SEES", .s = place(&m->seen, seen)},
	    {.key = "rtt_seconds",
		.head = "RTT",
		.type = CELL_MILLIS,
		.n = m->rtt_ms},
	    {.key = "rfc5780", .type = CELL_YES, .n = m->behaviour},
	};

	o->ops->row(o, "servers", cells, sizeof(cells) / sizeof(cells[0]));
}

static void
show_turn(struct show *o, const struct msg_turn_row *m)
{
	char server[ENDPOINT_STRLEN], relayed[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "server",
		.head = "TURN SERVER",
		.s = place(&m->server, server)},
	    {.key = "state", .head = "STATE", .s = turn_row_state(m->state)},
	    {.key = "relayed",
		.head = "RELAYED",
		.s = place(&m->relayed, relayed)},
	    {.key = "problem",
		.head = "PROBLEM",
		.s = m->why == 0 ? NULL : turn_row_why(m->why)},
	    {.key = "by", .head = "BY", .s = turn_row_by(m->by)},
	    {.key = "error", .type = CELL_COUNT, .n = m->code},
	    {.key = "permissions", .type = CELL_COUNT, .n = m->permits},
	    {.key = "channels", .type = CELL_COUNT, .n = m->channels},
	    {.key = "again_seconds", .type = CELL_COUNT, .n = m->again_s},
	    {.key = "since", .type = CELL_AT, .n = m->since_unix_ms},
	};

	o->ops->row(o, "turn", cells, sizeof(cells) / sizeof(cells[0]));
}

static const char *
map_problem(const struct msg_map_row *m)
{
	if (m->useless)
		return "private_address";
	if (m->code != 0)
		return "refused";
	return m->silent ? "no_answer" : NULL;
}

static void
show_map(struct show *o, const struct msg_map_row *m)
{
	char external[ENDPOINT_STRLEN], gateway[ADDR_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "protocol",
		.head = "PORT MAPPING",
		.s = map_row_protocol(m->protocol)},
	    {.key = "state", .head = "STATE", .s = map_row_state(m->state)},
	    {.key = "gateway",
		.head = "GATEWAY",
		.s = addr_format(&m->gateway, gateway)},
	    {.key = "external",
		.head = "EXTERNAL",
		.s = place(&m->external, external)},
	    {.key = "problem", .head = "PROBLEM", .s = map_problem(m)},
	    {.key = "error", .type = CELL_COUNT, .n = m->code},
	    {.key = "left_seconds", .type = CELL_COUNT, .n = m->left_s},
	    {.key = "socket", .type = CELL_COUNT, .n = m->socket},
	};

	o->ops->row(o, "mappings", cells, sizeof(cells) / sizeof(cells[0]));
}

/*
 * One word for all sockets: of one that others see, IPv4 before IPv6; if there
 * is none, what is wrong.
 */
static enum nat_mapping
verdict(const struct snapshot *n)
{
	enum nat_mapping m = NAT_UNKNOWN;

	for (unsigned family = 4; family <= 6; family += 2)
		for (size_t i = 0; i < n->nnats; i++) {
			const struct msg_nat_row *r = &n->nat[i];

			if (r->family != family)
				continue;
			if (r->answered > 0)
				return r->mapping;
			if (r->mapping == NAT_BLOCKED)
				m = NAT_BLOCKED;
		}
	return m;
}

static void
show_all(struct show *o, const struct call *c, const struct snapshot *n)
{
	unsigned asked = 0;

	o->ops->field(o, "nat_type", "nat", nat_mapping_name(verdict(n)));
	for (size_t i = 0; i < n->nnats; i++)
		asked += n->nat[i].asked;
	for (size_t i = 0; i < n->nnats; i++)
		show_socket(o, &n->nat[i]);
	for (size_t i = 0; i < n->nnat_seen; i++)
		show_server(o, &n->nat_seen[i]);
	for (size_t i = 0; i < n->nmaps; i++)
		show_map(o, &n->map[i]);
	if (n->has_turn)
		show_turn(o, &n->turn);
	if (asked == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "",
		    "Nobody to ask: no member is up, and no stun servers are "
		    "configured.");
}

int
verb_netcheck(const struct call *c)
{
	struct session s;
	struct snapshot *n = &s.snap;
	struct show *o;
	int code = session_open(&s, c, SESSION_LOOK);

	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = session_get(&s, MSG_NETCHECK_ASK);
	if (code == EXIT_FINE) {
		o = report_begin(
		    c, SHOW_NETCHECK, n->has_node ? n->node.name : NULL);
		if (o != NULL)
			show_all(o, c, n);
		code = o == NULL
		    ? EXIT_BAD
		    : report_end(c, o,
			  verdict(n) == NAT_BLOCKED ? EXIT_BAD : EXIT_FINE);
	}
	session_close(&s);
	return code;
}
