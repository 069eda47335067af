/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc_places.c */
/* Where this node is, as others are told. */
#include <stdlib.h>
#include <string.h>
#include "disc_int.h"
#include "offer.h"

static unsigned
add_place(const struct disc *d, struct candidate *c, unsigned n, uint8_t type,
    const struct endpoint *ep)
{
	if (n == PUBLISH_PLACES_MAX || ep->port == 0 ||
	    addr_is_special(&ep->addr) || members_inside(d->members, &ep->addr))
		return n;
	for (unsigned i = 0; i < n; i++)
		if (endpoint_eq(&c[i].ep, ep))
			return n;
	c[n] = (struct candidate){.type = type,
	    .ep = *ep,
	    .priority = (uint32_t)(PUBLISH_PLACES_MAX - n)};
	return n + 1;
}

static bool
is_seen(const struct disc *d, uint8_t family)
{
	for (unsigned i = 0; i < d->seen.n; i++)
		if (d->seen.at[i].addr.family == family)
			return true;
	return false;
}

static unsigned
add_gained(const struct disc *d, struct candidate *c, unsigned n, uint8_t type)
{
	for (unsigned i = 0; i < d->gained.n; i++)
		if (d->gained.at[i].type == type)
			n = add_place(d, c, n, type, &d->gained.at[i].ep);
	return n;
}

/*
 * Where others see the engine's sockets, what the interfaces have, and, if
 * nobody was asked, what the DHT sees of us: with the WireGuard port, which is
 * only a guess behind a NAT, and often a good one.
 */
void
disc_tell_places(struct disc *d, uint64_t now_ms)
{
	struct candidate c[PUBLISH_PLACES_MAX];
	struct endpoint guess[2] = {d->own4, d->own6};
	unsigned n = 0, last = PUBLISH_PLACES_MAX;

	if (d->places.n == 0)
		return;
	/* a relayed place is the last, and has its room */
	for (unsigned i = 0; i < d->gained.n; i++)
		last -= d->gained.at[i].type == CANDIDATE_TURN;
	n = add_gained(d, c, n, CANDIDATE_MAPPED);
	for (unsigned i = 0; i < d->seen.n; i++)
		n = add_place(d, c, n, CANDIDATE_REFLEXIVE, &d->seen.at[i]);
	for (unsigned i = 0; i < 2; i++) {
		guess[i].port = d->places.at[0].ep.port;
		if (guess[i].addr.family != 0 &&
		    !is_seen(d, guess[i].addr.family))
			n = add_place(d, c, n, CANDIDATE_REFLEXIVE, &guess[i]);
	}
	for (unsigned i = 0; i < d->places.n && n < last; i++)
		n = add_place(d, c, n, CANDIDATE_HOST, &d->places.at[i].ep);
	n = add_gained(d, c, n, CANDIDATE_TURN);
	disc_tls_tell(d);
	publish_places(d->publish, now_ms, d->seen.nat, c, n);
}

void
disc_places(struct disc *d, uint64_t now_ms, const struct msg_places *m)
{
	d->places = *m;
	lan_places(d->lan, now_ms, m);
	disc_tell_places(d, now_ms);
}

void
disc_reflexive(struct disc *d, uint64_t now_ms, const struct msg_reflexive *m)
{
	d->seen = *m;
	disc_tell_places(d, now_ms);
}

void
disc_gained(struct disc *d, uint64_t now_ms, const struct msg_gained *m)
{
	d->gained = *m;
	disc_tell_places(d, now_ms);
}
