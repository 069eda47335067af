/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_relay.c */
/* relays: ways by other members, and those that this node is in the middle of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"

static const char *
name_of_role(uint8_t role)
{
	static const char *const names[] = {"?", "origin", "end", "transit"};

	return role < sizeof(names) / sizeof(names[0]) ? names[role] : "?";
}

static void
show_relay(struct show *o, const struct msg_relay_row *m)
{
	char label[9];
	const struct show_cell cells[] = {
	    {.key = "role", .head = "ROLE", .s = name_of_role(m->role)},
	    {.key = "peer", .head = "PEER", .s = m->peer},
	    {.key = "via", .head = "VIA", .s = m->via},
	    {.key = "hops", .head = "HOPS", .type = CELL_COUNT, .n = m->hops},
	    {.key = "label", .head = "LABEL", .s = label},
	    {.key = "since",
		.head = "SINCE",
		.type = CELL_AGO,
		.n = m->since_unix_ms},
	    {.key = "idle_seconds",
		.head = "IDLE",
		.type = CELL_MILLIS,
		.n = m->idle_ms},
	    {.key = "packets",
		.head = "PACKETS",
		.type = CELL_COUNT,
		.n = m->packets},
	    {.key = "bytes",
		.head = "BYTES",
		.type = CELL_BYTES,
		.n = m->bytes},
	    {.key = "quota_drops",
		.head = "OVER",
		.type = CELL_COUNT,
		.n = m->drops},
	};

	snprintf(label, sizeof(label), "%08x", m->label);
	o->ops->row(o, "relays", cells, sizeof(cells) / sizeof(cells[0]));
}

static int
by_role_and_peer(const void *a, const void *b)
{
	const struct msg_relay_row *x = a, *y = b;
	int r = x->role - y->role;

	if (r == 0)
		r = strcmp(x->peer, y->peer);
	return r != 0 ? r : strcmp(x->via, y->via);
}

int
verb_relays(const struct call *c)
{
	struct session s;
	int code = session_open(&s, c, SESSION_LOOK);
	struct snapshot *n = &s.snap;
	struct show *o;

	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = session_get(&s, MSG_RELAYS_ASK);
	if (code == EXIT_FINE) {
		o = report_begin(
		    c, SHOW_RELAYS, n->has_node ? n->node.name : NULL);
		if (n->nrelays > 1)
			qsort(n->relay, n->nrelays, sizeof(*n->relay),
			    by_role_and_peer);
		for (size_t i = 0; o != NULL && i < n->nrelays; i++)
			show_relay(o, &n->relay[i]);
		if (o != NULL && n->nrelays == 0 && c->form == FORM_TEXT)
			o->ops->field(o, "hint", "",
			    "No way goes by another member, or by this one.");
		code = o == NULL ? EXIT_BAD : report_end(c, o, EXIT_FINE);
	}
	session_close(&s);
	return code;
}
