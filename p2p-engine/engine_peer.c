/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_peer.c */
/*
 * One peer: carries out what the machine of peer.c and the timers of
 * wire/session.c ask for, and reports back to them.  Every peer has its own
 * hold queue, timer and back-off, so that one that can't be reached costs the
 * others nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"
#include "handshake.h"
#include "log.h"
#include "path.h"

struct peer_slot *
slot_get(const struct engine *e, uint32_t no)
{
	if (no < e->nslots)
		return e->slot[no];
	return no - STREAM_NUMBERS < STREAMS_ALL
	    ? e->stream[no - STREAM_NUMBERS]
	    : NULL;
}

void
index_drop_all(struct engine *e, const uint32_t *gone, int n)
{
	for (int i = 0; i < n; i++)
		index_drop(e->index, gone[i]);
}

void
engine_complain(struct engine *e, uint64_t now_ms, enum icmp_what what,
    const struct pkt *about)
{
	static const struct vnet plain;
	uint8_t out[ICMP_MAX];
	size_t len;

	len = icmp_make(out, what, pmtu_told(e, about), about);
	if (len == 0 || !bucket_take(&e->icmp, now_ms, ICMP_PER_S, ICMP_BURST))
		return;
	path_commit(e); /* it is put together where this goes */
	if (e->io.tun_send(e->io.ctx, &plain, out, len) == 0)
		count(e, ICMP_SENT);
}

/* ---- what waits ---- */

static void
drop_one(struct engine *e, struct peer_slot *to, struct held *h,
    uint64_t now_ms, enum counter why)
{
	struct pkt p;

	drop_waited(e, why, to, h);
	if (why != EO_SHUTDOWN && pkt_parse(&p, h->pkt, h->len) == 0)
		engine_complain(e, now_ms,
		    why == EO_PEER_OFF ? ICMP_PROHIBITED : ICMP_HOST, &p);
	free(h);
}

void
slot_drop_held(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, enum counter why)
{
	struct held *h;

	while ((h = hold_pop(&p->hold)) != NULL)
		drop_one(e, p, h, now_ms, why);
	qos_drop(e, p, why);
}

static void
expire_held(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct held *h;

	while ((h = hold_expired(&p->hold, now_ms)) != NULL)
		drop_one(e, p, h, now_ms, EO_HOLD_TIMEOUT);
}

void
slot_hold(struct engine *e, uint64_t now_ms, const struct outgoing *r)
{
	uint64_t due_ms = now_ms + e->node.hold_timeout_ms;

	if (r->behind != NULL) {
		stream_hold(e, now_ms, r);
		return;
	}
	drop_or_hold(e, &r->to->hold, due_ms, r, EO_HOLD_FULL);
	r->to->hinted = false; /* the host wants it too */
	r->to->wanted_ms = now_ms;
	slot_want(e, r->to, now_ms, BEV_PACKET);
	slot_arm(e, r->to);
}

/* There is a key: everything that waited goes out, in order. */
static void
flush_held(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	for (uint32_t n = p->hold.n; n > 0; n--) {
		struct held *h = hold_pop(&p->hold);
		struct outgoing r = {
		    .vnet = &h->vnet, .data = h->pkt, .len = h->len};
		enum counter verdict = path_out(e, now_ms, &r);

		if (verdict == EO_HELD && r.behind != NULL)
			stream_hold(e, now_ms, &r);
		else if (verdict == EO_HELD)
			drop_or_hold(e, &p->hold, h->due_ms, &r, EO_HOLD_FULL);
		else if (verdict != EO_SENT)
			drop_out(e, verdict, &r);
		free(h);
	}
}

/* ---- the machine ---- */

static void
opened(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	char where[ENDPOINT_STRLEN];

	log_info("%s: up at %s", p->conf.name, endpoint_format(&p->ep, where));
	p->hinted = false;
	slot_seen(e, p, true);
	qos_release(e, p, now_ms); /* it came first */
	flush_held(e, p, now_ms);
	if (p->member != NULL)
		join_up(e, p, now_ms);
	relay_up(e, p, now_ms);
}

static void
look_up(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct way list[PLACES_ALL];
	int asked = 0;

	/* the answer that made it a peer is enough for now */
	if (p->member == NULL || p->ncand == 0 ||
	    now_ms - p->asked_ms >= LOOKUP_MS)
		asked = slot_lookup(e, p, now_ms);
	/* what is known is dialed at once; the answer may add to it */
	if (slot_places(p, list) != 0)
		slot_event(e, p, now_ms, PEV_FOUND);
	else if (asked == -1)
		slot_event(e, p, now_ms, PEV_UNKNOWN);
	else
		relay_dialed(e, p, now_ms);
}

