/* SPDX-License-Identifier: ISC */
/* file: upnpd/main.c */
/*
 * upnpd: how it begins and ends, and what the parent says (see upnpd.h).
 *
 *	parent (fd 3)	wires, the end
 *	engine		UPNP_ASK, UPNP_REPLY
 */
#include <unistd.h>

#include "log.h"
#include "proc.h"
#include "sandbox.h"
#include "upnpd.h"

static struct upnpd self;

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
	    m.peer != ROLE_ENGINE) {
		close(f->fd);
		return CHAN_BAD;
	}
	wire_set(parent->upnpd, f->fd, m.gen);
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	jobs_leave(parent->upnpd);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_PING, proc_on_ping},
    {MSG_STOP, on_stop},
};

/* Without the parent there is nothing left to do. */
static void
on_parent_dead(struct chan *ch, void *ctx)
{
	struct wire *parent = ctx;

	if (proc_parent_gone(ch))
		parent->upnpd->failed = true;
	loop_stop(parent->upnpd->loop);
}

/* ---- start ---- */

static void
start(struct upnpd *u, uint64_t gen)
{
	const struct chan_conf conf = {
	    .self = ROLE_UPNP,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = sizeof(parent_handlers) / sizeof(parent_handlers[0]),
	    .ctx = &u->parent,
	};

	u->parent = (struct wire){.upnpd = u};
	if ((u->loop = loop_new()) == NULL)
		fatal("event loop");
	u->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (u->parent.chan == NULL || jobs_start(u) == -1)
		fatal("start");
	u->parent.lc =
	    loop_chan_new(u->loop, u->parent.chan, on_parent_dead, &u->parent);
	if (u->parent.lc == NULL)
		fatal("channel to the parent");
	proc_log_to(u->parent.chan);
}

int
main(int argc, char *argv[])
{
	struct sandbox_report sandbox = {0};
	uint64_t gen;

	proc_child_init(argc, argv, ROLE_UPNP, &gen);
	if (sandbox_enter_early(ROLE_UPNP, &sandbox) == -1)
		return 1;
	start(&self, gen);
	if (sandbox_enter(ROLE_UPNP, &sandbox) == -1)
		return 1;
	proc_tell_ready(self.parent.chan, sandbox.have, sandbox.missing);
	if (loop_run(self.loop) == -1)
		self.failed = true;
	return self.failed ? 1 : 0;
}
