/* SPDX-License-Identifier: ISC */
/* file: tests/bench/direct.c */
/*
 * direct -f CONFFILE: FOR MEASURING ONLY, NEVER TO BE USED AS A VPN.
 *
 * A whole node in one process, as root: the same engine, but it reads and
 * writes the TUN itself.  No guard judges what crosses, no sandbox is entered,
 * and the node's key lies in the memory of the process that talks to
 * strangers.  It is the reference: what a node of separate processes costs
 * more than this one, on the same machine and in the same run, is the price of
 * the relay through the tun role and of the guard.  It is not installed.
 *
 * Configuration file, interface, socket buffers and the engine's turn are
 * those of the suite, by the same modules; what it leaves out is meshctl, the
 * log level, reload, and the account it would run as.  It speaks with nodes of
 * the suite, with itself, and with WireGuard.  In the foreground; ends cleanly
 * by SIGTERM or SIGINT, and says then what the TUN did not take.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "answer.h"
#include "clock.h"
#include "conf.h"
#include "crypto.h"
#include "engine.h"
#include "keys.h"
#include "log.h"
#include "loop.h"
#include "netlink.h"
#include "plan.h"
#include "rnd.h"
#include "sock.h"
#include "tun.h"
#include "udp.h"

#define TUN_BURST 32 /* records read in a turn */
#define ANSWERS 1024 /* questions between two turns; more are refused */
#define KEY_TEXT 44

#define WARNING                                                                \
	"direct: FOR MEASURING ONLY: no guard, no sandbox, everything as "     \
	"root in one process\n"

/* Answers wait for the next turn: the engine must not be entered twice. */
struct answer {
	enum { ANSWER_MIX, ANSWER_STAMP, ANSWER_LOOKUP } kind;
	uint32_t id;
	union {
		struct msg_mix_reply mix;
		struct msg_stamp_reply stamp;
		struct msg_lookup_reply lookup;
	} u;
};

struct direct {
	struct conf conf;
	struct loop *loop;
	struct engine *engine;
	struct keys keys;
	int stamp_fd;
	struct book *book;
	struct tun tun;
	struct loop_io *tun_io;
	bool paused; /* a socket's queue is not empty */
	uint64_t tun_full, tun_refused;
	struct udp *udp[PLAN_SOCKETS_MAX];
	struct loop_io *udp_io[PLAN_SOCKETS_MAX];
	uint16_t nudp;
	struct loop_timer *timer;
	struct answer answer[ANSWERS]; /* a ring */
	uint32_t first, nanswers;
	uint64_t now_ms; /* when the present receives began */
	uint8_t rx[UDP_BUFFER];
	uint8_t record[PK_VNET + PK_IP_MAX];
};

/* ---- the TUN: all that differs from a node of separate processes ---- */

static void
on_tun(int fd, int events, void *ctx)
{
	struct direct *d = ctx;
	uint64_t now_ms = clock_mono_ms();
	struct vnet v;
	ssize_t n;

	(void)events;
	for (int i = 0; i < TUN_BURST; i++) {
		do
			n = read(fd, d->record, sizeof(d->record));
		while (n == -1 && errno == EINTR);
		if (n == -1 && errno != EAGAIN) {
			log_error("the interface");
			loop_stop(d->loop);
		}
		if (n == -1)
			return;
		if (n <= PK_VNET)
			continue;
		vnet_get(d->record, &v);
		engine_from_tun(d->engine, now_ms, &v, d->record + PK_VNET,
		    (size_t)n - PK_VNET);
	}
}

static int
effect_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct direct *d = ctx;
	uint8_t hdr[PK_VNET];
	struct iovec iov[] = {{.iov_base = hdr, .iov_len = sizeof(hdr)},
	    {.iov_base = (void *)pkt, .iov_len = len}};
	ssize_t w;

	vnet_put(v, hdr);
	do
		w = writev(d->tun.fd, iov, 2);
	while (w == -1 && errno == EINTR);
	if (w == -1 && errno == EAGAIN)
		d->tun_full++;
	else if (w == -1)
		d->tun_refused++;
	return w == -1 ? -1 : 0;
}

/* ---- UDP, as in p2p-engine/main.c ---- */

static void
udp_pressure(struct direct *d)
{
	bool any = false;

	for (uint16_t i = 0; i < d->nudp; i++) {
		bool waits = udp_waiting(d->udp[i]);

		loop_io_set(d->udp_io[i], LOOP_READ | (waits ? LOOP_WRITE : 0));
		any = any || waits;
	}
	if (any != d->paused)
		loop_io_set(d->tun_io, any ? 0 : LOOP_READ);
	d->paused = any;
}

static void
on_datagram(void *ctx, uint16_t no, const struct endpoint *from, uint8_t *data,
    size_t len)
{
	struct direct *d = ctx;

	engine_from_udp(d->engine, d->now_ms, no, from, data, len);
}

