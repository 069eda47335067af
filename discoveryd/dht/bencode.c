/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/bencode.c */
/*
 * Reading and writing bencode: see bencode.h.  ben_length is the only place
 * that knows the grammar; it walks without recursion, with one bit for each
 * level.  All others take a value apart with it, so a value that they were
 * given by mistake unchecked is merely found empty.
 */
#include "bencode.h"

#include <string.h>

/* Digits of a number without leading zeros; 0: none such. */
static size_t
digits(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && p[n] >= '0' && p[n] <= '9')
		n++;
	return n > 1 && p[0] == '0' ? 0 : n;
}

/* "i-42e"; 0: not well-formed */
static size_t
int_length(const uint8_t *p, size_t len)
{
	size_t sign = len > 1 && p[1] == '-' ? 1 : 0;
	size_t at = 1 + sign, n;

	if (at >= len)
		return 0;
	n = digits(p + at, len - at);
	if (n == 0 || (sign == 1 && p[at] == '0'))
		return 0;
	at += n;
	return at < len && p[at] == 'e' ? at + 1 : 0;
}

/* "4:spam"; *head gets the octets before the contents; 0: not well-formed */
static size_t
str_length(const uint8_t *p, size_t len, size_t *head)
{
	size_t n = digits(p, len), want = 0;

	if (n == 0 || n == len || p[n] != ':')
		return 0;
	for (size_t i = 0; i < n; i++) {
		want = want * 10 + (size_t)(p[i] - '0');
		if (want > len)
			return 0;
	}
	*head = n + 1;
	return want <= len - *head ? *head + want : 0;
}

/* Where we are in a value: one bit a level, the lowest is the innermost. */
struct walk {
	unsigned depth;
	uint32_t is_dict; /* in a dictionary */
	uint32_t has_key; /* ... of which the value comes next */
};

static bool
key_is_next(const struct walk *w)
{
	return (w->is_dict & 1) != 0 && (w->has_key & 1) == 0;
}

static bool
walk_in(struct walk *w, bool is_dict)
{
	if (w->depth == BEN_DEPTH || key_is_next(w))
		return false;
	w->depth++;
	w->is_dict = w->is_dict << 1 | is_dict;
	w->has_key <<= 1;
	return true;
}

static bool
walk_out(struct walk *w)
{
	if (w->depth == 0 || (w->has_key & 1) != 0)
		return false;
	w->depth--;
	w->is_dict >>= 1;
	w->has_key >>= 1;
	return true;
}

size_t
ben_length(const uint8_t *p, size_t len)
{
	struct walk w = {0};
	size_t at = 0, n, head;

	do {
		if (at == len)
			return 0;
		if (p[at] == 'l' || p[at] == 'd') {
			if (!walk_in(&w, p[at] == 'd'))
				return 0;
			at++;
			continue;
		}
		if (p[at] == 'e')
			n = walk_out(&w) ? 1 : 0;
		else if (p[at] == 'i')
			n = key_is_next(&w) ? 0 : int_length(p + at, len - at);
		else
			n = str_length(p + at, len - at, &head);
		if (n == 0)
			return 0;
		at += n;
		w.has_key ^= w.is_dict & 1;
	} while (w.depth > 0);
	return at;
}

bool
ben_is_value(const uint8_t *p, size_t len)
{
	return len > 0 && ben_length(p, len) == len;
}

enum ben_type
ben_type(const struct octets *value)
{
	if (value->len == 0)
		return BEN_NONE;
	switch (value->p[0]) {
	case 'i':
		return BEN_INT;
	case 'l':
		return BEN_LIST;
	case 'd':
		return BEN_DICT;
	default:
		return value->p[0] >= '0' && value->p[0] <= '9' ? BEN_STR
								: BEN_NONE;
	}
}

bool
ben_str(const struct octets *value, struct octets *out)
{
	size_t head, n = str_length(value->p, value->len, &head);

	if (n == 0)
		return false;
	*out = (struct octets){value->p + head, n - head};
	return true;
}

bool
ben_int(const struct octets *value, int64_t *out)
{
	bool minus;
	uint64_t n = 0, max;

	if (value->len == 0 || value->p[0] != 'i' ||
	    int_length(value->p, value->len) == 0)
		return false;
	minus = value->p[1] == '-';
	max = (uint64_t)INT64_MAX + minus;
	for (const uint8_t *p = value->p + 1 + minus; *p != 'e'; p++) {
		unsigned digit = *p - '0';

		if (n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	/* the least integer has no positive one */
	if (minus)
		*out = n == 0 ? 0 : -(int64_t)(n - 1) - 1;
	else
		*out = (int64_t)n;
	return true;
}

bool
ben_open(struct ben_iter *it, const struct octets *value)
{
	enum ben_type type = ben_type(value);

	*it = (struct ben_iter){.is_dict = type == BEN_DICT};
	if ((type != BEN_DICT && type != BEN_LIST) || value->len < 2)
		return false;
	it->rest = (struct octets){value->p + 1, value->len - 2};
	return true;
}

/* One value off the front. */
static bool
take(struct octets *rest, struct octets *value)
{
	size_t n = rest->len == 0 ? 0 : ben_length(rest->p, rest->len);

	if (n == 0)
		return false;
	*value = (struct octets){rest->p, n};
	rest->p += n;
	rest->len -= n;
	return true;
}

bool
ben_next(struct ben_iter *it, struct octets *key, struct octets *value)
{
	struct octets k = {NULL, 0}, v;

	if (it->is_dict && (!take(&it->rest, &v) || !ben_str(&v, &k)))
		return false;
	if (!take(&it->rest, &v))
		return false;
	if (key != NULL)
		*key = k;
	if (value != NULL)
		*value = v;
	return true;
}

bool
octets_eq(const struct octets *o, const void *with, size_t len)
{
	return o->len == len && (len == 0 || memcmp(o->p, with, len) == 0);
}

bool
ben_find(const struct octets *dict, const char *key, struct octets *value)
{
	struct ben_iter it;
	struct octets k;

	if (!ben_open(&it, dict) || !it.is_dict)
		return false;
	while (ben_next(&it, &k, value))
		if (octets_eq(&k, key, strlen(key)))
			return true;
	return false;
}

/* Decimal digits and whatever belongs before and after. */
static void
put_number(struct wbuf *w, uint64_t n)
{
	uint8_t text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (uint8_t)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	wbuf_bytes(w, text + at, sizeof(text) - at);
}

void
ben_put_int(struct wbuf *w, int64_t n)
{
	wbuf_u8(w, 'i');
	if (n < 0)
		wbuf_u8(w, '-');
	put_number(w, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
	wbuf_u8(w, 'e');
}

void
ben_put_str(struct wbuf *w, const void *p, size_t len)
{
	put_number(w, len);
	wbuf_u8(w, ':');
	if (len > 0)
		wbuf_bytes(w, p, len);
}

void
ben_put_key(struct wbuf *w, const char *key)
{
	ben_put_str(w, key, strlen(key));
}

void
ben_put_verbatim(struct wbuf *w, const struct octets *value)
{
	wbuf_bytes(w, value->p, value->len);
}

void
ben_put_dict(struct wbuf *w)
{
	wbuf_u8(w, 'd');
}

void
ben_put_list(struct wbuf *w)
{
	wbuf_u8(w, 'l');
}

void
ben_put_end(struct wbuf *w)
{
	wbuf_u8(w, 'e');
}
