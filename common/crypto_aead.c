/* SPDX-License-Identifier: ISC */
/* file: common/crypto_aead.c */
/*
 * ChaCha20-Poly1305: the one-shot functions of crypto.h and the contexts of
 * the data path.  The rules of crypto.c's head hold here, too.
 *
 * The data path has two forms.  "Whole" is libcrypto's own AEAD.  "Split" is
 * RFC 8439, section 2.8, done here with libcrypto's ChaCha20 and Poly1305; it
 * takes a quarter less time for a full packet and a third less for a small
 * one.  The library's AEAD has its cipher, which makes up to sixteen blocks in
 * the time of one or two, run thrice: for the block of the Poly1305 key, for
 * the text and for the incomplete block at its end.  Here they are one text, in
 * a scratch buffer with room for whole blocks; copying costs far less.
 *
 * A packet is opened only after its tag was found good: until then there is
 * key stream in the scratch buffer and no plaintext anywhere.
 *
 * crypto_init compares the two forms; where they differ, or where there is no
 * Poly1305 to be had, packets take the whole one.
 *
 * A context's state is all its own, so that each of several threads may use
 * one.  A packet allocates nothing.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto.h"
#include "crypto_int.h"
#include "log.h"

#define BLOCK 64 /* of ChaCha20 */
/*
 * Of a text up to HEAD, which is a full packet of an Ethernet, all goes through
 * the scratch buffer; of a longer one LONG_HEAD, so that with the key's block
 * it is a run of sixteen, and the rest is given to the library where it is.
 */
#define HEAD (23 * BLOCK)
#define LONG_HEAD (15 * BLOCK)
#define PART 16 /* what Poly1305 is padded to */

#define TEST_EACH 200 /* at start, every length up to this one */
#define TEST_MAX 65535

/* How to seal and open packets. */
struct form {
	bool (*set_up)(struct aead *, const uint8_t key[32]);
	bool (*rekey)(struct aead *, const uint8_t key[32]);
	void (*seal)(struct aead *, uint64_t counter, uint8_t *out,
	    const uint8_t *in, size_t len);
	/* len: without the tag */
	int (*open)(struct aead *, uint64_t counter, uint8_t *out,
	    const uint8_t *in, size_t len);
};

struct aead {
	const struct form *form; /* NULL: has no key */
	EVP_CIPHER_CTX *ctx;
	EVP_MAC_CTX *mac; /* split */
	bool seals;       /* whole: the direction ctx is set to */
	uint8_t key[32];  /* whole: for the other one */
};

static struct {
	EVP_CIPHER *aead, *chacha;
	EVP_MAC *poly; /* NULL: there is only the whole form */
	EVP_CIPHER_CTX *once;
	const struct form *form; /* of new contexts */
	bool agree;              /* the split form gives what the AEAD gives */
} lib;

static const uint8_t zero_key[32];

/* ---- ChaCha20-Poly1305 ---- */

static void
put_le64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static void
iv_from(uint8_t iv[CRYPTO_IV], uint64_t counter)
{
	memset(iv, 0, 4);
	put_le64(iv + 4, counter);
}

/* What is left once the context has key and nonce. */
static void
seal_with(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
	int n = 0;

	if (len > 0)
		must(EVP_EncryptUpdate(ctx, out, &n, in, ilen(len)));
	must(EVP_EncryptFinal_ex(ctx, out + len, &n));
	must(EVP_CIPHER_CTX_ctrl(
	    ctx, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG, out + len));
}

/* len is that of the plaintext */
static int
open_with(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
	uint8_t tag[CRYPTO_TAG];
	int n = 0;

	memcpy(tag, in + len, CRYPTO_TAG);
	must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG, tag));
	if (len > 0)
		must(EVP_DecryptUpdate(ctx, out, &n, in, ilen(len)));
	if (EVP_DecryptFinal_ex(ctx, tag, &n) == 1)
		return 0;
	ERR_clear_error();
	return -1;
}

static void
once_begin(int enc, const uint8_t key[32], const uint8_t iv[CRYPTO_IV],
    const void *ad, size_t adlen)
{
	int n;

	must(EVP_CipherInit_ex2(lib.once, NULL, key, iv, enc, NULL));
	if (adlen > 0)
		must(EVP_CipherUpdate(lib.once, NULL, &n, ad, ilen(adlen)));
}

