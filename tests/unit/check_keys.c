/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_keys.c */
/*
 * keyd's oracle: what it answers, what it refuses, and that its stamps only
 * ever grow, whatever the clock and the process do.
 */
#include "crypto.h"
#include "hex.h"
#include "invite.h"
#include "keys.h"
#include "record.h"

#define STEP (1u << 24)

static struct keys
loaded(void)
{
	struct keys k = {0};
	uint8_t priv[32];

	memset(priv, 1, sizeof(priv));
	ck_assert_int_eq(keys_load(&k, priv, 1000), 0);
	return k;
}

static struct msg_mix_ask
ask_of(uint8_t n)
{
	struct msg_mix_ask a = {.n = n};
	uint8_t priv[32];

	memset(a.ck, 0x77, sizeof(a.ck));
	memset(priv, 2, sizeof(priv));
	ck_assert_int_eq(crypto_x25519_pub(a.point, priv), 0);
	return a;
}

START_TEST(loading_a_key_tells_its_public_half)
{
	struct keys k = loaded();

	assert_hex(k.pub,
	    "a4e09292b651c278b9772c569f5fa9bb13d906b46ab68c9df9dc2b4409f8a209");
}
END_TEST

START_TEST(a_key_of_zeroes_is_refused)
{
	struct keys k = {0};
	uint8_t zero[32] = {0};

	ck_assert_int_eq(keys_load(&k, zero, 0), -1);
	ck_assert(!k.loaded);
}
END_TEST

START_TEST(mix_is_the_kdf_of_the_shared_secret)
{
	struct keys k = loaded();
	struct msg_mix_reply r;
	uint8_t dh[32], want[2][32];
	struct msg_mix_ask a = ask_of(2);

	ck_assert_int_eq(crypto_x25519(dh, k.priv, a.point), 0);
	crypto_kdf(want, 2, a.ck, dh, sizeof(dh));
	keys_mix(&k, 1000, &a, &r);
	ck_assert_int_eq(r.status, KEY_OK);
	ck_assert_mem_eq(r.out, want, 64);
	ck_assert_mem_ne(r.out[0], dh, 32);
	ck_assert_mem_ne(r.out[1], dh, 32);
}
END_TEST

START_TEST(one_output_leaves_the_second_zero)
{
	static const uint8_t zero[32];
	struct msg_mix_ask one = ask_of(1), two = ask_of(2);
	struct msg_mix_reply a, b;
	struct keys k = loaded();

	keys_mix(&k, 1000, &one, &a);
	keys_mix(&k, 1000, &two, &b);
	ck_assert_mem_eq(a.out[0], b.out[0], 32);
	ck_assert_mem_eq(a.out[1], zero, 32);
}
END_TEST

static enum key_status
refused(const struct msg_mix_ask *a)
{
	static const uint8_t zero[64];
	struct keys k = loaded();
	struct msg_mix_reply r;

	keys_mix(&k, 1000, a, &r);
	ck_assert_mem_eq(r.out, zero, 64);
	return r.status;
}

START_TEST(low_order_points_our_own_key_and_odd_counts_are_refused)
{
	struct keys k = loaded();
	struct msg_mix_ask a = ask_of(2);

	memset(a.point, 0, 32);
	ck_assert_int_eq(refused(&a), KEY_REFUSED_POINT);
	a.point[0] = 1;
	ck_assert_int_eq(refused(&a), KEY_REFUSED_POINT);
	memcpy(a.point, k.pub, 32);
	ck_assert_int_eq(refused(&a), KEY_REFUSED_POINT);
	a.point[31] |= 0x80;
	ck_assert_int_eq(refused(&a), KEY_REFUSED_POINT);
	a = ask_of(0);
	ck_assert_int_eq(refused(&a), KEY_REFUSED_POINT);
	a = ask_of(3);
	ck_assert_int_eq(refused(&a), KEY_REFUSED_POINT);
}
END_TEST

