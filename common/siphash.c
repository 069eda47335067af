/* SPDX-License-Identifier: ISC */
/* file: common/siphash.c */
/*
 * SipHash-2-4 as in the paper by Aumasson and Bernstein (2012): two rounds a
 * word, four at the end.  For hash tables whose keys strangers choose; it is
 * no message authentication of any protocol here.
 */
#include <endian.h>
#include <string.h>

#include "siphash.h"

static uint64_t
rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

/* inline, and absorb, too: the words stay in registers, twice as fast */
static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t
word(const uint8_t p[8])
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return le64toh(w);
}

/* n < 8 octets, little-endian */
static uint64_t
last_word(const uint8_t *p, size_t n)
{
	uint64_t w = 0;

	for (size_t i = n; i > 0; i--)
		w = w << 8 | p[i - 1];
	return w;
}

static inline void
absorb(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_round(v);
	sip_round(v);
	v[0] ^= m;
}

uint64_t
siphash(const uint8_t key[16], const void *data, size_t len)
{
	uint64_t k0 = word(key), k1 = word(key + 8);
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
	    k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
	const uint8_t *p = data;
	size_t left = len;

	for (; left >= 8; left -= 8, p += 8)
		absorb(v, word(p));
	absorb(v, (uint64_t)len << 56 | last_word(p, left));
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
