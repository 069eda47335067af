/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_events.c */
/*
 * events: what happened, and with --follow what happens.  Everybody may look.
 *
 * Which events are shown is decided here; control sends all of them.  Who
 * follows comes back by himself if control is started anew, and asks for what
 * he has not seen.
 */
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "event_line.h"
#include "eventlog.h"
#include "fmt.h"
#include "request.h"
#include "session.h"

#define SHOWN 100       /* without -n */
#define SHOWN_FOLLOW 10 /* ... with --follow */
#define AWAY_TRIES 60
#define AWAY_WAIT_MS 500

struct view {
	const struct call *call;
	const char *node;
	struct event_filter filter;
	struct msg_event *event; /* those there were, that are to be shown */
	size_t n, room;
	uint64_t last; /* number of the last that came, 0: none */
};

/* ---- one ---- */

static void
print_json(const struct view *v, const struct msg_event *e)
{
	struct show_cell cell[EVENT_CELLS];
	unsigned n = event_line_cells(cell, e);
	struct show *o = report_begin(v->call, SHOW_EVENT, v->node);

	if (o == NULL)
		return;
	for (unsigned i = 0; i < n; i++)
		o->ops->cell(o, &cell[i]);
	(void)o->ops->tail(o);
}

static void
print_line(const struct msg_event *e, bool raw)
{
	const struct event_info *info = events_info(e->kind);
	unsigned ms = (unsigned)(e->unix_ms % 1000);
	char line[EVENT_LINE_MAX], at[FMT_LEN];

	event_line_fields(line, e, raw);
	if (raw)
		printf("%llu.%03u\t%s\t%s\t%s%s%s\n",
		    (unsigned long long)(e->unix_ms / 1000), ms,
		    event_severity_name(info->severity), info->name,
		    e->from == 0 ? "-" : role_name((enum role)e->from),
		    line[0] == '\0' ? "" : "\t", line);
	else
		printf("%s.%03u %-7s %s%s%s\n", fmt_local(at, e->unix_ms), ms,
		    event_severity_name(info->severity), info->name,
		    line[0] == '\0' ? "" : " ", line);
}

static void
print_one(const struct view *v, const struct msg_event *e)
{
	if (v->call->form == FORM_JSON)
		print_json(v, e);
	else
		print_line(e, v->call->form == FORM_RAW);
	fflush(stdout);
}

/* ---- those there were ---- */

static int
decode(struct view *v, const struct ipc_frame *f, struct msg_event *e)
{
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (f->type != MSG_EVENT || msg_get_event(&r, e) == -1)
		return -1;
	if (e->no > v->last)
		v->last = e->no;
	if (e->unix_ms == 0) /* of the answer itself, not kept */
		e->unix_ms = clock_unix_ms();
	return 0;
}

static int
keep(void *ctx, const struct ipc_frame *f)
{
	struct view *v = ctx;
	struct msg_event e;

	if (decode(v, f, &e) == -1 || v->n == v->room)
		return -1;
	if (event_filter_takes(&v->filter, &e))
		v->event[v->n++] = e;
	return 0;
}

static int
show_now(void *ctx, const struct ipc_frame *f)
{
	struct view *v = ctx;
	struct msg_event e;

	if (decode(v, f, &e) == -1)
		return -1;
	if (event_filter_takes(&v->filter, &e))
		print_one(v, &e);
	return 0;
}

static enum request_result
ask(struct session *s, struct view *v, bool follow, enum row_end *end)
{
	struct msg_events_ask m = {
	    .last = UINT32_MAX, .after = v->last, .follow = follow};
	uint8_t body[16];
	struct question q = {.ask = MSG_EVENTS_ASK,
	    .body = body,
	    .timeout_ms = follow ? INT_MAX : REQUEST_LOOK_MS,
	    .row = follow ? show_now : keep,
	    .ctx = v};
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_events_ask(&w, &m);
	q.len = w.len;
	return request_ask(s->request, &q, end);
}