/* It failed to the end: its breaker says when it is tried again. */
static void
left_alone(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, enum peer_state was)
{
	if (was != PEER_LOOKUP)
		count(e, HS_GIVEN_UP);
	if (p->breaker.wait.tries <= 1)
		log_info("%s: %s", p->conf.name,
		    was == PEER_LOOKUP ? "no known address" : "no answer");
	p->hinted = false;
	p->unanswered = false;
	p->turn += p->ses.attempts;
	session_stop_dialing(&p->ses);
	if (p->breaker.state != BREAKER_OPEN)
		slot_breaker(e, p, now_ms, BEV_LOST);
	if (p->seen_up)
		slot_seen(e, p, false);
	slot_drop_held(
	    e, p, now_ms, was == PEER_LOOKUP ? EO_NO_ENDPOINT : EO_BREAKER);
}

bool
slot_is_wanted(const struct peer_slot *p)
{
	return p->conf.admin_up &&
	    (p->hold.n != 0 || qos_waiting(p) != 0 || p->conf.keepalive_s != 0);
}

void
slot_lost(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->peer.state == PEER_LOOKUP)
		slot_event(e, p, now_ms, PEV_UNKNOWN);
	else if (p->peer.state != PEER_IDLE)
		slot_event(e, p, now_ms, PEV_LOST);
}

static void
carry_out(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    enum peer_action act, enum peer_state was)
{
	switch (act) {
	case PACT_NONE:
		break;
	case PACT_LOOKUP:
		look_up(e, p, now_ms);
		break;
	case PACT_DIAL:
		session_want(&p->ses, now_ms);
		break;
	case PACT_FLUSH:
		opened(e, p, now_ms);
		break;
	case PACT_LOST:
		left_alone(e, p, now_ms, was);
		break;
	}
	slot_arm(e, p);
}

void
slot_event(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, enum peer_event ev)
{
	enum peer_state was = p->peer.state;
	uint32_t illegal = p->peer.illegal;
	enum peer_action act = peer_event(&p->peer, ev);

	e->c.v[ILLEGAL_EVENTS] += p->peer.illegal - illegal;
	if (p->peer.state != was) {
		p->since_ms = now_ms;
		if (was == PEER_IDLE)
			p->began_ms = now_ms;
		/* not those that called us: they were wanted elsewhere */
		else if (p->peer.state == PEER_UP)
			measure(e, HIST_SETUP, p->began_ms, now_ms);
		log_debug("%s: %s -> %s", p->conf.name, peer_state_name(was),
		    peer_state_name(p->peer.state));
	}
	if (was == PEER_LOOKUP && ev == PEV_UNKNOWN)
		ev_cause(p, EVW_NO_ADDRESS);
	else if (ev == PEV_LOST && p->down_why == 0)
		ev_cause(p, EVW_NO_ANSWER);
	else if (ev == PEV_OFF && p->down_why == 0)
		ev_cause(p, EVW_REMOVED);
	ev_peer(e, p);
	carry_out(e, p, now_ms, act, was);
	if (ev == PEV_OFF)
		slot_breaker(e, p, now_ms, BEV_OFF);
	if (p->peer.state == PEER_IDLE && was != PEER_IDLE && slot_is_wanted(p))
		slot_want(e, p, now_ms, BEV_WANT);
}

void
slot_heard(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->owner != NULL) {
		stream_heard(e, p, now_ms);
		return;
	}
	slot_called(e, p, now_ms);
	slot_up(e, p, now_ms);
}

void
slot_up(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->owner != NULL) {
		stream_heard(e, p, now_ms);
		return;
	}
	slot_keys(e, p, now_ms);
	if (!p->guest && p->peer.state != PEER_UP &&
	    session_up(&p->ses, now_ms))
		slot_event(e, p, now_ms, PEV_OPEN);
	slot_arm(e, p);
}

/* ---- keys come and go ---- */

static bool
has_keys(const struct session *s)
{
	for (int i = 0; i < SLOT_N; i++)
		if (s->slot[i] != NULL)
			return true;
	return false;
}

/*
 * The session, except p's own, that went unused for longest.  Not one that the
 * administrator wants at all times: it would come back at once, and two of
 * them could go on pushing each other out.
 */
