/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/item.h */
#ifndef ITEM_H
#define ITEM_H

#include <stddef.h>
#include <stdint.h>

#include "dht.h"

/*
 * What of an item is hashed and signed (BEP44).  item.c also has dht_target
 * and dht_item_ok, whose contract is in dht.h.  Pure.
 *
 *	signed = ["4:salt" length ":" salt] "3:seqi" seq "e1:v" v
 *	target = SHA-1(k || salt), of an immutable one SHA-1(v)
 */
#define ITEM_SIGNED_MAX (10 + DHT_SALT_MAX + 31 + DHT_V_MAX)

/* How many octets of out are to be signed; the item must be mutable. */
size_t item_signed(uint8_t out[ITEM_SIGNED_MAX], const struct dht_item *);

#endif
