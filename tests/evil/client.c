/* SPDX-License-Identifier: ISC */
/* file: tests/evil/client.c */
/*
 * client SOCKET COUNT [hold]: that many local clients in turn and at once on a
 * control socket: silence, rubbish, half a HELLO, requests without reading the
 * answers, descriptors.  "hold": open them all, ask, and never read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "ipc.h"
#include "msg.h"
#include "rnd.h"

#define OPEN_MAX_AT_ONCE 200

static int
dial(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd == -1)
		return -1;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
say(int fd, uint16_t type, const void *body, size_t len, int pass)
{
	uint8_t rec[IPC_FRAME_MAX];
	size_t n = ipc_build(rec, sizeof(rec), type, 1, body, len, pass != -1);

	if (n > 0)
		ipc_send_record(fd, rec, n, pass);
}

static void
hello(int fd)
{
	uint8_t body[64];
	struct wbuf w;
	struct msg_hello h = {.version = MSG_VERSION, .role = ROLE_CLIENT};

	wbuf_init(&w, body, sizeof(body));
	msg_put_hello(&w, &h);
	say(fd, MSG_HELLO, body, w.len, -1);
}

static void
annoy(int fd, unsigned kind)
{
	uint8_t junk[4096];
	struct rnd_src r = rnd_kernel();
	size_t len = rnd_below(&r, sizeof(junk));

	rnd_bytes(junk, sizeof(junk));
	switch (kind % 6) {
	case 0: /* silence */
		break;
	case 1:
		send(fd, junk, len, MSG_NOSIGNAL);
		break;
	case 2: /* someone else's role */
		hello(fd);
		say(fd, MSG_LOOKUP_REPLY, junk, 40, -1);
		break;
	case 3: /* ask a lot, read nothing */
		hello(fd);
		for (int i = 0; i < 200; i++)
			say(fd, MSG_COUNTERS_ASK, NULL, 0, -1);
		break;
	case 4: /* a descriptor */
		hello(fd);
		say(fd, MSG_STATUS_ASK, NULL, 0, 0);
		break;
	case 5: /* any type, any length */
		hello(fd);
		for (int i = 0; i < 20; i++)
			say(fd, (uint16_t)rnd_below(&r, 70), junk,
			    rnd_below(&r, 500), -1);
		break;
	}
}

int
main(int argc, char *argv[])
{
	int fd[OPEN_MAX_AT_ONCE], count, refused = 0, hold;

	if (argc < 3) {
		fprintf(stderr, "usage: client SOCKET COUNT [hold]\n");
		return 2;
	}
	count = (int)strtol(argv[2], NULL, 10);
	hold = argc > 3;
	for (int i = 0; i < OPEN_MAX_AT_ONCE; i++)
		fd[i] = -1;
	for (int i = 0; i < count; i++) {
		int *slot = &fd[i % OPEN_MAX_AT_ONCE];

		if (*slot != -1)
			close(*slot);
		if ((*slot = dial(argv[1])) == -1)
			refused++;
		else
			annoy(*slot, hold ? 3 : (unsigned)i);
		usleep(500);
	}
	printf("%d clients, %d not connected\n", count, refused);
	if (hold)
		pause();
	return 0;
}
