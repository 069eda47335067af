/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/bencode.h */
#ifndef BENCODE_H
#define BENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

/*
 * Bencode (BEP3), the grammar of every DHT message.  Pure, allocates nothing:
 * what is read points into the datagram.
 *
 *	value = "i" integer "e" | length ":" octets | "l" value* "e"
 *	      | "d" (string value)* "e"
 *
 * Strict in what one value is: no leading zeros, no -0, no "+", lists and
 * dictionaries at most BEN_DEPTH deep, strings within the datagram.  Tolerant
 * in one thing, because old clients need it: keys may come unsorted or twice
 * (the first one counts).  What is written is always canonical if the caller
 * gives keys in order.
 *
 * Use: ben_length once over the whole datagram, then struct octets that ben_*
 * handed out.  All functions are safe on any octets, well-formed or not.
 */
#define BEN_DEPTH 16

/* Some octets of somebody else; p NULL: not there. */
struct octets {
	const uint8_t *p;
	size_t len;
};

enum ben_type { BEN_NONE, BEN_INT, BEN_STR, BEN_LIST, BEN_DICT };

/* How long the value at the start is; 0: there is no well-formed one. */
size_t ben_length(const uint8_t *, size_t len);
/* Exactly one well-formed value and nothing behind it? (v of BEP44) */
bool ben_is_value(const uint8_t *, size_t len);

/* ---- of one value, verbatim as it stands in the datagram ---- */
enum ben_type ben_type(const struct octets *value);
bool ben_str(const struct octets *value, struct octets *out); /* contents */
/* false: no integer, or not within 64 bits (such a one is still a value) */
bool ben_int(const struct octets *value, int64_t *out);

/* The members of a list or dictionary, in their order. */
struct ben_iter {
	struct octets rest; /* behind the last member */
	bool is_dict;
};
bool ben_open(struct ben_iter *, const struct octets *value); /* false: none */
/*
 * false: no more.  value is verbatim; key gets the contents of the key, of a
 * list {NULL, 0}.  Either may be NULL.
 */
bool ben_next(struct ben_iter *, struct octets *key, struct octets *value);
/* The first with this key, verbatim; false: none, or not a dictionary. */
bool ben_find(const struct octets *dict, const char *key, struct octets *value);
bool octets_eq(const struct octets *, const void *, size_t len);

/* ---- writing; sticky like all of wbuf ---- */
void ben_put_int(struct wbuf *, int64_t);
void ben_put_str(struct wbuf *, const void *, size_t len);
void ben_put_key(struct wbuf *, const char *);
void ben_put_verbatim(struct wbuf *, const struct octets *value);
void ben_put_dict(struct wbuf *); /* opens one */
void ben_put_list(struct wbuf *); /* opens one */
void ben_put_end(struct wbuf *);  /* closes the innermost */

#endif
