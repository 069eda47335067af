/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/turn_data.c */
/*
 * Whom an allocation reaches (turn.h): permissions for addresses, channels to
 * places, and what datagrams look like on their way to the server.
 *
 * Both are kept for who was wanted, heard, or sent something within the last
 * five minutes; the others run out at the server by themselves.
 */
#include <string.h>

#include "turn_int.h"

#define CHANNEL_FIRST 0x4000
#define CHANNEL_LAST 0x4fff
#define NOTED_MS 1000

/* ---- permissions ---- */

static struct turn_permit *
permit_of(struct turn *t, const struct addr *a)
{
	for (unsigned i = 0; i < TURN_PERMITS; i++)
		if (t->permit[i].state != GRANT_FREE &&
		    addr_eq(&t->permit[i].to, a))
			return &t->permit[i];
	return NULL;
}

/* A free one, or the one not used for longest, if that is long. */
static struct turn_permit *
permit_place(struct turn *t, uint64_t now_ms)
{
	struct turn_permit *old = NULL;

	for (unsigned i = 0; i < TURN_PERMITS; i++) {
		struct turn_permit *p = &t->permit[i];

		if (p->state == GRANT_FREE)
			return p;
		if (p->state != GRANT_ASKED &&
		    now_ms - p->used_ms >= TURN_REFUSED_MS &&
		    (old == NULL || p->used_ms < old->used_ms))
			old = p;
	}
	return old;
}

static void
permit_ask(struct turn *t, uint64_t now_ms, struct turn_permit *p)
{
	if (!turn_ask_open(t, now_ms, TURN_LET, (unsigned)(p - t->permit)))
		return;
	if (p->state != GRANT_UP)
		p->state = GRANT_ASKED;
	p->made_ms = now_ms;
}

bool
turn_want(struct turn *t, uint64_t now_ms, const struct addr *a)
{
	struct turn_permit *p = permit_of(t, a);

	if (t->state != TURN_UP || a->family != t->relayed.addr.family ||
	    addr_is_any(a))
		return false;
	if (p == NULL) {
		if ((p = permit_place(t, now_ms)) == NULL) {
			t->full++;
			return false;
		}
		*p = (struct turn_permit){.to = *a};
		permit_ask(t, now_ms, p);
		if (p->state == GRANT_FREE)
			return false;
	}
	p->used_ms = now_ms;
	return p->state == GRANT_UP;
}

bool
turn_reaches(const struct turn *t, const struct endpoint *to)
{
	for (unsigned i = 0; i < TURN_PERMITS; i++)
		if (t->permit[i].state == GRANT_UP &&
		    addr_eq(&t->permit[i].to, &to->addr))
			return t->state == TURN_UP;
	return false;
}

/* ---- channels ---- */

static struct turn_channel *
channel_of(struct turn *t, const struct endpoint *to)
{
	for (unsigned i = 0; i < TURN_CHANNELS; i++)
		if (t->channel[i].state != GRANT_FREE &&
		    endpoint_eq(&t->channel[i].to, to))
			return &t->channel[i];
	return NULL;
}

static struct turn_channel *
channel_place(struct turn *t, uint64_t now_ms)
{
	struct turn_channel *old = NULL;

	for (unsigned i = 0; i < TURN_CHANNELS; i++) {
		struct turn_channel *c = &t->channel[i];

		if (c->state == GRANT_FREE)
			return c;
		if (c->state != GRANT_ASKED &&
		    now_ms - c->used_ms >= TURN_REFUSED_MS &&
		    (old == NULL || c->used_ms < old->used_ms))
			old = c;
	}
	return old;
}

static void
channel_ask(struct turn *t, uint64_t now_ms, struct turn_channel *c)
{
	if (!turn_ask_open(t, now_ms, TURN_BOND, (unsigned)(c - t->channel)))
		return;
	c->state = GRANT_ASKED;
	c->made_ms = now_ms;
}

/*
 * A number is the server's for ten minutes and five more, so they go round:
 * one that comes back was bound long ago.
 */
void
turn_bond(struct turn *t, uint64_t now_ms, const struct endpoint *to)
{
	struct turn_channel *c = channel_of(t, to);

	if (c != NULL) {
		c->used_ms = now_ms;
		return;
	}
	if ((c = channel_place(t, now_ms)) == NULL) {
		t->full++;
		return;
	}
	*c = (struct turn_channel){
	    .no = t->next_channel, .to = *to, .used_ms = now_ms};
	channel_ask(t, now_ms, c);
	if (c->state == GRANT_FREE)
		return;
	t->next_channel = t->next_channel == CHANNEL_LAST
	    ? CHANNEL_FIRST
	    : (uint16_t)(t->next_channel + 1);
}

