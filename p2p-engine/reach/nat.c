/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/nat.c */
/*
 * The rounds of nat.h: who is asked, how often, and what is asked next.  What
 * the answers mean is nat_judge.c's.
 *
 * An answer counts if its id is one that we gave out and it comes from where
 * it has to: an id is 96 random bits, and whoever could read it on its way may
 * as well have changed the answer.
 */
#include "nat.h"

#include <string.h>

void
nat_init(struct nat *n, const struct nat_io *io)
{
	*n = (struct nat){.io = *io, .round_ms = UINT64_MAX};
}

static void
round_at(struct nat *n, uint64_t ms)
{
	if (n->on && ms < n->round_ms)
		n->round_ms = ms;
}

static void
soon(struct nat *n, uint64_t now_ms)
{
	round_at(n, now_ms + NAT_SOON_MS);
}

static void
stop(struct nat_sock *s)
{
	for (unsigned i = 0; i < NAT_ASKS; i++)
		s->ask[i].open = false;
	s->stage = NAT_REST;
}

void
nat_configure(struct nat *n, uint64_t now_ms, bool on, uint32_t interval_ms,
    const struct endpoint *stun, unsigned count)
{
	bool same = n->on == on && n->nstun == count;

	if (count > NAT_SERVERS)
		count = NAT_SERVERS;
	for (unsigned i = 0; same && i < count; i++)
		same = endpoint_eq(&n->stun[i], &stun[i]);
	n->on = on;
	n->interval_ms = interval_ms;
	n->nstun = (uint8_t)count;
	if (count > 0)
		memcpy(n->stun, stun, count * sizeof(*stun));
	if (same)
		return;
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		struct nat_view *v = &n->sock[i].view;

		stop(&n->sock[i]);
		n->news = n->news || v->seen.addr.family != 0;
		*v = (struct nat_view){.sock = v->sock, .family = v->family};
	}
	n->round_ms = UINT64_MAX;
	n->full_next = true;
	n->full_ms = 0;
	soon(n, now_ms);
}

static struct nat_sock *
find(struct nat *n, uint16_t no)
{
	for (unsigned i = 0; i < NAT_SOCKETS; i++)
		if (n->sock[i].used && n->sock[i].view.sock == no)
			return &n->sock[i];
	return NULL;
}

void
nat_socket_add(
    struct nat *n, uint64_t now_ms, uint16_t no, const struct endpoint *bound)
{
	nat_socket_del(n, no);
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		struct nat_sock *s = &n->sock[i];

		if (s->used)
			continue;
		*s = (struct nat_sock){.used = true,
		    .bound = *bound,
		    .behaves = -1,
		    .view = {.sock = no, .family = bound->addr.family}};
		n->full_next = true;
		soon(n, now_ms);
		return;
	}
}

void
nat_socket_del(struct nat *n, uint16_t no)
{
	struct nat_sock *s = find(n, no);

	if (s == NULL)
		return;
	n->news = n->news || s->view.seen.addr.family != 0;
	*s = (struct nat_sock){0};
}

void
nat_places(struct nat *n, uint64_t now_ms, const struct endpoint *place,
    unsigned count)
{
	bool same;

	if (count > NAT_PLACES)
		count = NAT_PLACES;
	same = count == n->nplaces;
	for (unsigned i = 0; same && i < count; i++)
		same = endpoint_eq(&n->place[i], &place[i]);
	if (same)
		return;
	n->nplaces = (uint8_t)count;
	if (count > 0)
		memcpy(n->place, place, count * sizeof(*place));
	/* another network: what its translator remembers is nothing */
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		n->sock[i].before_ms = n->sock[i].mapped_ms = 0;
		n->sock[i].begun_ms = 0;
		n->sock[i].view.filtering = NAT_F_UNKNOWN;
	}
	n->full_next = true;
	soon(n, now_ms);
}

void
nat_member_up(struct nat *n, uint64_t now_ms, uint8_t family)
{
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		const struct nat_sock *s = &n->sock[i];

		if (!s->used || s->view.family != family ||
		    s->nservers >= n->nstun + 2)
			continue;
		/* not at once for each of many */
		if (s->view.judged_ms + NAT_CHECK_MS > now_ms + NAT_SOON_MS)
			round_at(n, s->view.judged_ms + NAT_CHECK_MS);
		else
			soon(n, now_ms);
	}
}

void
nat_check(struct nat *n, uint64_t now_ms)
{
	if (!n->on || (n->full_ms != 0 && now_ms - n->full_ms < NAT_CHECK_MS))
		return;
	n->full_next = true;
	n->round_ms = now_ms;
}

