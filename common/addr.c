/* SPDX-License-Identifier: ISC */
/* file: common/addr.c */
/*
 * Addresses, prefixes and endpoints as values (addr.h).
 *
 * No resolver and no interface is ever asked: text is numeric, and the
 * sockaddr is only a shape that the system calls want.  Decoders are strict,
 * so that one value has one encoding and memcmp compares.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "buf.h"

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
static const uint8_t zeroes[16];

int
addr_parse(const char *s, struct addr *a)
{
	struct addr v = {0};

	if (inet_pton(AF_INET, s, v.b) == 1)
		v.family = 4;
	else if (inet_pton(AF_INET6, s, v.b) == 1)
		v.family = 6;
	else
		return -1;
	*a = v;
	return 0;
}

const char *
addr_format(const struct addr *a, char out[ADDR_STRLEN])
{
	int af = a->family == 4 ? AF_INET : AF_INET6;

	if (addr_bits(a) == 0 ||
	    inet_ntop(af, a->b, out, ADDR_STRLEN) == NULL) {
		out[0] = '-';
		out[1] = '\0';
	}
	return out;
}

void
addr_canonical(struct addr *a)
{
	if (a->family != 6 || memcmp(a->b, mapped, sizeof(mapped)) != 0)
		return;
	a->family = 4;
	memmove(a->b, a->b + 12, 4);
	memset(a->b + 4, 0, 12);
}

bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->b, b->b, 16) == 0;
}

bool
addr_is_any(const struct addr *a)
{
	return a->family != 0 && memcmp(a->b, zeroes, 16) == 0;
}

static bool
special4(const uint8_t *b)
{
	static const uint8_t broadcast[4] = {255, 255, 255, 255};

	return b[0] == 0 || b[0] == 127 || (b[0] & 0xf0) == 0xe0 ||
	    (b[0] == 169 && b[1] == 254) || memcmp(b, broadcast, 4) == 0;
}

static bool
special6(const uint8_t *b)
{
	if (memcmp(b, zeroes, 15) == 0 && b[15] <= 1)
		return true; /* :: and ::1 */
	return b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) ||
	    memcmp(b, mapped, sizeof(mapped)) == 0;
}

bool
addr_is_special(const struct addr *a)
{
	if (a->family == 4)
		return special4(a->b);
	return a->family != 6 || special6(a->b);
}

bool
addr_is_private(const struct addr *a)
{
	const uint8_t *b = a->b;

	if (a->family == 6)
		return (b[0] & 0xfe) == 0xfc;
	return a->family == 4 &&
	    (b[0] == 10 || (b[0] == 172 && (b[1] & 0xf0) == 16) ||
		(b[0] == 192 && b[1] == 168) ||
		(b[0] == 100 && (b[1] & 0xc0) == 64));
}

uint8_t
addr_bits(const struct addr *a)
{
	if (a->family == 4)
		return 32;
	return a->family == 6 ? 128 : 0;
}

/* One to three digits without a leading zero, at most max. */
static int
parse_len(const char *s, unsigned max, uint8_t *out)
{
	unsigned v = 0;

	if (s[0] == '\0' || (s[0] == '0' && s[1] != '\0'))
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (unsigned)(*s - '0');
		if (v > max)
			return -1;
	}
	*out = (uint8_t)v;
	return 0;
}

int
prefix_parse(const char *s, struct prefix *p)
{
	const char *slash = strchr(s, '/');
	struct prefix v = {0};
	char text[ADDR_STRLEN];
	size_t n;

	n = slash == NULL ? strlen(s) : (size_t)(slash - s);
	if (n >= sizeof(text))
		return -1;
	memcpy(text, s, n);
	text[n] = '\0';
	if (addr_parse(text, &v.addr) == -1)
		return -1;
	v.len = addr_bits(&v.addr);
	if (slash != NULL && parse_len(slash + 1, v.len, &v.len) == -1)
		return -1;
	*p = v;
	return 0;
}

const char *
prefix_format(const struct prefix *p, char out[PREFIX_STRLEN])
{
	char a[ADDR_STRLEN];

	snprintf(out, PREFIX_STRLEN, "%s/%u", addr_format(&p->addr, a), p->len);
	return out;
}

