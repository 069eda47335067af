/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/nat_judge.c */
/*
 * What the answers of a round say (see nat.h): the address that others see,
 * and the behaviour of what is in between, in the words of RFC 5780.
 *
 * A server on our side of the translator sees us as we are, which says nothing
 * about the other side: it counts only if nobody says otherwise.
 */
#include <string.h>

#include "nat.h"

/* Places are told with the port of the first sockets; others have their own. */
static bool
is_place(
    const struct nat *n, const struct nat_sock *s, const struct endpoint *e)
{
	for (unsigned i = 0; i < n->nplaces; i++)
		if (addr_eq(&n->place[i].addr, &e->addr) &&
		    (n->place[i].port == e->port || s->bound.port == e->port))
			return true;
	return false;
}

/* The host's own name for this socket, or the best that is known of it. */
static struct endpoint
local_of(const struct nat *n, const struct nat_sock *s)
{
	const struct endpoint *seen = &s->view.seen;

	if (!addr_is_any(&s->bound.addr))
		return s->bound;
	if (seen->addr.family != 0 && is_place(n, s, seen))
		return *seen;
	for (unsigned i = 0; i < n->nplaces; i++)
		if (n->place[i].addr.family == s->view.family &&
		    n->place[i].port == s->bound.port)
			return n->place[i];
	return (struct endpoint){.addr = {0}, .port = s->bound.port};
}

/* Everybody who answered, or only those behind the translator. */
static bool
counts(const struct nat *n, const struct nat_sock *s, unsigned i, bool outside)
{
	const struct nat_server *x = &s->server[i];

	return x->heard && !(outside && is_place(n, s, &x->mapped));
}

static bool
any_outside(const struct nat *n, const struct nat_sock *s)
{
	for (unsigned i = 0; i < s->nservers; i++)
		if (counts(n, s, i, true))
			return true;
	return false;
}

/*
 * A configured server's word, else what most members say, else NULL: one
 * member can't tell the others where we are if two others know better.
 */
static const struct endpoint *
choose(const struct nat *n, const struct nat_sock *s, bool outside)
{
	const struct endpoint *best = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < s->nservers; i++) {
		unsigned same = 0;

		if (!counts(n, s, i, outside))
			continue;
		if (!s->server[i].member)
			return &s->server[i].mapped;
		for (unsigned k = 0; k < s->nservers; k++)
			same += counts(n, s, k, outside) &&
			    endpoint_eq(
				&s->server[i].mapped, &s->server[k].mapped);
		if (same > most) {
			most = same;
			best = &s->server[i].mapped;
		}
	}
	return best;
}

/* Section 4.3: the same server, by its other address. */
static enum nat_mapping
by_one_server(const struct nat_sock *s)
{
	const struct endpoint *first = &s->server[s->behaves].mapped;

	if (s->from_ip.addr.family == 0)
		return NAT_UNKNOWN;
	if (endpoint_eq(first, &s->from_ip))
		return NAT_INDEPENDENT;
	if (s->from_other.addr.family == 0)
		return NAT_SYMMETRIC;
	return endpoint_eq(&s->from_ip, &s->from_other) ? NAT_ADDRESS
							: NAT_SYMMETRIC;
}

/*
 * Two servers at two addresses: how far apart what they see is can't be told
 * from this, so the worse is taken for true.
 */
static enum nat_mapping
by_two_servers(const struct nat *n, const struct nat_sock *s, bool outside)
{
	bool two = false;

	for (unsigned i = 0; i < s->nservers; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct nat_server *a = &s->server[i];
			const struct nat_server *b = &s->server[k];

			if (!counts(n, s, i, outside) ||
			    !counts(n, s, k, outside) ||
			    addr_eq(&a->ep.addr, &b->ep.addr))
				continue;
			if (!endpoint_eq(&a->mapped, &b->mapped))
				return NAT_SYMMETRIC;
			two = true;
		}
	return two ? NAT_INDEPENDENT : NAT_UNKNOWN;
}

static enum nat_mapping
mapping(const struct nat *n, const struct nat_sock *s, bool outside)
{
	enum nat_mapping m = NAT_UNKNOWN;

	if (s->view.nheard == 0) /* one alone may be down */
		return s->nservers > 1 ? NAT_BLOCKED : NAT_UNKNOWN;
	if (is_place(n, s, &s->view.seen))
		return NAT_NONE;
	if (s->behaves != -1)
		m = by_one_server(s);
	return m != NAT_UNKNOWN ? m : by_two_servers(n, s, outside);
}

bool
nat_judge(const struct nat *n, struct nat_sock *s, uint64_t now_ms)
{
	struct nat_view *v = &s->view;
	const struct endpoint was = v->seen;
	bool outside = any_outside(n, s);
	const struct endpoint *seen = choose(n, s, outside);
	enum nat_mapping m;

	v->nservers = s->nservers;
	v->nheard = 0;
	for (unsigned i = 0; i < s->nservers; i++)
		v->nheard += s->server[i].heard;
	v->seen = seen != NULL ? *seen : (struct endpoint){0};
	if (seen != NULL)
		v->seen_ms = now_ms;
	v->local = local_of(n, s);
	m = mapping(n, s, outside);
	/* who looked less closely says nothing against the last round */
	if ((s->full && m != NAT_UNKNOWN) || !endpoint_eq(&was, &v->seen) ||
	    v->mapping == NAT_UNKNOWN || v->mapping == NAT_BLOCKED)
		v->mapping = m;
	if (s->filtered)
		v->filtering = s->in_both ? NAT_F_INDEPENDENT
		    : s->in_port          ? NAT_F_ADDRESS
					  : NAT_F_PORT;
	else if (v->nheard == 0)
		v->filtering = NAT_F_UNKNOWN;
	v->judged_ms = now_ms;
	return !endpoint_eq(&was, &v->seen);
}
