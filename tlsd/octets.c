/* SPDX-License-Identifier: ISC */
/* file: tlsd/octets.c */
/*
 * The octets of a connection, by TLS or, to a TURN server that wants none,
 * plainly (see tlsd.h).  What can't go on now is waited for here.
 */
#include <errno.h>
#include <sys/socket.h>

#include <openssl/err.h>

#include "tlsd.h"

void
octets_wait(struct conn *c, int events)
{
	if (c->events != events)
		loop_io_set(c->io, events);
	c->events = events;
}

static void
wait_to_write(struct conn *c)
{
	octets_wait(c, LOOP_READ | LOOP_WRITE);
	c->blocked = true;
}

bool
octets_waits(struct conn *c, int r)
{
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		octets_wait(c, LOOP_READ);
		return true;
	case SSL_ERROR_WANT_WRITE:
		wait_to_write(c);
		return true;
	default:
		return false;
	}
}

static bool
is_later(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int
octets_write(struct conn *c, const uint8_t *data, size_t len)
{
	struct iovec iov = {
	    .iov_base = (void *)(uintptr_t)data, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int r;

	if (c->ssl != NULL) {
		ERR_clear_error();
		r = SSL_write(c->ssl, data, (int)len);
		return r > 0 ? r : octets_waits(c, r) ? 0 : -1;
	}
	r = (int)sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (r >= 0)
		return r;
	if (!is_later(errno))
		return -1;
	wait_to_write(c);
	return 0;
}

int
octets_read(struct conn *c, uint8_t *data, size_t cap)
{
	struct iovec iov = {.iov_base = data, .iov_len = cap};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int r;

	if (c->ssl != NULL) {
		ERR_clear_error();
		r = SSL_read(c->ssl, data, (int)cap);
		return r > 0 ? r : octets_waits(c, r) ? 0 : -1;
	}
	r = (int)recvmsg(c->fd, &m, MSG_DONTWAIT);
	if (r > 0)
		return r;
	return r == -1 && is_later(errno) ? 0 : -1;
}
