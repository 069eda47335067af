/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/plan.h */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>

#include "addr.h"
#include "conf.h"

/*
 * What a configuration wants from the kernel, as a numbered list, and the
 * difference of two such lists.
 *
 * Pure.  Addresses come before routes.  A network that the kernel connects by
 * itself, because it lies inside the prefix of an address, is no item; what
 * is written twice is one.
 */
struct plan_item {
	bool route; /* else an address */
	struct prefix prefix;
};

/*
 * The next item of `want` that `have` lacks; *i is 0 at first and goes up.
 * Either may be NULL, an empty list.
 */
bool plan_next(const struct conf_node *have, const struct conf_node *want,
    unsigned *i, struct plan_item *);

/* The kernel makes this route itself, for an address of the node. */
bool plan_connected(const struct conf_node *, const struct prefix *);

/* The sockets that `listen on` stands for: `*` is one for each family. */
#define PLAN_SOCKETS_MAX (2 * CONF_LISTEN_MAX)
struct plan_socket {
	struct endpoint at;
	bool optional; /* IPv6 half of `*`: a machine may have no IPv6 */
};
bool plan_socket(const struct conf_node *, unsigned *i, struct plan_socket *);

#endif
