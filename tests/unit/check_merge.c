/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_merge.c */
/* Merging segments; sums by the twin, whole streams against the cutter. */
#include <stdlib.h>

#include "guard.h"
#include "offload.h"
#include "pktgen.h"
#include "unit.h"

static const char *const src[2] = {"10.77.0.2", "fd77::2"};
static const char *const dst[2] = {"10.77.0.1", "fd77::1"};
static uint8_t buf[PK_IP_MAX];

/* Segment i of a stream of n octets each. */
static void
segment(struct gen *g, int six, unsigned i, size_t n)
{
	gen_ip(g, src[six], dst[six], 6);
	if (!six)
		gen_16(g->b + 4, 0x100 + i);
	gen_tcp(g, 80, 0xffffff00 + i * 100, 32, n);
}

static void
datagram(struct gen *g, int six, unsigned i, size_t n)
{
	gen_ip(g, src[six], dst[six], 17);
	if (!six)
		gen_16(g->b + 4, 0x100 + i);
	gen_udp(g, 443, n);
}

static struct pkt
parsed(const struct gen *g)
{
	struct pkt p;

	ck_assert_int_eq(pkt_parse(&p, g->b, g->len), 0);
	return p;
}

static void
open_with(struct merge *m, const struct gen *g)
{
	struct pkt p = parsed(g);

	merge_init(m, buf);
	merge_open(m, &p);
}

static bool
add(struct merge *m, const struct gen *g)
{
	struct pkt p = parsed(g);

	return merge_add(m, &p);
}

/* What the kernel does with NEEDS_CSUM: the rest of the sum is added. */
static void
complete(uint8_t *b, size_t len, const struct vnet *v)
{
	uint8_t *at = b + v->csum_start + v->csum_offset;
	uint16_t sum = twin_sum(0, b + v->csum_start, len - v->csum_start);

	gen_16(at, (uint16_t)~sum);
}

START_TEST(segments_in_a_row_become_one)
{
	for (int six = 0; six < 2; six++) {
		struct gen g;
		struct merge m;
		struct vnet v;
		size_t len, hdr = six ? 72 : 52;

		segment(&g, six, 0, 100);
		open_with(&m, &g);
		for (unsigned i = 1; i < 5; i++) {
			segment(&g, six, i, i == 4 ? 60 : 100);
			ck_assert(add(&m, &g));
		}
		ck_assert(m.closed); /* the last one was shorter */
		len = merge_finish(&m, &v);
		ck_assert_uint_eq(len, hdr + 460);
		ck_assert_uint_eq(v.flags, VNET_F_NEEDS_CSUM);
		ck_assert_uint_eq(
		    v.gso_type, six ? VNET_GSO_TCPV6 : VNET_GSO_TCPV4);
		ck_assert_uint_eq(v.hdr_len, hdr);
		ck_assert_uint_eq(v.gso_size, 100);
		ck_assert_uint_eq(v.csum_start, hdr - 32);
		ck_assert_uint_eq(v.csum_offset, 16);
		complete(buf, len, &v);
		ck_assert(twin_sums_right(buf, len));
	}
}
END_TEST

START_TEST(datagrams_of_a_flow_become_one)
{
	for (int six = 0; six < 2; six++) {
		struct gen g;
		struct merge m;
		struct vnet v;
		size_t len, hdr = six ? 48 : 28;

		datagram(&g, six, 0, 300);
		open_with(&m, &g);
		datagram(&g, six, 1, 300);
		ck_assert(add(&m, &g));
		datagram(&g, six, 2, 1);
		ck_assert(add(&m, &g));
		ck_assert(m.closed);
		len = merge_finish(&m, &v);
		ck_assert_uint_eq(len, hdr + 601);
		ck_assert_uint_eq(v.gso_type, VNET_GSO_UDP_L4);
		ck_assert_uint_eq(v.hdr_len, hdr);
		ck_assert_uint_eq(v.gso_size, 300);
		ck_assert_uint_eq(v.csum_start, hdr - 8);
		ck_assert_uint_eq(v.csum_offset, 6);
		complete(buf, len, &v);
		ck_assert(twin_sums_right(buf, len));
	}
}
END_TEST

