/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_siphash.c */
/* SipHash-2-4 against the vectors of its authors (key 00..0f, input 00..n). */
#include "siphash.h"
#include "unit.h"

static uint64_t
hash_of(size_t n)
{
	uint8_t key[16], in[64];

	for (unsigned i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (unsigned i = 0; i < 64; i++)
		in[i] = (uint8_t)i;
	return siphash(key, in, n);
}

START_TEST(the_authors_vectors_come_out)
{
	ck_assert_uint_eq(hash_of(0), 0x726fdb47dd0e0e31);
	ck_assert_uint_eq(hash_of(1), 0x74f839c593dc67fd);
	ck_assert_uint_eq(hash_of(2), 0x0d6c8009d9a94f5a);
	ck_assert_uint_eq(hash_of(7), 0xab0200f58b01d137);
	ck_assert_uint_eq(hash_of(8), 0x93f5f5799a932462);
	ck_assert_uint_eq(hash_of(15), 0xa129ca6149be45e5);
	ck_assert_uint_eq(hash_of(63), 0x958a324ceb064572);
}
END_TEST

START_TEST(another_key_gives_another_hash)
{
	const uint8_t a[16] = {1}, b[16] = {2};

	ck_assert_uint_ne(siphash(a, "mesh", 4), siphash(b, "mesh", 4));
}
END_TEST

START_TEST(length_counts_even_if_the_octets_are_zero)
{
	const uint8_t key[16] = {1}, zeroes[8] = {0};

	for (size_t n = 0; n < 8; n++)
		ck_assert_uint_ne(
		    siphash(key, zeroes, n), siphash(key, zeroes, n + 1));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_authors_vectors_come_out,
	    another_key_gives_another_hash,
	    length_counts_even_if_the_octets_are_zero,
	};

	return UNIT_RUN("siphash", tests);
}
