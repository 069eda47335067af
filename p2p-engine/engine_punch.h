/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_punch.h */
#ifndef ENGINE_PUNCH_H
#define ENGINE_PUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "limiter.h"
#include "punch.h"

/*
 * Our own places, and ways of our own to members that are reached by somebody
 * else's (reach/punch.h decides): what the engine's files call of
 * engine_punch.c and engine_cands.c.
 */
#define PUNCH_EXTRA 4 /* sockets of streams that are used for it as well */
#define PUNCH_ASKERS 16
#define PUNCH_ASK_MS_MAX 8000 /* who asks hears after that what there is */
#define PUNCH_LOOK_MS 100
#define PUNCH_SHOW_MS 2500 /* people need not wait for the last pings */
#define PUNCH_SEEN_MS 8000 /* for somebody to say where a new socket is */
#define PUNCH_TRY_MS 60000 /* while there is none: once more, doubling to */
#define PUNCH_TRY_MAX_MS 600000
/*
 * Pings to places that a member named, behind the ten a minute that anybody's
 * hearsay may cost an address: a second, and at once; of one member, of all.
 */
#define PUNCH_AIM_S 1
#define PUNCH_AIM_BURST 24
#define PUNCH_AIM_ALL_S 8
#define PUNCH_AIM_ALL_BURST 64
#define KEPT_MAX 2 /* sessions that never end, while behind a translator */
#define KEPT_LOOK_MS 10000

struct engine;
struct peer_slot;
struct datagram;

/* Of one member, while a way to it is looked for or was found. */
struct hole {
	struct punch punch;
	struct bucket aimed;
	uint64_t want_ms; /* when the next is looked for, if it is not direct */
	uint32_t wait_ms;
	bool has_sock; /* a socket of its own ... */
	uint16_t sock;
	uint64_t sock_ms; /* ... whose place is asked for since; 0: not now */
};

struct punching {
	struct punch_budget budget;
	uint32_t generation; /* of our list */
	uint8_t nextra;
	uint16_t extra[PUNCH_EXTRA];
	uint8_t told_nat; /* discoveryd */
	struct bucket aimed;
	struct punch_asker {
		uint32_t id; /* 0: free */
		char name[64];
		uint64_t since_ms;
		uint32_t runs; /* before */
	} asker[PUNCH_ASKERS];
};

/* ---- engine_cands.c ---- */
/* Is there a translator between us and those who told where we are? */
bool engine_behind_nat(const struct engine *);
/* The octet of frame_cand.h: how it behaves, as far as we know. */
uint8_t engine_nat_octet(const struct engine *);
/* Where we may be reached, by RFC 8445's priority; hole may be NULL. */
void engine_candidates(
    const struct engine *, const struct hole *, struct cands *);
/* Nothing must be sent there: it is inside the network, or it is us. */
bool engine_is_inside(const struct engine *, const struct endpoint *);
/* Which of the list are on a network that we are on, by number. */
uint32_t engine_on_link(const struct engine *, const struct cands *);
/* Of a private network: no place to be found at. */
/* One of the sockets for streams that this hole does not have; -1: none. */
int engine_extra_socket(
    struct engine *, uint64_t now_ms, uint8_t family, const struct hole *);
/* It is no more, or another one. */
void punching_socket_del(struct engine *, uint16_t sock);
/* As whom that socket is seen; NULL: nobody said. */
const struct endpoint *engine_seen(const struct engine *, uint16_t sock);

/* ---- engine_punch.c ---- */
/* Is its place one that a translator of ours may forget? */
bool punch_may_be_forgotten(const struct engine *, const struct peer_slot *);
uint64_t punching_due(const struct engine *, const struct peer_slot *);
void punching_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Its lanes end. */
void punching_end(struct engine *, struct peer_slot *);
/* Our places changed: members without a way of our own hear of it. */
void punching_news(struct engine *, uint64_t now_ms);
void on_candidates(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct frame *);
void punching_pinged_from(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct datagram *);
/* true: it was the answer to one of ours. */
bool punching_pong(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint64_t id, const struct datagram *);
/* t_punch fired */
void punching_look(struct engine *, uint64_t now_ms);

#endif
