/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/pump.h */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "drops.h"
#include "guard.h"
#include "pkwire.h"

/*
 * The packet pump of the tun role: TUN <-> engine, through the guard.
 *
 *	out: read a record of the TUN, judge it, hand it to the engine
 *	in:  take a record of the engine, judge it, write it to the TUN
 *
 * Judged is always memory that the engine can't change, and what was judged is
 * what is used: with a shared ring (pkwire.h) the headers are the pump's own
 * copy, from the TUN to the ring and from the ring to the TUN; only payload is
 * in the ring itself.  That of a record which the guard refuses is wiped.
 *
 * Descriptors come and go (the engine restarts); what is missing pauses its
 * direction: what the TUN would have given stays in the kernel's queue, a
 * container that could not be sent waits for the next engine.  Only what an
 * engine had been given and not looked at dies with it.  Knows read, write and
 *the wire, and neither channels nor polling: pumprole.c waits and calls.
 */
#define PUMP_BATCH 32 /* records a turn and direction */
#define PUMP_HEAD (PK_VNET + GUARD_HEAD)

struct pump {
	int tun;             /* -1: not there */
	struct guard *guard; /* NULL: nothing passes yet */
	struct pkwire wire;  /* the engine */
	bool out_full;       /* the engine takes no more: wait for it */
	bool in_full;        /* the TUN takes no more: wait for it */
	uint8_t *held;       /* the record that it did not take */
	size_t held_len;     /* with vnet_hdr */
	uint64_t committed;  /* records given to the wire */
	/* where the guard looks, if the record itself is in shared memory */
	uint8_t outhead[PUMP_HEAD], inhead[PUMP_HEAD];
	uint8_t *heldrec; /* a record that the TUN did not take is copied */
	struct counters counters;
	struct drops drops;
};

enum pump_result {
	PUMP_IDLE,    /* nothing more to do now */
	PUMP_BUSY,    /* the batch was full: call again */
	PUMP_GONE,    /* the engine closed its end */
	PUMP_OFFENCE, /* the engine broke the container format */
	PUMP_NO_TUN   /* the interface does not exist any more */
};

int pump_init(struct pump *); /* 0, or -1: no memory */
void pump_clear(struct pump *);

enum pump_result pump_out(struct pump *);
enum pump_result pump_in(struct pump *);

/* What to wait for. */
bool pump_wants_tun(const struct pump *);
bool pump_wants_engine(const struct pump *);

/* Descriptors as for pkwire_set; fd -1: the old engine is gone. */
void pump_set_engine(struct pump *, int fd, int memfd);
/* Before waiting: false, there is a record of the engine's now. */
bool pump_sleep(struct pump *);
/* The engine's socket is readable.  PUMP_IDLE: go on. */
enum pump_result pump_woken(struct pump *);

int pump_main(int argc, char *argv[]); /* pumprole.c */

#endif
