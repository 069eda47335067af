/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_why.c */
/*
 * why: what keeps a packet from a peer, and what to do about it; drops: what
 * was dropped last.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "gather.h"
#include "reason.h"
#include "session.h"
#include "why.h"

/* ---- drops ---- */

static const char *
proto_text(uint8_t proto, char out[8])
{
	switch (proto) {
	case 0:
		return NULL;
	case 1:
		return "icmp";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 58:
		return "icmp6";
	default:
		snprintf(out, 8, "%u", proto);
		return out;
	}
}

/* NULL: not known */
static const char *
place_text(const struct addr *a, uint16_t port, char out[ENDPOINT_STRLEN])
{
	const struct endpoint e = {.addr = *a, .port = port};

	if (a->family == 0)
		return NULL;
	if (port == 0)
		return addr_format(a, out);
	return endpoint_format(&e, out);
}

static void
show_drop(struct show *o, const struct msg_drop_row *m)
{
	const struct counter_info *c = counter_info((enum counter)m->why);
	char src[ENDPOINT_STRLEN], dst[ENDPOINT_STRLEN], proto[8];
	const struct show_cell cells[] = {
	    {.key = "at", .head = "AGO", .type = CELL_AGO, .n = m->at_unix_ms},
	    {.key = "reason", .head = "REASON", .s = why_reason(m)},
	    {.key = "count",
		.head = "COUNT",
		.type = CELL_COUNT,
		.n = m->count},
	    {.key = "peer",
		.head = "PEER",
		.s = m->peer[0] == '\0' ? NULL : m->peer},
	    {.key = "protocol",
		.head = "PROTO",
		.s = proto_text(m->proto, proto)},
	    {.key = "from",
		.head = "FROM",
		.s = place_text(&m->src, m->sport, src)},
	    {.key = "to",
		.head = "TO",
		.s = place_text(&m->dst, m->dport, dst)},
	    {.key = "outside", .type = CELL_YES, .n = m->outer},
	    {.key = "process", .s = role_name(m->role)},
	    {.key = "border", .s = c == NULL ? NULL : border_name(c->border)},
	    {.key = "help", .s = c == NULL ? NULL : c->help},
	    {.key = "fix", .s = reason_fix((enum counter)m->why)},
	};

	o->ops->row(o, "drops", cells, sizeof(cells) / sizeof(cells[0]));
}

/* Of the peer with that name the last one besides; it may not be for us. */
static int
get_drops(struct session *s, const char *peer, enum row_end *end)
{
	uint8_t body[sizeof(struct msg_peers_ask) + 2];
	struct msg_peers_ask m = {0};
	struct wbuf w;
	int code;

	snprintf(m.name, sizeof(m.name), "%s", peer);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peers_ask(&w, &m);
	code = session_ask(s, MSG_DROPS_ASK, &w, end);
	snapshot_sort(&s->snap);
	return code;
}

