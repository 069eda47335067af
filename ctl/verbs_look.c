/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_look.c */
/*
 * The verbs that look: status, peers, peer, counters, log.  Everybody may use
 * them; they ask on the status socket.
 */
#include <stdio.h>

#include "clock.h"
#include "nearest.h"
#include "session.h"
#include "textfile.h"

#define NOTES_MAX 32
#define DROPS_IN_TEXT 5
#define DROPS_MAX 64
#define LOG_LINES 100

static const char *
node_name(const struct session *s)
{
	return s->snap.has_node ? s->snap.node.name : NULL;
}

/*
 * A question some of whose answerers may be away: what there is, is shown, and
 * who is missing stays in the snapshot's texts.
 */
static int
get_what_there_is(struct session *s, enum msg_type ask)
{
	uint8_t name[66];
	enum row_end end;
	struct wbuf w;
	int code;

	wbuf_init(&w, name, sizeof(name));
	wbuf_str(&w, ""); /* PEERS_ASK: all of them */
	code = session_ask(s, ask, ask == MSG_PEERS_ASK ? &w : NULL, &end);
	if (code == EXIT_FINE && end == END_AWAY && ask == MSG_PEERS_ASK)
		s->snap.peers_unknown = true;
	if (code != EXIT_FINE || end == END_OK || end == END_AWAY)
		return code;
	return session_failed(s, end);
}

/* ---- status ---- */

static void
show_node(struct show *o, const struct snapshot *s, bool degraded)
{
	struct show_summary sum;
	struct show_traffic t;

	if (s->has_node)
		o->ops->node(o, &s->node);
	o->ops->state(o, degraded);
	snapshot_summary(s, &sum);
	o->ops->summary(o, s->peers_unknown ? NULL : &sum);
	snapshot_traffic(s, &t);
	o->ops->traffic(o, &t);
	for (unsigned i = 0; i < s->nprocs; i++)
		o->ops->proc(o, &s->proc[i]);
}

static void
show_packets(const struct call *c, struct show *o, const struct snapshot *s)
{
	struct show_counter drop[DROPS_MAX];
	struct show_book book;
	size_t n;

	for (unsigned b = B_NONE + 1; b < B_NBORDERS; b++)
		if (snapshot_book(s, (enum border)b, &book))
			o->ops->book(o, &book);
	n = snapshot_drops(
	    s, drop, c->form == FORM_TEXT ? DROPS_IN_TEXT : DROPS_MAX);
	if (c->form == FORM_TEXT && n > DROPS_IN_TEXT)
		n = DROPS_IN_TEXT;
	for (size_t i = 0; i < n && i < DROPS_MAX; i++)
		o->ops->drop(o, &drop[i]);
}

static int
show_status(const struct call *c, struct session *s)
{
	struct show_note note[NOTES_MAX];
	bool degraded;
	struct show *o;
	size_t n;

	n = snapshot_notes(&s->snap, note, NOTES_MAX, &degraded);
	o = report_begin(c, SHOW_STATUS, node_name(s));
	if (o == NULL)
		return EXIT_BAD;
	show_node(o, &s->snap, degraded);
	show_packets(c, o, &s->snap);
	for (size_t i = 0; i < n; i++)
		o->ops->note(o, &note[i]);
	if (textfile_note(TEXTFILE_PATH, clock_unix_ms() / 1000, &note[0]))
		o->ops->note(o, &note[0]);
	return report_end(c, o, degraded ? EXIT_BAD : EXIT_FINE);
}

int
verb_status(const struct call *c)
{
	struct session s;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = get_what_there_is(&s, MSG_STATUS_ASK);
	if (code == EXIT_FINE)
		code = get_what_there_is(&s, MSG_PEERS_ASK);
	if (code == EXIT_FINE)
		code = get_what_there_is(&s, MSG_COUNTERS_ASK);
	if (code == EXIT_FINE) {
		snapshot_sort(&s.snap);
		code = show_status(c, &s);
	}
	session_close(&s);
	return code;
}

/* ---- peers ---- */

/* Everything but text has the node's name in its head. */
static int
get_node(const struct call *c, struct session *s)
{
	return c->form == FORM_JSON ? session_get(s, MSG_STATUS_ASK)
				    : EXIT_FINE;
}

static int
ask_peers(struct session *s, const char *name, enum row_end *end)
{
	struct msg_peers_ask m = {0};
	uint8_t body[sizeof(m.name) + 2];
	struct wbuf w;

	snprintf(m.name, sizeof(m.name), "%s", name);
	wbuf_init(&w, body, sizeof(body));
	msg_put_peers_ask(&w, &m);
	return session_ask(s, MSG_PEERS_ASK, &w, end);
}

int
verb_peers(const struct call *c)
{
	enum row_end end = END_OK;
	struct session s;
	struct show *o;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = get_node(c, &s);
	if (code == EXIT_FINE)
		code = ask_peers(&s, "", &end);
	if (code == EXIT_FINE && end != END_OK)
		code = session_failed(&s, end);
	if (code != EXIT_FINE)
		goto out;
	snapshot_sort(&s.snap);
	code = EXIT_BAD;
	o = report_begin(c, SHOW_PEERS, node_name(&s));
	if (o == NULL)
		goto out;
	for (size_t i = 0; i < s.snap.npeers; i++)
		o->ops->peer(o, &s.snap.peer[i]);
	if (s.snap.npeers == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "",
		    "No peers yet: sudo meshctl invite NAME, or peer "
		    "blocks in the configuration.");
	code = report_end(c, o, EXIT_FINE);
out:
	session_close(&s);
	return code;
}

