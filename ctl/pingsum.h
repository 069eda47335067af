/* SPDX-License-Identifier: ISC */
/* file: ctl/pingsum.h */
#ifndef PINGSUM_H
#define PINGSUM_H

#include <stdint.h>

/* What a row of pings comes to.  Pure. */
struct pingsum {
	uint32_t sent, received;
	uint32_t min_us, max_us;
	uint64_t sum_us;
};

void pingsum_lost(struct pingsum *);
void pingsum_answer(struct pingsum *, uint32_t rtt_us);
uint32_t pingsum_avg_us(const struct pingsum *);  /* 0: none came */
uint32_t pingsum_lost_pm(const struct pingsum *); /* per mille; 0: none sent */
/* "0.2", "1": seconds in [least, most] ms; 0 or -1. */
int pingsum_seconds(
    const char *, uint32_t least_ms, uint32_t most_ms, uint32_t *ms);

#endif
