/* SPDX-License-Identifier: ISC */
/* file: common/excess.h */
#ifndef EXCESS_H
#define EXCESS_H

#include "counters.h"
#include "events.h"

/*
 * Counters that only count when there is too much of something, turned into
 * events: the first time at once, then once in EXCESS_AGAIN_MS with what came
 * on top.  Pure; whoever counts asks once a second.
 */
#define EXCESS_MAX 16
#define EXCESS_AGAIN_MS 60000

struct excess {
	const enum counter *list; /* up to C_NONE, EXCESS_MAX at most */
	uint64_t told[EXCESS_MAX], told_ms[EXCESS_MAX];
};

void excess_init(struct excess *, const enum counter *list);
/* One that is to be told now; call until it returns false. */
bool excess_next(struct excess *, const struct counters *, uint64_t now_ms,
    struct msg_event *);

#endif