static void
once_end(void)
{
	must(EVP_CipherInit_ex2(lib.once, NULL, zero_key, NULL, -1, NULL));
}

void
crypto_seal_iv(uint8_t *out, const uint8_t key[32], const uint8_t iv[CRYPTO_IV],
    const void *ad, size_t adlen, const void *in, size_t len)
{
	once_begin(1, key, iv, ad, adlen);
	seal_with(lib.once, out, in, len);
	once_end();
}

int
crypto_open_iv(uint8_t *out, const uint8_t key[32], const uint8_t iv[CRYPTO_IV],
    const void *ad, size_t adlen, const void *in, size_t len)
{
	int r;

	if (len < CRYPTO_TAG)
		return -1;
	once_begin(0, key, iv, ad, adlen);
	r = open_with(lib.once, out, in, len - CRYPTO_TAG);
	once_end();
	if (r == -1)
		crypto_wipe(out, len - CRYPTO_TAG);
	return r;
}

void
crypto_seal(uint8_t *out, const uint8_t key[32], uint64_t counter,
    const void *ad, size_t adlen, const void *in, size_t len)
{
	uint8_t iv[CRYPTO_IV];

	iv_from(iv, counter);
	crypto_seal_iv(out, key, iv, ad, adlen, in, len);
}

int
crypto_open(uint8_t *out, const uint8_t key[32], uint64_t counter,
    const void *ad, size_t adlen, const void *in, size_t len)
{
	uint8_t iv[CRYPTO_IV];

	iv_from(iv, counter);
	return crypto_open_iv(out, key, iv, ad, adlen, in, len);
}

/* ---- the data path, whole ---- */

static bool
whole_set_up(struct aead *a, const uint8_t key[32])
{
	a->seals = true;
	memcpy(a->key, key, sizeof(a->key));
	return EVP_CipherInit_ex2(a->ctx, lib.aead, key, NULL, 1, NULL) == 1;
}

static bool
whole_rekey(struct aead *a, const uint8_t key[32])
{
	memcpy(a->key, key, sizeof(a->key));
	return EVP_CipherInit_ex2(a->ctx, NULL, key, NULL, -1, NULL) == 1;
}

/* A packet costs only its nonce; the key again on a change of direction. */
static void
whole_begin(struct aead *a, uint64_t counter, bool seals)
{
	const uint8_t *key = a->seals == seals ? NULL : a->key;
	uint8_t iv[CRYPTO_IV];

	iv_from(iv, counter);
	must(EVP_CipherInit_ex2(a->ctx, NULL, key, iv, seals ? 1 : 0, NULL));
	a->seals = seals;
}

static void
whole_seal(struct aead *a, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len)
{
	whole_begin(a, counter, true);
	seal_with(a->ctx, out, in, len);
}

static int
whole_open(struct aead *a, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len)
{
	whole_begin(a, counter, false);
	return open_with(a->ctx, out, in, len);
}

static const struct form whole = {
    .set_up = whole_set_up,
    .rekey = whole_rekey,
    .seal = whole_seal,
    .open = whole_open,
};

/* ---- the data path, split ---- */

static bool
split_set_up(struct aead *a, const uint8_t key[32])
{
	a->mac = EVP_MAC_CTX_new(lib.poly);
	return a->mac != NULL &&
	    EVP_CipherInit_ex2(a->ctx, lib.chacha, key, NULL, 1, NULL) == 1;
}

static bool
split_rekey(struct aead *a, const uint8_t key[32])
{
	return EVP_CipherInit_ex2(a->ctx, NULL, key, NULL, 1, NULL) == 1;
}

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/*
 * The key stream, from its beginning, over the n octets at buf and what is
 * missing to a whole block.  The library's IV is the number of the first block
 * and then the nonce.
 */
static void
stream_head(struct aead *a, uint64_t counter, uint8_t *buf, size_t n)
{
	uint8_t iv[4 + CRYPTO_IV] = {0};
	int got;

	iv_from(iv + 4, counter);
	must(EVP_EncryptInit_ex2(a->ctx, NULL, NULL, iv, NULL));
	must(
	    EVP_EncryptUpdate(a->ctx, buf, &got, buf, (int)round_up(n, BLOCK)));
}

/* The key stream goes on over the n octets behind the head. */
static void
stream_rest(struct aead *a, uint8_t *out, const uint8_t *in, size_t n)
{
	int got;

	must(EVP_EncryptUpdate(a->ctx, out, &got, in, ilen(n)));
}

