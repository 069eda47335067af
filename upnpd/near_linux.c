/* SPDX-License-Identifier: ISC */
/* file: upnpd/near_linux.c */
/*
 * connect() in place of libc's, also for libminiupnpc: see near.h.  libc's own
 * header, where it has another type, is not included.
 */
#include <errno.h>
#include <linux/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "near.h"

int connect(int fd, const void *to, unsigned len);

static _Atomic uint32_t near; /* read by the function that libc calls */

void
near_only(uint32_t address)
{
	near = address;
}

int
connect(int fd, const void *to, unsigned len)
{
	struct sockaddr_in in;

	if (len >= sizeof(in)) {
		memcpy(&in, to, sizeof(in));
		if (in.sin_family == 2 /* AF_INET */ &&
		    in.sin_addr.s_addr == near)
			return (int)syscall(SYS_connect, fd, to, len);
	}
	errno = EACCES;
	return -1;
}
