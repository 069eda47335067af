/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/batch.c */
/* Pending datagrams of one peer: see batch.h. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "wg.h"

/* Behind a full batch there is room for the longest datagram. */
#define BATCH_CAP (BATCH_OCTETS + PK_IP_MAX + 15 + WG_DATA_MIN)

int
batch_init(struct batch *b)
{
	*b = (struct batch){.buf = malloc(BATCH_CAP)};
	return b->buf == NULL ? -1 : 0;
}

void
batch_clear(struct batch *b)
{
	free(b->buf);
	*b = (struct batch){0};
}

uint8_t *
batch_tail(struct batch *b)
{
	return b->buf + b->len;
}

size_t
batch_left(const struct batch *b)
{
	return BATCH_CAP - b->len;
}

static uint32_t
least(uint32_t a, size_t b)
{
	return a < b ? a : (uint32_t)b;
}

uint32_t
batch_room(const struct batch *b, uint32_t n, size_t full, size_t last)
{
	size_t len = n > 1 ? full : last, octets;

	if (len < WG_DATA_MIN) /* there is none, so nothing is divided by 0 */
		len = WG_DATA_MIN;
	if (b->n > 0 && (b->closed || len > b->seg))
		return 0;
	octets = b->len < BATCH_OCTETS ? BATCH_OCTETS - b->len : 0;
	if (b->n == 0 && octets < len)
		octets = len;
	n = least(n, octets / len);
	n = least(n, BATCH_DATAGRAMS - b->n);
	/* a shorter one closes */
	return b->n > 0 && len < b->seg ? least(n, 1) : n;
}

void
batch_add(struct batch *b, uint32_t k, uint32_t n, size_t full, size_t last)
{
	size_t len = n > 1 ? full : last;

	if (b->n == 0)
		b->seg = len;
	b->len += k * full;
	if (k == n)
		b->len -= full - last;
	b->closed = len < b->seg || (k == n && last < b->seg);
	b->n += k;
}

bool
batch_full(const struct batch *b)
{
	return b->closed || b->n >= BATCH_DATAGRAMS ||
	    b->len + b->seg > BATCH_OCTETS;
}

void
batch_reset(struct batch *b)
{
	b->len = 0;
	b->seg = 0;
	b->n = 0;
	b->records = 0;
	b->closed = false;
	b->spoilt = false;
	b->due = false;
	b->job = 0;
}
