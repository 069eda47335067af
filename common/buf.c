/* SPDX-License-Identifier: ISC */
/* file: common/buf.c */
/*
 * Bounded, sticky readers and writers (see buf.h).
 *
 * All bounds checks of the suite's formats are in take() and room(): a field
 * function never looks at `left` or `cap` itself.  Allocates nothing, knows
 * nothing of what the octets mean.
 */
#include <string.h>

#include "buf.h"

void
rbuf_init(struct rbuf *r, const void *data, size_t len)
{
	r->p = data;
	r->left = len;
	r->bad = false;
}

/* The next n octets, or NULL and bad from now on. */
static const uint8_t *
take(struct rbuf *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || n > r->left) {
		r->bad = true;
		return NULL;
	}
	if (n > 0) {
		r->p += n;
		r->left -= n;
	}
	return p;
}

static uint64_t
read_be(struct rbuf *r, size_t n)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static uint64_t
read_le(struct rbuf *r, size_t n)
{
	const uint8_t *p = take(r, n);
	uint64_t v = 0;

	if (p == NULL)
		return 0;
	for (size_t i = n; i > 0; i--)
		v = v << 8 | p[i - 1];
	return v;
}

uint8_t
rbuf_u8(struct rbuf *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t
rbuf_u16(struct rbuf *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t
rbuf_u32(struct rbuf *r)
{
	return (uint32_t)read_be(r, 4);
}

uint64_t
rbuf_u64(struct rbuf *r)
{
	return read_be(r, 8);
}

uint16_t
rbuf_u16le(struct rbuf *r)
{
	return (uint16_t)read_le(r, 2);
}

uint32_t
rbuf_u32le(struct rbuf *r)
{
	return (uint32_t)read_le(r, 4);
}

uint64_t
rbuf_u64le(struct rbuf *r)
{
	return read_le(r, 8);
}

bool
rbuf_bool(struct rbuf *r)
{
	uint8_t v = rbuf_u8(r);

	if (v > 1)
		r->bad = true;
	return v == 1;
}

void
rbuf_bytes(struct rbuf *r, void *out, size_t len)
{
	const uint8_t *p = take(r, len);

	if (len == 0)
		return;
	if (p == NULL)
		memset(out, 0, len);
	else
		memcpy(out, p, len);
}

void
rbuf_skip(struct rbuf *r, size_t len)
{
	(void)take(r, len);
}

/* All of out is written, so that a struct never holds stale octets. */
void
rbuf_str(struct rbuf *r, char *out, size_t cap)
{
	size_t len = rbuf_u16(r);
	const uint8_t *p;

	memset(out, 0, cap);
	if (len >= cap)
		r->bad = true;
	if ((p = take(r, len)) == NULL || len == 0)
		return;
	if (memchr(p, '\0', len) != NULL)
		r->bad = true;
	else
		memcpy(out, p, len);
}

int
rbuf_done(const struct rbuf *r)
{
	return r->bad || r->left != 0 ? -1 : 0;
}

void
wbuf_init(struct wbuf *w, void *mem, size_t cap)
{
	w->base = mem;
	w->len = 0;
	w->cap = cap;
	w->bad = false;
}

/* Where the next n octets go, or NULL and bad from now on. */
static uint8_t *
room(struct wbuf *w, size_t n)
{
	uint8_t *p;

	if (w->bad || n > w->cap - w->len) {
		w->bad = true;
		return NULL;
	}
	p = w->base + w->len;
	w->len += n;
	return p;
}

static void
write_be(struct wbuf *w, uint64_t v, size_t n)
{
	uint8_t *p = room(w, n);

	if (p == NULL)
		return;
	for (size_t i = n; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

static void
write_le(struct wbuf *w, uint64_t v, size_t n)
{
	uint8_t *p = room(w, n);

	if (p == NULL)
		return;
	for (size_t i = 0; i < n; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

void
wbuf_u8(struct wbuf *w, uint8_t v)
{
	write_be(w, v, 1);
}

void
wbuf_u16(struct wbuf *w, uint16_t v)
{
	write_be(w, v, 2);
}

void
wbuf_u32(struct wbuf *w, uint32_t v)
{
	write_be(w, v, 4);
}

void
wbuf_u64(struct wbuf *w, uint64_t v)
{
	write_be(w, v, 8);
}

void
wbuf_u16le(struct wbuf *w, uint16_t v)
{
	write_le(w, v, 2);
}

void
wbuf_u32le(struct wbuf *w, uint32_t v)
{
	write_le(w, v, 4);
}

void
wbuf_u64le(struct wbuf *w, uint64_t v)
{
	write_le(w, v, 8);
}

void
wbuf_bool(struct wbuf *w, bool v)
{
	wbuf_u8(w, v ? 1 : 0);
}

void
wbuf_bytes(struct wbuf *w, const void *data, size_t len)
{
	uint8_t *p;

	if (len == 0)
		return;
	if ((p = room(w, len)) != NULL)
		memcpy(p, data, len);
}

void
wbuf_str(struct wbuf *w, const char *s)
{
	size_t len = strlen(s);

	if (len > UINT16_MAX) {
		w->bad = true;
		return;
	}
	wbuf_u16(w, (uint16_t)len);
	wbuf_bytes(w, s, len);
}

int
wbuf_done(const struct wbuf *w)
{
	return w->bad ? -1 : 0;
}
