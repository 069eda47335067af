/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/pkt.c */
/*
 * The engine's view of one IP packet: a strict parser and the checksum.
 *
 * Whatever the packet path decides (source, route, flow, cutting, merging) it
 * decides on what is read here, once.  Every octet is read by index behind a
 * comparison with the length; there is no cast of packet memory.  It judges no
 * addresses and no ports: the guard in the tun role has its own parser, and
 * shares no code with this one on purpose.
 */
#include <endian.h>
#include <string.h>

#include "pkt.h"

#define IP4_HDR 20
#define IP6_HDR 40
#define TCP_HDR 20
#define UDP_HDR 8
#define PORTS_LEN 4 /* source and destination port */

#define EXT_HOP 0
#define EXT_ROUTE 43
#define EXT_FRAGMENT 44
#define EXT_AH 51
#define EXT_DEST 60

#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8
#define IP6_MF 1

uint16_t
pkt_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
pkt_u32(const uint8_t *p)
{
	return (uint32_t)pkt_u16(p) << 16 | pkt_u16(p + 2);
}

void
pkt_put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

void
pkt_put32(uint8_t *p, uint32_t v)
{
	pkt_put16(p, v >> 16);
	pkt_put16(p + 2, v);
}

static int
parse4(struct pkt *p)
{
	const uint8_t *d = p->data;
	uint16_t frag;
	size_t ihl;

	if (p->len < IP4_HDR)
		return -1;
	ihl = (size_t)(d[0] & 15) * 4;
	p->ip_len = pkt_u16(d + 2);
	if (ihl < IP4_HDR || p->ip_len < ihl || p->ip_len > p->len)
		return -1;
	frag = pkt_u16(d + 6);
	p->tos = d[1];
	p->df = (frag & IP4_DF) != 0;
	p->fragment = (frag & (IP4_MF | IP4_OFFSET)) != 0;
	p->first = (frag & IP4_OFFSET) == 0;
	p->ttl = d[8];
	p->proto = d[9];
	p->l4 = (uint16_t)ihl;
	p->src.family = p->dst.family = 4;
	memcpy(p->src.b, d + 12, 4);
	memcpy(p->dst.b, d + 16, 4);
	return 0;
}

static bool
is_ext(uint8_t proto)
{
	return proto == EXT_HOP || proto == EXT_ROUTE ||
	    proto == EXT_FRAGMENT || proto == EXT_AH || proto == EXT_DEST;
}

/* The extension header p->proto at p->l4: step over it.  0, or -1. */
static int
step_ext(struct pkt *p)
{
	const uint8_t *h = p->data + p->l4;
	size_t left = p->ip_len - p->l4, len;
	uint16_t frag;

	if (left < 8)
		return -1;
	len = ((size_t)h[1] + 1) * 8;
	if (p->proto == EXT_FRAGMENT)
		len = 8;
	else if (p->proto == EXT_AH)
		len = ((size_t)h[1] + 2) * 4;
	if (len > left)
		return -1;
	if (p->proto == EXT_ROUTE && (h[2] == 0 || h[3] != 0))
		return -1;
	if (p->proto == EXT_FRAGMENT) {
		frag = pkt_u16(h + 2);
		if ((frag & (IP6_OFFSET | IP6_MF)) != 0)
			p->fragment = true;
		if ((frag & IP6_OFFSET) != 0)
			p->first = false;
	}
	if (p->proto == EXT_FRAGMENT || p->proto == EXT_AH)
		p->fixed = true;
	p->proto = h[0];
	p->l4 = (uint16_t)(p->l4 + len);
	return 0;
}

static bool
is_mapped(const struct addr *a)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a->b, head, sizeof(head)) == 0;
}

