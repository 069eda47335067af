/* SPDX-License-Identifier: ISC */
/* file: ctl/main.c */
/*
 * control: what meshctl talks to.
 *
 * It owns nothing but the two listening sockets it was handed, and knows
 * nothing but the last log lines.  Questions of local users go to the process
 * that has the answer, its rows come back; the rules are control.c's, the
 * clients seats.c's.  This file is the other side: the parent on fd 3 and the
 * wires to the engine and to discoveryd.
 *
 * No client can end it, and a wire that breaks is only reported: it ends with
 * its parent.  One exception: if a wire has been closed and no new one came
 * for WIRE_LOST_MS (longer than the parent ever waits before it starts a dead
 * neighbour again), the neighbour has hung up on us for good.  Then a fresh
 * start is the way to new wires.
 */
#include <sys/socket.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "log.h"
#include "peercred.h"
#include "proc.h"
#include "sandbox.h"

#define WIRE_LOST_MS 35000

static struct daemon self; /* large: not for the stack */

/* ---- upstreams ---- */

static struct wire *
wire_of(struct daemon *d, enum role role)
{
	switch (role) {
	case ROLE_PARENT:
		return &d->parent;
	case ROLE_ENGINE:
		return &d->engine;
	case ROLE_DISC:
		return &d->disc;
	default:
		return NULL;
	}
}

static int
to_upstream(void *ctx, enum role role, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	struct wire *w = wire_of(ctx, role);

	if (w == NULL || w->chan == NULL)
		return -1;
	return chan_send(w->chan, type, id, body, len, -1);
}

static enum chan_verdict
on_answer(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *w = ctx;

	(void)ch;
	return control_answer(&w->daemon->control, w->peer, f, clock_mono_ms());
}

static const struct chan_handler engine_handlers[] = {
    {MSG_PEER_ROW, on_answer},
    {MSG_NET_ROW, on_answer},
    {MSG_MEMBER_ROW, on_answer},
    {MSG_BREAKER_ROW, on_answer},
    {MSG_STREAM_ROW, on_answer},
    {MSG_RELAY_ROW, on_answer},
    {MSG_FLOW_ROW, on_answer},
    {MSG_RULE_ROW, on_answer},
    {MSG_QOS_ROW, on_answer},
    {MSG_DROP_ROW, on_answer},
    {MSG_ECHO_ROW, on_answer},
    {MSG_VERDICT_ROW, on_answer},
    {MSG_HIST_ROW, on_answer},
    {MSG_NAT_ROW, on_answer},
    {MSG_NAT_SEEN_ROW, on_answer},
    {MSG_PATH_ROW, on_answer},
    {MSG_FAILOVER_ROW, on_answer},
    {MSG_PUNCH_ROW, on_answer},
    {MSG_TURN_ROW, on_answer},
    {MSG_MAP_ROW, on_answer},
    {MSG_TEXT_ROW, on_answer},
    {MSG_COUNTER_ROW, on_answer},
    {MSG_FIGURE_ROW, on_answer},
    {MSG_END, on_answer},
};

static const struct chan_handler disc_handlers[] = {
    {MSG_FIND_STEP, on_answer},
    {MSG_FIND_ROW, on_answer},
    {MSG_DHT_ROW, on_answer},
    {MSG_DHT_NODE, on_answer},
    {MSG_COUNTER_ROW, on_answer},
    {MSG_FIGURE_ROW, on_answer},
    {MSG_END, on_answer},
};

static void
wire_clear(struct wire *w)
{
	if (w->chan == NULL)
		return;
	loop_chan_free(w->lc); /* and the channel */
	w->lc = NULL;
	w->chan = NULL;
	control_upstream(&w->daemon->control, w->peer, false, clock_mono_ms());
}

static void
on_wire_dead(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	if (chan_eof(ch)) {
		log_debug("wire to %s closed", role_name(w->peer));
		loop_timer_in(w->lost, WIRE_LOST_MS);
	} else {
		w->daemon->control.counters.v[IPC_REFUSED]++;
		log_warnx("wire to %s: %s; going on without",
		    role_name(w->peer), chan_why(ch));
	}
	wire_clear(w);
}

static void
on_wire_lost(void *ctx)
{
	struct wire *w = ctx;

	log_errorx("lost wire to %s", role_name(w->peer));
	w->daemon->failed = true;
	loop_stop(w->daemon->loop);
}

static void
wire_set(struct wire *w, int fd, uint64_t gen)
{
	struct chan_conf conf = {
	    .self = ROLE_CTL,
	    .peer = w->peer,
	    .gen = gen,
	    .handlers = disc_handlers,
	    .nhandlers = sizeof(disc_handlers) / sizeof(disc_handlers[0]),
	    .ctx = w,
	};

	if (w->peer == ROLE_ENGINE) {
		conf.handlers = engine_handlers;
		conf.nhandlers =
		    sizeof(engine_handlers) / sizeof(engine_handlers[0]);
	}
	wire_clear(w);
	loop_timer_stop(w->lost);
	w->chan = chan_new(fd, &conf);
	if (w->chan != NULL)
		w->lc =
		    loop_chan_new(w->daemon->loop, w->chan, on_wire_dead, w);
	if (w->lc == NULL) {
		log_warn("wire to %s", role_name(w->peer));
		chan_free(w->chan);
		w->chan = NULL;
		return;
	}
	control_upstream(&w->daemon->control, w->peer, true, clock_mono_ms());
}

/* ---- the parent ---- */

