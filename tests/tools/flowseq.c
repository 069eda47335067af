/* SPDX-License-Identifier: ISC */
/* file: tests/tools/flowseq.c */
/*
 * flowseq recv ADDRESS PORT [-f flows]
 * flowseq send ADDRESS PORT [-f flows] [-n packets] [-r a-second] [-w window]
 *	[-m octets] [-s seed]
 *
 * Does the tunnel keep each connection's packets in order, once each and
 * unchanged?  The sender has a socket, so a source port, for each flow and
 * numbers its datagrams.  Three flows of four send with UDP_SEGMENT, so the
 * interface gets super-packets to be cut, of 1 to 64 segments, the last one
 * sometimes shorter; the others send single ones.  Which flow, how many and
 * how long is a matter of dice; a batch has segments of one length.
 *
 * The receiver takes what comes (UDP_GRO) and says of all flows together how
 * much was received, came late (reordered), twice, damaged or not at all,
 * and which flow was worst.  It reports its progress to a socket of its own
 * at the sender, which has at most `window` datagrams on the way, since an
 * interface has no other way to slow a sender down; a loss is forgiven after
 * a moment.  A rate is kept in ticks, so that there are bursts all the same.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "clock.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#define UDP_GRO 104
#endif

#define MAGIC_DATA 0x666c6f77 /* host order: both ends are one machine */
#define MAGIC_END 0x656e6421
#define MAGIC_HELLO 0x68656c6f
#define MAGIC_ACK 0x61636b21

#define FLOWS_MAX 4096
#define SEGMENTS_MAX 64
#define BATCH_MAX 65000
#define SEEN 65536    /* numbers of a flow that are remembered */
#define ACK_EVERY 128 /* datagrams */
#define TICK_MS 20
#define FORGIVE_MS 50
#define IDLE_MS 10000 /* the receiver ends, if nobody says it is over */
#define AFTER_MS 300  /* ... or so long after the end was announced */
#define HELLO_MS 20000
#define BUFFER (8 << 20)

struct head {
	uint32_t magic, flow;
	uint64_t seq; /* END: how many there were; ACK: progress */
	uint32_t len; /* of the datagram */
	uint32_t fill;
};

struct options {
	struct endpoint at;
	uint32_t flows, window, longest;
	uint64_t packets, rate, seed;
};

static void
die(const char *what)
{
	fprintf(stderr, "flowseq: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
open_socket(const struct endpoint *at, bool receive)
{
	struct sockaddr_storage ss;
	socklen_t len = (socklen_t)endpoint_to_sa(at, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1, size = BUFFER;

	if (fd == -1)
		die("socket");
	if (receive) {
		if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
			sizeof(size)) == -1)
			die("receive buffer (are you root?)");
		if (setsockopt(fd, IPPROTO_UDP, UDP_GRO, &on, sizeof(on)) == -1)
			die("UDP_GRO");
		if (bind(fd, (struct sockaddr *)&ss, len) == -1)
			die("bind");
	} else if (connect(fd, (struct sockaddr *)&ss, len) == -1) {
		die("connect");
	}
	return fd;
}

/* ---- receiving ---- */

struct flow {
	uint64_t next, total; /* total: announced, 0: not yet */
	uint64_t received, reordered, duplicated;
	uint64_t first_ms, last_ms, behind; /* of what came late; at most */
	uint8_t seen[SEEN / 8];
};

struct receiver {
	int fd;
	uint32_t nflows, ended;
	struct flow *flow;
	uint64_t received, corrupt, strange, batches, progress;
	uint64_t acked; /* received, when the last report was made */
	struct sockaddr_storage to;
	socklen_t to_len; /* 0: nobody asked for reports */
	uint8_t buf[65536];
};

static bool
bit(struct flow *f, uint64_t seq)
{
	return (f->seen[seq % SEEN / 8] & 1 << seq % 8) != 0;
}

static void
mark(struct flow *f, uint64_t seq, bool on)
{
	uint8_t *p = &f->seen[seq % SEEN / 8], b = (uint8_t)(1 << seq % 8);

	*p = on ? *p | b : *p & (uint8_t)~b;
}

static void
late(struct flow *f, uint64_t seq)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	f->last_ms =
	    (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	if (f->reordered++ == 0)
		f->first_ms = f->last_ms;
	if (f->next - seq > f->behind)
		f->behind = f->next - seq;
}

static void
note(struct receiver *r, const struct head *h)
{
	struct flow *f = &r->flow[h->flow];

	f->received++;
	r->received++;
	if (h->seq >= f->next) {
		/* those in between may still come: late */
		for (uint64_t s = f->next; s < h->seq && s < f->next + SEEN;
		     s++)
			mark(f, s, false);
		r->progress += h->seq + 1 - f->next;
		f->next = h->seq + 1;
	} else if (f->next - h->seq <= SEEN && bit(f, h->seq)) {
		f->duplicated++;
	} else {
		late(f, h->seq);
	}
	mark(f, h->seq, true);
}

static void
take(struct receiver *r, const uint8_t *p, size_t len)
{
	struct head h;

	if (len < sizeof(h)) {
		r->corrupt++;
		return;
	}
	memcpy(&h, p, sizeof(h));
	p += sizeof(h);
	if (h.flow >= r->nflows || h.len != len) {
		r->corrupt++;
	} else if (h.magic == MAGIC_END) {
		r->ended += r->flow[h.flow].total == 0;
		r->flow[h.flow].total = h.seq + 1; /* 0 is: not announced */
	} else if (h.magic != MAGIC_DATA) {
		r->strange += h.magic != MAGIC_HELLO;
	} else if (len > sizeof(h) &&
	    (p[0] != (uint8_t)h.fill ||
		memcmp(p, p + 1, len - sizeof(h) - 1) != 0)) {
		r->corrupt++;
	} else {
		note(r, &h);
	}
}

static void
report(struct receiver *r)
{
	struct head h = {
	    .magic = MAGIC_ACK, .seq = r->progress, .len = sizeof(h)};

	r->acked = r->received;
	if (r->to_len != 0)
		(void)sendto(r->fd, &h, sizeof(h), MSG_DONTWAIT,
		    (struct sockaddr *)&r->to, r->to_len);
}

static size_t
gro_of(struct msghdr *m)
{
	int size = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL;
	     c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof(size));
	return size > 0 ? (size_t)size : 0;
}

