/* SPDX-License-Identifier: ISC */
/*
 * Questions to the process with the privileges, one at a time (ask.h).
 *
 * Also what it says unasked: log lines are passed on at once, ends of children
 * wait in a bounded queue until the event loop has its turn, because whoever is
 * asking something is in the middle of changing the same children.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "chan.h"
#include "clock.h"
#include "figures.h"
#include "log.h"
#include "loop.h"
#include "sandbox.h"

/* Each role once, and the parsers of reloads that followed each other. */
#define EXITS_MAX (2 * ROLE_NROLES)
#define QUESTION_MAX 296
#define QUESTION_KINDS (MSG_P_LINK - MSG_P_TUN + 1)

struct ask {
	struct chan *chan;
	struct loop_io *io;
	struct loop_timer *later;
	ask_exit_fn *fn;
	void *ctx;
	bool settled;
	struct msg_p_exited exits[EXITS_MAX];
	unsigned nexits;

	uint32_t id;   /* of the question */
	unsigned type; /* of its answer, 0: not yet */
	int fd;        /* that came with it, -1: none */
	union {
		struct msg_p_fd fd;
		struct msg_p_done done;
		struct msg_p_failed failed;
		struct msg_ready ready;
	} answer;

	uint8_t mem[QUESTION_MAX];
	uint64_t done[QUESTION_KINDS], failed[QUESTION_KINDS]; /* from P_TUN */
};

/* Before it has settled it tells the reason itself, on standard error. */
__attribute__((noreturn)) static void
lost(const struct ask *a, const char *why)
{
	if (a->settled || !chan_eof(a->chan))
		log_errorx("priv: %s", why);
	exit(1);
}

/* ---- what priv says ---- */

static enum chan_verdict
on_answer(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct ask *a = ctx;
	struct rbuf r;
	int rv;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (f->type == MSG_P_FD)
		rv = msg_get_p_fd(&r, &a->answer.fd);
	else if (f->type == MSG_P_DONE)
		rv = msg_get_p_done(&r, &a->answer.done);
	else if (f->type == MSG_P_FAILED)
		rv = msg_get_p_failed(&r, &a->answer.failed);
	else
		rv = msg_get_ready(&r, &a->answer.ready);
	if (rv == -1 || f->id != a->id || a->type != 0) {
		if (f->fd != -1)
			close(f->fd);
		return CHAN_BAD;
	}
	a->type = f->type;
	a->fd = f->fd;
	return CHAN_OK;
}

static enum chan_verdict
on_exited(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct ask *a = ctx;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (a->nexits == EXITS_MAX ||
	    msg_get_p_exited(&r, &a->exits[a->nexits]) == -1)
		return CHAN_BAD;
	a->nexits++;
	return CHAN_OK;
}

static enum chan_verdict
on_log(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct msg_log m;
	struct rbuf r;

	(void)ctx;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_log(&r, &m) == -1)
		return CHAN_BAD;
	log_pass(role_name(chan_peer(c)), (enum log_level)m.level, m.text);
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_P_FD, on_answer},
    {MSG_P_DONE, on_answer},
    {MSG_P_FAILED, on_answer},
    {MSG_READY, on_answer},
    {MSG_P_EXITED, on_exited},
    {MSG_LOG, on_log},
};

/* ---- the event loop's side ---- */

/* The callback may ask, and so make the queue longer. */
static void
deliver(void *ctx)
{
	struct ask *a = ctx;

	while (a->nexits > 0) {
		struct msg_p_exited m = a->exits[0];

		memmove(
		    a->exits, a->exits + 1, --a->nexits * sizeof(a->exits[0]));
		a->fn(a->ctx, &m);
	}
}

static void
on_readable(int fd, int events, void *ctx)
{
	struct ask *a = ctx;

	(void)fd;
	(void)events;
	if (chan_in(a->chan) == -1)
		lost(a, chan_why(a->chan));
	deliver(a);
}

