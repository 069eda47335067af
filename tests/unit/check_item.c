/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_item.c */
/*
 * Items of BEP44 against its test vectors.  Their private key is an expanded
 * one that libcrypto can't sign with; the signatures can be checked.
 */
#include "crypto.h"
#include "dht_items.h"
#include "hex.h"
#include "item.h"
#include "unit.h"

#define KEY "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548"
#define SIG1                                                                   \
	"305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"     \
	"1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
#define SIG2                                                                   \
	"6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"     \
	"df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
#define VALUE "12:Hello World!"

static struct dht_item
vector(const char *salt, const char *sig)
{
	struct dht_item i = {.is_mutable = true,
	    .seq = 1,
	    .saltlen = (uint8_t)strlen(salt),
	    .vlen = strlen(VALUE)};

	unhex(i.k, sizeof(i.k), KEY);
	unhex(i.sig, sizeof(i.sig), sig);
	memcpy(i.salt, salt, i.saltlen);
	memcpy(i.v, VALUE, i.vlen);
	return i;
}

static void
assert_signed(const struct dht_item *i, const char *text)
{
	uint8_t out[ITEM_SIGNED_MAX];

	ck_assert_uint_eq(item_signed(out, i), strlen(text));
	ck_assert_mem_eq(out, text, strlen(text));
}

START_TEST(the_vector_without_salt)
{
	struct dht_item i = vector("", SIG1);
	uint8_t target[DHT_ID];

	assert_signed(&i, "3:seqi1e1:v12:Hello World!");
	dht_target(target, &i);
	assert_hex(target, "4a533d47ec9c7d95b1ad75f576cffc641853b750");
	ck_assert(dht_item_ok(&i));
}
END_TEST

START_TEST(the_vector_with_salt)
{
	struct dht_item i = vector("foobar", SIG2);
	uint8_t target[DHT_ID];

	assert_signed(&i, "4:salt6:foobar3:seqi1e1:v12:Hello World!");
	dht_target(target, &i);
	assert_hex(target, "411eba73b6f087ca51a3795d9c8c938d365e32c1");
	ck_assert(dht_item_ok(&i));
}
END_TEST

START_TEST(the_immutable_vector)
{
	struct dht_item i = vector("", SIG1);
	uint8_t target[DHT_ID];

	i.is_mutable = false;
	dht_target(target, &i);
	assert_hex(target, "e5f96f6f38320f0f33959cb4d3d656452117aadb");
	ck_assert(dht_item_ok(&i));
}
END_TEST

START_TEST(nothing_of_a_signed_item_can_be_another)
{
	struct dht_item good = vector("foobar", SIG2), i;

	i = good, i.seq++;
	ck_assert(!dht_item_ok(&i));
	i = good, i.v[3] ^= 1;
	ck_assert(!dht_item_ok(&i));
	i = good, i.salt[0] ^= 1;
	ck_assert(!dht_item_ok(&i));
	i = good, i.saltlen = 0;
	ck_assert(!dht_item_ok(&i));
	i = good, i.sig[0] ^= 1;
	ck_assert(!dht_item_ok(&i));
	i = good, i.k[0] ^= 1;
	ck_assert(!dht_item_ok(&i));
	memcpy(i.sig, vector("", SIG1).sig, sizeof(i.sig));
	ck_assert(!dht_item_ok(&i));
}
END_TEST

START_TEST(what_is_no_value_or_too_long_is_no_item)
{
	struct dht_item i = vector("", SIG1);

	i.is_mutable = false;
	i.vlen--;
	ck_assert(!dht_item_ok(&i));
	i.vlen = 0;
	ck_assert(!dht_item_ok(&i));
	i.vlen = DHT_V_MAX + 1;
	ck_assert(!dht_item_ok(&i));
	i = vector("", SIG1);
	i.saltlen = DHT_SALT_MAX + 1;
	ck_assert(!dht_item_ok(&i));
	i = item_mutable(1, "", INT64_MAX, VALUE);
	ck_assert(dht_item_ok(&i));
	i = item_mutable(1, "", (uint64_t)INT64_MAX + 1, VALUE);
	ck_assert(!dht_item_ok(&i));
}
END_TEST

START_TEST(the_longest_item_can_be_signed)
{
	static const uint8_t seed[32] = {1};
	struct dht_item i = {.is_mutable = true,
	    .seq = INT64_MAX,
	    .saltlen = DHT_SALT_MAX,
	    .vlen = DHT_V_MAX};
	uint8_t text[ITEM_SIGNED_MAX];

	memcpy(i.v, "996:", 4);
	ck_assert_int_eq(crypto_sign_pub(i.k, seed), 0);
	ck_assert_int_eq(
	    crypto_sign(i.sig, seed, text, item_signed(text, &i)), 0);
	ck_assert(dht_item_ok(&i));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_vector_without_salt,
	    the_vector_with_salt,
	    the_immutable_vector,
	    nothing_of_a_signed_item_can_be_another,
	    what_is_no_value_or_too_long_is_no_item,
	    the_longest_item_can_be_signed,
	};

	if (crypto_init() == -1)
		return 2;
	return UNIT_RUN("item", tests);
}