/* Everything that waits; false: there was nothing. */
static bool
receive(struct receiver *r)
{
	_Alignas(struct cmsghdr) uint8_t control[64];
	struct sockaddr_storage from;
	struct iovec iov = {.iov_base = r->buf, .iov_len = sizeof(r->buf)};
	struct msghdr m = {.msg_name = &from,
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = control};
	struct head h = {0};
	bool any = false;
	ssize_t n;

	for (;;) {
		size_t size, left, len;

		m.msg_namelen = sizeof(from);
		m.msg_controllen = sizeof(control);
		if ((n = recvmsg(r->fd, &m, MSG_DONTWAIT)) == -1)
			return any;
		any = true;
		left = (size_t)n;
		if (left >= sizeof(h))
			memcpy(&h, r->buf, sizeof(h));
		if (h.magic == MAGIC_HELLO) {
			r->to = from;
			r->to_len = m.msg_namelen;
			report(r);
		}
		size = gro_of(&m);
		r->batches += size != 0 && size < left;
		if (size == 0 || size > left)
			size = left;
		for (uint8_t *p = r->buf; left > 0; p += len, left -= len) {
			len = left < size ? left : size;
			take(r, p, len);
		}
		if (r->received - r->acked >= ACK_EVERY)
			report(r);
	}
}

static int
print(const struct receiver *r)
{
	uint64_t lost = 0, reordered = 0, duplicated = 0, worst_lost = 0;
	uint32_t worst = 0, used = 0;

	for (uint32_t i = 0; i < r->nflows; i++) {
		const struct flow *f = &r->flow[i];
		uint64_t sent = f->total != 0 ? f->total - 1 : f->next;
		uint64_t unique = f->received - f->duplicated;
		uint64_t gone = sent > unique ? sent - unique : 0;

		used += f->received != 0;
		lost += gone;
		reordered += f->reordered;
		duplicated += f->duplicated;
		if (gone > worst_lost) {
			worst = i;
			worst_lost = gone;
		}
		if (f->reordered + f->duplicated != 0)
			printf("flow %u: %llu reordered, %llu duplicated; late "
			       "by %llu at most, at %llu to %llu ms\n",
			    i, (unsigned long long)f->reordered,
			    (unsigned long long)f->duplicated,
			    (unsigned long long)f->behind,
			    (unsigned long long)f->first_ms,
			    (unsigned long long)f->last_ms);
	}
	printf("received=%llu reordered=%llu duplicated=%llu corrupt=%llu "
	       "strange=%llu lost=%llu flows=%u batches=%llu ended=%u "
	       "worst_flow=%u worst_lost=%llu\n",
	    (unsigned long long)r->received, (unsigned long long)reordered,
	    (unsigned long long)duplicated, (unsigned long long)r->corrupt,
	    (unsigned long long)r->strange, (unsigned long long)lost, used,
	    (unsigned long long)r->batches, r->ended, worst,
	    (unsigned long long)worst_lost);
	return reordered + duplicated + r->corrupt + r->strange == 0 ? 0 : 1;
}