struct ask *
ask_new(int fd, struct loop *loop, ask_exit_fn *fn, void *ctx)
{
	struct ask *a = calloc(1, sizeof(*a));
	struct chan_conf conf = {.self = ROLE_PARENT,
	    .peer = ROLE_PRIV,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = a};

	if (a == NULL || (a->chan = chan_new(fd, &conf)) == NULL)
		return NULL;
	a->fn = fn;
	a->ctx = ctx;
	a->io = loop_io_new(loop, fd, LOOP_READ, on_readable, a);
	a->later = loop_timer_new(loop, deliver, a);
	return a->io == NULL || a->later == NULL ? NULL : a;
}

/* ---- question and answer ---- */

/* 0, or -1: the channel is DEAD; lost() if the time is over. */
static int
turn(struct ask *a, uint64_t until)
{
	struct pollfd p = {.fd = chan_fd(a->chan), .events = POLLIN};
	uint64_t now = clock_mono_ms();
	struct timespec ts;

	if (now >= until)
		lost(a, "does not answer");
	ts.tv_sec = (time_t)((until - now) / 1000);
	ts.tv_nsec = (long)((until - now) % 1000 * 1000000);
	if (chan_wants_out(a->chan))
		p.events |= POLLOUT;
	if (ppoll(&p, 1, &ts, NULL) == -1)
		return errno == EINTR ? 0 : -1;
	if ((p.revents & POLLOUT) != 0 && chan_out(a->chan) == -1)
		return -1;
	return (p.revents & ~POLLOUT) != 0 ? chan_in(a->chan) : 0;
}

/*
 * The answer is `want`, or P_FAILED if that may be; fd is the channel's from
 * now on.  The type of the answer.
 */
static unsigned
exchange(struct ask *a, enum msg_type type, const struct wbuf *w, int fd,
    enum msg_type want)
{
	uint64_t until = clock_mono_ms() + ASK_WAIT_MS;

	a->id++;
	a->type = 0;
	if (wbuf_done(w) == -1)
		lost(a, "a question is too long");
	/* a failure of sending shows in reading, after the last words */
	(void)chan_send(a->chan, type, a->id, w->base, w->len, fd);
	while (a->type == 0)
		if (turn(a, until) == -1)
			lost(a, chan_why(a->chan));
	if (a->nexits > 0)
		loop_timer_in(a->later, 0);
	if (a->type != want && a->type != MSG_P_FAILED)
		lost(a, "gives the wrong answer");
	if (a->type == MSG_P_FAILED ||
	    (a->type == MSG_P_DONE && a->answer.done.error != 0))
		a->failed[type - MSG_P_TUN]++;
	else
		a->done[type - MSG_P_TUN]++;
	return a->type;
}

static struct wbuf *
question(struct ask *a, struct wbuf *w)
{
	wbuf_init(w, a->mem, sizeof(a->mem));
	return w;
}

/* P_FD, or -1 with errno and the sentence. */
static int
descriptor(
    struct ask *a, enum msg_type type, const struct wbuf *w, char err[ASK_ERR])
{
	if (exchange(a, type, w, -1, MSG_P_FD) == MSG_P_FD)
		return a->fd;
	snprintf(err, ASK_ERR, "%s", a->answer.failed.text);
	errno = (int)a->answer.failed.error;
	return -1;
}

/* P_DONE: 0, or -1 with errno. */
static int
done(struct ask *a, enum msg_type type, const struct wbuf *w, int fd)
{
	if (exchange(a, type, w, fd, MSG_P_DONE) != MSG_P_DONE)
		lost(a, "gives the wrong answer");
	errno = (int)a->answer.done.error;
	return errno == 0 ? 0 : -1;
}

/* ---- the questions ---- */

int
ask_tun(struct ask *a, const char *device, uint8_t offload, uint8_t *granted,
    char err[ASK_ERR])
{
	struct msg_p_tun m = {.offload = offload};
	struct wbuf w;
	int fd;

	snprintf(m.device, sizeof(m.device), "%s", device);
	msg_put_p_tun(question(a, &w), &m);
	fd = descriptor(a, MSG_P_TUN, &w, err);
	*granted = fd == -1 ? 0 : a->answer.fd.offload;
	return fd;
}