START_TEST(a_verified_single_is_marked_and_not_touched)
{
	struct gen g;
	struct merge m;
	struct vnet v;

	segment(&g, 0, 0, 100);
	open_with(&m, &g);
	ck_assert_uint_eq(merge_finish(&m, &v), g.len);
	ck_assert_mem_eq(buf, g.b, g.len);
	ck_assert_uint_eq(v.flags, VNET_F_DATA_VALID);
	ck_assert_uint_eq(
	    v.gso_type | v.gso_size | v.hdr_len | v.csum_start, 0);
	ck_assert_uint_eq(merge_finish(&m, &v), 0);
}
END_TEST

START_TEST(a_wrong_checksum_goes_alone_and_stays_wrong)
{
	for (size_t at = 0; at < 152; at++) { /* any octet of the packet */
		struct gen good, bad;
		struct merge m;
		struct vnet v;
		struct pkt p;

		segment(&good, 0, 0, 100);
		segment(&bad, 0, 1, 100);
		bad.b[at] ^= 0x10;
		if (pkt_parse(&p, bad.b, bad.len) == -1)
			continue;
		open_with(&m, &good);
		ck_assert_msg(!merge_add(&m, &p), "octet %zu", at);
		ck_assert_uint_eq(merge_finish(&m, &v), good.len);
		merge_open(&m, &p);
		ck_assert_uint_eq(merge_finish(&m, &v), p.ip_len);
		ck_assert_mem_eq(buf, bad.b, p.ip_len);
		ck_assert_msg(v.flags == 0, "octet %zu", at);
	}
}
END_TEST

START_TEST(nothing_follows_a_wrong_checksum)
{
	struct gen g;
	struct merge m;

	segment(&g, 0, 0, 100);
	g.b[100] ^= 1;
	open_with(&m, &g);
	segment(&g, 0, 1, 100);
	ck_assert(!add(&m, &g));
}
END_TEST

START_TEST(a_protocol_without_a_known_checksum_is_not_marked)
{
	struct gen g;
	struct merge m;
	struct vnet v;

	gen_ip(&g, src[0], dst[0], 1);
	gen_payload(&g, 64, 8);
	gen_seal(&g);
	open_with(&m, &g);
	ck_assert(m.closed);
	ck_assert_uint_eq(merge_finish(&m, &v), g.len);
	ck_assert_uint_eq(v.flags, 0);
}
END_TEST

START_TEST(psh_closes_and_is_kept)
{
	struct gen g;
	struct merge m;
	struct vnet v;

	segment(&g, 0, 0, 100);
	open_with(&m, &g);
	segment(&g, 0, 1, 100);
	g.b[33] |= 8;
	gen_sum(&g, 6);
	ck_assert(add(&m, &g));
	segment(&g, 0, 2, 100);
	ck_assert(!add(&m, &g));
	merge_finish(&m, &v);
	ck_assert_uint_eq(buf[33], 0x18);
	segment(&g, 0, 0, 100);
	g.b[33] |= 8;
	gen_sum(&g, 6);
	open_with(&m, &g);
	ck_assert(m.closed && m.verified);
}
END_TEST

/* Does the second segment, with octet `at` set to v, still merge? */
static bool
merges_with(int six, size_t at, uint8_t v)
{
	struct gen g;
	struct merge m;
	struct pkt p;

	segment(&g, six, 0, 100);
	open_with(&m, &g);
	segment(&g, six, 1, 100);
	g.b[at] = v;
	gen_sum(&g, 6);
	return pkt_parse(&p, g.b, g.len) == 0 && merge_add(&m, &p);
}

