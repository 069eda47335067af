/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/places.h */
#ifndef PLACES_H
#define PLACES_H

#include "apply.h"
#include "links.h"
#include "msg.h"

struct ifaddrs;

/*
 * Where this node can be reached, as its interfaces have it, and the groups
 * that discoveryd listens to on them.  discoveryd sees no interface: it is in a
 * network namespace of its own.
 *
 * Left out are interfaces that are down, the tunnel's own, and addresses to
 * which nobody else can send.  What is more than CANDIDATES_MAX is left out
 * too.
 */
#define PLACES_GROUP4 "239.192.77.86" /* RFC 2365, section 6.2 */
#define PLACES_GROUP6 "ff02::4d56"    /* on the link */

void places_read(const struct net *, struct msg_places *);
/* Is there one in the second that the first does not have? */
bool places_grew(const struct msg_places *, const struct msg_places *);
/* The number of the tunnel's own interface, 0: not found. */
uint32_t places_own(const struct net *);
bool places_eq(const struct msg_places *, const struct msg_places *);
/* Of the rows that getifaddrs gave; for tests too. */
void places_from(
    const struct net *, const struct ifaddrs *, struct msg_places *);
/*
 * Membership on every interface that can multicast, for the sockets of `lan`.
 * Again and again: what is a member already stays one.
 */
void places_join(const struct net *);

/* ---- one file a system: places_linux.c ---- */
/* The interface's number, if this is its link-layer address, else 0. */
uint32_t places_index(const struct ifaddrs *);

#endif
