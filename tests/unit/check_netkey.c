/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_netkey.c */
/*
 * The key schedule against values made with another implementation of HKDF: a
 * node that derives something else is in no network.
 */
#include "crypto.h"
#include "hex.h"
#include "netkey.h"
#include "unit.h"

START_TEST(a_secret_gives_these_keys)
{
	struct netkeys k;
	uint8_t secret[32], tag[8];

	for (unsigned i = 0; i < 32; i++)
		secret[i] = (uint8_t)(i + 1);
	netkeys_derive(&k, secret);
	assert_hex(k.rdv,
	    "e82fd704b72b03570343456006edeff0ebd2a3b12b4b513a64142d96b7916a61");
	assert_hex(k.rec,
	    "52f1f8f748ce3ac574a6f32908dd02d57e4ae3020690e35e69fa7105a4a807ad");
	assert_hex(k.psk,
	    "fdf1f53d0ae09136d1032cadc7a36234777a9ec5aef90275e186e815beacf76c");
	assert_hex(k.lan,
	    "e4a8c2cefa85ef9f1171f9bff2f0e4c507a4acdde881313cdf9eb42f27a4c9ef");
	netkey_dht_tag(tag, k.rdv);
	assert_hex(tag, "7cd0166de38129ff");
}
END_TEST

START_TEST(an_identity_gives_this_signing_key)
{
	uint8_t identity[32], seed[32], ed[32];

	memset(identity, 1, sizeof(identity));
	netkey_node_seed(seed, identity);
	ck_assert_int_eq(crypto_sign_pub(ed, seed), 0);
	assert_hex(ed,
	    "cb8c01edcf7f1672e4fc1356aac370488ccf564ecda1688833462ff6d8233c0f");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_secret_gives_these_keys,
	    an_identity_gives_this_signing_key,
	};

	if (crypto_init() == -1)
		return 1;
	return UNIT_RUN("netkey", tests);
}
