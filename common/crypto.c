/* SPDX-License-Identifier: ISC */
/* file: common/crypto.c */
/*
 * The primitives of crypto.h on top of libcrypto 3.0, with
 * ChaCha20-Poly1305 in crypto_aead.c and signatures in crypto_sign.c.  No other
 * file of the suite may include OpenSSL.
 *
 * All algorithms are fetched and all contexts made once, by crypto_init, so
 * that nothing is looked up, opened or allocated later: a confined process
 * calls it before it confines itself.  The one exception to "no state at file
 * level" is that set of contexts; it holds no secret between two calls,
 * because every context that saw a key is given a key of zeroes afterwards.
 *
 * What the library refuses because of the input (a low-order point, a bad tag)
 * is a return value.  What it refuses for any other reason means that memory
 * is gone or the library is broken; going on would put unencrypted or wrongly
 * authenticated octets on the wire, so must() ends the process.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "crypto.h"
#include "crypto_int.h"
#include "log.h"

/*
 * No openssl.cnf: its engines and providers are not for us.  No work at exit:
 * a confined process just ends.
 */
#define LIB_OPTIONS (OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT)

static struct {
	EVP_MD *blake2s;
	EVP_MD_CTX *hash;
	EVP_MAC_CTX *mac, *hmac;
	EVP_CIPHER *chacha;
	EVP_CIPHER_CTX *block;
	EVP_PKEY_CTX *x25519;
	bool ready;
} lib;

static const uint8_t zero_key[32];

void
crypto_broken(void)
{
	log_errorx("libcrypto failed: %s",
	    ERR_reason_error_string(ERR_peek_last_error()));
	abort();
}

/* ---- X25519 ---- */

/*
 * A key object from the raw octets.  The public half is not used for a
 * derivation; naming any spares the library a second scalar multiplication.
 */
static EVP_PKEY *
pkey_private(const uint8_t priv[32])
{
	EVP_PKEY *pk = NULL;
	OSSL_PARAM par[3];

	par[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PRIV_KEY, (void *)(uintptr_t)priv, 32);
	par[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)zero_key, 32);
	par[2] = OSSL_PARAM_construct_end();
	must(EVP_PKEY_fromdata(lib.x25519, &pk, EVP_PKEY_KEYPAIR, par));
	return pk;
}

int
crypto_x25519(uint8_t out[32], const uint8_t priv[32], const uint8_t pub[32])
{
	EVP_PKEY *mine, *theirs;
	EVP_PKEY_CTX *ctx;
	size_t len = 32;
	int ok;

	mine = pkey_private(priv);
	theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, pub, 32);
	must(theirs != NULL);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, mine, NULL);
	must(ctx != NULL);
	must(EVP_PKEY_derive_init(ctx));
	ok = EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
	    EVP_PKEY_derive(ctx, out, &len) == 1;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	if (ok)
		return 0;
	crypto_wipe(out, 32);
	ERR_clear_error();
	return -1;
}

int
crypto_x25519_pub(uint8_t pub[32], const uint8_t priv[32])
{
	EVP_PKEY *pk;
	size_t len = 32;

	pk = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, priv, 32);
	must(pk != NULL);
	must(EVP_PKEY_get_raw_public_key(pk, pub, &len));
	EVP_PKEY_free(pk);
	return crypto_equal(pub, zero_key, 32) ? -1 : 0;
}

/* ---- BLAKE2s ---- */

void
crypto_hash(
    uint8_t out[32], const void *a, size_t alen, const void *b, size_t blen)
{
	must(EVP_DigestInit_ex2(lib.hash, NULL, NULL));
	must(EVP_DigestUpdate(lib.hash, a, alen));
	if (blen > 0)
		must(EVP_DigestUpdate(lib.hash, b, blen));
	must(EVP_DigestFinal_ex(lib.hash, out, NULL));
}

void
crypto_mac(uint8_t out[16], const uint8_t *key, size_t klen, const void *in,
    size_t len)
{
	size_t n;

	must(EVP_MAC_init(lib.mac, key, klen, NULL));
	must(EVP_MAC_update(lib.mac, in, len));
	must(EVP_MAC_final(lib.mac, out, &n, 16));
	must(n == 16);
	must(EVP_MAC_init(lib.mac, zero_key, sizeof(zero_key), NULL));
}

