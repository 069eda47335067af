/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_tls.c */
/* Peers that are reached by TLS connections, see engine_tls.h. */
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_turn.h"
#include "log.h"

/* ---- connections ---- */

static struct tls_conn *
by_id(struct tls *t, uint32_t id)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->conn[i].id == id)
			return &t->conn[i];
	return NULL;
}

uint32_t
tls_next_id(struct engine *e)
{
	struct tls *t = &e->tls;

	do
		t->last_id = (t->last_id + 1) & (TLS_ACCEPTED_ID - 1);
	while (t->last_id == 0 || by_id(t, t->last_id) != NULL ||
	    turn_stream_is(e, t->last_id));
	return t->last_id;
}

static const struct tls_conn *
by_place(const struct tls *t, const struct endpoint *far)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->conn[i].up && endpoint_eq(&t->conn[i].far, far))
			return &t->conn[i];
	return NULL;
}

bool
tls_has(const struct engine *e, const struct endpoint *to)
{
	return by_place(&e->tls, to) != NULL;
}

/* What tlsd can't take now is lost, as in a full queue of a router. */
enum udp_result
tls_emit(struct engine *e, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	const struct tls_conn *c = by_place(&e->tls, to);

	if (c == NULL || e->io.tls_send == NULL || seg == 0)
		return UDP_ERROR;
	for (size_t n; len > 0; data += n, len -= n) {
		n = len < seg ? len : seg;
		if (n > TLS_MESSAGE_MAX ||
		    e->io.tls_send(e->io.ctx, c->id, data, n) == -1)
			count(e, TLS_FULL_OUT);
	}
	return UDP_OK;
}

/* ---- whom to call, and where ---- */

void
tls_member(struct member *m, const struct msg_lookup_reply *r)
{
	if (!r->has_pin)
		return; /* what is known of it may be good still */
	m->ntls = 0;
	memcpy(m->tls_pin, r->pin, sizeof(m->tls_pin));
	for (unsigned i = 0; i < r->n && i < CANDIDATES_MAX; i++)
		if (r->c[i].type == CANDIDATE_TLS && m->ntls < MEMBER_TLS &&
		    r->c[i].ep.port != 0 && !addr_is_special(&r->c[i].ep.addr))
			m->tls[m->ntls++] = r->c[i].ep;
}

/* Its n-th TLS place, one after the other; false: it has none. */
static bool
place_of(const struct peer_slot *p, unsigned n, struct msg_tls_connect *out)
{
	const struct member *m = p->member;
	unsigned own = p->conf.ntls, all = own + (m != NULL ? m->ntls : 0);

	*out = (struct msg_tls_connect){0};
	if (all == 0)
		return false;
	n %= all;
	if (n < own) {
		out->to = p->conf.tls[n];
		memcpy(out->pin, p->conf.pin,
		    p->conf.npins * sizeof(p->conf.pin[0]));
	} else {
		out->to = m->tls[n - own];
		memcpy(out->pin[0], m->tls_pin, sizeof(out->pin[0]));
	}
	return true;
}

static const struct tls_conn *
call_of(const struct tls *t, const struct peer_slot *p)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->conn[i].dialed &&
		    memcmp(t->conn[i].key, p->conf.key, 32) == 0)
			return &t->conn[i];
	return NULL;
}

/* Data is sent, and its place says nothing. */
static bool
is_silent(const struct peer_slot *p, uint64_t now_ms)
{
	const struct pathset *s;

	if (p->lanes == NULL || p->owner != NULL || carry_is(p->sock))
		return false;
	s = &p->lanes->paths;
	return s->state == PATHSET_DOUBT && s->silent_ms != 0 &&
	    now_ms - s->silent_ms >= TLS_SILENCE_MS &&
	    now_ms - s->used_ms < PATH_QUIET_MS;
}

static bool
wants_call(const struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	bool dialed =
	    p->peer.state == PEER_LOOKUP || p->peer.state == PEER_DIAL;

	if (p->guest || !p->conf.admin_up || now_ms < p->tls_ms)
		return false;
	if (e->node.tls_connect == CONF_TLS_YES)
		return dialed || p->peer.state == PEER_UP;
	return (dialed && now_ms - p->began_ms >= TLS_PATIENCE_MS) ||
	    (p->peer.state == PEER_UP && is_silent(p, now_ms));
}

/*
 * It comes up, and its place record comes by its session a moment later: it is
 * wanted when nothing comes any more.
 */
