/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/jobs.h */
#ifndef JOBS_H
#define JOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"
#include "noise.h"
#include "rnd.h"
#include "wg.h"

/*
 * Handshakes that wait for an answer of keyd: a bounded table by request id.
 * Pure.  Every job ends by JOB_LIFE_MS after its start; since all live equally
 * long, the oldest is always the next to end.  Jobs that a received message
 * starts are at most JOBS_FOREIGN, so that they never keep us from dialing; of
 * these initiations, which anybody can send, are at most JOBS_INITIATIONS, so
 * that a flood of them never keeps out the responses to what we dialed.
 *
 *	JOB_ES -> JOB_SS               initiation received
 *	JOB_SE                         response received
 *	JOB_DIAL -> JOB_STAMP          our own initiation
 */
#define JOBS_MAX 1024 /* a power of two */
#define JOBS_FOREIGN 768
#define JOBS_INITIATIONS (JOBS_FOREIGN / 2)
#define JOB_LIFE_MS 2000

enum job_kind { JOB_FREE, JOB_ES, JOB_SS, JOB_SE, JOB_DIAL, JOB_STAMP };
#define JOB_NOBODY UINT32_MAX

struct job {
	enum job_kind kind;
	uint32_t id;   /* never 0, never that of an earlier job of this place */
	uint32_t peer; /* slot number, or JOB_NOBODY */
	uint64_t due_ms;
	bool foreign; /* a received message waits in it */
	struct job *older, *newer;
	struct noise noise;
	struct msg_mix_reply mix; /* JOB_STAMP: the first answer */
	struct endpoint from;     /* foreign: where it came from */
	uint16_t sock;
	uint8_t msg[WG_INITIATION_LEN];
};

struct jobs;

struct jobs *jobs_new(void);   /* NULL: no memory */
void jobs_free(struct jobs *); /* wipes; NULL is fine */
/* NULL: full. */
struct job *job_start(struct jobs *, uint64_t now_ms, enum job_kind);
struct job *job_find(struct jobs *, uint32_t id); /* NULL: not any more */
void job_end(struct jobs *, struct job *);        /* wipes */
struct job *jobs_oldest(struct jobs *);           /* NULL: none */
uint32_t jobs_foreign(const struct jobs *);
uint32_t jobs_initiations(const struct jobs *); /* of these */
uint32_t jobs_own(const struct jobs *);         /* all others: what we dialed */

#endif