static struct peer_slot *
longest_unused(const struct engine *e, const struct peer_slot *p, bool members)
{
	struct peer_slot *old = NULL;

	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *q = e->slot[i];

		if (q == NULL || q == p || !q->has_keys ||
		    (q->member != NULL) != members ||
		    q->conf.keepalive_s != 0 || q->peer.state == PEER_DIAL)
			continue;
		if (old == NULL || q->used_ms < old->used_ms)
			old = q;
	}
	return old;
}

/* No member costs a configured peer its session: rather it has none itself. */
static struct peer_slot *
who_makes_way(const struct engine *e, struct peer_slot *p)
{
	struct peer_slot *old = longest_unused(e, p, true);

	if (old == NULL && p != NULL && p->member != NULL && p->has_keys)
		return p;
	return old != NULL ? old : longest_unused(e, p, false);
}

void
slots_make_way(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct peer_slot *old;

	while (e->nkeys > e->node.sessions_max &&
	    (old = who_makes_way(e, p)) != NULL) {
		log_info("%s: session makes way, more than %u", old->conf.name,
		    e->node.sessions_max);
		ev_cause(old, EVW_MAKES_WAY);
		slot_close(e, old, now_ms,
		    old->peer.state == PEER_DIAL ? PEV_LOST : PEV_CLOSED);
	}
}

void
slot_keys(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	bool has = has_keys(&p->ses);

	if (p->guest || has == p->has_keys)
		return; /* guests are counted apart */
	p->has_keys = has;
	if (!has) {
		e->nkeys--;
		return;
	}
	e->nkeys++;
	p->used_ms = now_ms;
	slots_make_way(e, p, now_ms);
}

void
slot_close(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, enum peer_event ev)
{
	struct session_limits lim = p->ses.lim;
	uint16_t persistent_s = p->ses.persistent_s;

	streams_reset(e, p, now_ms);
	relay_gone(e, p, now_ms);
	if (p->batch != NULL)
		path_send(e, p->batch);
	hs_close(e, p);
	hs_drop(e, p);
	for (int i = 0; i < SLOT_N; i++)
		if (p->ses.slot[i] != NULL)
			index_drop(e->index, p->ses.slot[i]->local_index);
	session_clear(&p->ses);
	session_init(&p->ses, &lim);
	p->ses.persistent_s = persistent_s;
	slot_keys(e, p, now_ms);
	if (p->seen_up)
		slot_seen(e, p, false);
	if (ev != PEV_CLOSED || p->peer.state == PEER_UP)
		slot_event(e, p, now_ms, ev);
}

/* ---- time ---- */

static void
wiped(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	streams_reset(e, p, now_ms);
	relay_gone(e, p, now_ms);
	slot_keys(e, p, now_ms);
	if (p->seen_up)
		slot_seen(e, p, false);
	if (p->peer.state == PEER_UP)
		slot_event(e, p, now_ms, PEV_CLOSED);
}

static void
gave_up(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	hs_close(e, p);
	if (session_up(&p->ses, now_ms)) {
		/* a rekey failed; the key may still be good */
		count(e, HS_GIVEN_UP);
		return;
	}
	slot_lost(e, p, now_ms);
}

/*
 * So many handshakes of ours wait for keyd that an answer which is missing may
 * well be here already.  To repeat would make its keys worthless and the queue
 * longer, and its peer is not to blame; the session asks again soon.
 */
static bool
is_behind(const struct engine *e, const struct peer_slot *p)
{
	return p->ses.attempts > 0 && jobs_own(e->jobs) >= DIALS_CALM;
}

/* The session wants an initiation; only some states may dial. */
static void
initiate(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct endpoint to;
	uint16_t sock;

	if (p->peer.state != PEER_DIAL && p->peer.state != PEER_UP) {
		session_stop_dialing(&p->ses);
		if (p->peer.state == PEER_IDLE && !p->guest)
			slot_want(e, p, now_ms, BEV_PACKET);
		return;
	}
	if (is_behind(e, p) || slot_missed(e, p, now_ms))
		return;
	/* with a session that is up, after a failure: this is the trial */
	if (p->breaker.state == BREAKER_HALF)
		slot_breaker(e, p, now_ms, BEV_WANT);
	if (p->hinted && p->ses.attempts >= STRAY_TRIES) {
		session_stop_dialing(&p->ses);
		slot_event(e, p, now_ms, PEV_LOST);
		return;
	}
	hs_dial(e, p, now_ms);
	/* nobody answers at what is known, or nothing of it can be tried */
	if (now_ms - p->asked_ms >= LOOKUP_AGAIN_MS &&
	    (p->ses.attempts >= 2 ||
		!slot_target(e, p, now_ms, p->ses.attempts, &to, &sock)))
		(void)slot_lookup(e, p, now_ms);
}

