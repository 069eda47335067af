/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_mss.c */
/* Clamping the MSS of TCP SYNs; sums by the twin. */
#include "mss.h"
#include "pktgen.h"
#include "unit.h"

static const char *const src[2] = {"10.77.0.1", "fd77::1"};
static const char *const dst[2] = {"10.77.0.2", "fd77::2"};

/* A SYN with these options, whose length is a multiple of four. */
static void
syn(struct gen *g, int six, const uint8_t *opt, size_t n)
{
	gen_ip(g, src[six], dst[six], 6);
	gen_tcp(g, 80, 1, 20 + n, 0);
	g->b[g->l4 + 13] = 0x02;
	memcpy(g->b + g->l4 + 20, opt, n);
	g->v = (struct vnet){0};
	gen_sum(g, 6);
}

/* What it asks for afterwards, at that offset of the options. */
static unsigned
clamped(struct gen *g, size_t at, uint16_t mtu, bool *changed)
{
	struct pkt p;

	ck_assert_int_eq(pkt_parse(&p, g->b, g->len), 0);
	ck_assert(twin_sums_right(g->b, g->len));
	*changed = mss_clamp(g->b, g->len, &p, mtu);
	ck_assert(twin_sums_right(g->b, g->len));
	return pkt_u16(g->b + g->l4 + 20 + at);
}

START_TEST(a_syn_asks_for_what_fits)
{
	static const uint8_t opt[4] = {2, 4, 0x05, 0xb4};
	struct gen g;
	bool changed;

	syn(&g, 0, opt, 4);
	ck_assert_uint_eq(clamped(&g, 2, 1400, &changed), 1360);
	ck_assert(changed);
	ck_assert_uint_eq(clamped(&g, 2, 1400, &changed), 1360);
	ck_assert(!changed);
	syn(&g, 1, opt, 4);
	ck_assert_uint_eq(clamped(&g, 2, 1280, &changed), 1220);
	ck_assert_uint_eq(clamped(&g, 2, 100, &changed), MSS_LEAST);
}
END_TEST

START_TEST(at_odd_offsets_too)
{
	static const uint8_t opt[8] = {1, 2, 4, 0xff, 0xff, 1, 1, 0};
	struct gen g;
	bool changed;

	for (int six = 0; six < 2; six++)
		for (uint16_t mtu = 300; mtu < 60000; mtu += 37) {
			syn(&g, six, opt, 8);
			ck_assert_uint_eq(clamped(&g, 3, mtu, &changed),
			    mtu - (six ? 60 : 40));
			ck_assert(changed);
		}
}
END_TEST

START_TEST(what_asks_for_less_is_left_alone)
{
	static const uint8_t opt[4] = {2, 4, 0x02, 0x00};
	struct gen g;
	bool changed;

	syn(&g, 0, opt, 4);
	ck_assert_uint_eq(clamped(&g, 2, 1400, &changed), 512);
	ck_assert(!changed);
}
END_TEST

START_TEST(what_is_no_syn_is_left_alone)
{
	static const uint8_t opt[4] = {2, 4, 0x05, 0xb4};
	struct gen g;
	bool changed;

	syn(&g, 0, opt, 4);
	g.b[g.l4 + 13] = 0x10;
	gen_sum(&g, 6);
	ck_assert_uint_eq(clamped(&g, 2, 600, &changed), 1460);
	ck_assert(!changed);
}
END_TEST

START_TEST(options_that_lie_are_left_alone)
{
	static const uint8_t bad[][8] = {
	    {0, 2, 4, 0x05, 0xb4, 0, 0, 0}, /* behind the end */
	    {2, 3, 0x05, 0xb4, 0, 0, 0, 0}, /* too short */
	    {2, 6, 0x05, 0xb4, 0, 0, 0, 0}, /* too long */
	    {8, 0, 2, 4, 0x05, 0xb4, 0, 0}, /* goes nowhere */
	    {8, 1, 2, 4, 0x05, 0xb4, 0, 0},
	    {8, 20, 2, 4, 0x05, 0xb4, 0, 0}, /* past the header */
	    {1, 1, 1, 1, 1, 1, 2, 4},        /* cut off */
	    {1, 1, 1, 1, 1, 1, 1, 2}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct gen g;
		bool changed;

		syn(&g, 0, bad[i], 8);
		(void)clamped(&g, 2, 600, &changed);
		ck_assert_msg(!changed, "%zu", i);
		ck_assert_mem_eq(g.b + g.l4 + 20, bad[i], 8);
	}
}
END_TEST

START_TEST(a_data_offset_that_lies_is_left_alone)
{
	static const uint8_t opt[4] = {2, 4, 0x05, 0xb4};
	struct pkt p;
	struct gen g;

	syn(&g, 0, opt, 4);
	ck_assert_int_eq(pkt_parse(&p, g.b, g.len), 0);
	for (unsigned off = 0; off < 16; off++) {
		g.b[g.l4 + 12] = (uint8_t)(off << 4);
		ck_assert(mss_clamp(g.b, g.len, &p, 600) == (off == 6));
		gen_16(g.b + g.l4 + 22, 1460);
	}
	for (size_t n = 0; n < g.len; n++)
		ck_assert(!mss_clamp(g.b, n, &p, 600));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {a_syn_asks_for_what_fits,
	    at_odd_offsets_too, what_asks_for_less_is_left_alone,
	    what_is_no_syn_is_left_alone, options_that_lie_are_left_alone,
	    a_data_offset_that_lies_is_left_alone};

	return UNIT_RUN("mss", tests);
}
