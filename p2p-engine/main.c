/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/main.c */
/*
 * p2p-engine: the process that talks to the other nodes.
 *
 * All decisions are the engine's (engine.h), which knows neither a socket nor
 * the time.  This file gives it both: what the parent says becomes a call, what
 * the engine wants becomes a system call.  It can open nothing itself: sockets
 * come from the parent, the node's key stays in keyd.
 *
 *	parent (fd 3)	configuration, UDP sockets, wires, the end
 *	tun		packets (tunwire.c)
 *	keyd, discoveryd, control	wires.c
 *
 * A turn of the loop: at most TUNWIRE_BURST containers and UDP_BURST receives
 * from each socket, then everything that was batched goes out; nothing waits
 * for a second turn.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "glue.h"
#include "log.h"
#include "proc.h"
#include "rnd.h"
#include "sandbox.h"

static struct glue self;

void
glue_lost(struct glue *g, enum role role)
{
	log_errorx("lost wire to %s", role_name(role));
	g->failed = true;
	loop_stop(g->loop);
}

/* ---- UDP ---- */

/* While a socket's queue is not empty no packet is taken from the tun role. */
static void
udp_pressure(struct glue *g)
{
	bool any = false;

	for (int i = 0; i < UDP_SOCKETS; i++) {
		if (g->udp[i] == NULL)
			continue;
		loop_io_set(g->udp_io[i],
		    LOOP_READ | (udp_waiting(g->udp[i]) ? LOOP_WRITE : 0));
		any = any || udp_waiting(g->udp[i]);
	}
	if (any != g->tun.paused)
		tunwire_pause(&g->tun, any);
}

static void
on_datagram(void *ctx, uint16_t no, const struct endpoint *from, uint8_t *data,
    size_t len)
{
	struct glue *g = ctx;

	engine_from_udp(g->engine, g->now_ms, no, from, data, len);
}

static void
on_udp(int fd, int events, void *ctx)
{
	struct glue *g = ctx;

	g->now_ms = clock_mono_ms(); /* for all datagrams of this turn */
	for (int i = 0; i < UDP_SOCKETS; i++) {
		if (g->udp[i] == NULL || udp_fd(g->udp[i]) != fd)
			continue;
		if ((events & LOOP_WRITE) != 0)
			udp_writable(g->udp[i]);
		if ((events & LOOP_READ) != 0)
			(void)udp_receive(g->udp[i], g->rx, on_datagram, g);
	}
}

static void
udp_drop(struct glue *g, uint16_t no)
{
	if (g->udp[no] == NULL)
		return;
	engine_socket_del(g->engine, no);
	loop_io_free(g->udp_io[no]);
	udp_free(g->udp[no]);
	g->udp_io[no] = NULL;
	g->udp[no] = NULL;
}

static void
udp_add(struct glue *g, const struct msg_udp_fd *m, int fd)
{
	uint16_t no = m->index;

	udp_drop(g, no);
	g->udp[no] = udp_new(fd, no, m->local.addr.family);
	if (g->udp[no] == NULL)
		return;
	g->udp_io[no] = loop_io_new(g->loop, fd, LOOP_READ, on_udp, g);
	if (g->udp_io[no] == NULL) {
		log_warn("UDP socket %u", no);
		udp_free(g->udp[no]);
		g->udp[no] = NULL;
		return;
	}
	if (g->receive_buffer != 0)
		udp_check_buffers(
		    g->udp[no], g->receive_buffer, g->send_buffer);
	engine_socket_add(g->engine, no, m->local.addr.family);
}

/* ---- the engine's effects ---- */

static enum udp_result
effect_udp(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	struct glue *g = ctx;

	if (sock >= UDP_SOCKETS || g->udp[sock] == NULL)
		return UDP_ERROR;
	return udp_send(g->udp[sock], to, data, len, seg);
}

static int
effect_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct glue *g = ctx;

	return tunwire_send(&g->tun, v, pkt, len);
}

/* ---- the tun role ---- */

static void
on_record(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct glue *g = ctx;

	engine_from_tun(g->engine, clock_mono_ms(), v, pkt, len);
}

