/* SPDX-License-Identifier: ISC */
/* file: ctl/show_text.h */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include "grid.h"
#include "show.h"

/*
 * Inside the writer for people: show_text.c has the rows of the daemons,
 * show_cells.c those that a verb puts together itself.
 */
#define LABEL_WIDTH 12
#define LINE_MAX_COLS 80
#define VIS_MAX 2400 /* the longest string of a row, some of it escaped */

struct text {
	struct show base;
	bool colour;
	bool begun; /* something was written: the next table is set apart */
	uint64_t now_ms;
	struct grid *grid; /* rows that wait */
	const struct grid_col *cols;
	bool lost;         /* a book that does not balance */
	struct grid *fast; /* comes below the processes */
	/* of cells */
	const char *array; /* whose rows these are */
	struct grid_col made[GRID_COLS_MAX];
	unsigned nmade;
};

void show_text_flush(struct text *);
void show_text_add(struct text *, const struct grid_col *, size_t ncols,
    const char *const cells[], enum paint);
/* Begins a line with its label; the rest is the caller's. */
FILE *show_text_line(struct text *, const char *label);

void show_text_cell(struct show *, const struct show_cell *);
void show_text_row(
    struct show *, const char *array, const struct show_cell *, unsigned n);

#endif
