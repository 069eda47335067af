/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_addr.c */
/* Addresses, prefixes, endpoints: text, wire, sockaddr, set operations. */
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "addr.h"
#include "buf.h"
#include "unit.h"

static struct addr
a(const char *s)
{
	struct addr v;

	ck_assert_msg(addr_parse(s, &v) == 0, "%s", s);
	return v;
}

static struct prefix
p(const char *s)
{
	struct prefix v;

	ck_assert_msg(prefix_parse(s, &v) == 0, "%s", s);
	return v;
}

START_TEST(numeric_addresses_survive_text)
{
	static const char *const good[] = {"0.0.0.0", "10.77.0.1",
	    "255.255.255.255", "::", "::1", "fd00::1", "2001:db8:1:2:3:4:5:6",
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:10.0.0.1"};
	char out[ADDR_STRLEN];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct addr v = a(good[i]);

		ck_assert_str_eq(addr_format(&v, out), good[i]);
	}
}
END_TEST

START_TEST(what_is_not_numeric_or_not_exact_is_refused)
{
	static const char *const bad[] = {"", "10.77.0", "10.77.0.1.2",
	    "10.77.0.256", "010.0.0.1", "10.0.0.1 ", " 10.0.0.1", "0x0a000001",
	    "localhost", ":::", "1::2::3", "fe80::1%eth0", "10.0.0.1/8",
	    "12345::", "-1.0.0.0", "1.2.3.4:5"};
	struct addr v = {.family = 4, .b = {7}};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(addr_parse(bad[i], &v) == -1, "%s", bad[i]);
	ck_assert_uint_eq(v.b[0], 7);
}
END_TEST

START_TEST(no_family_prints_as_a_dash)
{
	struct addr none = {0};
	char out[ADDR_STRLEN];

	ck_assert_str_eq(addr_format(&none, out), "-");
	ck_assert_uint_eq(addr_bits(&none), 0);
}
END_TEST

START_TEST(a_mapped_address_becomes_ipv4)
{
	struct addr m = a("::ffff:10.77.0.1"), v4 = a("10.77.0.1");

	ck_assert(!addr_eq(&m, &v4));
	addr_canonical(&m);
	ck_assert(addr_eq(&m, &v4));
	addr_canonical(&v4);
	ck_assert(addr_eq(&m, &v4));
}
END_TEST

START_TEST(other_ipv6_addresses_stay_what_they_are)
{
	static const char *const other[] = {"::10.77.0.1", "::fffe:10.77.0.1",
	    "64:ff9b::10.77.0.1", "::1", "1::ffff:a4d:1"};

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		struct addr v = a(other[i]), w = v;

		addr_canonical(&w);
		ck_assert_msg(addr_eq(&v, &w), "%s", other[i]);
	}
}
END_TEST

START_TEST(special_addresses_are_known)
{
	static const char *const special[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1",
	    "127.255.255.255", "169.254.0.1", "224.0.0.1", "239.255.255.255",
	    "255.255.255.255", "::", "::1", "fe80::1", "febf::1", "ff02::1",
	    "::ffff:10.0.0.1"};
	static const char *const plain[] = {"1.0.0.0", "10.0.0.0",
	    "126.255.255.255", "128.0.0.1", "169.253.255.255", "169.255.0.0",
	    "223.255.255.255", "::2", "fec0::1", "fe7f::1", "fd00::1",
	    "2001:db8::1", "::100"};
	struct addr none = {0};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct addr v = a(special[i]);

		ck_assert_msg(addr_is_special(&v), "%s", special[i]);
	}
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct addr v = a(plain[i]);

		ck_assert_msg(!addr_is_special(&v), "%s", plain[i]);
	}
	ck_assert(addr_is_special(&none));
}
END_TEST

START_TEST(any_is_all_zero_of_a_family)
{
	struct addr v4 = a("0.0.0.0"), v6 = a("::"), one = a("0.0.0.1");
	struct addr none = {0};

	ck_assert(addr_is_any(&v4) && addr_is_any(&v6));
	ck_assert(!addr_is_any(&one) && !addr_is_any(&none));
}
END_TEST

START_TEST(prefixes_survive_text)
{
	static const char *const good[] = {"10.77.0.1/16", "0.0.0.0/0",
	    "10.0.0.1/32", "::/0", "fd00::1/64", "fd00::/128"};
	char out[PREFIX_STRLEN];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct prefix v = p(good[i]);

		ck_assert_str_eq(prefix_format(&v, out), good[i]);
	}
	ck_assert_uint_eq(p("10.0.0.1").len, 32);
	ck_assert_uint_eq(p("fd00::1").len, 128);
}
END_TEST

