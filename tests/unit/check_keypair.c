/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_keypair.c */
/*
 * Data messages: padding, sealing in place, counters that end, and messages
 * that pass once.  The octets themselves are check_noise's known answers.
 */
#include "crypto.h"
#include "hex.h"
#include "keypair.h"

static const struct noise_keys ours = {.send = {1}, .recv = {2}};
static const struct noise_keys theirs = {.send = {2}, .recv = {1}};

START_TEST(padding_goes_to_sixteen_but_not_beyond_the_mtu)
{
	static const size_t cases[][3] = {/* length, mtu, padded */
	    {0, 1420, 0}, {1, 1420, 16}, {16, 1420, 16}, {17, 1420, 32},
	    {1408, 1420, 1408}, {1409, 1420, 1420}, {1420, 1420, 1420},
	    {1421, 1420, 1421}, {5, 0, 5}, {60, 61, 61}};
	struct keypair *i, *r;
	uint8_t in[1500], out[1600], back[1600];

	i = keypair_new(&ours, 1, 2, UINT64_MAX);
	r = keypair_new(&theirs, 2, 1, UINT64_MAX);
	memset(in, 0xaa, sizeof(in));
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		size_t len = cases[c][0], n;

		n = keypair_seal(i, out, in, len, cases[c][1]);
		ck_assert_uint_eq(n, cases[c][2] + WG_DATA_MIN);
		ck_assert_int_eq(
		    keypair_open(r, back, out, n), (long)cases[c][2]);
		ck_assert_mem_eq(back, in, len);
		for (size_t k = len; k < cases[c][2]; k++)
			ck_assert_uint_eq(back[k], 0);
	}
	keypair_free(i);
	keypair_free(r);
}
END_TEST

START_TEST(sealing_in_place_is_sealing)
{
	struct keypair *a, *b;
	uint8_t in[100], x[200], y[200];

	a = keypair_new(&ours, 1, 2, UINT64_MAX);
	b = keypair_new(&ours, 1, 2, UINT64_MAX);
	for (size_t len = 0; len <= sizeof(in); len++) {
		size_t n;

		memset(in, (int)len, sizeof(in));
		memcpy(y + WG_DATA_HDR, in, len);
		n = keypair_seal(a, x, in, len, 1420);
		ck_assert_uint_eq(
		    keypair_seal(b, y, y + WG_DATA_HDR, len, 1420), n);
		ck_assert_mem_eq(x, y, n);
	}
	keypair_free(a);
	keypair_free(b);
}
END_TEST

START_TEST(a_used_up_counter_seals_and_opens_nothing_more)
{
	struct keypair *i, *r;
	uint8_t out[64];

	i = keypair_new(&ours, 1, 2, UINT64_MAX);
	r = keypair_new(&theirs, 2, 1, UINT64_MAX);
	i->tx_counter = WG_REJECT_AFTER_MESSAGES - 1;
	ck_assert_uint_eq(keypair_seal(i, out, NULL, 0, 0), WG_DATA_MIN);
	ck_assert_int_eq(keypair_open(r, out + 16, out, WG_DATA_MIN), 0);
	ck_assert_uint_eq(keypair_seal(i, out, NULL, 0, 0), 0);
	ck_assert_uint_eq(keypair_seal(i, out, NULL, 0, 0), 0);
	wg_put64(out + WG_DATA_COUNTER, WG_REJECT_AFTER_MESSAGES);
	ck_assert_int_eq(keypair_open(r, out + 16, out, WG_DATA_MIN), -2);
	keypair_free(i);
	keypair_free(r);
}
END_TEST

START_TEST(a_message_opens_once_and_a_forgery_moves_nothing)
{
	struct keypair *i, *r;
	uint8_t msg[64], bad[64], out[64];
	size_t n;

	i = keypair_new(&ours, 1, 2, UINT64_MAX);
	r = keypair_new(&theirs, 2, 1, UINT64_MAX);
	n = keypair_seal(i, msg, (const uint8_t *)"x", 1, 1420);
	memcpy(bad, msg, n);
	wg_put64(bad + WG_DATA_COUNTER, 1ULL << 40);
	ck_assert_int_eq(keypair_open(r, out, bad, n), -1);
	ck_assert_int_eq(keypair_open(r, out, msg, n), 16);
	ck_assert_int_eq(keypair_open(r, out, msg, n), -2);
	keypair_free(i);
	keypair_free(r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keypair");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	if (crypto_init() == -1)
		return 1;
	tcase_add_test(t, padding_goes_to_sixteen_but_not_beyond_the_mtu);
	tcase_add_test(t, sealing_in_place_is_sealing);
	tcase_add_test(t, a_used_up_counter_seals_and_opens_nothing_more);
	tcase_add_test(t, a_message_opens_once_and_a_forgery_moves_nothing);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
