/* SPDX-License-Identifier: ISC */
/* file: tlsd/upgrade.h */
#ifndef UPGRADE_H
#define UPGRADE_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"

/*
 * The little HTTP/1.1 (RFC 9112) that a connection begins with.  Pure.
 *
 *	we call:    [CONNECT a:p of a proxy -> 2xx]  TLS  GET, Upgrade -> 101
 *	we answer:  TLS  GET, Upgrade -> 101, anything else -> an ordinary 404
 *
 * Who asks for anything but the one page hears what a web server without that
 * page says, and no more.
 */
#define UPGRADE_HEAD_MAX 4096 /* of what the other side says */
#define UPGRADE_OUT_MAX 512

enum {
	UPGRADE_MORE = 0, /* its end has not come yet */
	UPGRADE_BAD = -1  /* no HTTP, or too much of it */
};

/*
 * A request, as far as it is there: 101, 404, 400 (no HTTP at all), or
 * UPGRADE_MORE.  *used: the octets of its head.
 */
int upgrade_request_read(const char *, size_t len, size_t *used);
/* A response: its status (100 to 599), UPGRADE_MORE or UPGRADE_BAD. */
int upgrade_answer_read(const char *, size_t len, size_t *used);

/* What to say, and how long it is. */
size_t upgrade_request(char out[UPGRADE_OUT_MAX], const struct endpoint *);
size_t upgrade_proxy(char out[UPGRADE_OUT_MAX], const struct endpoint *);
size_t upgrade_answer(char out[UPGRADE_OUT_MAX], int status);

#endif
