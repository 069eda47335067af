/* SPDX-License-Identifier: ISC */
/* file: ctl/request.h */
#ifndef REQUEST_H
#define REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "ipc.h"
#include "msg.h"

/*
 * meshctl's side of a control socket: connect, greet, then one question after
 * the other on the same connection.  Blocks in poll, never beyond a deadline.
 */
#define REQUEST_LOOK_MS 5000    /* more than control gives an upstream */
#define REQUEST_RELOAD_MS 35000 /* the same for a reload */
#define REQUEST_FIND_MS 10000   /* ... a search, or a renewal */

enum request_result {
	REQUEST_OK,
	REQUEST_ABSENT,  /* no socket, or nobody behind it */
	REQUEST_DENIED,  /* the socket's mode says no */
	REQUEST_BUSY,    /* hung up on before any answer: no place */
	REQUEST_TIMEOUT, /* connected, but no answer in time */
	REQUEST_BROKEN,  /* not control, another version, a mad row, a cut */
	REQUEST_SYSTEM   /* errno: no descriptors, path too long, ... */
};

struct request;

/* *r is set for REQUEST_OK only.  errno is set for all but BUSY, BROKEN. */
enum request_result request_open(struct request **r, const char *path);
void request_close(struct request *);            /* NULL is fine */
const char *request_why(const struct request *); /* of REQUEST_BROKEN */

/* One row; -1 if it makes no sense. */
typedef int request_row(void *ctx, const struct ipc_frame *);

struct question {
	enum msg_type ask;
	const void *body;
	size_t len;
	unsigned timeout_ms;
	request_row *row;
	void *ctx;
};

/* OK: *end says how it ended.  After anything else, close. */
enum request_result request_ask(
    struct request *, const struct question *, enum row_end *end);

#endif
