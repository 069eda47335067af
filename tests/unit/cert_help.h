/* SPDX-License-Identifier: ISC */
/* file: tests/unit/cert_help.h */
#ifndef CERT_HELP_H
#define CERT_HELP_H

#include "cert_slow.h"
#include "hex.h"
#include "unit.h"

/* A certificate that is fine, and who says so: tests spoil one thing of it. */
#define NOW 1800000000u
#define DAY 86400u

static const uint8_t ca_seed[32] = {0xca};
static const uint8_t other_seed[32] = {0xcb};

static inline struct prefix
prefix_of(const char *text)
{
	struct prefix p;

	ck_assert_int_eq(prefix_parse(text, &p), 0);
	return p;
}

static inline struct cert
plain_cert(void)
{
	struct cert c = {
	    .serial = 42,
	    .not_before = NOW - DAY,
	    .not_after = NOW + DAY,
	    .name = "alpha",
	    .naddresses = 1,
	    .ngroups = 2,
	    .group = {"staff", "admins"},
	    .caps = CERT_CAP_RELAY,
	    .nroutes = 2,
	};

	memset(c.node, 0x22, sizeof(c.node));
	memset(c.ed, 0x33, sizeof(c.ed));
	c.address[0] = prefix_of("10.77.0.5/16");
	c.route[0] = prefix_of("192.168.20.0/24");
	c.route[1] = prefix_of("10.9.0.0/16");
	return c;
}

static inline struct cert_check
plain_check(void)
{
	struct cert_check k = {.nca = 1, .has_prefix = true};

	ck_assert_int_eq(crypto_sign_pub(k.ca[0], ca_seed), 0);
	k.prefix = prefix_of("10.77.0.0/16");
	return k;
}

#endif
