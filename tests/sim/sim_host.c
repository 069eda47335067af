/* SPDX-License-Identifier: ISC */
/* file: tests/sim/sim_host.c */
/*
 * The hosts: numbered UDP packets out, everything checked when it comes in.
 *
 * Payload of a packet: from, to, flow, number (u32 each) and the time it was
 * sent (u64), all the same length, so that super-packets can be merged again.
 */
#include <stdlib.h>
#include <string.h>

#include "offload.h"
#include "pkt.h"
#include "sim_int.h"

#define HDR 28 /* IPv4 and UDP */
#define PAYLOAD 64
#define SUPER_MAX 8

struct numbered {
	uint32_t from, to, flow, no;
	uint64_t at_ms;
};

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* IPv4 and UDP headers for n octets of payload. */
static void
headers(uint8_t *pkt, const struct numbered *m, size_t n)
{
	struct addr src, dst;

	memset(pkt, 0, HDR);
	sim_addr(m->from, &src);
	sim_addr(m->to, &dst);
	pkt[0] = 0x45;
	put16(pkt + 2, HDR + n);
	pkt[6] = 0x40;
	pkt[8] = 64;
	pkt[9] = PROTO_UDP;
	memcpy(pkt + 12, src.b, 4);
	memcpy(pkt + 16, dst.b, 4);
	put16(pkt + 10, csum_fold(csum_add(0, pkt, 20)));
	put16(pkt + 20, 5000 + m->flow);
	put16(pkt + 22, 7);
	put16(pkt + 24, 8 + n);
}

static struct sim_flow *
flow_of(struct sim *s, uint32_t a, uint32_t b, uint32_t flow)
{
	struct sim_pair *p = sim_pair(s, a, b);

	if (p->flow == NULL)
		p->flow = calloc(SIM_FLOWS, sizeof(struct sim_flow *));
	if (p->flow == NULL)
		abort();
	if (p->flow[flow] == NULL)
		p->flow[flow] = calloc(1, sizeof(**p->flow));
	if (p->flow[flow] == NULL)
		abort();
	return p->flow[flow];
}

void
sim_send(struct sim *s, uint32_t a, uint32_t b, uint32_t flow)
{
	struct sim_node *n = &s->node[a];
	struct sim_flow *f = flow_of(s, a, b, flow % SIM_FLOWS);
	struct numbered m = {a, b, flow % SIM_FLOWS, 0, s->now_ms};
	uint32_t count = s->conf.super ? 1 + sim_below(s, SUPER_MAX) : 1;
	uint8_t pkt[HDR + SUPER_MAX * PAYLOAD] = {0};
	struct vnet v = {
	    .flags = VNET_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 6};

	if (n->engine == NULL || f->sent + count > SIM_SEQS)
		return;
	for (uint32_t i = 0; i < count; i++) {
		m.no = f->sent++;
		memcpy(pkt + HDR + i * PAYLOAD, &m, sizeof(m));
	}
	headers(pkt, &m, count * PAYLOAD);
	if (count > 1) {
		v.gso_type = VNET_GSO_UDP_L4;
		v.gso_size = PAYLOAD;
		v.hdr_len = HDR;
	}
	s->sent += count;
	engine_from_tun(
	    n->engine, s->now_ms, &v, pkt, HDR + count * (size_t)PAYLOAD);
	sim_node_turn(n);
}

/* ---- in ---- */

static void
note(struct sim *s, const struct numbered *m)
{
	struct sim_flow *f = flow_of(s, m->from, m->to, m->flow);
	struct sim_pair *p = sim_pair(s, m->from, m->to);
	uint64_t way_ms = s->now_ms - m->at_ms;

	if (m->no >= f->sent) {
		sim_fail(s, "a packet that nobody sent");
		return;
	}
	if ((f->seen[m->no / 8] & 1 << m->no % 8) != 0)
		sim_fail(s, "%u -> %u, flow %u: %u came twice", m->from, m->to,
		    m->flow, m->no);
	if (s->ordered && m->no < f->next)
		sim_fail(s, "%u -> %u, flow %u: %u came after %u", m->from,
		    m->to, m->flow, m->no, f->next - 1);
	f->seen[m->no / 8] |= (uint8_t)(1 << m->no % 8);
	f->next = m->no + 1;
	f->delivered++;
	p->delivered++;
	p->last_ms = s->now_ms;
	if (way_ms > p->slowest_ms)
		p->slowest_ms = way_ms;
	s->delivered++;
}

/* One real packet out of a record. */
static void
check_packet(struct sim_node *n, const uint8_t *pkt, size_t len)
{
	struct sim *s = n->sim;
	struct numbered m;
	struct pkt p;

	if (pkt_parse(&p, pkt, len) == -1) {
		sim_fail(s, "node %u: the host got nonsense", n->no);
		return;
	}
	if (p.proto == PROTO_ICMP) {
		n->icmp++;
		return;
	}
	if (len != HDR + PAYLOAD) {
		sim_fail(s, "node %u: a packet of %zu octets", n->no, len);
		return;
	}
	memcpy(&m, pkt + HDR, sizeof(m));
	if (m.to != n->no || m.from >= s->conf.nodes || m.flow >= SIM_FLOWS ||
	    sim_node_at(s, &p.src) != m.from || sim_node_at(s, &p.dst) != m.to)
		sim_fail(s, "node %u got a packet from %u to %u", n->no, m.from,
		    m.to);
	else
		note(s, &m);
}

int
sim_host_receive(
    struct sim_node *n, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	uint8_t one[HDR + PAYLOAD];
	struct split split;
	size_t got;

	if (v->gso_type == VNET_GSO_NONE) {
		check_packet(n, pkt, len);
		return 0;
	}
	if (split_init(&split, v, pkt, len) == -1) {
		sim_fail(n->sim, "node %u: a super-packet that lies", n->no);
		return 0;
	}
	while ((got = split_next(&split, one, sizeof(one))) != 0)
		check_packet(n, one, got);
	if (!split.done)
		sim_fail(n->sim, "node %u: a segment too long", n->no);
	return 0;
}

/* ---- looking ---- */

uint64_t
sim_sent(const struct sim *s)
{
	return s->sent;
}

uint64_t
sim_delivered(const struct sim *s)
{
	return s->delivered;
}

uint64_t
sim_delivered_to(const struct sim *s, uint32_t a, uint32_t b)
{
	return sim_pair(s, a, b)->delivered;
}

uint64_t
sim_slowest(struct sim *s, uint32_t a, uint32_t b)
{
	struct sim_pair *p = sim_pair(s, a, b);
	uint64_t ms = p->slowest_ms;

	p->slowest_ms = 0;
	return ms;
}

uint64_t
sim_last_ms(const struct sim *s, uint32_t a, uint32_t b)
{
	return sim_pair(s, a, b)->last_ms;
}

uint32_t
sim_icmp(const struct sim *s, uint32_t a)
{
	return s->node[a].icmp;
}
