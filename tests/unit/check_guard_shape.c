/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_guard_shape.c */
/* The guard: fragments, header chains and offload fields by hand. */
#include "judge.h"
#include "unit.h"

/* ---- fragments ---- */

static void
fragment4(struct gen *g, uint8_t proto, uint16_t frag, size_t n)
{
	gen_ip(g, PEER, ME, proto);
	gen_16(g->b + 6, frag);
	gen_payload(g, n, 0);
	gen_seal(g);
}

START_TEST(a_first_fragment_that_shows_its_port_is_judged_by_it)
{
	struct gen g;

	fragment4(&g, 6, 0x2000, 24);
	gen_16(g.b + 22, 80);
	IN(&g, C_NONE);
	gen_16(g.b + 22, 22);
	IN(&g, TI_PORT);
}
END_TEST

START_TEST(a_tiny_first_fragment_does_not_hide_its_port)
{
	struct gen g;

	for (size_t n = 0; n < 4; n++) {
		fragment4(&g, 6, 0x2000, n);
		IN(&g, TI_FRAGMENT);
		ck_assert_int_eq(judge(&g, false, true), C_NONE);
		gen_ip(&g, PEER6, ME6, 17);
		gen_16(gen_ext(&g, 44, 8) + 2, 1);
		gen_payload(&g, n, 0);
		gen_seal(&g);
		IN(&g, TI_FRAGMENT);
	}
}
END_TEST

START_TEST(later_fragments_of_protocols_with_ports_are_dropped)
{
	static const uint8_t protos[] = {6, 17, 33, 51, 132, 136};
	struct gen g;

	for (size_t i = 0; i < sizeof(protos); i++) {
		fragment4(&g, protos[i], 1, 64);
		IN(&g, TI_FRAGMENT);
		fragment4(&g, protos[i], 0x2001, 64);
		IN(&g, TI_FRAGMENT);
		ck_assert_int_eq(judge(&g, false, true), C_NONE);
	}
}
END_TEST

START_TEST(later_fragments_of_a_long_ping_pass_in_ipv4_only)
{
	struct gen g;

	fragment4(&g, 1, 185, 64);
	IN(&g, C_NONE);
	/* in IPv6 this next header is not believed by the receiver */
	gen_ip(&g, PEER6, ME6, 58);
	gen_16(gen_ext(&g, 44, 8) + 2, 185 * 8);
	gen_payload(&g, 64, 0);
	gen_seal(&g);
	IN(&g, TI_FRAGMENT);
	ck_assert_int_eq(judge(&g, false, true), C_NONE);
}
END_TEST

START_TEST(a_fragment_inside_an_atomic_fragment_is_a_fragment)
{
	struct gen g;

	gen_ip(&g, PEER6, ME6, 17);
	gen_ext(&g, 44, 8);
	gen_16(gen_ext(&g, 44, 8) + 2, 8 | 1);
	gen_payload(&g, 64, 0);
	gen_seal(&g);
	IN(&g, TI_FRAGMENT);
}
END_TEST