/*
 * The tag of a ciphertext without additional data: Poly1305 over the text,
 * zeroes up to a multiple of 16, and the lengths of both.  The end of the text
 * is copied, so that the library has two parts to add and not three.
 */
static void
split_tag(struct aead *a, const uint8_t key[32], uint8_t tag[CRYPTO_TAG],
    const uint8_t *text, size_t len)
{
	uint8_t end[3 * PART] = {0};
	size_t n = len % (2 * PART), full = round_up(n, PART), got;

	memcpy(end, text + len - n, n);
	put_le64(end + full + PART / 2, len);
	must(EVP_MAC_init(a->mac, key, 32, NULL));
	if (len > n)
		must(EVP_MAC_update(a->mac, text, len - n));
	must(EVP_MAC_update(a->mac, end, full + PART));
	must(EVP_MAC_final(a->mac, tag, &got, CRYPTO_TAG));
}

static void
split_seal(struct aead *a, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len)
{
	uint8_t buf[BLOCK + HEAD]; /* the key, the text, nothing of use */
	size_t n = len <= HEAD ? len : LONG_HEAD;

	memset(buf, 0, BLOCK);
	if (n > 0)
		memcpy(buf + BLOCK, in, n);
	stream_head(a, counter, buf, BLOCK + n);
	memcpy(out, buf + BLOCK, n);
	if (len > n)
		stream_rest(a, out + n, in + n, len - n);
	split_tag(a, buf, out + len, out, len);
	crypto_wipe(buf, 32);
}

/* Eight octets of both, combined. */
static void
combine_word(uint8_t *out, const uint8_t *in, const uint8_t *stream)
{
	uint64_t x, y;

	memcpy(&x, in, sizeof(x));
	memcpy(&y, stream, sizeof(y));
	x ^= y;
	memcpy(out, &x, sizeof(x));
}

static void
combine(uint8_t *out, const uint8_t *in, const uint8_t *stream, size_t len)
{
	size_t i = 0;

	for (; len - i >= PART; i += PART) {
		combine_word(out + i, in + i, stream + i);
		combine_word(out + i + 8, in + i + 8, stream + i + 8);
	}
	for (; i < len; i++)
		out[i] = in[i] ^ stream[i];
}

static int
split_open(struct aead *a, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len)
{
	uint8_t buf[BLOCK + HEAD], tag[CRYPTO_TAG];
	size_t n = len <= HEAD ? len : LONG_HEAD;

	memset(buf, 0, round_up(BLOCK + n, BLOCK));
	stream_head(a, counter, buf, BLOCK + n);
	split_tag(a, buf, tag, in, len);
	crypto_wipe(buf, 32);
	if (!crypto_equal(tag, in + len, CRYPTO_TAG))
		return -1;
	combine(out, in, buf + BLOCK, n);
	if (len > n)
		stream_rest(a, out + n, in + n, len - n);
	return 0;
}

static const struct form split = {
    .set_up = split_set_up,
    .rekey = split_rekey,
    .seal = split_seal,
    .open = split_open,
};

/* ---- the data path ---- */

static struct aead *
form_new(const struct form *form, const uint8_t key[32])
{
	struct aead *a;

	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->form = form;
	a->ctx = EVP_CIPHER_CTX_new();
	if (a->ctx == NULL || !form->set_up(a, key)) {
		ERR_clear_error();
		aead_free(a);
		return NULL;
	}
	return a;
}

struct aead *
aead_new(const uint8_t key[32])
{
	return form_new(lib.form, key);
}

int
aead_rekey(struct aead *a, const uint8_t key[32])
{
	if (a->form != NULL && a->form->rekey(a, key))
		return 0;
	ERR_clear_error();
	a->form = NULL;
	return -1;
}

void
aead_free(struct aead *a)
{
	if (a == NULL)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	EVP_MAC_CTX_free(a->mac);
	crypto_wipe(a, sizeof(*a));
	free(a);
}

void
aead_seal(struct aead *a, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len)
{
	must(a->form != NULL);
	a->form->seal(a, counter, out, in, len);
}

int
aead_open(struct aead *a, uint64_t counter, uint8_t *out, const uint8_t *in,
    size_t len)
{
	must(a->form != NULL);
	if (len < CRYPTO_TAG)
		return -1;
	return a->form->open(a, counter, out, in, len - CRYPTO_TAG);
}

bool
crypto_aead_is_split(void)
{
	return lib.form == &split;
}

