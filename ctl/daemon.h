/* SPDX-License-Identifier: ISC */
/* file: ctl/daemon.h */
#ifndef CTL_DAEMON_H
#define CTL_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "chan.h"
#include "conf.h"
#include "control.h"
#include "event_out.h"
#include "excess.h"
#include "loop.h"

/*
 * The control process: descriptors and the event loop around struct control.
 *
 *	main.c   fd 3: configuration, wires, log lines, the end
 *	seats.c  the two listening sockets and a channel to each client
 */
struct daemon;

struct seat { /* one place of the client table */
	struct daemon *daemon;
	unsigned place;
	char who[48];         /* for the log: "uid 1000, pid 4711" */
	struct chan *chan;    /* NULL: nobody here */
	struct loop_chan *lc; /* owns chan */
	const char *cut;      /* why it goes when the turn ends, or NULL */
};

struct listener {
	struct daemon *daemon;
	enum listen_kind kind;
	int fd; /* -1: not here yet */
	struct loop_io *io;
};

struct wire { /* to an upstream */
	struct daemon *daemon;
	enum role peer;
	struct chan *chan; /* NULL: away */
	struct loop_chan *lc;
	struct loop_timer *lost;
};

struct daemon {
	struct loop *loop;
	struct control control;
	struct control_ops ops;
	struct wire parent, engine, disc;
	struct listener listener[2]; /* by enum listen_kind */
	struct seat seat[CLIENTS_MAX];
	bool sees_uids; /* else every peer looks like nobody, see seats.c */
	uint64_t sent_away, said_ms; /* clients, since it was last said */
	struct loop_timer *tick;     /* runs while there are clients */
	struct loop_timer *soon;     /* more to pump */
	struct loop_timer *breathe;  /* no descriptors left: accept later */
	struct conf_node next;       /* announced, takes effect at CONF_END */
	bool has_next, failed;
	struct event_out out; /* control's own, by way of the parent */
	struct excess excess;
};

/* Before the sandbox: what needs memory and timers.  0 or -1 (logged). */
int seats_init(struct daemon *);
/* A listening socket from the parent; the fd is ours now. */
void seats_listen(struct daemon *, enum listen_kind, int fd);

#endif
