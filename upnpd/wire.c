/* SPDX-License-Identifier: ISC */
/* file: upnpd/wire.c */
/* The channel to the engine (see upnpd.h): what it asks, and what came of it.
 */
#include "log.h"
#include "upnpd.h"

static void
reply(struct upnpd *u, uint32_t id, const struct msg_upnp_reply *m)
{
	struct chan *ch = u->engine.chan;
	uint8_t body[32];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_upnp_reply(&w, m);
	if (ch != NULL && chan_state(ch) == CHAN_S_READY && wbuf_done(&w) == 0)
		(void)chan_send(ch, MSG_UPNP_REPLY, id, w.base, w.len, -1);
}

void
wire_result(struct upnpd *u, const struct igd_result *r)
{
	const struct msg_upnp_reply m = {.code = r->code,
	    .external = r->external,
	    .lifetime_s = r->lifetime_s};

	if (r->job.lifetime_s != 0)
		reply(u, r->id, &m);
}

static enum chan_verdict
on_ask(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	const struct msg_upnp_reply busy = {.code = IGD_BUSY};
	struct wire *wire = ctx;
	struct msg_upnp_ask m;
	struct igd_job j;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_upnp_ask(&r, &m) == -1 || m.gateway.family != 4 ||
	    m.source.family != 4 || m.port == 0)
		return CHAN_BAD;
	j = (struct igd_job){.id = f->id,
	    .gateway = m.gateway,
	    .source = m.source,
	    .port = m.port,
	    .external = m.external,
	    .lifetime_s = m.lifetime_s};
	if (jobs_give(wire->upnpd, &j) == -1 && m.lifetime_s != 0)
		reply(wire->upnpd, f->id, &busy);
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_UPNP_ASK, on_ask},
};

static void
clear(struct wire *w)
{
	if (w->chan == NULL)
		return;
	loop_chan_free(w->lc); /* and the channel */
	w->lc = NULL;
	w->chan = NULL;
}

/* The next engine asks anew; what is mapped stays for it. */
static void
on_dead(struct chan *ch, void *ctx)
{
	if (!chan_eof(ch))
		log_warnx("wire to p2p-engine: %s", chan_why(ch));
	clear(ctx);
}

void
wire_set(struct upnpd *u, int fd, uint64_t gen)
{
	struct wire *w = &u->engine;
	const struct chan_conf conf = {.self = ROLE_UPNP,
	    .peer = ROLE_ENGINE,
	    .gen = gen,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = w};

	clear(w);
	w->upnpd = u;
	w->chan = chan_new(fd, &conf);
	if (w->chan != NULL)
		w->lc = loop_chan_new(u->loop, w->chan, on_dead, w);
	if (w->lc == NULL) {
		log_warn("wire to p2p-engine");
		chan_free(w->chan);
		w->chan = NULL;
	}
}
