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
 *
 * Peers are, in this order, those of the configuration and the members of the
 * network, by serial, the highest first.  Who comes first keeps a key, a name
 * or a prefix that two of them claim; what a configured peer's prefix covers
 * is not a member's at all.  The later one keeps what nobody disputes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "handshake.h"
#include "log.h"
#include "path.h"
#include "siphash.h"

struct stage {
	const struct conf_node *node;
	bool again;               /* the same configuration as before */
	uint32_t n;               /* peers of the new configuration */
	struct conf_peer *conf;   /* n copies, in order */
	struct member **member;   /* NULL: it is configured */
	uint32_t *no;             /* their slot numbers */
	struct peer_slot **fresh; /* the slot of peer i, NULL: it exists */
	uint32_t next; /* numbers below are taken, or were looked at */
	struct keytab *by_key, *by_name;
	struct route_table *routes;
	struct flow_table *flows; /* NULL: the present one stays */
	struct filter *filter;    /* likewise, or none */
	struct qos *qos;          /* likewise */
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
	if (p->owner == NULL)
		streams_free(p);
	hold_clear(&p->hold);
	hold_clear(&p->out);
	free(p->shaper);
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
		if (s->fresh != NULL && s->fresh[i] != NULL) {
			free(s->fresh[i]->shaper);
			free(s->fresh[i]);
		}
	}
	free(s->conf);
	free(s->member);
	free(s->no);
	free(s->fresh);
	keytab_free(s->by_key);
	keytab_free(s->by_name);
	route_free(s->routes);
	flow_free(s->flows);
	filter_free(s->filter);
	qos_free(s->qos);
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

/* A number that no peer has. */
static uint32_t
free_number(const struct engine *e, struct stage *s)
{
	while (s->next < e->nslots && e->slot[s->next] != NULL)
		s->next++;
	return s->next++;
}

/* Names are the same in either case; a keyed hash stands for one. */
static bool
name_is_new(const struct engine *e, struct stage *s, const char *name)
{
	uint8_t low[CONF_NAME_MAX] = {0}, key[32] = {0};
	uint64_t h;

	for (size_t i = 0; i < sizeof(low) && name[i] != '\0'; i++)
		low[i] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z'
			? name[i] - 'A' + 'a'
			: name[i]);
	h = siphash(e->hash_key, low, sizeof(low));
	memcpy(key, &h, sizeof(h));
	return keytab_put(s->by_name, key, s->n) == s->n;
}

/*
 * The next peer, with this key: its number, and a slot if it is new.  Its conf
 * is still to be filled.  1; 0, somebody before it has the key; or -1.
 */
static int
stage_peer(struct engine *e, struct stage *s, const uint8_t key[32])
{
	uint32_t i = s->n, no = keytab_find(e->by_key, key);
	const struct peer_slot *guest = guest_find(e, key);

	if (keytab_find(s->by_key, key) != KEYTAB_NONE)
		return 0;
	if (no == KEYTAB_NONE && guest != NULL)
		no = guest->no;
	if (no == KEYTAB_NONE) {
		no = free_number(e, s);
		if (no >= SLOTS_USED_MAX)
			return -1;
		s->fresh[i] = calloc(1, sizeof(**s->fresh));
		if (s->fresh[i] == NULL)
			return -1;
	}
	s->n++;
	s->no[i] = no;
	keytab_put(s->by_key, key, no);
	return qos_stage_peer(s->node,
		   s->fresh[i] != NULL ? s->fresh[i] : e->slot[no]) == -1
	    ? -1
	    : 1;
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
		if (!s->again)
			log_warnx(
			    "%s: a prefix is another peer's already", c->name);
	}
	return 0;
}

static int
stage_configured(struct engine *e, struct stage *s, const struct conf_peer *c)
{
	uint32_t i = s->n;
	int r = stage_peer(e, s, c->key);

	if (r == 0)
		log_warnx("%s: a peer before it has the same key", c->name);
	if (r != 1)
		return r;
	(void)name_is_new(e, s, c->name);
	if (copy_conf(&s->conf[i], c) == -1)
		return -1;
	return add_routes(s, c, s->no[i]);
}

/* ---- members ---- */

static bool
is_own(const struct stage *s, const struct prefix *p)
{
	for (unsigned i = 0; i < s->node->naddresses; i++)
		if (p->len == addr_bits(&p->addr) &&
		    addr_eq(&s->node->address[i].addr, &p->addr))
			return true;
	return false;
}

/* A peer of its certificate, without what is ours or a configured peer's. */
static int
member_conf(struct engine *e, const struct stage *s, const struct member *m,
    struct conf_peer *c, uint32_t *lost)
{
	struct prefix list[MEMBER_PREFIXES];
	unsigned n = member_prefixes(e, m, list);

	*c = (struct conf_peer){.has_psk = true, .admin_up = true};
	memcpy(c->name, m->cert.name, sizeof(c->name));
	memcpy(c->key, m->cert.node, sizeof(c->key));
	memcpy(c->psk, e->net.psk, sizeof(c->psk));
	c->allowed = malloc(n * sizeof(*c->allowed));
	if (c->allowed == NULL)
		return -1;
	for (unsigned i = 0; i < n; i++)
		if (is_own(s, &list[i]) ||
		    route_cover(s->routes, &list[i]) != ROUTE_NONE)
			++*lost;
		else
			c->allowed[c->nallowed++] = list[i];
	return 0;
}

