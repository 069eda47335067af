/* SPDX-License-Identifier: ISC */
/* file: tests/evil/ring.c */
/*
 * A p2p-engine that was taken over and goes for the tun role through the memory
 * that both have mapped (pkring.h).  To everybody else it is polite.
 *
 * First, for a second or two, what the tun role has to endure: records whose
 * packets are rubbish or change all the time, bells without end, flags that say
 * for ever that somebody sleeps or waits.  Then one lie, another one each time,
 * which ends the wire; then it leaves, and is started again.  No sandbox: that
 * is the point.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "ipc.h"
#include "msg.h"
#include "packets.h"
#include "pkring.h"
#include "rnd.h"

#define ENDURE_MS 1500
#define LEAVE_MS 2500
#define LINE 64 /* octets between two words of the shared page */

enum word { TAIL, HEAD, WANTS_DATA, WANTS_ROOM };
enum lie {
	LIE_TAIL_FAR,
	LIE_TAIL_BACK,
	LIE_TAIL_ODD,
	LIE_HEAD,
	LIE_LENGTH,
	LIE_SKIP,
	LIE_MESSAGE,
	LIE_EMPTY,
	LIE_DEAF,
	LIE_N
};

struct evil {
	int fd, memfd; /* to the tun role */
	uint8_t *map;
	struct pkring tx, rx;
	struct rnd_src rnd;
	struct timespec born;
};

static long
age_ms(const struct evil *e)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - e->born.tv_sec) * 1000 +
	    (now.tv_nsec - e->born.tv_nsec) / 1000000;
}

static void
put(int fd, uint16_t type, const void *body, size_t len)
{
	uint8_t rec[IPC_FRAME_MAX];
	size_t n = ipc_build(rec, sizeof(rec), type, 7, body, len, 0);

	if (n > 0)
		ipc_send_record(fd, rec, n, -1);
}

static void
hello(int fd, uint64_t gen)
{
	struct msg_hello h = {
	    .version = MSG_VERSION, .role = ROLE_ENGINE, .gen = gen};
	uint8_t body[64];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_hello(&w, &h);
	put(fd, MSG_HELLO, body, w.len);
}

/* ---- what it is given ---- */

static void
take_wire(struct evil *e, const struct ipc_frame *f)
{
	struct msg_wire w;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &w) == -1)
		return;
	if (w.kind == WIRE_CHAN) {
		hello(f->fd, w.gen); /* and not a word more */
		return;
	}
	if (e->map != NULL)
		munmap(e->map, PKR_MAP);
	if (e->fd != -1)
		close(e->fd);
	e->fd = f->fd;
	e->map = e->memfd == -1 ? MAP_FAILED
				: mmap(NULL, PKR_MAP, PROT_READ | PROT_WRITE,
				      MAP_SHARED, e->memfd, 0);
	if (e->map == MAP_FAILED)
		exit(3); /* the test wants a ring */
	pkring_init(&e->tx, e->map, 1);
	pkring_init(&e->rx, e->map, 0);
}

static void
listen_to_parent(struct evil *e)
{
	static uint8_t buf[IPC_FRAME_MAX];
	enum ipc_result res;
	struct ipc_frame f;

	while ((res = ipc_recv(3, buf, &f)) == IPC_OK) {
		if (f.type == MSG_PING)
			put(3, MSG_PONG, NULL, 0);
		else if (f.type == MSG_STOP)
			exit(0);
		else if (f.type == MSG_RING)
			e->memfd = f.fd;
		else if (f.type == MSG_WIRE)
			take_wire(e, &f);
		else if (f.fd != -1)
			close(f.fd);
	}
	if (res == IPC_EOF)
		exit(0);
}

/* ---- what has to be endured ---- */

static void
word(struct pkring *r, enum word w, uint64_t v)
{
	memcpy((uint8_t *)r->shared + w * LINE, &v, sizeof(v));
}

