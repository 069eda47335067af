/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_aead.c */
/*
 * The data path's AEAD, in both of its forms (test _i: 0 whole, 1 split): at
 * every length what libcrypto's one-shot AEAD gives, at the edges of Poly1305
 * what the definition gives, and nothing that was changed opens.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "crypto.h"
#include "hex.h"
#include "poly_edges.h"
#include "unit.h"

#define EACH_MAX 4096
#define TEXT_MAX 200000
#define FORMS 2

static size_t allocations;

static void *
counted_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return malloc(len);
}

static void *
counted_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	return realloc(p, len);
}

static void
counted_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* A context of the wanted form. */
static struct aead *
context(int form, const uint8_t key[32])
{
	struct aead *a;

	crypto_aead_prefer(form == 1);
	ck_assert_int_eq(crypto_aead_is_split(), form == 1);
	a = aead_new(key);
	ck_assert_ptr_nonnull(a);
	return a;
}

static void
fill(uint8_t *p, size_t len, uint64_t *state)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(unit_random(state) >> 40);
}

static void
hold(bool ok, const char *what, size_t len)
{
	ck_assert_msg(ok, "%s, %zu octets, SEED=%llu", what, len,
	    (unsigned long long)unit_seed());
}

static uint8_t *
room(size_t len)
{
	uint8_t *p;

	ck_assert_uint_le(len, TEXT_MAX + CRYPTO_TAG);
	p = malloc(len);
	ck_assert_ptr_nonnull(p);
	return p;
}

/*
 * One text: sealed disjoint and in place, opened disjoint and in place.  All
 * buffers have the exact length, so that a sanitizer sees one octet more.
 */
static void
same_as_one_shot(struct aead *a, const uint8_t key[32], uint64_t counter,
    const uint8_t *text, size_t len)
{
	size_t boxed = len + CRYPTO_TAG;
	uint8_t *want = room(boxed), *in = room(len + 1);
	uint8_t *out = room(boxed), *back = room(len + 1);

	crypto_seal(want, key, counter, NULL, 0, text, len);
	memcpy(in, text, len);
	in[len] = back[len] = 0xa5;
	aead_seal(a, counter, out, in, len);
	hold(memcmp(out, want, boxed) == 0, "seal", len);
	hold(aead_open(a, counter, back, out, boxed) == 0, "open", len);
	hold(memcmp(back, text, len) == 0, "opened", len);
	hold(memcmp(out, want, boxed) == 0, "opened from", len);
	hold(memcmp(in, text, len) == 0, "sealed from", len);
	hold(in[len] == 0xa5 && back[len] == 0xa5, "octet behind", len);

	memcpy(out, text, len);
	aead_seal(a, counter, out, out, len);
	hold(memcmp(out, want, boxed) == 0, "seal in place", len);
	hold(aead_open(a, counter, out, out, boxed) == 0, "open there", len);
	hold(memcmp(out, text, len) == 0, "opened in place", len);
	free(want);
	free(in);
	free(out);
	free(back);
}

START_TEST(every_length_is_sealed_and_opened_like_the_one_shot)
{
	static uint8_t text[EACH_MAX];
	uint8_t key[32] = {11};
	struct aead *a = context(_i, key);
	uint64_t state = 1;

	fill(text, sizeof(text), &state);
	for (size_t len = 0; len <= sizeof(text); len++)
		same_as_one_shot(a, key, len, text, len);
	aead_free(a);
}
END_TEST

START_TEST(random_keys_counters_and_long_texts_are_no_exception)
{
	static uint8_t text[TEXT_MAX];
	uint64_t state = unit_seed(), counter;
	uint8_t key[32];

	for (int i = 0; i < 100; i++) {
		size_t len = unit_random(&state) % (i < 50 ? 9000 : TEXT_MAX);
		struct aead *a;

		fill(key, sizeof(key), &state);
		fill(text, len, &state);
		counter = unit_random(&state);
		a = context(_i, key);
		same_as_one_shot(a, key, counter, text, len);
		aead_free(a);
	}
}
END_TEST

START_TEST(a_counter_has_sixty_four_bits)
{
	static const uint64_t counters[] = {0, 1, 0xff, 0x100, 0x7fffffff,
	    0x80000000, 0xffffffff, 0x100000000, 0x100000001,
	    0x0102030405060708, INT64_MAX, (uint64_t)1 << 63, UINT64_MAX - 1,
	    UINT64_MAX};
	uint8_t key[32] = {12}, text[300] = {0}, box[316], other[316];
	struct aead *a = context(_i, key);

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		same_as_one_shot(a, key, counters[i], text, sizeof(text));
		aead_seal(a, counters[i], box, text, sizeof(text));
		ck_assert_int_eq(
		    aead_open(a, counters[i] + 1, other, box, sizeof(box)), -1);
		ck_assert_int_eq(aead_open(a, counters[i] ^ (uint64_t)1 << 32,
				     other, box, sizeof(box)),
		    -1);
	}
	aead_free(a);
}
END_TEST

