/* SPDX-License-Identifier: ISC */
/* The pace of news (links.h): a bucket of LINKS_BURST, written as a time. */
#include "links.h"

void
links_note(struct links_pace *p, uint64_t now_ms)
{
	const uint64_t ahead = (uint64_t)(LINKS_BURST - 1) * LINKS_PACE_MS;

	if (p->due_ms != 0)
		return;
	p->due_ms = now_ms + LINKS_CALM_MS;
	if (p->full_ms > p->due_ms + ahead)
		p->due_ms = p->full_ms - ahead;
}

bool
links_due(struct links_pace *p, uint64_t now_ms)
{
	if (p->due_ms == 0 || now_ms < p->due_ms)
		return false;
	p->due_ms = 0;
	if (p->full_ms < now_ms)
		p->full_ms = now_ms;
	p->full_ms += LINKS_PACE_MS;
	return true;
}
