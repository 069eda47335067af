/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/filter_look.c */
/*
 * What a packet is to the filter: who talks to whom, of which connection, or
 * about which one.  pkt.c has read its headers already; what it leaves open is
 * the ports of first fragments, ICMP, and what ICMP quotes.  Nothing is
 * believed that a fragment does not show.
 */
#include <string.h>

#include "filter_int.h"

#define IP4_HDR 20
#define IP6_HDR 40
#define EXT_FRAGMENT 44
#define EXT_AH 51
#define PORTS_LEN 4
#define ICMP_LEN 8
#define TCP_FLAGS 13
#define TH_FIN 1
#define TH_SYN 2
#define TH_RST 4
#define TH_ACK 16

static bool
is_icmp(const struct pkt *p)
{
	return p->proto == (p->version == 4 ? PROTO_ICMP : PROTO_ICMP6);
}

static void
key_init(struct key *k, const struct subject *s, uint8_t version)
{
	memset(k, 0, sizeof(*k));
	k->kind = version;
	k->proto = s->proto;
	memcpy(k->near, s->near.b, sizeof(k->near));
	memcpy(k->far, s->far.b, sizeof(k->far));
}

static void
key_ports(struct key *k, bool out, uint16_t sport, uint16_t dport)
{
	k->near_port = out ? sport : dport;
	k->far_port = out ? dport : sport;
}

enum icmp_kind { ICMP_ASK, ICMP_ANSWER, ICMP_ERROR, ICMP_OTHER };

static enum icmp_kind
icmp_kind(uint8_t version, uint8_t type)
{
	if (version == 6) {
		if (type == 128 || type == 129)
			return type == 128 ? ICMP_ASK : ICMP_ANSWER;
		return type >= 1 && type <= 4 ? ICMP_ERROR : ICMP_OTHER;
	}
	if (type == 8 || type == 13)
		return ICMP_ASK;
	if (type == 0 || type == 14)
		return ICMP_ANSWER;
	/* unreachable, time exceeded, parameter problem; never a redirect */
	return type == 3 || type == 11 || type == 12 ? ICMP_ERROR : ICMP_OTHER;
}

/* An echo and its answer: the identifier, and which end asks. */
static void
key_echo(struct key *k, bool near_asks, uint16_t id, bool timestamp)
{
	k->kind |= near_asks ? KIND_NEAR_ASKS : KIND_FAR_ASKS;
	k->near_port = id;
	k->far_port = timestamp;
}

/*
 * The packet that an ICMP error quotes: at least its IP header and 8 octets
 * (RFC 792, RFC 4443 section 2.4 (c)).  Those that were cut or are fragments
 * themselves quote no connection.
 */
static bool
quote(struct view *v, const uint8_t *d, size_t len, uint8_t version)
{
	size_t l4 = IP6_HDR;
	struct subject inner = {0};
	uint16_t sport = 0, dport = 0;

	if (len < (version == 4 ? IP4_HDR : IP6_HDR) + 8 ||
	    d[0] >> 4 != version)
		return false;
	if (version == 4) {
		l4 = (size_t)(d[0] & 15) * 4;
		if (l4 < IP4_HDR || len < l4 + 8 ||
		    (pkt_u16(d + 6) & 0x3fff) != 0)
			return false;
	}
	inner.proto = d[version == 4 ? 9 : 6];
	v->quoted.family = version;
	memcpy(v->quoted.b, d + (version == 4 ? 12 : 8), version == 4 ? 4 : 16);
	inner.near.family = inner.far.family = version;
	/* who is told of it sent it: an error that comes in is about what we
	 * sent, so that the quoted source is the near end */
	memcpy(v->s.out ? inner.far.b : inner.near.b, v->quoted.b, 16);
	memcpy(v->s.out ? inner.near.b : inner.far.b,
	    d + (version == 4 ? 16 : 24), version == 4 ? 4 : 16);
	key_init(&v->key, &inner, version);
	if (filter_has_ports(inner.proto)) {
		sport = pkt_u16(d + l4);
		dport = pkt_u16(d + l4 + 2);
	} else if (inner.proto == (version == 4 ? PROTO_ICMP : PROTO_ICMP6)) {
		if (icmp_kind(version, d[l4]) != ICMP_ASK)
			return false;
		key_echo(&v->key, !v->s.out, pkt_u16(d + l4 + 4), d[l4] == 13);
		return true;
	}
	key_ports(&v->key, !v->s.out, sport, dport);
	return true;
}

