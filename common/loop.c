/* SPDX-License-Identifier: ISC */
/* file: common/loop.c */
/*
 * The event loop (loop.h): the only file that includes libevent.
 *
 * Uses the calls that libevent 1.4 and 2.1 share.  After loop_new no system
 * call but the wait itself and its registrations is made, so that a sandbox
 * may be entered between loop_new and loop_run; loop_signal makes a socket
 * pair and installs handlers, it is for the parent only.
 *
 * A dead channel is reported by a timer of zero: never on the stack of a
 * handler, which may be another channel's.
 */
#include <stdlib.h>
#include <sys/time.h>

#include <event.h>

#include "chan.h"
#include "log.h"
#include "loop.h"

/* Longer than any timer here means; keeps tv_sec small everywhere. */
#define TIMER_MAX_MS (30ULL * 24 * 3600 * 1000)

struct loop_sig {
	struct event ev;
	void (*fn)(int, void *);
	void *ctx;
	struct loop_sig *next;
};

struct loop {
	struct event_base *base;
	bool stop;
	void (*after)(void *);
	void *after_ctx;
	struct loop_sig *sigs;
};

struct loop_io {
	struct loop *loop;
	struct event ev;
	int fd, events;
	void (*fn)(int, int, void *);
	void *ctx;
};

struct loop_timer {
	struct event ev;
	void (*fn)(void *);
	void *ctx;
};

struct loop_chan {
	struct chan *chan;
	struct loop_io *io;
	struct loop_timer *obituary;
	bool over; /* the obituary is armed or told: once is enough */
	void (*dead)(struct chan *, void *);
	void *ctx;
};

/* ---- the loop ---- */

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->base = event_base_new();
	if (l->base == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

void
loop_free(struct loop *l)
{
	struct loop_sig *s;

	if (l == NULL)
		return;
	while ((s = l->sigs) != NULL) {
		l->sigs = s->next;
		event_del(&s->ev);
		free(s);
	}
	event_base_free(l->base);
	free(l);
}

int
loop_run(struct loop *l)
{
	while (!l->stop) {
		/* 1: nothing to wait for, which would be for ever */
		if (event_base_loop(l->base, EVLOOP_ONCE) != 0) {
			log_warnx("event loop: nothing to wait for");
			return -1;
		}
		if (l->after != NULL)
			l->after(l->after_ctx);
	}
	l->stop = false;
	return 0;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

void
loop_after_turn(struct loop *l, void (*fn)(void *), void *ctx)
{
	l->after = fn;
	l->after_ctx = ctx;
}

/* ---- descriptors ---- */

static void
on_io(int fd, short what, void *arg)
{
	struct loop_io *io = arg;
	int events = 0;

	if (what & EV_READ)
		events |= LOOP_READ;
	if (what & EV_WRITE)
		events |= LOOP_WRITE;
	io->fn(fd, events, io->ctx); /* may free io */
}

struct loop_io *
loop_io_new(struct loop *l, int fd, int events,
    void (*fn)(int fd, int events, void *ctx), void *ctx)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	if (io == NULL)
		return NULL;
	io->loop = l;
	io->fd = fd;
	io->fn = fn;
	io->ctx = ctx;
	loop_io_set(io, events);
	if (io->events != events) {
		free(io);
		return NULL;
	}
	return io;
}

/* An event that is added must not be set again: always del first. */
void
loop_io_set(struct loop_io *io, int events)
{
	short what = EV_PERSIST;

	if (events == io->events)
		return;
	if (io->events != 0)
		event_del(&io->ev);
	io->events = 0;
	if (events == 0)
		return;
	if (events & LOOP_READ)
		what |= EV_READ;
	if (events & LOOP_WRITE)
		what |= EV_WRITE;
	event_set(&io->ev, io->fd, what, on_io, io);
	event_base_set(io->loop->base, &io->ev);
	if (event_add(&io->ev, NULL) == -1)
		log_warn("event loop: fd %d", io->fd);
	else
		io->events = events;
}

void
loop_io_free(struct loop_io *io)
{
	if (io == NULL)
		return;
	loop_io_set(io, 0);
	free(io);
}

/* ---- timers ---- */

static void
on_timer(int fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->ctx); /* may free t */
}

struct loop_timer *
loop_timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fn = fn;
	t->ctx = ctx;
	evtimer_set(&t->ev, on_timer, t);
	event_base_set(l->base, &t->ev);
	return t;
}

void
loop_timer_in(struct loop_timer *t, uint64_t ms)
{
	struct timeval tv;

	if (ms > TIMER_MAX_MS)
		ms = TIMER_MAX_MS;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	if (evtimer_add(&t->ev, &tv) == -1)
		log_warn("event loop: timer");
}

void
loop_timer_stop(struct loop_timer *t)
{
	evtimer_del(&t->ev);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	evtimer_del(&t->ev);
	free(t);
}

/* ---- signals ---- */

static void
on_signal(int sig, short what, void *arg)
{
	struct loop_sig *s = arg;

	(void)what;
	s->fn(sig, s->ctx);
}

int
loop_signal(struct loop *l, int sig, void (*fn)(int sig, void *), void *ctx)
{
	struct loop_sig *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -1;
	s->fn = fn;
	s->ctx = ctx;
	event_set(&s->ev, sig, EV_SIGNAL | EV_PERSIST, on_signal, s);
	event_base_set(l->base, &s->ev);
	if (event_add(&s->ev, NULL) == -1) {
		free(s);
		return -1;
	}
	s->next = l->sigs;
	l->sigs = s;
	return 0;
}

/* ---- channels ---- */

/* Runs inside handlers too: registers, and at most arms the obituary. */
static void
on_change(struct chan *c, void *arg)
{
	struct loop_chan *lc = arg;

	if (lc->over)
		return;
	if (chan_state(c) == CHAN_S_DEAD) {
		lc->over = true;
		loop_io_set(lc->io, 0);
		loop_timer_in(lc->obituary, 0);
		return;
	}
	loop_io_set(lc->io, LOOP_READ | (chan_wants_out(c) ? LOOP_WRITE : 0));
}

static void
on_chan(int fd, int events, void *arg)
{
	struct loop_chan *lc = arg;

	(void)fd;
	/* both tell on_change what became of the channel */
	if (events & LOOP_WRITE)
		chan_out(lc->chan);
	if (events & LOOP_READ)
		chan_in(lc->chan);
}

static void
on_dead(void *arg)
{
	struct loop_chan *lc = arg;

	lc->dead(lc->chan, lc->ctx); /* may free lc */
}

struct loop_chan *
loop_chan_new(struct loop *l, struct chan *c,
    void (*dead)(struct chan *, void *ctx), void *ctx)
{
	struct loop_chan *lc = calloc(1, sizeof(*lc));

	if (lc == NULL)
		return NULL;
	lc->chan = c;
	lc->dead = dead;
	lc->ctx = ctx;
	lc->obituary = loop_timer_new(l, on_dead, lc);
	lc->io = loop_io_new(l, chan_fd(c), LOOP_READ, on_chan, lc);
	if (lc->obituary == NULL || lc->io == NULL) {
		loop_timer_free(lc->obituary);
		loop_io_free(lc->io);
		free(lc);
		return NULL;
	}
	chan_set_notify(c, on_change, lc);
	on_change(c, lc);
	return lc;
}

void
loop_chan_free(struct loop_chan *lc)
{
	if (lc == NULL)
		return;
	chan_set_notify(lc->chan, NULL, NULL);
	loop_io_free(lc->io);
	loop_timer_free(lc->obituary);
	chan_free(lc->chan);
	free(lc);
}
