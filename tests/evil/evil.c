/* SPDX-License-Identifier: ISC */
/* file: tests/evil/evil.c */
/*
 * A child of tunnel-priv that went bad, for any role: put in place of keyd,
 * p2p-engine, discoveryd or control it says HELLO as it should and then
 * attacks whoever listens on the channels it was given.
 *
 * Odd generations attack the parent (which should kill them); even ones are
 * polite to the parent (READY, PONG) and attack the siblings: well-framed
 * messages of every type with random bodies, wrong lengths, wrong senders,
 * descriptors where none belong, records that lie about their length, random
 * packet containers, and floods.  No sandbox: that is the point.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "ipc.h"
#include "msg.h"
#include "packets.h"
#include "rnd.h"

#define FDS_MAX 64

struct victim {
	int fd;
	bool packets;
};

static enum role me;

static enum role
role_parse(const char *name)
{
	for (int r = ROLE_NONE + 1; r < ROLE_NROLES; r++)
		if (strcmp(role_name((enum role)r), name) == 0)
			return (enum role)r;
	return ROLE_NONE;
}

static void
put(int fd, uint16_t type, const void *body, size_t len, int pass)
{
	uint8_t rec[IPC_FRAME_MAX];
	size_t n = ipc_build(rec, sizeof(rec), type, 7, body, len, pass != -1);

	if (n > 0)
		ipc_send_record(fd, rec, n, pass);
}

static void
hello(int fd, uint64_t gen)
{
	uint8_t body[64];
	struct wbuf w;
	struct msg_hello h = {.version = MSG_VERSION, .role = me, .gen = gen};

	wbuf_init(&w, body, sizeof(body));
	msg_put_hello(&w, &h);
	put(fd, MSG_HELLO, body, w.len, -1);
}

/* One attack of a random kind. */
static void
attack(const struct victim *v)
{
	struct rnd_src r = rnd_kernel();
	static uint8_t junk[PK_CONTAINER];
	size_t len = rnd_below(&r, 600);
	uint16_t type = (uint16_t)rnd_below(&r, 60);

	if (v->packets) {
		uint32_t rec = rnd_below(&r, 2000);

		len = rec + 4;
		rnd_bytes(junk, len);
		memcpy(junk, &rec, sizeof(rec));
		if (rnd_below(&r, 4) != 0 && rec > 40) {
			memset(junk + 4, 0, PK_VNET);
			junk[14] = 0x45;
		}
		send(v->fd, junk, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	rnd_bytes(junk, len);
	switch (rnd_below(&r, 5)) {
	case 0: /* rubbish without a frame */
		send(v->fd, junk, len + 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 1: /* a descriptor that nobody asked for */
		put(v->fd, type, junk, len, 1);
		break;
	default:
		put(v->fd, type, junk, len, -1);
	}
}

/* Take what the parent says; collect wires. */
static void
listen_to_parent(bool polite, struct victim *v, unsigned *n)
{
	static uint8_t buf[IPC_FRAME_MAX];
	struct ipc_frame f;
	enum ipc_result res;

	while ((res = ipc_recv(3, buf, &f)) == IPC_OK) {
		struct rbuf r;
		struct msg_wire w;

		rbuf_init(&r, f.body, f.len);
		if (f.type == MSG_PING && polite)
			put(3, MSG_PONG, NULL, 0, -1);
		if (f.type == MSG_STOP)
			exit(0);
		if (f.type == MSG_WIRE && *n < FDS_MAX &&
		    msg_get_wire(&r, &w) == 0) {
			v[*n].fd = f.fd;
			v[(*n)++].packets = w.kind == WIRE_PACKETS;
			if (w.kind == WIRE_CHAN)
				hello(f.fd, w.gen);
		} else if (f.fd != -1)
			close(f.fd);
	}
	if (res == IPC_EOF)
		exit(0);
}

int
main(int argc, char *argv[])
{
	struct victim v[FDS_MAX];
	struct timespec nap = {.tv_nsec = 2000000};
	uint8_t ready[8] = {0};
	unsigned n = 0;
	uint64_t gen;
	bool polite;

	if (argc < 3 || (me = role_parse(argv[1])) == ROLE_NONE)
		return 2;
	gen = strtoull(argv[2], NULL, 10);
	polite = gen % 2 == 0;
	hello(3, gen);
	put(3, MSG_READY, ready, sizeof(ready), -1);
	for (unsigned i = 0; i < 30000; i++) {
		struct pollfd p = {.fd = 3, .events = POLLIN};

		if (poll(&p, 1, 0) == 1)
			listen_to_parent(polite, v, &n);
		for (unsigned k = 0; k < n; k++)
			attack(&v[k]);
		if (!polite && i > 200) {
			struct victim parent = {.fd = 3};

			attack(&parent);
		}
		nanosleep(&nap, NULL);
	}
	return 0;
}
