/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/votes.c */
/*
 * Our own address, by vote: see node_id.h.  Anybody may lie, so it takes
 * several sources that agree, and the one with most of them wins; the last
 * VOTE_MAX sources count, so a new address wins when enough have seen it.
 */
#include <string.h>

#include "node_id.h"

void
votes_init(struct votes *v)
{
	*v = (struct votes){0};
}

static struct addr
source_of(const struct addr *from)
{
	struct prefix p = {*from, from->family == 4 ? 32 : 64};

	prefix_mask(&p);
	return p.addr;
}

static bool
counts(const struct vote *v, uint64_t now_ms)
{
	return v->from.family != 0 && now_ms - v->at_ms < VOTE_OLD_MS;
}

/* The place of this source; else a free one, else the oldest. */
static struct vote *
place_for(struct votes *v, const struct addr *source)
{
	struct vote *oldest = &v->vote[0];

	for (int i = 0; i < VOTE_MAX; i++) {
		struct vote *it = &v->vote[i];

		if (addr_eq(&it->from, source))
			return it;
		if (it->at_ms < oldest->at_ms)
			oldest = it;
	}
	return oldest;
}

/* How many say so; the port only matters if it is not 0. */
static unsigned
agreeing(
    const struct votes *v, uint64_t now_ms, const struct addr *a, uint16_t port)
{
	unsigned n = 0;

	for (int i = 0; i < VOTE_MAX; i++) {
		const struct vote *it = &v->vote[i];

		if (counts(it, now_ms) && addr_eq(&it->says.addr, a) &&
		    (port == 0 || it->says.port == port))
			n++;
	}
	return n;
}

/* Does a with n votes go before b with m?  A draw changes nothing. */
static bool
better(const struct addr *a, unsigned n, const struct addr *b, unsigned m)
{
	if (n < VOTE_AGREE)
		return false;
	if (m < VOTE_AGREE || node_id_exempt(a) != node_id_exempt(b))
		return m < VOTE_AGREE || node_id_exempt(b);
	return n > m;
}

static struct addr
winner(const struct votes *v, uint64_t now_ms)
{
	struct addr best = v->own.addr;
	unsigned most = agreeing(v, now_ms, &best, 0), n;

	for (int i = 0; i < VOTE_MAX; i++) {
		const struct addr *a = &v->vote[i].says.addr;

		if (!counts(&v->vote[i], now_ms))
			continue;
		n = agreeing(v, now_ms, a, 0);
		if (better(a, n, &best, most)) {
			best = *a;
			most = n;
		}
	}
	return best; /* what was agreed on once holds until another is */
}

static uint16_t
port_of(const struct votes *v, uint64_t now_ms, const struct addr *own)
{
	for (int i = 0; i < VOTE_MAX; i++) {
		const struct endpoint *e = &v->vote[i].says;

		if (e->port != 0 && addr_eq(&e->addr, own) &&
		    agreeing(v, now_ms, own, e->port) >= VOTE_AGREE)
			return e->port;
	}
	return 0;
}

/* Link-local addresses and loopback are hosts, too: a lab is a network. */
static bool
of_a_host(const struct addr *a)
{
	return !addr_is_any(a) && (node_id_exempt(a) || !addr_is_special(a));
}

bool
votes_add(struct votes *v, uint64_t now_ms, const struct addr *from,
    const struct endpoint *says)
{
	struct addr before = v->own.addr, source = source_of(from);

	if (from->family == 0 || from->family != says->addr.family ||
	    !of_a_host(&says->addr))
		return false;
	*place_for(v, &source) = (struct vote){now_ms, source, *says};
	/* the usual case; one more for the winner changes nothing */
	if (endpoint_eq(says, &v->own))
		return false;
	v->own.addr = winner(v, now_ms);
	if (v->own.addr.family != 0)
		v->own.port = port_of(v, now_ms, &v->own.addr);
	return !addr_eq(&before, &v->own.addr);
}
