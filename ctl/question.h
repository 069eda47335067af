/* SPDX-License-Identifier: ISC */
/* file: ctl/question.h */
#ifndef QUESTION_H
#define QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc.h"
#include "msg.h"

/*
 * The questions that there are: who may ask them, who answers, and what an
 * answer may consist of.  Pure.
 */
#define QUESTION_ROWS 3

struct question {
	uint16_t ask;
	uint8_t where; /* bits 1 << listen_kind: where it is legal */
	uint32_t whom; /* bits 1 << role: who answers; 0: control */
	uint16_t row[QUESTION_ROWS]; /* what an answer may consist of */
	uint32_t patience_ms;
};

const struct question *question_of(uint16_t ask); /* NULL: not a question */
#define QUESTIONS_MAX 40
/* One after the other, below QUESTIONS_MAX; 0: there are no more. */
uint16_t question_at(unsigned i);
unsigned question_place(const struct question *); /* its i */
bool question_allowed(uint16_t ask, enum listen_kind);
bool question_has_row(const struct question *, uint16_t type);
/* Does the body say what its type promises? */
bool question_good(const struct ipc_frame *);
/* The same for an answer, and does `from` speak for itself? */
bool question_row_good(const struct ipc_frame *, enum role from);

#endif
