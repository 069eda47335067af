/* SPDX-License-Identifier: ISC */
/* file: common/crypto.h */
#ifndef CRYPTO_H
#define CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Every cryptographic primitive of the suite; crypto.c, crypto_aead.c and
 * crypto_sign.c are the only files that include OpenSSL.  Not thread-safe
 * (contexts are per process) but for struct aead, see there.  A failure that
 * depends on input is a return value; the OpenSSL error queue is always left
 * empty.  Comparisons of secrets and tags are constant-time.
 */
#define CRYPTO_TAG 16

/* Fetch algorithms and self-test against known answers.  0 or -1 (logged). */
int crypto_init(void);

/* X25519, RFC 7748.  -1: the result is all zero (a low-order point). */
int crypto_x25519(
    uint8_t out[32], const uint8_t priv[32], const uint8_t pub[32]);
int crypto_x25519_pub(uint8_t pub[32], const uint8_t priv[32]);

/* BLAKE2s-256 of a||b (RFC 7693); b may be NULL with blen 0 */
void crypto_hash(
    uint8_t out[32], const void *a, size_t alen, const void *b, size_t blen);
/* keyed BLAKE2s with a 16-octet result (mac1, mac2, cookie); klen 16 or 32 */
void crypto_mac(uint8_t out[16], const uint8_t *key, size_t klen,
    const void *in, size_t len);
/* HMAC-BLAKE2s (RFC 2104) with a 32-octet key */
void crypto_hmac(
    uint8_t out[32], const uint8_t key[32], const void *in, size_t len);
/* HKDF with HMAC-BLAKE2s as in the WireGuard paper: n = 1..3 outputs */
void crypto_kdf(uint8_t out[][32], unsigned n, const uint8_t ck[32],
    const void *in, size_t len);

/* One-shot ChaCha20-Poly1305 (RFC 8439), nonce = 0^32 || le64(counter).
 * out may equal in.  seal writes len + 16 octets, open len - 16. */
void crypto_seal(uint8_t *out, const uint8_t key[32], uint64_t counter,
    const void *ad, size_t adlen, const void *in, size_t len);
int crypto_open(uint8_t *out, const uint8_t key[32], uint64_t counter,
    const void *ad, size_t adlen, const void *in, size_t len);
/* XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) */
void crypto_xseal(uint8_t *out, const uint8_t key[32], const uint8_t nonce[24],
    const void *ad, size_t adlen, const void *in, size_t len);
int crypto_xopen(uint8_t *out, const uint8_t key[32], const uint8_t nonce[24],
    const void *ad, size_t adlen, const void *in, size_t len);

/*
 * The data path's AEAD (RFC 8439, nonce as above): key schedule done once, only
 * the nonce per packet, no additional data, nothing allocated.
 *
 * One context per key; it may seal and open in turns.  After crypto_init any
 * thread may use any context, but no two threads one context at a time.
 */
struct aead;
struct aead *aead_new(const uint8_t key[32]); /* NULL: no memory */
void aead_free(struct aead *);                /* wipes; NULL is fine */
/*
 * Another key for the same context; allocates nothing, so a thread may make
 * one (with any key) and give it the key of each batch.  0, or -1 if the
 * library refused: then the context has no key and is only good for aead_free.
 */
int aead_rekey(struct aead *, const uint8_t key[32]);
/*
 * out = ciphertext||tag (len + 16); in and out equal or disjoint; of no octets
 * the pointer may be NULL
 */
void aead_seal(struct aead *, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len);
/* len includes the tag; 0, or -1 and out undefined (never used) */
int aead_open(struct aead *, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len);
/*
 * Contexts made from now on: do they take the fast form (ChaCha20 and Poly1305
 * apart, chosen if it passed crypto_init's test) or libcrypto's AEAD?
 * The octets are the same.
 */
bool crypto_aead_is_split(void);
/* Only for tests and benchmarks.  true has no effect if the test failed. */
void crypto_aead_prefer(bool split);

/* ---- signatures and what records are made of (crypto_sign.c) ---- */

/* Ed25519 (RFC 8032); the private key is its 32-octet seed.  0 or -1. */
int crypto_sign(
    uint8_t sig[64], const uint8_t seed[32], const void *, size_t len);
int crypto_sign_pub(uint8_t pub[32], const uint8_t seed[32]);
/* False for anything that is not exactly a signature of these octets. */
bool crypto_verify(
    const uint8_t sig[64], const uint8_t pub[32], const void *, size_t len);
/*
 * MD5 (RFC 1321), for nothing but the long-term keys of STUN and TURN (RFC
 * 8489, 9.2.2), which are defined so; -1: this library does not do it.
 */
int crypto_md5(uint8_t out[16], const void *in, size_t len);
/* SHA-1 and SHA-256 of a||b; b may be NULL with blen 0 */
void crypto_sha1(
    uint8_t out[20], const void *a, size_t alen, const void *b, size_t blen);
void crypto_sha256(
    uint8_t out[32], const void *a, size_t alen, const void *b, size_t blen);
/* HMAC-SHA1 (RFC 2104) of a||b: for STUN, which knows nothing else */
void crypto_hmac1(uint8_t out[20], const void *key, size_t klen, const void *a,
    size_t alen, const void *b, size_t blen);
/* HMAC-SHA256 (RFC 2104) of a||b */
void crypto_hmac256(uint8_t out[32], const void *key, size_t klen,
    const void *a, size_t alen, const void *b, size_t blen);
/* HKDF-SHA256 (RFC 5869), one block: out = HKDF(ikm, salt, info, 32) */
void crypto_hkdf256(uint8_t out[32], const void *ikm, size_t ikmlen,
    const void *salt, size_t saltlen, const void *info, size_t infolen);

bool crypto_equal(const void *, const void *, size_t); /* constant time */
void crypto_wipe(void *, size_t);

#endif
