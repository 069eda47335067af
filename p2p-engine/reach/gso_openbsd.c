/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/gso_openbsd.c */
/* One datagram a call: see gso.h. */
#include "gso.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

bool
gso_able(int fd)
{
	(void)fd;
	return false;
}

void
gso_mark(struct msghdr *m, uint16_t seg)
{
	(void)m;
	(void)seg;
}

bool
gso_refused(int error, bool *never)
{
	(void)error;
	*never = true;
	return true;
}

int
gro_set(int fd, bool on)
{
	(void)fd;
	errno = ENOPROTOOPT;
	return on ? -1 : 0;
}

bool
gso_unsent(int fd, size_t *unsent, size_t *limit)
{
	(void)fd;
	*unsent = 0;
	*limit = 0;
	return false;
}

int
df_set(int fd, uint8_t family, bool on)
{
	int v = on ? 1 : 0;

	if (family == 6)
		return setsockopt(
		    fd, IPPROTO_IPV6, IPV6_DONTFRAG, &v, sizeof(v));
	errno = ENOPROTOOPT; /* there is no such thing for IPv4 */
	return -1;
}

int
pieces_set(int fd, uint8_t family, bool on)
{
	int v = on ? 1 : 0;

	if (family == 4) /* routers do it */
		return 0;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_USE_MIN_MTU, &v, sizeof(v));
}

size_t
gro_size(struct msghdr *m)
{
	(void)m;
	return 0;
}