START_TEST(only_what_continues_the_flow_is_taken)
{
	static const struct {
		size_t at;
		uint8_t to;
	} four[] = {{1, 4}, {6, 0}, {6, 0xc0}, {8, 63}, {15, 3}, {19, 3},
	    {21, 1}, {23, 1}, {27, 1}, {31, 1}, {32, 0x81}, {32, 0x70}, {34, 9},
	    {39, 1}, {40, 0}, {51, 0}},
	  six[] = {{0, 0x61}, {1, 1}, {3, 1}, {7, 63}, {23, 3}, {39, 3},
	      {41, 1}, {43, 1}, {47, 1}, {51, 1}, {52, 0x81}, {54, 9}, {59, 1},
	      {60, 0}};

	ck_assert(merges_with(0, 4, 99)); /* the id does not matter */
	for (size_t i = 0; i < sizeof(four) / sizeof(four[0]); i++)
		ck_assert_msg(!merges_with(0, four[i].at, four[i].to),
		    "IPv4 octet %zu", four[i].at);
	ck_assert(merges_with(1, 52, 0x80));
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++)
		ck_assert_msg(!merges_with(1, six[i].at, six[i].to),
		    "IPv6 octet %zu", six[i].at);
}
END_TEST

START_TEST(only_plain_flags_merge)
{
	for (unsigned flags = 0; flags < 256; flags++)
		ck_assert_int_eq(merges_with(0, 33, (uint8_t)flags),
		    flags == 0x10 || flags == 0x18);
}
END_TEST

START_TEST(a_flow_that_opens_with_other_flags_stays_alone)
{
	for (unsigned flags = 0; flags < 256; flags++) {
		struct gen g;
		struct merge m;

		segment(&g, 0, 0, 100);
		g.b[33] = (uint8_t)flags;
		gen_sum(&g, 6);
		open_with(&m, &g);
		ck_assert_int_eq(m.closed, flags != 0x10);
	}
}
END_TEST

START_TEST(a_longer_one_or_an_empty_one_is_not_taken)
{
	struct gen g;
	struct merge m;

	segment(&g, 0, 0, 100);
	open_with(&m, &g);
	segment(&g, 0, 1, 101);
	ck_assert(!add(&m, &g));
	segment(&g, 0, 1, 0);
	ck_assert(!add(&m, &g));
	segment(&g, 0, 1, 100);
	ck_assert(add(&m, &g));
	segment(&g, 0, 0, 0);
	open_with(&m, &g);
	ck_assert(m.closed);
}
END_TEST

START_TEST(fragments_options_and_extension_headers_never_merge)
{
	struct gen g;
	struct merge m;

	datagram(&g, 0, 0, 96);
	gen_16(g.b + 6, 0x2000);
	gen_seal(&g);
	open_with(&m, &g);
	ck_assert(m.closed && !m.verified);

	gen_ip(&g, src[0], dst[0], 6);
	g.b[0] = 0x46;
	memset(g.b + 20, 1, 4);
	g.len = g.l4 = 24;
	gen_tcp(&g, 80, 1, 20, 100);
	open_with(&m, &g);
	ck_assert(m.closed && m.verified);

	gen_ip(&g, src[1], dst[1], 6);
	gen_ext(&g, 60, 8);
	gen_tcp(&g, 80, 1, 20, 100);
	open_with(&m, &g);
	ck_assert(m.closed && m.verified);
}
END_TEST

START_TEST(udp_without_a_checksum_goes_alone_and_unmarked)
{
	for (int six = 0; six < 2; six++) {
		struct gen g;
		struct merge m;
		struct vnet v;

		datagram(&g, six, 0, 100);
		gen_16(g.b + g.l4 + 6, 0);
		open_with(&m, &g);
		ck_assert(m.closed);
		merge_finish(&m, &v);
		ck_assert_uint_eq(v.flags, 0);
	}
}
END_TEST

