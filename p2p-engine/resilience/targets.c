/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/targets.c */
/* The table of targets.h: a set of places for an address, searched along. */
#include "targets.h"

#include <stdlib.h>
#include <string.h>

#include "siphash.h"

struct target {
	struct addr addr; /* family 0: free */
	uint8_t n;        /* in this window */
	bool good;
	uint64_t window_ms; /* when it began; of a good one: last heard */
};

struct targets {
	uint8_t hash_key[16];
	uint32_t mask;
	struct target place[];
};

struct targets *
targets_new(uint32_t places, const uint8_t hash_key[16])
{
	uint32_t n = TARGET_WAYS;
	struct targets *t;

	while (n < places && n < (1u << 20))
		n *= 2;
	t = calloc(1, sizeof(*t) + n * sizeof(t->place[0]));
	if (t == NULL)
		return NULL;
	memcpy(t->hash_key, hash_key, sizeof(t->hash_key));
	t->mask = n - 1;
	return t;
}

void
targets_free(struct targets *t)
{
	free(t);
}

static uint32_t
first_of(const struct targets *t, const struct addr *a)
{
	return (uint32_t)siphash(t->hash_key, a->b, sizeof(a->b)) & t->mask &
	    ~(uint32_t)(TARGET_WAYS - 1);
}

static bool
is_over(const struct target *x, uint64_t now_ms)
{
	return x->addr.family == 0 ||
	    now_ms - x->window_ms >=
	    (x->good ? TARGET_GOOD_MS : TARGET_WINDOW_MS);
}

/* Its place, or the number of one that it may have; -1: neither. */
static int64_t
find(const struct targets *t, uint64_t now_ms, const struct addr *a, bool *is)
{
	uint32_t first = first_of(t, a);
	int64_t free_one = -1;

	*is = false;
	for (uint32_t i = first; i < first + TARGET_WAYS; i++) {
		const struct target *x = &t->place[i];

		if (x->addr.family != 0 && addr_eq(&x->addr, a)) {
			*is = true;
			return i;
		}
		if (!is_over(x, now_ms))
			continue;
		/* the longest unused one */
		if (free_one == -1 ||
		    x->window_ms < t->place[free_one].window_ms)
			free_one = i;
	}
	return free_one;
}

bool
targets_allow(const struct targets *t, uint64_t now_ms, const struct addr *a)
{
	bool is;
	int64_t i = find(t, now_ms, a, &is);

	if (i == -1)
		return false;
	return !is || t->place[i].good || is_over(&t->place[i], now_ms) ||
	    t->place[i].n < TARGET_MAX;
}

void
targets_note(struct targets *t, uint64_t now_ms, const struct addr *a)
{
	bool is;
	int64_t i = find(t, now_ms, a, &is);
	struct target *x;

	if (i == -1)
		return;
	x = &t->place[i];
	if (is && x->good)
		return;
	if (!is || is_over(x, now_ms))
		*x = (struct target){.addr = *a, .window_ms = now_ms};
	if (x->n < TARGET_MAX)
		x->n++;
}

void
targets_good(struct targets *t, uint64_t now_ms, const struct addr *a)
{
	bool is;
	int64_t i = find(t, now_ms, a, &is);

	if (i != -1)
		t->place[i] = (struct target){
		    .addr = *a, .good = true, .window_ms = now_ms};
}
