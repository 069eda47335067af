/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/replay.c */
/*
 * The window is a ring of 64-bit words, one more than its width needs, so
 * that moving it forward clears whole words and never shifts (RFC 6479).  The
 * word of counter c is c / 64 modulo the ring.
 */
#include <string.h>

#include "replay.h"
#include "wg.h"

#define WORDS (REPLAY_WINDOW / 64 + 1)

void
replay_init(struct replay *r)
{
	memset(r, 0, sizeof(*r));
}

/* Clear the words between the old greatest counter and the new one. */
static void
advance(struct replay *r, uint64_t counter)
{
	uint64_t from = r->next == 0 ? 0 : (r->next - 1) / 64 + 1;
	uint64_t to = counter / 64;

	if (to >= from && to - from >= WORDS) {
		memset(r->bits, 0, sizeof(r->bits));
	} else {
		for (uint64_t w = from; w <= to; w++)
			r->bits[w % WORDS] = 0;
	}
	r->next = counter + 1;
}

bool
replay_accept(struct replay *r, uint64_t counter)
{
	uint64_t bit = 1ULL << (counter % 64);
	uint64_t *word;

	if (counter >= WG_REJECT_AFTER_MESSAGES)
		return false;
	if (counter >= r->next)
		advance(r, counter);
	else if (r->next - 1 - counter > REPLAY_WINDOW)
		return false;
	word = &r->bits[counter / 64 % WORDS];
	if ((*word & bit) != 0)
		return false;
	*word |= bit;
	return true;
}
