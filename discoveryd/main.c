/* SPDX-License-Identifier: ISC */
/* file: discoveryd/main.c */
/*
 * discoveryd: where are the peers?
 *
 * It answers the engine's questions from the address book (answer.c): what the
 * configuration says, and where a peer was last seen.  It remembers what an
 * engine that died knew, so that a new one reaches everybody at once.  It has
 * no socket of its own and trusts nobody: the engine's word changes only what
 * the engine is told again.
 *
 *	parent (fd 3)	configuration, wires, the end
 *	engine		LOOKUP_ASK, PEER_SEEN, RECENT_ASK
 *	control		COUNTERS_ASK
 *
 * If a wire has been closed and no new one came for WIRE_LOST_MS (longer than
 * the parent ever waits before it starts a dead neighbour again), the
 * neighbour has hung up on us for good, and a fresh start is the way to new
 * wires.
 */
#include <stdlib.h>
#include <unistd.h>

#include "answer.h"
#include "chan.h"
#include "conf.h"
#include "counters.h"
#include "log.h"
#include "loop.h"
#include "proc.h"
#include "sandbox.h"

#define WIRE_LOST_MS 35000
#define BODY_MAX 512
/* An engine that starts anew asks for every peer at once. */
#define ENGINE_FRAMES (CONF_PEERS_MAX + 256)
#define ENGINE_BYTES (ENGINE_FRAMES * BODY_MAX)

struct disc;

struct wire {
	struct disc *disc;
	enum role peer;
	struct chan *chan; /* NULL: away */
	struct loop_chan *lc;
	struct loop_timer *lost;
};

struct disc {
	struct loop *loop;
	struct book *book;
	struct counters counters;
	struct wire parent, engine, control;
	struct conf_node next; /* announced, takes effect at CONF_END */
	bool has_next, failed;
};

static struct disc self;

static void
reply(struct chan *ch, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	if (wbuf_done(w) == 0)
		chan_send(ch, type, id, w->base, w->len, -1);
}

/* ---- the engine ---- */

static enum chan_verdict
on_lookup(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct disc *d = wire->disc;
	struct msg_lookup_reply m;
	struct msg_lookup_ask ask;
	uint8_t body[BODY_MAX];
	struct wbuf w;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_lookup_ask(&r, &ask) == -1)
		return CHAN_BAD;
	book_lookup(d->book, &ask.ip, &m);
	d->counters.v[m.status == LOOKUP_FOUND ? DISC_ASKED : DISC_UNKNOWN]++;
	wbuf_init(&w, body, sizeof(body));
	msg_put_lookup_reply(&w, &m);
	reply(ch, MSG_LOOKUP_REPLY, f->id, &w);
	return CHAN_OK;
}

static enum chan_verdict
on_seen(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_peer_seen m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_peer_seen(&r, &m) == -1)
		return CHAN_BAD;
	/* unknown: its configuration and ours crossed on the way */
	(void)book_seen(wire->disc->book, &m);
	return CHAN_OK;
}

static enum chan_verdict
on_recent(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_lookup_reply m;
	uint8_t body[BODY_MAX];
	size_t cursor = 0;
	bool more = true;
	struct wbuf w;

	while (more) {
		more = book_recent(wire->disc->book, &cursor, &m);
		if (!more)
			m = (struct msg_lookup_reply){0};
		wbuf_init(&w, body, sizeof(body));
		msg_put_lookup_reply(&w, &m);
		reply(ch, MSG_RECENT_ROW, f->id, &w);
	}
	return CHAN_OK;
}

static const struct chan_handler engine_handlers[] = {
    {MSG_LOOKUP_ASK, on_lookup},
    {MSG_PEER_SEEN, on_seen},
    {MSG_RECENT_ASK, on_recent},
};

/* ---- control ---- */

static enum chan_verdict
on_counters(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	static const enum counter own[] = {
	    DISC_ASKED, DISC_UNKNOWN, IPC_REFUSED, LOG_HELD};
	struct wire *wire = ctx;
	struct disc *d = wire->disc;
	struct msg_end end = {.status = END_OK};
	uint8_t body[BODY_MAX];
	struct wbuf w;

	d->counters.v[LOG_HELD] = log_suppressed();
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct msg_counter_row m = {.role = ROLE_DISC,
		    .id = (uint16_t)own[i],
		    .value = d->counters.v[own[i]]};

		wbuf_init(&w, body, sizeof(body));
		msg_put_counter_row(&w, &m);
		reply(ch, MSG_COUNTER_ROW, f->id, &w);
	}
	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &end);
	reply(ch, MSG_END, f->id, &w);
	return CHAN_OK;
}

static const struct chan_handler control_handlers[] = {
    {MSG_COUNTERS_ASK, on_counters},
};

/* ---- wires ---- */

static void
wire_clear(struct wire *w)
{
	loop_chan_free(w->lc); /* and the channel */
	w->lc = NULL;
	w->chan = NULL;
}