START_TEST(without_a_key_everybody_is_told_to_come_later)
{
	struct msg_mix_ask a = ask_of(1);
	struct msg_mix_reply r;
	struct keys k = {0};

	keys_mix(&k, 1000, &a, &r);
	ck_assert_int_eq(r.status, KEY_BUSY_NOW);
	k = loaded();
	keys_wipe(&k);
	keys_mix(&k, 1000, &a, &r);
	ck_assert_int_eq(r.status, KEY_BUSY_NOW);
}
END_TEST

/* How many of n questions at this moment are answered.  A refused point costs
 * a token too and no scalar multiplication worth waiting for. */
static unsigned
answered(struct keys *k, uint64_t now_ms, unsigned n)
{
	struct msg_mix_ask a = ask_of(1);
	struct msg_mix_reply r;
	unsigned ok = 0;

	memcpy(a.point, k->pub, 32);
	for (unsigned i = 0; i < n; i++) {
		keys_mix(k, now_ms, &a, &r);
		if (r.status != KEY_BUSY_NOW)
			ok++;
	}
	return ok;
}

START_TEST(a_burst_is_answered_and_then_a_rate)
{
	struct keys k = loaded();

	ck_assert_uint_eq(answered(&k, 1000, 10000), KEYS_BURST);
	ck_assert_uint_eq(answered(&k, 1000, 10), 0);
	ck_assert_uint_eq(answered(&k, 1001, 10), KEYS_RATE / 1000);
	ck_assert_uint_eq(answered(&k, 2001, 10000), KEYS_RATE);
	ck_assert_uint_eq(answered(&k, 2001 + 86400000, 10000), KEYS_BURST);
	ck_assert_uint_eq(answered(&k, UINT64_MAX, 10000), KEYS_BURST);
	/* time that goes back gives nothing, and breaks nothing */
	ck_assert_uint_eq(answered(&k, 0, 10), 0);
}
END_TEST

/* ---- stamps ---- */

struct stamper {
	struct keys k;
	uint8_t last[12], file[8];
	unsigned writes;
};

/* One stamp; it must be above the last one and covered by the file. */
static void
stamp(struct stamper *s, uint64_t sec, uint32_t nsec)
{
	uint8_t next[12], label[8];

	if (keys_stamp(&s->k, sec, nsec, next, s->file))
		s->writes++;
	ck_assert_int_gt(memcmp(next, s->last, 12), 0);
	memcpy(s->last, next, 12);
	/* the file has no base: 2^62 + 10 */
	memcpy(label, s->file, 8);
	label[0] |= 0x40;
	if (label[7] <= 0xf5) {
		label[7] += 10;
		ck_assert_int_le(memcmp(next, label, 8), 0);
	}
}

static void
restart(struct stamper *s)
{
	uint8_t file[8];

	memcpy(file, s->file, 8);
	s->k = (struct keys){0};
	keys_stamp_restore(&s->k, file);
}

START_TEST(a_stamp_is_tai64n_with_the_low_bits_off)
{
	struct stamper s = {0};

	stamp(&s, 0x6553f100, 123456789);
	assert_hex(s.last,
	    "400000006553f10a"
	    "07000000");
	stamp(&s, 0x6553f101, 999999999);
	assert_hex(s.last,
	    "400000006553f10b"
	    "3b000000");
}
END_TEST

START_TEST(stamps_in_one_moment_are_one_step_apart_and_carry)
{
	struct stamper s = {0};

	stamp(&s, 1000, 0);
	for (int i = 0; i < 59; i++)
		stamp(&s, 1000, 0);
	ck_assert_uint_eq(s.k.last_sec, 1000);
	ck_assert_uint_eq(s.k.last_nsec, 59 * STEP);
	stamp(&s, 1000, 0);
	ck_assert_uint_eq(s.k.last_sec, 1001);
	ck_assert_uint_eq(s.k.last_nsec, 0);
}
END_TEST

