/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/tunwire.h */
#ifndef TUNWIRE_H
#define TUNWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "pkwire.h"

/*
 * The engine's end of the packet channel to the tun role (pkwire.h), on the
 * event loop.
 *
 * Out: a record is written where it will be sent from (tunwire_room, then
 * tunwire_send); what waits is sent at the end of a turn.  If the other side is
 * slow the channel fills, to a bound; then the newest record is refused (and
 * counted by the engine), never waited for: the tun role may be waiting for us.
 *
 * In: at most TUNWIRE_BURST records a turn; none while paused.
 */
#define TUNWIRE_BURST 64

struct tunwire {
	struct loop *loop;
	struct pkwire wire;
	struct loop_io *io;
	struct loop_timer *again; /* a burst was not all */
	bool paused;
	void (*record)(
	    void *ctx, const struct vnet *, const uint8_t *pkt, size_t len);
	/* All records of a burst were given, their memory will be reused. */
	void (*burst)(void *ctx);
	/* The room that was asked for is about to go away. */
	void (*closing)(void *ctx);
	/* The other end is gone (eof) or broke the rules; the wire is closed */
	void (*dead)(void *ctx, bool eof);
	void *ctx;
};

/* 0, or -1 ENOMEM.  The callbacks and ctx are the caller's to set. */
int tunwire_init(struct tunwire *, struct loop *);
void tunwire_clear(struct tunwire *);
/* Take a new socket, and memory or -1; fd -1 just closes the old one. */
void tunwire_set(struct tunwire *, int fd, int memfd);
void tunwire_pause(struct tunwire *, bool);
/* Where the next packet, of at most PK_IP_MAX octets, is to be; NULL: full. */
uint8_t *tunwire_room(struct tunwire *);
/*
 * 0, or -1: no wire, or too much waits already.  pkt is what tunwire_room said
 * last, or any other memory.
 */
int tunwire_send(
    struct tunwire *, const struct vnet *, const uint8_t *pkt, size_t len);
void tunwire_flush(struct tunwire *); /* end of turn */

#endif
