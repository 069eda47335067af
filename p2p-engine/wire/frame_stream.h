/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame_stream.h */
#ifndef FRAME_STREAM_H
#define FRAME_STREAM_H

#include "frame.h"

/*
 * What two members say of the streams between them, as bodies of frames
 * (frame.h): put: the length, 0: not possible; get: 0 or -1.
 */
/*
 * STREAM_OPEN: u32 request number | u16 stream | u8 flags | u8 n
 * | stream key 32 | psk 32 | n candidates.  Stream numbers are the opener's.
 */
#define OPEN_OWN_SOCKET 1   /* the opener sends from another port */
#define OPEN_YOUR_SOCKET 2  /* ... and wants the acceptor to */
#define STREAM_CANDIDATES 4 /* more are no frame of ours */
#define STREAM_CANDIDATE 24
struct stream_open {
	uint32_t req;
	uint16_t id;
	uint8_t flags, n;
	uint8_t key[32], psk[32];
	uint8_t cand[STREAM_CANDIDATES][STREAM_CANDIDATE]; /* record.h's */
};
size_t stream_open_put(uint8_t out[FRAME_BODY_MAX], const struct stream_open *);
int stream_open_get(const uint8_t *, size_t len, struct stream_open *);

/* STREAM_ACCEPT: u32 request number | u16 stream | u8 status | u8 n | those */
enum accept_status { ACCEPT_OK, ACCEPT_LIMIT, ACCEPT_POLICY, ACCEPT_NSTATUS };
struct stream_accept {
	uint32_t req;
	uint16_t id;
	uint8_t status, n;
	uint8_t cand[STREAM_CANDIDATES][STREAM_CANDIDATE]; /* record.h's */
};
size_t stream_accept_put(
    uint8_t out[FRAME_BODY_MAX], const struct stream_accept *);
int stream_accept_get(const uint8_t *, size_t len, struct stream_accept *);

/* STREAM_CLOSE: u16 stream | u8 1: the sender opened it | u8 reason */
enum close_reason { CLOSE_IDLE, CLOSE_LIMIT, CLOSE_UNHEALTHY, CLOSE_NREASONS };
struct stream_close {
	uint16_t id;
	uint8_t mine, reason; /* any reason */
};
size_t stream_close_put(
    uint8_t out[FRAME_BODY_MAX], const struct stream_close *);
int stream_close_get(const uint8_t *, size_t len, struct stream_close *);

/*
 * STREAM_STATS: u64 packets sent | u64 received | u64 greatest counter
 * received | u32 wait in the queue, us.  Of the present key of the stream that
 * it comes on.
 */
struct stream_stats {
	uint64_t tx, rx, rx_max;
	uint32_t queue_us;
};
size_t stream_stats_put(
    uint8_t out[FRAME_BODY_MAX], const struct stream_stats *);
int stream_stats_get(const uint8_t *, size_t len, struct stream_stats *);

/* FENCE and FENCE_ACK: u64 token */
size_t fence_put(uint8_t out[FRAME_BODY_MAX], uint64_t token);
int fence_get(const uint8_t *, size_t len, uint64_t *token);

#endif
