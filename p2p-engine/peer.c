/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/peer.c */
/*
 * The machine drawn in peer.h.  Session keys, their ages and repetitions are
 * wire/session.c's business; here is only whether the peer is wanted, known,
 * and reachable.
 */
#include "peer.h"

struct step {
	bool legal;
	enum peer_state next;
	enum peer_action act;
};

/* The whole machine.  What is not listed is illegal, counted and ignored. */
/* clang-format off */
static const struct step steps[PEER_NSTATES][PEV_NEVENTS] = {
	[PEER_IDLE][PEV_WANTED]    = { true, PEER_LOOKUP, PACT_LOOKUP },
	[PEER_IDLE][PEV_OPEN]      = { true, PEER_UP,     PACT_FLUSH },
	[PEER_IDLE][PEV_OFF]       = { true, PEER_IDLE,   PACT_NONE },

	[PEER_LOOKUP][PEV_WANTED]  = { true, PEER_LOOKUP, PACT_NONE },
	[PEER_LOOKUP][PEV_FOUND]   = { true, PEER_DIAL,   PACT_DIAL },
	[PEER_LOOKUP][PEV_UNKNOWN] = { true, PEER_IDLE,   PACT_LOST },
	[PEER_LOOKUP][PEV_OPEN]    = { true, PEER_UP,     PACT_FLUSH },
	[PEER_LOOKUP][PEV_OFF]     = { true, PEER_IDLE,   PACT_NONE },

	[PEER_DIAL][PEV_WANTED]    = { true, PEER_DIAL,   PACT_NONE },
	[PEER_DIAL][PEV_OPEN]      = { true, PEER_UP,     PACT_FLUSH },
	[PEER_DIAL][PEV_LOST]      = { true, PEER_IDLE,   PACT_LOST },
	[PEER_DIAL][PEV_OFF]       = { true, PEER_IDLE,   PACT_NONE },

	[PEER_UP][PEV_WANTED]      = { true, PEER_DIAL,   PACT_DIAL },
	[PEER_UP][PEV_OPEN]        = { true, PEER_UP,     PACT_FLUSH },
	[PEER_UP][PEV_LOST]        = { true, PEER_IDLE,   PACT_LOST },
	[PEER_UP][PEV_CLOSED]      = { true, PEER_IDLE,   PACT_NONE },
	[PEER_UP][PEV_OFF]         = { true, PEER_IDLE,   PACT_NONE },
};
/* clang-format on */

void
peer_init(struct peer *p)
{
	*p = (struct peer){.state = PEER_IDLE};
}

enum peer_action
peer_event(struct peer *p, enum peer_event ev)
{
	const struct step *s = &steps[p->state][ev];

	if (!s->legal) {
		p->illegal++;
		return PACT_NONE;
	}
	p->state = s->next;
	return s->act;
}

const char *
peer_state_name(enum peer_state s)
{
	static const char *const names[PEER_NSTATES] = {
	    "idle", "lookup", "dial", "up"};

	return s < PEER_NSTATES ? names[s] : "?";
}
