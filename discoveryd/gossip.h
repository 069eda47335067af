/* SPDX-License-Identifier: ISC */
/* file: discoveryd/gossip.h */
#ifndef GOSSIP_H
#define GOSSIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"
#include "members.h"
#include "msg.h"
#include "rnd.h"

/*
 * What members tell each other over their sessions, by way of the engine.
 * Pure.
 *
 *	WHO_HAS in   answered from what is known: a certificate, a place
 *	RECORD in    verified, then kept; whose question it was is told
 *	PEERS in     keys never heard of are asked for, one in ten seconds
 *	PEERS out    who is up here, when that changes, once a minute at most
 *	             or in ten seconds if a relay came
 *	RECORD out   our own place, to who comes up and when it changes; to who
 *	             comes up also two relays that are up here
 *
 * Whoever sends is a member, and may be a hostile one: of each so many frames
 * a second are read, and nothing is believed that is not signed.
 */
#define GOSSIP_RATE 20 /* frames a second of one member */
#define GOSSIP_BURST 60
#define GOSSIP_SOURCES_MAX 128 /* counted apart; more share one allowance */
#define GOSSIP_PEERS_MS 60000
#define GOSSIP_RELAY_MS 10000 /* the same, if a relay came */
#define GOSSIP_PEERS_TO 8     /* members that are told who is up */
#define GOSSIP_RELAYS_TO 2
#define GOSSIP_WANTED_MAX 32
#define GOSSIP_WANTED_MS 10000
#define GOSSIP_REQ 0x80000000u /* our own questions, not lookup.h's */

struct gossip_io {
	void *ctx;
	/* to an empty key: up to three peers that are up; -1: no engine */
	int (*send)(void *ctx, const struct msg_peer_frame *);
	/* A record was right: something is known of this key. */
	void (*learned)(
	    void *ctx, uint64_t now_ms, const uint8_t key[32], uint32_t req);
	void (*refused)(void *ctx, uint32_t req);
	struct rnd_src rnd;
};
struct gossip_stats {
	uint64_t asked, answered, taken, refused, malformed, limited,
	    not_wanted;
};

struct gossip;

struct gossip *gossip_new(const struct gossip_io *, struct members *);
void gossip_free(struct gossip *);
void gossip_reset(struct gossip *); /* another network */
/* A frame of a peer: untrusted. */
void gossip_frame(struct gossip *, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_frame *);
/* WHO_HAS to peers; -1: no engine */
int gossip_ask(struct gossip *, const struct who_has *);
/* Our place record, signed anew. */
void gossip_own(struct gossip *, const struct record *);
/* A member came up, or went. */
void gossip_change(
    struct gossip *, uint64_t now_ms, const uint8_t key[32], bool up);
/* A key of this network nothing is known of. */
void gossip_want(struct gossip *, uint64_t now_ms, const uint8_t key[32]);
void gossip_tick(struct gossip *, uint64_t now_ms, uint64_t unix_s);
uint64_t gossip_due(const struct gossip *); /* UINT64_MAX: nothing */
const struct gossip_stats *gossip_stats(const struct gossip *);

#endif
