/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_conf.c */
/*
 * Taking a configuration.
 *
 *	stage   everything that needs memory: new slots, copies of the others'
 *	        configuration, tables by key and by prefix, room for timers and
 *	        indices.  Out of memory here leaves the engine as it was.
 *	commit  can't fail: who is gone, who changed, who is new.
 *
 * A peer is its public key.  One that did not change keeps its session, its
 * endpoint and what it holds, whatever happens to the others.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "handshake.h"
#include "log.h"
#include "path.h"

struct stage {
	uint32_t n;               /* peers of the new configuration */
	struct conf_peer *conf;   /* n copies, in order */
	uint32_t *no;             /* their slot numbers */
	struct peer_slot **fresh; /* the slot of peer i, NULL: it exists */
	struct keytab *by_key;
	struct route_table *routes;
	struct flow_table *flows; /* NULL: the present one stays */
};

static void
conf_drop(struct conf_peer *c)
{
	free(c->allowed);
	crypto_wipe(c, sizeof(*c));
}

void
slot_free(struct peer_slot *p)
{
	hold_clear(&p->hold);
	session_clear(&p->ses);
	conf_drop(&p->conf);
	crypto_wipe(p, sizeof(*p));
	free(p);
}

static void
stage_drop(struct stage *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->conf != NULL)
			conf_drop(&s->conf[i]);
		if (s->fresh != NULL)
			free(s->fresh[i]);
	}
	free(s->conf);
	free(s->no);
	free(s->fresh);
	keytab_free(s->by_key);
	route_free(s->routes);
	flow_free(s->flows);
}

/* ---- stage ---- */

static int
copy_conf(struct conf_peer *to, const struct conf_peer *from)
{
	size_t size = from->nallowed * sizeof(*to->allowed);

	*to = *from;
	to->allowed = malloc(size == 0 ? 1 : size);
	if (to->allowed == NULL)
		return -1;
	if (size != 0)
		memcpy(to->allowed, from->allowed, size);
	return 0;
}

/* A number that no peer has: from *next on. */
static uint32_t
free_number(const struct engine *e, uint32_t *next)
{
	while (*next < e->nslots && e->slot[*next] != NULL)
		++*next;
	return (*next)++;
}

static int
add_routes(struct stage *s, const struct conf_peer *c, uint32_t no)
{
	for (uint32_t i = 0; i < c->nallowed; i++) {
		struct prefix p = c->allowed[i];

		prefix_mask(&p);
		if (route_add(s->routes, &p, no) == 0)
			continue;
		if (errno != EEXIST)
			return -1;
		/* two peers want the same prefix: the first keeps it */
		log_warnx("%s: a prefix is another peer's already", c->name);
	}
	return 0;
}

/* Peer i of the new configuration: its number, and a slot if it is new. */
static int
stage_peer(struct engine *e, struct stage *s, uint32_t *next,
    const struct conf_peer *c)
{
	uint32_t i = s->n, no = keytab_find(e->by_key, c->key);
	bool fresh = no == KEYTAB_NONE;

	if (fresh)
		no = free_number(e, next);
	if (keytab_find(s->by_key, c->key) != KEYTAB_NONE) {
		log_warnx("%s: a peer before it has the same key", c->name);
		return 0;
	}
	if (no >= SLOTS_MAX)
		return -1;
	if (copy_conf(&s->conf[i], c) == -1)
		return -1;
	s->n++;
	s->no[i] = no;
	keytab_put(s->by_key, c->key, no);
	if (fresh && (s->fresh[i] = calloc(1, sizeof(**s->fresh))) == NULL)
		return -1;
	return add_routes(s, c, no);
}

static int
stage_tables(struct engine *e, struct stage *s, const struct conf *c)
{
	uint32_t n = c->npeers == 0 ? 1 : c->npeers;

	s->conf = calloc(n, sizeof(*s->conf));
	s->no = calloc(n, sizeof(*s->no));
	s->fresh = calloc(n, sizeof(*s->fresh));
	s->by_key = keytab_new(n, e->hash_key);
	s->routes = route_new();
	if (s->conf == NULL || s->no == NULL || s->fresh == NULL ||
	    s->by_key == NULL || s->routes == NULL)
		return -1;
	if (e->flows != NULL && e->node.flows_max == c->node.flows_max)
		return 0;
	s->flows = flow_new(c->node.flows_max, e->hash_key);
	return s->flows == NULL ? -1 : 0;
}

/* Room for the slots there are and the ones to come. */
static int
stage_room(struct engine *e, uint32_t top)
{
	struct peer_slot **slot;

	if (timers_reserve(&e->timers, top + TIMERS_EXTRA) == -1 ||
	    index_reserve(e->index, top * KEYS_PER_PEER) == -1)
		return -1;
	if (top <= e->nslots)
		return 0;
	slot = realloc(e->slot, top * sizeof(*slot));
	if (slot == NULL)
		return -1;
	for (uint32_t i = e->nslots; i < top; i++)
		slot[i] = NULL;
	e->slot = slot;
	e->nslots = top;
	return 0;
}

