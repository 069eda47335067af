/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_token.c */
/* Write tokens: whose, how long, and whose not. */
#include <string.h>

#include "crypto.h"
#include "token.h"
#include "unit.h"

#define T0 123456
#define PERIOD TOKEN_SECRET_MS

static uint64_t seed = 1;

static void
fill(void *ctx, void *out, size_t len)
{
	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(ctx);
}

static struct token_box
box(void)
{
	struct token_box b;

	token_init(&b, T0, (struct rnd_src){fill, &seed});
	return b;
}

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

START_TEST(a_token_is_good_for_its_address_only)
{
	struct token_box b = box();
	struct addr a = address("192.0.2.1"), other = address("192.0.2.2");
	uint8_t t[TOKEN_LEN];

	token_make(&b, T0, &a, t);
	ck_assert(token_ok(&b, T0, &a, t, sizeof(t)));
	ck_assert(!token_ok(&b, T0, &other, t, sizeof(t)));
	/* the same octets in the other family */
	other = a;
	other.family = 6;
	ck_assert(!token_ok(&b, T0, &other, t, sizeof(t)));
}
END_TEST

START_TEST(no_other_octets_are_a_token)
{
	struct token_box b = box();
	struct addr a = address("2001:db8::1");
	uint8_t t[TOKEN_LEN + 1] = {0};

	token_make(&b, T0, &a, t);
	ck_assert(!token_ok(&b, T0, &a, t, TOKEN_LEN - 1));
	ck_assert(!token_ok(&b, T0, &a, t, TOKEN_LEN + 1));
	ck_assert(!token_ok(&b, T0, &a, t, 0));
	for (int bit = 0; bit < 8 * TOKEN_LEN; bit++) {
		t[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!token_ok(&b, T0, &a, t, TOKEN_LEN));
		t[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}
END_TEST

START_TEST(a_token_lives_five_to_ten_minutes)
{
	struct addr a = address("192.0.2.1");

	for (uint64_t at = 0; at < PERIOD; at += PERIOD / 7) {
		struct token_box b = box();
		uint8_t t[TOKEN_LEN];

		token_make(&b, T0 + at, &a, t);
		ck_assert(token_ok(&b, T0 + at + PERIOD, &a, t, sizeof(t)));
		ck_assert(token_ok(&b, T0 + 2 * PERIOD - 1, &a, t, sizeof(t)));
		ck_assert(!token_ok(&b, T0 + 2 * PERIOD, &a, t, sizeof(t)));
	}
}
END_TEST

START_TEST(nobody_asking_for_a_while_lengthens_no_life)
{
	struct token_box b = box();
	struct addr a = address("192.0.2.1");
	uint8_t t[TOKEN_LEN], u[TOKEN_LEN];

	token_make(&b, T0, &a, t);
	/* the secret changes late, but the next one in time */
	token_make(&b, T0 + 2 * PERIOD - 1, &a, u);
	ck_assert(token_ok(&b, T0 + 2 * PERIOD - 1, &a, t, sizeof(t)));
	ck_assert(!token_ok(&b, T0 + 2 * PERIOD, &a, t, sizeof(t)));
	ck_assert(token_ok(&b, T0 + 2 * PERIOD, &a, u, sizeof(u)));
	ck_assert(!token_ok(&b, T0 + 50 * PERIOD, &a, u, sizeof(u)));
	b = box();
	token_make(&b, T0, &a, t);
	ck_assert(!token_ok(&b, T0 + 2 * PERIOD, &a, t, sizeof(t)));
}
END_TEST

START_TEST(two_nodes_have_different_tokens_and_none_after_clear)
{
	struct token_box b = box(), c = box(), zero;
	struct addr a = address("192.0.2.1");
	uint8_t t[TOKEN_LEN], u[TOKEN_LEN];

	token_make(&b, T0, &a, t);
	token_make(&c, T0, &a, u);
	ck_assert_mem_ne(t, u, sizeof(t));
	token_clear(&b);
	memset(&zero, 0, sizeof(zero));
	ck_assert_mem_eq(b.secret, zero.secret, sizeof(zero.secret));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_token_is_good_for_its_address_only,
	    no_other_octets_are_a_token,
	    a_token_lives_five_to_ten_minutes,
	    nobody_asking_for_a_while_lengthens_no_life,
	    two_nodes_have_different_tokens_and_none_after_clear,
	};

	if (crypto_init() == -1)
		return 2;
	return UNIT_RUN("token", tests);
}
