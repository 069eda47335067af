/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/netlink.h */
#ifndef NETLINK_H
#define NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * Asking the kernel for addresses and routes (rtnetlink, RFC 3549).
 *
 * Only requests with an acknowledgement: no dump and no notification is ever
 * read, so the one thing that comes back is an error number.  All functions
 * return 0, or -1 with the kernel's errno; what to tolerate is the caller's
 * decision, since only it knows what is its own.
 */
struct netlink;

/* For one interface, which then makes no IPv6 address by itself. */
struct netlink *netlink_open(unsigned ifindex); /* NULL with errno */

/* MTU, queue length, and up */
int netlink_link(struct netlink *, uint16_t mtu);
/*
 * Add or remove an address of the interface, or a route through it.  Adding
 * says EEXIST if the interface has the address, or if the table has a route
 * to this network, anybody's.
 */
int netlink_put(struct netlink *, bool add, bool route, const struct prefix *);

#endif
