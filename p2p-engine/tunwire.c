/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/tunwire.c */
/* Containers of packets to and from the tun role: see tunwire.h. */
#include "tunwire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"

int
tunwire_init(struct tunwire *w, struct loop *l)
{
	uint8_t *mem = malloc((TUNWIRE_CONTAINERS + 1) * (size_t)PK_CONTAINER);

	if (mem == NULL)
		return -1;
	*w = (struct tunwire){.loop = l, .fd = -1, .rx = mem, .n = 1};
	for (int i = 0; i < TUNWIRE_CONTAINERS; i++)
		pkout_init(&w->out[i], mem + (i + 1) * (size_t)PK_CONTAINER);
	return 0;
}

void
tunwire_clear(struct tunwire *w)
{
	tunwire_set(w, -1);
	free(w->rx);
	w->rx = NULL;
}

static void
watch(struct tunwire *w)
{
	int events = w->paused ? 0 : LOOP_READ;

	if (w->io == NULL)
		return;
	if (w->n > 1 || w->out[w->head].len != 0)
		events |= LOOP_WRITE;
	loop_io_set(w->io, events);
}

static void
lost(struct tunwire *w, bool eof)
{
	tunwire_set(w, -1);
	w->dead(w->ctx, eof);
}

/* ---- out ---- */

/* Send as far as the other side takes it.  -1: it takes nothing any more. */
static int
drain(struct tunwire *w)
{
	while (w->out[w->head].len != 0) {
		if (pkout_flush(&w->out[w->head], w->fd) == -1)
			return errno == EAGAIN ? 0 : -1;
		if (w->n > 1) {
			w->head = (w->head + 1) % TUNWIRE_CONTAINERS;
			w->n--;
		}
	}
	return 0;
}

static struct pkout *
filling(struct tunwire *w)
{
	return &w->out[(w->head + w->n - 1) % TUNWIRE_CONTAINERS];
}

/* Where a record of len octets goes; NULL: there is no room. */
static uint8_t *
room(struct tunwire *w, size_t len)
{
	uint8_t *at = pkout_begin(filling(w), len);

	if (at != NULL)
		return at;
	/* what goes wrong here is seen again, and said, at the next read */
	(void)drain(w);
	at = pkout_begin(filling(w), len);
	if (at != NULL || w->n == TUNWIRE_CONTAINERS)
		return at;
	w->n++;
	return pkout_begin(filling(w), len);
}

int
tunwire_send(
    struct tunwire *w, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	uint8_t *at;

	if (w->fd == -1 || (at = room(w, len)) == NULL)
		return -1;
	vnet_put(v, at);
	memcpy(at + PK_VNET, pkt, len);
	pkout_commit(filling(w), len);
	return 0;
}

void
tunwire_flush(struct tunwire *w)
{
	if (w->fd == -1)
		return;
	if (drain(w) == -1) {
		log_debug("packet wire: the tun role takes nothing");
		lost(w, true);
		return;
	}
	watch(w);
}

/* ---- in ---- */

/* One container.  1, 0: nothing there, -1: the other end is gone, -2: bad. */
static int
receive(struct tunwire *w)
{
	struct iovec iov = {.iov_base = w->rx, .iov_len = PK_CONTAINER};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	uint8_t *vnet, *pkt;
	struct pkin in;
	struct vnet v;
	size_t len;
	ssize_t n;
	int r;

	do
		n = recvmsg(w->fd, &m, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (n == 0)
		return -1;
	if ((m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
		return -2;
	pkin_init(&in, w->rx, (size_t)n);
	while ((r = pkin_next(&in, &vnet, &pkt, &len)) == 1) {
		vnet_get(vnet, &v);
		w->record(w->ctx, &v, pkt, len);
	}
	return r == -1 ? -2 : 1;
}

static void
on_io(int fd, int events, void *ctx)
{
	struct tunwire *w = ctx;
	int r = 1;

	(void)fd;
	if ((events & LOOP_WRITE) != 0)
		r = drain(w) == -1 ? -1 : 1;
	if ((events & LOOP_READ) != 0)
		for (int i = 0; r == 1 && !w->paused && i < TUNWIRE_BURST; i++)
			r = receive(w);
	if (r < 0)
		lost(w, r == -1);
	else
		watch(w);
}

void
tunwire_set(struct tunwire *w, int fd)
{
	loop_io_free(w->io);
	w->io = NULL;
	if (w->fd != -1)
		close(w->fd);
	w->fd = -1;
	/* half a container for a tun role that died is nobody's */
	w->head = 0;
	w->n = 1;
	for (int i = 0; i < TUNWIRE_CONTAINERS; i++)
		pkout_init(&w->out[i], w->out[i].buf);
	if (fd == -1)
		return;
	w->io = loop_io_new(w->loop, fd, LOOP_READ, on_io, w);
	if (w->io == NULL) {
		log_warn("packet wire");
		close(fd);
		return;
	}
	w->fd = fd;
	watch(w);
}

void
tunwire_pause(struct tunwire *w, bool on)
{
	w->paused = on;
	watch(w);
}
