/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_bundle.c */
/*
 * bundle_get with octets from a network and bundle_parse with a file's text.
 *
 * Oracles: octets that are taken are the only ones of their value; a text that
 * is taken comes back from the canonical one; what is refused has a line and a
 * reason; the form of the file never has a secret; bundle_verify says no to
 * all of it, as nobody here can sign.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "crypto.h"

#define NOW UINT64_C(1763694000)

static struct bundle b, again;
static uint8_t octets[BUNDLE_MAX];
static char text[BUNDLE_TEXT_MAX];

static void
check(int ok)
{
	if (!ok)
		abort();
}

static void
through_text(void)
{
	static const uint8_t none[32];
	size_t len = bundle_print(text, sizeof(text), &b);
	const char *why;
	unsigned line;

	check(len != 0);
	check(bundle_parse(text, len, &again, &line, &why) == 0);
	check(memcmp(again.secret, none, sizeof(none)) == 0);
	memcpy(again.secret, b.secret, sizeof(again.secret));
	check(memcmp(&b, &again, sizeof(b)) == 0);
}

static void
read_octets(const uint8_t *in, size_t size)
{
	static const uint8_t node[32] = {1};

	if (bundle_get(in, size, &b) == -1)
		return;
	check(bundle_put(octets, &b) == size);
	check(memcmp(octets, in, size) == 0);
	check(bundle_verify(&b, node, NOW) != NULL);
	through_text();
}

static void
read_text(const char *in, size_t size)
{
	const char *why = NULL;
	unsigned line = 0;

	if (bundle_parse(in, size, &b, &line, &why) == -1)
		check(why != NULL && line >= 1);
	else
		through_text();
}

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);

	check(copy != NULL && crypto_init() == 0);
	if (size > 0)
		memcpy(copy, data, size);
	read_octets(copy, size);
	read_text((const char *)copy, size);
	free(copy);
	return 0;
}
