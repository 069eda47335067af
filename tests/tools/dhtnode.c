/* SPDX-License-Identifier: ISC */
/* file: tests/tools/dhtnode.c */
/*
 * One node of the DHT on real UDP sockets, for tests with other programs.
 *
 * usage: dhtnode [-4 ADDR] [-6 ADDR] [-p PORT] [-b ADDR:PORT]...
 *	[-t TAGHEX] [--plain] [--public] [--read-only]
 *
 * Commands on stdin, answers on stdout, one a line.  Answers of searches come
 * when they are over and begin with the command's first word and ok or no:
 *
 *	get KHEX SALTHEX|-    get ok SEQ VHEX COPIES MS | get no RESULT MS
 *	gethash HEX           gethash ok VHEX COPIES MS | gethash no RESULT MS
 *	put SEEDHEX SALTHEX|- SEQ VHEX [CAS]
 *	                      put ok STORED KHEX TARGETHEX MS | put no ...
 *	puthash VHEX          puthash ok STORED TARGETHEX MS | puthash no ...
 *	find IDHEX            find ok N ID@ADDR:PORT... | find no RESULT MS
 *	nodes                 nodes N ID@ADDR:PORT...
 *	id                    id IDHEX OWN-ADDRESS
 *	stats                 stats NAME=N...
 *	quit
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "crypto.h"
#include "dht.h"
#include "item.h"

#define JOBS_MAX 64
#define LINE_MAX_ 8192
#define NODES_MAX 64
#define DATAGRAM_MAX 65536
#define WAIT_MAX_MS 1000

struct job {
	uint32_t id; /* 0: free */
	const char *verb;
	struct dht_item it;
	bool found;
};

