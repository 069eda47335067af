/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_keep.c */
/*
 * What a node does of its own accord: join, fill its buckets once, look into
 * those where nothing happens, ask for a sign of life, learn its address and
 * the size of the network.  Every step is bounded, and steps come seconds
 * apart unless there is something to catch up with.
 */
#include <stdlib.h>
#include <string.h>

#include "dht_int.h"

#define KEEP_MS 5000
#define KEEP_JITTER_MS 2500
#define KEEP_SOON_MS 250
#define KEEP_PINGS 4 /* signs of life asked for in one step */
#define IDLE_MS (15 * 60 * 1000)
#define JOIN_MIN_MS 1000
#define JOIN_MAX_MS 60000
#define SIZES_MIN 5 /* fewer estimates say nothing */
#define LOG_STEPS 16

void
keep_soon(struct dht *d, uint64_t now_ms)
{
	if (d->keep_ms == 0 || d->keep_ms > now_ms)
		d->keep_ms = now_ms;
}

/* ---- joining ---- */

static bool
is_joining(const struct dht *d)
{
	for (int i = 0; i < DHT_FINDS; i++)
		if (d->find[i] != NULL && d->find[i]->joins)
			return true;
	return false;
}

static uint32_t
nodes_left(const struct dht *d, uint64_t now_ms)
{
	return (uint32_t)(table_count_good(&d->net[0].table, now_ms) +
	    table_count_good(&d->net[1].table, now_ms));
}

static void
join(struct dht *d, uint64_t now_ms)
{
	const struct net *net = &d->net[d->net[0].on ? 0 : 1];
	struct find *f;

	if (d->nboot + d->net[0].table.n + d->net[1].table.n == 0 ||
	    d->join_ms > now_ms || is_joining(d))
		return;
	f = find_new(d, now_ms, FIND_NODE, true);
	if (f == NULL)
		return;
	d->join_wait_ms = d->join_wait_ms == 0  ? JOIN_MIN_MS
	    : d->join_wait_ms > JOIN_MAX_MS / 2 ? JOIN_MAX_MS
						: d->join_wait_ms * 2;
	d->join_ms = now_ms + d->join_wait_ms;
	f->joins = true;
	find_start(d, now_ms, f, net->table.own);
}

/* Nodes of the saved file. */
static void
try_some(struct dht *d, uint64_t now_ms)
{
	for (int i = 0; i < DHT_TRIES_AT_ONCE && d->ntry > 0; i++)
		ask_ping(d, now_ms, &d->to_try[--d->ntry].ep, ASK_PING);
}

/* ---- the tables ---- */

static void
look_into(struct dht *d, uint64_t now_ms, const struct net *net, int bucket)
{
	struct find *f = find_new(d, now_ms, FIND_NODE, true);
	uint8_t id[DHT_ID];

	if (f == NULL)
		return;
	d->io.rnd.fill(d->io.rnd.ctx, id, sizeof(id));
	table_aim(&net->table, bucket, id);
	find_start(d, now_ms, f, id);
}

/* After joining we know who is near; now the rest, one bucket a step. */
static void
fill_next(struct dht *d, uint64_t now_ms)
{
	const struct net *net = &d->net[d->net[0].on ? 0 : 1];

	while (d->fill >= 0 && net->table.bucket[d->fill] == NULL)
		d->fill--;
	if (d->fill < 0)
		return;
	look_into(d, now_ms, net, d->fill);
	d->fill--;
}

static void
keep_net(struct dht *d, uint64_t now_ms, struct net *net)
{
	const struct table_node *n;
	int bucket;

	for (int i = 0; i < KEEP_PINGS; i++) {
		n = table_overdue(&net->table, now_ms);
		if (n == NULL || ask_is_waiting(d, &n->ep))
			break;
		ask_ping(d, now_ms, &n->ep, ASK_PING);
	}
	bucket = table_idle(&net->table, now_ms, IDLE_MS);
	if (bucket != -1)
		look_into(d, now_ms, net, bucket);
}

