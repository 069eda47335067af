/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/icmp.c */
/*
 * ICMP and ICMPv6 errors for the local host.
 *
 * They go to the TUN like any packet from a peer, so they must pass the guard:
 * their source is the destination nobody could reach.  Where an error would be
 * wrong by the RFCs, or the guard would drop it, nothing is made.  The caller
 * limits the rate.
 */
#include <string.h>

#include "icmp.h"

#define IP4_HDR 20
#define IP6_HDR 40
#define ICMP_HDR 8
#define ICMP4_MAX 576 /* the whole datagram, RFC 1812 section 4.3.2.3 */
#define TTL 64
#define TOS_CONTROL 0xc0 /* precedence 6, RFC 1812 section 4.3.2.5 */

struct kind {
	uint8_t type4, code4, type6, code6;
};

/* clang-format off */
static const struct kind kinds[] = {
	[ICMP_NO_ROUTE]   = { 3, 0,  1, 0 },
	[ICMP_HOST]       = { 3, 1,  1, 3 },
	[ICMP_PROHIBITED] = { 3, 13, 1, 1 },
	[ICMP_TOO_BIG]    = { 3, 4,  2, 0 },
};
/* clang-format on */

/* Questions and answers; every other type may be an error (RFC 1122 3.2.2). */
static bool
icmp4_query(uint8_t type)
{
	return type == 0 || type == 8 || (type >= 13 && type <= 18);
}

/* Errors are below 128; a redirect must not cause one either. */
static bool
icmp6_info(uint8_t type)
{
	return type >= 128 && type != 137;
}

static bool
may_complain(enum icmp_what what, const struct pkt *p)
{
	uint8_t type;

	if (!p->first)
		return false;
	if (addr_is_special(&p->src) || addr_is_special(&p->dst))
		return false;
	if (what == ICMP_TOO_BIG && !p->df) /* it is to be cut instead */
		return false;
	if (p->proto != (p->version == 4 ? PROTO_ICMP : PROTO_ICMP6))
		return true;
	if (p->ip_len <= p->l4)
		return false;
	type = p->data[p->l4];
	return p->version == 4 ? icmp4_query(type) : icmp6_info(type);
}

static size_t
make4(uint8_t *out, const struct kind *k, uint16_t mtu, const struct pkt *p)
{
	size_t quote = p->ip_len, len;

	if (quote > ICMP4_MAX - IP4_HDR - ICMP_HDR)
		quote = ICMP4_MAX - IP4_HDR - ICMP_HDR;
	len = IP4_HDR + ICMP_HDR + quote;
	memset(out, 0, IP4_HDR + ICMP_HDR);
	out[0] = 0x45;
	out[1] = TOS_CONTROL;
	pkt_put16(out + 2, len);
	pkt_put16(out + 6, 0x4000); /* DF: then an id of 0 is fine, RFC 6864 */
	out[8] = TTL;
	out[9] = PROTO_ICMP;
	memcpy(out + 12, p->dst.b, 4);
	memcpy(out + 16, p->src.b, 4);
	pkt_put16(out + 10, csum_fold(csum_add(0, out, IP4_HDR)));
	out[IP4_HDR] = k->type4;
	out[IP4_HDR + 1] = k->code4;
	pkt_put16(out + IP4_HDR + 6, mtu); /* RFC 1191 section 4 */
	memcpy(out + IP4_HDR + ICMP_HDR, p->data, quote);
	pkt_put16(out + IP4_HDR + 2,
	    csum_fold(csum_add(0, out + IP4_HDR, ICMP_HDR + quote)));
	return len;
}

static size_t
make6(uint8_t *out, const struct kind *k, uint16_t mtu, const struct pkt *p)
{
	size_t quote = p->ip_len, l4len;
	struct pkt self = {.data = out, .version = 6};
	uint32_t sum;

	if (quote > ICMP_MAX - IP6_HDR - ICMP_HDR)
		quote = ICMP_MAX - IP6_HDR - ICMP_HDR;
	l4len = ICMP_HDR + quote;
	memset(out, 0, IP6_HDR + ICMP_HDR);
	out[0] = 0x60;
	pkt_put16(out + 4, l4len);
	out[6] = PROTO_ICMP6;
	out[7] = TTL;
	memcpy(out + 8, p->dst.b, 16);
	memcpy(out + 24, p->src.b, 16);
	out[IP6_HDR] = k->type6;
	out[IP6_HDR + 1] = k->code6;
	pkt_put16(out + IP6_HDR + 6, mtu);
	memcpy(out + IP6_HDR + ICMP_HDR, p->data, quote);
	sum = csum_pseudo(&self, PROTO_ICMP6, (uint32_t)l4len);
	sum = csum_add(sum, out + IP6_HDR, l4len);
	pkt_put16(out + IP6_HDR + 2, csum_fold(sum));
	return IP6_HDR + l4len;
}

size_t
icmp_make(
    uint8_t *out, enum icmp_what what, uint16_t mtu, const struct pkt *about)
{
	if (!may_complain(what, about))
		return 0;
	if (what != ICMP_TOO_BIG)
		mtu = 0;
	if (about->version == 4)
		return make4(out, &kinds[what], mtu, about);
	return make6(out, &kinds[what], mtu, about);
}
