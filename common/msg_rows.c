/* SPDX-License-Identifier: ISC */
/* file: common/msg_rows.c */
/*
 * The payloads of meshctl's questions and of the rows that answer them.
 * Same rules as msg.c: pure, strict, field by field.
 */
#include "log.h"
#include "msg.h"
#include "msg_enum.h"
#include "packets.h"

#define NODE_ADDRESSES                                                         \
	(sizeof(((struct msg_node_row *)NULL)->address) / sizeof(struct prefix))
#define NODE_LISTEN                                                            \
	(sizeof(((struct msg_node_row *)NULL)->listen) /                       \
	    sizeof(struct endpoint))
#define PEER_ALLOWED                                                           \
	(sizeof(((struct msg_peer_row *)NULL)->allowed) / sizeof(struct prefix))

void
msg_put_rule_row(struct wbuf *w, const struct msg_rule_row *m)
{
	wbuf_u16(w, m->no);
	wbuf_u64(w, m->judged);
	wbuf_u64(w, m->packets);
	wbuf_u64(w, m->bytes);
	wbuf_str(w, m->text);
}

int
msg_get_rule_row(struct rbuf *r, struct msg_rule_row *m)
{
	m->no = rbuf_u16(r);
	m->judged = rbuf_u64(r);
	m->packets = rbuf_u64(r);
	m->bytes = rbuf_u64(r);
	rbuf_str(r, m->text, sizeof(m->text));
	return rbuf_done(r);
}

void
msg_put_hist_row(struct wbuf *w, const struct msg_hist_row *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u16(w, m->id);
	for (unsigned i = 0; i <= HIST_EDGES; i++)
		wbuf_u64(w, m->h.n[i]);
	wbuf_u64(w, m->h.sum);
}

