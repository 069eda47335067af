/* SPDX-License-Identifier: ISC */
/* The same by AF_LINK (places.h). */
#include <sys/types.h>
#include <sys/socket.h>
#include <ifaddrs.h>
#include <net/if_dl.h>
#include <string.h>

#include "places.h"

uint32_t
places_index(const struct ifaddrs *i)
{
	struct sockaddr_dl dl;

	if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_LINK)
		return 0;
	memcpy(&dl, i->ifa_addr, sizeof(dl));
	return dl.sdl_index;
}