static void
on_udp(int fd, int events, void *ctx)
{
	struct direct *d = ctx;

	d->now_ms = clock_mono_ms();
	for (uint16_t i = 0; i < d->nudp; i++) {
		if (udp_fd(d->udp[i]) != fd)
			continue;
		if ((events & LOOP_WRITE) != 0)
			udp_writable(d->udp[i]);
		if ((events & LOOP_READ) != 0)
			(void)udp_receive(d->udp[i], d->rx, on_datagram, d);
	}
}

static enum udp_result
effect_udp(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	struct direct *d = ctx;

	if (sock >= d->nudp)
		return UDP_ERROR;
	return udp_send(d->udp[sock], to, data, len, seg);
}

/* ---- questions ---- */

/* NULL: too many wait. */
static struct answer *
answer_new(struct direct *d, uint32_t id)
{
	struct answer *a;

	if (d->nanswers == ANSWERS)
		return NULL;
	a = &d->answer[(d->first + d->nanswers++) % ANSWERS];
	a->id = id;
	return a;
}

static int
effect_mix(void *ctx, uint32_t id, const struct msg_mix_ask *m)
{
	struct direct *d = ctx;
	struct answer *a = answer_new(d, id);

	if (a == NULL)
		return -1;
	a->kind = ANSWER_MIX;
	keys_mix(&d->keys, clock_mono_ms(), m, &a->u.mix);
	return 0;
}

static int
effect_stamp(void *ctx, uint32_t id)
{
	struct direct *d = ctx;
	struct answer *a;
	uint8_t stored[8];
	uint64_t sec;
	uint32_t nsec;

	if (!keys_stamp_allowed(&d->keys, clock_mono_ms()) ||
	    (a = answer_new(d, id)) == NULL)
		return -1;
	a->kind = ANSWER_STAMP;
	clock_unix(&sec, &nsec);
	if (keys_stamp(&d->keys, sec, nsec, a->u.stamp.stamp, stored) &&
	    pwrite(d->stamp_fd, stored, sizeof(stored), 0) != sizeof(stored))
		log_warn("stamp file");
	return 0;
}

static int
effect_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *m)
{
	struct direct *d = ctx;
	struct answer *a = answer_new(d, id);

	if (a == NULL)
		return -1;
	a->kind = ANSWER_LOOKUP;
	book_lookup(d->book, &m->ip, &a->u.lookup);
	return 0;
}

static int
effect_seen(void *ctx, const struct msg_peer_seen *m)
{
	struct direct *d = ctx;

	(void)book_seen(d->book, m);
	return 0;
}

/* What waits now; what that makes the engine ask waits for the next turn. */
static void
deliver(struct direct *d, uint64_t now_ms)
{
	for (uint32_t n = d->nanswers; n > 0; n--) {
		struct answer a = d->answer[d->first];

		d->first = (d->first + 1) % ANSWERS;
		d->nanswers--;
		if (a.kind == ANSWER_MIX)
			engine_on_mix(d->engine, now_ms, a.id, &a.u.mix);
		else if (a.kind == ANSWER_STAMP)
			engine_on_stamp(d->engine, now_ms, a.id, &a.u.stamp);
		else
			engine_on_lookup(d->engine, now_ms, a.id, &a.u.lookup);
	}
}

/* ---- time ---- */

