/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/apply.h */
#ifndef APPLY_H
#define APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "ask.h"
#include "msg.h"
#include "plan.h"

/*
 * What this node has in the kernel, and changing it from one configuration to
 * the next as a whole: net_change either does everything that `new` asks for,
 * or undoes what it did and leaves things as `old` had them.
 */
#define NET_ERR ASK_ERR
/*
 * Old and new at the same time; the engine's places come first, of these the
 * listening ones.  A stream's has its own place: it does not change.
 */
#define NET_LISTEN_MAX (2 * PLAN_ENGINE_MAX)
#define NET_ENGINE_MAX (NET_LISTEN_MAX + PLAN_STREAM_MAX)
#define NET_TLS_FIRST (NET_ENGINE_MAX + 2 * PLAN_DISC_MAX)
#define NET_UDP_MAX (NET_TLS_FIRST + 2 * PLAN_TLS_MAX)
_Static_assert(2 * PLAN_TLS_MAX == TLS_LISTEN_MAX, "as tlsd knows them");
_Static_assert(NET_LISTEN_MAX == UDP_STREAM_FIRST, "as the engine knows them");

/* A socket's place in the table is its number (UDP_FD) as long as it lives. */
struct net_udp {
	int fd;   /* -1: free */
	int disc; /* as of struct plan_socket */
	struct endpoint want, local;
	bool fresh; /* made by the last net_change */
	bool kept;  /* false after net_change: net_settle closes it */
};

struct net {
	struct ask *ask; /* who does it for us */
	int tun_fd;
	uint8_t offload; /* what was granted: OFFLOAD_* of packets.h */
	char device[16];
	uint16_t mtu; /* of the interface, as it was set last; 0: not yet */
	struct net_udp udp[NET_UDP_MAX];
};

/* The device; then net_change(n, NULL, conf) for the rest. */
int net_open(
    struct net *, struct ask *, const struct conf_node *, char err[NET_ERR]);
/* 0, or -1 with a sentence in err; old is NULL at start-up. */
int net_change(struct net *, const struct conf_node *old,
    const struct conf_node *new, char err[NET_ERR]);
/* After the children were told: close what is gone. */
void net_settle(struct net *);
/* Does the interface still exist?  (If so it is up again, with its MTU.) */
bool net_alive(struct net *);
int net_mtu(struct net *, uint16_t mtu); /* 0, or -1 with errno */

#endif
