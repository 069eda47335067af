/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pathset_int.h */
#ifndef PATHSET_INT_H
#define PATHSET_INT_H

#include "pathset.h"

/* What pathset.c and pathset_tick.c share. */
static inline bool
path_is_there(const struct pathset *s, unsigned i)
{
	return i < PATHS_MAX && s->at[i].ep.addr.family != 0;
}

static inline bool
path_is_proved(const struct path *p, uint64_t now_ms)
{
	return p->proved_ms != 0 && now_ms - p->proved_ms < PATH_FRESH_MS &&
	    p->missed == 0;
}

static inline uint64_t
at_least(uint64_t ms, uint64_t least)
{
	return ms > least ? ms : least;
}

/* A message and its answer take so long, with some room. */
static inline uint64_t
trip_ms(const struct path *p)
{
	return (p->rtt_us + 4 * (uint64_t)p->var_us) / 1000 + 10;
}

/* Nothing is silent, nothing is in doubt. */
void pathset_calm(struct pathset *);
/* Best is left because it failed. */
void pathset_fail(struct pathset *, uint64_t now_ms);
/* The best of those that are proved since then, without the one in use. */
unsigned pathset_choose(
    const struct pathset *, uint64_t since_ms, uint64_t now_ms);
/* Place i has just answered: is the next ping to follow soon? */
void pathset_hurry(struct pathset *, unsigned i, uint64_t now_ms);

#endif
