/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_event.c */
/*
 * Events of the engine (see engine_event.h).  Who counts, limits and keeps
 * them is behind engine_io; here is only what they say.
 */
#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"

/* A sixth of its life; renewal is tried from a third on. */
#define ENDING_PART 6

static void
tell(struct engine *e, const struct msg_event *m)
{
	if (e->io.tell_event != NULL)
		e->io.tell_event(e->io.ctx, m);
}

static void
place_of(struct msg_event *m, enum event_field f, const struct endpoint *ep)
{
	char text[ENDPOINT_STRLEN];

	events_text(m, f, endpoint_format(ep, text));
}

/* ---- peers ---- */

void
ev_cause(struct peer_slot *p, enum event_word why)
{
	p->down_why = (uint8_t)(why + 1);
}

static void
down(struct engine *e, struct peer_slot *p)
{
	struct msg_event m;

	events_begin(&m, EV_PEER_DOWN);
	events_text(&m, EVF_PEER, p->conf.name);
	events_number(
	    &m, EVF_CAUSE, p->down_why == 0 ? EVW_SILENCE : p->down_why - 1u);
	tell(e, &m);
}

static void
up(struct engine *e, struct peer_slot *p)
{
	struct msg_event m;

	events_begin(&m, EV_PEER_UP);
	events_text(&m, EVF_PEER, p->conf.name);
	place_of(&m, EVF_PLACE, &p->ep);
	tell(e, &m);
}

void
ev_peer(struct engine *e, struct peer_slot *p)
{
	bool is_up = p->peer.state == PEER_UP;

	if (p->told_up && p->peer.state == PEER_IDLE) {
		e->c.v[PEER_DOWNS]++;
		down(e, p);
	} else if (is_up && !p->told_up) {
		e->c.v[PEER_UPS]++;
		up(e, p);
	}
	if (is_up || p->peer.state == PEER_IDLE) {
		p->told_up = is_up;
		p->down_why = 0;
	}
}

void
ev_moved(struct engine *e, const struct peer_slot *p, const struct endpoint *to)
{
	struct msg_event m;

	if (!p->told_up)
		return;
	events_begin(&m, EV_PEER_MOVED);
	events_text(&m, EVF_PEER, p->conf.name);
	place_of(&m, EVF_PLACE, to);
	place_of(&m, EVF_WAS, &p->ep);
	tell(e, &m);
}

void
ev_path(struct engine *e, const struct peer_slot *p, enum event_kind kind,
    const struct way *was, uint64_t silent_ms)
{
	char text[PLACE_NAME_MAX];
	struct msg_event m;

	events_begin(&m, kind);
	events_text(&m, EVF_PEER, p->conf.name);
	events_text(&m, EVF_PLACE, engine_place_name(e, p->sock, &p->ep, text));
	events_text(
	    &m, EVF_WAS, engine_place_name(e, was->sock, &was->ep, text));
	if (kind == EV_PATH_FAILED)
		events_number(&m, EVF_COUNT, silent_ms);
	tell(e, &m);
}

void
ev_pmtu(struct engine *e, const struct peer_slot *p, uint16_t mtu)
{
	struct msg_event m;

	events_begin(&m, EV_PMTU);
	events_text(&m, EVF_PEER, p->conf.name);
	place_of(&m, EVF_PLACE, &p->ep);
	events_number(&m, EVF_COUNT, mtu);
	tell(e, &m);
}

void
ev_mismatch(struct engine *e, const struct peer_slot *p,
    const struct endpoint *at, enum event_word why)
{
	struct msg_event m;

	events_begin(&m, EV_MISMATCH);
	events_text(&m, EVF_PEER, p->conf.name);
	if (at != NULL)
		place_of(&m, EVF_PLACE, at);
	events_number(&m, EVF_CAUSE, why);
	tell(e, &m);
}

void
ev_breaker(struct engine *e, const struct peer_slot *p, bool opened)
{
	struct msg_event m;

	if (p->owner != NULL || p->guest)
		return;
	events_begin(&m, opened ? EV_BREAKER_OPEN : EV_BREAKER_CLOSED);
	events_text(&m, EVF_PEER, p->conf.name);
	events_number(&m, EVF_COUNT, p->breaker.trips);
	tell(e, &m);
}

/* ---- streams ---- */

static void
stream(struct msg_event *m, enum event_kind kind, const struct lanes *l,
    unsigned place)
{
	events_begin(m, kind);
	events_text(m, EVF_PEER, l->slot[0]->conf.name);
	events_number(m, EVF_STREAM, place);
}

void
ev_stream_up(struct engine *e, const struct lanes *l, unsigned place)
{
	struct msg_event m;

	stream(&m, EV_STREAM_OPENED, l, place);
	place_of(&m, EVF_PLACE, &l->slot[place]->ep);
	tell(e, &m);
}

