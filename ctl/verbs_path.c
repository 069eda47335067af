/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_path.c */
/*
 * paths: by which places a peer is reached, which of them is used, and why.
 * mtu: how long packets these places take.
 * failover: another one, now, which is how to see that it works before it has
 * to.  Everybody may look; to act is for root and the group.
 */
#include <stdio.h>
#include <string.h>

#include "session.h"

/* ---- paths ---- */

int
paths_ask(struct session *s, const char *peer, enum row_end *end)
{
	struct msg_peers_ask m = {0};
	uint8_t body[sizeof(m.name) + 2];
	struct wbuf w;

	snprintf(m.name, sizeof(m.name), "%s", peer);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peers_ask(&w, &m);
	return session_ask(s, MSG_PATHS_ASK, &w, end);
}

/* Of what is used why it is, of what is not why not. */
static const char *
why_text(const struct msg_path_row *m, char out[32])
{
	if (m->why != PR_NONE)
		return path_reason_name(m->why);
	if (m->state == PST_HELD) {
		snprintf(out, 32, "held for %us", m->held_ms / 1000 + 1);
		return out;
	}
	if (m->state == PST_DEAD || m->missed > 0) {
		snprintf(out, 32, "%u unanswered", (unsigned)m->missed);
		return out;
	}
	return NULL;
}

static void
path_row(struct show *o, const struct call *c, const struct msg_path_row *m)
{
	char why[32];
	const struct show_cell cells[] = {
	    {.key = "peer", .head = "PEER", .s = m->peer},
	    {.key = "kind", .head = "KIND", .s = path_kind_name(m->kind)},
	    {.key = "place", .head = "PLACE", .s = m->place},
	    {.key = "state", .head = "STATE", .s = path_state_name(m->state)},
	    {.key = "rank", .head = "RANK", .type = CELL_COUNT, .n = m->rank},
	    {.key = "rtt_seconds",
		.head = "RTT",
		.type = CELL_MILLIS,
		.n = m->rtt_us / 1000},
	    {.key = "rtt_variation_seconds",
		.head = "VAR",
		.type = CELL_MILLIS,
		.n = m->var_us / 1000},
	    {.key = "lost_per_thousand",
		.head = "LOST",
		.type = CELL_COUNT,
		.n = m->loss_pm},
	    {.key = "answered_at",
		.head = "ANSWERED",
		.type = CELL_AGO,
		.n = m->proved_unix_ms},
	    {.key = "why",
		.head = "WHY",
		.s = c->form == FORM_JSON
		    ? (m->why == PR_NONE ? NULL : path_reason_name(m->why))
		    : why_text(m, why)},
	    {.key = "unanswered_pings", .type = CELL_COUNT, .n = m->missed},
	    {.key = "pinned", .type = CELL_YES, .n = m->pinned},
	    {.key = "held_seconds", .type = CELL_MILLIS, .n = m->held_ms},
	    {.key = "silent_seconds", .type = CELL_MILLIS, .n = m->silent_ms},
	    {.key = "since", .type = CELL_AT, .n = m->changed_unix_ms},
	};

	o->ops->row(o, "paths", cells, sizeof(cells) / sizeof(cells[0]));
}

/* What nobody has asked for yet is not known. */
static struct show_cell
octets(const char *key, const char *head, uint16_t n)
{
	const struct show_cell c = {.key = key,
	    .head = head,
	    .type = n == 0 ? CELL_STRING : CELL_COUNT,
	    .n = n};

	return c;
}

static void
mtu_row(struct show *o, const struct call *c, const struct msg_path_row *m)
{
	const struct show_cell cells[] = {
	    {.key = "peer", .head = "PEER", .s = m->peer},
	    {.key = "kind", .head = "KIND", .s = path_kind_name(m->kind)},
	    {.key = "place", .head = "PLACE", .s = m->place},
	    {.key = "state", .head = "STATE", .s = path_state_name(m->state)},
	    octets("takes_bytes", "TAKES", m->takes),
	    octets("refuses_bytes", "NOT", m->refuses),
	    octets("mtu_bytes", "MTU", m->mtu),
	};

	(void)c;
	o->ops->row(o, "paths", cells, sizeof(cells) / sizeof(cells[0]));
}

static const struct complaint unknown = {
    .exit_status = EXIT_BAD, .code = "unknown_peer", .hint = {"meshctl peers"}};

