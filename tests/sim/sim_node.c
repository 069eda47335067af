/* SPDX-License-Identifier: ISC */
/* file: tests/sim/sim_node.c */
/*
 * What surrounds one engine: its keyd, its discoveryd, its clock.  An answer
 * comes later by the configured delay, and never to an engine that was started
 * after the question.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim_int.h"

/* ---- effects ---- */

static enum udp_result
effect_udp(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	struct sim_node *n = ctx;

	if ((sock != 0 && !n->sim->conf.sockets) || seg == 0 || len > 65535 ||
	    len > 64 * seg)
		sim_fail(
		    n->sim, "node %u: a batch of %zu by %zu", n->no, len, seg);
	return sim_net_send(n, sock, to, data, len, seg);
}

static int
effect_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	return sim_host_receive(ctx, v, pkt, len);
}

static int
effect_mix(void *ctx, uint32_t id, const struct msg_mix_ask *ask)
{
	struct sim_node *n = ctx;
	struct sim_event *e;

	if (n->key == KEYD_AWAY)
		return -1;
	if (n->key == KEYD_HANG)
		return 0;
	e = sim_later(n->sim, n->sim->conf.key_delay_ms, EV_MIX, n->no);
	e->id = id;
	e->u.mix = *ask;
	return 0;
}

static int
effect_stamp(void *ctx, uint32_t id)
{
	struct sim_node *n = ctx;

	if (n->key == KEYD_AWAY)
		return -1;
	if (n->key == KEYD_OK)
		sim_later(n->sim, n->sim->conf.key_delay_ms, EV_STAMP, n->no)
		    ->id = id;
	return 0;
}

static int
effect_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *ask)
{
	struct sim_node *n = ctx;
	struct sim_event *e;

	if (n->disc == DISC_AWAY)
		return -1;
	if (n->disc == DISC_HANG)
		return 0;
	e = sim_later(n->sim, n->sim->conf.disc_delay_ms, EV_LOOKUP, n->no);
	e->id = id;
	e->u.lookup = *ask;
	return 0;
}

static uint32_t
node_of_key(const struct sim *s, const uint8_t key[32])
{
	for (uint32_t i = 0; i < s->conf.nodes; i++)
		if (memcmp(s->node[i].keys.pub, key, 32) == 0)
			return i;
	return SIM_NOBODY;
}

static int
effect_seen(void *ctx, const struct msg_peer_seen *m)
{
	struct sim_node *n = ctx;
	uint32_t b = node_of_key(n->sim, m->key);
	struct sim_pair *p;

	if (n->disc == DISC_AWAY)
		return -1;
	if (b == SIM_NOBODY || b == n->no) {
		sim_fail(n->sim, "node %u saw a stranger", n->no);
		return 0;
	}
	p = sim_pair(n->sim, n->no, b);
	p->seen_up = m->up;
	p->seen = m->ep;
	return 0;
}

static uint64_t
effect_unix(void *ctx)
{
	struct sim_node *n = ctx;
	int64_t ms = (int64_t)n->sim->now_ms + n->clock_ms;

	return ms < 0 ? 0 : (uint64_t)ms;
}

static void
fill(void *ctx, void *out, size_t len)
{
	struct sim_node *n = ctx;
	uint8_t *p = out;

	while (len-- > 0)
		*p++ = (uint8_t)sim_dice(&n->dice);
}

/* ---- answers ---- */

static void
answer_mix(struct sim_node *n, const struct sim_event *e)
{
	struct msg_mix_reply r;

	keys_mix(&n->keys, n->sim->now_ms, &e->u.mix, &r);
	engine_on_mix(n->engine, n->sim->now_ms, e->id, &r);
}

static void
answer_stamp(struct sim_node *n, const struct sim_event *e)
{
	int64_t unix_ms = (int64_t)n->sim->now_ms + n->clock_ms;
	struct msg_stamp_reply r;
	uint8_t stored[8];

	if (unix_ms < 0)
		unix_ms = 0;
	(void)keys_stamp(&n->keys, (uint64_t)(unix_ms / 1000),
	    (uint32_t)(unix_ms % 1000) * 1000000, r.stamp, stored);
	engine_on_stamp(n->engine, n->sim->now_ms, e->id, &r);
}

static void
found(const struct sim *s, uint32_t no, struct msg_lookup_reply *r)
{
	*r = (struct msg_lookup_reply){.status = LOOKUP_FOUND, .n = 1};
	memcpy(r->key, s->node[no].keys.pub, 32);
	r->n = s->conf.places == 0 ? 1 : (uint8_t)s->conf.places;
	for (unsigned k = 0; k < r->n; k++) {
		r->c[k].type = 1;
		sim_endpoint_at(s, no, k, &r->c[k].ep);
	}
	if (!s->conf.members)
		return;
	sim_hints(s, no, r);
	r->certlen = s->node[no].certlen;
	memcpy(r->cert, s->node[no].cert, r->certlen);
}

