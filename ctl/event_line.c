/* SPDX-License-Identifier: ISC */
/* file: ctl/event_line.c */
/*
 * Events for people and for JSON (see event_line.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "event_line.h"
#include "fmt.h"
#include "log.h"
#include "msg.h"

#define VALUE_MAX 600 /* a text with all of it escaped */

/* ---- which ---- */

int
event_filter_kinds(struct event_filter *f, const char *names, char bad[64])
{
	enum event_kind kind;

	while (*names != '\0') {
		size_t n = strcspn(names, ",");

		snprintf(bad, 64, "%.*s", (int)n, names);
		if (event_kind_parse(bad, &kind) == -1)
			return -1;
		f->kinds |= UINT64_C(1) << kind;
		names += n + (names[n] == ',');
	}
	return 0;
}

static const char *
peer_of(const struct msg_event *e)
{
	const struct event_info *info = events_info(e->kind);

	for (unsigned i = 0; info->field[i] != EVF_NONE; i++)
		if (info->field[i] == EVF_PEER)
			return e->v[i].s;
	return NULL;
}

bool
event_filter_takes(const struct event_filter *f, const struct msg_event *e)
{
	const char *peer = peer_of(e);

	if (e->kind == EV_LOST && e->no == 0)
		return true;
	if (f->peer != NULL && (peer == NULL || strcmp(f->peer, peer) != 0))
		return false;
	if (f->kinds != 0 && (f->kinds >> e->kind & 1) == 0)
		return false;
	return events_info(e->kind)->severity >= f->least &&
	    e->unix_ms >= f->since_unix_ms;
}

/* ---- how ---- */

/* A value's word, if it has one; NULL: it is a number, or not known. */
static const char *
word_of(enum event_type type, const struct event_value *v)
{
	switch (type) {
	case EVT_TEXT:
		return v->s[0] == '\0' ? NULL : v->s;
	case EVT_WORD:
		return event_word_name((enum event_word)v->n);
	case EVT_ROLE:
		return role_name((enum role)v->n);
	case EVT_KIND:
		return v->n == EVENT_ANY
		    ? NULL
		    : events_info((enum event_kind)v->n)->name;
	case EVT_COUNT:
	case EVT_AT:
		break;
	}
	return NULL;
}

static const char *
value_text(
    char out[VALUE_MAX], enum event_type type, const struct event_value *v)
{
	const char *word = word_of(type, v);
	char at[FMT_LEN];

	if (type == EVT_COUNT)
		snprintf(out, VALUE_MAX, "%" PRIu64, v->n);
	else if (type == EVT_AT)
		snprintf(out, VALUE_MAX, "%s", fmt_utc(at, v->n) ? at : "-");
	else
		log_vis(out, VALUE_MAX, word == NULL ? "-" : word);
	return out;
}

/* For people a value with blanks is quoted, and what ends that is not it. */
static const char *
quoted(char out[2 * VALUE_MAX], const char *text)
{
	char *p = out;

	if (strchr(text, ' ') == NULL)
		return text;
	*p++ = '"';
	for (; *text != '\0'; text++) {
		if (*text == '"')
			*p++ = '\\';
		*p++ = *text;
	}
	*p++ = '"';
	*p = '\0';
	return out;
}

const char *
event_line_fields(char out[EVENT_LINE_MAX], const struct msg_event *e, bool raw)
{
	const struct event_info *info = events_info(e->kind);
	const char *between = "";
	char text[VALUE_MAX], more[2 * VALUE_MAX];
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; info->field[i] != EVF_NONE; i++) {
		const struct event_field_info *f = events_field(info->field[i]);

		value_text(text, f->type, &e->v[i]);
		n += (size_t)snprintf(out + n, EVENT_LINE_MAX - n, "%s%s=%s",
		    between, f->name, raw ? text : quoted(more, text));
		between = raw ? "\t" : " ";
	}
	return out;
}

unsigned
event_line_cells(struct show_cell out[EVENT_CELLS], const struct msg_event *e)
{
	const struct event_info *info = events_info(e->kind);
	unsigned n = 0;

	out[n++] =
	    (struct show_cell){.key = "number", .type = CELL_COUNT, .n = e->no};
	out[n++] =
	    (struct show_cell){.key = "at", .type = CELL_AT, .n = e->unix_ms};
	out[n++] = (struct show_cell){
	    .key = "unix_ms", .type = CELL_COUNT, .n = e->unix_ms};
	out[n++] = (struct show_cell){.key = "event", .s = info->name};
	out[n++] = (struct show_cell){
	    .key = "severity", .s = event_severity_name(info->severity)};
	out[n++] = (struct show_cell){.key = "source",
	    .s = e->from == 0 ? NULL : role_name((enum role)e->from)};
	for (unsigned i = 0; info->field[i] != EVF_NONE; i++) {
		const struct event_field_info *f = events_field(info->field[i]);

		out[n] = (struct show_cell){.key = f->name, .n = e->v[i].n};
		if (f->type == EVT_COUNT)
			out[n].type = CELL_COUNT;
		else if (f->type == EVT_AT)
			out[n].type = CELL_AT;
		else
			out[n].s = word_of(f->type, &e->v[i]);
		n++;
	}
	return n;
}
