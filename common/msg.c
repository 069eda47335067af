/* SPDX-License-Identifier: ISC */
/* file: common/msg.c */
/*
 * The table behind the list of messages, and the payloads that start, wire
 * and serve the processes (the rows of answers to meshctl are msg_rows.c's, the
 * requests for privileges msg_priv.c's).
 *
 * Pure.  A decoder is strict: enums inside their range, booleans 0 or 1,
 * counts inside their arrays, nothing left over.  What a value means, and
 * whether it makes sense now, is for the handler.
 */
#include "log.h"
#include "msg.h"
#include "msg_enum.h"
#include "packets.h"

struct rule {
	const char *name;
	uint32_t min, max;
	unsigned fd, from, when;
};

/* Indexed by number; a hole has no name. */
static const struct rule rules[] = {
#define M_RULE(n, no, lo, hi, f, who, st)                                      \
	[no] = {.name = #n,                                                    \
	    .min = (lo),                                                       \
	    .max = (hi),                                                       \
	    .fd = (f),                                                         \
	    .from = (who),                                                     \
	    .when = (st)},
    MESSAGES(M_RULE)
#undef M_RULE
};
#define NRULES (sizeof(rules) / sizeof(rules[0]))

static const struct rule *
rule_find(unsigned type)
{
	if (type >= NRULES || rules[type].name == NULL)
		return NULL;
	return &rules[type];
}

const char *
msg_name(unsigned type)
{
	const struct rule *r = rule_find(type);

	return r == NULL ? "?" : r->name;
}

const char *
msg_refuse(
    unsigned type, size_t len, bool has_fd, enum role from, unsigned state)
{
	const struct rule *r = rule_find(type);

	if (r == NULL)
		return "unknown type";
	if ((unsigned)from >= ROLE_NROLES || (r->from & (1u << from)) == 0)
		return "not from this peer";
	if ((r->when & state) == 0)
		return "not now";
	if (len < r->min || len > r->max)
		return "bad length";
	if ((r->fd == FD_ONE) != has_fd)
		return "fd missing or not wanted";
	return NULL;
}

const char *
role_name(enum role role)
{
	/* clang-format off */
	static const char *const names[ROLE_NROLES] = {
		[ROLE_NONE]   = "none",
		[ROLE_PARENT] = "tunnel-priv",
		[ROLE_TUN]    = "tun",
		[ROLE_KEY]    = "keyd",
		[ROLE_ENGINE] = "p2p-engine",
		[ROLE_DISC]   = "discoveryd",
		[ROLE_CTL]    = "control",
		[ROLE_CLIENT] = "meshctl",
		[ROLE_CONF]   = "conf",
		[ROLE_PRIV]   = "priv",
		[ROLE_EXPORT] = "mesh-exporter",
		[ROLE_TLS]    = "tlsd",
		[ROLE_UPNP]   = "upnpd",
	};
	/* clang-format on */

	return (unsigned)role < ROLE_NROLES ? names[role] : "?";
}

uint8_t
msg_enum(struct rbuf *r, uint8_t first, uint8_t end)
{
	uint8_t v = rbuf_u8(r);

	if (v >= first && v < end)
		return v;
	r->bad = true;
	return first;
}

void
msg_put_hello(struct wbuf *w, const struct msg_hello *m)
{
	wbuf_u32(w, m->version);
	wbuf_u8(w, (uint8_t)m->role);
	wbuf_u64(w, m->gen);
}