START_TEST(a_prefix_length_is_a_plain_number_in_range)
{
	static const char *const bad[] = {"10.0.0.0/", "10.0.0.0/33",
	    "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8x",
	    "10.0.0.0/ 8", "10.0.0.0/8/8", "fd00::/129", "/8", "", "10/8",
	    "10.0.0.0/4294967304", "10.0.0.0/255.0.0.0",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8"};
	struct prefix v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(prefix_parse(bad[i], &v) == -1, "%s", bad[i]);
}
END_TEST

START_TEST(the_longest_texts_fit)
{
	struct endpoint e = {.port = 65535};
	struct prefix q = {.len = 128};
	char text[ENDPOINT_STRLEN], pt[PREFIX_STRLEN];

	e.addr = q.addr = a("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	ck_assert_str_eq(endpoint_format(&e, text),
	    "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
	ck_assert_str_eq(prefix_format(&q, pt),
	    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	e.addr = a("192.0.2.1");
	ck_assert_str_eq(endpoint_format(&e, text), "192.0.2.1:65535");
}
END_TEST

START_TEST(mask_clears_exactly_the_host_bits)
{
	struct prefix v = p("10.77.255.255/9"), w = p("10.0.0.0/9");

	prefix_mask(&v);
	ck_assert(prefix_eq(&v, &w));
	v = p("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/67");
	w = p("ffff:ffff:ffff:ffff:e000::/67");
	prefix_mask(&v);
	ck_assert(prefix_eq(&v, &w));
	v = w = p("10.1.2.3/32");
	prefix_mask(&v);
	ck_assert(prefix_eq(&v, &w));
	v = p("10.1.2.3/0");
	prefix_mask(&v);
	ck_assert(addr_is_any(&v.addr));
	v = w = p("fd00::1/128");
	prefix_mask(&v);
	ck_assert(prefix_eq(&v, &w));
}
END_TEST

START_TEST(a_prefix_has_its_own_addresses_only)
{
	struct prefix q = p("10.77.0.1/16"), all = p("0.0.0.0/0");
	struct prefix odd = p("10.77.128.0/17");
	struct addr in = a("10.77.200.1"), out = a("10.78.0.1");
	struct addr six = a("::"), none = {0};

	ck_assert(prefix_has(&q, &in) && !prefix_has(&q, &out));
	ck_assert(prefix_has(&odd, &in));
	ck_assert(prefix_has(&all, &in));
	ck_assert(!prefix_has(&all, &six) && !prefix_has(&all, &none));
	in = a("10.77.127.255");
	ck_assert(!prefix_has(&odd, &in));
}
END_TEST

START_TEST(the_empty_prefix_and_a_length_out_of_range_have_nothing)
{
	struct prefix none = {0}, mad = p("10.0.0.0/8");
	struct addr v = a("10.0.0.1"), nobody = {0};

	mad.len = 33;
	ck_assert(!prefix_has(&none, &v) && !prefix_has(&none, &nobody));
	ck_assert(!prefix_has(&mad, &v));
}
END_TEST

START_TEST(overlap_is_symmetric)
{
	struct prefix big = p("10.0.0.0/8"), small = p("10.77.0.0/16");
	struct prefix other = p("11.0.0.0/8"), six = p("::/0");

	ck_assert(prefix_overlaps(&big, &small));
	ck_assert(prefix_overlaps(&small, &big));
	ck_assert(prefix_overlaps(&big, &big));
	ck_assert(!prefix_overlaps(&other, &small));
	ck_assert(!prefix_overlaps(&six, &small));
	ck_assert(!prefix_overlaps(&small, &six));
}
END_TEST

/* Has, bit by bit: the slow and obvious way. */
static bool
slow_has(const struct prefix *q, const struct addr *v)
{
	for (unsigned i = 0; i < q->len; i++)
		if ((q->addr.b[i / 8] ^ v->b[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

START_TEST(has_agrees_with_counting_bits)
{
	uint64_t state = unit_seed();

	for (int n = 0; n < 20000; n++) {
		struct prefix q = {.addr.family = n % 2 ? 4 : 6};
		struct addr v;
		unsigned bits = addr_bits(&q.addr), flip;

		for (unsigned i = 0; i < bits / 8; i++)
			q.addr.b[i] = (uint8_t)unit_random(&state);
		q.len = (uint8_t)(unit_random(&state) % (bits + 1));
		v = q.addr;
		flip = (unsigned)(unit_random(&state) % bits);
		v.b[flip / 8] ^= (uint8_t)(0x80 >> flip % 8);
		ck_assert_msg(prefix_has(&q, &v) == slow_has(&q, &v),
		    "SEED=%llu", (unsigned long long)unit_seed());
		ck_assert_int_eq(prefix_has(&q, &v), flip >= q.len);
	}
}
END_TEST

START_TEST(endpoints_survive_the_sockaddr)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};

	for (size_t i = 0; i < 2; i++) {
		struct endpoint e = {.addr = a(texts[i]), .port = 51820}, f;
		struct sockaddr_storage ss;

		ck_assert_uint_eq(endpoint_to_sa(&e, &ss),
		    i == 0 ? sizeof(struct sockaddr_in)
			   : sizeof(struct sockaddr_in6));
		ck_assert_int_eq(endpoint_from_sa(&ss, &f), 0);
		ck_assert(endpoint_eq(&e, &f));
	}
}
END_TEST

START_TEST(a_mapped_sockaddr_comes_in_as_ipv4)
{
	struct endpoint e = {.addr = a("::ffff:192.0.2.1"), .port = 7}, f;
	struct addr v4 = a("192.0.2.1");
	struct sockaddr_storage ss;

	endpoint_to_sa(&e, &ss);
	ck_assert_int_eq(endpoint_from_sa(&ss, &f), 0);
	ck_assert(addr_eq(&f.addr, &v4));
	ck_assert_uint_eq(f.port, 7);
}
END_TEST

START_TEST(an_unknown_family_has_no_sockaddr)
{
	struct endpoint e = {0};
	struct sockaddr_storage ss = {.ss_family = AF_UNIX};

	ck_assert_int_eq(endpoint_from_sa(&ss, &e), -1);
	ck_assert_uint_eq(endpoint_to_sa(&e, &ss), 0);
}
END_TEST

START_TEST(the_wire_form_is_strict)
{
	uint8_t mem[19];
	struct prefix q = p("10.0.0.0/8"), r;
	struct wbuf w;
	struct rbuf in;

	wbuf_init(&w, mem, sizeof(mem));
	prefix_put(&w, &q);
	ck_assert_int_eq(wbuf_done(&w), 0);
	ck_assert_uint_eq(w.len, 18);
	rbuf_init(&in, mem, 18);
	prefix_get(&in, &r);
	ck_assert_int_eq(rbuf_done(&in), 0);
	ck_assert(prefix_eq(&q, &r));

	mem[17] = 33; /* too long for IPv4 */
	rbuf_init(&in, mem, 18);
	prefix_get(&in, &r);
	ck_assert_int_eq(rbuf_done(&in), -1);
	ck_assert_uint_eq(r.addr.family, 0);

	mem[17] = 8;
	mem[16] = 1; /* IPv4 does not use this octet */
	rbuf_init(&in, mem, 18);
	prefix_get(&in, &r);
	ck_assert_int_eq(rbuf_done(&in), -1);

	mem[16] = 0;
	mem[0] = 5; /* no such family */
	rbuf_init(&in, mem, 18);
	prefix_get(&in, &r);
	ck_assert_int_eq(rbuf_done(&in), -1);
}
END_TEST

START_TEST(nobody_s_address_travels_as_zeroes_only)
{
	uint8_t mem[19] = {0};
	struct endpoint e = {.port = 9};
	struct rbuf in;

	rbuf_init(&in, mem, 19);
	endpoint_get(&in, &e);
	ck_assert_int_eq(rbuf_done(&in), 0);
	ck_assert_uint_eq(e.addr.family, 0);
	mem[3] = 1;
	rbuf_init(&in, mem, 19);
	endpoint_get(&in, &e);
	ck_assert_int_eq(rbuf_done(&in), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    numeric_addresses_survive_text,
	    what_is_not_numeric_or_not_exact_is_refused,
	    no_family_prints_as_a_dash,
	    a_mapped_address_becomes_ipv4,
	    other_ipv6_addresses_stay_what_they_are,
	    special_addresses_are_known,
	    any_is_all_zero_of_a_family,
	    prefixes_survive_text,
	    a_prefix_length_is_a_plain_number_in_range,
	    the_longest_texts_fit,
	    mask_clears_exactly_the_host_bits,
	    a_prefix_has_its_own_addresses_only,
	    the_empty_prefix_and_a_length_out_of_range_have_nothing,
	    overlap_is_symmetric,
	    has_agrees_with_counting_bits,
	    endpoints_survive_the_sockaddr,
	    a_mapped_sockaddr_comes_in_as_ipv4,
	    an_unknown_family_has_no_sockaddr,
	    the_wire_form_is_strict,
	    nobody_s_address_travels_as_zeroes_only,
	};

	return UNIT_RUN("addr", tests);
}
