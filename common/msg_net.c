/* SPDX-License-Identifier: ISC */
/* file: common/msg_net.c */
/*
 * The payloads of discovery and membership: what discoveryd, keyd and the
 * engine ask each other, and the rows about the network.  Same rules as msg.c:
 * pure, strict, field by field.
 */
#include "msg.h"
#include "msg_enum.h"

void
msg_put_octets(struct wbuf *w, const uint8_t *data, uint16_t len, size_t cap)
{
	if (len > cap) {
		w->bad = true;
		return;
	}
	wbuf_u16(w, len);
	wbuf_bytes(w, data, len);
}

uint16_t
msg_get_octets(struct rbuf *r, uint8_t *out, size_t cap)
{
	uint16_t len = rbuf_u16(r);

	if (len > cap || len > r->left) {
		r->bad = true;
		return 0;
	}
	rbuf_bytes(r, out, len);
	return len;
}

/* ---- keyd ---- */

void
msg_put_sign_ask(struct wbuf *w, const struct msg_sign_ask *m)
{
	wbuf_bytes(w, m->salt, sizeof(m->salt));
	wbuf_u64(w, m->seq);
	msg_put_octets(w, m->v, m->vlen, sizeof(m->v));
}

int
msg_get_sign_ask(struct rbuf *r, struct msg_sign_ask *m)
{
	rbuf_bytes(r, m->salt, sizeof(m->salt));
	m->seq = rbuf_u64(r);
	m->vlen = msg_get_octets(r, m->v, sizeof(m->v));
	return rbuf_done(r);
}

void
msg_put_sign_reply(struct wbuf *w, const struct msg_sign_reply *m)
{
	wbuf_u8(w, (uint8_t)m->status);
	wbuf_bytes(w, m->sig, sizeof(m->sig));
}

int
msg_get_sign_reply(struct rbuf *r, struct msg_sign_reply *m)
{
	m->status = (enum key_status)msg_enum(r, 0, KEY_REFUSED_POINT + 1);
	rbuf_bytes(r, m->sig, sizeof(m->sig));
	return rbuf_done(r);
}

void
msg_put_invite_row(struct wbuf *w, const struct msg_invite_row *m)
{
	wbuf_bytes(w, m->id, sizeof(m->id));
	wbuf_bytes(w, m->pub, sizeof(m->pub));
	wbuf_bytes(w, m->psk, sizeof(m->psk));
	wbuf_u64(w, m->expires);
	wbuf_u8(w, (uint8_t)m->state);
}

int
msg_get_invite_row(struct rbuf *r, struct msg_invite_row *m)
{
	rbuf_bytes(r, m->id, sizeof(m->id));
	rbuf_bytes(r, m->pub, sizeof(m->pub));
	rbuf_bytes(r, m->psk, sizeof(m->psk));
	m->expires = rbuf_u64(r);
	m->state = (enum invite_state)msg_enum(r, 0, INVITE_CANCELLED + 1);
	return rbuf_done(r);
}

void
msg_put_issue_ask(struct wbuf *w, const struct msg_issue_ask *m)
{
	wbuf_bytes(w, m->request, sizeof(m->request));
}

int
msg_get_issue_ask(struct rbuf *r, struct msg_issue_ask *m)
{
	rbuf_bytes(r, m->request, sizeof(m->request));
	return rbuf_done(r);
}

void
msg_put_issue_reply(struct wbuf *w, const struct msg_issue_reply *m)
{
	wbuf_u8(w, m->status);
	wbuf_str(w, m->who);
	msg_put_octets(w, m->bundle, m->len, sizeof(m->bundle));
}

int
msg_get_issue_reply(struct rbuf *r, struct msg_issue_reply *m)
{
	m->status = rbuf_u8(r);
	rbuf_str(r, m->who, sizeof(m->who));
	m->len = msg_get_octets(r, m->bundle, sizeof(m->bundle));
	return rbuf_done(r);
}

/* ---- engine and discoveryd ---- */

void
msg_put_blob(struct wbuf *w, const struct msg_blob *m)
{
	msg_put_octets(w, m->data, m->len, sizeof(m->data));
}

