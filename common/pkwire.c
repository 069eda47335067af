/* SPDX-License-Identifier: ISC */
/* file: common/pkwire.c */
/* Socket and ring behind one face: see pkwire.h. */
#include "pkwire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log.h"

/* octets of a message that only wakes; no container is so short */
#define BELL 1

/* ---- life ---- */

int
pkwire_init(struct pkwire *w, uint32_t containers)
{
	*w = (struct pkwire){.fd = -1, .max = containers, .n = 1};
	w->mem = malloc((containers + 1) * (size_t)PK_CONTAINER);
	if (w->mem == NULL)
		return -1;
	w->rx = w->mem + containers * (size_t)PK_CONTAINER;
	pkwire_forget(w);
	return 0;
}

void
pkwire_clear(struct pkwire *w)
{
	pkwire_set(w, PKWIRE_TUN, -1, -1);
	free(w->mem);
	w->mem = w->rx = NULL;
}

void
pkwire_forget(struct pkwire *w)
{
	w->head = 0;
	w->n = 1;
	for (uint32_t i = 0; i < w->max; i++)
		pkout_init(&w->out[i], w->mem + i * (size_t)PK_CONTAINER);
}

/* Containers that waited for a socket go into the empty ring. */
static void
carry_over(struct pkwire *w)
{
	uint8_t *vnet, *pkt, *to;
	struct pkin in;
	size_t len;
	bool bad;

	for (uint32_t i = 0; i < w->n; i++) {
		struct pkout *o = &w->out[(w->head + i) % w->max];

		pkin_init(&in, o->buf, o->len);
		while (pkin_next(&in, &vnet, &pkt, &len) == 1 &&
		    (to = pkring_begin(&w->rtx, len, &bad)) != NULL) {
			memcpy(to, vnet, PK_VNET + len);
			pkring_commit(&w->rtx, len);
			w->fresh = true;
		}
	}
	pkwire_forget(w);
}

