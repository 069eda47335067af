/* SPDX-License-Identifier: ISC */
/*
 * The arguments that a checked system call may have, with this system's
 * numbers.  sandbox_table.c says which roles are checked, this file what
 * passes, sandbox_seccomp_linux.c makes the filter of both.
 *
 * A C int is compared in its 32 bits: the kernel ignores the rest, so the
 * filter must as well.  Pointers are never compared: what they point to can
 * change after the check.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#include "sandbox_table.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 8u
#endif
#define INT 0xffffffffu
#define SOCK_KIND 0xfu /* of a socket's type: the rest are flags */
#define WRITES                                                                 \
	(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))

#define FLAG(k, n, v)                                                          \
	{                                                                      \
		k, #v, 1,                                                      \
		{                                                              \
			{                                                      \
				n, INT, (uint32_t)(v)                          \
			}                                                      \
		}                                                              \
	}
#define OPTION(k, l, o)                                                        \
	{                                                                      \
		k, #o, 2,                                                      \
		{                                                              \
			{1, INT, l},                                           \
			{                                                      \
				2, INT, o                                      \
			}                                                      \
		}                                                              \
	}

static const struct sandbox_combo combos[] = {
    {ARG_PROT, "without PROT_EXEC", 1, {{2, PROT_EXEC, 0}}},
    FLAG(ARG_MADVISE, 2, MADV_DONTNEED),
    FLAG(ARG_MADVISE, 2, MADV_FREE),
    FLAG(ARG_MEMFD, 1, MFD_CLOEXEC | MFD_ALLOW_SEALING),
    FLAG(ARG_MEMFD, 1, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL),
    {ARG_RDONLY, "O_RDONLY", 1, {{2, WRITES, O_RDONLY}}},
    FLAG(ARG_INET, 0, AF_INET),
    FLAG(ARG_INET, 0, AF_INET6),
    {ARG_STREAM, "AF_INET SOCK_STREAM", 2,
	{{0, INT, AF_INET}, {1, SOCK_KIND, SOCK_STREAM}}},
    {ARG_STREAM, "AF_INET6 SOCK_STREAM", 2,
	{{0, INT, AF_INET6}, {1, SOCK_KIND, SOCK_STREAM}}},
    FLAG(ARG_LOCAL, 0, AF_UNIX),
    FLAG(ARG_LOCAL, 0, AF_NETLINK),
    FLAG(ARG_UNIX, 0, AF_UNIX),
    FLAG(ARG_FEXEC, 4, AT_EMPTY_PATH),
    OPTION(ARG_SOCKOPT, IPPROTO_UDP, UDP_GRO),
    OPTION(ARG_SOCKOPT, IPPROTO_IP, IP_MTU_DISCOVER),
    OPTION(ARG_SOCKOPT, IPPROTO_IPV6, IPV6_MTU_DISCOVER),
    OPTION(ARG_SOCKOPT, IPPROTO_IPV6, IPV6_MTU),
    OPTION(ARG_SOCKOPT, SOL_SOCKET, SO_ATTACH_FILTER),
    OPTION(ARG_SOCKOPT, SOL_SOCKET, SO_DETACH_FILTER),
    OPTION(ARG_TCP, IPPROTO_TCP, TCP_NODELAY),
    OPTION(ARG_TCP, IPPROTO_TCP, TCP_NOTSENT_LOWAT),
    OPTION(ARG_TCP, IPPROTO_TCP, TCP_USER_TIMEOUT),
    OPTION(ARG_PATIENCE, SOL_SOCKET, SO_SNDTIMEO),
    OPTION(ARG_SSDP, SOL_SOCKET, SO_REUSEADDR),
    OPTION(ARG_SSDP, SOL_SOCKET, SO_RCVTIMEO),
    OPTION(ARG_SSDP, SOL_SOCKET, SO_SNDTIMEO),
    OPTION(ARG_SSDP, IPPROTO_IP, IP_MULTICAST_TTL),
    OPTION(ARG_SSDP, IPPROTO_IP, IP_MULTICAST_IF),
    OPTION(ARG_MCAST, IPPROTO_IP, IP_ADD_MEMBERSHIP),
    OPTION(ARG_MCAST, IPPROTO_IP, IP_MULTICAST_TTL),
    OPTION(ARG_MCAST, IPPROTO_IPV6, IPV6_JOIN_GROUP),
    OPTION(ARG_MCAST, IPPROTO_IPV6, IPV6_MULTICAST_HOPS),
};

const struct sandbox_combo *
sandbox_combo(enum sandbox_arg kind, size_t i)
{
	for (size_t n = 0; n < sizeof(combos) / sizeof(combos[0]); n++) {
		if (combos[n].kind != kind)
			continue;
		if (i-- == 0)
			return &combos[n];
	}
	return NULL;
}
