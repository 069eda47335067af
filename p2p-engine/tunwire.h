/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/tunwire.h */
#ifndef TUNWIRE_H
#define TUNWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "packets.h"

/*
 * The engine's end of the packet socketpair to the tun role.
 *
 * Out: records go into containers; a full container, and at the end of a turn
 * whatever there is, is sent.  If the other side is slow, at most
 * TUNWIRE_CONTAINERS wait; then the newest record is refused (and counted by
 * the engine), never waited for: the tun role may be waiting for us.
 *
 * In: at most TUNWIRE_BURST containers a turn; none while paused.
 */
#define TUNWIRE_CONTAINERS 8
#define TUNWIRE_BURST 32

struct tunwire {
	struct loop *loop;
	int fd; /* -1: away */
	struct loop_io *io;
	bool paused;
	uint8_t *rx;
	struct pkout out[TUNWIRE_CONTAINERS]; /* a ring; the last one grows */
	uint32_t head, n;                     /* n >= 1 */
	void (*record)(
	    void *ctx, const struct vnet *, const uint8_t *pkt, size_t len);
	/* The other end is gone (eof) or broke the rules; the wire is closed */
	void (*dead)(void *ctx, bool eof);
	void *ctx;
};

/* 0, or -1 ENOMEM.  record, dead and ctx are the caller's to set. */
int tunwire_init(struct tunwire *, struct loop *);
void tunwire_clear(struct tunwire *);
/* Take a new socket; -1 just closes the old one. */
void tunwire_set(struct tunwire *, int fd);
void tunwire_pause(struct tunwire *, bool);
/* 0, or -1: no wire, or too much waits already. */
int tunwire_send(
    struct tunwire *, const struct vnet *, const uint8_t *pkt, size_t len);
void tunwire_flush(struct tunwire *); /* end of turn */

#endif
