/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/merge.c */
/*
 * Merging: packets that were one super-packet at the sender become one again,
 * so that the host's stack is entered once for forty of them.
 *
 * Senders cut whole super-packets, so one open slot is enough.  What is merged
 * loses its own checksum; therefore each packet proves it first, and anything
 * unusual goes through alone, octet for octet as it came.
 */
#include <string.h>

#include "offload.h"

#define IP4_HDR 20
#define IP6_HDR 40
#define IP4_FLAGS 0xe000 /* with DF; MF is never set here */
#define TCP_SEQ 4
#define TCP_ACKNO 8
#define TCP_OFFSET 12
#define TCP_FLAGS 13
#define TCP_WINDOW 14
#define TCP_URGENT 18
#define TCP_HDR 20
#define TCP_PSH 0x08
#define TCP_ACK 0x10
#define UDP_LEN 4
#define UDP_CSUM 6

#define TAKES_ALL (OFFLOAD_CSUM | OFFLOAD_TSO4 | OFFLOAD_TSO6 | OFFLOAD_USO)

void
merge_init(struct merge *m, uint8_t *buf)
{
	*m = (struct merge){.buf = buf, .takes = TAKES_ALL};
}

/* Are all checksums of this packet there and right? */
static bool
verify(const struct pkt *p)
{
	const uint8_t *l4 = p->data + p->l4;
	uint32_t len = (uint32_t)(p->ip_len - p->l4);

	if (pkt_l4_hdr(p) == 0)
		return false;
	if (p->version == 4 && csum_fold(csum_add(0, p->data, p->l4)) != 0)
		return false;
	if (p->proto == PROTO_UDP &&
	    (pkt_u16(l4 + UDP_LEN) != len || pkt_u16(l4 + UDP_CSUM) == 0))
		return false;
	return csum_fold(csum_add(csum_pseudo(p, p->proto, len), l4, len)) == 0;
}

static bool
tun_takes(const struct merge *m, const struct pkt *p)
{
	uint8_t need = OFFLOAD_USO;

	if ((m->takes & OFFLOAD_CSUM) == 0)
		return false;
	if (p->proto == PROTO_TCP)
		need = p->version == 4 ? OFFLOAD_TSO4 : OFFLOAD_TSO6;
	return (m->takes & need) != 0;
}

/* May this packet be part of any super-packet?  hdr: all its headers. */
static bool
plain(const struct pkt *p, size_t hdr)
{
	const uint8_t *l4 = p->data + p->l4;

	if (hdr == p->l4 || p->ip_len == hdr)
		return false;
	if (p->l4 != (p->version == 4 ? IP4_HDR : IP6_HDR))
		return false;
	if (p->proto == PROTO_UDP)
		return true;
	return (l4[TCP_OFFSET] & 15) == 0 && pkt_u16(l4 + TCP_URGENT) == 0 &&
	    (l4[TCP_FLAGS] | TCP_PSH) == (TCP_ACK | TCP_PSH);
}

static bool
pushes(const struct pkt *p)
{
	return p->proto == PROTO_TCP &&
	    (p->data[p->l4 + TCP_FLAGS] & TCP_PSH) != 0;
}

void
merge_open(struct merge *m, const struct pkt *p)
{
	m->len = 0;
	if (p->ip_len > PK_IP_MAX)
		return;
	memcpy(m->buf, p->data, p->ip_len);
	m->p = *p;
	m->p.data = m->buf;
	m->p.len = p->ip_len;
	m->len = p->ip_len;
	m->hdr = p->l4 + pkt_l4_hdr(p);
	m->gso = p->ip_len - m->hdr;
	m->count = 1;
	m->verified = verify(p);
	m->closed =
	    !m->verified || !plain(p, m->hdr) || pushes(p) || !tun_takes(m, p);
	if (!m->closed && p->proto == PROTO_TCP)
		m->next_seq =
		    pkt_u32(p->data + p->l4 + TCP_SEQ) + (uint32_t)m->gso;
}

