/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_memo.c */
/*
 * The memory of endpoints; see dht_memo.h.  A table of fixed size: an endpoint
 * has MEMO_WAYS places, and takes the one that is old longest.
 */
#include <stdlib.h>
#include <string.h>

#include "dht_memo.h"
#include "siphash.h"

struct memo_entry {
	struct endpoint ep; /* family 0: free */
	uint8_t id[DHT_ID];
	uint8_t changes;
	uint64_t until_ms;  /* remembered, or banned */
	uint64_t change_ms; /* since when the changes count */
	bool banned;
};

struct memo {
	uint8_t key[16];
	uint32_t sets;
	struct memo_entry entry[];
};

struct memo *
memo_new(uint32_t places, const uint8_t hash_key[16])
{
	uint32_t sets = 1;
	struct memo *m;

	while (sets * MEMO_WAYS < places && sets < UINT32_MAX / 2 / MEMO_WAYS)
		sets *= 2;
	m = calloc(
	    1, sizeof(*m) + (size_t)sets * MEMO_WAYS * sizeof(m->entry[0]));
	if (m == NULL)
		return NULL;
	memcpy(m->key, hash_key, sizeof(m->key));
	m->sets = sets;
	return m;
}

void
memo_free(struct memo *m)
{
	free(m);
}

static uint32_t
set_of(const struct memo *m, const struct endpoint *ep)
{
	uint8_t in[19];

	in[0] = ep->addr.family;
	memcpy(in + 1, ep->addr.b, 16);
	in[17] = (uint8_t)(ep->port >> 8);
	in[18] = (uint8_t)ep->port;
	return (uint32_t)siphash(m->key, in, sizeof(in)) & (m->sets - 1);
}

static const struct memo_entry *
find(const struct memo *m, uint64_t now_ms, const struct endpoint *ep)
{
	const struct memo_entry *e = &m->entry[set_of(m, ep) * MEMO_WAYS];

	for (int i = 0; i < MEMO_WAYS; i++, e++)
		if (e->until_ms > now_ms && endpoint_eq(&e->ep, ep))
			return e;
	return NULL;
}

/* Its entry, or one that becomes its own. */
static struct memo_entry *
take(struct memo *m, uint64_t now_ms, const struct endpoint *ep)
{
	struct memo_entry *e = &m->entry[set_of(m, ep) * MEMO_WAYS], *old = e;

	for (int i = 0; i < MEMO_WAYS; i++, e++) {
		if (e->until_ms > now_ms && endpoint_eq(&e->ep, ep))
			return e;
		if (e->until_ms < old->until_ms)
			old = e;
	}
	*old = (struct memo_entry){.ep = *ep};
	return old;
}

/* Another id: somebody who started anew, or many nodes at once? */
static bool
is_many(struct memo_entry *e, uint64_t now_ms)
{
	if (e->until_ms - MEMO_LIFE_MS + MEMO_QUICK_MS > now_ms)
		return true;
	if (e->change_ms + MEMO_LIFE_MS <= now_ms) {
		e->change_ms = now_ms;
		e->changes = 0;
	}
	return ++e->changes > MEMO_CHANGES;
}

enum memo_verdict
memo_answered(struct memo *m, uint64_t now_ms, const struct endpoint *ep,
    const uint8_t id[DHT_ID])
{
	struct memo_entry *e = take(m, now_ms, ep);
	bool is_new = e->until_ms == 0;
	bool same = !is_new && memcmp(e->id, id, DHT_ID) == 0;

	if (e->banned)
		return MEMO_BANNED;
	if (!is_new && !same && is_many(e, now_ms)) {
		memo_ban(m, now_ms, ep);
		return MEMO_BANNED;
	}
	memcpy(e->id, id, DHT_ID);
	e->until_ms = now_ms + MEMO_LIFE_MS;
	return same ? MEMO_AGAIN : MEMO_FIRST;
}

const uint8_t *
memo_id(const struct memo *m, uint64_t now_ms, const struct endpoint *ep)
{
	const struct memo_entry *e = find(m, now_ms, ep);

	return e != NULL && !e->banned ? e->id : NULL;
}

void
memo_ban(struct memo *m, uint64_t now_ms, const struct endpoint *ep)
{
	struct memo_entry *e = take(m, now_ms, ep);

	e->banned = true;
	e->until_ms = now_ms + MEMO_BAN_MS;
}

bool
memo_is_banned(const struct memo *m, uint64_t now_ms, const struct endpoint *ep)
{
	const struct memo_entry *e = find(m, now_ms, ep);

	return e != NULL && e->banned;
}

uint32_t
memo_banned(const struct memo *m, uint64_t now_ms)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->sets * MEMO_WAYS; i++)
		n += m->entry[i].banned && m->entry[i].until_ms > now_ms;
	return n;
}
