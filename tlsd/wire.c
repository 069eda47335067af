/* SPDX-License-Identifier: ISC */
/* file: tlsd/wire.c */
/*
 * The channel to the engine (see tlsd.h): what it wants, and what came.
 *
 * Without an engine there is nobody behind the connections: they end with the
 * channel, and the next one asks for its own.
 */
#include <string.h>

#include "clock.h"
#include "log.h"
#include "tlsd.h"

#define WIRE_LOST_MS 35000
/* What the engine has yet to read: TCP slows down who sends faster. */
#define ENGINE_FRAMES 2048
#define ENGINE_BYTES (2 * 1024 * 1024)

static int
tell(struct tlsd *t, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	struct chan *ch = t->engine.chan;

	if (ch == NULL || chan_state(ch) != CHAN_S_READY || wbuf_done(w) == -1)
		return -1;
	return chan_send(ch, type, id, w->base, w->len, -1);
}

void
wire_up(struct tlsd *t, const struct conn *c)
{
	const struct msg_tls_up m = {.far = c->far, .accepted = c->accepted};
	uint8_t body[32];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_tls_up(&w, &m);
	(void)tell(t, MSG_TLS_UP, c->id, &w);
}

void
wire_down(struct tlsd *t, uint32_t id, enum tls_down why)
{
	const struct msg_tls_down m = {.why = why};
	uint8_t body[1];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_tls_down(&w, &m);
	(void)tell(t, MSG_TLS_DOWN, id, &w);
}

void
wire_data(struct tlsd *t, uint32_t id, const uint8_t *data, size_t len)
{
	struct chan *ch = t->engine.chan;

	t->counters.v[TLS_RX]++;
	if (ch == NULL || chan_send(ch, MSG_TLS_DATA, id, data, len, -1) == -1)
		t->counters.v[TLS_RX_LOST]++;
}

void
wire_pin(struct tlsd *t)
{
	struct msg_tls_pin m = {.listens = false};
	uint8_t body[64];
	struct wbuf w;

	for (int i = 0; i < TLS_LISTEN_MAX; i++)
		m.listens |= t->listener[i].fd != -1;
	memcpy(m.pin, t->identity.pin, sizeof(m.pin));
	wbuf_init(&w, body, sizeof(body));
	msg_put_tls_pin(&w, &m);
	(void)tell(t, MSG_TLS_PIN, 0, &w);
}

/* ---- what the engine wants ---- */

static enum chan_verdict
on_connect(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_tls_connect m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tls_connect(&r, &m) == -1 ||
	    (f->id & TLS_ACCEPTED_ID) != 0 ||
	    conns_find(wire->tlsd, f->id) != NULL)
		return CHAN_BAD;
	conns_dial(wire->tlsd, f->id, &m);
	return CHAN_OK;
}

static enum chan_verdict
on_turn(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_turn_connect m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_turn_connect(&r, &m) == -1 ||
	    (f->id & TLS_ACCEPTED_ID) != 0 ||
	    conns_find(wire->tlsd, f->id) != NULL)
		return CHAN_BAD;
	conns_dial_turn(wire->tlsd, f->id, &m);
	return CHAN_OK;
}

static enum chan_verdict
on_down(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct conn *c = conns_find(wire->tlsd, f->id);
	struct msg_tls_down m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tls_down(&r, &m) == -1)
		return CHAN_BAD;
	if (c == NULL)
		return CHAN_OK;
	conn_flush(c); /* what was said before, if it can go */
	conn_end(c, m.why);
	return CHAN_OK;
}

static enum chan_verdict
on_data(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct conn *c = conns_find(wire->tlsd, f->id);

	(void)ch;
	wire->tlsd->counters.v[TLS_TX]++;
	if (c != NULL)
		conn_send(c, f->body, f->len);
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_TLS_CONNECT, on_connect},
    {MSG_TURN_CONNECT, on_turn},
    {MSG_TLS_DOWN, on_down},
    {MSG_TLS_DATA, on_data},
};

/* ---- it comes and goes ---- */

static void
clear(struct wire *w)
{
	if (w->chan == NULL)
		return;
	loop_chan_free(w->lc); /* and the channel */
	w->lc = NULL;
	w->chan = NULL;
	conns_drop_all(w->tlsd);
}

static void
on_dead(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	if (chan_eof(ch)) {
		log_debug("wire to p2p-engine closed");
		loop_timer_in(w->lost, WIRE_LOST_MS);
	} else {
		w->tlsd->counters.v[IPC_REFUSED]++;
		log_warnx(
		    "wire to p2p-engine: %s; going on without", chan_why(ch));
	}
	clear(w);
}

static void
on_lost(void *ctx)
{
	struct wire *w = ctx;

	log_errorx("lost wire to p2p-engine");
	w->tlsd->failed = true;
	loop_stop(w->tlsd->loop);
}

static void
on_ready(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	(void)ch;
	wire_pin(w->tlsd);
}

int
wire_init(struct tlsd *t)
{
	t->engine = (struct wire){.tlsd = t};
	t->engine.lost = loop_timer_new(t->loop, on_lost, &t->engine);
	return t->engine.lost == NULL ? -1 : 0;
}

void
wire_set(struct tlsd *t, int fd, uint64_t gen)
{
	struct wire *w = &t->engine;
	const struct chan_conf conf = {.self = ROLE_TLS,
	    .peer = ROLE_ENGINE,
	    .gen = gen,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = w,
	    .max_frames = ENGINE_FRAMES,
	    .max_bytes = ENGINE_BYTES,
	    .ready = on_ready};

	clear(w);
	/* those of the one before go before the new one asks for any */
	conns_turn(t);
	loop_timer_stop(w->lost);
	w->chan = chan_new(fd, &conf);
	if (w->chan != NULL)
		w->lc = loop_chan_new(t->loop, w->chan, on_dead, w);
	if (w->lc == NULL) {
		log_warn("wire to p2p-engine");
		chan_free(w->chan);
		w->chan = NULL;
	}
}
