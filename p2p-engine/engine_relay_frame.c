/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_relay_frame.c */
/*
 * RELAY_OPEN to RELAY_CLOSE, out and in.
 *
 * A request is answered when the next hop is known to work: a session with the
 * destination, dialed if need be, or the answer of the relay behind us.  What
 * is repeated is answered the same; what is lost is repeated, INCOMING until
 * something comes from there.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_relay.h"
#include "handshake.h"

#define RELAY_MTU 1400 /* of the tunnel, that fits in any case */

/* ---- out ---- */

static void
say_close(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    uint32_t label, enum relay_why why)
{
	const struct relay_close m = {.label = label, .why = (uint16_t)why};
	uint8_t body[FRAME_BODY_MAX];
	size_t n = relay_close_put(body, &m);

	(void)engine_frame_send(e, p, now_ms, FRAME_RELAY_CLOSE, body, n);
}

static void
say_opened(struct engine *e, uint32_t by, uint64_t now_ms, uint32_t req,
    enum relay_status status, const struct circuit *c)
{
	struct relay_opened m = {.req = req, .status = (uint8_t)status};
	struct peer_slot *p = slot_get(e, by);
	uint8_t body[FRAME_BODY_MAX];
	size_t n;

	if (p == NULL)
		return;
	if (c != NULL) {
		m.label = c->leg[0].label;
		m.hops = c->hops;
		m.life_s = (uint16_t)((c->end_ms - c->born_ms) / 1000);
		m.mtu = RELAY_MTU;
	}
	n = relay_opened_put(body, &m);
	(void)engine_frame_send(e, p, now_ms, FRAME_RELAY_OPENED, body, n);
}

void
relay_tell_end(struct engine *e, struct circuit *c, uint64_t now_ms)
{
	struct relay_incoming m = {.label = c->leg[1].label, .hops = c->back};
	struct peer_slot *p = slot_get(e, c->leg[1].peer);
	uint8_t body[FRAME_BODY_MAX];
	size_t n;

	c->told_ms = now_ms + ((uint64_t)RELAY_AGAIN_MS / 3 << c->told);
	c->told++;
	memcpy(m.origin, c->origin, sizeof(m.origin));
	n = relay_incoming_put(body, &m);
	if (p != NULL)
		(void)engine_frame_send(
		    e, p, now_ms, FRAME_RELAY_INCOMING, body, n);
}

/* To the one who has to answer. */
static void
say_open(struct engine *e, struct relay_ask *a, uint64_t now_ms)
{
	struct relay_open o = a->o;
	struct peer_slot *p = slot_get(e, a->via);
	uint8_t body[FRAME_BODY_MAX];
	size_t n;

	a->again_ms = now_ms + ((uint64_t)RELAY_AGAIN_MS << a->sent);
	a->sent++;
	if (p == NULL)
		return;
	o.req = a->req;
	if (a->by != RELAY_US) { /* we are the first of the list */
		o.hops--;
		o.n--;
		memmove(o.onward[0], o.onward[1], sizeof(o.onward[0]));
	}
	n = relay_open_put(body, &o);
	(void)engine_frame_send(e, p, now_ms, FRAME_RELAY_OPEN, body, n);
}

/* ---- the end of a way ---- */

void
relay_end_of(struct engine *e, struct circuit *c, uint64_t now_ms,
    enum relay_why why, const struct peer_slot *but)
{
	struct endpoint ep = relay_label(c->leg[0].label);
	struct peer_slot *far = engine_find_key(e, c->far);
	bool own = c->role != RELAY_TRANSIT;

	for (unsigned i = 0; i < (own ? 1 : 2); i++) {
		struct peer_slot *p = slot_get(e, c->leg[i].peer);

		if (p != NULL && p != but && p->peer.state == PEER_UP)
			say_close(e, p, now_ms, c->leg[i].label, why);
	}
	ev_relay(e, c, false);
	relay_close(&e->relay->t, c);
	if (own && far != NULL)
		carry_withdraw(e, far, now_ms, CARRY_RELAY, &ep);
}

