/* SPDX-License-Identifier: ISC */
/* file: tests/unit/twin.h */
#ifndef TWIN_H
#define TWIN_H

/*
 * A second reading of IP packets, for comparison with pkt.c and guard.c only.
 *
 * Slow and obvious on purpose: every field is fetched bit by bit with a bounds
 * check, headers are a list that is written out first and judged afterwards,
 * prefixes are compared one bit at a time, sets by walking lists.  Written
 * from the RFCs and the two headers' comments; shares no line with either.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "conf.h"
#include "counters.h"
#include "packets.h"

enum twin_kind { TWIN_PKT, TWIN_GUARD };

#define TWIN_HEADERS 12

struct twin {
	bool sane; /* all else counts only then */
	int version, proto, ttl, tos;
	long total, l4; /* octets */
	long offset;    /* of the fragment */
	bool more, atomic_header, ah, df;
	int sport, dport; /* -1: not there */
	bool must_have_ports;
	uint8_t src[16], dst[16];
	size_t addr_len;
	int header[TWIN_HEADERS], nheaders; /* before the transport's */
};

/* n bits at bit number `at`, -1 when they are not all there. */
static inline long
twin_bits(const uint8_t *p, size_t len, size_t at, unsigned n)
{
	long v = 0;

	if (at + n > len * 8)
		return -1;
	for (unsigned i = 0; i < n; i++, at++)
		v = v * 2 + ((p[at / 8] & (128 >> (at % 8))) ? 1 : 0);
	return v;
}

/* RFC 1071, one octet pair after the other. */
static inline uint16_t
twin_sum(uint16_t start, const uint8_t *p, size_t len)
{
	unsigned long sum = start;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? p[i] * 256ul : p[i];
		if (sum > 65535)
			sum -= 65535;
	}
	return (uint16_t)sum;
}

/* The pseudo-header of the packet p (IPv4 or IPv6), summed. */
static inline uint16_t
twin_pseudo(const uint8_t *p, int proto, size_t n)
{
	uint8_t tail[6] = {0};
	uint16_t sum;

	if (p[0] >> 4 == 4)
		sum = twin_sum(0, p + 12, 8);
	else
		sum = twin_sum(0, p + 8, 32);
	tail[1] = (uint8_t)(n >> 16 & 255);
	tail[2] = (uint8_t)(n >> 8 & 255);
	tail[3] = (uint8_t)(n & 255);
	tail[5] = (uint8_t)proto;
	return twin_sum(sum, tail, 6);
}

static inline bool
twin_has_ports(enum twin_kind kind, int proto)
{
	if (proto == 6 || proto == 17 || proto == 132)
		return true;
	return kind == TWIN_GUARD && (proto == 33 || proto == 136);
}

/* IPv4 options from octet 20 to `end`: false if one overruns or routes. */
static inline bool
twin_options(const uint8_t *p, long end)
{
	long at = 20;

	while (at < end) {
		int type = p[at];

		if (type == 0)
			return true;
		if (type == 131 || type == 137)
			return false;
		if (type == 1) {
			at += 1;
			continue;
		}
		if (at + 1 >= end || p[at + 1] < 2)
			return false;
		at += p[at + 1];
	}
	return at == end;
}

/*
 * One header that is not the transport's, at t->l4.  False: it is cut, or one
 * of those nobody may send.
 */
static inline bool
twin_header(struct twin *t, const uint8_t *p)
{
	size_t end = (size_t)t->total, bit = (size_t)t->l4 * 8;
	long size = twin_bits(p, end, bit + 8, 8);
	int me = t->proto;

	if (twin_bits(p, end, bit, 64 - 1) == -1 ||
	    twin_bits(p, end, bit + 63, 1) == -1)
		return false;
	if (t->nheaders == TWIN_HEADERS)
		return false;
	t->header[t->nheaders++] = me;
	switch (me) {
	case 44:
		size = 8;
		t->atomic_header = true;
		t->offset = twin_bits(p, end, bit + 16, 13) * 8;
		if (twin_bits(p, end, bit + 31, 1) == 1)
			t->more = true;
		break;
	case 51:
		size = size * 4 + 8;
		t->ah = true;
		break;
	case 43:
		if (twin_bits(p, end, bit + 16, 8) == 0)
			return false;
		if (twin_bits(p, end, bit + 24, 8) > 0)
			return false;
		size = size * 8 + 8;
		break;
	default:
		size = size * 8 + 8;
		break;
	}
	if (t->l4 + size > t->total)
		return false;
	t->proto = (int)twin_bits(p, end, bit, 8);
	t->l4 += size;
	return true;
}

