/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_paths.h */
#ifndef ENGINE_PATHS_H
#define ENGINE_PATHS_H

#include <stdbool.h>
#include <stdint.h>

#include "msg.h"

/*
 * Which place of a member is used, and failing over to another one: what the
 * engine's files call of engine_paths.c.  All do nothing for a peer that has no
 * lanes, or for a stream.
 */
struct datagram;
struct endpoint;
struct engine;
struct path;
struct peer_slot;

#define PLACE_NAME_MAX 80
/* "192.0.2.1:51820", "relay", "turn 192.0.2.1:51820": what people see of it. */
const char *engine_place_name(const struct engine *, uint16_t sock,
    const struct endpoint *, char out[PLACE_NAME_MAX]);

/* Has the configuration set this place's rank? */
bool paths_pinned(const struct engine *, const struct peer_slot *,
    uint16_t sock, const struct endpoint *);
/* By hand; PATH_NONE: the next best.  What came of it. */
enum failover_result paths_force(
    struct engine *, struct peer_slot *, uint64_t now_ms, unsigned place);

void paths_begin(struct engine *, struct peer_slot *, uint64_t now_ms);
/* There may be new places: of discoveryd, or for a new socket. */
void paths_learn(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Our own network changed: all its places are asked again. */
void paths_hint(struct engine *, struct peer_slot *, uint64_t now_ms);
/* This one can't be reached any more. */
void paths_gone(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint16_t sock, const struct endpoint *);
void paths_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
uint64_t paths_due(const struct peer_slot *);
/* Data left, by a slot that has lanes and is no stream. */
void paths_sent(struct engine *, struct peer_slot *, uint64_t now_ms);
/* Data came, to such a slot. */
void paths_heard(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct datagram *);
/*
 * Keys that we made with a response to there are used from there: that proves
 * the place as well as a pong.  Before paths_heard.
 */
void paths_keyed_from(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct datagram *);
void paths_pinged_from(struct engine *, struct peer_slot *, uint64_t now_ms,
    const struct datagram *);
/* true: it was of one of ours. */
bool paths_pong(struct engine *, struct peer_slot *, uint64_t now_ms,
    uint64_t id, const struct endpoint *from);
/* Its place is this one now, whoever decided it. */
void paths_used(const struct engine *, struct peer_slot *, uint64_t now_ms);
/* Has this place of it answered lately? */
bool paths_proved_at(const struct peer_slot *, uint64_t now_ms, uint16_t sock,
    const struct endpoint *);
/* Where everything is to be sent as well; NULL: nowhere. */
const struct path *paths_copy(const struct peer_slot *);

#endif
