/* SPDX-License-Identifier: ISC */
/* file: tests/unit/slow_bencode.h */
#ifndef SLOW_BENCODE_H
#define SLOW_BENCODE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bencode.h"

/*
 * Bencode once more, by recursion and without care for speed, to hold
 * bencode.c against.  Both ways write the same picture of a value:
 *
 *	<3:abc>  string   #-12  integer   [..]  list   {<key> value ..}
 */
#define SLOW_CAP 65536

struct picture {
	char text[SLOW_CAP];
	size_t len;
};

static inline void
draw(struct picture *p, const void *text, size_t len)
{
	if (len > sizeof(p->text) - p->len)
		abort();
	if (len > 0)
		memcpy(p->text + p->len, text, len);
	p->len += len;
}

static inline void
draw_str(struct picture *p, const uint8_t *s, size_t len)
{
	char head[32];

	draw(p, head, (size_t)snprintf(head, sizeof(head), "<%zu:", len));
	draw(p, s, len);
	draw(p, ">", 1);
}

/* ---- the slow parser: where a value ends, or NULL ---- */

static inline const uint8_t *slow_value(
    struct picture *, const uint8_t *, const uint8_t *end, int depth);

static inline const uint8_t *
slow_int(struct picture *p, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *e = memchr(at, 'e', (size_t)(end - at));
	size_t n, minus;

	if (e == NULL || at + 1 == e)
		return NULL;
	n = (size_t)(e - at - 1);
	minus = at[1] == '-' ? 1 : 0;
	if (n == minus ||
	    strspn((const char *)at + 1 + minus, "0123456789") != n - minus)
		return NULL;
	if (at[1 + minus] == '0' && n > 1)
		return NULL;
	draw(p, "#", 1);
	draw(p, at + 1, n);
	return e + 1;
}

static inline const uint8_t *
slow_str(struct picture *p, const uint8_t *at, const uint8_t *end)
{
	const uint8_t *colon = memchr(at, ':', (size_t)(end - at));
	char head[9] = {0};
	unsigned long n;

	/* nothing here is a hundred million octets long */
	if (colon == NULL || colon == at || colon - at > 8)
		return NULL;
	memcpy(head, at, (size_t)(colon - at));
	if (strspn(head, "0123456789") != (size_t)(colon - at) ||
	    (head[0] == '0' && head[1] != '\0'))
		return NULL;
	n = strtoul(head, NULL, 10);
	if (n > (size_t)(end - colon - 1))
		return NULL;
	draw_str(p, colon + 1, n);
	return colon + 1 + n;
}

static inline const uint8_t *
slow_many(struct picture *p, const uint8_t *at, const uint8_t *end, int depth,
    bool is_dict)
{
	if (depth == BEN_DEPTH)
		return NULL;
	draw(p, is_dict ? "{" : "[", 1);
	for (at++; at < end && *at != 'e';) {
		if (is_dict && (at = slow_str(p, at, end)) == NULL)
			return NULL;
		if ((at = slow_value(p, at, end, depth + 1)) == NULL)
			return NULL;
	}
	draw(p, is_dict ? "}" : "]", 1);
	return at < end ? at + 1 : NULL;
}

static inline const uint8_t *
slow_value(struct picture *p, const uint8_t *at, const uint8_t *end, int depth)
{
	if (at == end)
		return NULL;
	if (*at == 'i')
		return slow_int(p, at, end);
	if (*at == 'l' || *at == 'd')
		return slow_many(p, at, end, depth, *at == 'd');
	return slow_str(p, at, end);
}

/* Like ben_length, with a picture of what was read. */
static inline size_t
slow_length(struct picture *p, const uint8_t *data, size_t len)
{
	/* strspn needs an end that is no digit */
	uint8_t *copy = calloc(1, len + 1);
	const uint8_t *end;
	size_t n;

	if (copy == NULL)
		abort();
	if (len > 0)
		memcpy(copy, data, len);
	p->len = 0;
	end = slow_value(p, copy, copy + len, 0);
	n = end == NULL ? 0 : (size_t)(end - copy);
	free(copy);
	return n;
}

/* ---- the same picture by bencode.c's own means ---- */

static inline void
fast_picture(struct picture *p, const struct octets *value)
{
	struct octets s, key, v;
	struct ben_iter it;

	switch (ben_type(value)) {
	case BEN_INT:
		draw(p, "#", 1);
		draw(p, value->p + 1, value->len - 2);
		break;
	case BEN_STR:
		if (!ben_str(value, &s))
			abort();
		draw_str(p, s.p, s.len);
		break;
	case BEN_LIST:
	case BEN_DICT:
		if (!ben_open(&it, value))
			abort();
		draw(p, it.is_dict ? "{" : "[", 1);
		while (ben_next(&it, &key, &v)) {
			if (it.is_dict)
				draw_str(p, key.p, key.len);
			fast_picture(p, &v);
		}
		if (it.rest.len != 0)
			abort();
		draw(p, it.is_dict ? "}" : "]", 1);
		break;
	default:
		abort();
	}
}

/* Do both think the same of these octets?  The data is exact in its heap. */
static inline bool
both_agree(const uint8_t *data, size_t len)
{
	static struct picture slow, fast;
	size_t n = slow_length(&slow, data, len);
	struct octets value = {data, n};

	if (ben_length(data, len) != n)
		return false;
	if (n == 0)
		return true;
	fast.len = 0;
	fast_picture(&fast, &value);
	return fast.len == slow.len &&
	    memcmp(fast.text, slow.text, slow.len) == 0;
}

#endif
