/* SPDX-License-Identifier: ISC */
/* file: tlsd/outq.h */
#ifndef OUTQ_H
#define OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lengths.h"
#include "turnframe.h"

/*
 * What waits to go into a connection: framed messages, in order, at most
 * OUTQ_OCTETS of them and none for longer than OUTQ_MS.  TCP below delivers
 * everything or nothing, so this is the place where a tunnel loses packets:
 * the oldest of type 4 (data), which whoever sent it repeats or does without;
 * never handshakes, cookies and probes, nor what is asked of a TURN server.
 * Pure: time is passed in.
 */
#define OUTQ_OCTETS 65536
#define OUTQ_MS 100
#define OUTQ_N 512

struct outq {
	uint8_t *mem; /* OUTQ_OCTETS, a ring */
	bool turn;    /* messages of turnframe.h, not of lengths.h */
	uint32_t first, used;
	struct outq_item {
		uint64_t ms;
		uint16_t len; /* with its length, or padding */
		bool data;
	} item[OUTQ_N]; /* a ring */
	uint32_t at, n;
	uint64_t dropped; /* so far */
};

int outq_init(struct outq *); /* 0, or -1: no memory */
void outq_clear(struct outq *);
/* false: dropped, and counted, as are those that made room for it. */
bool outq_put(struct outq *, uint64_t now_ms, const uint8_t *msg, size_t len);
/* A length of zero; TURN has no such thing. */
void outq_alive(struct outq *, uint64_t now_ms);
/* Whole messages, as many as fit; their octets.  Too old ones are dropped. */
size_t outq_get(struct outq *, uint64_t now_ms, uint8_t *out, size_t cap);

#endif
