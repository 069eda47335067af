/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_relay_seek.c */
/*
 * Who needs a way by a relay, and by which.
 *
 *	dialed, no direct place, or none answers	two ways
 *	up, but its place is silent, or a relay's	two ways
 *	up and in use					one, to be safe
 *
 * Candidates are members that said that they relay and that we have a session
 * with; those that the peer has published come first, and are dialed if need
 * be.  Who asks in vain asks others next, later and later.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_relay.h"

/* ---- who relays ---- */

static uint32_t
rtt_of(const struct peer_slot *p)
{
	const struct pathset *s = &p->lanes->paths;

	if (p->lanes == NULL || s->best >= PATHS_MAX)
		return p->rtt_us;
	return s->at[s->best].rtt_us != 0
	    ? s->at[s->best].rtt_us + s->at[s->best].var_us
	    : p->rtt_us;
}

static bool
is_hint(const struct engine *e, const struct peer_slot *p,
    const struct peer_slot *r)
{
	for (unsigned i = 0; p->member != NULL && i < p->member->nrelays; i++)
		if (route_find(e->routes, &p->member->relay[i]) == r->no)
			return true;
	return false;
}

/* Losses weigh as RTT does: ten milliseconds a percent. */
static uint64_t
score_of(const struct engine *e, const struct peer_slot *p,
    const struct peer_slot *r)
{
	uint64_t us = rtt_of(r) != 0 ? rtt_of(r) : RELAY_RTT_US;

	if (r->lanes != NULL)
		us += r->lanes->pool.s[0].loss_pm * UINT64_C(1000);
	return is_hint(e, p, r) ? us : us + UINT32_MAX;
}

/* A way to p by r, there or asked for: by r alone, or with others behind it. */
static bool
is_used(const struct engine *e, const struct peer_slot *p,
    const struct peer_slot *r, bool alone)
{
	struct relay *t = &e->relay->t;
	struct relay_ask *a;
	struct circuit *c;
	uint32_t at = 0;

	while ((c = relay_next(t, &at)) != NULL)
		if (c->role != RELAY_TRANSIT && c->leg[0].peer == r->no &&
		    (c->hops == 1) == alone &&
		    memcmp(c->far, p->conf.key, sizeof(c->far)) == 0)
			return true;
	for (at = 0; (a = relay_ask_next(t, &at)) != NULL;)
		if (a->by == RELAY_US && a->peer == p->no && a->via == r->no &&
		    (a->o.n == 0) == alone)
			return true;
	return false;
}

unsigned
relay_choices(struct engine *e, const struct peer_slot *p, bool alone,
    struct relay_choice out[RELAY_CHOICES])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *r = e->slot[e->order[i]];
		struct relay_choice c = {.p = r};
		unsigned k;

		if (r == p || !relay_is(r) ||
		    relay_neighbour(e, r->no) == NULL ||
		    is_used(e, p, r, alone))
			continue;
		c.score = score_of(e, p, r);
		for (k = n; k > 0 && out[k - 1].score > c.score; k--)
			if (k < RELAY_CHOICES)
				out[k] = out[k - 1];
		if (k < RELAY_CHOICES)
			out[k] = c;
		if (n < RELAY_CHOICES)
			n++;
	}
	return n;
}

/* Who may be one, and has no session: soon it will. */
static void
dial_relays(struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < e->npeers && n < RELAY_WAYS; i++) {
		struct peer_slot *r = e->slot[e->order[i]];

		if (r == p || r->member == NULL || !r->conf.admin_up ||
		    (r->member->cert.caps & CERT_CAP_RELAY) == 0 ||
		    relay_neighbour(e, r->no) != NULL)
			continue;
		n++;
		if (r->peer.state == PEER_IDLE)
			slot_want(e, r, now_ms, BEV_WANT);
	}
}

