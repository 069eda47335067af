/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_turn.c */
/*
 * The carrier by a TURN server: reach/turn.h decides, here are the socket, the
 * time, and the peers that are tried by it.
 *
 * A peer is dialed directly first.  Meanwhile its places get permissions; as
 * those are there, a quarter of a second later, the same initiation goes by
 * the server.  The allocation's own address is permitted always: two nodes of
 * one server, each behind a translator that lets nobody in, meet there without
 * knowing of each other's wish.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "engine_turn.h"
#include "log.h"

/* ---- the server's socket ---- */

static int
io_send(void *ctx, const uint8_t *data, size_t len)
{
	struct engine *e = ctx;
	struct engine_turn *x = e->turn;
	uint16_t sock = x->sock;

	if (x->t.stream)
		return turn_stream_send(e, data, len);
	if (!engine_sock_for(e, &x->t.server, &sock))
		return -1;
	if (sock != x->sock) {
		/* what the server knows us by is gone */
		x->sock = sock;
		x->moved = x->t.state == TURN_UP;
	}
	return engine_send(e, NULL, sock, &x->t.server, data, len);
}

int
engine_turn_init(struct engine *e)
{
	const struct turn_io io = {.ctx = e, .send = io_send, .rnd = e->io.rnd};

	e->turn = calloc(1, sizeof(*e->turn));
	if (e->turn == NULL)
		return -1;
	turn_init(&e->turn->t, &io);
	return 0;
}

void
engine_turn_free(struct engine *e)
{
	if (e->turn != NULL)
		crypto_wipe(e->turn, sizeof(*e->turn));
	free(e->turn);
	e->turn = NULL;
}

/* ---- peers ---- */

/* Its places that the server may reach, in their order. */
static unsigned
places_of(const struct engine *e, const struct peer_slot *p,
    struct endpoint out[TURN_OFFERS])
{
	struct way list[PLACES_ALL];
	unsigned n = slot_places(p, list), found = 0;
	const struct addr *own = &e->turn->t.relayed.addr;

	/* at the same server first: it meets us there for certain */
	for (int same = 1; same >= 0; same--)
		for (unsigned i = 0; i < n && found < TURN_OFFERS; i++) {
			const struct addr *a = &list[i].ep.addr;

			if (carry_is(list[i].sock) ||
			    a->family != own->family ||
			    addr_eq(a, own) != (same == 1) ||
			    addr_is_private(a) != addr_is_private(own))
				continue;
			out[found++] = list[i].ep;
		}
	return found;
}

static void
offer(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct endpoint at[TURN_OFFERS];
	unsigned n = places_of(e, p, at);

	for (unsigned i = 0; i < n; i++)
		if (turn_want(&e->turn->t, now_ms, &at[i].addr))
			(void)carry_offer(e, p, now_ms, CARRY_TURN, &at[i]);
}

static bool
is_tried(const struct peer_slot *p)
{
	return p != NULL && p->owner == NULL && !p->guest &&
	    session_dialing(&p->ses);
}

static void
arm(struct engine *e)
{
	struct engine_turn *x = e->turn;
	uint64_t due_ms = turn_due(&x->t), stream_ms = turn_stream_due(x);

	x->t.news &= ~(unsigned)TURN_N_DUE;
	if (stream_ms < due_ms)
		due_ms = stream_ms;
	if (x->offer_ms != 0 && x->offer_ms < due_ms)
		due_ms = x->offer_ms;
	if (x->t.state == TURN_UP && x->upkeep_ms < due_ms)
		due_ms = x->upkeep_ms;
	if (due_ms == UINT64_MAX)
		timers_stop(&e->timers, &e->t_turn);
	else
		timers_set(&e->timers, &e->t_turn, due_ms);
}

void
engine_turn_dial(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;
	struct endpoint at[TURN_OFFERS];
	unsigned n;

	if (x->t.state != TURN_UP || !is_tried(p))
		return;
	n = places_of(e, p, at);
	for (unsigned i = 0; i < n; i++)
		(void)turn_want(&x->t, now_ms, &at[i].addr);
	if (n != 0 && x->offer_ms == 0)
		x->offer_ms = now_ms + TURN_LATER_MS;
	arm(e);
}

/* Of all that are being tried: the permissions may be there by now. */
static void
offer_all(struct engine *e, uint64_t now_ms)
{
	e->turn->offer_ms = 0;
	for (uint32_t i = 0; i < e->nslots; i++)
		if (is_tried(e->slot[i]))
			offer(e, e->slot[i], now_ms);
}

