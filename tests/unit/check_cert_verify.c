/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_cert_verify.c */
/*
 * Which well-formed certificates count: whose, when, with which addresses, and
 * in which order the reasons against one are told.
 */
#include "cert_help.h"

START_TEST(another_networks_certificate_is_told_from_a_forged_one)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len = cert_sign(b, &c, other_seed);

	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_ISSUER);
	c = plain_cert();
	len = cert_sign(b, &c, ca_seed);
	slow_resign(b, len, "mesh1 cert", other_seed);
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_SIGNATURE);
	slow_resign(b, len, "mesh1 crl", ca_seed);
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_SIGNATURE);
	k.nca = 0;
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_ISSUER);
}
END_TEST

START_TEST(during_a_roll_over_both_authorities_count)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t a[CERT_MAX], b[CERT_MAX];
	size_t alen, blen;

	c.naddresses = 2;
	c.address[1].len = 48;
	cert_address6(&c.address[1].addr, k.ca[0], c.node);
	alen = cert_sign(a, &c, ca_seed);
	blen = cert_sign(b, &c, other_seed);
	ck_assert_int_eq(cert_verify(b, blen, &k, NOW, &c), CERT_ISSUER);
	k.nca = 2;
	ck_assert_int_eq(crypto_sign_pub(k.ca[1], other_seed), 0);
	ck_assert_int_eq(cert_verify(a, alen, &k, NOW, &c), CERT_OK);
	/* the network's prefix stays that of its first authority */
	ck_assert_int_eq(cert_verify(b, blen, &k, NOW, &c), CERT_OK);
}
END_TEST

START_TEST(it_counts_from_its_first_to_its_last_second_and_some_skew)
{
	struct cert c = plain_cert(), out;
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len = cert_sign(b, &c, ca_seed);
	const uint64_t from = c.not_before - CERT_SKEW_S;
	const uint64_t to = c.not_after + CERT_SKEW_S;

	ck_assert_int_eq(cert_verify(b, len, &k, from - 1, &out), CERT_EARLY);
	ck_assert_int_eq(cert_verify(b, len, &k, from, &out), CERT_OK);
	ck_assert_int_eq(cert_verify(b, len, &k, to, &out), CERT_OK);
	ck_assert_int_eq(cert_verify(b, len, &k, to + 1, &out), CERT_EXPIRED);
	ck_assert_str_eq(out.name, "alpha");
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_EARLY);
	ck_assert_int_eq(
	    cert_verify(b, len, &k, UINT64_MAX, &out), CERT_EXPIRED);
}
END_TEST

START_TEST(times_at_the_ends_of_the_numbers_do_not_wrap)
{
	struct cert c = plain_cert(), out;
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len;

	c.not_before = 0;
	c.not_after = UINT64_MAX;
	len = cert_sign(b, &c, ca_seed);
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_OK);
	ck_assert_int_eq(cert_verify(b, len, &k, UINT64_MAX, &out), CERT_OK);
	c.not_before = UINT64_MAX;
	len = cert_sign(b, &c, ca_seed);
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &out), CERT_EARLY);
	c.not_before = c.not_after = 0;
	len = cert_sign(b, &c, ca_seed);
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_OK);
	ck_assert_int_eq(cert_verify(b, len, &k, 301, &out), CERT_EXPIRED);
}
END_TEST

START_TEST(a_revoked_serial_does_not_count)
{
	struct crl l = {.n = 2, .serial = {7, 42}};
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len = cert_sign(b, &c, ca_seed);

	k.crl = &l;
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_REVOKED);
	l.serial[1] = 43;
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &c), CERT_OK);
}
END_TEST

static enum cert_verdict
verdict_of_address(const char *text, bool has_prefix)
{
	struct cert c = plain_cert();
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len;

	k.has_prefix = has_prefix;
	c.address[0] = prefix_of(text);
	len = cert_sign(b, &c, ca_seed);
	ck_assert_uint_ne(len, 0);
	return cert_verify(b, len, &k, NOW, &c);
}

