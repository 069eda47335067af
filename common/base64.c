/* SPDX-License-Identifier: ISC */
/* file: common/base64.c */
/*
 * Base64 (see base64.h).  Four digits are three octets; the last four may be
 * two digits and "==" or three and "=", and then the bits that belong to
 * nobody must be zero.
 */
#include "base64.h"

/* 0..63; by range, so that no table is indexed by a secret */
static char
digit(uint32_t v)
{
	if (v < 26)
		return (char)('A' + v);
	if (v < 52)
		return (char)('a' + v - 26);
	if (v < 62)
		return (char)('0' + v - 52);
	return v == 62 ? '+' : '/';
}

static int
value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

char *
base64_put(char *out, const void *data, size_t len)
{
	const uint8_t *p = data;
	char *o = out;
	uint32_t bits;

	for (size_t i = 0; i < len; i += 3) {
		bits = (uint32_t)p[i] << 16;
		if (i + 1 < len)
			bits |= (uint32_t)p[i + 1] << 8;
		if (i + 2 < len)
			bits |= p[i + 2];
		*o++ = digit(bits >> 18 & 63);
		*o++ = digit(bits >> 12 & 63);
		*o++ = i + 1 < len ? digit(bits >> 6 & 63) : '=';
		*o++ = i + 2 < len ? digit(bits & 63) : '=';
	}
	*o = '\0';
	return out;
}

/* Four characters, the last `pad` of which are "=": 24 bits or -1. */
static long
quad(const char *t, unsigned pad)
{
	long bits = 0;
	int v;

	for (unsigned i = 0; i < 4; i++) {
		v = i < 4 - pad ? value(t[i]) : 0;
		if (v == -1)
			return -1;
		bits = bits << 6 | v;
	}
	return (bits & ((1L << 8 * pad) - 1)) == 0 ? bits : -1;
}

long
base64_get(void *out, size_t cap, const char *text, size_t len)
{
	uint8_t *o = out;
	size_t n = 0;

	if (len % 4 != 0)
		return -1;
	for (size_t i = 0; i < len; i += 4) {
		unsigned pad = 0;
		long bits;

		if (i + 4 == len && text[i + 3] == '=')
			pad = text[i + 2] == '=' ? 2 : 1;
		bits = quad(text + i, pad);
		if (bits == -1 || n + 3 - pad > cap)
			return -1;
		for (unsigned k = 0; k < 3 - pad; k++)
			o[n++] = (uint8_t)(bits >> (16 - 8 * k));
	}
	return (long)n;
}
