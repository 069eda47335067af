/* SPDX-License-Identifier: ISC */
/* file: common/conf_diag.c */
/*
 * Complaints: where, what, and what was probably meant.
 *
 *	mesh.conf:41:22: error: idle timeout needs a unit
 *	   41 |         idle timeout 300
 *	      |                      ^~~ did you mean 300s (5 minutes)?
 *
 * They are printed on an administrator's terminal and sent to meshctl, and the
 * text in them comes from a file: everything that is not printable ASCII is
 * shown as one "?", so that neither a cursor moves nor the caret is misplaced.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf_int.h"

#define TAB 8

/* In place; a UTF-8 sequence becomes one "?". */
static void
make_printable(char *s)
{
	char *o = s;

	for (; *s != '\0'; s++) {
		if (((unsigned char)*s & 0xc0) == 0x80)
			continue;
		*o++ = *s >= ' ' && *s <= '~' ? *s : '?';
	}
	*o = '\0';
}

/* The line of text that begins at start, as a terminal would show it. */
static void
copy_line(const struct conf_source *src, uint32_t start, char *out, size_t cap)
{
	size_t n = 0;
	unsigned char c;

	for (size_t i = start; i < src->len && n + 1 < cap; i++) {
		c = (unsigned char)src->text[i];
		if (c == '\n' ||
		    (c == '\r' && i + 1 < src->len && src->text[i + 1] == '\n'))
			break;
		if ((c & 0xc0) == 0x80 && i > start)
			continue;
		if (c == '\t')
			do
				out[n++] = ' ';
			while (n % TAB != 0 && n + 1 < cap);
		else
			out[n++] = c >= ' ' && c <= '~' ? (char)c : '?';
	}
	out[n] = '\0';
}

/* Room for one more, or NULL.  The last place is for "too many errors". */
static struct conf_diag *
make_room(struct conf_diags *ds, enum conf_severity severity)
{
	struct conf_diag *d;

	if (severity == CONF_ERROR)
		ds->errors++;
	else
		ds->warnings++;
	if (ds->n == CONF_DIAGS_MAX)
		return NULL;
	d = &ds->d[ds->n++];
	memset(d, 0, sizeof(*d));
	d->severity = severity;
	if (ds->n < CONF_DIAGS_MAX)
		return d;
	d->severity = CONF_ERROR;
	snprintf(d->message, sizeof(d->message), "too many errors");
	return NULL;
}

static void
set_file(struct conf_diag *d, const char *file)
{
	snprintf(d->file, sizeof(d->file), "%s", file);
	make_printable(d->file);
}

struct conf_diag *
conf_complain_file(
    struct conf_diags *ds, const char *file, const char *fmt, ...)
{
	struct conf_diag *d = make_room(ds, CONF_ERROR);
	va_list ap;

	if (d == NULL)
		return NULL;
	set_file(d, file);
	va_start(ap, fmt);
	vsnprintf(d->message, sizeof(d->message), fmt, ap);
	va_end(ap);
	make_printable(d->message);
	return d;
}

struct conf_diag *
conf_complain(struct conf_parser *p, enum conf_severity severity,
    const struct conf_place *at, const char *fmt, ...)
{
	struct conf_diag *d = NULL;
	const struct conf_source *src = &p->source[at->file];
	va_list ap;

	/* Warnings must not take the room of errors that are still to come. */
	if (severity == CONF_WARNING && p->warnings_kept++ >= CONF_WARNINGS_MAX)
		p->diags->warnings++;
	else
		d = make_room(p->diags, severity);
	if (d == NULL) {
		if (p->diags->n == CONF_DIAGS_MAX)
			set_file(&p->diags->d[CONF_DIAGS_MAX - 1],
			    p->source[0].path);
		d = &p->spare;
		*d = (struct conf_diag){.severity = severity};
	}
	set_file(d, src->path);
	d->line = at->line;
	d->column = at->line == 0 ? 0 : at->column;
	d->length = at->line == 0 ? 0 : at->length;
	if (at->line != 0)
		copy_line(src, at->start, d->source, sizeof(d->source));
	va_start(ap, fmt);
	vsnprintf(d->message, sizeof(d->message), fmt, ap);
	va_end(ap);
	make_printable(d->message);
	return d;
}

void
conf_hint(struct conf_diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->hint, sizeof(d->hint), fmt, ap);
	va_end(ap);
	make_printable(d->hint);
}

void
conf_hint_first(
    struct conf_parser *p, struct conf_diag *d, const struct conf_place *first)
{
	const char *path = p->source[first->file].path;
	size_t len = strlen(path), room = sizeof(d->hint) - 32;

	/* The end of a long path says more than its start. */
	if (len > room)
		path += len - room;
	conf_hint(d, "first used at %s:%u", path, first->line);
}

void
conf_diag_print(FILE *f, const struct conf_diag *d)
{
	size_t column = d->column, width = strlen(d->source);

	fprintf(f, "%s:", d->file);
	if (d->line != 0)
		fprintf(f, "%u:%u:", d->line, d->column);
	fprintf(f, " %s: %s\n", d->severity == CONF_ERROR ? "error" : "warning",
	    d->message);
	if (d->line == 0) {
		if (d->hint[0] != '\0')
			fprintf(f, "      | %s\n", d->hint);
		return;
	}
	fprintf(f, "%5u | %s\n", d->line, d->source);
	/* Beyond the cut there is nothing to point at. */
	if (column > width + 1) {
		if (d->hint[0] != '\0')
			fprintf(f, "      | %s\n", d->hint);
		return;
	}
	fprintf(f, "      | %*s^", (int)column - 1, "");
	for (size_t i = 1; i < d->length && column + i <= width; i++)
		fputc('~', f);
	fprintf(f, "%s%s\n", d->hint[0] != '\0' ? " " : "", d->hint);
}

void
conf_diags_print(FILE *f, const struct conf_diags *ds)
{
	for (uint32_t i = 0; i < ds->n; i++)
		conf_diag_print(f, &ds->d[i]);
	if (ds->errors != 0)
		fprintf(
		    f, "%u error%s", ds->errors, ds->errors == 1 ? "" : "s");
	if (ds->warnings != 0)
		fprintf(f, "%s%u warning%s", ds->errors != 0 ? ", " : "",
		    ds->warnings, ds->warnings == 1 ? "" : "s");
	if (ds->errors + ds->warnings != 0)
		fputc('\n', f);
}
