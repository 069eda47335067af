/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/index.c */
/*
 * The table behind every received message: see index.h for why the number is
 * its own hash.  Removal shifts the rest of the run back instead of leaving
 * tombstones, so a table that lives for months probes as short as a new one.
 */
#include "index.h"

#include <stdlib.h>

#define INDEX_TRIES 64 /* random numbers drawn before giving up */

struct index_table {
	struct index_entry *place;
	uint32_t mask;  /* places - 1 */
	uint32_t limit; /* live indices allowed: half the places */
	uint32_t n;
};

/* At least twice n places, a power of two. */
static uint32_t
places_for(uint32_t n)
{
	uint32_t places = 16;

	while (places < n * 2 && places < (1u << 30))
		places *= 2;
	return places;
}

struct index_table *
index_new(uint32_t n)
{
	struct index_table *t = calloc(1, sizeof(*t));
	uint32_t places = places_for(n);

	if (t == NULL)
		return NULL;
	t->place = calloc(places, sizeof(*t->place));
	if (t->place == NULL) {
		free(t);
		return NULL;
	}
	t->mask = places - 1;
	t->limit = places / 2;
	return t;
}

void
index_free(struct index_table *t)
{
	if (t == NULL)
		return;
	free(t->place);
	free(t);
}

/* The index's place, or the free one where it would go. */
static struct index_entry *
find_place(struct index_table *t, uint32_t index)
{
	uint32_t i = index & t->mask;

	while (t->place[i].index != 0 && t->place[i].index != index)
		i = (i + 1) & t->mask;
	return &t->place[i];
}

int
index_reserve(struct index_table *t, uint32_t n)
{
	struct index_table bigger = {.n = t->n};
	uint32_t places = places_for(n);

	if (places <= t->mask + 1)
		return 0;
	bigger.place = calloc(places, sizeof(*bigger.place));
	if (bigger.place == NULL)
		return -1;
	bigger.mask = places - 1;
	bigger.limit = places / 2;
	for (uint32_t i = 0; i <= t->mask; i++)
		if (t->place[i].index != 0)
			*find_place(&bigger, t->place[i].index) = t->place[i];
	free(t->place);
	*t = bigger;
	return 0;
}

uint32_t
index_take(struct index_table *t, const struct rnd_src *rnd,
    enum index_kind kind, uint32_t peer)
{
	if (t->n >= t->limit)
		return 0;
	for (int i = 0; i < INDEX_TRIES; i++) {
		uint32_t index = rnd_u32(rnd);
		struct index_entry *e;

		if (index == 0)
			continue;
		e = find_place(t, index);
		if (e->index != 0)
			continue;
		*e = (struct index_entry){index, peer, kind};
		t->n++;
		return index;
	}
	return 0;
}

struct index_entry *
index_find(struct index_table *t, uint32_t index)
{
	struct index_entry *e;

	if (index == 0)
		return NULL;
	e = find_place(t, index);
	return e->index == 0 ? NULL : e;
}

void
index_drop(struct index_table *t, uint32_t index)
{
	struct index_entry *e = index_find(t, index);
	uint32_t hole, i;

	if (e == NULL)
		return;
	hole = (uint32_t)(e - t->place);
	for (i = (hole + 1) & t->mask; t->place[i].index != 0;
	     i = (i + 1) & t->mask) {
		uint32_t home = t->place[i].index & t->mask;

		/* it may fill the hole unless its run starts behind it */
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->place[hole] = t->place[i];
		hole = i;
	}
	t->place[hole] = (struct index_entry){0};
	t->n--;
}

uint32_t
index_count(const struct index_table *t)
{
	return t->n;
}
