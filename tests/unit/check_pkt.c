/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_pkt.c */
/* The engine's packet parser and checksum, against a twin and by hand. */
#include <stdlib.h>

#include "pkt.h"
#include "pktgen.h"
#include "unit.h"

#define PACKETS 100000

static int
parse(struct pkt *p, const struct gen *g)
{
	return pkt_parse(p, g->b, g->len);
}

START_TEST(a_tcp_packet_says_all_of_itself)
{
	struct gen g;
	struct pkt p;
	struct addr src;

	gen_ip(&g, "10.77.0.1", "10.77.0.2", 6);
	g.b[1] = 0xb8;
	gen_tcp(&g, 5201, 1, 20, 100);
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert_uint_eq(p.version, 4);
	ck_assert_uint_eq(p.proto, PROTO_TCP);
	ck_assert_uint_eq(p.tos, 0xb8);
	ck_assert_uint_eq(p.ttl, 64);
	ck_assert_uint_eq(p.l4, 20);
	ck_assert_uint_eq(p.sport, 40000);
	ck_assert_uint_eq(p.dport, 5201);
	ck_assert(p.df && p.first && !p.fragment && !p.fixed);
	addr_parse("10.77.0.1", &src);
	ck_assert(addr_eq(&p.src, &src));
	ck_assert_uint_eq(pkt_l4_hdr(&p), 20);
}
END_TEST

START_TEST(padding_behind_the_packet_is_left_out)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 17);
	gen_udp(&g, 53, 5);
	g.len += 11;
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert_uint_eq(p.ip_len, g.len - 11);
	ck_assert_uint_eq(p.len, g.len);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
	struct gen g;
	struct pkt p;

	for (int six = 0; six < 2; six++) {
		gen_ip(&g, six ? "fd77::1" : "10.77.0.1",
		    six ? "fd77::2" : "10.77.0.2", 6);
		if (six)
			gen_ext(&g, 60, 16);
		gen_tcp(&g, 80, 1, 20, 10);
		for (size_t n = 0; n < g.len; n++) {
			uint8_t *copy = malloc(n + 1);

			memcpy(copy, g.b, n);
			copy = realloc(copy, n == 0 ? 1 : n);
			ck_assert_int_eq(pkt_parse(&p, copy, n), -1);
			free(copy);
		}
		ck_assert_int_eq(parse(&p, &g), 0);
	}
}
END_TEST

START_TEST(the_transport_is_found_behind_extension_headers)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 6);
	gen_ext(&g, 0, 8);
	gen_ext(&g, 43, 24);
	gen_ext(&g, 60, 16);
	gen_tcp(&g, 22, 1, 20, 0);
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert_uint_eq(p.proto, PROTO_TCP);
	ck_assert_uint_eq(p.l4, 88);
	ck_assert_uint_eq(p.dport, 22);
	ck_assert(!p.fixed);
}
END_TEST

START_TEST(eight_extension_headers_are_enough)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 17);
	for (int i = 0; i < PKT_EXT_MAX; i++)
		gen_ext(&g, 60, 8);
	gen_udp(&g, 1, 0);
	ck_assert_int_eq(parse(&p, &g), 0);

	gen_ip(&g, "fd77::1", "fd77::2", 17);
	for (int i = 0; i < PKT_EXT_MAX + 1; i++)
		gen_ext(&g, 60, 8);
	gen_udp(&g, 1, 0);
	ck_assert_int_eq(parse(&p, &g), -1);
}
END_TEST

START_TEST(hop_by_hop_options_come_first_or_not_at_all)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 17);
	gen_ext(&g, 60, 8);
	gen_ext(&g, 0, 8);
	gen_udp(&g, 1, 0);
	ck_assert_int_eq(parse(&p, &g), -1);
}
END_TEST

START_TEST(a_routing_header_that_still_routes_is_refused)
{
	for (unsigned type = 0; type < 5; type++)
		for (unsigned left = 0; left < 2; left++) {
			struct gen g;
			struct pkt p;
			uint8_t *h;

			gen_ip(&g, "fd77::1", "fd77::2", 17);
			h = gen_ext(&g, 43, 24);
			h[2] = (uint8_t)type;
			h[3] = (uint8_t)left;
			gen_udp(&g, 1, 0);
			ck_assert_int_eq(
			    parse(&p, &g), type == 0 || left > 0 ? -1 : 0);
		}
}
END_TEST

