/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/sift_openbsd.c */
/* Everything passes: see sift.h. */
#include "sift.h"

#include <errno.h>

int
sift_set(int fd, uint8_t family, const struct sieve_rules *r)
{
	(void)fd;
	(void)family;
	(void)r;
	errno = ENOPROTOOPT;
	return -1;
}

uint32_t
sift_lost(int fd)
{
	(void)fd;
	return 0;
}
