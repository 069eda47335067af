/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/search.c */
/*
 * The choice of an iterative lookup; see search.h for what it defends against.
 *
 * All of it is a scan over at most SEARCH_CANDS candidates for each query
 * that goes out, which costs less than the system call that sends it.
 */
#include <stddef.h>
#include <string.h>

#include "search.h"
#include "table.h"

#define BIT 16          /* score: one bit of closeness */
#define CHARGE 16       /* one query, shared by the lines of its candidate */
#define MIN_SIZE_LOG 48 /* 8 nodes: below that there is nothing to estimate */
#define SIDE_EFFORT (SEARCH_SIDES * SEARCH_SIDE_ASKS)
#define CROWD_BITS 2 /* two bits beyond the depth 2 nodes are expected */
#define LIARS_MIN 2  /* one may have come only now */
#define TRY_PENALTY (3 * BIT)
#define TRIES_FREE 6 /* asked again before it must have been of use */

void
search_init(struct search *s, const uint8_t target[DHT_ID], unsigned size_log)
{
	memset(s, 0, offsetof(struct search, cand));
	memcpy(s->target, target, DHT_ID);
	s->effort = (struct search_effort){0, 40};
	s->knows_size = size_log > MIN_SIZE_LOG;
	if (s->knows_size)
		s->depth = (size_log - MIN_SIZE_LOG + BIT / 2) / BIT;
}

/* ---- candidates ---- */

static int
find_ep(const struct search *s, const struct endpoint *ep)
{
	for (unsigned i = 0; i < s->n; i++)
		if (endpoint_eq(&s->cand[i].ep, ep))
			return (int)i;
	return -1;
}

/* The same node by its other address? */
static bool
has_answered(const struct search *s, const uint8_t id[DHT_ID])
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->cand[i].state == CAND_ANSWERED &&
		    memcmp(s->cand[i].id, id, DHT_ID) == 0)
			return true;
	return false;
}

static struct cand *
add(struct search *s, const uint8_t *id, const struct endpoint *ep)
{
	struct cand *c;

	if (s->n == SEARCH_CANDS)
		return NULL;
	c = &s->cand[s->n++];
	memset(c, 0, sizeof(*c));
	c->ep = *ep;
	c->teller = -1;
	if (id != NULL) {
		memcpy(c->id, id, DHT_ID);
		c->has_id = true;
		c->bits = (uint16_t)id_common(id, s->target);
	}
	return c;
}

void
search_root(struct search *s, const uint8_t *id, const struct endpoint *ep)
{
	int old = find_ep(s, ep);
	struct cand *c = old != -1 ? &s->cand[old] : add(s, id, ep);

	if (c == NULL)
		return;
	if (c->tellers < UINT8_MAX)
		c->tellers++;
	c->lines |= UINT32_C(1) << s->nlines % SEARCH_LINES;
	if (s->nlines < SEARCH_LINES)
		s->nlines++;
}

struct cand *
search_told(struct search *s, unsigned teller, const struct dht_node *n)
{
	struct cand *c, *from = &s->cand[teller];
	unsigned i;
	int old = find_ep(s, &n->ep);

	if (from->shunned || (old == -1 && has_answered(s, n->id)))
		return NULL;
	if (old == (int)teller)
		return NULL;
	c = old != -1 ? &s->cand[old] : add(s, n->id, &n->ep);
	if (c == NULL)
		return NULL;
	if (old == -1) {
		c->teller = (int16_t)teller;
		c->depth = (uint8_t)(from->depth + 1);
	}
	if (c->tellers < UINT8_MAX)
		c->tellers++;
	c->lines |= from->lines;
	i = (unsigned)(c - s->cand);
	from->told[i / 32] |= UINT32_C(1) << i % 32;
	return c;
}

/* ---- whom to ask ---- */

static bool
in_crowd(const struct search *s, const struct cand *c)
{
	return s->knows_size && c->has_id && c->bits >= s->depth + CROWD_BITS;
}

/* More of them than there can be have been asked already? */
static bool
crowd_is_full(const struct search *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		if (s->cand[i].state != CAND_NEW &&
		    s->cand[i].state != CAND_DEAD && in_crowd(s, &s->cand[i]))
			n++;
	return n >= DHT_K;
}

static unsigned
popcount(uint32_t x)
{
	unsigned n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

/* What the least used line of a candidate has had. */
static uint32_t
least_spent(const uint32_t spent[SEARCH_LINES], uint32_t lines)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < SEARCH_LINES; i++)
		if ((lines >> i & 1) != 0 && spent[i] < least)
			least = spent[i];
	return least == UINT32_MAX ? 0 : least;
}

