/* SPDX-License-Identifier: ISC */
/* file: ctl/request.c */
/*
 * meshctl's side of a control socket (see request.h).  The channel is the same
 * as between the daemons; only the waiting is poll.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "clock.h"
#include "request.h"

#define BUSY_TRIES 20 /* while all places are taken */
#define BUSY_WAIT_MS 50

struct request {
	struct chan *chan;
	uint32_t id;
	const struct question *q; /* NULL: nothing was asked */
	bool answered;            /* at least a row of it came */
	bool ended;
	enum row_end end;
	char why[128];
};

static enum chan_verdict
on_row(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct request *r = ctx;

	(void)ch;
	if (r->q == NULL || f->id != r->id || r->ended)
		return CHAN_BAD;
	r->answered = true;
	return r->q->row(r->q->ctx, f) == 0 ? CHAN_OK : CHAN_BAD;
}

static enum chan_verdict
on_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct request *r = ctx;
	struct msg_end m;
	struct rbuf b;

	(void)ch;
	rbuf_init(&b, f->body, f->len);
	if (r->q == NULL || f->id != r->id || r->ended ||
	    msg_get_end(&b, &m) == -1)
		return CHAN_BAD;
	r->ended = true;
	r->end = m.status;
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_NODE_ROW, on_row},
    {MSG_PROC_ROW, on_row},
    {MSG_PEER_ROW, on_row},
    {MSG_COUNTER_ROW, on_row},
    {MSG_HIST_ROW, on_row},
    {MSG_FIGURE_ROW, on_row},
    {MSG_VERDICT_ROW, on_row},
    {MSG_LOG_ROW, on_row},
    {MSG_TEXT_ROW, on_row},
    {MSG_FIND_STEP, on_row},
    {MSG_FIND_ROW, on_row},
    {MSG_DHT_ROW, on_row},
    {MSG_DHT_NODE, on_row},
    {MSG_NET_ROW, on_row},
    {MSG_MEMBER_ROW, on_row},
    {MSG_BREAKER_ROW, on_row},
    {MSG_STREAM_ROW, on_row},
    {MSG_FLOW_ROW, on_row},
    {MSG_RULE_ROW, on_row},
    {MSG_QOS_ROW, on_row},
    {MSG_DROP_ROW, on_row},
    {MSG_EVENT, on_row},
    {MSG_ECHO_ROW, on_row},
    {MSG_NAT_ROW, on_row},
    {MSG_NAT_SEEN_ROW, on_row},
    {MSG_END, on_end},
};

/*
 * Wait for something and deal with it.  OK: look again; a channel that was
 * closed is BUSY if nothing had been answered yet, else BROKEN.
 */
static enum request_result
turn(struct request *r, uint64_t deadline_ms)
{
	struct pollfd p = {.fd = chan_fd(r->chan), .events = POLLIN};
	uint64_t now = clock_mono_ms();
	int n;

	if (now >= deadline_ms) {
		errno = ETIMEDOUT;
		return REQUEST_TIMEOUT;
	}
	if (chan_wants_out(r->chan))
		p.events |= POLLOUT;
	n = poll(&p, 1, (int)(deadline_ms - now));
	if (n == -1)
		return errno == EINTR ? REQUEST_OK : REQUEST_SYSTEM;
	if ((p.revents & POLLOUT) != 0)
		(void)chan_out(r->chan);
	if ((p.revents & ~POLLOUT) != 0)
		(void)chan_in(r->chan);
	if (chan_state(r->chan) != CHAN_S_DEAD)
		return REQUEST_OK;
	if (r->ended)
		return REQUEST_OK; /* it said all we wanted to hear */
	snprintf(r->why, sizeof(r->why), "%s", chan_why(r->chan));
	return chan_eof(r->chan) && !r->answered ? REQUEST_BUSY
						 : REQUEST_BROKEN;
}

/* The connected socket, or -1 with errno. */
static int
dial(const char *path)
{
	const struct timeval tv = {.tv_sec = REQUEST_LOOK_MS / 1000};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, flags, err;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* connect waits while the backlog is full: not for ever */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == 0 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0 &&
	    (flags = fcntl(fd, F_GETFL)) != -1 &&
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static enum request_result
dial_failed(int err)
{
	switch (err) {
	case ENOENT:
	case ENOTDIR:
	case ECONNREFUSED:
		return REQUEST_ABSENT;
	case EACCES:
	case EPERM:
		return REQUEST_DENIED;
	case EAGAIN:
		return REQUEST_TIMEOUT;
	default:
		return REQUEST_SYSTEM;
	}
}

static enum request_result
open_once(struct request **out, const char *path)
{
	uint64_t deadline = clock_mono_ms() + REQUEST_LOOK_MS;
	struct chan_conf conf = {
	    .self = ROLE_CLIENT,
	    .peer = ROLE_CTL,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	};
	enum request_result result = REQUEST_OK;
	struct request *r;
	int fd;

	fd = dial(path);
	if (fd == -1)
		return dial_failed(errno);
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		close(fd);
		return REQUEST_SYSTEM;
	}
	conf.ctx = r;
	r->chan = chan_new(fd, &conf);
	if (r->chan == NULL) {
		free(r);
		return REQUEST_SYSTEM;
	}
	while (result == REQUEST_OK && chan_state(r->chan) != CHAN_S_READY)
		result = turn(r, deadline);
	if (result == REQUEST_OK)
		*out = r;
	else
		request_close(r);
	return result;
}

enum request_result
request_open(struct request **out, const char *path)
{
	enum request_result result = open_once(out, path);

	for (int i = 0; i < BUSY_TRIES && result == REQUEST_BUSY; i++) {
		(void)poll(NULL, 0, BUSY_WAIT_MS);
		result = open_once(out, path);
	}
	return result;
}

void
request_close(struct request *r)
{
	int err = errno;

	if (r == NULL)
		return;
	chan_free(r->chan);
	free(r);
	errno = err;
}

const char *
request_why(const struct request *r)
{
	return r->why;
}

enum request_result
request_ask(struct request *r, const struct question *q, enum row_end *end)
{
	uint64_t deadline = clock_mono_ms() + q->timeout_ms;
	enum request_result result = REQUEST_OK;

	r->q = q;
	r->id++;
	r->ended = false;
	r->answered = false;
	/* if nobody takes it, turn finds out why */
	(void)chan_send(r->chan, q->ask, r->id, q->body, q->len, -1);
	while (result == REQUEST_OK && !r->ended)
		result = turn(r, deadline);
	r->q = NULL;
	*end = r->end;
	return result;
}