START_TEST(a_clock_that_goes_back_does_not_take_the_stamps_along)
{
	struct stamper s = {0};

	stamp(&s, 2000000, 5);
	stamp(&s, 1000000, 5);
	stamp(&s, 0, 0);
	ck_assert_uint_eq(s.k.last_sec, 2000000);
	stamp(&s, 2000001, 0);
	ck_assert_uint_eq(s.k.last_sec, 2000001);
}
END_TEST

START_TEST(after_a_restart_stamps_start_above_the_stored_second)
{
	struct stamper s = {0};

	stamp(&s, 5000, 0);
	ck_assert_uint_eq(s.writes, 1);
	restart(&s);
	stamp(&s, 4000, 0);
	ck_assert_uint_eq(s.k.last_sec, 5000 + KEYS_AHEAD_S + 1);
	restart(&s);
	stamp(&s, 6000, 0);
	ck_assert_uint_eq(s.k.last_sec, 6000);
}
END_TEST

START_TEST(the_file_is_written_at_most_once_in_ten_seconds)
{
	struct stamper s = {0};

	for (uint64_t ms = 0; ms < 100000; ms += 50)
		stamp(&s, 7000 + ms / 1000, (uint32_t)(ms % 1000) * 1000000);
	ck_assert_uint_le(s.writes, 10);
	ck_assert_uint_ge(s.writes, 9);
}
END_TEST

START_TEST(stamps_grow_over_any_mix_of_steps_jumps_and_restarts)
{
	struct stamper s = {0};
	uint64_t x = 88172645463325252ULL;

	for (int i = 0; i < 20000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		stamp(&s, 10000 + x % 1000, (uint32_t)(x >> 32) % 1000000000);
		if (x % 100 == 0)
			restart(&s);
	}
}
END_TEST

START_TEST(a_file_of_nonsense_is_ignored)
{
	struct keys k = {0};
	uint8_t junk[8], out[12];

	memset(junk, 0xff, sizeof(junk));
	keys_stamp_restore(&k, junk);
	ck_assert(keys_stamp(&k, 100, 0, out, junk));
	ck_assert_uint_eq(k.last_sec, 100);
}
END_TEST

START_TEST(a_restore_that_comes_late_takes_nothing_back)
{
	struct stamper s = {0};
	uint8_t old[8] = {0, 0, 0, 0, 0, 0, 1, 0};

	stamp(&s, 5000, 0);
	keys_stamp_restore(&s.k, old);
	stamp(&s, 5000, 0);
	ck_assert_uint_eq(s.k.last_sec, 5000);
	ck_assert_uint_eq(s.writes, 1);
}
END_TEST

START_TEST(a_new_key_does_not_start_the_stamps_over)
{
	struct stamper s = {0};
	uint8_t priv[32] = {1};

	stamp(&s, 5000, 0);
	ck_assert_int_eq(keys_load(&s.k, priv, 0), 0);
	stamp(&s, 1, 0);
}
END_TEST

START_TEST(stamps_are_not_given_faster_than_time_in_the_long_run)
{
	struct keys k = {0};
	uint8_t priv[32] = {7};
	unsigned n = 0;

	ck_assert_int_eq(keys_load(&k, priv, 0), 0);
	for (unsigned i = 0; i < 100000; i++)
		n += keys_stamp_allowed(&k, 0);
	ck_assert_uint_eq(n, KEYS_STAMP_BURST);
	n = 0;
	for (unsigned i = 0; i < 100000; i++)
		n += keys_stamp_allowed(&k, 10000);
	ck_assert_uint_eq(n, 10 * KEYS_STAMP_RATE);
}
END_TEST

/* ---- records ---- */

START_TEST(loading_a_key_makes_its_signing_key_and_a_request_for_renewal)
{
	struct keys k = loaded();
	struct join_request q = {0};

	assert_hex(k.ed,
	    "cb8c01edcf7f1672e4fc1356aac370488ccf564ecda1688833462ff6d8233c0f");
	memcpy(q.node, k.pub, sizeof(q.node));
	memcpy(q.ed, k.ed, sizeof(q.ed));
	memcpy(q.sig, k.renew, sizeof(q.sig));
	ck_assert(join_request_signed(&q));
}
END_TEST

