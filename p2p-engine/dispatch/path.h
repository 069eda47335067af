/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/path.h */
#ifndef PATH_H
#define PATH_H

#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "packets.h"
#include "pkt.h"

struct batch;
struct datagram;
struct engine;
struct opening;
struct peer_slot;

/*
 * The way of a packet, read like a list; every way out is a verdict, which is
 * a counter's id.  Nothing here allocates, logs, blocks or calls back; what
 * has to happen besides (hold it, tell the host, wake the peer machine) is
 * the caller's business and follows from the verdict.
 *
 *	out  record -> own source -> route -> key -> filter -> shaping
 *	     -> flow -> stream -> cut -> seal -> batch
 *	in   index -> key -> open -> replay -> source of this peer -> merge
 *
 * The two long steps, cut and seal and open, can be somebody else's (crew.h).
 * Everything else is done here and in order: the place in the batch and the
 * counters are taken before, the replay window is asked after.
 *
 * EO_SENT and EI_DATA are counted when the batch or the super-packet leaves
 * (path_send, path_commit), because only then it is known whether it did; all
 * other verdicts are counted by the caller.  A record's fate is that of its
 * last datagram.
 */
struct outgoing {
	const struct vnet *vnet;
	const uint8_t *data;
	size_t len;
	bool stays;            /* until it was collected: may be given away */
	bool paid;             /* it has the filter and shaping behind it */
	uint16_t mtu, least;   /* to its peer: longest; shortest to be sealed */
	struct pkt pkt;        /* filled as far as it makes sense */
	struct peer_slot *to;  /* filled once it is routed */
	struct peer_slot *via; /* its stream, `to` itself or one of its */
	struct peer_slot *behind; /* EO_HELD: for the fence of this one */
};

/*
 * EO_SENT: in the batch, or shaping took it and counts it; EO_HELD: no key to
 * seal with; else dropped.
 */
enum counter path_out(struct engine *, uint64_t now_ms, struct outgoing *);
/* EI_DATA: in the open super-packet; EI_KEEPALIVE, EI_CONTROL; else dropped. */
enum counter path_in(struct engine *, uint64_t now_ms, struct datagram *);
/* An empty message.  -1: there is no key, or it could not be sent. */
int path_keepalive(struct engine *, uint64_t now_ms, struct peer_slot *);

/* A control frame, without padding; likewise. */
int path_frame(struct engine *, uint64_t now_ms, struct peer_slot *,
    const uint8_t *, size_t len);

/* This receive is the crew's now; false: open it here. */
bool path_give(struct engine *, const struct opening *);
/* The oldest job: wait for it, use it, and send what it completes. */
void path_collect(struct engine *);

/* What is pending in it, as soon as it is sealed, after what is due before. */
void path_send(struct engine *, struct batch *);
void path_commit(struct engine *); /* the open super-packet */
void path_flush(struct engine *);  /* all of it */

#endif
