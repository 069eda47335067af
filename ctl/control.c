/* SPDX-License-Identifier: ISC */
/* file: ctl/control.c */
/*
 * Questions and answers on their way (see control.h).  Which there are and who
 * may ask them is question.c's table; everything here follows it.
 */
#include <stdio.h>
#include <string.h>

#include "control_int.h"
#include "log.h"
#include "question.h"

#define LOG_BATCH 64

void
control_init(struct control *c, const struct control_ops *ops)
{
	*c = (struct control){.ops = ops};
	clients_init(&c->clients);
	pending_init(&c->pending);
	ring_init(&c->ring);
	eventlog_init(&c->events);
}

void
control_clear(struct control *c)
{
	ring_clear(&c->ring);
	eventlog_clear(&c->events);
}

/* ---- to a client ---- */

/* A client that does not take its answers is cut off: nothing waits for it. */
int
control_tell(struct control *c, unsigned place, enum msg_type type, uint32_t id,
    const struct wbuf *w)
{
	if (wbuf_done(w) == -1)
		return -1;
	if (c->ops->to_client(c->ops->ctx, place, type, id, w->base, w->len) ==
	    0)
		return 0;
	c->ops->cut(c->ops->ctx, place, "does not read");
	return -1;
}

void
control_end(struct control *c, unsigned place, uint32_t id, enum row_end status)
{
	struct msg_end m = {.status = status};
	uint8_t body[8];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &m);
	control_tell(c, place, MSG_END, id, &w);
}

static void
tell_text(struct control *c, unsigned place, uint32_t id, const char *text)
{
	struct msg_text_row m = {.kind = 2};
	uint8_t body[256];
	struct wbuf w;

	snprintf(m.text, sizeof(m.text), "%s", text);
	wbuf_init(&w, body, sizeof(body));
	msg_put_text_row(&w, &m);
	control_tell(c, place, MSG_TEXT_ROW, id, &w);
}

void
control_refuse(struct control *c, unsigned place, uint32_t id, const char *text,
    enum row_end status)
{
	tell_text(c, place, id, text);
	control_end(c, place, id, status);
}

void
control_answered(struct control *c, unsigned place, uint64_t now_ms)
{
	c->clients.c[place].open--;
	clients_touch(&c->clients, place, now_ms);
}

static void
settle(struct control *c, struct pending *p, uint64_t now_ms)
{
	unsigned place = p->client;
	uint32_t id = p->client_id;
	enum row_end worst = p->worst;

	if (!pending_settled(p))
		return;
	pending_free(p);
	if (place == PENDING_NOBODY)
		return;
	control_answered(c, place, now_ms);
	control_end(c, place, id, worst);
}

/* These processes will not answer this question any more. */
static void
give_up(struct control *c, struct pending *p, uint32_t who, const char *why,
    uint64_t now_ms)
{
	char text[96];

	for (unsigned r = 0; r < ROLE_NROLES; r++) {
		if ((p->owing & who & (1u << r)) == 0)
			continue;
		snprintf(text, sizeof(text), "%s %s", role_name(r), why);
		if (p->client != PENDING_NOBODY)
			tell_text(c, p->client, p->client_id, text);
		pending_end(p, (enum role)r, END_AWAY);
	}
	settle(c, p, now_ms);
}

/* Ask a process what it may be asked now. */
static void
push(struct control *c, enum role to, uint64_t now_ms)
{
	struct pending *p;

	while ((p = pending_next(&c->pending, to)) != NULL) {
		if ((c->up & (1u << to)) != 0 &&
		    c->ops->to_upstream(c->ops->ctx, to, (enum msg_type)p->ask,
			p->id, p->body, p->len) == 0) {
			pending_asked(p, to);
			continue;
		}
		give_up(c, p, 1u << to, "is not running", now_ms);
	}
}

static void
tell_counter(struct control *c, const struct pending *p, enum counter id)
{
	struct msg_counter_row m = {
	    .role = ROLE_CTL, .id = (uint16_t)id, .value = c->counters.v[id]};
	uint8_t body[16];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_counter_row(&w, &m);
	control_tell(c, p->client, MSG_COUNTER_ROW, p->client_id, &w);
}

static void
tell_own_counters(struct control *c, const struct pending *p)
{
	c->counters.v[LOG_HELD] = c->ops->suppressed(c->ops->ctx);
	tell_counter(c, p, CTL_CLIENTS);
	tell_counter(c, p, CTL_REFUSED);
	tell_counter(c, p, CTL_REQUESTS);
	tell_counter(c, p, IPC_REFUSED);
	tell_counter(c, p, LOG_HELD);
	tell_counter(c, p, EVENTS);
	tell_counter(c, p, EVENTS_LOST);
	control_figures(c, p->client, p->client_id);
}

/* ---- clients ---- */

