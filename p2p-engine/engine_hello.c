/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_hello.c */
/*
 * Who are you, and goodbye.
 *
 *	initiator: HELLO, first of all on a new key, until it is answered
 *	responder: HELLO_ACK to each
 *
 * Both carry the sender's certificate, which must be of the very key that the
 * session is with.  A guest with a good one becomes a peer, its session stays;
 * one with a bad one is told so and forgotten.  A member whose new certificate
 * is bad keeps the one that we verified, for as long as that is good.
 */
#include <string.h>

#include "engine_int.h"
#include "log.h"

/* ---- HELLO ---- */

static int
say(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint8_t type)
{
	struct hello h = {
	    .flags =
		(uint16_t)(HELLO_STREAMS | (relays_serve(e) ? HELLO_RELAY : 0)),
	    .streams = e->node.streams_max == 0 ? 1 : e->node.streams_max,
	    .boot = e->net.boot,
	    .mtu = conf_mtu(&e->node),
	    .crl = e->net.has_crl ? e->net.crl.number : 0,
	    .certlen = e->net.bundle.certlen,
	};
	uint8_t body[FRAME_BODY_MAX];
	size_t n;

	memcpy(h.stream_key, e->stream_pub, sizeof(h.stream_key));
	memcpy(h.cert, e->net.bundle.cert, h.certlen);
	n = hello_put(body, &h);
	return n == 0 ? -1 : engine_frame_send(e, p, now_ms, type, body, n);
}

void
hello_send(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	p->hellos = 1;
	p->hello_due_ms = now_ms + HELLO_AGAIN_MS;
	(void)say(e, p, now_ms, FRAME_HELLO);
	slot_arm(e, p);
}

void
hello_again(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->hello_due_ms == 0 || now_ms < p->hello_due_ms)
		return;
	if (p->hellos >= HELLO_TRIES || !session_up(&p->ses, now_ms)) {
		p->hello_due_ms = 0; /* at the next key */
		return;
	}
	p->hello_due_ms = now_ms + (HELLO_AGAIN_MS << p->hellos);
	p->hellos++;
	(void)say(e, p, now_ms, FRAME_HELLO);
}

void
hello_all(struct engine *e, uint64_t now_ms)
{
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->member != NULL && session_up(&p->ses, now_ms))
			hello_send(e, p, now_ms);
	}
}

static enum bye_reason
reason_of(enum cert_verdict v)
{
	switch (v) {
	case CERT_REVOKED:
		return BYE_REVOKED;
	case CERT_EXPIRED:
		return BYE_EXPIRED;
	default:
		return BYE_PROTOCOL;
	}
}

/* Its certificate does not count. */
static void
refuse(struct engine *e, struct peer_slot *p, enum cert_verdict v)
{
	char where[ENDPOINT_STRLEN];

	log_warnx("%s: certificate refused, %s",
	    p->guest ? endpoint_format(&p->ep, where) : p->conf.name,
	    cert_verdict_name(v));
	if (p->guest)
		slot_part(e, p, reason_of(v));
}

/* The one it has shown us before need not be verified again. */
static bool
is_known(const struct peer_slot *p, const struct hello *h)
{
	const struct member *m = p->member;

	return m != NULL && !m->gone && m->certlen == h->certlen &&
	    memcmp(m->blob, h->cert, h->certlen) == 0;
}

static bool
believe(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct hello *h)
{
	struct member *m = p->member;
	enum cert_verdict v;

	if (is_known(p, h))
		return true;
	v = member_show(e, now_ms, h->cert, h->certlen, p->conf.key, &m);
	if (v != CERT_OK) {
		refuse(e, p, v);
		return false;
	}
	if (!p->guest)
		return true;
	if (m == NULL) { /* no room for it */
		slot_part(e, p, BYE_POLICY);
		return false;
	}
	if (!p->vouched) {
		p->vouched = true;
		e->net.dirty = true;
		network_soon(e);
	}
	return true;
}

void
on_hello(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct hello h;

	if (hello_get(f->body, f->len, &h) == -1) {
		count(e, FRAMES_BAD);
		if (p->guest)
			slot_part(e, p, BYE_PROTOCOL);
		return;
	}
	if (!believe(e, p, now_ms, &h))
		return;
	p->its_crl = h.crl;
	relay_hello(e, p, now_ms, &h);
	streams_hello(e, p, now_ms, &h);
	engine_nat_up(e, p, now_ms);
	if (f->type == FRAME_HELLO_ACK)
		p->hello_due_ms = 0;
	else
		(void)say(e, p, now_ms, FRAME_HELLO_ACK);
	crl_send(e, p, now_ms);
}

/* ---- BYE ---- */

void
bye_send(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, enum bye_reason why)
{
	uint8_t body[FRAME_BODY_MAX];
	size_t n = bye_put(body, why);

	(void)engine_frame_send(e, p, now_ms, FRAME_BYE, body, n);
}

void
slot_part(struct engine *e, struct peer_slot *p, enum bye_reason why)
{
	p->parting = true;
	p->bye = true;
	p->why = why;
	timers_set(&e->timers, &p->timer, 0);
}

/*
 * It says that it has no session with us any more.  Because it ends or starts
 * anew: ours is worth nothing, the next packet makes a new one.  Because it
 * does not want us: so for a while we don't try.
 */
void
on_bye(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	static const char *const reasons[BYE_NREASONS] = {"it is leaving",
	    "our certificate is revoked", "our certificate has expired",
	    "its policy", "our certificate does not count there"};

	(void)now_ms;
	if (bye_get(f->body, f->len, &p->why) == -1) {
		count(e, FRAMES_BAD);
		return;
	}
	count(e, BYES);
	if (p->guest)
		log_debug("a guest left");
	else if (p->why == BYE_SHUTDOWN)
		log_info("%s: goodbye", p->conf.name);
	else
		log_warnx("%s: goodbye, %s", p->conf.name, reasons[p->why]);
	p->parting = true;
	p->refused = p->why != BYE_SHUTDOWN;
	timers_set(&e->timers, &p->timer, 0);
}

static bool
is_busy(const struct peer_slot *p)
{
	return p->peer.state == PEER_UP || p->peer.state == PEER_DIAL;
}

bool
slot_parted(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (!p->parting)
		return false;
	if (p->bye)
		bye_send(e, p, now_ms, p->why);
	p->parting = false;
	p->bye = false;
	if (p->guest) {
		guest_drop(e, p, now_ms);
		return true;
	}
	ev_cause(p, p->refused ? EVW_REFUSED : EVW_GOODBYE);
	/* who is dialing anyway needs no reminder that the old key is dead */
	if (p->peer.state != PEER_DIAL || p->refused)
		slot_close(e, p, now_ms,
		    p->refused && is_busy(p) ? PEV_LOST : PEV_CLOSED);
	if (p->refused && p->breaker.state == BREAKER_OPEN) {
		p->breaker.due_ms = now_ms + REFUSED_MS;
		p->eager_ms = p->breaker.due_ms;
		slot_arm(e, p);
	}
	p->refused = false;
	return false;
}

void
engine_leave(struct engine *e, uint64_t now_ms)
{
	engine_collect(e);
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (p->member != NULL && session_up(&p->ses, now_ms))
			bye_send(e, p, now_ms, BYE_SHUTDOWN);
	}
	engine_flush(e, now_ms);
	engine_turn_leave(e, now_ms);
	engine_map_leave(e, now_ms);
}
