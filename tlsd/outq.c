/* SPDX-License-Identifier: ISC */
/* file: tlsd/outq.c */
/* What waits to go into a connection, see outq.h. */
#include <stdlib.h>
#include <string.h>

#include "outq.h"

int
outq_init(struct outq *q)
{
	memset(q, 0, sizeof(*q));
	q->mem = malloc(OUTQ_OCTETS);
	return q->mem == NULL ? -1 : 0;
}

void
outq_clear(struct outq *q)
{
	free(q->mem);
	memset(q, 0, sizeof(*q));
}

static struct outq_item *
nth(struct outq *q, uint32_t i)
{
	return &q->item[(q->at + i) % OUTQ_N];
}

static void
copy_in(struct outq *q, uint32_t at, const uint8_t *data, size_t len)
{
	for (size_t n; len > 0; data += n, len -= n) {
		at %= OUTQ_OCTETS;
		n = OUTQ_OCTETS - at < len ? OUTQ_OCTETS - at : len;
		memcpy(q->mem + at, data, n);
		at += (uint32_t)n;
	}
}

static void
copy_out(const struct outq *q, uint32_t at, uint8_t *out, size_t len)
{
	for (size_t n; len > 0; out += n, len -= n) {
		at %= OUTQ_OCTETS;
		n = OUTQ_OCTETS - at < len ? OUTQ_OCTETS - at : len;
		memcpy(out, q->mem + at, n);
		at += (uint32_t)n;
	}
}

static void
pop(struct outq *q)
{
	struct outq_item *it = nth(q, 0);

	q->first = (q->first + it->len) % OUTQ_OCTETS;
	q->used -= it->len;
	q->at = (q->at + 1) % OUTQ_N;
	q->n--;
}

/*
 * The oldest message of data makes room.  What stands before it, which is rare
 * and short, moves up to close the gap.
 */
static bool
drop_oldest(struct outq *q)
{
	uint8_t before[4096];
	size_t len = 0;
	uint32_t i;
	uint16_t gap;

	for (i = 0; i < q->n && !nth(q, i)->data; i++)
		len += nth(q, i)->len;
	if (i == q->n || len > sizeof(before))
		return false;
	gap = nth(q, i)->len;
	copy_out(q, q->first, before, len);
	q->first = (q->first + gap) % OUTQ_OCTETS;
	copy_in(q, q->first, before, len);
	for (; i > 0; i--)
		*nth(q, i) = *nth(q, i - 1);
	q->used -= gap;
	q->at = (q->at + 1) % OUTQ_N;
	q->n--;
	q->dropped++;
	return true;
}

static bool
is_data(const struct outq *q, const uint8_t *msg, size_t len)
{
	return q->turn ? turnframe_is_data(msg, len) : len > 0 && msg[0] == 4;
}

/* What it is with what is put around it. */
static size_t
framed(const struct outq *q, const uint8_t *msg, size_t len)
{
	return len + (q->turn ? turnframe_pad(msg, len) : LENGTH_OCTETS);
}

static void
append(struct outq *q, uint64_t now_ms, const uint8_t *msg, size_t len)
{
	static const uint8_t zero[TURNFRAME_PAD];
	uint8_t head[LENGTH_OCTETS] = {(uint8_t)(len >> 8), (uint8_t)len};
	size_t all = framed(q, msg, len), before = q->turn ? 0 : sizeof(head);

	copy_in(q, q->first + q->used, head, before);
	copy_in(q, q->first + q->used + (uint32_t)before, msg, len);
	copy_in(q, q->first + q->used + (uint32_t)(before + len), zero,
	    all - before - len);
	*nth(q, q->n) = (struct outq_item){
	    .ms = now_ms, .len = (uint16_t)all, .data = is_data(q, msg, len)};
	q->used += (uint32_t)all;
	q->n++;
}

bool
outq_put(struct outq *q, uint64_t now_ms, const uint8_t *msg, size_t len)
{
	bool fits = q->turn ? turnframe_fit(msg, len) : lengths_fit(msg, len);

	while (fits &&
	    (q->n == OUTQ_N || q->used + framed(q, msg, len) > OUTQ_OCTETS))
		fits = drop_oldest(q);
	if (!fits) {
		q->dropped++;
		return false;
	}
	append(q, now_ms, msg, len);
	return true;
}

void
outq_alive(struct outq *q, uint64_t now_ms)
{
	/* who has something to say shows that it lives anyway */
	if (q->n == 0 && !q->turn)
		append(q, now_ms, NULL, 0);
}

size_t
outq_get(struct outq *q, uint64_t now_ms, uint8_t *out, size_t cap)
{
	size_t got = 0;

	while (q->n > 0) {
		struct outq_item *it = nth(q, 0);

		if (it->data && now_ms - it->ms > OUTQ_MS) {
			pop(q);
			q->dropped++;
			continue;
		}
		if (it->len > cap - got)
			break;
		copy_out(q, q->first, out + got, it->len);
		got += it->len;
		pop(q);
	}
	return got;
}
