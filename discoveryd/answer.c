/* SPDX-License-Identifier: ISC */
/* file: discoveryd/answer.c */
/*
 * The address book (see answer.h).
 *
 * Two sorted arrays: peers by key, and prefixes by (family, length, masked
 * address) with the index of their peer.  A lookup asks for each length that
 * occurs, longest first: at most 129 binary searches, and usually two.  That
 * is nothing beside the handshake that follows, and there is no tree to get
 * wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "answer.h"

#define LENGTHS 129 /* 0..128 */

struct entry {
	uint8_t key[32];
	char name[CONF_NAME_MAX];
	uint8_t nplaces;
	struct endpoint place[CONF_ENDPOINTS_MAX];
	bool has_seen, up;
	struct endpoint seen;
};

struct owned {
	struct prefix prefix; /* masked */
	uint32_t peer;        /* before commit: as added; then: in peer[] */
};

struct edition { /* one complete configuration, or one in the making */
	struct entry *peer;
	struct owned *prefix;
	size_t npeers, peers_room;
	size_t nprefixes, prefixes_room;
	bool has4[LENGTHS], has6[LENGTHS];
};

struct book {
	struct edition now, next;
};

static void
edition_clear(struct edition *e)
{
	free(e->peer);
	free(e->prefix);
	*e = (struct edition){0};
}

struct book *
book_new(void)
{
	return calloc(1, sizeof(struct book));
}

void
book_free(struct book *b)
{
	if (b == NULL)
		return;
	edition_clear(&b->now);
	edition_clear(&b->next);
	free(b);
}

void
book_abandon(struct book *b)
{
	edition_clear(&b->next);
}

size_t
book_count(const struct book *b)
{
	return b->now.npeers;
}

/* ---- the next edition ---- */

/* Room for `more` behind n elements; the array, or NULL and it is unchanged. */
static void *
grow(void *array, size_t size, size_t n, size_t more, size_t *room)
{
	size_t want = *room == 0 ? 16 : *room;
	void *p;

	if (n + more <= *room)
		return array;
	while (want < n + more)
		want *= 2;
	p = reallocarray(array, want, size);
	if (p != NULL)
		*room = want;
	return p;
}

static int
reserve(struct edition *e, size_t nprefixes)
{
	void *p;

	p = grow(e->peer, sizeof(*e->peer), e->npeers, 1, &e->peers_room);
	if (p == NULL)
		return -1;
	e->peer = p;
	p = grow(e->prefix, sizeof(*e->prefix), e->nprefixes, nprefixes + 1,
	    &e->prefixes_room);
	if (p == NULL)
		return -1;
	e->prefix = p;
	return 0;
}

int
book_add(struct book *b, const struct conf_peer *p)
{
	struct edition *e = &b->next;
	struct entry *new;

	if (e->npeers >= CONF_PEERS_MAX || reserve(e, p->nallowed) == -1)
		return -1;
	for (uint16_t i = 0; i < p->nallowed; i++) {
		struct owned *o = &e->prefix[e->nprefixes++];

		o->prefix = p->allowed[i];
		prefix_mask(&o->prefix);
		o->peer = (uint32_t)e->npeers;
	}
	new = &e->peer[e->npeers++];
	*new = (struct entry){.nplaces = p->nendpoints};
	memcpy(new->key, p->key, sizeof(new->key));
	memcpy(new->name, p->name, sizeof(new->name));
	memcpy(new->place, p->endpoint, p->nendpoints * sizeof(p->endpoint[0]));
	return 0;
}

static int
by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return memcmp(x->key, y->key, sizeof(x->key));
}

static int
compare_prefix(const struct prefix *x, const struct prefix *y)
{
	if (x->addr.family != y->addr.family)
		return x->addr.family < y->addr.family ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->addr.b, y->addr.b, sizeof(x->addr.b));
}

static int
by_prefix(const void *a, const void *b)
{
	const struct owned *x = a, *y = b;
	int d = compare_prefix(&x->prefix, &y->prefix);

	if (d != 0)
		return d;
	/* the configuration has no prefix twice; if it had, the order of the
	 * file decides and not the sort */
	return x->peer < y->peer ? -1 : x->peer > y->peer;
}

static struct entry *
find_key(const struct edition *e, const uint8_t key[32])
{
	struct entry k = {0};

	if (e->npeers == 0)
		return NULL;
	memcpy(k.key, key, sizeof(k.key));
	return bsearch(&k, e->peer, e->npeers, sizeof(*e->peer), by_key);
}

