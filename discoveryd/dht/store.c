/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/store.c */
/*
 * What we keep for others: see store.h.  Every item is in three orders: its
 * chain in the hash table, the order of use (whoever is first there makes way)
 * and the order of age (whoever is first there expires first; all live
 * equally long).
 *
 * The order of checks in store_put is the policy: what costs nothing first,
 * the signature near the end, and nothing changes before it is known good.
 */
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "allow.h"
#include "siphash.h"
#include "tally.h"

#define CHAINS_MIN 16
#define KEY_AND_SIG (32 + 64)

struct item {
	struct item *next; /* in its chain */
	TAILQ_ENTRY(item) by_use;
	TAILQ_ENTRY(item) by_age;
	uint64_t expires_ms;
	uint64_t source, net; /* who it counts for; 0: ourselves */
	uint64_t seq;
	uint8_t target[DHT_ID];
	uint16_t vlen;
	bool is_mutable;
	uint8_t data[]; /* mutable: k 32, sig 64; then v */
};
TAILQ_HEAD(item_list, item);

struct store {
	uint8_t key[16];
	struct store_bounds max;
	struct item **chain;
	uint32_t mask; /* chains - 1 */
	struct item_list by_use, by_age;
	uint32_t octets; /* of the items */
	struct tally of_source, of_net;
	struct allow_table *puts; /* NULL until somebody puts */
	struct store_stats stats;
};

static uint32_t
or_else(uint32_t n, uint32_t usual)
{
	return n == 0 ? usual : n;
}

struct store *
store_new(const uint8_t hash_key[16], const struct store_bounds *b)
{
	static const struct store_bounds usual;
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->chain = calloc(CHAINS_MIN, sizeof(*s->chain));
	if (s->chain == NULL) {
		free(s);
		return NULL;
	}
	s->mask = CHAINS_MIN - 1;
	memcpy(s->key, hash_key, sizeof(s->key));
	TAILQ_INIT(&s->by_use);
	TAILQ_INIT(&s->by_age);
	if (b == NULL)
		b = &usual;
	s->max = (struct store_bounds){or_else(b->items, STORE_ITEMS_MAX),
	    or_else(b->octets, STORE_OCTETS_MAX),
	    or_else(b->per_source, STORE_PER_SOURCE),
	    or_else(b->per_net, STORE_PER_NET),
	    or_else(b->puts_minute, STORE_PUTS_MINUTE)};
	return s;
}

/* ---- the table ---- */

static const uint8_t *
value_of(const struct item *i)
{
	return i->data + (i->is_mutable ? KEY_AND_SIG : 0);
}

static uint32_t
size_of(const struct item *i)
{
	return (
	    uint32_t)(sizeof(*i) + (i->is_mutable ? KEY_AND_SIG : 0) + i->vlen);
}

/* Everything that we have taken from the system. */
static uint32_t
octets_of(const struct store *s)
{
	return s->octets +
	    (uint32_t)(sizeof(*s) + (s->mask + 1) * sizeof(*s->chain) +
		tally_octets(&s->of_source) + tally_octets(&s->of_net) +
		(s->puts == NULL ? 0 : sizeof(*s->puts)));
}

static struct item **
chain_of(const struct store *s, const uint8_t target[DHT_ID])
{
	return &s->chain[siphash(s->key, target, DHT_ID) & s->mask];
}

/* Where the pointer to it is, or the NULL at the end of its chain. */
static struct item **
find(const struct store *s, const uint8_t target[DHT_ID])
{
	struct item **at = chain_of(s, target);

	while (*at != NULL && memcmp((*at)->target, target, DHT_ID) != 0)
		at = &(*at)->next;
	return at;
}

/* As many chains as items, about; longer chains if there is no memory. */
static void
grow(struct store *s)
{
	uint32_t chains = s->mask + 1;
	struct item **old = s->chain, *i, *next;

	if (s->stats.items < chains)
		return;
	s->chain = calloc(chains * 2, sizeof(*s->chain));
	if (s->chain == NULL) {
		s->chain = old;
		return;
	}
	s->mask = chains * 2 - 1;
	for (uint32_t c = 0; c < chains; c++)
		for (i = old[c]; i != NULL; i = next) {
			struct item **at = chain_of(s, i->target);

			next = i->next;
			i->next = *at;
			*at = i;
		}
	free(old);
}

