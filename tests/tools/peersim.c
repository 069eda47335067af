/* SPDX-License-Identifier: ISC */
/* file: tests/tools/peersim.c */
/*
 * peersim conf -n peers [-o outer] [-p port] [-k seconds]
 * peersim run -n peers -H key -E address [-o outer] [-p port] [-k seconds]
 *	[-d ms] [-r a-second] [-1]
 *
 * Many WireGuard peers of one node, in one process: each with a key and an
 * address of its own, the suite's own handshake, session timers and cookies,
 * and real datagrams.  `conf` prints their peer blocks, `run` is them.
 *
 * They answer what they are asked: a handshake, an inner ICMP echo, an inner
 * datagram to port 7, and count everything else.  With -d they call of their
 * own account, all within so many ms; -r: each sends so many inner datagrams a
 * second to 10.99.0.1 port 9999; -k: and a keepalive.  -1: all have one outer
 * address, and ports from the given one on, as behind a NAT.
 *
 * Peer i is 10.99.(1 + i / 250).(1 + i % 250) inside; outside the same in the
 * last two octets of the outer address, port 51820.  The network namespace
 * must have these addresses: `ip route add local 10.200.0.0/16 dev lo`.
 * At its end (SIGTERM) and at each SIGUSR1 it says what they did.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "addr.h"
#include "base64.h"
#include "clock.h"
#include "cookie.h"
#include "crypto.h"
#include "noise.h"
#include "pkt.h"
#include "rnd.h"
#include "session.h"
#include "udp.h"

#define PEERS_MAX 4096
#define TICK_MS 10
#define MTU 1420
#define ECHO_PORT 7
#define SINK_PORT 9999
#define PAYLOAD 64
#define BUFFER (4 << 20)
#define EVENTS_AT_ONCE 64
#define LATE 6
#define PATIENCE_MS 5000

struct options {
	uint32_t n, keepalive_s;
	struct endpoint outer; /* of the first */
	struct endpoint hub;
	uint8_t hub_pub[32];
	long dial_ms; /* -1: they wait to be called */
	double rate;
	bool one_address;
};

struct peer {
	uint32_t no;
	uint8_t priv[32], pub[32], inner[4];
	struct udp *udp;
	struct session ses;
	struct cookie_jar jar;
	struct noise hs;
	bool hs_open;
	struct {
		uint32_t index;
		uint64_t ms;
	} dialed[LATE]; /* initiations, the newest first */
	uint8_t newest[WG_STAMP];
	uint64_t sent_ns; /* of the stamp, so that it grows */
	uint32_t indices;
	double owed; /* inner datagrams to be sent */
	uint64_t handshakes, rx, tx, echoed;
};

struct sim {
	struct options o;
	struct peer *peer;
	struct rnd_src rnd;
	uint8_t *buf;
	uint64_t ticked_ms;
	uint64_t cookies, refused;
};

static volatile sig_atomic_t ending, telling;

static void
on_signal(int sig)
{
	if (sig == SIGUSR1)
		telling = 1;
	else
		ending = 1;
}