int
verb_drops(const struct call *c)
{
	struct session s;
	struct snapshot *n = &s.snap;
	enum row_end end = END_OK;
	struct show *o;
	int code = session_open(&s, c, SESSION_ACT);

	if (code == EXIT_FINE && c->form == FORM_JSON)
		code = session_get(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = get_drops(&s, "", &end);
	/* one that is away does not keep us from the other's */
	if (code == EXIT_FINE && end != END_OK && n->ndrops == 0)
		code = session_failed(&s, end);
	if (code == EXIT_FINE) {
		o = report_begin(
		    c, SHOW_DROPS, n->has_node ? n->node.name : NULL);
		for (size_t i = 0; o != NULL && i < n->ndrops; i++)
			show_drop(o, &n->drop[i]);
		if (o != NULL && n->ndrops == 0 && c->form == FORM_TEXT)
			o->ops->field(o, "hint", "", "Nothing was dropped.");
		code = o == NULL ? EXIT_BAD : report_end(c, o, EXIT_FINE);
	}
	session_close(&s);
	return code;
}

/* ---- why ---- */

static const char *
verdict_name(enum why_verdict v)
{
	return v == WHY_OK ? "ok" : v == WHY_BAD ? "bad" : "note";
}

/* What is wrong has a mark before it. */
static const char *
step_text(char out[256], const struct why_step *s)
{
	snprintf(out, 256, "%s%s", s->verdict == WHY_BAD ? "! " : "", s->proof);
	return out;
}

static void
show_step(struct show *o, const struct why_step *s)
{
	const struct show_cell cells[] = {
	    {.key = "step", .head = "STEP", .s = s->step},
	    {.key = "verdict",
		.head = "VERDICT",
		.s = verdict_name(s->verdict)},
	    {.key = "proof", .head = "PROOF", .s = s->proof},
	};

	o->ops->row(o, "steps", cells, 3);
}

static void
show_steps(struct show *o, const struct call *c, const struct why *w)
{
	char text[256];

	for (unsigned i = 0; i < w->n; i++) {
		if (c->form == FORM_TEXT) /* whole, not cut to a column */
			o->ops->field(o, w->step[i].step, w->step[i].step,
			    step_text(text, &w->step[i]));
		else
			show_step(o, &w->step[i]);
	}
}

static void
show_cause(struct show *o, const struct why *w)
{
	const struct msg_drop_row *d = w->ndrops == 0 ? NULL : w->drop[0];
	const struct show_cell next = {.key = "next_at",
	    .head = "next try",
	    .type = CELL_AT,
	    .n = w->next_unix_ms};

	o->ops->field(o, "peer", "peer", w->peer[0] == '\0' ? NULL : w->peer);
	o->ops->field(o, "cause", "cause", why_cause_name(w->cause));
	o->ops->field(o, "fix", "fix", why_fix(w->cause));
	if (w->next_unix_ms != 0)
		o->ops->cell(o, &next);
	o->ops->field(
	    o, "last_drop", "last drop", d == NULL ? NULL : why_reason(d));
	o->ops->field(o, "last_drop_fix", "its fix",
	    d == NULL ? NULL : reason_fix((enum counter)d->why));
}

static int
show_why(
    const struct call *c, const struct snapshot *s, const struct why_target *t)
{
	struct show *o;
	struct why w;

	why(&w, s, t, clock_unix_ms());
	o = report_begin(c, SHOW_WHY, s->has_node ? s->node.name : NULL);
	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, "target", "target", t->text);
	show_cause(o, &w);
	show_steps(o, c, &w);
	for (unsigned i = 0; i < w.ndrops; i++)
		show_drop(o, w.drop[i]);
	return report_end(c, o,
	    w.cause == WHY_FINE || w.cause == WHY_IDLE ? EXIT_FINE : EXIT_BAD);
}

/* Of a packet: which rule it would meet.  Strangers are not told. */
static int
get_verdict(struct session *s, const struct why_target *t)
{
	const struct msg_verdict_ask m = {.proto = t->proto,
	    .src = t->src,
	    .dst = t->dst,
	    .sport = t->sport,
	    .dport = t->dport};
	uint8_t body[64];
	enum row_end end;
	struct wbuf w;

	if (t->proto == 0) /* a rule without one would match only */
		return EXIT_FINE;
	wbuf_init(&w, body, sizeof(body));
	msg_put_verdict_ask(&w, &m);
	return session_ask(s, MSG_VERDICT_ASK, &w, &end);
}

/* All that the engine's decision rests on.  EXIT_FINE, or it was reported. */
static int
ask_all(struct session *s, const struct call *c, const struct why_target *t)
{
	static const enum msg_type more[] = {
	    MSG_BREAKERS_ASK, MSG_STREAMS_ASK, MSG_RULES_ASK};
	const struct complaint broken = {.exit_status = EXIT_BAD,
	    .code = "protocol",
	    .hint = {"try again, then: meshctl log"}};
	const struct msg_peer_row *p;
	enum row_end end;
	int code = EXIT_FINE;

	if (gather(s->request, &s->snap) != REQUEST_OK)
		return report_error(
		    c, &broken, "the conversation with control broke off");
	for (unsigned i = 0; code == EXIT_FINE && i < 3; i++)
		code = session_ask(s, more[i], NULL, &end);
	if (code != EXIT_FINE)
		return code;
	if ((code = get_verdict(s, t)) != EXIT_FINE)
		return code;
	p = why_peer(&s->snap, t);
	code = get_drops(s, p == NULL ? "" : p->name, &end);
	s->snap.drops_unknown = end == END_DENIED;
	return code;
}

int
verb_why(const struct call *c)
{
	const struct complaint m = {.exit_status = EXIT_USAGE,
	    .code = "usage",
	    .hint = {"meshctl help why"}};
	struct why_target t;
	struct session s;
	unsigned bad;
	int code;

	if (why_target(&t, c->argv, (unsigned)c->argc, &bad) == -1)
		return report_error(
		    c, &m, "%s is neither address nor protocol", c->argv[bad]);
	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = ask_all(&s, c, &t);
	if (code == EXIT_FINE)
		code = show_why(c, &s.snap, &t);
	session_close(&s);
	return code;
}