void
ev_stream_end(
    struct engine *e, const struct lanes *l, unsigned place, bool lost)
{
	struct msg_event m;

	stream(&m, lost ? EV_STREAM_REPLACED : EV_STREAM_CLOSED, l, place);
	events_number(&m, EVF_CAUSE,
	    lost                        ? EVW_LOST
		: l->pool.s[place].mine ? EVW_IDLE
					: EVW_BY_PEER);
	tell(e, &m);
}

void
ev_relay(struct engine *e, const struct circuit *c, bool opened)
{
	const struct peer_slot *p = engine_find_key(e, c->far);
	const struct peer_slot *via = slot_get(e, c->leg[0].peer);
	struct msg_event m;

	if (c->role == RELAY_TRANSIT)
		return; /* others' business, and counted */
	events_begin(&m, opened ? EV_RELAY_OPENED : EV_RELAY_CLOSED);
	events_text(&m, EVF_PEER, p == NULL ? "" : p->conf.name);
	events_text(&m, EVF_VIA, via == NULL ? "" : via->conf.name);
	tell(e, &m);
}

/* ---- the network ---- */

void
ev_member(struct engine *e, const struct cert *c, enum event_kind kind)
{
	struct msg_event m;

	events_begin(&m, kind);
	events_text(&m, EVF_PEER, c->name);
	events_number(&m, EVF_SERIAL, c->serial);
	tell(e, &m);
}

void
ev_member_gone(struct engine *e, const struct cert *c, enum cert_verdict why)
{
	struct msg_event m;

	if (why == CERT_REVOKED) {
		ev_member(e, c, EV_MEMBER_REVOKED);
		return;
	}
	events_begin(&m, EV_MEMBER_LEFT);
	events_text(&m, EVF_PEER, c->name);
	events_number(&m, EVF_SERIAL, c->serial);
	events_number(
	    &m, EVF_CAUSE, why == CERT_EXPIRED ? EVW_EXPIRED : EVW_INVALID);
	tell(e, &m);
}

void
ev_crl(struct engine *e)
{
	struct msg_event m;

	events_begin(&m, EV_CRL);
	events_number(&m, EVF_NUMBER, e->net.crl.number);
	events_number(&m, EVF_COUNT, e->net.crl.n);
	tell(e, &m);
}

static void
own(struct engine *e, enum event_kind kind)
{
	struct msg_event m;

	events_begin(&m, kind);
	events_number(&m, EVF_SERIAL, e->net.own.serial);
	events_number(&m, EVF_EXPIRES, e->net.own.not_after * 1000);
	tell(e, &m);
}

void
ev_renewed(struct engine *e)
{
	e->told_end = 0;
	own(e, EV_CERT_RENEWED);
}

void
ev_not_renewed(struct engine *e, const char *why)
{
	struct msg_event m;

	events_begin(&m, EV_CERT_FAILED);
	events_text(&m, EVF_TEXT, why);
	tell(e, &m);
}

/* ---- every second ---- */

/* Of each certificate once that it is about to end, and once that it has. */
static void
look_at_own(struct engine *e, uint64_t now_ms)
{
	const struct cert *c = &e->net.own;
	uint64_t now = engine_unix_s(e, now_ms);
	uint64_t life = c->not_after - c->not_before;

	if (!e->net.on || c->not_after == 0 || c->not_after < c->not_before)
		return;
	if (now > c->not_after) {
		if (e->told_end < 2)
			own(e, EV_CERT_EXPIRED);
		e->told_end = 2;
	} else if (c->not_after - now < life / ENDING_PART) {
		if (e->told_end < 1)
			own(e, EV_CERT_ENDING);
		e->told_end = 1;
	} else
		e->told_end = 0;
}

void
engine_watch(struct engine *e, uint64_t now_ms)
{
	const struct counters *c = engine_counters(e);
	struct msg_event m;

	engine_woke(e, now_ms);
	while (excess_next(&e->excess, c, now_ms, &m))
		tell(e, &m);
	look_at_own(e, now_ms);
	tunmtu_tick(e, now_ms);
	engine_sieve(e, sieve_look(&e->sieve, now_ms));
}

void
ev_init(struct engine *e)
{
	static const enum counter list[] = {EI_NEED_COOKIE, EI_RATE, EI_BUSY,
	    EO_HOLD_FULL, EO_SEEK_FULL, EO_STREAM_FULL, EO_UDP_FULL,
	    FLOWS_EVICTED, FILTER_EVICTED, FRAMES_LIMITED, MEMBERS_FULL,
	    GUESTS_EVICTED, STREAMS_REFUSED, ECHOES_REFUSED, C_NONE};

	excess_init(&e->excess, list);
}
