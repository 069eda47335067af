/* SPDX-License-Identifier: ISC */
/* file: common/ipc.c */
/*
 * Frames on a SOCK_SEQPACKET socket (ipc.h).
 *
 * The header is parsed by a pure function; around it there is only the care
 * that descriptors need: a hostile neighbour may attach several, or none
 * where one was announced, and nothing it sends may leave one open in us.
 * Knows nothing of what a type means; that is msg.c's and chan.c's business.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "buf.h"
#include "ipc.h"

/* More than one, so that a second descriptor is seen and closed by us. */
#define FDS_SEEN 4

int
ipc_parse(const uint8_t *rec, size_t len, struct ipc_frame *f)
{
	struct rbuf r;
	uint32_t body;

	rbuf_init(&r, rec, len);
	f->type = rbuf_u16(&r);
	f->flags = rbuf_u16(&r);
	body = rbuf_u32(&r);
	f->id = rbuf_u32(&r);
	f->body = r.p;
	f->len = body;
	if (r.bad || body != r.left || body > IPC_BODY_MAX)
		return -1;
	return (f->flags & ~IPC_F_FD) == 0 ? 0 : -1;
}

size_t
ipc_build(uint8_t *rec, size_t cap, uint16_t type, uint32_t id,
    const void *body, size_t len, int has_fd)
{
	struct wbuf w;

	if (len > IPC_BODY_MAX)
		return 0;
	wbuf_init(&w, rec, cap);
	wbuf_u16(&w, type);
	wbuf_u16(&w, has_fd ? IPC_F_FD : 0);
	wbuf_u32(&w, (uint32_t)len);
	wbuf_u32(&w, id);
	wbuf_bytes(&w, body, len);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

int
ipc_send_record(int sock, const uint8_t *rec, size_t len, int fd)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)rec, .iov_len = len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(sizeof(int))];
	struct cmsghdr *cm;
	ssize_t n;

	if (fd != -1) {
		memset(ctl, 0, sizeof(ctl));
		mh.msg_control = ctl;
		mh.msg_controllen = sizeof(ctl);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n >= 0)
		return 0;
	/* memory is short for the moment: same cure, try later */
	if (errno == ENOBUFS || errno == EWOULDBLOCK)
		errno = EAGAIN;
	return -1;
}

/* How many descriptors came; the first is in *fd, all others are closed. */
static unsigned
collect_fds(struct msghdr *mh, int *fd)
{
	unsigned n = 0;
	size_t len;
	int got;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL;
	     cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		len = cm->cmsg_len - CMSG_LEN(0);
		for (size_t off = 0; off + sizeof(got) <= len;
		     off += sizeof(got)) {
			memcpy(&got, CMSG_DATA(cm) + off, sizeof(got));
			if (n++ == 0)
				*fd = got;
			else
				close(got);
		}
	}
	return n;
}

/*
 * A neighbour that closed with our frames unread leaves ECONNRESET, once, in
 * front of what it had sent before: asking again gives the rest.
 */
static ssize_t
receive(int sock, struct msghdr *mh)
{
	bool reset = false;
	ssize_t n;

	for (;;) {
		n = recvmsg(sock, mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n != -1)
			return n;
		if (errno == ECONNRESET && !reset)
			reset = true;
		else if (errno != EINTR)
			return -1;
	}
}

static enum ipc_result
result_of_errno(void)
{
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
		return IPC_AGAIN;
	return errno == ECONNRESET ? IPC_EOF : IPC_BAD;
}

enum ipc_result
ipc_recv(int sock, uint8_t *buf, struct ipc_frame *f)
{
	struct iovec iov = {.iov_base = buf, .iov_len = IPC_FRAME_MAX};
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(FDS_SEEN * sizeof(int))];
	struct msghdr mh = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = ctl,
	    .msg_controllen = sizeof(ctl)};
	unsigned nfds;
	ssize_t n;
	int fd = -1;

	*f = (struct ipc_frame){.fd = -1};
	n = receive(sock, &mh);
	if (n == -1)
		return result_of_errno();
	nfds = collect_fds(&mh, &fd);
	if (n == 0 && nfds == 0)
		return IPC_EOF;
	if ((mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    ipc_parse(buf, (size_t)n, f) == 0 &&
	    nfds == (f->flags & IPC_F_FD ? 1 : 0)) {
		f->fd = fd;
		return IPC_OK;
	}
	if (fd != -1)
		close(fd);
	return IPC_BAD;
}

int
ipc_pair(int sv[2])
{
	return socketpair(
	    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv);
}
