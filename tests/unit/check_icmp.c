/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_icmp.c */
/* ICMP errors for the host; checksums by the twin's sum. */
#include <string.h>

#include "icmp.h"
#include "pktgen.h"
#include "unit.h"

static size_t
make(uint8_t *out, const struct gen *g, enum icmp_what what, uint16_t mtu)
{
	struct pkt p;

	ck_assert_int_eq(pkt_parse(&p, g->b, g->len), 0);
	return icmp_make(out, what, mtu, &p);
}

static void
about_udp(struct gen *g, const char *src, const char *dst, size_t n)
{
	gen_ip(g, src, dst, 17);
	gen_udp(g, 53, n);
}

static size_t
after(const char *src, const char *dst)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	about_udp(&g, src, dst, 10);
	return make(out, &g, ICMP_HOST, 0);
}

START_TEST(unreachable_quotes_the_packet_and_comes_from_its_destination)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	about_udp(&g, "10.77.0.1", "10.77.0.2", 30);
	ck_assert_uint_eq(make(out, &g, ICMP_NO_ROUTE, 999), 28 + g.len);
	ck_assert_uint_eq(out[0], 0x45);
	ck_assert_uint_eq(out[1], 0xc0);
	ck_assert_uint_eq(pkt_u16(out + 4), 0);
	ck_assert_uint_eq(pkt_u16(out + 6), 0x4000);
	ck_assert_uint_eq(out[8], 64);
	ck_assert_uint_eq(out[9], 1);
	ck_assert_mem_eq(out + 12, g.b + 16, 4);
	ck_assert_mem_eq(out + 16, g.b + 12, 4);
	ck_assert_uint_eq(out[20], 3);
	ck_assert_uint_eq(out[21], 0);
	ck_assert_uint_eq(out[26] | out[27], 0); /* the mtu is not said */
	ck_assert_mem_eq(out + 28, g.b, g.len);
}
END_TEST

START_TEST(the_sixth_version_does_the_same)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	about_udp(&g, "fd77::1", "fd77::2", 30);
	ck_assert_uint_eq(make(out, &g, ICMP_HOST, 0), 48 + g.len);
	ck_assert_uint_eq(pkt_u32(out), 0x60000000);
	ck_assert_uint_eq(out[6], 58);
	ck_assert_uint_eq(out[7], 64);
	ck_assert_mem_eq(out + 8, g.b + 24, 16);
	ck_assert_mem_eq(out + 24, g.b + 8, 16);
	ck_assert_uint_eq(out[40], 1);
	ck_assert_uint_eq(out[41], 3);
	ck_assert_mem_eq(out + 48, g.b, g.len);
}
END_TEST

START_TEST(every_kind_has_its_type_and_code)
{
	static const uint8_t want[4][4] = {
	    [ICMP_NO_ROUTE] = {3, 0, 1, 0},
	    [ICMP_HOST] = {3, 1, 1, 3},
	    [ICMP_PROHIBITED] = {3, 13, 1, 1},
	    [ICMP_TOO_BIG] = {3, 4, 2, 0},
	};
	uint8_t out[ICMP_MAX];
	struct gen four, six;

	about_udp(&four, "10.77.0.1", "10.77.0.2", 30);
	about_udp(&six, "fd77::1", "fd77::2", 30);
	for (unsigned what = 0; what < 4; what++) {
		make(out, &four, (enum icmp_what)what, 1280);
		ck_assert_mem_eq(out + 20, want[what], 2);
		make(out, &six, (enum icmp_what)what, 1280);
		ck_assert_mem_eq(out + 40, want[what] + 2, 2);
	}
}
END_TEST

START_TEST(too_big_says_the_mtu)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	about_udp(&g, "10.77.0.1", "10.77.0.2", 1500);
	make(out, &g, ICMP_TOO_BIG, 1400);
	ck_assert_uint_eq(out[26] * 256 + out[27], 1400);
	ck_assert_uint_eq(out[24] | out[25], 0);
	about_udp(&g, "fd77::1", "fd77::2", 1500);
	make(out, &g, ICMP_TOO_BIG, 1400);
	ck_assert_uint_eq(out[46] * 256 + out[47], 1400);
	ck_assert_uint_eq(out[44] | out[45], 0);
}
END_TEST

START_TEST(what_may_be_cut_is_never_too_big)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	about_udp(&g, "10.77.0.1", "10.77.0.2", 1500);
	g.b[6] = 0;
	ck_assert_uint_eq(make(out, &g, ICMP_TOO_BIG, 1400), 0);
	ck_assert_uint_ne(make(out, &g, ICMP_HOST, 0), 0);
}
END_TEST

START_TEST(lengths_and_checksums_are_right_for_any_packet)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	for (size_t n = 0; n < 1400; n += 13) {
		size_t len;

		about_udp(&g, "10.77.0.1", "10.77.0.2", n);
		len = make(out, &g, ICMP_HOST, 0);
		ck_assert_uint_le(len, 576);
		ck_assert_uint_eq(out[2] * 256u + out[3], len);
		ck_assert_uint_eq(twin_sum(0, out, 20), 0xffff);
		ck_assert_uint_eq(twin_sum(0, out + 20, len - 20), 0xffff);

		about_udp(&g, "fd77::1", "fd77::2", n);
		len = make(out, &g, ICMP_HOST, 0);
		ck_assert_uint_le(len, 1280);
		ck_assert_uint_eq(out[4] * 256u + out[5], len - 40);
		ck_assert_uint_eq(twin_sum(twin_pseudo(out, 58, len - 40),
				      out + 40, len - 40),
		    0xffff);
	}
}
END_TEST

