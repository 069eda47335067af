/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame_relay.c */
/*
 * The bodies of frame_relay.h, field by field; one encoding of each value, as
 * in frame.c.
 */
#include "frame_relay.h"

#include "buf.h"

static size_t
whole(const struct wbuf *w)
{
	return wbuf_done(w) == 0 ? w->len : 0;
}

/* Octets that have to be zero. */
static void
zeroes(struct rbuf *r, unsigned n)
{
	while (n-- > 0)
		if (rbuf_u8(r) != 0)
			r->bad = true;
}

size_t
relay_open_put(uint8_t out[FRAME_BODY_MAX], const struct relay_open *o)
{
	struct wbuf w;

	if (o->n > RELAY_ONWARD_MAX || o->hops > RELAY_ONWARD_MAX)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, o->req);
	wbuf_u8(&w, o->hops);
	wbuf_u8(&w, o->n);
	wbuf_u16(&w, o->life_s);
	wbuf_bytes(&w, o->to, sizeof(o->to));
	wbuf_bytes(&w, o->origin, sizeof(o->origin));
	for (unsigned i = 0; i < o->n; i++)
		wbuf_bytes(&w, o->onward[i], sizeof(o->onward[i]));
	return whole(&w);
}

int
relay_open_get(const uint8_t *in, size_t len, struct relay_open *o)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	*o = (struct relay_open){.req = rbuf_u32(&r)};
	o->hops = rbuf_u8(&r);
	o->n = rbuf_u8(&r);
	o->life_s = rbuf_u16(&r);
	if (o->n > RELAY_ONWARD_MAX || o->hops > RELAY_ONWARD_MAX)
		return -1;
	rbuf_bytes(&r, o->to, sizeof(o->to));
	rbuf_bytes(&r, o->origin, sizeof(o->origin));
	for (unsigned i = 0; i < o->n; i++)
		rbuf_bytes(&r, o->onward[i], sizeof(o->onward[i]));
	return rbuf_done(&r);
}

size_t
relay_opened_put(uint8_t out[FRAME_BODY_MAX], const struct relay_opened *o)
{
	struct wbuf w;

	if (o->status >= RELAY_NSTATUS || o->hops > RELAY_ONWARD_MAX + 1)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, o->req);
	wbuf_u8(&w, o->status);
	wbuf_u8(&w, o->hops);
	wbuf_u16(&w, o->life_s);
	wbuf_u32(&w, o->label);
	wbuf_u16(&w, o->mtu);
	wbuf_u16(&w, 0);
	return whole(&w);
}

int
relay_opened_get(const uint8_t *in, size_t len, struct relay_opened *o)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	o->req = rbuf_u32(&r);
	o->status = rbuf_u8(&r);
	o->hops = rbuf_u8(&r);
	o->life_s = rbuf_u16(&r);
	o->label = rbuf_u32(&r);
	o->mtu = rbuf_u16(&r);
	zeroes(&r, 2);
	if (o->status >= RELAY_NSTATUS || o->hops > RELAY_ONWARD_MAX + 1)
		return -1;
	return rbuf_done(&r);
}

size_t
relay_incoming_put(uint8_t out[FRAME_BODY_MAX], const struct relay_incoming *i)
{
	struct wbuf w;

	if (i->hops > RELAY_ONWARD_MAX + 1)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, i->label);
	wbuf_u8(&w, i->hops);
	wbuf_u8(&w, 0);
	wbuf_u16(&w, 0);
	wbuf_bytes(&w, i->origin, sizeof(i->origin));
	return whole(&w);
}

int
relay_incoming_get(const uint8_t *in, size_t len, struct relay_incoming *i)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	i->label = rbuf_u32(&r);
	i->hops = rbuf_u8(&r);
	zeroes(&r, 3);
	rbuf_bytes(&r, i->origin, sizeof(i->origin));
	return i->hops <= RELAY_ONWARD_MAX + 1 ? rbuf_done(&r) : -1;
}

size_t
relay_close_put(uint8_t out[FRAME_BODY_MAX], const struct relay_close *c)
{
	struct wbuf w;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, c->label);
	wbuf_u16(&w, c->why);
	wbuf_u16(&w, 0);
	return whole(&w);
}

int
relay_close_get(const uint8_t *in, size_t len, struct relay_close *c)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	c->label = rbuf_u32(&r);
	c->why = rbuf_u16(&r);
	zeroes(&r, 2);
	return rbuf_done(&r);
}
