/* SPDX-License-Identifier: ISC */
/* file: tests/unit/dht_items.h */
#ifndef DHT_ITEMS_H
#define DHT_ITEMS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "item.h"

/* Items for tests: signed ones by a few keys, and others, any number. */

static inline struct dht_item
item_immutable(uint32_t n)
{
	struct dht_item i = {0};

	i.vlen = (uint16_t)snprintf((char *)i.v, sizeof(i.v), "i%ue", n);
	return i;
}

static inline void
item_sign(struct dht_item *i, uint8_t who)
{
	uint8_t seed[32] = {who, 1}, text[ITEM_SIGNED_MAX];

	i->is_mutable = true;
	if (crypto_sign_pub(i->k, seed) == -1 ||
	    crypto_sign(i->sig, seed, text, item_signed(text, i)) == -1)
		abort();
}

static inline struct dht_item
item_mutable(uint8_t who, const char *salt, uint64_t seq, const char *v)
{
	struct dht_item i = {.seq = seq,
	    .saltlen = (uint8_t)strlen(salt),
	    .vlen = (uint16_t)strlen(v)};

	memcpy(i.salt, salt, i.saltlen);
	memcpy(i.v, v, i.vlen);
	item_sign(&i, who);
	return i;
}

#endif
