/* SPDX-License-Identifier: ISC */
/* file: tests/unit/hex.h */
#ifndef HEX_H
#define HEX_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Published vectors are hexadecimal; so are these, in both directions. */
#define HEX_MAX 1024

static inline size_t
unhex(void *out, size_t cap, const char *hex)
{
	size_t n = strlen(hex) / 2;
	unsigned v;

	ck_assert_uint_le(n, cap);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &v), 1);
		((uint8_t *)out)[i] = (uint8_t)v;
	}
	return n;
}

static inline void
assert_hex(const void *got, const char *hex)
{
	uint8_t want[HEX_MAX];
	size_t n = unhex(want, sizeof(want), hex);

	ck_assert_mem_eq(got, want, n);
}

#endif
