/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_carry.h */
#ifndef ENGINE_CARRY_H
#define ENGINE_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "engine.h"

/*
 * Carriers: how a datagram travels that does not leave by a UDP socket of ours.
 *
 * A place is a socket and an endpoint.  Numbers from CARRY_FIRST on are not
 * sockets but carriers, and what the endpoint means is theirs.  Nobody else has
 * to know: who was heard by a carrier is answered by it, is pinged by it, and
 * may be left for another place, as any other.
 *
 * A carrier that could bring datagrams to a peer says so (carry_offer): it is
 * one more place to dial, and to fail over to.  What it no longer can it
 * withdraws.
 */
enum {
	CARRY_FIRST = 256,
	CARRY_RELAY = CARRY_FIRST, /* by another member: a label (ADDR_LABEL) */
	CARRY_TLS,                 /* a TLS connection: its other end */
	CARRY_TURN /* and above: a server's allocation; the peer's own place */
};

#define SOCK_ANY UINT16_MAX /* of a place: whatever socket fits */

struct way {
	struct endpoint ep;
	uint16_t sock;
};

struct engine;
struct peer_slot;

static inline bool
carry_is(uint16_t sock)
{
	return sock >= CARRY_FIRST && sock != SOCK_ANY;
}

/*
 * The one way out for datagrams: len octets as datagrams of seg, the last may
 * be shorter, from a socket or by a carrier.
 */
enum udp_result engine_emit(struct engine *, uint16_t sock,
    const struct endpoint *to, const uint8_t *data, size_t len, size_t seg);

/* Can it be reached by that carrier at the moment? */
bool carry_has(const struct engine *, uint16_t sock, const struct endpoint *);
/*
 * The peer can be reached by that carrier.  If it is being dialed it hears of
 * it there at once.  False: there is no room.
 */
bool carry_offer(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint16_t sock, const struct endpoint *);
/* ... and cannot any more; whose place it was looks for another. */
void carry_withdraw(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint16_t sock, const struct endpoint *);
/* What came by a carrier, as if by a socket: a datagram with its books. */
void carry_received(struct engine *, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, uint8_t *data, size_t len);
/* The order among places that work, higher first: a direct one before all. */
uint8_t carry_rank(uint16_t sock);
/* "direct", "relay", "tls", "turn" */
const char *carry_name(uint16_t sock);

#endif