static int
stage(struct engine *e, struct stage *s, const struct conf *c)
{
	uint32_t next = 0;

	if (stage_tables(e, s, c) == -1)
		return -1;
	for (uint32_t i = 0; i < c->npeers; i++)
		if (stage_peer(e, s, &next, &c->peer[i]) == -1)
			return -1;
	return stage_room(e, next > e->nslots ? next : e->nslots);
}

/* ---- commit ---- */

static void
limits_of(const struct conf_node *n, struct session_limits *l)
{
	session_limits_default(l);
	l->rekey_after_s = n->rekey_after_s;
	l->reject_after_s = n->reject_after_s;
	l->attempt_s = n->handshake_timeout_s;
}

/* Everything of the node's that takes effect while a peer lives. */
static void
apply_live(const struct engine *e, struct peer_slot *p)
{
	limits_of(&e->node, &p->ses.lim);
	p->ses.persistent_s = p->conf.keepalive_s;
	p->hold.max_n = e->node.hold_packets;
	p->hold.max_bytes = e->node.hold_bytes;
}

static void
slot_gone(struct engine *e, uint32_t no, uint64_t now_ms)
{
	struct peer_slot *p = e->slot[no];

	slot_drop_held(e, p, now_ms, EO_SHUTDOWN);
	p->conf.admin_up = false; /* nobody wants it any more */
	slot_close(e, p, now_ms, PEV_OFF);
	timers_stop(&e->timers, &p->timer);
	flow_drop_peer(e->flows, no);
	e->slot[no] = NULL;
	slot_free(p);
}

static void
slot_changed(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, struct conf_peer *c)
{
	bool rekey = p->conf.has_psk != c->has_psk ||
	    memcmp(p->conf.psk, c->psk, sizeof(c->psk)) != 0;
	bool off = p->conf.admin_up && !c->admin_up;
	bool was_up = p->peer.state == PEER_UP;

	conf_drop(&p->conf);
	p->conf = *c;
	c->allowed = NULL; /* it is the slot's now */
	apply_live(e, p);
	if (off)
		slot_drop_held(e, p, now_ms, EO_PEER_OFF);
	if (off || rekey)
		slot_close(e, p, now_ms, PEV_OFF);
	if (rekey && !off && was_up && p->peer.state == PEER_IDLE)
		slot_event(e, p, now_ms, PEV_WANTED);
}

static void
slot_new(struct engine *e, struct peer_slot *p, uint32_t no, uint64_t now_ms,
    struct conf_peer *c)
{
	struct session_limits lim;

	limits_of(&e->node, &lim);
	p->no = no;
	p->conf = *c;
	c->allowed = NULL;
	p->timer.id = no;
	p->since_ms = now_ms;
	peer_init(&p->peer);
	session_init(&p->ses, &lim);
	cookie_jar_init(&p->jar, p->conf.key);
	hold_init(&p->hold, e->node.hold_packets, e->node.hold_bytes);
	apply_live(e, p);
	e->slot[no] = p;
}

/* A peer with a keepalive is wanted at all times. */
static void
want_always(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->conf.admin_up && p->conf.keepalive_s != 0 &&
	    p->peer.state == PEER_IDLE)
		slot_event(e, p, now_ms, PEV_WANTED);
	slot_arm(e, p);
}

static void
swap_tables(struct engine *e, struct stage *s, const struct conf *c)
{
	struct keytab *by_key = e->by_key;
	struct route_table *routes = e->routes;
	struct flow_table *flows = e->flows;
	uint32_t *order = e->order;

	e->by_key = s->by_key;
	s->by_key = by_key;
	e->routes = s->routes;
	s->routes = routes;
	if (s->flows != NULL) {
		e->flows = s->flows;
		s->flows = flows;
	}
	e->order = s->no;
	s->no = order;
	e->npeers = s->n;
	e->node = c->node;
	limiter_set(e->claimed, c->node.handshakes_per_source,
	    c->node.handshakes_burst);
	limiter_set(
	    e->proved, c->node.handshakes_per_source, c->node.handshakes_burst);
	timers_set(&e->timers, &e->t_flows, 0);
}

static void
commit(struct engine *e, struct stage *s, uint64_t now_ms, const struct conf *c)
{
	for (uint32_t no = 0; no < e->nslots; no++)
		if (e->slot[no] != NULL &&
		    keytab_find(s->by_key, e->slot[no]->conf.key) ==
			KEYTAB_NONE)
			slot_gone(e, no, now_ms);
	swap_tables(e, s, c);
	for (uint32_t i = 0; i < s->n; i++) {
		struct peer_slot *p = s->fresh[i];

		if (p != NULL)
			slot_new(e, p, e->order[i], now_ms, &s->conf[i]);
		else
			slot_changed(
			    e, e->slot[e->order[i]], now_ms, &s->conf[i]);
		s->fresh[i] = NULL;
	}
	e->configured = true;
	for (uint32_t i = 0; i < e->npeers; i++)
		want_always(e, e->slot[e->order[i]], now_ms);
	slots_make_way(e, NULL, now_ms);
}

int
engine_configure(struct engine *e, uint64_t now_ms, const struct conf *c)
{
	struct stage s = {0};
	int r;

	path_flush(e);
	r = stage(e, &s, c);
	if (r == 0)
		commit(e, &s, now_ms, c);
	stage_drop(&s);
	return r;
}
