/* SPDX-License-Identifier: ISC */
/* file: tests/unit/fds.h */
#ifndef FDS_H
#define FDS_H

/*
 * Descriptors and records made by hand: what a hostile neighbour would send,
 * which ipc.c itself never does.
 */
#include <check.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* How many descriptors are open below 256: a leak shows as a difference. */
static inline unsigned
fds_open(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static inline int
fds_some(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_ne(fd, -1);
	return fd;
}

/* One record with n copies of fd; fd stays open. */
static inline void
fds_send(int sock, const void *rec, size_t len, int fd, unsigned n)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)rec, .iov_len = len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(32 * sizeof(int))];
	int fds[32];

	ck_assert_uint_le(n, 32);
	for (unsigned i = 0; i < n; i++)
		fds[i] = fd;
	if (n > 0) {
		memset(ctl, 0, sizeof(ctl));
		mh.msg_control = ctl;
		mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, n * sizeof(int));
	}
	ck_assert_int_eq(sendmsg(sock, &mh, MSG_NOSIGNAL), (ssize_t)len);
}

#endif
