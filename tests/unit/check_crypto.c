/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_crypto.c */
/*
 * The primitives against the vectors of their standards, and against each
 * other: the data path's AEAD must be the one-shot one, whatever it did before.
 */
#include <stdlib.h>

#include "crypto.h"
#include "hex.h"

struct x25519_case {
	const char *priv, *pub, *shared;
};

/* RFC 7748 sections 5.2 and 6.1 */
static const struct x25519_case x25519_cases[] = {
    {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
	"e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
	"c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
    {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
	"e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
	"95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    {"77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
	"de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
	"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
    {"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
	"8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
	"4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"},
};
#define NCASES ((int)(sizeof(x25519_cases) / sizeof(x25519_cases[0])))

START_TEST(x25519_gives_what_rfc_7748_says)
{
	const struct x25519_case *c = &x25519_cases[_i];
	uint8_t priv[32], pub[32], out[32];

	unhex(priv, 32, c->priv);
	unhex(pub, 32, c->pub);
	ck_assert_int_eq(crypto_x25519(out, priv, pub), 0);
	assert_hex(out, c->shared);
}
END_TEST

START_TEST(x25519_a_thousand_times_is_still_right)
{
	uint8_t k[32] = {9}, u[32] = {9}, out[32];

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(crypto_x25519(out, k, u), 0);
		memcpy(u, k, 32);
		memcpy(k, out, 32);
	}
	assert_hex(k,
	    "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}
END_TEST

START_TEST(a_public_key_is_the_base_point_times_the_private_one)
{
	uint8_t priv[32], pub[32];

	unhex(priv, 32, x25519_cases[2].priv);
	ck_assert_int_eq(crypto_x25519_pub(pub, priv), 0);
	assert_hex(pub, x25519_cases[3].pub);
}
END_TEST

/* All points of small order, canonical and not; the top bit is ignored. */
static const char *const low_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};
#define NLOW ((int)(sizeof(low_order) / sizeof(low_order[0])))

START_TEST(a_low_order_point_is_refused_and_the_next_one_works)
{
	uint8_t priv[32], pub[32], out[32];

	unhex(priv, 32, x25519_cases[0].priv);
	unhex(pub, 32, low_order[_i]);
	ck_assert_int_eq(crypto_x25519(out, priv, pub), -1);
	pub[31] |= 0x80;
	ck_assert_int_eq(crypto_x25519(out, priv, pub), -1);
	unhex(pub, 32, x25519_cases[0].pub);
	ck_assert_int_eq(crypto_x25519(out, priv, pub), 0);
}
END_TEST

START_TEST(blake2s_gives_what_rfc_7693_says_however_it_is_cut)
{
	static const char want[] =
	    "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982";
	uint8_t out[32];

	crypto_hash(out, "abc", 3, NULL, 0);
	assert_hex(out, want);
	crypto_hash(out, "a", 1, "bc", 2);
	assert_hex(out, want);
	crypto_hash(out, NULL, 0, NULL, 0);
	assert_hex(out,
	    "69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9");
}
END_TEST

/* BLAKE2s with the length 16 in its parameters, not a cut digest. */
START_TEST(a_mac_has_sixteen_octets_and_keys_of_two_lengths)
{
	uint8_t key[32], out[17] = {0};

	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	crypto_mac(out, key, 32, "abc", 3);
	assert_hex(out, "61ba5f165c194692e09d12520cc4c74a");
	crypto_mac(out, key, 16, "abc", 3);
	assert_hex(out, "75296c2d2c0f51210b383f386bc8b1ff");
	ck_assert_uint_eq(out[16], 0);
}
END_TEST

/* computed with another implementation of HMAC and BLAKE2s */
START_TEST(the_kdf_is_hkdf_and_its_outputs_are_a_prefix)
{
	uint8_t ck[32], one[1][32], two[2][32], three[3][32];

	memset(ck, 1, sizeof(ck));
	crypto_kdf(one, 1, ck, "in", 2);
	crypto_kdf(two, 2, ck, "in", 2);
	crypto_kdf(three, 3, ck, "in", 2);
	ck_assert_mem_eq(one, two, 32);
	ck_assert_mem_eq(two, three, 64);
	assert_hex(three,
	    "222318d79100167ad826e93951123127e8790f82bfb7b17214c3ac3a7d56fd67"
	    "4af8f351a4247505d799f19ea4480fb7d473645d48542d8073d5c9280e1d6239"
	    "0381178749db409cb20a840c2a6cc15dd8a0ed33a975fa56b62047012096b1fe");
}
END_TEST

/* RFC 8439 appendix A.5, whose nonce has the shape of ours */
static const char a5_key[] =
    "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0";
static const char a5_box[] =
    "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
    "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
    "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
    "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
    "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
    "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
    "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
    "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
    "a6ad5cb4022b02709beead9d67890cbb22392336fea1851f38";
static const char a5_text[] =
    "Internet-Drafts are draft documents valid for a maximum of six months "
    "and may be updated, replaced, or obsoleted by other documents at any "
    "time. It is inappropriate to use Internet-Drafts as reference material "
    "or to cite them other than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
#define A5_COUNTER 0x0807060504030201ULL

START_TEST(chacha20_poly1305_gives_what_rfc_8439_says)
{
	uint8_t key[32], ad[12], box[300], out[300];
	size_t n = sizeof(a5_text) - 1;

	unhex(key, 32, a5_key);
	unhex(ad, 12, "f33388860000000000004e91");
	crypto_seal(box, key, A5_COUNTER, ad, 12, a5_text, n);
	assert_hex(box, a5_box);
	ck_assert_int_eq(
	    crypto_open(out, key, A5_COUNTER, ad, 12, box, n + 16), 0);
	ck_assert_mem_eq(out, a5_text, n);
}
END_TEST

/* draft-irtf-cfrg-xchacha-03, A.3.1 */
START_TEST(xchacha20_poly1305_gives_what_the_draft_says)
{
	static const char text[] =
	    "Ladies and Gentlemen of the class of '99: If I could offer you "
	    "only one tip for the future, sunscreen would be it.";
	uint8_t key[32], nonce[24], ad[12], box[200], out[200];
	size_t n = sizeof(text) - 1;

	unhex(key, 32,
	    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
	unhex(nonce, 24, "404142434445464748494a4b4c4d4e4f5051525354555657");
	unhex(ad, 12, "50515253c0c1c2c3c4c5c6c7");
	crypto_xseal(box, key, nonce, ad, 12, text, n);
	assert_hex(box,
	    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
	    "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
	    "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
	    "21f9664c97637da9768812f615c68b13b52e"
	    "c0875924c1c7987947deafd8780acf49");
	ck_assert_int_eq(crypto_xopen(out, key, nonce, ad, 12, box, n + 16), 0);
	ck_assert_mem_eq(out, text, n);
	nonce[23] ^= 1;
	ck_assert_int_eq(
	    crypto_xopen(out, key, nonce, ad, 12, box, n + 16), -1);
}
END_TEST

START_TEST(a_flipped_bit_anywhere_does_not_open)
{
	uint8_t key[32] = {1}, box[40], bad[40], out[40];

	crypto_seal(box, key, 7, "ad", 2, "twenty-four octets here.", 24);
	for (int bit = 0; bit < 40 * 8; bit++) {
		memcpy(bad, box, 40);
		bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(
		    crypto_open(out, key, 7, "ad", 2, bad, 40), -1);
	}
	ck_assert_int_eq(crypto_open(out, key, 8, "ad", 2, box, 40), -1);
	ck_assert_int_eq(crypto_open(out, key, 7, "aD", 2, box, 40), -1);
	ck_assert_int_eq(crypto_open(out, key, 7, "ad", 2, box, 39), -1);
	ck_assert_int_eq(crypto_open(out, key, 7, "ad", 2, box, 15), -1);
	ck_assert_int_eq(crypto_open(out, key, 7, "ad", 2, box, 40), 0);
}
END_TEST

/* The data path's tests run for both of its forms; more are in check_aead. */
static struct aead *
context(int form, const uint8_t key[32])
{
	crypto_aead_prefer(form == 1);
	return aead_new(key);
}

START_TEST(the_data_path_seals_like_the_one_shot_at_every_length)
{
	static uint8_t in[1600], a[1616], b[1616];
	uint8_t key[32] = {2};
	struct aead *ctx = context(_i, key);

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	for (size_t len = 0; len <= sizeof(in); len += len < 300 ? 1 : 97) {
		aead_seal(ctx, len, a, in, len);
		crypto_seal(b, key, len, NULL, 0, in, len);
		ck_assert_mem_eq(a, b, len + 16);
	}
	aead_free(ctx);
}
END_TEST

START_TEST(the_data_path_works_in_place_and_goes_on_after_a_forgery)
{
	uint8_t key[32] = {3}, buf[64 + 16], bad[80];
	struct aead *s = context(_i, key), *o = context(_i, key);

	for (uint64_t n = 0; n < 100; n++) {
		memset(buf, (int)n, 64);
		aead_seal(s, n, buf, buf, 64);
		memcpy(bad, buf, sizeof(bad));
		bad[n % 80] ^= 0x40;
		ck_assert_int_eq(aead_open(o, n, bad, bad, 80), -1);
		ck_assert_int_eq(aead_open(o, n, buf, buf, 80), 0);
		ck_assert_uint_eq(buf[0], n);
		ck_assert_uint_eq(buf[63], n);
	}
	ck_assert_int_eq(aead_open(o, 0, buf, buf, 15), -1);
	aead_free(s);
	aead_free(o);
}
END_TEST

START_TEST(one_context_may_seal_and_open_in_turns)
{
	uint8_t key[32] = {4}, buf[16 + 16] = {0};
	struct aead *c = context(_i, key);

	for (uint64_t n = UINT64_MAX - 5; n != 0; n++) {
		aead_seal(c, n, buf, buf, 16);
		ck_assert_int_eq(aead_open(c, n, buf, buf, 32), 0);
	}
	aead_free(c);
	aead_free(NULL);
}
END_TEST

START_TEST(equal_looks_at_every_octet)
{
	uint8_t a[32] = {0}, b[32] = {0};

	ck_assert(crypto_equal(a, b, 32));
	b[31] = 1;
	ck_assert(!crypto_equal(a, b, 32));
	crypto_wipe(b, 32);
	ck_assert(crypto_equal(a, b, 32));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crypto");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	if (crypto_init() == -1)
		return 1;
	tcase_add_loop_test(t, x25519_gives_what_rfc_7748_says, 0, NCASES);
	tcase_add_test(t, x25519_a_thousand_times_is_still_right);
	tcase_add_test(t, a_public_key_is_the_base_point_times_the_private_one);
	tcase_add_loop_test(
	    t, a_low_order_point_is_refused_and_the_next_one_works, 0, NLOW);
	tcase_add_test(t, blake2s_gives_what_rfc_7693_says_however_it_is_cut);
	tcase_add_test(t, a_mac_has_sixteen_octets_and_keys_of_two_lengths);
	tcase_add_test(t, the_kdf_is_hkdf_and_its_outputs_are_a_prefix);
	tcase_add_test(t, chacha20_poly1305_gives_what_rfc_8439_says);
	tcase_add_test(t, xchacha20_poly1305_gives_what_the_draft_says);
	tcase_add_test(t, a_flipped_bit_anywhere_does_not_open);
	tcase_add_loop_test(
	    t, the_data_path_seals_like_the_one_shot_at_every_length, 0, 2);
	tcase_add_loop_test(
	    t, the_data_path_works_in_place_and_goes_on_after_a_forgery, 0, 2);
	tcase_add_loop_test(t, one_context_may_seal_and_open_in_turns, 0, 2);
	tcase_add_test(t, equal_looks_at_every_octet);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
