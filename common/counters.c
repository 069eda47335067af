/* SPDX-License-Identifier: ISC */
/* file: common/counters.c */
/*
 * What the list in counters.def means: names, help texts and the books of
 * each border.  Holds no counter itself; every process has its own struct.
 */
#include <stddef.h>

#include "counters.h"

static const struct counter_info infos[C_NCOUNTERS] = {
#define C_INFO(id, b, k, n, h)                                                 \
	[id] = {.name = (n), .help = (h), .border = (b), .kind = (k)},
    COUNTERS(C_INFO)
#undef C_INFO
};

static const char *const borders[B_NBORDERS] = {
    [B_NONE] = "none",
    [B_TUN_OUT] = "tun-out",
    [B_TUN_IN] = "tun-in",
    [B_ENG_OUT] = "engine-out",
    [B_ENG_IN] = "engine-in",
};

const struct counter_info *
counter_info(enum counter c)
{
	if ((unsigned)c >= C_NCOUNTERS)
		return NULL;
	return &infos[c];
}

const char *
border_name(enum border b)
{
	if ((unsigned)b >= B_NBORDERS)
		return "?";
	return borders[b];
}

/* Unsigned arithmetic wraps, so the difference is right in any order. */
int64_t
counters_balance(const struct counters *c, enum border b)
{
	uint64_t sum = 0;

	if (b == B_NONE)
		return 0;
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		if (infos[i].border != b || infos[i].kind == K_INFO)
			continue;
		if (infos[i].kind == K_IN)
			sum += c->v[i];
		else
			sum -= c->v[i];
	}
	return (int64_t)sum;
}