/* Sort the peers by key, and let the prefixes follow to their new places. */
static int
sort_edition(struct edition *e)
{
	uint8_t(*key)[32] = calloc(e->npeers + 1, sizeof(*key));

	if (key == NULL)
		return -1;
	for (size_t i = 0; i < e->npeers; i++)
		memcpy(key[i], e->peer[i].key, sizeof(key[i]));
	if (e->nprefixes > 0)
		qsort(e->prefix, e->nprefixes, sizeof(*e->prefix), by_prefix);
	if (e->npeers > 0)
		qsort(e->peer, e->npeers, sizeof(*e->peer), by_key);
	for (size_t i = 0; i < e->nprefixes; i++) {
		struct owned *o = &e->prefix[i];

		o->peer = (uint32_t)(find_key(e, key[o->peer]) - e->peer);
		if (o->prefix.addr.family == 4)
			e->has4[o->prefix.len] = true;
		else
			e->has6[o->prefix.len] = true;
	}
	free(key);
	return 0;
}

int
book_commit(struct book *b)
{
	if (sort_edition(&b->next) == -1)
		return -1;
	for (size_t i = 0; i < b->next.npeers; i++) {
		struct entry *new = &b->next.peer[i];
		const struct entry *old = find_key(&b->now, new->key);

		if (old == NULL)
			continue;
		new->has_seen = old->has_seen;
		new->up = old->up;
		new->seen = old->seen;
	}
	edition_clear(&b->now);
	b->now = b->next;
	b->next = (struct edition){0};
	return (int)b->now.npeers;
}

/* ---- answers ---- */

static const struct entry *
find_owner(const struct edition *e, const struct addr *ip)
{
	const bool *has = ip->family == 4 ? e->has4 : e->has6;
	const struct owned *o;
	struct owned want;
	size_t lo, hi, mid;

	for (int len = addr_bits(ip); len >= 0; len--) {
		if (!has[len])
			continue;
		want = (struct owned){
		    .prefix = {.addr = *ip, .len = (uint8_t)len}};
		prefix_mask(&want.prefix);
		/* the first of equals: see by_prefix */
		for (lo = 0, hi = e->nprefixes; lo < hi;) {
			mid = lo + (hi - lo) / 2;
			if (by_prefix(&e->prefix[mid], &want) < 0)
				lo = mid + 1;
			else
				hi = mid;
		}
		if (lo == e->nprefixes)
			continue;
		o = &e->prefix[lo];
		if (compare_prefix(&o->prefix, &want.prefix) == 0)
			return &e->peer[o->peer];
	}
	return NULL;
}

/* Places are offered in the order in which they should be tried. */
static void
offer(struct msg_lookup_reply *m, uint8_t type, const struct endpoint *ep)
{
	for (unsigned i = 0; i < m->n; i++)
		if (endpoint_eq(&m->c[i].ep, ep))
			return;
	if (m->n == CANDIDATES_MAX)
		return;
	m->c[m->n] = (struct candidate){.type = type,
	    .ep = *ep,
	    .priority = (uint32_t)(CANDIDATES_MAX - m->n)};
	m->n++;
}

static void
describe(const struct entry *e, struct msg_lookup_reply *m)
{
	*m = (struct msg_lookup_reply){.status = LOOKUP_UNKNOWN};
	if (e == NULL)
		return;
	m->status = LOOKUP_FOUND;
	memcpy(m->key, e->key, sizeof(m->key));
	if (e->has_seen)
		offer(m, BOOK_PLACE_SEEN, &e->seen);
	for (unsigned i = 0; i < e->nplaces; i++)
		offer(m, BOOK_PLACE_CONFIGURED, &e->place[i]);
}

void
book_lookup(
    const struct book *b, const struct addr *ip, struct msg_lookup_reply *m)
{
	struct addr a = *ip;
	const struct entry *e = NULL;

	addr_canonical(&a);
	if (a.family == 4 || a.family == 6)
		e = find_owner(&b->now, &a);
	describe(e, m);
}

void
book_lookup_key(
    const struct book *b, const uint8_t key[32], struct msg_lookup_reply *m)
{
	describe(find_key(&b->now, key), m);
}

void
book_lookup_name(
    const struct book *b, const char *name, struct msg_lookup_reply *m)
{
	const struct entry *e = NULL;

	for (size_t i = 0; e == NULL && i < b->now.npeers; i++)
		if (strcmp(b->now.peer[i].name, name) == 0)
			e = &b->now.peer[i];
	describe(e, m);
}

bool
book_seen(struct book *b, const struct msg_peer_seen *m)
{
	struct entry *e = find_key(&b->now, m->key);

	if (e == NULL)
		return false;
	e->up = m->up;
	if (m->ep.addr.family == 0 || m->ep.port == 0)
		return true;
	e->has_seen = true;
	e->seen = m->ep;
	addr_canonical(&e->seen.addr);
	return true;
}

bool
book_recent(const struct book *b, size_t *cursor, struct msg_lookup_reply *m)
{
	while (*cursor < b->now.npeers) {
		const struct entry *e = &b->now.peer[(*cursor)++];

		if (!e->up)
			continue;
		describe(e, m);
		return true;
	}
	return false;
}
