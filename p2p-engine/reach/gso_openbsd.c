/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/gso_openbsd.c */
/* One datagram a call: see gso.h. */
#include "gso.h"

bool
gso_able(void)
{
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
gro_on(int fd)
{
	(void)fd;
	return 0;
}

size_t
gro_size(struct msghdr *m)
{
	(void)m;
	return 0;
}
