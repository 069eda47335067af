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

/*
 * The sockets that are wanted: the engine's, of `listen on`, discoveryd's, of
 * `dht listen on` and `lan`, tlsd's, of its `listen on`, and those for streams,
 * in a network.  `*` is one for each family.
 */
#define PLAN_ENGINE_MAX (2 * CONF_LISTEN_MAX)
#define PLAN_DISC_MAX 4
#define PLAN_TLS_MAX (2 * CONF_TLS_LISTEN_MAX)
#define PLAN_TLS PLAN_DISC_MAX /* as `disc`: tlsd's, of TCP */
/* For streams: one a family, for as many as one peer may have. */
#define PLAN_STREAM_MAX (2 * (CONF_STREAMS_MAX - 1))
#define PLAN_SOCKETS_MAX                                                       \
	(PLAN_ENGINE_MAX + PLAN_DISC_MAX + PLAN_TLS_MAX + PLAN_STREAM_MAX)
enum plan_need {
	PLAN_MUST,
	PLAN_IF_FAMILY, /* IPv6 half of `*`: a machine may have no IPv6 */
	PLAN_MAY        /* a warning if not */
};
struct plan_socket {
	struct endpoint at;
	int disc;       /* enum disc_fd, PLAN_TLS, or -1: the engine's */
	uint8_t stream; /* 1..: whose port the system chooses; 0: none */
	enum plan_need need;
};
bool plan_socket(const struct conf_node *, unsigned *i, struct plan_socket *);

#endif
