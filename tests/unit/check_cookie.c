/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_cookie.c */
/*
 * mac1, mac2 and cookie replies of both ends, against WireGuard known answers
 * and against each other in virtual time.
 */
#include "cookie.h"
#include "crypto.h"
#include "hex.h"

#define LIFE WG_COOKIE_LIFE_MS

static const char resp_pub[] =
    "ce8d3ad1ccb633ec7b70c17814a5c76ecd029685050d344745ba05870e587d59";
static const char msg1_mac1[] =
    "01000000443322115dfedd3b6bd47f6fa28ee15d969d5bb0ea53774d488bdaf9df1c6e01"
    "24b3ef220a26599fb2188bb723276fc173af67616c817fc32fd04d686d87ec152fac10ee"
    "d2bda3bb3b6f1eded6977684082284d817fb46b3a99b6be3ba7cf3c3fb1c735e18246a70"
    "0c43a4d05a1d12d612891d19abf09e0dab06891a9f8a0c4d";
static const char msg1_mac2[] = "9c9829d8de9ef25c6075354d7160eec8";
static const char known_reply[] =
    "0300000044332211000102030405060708090a0b0c0d0e0f10111213141516179804566d"
    "604915c0937da95686c3aa8613c33e656f30051bef90a9b8e2f70455";

/* The known answer's randomness: a secret of fives, a counting nonce. */
static void
fill_known(void *ctx, void *out, size_t len)
{
	(void)ctx;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = len == 32 ? 5 : (uint8_t)i;
}

/* Different every time. */
static void
fill_counting(void *ctx, void *out, size_t len)
{
	memset(out, ++*(int *)ctx, len);
}

struct both {
	struct cookie_checker checker;
	struct cookie_jar jar;
	struct rnd_src rnd;
	struct endpoint from;
	uint8_t msg[WG_INITIATION_LEN];
	int seed;
};

static void
both_init(struct both *b)
{
	uint8_t pub[32];

	memset(b, 0, sizeof(*b));
	unhex(pub, sizeof(pub), resp_pub);
	cookie_checker_init(&b->checker, pub);
	cookie_jar_init(&b->jar, pub);
	b->rnd = (struct rnd_src){.fill = fill_known};
	b->from = (struct endpoint){
	    .addr = {.family = 4, .b = {192, 0, 2, 1}}, .port = 51820};
	unhex(b->msg, sizeof(b->msg), msg1_mac1);
}

static bool
accepted(struct both *b, uint64_t now)
{
	return cookie_mac2_ok(
	    &b->checker, now, &b->rnd, b->msg, sizeof(b->msg), &b->from);
}

/* Ask, be answered, take the answer. */
static int
exchange(struct both *b, uint64_t now)
{
	uint8_t reply[WG_COOKIE_LEN];

	cookie_stamp(&b->jar, now, b->msg, sizeof(b->msg));
	cookie_reply(
	    &b->checker, now, &b->rnd, b->msg, sizeof(b->msg), &b->from, reply);
	return cookie_take(&b->jar, now, reply);
}

START_TEST(a_reply_and_its_mac2_are_the_known_ones)
{
	uint8_t reply[WG_COOKIE_LEN];
	struct both b;

	both_init(&b);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	assert_hex(b.msg, msg1_mac1);
	ck_assert(cookie_mac1_ok(&b.checker, b.msg, sizeof(b.msg)));
	cookie_reply(
	    &b.checker, 1, &b.rnd, b.msg, sizeof(b.msg), &b.from, reply);
	assert_hex(reply, known_reply);
	ck_assert_int_eq(cookie_take(&b.jar, 1, reply), 0);
	assert_hex(b.jar.cookie, "8a80c158e4cc5fcd6d75cb8b3a02e36b");
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	assert_hex(b.msg + 132, msg1_mac2);
	ck_assert(accepted(&b, 1));
}
END_TEST

START_TEST(mac1_covers_every_octet_in_front_of_it)
{
	struct both b;

	both_init(&b);
	for (size_t i = 0; i < sizeof(b.msg); i++) {
		b.msg[i] ^= 1;
		ck_assert(cookie_mac1_ok(&b.checker, b.msg, sizeof(b.msg)) ==
		    (i >= sizeof(b.msg) - 16));
		b.msg[i] ^= 1;
	}
}
END_TEST

