/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires_nat.c */
/*
 * How others see this node, over the channels: to discoveryd as soon as it
 * changes, to people when they ask.  A check takes seconds; whoever asks
 * meanwhile waits for the same one, and is answered with what is known when it
 * ends or has taken too long.
 */
#include <string.h>

#include "clock.h"
#include "engine_turn.h"
#include "glue.h"
#include "log.h"

int
tell_reflexive(void *ctx, const struct msg_reflexive *m)
{
	struct glue *g = ctx;
	uint8_t body[128];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_reflexive(&w, m);
	return wire_send(&g->disc, MSG_REFLEXIVE, 0, &w);
}

int
tell_relays(void *ctx, const struct msg_own_relays *m)
{
	struct glue *g = ctx;
	uint8_t body[1 + sizeof(m->key)];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_own_relays(&w, m);
	return wire_send(&g->disc, MSG_OWN_RELAYS, 0, &w);
}

int
tell_gained(void *ctx, const struct msg_gained *m)
{
	struct glue *g = ctx;
	uint8_t body[128];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_gained(&w, m);
	return wire_send(&g->disc, MSG_GAINED, 0, &w);
}

int
tell_mtu(void *ctx, const struct msg_tun_mtu *m)
{
	struct glue *g = ctx;
	uint8_t body[4 + sizeof(m->peer)];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_tun_mtu(&w, m);
	return wire_send(&g->parent, MSG_TUN_MTU, 0, &w);
}

enum chan_verdict
nat_on_gateways(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_gateways m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_gateways(&r, &m) == -1)
		return CHAN_BAD;
	engine_gateways(parent->glue->engine, clock_mono_ms(), &m);
	return CHAN_OK;
}

/* What others do for us. */
static void
answer_gains(struct glue *g, uint32_t id)
{
	struct chan *ch = g->control.chan;
	struct msg_turn_row turn;
	struct msg_map_row map;
	uint8_t body[128];
	uint32_t at = 0;
	struct wbuf w;

	if (engine_turn_row(
		g->engine, clock_mono_ms(), clock_unix_ms(), &turn) == 0) {
		wbuf_init(&w, body, sizeof(body));
		msg_put_turn_row(&w, &turn);
		(void)wire_reply(ch, MSG_TURN_ROW, id, &w);
	}
	while (engine_map_row(g->engine, &at, clock_mono_ms(), &map) == 0) {
		wbuf_init(&w, body, sizeof(body));
		msg_put_map_row(&w, &map);
		(void)wire_reply(ch, MSG_MAP_ROW, id, &w);
	}
}

static void
answer(struct glue *g, uint32_t id)
{
	struct chan *ch = g->control.chan;
	struct msg_nat_seen_row seen;
	struct msg_nat_row row;
	uint8_t body[128];
	uint32_t at = 0;
	struct wbuf w;

	while (engine_nat_row(g->engine, &at, clock_mono_ms(), clock_unix_ms(),
		   &row) == 0) {
		wbuf_init(&w, body, sizeof(body));
		msg_put_nat_row(&w, &row);
		(void)wire_reply(ch, MSG_NAT_ROW, id, &w);
	}
	at = 0;
	while (engine_nat_seen_row(g->engine, &at, &seen) == 0) {
		wbuf_init(&w, body, sizeof(body));
		msg_put_nat_seen_row(&w, &seen);
		(void)wire_reply(ch, MSG_NAT_SEEN_ROW, id, &w);
	}
	answer_gains(g, id);
	wire_end(ch, id, END_OK);
}

static void
on_look(void *ctx)
{
	struct glue *g = ctx;
	struct netchecks *c = &g->checks;
	bool busy = engine_netcheck_busy(g->engine);
	uint64_t now_ms = clock_mono_ms();

	while (c->n > 0 &&
	    (!busy || now_ms - c->ask[0].since_ms >= NETCHECK_MAX_MS)) {
		answer(g, c->ask[0].id);
		c->n--;
		memmove(&c->ask[0], &c->ask[1], c->n * sizeof(c->ask[0]));
	}
	if (c->n > 0)
		loop_timer_in(c->look, NETCHECK_LOOK_MS);
}

enum chan_verdict
nat_on_netcheck(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct netchecks *c = &wire->glue->checks;

	if (c->n == NETCHECK_ASKS) {
		wire_end(ch, f->id, END_FAILED);
		return CHAN_OK;
	}
	engine_netcheck(wire->glue->engine, clock_mono_ms());
	c->ask[c->n].id = f->id;
	c->ask[c->n].since_ms = clock_mono_ms();
	c->n++;
	loop_timer_in(c->look, 0);
	return CHAN_OK;
}

/* ---- a way of our own ---- */

enum chan_verdict
nat_on_punch(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_peers_ask m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_peers_ask(&r, &m) == -1)
		return CHAN_BAD;
	engine_punch(wire->glue->engine, clock_mono_ms(), f->id, m.name);
	return CHAN_OK;
}

void
tell_punch(
    void *ctx, uint32_t id, const struct msg_punch_row *row, enum row_end end)
{
	struct chan *ch = ((struct glue *)ctx)->control.chan;
	uint8_t body[64];
	struct wbuf w;

	if (ch == NULL)
		return;
	if (row == NULL) {
		wire_end(ch, id, end);
		return;
	}
	wbuf_init(&w, body, sizeof(body));
	msg_put_punch_row(&w, row);
	(void)wire_reply(ch, MSG_PUNCH_ROW, id, &w);
}

void
netchecks_init(struct glue *g)
{
	g->checks.look = loop_timer_new(g->loop, on_look, g);
	if (g->checks.look == NULL)
		fatal("wires");
}

void
netchecks_clear(struct glue *g, bool end)
{
	g->checks.n = 0;
	loop_timer_stop(g->checks.look);
	if (!end)
		return;
	loop_timer_free(g->checks.look);
	g->checks.look = NULL;
}
