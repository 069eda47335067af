/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc_tls.c */
/*
 * Where this node listens for TLS: the ports of the configuration at the
 * addresses of the interfaces, with the pin that tlsd tells.  Where a
 * translator maps a UDP port nobody mapped this one, so what others see of us
 * is no place for it.
 */
#include "disc_int.h"

static bool
listens_at(const struct endpoint *at, const struct addr *a)
{
	if (at->addr.family == 0)
		return true;
	if (addr_is_any(&at->addr))
		return at->addr.family == a->family;
	return addr_eq(&at->addr, a);
}

static unsigned
add_tls(const struct disc *d, struct candidate *c, unsigned n,
    const struct endpoint *ep)
{
	if (n == PUBLISH_TLS_MAX || addr_is_special(&ep->addr) ||
	    members_inside(d->members, &ep->addr))
		return n;
	for (unsigned i = 0; i < n; i++)
		if (endpoint_eq(&c[i].ep, ep))
			return n;
	c[n] = (struct candidate){.type = CANDIDATE_TLS, .ep = *ep};
	return n + 1;
}

void
disc_tls_tell(struct disc *d)
{
	const struct conf_node *conf = &d->conf;
	struct candidate c[PUBLISH_TLS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; d->tls.listens && i < d->places.n; i++)
		for (unsigned k = 0; k < conf->ntls_listen; k++) {
			struct endpoint ep = d->places.at[i].ep;

			ep.port = conf->tls_listen[k].port;
			if (listens_at(&conf->tls_listen[k], &ep.addr))
				n = add_tls(d, c, n, &ep);
		}
	publish_tls(d->publish, c, n, d->tls.pin);
}

void
disc_tls(struct disc *d, uint64_t now_ms, const struct msg_tls_pin *m)
{
	d->tls = *m;
	disc_tell_places(d, now_ms);
}
