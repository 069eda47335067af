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
 *	sockets.c	datagrams, and what the system does for them
 *	tun		packets (tunwire.c)
 *	keyd, discoveryd, control	wires.c
 *
 * A turn of the loop: at most TUNWIRE_BURST records and UDP_BURST receives
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
#include "wires_tls.h"

#define WORKERS_AUTO_MAX 3
#define WORKER_SPINS 0 /* looks again before it sleeps */

static struct glue self;

void
glue_lost(struct glue *g, enum role role)
{
	log_errorx("lost wire to %s", role_name(role));
	g->failed = true;
	loop_stop(g->loop);
}

/* ---- the engine's effects ---- */

static void
effect_event(void *ctx, const struct msg_event *m)
{
	struct glue *g = ctx;

	event_out_tell(&g->events, clock_mono_ms(), m);
}

static uint64_t
effect_us(void *ctx)
{
	(void)ctx;
	return clock_mono_us();
}

static uint64_t
effect_unix(void *ctx)
{
	(void)ctx;
	return clock_unix_ms();
}

static int
effect_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct glue *g = ctx;

	return tunwire_send(&g->tun, v, pkt, len);
}

static uint8_t *
effect_room(void *ctx)
{
	struct glue *g = ctx;

	return tunwire_room(&g->tun);
}

void
glue_packets(struct glue *g)
{
	if (g->in_turn)
		return;
	g->in_turn = true;
	if (g->turns++ % MEASURED_TURNS == 0)
		g->began_us = clock_mono_us();
}

/* ---- the tun role ---- */

static void
on_record(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct glue *g = ctx;

	glue_packets(g);
	engine_from_tun(g->engine, clock_mono_ms(), v, pkt, len);
	/* without a ring the next record may come in the place of this one */
	if (!pkwire_shared(&g->tun.wire))
		engine_collect(g->engine);
}

static void
on_burst(void *ctx)
{
	struct glue *g = ctx;

	engine_collect(g->engine);
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
	log_warnx("packet wire: malformed record; going on without");
}

static void
on_tun_lost(void *ctx)
{
	glue_lost(ctx, ROLE_TUN);
}

static void
on_tun_closing(void *ctx)
{
	struct glue *g = ctx;

	engine_flush(g->engine, clock_mono_ms());
}

/* ---- the parent ---- */

static enum chan_verdict
on_ring(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct glue *g = parent->glue;
	struct msg_ring m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (g->memfd != -1)
		close(g->memfd);
	g->memfd = f->fd;
	if (msg_get_ring(&r, &m) == -1)
		return CHAN_BAD;
	g->memfd_gen = m.gen;
	return CHAN_OK;
}

/* The memory that was announced for this wire, or -1. */
static int
take_memfd(struct glue *g, uint64_t gen)
{
	int fd = g->memfd;

	g->memfd = -1;
	if (fd == -1 || g->memfd_gen == gen)
		return fd;
	close(fd);
	return -1;
}

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
		tunwire_set(&g->tun, f->fd, take_memfd(g, m.gen));
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

static enum chan_verdict
on_conf_net(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct glue *g = parent->glue;
	struct rbuf r;

	(void)ch;
	if (!g->has_next || g->next.net.on)
		return CHAN_BAD;
	rbuf_init(&r, f->body, f->len);
	return conf_net_get(&r, &g->next.net) == -1 ? CHAN_BAD : CHAN_OK;
}

/*
 * The tun role keeps one processor busy and this process's first thread
 * another, so on two there is nothing to gain; behind the third worker the
 * first thread is what everything waits for.
 */
static unsigned
workers_wanted(const struct glue *g, uint8_t conf)
{
	if (conf != CONF_AUTO)
		return conf;
	if (g->cores < 3)
		return 0;
	return g->cores - 2 < WORKERS_AUTO_MAX ? g->cores - 2
					       : WORKERS_AUTO_MAX;
}

static void
take_conf(struct glue *g)
{
	const struct conf_node *n = &g->next.node;

	log_set_level((enum log_level)n->log_level);
	log_set_burst(n->log_rate);
	crew_use(g->crew, workers_wanted(g, n->workers), WORKER_SPINS);
	sockets_conf(g, n);
	engine_set_network(g->engine, clock_mono_ms(), &g->next.net);
	if (engine_configure(g->engine, clock_mono_ms(), &g->next) == -1)
		log_warnx("no memory for the configuration, the old one stays");
}

static enum chan_verdict
on_conf_turn(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct glue *g = parent->glue;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	return !g->has_next || conf_turn_get(&r, &g->next.node) == -1 ? CHAN_BAD
								      : CHAN_OK;
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
on_new_link(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	log_debug("there is a new link, address or route");
	engine_link(parent->glue->engine, clock_mono_ms());
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	engine_leave(parent->glue->engine, clock_mono_ms());
	loop_stop(parent->glue->loop);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_RING, on_ring},
    {MSG_WIRE, on_wire},
    {MSG_UDP_FD, sockets_on_fd},
    {MSG_UDP_GONE, sockets_on_gone},
    {MSG_PLACES, sockets_on_places},
    {MSG_GATEWAYS, nat_on_gateways},
    {MSG_CONF_NODE, on_conf_node},
    {MSG_CONF_PEER, on_conf_peer},
    {MSG_CONF_NET, on_conf_net},
    {MSG_CONF_TURN, on_conf_turn},
    {MSG_CONF_END, on_conf_end},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_NEW_LINK, on_new_link},
    {MSG_PING, sockets_on_ping},
    {MSG_STOP, on_stop},
};

/* Without the parent there is nothing left to do. */
static void
on_parent_dead(struct chan *ch, void *ctx)
{
	struct wire *parent = ctx;

	if (proc_parent_gone(ch))
		parent->glue->failed = true;
	loop_stop(parent->glue->loop);
}

