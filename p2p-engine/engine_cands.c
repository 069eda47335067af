/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_cands.c */
/*
 * Where this node may be reached: its own addresses, ports that its router
 * gave it, and the places where others see its sockets; in the order of RFC
 * 8445, 5.1.2.1.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_punch.h"

/* Preferences of the types, 5.1.2.2; a port that was asked for is as sure */
enum { PREFER_HOST = 126, PREFER_MAPPED = 120, PREFER_SEEN = 100 };
#define LOCAL_FIRST 65535
#define LINK_BITS4 24 /* what is as near as that is taken for on-link */
#define LINK_BITS6 64

/* ---- how we are seen ---- */

static const struct nat_view *
view_of(const struct engine *e, uint16_t sock)
{
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		const struct nat_sock *s = nat_sock(&e->nat, i);

		if (s != NULL && s->view.sock == sock)
			return &s->view;
	}
	return NULL;
}

/* The IPv4 socket's if anybody sees it, else that of any that is seen. */
static const struct nat_view *
main_view(const struct engine *e)
{
	const struct nat_view *best = NULL;

	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		const struct nat_sock *s = nat_sock(&e->nat, i);

		if (s == NULL || s->view.sock >= UDP_STREAM_FIRST)
			continue;
		if (best == NULL ||
		    (best->seen.addr.family != 4 && s->view.family == 4))
			best = &s->view;
	}
	return best;
}

const struct endpoint *
engine_seen(const struct engine *e, uint16_t sock)
{
	const struct nat_view *v = view_of(e, sock);

	return v == NULL || v->seen.addr.family == 0 ? NULL : &v->seen;
}

bool
engine_behind_nat(const struct engine *e)
{
	const struct nat_view *v = main_view(e);

	return v != NULL && v->seen.addr.family != 0 &&
	    v->mapping != NAT_NONE && v->mapping != NAT_BLOCKED;
}

uint8_t
engine_nat_octet(const struct engine *e)
{
	const struct nat_view *v = main_view(e);

	return v == NULL ? 0 : cands_nat(v->mapping, v->filtering);
}

/* ---- the list ---- */

static bool
in_any(const struct prefix *list, unsigned n, const struct addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (prefix_has(&list[i], a))
			return true;
	return false;
}

static bool
is_overlay(const struct engine *e, const struct addr *a)
{
	const struct conf_node *c = &e->node;

	return in_any(c->address, c->naddresses, a) ||
	    in_any(c->subnet, c->nsubnets, a) ||
	    (e->net.on &&
		(prefix_has(&e->net.prefix6, a) ||
		    in_any(e->net.own.address, e->net.own.naddresses, a)));
}

bool
engine_is_inside(const struct engine *e, const struct endpoint *ep)
{
	for (unsigned i = 0; i < e->nat.nplaces; i++)
		if (endpoint_eq(&e->nat.place[i], ep))
			return true;
	return is_overlay(e, &ep->addr);
}

static bool
is_near(const struct addr *a, const struct addr *b)
{
	struct prefix p = {
	    *a, (uint8_t)(a->family == 4 ? LINK_BITS4 : LINK_BITS6)};

	return a->family == b->family && prefix_has(&p, b);
}

uint32_t
engine_on_link(const struct engine *e, const struct cands *c)
{
	uint32_t near = 0;

	for (unsigned i = 0; i < c->n; i++)
		for (unsigned k = 0; k < e->nat.nplaces; k++)
			if (is_near(&e->nat.place[k].addr, &c->c[i].ep.addr))
				near |= UINT32_C(1) << i;
	return near;
}

static void
add(struct cands *c, uint8_t type, uint32_t prefer, const struct endpoint *ep)
{
	if (c->n == CANDIDATES_MAX || ep->port == 0 ||
	    addr_is_special(&ep->addr))
		return;
	for (unsigned i = 0; i < c->n; i++)
		if (endpoint_eq(&c->c[i].ep, ep))
			return;
	c->c[c->n] = (struct candidate){.type = type,
	    .ep = *ep,
	    .priority = prefer << 24 | (LOCAL_FIRST - c->n) << 8 | 255};
	c->n++;
}

/* Half the room at most: what only others know of us matters more. */
static void
add_hosts(const struct engine *e, struct cands *c)
{
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < e->nat.nplaces; i++) {
			const struct endpoint *at = &e->nat.place[i];

			if (addr_is_private(&at->addr) == (pass == 1) &&
			    !is_overlay(e, &at->addr) &&
			    c->n < CANDIDATES_MAX / 2)
				add(c, CANDIDATE_HOST, PREFER_HOST, at);
		}
}

/* Not the place at a TURN server: who hears this has a way that is better. */
static void
add_mapped(const struct engine *e, struct cands *c)
{
	struct msg_gained m;

	engine_gains(e, &m);
	for (unsigned i = 0; i < m.n; i++)
		if (m.at[i].type == CANDIDATE_MAPPED)
			add(c, CANDIDATE_MAPPED, PREFER_MAPPED, &m.at[i].ep);
}

void
engine_candidates(const struct engine *e, const struct hole *h, struct cands *c)
{
	const struct endpoint *seen;

	*c = (struct cands){
	    .generation = e->punching.generation, .nat = engine_nat_octet(e)};
	/* the new socket's place before all: the old ones were tried */
	if (h != NULL && h->has_sock &&
	    (seen = engine_seen(e, h->sock)) != NULL)
		add(c, CANDIDATE_REFLEXIVE, PREFER_HOST + 1, seen);
	add_hosts(e, c);
	add_mapped(e, c);
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		const struct nat_sock *s = nat_sock(&e->nat, i);

		if (s != NULL && s->view.sock < UDP_STREAM_FIRST)
			add(c, CANDIDATE_REFLEXIVE, PREFER_SEEN, &s->view.seen);
	}
}

/* ---- sockets ---- */

static bool
has_extra(const struct punching *x, uint16_t sock)
{
	for (unsigned i = 0; i < x->nextra; i++)
		if (x->extra[i] == sock)
			return true;
	return false;
}

void
punching_socket_del(struct engine *e, uint16_t sock)
{
	struct punching *x = &e->punching;
	unsigned kept = 0;

	for (unsigned i = 0; i < x->nextra; i++)
		if (x->extra[i] != sock)
			x->extra[kept++] = x->extra[i];
	x->nextra = (uint8_t)kept;
}

int
engine_extra_socket(
    struct engine *e, uint64_t now_ms, uint8_t family, const struct hole *h)
{
	struct punching *x = &e->punching;
	const struct engine_sock *best = NULL;

	for (uint32_t i = 0; i < e->nsocks; i++) {
		const struct engine_sock *s = &e->sock[i];

		if (s->no < UDP_STREAM_FIRST || s->family != family ||
		    (h->has_sock && h->sock == s->no) ||
		    s->bound.addr.family == 0)
			continue;
		if (has_extra(x, s->no)) {
			best = s;
			break;
		}
		/* the last ones: streams take the first ones first */
		if (x->nextra < PUNCH_EXTRA &&
		    (best == NULL || s->no > best->no) &&
		    !engine_socket_used(e, s->no))
			best = s;
	}
	if (best == NULL)
		return -1;
	if (!has_extra(x, best->no)) {
		x->extra[x->nextra++] = best->no;
		engine_nat_socket(e, now_ms, best->no, &best->bound);
	}
	return best->no;
}
