/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/udp.h */
#ifndef UDP_H
#define UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "counters.h"
#include "engine.h"

/*
 * One UDP socket that the parent bound and handed to the engine: the one home
 * of datagram system calls.
 *
 * Out: a batch of equal datagrams is one call (gso.h); what the system refuses
 * as a batch is sent one by one, and if it says that it never will take one the
 * socket is not asked again until udp_offload.  A full socket buffer is a
 * matter of waiting: the batch is copied to a queue of UDP_WAITING,
 * udp_waiting() tells the owner to stop reading packets and to call
 * udp_writable when the socket is, and only when the queue is full UDP_FULL
 * makes the engine drop and count; or a peer whose datagrams stay in the socket
 * (stuck.h), since that is everybody's.
 *
 * In: at most UDP_BURST receives a call, each cut into its datagrams.  Usually
 * that is until there is nothing; a socket that had a single datagram UDP_CALM
 * times running is believed every other time to have had all of it, since the
 * loop is level-triggered.
 */
#define UDP_WAITING 16
#define UDP_NUDGE_MS 5
#define UDP_BURST 32
#define UDP_CALM 4
#define UDP_BUFFER 65536 /* octets of the receive buffer */

struct udp;
/* How a received datagram is handed over; it may be written to. */
typedef void udp_fn(void *ctx, uint16_t no, const struct endpoint *from,
    uint8_t *data, size_t len);

/* Takes the fd over, also on failure.  NULL: no memory (logged). */
struct udp *udp_new(int fd, uint16_t no, uint8_t family);
void udp_free(struct udp *); /* NULL is fine */
int udp_fd(const struct udp *);
uint16_t udp_no(const struct udp *);
uint8_t udp_family(const struct udp *);

/* Read the buffer sizes back and say so if they are smaller than wanted. */
void udp_check_buffers(struct udp *, uint32_t receive, uint32_t send);
/*
 * Batches out and in are wanted, or not.  A new socket has both; asking again
 * tries again what was refused.
 */
void udp_offload(struct udp *, bool send, bool receive);
/* Adds FEATURE_* of this socket: what it has, and what it lacks but wants. */
void udp_features(const struct udp *, uint32_t *have, uint32_t *lacking);
/* What the system is to throw away, until told otherwise. */
void udp_sieve(struct udp *, const struct sieve_rules *);
/* Adds UDP_REFUSED, UDP_LOST and UDP_MISSED. */
void udp_count(const struct udp *, struct counters *);

/* len octets as datagrams of seg, the last may be shorter. */
enum udp_result udp_send(struct udp *, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg);
/*
 * The same one by one, and otherwise than all the rest.  UDP_WHOLE: one that
 * must not be fragmented, or UDP_TOO_LONG; it is not kept if the socket is
 * full.  UDP_PIECES: of which it is known that they are too long for the path.
 */
enum udp_result udp_send_as(struct udp *, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg, enum udp_how);
bool udp_waiting(const struct udp *);
/*
 * Send what waits, as far as it goes.  Also every UDP_NUDGE_MS while it waits:
 * the system says that there is room only when half of it is free.
 */
void udp_writable(struct udp *);
/* The longest that the queue was not empty since this was asked last, ms. */
uint32_t udp_waited_ms(struct udp *);

/* buf: UDP_BUFFER octets.  True: there may be more. */
bool udp_receive(struct udp *, uint8_t *buf, udp_fn *, void *ctx);
/*
 * The same uncut: `room` says where the next receive of UDP_BUFFER octets
 * goes, `whole` gets it, datagrams of seg octets, the last may be shorter.
 */
struct udp_taker {
	uint8_t *(*room)(void *ctx);
	void (*whole)(void *ctx, uint16_t no, const struct endpoint *from,
	    uint8_t *data, size_t len, size_t seg);
	void *ctx;
};
bool udp_receive_whole(struct udp *, const struct udp_taker *);

#endif