/* ---- time ---- */

static void
measured(struct glue *g, enum hist_id id, uint64_t us)
{
	hist_add(engine_hist(g->engine, id), id, us);
}

/* End of a turn: what was batched goes out, and the timer is set anew. */
static void
after_turn(void *ctx)
{
	struct glue *g = ctx;
	uint64_t now_ms = clock_mono_ms(), due_ms = engine_due(g->engine);

	if (due_ms <= now_ms) {
		/* 0: at once, of something in this turn */
		if (due_ms != 0)
			measured(g, HIST_LAG, (now_ms - due_ms) * 1000);
		engine_tick(g->engine, now_ms);
	}
	engine_flush(g->engine, now_ms);
	tunwire_flush(&g->tun);
	if (g->began_us != 0)
		measured(g, HIST_ROUTING, clock_mono_us() - g->began_us);
	g->began_us = 0;
	g->in_turn = false;
	sockets_pressure(g);
	due_ms = engine_due(g->engine);
	if (due_ms == g->due_ms)
		return; /* as in most turns */
	g->due_ms = due_ms;
	if (due_ms == UINT64_MAX)
		loop_timer_stop(g->timer);
	else
		loop_timer_in(g->timer, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void
on_timer(void *ctx)
{
	struct glue *g = ctx;

	g->due_ms = 0; /* it has ended the wait: after_turn does the rest */
}

/* ---- start and end ---- */

/*
 * The threads there may ever be: what the configuration wants of them is not
 * known yet, and later none can be made.  Without them everything works.
 */
static void
start_crew(struct glue *g)
{
	if (crypto_init() == -1)
		fatalx("cryptography");
	g->crew = crew_new(g->cores - 1);
	if (g->crew == NULL)
		g->crew = crew_new(0);
	if (g->crew == NULL)
		fatal("start");
}

static void
start_engine(struct glue *g)
{
	struct engine_io io = {
	    .ctx = g,
	    .udp_send = sockets_send,
	    .udp_send_as = sockets_send_as,
	    .udp_delay_us = sockets_delay,
	    .tun_room = effect_room,
	    .tun_send = effect_tun,
	    .ask_mix = ask_mix,
	    .ask_stamp = ask_stamp,
	    .ask_lookup = ask_lookup,
	    .tell_seen = tell_seen,
	    .unix_ms = effect_unix,
	    .tell_blob = tell_blob,
	    .tell_frame = tell_frame,
	    .tell_reflexive = tell_reflexive,
	    .tell_relays = tell_relays,
	    .tell_gained = tell_gained,
	    .tell_mtu = tell_mtu,
	    .upnp_ask = upnp_ask,
	    .tls_connect = tls_connect,
	    .turn_connect = turn_connect,
	    .tls_close = tls_close,
	    .tls_send = tls_send,
	    .tell_tls = tell_tls,
	    .ask_issue = ask_issue,
	    .ask_invites = ask_invites,
	    .tell_event = effect_event,
	    .tell_echo = tell_echo,
	    .tell_punch = tell_punch,
	    .mono_us = effect_us,
	    .sieve = sockets_sieve,
	    .rnd = rnd_kernel(),
	};

	start_crew(g);
	io.crew = g->crew;
	event_out_init(&g->events, NULL);
	g->engine = engine_new(&io);
	for (int i = 0; i < RX_BUFFERS; i++)
		if ((g->rx[i] = malloc(UDP_BUFFER)) == NULL)
			fatal("start");
	if (g->engine == NULL || tunwire_init(&g->tun, g->loop) == -1)
		fatal("start");
	g->tun.record = on_record;
	g->tun.burst = on_burst;
	g->tun.closing = on_tun_closing;
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
	g->nudge = loop_timer_new(g->loop, sockets_on_nudge, g);
	g->parent = (struct wire){.glue = g, .peer = ROLE_PARENT};
	g->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (g->timer == NULL || g->tun_lost == NULL || g->nudge == NULL ||
	    g->parent.chan == NULL)
		fatal("start");
	g->parent.lc =
	    loop_chan_new(g->loop, g->parent.chan, on_parent_dead, &g->parent);
	if (g->parent.lc == NULL)
		fatal("channel to the parent");
	proc_log_to(g->parent.chan);
	g->events.parent = g->parent.chan;
	loop_after_turn(g->loop, after_turn, g);
}

/* The crew stays: a confined thread can't leave, it ends with the process. */
static void
finish(struct glue *g)
{
	proc_log_to(NULL);
	wires_clear(g);
	tunwire_clear(&g->tun);
	sockets_clear(g);
	engine_free(g->engine);
	conf_clear(&g->next);
	for (int i = 0; i < RX_BUFFERS; i++)
		free(g->rx[i]);
	loop_timer_free(g->timer);
	loop_timer_free(g->tun_lost);
	loop_timer_free(g->nudge);
	loop_chan_free(g->parent.lc);
	loop_free(g->loop);
}

int
main(int argc, char *argv[])
{
	struct sandbox_report sandbox = {0};
	uint64_t gen;

	self.memfd = -1;
	proc_child_init(argc, argv, ROLE_ENGINE, &gen);
	self.cores = crew_cores();
	if (sandbox_enter_early(ROLE_ENGINE, &sandbox) == -1)
		return 1;
	start(&self, gen);
	if (sandbox_enter(ROLE_ENGINE, &sandbox) == -1)
		return 1;
	proc_tell_ready(self.parent.chan, sandbox.have, sandbox.missing);
	if (loop_run(self.loop) == -1)
		self.failed = true;
	finish(&self);
	return self.failed ? 1 : 0;
}