static enum look
look_icmp(struct view *v, const struct pkt *p)
{
	const uint8_t *h = p->data + p->l4;
	size_t len = p->ip_len - p->l4;
	enum icmp_kind kind;

	if (len < ICMP_LEN)
		return LOOK_ALONE;
	kind = icmp_kind(p->version, h[0]);
	if (kind == ICMP_ERROR)
		return quote(v, h + ICMP_LEN, len - ICMP_LEN, p->version)
		    ? LOOK_ERROR
		    : LOOK_ALONE;
	if (kind == ICMP_OTHER)
		return LOOK_ALONE;
	key_echo(&v->key, v->s.out == (kind == ICMP_ASK), pkt_u16(h + 4),
	    p->version == 4 && h[0] >= 13);
	return LOOK_KEY;
}

static enum look
look_ports(struct view *v, const struct pkt *p)
{
	const uint8_t *h = p->data + p->l4;
	size_t len = p->ip_len - p->l4;

	if (len < PORTS_LEN) {
		v->s.knows_port = false;
		return LOOK_ALONE;
	}
	v->s.dport = pkt_u16(h + 2);
	key_ports(&v->key, v->s.out, pkt_u16(h), v->s.dport);
	if (p->proto == PROTO_TCP && len > TCP_FLAGS) {
		v->syn = (h[TCP_FLAGS] & (TH_SYN | TH_ACK)) == TH_SYN;
		v->end = (h[TCP_FLAGS] & (TH_FIN | TH_RST)) != 0;
	}
	return LOOK_KEY;
}

void
filter_look(struct view *v, const struct filter_ask *a)
{
	const struct pkt *p = a->p;

	*v = (struct view){.s = {.out = a->out,
			       .knows_proto = p->first || p->version == 4,
			       .knows_port = p->first,
			       .proto = p->proto,
			       .near = a->out ? p->src : p->dst,
			       .far = a->out ? p->dst : p->src,
			       .who = a->who}};
	key_init(&v->key, &v->s, p->version);
	if (!p->first)
		v->look = LOOK_PIECE;
	else if (filter_has_ports(p->proto))
		v->look = look_ports(v, p);
	else if (is_icmp(p))
		v->look = look_icmp(v, p);
	else
		v->look = LOOK_KEY;
}

/* Where the identification of a fragment is.  It was parsed, so it is there. */
static uint32_t
piece_id(const struct pkt *p)
{
	const uint8_t *d = p->data;
	uint8_t type = d[6];
	size_t at = IP6_HDR;

	if (p->version == 4)
		return pkt_u16(d + 4);
	while (type != EXT_FRAGMENT && at + 8 <= p->l4) {
		type = d[at];
		at += type == EXT_AH ? ((size_t)d[at + 1] + 2) * 4
				     : ((size_t)d[at + 1] + 1) * 8;
	}
	return at + 8 <= p->l4 ? pkt_u32(d + at + 4) : 0;
}

void
filter_pieces(struct key *k, const struct view *v, const struct pkt *p)
{
	uint32_t id = piece_id(p);

	key_init(k, &v->s, p->version);
	/* the receiver does not look at later fragments' in IPv6 */
	if (p->version == 6)
		k->proto = 0;
	k->kind |= KIND_PIECES;
	k->near_port = (uint16_t)(id >> 16);
	k->far_port = (uint16_t)id;
}
