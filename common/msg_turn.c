/* SPDX-License-Identifier: ISC */
/* file: common/msg_turn.c */
/* Messages about what others do for this node: TURN, port mappings. */
#include "msg.h"
#include "msg_enum.h"

const char *
turn_row_state(unsigned s)
{
	static const char *const names[TURN_STATES] = {
	    "off", "asking", "up", "waiting"};

	return s < TURN_STATES ? names[s] : "off";
}

const char *
turn_row_why(unsigned w)
{
	static const char *const names[TURN_WHYS] = {"none", "no_answer",
	    "wrong_credentials", "refused", "lost", "useless_answer",
	    "wrong_certificate"};

	return w < TURN_WHYS ? names[w] : "none";
}

const char *
turn_row_by(unsigned b)
{
	static const char *const names[TURN_BYS] = {"udp", "tcp", "tls"};

	return b < TURN_BYS ? names[b] : "udp";
}

const char *
map_row_protocol(unsigned p)
{
	static const char *const names[MAP_PROTOCOLS] = {
	    "none", "pcp", "nat_pmp", "upnp"};

	return p < MAP_PROTOCOLS ? names[p] : "none";
}

const char *
map_row_state(unsigned s)
{
	return turn_row_state(s); /* they are the same */
}

void
msg_put_gateways(struct wbuf *w, const struct msg_gateways *m)
{
	if (m->n > GATEWAYS_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, m->n);
	for (unsigned i = 0; i < m->n; i++) {
		addr_put(w, &m->at[i].gateway);
		addr_put(w, &m->at[i].source);
	}
}

int
msg_get_gateways(struct rbuf *r, struct msg_gateways *m)
{
	*m = (struct msg_gateways){.n = rbuf_u8(r)};
	if (m->n > GATEWAYS_MAX)
		r->bad = true;
	for (unsigned i = 0; i < m->n && !r->bad; i++) {
		addr_get(r, &m->at[i].gateway);
		addr_get(r, &m->at[i].source);
		if (m->at[i].gateway.family != 4 || m->at[i].source.family != 4)
			r->bad = true;
	}
	return rbuf_done(r);
}

void
msg_put_gained(struct wbuf *w, const struct msg_gained *m)
{
	if (m->n > GAINED_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, m->n);
	for (unsigned i = 0; i < m->n; i++) {
		wbuf_u8(w, m->at[i].type);
		endpoint_put(w, &m->at[i].ep);
	}
}

int
msg_get_gained(struct rbuf *r, struct msg_gained *m)
{
	*m = (struct msg_gained){.n = rbuf_u8(r)};
	if (m->n > GAINED_MAX)
		r->bad = true;
	for (unsigned i = 0; i < m->n && !r->bad; i++) {
		m->at[i].type = rbuf_u8(r);
		endpoint_get(r, &m->at[i].ep);
		if (m->at[i].type != CANDIDATE_MAPPED &&
		    m->at[i].type != CANDIDATE_TURN)
			r->bad = true;
	}
	return rbuf_done(r);
}

void
msg_put_turn_row(struct wbuf *w, const struct msg_turn_row *m)
{
	endpoint_put(w, &m->server);
	endpoint_put(w, &m->relayed);
	wbuf_u8(w, m->state);
	wbuf_u8(w, m->why);
	wbuf_u16(w, m->code);
	wbuf_u64(w, m->since_unix_ms);
	wbuf_u32(w, m->again_s);
	wbuf_u8(w, m->permits);
	wbuf_u8(w, m->channels);
	wbuf_u8(w, m->by);
}

int
msg_get_turn_row(struct rbuf *r, struct msg_turn_row *m)
{
	endpoint_get(r, &m->server);
	endpoint_get(r, &m->relayed);
	m->state = msg_enum(r, 0, TURN_STATES);
	m->why = msg_enum(r, 0, TURN_WHYS);
	m->code = rbuf_u16(r);
	m->since_unix_ms = rbuf_u64(r);
	m->again_s = rbuf_u32(r);
	m->permits = rbuf_u8(r);
	m->channels = rbuf_u8(r);
	m->by = msg_enum(r, 0, TURN_BYS);
	return rbuf_done(r);
}

void
msg_put_map_row(struct wbuf *w, const struct msg_map_row *m)
{
	wbuf_u16(w, m->socket);
	wbuf_u8(w, m->protocol);
	wbuf_u8(w, m->state);
	addr_put(w, &m->gateway);
	endpoint_put(w, &m->external);
	wbuf_bool(w, m->useless);
	wbuf_bool(w, m->silent);
	wbuf_u16(w, m->code);
	wbuf_u32(w, m->left_s);
}

int
msg_get_map_row(struct rbuf *r, struct msg_map_row *m)
{
	m->socket = rbuf_u16(r);
	m->protocol = msg_enum(r, 0, MAP_PROTOCOLS);
	m->state = msg_enum(r, 0, MAP_STATES);
	addr_get(r, &m->gateway);
	endpoint_get(r, &m->external);
	m->useless = rbuf_bool(r);
	m->silent = rbuf_bool(r);
	m->code = rbuf_u16(r);
	m->left_s = rbuf_u32(r);
	return rbuf_done(r);
}

/* ---- to and from upnpd ---- */

void
msg_put_upnp_ask(struct wbuf *w, const struct msg_upnp_ask *m)
{
	const struct endpoint gateway = {m->gateway, m->external};
	const struct endpoint source = {m->source, m->port};

	endpoint_put(w, &gateway);
	endpoint_put(w, &source);
	wbuf_u32(w, m->lifetime_s);
}

int
msg_get_upnp_ask(struct rbuf *r, struct msg_upnp_ask *m)
{
	struct endpoint gateway, source;

	endpoint_get(r, &gateway);
	endpoint_get(r, &source);
	*m = (struct msg_upnp_ask){.gateway = gateway.addr,
	    .source = source.addr,
	    .port = source.port,
	    .external = gateway.port};
	m->lifetime_s = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_upnp_reply(struct wbuf *w, const struct msg_upnp_reply *m)
{
	wbuf_u16(w, m->code);
	endpoint_put(w, &m->external);
	wbuf_u32(w, m->lifetime_s);
}

int
msg_get_upnp_reply(struct rbuf *r, struct msg_upnp_reply *m)
{
	m->code = rbuf_u16(r);
	endpoint_get(r, &m->external);
	m->lifetime_s = rbuf_u32(r);
	return rbuf_done(r);
}
