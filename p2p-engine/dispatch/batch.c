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

bool
batch_takes(const struct batch *b, size_t len)
{
	if (b->n == 0)
		return true;
	return !b->closed && len <= b->seg && b->len + len <= BATCH_OCTETS;
}

void
batch_add(struct batch *b, size_t len)
{
	if (b->n == 0)
		b->seg = len;
	else if (len < b->seg)
		b->closed = true;
	b->len += len;
	b->n++;
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
}

void
batch_restart(struct batch *b, const uint8_t *tail, size_t len)
{
	batch_reset(b);
	memmove(b->buf, tail, len);
	batch_add(b, len);
}
