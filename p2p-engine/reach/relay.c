/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/relay.c */
/*
 * The table of circuits: see relay.h.  Labels are found by a table of chains;
 * whoever makes a label takes it from the dice, so nobody who does not see it
 * on the wire knows it, and knowing it is not enough (relay_take).
 */
#include "relay.h"

#include <string.h>

void
relay_init(struct relay *r, const struct rnd_src *rnd)
{
	memset(r, 0, sizeof(*r));
	r->rnd = *rnd;
	rnd->fill(rnd->ctx, &r->reqs, sizeof(r->reqs));
	relay_configure(r, false, RELAY_KBIT, RELAY_LABELS);
}

void
relay_configure(struct relay *r, bool serve, uint32_t kbit, uint32_t labels)
{
	r->serve = serve;
	r->kbit = kbit;
	r->labels = labels;
}

/* ---- labels ---- */

static uint32_t
bucket_of(uint32_t label)
{
	return (label ^ label >> 16) % RELAY_BUCKETS;
}

struct circuit *
relay_find(const struct relay *r, uint32_t label, unsigned *leg)
{
	uint16_t at = r->bucket[bucket_of(label)];

	while (at != 0) {
		const struct circuit *c = &r->at[(at - 1) / 2];
		const struct relay_leg *l = &c->leg[(at - 1) % 2];

		if (l->label == label) {
			*leg = (at - 1) % 2;
			return (struct circuit *)(uintptr_t)c;
		}
		at = l->next;
	}
	return NULL;
}

static void
link_leg(struct relay *r, struct circuit *c, unsigned leg)
{
	uint16_t *head = &r->bucket[bucket_of(c->leg[leg].label)];

	c->leg[leg].next = *head;
	*head = (uint16_t)(2 * (unsigned)(c - r->at) + leg + 1);
}

static void
unlink_leg(struct relay *r, struct circuit *c, unsigned leg)
{
	uint16_t *at = &r->bucket[bucket_of(c->leg[leg].label)];
	uint16_t me = (uint16_t)(2 * (unsigned)(c - r->at) + leg + 1);

	while (*at != 0 && *at != me)
		at = &r->at[(*at - 1) / 2].leg[(*at - 1) % 2].next;
	if (*at == me)
		*at = c->leg[leg].next;
}

static bool
is_label(const struct relay *r, uint32_t label)
{
	unsigned leg;

	return label != 0 && relay_find(r, label, &leg) == NULL;
}

static uint32_t
fresh_label(const struct relay *r)
{
	uint32_t label;

	do
		r->rnd.fill(r->rnd.ctx, &label, sizeof(label));
	while (!is_label(r, label));
	return label;
}

/* ---- who pays ---- */

static uint64_t
burst(const struct relay *r)
{
	uint64_t n = (uint64_t)r->kbit * RELAY_BURST_MS / 8;

	return n > RELAY_BURST ? n : RELAY_BURST;
}

static void
refill(const struct relay *r, struct relay_payer *p, uint64_t now_ms)
{
	uint64_t ms = now_ms > p->at_ms ? now_ms - p->at_ms : 0, most;

	most = burst(r);
	/* so long fills every bucket */
	if (ms > 60000)
		p->octets = most;
	else
		p->octets += ms * r->kbit / 8;
	if (p->octets > most)
		p->octets = most;
	if (now_ms > p->at_ms)
		p->at_ms = now_ms;
}

static bool
pay(const struct relay *r, struct relay_payer *p, uint64_t now_ms, size_t len)
{
	if (p->octets < len)
		refill(r, p, now_ms);
	if (p->octets < len)
		return false;
	p->octets -= len;
	return true;
}

static const struct relay_payer *
payer_of(const struct relay *r, uint32_t peer)
{
	for (unsigned i = 0; i < RELAY_PAYERS; i++)
		if (r->payer[i].used && r->payer[i].peer == peer)
			return &r->payer[i];
	return NULL;
}

/* One that owes nothing is forgotten first; NULL: all have circuits. */
static struct relay_payer *
payer_for(struct relay *r, uint32_t peer, uint64_t now_ms)
{
	struct relay_payer *p, *room = NULL;

	for (p = r->payer; p < r->payer + RELAY_PAYERS; p++) {
		if (p->used && p->peer == peer)
			return p;
		if (p->used && p->labels == 0)
			refill(r, p, now_ms);
		if (!p->used || (p->labels == 0 && p->octets == burst(r)))
			room = p;
	}
	if (room != NULL)
		*room = (struct relay_payer){.peer = peer,
		    .octets = burst(r),
		    .at_ms = now_ms,
		    .used = true};
	return room;
}