static int
show_rows(const struct call *c, enum show_doc doc,
    void (*row)(
	struct show *, const struct call *, const struct msg_path_row *))
{
	const char *peer = c->argc == 0 ? "" : c->argv[0];
	enum row_end end = END_OK;
	struct session s;
	struct show *o;
	int code = session_open(&s, c, SESSION_LOOK);

	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = paths_ask(&s, peer, &end);
	if (code == EXIT_FINE && end == END_UNKNOWN)
		code = report_error(c, &unknown, "no peer \"%s\"", peer);
	else if (code == EXIT_FINE && end != END_OK)
		code = session_failed(&s, end);
	if (code == EXIT_FINE) {
		o = report_begin(
		    c, doc, s.snap.has_node ? s.snap.node.name : NULL);
		for (size_t i = 0; o != NULL && i < s.snap.npaths; i++)
			row(o, c, &s.snap.path[i]);
		code = o == NULL ? EXIT_BAD : report_end(c, o, EXIT_FINE);
	}
	session_close(&s);
	return code;
}

int
verb_paths(const struct call *c)
{
	return show_rows(c, SHOW_PATHS, path_row);
}

int
verb_mtu(const struct call *c)
{
	return show_rows(c, SHOW_MTU, mtu_row);
}

/* ---- failover ---- */

static const char *
result_text(enum failover_result r)
{
	static const char *const texts[FO_NRESULTS] = {
	    [FO_DONE] = "done",
	    [FO_DOWN] = "there is no session with it",
	    [FO_ONE] = "it has one place only: it knows no probes",
	    [FO_NONE] = "no other place of it answers",
	    [FO_UNKNOWN] = "it has no such place",
	    [FO_UNPROVED] = "that place does not answer",
	    [FO_USED] = "that place is used already",
	};

	return r < FO_NRESULTS ? texts[r] : "";
}

/* "relay gamma", or "direct 192.0.2.1:51820" */
static const char *
place_text(enum path_kind kind, const char *place, char out[96])
{
	const char *name = path_kind_name(kind);

	if (strncmp(place, name, strlen(name)) == 0)
		return place;
	snprintf(out, 96, "%s %s", name, place);
	return out;
}

static int
show_failover(const struct call *c, const struct msg_failover_row *m)
{
	struct show *o = report_begin(c, SHOW_FAILOVER, NULL);
	char from[96], to[96], took[32];

	if (o == NULL)
		return EXIT_BAD;
	if (c->form == FORM_JSON)
		o->ops->field(o, "peer", NULL, c->argv[0]);
	o->ops->field(
	    o, "from", "from", place_text(m->from_kind, m->from, from));
	o->ops->field(o, "to", "to", place_text(m->to_kind, m->to, to));
	snprintf(took, sizeof(took),
	    c->form == FORM_JSON ? "%u.%03u" : "%u.%03u ms", m->took_us / 1000,
	    m->took_us % 1000);
	o->ops->field(o, "took_ms", "took", took);
	snprintf(took, sizeof(took),
	    c->form == FORM_JSON ? "%u.%03u" : "%u.%03u ms", m->rtt_us / 1000,
	    m->rtt_us % 1000);
	o->ops->field(o, "rtt_ms", "round trip", took);
	return report_end(c, o, EXIT_FINE);
}

int
verb_failover(const struct call *c)
{
	const struct complaint cannot = {.exit_status = EXIT_BAD,
	    .code = "no_failover",
	    .hint = {"meshctl paths"}};
	struct msg_failover_ask m = {0};
	uint8_t body[sizeof(m) + 4];
	enum row_end end = END_OK;
	struct session s;
	struct wbuf w;
	int code;

	snprintf(m.peer, sizeof(m.peer), "%s", c->argv[0]);
	if (c->argc > 1)
		snprintf(m.place, sizeof(m.place), "%s", c->argv[1]);
	wbuf_init(&w, body, sizeof(body));
	msg_put_failover_ask(&w, &m);
	code = session_open(&s, c, SESSION_ACT);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_FAILOVER_ASK, &w, &end);
	if (code == EXIT_FINE && end == END_UNKNOWN)
		code = report_error(c, &unknown, "no peer \"%s\"", c->argv[0]);
	else if (code == EXIT_FINE && (end != END_OK || !s.snap.has_failover))
		code = session_failed(&s, end);
	else if (code == EXIT_FINE && s.snap.failover.result != FO_DONE)
		code = report_error(c, &cannot, "%s: %s", c->argv[0],
		    result_text(s.snap.failover.result));
	if (code == EXIT_FINE)
		code = show_failover(c, &s.snap.failover);
	session_close(&s);
	return code;
}
