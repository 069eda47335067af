/* SPDX-License-Identifier: ISC */
/* file: ctl/eventlog.h */
#ifndef EVENTLOG_H
#define EVENTLOG_H

#include <stddef.h>
#include <stdint.h>

#include "events.h"

/*
 * The last events, for `meshctl events`.
 *
 * Pure but for malloc.  Events are numbered in the order in which they came
 * and never renumbered, so that a reader keeps a number and not a pointer.  The
 * first number is the time of the first event in microseconds: a reader that
 * comes back to a process that was started anew has an old one.
 */
#define EVENTLOG_MAX 2048

struct eventlog_row {
	uint16_t len;
	uint8_t *body; /* as EVENT has it */
};

struct eventlog {
	uint64_t base, first, next; /* kept: first <= number < next; 0: none */
	struct eventlog_row row[EVENTLOG_MAX]; /* n is at n % EVENTLOG_MAX */
};

void eventlog_init(struct eventlog *);
void eventlog_clear(struct eventlog *);
/* Its number is set.  0, or -1 without memory: it is lost. */
int eventlog_add(struct eventlog *, struct msg_event *);
/* 0, or -1: forgotten, or not there yet. */
int eventlog_get(const struct eventlog *, uint64_t number, struct msg_event *);
/*
 * Where a reader starts: at the last `last`, or behind `after` if that is
 * later; it may be forgotten already.  0: at the first there will be.
 */
uint64_t eventlog_from(const struct eventlog *, uint64_t last, uint64_t after);

#endif
