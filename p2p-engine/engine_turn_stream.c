/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_turn_stream.c */
/*
 * The way to the TURN server: UDP by our own socket, or a connection that tlsd
 * makes, by TCP or TLS (RFC 8656, section 3.1).  What goes by it is the same;
 * tlsd puts it into the stream and takes it out.
 *
 * `auto` begins with UDP each time, and goes over to a connection when nothing
 * has come for TURN_UDP_MS, or when UDP falls silent.  It stays with that as
 * long as it holds.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_turn.h"
#include "log.h"

static bool
is_auto(const struct engine_turn *x)
{
	return x->transport == CONF_TURN_AUTO;
}

static void
go_by(struct engine_turn *x, uint8_t by)
{
	x->by = by;
	x->t.stream = by != CONF_TURN_UDP;
}

static uint8_t
best_stream(const struct engine *e)
{
	return e->node.nturn_pins != 0 ? CONF_TURN_TLS : CONF_TURN_TCP;
}

/* ---- the connection ---- */

static void
hang_up(struct engine *e)
{
	struct engine_turn *x = e->turn;

	if (x->id != 0 && e->io.tls_close != NULL)
		(void)e->io.tls_close(e->io.ctx, x->id);
	x->id = 0;
	x->up = false;
}

static void
call(struct engine *e)
{
	struct engine_turn *x = e->turn;
	const struct msg_turn_connect m = {
	    .to = x->t.server, .secure = x->by == CONF_TURN_TLS};

	/* a configuration that is new here may not have come to tlsd yet */
	if (!e->tls.there || x->id != 0 || x->call_ms != 0)
		return;
	x->id = tls_next_id(e);
	if (e->io.turn_connect == NULL ||
	    e->io.turn_connect(e->io.ctx, x->id, &m) == -1) {
		x->id = 0;
		return;
	}
	count(e, TURN_CALLS);
}

int
turn_stream_send(struct engine *e, const uint8_t *data, size_t len)
{
	struct engine_turn *x = e->turn;

	if (!x->up) {
		call(e); /* what is asked is asked again as it is there */
		return 0;
	}
	if (len <= TLS_MESSAGE_MAX &&
	    e->io.tls_send(e->io.ctx, x->id, data, len) == 0)
		return 0;
	count(e, TLS_FULL_OUT);
	return -1;
}

/* What tlsd can't take now is lost, as in a full queue of a router. */
enum udp_result
turn_stream_emit(struct engine *e, const uint8_t *data, size_t len, size_t seg)
{
	if (!e->turn->up || seg == 0)
		return UDP_ERROR;
	for (size_t n; len > 0; data += n, len -= n) {
		n = len < seg ? len : seg;
		(void)turn_stream_send(e, data, n);
	}
	return UDP_OK;
}

bool
turn_stream_is(const struct engine *e, uint32_t id)
{
	return id != 0 && e->turn->id == id;
}

/* ---- what tlsd says ---- */

void
turn_stream_up(struct engine *e, uint64_t now_ms)
{
	e->turn->up = true;
	turn_connected(&e->turn->t, now_ms);
	engine_turn_settle(e, now_ms);
}

void
turn_stream_down(struct engine *e, uint64_t now_ms, enum tls_down why)
{
	static const enum turn_why whys[TLS_NDOWNS] = {[TLS_CLOSED] = TURN_LOST,
	    [TLS_NO_ANSWER] = TURN_SILENT,
	    [TLS_REFUSED] = TURN_REFUSED,
	    [TLS_WRONG_PIN] = TURN_UNTRUSTED,
	    [TLS_BROKEN] = TURN_USELESS,
	    [TLS_FULL] = TURN_REFUSED};

	e->turn->id = 0;
	e->turn->up = false;
	turn_lost(&e->turn->t, now_ms, whys[why]);
	engine_turn_settle(e, now_ms);
}

void
turn_stream_data(struct engine *e, uint64_t now_ms, uint8_t *data, size_t len)
{
	struct engine_turn *x = e->turn;
	struct turn_data in;
	enum turn_got got =
	    turn_receive(&x->t, now_ms, &x->t.server, data, len, &in);

	engine_turn_news(e, now_ms);
	if (got == TURN_G_DATA)
		carry_received(
		    e, now_ms, CARRY_TURN, &in.from, in.data, in.len);
}

void
turn_stream_there(struct engine *e, uint64_t now_ms, bool there)
{
	struct engine_turn *x = e->turn;

	if (!there && x->id != 0)
		turn_stream_down(e, now_ms, TLS_CLOSED);
	else if (there && x->by != CONF_TURN_UDP && x->t.state == TURN_ASKING)
		call(e);
}

/* ---- which way ---- */

/* The server's part of the configuration is another one: begin anew. */
bool
turn_stream_conf(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;
	const struct conf_node *n = &e->node;

	if (x->transport == n->turn_transport && x->npins == n->nturn_pins &&
	    memcmp(x->pin, n->turn_pin, sizeof(x->pin)) == 0)
		return false;
	turn_leave(&x->t, now_ms);
	hang_up(e);
	x->transport = n->turn_transport;
	x->npins = n->nturn_pins;
	memcpy(x->pin, n->turn_pin, sizeof(x->pin));
	go_by(x, is_auto(x) ? CONF_TURN_UDP : x->transport);
	return true;
}

void
turn_stream_later(struct engine *e, uint64_t now_ms)
{
	if (e->turn->by != CONF_TURN_UDP && !e->turn->up)
		e->turn->call_ms = now_ms + TURN_CALL_MS;
}

static void
leave_udp(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;

	x->began_ms = 0;
	go_by(x, best_stream(e));
	turn_again(&x->t, now_ms);
}

bool
turn_stream_changed(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;
	bool udp = x->by == CONF_TURN_UDP;

	x->began_ms =
	    is_auto(x) && udp && x->t.state == TURN_ASKING ? now_ms : 0;
	if (x->t.state == TURN_WAIT && is_auto(x) && udp &&
	    x->t.why == TURN_SILENT) {
		leave_udp(e, now_ms);
		return true;
	}
	if (x->t.state == TURN_WAIT || x->t.state == TURN_OFF) {
		hang_up(e);
		go_by(x, is_auto(x) ? CONF_TURN_UDP : x->transport);
	}
	return false;
}

uint64_t
turn_stream_due(const struct engine_turn *x)
{
	uint64_t due_ms =
	    x->began_ms != 0 ? x->began_ms + TURN_UDP_MS : UINT64_MAX;

	return x->call_ms != 0 && x->call_ms < due_ms ? x->call_ms : due_ms;
}

void
turn_stream_tick(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;

	if (x->call_ms != 0 && now_ms >= x->call_ms) {
		x->call_ms = 0;
		if (x->by != CONF_TURN_UDP && x->t.state == TURN_ASKING)
			call(e);
	}
	if (x->began_ms != 0 && now_ms >= x->began_ms + TURN_UDP_MS)
		leave_udp(e, now_ms);
}
