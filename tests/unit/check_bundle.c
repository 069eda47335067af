/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_bundle.c */
/*
 * What a member has from its network: it comes back as octets and as text, the
 * secret is not in the text, and whatever is not this node's is found.
 */
#include "ledger_help.h"

static const uint8_t me[32] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2};

static struct bundle
member(void)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");

	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	ledger_clear(&o.l);
	return o.b;
}

static size_t
text_of(const struct bundle *b, char text[BUNDLE_TEXT_MAX])
{
	size_t len = bundle_print(text, BUNDLE_TEXT_MAX, b);

	ck_assert_uint_ne(len, 0);
	return len;
}

START_TEST(the_octets_come_back)
{
	struct bundle b = member(), got;
	uint8_t octets[BUNDLE_MAX];
	size_t len = bundle_put(octets, &b);

	ck_assert_uint_ne(len, 0);
	ck_assert_int_eq(bundle_get(octets, len, &got), 0);
	ck_assert_mem_eq(&b, &got, sizeof(b));
}
END_TEST

START_TEST(no_part_of_the_octets_and_no_more_is_a_bundle)
{
	struct bundle b = member(), got;
	uint8_t octets[BUNDLE_MAX + 1] = {0};
	size_t len = bundle_put(octets, &b);

	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_eq(bundle_get(octets, cut, &got), -1);
	ck_assert_int_eq(bundle_get(octets, len + 1, &got), -1);
	for (unsigned i = 0; i < 3; i++) {
		octets[i] ^= 1;
		ck_assert_int_eq(bundle_get(octets, len, &got), -1);
		octets[i] ^= 1;
	}
}
END_TEST

START_TEST(a_network_with_host_bits_or_of_ipv6_is_no_prefix)
{
	struct bundle b = member(), got;
	uint8_t octets[BUNDLE_MAX];

	b.prefix.addr.b[3] = 1;
	ck_assert_int_eq(bundle_get(octets, bundle_put(octets, &b), &got), -1);
	ck_assert_int_eq(prefix_parse("2001:db8::/32", &b.prefix), 0);
	ck_assert_int_eq(bundle_get(octets, bundle_put(octets, &b), &got), -1);
}
END_TEST

START_TEST(it_is_good_for_this_node_in_its_time)
{
	struct bundle b = member();

	ck_assert_ptr_null(bundle_verify(&b, me, NOW));
	ck_assert_ptr_null(bundle_verify(&b, me, NOW - CERT_SKEW_S));
	ck_assert_str_eq(bundle_verify(&b, me, NOW - CERT_SKEW_S - 1),
	    cert_verdict_name(CERT_EARLY));
	ck_assert_str_eq(bundle_verify(&b, me, NOW + 31 * DAY),
	    cert_verdict_name(CERT_EXPIRED));
}
END_TEST

START_TEST(it_is_not_good_for_another_node_or_network)
{
	struct bundle b = member();
	uint8_t other[32] = {3};

	ck_assert_str_eq(
	    bundle_verify(&b, other, NOW), cert_verdict_name(CERT_KEY));
	b.authority[0] ^= 1;
	ck_assert_str_eq(
	    bundle_verify(&b, me, NOW), cert_verdict_name(CERT_ISSUER));
	b = member();
	ck_assert_int_eq(prefix_parse("10.78.0.0/16", &b.prefix), 0);
	ck_assert_str_eq(
	    bundle_verify(&b, me, NOW), cert_verdict_name(CERT_ADDRESS));
}
END_TEST

START_TEST(records_must_be_signed_and_in_their_places)
{
	struct bundle b = member();

	ck_assert_uint_ge(b.nrecords, 4);
	for (unsigned i = 0; i < b.nrecords; i++) {
		b.record[i].v[20] ^= 1;
		ck_assert_str_eq(bundle_verify(&b, me, NOW),
		    "a record is not signed by the directory key");
		b.record[i].v[20] ^= 1;
		b.record[i].kind = REC_STATE;
		ck_assert_str_eq(bundle_verify(&b, me, NOW),
		    "a record is not for this node's places");
		b = member();
	}
	b.directory[0] ^= 1;
	ck_assert_str_eq(bundle_verify(&b, me, NOW),
	    "a record is not signed by the directory key");
	b.directory[0] ^= 1;
	b.secret[0] ^= 1;
	ck_assert_str_eq(bundle_verify(&b, me, NOW),
	    "a record is not for this node's places");
}
END_TEST

START_TEST(records_of_another_certificate_are_found)
{
	struct office o = office("10.77.0.0/16");
	struct ledger_invite v = invitation(7, "beta");
	struct bundle first;

	invite(&o, &v);
	ck_assert_int_eq(comes(&o, 2, 7), JOIN_OK);
	first = o.b;
	o.now += DAY;
	ck_assert_int_eq(comes(&o, 2, 0), JOIN_OK);
	memcpy(o.b.record, first.record, sizeof(first.record));
	ck_assert_str_eq(bundle_verify(&o.b, me, o.now),
	    "a record does not hold the certificate");
	ledger_clear(&o.l);
}
END_TEST

