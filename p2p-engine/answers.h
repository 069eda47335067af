/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/answers.h */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "chan.h"
#include "counters.h"
#include "loop.h"
#include "msg.h"

/*
 * Answers to control that are rows: peers, streams, connections, breakers,
 * rules, counters, the network.  One sender for all of them, so that an answer
 * is complete or says that it is not: END_OK comes after the last row only.
 *
 * One question at a time, in their order; ANSWER_ROWS rows a turn at most, so
 * that packets wait no longer; and none while control has yet to read what it
 * was told before, so that the queue stays short however long the answer is.
 * If it does not read for patience_ms, the question has failed.  What changes
 * meanwhile may be left out or come twice: who reads it asks again anyway.
 * What makes sense only as a whole (counters, whose books are to balance) is
 * copied when its first row goes out.
 */
#define ANSWERS_MAX 16   /* questions; more are refused */
#define ANSWER_ROWS 32   /* rows of a turn: some 0.1 ms */
#define ANSWER_LOOKS 512 /* things looked at in a turn, rows or not */
#define ANSWER_WAIT_MS 5 /* until control is looked at again */
#define ANSWER_PATIENCE_MS 3000
#define ANSWER_STREAMS 1024 /* rows of these answers */
#define ANSWER_FLOWS 256

struct glue;

struct answers {
	struct question_of_control {
		uint16_t ask;
		uint32_t id;
		struct msg_peers_ask about;
		struct msg_verdict_ask packet; /* of VERDICT_ASK */
	} q[ANSWERS_MAX];                      /* the first is being answered */
	uint32_t n;
	uint32_t cursor, rows;    /* where its next row is; sent so far */
	uint64_t stuck_ms;        /* since when control does not read, or 0 */
	uint64_t patience_ms;     /* ANSWER_PATIENCE_MS, but for tests */
	struct counters counters; /* when they were asked for */
	struct loop_timer *more;
};

int answers_init(struct glue *); /* 0, or -1: no memory */
void answers_clear(struct glue *);
void answers_drop(struct answers *); /* who asked is gone */
chan_fn answers_on_ask;              /* every question of the table */

#endif
