/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/table.h */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "dht.h"

/*
 * Who we know: the routing table of one address family (BEP5, BEP32).  Pure.
 *
 * Bucket i has the nodes whose ids share exactly i leading bits with ours: what
 * splitting along our own id would end in.  A bucket has DHT_K nodes, and as
 * many in reserve that answered while it was full.
 *
 *	answered --room--> NODE <--answered-- missed once, missed twice: bad
 *	   |                 ^                      |
 *	   full              +------ RESERVE -------+ the next one in reserve
 *	   v                                          takes its place
 *	RESERVE
 *
 * Nodes that asked us are worth more than nodes that others named: who names
 * nodes can name only his own, and would fill a table with them in time.  So
 * one of the former takes the place of one of the latter.
 *
 * The caller promises that table_answered is only called for who answered a
 * query of ours from the address that we asked.  A bad node without a
 * successor stays, so that a network that was cut in two finds itself again.
 */
#define TABLE_BUCKETS 160
#define TABLE_GOOD_MS (15 * 60 * 1000)
#define TABLE_TOUCH_MS (13 * 60 * 1000) /* ask again before it is not good */
#define TABLE_AGAIN_MS 15000            /* who missed, doubled each time */
#define TABLE_BAD 2                     /* misses in a row */
#define TABLE_GONE 8                    /* ... and it is forgotten */
#define TABLE_PER_NET 2                 /* of a /24 or /48 in a bucket */

struct table_node {
	uint8_t id[DHT_ID];
	struct endpoint ep;
	uint8_t misses; /* in a row */
	bool fits;      /* its id belongs to its address (BEP42) */
	bool met;       /* it asked us something of its own accord */
	uint64_t since_ms, answered_ms, asked_ms;
};

struct table_bucket {
	uint8_t n, nreserve;
	uint64_t looked_ms; /* when a search went through here */
	struct table_node node[DHT_K], reserve[DHT_K]; /* reserve: oldest
							  first */
};

struct table {
	uint8_t own[DHT_ID];
	bool loose;  /* many nodes of an address or network are fine */
	bool public; /* ids that fit their address go first */
	uint32_t n;  /* nodes, without those in reserve */
	struct table_bucket *bucket[TABLE_BUCKETS]; /* NULL: empty */
};

enum table_verdict {
	TABLE_KNOWN,   /* was there, is good again */
	TABLE_NEW,     /* is there now */
	TABLE_RESERVE, /* its bucket is full */
	TABLE_REFUSED  /* too many of its network, ourselves, no memory */
};

void table_init(struct table *, const uint8_t own[DHT_ID]);
void table_clear(struct table *); /* frees what it has */
/* Another id of our own: everybody moves to where they belong now. */
void table_rename(struct table *, uint64_t now_ms, const uint8_t own[DHT_ID]);

/* met: it had asked us before we asked it. */
enum table_verdict table_answered(
    struct table *, uint64_t now_ms, const struct dht_node *, bool met);
/* A node asked us something; true: it is in the table. */
bool table_met(struct table *, const struct dht_node *);
void table_asked(struct table *, uint64_t now_ms, const struct endpoint *);
void table_missed(struct table *, uint64_t now_ms, const struct endpoint *);
void table_remove(struct table *, const struct endpoint *);

const struct table_node *table_find(
    const struct table *, const struct endpoint *);
/* Would there be room for it if it answered? */
bool table_wants(const struct table *, const struct dht_node *, bool met);
bool table_is_good(const struct table_node *, uint64_t now_ms);
/*
 * The closest, best first.  good: only those that are; else also those that
 * are not known to be bad.  How many were written.
 */
size_t table_closest(const struct table *, uint64_t now_ms,
    const uint8_t target[DHT_ID], bool good, struct dht_node *out, size_t max);
/* All good ones, known longest first. */
size_t table_good(
    const struct table *, uint64_t now_ms, struct dht_node *out, size_t max);
size_t table_count_good(const struct table *, uint64_t now_ms);
unsigned table_buckets(const struct table *); /* that have nodes */

/* ---- upkeep ---- */
/* The node that should be asked for a sign of life, or NULL. */
const struct table_node *table_overdue(const struct table *, uint64_t now_ms);
/* A search for this target went out. */
void table_looked(
    struct table *, uint64_t now_ms, const uint8_t target[DHT_ID]);
/*
 * A bucket where no search went for `idle` ms: its number, or -1.  Buckets
 * beyond the deepest with nodes count as one.
 */
int table_idle(const struct table *, uint64_t now_ms, uint64_t idle);
/* Make a random id one of that bucket. */
void table_aim(const struct table *, int bucket, uint8_t id[DHT_ID]);
/* log2 of how many nodes the network has, in 1/16; 0 if we know nobody */
unsigned table_size_log(const struct table *);

/* ---- the metric ---- */
/* How many leading bits are the same; 160 if all. */
unsigned id_common(const uint8_t a[DHT_ID], const uint8_t b[DHT_ID]);
/* Is a closer to the target than b? */
bool id_closer(const uint8_t target[DHT_ID], const uint8_t a[DHT_ID],
    const uint8_t b[DHT_ID]);

#endif