static void
learn(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->member == NULL || p->member->ntls != 0 || p->lookup_id != 0 ||
	    p->peer.state != PEER_UP || now_ms < p->tls_ask_ms)
		return;
	p->tls_ask_ms = now_ms + ((uint64_t)TLS_ASK_MS << p->tls_asked);
	if (p->tls_asked++ == 0)
		return; /* that was its first tick */
	if (p->tls_asked > TLS_ASK_MAX)
		p->tls_asked = TLS_ASK_MAX;
	(void)slot_lookup(e, p, now_ms);
}

static void
call(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct tls *t = &e->tls;
	struct msg_tls_connect m;
	struct tls_conn *c;
	uint32_t id;

	if (t->n == TLS_CONNS || !place_of(p, p->tls_failed, &m) ||
	    tls_has(e, &m.to) || call_of(t, p) != NULL)
		return;
	id = tls_next_id(e);
	if (e->io.tls_connect(e->io.ctx, id, &m) == -1)
		return;
	c = &t->conn[t->n++];
	*c = (struct tls_conn){
	    .id = id, .dialed = true, .far = m.to, .used_ms = now_ms};
	memcpy(c->key, p->conf.key, sizeof(c->key));
	count(e, TLS_CALLS);
}

/* ---- those that nobody needs ---- */

static bool
is_place_of(const struct peer_slot *p, const struct endpoint *far)
{
	if (p->sock == CARRY_TLS && p->has_ep && endpoint_eq(&p->ep, far))
		return true;
	/* where stream 0 is; its streams go with it */
	return p->lanes != NULL && p->owner == NULL &&
	    carry_is(p->lanes->paths.at[p->lanes->paths.best].sock) &&
	    endpoint_eq(&p->lanes->paths.at[p->lanes->paths.best].ep, far);
}

static bool
is_used(const struct engine *e, const struct tls_conn *c)
{
	for (uint32_t i = 0; i < e->nslots; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p == NULL)
			continue;
		if (is_place_of(p, &c->far) ||
		    (c->dialed && e->node.tls_connect == CONF_TLS_YES &&
			memcmp(p->conf.key, c->key, 32) == 0 &&
			p->peer.state != PEER_IDLE))
			return true;
	}
	for (uint32_t i = 0; i < STREAMS_ALL; i++)
		if (e->stream[i] != NULL && is_place_of(e->stream[i], &c->far))
			return true;
	return false;
}

static void
look_at_conns(struct engine *e, uint64_t now_ms)
{
	struct tls *t = &e->tls;

	for (uint32_t i = 0; i < t->n; i++) {
		struct tls_conn *c = &t->conn[i];
		uint64_t most = c->dialed ? TLS_UNUSED_MS
		    : c->used             ? TLS_IDLE_MS
					  : TLS_STRANGE_MS;

		if (!c->up)
			continue;
		if (is_used(e, c)) {
			c->used = true;
			c->used_ms = now_ms;
		} else if (now_ms - c->used_ms > most) {
			c->used_ms = now_ms;
			(void)e->io.tls_close(e->io.ctx, c->id);
		}
	}
}

/*
 * Nobody is to call where nobody listens.  But tlsd is started again after a
 * crash, and a record of places that changes twice for it is worse.
 */
static void
gone(struct engine *e, uint64_t now_ms)
{
	struct tls *t = &e->tls;

	if (!t->pin.listens || now_ms - t->gone_ms < TLS_GONE_MS)
		return;
	t->pin.listens = false;
	tls_disc_ready(e);
}

void
tls_tick(struct engine *e, uint64_t now_ms)
{
	struct tls *t = &e->tls;

	if (!t->there) {
		gone(e, now_ms);
		return;
	}
	timers_set(&e->timers, &e->t_tls, now_ms + TLS_TICK_MS);
	if (now_ms - t->looked_ms >= TLS_LOOK_MS) {
		t->looked_ms = now_ms;
		look_at_conns(e, now_ms);
	}
	if (e->node.tls_connect == CONF_TLS_NO)
		return;
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL)
			continue;
		learn(e, p, now_ms);
		if (wants_call(e, p, now_ms))
			call(e, p, now_ms);
	}
}

/* ---- what tlsd says ---- */

void
engine_tls_pin(struct engine *e, const struct msg_tls_pin *m)
{
	e->tls.pin = *m;
	e->tls.has_pin = true;
	tls_disc_ready(e);
}

void
tls_disc_ready(struct engine *e)
{
	if (e->tls.has_pin && e->io.tell_tls != NULL)
		(void)e->io.tell_tls(e->io.ctx, &e->tls.pin);
}

