/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/links.h */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * News of the machine's links, addresses and routes, as the kernel tells them
 * to everybody who asks: no privilege is needed, and what is read is the
 * kernel's.  What left is no news: it makes nothing work that did not.
 */
#define LINKS_CAME 1 /* a link is up, or there is a new route */
#define LINKS_LOOK 2 /* an address changed: look at them */

/*
 * When the engine is told: LINKS_CALM_MS after the first of a row of them,
 * LINKS_BURST times like that, and then one each LINKS_PACE_MS; none is lost.
 * On a busy host of containers links come all day long.
 */
#define LINKS_CALM_MS 150
#define LINKS_BURST 4
#define LINKS_PACE_MS 15000
struct links_pace {       /* pure; all zero is a new one */
	uint64_t due_ms;  /* tell then; 0: nothing to tell */
	uint64_t full_ms; /* when it has its burst again */
};
void links_note(struct links_pace *, uint64_t now_ms); /* one came */
/* Is it time?  If so it is told now, and due_ms is 0. */
bool links_due(struct links_pace *, uint64_t now_ms);

struct loop_io;
struct loop_timer;
struct links_watch {  /* the supervisor's */
	uint32_t own; /* the tunnel's interface */
	struct loop_io *io;
	struct loop_timer *timer; /* NULL: nobody is told */
	struct links_pace pace;
};

/* ---- one file a system ---- */
/* Non-blocking; -1: there is none, and addresses are looked at in time. */
int links_open(void);
/*
 * Everything there is: LINKS_*, or -1: close it.  What is about the interface
 * `own` is left out.
 */
int links_read(int fd, uint32_t own);
/* The same of messages that were read; for tests. */
int links_parse(const void *, size_t len, uint32_t own);

#endif