START_TEST(an_address_is_of_the_network)
{
	ck_assert_int_eq(verdict_of_address("10.77.0.9/16", true), CERT_OK);
	ck_assert_int_eq(verdict_of_address("10.77.0.9/32", true), CERT_OK);
	ck_assert_int_eq(
	    verdict_of_address("10.78.0.9/16", true), CERT_ADDRESS);
	ck_assert_int_eq(verdict_of_address("10.77.0.9/8", true), CERT_ADDRESS);
	ck_assert_int_eq(verdict_of_address("10.78.0.9/16", false), CERT_OK);
	ck_assert_int_eq(
	    verdict_of_address("127.0.0.1/8", false), CERT_ADDRESS);
	ck_assert_int_eq(
	    verdict_of_address("224.0.0.1/32", false), CERT_ADDRESS);
	ck_assert_int_eq(verdict_of_address("0.0.0.0/0", false), CERT_ADDRESS);
}
END_TEST

START_TEST(an_ipv6_address_is_the_keys)
{
	struct cert_check k = plain_check();
	struct cert c = plain_cert();
	char text[PREFIX_STRLEN];
	struct prefix p = {.len = 48};

	ck_assert_int_eq(
	    verdict_of_address("2001:db8::1/64", true), CERT_ADDRESS);
	cert_address6(&p.addr, k.ca[0], c.node);
	ck_assert_int_eq(
	    verdict_of_address(prefix_format(&p, text), true), CERT_OK);
	p.len = 47;
	ck_assert_int_eq(
	    verdict_of_address(prefix_format(&p, text), true), CERT_ADDRESS);
	p.len = 128;
	p.addr.b[15] ^= 1;
	ck_assert_int_eq(
	    verdict_of_address(prefix_format(&p, text), true), CERT_ADDRESS);
}
END_TEST

/* The reasons are told in their order: a stranger learns no more than needed.
 */
START_TEST(the_first_reason_counts)
{
	struct crl l = {.n = 1, .serial = {42}};
	struct cert c = plain_cert(), out;
	struct cert_check k = plain_check();
	uint8_t b[CERT_MAX];
	size_t len;

	k.crl = &l;
	c.address[0] = prefix_of("192.0.2.1/24");
	len = cert_sign(b, &c, ca_seed);
	ck_assert_int_eq(cert_verify(b, len, &k, NOW, &out), CERT_REVOKED);
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_EARLY);
	b[len - 1] ^= 1;
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_SIGNATURE);
	b[92] ^= 1;
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_ISSUER);
	b[0] ^= 1;
	ck_assert_int_eq(cert_verify(b, len, &k, 0, &out), CERT_MALFORMED);
}
END_TEST

/* ---- addresses of keys ---- */

START_TEST(the_address_of_a_key_is_this_one)
{
	char text[PREFIX_STRLEN];
	uint8_t ca[32], node[32];
	struct prefix p;
	struct addr a;

	memset(ca, 0x11, sizeof(ca));
	memset(node, 0x22, sizeof(node));
	cert_address6(&a, ca, node);
	ck_assert_str_eq(
	    addr_format(&a, text), "fdfc:89ab:c9d4:fcb:2989:54d5:f7b7:2f46");
	cert_prefix6(&p, ca);
	ck_assert_str_eq(prefix_format(&p, text), "fdfc:89ab:c9d4::/48");
	ck_assert(prefix_has(&p, &a));
}
END_TEST

START_TEST(every_verdict_has_a_name)
{
	for (int v = 0; v <= CERT_NVERDICTS; v++)
		ck_assert_uint_ge(
		    strlen(cert_verdict_name((enum cert_verdict)v)), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    another_networks_certificate_is_told_from_a_forged_one,
	    during_a_roll_over_both_authorities_count,
	    it_counts_from_its_first_to_its_last_second_and_some_skew,
	    times_at_the_ends_of_the_numbers_do_not_wrap,
	    a_revoked_serial_does_not_count,
	    an_address_is_of_the_network,
	    an_ipv6_address_is_the_keys,
	    the_first_reason_counts,
	    the_address_of_a_key_is_this_one,
	    every_verdict_has_a_name,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("cert_verify", tests);
}
