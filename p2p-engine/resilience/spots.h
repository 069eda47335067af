/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/spots.h */
#ifndef SPOTS_H
#define SPOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "breaker.h"

/*
 * A breaker for each place of one peer that failed: one that is open is passed
 * over while there are others.  Pure.  A place that is not here never failed;
 * when all SPOTS_MAX are taken, the one longest in its state makes way.
 *
 * Its trial is one message.  An answer from a place proves it, so it is simply
 * forgotten here.
 */
#define SPOTS_MAX 8

struct spots {
	struct spot {
		struct endpoint ep; /* family 0: free */
		struct breaker breaker;
	} at[SPOTS_MAX];
};

bool spots_allow(
    const struct spots *, uint64_t now_ms, const struct endpoint *);
/* A message went there, allowed or, where there is no other, all the same. */
void spots_used(struct spots *, const struct breaker_conf *, uint64_t now_ms,
    const struct endpoint *);
/* It was its turn and another was taken; true: its breaker was why. */
bool spots_passed(struct spots *, const struct breaker_conf *, uint64_t now_ms,
    const struct endpoint *);
/* No answer from there; true: its breaker opened. */
bool spots_missed(struct spots *, const struct breaker_conf *, uint64_t now_ms,
    const struct endpoint *);
void spots_good(struct spots *, const struct endpoint *);
/* All may be tried again: the network is another one, perhaps. */
void spots_forget(struct spots *);

#endif
