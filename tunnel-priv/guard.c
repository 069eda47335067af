/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/guard.c */
/*
 * The guard (guard.h): the one place where a packet meets policy in a process
 * that the network can't talk to.
 *
 * It reads top to bottom: the record is taken apart into a `struct view`, its
 * offload fields are held against that, then each rule is one line of
 * guard_out or guard_in.  It shares no code with the engine's parser: a hole
 * in one must not be a hole in both.  It must not keep anything between two
 * packets, log, or read the packet a second time once the view is made.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "guard.h"

#define IP4_HDR 20
#define IP4_TYPE_LSRR 131
#define IP4_TYPE_SSRR 137
#define IP6_HDR 40
#define L4_SEEN 20   /* of a transport header: what is read of any */
#define IP_END 65535 /* last octet of any datagram after reassembly */

enum {
	P_HOP = 0,
	P_TCP = 6,
	P_UDP = 17,
	P_DCCP = 33,
	P_ROUTE = 43,
	P_FRAGMENT = 44,
	P_AH = 51,
	P_DEST = 60,
	P_SCTP = 132,
	P_UDPLITE = 136
};

struct guard {
	unsigned nown, naccept, nexport, nbroadcast;
	struct addr own[CONF_ADDRESSES_MAX];
	struct addr broadcast[CONF_ADDRESSES_MAX];
	struct prefix accept[CONF_PREFIXES_MAX * 2]; /* subnets, routes */
	struct prefix export[CONF_PREFIXES_MAX];
	bool filter;             /* is any port not allowed? */
	uint8_t port[65536 / 8]; /* bit set: not allowed */
};

/* What a record is, once it was found to make sense. */
struct view {
	const uint8_t *pkt;
	size_t len, have;       /* have: octets that may be read */
	uint8_t version, proto; /* proto: of the transport header */
	bool fragment, first;   /* first: not a fragment, or its first */
	bool cut;               /* first fragment without whole ports */
	size_t l4;              /* offset of the transport header */
	size_t payload;         /* octets behind it; GSO only */
	uint16_t dport;         /* if has_ports(proto), first and not cut */
	struct addr src, dst;
};

static uint16_t
u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* ---- the configuration ---- */

/* v4-mapped prefixes are IPv4 prefixes. */
static struct prefix
normal(const struct prefix *in)
{
	struct prefix p = *in;

	addr_canonical(&p.addr);
	if (p.addr.family != in->addr.family)
		p.len = in->len < 96 ? 0 : (uint8_t)(in->len - 96);
	return p;
}

/* The directed broadcast address of one of our own IPv4 networks. */
static void
add_broadcast(struct guard *g, const struct prefix *p)
{
	struct addr *a = &g->broadcast[g->nbroadcast];

	if (p->addr.family != 4 || p->len > 30)
		return;
	*a = p->addr;
	for (unsigned bit = p->len; bit < 32; bit++)
		a->b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	g->nbroadcast++;
}

struct guard *
guard_new(const struct conf_node *c)
{
	struct guard *g;
	struct prefix p;
	unsigned i;

	g = calloc(1, sizeof(*g));
	if (g == NULL)
		return NULL;
	for (i = 0; i < c->naddresses && i < CONF_ADDRESSES_MAX; i++) {
		p = normal(&c->address[i]);
		g->own[g->nown++] = p.addr;
		add_broadcast(g, &p);
	}
	for (i = 0; i < c->nsubnets && i < CONF_PREFIXES_MAX; i++)
		g->accept[g->naccept++] = normal(&c->subnet[i]);
	for (i = 0; i < c->nroutes && i < CONF_PREFIXES_MAX; i++)
		g->accept[g->naccept++] = normal(&c->route[i]);
	for (i = 0; i < c->nexports && i < CONF_PREFIXES_MAX; i++)
		g->export[g->nexport++] = normal(&c->export[i]);
	for (i = 0; i < c->nports && i < CONF_PORTS_MAX; i++) {
		g->port[c->port[i] / 8] |= (uint8_t)(1 << c->port[i] % 8);
		g->filter = true;
	}
	return g;
}

void
guard_free(struct guard *g)
{
	free(g);
}

/* ---- taking apart ---- */

static bool
has_ports(uint8_t proto)
{
	return proto == P_TCP || proto == P_UDP || proto == P_SCTP ||
	    proto == P_DCCP || proto == P_UDPLITE;
}

/* IPv4 options: inside the header, and no source route. */
static bool
options_ok(const uint8_t *o, size_t len)
{
	size_t n;

	while (len > 0 && o[0] != 0) {
		n = 1;
		if (o[0] != 1) {
			if (len < 2)
				return false;
			n = o[1];
			if (n < 2 || n > len)
				return false;
		}
		if (o[0] == IP4_TYPE_LSRR || o[0] == IP4_TYPE_SSRR)
			return false;
		o += n;
		len -= n;
	}
	return true;
}