START_TEST(the_text_comes_back_without_the_secret)
{
	static const uint8_t none[32];
	struct bundle b = member(), got;
	char text[BUNDLE_TEXT_MAX], key[64];
	size_t len = text_of(&b, text);
	const char *why;
	unsigned line;

	ck_assert_int_eq(bundle_parse(text, len, &got, &line, &why), 0);
	ck_assert_mem_eq(got.secret, none, 32);
	ck_assert_ptr_null(bundle_verify(&got, me, NOW));
	memcpy(got.secret, b.secret, sizeof(got.secret));
	ck_assert_mem_eq(&b, &got, sizeof(b));
	base64_put(key, b.secret, sizeof(b.secret));
	ck_assert_ptr_null(strstr(text, key));
}
END_TEST

START_TEST(blank_lines_and_comments_are_skipped)
{
	struct bundle b = member(), got;
	char text[BUNDLE_TEXT_MAX] = "# of beta\n\n";
	size_t len = strlen(text);
	const char *why;
	unsigned line;

	len += bundle_print(text + len, sizeof(text) - len, &b);
	ck_assert_int_eq(bundle_parse(text, len, &got, &line, &why), 0);
	/* the last line may end without a newline */
	ck_assert_int_eq(bundle_parse(text, len - 1, &got, &line, &why), 0);
}
END_TEST

static void
refused(const char *more, unsigned line_wanted, const char *why_wanted)
{
	struct bundle b = member(), got;
	char text[BUNDLE_TEXT_MAX + 512];
	const char *why;
	unsigned line;

	snprintf(text, sizeof(text), "%s", more);
	(void)bundle_print(text + strlen(text), BUNDLE_TEXT_MAX, &b);
	ck_assert_int_eq(
	    bundle_parse(text, strlen(text), &got, &line, &why), -1);
	ck_assert_str_eq(why, why_wanted);
	ck_assert_uint_eq(line, line_wanted);
}

START_TEST(a_line_that_is_wrong_is_named)
{
	refused("#\nauthority x\n", 2,
	    "this is not a key (44 characters of base64)");
	refused("secret AAAA\n", 1,
	    "no line of a certificate file begins like this");
	refused(
	    "authority\n", 1, "no line of a certificate file begins like this");
	refused("\n\nrecord AAAA\n", 3, "this is not a record");
	refused("prefix 10.77.0.1/16\n", 1, "this is not an IPv4 network");
	refused("prefix 2001:db8::/32\n", 1, "this is not an IPv4 network");
	refused("prefix 10.77.0.0/16\n", 5, "this was said before");
	refused("certificate !\n", 1,
	    "this is not base64, or too long for a certificate");
}
END_TEST

START_TEST(a_file_with_its_end_missing_is_refused)
{
	struct bundle b = member(), got;
	char text[BUNDLE_TEXT_MAX];
	const char *end, *why;
	unsigned line;
	size_t len;

	(void)text_of(&b, text);
	end = strstr(text, "\nrecord ");
	ck_assert_ptr_nonnull(end);
	len = (size_t)(end - text);
	for (size_t cut = 0; cut < len; cut++)
		if (bundle_parse(text, cut, &got, &line, &why) == 0)
			ck_assert_int_ne(
			    cert_get(got.cert, got.certlen, &(struct cert){0}),
			    CERT_OK);
	ck_assert_int_eq(bundle_parse(text, len, &got, &line, &why), 0);
}
END_TEST

START_TEST(what_does_not_fit_is_not_printed)
{
	struct bundle b = member();
	char text[BUNDLE_TEXT_MAX];
	size_t len = text_of(&b, text);

	for (size_t cap = 0; cap <= len; cap++)
		ck_assert_uint_eq(bundle_print(text, cap, &b), 0);
	ck_assert_uint_eq(bundle_print(text, len + 1, &b), len);
}
END_TEST

START_TEST(more_places_than_records_are_refused)
{
	struct office o = office("10.77.0.0/16");
	struct bundle b = member();
	struct cert c;

	ck_assert_int_eq(cert_get(b.cert, b.certlen, &c), CERT_OK);
	for (c.naddresses = 0; c.naddresses < CERT_ADDRESSES_MAX;
	     c.naddresses++) {
		ck_assert_int_eq(
		    prefix_parse("10.77.0.1/16", &c.address[c.naddresses]), 0);
		c.address[c.naddresses].addr.b[3] = (uint8_t)c.naddresses;
	}
	ck_assert_int_eq(bundle_issue(&b, &c, o.a.ca_seed, o.a.dir_seed), -1);
	c.naddresses = 3;
	ck_assert_int_eq(bundle_issue(&b, &c, o.a.ca_seed, o.a.dir_seed), 0);
	ck_assert_uint_eq(b.nrecords, BUNDLE_RECORDS_MAX);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_octets_come_back,
	    no_part_of_the_octets_and_no_more_is_a_bundle,
	    a_network_with_host_bits_or_of_ipv6_is_no_prefix,
	    it_is_good_for_this_node_in_its_time,
	    it_is_not_good_for_another_node_or_network,
	    records_must_be_signed_and_in_their_places,
	    records_of_another_certificate_are_found,
	    the_text_comes_back_without_the_secret,
	    blank_lines_and_comments_are_skipped,
	    a_line_that_is_wrong_is_named,
	    a_file_with_its_end_missing_is_refused,
	    what_does_not_fit_is_not_printed,
	    more_places_than_records_are_refused,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("bundle", tests);
}