static void
die(const char *what)
{
	fprintf(stderr, "peersim: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- who they are ---- */

static void
key_of(uint32_t i, uint8_t priv[32], uint8_t pub[32])
{
	static const char seed[] = "peersim: not a secret";

	crypto_hash(priv, seed, sizeof(seed), &i, sizeof(i));
	if (crypto_x25519_pub(pub, priv) == -1)
		die("key");
}

static void
place_of(const struct options *o, uint32_t i, struct endpoint *ep)
{
	*ep = o->outer;
	if (o->one_address) {
		ep->port = (uint16_t)(ep->port + i);
		return;
	}
	ep->addr.b[2] = (uint8_t)(i / 250);
	ep->addr.b[3] = (uint8_t)(1 + i % 250);
}

static void
inner_of(uint32_t i, uint8_t a[4])
{
	a[0] = 10;
	a[1] = 99;
	a[2] = (uint8_t)(1 + i / 250);
	a[3] = (uint8_t)(1 + i % 250);
}

static void
print_conf(const struct options *o)
{
	char text[BASE64_LEN(32) + 1], where[ADDR_STRLEN];
	uint8_t priv[32], pub[32], in[4];
	struct endpoint ep;

	for (uint32_t i = 0; i < o->n; i++) {
		key_of(i, priv, pub);
		inner_of(i, in);
		place_of(o, i, &ep);
		printf("peer p%u {\n\tpublic key \"%s\"\n"
		       "\taddress %u.%u.%u.%u\n"
		       "\tendpoint %s port %u\n",
		    (unsigned)i, base64_put(text, pub, sizeof(pub)), in[0],
		    in[1], in[2], in[3], addr_format(&ep.addr, where), ep.port);
		if (o->keepalive_s != 0)
			printf("\tkeepalive interval %us\n",
			    (unsigned)o->keepalive_s);
		printf("}\n");
	}
}

/* ---- handshakes ---- */

static void
transmit(struct sim *s, struct peer *p, const uint8_t *msg, size_t len)
{
	(void)udp_send(p->udp, &s->o.hub, msg, len, len);
}

static uint32_t
index_of(struct peer *p)
{
	return p->no << 12 | (++p->indices & 0xfff);
}

static void
answer_mix(const uint8_t priv[32], const struct msg_mix_ask *a,
    struct msg_mix_reply *r)
{
	uint8_t shared[32];

	*r = (struct msg_mix_reply){.status = KEY_OK};
	if (crypto_x25519(shared, priv, a->point) == -1)
		die("point");
	crypto_kdf(r->out, a->n, a->ck, shared, sizeof(shared));
}

/* TAI64N, always above the one before. */
static void
stamp_of(struct peer *p, uint8_t out[WG_STAMP])
{
	uint64_t sec, ns;
	uint32_t nsec;

	clock_unix(&sec, &nsec);
	ns = sec * 1000000000 + nsec;
	if (ns <= p->sent_ns)
		ns = p->sent_ns + 1;
	p->sent_ns = ns;
	sec = ns / 1000000000 + (UINT64_C(1) << 62) + 10;
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(sec >> (56 - 8 * i));
	pkt_put32(out + 8, (uint32_t)(ns % 1000000000));
}

static void
initiate(struct sim *s, struct peer *p, uint64_t now_ms)
{
	uint8_t msg[WG_INITIATION_LEN], stamp[WG_STAMP], eph[32];
	struct msg_mix_ask ask;
	struct msg_mix_reply r;

	rnd_bytes(eph, sizeof(eph));
	if (noise_init_start(&p->hs, p->pub, s->o.hub_pub, eph, index_of(p),
		msg, &ask) == -1)
		die("the key of the hub");
	answer_mix(p->priv, &ask, &r);
	stamp_of(p, stamp);
	noise_init_finish(&p->hs, &r, stamp, msg);
	cookie_stamp(&p->jar, now_ms, msg, sizeof(msg));
	p->hs_open = true;
	memmove(p->dialed + 1, p->dialed, sizeof(p->dialed[0]) * (LATE - 1));
	p->dialed[0].index = p->hs.local_index;
	p->dialed[0].ms = now_ms;
	transmit(s, p, msg, sizeof(msg));
	session_init_sent(&p->ses, now_ms, &s->rnd);
}

static void
on_initiation(struct sim *s, struct peer *p, uint64_t now_ms, const uint8_t *in)
{
	uint8_t msg[WG_RESPONSE_LEN], stamp[WG_STAMP], eph[32];
	uint32_t gone[SLOT_N], index = index_of(p);
	struct noise_keys keys;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;
	static const uint8_t no_psk[32];
	struct noise hs;

	noise_init_read(&hs, p->pub, in, &ask);
	answer_mix(p->priv, &ask, &r);
	if (noise_init_who(&hs, &r, in, &ask) == -1)
		goto refuse;
	answer_mix(p->priv, &ask, &r);
	if (memcmp(hs.remote_static, s->o.hub_pub, 32) != 0 ||
	    noise_init_stamp(&hs, &r, in, stamp) == -1 ||
	    memcmp(stamp, p->newest, sizeof(stamp)) <= 0)
		goto refuse;
	memcpy(p->newest, stamp, sizeof(stamp));
	rnd_bytes(eph, sizeof(eph));
	if (noise_resp_make(&hs, no_psk, eph, index, msg, &keys) == -1 ||
	    session_established(&p->ses, now_ms, false, &keys, index,
		hs.remote_index, gone) == -1)
		goto refuse;
	cookie_stamp(&p->jar, now_ms, msg, sizeof(msg));
	transmit(s, p, msg, sizeof(msg));
	p->handshakes++;
	return;
refuse:
	s->refused++;
}

/* To one that was repeated since: as our nodes do, wait for longer now. */
static void
be_patient(struct peer *p, uint64_t now_ms, uint32_t index)
{
	uint64_t wait_ms;

	for (int i = 1; i < LATE; i++) {
		if (p->dialed[i].ms == 0 || p->dialed[i].index != index)
			continue;
		wait_ms = 2 * (now_ms - p->dialed[i].ms);
		if (wait_ms > PATIENCE_MS)
			wait_ms = PATIENCE_MS;
		session_be_patient(&p->ses, p->dialed[0].ms + wait_ms);
	}
}

static void
on_response(struct sim *s, struct peer *p, uint64_t now_ms, const uint8_t *in)
{
	static const uint8_t no_psk[32];
	struct noise hs = p->hs;
	struct noise_keys keys;
	struct msg_mix_ask ask;
	struct msg_mix_reply r;
	uint32_t gone[SLOT_N];

	if (!p->hs_open || noise_resp_read(&hs, in, &ask) == -1)
		goto refuse;
	answer_mix(p->priv, &ask, &r);
	if (noise_resp_finish(&hs, &r, no_psk, in, &keys) == -1 ||
	    session_established(&p->ses, now_ms, true, &keys, hs.local_index,
		hs.remote_index, gone) == -1)
		goto refuse;
	p->hs_open = false;
	p->handshakes++;
	return;
refuse:
	be_patient(p, now_ms, wg_get32(in + WG_RESP_RECEIVER));
	s->refused++;
}

/* ---- packets ---- */

static void
send_data(struct sim *s, struct peer *p, uint64_t now_ms, const uint8_t *in,
    size_t len)
{
	uint8_t msg[MTU + 15 + WG_DATA_MIN];
	struct keypair *kp = session_tx(&p->ses, now_ms);
	size_t n;

	if (kp == NULL) {
		session_want(&p->ses, now_ms);
		return;
	}
	if ((n = keypair_seal(kp, msg, in, len, MTU)) == 0)
		return;
	session_sent(&p->ses, now_ms, len != 0);
	transmit(s, p, msg, n);
	p->tx += len != 0;
}

/* Back to where it came from; sums stay right when both ends change places. */
static void
turn_round(uint8_t *ip, uint8_t *l4, bool ports)
{
	uint8_t a[4];

	memcpy(a, ip + 12, 4);
	memcpy(ip + 12, ip + 16, 4);
	memcpy(ip + 16, a, 4);
	if (!ports)
		return;
	memcpy(a, l4, 2);
	memcpy(l4, l4 + 2, 2);
	memcpy(l4 + 2, a, 2);
}

static void
on_packet(
    struct sim *s, struct peer *p, uint64_t now_ms, uint8_t *ip, size_t len)
{
	struct pkt k;
	uint8_t *l4;

	p->rx++;
	if (pkt_parse(&k, ip, len) == -1 || k.version != 4 || k.fragment)
		return;
	l4 = ip + k.l4;
	if (k.proto == PROTO_UDP && k.dport == ECHO_PORT) {
		turn_round(ip, l4, true);
	} else if (k.proto == PROTO_ICMP && k.ip_len >= k.l4 + 8u &&
	    l4[0] == 8) {
		turn_round(ip, l4, false);
		l4[0] = 0;
		pkt_put16(l4 + 2, 0);
		pkt_put16(l4 + 2, csum_fold(csum_add(0, l4, k.ip_len - k.l4)));
	} else {
		return;
	}
	p->echoed++;
	send_data(s, p, now_ms, ip, k.ip_len);
}

static void
on_data(
    struct sim *s, struct peer *p, uint64_t now_ms, uint8_t *msg, size_t len)
{
	uint32_t gone[SLOT_N];
	struct keypair *kp =
	    session_rx(&p->ses, now_ms, wg_get32(msg + WG_DATA_RECEIVER));
	long n;

	if (kp == NULL ||
	    (n = keypair_open(kp, msg + WG_DATA_HDR, msg, len)) < 0) {
		s->refused++;
		return;
	}
	(void)session_received(&p->ses, now_ms, kp, n > 0, gone);
	if (n > 0)
		on_packet(s, p, now_ms, msg + WG_DATA_HDR, (size_t)n);
}

static void
on_datagram(void *ctx, uint16_t no, const struct endpoint *from, uint8_t *data,
    size_t len)
{
	struct sim *s = ctx;
	struct peer *p = &s->peer[no];
	uint64_t now_ms = clock_mono_ms();

	(void)from;
	switch (wg_classify(data, len)) {
	case WG_INITIATION:
		on_initiation(s, p, now_ms, data);
		break;
	case WG_RESPONSE:
		on_response(s, p, now_ms, data);
		break;
	case WG_COOKIE:
		s->cookies++;
		if (cookie_take(&p->jar, now_ms, data) == 0)
			session_cookie_taken(&p->ses, now_ms);
		break;
	case WG_DATA:
		on_data(s, p, now_ms, data, len);
		break;
	default:
		s->refused++;
	}
}

/* A datagram of its own: IPv4, UDP without a checksum, PAYLOAD octets. */
static void
send_own(struct sim *s, struct peer *p, uint64_t now_ms)
{
	uint8_t ip[28 + PAYLOAD] = {0x45};

	pkt_put16(ip + 2, sizeof(ip));
	ip[8] = 64;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, p->inner, 4);
	memcpy(ip + 16, (const uint8_t[]){10, 99, 0, 1}, 4);
	pkt_put16(ip + 10, csum_fold(csum_add(0, ip, 20)));
	pkt_put16(ip + 20, SINK_PORT);
	pkt_put16(ip + 22, SINK_PORT);
	pkt_put16(ip + 24, 8 + PAYLOAD);
	pkt_put32(ip + 28, p->no);
	send_data(s, p, now_ms, ip, sizeof(ip));
}

/* ---- time ---- */

static void
tick_peer(struct sim *s, struct peer *p, uint64_t now_ms)
{
	uint32_t gone[SLOT_N];
	unsigned ngone, todo;

	p->owed += s->o.rate * (double)(now_ms - s->ticked_ms) / 1000;
	for (; p->owed >= 1; p->owed--)
		send_own(s, p, now_ms);
	if (session_due(&p->ses) > now_ms)
		return;
	todo = session_tick(&p->ses, now_ms, gone, &ngone);
	if (todo & SES_INITIATE)
		initiate(s, p, now_ms);
	if (todo & SES_KEEPALIVE)
		send_data(s, p, now_ms, NULL, 0);
	if (udp_waiting(p->udp))
		udp_writable(p->udp);
}

static void
tick(struct sim *s, uint64_t now_ms)
{
	for (uint32_t i = 0; i < s->o.n; i++)
		tick_peer(s, &s->peer[i], now_ms);
	s->ticked_ms = now_ms;
}

static void
tell(const struct sim *s)
{
	uint64_t hs = 0, rx = 0, tx = 0, echoed = 0;

	for (uint32_t i = 0; i < s->o.n; i++) {
		hs += s->peer[i].handshakes;
		rx += s->peer[i].rx;
		tx += s->peer[i].tx;
		echoed += s->peer[i].echoed;
	}
	printf("handshakes=%llu received=%llu sent=%llu echoed=%llu "
	       "cookies=%llu refused=%llu\n",
	    (unsigned long long)hs, (unsigned long long)rx,
	    (unsigned long long)tx, (unsigned long long)echoed,
	    (unsigned long long)s->cookies, (unsigned long long)s->refused);
	fflush(stdout);
}

/* ---- start ---- */

static int
open_socket(const struct endpoint *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	int size = BUFFER;

	if (fd == -1)
		die("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&ss,
		(socklen_t)endpoint_to_sa(at, &ss)) == -1)
		die("bind");
	return fd;
}