static void
bell(struct evil *e)
{
	(void)send(e->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A packet that the guard may like, of any length. */
static void
rubbish(struct evil *e)
{
	size_t len = 1 + rnd_below(&e->rnd, PK_IP_MAX);
	bool bad;
	uint8_t *at = pkring_begin(&e->tx, len, &bad);

	if (at == NULL)
		return;
	rnd_bytes(at, PK_VNET + (len < 80 ? len : 80));
	if (rnd_below(&e->rnd, 4) != 0) {
		memset(at, 0, PK_VNET);
		memcpy(at + PK_VNET, "\105\0", 2);
		at[PK_VNET + 2] = (uint8_t)(len >> 8);
		at[PK_VNET + 3] = (uint8_t)len;
		memcpy(at + PK_VNET + 6, "\0\0\100\001\0\0", 6);
		memcpy(at + PK_VNET + 12, "\012\143\0\002\012\143\0\001", 8);
	}
	pkring_commit(&e->tx, len);
}

static void
annoy(struct evil *e)
{
	uint8_t *vnet, *pkt;
	size_t len;

	for (int i = 0; i < 20; i++)
		rubbish(e);
	bell(e);
	/* what it has read, or not, changes all the time */
	for (int i = 0; i < 2000; i++)
		e->tx.data[rnd_below(&e->rnd, PKR_DATA / 16) * 16 + 16 +
		    rnd_below(&e->rnd, 40)] ^= 0xff;
	word(&e->rx, WANTS_DATA, 1);
	word(&e->tx, WANTS_ROOM, 1);
	while (pkring_next(&e->rx, &vnet, &pkt, &len) == 1)
		memset(vnet, 0xff, PK_VNET + len);
	(void)pkring_release(&e->rx);
}

/* ---- the lie ---- */

static void
tell(struct evil *e, enum lie lie)
{
	static uint8_t much[9000];

	switch (lie) {
	case LIE_TAIL_FAR:
		word(&e->tx, TAIL, e->tx.pos + 3 * (uint64_t)PKR_DATA);
		break;
	case LIE_TAIL_BACK:
		word(&e->tx, TAIL, e->tx.pos - 7 * (uint64_t)PKR_DATA);
		break;
	case LIE_TAIL_ODD:
		word(&e->tx, TAIL, e->tx.pos + 8);
		break;
	case LIE_HEAD:
		word(&e->rx, HEAD, UINT64_MAX / 2);
		break;
	case LIE_LENGTH:
	case LIE_SKIP:
		memset(e->tx.data, lie == LIE_SKIP ? 0xff : 0x7f, PKR_DATA);
		word(&e->tx, TAIL, e->tx.pos + PKR_DATA / 2);
		break;
	case LIE_MESSAGE:
		(void)send(e->fd, much, sizeof(much), MSG_NOSIGNAL);
		break;
	case LIE_EMPTY:
		(void)send(e->fd, much, 0, MSG_NOSIGNAL);
		break;
	default: /* never reads again: its ring and the socket fill */
		break;
	}
	bell(e);
}

int
main(int argc, char *argv[])
{
	struct evil e = {.fd = -1, .memfd = -1, .rnd = rnd_kernel()};
	struct pollfd p = {.fd = 3, .events = POLLIN};
	uint8_t ready[8] = {0};
	bool told = false;

	if (argc < 3)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &e.born);
	hello(3, strtoull(argv[2], NULL, 10));
	put(3, MSG_READY, ready, sizeof(ready));
	while (age_ms(&e) < LEAVE_MS) {
		if (poll(&p, 1, told || e.fd == -1 ? 10 : 0) == 1)
			listen_to_parent(&e);
		if (e.fd == -1)
			continue;
		if (age_ms(&e) < ENDURE_MS)
			annoy(&e);
		else if (!told)
			tell(&e, (enum lie)rnd_below(&e.rnd, LIE_N));
		told = age_ms(&e) >= ENDURE_MS;
	}
	return 1;
}
