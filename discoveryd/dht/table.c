/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/table.c */
/*
 * The routing table; see table.h.
 *
 * Whoever fills a table decides whom its owner asks.  So a node that answers
 * is never pushed out by one that is new; an address, and in each bucket a
 * network, has few places; and nothing that another node says about a third
 * is written here.
 */
#include <stdlib.h>
#include <string.h>

#include "node_id.h"
#include "table.h"

#define LOG_STEPS 16 /* of table_size_log */
#define LOG_MAX 64   /* log2 of a size nobody believes */

/* ---- the metric ---- */

unsigned
id_common(const uint8_t a[DHT_ID], const uint8_t b[DHT_ID])
{
	unsigned n = 0;
	uint8_t x;

	while (n < DHT_ID && a[n] == b[n])
		n++;
	if (n == DHT_ID)
		return DHT_ID * 8;
	x = a[n] ^ b[n];
	return n * 8 + (unsigned)__builtin_clz((unsigned)x << 24);
}

bool
id_closer(const uint8_t target[DHT_ID], const uint8_t a[DHT_ID],
    const uint8_t b[DHT_ID])
{
	for (int i = 0; i < DHT_ID; i++)
		if (a[i] != b[i])
			return (a[i] ^ target[i]) < (b[i] ^ target[i]);
	return false;
}

/* ---- who may come in ---- */

/* One place for each host: what an IPv6 customer gets is a /64. */
static bool
same_host(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->b, b->b, a->family == 4 ? 4 : 8) == 0;
}

static bool
same_net(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->b, b->b, a->family == 4 ? 3 : 6) == 0;
}

static struct table_bucket *
bucket_of(const struct table *t, const uint8_t id[DHT_ID])
{
	unsigned i = id_common(t->own, id);

	return i < TABLE_BUCKETS ? t->bucket[i] : NULL;
}

static struct table_node *
in_list(struct table_node *list, unsigned n, const struct endpoint *ep)
{
	for (unsigned i = 0; i < n; i++)
		if (endpoint_eq(&list[i].ep, ep))
			return &list[i];
	return NULL;
}

static struct table_node *
find(const struct table *t, const struct endpoint *ep)
{
	struct table_node *n;

	for (int i = 0; i < TABLE_BUCKETS; i++) {
		if (t->bucket[i] == NULL)
			continue;
		n = in_list(t->bucket[i]->node, t->bucket[i]->n, ep);
		if (n != NULL)
			return n;
	}
	return NULL;
}

const struct table_node *
table_find(const struct table *t, const struct endpoint *ep)
{
	return find(t, ep);
}

static bool
host_is_known(const struct table *t, const struct addr *a)
{
	for (int i = 0; i < TABLE_BUCKETS; i++) {
		const struct table_bucket *b = t->bucket[i];

		for (unsigned j = 0; b != NULL && j < b->n; j++)
			if (same_host(&b->node[j].ep.addr, a))
				return true;
	}
	return false;
}

static bool
is_crowded(const struct table_bucket *b, const struct addr *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < b->n; i++)
		if (same_net(&b->node[i].ep.addr, a))
			n++;
	return n >= TABLE_PER_NET;
}

/* Is there any reason of its address not to have it? */
static bool
may_enter(
    const struct table *t, const struct table_bucket *b, const struct addr *a)
{
	if (t->loose)
		return true;
	return !host_is_known(t, a) && (b == NULL || !is_crowded(b, a));
}

/*
 * Who would make way: the one that is bad longest; where ids are bound to
 * addresses, one whose id is not; for one who asked us, one whom others named.
 */
static int
weakest(
    const struct table *t, const struct table_bucket *b, bool fits, bool met)
{
	int found = -1;

	for (unsigned i = 0; i < b->n; i++)
		if (b->node[i].misses >= TABLE_BAD &&
		    (found == -1 ||
			b->node[i].answered_ms < b->node[found].answered_ms))
			found = (int)i;
	for (unsigned i = 0; found == -1 && t->public && fits && i < b->n; i++)
		if (!b->node[i].fits)
			found = (int)i;
	for (unsigned i = b->n; found == -1 && met && i-- > 0;)
		if (!b->node[i].met)
			found = (int)i;
	return found;
}

