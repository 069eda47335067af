/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht.c */
/*
 * One DHT node: where datagrams and time come in and where everything leaves;
 * see dht.h for the contract and dht_int.h for the parts.
 *
 * What comes from outside is either a query (answered by dht_answer.c, and
 * changes nothing but the store) or the answer to a query of ours, which is
 * recognised by its address and its transaction id (dht_ask.c).  All else is
 * counted and dropped.
 */
#include <stdlib.h>
#include <string.h>

#include "dht_int.h"

/* ---- begin and end ---- */

struct dht *
dht_new_bounded(const struct dht_conf *conf, const struct dht_io *io,
    uint64_t now_ms, const struct dht_bounds *b)
{
	struct dht *d = calloc(1, sizeof(*d));
	uint8_t id[DHT_ID], key[16];

	if (d == NULL)
		return NULL;
	d->io = *io;
	io->rnd.fill(io->rnd.ctx, key, sizeof(key));
	memcpy(d->key, key, sizeof(d->key));
	io->rnd.fill(io->rnd.ctx, id, sizeof(id));
	for (int i = 0; i < 2; i++) {
		d->net[i].family = i == 0 ? 4 : 6;
		table_init(&d->net[i].table, id);
		votes_init(&d->net[i].votes);
	}
	token_init(&d->tokens, now_ms, io->rnd);
	d->store = store_new(key, &b->store);
	d->swarm = swarm_new(key);
	d->limit = limit_new(b->limit_places, key);
	d->memo = memo_new(b->memo_places, key);
	d->fill = -1;
	d->step_ms = UINT64_MAX;
	if (d->store == NULL || d->swarm == NULL || d->limit == NULL ||
	    d->memo == NULL) {
		dht_free(d);
		return NULL;
	}
	dht_configure(d, conf);
	keep_soon(d, now_ms);
	return d;
}

struct dht *
dht_new(const struct dht_conf *conf, const struct dht_io *io, uint64_t now_ms)
{
	const struct dht_bounds b = {
	    .limit_places = LIMIT_PLACES, .memo_places = MEMO_PLACES};

	return dht_new_bounded(conf, io, now_ms, &b);
}

void
dht_free(struct dht *d)
{
	if (d == NULL)
		return;
	for (int i = 0; i < DHT_FINDS; i++)
		free(d->find[i]);
	for (int i = 0; i < 2; i++)
		table_clear(&d->net[i].table);
	store_free(d->store);
	swarm_free(d->swarm);
	limit_free(d->limit);
	memo_free(d->memo);
	token_clear(&d->tokens);
	free(d->ask);
	free(d);
}

/*
 * Members of a private swarm may share an address or a network; strangers that
 * do are more likely one person.
 */
void
dht_configure(struct dht *d, const struct dht_conf *conf)
{
	bool other = d->conf.is_private != conf->is_private ||
	    d->conf.has_tag != conf->has_tag ||
	    memcmp(d->conf.tag, conf->tag, KRPC_TAG) != 0;

	d->conf = *conf;
	d->net[0].on = conf->v4;
	d->net[1].on = conf->v6;
	for (int i = 0; i < 2; i++) {
		struct table *t = &d->net[i].table;

		t->loose =
		    conf->any_address || (conf->is_private && conf->has_tag);
		t->public = dht_is_open(d);
		if (other || !d->net[i].on) /* those are of another swarm */
			table_clear(t);
	}
}

bool
dht_is_open(const struct dht *d)
{
	return !d->conf.is_private && !d->conf.any_address;
}

struct net *
dht_net(struct dht *d, uint8_t family)
{
	struct net *n = &d->net[family == 6];

	return n->on && (family == 4 || family == 6) ? n : NULL;
}

const uint8_t *
dht_own_id(const struct dht *d, uint8_t family)
{
	return d->net[family == 6].table.own;
}