/* Another key, another place, too many places, nothing at all. */
static void
lie(struct sim *s, struct msg_lookup_reply *r)
{
	uint32_t n = s->conf.nodes;

	if (s->conf.members && sim_below(s, 2) == 0) {
		sim_lie(s, r);
		return;
	}
	switch (sim_below(s, 4)) {
	case 0:
		found(s, sim_below(s, n), r);
		break;
	case 1:
		sim_endpoint(s, sim_below(s, n), &r->c[0].ep);
		break;
	case 2:
		r->n = CANDIDATES_MAX;
		for (int i = 0; i < CANDIDATES_MAX; i++) {
			r->c[i].ep.addr.family = (uint8_t)sim_below(s, 8);
			r->c[i].ep.port = (uint16_t)sim_below(s, 65536);
		}
		break;
	default:
		r->status = LOOKUP_BUSY;
		r->n = 0;
	}
}

static void
answer_lookup(struct sim_node *n, const struct sim_event *e)
{
	uint32_t no = sim_node_at(n->sim, &e->u.lookup.ip);
	struct msg_lookup_reply r = {.status = LOOKUP_UNKNOWN};

	if (no == SIM_NOBODY)
		no = sim_node_by_key(n->sim, &e->u.lookup.ip);
	if (no != SIM_NOBODY)
		found(n->sim, no, &r);
	if (n->disc == DISC_LIE)
		lie(n->sim, &r);
	engine_on_lookup(n->engine, n->sim->now_ms, e->id, &r);
	if (n->disc == DISC_LIE) /* and again, and to nobody's question */
		engine_on_lookup(n->engine, n->sim->now_ms,
		    e->id ^ sim_below(n->sim, 4), &r);
}

static void
datagrams(struct sim_node *n, struct sim_event *e)
{
	int k = sim_socket_at(n, e->u.net.port);

	if (k == -1)
		return;
	for (size_t off = 0; off < e->u.net.len; off += e->u.net.seg) {
		size_t len = e->u.net.len - off;

		if (len > e->u.net.seg)
			len = e->u.net.seg;
		engine_from_udp(n->engine, n->sim->now_ms,
		    k == 0 ? 0 : udp_stream_socket((unsigned)k, 4),
		    &e->u.net.src, e->u.net.data + off, len);
	}
}

void
sim_node_event(struct sim_node *n, struct sim_event *e)
{
	if (n->engine == NULL)
		return;
	/* the network knows no epochs */
	if (e->epoch != n->epoch && e->kind != EV_DATAGRAMS)
		return;
	switch (e->kind) {
	case EV_TICK:
		n->tick_ms = UINT64_MAX;
		engine_tick(n->engine, n->sim->now_ms);
		break;
	case EV_DATAGRAMS:
		datagrams(n, e);
		break;
	case EV_MIX:
		if (n->key == KEYD_OK)
			answer_mix(n, e);
		break;
	case EV_STAMP:
		if (n->key == KEYD_OK)
			answer_stamp(n, e);
		break;
	case EV_LOOKUP:
		if (n->disc == DISC_OK || n->disc == DISC_LIE)
			answer_lookup(n, e);
		break;
	}
	sim_node_turn(n);
}

void
sim_node_turn(struct sim_node *n)
{
	uint64_t due_ms, now_ms = n->sim->now_ms;

	engine_flush(n->engine, now_ms);
	due_ms = engine_due(n->engine);
	if (due_ms < now_ms)
		due_ms = now_ms;
	if (due_ms >= n->tick_ms || due_ms == UINT64_MAX)
		return;
	n->tick_ms = due_ms;
	sim_later(n->sim, due_ms - now_ms, EV_TICK, n->no);
}

/* ---- configuration and start ---- */

static void
conf_peer_of(const struct sim *s, uint32_t no, struct conf_peer *p)
{
	*p = (struct conf_peer){.nallowed = 1, .admin_up = true};
	snprintf(p->name, sizeof(p->name), "node%u", no);
	memcpy(p->key, s->node[no].keys.pub, 32);
	p->keepalive_s = s->conf.keepalive_s;
	p->allowed = calloc(1, sizeof(*p->allowed));
	if (p->allowed == NULL)
		abort();
	sim_addr(no, &p->allowed[0].addr);
	p->allowed[0].len = 32;
	if (s->conf.endpoints) {
		p->nendpoints = 1;
		sim_endpoint(s, no, &p->endpoint[0]);
	}
}

static void
override(uint32_t *value, uint32_t with)
{
	if (with != 0)
		*value = with;
}

