/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_cert.c */
/*
 * The encoding of certificates: there is one for each, and every reason to
 * refuse another.  What is refused for its shape is signed all the same, so
 * that it is the reader that refuses and not the signature.
 */
#include "cert_help.h"

/* A certificate of these TLVs, signed, whatever they are. */
static size_t
with_tlvs(uint8_t out[2048], const void *tlvs, size_t len)
{
	struct cert c = {.not_after = 1, .name = "x"};
	uint8_t head[CERT_MAX];

	memset(c.node, 0x22, sizeof(c.node));
	memset(c.ed, 0x33, sizeof(c.ed));
	ck_assert_uint_ne(cert_sign(head, &c, ca_seed), 0);
	memcpy(out, head, 100);
	out[100] = (uint8_t)(len >> 8);
	out[101] = (uint8_t)len;
	memcpy(out + 102, tlvs, len);
	slow_resign(out, 102 + len + CERT_SIG, "mesh1 cert", ca_seed);
	return 102 + len + CERT_SIG;
}

static enum cert_verdict
verdict_of_tlvs(const void *tlvs, size_t len)
{
	uint8_t b[2048];
	size_t n = with_tlvs(b, tlvs, len);
	enum cert_verdict v;
	struct cert c;

	v = cert_get(b, n, &c);
	ck_assert_int_eq(v, slow_cert(b, n));
	return v;
}

#define TLVS(s) verdict_of_tlvs((s), sizeof(s) - 1)
#define NAME "\1\1x"

/* ---- what is good ---- */

START_TEST(a_certificate_comes_back_as_it_was_and_in_order)
{
	struct cert c = plain_cert(), back;
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX], again[CERT_MAX];
	size_t len = cert_sign(b, &c, ca_seed);

	ck_assert_uint_eq(len, 102 + 7 + 7 + 2 * 7 + 7 + 8 + 6 + CERT_SIG);
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &back), CERT_OK);
	ck_assert_uint_eq(back.serial, 42);
	ck_assert_uint_eq(back.not_before, NOW - DAY);
	ck_assert_uint_eq(back.not_after, NOW + DAY);
	ck_assert_mem_eq(back.node, c.node, 32);
	ck_assert_mem_eq(back.ed, c.ed, 32);
	ck_assert_mem_eq(back.issuer, c.issuer, 8);
	ck_assert_str_eq(back.name, "alpha");
	ck_assert(prefix_eq(&back.address[0], &c.address[0]));
	ck_assert(prefix_eq(&back.route[0], &c.route[1]));
	ck_assert(prefix_eq(&back.route[1], &c.route[0]));
	ck_assert_str_eq(back.group[0], "admins");
	ck_assert_str_eq(back.group[1], "staff");
	ck_assert_uint_eq(back.caps, CERT_CAP_RELAY);
	ck_assert_uint_eq(cert_sign(again, &back, ca_seed), len);
	ck_assert_mem_eq(again, b, len);
}
END_TEST

/* of our own making: a change of the format shows here */
START_TEST(the_octets_are_these)
{
	struct cert c = {.serial = 1,
	    .not_before = 2,
	    .not_after = 3,
	    .name = "a",
	    .caps = CERT_CAP_ROUTES};
	uint8_t b[CERT_MAX];

	memset(c.node, 0x22, sizeof(c.node));
	memset(c.ed, 0x33, sizeof(c.ed));
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 111 + CERT_SIG);
	assert_hex(b,
	    "4d430100000000000000000100000000000000020000000000000003"
	    "222222222222222222222222222222222222222222222222222222"
	    "2222222222333333333333333333333333333333333333333333333"
	    "3333333333333333333");
	assert_hex(b + 100, "0009010161070400000004");
}
END_TEST