static void
peer_init(struct sim *s, uint32_t i, int ep)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.u32 = i};
	struct peer *p = &s->peer[i];
	struct session_limits lim;
	struct endpoint at;

	p->no = i;
	key_of(i, p->priv, p->pub);
	inner_of(i, p->inner);
	place_of(&s->o, i, &at);
	session_limits_default(&lim);
	session_init(&p->ses, &lim);
	p->ses.persistent_s = (uint16_t)s->o.keepalive_s;
	cookie_jar_init(&p->jar, s->o.hub_pub);
	p->udp = udp_new(open_socket(&at), (uint16_t)i, 4);
	if (p->udp == NULL ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, udp_fd(p->udp), &ev) == -1)
		die("socket");
	if (s->o.dial_ms < 0)
		return;
	session_want(&p->ses, s->ticked_ms);
	session_be_patient(
	    &p->ses, s->ticked_ms + (uint64_t)s->o.dial_ms * i / s->o.n);
}

static void
run(struct sim *s)
{
	struct itimerspec every = {.it_value.tv_nsec = TICK_MS * 1000000,
	    .it_interval.tv_nsec = TICK_MS * 1000000};
	struct epoll_event ev[EVENTS_AT_ONCE] = {
	    {.events = EPOLLIN, .data.u32 = PEERS_MAX}};
	int ep = epoll_create1(EPOLL_CLOEXEC), n;
	int clock = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	uint64_t fired;

	s->ticked_ms = clock_mono_ms();
	if (ep == -1 || clock == -1 ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, clock, ev) == -1 ||
	    timerfd_settime(clock, 0, &every, NULL) == -1)
		die("epoll");
	for (uint32_t i = 0; i < s->o.n; i++)
		peer_init(s, i, ep);
	printf("ready\n");
	fflush(stdout);
	while (!ending) {
		n = epoll_wait(ep, ev, EVENTS_AT_ONCE, -1);
		for (int i = 0; i < n; i++)
			if (ev[i].data.u32 != PEERS_MAX)
				(void)udp_receive(s->peer[ev[i].data.u32].udp,
				    s->buf, on_datagram, s);
			else if (read(clock, &fired, sizeof(fired)) > 0)
				tick(s, clock_mono_ms());
		if (telling)
			tell(s);
		telling = 0;
	}
	tell(s);
}

