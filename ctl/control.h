/* SPDX-License-Identifier: ISC */
/* file: ctl/control.h */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "clients.h"
#include "counters.h"
#include "eventlog.h"
#include "msg.h"
#include "pending.h"
#include "question.h"
#include "ring.h"

/*
 * What control does with frames; where they come from and go to is main.c's.
 *
 *	client --question--> [question: allowed? whose is it?] --> upstream
 *	client <--rows, END-- [pending: whose answer is it?] <------ upstream
 *
 * What can be asked, by whom and of whom is the table of question.h.
 *
 * Pure but for the log ring's malloc: no socket, no clock; frames go out
 * through control_ops and the time comes in.  A client can do nothing but ask
 * what the routing table lists, on the socket the table says; its ids never
 * leave this process.  An upstream can do nothing but answer: a row for a
 * question that is not open is late and dropped, a row that does not belong to
 * its question, is malformed or speaks for another process is an offence.
 *
 * Every question is answered by exactly one END, rows before it.  When
 * somebody who should have answered is away, a TEXT_ROW says who, and the END
 * is AWAY.
 */
#define CONTROL_LOOK_MS 3000    /* how long an upstream may take */
#define CONTROL_RELOAD_MS 30000 /* ... to read a new configuration */
#define CONTROL_FIND_MS 8000    /* ... to search: more than lookup timeout */
#define CONTROL_ECHO_MS (ECHO_WAIT_MAX_MS + 2000) /* ... for a peer */
#define CONTROL_RENEW_MS 8000 /* ... to ask the holder of the authority */
#define CONTROL_UNREAD_MAX 12 /* clients with unread answers at a time */

struct control_ops {
	/* Queue a frame; -1: full or gone. */
	int (*to_client)(void *ctx, unsigned place, enum msg_type, uint32_t id,
	    const void *body, size_t len);
	int (*to_upstream)(void *ctx, enum role, enum msg_type, uint32_t id,
	    const void *body, size_t len);
	/* Are there frames this client did not take yet; how many did it? */
	bool (*unread)(void *ctx, unsigned place, uint64_t *out);
	/* Close it when the turn ends (then control_client_gone). */
	void (*cut)(void *ctx, unsigned place, const char *why);
	/* The same at once; only from within control_client_new. */
	void (*evict)(void *ctx, unsigned place);
	uint64_t (*suppressed)(void *ctx); /* log lines held back so far */
	/* Rows of this process and its wires, to a client; NULL: none. */
	void (*figures)(void *ctx, unsigned place, uint32_t id);
	void *ctx;
};

struct control {
	const struct control_ops *ops;
	struct clients clients;
	struct pending_table pending;
	struct ring ring;
	struct eventlog events;
	struct counters counters;
	uint64_t asked[QUESTIONS_MAX], denied[QUESTIONS_MAX];
	uint64_t event[EVENT_NKINDS]; /* how often it happened */
	uint32_t up; /* bits 1 << role: upstreams with a live channel */
};

void control_init(struct control *, const struct control_ops *);
void control_clear(struct control *);

/*
 * The place of a new client, or -1: refused, counted.  user is what SO_PEERCRED
 * said at accept, or a stand-in, see seats.c.
 */
int control_client_new(
    struct control *, enum listen_kind, uint64_t user, uint64_t now_ms);
void control_client_greeted(struct control *, unsigned place, uint64_t now_ms);
/* A question.  CHAN_BAD: it is no question of ours, cut the client off. */
enum chan_verdict control_question(struct control *, unsigned place,
    const struct ipc_frame *, uint64_t now_ms);
void control_client_gone(struct control *, unsigned place);

/* A channel to it came (also: was replaced) or went. */
void control_upstream(struct control *, enum role, bool up, uint64_t now_ms);
/* A row or an END.  CHAN_BAD: an offence. */
enum chan_verdict control_answer(struct control *, enum role from,
    const struct ipc_frame *, uint64_t now_ms);

/* An EVENT from the parent.  CHAN_BAD: an offence. */
enum chan_verdict control_event(struct control *, const struct ipc_frame *);

/* A few times a second: deadlines, idle clients. */
void control_tick(struct control *, uint64_t now_ms);
/*
 * After each turn: more lines for those who asked for the log, events for who
 * asked for them or follows.  True: there is more to do at once, false: only
 * when a client has read.
 */
bool control_pump(struct control *, uint64_t now_ms);

#endif
