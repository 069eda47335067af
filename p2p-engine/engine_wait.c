/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_wait.c */
/*
 * When a peer that failed is tried again: what its breaker says is carried out
 * here, and what happens to the peer is reported to it.
 *
 * A failure is an initiation that had no answer when the next one was due.
 * Five of them are some three seconds.  A peer with more places than that has
 * a try at each first, and while discoveryd is still asked for it no failure is
 * the last one.  A rekey that has no answer while the session works is none:
 * keyd may be away on the other side.
 *
 * A trial is one handshake with all its repetitions, for BREAKER_TRIAL_MS.  The
 * packet that began it waits for its end, and so do those of the first moment,
 * which a peer that is back answers; every other one is refused.
 */
#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"
#include "handshake.h"
#include "log.h"

#define TRIAL_GRACE_MS 500
/* Nothing heard for so long although we spoke: see wire/session.c. */
#define DEAD_MS (WG_KEEPALIVE_MS + WG_REKEY_TIMEOUT_MS)

void
breaker_conf_of(const struct conf_node *n, struct breaker_conf *c)
{
	*c = (struct breaker_conf){
	    .failures = n->breaker_failures,
	    .successes = n->breaker_successes,
	    .wait = {.first_ms = n->retry_initial_ms,
		.max_ms = n->retry_max_ms,
		.late_ms = n->breaker_reset_ms,
		.multiplier = n->retry_multiplier,
		.attempts = n->retry_attempts},
	};
}

/* One is back that was away: perhaps it was our own network. */
static void
spread_news(struct engine *e, uint64_t now_ms)
{
	if (now_ms - e->news_ms < NEWS_MS && e->news_ms != 0)
		return;
	e->news_ms = now_ms;
	engine_hint(e);
}

static void
note_change(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    enum breaker_state was)
{
	enum breaker_state is = p->breaker.state;

	log_debug("%s: breaker %s -> %s", p->conf.name, breaker_state_name(was),
	    breaker_state_name(is));
	if (was == BREAKER_TRIAL)
		count(e, is == BREAKER_OPEN ? RETRY_HS_FAILED : RETRY_HS_OK);
	if (was == BREAKER_CLOSED)
		count(e, BREAKER_TRIPS);
	if (is == BREAKER_TRIAL)
		count(e, RETRY_HS);
	else if (is == BREAKER_HALF)
		count(e, BREAKER_TO_HALF);
	else if (is == BREAKER_CLOSED)
		count(e, BREAKER_CLOSES);
	if (was == BREAKER_TRIAL && is != BREAKER_OPEN)
		spread_news(e, now_ms);
}

static enum breaker_action
told(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct breaker_conf *c, enum breaker_event ev)
{
	struct breaker *b = &p->breaker;
	enum breaker_state was = b->state;
	uint32_t illegal = b->illegal;
	enum breaker_action act = breaker_event(b, c, now_ms, ev);

	e->c.v[ILLEGAL_EVENTS] += b->illegal - illegal;
	if (act == BACT_OPEN)
		b->due_ms = now_ms + backoff_jitter(b->wait.ms, &e->io.rnd);
	if (b->state != was)
		note_change(e, p, now_ms, was);
	if (was == BREAKER_CLOSED && b->state == BREAKER_OPEN)
		ev_breaker(e, p, true);
	else if (was != BREAKER_CLOSED && b->state == BREAKER_CLOSED &&
	    ev != BEV_OFF)
		ev_breaker(e, p, false);
	slot_arm(e, p);
	return act;
}

enum breaker_action
slot_breaker(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    enum breaker_event ev)
{
	return told(e, p, now_ms, &e->breaker, ev);
}

static bool
lets(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    enum breaker_event ev)
{
	enum breaker_action act;

	if (ev == BEV_PACKET && now_ms < p->eager_ms)
		ev = BEV_WANT;
	act = slot_breaker(e, p, now_ms, ev);
	return act == BACT_GO || act == BACT_TRY;
}

void
slot_want(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    enum breaker_event ev)
{
	/* what is under way needs no leave */
	if (p->peer.state == PEER_LOOKUP || p->peer.state == PEER_DIAL)
		return;
	if (lets(e, p, now_ms, ev))
		slot_event(e, p, now_ms, PEV_WANTED);
}

/* What comes with the packet that began the trial waits with it. */
static bool
may_wait(const struct peer_slot *p, uint64_t now_ms)
{
	return p->breaker.state == BREAKER_TRIAL &&
	    (p->hold.n == 0 || now_ms - p->breaker.since_ms < TRIAL_GRACE_MS);
}

enum counter
slot_stop(struct engine *e, uint64_t now_ms, const struct outgoing *r)
{
	struct peer_slot *p = r->to;
	struct way list[PLACES_ALL];
	bool waits = may_wait(p, now_ms);

	p->wanted_ms = now_ms;
	if (!waits && !lets(e, p, now_ms, BEV_PACKET))
		return slot_places(p, list) == 0 ? EO_NO_ENDPOINT : EO_BREAKER;
	drop_or_hold(
	    e, &p->hold, now_ms + e->node.hold_timeout_ms, r, EO_HOLD_FULL);
	p->hinted = false;
	if (!waits)
		slot_event(e, p, now_ms, PEV_WANTED);
	slot_arm(e, p);
	return EO_HELD;
}

