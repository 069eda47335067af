/* SPDX-License-Identifier: ISC */
/* file: common/msg_path.c */
/* Rows about the places of peers, and the words for them (msg_path.h). */
#include "msg.h"
#include "msg_enum.h"

/* ---- words ---- */

const char *
path_kind_name(enum path_kind k)
{
	static const char *const names[PK_NKINDS] = {
	    "direct", "relay", "turn", "tls"};

	return k < PK_NKINDS ? names[k] : "direct";
}

const char *
path_state_name(enum path_state s)
{
	static const char *const names[PST_NSTATES] = {
	    "best", "spare", "proved", "held", "unproved", "dead"};

	return s < PST_NSTATES ? names[s] : "unproved";
}

const char *
path_reason_name(enum path_reason r)
{
	static const char *const names[PR_NREASONS] = {"none", "failed",
	    "works_again", "nearer", "better_kind", "first", "by_hand", "only"};

	return r < PR_NREASONS ? names[r] : "none";
}

const char *
failover_result_name(enum failover_result r)
{
	static const char *const names[FO_NRESULTS] = {"done", "no_session",
	    "one_place", "no_other_answers", "unknown_place", "no_answer",
	    "in_use"};

	return r < FO_NRESULTS ? names[r] : "no_session";
}

/* ---- rows ---- */

void
msg_put_path_row(struct wbuf *w, const struct msg_path_row *m)
{
	wbuf_str(w, m->peer);
	wbuf_str(w, m->place);
	wbuf_u8(w, (uint8_t)m->kind);
	wbuf_u8(w, (uint8_t)m->state);
	wbuf_u8(w, (uint8_t)m->why);
	wbuf_u8(w, m->rank);
	wbuf_u8(w, m->missed);
	wbuf_bool(w, m->pinned);
	wbuf_u16(w, m->loss_pm);
	wbuf_u32(w, m->rtt_us);
	wbuf_u32(w, m->var_us);
	wbuf_u64(w, m->proved_unix_ms);
	wbuf_u64(w, m->changed_unix_ms);
	wbuf_u32(w, m->held_ms);
	wbuf_u32(w, m->silent_ms);
	wbuf_u16(w, m->takes);
	wbuf_u16(w, m->refuses);
	wbuf_u16(w, m->mtu);
}

int
msg_get_path_row(struct rbuf *r, struct msg_path_row *m)
{
	rbuf_str(r, m->peer, sizeof(m->peer));
	rbuf_str(r, m->place, sizeof(m->place));
	m->kind = (enum path_kind)msg_enum(r, 0, PK_NKINDS);
	m->state = (enum path_state)msg_enum(r, 0, PST_NSTATES);
	m->why = (enum path_reason)msg_enum(r, 0, PR_NREASONS);
	m->rank = rbuf_u8(r);
	m->missed = rbuf_u8(r);
	m->pinned = rbuf_bool(r);
	m->loss_pm = rbuf_u16(r);
	if (m->loss_pm > 1000)
		r->bad = true;
	m->rtt_us = rbuf_u32(r);
	m->var_us = rbuf_u32(r);
	m->proved_unix_ms = rbuf_u64(r);
	m->changed_unix_ms = rbuf_u64(r);
	m->held_ms = rbuf_u32(r);
	m->silent_ms = rbuf_u32(r);
	m->takes = rbuf_u16(r);
	m->refuses = rbuf_u16(r);
	m->mtu = rbuf_u16(r);
	return rbuf_done(r);
}

void
msg_put_failover_ask(struct wbuf *w, const struct msg_failover_ask *m)
{
	wbuf_str(w, m->peer);
	wbuf_str(w, m->place);
}

int
msg_get_failover_ask(struct rbuf *r, struct msg_failover_ask *m)
{
	rbuf_str(r, m->peer, sizeof(m->peer));
	rbuf_str(r, m->place, sizeof(m->place));
	return rbuf_done(r);
}

void
msg_put_failover_row(struct wbuf *w, const struct msg_failover_row *m)
{
	wbuf_u8(w, (uint8_t)m->result);
	wbuf_u8(w, (uint8_t)m->from_kind);
	wbuf_u8(w, (uint8_t)m->to_kind);
	wbuf_str(w, m->from);
	wbuf_str(w, m->to);
	wbuf_u32(w, m->took_us);
	wbuf_u32(w, m->rtt_us);
}

int
msg_get_failover_row(struct rbuf *r, struct msg_failover_row *m)
{
	m->result = (enum failover_result)msg_enum(r, 0, FO_NRESULTS);
	m->from_kind = (enum path_kind)msg_enum(r, 0, PK_NKINDS);
	m->to_kind = (enum path_kind)msg_enum(r, 0, PK_NKINDS);
	rbuf_str(r, m->from, sizeof(m->from));
	rbuf_str(r, m->to, sizeof(m->to));
	m->took_us = rbuf_u32(r);
	m->rtt_us = rbuf_u32(r);
	return rbuf_done(r);
}
