/* SPDX-License-Identifier: ISC */
/* file: discoveryd/offer.c */
/* The order in which a member's places are offered (see offer.h). */
#include <limits.h>
#include <string.h>

#include "offer.h"

/* Could a datagram get there from here? */
static bool
has_way(const struct lookup_world *w, const struct addr *to)
{
	if (!addr_is_private(to) || w->places->n == 0)
		return true;
	for (unsigned i = 0; i < w->places->n; i++) {
		const struct addr *own = &w->places->at[i].ep.addr;

		if (own->family == to->family && addr_is_private(own))
			return true;
	}
	return false;
}

static void
add(const struct lookup_world *w, struct msg_lookup_reply *m, uint8_t type,
    const struct endpoint *ep)
{
	struct endpoint e = *ep;

	addr_canonical(&e.addr);
	if (m->n == CANDIDATES_MAX || e.port == 0 || e.addr.family == 0 ||
	    members_inside(w->members, &e.addr))
		return;
	for (unsigned i = 0; i < m->n; i++)
		if (endpoint_eq(&m->c[i].ep, &e))
			return;
	m->c[m->n] = (struct candidate){.type = type,
	    .ep = e,
	    .priority = (uint32_t)(CANDIDATES_MAX - m->n)};
	m->n++;
}

static void
add_seen(const struct lookup_world *w, struct msg_lookup_reply *m,
    const struct member *who)
{
	if (who->seen.addr.family != 0)
		add(w, m, CANDIDATE_SEEN, &who->seen);
}

static void
add_places(const struct lookup_world *w, struct msg_lookup_reply *m,
    const struct place *p, unsigned from, unsigned to)
{
	for (unsigned i = from; i < p->n && i < to; i++)
		if (p->c[i].type != CANDIDATE_TLS &&
		    has_way(w, &p->c[i].ep.addr))
			add(w, m, p->c[i].type, &p->c[i].ep);
}

/* Who can't be reached may be by these members. */
static void
add_relays(const struct lookup_world *w, struct msg_lookup_reply *m,
    const struct place *p)
{
	for (unsigned i = 0; i < p->nrelays && m->n < CANDIDATES_MAX; i++) {
		struct candidate *c = &m->c[m->n++];

		*c = (struct candidate){.type = CANDIDATE_RELAY};
		cert_address6(&c->ep.addr,
		    members_net(w->members)->bundle.authority, p->relay[i]);
	}
}

/* How many relays are named; UINT_MAX: this one already. */
static unsigned
relays_named(const struct msg_lookup_reply *m, const struct candidate *is)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++) {
		if (m->c[i].type != CANDIDATE_RELAY)
			continue;
		if (addr_eq(&m->c[i].ep.addr, &is->ep.addr))
			return UINT_MAX;
		n++;
	}
	return n;
}

void
offer_relays(const struct lookup_world *w, struct msg_lookup_reply *m,
    const struct member *who)
{
	const struct member *r;
	size_t cursor = 0;
	bool up = true;

	for (;;) {
		struct candidate c = {.type = CANDIDATE_RELAY};

		if ((r = members_next(w->members, &cursor)) == NULL) {
			if (!up)
				return;
			up = false;
			cursor = 0;
			continue;
		}
		if (r->up != up || r->own || r == who ||
		    (r->cert.caps & CERT_CAP_RELAY) == 0 ||
		    (!up && r->place_record == NULL))
			continue;
		cert_address6(&c.ep.addr,
		    members_net(w->members)->bundle.authority, r->cert.node);
		if (m->n < CANDIDATES_MAX &&
		    relays_named(m, &c) < OFFER_RELAYS_MAX)
			m->c[m->n++] = c;
	}
}

/* For who gets no answer elsewhere, and only what its pin goes with. */
static void
add_tls(const struct lookup_world *w, struct msg_lookup_reply *m,
    const struct place *p)
{
	for (unsigned i = 0; p->has_pin && i < p->n; i++)
		if (p->c[i].type == CANDIDATE_TLS &&
		    has_way(w, &p->c[i].ep.addr))
			add(w, m, p->c[i].type, &p->c[i].ep);
	m->has_pin = p->has_pin;
	memcpy(m->pin, p->pin, sizeof(m->pin));
}

static uint64_t
since(uint64_t unix_s, uint64_t then)
{
	return then < unix_s ? unix_s - then : 0;
}

void
offer_member(const struct lookup_world *w, uint64_t now_ms, uint64_t unix_s,
    const struct member *who, struct msg_find_row *row)
{
	const struct lan_hint *h = lan_find(w->lan, now_ms, who->cert.node);
	const struct record *rec = who->place_record;
	struct msg_lookup_reply *m = &row->reply;
	bool newer;

	*row =
	    (struct msg_find_row){.status = LOOKUP_FOUND, .source = FIND_CACHE};
	m->status = LOOKUP_FOUND;
	memcpy(m->key, who->cert.node, sizeof(m->key));
	m->certlen = who->certlen;
	memcpy(m->cert, who->certificate, who->certlen);
	newer = rec != NULL && !who->up && rec->seq > who->seen_s;
	for (unsigned i = 0; h != NULL && i < h->n; i++)
		if (has_way(w, &h->at[i].addr))
			add(w, m, CANDIDATE_HOST, &h->at[i]);
	if (h != NULL && m->n > 0)
		row->source = FIND_LAN;
	/* it may have moved, or the record may name what can't be reached */
	if (newer)
		add_places(w, m, &who->place, 0, 1);
	add_seen(w, m, who);
	if (rec != NULL) {
		add_places(w, m, &who->place, 0, OFFER_OF_RECORD_MAX);
		add_relays(w, m, &who->place);
		add_tls(w, m, &who->place);
		offer_relays(w, m, who);
	}
	if (h == NULL && newer)
		row->age_s = since(unix_s, rec->seq);
	else if (h == NULL && who->seen.addr.family != 0)
		row->age_s = who->up ? 0 : since(unix_s, who->seen_s);
}

/*
 * Who has just started behind a translator has said only where it is inside:
 * what it looks like from outside follows in a few seconds.
 */
static uint64_t
fresh_s(const struct place *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (!addr_is_private(&p->c[i].ep.addr))
			return LOOKUP_FRESH_S;
	return LOOKUP_PRIVATE_S;
}

bool
offer_is_fresh(const struct lookup_world *w, uint64_t now_ms, uint64_t unix_s,
    const struct member *m)
{
	if (m->up || m->own || lan_find(w->lan, now_ms, m->cert.node) != NULL)
		return true;
	if (m->seen.addr.family != 0 &&
	    since(unix_s, m->seen_s) <= LOOKUP_FRESH_S)
		return true;
	return m->place_record != NULL &&
	    since(unix_s, m->place_s) <= fresh_s(&m->place);
}