/* ---- messages ---- */

enum relay_verdict
relay_take(struct relay *r, const struct relay_who *who, uint64_t now_ms,
    uint32_t label, const struct relay_place *from, size_t len, uint32_t n,
    struct circuit **out, unsigned *leg)
{
	struct circuit *c = relay_find(r, label, leg);

	if (c == NULL)
		return RELAY_STRAY;
	*out = c;
	if (!who->is_at(who->ctx, c->leg[*leg].peer, from))
		return RELAY_SPOOF;
	if (c->role == RELAY_TRANSIT &&
	    !pay(r, &r->payer[c->payer], now_ms, len))
		return RELAY_QUOTA;
	c->leg[*leg].packets += n;
	c->leg[*leg].bytes += len;
	c->used_ms = now_ms;
	if (c->role != RELAY_TRANSIT)
		return RELAY_HERE;
	*leg = 1 - *leg;
	return RELAY_ON;
}

void
relay_sent(struct circuit *c, uint64_t now_ms, size_t len, uint32_t n)
{
	c->leg[1].packets += n;
	c->leg[1].bytes += len;
	c->used_ms = now_ms;
}

/* ---- circuits ---- */

static bool
same(const uint8_t a[32], const uint8_t b[32])
{
	return memcmp(a, b, 32) == 0;
}

/* Each node at most once: who asked, we, those behind us, the destination. */
static bool
goes_round(
    const struct relay_open *o, const uint8_t asker[32], const uint8_t own[32])
{
	const uint8_t *key[RELAY_ONWARD_MAX + 4];
	unsigned n = 0;

	key[n++] = own;
	key[n++] = o->to;
	key[n++] = o->origin;
	if (!same(asker, o->origin))
		key[n++] = asker;
	for (unsigned i = 0; i < o->n; i++)
		key[n++] = o->onward[i];
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			if (same(key[i], key[k]))
				return true;
	return false;
}

enum relay_status
relay_may_open(const struct relay *r, const struct relay_open *o, uint32_t by,
    const uint8_t asker[32], const uint8_t own[32])
{
	const struct relay_payer *p = payer_of(r, by);

	if (!r->serve)
		return RELAY_DENIED;
	if (goes_round(o, asker, own))
		return RELAY_LOOP;
	if (o->n > o->hops)
		return RELAY_DENIED;
	return p != NULL && p->labels >= r->labels ? RELAY_BUSY : RELAY_OK;
}

static struct circuit *
circuit_new(
    struct relay *r, enum relay_role role, uint64_t now_ms, uint16_t life_s)
{
	if (life_s == 0 || life_s > RELAY_LIFE_S)
		life_s = RELAY_LIFE_S;
	for (unsigned i = 0; i < RELAY_CIRCUITS; i++) {
		struct circuit *c = &r->at[i];

		if (c->role != RELAY_FREE)
			continue;
		*c = (struct circuit){.role = role,
		    .born_ms = now_ms,
		    .used_ms = now_ms,
		    .end_ms = now_ms + life_s * UINT64_C(1000)};
		r->n[role]++;
		return c;
	}
	return NULL;
}

static void
set_leg(struct relay *r, struct circuit *c, unsigned i, uint32_t peer,
    uint32_t label)
{
	c->leg[i] = (struct relay_leg){.peer = peer, .label = label};
	link_leg(r, c, i);
}

struct circuit *
relay_transit(struct relay *r, uint64_t now_ms, const struct relay_open *o,
    uint32_t by, uint32_t to, uint32_t label, uint8_t hops)
{
	struct relay_payer *p = payer_for(r, by, now_ms);
	struct circuit *c;

	if (p == NULL || p->labels >= r->labels ||
	    (label != 0 && !is_label(r, label)))
		return NULL;
	if ((c = circuit_new(r, RELAY_TRANSIT, now_ms, o->life_s)) == NULL)
		return NULL;
	p->labels++;
	c->payer = (uint16_t)(p - r->payer);
	c->hops = hops;
	c->back = 1;
	if (o->hops < RELAY_ONWARD_MAX)
		c->back += (uint8_t)(RELAY_ONWARD_MAX - o->hops);
	c->req = o->req;
	memcpy(c->far, o->to, sizeof(c->far));
	memcpy(c->origin, o->origin, sizeof(c->origin));
	set_leg(r, c, 0, by, fresh_label(r));
	set_leg(r, c, 1, to, label != 0 ? label : fresh_label(r));
	return c;
}

