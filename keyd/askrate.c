/* SPDX-License-Identifier: ISC */
/* file: keyd/askrate.c */
/*
 * The token bucket of each kind of question (see askrate.h): what a client that
 * was taken over can try in a second is bounded here, and nowhere else.
 */
#include "askrate.h"

void
askrate_fill(struct askrate *b, uint64_t now_ms, uint64_t burst)
{
	*b = (struct askrate){burst * 1000, now_ms};
}

/* rate tokens a second are as many thousandths a millisecond. */
bool
askrate_take(struct askrate *b, uint64_t now_ms, uint64_t rate, uint64_t burst)
{
	const uint64_t full = burst * 1000;
	uint64_t gone;

	if (now_ms > b->refilled_ms) {
		gone = now_ms - b->refilled_ms;
		b->refilled_ms = now_ms;
		if (gone >= (full - b->tokens_milli) / rate + 1)
			b->tokens_milli = full;
		else
			b->tokens_milli += gone * rate;
	}
	if (b->tokens_milli < 1000)
		return false;
	b->tokens_milli -= 1000;
	return true;
}
