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
 * How long a datagram will be is known before it is sealed, so its place is
 * given away first: batch_room says how many of some datagrams fit, batch_add
 * takes them, and whoever seals them (perhaps another thread, perhaps later)
 * puts them where batch_tail was before.  `job` names the last who does: the
 * batch must not be sent before.
 */
#define BATCH_DATAGRAMS 64
#define BATCH_OCTETS 65000

struct batch {
	uint8_t *buf;
	size_t len, seg;  /* octets pending; size of all but the last */
	uint32_t n;       /* datagrams pending, 0: not in use */
	uint32_t records; /* of the books: records that end in here */
	bool closed;
	bool spoilt;   /* something in it was never sealed: not to be sent */
	bool due;      /* complete, and waiting for its job to be sent */
	uint64_t job;  /* the last that writes into it, 0: none */
	uint32_t peer; /* slot number */
	uint16_t sock;
	struct endpoint to;
};

int batch_init(struct batch *); /* 0, or -1 ENOMEM */
void batch_clear(struct batch *);
uint8_t *batch_tail(struct batch *);
size_t batch_left(const struct batch *); /* octets from there on */
/*
 * How many of n datagrams it takes that are all of `full` octets but the last
 * of them, which may be shorter.  An empty batch takes at least one.
 */
uint32_t batch_room(const struct batch *, uint32_t n, size_t full, size_t last);
/* k of those n; the last of them is among them if k is n. */
void batch_add(
    struct batch *, uint32_t k, uint32_t n, size_t full, size_t last);
bool batch_full(const struct batch *); /* send it now */
void batch_reset(struct batch *);      /* it was sent */

#endif