/* As an end, nobody has us keep more than this. */
static bool
has_many(const struct relay *r, uint32_t via)
{
	unsigned n = 0;

	for (unsigned i = 0; i < RELAY_CIRCUITS; i++)
		n += (r->at[i].role == RELAY_ORIGIN ||
			 r->at[i].role == RELAY_END) &&
		    r->at[i].leg[0].peer == via;
	return n >= RELAY_LABELS;
}

struct circuit *
relay_end(struct relay *r, uint64_t now_ms, enum relay_role role, uint32_t via,
    uint32_t label, const uint8_t far[32], uint8_t hops, uint16_t life_s)
{
	struct circuit *c;

	if (!is_label(r, label) || has_many(r, via) ||
	    (c = circuit_new(r, role, now_ms, life_s)) == NULL)
		return NULL;
	c->hops = hops;
	memcpy(c->far, far, sizeof(c->far));
	set_leg(r, c, 0, via, label);
	return c;
}

struct circuit *
relay_again(struct relay *r, uint32_t by, uint32_t req)
{
	for (unsigned i = 0; i < RELAY_CIRCUITS; i++)
		if (r->at[i].role == RELAY_TRANSIT &&
		    r->at[i].leg[0].peer == by && r->at[i].req == req)
			return &r->at[i];
	return NULL;
}

struct circuit *
relay_next(struct relay *r, uint32_t *cursor)
{
	while (*cursor < RELAY_CIRCUITS)
		if (r->at[(*cursor)++].role != RELAY_FREE)
			return &r->at[*cursor - 1];
	return NULL;
}

void
relay_close(struct relay *r, struct circuit *c)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->leg[i].label != 0)
			unlink_leg(r, c, i);
	if (c->role == RELAY_TRANSIT)
		r->payer[c->payer].labels--;
	r->n[c->role]--;
	*c = (struct circuit){.role = RELAY_FREE};
}

bool
relay_is_over(const struct circuit *c, uint64_t now_ms, enum relay_why *why)
{
	if (now_ms >= c->end_ms) {
		*why = RELAY_W_OLD;
		return true;
	}
	*why = RELAY_W_IDLE;
	return now_ms >= c->used_ms + RELAY_IDLE_MS;
}

/* ---- requests ---- */

struct relay_ask *
relay_ask_new(struct relay *r, uint64_t now_ms, uint32_t by)
{
	for (unsigned i = 0; i < RELAY_ASKS; i++) {
		struct relay_ask *a = &r->ask[i];

		if (a->req != 0)
			continue;
		if (++r->reqs == 0)
			r->reqs = 1;
		*a = (struct relay_ask){.req = r->reqs,
		    .by = by,
		    .via = RELAY_US,
		    .began_ms = now_ms,
		    .again_ms = now_ms,
		    .end_ms = now_ms + RELAY_ASK_MS};
		r->nasks++;
		return a;
	}
	return NULL;
}

struct relay_ask *
relay_ask_find(struct relay *r, uint32_t req, uint32_t via)
{
	for (unsigned i = 0; req != 0 && i < RELAY_ASKS; i++)
		if (r->ask[i].req == req && r->ask[i].via == via)
			return &r->ask[i];
	return NULL;
}

struct relay_ask *
relay_ask_same(struct relay *r, uint32_t by, uint32_t req)
{
	for (unsigned i = 0; i < RELAY_ASKS; i++)
		if (r->ask[i].req != 0 && r->ask[i].by == by &&
		    r->ask[i].o.req == req)
			return &r->ask[i];
	return NULL;
}

struct relay_ask *
relay_ask_next(struct relay *r, uint32_t *cursor)
{
	while (*cursor < RELAY_ASKS)
		if (r->ask[(*cursor)++].req != 0)
			return &r->ask[*cursor - 1];
	return NULL;
}

void
relay_ask_end(struct relay *r, struct relay_ask *a)
{
	*a = (struct relay_ask){0};
	r->nasks--;
}