static void
conf_node_of(const struct sim_node *n, struct conf_node *c)
{
	const struct sim_conf *sc = &n->sim->conf;

	c->mtu = 1400;
	c->offload = true;
	c->naddresses = 1;
	sim_addr(n->no, &c->address[0].addr);
	c->address[0].len = 16;
	c->hold_packets = SIM_HOLD_PACKETS;
	c->hold_timeout_ms = SIM_HOLD_MS;
	c->flows_max = 256;
	c->relay_serve = n->no < sc->relays;
	if (n->streams_max != 0) {
		c->streams_min = n->streams_min;
		c->streams_max = n->streams_max;
	}
	override(&c->rekey_after_s, sc->rekey_after_s);
	override(&c->reject_after_s, sc->reject_after_s);
	override(&c->handshake_timeout_s, sc->attempt_s);
	override(&c->sessions_max, sc->sessions_max);
	override(&c->sessions_idle_s, sc->sessions_idle_s);
}

static int
configure(struct sim_node *n, uint32_t without)
{
	struct sim *s = n->sim;
	struct conf c;
	int r;

	conf_defaults(&c, "sim", "/run/mesh");
	conf_node_of(n, &c.node);
	c.peer = calloc(s->conf.nodes, sizeof(*c.peer));
	if (c.peer == NULL)
		abort();
	if (s->conf.members) {
		sim_network(n, &c.net);
		engine_set_network(n->engine, s->now_ms, &c.net);
	}
	for (uint32_t i = 0; i < s->conf.nodes && !s->conf.members; i++)
		if (i != n->no && i != without &&
		    (!s->conf.star || n->no == 0 || i == 0))
			conf_peer_of(s, i, &c.peer[c.npeers++]);
	r = engine_configure(n->engine, s->now_ms, &c);
	conf_clear(&c);
	return r;
}

/* What discoveryd remembers of the engine before this one. */
static void
recent(struct sim_node *n)
{
	struct msg_lookup_reply r;

	for (uint32_t b = 0; b < n->sim->conf.nodes; b++) {
		struct sim_pair *p = sim_pair(n->sim, n->no, b);

		if (!p->seen_up)
			continue;
		found(n->sim, b, &r);
		r.c[0].ep = p->seen;
		engine_on_recent(n->engine, n->sim->now_ms, &r);
	}
}

int
sim_node_start(struct sim_node *n)
{
	const struct engine_io io = {
	    .ctx = n,
	    .udp_send = effect_udp,
	    .tun_send = effect_tun,
	    .ask_mix = effect_mix,
	    .ask_stamp = effect_stamp,
	    .ask_lookup = effect_lookup,
	    .tell_seen = effect_seen,
	    .unix_ms = effect_unix,
	    .rnd = {.fill = fill, .ctx = n},
	};

	n->epoch++;
	n->tick_ms = UINT64_MAX;
	if ((n->engine = engine_new(&io)) == NULL)
		return -1;
	engine_socket_add(n->engine, 0, 4);
	for (unsigned k = 1; n->sim->conf.sockets && k <= SIM_STREAMS; k++)
		engine_socket_add(n->engine, udp_stream_socket(k, 4), 4);
	if (configure(n, SIM_NOBODY) == -1)
		return -1;
	engine_set_pub(n->engine, n->sim->now_ms, n->keys.pub);
	if (n->disc == DISC_OK)
		recent(n);
	sim_node_turn(n);
	return 0;
}

void
sim_reload(struct sim *s, uint32_t a, uint32_t without)
{
	struct sim_node *n = &s->node[a];

	if (n->engine == NULL)
		return;
	if (configure(n, without) == -1)
		sim_fail(s, "node %u: configuration refused", a);
	sim_node_turn(n);
}

void
sim_streams(struct sim *s, uint32_t a, uint8_t min, uint8_t max)
{
	s->node[a].streams_min = min;
	s->node[a].streams_max = max;
	sim_reload(s, a, SIM_NOBODY);
}

void
sim_roam(struct sim *s, uint32_t a)
{
	s->node[a].port++;
}

void
sim_clock(struct sim *s, uint32_t a, int64_t jump_ms)
{
	s->node[a].clock_ms += jump_ms;
}

void
sim_disc(struct sim *s, uint32_t a, enum sim_disc mode)
{
	struct sim_node *n = &s->node[a];
	bool was_away = n->disc == DISC_AWAY;

	n->disc = mode;
	if (n->engine == NULL)
		return;
	if (mode == DISC_AWAY)
		engine_disc_lost(n->engine, s->now_ms);
	else if (was_away)
		engine_disc_ready(n->engine, s->now_ms);
	sim_node_turn(n);
}

void
sim_key(struct sim *s, uint32_t a, enum sim_key mode)
{
	struct sim_node *n = &s->node[a];

	n->key = mode;
	if (n->engine == NULL)
		return;
	if (mode == KEYD_AWAY)
		engine_key_lost(n->engine, s->now_ms);
	else if (mode == KEYD_OK)
		engine_set_pub(n->engine, s->now_ms, n->keys.pub);
	sim_node_turn(n);
}
