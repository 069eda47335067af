/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/split.c */
/*
 * Cutting: one record of the TUN in, real packets out.
 *
 * The offload fields come through the tun role, and its guard has looked at
 * them, but nothing here depends on that: what they say must agree with the
 * packet's own headers, or the record is refused as a whole.  Every checksum
 * is made from the copy that was just written, so it is warm in the cache.
 */
#include <string.h>

#include "offload.h"

#define TCP_SEQ 4
#define TCP_FLAGS 13
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_PSH 0x08
#define TCP_URG 0x20
#define TCP_CWR 0x80
#define UDP_LEN 4
#define UDP_HDR 8
#define IP6_HDR 40
#define SHRINK_MIN 64 /* least payload of what was cut again */

static uint8_t
gso_kind(const struct vnet *v)
{
	return v->gso_type & (uint8_t)~VNET_GSO_ECN;
}

/* The partial checksum is where TCP or UDP has it. */
static bool
csum_fields_fit(const struct split *s)
{
	const struct pkt *p = &s->p;

	if (pkt_l4_hdr(p) == 0)
		return false;
	if (s->v.csum_start != p->l4 ||
	    s->v.csum_offset != pkt_csum_at(p->proto))
		return false;
	return p->proto != PROTO_UDP ||
	    pkt_u16(p->data + p->l4 + UDP_LEN) == p->ip_len - p->l4;
}

static bool
kind_fits(const struct vnet *v, const struct pkt *p)
{
	if (gso_kind(v) == VNET_GSO_UDP_L4)
		return v->gso_type == VNET_GSO_UDP_L4 && p->proto == PROTO_UDP;
	if (p->proto != PROTO_TCP)
		return false;
	return gso_kind(v) ==
	    (p->version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6);
}

static int
init_gso(struct split *s)
{
	const struct vnet *v = &s->v;
	size_t l4;

	if (!kind_fits(v, &s->p) || s->p.fixed)
		return -1;
	if ((v->flags & VNET_F_NEEDS_CSUM) == 0 || !csum_fields_fit(s))
		return -1;
	/* once: the packet may be in memory that another process writes */
	if ((l4 = pkt_l4_hdr(&s->p)) == 0)
		return -1;
	s->hdr = s->p.l4 + l4;
	s->off = s->hdr;
	if (v->hdr_len < s->hdr || v->hdr_len > s->len)
		return -1;
	if (v->gso_size == 0)
		return -1;
	if (s->p.proto == PROTO_TCP)
		return v->gso_size < SPLIT_TCP_MIN ? -1 : 0;
	return split_count(s) > SPLIT_UDP_MAX ? -1 : 0;
}

int
split_init(
    struct split *s, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	*s = (struct split){.pkt = pkt, .len = len, .v = *v};
	if (len > PK_IP_MAX || pkt_parse(&s->p, pkt, len) == -1)
		return -1;
	if (s->p.ip_len != len)
		return -1;
	if (v->flags != 0 && v->flags != VNET_F_NEEDS_CSUM &&
	    v->flags != VNET_F_DATA_VALID)
		return -1;
	if (v->gso_type != VNET_GSO_NONE)
		return init_gso(s);
	if (v->gso_size != 0)
		return -1;
	if (v->flags == VNET_F_NEEDS_CSUM && !csum_fields_fit(s))
		return -1;
	return 0;
}

/* Nothing about it depends on where it ends. */
static bool
is_plain_tcp(const struct split *s)
{
	const uint8_t *tcp = s->p.data + s->p.l4;

	return s->p.proto == PROTO_TCP && !s->p.fixed &&
	    s->v.flags == VNET_F_NEEDS_CSUM &&
	    (tcp[TCP_FLAGS] & (TCP_SYN | TCP_RST | TCP_URG)) == 0;
}