static struct cert
random_cert(uint64_t *s)
{
	struct cert c = plain_cert();
	uint64_t z;

	c.serial = unit_random(s);
	c.caps = (uint32_t)unit_random(s) & 7;
	c.naddresses = (uint8_t)(unit_random(s) % 5);
	c.nroutes = (uint8_t)(unit_random(s) % 17);
	c.ngroups = (uint8_t)(unit_random(s) % 9);
	for (unsigned i = 0; i < 32; i++)
		c.node[i] = (uint8_t)(unit_random(s) | 1);
	for (unsigned i = 0; i < c.naddresses; i++) {
		c.address[i] = prefix_of("10.77.0.0/16");
		c.address[i].addr.b[2] = (uint8_t)(i + 1);
		c.address[i].addr.b[3] = (uint8_t)unit_random(s);
	}
	for (unsigned i = 0; i < c.nroutes; i++) {
		z = unit_random(s);
		c.route[i] =
		    prefix_of(z & 1 ? "2001:db8::/32" : "172.16.0.0/12");
		c.route[i].len = (uint8_t)(i + 12);
		if (z & 1)
			c.route[i].len = (uint8_t)(i + 33);
		c.route[i].addr.b[z & 1 ? 4 : 1] = (uint8_t)(z >> 8);
		prefix_mask(&c.route[i]);
	}
	for (unsigned i = 0; i < c.ngroups; i++) {
		memset(c.group[i], 0, sizeof(c.group[i]));
		memset(c.group[i], 'a' + (int)(unit_random(s) % 2),
		    1 + unit_random(s) % 31);
		c.group[i][0] = (char)('A' + i);
	}
	return c;
}

START_TEST(any_certificate_is_read_back_and_is_written_the_same_way_again)
{
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX], again[CERT_MAX];
	uint64_t state = unit_seed();
	struct cert c, back;
	size_t len;

	for (int n = 0; n < 300; n++) {
		c = random_cert(&state);
		len = cert_sign(b, &c, ca_seed);
		ck_assert_msg(len != 0 &&
			cert_verify(b, len, &k, NOW, &back) == CERT_OK &&
			slow_cert(b, len) == CERT_OK &&
			cert_sign(again, &back, ca_seed) == len &&
			memcmp(again, b, len) == 0,
		    "SEED=%llu", (unsigned long long)unit_seed());
	}
}
END_TEST

START_TEST(the_largest_certificate_fits)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len;

	memset(c.name, 'n', 63);
	c.naddresses = 4;
	for (unsigned i = 0; i < 3; i++) {
		c.address[i] = prefix_of("10.77.9.0/16");
		c.address[i].addr.b[3] = (uint8_t)(i + 1);
	}
	c.address[3].len = 48;
	cert_address6(&c.address[3].addr, k.ca[0], c.node);
	c.nroutes = 16;
	for (unsigned i = 0; i < 16; i++) {
		c.route[i] = prefix_of("2001:db8::/64");
		c.route[i].addr.b[7] = (uint8_t)i;
	}
	c.ngroups = 8;
	for (unsigned i = 0; i < 8; i++) {
		memset(c.group[i], 'g', 32);
		c.group[i][31] = (char)('0' + i);
	}
	len = cert_sign(b, &c, ca_seed);
	ck_assert_uint_gt(len, CERT_MAX - 64);
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_OK);
}
END_TEST

START_TEST(no_address_at_all_is_fine)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];

	c.naddresses = 0;
	ck_assert_int_eq(
	    cert_verify(b, cert_sign(b, &c, ca_seed), &k, NOW, &c), CERT_OK);
	ck_assert_uint_eq(c.naddresses, 0);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(every_truncation_is_malformed)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX], cut[CERT_MAX];
	size_t len = cert_sign(b, &c, ca_seed);

	for (size_t n = 0; n < len; n++) {
		memcpy(cut, b, n);
		ck_assert_int_eq(
		    cert_verify(cut, n, &k, NOW, &c), CERT_MALFORMED);
		slow_resign(cut, n, "mesh1 cert", ca_seed);
		ck_assert_int_eq(
		    cert_verify(cut, n, &k, NOW, &c), CERT_MALFORMED);
	}
}
END_TEST

START_TEST(an_octet_more_is_malformed)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX + 1] = {0};
	size_t len = cert_sign(b, &c, ca_seed);

	ck_assert_int_eq(cert_verify(b, len + 1, &k, NOW, &c), CERT_MALFORMED);
	slow_resign(b, len + 1, "mesh1 cert", ca_seed);
	ck_assert_int_eq(cert_verify(b, len + 1, &k, NOW, &c), CERT_MALFORMED);
}
END_TEST

START_TEST(every_changed_octet_is_refused)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len = cert_sign(b, &c, ca_seed);

	for (size_t i = 0; i < len; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			b[i] ^= (uint8_t)(1u << bit);
			ck_assert_int_ne(
			    cert_verify(b, len, &k, NOW, &c), CERT_OK);
			b[i] ^= (uint8_t)(1u << bit);
		}
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_OK);
}
END_TEST

