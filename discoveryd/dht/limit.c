/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/limit.c */
/*
 * Who may ask how much: see limit.h.  A place keeps a keyed hash instead of
 * the address.  When no place is free, the unverified source with the most
 * left (it has asked least of late) is forgotten: a new place would say the
 * same of it.
 */
#include "limit.h"

#include <stdlib.h>
#include <string.h>

#include "allow.h"

static const struct allow_rate unverified = {LIMIT_QPS, 1000, LIMIT_BURST};
static const struct allow_rate verified = {
    LIMIT_VERIFIED_QPS, 1000, LIMIT_VERIFIED_BURST};
static const struct allow_rate crowd = {
    LIMIT_CROWD_QPS, 1000, LIMIT_CROWD_BURST};
static const struct allow_rate octets = {
    LIMIT_OCTETS, 1000, LIMIT_OCTETS_BURST};

struct place {
	uint64_t source; /* 0: free */
	uint64_t verified_ms;
	struct allowance queries;
	bool is_verified; /* once; see verified_ms */
};

struct limit {
	uint8_t key[16];
	uint32_t mask;
	struct allowance octets; /* of all unverified */
	struct allowance crowd;  /* of all that have no place */
	struct limit_stats stats;
	struct place place[];
};

struct limit *
limit_new(uint32_t places, const uint8_t hash_key[16])
{
	struct limit *l;
	uint32_t n = LIMIT_WAYS;

	while (n < places && n < (1u << 20))
		n *= 2;
	l = calloc(1, sizeof(*l) + n * sizeof(struct place));
	if (l == NULL)
		return NULL;
	memcpy(l->key, hash_key, sizeof(l->key));
	l->mask = n - 1;
	allow_fill(&l->octets, 0, &octets);
	allow_fill(&l->crowd, 0, &crowd);
	return l;
}

void
limit_free(struct limit *l)
{
	free(l);
}

static bool
proven(const struct place *p, uint64_t now_ms)
{
	return p->is_verified && now_ms - p->verified_ms < LIMIT_VERIFIED_MS;
}

#define NOWHERE UINT32_MAX

static uint32_t
find(const struct limit *l, uint64_t source)
{
	for (uint32_t i = 0; i < LIMIT_WAYS; i++) {
		uint32_t at = ((uint32_t)source + i) & l->mask;

		if (l->place[at].source == source)
			return at;
	}
	return NOWHERE;
}

/*
 * Which place a new source may have.  Free ones first, then the unverified one
 * that asked least; a verified one only goes for another verified one, and
 * then the one whose proof is oldest.
 */
static uint32_t
make_room(
    const struct limit *l, uint64_t now_ms, uint64_t source, bool is_proven)
{
	uint32_t best = NOWHERE, oldest = NOWHERE, most = 0;

	for (uint32_t i = 0; i < LIMIT_WAYS; i++) {
		uint32_t at = ((uint32_t)source + i) & l->mask, left;
		const struct place *p = &l->place[at];

		if (p->source == 0)
			return at;
		if (proven(p, now_ms)) {
			if (oldest == NOWHERE ||
			    p->verified_ms < l->place[oldest].verified_ms)
				oldest = at;
			continue;
		}
		left = allow_left(&p->queries, now_ms, &unverified);
		if (best == NOWHERE || left > most) {
			best = at;
			most = left;
		}
	}
	return best == NOWHERE && is_proven ? oldest : best;
}

/* NOWHERE: all places that it could have are verified ones' */
static uint32_t
enter(struct limit *l, uint64_t now_ms, const struct addr *a, bool is_proven)
{
	uint64_t source = allow_source(l->key, a);
	uint32_t at = find(l, source);

	if (at != NOWHERE)
		return at;
	at = make_room(l, now_ms, source, is_proven);
	if (at != NOWHERE) {
		l->place[at] = (struct place){.source = source};
		allow_fill(&l->place[at].queries, now_ms, &unverified);
	}
	return at;
}

bool
limit_query(struct limit *l, uint64_t now_ms, const struct addr *from)
{
	uint32_t at = enter(l, now_ms, from, false);
	bool ok;

	/* members have all places: newcomers share what they may ask */
	if (at == NOWHERE) {
		ok = allow_take(&l->crowd, now_ms, &crowd, 1);
		if (!ok)
			l->stats.crowded++;
		return ok;
	}
	ok = allow_take(&l->place[at].queries, now_ms,
	    proven(&l->place[at], now_ms) ? &verified : &unverified, 1);
	if (!ok)
		l->stats.queries++;
	return ok;
}

void
limit_verify(struct limit *l, uint64_t now_ms, const struct addr *a)
{
	struct place *p = &l->place[enter(l, now_ms, a, true)];

	if (!proven(p, now_ms))
		allow_fill(&p->queries, now_ms, &verified);
	p->is_verified = true;
	p->verified_ms = now_ms;
}

bool
limit_is_verified(const struct limit *l, uint64_t now_ms, const struct addr *a)
{
	uint32_t at = find(l, allow_source(l->key, a));

	return at != NOWHERE && proven(&l->place[at], now_ms);
}

static size_t
with_headers(const struct addr *a, size_t payload)
{
	return payload + (a->family == 4 ? LIMIT_IP4 : LIMIT_IP6);
}

size_t
limit_answer_max(
    const struct limit *l, uint64_t now_ms, const struct addr *to, size_t in)
{
	if (limit_is_verified(l, now_ms, to))
		return SIZE_MAX;
	return LIMIT_FACTOR * with_headers(to, in) - with_headers(to, 0);
}

bool
limit_may_answer(struct limit *l, uint64_t now_ms, const struct addr *to,
    size_t in, size_t out)
{
	if (limit_is_verified(l, now_ms, to))
		return true;
	if (out > limit_answer_max(l, now_ms, to, in)) {
		l->stats.amplified++;
		return false;
	}
	if (!allow_take(&l->octets, now_ms, &octets, with_headers(to, out))) {
		l->stats.octets++;
		return false;
	}
	return true;
}

void
limit_get_stats(const struct limit *l, struct limit_stats *out)
{
	*out = l->stats;
}
