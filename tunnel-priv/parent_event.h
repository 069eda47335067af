/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/parent_event.h */
#ifndef PARENT_EVENT_H
#define PARENT_EVENT_H

#include "chan.h"
#include "events.h"
#include "setup.h"

/*
 * Events on their way through the parent: its own and those of children, which
 * it gives a sender and a time, to control.  While control is away the newest
 * NEWS_KEPT are kept; a child that talks too much loses its own.
 */
#define NEWS_KEPT 64

struct parent;
struct child;

struct news {
	struct event_gate own, kid[SETUP_NKIDS];
	char said[EVENT_TEXT_MAX];        /* of a reload: its first error */
	struct msg_event kept[NEWS_KEPT]; /* in the order in which they came */
	unsigned nkept;
};

void news_init(struct parent *);
void news_tell(struct parent *, struct msg_event *); /* the parent's own */
chan_fn news_on_event;                               /* EVENT of a child */
void news_deliver(struct parent *); /* control is there: what was kept */
void news_tick(struct parent *, uint64_t now_ms); /* what was lost */

/* What there is to say of children and of the configuration. */
void news_child_up(struct child *);
void news_child_died(struct child *, int pid, int status);
void news_reload(struct parent *, const char *why); /* NULL: it worked */

#endif
