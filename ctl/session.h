/* SPDX-License-Identifier: ISC */
/* file: ctl/session.h */
#ifndef SESSION_H
#define SESSION_H

#include "msg.h"
#include "snapshot.h"
#include "verbs.h"

/*
 * A verb's conversation with control: which socket, then questions whose rows
 * gather in a snapshot.  What goes wrong is reported here, in the words an
 * administrator can act on.
 */
enum session_need {
	/*
	 * The control socket, because strangers can't crowd it; for who may
	 * not use it, the status socket.
	 */
	SESSION_LOOK,
	SESSION_ACT /* the control socket */
};

struct session {
	const struct call *call;
	struct request *request;
	char path[512]; /* of the socket in use */
	struct snapshot snap;
};

/* EXIT_FINE, or another code and it has been reported.  Close either way. */
int session_open(struct session *, const struct call *, enum session_need);
void session_close(struct session *);

/*
 * Ask, wait, gather.  EXIT_FINE: *end says how it ended, which the verb has to
 * judge; else it has been reported.
 */
int session_ask(struct session *, enum msg_type, const struct wbuf *body,
    enum row_end *end);
/* A question without a body whose end must not be worse than OK. */
int session_get(struct session *, enum msg_type);
/* Report that a question did not end OK; the exit code. */
int session_failed(struct session *, enum row_end);

#endif
