/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_ask.c */
/*
 * Our own queries: each gets a random transaction id, and an answer counts
 * only if it comes from where the query went with that id.  This is the one
 * place where the routing table hears of an answer or a time-out.
 *
 * Any node may name any address as a node.  One that has not answered yet gets
 * so many of our queries in a minute and no more; what is over is taken for
 * lost, so that a search goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "dht_int.h"

#define ASKS_AT_FIRST 16

/* any minute has at most ten */
static const struct allow_rate unproved = {5, 60000, 5};

static bool
may_ask(struct dht *d, uint64_t now_ms, const struct addr *to)
{
	if (limit_is_verified(d->limit, now_ms, to) ||
	    allow_source_take(
		&d->unproved, now_ms, &unproved, allow_source(d->key, to)))
		return true;
	d->stats.not_asked++;
	return false;
}

static bool
grow(struct dht *d)
{
	uint32_t cap = d->asks_cap == 0 ? ASKS_AT_FIRST : d->asks_cap * 2;
	struct ask *more;

	if (d->nasks < d->asks_cap)
		return true;
	if (cap > DHT_ASKS_MAX)
		return false;
	more = realloc(d->ask, cap * sizeof(*more));
	if (more == NULL)
		return false;
	d->ask = more;
	d->asks_cap = cap;
	return true;
}

static struct ask *
by_t(struct dht *d, const uint8_t t[DHT_T], const struct endpoint *to)
{
	for (uint32_t i = 0; i < d->nasks; i++)
		if (memcmp(d->ask[i].t, t, DHT_T) == 0 &&
		    endpoint_eq(&d->ask[i].to, to))
			return &d->ask[i];
	return NULL;
}

bool
ask_send(
    struct dht *d, uint64_t now_ms, const struct ask *about, struct krpc_msg *m)
{
	struct net *net = dht_net(d, about->to.addr.family);
	struct ask *a;

	if (net == NULL || !dht_may_send(d, &about->to) || !grow(d))
		return false;
	a = &d->ask[d->nasks];
	*a = *about;
	d->io.rnd.fill(d->io.rnd.ctx, a->t, DHT_T);
	a->method = (uint8_t)m->method;
	a->sent_ms = now_ms;
	m->kind = KRPC_QUERY;
	m->t = (struct octets){a->t, DHT_T};
	m->id = net->table.own;
	m->read_only = d->conf.read_only;
	/* both, if we have both: else the asked one goes by its own family */
	m->want4 = m->want6 = d->conf.v4 && d->conf.v6 && m->target != NULL;
	if (may_ask(d, now_ms, &a->to.addr) && !dht_send(d, &a->to, m))
		return false;
	d->nasks++;
	d->stats.queries_out[m->method]++;
	table_asked(&net->table, now_ms, &about->to);
	return true;
}

void
ask_ping(
    struct dht *d, uint64_t now_ms, const struct endpoint *to, enum ask_why why)
{
	struct ask a = {
	    .why = why == ASK_MEET ? ASK_MEET : ASK_PING, .to = *to};
	struct krpc_msg m = {.method = KRPC_PING, .cas = KRPC_NO_CAS};

	ask_send(d, now_ms, &a, &m);
}

bool
ask_is_waiting(const struct dht *d, const struct endpoint *to)
{
	uint32_t pings = 0;

	for (uint32_t i = 0; i < d->nasks; i++) {
		if (endpoint_eq(&d->ask[i].to, to))
			return true;
		pings += d->ask[i].find == 0 && d->ask[i].why != ASK_NEWS;
	}
	return pings >= DHT_PINGS_MAX;
}

static void
take_out(struct dht *d, uint32_t i)
{
	d->ask[i] = d->ask[--d->nasks];
}

void
ask_forget(struct dht *d, uint32_t find)
{
	for (uint32_t i = 0; i < d->nasks; i++)
		if (d->ask[i].find == find)
			d->ask[i].find = 0;
}

/* ---- answers ---- */

/*
 * A node enters the table when it has answered twice, under the same id: who
 * makes up ids for what it is asked about would have to know the next question.
 */