/* Those that were named and that we know nothing of. */
static void
want_named(struct engine *e, uint64_t now_ms)
{
	unsigned asked = 0;

	for (uint32_t i = 0; i < e->npeers; i++) {
		const struct member *m = e->slot[e->order[i]]->member;

		for (unsigned k = 0; m != NULL && k < m->nrelays; k++) {
			if (route_find(e->routes, &m->relay[k]) != ROUTE_NONE)
				continue;
			engine_want_addr(e, &m->relay[k], now_ms);
			if (++asked == RELAY_WAYS)
				return;
		}
	}
}

void
relay_find_more(struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	dial_relays(e, p, now_ms);
	want_named(e, now_ms);
}

/* Those it has published: dialed, and meanwhile asked for by another one. */
static bool
ask_hinted(struct engine *e, struct peer_slot *p, struct peer_slot *by,
    uint64_t now_ms)
{
	bool asked = false;

	for (unsigned i = 0; i < p->member->nrelays; i++) {
		const struct addr *a = &p->member->relay[i];
		struct peer_slot *r = slot_get(e, route_find(e->routes, a));

		if (r == NULL) {
			engine_want_addr(e, a, now_ms);
			continue;
		}
		if (r == p || r->member == NULL ||
		    relay_neighbour(e, r->no) != NULL)
			continue;
		if (r->conf.admin_up && r->peer.state == PEER_IDLE)
			slot_want(e, r, now_ms, BEV_WANT);
		if (by == NULL || by == r || asked || is_used(e, p, by, false))
			continue;
		relay_ask_for(e, p, by, r->conf.key, now_ms);
		asked = true;
	}
	return asked;
}

static bool
ask_behind(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct relay_choice by[RELAY_CHOICES];
	unsigned n = relay_choices(e, p, false, by);

	return ask_hinted(
	    e, p, n == 0 ? NULL : by[p->relayed.tries % n].p, now_ms);
}

static void
seek(struct engine *e, struct peer_slot *p, uint64_t now_ms, unsigned wanted)
{
	struct relay_choice list[RELAY_CHOICES];
	unsigned n = relay_choices(e, p, true, list), first = 0;

	/* who refused is asked last next time, but not those it named */
	if (n > 0 && !is_hint(e, p, list[0].p))
		first = p->relayed.tries % n;
	/* none that it named is near: one behind another one */
	if (n == 0 || !is_hint(e, p, list[0].p)) {
		if (ask_behind(e, p, now_ms)) {
			wanted--;
			first++;
		}
	}
	for (unsigned i = 0; i < n && i < wanted; i++) {
		struct peer_slot *r = list[(first + i) % n].p;

		if (!is_used(e, p, r, true))
			relay_ask_for(e, p, r, NULL, now_ms);
	}
	if (n < wanted) {
		dial_relays(e, p, now_ms);
		if (p->relayed.tries > 0) /* others may be known by now */
			(void)slot_lookup(e, p, now_ms);
	}
}

/* ---- who needs one ---- */

static bool
may_seek(const struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	if (!e->node.relay_use || !e->net.on || p->member == NULL || p->guest ||
	    p->owner != NULL || !p->conf.admin_up)
		return false;
	return slot_is_wanted(p) ||
	    (p->wanted_ms != 0 && now_ms - p->wanted_ms < WANTED_MS) ||
	    (session_up(&p->ses, now_ms) && p->used_ms != 0 &&
		now_ms - p->used_ms < RELAY_USED_MS);
}

/* How many ways there should be. */
static unsigned
need(const struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	if (!may_seek(e, p, now_ms))
		return 0;
	if (!session_up(&p->ses, now_ms) || p->sock == CARRY_RELAY)
		return RELAY_WAYS;
	if (p->lanes == NULL)
		return 0;
	/* who is reached by a relay is no relay, and none for it */
	if (p->sock == CARRY_TLS && (relay_is(p) || relays_serve(e)) &&
	    p->lanes->paths.state != PATHSET_DOUBT)
		return 0;
	return p->lanes->paths.state == PATHSET_DOUBT ? RELAY_WAYS : 1;
}