static void
upkeep(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;

	x->upkeep_ms = now_ms + TURN_UPKEEP_MS;
	(void)turn_want(&x->t, now_ms, &x->t.relayed.addr);
	for (uint32_t i = 0; i < e->nslots; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p != NULL && p->has_ep && p->sock == CARRY_TURN &&
		    session_up(&p->ses, now_ms))
			(void)turn_want(&x->t, now_ms, &p->ep.addr);
	}
}

static void
withdraw_all(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL)
			continue;
		for (unsigned k = p->ncarried; k > 0; k--) {
			struct way w = p->carried[k - 1];

			if (w.sock == CARRY_TURN)
				carry_withdraw(e, p, now_ms, CARRY_TURN, &w.ep);
		}
		if (p->has_ep && p->sock == CARRY_TURN)
			slot_hint(e, p, now_ms);
	}
}

/* ---- news ---- */

static void
tell_event(struct engine *e, enum event_kind kind)
{
	const struct turn *t = &e->turn->t;
	char place[ENDPOINT_STRLEN], text[96];
	struct msg_event m;

	events_begin(&m, kind);
	if (kind == EV_TURN_UP) {
		events_text(&m, EVF_PLACE, endpoint_format(&t->relayed, place));
		events_text(&m, EVF_WAS, endpoint_format(&t->server, place));
	} else {
		events_text(&m, EVF_PLACE, endpoint_format(&t->server, place));
		snprintf(text, sizeof(text), "%s%s%.0u", turn_why_name(t->why),
		    t->code != 0 ? ", error " : "", (unsigned)t->code);
		events_text(&m, EVF_TEXT, text);
		log_warnx("TURN server %s: %s", place, text);
	}
	if (e->io.tell_event != NULL)
		e->io.tell_event(e->io.ctx, &m);
}

static void
state_changed(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;

	if (turn_stream_changed(e, now_ms)) {
		withdraw_all(e, now_ms);
		engine_gains_tell(e, false);
		return;
	}
	if (x->t.state == TURN_UP) {
		x->upkeep_ms = now_ms;
		tell_event(e, EV_TURN_UP);
		x->offer_ms = now_ms + TURN_LATER_MS;
		upkeep(e, now_ms);
	} else {
		withdraw_all(e, now_ms);
	}
	if (x->t.state == TURN_WAIT)
		tell_event(e, EV_TURN_FAILED);
	engine_gains_tell(e, false);
}

void
engine_turn_settle(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;
	unsigned news = x->t.news;

	x->t.news = 0;
	if ((news & TURN_N_STATE) != 0)
		state_changed(e, now_ms);
	if ((news & TURN_N_PERMIT) != 0 && x->t.state == TURN_UP &&
	    x->offer_ms == 0)
		x->offer_ms = now_ms;
	arm(e);
}

void
engine_turn_conf(struct engine *e, uint64_t now_ms)
{
	const struct conf_node *c = &e->node;
	bool anew = turn_stream_conf(e, now_ms);

	/* what it was configured with does not count if it was stopped */
	if (anew)
		turn_configure(&e->turn->t, now_ms, NULL, "", "");
	turn_stream_later(e, now_ms);
	turn_configure(&e->turn->t, now_ms,
	    c->nturn != 0 && c->nat_enable ? &c->turn[0] : NULL, c->turn_user,
	    c->turn_password);
	engine_turn_settle(e, now_ms);
}

void
engine_turn_tick(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;

	turn_stream_tick(e, now_ms);
	if (x->moved) {
		x->moved = false;
		turn_again(&x->t, now_ms);
	}
	turn_tick(&x->t, now_ms);
	if (x->t.state == TURN_UP && now_ms >= x->upkeep_ms)
		upkeep(e, now_ms);
	if (x->offer_ms != 0 && now_ms >= x->offer_ms)
		offer_all(e, now_ms);
	engine_turn_settle(e, now_ms);
}

void
engine_turn_leave(struct engine *e, uint64_t now_ms)
{
	turn_leave(&e->turn->t, now_ms);
}

/* ---- datagrams ---- */

void
engine_turn_news(struct engine *e, uint64_t now_ms)
{
	struct engine_turn *x = e->turn;

	if ((x->t.news & (TURN_N_STATE | TURN_N_PERMIT)) != 0)
		timers_set(&e->timers, &e->t_turn, now_ms);
	else if (x->t.news != 0)
		arm(e);
}

