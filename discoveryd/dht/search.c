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

#include "search_int.h"
#include "table.h"

#define CHARGE 16       /* one query, shared by the lines of its candidate */
#define MIN_SIZE_LOG 48 /* 8 nodes: below that there is nothing to estimate */
#define SIEGE_EFFORT (SEARCH_SIDES * SEARCH_SIDE_ASKS + DHT_K)
#define CROWD_SPARE 5 /* half as many as expected again, and so many */
#define TRY_PENALTY (3 * BIT)
#define TRIES_FREE 6 /* asked again before it must have been of use */

void
search_init(struct search *s, const uint8_t target[DHT_ID], unsigned size_log)
{
	memset(s, 0, offsetof(struct search, cand));
	memcpy(s->target, target, DHT_ID);
	s->effort = (struct search_effort){0, 40};
	s->knows_size = size_log > MIN_SIZE_LOG;
	s->size_log = size_log;
	if (s->knows_size)
		s->depth = (size_log - MIN_SIZE_LOG + BIT / 2) / BIT;
	s->crowd = s->depth + CROWD_BITS;
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
	c->lines |= UINT32_C(1) << s->nlines++ % SEARCH_LINES;
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

bool
search_in_crowd(const struct search *s, const struct cand *c)
{
	return s->knows_size && c->has_id && c->bits >= s->crowd;
}

/* How many nodes, 1/16, can be expected to share at least so many bits. */
static unsigned
expected(const struct search *s, unsigned bits)
{
	unsigned log = s->size_log / BIT, n = BIT + s->size_log % BIT;

	return bits > log ? n >> (bits - log) : n << (log - bits);
}

bool
search_is_crowded(const struct search *s, unsigned from, unsigned to)
{
	unsigned want = expected(s, from), n = 0;

	if (to <= DHT_ID * 8)
		want -= expected(s, to);
	for (unsigned i = 0; i < s->n; i++) {
		const struct cand *c = &s->cand[i];

		n += c->tries > 0 && c->has_id && c->bits >= from &&
		    c->bits < to;
	}
	return n * BIT >= want * 3 / 2 + CROWD_SPARE * BIT;
}

bool
search_crowd_is_full(const struct search *s)
{
	return s->knows_size &&
	    (s->sieges > 0 || search_is_crowded(s, s->crowd, ALL_BITS));
}

static unsigned
popcount(uint32_t x)
{
	unsigned n = 0;

	for (; x != 0; x &= x - 1)
		n++;
	return n;
}

uint32_t
search_least_spent(const uint32_t spent[SEARCH_LINES], uint32_t lines)
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

	if (s->knows_size && bits > s->crowd)
		bits = s->crowd;
	return (int)(bits * BIT) - (int)(c->tries * TRY_PENALTY) -
	    (int)search_least_spent(s->spent, c->lines);
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

int
search_rank(const struct search *s, const struct cand *c, bool full)
{
	if (c->state != CAND_NEW || is_shunned(s, c) ||
	    (c->has_id && has_answered(s, c->id)))
		return 0;
	if (c->tries > 0 && !may_retry(s))
		return 0;
	return c->odd || is_sole(s, c) || (full && search_in_crowd(s, c)) ? 1
									  : 2;
}

static int
best_new(const struct search *s)
{
	bool full = search_crowd_is_full(s);
	int found = -1, found_rank = 0, found_score = 0;

	for (unsigned i = 0; i < s->n; i++) {
		const struct cand *c = &s->cand[i];
		int r = search_rank(s, c, full), sc;

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
		    (c->sides >> side & 1) != 0 || search_in_crowd(s, c) ||
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

unsigned
search_most(const struct search *s)
{
	return s->effort.most + s->sieges * SIEGE_EFFORT;
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
	if (s->asked - s->retried >= (int)search_most(s) ||
	    (c = best_new(s)) == -1)
		return false;
	*leg = (struct search_leg){.cand = (uint16_t)c, .side = SEARCH_NO_SIDE};
	return true;
}

/* ---- what became of it ---- */

void
search_charge(uint32_t spent[SEARCH_LINES], uint32_t lines)
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
	search_charge(s->spent, c->lines);
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