static void
map_rings(struct pkwire *w, enum pkwire_side side, int memfd)
{
	unsigned out = side == PKWIRE_TUN ? 0 : 1;

	w->map =
	    mmap(NULL, PKR_MAP, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	if (w->map == MAP_FAILED) {
		log_warn("packet ring");
		w->map = NULL;
		w->ended = true;
		return;
	}
	pkring_init(&w->rtx, w->map, out);
	pkring_init(&w->rrx, w->map, 1 - out);
	carry_over(w);
}

void
pkwire_set(struct pkwire *w, enum pkwire_side side, int fd, int memfd)
{
	if (w->fd != -1)
		close(w->fd);
	if (w->map != NULL)
		munmap(w->map, PKR_MAP);
	w->map = NULL;
	w->fd = fd;
	w->full = w->fresh = w->owed = w->asleep = w->lied = w->ended = false;
	pkin_init(&w->in, w->rx, 0);
	if (memfd == -1)
		return;
	if (fd != -1)
		map_rings(w, side, memfd);
	close(memfd);
}

bool
pkwire_shared(const struct pkwire *w)
{
	return w->map != NULL;
}

/*
 * Wake the other side.  If the socket is full of octets that it has not read,
 * one more would not wake it better; if there was no memory, it is owed.
 */
static int
ring_bell(struct pkwire *w)
{
	ssize_t n;

	do
		n = send(w->fd, "", BELL, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	w->owed = n == -1 && (errno == ENOBUFS || errno == ENOMEM);
	return n == -1 && errno != EAGAIN && !w->owed ? -1 : 0;
}

/* ---- out ---- */

static struct pkout *
filling(struct pkwire *w)
{
	return &w->out[(w->head + w->n - 1) % w->max];
}

/* Send as far as the other side takes it.  -1: it is gone. */
static int
drain(struct pkwire *w)
{
	w->full = false;
	while (w->out[w->head].len != 0) {
		if (pkout_flush(&w->out[w->head], w->fd) == -1) {
			w->full = errno == EAGAIN;
			return w->full ? 0 : -1;
		}
		if (w->n > 1) {
			w->head = (w->head + 1) % w->max;
			w->n--;
		}
	}
	return 0;
}

/* Containers: the one being filled, after a flush, a new one if there may be.
 */
static uint8_t *
container_room(struct pkwire *w, size_t max)
{
	uint8_t *to = pkout_begin(filling(w), max);

	if (to != NULL)
		return to;
	/* what goes wrong here is seen again, and said, at the next read */
	(void)drain(w);
	to = pkout_begin(filling(w), max);
	if (to != NULL || w->n == w->max)
		return to;
	w->n++;
	return pkout_begin(filling(w), max);
}

uint8_t *
pkwire_begin(struct pkwire *w, size_t max)
{
	uint8_t *to;
	bool bad;

	if (w->fd == -1 || w->lied || w->ended)
		return NULL;
	if (w->map == NULL)
		return container_room(w, max);
	to = pkring_begin(&w->rtx, max, &bad);
	w->lied = bad;
	return to;
}

void
pkwire_commit(struct pkwire *w, size_t packet_len)
{
	if (w->map == NULL)
		pkout_commit(filling(w), packet_len);
	else
		pkring_commit(&w->rtx, packet_len);
	w->fresh = w->fresh || packet_len != 0;
}

int
pkwire_flush(struct pkwire *w)
{
	bool wake;

	if (w->fd == -1)
		return 0;
	if (w->map == NULL)
		return w->ended ? -1 : drain(w);
	wake = w->fresh && pkring_must_wake(&w->rtx);
	w->fresh = false;
	return wake || w->owed ? ring_bell(w) : 0;
}

uint32_t
pkwire_waiting(const struct pkwire *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; w->map == NULL && i < w->n; i++)
		n += w->out[(w->head + i) % w->max].records;
	return n;
}

bool
pkwire_wait_room(struct pkwire *w, size_t max)
{
	/* what is wrong is seen, and said, at the next read */
	if (w->lied || w->ended)
		return true;
	if (w->map == NULL)
		return w->full;
	return pkring_wait_room(&w->rtx, max);
}

bool
pkwire_wants_out(const struct pkwire *w)
{
	return w->fd != -1 && (w->full || w->owed);
}

/* ---- in ---- */

/*
 * One message: its length, 0: nothing there, -1: gone, -2: it does not fit.
 * Who closed with messages of ours unread leaves ECONNRESET, once, in front of
 * its last ones: asking again gives those.
 */
static ssize_t
receive(struct pkwire *w, size_t max)
{
	struct iovec iov = {.iov_base = w->rx, .iov_len = max};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	bool reset = false, again;
	ssize_t n;

	do {
		n = recvmsg(w->fd, &m, MSG_DONTWAIT);
		again = n == -1 &&
		    (errno == EINTR || (errno == ECONNRESET && !reset));
		reset = reset || (again && errno == ECONNRESET);
	} while (again);
	if (n == -1)
		return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
	if (n == 0)
		return -1;
	return (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ? -2 : n;
}

static int
next_of_ring(struct pkwire *w, uint8_t **vnet, uint8_t **pkt, size_t *len)
{
	int r;

	if (w->asleep)
		pkring_awake(&w->rrx);
	w->asleep = false;
	r = pkring_next(&w->rrx, vnet, pkt, len);
	if (r == 0 && w->ended)
		return -1;
	return r == -1 ? -2 : r;
}

static int
next_of_socket(struct pkwire *w, uint8_t **vnet, uint8_t **pkt, size_t *len)
{
	ssize_t n;
	int r;

	if (w->ended)
		return -1;
	while ((r = pkin_next(&w->in, vnet, pkt, len)) == 0) {
		n = receive(w, PK_CONTAINER);
		if (n <= 0)
			return (int)n;
		pkin_init(&w->in, w->rx, (size_t)n);
	}
	return r == 1 ? 1 : -2;
}

int
pkwire_next(struct pkwire *w, uint8_t **vnet, uint8_t **pkt, size_t *len)
{
	int r;

	if (w->fd == -1)
		return 0;
	if (w->lied)
		return -2;
	r = w->map != NULL ? next_of_ring(w, vnet, pkt, len)
			   : next_of_socket(w, vnet, pkt, len);
	w->lied = r == -2;
	return r;
}

int
pkwire_done(struct pkwire *w)
{
	if (w->map == NULL || !pkring_release(&w->rrx))
		return 0;
	return ring_bell(w);
}

bool
pkwire_sleep(struct pkwire *w)
{
	if (w->lied || w->ended)
		return false;
	if (w->map == NULL)
		return true; /* the socket itself says that there is more */
	w->asleep = pkring_sleep(&w->rrx);
	return w->asleep;
}

int
pkwire_woken(struct pkwire *w)
{
	ssize_t n;

	if (w->map == NULL)
		return 0;
	n = receive(w, BELL);
	if (n == -1 && !w->ended) {
		w->ended = true;
		return 0;
	}
	return n < 0 ? (int)n : 0;
}