int
msg_get_hello(struct rbuf *r, struct msg_hello *m)
{
	m->version = rbuf_u32(r);
	m->role = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->gen = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_wire(struct wbuf *w, const struct msg_wire *m)
{
	wbuf_u8(w, (uint8_t)m->kind);
	wbuf_u8(w, (uint8_t)m->peer);
	wbuf_u64(w, m->gen);
	wbuf_u8(w, m->offload);
}

int
msg_get_wire(struct rbuf *r, struct msg_wire *m)
{
	m->kind = (enum wire_kind)msg_enum(r, WIRE_CHAN, WIRE_PACKETS + 1);
	m->peer = (enum role)msg_enum(r, ROLE_PARENT, ROLE_NROLES);
	m->gen = rbuf_u64(r);
	m->offload = rbuf_u8(r);
	return rbuf_done(r);
}

void
msg_put_tun_fd(struct wbuf *w, const struct msg_tun_fd *m)
{
	wbuf_u8(w, m->queue);
	wbuf_u8(w, m->offload);
}

int
msg_get_tun_fd(struct rbuf *r, struct msg_tun_fd *m)
{
	m->queue = rbuf_u8(r);
	m->offload = msg_enum(r, 0, OFFLOAD_ALL + 1);
	return rbuf_done(r);
}

void
msg_put_udp_fd(struct wbuf *w, const struct msg_udp_fd *m)
{
	wbuf_u16(w, m->index);
	endpoint_put(w, &m->local);
}

int
msg_get_udp_fd(struct rbuf *r, struct msg_udp_fd *m)
{
	m->index = rbuf_u16(r);
	endpoint_get(r, &m->local);
	return rbuf_done(r);
}

void
msg_put_udp_gone(struct wbuf *w, const struct msg_udp_gone *m)
{
	wbuf_u16(w, m->index);
}

int
msg_get_udp_gone(struct rbuf *r, struct msg_udp_gone *m)
{
	m->index = rbuf_u16(r);
	return rbuf_done(r);
}

void
msg_put_listen_fd(struct wbuf *w, const struct msg_listen_fd *m)
{
	wbuf_u8(w, (uint8_t)m->kind);
}

int
msg_get_listen_fd(struct rbuf *r, struct msg_listen_fd *m)
{
	m->kind =
	    (enum listen_kind)msg_enum(r, LISTEN_CONTROL, LISTEN_STATUS + 1);
	return rbuf_done(r);
}

void
msg_put_conf_end(struct wbuf *w, const struct msg_conf_end *m)
{
	wbuf_u32(w, m->npeers);
}

int
msg_get_conf_end(struct rbuf *r, struct msg_conf_end *m)
{
	m->npeers = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_conf_failed(struct wbuf *w, const struct msg_conf_failed *m)
{
	wbuf_u32(w, m->errors);
	wbuf_u32(w, m->warnings);
}

int
msg_get_conf_failed(struct rbuf *r, struct msg_conf_failed *m)
{
	m->errors = rbuf_u32(r);
	m->warnings = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_ready(struct wbuf *w, const struct msg_ready *m)
{
	wbuf_u32(w, m->sandbox);
	wbuf_u32(w, m->missing);
}

int
msg_get_ready(struct rbuf *r, struct msg_ready *m)
{
	m->sandbox = rbuf_u32(r);
	m->missing = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_ring(struct wbuf *w, const struct msg_ring *m)
{
	wbuf_u64(w, m->gen);
}

int
msg_get_ring(struct rbuf *r, struct msg_ring *m)
{
	m->gen = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_features(struct wbuf *w, const struct msg_features *m)
{
	wbuf_u32(w, m->have);
	wbuf_u32(w, m->lacking);
}

int
msg_get_features(struct rbuf *r, struct msg_features *m)
{
	m->have = rbuf_u32(r);
	m->lacking = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_log(struct wbuf *w, const struct msg_log *m)
{
	wbuf_u8(w, m->level);
	wbuf_str(w, m->text);
}

int
msg_get_log(struct rbuf *r, struct msg_log *m)
{
	m->level = msg_enum(r, LOG_L_ERROR, LOG_L_DEBUG + 1);
	rbuf_str(r, m->text, sizeof(m->text));
	return rbuf_done(r);
}

void
msg_put_mix_ask(struct wbuf *w, const struct msg_mix_ask *m)
{
	wbuf_bytes(w, m->ck, sizeof(m->ck));
	wbuf_bytes(w, m->point, sizeof(m->point));
	wbuf_u8(w, m->n);
}

int
msg_get_mix_ask(struct rbuf *r, struct msg_mix_ask *m)
{
	rbuf_bytes(r, m->ck, sizeof(m->ck));
	rbuf_bytes(r, m->point, sizeof(m->point));
	m->n = msg_enum(r, 1, 3);
	return rbuf_done(r);
}

void
msg_put_mix_reply(struct wbuf *w, const struct msg_mix_reply *m)
{
	wbuf_u8(w, (uint8_t)m->status);
	wbuf_bytes(w, m->out, sizeof(m->out));
}

int
msg_get_mix_reply(struct rbuf *r, struct msg_mix_reply *m)
{
	m->status = (enum key_status)msg_enum(r, KEY_OK, KEY_REFUSED_POINT + 1);
	rbuf_bytes(r, m->out, sizeof(m->out));
	return rbuf_done(r);
}

void
msg_put_stamp_reply(struct wbuf *w, const struct msg_stamp_reply *m)
{
	wbuf_bytes(w, m->stamp, sizeof(m->stamp));
}

int
msg_get_stamp_reply(struct rbuf *r, struct msg_stamp_reply *m)
{
	rbuf_bytes(r, m->stamp, sizeof(m->stamp));
	return rbuf_done(r);
}

void
msg_put_pub_reply(struct wbuf *w, const struct msg_pub_reply *m)
{
	wbuf_bytes(w, m->pub, sizeof(m->pub));
	wbuf_bytes(w, m->ed, sizeof(m->ed));
	wbuf_bytes(w, m->renew, sizeof(m->renew));
}

int
msg_get_pub_reply(struct rbuf *r, struct msg_pub_reply *m)
{
	rbuf_bytes(r, m->pub, sizeof(m->pub));
	rbuf_bytes(r, m->ed, sizeof(m->ed));
	rbuf_bytes(r, m->renew, sizeof(m->renew));
	return rbuf_done(r);
}

void
msg_put_lookup_ask(struct wbuf *w, const struct msg_lookup_ask *m)
{
	addr_put(w, &m->ip);
}

int
msg_get_lookup_ask(struct rbuf *r, struct msg_lookup_ask *m)
{
	addr_get(r, &m->ip);
	return rbuf_done(r);
}

void
msg_put_lookup_reply(struct wbuf *w, const struct msg_lookup_reply *m)
{
	if (m->n > CANDIDATES_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, (uint8_t)m->status);
	wbuf_bytes(w, m->key, sizeof(m->key));
	wbuf_u8(w, m->n);
	for (unsigned i = 0; i < m->n; i++) {
		wbuf_u8(w, m->c[i].type);
		endpoint_put(w, &m->c[i].ep);
		wbuf_u32(w, m->c[i].priority);
	}
	wbuf_bool(w, m->has_pin);
	if (m->has_pin)
		wbuf_bytes(w, m->pin, sizeof(m->pin));
	msg_put_octets(w, m->cert, m->certlen, sizeof(m->cert));
}

int
msg_get_lookup_reply(struct rbuf *r, struct msg_lookup_reply *m)
{
	*m = (struct msg_lookup_reply){0};
	m->status =
	    (enum lookup_status)msg_enum(r, LOOKUP_FOUND, LOOKUP_BUSY + 1);
	rbuf_bytes(r, m->key, sizeof(m->key));
	m->n = msg_enum(r, 0, CANDIDATES_MAX + 1);
	for (unsigned i = 0; i < m->n; i++) {
		m->c[i].type = msg_enum(r, 1, 8);
		endpoint_get(r, &m->c[i].ep);
		m->c[i].priority = rbuf_u32(r);
	}
	m->has_pin = rbuf_bool(r);
	if (m->has_pin)
		rbuf_bytes(r, m->pin, sizeof(m->pin));
	m->certlen = msg_get_octets(r, m->cert, sizeof(m->cert));
	return rbuf_done(r);
}

void
msg_put_peer_seen(struct wbuf *w, const struct msg_peer_seen *m)
{
	wbuf_bytes(w, m->key, sizeof(m->key));
	endpoint_put(w, &m->ep);
	wbuf_bool(w, m->up);
}

int
msg_get_peer_seen(struct rbuf *r, struct msg_peer_seen *m)
{
	rbuf_bytes(r, m->key, sizeof(m->key));
	endpoint_get(r, &m->ep);
	m->up = rbuf_bool(r);
	return rbuf_done(r);
}
