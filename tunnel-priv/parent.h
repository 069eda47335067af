/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/parent.h */
#ifndef PARENT_H
#define PARENT_H

#include <stdbool.h>
#include <stdint.h>

#include "ask.h"
#include "clock.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "options.h"
#include "parent_event.h"
#include "gates.h"
#include "places.h"
#include "respawn.h"
#include "sandbox.h"
#include "setup.h"

/*
 * The parent, or supervisor: has the children started, gives them what they
 * need, and sees to it that they live.  It has no privilege: what needs one is
 * asked of priv (ask.h).
 *
 *	start.c    from the configuration to the end
 *	parent.c   children: start, watchdog, death, logs, stop
 *	wire.c     who is connected with whom; what a child gets when it is up
 *	reload.c   the configuration: parse it in a child, apply it, pass it on
 *	serve.c    what control may ask; parent_event.c events for it
 *	mtu.c      the interface's MTU as the paths take
 *
 * It takes only fixed messages from children, and has a child killed that sends
 * anything else.  Text is never looked into: log lines are made printable and
 * passed on, CONF_PEER frames are kept and passed on as they are.
 *
 *	DOWN --spawn--> STARTING --READY--> UP
 *	  ^                 |                |
 *	  |               died             died
 *	  |                 v                |
 *	  +----timer---- WAITING <-----------+
 */
#define PARENT_ASKS_MAX 16 /* questions waiting for an answer of children */
#define PARENT_LOG_RATE 10 /* lines a second from one child */
#define PARENT_OUT_MAX 2176

struct child {
	struct parent *parent;
	enum role role;
	enum proc_state state;
	pid_t pid;         /* 0: none */
	struct chan *chan; /* while there is a pid, and not longer than it */
	struct loop_chan *io;
	struct respawn respawn;
	struct loop_timer *again;
	uint64_t started_unix_ms, log_second, ready_ms; /* 0: not yet */
	uint64_t heard_ms; /* when it last showed that it lives */
	uint32_t restarts, sandbox, missing, features, lacking, log_lines;
};

/* A configuration as the frames it came in; at most what CONF_PEERS_MAX make */
#define CONFSET_FRAMES_MAX (2 * CONF_PEERS_MAX + 3)
#define CONFSET_BYTES_MAX (48u * 1024 * 1024)
struct confset {
	struct conf_node node; /* decoded */
	uint32_t frames;
	size_t len;
	uint8_t mem[CONFSET_BYTES_MAX]; /* records of ipc.h, in a row */
};

struct reload {
	struct chan *chan; /* NULL: none running */
	struct loop_chan *io;
	pid_t pid;
	uint32_t id;         /* control's question, 0: nobody's */
	struct confset *set; /* what has come */
	bool complete;       /* all of it */
	bool again;          /* another one was wanted meanwhile */
};

struct parent {
	struct options opt;
	struct ask *priv; /* what needs a privilege */
	struct loop *loop;
	struct loop_timer *tick, *grace;
	struct child kid[SETUP_NKIDS];
	struct confset *conf; /* in force; NULL: none yet */
	struct net net;
	char mtu_peer[64]; /* whose path the interface's MTU is of */
	uint64_t mtu_ms;   /* when it was changed last for that, 0: never */
	struct msg_places places;  /* as discoveryd was told */
	struct msg_gateways gates; /* as the engine was */
	struct links_watch links;
	struct reload reload;
	struct news news;
	int listen_fd[2]; /* by listen_kind */
	struct parent_ask {
		uint32_t id, what;       /* COUNTERS_ASK or DROPS_ASK */
	} ask[PARENT_ASKS_MAX];          /* the first is on */
	uint32_t asks, ask_at, ask_rows; /* how far the first is */
	pid_t pid, priv_pid;
	uint64_t ask_ms, gen; /* gen: the last one given out */
	uint64_t started_unix_ms, loaded_unix_ms, ticked_ms, looked_ms;
	uint32_t reloads, reload_failures;
	uint64_t refused, log_held; /* frames, lines of children */
	struct sandbox_report sandbox, priv_sandbox;
	int level; /* of the log, for everybody; -1: as configured */
	int notify_fd, exit_code;
	bool foreground, announced, stopping, loaded_good;
	struct wbuf out; /* the message being written, see parent_out */
	uint8_t out_mem[PARENT_OUT_MAX];
};

/* start.c: the exit code; for the other arguments see main.c */
int parent_run(struct parent *, int priv_fd, int null_fd, int starter);

/* parent.c */
int parent_init(struct parent *, int priv_fd); /* loop and all; 0 or -1 */
void parent_start(struct parent *); /* in the sandbox: spawn everybody */
void parent_stop(struct parent *, int exit_code);
/* -1: what the configuration and -v say; children are told if it differs. */
void parent_log_level(struct parent *, int level);
struct child *parent_child(struct parent *, enum role);
struct wbuf *parent_out(struct parent *); /* empty, for parent_send */
/* What is in p->out, with a duplicate of fd unless -1.  0 or -1. */
int parent_send(struct child *, enum msg_type, uint32_t id, int fd);
void child_kill(struct child *, const char *why);
bool child_wanted(const struct child *);
void child_look(struct child *);
/* Its channel, STARTING; the fd is the channel's also on failure.  0 or -1. */
int child_attach(struct child *, int fd, uint64_t gen);

/* wire.c */
void wire_child(struct child *);  /* it is up: all it needs */
void wire_reload(struct child *); /* the new configuration and sockets */
void wire_level(struct child *);
void wire_places(struct parent *, uint64_t now_ms); /* 0: look at once */
void wire_links(struct parent *); /* from now on: news for the engine */

/* mtu.c: of the engine, if the configuration lets the paths decide */
chan_fn mtu_on_wanted;
void mtu_reloaded(struct parent *);

/* reload.c */
int confset_send(const struct confset *, struct chan *, enum role);
/* At start-up (p->conf is NULL): stops the loop when it is over. */
void reload_start(struct parent *, uint32_t id);
/* serve.c: from control, and the rows of tun and keyd for it */
chan_fn serve_status, serve_asked, serve_reload, serve_level;
chan_fn serve_row, serve_figure, serve_drop, serve_end;
/* To whoever asked; serve_text also to the log. */
void serve_tell(struct parent *, uint32_t id, uint8_t kind, const char *text);
void serve_text(struct parent *, uint32_t id, uint8_t kind, const char *text);
void serve_done(struct parent *, uint32_t id, enum row_end);
void serve_tick(struct parent *, uint64_t now_ms);
void serve_child_gone(struct child *); /* nobody waits for it any more */

#endif
