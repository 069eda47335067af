/* SPDX-License-Identifier: ISC */
/* file: tests/unit/pktgen.h */
#ifndef PKTGEN_H
#define PKTGEN_H

/*
 * Packets for tests: made by hand (gen_ip4, gen_tcp, ...) and made by dice
 * (gen_any): mostly right, with one or two things wrong that an attacker would
 * get wrong on purpose.  Lengths and checksums are right unless said.
 */
#include <stdbool.h>
#include <string.h>

#include "packets.h"
#include "twin.h"

#define GEN_MAX 70000
#define GEN_ZEROED 2200 /* what gen_ip clears: more than gen_any uses */

struct gen {
	uint8_t b[GEN_MAX];
	size_t len;
	size_t l4; /* offset of the transport header */
	struct vnet v;
};

static inline void
gen_16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8 & 255);
	p[1] = (uint8_t)(v & 255);
}

static inline void
gen_32(uint8_t *p, uint32_t v)
{
	gen_16(p, v >> 16);
	gen_16(p + 2, v & 0xffff);
}

/* IP header only; addresses in text. */
static inline void
gen_ip(struct gen *g, const char *src, const char *dst, uint8_t proto)
{
	struct addr s = {0}, d = {0};

	memset(g->b, 0, GEN_ZEROED);
	g->v = (struct vnet){0};
	addr_parse(src, &s);
	addr_parse(dst, &d);
	if (s.family == 4) {
		g->b[0] = 0x45;
		gen_16(g->b + 4, 0x1234);
		g->b[6] = 0x40;
		g->b[8] = 64;
		g->b[9] = proto;
		memcpy(g->b + 12, s.b, 4);
		memcpy(g->b + 16, d.b, 4);
		g->len = 20;
	} else {
		g->b[0] = 0x60;
		g->b[6] = proto;
		g->b[7] = 64;
		memcpy(g->b + 8, s.b, 16);
		memcpy(g->b + 24, d.b, 16);
		g->len = 40;
	}
	g->l4 = g->len;
}

/* Append an IPv6 extension header of n octets; the rest of it is zero. */
static inline uint8_t *
gen_ext(struct gen *g, uint8_t type, size_t n)
{
	uint8_t *h = g->b + g->len, *next = g->b + 6;
	size_t at = 40;

	if (g->b[0] >> 4 == 4)
		next = g->b + 9;
	else
		while (at < g->len) { /* the last header's next-header field */
			uint8_t me = *next;

			next = g->b + at;
			at += me == 44 ? 8
			    : me == 51 ? (g->b[at + 1] + 2u) * 4
				       : (g->b[at + 1] + 1u) * 8;
		}
	memset(h, 0, n);
	h[0] = *next;
	*next = type;
	h[1] = (uint8_t)(type == 44 ? 0 : type == 51 ? n / 4 - 2 : n / 8 - 1);
	if (type == 43) {
		h[2] = 4;
	} else if (type == 0 || type == 60) {
		h[2] = 1; /* PadN */
		h[3] = (uint8_t)(n - 4);
	}
	g->len += n;
	g->l4 = g->len;
	return h;
}

/* Total lengths and the IPv4 header's checksum. */
static inline void
gen_seal(struct gen *g)
{
	if (g->b[0] >> 4 == 6) {
		gen_16(g->b + 4, g->len - 40);
		return;
	}
	gen_16(g->b + 2, g->len);
	gen_16(g->b + 10, 0);
	gen_16(g->b + 10, (uint16_t)~twin_sum(0, g->b, (g->b[0] & 15u) * 4));
}

/* Transport checksum of TCP or UDP, and gen_seal. */
static inline void
gen_sum(struct gen *g, uint8_t proto)
{
	uint8_t *at = g->b + g->l4 + (proto == 6 ? 16 : 6);
	size_t n = g->len - g->l4;
	uint16_t sum;

	gen_16(at, 0);
	sum = twin_sum(twin_pseudo(g->b, proto, n), g->b + g->l4, n);
	sum = (uint16_t)~sum;
	gen_16(at, sum == 0 && proto == 17 ? 0xffff : sum);
	gen_seal(g);
}

static inline void
gen_payload(struct gen *g, size_t n, uint8_t first)
{
	for (size_t i = 0; i < n; i++)
		g->b[g->len++] = (uint8_t)(first + i * 7);
}

/* Append a TCP header (ACK) of hdr octets with n octets payload. */
static inline void
gen_tcp(struct gen *g, uint16_t dport, uint32_t seq, size_t hdr, size_t n)
{
	uint8_t *h = g->b + g->len;

	memset(h, 0, hdr);
	gen_16(h, 40000);
	gen_16(h + 2, dport);
	gen_32(h + 4, seq);
	gen_32(h + 8, 77);
	h[12] = (uint8_t)(hdr / 4 << 4);
	h[13] = 0x10;
	gen_16(h + 14, 500);
	memset(h + 20, 1, hdr - 20);
	g->len += hdr;
	gen_payload(g, n, (uint8_t)seq);
	gen_sum(g, 6);
}

