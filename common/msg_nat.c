/* SPDX-License-Identifier: ISC */
/* file: common/msg_nat.c */
/*
 * The payloads about translators, ways by relays and holes.  Same rules as
 * msg.c: pure, strict, field by field.
 */
#include "msg.h"
#include "msg_enum.h"

const char *
nat_mapping_name(enum nat_mapping m)
{
	static const char *const names[NAT_NMAPPINGS] = {"unknown", "none",
	    "endpoint_independent", "address_dependent", "symmetric",
	    "udp_blocked"};

	return m < NAT_NMAPPINGS ? names[m] : "unknown";
}

const char *
nat_filtering_name(enum nat_filtering f)
{
	static const char *const names[NAT_NFILTERINGS] = {"unknown",
	    "endpoint_independent", "address_dependent", "port_dependent"};

	return f < NAT_NFILTERINGS ? names[f] : "unknown";
}

void
msg_put_nat_row(struct wbuf *w, const struct msg_nat_row *m)
{
	wbuf_u16(w, m->socket);
	wbuf_u8(w, m->family);
	endpoint_put(w, &m->local);
	endpoint_put(w, &m->seen);
	wbuf_u8(w, (uint8_t)m->mapping);
	wbuf_u8(w, (uint8_t)m->filtering);
	wbuf_u64(w, m->seen_unix_ms);
	wbuf_u64(w, m->judged_unix_ms);
	wbuf_u8(w, m->asked);
	wbuf_u8(w, m->answered);
}

int
msg_get_nat_row(struct rbuf *r, struct msg_nat_row *m)
{
	m->socket = rbuf_u16(r);
	m->family = rbuf_u8(r);
	if (m->family != 0 && m->family != 4 && m->family != 6)
		r->bad = true;
	endpoint_get(r, &m->local);
	endpoint_get(r, &m->seen);
	m->mapping = (enum nat_mapping)msg_enum(r, 0, NAT_NMAPPINGS);
	m->filtering = (enum nat_filtering)msg_enum(r, 0, NAT_NFILTERINGS);
	m->seen_unix_ms = rbuf_u64(r);
	m->judged_unix_ms = rbuf_u64(r);
	m->asked = rbuf_u8(r);
	m->answered = rbuf_u8(r);
	return rbuf_done(r);
}

void
msg_put_nat_seen_row(struct wbuf *w, const struct msg_nat_seen_row *m)
{
	wbuf_str(w, m->name);
	wbuf_u16(w, m->socket);
	endpoint_put(w, &m->server);
	endpoint_put(w, &m->seen);
	wbuf_bool(w, m->answered);
	wbuf_bool(w, m->behaviour);
	wbuf_u32(w, m->rtt_ms);
}

int
msg_get_nat_seen_row(struct rbuf *r, struct msg_nat_seen_row *m)
{
	rbuf_str(r, m->name, sizeof(m->name));
	m->socket = rbuf_u16(r);
	endpoint_get(r, &m->server);
	endpoint_get(r, &m->seen);
	m->answered = rbuf_bool(r);
	m->behaviour = rbuf_bool(r);
	m->rtt_ms = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_reflexive(struct wbuf *w, const struct msg_reflexive *m)
{
	if (m->n > REFLEXIVE_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, m->nat);
	wbuf_u8(w, m->n);
	for (unsigned i = 0; i < m->n; i++)
		endpoint_put(w, &m->at[i]);
}

int
msg_get_reflexive(struct rbuf *r, struct msg_reflexive *m)
{
	*m = (struct msg_reflexive){.nat = rbuf_u8(r)};
	m->n = rbuf_u8(r);
	if (m->n > REFLEXIVE_MAX)
		r->bad = true;
	for (unsigned i = 0; i < m->n && !r->bad; i++)
		endpoint_get(r, &m->at[i]);
	return rbuf_done(r);
}

void
msg_put_punch_row(struct wbuf *w, const struct msg_punch_row *m)
{
	wbuf_u8(w, (uint8_t)m->kind);
	wbuf_u8(w, m->type);
	endpoint_put(w, &m->ep);
	wbuf_u16(w, m->sock);
	wbuf_u8(w, m->sent);
	wbuf_bool(w, m->answered);
	wbuf_u32(w, m->after_ms);
	wbuf_u32(w, m->rtt_ms);
}

int
msg_get_punch_row(struct rbuf *r, struct msg_punch_row *m)
{
	m->kind = (enum punch_row_kind)msg_enum(r, 0, PUNCH_ROW_PAIR + 1);
	m->type = rbuf_u8(r);
	endpoint_get(r, &m->ep);
	m->sock = rbuf_u16(r);
	m->sent = rbuf_u8(r);
	m->answered = rbuf_bool(r);
	m->after_ms = rbuf_u32(r);
	m->rtt_ms = rbuf_u32(r);
	return rbuf_done(r);
}

void
msg_put_relay_row(struct wbuf *w, const struct msg_relay_row *m)
{
	wbuf_u8(w, m->role);
	wbuf_str(w, m->peer);
	wbuf_str(w, m->via);
	wbuf_u8(w, m->hops);
	wbuf_u32(w, m->label);
	wbuf_u32(w, m->idle_ms);
	wbuf_u64(w, m->since_unix_ms);
	wbuf_u64(w, m->packets);
	wbuf_u64(w, m->bytes);
	wbuf_u64(w, m->drops);
}

int
msg_get_relay_row(struct rbuf *r, struct msg_relay_row *m)
{
	m->role = msg_enum(r, 0, 4);
	rbuf_str(r, m->peer, sizeof(m->peer));
	rbuf_str(r, m->via, sizeof(m->via));
	m->hops = rbuf_u8(r);
	m->label = rbuf_u32(r);
	m->idle_ms = rbuf_u32(r);
	m->since_unix_ms = rbuf_u64(r);
	m->packets = rbuf_u64(r);
	m->bytes = rbuf_u64(r);
	m->drops = rbuf_u64(r);
	return rbuf_done(r);
}

void
msg_put_own_relays(struct wbuf *w, const struct msg_own_relays *m)
{
	if (m->n > OWN_RELAYS_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u8(w, m->n);
	for (unsigned i = 0; i < m->n; i++)
		wbuf_bytes(w, m->key[i], sizeof(m->key[i]));
}

int
msg_get_own_relays(struct rbuf *r, struct msg_own_relays *m)
{
	*m = (struct msg_own_relays){.n = rbuf_u8(r)};
	if (m->n > OWN_RELAYS_MAX)
		r->bad = true;
	for (unsigned i = 0; i < m->n && !r->bad; i++)
		rbuf_bytes(r, m->key[i], sizeof(m->key[i]));
	return rbuf_done(r);
}
