/* SPDX-License-Identifier: ISC */
/* file: tests/unit/slow_filter.h */
#ifndef SLOW_FILTER_H
#define SLOW_FILTER_H

#include <string.h>
#include <strings.h>

#include "conf.h"

/*
 * The filter as one would write it without a thought of speed: what the manual
 * says of rules, word for word, for one datagram that is known completely.
 */
struct slow_datagram {
	bool out, ports; /* ports: the protocol has some */
	uint8_t proto;
	uint16_t dport;
	struct addr near, far;
	const char *peer;
	const char (*group)[CERT_GROUP_MAX];
	unsigned ngroups;
};

static inline bool
slow_is_far(const struct conf_rule *r, const struct slow_datagram *d)
{
	if (r->who == CONF_PEER)
		return strcasecmp(r->name, d->peer) == 0;
	if (r->who == CONF_PREFIX)
		return prefix_has(&r->far, &d->far);
	if (r->who == CONF_ANY)
		return true;
	for (unsigned i = 0; i < d->ngroups; i++)
		if (strcmp(r->name, d->group[i]) == 0)
			return true;
	return false;
}

static inline bool
slow_is_port(const struct conf_rule *r, const struct slow_datagram *d)
{
	if (r->nports == 0)
		return true;
	for (unsigned i = 0; i < r->nports && d->ports; i++)
		if (r->port[i].lo <= d->dport && d->dport <= r->port[i].hi)
			return true;
	return false;
}

static inline bool
slow_is_proto(const struct conf_rule *r, const struct slow_datagram *d)
{
	if (r->proto == 0)
		return true;
	if (r->proto == 1)
		return d->proto == 1 || d->proto == 58;
	return r->proto == d->proto;
}

static inline bool
slow_matches(const struct conf_rule *r, const struct slow_datagram *d)
{
	return r->out == d->out && slow_is_far(r, d) && slow_is_port(r, d) &&
	    slow_is_proto(r, d) &&
	    (r->near.addr.family == 0 || prefix_has(&r->near, &d->near));
}

/* May it begin a connection?  *decided: the rule, or CONF_RULES_MAX. */
static inline bool
slow_pass(
    const struct conf_node *n, const struct slow_datagram *d, unsigned *decided)
{
	bool pass = !n->filter_deny;

	*decided = CONF_RULES_MAX;
	for (unsigned i = 0; i < n->nports && d->ports; i++)
		if (n->port[i] == d->dport) {
			*decided = CONF_RULES_MAX + 1;
			return false;
		}
	for (unsigned i = 0; i < n->nrules; i++)
		if (slow_matches(&n->rule[i], d)) {
			pass = n->rule[i].pass;
			*decided = i;
			if (n->rule[i].quick)
				return pass;
		}
	return pass;
}

#endif
