/* SPDX-License-Identifier: ISC */
/* file: tlsd/turnframe.h */
#ifndef TURNFRAME_H
#define TURNFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * What a TURN server says in a stream of octets (RFC 8656, sections 3.1 and
 * 12.5): messages of STUN, whose header has their length, and ChannelData,
 * padded to a multiple of four.  Which one it is the first two bits say.
 *
 * One that is longer than TLS_MESSAGE_MAX is passed over, for whoever may send
 * to the allocation could send it; what is neither of the two ends the
 * connection, as there is no way back to where the next one begins.  Pure.
 */
#define TURNFRAME_HEAD 4
#define TURNFRAME_PAD 4

struct turnframe {
	uint32_t have; /* octets in mem */
	uint32_t skip; /* ... that are passed over yet */
	uint8_t mem[TLS_MESSAGE_MAX + TURNFRAME_PAD];
};

enum turnframe_got {
	TURNFRAME_MORE,
	TURNFRAME_MESSAGE,
	TURNFRAME_LONG, /* one is passed over */
	TURNFRAME_BAD
};

void turnframe_init(struct turnframe *);
/*
 * Takes from *data, *len what the next one needs.  TURNFRAME_MESSAGE: *msg,
 * *msglen until the next call, without its padding.  TURNFRAME_MORE: everything
 * was taken.
 */
enum turnframe_got turnframe_next(struct turnframe *, const uint8_t **data,
    size_t *len, const uint8_t **msg, size_t *msglen);
/* Is this exactly one message, without padding? */
bool turnframe_fit(const uint8_t *msg, size_t len);
/* ... and what goes behind it: 0 to 3 octets of zero. */
size_t turnframe_pad(const uint8_t *msg, size_t len);
/* Does it carry a packet, which may be lost? */
bool turnframe_is_data(const uint8_t *msg, size_t len);

#endif
