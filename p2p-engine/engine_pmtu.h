/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_pmtu.h */
#ifndef ENGINE_PMTU_H
#define ENGINE_PMTU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine_int.h"

/*
 * How long packets to a peer may be: what the engine's files call of
 * engine_pmtu.c.  reach/pmtu.h decides.  What a peer's place takes is known of
 * members that know probes; others, and places behind a stream, take what the
 * tunnel has.
 */
#define PMTU_DATA 32 /* octets of a data message around its packet */

/* The longest packet to it, or by one of its streams. */
static inline uint16_t
slot_mtu(const struct engine *e, const struct peer_slot *p)
{
	uint16_t size;

	if (p->lanes == NULL)
		return conf_mtu(&e->node);
	size = pmtu_limit(&p->lanes->pmtu);
	return size >= conf_mtu(&e->node) + PMTU_DATA
	    ? conf_mtu(&e->node)
	    : (uint16_t)(size - PMTU_DATA);
}

/*
 * May it leave, perhaps cut smaller than it came?  What is no longer than 1280
 * octets, which IPv6 has to pass and others rely on, and IPv4 without DF leaves
 * as it is and in fragments: of the datagram around it, which its peer's system
 * puts together again.
 */
bool pmtu_fits(struct engine *, struct outgoing *, struct split *);
/*
 * Zeroes behind a packet of len octets, up to what it must have: Linux makes
 * fragments for IPv6 of what is longer than its own link takes, and only then
 * as small as it is told.  The new length.
 */
static inline size_t
pmtu_stretch(const struct outgoing *r, uint8_t *in, size_t len)
{
	if (len >= r->least)
		return len;
	memset(in + len, 0, r->least - len);
	return r->least;
}

static inline size_t
pmtu_sealed_len(const struct outgoing *r, size_t len)
{
	return keypair_sealed_len(len < r->least ? r->least : len, r->mtu);
}

/* For the host: the next hop's MTU of what was too long. */
uint16_t pmtu_told(const struct engine *, const struct pkt *);
/* Of TCP, from that peer or to it: mss.h. */
void pmtu_clamp(struct engine *, const struct peer_slot *, uint8_t *data,
    size_t len, const struct pkt *);

/* As engine_emit, for a peer's data; in fragments if that is the only way. */
enum udp_result pmtu_emit(struct engine *, const struct peer_slot *,
    uint16_t sock, const struct endpoint *, const uint8_t *data, size_t len,
    size_t seg);
/* Data left, by any of its streams. */
void pmtu_note(
    struct engine *, struct peer_slot *, uint64_t now_ms, size_t len);

/* Its place, or what the tunnel needs, may be another one. */
void pmtu_follow(struct engine *, struct peer_slot *, uint64_t now_ms);
void pmtu_slot_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
uint64_t pmtu_slot_due(const struct peer_slot *);
/* true: it was of one of ours. */
bool pmtu_pong(
    struct engine *, struct peer_slot *, uint64_t now_ms, uint64_t id);
/* Our own network changed. */
void pmtu_link(struct engine *, struct peer_slot *, uint64_t now_ms);
/* For people: what passes, as the longest packet of links; 0: not known. */
uint16_t pmtu_shown(const struct peer_slot *);
/* ... of a place of its: takes, refuses, mtu. */
void pmtu_row(const struct engine *, const struct peer_slot *, uint16_t sock,
    const struct endpoint *, struct msg_path_row *);

/* ---- engine_tunmtu.c: the interface's MTU, where it follows the paths ---- */
void tunmtu_conf(struct engine *);
void tunmtu_tick(struct engine *, uint64_t now_ms); /* once a second */

#endif
