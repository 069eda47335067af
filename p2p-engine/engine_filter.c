/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_filter.c */
/*
 * The engine and its filter (dispatch/filter.h): who a peer is to the rules,
 * when they change, and what people see of them.
 *
 * A peer's groups are those of its certificate, also if it is configured as
 * well; its name is the one that is settled among all peers.  Both are looked
 * up once after each change of rules or peers, when it first has a packet.
 */
#include <stdio.h>
#include <string.h>

#include "engine_int.h"

/* ---- packets ---- */

static uint64_t
who_is(const struct engine *e, const struct peer_slot *p)
{
	const struct member *m = member_find(e, p->conf.key);

	return filter_who(e->filter, p->conf.name,
	    m == NULL ? NULL : m->cert.group, m == NULL ? 0 : m->cert.ngroups);
}

static void
look_up(const struct engine *e, struct peer_slot *p)
{
	p->filter_generation = filter_generation(e->filter);
	p->filter_who = who_is(e, p);
}

static bool
ask(struct engine *e, struct peer_slot *p, struct filter_ask *a)
{
	if (p->filter_generation != filter_generation(e->filter))
		look_up(e, p);
	a->peer = p->no;
	a->who = p->filter_who;
	return filter_pass(e->filter, a);
}

bool
engine_filter_out(
    struct engine *e, uint64_t now_ms, const struct outgoing *r, bool held)
{
	struct filter_ask a = {.p = &r->pkt, .out = true, .now_ms = now_ms};

	if (!ask(e, r->to, &a))
		return false;
	if (held)
		filter_take_back(e->filter);
	return true;
}

bool
engine_filter_in(struct engine *e, uint64_t now_ms, struct peer_slot *by,
    const struct pkt *p)
{
	struct filter_ask a = {.p = p, .now_ms = now_ms};

	return ask(e, by, &a);
}

/* ---- the configuration ---- */

int
engine_filter_stage(
    const struct engine *e, const struct conf_node *n, struct filter **fresh)
{
	if (!filter_wanted(n) ||
	    (e->filter != NULL && e->node.flows_max == n->flows_max))
		return 0;
	*fresh = filter_new(n->flows_max, e->hash_key);
	return *fresh == NULL ? -1 : 0;
}

void
engine_filter_commit(
    struct engine *e, const struct conf_node *n, struct filter **fresh)
{
	struct filter *old = e->filter;

	if (*fresh != NULL || !filter_wanted(n)) {
		e->filter = *fresh;
		*fresh = old;
		if (old != NULL)
			e->evicted_before += filter_evicted(old);
	}
	if (e->filter == NULL)
		return;
	/* peers' numbers and certificates may be others now */
	if (n == &e->node)
		filter_renew(e->filter);
	else
		filter_set(e->filter, n);
	if (*fresh == NULL)
		return;
	for (uint32_t i = 0; i < e->nslots; i++)
		if (e->slot[i] != NULL)
			e->slot[i]->filter_generation = 0;
}

/* ---- looking ---- */

static void
ports_text(const struct conf_node *n, char *out, size_t cap)
{
	size_t len = (size_t)snprintf(out, cap, "unallowed ports {");

	/* five digits at most: CONF_PORTS_MAX of them fit a row */
	for (unsigned i = 0; i < n->nports && len + 10 < cap; i++)
		len += (size_t)snprintf(out + len, cap - len, "%s %u",
		    i == 0 ? "" : ",", (unsigned)n->port[i]);
	snprintf(out + len, cap - len, " }");
}

static void
fill(const struct engine *e, unsigned rule, struct msg_rule_row *row)
{
	static const struct filter_hit none;
	const struct filter_hit *h =
	    e->filter == NULL ? &none : filter_hit(e->filter, rule);

	row->judged = h->connections;
	row->packets = h->packets;
	row->bytes = h->bytes;
}

static void
rule_text(const struct conf_node *n, unsigned rule, char *out, size_t cap)
{
	char text[CONF_RULE_STRLEN];

	if (rule == FILTER_PORTS)
		ports_text(n, out, cap);
	else if (rule < n->nrules)
		snprintf(
		    out, cap, "%s", conf_rule_format(&n->rule[rule], text));
	else
		snprintf(
		    out, cap, "default %s", n->filter_deny ? "deny" : "allow");
}

int
engine_rule_row(const struct engine *e, uint32_t i, struct msg_rule_row *row)
{
	const struct conf_node *n = &e->node;
	unsigned first = n->nports != 0, rule = i - first;

	*row = (struct msg_rule_row){0};
	if (i < first)
		rule = FILTER_PORTS;
	else if (rule < n->nrules)
		row->no = (uint16_t)(rule + 1);
	else if (rule == n->nrules)
		rule = FILTER_DEFAULT;
	else
		return -1;
	rule_text(n, rule, row->text, sizeof(row->text));
	fill(e, rule, row);
	return 0;
}

/* ---- what would be ---- */

/* An address of this node, of the same family as the other one. */
static void
own_address(const struct engine *e, struct addr *a, const struct addr *other)
{
	for (unsigned i = 0; i < e->node.naddresses && a->family == 0; i++)
		if (e->node.address[i].addr.family == other->family)
			*a = e->node.address[i].addr;
}

static const struct peer_slot *
owner_of(const struct engine *e, const struct addr *a)
{
	if (a->family == 0)
		return NULL;
	return slot_get(e, route_find(e->routes, a));
}

void
engine_verdict(const struct engine *e, uint64_t now_ms,
    const struct msg_verdict_ask *m, struct msg_verdict_row *row)
{
	struct filter_would w = {.proto = m->proto, .now_ms = now_ms};
	struct addr src = m->src, dst = m->dst;
	const struct peer_slot *p;
	unsigned rule;

	*row = (struct msg_verdict_row){.pass = true};
	own_address(e, &src, &dst);
	own_address(e, &dst, &src);
	p = owner_of(e, &dst);
	row->out = p != NULL;
	if (p == NULL)
		p = owner_of(e, &src);
	if (p == NULL)
		return;
	snprintf(row->peer, sizeof(row->peer), "%s", p->conf.name);
	if ((row->filtered = e->filter != NULL) == false)
		return;
	w.out = row->out;
	w.near = w.out ? src : dst;
	w.far = w.out ? dst : src;
	w.near_port = w.out ? m->sport : m->dport;
	w.far_port = w.out ? m->dport : m->sport;
	w.peer = p->no;
	w.who = who_is(e, p);
	rule = filter_would(e->filter, &w, &row->known);
	row->pass = filter_passes(e->filter, rule);
	row->no = rule < e->node.nrules ? (uint16_t)(rule + 1) : 0;
	rule_text(&e->node, rule, row->text, sizeof(row->text));
}
