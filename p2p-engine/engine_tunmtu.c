/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_tunmtu.c */
/*
 * The interface's MTU, where it follows the paths: once a second the narrowest
 * of those in use is looked for, and the parent told if it should be another
 * one.  reach/tunmtu.h decides when.
 *
 * In use is a path that long packets went by lately.  What is not a member's,
 * or carries whatever it is given, says nothing.
 */
#include <stdio.h>

#include "engine_int.h"
#include "engine_pmtu.h"

#define USED_MS 600000 /* after that a path is not in use */

static bool
is_used(const struct peer_slot *p, uint64_t now_ms)
{
	const struct pmtu *m;

	if (p->lanes == NULL || p->owner != NULL ||
	    !session_up(&p->ses, now_ms))
		return false;
	m = &p->lanes->pmtu;
	return m->on && m->used_ms != 0 && now_ms - m->used_ms < USED_MS;
}

static const struct peer_slot *
narrowest(const struct engine *e, uint64_t now_ms)
{
	const struct peer_slot *least = NULL;

	for (uint32_t i = 0; i < e->npeers; i++) {
		const struct peer_slot *p = e->slot[e->order[i]];

		if (is_used(p, now_ms) &&
		    (least == NULL || slot_mtu(e, p) < slot_mtu(e, least)))
			least = p;
	}
	return least;
}

void
tunmtu_conf(struct engine *e)
{
	uint16_t most = e->node.mtu == CONF_AUTO ? e->node.mtu_limit : 0;

	if (most != e->net.tunmtu.most)
		tunmtu_init(&e->net.tunmtu, most);
}

void
tunmtu_tick(struct engine *e, uint64_t now_ms)
{
	const struct peer_slot *p;
	struct msg_tun_mtu m = {0};

	if (e->net.tunmtu.most == 0 || e->io.tell_mtu == NULL)
		return;
	p = narrowest(e, now_ms);
	m.mtu = tunmtu_look(
	    &e->net.tunmtu, p == NULL ? TUNMTU_NONE : slot_mtu(e, p), now_ms);
	if (m.mtu == 0)
		return;
	/* whose path it is; nobody's if it is as much as there may be */
	if (p != NULL && m.mtu < e->net.tunmtu.most)
		snprintf(m.peer, sizeof(m.peer), "%s", p->conf.name);
	if (e->io.tell_mtu(e->io.ctx, &m) == -1)
		return;
	if (m.mtu != e->net.tunmtu.is)
		count(e, TUN_MTU_CHANGES);
	tunmtu_told(&e->net.tunmtu, m.mtu, now_ms);
}