START_TEST(a_jumbogram_is_refused)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 0);
	gen_ext(&g, 0, 8);
	gen_udp(&g, 1, 100);
	gen_16(g.b + 4, 0);
	ck_assert_int_eq(parse(&p, &g), -1);
}
END_TEST

START_TEST(a_mapped_address_is_never_on_a_wire)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "::ffff:10.77.0.1", "fd77::2", 17);
	gen_udp(&g, 1, 0);
	ck_assert_int_eq(parse(&p, &g), -1);
	gen_ip(&g, "fd77::1", "::ffff:10.77.0.2", 17);
	gen_udp(&g, 1, 0);
	ck_assert_int_eq(parse(&p, &g), -1);
}
END_TEST

START_TEST(fragments_have_no_ports)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "10.77.0.1", "10.77.0.2", 17);
	gen_udp(&g, 53, 64);
	gen_16(g.b + 6, 0x2000);
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert(p.fragment && p.first && !p.df);
	ck_assert_uint_eq(p.dport, 0);
	gen_16(g.b + 6, 8);
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert(p.fragment && !p.first);
	ck_assert_uint_eq(p.dport, 0);
	ck_assert_uint_eq(pkt_l4_hdr(&p), 0);
}
END_TEST

START_TEST(an_atomic_fragment_is_whole_but_can_t_be_cut)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 17);
	gen_ext(&g, 44, 8);
	gen_udp(&g, 53, 64);
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert(!p.fragment && p.first && p.fixed);
	ck_assert_uint_eq(p.dport, 53);
}
END_TEST

START_TEST(behind_a_later_fragment_nothing_is_read)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "fd77::1", "fd77::2", 60);
	gen_16(gen_ext(&g, 44, 8) + 2, 8 | 1);
	gen_payload(&g, 3, 0xff);
	gen_seal(&g);
	ck_assert_int_eq(parse(&p, &g), 0);
	ck_assert(p.fragment && !p.first);
	ck_assert_uint_eq(p.l4, 48);
	ck_assert_uint_eq(p.proto, 60);
}
END_TEST

START_TEST(a_transport_header_too_short_for_ports_is_refused)
{
	static const uint8_t protos[] = {6, 17, 132};
	struct gen g;
	struct pkt p;

	for (size_t i = 0; i < sizeof(protos); i++)
		for (size_t n = 0; n < 6; n++) {
			gen_ip(&g, "10.77.0.1", "10.77.0.2", protos[i]);
			gen_payload(&g, n, 0);
			gen_seal(&g);
			ck_assert_int_eq(parse(&p, &g), n < 4 ? -1 : 0);
		}
}
END_TEST

START_TEST(a_tcp_data_offset_that_lies_gives_no_header)
{
	struct gen g;
	struct pkt p;

	gen_ip(&g, "10.77.0.1", "10.77.0.2", 6);
	gen_tcp(&g, 80, 1, 24, 3);
	for (unsigned off = 0; off < 16; off++) {
		g.b[32] = (uint8_t)(off << 4);
		ck_assert_int_eq(parse(&p, &g), 0);
		ck_assert_uint_eq(
		    pkt_l4_hdr(&p), off == 5 || off == 6 ? off * 4 : 0);
	}
}
END_TEST

/* Do both say the same?  (Which field does not: a debugger and the seed.) */
static bool
same(const struct twin *t, const struct pkt *p, int r)
{
	bool piece = t->offset > 0 || t->more;

	if (r != (t->sane ? 0 : -1))
		return false;
	if (!t->sane)
		return true;
	if (p->version != t->version || p->proto != t->proto ||
	    p->ttl != t->ttl || p->tos != t->tos || p->df != t->df)
		return false;
	if ((long)p->ip_len != t->total || p->l4 != t->l4)
		return false;
	if (p->first != (t->offset == 0) || p->fragment != piece ||
	    p->fixed != (t->atomic_header || t->ah))
		return false;
	if (memcmp(p->src.b, t->src, 16) != 0 ||
	    memcmp(p->dst.b, t->dst, 16) != 0 || p->src.family != t->version ||
	    p->dst.family != t->version)
		return false;
	if (piece || t->dport == -1)
		return p->sport == 0 && p->dport == 0;
	return p->sport == t->sport && p->dport == t->dport;
}

