/* SPDX-License-Identifier: ISC */
/*
 * Sockets made on behalf of others (sock.h).
 *
 * IPv4 datagrams go out without DF: the tunnel's MTU is below what paths can
 * carry, and where one is narrower still, fragments beat a black hole; a forged
 * "fragmentation needed" then has nothing to change.  IPv6 keeps the system's
 * path MTU discovery, since routers do not fragment there.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sock.h"

#define BACKLOG 16

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16; the header is older */
#endif

static int
set_int(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value));
}

/* By force if we may, else as far as the system's limit goes. */
static bool
set_buffer(int fd, int force, int option, uint32_t octets)
{
	int want = octets > INT32_MAX / 2 ? INT32_MAX / 2 : (int)octets, got;
	socklen_t n = sizeof(got);

	if (set_int(fd, SOL_SOCKET, force, want) == -1)
		(void)set_int(fd, SOL_SOCKET, option, want);
	/* the kernel doubles what it is given, for its own overhead */
	return getsockopt(fd, SOL_SOCKET, option, &got, &n) == 0 &&
	    got / 2 >= want;
}

bool
sock_buffers(int fd, uint32_t receive, uint32_t send)
{
	bool in = set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, receive);
	bool out = set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, send);

	return in && out;
}

int
sock_bound(bool tcp, const struct endpoint *want, struct endpoint *local,
    char err[SOCK_ERR])
{
	struct sockaddr_storage ss;
	struct sockaddr *sa = (struct sockaddr *)&ss;
	socklen_t len = (socklen_t)endpoint_to_sa(want, &ss);
	int fd = socket(ss.ss_family,
	    (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char text[ENDPOINT_STRLEN];
	int r = -1, saved;

	/* without IPv6 here socket's errno is what tells */
	if (fd != -1 && ss.ss_family == AF_INET6)
		r = set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	else if (fd != -1)
		r = tcp ? 0
			: set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER,
			      IP_PMTUDISC_DONT);
	if (r == 0 && (tcp || want->port == SOCK_SHARED_PORT))
		r = set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0 && bind(fd, sa, len) == 0 &&
	    getsockname(fd, sa, &(socklen_t){sizeof(ss)}) == 0 &&
	    endpoint_from_sa(&ss, local) == 0)
		return fd;
	saved = errno;
	snprintf(err, SOCK_ERR, "listen on %s: %s", endpoint_format(want, text),
	    saved == EADDRINUSE          ? "another program uses this port"
		: saved == EADDRNOTAVAIL ? "not an address of this machine"
					 : strerror(saved));
	if (fd != -1)
		close(fd);
	errno = saved;
	return -1;
}

void
sock_unlink(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISSOCK(st.st_mode))
		(void)unlinkat(dir, name, 0);
}

int
sock_listen(
    int dir, const char *name, mode_t mode, gid_t gid, char err[SOCK_ERR])
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r = fchdir(dir);
	mode_t old = umask(0777 & ~mode);

	/* closing a stranger's descriptor could take long: take none at all */
	(void)set_int(fd, SOL_SOCKET, SO_PASSRIGHTS, 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", name);
	sock_unlink(dir, name);
	if (fd != -1 && r == 0)
		r = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	umask(old);
	if (fd != -1 && r == 0 &&
	    fchownat(dir, name, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	snprintf(err, SOCK_ERR, "socket %.99s: %s", name,
	    errno == EADDRINUSE ? "something else has this name"
				: strerror(errno));
	return -1;
}
