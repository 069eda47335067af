/* SPDX-License-Identifier: ISC */
/* file: ctl/control_events.c */
/*
 * Events: taken from the parent, kept, and given to who asks or follows.
 *
 * A client has a cursor and gets the next event when it took the one before;
 * nothing waits for it but that one.  Who is slower than the log forgets is
 * told how many it missed.
 */
#include "control_int.h"

#define EVENTS_BATCH 64
#define BODY_MAX 512

static int
tell_event(struct control *c, unsigned place, const struct msg_event *e)
{
	uint8_t body[BODY_MAX];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_event(&w, e);
	return control_tell(
	    c, place, MSG_EVENT, c->clients.c[place].events_id, &w);
}

enum chan_verdict
control_event(struct control *c, const struct ipc_frame *f)
{
	struct msg_event e;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_event(&r, &e) == -1)
		return CHAN_BAD;
	c->counters.v[EVENTS]++;
	c->event[e.kind]++;
	if (e.kind == EV_LOST)
		c->counters.v[EVENTS_LOST] += events_value(&e, EVF_COUNT)->n;
	if (eventlog_add(&c->events, &e) == -1)
		c->counters.v[EVENTS_LOST]++;
	return CHAN_OK;
}

enum chan_verdict
control_events_ask(struct control *c, unsigned place, const struct ipc_frame *f,
    uint64_t now_ms)
{
	struct client *cl = &c->clients.c[place];
	struct msg_events_ask m;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_events_ask(&r, &m) == -1)
		return CHAN_BAD;
	if (cl->events_open) {
		control_refuse(c, place, f->id,
		    "one question about events at a time", END_FAILED);
		return CHAN_OK;
	}
	clients_asked(&c->clients, place, now_ms);
	cl->events_open = true;
	cl->follows = m.follow;
	cl->events_id = f->id;
	cl->events_next = eventlog_from(&c->events, m.last, m.after);
	cl->events_end = m.follow ? UINT64_MAX : c->events.next;
	return CHAN_OK;
}

/* Its cursor is at something that was forgotten. */
static int
tell_missed(struct control *c, unsigned place)
{
	struct client *cl = &c->clients.c[place];
	struct msg_event e;

	events_begin(&e, EV_LOST);
	e.from = ROLE_CTL;
	events_number(&e, EVF_EVENT, EVENT_ANY);
	events_number(&e, EVF_COUNT, c->events.first - cl->events_next);
	events_number(&e, EVF_CAUSE, EVW_READER);
	cl->events_next = c->events.first;
	return tell_event(c, place, &e);
}

static bool
is_done(const struct client *cl, const struct eventlog *l)
{
	return cl->events_next >= cl->events_end || cl->events_next >= l->next;
}

bool
control_events_pump(struct control *c, unsigned place, uint64_t now_ms)
{
	struct client *cl = &c->clients.c[place];
	struct msg_event e;
	uint64_t out;
	int r = 0;

	if (cl->events_next == 0)
		cl->events_next = c->events.first;
	for (unsigned n = 0; n < EVENTS_BATCH && !is_done(cl, &c->events);
	     n++) {
		if (c->ops->unread(c->ops->ctx, place, &out))
			return false;
		if (cl->events_next < c->events.first)
			r = tell_missed(c, place);
		else if (eventlog_get(&c->events, cl->events_next++, &e) == 0)
			r = tell_event(c, place, &e);
		if (r == -1)
			return false;
	}
	if (!is_done(cl, &c->events))
		return true;
	if (cl->follows)
		return false;
	cl->events_open = false;
	control_answered(c, place, now_ms);
	control_end(c, place, cl->events_id, END_OK);
	return false;
}
