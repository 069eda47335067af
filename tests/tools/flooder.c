/* SPDX-License-Identifier: ISC */
/* file: tests/tools/flooder.c */
/*
 * flooder -k garbage|mac1 -a address [-p port] [-K public-key] [-r a-second]
 *	[-d seconds] [-n sources]
 *
 * Many datagrams a second to one node, for tests of what a node does then:
 *
 *	garbage  of any length to 1500 octets, random; one in four begins as a
 *	         message of each type would
 *	mac1     initiations with a mac1 that is right for that public key and
 *	         nothing else that is
 *
 * -n: from so many addresses, 198.18.0.0/16, which the namespace must have as
 * its own (ip route add local 198.18.0.0/16 dev lo).
 *
 *	sent=850000 refused=0 seconds=10.00 rate=85000
 *
 * It can't be turned against anybody.  It runs only in a network namespace
 * that `ip netns add` made, with no default route, and to the addresses
 * that documentation and tests have; rate, time and count are bounded below.
 * What it can't keep up with it leaves out, and says what it did.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "base64.h"
#include "clock.h"
#include "crypto.h"
#include "wg.h"

#define RATE_MAX 150000
#define SECONDS_MAX 120
#define COUNT_MAX 10000000
#define SOURCES_MAX 65534
#define READY 4096 /* datagrams that are made before, and sent in turn */
#define BATCH 32   /* a call */
#define LONGEST 1500
#define SHARE_MS 100 /* nothing is owed for longer: no bursts */

struct options {
	bool mac1;
	struct endpoint to;
	uint8_t pub[32];
	uint32_t rate, seconds, sources;
};

struct flood {
	struct options o;
	struct sockaddr_storage ss;
	socklen_t sslen;
	int fd;
	uint32_t next, source;
	uint64_t sent, refused;
	uint16_t len[READY];
	uint8_t data[READY][LONGEST];
};

static void
die(const char *what)
{
	fprintf(stderr, "flooder: %s\n", what);
	exit(2);
}

/* ---- where it may run, and at whom ---- */

/* Any line of such a table whose destination is everything. */
static bool
has_default(const char *file, bool six)
{
	FILE *f = fopen(file, "re");
	char line[512], dst[64], dev[64];
	unsigned bits;
	bool any = false;

	if (f == NULL)
		return !six; /* no IPv6 at all is fine */
	while (fgets(line, sizeof(line), f) != NULL) {
		if (six &&
		    sscanf(line,
			"%63s %x %*s %*s %*s %*s %*s %*s %*s "
			"%63s",
			dst, &bits, dev) == 3)
			any = any || (bits == 0 && strcmp(dev, "lo") != 0);
		else if (!six && sscanf(line, "%63s %63s", dev, dst) == 2)
			any = any || strcmp(dst, "00000000") == 0;
	}
	fclose(f);
	return any;
}

/* One that `ip netns add` made. */
static bool
is_named(void)
{
	struct stat own, other;
	struct dirent *d;
	DIR *dir;
	bool found = false;

	if (stat("/proc/self/ns/net", &own) == -1 ||
	    (dir = opendir("/run/netns")) == NULL)
		return false;
	while ((d = readdir(dir)) != NULL)
		found = found ||
		    (d->d_name[0] != '.' &&
			fstatat(dirfd(dir), d->d_name, &other, 0) == 0 &&
			own.st_dev == other.st_dev &&
			own.st_ino == other.st_ino);
	closedir(dir);
	return found;
}

static void
only_here(void)
{
	if (!is_named())
		die("only in a network namespace that a test made");
	if (has_default("/proc/net/route", false) ||
	    has_default("/proc/net/ipv6_route", true))
		die("there is a default route: not here");
}

static void
only_there(const struct addr *a)
{
	static const char *const allowed[] = {"192.0.2.0/24", "198.51.100.0/24",
	    "203.0.113.0/24", "198.18.0.0/15", "10.0.0.0/8", "2001:db8::/32"};
	struct prefix p;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (prefix_parse(allowed[i], &p) == 0 && prefix_has(&p, a))
			return;
	die("only to an address for tests");
}

/* ---- what it sends ---- */

static void
random_fill(void *out, size_t len)
{
	uint8_t *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n == -1)
			die("getrandom");
		p += n;
		len -= (size_t)n;
	}
}

static uint16_t
make_garbage(uint8_t *out, uint32_t i)
{
	static const uint16_t usual[] = {
	    WG_INITIATION_LEN, WG_RESPONSE_LEN, WG_COOKIE_LEN, 1452, 64};
	uint16_t len;

	random_fill(&len, sizeof(len));
	random_fill(out, LONGEST);
	len = (uint16_t)(len % (LONGEST - 28 + 1));
	if (i % 4 != 0)
		return len;
	memset(out, 0, 4);
	out[0] = (uint8_t)(1 + i / 4 % 5);
	return usual[i / 4 % 5];
}

static uint16_t
make_initiation(uint8_t *out, const uint8_t mac1_key[32])
{
	random_fill(out, WG_INITIATION_LEN);
	memset(out, 0, 4);
	out[0] = WG_INITIATION;
	memset(out + WG_INITIATION_LEN - WG_MACS / 2, 0, WG_MACS / 2);
	crypto_mac(out + WG_INITIATION_LEN - WG_MACS, mac1_key, 32, out,
	    WG_INITIATION_LEN - WG_MACS);
	return WG_INITIATION_LEN;
}

