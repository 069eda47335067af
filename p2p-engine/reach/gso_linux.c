/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/gso_linux.c */
/* UDP_SEGMENT and UDP_GRO: see gso.h and udp(7). */
#include "gso.h"

#include <errno.h>
#include <string.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#define IP6_LEAST 1280 /* RFC 8200 section 5 */

bool
gso_able(int fd)
{
	int seg;
	socklen_t len = sizeof(seg);

	return getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &seg, &len) == 0;
}

void
gso_mark(struct msghdr *m, uint16_t seg)
{
	struct cmsghdr *c;

	m->msg_controllen = CMSG_SPACE(sizeof(seg));
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(seg));
	memcpy(CMSG_DATA(c), &seg, sizeof(seg));
}

/*
 * EINVAL: a datagram is longer than the path takes, or too many; EMSGSIZE: too
 * many octets; EIO: the device can't do the checksums, now or ever.
 */
bool
gso_refused(int error, bool *never)
{
	*never = error == EIO;
	return error == EIO || error == EINVAL || error == EMSGSIZE;
}

int
gro_set(int fd, bool on)
{
	int value = on ? 1 : 0;

	return setsockopt(fd, IPPROTO_UDP, UDP_GRO, &value, sizeof(value));
}

bool
gso_unsent(int fd, size_t *unsent, size_t *limit)
{
	uint32_t mem[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(mem);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, mem, &len) == -1)
		return false;
	*unsent = mem[SK_MEMINFO_WMEM_ALLOC];
	*limit = mem[SK_MEMINFO_SNDBUF];
	return true;
}

/* Off is what the parent made it: tunnel-priv/sock.c. */
int
df_set(int fd, uint8_t family, bool on)
{
	int v4 = on ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT;
	int v6 = on ? IPV6_PMTUDISC_PROBE : IPV6_PMTUDISC_WANT;

	return family == 4
	    ? setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4))
	    : setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
}

int
pieces_set(int fd, uint8_t family, bool on)
{
	int size = on ? IP6_LEAST : 0; /* 0: as the route says */

	if (family == 4) /* routers do it */
		return 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &size, sizeof(size));
}

size_t
gro_size(struct msghdr *m)
{
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(size)))
			memcpy(&size, CMSG_DATA(c), sizeof(size));
	return size > 0 ? (size_t)size : 0;
}
