/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/respawn.h */
#ifndef RESPAWN_H
#define RESPAWN_H

#include <stdint.h>

/*
 * How long to wait before a child that died is started again.
 *
 * Pure.  A child that worked for RESPAWN_GOOD_MS starts again at once, since
 * its peers are waiting; one that dies young waits 100 ms, 200 ms, ... 30 s,
 * so that a program that can't start costs next to nothing.
 */
#define RESPAWN_GOOD_MS 2000
#define RESPAWN_MIN_MS 100
#define RESPAWN_MAX_MS 30000

struct respawn {
	uint32_t wait_ms; /* the last wait, 0: none */
};

/* lived_ms: from READY to the end, 0 if it never became ready. */
uint32_t respawn_wait(struct respawn *, uint64_t lived_ms);

#endif
