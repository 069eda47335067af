/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_crypto_sign.c */
/*
 * Signatures and digests against the vectors of their standards, and what a
 * signature must not be: changed, another's, spelt otherwise, of no key.
 */
#include "crypto.h"
#include "hex.h"
#include "unit.h"

/* ---- Ed25519 ---- */

struct ed25519_case {
	const char *seed, *pub, *msg, *sig;
};

/* RFC 8032 section 7.1 */
static const struct ed25519_case ed25519_cases[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555f"
	"b8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	"72",
	"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da08"
	"5ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	"af82",
	"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18"
	"ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a21"
	"92992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	"dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909"
	"351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};
#define NCASES ((int)(sizeof(ed25519_cases) / sizeof(ed25519_cases[0])))

START_TEST(ed25519_gives_what_rfc_8032_says)
{
	const struct ed25519_case *c = &ed25519_cases[_i];
	uint8_t seed[32], pub[32], sig[64], msg[64];
	size_t len = unhex(msg, sizeof(msg), c->msg);

	unhex(seed, 32, c->seed);
	ck_assert_int_eq(crypto_sign_pub(pub, seed), 0);
	assert_hex(pub, c->pub);
	ck_assert_int_eq(crypto_sign(sig, seed, msg, len), 0);
	assert_hex(sig, c->sig);
	ck_assert(crypto_verify(sig, pub, msg, len));
}
END_TEST

/* BEP44's test vectors, with and without a salt */
START_TEST(bep44_signatures_and_targets_are_right)
{
	static const char plain[] = "3:seqi1e1:v12:Hello World!";
	static const char salted[] = "4:salt6:foobar3:seqi1e1:v12:Hello World!";
	uint8_t k[32], sig[64], target[20];

	unhex(k, 32,
	    "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548");
	unhex(sig, 64,
	    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
	    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01");
	ck_assert(crypto_verify(sig, k, plain, sizeof(plain) - 1));
	ck_assert(!crypto_verify(sig, k, salted, sizeof(salted) - 1));
	crypto_sha1(target, k, 32, NULL, 0);
	assert_hex(target, "4a533d47ec9c7d95b1ad75f576cffc641853b750");
	unhex(sig, 64,
	    "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
	    "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08");
	ck_assert(crypto_verify(sig, k, salted, sizeof(salted) - 1));
	crypto_sha1(target, k, 32, "foobar", 6);
	assert_hex(target, "411eba73b6f087ca51a3795d9c8c938d365e32c1");
	crypto_sha1(target, "12:Hello World!", 15, NULL, 0);
	assert_hex(target, "e5f96f6f38320f0f33959cb4d3d656452117aadb");
}
END_TEST

START_TEST(one_bit_anywhere_spoils_a_signature)
{
	const uint8_t seed[32] = {1, 2, 3};
	uint8_t all[64 + 32 + 40] = {0};

	ck_assert_int_eq(crypto_sign_pub(all + 64, seed), 0);
	ck_assert_int_eq(crypto_sign(all, seed, all + 96, 40), 0);
	for (size_t bit = 0; bit < sizeof(all) * 8; bit++) {
		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert(!crypto_verify(all, all + 64, all + 96, 40));
		all[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert(crypto_verify(all, all + 64, all + 96, 40));
	ck_assert(!crypto_verify(all, all + 64, all + 96, 39));
}
END_TEST

/* RFC 8032, 5.1.7: s must be below the group's order L */
START_TEST(the_same_signature_spelt_otherwise_is_refused)
{
	const uint8_t seed[32] = {7};
	uint8_t order[32], pub[32], sig[64];
	unsigned carry = 0;

	unhex(order, 32,
	    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
	ck_assert_int_eq(crypto_sign_pub(pub, seed), 0);
	ck_assert_int_eq(crypto_sign(sig, seed, "x", 1), 0);
	for (int i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	ck_assert(!crypto_verify(sig, pub, "x", 1));
}
END_TEST

/*
 * With s = 0 and R the neutral element the equation holds for each message
 * whose hash takes the small key to it: for a quarter of them at least.
 */
START_TEST(a_key_of_low_order_signs_nothing)
{
	static const char *const keys[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0000000000000000000000000000000000000000000000000000000000000080",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	const uint8_t sig[64] = {1};
	uint8_t pub[32];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		unhex(pub, 32, keys[i]);
		for (uint8_t m = 0; m < 64; m++)
			ck_assert(!crypto_verify(sig, pub, &m, 1));
	}
}
END_TEST

START_TEST(octets_that_are_no_point_are_no_key)
{
	uint64_t state = unit_seed();
	uint8_t sig[64] = {0}, pub[32];

	for (int n = 0; n < 200; n++) {
		for (int i = 0; i < 32; i++)
			pub[i] = (uint8_t)unit_random(&state);
		ck_assert_msg(!crypto_verify(sig, pub, "", 0), "SEED=%llu",
		    (unsigned long long)unit_seed());
	}
}
END_TEST

/* ---- digests ---- */

START_TEST(sha_gives_what_fips_180_says)
{
	static const char two_blocks[] =
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	uint8_t out[32];

	crypto_sha1(out, two_blocks, 56, NULL, 0);
	assert_hex(out, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
	crypto_sha256(out, two_blocks, 56, NULL, 0);
	assert_hex(out,
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	crypto_sha1(out, NULL, 0, NULL, 0);
	assert_hex(out, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
	crypto_sha256(out, NULL, 0, NULL, 0);
	assert_hex(out,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* RFC 1321, A.5; and the key of RFC 8489's example of long-term credentials */
START_TEST(md5_gives_what_rfc_1321_says)
{
	uint8_t out[16];

	ck_assert_int_eq(crypto_md5(out, "message digest", 14), 0);
	assert_hex(out, "f96b697d7cb7938d525a2f31aaf161d0");
	ck_assert_int_eq(crypto_md5(out, "user:realm:pass", 15), 0);
	assert_hex(out, "8493fbc53ba582fb4c044c456bdc40eb");
}
END_TEST

START_TEST(two_parts_are_hashed_as_one)
{
	static const char text[] = "in two parts, wherever the cut is";
	uint8_t whole[32], parts[32], key[32] = {1};

	for (size_t cut = 0; cut < sizeof(text); cut++) {
		crypto_sha1(whole, text, sizeof(text), NULL, 0);
		crypto_sha1(parts, text, cut, text + cut, sizeof(text) - cut);
		ck_assert_mem_eq(parts, whole, 20);
		crypto_sha256(whole, text, sizeof(text), NULL, 0);
		crypto_sha256(parts, text, cut, text + cut, sizeof(text) - cut);
		ck_assert_mem_eq(parts, whole, 32);
		crypto_hmac256(whole, key, 32, text, sizeof(text), NULL, 0);
		crypto_hmac256(
		    parts, key, 32, text, cut, text + cut, sizeof(text) - cut);
		ck_assert_mem_eq(parts, whole, 32);
	}
}
END_TEST

START_TEST(hmac_gives_what_rfc_4231_says)
{
	static const char large[] =
	    "Test Using Larger Than Block-Size Key - Hash Key First";
	uint8_t key[131], out[32];

	memset(key, 0x0b, 20);
	crypto_hmac256(out, key, 20, "Hi There", 8, NULL, 0);
	assert_hex(out,
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	crypto_hmac256(
	    out, "Jefe", 4, "what do ya want for nothing?", 28, NULL, 0);
	assert_hex(out,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, 131);
	crypto_hmac256(out, key, 131, large, sizeof(large) - 1, NULL, 0);
	assert_hex(out,
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
END_TEST

START_TEST(hmac_sha1_gives_what_rfc_2202_says)
{
	static const char text[] = "Test Using Larger Than Block-Size Key - "
				   "Hash Key First";
	uint8_t key[80], out[20];

	memset(key, 0x0b, 20);
	crypto_hmac1(out, key, 20, "Hi ", 3, "There", 5);
	assert_hex(out, "b617318655057264e28bc0b6fb378c8ef146be00");
	crypto_hmac1(
	    out, "Jefe", 4, "what do ya want for nothing?", 28, NULL, 0);
	assert_hex(out, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, 80);
	crypto_hmac1(out, key, 80, text, sizeof(text) - 1, NULL, 0);
	assert_hex(out, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	/* an empty key is not the key before */
	crypto_hmac1(out, NULL, 0, NULL, 0, NULL, 0);
	assert_hex(out, "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d");
}
END_TEST

START_TEST(an_empty_key_is_not_the_key_before)
{
	static const char want[] =
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
	uint8_t out[32], key[32] = {9};

	crypto_hmac256(out, key, 32, "x", 1, NULL, 0);
	crypto_hmac256(out, NULL, 0, NULL, 0, NULL, 0);
	assert_hex(out, want);
	crypto_hmac256(out, key, 32, "x", 1, NULL, 0);
	crypto_hmac256(out, key, 0, NULL, 0, NULL, 0);
	assert_hex(out, want);
}
END_TEST

/* test cases 1 and 3; of both the first block */
START_TEST(hkdf_gives_what_rfc_5869_says)
{
	uint8_t ikm[22], salt[13], info[10], out[32];

	memset(ikm, 0x0b, sizeof(ikm));
	for (unsigned i = 0; i < sizeof(salt); i++)
		salt[i] = (uint8_t)i;
	for (unsigned i = 0; i < sizeof(info); i++)
		info[i] = (uint8_t)(0xf0 + i);
	crypto_hkdf256(out, ikm, 22, salt, 13, info, 10);
	assert_hex(out,
	    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	crypto_hkdf256(out, ikm, 22, NULL, 0, NULL, 0);
	assert_hex(out,
	    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    bep44_signatures_and_targets_are_right,
	    one_bit_anywhere_spoils_a_signature,
	    the_same_signature_spelt_otherwise_is_refused,
	    a_key_of_low_order_signs_nothing,
	    octets_that_are_no_point_are_no_key,
	    sha_gives_what_fips_180_says,
	    md5_gives_what_rfc_1321_says,
	    two_parts_are_hashed_as_one,
	    hmac_gives_what_rfc_4231_says,
	    hmac_sha1_gives_what_rfc_2202_says,
	    hmac_sha1_gives_what_rfc_2202_says,
	    an_empty_key_is_not_the_key_before,
	    hkdf_gives_what_rfc_5869_says,
	};
	Suite *suite = suite_create("crypto_sign");
	TCase *tc = tcase_create("crypto_sign");
	SRunner *runner;
	int failed;

	if (crypto_init() == -1)
		return 1;
	tcase_add_loop_test(tc, ed25519_gives_what_rfc_8032_says, 0, NCASES);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