static void
make_ready(struct flood *f)
{
	uint8_t key[32];

	crypto_hash(key, "mac1----", 8, f->o.pub, 32);
	for (uint32_t i = 0; i < READY; i++)
		f->len[i] = f->o.mac1 ? make_initiation(f->data[i], key)
				      : make_garbage(f->data[i], i);
}

/* ---- sending ---- */

/* 198.18.0.1 and so on, one after the other. */
static void
from_another(struct flood *f, struct msghdr *m, void *control, size_t len)
{
	struct in_pktinfo info = {0};
	struct cmsghdr *c;

	f->source = f->source % f->o.sources + 1;
	info.ipi_spec_dst.s_addr = htonl(0xc6120000u + f->source);
	m->msg_control = control;
	m->msg_controllen = len;
	c = CMSG_FIRSTHDR(m);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
}

static void
send_batch(struct flood *f, uint32_t n)
{
	static _Alignas(struct cmsghdr)
	    uint8_t control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
	struct mmsghdr m[BATCH] = {0};
	struct iovec iov[BATCH];
	int sent;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = f->next++ % READY;

		iov[i] = (struct iovec){f->data[k], f->len[k]};
		m[i].msg_hdr = (struct msghdr){.msg_name = &f->ss,
		    .msg_namelen = f->sslen,
		    .msg_iov = &iov[i],
		    .msg_iovlen = 1};
		if (f->o.sources != 0)
			from_another(
			    f, &m[i].msg_hdr, control[i], sizeof(control[i]));
	}
	sent = sendmmsg(f->fd, m, n, 0);
	if (sent > 0)
		f->sent += (uint64_t)sent;
	f->refused += n - (uint64_t)(sent > 0 ? sent : 0);
}

static void
run(struct flood *f)
{
	uint64_t began = clock_mono_us(), last = began, now, owed = 0;
	const uint64_t end = began + f->o.seconds * UINT64_C(1000000);
	const uint64_t most = (uint64_t)f->o.rate * SHARE_MS * 1000;
	const struct timespec nap = {.tv_nsec = 200000};

	while ((now = clock_mono_us()) < end && f->sent < COUNT_MAX) {
		owed += (now - last) * f->o.rate; /* in millionths */
		last = now;
		if (owed > most)
			owed = most;
		while (owed >= BATCH * UINT64_C(1000000)) {
			send_batch(f, BATCH);
			owed -= BATCH * UINT64_C(1000000);
		}
		nanosleep(&nap, NULL);
	}
	now = clock_mono_us();
	printf("sent=%llu refused=%llu seconds=%.2f rate=%.0f\n",
	    (unsigned long long)f->sent, (unsigned long long)f->refused,
	    (double)(now - began) / 1e6,
	    (double)f->sent * 1e6 / (double)(now - began));
}

static void
open_socket(struct flood *f)
{
	const int least = 1;

	f->sslen = (socklen_t)endpoint_to_sa(&f->o.to, &f->ss);
	f->fd = socket(f->ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* nobody reads the answers: the kernel has room for none */
	if (f->fd == -1 ||
	    setsockopt(f->fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) ==
		-1)
		die("socket");
}

/* ---- options ---- */

static uint32_t
number(const char *s, uint32_t most)
{
	char *end;
	unsigned long v = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || v == 0 || v > most) {
		fprintf(stderr, "flooder: %s: 1 to %u\n", s, most);
		exit(2);
	}
	return (uint32_t)v;
}

static void
usage(void)
{
	fprintf(stderr,
	    "usage: flooder -k garbage|mac1 -a address [-p port] "
	    "[-K public-key]\n"
	    "\t[-r a-second (%u)] [-d seconds (%u)] [-n sources (%u)]\n",
	    RATE_MAX, SECONDS_MAX, SOURCES_MAX);
	exit(2);
}

static void
take_option(struct options *o, int c, const char *arg)
{
	if (c == 'k' &&
	    (strcmp(arg, "mac1") == 0 || strcmp(arg, "garbage") == 0))
		o->mac1 = *arg == 'm';
	else if (c == 'a' && addr_parse(arg, &o->to.addr) == 0)
		only_there(&o->to.addr);
	else if (c == 'p')
		o->to.port = (uint16_t)number(arg, UINT16_MAX);
	else if (c == 'K' && base64_get(o->pub, 32, arg, strlen(arg)) == 32)
		o->mac1 = true;
	else if (c == 'r')
		o->rate = number(arg, RATE_MAX);
	else if (c == 'd')
		o->seconds = number(arg, SECONDS_MAX);
	else if (c == 'n')
		o->sources = number(arg, SOURCES_MAX);
	else
		usage();
}

int
main(int argc, char *argv[])
{
	static struct flood f = {
	    .o = {.to.port = 51820, .rate = 1000, .seconds = 10}};
	static const uint8_t none[32];
	int c;

	while ((c = getopt(argc, argv, "k:a:p:K:r:d:n:")) != -1)
		take_option(&f.o, c, optarg);
	if (optind != argc || f.o.to.addr.family == 0)
		usage();
	if (f.o.mac1 && memcmp(f.o.pub, none, sizeof(none)) == 0)
		die("mac1 needs the public key (-K)");
	if (f.o.sources != 0 && f.o.to.addr.family != 4)
		die("many sources: IPv4 only");
	only_here();
	if (crypto_init() == -1)
		die("cryptography");
	open_socket(&f);
	make_ready(&f);
	run(&f);
	return f.sent == 0;
}