bool
table_wants(const struct table *t, const struct dht_node *n, bool met)
{
	const struct table_bucket *b = bucket_of(t, n->id);

	if (id_common(t->own, n->id) == TABLE_BUCKETS || find(t, &n->ep))
		return false;
	if (!may_enter(t, b, &n->ep.addr))
		return false;
	return b == NULL || b->n < DHT_K ||
	    weakest(t, b, node_id_fits(n->id, &n->ep.addr), met) != -1;
}

/* ---- changes ---- */

void
table_init(struct table *t, const uint8_t own[DHT_ID])
{
	memset(t, 0, sizeof(*t));
	memcpy(t->own, own, DHT_ID);
}

void
table_clear(struct table *t)
{
	for (int i = 0; i < TABLE_BUCKETS; i++) {
		free(t->bucket[i]);
		t->bucket[i] = NULL;
	}
	t->n = 0;
}

static void
take_out(struct table_node *list, uint8_t *n, unsigned i)
{
	(*n)--;
	memmove(&list[i], &list[i + 1], (*n - i) * sizeof(list[0]));
}

/* One in reserve moves up, the one that answered last first. */
static void
move_up(struct table *t, struct table_bucket *b)
{
	while (b->n < DHT_K && b->nreserve > 0) {
		struct table_node n = b->reserve[--b->nreserve];

		if (!may_enter(t, b, &n.ep.addr))
			continue;
		b->node[b->n++] = n;
		t->n++;
	}
}

static void
drop(struct table *t, struct table_bucket *b, unsigned i)
{
	take_out(b->node, &b->n, i);
	t->n--;
}

static void
put_in_reserve(struct table_bucket *b, const struct table_node *n)
{
	struct table_node *old = in_list(b->reserve, b->nreserve, &n->ep);

	if (old != NULL)
		take_out(
		    b->reserve, &b->nreserve, (unsigned)(old - b->reserve));
	if (b->nreserve == DHT_K)
		take_out(b->reserve, &b->nreserve, 0);
	b->reserve[b->nreserve++] = *n;
}

static enum table_verdict
enter(struct table *t, struct table_bucket *b, const struct table_node *n)
{
	struct table_node *spare = in_list(b->reserve, b->nreserve, &n->ep);
	int weak;

	if (!may_enter(t, b, &n->ep.addr))
		return TABLE_REFUSED;
	if (b->n == DHT_K && (weak = weakest(t, b, n->fits, n->met)) != -1)
		drop(t, b, (unsigned)weak);
	if (b->n == DHT_K) {
		put_in_reserve(b, n);
		return TABLE_RESERVE;
	}
	if (spare != NULL)
		take_out(
		    b->reserve, &b->nreserve, (unsigned)(spare - b->reserve));
	b->node[b->n++] = *n;
	t->n++;
	return TABLE_NEW;
}

enum table_verdict
table_answered(
    struct table *t, uint64_t now_ms, const struct dht_node *n, bool met)
{
	unsigned i = id_common(t->own, n->id);
	struct table_node *old = find(t, &n->ep), fresh;

	if (i == TABLE_BUCKETS)
		return TABLE_REFUSED;
	if (old != NULL && memcmp(old->id, n->id, DHT_ID) == 0) {
		old->misses = 0;
		old->answered_ms = now_ms;
		old->met |= met;
		return TABLE_KNOWN;
	}
	if (old != NULL) /* who was there is not there any more */
		table_remove(t, &n->ep);
	if (t->bucket[i] == NULL)
		t->bucket[i] = calloc(1, sizeof(*t->bucket[i]));
	if (t->bucket[i] == NULL)
		return TABLE_REFUSED;
	if (t->bucket[i]->looked_ms == 0)
		t->bucket[i]->looked_ms = now_ms;
	fresh = (struct table_node){.ep = n->ep,
	    .fits = node_id_fits(n->id, &n->ep.addr),
	    .met = met,
	    .since_ms = now_ms,
	    .answered_ms = now_ms,
	    .asked_ms = now_ms};
	memcpy(fresh.id, n->id, DHT_ID);
	return enter(t, t->bucket[i], &fresh);
}

