/* SPDX-License-Identifier: ISC */
/* file: common/hist.c */
/* The list of hist.h and its scales. */
#include <stddef.h>

#include "hist.h"

static const struct hist_info infos[HIST_N] = {
#define H_INFO(id, s, u, n, k, v, h)                                           \
	[id] = {.scale = (s),                                                  \
	    .unit = (u),                                                       \
	    .name = (n),                                                       \
	    .key = (k),                                                        \
	    .value = (v),                                                      \
	    .help = (h)},
    HISTS(H_INFO)
#undef H_INFO
};

#define MS 1000
#define S 1000000
/* clang-format off */
static const uint32_t edges[HS_NSCALES][HIST_EDGES] = {
	[HS_BATCH] = { 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 56, 64 },
	[HS_MOMENT] = { 1, 3, 5, 10, 25, 50, 100, 250, 500,
	    1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS },
	[HS_SETUP] = { 10 * MS, 25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS,
	    1 * S, 2 * S, 5 * S, 10 * S, 15 * S, 25 * S, 40 * S, 60 * S },
	[HS_WAIT] = { 1 * MS, 2 * MS, 5 * MS, 10 * MS, 25 * MS, 50 * MS,
	    100 * MS, 250 * MS, 500 * MS, 1 * S, 2 * S, 5 * S, 10 * S, 30 * S },
};
/* clang-format on */

const struct hist_info *
hist_info(enum hist_id id)
{
	return (unsigned)id < HIST_N ? &infos[id] : NULL;
}

uint32_t
hist_edge(enum hist_id id, unsigned i)
{
	return edges[infos[id].scale][i];
}

/* How many edges are below it: all looked at, which no guess can get wrong. */
void
hist_add(struct hist *h, enum hist_id id, uint64_t value)
{
	const uint32_t *e = edges[infos[id].scale];
	uint32_t v = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
	unsigned at = 0;

	for (unsigned i = 0; i < HIST_EDGES; i++)
		at += v > e[i];
	h->n[at]++;
	h->sum += value;
}

uint64_t
hist_count(const struct hist *h)
{
	uint64_t n = 0;

	for (unsigned i = 0; i <= HIST_EDGES; i++)
		n += h->n[i];
	return n;
}