START_TEST(a_udp_length_that_lies_goes_alone_and_unmarked)
{
	struct gen g;
	struct merge m;

	datagram(&g, 0, 0, 100);
	gen_16(g.b + 24, 107);
	gen_sum(&g, 17);
	open_with(&m, &g);
	ck_assert(m.closed && !m.verified);
}
END_TEST

START_TEST(no_more_datagrams_than_any_kernel_takes)
{
	struct gen g;
	struct merge m;
	unsigned n;

	datagram(&g, 0, 0, 10);
	open_with(&m, &g);
	for (n = 1; add(&m, &g); n++)
		continue;
	ck_assert_uint_eq(n, MERGE_UDP_MAX);
}
END_TEST

START_TEST(never_longer_than_a_packet_can_be)
{
	struct gen g;
	struct merge m;
	struct vnet v;
	size_t len;

	datagram(&g, 1, 0, 1400);
	open_with(&m, &g);
	while (add(&m, &g))
		continue;
	len = merge_finish(&m, &v);
	ck_assert_uint_eq(len, 48 + 46 * 1400);
	ck_assert_uint_eq(pkt_u16(buf + 4), len - 40);
}
END_TEST

START_TEST(what_the_tun_does_not_take_is_not_made)
{
	for (int six = 0; six < 2; six++)
		for (unsigned takes = 0; takes < 16; takes++) {
			struct gen g;
			struct merge m;
			struct pkt p;
			struct vnet v;
			unsigned tso = six ? OFFLOAD_TSO6 : OFFLOAD_TSO4;

			merge_init(&m, buf);
			m.takes = (uint8_t)takes;
			segment(&g, six, 0, 100);
			p = parsed(&g);
			merge_open(&m, &p);
			ck_assert_int_eq(
			    m.closed, (takes & tso) == 0 || (takes & 1) == 0);
			merge_finish(&m, &v);
			ck_assert_uint_eq(v.flags, takes & 1 ? 2 : 0);
			datagram(&g, six, 0, 100);
			p = parsed(&g);
			merge_open(&m, &p);
			ck_assert_int_eq(m.closed,
			    (takes & OFFLOAD_USO) == 0 || (takes & 1) == 0);
		}
}
END_TEST

START_TEST(padding_does_not_get_in)
{
	struct gen g;
	struct merge m;
	struct vnet v;

	segment(&g, 0, 0, 100);
	g.len += 8;
	open_with(&m, &g);
	segment(&g, 0, 1, 100);
	g.len += 8;
	ck_assert(add(&m, &g));
	ck_assert_uint_eq(merge_finish(&m, &v), 252);
	ck_assert_uint_eq(v.gso_size, 100);
}
END_TEST

START_TEST(a_packet_that_is_too_long_opens_nothing)
{
	static struct gen g;
	struct merge m;
	struct vnet v;

	datagram(&g, 1, 0, 65535 - 8);
	open_with(&m, &g);
	ck_assert_uint_eq(merge_finish(&m, &v), 0);
	datagram(&g, 1, 0, 65535 - 48);
	open_with(&m, &g);
	ck_assert_uint_eq(merge_finish(&m, &v), 65535);
}
END_TEST

START_TEST(nothing_is_added_to_nothing)
{
	struct gen g;
	struct merge m;
	struct pkt p;

	segment(&g, 0, 0, 100);
	p = parsed(&g);
	merge_init(&m, buf);
	ck_assert(!merge_add(&m, &p));
}
END_TEST

/* ---- whole streams ---- */

/* All packets that were put in, in order, and how many came out. */
struct log {
	uint8_t b[200000];
	size_t len;
};

static void
log_packet(struct log *l, uint8_t *b, size_t len)
{
	if (b[0] >> 4 == 4) { /* ids of merged packets are made anew */
		gen_16(b + 4, 0);
		gen_16(b + 10, 0);
	}
	ck_assert_uint_le(l->len + len, sizeof(l->b));
	memcpy(l->b + l->len, b, len);
	l->len += len;
}