bool
table_met(struct table *t, const struct dht_node *n)
{
	struct table_node *old = find(t, &n->ep);

	if (old == NULL || memcmp(old->id, n->id, DHT_ID) != 0)
		return false;
	old->met = true;
	return true;
}

void
table_remove(struct table *t, const struct endpoint *ep)
{
	for (int i = 0; i < TABLE_BUCKETS; i++) {
		struct table_bucket *b = t->bucket[i];
		struct table_node *n;

		if (b == NULL)
			continue;
		n = in_list(b->reserve, b->nreserve, ep);
		if (n != NULL)
			take_out(b->reserve, &b->nreserve,
			    (unsigned)(n - b->reserve));
		n = in_list(b->node, b->n, ep);
		if (n == NULL)
			continue;
		drop(t, b, (unsigned)(n - b->node));
		move_up(t, b);
	}
}

void
table_asked(struct table *t, uint64_t now_ms, const struct endpoint *ep)
{
	struct table_node *n = find(t, ep);

	if (n != NULL)
		n->asked_ms = now_ms;
}

void
table_missed(struct table *t, uint64_t now_ms, const struct endpoint *ep)
{
	struct table_node *n = find(t, ep);
	struct table_bucket *b;

	if (n == NULL)
		return;
	n->asked_ms = now_ms;
	n->misses++;
	b = bucket_of(t, n->id);
	if (b == NULL || n->misses < TABLE_BAD)
		return;
	if (b->nreserve == 0 && n->misses < TABLE_GONE)
		return;
	drop(t, b, (unsigned)(n - b->node));
	move_up(t, b);
}

void
table_rename(struct table *t, uint64_t now_ms, const uint8_t own[DHT_ID])
{
	struct table old = *t;

	memcpy(t->own, own, DHT_ID);
	memset(t->bucket, 0, sizeof(t->bucket));
	t->n = 0;
	for (int i = 0; i < TABLE_BUCKETS; i++) {
		struct table_bucket *b = old.bucket[i];

		for (unsigned j = 0; b != NULL && j < b->n; j++) {
			struct table_node *to, *from = &b->node[j];
			struct dht_node n = {.ep = from->ep};

			memcpy(n.id, from->id, DHT_ID);
			if (table_answered(t, now_ms, &n, from->met) !=
			    TABLE_NEW)
				continue;
			to = find(t, &n.ep);
			*to = *from;
		}
	}
	table_clear(&old);
}

/* ---- questions ---- */

bool
table_is_good(const struct table_node *n, uint64_t now_ms)
{
	return n->misses < TABLE_BAD && n->answered_ms + TABLE_GOOD_MS > now_ms;
}

/* Keep out[] sorted, best first, of at most max. */
static size_t
insert(struct dht_node *out, size_t n, size_t max, const uint8_t target[DHT_ID],
    const struct table_node *from)
{
	size_t i = n;

	if (n == max) {
		if (max == 0 || !id_closer(target, from->id, out[n - 1].id))
			return n;
		i = n - 1;
	} else {
		n++;
	}
	while (i > 0 && id_closer(target, from->id, out[i - 1].id)) {
		out[i] = out[i - 1];
		i--;
	}
	memcpy(out[i].id, from->id, DHT_ID);
	out[i].ep = from->ep;
	return n;
}

size_t
table_closest(const struct table *t, uint64_t now_ms,
    const uint8_t target[DHT_ID], bool good, struct dht_node *out, size_t max)
{
	size_t n = 0;

	for (int i = 0; i < TABLE_BUCKETS; i++) {
		const struct table_bucket *b = t->bucket[i];

		for (unsigned j = 0; b != NULL && j < b->n; j++)
			if (good ? table_is_good(&b->node[j], now_ms)
				 : b->node[j].misses < TABLE_BAD)
				n = insert(out, n, max, target, &b->node[j]);
	}
	return n;
}

