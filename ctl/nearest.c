/* SPDX-License-Identifier: ISC */
/* file: ctl/nearest.c */
/*
 * Optimal string alignment with three rows (see nearest.h).  Words longer
 * than NEAREST_WORD_MAX are compared by their beginnings.
 */
#include <string.h>

#include "nearest.h"

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

static unsigned
slips(const char *a, const char *b)
{
	unsigned row[3][NEAREST_WORD_MAX + 1];
	size_t la = strnlen(a, NEAREST_WORD_MAX);
	size_t lb = strnlen(b, NEAREST_WORD_MAX);

	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned *now = row[i % 3], *up = row[(i - 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			now[j] = least(up[j] + 1, now[j - 1] + 1,
			    up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    row[(i - 2) % 3][j - 2] + 1 < now[j])
				now[j] = row[(i - 2) % 3][j - 2] + 1;
		}
	}
	return row[la % 3][lb];
}

void
nearest_start(struct nearest *n, const char *typed)
{
	size_t len = strnlen(typed, NEAREST_WORD_MAX);

	/* a third of a word may be wrong; beyond that it is another word */
	*n = (struct nearest){
	    .typed = typed, .slips = (unsigned)(len < 3 ? 2 : len / 3 + 2)};
}

void
nearest_offer(struct nearest *n, const char *word)
{
	unsigned d = slips(n->typed, word);

	if (d >= n->slips)
		return;
	n->slips = d;
	n->best = word;
}
