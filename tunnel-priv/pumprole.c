/* SPDX-License-Identifier: ISC */
/*
 * The tun role: a process that holds the TUN and one socket to the engine, and
 * can do nothing but read, judge and write packets (pump.h).
 *
 * Everything is allocated before the sandbox is entered, except a new guard
 * when the configuration changes.  It has no event loop library: three
 * descriptors and one deadline are one ppoll.
 *
 * When the engine's end goes away the engine has died, and the parent brings a
 * new one after its back-off.  If none came for longer than that, then it is us
 * that the engine did not like: this process ends, and the parent starts it
 * anew and wires both.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chan.h"
#include "clock.h"
#include "conf.h"
#include "feature.h"
#include "figures.h"
#include "guard.h"
#include "log.h"
#include "proc.h"
#include "pump.h"
#include "respawn.h"
#include "sandbox.h"

/* Longer than the parent ever waits before it starts an engine again. */
#define LOST_MAX_MS (RESPAWN_MAX_MS + 5000)
/* Under load the channel is looked at once in so many turns. */
#define CHAN_TURNS 16

struct tunrole {
	struct pump pump;
	struct chan *chan;
	struct guard *next; /* of a CONF_NODE whose CONF_END is to come */
	int memfd;          /* of the wire that is to come, or -1 */
	uint64_t memfd_gen;
	bool wants_ring;
	uint64_t lost_ms; /* when the engine's end went away, 0: it is there */
	bool tun_ready;
	bool stop;
};

/* ---- messages ---- */

static enum chan_verdict
on_conf_node(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	static struct conf_node node; /* large, and only ever one */
	struct tunrole *t = ctx;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (conf_node_get(&r, &node) == -1)
		return CHAN_BAD;
	guard_free(t->next);
	if ((t->next = guard_new(&node)) == NULL)
		return CHAN_BAD;
	t->wants_ring = node.packet_ring;
	log_set_level((enum log_level)node.log_level);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_end(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;

	(void)c;
	(void)f;
	if (t->next == NULL)
		return CHAN_BAD;
	guard_free(t->pump.guard);
	t->pump.guard = t->next;
	t->next = NULL;
	return CHAN_OK;
}

static enum chan_verdict
on_tun_fd(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;

	(void)c;
	if (t->pump.tun != -1)
		close(t->pump.tun);
	t->pump.tun = f->fd;
	return CHAN_OK;
}

static enum chan_verdict
on_ring(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;
	struct msg_ring m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (t->memfd != -1)
		close(t->memfd);
	t->memfd = f->fd;
	if (msg_get_ring(&r, &m) == -1)
		return CHAN_BAD;
	t->memfd_gen = m.gen;
	return CHAN_OK;
}

static void
tell_features(struct tunrole *t)
{
	bool has = pkwire_shared(&t->pump.wire);

	proc_tell_features(t->chan, has ? FEATURE_RING : 0,
	    !has && t->wants_ring ? FEATURE_RING : 0);
}

static enum chan_verdict
on_wire(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;
	struct msg_wire m;
	struct rbuf r;
	int memfd = t->memfd;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == -1 || m.kind != WIRE_PACKETS ||
	    m.peer != ROLE_ENGINE) {
		close(f->fd);
		return CHAN_BAD;
	}
	t->memfd = -1;
	if (memfd != -1 && t->memfd_gen != m.gen) {
		close(memfd);
		memfd = -1;
	}
	pump_set_engine(&t->pump, f->fd, memfd);
	t->lost_ms = 0;
	t->tun_ready = true; /* what waited for this engine goes out now */
	tell_features(t);
	return CHAN_OK;
}

static bool
own_counter(enum counter id)
{
	const struct counter_info *info = counter_info(id);

	return info != NULL &&
	    (info->border == B_TUN_OUT || info->border == B_TUN_IN ||
		id == TUN_TX_BYTES || id == TUN_RX_BYTES);
}

static enum chan_verdict
on_counters_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;
	struct msg_end end = {.status = END_OK};
	uint8_t body[16];
	struct wbuf w;

	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		struct msg_counter_row m = {.role = ROLE_TUN,
		    .id = (uint16_t)i,
		    .value = t->pump.counters.v[i]};

		if (!own_counter((enum counter)i))
			continue;
		wbuf_init(&w, body, sizeof(body));
		msg_put_counter_row(&w, &m);
		(void)chan_send(c, MSG_COUNTER_ROW, f->id, body, w.len, -1);
	}
	figures_process(c, f->id, ROLE_TUN);
	figures_wire(c, f->id, ROLE_TUN, c);
	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &end);
	(void)chan_send(c, MSG_END, f->id, body, w.len, -1);
	return CHAN_OK;
}

