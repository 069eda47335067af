/* SPDX-License-Identifier: ISC */
/*
 * The difference of two configurations, item by item (plan.h).  Pure: what the
 * kernel says to it is apply.c's business.
 */
#include <stddef.h>

#include "plan.h"

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

/* Two numbers for each `listen on`; only `*` uses both. */
bool
plan_socket(const struct conf_node *c, unsigned *i, struct plan_socket *out)
{
	for (; *i < 2u * c->nlisten; (*i)++) {
		bool any = c->listen_any[*i / 2], second = *i % 2 != 0;

		if (second && !any)
			continue;
		*out = (struct plan_socket){.at = c->listen[*i / 2]};
		out->optional = second;
		if (any)
			out->at.addr = (struct addr){.family = second ? 6 : 4};
		(*i)++;
		return true;
	}
	return false;
}
