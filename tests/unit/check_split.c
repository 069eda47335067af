/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_split.c */
/* Cutting super-packets; sums and lengths by the twin. */
#include <stdlib.h>

#include "guard.h"
#include "offload.h"
#include "pktgen.h"
#include "unit.h"

#define RECORDS 100000

static const char *const src[2] = {"10.77.0.1", "fd77::1"};
static const char *const dst[2] = {"10.77.0.2", "fd77::2"};

/* A TCP super-packet of n octets payload. */
static void
tso(struct gen *g, int six, size_t n, uint16_t gso)
{
	gen_ip(g, src[six], dst[six], 6);
	gen_tcp(g, 80, 0xfffffff0, 32, n);
	gen_gso(g, six ? VNET_GSO_TCPV6 : VNET_GSO_TCPV4, gso);
}

static void
uso(struct gen *g, int six, size_t n, uint16_t gso)
{
	gen_ip(g, src[six], dst[six], 17);
	gen_udp(g, 443, n);
	gen_gso(g, VNET_GSO_UDP_L4, gso);
}

static int
init(struct split *s, const struct gen *g)
{
	return split_init(s, &g->v, g->b, g->len);
}

static bool
refused(const struct gen *g)
{
	struct split s;

	return init(&s, g) == -1;
}

/*
 * Cut g; each piece must be right in itself, and their payloads in a row must
 * be that of g.  hdr: where the payload starts.
 */
static bool
cuts_right(const struct gen *g, size_t hdr, unsigned *count)
{
	uint8_t out[GEN_MAX];
	struct split s;
	size_t len, at = hdr, longest = 0;

	*count = 0;
	if (init(&s, g) == -1)
		return false;
	while ((len = split_next(&s, out, sizeof(out))) > 0) {
		if (!twin_sums_right(out, len) || len < hdr ||
		    at + (len - hdr) > g->len)
			return false;
		if (memcmp(out + hdr, g->b + at, len - hdr) != 0)
			return false;
		at += len - hdr;
		longest = len > longest ? len : longest;
		(*count)++;
	}
	return at == g->len && *count == split_count(&s) &&
	    longest == split_longest(&s);
}

START_TEST(a_packet_without_offload_comes_out_as_it_is)
{
	uint8_t out[2048];
	struct split s;
	struct gen g;

	gen_ip(&g, src[0], dst[0], 1);
	gen_payload(&g, 100, 9);
	gen_seal(&g);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert_uint_eq(split_count(&s), 1);
	ck_assert_uint_eq(split_longest(&s), g.len);
	ck_assert_uint_eq(split_next(&s, out, sizeof(out)), g.len);
	ck_assert_mem_eq(out, g.b, g.len);
	ck_assert_uint_eq(split_next(&s, out, sizeof(out)), 0);
}
END_TEST

START_TEST(a_partial_checksum_is_completed)
{
	for (int six = 0; six < 2; six++)
		for (int udp = 0; udp < 2; udp++) {
			struct gen g;
			unsigned n;
			size_t hdr;

			if (udp)
				uso(&g, six, 333, 0);
			else
				tso(&g, six, 333, 0);
			hdr = g.l4 + (udp ? 8 : 32);
			gen_16(g.b + g.v.csum_start + g.v.csum_offset, 0x5555);
			ck_assert(cuts_right(&g, hdr, &n));
			ck_assert_uint_eq(n, 1);
		}
}
END_TEST

START_TEST(a_tcp_super_packet_becomes_numbered_segments)
{
	uint8_t out[2048];
	struct split s;
	struct gen g;

	tso(&g, 0, 1050, 100);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert_uint_eq(split_count(&s), 11);
	for (uint32_t i = 0; i < 11; i++) {
		size_t len = split_next(&s, out, sizeof(out));
		uint32_t seq = 0xfffffff0 + i * 100; /* wraps */

		ck_assert_uint_eq(len, 52 + (i == 10 ? 50 : 100));
		ck_assert_uint_eq(pkt_u32(out + 24), seq);
		ck_assert_uint_eq(pkt_u16(out + 4), 0x1234 + i);
		ck_assert_mem_eq(out + 40, g.b + 40, 12); /* options */
		ck_assert(twin_sums_right(out, len));
	}
	ck_assert_uint_eq(split_next(&s, out, sizeof(out)), 0);
}
END_TEST