static void
drop(struct store *s, struct item *i)
{
	*find(s, i->target) = i->next;
	TAILQ_REMOVE(&s->by_use, i, by_use);
	TAILQ_REMOVE(&s->by_age, i, by_age);
	s->octets -= size_of(i);
	s->stats.items--;
	if (i->source != 0) {
		tally_sub(&s->of_source, i->source);
		tally_sub(&s->of_net, i->net);
	}
	free(i);
}

/* Let those go that were not used for the longest time. */
static void
make_room(struct store *s, uint32_t octets)
{
	struct item *i, *next;

	for (i = TAILQ_FIRST(&s->by_use); i != NULL; i = next) {
		if (s->stats.items < s->max.items &&
		    octets_of(s) + octets <= s->max.octets)
			return;
		next = TAILQ_NEXT(i, by_use);
		drop(s, i);
		s->stats.evicted++;
	}
}

static void
used(struct store *s, struct item *i)
{
	TAILQ_REMOVE(&s->by_use, i, by_use);
	TAILQ_INSERT_TAIL(&s->by_use, i, by_use);
}

void
store_free(struct store *s)
{
	struct item *i, *next;

	if (s == NULL)
		return;
	for (i = TAILQ_FIRST(&s->by_use); i != NULL; i = next) {
		next = TAILQ_NEXT(i, by_use);
		drop(s, i);
	}
	tally_clear(&s->of_source);
	tally_clear(&s->of_net);
	free(s->puts);
	free(s->chain);
	free(s);
}

/* ---- putting ---- */

/* Who puts what; 0 is ourselves. */
struct put {
	const struct dht_item *item;
	uint64_t now_ms, cas, source, net;
	uint8_t target[DHT_ID];
};

static bool
too_fast(struct store *s, const struct put *p)
{
	struct allow_rate rate = {
	    s->max.puts_minute, 60 * 1000, s->max.puts_minute};

	if (p->source == 0)
		return false;
	if (s->puts == NULL)
		s->puts = calloc(1, sizeof(*s->puts));
	if (s->puts != NULL &&
	    allow_source_take(s->puts, p->now_ms, &rate, p->source))
		return false;
	s->stats.too_fast++;
	return true;
}

static bool
too_many(struct store *s, const struct put *p)
{
	if (p->source == 0)
		return false;
	if (tally_get(&s->of_source, p->source) >= s->max.per_source) {
		s->stats.too_many_source++;
		return true;
	}
	if (tally_get(&s->of_net, p->net) >= s->max.per_net) {
		s->stats.too_many_net++;
		return true;
	}
	return false;
}

static enum krpc_code
check_value(struct store *s, const struct dht_item *i)
{
	if (i->vlen <= DHT_V_MAX && i->saltlen <= DHT_SALT_MAX &&
	    i->seq <= INT64_MAX && ben_is_value(i->v, i->vlen))
		return KRPC_E_NONE;
	s->stats.bad_value++;
	if (i->vlen > DHT_V_MAX)
		return KRPC_E_V;
	return i->saltlen > DHT_SALT_MAX ? KRPC_E_SALT : KRPC_E_PROTOCOL;
}

static bool
same_value(const struct item *have, const struct dht_item *i)
{
	return have->vlen == i->vlen &&
	    memcmp(value_of(have), i->v, i->vlen) == 0;
}

/* May it take the place of what is there? */
static enum krpc_code
check_present(struct store *s, const struct item *have, const struct put *p)
{
	/* one hash for two kinds: somebody made it so, on purpose */
	if (have->is_mutable != p->item->is_mutable) {
		s->stats.bad_value++;
		return KRPC_E_PROTOCOL;
	}
	if (!have->is_mutable)
		return KRPC_E_NONE;
	if (p->cas != KRPC_NO_CAS && p->cas != have->seq) {
		s->stats.bad_cas++;
		return KRPC_E_CAS;
	}
	if (p->item->seq < have->seq ||
	    (p->item->seq == have->seq && !same_value(have, p->item))) {
		s->stats.bad_seq++;
		return KRPC_E_SEQ;
	}
	return KRPC_E_NONE;
}

static struct item *
item_new(const struct put *p)
{
	const struct dht_item *from = p->item;
	size_t head = from->is_mutable ? KEY_AND_SIG : 0;
	struct item *i = malloc(sizeof(*i) + head + from->vlen);

	if (i == NULL)
		return NULL;
	*i = (struct item){.source = p->source,
	    .net = p->net,
	    .seq = from->is_mutable ? from->seq : 0,
	    .vlen = from->vlen,
	    .is_mutable = from->is_mutable};
	memcpy(i->target, p->target, DHT_ID);
	if (from->is_mutable) {
		memcpy(i->data, from->k, 32);
		memcpy(i->data + 32, from->sig, 64);
	}
	memcpy(i->data + head, from->v, from->vlen);
	return i;
}