static void
hmac(uint8_t out[32], const uint8_t key[32], const void *a, size_t alen,
    uint8_t last, bool has_last)
{
	size_t n;

	must(EVP_MAC_init(lib.hmac, key, 32, NULL));
	must(EVP_MAC_update(lib.hmac, a, alen));
	if (has_last)
		must(EVP_MAC_update(lib.hmac, &last, 1));
	must(EVP_MAC_final(lib.hmac, out, &n, 32));
	must(n == 32);
}

void
crypto_hmac(uint8_t out[32], const uint8_t key[32], const void *in, size_t len)
{
	hmac(out, key, in, len, 0, false);
	must(EVP_MAC_init(lib.hmac, zero_key, sizeof(zero_key), NULL));
}

void
crypto_kdf(uint8_t out[][32], unsigned n, const uint8_t ck[32], const void *in,
    size_t len)
{
	uint8_t t0[32];

	must(n >= 1 && n <= 3);
	hmac(t0, ck, in, len, 0, false);
	hmac(out[0], t0, NULL, 0, 1, true);
	for (unsigned i = 1; i < n; i++)
		hmac(out[i], t0, out[i - 1], 32, (uint8_t)(i + 1), true);
	must(EVP_MAC_init(lib.hmac, zero_key, sizeof(zero_key), NULL));
	crypto_wipe(t0, sizeof(t0));
}

/* ---- XChaCha20-Poly1305 ---- */

static uint32_t
le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static void
put_le32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/*
 * HChaCha20 out of ChaCha20: the library's 16-octet IV is exactly HChaCha's
 * input, and a key stream block is the permuted state plus the initial one.
 * Taking the initial words off again leaves the permuted state, whose first
 * and last four words are the subkey.
 */
