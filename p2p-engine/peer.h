/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/peer.h */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * One remote node as the engine sees it.
 *
 * Pure: no sockets, no clock, no allocation.  The caller reports what happened
 * and carries out the action that comes back.
 *
 *	IDLE --wanted--> LOOKUP --found--> DIAL --open--> UP --closed--> IDLE
 *	  ^                 |               | ^           | |
 *	  |              unknown          lost `--wanted--' lost
 *	  |                 v               v               v
 *	  +-----------------+---------------+---------------+
 *
 * Whether it may be wanted again at once, or later, is its breaker's business
 * (resilience/breaker.h): the caller asks that one before it says "wanted".
 *
 * "wanted" in UP means that a packet found no key young enough to send with.
 * "open" is taken everywhere: the other side may have dialed us.  "off" leads
 * from everywhere to IDLE: the administrator switched the peer off.
 */
enum peer_state { PEER_IDLE, PEER_LOOKUP, PEER_DIAL, PEER_UP, PEER_NSTATES };

enum peer_event {
	PEV_WANTED,  /* a packet waits for a key to send with */
	PEV_FOUND,   /* there is an address to dial */
	PEV_UNKNOWN, /* nobody knows one, or not in time */
	PEV_OPEN,    /* a session came up: there is a key to send with */
	PEV_LOST,    /* nobody answered to the end */
	PEV_CLOSED,  /* the keys went unused, or made way */
	PEV_OFF,     /* switched off or removed */
	PEV_NEVENTS
};

enum peer_action {
	PACT_NONE,
	PACT_LOOKUP, /* ask discoveryd */
	PACT_DIAL,   /* start a handshake */
	PACT_FLUSH,  /* send what was held */
	PACT_LOST    /* drop what was held: it failed, to the end */
};

struct peer {
	enum peer_state state;
	uint32_t illegal; /* events that made no sense in their state */
};

void peer_init(struct peer *);
/* The only writer of the state. */
enum peer_action peer_event(struct peer *, enum peer_event);
const char *peer_state_name(enum peer_state);

#endif