static int
do_recv(const struct options *o)
{
	static struct receiver r;
	struct pollfd p = {.events = POLLIN};
	uint64_t last_ms;

	r.nflows = o->flows;
	r.flow = calloc(o->flows, sizeof(*r.flow));
	if (r.flow == NULL)
		die("memory");
	p.fd = r.fd = open_socket(&o->at, true);
	last_ms = clock_mono_ms() + HELLO_MS;
	for (;;) {
		uint64_t now_ms;

		(void)poll(&p, 1, 10);
		now_ms = clock_mono_ms();
		if (receive(&r))
			last_ms = now_ms;
		else if (r.acked != r.received)
			report(&r);
		if (now_ms >=
		    last_ms + (r.ended == r.nflows ? AFTER_MS : IDLE_MS))
			return print(&r);
	}
}

/* ---- sending ---- */

struct sender {
	const struct options *o;
	int control, *fd;
	uint64_t *seq; /* the next of each flow */
	uint64_t sent, acked, forgiven, dice;
	uint64_t moved_ms; /* when acked last went up */
	uint8_t buf[BATCH_MAX + 4096];
};

static uint32_t
dice(struct sender *s, uint32_t n)
{
	s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((s->dice >> 33) % n);
}

static void
put(uint8_t *to, uint32_t magic, uint32_t flow, uint64_t seq, size_t len)
{
	struct head h = {.magic = magic,
	    .flow = flow,
	    .seq = seq,
	    .len = (uint32_t)len,
	    .fill = (uint8_t)(seq * 31 + flow)};

	memcpy(to, &h, sizeof(h));
	memset(to + sizeof(h), (int)h.fill, len - sizeof(h));
}

/* len octets as datagrams of seg; waits while the system is short. */
static void
send_batch(int fd, const uint8_t *data, size_t len, size_t seg)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(2)];
	struct iovec iov = {.iov_base = (void *)data, .iov_len = len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	uint16_t size = (uint16_t)seg;

	if (len > seg) {
		struct cmsghdr *c = (struct cmsghdr *)control;

		memset(control, 0, sizeof(control));
		m.msg_control = control;
		m.msg_controllen = sizeof(control);
		c->cmsg_level = IPPROTO_UDP;
		c->cmsg_type = UDP_SEGMENT;
		c->cmsg_len = CMSG_LEN(sizeof(size));
		memcpy(CMSG_DATA(c), &size, sizeof(size));
	}
	while (sendmsg(fd, &m, 0) == -1)
		if (errno == ENOBUFS)
			(void)poll(NULL, 0, 1);
		else if (errno != EINTR && errno != ECONNREFUSED)
			die("send");
}

/* One batch of one flow: how many datagrams. */
static uint32_t
send_some(struct sender *s)
{
	uint32_t flow = dice(s, s->o->flows), n = 1;
	size_t least = sizeof(struct head), len = 0;
	size_t seg = least + dice(s, s->o->longest - (uint32_t)least + 1);

	if (flow % 4 != 0) {
		uint32_t most = (uint32_t)(BATCH_MAX / seg);

		n += dice(s, most < SEGMENTS_MAX ? most : SEGMENTS_MAX);
		if (n > s->o->packets - s->sent)
			n = (uint32_t)(s->o->packets - s->sent);
	}
	for (uint32_t i = 0; i < n; i++) {
		size_t size = seg;

		if (i > 0 && i == n - 1 && dice(s, 4) == 0)
			size = least + dice(s, (uint32_t)(seg - least + 1));
		put(s->buf + len, MAGIC_DATA, flow, s->seq[flow]++, size);
		len += size;
	}
	send_batch(s->fd[flow], s->buf, len, seg);
	return n;
}

/* Reports that came, waiting so long for the first. */
static void
listen_for(struct sender *s, int ms)
{
	struct pollfd p = {.fd = s->control, .events = POLLIN};
	struct head h;

	if (ms > 0)
		(void)poll(&p, 1, ms);
	while (recv(s->control, &h, sizeof(h), MSG_DONTWAIT) == sizeof(h))
		if (h.magic == MAGIC_ACK && h.seq >= s->acked) {
			s->acked = h.seq;
			s->moved_ms = clock_mono_ms();
		}
}

