/* SPDX-License-Identifier: ISC */
/* file: ctl/pending.h */
#ifndef PENDING_H
#define PENDING_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * Questions of clients that other processes have yet to answer.
 *
 * Pure.  Each gets an id of our own (a client's id is only handed back to that
 * client), the set of processes that owe an END, and a deadline.  An answer
 * with an id that is not here, or from a process that was not asked, is late
 * or invented: it finds NULL.
 *
 *	waiting --pending_next--> asked --END, away, deadline--> settled
 *
 * A process is asked one question of a kind at a time; the others wait in
 * their order.  So whoever answers needs a queue for one answer only, however
 * many clients there are.  Of lookups PENDING_FINDS are out at a time: each
 * takes seconds of waiting for others, and has an answer of a few rows; so do
 * echoes, and PENDING_ECHOES are out.  For
 * the same reason a question whose client has gone stays until its answer has
 * passed by.
 */
#define PENDING_MAX 128
#define PENDING_RESERVED 32 /* never for strangers */
#define PENDING_PER_CLIENT 4
#define PENDING_ROWS_MAX MSG_ROWS_MAX /* for one question */
#define PENDING_FINDS 8
#define PENDING_ECHOES 64
#define PENDING_BODY_MAX 1120 /* the longest question, CRL */
#define PENDING_NOBODY UINT_MAX

struct pending {
	uint32_t id;        /* ours; 0: this place is free */
	unsigned client;    /* place in the client table, or NOBODY */
	uint32_t client_id; /* the client's own number */
	uint16_t ask;       /* MSG_*_ASK */
	uint32_t owing;     /* bits 1 << role: an END has yet to come */
	uint32_t asked;     /* of these: the question went there */
	uint32_t rows;
	enum row_end worst;
	uint64_t deadline_ms;
	uint64_t turn; /* older questions have smaller ones */
	uint8_t body[PENDING_BODY_MAX];
	size_t len;
};

struct pending_table {
	struct pending p[PENDING_MAX];
	uint32_t last_id;
	uint64_t turn;
};

struct pending_new {
	unsigned client;
	uint32_t client_id;
	uint16_t ask;
	uint32_t owing;
	bool stranger; /* asked on the socket that is open to everybody */
	uint64_t deadline_ms;
	const uint8_t *body;
	size_t len;
};

void pending_init(struct pending_table *);
/*
 * NULL: the table is full (for a stranger: but for PENDING_RESERVED places),
 * the client has PENDING_PER_CLIENT already, or the body is too long.
 */
struct pending *pending_add(struct pending_table *, const struct pending_new *);
/* The question to ask this process now; NULL: none. */
struct pending *pending_next(struct pending_table *, enum role);
void pending_asked(struct pending *, enum role);
/* NULL: unknown, late, or that process was not asked. */
struct pending *pending_find(struct pending_table *, uint32_t id, enum role);
/* This process is done with it, in this way. */
void pending_end(struct pending *, enum role, enum row_end);
/* Nobody owes anything any more: send END{worst}, then pending_free. */
bool pending_settled(const struct pending *);
void pending_free(struct pending *);
void pending_client_gone(struct pending_table *, unsigned client);
unsigned pending_of_client(const struct pending_table *, unsigned client);

/* The worse of two ends, so that one failure among good answers shows. */
enum row_end row_end_worse(enum row_end, enum row_end);

#endif
