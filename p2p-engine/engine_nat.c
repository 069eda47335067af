/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_nat.c */
/*
 * How this node is seen from outside: the sockets, members and time that
 * reach/nat.h works with, what discoveryd is told of it, and what people see.
 *
 * Members that are up are asked where their sessions are; configured peers are
 * not, they may be anybody's WireGuard.  What members and servers say is
 * hearsay like all other places: it is told to who looks for us, nothing here
 * depends on it.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_pmtu.h"
#include "log.h"

#define ALIVE_MS                                                               \
	180000 /* who was heard from so lately proves that UDP works           \
		*/

static int
io_send(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len)
{
	struct engine *e = ctx;

	return engine_send(e, NULL, sock, to, data, len);
}

static unsigned
io_members(void *ctx, uint8_t family, struct endpoint *out, unsigned max)
{
	const struct engine *e = ctx;
	unsigned n = 0;

	for (uint32_t i = 0; i < e->nslots && n < max; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p != NULL && p->owner == NULL && slot_is_member(p) &&
		    p->peer.state == PEER_UP && p->has_ep &&
		    !carry_is(p->sock) && p->ep.addr.family == family)
			out[n++] = p->ep;
	}
	return n;
}

void
engine_nat_init(struct engine *e)
{
	const struct nat_io io = {
	    .ctx = e, .send = io_send, .members = io_members, .rnd = e->io.rnd};

	nat_init(&e->nat, &io);
}

/* ---- what discoveryd is told ---- */

/*
 * Behind a translator that gives each destination another port, the one that
 * somebody else saw leads nowhere.
 */
static bool
is_use(const struct nat_view *v)
{
	return v->seen.addr.family != 0 && v->mapping != NAT_SYMMETRIC &&
	    v->mapping != NAT_ADDRESS;
}

static void
tell(struct engine *e)
{
	struct msg_reflexive m = {.nat = engine_nat_octet(e)};

	if (!e->nat.news && m.nat == e->punching.told_nat)
		return;
	for (unsigned i = 0; i < NAT_SOCKETS && m.n < REFLEXIVE_MAX; i++) {
		const struct nat_sock *s = nat_sock(&e->nat, i);

		if (s != NULL && s->view.sock < UDP_STREAM_FIRST &&
		    is_use(&s->view))
			m.at[m.n++] = s->view.seen;
	}
	if (e->io.tell_reflexive == NULL ||
	    e->io.tell_reflexive(e->io.ctx, &m) == 0) {
		e->nat.news = false;
		e->punching.told_nat = m.nat;
	}
}

void
engine_nat_news(struct engine *e, uint64_t now_ms)
{
	e->nat.news = true;
	timers_set(&e->timers, &e->t_nat, now_ms);
	punching_news(e, now_ms);
}

void
engine_nat_disc_ready(struct engine *e)
{
	e->nat.news = true;
	tell(e);
}

/* ---- time ---- */

static void
arm(struct engine *e)
{
	uint64_t due_ms = nat_due(&e->nat);

	if (due_ms == UINT64_MAX)
		timers_stop(&e->timers, &e->t_nat);
	else
		timers_set(&e->timers, &e->t_nat, due_ms);
}

void
engine_nat_tick(struct engine *e, uint64_t now_ms)
{
	nat_tick(&e->nat, now_ms);
	if (e->nat.news)
		punching_news(e, now_ms);
	tell(e);
	arm(e);
	if (engine_behind_nat(e) && e->t_punch.pos == 0)
		timers_set(&e->timers, &e->t_punch, now_ms);
}

void
engine_reach_conf(struct engine *e, uint64_t now_ms)
{
	const struct conf_node *c = &e->node;

	nat_configure(&e->nat, now_ms, c->nat_enable,
	    c->nat_interval_s * UINT32_C(1000), c->stun, c->nstun);
	tell(e);
	arm(e);
	relays_conf(e, now_ms);
	engine_turn_conf(e, now_ms);
	engine_map_conf(e, now_ms);
	tunmtu_conf(e);
}

void
engine_nat_up(struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	if (!p->has_ep)
		return;
	nat_member_up(&e->nat, now_ms, p->ep.addr.family);
	arm(e);
}

void
engine_socket_bound(struct engine *e, uint64_t now_ms, uint16_t sock,
    const struct endpoint *local)
{
	for (uint32_t i = 0; i < e->nsocks; i++)
		if (e->sock[i].no == sock)
			e->sock[i].bound = *local;
	if (sock >= UDP_STREAM_FIRST)
		stream_socket_bound(e, sock, local);
	else
		engine_nat_socket(e, now_ms, sock, local);
}