/* Whatever is accepted is written again with the very same octets. */
START_TEST(changed_and_signed_again_it_is_what_the_rules_say)
{
	uint8_t b[CERT_MAX], m[CERT_MAX], again[CERT_MAX];
	struct cert c = plain_cert(), back;
	size_t len = cert_sign(b, &c, ca_seed);
	uint64_t state = unit_seed();
	enum cert_verdict v;

	for (int n = 0; n < 20000; n++) {
		memcpy(m, b, len);
		for (unsigned k = 0; k <= unit_random(&state) % 3; k++)
			m[unit_random(&state) % (len - CERT_SIG)] =
			    (uint8_t)(unit_random(&state) >> 5);
		v = cert_get(m, len, &back);
		ck_assert_msg(v == slow_cert(m, len), "SEED=%llu",
		    (unsigned long long)unit_seed());
		if (v != CERT_OK || n % 16 != 0)
			continue;
		memcpy(m + 92, c.issuer, 8);
		slow_resign(m, len, "mesh1 cert", ca_seed);
		if (cert_sign(again, &back, ca_seed) == len)
			ck_assert_msg(memcmp(again, m, len) == 0, "SEED=%llu",
			    (unsigned long long)unit_seed());
	}
}
END_TEST

START_TEST(tlvs_come_in_order_and_once)
{
	ck_assert_int_eq(TLVS(NAME "\6\1a\6\1b"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\6\1a\6\2aa"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\6\1b\6\1a"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\2aa\6\1a"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\1a\6\1a"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\6\1a" NAME), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\x10\1a\x10\1a"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\x10\1b\x10\1a"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\0\0" NAME), CERT_OK);
}
END_TEST