bool
split_shrink(struct split *s, size_t max)
{
	size_t hdr = s->hdr;
	bool whole = s->v.gso_type == VNET_GSO_NONE;

	if (whole ? !is_plain_tcp(s) : s->p.proto != PROTO_TCP)
		return false;
	if (whole)
		hdr = s->p.l4 + pkt_l4_hdr(&s->p);
	if (hdr <= s->p.l4 || hdr > s->len || max < hdr + SHRINK_MIN)
		return false;
	if (whole) {
		s->v.gso_type =
		    s->p.version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;
		s->hdr = hdr;
		s->off = hdr;
	}
	s->v.gso_size = (uint16_t)(max - hdr);
	return true;
}

unsigned
split_count(const struct split *s)
{
	size_t n;

	if (s->v.gso_type == VNET_GSO_NONE || s->len == s->hdr)
		return 1;
	n = s->len - s->hdr;
	return (unsigned)((n + s->v.gso_size - 1) / s->v.gso_size);
}

size_t
split_longest(const struct split *s)
{
	if (s->v.gso_type == VNET_GSO_NONE || s->len - s->hdr < s->v.gso_size)
		return s->len;
	return s->hdr + s->v.gso_size;
}

size_t
split_last(const struct split *s)
{
	if (s->v.gso_type == VNET_GSO_NONE || s->len == s->hdr)
		return s->len;
	return s->hdr + (s->len - s->hdr - 1) % s->v.gso_size + 1;
}

void
split_skip(struct split *s, unsigned n)
{
	s->off += (size_t)n * s->v.gso_size;
	s->index += n;
}

/* The transport checksum of a packet of len octets that is otherwise done. */
static void
put_csum(const struct pkt *p, uint8_t *out, size_t len)
{
	uint8_t *l4 = out + p->l4, *at = l4 + pkt_csum_at(p->proto);
	uint32_t l4len = (uint32_t)(len - p->l4);
	uint16_t sum;

	pkt_put16(at, 0);
	sum = csum_fold(csum_add(csum_pseudo(p, p->proto, l4len), l4, l4len));
	if (sum == 0 && p->proto == PROTO_UDP) /* 0 means none, RFC 768 */
		sum = 0xffff;
	pkt_put16(at, sum);
}

static void
fix_ip(const struct split *s, uint8_t *out, size_t len)
{
	if (s->p.version == 6) {
		pkt_put16(out + 4, len - IP6_HDR);
		return;
	}
	pkt_put16(out + 2, len);
	pkt_put16(out + 4, pkt_u16(s->pkt + 4) + s->index);
	pkt_put16(out + 10, 0);
	pkt_put16(out + 10, csum_fold(csum_add(0, out, s->p.l4)));
}

static void
fix_tcp(const struct split *s, uint8_t *l4, bool last)
{
	uint32_t seq = pkt_u32(s->pkt + s->p.l4 + TCP_SEQ);

	pkt_put32(l4 + TCP_SEQ, seq + s->index * s->v.gso_size);
	if (!last)
		l4[TCP_FLAGS] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
	if (s->index > 0)
		l4[TCP_FLAGS] &= (uint8_t)~TCP_CWR;
}

static size_t
next_segment(struct split *s, uint8_t *out, size_t cap)
{
	size_t n = s->len - s->off, len;
	bool last = n <= s->v.gso_size;

	if (!last)
		n = s->v.gso_size;
	len = s->hdr + n;
	if (cap < len)
		return 0;
	memcpy(out, s->pkt, s->hdr);
	memcpy(out + s->hdr, s->pkt + s->off, n);
	fix_ip(s, out, len);
	if (s->p.proto == PROTO_TCP)
		fix_tcp(s, out + s->p.l4, last);
	else
		pkt_put16(out + s->p.l4 + UDP_LEN, UDP_HDR + n);
	put_csum(&s->p, out, len);
	s->off += n;
	s->index++;
	s->done = last;
	return len;
}

size_t
split_next(struct split *s, uint8_t *out, size_t cap)
{
	if (s->done)
		return 0;
	if (s->v.gso_type != VNET_GSO_NONE)
		return next_segment(s, out, cap);
	if (cap < s->len)
		return 0;
	memcpy(out, s->pkt, s->len);
	if (s->v.flags == VNET_F_NEEDS_CSUM)
		put_csum(&s->p, out, s->len);
	s->done = true;
	return s->len;
}
