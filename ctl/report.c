/* SPDX-License-Identifier: ISC */
/* file: ctl/report.c */
/*
 * Which writer, and how errors look (see verbs.h).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "verbs.h"

static bool
wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no == NULL || no[0] == '\0') &&
	    term != NULL && term[0] != '\0';
}

struct show *
report_begin(const struct call *c, enum show_doc doc, const char *node)
{
	const struct complaint oom = {
	    .exit_status = EXIT_BAD, .code = "system"};
	const struct show_head head = {
	    .doc = doc, .node = node, .now_ms = clock_unix_ms()};
	struct show *s = NULL;

	switch (c->form) {
	case FORM_TEXT:
		s = show_text_new(stdout, wants_colour());
		break;
	case FORM_RAW:
		s = show_raw_new(stdout);
		break;
	case FORM_JSON:
		s = show_json_new(stdout);
		break;
	}
	if (s == NULL)
		(void)report_error(c, &oom, "no memory");
	else
		s->ops->head(s, &head);
	return s;
}

int
report_end(const struct call *c, struct show *s, int code)
{
	(void)c;
	if (s->ops->tail(s) == 0)
		return code;
	fprintf(stderr, "meshctl: standard output: could not write all\n");
	return EXIT_BAD;
}

int
report_error(
    const struct call *c, const struct complaint *why, const char *fmt, ...)
{
	struct show_error e = {
	    .code = why->code, .exit_status = why->exit_status};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.message, sizeof(e.message), fmt, ap);
	va_end(ap);
	if (why->detail != NULL)
		snprintf(e.detail, sizeof(e.detail), "%s", why->detail);
	for (int i = 0; i < 2; i++)
		if (why->hint[i] != NULL)
			snprintf(
			    e.hint[i], sizeof(e.hint[i]), "%s", why->hint[i]);
	if (c->form == FORM_JSON)
		show_json_error(stdout, &e, clock_unix_ms());
	else
		show_text_error(stderr, &e);
	return why->exit_status;
}
