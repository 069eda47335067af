/* SPDX-License-Identifier: ISC */
/* file: tests/sim/dht_jobs.c */
/*
 * What the nodes of the simulator are told to do, and what becomes of it.
 *
 * The judge of truth: it knows every version of every item, and compares.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "dht_sim_int.h"
#include "item.h"

#define OWN_ITEM UINT32_MAX /* a job that is not scored */

static void
need(const void *p)
{
	if (p == NULL)
		abort();
}

/* ---- items ---- */

/* The value of a version can be told from nothing but key and number. */
static void
make_value(struct dht_item *it)
{
	uint8_t text[300];
	int n;

	memset(text, (int)('a' + it->seq % 26), sizeof(text));
	n = snprintf((char *)it->v, sizeof(it->v), "%zu:", sizeof(text));
	memcpy(it->v + n, text, sizeof(text));
	it->vlen = (uint16_t)((size_t)n + sizeof(text));
}

static void
next_version(struct dsim_item *item)
{
	uint8_t octets[ITEM_SIGNED_MAX];
	size_t len;

	item->it.seq++;
	make_value(&item->it);
	len = item_signed(octets, &item->it);
	crypto_sign(item->it.sig, item->seed, octets, len);
	if (item->it.seq == 1)
		item->first = item->it;
}

static void
make_item(uint64_t *rng, struct dsim_item *item)
{
	*item = (struct dsim_item){.it.is_mutable = true, .it.saltlen = 32};
	for (int i = 0; i < 32; i++) {
		item->seed[i] = (uint8_t)dsim_random(rng);
		item->it.salt[i] = (uint8_t)dsim_random(rng);
	}
	crypto_sign_pub(item->it.k, item->seed);
	dht_target(item->target, &item->it);
	next_version(item);
	item->it.seq = 0;
}

void
dsim_items(struct dsim *s)
{
	s->item = calloc(s->conf.items + 1, sizeof(*s->item));
	need(s->item);
	for (uint32_t i = 0; i <= s->conf.items; i++)
		make_item(&s->rng, &s->item[i]);
}

static bool
is_published(const struct dsim_item *item, const struct dht_item *it)
{
	struct dht_item want = *it;

	if (it->seq == 0 || it->seq > item->it.seq)
		return false;
	make_value(&want);
	return want.vlen == it->vlen && memcmp(want.v, it->v, it->vlen) == 0 &&
	    memcmp(item->it.k, it->k, 32) == 0;
}

/* ---- what nodes report ---- */

static struct dsim_job *
job_of(struct dsim *s, uint32_t node, uint32_t search)
{
	for (uint32_t i = 0; i < s->njobs; i++)
		if (s->job[i].node == node && s->job[i].search == search)
			return &s->job[i];
	return NULL;
}

static void
on_send(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct dsim_node *n = ctx;

	dsim_post(n->s, n->no, to, data, len, false);
}

static void
on_item(void *ctx, uint32_t search, const struct dht_item *it,
    const struct endpoint *from)
{
	struct dsim_node *n = ctx;
	struct dsim_job *j = job_of(n->s, n->no, search);

	(void)from;
	if (j == NULL || j->item == OWN_ITEM)
		return;
	if (!is_published(&n->s->item[j->item], it)) {
		n->s->score.wrong++;
		return;
	}
	j->found = true;
	if (it->seq > j->seq)
		j->first_ms = n->s->now_ms;
	j->seq = it->seq;
}

static void
record(struct dsim *s, const struct dsim_job *j, const struct dht_report *r)
{
	struct dsim_score *sc = &s->score;

	if (sc->lookups == s->score_cap) {
		s->score_cap = s->score_cap == 0 ? 1024 : s->score_cap * 2;
		sc->first_ms =
		    realloc(sc->first_ms, s->score_cap * sizeof(uint32_t));
		sc->took_ms =
		    realloc(sc->took_ms, s->score_cap * sizeof(uint32_t));
		need(sc->first_ms);
		need(sc->took_ms);
	}
	sc->took_ms[sc->lookups++] = (uint32_t)r->took_ms;
	sc->queries += r->queries;
	sc->rounds += r->rounds;
	sc->refused += r->refused;
	sc->found += j->found;
	if (!j->found || j->seq < j->want)
		return;
	sc->first_ms[sc->newest++] = (uint32_t)(j->first_ms - j->began_ms);
}

