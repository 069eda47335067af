/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/crew.h */
#ifndef CREW_H
#define CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "offload.h"

/*
 * More hands for the two heavy parts of the straight line: cutting and sealing
 * the datagrams of a super-packet, and opening those of one receive.
 *
 * One thread gives (the engine's: it keeps all decisions, sessions, counters,
 * the replay window, sockets) and a few only compute.  They share nothing but
 * a ring of jobs: who advances `claimed` by one has that job to itself, until
 * it says `done`.  No lock; a semaphore is touched only for a thread that
 * sleeps.
 *
 *	  crew_slot, fill it, crew_give       any hand          crew_oldest
 *	free -------------------------> given ----> claimed ----> done ---.
 *	  ^                                                      crew_drop |
 *	  '----------------------------------------------------------------'
 *
 * Jobs come back in the order in which they were given, whoever did them, so
 * the order of packets is that of one thread.  While the giver waits it does
 * what has not begun by itself; therefore a crew without threads is legal: then
 * everything is done in crew_oldest, by the same code.
 *
 * What a job points to stays valid and untouched until the job came back.
 * Nothing allocates after crew_new, neither giver nor threads: they are started
 * before the process is confined, and must not need what is taken away then.
 */
#define CREW_THREADS_MAX 4
#define CREW_SLOTS 16
#define CREW_DATAGRAMS 64 /* of one job; UDP_SEGMENT and UDP_GRO end there */

enum crew_kind { CREW_SEAL, CREW_OPEN };

struct crew_job {
	enum crew_kind kind;
	uint32_t n;      /* datagrams, 1 to CREW_DATAGRAMS */
	uint8_t key[32]; /* wiped as soon as it is done */
	void *owner;     /* the giver's own, not looked at */
	union {
		struct {
			struct split cut; /* stands at the first to be cut */
			uint32_t index;   /* the receiver's */
			uint64_t counter; /* of the first; n are taken */
			size_t pad_max;   /* as keypair_seal's */
			uint8_t *out;     /* one behind the other */
			size_t room;      /* of out: 15 more than is needed */
			size_t len;       /* result: octets, 0 if it failed */
		} seal;
		struct {
			uint8_t *buf; /* opened in place, behind the headers */
			size_t len, seg; /* all but the last are of seg */
			uint64_t limit;  /* counters are below it */
			uint64_t good; /* result: bit i, datagram i has a tag */
		} open;
	};
};

struct crew;

/*
 * Start this many threads (more than CREW_THREADS_MAX are not started) with
 * all signals blocked, and return when each of them runs.  They sleep until
 * crew_use.  crypto_init comes first.  NULL: no memory or no thread (logged).
 */
struct crew *crew_new(unsigned threads);
/*
 * Ends the threads, wipes keys; what is pending is not done any more.  Not for
 * a confined process, whose threads may not even leave: it just exits.
 */
void crew_free(struct crew *); /* NULL is fine */

/*
 * How many of the threads take jobs from now on (all there are if it is more),
 * and how many times one that finds nothing looks again before it sleeps.
 */
void crew_use(struct crew *, unsigned workers, unsigned spins);
unsigned crew_workers(const struct crew *); /* as crew_use left it */

/* A job to fill in; the same one until crew_give.  NULL: collect first. */
struct crew_job *crew_slot(struct crew *);
void crew_give(struct crew *); /* what crew_slot returned */
/*
 * The oldest job that was given, done; NULL: there is none.  With wait false
 * also NULL while it is not done: then nothing is done here either.
 */
struct crew_job *crew_oldest(struct crew *, bool wait);
void crew_drop(struct crew *); /* the oldest was used: its slot is free */
unsigned crew_pending(const struct crew *); /* given, not dropped */

/* ---- the system: crew_linux.c, crew_openbsd.c ---- */
unsigned crew_cores(void); /* that this process may use; at least 1 */
void crew_one_heap(void);  /* before the first thread: see crew_linux.c */
void crew_breathe(void);   /* in a loop that waits for another core */

#endif