static void
on_tun_dead(void *ctx, bool eof)
{
	struct glue *g = ctx;

	if (eof) {
		log_debug("packet wire closed");
		loop_timer_in(g->tun_lost, WIRE_LOST_MS);
		return;
	}
	g->refused++;
	log_warnx("packet wire: malformed container; going on without");
}

static void
on_tun_lost(void *ctx)
{
	glue_lost(ctx, ROLE_TUN);
}

/* ---- the parent ---- */

static enum chan_verdict
on_wire(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct glue *g = parent->glue;
	struct msg_wire m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == -1)
		goto bad;
	if (m.kind == WIRE_PACKETS && m.peer == ROLE_TUN) {
		loop_timer_stop(g->tun_lost);
		tunwire_set(&g->tun, f->fd);
		engine_set_offload(g->engine, m.offload);
		return CHAN_OK;
	}
	if (m.kind == WIRE_CHAN && wires_set(g, m.peer, f->fd, m.gen) == 0)
		return CHAN_OK;
bad:
	close(f->fd);
	return CHAN_BAD;
}

static enum chan_verdict
on_udp_fd(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_udp_fd m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_udp_fd(&r, &m) == -1 || m.index >= UDP_SOCKETS) {
		close(f->fd);
		return CHAN_BAD;
	}
	udp_add(parent->glue, &m, f->fd);
	return CHAN_OK;
}

static enum chan_verdict
on_udp_gone(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_udp_gone m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_udp_gone(&r, &m) == -1 || m.index >= UDP_SOCKETS)
		return CHAN_BAD;
	udp_drop(parent->glue, m.index);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_node(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct glue *g = parent->glue;
	struct rbuf r;

	(void)ch;
	conf_clear(&g->next);
	rbuf_init(&r, f->body, f->len);
	if (conf_node_get(&r, &g->next.node) == -1)
		return CHAN_BAD;
	g->has_next = true;
	return CHAN_OK;
}

static enum chan_verdict
on_conf_peer(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct conf *c = &parent->glue->next;
	struct rbuf r;

	(void)ch;
	if (!parent->glue->has_next || c->npeers >= CONF_PEERS_MAX)
		return CHAN_BAD;
	if (c->peer == NULL)
		c->peer = calloc(CONF_PEERS_MAX, sizeof(*c->peer));
	if (c->peer == NULL) {
		log_warn("configuration");
		return CHAN_CLOSE; /* a new engine starts with more room */
	}
	rbuf_init(&r, f->body, f->len);
	if (conf_peer_get(&r, &c->peer[c->npeers]) == -1)
		return CHAN_BAD;
	c->npeers++;
	return CHAN_OK;
}

static void
take_conf(struct glue *g)
{
	const struct conf_node *n = &g->next.node;

	log_set_level((enum log_level)n->log_level);
	log_set_burst(n->log_rate);
	g->receive_buffer = n->receive_buffer;
	g->send_buffer = n->send_buffer;
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (g->udp[i] != NULL)
			udp_check_buffers(
			    g->udp[i], n->receive_buffer, n->send_buffer);
	if (engine_configure(g->engine, clock_mono_ms(), &g->next) == -1)
		log_warnx("no memory for the configuration, the old one stays");
}

static enum chan_verdict
on_conf_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct glue *g = parent->glue;
	struct msg_conf_end m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_conf_end(&r, &m) == -1 || !g->has_next ||
	    m.npeers != g->next.npeers)
		return CHAN_BAD;
	take_conf(g);
	g->has_next = false;
	conf_clear(&g->next);
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	loop_stop(parent->glue->loop);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
    {MSG_UDP_FD, on_udp_fd},
    {MSG_UDP_GONE, on_udp_gone},
    {MSG_CONF_NODE, on_conf_node},
    {MSG_CONF_PEER, on_conf_peer},
    {MSG_CONF_END, on_conf_end},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_PING, proc_on_ping},
    {MSG_STOP, on_stop},
};

/* Without the parent there is nothing left to do. */
static void
on_parent_dead(struct chan *ch, void *ctx)
{
	struct wire *parent = ctx;

	proc_log_to(NULL);
	if (!chan_eof(ch)) {
		log_errorx("parent: %s", chan_why(ch));
		parent->glue->failed = true;
	}
	loop_stop(parent->glue->loop);
}

