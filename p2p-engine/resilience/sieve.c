/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/sieve.c */
/* What is not worth room in the receive buffer: see sieve.h. */
#include "sieve.h"

#include <string.h>

static void
roll(struct sieve *s, uint64_t now_ms)
{
	if (now_ms - s->window_ms < SIEVE_WINDOW_MS)
		return;
	s->window_ms = now_ms;
	s->garbage = 0;
	memset(s->talker, 0, sizeof(s->talker));
}

bool
sieve_garbage(struct sieve *s, uint64_t now_ms)
{
	bool was = s->garbage_until_ms != 0;

	roll(s, now_ms);
	/* some of it looks like something and is let through */
	if (++s->garbage <= (was ? SIEVE_GARBAGE / SIEVE_KEEP : SIEVE_GARBAGE))
		return false;
	s->garbage_until_ms = now_ms + SIEVE_LASTS_MS;
	return !was;
}

/* As one owner has them. */
static struct addr
source(const struct addr *a)
{
	struct addr r = *a;

	if (r.family != 4)
		memset(r.b + 8, 0, sizeof(r.b) - 8);
	return r;
}

/* So many of it in this window, or fewer; never more. */
static uint32_t
talked(struct sieve *s, const struct addr *from)
{
	int free = -1;

	for (int i = 0; i < SIEVE_TALKERS; i++) {
		if (s->talker[i].n == 0)
			free = i;
		else if (addr_eq(&s->talker[i].from, from))
			return ++s->talker[i].n;
	}
	if (free != -1) {
		s->talker[free].from = *from;
		return s->talker[free].n = 1;
	}
	for (int i = 0; i < SIEVE_TALKERS; i++)
		s->talker[i].n--;
	return 0;
}

bool
sieve_unproved(struct sieve *s, uint64_t now_ms, const struct addr *a)
{
	struct addr from = source(a);
	int free = -1;
	uint32_t n;

	roll(s, now_ms);
	n = talked(s, &from);
	for (int i = 0; i < SIEVE_HEAVY; i++) {
		if (s->heavy[i].until_ms == 0) {
			free = i;
			continue;
		}
		if (!addr_eq(&s->heavy[i].from, &from))
			continue;
		if (n > SIEVE_UNPROVED / SIEVE_KEEP)
			s->heavy[i].until_ms = now_ms + SIEVE_LASTS_MS;
		return false;
	}
	if (n <= SIEVE_UNPROVED || free == -1)
		return false;
	s->heavy[free].from = from;
	s->heavy[free].until_ms = now_ms + SIEVE_LASTS_MS;
	return true;
}

bool
sieve_look(struct sieve *s, uint64_t now_ms)
{
	bool changed = false;

	if (s->garbage_until_ms != 0 && now_ms >= s->garbage_until_ms) {
		s->garbage_until_ms = 0;
		changed = true;
	}
	for (int i = 0; i < SIEVE_HEAVY; i++) {
		if (s->heavy[i].until_ms == 0 || now_ms < s->heavy[i].until_ms)
			continue;
		s->heavy[i].until_ms = 0;
		changed = true;
	}
	return changed;
}

void
sieve_rules(const struct sieve *s, struct sieve_rules *r)
{
	*r = (struct sieve_rules){.garbage = s->garbage_until_ms != 0};
	for (int i = 0; i < SIEVE_HEAVY; i++)
		if (s->heavy[i].until_ms != 0)
			r->heavy[r->nheavy++] = s->heavy[i].from;
}
