/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/tally.c */
/*
 * Open addressing with linear probing, at most three quarters full.  Removal
 * moves the rest of the run back, so the table does not wear out.
 */
#include "tally.h"

#include <stdlib.h>

#define TALLY_MIN 16

struct tally_place {
	uint64_t key; /* 0: free */
	uint32_t n;
};

void
tally_clear(struct tally *t)
{
	free(t->place);
	*t = (struct tally){0};
}

size_t
tally_octets(const struct tally *t)
{
	return t->place == NULL ? 0 : (t->mask + 1) * sizeof(*t->place);
}

/* Its place, or the free one where it would go. */
static uint32_t
find(const struct tally *t, uint64_t key)
{
	uint32_t at = (uint32_t)key & t->mask;

	while (t->place[at].key != 0 && t->place[at].key != key)
		at = (at + 1) & t->mask;
	return at;
}

static int
grow(struct tally *t)
{
	uint32_t places = t->place == NULL ? TALLY_MIN : 2 * (t->mask + 1);
	struct tally bigger = {
	    calloc(places, sizeof(*t->place)), places - 1, t->used};

	if (bigger.place == NULL)
		return -1;
	for (uint32_t i = 0; t->place != NULL && i <= t->mask; i++)
		if (t->place[i].key != 0)
			bigger.place[find(&bigger, t->place[i].key)] =
			    t->place[i];
	free(t->place);
	*t = bigger;
	return 0;
}

uint32_t
tally_get(const struct tally *t, uint64_t key)
{
	return t->place == NULL ? 0 : t->place[find(t, key)].n;
}

int
tally_add(struct tally *t, uint64_t key)
{
	uint32_t at;

	if (tally_get(t, key) == 0 &&
	    (t->place == NULL || t->used >= (t->mask + 1) / 4 * 3) &&
	    grow(t) == -1)
		return -1;
	at = find(t, key);
	if (t->place[at].key == 0)
		t->used++;
	t->place[at].key = key;
	t->place[at].n++;
	return 0;
}

/* Close the gap: move up whoever may stand there. */
static void
close_gap(struct tally *t, uint32_t gap)
{
	for (uint32_t at = (gap + 1) & t->mask; t->place[at].key != 0;
	     at = (at + 1) & t->mask) {
		uint32_t home = (uint32_t)t->place[at].key & t->mask;

		if (((at - home) & t->mask) < ((at - gap) & t->mask))
			continue;
		t->place[gap] = t->place[at];
		gap = at;
	}
	t->place[gap] = (struct tally_place){0};
	t->used--;
}

void
tally_sub(struct tally *t, uint64_t key)
{
	uint32_t at;

	if (tally_get(t, key) == 0)
		return;
	at = find(t, key);
	if (--t->place[at].n == 0)
		close_gap(t, at);
}
