/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/streams_sock.c */
/*
 * A socket of the acceptor's own for a stream: the opener says that it wants
 * one, the acceptor answers where it is, and the opener dials there.
 *
 * What the acceptor says is only the port that is believed: the address must be
 * the one at which stream 0 has it now, so that nobody can aim this node at
 * somebody else.  An acceptor behind a translator has another address there
 * than its own; it is not asked to guess, and the stream goes the old way at
 * once.  Where the port is closed, the stream falls back to stream 0's place
 * after POOL_DIAL_MS, and that peer is not asked for sockets again.
 */
#include "engine_int.h"
#include "record.h"

#define HOST 1 /* type of a candidate */

static const struct engine_sock *
own_socket(const struct engine *e, unsigned place, uint8_t family)
{
	unsigned n = e->node.streams_max;
	uint16_t want;

	if (!e->node.streams_sockets || n < 2 || place == 0)
		return NULL;
	want = udp_stream_socket((place - 1) % n + 1, family);
	for (uint32_t i = 0; i < e->nsocks; i++)
		if (e->sock[i].no == want)
			return &e->sock[i];
	return NULL;
}

void
stream_socket_bound(
    struct engine *e, uint16_t sock, const struct endpoint *local)
{
	for (uint32_t i = 0; i < e->nsocks; i++)
		if (e->sock[i].no == sock)
			e->sock[i].port = local->port;
}

void
stream_choose_socket(const struct engine *e, struct peer_slot *p)
{
	const struct engine_sock *s =
	    own_socket(e, p->place, p->ep.addr.family);

	if (s != NULL)
		p->sock = s->no;
}

bool
stream_wants_socket(const struct peer_slot *p)
{
	return p->sock != p->owner->sock && !carry_is(p->owner->sock) &&
	    !p->lanes->deaf_sockets;
}

static bool
is_offered(const struct stream_accept *a, const struct candidate *c)
{
	struct candidate have;
	struct rbuf r;

	for (unsigned i = 0; i < a->n; i++) {
		rbuf_init(&r, a->cand[i], STREAM_CANDIDATE);
		if (candidate_get(&r, &have) && endpoint_eq(&have.ep, &c->ep))
			return true;
	}
	return false;
}

void
stream_offer_socket(
    const struct engine *e, const struct peer_slot *p, struct stream_accept *a)
{
	uint8_t family = p->owner->ep.addr.family;
	const struct engine_sock *s = own_socket(e, p->place, family);

	if (s == NULL || s->port == 0 || carry_is(p->owner->sock))
		return;
	for (unsigned i = 0; i < e->nat.nplaces && a->n < STREAM_CANDIDATES;
	     i++) {
		struct candidate c = {.type = HOST, .ep = e->nat.place[i]};
		struct wbuf w;

		c.ep.port = s->port;
		if (c.ep.addr.family != family || is_offered(a, &c))
			continue;
		c.priority = UINT32_C(126) << 24 | (65535u - i) << 8 | 255;
		wbuf_init(&w, a->cand[a->n], STREAM_CANDIDATE);
		candidate_put(&w, &c);
		if (wbuf_done(&w) == 0)
			a->n++;
	}
}

void
stream_take_socket(
    struct engine *e, struct peer_slot *p, const struct stream_accept *a)
{
	if (!stream_wants_socket(p))
		return;
	for (unsigned i = 0; i < a->n; i++) {
		struct candidate c;
		struct rbuf r;

		rbuf_init(&r, a->cand[i], STREAM_CANDIDATE);
		if (!candidate_get(&r, &c) ||
		    !addr_eq(&c.ep.addr, &p->owner->ep.addr))
			continue;
		p->ep = c.ep;
		count(e, STREAM_SOCKETS);
		return;
	}
}

void
stream_socket_silent(struct engine *e, struct peer_slot *p)
{
	if (endpoint_eq(&p->ep, &p->owner->ep))
		return;
	p->lanes->deaf_sockets = true;
	count(e, STREAM_SOCKETS_DEAF);
}