static void
after_turn(void *ctx)
{
	struct direct *d = ctx;
	uint64_t now_ms = clock_mono_ms(), due_ms;

	deliver(d, now_ms);
	if (engine_due(d->engine) <= now_ms)
		engine_tick(d->engine, now_ms);
	engine_flush(d->engine, now_ms);
	udp_pressure(d);
	due_ms = d->nanswers != 0 ? 0 : engine_due(d->engine);
	if (due_ms == UINT64_MAX)
		loop_timer_stop(d->timer);
	else
		loop_timer_in(d->timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void
on_timer(void *ctx)
{
	(void)ctx; /* it has ended the wait: after_turn does the rest */
}

static void
on_signal(int sig, void *ctx)
{
	struct direct *d = ctx;

	(void)sig;
	loop_stop(d->loop);
}

/* ---- start ---- */

static void
load_conf(struct direct *d, const char *path)
{
	static struct conf_diags diags;
	int r;

	conf_defaults(&d->conf, "direct", "/run/mesh");
	r = conf_load(path, NULL, 0, &d->conf, &diags);
	conf_diags_print(stderr, &diags);
	if (r == -1)
		exit(1);
	log_set_level((enum log_level)d->conf.node.log_level);
	if ((d->book = book_new()) == NULL)
		fatal("memory");
	for (uint32_t i = 0; i < d->conf.npeers; i++)
		if (book_add(d->book, &d->conf.peer[i]) == -1)
			fatal("memory");
	if (book_commit(d->book) == -1)
		fatal("memory");
}

static void
load_key(struct direct *d, const char *path)
{
	char text[KEY_TEXT + 2] = "", stamp[CONF_PATH_MAX + 8];
	uint8_t priv[32], stored[8];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, text, sizeof(text) - 1) < KEY_TEXT)
		fatal("key file %s", path);
	close(fd);
	text[KEY_TEXT] = '\0';
	if (key_parse(text, priv) == -1 ||
	    keys_load(&d->keys, priv, clock_mono_ms()) == -1)
		fatalx("key file %s: not a key", path);
	snprintf(stamp, sizeof(stamp), "%s.stamp", path);
	d->stamp_fd = open(stamp, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (d->stamp_fd == -1)
		fatal("%s", stamp);
	if (pread(d->stamp_fd, stored, sizeof(stored), 0) == sizeof(stored))
		keys_stamp_restore(&d->keys, stored);
}

static void
open_net(struct direct *d)
{
	const struct conf_node *c = &d->conf.node;
	char err[TUN_ERR], text[PREFIX_STRLEN];
	struct netlink *nl;
	struct plan_item it;

	if (tun_open(&d->tun, c->device, c->offload, err) == -1)
		fatalx("%s", err);
	nl = netlink_open(d->tun.ifindex);
	if (nl == NULL || netlink_link(nl, c->mtu) == -1)
		fatal("interface %s", c->device);
	for (unsigned i = 0; plan_next(NULL, c, &i, &it);)
		if (netlink_put(nl, true, it.route, &it.prefix) == -1)
			fatal("%s %s", it.route ? "route" : "address",
			    prefix_format(&it.prefix, text));
	d->tun_io = loop_io_new(d->loop, d->tun.fd, LOOP_READ, on_tun, d);
	if (d->tun_io == NULL)
		fatal("interface %s", c->device);
	engine_set_offload(d->engine, d->tun.offload);
}

static void
open_udp(struct direct *d)
{
	const struct conf_node *c = &d->conf.node;
	struct plan_socket s;
	struct endpoint local;
	char err[SOCK_ERR];

	for (unsigned i = 0; plan_socket(c, &i, &s);) {
		uint16_t no = d->nudp;
		int fd;

		if (s.disc != -1)
			continue;
		fd = sock_bound(false, &s.at, &local, err);
		if (fd == -1 && s.need == PLAN_IF_FAMILY &&
		    errno == EAFNOSUPPORT)
			continue;
		if (fd == -1)
			fatalx("%s", err);
		(void)sock_buffers(fd, c->receive_buffer, c->send_buffer);
		d->udp[no] = udp_new(fd, no, local.addr.family);
		if (d->udp[no] == NULL)
			fatalx("UDP socket");
		d->udp_io[no] = loop_io_new(d->loop, fd, LOOP_READ, on_udp, d);
		if (d->udp_io[no] == NULL)
			fatal("UDP socket");
		udp_check_buffers(
		    d->udp[no], c->receive_buffer, c->send_buffer);
		d->nudp++;
		engine_socket_add(d->engine, no, local.addr.family);
	}
}

static void
start(struct direct *d, const char *path)
{
	const struct engine_io io = {
	    .ctx = d,
	    .udp_send = effect_udp,
	    .tun_send = effect_tun,
	    .ask_mix = effect_mix,
	    .ask_stamp = effect_stamp,
	    .ask_lookup = effect_lookup,
	    .tell_seen = effect_seen,
	    .rnd = rnd_kernel(),
	};

	if (crypto_init() == -1)
		fatalx("cryptography");
	load_conf(d, path);
	load_key(d, d->conf.node.key_file);
	d->engine = engine_new(&io);
	d->loop = loop_new();
	if (d->engine == NULL || d->loop == NULL ||
	    (d->timer = loop_timer_new(d->loop, on_timer, d)) == NULL ||
	    loop_signal(d->loop, SIGTERM, on_signal, d) == -1 ||
	    loop_signal(d->loop, SIGINT, on_signal, d) == -1)
		fatal("start");
	open_net(d);
	open_udp(d);
	engine_set_pub(d->engine, clock_mono_ms(), d->keys.pub);
	if (engine_configure(d->engine, clock_mono_ms(), &d->conf) == -1)
		fatal("memory");
	loop_after_turn(d->loop, after_turn, d);
	loop_timer_in(d->timer, 0);
}

static void
finish(struct direct *d)
{
	loop_io_free(d->tun_io);
	close(d->tun.fd);
	for (uint16_t i = 0; i < d->nudp; i++) {
		loop_io_free(d->udp_io[i]);
		udp_free(d->udp[i]);
	}
	engine_free(d->engine);
	book_free(d->book);
	conf_clear(&d->conf);
	keys_wipe(&d->keys);
	close(d->stamp_fd);
	loop_timer_free(d->timer);
	loop_free(d->loop);
}

int
main(int argc, char *argv[])
{
	static struct direct d; /* large */
	int r;

	if (argc != 3 || strcmp(argv[1], "-f") != 0) {
		fprintf(stderr, "usage: direct -f CONFFILE\n" WARNING);
		return 2;
	}
	fprintf(stderr, WARNING);
	log_init("direct", LOG_L_INFO);
	start(&d, argv[2]);
	fprintf(stderr, "direct: ready\n");
	r = loop_run(d.loop);
	fprintf(stderr,
	    "direct: the TUN was full %" PRIu64 " times and refused "
	    "%" PRIu64 " records\n",
	    d.tun_full, d.tun_refused);
	finish(&d);
	return r == -1 ? 1 : 0;
}
