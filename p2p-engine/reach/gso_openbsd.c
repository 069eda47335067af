/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/gso_openbsd.c */
/* One datagram a call: see gso.h. */
#include "gso.h"

#include <errno.h>

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

size_t
gro_size(struct msghdr *m)
{
	(void)m;
	return 0;
}