static inline bool
twin_steps_over(const struct twin *t, enum twin_kind kind)
{
	if (t->offset > 0)
		return false;
	if (t->version == 4)
		return kind == TWIN_GUARD && t->proto == 51;
	return t->proto == 0 || t->proto == 43 || t->proto == 44 ||
	    t->proto == 51 || t->proto == 60;
}

static inline bool
twin_read4(struct twin *t, const uint8_t *p, size_t len, enum twin_kind kind)
{
	if (len < 20)
		return false;
	t->l4 = twin_bits(p, len, 4, 4) * 4;
	t->tos = (int)twin_bits(p, len, 8, 8);
	t->total = twin_bits(p, len, 16, 16);
	t->df = twin_bits(p, len, 49, 1) == 1;
	t->more = twin_bits(p, len, 50, 1) == 1;
	t->offset = twin_bits(p, len, 51, 13) * 8;
	t->ttl = (int)twin_bits(p, len, 64, 8);
	t->proto = (int)twin_bits(p, len, 72, 8);
	t->addr_len = 4;
	memcpy(t->src, p + 12, 4);
	memcpy(t->dst, p + 16, 4);
	if (t->l4 < 20 || t->total < t->l4 || t->total > (long)len)
		return false;
	return kind == TWIN_PKT || twin_options(p, t->l4);
}

static inline bool
twin_read6(struct twin *t, const uint8_t *p, size_t len)
{
	if (len < 40)
		return false;
	t->tos = (int)twin_bits(p, len, 4, 8);
	t->total = 40 + twin_bits(p, len, 32, 16);
	t->proto = (int)twin_bits(p, len, 48, 8);
	t->ttl = (int)twin_bits(p, len, 56, 8);
	t->l4 = 40;
	t->df = true;
	t->addr_len = 16;
	memcpy(t->src, p + 8, 16);
	memcpy(t->dst, p + 24, 16);
	return t->total != 40 && t->total <= (long)len;
}

static inline bool
twin_mapped(const uint8_t *a)
{
	for (int i = 0; i < 10; i++)
		if (a[i] != 0)
			return false;
	return a[10] == 255 && a[11] == 255;
}

static inline bool
twin_read(struct twin *t, const uint8_t *p, size_t len, enum twin_kind kind)
{
	long v = twin_bits(p, len, 0, 4);

	memset(t, 0, sizeof(*t));
	t->sport = t->dport = -1;
	t->version = (int)v;
	if (v == 4) {
		if (!twin_read4(t, p, len, kind))
			return false;
	} else if (v != 6 || !twin_read6(t, p, len))
		return false;
	if (kind == TWIN_GUARD && t->total != (long)len)
		return false;
	if (kind == TWIN_GUARD && len > 65535)
		return false;
	/* a fragment must not end behind the longest datagram */
	if (kind == TWIN_GUARD && v == 4 &&
	    t->offset + t->total - t->l4 > 65535)
		return false;
	while (twin_steps_over(t, kind)) {
		bool fragment = t->proto == 44;

		if (t->nheaders == 8)
			return false;
		if (t->proto == 0 && t->nheaders > 0)
			return false;
		if (kind == TWIN_GUARD && len > 512 && t->l4 + 8 > 512)
			return false;
		if (!twin_header(t, p))
			return false;
		if (fragment && kind == TWIN_GUARD &&
		    t->offset + t->total - t->l4 > 65535)
			return false;
	}
	/* the transport header begins within what is looked at */
	if (kind == TWIN_GUARD && len > 512 && t->offset == 0 &&
	    t->l4 > 512 - 20)
		return false;
	if (v == 6 && kind == TWIN_PKT &&
	    (twin_mapped(t->src) || twin_mapped(t->dst)))
		return false;
	t->must_have_ports = t->offset == 0 && twin_has_ports(kind, t->proto);
	if (t->must_have_ports && t->total - t->l4 >= 4) {
		t->sport = (int)twin_bits(p, len, (size_t)t->l4 * 8, 16);
		t->dport = (int)twin_bits(p, len, (size_t)t->l4 * 8 + 16, 16);
	}
	if (!t->must_have_ports || t->dport != -1)
		return true;
	return t->more;
}