/* ---- requests of ours ---- */

void
relay_ask_for(struct engine *e, struct peer_slot *p, struct peer_slot *via,
    const uint8_t *onward, uint64_t now_ms)
{
	struct relay_ask *a = relay_ask_new(&e->relay->t, now_ms, RELAY_US);

	if (a == NULL)
		return;
	a->peer = p->no;
	a->via = via->no;
	a->o.hops = RELAY_ONWARD_MAX;
	a->o.life_s = RELAY_LIFE_S;
	memcpy(a->o.to, p->conf.key, sizeof(a->o.to));
	memcpy(a->o.origin, e->pub, sizeof(a->o.origin));
	if (onward != NULL)
		memcpy(a->o.onward[a->o.n++], onward, sizeof(a->o.onward[0]));
	count(e, RELAY_OPENS);
	say_open(e, a, now_ms);
	relays_arm(e, now_ms);
}

/* What it leads to can be reached by it, if we know who that is. */
static void
offer(struct engine *e, struct circuit *c, uint64_t now_ms)
{
	struct endpoint ep = relay_label(c->leg[0].label);
	struct peer_slot *far = engine_find_key(e, c->far);

	if (far == NULL || far->member == NULL || far->guest)
		return;
	(void)carry_offer(e, far, now_ms, CARRY_RELAY, &ep);
	if (far->peer.state == PEER_LOOKUP)
		slot_event(e, far, now_ms, PEV_FOUND);
	else if (far->peer.state == PEER_DIAL && !far->hs_open)
		hs_dial(e, far, now_ms); /* there was no place to dial */
}

void
relay_offer_all(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct circuit *c;
	uint32_t at = 0;

	while ((c = relay_next(&e->relay->t, &at)) != NULL)
		if (c->role != RELAY_TRANSIT &&
		    memcmp(c->far, p->conf.key, sizeof(c->far)) == 0)
			offer(e, c, now_ms);
}

static void
own_opened(struct engine *e, struct peer_slot *via, uint64_t now_ms,
    struct relay_ask *a, const struct relay_opened *m)
{
	struct circuit *c = NULL;

	if (m->status == RELAY_OK)
		c = relay_end(&e->relay->t, now_ms, RELAY_ORIGIN, via->no,
		    m->label, a->o.to, m->hops, m->life_s);
	relay_ask_end(&e->relay->t, a);
	if (c == NULL) {
		count(e, RELAY_REFUSED);
		if (m->status == RELAY_OK)
			say_close(e, via, now_ms, m->label, RELAY_W_REFUSED);
		return;
	}
	ev_relay(e, c, true);
	offer(e, c, now_ms);
}

/* ---- requests of others ---- */

static void
deny(struct engine *e, uint32_t by, uint64_t now_ms, uint32_t req,
    enum relay_status why)
{
	count(e, RELAY_DENIALS);
	if (why == RELAY_LOOP)
		count(e, RELAY_LOOPS);
	say_opened(e, by, now_ms, req, why, NULL);
}

static void
deny_ask(struct engine *e, struct relay_ask *a, uint64_t now_ms,
    enum relay_status why)
{
	if (a->by == RELAY_US)
		count(e, RELAY_REFUSED);
	else
		deny(e, a->by, now_ms, a->o.req, why);
	relay_ask_end(&e->relay->t, a);
}

static void
serve(struct engine *e, struct relay_ask *a, uint32_t to, uint32_t label,
    uint8_t hops, uint64_t now_ms)
{
	struct circuit *c =
	    relay_transit(&e->relay->t, now_ms, &a->o, a->by, to, label, hops);

	if (c == NULL) {
		deny_ask(e, a, now_ms, RELAY_BUSY);
		return;
	}
	count(e, RELAY_SERVED);
	if (label == 0)
		relay_tell_end(e, c, now_ms);
	say_opened(e, a->by, now_ms, a->o.req, RELAY_OK, c);
	ev_relay(e, c, true);
	relay_ask_end(&e->relay->t, a);
}

