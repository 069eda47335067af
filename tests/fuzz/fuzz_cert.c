/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_cert.c */
/*
 * Certificates and revocation lists of strangers.  The first octet chooses.
 *
 * A certificate: the reader must say what the slow one (cert_slow.h) says, and
 * what it takes must be written again with the very same octets if nothing in
 * it was skipped.  Signed with our own key, it must get as far as its time.
 * A list: taken only if it is signed, and then written again the same way.
 */
#include <stdlib.h>
#include <string.h>

#include "cert_slow.h"

static const uint8_t ca_seed[32] = {0xca};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static struct cert_check
check_of(void)
{
	struct cert_check k = {.nca = 1};

	expect(crypto_sign_pub(k.ca[0], ca_seed) == 0);
	return k;
}

/* Are all its parts known, so that nothing is lost on the way? */
static bool
all_known(const uint8_t *b, size_t len)
{
	for (size_t i = 102; i < len - CERT_SIG; i += 2u + b[i + 1])
		if (b[i] < CERT_TLV_NAME || b[i] > CERT_TLV_CAPS)
			return false;
	return true;
}

/* Cleared of its signature and its issuer, which are made anew. */
static void
as_ours(uint8_t *b, size_t len, const struct cert *c)
{
	uint8_t again[CERT_MAX];
	struct cert copy = *c;
	size_t n = cert_sign(again, &copy, ca_seed);

	if (!all_known(b, len))
		return;
	memcpy(b + 92, copy.issuer, sizeof(copy.issuer));
	slow_resign(b, len, "mesh1 cert", ca_seed);
	expect(n == len && memcmp(again, b, len) == 0);
}

static void
one_cert(uint8_t *b, size_t len)
{
	struct cert_check k = check_of();
	enum cert_verdict v;
	struct cert c, out;

	memset(&c, 0xee, sizeof(c));
	v = cert_get(b, len, &c);
	expect(v == slow_cert(b, len));
	expect(cert_verify(b, len, &k, 0, &out) != CERT_OK || v == CERT_OK);
	if (v != CERT_OK)
		return;
	as_ours(b, len, &c);
	v = cert_verify(b, len, &k, c.not_before, &out);
	expect(v == CERT_OK || v == CERT_ADDRESS || v == CERT_ISSUER ||
	    v == CERT_SIGNATURE);
	expect(memcmp(&out.serial, &c.serial, sizeof(c.serial)) == 0);
	if (all_known(b, len))
		expect(v == CERT_OK || v == CERT_ADDRESS);
}

static void
one_list(uint8_t *b, size_t len)
{
	struct cert_check k = check_of();
	const struct cert_check *kp = &k;
	uint8_t again[CRL_MAX];
	struct crl l;

	(void)crl_get(b, len, kp->ca, kp->nca, &l);
	slow_resign(b, len, "mesh1 crl", ca_seed);
	if (crl_get(b, len, kp->ca, kp->nca, &l) == -1)
		return;
	expect(crl_sign(again, &l, ca_seed) == len);
	expect(memcmp(again, b, len) == 0);
	for (unsigned i = 0; i < l.n; i++)
		expect(crl_has(&l, l.serial[i]));
	expect(!crl_has(&l, 0) || l.serial[0] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < 1)
		return 0;
	expect(crypto_init() == 0);
	copy = malloc(size);
	expect(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	if (data[0] % 2 == 0)
		one_cert(copy, size - 1);
	else
		one_list(copy, size - 1);
	free(copy);
	return 0;
}
