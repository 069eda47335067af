/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/timers.c */
/*
 * The heap of timers.h.  Each timer knows its place, so that moving and
 * stopping are as cheap as arming.
 */
#include "timers.h"

#include <stddef.h>
#include <stdlib.h>

void
timers_init(struct timers *t)
{
	*t = (struct timers){0};
}

void
timers_clear(struct timers *t)
{
	free(t->heap);
	timers_init(t);
}

int
timers_reserve(struct timers *t, uint32_t n)
{
	struct timer **heap;

	if (n <= t->cap)
		return 0;
	heap = realloc(t->heap, n * sizeof(*heap));
	if (heap == NULL)
		return -1;
	t->heap = heap;
	t->cap = n;
	return 0;
}

static void
put(struct timers *t, uint32_t i, struct timer *x)
{
	t->heap[i] = x;
	x->pos = i + 1;
}

static void
up(struct timers *t, uint32_t i)
{
	struct timer *x = t->heap[i];

	while (i > 0 && t->heap[(i - 1) / 2]->due_ms > x->due_ms) {
		put(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(t, i, x);
}

static void
down(struct timers *t, uint32_t i)
{
	struct timer *x = t->heap[i];

	for (;;) {
		uint32_t kid = 2 * i + 1;

		if (kid >= t->n)
			break;
		if (kid + 1 < t->n &&
		    t->heap[kid + 1]->due_ms < t->heap[kid]->due_ms)
			kid++;
		if (t->heap[kid]->due_ms >= x->due_ms)
			break;
		put(t, i, t->heap[kid]);
		i = kid;
	}
	put(t, i, x);
}

void
timers_set(struct timers *t, struct timer *x, uint64_t due_ms)
{
	if (x->pos == 0) {
		if (t->n == t->cap)
			return;
		x->due_ms = due_ms;
		put(t, t->n++, x);
		up(t, t->n - 1);
		return;
	}
	x->due_ms = due_ms;
	up(t, x->pos - 1);
	down(t, x->pos - 1);
}

void
timers_stop(struct timers *t, struct timer *x)
{
	uint32_t i = x->pos;

	if (i-- == 0)
		return;
	x->pos = 0;
	t->n--;
	if (i == t->n)
		return;
	put(t, i, t->heap[t->n]);
	up(t, i);
	down(t, t->heap[i]->pos - 1);
}

struct timer *
timers_expired(struct timers *t, uint64_t now_ms)
{
	struct timer *x;

	if (t->n == 0 || t->heap[0]->due_ms > now_ms)
		return NULL;
	x = t->heap[0];
	timers_stop(t, x);
	return x;
}

uint64_t
timers_due(const struct timers *t)
{
	return t->n == 0 ? UINT64_MAX : t->heap[0]->due_ms;
}