/* All members as peers, before any has a route: only the configured have. */
static int
stage_members(struct engine *e, struct stage *s, uint32_t *lost)
{
	for (uint32_t k = 0; k < e->net.nmembers; k++) {
		struct member *m = e->net.member[k];
		uint32_t i = s->n;
		int r;

		if (m->gone)
			continue;
		if ((r = stage_peer(e, s, m->cert.node)) == -1)
			return -1;
		if (r == 0) /* it is configured, too */
			continue;
		s->member[i] = m;
		if (member_conf(e, s, m, &s->conf[i], &lost[i]) == -1)
			return -1;
	}
	return 0;
}

/* The prefixes that nobody before it has, and its name if nobody has that. */
static int
settle_member(struct engine *e, struct stage *s, uint32_t i, uint32_t lost)
{
	struct conf_peer *c = &s->conf[i];
	struct member *m = s->member[i];
	uint16_t kept = 0;

	for (uint32_t k = 0; k < c->nallowed; k++) {
		if (route_add(s->routes, &c->allowed[k], s->no[i]) == 0)
			c->allowed[kept++] = c->allowed[k];
		else if (errno == EEXIST)
			lost++;
		else
			return -1;
	}
	c->nallowed = kept;
	if (!name_is_new(e, s, c->name)) {
		snprintf(c->name, sizeof(c->name), "node-%02x%02x%02x%02x",
		    c->key[0], c->key[1], c->key[2], c->key[3]);
		lost++;
	}
	if (lost > m->disputed) {
		log_warnx("%s: %u of its name and addresses are another's",
		    m->cert.name, lost);
		e->c.v[MEMBER_CONFLICTS] += lost - m->disputed;
	}
	m->disputed = lost;
	return 0;
}

/* ---- all of it ---- */

static int
stage_tables(struct engine *e, struct stage *s, uint32_t npeers)
{
	uint32_t n = npeers + e->net.nmembers + 1, flows = s->node->flows_max;

	s->conf = calloc(n, sizeof(*s->conf));
	s->member = calloc(n, sizeof(struct member *));
	s->no = calloc(n, sizeof(*s->no));
	s->fresh = calloc(n, sizeof(struct peer_slot *));
	s->by_key = keytab_new(n, e->hash_key);
	s->by_name = keytab_new(n, e->hash_key);
	s->routes = route_new();
	if (s->conf == NULL || s->member == NULL || s->no == NULL ||
	    s->fresh == NULL || s->by_key == NULL || s->by_name == NULL ||
	    s->routes == NULL ||
	    engine_filter_stage(e, s->node, &s->filter) == -1 ||
	    qos_stage(e, s->node, &s->qos) == -1)
		return -1;
	if (e->flows != NULL && e->node.flows_max == flows)
		return 0;
	s->flows = flow_new(flows, e->hash_key);
	return s->flows == NULL ? -1 : 0;
}

/* Streams that all members together may have; both sides may open them. */
static uint32_t
room_for_streams(const struct engine *e, const struct conf_node *c)
{
	uint32_t n = 0;

	if (e->net.on && c->streams_max > 1)
		n = e->net.nmembers * (POOL_MAX - 1u);
	if (n > STREAMS_ALL)
		n = STREAMS_ALL;
	return n > e->streams_room ? n : e->streams_room;
}

/* Room for the slots there are, the ones to come, streams, and all guests. */
static int
stage_room(struct engine *e, const struct conf_node *c, uint32_t top)
{
	uint32_t streams = room_for_streams(e, c);
	struct peer_slot **slot;

	top += GUESTS_MAX;
	if (top < e->nslots)
		top = e->nslots;
	if (timers_reserve(&e->timers, top + streams + TIMERS_EXTRA) == -1 ||
	    index_reserve(e->index, (top + streams) * KEYS_PER_PEER) == -1)
		return -1;
	e->streams_room = streams;
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
stage(struct engine *e, struct stage *s, const struct conf_peer *const *peer,
    uint32_t npeers)
{
	uint32_t *lost;
	int r = 0;

	if (stage_tables(e, s, npeers) == -1)
		return -1;
	for (uint32_t i = 0; i < npeers; i++)
		if (stage_configured(e, s, peer[i]) == -1)
			return -1;
	lost = calloc(e->net.nmembers + npeers + 1, sizeof(*lost));
	if (lost == NULL)
		return -1;
	npeers = s->n;
	r = stage_members(e, s, lost);
	for (uint32_t i = npeers; r == 0 && i < s->n; i++)
		r = settle_member(e, s, i, lost[i]);
	free(lost);
	return r == 0 ? stage_room(e, s->node, s->next) : -1;
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
	qos_apply(e, p);
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
		slot_want(e, p, now_ms, BEV_WANT);
}

void
slot_init(struct engine *e, struct peer_slot *p, uint32_t no, uint64_t now_ms,
    struct conf_peer *c)
{
	struct session_limits lim;

	limits_of(&e->node, &lim);
	p->no = no;
	p->stamp_no = e->stamp_no; /* its key may have had a slot before */
	p->conf = *c;
	c->allowed = NULL;
	p->timer.id = no;
	p->since_ms = now_ms;
	peer_init(&p->peer);
	session_init(&p->ses, &lim);
	cookie_jar_init(&p->jar, p->conf.key);
	hold_init(&p->hold, e->node.hold_packets, e->node.hold_bytes);
	hold_init(&p->out, FRAMES_QUEUED, FRAMES_BYTES);
	bucket_fill(&p->frames, now_ms, FRAMES_BURST);
	bucket_fill(&p->asks, now_ms, ASKS_BURST);
	bucket_fill(&p->joinings, now_ms, JOINS_BURST);
	apply_live(e, p);
	e->slot[no] = p;
}

/* A peer with a keepalive is wanted at all times. */
static void
want_always(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->conf.admin_up && p->conf.keepalive_s != 0 &&
	    p->peer.state == PEER_IDLE)
		slot_want(e, p, now_ms, BEV_WANT);
	slot_arm(e, p);
}