/* ---- time ---- */

/* End of a turn: what was batched goes out, and the timer is set anew. */
static void
after_turn(void *ctx)
{
	struct glue *g = ctx;
	uint64_t now_ms = clock_mono_ms(), due_ms = engine_due(g->engine);

	if (due_ms <= now_ms)
		engine_tick(g->engine, now_ms);
	engine_flush(g->engine, now_ms);
	tunwire_flush(&g->tun);
	udp_pressure(g);
	due_ms = engine_due(g->engine);
	if (due_ms == UINT64_MAX)
		loop_timer_stop(g->timer);
	else
		loop_timer_in(g->timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void
on_timer(void *ctx)
{
	(void)ctx; /* it has ended the wait: after_turn does the rest */
}

/* ---- start and end ---- */

static void
start_engine(struct glue *g)
{
	const struct engine_io io = {
	    .ctx = g,
	    .udp_send = effect_udp,
	    .tun_send = effect_tun,
	    .ask_mix = ask_mix,
	    .ask_stamp = ask_stamp,
	    .ask_lookup = ask_lookup,
	    .tell_seen = tell_seen,
	    .rnd = rnd_kernel(),
	};

	if (crypto_init() == -1)
		fatalx("cryptography");
	g->engine = engine_new(&io);
	g->rx = malloc(UDP_BUFFER);
	if (g->engine == NULL || g->rx == NULL ||
	    tunwire_init(&g->tun, g->loop) == -1)
		fatal("start");
	g->tun.record = on_record;
	g->tun.dead = on_tun_dead;
	g->tun.ctx = g;
}

static void
start(struct glue *g, uint64_t gen)
{
	const struct chan_conf conf = {
	    .self = ROLE_ENGINE,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = sizeof(parent_handlers) / sizeof(parent_handlers[0]),
	    .ctx = &g->parent,
	};

	if ((g->loop = loop_new()) == NULL)
		fatal("event loop");
	start_engine(g);
	wires_init(g);
	g->timer = loop_timer_new(g->loop, on_timer, g);
	g->tun_lost = loop_timer_new(g->loop, on_tun_lost, g);
	g->parent = (struct wire){.glue = g, .peer = ROLE_PARENT};
	g->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (g->timer == NULL || g->tun_lost == NULL || g->parent.chan == NULL)
		fatal("start");
	g->parent.lc =
	    loop_chan_new(g->loop, g->parent.chan, on_parent_dead, &g->parent);
	if (g->parent.lc == NULL)
		fatal("channel to the parent");
	proc_log_to(g->parent.chan);
	loop_after_turn(g->loop, after_turn, g);
}

static void
finish(struct glue *g)
{
	proc_log_to(NULL);
	wires_clear(g);
	tunwire_clear(&g->tun);
	for (uint16_t i = 0; i < UDP_SOCKETS; i++)
		udp_drop(g, i);
	engine_free(g->engine);
	conf_clear(&g->next);
	free(g->rx);
	loop_timer_free(g->timer);
	loop_timer_free(g->tun_lost);
	loop_chan_free(g->parent.lc);
	loop_free(g->loop);
}

static void
send_ready(struct glue *g, const struct sandbox_report *sandbox)
{
	struct msg_ready m = {
	    .sandbox = sandbox->have, .missing = sandbox->missing};
	uint8_t body[8];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_ready(&w, &m);
	(void)wire_reply(g->parent.chan, MSG_READY, 0, &w);
}

int
main(int argc, char *argv[])
{
	struct sandbox_report sandbox = {0};
	uint64_t gen;

	proc_child_init(argc, argv, ROLE_ENGINE, &gen);
	if (sandbox_enter_early(ROLE_ENGINE, &sandbox) == -1)
		return 1;
	start(&self, gen);
	if (sandbox_enter(ROLE_ENGINE, &sandbox) == -1)
		return 1;
	send_ready(&self, &sandbox);
	if (loop_run(self.loop) == -1)
		self.failed = true;
	finish(&self);
	return self.failed ? 1 : 0;
}