void
ask_key(struct ask *a, const char *path)
{
	struct msg_p_key m;
	struct wbuf w;

	snprintf(m.path, sizeof(m.path), "%s", path);
	msg_put_p_key(question(a, &w), &m);
	(void)done(a, MSG_P_KEY, &w, -1);
}

int
ask_listen(
    struct ask *a, enum listen_kind kind, const char *path, const char *group)
{
	struct msg_p_listen m = {.kind = kind};
	char err[ASK_ERR];
	struct wbuf w;
	int fd;

	snprintf(m.path, sizeof(m.path), "%s", path);
	snprintf(m.group, sizeof(m.group), "%s", group);
	msg_put_p_listen(question(a, &w), &m);
	if ((fd = descriptor(a, MSG_P_LISTEN, &w, err)) == -1)
		lost(a, err);
	return fd;
}

void
ask_settled(struct ask *a, struct sandbox_report *report)
{
	struct wbuf w;

	if (exchange(a, MSG_P_SETTLED, question(a, &w), -1, MSG_READY) !=
	    MSG_READY)
		lost(a, "gives the wrong answer");
	report->have = a->answer.ready.sandbox;
	report->missing = a->answer.ready.missing;
	a->settled = true;
}

pid_t
ask_spawn(struct ask *a, enum role role, uint64_t gen, int fd)
{
	struct msg_p_spawn m = {.role = role, .gen = gen};
	struct wbuf w;

	if ((fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return -1;
	msg_put_p_spawn(question(a, &w), &m);
	if (done(a, MSG_P_SPAWN, &w, fd) == -1)
		return -1;
	return (pid_t)a->answer.done.pid;
}

void
ask_kill(struct ask *a, enum role role)
{
	struct msg_p_kill m = {.role = role};
	struct wbuf w;

	msg_put_p_kill(question(a, &w), &m);
	(void)done(a, MSG_P_KILL, &w, -1);
}

int
ask_udp(struct ask *a, const struct endpoint *want, struct endpoint *local,
    char err[ASK_ERR])
{
	struct msg_p_udp m = {.at = *want};
	struct wbuf w;
	int fd;

	msg_put_p_udp(question(a, &w), &m);
	if ((fd = descriptor(a, MSG_P_UDP, &w, err)) != -1)
		*local = a->answer.fd.local;
	return fd;
}

bool
ask_buffers(struct ask *a, int fd, uint32_t receive, uint32_t send)
{
	struct msg_p_buffers m = {.receive = receive, .send = send};
	struct wbuf w;

	if ((fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1)
		return false;
	msg_put_p_buffers(question(a, &w), &m);
	return done(a, MSG_P_BUFFERS, &w, fd) == 0;
}

int
ask_net(struct ask *a, bool add, bool route, const struct prefix *prefix)
{
	struct msg_p_net m = {.add = add, .route = route, .prefix = *prefix};
	struct wbuf w;

	msg_put_p_net(question(a, &w), &m);
	return done(a, MSG_P_NET, &w, -1);
}

int
ask_link(struct ask *a, uint16_t mtu)
{
	struct msg_p_link m = {.mtu = mtu};
	struct wbuf w;

	msg_put_p_link(question(a, &w), &m);
	return done(a, MSG_P_LINK, &w, -1);
}

void
ask_stop(struct ask *a)
{
	uint64_t until = clock_mono_ms() + ASK_WAIT_MS;

	(void)chan_send(a->chan, MSG_STOP, 0, NULL, 0, -1);
	while (turn(a, until) == 0)
		continue;
}

void
ask_figures(const struct ask *a, struct chan *to, uint32_t id)
{
	struct msg_figure_row m = {.role = ROLE_PARENT};

	figures_wire(to, id, ROLE_PARENT, a->chan);
	for (unsigned i = 0; i < QUESTION_KINDS; i++) {
		m.label = (uint16_t)(MSG_P_TUN + i);
		m.id = FIG_PRIV_DONE;
		m.value = a->done[i];
		if (m.value != 0)
			(void)figure_send(to, id, &m);
		m.id = FIG_PRIV_FAILED;
		m.value = a->failed[i];
		if (m.value != 0)
			(void)figure_send(to, id, &m);
	}
}