bool
engine_turn_takes(struct engine *e, uint64_t now_ms, const struct datagram *d,
    enum counter *verdict)
{
	static const enum counter verdicts[] = {[TURN_G_BAD] = EI_TURN_BAD,
	    [TURN_G_STRAY] = EI_TURN_STRAY,
	    [TURN_G_ANSWER] = EI_TURN_HEARD,
	    [TURN_G_DATA] = EI_TURN_DATA};
	struct engine_turn *x = e->turn;
	enum turn_got got;
	struct turn_data in;

	if (x->t.stream || !turn_is(&x->t, d->from, d->data, d->len))
		return false;
	/* binding answers of the same server are not the client's */
	if (stun_is(d->data, d->len) && d->data[0] <= 1 &&
	    (d->data[1] & 0xef) == 1)
		return false;
	got = turn_receive(&x->t, now_ms, d->from, d->data, d->len, &in);
	*verdict = verdicts[got];
	engine_turn_news(e, now_ms);
	if (got == TURN_G_DATA)
		carry_received(
		    e, now_ms, CARRY_TURN, &in.from, in.data, in.len);
	return true;
}

static enum udp_result
flush(struct engine *e, size_t len, size_t seg)
{
	struct engine_turn *x = e->turn;

	if (len != 0 && x->t.stream)
		return turn_stream_emit(e, x->out, len, seg);
	return len == 0 ? UDP_OK
			: e->io.udp_send(e->io.ctx, x->sock, &x->t.server,
			      x->out, len, seg);
}

enum udp_result
engine_turn_emit(struct engine *e, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	struct engine_turn *x = e->turn;
	enum udp_result r = UDP_OK, worse;
	size_t at = 0, first = 0, n, w;

	for (unsigned i = 0; len > 0; i++, data += n, len -= n) {
		n = len < seg ? len : seg;
		if (i == TURN_BATCH_SEGS ||
		    sizeof(x->out) - at < n + TURN_HEAD_MAX) {
			worse = flush(e, at, first);
			r = worse > r ? worse : r;
			at = first = i = 0;
		}
		w = turn_wrap(&x->t, e->now_ms, to, data, n, x->out + at,
		    sizeof(x->out) - at);
		if (w == 0)
			return UDP_ERROR;
		at += w;
		first = first == 0 ? w : first;
	}
	worse = flush(e, at, first);
	if (x->t.news != 0)
		arm(e);
	return worse > r ? worse : r;
}

bool
engine_turn_has(const struct engine *e, const struct endpoint *to)
{
	return turn_reaches(&e->turn->t, to);
}

/* ---- for people ---- */

void
engine_turn_gauges(struct engine *e)
{
	const struct turn *t = &e->turn->t;

	e->c.v[TURN_REQUESTS] = t->requests;
	e->c.v[TURN_TIMEOUTS] = t->timeouts;
	e->c.v[TURN_ERRORS] = t->errors;
	e->c.v[TURN_ALLOCATIONS] = t->allocations;
	e->c.v[TURN_FAILURES] = t->failed;
	e->c.v[TURN_SENT] = t->sent;
	e->c.v[TURN_FULL] = t->full;
	e->c.v[TURN_UPS] = t->state == TURN_UP;
}

int
engine_turn_row(const struct engine *e, uint64_t now_ms, uint64_t unix_ms,
    struct msg_turn_row *row)
{
	const struct turn *t = &e->turn->t;

	if (t->state == TURN_OFF)
		return -1;
	*row = (struct msg_turn_row){.server = t->server,
	    .relayed = t->relayed,
	    .state = (uint8_t)t->state,
	    .why = (uint8_t)t->why,
	    .by = e->turn->by,
	    .code = t->code};
	if (t->state == TURN_UP)
		row->since_unix_ms = unix_ms - (now_ms - t->up_ms);
	else if (t->state == TURN_WAIT && t->again_ms > now_ms)
		row->again_s = (uint32_t)((t->again_ms - now_ms) / 1000);
	for (unsigned i = 0; i < TURN_PERMITS; i++)
		if (t->permit[i].state == GRANT_UP)
			row->permits++;
	for (unsigned i = 0; i < TURN_CHANNELS; i++)
		if (t->channel[i].lives)
			row->channels++;
	return 0;
}