static inline void
gen_udp(struct gen *g, uint16_t dport, size_t n)
{
	uint8_t *h = g->b + g->len;

	memset(h, 0, 8);
	gen_16(h, 40000);
	gen_16(h + 2, dport);
	gen_16(h + 4, n + 8);
	g->len += 8;
	gen_payload(g, n, 3);
	gen_sum(g, 17);
}

/* Mark as a super-packet (or, gso 0, as one with a partial checksum). */
static inline void
gen_gso(struct gen *g, uint8_t type, uint16_t gso)
{
	bool tcp = type == VNET_GSO_TCPV4 || type == VNET_GSO_TCPV6;

	g->v = (struct vnet){.flags = VNET_F_NEEDS_CSUM,
	    .gso_type = gso == 0 ? 0 : type,
	    .gso_size = gso,
	    .csum_start = (uint16_t)g->l4,
	    .csum_offset = tcp ? 16 : 6};
	if (gso != 0)
		g->v.hdr_len = (uint16_t)(g->l4 +
		    (tcp ? (g->b[g->l4 + 12] >> 4) * 4u : 8u));
}

/* ---- by dice ---- */

static inline uint32_t
gen_dice(uint64_t *r, uint32_t n)
{
	*r = *r * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*r >> 33) % n);
}

static inline const char *
gen_address(uint64_t *r, bool six)
{
	static const char *const four[] = {"10.77.0.1", "10.77.0.1",
	    "10.77.0.2", "10.77.0.2", "10.77.9.9", "10.77.255.255",
	    "10.77.50.7", "192.168.1.9", "192.168.1.255", "192.168.20.3",
	    "192.168.20.77", "127.0.0.1", "169.254.3.4", "224.0.0.251",
	    "255.255.255.255", "0.0.0.0", "8.8.8.8", "240.0.0.1"};
	static const char *const six_[] = {"fd77::1", "fd77::1", "fd77::2",
	    "fd77::2", "fd77::50:7", "fd01::9", "fd20::3", "fd20::77:1", "::1",
	    "::", "fe80::1", "ff02::16", "::ffff:10.77.0.2", "::ffff:10.77.0.1",
	    "2002:a4d:2::1", "::10.77.0.2", "2001:db8::1"};

	if (six)
		return six_[gen_dice(r, sizeof(six_) / sizeof(six_[0]))];
	return four[gen_dice(r, sizeof(four) / sizeof(four[0]))];
}

static inline void
gen_any_exts(struct gen *g, uint64_t *r, bool six)
{
	static const uint8_t types[] = {0, 43, 44, 51, 60, 60, 44};
	unsigned n = gen_dice(r, 3) ? 0 : gen_dice(r, 11);
	uint8_t type, *h;

	if (!six) {
		if (gen_dice(r, 20) == 0)
			gen_ext(g, 51, 8 + 4 * gen_dice(r, 6));
		return;
	}
	while (n-- > 0) {
		type = types[gen_dice(r, sizeof(types))];
		if (type == 0 && g->len > 40 && gen_dice(r, 4))
			type = 60;
		h = gen_ext(g, type, 8 + (type == 44 ? 0 : 8 * gen_dice(r, 3)));
		if (type == 44 && gen_dice(r, 2))
			gen_16(h + 2, gen_dice(r, 3) ? 1 : gen_dice(r, 65536));
		if (type == 43 && gen_dice(r, 4) == 0)
			h[2 + gen_dice(r, 2)] = (uint8_t)gen_dice(r, 3);
	}
}

static inline void
gen_any_options(struct gen *g, uint64_t *r)
{
	static const uint8_t types[] = {0, 1, 1, 1, 7, 68, 131, 137, 148};
	size_t n = 4 * gen_dice(r, 11);

	for (size_t i = 0; i < n; i++)
		g->b[20 + i] = gen_dice(r, 2)
		    ? types[gen_dice(r, sizeof(types))]
		    : (uint8_t)(2 + gen_dice(r, 6));
	if (gen_dice(r, 2))
		memset(g->b + 20, 1, n);
	g->b[0] = (uint8_t)(0x45 + n / 4);
	g->len = g->l4 = 20 + n;
}

static inline void
gen_any_l4(struct gen *g, uint64_t *r, uint8_t proto)
{
	static const uint16_t ports[] = {22, 3306, 80, 5201, 65535, 0};
	uint16_t port = ports[gen_dice(r, 6)];
	size_t n = gen_dice(r, 4) ? gen_dice(r, 900) : gen_dice(r, 12);

	if (proto == 6) {
		gen_tcp(g, port, gen_dice(r, 1000),
		    20 + 4 * (gen_dice(r, 3) ? 0 : gen_dice(r, 11)), n);
	} else if (proto == 17) {
		gen_udp(g, port, n);
	} else {
		gen_payload(g, n, (uint8_t)gen_dice(r, 256));
		if (n >= 4)
			gen_16(g->b + g->l4 + 2, port);
	}
	gen_seal(g);
}

