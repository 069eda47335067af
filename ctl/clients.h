/* SPDX-License-Identifier: ISC */
/* file: ctl/clients.h */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "msg.h"

/*
 * Who is connected to the two sockets, and who may be.
 *
 * Pure.  A user is a number the caller chose: 0 is trusted (root), all others
 * are only told apart.  Places are few, and these are the rules for them:
 *
 *	- one user other than 0 holds at most half of all places;
 *	- the status socket, which everybody may connect to, never gets the
 *	  last CLIENTS_RESERVED places (user 0 does): the administrators'
 *	  socket stays open whatever strangers do;
 *	- whoever finds no place takes that of the connection that has been
 *	  silent for longest: of his own if he holds too many, else of the user
 *	  who holds most and has one to give.  A connection that waits for an
 *	  answer keeps its place, a stranger's for CLIENT_OPEN_MS only: who
 *	  never reads could wait for ever.  So a thousand idle connections shut
 *	  nobody out, and a program gone mad is at the expense of its user;
 *	- one user other than 0 gets CLIENT_RATE questions a second over all
 *	  connections, with CLIENT_BURST at once; all on the status socket
 *	  together STRANGERS_RATE: whoever answers has other work to do;
 *	- of these are probes to peers ECHO_RATE, and STRANGERS_ECHOES.
 *
 * The clock is an argument (milliseconds, monotonic).
 */
#define CLIENTS_MAX 64
#define CLIENTS_PER_USER (CLIENTS_MAX / 2)
#define CLIENTS_RESERVED 16
#define CLIENT_RATE 50
#define CLIENT_BURST 100
#define CLIENT_BUCKETS 64
#define STRANGERS_RATE 500
#define ECHO_RATE 10 /* ... of a user that cost others a probe */
#define ECHO_BURST 20
#define STRANGERS_ECHOES 50

#define CLIENT_OPEN_MS 1000   /* a stranger's question, if places are few */
#define CLIENT_HELLO_MS 2000  /* from accept to HELLO */
#define CLIENT_IDLE_MS 60000  /* without a question or a pending answer */
#define CLIENT_STALL_MS 10000 /* with answers it does not read */

struct client {
	bool used, greeted;
	enum listen_kind kind;
	uint64_t user;
	uint64_t last_ms;   /* accepted, greeted, asked, or answered in full */
	uint64_t last_turn; /* the same, as a number that never repeats */
	unsigned open;      /* questions without their END */
	uint64_t open_ms;   /* since when there are any */
	uint64_t stall_ms;  /* first seen with unread answers; 0: none */
	uint64_t stall_out; /* frames it had read then */
	/* the answer to LOG_ASK under way: numbers of ring.h */
	bool log_open;
	uint32_t log_id;
	uint64_t log_next, log_end;
	/* ... to EVENTS_ASK: numbers of eventlog.h */
	bool events_open, follows;
	uint32_t events_id;
	uint64_t events_next, events_end;
};

struct client_bucket {
	uint64_t user;
	uint64_t tokens_m; /* thousandths */
	uint64_t at_ms;    /* 0: this bucket is free */
};

struct clients {
	struct client c[CLIENTS_MAX];
	struct client_bucket bucket[CLIENT_BUCKETS], strangers;
	struct client_bucket echo[CLIENT_BUCKETS], stranger_echoes;
	uint64_t turn;
};

void clients_init(struct clients *);
/*
 * Is there room?  The place it would be, or -1 and *victim is the place to be
 * emptied first, -1: nobody can go, so the newcomer is refused.
 */
int clients_room(const struct clients *, enum listen_kind, uint64_t user,
    uint64_t now_ms, int *victim);
/* Take a place that clients_room found. */
void clients_take(struct clients *, unsigned place, enum listen_kind,
    uint64_t user, uint64_t now_ms);
void clients_remove(struct clients *, unsigned place);
unsigned clients_count(const struct clients *);
/* It showed that it is alive. */
void clients_touch(struct clients *, unsigned place, uint64_t now_ms);
/* May this client ask one more question now?  Takes a token. */
bool clients_may_ask(struct clients *, unsigned place, uint64_t now_ms);
/* The same for a probe to a peer, which takes one more. */
bool clients_may_echo(struct clients *, unsigned place, uint64_t now_ms);
/* It asked something that will be answered.  Its END: open--. */
void clients_asked(struct clients *, unsigned place, uint64_t now_ms);
/*
 * NULL, or why this client has to go: half-open, idle (unless it waits for an
 * answer) or not reading (unless it follows events: at most one waits for it,
 * and the others it loses).  unread: answers are queued; out: frames that went
 * out to it so far.
 */
const char *clients_overdue(
    struct client *, bool unread, uint64_t out, uint64_t now_ms);

#endif
