/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_stun.c */
/*
 * Binding requests from anybody, on the sockets of the sessions: from which
 * address and port do you see me?  (RFC 8489; RFC 5780 as far as one address
 * can do it.)
 *
 * Nobody has to prove anything to ask, so an answer may be what somebody sends
 * a victim in our name.  It is therefore never longer than the question, unless
 * a peer is up at that address; what does not fit is left out, and without room
 * for the address there is no answer.  Each source and all together have a
 * rate.  Nothing is kept of who asked.
 */
#include <string.h>

#include "engine_int.h"
#include "stun.h"

#define STUN_PER_S STUN_BURST
#define STUN_LOOKS_PER_S 50 /* is a peer where one comes from? */
#define STUN_ANSWER_MAX 128

/* Is a peer up there, at whatever port?  It has received what we sent. */
static bool
is_reached(struct engine *e, uint64_t now_ms, const struct addr *a)
{
	if (!bucket_take(
		&e->stun_look, now_ms, STUN_LOOKS_PER_S, STUN_LOOKS_PER_S))
		return false;
	for (uint32_t i = 0; i < e->nslots; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p != NULL && !p->guest && p->has_ep &&
		    addr_eq(&p->ep.addr, a) && session_up(&p->ses, now_ms))
			return true;
	}
	return false;
}

/* What is done besides is not for us: another address or port to answer from */
static void
refuse(const struct stun *q, struct stun *a)
{
	a->kind = STUN_ERROR;
	a->has = STUN_CODE | STUN_UNKNOWN;
	a->code = STUN_E_UNKNOWN;
	a->nunknown = q->nalien;
	memcpy(a->unknown, q->alien, sizeof(a->unknown));
}

static void
note_alien(struct stun *q, uint16_t type)
{
	if (q->nalien < STUN_TYPES_MAX)
		q->alien[q->nalien++] = type;
}

/* The answer to q; octets, 0: there is no room for it. */
static size_t
answer(struct stun *q, const struct endpoint *from, uint8_t *out, size_t room)
{
	struct stun a = {.kind = STUN_SUCCESS,
	    .method = q->method,
	    .has = STUN_XOR_MAPPED,
	    .xor_mapped = *from};
	size_t n;

	memcpy(a.id, q->id, sizeof(a.id));
	if ((q->has & STUN_CHANGE) != 0 && q->change != 0)
		note_alien(q, STUN_TYPE_CHANGE);
	if ((q->has & STUN_PORT) != 0)
		note_alien(q, STUN_TYPE_PORT);
	if (q->nalien != 0)
		refuse(q, &a);
	n = stun_print(&a, out, room);
	if (n != 0 && (q->has & STUN_MARK) != 0 && room - n >= STUN_MARK_LEN)
		n = stun_mark(out, n, room);
	return n;
}

static enum counter
asked(
    struct engine *e, uint64_t now_ms, const struct datagram *d, struct stun *q)
{
	uint8_t out[STUN_ANSWER_MAX];
	size_t room = d->len < sizeof(out) ? d->len : sizeof(out), n;

	if (!e->node.stun_serve)
		return EI_STUN_OFF;
	if (q->kind != STUN_REQUEST || q->method != STUN_BINDING)
		return EI_STUN_BAD;
	n = answer(q, d->from, out, room);
	if (n == 0 && is_reached(e, now_ms, &d->from->addr))
		n = answer(q, d->from, out, sizeof(out));
	if (n == 0)
		return EI_STUN_SHORT;
	if (engine_send(e, NULL, d->sock, d->from, out, n) == -1)
		return EI_STUN_LOST;
	return EI_STUN_ASKED;
}

enum counter
engine_stun(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	struct stun s;

	/* section 5: success and error have the upper bit of the class */
	if ((d->data[0] & 1) != 0)
		return engine_nat_answer(e, now_ms, d);
	if (!limiter_pass(e->stun_from, now_ms, &d->from->addr) ||
	    !bucket_take(&e->stun_all, now_ms, STUN_PER_S, STUN_BURST))
		return EI_STUN_RATE;
	if (stun_parse(d->data, d->len, &s) == -1)
		return EI_STUN_BAD;
	return asked(e, now_ms, d, &s);
}
