/* SPDX-License-Identifier: ISC */
/* file: common/chan.c */
/*
 * A channel to one neighbour: greeting, refusal, dispatch, bounded sending
 * (chan.h).
 *
 * What a frame may do is decided by chan_judge, which is pure; the rest moves
 * records.  A frame goes straight to the socket while nothing waits; only
 * what the socket does not take is copied into the queue.  When the other
 * side is gone we stop sending but go on reading, so that its last words (an
 * answer, the log line that says why it died) are not lost: a channel dies
 * by what it reads, or by an error that no reading would ever show.
 *
 * Some frames are secrets (what keyd answers, pre-shared keys): every copy
 * made here is wiped when it is done with.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"

#define MAX_FRAMES 256
#define MAX_BYTES (1024 * 1024)
#define HELLO_LEN 13

struct pending {
	struct pending *next;
	size_t len;
	int fd;
	uint8_t rec[];
};

struct chan {
	int fd;
	enum chan_state state;
	bool eof;      /* DEAD by EOF */
	bool deaf;     /* the other side takes nothing any more */
	bool handling; /* rx is in a handler's hands */
	struct chan_conf conf;
	struct chan_stats stats;
	struct pending *head, **tail;
	void (*notify)(struct chan *, void *);
	void *notify_ctx;
	char why[96];
	uint8_t rx[IPC_FRAME_MAX];
	uint8_t tx[IPC_FRAME_MAX];
};

/* ---- what may a frame do ---- */

static const char *
judge_hello(const struct chan_conf *cf, const struct ipc_frame *f)
{
	struct msg_hello h = {0};
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_hello(&r, &h) == -1)
		return "malformed";
	if (h.version != MSG_VERSION)
		return "other version";
	if (h.role != cf->peer)
		return "other role";
	return h.gen == cf->gen ? NULL : "other generation";
}

const char *
chan_judge(const struct chan_conf *cf, enum chan_state state,
    const struct ipc_frame *f, const struct chan_handler **h)
{
	unsigned when = state == CHAN_S_READY ? ST_READY : ST_NEW;
	const char *why;

	*h = NULL;
	if (state == CHAN_S_DEAD)
		return "not now";
	why = msg_refuse(
	    f->type, f->len, (f->flags & IPC_F_FD) != 0, cf->peer, when);
	if (why != NULL)
		return why;
	if (f->type == MSG_HELLO)
		return judge_hello(cf, f);
	for (size_t i = 0; i < cf->nhandlers; i++)
		if (cf->handlers[i].type == f->type) {
			*h = &cf->handlers[i];
			return NULL;
		}
	return "not expected here";
}

/* ---- life and death ---- */

static void
tell(struct chan *c)
{
	if (c->notify != NULL)
		c->notify(c, c->notify_ctx);
}

static void
pending_pop(struct chan *c)
{
	struct pending *p = c->head;

	c->head = p->next;
	if (c->head == NULL)
		c->tail = &c->head;
	c->stats.queued--;
	c->stats.queued_bytes -= p->len;
	if (p->fd != -1)
		close(p->fd);
	explicit_bzero(p->rec, p->len); /* answers of keyd, pre-shared keys */
	free(p);
}

static void
pending_clear(struct chan *c)
{
	while (c->head != NULL)
		pending_pop(c);
}

/* The only writer of DEAD.  The first reason is the one that stays. */
static void
die(struct chan *c, bool eof, const char *what, const char *why)
{
	if (c->state == CHAN_S_DEAD)
		return;
	c->state = CHAN_S_DEAD;
	c->eof = eof;
	snprintf(c->why, sizeof(c->why), "%s%s%s", what,
	    what[0] == '\0' ? "" : ": ", why);
	pending_clear(c);
	tell(c);
}

static int
queue_hello(struct chan *c)
{
	struct msg_hello h = {
	    .version = MSG_VERSION, .role = c->conf.self, .gen = c->conf.gen};
	uint8_t body[HELLO_LEN];
	struct pending *p;
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_hello(&w, &h);
	if (wbuf_done(&w) == -1)
		return -1;
	p = calloc(1, sizeof(*p) + IPC_HDR_LEN + sizeof(body));
	if (p == NULL)
		return -1;
	p->fd = -1;
	p->len = ipc_build(
	    p->rec, IPC_HDR_LEN + sizeof(body), MSG_HELLO, 0, body, w.len, 0);
	c->head = p;
	c->tail = &p->next;
	c->stats.queued = 1;
	c->stats.queued_bytes = p->len;
	return 0;
}

struct chan *
chan_new(int fd, const struct chan_conf *conf)
{
	struct chan *c = calloc(1, sizeof(*c));

	if (c == NULL)
		goto fail;
	c->fd = fd;
	c->conf = *conf;
	if (c->conf.max_frames == 0)
		c->conf.max_frames = MAX_FRAMES;
	if (c->conf.max_bytes == 0)
		c->conf.max_bytes = MAX_BYTES;
	if (queue_hello(c) == -1)
		goto fail;
	return c;
fail:
	close(fd);
	free(c);
	return NULL;
}

