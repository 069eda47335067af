/* SPDX-License-Identifier: ISC */
/* file: ctl/show_cells.c */
/*
 * For people: values and rows that a verb puts together itself (see show.h).
 * The first row of an array says which columns its table has.
 */
#include <string.h>

#include "fmt.h"
#include "show_text.h"

#define CUT_TO 10 /* strings, if the line is too short */

static const char *
value(const struct text *t, const struct show_cell *c, char out[VIS_MAX])
{
	switch (c->type) {
	case CELL_STRING:
	case CELL_LIST:
		return show_vis(out, VIS_MAX, c->s == NULL ? "-" : c->s);
	case CELL_YES:
		return c->n != 0 ? "yes" : "no";
	case CELL_BYTES:
		return fmt_bytes(out, c->n);
	case CELL_AT:
		return fmt_local(out, c->n);
	case CELL_AGO:
		return fmt_age(out, t->now_ms, c->n);
	case CELL_SECONDS:
		return fmt_span(out, c->n * 1000);
	case CELL_MILLIS:
		return fmt_span(out, c->n);
	case CELL_COUNT:
		break;
	}
	return fmt_count(out, c->n);
}

void
show_text_cell(struct show *s, const struct show_cell *c)
{
	struct text *t = (struct text *)s;
	char out[VIS_MAX];

	if (c->head == NULL)
		return;
	fprintf(show_text_line(t, c->head), "%s\n", value(t, c, out));
}

static bool
is_words(const struct show_cell *c)
{
	return c->type == CELL_STRING || c->type == CELL_LIST ||
	    c->type == CELL_YES;
}

static void
columns(struct text *t, const struct show_cell *c, unsigned n)
{
	t->nmade = 0;
	for (unsigned i = 0; i < n && t->nmade < GRID_COLS_MAX; i++) {
		if (c[i].head == NULL)
			continue;
		t->made[t->nmade++] = (struct grid_col){.head = c[i].head,
		    .right = !is_words(&c[i]),
		    .cut = is_words(&c[i]) ? CUT_TO : 0};
	}
}

void
show_text_row(
    struct show *s, const char *array, const struct show_cell *c, unsigned n)
{
	struct text *t = (struct text *)s;
	char out[GRID_COLS_MAX][VIS_MAX];
	const char *cells[GRID_COLS_MAX];
	unsigned used = 0;

	if (t->array == NULL || strcmp(t->array, array) != 0) {
		show_text_flush(t);
		columns(t, c, n);
		t->array = array;
	}
	for (unsigned i = 0; i < n && used < t->nmade; i++)
		if (c[i].head != NULL) {
			cells[used] = value(t, &c[i], out[used]);
			used++;
		}
	if (used == t->nmade)
		show_text_add(t, t->made, t->nmade, cells, PAINT_NONE);
}
