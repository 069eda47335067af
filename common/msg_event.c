/* SPDX-License-Identifier: ISC */
/* file: common/msg_event.c */
/*
 * The payloads about events, and of meshctl ping.  Same rules as msg.c: pure,
 * strict, field by field.  Which fields an event has is events.def's list.
 */
#include "events.h"
#include "msg.h"
#include "msg_enum.h"

void
msg_put_event(struct wbuf *w, const struct msg_event *e)
{
	const struct event_info *info = events_info(e->kind);

	if (info == NULL) {
		w->bad = true;
		return;
	}
	wbuf_u16(w, (uint16_t)e->kind);
	wbuf_u8(w, e->from);
	wbuf_u64(w, e->unix_ms);
	wbuf_u64(w, e->no);
	for (unsigned i = 0; info->field[i] != EVF_NONE; i++) {
		if (events_field(info->field[i])->type == EVT_TEXT)
			wbuf_str(w, e->v[i].s);
		else
			wbuf_u64(w, e->v[i].n);
	}
}

static void
get_value(struct rbuf *r, enum event_type type, struct event_value *v)
{
	static const uint64_t last[] = {
	    [EVT_TEXT] = 0,
	    [EVT_WORD] = EVENT_NWORDS - 1,
	    [EVT_COUNT] = UINT64_MAX,
	    [EVT_AT] = UINT64_MAX,
	    [EVT_ROLE] = ROLE_NROLES - 1,
	    [EVT_KIND] = EVENT_ANY,
	};

	if (type == EVT_TEXT) {
		rbuf_str(r, v->s, sizeof(v->s));
		return;
	}
	v->n = rbuf_u64(r);
	if (v->n > last[type]) {
		r->bad = true;
		v->n = 0;
	}
}

int
msg_get_event(struct rbuf *r, struct msg_event *e)
{
	const struct event_info *info;
	uint16_t kind = rbuf_u16(r);

	*e = (struct msg_event){0};
	if (kind >= EVENT_NKINDS) {
		r->bad = true;
		kind = 0;
	}
	e->kind = (enum event_kind)kind;
	e->from = msg_enum(r, 0, ROLE_NROLES);
	e->unix_ms = rbuf_u64(r);
	e->no = rbuf_u64(r);
	info = events_info(e->kind);
	for (unsigned i = 0; info->field[i] != EVF_NONE; i++)
		get_value(r, events_field(info->field[i])->type, &e->v[i]);
	return rbuf_done(r);
}

void
msg_put_events_ask(struct wbuf *w, const struct msg_events_ask *m)
{
	wbuf_u32(w, m->last);
	wbuf_u64(w, m->after);
	wbuf_bool(w, m->follow);
}

int
msg_get_events_ask(struct rbuf *r, struct msg_events_ask *m)
{
	m->last = rbuf_u32(r);
	m->after = rbuf_u64(r);
	m->follow = rbuf_bool(r);
	return rbuf_done(r);
}

void
msg_put_echo_ask(struct wbuf *w, const struct msg_echo_ask *m)
{
	wbuf_u32(w, m->wait_ms);
	wbuf_str(w, m->name);
}

/* A longer wait than there may be is malformed. */
int
msg_get_echo_ask(struct rbuf *r, struct msg_echo_ask *m)
{
	m->wait_ms = rbuf_u32(r);
	if (m->wait_ms > ECHO_WAIT_MAX_MS) {
		r->bad = true;
		m->wait_ms = 0;
	}
	rbuf_str(r, m->name, sizeof(m->name));
	return rbuf_done(r);
}

void
msg_put_echo_row(struct wbuf *w, const struct msg_echo_row *m)
{
	wbuf_u8(w, (uint8_t)m->result);
	wbuf_bool(w, m->has_place);
	endpoint_put(w, &m->place);
	wbuf_u32(w, m->rtt_us);
	wbuf_u64(w, m->seen_unix_ms);
	wbuf_u64(w, m->handshake_unix_ms);
}

int
msg_get_echo_row(struct rbuf *r, struct msg_echo_row *m)
{
	m->result = (enum echo_result)msg_enum(r, ECHO_ANSWERED, ECHO_BUSY + 1);
	m->has_place = rbuf_bool(r);
	endpoint_get(r, &m->place);
	m->rtt_us = rbuf_u32(r);
	m->seen_unix_ms = rbuf_u64(r);
	m->handshake_unix_ms = rbuf_u64(r);
	return rbuf_done(r);
}
