/* SPDX-License-Identifier: ISC */
/* file: discoveryd/frames.c */
/*
 * WHO_HAS, RECORD and PEERS as octets (see frames.h).  They come from another
 * member: anything is possible.
 */
#include <string.h>

#include "frames.h"

enum { WHAT_IP = 1, WHAT_KEY, WHAT_NAME, WHAT_CRL };

static size_t
written(const struct wbuf *w)
{
	return wbuf_done(w) == 0 ? w->len : 0;
}

size_t
who_has_put(uint8_t out[FRAME_BODY_MAX], const struct who_has *q)
{
	struct wbuf w;
	size_t len;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, q->req);
	if (q->crl) {
		wbuf_u8(&w, WHAT_CRL);
		return written(&w);
	}
	switch (q->ask.what) {
	case FIND_IP:
		wbuf_u8(&w, WHAT_IP);
		addr_put(&w, &q->ask.ip);
		break;
	case FIND_KEY:
		wbuf_u8(&w, WHAT_KEY);
		wbuf_bytes(&w, q->ask.key, sizeof(q->ask.key));
		break;
	case FIND_NAME:
		len = strlen(q->ask.name);
		wbuf_u8(&w, WHAT_NAME);
		wbuf_u8(&w, (uint8_t)len);
		wbuf_bytes(&w, q->ask.name, len);
		break;
	}
	return written(&w);
}

/* Letters, digits and hyphens: what a name in a certificate is made of. */
static bool
is_name(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
			(s[i] >= 'A' && s[i] <= 'Z') ||
			(s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return false;
	return true;
}

static void
get_name(struct rbuf *r, char name[CERT_NAME_MAX])
{
	size_t len = rbuf_u8(r);

	if (len == 0 || len >= CERT_NAME_MAX) {
		r->bad = true;
		return;
	}
	rbuf_bytes(r, name, len);
	if (!is_name(name, len))
		r->bad = true;
}

int
who_has_get(const void *data, size_t len, struct who_has *q)
{
	struct rbuf r;

	*q = (struct who_has){0};
	rbuf_init(&r, data, len);
	q->req = rbuf_u32(&r);
	switch (rbuf_u8(&r)) {
	case WHAT_IP:
		q->ask.what = FIND_IP;
		addr_get(&r, &q->ask.ip);
		if (q->ask.ip.family == 0)
			r.bad = true;
		break;
	case WHAT_KEY:
		q->ask.what = FIND_KEY;
		rbuf_bytes(&r, q->ask.key, sizeof(q->ask.key));
		break;
	case WHAT_NAME:
		q->ask.what = FIND_NAME;
		get_name(&r, q->ask.name);
		break;
	case WHAT_CRL:
		q->crl = true;
		break;
	default:
		return -1;
	}
	return rbuf_done(&r);
}

size_t
told_put(uint8_t out[FRAME_BODY_MAX], const struct told *t)
{
	struct wbuf w;

	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u32(&w, t->req);
	if (t->is_cert) {
		wbuf_u8(&w, FRAME_CERT);
		wbuf_u16(&w, t->certlen);
		wbuf_bytes(&w, t->cert, t->certlen);
	} else {
		record_put(&w, &t->record);
	}
	return written(&w);
}

int
told_get(const void *data, size_t len, struct told *t)
{
	struct rbuf r;

	*t = (struct told){0};
	rbuf_init(&r, data, len);
	t->req = rbuf_u32(&r);
	if (r.left == 0 || r.p[0] != FRAME_CERT) {
		record_get(&r, &t->record);
		return rbuf_done(&r);
	}
	rbuf_skip(&r, 1);
	t->is_cert = true;
	t->certlen = rbuf_u16(&r);
	if (t->certlen == 0 || t->certlen > sizeof(t->cert))
		return -1;
	rbuf_bytes(&r, t->cert, t->certlen);
	return rbuf_done(&r);
}

size_t
peers_put(uint8_t out[FRAME_BODY_MAX], const struct peers_row *row, unsigned n)
{
	struct wbuf w;

	if (n > PEERS_ROWS_MAX)
		return 0;
	wbuf_init(&w, out, FRAME_BODY_MAX);
	wbuf_u8(&w, (uint8_t)n);
	for (unsigned i = 0; i < n; i++) {
		wbuf_bytes(&w, row[i].key, sizeof(row[i].key));
		wbuf_u32(&w, row[i].age_s);
	}
	return written(&w);
}

int
peers_get(const void *data, size_t len, struct peers_row row[PEERS_ROWS_MAX])
{
	struct rbuf r;
	unsigned n;

	rbuf_init(&r, data, len);
	n = rbuf_u8(&r);
	if (n > PEERS_ROWS_MAX)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		rbuf_bytes(&r, row[i].key, sizeof(row[i].key));
		row[i].age_s = rbuf_u32(&r);
	}
	return rbuf_done(&r) == 0 ? (int)n : -1;
}