START_TEST(what_is_made_parses)
{
	uint8_t out[ICMP_MAX];
	struct gen g;
	struct pkt p;

	about_udp(&g, "10.77.0.1", "10.77.0.2", 900);
	ck_assert_int_eq(
	    pkt_parse(&p, out, make(out, &g, ICMP_TOO_BIG, 1400)), 0);
	ck_assert_uint_eq(p.proto, PROTO_ICMP);
	about_udp(&g, "fd77::1", "fd77::2", 1900);
	ck_assert_int_eq(
	    pkt_parse(&p, out, make(out, &g, ICMP_TOO_BIG, 1400)), 0);
	ck_assert_uint_eq(p.proto, PROTO_ICMP6);
}
END_TEST

START_TEST(only_the_packet_is_quoted_not_its_padding)
{
	uint8_t out[ICMP_MAX];
	struct gen g;
	size_t len;

	about_udp(&g, "10.77.0.1", "10.77.0.2", 30);
	len = g.len;
	g.len += 6;
	ck_assert_uint_eq(make(out, &g, ICMP_HOST, 0), 28 + len);
}
END_TEST

START_TEST(nothing_is_said_about_an_error)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	for (unsigned type = 0; type < 256; type++) {
		bool query =
		    type == 0 || type == 8 || (type >= 13 && type <= 18);

		gen_ip(&g, "10.77.0.1", "10.77.0.2", 1);
		gen_payload(&g, 8, (uint8_t)type);
		gen_seal(&g);
		ck_assert_int_eq(make(out, &g, ICMP_HOST, 0) != 0, query);
		gen_ip(&g, "fd77::1", "fd77::2", 58);
		gen_payload(&g, 8, (uint8_t)type);
		gen_seal(&g);
		ck_assert_int_eq(make(out, &g, ICMP_HOST, 0) != 0,
		    type >= 128 && type != 137);
	}
}
END_TEST

START_TEST(nothing_is_said_about_icmp_without_a_type)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	gen_ip(&g, "10.77.0.1", "10.77.0.2", 1);
	gen_seal(&g);
	ck_assert_uint_eq(make(out, &g, ICMP_HOST, 0), 0);
}
END_TEST

START_TEST(an_error_behind_an_extension_header_is_still_an_error)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	gen_ip(&g, "fd77::1", "fd77::2", 58);
	gen_ext(&g, 60, 16);
	gen_payload(&g, 8, 1);
	gen_seal(&g);
	ck_assert_uint_eq(make(out, &g, ICMP_HOST, 0), 0);
}
END_TEST

START_TEST(only_the_first_fragment_is_answered)
{
	uint8_t out[ICMP_MAX];
	struct gen g;

	about_udp(&g, "10.77.0.1", "10.77.0.2", 64);
	gen_16(g.b + 6, 0x2000);
	ck_assert_uint_ne(make(out, &g, ICMP_HOST, 0), 0);
	gen_16(g.b + 6, 0x2008);
	ck_assert_uint_eq(make(out, &g, ICMP_HOST, 0), 0);
	gen_16(g.b + 6, 0x0008);
	ck_assert_uint_eq(make(out, &g, ICMP_HOST, 0), 0);
}
END_TEST

START_TEST(special_addresses_are_not_answered)
{
	static const char *const bad4[] = {"224.0.0.1", "255.255.255.255",
	    "127.0.0.1", "0.0.0.0", "169.254.1.1"};
	static const char *const bad6[] = {"ff02::1", "::", "::1", "fe80::1"};

	ck_assert_uint_ne(after("10.77.0.1", "10.77.0.2"), 0);
	for (size_t i = 0; i < sizeof(bad4) / sizeof(bad4[0]); i++) {
		ck_assert_uint_eq(after("10.77.0.1", bad4[i]), 0);
		ck_assert_uint_eq(after(bad4[i], "10.77.0.1"), 0);
	}
	for (size_t i = 0; i < sizeof(bad6) / sizeof(bad6[0]); i++) {
		ck_assert_uint_eq(after("fd77::1", bad6[i]), 0);
		ck_assert_uint_eq(after(bad6[i], "fd77::1"), 0);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    unreachable_quotes_the_packet_and_comes_from_its_destination,
	    the_sixth_version_does_the_same,
	    every_kind_has_its_type_and_code,
	    too_big_says_the_mtu,
	    what_may_be_cut_is_never_too_big,
	    lengths_and_checksums_are_right_for_any_packet,
	    what_is_made_parses,
	    only_the_packet_is_quoted_not_its_padding,
	    nothing_is_said_about_an_error,
	    nothing_is_said_about_icmp_without_a_type,
	    an_error_behind_an_extension_header_is_still_an_error,
	    only_the_first_fragment_is_answered,
	    special_addresses_are_not_answered,
	};

	return UNIT_RUN("icmp", tests);
}
