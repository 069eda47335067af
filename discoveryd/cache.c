/* SPDX-License-Identifier: ISC */
/* file: discoveryd/cache.c */
/* The saved file as octets (see cache.h). */
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "crypto.h"

#define HEAD 16 /* magic, version, number, length; then the sum */
#define SUM 32

static void
sum_of(uint8_t sum[SUM], const uint8_t *half, size_t body)
{
	crypto_sha256(sum, half, HEAD, half + HEAD + SUM, body);
}

/* ---- out ---- */

static int
by_use(const void *a, const void *b)
{
	const struct member *const *x = a, *const *y = b;

	return (*x)->used < (*y)->used ? 1 : (*x)->used > (*y)->used ? -1 : 0;
}

static void
put_member(struct wbuf *w, const struct member *m)
{
	wbuf_u16(w, m->certlen);
	wbuf_bytes(w, m->certificate, m->certlen);
	endpoint_put(w, &m->seen);
	wbuf_u64(w, m->seen_s);
	wbuf_bool(w, m->place_record != NULL);
	if (m->place_record != NULL) {
		wbuf_u64(w, m->place_s);
		record_put(w, m->place_record);
	}
}

/* As many as fit, whole ones only. */
static int
put_members(struct wbuf *w, struct members *ms)
{
	size_t n = 0, cursor = 0, before;
	struct member **list, *m;

	if ((list = calloc(MEMBERS_MAX, sizeof(struct member *))) == NULL)
		return -1;
	while ((m = members_next(ms, &cursor)) != NULL)
		list[n++] = m;
	if (n > 1)
		qsort(list, n, sizeof(*list), by_use);
	for (size_t i = 0; i < n && i < CACHE_MEMBERS_MAX; i++) {
		before = w->len;
		put_member(w, list[i]);
		if (w->bad) {
			w->bad = false;
			w->len = before;
			break;
		}
	}
	free(list);
	return 0;
}

size_t
cache_put(uint8_t *out, size_t cap, const struct cache *c, struct members *ms)
{
	uint8_t sum[SUM] = {0};
	struct wbuf w, head;

	if (c->nnodes > CACHE_NODES_MAX || c->crl_len > CRL_MAX ||
	    c->bundle_len > BUNDLE_MAX)
		return 0;
	wbuf_init(&w, out, cap);
	wbuf_bytes(&w, sum, HEAD); /* room */
	wbuf_bytes(&w, sum, SUM);
	wbuf_u8(&w, (uint8_t)c->nnodes);
	for (unsigned i = 0; i < c->nnodes; i++) {
		wbuf_bytes(&w, c->node[i].id, DHT_ID);
		endpoint_put(&w, &c->node[i].ep);
	}
	wbuf_u16(&w, (uint16_t)c->crl_len);
	wbuf_bytes(&w, c->crl, c->crl_len);
	wbuf_u16(&w, (uint16_t)c->bundle_len);
	wbuf_bytes(&w, c->bundle, c->bundle_len);
	wbuf_u64(&w, c->place_seq);
	if (wbuf_done(&w) == -1 || put_members(&w, ms) == -1)
		return 0;
	wbuf_init(&head, out, HEAD);
	wbuf_bytes(&head, "MDC\1", 4);
	wbuf_u64(&head, c->number);
	wbuf_u32(&head, (uint32_t)(w.len - HEAD - SUM));
	sum_of(sum, out, w.len - HEAD - SUM);
	memcpy(out + HEAD, sum, SUM);
	return w.len;
}

/* ---- in ---- */

static const uint8_t *
slice(struct rbuf *r, size_t len)
{
	const uint8_t *p = r->p;

	rbuf_skip(r, len);
	return r->bad || len == 0 ? NULL : p;
}

static void
get_member(struct rbuf *r, struct cache_member *m)
{
	*m = (struct cache_member){0};
	m->certlen = rbuf_u16(r);
	if (m->certlen > CERT_MAX)
		r->bad = true;
	m->cert = slice(r, m->certlen);
	endpoint_get(r, &m->seen);
	m->seen_s = rbuf_u64(r);
	m->has_place = rbuf_bool(r);
	if (!m->has_place)
		return;
	m->place_s = rbuf_u64(r);
	record_get(r, &m->place);
}

static void
get_nodes(struct rbuf *r, struct cache *c)
{
	c->nnodes = rbuf_u8(r);
	if (c->nnodes > CACHE_NODES_MAX) {
		c->nnodes = 0;
		r->bad = true;
	}
	for (unsigned i = 0; i < c->nnodes; i++) {
		rbuf_bytes(r, c->node[i].id, DHT_ID);
		endpoint_get(r, &c->node[i].ep);
		if (c->node[i].ep.addr.family == 0)
			r->bad = true;
	}
}

int
cache_get(const uint8_t *data, size_t len, struct cache *c)
{
	uint8_t sum[SUM];
	struct cache_member m;
	struct rbuf r;
	size_t body;

	*c = (struct cache){0};
	if (len < HEAD + SUM || memcmp(data, "MDC\1", 4) != 0)
		return -1;
	rbuf_init(&r, data + 4, HEAD - 4);
	c->number = rbuf_u64(&r);
	body = rbuf_u32(&r);
	if (body > len - HEAD - SUM)
		return -1;
	sum_of(sum, data, body);
	if (memcmp(sum, data + HEAD, SUM) != 0)
		return -1;
	rbuf_init(&r, data + HEAD + SUM, body);
	get_nodes(&r, c);
	c->crl_len = rbuf_u16(&r);
	c->crl = slice(&r, c->crl_len);
	c->bundle_len = rbuf_u16(&r);
	c->bundle = slice(&r, c->bundle_len);
	c->place_seq = rbuf_u64(&r);
	c->members = r.p;
	c->members_len = r.left;
	while (!r.bad && r.left > 0)
		get_member(&r, &m);
	return rbuf_done(&r);
}

int
cache_choose(const uint8_t *data, size_t len, struct cache *c)
{
	struct cache half[2];
	bool whole[2];

	for (unsigned i = 0; i < 2; i++) {
		size_t at = i * (size_t)CACHE_HALF;
		size_t left = len > at ? len - at : 0;

		if (left > CACHE_HALF)
			left = CACHE_HALF;
		whole[i] =
		    left > 0 && cache_get(data + at, left, &half[i]) == 0;
	}
	for (unsigned i = 0; i < 2; i++) {
		if (!whole[i] ||
		    (whole[1 - i] && half[1 - i].number > half[i].number))
			continue;
		*c = half[i];
		return (int)i;
	}
	return -1;
}

bool
cache_next(struct cache *c, struct cache_member *m)
{
	struct rbuf r;

	if (c->members_len == 0)
		return false;
	rbuf_init(&r, c->members, c->members_len);
	get_member(&r, m);
	c->members = r.p;
	c->members_len = r.bad ? 0 : r.left;
	return !r.bad;
}
