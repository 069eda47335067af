/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_drop.h */
#ifndef ENGINE_DROP_H
#define ENGINE_DROP_H

#include "engine.h"

struct batch;
struct datagram;
struct engine;
struct held;
struct hold;
struct job;
struct outgoing;
struct peer_slot;

/*
 * Where packets end: counted, and remembered for who asks why (drops.h).  Each
 * takes a K_DROP, at the engine's present time.
 */

/* The last drop of one peer, whatever came since to all others. */
struct last_drop {
	uint64_t at_ms, count; /* of the newest; how many of it in a row */
	uint16_t why;          /* C_NONE: there was none */
};

void drop_out(struct engine *, enum counter, const struct outgoing *);
/* n of the packets that it was cut into. */
void drop_cut(
    struct engine *, enum counter, const struct outgoing *, uint64_t n);
/* It waited for this peer, or for nobody. */
void drop_waited(
    struct engine *, enum counter, struct peer_slot *, const struct held *);
/* n packets that waited for the peer's limit, and one of them. */
void drop_shaped(struct engine *, enum counter, struct peer_slot *,
    const uint8_t *pkt, size_t len, uint64_t n);
/*
 * It waits until due_ms, for r->to.  What falls out of the queue for that is
 * dropped, and that may be itself.
 */
void drop_or_hold(struct engine *, struct hold *, uint64_t due_ms,
    const struct outgoing *r, enum counter full);
void drop_batch(struct engine *, enum counter, const struct batch *);
void drop_in(struct engine *, enum counter, const struct datagram *);
void drop_job(struct engine *, enum counter, const struct job *);
/* All of the super-packet. */
void drop_merged(struct engine *);

#endif