/* Is there a session with the next hop?  Then it goes on, or is answered. */
static void
proceed(struct engine *e, struct relay_ask *a, uint64_t now_ms)
{
	const uint8_t *key = a->o.n != 0 ? a->o.onward[0] : a->o.to;
	struct peer_slot *p = engine_find_key(e, key);

	if (p == NULL || p->member == NULL) {
		engine_want_key(e, key, now_ms);
		return;
	}
	if (relay_neighbour(e, p->no) == NULL) {
		if (!p->conf.admin_up ||
		    (p->sock == CARRY_RELAY && session_up(&p->ses, now_ms)))
			deny_ask(e, a, now_ms, RELAY_UNREACHABLE);
		else if (p->peer.state == PEER_IDLE)
			slot_want(e, p, now_ms, BEV_WANT);
		return;
	}
	if (a->o.n == 0) {
		serve(e, a, p->no, 0, 1, now_ms);
		return;
	}
	a->via = p->no;
	a->end_ms = now_ms + RELAY_ASK_MS;
	say_open(e, a, now_ms);
}

/* Who says that it speaks for another one has to be a relay itself. */
static void
on_open(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct relay *t = &e->relay->t;
	enum relay_status why;
	struct relay_open o;
	struct relay_ask *a;
	struct circuit *c;

	if (relay_open_get(f->body, f->len, &o) == -1) {
		count(e, FRAMES_BAD);
		return;
	}
	if (!relay_is(p))
		memcpy(o.origin, p->conf.key, sizeof(o.origin));
	if ((c = relay_again(t, p->no, o.req)) != NULL) {
		say_opened(e, p->no, now_ms, o.req, RELAY_OK, c);
		return;
	}
	if (relay_ask_same(t, p->no, o.req) != NULL)
		return;
	why = relay_may_open(t, &o, p->no, p->conf.key, e->pub);
	if (why == RELAY_OK && relay_neighbour(e, p->no) == NULL)
		why = RELAY_UNREACHABLE; /* it would be a relay's relay */
	if (why == RELAY_OK && (a = relay_ask_new(t, now_ms, p->no)) == NULL)
		why = RELAY_BUSY;
	if (why != RELAY_OK) {
		deny(e, p->no, now_ms, o.req, why);
		return;
	}
	a->o = o;
	a->end_ms = now_ms + RELAY_DEST_MS;
	relays_arm(e, now_ms);
	proceed(e, a, now_ms);
}

static void
on_opened(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct relay *t = &e->relay->t;
	struct relay_opened m;
	struct relay_ask *a;
	struct circuit *c;
	unsigned leg;

	if (relay_opened_get(f->body, f->len, &m) == -1) {
		count(e, FRAMES_BAD);
		return;
	}
	a = relay_ask_find(t, m.req, p->no);
	if (a != NULL && a->by == RELAY_US) {
		own_opened(e, p, now_ms, a, &m);
		return;
	}
	if (a != NULL && m.status == RELAY_OK && m.hops <= RELAY_ONWARD_MAX) {
		serve(e, a, p->no, m.label, (uint8_t)(m.hops + 1), now_ms);
		return;
	}
	if (a != NULL) {
		deny_ask(e, a, now_ms,
		    m.status == RELAY_OK ? RELAY_DENIED
					 : (enum relay_status)m.status);
		return;
	}
	c = relay_find(t, m.label, &leg);
	/* nobody waits for it any more */
	if (m.status == RELAY_OK && (c == NULL || c->leg[leg].peer != p->no))
		say_close(e, p, now_ms, m.label, RELAY_W_IDLE);
}

