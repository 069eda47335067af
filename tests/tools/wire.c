/* SPDX-License-Identifier: ISC */
/* file: tests/tools/wire.c */
/*
 * wire [-s seed] [-n frames] [-t script] NAME=INTERFACE NAME=INTERFACE ...
 *
 * A bad wire between interfaces of this namespace, whose other ends (veth) are
 * in the namespaces of those who talk: what comes in at one goes out at the
 * one it is for, after what tests/wire decides for it.  Commands (wire.h) come
 * from the script and, a line each, from standard input at any time; "ready"
 * says that it forwards.  At the end (quit, SIGTERM) or when asked it prints
 * what became of the frames of each rule that saw any.
 *
 * Frames come with the kernel's note about unfinished sums and leave with it,
 * so nothing is summed here.  Super-frames can't pass: the talkers' interfaces
 * must cut them (ethtool -K ... tso off gso off); others are counted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../wire/wire.h"

#define BATCH 64
#define FRAMES 32768
#define FRAMES_MAX (1u << 20)
/* What came waits in a ring shared with the kernel: no call for each. */
#define RING_FRAME 2560 /* room for the largest, and the kernel's head */
#define RING_BLOCK (1u << 16)
#define RING_BLOCKS 256
#define RING_BLOCK_FRAMES (RING_BLOCK / RING_FRAME)
/* While they come in numbers they are taken by the handful, not one by one. */
#define MANY 4
#define GATHER_NS 40000
#define LINE 256
#define VNET sizeof(struct virtio_net_hdr)

_Static_assert(VNET <= WIRE_HEAD, "no room for the kernel's note");

struct end {
	int fd;
	uint8_t *ring;
	unsigned at; /* the next in it */
	uint64_t in, out, strange, refused;
	/* frames that go out together */
	unsigned n;
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	uint32_t slot[BATCH];
};

struct tool {
	struct wire *w;
	unsigned ends;
	const char *name[WIRE_ENDS];
	struct end end[WIRE_ENDS];
	int signals;
	bool over, no_input;
	char line[LINE];
	size_t line_len;
	uint64_t full; /* none was free: what came is left with the kernel */
};

static void
die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void
open_end(struct end *e, const char *interface)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	    .sll_ifindex = (int)if_nametoindex(interface)};
	struct tpacket_req ring = {.tp_block_size = RING_BLOCK,
	    .tp_block_nr = RING_BLOCKS,
	    .tp_frame_size = RING_FRAME,
	    .tp_frame_nr = RING_BLOCKS * RING_BLOCK_FRAMES};
	int on = 1, version = TPACKET_V2;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (ll.sll_ifindex == 0)
		die(interface);
	if (fd == -1)
		die("socket");
	if (setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) ||
	    setsockopt(
		fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) ||
	    setsockopt(
		fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring)))
		die("options of the socket");
	e->ring = mmap(NULL, (size_t)RING_BLOCK * RING_BLOCKS,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (e->ring == MAP_FAILED)
		die("ring");
	if (bind(fd, (struct sockaddr *)&ll, sizeof(ll)) == -1)
		die(interface);
	e->fd = fd;
}

/* ---- frames ---- */

static void
flush(struct tool *t, struct end *e)
{
	for (unsigned i = 0; i < e->n;) {
		int n = sendmmsg(e->fd, e->msg + i, e->n - i, 0);

		if (n > 0) {
			e->out += (unsigned)n;
			i += (unsigned)n;
		} else if (errno == ENOBUFS || errno == EAGAIN) {
			struct pollfd p = {.fd = e->fd, .events = POLLOUT};

			(void)poll(&p, 1, 1);
		} else if (errno != EINTR) {
			e->refused++;
			i++;
		}
	}
	for (unsigned i = 0; i < e->n; i++)
		wire_drop(t->w, e->slot[i]);
	e->n = 0;
}

static void
put_all(struct tool *t, uint64_t at_ns)
{
	struct wire_out o;

	while (wire_next(t->w, at_ns, &o) != WIRE_NONE) {
		struct end *e = &t->end[o.end];
		unsigned i = e->n++;

		e->slot[i] = o.slot;
		e->iov[i].iov_base = wire_frame(t->w, o.slot) - VNET;
		e->iov[i].iov_len = VNET + o.len;
		e->msg[i].msg_hdr =
		    (struct msghdr){.msg_iov = &e->iov[i], .msg_iovlen = 1};
		if (e->n == BATCH)
			flush(t, e);
	}
	for (unsigned i = 0; i < t->ends; i++)
		flush(t, &t->end[i]);
}