static int
parse6(struct pkt *p)
{
	const uint8_t *d = p->data;
	unsigned n;

	if (p->len < IP6_HDR)
		return -1;
	p->ip_len = IP6_HDR + (size_t)pkt_u16(d + 4);
	if (p->ip_len == IP6_HDR || p->ip_len > p->len)
		return -1;
	p->tos = (uint8_t)(d[0] << 4 | d[1] >> 4);
	p->df = true;
	p->first = true;
	p->proto = d[6];
	p->ttl = d[7];
	p->l4 = IP6_HDR;
	p->src.family = p->dst.family = 6;
	memcpy(p->src.b, d + 8, 16);
	memcpy(p->dst.b, d + 24, 16);
	if (is_mapped(&p->src) || is_mapped(&p->dst))
		return -1;
	for (n = 0; p->first && is_ext(p->proto); n++) {
		if (n == PKT_EXT_MAX || (p->proto == EXT_HOP && n > 0))
			return -1;
		if (step_ext(p) == -1)
			return -1;
	}
	return 0;
}

static bool
has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

int
pkt_parse(struct pkt *p, const uint8_t *data, size_t len)
{
	int ok = -1;

	*p = (struct pkt){.data = data, .len = len};
	if (len == 0)
		return -1;
	p->version = data[0] >> 4;
	if (p->version == 4)
		ok = parse4(p);
	else if (p->version == 6)
		ok = parse6(p);
	if (ok == -1)
		return -1;
	if (p->fragment || !has_ports(p->proto))
		return 0;
	if (p->ip_len - p->l4 < PORTS_LEN)
		return -1;
	p->sport = pkt_u16(data + p->l4);
	p->dport = pkt_u16(data + p->l4 + 2);
	return 0;
}

size_t
pkt_l4_hdr(const struct pkt *p)
{
	size_t left = p->ip_len - p->l4, len;

	if (p->fragment)
		return 0;
	if (p->proto == PROTO_UDP)
		return left < UDP_HDR ? 0 : UDP_HDR;
	if (p->proto != PROTO_TCP || left < TCP_HDR)
		return 0;
	len = (size_t)(p->data[p->l4 + 12] >> 4) * 4;
	return len < TCP_HDR || len > left ? 0 : len;
}

uint16_t
pkt_csum_at(uint8_t proto)
{
	if (proto == PROTO_TCP)
		return 16;
	return proto == PROTO_UDP ? 6 : 0;
}

static uint32_t
carry(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

/*
 * Summed as native words, the two halves of each apart so that nothing is
 * carried out; the byte order of the folded result is put right once (RFC 1071
 * section 2 B).  Two words at a time, as what gcc and clang call a vector, in
 * four sums that do not wait for each other: a quarter of what the plain loop
 * takes, on any machine.
 */
typedef uint64_t words __attribute__((vector_size(16)));
#define CSUM_BLOCK (4 * sizeof(words))

static inline words
csum_words(const uint8_t *p)
{
	words w;

	memcpy(&w, p, sizeof(w));
	return (w & 0xffffffff) + (w >> 32);
}

static uint64_t
csum_blocks(const uint8_t *p, size_t blocks)
{
	words a = {0}, b = {0}, c = {0}, d = {0};

	for (; blocks > 0; blocks--, p += CSUM_BLOCK) {
		a += csum_words(p);
		b += csum_words(p + sizeof(words));
		c += csum_words(p + 2 * sizeof(words));
		d += csum_words(p + 3 * sizeof(words));
	}
	a += b + c + d;
	return a[0] + a[1];
}

uint32_t
csum_add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t acc = 0;
	uint32_t w;
	uint8_t tail[4] = {0};

	if (len >= CSUM_BLOCK) {
		acc = csum_blocks(p, len / CSUM_BLOCK);
		p += len / CSUM_BLOCK * CSUM_BLOCK;
		len %= CSUM_BLOCK;
	}
	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		acc += w;
	}
	if (len > 0) {
		memcpy(tail, p, len);
		memcpy(&w, tail, sizeof(w));
		acc += w;
	}
	return carry(sum) + be16toh((uint16_t)carry(acc));
}

uint16_t
csum_fold(uint32_t sum)
{
	return (uint16_t)~carry(sum);
}

uint32_t
csum_pseudo(const struct pkt *p, uint8_t proto, uint32_t l4len)
{
	uint32_t sum;

	if (p->version == 4)
		sum = csum_add(0, p->data + 12, 8);
	else
		sum = csum_add(0, p->data + 8, 32);
	return sum + proto + (l4len >> 16) + (l4len & 0xffff);
}
