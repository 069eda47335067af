/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_guest.c */
/*
 * Quarantine: somebody calls whose key is not known.  It has shown that the
 * key is its own, and will show that it knows the network's secret (or holds
 * an invitation) by its first message; then its first frame must say who it
 * is.  Until then it has a session and nothing else: no route leads to it, it
 * is in no table but this list, and takes nobody's place but another guest's.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "handshake.h"
#include "path.h"

struct peer_slot *
guest_find(const struct engine *e, const uint8_t key[32])
{
	for (uint32_t i = 0; i < e->net.nguests; i++) {
		struct peer_slot *p = e->slot[e->net.guest[i]];

		if (memcmp(p->conf.key, key, 32) == 0)
			return p;
	}
	return NULL;
}

const uint8_t *
guest_psk(struct engine *e, uint64_t now_ms, const uint8_t key[32])
{
	const uint8_t *psk;

	if (!e->net.on || memcmp(key, e->pub, 32) == 0)
		return NULL;
	psk = join_psk(e, now_ms, key);
	return psk != NULL ? psk : e->net.psk;
}

/* It is no guest any more, for better or worse. */
static void
leave_list(struct engine *e, const struct peer_slot *p)
{
	struct network *n = &e->net;
	uint32_t i = 0;

	while (i < n->nguests && n->guest[i] != p->no)
		i++;
	if (i == n->nguests)
		return;
	n->nguests--;
	memmove(&n->guest[i], &n->guest[i + 1],
	    (n->nguests - i) * sizeof(n->guest[0]));
}

void
guest_drop(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	leave_list(e, p);
	slot_close(e, p, now_ms, PEV_OFF);
	timers_stop(&e->timers, &p->timer);
	e->slot[p->no] = NULL;
	slot_free(p);
}

/* The one to make way: who has not even proved its key goes first. */
static struct peer_slot *
least_guest(const struct engine *e)
{
	for (uint32_t i = 0; i < e->net.nguests; i++) {
		struct peer_slot *p = e->slot[e->net.guest[i]];

		if (p->ses.slot[SLOT_CURRENT] == NULL)
			return p;
	}
	return e->slot[e->net.guest[0]];
}

static uint32_t
free_number(const struct engine *e)
{
	for (uint32_t i = 0; i < e->nslots; i++)
		if (e->slot[i] == NULL)
			return i;
	return SLOT_NONE;
}

struct peer_slot *
guest_new(struct engine *e, uint64_t now_ms, const uint8_t key[32])
{
	const uint8_t *psk = guest_psk(e, now_ms, key);
	struct conf_peer c = {
	    .name = "guest", .has_psk = true, .admin_up = true};
	struct peer_slot *p;
	uint32_t no;

	if (psk == NULL)
		return NULL;
	if (e->net.nguests == GUESTS_MAX) {
		count(e, GUESTS_EVICTED);
		guest_drop(e, least_guest(e), now_ms);
	}
	no = free_number(e);
	if (no == SLOT_NONE || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	memcpy(c.key, key, sizeof(c.key));
	memcpy(c.psk, psk, sizeof(c.psk));
	slot_init(e, p, no, now_ms, &c);
	crypto_wipe(&c, sizeof(c));
	p->guest = true;
	p->joins = psk != e->net.psk;
	p->guest_due_ms = now_ms + GUEST_MS;
	e->net.guest[e->net.nguests++] = no;
	slot_arm(e, p);
	return p;
}

void
guest_promote(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	leave_list(e, p);
	p->guest = false;
	p->joins = false;
	slot_heard(e, p, now_ms);
	streams_begin(e, p, now_ms);
	if (p->member != NULL)
		crl_send(e, p, now_ms); /* its HELLO said that it is behind */
}

void
guests_clear(struct engine *e, uint64_t now_ms)
{
	while (e->net.nguests > 0)
		guest_drop(e, e->slot[e->net.guest[0]], now_ms);
}
