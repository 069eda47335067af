/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_crl.c */
/*
 * Revocation lists: one encoding, one of several authorities' signature, and
 * the search in them.
 */
#include "cert_help.h"

static struct crl
plain_crl(void)
{
	return (struct crl){.number = 3,
	    .issued = NOW,
	    .next_update = NOW + DAY,
	    .n = 3,
	    .serial = {5, 7, UINT64_MAX}};
}

static void
authority(uint8_t ca[1][32])
{
	ck_assert_int_eq(crypto_sign_pub(ca[0], ca_seed), 0);
}

START_TEST(a_list_comes_back_as_it_was)
{
	struct crl l = plain_crl(), back;
	uint8_t b[CRL_MAX], ca[1][32];
	size_t len = crl_sign(b, &l, ca_seed);

	authority(ca);
	ck_assert_uint_eq(len, 29 + 3 * 8 + CERT_SIG);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), 0);
	ck_assert_uint_eq(back.number, 3);
	ck_assert_uint_eq(back.issued, NOW);
	ck_assert_uint_eq(back.next_update, NOW + DAY);
	ck_assert_uint_eq(back.n, 3);
	ck_assert_mem_eq(back.serial, l.serial, 3 * sizeof(l.serial[0]));
	assert_hex(b, "4d52010000000000000003");
}
END_TEST

START_TEST(empty_and_full_lists_are_lists)
{
	struct crl l = plain_crl(), back;
	uint8_t b[CRL_MAX], ca[1][32];
	size_t len;

	authority(ca);
	l.n = 0;
	len = crl_sign(b, &l, ca_seed);
	ck_assert_uint_eq(len, 29 + CERT_SIG);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), 0);
	l.n = CRL_SERIALS_MAX;
	for (unsigned i = 0; i < l.n; i++)
		l.serial[i] = i * 3;
	len = crl_sign(b, &l, ca_seed);
	ck_assert_uint_eq(len, CRL_MAX);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), 0);
	for (uint64_t s = 0; s < 3 * CRL_SERIALS_MAX; s++)
		ck_assert_int_eq(crl_has(&back, s), s % 3 == 0);
}
END_TEST

START_TEST(what_is_not_listed_is_not_revoked)
{
	struct crl l = plain_crl();

	ck_assert(crl_has(&l, 5) && crl_has(&l, 7) && crl_has(&l, UINT64_MAX));
	ck_assert(!crl_has(&l, 0) && !crl_has(&l, 6) && !crl_has(&l, 8));
	l.n = 0;
	ck_assert(!crl_has(&l, 5));
}
END_TEST

START_TEST(truncated_prolonged_or_changed_it_is_refused)
{
	struct crl l = plain_crl(), back;
	uint8_t b[CRL_MAX] = {0}, cut[CRL_MAX], ca[1][32];
	size_t len = crl_sign(b, &l, ca_seed);

	authority(ca);
	for (size_t n = 0; n <= len + 1; n++) {
		memcpy(cut, b, n);
		slow_resign(cut, n, "mesh1 crl", ca_seed);
		ck_assert_int_eq(
		    crl_get(cut, n, (const uint8_t(*)[32])ca, 1, &back) == 0,
		    n == len);
	}
	for (size_t i = 0; i < len * 8; i++) {
		b[i / 8] ^= (uint8_t)(1u << i % 8);
		ck_assert_int_eq(
		    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), -1);
		b[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}
END_TEST

START_TEST(serials_out_of_order_or_twice_are_refused)
{
	struct crl l = plain_crl(), back;
	uint8_t b[CRL_MAX], ca[1][32];
	size_t len = crl_sign(b, &l, ca_seed);

	authority(ca);
	b[29 + 7] = 7; /* 7, 7 */
	slow_resign(b, len, "mesh1 crl", ca_seed);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), -1);
	b[29 + 7] = 8; /* 8, 7 */
	slow_resign(b, len, "mesh1 crl", ca_seed);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), -1);
	b[29 + 7] = 6;
	slow_resign(b, len, "mesh1 crl", ca_seed);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), 0);
}
END_TEST

START_TEST(what_cannot_be_read_is_not_signed_as_a_list)
{
	struct crl l = plain_crl();
	uint8_t b[CRL_MAX];

	l.serial[1] = 5;
	ck_assert_uint_eq(crl_sign(b, &l, ca_seed), 0);
	l = plain_crl();
	l.n = CRL_SERIALS_MAX + 1;
	ck_assert_uint_eq(crl_sign(b, &l, ca_seed), 0);
	l = plain_crl();
	l.next_update = NOW - 1;
	ck_assert_uint_eq(crl_sign(b, &l, ca_seed), 0);
}
END_TEST

START_TEST(one_of_several_authorities_is_enough_and_no_other)
{
	struct crl l = plain_crl(), back;
	uint8_t b[CRL_MAX], ca[2][32];
	size_t len = crl_sign(b, &l, other_seed);

	authority(ca);
	ck_assert_int_eq(crypto_sign_pub(ca[1], other_seed), 0);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 2, &back), 0);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 1, &back), -1);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 0, &back), -1);
	slow_resign(b, len, "mesh1 cert", other_seed);
	ck_assert_int_eq(
	    crl_get(b, len, (const uint8_t(*)[32])ca, 2, &back), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_list_comes_back_as_it_was,
	    empty_and_full_lists_are_lists,
	    what_is_not_listed_is_not_revoked,
	    truncated_prolonged_or_changed_it_is_refused,
	    serials_out_of_order_or_twice_are_refused,
	    what_cannot_be_read_is_not_signed_as_a_list,
	    one_of_several_authorities_is_enough_and_no_other,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("crl", tests);
}