/* One more for its source and net; 0, or -1 and nothing has changed. */
static int
count_in(struct store *s, const struct put *p)
{
	if (p->source == 0)
		return 0;
	if (tally_add(&s->of_source, p->source) == -1)
		return -1;
	if (tally_add(&s->of_net, p->net) == 0)
		return 0;
	tally_sub(&s->of_source, p->source);
	return -1;
}

static void
lives_on(struct store *s, struct item *i, uint64_t now_ms)
{
	i->expires_ms = now_ms + STORE_LIFE_MS;
	TAILQ_INSERT_TAIL(&s->by_age, i, by_age);
}

/* It is good, and new here or newer than what is here. */
static enum krpc_code
insert(struct store *s, const struct put *p, struct item *have)
{
	struct item *i, **at;

	if ((have == NULL || have->source != p->source) && too_many(s, p))
		return KRPC_E_SERVER;
	i = item_new(p);
	if (i == NULL || count_in(s, p) == -1) {
		free(i);
		s->stats.no_memory++;
		return KRPC_E_SERVER;
	}
	if (have == NULL)
		s->stats.stored++;
	else {
		drop(s, have);
		s->stats.replaced++;
	}
	grow(s);
	make_room(s, size_of(i));
	at = chain_of(s, i->target);
	i->next = *at;
	*at = i;
	TAILQ_INSERT_TAIL(&s->by_use, i, by_use);
	lives_on(s, i, p->now_ms);
	s->octets += size_of(i);
	s->stats.items++;
	return KRPC_E_NONE;
}

static bool
is_repeated(const struct item *have, const struct dht_item *i)
{
	return !have->is_mutable ||
	    (have->seq == i->seq && same_value(have, i));
}

enum krpc_code
store_put(struct store *s, uint64_t now_ms, const struct addr *from,
    const struct dht_item *item, uint64_t cas)
{
	struct put p = {.item = item, .now_ms = now_ms, .cas = cas};
	struct item *have;
	enum krpc_code code;

	store_tick(s, now_ms);
	if (from != NULL) {
		p.source = allow_source(s->key, from);
		p.net = allow_net(s->key, from);
	}
	if (too_fast(s, &p))
		return KRPC_E_SERVER;
	if ((code = check_value(s, item)) != KRPC_E_NONE)
		return code;
	dht_target(p.target, item);
	have = *find(s, p.target);
	if (have != NULL && (code = check_present(s, have, &p)) != KRPC_E_NONE)
		return code;
	if (!dht_item_ok(item)) {
		s->stats.bad_sig++;
		return KRPC_E_SIG;
	}
	if (have == NULL || !is_repeated(have, item))
		return insert(s, &p, have);
	/* it stays with who brought it first: repeating costs nobody a place */
	TAILQ_REMOVE(&s->by_age, have, by_age);
	lives_on(s, have, now_ms);
	used(s, have);
	s->stats.refreshed++;
	return KRPC_E_NONE;
}

/* ---- getting ---- */

bool
store_get(struct store *s, uint64_t now_ms, const uint8_t target[DHT_ID],
    struct store_item *out)
{
	struct item *i;

	store_tick(s, now_ms);
	i = *find(s, target);
	if (i == NULL)
		return false;
	used(s, i);
	*out = (struct store_item){.seq = i->seq, .v = {value_of(i), i->vlen}};
	if (i->is_mutable) {
		out->k = i->data;
		out->sig = i->data + 32;
	}
	return true;
}

void
store_tick(struct store *s, uint64_t now_ms)
{
	struct item *i, *next;

	for (i = TAILQ_FIRST(&s->by_age); i != NULL && i->expires_ms <= now_ms;
	     i = next) {
		next = TAILQ_NEXT(i, by_age);
		drop(s, i);
		s->stats.expired++;
	}
}

uint64_t
store_due(const struct store *s)
{
	const struct item *i = TAILQ_FIRST(&s->by_age);

	return i == NULL ? UINT64_MAX : i->expires_ms;
}

void
store_get_stats(const struct store *s, struct store_stats *out)
{
	*out = s->stats;
	out->octets = octets_of(s);
}