static inline void
twin_parse(struct twin *t, const uint8_t *p, size_t len, enum twin_kind kind)
{
	bool ok = twin_read(t, p, len, kind);

	t->sane = ok;
}

/*
 * Is this one whole TCP or UDP packet, nothing behind it, with every checksum
 * there and right?
 */
static inline bool
twin_sums_right(const uint8_t *p, size_t len)
{
	struct twin t;
	size_t l4, n;

	twin_parse(&t, p, len, TWIN_PKT);
	if (!t.sane || t.total != (long)len || t.more || t.offset > 0)
		return false;
	l4 = (size_t)t.l4;
	n = len - l4;
	if (t.version == 4 && twin_sum(0, p, l4) != 0xffff)
		return false;
	if (t.proto == 17) {
		if (n < 8 || twin_bits(p, len, l4 * 8 + 32, 16) != (long)n ||
		    twin_bits(p, len, l4 * 8 + 48, 16) == 0)
			return false;
	} else if (t.proto != 6 || n < 20)
		return false;
	return twin_sum(twin_pseudo(p, t.proto, n), p + l4, n) == 0xffff;
}

/* ---- the guard's rules ---- */

/* How long the match of a prefix is, -1 if it does not match at all. */
static inline int
twin_match(const struct prefix *p, const struct twin *t, const uint8_t *a)
{
	int n = p->len;

	if ((p->addr.family == 4) != (t->version == 4))
		return -1;
	for (int i = 0; i < n; i++)
		if (((p->addr.b[i / 8] ^ a[i / 8]) >> (7 - i % 8)) & 1)
			return -1;
	return n;
}

static inline int
twin_best(const struct prefix *list, unsigned n, const struct twin *t,
    const uint8_t *a)
{
	int best = -1;

	for (unsigned i = 0; i < n; i++)
		if (twin_match(&list[i], t, a) > best)
			best = twin_match(&list[i], t, a);
	return best;
}

static inline bool
twin_own(const struct conf_node *c, const struct twin *t, const uint8_t *a)
{
	for (unsigned i = 0; i < c->naddresses; i++) {
		struct prefix host = c->address[i];

		host.len = host.addr.family == 4 ? 32 : 128;
		if (twin_match(&host, t, a) != -1)
			return true;
	}
	return false;
}

/* All host bits of one of our IPv4 networks set (not for /31 and /32). */
static inline bool
twin_broadcast(
    const struct conf_node *c, const struct twin *t, const uint8_t *a)
{
	for (unsigned i = 0; i < c->naddresses; i++) {
		const struct prefix *p = &c->address[i];
		bool ones = true;

		if (p->addr.family != 4 || p->len > 30 ||
		    twin_match(p, t, a) == -1)
			continue;
		for (int bit = p->len; bit < 32; bit++)
			if (((a[bit / 8] >> (7 - bit % 8)) & 1) == 0)
				ones = false;
		if (ones)
			return true;
	}
	return false;
}

static inline bool
twin_special(const struct conf_node *c, const struct twin *t, const uint8_t *a)
{
	static const struct prefix list[] = {
	    {{4, {0}}, 8},
	    {{4, {127}}, 8},
	    {{4, {169, 254}}, 16},
	    {{4, {224}}, 4},
	    {{4, {255, 255, 255, 255}}, 32},
	    {{6, {0}}, 128},
	    {{6, {[15] = 1}}, 128},
	    {{6, {0xff}}, 8},
	    {{6, {0xfe, 0x80}}, 10},
	    {{6, {[10] = 0xff, [11] = 0xff}}, 96},
	};

	return twin_best(list, sizeof(list) / sizeof(list[0]), t, a) != -1 ||
	    twin_broadcast(c, t, a);
}

/* Length of a complete TCP or UDP header of a whole packet, else -1. */
static inline long
twin_l4(const struct twin *t, const uint8_t *p)
{
	long doff;

	if (t->more || t->offset > 0)
		return -1;
	if (t->proto == 17)
		return t->l4 + 8 <= t->total ? 8 : -1;
	if (t->proto != 6 || t->l4 + 20 > t->total)
		return -1;
	doff = twin_bits(p, (size_t)t->total, (size_t)t->l4 * 8 + 96, 4) * 4;
	return doff >= 20 && t->l4 + doff <= t->total ? doff : -1;
}

