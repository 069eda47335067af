/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/udp.c */
/* Datagram system calls: see udp.h. */
#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "feature.h"
#include "gso.h"
#include "log.h"
#include "sift.h"
#include "stuck.h"

#define WAIT_OCTETS 65536 /* a batch is shorter */

struct waiting {
	struct endpoint to;
	size_t off, len, seg;
	uint8_t data[WAIT_OCTETS];
};

struct udp {
	int fd;
	uint16_t no;
	uint8_t family;
	bool gso, gro;           /* used */
	bool want_gso, want_gro; /* and if not, is that a pity? */
	bool small;              /* a buffer is smaller than wanted */
	uint8_t calm; /* wake-ups with a single datagram, at most UDP_CALM */
	uint64_t refused, lost;
	uint64_t since_ms, worst_ms; /* the queue is not empty, and was */
	struct stuck stuck;
	uint32_t head, n;      /* of the queue */
	struct waiting *queue; /* UDP_WAITING, touched only when needed */
};

struct udp *
udp_new(int fd, uint16_t no, uint8_t family)
{
	struct udp *u = calloc(1, sizeof(*u));

	if (u != NULL)
		u->queue = malloc(UDP_WAITING * sizeof(*u->queue));
	if (u == NULL || u->queue == NULL) {
		log_warn("UDP socket %u", no);
		free(u);
		close(fd);
		return NULL;
	}
	u->fd = fd;
	u->no = no;
	u->family = family;
	udp_offload(u, true, true);
	return u;
}

void
udp_free(struct udp *u)
{
	if (u == NULL)
		return;
	close(u->fd);
	free(u->queue);
	free(u);
}

int
udp_fd(const struct udp *u)
{
	return u->fd;
}

uint16_t
udp_no(const struct udp *u)
{
	return u->no;
}

uint8_t
udp_family(const struct udp *u)
{
	return u->family;
}

void
udp_offload(struct udp *u, bool send, bool receive)
{
	u->want_gso = send;
	u->gso = send && gso_able(u->fd);
	if (send && !u->gso)
		log_info("UDP socket %u: this system sends no batches", u->no);
	/*
	 * Only if it differs: the size of a batch that waits in the socket
	 * while this is switched off is lost, and so the batch.
	 */
	if (receive == u->want_gro && receive == u->gro)
		return;
	u->want_gro = receive;
	u->gro = false;
	if (gro_set(u->fd, receive) == -1)
		log_info("UDP socket %u: this system receives no batches: %s",
		    u->no, strerror(errno));
	else
		u->gro = receive;
}

void
udp_features(const struct udp *u, uint32_t *have, uint32_t *lacking)
{
	*have |=
	    (u->gso ? FEATURE_UDP_GSO : 0) | (u->gro ? FEATURE_UDP_GRO : 0);
	*lacking |= (u->want_gso && !u->gso ? FEATURE_UDP_GSO : 0) |
	    (u->want_gro && !u->gro ? FEATURE_UDP_GRO : 0) |
	    (u->small ? FEATURE_BUFFERS : 0);
}

void
udp_count(const struct udp *u, struct counters *c)
{
	c->v[UDP_REFUSED] += u->refused;
	c->v[UDP_LOST] += u->lost;
	c->v[UDP_MISSED] += sift_lost(u->fd);
}

void
udp_sieve(struct udp *u, const struct sieve_rules *r)
{
	if (sift_set(u->fd, u->family, r) == -1)
		log_debug("UDP socket %u: sieve: %s", u->no, strerror(errno));
}

static void
check_buffer(struct udp *u, int option, const char *what, uint32_t want)
{
	int got = 0;
	socklen_t len = sizeof(got);

	if (getsockopt(u->fd, SOL_SOCKET, option, &got, &len) == -1) {
		log_warn("UDP socket %u: %s buffer", u->no, what);
		return;
	}
	/* the system doubles it for its own overhead */
	if ((uint32_t)got / 2 >= want)
		return;
	u->small = true;
	log_warnx("UDP socket %u: %s buffer is %u octets, not %u", u->no, what,
	    (unsigned)got / 2, want);
}

void
udp_check_buffers(struct udp *u, uint32_t receive, uint32_t send)
{
	u->small = false;
	check_buffer(u, SO_RCVBUF, "receive", receive);
	check_buffer(u, SO_SNDBUF, "send", send);
}

/* ---- out ---- */