START_TEST(mac1_is_for_one_node_only)
{
	struct cookie_checker other;
	uint8_t pub[32] = {1};
	struct both b;

	both_init(&b);
	cookie_checker_init(&other, pub);
	ck_assert(!cookie_mac1_ok(&other, b.msg, sizeof(b.msg)));
}
END_TEST

START_TEST(mac2_without_a_cookie_is_zero_and_not_accepted)
{
	static const uint8_t zero[16];
	struct both b;

	both_init(&b);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	ck_assert_mem_eq(b.msg + 132, zero, 16);
	ck_assert(!accepted(&b, 1));
}
END_TEST

START_TEST(a_cookie_is_bound_to_address_and_port)
{
	struct endpoint real;
	struct both b;

	both_init(&b);
	real = b.from;
	ck_assert_int_eq(exchange(&b, 1), 0);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	ck_assert(accepted(&b, 1));
	b.from.port ^= 1;
	ck_assert(!accepted(&b, 1));
	b.from = real;
	b.from.addr.b[3] ^= 1;
	ck_assert(!accepted(&b, 1));
	/* the same octets as IPv6 are another address */
	b.from = real;
	b.from.addr.family = 6;
	ck_assert(!accepted(&b, 1));
}
END_TEST

START_TEST(an_ipv6_cookie_covers_all_sixteen_octets)
{
	struct both b;

	both_init(&b);
	b.from.addr = (struct addr){.family = 6, .b = {0x20, 1, 0xd, 0xb8}};
	ck_assert_int_eq(exchange(&b, 1), 0);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	ck_assert(accepted(&b, 1));
	b.from.addr.b[15] = 1;
	ck_assert(!accepted(&b, 1));
}
END_TEST

START_TEST(a_cookie_covers_the_message_it_comes_with)
{
	struct both b;

	both_init(&b);
	ck_assert_int_eq(exchange(&b, 1), 0);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	b.msg[20] ^= 1;
	ck_assert(!accepted(&b, 1));
}
END_TEST

START_TEST(a_secret_lives_two_minutes_and_its_cookies_with_it)
{
	struct both b;

	both_init(&b);
	b.rnd = (struct rnd_src){.fill = fill_counting, .ctx = &b.seed};
	ck_assert_int_eq(exchange(&b, 1000), 0);
	cookie_stamp(&b.jar, 1000 + LIFE - 1, b.msg, sizeof(b.msg));
	ck_assert(accepted(&b, 1000 + LIFE - 1));
	ck_assert(!accepted(&b, 1000 + LIFE));
	/* and the old secret does not come back */
	ck_assert(!accepted(&b, 1000 + LIFE));
}
END_TEST

START_TEST(a_cookie_made_late_is_not_accepted_longer_than_its_secret)
{
	struct both b;

	both_init(&b);
	b.rnd = (struct rnd_src){.fill = fill_counting, .ctx = &b.seed};
	ck_assert_int_eq(exchange(&b, 1000), 0);
	ck_assert_int_eq(exchange(&b, LIFE), 0);
	cookie_stamp(&b.jar, LIFE, b.msg, sizeof(b.msg));
	ck_assert(accepted(&b, LIFE));
	ck_assert(!accepted(&b, 1000 + LIFE));
	/* one more round trip, with the new secret */
	ck_assert_int_eq(exchange(&b, 1000 + LIFE), 0);
	cookie_stamp(&b.jar, 1000 + LIFE, b.msg, sizeof(b.msg));
	ck_assert(accepted(&b, 1000 + LIFE));
}
END_TEST

START_TEST(a_jar_forgets_its_cookie_after_two_minutes)
{
	static const uint8_t zero[16];
	struct both b;

	both_init(&b);
	ck_assert_int_eq(exchange(&b, 1000), 0);
	cookie_stamp(&b.jar, 1000 + LIFE - 1, b.msg, sizeof(b.msg));
	ck_assert_mem_ne(b.msg + 132, zero, 16);
	cookie_stamp(&b.jar, 1000 + LIFE, b.msg, sizeof(b.msg));
	ck_assert_mem_eq(b.msg + 132, zero, 16);
	ck_assert_mem_eq(b.jar.cookie, zero, 16);
}
END_TEST

