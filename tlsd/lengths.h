/* SPDX-License-Identifier: ISC */
/* file: tlsd/lengths.h */
#ifndef LENGTHS_H
#define LENGTHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * Datagrams in a stream of octets: u16 length, big-endian, and exactly one
 * message of type 1 to 6 of that many octets, at most TLS_MESSAGE_MAX; a length
 * of zero keeps the connection alive.  Anything else ends the connection, as
 * there is no way back to where the next one begins.  Pure.
 */
#define LENGTH_OCTETS 2

struct lengths {
	uint16_t have; /* octets in mem */
	uint8_t mem[LENGTH_OCTETS + TLS_MESSAGE_MAX];
};

enum lengths_got { LENGTHS_MORE, LENGTHS_MESSAGE, LENGTHS_ALIVE, LENGTHS_BAD };

void lengths_init(struct lengths *);
/*
 * Takes from *data, *len what the next one needs.  LENGTHS_MESSAGE: *msg,
 * *msglen until the next call.  LENGTHS_MORE: everything was taken.
 */
enum lengths_got lengths_next(struct lengths *, const uint8_t **data,
    size_t *len, const uint8_t **msg, size_t *msglen);
/* Could this be a message? */
bool lengths_fit(const uint8_t *msg, size_t len);

#endif