/* The plaintext for the wanted ciphertext: the key stream is a sealed zero. */
static void
plain_for(uint8_t *text, const uint8_t *want, size_t len, const uint8_t key[32],
    uint64_t counter)
{
	uint8_t *stream = room(len + CRYPTO_TAG);

	memset(stream, 0, len);
	crypto_seal(stream, key, counter, NULL, 0, stream, len);
	for (size_t i = 0; i < len; i++)
		text[i] = want[i] ^ stream[i];
	free(stream);
}

START_TEST(poly1305_is_right_where_carries_are)
{
	uint8_t key[32], want[1500], text[1500], box[1500], tag[CRYPTO_TAG];
	struct aead *a;

	for (int i = 0; i < 32; i++)
		key[i] = (uint8_t)i;
	a = context(_i, key);
	for (const struct poly_edge *e = poly_edges; e < poly_edges + NEDGES;
	     e++) {
		size_t len = (size_t)e->blocks * 16;

		memset(want, e->fill, len);
		unhex(want + len - 32, 32, e->end);
		unhex(tag, sizeof(tag), e->tag);
		plain_for(text, want, len, key, e->counter);
		aead_seal(a, e->counter, box, text, len);
		ck_assert_mem_eq(box, want, len);
		ck_assert_mem_eq(box + len, tag, CRYPTO_TAG);
		same_as_one_shot(a, key, e->counter, text, len);
	}
	aead_free(a);
}
END_TEST

/* Ciphertexts of one octet, of every shape of a last block. */
START_TEST(uniform_ciphertexts_are_no_exception)
{
	static const uint8_t octets[] = {0x00, 0xff, 0xfb, 0xfc, 0x80, 0x7f};
	uint8_t key[32] = {13}, want[1600], text[1600];
	struct aead *a = context(_i, key);

	for (size_t o = 0; o < sizeof(octets); o++)
		for (size_t len = 1; len < sizeof(want); len += 1 + len / 16) {
			memset(want, octets[o], len);
			plain_for(text, want, len, key, len);
			same_as_one_shot(a, key, len, text, len);
		}
	aead_free(a);
}
END_TEST

