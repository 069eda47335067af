/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_punch.c */
/*
 * punch: a way of our own to a member, now, and what came of it: our places as
 * the member heard of them, and its places with what answered.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"
#include "session.h"

#define WAIT_MS 12000 /* the engine answers after eight seconds */
#define PUNCH_ROWS 64

struct punching {
	struct session s;
	struct msg_punch_row row[PUNCH_ROWS];
	unsigned n, answered;
};

static int
take(void *ctx, const struct ipc_frame *f)
{
	struct punching *p = ctx;
	struct rbuf r;

	if (f->type != MSG_PUNCH_ROW)
		return snapshot_take(&p->s.snap, f);
	rbuf_init(&r, f->body, f->len);
	if (p->n == PUNCH_ROWS)
		return 0;
	if (msg_get_punch_row(&r, &p->row[p->n]) == -1)
		return -1;
	p->answered +=
	    p->row[p->n].kind == PUNCH_ROW_PAIR && p->row[p->n].answered;
	p->n++;
	return 0;
}

static enum request_result
ask(struct punching *p, const char *name, enum row_end *end)
{
	struct msg_peers_ask m = {0};
	uint8_t body[sizeof(m) + 2];
	struct question q = {.ask = MSG_PUNCH_ASK,
	    .body = body,
	    .timeout_ms = WAIT_MS,
	    .row = take,
	    .ctx = p};
	struct wbuf w;

	snprintf(m.name, sizeof(m.name), "%s", name);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peers_ask(&w, &m);
	q.len = w.len;
	return request_ask(p->s.request, &q, end);
}

static const char *
type_name(uint8_t type)
{
	static const char *const names[] = {
	    NULL, "host", "seen", "mapped", "heard", "turn", NULL, "tls"};

	return type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

static void
show_ours(struct show *o, const struct msg_punch_row *m)
{
	char at[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "type", .head = "OURS", .s = type_name(m->type)},
	    {.key = "place", .head = "PLACE", .s = endpoint_format(&m->ep, at)},
	};

	o->ops->row(o, "ours", cells, sizeof(cells) / sizeof(cells[0]));
}

static void
show_pair(struct show *o, const struct msg_punch_row *m)
{
	char at[ENDPOINT_STRLEN];
	const struct show_cell cells[] = {
	    {.key = "type", .head = "ITS", .s = type_name(m->type)},
	    {.key = "place", .head = "PLACE", .s = endpoint_format(&m->ep, at)},
	    {.key = "socket",
		.head = "SOCKET",
		.type = CELL_COUNT,
		.n = m->sock},
	    {.key = "pings", .head = "PINGS", .type = CELL_COUNT, .n = m->sent},
	    {.key = "answered",
		.head = "ANSWER",
		.type = CELL_YES,
		.n = m->answered},
	    {.key = "after_seconds",
		.head = "AFTER",
		.type = CELL_MILLIS,
		.n = m->after_ms},
	    {.key = "rtt_seconds",
		.head = "RTT",
		.type = CELL_MILLIS,
		.n = m->rtt_ms},
	};

	o->ops->row(o, "pairs", cells, sizeof(cells) / sizeof(cells[0]));
}

static int
show_all(const struct call *c, const struct punching *p)
{
	struct show *o = report_begin(
	    c, SHOW_PUNCH, p->s.snap.has_node ? p->s.snap.node.name : NULL);

	if (o == NULL)
		return EXIT_BAD;
	for (unsigned i = 0; i < p->n; i++)
		if (p->row[i].kind == PUNCH_ROW_OURS)
			show_ours(o, &p->row[i]);
	for (unsigned i = 0; i < p->n; i++)
		if (p->row[i].kind == PUNCH_ROW_PAIR)
			show_pair(o, &p->row[i]);
	if (p->answered == 0 && c->form == FORM_TEXT)
		o->ops->field(
		    o, "hint", "", "No place of it answered a ping of ours.");
	return report_end(c, o, p->answered > 0 ? EXIT_FINE : EXIT_BAD);
}

int
verb_punch(const struct call *c)
{
	static struct punching p;
	enum row_end end = END_OK;
	const struct complaint broken = {.exit_status = EXIT_BAD,
	    .code = "protocol",
	    .hint = {"try again, then: meshctl log"}};
	const struct complaint no = {.exit_status = EXIT_BAD,
	    .code = "no_session",
	    .hint = {"meshctl why NAME"}};
	int code = session_open(&p.s, c, SESSION_ACT);

	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&p.s, MSG_STATUS_ASK);
	if (code == EXIT_FINE) {
		if (ask(&p, c->argv[0], &end) != REQUEST_OK)
			code = report_error(c, &broken,
			    "the conversation with control broke off");
		else if (end == END_UNKNOWN)
			code = verbs_no_peer(c, &p.s, c->argv[0]);
		else if (end == END_FAILED)
			code = report_error(c, &no,
			    "%s is no member, or there is no session with it",
			    c->argv[0]);
		else if (end != END_OK)
			code = session_failed(&p.s, end);
		else
			code = show_all(c, &p);
	}
	session_close(&p.s);
	return code;
}
