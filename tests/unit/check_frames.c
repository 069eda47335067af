/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_frames.c */
/* Bodies of WHO_HAS, RECORD and PEERS: there and back, and nothing else. */
#include "disc_net.h"
#include "frames.h"

static uint8_t body[FRAME_BODY_MAX];

START_TEST(every_question_comes_back)
{
	struct who_has q[4] = {
	    {.req = 1, .ask = {.what = FIND_IP}},
	    {.req = 2, .ask = {.what = FIND_KEY, .key = {5, 6}}},
	    {.req = 3, .ask = {.what = FIND_NAME, .name = "alpha-1"}},
	    {.req = 4, .crl = true},
	};
	struct who_has got;
	size_t len;

	q[0].ask.ip = net_addr("fd00::1");
	for (unsigned i = 0; i < 4; i++) {
		len = who_has_put(body, &q[i]);
		ck_assert_uint_gt(len, 0);
		ck_assert_int_eq(who_has_get(body, len, &got), 0);
		ck_assert_uint_eq(got.req, q[i].req);
		ck_assert_int_eq(got.crl, q[i].crl);
		ck_assert_int_eq(got.ask.what, q[i].ask.what);
		ck_assert(addr_eq(&got.ask.ip, &q[i].ask.ip));
		ck_assert_str_eq(got.ask.name, q[i].ask.name);
		for (size_t cut = 0; cut < len; cut++)
			ck_assert_int_eq(who_has_get(body, cut, &got), -1);
		ck_assert_int_eq(who_has_get(body, len + 1, &got), -1);
	}
}
END_TEST

START_TEST(a_name_that_no_certificate_could_have_is_refused)
{
	static const char *const bad[] = {"", "a b", "a.b", "a\n", "\xc3\xa4"};
	struct who_has q = {.ask = {.what = FIND_NAME}}, got;

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(q.ask.name, sizeof(q.ask.name), "%s", bad[i]);
		ck_assert_int_eq(
		    who_has_get(body, who_has_put(body, &q), &got), -1);
	}
}
END_TEST

START_TEST(an_address_of_no_family_is_no_question)
{
	struct who_has q = {.ask = {.what = FIND_IP}}, got;

	ck_assert_int_eq(who_has_get(body, who_has_put(body, &q), &got), -1);
}
END_TEST

START_TEST(a_record_and_a_certificate_come_back)
{
	struct told t = {.req = 9}, got;
	struct bundle b;
	size_t len;

	net_bundle(&b, 1, 5);
	t.record = b.record[0];
	len = told_put(body, &t);
	ck_assert_int_eq(told_get(body, len, &got), 0);
	ck_assert(!got.is_cert);
	ck_assert(record_verify(&got.record));
	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_eq(told_get(body, cut, &got), -1);
	t.is_cert = true;
	t.certlen = b.certlen;
	memcpy(t.cert, b.cert, b.certlen);
	len = told_put(body, &t);
	ck_assert_int_eq(told_get(body, len, &got), 0);
	ck_assert(got.is_cert);
	ck_assert_mem_eq(got.cert, b.cert, b.certlen);
	for (size_t cut = 0; cut < len; cut++)
		ck_assert_int_eq(told_get(body, cut, &got), -1);
}
END_TEST

START_TEST(peers_come_back_and_not_more_than_thirty)
{
	struct peers_row row[PEERS_ROWS_MAX + 1] = {{.key = {1}, .age_s = 5}},
					      got[PEERS_ROWS_MAX];
	size_t len = peers_put(body, row, PEERS_ROWS_MAX);

	ck_assert_int_eq(peers_get(body, len, got), PEERS_ROWS_MAX);
	ck_assert_uint_eq(got[0].age_s, 5);
	ck_assert_int_eq(peers_get(body, len - 1, got), -1);
	ck_assert_uint_eq(peers_put(body, row, PEERS_ROWS_MAX + 1), 0);
	body[0] = PEERS_ROWS_MAX + 1;
	ck_assert_int_eq(peers_get(body, sizeof(body), got), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_question_comes_back,
	    a_name_that_no_certificate_could_have_is_refused,
	    an_address_of_no_family_is_no_question,
	    a_record_and_a_certificate_come_back,
	    peers_come_back_and_not_more_than_thirty,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("frames", tests);
}