START_TEST(no_changed_bit_of_a_tag_opens)
{
	static const size_t lens[] = {0, 1, 15, 16, 64, 100, 1420, 1473, 5000};
	static uint8_t box[5016], out[5016];
	uint8_t key[32] = {14};
	struct aead *a = context(_i, key);

	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		size_t len = lens[i];

		memset(box, 0x3c, len);
		aead_seal(a, i, box, box, len);
		for (size_t bit = 8 * len; bit < 8 * (len + CRYPTO_TAG);
		     bit++) {
			box[bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_assert_int_eq(
			    aead_open(a, i, out, box, len + CRYPTO_TAG), -1);
			box[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		ck_assert_int_eq(
		    aead_open(a, i, out, box, len + CRYPTO_TAG), 0);
	}
	aead_free(a);
}
END_TEST

START_TEST(no_changed_octet_of_a_text_opens)
{
	static uint8_t box[1700], out[1700];
	uint8_t key[32] = {15};
	struct aead *a = context(_i, key);
	size_t len = sizeof(box) - CRYPTO_TAG;

	memset(box, 0xc3, len);
	aead_seal(a, 1, box, box, len);
	for (size_t i = 0; i < len; i++) {
		box[i] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(aead_open(a, 1, out, box, sizeof(box)), -1);
		box[i] ^= (uint8_t)(1 << i % 8);
	}
	ck_assert_int_eq(aead_open(a, 1, out, box, sizeof(box)), 0);
	aead_free(a);
}
END_TEST

START_TEST(nothing_cut_or_extended_opens)
{
	uint8_t key[32] = {16}, box[200 + CRYPTO_TAG + 1] = {0}, out[217];
	struct aead *a = context(_i, key);
	size_t whole = sizeof(box) - 1;

	aead_seal(a, 1, box, box, 200);
	for (size_t len = 0; len <= sizeof(box); len++)
		ck_assert_int_eq(
		    aead_open(a, 1, out, box, len), len == whole ? 0 : -1);
	/* of nothing at all there is a tag, too */
	aead_seal(a, 2, box, NULL, 0);
	ck_assert_int_eq(aead_open(a, 2, NULL, box, CRYPTO_TAG), 0);
	ck_assert_int_eq(aead_open(a, 2, out, box, CRYPTO_TAG - 1), -1);
	aead_free(a);
}
END_TEST

START_TEST(the_split_form_writes_nothing_of_a_forgery)
{
	static const size_t lens[] = {1, 64, 1420, 3000};
	static uint8_t box[3016], out[3000], untouched[3000];
	uint8_t key[32] = {17};
	struct aead *a = context(1, key);

	memset(untouched, 0x77, sizeof(untouched));
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(box, 0, sizeof(box));
		aead_seal(a, 1, box, box, lens[i]);
		box[0] ^= 1;
		memset(out, 0x77, sizeof(out));
		ck_assert_int_eq(
		    aead_open(a, 1, out, box, lens[i] + CRYPTO_TAG), -1);
		ck_assert_mem_eq(out, untouched, sizeof(out));
	}
	aead_free(a);
}
END_TEST

START_TEST(a_new_key_is_as_good_as_a_new_context)
{
	uint8_t key[32] = {0}, text[100] = {1}, box[116], out[116];
	struct aead *a = context(_i, key);

	for (int i = 0; i < 20; i++) {
		key[i % 32]++;
		ck_assert_int_eq(aead_rekey(a, key), 0);
		/* the old key's packets are strangers now */
		if (i > 0)
			ck_assert_int_eq(
			    aead_open(a, 5, out, box, sizeof(box)), -1);
		same_as_one_shot(a, key, (uint64_t)i, text, sizeof(text));
		/* begins with either direction */
		if (i % 2 == 0)
			crypto_seal(box, key, 5, NULL, 0, text, sizeof(text));
		else
			aead_seal(a, 5, box, text, sizeof(text));
		ck_assert_int_eq(aead_open(a, 5, out, box, sizeof(box)), 0);
	}
	aead_free(a);
}
END_TEST

START_TEST(a_packet_allocates_nothing)
{
	static uint8_t buf[20016];
	uint8_t key[32] = {18};
	struct aead *a = context(_i, key);
	size_t before = allocations;

	ck_assert_uint_gt(before, 0);
	for (uint64_t n = 0; n < 500; n++) {
		size_t len = n * 40;

		aead_seal(a, n, buf, buf, len);
		if (n % 3 == 0)
			buf[n] ^= 1;
		ck_assert_int_eq(aead_open(a, n, buf, buf, len + CRYPTO_TAG),
		    n % 3 == 0 ? -1 : 0);
		ck_assert_int_eq(aead_rekey(a, key), 0);
	}
	ck_assert_uint_eq(allocations, before);
	aead_free(a);
}
END_TEST

struct job {
	struct aead *a;
	uint8_t key[32];
	int bad;
};

static void *
work(void *arg)
{
	struct job *j = arg;
	uint8_t buf[1420 + CRYPTO_TAG];

	for (uint64_t n = 0; n < 2000; n++) {
		memset(buf, (int)n, sizeof(buf));
		aead_seal(j->a, n, buf, buf, 1420);
		j->bad += aead_open(j->a, n, buf, buf, sizeof(buf)) != 0;
		j->bad += buf[0] != (uint8_t)n || buf[1419] != (uint8_t)n;
		if (n % 64 == 0) {
			j->key[1]++;
			j->bad += aead_rekey(j->a, j->key) != 0;
		}
	}
	return NULL;
}

START_TEST(threads_with_a_context_each_do_not_meet)
{
	struct job jobs[3] = {{.key = {1}}, {.key = {2}}, {.key = {3}}};
	pthread_t threads[3];

	for (int i = 0; i < 3; i++) {
		jobs[i].a = context(_i, jobs[i].key);
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		ck_assert_int_eq(jobs[i].bad, 0);
		aead_free(jobs[i].a);
	}
}
END_TEST

START_TEST(forms_may_be_mixed_and_the_default_is_split)
{
	uint8_t key[32] = {19}, box[80] = {0};
	struct aead *w, *s;

	ck_assert(crypto_aead_is_split());
	w = context(0, key);
	s = context(1, key);
	aead_seal(w, 1, box, box, 64);
	ck_assert_int_eq(aead_open(s, 1, box, box, 80), 0);
	aead_seal(s, 2, box, box, 64);
	ck_assert_int_eq(aead_open(w, 2, box, box, 80), 0);
	aead_free(w);
	aead_free(s);
}
END_TEST

int
main(void)
{
	/* clang-format off */
	const TTest *const of_both[] = {
		every_length_is_sealed_and_opened_like_the_one_shot,
		random_keys_counters_and_long_texts_are_no_exception,
		a_counter_has_sixty_four_bits,
		poly1305_is_right_where_carries_are,
		uniform_ciphertexts_are_no_exception,
		no_changed_bit_of_a_tag_opens,
		no_changed_octet_of_a_text_opens,
		nothing_cut_or_extended_opens,
		a_new_key_is_as_good_as_a_new_context,
		a_packet_allocates_nothing,
		threads_with_a_context_each_do_not_meet,
	};
	/* clang-format on */
	Suite *s = suite_create("aead");
	TCase *t = tcase_create("forms");
	SRunner *sr = srunner_create(s);
	int failed;

	if (CRYPTO_set_mem_functions(
		counted_malloc, counted_realloc, counted_free) != 1)
		return 1;
	if (crypto_init() == -1)
		return 1;
	tcase_add_test(t, forms_may_be_mixed_and_the_default_is_split);
	tcase_add_test(t, the_split_form_writes_nothing_of_a_forgery);
	for (size_t i = 0; i < sizeof(of_both) / sizeof(of_both[0]); i++)
		tcase_add_loop_test(t, of_both[i], 0, FORMS);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
