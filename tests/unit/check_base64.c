/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_base64.c */
/* Base64 of any length: the vectors of RFC 4648, and one form only. */
#include "base64.h"
#include "hex.h"
#include "unit.h"

static void
both_ways(const char *plain, const char *text)
{
	char out[64], back[64];

	ck_assert_str_eq(base64_put(out, plain, strlen(plain)), text);
	ck_assert_int_eq(base64_get(back, sizeof(back), text, strlen(text)),
	    (long)strlen(plain));
	ck_assert_mem_eq(back, plain, strlen(plain));
}

static long
get(const char *text)
{
	uint8_t out[64];

	return base64_get(out, sizeof(out), text, strlen(text));
}

START_TEST(the_vectors_of_the_rfc_go_both_ways)
{
	both_ways("", "");
	both_ways("f", "Zg==");
	both_ways("fo", "Zm8=");
	both_ways("foo", "Zm9v");
	both_ways("foob", "Zm9vYg==");
	both_ways("fooba", "Zm9vYmE=");
	both_ways("foobar", "Zm9vYmFy");
}
END_TEST

START_TEST(only_the_canonical_form_is_read)
{
	ck_assert_int_eq(get("Zg="), -1);
	ck_assert_int_eq(get("Zg"), -1);
	ck_assert_int_eq(get("Zh=="), -1); /* bits left over */
	ck_assert_int_eq(get("Zm9="), -1);
	ck_assert_int_eq(get("Z==="), -1);
	ck_assert_int_eq(get("===="), -1);
	ck_assert_int_eq(get("Zg==Zg=="), -1); /* an end in the middle */
	ck_assert_int_eq(get("Zm9v\n"), -1);
	ck_assert_int_eq(get("Zm 9"), -1);
	ck_assert_int_eq(get("Zm-_"), -1); /* the alphabet for addresses */
}
END_TEST

START_TEST(what_does_not_fit_is_refused_and_not_cut)
{
	uint8_t out[3] = {9, 9, 9};

	ck_assert_int_eq(base64_get(out, 2, "Zm9v", 4), -1);
	ck_assert_int_eq(base64_get(out, 2, "Zm8=", 4), 2);
	ck_assert_uint_eq(out[2], 9);
}
END_TEST

START_TEST(anything_comes_back)
{
	uint64_t seed = unit_seed();
	uint8_t in[100], back[100];
	char text[BASE64_LEN(100) + 1];

	for (size_t len = 0; len <= sizeof(in); len++) {
		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)unit_random(&seed);
		base64_put(text, in, len);
		ck_assert_uint_eq(strlen(text), BASE64_LEN(len));
		ck_assert_int_eq(
		    base64_get(back, len, text, strlen(text)), (long)len);
		ck_assert_mem_eq(back, in, len);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_vectors_of_the_rfc_go_both_ways,
	    only_the_canonical_form_is_read,
	    what_does_not_fit_is_refused_and_not_cut,
	    anything_comes_back,
	};

	return UNIT_RUN("base64", tests);
}
