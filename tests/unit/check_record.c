/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_record.c */
/*
 * Records against values made with another implementation of each primitive,
 * and what a reader must refuse.
 */
#include "crypto.h"
#include "hex.h"
#include "record.h"
#include "unit.h"

static const uint8_t seed[32] = {0x43, 0x43};
static uint8_t rdv[32], rec[32], node[32];

static struct record
hello(void)
{
	struct record r = {.kind = REC_PLACE, .seq = 1800000000};
	uint8_t s[32];

	memset(s, 0x43, sizeof(s));
	ck_assert_int_eq(crypto_sign_pub(r.k, s), 0);
	record_salt_place(r.salt, rdv, node);
	ck_assert_int_eq(record_seal(&r, rec, "hello", 5), 0);
	ck_assert_int_eq(record_sign(&r, s), 0);
	return r;
}

/* ---- where ---- */

START_TEST(places_are_these)
{
	uint8_t salt[RECORD_SALT];
	struct addr a;

	ck_assert_int_eq(addr_parse("10.77.0.5", &a), 0);
	record_salt_address(salt, rdv, &a);
	assert_hex(salt,
	    "ab83cc383032622248090737b3395c5c0772d16a3d0a9a5f82aae756e27fe3c4");
	ck_assert_int_eq(addr_parse("2001:db8::1", &a), 0);
	record_salt_address(salt, rdv, &a);
	assert_hex(salt,
	    "746ccef571c229ae2def825166d8e1278dfcd8417147eb87a7349994901d76db");
	record_salt_key(salt, rdv, node);
	assert_hex(salt,
	    "90e59af9225fc21d7a4a9ed1b536884b4f010dc2a9efc43fb3543a65b9825592");
	record_salt_place(salt, rdv, node);
	assert_hex(salt,
	    "6291e64a7fe6cc54c397d3c119131ab667062b184bc4ae9129268511260d99b9");
	record_salt_state(salt, rdv, 2);
	assert_hex(salt,
	    "04554fa9f4e45adc230c3c44beb26c2644221c94aab7110b29bf61894d6d270a");
}
END_TEST

START_TEST(a_name_is_at_one_place_however_it_is_spelt)
{
	uint8_t salt[RECORD_SALT], other[RECORD_SALT];

	record_salt_name(salt, rdv, "alpha-9");
	assert_hex(salt,
	    "2d41660ead265c7a8a29f3b64182354065edcf76cc276b66df430ca1858b8ac0");
	record_salt_name(other, rdv, "ALPHA-9");
	ck_assert_mem_eq(other, salt, RECORD_SALT);
	record_salt_name(other, rdv, "alpha-8");
	ck_assert_mem_ne(other, salt, RECORD_SALT);
}
END_TEST

/* ---- what ---- */

START_TEST(a_sealed_and_signed_record_is_this_one)
{
	struct record r = hello();
	uint8_t tbs[RECORD_TBS_MAX];
	size_t len = record_tbs(tbs, r.salt, r.seq, r.v, r.vlen);

	assert_hex(r.k,
	    "22fc297792f0b6ffc0bfcfdb7edb0c0aa14e025a365ec0e342e86e3829cb74b6");
	ck_assert_uint_eq(r.vlen, 24);
	assert_hex(r.v, "32313a9ce858faa0fd57b35f8e831667034206466120b941");
	ck_assert_uint_eq(len, 85);
	assert_hex(tbs,
	    "343a73616c7433323a6291e64a7fe6cc54c397d3c119131ab667062b184bc4ae91"
	    "29268511260d99b9333a736571693138303030303030303065313a7632313a9ce8"
	    "58faa0fd57b35f8e831667034206466120b941");
	assert_hex(r.sig,
	    "6e3b6dc60332b77fbde1d0047b2ea78e39b97ceb1f443486ef9593e9ded9ac0c55"
	    "1ea2a963cb437935e367c5611120e9dd33111480b47de7b990f493f8d74f05");
}
END_TEST

