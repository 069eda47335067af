/* SPDX-License-Identifier: ISC */
/* file: tests/sim/sim.c */
/*
 * Events in the order of virtual time, and the network between the nodes.
 * Every random number comes from the seed: the same seed is the same run.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "log.h"
#include "sim_int.h"

/* splitmix64 */
uint64_t
sim_dice(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t
below(uint64_t *state, uint32_t n)
{
	return n == 0 ? 0 : (uint32_t)(sim_dice(state) % n);
}

uint32_t
sim_below(struct sim *s, uint32_t n)
{
	return below(&s->dice, n);
}

void
sim_fail(struct sim *s, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (s->error[0] != '\0')
		return;
	n = snprintf(s->error, sizeof(s->error),
	    "SEED=%llu at %llu ms: ", (unsigned long long)s->conf.seed,
	    (unsigned long long)(s->now_ms - SIM_T0));
	va_start(ap, fmt);
	vsnprintf(s->error + n, sizeof(s->error) - (size_t)n, fmt, ap);
	va_end(ap);
}

/* ---- places ---- */

struct sim_pair *
sim_pair(const struct sim *s, uint32_t a, uint32_t b)
{
	return &s->pair[(size_t)a * s->conf.nodes + b];
}

void
sim_addr(uint32_t node, struct addr *a)
{
	*a = (struct addr){.family = 4};
	a->b[0] = 10;
	a->b[1] = 77;
	a->b[2] = (uint8_t)(node / 250);
	a->b[3] = (uint8_t)(1 + node % 250);
}

static void
outer_addr(uint32_t node, struct addr *a)
{
	sim_addr(node, a);
	a->b[0] = 198;
	a->b[1] = 18;
}

void
sim_endpoint_at(
    const struct sim *s, uint32_t node, unsigned k, struct endpoint *ep)
{
	outer_addr(node, &ep->addr);
	ep->addr.b[1] = (uint8_t)(18 + 2 * k); /* 19 is for strangers */
	ep->port = s->node[node].port;
}

void
sim_endpoint(const struct sim *s, uint32_t node, struct endpoint *ep)
{
	sim_endpoint_at(s, node, 0, ep);
}

unsigned
sim_place_of(const struct addr *a)
{
	unsigned k = (a->b[1] - 18u) / 2;

	return k < SIM_PLACES ? k : 0;
}

uint32_t
sim_node_at(const struct sim *s, const struct addr *a)
{
	uint32_t node = a->b[2] * 250u + a->b[3] - 1u;

	return a->family == 4 && node < s->conf.nodes ? node : SIM_NOBODY;
}

/* ---- events ---- */

static bool
before(const struct sim_event *a, const struct sim_event *b)
{
	if (a->at_ms != b->at_ms)
		return a->at_ms < b->at_ms;
	return a->order < b->order;
}

static void
push(struct sim *s, struct sim_event *e)
{
	size_t i = s->n++;

	if (s->n > s->cap) {
		s->cap = s->cap == 0 ? 1024 : s->cap * 2;
		s->heap = realloc(s->heap, s->cap * sizeof(*s->heap));
		if (s->heap == NULL)
			abort();
	}
	while (i > 0 && before(e, s->heap[(i - 1) / 2])) {
		s->heap[i] = s->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->heap[i] = e;
}

static struct sim_event *
pop(struct sim *s)
{
	struct sim_event *first = s->heap[0], *last = s->heap[--s->n];
	size_t i = 0, kid;

	while ((kid = 2 * i + 1) < s->n) {
		if (kid + 1 < s->n && before(s->heap[kid + 1], s->heap[kid]))
			kid++;
		if (!before(s->heap[kid], last))
			break;
		s->heap[i] = s->heap[kid];
		i = kid;
	}
	s->heap[i] = last;
	return first;
}

struct sim_event *
sim_later(struct sim *s, uint64_t delay_ms, enum sim_kind kind, uint32_t no)
{
	struct sim_event *e = calloc(1, sizeof(*e));

	if (e == NULL)
		abort();
	e->at_ms = s->now_ms + delay_ms;
	e->order = s->order++;
	e->kind = kind;
	e->node = no;
	e->epoch = s->node[no].epoch;
	push(s, e);
	return e;
}

static void
event_free(struct sim_event *e)
{
	if (e->kind == EV_DATAGRAMS)
		free(e->u.net.data);
	free(e);
}

void
sim_run(struct sim *s, uint64_t ms)
{
	uint64_t end_ms = s->now_ms + ms;

	while (s->n > 0 && s->heap[0]->at_ms <= end_ms) {
		struct sim_event *e = pop(s);

		s->now_ms = e->at_ms;
		sim_node_event(&s->node[e->node], e);
		event_free(e);
	}
	s->now_ms = end_ms;
}

uint64_t
sim_now(const struct sim *s)
{
	return s->now_ms;
}

/* ---- the network ---- */

static bool
chance(struct sim *s, uint32_t per_mille)
{
	return per_mille != 0 && below(&s->net_dice, 1000) < per_mille;
}

uint16_t
sim_port_of(const struct sim_node *n, unsigned k)
{
	if (k == 0)
		return n->port;
	return (uint16_t)(SIM_STREAM_PORT + 1000 * k + n->port - SIM_PORT);
}

int
sim_socket_at(const struct sim_node *n, uint16_t port)
{
	for (unsigned k = 0; k <= SIM_STREAMS; k++)
		if (port == sim_port_of(n, k))
			return (int)k;
	return -1;
}

/* Of the sockets at both ends the one that is a stream's decides. */
static bool
way(const struct sim_node *from, unsigned k, uint32_t no, uint16_t port,
    uint32_t *delay_ms)
{
	const struct sim_node *to = &from->sim->node[no];
	int at = sim_socket_at(to, port);

	*delay_ms = from->path[k].delay_ms;
	if (at > 0)
		*delay_ms += to->path[at].delay_ms;
	return !from->path[k].dead && (at < 1 || !to->path[at].dead);
}

void
sim_place(struct sim *s, uint32_t a, unsigned k, uint32_t delay_ms, bool dead)
{
	s->node[a].place[k].delay_ms = delay_ms;
	s->node[a].place[k].dead = dead;
}

void
sim_path(struct sim *s, uint32_t a, unsigned k, uint32_t delay_ms, bool dead)
{
	s->node[a].path[k].delay_ms = delay_ms;
	s->node[a].path[k].dead = dead;
}

/* len octets at data arrive at `to` as datagrams of seg, after a while. */
static void
arrive(struct sim_node *from, unsigned k, uint32_t no,
    const struct endpoint *to, const uint8_t *data, const size_t size[2])
{
	struct sim *s = from->sim;
	uint32_t more = 0;
	unsigned by = sim_place_of(&to->addr);
	bool alive = way(from, k, no, to->port, &more) &&
	    !from->place[by].dead && !s->node[no].place[by].dead;
	uint64_t delay = s->conf.net.delay_ms + more +
	    from->place[by].delay_ms + s->node[no].place[by].delay_ms;
	struct sim_event *e;

	if (!alive)
		return;
	if (chance(s, s->conf.net.reorder))
		delay += 1 + below(&s->net_dice, s->conf.net.jitter_ms);
	e = sim_later(s, delay, EV_DATAGRAMS, no);
	e->u.net.from = from->no;
	sim_endpoint_at(s, from->no, by, &e->u.net.src);
	e->u.net.src.port = sim_port_of(from, k);
	e->u.net.port = to->port;
	e->u.net.data = malloc(size[0]);
	if (e->u.net.data == NULL)
		abort();
	memcpy(e->u.net.data, data, size[0]);
	e->u.net.len = size[0];
	e->u.net.seg = size[1];
	if (chance(s, s->conf.net.corrupt))
		e->u.net.data[below(&s->net_dice, (uint32_t)size[0])] ^=
		    (uint8_t)(1 + below(&s->net_dice, 255));
}

/*
 * On a clean network a batch arrives as it was sent (GRO); else each datagram
 * has a fate of its own.
 */
enum udp_result
sim_net_send(struct sim_node *from, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	unsigned k = sock == 0 ? 0 : (sock - UDP_STREAM_FIRST) / 2u + 1;
	struct sim *s = from->sim;
	const struct sim_net *n = &s->conf.net;
	uint32_t no = sim_node_at(s, &to->addr);
	size_t step =
	    n->loss + n->dup + n->reorder + n->corrupt == 0 ? len : seg;

	if (no == SIM_NOBODY || sim_pair(s, from->no, no)->blocked)
		return UDP_OK;
	if (n->reorder != 0 || n->dup != 0)
		s->ordered = false;
	for (size_t off = 0; off < len; off += step) {
		size_t size[2] = {len - off < step ? len - off : step, seg};

		if (chance(s, n->loss))
			continue;
		arrive(from, k, no, to, data + off, size);
		if (chance(s, n->dup))
			arrive(from, k, no, to, data + off, size);
	}
	return UDP_OK;
}

struct sim_net *
sim_net(struct sim *s)
{
	return &s->conf.net;
}

void
sim_block(struct sim *s, uint32_t a, uint32_t b, bool on)
{
	sim_pair(s, a, b)->blocked = on;
	sim_pair(s, b, a)->blocked = on;
}

void
sim_inject(
    struct sim *s, uint32_t a, uint32_t from, const uint8_t *data, size_t len)
{
	struct sim_node *n = &s->node[a];
	struct endpoint src = {.port = (uint16_t)(1024 + from % 50000)};
	uint8_t *copy = malloc(len == 0 ? 1 : len);

	if (copy == NULL)
		abort();
	memcpy(copy, data, len);
	outer_addr(from % 60000, &src.addr);
	src.addr.b[1] = 19; /* not one of the nodes */
	if (n->engine != NULL) {
		engine_from_udp(n->engine, s->now_ms, 0, &src, copy, len);
		sim_node_turn(n);
	}
	free(copy);
}

/* ---- life ---- */

struct sim *
sim_new(const struct sim_conf *conf)
{
	struct sim *s = calloc(1, sizeof(*s));
	size_t n = conf->nodes;

	if (s == NULL || crypto_init() == -1)
		abort();
	log_set_level(LOG_L_ERROR);
	s->conf = *conf;
	s->dice = conf->seed;
	s->net_dice = conf->seed + 1;
	s->now_ms = SIM_T0;
	s->ordered = true;
	s->node = calloc(n, sizeof(*s->node));
	s->pair = calloc(n * n, sizeof(*s->pair));
	if (s->node == NULL || s->pair == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		struct sim_node *node = &s->node[i];
		uint8_t priv[32];

		node->sim = s;
		node->no = i;
		node->port = SIM_PORT;
		node->clock_ms = SIM_UNIX0 * INT64_C(1000) - SIM_T0;
		node->dice = sim_dice(&s->dice);
		for (int k = 0; k < 32; k++)
			priv[k] = (uint8_t)sim_dice(&s->dice);
		if (keys_load(&node->keys, priv, s->now_ms) == -1)
			abort();
	}
	if (conf->members)
		sim_certify(s);
	for (uint32_t i = 0; i < n; i++)
		sim_start(s, i);
	return s;
}

void
sim_free(struct sim *s)
{
	for (uint32_t i = 0; i < s->conf.nodes; i++) {
		engine_free(s->node[i].engine);
		keys_wipe(&s->node[i].keys);
	}
	while (s->n > 0)
		event_free(pop(s));
	for (size_t i = 0; i < (size_t)s->conf.nodes * s->conf.nodes; i++)
		for (int f = 0; s->pair[i].flow != NULL && f < SIM_FLOWS; f++)
			free(s->pair[i].flow[f]);
	for (size_t i = 0; i < (size_t)s->conf.nodes * s->conf.nodes; i++)
		free(s->pair[i].flow);
	free(s->heap);
	free(s->pair);
	free(s->node);
	free(s);
}

void
sim_kill(struct sim *s, uint32_t a)
{
	engine_free(s->node[a].engine);
	s->node[a].engine = NULL;
	s->node[a].epoch++;
}

void
sim_start(struct sim *s, uint32_t a)
{
	if (s->node[a].engine == NULL && sim_node_start(&s->node[a]) == -1)
		sim_fail(s, "node %u can't start", a);
}

/* ---- looking ---- */

struct engine *
sim_engine(struct sim *s, uint32_t a)
{
	return s->node[a].engine;
}

const uint8_t *
sim_pub(const struct sim *s, uint32_t a)
{
	return s->node[a].keys.pub;
}

/* Members are in any order. */
static struct msg_peer_row *
member_row(struct sim *s, struct engine *e, uint32_t b)
{
	for (uint32_t i = 0; e != NULL && i < engine_npeers(e); i++) {
		(void)engine_peer_row(
		    e, i, s->now_ms, SIM_UNIX0 * UINT64_C(1000), &s->row);
		if (memcmp(s->row.key, sim_pub(s, b), 32) == 0)
			return &s->row;
	}
	s->row = (struct msg_peer_row){0};
	return &s->row;
}

/* Peers are configured in order of their numbers, without the node itself. */
struct msg_peer_row *
sim_row(struct sim *s, uint32_t a, uint32_t b)
{
	struct engine *e = s->node[a].engine;
	uint32_t peers = s->conf.star && a != 0 ? 1 : s->conf.nodes - 1;

	s->row = (struct msg_peer_row){0};
	if (s->conf.members)
		return member_row(s, e, b);
	if (e != NULL && engine_npeers(e) == peers)
		(void)engine_peer_row(e, b < a ? b : b - 1, s->now_ms,
		    SIM_UNIX0 * UINT64_C(1000), &s->row);
	return &s->row;
}

enum peer_view
sim_state(struct sim *s, uint32_t a, uint32_t b)
{
	return sim_row(s, a, b)->state;
}

bool
sim_up(struct sim *s, uint32_t a, uint32_t b)
{
	return sim_state(s, a, b) == PV_UP;
}

uint64_t
sim_count(struct sim *s, uint32_t a, enum counter id)
{
	struct engine *e = s->node[a].engine;

	return e == NULL ? 0 : engine_counters(e)->v[id];
}

uint64_t
sim_count_all(struct sim *s, enum counter id)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->conf.nodes; i++)
		sum += sim_count(s, i, id);
	return sum;
}

/* What must hold at any time for one node. */
static void
check_node(struct sim *s, uint32_t a)
{
	const struct counters *c = engine_counters(s->node[a].engine);

	if (counters_balance(c, B_ENG_OUT) != 0)
		sim_fail(s, "node %u: outward books off by %lld", a,
		    (long long)counters_balance(c, B_ENG_OUT));
	if (counters_balance(c, B_ENG_IN) != 0)
		sim_fail(s, "node %u: inward books off by %lld", a,
		    (long long)counters_balance(c, B_ENG_IN));
	if (c->v[EO_HELD] > (uint64_t)s->conf.nodes * SIM_HOLD_PACKETS)
		sim_fail(s, "node %u holds %llu", a,
		    (unsigned long long)c->v[EO_HELD]);
}

const char *
sim_check(struct sim *s)
{
	for (uint32_t i = 0; i < s->conf.nodes; i++)
		if (s->node[i].engine != NULL)
			check_node(s, i);
	return s->error[0] == '\0' ? NULL : s->error;
}
