/* SPDX-License-Identifier: ISC */
/* file: common/loop.h */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct chan;
struct loop;
struct loop_io;
struct loop_timer;

/*
 * The event loop: the only file that includes libevent (its 1.4 API plus
 * event_base_new, so that OpenBSD's serves too).
 */
#define LOOP_READ 1
#define LOOP_WRITE 2

struct loop *loop_new(void);   /* NULL: no memory or no epoll */
void loop_free(struct loop *); /* after everything that was made on it */
int loop_run(struct loop *);   /* until loop_stop; 0, -1: nothing to wait for */
void loop_stop(struct loop *); /* after the present callbacks */
/* Called once after each turn of callbacks (flush batches here). */
void loop_after_turn(struct loop *, void (*fn)(void *), void *ctx);

/* Level-triggered and persistent; events may be changed, 0 is a pause. */
struct loop_io *loop_io_new(struct loop *, int fd, int events,
    void (*fn)(int fd, int events, void *ctx), void *ctx);
void loop_io_set(struct loop_io *, int events);
void loop_io_free(struct loop_io *); /* does not close the fd */

/* One-shot: armed by loop_timer_in, disarmed by loop_timer_stop. */
struct loop_timer *loop_timer_new(
    struct loop *, void (*fn)(void *ctx), void *ctx);
void loop_timer_in(struct loop_timer *, uint64_t ms);
void loop_timer_stop(struct loop_timer *);
void loop_timer_free(struct loop_timer *);

/* For the parent: makes a socket pair and stays until loop_free.  0 or -1. */
int loop_signal(struct loop *, int sig, void (*fn)(int sig, void *), void *);

/*
 * Serve a channel: reads, writes and back-pressure.  When it dies, dead() is
 * called once, from the loop and never from inside a handler; the owner then
 * calls loop_chan_free, which also frees the channel.  NULL: no memory, the
 * channel stays the caller's.
 */
struct loop_chan;
struct loop_chan *loop_chan_new(struct loop *, struct chan *,
    void (*dead)(struct chan *, void *ctx), void *ctx);
void loop_chan_free(struct loop_chan *);

#endif