/* One call: a batch if len is more than seg.  0 or errno. */
static int
send_one(struct udp *u, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	_Alignas(struct cmsghdr) uint8_t control[GSO_CONTROL];
	struct sockaddr_storage ss;
	struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
	struct msghdr m = {.msg_name = &ss, .msg_iov = &iov, .msg_iovlen = 1};
	ssize_t r;

	m.msg_namelen = (socklen_t)endpoint_to_sa(to, &ss);
	if (len > seg) {
		m.msg_control = control;
		gso_mark(&m, (uint16_t)seg);
	}
	do
		r = sendmsg(u->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (r == -1 && errno == EINTR);
	return r == -1 ? errno : 0;
}

/* One by one from *off on, which says how far it went.  0 or errno. */
static int
send_singly(struct udp *u, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg, size_t *off)
{
	while (*off < len) {
		size_t n = len - *off < seg ? len - *off : seg;
		int e = send_one(u, to, data + *off, n, n);

		if (e != 0)
			return e;
		*off += n;
	}
	return 0;
}

/* The same, as a batch if the system can. */
static int
send_batch(struct udp *u, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg, size_t *off)
{
	bool never;
	int e;

	if (u->gso && len - *off > seg) {
		e = send_one(u, to, data + *off, len - *off, seg);
		if (e == 0)
			*off = len;
		if (e == 0 || !gso_refused(e, &never))
			return e;
		u->refused++;
		if (never) {
			u->gso = false;
			log_info("UDP socket %u: no more batches: %s", u->no,
			    strerror(e));
		}
	}
	return send_singly(u, to, data, len, seg, off);
}

/* Full for the moment, as against wrong. */
static bool
is_full(int e)
{
	return e == EAGAIN || e == EWOULDBLOCK || e == ENOBUFS;
}

static enum udp_result
wait_for_room(struct udp *u, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	struct waiting *w;

	if (u->n == UDP_WAITING || len > WAIT_OCTETS)
		return UDP_FULL;
	if (u->n == 0) {
		u->since_ms = clock_mono_ms();
		stuck_begin(&u->stuck, u->since_ms);
	}
	w = &u->queue[(u->head + u->n++) % UDP_WAITING];
	w->to = *to;
	w->off = 0;
	w->len = len;
	w->seg = seg;
	memcpy(w->data, data, len);
	return UDP_OK;
}

/* One whose datagrams stay in the buffer, which all share, has its part. */
static bool
has_its_share(struct udp *u, const struct endpoint *to)
{
	size_t unsent, limit;

	return u->stuck.nslow != 0 && gso_unsent(u->fd, &unsent, &limit) &&
	    stuck_share(&u->stuck, clock_mono_ms(), unsent, limit, to);
}

enum udp_result
udp_send(struct udp *u, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	size_t off = 0;
	int e;

	if (has_its_share(u, to))
		return UDP_FULL;
	if (u->n != 0) /* not past what waits already */
		return wait_for_room(u, to, data, len, seg);
	e = send_batch(u, to, data, len, seg, &off);
	if (e == 0)
		return UDP_OK;
	if (is_full(e))
		return wait_for_room(u, to, data + off, len - off, seg);
	log_debug("UDP socket %u: send: %s", u->no, strerror(e));
	return UDP_ERROR;
}

static enum udp_result
send_whole(
    struct udp *u, const struct endpoint *to, const uint8_t *data, size_t len)
{
	int e;

	if (u->n != 0)
		return UDP_FULL;
	if (df_set(u->fd, u->family, true) == -1)
		return UDP_ERROR;
	e = send_one(u, to, data, len, len);
	(void)df_set(u->fd, u->family, false);
	if (e == 0)
		return UDP_OK;
	if (e == EMSGSIZE)
		return UDP_TOO_LONG;
	return is_full(e) ? UDP_FULL : UDP_ERROR;
}

enum udp_result
udp_send_as(struct udp *u, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg, enum udp_how how)
{
	size_t off = 0;
	int e;

	if (how == UDP_WHOLE)
		return send_whole(u, to, data, len);
	if (u->n != 0)
		return UDP_FULL;
	if (pieces_set(u->fd, u->family, true) == -1)
		return UDP_ERROR;
	e = send_singly(u, to, data, len, seg, &off);
	(void)pieces_set(u->fd, u->family, false);
	if (e == 0)
		return UDP_OK;
	return is_full(e) ? UDP_FULL : UDP_ERROR;
}

bool
udp_waiting(const struct udp *u)
{
	return u->n != 0;
}

static void
note_wait(struct udp *u, uint64_t now_ms)
{
	if (now_ms - u->since_ms > u->worst_ms)
		u->worst_ms = now_ms - u->since_ms;
}

static void
lose(struct udp *u, const struct waiting *w)
{
	u->lost += (w->len - w->off + w->seg - 1) / w->seg;
}

/* The first that waits is done with. */
static void
next_waiting(struct udp *u)
{
	u->head = (u->head + 1) % UDP_WAITING;
	u->n--;
	if (u->n != 0)
		return;
	note_wait(u, clock_mono_ms());
	stuck_end(&u->stuck);
}

/* Send it, perhaps to look at what that does to the buffer.  0 or errno. */
static int
send_waiting(struct udp *u, struct waiting *w, bool look, size_t before)
{
	size_t len = w->len - w->off;
	int e = send_batch(u, &w->to, w->data, w->len, w->seg, &w->off);

	if (look && e == 0)
		stuck_tried(&u->stuck, clock_mono_ms(), &w->to, before, len);
	return e;
}

void
udp_writable(struct udp *u)
{
	while (u->n != 0) {
		struct waiting *w = &u->queue[u->head];
		enum stuck_act act = STUCK_SEND;
		size_t unsent = 0, limit;
		int e = 0;

		if (gso_unsent(u->fd, &unsent, &limit))
			act = stuck_next(
			    &u->stuck, clock_mono_ms(), unsent, &w->to);
		if (act == STUCK_WAIT)
			return;
		if (act == STUCK_DROP)
			lose(u, w);
		else
			e = send_waiting(u, w, act == STUCK_TRY, unsent);
		/*
		 * Not for ENOBUFS: memory is short although the socket has
		 * room, and to wait for the socket would be to spin.
		 */
		if (e == EAGAIN || e == EWOULDBLOCK)
			return;
		if (e != 0) {
			lose(u, w);
			log_debug(
			    "UDP socket %u: send: %s", u->no, strerror(e));
		}
		next_waiting(u);
	}
}

uint32_t
udp_waited_ms(struct udp *u)
{
	uint64_t ms;

	if (u->n != 0)
		note_wait(u, clock_mono_ms());
	ms = u->worst_ms;
	u->worst_ms = 0;
	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

/* ---- in ---- */

/* One receive: octets, 0 if it is to be ignored, -1 if there is nothing. */
static ssize_t
receive(const struct udp *u, uint8_t *buf, struct endpoint *from, size_t *size)
{
	_Alignas(struct cmsghdr) uint8_t control[GSO_CONTROL];
	struct sockaddr_storage ss;
	struct iovec iov = {.iov_base = buf, .iov_len = UDP_BUFFER};
	struct msghdr m = {
	    .msg_name = &ss,
	    .msg_namelen = sizeof(ss),
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control,
	    .msg_controllen = sizeof(control),
	};
	ssize_t n;

	*size = 0;
	do
		n = recvmsg(u->fd, &m, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return is_full(errno) ? -1 : 0;
	if ((m.msg_flags & MSG_TRUNC) != 0 || endpoint_from_sa(&ss, from) == -1)
		return 0;
	*size = gro_size(&m);
	return n;
}

/* There was nothing more, after so many datagrams. */
static void
drained(struct udp *u, unsigned datagrams)
{
	if (datagrams != 1)
		u->calm = 0;
	else if (u->calm < UDP_CALM)
		u->calm++;
}

bool
udp_receive_whole(struct udp *u, const struct udp_taker *t)
{
	unsigned datagrams = 0;
	struct endpoint from;
	size_t size;

	for (int i = 0; i < UDP_BURST; i++) {
		uint8_t *buf = t->room(t->ctx);
		ssize_t n = receive(u, buf, &from, &size);
		size_t len = n > 0 ? (size_t)n : 0;

		if (n == -1) {
			drained(u, datagrams);
			return false;
		}
		if (size == 0 || size > len)
			size = len;
		if (len > 0) {
			t->whole(t->ctx, u->no, &from, buf, len, size);
			datagrams += (unsigned)((len + size - 1) / size);
		}
		if (i == 0 && datagrams == 1 && u->calm == UDP_CALM) {
			u->calm--;
			return true;
		}
	}
	u->calm = 0;
	return true;
}

/* One buffer, and each datagram for itself. */
struct cutter {
	uint8_t *buf;
	udp_fn *fn;
	void *ctx;
};

static uint8_t *
cutter_room(void *ctx)
{
	const struct cutter *c = ctx;

	return c->buf;
}

static void
cutter_whole(void *ctx, uint16_t no, const struct endpoint *from, uint8_t *data,
    size_t len, size_t seg)
{
	const struct cutter *c = ctx;

	for (size_t n; len > 0; data += n, len -= n) {
		n = len < seg ? len : seg;
		c->fn(c->ctx, no, from, data, n);
	}
}

bool
udp_receive(struct udp *u, uint8_t *buf, udp_fn *fn, void *ctx)
{
	struct cutter c = {.buf = buf, .fn = fn, .ctx = ctx};
	const struct udp_taker t = {
	    .room = cutter_room, .whole = cutter_whole, .ctx = &c};

	return udp_receive_whole(u, &t);
}