static unsigned
have(const struct engine *e, const struct peer_slot *p)
{
	struct relay *t = &e->relay->t;
	struct relay_ask *a;
	struct circuit *c;
	unsigned n = 0;
	uint32_t at = 0;

	while ((c = relay_next(t, &at)) != NULL)
		n += c->role != RELAY_TRANSIT &&
		    memcmp(c->far, p->conf.key, sizeof(c->far)) == 0;
	for (at = 0; (a = relay_ask_next(t, &at)) != NULL;)
		n += a->by == RELAY_US && a->peer == p->no;
	return n;
}

static bool
has_direct(const struct engine *e, const struct peer_slot *p)
{
	struct way list[PLACES_ALL];
	unsigned n = slot_places(p, list);

	for (unsigned i = 0; i < n; i++) {
		uint16_t sock;

		if (slot_sock_for(e, p, &list[i], &sock) && sock != CARRY_RELAY)
			return true;
	}
	return false;
}

void
relay_dialed(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->relayed.due_ms != 0 || !may_seek(e, p, now_ms))
		return;
	p->relayed.tries = 0;
	p->relayed.due_ms =
	    has_direct(e, p) ? now_ms + RELAY_PATIENCE_MS : now_ms;
	slot_arm(e, p);
}

uint64_t
relay_slot_due(const struct peer_slot *p)
{
	return p->relayed.due_ms == 0 ? UINT64_MAX : p->relayed.due_ms;
}

/* Its place is silent: not when it is looked at next, but now. */
static bool
is_urgent(const struct peer_slot *p)
{
	return p->lanes != NULL && p->owner == NULL &&
	    p->lanes->paths.state == PATHSET_DOUBT && p->relayed.tries == 0;
}

/*
 * What was sent when the way was opened may have been lost, or have come before
 * the other end knew its label.  The same again: a copy does no harm.
 */
static void
dial_again(struct engine *e, struct peer_slot *p)
{
	if (!p->hs_open || !session_dialing(&p->ses))
		return;
	for (unsigned i = 0; i < p->ncarried; i++)
		if (p->carried[i].sock == CARRY_RELAY &&
		    engine_send(e, p, CARRY_RELAY, &p->carried[i].ep, p->hs_msg,
			sizeof(p->hs_msg)) == 0)
			count(e, INIT_COPIES);
}

void
relay_slot_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct relayed *x = &p->relayed;
	unsigned wanted, there;
	uint64_t wait = RELAY_AGAIN_MS;

	if ((x->due_ms == 0 || now_ms < x->due_ms) && !is_urgent(p))
		return;
	wanted = need(e, p, now_ms);
	there = wanted == 0 ? 0 : have(e, p);
	dial_again(e, p);
	x->due_ms = 0;
	if (wanted == 0) {
		x->tries = 0;
		return;
	}
	if (there < wanted)
		seek(e, p, now_ms, wanted - there);
	if (there >= wanted || wanted == 1)
		wait = RELAY_LATER_MS;
	else
		wait <<= x->tries < 6 ? x->tries : 6;
	if (there < wanted && x->tries < UINT8_MAX)
		x->tries++;
	x->due_ms = now_ms + (wait < RELAY_LATER_MS ? wait : RELAY_LATER_MS);
}

/* ---- what others say ---- */

/* A relay that is there now is a relay for who waits for one. */
static void
wake_all(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->relayed.due_ms == 0 || session_up(&p->ses, now_ms))
			continue;
		p->relayed.due_ms = now_ms;
		slot_arm(e, p);
	}
}

