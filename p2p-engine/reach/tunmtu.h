/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/tunmtu.h */
#ifndef TUNMTU_H
#define TUNMTU_H

#include <stdint.h>

/*
 * What the interface's MTU should be, if it follows the paths (`mtu auto`).
 * Pure: what the narrowest path in use takes goes in, a change comes out.
 *
 * Less is told at once, since what is too long meanwhile is cut, or lost; more
 * only after it was right for TUNMTU_HOLD_MS, and then the least that it was.
 * Between two changes are TUNMTU_GAP_MS at least: connections notice each.
 * What is told may be lost, so it is told again every TUNMTU_AGAIN_MS.
 */
#define TUNMTU_LEAST 1280 /* what IPv6 needs of a link */
#define TUNMTU_GAP_MS 10000
#define TUNMTU_HOLD_MS 30000
#define TUNMTU_AGAIN_MS 60000
#define TUNMTU_NONE UINT16_MAX /* no path in use is known to be narrow */

struct tunmtu {
	uint16_t most;    /* 0: it does not follow */
	uint16_t is;      /* what was told last, 0: nothing yet */
	uint16_t more;    /* > is: the least since more_ms; 0: not more */
	uint64_t more_ms; /* since when it could be more */
	uint64_t told_ms; /* when `is` was */
};

void tunmtu_init(struct tunmtu *, uint16_t most);
/* To be told now, or 0; tunmtu_told if it could be. */
uint16_t tunmtu_look(struct tunmtu *, uint16_t narrowest, uint64_t now_ms);
void tunmtu_told(struct tunmtu *, uint16_t mtu, uint64_t now_ms);

#endif