START_TEST(the_twin_agrees_about_every_packet)
{
	uint64_t r = unit_seed();
	unsigned good = 0;

	for (int i = 0; i < PACKETS; i++) {
		struct gen g;
		struct twin t;
		struct pkt p;
		uint8_t *exact;

		gen_any(&g, &r);
		exact = malloc(g.len + (g.len == 0));
		memcpy(exact, g.b, g.len);
		twin_parse(&t, exact, g.len, TWIN_PKT);
		ck_assert_msg(same(&t, &p, pkt_parse(&p, exact, g.len)),
		    "SEED=%llu packet %d", (unsigned long long)unit_seed(), i);
		good += t.sane;
		free(exact);
	}
	ck_assert_uint_gt(good, PACKETS / 4);
	ck_assert_uint_lt(good, PACKETS - PACKETS / 8);
}
END_TEST

START_TEST(the_sum_agrees_with_the_slow_one_at_any_length_and_place)
{
	uint64_t r = unit_seed();
	uint8_t b[300];

	for (int i = 0; i < 20000; i++) {
		size_t at = gen_dice(&r, 16), n = gen_dice(&r, 280);
		uint32_t start = gen_dice(&r, 65536), slow;

		for (size_t k = 0; k < sizeof(b); k++)
			b[k] =
			    gen_dice(&r, 8) ? (uint8_t)gen_dice(&r, 256) : 0xff;
		slow = twin_sum((uint16_t)start, b + at, n) ^ 0xffff;
		ck_assert_msg(csum_fold(csum_add(start, b + at, n)) == slow,
		    "SEED=%llu", (unsigned long long)unit_seed());
	}
}
END_TEST

START_TEST(a_sum_may_be_made_in_pieces)
{
	uint8_t b[64];

	for (size_t i = 0; i < sizeof(b); i++)
		b[i] = (uint8_t)(250 - i * 3);
	for (size_t cut = 0; cut < sizeof(b); cut += 2)
		ck_assert_uint_eq(csum_fold(csum_add(csum_add(0, b, cut),
				      b + cut, sizeof(b) - 1 - cut)),
		    csum_fold(csum_add(0, b, sizeof(b) - 1)));
}
END_TEST

START_TEST(folding_loses_no_carry)
{
	static const uint32_t edges[] = {0, 1, 0xfffe, 0xffff, 0x10000, 0x10001,
	    0x1fffe, 0x1ffff, 0xfffe0001, 0xffff0000, 0xffff0001, 0xfffffffe,
	    0xffffffff};

	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		uint8_t b[4];

		pkt_put32(b, edges[i]);
		ck_assert_uint_eq(
		    csum_fold(edges[i]), twin_sum(0, b, 4) ^ 0xffff);
	}
}
END_TEST

START_TEST(the_rfc_s_example_sums_up)
{
	/* RFC 1071 section 3 */
	static const uint8_t b[] = {0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7};

	ck_assert_uint_eq(csum_fold(csum_add(0, b, 8)), (uint16_t)~0xddf2);
}
END_TEST

START_TEST(a_checksum_made_elsewhere_verifies)
{
	struct gen g;
	struct pkt p;

	for (int six = 0; six < 2; six++) {
		size_t n;

		gen_ip(&g, six ? "fd77::1" : "10.77.0.1",
		    six ? "fd77::2" : "10.77.0.2", 17);
		gen_udp(&g, 53, 33);
		ck_assert_int_eq(parse(&p, &g), 0);
		n = g.len - p.l4;
		ck_assert_uint_eq(
		    csum_fold(csum_add(
			csum_pseudo(&p, 17, (uint32_t)n), g.b + p.l4, n)),
		    0);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_tcp_packet_says_all_of_itself,
	    padding_behind_the_packet_is_left_out,
	    every_truncation_is_refused,
	    the_transport_is_found_behind_extension_headers,
	    eight_extension_headers_are_enough,
	    hop_by_hop_options_come_first_or_not_at_all,
	    a_routing_header_that_still_routes_is_refused,
	    a_jumbogram_is_refused,
	    a_mapped_address_is_never_on_a_wire,
	    fragments_have_no_ports,
	    an_atomic_fragment_is_whole_but_can_t_be_cut,
	    behind_a_later_fragment_nothing_is_read,
	    a_transport_header_too_short_for_ports_is_refused,
	    a_tcp_data_offset_that_lies_gives_no_header,
	    the_twin_agrees_about_every_packet,
	    the_sum_agrees_with_the_slow_one_at_any_length_and_place,
	    a_sum_may_be_made_in_pieces,
	    folding_loses_no_carry,
	    the_rfc_s_example_sums_up,
	    a_checksum_made_elsewhere_verifies,
	};

	return UNIT_RUN("pkt", tests);
}
