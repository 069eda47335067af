/* SPDX-License-Identifier: ISC */
/* file: tests/tools/peerload.c */
/*
 * peerload -n peers [-r a-second] [-t seconds] [-d seconds] [-s octets]
 *	[-a address]
 *
 * The host behind a node that has the peers of peersim: sends each of them
 * datagrams to the echo port, so many a second, in turns, and says when each
 * was first heard.  -t: gives up on those that are silent so long; -d: goes on
 * for so long once all are up, and says how even it was then.
 *
 *	up=1000/1000 first_ms=3 median_ms=410 last_ms=903
 *	sent=.. echoed=.. least=.. most=.. jain=0.999 own=..
 *
 * last_ms is that of the slowest peer; jain is Jain's index of what the peers
 * echoed, 1 if all the same, 1/n if one had everything; own counts what peers
 * sent of their own account (-r of peersim).  Ends with 1 if one was silent.
 * -a: all goes there instead, and nobody is expected to answer.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "clock.h"

#define PEERS_MAX 4096
#define ECHO_PORT 7
#define SINK_PORT 9999
#define BUFFER (4 << 20)
#define LONGEST 1400
#define SILENT_SHOWN 8

struct options {
	uint32_t n;
	double rate;
	long wait_s, window_s;
	size_t size;
	struct endpoint only; /* port 0: none */
};

struct load {
	struct options o;
	int fd;
	uint32_t next, up;
	uint64_t began_ms, sent, echoed, own;
	double owed;
	uint64_t first_ms[PEERS_MAX]; /* + 1; 0: silent */
	uint64_t count[PEERS_MAX];
};

static void
die(const char *what)
{
	fprintf(stderr, "peerload: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct endpoint
place_of(uint32_t i)
{
	return (struct endpoint){.port = ECHO_PORT,
	    .addr = {.family = 4,
		.b = {10, 99, (uint8_t)(1 + i / 250), (uint8_t)(1 + i % 250)}}};
}

static uint32_t
number_of(const struct endpoint *ep)
{
	return (ep->addr.b[2] - 1u) * 250 + ep->addr.b[3] - 1u;
}

static int
open_socket(void)
{
	static const struct endpoint any = {
	    .port = SINK_PORT, .addr = {.family = 4}};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	int size = BUFFER;

	if (fd == -1)
		die("socket");
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) == -1)
		die("receive buffer");
	if (bind(fd, (struct sockaddr *)&ss,
		(socklen_t)endpoint_to_sa(&any, &ss)) == -1)
		die("bind");
	return fd;
}

/* What is owed by now, the next peer each time. */
static void
send_due(struct load *l, double passed_s)
{
	static uint8_t buf[LONGEST];
	struct sockaddr_storage ss;

	l->owed += passed_s * l->o.rate * l->o.n;
	for (; l->owed >= 1; l->owed--) {
		struct endpoint to =
		    l->o.only.port != 0 ? l->o.only : place_of(l->next);
		socklen_t len = (socklen_t)endpoint_to_sa(&to, &ss);

		l->next = (l->next + 1) % l->o.n;
		if (sendto(l->fd, buf, l->o.size, 0, (struct sockaddr *)&ss,
			len) != -1)
			l->sent++;
	}
}

static void
take(struct load *l)
{
	struct sockaddr_storage ss;
	struct endpoint from;
	uint8_t buf[LONGEST];
	uint32_t i;

	for (;;) {
		socklen_t len = sizeof(ss);
		ssize_t n = recvfrom(
		    l->fd, buf, sizeof(buf), 0, (struct sockaddr *)&ss, &len);

		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* that somebody is not there: comes as an error of the next */
		if (n == -1 || endpoint_from_sa(&ss, &from) == -1)
			continue;
		if ((i = number_of(&from)) >= l->o.n)
			continue;
		if (from.port != ECHO_PORT) {
			l->own++;
			continue;
		}
		if (l->first_ms[i] == 0) {
			l->first_ms[i] = clock_mono_ms() - l->began_ms + 1;
			l->up++;
		}
		l->count[i]++;
		l->echoed++;
	}
}

