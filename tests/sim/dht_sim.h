/* SPDX-License-Identifier: ISC */
/* file: tests/sim/dht_sim.h */
#ifndef DHT_SIM_H
#define DHT_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "dht.h"

/*
 * A DHT of up to 65,536 nodes in one process and in virtual time: real struct
 * dht, real datagrams, real signatures; the network, the clock and the liars
 * are made up here, all from one seed, so that a failure replays.
 *
 * Every item that a node is handed is compared with what was published: one
 * that never was, under that key with that seq, is a wrong answer accepted.
 *
 * Liars live in the tables of others like everybody (they answer pings and
 * join), and lie about everything that a search asks:
 *
 *	drop   never answers a search
 *	junk   octets that are no message, or half of one
 *	near   names other liars under ids made up next to the target, and says
 *	       it has such an id itself when it is asked about it
 *	only   names the liars that are in truth closest to the target
 *	stale  ... and gives the first version that was ever published
 *	forge  ... and gives values, signatures, keys and numbers of its own
 *	sybil  sits closest to one key and names only its like; see below
 */
enum dsim_kind {
	DSIM_HONEST,
	DSIM_DROP,
	DSIM_JUNK,
	DSIM_NEAR,
	DSIM_ONLY,
	DSIM_STALE,
	DSIM_FORGE,
	DSIM_SYBIL,
	DSIM_NKINDS
};

/* What sybils do besides. */
enum dsim_siege {
	DSIM_HIDE,   /* take every put and have nothing */
	DSIM_REFUSE, /* ... or refuse every put */
	DSIM_SILENT, /* answer no search at all */
	DSIM_OLD,    /* have the first version, whatever is put */
	DSIM_NSIEGES
};

struct dsim_conf {
	uint32_t nodes; /* without sybils */
	uint64_t seed;
	uint32_t loss;       /* of 1000 datagrams */
	uint32_t liars;      /* of 1000 nodes */
	uint32_t sybils;     /* around each item that is besieged */
	uint32_t besieged;   /* the first so many items; 0: one */
	uint32_t sybil_bits; /* they share with the key; 0: 20 */
	enum dsim_siege siege;
	uint32_t churn; /* of 1000 nodes, replaced in an hour */
	uint32_t items;
	uint32_t mask; /* kinds of liars, 1 << enum dsim_kind; 0: all */
	bool open;     /* public: ids bound to addresses */
};

/* Sums over lookups. */
struct dsim_score {
	uint32_t lookups, found, newest;
	uint64_t queries, rounds, wrong, refused;
	uint64_t puts, put_queries; /* of all publishes */
	uint32_t *first_ms;         /* of those found: until the newest came */
	uint32_t *took_ms;          /* of all: until the search was over */
};

struct dsim;

/* Nodes join within a minute; run it on for a while before measuring. */
struct dsim *dsim_new(const struct dsim_conf *);
void dsim_free(struct dsim *);
uint64_t dsim_now(const struct dsim *);
void dsim_run(struct dsim *, uint64_t ms);
uint32_t dsim_below(struct dsim *, uint32_t n);
uint32_t dsim_honest(struct dsim *); /* some honest node that is up */
struct dht *dsim_dht(struct dsim *, uint32_t node);

/* Node publishes item i, one version newer than last time. */
void dsim_publish(struct dsim *, uint32_t node, uint32_t item);
void dsim_lookup(struct dsim *, uint32_t node, uint32_t item);
/* Everybody publishes that many items of his own now (not scored). */
void dsim_publish_own(struct dsim *, uint32_t node, uint32_t records);
const struct dsim_score *dsim_score(const struct dsim *);
uint64_t dsim_stored(const struct dsim *); /* copies, of all publishes */
/* Honest nodes that have the newest version of it; how many of the 8, 16 and
 * 32 honest ones closest to it. */
uint32_t dsim_holders(struct dsim *, uint32_t item, uint32_t near[3]);
uint64_t dsim_hostile(const struct dsim *);   /* lies that arrived */
uint64_t dsim_datagrams(const struct dsim *); /* sent by honest nodes */
/* ... and their octets, with the headers of IPv4 and UDP */
uint64_t dsim_octets(const struct dsim *);
void dsim_reset(struct dsim *); /* all these figures */

#define DSIM_NODES_MAX 65536
#define DSIM_HEADERS 28

#endif