static void
on_done(void *ctx, uint32_t search, const struct dht_report *r)
{
	struct dsim_node *n = ctx;
	struct dsim *s = n->s;
	struct dsim_job *j = job_of(s, n->no, search);

	if (j == NULL)
		return;
	if (j->want != 0) {
		record(s, j, r);
	} else {
		s->stored += r->stored;
		s->score.puts++;
		s->score.put_queries += r->queries;
	}
	*j = s->job[--s->njobs];
}

static void
on_random(void *ctx, void *out, size_t len)
{
	struct dsim_node *n = ctx;
	uint8_t *p = out;

	while (len > 0) {
		uint64_t r = dsim_random(&n->rng);
		size_t k = len < sizeof(r) ? len : sizeof(r);

		memcpy(p, &r, k);
		p += k;
		len -= k;
	}
}

struct dht_io
dsim_io(struct dsim_node *n)
{
	return (struct dht_io){.ctx = n,
	    .send = on_send,
	    .item = on_item,
	    .done = on_done,
	    .rnd = {on_random, n}};
}

/* ---- what nodes do ---- */

static void
add_job(struct dsim *s, struct dsim_job j)
{
	if (j.search == 0)
		return;
	if (s->njobs == s->jobs_cap) {
		s->jobs_cap = s->jobs_cap == 0 ? 64 : s->jobs_cap * 2;
		s->job = realloc(s->job, s->jobs_cap * sizeof(j));
		need(s->job);
	}
	s->job[s->njobs++] = j;
}

void
dsim_publish(struct dsim *s, uint32_t node, uint32_t item)
{
	struct dsim_item *it = &s->item[item];
	uint32_t id;

	next_version(it);
	id = dht_put(s->node[node].d, s->now_ms, &it->it, KRPC_NO_CAS);
	add_job(s, (struct dsim_job){.node = node, .search = id, .item = item});
	dsim_run(s, 0);
}

void
dsim_lookup(struct dsim *s, uint32_t node, uint32_t item)
{
	const struct dsim_item *it = &s->item[item];
	uint32_t id = dht_get(s->node[node].d, s->now_ms, &it->it);

	add_job(s,
	    (struct dsim_job){.node = node,
		.search = id,
		.item = item,
		.began_ms = s->now_ms,
		.want = it->it.seq});
	dsim_run(s, 0);
}

void
dsim_publish_own(struct dsim *s, uint32_t node, uint32_t records)
{
	uint64_t rng = s->conf.seed ^ (uint64_t)(node + 1) << 32;
	struct dsim_item item;
	uint32_t id;

	for (uint32_t i = 0; i < records; i++) {
		make_item(&rng, &item);
		item.it.seq = s->now_ms;
		next_version(&item);
		id = dht_put(s->node[node].d, s->now_ms, &item.it, KRPC_NO_CAS);
		add_job(s,
		    (struct dsim_job){
			.node = node, .search = id, .item = OWN_ITEM});
	}
}

/* ---- who has it ---- */

static bool
has_newest(struct dsim *s, uint32_t no, const struct dsim_item *item)
{
	struct store_item it;

	return store_get(s->node[no].d->store, s->now_ms, item->target, &it) &&
	    it.seq == item->it.seq;
}

uint32_t
dsim_holders(struct dsim *s, uint32_t i, uint32_t near[3])
{
	const struct dsim_item *item = &s->item[i];
	uint32_t all = 0, closer;

	memset(near, 0, 3 * sizeof(near[0]));
	for (uint32_t a = 0; a < s->n; a++) {
		if (s->node[a].kind != DSIM_HONEST || s->node[a].d == NULL ||
		    !has_newest(s, a, item))
			continue;
		all++;
		closer = 0;
		for (uint32_t b = 0; b < s->n; b++)
			closer += s->node[b].kind == DSIM_HONEST &&
			    s->node[b].d != NULL &&
			    id_closer(item->target, dht_own_id(s->node[b].d, 4),
				dht_own_id(s->node[a].d, 4));
		for (unsigned k = 0; k < 3; k++)
			near[k] += closer < 8u << k;
	}
	return all;
}