/* As cuts_right, but cut again at max. */
static bool
shrinks_right(const struct gen *g, size_t hdr, size_t max)
{
	uint8_t out[GEN_MAX];
	struct split s;
	size_t len, at = hdr, n = 0;

	if (init(&s, g) == -1 || !split_shrink(&s, max) ||
	    split_longest(&s) > max)
		return false;
	while ((len = split_next(&s, out, sizeof(out))) > 0) {
		if (!twin_sums_right(out, len) || len > max ||
		    pkt_u32(out + g->l4 + 4) !=
			(uint32_t)(0xfffffff0 + (at - hdr)) ||
		    memcmp(out + hdr, g->b + at, len - hdr) != 0)
			return false;
		at += len - hdr;
		n++;
	}
	return at == g->len && n == split_count(&s);
}

START_TEST(tcp_is_cut_smaller_than_it_came)
{
	for (int six = 0; six < 2; six++)
		for (size_t max = 200; max < 1000; max += 61) {
			struct gen g;

			tso(&g, six, 9000, 1000);
			ck_assert(shrinks_right(&g, g.l4 + 32, max));
			tso(&g, six, 1000, 0); /* one packet, no sum yet */
			g.v.gso_type = VNET_GSO_NONE;
			ck_assert(shrinks_right(&g, g.l4 + 32, max));
		}
}
END_TEST

START_TEST(what_is_not_to_be_cut_smaller_stays)
{
	static const uint8_t flags[] = {0x02, 0x04, 0x20};
	struct split s;
	struct gen g;

	uso(&g, 0, 5000, 1000);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert(!split_shrink(&s, 500));
	ck_assert_uint_eq(split_longest(&s), 1028);
	/* its sum may be wrong already, and must stay so */
	tso(&g, 0, 1000, 0);
	gen_seal(&g);
	g.v = (struct vnet){0};
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert(!split_shrink(&s, 500));
	ck_assert_uint_eq(split_count(&s), 1);
	for (size_t i = 0; i < sizeof(flags); i++) {
		tso(&g, 0, 1000, 0);
		g.v.gso_type = VNET_GSO_NONE;
		g.b[g.l4 + 13] |= flags[i];
		ck_assert_int_eq(init(&s, &g), 0);
		ck_assert(!split_shrink(&s, 500));
	}
	tso(&g, 0, 9000, 1000);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert(!split_shrink(&s, 60)); /* no room for anything */
}
END_TEST

START_TEST(every_kind_is_cut_right_at_every_size)
{
	for (int six = 0; six < 2; six++)
		for (uint16_t gso = 8; gso < 300; gso += 7) {
			unsigned n;
			struct gen g;

			tso(&g, six, 1000, gso);
			ck_assert(cuts_right(&g, g.l4 + 32, &n));
			ck_assert_uint_eq(n, (1000u + gso - 1) / gso);
			uso(&g, six, 1000, gso);
			ck_assert(cuts_right(&g, g.l4 + 8, &n));
			ck_assert_uint_eq(n, (1000u + gso - 1) / gso);
		}
}
END_TEST

START_TEST(a_super_packet_of_64_kilobytes_is_cut_whole)
{
	static struct gen g;
	unsigned n;

	tso(&g, 0, 65535 - 52, 1348);
	ck_assert_uint_eq(g.len, 65535);
	ck_assert(cuts_right(&g, 52, &n));
	ck_assert_uint_eq(n, 49);
	tso(&g, 1, 65535 - 72, SPLIT_TCP_MIN);
	ck_assert(cuts_right(&g, 72, &n));
	ck_assert_uint_eq(n, 8183);
}
END_TEST