static int
broke_off(const struct call *c)
{
	const struct complaint m = {.exit_status = EXIT_BAD,
	    .code = "protocol",
	    .hint = {"try again, then: meshctl log"}};

	return report_error(c, &m, "the conversation with control broke off");
}

/* The last of them, as a document or as lines. */
static int
show_kept(const struct view *v)
{
	uint32_t most = v->call->last;
	struct show_cell cell[EVENT_CELLS];
	size_t first;
	struct show *o;

	if (most == 0)
		most = v->call->opt[OPT_FOLLOW] != NULL ? SHOWN_FOLLOW : SHOWN;
	first = v->n > most ? v->n - most : 0;
	if (v->call->form != FORM_JSON || v->call->opt[OPT_FOLLOW] != NULL) {
		for (size_t i = first; i < v->n; i++)
			print_one(v, &v->event[i]);
		return EXIT_FINE;
	}
	o = report_begin(v->call, SHOW_EVENTS, v->node);
	if (o == NULL)
		return EXIT_BAD;
	for (size_t i = first; i < v->n; i++)
		o->ops->row(
		    o, "events", cell, event_line_cells(cell, &v->event[i]));
	return report_end(v->call, o, EXIT_FINE);
}

/* ---- those there will be ---- */

static bool
come_back(struct session *s)
{
	request_close(s->request);
	s->request = NULL;
	for (int i = 0; i < AWAY_TRIES; i++) {
		if (request_open(&s->request, s->path) == REQUEST_OK)
			return true;
		(void)poll(NULL, 0, AWAY_WAIT_MS);
	}
	return false;
}

static int
follow(struct session *s, struct view *v)
{
	const struct complaint m = {.exit_status = EXIT_ABSENT,
	    .code = "daemon_not_running",
	    .hint = {"systemctl status mesh"}};
	enum row_end end;

	do {
		if (ask(s, v, true, &end) == REQUEST_OK && end != END_OK)
			return session_failed(s, end);
		fflush(stdout);
	} while (come_back(s));
	return report_error(v->call, &m, "control went away");
}

/* ---- the verb ---- */

static int
read_filter(const struct call *c, struct event_filter *f)
{
	const char *since = c->opt[OPT_SINCE], *least = c->opt[OPT_SEVERITY];
	char bad[64];
	uint64_t s;

	*f = (struct event_filter){.peer = c->opt[OPT_PEER]};
	if (c->opt[OPT_EVENT] != NULL &&
	    event_filter_kinds(f, c->opt[OPT_EVENT], bad) == -1)
		return args_usage(c, "no such event: ", bad);
	if (least != NULL && event_severity_parse(least, &f->least) == -1)
		return args_usage(
		    c, "--severity is info, warning or error, not ", least);
	if (since == NULL)
		return EXIT_FINE;
	if (fmt_span_parse(since, &s) == -1)
		return args_usage(
		    c, "--since needs a time like 90s, 15m or 2h, not ", since);
	f->since_unix_ms = clock_unix_ms() - s * 1000;
	return EXIT_FINE;
}

int
verb_events(const struct call *c)
{
	struct view v = {.call = c, .room = 2 * EVENTLOG_MAX};
	enum row_end end = END_OK;
	struct session s;
	int code = read_filter(c, &v.filter);

	if (code != EXIT_FINE)
		return code;
	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code != EXIT_FINE)
		goto out;
	v.node = s.snap.has_node ? s.snap.node.name : NULL;
	v.event = calloc(v.room, sizeof(*v.event));
	if (v.event == NULL || ask(&s, &v, false, &end) != REQUEST_OK)
		code = broke_off(c);
	else if (end != END_OK)
		code = session_failed(&s, end);
	else
		code = show_kept(&v);
	if (code == EXIT_FINE && c->opt[OPT_FOLLOW] != NULL)
		code = follow(&s, &v);
out:
	free(v.event);
	session_close(&s);
	return code;
}