size_t
table_good(
    const struct table *t, uint64_t now_ms, struct dht_node *out, size_t max)
{
	uint64_t since[DHT_K * TABLE_BUCKETS];
	size_t n = 0;

	if (max > sizeof(since) / sizeof(since[0]))
		max = sizeof(since) / sizeof(since[0]);
	if (max == 0)
		return 0;
	for (int i = 0; i < TABLE_BUCKETS; i++) {
		const struct table_bucket *b = t->bucket[i];

		for (unsigned j = 0; b != NULL && j < b->n; j++) {
			const struct table_node *p = &b->node[j];
			size_t at;

			if (!table_is_good(p, now_ms))
				continue;
			if (n == max && since[n - 1] <= p->since_ms)
				continue;
			at = n == max ? n - 1 : n++;
			for (; at > 0 && since[at - 1] > p->since_ms; at--) {
				since[at] = since[at - 1];
				out[at] = out[at - 1];
			}
			since[at] = p->since_ms;
			memcpy(out[at].id, p->id, DHT_ID);
			out[at].ep = p->ep;
		}
	}
	return n;
}

size_t
table_count_good(const struct table *t, uint64_t now_ms)
{
	size_t n = 0;

	for (int i = 0; i < TABLE_BUCKETS; i++)
		for (unsigned j = 0;
		     t->bucket[i] != NULL && j < t->bucket[i]->n; j++)
			n += table_is_good(&t->bucket[i]->node[j], now_ms);
	return n;
}

unsigned
table_buckets(const struct table *t)
{
	unsigned n = 0;

	for (int i = 0; i < TABLE_BUCKETS; i++)
		n += t->bucket[i] != NULL && t->bucket[i]->n > 0;
	return n;
}

/* ---- upkeep ---- */

/* When this node should be asked next. */
static uint64_t
touch_at(const struct table_node *n)
{
	uint64_t again = n->asked_ms + TABLE_AGAIN_MS;
	uint64_t touch = n->answered_ms + TABLE_TOUCH_MS;

	if (n->misses > 0)
		return n->asked_ms +
		    ((uint64_t)TABLE_AGAIN_MS << (n->misses - 1));
	return touch > again ? touch : again;
}

const struct table_node *
table_overdue(const struct table *t, uint64_t now_ms)
{
	const struct table_node *found = NULL;

	for (int i = 0; i < TABLE_BUCKETS; i++) {
		const struct table_bucket *b = t->bucket[i];

		for (unsigned j = 0; b != NULL && j < b->n; j++) {
			const struct table_node *n = &b->node[j];

			if (touch_at(n) > now_ms)
				continue;
			if (found == NULL || touch_at(n) < touch_at(found))
				found = n;
		}
	}
	return found;
}

void
table_looked(struct table *t, uint64_t now_ms, const uint8_t target[DHT_ID])
{
	struct table_bucket *b = bucket_of(t, target);

	if (b != NULL)
		b->looked_ms = now_ms;
}

int
table_idle(const struct table *t, uint64_t now_ms, uint64_t idle)
{
	for (int i = 0; i < TABLE_BUCKETS; i++) {
		const struct table_bucket *b = t->bucket[i];

		if (b != NULL && b->n > 0 && b->looked_ms + idle <= now_ms)
			return i;
	}
	return -1;
}

void
table_aim(const struct table *t, int bucket, uint8_t id[DHT_ID])
{
	for (int bit = 0; bit <= bucket && bit < TABLE_BUCKETS; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));
		uint8_t want = t->own[bit / 8] & mask;

		if (bit == bucket)
			want ^= mask;
		id[bit / 8] = (uint8_t)((id[bit / 8] & ~mask) | want);
	}
}

unsigned
table_size_log(const struct table *t)
{
	unsigned deep = 0, n = 1, log = 0; /* one: ourselves */

	/* beyond the first bucket with room we know everybody */
	while (deep < LOG_MAX && t->bucket[deep] != NULL &&
	    t->bucket[deep]->n == DHT_K)
		deep++;
	for (unsigned i = deep; i < TABLE_BUCKETS; i++)
		n += t->bucket[i] != NULL ? t->bucket[i]->n : 0;
	if (t->n == 0)
		return 0;
	while (n >> (log + 1) != 0)
		log++;
	/* between two powers of two a straight line is near enough */
	n = (n * LOG_STEPS >> log) - LOG_STEPS;
	return (log + deep) * LOG_STEPS + n;
}
