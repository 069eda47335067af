/* SPDX-License-Identifier: ISC */
/*
 * What we keep for others, with a few keys, salts, sources and bounds so small
 * that everything is soon full.  The input is a list of what happens.
 *
 * Oracle: a model that is a plain array says the same of every put and get;
 * the store owns up to every octet that it has taken (the allocator counts);
 * of announced peers none is older or more than allowed.
 */
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "dht_items.h"
#include "store.h"
#include "swarm.h"

#define KEYS 3
#define SALTS 2
#define SEQS 4
#define VALUES 3
#define MUTABLE (KEYS * SALTS * SEQS * VALUES)
#define ITEMS (MUTABLE + 8)
#define SOURCES 7 /* 0: ourselves */
#define PUTS_MINUTE 12
#define MODEL_MAX 6 /* items */
#define PER_SOURCE 3
#define PER_NET 4
#define HASHES 3
#define LONGEST 800 /* a signature is slow to check */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
/* sanitizer/allocator_interface.h, which only clang brings */
size_t __sanitizer_get_current_allocated_bytes(void);

static const uint8_t hash_key[16] = {1, 2, 3};

struct entry {
	const struct dht_item *item; /* NULL: free */
	uint8_t target[DHT_ID];
	int source;
	uint64_t expires_ms, use;
};

struct run {
	const uint8_t *p;
	size_t left;
	struct store *s;
	struct swarm *w;
	bool exact; /* no bound on octets, so that the model knows all */
	uint64_t now_ms, uses;
	struct entry e[MODEL_MAX];
	struct allowance puts[SOURCES];
	uint64_t announced[HASHES][SOURCES]; /* when last; 0: never */
};

static struct dht_item items[ITEMS];
static struct addr sources[SOURCES];

static void
must(bool what)
{
	if (!what)
		abort();
}

static unsigned
take(struct run *r, unsigned below)
{
	if (r->left == 0)
		return 0;
	r->left--;
	return *r->p++ % below;
}

static void
make_all(void)
{
	static const char *const text[SOURCES] = {"0.0.0.0", "192.0.2.1",
	    "192.0.2.2", "192.0.2.3", "198.51.100.1", "2001:db8::1",
	    "2001:db8:0:1::1"};
	static const char *const salt[SALTS] = {"", "salt"};
	static const char *const v[VALUES] = {"0:", "5:hello", "d1:ai1ee"};

	must(crypto_init() == 0);
	for (unsigned i = 0; i < MUTABLE; i++)
		items[i] =
		    item_mutable((uint8_t)(i % KEYS), salt[i / KEYS % SALTS],
			i / KEYS / SALTS % SEQS, v[i / KEYS / SALTS / SEQS]);
	for (uint32_t i = MUTABLE; i < ITEMS; i++)
		items[i] = item_immutable(i);
	for (int i = 0; i < SOURCES; i++)
		must(addr_parse(text[i], &sources[i]) == 0);
}

/* What libcrypto takes or gives once and for all is not the store's doing. */
static void
warm_up(void)
{
	struct store *s = store_new(hash_key, NULL);

	must(store_put(s, 0, NULL, &items[0], KRPC_NO_CAS) == KRPC_E_NONE);
	store_free(s);
}

/* ---- the model ---- */

static int
net_of(int source)
{
	return source <= 3 ? 1 : source == 4 ? 2 : 3;
}

static void
expire(struct run *r)
{
	for (int i = 0; i < MODEL_MAX; i++)
		if (r->e[i].item != NULL && r->e[i].expires_ms <= r->now_ms)
			r->e[i].item = NULL;
}

static struct entry *
find(struct run *r, const uint8_t target[DHT_ID])
{
	for (int i = 0; i < MODEL_MAX; i++)
		if (r->e[i].item != NULL &&
		    memcmp(r->e[i].target, target, DHT_ID) == 0)
			return &r->e[i];
	return NULL;
}

