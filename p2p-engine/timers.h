/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/timers.h */
#ifndef TIMERS_H
#define TIMERS_H

#include <stdint.h>

/*
 * Timers as a binary heap by due time.  Pure.  A timer is a member of what it
 * belongs to; the heap holds pointers.  Room is taken by timers_reserve, one
 * place for each timer that exists, so that setting one can never fail.
 */
struct timer {
	uint64_t due_ms; /* meaningful while armed */
	uint32_t pos;    /* place in the heap + 1; 0: not armed */
	uint32_t id;     /* the owner's: which timer this is */
};

struct timers {
	struct timer **heap;
	uint32_t n, cap;
};

void timers_init(struct timers *);
void timers_clear(struct timers *); /* the timers are not touched */
/* Room for n timers in all.  0, or -1 ENOMEM: as before. */
int timers_reserve(struct timers *, uint32_t n);

/* Arm or move; no room was reserved for it: it stays off. */
void timers_set(struct timers *, struct timer *, uint64_t due_ms);
void timers_stop(struct timers *, struct timer *); /* not armed is fine */
/* Take the next one that is due, NULL: none. */
struct timer *timers_expired(struct timers *, uint64_t now_ms);
uint64_t timers_due(const struct timers *); /* UINT64_MAX: nothing armed */

#endif
