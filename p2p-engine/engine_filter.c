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

static void
look_up(const struct engine *e, struct peer_slot *p)
{
	const struct member *m = member_find(e, p->conf.key);

	p->filter_generation = filter_generation(e->filter);
	p->filter_who = filter_who(e->filter, p->conf.name,
	    m == NULL ? NULL : m->cert.group, m == NULL ? 0 : m->cert.ngroups);
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

int
engine_rule_row(const struct engine *e, uint32_t i, struct msg_rule_row *row)
{
	const struct conf_node *n = &e->node;
	unsigned first = n->nports != 0;
	char text[CONF_RULE_STRLEN];

	*row = (struct msg_rule_row){0};
	if (i < first) {
		ports_text(n, row->text, sizeof(row->text));
		fill(e, FILTER_PORTS, row);
		return 0;
	}
	i -= first;
	if (i < n->nrules) {
		row->no = (uint16_t)(i + 1);
		snprintf(row->text, sizeof(row->text), "%s",
		    conf_rule_format(&n->rule[i], text));
		fill(e, i, row);
		return 0;
	}
	if (i > n->nrules)
		return -1;
	snprintf(row->text, sizeof(row->text), "default %s",
	    n->filter_deny ? "deny" : "allow");
	fill(e, FILTER_DEFAULT, row);
	return 0;
}
