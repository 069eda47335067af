/* SPDX-License-Identifier: ISC */
/* file: tests/unit/cert_slow.h */
#ifndef CERT_SLOW_H
#define CERT_SLOW_H

#include <string.h>

#include "cert.h"
#include "crypto.h"

/*
 * The rules of cert.h a second time, by index and pair instead of by reader
 * and order, for tests and the fuzzer to compare with; and what both need to
 * make certificates that are signed but wrong.
 */
#define SLOW_TLVS_MAX 512

static inline uint64_t
slow_be(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v * 256 + *p++;
	return v;
}

/* Is a, as (type, value), below b?  Both are at their type octet. */
static inline bool
slow_below(const uint8_t *a, const uint8_t *b)
{
	unsigned i;

	if (a[0] != b[0])
		return a[0] < b[0];
	for (i = 0; i < a[1] && i < b[1]; i++)
		if (a[2 + i] != b[2 + i])
			return a[2 + i] < b[2 + i];
	return i == a[1] && i < b[1];
}

static inline bool
slow_cont(const uint8_t *p, unsigned low, unsigned high)
{
	return *p >= low && *p <= high;
}

/* Table 3-7 of the Unicode standard, without the control characters. */
static inline bool
slow_utf8(const uint8_t *p, unsigned len)
{
	unsigned n, low = 0x80, high = 0xbf;

	while (len > 0) {
		low = 0x80;
		high = 0xbf;
		if (*p >= 0x20 && *p <= 0x7e)
			n = 0;
		else if (*p >= 0xc2 && *p <= 0xdf)
			n = 1;
		else if (*p >= 0xe0 && *p <= 0xef)
			n = 2;
		else if (*p >= 0xf0 && *p <= 0xf4)
			n = 3;
		else
			return false;
		if (*p == 0xc2 || *p == 0xe0)
			low = 0xa0;
		if (*p == 0xf0)
			low = 0x90;
		if (*p == 0xed)
			high = 0x9f;
		if (*p == 0xf4)
			high = 0x8f;
		if (n + 1 > len || (n > 0 && !slow_cont(p + 1, low, high)))
			return false;
		for (unsigned i = 2; i <= n; i++)
			if (!slow_cont(p + i, 0x80, 0xbf))
				return false;
		p += n + 1;
		len -= n + 1;
	}
	return true;
}

static inline bool
slow_mapped(const uint8_t *a)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(a, head, 12) == 0;
}

static inline bool
slow_name(const uint8_t *v, unsigned n)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

	for (unsigned i = 0; i < n; i++)
		if (v[i] == 0 || strchr(ok, v[i]) == NULL)
			return false;
	return n >= 1 && n <= 63 && v[0] != '-' && v[n - 1] != '-';
}

static inline bool
slow_value(const uint8_t *t)
{
	const uint8_t *v = t + 2;
	unsigned n = t[1], bits;

	switch (t[0]) {
	case 1:
		return slow_name(v, n);
	case 2:
		return n == 5 && v[4] <= 32;
	case 3:
		return n == 17 && v[16] <= 128 && !slow_mapped(v);
	case 4:
	case 5:
		bits = t[0] == 4 ? 32 : 128;
		if (n != bits / 8 + 1 || v[bits / 8] > bits ||
		    (t[0] == 5 && slow_mapped(v)))
			return false;
		for (unsigned i = v[bits / 8]; i < bits; i++)
			if ((v[i / 8] >> (7 - i % 8) & 1) != 0)
				return false;
		return true;
	case 6:
		return n >= 1 && n <= 32 && slow_utf8(v, n);
	case 7:
		return n == 4 && slow_be(v, 4) != 0;
	default:
		return true;
	}
}

/* Two TLVs that can't be in one certificate in this order. */
static inline bool
slow_clash(const uint8_t *a, const uint8_t *b)
{
	if (!slow_below(a, b))
		return true;
	if (a[0] != b[0])
		return false;
	if (a[0] == 1 || a[0] == 7)
		return true;
	return (a[0] == 2 || a[0] == 3) && memcmp(a + 2, b + 2, a[1] - 1u) == 0;
}

static inline enum cert_verdict
slow_cert(const uint8_t *b, size_t len)
{
	unsigned count[256] = {0}, n = 0, at[SLOW_TLVS_MAX];
	static const uint8_t zero[32];
	size_t i, end;

	if (len < 166 || len > 900 || memcmp(b, "MC\1", 4) != 0)
		return CERT_MALFORMED;
	end = 102 + slow_be(b + 100, 2);
	if (end + 64 != len || slow_be(b + 12, 8) > slow_be(b + 20, 8) ||
	    memcmp(b + 28, zero, 32) == 0 || memcmp(b + 60, zero, 32) == 0)
		return CERT_MALFORMED;
	for (i = 102; i < end; i += 2u + b[i + 1]) {
		if (i + 2 > end || i + 2 + b[i + 1] > end || !slow_value(b + i))
			return CERT_MALFORMED;
		count[b[i]]++;
		at[n++] = (unsigned)i;
	}
	for (unsigned j = 0; j < n; j++)
		for (unsigned k = j + 1; k < n; k++)
			if (slow_clash(b + at[j], b + at[k]))
				return CERT_MALFORMED;
	if (count[1] != 1 || count[2] + count[3] > 4 ||
	    count[4] + count[5] > 16 || count[6] > 8)
		return CERT_MALFORMED;
	for (i = 128; i < 256; i++)
		if (count[i] != 0)
			return CERT_CRITICAL;
	return CERT_OK;
}

/* Makes the signature at the end right again, whatever is before it. */
static inline void
slow_resign(
    uint8_t *b, size_t len, const char *domain, const uint8_t ca_seed[32])
{
	uint8_t m[16 + 2048];
	size_t n = strlen(domain) + 1;

	if (len < CERT_SIG || len > 2048)
		return;
	memcpy(m, domain, n);
	memcpy(m + n, b, len - CERT_SIG);
	(void)crypto_sign(b + len - CERT_SIG, ca_seed, m, n + len - CERT_SIG);
}

#endif
