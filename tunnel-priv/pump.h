/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/pump.h */
#ifndef PUMP_H
#define PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "packets.h"

/*
 * The packet pump of the tun role: TUN <-> engine, through the guard.
 *
 *	out: read the TUN straight into a container, judge each record, send
 *	     the container at the end of the turn
 *	in:  receive a container, judge each record, write it to the TUN
 *
 * Descriptors come and go (the engine restarts); what is missing pauses its
 * direction and loses nothing: what the TUN would have given stays in the
 * kernel's queue, a container that could not be sent waits for the next
 * engine.  Knows read, write and send, and neither channels nor polling:
 * pumprole.c waits and calls.
 */
#define PUMP_BATCH 32 /* records a turn and direction */

struct guard;

struct pump {
	int tun, engine;     /* -1: not there */
	struct guard *guard; /* NULL: nothing passes yet */
	struct pkout out;
	bool out_full; /* the engine's socket takes no more: wait for it */
	struct pkin in;
	bool in_full;            /* the TUN takes no more: wait for it */
	uint8_t *held;           /* the record that it did not take */
	size_t held_len;         /* with vnet_hdr */
	uint8_t *outbuf, *inbuf; /* PK_CONTAINER each */
	struct counters counters;
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

/* -1: the old engine is gone.  Descriptors are the caller's to close. */
void pump_set_engine(struct pump *, int fd);

int pump_main(int argc, char *argv[]); /* pumprole.c */

#endif