START_TEST(an_unknown_part_is_skipped_unless_it_is_critical)
{
	ck_assert_int_eq(TLVS(NAME "\x10\3abc\x7f\0"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\x80\0"), CERT_CRITICAL);
	ck_assert_int_eq(TLVS(NAME "\xff\3abc"), CERT_CRITICAL);
	/* what is malformed may not be told to be of a later version */
	ck_assert_int_eq(TLVS(NAME "\x80\0\x80\0"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\x80\0"), CERT_MALFORMED);
}
END_TEST

START_TEST(there_is_exactly_one_name_of_letters_digits_and_inner_hyphens)
{
	char name[2 + 65] = {1, 63};

	ck_assert_int_eq(TLVS("\1\3a-9"), CERT_OK);
	ck_assert_int_eq(TLVS("\1\3A-Z"), CERT_OK);
	ck_assert_int_eq(TLVS(""), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\0"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\1a\1\1b"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\2-a"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\2a-"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\1-"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\3a.b"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\3a_b"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\3a\0b"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS("\1\2\xc3\xa4"), CERT_MALFORMED);
	memset(name + 2, 'n', 64);
	ck_assert_int_eq(verdict_of_tlvs(name, 2 + 63), CERT_OK);
	name[1] = 64;
	ck_assert_int_eq(verdict_of_tlvs(name, 2 + 64), CERT_MALFORMED);
}
END_TEST

START_TEST(addresses_have_their_length_and_keep_their_host_bits)
{
	ck_assert_int_eq(TLVS(NAME "\2\5\12\115\0\5\20"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\2\5\12\115\0\5\40"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\2\5\12\115\0\5\41"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\2\4\12\115\0\5"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\2\6\12\115\0\5\20\0"), CERT_MALFORMED);
	/* the same address with two lengths */
	ck_assert_int_eq(
	    TLVS(NAME "\2\5\12\115\0\5\20\2\5\12\115\0\5\21"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\2\5\12\115\0\5\20\2\5\12\115\0\6\20"
				   "\2\5\12\115\0\7\20\2\5\12\115\0\10\20"),
	    CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\2\5\12\115\0\5\20\2\5\12\115\0\6\20"
				   "\2\5\12\115\0\7\20\2\5\12\115\0\10\20"
				   "\2\5\12\115\0\11\20"),
	    CERT_MALFORMED);
	/* v4-mapped */
	ck_assert_int_eq(TLVS(NAME "\3\21\0\0\0\0\0\0\0\0\0\0\377\377\12\115\0"
				   "\5\200"),
	    CERT_MALFORMED);
}
END_TEST

START_TEST(a_route_has_no_host_bits)
{
	ck_assert_int_eq(TLVS(NAME "\4\5\12\0\0\0\10"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\4\5\0\0\0\0\0"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\4\5\12\0\0\1\10"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\4\5\12\200\0\0\10"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\4\5\12\200\0\0\11"), CERT_OK);
	ck_assert_int_eq(
	    TLVS(NAME "\5\21\40\1\0\0\0\0\0\0\0\0\0\0\0\0\0\1\100"),
	    CERT_MALFORMED);
	ck_assert_int_eq(
	    TLVS(NAME "\5\21\40\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\100"), CERT_OK);
}
END_TEST

START_TEST(seventeen_routes_or_nine_groups_are_too_many)
{
	uint8_t t[256] = {1, 1, 'x'};
	size_t n = 3;

	for (uint8_t i = 0; i < 17; i++) {
		const uint8_t route[7] = {4, 5, 10, i, 0, 0, 16};

		memcpy(t + n, route, 7);
		n += 7;
		ck_assert_int_eq(
		    verdict_of_tlvs(t, n), i < 16 ? CERT_OK : CERT_MALFORMED);
	}
	n = 3;
	for (uint8_t i = 0; i < 9; i++) {
		const uint8_t group[3] = {6, 1, (uint8_t)('a' + i)};

		memcpy(t + n, group, 3);
		n += 3;
		ck_assert_int_eq(
		    verdict_of_tlvs(t, n), i < 8 ? CERT_OK : CERT_MALFORMED);
	}
}
END_TEST

START_TEST(a_group_is_text)
{
	uint8_t t[3 + 2 + 33] = {1, 1, 'x', 6, 32};

	ck_assert_int_eq(TLVS(NAME "\6\5a b,c"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\6\2\xc3\xa4"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\6\4\xf0\x9f\x98\x80"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\6\0"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\1\0"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\2a\33"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\1\x7f"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\1\xc3"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\1\x80"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\2\xc1\x81"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\2\xc2\x9b"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\3\xe0\x80\x80"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\3\xed\xa0\x80"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\4\xf4\x90\x80\x80"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\6\5\xf8\x88\x80\x80\x80"), CERT_MALFORMED);
	memset(t + 5, 'g', 33);
	ck_assert_int_eq(verdict_of_tlvs(t, 3 + 2 + 32), CERT_OK);
	t[4] = 33;
	ck_assert_int_eq(verdict_of_tlvs(t, 3 + 2 + 33), CERT_MALFORMED);
}
END_TEST

START_TEST(no_capabilities_are_not_written)
{
	ck_assert_int_eq(TLVS(NAME "\7\4\0\0\0\1"), CERT_OK);
	ck_assert_int_eq(TLVS(NAME "\7\4\0\0\0\0"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\7\3\0\0\1"), CERT_MALFORMED);
	ck_assert_int_eq(TLVS(NAME "\7\4\0\0\0\1\7\4\0\0\0\2"), CERT_MALFORMED);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_signed)
{
	struct cert c = plain_cert();
	uint8_t b[CERT_MAX];

	c.not_after = c.not_before - 1;
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	c.name[0] = '-';
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	memset(c.node, 0, sizeof(c.node));
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	c.naddresses = CERT_ADDRESSES_MAX + 1;
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	c.address[0].addr.family = 0;
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	c.route[0].addr.b[3] = 1;
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	memcpy(c.group[1], c.group[0], sizeof(c.group[0]));
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
	c = plain_cert();
	memset(c.name, 'n', sizeof(c.name));
	ck_assert_uint_eq(cert_sign(b, &c, ca_seed), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_certificate_comes_back_as_it_was_and_in_order,
	    the_octets_are_these,
	    any_certificate_is_read_back_and_is_written_the_same_way_again,
	    the_largest_certificate_fits,
	    no_address_at_all_is_fine,
	    every_truncation_is_malformed,
	    an_octet_more_is_malformed,
	    every_changed_octet_is_refused,
	    changed_and_signed_again_it_is_what_the_rules_say,
	    tlvs_come_in_order_and_once,
	    an_unknown_part_is_skipped_unless_it_is_critical,
	    there_is_exactly_one_name_of_letters_digits_and_inner_hyphens,
	    addresses_have_their_length_and_keep_their_host_bits,
	    a_route_has_no_host_bits,
	    seventeen_routes_or_nine_groups_are_too_many,
	    a_group_is_text,
	    no_capabilities_are_not_written,
	    what_cannot_be_read_is_not_signed,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("cert", tests);
}