/* What the engine says of peers is not known here. */
static enum chan_verdict
on_drops_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;
	uint64_t now_ms = clock_mono_ms(), unix_ms = clock_unix_ms();
	struct msg_end end = {.status = END_OK};
	const struct drop *d;
	uint8_t body[sizeof(struct msg_drop_row)];
	uint32_t at = 0;
	struct wbuf w;

	while ((d = drops_next(&t->pump.drops, &at)) != NULL) {
		struct msg_drop_row m;

		drops_row(&m, d, ROLE_TUN, now_ms, unix_ms);
		wbuf_init(&w, body, sizeof(body));
		msg_put_drop_row(&w, &m);
		(void)chan_send(c, MSG_DROP_ROW, f->id, body, w.len, -1);
	}
	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &end);
	(void)chan_send(c, MSG_END, f->id, body, w.len, -1);
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct tunrole *t = ctx;

	(void)c;
	(void)f;
	t->stop = true;
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_CONF_NODE, on_conf_node},
    {MSG_CONF_END, on_conf_end},
    {MSG_TUN_FD, on_tun_fd},
    {MSG_RING, on_ring},
    {MSG_WIRE, on_wire},
    {MSG_PING, proc_on_ping},
    {MSG_COUNTERS_ASK, on_counters_ask},
    {MSG_DROPS_ASK, on_drops_ask},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_STOP, on_stop},
};

/* ---- waiting and moving ---- */

static void
serve_chan(struct tunrole *t, int revents)
{
	if ((revents & POLLOUT) != 0 && chan_out(t->chan) == -1)
		t->stop = true;
	if ((revents & ~POLLOUT) != 0 && chan_in(t->chan) == -1)
		t->stop = true;
}

static struct pollfd
watch(int fd, bool in, bool out)
{
	struct pollfd p = {.fd = in || out ? fd : -1};

	p.events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
	return p;
}

/* true: there is more to do. */
static bool
judge(struct tunrole *t, enum pump_result r)
{
	switch (r) {
	case PUMP_BUSY:
		return true;
	case PUMP_OFFENCE:
		log_warnx("the engine sent a malformed record");
		/* FALLTHROUGH */
	case PUMP_GONE:
		pump_set_engine(&t->pump, -1, -1);
		t->lost_ms = clock_mono_ms();
		return false;
	case PUMP_NO_TUN:
		log_errorx("the interface is gone");
		t->stop = true;
		return false;
	default:
		return false;
	}
}

/* -1: as long as it takes. */
static void
wait_for(struct tunrole *t, int64_t ms)
{
	struct pump *p = &t->pump;
	struct timespec ts = {
	    .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
	bool ring = pkwire_shared(&p->wire);
	struct pollfd fds[] = {
	    watch(chan_fd(t->chan), true, chan_wants_out(t->chan)),
	    watch(p->tun, pump_wants_tun(p), p->in_full),
	    watch(p->wire.fd, ring || pump_wants_engine(p),
		pkwire_wants_out(&p->wire)),
	};

	t->tun_ready = false;
	if (ppoll(fds, 3, ms < 0 ? NULL : &ts, NULL) <= 0)
		return;
	t->tun_ready = fds[1].revents != 0;
	/* before the channel, which may bring another engine */
	if ((fds[2].revents & ~POLLOUT) != 0)
		(void)judge(t, pump_woken(p));
	if (fds[0].revents != 0)
		serve_chan(t, fds[0].revents);
}

/* How long to wait at most for a new engine; 0: not any longer. */
static int64_t
patience(const struct tunrole *t)
{
	uint64_t gone;

	if (t->lost_ms == 0)
		return -1;
	gone = clock_mono_ms() - t->lost_ms;
	return gone >= LOST_MAX_MS ? 0 : (int64_t)(LOST_MAX_MS - gone);
}

static int
run(struct tunrole *t)
{
	const uint64_t *written = &t->pump.counters.v[TI_WRITTEN];
	uint64_t before;
	bool busy = false, more;
	int64_t left;

	for (unsigned turn = 0; !t->stop; turn++) {
		left = patience(t);
		if (left == 0) {
			log_warnx("lost wire to p2p-engine");
			return 1;
		}
		busy = busy || !pump_sleep(&t->pump);
		if (!busy || turn % CHAN_TURNS == 0)
			wait_for(t, busy ? 0 : left);
		before = *written;
		more = judge(t, pump_in(&t->pump));
		/* the host often answers before write returns */
		if (t->tun_ready || busy || t->pump.out_full ||
		    before != *written || pkwire_wants_out(&t->pump.wire))
			more = judge(t, pump_out(&t->pump)) || more;
		busy = more;
	}
	return 0;
}

int
pump_main(int argc, char *argv[])
{
	static struct tunrole t;
	struct sandbox_report report;
	struct chan_conf conf = {.self = ROLE_TUN,
	    .peer = ROLE_PARENT,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = &t};

	t.memfd = -1;
	proc_child_init(argc, argv, ROLE_TUN, &conf.gen);
	if (sandbox_enter_early(ROLE_TUN, &report) == -1)
		return 1;
	t.chan = chan_new(PROC_PARENT_FD, &conf);
	if (t.chan == NULL || pump_init(&t.pump) == -1)
		fatal("memory");
	proc_log_to(t.chan);
	if (sandbox_enter(ROLE_TUN, &report) == -1)
		return 1;
	proc_tell_ready(t.chan, report.have, report.missing);
	return run(&t);
}