static bool
over_caps(const struct run *r, int source)
{
	int mine = 0, ours = 0;

	if (source == 0)
		return false;
	for (int i = 0; i < MODEL_MAX; i++) {
		if (r->e[i].item == NULL || r->e[i].source == 0)
			continue;
		mine += r->e[i].source == source;
		ours += net_of(r->e[i].source) == net_of(source);
	}
	return mine >= PER_SOURCE || ours >= PER_NET;
}

/* A free place, or that of the one not used for longest. */
static struct entry *
place(struct run *r)
{
	struct entry *best = &r->e[0];

	for (int i = 0; i < MODEL_MAX; i++) {
		if (r->e[i].item == NULL)
			return &r->e[i];
		if (r->e[i].use < best->use)
			best = &r->e[i];
	}
	return best;
}

static bool
same_value(const struct dht_item *a, const struct dht_item *b)
{
	return a->vlen == b->vlen && memcmp(a->v, b->v, a->vlen) == 0;
}

static enum krpc_code
model_put(struct run *r, int source, const struct dht_item *item, uint64_t cas,
    bool forged)
{
	static const struct allow_rate rate = {PUTS_MINUTE, 60000, PUTS_MINUTE};
	uint8_t target[DHT_ID];
	struct entry *e;

	expire(r);
	dht_target(target, item);
	e = find(r, target);
	if (source != 0 && !allow_take(&r->puts[source], r->now_ms, &rate, 1))
		return KRPC_E_SERVER;
	if (e != NULL && item->is_mutable) {
		if (cas != KRPC_NO_CAS && cas != e->item->seq)
			return KRPC_E_CAS;
		if (item->seq < e->item->seq ||
		    (item->seq == e->item->seq && !same_value(item, e->item)))
			return KRPC_E_SEQ;
	}
	if (forged)
		return KRPC_E_SIG;
	if (e == NULL || e->item->seq != item->seq) {
		if ((e == NULL || e->source != source) && over_caps(r, source))
			return KRPC_E_SERVER;
		if (e == NULL)
			e = place(r);
		e->source = source;
	}
	e->item = item;
	memcpy(e->target, target, DHT_ID);
	e->expires_ms = r->now_ms + STORE_LIFE_MS;
	e->use = ++r->uses;
	return KRPC_E_NONE;
}

/* ---- what can happen ---- */

static void
put(struct run *r)
{
	unsigned source = take(r, SOURCES), which = take(r, ITEMS),
		 how = take(r, 16);
	struct dht_item item = items[which];
	uint64_t cas = how < 4 ? how : KRPC_NO_CAS;
	bool forged = how == 4 && item.is_mutable;
	enum krpc_code got, want;

	if (forged)
		item.sig[which % 64] ^= 1;
	got = store_put(
	    r->s, r->now_ms, source == 0 ? NULL : &sources[source], &item, cas);
	must(!forged || got != KRPC_E_NONE);
	if (!r->exact)
		return;
	want = model_put(r, (int)source, &items[which], cas, forged);
	must(got == want);
}

static void
get(struct run *r)
{
	const struct dht_item *item = &items[take(r, ITEMS)];
	struct store_item got;
	uint8_t target[DHT_ID];
	struct entry *e;
	bool found;

	dht_target(target, item);
	found = store_get(r->s, r->now_ms, target, &got);
	expire(r);
	e = find(r, target);
	if (r->exact) {
		must(found == (e != NULL));
		if (found) {
			must(got.seq == e->item->seq);
			must(octets_eq(&got.v, e->item->v, e->item->vlen));
			e->use = ++r->uses;
		}
	}
	if (!found)
		return;
	must((got.k != NULL) == item->is_mutable);
	must(got.k == NULL || memcmp(got.k, item->k, 32) == 0);
	must(ben_is_value(got.v.p, got.v.len));
}

