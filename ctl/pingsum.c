/* SPDX-License-Identifier: ISC */
/* file: ctl/pingsum.c */
/*
 * Sums of pings, and their times as people write them (see pingsum.h).
 */
#include "pingsum.h"

void
pingsum_lost(struct pingsum *t)
{
	t->sent++;
}

void
pingsum_answer(struct pingsum *t, uint32_t rtt_us)
{
	if (t->received == 0 || rtt_us < t->min_us)
		t->min_us = rtt_us;
	if (rtt_us > t->max_us)
		t->max_us = rtt_us;
	t->sum_us += rtt_us;
	t->received++;
	t->sent++;
}

uint32_t
pingsum_avg_us(const struct pingsum *t)
{
	return t->received == 0 ? 0 : (uint32_t)(t->sum_us / t->received);
}

uint32_t
pingsum_lost_pm(const struct pingsum *t)
{
	uint64_t lost = t->sent - t->received;

	return t->sent == 0 ? 0 : (uint32_t)(lost * 1000 / t->sent);
}

/* No locale and no exponents: digits, and perhaps a point and digits. */
int
pingsum_seconds(
    const char *s, uint32_t least_ms, uint32_t most_ms, uint32_t *ms)
{
	uint64_t n = 0;
	uint32_t part = 1000;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (uint64_t)(*s - '0') * 1000;
		if (n > UINT32_MAX)
			return -1;
	}
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++) {
			part /= 10;
			n += (uint64_t)(*s - '0') * part;
		}
	if (*s != '\0' || n < least_ms || n > most_ms)
		return -1;
	*ms = (uint32_t)n;
	return 0;
}