void
crypto_aead_prefer(bool is_split)
{
	lib.form = is_split && lib.agree ? &split : &whole;
}

/* ---- start-up ---- */

bool
crypto_aead_fetch(void)
{
	lib.aead = EVP_CIPHER_fetch(NULL, "ChaCha20-Poly1305", NULL);
	lib.chacha = EVP_CIPHER_fetch(NULL, "ChaCha20", NULL);
	lib.poly = EVP_MAC_fetch(NULL, "Poly1305", NULL);
	lib.once = EVP_CIPHER_CTX_new();
	return lib.aead != NULL && lib.chacha != NULL && lib.once != NULL &&
	    EVP_CipherInit_ex2(lib.once, lib.aead, zero_key, NULL, 1, NULL) ==
	    1;
}

/* Every call of a packet, once, with its answer looked at. */
static bool
probe(struct aead *s)
{
	uint8_t iv[4 + CRYPTO_IV] = {0}, buf[BLOCK] = {0}, tag[CRYPTO_TAG];
	size_t got = 0;
	int n = 0;

	return EVP_CIPHER_CTX_get_iv_length(s->ctx) == sizeof(iv) &&
	    EVP_EncryptInit_ex2(s->ctx, NULL, NULL, iv, NULL) == 1 &&
	    EVP_EncryptUpdate(s->ctx, buf, &n, buf, BLOCK) == 1 && n == BLOCK &&
	    EVP_MAC_init(s->mac, buf, 32, NULL) == 1 &&
	    EVP_MAC_CTX_get_mac_size(s->mac) == sizeof(tag) &&
	    EVP_MAC_update(s->mac, buf, sizeof(buf)) == 1 &&
	    EVP_MAC_final(s->mac, tag, &got, sizeof(tag)) == 1 &&
	    got == sizeof(tag);
}

/* One length: what one form seals, the other opens, and no forgery. */
static bool
agree_at(struct aead *w, struct aead *s, uint8_t *buf[3], size_t len)
{
	uint64_t counter = (uint64_t)len << 29 ^ 0x8001020304050607;
	const uint8_t *text = buf[0];
	uint8_t *a = buf[1], *b = buf[2];
	size_t bit = len % (8 * CRYPTO_TAG);

	whole_seal(w, counter, a, text, len);
	split_seal(s, counter, b, text, len);
	if (!crypto_equal(a, b, len + CRYPTO_TAG))
		return false;
	if (split_open(s, counter, b, a, len) == -1 ||
	    !crypto_equal(b, text, len))
		return false;
	a[len + bit / 8] ^= (uint8_t)(1 << bit % 8);
	return split_open(s, counter, b, a, len) == -1;
}

/* Lengths on both sides of everything that makes a difference in here. */
static bool
agree(struct aead *w, struct aead *s)
{
	static const size_t more[] = {1408, 1420, HEAD - 1, HEAD, HEAD + 1,
	    HEAD + BLOCK - 1, HEAD + BLOCK, 3 * HEAD + 5, TEST_MAX};
	uint8_t *mem = malloc(3 * (TEST_MAX + CRYPTO_TAG)), *buf[3];
	bool ok = true;

	if (mem == NULL)
		return false;
	for (int i = 0; i < 3; i++)
		buf[i] = mem + i * (TEST_MAX + CRYPTO_TAG);
	for (uint32_t i = 0; i < TEST_MAX; i++)
		buf[0][i] = (uint8_t)(i * 0x9e3779b1 >> 24);
	for (size_t len = 0; ok && len <= TEST_EACH; len++)
		ok = agree_at(w, s, buf, len);
	for (size_t i = 0; ok && i < sizeof(more) / sizeof(more[0]); i++)
		ok = agree_at(w, s, buf, more[i]);
	free(mem);
	return ok;
}

void
crypto_aead_choose(void)
{
	static const uint8_t key[32] = {0x5c, 0x01, 0x17};
	struct aead *w = form_new(&whole, key), *s = NULL;

	if (lib.poly != NULL)
		s = form_new(&split, key);
	lib.agree = w != NULL && s != NULL && probe(s) && agree(w, s);
	aead_free(w);
	aead_free(s);
	if (!lib.agree)
		log_warnx("libcrypto: ChaCha20 and Poly1305 do not make "
			  "ChaCha20-Poly1305; packets take the slower form");
	crypto_aead_prefer(true);
}