static struct msg_sign_ask
sign_ask_of(uint64_t seq)
{
	struct msg_sign_ask a = {.seq = seq, .vlen = 24};

	memset(a.salt, 0x5a, sizeof(a.salt));
	memcpy(a.v, "21:0123456789abcdefghijk", 24);
	return a;
}

static enum key_status
signs(struct keys *k, uint64_t seq, uint64_t unix_s)
{
	static const uint8_t zero[64];
	struct msg_sign_ask a = sign_ask_of(seq);
	struct msg_sign_reply r;
	uint8_t stored[8];

	k->sign.tokens_milli = 1000;
	ck_assert_int_eq(
	    keys_sign(k, 1000, unix_s, &a, &r, stored), r.status == KEY_OK);
	if (r.status != KEY_OK)
		ck_assert_mem_eq(r.sig, zero, 64);
	return r.status;
}

START_TEST(what_is_signed_is_a_record_and_its_number_is_to_be_stored)
{
	struct keys k = loaded();
	struct msg_sign_ask a = sign_ask_of(0x6553f100);
	struct msg_sign_reply r;
	struct record rec = {.kind = REC_PLACE, .seq = a.seq, .vlen = 24};
	uint8_t stored[8];

	ck_assert(keys_sign(&k, 1000, 0x6553f100, &a, &r, stored));
	assert_hex(stored, "000000006553f100");
	memcpy(rec.k, k.ed, sizeof(rec.k));
	memcpy(rec.salt, a.salt, sizeof(rec.salt));
	memcpy(rec.v, a.v, a.vlen);
	memcpy(rec.sig, r.sig, sizeof(rec.sig));
	ck_assert(record_verify(&rec));
}
END_TEST

START_TEST(a_number_is_signed_once_and_none_below_it)
{
	struct keys k = loaded();

	ck_assert_int_eq(signs(&k, 1000, 1000), KEY_OK);
	ck_assert_int_eq(signs(&k, 1000, 1000), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, 999, 1000), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, 1001, 1000), KEY_OK);
	ck_assert_int_eq(signs(&k, 5000, 1000), KEY_OK);
	ck_assert_int_eq(signs(&k, 4999, 1000), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, 0, 1000), KEY_REFUSED_POINT);
}
END_TEST

START_TEST(after_a_restart_numbers_go_on)
{
	const uint8_t stored[8] = {0, 0, 0, 0, 0, 0, 0x10, 0};
	const uint8_t low[8] = {0}, junk[8] = {0x80};
	struct keys k = {0};
	uint8_t priv[32] = {1};

	keys_seq_restore(&k, stored);
	keys_seq_restore(&k, low);
	keys_seq_restore(&k, junk);
	ck_assert_int_eq(keys_load(&k, priv, 1000), 0);
	ck_assert_int_eq(signs(&k, 0x1000, 0x1000), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, 0x1001, 0x1000), KEY_OK);
}
END_TEST

START_TEST(the_numbers_there_are_cannot_be_used_up)
{
	struct keys k = loaded();
	const uint64_t now = 1800000000, far = now + KEYS_SEQ_AHEAD_S;

	ck_assert_int_eq(signs(&k, UINT64_MAX, now), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, INT64_MAX, now), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, far + 1, now), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, far, now), KEY_OK);
	ck_assert_int_eq(signs(&k, far + 2, now), KEY_REFUSED_POINT);
	/* the clock is behind: one by one */
	ck_assert_int_eq(signs(&k, far + 1, 5), KEY_OK);
	ck_assert_int_eq(signs(&k, far + 3, 5), KEY_REFUSED_POINT);
	ck_assert_int_eq(signs(&k, far + 2, 5), KEY_OK);
	k.last_seq = INT64_MAX;
	ck_assert_int_eq(
	    signs(&k, (uint64_t)INT64_MAX + 1, now), KEY_REFUSED_POINT);
}
END_TEST