/* Its slot is there: what came with its certificate is the slot's now. */
static void
settle_slot(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, struct member *m)
{
	p->member = m;
	if (p->guest)
		guest_promote(e, p, now_ms);
	if (m == NULL)
		return;
	m->no = p->no;
	if (m->ncand != 0)
		slot_member_places(p, m, now_ms);
	if (m->wanted && p->peer.state == PEER_IDLE)
		slot_want(e, p, now_ms, BEV_WANT);
	m->wanted = false;
}

static void
swap_tables(struct engine *e, struct stage *s)
{
	const struct conf_node *c = s->node;
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
	engine_filter_commit(e, c, &s->filter);
	if (s->again)
		return;
	e->node = *c;
	breaker_conf_of(c, &e->breaker);
	limiter_set(e->claimed, c->handshakes_per_source, c->handshakes_burst);
	limiter_set(e->proved, c->handshakes_per_source, c->handshakes_burst);
	timers_set(&e->timers, &e->t_flows, 0);
}

static void
commit(struct engine *e, struct stage *s, uint64_t now_ms)
{
	for (uint32_t no = 0; no < e->nslots; no++)
		if (e->slot[no] != NULL && !e->slot[no]->guest &&
		    keytab_find(s->by_key, e->slot[no]->conf.key) ==
			KEYTAB_NONE)
			slot_gone(e, no, now_ms);
	qos_commit(e, s->node, now_ms, &s->qos);
	swap_tables(e, s);
	for (uint32_t i = 0; i < s->n; i++) {
		struct peer_slot *p = s->fresh[i];

		if (p != NULL)
			slot_init(e, p, e->order[i], now_ms, &s->conf[i]);
		else
			slot_changed(
			    e, e->slot[e->order[i]], now_ms, &s->conf[i]);
		s->fresh[i] = NULL;
	}
	e->configured = true;
	e->net.dirty = false;
	for (uint32_t i = 0; i < e->npeers; i++) {
		settle_slot(e, e->slot[e->order[i]], now_ms, s->member[i]);
		want_always(e, e->slot[e->order[i]], now_ms);
	}
	streams_conf(e, now_ms);
	slots_make_way(e, NULL, now_ms);
	members_free_gone(e);
	seeks_flush(e, now_ms);
	relays_known(e, now_ms);
}

static int
take(struct engine *e, struct stage *s, uint64_t now_ms,
    const struct conf_peer *const *peer, uint32_t npeers)
{
	int r;

	path_flush(e);
	r = stage(e, s, peer, npeers);
	if (r == 0)
		commit(e, s, now_ms);
	stage_drop(s);
	return r;
}

int
engine_configure(struct engine *e, uint64_t now_ms, const struct conf *c)
{
	const struct conf_peer **peer = calloc(c->npeers + 1, sizeof(*peer));
	struct stage s = {.node = &c->node};
	int r = -1;

	e->now_ms = now_ms;
	for (uint32_t i = 0; peer != NULL && i < c->npeers; i++)
		peer[i] = &c->peer[i];
	if (peer != NULL)
		r = take(e, &s, now_ms, peer, c->npeers);
	free(peer);
	if (r != 0)
		return r;
	engine_reach_conf(e, now_ms);
	return r;
}

/* What is configured is in the slots. */
int
engine_remake(struct engine *e, uint64_t now_ms)
{
	const struct conf_peer **peer = calloc(e->npeers + 1, sizeof(*peer));
	struct stage s = {.node = &e->node, .again = true};
	uint32_t n = 0;
	int r = -1;

	for (uint32_t i = 0; peer != NULL && i < e->npeers; i++)
		if (e->slot[e->order[i]]->member == NULL)
			peer[n++] = &e->slot[e->order[i]]->conf;
	if (peer != NULL)
		r = take(e, &s, now_ms, peer, n);
	free(peer);
	return r;
}
