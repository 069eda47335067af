/* SPDX-License-Identifier: ISC */
/*
 * Numbers of interfaces (places.h): from the rows that are there in any case,
 * because if_nametoindex(3) would need an ioctl.
 */
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "places.h"

uint32_t
places_index(const struct ifaddrs *i)
{
	struct sockaddr_ll ll;

	if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_PACKET)
		return 0;
	memcpy(&ll, i->ifa_addr, sizeof(ll));
	return ll.sll_ifindex > 0 ? (uint32_t)ll.sll_ifindex : 0;
}
