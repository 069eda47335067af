/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/flow.c */
/*
 * The flow table: flows in one array, an index of hashes and slot numbers over
 * it (open addressing, linear probing), and a list from the most to the least
 * recently touched.  A second, smaller index counts the flows of each peer, so
 * that asking for one peer does not walk over all.
 *
 * A look-up is as slow as the memory it misses.  So the index has the hashes
 * (another flow's slot is not looked at), and a flow goes to the head of the
 * list, which touches three others, once in ORDER_MS only.
 *
 * All memory is taken by flow_new.  Removing closes the gap in the probe
 * sequence at once (no tombstones), so a table that was full for a year is as
 * fast as a new one.  The hash is keyed: nobody outside can choose collisions.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "siphash.h"

#define NIL UINT32_MAX
#define ORDER_MS 1000 /* how exact the order of last use is */

struct slot {
	struct flow flow;
	uint32_t newer, older; /* NIL ends; older also chains free slots */
	uint64_t listed_ms;    /* when it came to the head of the list */
};

struct entry {
	uint32_t hash, n; /* slot number or NIL */
};

struct peer_count {
	uint32_t peer, n; /* n 0: empty */
};

struct flow_table {
	struct slot *slot;
	struct entry *index;
	struct peer_count *count;
	uint32_t mask; /* of index and count: size - 1 */
	uint32_t max, used;
	uint32_t newest, oldest, free;
	uint8_t hash_key[16];
};

struct flow_table *
flow_new(uint32_t max, const uint8_t hash_key[16])
{
	struct flow_table *t;
	uint32_t size = 2;

	if (max == 0 || max > FLOW_MAX) {
		errno = EINVAL;
		return NULL;
	}
	while (size < max * 2)
		size *= 2;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->slot = calloc(max, sizeof(*t->slot));
	t->index = malloc(size * sizeof(*t->index));
	t->count = calloc(size, sizeof(*t->count));
	if (t->slot == NULL || t->index == NULL || t->count == NULL) {
		flow_free(t);
		errno = ENOMEM;
		return NULL;
	}
	memset(t->index, 0xff, size * sizeof(*t->index));
	memcpy(t->hash_key, hash_key, sizeof(t->hash_key));
	t->mask = size - 1;
	t->max = max;
	t->newest = t->oldest = t->free = NIL;
	return t;
}

void
flow_free(struct flow_table *t)
{
	if (t == NULL)
		return;
	free(t->slot);
	free(t->index);
	free(t->count);
	free(t);
}

void
flow_key(struct flow_key *k, const struct pkt *p)
{
	memset(k, 0, sizeof(*k));
	k->proto = p->proto;
	k->version = p->version;
	k->sport = p->sport;
	k->dport = p->dport;
	memcpy(k->src, p->src.b, sizeof(k->src));
	memcpy(k->dst, p->dst.b, sizeof(k->dst));
}

static uint32_t
hash_of(const struct flow_table *t, const struct flow_key *k)
{
	_Static_assert(sizeof(*k) == 38, "no padding is hashed or compared");

	return (uint32_t)siphash(t->hash_key, k, sizeof(*k));
}

/* ---- flows of a peer ---- */

static uint32_t
count_home(const struct flow_table *t, uint32_t peer)
{
	return (peer * 0x9e3779b1u >> 7) & t->mask;
}

/* The peer's entry, or the empty one where it would be. */
static uint32_t
count_at(const struct flow_table *t, uint32_t peer)
{
	uint32_t i = count_home(t, peer);

	while (t->count[i].n != 0 && t->count[i].peer != peer)
		i = (i + 1) & t->mask;
	return i;
}

static void
count_more(struct flow_table *t, uint32_t peer)
{
	struct peer_count *c = &t->count[count_at(t, peer)];

	c->peer = peer;
	c->n++;
}

/*
 * May the entry at `from`, whose home is `home`, move back into the gap?  Yes
 * unless its home lies behind the gap.
 */
static bool
may_move(uint32_t mask, uint32_t gap, uint32_t home, uint32_t from)
{
	return ((from - home) & mask) >= ((from - gap) & mask);
}

static void
count_less(struct flow_table *t, uint32_t peer)
{
	uint32_t gap = count_at(t, peer), i;

	if (--t->count[gap].n > 0)
		return;
	for (i = (gap + 1) & t->mask; t->count[i].n != 0;
	     i = (i + 1) & t->mask) {
		if (!may_move(t->mask, gap, count_home(t, t->count[i].peer), i))
			continue;
		t->count[gap] = t->count[i];
		t->count[i].n = 0;
		gap = i;
	}
}

/* ---- the index ---- */

static uint32_t
index_at(const struct flow_table *t, const struct flow_key *k, uint32_t hash)
{
	uint32_t i = hash & t->mask;
	const struct slot *s;

	for (; t->index[i].n != NIL; i = (i + 1) & t->mask) {
		if (t->index[i].hash != hash)
			continue;
		s = &t->slot[t->index[i].n];
		if (memcmp(&s->flow.key, k, sizeof(*k)) == 0)
			break;
	}
	return i;
}

