/* SPDX-License-Identifier: ISC */
/* file: common/crypto_int.h */
#ifndef CRYPTO_INT_H
#define CRYPTO_INT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Between crypto.c, crypto_aead.c and crypto_sign.c; nobody else includes this.
 */

/* Log libcrypto's last error and end the process (crypto.c). */
void crypto_broken(void) __attribute__((noreturn));

/* ok is what libcrypto returned; crypto.c's head says why this is the end. */
static inline void
must(int ok)
{
	if (ok != 1)
		crypto_broken();
}

/* A length for a parameter of libcrypto that is an int. */
static inline int
ilen(size_t len)
{
	must(len <= INT_MAX);
	return (int)len;
}

#define CRYPTO_IV 12

/* The one-shot functions of crypto.h with the whole nonce. */
void crypto_seal_iv(uint8_t *out, const uint8_t key[32],
    const uint8_t iv[CRYPTO_IV], const void *ad, size_t adlen, const void *in,
    size_t len);
int crypto_open_iv(uint8_t *out, const uint8_t key[32],
    const uint8_t iv[CRYPTO_IV], const void *ad, size_t adlen, const void *in,
    size_t len);

/* Fetch and set up all of crypto_aead.c.  False: libcrypto knows why not. */
bool crypto_aead_fetch(void);
/* Once the one-shot functions have passed their test: the packets' form. */
void crypto_aead_choose(void);

/* The same of crypto_sign.c, and what gave a wrong answer, or NULL. */
bool crypto_sign_fetch(void);
const char *crypto_sign_test(void);

/* A context for a MAC with this parameter, or NULL (crypto.c). */
struct evp_mac_ctx_st;
struct ossl_param_st;
struct evp_mac_ctx_st *crypto_mac_new(const char *name, struct ossl_param_st);

#endif