/* As many as the window allows are on the way: wait for room. */
static void
wait_for_room(struct sender *s)
{
	uint64_t known = s->acked > s->forgiven ? s->acked : s->forgiven;

	if (s->sent - known < s->o->window / 2)
		return;
	listen_for(s, 0);
	for (;;) {
		known = s->acked > s->forgiven ? s->acked : s->forgiven;
		if (s->sent - known < s->o->window)
			return;
		listen_for(s, TICK_MS);
		if (clock_mono_ms() - s->moved_ms < FORGIVE_MS)
			continue;
		s->forgiven = s->sent;
		s->moved_ms = clock_mono_ms();
	}
}

/* Until the other side answers: the tunnel may only just be coming up. */
static void
say_hello(struct sender *s)
{
	uint8_t msg[sizeof(struct head)];
	uint64_t began_ms = clock_mono_ms();

	put(msg, MAGIC_HELLO, 0, 0, sizeof(msg));
	s->moved_ms = 0;
	while (s->moved_ms == 0) {
		if (clock_mono_ms() - began_ms > HELLO_MS) {
			fprintf(stderr, "flowseq: nobody answers\n");
			exit(1);
		}
		(void)send(s->control, msg, sizeof(msg), 0);
		listen_for(s, TICK_MS);
	}
}

static void
say_end(struct sender *s)
{
	uint8_t msg[sizeof(struct head)];

	for (int i = 0; i < 3; i++) {
		listen_for(s, 0);
		(void)poll(NULL, 0, 2 * TICK_MS);
		for (uint32_t f = 0; f < s->o->flows; f++) {
			put(msg, MAGIC_END, f, s->seq[f], sizeof(msg));
			send_batch(s->fd[f], msg, sizeof(msg), sizeof(msg));
			if (f % 64 == 63)
				(void)poll(NULL, 0, 1);
		}
	}
}

static int
do_send(const struct options *o)
{
	static struct sender s;
	uint64_t began_ms, ms;

	s.o = o;
	s.dice = o->seed;
	s.fd = calloc(o->flows, sizeof(*s.fd));
	s.seq = calloc(o->flows, sizeof(*s.seq));
	if (s.fd == NULL || s.seq == NULL)
		die("memory");
	s.control = open_socket(&o->at, false);
	for (uint32_t i = 0; i < o->flows; i++)
		s.fd[i] = open_socket(&o->at, false);
	say_hello(&s);
	began_ms = clock_mono_ms();
	while (s.sent < o->packets) {
		ms = clock_mono_ms() - began_ms;
		ms -= ms % TICK_MS;
		if (o->rate != 0 && s.sent >= (ms + TICK_MS) * o->rate / 1000) {
			(void)poll(NULL, 0, 1);
			continue;
		}
		wait_for_room(&s);
		s.sent += send_some(&s);
	}
	ms = clock_mono_ms() - began_ms;
	say_end(&s);
	printf("sent=%llu flows=%u ms=%llu seed=%llu\n",
	    (unsigned long long)s.sent, o->flows, (unsigned long long)ms,
	    (unsigned long long)o->seed);
	return 0;
}

/* ---- start ---- */

static void
usage(void)
{
	fprintf(stderr,
	    "usage: flowseq recv ADDRESS PORT [-f flows]\n"
	    "       flowseq send ADDRESS PORT [-f flows] [-n packets] "
	    "[-r a-second]\n\t[-w window] [-m octets] [-s seed]\n");
	exit(2);
}

static uint64_t
number(const char *text, uint64_t min, uint64_t max)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v < min || v > max)
		usage();
	return v;
}

int
main(int argc, char *argv[])
{
	struct options o = {
	    .flows = 256, .window = 1024, .longest = 1352, .packets = 100000};
	int ch;

	o.seed = clock_mono_us();
	if (argc < 4 || addr_parse(argv[2], &o.at.addr) == -1)
		usage();
	o.at.port = (uint16_t)number(argv[3], 1, 65535);
	optind = 4;
	while ((ch = getopt(argc, argv, "f:m:n:r:s:w:")) != -1)
		if (ch == 'f')
			o.flows = (uint32_t)number(optarg, 1, FLOWS_MAX);
		else if (ch == 'm')
			o.longest =
			    (uint32_t)number(optarg, sizeof(struct head), 9000);
		else if (ch == 'n')
			o.packets = number(optarg, 1, UINT32_MAX);
		else if (ch == 'r')
			o.rate = number(optarg, 0, UINT32_MAX);
		else if (ch == 's')
			o.seed = number(optarg, 0, UINT64_MAX);
		else if (ch == 'w')
			o.window = (uint32_t)number(optarg, 64, 1u << 20);
		else
			usage();
	if (optind != argc)
		usage();
	if (strcmp(argv[1], "send") == 0)
		return do_send(&o);
	if (strcmp(argv[1], "recv") == 0)
		return do_recv(&o);
	usage();
}
