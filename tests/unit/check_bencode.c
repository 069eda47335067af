/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_bencode.c */
/* The grammar of DHT messages, held against a parser of the simplest kind. */
#include <string.h>

#include "bencode.h"
#include "slow_bencode.h"
#include "unit.h"

static struct octets
text(const char *s)
{
	return (struct octets){(const uint8_t *)s, strlen(s)};
}

static bool
good(const char *s)
{
	return ben_is_value((const uint8_t *)s, strlen(s));
}

START_TEST(what_is_a_value)
{
	static const char *const yes[] = {"i0e", "i1e", "i-1e", "i10e",
	    "i-9223372036854775808e", "i123456789012345678901234567890e",
	    "0:", "4:spam", "10:0123456789", "le", "de", "l4:spami42ee",
	    "llelee", "d3:cow3:moo4:spam4:eggse", "d4:spaml1:a1:bee", "d0:0:e",
	    "d1:b0:1:a0:e", "d1:a0:1:a0:e"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		ck_assert_msg(good(yes[i]), "%s", yes[i]);
}
END_TEST

START_TEST(what_is_none)
{
	static const char *const no[] = {"", "e", "x", "i", "ie", "i-e", "i-0e",
	    "i00e", "i01e", "i-01e", "i+1e", "i1", "i 1e", "i1.0e", "i1-e", "1",
	    "1:", "2:a", "01:a", "00:", "-1:a", ":", "18446744073709551617:a",
	    "99999999999999999999999999:", "l", "li1e", "d", "d1:a", "d1:ae",
	    "di1e1:ae", "d1:ai1e", "dlei1ee", "dde0:e", "lee", "i1ei2e", "1:ab",
	    "d1:ae1:be", "4294967297:a"};

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		ck_assert_msg(!good(no[i]), "%s", no[i]);
}
END_TEST

START_TEST(sixteen_levels_are_read_and_seventeen_are_not)
{
	char s[4 * (BEN_DEPTH + 1) + 1];

	for (int depth = 1; depth <= BEN_DEPTH + 1; depth++) {
		memset(s, 'l', (size_t)depth);
		memset(s + depth, 'e', (size_t)depth);
		s[2 * depth] = '\0';
		ck_assert_int_eq(good(s), depth <= BEN_DEPTH);
	}
	for (int depth = 1; depth <= BEN_DEPTH + 1; depth++) {
		s[0] = '\0';
		for (int i = 0; i < depth; i++)
			memcpy(s + 3 * i, i + 1 < depth ? "d0:" : "de0", 4);
		memset(s + 3 * (depth - 1) + 2, 'e', (size_t)depth - 1);
		s[3 * (depth - 1) + 2 + depth - 1] = '\0';
		ck_assert_msg(good(s) == (depth <= BEN_DEPTH), "%s", s);
	}
}
END_TEST

START_TEST(integers_have_64_bits_and_not_one_more)
{
	static const struct {
		const char *text;
		bool fits;
		int64_t n;
	} cases[] = {{"i0e", true, 0}, {"i-1e", true, -1},
	    {"i9223372036854775807e", true, INT64_MAX},
	    {"i9223372036854775808e", false, 0},
	    {"i-9223372036854775808e", true, INT64_MIN},
	    {"i-9223372036854775809e", false, 0},
	    {"i18446744073709551616e", false, 0},
	    {"i99999999999999999999999999e", false, 0}, {"1:1", false, 0},
	    {"le", false, 0}, {"", false, 0}, {"i", false, 0},
	    {"i1", false, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct octets v = text(cases[i].text);
		int64_t n = 0;

		ck_assert_int_eq(ben_int(&v, &n), cases[i].fits);
		ck_assert_int_eq(n, cases[i].n);
	}
}
END_TEST

START_TEST(the_first_of_two_equal_keys_counts_and_order_does_not)
{
	struct octets d = text("d1:bi1e1:ai2e1:bi3ee"), v;
	int64_t n;

	ck_assert(ben_find(&d, "b", &v) && ben_int(&v, &n));
	ck_assert_int_eq(n, 1);
	ck_assert(ben_find(&d, "a", &v) && ben_int(&v, &n));
	ck_assert_int_eq(n, 2);
	ck_assert(!ben_find(&d, "c", &v));
	ck_assert(!ben_find(&d, "", &v));
}
END_TEST

START_TEST(a_value_is_handed_out_verbatim)
{
	struct octets d = text("d1:vd1:bi7e1:al3:e:eee1:x0:e"), v;

	ck_assert(ben_find(&d, "v", &v));
	ck_assert(octets_eq(&v, "d1:bi7e1:al3:e:eee", 18));
	ck_assert(ben_is_value(v.p, v.len));
}
END_TEST

START_TEST(members_come_in_their_order_with_and_without_keys)
{
	struct octets l = text("l1:ai2elee"), d = text("d1:z1:a1:y1:be"), k, v;
	struct ben_iter it;

	ck_assert(ben_open(&it, &l) && !it.is_dict);
	ck_assert(ben_next(&it, &k, &v) && k.p == NULL);
	ck_assert_int_eq(ben_type(&v), BEN_STR);
	ck_assert(ben_next(&it, NULL, &v));
	ck_assert_int_eq(ben_type(&v), BEN_INT);
	ck_assert(ben_next(&it, NULL, &v));
	ck_assert_int_eq(ben_type(&v), BEN_LIST);
	ck_assert(!ben_next(&it, NULL, &v));
	ck_assert(ben_open(&it, &d) && it.is_dict);
	ck_assert(ben_next(&it, &k, NULL) && octets_eq(&k, "z", 1));
	ck_assert(ben_next(&it, &k, &v) && octets_eq(&k, "y", 1));
	ck_assert(octets_eq(&v, "1:b", 3));
	ck_assert(!ben_next(&it, &k, &v));
}
END_TEST

START_TEST(nothing_is_found_in_what_was_never_checked)
{
	static const char *const bad[] = {
	    "", "d", "l", "dd", "di1ei2ee", "d1:a", "d9:ae", "lli", "x", "ll"};
	struct octets k, v;
	struct ben_iter it;
	int64_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct octets o = text(bad[i]);

		ck_assert(!ben_find(&o, "a", &v));
		if (ben_open(&it, &o))
			while (ben_next(&it, &k, &v))
				ck_assert_uint_gt(v.len, 0);
		ck_assert(!ben_int(&o, &n));
		ck_assert(!ben_str(&o, &v));
	}
}
END_TEST

START_TEST(what_is_written_is_canonical)
{
	uint8_t mem[64];
	struct octets v = text("li1ee");
	struct wbuf w;

	wbuf_init(&w, mem, sizeof(mem));
	ben_put_dict(&w);
	ben_put_key(&w, "a");
	ben_put_int(&w, INT64_MIN);
	ben_put_key(&w, "b");
	ben_put_list(&w);
	ben_put_str(&w, NULL, 0);
	ben_put_int(&w, 0);
	ben_put_end(&w);
	ben_put_key(&w, "v");
	ben_put_verbatim(&w, &v);
	ben_put_end(&w);
	ck_assert_int_eq(wbuf_done(&w), 0);
	v = (struct octets){mem, w.len};
	ck_assert(
	    octets_eq(&v, "d1:ai-9223372036854775808e1:bl0:i0ee1:vli1eee", 45));
}
END_TEST

START_TEST(what_does_not_fit_is_not_written)
{
	uint8_t mem[8];

	for (size_t cap = 0; cap < 6; cap++) {
		struct wbuf w;

		wbuf_init(&w, mem, cap);
		ben_put_str(&w, "spam", 4);
		ck_assert_int_eq(wbuf_done(&w), -1);
	}
}
END_TEST

/* ---- generated ---- */

/* A value of any shape, not deeper than allowed and a little beyond. */
static void
generate(struct wbuf *w, uint64_t *seed, int depth)
{
	uint8_t octets[40];
	uint64_t r = unit_random(seed);
	unsigned n = (unsigned)(r >> 8) % 5;

	if (r % 4 < 2 && depth < BEN_DEPTH + 1) {
		if (r % 4 == 0)
			ben_put_list(w);
		else
			ben_put_dict(w);
		for (unsigned i = 0; i < n; i++) {
			if (r % 4 == 1)
				ben_put_str(w, &"abcdefg"[i], 1 + i % 3);
			generate(w, seed, depth + 1);
		}
		ben_put_end(w);
	} else if (r % 4 == 3)
		ben_put_int(w, (int64_t)(unit_random(seed) >> r % 64));
	else {
		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)unit_random(seed);
		ben_put_str(w, octets, (r >> 8) % sizeof(octets));
	}
}