static bool
take_fragment(struct view *w, size_t offset, bool more)
{
	w->fragment = w->fragment || more || offset > 0;
	w->first = w->first && offset == 0;
	return offset + (w->len - w->l4) <= IP_END;
}

static bool
view4(struct view *w)
{
	const uint8_t *p = w->pkt;
	uint16_t frag;

	if (w->len < IP4_HDR)
		return false;
	w->l4 = (size_t)(p[0] & 15) * 4;
	if (w->l4 < IP4_HDR || w->l4 > w->len || u16(p + 2) != w->len)
		return false;
	if (!options_ok(p + IP4_HDR, w->l4 - IP4_HDR))
		return false;
	w->proto = p[9];
	w->src.family = w->dst.family = 4;
	memcpy(w->src.b, p + 12, 4);
	memcpy(w->dst.b, p + 16, 4);
	frag = u16(p + 6);
	return take_fragment(
	    w, (size_t)(frag & 0x1fff) * 8, (frag & 0x2000) != 0);
}

static bool
view6(struct view *w)
{
	const uint8_t *p = w->pkt;

	if (w->len <= IP6_HDR || (size_t)u16(p + 4) != w->len - IP6_HDR)
		return false;
	w->l4 = IP6_HDR;
	w->proto = p[6];
	w->src.family = w->dst.family = 6;
	memcpy(w->src.b, p + 8, 16);
	memcpy(w->dst.b, p + 24, 16);
	return true;
}

/* IPv4 has one header that another protocol can hide behind. */
static bool
is_extension(const struct view *w)
{
	if (w->version == 4)
		return w->proto == P_AH;
	return w->proto == P_HOP || w->proto == P_ROUTE ||
	    w->proto == P_FRAGMENT || w->proto == P_AH || w->proto == P_DEST;
}

static bool
step(struct view *w)
{
	const uint8_t *h = w->pkt + w->l4;
	size_t left = w->len - w->l4, n;
	uint8_t type = w->proto;

	if (left < 8 || w->l4 + 8 > w->have)
		return false;
	if (type == P_FRAGMENT)
		n = 8;
	else if (type == P_AH)
		n = ((size_t)h[1] + 2) * 4;
	else
		n = ((size_t)h[1] + 1) * 8;
	if (n > left)
		return false;
	if (type == P_ROUTE && (h[2] == 0 || h[3] != 0))
		return false;
	w->proto = h[0];
	w->l4 += n;
	if (type != P_FRAGMENT)
		return true;
	return take_fragment(w, (size_t)(u16(h + 2) & 0xfff8), (h[3] & 1) != 0);
}

/* Down to the transport header, as far as this piece has it. */
static bool
walk(struct view *w)
{
	unsigned n;

	for (n = 0; w->first && is_extension(w); n++) {
		if (n == GUARD_EXT_MAX)
			return false;
		if (w->proto == P_HOP && n > 0)
			return false;
		if (!step(w))
			return false;
	}
	if (w->first && w->have < w->len && w->l4 + L4_SEEN > w->have)
		return false;
	if (!w->first || !has_ports(w->proto))
		return true;
	if (w->len - w->l4 < 4) {
		w->cut = true;
		return w->fragment;
	}
	w->dport = u16(w->pkt + w->l4 + 2);
	return true;
}

/* ---- offload fields ---- */

/* Length of a TCP or UDP header that is all there, else 0. */
static size_t
l4_header(const struct view *w)
{
	size_t left = w->len - w->l4, n;

	if (w->fragment)
		return 0;
	if (w->proto == P_UDP)
		return left < 8 ? 0 : 8;
	if (w->proto != P_TCP || left < 20)
		return 0;
	n = (size_t)(w->pkt[w->l4 + 12] >> 4) * 4;
	return n < 20 || n > left ? 0 : n;
}

/* The partial checksum is where TCP or UDP has it, UDP's length is right. */
static bool
csum_ok(const struct view *w, const struct vnet *v)
{
	if (v->csum_start != w->l4)
		return false;
	if (w->proto == P_TCP)
		return v->csum_offset == 16;
	return v->csum_offset == 6 && u16(w->pkt + w->l4 + 4) == w->len - w->l4;
}

static bool
gso_type_ok(const struct view *w, uint8_t type)
{
	if (w->proto == P_UDP)
		return type == VNET_GSO_UDP_L4;
	type &= (uint8_t)~VNET_GSO_ECN;
	return type == (w->version == 4 ? VNET_GSO_TCPV4 : VNET_GSO_TCPV6);
}

