/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht.h */
#ifndef DHT_H
#define DHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "rnd.h"

/*
 * One DHT node as a value, wire-compatible with BitTorrent Mainline: BEP5, 32
 * (IPv6), 42 (ids bound to addresses), 43 (read-only), 44 (arbitrary data).
 *
 * Pure: octets and time in, datagrams and answers out by dht_io.  Hundreds in
 * one process (tests/sim/).  Times are milliseconds of a monotonic clock.
 *
 *	bencode.c  the grammar       krpc.c   messages
 *	table.c    who we know       store.c  what we keep for others
 *	search.c   iterative lookup  dht.c    all of it together
 *	dht_news.c  one value that all of a private swarm have
 *
 * Answers are believed about nothing but themselves: an item counts only if
 * its hash or signature is right, a node enters the table only by answering a
 * query of ours, and nothing unsolicited changes the table.
 */
#define DHT_ID 20
#define DHT_K 8
#define DHT_ALPHA 3
#define DHT_V_MAX 1000
#define DHT_SALT_MAX 64
#define DHT_SEARCHES_MAX 128 /* at a time; more are refused */

struct dht;

/* An item of BEP44; v is bencoded. */
struct dht_item {
	bool is_mutable;
	uint8_t k[32], sig[64];
	uint8_t saltlen, salt[DHT_SALT_MAX];
	uint64_t seq;
	uint16_t vlen;
	uint8_t v[DHT_V_MAX];
};
void dht_target(uint8_t target[DHT_ID], const struct dht_item *);
/* Is the hash or signature right? (k, salt, seq, sig, v) */
bool dht_item_ok(const struct dht_item *);

struct dht_node {
	uint8_t id[DHT_ID];
	struct endpoint ep;
};

struct dht_conf {
	bool v4, v6;     /* sockets there are */
	bool is_private; /* own swarm: untagged messages are not even answered
			    if has_tag */
	bool has_tag;
	uint8_t tag[8];   /* top-level key "n" */
	bool read_only;   /* BEP43: say ro, keep nothing for others */
	bool plain;       /* plain BEP44: values also to unverified addresses */
	bool any_address; /* loopback and private addresses are nodes too */
};

enum dht_result { DHT_FOUND, DHT_NONE, DHT_TIMEOUT, DHT_NOBODY, DHT_CANCELLED };

/* How a search went; shown by `lookup --trace` and the simulator. */
struct dht_report {
	enum dht_result result;
	uint32_t queries, answers, timeouts, rounds;
	uint32_t copies;  /* items that came and were right */
	uint32_t refused; /* items that came and were not */
	uint32_t stored;  /* puts that were accepted */
	uint64_t took_ms;
	uint8_t nnodes; /* closest that answered, best first */
	struct dht_node node[DHT_K];
};

struct dht_io {
	void *ctx;
	void (*send)(
	    void *ctx, const struct endpoint *to, const uint8_t *, size_t len);
	/*
	 * get: each item that is right and newer than those before it.  The
	 * search goes on (newer ones may come) until done or dht_cancel.
	 */
	void (*item)(void *ctx, uint32_t search, const struct dht_item *,
	    const struct endpoint *from);
	/* Called exactly once for every search; the id is free afterwards. */
	void (*done)(void *ctx, uint32_t search, const struct dht_report *);
	/*
	 * Somebody has news that he says are newer than ours: if they are
	 * right, their number, else 0.  NULL: there are none.
	 */
	uint64_t (*news)(
	    void *ctx, uint64_t now_ms, const uint8_t *, size_t len);
	struct rnd_src rnd;
};

struct dht *dht_new(const struct dht_conf *, const struct dht_io *,
    uint64_t now_ms); /* NULL: no memory */
void dht_free(struct dht *);
void dht_configure(struct dht *, const struct dht_conf *); /* live */
/* Who to ask first; at most 64 are kept, asked again while the table is empty.
 */
void dht_bootstrap(struct dht *, uint64_t now_ms, const struct endpoint *);
void dht_forget_bootstrap(struct dht *);
/* data is untrusted; any length */
void dht_from_udp(struct dht *, uint64_t now_ms, const struct endpoint *from,
    const uint8_t *data, size_t len);
void dht_tick(struct dht *, uint64_t now_ms); /* some of what is due */
uint64_t dht_due(const struct dht *);         /* UINT64_MAX: nothing */

/* ---- searches: an id, or 0: too many at a time ---- */
/* Mutable: of `about` only k and salt are read. */
uint32_t dht_get(struct dht *, uint64_t now_ms, const struct dht_item *about);
uint32_t dht_get_hash(
    struct dht *, uint64_t now_ms, const uint8_t sha1[DHT_ID]);
/*
 * Find the k closest and put it there, and into our own store if we are one of
 * them.  cas: only where seq is that (UINT64_MAX: don't care).
 */
uint32_t dht_put(
    struct dht *, uint64_t now_ms, const struct dht_item *, uint64_t cas);
uint32_t dht_find_node(struct dht *, uint64_t now_ms, const uint8_t id[DHT_ID]);
void dht_cancel(struct dht *, uint64_t now_ms, uint32_t search);

/*
 * News: one short text with a number, which every node of a tagged swarm is to
 * have as soon as it is there, the highest number of those that its host says
 * are right.  At most DHT_NEWS_MAX octets; of a lower number than ours:
 * nothing.
 */
#define DHT_NEWS_MAX (DHT_V_MAX - 5)
void dht_news(struct dht *, uint64_t now_ms, uint64_t number, const uint8_t *,
    size_t len);

/* ---- the table, for the saved file and for people ---- */
/* Good nodes, those known longest first; how many were written. */
size_t dht_nodes(const struct dht *, struct dht_node *out, size_t max);
/* From the saved file: are asked, and enter by answering. */
void dht_try(struct dht *, uint64_t now_ms, const struct dht_node *);
const uint8_t *dht_own_id(const struct dht *, uint8_t family);
/* What others say our address is, when enough of them agree; family 0: no. */
void dht_own_address(const struct dht *, uint8_t family, struct endpoint *);

struct dht_stats {
	uint32_t nodes4, nodes6, good, buckets, items, item_octets, searches,
	    pending, banned;
	/* since the start */
	uint64_t rx, rx_octets, tx, tx_octets;
	uint64_t malformed, untagged, rate_limited, unsolicited, bad_token,
	    bad_item, put_refused, not_answered /* amplification bound */;
	uint64_t not_asked;      /* queries: the address never answered */
	uint64_t news, bad_news; /* taken, refused by the host */
	uint64_t queries_in[8], queries_out[8]; /* by enum krpc_method */
};
void dht_stats(const struct dht *, struct dht_stats *);

#endif
