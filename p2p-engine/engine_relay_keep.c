/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_relay_keep.c */
/*
 * Sessions that are there before anybody needs them: with relays, of who can't
 * be called and of relays themselves, and with somebody at all.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_relay.h"

#define KNOWN_MAX_MS 300000
#define OTHERS_MS 30000 /* who has too few relays asks for others so often */

static bool
is_translated(const struct engine *e)
{
	for (unsigned i = 0; i < NAT_SOCKETS; i++) {
		const struct nat_sock *s = nat_sock(&e->nat, i);

		if (s != NULL && s->view.mapping >= NAT_INDEPENDENT)
			return true;
	}
	return false;
}

static bool
wants_relays(const struct engine *e)
{
	return e->node.relay_use && e->net.on &&
	    (e->node.relay_keep || is_translated(e));
}

/* The nearest of those there are; who is kept stays so. */
static void
keep_some(struct engine *e, uint64_t now_ms, bool keep[])
{
	struct relay_choice list[RELAY_CHOICES];
	struct peer_slot nobody = {.no = SLOT_NONE};
	unsigned n = relay_choices(e, &nobody, true, list), kept = 0;

	for (unsigned old = 0; old < 2; old++)
		for (unsigned i = 0; i < n && kept < RELAY_WAYS; i++) {
			if (list[i].p->relayed.kept != (old == 0) ||
			    keep[list[i].p->no])
				continue;
			keep[list[i].p->no] = true;
			kept++;
		}
	if (kept < RELAY_WAYS) {
		relay_find_more(e, &nobody, now_ms);
		/* its answer names others, if any are known by now */
		if (n > 0 && now_ms >= list[0].p->asked_ms + OTHERS_MS)
			(void)slot_lookup(e, list[0].p, now_ms);
	}
}

/*
 * Who has just started has no session with anybody: a relay helps nobody then,
 * and who is behind a translator can't be called.  The member that let it in is
 * told, and tells it of relays.
 */
static void
be_known(struct engine *e, uint64_t now_ms)
{
	struct relays *x = e->relay;

	for (uint32_t i = 0; i < e->npeers; i++) {
		const struct peer_slot *p = e->slot[e->order[i]];

		if (!slot_is_member(p) || !session_up(&p->ses, now_ms))
			continue;
		x->known = true;
		x->known_ms = x->known_wait_ms = 0;
		return;
	}
	if (now_ms < x->known_ms ||
	    (x->known && !relays_serve(e) && !wants_relays(e)))
		return;
	x->known_wait_ms = x->known_wait_ms == 0 ? RELAY_LOOK_MS
	    : x->known_wait_ms < KNOWN_MAX_MS    ? 2 * x->known_wait_ms
						 : KNOWN_MAX_MS;
	x->known_ms = now_ms + x->known_wait_ms;
	engine_want_key(e, e->net.bundle.holder, now_ms);
}

static void
tell_relays(struct engine *e, const bool keep[])
{
	struct relays *x = e->relay;
	struct msg_own_relays m = {0};

	for (uint32_t i = 0; i < e->nslots && m.n < OWN_RELAYS_MAX; i++)
		if (e->slot[i] != NULL && keep[i])
			memcpy(m.key[m.n++], e->slot[i]->conf.key, 32);
	if (!wants_relays(e))
		m.n = 0;
	if (m.n == x->told.n && memcmp(&m, &x->told, sizeof(m)) == 0 &&
	    !x->news)
		return;
	if (e->io.tell_relays == NULL ||
	    e->io.tell_relays(e->io.ctx, &m) == 0) {
		x->told = m;
		x->news = false;
	}
}

void
relays_disc_ready(struct engine *e)
{
	e->relay->news = true;
	e->relay->look_ms = e->relay->known_ms = 0;
	relays_arm(e, e->now_ms);
}

void
relays_keep(struct engine *e, uint64_t now_ms)
{
	static bool keep[SLOTS_MAX];
	struct circuit *c;
	uint32_t at = 0;

	memset(keep, 0, e->nslots * sizeof(keep[0]));
	if (wants_relays(e) || relays_serve(e))
		keep_some(e, now_ms, keep);
	be_known(e, now_ms);
	tell_relays(e, keep);
	while ((c = relay_next(&e->relay->t, &at)) != NULL)
		if (c->role != RELAY_TRANSIT && c->leg[0].peer < e->nslots)
			keep[c->leg[0].peer] = true;
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL || p->relayed.kept == keep[i])
			continue;
		p->relayed.kept = keep[i];
		if (p->conf.keepalive_s == 0)
			p->ses.persistent_s = keep[i] ? RELAY_WARM_S : 0;
		slot_arm(e, p);
	}
}
