/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/search_end.c */
/*
 * When a lookup has asked enough, what about its neighbourhood can't be true,
 * and where an item goes; see search.h.
 */
#include <string.h>

#include "search_int.h"
#include "table.h"

#define LIARS_MIN 2 /* one may have come only now */

/* The closest of which `may` says yes, best first. */
static size_t
closest(const struct search *s, uint16_t out[], size_t max,
    bool (*may)(const struct search *, const struct cand *))
{
	size_t n = 0;

	for (uint16_t i = 0; i < s->n; i++) {
		const struct cand *c = &s->cand[i];
		size_t at;

		if (!c->has_id || !may(s, c))
			continue;
		if (n == max &&
		    !id_closer(s->target, c->id, s->cand[out[n - 1]].id))
			continue;
		at = n == max ? n - 1 : n++;
		for (; at > 0 &&
		     id_closer(s->target, c->id, s->cand[out[at - 1]].id);
		     at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
	return n;
}

static bool
has_answered_and_is_fine(const struct search *s, const struct cand *c)
{
	(void)s;
	return c->state == CAND_ANSWERED && !c->shunned;
}

size_t
search_closest(const struct search *s, uint16_t out[], size_t max)
{
	return closest(s, out, max, has_answered_and_is_fine);
}

static bool
matters(const struct search *s, const struct cand *c)
{
	if (c->state == CAND_NEW)
		return search_rank(s, c, s->full) == 2;
	return c->state != CAND_DEAD && !c->shunned;
}

/* Have the closest of all that we know answered? */
static bool
is_settled(struct search *s)
{
	uint16_t near[DHT_K];
	size_t n;

	s->full = search_crowd_is_full(s);
	n = closest(s, near, DHT_K, matters);
	for (size_t i = 0; i < n; i++)
		if (s->cand[near[i]].state != CAND_ANSWERED)
			return false;
	return n == DHT_K;
}

static bool
has_told(const struct cand *c, unsigned i)
{
	return (c->told[i / 32] >> i % 32 & 1) != 0;
}

/* The farthest that it told about, or -1: too few to judge by. */
static int
reach(const struct search *s, const struct cand *c)
{
	int far = -1;
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++) {
		if (!has_told(c, i))
			continue;
		n++;
		if (far == -1 ||
		    id_closer(s->target, s->cand[far].id, s->cand[i].id))
			far = (int)i;
	}
	return n >= DHT_K / 2 ? far : -1;
}

/* Did it leave out most of those that are nearer than some it named? */
static bool
leaves_out(const struct search *s, const struct cand *c)
{
	unsigned nearer = 0, named = 0;
	int far = reach(s, c);

	if (far == -1)
		return false;
	for (unsigned i = 0; i < s->n; i++) {
		const struct cand *o = &s->cand[i];

		if (o == c || o->state != CAND_ANSWERED || o->shunned ||
		    search_in_crowd(s, o) ||
		    !id_closer(s->target, o->id, s->cand[far].id))
			continue;
		nearer++;
		named += has_told(c, i);
	}
	return nearer >= DHT_K / 2 && named * 2 < nearer;
}

static bool
is_contradicted(const struct search *s)
{
	unsigned n = 0;

	for (unsigned i = 0; s->knows_size && i < s->n; i++) {
		const struct cand *c = &s->cand[i];

		if (c->state == CAND_ANSWERED && c->bits + 1u >= s->depth &&
		    leaves_out(s, c))
			n++;
	}
	return n >= LIARS_MIN;
}

/*
 * The keys beside the target: it with one bit turned round, just outside of
 * the crowd.
 */
static void
open_sides(struct search *s)
{
	unsigned first = s->crowd > SEARCH_SIDES ? s->crowd - SEARCH_SIDES : 0;

	s->suspect = true;
	s->sieges++;
	s->nsides = (uint8_t)(s->crowd - first);
	memset(s->side_asks, 0, sizeof(s->side_asks));
	for (unsigned i = 0; i < s->n; i++)
		s->cand[i].sides = 0;
	for (unsigned i = 0; i < s->nsides; i++) {
		unsigned bit = first + i;

		memcpy(s->side[i], s->target, DHT_ID);
		s->side[i][bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
}

/*
 * Is there a crowd, or one around the crowd that we know?  It may begin where
 * 16 nodes are expected; who has to fill more than that besieges nobody.
 */
static bool
is_besieged(struct search *s)
{
	unsigned lowest = s->depth > 1 ? s->depth - 1 : 1;
	unsigned from = s->crowd, to = ALL_BITS;

	if (!s->knows_size || s->sieges == SEARCH_SIEGES)
		return false;
	if (s->sieges > 0) {
		to = s->crowd;
		from = to - 1;
	}
	for (; from >= lowest; from--)
		if (search_is_crowded(s, from, to)) {
			s->crowd = from;
			return true;
		}
	return false;
}

/*
 * What can be told only now, when the closest have answered or nobody is left.
 * true: the sides were opened.
 */
static bool
judge(struct search *s)
{
	if (!s->suspect && is_contradicted(s))
		s->suspect = true;
	if (!s->guarded || !is_besieged(s))
		return false;
	open_sides(s);
	return true;
}

/* So much has to be asked before it is enough. */
static unsigned
least(const struct search *s, bool satisfied)
{
	if (s->nsides > 0)
		return search_most(s);
	return satisfied && !s->suspect ? 0 : s->effort.least;
}

bool
search_done(struct search *s, bool satisfied)
{
	struct search_leg leg;
	bool settled = is_settled(s);
	bool dry = s->inflight == 0 && !search_next(s, &leg);

	if ((settled || dry) && judge(s))
		return false;
	return dry ||
	    (settled && s->asked - s->retried >= (int)least(s, satisfied));
}

static bool
takes_items(const struct search *s, const struct cand *c)
{
	return has_answered_and_is_fine(s, c) && c->tokenlen > 0;
}

static bool
is_in(const uint16_t list[], size_t n, unsigned what)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == what)
			return true;
	return false;
}

size_t
search_places(const struct search *s, uint16_t out[], size_t n, size_t max)
{
	uint32_t spent[SEARCH_LINES] = {0};

	if (n == 0)
		n = closest(s, out, max < DHT_K ? max : DHT_K, takes_items);
	for (; n < max; n++) {
		int best = -1, best_score = 0, sc;

		for (unsigned i = 0; i < s->n; i++) {
			const struct cand *c = &s->cand[i];

			if (!takes_items(s, c) || search_in_crowd(s, c) ||
			    is_in(out, n, i))
				continue;
			sc = (int)(c->bits * BIT) -
			    (int)search_least_spent(spent, c->lines);
			if (best != -1 && sc <= best_score)
				continue;
			best = (int)i;
			best_score = sc;
		}
		if (best == -1)
			break;
		out[n] = (uint16_t)best;
		search_charge(spent, s->cand[best].lines);
	}
	return n;
}