static int
score(const struct search *s, const struct cand *c)
{
	unsigned bits = c->bits;

	if (s->knows_size && bits > s->depth + CROWD_BITS)
		bits = s->depth + CROWD_BITS;
	return (int)(bits * BIT) - (int)(c->tries * TRY_PENALTY) -
	    (int)least_spent(s->spent, c->lines);
}

/* Only one node vouches for it, and did for many. */
static bool
is_sole(const struct search *s, const struct cand *c)
{
	return c->tellers == 1 && c->teller >= 0 &&
	    s->cand[c->teller].sole >= SEARCH_SOLE;
}

static bool
is_shunned(const struct search *s, const struct cand *c)
{
	return c->shunned ||
	    (c->tellers == 1 && c->teller >= 0 && s->cand[c->teller].shunned);
}

/* Who is silent because he wants to be is asked again in vain. */
static bool
may_retry(const struct search *s)
{
	return s->retried < TRIES_FREE || s->revived * 4 >= s->retried;
}

/* 0: never; 1: when there is nobody else; 2: a candidate like any other */
static int
rank(const struct search *s, const struct cand *c, bool full)
{
	if (c->state != CAND_NEW || is_shunned(s, c) ||
	    (c->has_id && has_answered(s, c->id)))
		return 0;
	if (c->tries > 0 && !may_retry(s))
		return 0;
	return c->odd || is_sole(s, c) || (full && in_crowd(s, c)) ? 1 : 2;
}

static int
best_new(const struct search *s)
{
	bool full = crowd_is_full(s);
	int found = -1, found_rank = 0, found_score = 0;

	for (unsigned i = 0; i < s->n; i++) {
		const struct cand *c = &s->cand[i];
		int r = rank(s, c, full), sc;

		if (r == 0 || r < found_rank)
			continue;
		sc = score(s, c);
		if (found != -1 && r == found_rank &&
		    (sc < found_score ||
			(sc == found_score &&
			    !id_closer(s->target, c->id, s->cand[found].id))))
			continue;
		found = (int)i;
		found_rank = r;
		found_score = sc;
	}
	return found;
}

/* Of those that were not asked for it: who is closest to this side? */
static int
best_for_side(const struct search *s, unsigned side)
{
	int found = -1;

	for (unsigned i = 0; i < s->n; i++) {
		const struct cand *c = &s->cand[i];

		if (!c->has_id || c->state == CAND_DEAD || is_shunned(s, c) ||
		    (c->sides >> side & 1) != 0 || in_crowd(s, c) ||
		    is_sole(s, c))
			continue;
		if (found == -1 ||
		    id_closer(s->side[side], c->id, s->cand[found].id))
			found = (int)i;
	}
	return found;
}

static bool
next_side(const struct search *s, struct search_leg *leg)
{
	unsigned fewest = SEARCH_SIDE_ASKS;
	bool found = false;

	for (uint8_t i = 0; i < s->nsides; i++) {
		int c = s->side_asks[i] < fewest ? best_for_side(s, i) : -1;

		if (c == -1)
			continue;
		fewest = s->side_asks[i];
		*leg = (struct search_leg){.cand = (uint16_t)c, .side = i};
		found = true;
	}
	return found;
}

/* Asking again is for lost datagrams, and has a bound of its own. */
static unsigned
most(const struct search *s)
{
	return s->effort.most + (s->nsides > 0 ? SIDE_EFFORT : 0);
}

bool
search_next(const struct search *s, struct search_leg *leg)
{
	int c;

	if (s->inflight - s->late >= DHT_ALPHA ||
	    s->inflight >= SEARCH_INFLIGHT)
		return false;
	if (next_side(s, leg))
		return true;
	if (s->asked - s->retried >= (int)most(s) || (c = best_new(s)) == -1)
		return false;
	*leg = (struct search_leg){.cand = (uint16_t)c, .side = SEARCH_NO_SIDE};
	return true;
}

/* ---- what became of it ---- */

static void
charge(uint32_t spent[SEARCH_LINES], uint32_t lines)
{
	unsigned n = popcount(lines);

	for (unsigned l = 0; l < SEARCH_LINES; l++)
		if ((lines >> l & 1) != 0)
			spent[l] += CHARGE / n;
}

