/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/replay.h */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The replay window (RFC 6479 shape): accepts each counter once, and none that
 * lies more than REPLAY_WINDOW below the greatest.  Called only after the tag
 * verified.
 */
#define REPLAY_WINDOW 8192

struct replay {
	uint64_t next; /* greatest accepted + 1; 0: none yet */
	uint64_t bits[REPLAY_WINDOW / 64 + 1];
};

void replay_init(struct replay *);
/* true: first time, now marked; false: seen, too old, or past the limit */
bool replay_accept(struct replay *, uint64_t counter);

#endif