static void
got(struct tool *t, unsigned k, uint64_t at_ns, const struct tpacket2_hdr *h,
    uint32_t slot)
{
	const uint8_t *frame = (const uint8_t *)h + h->tp_mac;
	struct end *e = &t->end[k];
	struct virtio_net_hdr v;

	memcpy(&v, frame - VNET, VNET);
	if (h->tp_len > h->tp_snaplen || h->tp_snaplen > WIRE_ROOM ||
	    v.gso_type != VIRTIO_NET_HDR_GSO_NONE) {
		e->strange++;
		wire_drop(t->w, slot);
		return;
	}
	e->in++;
	memcpy(
	    wire_frame(t->w, slot) - VNET, frame - VNET, VNET + h->tp_snaplen);
	wire_take(t->w, at_ns, k, slot, h->tp_snaplen,
	    (v.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) == 0);
}

static struct tpacket2_hdr *
ring_at(const struct end *e)
{
	return (struct tpacket2_hdr *)(void *)(e->ring +
	    (size_t)(e->at / RING_BLOCK_FRAMES) * RING_BLOCK +
	    (size_t)(e->at % RING_BLOCK_FRAMES) * RING_FRAME);
}

/* One batch: how many. */
static unsigned
get_some(struct tool *t, unsigned k)
{
	struct end *e = &t->end[k];
	uint64_t at_ns = now_ns();
	unsigned n = 0;

	for (; n < BATCH; n++) {
		struct tpacket2_hdr *h = ring_at(e);
		uint32_t slot;

		if ((__atomic_load_n(&h->tp_status, __ATOMIC_ACQUIRE) &
			TP_STATUS_USER) == 0)
			break;
		if ((slot = wire_slot(t->w)) == WIRE_NONE) {
			t->full++;
			break;
		}
		got(t, k, at_ns, h, slot);
		__atomic_store_n(
		    &h->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
		e->at = (e->at + 1) % (RING_BLOCKS * RING_BLOCK_FRAMES);
	}
	return n;
}

/* ---- commands ---- */

static void
print_rule(
    const struct tool *t, unsigned a, unsigned b, const struct wire_rule *r)
{
	char from[ENDPOINT_STRLEN], to[ENDPOINT_STRLEN];

	printf("%s->%s", t->name[a], t->name[b]);
	if (r->match.from.port != 0 || r->match.from.addr.family != 0)
		printf(" from %s", endpoint_format(&r->match.from, from));
	if (r->match.to.port != 0 || r->match.to.addr.family != 0)
		printf(" to %s", endpoint_format(&r->match.to, to));
	for (int f = 0; f < WIRE_NFATES; f++)
		printf(" %s=%" PRIu64, wire_fate_name(f), r->n[f]);
	printf("\n");
}

static void
print_stats(struct tool *t)
{
	const struct wire_rule *r;

	for (unsigned a = 0; a < t->ends; a++)
		for (unsigned b = 0; b < t->ends; b++)
			for (unsigned i = 0;
			     (r = wire_rule(t->w, a, b, i)) != NULL; i++)
				if (r->n[WIRE_IN] != 0)
					print_rule(t, a, b, r);
	for (unsigned a = 0; a < t->ends; a++) {
		const struct end *e = &t->end[a];
		struct tpacket_stats s = {0};
		socklen_t len = sizeof(s);

		(void)getsockopt(
		    e->fd, SOL_PACKET, PACKET_STATISTICS, &s, &len);
		printf("end %s in=%" PRIu64 " out=%" PRIu64 " strange=%" PRIu64
		       " refused=%" PRIu64 " missed=%u\n",
		    t->name[a], e->in, e->out, e->strange, e->refused,
		    s.tp_drops);
	}
	printf(
	    "stats waiting=%u full=%" PRIu64 "\n", wire_waiting(t->w), t->full);
	fflush(stdout);
}

static bool
command(struct tool *t, const char *line)
{
	struct wire_cmd c;
	const char *why;
	int r = wire_parse(line, t->name, t->ends, &c, &why);

	if (r == 0 && wire_do(t->w, now_ns(), &c) == -1) {
		r = -1;
		why = "too many rules or commands";
	}
	if (r == -1)
		fprintf(stderr, "wire: %s: %s\n", why, line);
	return r != -1;
}

static void
read_script(struct tool *t, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[LINE];

	if (f == NULL)
		die(path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (!command(t, line))
			exit(1);
	fclose(f);
}

static void
read_input(struct tool *t)
{
	ssize_t n = read(STDIN_FILENO, t->line + t->line_len,
	    sizeof(t->line) - 1 - t->line_len);
	char *end;

	if (n <= 0) {
		t->no_input = n == 0 || errno != EAGAIN;
		return;
	}
	t->line_len += (size_t)n;
	t->line[t->line_len] = '\0';
	while ((end = strchr(t->line, '\n')) != NULL) {
		*end = '\0';
		(void)command(t, t->line);
		t->line_len -= (size_t)(end + 1 - t->line);
		memmove(t->line, end + 1, t->line_len + 1);
	}
	if (t->line_len == sizeof(t->line) - 1)
		t->line_len = 0; /* no line of ours */
}

/* ---- turning ---- */

static void
wait_for(struct tool *t, unsigned came)
{
	static const struct timespec gather = {.tv_nsec = GATHER_NS};
	struct pollfd p[WIRE_ENDS + 2];
	uint64_t due = wire_due(t->w), now = now_ns();
	struct timespec ts = {0}, *wait = &ts;

	for (unsigned i = 0; i < t->ends; i++)
		p[i] = (struct pollfd){.fd = t->end[i].fd, .events = POLLIN};
	p[t->ends] = (struct pollfd){
	    .fd = t->no_input ? -1 : STDIN_FILENO, .events = POLLIN};
	p[t->ends + 1] = (struct pollfd){.fd = t->signals, .events = POLLIN};
	if (due == UINT64_MAX) {
		wait = NULL;
	} else if (due > now) {
		ts.tv_sec = (time_t)((due - now) / 1000000000u);
		ts.tv_nsec = (long)((due - now) % 1000000000u);
	}
	if (came >= MANY) {
		if (came < BATCH)
			(void)nanosleep(&gather, NULL);
		ts = (struct timespec){0};
		wait = &ts;
	}
	if (ppoll(p, t->ends + 2, wait, NULL) <= 0)
		return;
	if (p[t->ends].revents != 0)
		read_input(t);
	if (p[t->ends + 1].revents != 0)
		t->over = true;
}

static void
run(struct tool *t)
{
	enum wire_what what;

	while (!t->over) {
		unsigned came = 0;

		for (unsigned i = 0; i < t->ends; i++)
			came += get_some(t, i);
		put_all(t, now_ns());
		while (wire_asked(t->w, now_ns(), &what)) {
			if (what == WIRE_DO_STATS)
				print_stats(t);
			t->over |= what == WIRE_DO_QUIT;
		}
		wait_for(t, came);
	}
	print_stats(t);
}

static void
usage(void)
{
	fprintf(stderr,
	    "usage: wire [-s seed] [-n frames] [-t script] "
	    "NAME=INTERFACE NAME=INTERFACE ...\n");
	exit(2);
}

static uint64_t
number(const char *text, uint64_t most)
{
	char *end;
	unsigned long long v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || v > most)
		usage();
	return v;
}

static void
name_ends(struct tool *t, char *argv[], int n)
{
	if (n < 2 || n > WIRE_ENDS)
		usage();
	for (int i = 0; i < n; i++) {
		char *eq = strchr(argv[i], '=');

		if (eq == NULL || eq == argv[i] || eq - argv[i] >= WIRE_NAME)
			usage();
		*eq = '\0';
		t->name[i] = argv[i];
		open_end(&t->end[i], eq + 1);
	}
	t->ends = (unsigned)n;
}

/* A wire does not wait for its turn, however busy the machine is. */
static void
punctual(void)
{
	struct sched_param p = {.sched_priority = 1};

	(void)prctl(PR_SET_TIMERSLACK, 1);
	if (sched_setscheduler(0, SCHED_FIFO, &p) == -1)
		(void)setpriority(PRIO_PROCESS, 0, -20);
}

int
main(int argc, char *argv[])
{
	static struct tool t;
	const char *script = NULL;
	uint64_t seed = 1, frames = FRAMES;
	sigset_t set;
	int ch;

	while ((ch = getopt(argc, argv, "n:s:t:")) != -1)
		if (ch == 'n')
			frames = number(optarg, FRAMES_MAX);
		else if (ch == 's')
			seed = number(optarg, UINT64_MAX);
		else if (ch == 't')
			script = optarg;
		else
			usage();
	name_ends(&t, argv + optind, argc - optind);
	t.w = wire_new(seed, t.name, t.ends, (uint32_t)frames);
	if (t.w == NULL)
		die("memory");
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t.signals == -1)
		die("signalfd");
	punctual();
	if (script != NULL)
		read_script(&t, script);
	printf("ready seed=%" PRIu64 "\n", seed);
	fflush(stdout);
	run(&t);
	wire_free(t.w);
	return 0;
}
