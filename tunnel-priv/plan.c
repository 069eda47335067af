/* SPDX-License-Identifier: ISC */
/*
 * The difference of two configurations, item by item (plan.h).  Pure: what the
 * kernel says to it is apply.c's business.
 */
#include <stddef.h>

#include "msg.h"
#include "plan.h"
#include "sock.h"

bool
plan_connected(const struct conf_node *c, const struct prefix *r)
{
	for (unsigned i = 0; c != NULL && i < c->naddresses; i++)
		if (r->len >= c->address[i].len &&
		    prefix_has(&c->address[i], &r->addr))
			return true;
	return false;
}

/* The i-th entry as written; false: there are no more. */
static bool
entry(const struct conf_node *c, unsigned i, struct plan_item *out)
{
	if (c == NULL ||
	    i >= (unsigned)(c->naddresses + c->nsubnets + c->nroutes))
		return false;
	out->route = i >= c->naddresses;
	if (!out->route)
		out->prefix = c->address[i];
	else if ((i -= c->naddresses) < c->nsubnets)
		out->prefix = c->subnet[i];
	else
		out->prefix = c->route[i - c->nsubnets];
	if (out->route)
		prefix_mask(&out->prefix);
	return true;
}

/* Is it an item of c, among the first n entries? */
static bool
has(const struct conf_node *c, unsigned n, const struct plan_item *what)
{
	struct plan_item it;

	if (what->route && plan_connected(c, &what->prefix))
		return false;
	for (unsigned i = 0; i < n && entry(c, i, &it); i++)
		if (it.route == what->route &&
		    prefix_eq(&it.prefix, &what->prefix))
			return true;
	return false;
}

bool
plan_next(const struct conf_node *have, const struct conf_node *want,
    unsigned *i, struct plan_item *out)
{
	while (entry(want, (*i)++, out))
		if (has(want, *i, out) && !has(want, *i - 1, out) &&
		    !has(have, (unsigned)-1, out))
			return true;
	return false;
}

/* The half of one `listen on`; false: it has no such half. */
static bool
half(const struct endpoint *at, bool any, bool second, struct plan_socket *out)
{
	if (second && !any)
		return false;
	out->at = *at;
	out->need = second ? PLAN_IF_FAMILY : PLAN_MUST;
	if (any)
		out->at.addr = (struct addr){.family = second ? 6 : 4};
	return true;
}

static bool
disc_socket(const struct conf_node *c, unsigned which, struct plan_socket *out)
{
	bool second = which == DISC_DHT6 || which == DISC_LAN6;

	if (which == DISC_LAN4 || which == DISC_LAN6) {
		out->at = (struct endpoint){.port = SOCK_SHARED_PORT};
		out->at.addr.family = second ? 6 : 4;
		out->need = PLAN_MAY;
		out->disc = (int)which;
		return c->lan;
	}
	if (c->dht == CONF_DHT_NO ||
	    !half(&c->dht_listen, c->dht_listen_any, second, out))
		return false;
	out->disc = out->at.addr.family == 6 ? DISC_DHT6 : DISC_DHT4;
	return true;
}

static bool
tls_socket(const struct conf_node *c, unsigned n, struct plan_socket *out)
{
	const struct endpoint *at = &c->tls_listen[n / 2];

	out->disc = PLAN_TLS;
	return n / 2 < c->ntls_listen &&
	    half(at, at->addr.family == 0, n % 2 != 0, out);
}

static bool
has_family(const struct conf_node *c, uint8_t family)
{
	for (unsigned i = 0; i < c->nlisten; i++)
		if (c->listen_any[i] || c->listen[i].addr.family == family)
			return true;
	return false;
}

/* One more than can be in use beside stream 0: what replaces a bad one. */
static bool
stream_socket(const struct conf_node *c, unsigned n, struct plan_socket *out)
{
	out->at.addr.family = n % 2 == 0 ? 4 : 6;
	out->stream = (uint8_t)(n / 2 + 1);
	out->need = PLAN_MAY;
	return c->streams_sockets && c->streams_max > 1 &&
	    c->cert_file[0] != '\0' && out->stream <= c->streams_max &&
	    has_family(c, out->at.addr.family);
}

/*
 * Two numbers for each `listen on`, then one for each of discoveryd's, then
 * two for each `listen on` of TLS and for each stream.
 */
bool
plan_socket(const struct conf_node *c, unsigned *i, struct plan_socket *out)
{
	unsigned tls = 2u * c->nlisten + PLAN_DISC_MAX;
	unsigned last = tls + PLAN_TLS_MAX;

	while (*i < last + PLAN_STREAM_MAX) {
		unsigned n = (*i)++;

		*out = (struct plan_socket){.disc = -1};
		if (n >= last) {
			if (stream_socket(c, n - last, out))
				return true;
		} else if (n >= tls) {
			if (tls_socket(c, n - tls, out))
				return true;
		} else if (n >= 2u * c->nlisten) {
			if (disc_socket(c, n - 2u * c->nlisten, out))
				return true;
		} else if (half(&c->listen[n / 2], c->listen_any[n / 2],
			       n % 2 != 0, out))
			return true;
	}
	return false;
}
