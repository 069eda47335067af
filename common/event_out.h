/* SPDX-License-Identifier: ISC */
/* file: common/event_out.h */
#ifndef EVENT_OUT_H
#define EVENT_OUT_H

#include "chan.h"
#include "events.h"

/*
 * Where a child's events leave it: through a gate, to the parent.  Never
 * waits; what does not get out is counted and told later.
 */
struct event_out {
	struct chan *parent; /* NULL: nobody to tell yet, or any more */
	struct event_gate gate;
};

void event_out_init(struct event_out *, struct chan *parent);
void event_out_tell(
    struct event_out *, uint64_t now_ms, const struct msg_event *);
/* Once a second: what was lost. */
void event_out_tick(struct event_out *, uint64_t now_ms);

#endif