static void
meet(struct dht *d, uint64_t now_ms, struct net *net, const struct dht_node *n,
    const struct ask *a, bool again)
{
	bool met = a->why == ASK_MEET, fresh = false;

	if (again || table_find(&net->table, &n->ep) != NULL)
		fresh =
		    table_answered(&net->table, now_ms, n, met) == TABLE_NEW;
	else if (table_wants(&net->table, n, met) && !ask_is_waiting(d, &n->ep))
		ask_ping(d, now_ms, &n->ep, (enum ask_why)a->why);
	if (fresh && a->why != ASK_NEWS)
		news_ask(d, now_ms, &n->ep);
}

/* What every answer to a query of ours is good for.  false: from a liar. */
static bool
learn(struct dht *d, uint64_t now_ms, struct net *net, const struct ask *a,
    const struct krpc_msg *m)
{
	struct dht_node n = {.ep = a->to};
	enum memo_verdict v;

	limit_verify(d->limit, now_ms, &a->to.addr);
	memcpy(n.id, m->id, DHT_ID);
	v = memo_answered(d->memo, now_ms, &a->to, n.id);
	if (v == MEMO_BANNED) {
		table_remove(&net->table, &a->to);
		return false;
	}
	meet(d, now_ms, net, &n, a, v == MEMO_AGAIN);
	if (m->ip.addr.family != 0)
		keep_voted(d, now_ms, net, &a->to.addr, &m->ip);
	return true;
}

void
ask_answered(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *m)
{
	struct net *net = dht_net(d, from->addr.family);
	struct ask *found = NULL, a;
	struct find *f;
	bool fine;

	if (net != NULL && m->t.len == DHT_T)
		found = by_t(d, m->t.p, from);
	if (found == NULL) {
		d->stats.unsolicited++;
		return;
	}
	a = *found;
	take_out(d, (uint32_t)(found - d->ask));
	fine = m->kind == KRPC_RESPONSE && learn(d, now_ms, net, &a, m);
	if (fine && a.why == ASK_NEWS)
		news_answered(d, now_ms, &a, m);
	f = a.find != 0 ? find_of(d, a.find) : NULL;
	if (f == NULL)
		return;
	if (fine || (a.why == ASK_PUT && m->kind == KRPC_ERROR))
		find_answered(d, now_ms, f, &a, m);
	else
		find_missed(d, now_ms, f, &a, true);
}

/* ---- time ---- */

static void
timed_out(struct dht *d, uint64_t now_ms, uint32_t i)
{
	struct ask a = d->ask[i];
	struct net *net = dht_net(d, a.to.addr.family);
	struct find *f = a.find != 0 ? find_of(d, a.find) : NULL;

	take_out(d, i);
	if (net != NULL)
		table_missed(&net->table, now_ms, &a.to);
	if (a.why == ASK_NEWS)
		news_missed(d, now_ms, &a);
	if (f != NULL)
		find_missed(d, now_ms, f, &a, false);
}

/* Its place is free for the next query, but an answer still counts. */
static void
is_late(struct dht *d, uint64_t now_ms, struct ask *a)
{
	struct find *f = find_of(d, a->find);

	if (f == NULL) {
		a->leg.late = true;
		return;
	}
	search_late(&f->s, &a->leg);
	find_step(d, now_ms, f);
}

static bool
waits_for_late(const struct ask *a)
{
	return a->why == ASK_FIND && a->find != 0 && !a->leg.late;
}

void
ask_tick(struct dht *d, uint64_t now_ms)
{
	uint32_t done = 0;

	/* what is called here sends queries and ends searches: begin again */
	for (uint32_t i = 0; i < d->nasks && done < DHT_TICK_MAX;) {
		struct ask *a = &d->ask[i];

		if (a->sent_ms + DHT_TIMEOUT_MS <= now_ms)
			timed_out(d, now_ms, i);
		else if (waits_for_late(a) &&
		    a->sent_ms + DHT_LATE_MS <= now_ms)
			is_late(d, now_ms, a);
		else {
			i++;
			continue;
		}
		done++;
		i = 0;
	}
}

uint64_t
ask_due(const struct dht *d)
{
	uint64_t due = UINT64_MAX, at;

	for (uint32_t i = 0; i < d->nasks; i++) {
		const struct ask *a = &d->ask[i];

		at = a->sent_ms +
		    (waits_for_late(a) ? DHT_LATE_MS : DHT_TIMEOUT_MS);
		if (at < due)
			due = at;
	}
	return due;
}
