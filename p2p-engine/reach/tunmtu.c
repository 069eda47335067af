/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/tunmtu.c */
/* What the interface's MTU should be: see tunmtu.h. */
#include "tunmtu.h"

#include <stdbool.h>

void
tunmtu_init(struct tunmtu *s, uint16_t most)
{
	*s = (struct tunmtu){.most = most};
}

static uint16_t
within(const struct tunmtu *s, uint16_t mtu)
{
	if (mtu < TUNMTU_LEAST)
		mtu = TUNMTU_LEAST;
	return mtu < s->most ? mtu : s->most;
}

uint16_t
tunmtu_look(struct tunmtu *s, uint16_t narrowest, uint64_t now_ms)
{
	uint16_t right = within(s, narrowest);
	/* of what we do not know it is the most: so it begins */
	uint16_t is = s->is == 0 ? s->most : s->is;

	bool soon = s->is != 0 && now_ms - s->told_ms < TUNMTU_GAP_MS;

	if (s->most == 0)
		return 0;
	if (right == s->is) {
		s->more = 0;
		return now_ms - s->told_ms < TUNMTU_AGAIN_MS ? 0 : right;
	}
	if (right < is) {
		s->more = 0;
		return soon ? 0 : right;
	}
	if (s->more == 0)
		s->more_ms = now_ms;
	if (s->more == 0 || right < s->more)
		s->more = right;
	return soon || now_ms - s->more_ms < TUNMTU_HOLD_MS ? 0 : s->more;
}

void
tunmtu_told(struct tunmtu *s, uint16_t mtu, uint64_t now_ms)
{
	s->is = mtu;
	s->more = 0;
	s->told_ms = now_ms;
}
