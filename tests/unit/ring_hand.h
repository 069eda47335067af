/* SPDX-License-Identifier: ISC */
/* file: tests/unit/ring_hand.h */
#ifndef RING_HAND_H
#define RING_HAND_H

/*
 * A packet ring (pkring.h) under the hands of somebody who does not keep to
 * the rules: where the words of the shared page are, and memory for one that
 * ends where the data of direction 1 ends, so that a sanitizer sees the first
 * octet too many.
 */
#include <stdlib.h>
#include <string.h>

#include "pkring.h"

#define HAND_BYTES (2 * ((size_t)PKR_PAGE + PKR_DATA)) /* no slack */

enum hand_word { HAND_TAIL, HAND_HEAD, HAND_WANTS_DATA, HAND_WANTS_ROOM };
#define HAND_LINE 64 /* octets between two of them */

static inline void *
hand_map(void)
{
	void *map = aligned_alloc(PKR_PAGE, HAND_BYTES);

	if (map == NULL)
		abort();
	return memset(map, 0, HAND_BYTES);
}

static inline uint8_t *
hand_at(struct pkring *r, enum hand_word w)
{
	return (uint8_t *)r->shared + (size_t)w * HAND_LINE;
}

static inline void
hand_put(struct pkring *r, enum hand_word w, uint64_t v)
{
	memcpy(hand_at(r, w), &v, sizeof(v));
}

static inline uint64_t
hand_get(struct pkring *r, enum hand_word w)
{
	uint64_t v;

	memcpy(&v, hand_at(r, w), sizeof(v));
	return v;
}

/* A word where the reader looks for a length. */
static inline void
hand_len(struct pkring *r, uint64_t pos, uint32_t len)
{
	memcpy(r->data + (pos & (PKR_DATA - 1)), &len, sizeof(len));
}

/* Both ends of an empty ring at this position. */
static inline void
hand_move(struct pkring *writer, struct pkring *reader, uint64_t pos)
{
	hand_put(writer, HAND_TAIL, pos);
	hand_put(writer, HAND_HEAD, pos);
	writer->pos = writer->other = pos;
	reader->pos = reader->given = reader->other = pos;
}

/* What the reader gave lies in the ring, vnet_hdr and packet. */
static inline bool
hand_inside(const struct pkring *r, const uint8_t *vnet, size_t len)
{
	size_t at = (size_t)(vnet - r->data);

	return vnet >= r->data && at < PKR_DATA && len >= 1 &&
	    len <= PKR_DATA && at + 10 + len <= PKR_DATA;
}

#endif