START_TEST(what_is_not_one_string_is_not_signed)
{
	static const char *const bad[] = {
	    "", "1", "1:", "1:xy", "01:x", "i1e", "1:x1:y", "d1:a1:be", "-1:x"};
	struct keys k = loaded();
	struct msg_sign_reply r;
	uint8_t stored[8];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct msg_sign_ask a = sign_ask_of(1000 + i);

		a.vlen = (uint16_t)strlen(bad[i]);
		memcpy(a.v, bad[i], a.vlen);
		ck_assert(!keys_sign(&k, 1000, 1000, &a, &r, stored));
		ck_assert_int_eq(r.status, KEY_REFUSED_POINT);
	}
	ck_assert_uint_eq(k.last_seq, 0);
}
END_TEST

START_TEST(signatures_have_a_rate_of_their_own)
{
	struct keys k = loaded();
	struct msg_sign_reply r;
	uint8_t stored[8];
	unsigned n = 0;

	for (unsigned i = 1; i <= 100; i++) {
		struct msg_sign_ask a = sign_ask_of(i);

		n += keys_sign(&k, 1000, 1000, &a, &r, stored);
	}
	ck_assert_uint_eq(n, KEYS_SIGN_BURST);
	ck_assert_int_eq(r.status, KEY_BUSY_NOW);
	for (unsigned i = 101; i <= 200; i++) {
		struct msg_sign_ask a = sign_ask_of(i);

		n += keys_sign(&k, 4000, 1000, &a, &r, stored);
	}
	ck_assert_uint_eq(n, KEYS_SIGN_BURST + 3 * KEYS_SIGN_RATE);
	ck_assert_uint_eq(answered(&k, 1000, 1), 1);
	keys_wipe(&k);
	ck_assert_int_eq(signs(&k, 300, 1000), KEY_BUSY_NOW);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	if (crypto_init() == -1)
		return 1;
	tcase_add_test(t, loading_a_key_tells_its_public_half);
	tcase_add_test(t, a_key_of_zeroes_is_refused);
	tcase_add_test(t, mix_is_the_kdf_of_the_shared_secret);
	tcase_add_test(t, one_output_leaves_the_second_zero);
	tcase_add_test(
	    t, low_order_points_our_own_key_and_odd_counts_are_refused);
	tcase_add_test(t, without_a_key_everybody_is_told_to_come_later);
	tcase_add_test(t, a_burst_is_answered_and_then_a_rate);
	tcase_add_test(t, a_stamp_is_tai64n_with_the_low_bits_off);
	tcase_add_test(t, stamps_in_one_moment_are_one_step_apart_and_carry);
	tcase_add_test(
	    t, a_clock_that_goes_back_does_not_take_the_stamps_along);
	tcase_add_test(t, after_a_restart_stamps_start_above_the_stored_second);
	tcase_add_test(t, the_file_is_written_at_most_once_in_ten_seconds);
	tcase_add_test(t, stamps_grow_over_any_mix_of_steps_jumps_and_restarts);
	tcase_add_test(t, a_file_of_nonsense_is_ignored);
	tcase_add_test(t, a_restore_that_comes_late_takes_nothing_back);
	tcase_add_test(t, a_new_key_does_not_start_the_stamps_over);
	tcase_add_test(
	    t, stamps_are_not_given_faster_than_time_in_the_long_run);
	tcase_add_test(
	    t, loading_a_key_makes_its_signing_key_and_a_request_for_renewal);
	tcase_add_test(
	    t, what_is_signed_is_a_record_and_its_number_is_to_be_stored);
	tcase_add_test(t, a_number_is_signed_once_and_none_below_it);
	tcase_add_test(t, after_a_restart_numbers_go_on);
	tcase_add_test(t, the_numbers_there_are_cannot_be_used_up);
	tcase_add_test(t, what_is_not_one_string_is_not_signed);
	tcase_add_test(t, signatures_have_a_rate_of_their_own);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
