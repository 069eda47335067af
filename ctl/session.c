/* SPDX-License-Identifier: ISC */
/* file: ctl/session.c */
/*
 * Sockets, questions, and what to do if they fail (see session.h).
 */
#include <errno.h>
#include <string.h>

#include "request.h"
#include "session.h"

#define SESSION_TRIES 10

static int
open_failed(const struct call *c, const char *path, enum request_result why)
{
	const char *verb = c->verb->name;
	struct complaint m = {.exit_status = EXIT_BAD, .code = "system"};
	char again[96];
	int err = errno;

	switch (why) {
	case REQUEST_ABSENT:
		m.exit_status = EXIT_ABSENT;
		m.code = "daemon_not_running";
		m.hint[0] = "sudo meshctl configtest, "
			    "then: sudo systemctl start mesh";
		return report_error(
		    c, &m, "mesh is not running (nobody at %s)", path);
	case REQUEST_DENIED:
		snprintf(again, sizeof(again), "sudo meshctl %s", verb);
		m.exit_status = EXIT_DENIED;
		m.code = "not_permitted";
		m.hint[0] = again;
		m.hint[1] = "sudo adduser $USER mesh, then log in again";
		return report_error(
		    c, &m, "not permitted: %s needs root or group mesh", verb);
	case REQUEST_TIMEOUT:
		m.exit_status = EXIT_TIMEOUT;
		m.code = "timeout";
		m.hint[0] = "meshctl log, or the system's log";
		return report_error(c, &m, "no answer at %s", path);
	case REQUEST_BUSY:
		m.code = "busy";
		m.hint[0] = "try again; see who holds connections: ss -xp";
		return report_error(
		    c, &m, "control has no place for another client");
	case REQUEST_BROKEN:
		m.code = "protocol";
		m.hint[0] = "is meshctl of the same version as the daemons?";
		return report_error(
		    c, &m, "%s does not speak our protocol", path);
	case REQUEST_SYSTEM:
	case REQUEST_OK:
		break;
	}
	return report_error(c, &m, "%s: %s", path, strerror(err));
}

/* Would the other socket of the directory do any better? */
static bool
worth_another(enum request_result why)
{
	return why == REQUEST_ABSENT || why == REQUEST_DENIED ||
	    why == REQUEST_BUSY;
}

/* Open a socket of the run directory. */
static enum request_result
try_open(struct session *s, const char *name)
{
	snprintf(s->path, sizeof(s->path), "%s/%s", s->call->rundir, name);
	return request_open(&s->request, s->path);
}

int
session_open(struct session *s, const struct call *c, enum session_need need)
{
	enum request_result why;

	*s = (struct session){.call = c};
	snapshot_init(&s->snap);
	if (c->socket != NULL) {
		snprintf(s->path, sizeof(s->path), "%s", c->socket);
		why = request_open(&s->request, s->path);
	} else {
		why = try_open(s, "control.sock");
		if (need == SESSION_LOOK && worth_another(why))
			why = try_open(s, "status.sock");
	}
	return why == REQUEST_OK ? EXIT_FINE : open_failed(c, s->path, why);
}

void
session_close(struct session *s)
{
	request_close(s->request);
	s->request = NULL;
	snapshot_clear(&s->snap);
}

static int
take(void *ctx, const struct ipc_frame *f)
{
	return snapshot_take(ctx, f);
}

/*
 * While strangers crowd the sockets control may give our place to another
 * before we asked; then nothing is lost but the time to come back.
 */
static enum request_result
ask_again(struct session *s, const struct question *q, enum row_end *end)
{
	enum request_result r = request_ask(s->request, q, end);

	for (int i = 0; i < SESSION_TRIES && r == REQUEST_BUSY; i++) {
		request_close(s->request);
		s->request = NULL;
		r = request_open(&s->request, s->path);
		if (r == REQUEST_OK)
			r = request_ask(s->request, q, end);
	}
	return r;
}

static unsigned
patience_ms(enum msg_type ask)
{
	switch (ask) {
	case MSG_RELOAD_ASK:
		return REQUEST_RELOAD_MS;
	case MSG_FIND_ASK:
	case MSG_RENEW_ASK:
	case MSG_NETCHECK_ASK:
		return REQUEST_FIND_MS;
	default:
		return REQUEST_LOOK_MS;
	}
}

int
session_ask(struct session *s, enum msg_type ask, const struct wbuf *body,
    enum row_end *end)
{
	const struct question q = {
	    .ask = ask,
	    .body = body == NULL ? NULL : body->base,
	    .len = body == NULL ? 0 : body->len,
	    .timeout_ms = patience_ms(ask),
	    .row = take,
	    .ctx = &s->snap,
	};
	struct complaint m = {.exit_status = EXIT_BAD, .code = "protocol"};

	switch (ask_again(s, &q, end)) {
	case REQUEST_OK:
		return EXIT_FINE;
	case REQUEST_TIMEOUT:
		m.exit_status = EXIT_TIMEOUT;
		m.code = "timeout";
		m.hint[0] = "meshctl log, or the system's log";
		return report_error(s->call, &m, "control does not answer");
	case REQUEST_SYSTEM:
		m.code = "system";
		return report_error(
		    s->call, &m, "control: %s", strerror(errno));
	default:
		if (s->request != NULL)
			m.detail = request_why(s->request);
		m.hint[0] = "try again, then: meshctl log";
		return report_error(
		    s->call, &m, "the conversation with control broke off");
	}
}

int
session_failed(struct session *s, enum row_end end)
{
	const struct snapshot *n = &s->snap;
	const char *said = n->ntexts == 0 ? NULL : n->text[n->ntexts - 1].text;
	struct complaint m = {.exit_status = EXIT_BAD, .code = "failed"};

	switch (end) {
	case END_AWAY:
		m.exit_status = EXIT_ABSENT;
		m.code = "daemon_not_running";
		m.hint[0] = "meshctl status; meshctl log";
		return report_error(s->call, &m, "%s",
		    said == NULL ? "a daemon is not running" : said);
	case END_DENIED:
		m.exit_status = EXIT_DENIED;
		m.code = "not_permitted";
		return report_error(s->call, &m, "not permitted: %s",
		    said == NULL ? s->call->verb->name : said);
	default:
		return report_error(s->call, &m, "%s",
		    said == NULL ? "control could not do it" : said);
	}
}

int
session_get(struct session *s, enum msg_type ask)
{
	enum row_end end;
	int code = session_ask(s, ask, NULL, &end);

	if (code != EXIT_FINE || end == END_OK)
		return code;
	return session_failed(s, end);
}
