/* SPDX-License-Identifier: ISC */
/* file: tests/sim/dht_sim.c */
/*
 * The network, the clock and the nodes of the DHT's simulator; see dht_sim.h.
 *
 * A heap of events: datagrams that arrive and nodes whose timer is due.  A
 * timer that was moved leaves its old event behind, which finds nothing to do.
 */
#include <stdlib.h>
#include <string.h>

#include "dht_sim_int.h"

#define JOIN_MS 60000 /* all nodes start within */
#define SYBIL_BITS 20

static void
need(const void *p)
{
	if (p == NULL)
		abort();
}

uint64_t
dsim_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint32_t
dsim_below(struct dsim *s, uint32_t n)
{
	return (uint32_t)(dsim_random(&s->rng) % n);
}

/* ---- the heap ---- */

static bool
before(const struct dsim_event *a, const struct dsim_event *b)
{
	return a->at_ms < b->at_ms ||
	    (a->at_ms == b->at_ms && a->order < b->order);
}

static void
push(struct dsim *s, struct dsim_event ev)
{
	size_t i = s->nheap++;

	if (s->nheap > s->heap_cap) {
		s->heap_cap = s->heap_cap == 0 ? 1024 : s->heap_cap * 2;
		s->heap = realloc(s->heap, s->heap_cap * sizeof(ev));
		need(s->heap);
	}
	ev.order = s->order++;
	for (; i > 0 && before(&ev, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = ev;
}

static struct dsim_event
pop(struct dsim *s)
{
	struct dsim_event top = s->heap[0], last = s->heap[--s->nheap];
	size_t i = 0, child;

	for (;;) {
		child = 2 * i + 1;
		if (child >= s->nheap)
			break;
		if (child + 1 < s->nheap &&
		    before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

/* ---- addresses ---- */

/*
 * 10/8 in a private swarm.  In a public one a permutation of all numbers, so
 * that nodes are spread over networks; the port says who it is.
 */
static struct endpoint
endpoint_of(const struct dsim *s, uint32_t no)
{
	struct endpoint ep = {.addr.family = 4};
	uint32_t a = s->conf.open ? no * 2654435761u : 10u << 24 | (no + 1);

	if (s->conf.open)
		a = (a >> 24) % 100 << 24 | 16u << 24 | (a & 0xffffff);
	for (int i = 0; i < 4; i++)
		ep.addr.b[i] = (uint8_t)(a >> (24 - 8 * i));
	ep.port = s->conf.open ? (uint16_t)(no % 65535 + 1) : 6881;
	return ep;
}

uint32_t
dsim_who(const struct dsim *s, const struct endpoint *ep)
{
	uint32_t no = (uint32_t)ep->addr.b[1] << 16 |
	    (uint32_t)ep->addr.b[2] << 8 | ep->addr.b[3];

	no = s->conf.open ? (uint32_t)ep->port - 1 : no - 1;
	if (no >= s->n || !endpoint_eq(&s->node[no].ep, ep))
		return UINT32_MAX;
	return no;
}

/* ---- the network ---- */

static void
rewake(struct dsim_node *n)
{
	uint64_t due;

	if (n->d == NULL)
		return;
	due = dht_due(n->d);
	if (due < n->s->now_ms)
		due = n->s->now_ms;
	if (due >= n->wake_ms && n->wake_ms > n->s->now_ms)
		return;
	n->wake_ms = due;
	push(n->s, (struct dsim_event){.at_ms = due, .node = n->no});
}

void
dsim_post(struct dsim *s, uint32_t from, const struct endpoint *to,
    const uint8_t *data, size_t len, bool lie)
{
	uint32_t no = dsim_who(s, to), delay;
	struct dsim_event ev;

	if (s->node[from].kind == DSIM_HONEST) {
		s->datagrams++;
		s->octets += len + DSIM_HEADERS;
	}
	if (no == UINT32_MAX || dsim_below(s, 1000) < s->conf.loss)
		return;
	if (lie && s->node[no].kind == DSIM_HONEST)
		s->hostile++;
	delay = (s->node[from].delay_ms + s->node[no].delay_ms) / 2 +
	    dsim_below(s, 10);
	ev = (struct dsim_event){.at_ms = s->now_ms + delay,
	    .node = no,
	    .from = from,
	    .len = (uint16_t)len,
	    .data = malloc(len)};
	need(ev.data);
	memcpy(ev.data, data, len);
	push(s, ev);
}

static void
happen(struct dsim *s, const struct dsim_event *ev)
{
	struct dsim_node *n = &s->node[ev->node];

	if (n->d == NULL)
		return;
	if (ev->len == 0) {
		if (n->wake_ms != ev->at_ms)
			return;
		n->wake_ms = 0;
		dht_tick(n->d, s->now_ms);
	} else if (n->kind == DSIM_HONEST ||
	    !dsim_lie(s, n, ev->from, ev->data, ev->len)) {
		dht_from_udp(
		    n->d, s->now_ms, &s->node[ev->from].ep, ev->data, ev->len);
	}
	rewake(n);
}

/* ---- nodes ---- */

/* Next to the key of an item, each in a place of its own. */
static void
sybil_id(struct dsim *s, uint32_t prey, uint8_t id[DHT_ID])
{
	const uint8_t *target = s->item[prey].target;
	unsigned bits = s->conf.sybil_bits;

	for (unsigned i = 0; i < DHT_ID; i++) {
		unsigned same = bits < 8 ? bits : 8;
		uint8_t mask = (uint8_t)(0xff00 >> same);

		id[i] = (uint8_t)((target[i] & mask) |
		    (dsim_random(&s->rng) & ~mask));
		bits -= same;
	}
}

static void
start(struct dsim *s, uint32_t no)
{
	static const struct dht_bounds small = {
	    .limit_places = 128, .memo_places = 1024};
	struct dsim_node *n = &s->node[no];
	struct dht_conf c = {
	    .v4 = true, .is_private = !s->conf.open, .has_tag = !s->conf.open};
	struct dht_io io = dsim_io(n);
	uint8_t id[DHT_ID];

	memcpy(c.tag, s->tag, sizeof(c.tag));
	n->d = dht_new_bounded(&c, &io, s->now_ms, &small);
	need(n->d);
	n->wake_ms = 0;
	if (n->kind == DSIM_SYBIL) {
		sybil_id(s, n->prey, id);
		table_rename(&n->d->net[0].table, s->now_ms, id);
	}
	/* three that were there before; an administrator's list is honest */
	for (int i = 0; i < 3 && no > 0; i++) {
		uint32_t b = dsim_below(s, no);

		while (s->node[b].kind != DSIM_HONEST)
			b = dsim_below(s, no);
		dht_bootstrap(n->d, s->now_ms, &s->node[b].ep);
	}
	rewake(n);
}

static enum dsim_kind
some_kind(struct dsim *s)
{
	enum dsim_kind k;

	do {
		k = (enum dsim_kind)(
		    DSIM_DROP + dsim_below(s, DSIM_SYBIL - DSIM_DROP));
	} while (s->conf.mask != 0 && (s->conf.mask >> k & 1) == 0);
	return k;
}

static void
cast(struct dsim *s)
{
	uint32_t sybils = 0, all = s->n - s->conf.nodes;

	for (uint32_t i = 0; i < s->n; i++) {
		struct dsim_node *n = &s->node[i];
		uint64_t u = dsim_below(s, 1000);

		*n = (struct dsim_node){.s = s, .no = i};
		n->rng = dsim_random(&s->rng);
		/* most are near, some are far: 10..100 ms to the middle */
		n->delay_ms = (uint32_t)(10 + 90 * u * u / 1000000);
		/* sybils come in between, not last */
		if (i > 0 && all > sybils &&
		    dsim_below(s, s->n - i) < all - sybils) {
			n->kind = DSIM_SYBIL;
			n->prey = sybils++ % s->conf.besieged;
		} else if (i > 0 && dsim_below(s, 1000) < s->conf.liars)
			n->kind = some_kind(s);
		n->ep = endpoint_of(s, i);
		if (n->kind != DSIM_HONEST)
			s->liar[s->nliars++] = i;
	}
}

struct dsim *
dsim_new(const struct dsim_conf *conf)
{
	struct dsim *s = calloc(1, sizeof(*s));

	need(s);
	s->conf = *conf;
	s->rng = conf->seed;
	s->now_ms = 1000000;
	if (s->conf.besieged == 0)
		s->conf.besieged = 1;
	if (s->conf.sybil_bits == 0)
		s->conf.sybil_bits = SYBIL_BITS;
	s->n = conf->nodes + conf->sybils * s->conf.besieged;
	if (s->conf.besieged > conf->items || s->n > DSIM_NODES_MAX)
		abort();
	s->node = calloc(s->n, sizeof(*s->node));
	s->liar = calloc(s->n, sizeof(*s->liar));
	need(s->node);
	need(s->liar);
	for (int i = 0; i < 8; i++)
		s->tag[i] = (uint8_t)dsim_random(&s->rng);
	dsim_items(s);
	cast(s);
	s->churn_ms = UINT64_MAX; /* nobody leaves before all have come */
	/* one after the other: the first few are everybody's way in */
	for (uint32_t i = 0; i < s->n; i++) {
		start(s, i);
		dsim_run(s, 1 + JOIN_MS / s->n);
	}
	s->churn_ms = s->now_ms;
	return s;
}

void
dsim_free(struct dsim *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		dht_free(s->node[i].d);
	for (size_t i = 0; i < s->nheap; i++)
		free(s->heap[i].data);
	free(s->heap);
	free(s->node);
	free(s->liar);
	free(s->item);
	free(s->job);
	free(s->score.first_ms);
	free(s->score.took_ms);
	free(s);
}

/* Somebody leaves for ever, somebody new comes with his address. */
static void
churn(struct dsim *s)
{
	uint32_t an_hour = (uint32_t)((uint64_t)s->n * s->conf.churn / 1000);
	uint32_t no;

	if (an_hour == 0 || s->now_ms < s->churn_ms)
		return;
	s->churn_ms += 3600000 / an_hour + 1;
	no = 1 + dsim_below(s, s->n - 1);
	if (s->node[no].kind != DSIM_HONEST)
		return;
	for (uint32_t i = 0; i < s->njobs; i++)
		if (s->job[i].node == no)
			return;
	dht_free(s->node[no].d);
	s->node[no].d = NULL;
	start(s, no);
}

void
dsim_run(struct dsim *s, uint64_t ms)
{
	uint64_t until = s->now_ms + ms;

	while (s->nheap > 0 && s->heap[0].at_ms <= until) {
		struct dsim_event ev = pop(s);

		s->now_ms = ev.at_ms;
		happen(s, &ev);
		free(ev.data);
		if (s->conf.churn != 0)
			churn(s);
	}
	s->now_ms = until;
}

/* ---- looking ---- */

uint64_t
dsim_now(const struct dsim *s)
{
	return s->now_ms;
}

uint32_t
dsim_honest(struct dsim *s)
{
	uint32_t no;

	do {
		no = dsim_below(s, s->n);
	} while (s->node[no].kind != DSIM_HONEST || s->node[no].d == NULL);
	return no;
}

struct dht *
dsim_dht(struct dsim *s, uint32_t no)
{
	return s->node[no].d;
}

const struct dsim_score *
dsim_score(const struct dsim *s)
{
	return &s->score;
}

uint64_t
dsim_stored(const struct dsim *s)
{
	return s->stored;
}

uint64_t
dsim_hostile(const struct dsim *s)
{
	return s->hostile;
}

uint64_t
dsim_datagrams(const struct dsim *s)
{
	return s->datagrams;
}

uint64_t
dsim_octets(const struct dsim *s)
{
	return s->octets;
}

void
dsim_reset(struct dsim *s)
{
	uint32_t *first = s->score.first_ms, *took = s->score.took_ms;

	s->score = (struct dsim_score){.first_ms = first, .took_ms = took};
	s->stored = s->hostile = s->datagrams = s->octets = 0;
}