/* Until all are up or the time is over; true: all are. */
static bool
go_on(struct load *l, uint64_t for_ms, bool until_up)
{
	uint64_t end_us = clock_mono_us() + for_ms * 1000, us, last_us;

	last_us = clock_mono_us();
	while ((us = clock_mono_us()) < end_us) {
		struct pollfd p = {.fd = l->fd, .events = POLLIN};

		send_due(l, (double)(us - last_us) / 1e6);
		last_us = us;
		if (poll(&p, 1, 2) == 1)
			take(l);
		if (until_up && l->up == l->o.n)
			return true;
	}
	return l->up == l->o.n;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
say_up(const struct load *l)
{
	static uint64_t ms[PEERS_MAX];
	uint32_t n = 0, shown = 0;

	for (uint32_t i = 0; i < l->o.n; i++)
		if (l->first_ms[i] != 0)
			ms[n++] = l->first_ms[i] - 1;
	qsort(ms, n, sizeof(ms[0]), by_size);
	printf("up=%u/%u", (unsigned)l->up, (unsigned)l->o.n);
	if (n > 0)
		printf(" first_ms=%llu median_ms=%llu last_ms=%llu",
		    (unsigned long long)ms[0], (unsigned long long)ms[n / 2],
		    (unsigned long long)ms[n - 1]);
	for (uint32_t i = 0; i < l->o.n && shown < SILENT_SHOWN; i++)
		if (l->first_ms[i] == 0 && shown++ < SILENT_SHOWN)
			printf(" silent=p%u", (unsigned)i);
	printf("\n");
	fflush(stdout);
}

static void
say_even(const struct load *l)
{
	uint64_t least = UINT64_MAX, most = 0;
	double sum = 0, squares = 0;

	for (uint32_t i = 0; i < l->o.n; i++) {
		double x = (double)l->count[i];

		least = l->count[i] < least ? l->count[i] : least;
		most = l->count[i] > most ? l->count[i] : most;
		sum += x;
		squares += x * x;
	}
	printf(
	    "sent=%llu echoed=%llu least=%llu most=%llu jain=%.4f own=%llu\n",
	    (unsigned long long)l->sent, (unsigned long long)l->echoed,
	    (unsigned long long)least, (unsigned long long)most,
	    squares > 0 ? sum * sum / (l->o.n * squares) : 0,
	    (unsigned long long)l->own);
}

static void
begin_window(struct load *l)
{
	memset(l->count, 0, sizeof(l->count));
	l->sent = 0;
	l->echoed = 0;
	l->own = 0;
}

int
main(int argc, char *argv[])
{
	static struct load l = {
	    .o = {.rate = 4, .wait_s = 30, .window_s = 0, .size = 64}};
	int c;

	while ((c = getopt(argc, argv, "n:r:t:d:s:a:")) != -1) {
		if (c == 'n')
			l.o.n = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'r')
			l.o.rate = strtod(optarg, NULL);
		else if (c == 't')
			l.o.wait_s = strtol(optarg, NULL, 10);
		else if (c == 'd')
			l.o.window_s = strtol(optarg, NULL, 10);
		else if (c == 's')
			l.o.size = (size_t)strtoul(optarg, NULL, 10);
		else if (c == 'a' && addr_parse(optarg, &l.o.only.addr) == 0)
			l.o.only.port = ECHO_PORT;
		else
			return 2;
	}
	if (l.o.n == 0 || l.o.n > PEERS_MAX || l.o.size > LONGEST)
		return 2;
	l.fd = open_socket();
	l.began_ms = clock_mono_ms();
	l.owed = l.o.n; /* one each at once */
	(void)go_on(&l, (uint64_t)l.o.wait_s * 1000, true);
	say_up(&l);
	if (l.o.window_s > 0) {
		begin_window(&l);
		(void)go_on(&l, (uint64_t)l.o.window_s * 1000, false);
		say_even(&l);
	}
	return l.up == l.o.n ? 0 : 1;
}