static void
index_del(struct flow_table *t, uint32_t gap)
{
	uint32_t i, home;

	t->index[gap].n = NIL;
	for (i = (gap + 1) & t->mask; t->index[i].n != NIL;
	     i = (i + 1) & t->mask) {
		home = t->index[i].hash & t->mask;
		if (!may_move(t->mask, gap, home, i))
			continue;
		t->index[gap] = t->index[i];
		t->index[i].n = NIL;
		gap = i;
	}
}

/* ---- the list ---- */

static void
list_out(struct flow_table *t, uint32_t n)
{
	struct slot *s = &t->slot[n];

	if (s->newer == NIL)
		t->newest = s->older;
	else
		t->slot[s->newer].older = s->older;
	if (s->older == NIL)
		t->oldest = s->newer;
	else
		t->slot[s->older].newer = s->newer;
}

static void
list_in(struct flow_table *t, uint32_t n, uint64_t now_ms)
{
	struct slot *s = &t->slot[n];

	s->listed_ms = now_ms;
	s->newer = NIL;
	s->older = t->newest;
	if (t->newest == NIL)
		t->oldest = n;
	else
		t->slot[t->newest].newer = n;
	t->newest = n;
}

static void
drop(struct flow_table *t, uint32_t n)
{
	struct slot *s = &t->slot[n];

	index_del(t, index_at(t, &s->flow.key, s->flow.hash));
	list_out(t, n);
	count_less(t, s->flow.peer);
	s->older = t->free;
	t->free = n;
	t->used--;
}

/* A slot that was given back, else one that was never used. */
static uint32_t
slot_take(struct flow_table *t)
{
	uint32_t n = t->free;

	if (n == NIL)
		return t->used++;
	t->free = t->slot[n].older;
	t->used++;
	return n;
}

static uint32_t
make(struct flow_table *t, const struct flow_key *k, uint32_t hash,
    uint32_t peer, uint64_t now_ms)
{
	uint32_t n = slot_take(t);
	struct slot *s = &t->slot[n];

	*s = (struct slot){.flow = {.hash = hash, .idle_ms = FLOW_NEW}};
	s->flow.key = *k;
	s->flow.peer = peer;
	t->index[index_at(t, k, hash)] = (struct entry){hash, n};
	list_in(t, n, now_ms);
	count_more(t, peer);
	return n;
}

static uint32_t
idle(const struct flow *f, uint64_t now_ms)
{
	uint64_t ms = now_ms - f->last_ms;

	if (f->packets == 0 && f->last_ms == 0)
		return FLOW_NEW;
	return ms < FLOW_NEW - 1 ? (uint32_t)ms : FLOW_NEW - 1;
}

struct flow *
flow_touch(struct flow_table *t, const struct flow_key *k, uint32_t peer,
    uint64_t now_ms, uint64_t *evicted)
{
	uint32_t hash = hash_of(t, k), n;
	struct flow *f;

	n = t->index[index_at(t, k, hash)].n;
	if (n == NIL) {
		if (t->used == t->max) {
			drop(t, t->oldest);
			(*evicted)++;
		}
		n = make(t, k, hash, peer, now_ms);
	} else if (now_ms - t->slot[n].listed_ms >= ORDER_MS) {
		list_out(t, n);
		list_in(t, n, now_ms);
	}
	f = &t->slot[n].flow;
	f->idle_ms = idle(f, now_ms);
	if (f->peer != peer) { /* the route changed */
		count_less(t, f->peer);
		count_more(t, peer);
		f->peer = peer;
		f->stream = 0;
		f->idle_ms = FLOW_NEW;
	}
	f->last_ms = now_ms;
	return f;
}

struct flow *
flow_find(struct flow_table *t, const struct flow_key *k)
{
	uint32_t n = t->index[index_at(t, k, hash_of(t, k))].n;

	return n == NIL ? NULL : &t->slot[n].flow;
}

uint32_t
flow_expire(struct flow_table *t, uint64_t now_ms, uint64_t idle_ms)
{
	uint32_t n = 0, at, newer;
	const struct slot *s;

	for (at = t->oldest; at != NIL; at = newer) {
		s = &t->slot[at];
		newer = s->newer;
		if (now_ms < s->listed_ms || now_ms - s->listed_ms < idle_ms)
			break; /* nor can those be that follow */
		if (now_ms < s->flow.last_ms ||
		    now_ms - s->flow.last_ms < idle_ms)
			continue;
		drop(t, at);
		n++;
	}
	return n;
}

void
flow_drop_peer(struct flow_table *t, uint32_t peer)
{
	uint32_t n, next;

	for (n = t->newest; n != NIL; n = next) {
		next = t->slot[n].older;
		if (t->slot[n].flow.peer == peer)
			drop(t, n);
	}
}

uint32_t
flow_count(const struct flow_table *t)
{
	return t->used;
}

uint32_t
flow_count_peer(const struct flow_table *t, uint32_t peer)
{
	return t->count[count_at(t, peer)].n;
}

/* The cursor is the slot's number + 1; 0 begins with the newest. */
const struct flow *
flow_at(const struct flow_table *t, uint32_t *cursor)
{
	uint32_t n;

	if (*cursor == 0)
		n = t->newest;
	else
		n = *cursor <= t->max ? t->slot[*cursor - 1].older : NIL;
	if (n == NIL)
		return NULL;
	*cursor = n + 1;
	return &t->slot[n].flow;
}
