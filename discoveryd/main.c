/* SPDX-License-Identifier: ISC */
/* file: discoveryd/main.c */
/*
 * discoveryd: where are the peers?
 *
 * It answers the engine's questions: from the configuration, from what members
 * say, from the link, and from the DHT.  It talks to strangers and has no
 * secret but the network's keys; keyd signs for it, and the engine checks what
 * it says.
 *
 *	parent (fd 3)	configuration, sockets, wires, the end
 *	engine		LOOKUP_ASK, PEER_SEEN, RECENT_ASK, PEER_FRAME, ...
 *	keyd		SIGN_REPLY
 *	control		COUNTERS_ASK, FIND_ASK, DHT_ASK
 *
 * What it decides is in disc.c and below; here is how it begins and ends.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "host.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"

static struct host self;

uint64_t
host_unix_s(void)
{
	return clock_unix_ms() / 1000;
}

static void
host_say(void *ctx, const char *text)
{
	(void)ctx;
	log_info("%s", text);
}

/* ---- time ---- */

static void
on_timer(void *ctx)
{
	struct host *h = ctx;

	disc_tick(h->disc, clock_mono_ms(), host_unix_s());
}

static void
after_turn(void *ctx)
{
	struct host *h = ctx;
	uint64_t due = disc_due(h->disc), now_ms = clock_mono_ms();

	if (due == UINT64_MAX)
		loop_timer_stop(h->timer);
	else
		loop_timer_in(h->timer, due > now_ms ? due - now_ms : 0);
}

/* ---- the parent ---- */

static enum chan_verdict
on_wire(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_wire m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == -1 || m.kind != WIRE_CHAN ||
	    !wires_set(parent->host, m.peer, f->fd, m.gen)) {
		close(f->fd);
		return CHAN_BAD;
	}
	return CHAN_OK;
}

static enum chan_verdict
on_disc_fd(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_disc_fd m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_disc_fd(&r, &m) == -1) {
		close(f->fd);
		return CHAN_BAD;
	}
	sockets_set(parent->host, m.kind, f->fd);
	return CHAN_OK;
}

static enum chan_verdict
on_places(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct host *h = parent->host;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_places(&r, &h->places) == -1)
		return CHAN_BAD;
	disc_places(h->disc, clock_mono_ms(), &h->places);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_node(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct host *h = parent->host;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (conf_node_get(&r, &h->next) == -1)
		return CHAN_BAD;
	h->has_next = true;
	h->has_net = false;
	book_abandon(disc_book(h->disc));
	return CHAN_OK;
}

static enum chan_verdict
on_conf_net(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct host *h = parent->host;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (conf_net_get(&r, &h->next_net) == -1)
		return CHAN_BAD;
	h->has_net = true;
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
	if (book_add(disc_book(parent->host->disc), &p) == -1)
		log_warnx("no memory for peer %s", p.name);
	conf_peer_clear(&p);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct host *h = parent->host;
	struct book *book = disc_book(h->disc);
	int n;

	(void)ch;
	(void)f;
	if (!h->has_next)
		return CHAN_BAD;
	h->has_next = false;
	log_set_level((enum log_level)h->next.log_level);
	log_set_burst(h->next.log_rate);
	n = book_commit(book);
	if (n == -1) {
		log_warnx("no memory for the address book, the old one stays");
		book_abandon(book);
	} else {
		log_debug("address book of %d peers", n);
	}
	disc_configure(h->disc, clock_mono_ms(), host_unix_s(), &h->next,
	    h->has_net ? &h->next_net : NULL);
	sockets_sift(h, &h->next);
	explicit_bzero(&h->next_net, sizeof(h->next_net));
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	disc_stop(parent->host->disc, clock_mono_ms());
	loop_stop(parent->host->loop);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
    {MSG_DISC_FD, on_disc_fd},
    {MSG_PLACES, on_places},
    {MSG_CONF_NODE, on_conf_node},
    {MSG_CONF_NET, on_conf_net},
    {MSG_CONF_PEER, on_conf_peer},
    {MSG_CONF_END, on_conf_end},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_PING, host_on_ping},
    {MSG_STOP, on_stop},
};

/* Without the parent there is nothing left to do. */
static void
on_parent_dead(struct chan *ch, void *ctx)
{
	struct wire *parent = ctx;

	if (proc_parent_gone(ch))
		parent->host->failed = true;
	loop_stop(parent->host->loop);
}

static void
start(struct host *h, uint64_t gen)
{
	const struct disc_io io = {.ctx = h,
	    .udp_send = host_udp_send,
	    .sign = host_sign,
	    .to_peer = host_to_peer,
	    .to_engine = host_to_engine,
	    .answer = host_answer,
	    .save = host_save,
	    .say = host_say,
	    .rnd = rnd_kernel()};
	const struct chan_conf conf = {
	    .self = ROLE_DISC,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = sizeof(parent_handlers) / sizeof(parent_handlers[0]),
	    .ctx = &h->parent,
	};

	h->parent = (struct wire){.host = h, .peer = ROLE_PARENT};
	sockets_init(h);
	if (crypto_init() == -1)
		fatalx("crypto");
	if ((h->loop = loop_new()) == NULL)
		fatal("event loop");
	h->disc = disc_new(&io);
	h->timer = loop_timer_new(h->loop, on_timer, h);
	h->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (wires_init(h) == -1 || h->disc == NULL || h->timer == NULL ||
	    h->parent.chan == NULL)
		fatal("start");
	h->parent.lc =
	    loop_chan_new(h->loop, h->parent.chan, on_parent_dead, &h->parent);
	if (h->parent.lc == NULL)
		fatal("channel to the parent");
	proc_log_to(h->parent.chan);
	host_events_init(h);
	loop_after_turn(h->loop, after_turn, h);
	savefile_read(h);
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
	proc_tell_ready(self.parent.chan, sandbox.have, sandbox.missing);
	if (loop_run(self.loop) == -1)
		self.failed = true;
	return self.failed ? 1 : 0;
}
