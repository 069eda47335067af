/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/frame.c */
/*
 * The control frames of frame.h, field by field.  There is one encoding of
 * each value, so what was read and is written again is the same octets; that
 * is what the fuzz target holds on to.
 */
#include "frame.h"
#include "frame_stream.h"

#include <string.h>

#include "buf.h"
#include "msg.h"

size_t
frame_put(uint8_t *out, size_t cap, uint8_t type, const void *body, size_t len)
{
	struct wbuf w;

	if (len > FRAME_BODY_MAX)
		return 0;
	wbuf_init(&w, out, cap);
	wbuf_u8(&w, FRAME_FIRST);
	wbuf_u8(&w, type);
	wbuf_u16(&w, (uint16_t)len);
	if (len > 0)
		wbuf_bytes(&w, body, len);
	return wbuf_done(&w) == 0 ? w.len : 0;
}

int
frame_get(const uint8_t *in, size_t len, struct frame *f)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	if (rbuf_u8(&r) != FRAME_FIRST)
		return -1;
	f->type = rbuf_u8(&r);
	f->len = rbuf_u16(&r);
	f->body = in + FRAME_HEAD;
	if (f->len > FRAME_BODY_MAX)
		return -1;
	rbuf_skip(&r, f->len);
	if (r.bad || r.left >= FRAME_PAD)
		return -1;
	while (r.left > 0)
		if (rbuf_u8(&r) != 0)
			return -1;
	return rbuf_done(&r);
}

/* What a body was written into: its length if it is whole, else 0. */
static size_t
whole(const struct wbuf *w)
{
	return wbuf_done(w) == 0 ? w->len : 0;
}

/* Behind the fields the rest is data, at most cap octets of it. */
static uint16_t
rest(struct rbuf *r, uint8_t *out, size_t cap)
{
	size_t n = r->left;

	if (r->bad)
		return 0;
	if (n > cap) {
		r->bad = true;
		return 0;
	}
	rbuf_bytes(r, out, n);
	return (uint16_t)n;
}

size_t
hello_put(uint8_t out[FRAME_BODY_MAX], const struct hello *h)
{
	struct wbuf w;

	if (h->certlen > CERT_MAX)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u16(&w, HELLO_VERSION);
	wbuf_u16(&w, h->flags);
	wbuf_u64(&w, h->boot);
	wbuf_u8(&w, h->streams);
	wbuf_u8(&w, 0);
	wbuf_u16(&w, h->mtu);
	wbuf_bytes(&w, h->stream_key, sizeof(h->stream_key));
	wbuf_u64(&w, h->crl);
	wbuf_u16(&w, h->certlen);
	wbuf_bytes(&w, h->cert, h->certlen);
	return whole(&w);
}

int
hello_get(const uint8_t *in, size_t len, struct hello *h)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	if (rbuf_u16(&r) != HELLO_VERSION)
		return -1;
	h->flags = rbuf_u16(&r);
	h->boot = rbuf_u64(&r);
	h->streams = rbuf_u8(&r);
	if (rbuf_u8(&r) != 0)
		return -1;
	h->mtu = rbuf_u16(&r);
	rbuf_bytes(&r, h->stream_key, sizeof(h->stream_key));
	h->crl = rbuf_u64(&r);
	h->certlen = rbuf_u16(&r);
	if (h->certlen > CERT_MAX)
		return -1;
	rbuf_bytes(&r, h->cert, h->certlen);
	return rbuf_done(&r);
}

size_t
bye_put(uint8_t out[FRAME_BODY_MAX], enum bye_reason reason)
{
	struct wbuf w;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u16(&w, (uint16_t)reason);
	return whole(&w);
}

int
bye_get(const uint8_t *in, size_t len, enum bye_reason *reason)
{
	struct rbuf r;
	uint16_t n;

	rbuf_init(&r, in, len);
	n = rbuf_u16(&r);
	*reason = n < BYE_NREASONS ? (enum bye_reason)n : BYE_POLICY;
	return rbuf_done(&r);
}

size_t
join_ask_put(uint8_t out[FRAME_BODY_MAX], const struct join_ask *a)
{
	struct wbuf w;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, a->req);
	wbuf_u8(&w, a->part);
	wbuf_bytes(&w, a->request, sizeof(a->request));
	return whole(&w);
}

int
join_ask_get(const uint8_t *in, size_t len, struct join_ask *a)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	a->req = rbuf_u32(&r);
	a->part = rbuf_u8(&r);
	rbuf_bytes(&r, a->request, sizeof(a->request));
	return rbuf_done(&r);
}

size_t
join_reply_put(uint8_t out[FRAME_BODY_MAX], const struct join_reply *j)
{
	struct wbuf w;

	if (j->len > JOIN_PART_MAX || j->status >= JOIN_NSTATUS)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, j->req);
	wbuf_u8(&w, j->part);
	wbuf_u8(&w, j->parts);
	wbuf_u8(&w, j->status);
	wbuf_bytes(&w, j->data, j->len);
	return whole(&w);
}

int
join_reply_get(const uint8_t *in, size_t len, struct join_reply *j)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	j->req = rbuf_u32(&r);
	j->part = rbuf_u8(&r);
	j->parts = rbuf_u8(&r);
	j->status = rbuf_u8(&r);
	if (j->status >= JOIN_NSTATUS)
		return -1;
	j->len = rest(&r, j->data, sizeof(j->data));
	return rbuf_done(&r);
}