/* ---- answers ---- */

void
turn_granted(struct turn *t, uint64_t now_ms, const struct turn_ask *q)
{
	if (q->verb == TURN_BOND) {
		t->channel[q->at].state = GRANT_UP;
		t->channel[q->at].lives = true;
		t->channel[q->at].made_ms = now_ms;
	} else {
		if (t->permit[q->at].state != GRANT_UP)
			t->news |= TURN_N_PERMIT;
		t->permit[q->at].state = GRANT_UP;
		t->permit[q->at].made_ms = now_ms;
	}
	t->news |= TURN_N_DUE;
}

void
turn_denied(
    struct turn *t, uint64_t now_ms, const struct turn_ask *q, uint16_t code)
{
	if (q->verb == TURN_BOND) {
		t->channel[q->at].state = GRANT_REFUSED;
		t->channel[q->at].lives = false;
		t->channel[q->at].made_ms = now_ms;
	} else {
		t->permit[q->at].state = GRANT_REFUSED;
		t->permit[q->at].made_ms = now_ms;
	}
	/* 437: there is no such allocation; see at once */
	if (code == STUN_E_MISMATCH || code == 0)
		t->refresh_ms = now_ms;
	t->news |= TURN_N_DUE | TURN_N_PERMIT;
}

/* ---- out ---- */

static void
note_sent(struct turn *t, uint64_t now_ms)
{
	t->sent++;
	if (t->silent_ms != 0)
		return;
	t->silent_ms = now_ms;
	/* a timer that was set for the last time fires early, and is set anew
	 */
	if (now_ms - t->noted_ms < NOTED_MS)
		return;
	t->noted_ms = now_ms;
	t->news |= TURN_N_DUE;
}

static size_t
indicate(struct turn *t, const struct endpoint *to, const uint8_t *data,
    size_t len, uint8_t *out, size_t cap)
{
	struct stun m = {.kind = STUN_INDICATION,
	    .method = STUN_SEND,
	    .has = STUN_PEER | STUN_DATA,
	    .peer = *to,
	    .data = {data, (uint16_t)len}};

	t->io.rnd.fill(t->io.rnd.ctx, m.id, sizeof(m.id));
	return stun_print(&m, out, cap);
}

size_t
turn_wrap(struct turn *t, uint64_t now_ms, const struct endpoint *to,
    const uint8_t *data, size_t len, uint8_t *out, size_t cap)
{
	struct turn_permit *p = permit_of(t, &to->addr);
	struct turn_channel *c;

	if (t->state != TURN_UP || p == NULL || p->state != GRANT_UP ||
	    len > TURN_DATAGRAM_MAX || cap < len + TURN_HEAD_MAX)
		return 0;
	p->used_ms = now_ms;
	note_sent(t, now_ms);
	c = channel_of(t, to);
	if (c == NULL || !c->lives)
		return indicate(t, to, data, len, out, cap);
	c->used_ms = now_ms;
	out[0] = (uint8_t)(c->no >> 8);
	out[1] = (uint8_t)c->no;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
	memcpy(out + TURN_HEAD, data, len);
	return len + TURN_HEAD;
}

/* ---- what comes ---- */

static bool
is_channel(const uint8_t *msg, size_t len)
{
	return len >= TURN_HEAD && msg[0] >= 0x40 && msg[0] <= 0x4f;
}

bool
turn_is(const struct turn *t, const struct endpoint *from, const uint8_t *msg,
    size_t len)
{
	return t->state != TURN_OFF && endpoint_eq(from, &t->server) &&
	    (is_channel(msg, len) || stun_is(msg, len));
}

static enum turn_got
of_peer(struct turn *t, uint64_t now_ms, const struct endpoint *from)
{
	struct turn_permit *p = NULL;

	for (unsigned i = 0; i < TURN_PERMITS && p == NULL; i++)
		if (t->permit[i].state != GRANT_FREE &&
		    addr_eq(&t->permit[i].to, &from->addr))
			p = &t->permit[i];
	if (p == NULL || t->state != TURN_UP) {
		t->stray++;
		return TURN_G_STRAY;
	}
	p->used_ms = now_ms;
	t->silent_ms = 0;
	t->received++;
	return TURN_G_DATA;
}