void
keep_tick(struct dht *d, uint64_t now_ms)
{
	bool busy;

	d->keep_ms = UINT64_MAX;
	for (int i = 0; i < 2; i++)
		if (d->net[i].on)
			keep_net(d, now_ms, &d->net[i]);
	if (d->ntry > 0)
		try_some(d, now_ms);
	news_tick(d, now_ms);
	if (nodes_left(d, now_ms) == 0)
		join(d, now_ms);
	else if (d->fill >= 0)
		fill_next(d, now_ms);
	busy = d->ntry > 0 || d->fill >= 0 ||
	    (d->net[0].table.n + d->net[1].table.n == 0 && d->nboot > 0);
	d->keep_ms = now_ms +
	    (busy ? KEEP_SOON_MS
		  : KEEP_MS + rnd_below(&d->io.rnd, KEEP_JITTER_MS));
}

/* ---- what searches teach ---- */

/*
 * From the distance of the k-th closest: how many nodes, if they are spread
 * evenly, there must be.  log2 in 1/16.
 */
static unsigned
size_from(const uint8_t target[DHT_ID], const uint8_t id[DHT_ID])
{
	unsigned common = id_common(target, id), bit = common, frac = 0;

	for (int i = 0; i < 5; i++, bit++) {
		unsigned x = 0;

		if (bit < DHT_ID * 8)
			x = (target[bit / 8] ^ id[bit / 8]) >> (7 - bit % 8) &
			    1;
		frac = frac << 1 | x;
	}
	/* frac is 16..31: how far between two powers of two */
	return 3 * LOG_STEPS + common * LOG_STEPS + (32 - frac);
}

static void
learn_size(struct dht *d, const struct find *f)
{
	const struct dht_report *r = &f->report;

	if (r->nnodes < DHT_K || f->s.suspect || f->joins)
		return;
	d->size[d->nsizes++ % DHT_SIZES] =
	    (uint16_t)size_from(f->s.target, r->node[DHT_K - 1].id);
}

static int
smaller(const void *a, const void *b)
{
	return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* The median, since some searches end among liars. */
unsigned
keep_size_log(const struct dht *d)
{
	uint16_t sorted[DHT_SIZES];
	uint32_t n = d->nsizes < DHT_SIZES ? d->nsizes : DHT_SIZES;

	if (n < SIZES_MIN)
		return table_size_log(&d->net[d->net[0].on ? 0 : 1].table);
	memcpy(sorted, d->size, n * sizeof(sorted[0]));
	qsort(sorted, n, sizeof(sorted[0]), smaller);
	return sorted[n / 2];
}

void
keep_ended(struct dht *d, uint64_t now_ms, const struct find *f)
{
	const struct net *net = &d->net[d->net[0].on ? 0 : 1];

	learn_size(d, f);
	if (!f->joins || net->table.n == 0)
		return;
	d->join_wait_ms = 0;
	for (int i = TABLE_BUCKETS - 1; i >= 0 && d->fill < i; i--)
		if (net->table.bucket[i] != NULL)
			d->fill = i;
	keep_soon(d, now_ms);
}

/* ---- our own address ---- */

void
keep_voted(struct dht *d, uint64_t now_ms, struct net *net,
    const struct addr *from, const struct endpoint *says)
{
	uint8_t id[DHT_ID];

	if (!votes_add(&net->votes, now_ms, from, says) || !dht_is_open(d))
		return;
	if (net->votes.own.addr.family == 0 ||
	    node_id_fits(net->table.own, &net->votes.own.addr))
		return;
	node_id_make(id, &net->votes.own.addr, &d->io.rnd);
	table_rename(&net->table, now_ms, id);
	d->fill = TABLE_BUCKETS - 1;
	keep_soon(d, now_ms);
}
