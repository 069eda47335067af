/* SPDX-License-Identifier: ISC */
/* file: tests/wire/wire.h */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * A bad wire between 2 to WIRE_ENDS ends, and what becomes of each frame.
 *
 *	frame in --> the end it is for (learned, like a switch)
 *	         --> the rule of that link: the newest that matches, or the base
 *	         --> mtu, loss, rate and its queue, delay, jitter, late,
 *corrupt, doubled
 *	         --> heap by the time it is due --> frame out
 *
 * A rule keeps the order of its frames whatever happens to its figures
 * meanwhile, but for those that `reorder` makes late; so a path whose delay
 * gets shorter does not reorder by itself.
 *
 * Pure: time and frames are given.  Each rule has dice of its own, from the
 * seed and its name, and throws all of them for each frame, so decisions depend
 * on nothing but the seed and the number of the frame.  Memory is bounded: so
 * many frames, so many rules, so many commands that wait for their time.
 */
#define WIRE_ENDS 8
#define WIRE_RULES 128   /* of one link */
#define WIRE_PLANNED 256 /* commands whose time has not come */
#define WIRE_ROOM 2048   /* octets of a frame at most */
#define WIRE_HEAD 16     /* before it, the caller's own; copied along */
#define WIRE_NAME 16
#define WIRE_NONE UINT32_MAX
#define WIRE_MILLION 1000000u
#define WIRE_QUEUE 16384 /* octets that wait for the rate, or 100 ms of it */

/* UDP from, to: what is zero is any. */
struct wire_match {
	struct endpoint from, to;
};

/* What a rule does; parts in a million. */
struct wire_set {
	uint64_t delay_ns, jitter_ns, late_ns;
	uint32_t loss, dup, corrupt, reorder;
	uint64_t rate;  /* bit/s; 0: no limit */
	uint32_t queue; /* octets; 0: WIRE_QUEUE or 100 ms */
	uint32_t mtu;   /* of the packet in the frame; 0: no limit */
};

enum wire_fate {
	WIRE_IN,
	WIRE_OUT,
	WIRE_LOST,
	WIRE_MTU,
	WIRE_FULL, /* the rate's queue */
	WIRE_LATE,
	WIRE_DOUBLED,
	WIRE_CORRUPTED,
	WIRE_NO_ROOM, /* no slot is free */
	WIRE_NFATES
};
const char *wire_fate_name(enum wire_fate);

struct wire_rule {
	struct wire_match match; /* [0] of a link: the base, matches all */
	struct wire_set set;
	uint64_t dice, last_ns, busy_ns;
	uint64_t n[WIRE_NFATES];
};

/* Fields of a wire_set that a command changes. */
enum wire_field {
	WIRE_F_DELAY = 1,
	WIRE_F_JITTER = 2,
	WIRE_F_LOSS = 4,
	WIRE_F_DUP = 8,
	WIRE_F_CORRUPT = 16,
	WIRE_F_REORDER = 32,
	WIRE_F_RATE = 64,
	WIRE_F_QUEUE = 128,
	WIRE_F_MTU = 256,
	WIRE_F_ALL = 511
};

enum wire_what { WIRE_DO_RULE, WIRE_DO_STATS, WIRE_DO_QUIT };

struct wire_cmd {
	enum wire_what what;
	uint64_t after_ns; /* it was read */
	uint32_t from, to; /* sets of ends */
	bool both;         /* to -> from, too, the match turned round */
	struct wire_match match;
	uint32_t fields;
	struct wire_set set;
};

struct wire;

/* So many ends by name, room for so many frames; NULL: no memory. */
struct wire *wire_new(
    uint64_t seed, const char *const name[], unsigned ends, uint32_t frames);
void wire_free(struct wire *);

/* A place for a frame; WIRE_NONE: all are taken. */
uint32_t wire_slot(struct wire *);
uint8_t *wire_frame(struct wire *, uint32_t slot);
void wire_drop(struct wire *, uint32_t slot); /* not used, or sent */
/*
 * A frame came in at an end; the slot is the wire's.  summed: its UDP sum is
 * complete, so it has to be mended if a bit is turned over.
 */
void wire_take(struct wire *, uint64_t now_ns, unsigned end, uint32_t slot,
    size_t len, bool summed);
/* When there is something to do, UINT64_MAX: nothing. */
uint64_t wire_due(const struct wire *);
/* The next frame that is due, to be given back; WIRE_NONE: none. */
struct wire_out {
	uint32_t slot;
	unsigned end; /* where it leaves */
	size_t len;
};
uint32_t wire_next(struct wire *, uint64_t now_ns, struct wire_out *);

/* Now, or when its time has come; -1: too many wait, or too many rules. */
int wire_do(struct wire *, uint64_t now_ns, const struct wire_cmd *);
/* A command that is none of rules has its time now; or false. */
bool wire_asked(struct wire *, uint64_t now_ns, enum wire_what *);
/* Rules of a link, the base first; NULL: no more of them. */
const struct wire_rule *wire_rule(
    const struct wire *, unsigned from, unsigned to, unsigned i);
uint32_t wire_waiting(const struct wire *); /* frames */

/* ---- wire_script.c ---- */
/*
 * One line of a script:
 *
 *	[at TIME] A->B [from WHOM] [to WHOM] FIGURE ...
 *	[at TIME] stats | quit
 *
 *	A->B	also A<->B (back with from and to exchanged), and * for every
 *end WHOM	PORT, ADDRESS, ADDRESS:PORT, [ADDRESS6]:PORT (UDP only) FIGURE
 *delay T, jitter T, loss P%, dup P%, corrupt P%, drop (loss 100%), reorder P% T
 *(T later), rate N[k|M|G]bit, queue N, mtu N, pass (all figures as at first)
 *
 * Times have a unit: us, ms, s.  An empty line, or # and a comment: 1.
 * -1: *why says what is wrong.
 */
int wire_parse(const char *line, const char *const name[], unsigned ends,
    struct wire_cmd *, const char **why);

#endif