int
control_client_new(
    struct control *c, enum listen_kind kind, uint64_t user, uint64_t now_ms)
{
	int place, victim;

	place = clients_room(&c->clients, kind, user, now_ms, &victim);
	if (place == -1 && victim != -1) {
		c->counters.v[CTL_REFUSED]++;
		c->ops->evict(c->ops->ctx, (unsigned)victim);
		place = clients_room(&c->clients, kind, user, now_ms, &victim);
	}
	if (place == -1) {
		c->counters.v[CTL_REFUSED]++;
		return -1;
	}
	c->counters.v[CTL_CLIENTS]++;
	clients_take(&c->clients, (unsigned)place, kind, user, now_ms);
	return place;
}

void
control_client_greeted(struct control *c, unsigned place, uint64_t now_ms)
{
	c->clients.c[place].greeted = true;
	clients_touch(&c->clients, place, now_ms);
}

void
control_client_gone(struct control *c, unsigned place)
{
	pending_client_gone(&c->pending, place);
	clients_remove(&c->clients, place);
}

/* Is a a better one to send away than b?  Strangers first, then by time. */
static bool
worse(const struct client *a, const struct client *b)
{
	if ((a->user == 0) != (b->user == 0))
		return b->user == 0;
	return a->stall_ms < b->stall_ms;
}

/*
 * Answers that nobody reads are memory.  If too many clients have some, the
 * one that has not read for the longest time goes.
 */
static void
shed(struct control *c, uint64_t now_ms)
{
	struct client *worst = NULL;
	unsigned n = 0;
	uint64_t out;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *cl = &c->clients.c[i];

		if (!cl->used || !c->ops->unread(c->ops->ctx, i, &out))
			continue;
		n++;
		if (cl->stall_ms == 0 || cl->stall_out != out) {
			cl->stall_ms = now_ms;
			cl->stall_out = out;
		}
		if (worst == NULL || worse(cl, worst))
			worst = cl;
	}
	if (n > CONTROL_UNREAD_MAX)
		c->ops->cut(c->ops->ctx, (unsigned)(worst - c->clients.c),
		    "does not read");
}

static enum chan_verdict
open_log(struct control *c, unsigned place, const struct ipc_frame *f,
    uint64_t now_ms)
{
	struct client *cl = &c->clients.c[place];
	struct msg_log_ask m;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_log_ask(&r, &m) == -1)
		return CHAN_BAD;
	if (cl->log_open) {
		control_refuse(
		    c, place, f->id, "one log at a time", END_FAILED);
		return CHAN_OK;
	}
	clients_asked(&c->clients, place, now_ms);
	cl->log_open = true;
	cl->log_id = f->id;
	cl->log_next = ring_tail(&c->ring, m.last);
	cl->log_end = c->ring.next;
	return CHAN_OK;
}

static void
forward(struct control *c, unsigned place, const struct ipc_frame *f,
    const struct question *r, uint64_t now_ms)
{
	struct pending_new n = {.client = place,
	    .client_id = f->id,
	    .ask = f->type,
	    .owing = r->whom,
	    .stranger = c->clients.c[place].kind == LISTEN_STATUS,
	    .deadline_ms = now_ms + r->patience_ms,
	    .body = f->body,
	    .len = f->len};
	struct pending *p = pending_add(&c->pending, &n);

	if (p == NULL) {
		control_refuse(
		    c, place, f->id, "too many open questions", END_FAILED);
		return;
	}
	clients_asked(&c->clients, place, now_ms);
	if (f->type == MSG_COUNTERS_ASK)
		tell_own_counters(c, p);
	for (unsigned to = 0; to < ROLE_NROLES; to++)
		if ((r->whom & (1u << to)) != 0)
			push(c, (enum role)to, now_ms);
}

enum chan_verdict
control_question(struct control *c, unsigned place, const struct ipc_frame *f,
    uint64_t now_ms)
{
	struct client *cl = &c->clients.c[place];
	const struct question *r = question_of(f->type);

	if (r == NULL)
		return CHAN_BAD;
	clients_touch(&c->clients, place, now_ms);
	if (!clients_may_ask(&c->clients, place, now_ms)) {
		c->denied[question_place(r)]++;
		control_refuse(
		    c, place, f->id, "too many questions a second", END_FAILED);
		return CHAN_OK;
	}
	if (!question_allowed(f->type, cl->kind)) {
		c->denied[question_place(r)]++;
		control_refuse(c, place, f->id,
		    "not allowed on the status socket", END_DENIED);
		return CHAN_OK;
	}
	c->counters.v[CTL_REQUESTS]++;
	c->asked[question_place(r)]++;
	shed(c, now_ms);
	if (f->type == MSG_LOG_ASK)
		return open_log(c, place, f, now_ms);
	if (f->type == MSG_EVENTS_ASK)
		return control_events_ask(c, place, f, now_ms);
	if (!question_good(f))
		return CHAN_BAD;
	if (f->type == MSG_ECHO_ASK &&
	    !clients_may_echo(&c->clients, place, now_ms)) {
		control_refuse(
		    c, place, f->id, "too many pings a second", END_FAILED);
		return CHAN_OK;
	}
	forward(c, place, f, r, now_ms);
	return CHAN_OK;
}