/* More than one is needed, and the session may be up meanwhile. */
static void
again(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->peer.state == PEER_UP)
		session_want(&p->ses, now_ms);
	else if (slot_is_wanted(p))
		slot_want(e, p, now_ms, BEV_WANT);
	slot_arm(e, p);
}

void
slot_breaker_due(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	switch (slot_breaker(e, p, now_ms, BEV_TIME)) {
	case BACT_OPEN:
		slot_lost(e, p, now_ms);
		break;
	case BACT_HALF:
		if (slot_is_wanted(p))
			slot_want(e, p, now_ms, BEV_WANT);
		break;
	case BACT_AGAIN:
		again(e, p, now_ms);
		break;
	default:
		break;
	}
}

/*
 * The second trial goes to who has just answered the first, so how long that
 * takes is known; repeating sooner would only make every answer late.
 */
void
slot_dialed(struct peer_slot *p, uint64_t now_ms)
{
	uint64_t wait_ms = p->rtt_us / 500;

	if (p->breaker.state == BREAKER_TRIAL && p->breaker.passes != 0)
		session_be_patient(&p->ses,
		    now_ms +
			(wait_ms < HS_PATIENCE_MS ? wait_ms : HS_PATIENCE_MS));
}

/* Does a missing answer say anything?  The session may work all the same. */
static bool
counts(const struct peer_slot *p, uint64_t now_ms)
{
	return !session_up(&p->ses, now_ms) || now_ms - p->seen_ms >= DEAD_MS;
}

bool
slot_missed(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct breaker_conf c = e->breaker;
	struct way list[PLACES_ALL];
	unsigned places;

	if (!p->unanswered)
		return false;
	p->unanswered = false;
	if (!counts(p, now_ms))
		return false;
	e->c.v[PLACE_TRIPS] +=
	    spots_missed(&p->spots, &e->breaker, now_ms, &p->tried);
	places = slot_places(p, list);
	if (c.failures < places)
		c.failures = places;
	if (p->lookup_id != 0)
		c.failures = UINT32_MAX;
	if (told(e, p, now_ms, &c, BEV_MISS) != BACT_OPEN)
		return false;
	slot_lost(e, p, now_ms);
	return true;
}

/* What we know of its failures is of yesterday. */
static void
works(struct peer_slot *p)
{
	p->unanswered = false;
	p->turn = 0;
	p->eager_ms = 0;
	spots_good(&p->spots, &p->ep);
}

void
slot_answered(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	works(p);
	slot_breaker(e, p, now_ms, BEV_PASS);
}

void
slot_called(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	const struct breaker *b = &p->breaker;

	if (b->state == BREAKER_CLOSED && b->failures == 0)
		return;
	works(p);
	slot_breaker(e, p, now_ms, BEV_CALL);
}

void
slot_hint(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->breaker.state != BREAKER_OPEN || now_ms < p->eager_ms)
		return;
	slot_breaker(e, p, now_ms, BEV_HINT);
	if (slot_is_wanted(p) ||
	    (p->wanted_ms != 0 && now_ms - p->wanted_ms < WANTED_MS))
		slot_want(e, p, now_ms, BEV_WANT);
}

static bool
talks(const struct peer_slot *p, uint64_t now_ms)
{
	return slot_is_wanted(p) ||
	    (p->wanted_ms != 0 && now_ms - p->wanted_ms < TALKS_MS);
}

/*
 * attempts and turn start over with the places: which of them is the right one
 * was learned from another link.
 */
static void
slot_link(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	bool was_shut = p->breaker.state != BREAKER_CLOSED;

	p->unanswered = false;
	p->turn = 0;
	p->asked_ms = 0; /* discoveryd may know another place by now */
	spots_forget(&p->spots);
	session_retry_now(&p->ses, now_ms);
	if (p->has_keys)
		session_keepalive_now(&p->ses);
	paths_hint(e, p, now_ms);
	pmtu_link(e, p, now_ms);
	slot_breaker(e, p, now_ms, BEV_LINK);
	/* a session that works needs no new one */
	if (was_shut ? talks(p, now_ms)
		     : slot_is_wanted(p) && !session_up(&p->ses, now_ms))
		slot_want(e, p, now_ms, BEV_WANT);
	slot_arm(e, p);
}

void
engine_link(struct engine *e, uint64_t now_ms)
{
	count(e, NEW_LINKS);
	engine_map_check(e, now_ms);
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		/* one that does not want us is as far away as before */
		if (p != NULL && !p->guest && p->conf.admin_up &&
		    p->eager_ms == 0)
			slot_link(e, p, now_ms);
	}
}

/*
 * Nobody looked for so long: the machine slept, or was stopped.  Where it is
 * now, and what became of its keys and of addresses of translators, is to be
 * found out, as on a new link.
 */
void
engine_woke(struct engine *e, uint64_t now_ms)
{
	uint64_t was = e->watched_ms;

	e->watched_ms = now_ms;
	if (was == 0 || now_ms - was < STOOD_STILL_MS)
		return;
	log_info("this node stood still for %llu s",
	    (unsigned long long)((now_ms - was) / 1000));
	count(e, CLOCK_JUMPS);
	engine_link(e, now_ms);
}

/* Their time has come; who is wanted by somebody is tried then. */
void
engine_hint(struct engine *e)
{
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL || p->breaker.state != BREAKER_OPEN ||
		    p->eager_ms != 0)
			continue;
		spots_forget(&p->spots);
		p->breaker.due_ms = 1; /* long ago */
		slot_arm(e, p);
	}
}
