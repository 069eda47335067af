/* SPDX-License-Identifier: ISC */
/* file: common/chan.h */
#ifndef CHAN_H
#define CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc.h"
#include "msg.h"

/*
 * The one dispatch loop of every daemon: a channel to one neighbour.
 *
 *	NEW --HELLO both ways--> READY --EOF, offence, close--> DEAD
 *
 * A frame is handled only if msg_refuse() lets it pass (known, right sender,
 * right state, right length, right descriptor) and the handler table of this
 * channel names it.  Everything else is an offence: the channel is DEAD, the
 * reason is in why, the owner closes it and (a parent) kills the child.  A
 * handler never frees the channel it was called from: it returns a verdict.
 *
 * Knows sockets but no event loop: the owner waits for readiness (loop.h for
 * libevent daemons, ppoll for keyd and the tun role) and calls chan_in/out.
 * At most CHAN_BATCH frames are handled per chan_in, so that a busy channel
 * can't starve the packet path.
 */
#define CHAN_BATCH 64

struct chan;

enum chan_verdict {
	CHAN_OK,
	CHAN_BAD,  /* the sender broke the protocol: the channel dies */
	CHAN_CLOSE /* the handler wants an orderly end */
};

typedef enum chan_verdict chan_fn(
    struct chan *, void *ctx, const struct ipc_frame *);

struct chan_handler {
	uint16_t type;
	chan_fn *fn; /* owns f->fd if the message carries one */
};

struct chan_conf {
	enum role self, peer; /* roles as in msg.h */
	uint64_t gen;         /* both ends were told this number */
	const struct chan_handler *handlers;
	size_t nhandlers;
	void *ctx;
	size_t max_frames; /* send queue bounds; 0: 256 frames, 1 MiB */
	size_t max_bytes;
	void (*ready)(struct chan *, void *ctx); /* may be NULL */
};

enum chan_state { CHAN_S_NEW, CHAN_S_READY, CHAN_S_DEAD };

struct chan_stats {
	uint64_t in, out;  /* frames handled, frames given to the socket */
	uint64_t refused;  /* frames that broke the protocol (0 or 1) */
	uint64_t overflow; /* chan_send that returned -1 */
	uint64_t in_bytes, out_bytes; /* of the frames handled and given */
	size_t queued, queued_bytes;  /* frames that wait now; their octets */
	size_t queued_max;            /* the most that waited at a time */
};

/*
 * Pure: NULL if a channel of this conf and state may handle the frame, else
 * why not.  *h is its handler; NULL for a good HELLO, after which the channel
 * is READY.
 */
const char *chan_judge(const struct chan_conf *, enum chan_state,
    const struct ipc_frame *, const struct chan_handler **h);

/*
 * Takes the fd over.  NULL only if memory is gone (the fd is closed).  Queues
 * our HELLO.  The handlers' table stays the caller's and must outlive it.
 */
struct chan *chan_new(int fd, const struct chan_conf *);
void chan_free(struct chan *); /* closes the fd, queued fds too; NULL is fine */

int chan_fd(const struct chan *);
enum chan_state chan_state(const struct chan *);
const char *chan_why(const struct chan *); /* why it is DEAD */
bool chan_eof(const struct chan *);        /* DEAD by plain EOF */
enum role chan_peer(const struct chan *);
const struct chan_stats *chan_stats(const struct chan *);
void *chan_ctx(const struct chan *);

/*
 * Read and handle what is there.  0, or -1: the channel is DEAD now.  Must
 * not be called, and the channel not be freed, from its own handlers.
 */
int chan_in(struct chan *);
/*
 * Write what is queued.  0, or -1: the channel is DEAD now.  That the other
 * side closed is not seen here but by chan_in, after its last words.
 */
int chan_out(struct chan *);
bool chan_wants_out(const struct chan *);

/*
 * Queue one message (and try to write at once).  The fd, if not -1, is the
 * channel's from now on, also on failure.  -1: queue full, DEAD, or the other
 * side closed; counted.  Legal before READY: it goes out behind our HELLO.
 */
int chan_send(struct chan *, enum msg_type, uint32_t id, const void *body,
    size_t len, int fd);

/*
 * fn is called when wants_out or the state may have changed, also from inside
 * handlers: it must not free the channel.  NULL: nobody.
 */
void chan_set_notify(struct chan *, void (*fn)(struct chan *, void *), void *);

#endif