/* ---- upstreams ---- */

void
control_upstream(struct control *c, enum role who, bool up, uint64_t now_ms)
{
	/*
	 * Also when a new channel replaces an old one: the new process knows
	 * nothing of what the old one was asked.
	 */
	c->up &= ~(1u << who);
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &c->pending.p[i];

		if (p->id != 0 && (p->owing & (1u << who)) != 0)
			give_up(c, p, 1u << who, "went away", now_ms);
	}
	if (up)
		c->up |= 1u << who;
}

static enum chan_verdict
on_row(struct control *c, struct pending *p, enum role from,
    const struct ipc_frame *f)
{
	const struct question *r = question_of(p->ask);
	const struct wbuf w = {
	    .base = (uint8_t *)(uintptr_t)f->body,
	    .len = f->len,
	    .cap = f->len,
	};

	if (!question_has_row(r, f->type) || !question_row_good(f, from) ||
	    ++p->rows > PENDING_ROWS_MAX)
		return CHAN_BAD;
	if (p->client != PENDING_NOBODY)
		control_tell(
		    c, p->client, (enum msg_type)f->type, p->client_id, &w);
	return CHAN_OK;
}

enum chan_verdict
control_answer(struct control *c, enum role from, const struct ipc_frame *f,
    uint64_t now_ms)
{
	struct pending *p = pending_find(&c->pending, f->id, from);
	struct msg_end m;
	struct rbuf r;

	if (f->type != MSG_END) {
		if (p == NULL)
			return question_row_good(f, from) ? CHAN_OK : CHAN_BAD;
		return on_row(c, p, from, f);
	}
	rbuf_init(&r, f->body, f->len);
	if (msg_get_end(&r, &m) == -1)
		return CHAN_BAD;
	if (p == NULL)
		return CHAN_OK;
	pending_end(p, from, m.status);
	settle(c, p, now_ms);
	push(c, from, now_ms);
	return CHAN_OK;
}

/* ---- time ---- */

static void
tick_client(struct control *c, unsigned place, uint64_t now_ms)
{
	struct client *cl = &c->clients.c[place];
	const char *why;
	bool unread;
	uint64_t out;

	unread = c->ops->unread(c->ops->ctx, place, &out);
	why = clients_overdue(cl, unread, out, now_ms);
	if (why != NULL)
		c->ops->cut(c->ops->ctx, place, why);
}

void
control_tick(struct control *c, uint64_t now_ms)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &c->pending.p[i];

		if (p->id != 0 && now_ms >= p->deadline_ms)
			give_up(c, p, p->owing, "does not answer", now_ms);
	}
	for (unsigned to = 0; to < ROLE_NROLES; to++)
		push(c, (enum role)to, now_ms);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (c->clients.c[i].used)
			tick_client(c, i, now_ms);
}

static int
tell_line(struct control *c, unsigned place, const struct ring_line *l)
{
	struct msg_log_row m = {.unix_ms = l->unix_ms, .level = l->level};
	uint8_t body[600];
	struct wbuf w;

	snprintf(m.text, sizeof(m.text), "%s", l->text);
	wbuf_init(&w, body, sizeof(body));
	msg_put_log_row(&w, &m);
	return control_tell(
	    c, place, MSG_LOG_ROW, c->clients.c[place].log_id, &w);
}

/*
 * As many lines as the client takes without a queue, a batch at most.  Is
 * there more to do at once?
 */
static bool
pump_client(struct control *c, unsigned place, uint64_t now_ms)
{
	struct client *cl = &c->clients.c[place];
	const struct ring_line *l;
	uint64_t out;

	for (unsigned n = 0; n < LOG_BATCH && cl->log_next < cl->log_end; n++) {
		if (c->ops->unread(c->ops->ctx, place, &out))
			return false;
		l = ring_get(&c->ring, cl->log_next++);
		if (l != NULL && tell_line(c, place, l) == -1)
			return false;
	}
	if (cl->log_next < cl->log_end)
		return true;
	cl->log_open = false;
	control_answered(c, place, now_ms);
	control_end(c, place, cl->log_id, END_OK);
	return false;
}

bool
control_pump(struct control *c, uint64_t now_ms)
{
	bool more = false;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		if (c->clients.c[i].used && c->clients.c[i].log_open)
			more |= pump_client(c, i, now_ms);
		if (c->clients.c[i].used && c->clients.c[i].events_open)
			more |= control_events_pump(c, i, now_ms);
	}
	return more;
}
