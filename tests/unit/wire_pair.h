/* SPDX-License-Identifier: ISC */
/* file: tests/unit/wire_pair.h */
#ifndef WIRE_PAIR_H
#define WIRE_PAIR_H

/*
 * What the parent makes for the tun role and the engine: two ends of a socket
 * and, if wanted, memory for a ring (pkwire.h).  A test plays one side by hand.
 */
#include <check.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc.h"
#include "memory.h"
#include "packets.h"
#include "pkwire.h"

struct wire_pair {
	int fd[2], mem[2]; /* mem -1: no ring */
};

static inline struct wire_pair
wire_pair(bool ring)
{
	struct wire_pair p = {.mem = {-1, -1}};
	int big = PK_SOCKBUF;

	ck_assert_int_eq(ipc_pair(p.fd), 0);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(
		    p.fd[i], SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	if (!ring)
		return p;
	p.mem[0] = memory_shared(PKR_MAP);
	ck_assert_int_ne(p.mem[0], -1);
	p.mem[1] = dup(p.mem[0]);
	ck_assert_int_ne(p.mem[1], -1);
	return p;
}

static inline bool
fd_ready(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return poll(&p, 1, 0) == 1 && (p.revents & (events | POLLHUP)) != 0;
}

/* How many pieces of memory this process has mapped, where that can be seen. */
static inline int
maps_of_rings(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	int n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, "memfd:packets") != NULL;
	if (f != NULL)
		fclose(f);
	return n;
}

#endif