static void
announce(struct run *r)
{
	unsigned h = take(r, HASHES), source = 1 + take(r, SOURCES - 1);
	struct endpoint e = {sources[source], (uint16_t)(1 + source)};
	uint8_t id[DHT_ID] = {(uint8_t)h};

	if (swarm_announce(r->w, r->now_ms, id, &e) == 0)
		r->announced[h][source] = r->now_ms;
}

static void
peers(struct run *r)
{
	unsigned h = take(r, HASHES), n = 0;
	uint8_t id[DHT_ID] = {(uint8_t)h};
	struct endpoint out[SOURCES];
	size_t got;

	for (uint8_t family = 4; family <= 6; family += 2) {
		got = swarm_peers(r->w, r->now_ms, id, family, out, SOURCES);
		n += (unsigned)got;
		for (size_t i = 0; i < got; i++) {
			must(out[i].addr.family == family);
			must(addr_eq(&out[i].addr, &sources[out[i].port - 1]));
		}
	}
	for (unsigned source = 1; source < SOURCES; source++)
		n -= r->announced[h][source] != 0 &&
		    r->now_ms < r->announced[h][source] + SWARM_LIFE_MS;
	must(n == 0);
}

static void
pass_time(struct run *r)
{
	static const uint64_t step[] = {1, 1000, 20000, SWARM_LIFE_MS / 2,
	    SWARM_LIFE_MS, STORE_LIFE_MS / 2, STORE_LIFE_MS - 1, STORE_LIFE_MS};

	r->now_ms += step[take(r, sizeof(step) / sizeof(step[0]))];
	store_tick(r->s, r->now_ms);
	swarm_tick(r->w, r->now_ms);
	must(store_due(r->s) > r->now_ms);
	must(swarm_due(r->w) > r->now_ms);
}

static void
check_bounds(struct run *r, const struct store_bounds *b)
{
	struct store_stats s;
	uint32_t n = 0;

	store_get_stats(r->s, &s);
	must(s.items <= b->items);
	must(s.octets <= b->octets || s.items <= 1);
	for (int i = 0; i < MODEL_MAX; i++)
		n += r->e[i].item != NULL && r->e[i].expires_ms > r->now_ms;
	/* those that expired are dropped when somebody looks */
	store_tick(r->s, r->now_ms);
	store_get_stats(r->s, &s);
	must(!r->exact || s.items == n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct run r = {
	    .p = data, .left = len < LONGEST ? len : LONGEST, .now_ms = 1000};
	struct store_bounds b = {
	    MODEL_MAX, 1 << 20, PER_SOURCE, PER_NET, PUTS_MINUTE};
	size_t before;
	struct store_stats s;

	if (items[0].vlen == 0) {
		make_all();
		warm_up();
	}
	r.exact = take(&r, 4) != 0;
	if (!r.exact) {
		b.items = 100;
		b.octets = 8192;
		b.puts_minute = 10000;
		b.per_source = b.per_net = 1000;
	}
	for (int i = 0; i < SOURCES; i++)
		r.puts[i].milli = PUTS_MINUTE * 1000;
	r.w = swarm_new(hash_key);
	must(r.w != NULL);
	before = __sanitizer_get_current_allocated_bytes();
	r.s = store_new(hash_key, &b);
	must(r.s != NULL);
	while (r.left > 0) {
		switch (take(&r, 8)) {
		case 0:
			pass_time(&r);
			break;
		case 1:
			announce(&r);
			break;
		case 2:
			peers(&r);
			break;
		case 3:
		case 4:
			get(&r);
			break;
		default:
			put(&r);
			break;
		}
		check_bounds(&r, &b);
	}
	swarm_free(r.w);
	r.w = swarm_new(hash_key);
	store_get_stats(r.s, &s);
	must(__sanitizer_get_current_allocated_bytes() - before == s.octets);
	store_free(r.s);
	must(__sanitizer_get_current_allocated_bytes() == before);
	swarm_free(r.w);
	return 0;
}