START_TEST(a_reply_only_opens_with_the_last_mac1)
{
	uint8_t reply[WG_COOKIE_LEN];
	struct both b;

	both_init(&b);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	cookie_reply(
	    &b.checker, 1, &b.rnd, b.msg, sizeof(b.msg), &b.from, reply);
	b.msg[8] ^= 1;
	cookie_stamp(&b.jar, 2, b.msg, sizeof(b.msg));
	ck_assert_int_eq(cookie_take(&b.jar, 2, reply), -1);
	ck_assert(!b.jar.has_cookie);
}
END_TEST

START_TEST(a_reply_is_taken_once_and_only_when_asked_for)
{
	uint8_t reply[WG_COOKIE_LEN];
	struct both b;

	both_init(&b);
	cookie_reply(
	    &b.checker, 1, &b.rnd, b.msg, sizeof(b.msg), &b.from, reply);
	ck_assert_int_eq(cookie_take(&b.jar, 1, reply), -1);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	ck_assert_int_eq(cookie_take(&b.jar, 1, reply), 0);
	ck_assert_int_eq(cookie_take(&b.jar, 1, reply), -1);
	ck_assert(b.jar.has_cookie);
}
END_TEST

START_TEST(no_changed_octet_of_a_reply_is_taken)
{
	uint8_t reply[WG_COOKIE_LEN];
	struct both b;

	both_init(&b);
	cookie_stamp(&b.jar, 1, b.msg, sizeof(b.msg));
	cookie_reply(
	    &b.checker, 1, &b.rnd, b.msg, sizeof(b.msg), &b.from, reply);
	for (size_t i = WG_COOKIE_NONCE; i < sizeof(reply); i++) {
		reply[i] ^= 0x10;
		ck_assert_int_eq(cookie_take(&b.jar, 1, reply), -1);
		reply[i] ^= 0x10;
	}
	ck_assert_int_eq(cookie_take(&b.jar, 1, reply), 0);
}
END_TEST

START_TEST(a_response_carries_the_same_macs)
{
	uint8_t reply[WG_COOKIE_LEN], msg[WG_RESPONSE_LEN] = {2, 0, 0, 0, 7};
	struct both b;

	both_init(&b);
	cookie_stamp(&b.jar, 1, msg, sizeof(msg));
	ck_assert(cookie_mac1_ok(&b.checker, msg, sizeof(msg)));
	cookie_reply(&b.checker, 1, &b.rnd, msg, sizeof(msg), &b.from, reply);
	ck_assert_uint_eq(wg_receiver(reply), 7);
	ck_assert_int_eq(cookie_take(&b.jar, 1, reply), 0);
	cookie_stamp(&b.jar, 1, msg, sizeof(msg));
	ck_assert(
	    cookie_mac2_ok(&b.checker, 1, &b.rnd, msg, sizeof(msg), &b.from));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cookie");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	if (crypto_init() == -1)
		return 1;
	tcase_add_test(t, a_reply_and_its_mac2_are_the_known_ones);
	tcase_add_test(t, mac1_covers_every_octet_in_front_of_it);
	tcase_add_test(t, mac1_is_for_one_node_only);
	tcase_add_test(t, mac2_without_a_cookie_is_zero_and_not_accepted);
	tcase_add_test(t, a_cookie_is_bound_to_address_and_port);
	tcase_add_test(t, an_ipv6_cookie_covers_all_sixteen_octets);
	tcase_add_test(t, a_cookie_covers_the_message_it_comes_with);
	tcase_add_test(t, a_secret_lives_two_minutes_and_its_cookies_with_it);
	tcase_add_test(
	    t, a_cookie_made_late_is_not_accepted_longer_than_its_secret);
	tcase_add_test(t, a_jar_forgets_its_cookie_after_two_minutes);
	tcase_add_test(t, a_reply_only_opens_with_the_last_mac1);
	tcase_add_test(t, a_reply_is_taken_once_and_only_when_asked_for);
	tcase_add_test(t, no_changed_octet_of_a_reply_is_taken);
	tcase_add_test(t, a_response_carries_the_same_macs);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
