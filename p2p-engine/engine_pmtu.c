/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_pmtu.c */
/*
 * How long packets to a peer may be, carried out: see engine_pmtu.h.
 *
 * Probes leave with DF; data over IPv4 does not: until the search has an
 * answer, and where it can have none, fragments beat a black hole.  What is
 * known is kept to at the TUN: super-packets of TCP are cut smaller than the
 * kernel wanted them, SYNs ask for no more than fits, and who sends something
 * else that is too long is told by ICMP.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"
#include "mss.h"

#define OVER4 28        /* IPv4 and UDP */
#define OVER6 48        /* IPv6 and UDP */
#define OVER_CARRIED 56 /* IPv6, UDP, and what is around it */
#define IPV6_LEAST 1280
#define STRETCHED 1440 /* longer than a link of 1500 octets takes */
#define LONG 1000      /* a packet that says that there are long ones */

static struct pmtu *
pmtu_of(const struct peer_slot *p)
{
	return p->lanes == NULL ? NULL : &p->lanes->pmtu;
}

static uint16_t
over_at(uint16_t sock, const struct endpoint *ep)
{
	if (carry_is(sock))
		return OVER_CARRIED;
	return ep->addr.family == 4 ? OVER4 : OVER6;
}

static uint16_t
over(const struct peer_slot *p)
{
	return over_at(p->sock, &p->ep);
}

/* ---- packets ---- */

bool
pmtu_fits(struct engine *e, struct outgoing *r, struct split *s)
{
	size_t longest = split_longest(s);

	r->mtu = slot_mtu(e, r->to);
	if (longest <= r->mtu)
		return true;
	if (split_shrink(s, r->mtu)) {
		count(e, PMTU_CUT);
		return true;
	}
	if (longest > conf_mtu(&e->node) || (s->p.df && longest > IPV6_LEAST))
		return false;
	count(e, PMTU_PIECES);
	if (!carry_is(r->to->sock) && r->to->ep.addr.family == 6)
		r->least = STRETCHED;
	return true;
}

uint16_t
pmtu_told(const struct engine *e, const struct pkt *p)
{
	const struct peer_slot *to =
	    slot_get(e, route_find(e->routes, &p->dst));
	uint16_t mtu = to == NULL ? conf_mtu(&e->node) : slot_mtu(e, to);

	return p->version == 6 && mtu < IPV6_LEAST ? IPV6_LEAST : mtu;
}

void
pmtu_clamp(struct engine *e, const struct peer_slot *p, uint8_t *data,
    size_t len, const struct pkt *pkt)
{
	if (e->node.mss_clamp && mss_clamp(data, len, pkt, slot_mtu(e, p)))
		count(e, MSS_CLAMPED);
}

enum udp_result
pmtu_emit(struct engine *e, const struct peer_slot *p, uint16_t sock,
    const struct endpoint *to, const uint8_t *data, size_t len, size_t seg)
{
	const struct pmtu *m = p == NULL ? NULL : pmtu_of(p);

	if (m == NULL || seg <= pmtu_limit(m) || carry_is(sock) ||
	    to->addr.family == 4 || e->io.udp_send_as == NULL)
		return engine_emit(e, sock, to, data, len, seg);
	return e->io.udp_send_as(
	    e->io.ctx, sock, to, data, len, seg, UDP_PIECES);
}

void
pmtu_note(struct engine *e, struct peer_slot *p, uint64_t now_ms, size_t len)
{
	if (len >= LONG && p->lanes != NULL &&
	    pmtu_sent(&p->lanes->pmtu, now_ms))
		slot_arm(e, p);
}

/* ---- the search ---- */

void
pmtu_follow(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pmtu *m = pmtu_of(p);
	uint32_t need = conf_mtu(&e->node) + PMTU_DATA;

	if (m == NULL || p->owner != NULL || !p->has_ep)
		return;
	if (p->sock == CARRY_TLS) { /* a stream of octets */
		pmtu_stop(m, now_ms);
		return;
	}
	pmtu_use(m, &p->ep, p->sock, over(p),
	    need < UINT16_MAX ? (uint16_t)need : UINT16_MAX - 1, now_ms);
}

static void
ask(struct engine *e, struct peer_slot *p, unsigned i)
{
	struct pmtu *m = &p->lanes->pmtu;
	uint64_t id;

	switch (probe_sized(e, p, m->ask[i].size, &id)) {
	case UDP_OK:
		pmtu_asked(m, i, id);
		break;
	case UDP_TOO_LONG:
		pmtu_refused(m, i);
		break;
	default: /* as if it had not been asked */
		break;
	}
}

static void
note_change(struct engine *e, struct peer_slot *p, uint16_t was)
{
	uint16_t is = slot_mtu(e, p);

	if (is == was)
		return;
	count(e, PMTU_CHANGES);
	ev_pmtu(e, p, is);
}

void
pmtu_slot_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pmtu *m = pmtu_of(p);
	uint16_t was;
	unsigned n;

	if (m == NULL || p->owner != NULL || !session_up(&p->ses, now_ms))
		return;
	was = slot_mtu(e, p);
	pmtu_follow(e, p, now_ms);
	if (p->lanes->paths.state != PATHSET_CALM)
		pmtu_doubt(m, now_ms);
	n = pmtu_tick(m, now_ms);
	for (unsigned i = 0; i < n; i++)
		ask(e, p, i);
	note_change(e, p, was);
}

uint64_t
pmtu_slot_due(const struct peer_slot *p)
{
	const struct pmtu *m = pmtu_of(p);

	return m == NULL || p->owner != NULL || p->peer.state != PEER_UP
	    ? UINT64_MAX
	    : pmtu_due(m);
}

bool
pmtu_pong(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint64_t id)
{
	struct pmtu *m = pmtu_of(p);
	uint16_t was;

	if (m == NULL || p->owner != NULL)
		return false;
	was = slot_mtu(e, p);
	if (!pmtu_answer(m, id, now_ms))
		return false;
	count(e, PMTU_ANSWERED);
	note_change(e, p, was);
	slot_arm(e, p);
	return true;
}

void
pmtu_link(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pmtu *m = pmtu_of(p);

	if (m == NULL || p->owner != NULL)
		return;
	pmtu_hint(m, now_ms);
	slot_arm(e, p);
}

uint16_t
pmtu_shown(const struct peer_slot *p)
{
	const struct pmtu *m = pmtu_of(p);

	return m == NULL ? 0 : pmtu_path(m, over(p));
}

void
pmtu_row(const struct engine *e, const struct peer_slot *p, uint16_t sock,
    const struct endpoint *ep, struct msg_path_row *row)
{
	const struct pmtu *m = pmtu_of(p);
	uint16_t most = conf_mtu(&e->node), more = over_at(sock, ep), lo, hi;

	if (m == NULL || !pmtu_known(m, ep, sock, &lo, &hi) || lo == 0)
		return;
	row->takes = (uint16_t)(lo + more);
	row->refuses = hi == 0 ? 0 : (uint16_t)(hi + more);
	row->mtu = lo >= most + PMTU_DATA ? most : (uint16_t)(lo - PMTU_DATA);
}
