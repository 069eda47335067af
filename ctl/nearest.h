/* SPDX-License-Identifier: ISC */
/* file: ctl/nearest.h */
#ifndef NEAREST_H
#define NEAREST_H

#include <stddef.h>

/*
 * "Did you mean ...?": the word of a list that is the fewest slips of the
 * finger away from what was typed (one letter more, less or other, or two
 * exchanged).  Pure.
 */
#define NEAREST_WORD_MAX 64

struct nearest {
	const char *typed;
	const char *best; /* NULL: nothing is near enough */
	unsigned slips;   /* of best */
};

void nearest_start(struct nearest *, const char *typed);
/* The word is kept by reference if it is the best so far. */
void nearest_offer(struct nearest *, const char *word);

#endif
