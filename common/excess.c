/* SPDX-License-Identifier: ISC */
/* file: common/excess.c */
/*
 * Which limits were reached lately (see excess.h).
 */
#include "excess.h"

void
excess_init(struct excess *l, const enum counter *list)
{
	*l = (struct excess){.list = list};
}

bool
excess_next(struct excess *l, const struct counters *c, uint64_t now_ms,
    struct msg_event *e)
{
	for (unsigned i = 0; i < EXCESS_MAX && l->list[i] != C_NONE; i++) {
		uint64_t n = c->v[l->list[i]] - l->told[i];

		if (n == 0 ||
		    (l->told_ms[i] != 0 &&
			now_ms - l->told_ms[i] < EXCESS_AGAIN_MS))
			continue;
		l->told[i] += n;
		l->told_ms[i] = now_ms == 0 ? 1 : now_ms;
		events_begin(e, EV_LIMIT);
		events_text(e, EVF_LIMIT, counter_info(l->list[i])->name);
		events_number(e, EVF_COUNT, n);
		return true;
	}
	return false;
}