static bool
gso_ok(struct view *w, const struct vnet *v, size_t l4)
{
	size_t hdr = w->l4 + l4;

	if (v->flags != VNET_F_NEEDS_CSUM || !gso_type_ok(w, v->gso_type))
		return false;
	if (v->hdr_len < hdr || v->hdr_len > w->len || v->gso_size == 0)
		return false;
	w->payload = w->len - hdr;
	if (w->proto == P_TCP)
		return v->gso_size >= GUARD_TCP_MIN;
	return w->payload <= (size_t)v->gso_size * GUARD_UDP_MAX;
}

static bool
vnet_ok(struct view *w, const struct vnet *v)
{
	bool partial = v->flags == VNET_F_NEEDS_CSUM;
	size_t l4 = l4_header(w);

	if (v->flags != 0 && !partial && v->flags != VNET_F_DATA_VALID)
		return false;
	if (partial && (l4 == 0 || !csum_ok(w, v)))
		return false;
	if (!partial && (v->csum_start != 0 || v->csum_offset != 0))
		return false;
	if (v->gso_type != VNET_GSO_NONE)
		return l4 != 0 && gso_ok(w, v, l4);
	return v->gso_size == 0 && v->hdr_len <= w->len;
}

static bool
look(struct view *w, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	*w = (struct view){.pkt = pkt,
	    .len = len,
	    .have = len < GUARD_HEAD ? len : GUARD_HEAD,
	    .first = true};
	if (len == 0 || len > PK_IP_MAX)
		return false;
	w->version = pkt[0] >> 4;
	if (w->version != 4 && w->version != 6)
		return false;
	if (!(w->version == 4 ? view4(w) : view6(w)))
		return false;
	return walk(w) && vnet_ok(w, v);
}

/* ---- policy ---- */

static bool
is_one_of(const struct addr *a, const struct addr *list, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (addr_eq(a, &list[i]))
			return true;
	return false;
}

/* Length of the longest prefix with this address, -1: none has it. */
static int
longest(const struct addr *a, const struct prefix *list, unsigned n)
{
	int best = -1;

	for (unsigned i = 0; i < n; i++)
		if (list[i].len > best && prefix_has(&list[i], a))
			best = list[i].len;
	return best;
}

static bool
is_special(const struct guard *g, const struct addr *a)
{
	return addr_is_special(a) || is_one_of(a, g->broadcast, g->nbroadcast);
}

static bool
port_hidden(const struct guard *g, const struct view *w)
{
	if (!g->filter || !w->fragment)
		return false;
	if (w->first)
		return w->cut;
	return w->version == 6 || w->proto == P_AH || has_ports(w->proto);
}

static bool
port_unallowed(const struct guard *g, const struct view *w)
{
	if (!g->filter || !w->first || w->cut || !has_ports(w->proto))
		return false;
	return (g->port[w->dport / 8] >> w->dport % 8 & 1) != 0;
}

static bool
is_ours(const struct guard *g, const struct addr *a)
{
	return is_one_of(a, g->own, g->nown);
}

enum counter
guard_out(
    const struct guard *g, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct view w;

	if (!look(&w, v, pkt, len))
		return TO_MALFORMED;
	if (!is_ours(g, &w.src) &&
	    (is_special(g, &w.src) ||
		longest(&w.src, g->export, g->nexport) == -1))
		return TO_SOURCE;
	if (port_hidden(g, &w))
		return TO_FRAGMENT;
	if (port_unallowed(g, &w))
		return TO_PORT;
	return C_NONE;
}

/* One of ours, or of a part of the overlay that is behind us. */
static bool
is_own_source(const struct guard *g, const struct addr *a, int accepted)
{
	if (is_ours(g, a))
		return true;
	return accepted != -1 && longest(a, g->export, g->nexport) > accepted;
}

enum counter
guard_in(
    const struct guard *g, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct view w;
	int accepted;

	if (!look(&w, v, pkt, len))
		return TI_MALFORMED;
	if (v->gso_type != VNET_GSO_NONE && w.payload <= v->gso_size)
		return TI_MALFORMED;
	if (is_special(g, &w.src) || is_special(g, &w.dst))
		return TI_SPECIAL;
	accepted = longest(&w.src, g->accept, g->naccept);
	if (is_own_source(g, &w.src, accepted))
		return TI_OWN;
	if (accepted == -1)
		return TI_SOURCE;
	if (!is_ours(g, &w.dst) && longest(&w.dst, g->export, g->nexport) == -1)
		return TI_DEST;
	if (port_hidden(g, &w))
		return TI_FRAGMENT;
	if (port_unallowed(g, &w))
		return TI_PORT;
	return C_NONE;
}
