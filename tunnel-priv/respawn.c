/* SPDX-License-Identifier: ISC */
/*
 * The back-off of the parent's children (respawn.h).  Pure: the caller knows
 * the time and owns the timer.
 */
#include "respawn.h"

uint32_t
respawn_wait(struct respawn *r, uint64_t lived_ms)
{
	if (lived_ms >= RESPAWN_GOOD_MS)
		r->wait_ms = 0;
	else if (r->wait_ms == 0)
		r->wait_ms = RESPAWN_MIN_MS;
	else if (r->wait_ms > RESPAWN_MAX_MS / 2)
		r->wait_ms = RESPAWN_MAX_MS;
	else
		r->wait_ms *= 2;
	return r->wait_ms;
}