START_TEST(a_member_reads_what_was_written)
{
	struct record r = hello();
	uint8_t out[RECORD_CONTENT_MAX];

	ck_assert(record_verify(&r));
	ck_assert_int_eq(record_open(out, &r, rec), 5);
	ck_assert_mem_eq(out, "hello", 5);
	ck_assert_int_eq(record_open(out, &r, rdv), -1);
}
END_TEST

START_TEST(every_length_is_sealed_and_opened_and_one_more_is_not)
{
	uint8_t in[RECORD_CONTENT_MAX + 1], out[RECORD_CONTENT_MAX];
	struct record r = hello();

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= RECORD_CONTENT_MAX; len++) {
		ck_assert_int_eq(record_seal(&r, rec, in, len), 0);
		ck_assert_int_eq(record_open(out, &r, rec), (int)len);
		ck_assert_mem_eq(out, in, len);
	}
	ck_assert_uint_eq(r.vlen, RECORD_V_MAX);
	ck_assert_int_eq(record_sign(&r, seed), 0);
	ck_assert_int_eq(record_seal(&r, rec, in, sizeof(in)), -1);
	r.seq = (uint64_t)INT64_MAX + 1;
	ck_assert_int_eq(record_seal(&r, rec, in, 1), -1);
	ck_assert_int_eq(record_sign(&r, seed), -1);
}
END_TEST