static enum turn_got
from_channel(struct turn *t, uint64_t now_ms, uint8_t *msg, size_t len,
    struct turn_data *d)
{
	uint16_t no = (uint16_t)(msg[0] << 8 | msg[1]);
	size_t n = (size_t)(msg[2] << 8 | msg[3]);

	if (n > len - TURN_HEAD)
		return TURN_G_BAD;
	for (unsigned i = 0; i < TURN_CHANNELS; i++) {
		struct turn_channel *c = &t->channel[i];

		if (c->state == GRANT_FREE || c->no != no)
			continue;
		c->used_ms = now_ms;
		*d = (struct turn_data){c->to, msg + TURN_HEAD, n};
		return of_peer(t, now_ms, &c->to);
	}
	t->stray++;
	return TURN_G_STRAY;
}

/* From somebody who has no channel: it gets one, as it is worth it. */
static enum turn_got
from_indication(struct turn *t, uint64_t now_ms, uint8_t *msg,
    const struct stun *m, struct turn_data *d)
{
	if (m->method != STUN_DATA_IND ||
	    (m->has & (STUN_PEER | STUN_DATA)) != (STUN_PEER | STUN_DATA) ||
	    m->nalien != 0)
		return TURN_G_BAD;
	*d = (struct turn_data){m->peer, msg + (m->data.p - msg), m->data.len};
	if (of_peer(t, now_ms, &m->peer) != TURN_G_DATA)
		return TURN_G_STRAY;
	t->indications++;
	turn_bond(t, now_ms, &m->peer);
	return TURN_G_DATA;
}

enum turn_got
turn_receive(struct turn *t, uint64_t now_ms, const struct endpoint *from,
    uint8_t *msg, size_t len, struct turn_data *d)
{
	struct stun m;

	if (!turn_is(t, from, msg, len)) {
		t->stray++;
		return TURN_G_STRAY;
	}
	if (is_channel(msg, len))
		return from_channel(t, now_ms, msg, len, d);
	if (stun_parse(msg, len, &m) == -1 || m.kind == STUN_REQUEST)
		return TURN_G_BAD;
	if (m.kind == STUN_INDICATION)
		return from_indication(t, now_ms, msg, &m, d);
	return turn_answer(t, now_ms, msg, &m);
}

/* ---- time ---- */

/* UINT64_MAX: nothing, it is being asked for. */
static uint64_t
grant_due(enum turn_grant s, uint64_t made_ms)
{
	if (s == GRANT_UP)
		return made_ms + TURN_RENEW_MS;
	return s == GRANT_REFUSED ? made_ms + TURN_REFUSED_MS : UINT64_MAX;
}

void
turn_grants_tick(struct turn *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < TURN_PERMITS; i++) {
		struct turn_permit *p = &t->permit[i];

		if (now_ms < grant_due(p->state, p->made_ms))
			continue;
		if (p->state == GRANT_UP &&
		    now_ms - p->used_ms < TURN_PERMIT_MS)
			permit_ask(t, now_ms, p);
		else
			p->state = GRANT_FREE;
		if (p->state == GRANT_UP && p->made_ms != now_ms)
			p->made_ms += TURN_RTO_MS; /* no room to ask */
	}
	for (unsigned i = 0; i < TURN_CHANNELS; i++) {
		struct turn_channel *c = &t->channel[i];

		if (now_ms < grant_due(c->state, c->made_ms))
			continue;
		if (c->state == GRANT_UP &&
		    now_ms - c->used_ms < TURN_PERMIT_MS)
			channel_ask(t, now_ms, c);
		else
			c->state = GRANT_FREE;
		if (c->state == GRANT_UP)
			c->made_ms += TURN_RTO_MS;
	}
}

uint64_t
turn_grants_due(const struct turn *t)
{
	uint64_t due = UINT64_MAX, at;

	for (unsigned i = 0; i < TURN_PERMITS; i++) {
		at = grant_due(t->permit[i].state, t->permit[i].made_ms);
		due = at < due ? at : due;
	}
	for (unsigned i = 0; i < TURN_CHANNELS; i++) {
		at = grant_due(t->channel[i].state, t->channel[i].made_ms);
		due = at < due ? at : due;
	}
	return due;
}
