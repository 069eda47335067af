/* SPDX-License-Identifier: ISC */
/* file: tests/unit/krpc_same.h */
#ifndef KRPC_SAME_H
#define KRPC_SAME_H

#include <string.h>

#include "krpc.h"

/* Do two messages say the same, wherever their octets lie? */

static inline bool
octets_same(const struct octets *a, const struct octets *b)
{
	return (a->p == NULL) == (b->p == NULL) && a->len == b->len &&
	    (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

static inline bool
fixed_same(const uint8_t *a, const uint8_t *b, size_t len)
{
	return (a == NULL) == (b == NULL) &&
	    (a == NULL || memcmp(a, b, len) == 0);
}

static inline bool
krpc_same(const struct krpc_msg *a, const struct krpc_msg *b)
{
	return a->kind == b->kind && a->method == b->method &&
	    octets_same(&a->name, &b->name) && octets_same(&a->t, &b->t) &&
	    fixed_same(a->tag, b->tag, KRPC_TAG) &&
	    a->read_only == b->read_only && endpoint_eq(&a->ip, &b->ip) &&
	    fixed_same(a->id, b->id, DHT_ID) &&
	    fixed_same(a->target, b->target, DHT_ID) &&
	    octets_same(&a->token, &b->token) &&
	    octets_same(&a->nodes, &b->nodes) &&
	    octets_same(&a->nodes6, &b->nodes6) && a->want4 == b->want4 &&
	    a->want6 == b->want6 && octets_same(&a->values, &b->values) &&
	    a->nvalues == b->nvalues && octets_same(&a->v, &b->v) &&
	    fixed_same(a->k, b->k, 32) && fixed_same(a->sig, b->sig, 64) &&
	    octets_same(&a->salt, &b->salt) && a->has_seq == b->has_seq &&
	    a->seq == b->seq && a->cas == b->cas && a->port == b->port &&
	    a->implied_port == b->implied_port && a->code == b->code &&
	    octets_same(&a->text, &b->text);
}

#endif
