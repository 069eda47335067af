/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/item.c */
/*
 * Items of BEP44: where they belong and whether they are right.  The hash and
 * the signature are over v as it came, octet by octet; nothing is decoded.
 */
#include "item.h"

#include "bencode.h"
#include "buf.h"
#include "crypto.h"

/* Its lengths are such as its arrays have: it may have come from anywhere. */
static bool
lengths_ok(const struct dht_item *i)
{
	return i->vlen <= DHT_V_MAX && i->saltlen <= DHT_SALT_MAX &&
	    i->seq <= INT64_MAX;
}

void
dht_target(uint8_t target[DHT_ID], const struct dht_item *i)
{
	if (i->is_mutable)
		crypto_sha1(target, i->k, sizeof(i->k), i->salt, i->saltlen);
	else
		crypto_sha1(target, i->v, i->vlen, NULL, 0);
}

size_t
item_signed(uint8_t out[ITEM_SIGNED_MAX], const struct dht_item *i)
{
	struct wbuf w;

	wbuf_init(&w, out, ITEM_SIGNED_MAX);
	if (i->saltlen > 0) {
		ben_put_key(&w, "salt");
		ben_put_str(&w, i->salt, i->saltlen);
	}
	ben_put_key(&w, "seq");
	ben_put_int(&w, (int64_t)i->seq);
	ben_put_key(&w, "v");
	wbuf_bytes(&w, i->v, i->vlen);
	return w.len;
}

bool
dht_item_ok(const struct dht_item *i)
{
	uint8_t text[ITEM_SIGNED_MAX];

	if (!lengths_ok(i) || !ben_is_value(i->v, i->vlen))
		return false;
	/* an immutable one is found by its hash, so it is always its own */
	if (!i->is_mutable)
		return true;
	return crypto_verify(i->sig, i->k, text, item_signed(text, i));
}