static inline bool
twin_offload(
    const struct twin *t, const struct vnet *v, const uint8_t *p, bool in)
{
	long l4 = twin_l4(t, p), payload = t->total - t->l4 - l4;
	bool tcp = t->proto == 6;

	if (v->flags > 2) /* unknown, or both */
		return false;
	if (v->flags == 1) {
		if (l4 == -1 || v->csum_start != t->l4)
			return false;
		if (tcp ? v->csum_offset != 16 : v->csum_offset != 6)
			return false;
		if (!tcp &&
		    twin_bits(p, (size_t)t->total, (size_t)t->l4 * 8 + 32,
			16) != t->total - t->l4)
			return false;
	} else if (v->csum_start != 0 || v->csum_offset != 0)
		return false;
	if (v->hdr_len > t->total)
		return false;
	if (v->gso_type == 0)
		return v->gso_size == 0;
	if (v->flags != 1 || v->gso_size == 0 || v->hdr_len < t->l4 + l4)
		return false;
	if (in && payload <= v->gso_size)
		return false;
	switch (v->gso_type) {
	case 1:
	case 0x81:
		return tcp && t->version == 4 && v->gso_size >= 8;
	case 4:
	case 0x84:
		return tcp && t->version == 6 && v->gso_size >= 8;
	case 5:
		return !tcp && (payload + v->gso_size - 1) / v->gso_size <= 128;
	default:
		return false;
	}
}

/* 0 pass, 1 a fragment that hides ports, 2 a port that is not allowed */
static inline int
twin_ports(const struct conf_node *c, const struct twin *t)
{
	bool piece = t->more || t->offset > 0;

	if (c->nports == 0)
		return 0;
	if (t->offset > 0 && t->version == 6)
		return 1;
	if (t->offset > 0 &&
	    (twin_has_ports(TWIN_GUARD, t->proto) || t->proto == 51))
		return 1;
	if (piece && t->must_have_ports && t->dport == -1)
		return 1;
	for (unsigned i = 0; i < c->nports; i++)
		if (t->must_have_ports && t->dport == c->port[i])
			return 2;
	return 0;
}

static inline enum counter
twin_out(const struct conf_node *c, const struct vnet *v, const uint8_t *p,
    size_t len)
{
	struct twin t;
	int ports;

	twin_parse(&t, p, len, TWIN_GUARD);
	if (!t.sane || !twin_offload(&t, v, p, false))
		return TO_MALFORMED;
	if (!twin_own(c, &t, t.src)) {
		if (twin_special(c, &t, t.src))
			return TO_SOURCE;
		if (twin_best(c->export, c->nexports, &t, t.src) == -1)
			return TO_SOURCE;
	}
	ports = twin_ports(c, &t);
	if (ports == 0)
		return C_NONE;
	return ports == 1 ? TO_FRAGMENT : TO_PORT;
}

static inline enum counter
twin_in(const struct conf_node *c, const struct vnet *v, const uint8_t *p,
    size_t len)
{
	struct twin t;
	int accept, route, ports;

	twin_parse(&t, p, len, TWIN_GUARD);
	if (!t.sane || !twin_offload(&t, v, p, true))
		return TI_MALFORMED;
	if (twin_special(c, &t, t.src) || twin_special(c, &t, t.dst))
		return TI_SPECIAL;
	accept = twin_best(c->subnet, c->nsubnets, &t, t.src);
	route = twin_best(c->route, c->nroutes, &t, t.src);
	if (route > accept)
		accept = route;
	if (twin_own(c, &t, t.src) ||
	    (accept != -1 &&
		twin_best(c->export, c->nexports, &t, t.src) > accept))
		return TI_OWN;
	if (accept == -1)
		return TI_SOURCE;
	if (!twin_own(c, &t, t.dst) &&
	    twin_best(c->export, c->nexports, &t, t.dst) == -1)
		return TI_DEST;
	ports = twin_ports(c, &t);
	if (ports == 0)
		return C_NONE;
	return ports == 1 ? TI_FRAGMENT : TI_PORT;
}

#endif
