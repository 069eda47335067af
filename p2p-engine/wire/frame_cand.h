/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame_cand.h */
#ifndef FRAME_CAND_H
#define FRAME_CAND_H

#include "frame.h"
#include "msg.h"
#include "record.h"

/*
 * CANDIDATES: where the sender may be reached, and how the translator in front
 * of it behaves: "call me there, I call you" (body of a frame, frame.h).
 *
 *	u32 generation | u8 n | u8 nat | u16 start delay, ms | n candidates of
 *24
 *
 * nat: bits 0-1 mapping, 2-3 filtering (0 not known, 1 independent of the
 * other end, 2 by address, 3 by address and port), 4 hairpins, 5 UDP does not
 * pass, 6 this answers a list and wants no answer.  The rest is zero, and
 * ignored.
 */
enum cands_nat {
	CANDS_MAPPING = PLACE_NAT_MAPPING,
	CANDS_FILTER_SHIFT = 2,
	CANDS_HAIRPIN = 16,
	CANDS_BLOCKED = 32,
	CANDS_ANSWER = 64
};
#define CANDS_HEAD 8
#define CANDS_DELAY_MAX 2000 /* who says more means this */

struct cands {
	uint32_t generation; /* of the list: another one has other places */
	uint8_t n, nat;
	uint16_t delay_ms; /* pings begin so long after it came */
	struct candidate c[CANDIDATES_MAX];
	uint8_t dropped; /* get: nothing must be sent to them */
};
/* The length, 0: not possible. */
size_t cands_put(uint8_t out[FRAME_BODY_MAX], const struct cands *);
/* 0 or -1 */
int cands_get(const uint8_t *, size_t len, struct cands *);

/* The octet of a mapping and a filtering; and back, with 0 for not known. */
uint8_t cands_nat(enum nat_mapping, enum nat_filtering);
unsigned cands_mapping(uint8_t nat);
unsigned cands_filtering(uint8_t nat);

#endif