struct host {
	struct dht *d;
	int fd[2]; /* IPv4, IPv6; -1: none */
	struct job job[JOBS_MAX];
	char line[LINE_MAX_];
	size_t len;
	bool over;
};

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
fail(const char *what)
{
	fprintf(stderr, "dhtnode: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- text ---- */

static void
print_hex(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
}

/* The number of octets, or -1; "-" is none. */
static int
parse_hex(const char *s, uint8_t *out, size_t max)
{
	size_t n = strlen(s) / 2;
	char pair[3] = "", *end;

	if (strcmp(s, "-") == 0)
		return 0;
	if (strlen(s) % 2 != 0 || n > max)
		return -1;
	for (size_t i = 0; i < n; i++) {
		memcpy(pair, s + 2 * i, 2);
		out[i] = (uint8_t)strtoul(pair, &end, 16);
		if (end != pair + 2)
			return -1;
	}
	return (int)n;
}

static int
parse_endpoint(const char *s, struct endpoint *ep)
{
	const char *colon = strrchr(s, ':');
	char host[64];
	size_t len;

	if (colon == NULL || (len = (size_t)(colon - s)) >= sizeof(host))
		return -1;
	memcpy(host, s, len);
	host[len] = '\0';
	if (host[0] == '[' && len > 2) {
		memmove(host, host + 1, len - 2);
		host[len - 2] = '\0';
	}
	ep->port = (uint16_t)strtoul(colon + 1, NULL, 10);
	return ep->port == 0 ? -1 : addr_parse(host, &ep->addr);
}

static void
print_nodes(const struct dht_node *n, size_t len)
{
	char text[ENDPOINT_STRLEN];

	printf(" %zu", len);
	for (size_t i = 0; i < len; i++) {
		printf(" ");
		print_hex(n[i].id, DHT_ID);
		printf("@%s", endpoint_format(&n[i].ep, text));
	}
	printf("\n");
}

/* ---- what the node tells ---- */

static struct job *
job_of(struct host *h, uint32_t id)
{
	for (int i = 0; i < JOBS_MAX; i++)
		if (h->job[i].id == id)
			return &h->job[i];
	return NULL;
}

static void
on_send(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct host *h = ctx;
	struct sockaddr_storage ss;
	socklen_t sslen = (socklen_t)endpoint_to_sa(to, &ss);
	int fd = h->fd[to->addr.family == 6];

	/* a datagram that can't be sent is one that got lost */
	if (fd != -1)
		(void)!sendto(
		    fd, data, len, MSG_DONTWAIT, (struct sockaddr *)&ss, sslen);
}

static void
on_item(void *ctx, uint32_t search, const struct dht_item *it,
    const struct endpoint *from)
{
	struct job *j = job_of(ctx, search);

	(void)from;
	if (j == NULL)
		return;
	j->it = *it;
	j->found = true;
}

static void
print_value(const struct job *j, const struct dht_report *r)
{
	if (j->it.is_mutable)
		printf(" %llu", (unsigned long long)j->it.seq);
	printf(" ");
	print_hex(j->it.v, j->it.vlen);
	printf(" %u %llu\n", r->copies, (unsigned long long)r->took_ms);
}

static void
print_stored(const struct job *j, const struct dht_report *r)
{
	uint8_t target[DHT_ID];

	printf(" %u ", r->stored);
	if (j->it.is_mutable) {
		print_hex(j->it.k, sizeof(j->it.k));
		printf(" ");
	}
	dht_target(target, &j->it);
	print_hex(target, sizeof(target));
	printf(" %llu\n", (unsigned long long)r->took_ms);
}

static void
on_done(void *ctx, uint32_t search, const struct dht_report *r)
{
	static const char *const result[] = {
	    "found", "none", "timeout", "nobody", "cancelled"};
	struct job *j = job_of(ctx, search);

	if (j == NULL)
		return;
	j->id = 0;
	printf("%s %s", j->verb, r->result == DHT_FOUND ? "ok" : "no");
	if (r->result != DHT_FOUND)
		printf(" %s %llu refused=%u\n", result[r->result],
		    (unsigned long long)r->took_ms, r->refused);
	else if (strcmp(j->verb, "find") == 0)
		print_nodes(r->node, r->nnodes);
	else if (strncmp(j->verb, "put", 3) == 0)
		print_stored(j, r);
	else
		print_value(j, r);
	fflush(stdout);
}

/* ---- commands ---- */

static void
started(struct job *j, const char *verb, uint32_t id)
{
	j->verb = verb;
	j->id = id;
	if (id == 0)
		printf("%s no busy 0\n", verb);
}

static bool
do_get(struct host *h, struct job *j, char *arg[], int n)
{
	int len;

	if (n != 2 || parse_hex(arg[0], j->it.k, 32) != 32 ||
	    (len = parse_hex(arg[1], j->it.salt, DHT_SALT_MAX)) == -1)
		return false;
	j->it.saltlen = (uint8_t)len;
	started(j, "get", dht_get(h->d, now_ms(), &j->it));
	return true;
}

static bool
do_gethash(struct host *h, struct job *j, char *arg[], int n)
{
	uint8_t id[DHT_ID];

	if (n != 1 || parse_hex(arg[0], id, DHT_ID) != DHT_ID)
		return false;
	started(j, "gethash", dht_get_hash(h->d, now_ms(), id));
	return true;
}

static bool
do_put(struct host *h, struct job *j, char *arg[], int n)
{
	uint8_t seed[32], octets[ITEM_SIGNED_MAX];
	uint64_t cas = UINT64_MAX;
	int salt, v;

	if (n < 4 || n > 5 || parse_hex(arg[0], seed, 32) != 32 ||
	    (salt = parse_hex(arg[1], j->it.salt, DHT_SALT_MAX)) == -1 ||
	    (v = parse_hex(arg[3], j->it.v, DHT_V_MAX)) <= 0)
		return false;
	if (n == 5)
		cas = strtoull(arg[4], NULL, 10);
	j->it.is_mutable = true;
	j->it.saltlen = (uint8_t)salt;
	j->it.vlen = (uint16_t)v;
	j->it.seq = strtoull(arg[2], NULL, 10);
	crypto_sign_pub(j->it.k, seed);
	crypto_sign(j->it.sig, seed, octets, item_signed(octets, &j->it));
	started(j, "put", dht_put(h->d, now_ms(), &j->it, cas));
	return true;
}

static bool
do_puthash(struct host *h, struct job *j, char *arg[], int n)
{
	int v;

	if (n != 1 || (v = parse_hex(arg[0], j->it.v, DHT_V_MAX)) <= 0)
		return false;
	j->it.vlen = (uint16_t)v;
	started(j, "puthash", dht_put(h->d, now_ms(), &j->it, UINT64_MAX));
	return true;
}

static bool
do_find(struct host *h, struct job *j, char *arg[], int n)
{
	uint8_t id[DHT_ID];

	if (n != 1 || parse_hex(arg[0], id, DHT_ID) != DHT_ID)
		return false;
	started(j, "find", dht_find_node(h->d, now_ms(), id));
	return true;
}

static bool
do_nodes(struct host *h, struct job *j, char *arg[], int n)
{
	struct dht_node node[NODES_MAX];

	(void)j;
	(void)arg;
	printf("nodes");
	print_nodes(node, dht_nodes(h->d, node, NODES_MAX));
	return n == 0;
}

static bool
do_id(struct host *h, struct job *j, char *arg[], int n)
{
	uint8_t family = h->fd[0] != -1 ? 4 : 6;
	char text[ENDPOINT_STRLEN];
	struct endpoint own;

	(void)j;
	(void)arg;
	dht_own_address(h->d, family, &own);
	printf("id ");
	print_hex(dht_own_id(h->d, family), DHT_ID);
	printf(" %s\n", endpoint_format(&own, text));
	return n == 0;
}

static bool
do_stats(struct host *h, struct job *j, char *arg[], int n)
{
	struct dht_stats s;

	(void)j;
	(void)arg;
	dht_stats(h->d, &s);
	printf("stats nodes4=%u nodes6=%u good=%u items=%u searches=%u "
	       "pending=%u banned=%u rx=%llu tx=%llu rx_octets=%llu "
	       "tx_octets=%llu malformed=%llu untagged=%llu limited=%llu "
	       "unsolicited=%llu bad_token=%llu bad_item=%llu "
	       "put_refused=%llu not_answered=%llu\n",
	    s.nodes4, s.nodes6, s.good, s.items, s.searches, s.pending,
	    s.banned, (unsigned long long)s.rx, (unsigned long long)s.tx,
	    (unsigned long long)s.rx_octets, (unsigned long long)s.tx_octets,
	    (unsigned long long)s.malformed, (unsigned long long)s.untagged,
	    (unsigned long long)s.rate_limited,
	    (unsigned long long)s.unsolicited, (unsigned long long)s.bad_token,
	    (unsigned long long)s.bad_item, (unsigned long long)s.put_refused,
	    (unsigned long long)s.not_answered);
	return n == 0;
}

static bool
do_quit(struct host *h, struct job *j, char *arg[], int n)
{
	(void)j;
	(void)arg;
	(void)n;
	h->over = true;
	return true;
}

static void
command(struct host *h, char *line)
{
	static const struct {
		const char *name;
		bool (*run)(struct host *, struct job *, char *[], int);
	} verb[] = {{"get", do_get}, {"gethash", do_gethash}, {"put", do_put},
	    {"puthash", do_puthash}, {"find", do_find}, {"nodes", do_nodes},
	    {"id", do_id}, {"stats", do_stats}, {"quit", do_quit}};
	char *word[8], *save = NULL, *w;
	struct job *j = job_of(h, 0);
	int n = 0;

	for (w = strtok_r(line, " \t", &save); w != NULL && n < 8;
	     w = strtok_r(NULL, " \t", &save))
		word[n++] = w;
	if (n == 0)
		return;
	for (size_t i = 0; j != NULL && i < sizeof(verb) / sizeof(verb[0]);
	     i++) {
		if (strcmp(word[0], verb[i].name) != 0)
			continue;
		*j = (struct job){.id = 0};
		if (!verb[i].run(h, j, word + 1, n - 1))
			printf("error arguments of %s\n", word[0]);
		fflush(stdout);
		return;
	}
	printf("error %s: unknown, or too many searches\n", word[0]);
	fflush(stdout);
}

static void
read_commands(struct host *h)
{
	ssize_t n =
	    read(STDIN_FILENO, h->line + h->len, sizeof(h->line) - 1 - h->len);
	char *end;

	if (n <= 0) {
		h->over = true;
		return;
	}
	h->len += (size_t)n;
	h->line[h->len] = '\0';
	while ((end = strchr(h->line, '\n')) != NULL) {
		*end = '\0';
		command(h, h->line);
		h->len -= (size_t)(end + 1 - h->line);
		memmove(h->line, end + 1, h->len + 1);
	}
	if (h->len == sizeof(h->line) - 1)
		h->len = 0;
}

/* ---- sockets ---- */

static int
open_socket(const char *text, uint8_t family, uint16_t port)
{
	struct endpoint ep = {.port = port};
	struct sockaddr_storage ss;
	int fd, one = 1;

	if (addr_parse(text, &ep.addr) == -1 || ep.addr.family != family) {
		fprintf(stderr, "dhtnode: no such address: %s\n", text);
		exit(2);
	}
	fd = socket(family == 4 ? AF_INET : AF_INET6,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		fail("socket");
	if (family == 6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&ss,
		(socklen_t)endpoint_to_sa(&ep, &ss)) == -1)
		fail(text);
	return fd;
}

static void
read_socket(struct host *h, int fd)
{
	static uint8_t data[DATAGRAM_MAX];
	struct sockaddr_storage ss;
	struct endpoint from;
	socklen_t len;
	ssize_t n;

	for (int i = 0; i < 64; i++) {
		len = sizeof(ss);
		n = recvfrom(
		    fd, data, sizeof(data), 0, (struct sockaddr *)&ss, &len);
		if (n == -1)
			return;
		if (endpoint_from_sa(&ss, &from) == 0)
			dht_from_udp(h->d, now_ms(), &from, data, (size_t)n);
	}
}

static void
run(struct host *h)
{
	while (!h->over) {
		struct pollfd p[3] = {{STDIN_FILENO, POLLIN, 0},
		    {h->fd[0], POLLIN, 0}, {h->fd[1], POLLIN, 0}};
		uint64_t now = now_ms(), due = dht_due(h->d), wait;

		wait = due <= now ? 0 : due - now;
		if (poll(p, 3,
			(int)(wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS)) == -1 &&
		    errno != EINTR)
			fail("poll");
		for (int i = 0; i < 2; i++)
			if (h->fd[i] != -1 && p[i + 1].revents != 0)
				read_socket(h, h->fd[i]);
		if (p[0].revents != 0)
			read_commands(h);
		if (dht_due(h->d) <= now_ms())
			dht_tick(h->d, now_ms());
	}
}

struct options {
	const char *addr[2];
	uint16_t port;
	struct endpoint boot[32];
	int nboot;
	struct dht_conf conf;
};

static void
usage(void)
{
	fprintf(stderr,
	    "usage: dhtnode [-4 ADDR] [-6 ADDR] [-p PORT] [-b ADDR:PORT]... "
	    "[-t TAGHEX] [--plain] [--public] [--read-only]\n");
	exit(2);
}

static void
parse(int argc, char *argv[], struct options *o)
{
	static const struct option opts[] = {{"plain", 0, NULL, 'P'},
	    {"public", 0, NULL, 'U'}, {"read-only", 0, NULL, 'R'},
	    {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "4:6:p:b:t:", opts, NULL)) != -1)
		switch (c) {
		case '4':
		case '6':
			o->addr[c == '6'] = optarg;
			break;
		case 'p':
			o->port = (uint16_t)strtoul(optarg, NULL, 10);
			break;
		case 'b':
			if (o->nboot == 32 ||
			    parse_endpoint(optarg, &o->boot[o->nboot++]) == -1)
				usage();
			break;
		case 't':
			o->conf.has_tag = true;
			if (parse_hex(optarg, o->conf.tag, 8) != 8)
				usage();
			break;
		case 'P':
			o->conf.plain = true;
			break;
		case 'U':
			o->conf.is_private = o->conf.any_address = false;
			break;
		case 'R':
			o->conf.read_only = true;
			break;
		default:
			usage();
		}
	if (optind != argc || (o->addr[0] == NULL && o->addr[1] == NULL))
		usage();
}

int
main(int argc, char *argv[])
{
	static struct host h;
	struct options o = {
	    .port = 6881, .conf = {.is_private = true, .any_address = true}};
	struct dht_io io = {.ctx = &h,
	    .send = on_send,
	    .item = on_item,
	    .done = on_done,
	    .rnd = rnd_kernel()};

	parse(argc, argv, &o);
	if (crypto_init() == -1)
		return 1;
	for (int i = 0; i < 2; i++)
		h.fd[i] = o.addr[i] == NULL
		    ? -1
		    : open_socket(o.addr[i], i == 0 ? 4 : 6, o.port);
	o.conf.v4 = h.fd[0] != -1;
	o.conf.v6 = h.fd[1] != -1;
	h.d = dht_new(&o.conf, &io, now_ms());
	if (h.d == NULL)
		fail("dht_new");
	for (int i = 0; i < o.nboot; i++)
		dht_bootstrap(h.d, now_ms(), &o.boot[i]);
	run(&h);
	dht_free(h.d);
	return 0;
}