static bool
may_idle_out(const struct engine *e, const struct peer_slot *p)
{
	return e->node.sessions_idle_s != 0 && p->has_keys &&
	    p->conf.keepalive_s == 0 && p->peer.state != PEER_DIAL;
}

static uint64_t
idle_due(const struct engine *e, const struct peer_slot *p)
{
	return p->used_ms + e->node.sessions_idle_s * UINT64_C(1000);
}

static uint64_t
earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Nobody dials any more, but its answer may still come. */
static bool
hs_is_left(const struct peer_slot *p)
{
	return p->hs_open && !session_dialing(&p->ses);
}

static uint64_t
slot_due(const struct engine *e, const struct peer_slot *p)
{
	uint64_t due = earlier(session_due(&p->ses), hold_due(&p->hold));

	due = earlier(due, qos_due(p));

	if (p->lanes != NULL)
		due =
		    earlier(due, fence_due(&p->lanes->pool.s[p->place].fence));
	due = earlier(due, paths_due(p));
	due = earlier(due, punching_due(e, p));
	due = earlier(due, relay_slot_due(p));
	due = earlier(due, pmtu_slot_due(p));
	if (p->lookup_id != 0)
		due = earlier(due, p->lookup_due_ms);
	if (p->breaker.due_ms != 0)
		due = earlier(due, p->breaker.due_ms);
	if (hs_is_left(p))
		due = earlier(due, p->hs_sent_ms + HS_LIFE_MS);
	if (may_idle_out(e, p))
		due = earlier(due, idle_due(e, p));
	if (p->hello_due_ms != 0)
		due = earlier(due, p->hello_due_ms);
	if (p->guest)
		due = earlier(due, p->guest_due_ms);
	return p->parting || p->out.n != 0 ? 0 : due;
}

void
slot_arm(struct engine *e, struct peer_slot *p)
{
	uint64_t due = slot_due(e, p);

	/* later is found out when it fires: cheaper than moving it each time */
	if (due < (p->timer.pos == 0 ? UINT64_MAX : p->timer.due_ms))
		timers_set(&e->timers, &p->timer, due);
}

/* What is due of control frames; true: the slot was a guest's and is freed. */
static bool
tick_frames(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	slot_frames_flush(e, p, now_ms);
	if (slot_parted(e, p, now_ms))
		return true;
	if (p->guest && now_ms >= p->guest_due_ms) {
		guest_drop(e, p, now_ms);
		return true;
	}
	hello_again(e, p, now_ms);
	return false;
}

void
slot_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	uint32_t gone[SLOT_N];
	unsigned ngone = 0, todo;

	if (tick_frames(e, p, now_ms))
		return;
	todo = session_tick(&p->ses, now_ms, gone, &ngone);
	index_drop_all(e, gone, (int)ngone);
	if (todo & SES_WIPED)
		wiped(e, p, now_ms);
	if (todo & SES_GAVE_UP)
		gave_up(e, p, now_ms);
	if (todo & SES_INITIATE)
		initiate(e, p, now_ms);
	if (todo & SES_KEEPALIVE)
		(void)path_keepalive(e, now_ms, p);
	expire_held(e, p, now_ms);
	qos_release(e, p, now_ms);
	slot_lookup_late(e, p, now_ms);
	if (breaker_is_due(&p->breaker, now_ms))
		slot_breaker_due(e, p, now_ms);
	if (hs_is_left(p) && now_ms - p->hs_sent_ms >= HS_LIFE_MS)
		hs_close(e, p);
	if (may_idle_out(e, p) && now_ms >= idle_due(e, p)) {
		ev_cause(p, EVW_IDLE);
		slot_close(e, p, now_ms, PEV_CLOSED);
	}
	stream_fence_tick(e, p, now_ms);
	paths_tick(e, p, now_ms);
	punching_tick(e, p, now_ms);
	relay_slot_tick(e, p, now_ms);
	pmtu_slot_tick(e, p, now_ms);
	slot_rearm(e, p, now_ms);
}

void
slot_rearm(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	uint64_t due;

	/* one look a millisecond is enough, whatever a machine says */
	due = slot_due(e, p);
	if (due == UINT64_MAX)
		timers_stop(&e->timers, &p->timer);
	else
		timers_set(
		    &e->timers, &p->timer, due > now_ms ? due : now_ms + 1);
}
