/* SPDX-License-Identifier: ISC */
/* file: ctl/grid.c */
/*
 * Tables on a terminal (see grid.h).  Cells are ASCII: one octet is one
 * column.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"

#define GAP 2
#define PAINTED_COL 1

struct row {
	char *cell[GRID_COLS_MAX];
	enum paint paint;
};

struct grid {
	const struct grid_col *col;
	size_t ncols;
	struct row *row;
	size_t n, room;
};

struct grid *
grid_new(const struct grid_col *col, size_t ncols)
{
	struct grid *g;

	if (ncols == 0 || ncols > GRID_COLS_MAX)
		return NULL;
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	g->col = col;
	g->ncols = ncols;
	return g;
}

void
grid_free(struct grid *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->n; i++)
		for (size_t c = 0; c < g->ncols; c++)
			free(g->row[i].cell[c]);
	free(g->row);
	free(g);
}

static int
make_room(struct grid *g)
{
	size_t room = g->room == 0 ? 16 : g->room * 2;
	struct row *row;

	if (g->n < g->room)
		return 0;
	row = reallocarray(g->row, room, sizeof(*row));
	if (row == NULL)
		return -1;
	g->row = row;
	g->room = room;
	return 0;
}

int
grid_add(struct grid *g, const char *const cells[], enum paint paint)
{
	struct row r = {.paint = paint};

	if (make_room(g) == -1)
		return -1;
	for (size_t c = 0; c < g->ncols; c++) {
		r.cell[c] = strdup(cells[c]);
		if (r.cell[c] == NULL) {
			while (c > 0)
				free(r.cell[--c]);
			return -1;
		}
	}
	g->row[g->n++] = r;
	return 0;
}

/* ---- widths ---- */

#define HIDDEN UINT_MAX /* the width of a column that is left out */

static bool
faded(const struct grid *g, size_t c)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->row[i].cell[c], "-") != 0)
			return false;
	return g->col[c].fades;
}

static void
natural(const struct grid *g, unsigned w[])
{
	for (size_t c = 0; c < g->ncols; c++) {
		w[c] = faded(g, c) ? HIDDEN : (unsigned)strlen(g->col[c].head);
		for (size_t i = 0; i < g->n; i++) {
			unsigned len = (unsigned)strlen(g->row[i].cell[c]);

			if (len > w[c])
				w[c] = len;
		}
	}
}

/* Take one character a time from the widest column that may lose one. */
static void
fit(const struct grid *g, unsigned w[], unsigned width)
{
	unsigned sum = 0;

	for (size_t c = 0; c < g->ncols; c++)
		if (w[c] != HIDDEN)
			sum += w[c] + (c > 0 ? GAP : 0);
	while (sum > width) {
		size_t widest = g->ncols;

		for (size_t c = 0; c < g->ncols; c++)
			if (w[c] != HIDDEN && g->col[c].cut != 0 &&
			    w[c] > g->col[c].cut &&
			    (widest == g->ncols || w[c] > w[widest]))
				widest = c;
		if (widest == g->ncols)
			return;
		w[widest]--;
		sum--;
	}
}

/* ---- printing ---- */

const char *
paint_on(enum paint p, bool colour)
{
	static const char *const on[] = {
	    [PAINT_NONE] = "",
	    [PAINT_GOOD] = "\033[32m",
	    [PAINT_WARN] = "\033[33m",
	    [PAINT_BAD] = "\033[31m",
	};

	return colour ? on[p] : "";
}

const char *
paint_off(enum paint p, bool colour)
{
	return colour && p != PAINT_NONE ? "\033[0m" : "";
}

static void
pad(FILE *f, size_t n)
{
	while (n-- > 0)
		fputc(' ', f);
}

/* One line; blanks are written only in front of something. */
static void
print_row(const struct grid *g, FILE *f, const char *const cell[],
    const unsigned w[], enum paint paint, bool colour)
{
	size_t blanks = 0;

	for (size_t c = 0; c < g->ncols; c++) {
		size_t len = strlen(cell[c]);
		enum paint p = c == PAINTED_COL ? paint : PAINT_NONE;
		bool cut = len > w[c];

		if (w[c] == HIDDEN)
			continue;
		if (cut)
			len = w[c];
		if (g->col[c].right)
			blanks += w[c] - len;
		if (len > 0) {
			pad(f, blanks);
			blanks = 0;
		}
		fprintf(f, "%s%.*s%s%s", paint_on(p, colour),
		    (int)(cut ? len - 1 : len), cell[c], cut ? "~" : "",
		    paint_off(p, colour));
		if (!g->col[c].right)
			blanks += w[c] - len;
		blanks += GAP;
	}
	fputc('\n', f);
}

void
grid_print(struct grid *g, FILE *f, unsigned width, bool colour)
{
	const char *head[GRID_COLS_MAX];
	unsigned w[GRID_COLS_MAX];

	natural(g, w);
	fit(g, w, width);
	for (size_t c = 0; c < g->ncols; c++)
		head[c] = g->col[c].head;
	print_row(g, f, head, w, PAINT_NONE, colour);
	for (size_t i = 0; i < g->n; i++)
		print_row(g, f, (const char *const *)g->row[i].cell, w,
		    g->row[i].paint, colour);
}