int
msg_get_blob(struct rbuf *r, struct msg_blob *m)
{
	m->len = msg_get_octets(r, m->data, sizeof(m->data));
	return rbuf_done(r);
}

void
msg_put_peer_frame(struct wbuf *w, const struct msg_peer_frame *m)
{
	wbuf_bytes(w, m->key, sizeof(m->key));
	wbuf_u8(w, m->type);
	msg_put_octets(w, m->body, m->len, sizeof(m->body));
}

int
msg_get_peer_frame(struct rbuf *r, struct msg_peer_frame *m)
{
	rbuf_bytes(r, m->key, sizeof(m->key));
	m->type = rbuf_u8(r);
	m->len = msg_get_octets(r, m->body, sizeof(m->body));
	return rbuf_done(r);
}

void
msg_put_disc_fd(struct wbuf *w, const struct msg_disc_fd *m)
{
	wbuf_u8(w, (uint8_t)m->kind);
	endpoint_put(w, &m->local);
}

int
msg_get_disc_fd(struct rbuf *r, struct msg_disc_fd *m)
{
	m->kind = (enum disc_fd)msg_enum(r, 0, DISC_LAN6 + 1);
	endpoint_get(r, &m->local);
	return rbuf_done(r);
}

void
msg_put_places(struct wbuf *w, const struct msg_places *m)
{
	if (m->n > CANDIDATES_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, m->n);
	for (unsigned i = 0; i < m->n; i++) {
		wbuf_u32(w, m->at[i].ifindex);
		endpoint_put(w, &m->at[i].ep);
	}
}

int
msg_get_places(struct rbuf *r, struct msg_places *m)
{
	*m = (struct msg_places){0};
	m->n = msg_enum(r, 0, CANDIDATES_MAX + 1);
	for (unsigned i = 0; i < m->n; i++) {
		m->at[i].ifindex = rbuf_u32(r);
		endpoint_get(r, &m->at[i].ep);
	}
	return rbuf_done(r);
}

/* ---- for people: where is it ---- */

void
msg_put_find_ask(struct wbuf *w, const struct msg_find_ask *m)
{
	wbuf_u8(w, (uint8_t)m->what);
	addr_put(w, &m->ip);
	wbuf_bytes(w, m->key, sizeof(m->key));
	wbuf_str(w, m->name);
}

int
msg_get_find_ask(struct rbuf *r, struct msg_find_ask *m)
{
	m->what = (enum find_what)msg_enum(r, 0, FIND_KEY + 1);
	addr_get(r, &m->ip);
	rbuf_bytes(r, m->key, sizeof(m->key));
	rbuf_str(r, m->name, sizeof(m->name));
	return rbuf_done(r);
}

void
msg_put_find_step(struct wbuf *w, const struct msg_find_step *m)
{
	wbuf_u8(w, (uint8_t)m->source);
	wbuf_u8(w, (uint8_t)m->result);
	wbuf_u32(w, m->took_ms);
	wbuf_u32(w, m->queries);
	wbuf_u32(w, m->answers);
	wbuf_u32(w, m->timeouts);
	wbuf_u32(w, m->copies);
	wbuf_u32(w, m->refused);
	wbuf_u32(w, m->rounds);
}