void
chan_free(struct chan *c)
{
	if (c == NULL)
		return;
	pending_clear(c);
	close(c->fd);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* ---- questions ---- */

int
chan_fd(const struct chan *c)
{
	return c->fd;
}

enum chan_state
chan_state(const struct chan *c)
{
	return c->state;
}

const char *
chan_why(const struct chan *c)
{
	return c->why;
}

bool
chan_eof(const struct chan *c)
{
	return c->eof;
}

enum role
chan_peer(const struct chan *c)
{
	return c->conf.peer;
}

const struct chan_stats *
chan_stats(const struct chan *c)
{
	return &c->stats;
}

void *
chan_ctx(const struct chan *c)
{
	return c->conf.ctx;
}

bool
chan_wants_out(const struct chan *c)
{
	return c->head != NULL;
}

void
chan_set_notify(struct chan *c, void (*fn)(struct chan *, void *), void *ctx)
{
	c->notify = fn;
	c->notify_ctx = ctx;
}

/* ---- in ---- */

/* The frame's fd is taken care of whatever happens.  0, or -1: DEAD. */
static int
accept_frame(struct chan *c, const struct ipc_frame *f)
{
	const struct chan_handler *h;
	const char *why = chan_judge(&c->conf, c->state, f, &h);
	enum chan_verdict v;

	if (why != NULL) {
		c->stats.refused++;
		if (f->fd != -1)
			close(f->fd);
		die(c, false, msg_name(f->type), why);
		return -1;
	}
	c->stats.in++;
	c->stats.in_bytes += IPC_HDR_LEN + f->len;
	if (h == NULL) {
		c->state = CHAN_S_READY;
		if (c->conf.ready != NULL)
			c->conf.ready(c, c->conf.ctx);
		return c->state == CHAN_S_DEAD ? -1 : 0;
	}
	c->handling = true;
	v = h->fn(c, c->conf.ctx, f);
	c->handling = false;
	if (v == CHAN_BAD) {
		c->stats.refused++;
		die(c, false, msg_name(f->type), "refused by its handler");
	} else if (v == CHAN_CLOSE) {
		die(c, false, "", "closed");
	}
	return c->state == CHAN_S_DEAD ? -1 : 0;
}

int
chan_in(struct chan *c)
{
	struct ipc_frame f;
	int r;

	if (c->state == CHAN_S_DEAD)
		return -1;
	if (c->handling)
		return 0; /* called from a handler: its frame is still in rx */
	for (unsigned i = 0; i < CHAN_BATCH; i++) {
		switch (ipc_recv(c->fd, c->rx, &f)) {
		case IPC_AGAIN:
			return 0;
		case IPC_EOF:
			die(c, true, "", "end of file");
			return -1;
		case IPC_BAD:
			c->stats.refused++;
			die(c, false, "", "not a frame");
			return -1;
		case IPC_OK:
			break;
		}
		r = accept_frame(c, &f);
		explicit_bzero(c->rx, IPC_HDR_LEN + f.len);
		if (r == -1)
			return -1;
	}
	return 0;
}

/* ---- out ---- */

/* 1: gone to the socket; 0: later; -1: never, and c is deaf or DEAD. */
static int
transmit(struct chan *c, const uint8_t *rec, size_t len, int fd)
{
	if (ipc_send_record(c->fd, rec, len, fd) == 0) {
		c->stats.out++;
		c->stats.out_bytes += len;
		return 1;
	}
	if (errno == EAGAIN)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET) {
		c->deaf = true;
		pending_clear(c);
	} else {
		die(c, false, "send", strerror(errno));
	}
	return -1;
}

static void
flush(struct chan *c)
{
	while (c->head != NULL &&
	    transmit(c, c->head->rec, c->head->len, c->head->fd) == 1)
		pending_pop(c);
}

int
chan_out(struct chan *c)
{
	if (c->state == CHAN_S_DEAD)
		return -1;
	flush(c);
	tell(c);
	return c->state == CHAN_S_DEAD ? -1 : 0;
}

/* Keeps a copy of tx; the fd is the queue's on success only. */
static int
enqueue(struct chan *c, size_t len, int fd)
{
	struct pending *p;

	if (c->stats.queued >= c->conf.max_frames ||
	    len > c->conf.max_bytes - c->stats.queued_bytes)
		return -1;
	if ((p = malloc(sizeof(*p) + len)) == NULL)
		return -1;
	p->next = NULL;
	p->len = len;
	p->fd = fd;
	memcpy(p->rec, c->tx, len);
	*c->tail = p;
	c->tail = &p->next;
	if (++c->stats.queued > c->stats.queued_max)
		c->stats.queued_max = c->stats.queued;
	c->stats.queued_bytes += len;
	return 0;
}

/* 0: sent or queued; the fd is still the caller's to close, unless queued. */
static int
send_or_queue(struct chan *c, size_t len, int *fd)
{
	int sent = 0;

	flush(c);
	if (c->deaf || c->state == CHAN_S_DEAD)
		return -1;
	if (c->head == NULL)
		sent = transmit(c, c->tx, len, *fd);
	if (sent != 0)
		return sent == 1 ? 0 : -1;
	if (enqueue(c, len, *fd) == -1)
		return -1;
	*fd = -1;
	return 0;
}

int
chan_send(struct chan *c, enum msg_type type, uint32_t id, const void *body,
    size_t len, int fd)
{
	int rv = -1;
	size_t n;

	if (c->state != CHAN_S_DEAD && !c->deaf) {
		n = ipc_build(c->tx, sizeof(c->tx), (uint16_t)type, id, body,
		    len, fd != -1);
		if (n > 0)
			rv = send_or_queue(c, n, &fd);
		explicit_bzero(c->tx, n);
	}
	if (rv == -1)
		c->stats.overflow++;
	if (fd != -1)
		close(fd);
	tell(c);
	return rv;
}