int
verbs_no_peer(const struct call *c, struct session *s, const char *name)
{
	struct complaint m = {.exit_status = EXIT_BAD, .code = "unknown_peer"};
	enum row_end end;
	struct nearest n;

	m.hint[0] = "meshctl peers";
	if (ask_peers(s, "", &end) != EXIT_FINE)
		return EXIT_BAD;
	nearest_start(&n, name);
	for (size_t i = 0; i < s->snap.npeers; i++)
		nearest_offer(&n, s->snap.peer[i].name);
	if (n.best == NULL)
		return report_error(c, &m, "no peer \"%s\"", name);
	return report_error(c, &m, "no peer \"%s\"; nearest: %s", name, n.best);
}

int
verb_peer(const struct call *c)
{
	const struct msg_peer_row *p;
	const char *name = c->argv[0];
	enum row_end end = END_OK;
	struct session s;
	struct show *o;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = get_node(c, &s);
	if (code == EXIT_FINE)
		code = ask_peers(&s, name, &end);
	if (code == EXIT_FINE && end != END_OK && end != END_UNKNOWN)
		code = session_failed(&s, end);
	if (code != EXIT_FINE)
		goto out;
	p = snapshot_peer(&s.snap, name);
	if (p == NULL) {
		code = verbs_no_peer(c, &s, name);
		goto out;
	}
	if ((code = qos_ask(&s, name, &end)) != EXIT_FINE)
		goto out;
	code = EXIT_BAD;
	o = report_begin(c, SHOW_PEER, node_name(&s));
	if (o == NULL)
		goto out;
	o->ops->detail(o, p);
	qos_rows(o, &s.snap);
	code = report_end(c, o, EXIT_FINE);
out:
	session_close(&s);
	return code;
}

/* ---- counters ---- */

static unsigned
show_counters(const struct call *c, struct show *o, const struct snapshot *s)
{
	unsigned shown = 0;

	for (unsigned r = 0; r < ROLE_NROLES; r++)
		for (unsigned i = C_NONE + 1; i < C_NCOUNTERS; i++) {
			const struct show_counter m = {
			    .role = (enum role)r,
			    .info = counter_info((enum counter)i),
			    .value = s->counters[r].v[i],
			};

			if (!s->has_counters[r] || !s->sent[r][i] ||
			    (m.value == 0 && !c->all))
				continue;
			o->ops->counter(o, &m);
			shown++;
		}
	return shown;
}

/* Who did not answer: part of the document, but never of raw columns. */
static int
show_absent(const struct call *c, struct show *o, const struct snapshot *s)
{
	struct show_note note = {
	    .severity = SHOW_ERROR, .code = "process_away"};
	const struct complaint m = {
	    .exit_status = EXIT_BAD, .code = "process_away"};

	for (size_t i = 0; i < s->ntexts; i++) {
		snprintf(note.message, sizeof(note.message), "%.128s",
		    s->text[i].text);
		if (c->form == FORM_RAW)
			(void)report_error(c, &m, "%s", note.message);
		else
			o->ops->note(o, &note);
	}
	return s->ntexts == 0 ? EXIT_FINE : EXIT_BAD;
}

int
verb_counters(const struct call *c)
{
	struct session s;
	struct show *o;
	int code;

	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = get_node(c, &s);
	if (code == EXIT_FINE)
		code = get_what_there_is(&s, MSG_COUNTERS_ASK);
	if (code != EXIT_FINE)
		goto out;
	code = EXIT_BAD;
	o = report_begin(c, SHOW_COUNTERS, node_name(&s));
	if (o == NULL)
		goto out;
	if (show_counters(c, o, &s.snap) == 0 && c->form == FORM_TEXT)
		o->ops->field(o, "hint", "", "All counters are zero.");
	code = show_absent(c, o, &s.snap);
	code = report_end(c, o, code);
out:
	session_close(&s);
	return code;
}

/* ---- log ---- */

static int
show_log(const struct call *c)
{
	struct msg_log_ask m = {.last = c->last == 0 ? LOG_LINES : c->last};
	enum row_end end = END_OK;
	uint8_t body[4];
	struct session s;
	struct wbuf w;
	struct show *o;
	int code;

	if (c->all)
		m.last = UINT32_MAX;
	wbuf_init(&w, body, sizeof(body));
	msg_put_log_ask(&w, &m);
	code = session_open(&s, c, SESSION_LOOK);
	if (code == EXIT_FINE)
		code = get_node(c, &s);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_LOG_ASK, &w, &end);
	if (code == EXIT_FINE && end != END_OK)
		code = session_failed(&s, end);
	if (code != EXIT_FINE)
		goto out;
	code = EXIT_BAD;
	o = report_begin(c, SHOW_LOG, node_name(&s));
	if (o == NULL)
		goto out;
	for (size_t i = 0; i < s.snap.nlines; i++) {
		struct msg_log_row row = {.unix_ms = s.snap.line[i].unix_ms,
		    .level = s.snap.line[i].level};

		snprintf(row.text, sizeof(row.text), "%s", s.snap.line[i].text);
		o->ops->log(o, &row);
	}
	code = report_end(c, o, EXIT_FINE);
out:
	session_close(&s);
	return code;
}

int
verb_log(const struct call *c)
{
	return c->argc == 0 ? show_log(c) : verb_log_level(c);
}
