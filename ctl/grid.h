/* SPDX-License-Identifier: ISC */
/* file: ctl/grid.h */
#ifndef GRID_H
#define GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * A table of text whose columns are as wide as what is in them.  If that is
 * more than the line has, columns that may be cut are, the widest first; a cut
 * cell ends in '~'.  No trailing blanks.
 */
#define GRID_COLS_MAX 8
#define GRID_WIDTH 80

enum paint { PAINT_NONE, PAINT_GOOD, PAINT_WARN, PAINT_BAD };

struct grid_col {
	const char *head;
	bool right;   /* numbers */
	unsigned cut; /* never narrower than this; 0: never cut */
	bool fades;   /* left out if every cell is "-" */
};

struct grid;

/* The columns stay the caller's.  NULL: no memory. */
struct grid *grid_new(const struct grid_col *, size_t ncols);
void grid_free(struct grid *);
/* A copy of ncols strings, in order; 0, or -1: no memory. */
int grid_add(struct grid *, const char *const cells[], enum paint);
/* Head and rows.  The paint of a row colours its second cell. */
void grid_print(struct grid *, FILE *, unsigned width, bool colour);

/* Where a colour begins and ends; both "" for PAINT_NONE or no colour. */
const char *paint_on(enum paint, bool colour);
const char *paint_off(enum paint, bool colour);

#endif
