/* SPDX-License-Identifier: ISC */
/* file: common/drops.h */
#ifndef DROPS_H
#define DROPS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "counters.h"
#include "msg.h"

/*
 * What a process dropped last, for people who ask why: the addresses, never
 * the content.
 *
 * Each reason has a few places of its own, so that a flood of one (garbage from
 * strangers, say) does not push out what is known of another.  Drops that are
 * alike but for their source port are one entry that counts.  Pure, of one
 * piece, no allocation; written only when something is dropped.
 */
#define DROPS_REASONS 64 /* of two borders; check_drops looks */
#define DROPS_EACH 6     /* the last ones of a reason */
#define DROPS_NOBODY UINT32_MAX

struct drop {
	uint64_t at_ms, count; /* of the newest; how many alike.  0: free */
	uint16_t why;          /* enum counter, a K_DROP */
	uint8_t proto;         /* 0: not known */
	bool outer; /* the addresses are of a datagram, not of a packet in it */
	struct addr src, dst;  /* family 0: not known */
	uint16_t sport, dport; /* 0: none, or not known */
	uint32_t peer, mark;   /* the caller's; DROPS_NOBODY: nobody's */
};

struct drops {
	uint8_t place[C_NCOUNTERS];
	struct drop d[DROPS_REASONS][DROPS_EACH];
};

/* For the reasons of these two borders; others are not noted. */
void drops_init(struct drops *, enum border, enum border);
/* n more like this, whose at_ms and count don't matter. */
void drops_note(
    struct drops *, uint64_t now_ms, const struct drop *, uint64_t n);
/* One after the other, *cursor is 0 at first.  NULL: no more. */
const struct drop *drops_next(const struct drops *, uint32_t *cursor);
/* For people; unix_ms is the date of now_ms.  The peer's name is left empty. */
void drops_row(struct msg_drop_row *, const struct drop *, enum role,
    uint64_t now_ms, uint64_t unix_ms);

#endif
