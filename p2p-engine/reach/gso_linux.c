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
