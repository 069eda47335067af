/* SPDX-License-Identifier: ISC */
/* file: common/conf_wire_reach.c */
/* How others reach this node, in the frame CONF_NODE: see conf_wire.c. */
#include "buf.h"
#include "conf_int.h"

static void
put_pins(struct wbuf *w, const struct conf_node *n)
{
	wbuf_u16(w, n->npins);
	for (unsigned i = 0; i < n->npins; i++) {
		const struct conf_pin *p = &n->pin[i];

		wbuf_str(w, p->peer);
		wbuf_u8(w, (uint8_t)p->what);
		if (p->what == CONF_PIN_TO)
			endpoint_put(w, &p->to);
		else if (p->what == CONF_PIN_VIA)
			wbuf_str(w, p->via);
		wbuf_u8(w, p->rank);
	}
}

static void
get_pins(struct rbuf *r, struct conf_node *n)
{
	n->npins = (uint8_t)conf_get_count(r, CONF_PINS_MAX);
	for (unsigned i = 0; i < n->npins; i++) {
		struct conf_pin *p = &n->pin[i];
		uint8_t what;

		rbuf_str(r, p->peer, sizeof(p->peer));
		what = rbuf_u8(r);
		if (what >= CONF_PIN_NWHATS) {
			r->bad = true;
			return;
		}
		p->what = (enum conf_pin_what)what;
		if (p->what == CONF_PIN_TO)
			endpoint_get(r, &p->to);
		else if (p->what == CONF_PIN_VIA)
			rbuf_str(r, p->via, sizeof(p->via));
		p->rank = rbuf_u8(r);
	}
}

static void
put_nat(struct wbuf *w, const struct conf_node *n)
{
	wbuf_bool(w, n->nat_enable);
	wbuf_u16(w, n->nstun);
	for (unsigned i = 0; i < n->nstun; i++)
		endpoint_put(w, &n->stun[i]);
	wbuf_u32(w, n->nat_interval_s);
	wbuf_bool(w, n->stun_serve);
	wbuf_u16(w, n->nat_keepalive_s);
	wbuf_u16(w, n->nturn);
	for (unsigned i = 0; i < n->nturn; i++)
		endpoint_put(w, &n->turn[i]);
	wbuf_str(w, n->turn_user);
	wbuf_str(w, n->turn_file);
	wbuf_u8(w, n->turn_transport);
	wbuf_u16(w, n->nturn_pins);
	for (unsigned i = 0; i < n->nturn_pins; i++)
		wbuf_bytes(w, n->turn_pin[i], sizeof(n->turn_pin[i]));
	wbuf_bool(w, n->port_mapping);
	wbuf_bool(w, n->upnp);
}

static void
get_nat(struct rbuf *r, struct conf_node *n)
{
	n->nat_enable = rbuf_bool(r);
	n->nstun = (uint8_t)conf_get_count(r, CONF_STUN_MAX);
	for (unsigned i = 0; i < n->nstun; i++)
		endpoint_get(r, &n->stun[i]);
	n->nat_interval_s = rbuf_u32(r);
	n->stun_serve = rbuf_bool(r);
	n->nat_keepalive_s = rbuf_u16(r);
	n->nturn = (uint8_t)conf_get_count(r, CONF_TURN_MAX);
	for (unsigned i = 0; i < n->nturn; i++)
		endpoint_get(r, &n->turn[i]);
	rbuf_str(r, n->turn_user, sizeof(n->turn_user));
	rbuf_str(r, n->turn_file, sizeof(n->turn_file));
	n->turn_transport = rbuf_u8(r);
	n->nturn_pins = (uint8_t)conf_get_count(r, CONF_TURN_PINS_MAX);
	for (unsigned i = 0; i < n->nturn_pins; i++)
		rbuf_bytes(r, n->turn_pin[i], sizeof(n->turn_pin[i]));
	n->port_mapping = rbuf_bool(r);
	n->upnp = rbuf_bool(r);
}

static void
put_relay(struct wbuf *w, const struct conf_node *n)
{
	wbuf_bool(w, n->relay_serve);
	wbuf_bool(w, n->relay_use);
	wbuf_bool(w, n->relay_keep);
	wbuf_u32(w, n->relay_kbit);
	wbuf_u16(w, n->relay_labels);
}

static void
get_relay(struct rbuf *r, struct conf_node *n)
{
	n->relay_serve = rbuf_bool(r);
	n->relay_use = rbuf_bool(r);
	n->relay_keep = rbuf_bool(r);
	n->relay_kbit = rbuf_u32(r);
	n->relay_labels = rbuf_u16(r);
}

void
conf_put_reach(struct wbuf *w, const struct conf_node *n)
{
	put_nat(w, n);
	put_pins(w, n);
	put_relay(w, n);
}

void
conf_get_reach(struct rbuf *r, struct conf_node *n)
{
	get_nat(r, n);
	get_pins(r, n);
	get_relay(r, n);
}