static inline void
gen_any_vnet(struct gen *g, uint64_t *r, uint8_t proto)
{
	bool six = g->b[0] >> 4 == 6;
	uint8_t type = proto == 17 ? VNET_GSO_UDP_L4
	    : six                  ? VNET_GSO_TCPV6
				   : VNET_GSO_TCPV4;

	if (gen_dice(r, 2) && (proto == 6 || proto == 17))
		gen_gso(g, type, (uint16_t)gen_dice(r, 300));
	switch (gen_dice(r, 24)) {
	case 0:
		g->v.flags = (uint8_t)gen_dice(r, 5);
		break;
	case 1:
		g->v.gso_type ^= (uint8_t)gen_dice(r, 8);
		break;
	case 2:
		g->v.gso_type |= VNET_GSO_ECN;
		break;
	case 3:
		g->v.hdr_len = (uint16_t)gen_dice(r, 1200);
		break;
	case 4:
		g->v.gso_size = (uint16_t)gen_dice(r, 20);
		break;
	case 5:
		g->v.csum_start = (uint16_t)gen_dice(r, 65536);
		break;
	case 6:
		g->v.csum_offset = (uint16_t)gen_dice(r, 20);
		break;
	default:
		break;
	}
}

/* Something in the finished headers goes wrong. */
static inline void
gen_any_fault(struct gen *g, uint64_t *r)
{
	switch (gen_dice(r, 12)) {
	case 0: /* shorter or longer than it says */
		g->len = gen_dice(r, (uint32_t)g->len + 1);
		break;
	case 1:
		g->len += gen_dice(r, 20);
		break;
	case 2:
		g->b[0] = (uint8_t)gen_dice(r, 256);
		break;
	case 3:
		g->b[gen_dice(r, (uint32_t)g->len)] ^=
		    (uint8_t)(1 << gen_dice(r, 8));
		break;
	case 4:
		g->b[gen_dice(r, 60)] = (uint8_t)gen_dice(r, 256);
		break;
	case 5: /* cut, but consistently */
		g->len -= gen_dice(r, (uint32_t)(g->len - g->l4) + 1);
		gen_seal(g);
		break;
	case 6: /* jumbogram, or no total length */
		gen_16(g->b + (g->b[0] >> 4 == 6 ? 4 : 2), 0);
		break;
	default:
		break;
	}
}

static inline void
gen_any(struct gen *g, uint64_t *r)
{
	static const uint8_t protos[] = {
	    6, 6, 6, 17, 17, 17, 132, 33, 136, 1, 58, 4, 41, 47, 50, 59, 51, 0};
	uint8_t proto = protos[gen_dice(r, sizeof(protos))];
	bool six = gen_dice(r, 2);
	const char *src = gen_address(r, six);

	gen_ip(g, src, gen_address(r, six), proto);
	if (!six && gen_dice(r, 6) == 0)
		gen_any_options(g, r);
	if (!six && gen_dice(r, 5) == 0)
		gen_16(g->b + 6, gen_dice(r, 2) ? 0x2000 : gen_dice(r, 65536));
	gen_any_exts(g, r, six);
	gen_any_l4(g, r, proto);
	gen_any_vnet(g, r, proto);
	if (gen_dice(r, 3) == 0)
		gen_any_fault(g, r);
}

/* The node all those addresses are about. */
static inline void
gen_node(struct conf_node *c, bool filter)
{
	memset(c, 0, sizeof(*c));
	prefix_parse("10.77.0.1/16", &c->address[c->naddresses++]);
	prefix_parse("fd77::1/64", &c->address[c->naddresses++]);
	prefix_parse("10.77.0.0/16", &c->subnet[c->nsubnets++]);
	prefix_parse("fd77::/64", &c->subnet[c->nsubnets++]);
	prefix_parse("192.168.20.0/24", &c->route[c->nroutes++]);
	prefix_parse("fd20::/64", &c->route[c->nroutes++]);
	prefix_parse("192.168.1.0/24", &c->export[c->nexports++]);
	prefix_parse("fd01::/64", &c->export[c->nexports++]);
	prefix_parse("10.77.50.0/24", &c->export[c->nexports++]);
	prefix_parse("fd77::50:0/112", &c->export[c->nexports++]);
	prefix_parse("192.168.0.0/16", &c->export[c->nexports++]);
	if (filter) {
		c->port[c->nports++] = 22;
		c->port[c->nports++] = 3306;
		c->port[c->nports++] = 65535;
	}
}

#endif
