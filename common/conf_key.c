/* SPDX-License-Identifier: ISC */
/* file: common/conf_key.c */
/*
 * Keys as text: base64 (RFC 4648, section 4) of exactly 32 octets, which is 43
 * digits and one "=", the form WireGuard's tools use.  Only the canonical form
 * is read, so that one key has one text: the two bits that the last digit has
 * too many must be zero.
 *
 * Pre-shared keys pass through here as well.  No copies are kept: what is not
 * handed out is wiped.
 */
#include <string.h>

#include "conf.h"

#define KEY_DIGITS 43

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63, or -1.  By range, so that no table is indexed by a secret. */
static int
digit_value(char c)
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

int
key_parse(const char *text, uint8_t out[32])
{
	uint8_t key[32] = {0};
	uint32_t bits = 0;
	size_t n = 0;
	int v, ret = -1;

	if (strlen(text) != KEY_DIGITS + 1 || text[KEY_DIGITS] != '=')
		return -1;
	for (size_t i = 0; i < KEY_DIGITS; i++) {
		if ((v = digit_value(text[i])) == -1)
			goto out;
		bits = bits << 6 | (uint32_t)v;
		if (i % 4 != 0)
			key[n++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	/* 43 digits are 258 bits: the last two belong to nobody. */
	if ((bits & 3) != 0)
		goto out;
	memcpy(out, key, 32);
	ret = 0;
out:
	explicit_bzero(key, sizeof(key));
	explicit_bzero(&bits, sizeof(bits));
	return ret;
}

const char *
key_format(const uint8_t in[32], char out[45])
{
	uint32_t bits;
	char *o = out;

	for (size_t i = 0; i < 30; i += 3) {
		bits = (uint32_t)in[i] << 16 | (uint32_t)in[i + 1] << 8 |
		    in[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			*o++ = digits[bits >> shift & 63];
	}
	bits = (uint32_t)in[30] << 16 | (uint32_t)in[31] << 8;
	for (int shift = 18; shift >= 6; shift -= 6)
		*o++ = digits[bits >> shift & 63];
	*o++ = '=';
	*o = '\0';
	explicit_bzero(&bits, sizeof(bits));
	return out;
}
