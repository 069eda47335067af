/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_aead_whole.c */
/*
 * A libcrypto whose Poly1305 is not there, refuses, or is wrong: packets take
 * its AEAD, the log says so once, and a test can't force the split form.
 *
 * This program's own EVP_MAC_* stand between crypto_aead.c and the library.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <openssl/evp.h>

#include "crypto.h"
#include "log.h"

enum fault { FINE, MISSING, REFUSES, WRONG, WRONG_FOR_LONG, NFAULTS };

#define LONG 1000

static enum fault fault;
static const EVP_MAC_CTX *poly; /* the first context made of it */
static const EVP_MAC *poly_mac;
static size_t text; /* octets poly was given since its key */
static int warnings;

/* What the library has under this name. */
static void
real(void *fn, size_t len, const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	ck_assert_ptr_nonnull(p);
	memcpy(fn, &p, len);
}

EVP_MAC *
EVP_MAC_fetch(OSSL_LIB_CTX *lib, const char *name, const char *properties)
{
	EVP_MAC *(*fn)(OSSL_LIB_CTX *, const char *, const char *);
	EVP_MAC *mac;

	real(&fn, sizeof(fn), "EVP_MAC_fetch");
	if (strcmp(name, "Poly1305") != 0)
		return fn(lib, name, properties);
	if (fault == MISSING)
		return NULL;
	mac = fn(lib, name, properties);
	poly_mac = mac;
	return mac;
}

EVP_MAC_CTX *
EVP_MAC_CTX_new(EVP_MAC *mac)
{
	EVP_MAC_CTX *(*fn)(EVP_MAC *);
	EVP_MAC_CTX *ctx;

	real(&fn, sizeof(fn), "EVP_MAC_CTX_new");
	ctx = fn(mac);
	if (mac == poly_mac && poly == NULL)
		poly = ctx;
	return ctx;
}

int
EVP_MAC_update(EVP_MAC_CTX *ctx, const unsigned char *in, size_t len)
{
	int (*fn)(EVP_MAC_CTX *, const unsigned char *, size_t);

	real(&fn, sizeof(fn), "EVP_MAC_update");
	if (ctx == poly)
		text += len;
	return fn(ctx, in, len);
}

int
EVP_MAC_final(EVP_MAC_CTX *ctx, unsigned char *out, size_t *n, size_t size)
{
	int (*fn)(EVP_MAC_CTX *, unsigned char *, size_t *, size_t);
	int ok;

	real(&fn, sizeof(fn), "EVP_MAC_final");
	ok = fn(ctx, out, n, size);
	if (ctx != poly)
		return ok;
	if (fault == REFUSES)
		return 0;
	if (fault == WRONG || (fault == WRONG_FOR_LONG && text > LONG))
		out[15] ^= 0x80;
	text = 0;
	return ok;
}

static void
count_warnings(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)line;
	warnings += level == LOG_L_WARN;
}

START_TEST(packets_take_the_aead_and_are_the_same)
{
	uint8_t key[32] = {1}, text64[64] = {2}, box[80], want[80];
	struct aead *a;

	fault = (enum fault)_i;
	log_init("test", LOG_L_WARN);
	log_set_sink(count_warnings, NULL);
	ck_assert_int_eq(crypto_init(), 0);
	ck_assert_int_eq(crypto_init(), 0);
	ck_assert_int_eq(warnings, fault == FINE ? 0 : 1);
	ck_assert_int_eq(crypto_aead_is_split(), fault == FINE);
	crypto_aead_prefer(true);
	ck_assert_int_eq(crypto_aead_is_split(), fault == FINE);

	a = aead_new(key);
	crypto_seal(want, key, 7, NULL, 0, text64, sizeof(text64));
	aead_seal(a, 7, box, text64, sizeof(text64));
	ck_assert_mem_eq(box, want, sizeof(want));
	ck_assert_int_eq(aead_open(a, 7, box, box, sizeof(box)), 0);
	ck_assert_mem_eq(box, text64, sizeof(text64));
	aead_free(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aead_whole");
	TCase *t = tcase_create("faults");
	SRunner *sr = srunner_create(s);
	int failed;

	/* crypto_init is once per process: a process each, also under gdb */
	srunner_set_fork_status(sr, CK_FORK);
	tcase_add_loop_test(
	    t, packets_take_the_aead_and_are_the_same, FINE, NFAULTS);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