void
search_asked(struct search *s, const struct search_leg *leg)
{
	struct cand *c = &s->cand[leg->cand];

	s->asked++;
	s->inflight++;
	charge(s->spent, c->lines);
	if (leg->side != SEARCH_NO_SIDE) {
		c->sides |= (uint8_t)(1u << leg->side);
		s->side_asks[leg->side]++;
		return;
	}
	if (c->tries == 0 && c->tellers == 1 && c->teller >= 0 &&
	    s->cand[c->teller].sole < UINT8_MAX)
		s->cand[c->teller].sole++;
	if (c->tries > 0)
		s->retried++;
	c->state = CAND_ASKED;
	c->tries++;
}

void
search_late(struct search *s, struct search_leg *leg)
{
	if (leg->late)
		return;
	leg->late = true;
	s->late++;
	if (leg->side == SEARCH_NO_SIDE)
		s->cand[leg->cand].state = CAND_LATE;
}

/* A query that was under way is not any more. */
static void
landed(struct search *s, const struct search_leg *leg)
{
	s->inflight--;
	if (leg->late)
		s->late--;
}

void
search_answered(
    struct search *s, const struct search_leg *leg, const uint8_t id[DHT_ID])
{
	struct cand *c = &s->cand[leg->cand];

	landed(s, leg);
	if (c->has_id && memcmp(c->id, id, DHT_ID) != 0 && c->teller >= 0)
		s->suspect = true;
	memcpy(c->id, id, DHT_ID);
	c->has_id = true;
	c->bits = (uint16_t)id_common(id, s->target);
	if (leg->side != SEARCH_NO_SIDE)
		return;
	s->answered++;
	if (c->tries > 1)
		s->revived++;
	c->state = CAND_ANSWERED;
}

/*
 * Who matters (the closest, or all we have) is asked again, since with a fifth
 * of all datagrams lost every third query goes without an answer.
 */
void
search_missed(struct search *s, const struct search_leg *leg)
{
	struct cand *c = &s->cand[leg->cand];

	landed(s, leg);
	if (leg->side != SEARCH_NO_SIDE)
		return;
	c->state = c->tries < SEARCH_TRIES ? CAND_NEW : CAND_DEAD;
}

void
search_shun(struct search *s, unsigned i)
{
	s->cand[i].shunned = true;
	s->suspect = true;
}

/* ---- the end ---- */

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
		return rank(s, c, s->full) == 2;
	return c->state != CAND_DEAD && !c->shunned;
}

/* Have the closest of all that we know answered? */
static bool
is_settled(struct search *s)
{
	uint16_t near[DHT_K];
	size_t n;

	s->full = crowd_is_full(s);
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
		    in_crowd(s, o) ||
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
 * The keys beside the target: it with one bit turned round, where 8, 4 and 2
 * nodes are to be expected.
 */
static void
open_sides(struct search *s)
{
	unsigned first = s->depth > 0 ? s->depth - 1 : 0;

	s->suspect = true;
	s->nsides = SEARCH_SIDES;
	for (unsigned i = 0; i < SEARCH_SIDES; i++) {
		unsigned bit = first + i;

		memcpy(s->side[i], s->target, DHT_ID);
		s->side[i][bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
}

/* Is even the k-th closest too close to be true? */
static bool
is_besieged(const struct search *s)
{
	uint16_t near[DHT_K];

	return s->knows_size && search_closest(s, near, DHT_K) == DHT_K &&
	    in_crowd(s, &s->cand[near[DHT_K - 1]]);
}

/* What can be told only now, when the closest have answered. */
static void
judge(struct search *s)
{
	if (!s->suspect && is_contradicted(s))
		s->suspect = true;
	if (s->guarded && s->nsides == 0 && is_besieged(s))
		open_sides(s);
}

/* So much has to be asked before it is enough. */
static unsigned
least(const struct search *s, bool satisfied)
{
	if (s->nsides > 0)
		return most(s);
	return satisfied && !s->suspect ? 0 : s->effort.least;
}

bool
search_done(struct search *s, bool satisfied)
{
	struct search_leg leg;

	if (is_settled(s)) {
		judge(s);
		if (s->asked - s->retried >= (int)least(s, satisfied))
			return true;
	}
	return s->inflight == 0 && !search_next(s, &leg);
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

			if (!takes_items(s, c) || in_crowd(s, c) ||
			    is_in(out, n, i))
				continue;
			sc = (int)(c->bits * BIT) -
			    (int)least_spent(spent, c->lines);
			if (best != -1 && sc <= best_score)
				continue;
			best = (int)i;
			best_score = sc;
		}
		if (best == -1)
			break;
		out[n] = (uint16_t)best;
		charge(spent, s->cand[best].lines);
	}
	return n;
}