void
dht_own_address(const struct dht *d, uint8_t family, struct endpoint *out)
{
	*out = d->net[family == 6].votes.own;
}

void
dht_bootstrap(struct dht *d, uint64_t now_ms, const struct endpoint *ep)
{
	for (uint32_t i = 0; i < d->nboot; i++)
		if (endpoint_eq(&d->boot[i], ep))
			return;
	if (d->nboot == DHT_BOOT_MAX)
		return;
	d->boot[d->nboot++] = *ep;
	if (d->net[0].table.n + d->net[1].table.n == 0)
		d->join_ms = d->join_wait_ms = 0;
	keep_soon(d, now_ms);
}

void
dht_forget_bootstrap(struct dht *d)
{
	d->nboot = 0;
	d->next_boot = 0;
}

void
dht_try(struct dht *d, uint64_t now_ms, const struct dht_node *n)
{
	if (d->ntry == DHT_TRIES_MAX || !dht_may_send(d, &n->ep))
		return;
	d->to_try[d->ntry++] = *n;
	keep_soon(d, now_ms);
}

/* ---- out ---- */

static bool
is_nobody(const struct addr *a)
{
	if (a->family == 4)
		return a->b[0] == 0 || a->b[0] >= 224;
	return addr_is_any(a) || a->b[0] == 0xff ||
	    (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80);
}

bool
dht_may_send(const struct dht *d, const struct endpoint *ep)
{
	const struct addr *a = &ep->addr;

	if (ep->port == 0 ||
	    !(a->family == 4         ? d->conf.v4
		    : a->family == 6 ? d->conf.v6
				     : false))
		return false;
	if (is_nobody(a))
		return false;
	return !dht_is_open(d) || !(addr_is_special(a) || node_id_exempt(a));
}

bool
dht_send(struct dht *d, const struct endpoint *to, struct krpc_msg *m)
{
	uint8_t out[KRPC_MAX];
	size_t len;

	if (d->conf.has_tag)
		m->tag = d->conf.tag;
	len = krpc_build(out, sizeof(out), m);
	if (len == 0)
		return false;
	d->stats.tx++;
	d->stats.tx_octets += len;
	d->io.send(d->io.ctx, to, out, len);
	return true;
}

/* ---- in ---- */

static bool
has_our_tag(const struct dht *d, const struct krpc_msg *m)
{
	return !d->conf.has_tag ||
	    (m->tag != NULL && memcmp(m->tag, d->conf.tag, KRPC_TAG) == 0);
}

static void
on_query(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *m, enum krpc_fault fault, size_t len)
{
	if (!limit_query(d->limit, now_ms, &from->addr)) {
		d->stats.rate_limited++;
		return;
	}
	if (fault == KRPC_FINE)
		answer_query(d, now_ms, from, m, len);
	else
		answer_fault(d, now_ms, from, m, len);
}

void
dht_from_udp(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const uint8_t *data, size_t len)
{
	enum krpc_fault fault;
	struct krpc_msg m;

	d->stats.rx++;
	d->stats.rx_octets += len;
	if (!dht_may_send(d, from)) {
		d->stats.malformed++;
		return;
	}
	fault = krpc_parse(&m, data, len);
	if (fault != KRPC_FINE)
		d->stats.malformed++;
	if (fault != KRPC_FINE &&
	    (fault < KRPC_BAD_METHOD || m.kind != KRPC_QUERY))
		return;
	if (!has_our_tag(d, &m)) {
		d->stats.untagged++;
		return;
	}
	if (m.kind == KRPC_QUERY)
		on_query(d, now_ms, from, &m, fault, len);
	else
		ask_answered(d, now_ms, from, &m);
}

/* ---- the clock ---- */

void
dht_tick(struct dht *d, uint64_t now_ms)
{
	ask_tick(d, now_ms);
	if (d->step_ms <= now_ms)
		find_step_all(d, now_ms);
	if (store_due(d->store) <= now_ms)
		store_tick(d->store, now_ms);
	if (swarm_due(d->swarm) <= now_ms)
		swarm_tick(d->swarm, now_ms);
	if (d->keep_ms <= now_ms)
		keep_tick(d, now_ms);
}

static uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t
dht_due(const struct dht *d)
{
	uint64_t due = sooner(sooner(d->keep_ms, d->step_ms), ask_due(d));

	due = sooner(due, store_due(d->store));
	return sooner(due, swarm_due(d->swarm));
}

/* ---- what people ask ---- */

uint32_t
dht_get(struct dht *d, uint64_t now_ms, const struct dht_item *about)
{
	struct find *f = find_new(d, now_ms, FIND_GET, false);
	uint8_t target[DHT_ID];

	if (f == NULL)
		return 0;
	f->item.is_mutable = true;
	memcpy(f->item.k, about->k, sizeof(f->item.k));
	f->item.saltlen =
	    about->saltlen <= DHT_SALT_MAX ? about->saltlen : DHT_SALT_MAX;
	memcpy(f->item.salt, about->salt, f->item.saltlen);
	dht_target(target, &f->item);
	return find_start(d, now_ms, f, target);
}

uint32_t
dht_get_hash(struct dht *d, uint64_t now_ms, const uint8_t sha1[DHT_ID])
{
	struct find *f = find_new(d, now_ms, FIND_GET, false);

	return f == NULL ? 0 : find_start(d, now_ms, f, sha1);
}

uint32_t
dht_put(
    struct dht *d, uint64_t now_ms, const struct dht_item *item, uint64_t cas)
{
	struct find *f = find_new(d, now_ms, FIND_PUT, false);
	uint8_t target[DHT_ID];

	if (f == NULL)
		return 0;
	f->item = *item;
	f->cas = cas;
	dht_target(target, item);
	return find_start(d, now_ms, f, target);
}

uint32_t
dht_find_node(struct dht *d, uint64_t now_ms, const uint8_t id[DHT_ID])
{
	struct find *f = find_new(d, now_ms, FIND_NODE, false);

	return f == NULL ? 0 : find_start(d, now_ms, f, id);
}

void
dht_cancel(struct dht *d, uint64_t now_ms, uint32_t search)
{
	struct find *f = find_of(d, search);

	if (f == NULL || f->own)
		return;
	if (f->busy)
		f->cancelled = true;
	else
		find_end(d, now_ms, f, DHT_CANCELLED);
}

size_t
dht_nodes(const struct dht *d, struct dht_node *out, size_t max)
{
	/* rounded up: one place is for whoever there is */
	size_t half = d->conf.v6 ? max - max / 2 : max, n = 0;
	/* the last tick is near enough to judge who is good */
	uint64_t now_ms = d->keep_ms;

	if (d->conf.v4)
		n = table_good(&d->net[0].table, now_ms, out, half);
	if (d->conf.v6)
		n += table_good(&d->net[1].table, now_ms, out + n, max - n);
	return n;
}

void
dht_stats(const struct dht *d, struct dht_stats *out)
{
	struct store_stats store;
	struct limit_stats limit;

	store_get_stats(d->store, &store);
	limit_get_stats(d->limit, &limit);
	*out = d->stats;
	out->nodes4 = d->net[0].table.n;
	out->nodes6 = d->net[1].table.n;
	for (int i = 0; i < 2; i++) {
		out->good +=
		    (uint32_t)table_count_good(&d->net[i].table, d->keep_ms);
		out->buckets += table_buckets(&d->net[i].table);
	}
	out->items = store.items;
	out->item_octets = store.octets;
	for (int i = 0; i < DHT_FINDS; i++)
		out->searches += d->find[i] != NULL && !d->find[i]->own;
	out->pending = d->nasks;
	out->banned = memo_banned(d->memo, d->keep_ms);
	out->not_answered += limit.amplified + limit.octets;
}