START_TEST(the_least_super_packets_are_cut_too)
{
	struct gen g;
	unsigned n;

	for (size_t payload = 0; payload < 25; payload++) {
		tso(&g, 0, payload, 8);
		ck_assert(cuts_right(&g, 52, &n));
		ck_assert_uint_eq(n, payload == 0 ? 1 : (payload + 7) / 8);
	}
	uso(&g, 1, 0, 8);
	ck_assert(cuts_right(&g, 48, &n));
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(fin_and_psh_are_on_the_last_and_cwr_on_the_first)
{
	uint8_t out[2048], flags[3];
	struct split s;
	struct gen g;

	tso(&g, 0, 300, 100);
	g.b[33] = 0xff;
	g.v.gso_type |= VNET_GSO_ECN;
	ck_assert_int_eq(init(&s, &g), 0);
	for (int i = 0; i < 3; i++) {
		split_next(&s, out, sizeof(out));
		flags[i] = out[33];
	}
	ck_assert_uint_eq(flags[0], 0xff & ~9);
	ck_assert_uint_eq(flags[1], 0xff & ~0x89);
	ck_assert_uint_eq(flags[2], 0xff & ~0x80);
}
END_TEST

START_TEST(a_udp_checksum_of_zero_is_sent_as_all_ones)
{
	uint8_t out[2048];
	struct split s;
	struct gen g;
	uint16_t sum;

	gen_ip(&g, src[1], dst[1], 17);
	gen_udp(&g, 443, 10);
	gen_16(g.b + 48, 0);
	gen_sum(&g, 17);
	sum = pkt_u16(g.b + 46); /* put what is missing into the payload */
	gen_16(g.b + 48, sum);
	gen_gso(&g, VNET_GSO_UDP_L4, 0);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert_uint_eq(split_next(&s, out, sizeof(out)), g.len);
	ck_assert_uint_eq(pkt_u16(out + 46), 0xffff);
	ck_assert(twin_sums_right(out, g.len));
}
END_TEST

START_TEST(extension_headers_are_copied_to_every_piece)
{
	struct gen g;
	unsigned n;

	gen_ip(&g, src[1], dst[1], 6);
	gen_ext(&g, 0, 16);
	gen_ext(&g, 43, 24);
	gen_ext(&g, 60, 8);
	gen_tcp(&g, 80, 5, 20, 500);
	gen_gso(&g, VNET_GSO_TCPV6, 120);
	ck_assert(cuts_right(&g, g.l4 + 20, &n));
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(what_can_t_be_repeated_in_every_piece_is_not_cut)
{
	static const uint8_t types[] = {44, 51};
	struct gen g;

	for (size_t i = 0; i < 2; i++) {
		gen_ip(&g, src[1], dst[1], 6);
		gen_ext(&g, types[i], types[i] == 44 ? 8 : 24);
		gen_tcp(&g, 80, 5, 20, 500);
		gen_gso(&g, VNET_GSO_TCPV6, 120);
		ck_assert(refused(&g));
		g.v = (struct vnet){0};
		ck_assert(!refused(&g));
	}
}
END_TEST

START_TEST(offload_fields_that_contradict_the_packet_are_refused)
{
	static const struct vnet good = {1, VNET_GSO_TCPV4, 52, 100, 20, 16};
	struct gen g;

#define REFUSED(field, value)                                                  \
	do {                                                                   \
		g.v = good;                                                    \
		g.v.field = (value);                                           \
		ck_assert_msg(refused(&g), #field " " #value);                 \
	} while (0)
	tso(&g, 0, 500, 100);
	ck_assert_mem_eq(&g.v, &good, sizeof(good));
	ck_assert(!refused(&g));
	REFUSED(flags, 0);
	REFUSED(flags, VNET_F_DATA_VALID);
	REFUSED(flags, 3);
	REFUSED(flags, 4);
	REFUSED(gso_type, VNET_GSO_TCPV6);
	REFUSED(gso_type, VNET_GSO_UDP_L4);
	REFUSED(gso_type, VNET_GSO_ECN);
	REFUSED(gso_type, 2);
	REFUSED(gso_type, 3);
	REFUSED(hdr_len, 51);
	REFUSED(hdr_len, 0);
	REFUSED(hdr_len, 553);
	REFUSED(gso_size, 0);
	REFUSED(gso_size, SPLIT_TCP_MIN - 1);
	REFUSED(csum_start, 0);
	REFUSED(csum_start, 19);
	REFUSED(csum_start, 65535);
	REFUSED(csum_offset, 6);
	REFUSED(csum_offset, 65535);
#undef REFUSED
}
END_TEST

START_TEST(a_header_as_long_as_the_packet_is_only_a_hint)
{
	struct gen g;
	unsigned n;

	tso(&g, 0, 500, 100);
	g.v.hdr_len = (uint16_t)g.len;
	ck_assert(cuts_right(&g, 52, &n));
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(gso_fields_without_a_gso_type_are_refused)
{
	struct gen g;

	tso(&g, 0, 500, 0);
	ck_assert(!refused(&g));
	g.v.gso_size = 100;
	ck_assert(refused(&g));
}
END_TEST

START_TEST(a_partial_checksum_of_another_protocol_is_refused)
{
	struct gen g;

	gen_ip(&g, src[0], dst[0], 132);
	gen_payload(&g, 100, 9);
	gen_seal(&g);
	gen_gso(&g, VNET_GSO_TCPV4, 0);
	ck_assert(refused(&g));
}
END_TEST

START_TEST(a_fragment_has_nothing_to_offload)
{
	struct gen g;

	uso(&g, 0, 500, 100);
	gen_16(g.b + 6, 0x2000);
	ck_assert(refused(&g));
	g.v = (struct vnet){0};
	ck_assert(!refused(&g));
}
END_TEST

START_TEST(a_udp_length_that_lies_is_refused)
{
	struct gen g;

	uso(&g, 0, 500, 100);
	gen_16(g.b + 24, 507);
	ck_assert(refused(&g));
	uso(&g, 0, 500, 0);
	gen_16(g.b + 24, 509);
	ck_assert(refused(&g));
}
END_TEST

START_TEST(more_udp_packets_than_the_kernel_makes_are_refused)
{
	struct gen g;

	uso(&g, 0, 5 * SPLIT_UDP_MAX, 5);
	ck_assert(!refused(&g));
	uso(&g, 0, 5 * SPLIT_UDP_MAX + 1, 5);
	ck_assert(refused(&g));
}
END_TEST

START_TEST(a_record_that_is_longer_than_its_packet_is_refused)
{
	struct gen g;

	tso(&g, 0, 500, 100);
	g.len++;
	ck_assert(refused(&g));
	g.len = 0;
	ck_assert(refused(&g));
	tso(&g, 1, 65535 - 71, 1000);
	ck_assert_uint_eq(g.len, 65536);
	ck_assert(refused(&g));
}
END_TEST

START_TEST(too_little_room_loses_nothing)
{
	uint8_t out[2048];
	struct split s;
	struct gen g;

	tso(&g, 0, 150, 100);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert_uint_eq(split_next(&s, out, 151), 0);
	ck_assert_uint_eq(split_next(&s, out, 152), 152);
	ck_assert_uint_eq(split_next(&s, out, 101), 0);
	ck_assert_uint_eq(split_next(&s, out, 102), 102);
	tso(&g, 0, 150, 0);
	ck_assert_int_eq(init(&s, &g), 0);
	ck_assert_uint_eq(split_next(&s, out, g.len - 1), 0);
	ck_assert_uint_eq(split_next(&s, out, g.len), g.len);
}
END_TEST

/* What the guard allows and can't be cut all the same. */
static bool
uncuttable(const struct gen *g)
{
	struct twin t;

	twin_parse(&t, g->b, g->len, TWIN_GUARD);
	return t.ah || t.atomic_header || twin_mapped(t.src) ||
	    twin_mapped(t.dst);
}

static size_t
headers(const struct gen *g)
{
	struct twin t;

	twin_parse(&t, g->b, g->len, TWIN_GUARD);
	return (size_t)(t.l4 + twin_l4(&t, g->b));
}

START_TEST(what_the_guard_lets_out_can_be_cut)
{
	uint64_t r = unit_seed();
	struct conf_node c;
	struct guard *guard;
	unsigned cut = 0;

	gen_node(&c, false);
	guard = guard_new(&c);
	for (int i = 0; i < RECORDS; i++) {
		struct gen g;
		bool malformed;
		unsigned n = 0;

		gen_any(&g, &r);
		malformed = guard_out(guard, &g.v, g.b, g.len) == TO_MALFORMED;
		if (malformed || uncuttable(&g))
			continue;
		ck_assert_msg(!refused(&g), "SEED=%llu record %d",
		    (unsigned long long)unit_seed(), i);
		if (g.v.gso_type == VNET_GSO_NONE)
			continue;
		ck_assert_msg(cuts_right(&g, headers(&g), &n),
		    "SEED=%llu record %d", (unsigned long long)unit_seed(), i);
		cut++;
	}
	ck_assert_uint_gt(cut, RECORDS / 100);
	guard_free(guard);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_packet_without_offload_comes_out_as_it_is,
	    a_partial_checksum_is_completed,
	    a_tcp_super_packet_becomes_numbered_segments,
	    tcp_is_cut_smaller_than_it_came,
	    what_is_not_to_be_cut_smaller_stays,
	    every_kind_is_cut_right_at_every_size,
	    a_super_packet_of_64_kilobytes_is_cut_whole,
	    the_least_super_packets_are_cut_too,
	    fin_and_psh_are_on_the_last_and_cwr_on_the_first,
	    a_udp_checksum_of_zero_is_sent_as_all_ones,
	    extension_headers_are_copied_to_every_piece,
	    what_can_t_be_repeated_in_every_piece_is_not_cut,
	    offload_fields_that_contradict_the_packet_are_refused,
	    a_header_as_long_as_the_packet_is_only_a_hint,
	    gso_fields_without_a_gso_type_are_refused,
	    a_partial_checksum_of_another_protocol_is_refused,
	    a_fragment_has_nothing_to_offload,
	    a_udp_length_that_lies_is_refused,
	    more_udp_packets_than_the_kernel_makes_are_refused,
	    a_record_that_is_longer_than_its_packet_is_refused,
	    too_little_room_loses_nothing,
	    what_the_guard_lets_out_can_be_cut,
	};

	return UNIT_RUN("split", tests);
}