START_TEST(a_record_changed_anywhere_is_refused)
{
	uint8_t octets[RECORD_MAX];
	struct record r = hello(), back;
	struct wbuf w;
	struct rbuf in;

	wbuf_init(&w, octets, sizeof(octets));
	record_put(&w, &r);
	ck_assert_int_eq(wbuf_done(&w), 0);
	for (size_t bit = 8; bit < w.len * 8; bit++) { /* kind: not signed */
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		rbuf_init(&in, octets, w.len);
		record_get(&in, &back);
		ck_assert(rbuf_done(&in) == -1 || !record_verify(&back));
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

/* What was signed by somebody else who is in the network, too. */
START_TEST(sealed_for_another_place_number_or_signer_it_does_not_open)
{
	struct record r = hello();
	uint8_t out[RECORD_CONTENT_MAX];

	r.salt[0] ^= 1;
	ck_assert_int_eq(record_open(out, &r, rec), -1);
	r.salt[0] ^= 1;
	r.seq++;
	ck_assert_int_eq(record_open(out, &r, rec), -1);
	r.seq--;
	r.k[5] ^= 1;
	ck_assert_int_eq(record_open(out, &r, rec), -1);
	r.k[5] ^= 1;
	r.v[r.vlen - 1] ^= 1;
	ck_assert_int_eq(record_open(out, &r, rec), -1);
	r.v[r.vlen - 1] ^= 1;
	ck_assert_int_eq(record_open(out, &r, rec), 5);
}
END_TEST

/* ---- as octets ---- */

static int
get_cut(const uint8_t *octets, size_t len, struct record *r)
{
	struct rbuf in;

	rbuf_init(&in, octets, len);
	record_get(&in, r);
	return rbuf_done(&in);
}

START_TEST(octets_come_back_and_cut_ones_do_not)
{
	uint8_t octets[RECORD_MAX + 1] = {0};
	struct record r = hello(), back;
	struct wbuf w;

	wbuf_init(&w, octets, RECORD_MAX);
	record_put(&w, &r);
	ck_assert_uint_eq(w.len, 1 + 32 + 8 + 64 + 32 + 2 + 24);
	for (size_t n = 0; n <= w.len + 1; n++)
		ck_assert_int_eq(get_cut(octets, n, &back) == 0, n == w.len);
	ck_assert_int_eq(get_cut(octets, w.len, &back), 0);
	ck_assert_int_eq(back.kind, REC_PLACE);
	ck_assert(record_verify(&back));
	octets[0] = 0;
	ck_assert_int_eq(get_cut(octets, w.len, &back), -1);
	octets[0] = REC_STATE + 1;
	ck_assert_int_eq(get_cut(octets, w.len, &back), -1);
	octets[0] = REC_PLACE;
	octets[33] = 0x80; /* seq */
	ck_assert_int_eq(get_cut(octets, w.len, &back), -1);
}
END_TEST

START_TEST(two_records_in_a_row_are_two_records)
{
	uint8_t octets[2 * RECORD_MAX];
	struct record r = hello(), a, b;
	struct wbuf w;
	struct rbuf in;

	wbuf_init(&w, octets, sizeof(octets));
	record_put(&w, &r);
	record_put(&w, &r);
	rbuf_init(&in, octets, w.len);
	record_get(&in, &a);
	record_get(&in, &b);
	ck_assert_int_eq(rbuf_done(&in), 0);
	ck_assert(record_verify(&a) && record_verify(&b));
}
END_TEST

static bool
is_string(const char *text, size_t len)
{
	size_t n = 77;
	const uint8_t *p = record_string(text, len, &n);

	return p != NULL && p + n == (const uint8_t *)text + len;
}

START_TEST(a_value_is_exactly_one_string)
{
	ck_assert(is_string("0:", 2));
	ck_assert(is_string("1:x", 3));
	ck_assert(is_string("10:0123456789", 13));
	ck_assert(!is_string("", 0));
	ck_assert(!is_string(":", 1));
	ck_assert(!is_string("1", 1));
	ck_assert(!is_string("1:", 2));
	ck_assert(!is_string("1:xy", 4));
	ck_assert(!is_string("01:x", 4));
	ck_assert(!is_string("00:", 3));
	ck_assert(!is_string("+1:x", 4));
	ck_assert(!is_string(" 1:x", 4));
	ck_assert(!is_string("-1:x", 4));
	ck_assert(!is_string("1;x", 3));
	ck_assert(!is_string("i1e", 3));
	ck_assert(!is_string("l1:xe", 5));
	ck_assert(!is_string("1:x1:y", 6));
	ck_assert(!is_string("0001:x", 6));
	ck_assert(!is_string("123", 3));
}
END_TEST

/* What is no sealed string can be signed by a stranger; it still is no record.
 */
START_TEST(a_value_too_short_to_be_sealed_is_no_record)
{
	struct record r = hello(), back;
	uint8_t octets[RECORD_MAX], out[RECORD_CONTENT_MAX];
	struct wbuf w;

	memcpy(r.v, "15:0123456789abcde", 18);
	r.vlen = 18;
	ck_assert_int_eq(record_sign(&r, seed), 0);
	ck_assert_int_eq(record_open(out, &r, rec), -1);
	wbuf_init(&w, octets, sizeof(octets));
	record_put(&w, &r);
	ck_assert_int_eq(get_cut(octets, w.len, &back), -1);
	memcpy(r.v, "i42e", 4);
	r.vlen = 4;
	ck_assert_int_eq(record_sign(&r, seed), -1);
	r.vlen = RECORD_V_MAX + 1;
	ck_assert(!record_verify(&r));
	ck_assert_int_eq(record_open(out, &r, rec), -1);
	wbuf_init(&w, octets, sizeof(octets));
	record_put(&w, &r);
	ck_assert_int_eq(wbuf_done(&w), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    places_are_these,
	    a_name_is_at_one_place_however_it_is_spelt,
	    a_sealed_and_signed_record_is_this_one,
	    a_member_reads_what_was_written,
	    every_length_is_sealed_and_opened_and_one_more_is_not,
	    a_record_changed_anywhere_is_refused,
	    sealed_for_another_place_number_or_signer_it_does_not_open,
	    octets_come_back_and_cut_ones_do_not,
	    two_records_in_a_row_are_two_records,
	    a_value_is_exactly_one_string,
	    a_value_too_short_to_be_sealed_is_no_record,
	};

	memset(rdv, 0x41, sizeof(rdv));
	memset(rec, 0x42, sizeof(rec));
	memset(node, 0x22, sizeof(node));
	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("record", tests);
}
