/* SPDX-License-Identifier: ISC */
/* file: tests/unit/member.h */
#ifndef MEMBER_H
#define MEMBER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "crypto.h"

/*
 * A network of which the tests know everything, and what its member "mallow"
 * (10.77.0.5) has of it.  The same octets each time: tests/conf has them as
 * files.  The time of the tests is MEMBER_NOW, the certificate's life a day
 * around it.
 */
#define MEMBER_NOW 1800000000u
#define MEMBER_DAY 86400u

static const uint8_t member_ca_seed[32] = {1, 'c', 'a'};
static const uint8_t member_dir_seed[32] = {2, 'd', 'i', 'r'};

static inline void
member_must(int good)
{
	if (!good)
		abort();
}

/* Everything, the secret too. */
static inline void
member_bundle(struct bundle *b)
{
	struct cert c = {.serial = 7,
	    .not_before = MEMBER_NOW - MEMBER_DAY,
	    .not_after = MEMBER_NOW + MEMBER_DAY,
	    .node = {9, 'n'},
	    .ed = {10, 'e'},
	    .name = "mallow",
	    .naddresses = 1,
	    .address = {{{4, {10, 77, 0, 5}}, 16}}};

	memset(b, 0, sizeof(*b));
	member_must(crypto_init() == 0);
	member_must(crypto_sign_pub(b->authority, member_ca_seed) == 0);
	member_must(crypto_sign_pub(b->directory, member_dir_seed) == 0);
	b->holder[0] = 11;
	memset(b->secret, 0x5e, sizeof(b->secret));
	b->prefix = (struct prefix){{4, {10, 77}}, 16};
	member_must(bundle_issue(b, &c, member_ca_seed, member_dir_seed) == 0);
}

/* The certificate file; its length. */
static inline size_t
member_text(char out[BUNDLE_TEXT_MAX])
{
	struct bundle b;
	size_t len;

	member_bundle(&b);
	len = bundle_print(out, BUNDLE_TEXT_MAX, &b);
	member_must(len > 0);
	return len;
}

#endif
