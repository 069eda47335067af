/* SPDX-License-Identifier: ISC */
/* file: common/crypto_sign.c */
/*
 * What certificates and records are made of: Ed25519, SHA-1, SHA-256 and what
 * is built on it.  The rules of crypto.c's head hold here, too.
 *
 * Nothing here is on the path of a packet, so a key object is made for each
 * signature and thrown away again; the library wipes what it held.
 *
 * SHA-1 is for the DHT's targets (BEP5, BEP44), where nothing depends on it
 * but the place at which a record lies, and MD5 for the keys of TURN servers.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto.h"
#include "crypto_int.h"

static struct {
	EVP_MD *md5; /* NULL: the library has none (FIPS) */
	EVP_MD *sha1, *sha256;
	EVP_MD_CTX *digest;
	EVP_MAC_CTX *hmac, *hmac1;
} lib;

static const uint8_t zero_key[32];

/* ---- Ed25519 ---- */

static EVP_PKEY *
pkey_seed(const uint8_t seed[32])
{
	EVP_PKEY *pk;

	pk = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	must(pk != NULL);
	return pk;
}

int
crypto_sign(uint8_t sig[64], const uint8_t seed[32], const void *in, size_t len)
{
	EVP_PKEY *pk = pkey_seed(seed);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 64;

	must(ctx != NULL);
	must(EVP_DigestSignInit(ctx, NULL, NULL, NULL, pk));
	must(EVP_DigestSign(ctx, sig, &n, in, len));
	must(n == 64);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pk);
	return 0;
}

int
crypto_sign_pub(uint8_t pub[32], const uint8_t seed[32])
{
	EVP_PKEY *pk = pkey_seed(seed);
	size_t n = 32;

	must(EVP_PKEY_get_raw_public_key(pk, pub, &n));
	must(n == 32);
	EVP_PKEY_free(pk);
	return 0;
}

/*
 * The points of order 1, 2, 4 and 8 (RFC 8032, 5.1, without the sign), and the
 * spellings of the first three that are not the shortest.  For such a key
 * anybody can make signatures; all zeroes, which is what a key that nobody set
 * looks like, is one of them.
 */
static bool
is_low_order(const uint8_t pub[32])
{
	/* clang-format off */
	static const uint8_t eight[2][32] = {
	    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0,
	     0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39,
	     0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f,
	     0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6,
	     0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	};
	/* clang-format on */
	uint8_t top = pub[31] & 0x7f, all = 0xff, none = 0;

	for (int i = 1; i < 31; i++) {
		all &= pub[i];
		none |= pub[i];
	}
	if (none == 0 && top == 0 && pub[0] <= 1)
		return true; /* 0, 1 */
	if (all == 0xff && top == 0x7f && pub[0] >= 0xec && pub[0] <= 0xee)
		return true; /* p - 1, p, p + 1 */
	for (int i = 0; i < 2; i++)
		if (memcmp(pub, eight[i], 31) == 0 && top == eight[i][31])
			return true;
	return false;
}

bool
crypto_verify(
    const uint8_t sig[64], const uint8_t pub[32], const void *in, size_t len)
{
	EVP_MD_CTX *ctx;
	EVP_PKEY *pk;
	int ok;

	if (is_low_order(pub))
		return false;
	pk = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
	must(pk != NULL);
	ctx = EVP_MD_CTX_new();
	must(ctx != NULL);
	must(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pk));
	ok = EVP_DigestVerify(ctx, sig, 64, in, len);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pk);
	if (ok != 1)
		ERR_clear_error();
	return ok == 1;
}

/* ---- SHA-1, SHA-256 ---- */

static void
digest(EVP_MD *md, uint8_t *out, const void *a, size_t alen, const void *b,
    size_t blen)
{
	must(EVP_DigestInit_ex2(lib.digest, md, NULL));
	if (alen > 0)
		must(EVP_DigestUpdate(lib.digest, a, alen));
	if (blen > 0)
		must(EVP_DigestUpdate(lib.digest, b, blen));
	must(EVP_DigestFinal_ex(lib.digest, out, NULL));
}

int
crypto_md5(uint8_t out[16], const void *in, size_t len)
{
	if (lib.md5 == NULL)
		return -1;
	digest(lib.md5, out, in, len, NULL, 0);
	return 0;
}

void
crypto_sha1(
    uint8_t out[20], const void *a, size_t alen, const void *b, size_t blen)
{
	digest(lib.sha1, out, a, alen, b, blen);
}

void
crypto_sha256(
    uint8_t out[32], const void *a, size_t alen, const void *b, size_t blen)
{
	digest(lib.sha256, out, a, alen, b, blen);
}

/* ---- HMAC and HKDF ---- */

/* The result of a||b in ctx, which has its key: len octets. */
static void
hmac_of(EVP_MAC_CTX *ctx, uint8_t *out, size_t len, const void *a, size_t alen,
    const void *b, size_t blen)
{
	size_t n;

	if (alen > 0)
		must(EVP_MAC_update(ctx, a, alen));
	if (blen > 0)
		must(EVP_MAC_update(ctx, b, blen));
	must(EVP_MAC_final(ctx, out, &n, len));
	must(n == len);
}