static enum chan_verdict
on_wire(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx, *w;
	struct msg_wire m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == -1 || m.kind != WIRE_CHAN ||
	    m.peer == ROLE_PARENT ||
	    (w = wire_of(parent->daemon, m.peer)) == NULL) {
		close(f->fd);
		return CHAN_BAD;
	}
	wire_set(w, f->fd, m.gen);
	return CHAN_OK;
}

static enum chan_verdict
on_listen_fd(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_listen_fd m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_listen_fd(&r, &m) == -1) {
		close(f->fd);
		return CHAN_BAD;
	}
	seats_listen(parent->daemon, m.kind, f->fd);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_node(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (conf_node_get(&r, &parent->daemon->next) == -1)
		return CHAN_BAD;
	parent->daemon->has_next = true;
	return CHAN_OK;
}

/* Peers are of no use here: whoever asks for them asks the engine. */
static enum chan_verdict
on_conf_peer(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	(void)ch;
	(void)ctx;
	(void)f;
	return CHAN_OK;
}

static enum chan_verdict
on_conf_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct daemon *d = parent->daemon;

	(void)ch;
	(void)f;
	if (!d->has_next)
		return CHAN_BAD;
	d->has_next = false;
	log_set_level((enum log_level)d->next.log_level);
	log_set_burst(d->next.log_rate);
	if (ring_resize(&d->control.ring, d->next.log_ring) == -1)
		log_warn("log ring of %u lines", (unsigned)d->next.log_ring);
	return CHAN_OK;
}

static enum chan_verdict
on_log(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_log m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_log(&r, &m) == -1)
		return CHAN_BAD;
	/* without memory a line is lost: to log that would lose another */
	(void)ring_add(
	    &parent->daemon->control.ring, clock_unix_ms(), m.level, m.text);
	return CHAN_OK;
}

static enum chan_verdict
on_event(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	return control_event(&parent->daemon->control, f);
}

/* Once a second. */
static enum chan_verdict
on_ping(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct daemon *d = parent->daemon;
	uint64_t now_ms = clock_mono_ms();
	struct msg_event m;

	while (excess_next(&d->excess, &d->control.counters, now_ms, &m))
		event_out_tell(&d->out, now_ms, &m);
	event_out_tick(&d->out, now_ms);
	return proc_on_ping(ch, ctx, f);
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	loop_stop(parent->daemon->loop);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
    {MSG_LISTEN_FD, on_listen_fd},
    {MSG_CONF_NODE, on_conf_node},
    {MSG_CONF_PEER, on_conf_peer},
    {MSG_CONF_END, on_conf_end},
    {MSG_LOG, on_log},
    {MSG_EVENT, on_event},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_PING, on_ping},
    {MSG_STOP, on_stop},
    {MSG_NODE_ROW, on_answer},
    {MSG_PROC_ROW, on_answer},
    {MSG_DROP_ROW, on_answer},
    {MSG_COUNTER_ROW, on_answer},
    {MSG_FIGURE_ROW, on_answer},
    {MSG_TEXT_ROW, on_answer},
    {MSG_END, on_answer},
};

/* Without the parent there is nothing left to do. */
static void
on_parent_dead(struct chan *ch, void *ctx)
{
	struct wire *parent = ctx;

	if (proc_parent_gone(ch))
		parent->daemon->failed = true;
	loop_stop(parent->daemon->loop);
}

static void
start(struct daemon *d, uint64_t gen)
{
	const struct chan_conf conf = {
	    .self = ROLE_CTL,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = sizeof(parent_handlers) / sizeof(parent_handlers[0]),
	    .ctx = &d->parent,
	};

	static const enum counter limits[] = {CTL_REFUSED, C_NONE};

	d->ops.to_upstream = to_upstream;
	d->parent = (struct wire){.daemon = d, .peer = ROLE_PARENT};
	d->engine = (struct wire){.daemon = d, .peer = ROLE_ENGINE};
	d->disc = (struct wire){.daemon = d, .peer = ROLE_DISC};
	if ((d->loop = loop_new()) == NULL)
		fatal("event loop");
	if (seats_init(d) == -1)
		fatalx("no memory");
	d->engine.lost = loop_timer_new(d->loop, on_wire_lost, &d->engine);
	d->disc.lost = loop_timer_new(d->loop, on_wire_lost, &d->disc);
	d->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (d->engine.lost == NULL || d->disc.lost == NULL ||
	    d->parent.chan == NULL)
		fatal("channel to the parent");
	d->parent.lc =
	    loop_chan_new(d->loop, d->parent.chan, on_parent_dead, &d->parent);
	if (d->parent.lc == NULL)
		fatal("channel to the parent");
	control_upstream(&d->control, ROLE_PARENT, true, clock_mono_ms());
	proc_log_to(d->parent.chan);
	event_out_init(&d->out, d->parent.chan);
	excess_init(&d->excess, limits);
}

/* As it looks from here: another one once we are in a user namespace. */
static uint64_t
parents_uid(void)
{
	uint32_t uid, pid;

	return peercred(PROC_PARENT_FD, &uid, &pid) == 0 ? uid : UINT64_MAX;
}

int
main(int argc, char *argv[])
{
	struct sandbox_report sandbox = {0};
	uint64_t before, gen;

	proc_child_init(argc, argv, ROLE_CTL, &gen);
	before = parents_uid();
	if (sandbox_enter_early(ROLE_CTL, &sandbox) == -1)
		return 1;
	self.sees_uids = parents_uid() == before;
	start(&self, gen);
	if (sandbox_enter(ROLE_CTL, &sandbox) == -1)
		return 1;
	proc_tell_ready(self.parent.chan, sandbox.have, sandbox.missing);
	if (loop_run(self.loop) == -1)
		self.failed = true;
	return self.failed ? 1 : 0;
}
