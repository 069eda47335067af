/* SPDX-License-Identifier: ISC */
/* file: tests/wire/wire_frame.h */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "addr.h"

/* What a wire looks at in an Ethernet frame.  Pure. */
#define WIRE_ETHER 14

struct wire_look {
	struct endpoint from, to; /* port 0: no UDP, or a fragment */
	size_t udp, payload;      /* where they begin; payload 0: none */
	bool v4;
};

void wire_look(const uint8_t *frame, size_t len, struct wire_look *);
/*
 * Turns over one bit: of the UDP payload, where there is one, with the sum
 * mended if it is complete, so that the receiver's program gets it; else
 * anywhere behind the Ethernet header.
 */
void wire_flip(uint8_t *frame, size_t len, const struct wire_look *,
    uint64_t dice, bool summed);

#endif