START_TEST(a_first_fragment_must_hold_all_extension_headers)
{
	struct gen g;
	uint8_t *h;

	gen_ip(&g, PEER6, ME6, 6);
	gen_16(gen_ext(&g, 44, 8) + 2, 1);
	h = gen_ext(&g, 60, 16);
	gen_seal(&g);
	IN(&g, TI_FRAGMENT); /* the options are there, the ports are not */
	h[1] = 2;            /* now the options go on in the next piece */
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(a_fragment_behind_the_longest_packet_is_malformed)
{
	struct gen g;

	fragment4(&g, 1, 8191, 8);
	IN(&g, TI_MALFORMED);
	fragment4(&g, 1, 8191, 7);
	IN(&g, C_NONE);
	gen_ip(&g, PEER6, ME6, 58);
	gen_16(gen_ext(&g, 44, 8) + 2, 0xfff8);
	gen_payload(&g, 8, 0);
	gen_seal(&g);
	ck_assert_int_eq(judge(&g, false, true), TI_MALFORMED);
}
END_TEST

/* ---- shapes ---- */

START_TEST(every_truncation_is_malformed)
{
	struct gen g;
	size_t len;

	for (int six = 0; six < 2; six++) {
		gen_ip(&g, six ? PEER6 : PEER, six ? ME6 : ME, 6);
		if (six)
			gen_ext(&g, 60, 16);
		gen_tcp(&g, 80, 1, 20, 10);
		len = g.len;
		IN(&g, C_NONE);
		for (g.len = 0; g.len < len; g.len++) {
			IN(&g, TI_MALFORMED);
			OUT(&g, TO_MALFORMED);
		}
	}
}
END_TEST

START_TEST(octets_behind_the_packet_are_malformed)
{
	struct gen g;

	for (int six = 0; six < 2; six++) {
		udp(&g, six ? PEER6 : PEER, six ? ME6 : ME);
		g.len++;
		IN(&g, TI_MALFORMED);
	}
}
END_TEST

START_TEST(a_record_of_more_than_64_kilobytes_is_malformed)
{
	static struct gen g;

	gen_ip(&g, PEER6, ME6, 47);
	g.len = 65535;
	gen_seal(&g);
	IN(&g, C_NONE);
	g.len = 65536;
	gen_seal(&g);
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(other_versions_are_malformed)
{
	struct gen g;

	for (unsigned v = 0; v < 16; v++) {
		udp(&g, PEER, ME);
		g.b[0] = (uint8_t)(v << 4 | 5);
		IN(&g, v == 4 ? C_NONE : TI_MALFORMED);
	}
}
END_TEST

START_TEST(a_header_length_that_lies_is_malformed)
{
	struct gen g;

	for (unsigned ihl = 0; ihl < 16; ihl++) {
		gen_ip(&g, PEER, ME, 47);
		gen_payload(&g, 12, 0); /* reads as options that end */
		g.b[20] = 0;
		gen_seal(&g);
		g.b[0] = (uint8_t)(0x40 | ihl);
		IN(&g, ihl >= 5 && ihl <= 8 ? C_NONE : TI_MALFORMED);
	}
}
END_TEST

START_TEST(a_jumbogram_is_malformed)
{
	struct gen g;
	uint8_t *h;

	gen_ip(&g, PEER6, ME6, 17);
	h = gen_ext(&g, 0, 8);
	h[2] = 0xc2; /* jumbo payload option, RFC 2675 */
	h[3] = 4;
	gen_udp(&g, 53, 100);
	gen_32(h + 4, 116);
	gen_16(g.b + 4, 0);
	IN(&g, TI_MALFORMED);
	OUT(&g, TO_MALFORMED);
}
END_TEST

START_TEST(a_whole_packet_without_its_ports_is_malformed)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 17);
	gen_payload(&g, 3, 0);
	gen_seal(&g);
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(source_routing_is_malformed)
{
	static const uint8_t types[] = {131, 137};
	struct gen g;

	for (size_t i = 0; i < 2; i++) {
		gen_ip(&g, PEER, ME, 47);
		g.b[0] = 0x48;
		memset(g.b + 20, 1, 12);
		g.b[21] = types[i];
		g.b[22] = 7;
		g.b[23] = 4;
		g.len = g.l4 = 32;
		gen_seal(&g);
		IN(&g, TI_MALFORMED);
		g.b[21] = 7; /* record route only */
		IN(&g, C_NONE);
		g.b[22] = 12; /* overruns the header */
		IN(&g, TI_MALFORMED);
		g.b[22] = 1;
		IN(&g, TI_MALFORMED);
	}
	for (unsigned type = 0; type < 256; type++)
		for (uint8_t left = 0; left < 2; left++) {
			uint8_t *h;

			gen_ip(&g, PEER6, ME6, 17);
			h = gen_ext(&g, 43, 24);
			h[2] = (uint8_t)type;
			h[3] = left;
			gen_udp(&g, 53, 9);
			IN(&g, type > 0 && left == 0 ? C_NONE : TI_MALFORMED);
		}
}
END_TEST

START_TEST(eight_extension_headers_are_enough)
{
	for (unsigned n = 0; n < 12; n++) {
		struct gen g;

		gen_ip(&g, PEER6, ME6, 17);
		for (unsigned i = 0; i < n; i++)
			gen_ext(&g, i % 2 ? 60 : 51, 16);
		gen_udp(&g, 53, 9);
		IN(&g, n <= GUARD_EXT_MAX ? C_NONE : TI_MALFORMED);
	}
}
END_TEST

START_TEST(headers_end_within_what_is_looked_at)
{
	/* three options of n octets, then UDP: it begins at 40 + 3 n */
	for (size_t n = 8; n <= 248; n += 8) {
		bool near = 40 + 3 * n + 20 <= GUARD_HEAD;
		struct gen g;

		gen_ip(&g, PEER6, ME6, 17);
		for (unsigned i = 0; i < 3; i++)
			gen_ext(&g, 60, n);
		gen_udp(&g, 53, 900);
		IN(&g, near ? C_NONE : TI_MALFORMED);
		OUT(&g, near ? TO_SOURCE : TO_MALFORMED);
	}
}
END_TEST

START_TEST(hop_by_hop_options_come_first_or_not_at_all)
{
	struct gen g;

	gen_ip(&g, PEER6, ME6, 17);
	gen_ext(&g, 60, 8);
	gen_ext(&g, 0, 8);
	gen_udp(&g, 53, 9);
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(an_extension_header_over_the_end_is_malformed)
{
	static const uint8_t types[] = {0, 43, 51, 60};

	for (size_t i = 0; i < sizeof(types); i++) {
		struct gen g;
		uint8_t *h;

		gen_ip(&g, PEER6, ME6, 59);
		h = gen_ext(&g, types[i], 16);
		gen_seal(&g);
		IN(&g, C_NONE); /* nothing behind it: no next header */
		h[1]++;
		IN(&g, TI_MALFORMED);
		h[1] = 255;
		IN(&g, TI_MALFORMED);
	}
}
END_TEST

START_TEST(an_extension_header_that_ends_inside_the_transport_s_moves_it)
{
	struct gen g;
	uint8_t *h;

	/*
	 * The options seem to end 8 octets later, inside the TCP header,
	 * where something else stands at the place of the port.
	 */
	gen_ip(&g, PEER6, ME6, 6);
	h = gen_ext(&g, 60, 8);
	gen_tcp(&g, 80, 1, 20, 20);
	h[1] = 1;
	gen_16(g.b + 48 + 8 + 2, 22);
	IN(&g, TI_PORT);
}
END_TEST

/* ---- offload ---- */

static void
super(struct gen *g, bool six, bool tcp)
{
	gen_ip(g, six ? PEER6 : PEER, six ? ME6 : ME, tcp ? 6 : 17);
	if (tcp)
		gen_tcp(g, 80, 1, 32, 1000);
	else
		gen_udp(g, 53, 1000);
	gen_gso(g,
	    !tcp      ? VNET_GSO_UDP_L4
		: six ? VNET_GSO_TCPV6
		      : VNET_GSO_TCPV4,
	    100);
}

START_TEST(good_super_packets_pass)
{
	struct gen g;

	for (int i = 0; i < 4; i++) {
		super(&g, i & 1, i & 2);
		IN(&g, C_NONE);
		g.v.hdr_len = (uint16_t)g.len; /* a kernel's hint */
		IN(&g, C_NONE);
		if (i & 2) {
			g.v.gso_type |= VNET_GSO_ECN;
			IN(&g, C_NONE);
		}
		g.v = (struct vnet){.flags = VNET_F_DATA_VALID};
		IN(&g, C_NONE);
	}
}
END_TEST

START_TEST(the_gso_type_must_be_that_of_the_packet)
{
	for (int i = 0; i < 4; i++)
		for (unsigned type = 0; type < 256; type++) {
			struct gen g;
			unsigned right;

			super(&g, i & 1, i & 2);
			right = g.v.gso_type;
			g.v.gso_type = (uint8_t)type;
			if (type == right || (i & 2 && type == (right | 0x80)))
				IN(&g, C_NONE);
			else
				IN(&g, TI_MALFORMED);
		}
}
END_TEST

START_TEST(offload_fields_that_lie_are_malformed)
{
	struct gen g;

#define LIES(field, value)                                                     \
	do {                                                                   \
		super(&g, false, true);                                        \
		g.v.field = (value);                                           \
		IN(&g, TI_MALFORMED);                                          \
	} while (0)
	LIES(flags, 0);
	LIES(flags, VNET_F_DATA_VALID);
	LIES(flags, 3);
	LIES(flags, 5);
	LIES(hdr_len, 51);
	LIES(hdr_len, 1053);
	LIES(hdr_len, 65535);
	LIES(gso_size, 0);
	LIES(gso_size, GUARD_TCP_MIN - 1);
	LIES(gso_size, 1000); /* one segment is no super-packet */
	LIES(gso_size, 65535);
	LIES(csum_start, 0);
	LIES(csum_start, 24);
	LIES(csum_start, 65535);
	LIES(csum_offset, 0);
	LIES(csum_offset, 6);
	LIES(csum_offset, 65535);
#undef LIES
}
END_TEST

START_TEST(fields_without_their_flag_are_malformed)
{
	struct gen g;

	udp(&g, PEER, ME);
	g.v.gso_size = 100;
	IN(&g, TI_MALFORMED);
	g.v = (struct vnet){.csum_start = 20};
	IN(&g, TI_MALFORMED);
	g.v = (struct vnet){.csum_offset = 6};
	IN(&g, TI_MALFORMED);
	g.v = (struct vnet){.hdr_len = (uint16_t)(g.len + 1)};
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(a_super_packet_of_one_may_leave_but_not_come)
{
	struct gen g;

	gen_ip(&g, ME, PEER, 6);
	gen_tcp(&g, 80, 1, 20, 100);
	gen_gso(&g, VNET_GSO_TCPV4, 100);
	OUT(&g, C_NONE);
	gen_ip(&g, PEER, ME, 6);
	gen_tcp(&g, 80, 1, 20, 100);
	gen_gso(&g, VNET_GSO_TCPV4, 100);
	IN(&g, TI_MALFORMED);
	g.v.gso_size = 99;
	IN(&g, C_NONE);
}
END_TEST

START_TEST(a_fragment_is_no_super_packet)
{
	struct gen g;

	super(&g, false, false);
	gen_16(g.b + 6, 0x2000);
	ck_assert_int_eq(judge(&g, false, true), TI_MALFORMED);
	g.v = (struct vnet){0};
	ck_assert_int_eq(judge(&g, false, true), C_NONE);
}
END_TEST

START_TEST(a_partial_checksum_is_tcp_s_or_udp_s)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 132);
	gen_payload(&g, 40, 9);
	gen_seal(&g);
	gen_gso(&g, VNET_GSO_TCPV4, 0);
	IN(&g, TI_MALFORMED);
	gen_16(g.b + 24, 40); /* as UDP would have it */
	g.v.csum_offset = 6;
	IN(&g, TI_MALFORMED);
	gen_ip(&g, PEER, ME, 6);
	gen_tcp(&g, 80, 1, 20, 0);
	gen_gso(&g, VNET_GSO_TCPV4, 0);
	IN(&g, C_NONE);
	g.b[32] = 0xf0; /* a data offset behind the end */
	IN(&g, TI_MALFORMED);
	udp(&g, PEER, ME);
	gen_gso(&g, VNET_GSO_UDP_L4, 0);
	IN(&g, C_NONE);
	g.b[25]++; /* UDP's own length */
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(a_udp_super_packet_is_bounded)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 17);
	gen_udp(&g, 53, GUARD_UDP_MAX);
	gen_gso(&g, VNET_GSO_UDP_L4, 1);
	IN(&g, C_NONE);
	gen_ip(&g, PEER, ME, 17);
	gen_udp(&g, 53, GUARD_UDP_MAX + 1);
	gen_gso(&g, VNET_GSO_UDP_L4, 1);
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(a_super_packet_behind_extension_headers_is_measured_there)
{
	struct gen g;

	gen_ip(&g, PEER6, ME6, 6);
	gen_ext(&g, 60, 16);
	gen_tcp(&g, 80, 1, 20, 500);
	gen_gso(&g, VNET_GSO_TCPV6, 100);
	IN(&g, C_NONE);
	g.v.csum_start = 40;
	IN(&g, TI_MALFORMED);
}
END_TEST

START_TEST(offload_does_not_get_past_the_rules)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 6);
	gen_tcp(&g, 22, 1, 20, 1000);
	gen_gso(&g, VNET_GSO_TCPV4, 100);
	IN(&g, TI_PORT);
	gen_ip(&g, "8.8.8.8", ME, 6);
	gen_tcp(&g, 80, 1, 20, 1000);
	gen_gso(&g, VNET_GSO_TCPV4, 100);
	IN(&g, TI_SOURCE);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_first_fragment_that_shows_its_port_is_judged_by_it,
	    a_tiny_first_fragment_does_not_hide_its_port,
	    later_fragments_of_protocols_with_ports_are_dropped,
	    later_fragments_of_a_long_ping_pass_in_ipv4_only,
	    a_fragment_inside_an_atomic_fragment_is_a_fragment,
	    a_first_fragment_must_hold_all_extension_headers,
	    a_fragment_behind_the_longest_packet_is_malformed,
	    every_truncation_is_malformed,
	    octets_behind_the_packet_are_malformed,
	    a_record_of_more_than_64_kilobytes_is_malformed,
	    other_versions_are_malformed,
	    a_header_length_that_lies_is_malformed,
	    a_jumbogram_is_malformed,
	    a_whole_packet_without_its_ports_is_malformed,
	    source_routing_is_malformed,
	    eight_extension_headers_are_enough,
	    headers_end_within_what_is_looked_at,
	    hop_by_hop_options_come_first_or_not_at_all,
	    an_extension_header_over_the_end_is_malformed,
	    an_extension_header_that_ends_inside_the_transport_s_moves_it,
	    good_super_packets_pass,
	    the_gso_type_must_be_that_of_the_packet,
	    offload_fields_that_lie_are_malformed,
	    fields_without_their_flag_are_malformed,
	    a_super_packet_of_one_may_leave_but_not_come,
	    a_fragment_is_no_super_packet,
	    a_partial_checksum_is_tcp_s_or_udp_s,
	    a_udp_super_packet_is_bounded,
	    a_super_packet_behind_extension_headers_is_measured_there,
	    offload_does_not_get_past_the_rules,
	};

	return UNIT_RUN("guard_shape", tests);
}