static int
usage(void)
{
	fprintf(stderr,
	    "usage: peersim conf -n peers [-o outer] [-p port] [-k seconds] "
	    "[-1]\n"
	    "       peersim run -n peers -H key -E address [-o outer]\n"
	    "           [-p port] [-k seconds] [-d ms] [-r a-second] [-1]\n");
	return 2;
}

/* 0, or -1. */
static int
options_get(int argc, char *argv[], struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "n:k:o:p:H:E:d:r:1")) != -1) {
		if (c == 'n')
			o->n = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'k')
			o->keepalive_s = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'p')
			o->outer.port = (uint16_t)strtoul(optarg, NULL, 10);
		else if (c == 'd')
			o->dial_ms = strtol(optarg, NULL, 10);
		else if (c == 'r')
			o->rate = strtod(optarg, NULL);
		else if (c == '1')
			o->one_address = true;
		else if (c == 'o' && addr_parse(optarg, &o->outer.addr) == -1)
			return -1;
		else if (c == 'E' && addr_parse(optarg, &o->hub.addr) == -1)
			return -1;
		else if (c == 'H' &&
		    base64_get(o->hub_pub, 32, optarg, strlen(optarg)) != 32)
			return -1;
		else if (c == '?')
			return -1;
	}
	return o->n == 0 || o->n > PEERS_MAX ? -1 : 0;
}

int
main(int argc, char *argv[])
{
	static const struct rlimit files = {PEERS_MAX + 64, PEERS_MAX + 64};
	struct sigaction act = {.sa_handler = on_signal};
	struct sim s = {
	    .o = {.dial_ms = -1,
		.hub.port = 51820,
		.outer = {.addr = {.family = 4, .b = {10, 200, 0, 1}},
		    .port = 51820}}};

	if (argc < 2 || options_get(argc - 1, argv + 1, &s.o) == -1)
		return usage();
	if (crypto_init() == -1)
		return 1;
	if (strcmp(argv[1], "conf") == 0) {
		print_conf(&s.o);
		return 0;
	}
	if (strcmp(argv[1], "run") != 0 || s.o.hub.addr.family != 4)
		return usage();
	sigaction(SIGUSR1, &act, NULL);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	s.rnd = rnd_kernel();
	s.peer = calloc(s.o.n, sizeof(*s.peer));
	s.buf = malloc(UDP_BUFFER);
	if (s.peer == NULL || s.buf == NULL)
		die("memory");
	run(&s);
	return 0;
}
