/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_carry.c */
/* Carriers: the way in and out for what is not a UDP socket of ours. */
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"

enum udp_result
engine_emit(struct engine *e, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	if (!carry_is(sock))
		return e->io.udp_send(e->io.ctx, sock, to, data, len, seg);
	if (sock == CARRY_RELAY)
		return relay_emit(e, to, data, len, seg);
	if (sock == CARRY_TURN)
		return engine_turn_emit(e, to, data, len, seg);
	if (sock == CARRY_TLS)
		return tls_emit(e, to, data, len, seg);
	return UDP_ERROR;
}

bool
carry_has(const struct engine *e, uint16_t sock, const struct endpoint *to)
{
	if (sock == CARRY_RELAY)
		return relay_has(e, to);
	if (sock == CARRY_TURN)
		return engine_turn_has(e, to);
	if (sock == CARRY_TLS)
		return tls_has(e, to);
	return !carry_is(sock);
}

uint8_t
carry_rank(uint16_t sock)
{
	if (!carry_is(sock))
		return 128;
	if (sock == CARRY_RELAY)
		return 96;
	return sock == CARRY_TLS ? 32 : 64;
}

const char *
carry_name(uint16_t sock)
{
	if (!carry_is(sock))
		return "direct";
	if (sock == CARRY_RELAY)
		return "relay";
	return sock == CARRY_TLS ? "tls" : "turn";
}

/* ---- the ways to a peer ---- */

bool
engine_sock_for(
    const struct engine *e, const struct endpoint *to, uint16_t *sock)
{
	bool found = false;
	uint16_t first = 0;

	if (carry_is(*sock) && carry_has(e, *sock, to))
		return true;
	for (uint32_t i = 0; i < e->nsocks; i++) {
		if (e->sock[i].family != to->addr.family)
			continue;
		if (e->sock[i].no == *sock)
			return true;
		/* those of streams are nobody else's */
		if (e->sock[i].no >= UDP_STREAM_FIRST)
			continue;
		if (!found)
			first = e->sock[i].no;
		found = true;
	}
	if (found)
		*sock = first;
	return found;
}

static unsigned
add_way(struct way *list, unsigned n, const struct way *new)
{
	if (new->ep.addr.family == 0)
		return n;
	for (unsigned i = 0; i < n; i++)
		if (carry_is(list[i].sock) == carry_is(new->sock) &&
		    endpoint_eq(&list[i].ep, &new->ep))
			return n;
	list[n] = *new;
	return n + 1;
}

unsigned
slot_places(const struct peer_slot *p, struct way out[PLACES_ALL])
{
	unsigned n = 0;

	if (p->has_ep)
		n = add_way(out, n, &(struct way){p->ep, p->sock});
	for (unsigned i = 0; i < p->conf.nendpoints; i++)
		n = add_way(
		    out, n, &(struct way){p->conf.endpoint[i], SOCK_ANY});
	for (unsigned i = 0; i < p->ncand; i++)
		n = add_way(out, n, &(struct way){p->cand[i], SOCK_ANY});
	for (unsigned i = 0; i < p->ncarried; i++)
		n = add_way(out, n, &p->carried[i]);
	return n;
}

bool
slot_sock_for(const struct engine *e, const struct peer_slot *p,
    const struct way *to, uint16_t *sock)
{
	if (carry_is(to->sock)) {
		*sock = to->sock;
		return carry_has(e, to->sock, &to->ep);
	}
	*sock = to->sock == SOCK_ANY ? p->sock : to->sock;
	if (carry_is(*sock))
		*sock = 0;
	return engine_sock_for(e, &to->ep, sock);
}

static bool
way_is(const struct way *x, uint16_t sock, const struct endpoint *ep)
{
	return x->sock == sock && endpoint_eq(&x->ep, ep);
}

bool
carry_offer(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    uint16_t sock, const struct endpoint *ep)
{
	for (unsigned i = 0; i < p->ncarried; i++)
		if (way_is(&p->carried[i], sock, ep))
			return true;
	if (p->ncarried == CARRIED_MAX)
		return false;
	p->carried[p->ncarried++] = (struct way){*ep, sock};
	if (p->hs_open && session_dialing(&p->ses))
		(void)engine_send(e, p, sock, ep, p->hs_msg, sizeof(p->hs_msg));
	paths_learn(e, p, now_ms);
	slot_hint(e, p, now_ms);
	return true;
}

void
carry_withdraw(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    uint16_t sock, const struct endpoint *ep)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < p->ncarried; i++)
		if (!way_is(&p->carried[i], sock, ep))
			p->carried[kept++] = p->carried[i];
	p->ncarried = (uint8_t)kept;
	paths_gone(e, p, now_ms, sock, ep);
}

void
carry_received(struct engine *e, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, uint8_t *data, size_t len)
{
	engine_from_udp(e, now_ms, sock, from, data, len);
}
