/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/targets.h */
#ifndef TARGETS_H
#define TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * Addresses that somebody else gave us and that may be a victim's: how often
 * each was written to in this minute, whoever it was meant for.  Pure, all
 * memory at targets_new.
 *
 * An address from which a peer authenticated is good and has no limit.  Every
 * TARGET_WAYS places are shared by a part of all addresses; when others of this
 * minute have taken them, an address is not written to at all: to forget one
 * of those would be to write to it ten times more.
 */
#define TARGET_MAX 10 /* datagrams to one address ... */
#define TARGET_WINDOW_MS 60000
#define TARGET_GOOD_MS 3600000 /* after that another may have its place */
#define TARGET_WAYS 8

struct targets;

/* places is rounded up to a power of two; NULL: no memory. */
struct targets *targets_new(uint32_t places, const uint8_t hash_key[16]);
void targets_free(struct targets *); /* NULL is fine */
/* May one more go there? */
bool targets_allow(
    const struct targets *, uint64_t now_ms, const struct addr *);
void targets_note(struct targets *, uint64_t now_ms, const struct addr *);
void targets_good(struct targets *, uint64_t now_ms, const struct addr *);

#endif
