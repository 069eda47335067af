/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/hold.c */
/*
 * The waiting room of one peer: first in, first out, bounded twice.
 *
 * The newest records win when it is full, because what the host sent last is
 * what it still waits for.  Due times never go back along the queue (a push
 * with an earlier one gets that of its predecessor), so the head is always the
 * first to expire.  Nobody is told anything here; the caller counts.
 */
#include <stdlib.h>
#include <string.h>

#include "hold.h"

void
hold_init(struct hold *h, uint32_t max_packets, size_t max_bytes)
{
	*h = (struct hold){.max_n = max_packets, .max_bytes = max_bytes};
	h->tail = &h->head;
}

/* Control frames wait like this, too, and some have secrets in them. */
static void
forget(struct held *e)
{
	explicit_bzero(e->pkt, e->len);
	free(e);
}

bool
hold_never(const struct hold *h, size_t len)
{
	return h->max_n == 0 || len > h->max_bytes;
}

bool
hold_fits(const struct hold *h, size_t len)
{
	return !hold_never(h, len) && h->n < h->max_n &&
	    h->bytes <= h->max_bytes - len;
}

unsigned
hold_push(struct hold *h, uint64_t due_ms, const struct vnet *v,
    const uint8_t *pkt, size_t len)
{
	struct held *e;
	unsigned dropped = 0;

	if (hold_never(h, len))
		return 1;
	e = malloc(sizeof(*e) + len);
	if (e == NULL)
		return 1;
	while (!hold_fits(h, len)) {
		forget(hold_pop(h));
		dropped++;
	}
	if (h->head != NULL && due_ms < h->newest_ms)
		due_ms = h->newest_ms;
	h->newest_ms = due_ms;
	e->next = NULL;
	e->due_ms = due_ms;
	e->vnet = *v;
	e->len = len;
	memcpy(e->pkt, pkt, len);
	*h->tail = e;
	h->tail = &e->next;
	h->n++;
	h->bytes += len;
	return dropped;
}

struct held *
hold_pop(struct hold *h)
{
	struct held *e = h->head;

	if (e == NULL)
		return NULL;
	h->head = e->next;
	if (h->head == NULL)
		h->tail = &h->head;
	h->n--;
	h->bytes -= e->len;
	e->next = NULL;
	return e;
}

struct held *
hold_expired(struct hold *h, uint64_t now_ms)
{
	if (h->head == NULL || h->head->due_ms > now_ms)
		return NULL;
	return hold_pop(h);
}

uint64_t
hold_due(const struct hold *h)
{
	return h->head == NULL ? UINT64_MAX : h->head->due_ms;
}

unsigned
hold_clear(struct hold *h)
{
	struct held *e;
	unsigned n = 0;

	while ((e = hold_pop(h)) != NULL) {
		forget(e);
		n++;
	}
	return n;
}
