/* SPDX-License-Identifier: ISC */
/* file: discoveryd/refusals.c */
/* Questions that were asked in vain (see refusals.h). */
#include <stddef.h>
#include <string.h>

#include "refusals.h"

void
refusals_clear(struct refusals *rs)
{
	memset(rs, 0, sizeof(*rs));
}

static const struct refusal *
find(const struct refusals *rs, uint64_t hash)
{
	for (unsigned i = 0; i < REFUSALS_MAX; i++)
		if (rs->row[i].wait_ms != 0 && rs->row[i].hash == hash)
			return &rs->row[i];
	return NULL;
}

/* Its row, else a free one, else the one that is over first. */
static struct refusal *
take(struct refusals *rs, uint64_t hash)
{
	struct refusal *best = &rs->row[0];

	for (unsigned i = 0; i < REFUSALS_MAX; i++) {
		struct refusal *r = &rs->row[i];

		if (r->wait_ms != 0 && r->hash == hash)
			return r;
		if (r->until_ms < best->until_ms)
			best = r;
	}
	*best = (struct refusal){.hash = hash};
	return best;
}

bool
refusals_has(const struct refusals *rs, uint64_t now_ms, uint64_t hash)
{
	const struct refusal *r = find(rs, hash);

	return r != NULL && now_ms < r->until_ms;
}

void
refusals_add(struct refusals *rs, uint64_t now_ms, uint64_t hash)
{
	struct refusal *r = take(rs, hash);

	/* so long ago that it starts over */
	if (r->wait_ms == 0 || now_ms > r->until_ms + REFUSALS_LONGEST_MS)
		r->wait_ms = REFUSALS_MS;
	else if (r->wait_ms > REFUSALS_LONGEST_MS / 2)
		r->wait_ms = REFUSALS_LONGEST_MS;
	else
		r->wait_ms *= 2;
	r->until_ms = now_ms + r->wait_ms;
}

void
refusals_forget(struct refusals *rs, uint64_t hash)
{
	for (unsigned i = 0; i < REFUSALS_MAX; i++)
		if (rs->row[i].hash == hash)
			rs->row[i] = (struct refusal){0};
}