size_t
join_invite_put(uint8_t out[FRAME_BODY_MAX], const struct join_invite *i)
{
	struct wbuf w;

	if (i->state > INVITE_CANCELLED)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_bytes(&w, i->id, sizeof(i->id));
	wbuf_bytes(&w, i->pub, sizeof(i->pub));
	wbuf_bytes(&w, i->psk, sizeof(i->psk));
	wbuf_u64(&w, i->expires);
	wbuf_u8(&w, i->state);
	return whole(&w);
}

int
join_invite_get(const uint8_t *in, size_t len, struct join_invite *i)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	rbuf_bytes(&r, i->id, sizeof(i->id));
	rbuf_bytes(&r, i->pub, sizeof(i->pub));
	rbuf_bytes(&r, i->psk, sizeof(i->psk));
	i->expires = rbuf_u64(&r);
	i->state = rbuf_u8(&r);
	if (i->state > INVITE_CANCELLED)
		return -1;
	return rbuf_done(&r);
}

/* ---- streams ---- */

static void
cands_put(struct wbuf *w, const void *cand, uint8_t n)
{
	if (n > 0)
		wbuf_bytes(w, cand, (size_t)n * STREAM_CANDIDATE);
}

static void
cands_get(struct rbuf *r, uint8_t cand[][STREAM_CANDIDATE], uint8_t n)
{
	if (n > STREAM_CANDIDATES)
		r->bad = true;
	for (unsigned i = 0; i < n && !r->bad; i++)
		rbuf_bytes(r, cand[i], STREAM_CANDIDATE);
}

size_t
stream_open_put(uint8_t out[FRAME_BODY_MAX], const struct stream_open *o)
{
	struct wbuf w;

	if (o->n > STREAM_CANDIDATES)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, o->req);
	wbuf_u16(&w, o->id);
	wbuf_u8(&w, o->flags);
	wbuf_u8(&w, o->n);
	wbuf_bytes(&w, o->key, sizeof(o->key));
	wbuf_bytes(&w, o->psk, sizeof(o->psk));
	cands_put(&w, o->cand, o->n);
	return whole(&w);
}

int
stream_open_get(const uint8_t *in, size_t len, struct stream_open *o)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	o->req = rbuf_u32(&r);
	o->id = rbuf_u16(&r);
	o->flags = rbuf_u8(&r);
	o->n = rbuf_u8(&r);
	rbuf_bytes(&r, o->key, sizeof(o->key));
	rbuf_bytes(&r, o->psk, sizeof(o->psk));
	cands_get(&r, o->cand, o->n);
	return rbuf_done(&r);
}

size_t
stream_accept_put(uint8_t out[FRAME_BODY_MAX], const struct stream_accept *a)
{
	struct wbuf w;

	if (a->n > STREAM_CANDIDATES || a->status >= ACCEPT_NSTATUS)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, a->req);
	wbuf_u16(&w, a->id);
	wbuf_u8(&w, a->status);
	wbuf_u8(&w, a->n);
	cands_put(&w, a->cand, a->n);
	return whole(&w);
}

int
stream_accept_get(const uint8_t *in, size_t len, struct stream_accept *a)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	a->req = rbuf_u32(&r);
	a->id = rbuf_u16(&r);
	a->status = rbuf_u8(&r);
	a->n = rbuf_u8(&r);
	cands_get(&r, a->cand, a->n);
	return a->status < ACCEPT_NSTATUS ? rbuf_done(&r) : -1;
}

size_t
stream_close_put(uint8_t out[FRAME_BODY_MAX], const struct stream_close *c)
{
	struct wbuf w;

	if (c->mine > 1)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u16(&w, c->id);
	wbuf_u8(&w, c->mine);
	wbuf_u8(&w, c->reason);
	return whole(&w);
}

int
stream_close_get(const uint8_t *in, size_t len, struct stream_close *c)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	c->id = rbuf_u16(&r);
	c->mine = rbuf_u8(&r);
	c->reason = rbuf_u8(&r);
	return c->mine <= 1 ? rbuf_done(&r) : -1;
}

size_t
stream_stats_put(uint8_t out[FRAME_BODY_MAX], const struct stream_stats *s)
{
	struct wbuf w;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u64(&w, s->tx);
	wbuf_u64(&w, s->rx);
	wbuf_u64(&w, s->rx_max);
	wbuf_u32(&w, s->queue_us);
	return whole(&w);
}

int
stream_stats_get(const uint8_t *in, size_t len, struct stream_stats *s)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	s->tx = rbuf_u64(&r);
	s->rx = rbuf_u64(&r);
	s->rx_max = rbuf_u64(&r);
	s->queue_us = rbuf_u32(&r);
	return rbuf_done(&r);
}

size_t
fence_put(uint8_t out[FRAME_BODY_MAX], uint64_t token)
{
	struct wbuf w;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u64(&w, token);
	return whole(&w);
}

int
fence_get(const uint8_t *in, size_t len, uint64_t *token)
{
	struct rbuf r;

	rbuf_init(&r, in, len);
	*token = rbuf_u64(&r);
	return rbuf_done(&r);
}
