/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires_net.c */
/*
 * What the engine's neighbours and it say to each other about the network:
 * certificates, revocation, frames that are discoveryd's business, and what an
 * administrator asks.  Everything that is signed is verified in the engine.
 */
#include <string.h>

#include "clock.h"
#include "glue.h"
#include "log.h"

static struct engine *
engine_of(void *ctx)
{
	struct wire *wire = ctx;

	return wire->glue->engine;
}

/* ---- out ---- */

int
tell_blob(void *ctx, enum msg_type type, const uint8_t *data, size_t len)
{
	uint8_t body[MSG_BLOB_MAX + 2];
	struct glue *g = ctx;
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	wbuf_u16(&w, (uint16_t)len);
	wbuf_bytes(&w, data, len);
	return wire_send(&g->disc, type, 0, &w);
}

int
tell_frame(void *ctx, const struct msg_peer_frame *m)
{
	uint8_t body[sizeof(*m) + 8];
	struct glue *g = ctx;
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_peer_frame(&w, m);
	return wire_send(&g->disc, MSG_PEER_FRAME, 0, &w);
}

int
ask_issue(void *ctx, uint32_t id, const struct msg_issue_ask *m)
{
	uint8_t body[sizeof(*m)];
	struct glue *g = ctx;
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_issue_ask(&w, m);
	return wire_send(&g->key, MSG_ISSUE_ASK, id, &w);
}

int
ask_invites(void *ctx, uint32_t id)
{
	struct glue *g = ctx;
	uint8_t body[1];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	return wire_send(&g->key, MSG_INVITES_ASK, id, &w);
}

/* ---- discoveryd ---- */

enum chan_verdict
net_on_frame(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct msg_peer_frame m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_peer_frame(&r, &m) == -1)
		return CHAN_BAD;
	engine_on_frame(engine_of(ctx), clock_mono_ms(), &m);
	return CHAN_OK;
}

enum chan_verdict
net_on_disc_crl(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct msg_blob m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_blob(&r, &m) == -1)
		return CHAN_BAD;
	(void)engine_on_crl(
	    engine_of(ctx), clock_mono_ms(), ROLE_DISC, m.data, m.len);
	return CHAN_OK;
}

enum chan_verdict
net_on_bundle(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct msg_blob m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_blob(&r, &m) == -1)
		return CHAN_BAD;
	engine_on_bundle(engine_of(ctx), clock_mono_ms(), m.data, m.len);
	return CHAN_OK;
}

/* ---- keyd ---- */

enum chan_verdict
net_on_issue(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct msg_issue_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_issue_reply(&r, &m) == -1)
		return CHAN_BAD;
	join_on_issue(engine_of(ctx), clock_mono_ms(), f->id, &m);
	explicit_bzero(&m, sizeof(m));
	return CHAN_OK;
}

enum chan_verdict
net_on_invite(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct msg_invite_row m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_invite_row(&r, &m) == -1)
		return CHAN_BAD;
	join_on_invite(engine_of(ctx), clock_mono_ms(), &m);
	explicit_bzero(&m, sizeof(m));
	return CHAN_OK;
}

/* ---- control ---- */

/* Done, or a line that says why not. */
static void
answer(struct chan *ch, uint32_t id, const char *why)
{
	static struct msg_text_row m; /* large */
	uint8_t body[512];
	struct wbuf w;

	if (why != NULL) {
		m = (struct msg_text_row){.kind = 2};
		strncpy(m.text, why, sizeof(body) - 8);
		wbuf_init(&w, body, sizeof(body));
		msg_put_text_row(&w, &m);
		(void)wire_reply(ch, MSG_TEXT_ROW, id, &w);
	}
	wire_end(ch, id, why == NULL ? END_OK : END_FAILED);
}

enum chan_verdict
net_on_crl(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct msg_blob m;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_blob(&r, &m) == -1)
		return CHAN_BAD;
	answer(ch, f->id,
	    engine_on_crl(
		engine_of(ctx), clock_mono_ms(), ROLE_CTL, m.data, m.len));
	return CHAN_OK;
}

enum chan_verdict
net_on_ledger(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	join_ledger(engine_of(ctx), clock_mono_ms());
	wire_end(ch, f->id, END_OK);
	return CHAN_OK;
}

enum chan_verdict
net_on_renew(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	answer(ch, f->id, join_renew(engine_of(ctx), clock_mono_ms()));
	return CHAN_OK;
}

/* ---- is a peer there? ---- */

enum chan_verdict
net_on_echo(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_echo_ask m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_echo_ask(&r, &m) == -1)
		return CHAN_BAD;
	engine_echo(wire->glue->engine, clock_mono_ms(), f->id, &m);
	return CHAN_OK;
}

void
tell_echo(void *ctx, uint32_t id, const struct msg_echo_row *row)
{
	struct chan *ch = ((struct glue *)ctx)->control.chan;
	uint8_t body[64];
	struct wbuf w;

	if (ch == NULL)
		return;
	wbuf_init(&w, body, sizeof(body));
	if (row != NULL) {
		msg_put_echo_row(&w, row);
		(void)wire_reply(ch, MSG_ECHO_ROW, id, &w);
	}
	wire_end(ch, id, row == NULL ? END_UNKNOWN : END_OK);
}