static void
hmac_key(EVP_MAC_CTX *ctx, const void *key, size_t klen)
{
	/* without a pointer the library would go on with the last key */
	must(EVP_MAC_init(ctx, klen > 0 ? key : zero_key, klen, NULL));
}

static void
hmac(uint8_t out[32], const void *key, size_t klen, const void *a, size_t alen,
    const void *b, size_t blen)
{
	hmac_key(lib.hmac, key, klen);
	hmac_of(lib.hmac, out, 32, a, alen, b, blen);
}

static void
hmac_forget(void)
{
	must(EVP_MAC_init(lib.hmac, zero_key, sizeof(zero_key), NULL));
}

void
crypto_hmac1(uint8_t out[20], const void *key, size_t klen, const void *a,
    size_t alen, const void *b, size_t blen)
{
	hmac_key(lib.hmac1, key, klen);
	hmac_of(lib.hmac1, out, 20, a, alen, b, blen);
	hmac_key(lib.hmac1, zero_key, sizeof(zero_key));
}

void
crypto_hmac256(uint8_t out[32], const void *key, size_t klen, const void *a,
    size_t alen, const void *b, size_t blen)
{
	hmac(out, key, klen, a, alen, b, blen);
	hmac_forget();
}

void
crypto_hkdf256(uint8_t out[32], const void *ikm, size_t ikmlen,
    const void *salt, size_t saltlen, const void *info, size_t infolen)
{
	static const uint8_t one = 1;
	uint8_t prk[32];

	hmac(prk, salt, saltlen, ikm, ikmlen, NULL, 0);
	hmac(out, prk, sizeof(prk), info, infolen, &one, 1);
	hmac_forget();
	crypto_wipe(prk, sizeof(prk));
}

/* ---- start ---- */

bool
crypto_sign_fetch(void)
{
	char sha256[] = "SHA2-256", sha1[] = "SHA1";

	lib.md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	ERR_clear_error();
	lib.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	lib.sha256 = EVP_MD_fetch(NULL, sha256, NULL);
	lib.digest = EVP_MD_CTX_new();
	lib.hmac = crypto_mac_new("HMAC",
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0));
	lib.hmac1 = crypto_mac_new("HMAC",
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha1, 0));
	return lib.sha1 != NULL && lib.sha256 != NULL && lib.digest != NULL &&
	    lib.hmac != NULL && lib.hmac1 != NULL;
}

const char *
crypto_sign_test(void)
{
	/* "abc", FIPS 180-2 appendices A.1 and B.1: the first four octets */
	static const uint8_t sha1[4] = {0xa9, 0x99, 0x3e, 0x36};
	static const uint8_t sha256[4] = {0xba, 0x78, 0x16, 0xbf};
	/* RFC 4231, test case 2, and RFC 5869, test case 3 */
	static const uint8_t jefe[4] = {0x5b, 0xdc, 0xc1, 0x46};
	static const uint8_t okm[4] = {0x8d, 0xa4, 0xe7, 0x75};
	/* RFC 2202, test case 2 of HMAC-SHA-1 */
	static const uint8_t jefe1[4] = {0xef, 0xfc, 0xdf, 0x6a};
	/* Ed25519 of the seed of zeroes, known from many implementations */
	static const uint8_t pub_of_zero[4] = {0x3b, 0x6a, 0x27, 0xbc};
	uint8_t out[32], ikm[22], pub[32], sig[64];

	crypto_sha1(out, "ab", 2, "c", 1);
	if (!crypto_equal(out, sha1, 4))
		return "SHA-1";
	crypto_sha256(out, "ab", 2, "c", 1);
	if (!crypto_equal(out, sha256, 4))
		return "SHA-256";
	crypto_hmac256(
	    out, "Jefe", 4, "what do ya want ", 16, "for nothing?", 12);
	if (!crypto_equal(out, jefe, 4))
		return "HMAC-SHA256";
	crypto_hmac1(
	    out, "Jefe", 4, "what do ya want ", 16, "for nothing?", 12);
	if (!crypto_equal(out, jefe1, 4))
		return "HMAC-SHA1";
	memset(ikm, 0x0b, sizeof(ikm));
	crypto_hkdf256(out, ikm, sizeof(ikm), NULL, 0, NULL, 0);
	if (!crypto_equal(out, okm, 4))
		return "HKDF-SHA256";
	if (crypto_sign_pub(pub, zero_key) == -1 ||
	    !crypto_equal(pub, pub_of_zero, 4))
		return "Ed25519 public key";
	if (crypto_sign(sig, zero_key, "abc", 3) == -1 ||
	    !crypto_verify(sig, pub, "abc", 3))
		return "Ed25519";
	sig[40] ^= 1;
	if (crypto_verify(sig, pub, "abc", 3) ||
	    crypto_verify(sig, zero_key, "", 0))
		return "Ed25519 forgery";
	return NULL;
}