int
msg_get_find_step(struct rbuf *r, struct msg_find_step *m)
{
	m->source = (enum find_source)msg_enum(r, 0, FIND_DHT + 1);
	m->result = (enum find_result)msg_enum(r, 0, FIND_OFF + 1);
	m->took_ms = rbuf_u32(r);
	m->queries = rbuf_u32(r);
	m->answers = rbuf_u32(r);
	m->timeouts = rbuf_u32(r);
	m->copies = rbuf_u32(r);
	m->refused = rbuf_u32(r);
	m->rounds = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_find_row(struct wbuf *w, const struct msg_find_row *m)
{
	wbuf_u8(w, (uint8_t)m->status);
	wbuf_u8(w, (uint8_t)m->source);
	wbuf_u64(w, m->age_s);
	msg_put_lookup_reply(w, &m->reply);
}

int
msg_get_find_row(struct rbuf *r, struct msg_find_row *m)
{
	m->status =
	    (enum lookup_status)msg_enum(r, LOOKUP_FOUND, LOOKUP_BUSY + 1);
	m->source = (enum find_source)msg_enum(r, 0, FIND_DHT + 1);
	m->age_s = rbuf_u64(r);
	return msg_get_lookup_reply(r, &m->reply);
}

/* ---- for people: the DHT ---- */

void
msg_put_dht_row(struct wbuf *w, const struct msg_dht_row *m)
{
	wbuf_bytes(w, m->id4, sizeof(m->id4));
	wbuf_bytes(w, m->id6, sizeof(m->id6));
	endpoint_put(w, &m->own4);
	endpoint_put(w, &m->own6);
	wbuf_u8(w, m->mode);
	wbuf_u32(w, m->nodes4);
	wbuf_u32(w, m->nodes6);
	wbuf_u32(w, m->good);
	wbuf_u32(w, m->items);
	wbuf_u32(w, m->item_octets);
	wbuf_u32(w, m->searches);
	wbuf_u32(w, m->published);
	wbuf_u32(w, m->cached);
	wbuf_u64(w, m->rx);
	wbuf_u64(w, m->rx_octets);
	wbuf_u64(w, m->tx);
	wbuf_u64(w, m->tx_octets);
	wbuf_u64(w, m->malformed);
	wbuf_u64(w, m->untagged);
	wbuf_u64(w, m->rate_limited);
	wbuf_u64(w, m->unsolicited);
	wbuf_u64(w, m->bad_token);
	wbuf_u64(w, m->bad_item);
	wbuf_u64(w, m->published_unix_ms);
	wbuf_u32(w, m->beacons_in);
	wbuf_u32(w, m->beacons_out);
}

int
msg_get_dht_row(struct rbuf *r, struct msg_dht_row *m)
{
	rbuf_bytes(r, m->id4, sizeof(m->id4));
	rbuf_bytes(r, m->id6, sizeof(m->id6));
	endpoint_get(r, &m->own4);
	endpoint_get(r, &m->own6);
	m->mode = msg_enum(r, 0, 3);
	m->nodes4 = rbuf_u32(r);
	m->nodes6 = rbuf_u32(r);
	m->good = rbuf_u32(r);
	m->items = rbuf_u32(r);
	m->item_octets = rbuf_u32(r);
	m->searches = rbuf_u32(r);
	m->published = rbuf_u32(r);
	m->cached = rbuf_u32(r);
	m->rx = rbuf_u64(r);
	m->rx_octets = rbuf_u64(r);
	m->tx = rbuf_u64(r);
	m->tx_octets = rbuf_u64(r);
	m->malformed = rbuf_u64(r);
	m->untagged = rbuf_u64(r);
	m->rate_limited = rbuf_u64(r);
	m->unsolicited = rbuf_u64(r);
	m->bad_token = rbuf_u64(r);
	m->bad_item = rbuf_u64(r);
	m->published_unix_ms = rbuf_u64(r);
	m->beacons_in = rbuf_u32(r);
	m->beacons_out = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_dht_node(struct wbuf *w, const struct msg_dht_node *m)
{
	wbuf_bytes(w, m->id, sizeof(m->id));
	endpoint_put(w, &m->ep);
}

int
msg_get_dht_node(struct rbuf *r, struct msg_dht_node *m)
{
	rbuf_bytes(r, m->id, sizeof(m->id));
	endpoint_get(r, &m->ep);
	return rbuf_done(r);
}

/* ---- for people: streams and flows ---- */

void
msg_put_stream_row(struct wbuf *w, const struct msg_stream_row *m)
{
	wbuf_str(w, m->peer);
	wbuf_u8(w, m->place);
	wbuf_u8(w, m->state);
	wbuf_bool(w, m->mine);
	wbuf_u16(w, m->socket);
	endpoint_put(w, &m->ep);
	wbuf_u32(w, m->rtt_us);
	wbuf_u32(w, m->loss_pm);
	wbuf_u32(w, m->held);
	wbuf_u64(w, m->since_unix_ms);
	wbuf_u64(w, m->tx_packets);
	wbuf_u64(w, m->rx_packets);
	wbuf_u64(w, m->tx_bytes);
	wbuf_u64(w, m->rx_bytes);
}

int
msg_get_stream_row(struct rbuf *r, struct msg_stream_row *m)
{
	rbuf_str(r, m->peer, sizeof(m->peer));
	m->place = rbuf_u8(r);
	m->state = rbuf_u8(r);
	m->mine = rbuf_bool(r);
	m->socket = rbuf_u16(r);
	endpoint_get(r, &m->ep);
	m->rtt_us = rbuf_u32(r);
	m->loss_pm = rbuf_u32(r);
	m->held = rbuf_u32(r);
	m->since_unix_ms = rbuf_u64(r);
	m->tx_packets = rbuf_u64(r);
	m->rx_packets = rbuf_u64(r);
	m->tx_bytes = rbuf_u64(r);
	m->rx_bytes = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_flow_row(struct wbuf *w, const struct msg_flow_row *m)
{
	wbuf_str(w, m->peer);
	wbuf_u8(w, m->proto);
	addr_put(w, &m->src);
	addr_put(w, &m->dst);
	wbuf_u16(w, m->sport);
	wbuf_u16(w, m->dport);
	wbuf_u16(w, m->stream);
	wbuf_u32(w, m->idle_ms);
	wbuf_u64(w, m->packets);
	wbuf_u64(w, m->bytes);
}

int
msg_get_flow_row(struct rbuf *r, struct msg_flow_row *m)
{
	rbuf_str(r, m->peer, sizeof(m->peer));
	m->proto = rbuf_u8(r);
	addr_get(r, &m->src);
	addr_get(r, &m->dst);
	m->sport = rbuf_u16(r);
	m->dport = rbuf_u16(r);
	m->stream = rbuf_u16(r);
	m->idle_ms = rbuf_u32(r);
	m->packets = rbuf_u64(r);
	m->bytes = rbuf_u64(r);
	return rbuf_done(r);
}

/* ---- for people: the network ---- */

void
msg_put_net_row(struct wbuf *w, const struct msg_net_row *m)
{
	wbuf_bytes(w, m->authority, sizeof(m->authority));
	wbuf_bytes(w, m->holder, sizeof(m->holder));
	prefix_put(w, &m->prefix);
	prefix_put(w, &m->prefix6);
	wbuf_u64(w, m->crl_number);
	wbuf_u64(w, m->crl_issued);
	wbuf_u64(w, m->crl_next);
	wbuf_u16(w, m->crl_serials);
	wbuf_u32(w, m->members);
	wbuf_u32(w, m->guests);
	wbuf_u32(w, m->invites);
	wbuf_bool(w, m->is_holder);
	wbuf_str(w, m->note);
	msg_put_octets(w, m->cert, m->certlen, sizeof(m->cert));
}

int
msg_get_net_row(struct rbuf *r, struct msg_net_row *m)
{
	rbuf_bytes(r, m->authority, sizeof(m->authority));
	rbuf_bytes(r, m->holder, sizeof(m->holder));
	prefix_get(r, &m->prefix);
	prefix_get(r, &m->prefix6);
	m->crl_number = rbuf_u64(r);
	m->crl_issued = rbuf_u64(r);
	m->crl_next = rbuf_u64(r);
	m->crl_serials = rbuf_u16(r);
	m->members = rbuf_u32(r);
	m->guests = rbuf_u32(r);
	m->invites = rbuf_u32(r);
	m->is_holder = rbuf_bool(r);
	rbuf_str(r, m->note, sizeof(m->note));
	m->certlen = msg_get_octets(r, m->cert, sizeof(m->cert));
	return rbuf_done(r);
}

void
msg_put_member_row(struct wbuf *w, const struct msg_member_row *m)
{
	wbuf_u8(w, (uint8_t)m->state);
	wbuf_u64(w, m->seen_unix_ms);
	msg_put_octets(w, m->cert, m->certlen, sizeof(m->cert));
}

int
msg_get_member_row(struct rbuf *r, struct msg_member_row *m)
{
	m->state = (enum peer_view)msg_enum(r, 0, PV_OFF + 1);
	m->seen_unix_ms = rbuf_u64(r);
	m->certlen = msg_get_octets(r, m->cert, sizeof(m->cert));
	return rbuf_done(r);
}