static void
on_wire_dead(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	if (chan_eof(ch)) {
		log_debug("wire to %s closed", role_name(w->peer));
		loop_timer_in(w->lost, WIRE_LOST_MS);
	} else {
		w->disc->counters.v[IPC_REFUSED]++;
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
	w->disc->failed = true;
	loop_stop(w->disc->loop);
}

static void
wire_set(struct wire *w, int fd, uint64_t gen)
{
	struct chan_conf conf = {
	    .self = ROLE_DISC,
	    .peer = w->peer,
	    .gen = gen,
	    .handlers = control_handlers,
	    .nhandlers = sizeof(control_handlers) / sizeof(control_handlers[0]),
	    .ctx = w,
	};

	if (w->peer == ROLE_ENGINE) {
		conf.handlers = engine_handlers;
		conf.nhandlers =
		    sizeof(engine_handlers) / sizeof(engine_handlers[0]);
		conf.max_frames = ENGINE_FRAMES;
		conf.max_bytes = ENGINE_BYTES;
	}
	wire_clear(w);
	loop_timer_stop(w->lost);
	w->chan = chan_new(fd, &conf);
	if (w->chan != NULL)
		w->lc = loop_chan_new(w->disc->loop, w->chan, on_wire_dead, w);
	if (w->lc == NULL) {
		log_warn("wire to %s", role_name(w->peer));
		chan_free(w->chan);
		w->chan = NULL;
	}
}

/* ---- the parent ---- */

static enum chan_verdict
on_wire(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx, *w = NULL;
	struct msg_wire m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == 0 && m.kind == WIRE_CHAN) {
		if (m.peer == ROLE_ENGINE)
			w = &parent->disc->engine;
		else if (m.peer == ROLE_CTL)
			w = &parent->disc->control;
	}
	if (w == NULL) {
		close(f->fd);
		return CHAN_BAD;
	}
	wire_set(w, f->fd, m.gen);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_node(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (conf_node_get(&r, &parent->disc->next) == -1)
		return CHAN_BAD;
	parent->disc->has_next = true;
	book_abandon(parent->disc->book);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_peer(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct conf_peer p;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (conf_peer_get(&r, &p) == -1)
		return CHAN_BAD;
	if (book_add(parent->disc->book, &p) == -1)
		log_warnx("no memory for peer %s", p.name);
	conf_peer_clear(&p);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct disc *d = parent->disc;
	int n;

	(void)ch;
	(void)f;
	if (!d->has_next)
		return CHAN_BAD;
	d->has_next = false;
	log_set_level((enum log_level)d->next.log_level);
	log_set_burst(d->next.log_rate);
	n = book_commit(d->book);
	if (n == -1) {
		log_warnx("no memory for the address book, the old one stays");
		book_abandon(d->book);
	} else {
		log_debug("address book of %d peers", n);
	}
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	loop_stop(parent->disc->loop);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
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
		parent->disc->failed = true;
	}
	loop_stop(parent->disc->loop);
}

static void
start(struct disc *d, uint64_t gen)
{
	const struct chan_conf conf = {
	    .self = ROLE_DISC,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = sizeof(parent_handlers) / sizeof(parent_handlers[0]),
	    .ctx = &d->parent,
	};

	d->parent = (struct wire){.disc = d, .peer = ROLE_PARENT};
	d->engine = (struct wire){.disc = d, .peer = ROLE_ENGINE};
	d->control = (struct wire){.disc = d, .peer = ROLE_CTL};
	if ((d->loop = loop_new()) == NULL)
		fatal("event loop");
	d->book = book_new();
	d->engine.lost = loop_timer_new(d->loop, on_wire_lost, &d->engine);
	d->control.lost = loop_timer_new(d->loop, on_wire_lost, &d->control);
	d->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (d->book == NULL || d->engine.lost == NULL ||
	    d->control.lost == NULL || d->parent.chan == NULL)
		fatal("start");
	d->parent.lc =
	    loop_chan_new(d->loop, d->parent.chan, on_parent_dead, &d->parent);
	if (d->parent.lc == NULL)
		fatal("channel to the parent");
	proc_log_to(d->parent.chan);
}

static void
send_ready(struct disc *d, const struct sandbox_report *sandbox)
{
	struct msg_ready m = {
	    .sandbox = sandbox->have, .missing = sandbox->missing};
	uint8_t body[8];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_ready(&w, &m);
	reply(d->parent.chan, MSG_READY, 0, &w);
}

int
main(int argc, char *argv[])
{
	struct sandbox_report sandbox = {0};
	uint64_t gen;

	proc_child_init(argc, argv, ROLE_DISC, &gen);
	if (sandbox_enter_early(ROLE_DISC, &sandbox) == -1)
		return 1;
	start(&self, gen);
	if (sandbox_enter(ROLE_DISC, &sandbox) == -1)
		return 1;
	send_ready(&self, &sandbox);
	if (loop_run(self.loop) == -1)
		self.failed = true;
	return self.failed ? 1 : 0;
}
