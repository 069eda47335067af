/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_aead.c */
/*
 * The data path's AEAD in its two forms and the one-shot function: three
 * witnesses that must say the same of every text.
 *
 * Input: one octet of choices, counter (8), one octet of key, two octets that
 * choose a bit to be changed, the text.  The text may stand for the ciphertext,
 * so that the fuzzer, which can't invert a key stream, has Poly1305's input in
 * its hands.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "log.h"

enum { AS_CIPHERTEXT = 1, IN_PLACE = 2, CHANGED = 4, CUT = 8, REKEYED = 16 };

#define HEAD 12

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct input {
	unsigned choices;
	uint64_t counter;
	uint8_t key[32];
	size_t bit;
	const uint8_t *text;
	size_t len;
};

static void
expect(bool ok)
{
	if (!ok)
		abort();
}

static uint8_t *
room(size_t len)
{
	uint8_t *p = malloc(len > 0 ? len : 1);

	expect(p != NULL);
	return p;
}

static void
read_input(struct input *i, const uint8_t *p, size_t len)
{
	*i = (struct input){.choices = p[0], .text = p + HEAD};
	i->len = len - HEAD;
	for (int k = 0; k < 8; k++)
		i->counter |= (uint64_t)p[1 + k] << 8 * k;
	memset(i->key, p[9], sizeof(i->key));
	i->bit = ((size_t)p[10] << 8 | p[11]) % (8 * (i->len + CRYPTO_TAG));
}

static struct aead *
context(bool split, const struct input *i)
{
	static const uint8_t other[32] = {1, 2, 3};
	struct aead *a;

	crypto_aead_prefer(split);
	expect(crypto_aead_is_split() == split);
	a = aead_new((i->choices & REKEYED) != 0 ? other : i->key);
	expect(a != NULL);
	if ((i->choices & REKEYED) != 0)
		expect(aead_rekey(a, i->key) == 0);
	return a;
}

/* What to seal: the text, or what has the text for its ciphertext. */
static uint8_t *
plaintext(const struct input *i)
{
	uint8_t *p = room(i->len + CRYPTO_TAG), *exact = room(i->len);

	memset(p, 0, i->len);
	if ((i->choices & AS_CIPHERTEXT) != 0)
		crypto_seal(p, i->key, i->counter, NULL, 0, p, i->len);
	for (size_t k = 0; k < i->len; k++)
		exact[k] = p[k] ^ i->text[k];
	free(p);
	return exact;
}

static void
try_form(bool split, const struct input *i, const uint8_t *plain,
    const uint8_t *want)
{
	size_t boxed = i->len + CRYPTO_TAG;
	uint8_t *box = room(boxed), *out = room(i->len);
	struct aead *a = context(split, i);
	bool changed = (i->choices & CHANGED) != 0, cut = false;

	if ((i->choices & IN_PLACE) != 0) {
		memcpy(box, plain, i->len);
		aead_seal(a, i->counter, box, box, i->len);
	} else {
		aead_seal(a, i->counter, box, plain, i->len);
	}
	expect(memcmp(box, want, boxed) == 0);
	if (changed)
		box[i->bit / 8] ^= (uint8_t)(1 << i->bit % 8);
	if ((i->choices & CUT) != 0) {
		boxed = i->bit / 8;
		cut = true;
	}
	if ((i->choices & IN_PLACE) != 0) {
		free(out);
		out = box;
	}
	if (aead_open(a, i->counter, out, box, boxed) == 0) {
		expect(!changed && !cut);
		expect(memcmp(out, plain, i->len) == 0);
	} else
		expect(changed || cut);
	if (out != box)
		free(out);
	free(box);
	aead_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool ready;
	uint8_t *plain, *want;
	struct input i;

	if (!ready) {
		log_init("fuzz", LOG_L_ERROR);
		expect(crypto_init() == 0);
		ready = true;
	}
	if (len < HEAD)
		return 0;
	read_input(&i, data, len);
	plain = plaintext(&i);
	want = room(i.len + CRYPTO_TAG);
	crypto_seal(want, i.key, i.counter, NULL, 0, plain, i.len);
	if ((i.choices & AS_CIPHERTEXT) != 0)
		expect(memcmp(want, i.text, i.len) == 0);
	try_form(false, &i, plain, want);
	try_form(true, &i, plain, want);
	free(want);
	free(plain);
	return 0;
}