bool
nat_busy(const struct nat *n)
{
	for (unsigned i = 0; i < NAT_SOCKETS; i++)
		if (n->sock[i].used && n->sock[i].stage != NAT_REST)
			return true;
	return n->full_next && n->round_ms != UINT64_MAX;
}

const struct nat_sock *
nat_sock(const struct nat *n, unsigned i)
{
	return i < NAT_SOCKETS && n->sock[i].used ? &n->sock[i] : NULL;
}

/* ---- one question ---- */

static void
send_ask(
    struct nat *n, const struct nat_sock *s, struct nat_ask *a, uint64_t now_ms)
{
	/* room for the answer: who asks for more than he sends gets nothing */
	static const uint8_t room[20] = "                   ";
	struct stun m = {.kind = STUN_REQUEST,
	    .method = STUN_BINDING,
	    .has = STUN_SOFTWARE,
	    .software = {room, sizeof(room)}};
	uint8_t out[NAT_REQUEST + 8];
	size_t len;

	memcpy(m.id, a->id, sizeof(m.id));
	if (a->test == NAT_T_BOTH || a->test == NAT_T_PORT) {
		m.has |= STUN_CHANGE;
		m.change = STUN_CHANGE_PORT |
		    (a->test == NAT_T_BOTH ? STUN_CHANGE_IP : 0);
	}
	len = stun_print(&m, out, sizeof(out));
	len = stun_mark(out, len, sizeof(out));
	if (a->sent == 0) {
		a->first_ms = now_ms;
		a->end_ms = now_ms +
		    (a->tries == NAT_TRIES ? NAT_WAIT_MS : NAT_FILTER_MS);
	}
	n->asked++;
	(void)n->io.send(n->io.ctx, s->view.sock, &a->to, out, len);
	a->next_ms = now_ms + ((uint64_t)NAT_RTO_MS << a->sent++);
}

/* To be sent by the next tick that is not before now_ms. */
static void
open_ask(const struct nat *n, struct nat_sock *s, uint64_t now_ms,
    enum nat_test test, unsigned server, const struct endpoint *to,
    const struct endpoint *from)
{
	bool filter = test == NAT_T_BOTH || test == NAT_T_PORT;

	for (unsigned i = 0; i < NAT_ASKS; i++) {
		struct nat_ask *a = &s->ask[i];

		if (a->open)
			continue;
		*a = (struct nat_ask){.open = true,
		    .test = test,
		    .server = (uint8_t)server,
		    .tries = filter ? NAT_FILTER_TRIES : NAT_TRIES,
		    .to = *to,
		    .from = *from,
		    .next_ms = now_ms};
		n->io.rnd.fill(n->io.rnd.ctx, a->id, sizeof(a->id));
		return;
	}
}

/* ---- a round of one socket ---- */

static bool
is_open(const struct nat_sock *s, enum nat_test from, enum nat_test to)
{
	for (unsigned i = 0; i < NAT_ASKS; i++)
		if (s->ask[i].open && s->ask[i].test >= from &&
		    s->ask[i].test <= to)
			return true;
	return false;
}

static void
add_server(struct nat_sock *s, const struct endpoint *ep, bool member)
{
	if (s->nservers == NAT_SERVERS || ep->addr.family != s->view.family)
		return;
	for (unsigned i = 0; i < s->nservers; i++)
		if (endpoint_eq(&s->server[i].ep, ep))
			return;
	s->server[s->nservers++] =
	    (struct nat_server){.ep = *ep, .member = member};
}

static void
begin(struct nat *n, struct nat_sock *s, uint64_t now_ms, bool full)
{
	struct endpoint member[NAT_MEMBERS];
	unsigned m;

	stop(s);
	s->before_ms = s->begun_ms;
	s->begun_ms = now_ms;
	s->nservers = 0;
	s->behaves = -1;
	s->full = full;
	s->filtered = s->in_both = s->in_port = false;
	s->from_ip = s->from_other = (struct endpoint){0};
	for (unsigned i = 0; i < n->nstun; i++)
		add_server(s, &n->stun[i], false);
	m = n->io.members(n->io.ctx, s->view.family, member, NAT_MEMBERS);
	for (unsigned i = 0; i < m && i < NAT_MEMBERS; i++)
		add_server(s, &member[i], true);
	s->stage = NAT_PLAIN;
	for (unsigned i = 0; i < s->nservers; i++) {
		const struct nat_server *x = &s->server[i];
		bool later = full && i > 0 && !x->member;

		open_ask(n, s, now_ms + (later ? NAT_FIRST_MS : 0), NAT_T_PLAIN,
		    i, &x->ep, &x->ep);
	}
}

