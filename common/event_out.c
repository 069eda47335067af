/* SPDX-License-Identifier: ISC */
/* file: common/event_out.c */
/*
 * A child's events on their way to the parent (see event_out.h).
 */
#include "event_out.h"

#define BODY_MAX 512

void
event_out_init(struct event_out *o, struct chan *parent)
{
	o->parent = parent;
	event_gate_init(&o->gate, EVENT_BURST);
}

static int
put(const struct event_out *o, const struct msg_event *e)
{
	uint8_t body[BODY_MAX];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_event(&w, e);
	if (o->parent == NULL || wbuf_done(&w) == -1)
		return -1;
	return chan_send(o->parent, MSG_EVENT, 0, body, w.len, -1);
}

void
event_out_tell(struct event_out *o, uint64_t now_ms, const struct msg_event *e)
{
	if (event_gate_pass(&o->gate, e->kind, now_ms) && put(o, e) == -1)
		event_gate_lose(&o->gate, e->kind, 1, EVW_QUEUE);
}

void
event_out_tick(struct event_out *o, uint64_t now_ms)
{
	struct msg_event e;

	if (event_gate_report(&o->gate, now_ms, &e) && put(o, &e) == -1)
		event_gate_lose(&o->gate,
		    (enum event_kind)events_value(&e, EVF_EVENT)->n,
		    events_value(&e, EVF_COUNT)->n, EVW_QUEUE);
}