void
prefix_mask(struct prefix *p)
{
	unsigned full = p->len / 8;

	if (full >= sizeof(p->addr.b))
		return;
	p->addr.b[full] &= (uint8_t)(0xff00 >> p->len % 8);
	memset(p->addr.b + full + 1, 0, sizeof(p->addr.b) - full - 1);
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return mask == 0 || ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

bool
prefix_has(const struct prefix *p, const struct addr *a)
{
	if (a->family == 0 || p->addr.family != a->family ||
	    p->len > addr_bits(a))
		return false;
	return same_bits(p->addr.b, a->b, p->len);
}

bool
prefix_overlaps(const struct prefix *p, const struct prefix *q)
{
	return p->len <= q->len ? prefix_has(p, &q->addr)
				: prefix_has(q, &p->addr);
}

bool
prefix_eq(const struct prefix *p, const struct prefix *q)
{
	return p->len == q->len && addr_eq(&p->addr, &q->addr);
}

bool
endpoint_eq(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && addr_eq(&a->addr, &b->addr);
}

const char *
endpoint_format(const struct endpoint *e, char out[ENDPOINT_STRLEN])
{
	char a[ADDR_STRLEN];

	snprintf(out, ENDPOINT_STRLEN,
	    e->addr.family == 6 ? "[%s]:%u" : "%s:%u", addr_format(&e->addr, a),
	    e->port);
	return out;
}

size_t
endpoint_to_sa(const struct endpoint *e, struct sockaddr_storage *ss)
{
	struct sockaddr_in sin = {.sin_family = AF_INET};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};

	memset(ss, 0, sizeof(*ss));
	if (e->addr.family == 4) {
		sin.sin_port = htons(e->port);
		memcpy(&sin.sin_addr, e->addr.b, 4);
		memcpy(ss, &sin, sizeof(sin));
		return sizeof(sin);
	}
	if (e->addr.family == 6) {
		sin6.sin6_port = htons(e->port);
		memcpy(&sin6.sin6_addr, e->addr.b, 16);
		memcpy(ss, &sin6, sizeof(sin6));
		return sizeof(sin6);
	}
	return 0;
}

int
endpoint_from_sa(const struct sockaddr_storage *ss, struct endpoint *e)
{
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;

	*e = (struct endpoint){0};
	if (ss->ss_family == AF_INET) {
		memcpy(&sin, ss, sizeof(sin));
		e->addr.family = 4;
		memcpy(e->addr.b, &sin.sin_addr, 4);
		e->port = ntohs(sin.sin_port);
		return 0;
	}
	if (ss->ss_family == AF_INET6) {
		memcpy(&sin6, ss, sizeof(sin6));
		e->addr.family = 6;
		memcpy(e->addr.b, &sin6.sin6_addr, 16);
		e->port = ntohs(sin6.sin6_port);
		addr_canonical(&e->addr);
		return 0;
	}
	return -1;
}

void
addr_put(struct wbuf *w, const struct addr *a)
{
	bool some = addr_bits(a) != 0;

	wbuf_u8(w, some ? a->family : 0);
	wbuf_bytes(w, some ? a->b : zeroes, sizeof(a->b));
}

/* What the family does not use must be zero: one value, one encoding. */
void
addr_get(struct rbuf *r, struct addr *a)
{
	size_t used;

	a->family = rbuf_u8(r);
	rbuf_bytes(r, a->b, sizeof(a->b));
	used = addr_bits(a) / 8;
	if ((used == 0 && a->family != 0) ||
	    memcmp(a->b + used, zeroes, sizeof(a->b) - used) != 0)
		r->bad = true;
	if (r->bad)
		*a = (struct addr){0};
}

void
prefix_put(struct wbuf *w, const struct prefix *p)
{
	addr_put(w, &p->addr);
	wbuf_u8(w, p->len);
}

void
prefix_get(struct rbuf *r, struct prefix *p)
{
	addr_get(r, &p->addr);
	p->len = rbuf_u8(r);
	if (p->len > addr_bits(&p->addr))
		r->bad = true;
	if (r->bad)
		*p = (struct prefix){0};
}

void
endpoint_put(struct wbuf *w, const struct endpoint *e)
{
	addr_put(w, &e->addr);
	wbuf_u16(w, e->port);
}

void
endpoint_get(struct rbuf *r, struct endpoint *e)
{
	addr_get(r, &e->addr);
	e->port = rbuf_u16(r);
	if (r->bad)
		*e = (struct endpoint){0};
}
