/* SPDX-License-Identifier: ISC */
/*
 * Interfaces and their addresses (places.h), read anew each time: there are
 * few, and a list that is kept is a list that can be wrong.  No privilege is
 * needed for any of it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "log.h"
#include "places.h"

static bool
is_usable(const struct net *n, const struct ifaddrs *i)
{
	return (i->ifa_flags & IFF_UP) != 0 &&
	    strcmp(i->ifa_name, n->device) != 0;
}

static uint32_t
index_of(const struct ifaddrs *all, const char *name)
{
	uint32_t index;

	for (; all != NULL; all = all->ifa_next)
		if (strcmp(all->ifa_name, name) == 0 &&
		    (index = places_index(all)) != 0)
			return index;
	return 0;
}

static int
address(const struct ifaddrs *i, struct endpoint *e)
{
	struct sockaddr_storage ss = {0};

	if (i->ifa_addr == NULL)
		return -1;
	if (i->ifa_addr->sa_family == AF_INET)
		memcpy(&ss, i->ifa_addr, sizeof(struct sockaddr_in));
	else if (i->ifa_addr->sa_family == AF_INET6)
		memcpy(&ss, i->ifa_addr, sizeof(struct sockaddr_in6));
	else
		return -1;
	return endpoint_from_sa(&ss, e);
}

/* One address and every port of ours that it leads to. */
static void
add(const struct net *n, uint32_t ifindex, const struct addr *a,
    struct msg_places *m)
{
	for (unsigned i = 0; i < NET_LISTEN_MAX; i++) {
		const struct net_udp *u = &n->udp[i];
		struct place_row *row = &m->at[m->n];

		if (u->fd == -1 || u->local.addr.family != a->family ||
		    !(addr_is_any(&u->local.addr) ||
			addr_eq(&u->local.addr, a)))
			continue;
		if (m->n == CANDIDATES_MAX)
			return;
		*row = (struct place_row){.ifindex = ifindex,
		    .ep = {.addr = *a, .port = u->local.port}};
		m->n++;
	}
}

void
places_from(
    const struct net *n, const struct ifaddrs *all, struct msg_places *m)
{
	const struct ifaddrs *i;
	struct endpoint e;
	uint32_t index;

	*m = (struct msg_places){0};
	for (i = all; i != NULL; i = i->ifa_next)
		if (is_usable(n, i) && address(i, &e) == 0 &&
		    !addr_is_special(&e.addr) &&
		    (index = index_of(all, i->ifa_name)) != 0)
			add(n, index, &e.addr, m);
}

bool
places_eq(const struct msg_places *a, const struct msg_places *b)
{
	if (a->n != b->n)
		return false;
	for (unsigned i = 0; i < a->n; i++)
		if (a->at[i].ifindex != b->at[i].ifindex ||
		    !endpoint_eq(&a->at[i].ep, &b->at[i].ep))
			return false;
	return true;
}

bool
places_grew(const struct msg_places *was, const struct msg_places *is)
{
	for (unsigned i = 0; i < is->n; i++) {
		bool old = false;

		for (unsigned k = 0; k < was->n; k++)
			old = old ||
			    (was->at[k].ifindex == is->at[i].ifindex &&
				endpoint_eq(&was->at[k].ep, &is->at[i].ep));
		if (!old)
			return true;
	}
	return false;
}

uint32_t
places_own(const struct net *n)
{
	struct ifaddrs *all;
	uint32_t index;

	if (getifaddrs(&all) == -1)
		return 0;
	index = index_of(all, n->device);
	freeifaddrs(all);
	return index;
}

void
places_read(const struct net *n, struct msg_places *m)
{
	struct ifaddrs *all;

	*m = (struct msg_places){0};
	if (getifaddrs(&all) == -1) {
		log_warn("interfaces");
		return;
	}
	places_from(n, all, m);
	freeifaddrs(all);
}

/* ---- multicast ---- */

/* What is said stays on the link: the default, and not left to it. */
static void
one_hop(int fd, int family)
{
	int hops = 1, r;

	if (family == 4)
		r = setsockopt(
		    fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof(hops));
	else
		r = setsockopt(
		    fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
	if (r == -1)
		log_warn("lan: hop limit");
}

static int
join(int fd, int family, uint32_t ifindex)
{
	struct ip_mreqn m4 = {.imr_ifindex = (int)ifindex};
	struct ipv6_mreq m6 = {.ipv6mr_interface = ifindex};

	if (family == 4 &&
	    inet_pton(AF_INET, PLACES_GROUP4, &m4.imr_multiaddr) == 1)
		return setsockopt(
		    fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m4, sizeof(m4));
	if (family == 6 &&
	    inet_pton(AF_INET6, PLACES_GROUP6, &m6.ipv6mr_multiaddr) == 1)
		return setsockopt(
		    fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m6, sizeof(m6));
	return -1;
}

static void
join_all(const struct net *n, const struct ifaddrs *i, int fd, int family)
{
	uint32_t index;

	for (; i != NULL; i = i->ifa_next)
		if (is_usable(n, i) && (i->ifa_flags & IFF_MULTICAST) != 0 &&
		    (index = places_index(i)) != 0 &&
		    join(fd, family, index) == -1 && errno != EADDRINUSE &&
		    errno != ENODEV && errno != EADDRNOTAVAIL)
			log_debug("lan: %s: %s", i->ifa_name, strerror(errno));
}

void
places_join(const struct net *n)
{
	struct ifaddrs *all = NULL;

	for (unsigned i = NET_ENGINE_MAX; i < NET_UDP_MAX; i++) {
		const struct net_udp *u = &n->udp[i];
		int family = u->want.addr.family;

		if (u->fd == -1 ||
		    (u->disc != DISC_LAN4 && u->disc != DISC_LAN6))
			continue;
		if (all == NULL && getifaddrs(&all) == -1)
			return;
		if (u->fresh)
			one_hop(u->fd, family);
		join_all(n, all, u->fd, family);
	}
	if (all != NULL)
		freeifaddrs(all);
}
