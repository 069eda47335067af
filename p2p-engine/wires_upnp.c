/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires_upnp.c */
/* The channel to upnpd: a question for a port, and what came of it. */
#include "clock.h"
#include "glue.h"

int
upnp_ask(void *ctx, uint32_t id, const struct msg_upnp_ask *m)
{
	struct glue *g = ctx;
	uint8_t body[64];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_upnp_ask(&w, m);
	return wire_send(&g->upnp, MSG_UPNP_ASK, id, &w);
}

static enum chan_verdict
on_reply(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_upnp_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_upnp_reply(&r, &m) == -1)
		return CHAN_BAD;
	engine_upnp(wire->glue->engine, clock_mono_ms(), f->id, &m);
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_UPNP_REPLY, on_reply},
};

void
upnp_wire_conf(struct chan_conf *c)
{
	c->handlers = handlers;
	c->nhandlers = sizeof(handlers) / sizeof(handlers[0]);
}