static void
on_incoming(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct relay *t = &e->relay->t;
	struct relay_incoming m;
	struct circuit *c;
	unsigned leg;

	if (relay_incoming_get(f->body, f->len, &m) == -1) {
		count(e, FRAMES_BAD);
		return;
	}
	c = relay_find(t, m.label, &leg);
	if (c != NULL && c->role == RELAY_END && c->leg[0].peer == p->no)
		return; /* repeated */
	c = NULL;
	if (e->node.relay_use && relay_is(p) &&
	    memcmp(m.origin, e->pub, sizeof(m.origin)) != 0 &&
	    memcmp(m.origin, p->conf.key, sizeof(m.origin)) != 0)
		c = relay_end(t, now_ms, RELAY_END, p->no, m.label, m.origin,
		    m.hops, RELAY_LIFE_S);
	if (c == NULL) {
		say_close(e, p, now_ms, m.label, RELAY_W_REFUSED);
		return;
	}
	ev_relay(e, c, true);
	offer(e, c, now_ms);
	relays_arm(e, now_ms);
}

static void
on_close(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct relay_close m;
	struct circuit *c;
	unsigned leg;

	if (relay_close_get(f->body, f->len, &m) == -1) {
		count(e, FRAMES_BAD);
		return;
	}
	c = relay_find(&e->relay->t, m.label, &leg);
	if (c != NULL && c->leg[leg].peer == p->no)
		relay_end_of(e, c, now_ms,
		    m.why < RELAY_NWHYS ? (enum relay_why)m.why : RELAY_W_GONE,
		    p);
}

void
on_relay_frame(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	if (p->member == NULL || p->guest)
		return;
	switch (f->type) {
	case FRAME_RELAY_OPEN:
		on_open(e, p, now_ms, f);
		break;
	case FRAME_RELAY_OPENED:
		on_opened(e, p, now_ms, f);
		break;
	case FRAME_RELAY_INCOMING:
		on_incoming(e, p, now_ms, f);
		break;
	default:
		on_close(e, p, now_ms, f);
		break;
	}
}

/* ---- sessions come and go ---- */

void
relay_up(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct relay_ask *a;
	uint32_t at = 0;

	while ((a = relay_ask_next(&e->relay->t, &at)) != NULL)
		if (a->by != RELAY_US && a->via == RELAY_US &&
		    memcmp(p->conf.key, a->o.n != 0 ? a->o.onward[0] : a->o.to,
			32) == 0)
			proceed(e, a, now_ms);
}

void
relay_gone(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct relay *t = &e->relay->t;
	struct relay_ask *a;
	struct circuit *c;
	uint32_t at = 0;

	if (p->owner != NULL || p->guest)
		return;
	while ((c = relay_next(t, &at)) != NULL)
		if (c->leg[0].peer == p->no ||
		    (c->role == RELAY_TRANSIT && c->leg[1].peer == p->no) ||
		    (!p->conf.admin_up &&
			memcmp(c->far, p->conf.key, sizeof(c->far)) == 0))
			relay_end_of(e, c, now_ms, RELAY_W_GONE, p);
	for (at = 0; (a = relay_ask_next(t, &at)) != NULL;) {
		if (a->by == p->no)
			relay_ask_end(t, a);
		else if (a->via == p->no ||
		    (a->by == RELAY_US && a->peer == p->no))
			deny_ask(e, a, now_ms, RELAY_UNREACHABLE);
	}
}

void
relay_asks_tick(struct engine *e, uint64_t now_ms)
{
	struct relay_ask *a;
	uint32_t at = 0;

	while ((a = relay_ask_next(&e->relay->t, &at)) != NULL) {
		if (now_ms >= a->end_ms)
			deny_ask(e, a, now_ms, RELAY_UNREACHABLE);
		else if (a->via == RELAY_US)
			proceed(e, a, now_ms);
		else if (now_ms >= a->again_ms && a->sent < RELAY_TRIES)
			say_open(e, a, now_ms);
	}
}