/* Section 7.4: another address and another port, or it is of no use. */
static bool
can_behave(const struct nat_server *x)
{
	return x->heard && !x->member &&
	    x->other.addr.family == x->ep.addr.family && x->other.port != 0 &&
	    x->other.port != x->ep.port && !addr_is_special(&x->other.addr) &&
	    !addr_eq(&x->other.addr, &x->ep.addr);
}

static void
ask_filter(struct nat *n, struct nat_sock *s, uint64_t now_ms)
{
	const struct nat_server *x = &s->server[s->behaves];
	const struct endpoint port = {x->ep.addr, x->other.port};

	s->stage = NAT_FILTER;
	s->filtered = true;
	open_ask(
	    n, s, now_ms, NAT_T_BOTH, (unsigned)s->behaves, &x->ep, &x->other);
	open_ask(n, s, now_ms, NAT_T_PORT, (unsigned)s->behaves, &x->ep, &port);
}

static void
ask_map(struct nat *n, struct nat_sock *s, uint64_t now_ms)
{
	const struct nat_server *x = &s->server[s->behaves];
	const struct endpoint ip = {x->other.addr, x->ep.port};

	s->stage = NAT_MAP;
	s->mapped_ms = now_ms;
	open_ask(n, s, now_ms, NAT_T_IP, (unsigned)s->behaves, &ip, &ip);
	open_ask(n, s, now_ms, NAT_T_OTHER, (unsigned)s->behaves, &x->other,
	    &x->other);
}

/* Was anything sent to this address that may still be remembered? */
static bool
was_sent_to(const struct nat_sock *s, const struct addr *a, uint64_t now_ms)
{
	bool before =
	    s->before_ms != 0 && now_ms - s->before_ms < NAT_FORGET_MS;

	for (unsigned i = 0; i < NAT_ASKS; i++)
		if (s->ask[i].open && s->ask[i].sent > 0 &&
		    addr_eq(&s->ask[i].to.addr, a))
			return true;
	for (unsigned i = 0; i < s->nservers; i++)
		if (addr_eq(&s->server[i].ep.addr, a) &&
		    (before || s->server[i].heard))
			return true;
	return s->mapped_ms != 0 && now_ms - s->mapped_ms < NAT_FORGET_MS;
}

static void
behave(struct nat *n, struct nat_sock *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < s->nservers && s->behaves == -1; i++)
		if (can_behave(&s->server[i]))
			s->behaves = (int)i;
	if (s->behaves == -1)
		return;
	if (was_sent_to(s, &s->server[s->behaves].other.addr, now_ms))
		ask_map(n, s, now_ms);
	else
		ask_filter(n, s, now_ms);
}

/* The first has answered, and is no reason for the others to wait. */
static void
hasten(struct nat_sock *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < NAT_ASKS && s->stage == NAT_PLAIN; i++)
		if (s->ask[i].open && s->ask[i].sent == 0 && s->server[0].heard)
			s->ask[i].next_ms = now_ms;
}

/* Those that were not asked yet wait until the FILTER step is over. */
static bool
waits(const struct nat_sock *s, const struct nat_ask *a)
{
	return a->sent == 0 && a->test == NAT_T_PLAIN && s->stage == NAT_FILTER;
}

/* Something was answered, or will not be. */
static void
advance(struct nat *n, struct nat_sock *s, uint64_t now_ms)
{
	if (s->stage == NAT_PLAIN && s->full) {
		behave(n, s, now_ms);
		hasten(s, now_ms);
	}
	if (s->stage == NAT_FILTER && !is_open(s, NAT_T_BOTH, NAT_T_PORT))
		ask_map(n, s, now_ms);
	if (s->stage == NAT_REST || is_open(s, NAT_T_PLAIN, NAT_T_OTHER))
		return;
	s->stage = NAT_REST;
	if (!nat_judge(n, s, now_ms))
		return;
	n->changes++;
	n->news = true;
	if (!s->full) { /* it is another translator, perhaps */
		n->full_next = true;
		soon(n, now_ms);
	}
}

static void
learn(struct nat_sock *s, const struct nat_ask *a, uint64_t now_ms,
    const struct stun *m)
{
	struct nat_server *x = &s->server[a->server];
	const struct endpoint *mapped =
	    (m->has & STUN_XOR_MAPPED) != 0 ? &m->xor_mapped : &m->mapped;

	switch (a->test) {
	case NAT_T_PLAIN:
		x->heard = true;
		x->mapped = *mapped;
		x->rtt_ms = (uint32_t)(now_ms - a->first_ms);
		if ((m->has & STUN_OTHER) != 0)
			x->other = m->other;
		break;
	case NAT_T_BOTH:
		s->in_both = true;
		break;
	case NAT_T_PORT:
		s->in_port = true;
		break;
	case NAT_T_IP:
		s->from_ip = *mapped;
		break;
	case NAT_T_OTHER:
		s->from_other = *mapped;
		break;
	}
}