/* Everything of the IP header but length, id and checksum. */
static bool
same_ip(const uint8_t *a, const uint8_t *b, uint8_t version)
{
	if (version == 6)
		return memcmp(a, b, 4) == 0 &&
		    memcmp(a + 6, b + 6, IP6_HDR - 6) == 0;
	return memcmp(a, b, 2) == 0 && memcmp(a + 8, b + 8, 2) == 0 &&
	    memcmp(a + 12, b + 12, 8) == 0 &&
	    ((pkt_u16(a + 6) ^ pkt_u16(b + 6)) & IP4_FLAGS) == 0;
}

/* Ports, acknowledgment, window, options. */
static bool
same_tcp(const uint8_t *a, const uint8_t *b, size_t hdr)
{
	return memcmp(a, b, 4) == 0 &&
	    memcmp(a + TCP_ACKNO, b + TCP_ACKNO, 4) == 0 &&
	    memcmp(a + TCP_WINDOW, b + TCP_WINDOW, 2) == 0 &&
	    memcmp(a + TCP_HDR, b + TCP_HDR, hdr - TCP_HDR) == 0;
}

/* Does p, of n octets payload, come next in the flow that is open? */
static bool
continues(const struct merge *m, const struct pkt *p, size_t n)
{
	const uint8_t *a = m->buf + m->p.l4, *b = p->data + p->l4;

	if (n > m->gso || m->len + n > PK_IP_MAX)
		return false;
	if (!same_ip(m->buf, p->data, p->version))
		return false;
	if (p->proto == PROTO_UDP)
		return m->count < MERGE_UDP_MAX && memcmp(a, b, 4) == 0;
	return pkt_u32(b + TCP_SEQ) == m->next_seq &&
	    same_tcp(a, b, m->hdr - m->p.l4);
}

bool
merge_add(struct merge *m, const struct pkt *p)
{
	size_t hdr, n;

	if (m->len == 0 || m->closed)
		return false;
	if (p->version != m->p.version || p->proto != m->p.proto)
		return false;
	hdr = p->l4 + pkt_l4_hdr(p);
	if (hdr != m->hdr || !plain(p, hdr))
		return false;
	n = p->ip_len - hdr;
	if (!continues(m, p, n) || !verify(p))
		return false;
	memcpy(m->buf + m->len, p->data + hdr, n);
	m->len += n;
	m->next_seq += (uint32_t)n;
	m->count++;
	if (pushes(p))
		m->buf[m->p.l4 + TCP_FLAGS] |= TCP_PSH;
	m->closed = n < m->gso || pushes(p);
	return true;
}

static void
fix_headers(struct merge *m)
{
	uint8_t *l4 = m->buf + m->p.l4;
	uint32_t l4len = (uint32_t)(m->len - m->p.l4);

	if (m->p.version == 4) {
		pkt_put16(m->buf + 2, m->len);
		pkt_put16(m->buf + 10, 0);
		pkt_put16(m->buf + 10, csum_fold(csum_add(0, m->buf, IP4_HDR)));
	} else
		pkt_put16(m->buf + 4, m->len - IP6_HDR);
	if (m->p.proto == PROTO_UDP)
		pkt_put16(l4 + UDP_LEN, l4len);
	/* the kernel adds the rest to this, so it is not complemented */
	pkt_put16(l4 + pkt_csum_at(m->p.proto),
	    (uint16_t)~csum_fold(csum_pseudo(&m->p, m->p.proto, l4len)));
}

static uint8_t
gso_type(const struct pkt *p)
{
	if (p->proto == PROTO_UDP)
		return VNET_GSO_UDP_L4;
	return p->version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6;
}

size_t
merge_finish(struct merge *m, struct vnet *v)
{
	size_t len = m->len;

	*v = (struct vnet){0};
	m->len = 0;
	if (len == 0)
		return 0;
	if (m->count == 1) {
		if (m->verified && (m->takes & OFFLOAD_CSUM) != 0)
			v->flags = VNET_F_DATA_VALID;
		return len;
	}
	m->len = len;
	fix_headers(m);
	m->len = 0;
	v->flags = VNET_F_NEEDS_CSUM;
	v->gso_type = gso_type(&m->p);
	v->hdr_len = (uint16_t)m->hdr;
	v->gso_size = (uint16_t)m->gso;
	v->csum_start = m->p.l4;
	v->csum_offset = pkt_csum_at(m->p.proto);
	return len;
}
