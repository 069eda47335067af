/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires_tls.c */
/* The channel to tlsd: connections and what comes and goes by them. */
#include <string.h>

#include "clock.h"
#include "glue.h"
#include "wires_tls.h"

/* What tlsd has yet to read: it has queues of its own, which are short. */
#define TLS_FRAMES 1024
#define TLS_BYTES (1024 * 1024)

int
tls_connect(void *ctx, uint32_t id, const struct msg_tls_connect *m)
{
	struct glue *g = ctx;
	uint8_t body[96];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_tls_connect(&w, m);
	return wire_send(&g->tls, MSG_TLS_CONNECT, id, &w);
}

int
turn_connect(void *ctx, uint32_t id, const struct msg_turn_connect *m)
{
	struct glue *g = ctx;
	uint8_t body[32];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_turn_connect(&w, m);
	return wire_send(&g->tls, MSG_TURN_CONNECT, id, &w);
}

int
tls_close(void *ctx, uint32_t id)
{
	const struct msg_tls_down m = {.why = TLS_CLOSED};
	struct glue *g = ctx;
	uint8_t body[1];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_tls_down(&w, &m);
	return wire_send(&g->tls, MSG_TLS_DOWN, id, &w);
}

int
tls_send(void *ctx, uint32_t id, const uint8_t *data, size_t len)
{
	struct glue *g = ctx;

	if (g->tls.chan == NULL || chan_state(g->tls.chan) != CHAN_S_READY)
		return -1;
	return chan_send(g->tls.chan, MSG_TLS_DATA, id, data, len, -1);
}

int
tell_tls(void *ctx, const struct msg_tls_pin *m)
{
	struct glue *g = ctx;
	uint8_t body[40];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_tls_pin(&w, m);
	return wire_send(&g->disc, MSG_TLS_PIN, 0, &w);
}

/* ---- in ---- */

static enum chan_verdict
on_up(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_tls_up m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tls_up(&r, &m) == -1)
		return CHAN_BAD;
	engine_tls_up(wire->glue->engine, clock_mono_ms(), f->id, &m);
	return CHAN_OK;
}

static enum chan_verdict
on_down(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_tls_down m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tls_down(&r, &m) == -1)
		return CHAN_BAD;
	engine_tls_down(wire->glue->engine, clock_mono_ms(), f->id, m.why);
	return CHAN_OK;
}

/* Opened in place, so it needs a place of its own. */
static enum chan_verdict
on_data(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	uint8_t data[TLS_MESSAGE_MAX];

	(void)ch;
	memcpy(data, f->body, f->len);
	glue_packets(wire->glue);
	engine_collect(wire->glue->engine);
	engine_tls_data(
	    wire->glue->engine, clock_mono_ms(), f->id, data, f->len);
	return CHAN_OK;
}

static enum chan_verdict
on_pin(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_tls_pin m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tls_pin(&r, &m) == -1)
		return CHAN_BAD;
	engine_tls_pin(wire->glue->engine, &m);
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_TLS_UP, on_up},
    {MSG_TLS_DOWN, on_down},
    {MSG_TLS_DATA, on_data},
    {MSG_TLS_PIN, on_pin},
};

static void
on_ready(struct chan *ch, void *ctx)
{
	struct wire *wire = ctx;

	(void)ch;
	engine_tls_there(wire->glue->engine, clock_mono_ms(), true);
}

void
tls_wire_conf(struct chan_conf *c)
{
	c->handlers = handlers;
	c->nhandlers = sizeof(handlers) / sizeof(handlers[0]);
	c->ready = on_ready;
	c->max_frames = TLS_FRAMES;
	c->max_bytes = TLS_BYTES;
}