static void
hchacha(uint8_t sub[32], const uint8_t key[32], const uint8_t nonce[16])
{
	/* "expand 32-byte k" */
	static const uint32_t sigma[4] = {
	    0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	uint8_t block[64];
	int n;

	memset(block, 0, sizeof(block));
	must(EVP_EncryptInit_ex2(lib.block, NULL, key, nonce, NULL));
	must(EVP_EncryptUpdate(lib.block, block, &n, block, sizeof(block)));
	must(EVP_EncryptInit_ex2(lib.block, NULL, zero_key, nonce, NULL));
	for (int i = 0; i < 4; i++) {
		put_le32(sub + 4 * i, le32(block + 4 * i) - sigma[i]);
		put_le32(sub + 16 + 4 * i,
		    le32(block + 48 + 4 * i) - le32(nonce + 4 * i));
	}
	crypto_wipe(block, sizeof(block));
}

static void
xbegin(uint8_t sub[32], uint8_t iv[CRYPTO_IV], const uint8_t key[32],
    const uint8_t nonce[24])
{
	hchacha(sub, key, nonce);
	memset(iv, 0, 4);
	memcpy(iv + 4, nonce + 16, 8);
}

void
crypto_xseal(uint8_t *out, const uint8_t key[32], const uint8_t nonce[24],
    const void *ad, size_t adlen, const void *in, size_t len)
{
	uint8_t sub[32], iv[CRYPTO_IV];

	xbegin(sub, iv, key, nonce);
	crypto_seal_iv(out, sub, iv, ad, adlen, in, len);
	crypto_wipe(sub, sizeof(sub));
}

int
crypto_xopen(uint8_t *out, const uint8_t key[32], const uint8_t nonce[24],
    const void *ad, size_t adlen, const void *in, size_t len)
{
	uint8_t sub[32], iv[CRYPTO_IV];
	int r;

	xbegin(sub, iv, key, nonce);
	r = crypto_open_iv(out, sub, iv, ad, adlen, in, len);
	crypto_wipe(sub, sizeof(sub));
	return r;
}

/* ---- the rest ---- */

bool
crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
crypto_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

struct evp_mac_ctx_st *
crypto_mac_new(const char *name, struct ossl_param_st par)
{
	OSSL_PARAM pars[2];
	EVP_MAC_CTX *ctx;
	EVP_MAC *mac;

	mac = EVP_MAC_fetch(NULL, name, NULL);
	if (mac == NULL)
		return NULL;
	ctx = EVP_MAC_CTX_new(mac);
	EVP_MAC_free(mac);
	if (ctx == NULL)
		return NULL;
	pars[0] = par;
	pars[1] = OSSL_PARAM_construct_end();
	if (EVP_MAC_CTX_set_params(ctx, pars) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static bool
fetch_all(void)
{
	char blake[] = "BLAKE2S-256";
	size_t sixteen = 16;

	lib.blake2s = EVP_MD_fetch(NULL, blake, NULL);
	lib.hash = EVP_MD_CTX_new();
	lib.mac = crypto_mac_new("BLAKE2SMAC",
	    OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &sixteen));
	lib.hmac = crypto_mac_new("HMAC",
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, blake, 0));
	lib.chacha = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	lib.block = EVP_CIPHER_CTX_new();
	lib.x25519 = EVP_PKEY_CTX_new_from_name(NULL, "X25519", NULL);
	return lib.blake2s != NULL && lib.hash != NULL && lib.mac != NULL &&
	    lib.hmac != NULL && lib.chacha != NULL && lib.block != NULL &&
	    lib.x25519 != NULL &&
	    EVP_DigestInit_ex2(lib.hash, lib.blake2s, NULL) == 1 &&
	    EVP_CipherInit_ex2(
		lib.block, lib.chacha, zero_key, NULL, 1, NULL) == 1 &&
	    EVP_PKEY_fromdata_init(lib.x25519) == 1 && crypto_aead_fetch() &&
	    crypto_sign_fetch();
}

/*
 * Known answers that touch every function once: they catch a broken library
 * and, as a side effect, finish everything the library does lazily.
 */
static const char *
self_test(void)
{
	/* BLAKE2s-256("abc"), RFC 7693 appendix B: the first four octets */
	static const uint8_t abc[4] = {0x50, 0x8c, 0x5e, 0x8c};
	/* X25519(9, 9), RFC 7748 section 5.2, after one iteration */
	static const uint8_t one[4] = {0x42, 0x2c, 0x8e, 0x7a};
	/* the WireGuard cookie known answer: MAC(05.., 192.0.2.1:51820) */
	static const uint8_t src[6] = {0xc0, 0, 2, 1, 0xca, 0x6c};
	static const uint8_t cookie[4] = {0x8a, 0x80, 0xc1, 0x58};
	uint8_t nine[32] = {9}, key[32], out[32], box[32 + CRYPTO_TAG];
	uint8_t kdf[3][32], nonce[24] = {0};

	memset(key, 5, sizeof(key));
	crypto_hash(out, "ab", 2, "c", 1);
	if (!crypto_equal(out, abc, 4))
		return "BLAKE2s";
	crypto_mac(out, key, sizeof(key), src, sizeof(src));
	if (!crypto_equal(out, cookie, 4))
		return "keyed BLAKE2s";
	if (crypto_x25519(out, nine, nine) == -1 || !crypto_equal(out, one, 4))
		return "X25519";
	if (crypto_x25519_pub(key, nine) == -1 || !crypto_equal(key, out, 32))
		return "X25519 base point";
	if (crypto_x25519(out, nine, zero_key) != -1)
		return "X25519 low order";
	crypto_kdf(kdf, 3, key, nine, 32);
	crypto_seal(box, kdf[0], 1, NULL, 0, nine, 32);
	if (crypto_open(out, kdf[0], 1, NULL, 0, box, sizeof(box)) == -1 ||
	    !crypto_equal(out, nine, 32))
		return "ChaCha20-Poly1305";
	box[0] ^= 1;
	if (crypto_open(out, kdf[0], 1, NULL, 0, box, sizeof(box)) != -1)
		return "ChaCha20-Poly1305 forgery";
	crypto_xseal(box, kdf[1], nonce, "ad", 2, nine, 32);
	if (crypto_xopen(out, kdf[1], nonce, "ad", 2, box, sizeof(box)) == -1)
		return "XChaCha20-Poly1305";
	return NULL;
}

int
crypto_init(void)
{
	const char *bad;

	if (lib.ready)
		return 0;
	if (OPENSSL_init_crypto(LIB_OPTIONS, NULL) != 1 || !fetch_all()) {
		log_errorx("libcrypto: %s",
		    ERR_reason_error_string(ERR_peek_last_error()));
		ERR_clear_error();
		return -1;
	}
	bad = self_test();
	if (bad == NULL)
		bad = crypto_sign_test();
	if (bad != NULL) {
		log_errorx("libcrypto: %s gives a wrong answer", bad);
		return -1;
	}
	crypto_aead_choose();
	ERR_clear_error();
	lib.ready = true;
	return 0;
}
