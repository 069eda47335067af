/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/swarm.c */
/*
 * Announced peers: see swarm.h.  The peers of a hash are in the order of their
 * last announcement, so the first is the one to go and the last the freshest.
 * Hashes are few and searched one by one; nobody can make that slow.
 */
#include "swarm.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"

#define PEERS_MIN 4

struct peer {
	struct endpoint ep;
	uint64_t at_ms, source;
};

struct hash {
	uint8_t id[DHT_ID];
	uint32_t n, room;
	struct peer *peer;
};

struct swarm {
	uint8_t key[16];
	struct hash *hash;
	uint32_t room;
	struct allow_table *announces; /* NULL until somebody does */
	struct swarm_stats stats;
};

struct swarm *
swarm_new(const uint8_t hash_key[16])
{
	struct swarm *s = calloc(1, sizeof(*s));

	if (s != NULL)
		memcpy(s->key, hash_key, sizeof(s->key));
	return s;
}

/* The last takes its place. */
static void
drop_hash(struct swarm *s, struct hash *h)
{
	s->stats.peers -= h->n;
	free(h->peer);
	*h = s->hash[--s->stats.hashes];
}

void
swarm_free(struct swarm *s)
{
	if (s == NULL)
		return;
	for (uint32_t i = 0; i < s->stats.hashes; i++)
		free(s->hash[i].peer);
	free(s->hash);
	free(s->announces);
	free(s);
}

static struct hash *
find(const struct swarm *s, const uint8_t id[DHT_ID])
{
	for (uint32_t i = 0; i < s->stats.hashes; i++)
		if (memcmp(s->hash[i].id, id, DHT_ID) == 0)
			return &s->hash[i];
	return NULL;
}

static void
drop_peer(struct swarm *s, struct hash *h, uint32_t i)
{
	memmove(&h->peer[i], &h->peer[i + 1], (--h->n - i) * sizeof(*h->peer));
	s->stats.peers--;
}

/* The hash whose last announcement is longest ago. */
static struct hash *
stalest(const struct swarm *s)
{
	struct hash *old = &s->hash[0];

	for (uint32_t i = 1; i < s->stats.hashes; i++) {
		struct hash *h = &s->hash[i];

		if (h->peer[h->n - 1].at_ms < old->peer[old->n - 1].at_ms)
			old = h;
	}
	return old;
}

static int
more_hashes(struct swarm *s)
{
	uint32_t room = s->room == 0 ? PEERS_MIN : s->room * 2;
	struct hash *hash = realloc(s->hash, room * sizeof(*hash));

	if (hash == NULL)
		return -1;
	s->hash = hash;
	s->room = room;
	return 0;
}

/* A new one, still without peers: add one or drop it. */
static struct hash *
add_hash(struct swarm *s, const uint8_t id[DHT_ID])
{
	struct hash *h;

	if (s->stats.hashes == SWARM_HASHES_MAX) {
		h = stalest(s);
		s->stats.evicted += h->n;
		drop_hash(s, h);
	}
	if (s->stats.hashes == s->room && more_hashes(s) == -1)
		return NULL;
	h = &s->hash[s->stats.hashes];
	*h = (struct hash){.room = PEERS_MIN};
	h->peer = calloc(PEERS_MIN, sizeof(*h->peer));
	if (h->peer == NULL)
		return NULL;
	memcpy(h->id, id, DHT_ID);
	s->stats.hashes++;
	return h;
}

static int
more_peers(struct hash *h)
{
	uint32_t room = h->room < PEERS_MIN ? PEERS_MIN : h->room * 2;
	struct peer *peer = realloc(h->peer, room * sizeof(*peer));

	if (peer == NULL)
		return -1;
	h->peer = peer;
	h->room = room;
	return 0;
}

/*
 * Take out what the new one replaces: itself, the oldest of its source if
 * there are too many, the oldest of all if there is no room.
 */
static void
make_room(struct swarm *s, struct hash *h, const struct peer *new)
{
	uint32_t same = 0, oldest = 0;

	for (uint32_t i = h->n; i-- > 0;) {
		if (endpoint_eq(&h->peer[i].ep, &new->ep)) {
			drop_peer(s, h, i);
			return;
		}
		if (h->peer[i].source == new->source) {
			same++;
			oldest = i;
		}
	}
	if (same < SWARM_PER_SOURCE && h->n < SWARM_PEERS_MAX)
		return;
	drop_peer(s, h, same < SWARM_PER_SOURCE ? 0 : oldest);
	s->stats.evicted++;
}

static bool
too_fast(struct swarm *s, uint64_t now_ms, uint64_t source)
{
	static const struct allow_rate rate = {
	    SWARM_ANNOUNCES_MINUTE, 60 * 1000, SWARM_ANNOUNCES_MINUTE};

	if (s->announces == NULL)
		s->announces = calloc(1, sizeof(*s->announces));
	if (s->announces != NULL &&
	    allow_source_take(s->announces, now_ms, &rate, source))
		return false;
	s->stats.too_fast++;
	return true;
}

int
swarm_announce(struct swarm *s, uint64_t now_ms, const uint8_t hash[DHT_ID],
    const struct endpoint *ep)
{
	struct peer new = {*ep, now_ms, allow_source(s->key, &ep->addr)};
	struct hash *h;

	swarm_tick(s, now_ms);
	if (too_fast(s, now_ms, new.source))
		return -1;
	h = find(s, hash);
	if (h == NULL)
		h = add_hash(s, hash);
	if (h == NULL) {
		s->stats.no_memory++;
		return -1;
	}
	make_room(s, h, &new);
	if (h->n == h->room && more_peers(h) == -1) {
		s->stats.no_memory++;
		return -1;
	}
	h->peer[h->n++] = new;
	s->stats.peers++;
	s->stats.announced++;
	return 0;
}

size_t
swarm_peers(struct swarm *s, uint64_t now_ms, const uint8_t hash[DHT_ID],
    uint8_t family, struct endpoint *out, size_t max)
{
	struct hash *h;
	size_t n = 0;

	swarm_tick(s, now_ms);
	h = find(s, hash);
	if (h == NULL)
		return 0;
	for (uint32_t i = h->n; i-- > 0 && n < max;)
		if (h->peer[i].ep.addr.family == family)
			out[n++] = h->peer[i].ep;
	return n;
}

void
swarm_tick(struct swarm *s, uint64_t now_ms)
{
	for (uint32_t i = s->stats.hashes; i-- > 0;) {
		struct hash *h = &s->hash[i];

		while (h->n > 0 && h->peer[0].at_ms + SWARM_LIFE_MS <= now_ms) {
			drop_peer(s, h, 0);
			s->stats.expired++;
		}
		if (h->n == 0)
			drop_hash(s, h);
	}
}

uint64_t
swarm_due(const struct swarm *s)
{
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; i < s->stats.hashes; i++) {
		uint64_t at = s->hash[i].peer[0].at_ms + SWARM_LIFE_MS;

		if (at < due)
			due = at;
	}
	return due;
}

void
swarm_get_stats(const struct swarm *s, struct swarm_stats *out)
{
	*out = s->stats;
}