/* The places that went with it. */
static void
withdraw(struct engine *e, uint64_t now_ms, const struct endpoint *far)
{
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL)
			continue;
		carry_withdraw(e, p, now_ms, CARRY_TLS, far);
		/* without other places to fail over to it begins anew */
		if (p->lanes == NULL && p->sock == CARRY_TLS && p->has_ep &&
		    endpoint_eq(&p->ep, far)) {
			p->has_ep = false;
			p->sock = 0;
			if (p->peer.state != PEER_IDLE && !p->guest)
				slot_close(e, p, now_ms, PEV_CLOSED);
		}
	}
}

/* A call of ours that came to nothing. */
static void
call_failed(struct engine *e, uint64_t now_ms, const struct tls_conn *c,
    enum tls_down why)
{
	struct peer_slot *p = engine_find_key(e, c->key);
	char where[ENDPOINT_STRLEN];
	struct msg_event m;

	count(e, TLS_REFUSALS);
	if (p == NULL)
		return;
	p->tls_ms = now_ms +
	    ((uint64_t)TLS_AGAIN_MS
		<< (p->tls_failed < TLS_AGAIN_MAX ? p->tls_failed
						  : TLS_AGAIN_MAX));
	if (p->tls_failed < UINT8_MAX)
		p->tls_failed++;
	log_debug("%s: no TLS at %s: %s", p->conf.name,
	    endpoint_format(&c->far, where), tls_down_name(why));
	if (why != TLS_WRONG_PIN || e->io.tell_event == NULL)
		return;
	log_warnx("%s: another key answers at its TLS place %s", p->conf.name,
	    endpoint_format(&c->far, where));
	events_begin(&m, EV_TLS_PIN);
	events_text(&m, EVF_PEER, p->conf.name);
	events_text(&m, EVF_PLACE, endpoint_format(&c->far, where));
	e->io.tell_event(e->io.ctx, &m);
}

void
engine_tls_up(
    struct engine *e, uint64_t now_ms, uint32_t id, const struct msg_tls_up *m)
{
	struct tls *t = &e->tls;
	struct tls_conn *c = by_id(t, id);
	struct peer_slot *p;

	e->now_ms = now_ms;
	if (turn_stream_is(e, id)) {
		turn_stream_up(e, now_ms);
		return;
	}
	if (m->accepted != ((id & TLS_ACCEPTED_ID) != 0) ||
	    (c != NULL) == m->accepted || tls_has(e, &m->far)) {
		count(e, ILLEGAL_EVENTS);
		(void)e->io.tls_close(e->io.ctx, id);
		return;
	}
	if (c == NULL) {
		if (t->n == TLS_CONNS) {
			(void)e->io.tls_close(e->io.ctx, id);
			return;
		}
		c = &t->conn[t->n++];
		*c = (struct tls_conn){.id = id, .far = m->far};
	}
	c->up = true;
	c->used_ms = now_ms;
	if (!c->dialed || (p = engine_find_key(e, c->key)) == NULL)
		return;
	p->tls_failed = 0;
	p->tls_ms = 0;
	(void)carry_offer(e, p, now_ms, CARRY_TLS, &c->far);
}

void
engine_tls_down(
    struct engine *e, uint64_t now_ms, uint32_t id, enum tls_down why)
{
	struct tls *t = &e->tls;
	struct tls_conn *c = by_id(t, id), was;

	e->now_ms = now_ms;
	if (turn_stream_is(e, id))
		turn_stream_down(e, now_ms, why);
	if (c == NULL)
		return;
	was = *c;
	*c = t->conn[--t->n];
	if (was.up)
		withdraw(e, now_ms, &was.far);
	else
		call_failed(e, now_ms, &was, why);
}

void
engine_tls_data(
    struct engine *e, uint64_t now_ms, uint32_t id, uint8_t *data, size_t len)
{
	struct tls_conn *c = by_id(&e->tls, id);
	struct endpoint far;

	if (turn_stream_is(e, id)) {
		turn_stream_data(e, now_ms, data, len);
		return;
	}
	if (c == NULL || !c->up)
		return; /* closed, and they do not know yet */
	far = c->far;
	carry_received(e, now_ms, CARRY_TLS, &far, data, len);
}

void
engine_tls_there(struct engine *e, uint64_t now_ms, bool there)
{
	struct tls *t = &e->tls;

	e->now_ms = now_ms;
	t->there = there && e->io.tls_connect != NULL;
	turn_stream_there(e, now_ms, t->there);
	while (t->n > 0) {
		struct endpoint far = t->conn[--t->n].far;

		if (t->conn[t->n].up)
			withdraw(e, now_ms, &far);
	}
	if (t->there) {
		timers_set(&e->timers, &e->t_tls, now_ms);
		return;
	}
	t->gone_ms = now_ms;
	timers_set(&e->timers, &e->t_tls, now_ms + TLS_GONE_MS);
}