int
msg_get_hist_row(struct rbuf *r, struct msg_hist_row *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->id = rbuf_u16(r);
	for (unsigned i = 0; i <= HIST_EDGES; i++)
		m->h.n[i] = rbuf_u64(r);
	m->h.sum = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_figure_row(struct wbuf *w, const struct msg_figure_row *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u16(w, m->id);
	wbuf_u16(w, m->label);
	wbuf_u64(w, m->value);
}

int
msg_get_figure_row(struct rbuf *r, struct msg_figure_row *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->id = rbuf_u16(r);
	m->label = rbuf_u16(r);
	m->value = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_peers_ask(struct wbuf *w, const struct msg_peers_ask *m)
{
	wbuf_str(w, m->name);
}

int
msg_get_peers_ask(struct rbuf *r, struct msg_peers_ask *m)
{
	rbuf_str(r, m->name, sizeof(m->name));
	return rbuf_done(r);
}

void
msg_put_node_row(struct wbuf *w, const struct msg_node_row *m)
{
	if (m->naddresses > NODE_ADDRESSES || m->nlisten > NODE_LISTEN) {
		w->bad = true;
		return;
	}
	wbuf_str(w, m->name);
	wbuf_str(w, m->version);
	wbuf_str(w, m->device);
	wbuf_str(w, m->conf_path);
	wbuf_u64(w, m->started_unix_ms);
	wbuf_u64(w, m->loaded_unix_ms);
	wbuf_u32(w, m->reloads);
	wbuf_u32(w, m->reload_failures);
	wbuf_u16(w, m->mtu);
	wbuf_u8(w, m->offload);
	wbuf_u8(w, m->naddresses);
	for (unsigned i = 0; i < m->naddresses; i++)
		prefix_put(w, &m->address[i]);
	wbuf_u8(w, m->nlisten);
	for (unsigned i = 0; i < m->nlisten; i++)
		endpoint_put(w, &m->listen[i]);
	wbuf_u16(w, m->mtu_limit);
	wbuf_str(w, m->mtu_peer);
}

int
msg_get_node_row(struct rbuf *r, struct msg_node_row *m)
{
	*m = (struct msg_node_row){0};
	rbuf_str(r, m->name, sizeof(m->name));
	rbuf_str(r, m->version, sizeof(m->version));
	rbuf_str(r, m->device, sizeof(m->device));
	rbuf_str(r, m->conf_path, sizeof(m->conf_path));
	m->started_unix_ms = rbuf_u64(r);
	m->loaded_unix_ms = rbuf_u64(r);
	m->reloads = rbuf_u32(r);
	m->reload_failures = rbuf_u32(r);
	m->mtu = rbuf_u16(r);
	m->offload = msg_enum(r, 0, OFFLOAD_ALL + 1);
	m->naddresses = msg_enum(r, 0, NODE_ADDRESSES + 1);
	for (unsigned i = 0; i < m->naddresses; i++)
		prefix_get(r, &m->address[i]);
	m->nlisten = msg_enum(r, 0, NODE_LISTEN + 1);
	for (unsigned i = 0; i < m->nlisten; i++)
		endpoint_get(r, &m->listen[i]);
	m->mtu_limit = rbuf_u16(r);
	rbuf_str(r, m->mtu_peer, sizeof(m->mtu_peer));
	return rbuf_done(r);
}

void
msg_put_proc_row(struct wbuf *w, const struct msg_proc_row *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u8(w, (uint8_t)m->state);
	wbuf_u32(w, m->pid);
	wbuf_u32(w, m->restarts);
	wbuf_u64(w, m->started_unix_ms);
	wbuf_u32(w, m->sandbox);
	wbuf_u32(w, m->missing);
	wbuf_u32(w, m->rss_kb);
	wbuf_u32(w, m->features);
	wbuf_u32(w, m->lacking);
}

int
msg_get_proc_row(struct rbuf *r, struct msg_proc_row *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->state = (enum proc_state)msg_enum(r, PROC_DOWN, PROC_WAITING + 1);
	m->pid = rbuf_u32(r);
	m->restarts = rbuf_u32(r);
	m->started_unix_ms = rbuf_u64(r);
	m->sandbox = rbuf_u32(r);
	m->missing = rbuf_u32(r);
	m->rss_kb = rbuf_u32(r);
	m->features = rbuf_u32(r);
	m->lacking = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_peer_row(struct wbuf *w, const struct msg_peer_row *m)
{
	if (m->nallowed > PEER_ALLOWED) {
		w->bad = true;
		return;
	}
	wbuf_str(w, m->name);
	wbuf_bytes(w, m->key, sizeof(m->key));
	wbuf_u8(w, (uint8_t)m->state);
	wbuf_bool(w, m->has_endpoint);
	wbuf_bool(w, m->has_psk);
	endpoint_put(w, &m->endpoint);
	wbuf_u64(w, m->since_unix_ms);
	wbuf_u64(w, m->handshake_unix_ms);
	wbuf_u64(w, m->seen_unix_ms);
	wbuf_u64(w, m->rx_bytes);
	wbuf_u64(w, m->tx_bytes);
	wbuf_u64(w, m->rx_packets);
	wbuf_u64(w, m->tx_packets);
	wbuf_u32(w, m->handshakes);
	wbuf_u32(w, m->attempts);
	wbuf_u32(w, m->held);
	wbuf_u32(w, m->flows);
	wbuf_u16(w, m->keepalive_s);
	wbuf_u32(w, m->rtt_us);
	wbuf_u32(w, m->path_mtu);
	wbuf_u32(w, m->mtu);
	wbuf_u16(w, m->nallowed);
	for (unsigned i = 0; i < m->nallowed; i++)
		prefix_put(w, &m->allowed[i]);
}

int
msg_get_peer_row(struct rbuf *r, struct msg_peer_row *m)
{
	*m = (struct msg_peer_row){0};
	rbuf_str(r, m->name, sizeof(m->name));
	rbuf_bytes(r, m->key, sizeof(m->key));
	m->state = (enum peer_view)msg_enum(r, PV_IDLE, PV_OFF + 1);
	m->has_endpoint = rbuf_bool(r);
	m->has_psk = rbuf_bool(r);
	endpoint_get(r, &m->endpoint);
	m->since_unix_ms = rbuf_u64(r);
	m->handshake_unix_ms = rbuf_u64(r);
	m->seen_unix_ms = rbuf_u64(r);
	m->rx_bytes = rbuf_u64(r);
	m->tx_bytes = rbuf_u64(r);
	m->rx_packets = rbuf_u64(r);
	m->tx_packets = rbuf_u64(r);
	m->handshakes = rbuf_u32(r);
	m->attempts = rbuf_u32(r);
	m->held = rbuf_u32(r);
	m->flows = rbuf_u32(r);
	m->keepalive_s = rbuf_u16(r);
	m->rtt_us = rbuf_u32(r);
	m->path_mtu = rbuf_u32(r);
	m->mtu = rbuf_u32(r);
	m->nallowed = rbuf_u16(r);
	if (m->nallowed > PEER_ALLOWED) {
		m->nallowed = 0;
		r->bad = true;
	}
	for (unsigned i = 0; i < m->nallowed; i++)
		prefix_get(r, &m->allowed[i]);
	return rbuf_done(r);
}

void
msg_put_breaker_row(struct wbuf *w, const struct msg_breaker_row *m)
{
	wbuf_str(w, m->name);
	wbuf_bool(w, m->is_place);
	endpoint_put(w, &m->place);
	wbuf_u8(w, (uint8_t)m->state);
	wbuf_u32(w, m->failures);
	wbuf_u32(w, m->passes);
	wbuf_u32(w, m->tries);
	wbuf_u64(w, m->since_unix_ms);
	wbuf_u64(w, m->next_unix_ms);
	wbuf_u64(w, m->trips);
	wbuf_u64(w, m->refused);
}

int
msg_get_breaker_row(struct rbuf *r, struct msg_breaker_row *m)
{
	*m = (struct msg_breaker_row){0};
	rbuf_str(r, m->name, sizeof(m->name));
	m->is_place = rbuf_bool(r);
	endpoint_get(r, &m->place);
	m->state = (enum breaker_view)msg_enum(r, BV_CLOSED, BV_HALF + 1);
	m->failures = rbuf_u32(r);
	m->passes = rbuf_u32(r);
	m->tries = rbuf_u32(r);
	m->since_unix_ms = rbuf_u64(r);
	m->next_unix_ms = rbuf_u64(r);
	m->trips = rbuf_u64(r);
	m->refused = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_qos_ask(struct wbuf *w, const struct msg_qos_ask *m)
{
	wbuf_str(w, m->peer);
}

int
msg_get_qos_ask(struct rbuf *r, struct msg_qos_ask *m)
{
	rbuf_str(r, m->peer, sizeof(m->peer));
	return rbuf_done(r);
}

void
msg_put_qos_row(struct wbuf *w, const struct msg_qos_row *m)
{
	wbuf_str(w, m->peer);
	wbuf_str(w, m->name);
	wbuf_u32(w, m->limit_kbit);
	wbuf_u8(w, m->weight);
	wbuf_u16(w, m->queue);
	wbuf_u32(w, m->waiting);
	wbuf_u64(w, m->tx_packets);
	wbuf_u64(w, m->tx_bytes);
	wbuf_u64(w, m->dropped);
}

int
msg_get_qos_row(struct rbuf *r, struct msg_qos_row *m)
{
	*m = (struct msg_qos_row){0};
	rbuf_str(r, m->peer, sizeof(m->peer));
	rbuf_str(r, m->name, sizeof(m->name));
	m->limit_kbit = rbuf_u32(r);
	m->weight = rbuf_u8(r);
	m->queue = rbuf_u16(r);
	m->waiting = rbuf_u32(r);
	m->tx_packets = rbuf_u64(r);
	m->tx_bytes = rbuf_u64(r);
	m->dropped = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_verdict_ask(struct wbuf *w, const struct msg_verdict_ask *m)
{
	wbuf_u8(w, m->proto);
	addr_put(w, &m->src);
	addr_put(w, &m->dst);
	wbuf_u16(w, m->sport);
	wbuf_u16(w, m->dport);
}

int
msg_get_verdict_ask(struct rbuf *r, struct msg_verdict_ask *m)
{
	*m = (struct msg_verdict_ask){.proto = rbuf_u8(r)};
	addr_get(r, &m->src);
	addr_get(r, &m->dst);
	m->sport = rbuf_u16(r);
	m->dport = rbuf_u16(r);
	return rbuf_done(r);
}

void
msg_put_verdict_row(struct wbuf *w, const struct msg_verdict_row *m)
{
	wbuf_bool(w, m->pass);
	wbuf_bool(w, m->out);
	wbuf_bool(w, m->known);
	wbuf_bool(w, m->filtered);
	wbuf_u16(w, m->no);
	wbuf_str(w, m->peer);
	wbuf_str(w, m->text);
}

int
msg_get_verdict_row(struct rbuf *r, struct msg_verdict_row *m)
{
	m->pass = rbuf_bool(r);
	m->out = rbuf_bool(r);
	m->known = rbuf_bool(r);
	m->filtered = rbuf_bool(r);
	m->no = rbuf_u16(r);
	rbuf_str(r, m->peer, sizeof(m->peer));
	rbuf_str(r, m->text, sizeof(m->text));
	return rbuf_done(r);
}

void
msg_put_drop_row(struct wbuf *w, const struct msg_drop_row *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u16(w, m->why);
	wbuf_u64(w, m->at_unix_ms);
	wbuf_u64(w, m->count);
	wbuf_str(w, m->peer);
	wbuf_bool(w, m->outer);
	wbuf_u8(w, m->proto);
	addr_put(w, &m->src);
	addr_put(w, &m->dst);
	wbuf_u16(w, m->sport);
	wbuf_u16(w, m->dport);
}

int
msg_get_drop_row(struct rbuf *r, struct msg_drop_row *m)
{
	*m = (struct msg_drop_row){0};
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->why = rbuf_u16(r);
	m->at_unix_ms = rbuf_u64(r);
	m->count = rbuf_u64(r);
	rbuf_str(r, m->peer, sizeof(m->peer));
	m->outer = rbuf_bool(r);
	m->proto = rbuf_u8(r);
	addr_get(r, &m->src);
	addr_get(r, &m->dst);
	m->sport = rbuf_u16(r);
	m->dport = rbuf_u16(r);
	return rbuf_done(r);
}

void
msg_put_counter_row(struct wbuf *w, const struct msg_counter_row *m)
{
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u16(w, m->id);
	wbuf_u64(w, m->value);
}

/* The id may be newer than this program: whoever prints it looks it up. */
int
msg_get_counter_row(struct rbuf *r, struct msg_counter_row *m)
{
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->id = rbuf_u16(r);
	m->value = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_log_level(struct wbuf *w, const struct msg_log_level *m)
{
	wbuf_u8(w, m->level);
}

int
msg_get_log_level(struct rbuf *r, struct msg_log_level *m)
{
	m->level = msg_enum(r, LOG_L_ERROR, LOG_L_DEBUG + 1);
	return rbuf_done(r);
}

void
msg_put_log_ask(struct wbuf *w, const struct msg_log_ask *m)
{
	wbuf_u32(w, m->last);
}

int
msg_get_log_ask(struct rbuf *r, struct msg_log_ask *m)
{
	m->last = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_log_row(struct wbuf *w, const struct msg_log_row *m)
{
	wbuf_u64(w, m->unix_ms);
	wbuf_u8(w, m->level);
	wbuf_str(w, m->text);
}

int
msg_get_log_row(struct rbuf *r, struct msg_log_row *m)
{
	m->unix_ms = rbuf_u64(r);
	m->level = msg_enum(r, LOG_L_ERROR, LOG_L_DEBUG + 1);
	rbuf_str(r, m->text, sizeof(m->text));
	return rbuf_done(r);
}

void
msg_put_text_row(struct wbuf *w, const struct msg_text_row *m)
{
	wbuf_u8(w, m->kind);
	wbuf_str(w, m->text);
}

int
msg_get_text_row(struct rbuf *r, struct msg_text_row *m)
{
	m->kind = msg_enum(r, 0, 3);
	rbuf_str(r, m->text, sizeof(m->text));
	return rbuf_done(r);
}

void
msg_put_end(struct wbuf *w, const struct msg_end *m)
{
	wbuf_u8(w, (uint8_t)m->status);
}

int
msg_get_end(struct rbuf *r, struct msg_end *m)
{
	m->status = (enum row_end)msg_enum(r, END_OK, END_AWAY + 1);
	return rbuf_done(r);
}

/* ---- netcheck ---- */