/* An exact copy in the heap, so that one octet too far is seen. */
static bool
agree_exactly(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len == 0 ? 1 : len);
	bool same;

	memcpy(copy, data, len);
	same = both_agree(copy, len);
	free(copy);
	return same;
}

START_TEST(a_slow_parser_thinks_the_same_of_everything)
{
	static const char alphabet[] = "iledx-:0123456789";
	uint64_t seed = unit_seed();
	uint8_t mem[4096];

	for (int round = 0; round < 3000; round++) {
		struct wbuf w;
		size_t at;

		wbuf_init(&w, mem, sizeof(mem));
		generate(&w, &seed, 0);
		if (wbuf_done(&w) == -1)
			continue;
		ck_assert_msg(agree_exactly(mem, w.len), "SEED=%lu",
		    (unsigned long)unit_seed());
		for (int i = 0; i < 8; i++) {
			at = (size_t)(unit_random(&seed) % w.len);
			mem[at] = (uint8_t)
			    alphabet[unit_random(&seed) % strlen(alphabet)];
			ck_assert_msg(agree_exactly(mem, w.len), "SEED=%lu",
			    (unsigned long)unit_seed());
		}
	}
}
END_TEST

START_TEST(no_value_ends_early)
{
	uint64_t seed = unit_seed();
	uint8_t mem[1024];

	for (int round = 0; round < 300; round++) {
		struct wbuf w;

		wbuf_init(&w, mem, sizeof(mem));
		generate(&w, &seed, 8);
		if (wbuf_done(&w) == -1 || !ben_is_value(mem, w.len))
			continue;
		for (size_t len = 0; len < w.len; len++) {
			ck_assert_uint_eq(ben_length(mem, len), 0);
			ck_assert(agree_exactly(mem, len));
		}
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_a_value,
	    what_is_none,
	    sixteen_levels_are_read_and_seventeen_are_not,
	    integers_have_64_bits_and_not_one_more,
	    the_first_of_two_equal_keys_counts_and_order_does_not,
	    a_value_is_handed_out_verbatim,
	    members_come_in_their_order_with_and_without_keys,
	    nothing_is_found_in_what_was_never_checked,
	    what_is_written_is_canonical,
	    what_does_not_fit_is_not_written,
	    a_slow_parser_thinks_the_same_of_everything,
	    no_value_ends_early,
	};

	return UNIT_RUN("bencode", tests);
}
