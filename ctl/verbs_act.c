/* SPDX-License-Identifier: ISC */
/* file: ctl/verbs_act.c */
/*
 * The verbs that change something: reload, log level.  They need the control
 * socket, which its mode gives to root and the group.
 */
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "session.h"

/*
 * What the parent says is what the configuration's parser said, or the list
 * of changes; it is shown whether the reload worked or not.
 */
static int
show_reload(const struct call *c, const struct snapshot *s, enum row_end end)
{
	struct msg_text_row row;
	struct show *o;

	o = report_begin(c, SHOW_RELOAD, NULL);
	if (o == NULL)
		return EXIT_BAD;
	if (c->form == FORM_JSON)
		o->ops->field(
		    o, "result", NULL, end == END_OK ? "ok" : "failed");
	for (size_t i = 0; i < s->ntexts; i++) {
		row.kind = s->text[i].kind;
		snprintf(row.text, sizeof(row.text), "%s", s->text[i].text);
		o->ops->text(o, &row);
	}
	if (c->form == FORM_TEXT)
		o->ops->field(o, "result", "",
		    end == END_OK ? "Reloaded."
				  : "The running configuration is unchanged.");
	return report_end(c, o, end == END_OK ? EXIT_FINE : EXIT_BAD);
}

int
verb_reload(const struct call *c)
{
	enum row_end end = END_OK;
	struct session s;
	int code;

	code = session_open(&s, c, SESSION_ACT);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_RELOAD_ASK, NULL, &end);
	if (code == EXIT_FINE) {
		if (end == END_OK || end == END_FAILED)
			code = show_reload(c, &s.snap, end);
		else
			code = session_failed(&s, end);
	}
	session_close(&s);
	return code;
}

int
verb_log_level(const struct call *c)
{
	struct complaint usage = {.exit_status = EXIT_USAGE, .code = "usage"};
	struct msg_log_level m;
	enum log_level level;
	enum row_end end = END_OK;
	uint8_t body[1];
	struct session s;
	struct wbuf w;
	struct show *o;
	int code;

	usage.hint[0] = "meshctl log level error|warning|info|debug";
	if (c->argc != 2 || strcmp(c->argv[0], "level") != 0)
		return report_error(c, &usage, "log: that is no level");
	if (log_level_parse(c->argv[1], &level) == -1)
		return report_error(
		    c, &usage, "no log level \"%s\"", c->argv[1]);
	m.level = (uint8_t)level;
	wbuf_init(&w, body, sizeof(body));
	msg_put_log_level(&w, &m);
	code = session_open(&s, c, SESSION_ACT);
	if (code == EXIT_FINE)
		code = session_ask(&s, MSG_LOG_LEVEL, &w, &end);
	if (code == EXIT_FINE && end != END_OK)
		code = session_failed(&s, end);
	session_close(&s);
	if (code != EXIT_FINE)
		return code;
	o = report_begin(c, SHOW_LOG_LEVEL, NULL);
	if (o == NULL)
		return EXIT_BAD;
	o->ops->field(o, "level", "log level", log_level_name(level));
	return report_end(c, o, EXIT_FINE);
}
