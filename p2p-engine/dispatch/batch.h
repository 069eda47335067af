/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/batch.h */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "packets.h"

/*
 * Sealed datagrams to one place that leave in one system call (UDP_SEGMENT):
 * all of the same size, a shorter one closes.  Pure; memory from batch_new.
 *
 * A datagram is sealed at batch_tail, where it may be as long as it wants;
 * then batch_takes says whether it continues what is pending.  If not, the
 * caller sends what is pending and batch_restart moves the new one to the
 * front: that copy happens only when sizes grow, not for every datagram.
 */
#define BATCH_DATAGRAMS 64
#define BATCH_OCTETS 65000

struct batch {
	uint8_t *buf;
	size_t len, seg;  /* octets pending; size of all but the last */
	uint32_t n;       /* datagrams pending, 0: not in use */
	uint32_t records; /* of the books: records that end in here */
	bool closed;
	uint32_t peer; /* slot number */
	uint16_t sock;
	struct endpoint to;
};

int batch_init(struct batch *); /* 0, or -1 ENOMEM */
void batch_clear(struct batch *);
uint8_t *batch_tail(struct batch *);
bool batch_takes(const struct batch *, size_t len);
void batch_add(struct batch *, size_t len);
bool batch_full(const struct batch *); /* send it now */
void batch_reset(struct batch *);      /* it was sent */
/* It was sent; the len octets at tail (in buf) become its first datagram. */
void batch_restart(struct batch *, const uint8_t *tail, size_t len);

#endif
