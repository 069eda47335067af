/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/hold.h */
#ifndef HOLD_H
#define HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packets.h"

/*
 * Records that wait for one peer's lookup or handshake: a bounded queue a
 * peer, in packets and octets; the oldest goes first when it is full.  The
 * memory is taken when a record is held (never on the straight path).
 */
struct held {
	struct held *next;
	uint64_t due_ms;
	struct vnet vnet;
	size_t len;
	uint8_t pkt[];
};

/* Not to be copied while it holds something: tail may point into it. */
struct hold {
	struct held *head, **tail;
	uint32_t n, max_n;
	size_t bytes, max_bytes;
	uint64_t newest_ms; /* due time of the last one in */
};

void hold_init(struct hold *, uint32_t max_packets, size_t max_bytes);
/* Even if it were empty; without dropping what is in it. */
bool hold_never(const struct hold *, size_t len);
bool hold_fits(const struct hold *, size_t len);
/*
 * How many were dropped: older ones to make room, or the new one, if it can
 * never fit or there is no memory.  Everything is copied.
 */
unsigned hold_push(struct hold *, uint64_t due_ms, const struct vnet *,
    const uint8_t *pkt, size_t len);
struct held *hold_pop(struct hold *); /* NULL: empty; free() it */
/* Pop the first one that is due, NULL: none. */
struct held *hold_expired(struct hold *, uint64_t now_ms);
uint64_t hold_due(const struct hold *); /* UINT64_MAX: empty */
unsigned hold_clear(struct hold *);     /* how many were dropped */

#endif
