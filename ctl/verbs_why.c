/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_why.c */
/*
 * why: what keeps a packet from a peer, and what to do about it.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "gather.h"
#include "session.h"
#include "why.h"

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

static int
show_why(const struct call *c, const struct snapshot *s, const char *target)
{
	char text[256];
	struct show *o;
	struct why w;

	why(&w, s, target, clock_unix_ms());
	o = report_begin(c, SHOW_WHY, s->has_node ? s->node.name : NULL);
	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, "target", "target", target);
	o->ops->field(o, "peer", "peer", w.peer[0] == '\0' ? NULL : w.peer);
	o->ops->field(o, "cause", "cause", why_cause_name(w.cause));
	o->ops->field(o, "fix", "fix", why_fix(w.cause));
	if (w.next_unix_ms != 0) {
		const struct show_cell next = {.key = "next_at",
		    .head = "next try",
		    .type = CELL_AT,
		    .n = w.next_unix_ms};

		o->ops->cell(o, &next);
	}
	for (unsigned i = 0; i < w.n; i++) {
		if (c->form == FORM_TEXT) { /* whole, not cut to a column */
			o->ops->field(o, w.step[i].step, w.step[i].step,
			    step_text(text, &w.step[i]));
			continue;
		}
		show_step(o, &w.step[i]);
	}
	return report_end(c, o,
	    w.cause == WHY_FINE || w.cause == WHY_IDLE ? EXIT_FINE : EXIT_BAD);
}

int
verb_why(const struct call *c)
{
	static const enum msg_type more[] = {
	    MSG_BREAKERS_ASK, MSG_STREAMS_ASK, MSG_RULES_ASK};
	const struct complaint broken = {.exit_status = EXIT_BAD,
	    .code = "protocol",
	    .hint = {"try again, then: meshctl log"}};
	enum row_end end;
	struct session s;
	int code = session_open(&s, c, SESSION_LOOK);

	if (code == EXIT_FINE && gather(s.request, &s.snap) != REQUEST_OK)
		code = report_error(
		    c, &broken, "the conversation with control broke off");
	for (unsigned i = 0; code == EXIT_FINE && i < 3; i++)
		code = session_ask(&s, more[i], NULL, &end);
	if (code == EXIT_FINE) {
		snapshot_sort(&s.snap);
		code = show_why(c, &s.snap, c->argv[0]);
	}
	session_close(&s);
	return code;
}
