/* SPDX-License-Identifier: ISC */
/* file: discoveryd/refusals.h */
#ifndef REFUSALS_H
#define REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What nobody knew is not asked again for 2 s; each time it is still not
 * known, for twice as long, to 5 min.  Questions are told apart by a keyed
 * hash. Pure and of fixed size: when it is full, what would end first is
 * forgotten.
 */
#define REFUSALS_MAX 512
#define REFUSALS_MS 2000
#define REFUSALS_LONGEST_MS 300000

struct refusal {
	uint64_t hash, until_ms;
	uint32_t wait_ms; /* 0: free */
};
struct refusals {
	struct refusal row[REFUSALS_MAX];
};

void refusals_clear(struct refusals *);
bool refusals_has(const struct refusals *, uint64_t now_ms, uint64_t hash);
void refusals_add(struct refusals *, uint64_t now_ms, uint64_t hash);
void refusals_forget(struct refusals *, uint64_t hash);

#endif