/* Section 6.3.3: what we would have to know and don't makes it worthless. */
static bool
is_answer(const struct stun *m, uint8_t family)
{
	const struct endpoint *e =
	    (m->has & STUN_XOR_MAPPED) != 0 ? &m->xor_mapped : &m->mapped;

	return m->kind == STUN_SUCCESS && m->nalien == 0 &&
	    (m->has & (STUN_XOR_MAPPED | STUN_MAPPED)) != 0 &&
	    e->addr.family == family && e->port != 0;
}

bool
nat_expects(const struct nat *n, uint16_t sock, const uint8_t id[STUN_ID])
{
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		const struct nat_sock *s = &n->sock[i];

		for (unsigned k = 0; k < NAT_ASKS; k++)
			if (s->used && s->view.sock == sock && s->ask[k].open &&
			    s->ask[k].sent > 0 &&
			    memcmp(s->ask[k].id, id, STUN_ID) == 0)
				return true;
	}
	return false;
}

bool
nat_answer(struct nat *n, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, const struct stun *m)
{
	struct nat_sock *s = find(n, sock);
	struct nat_ask *a = NULL;

	if (s == NULL || m->method != STUN_BINDING ||
	    (m->kind != STUN_SUCCESS && m->kind != STUN_ERROR))
		return false;
	for (unsigned i = 0; i < NAT_ASKS && a == NULL; i++)
		if (s->ask[i].open && memcmp(s->ask[i].id, m->id, STUN_ID) == 0)
			a = &s->ask[i];
	if (a == NULL)
		return false;
	/* it does not do what we want, and says so from where it is */
	if (m->kind == STUN_ERROR && endpoint_eq(from, &a->to)) {
		s->filtered = s->filtered && a->test != NAT_T_BOTH &&
		    a->test != NAT_T_PORT;
	} else if (endpoint_eq(from, &a->from) &&
	    is_answer(m, s->view.family)) {
		learn(s, a, now_ms, m);
	} else {
		return false;
	}
	a->open = false;
	advance(n, s, now_ms);
	return true;
}

/* ---- time ---- */

static void
tick_sock(struct nat *n, struct nat_sock *s, uint64_t now_ms)
{
	bool ended = false;

	for (unsigned i = 0; i < NAT_ASKS; i++) {
		struct nat_ask *a = &s->ask[i];

		if (!a->open || waits(s, a))
			continue;
		if (a->sent > 0 && now_ms >= a->end_ms) {
			a->open = false;
			ended = true;
			n->silent += a->test == NAT_T_PLAIN;
		} else if (a->sent < a->tries && now_ms >= a->next_ms) {
			send_ask(n, s, a, now_ms);
		}
	}
	if (ended)
		advance(n, s, now_ms);
}

static void
begin_all(struct nat *n, uint64_t now_ms)
{
	bool full = n->full_next;

	n->full_next = false;
	n->round_ms = now_ms + n->interval_ms;
	if (full)
		n->full_ms = now_ms;
	for (unsigned i = 0; i < NAT_SOCKETS; i++)
		if (n->sock[i].used) {
			begin(n, &n->sock[i], now_ms, full);
			advance(n, &n->sock[i], now_ms); /* nobody to ask */
		}
}

void
nat_tick(struct nat *n, uint64_t now_ms)
{
	if (!n->on)
		return;
	if (now_ms >= n->round_ms)
		begin_all(n, now_ms);
	for (unsigned i = 0; i < NAT_SOCKETS; i++)
		if (n->sock[i].used)
			tick_sock(n, &n->sock[i], now_ms);
}

uint64_t
nat_due(const struct nat *n)
{
	uint64_t due = n->round_ms;

	if (!n->on)
		return UINT64_MAX;
	for (unsigned i = 0; i < NAT_SOCKETS; i++)
		for (unsigned k = 0; k < NAT_ASKS && n->sock[i].used; k++) {
			const struct nat_ask *a = &n->sock[i].ask[k];
			uint64_t at =
			    a->sent < a->tries ? a->next_ms : a->end_ms;

			if (a->open && !waits(&n->sock[i], a) && at < due)
				due = at;
		}
	return due;
}