/* A super-packet passes the guard and is cut again. */
static bool
commit(struct merge *m, const struct guard *guard, struct log *out)
{
	uint8_t cut[4096];
	struct vnet v;
	struct split s;
	size_t len = merge_finish(m, &v), n;

	if (len == 0)
		return true;
	if (guard_in(guard, &v, buf, len) != C_NONE ||
	    split_init(&s, &v, buf, len) == -1)
		return false;
	while ((n = split_next(&s, cut, sizeof(cut))) > 0)
		log_packet(out, cut, n);
	return true;
}

/* The next packet of some stream: mostly what merges, never malformed. */
static void
some_packet(struct gen *g, uint64_t *r, unsigned *i)
{
	int six = gen_dice(r, 8) == 0;
	size_t n = gen_dice(r, 6) ? 100 : gen_dice(r, 120);

	if (gen_dice(r, 12) == 0)
		*i += gen_dice(r, 3);
	if (gen_dice(r, 4) == 0)
		datagram(g, six, *i, n);
	else
		segment(g, six, *i, n);
	(*i)++;
	if (gen_dice(r, 12) == 0 && g->b[six ? 6 : 9] == 6) {
		g->b[g->l4 + 13] |= (uint8_t)(1 << gen_dice(r, 8));
		gen_sum(g, 6);
	}
	if (gen_dice(r, 20) == 0)
		g->b[g->len - 1] ^= 1; /* a wrong checksum */
}

START_TEST(cutting_what_was_merged_gives_back_every_stream)
{
	static struct log in, out;
	uint64_t r = unit_seed();
	struct conf_node c;
	struct guard *guard;
	struct merge m;

	gen_node(&c, false);
	guard = guard_new(&c);
	merge_init(&m, buf);
	for (unsigned round = 0; round < 300; round++) {
		unsigned at = 0;

		in.len = out.len = 0;
		for (unsigned k = 0; k < 200; k++) {
			struct gen g;
			struct pkt p;

			some_packet(&g, &r, &at);
			p = parsed(&g);
			if (!merge_add(&m, &p)) {
				ck_assert(commit(&m, guard, &out));
				merge_open(&m, &p);
			}
			log_packet(&in, g.b, g.len);
		}
		ck_assert(commit(&m, guard, &out));
		ck_assert_msg(
		    in.len == out.len && memcmp(in.b, out.b, in.len) == 0,
		    "SEED=%llu round %u", (unsigned long long)unit_seed(),
		    round);
	}
	guard_free(guard);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    segments_in_a_row_become_one,
	    datagrams_of_a_flow_become_one,
	    a_verified_single_is_marked_and_not_touched,
	    a_wrong_checksum_goes_alone_and_stays_wrong,
	    nothing_follows_a_wrong_checksum,
	    a_protocol_without_a_known_checksum_is_not_marked,
	    psh_closes_and_is_kept,
	    only_what_continues_the_flow_is_taken,
	    only_plain_flags_merge,
	    a_flow_that_opens_with_other_flags_stays_alone,
	    a_longer_one_or_an_empty_one_is_not_taken,
	    fragments_options_and_extension_headers_never_merge,
	    udp_without_a_checksum_goes_alone_and_unmarked,
	    a_udp_length_that_lies_goes_alone_and_unmarked,
	    no_more_datagrams_than_any_kernel_takes,
	    never_longer_than_a_packet_can_be,
	    what_the_tun_does_not_take_is_not_made,
	    padding_does_not_get_in,
	    a_packet_that_is_too_long_opens_nothing,
	    nothing_is_added_to_nothing,
	    cutting_what_was_merged_gives_back_every_stream,
	};

	return UNIT_RUN("merge", tests);
}