void
relay_hello(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct hello *h)
{
	bool was = relay_is(p);

	if (p->owner != NULL)
		return;
	if (p->said.knows && p->said.boot != h->boot)
		relay_gone(e, p, now_ms);
	p->relayed.said = (h->flags & (HELLO_RELAY | HELLO_STREAMS)) ==
	    (HELLO_RELAY | HELLO_STREAMS);
	if (relay_is(p))
		wake_all(e, now_ms);
	if (relay_is(p) != was)
		relays_arm(e, now_ms);
	relay_offer_all(e, p, now_ms);
	if (may_seek(e, p, now_ms) && p->relayed.due_ms == 0) {
		p->relayed.due_ms = now_ms + RELAY_LOOK_MS;
		slot_arm(e, p);
	}
}

void
relays_known(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->relayed.due_ms != 0 && relay_is_hinted(p) &&
		    !session_up(&p->ses, now_ms) && have(e, p) < RELAY_CHOICES)
			(void)ask_behind(e, p, now_ms);
	}
}

bool
relay_is_hinted(const struct peer_slot *p)
{
	return p->member != NULL && p->member->nrelays != 0;
}

/* ---- time ---- */

static void
warm(struct engine *e, struct circuit *c, uint64_t now_ms)
{
	struct endpoint ep = relay_label(c->leg[0].label);
	struct peer_slot *p = engine_find_key(e, c->far);

	if (c->role != RELAY_ORIGIN || now_ms - c->warm_ms < RELAY_WARM_MS)
		return;
	c->warm_ms = now_ms;
	if (p == NULL || p->lanes == NULL || !session_up(&p->ses, now_ms))
		return;
	if (now_ms - p->used_ms < RELAY_USED_MS || p->sock == CARRY_RELAY)
		(void)probe_place(e, p, CARRY_RELAY, &ep);
}

static bool
is_untold(const struct circuit *c)
{
	return c->role == RELAY_TRANSIT && c->told != 0 &&
	    c->told < RELAY_TRIES && c->leg[1].packets == 0;
}

static void
circuits_tick(struct engine *e, uint64_t now_ms)
{
	enum relay_why why;
	struct circuit *c;
	uint32_t at = 0;

	while ((c = relay_next(&e->relay->t, &at)) != NULL) {
		if (relay_is_over(c, now_ms, &why)) {
			relay_end_of(e, c, now_ms, why, NULL);
			continue;
		}
		if (is_untold(c) && now_ms >= c->told_ms)
			relay_tell_end(e, c, now_ms);
		warm(e, c, now_ms);
	}
}

void
relays_tick(struct engine *e, uint64_t now_ms)
{
	relay_asks_tick(e, now_ms);
	circuits_tick(e, now_ms);
	if (now_ms >= e->relay->look_ms) {
		e->relay->look_ms = now_ms + RELAY_LOOK_MS;
		relays_keep(e, now_ms);
	}
	timers_stop(&e->timers, &e->t_relay);
	relays_arm(e, now_ms);
}

void
relays_arm(struct engine *e, uint64_t now_ms)
{
	const struct relay *t = &e->relay->t;
	uint64_t due = UINT64_MAX;
	struct circuit *c;
	uint32_t at = 0;

	if (e->net.on)
		due = e->relay->look_ms;
	if (t->n[RELAY_ORIGIN] + t->n[RELAY_END] + t->n[RELAY_TRANSIT] != 0)
		due = now_ms + 1000;
	if (t->nasks != 0)
		due = now_ms + RELAY_AGAIN_MS / 3;
	while (due > now_ms + RELAY_AGAIN_MS / 3 &&
	    (c = relay_next((struct relay *)(uintptr_t)t, &at)) != NULL)
		if (is_untold(c))
			due = now_ms + RELAY_AGAIN_MS / 3;
	if (due == UINT64_MAX)
		return;
	if (due <= now_ms)
		due = now_ms + 1;
	if (e->t_relay.pos == 0 || due < e->t_relay.due_ms)
		timers_set(&e->timers, &e->t_relay, due);
}