void
engine_nat_socket(struct engine *e, uint64_t now_ms, uint16_t sock,
    const struct endpoint *bound)
{
	nat_socket_add(&e->nat, now_ms, sock, bound);
	arm(e);
}

void
engine_places(struct engine *e, uint64_t now_ms, const struct msg_places *m)
{
	struct endpoint at[CANDIDATES_MAX];
	unsigned n = m->n < CANDIDATES_MAX ? m->n : CANDIDATES_MAX;

	for (unsigned i = 0; i < n; i++)
		at[i] = m->at[i].ep;
	nat_places(&e->nat, now_ms, at, n);
	arm(e);
}

enum counter
engine_nat_answer(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	struct stun s;

	if (!nat_expects(&e->nat, d->sock, d->data + STUN_HDR - STUN_ID))
		return EI_STUN_STRAY;
	if (stun_parse(d->data, d->len, &s) == -1)
		return EI_STUN_BAD;
	if (!nat_answer(&e->nat, now_ms, d->sock, d->from, &s))
		return EI_STUN_STRAY;
	timers_set(&e->timers, &e->t_nat, now_ms); /* what follows from it */
	return EI_STUN_HEARD;
}

/* ---- for people ---- */

void
engine_netcheck(struct engine *e, uint64_t now_ms)
{
	nat_check(&e->nat, now_ms);
	engine_map_check(e, now_ms);
	arm(e);
}

bool
engine_netcheck_busy(const struct engine *e)
{
	return nat_busy(&e->nat) || engine_map_busy(e);
}

/* Sessions prove more than silent servers. */
static bool
is_alive(const struct engine *e, uint8_t family, uint64_t now_ms)
{
	for (uint32_t i = 0; i < e->nslots; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p != NULL && p->has_ep && p->seen_ms != 0 &&
		    p->ep.addr.family == family &&
		    now_ms - p->seen_ms < ALIVE_MS)
			return true;
	}
	return false;
}

static uint64_t
date(uint64_t ms, uint64_t now_ms, uint64_t unix_ms)
{
	return ms == 0 ? 0 : unix_ms - (now_ms - ms);
}

int
engine_nat_row(const struct engine *e, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_nat_row *row)
{
	const struct nat_sock *s = NULL;

	while (s == NULL && *cursor < NAT_SOCKETS)
		s = nat_sock(&e->nat, (*cursor)++);
	if (s == NULL)
		return -1;
	*row = (struct msg_nat_row){.socket = s->view.sock,
	    .family = s->view.family,
	    .local = s->view.local,
	    .seen = s->view.seen,
	    .mapping = s->view.mapping,
	    .filtering = s->view.filtering,
	    .seen_unix_ms = date(s->view.seen_ms, now_ms, unix_ms),
	    .judged_unix_ms = date(s->view.judged_ms, now_ms, unix_ms),
	    .asked = s->view.nservers,
	    .answered = s->view.nheard};
	if (row->mapping == NAT_BLOCKED && is_alive(e, s->view.family, now_ms))
		row->mapping = NAT_UNKNOWN;
	return 0;
}

static void
name_of(const struct engine *e, const struct endpoint *ep, char name[64])
{
	name[0] = '\0';
	for (uint32_t i = 0; i < e->nslots; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p != NULL && p->owner == NULL && p->has_ep &&
		    endpoint_eq(&p->ep, ep))
			memcpy(name, p->conf.name, 64);
	}
}

int
engine_nat_seen_row(
    const struct engine *e, uint32_t *cursor, struct msg_nat_seen_row *row)
{
	for (; *cursor < NAT_SOCKETS * NAT_SERVERS; ++*cursor) {
		const struct nat_sock *s =
		    nat_sock(&e->nat, *cursor / NAT_SERVERS);
		const struct nat_server *x;

		if (s == NULL || *cursor % NAT_SERVERS >= s->nservers)
			continue;
		x = &s->server[*cursor % NAT_SERVERS];
		*row = (struct msg_nat_seen_row){.socket = s->view.sock,
		    .server = x->ep,
		    .seen = x->mapped,
		    .answered = x->heard,
		    .behaviour = x->other.addr.family != 0,
		    .rtt_ms = x->rtt_ms};
		if (x->member)
			name_of(e, &x->ep, row->name);
		++*cursor;
		return 0;
	}
	return -1;
}
