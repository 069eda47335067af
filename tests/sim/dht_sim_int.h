/* SPDX-License-Identifier: ISC */
/* file: tests/sim/dht_sim_int.h */
#ifndef DHT_SIM_INT_H
#define DHT_SIM_INT_H

/* What the simulator's files share; see dht_sim.h. */
#include "dht_int.h"
#include "dht_sim.h"

#define DSIM_VERSIONS 4 /* of an item that are remembered */

struct dsim_event {
	uint64_t at_ms, order;
	uint32_t node;
	uint32_t from; /* of a datagram */
	uint16_t len;  /* 0: the node's clock */
	uint8_t *data;
};

struct dsim_item {
	uint8_t seed[32];
	struct dht_item it; /* the newest */
	struct dht_item first;
	uint8_t target[DHT_ID];
	uint64_t began_ms;
};

struct dsim_node {
	struct dsim *s;
	uint32_t no;
	struct dht *d; /* NULL: away */
	enum dsim_kind kind;
	struct endpoint ep;
	uint32_t delay_ms;
	uint32_t prey; /* of a sybil: the item that it sits around */
	uint64_t wake_ms;
	uint64_t rng;
};

/* A lookup that is under way. */
struct dsim_job {
	uint32_t node, search, item;
	uint64_t began_ms, first_ms, seq, want;
	bool found;
};

struct dsim {
	struct dsim_conf conf;
	uint64_t now_ms, order, rng;
	uint32_t n;
	struct dsim_node *node;
	struct dsim_event *heap;
	size_t nheap, heap_cap;
	struct dsim_item *item;
	struct dsim_job *job;
	uint32_t njobs, jobs_cap, score_cap;
	struct dsim_score score;
	uint32_t *liar; /* their numbers */
	uint32_t nliars;
	uint8_t tag[8];
	uint64_t churn_ms;
	uint64_t stored, hostile, datagrams, octets;
};

uint64_t dsim_random(uint64_t *state);
void dsim_post(struct dsim *, uint32_t from, const struct endpoint *to,
    const uint8_t *, size_t len, bool lie);
/* The node of an address; UINT32_MAX: nobody. */
uint32_t dsim_who(const struct dsim *, const struct endpoint *);
/* dht_evil.c: true: it dealt with it. */
bool dsim_lie(struct dsim *, struct dsim_node *, uint32_t from, const uint8_t *,
    size_t len);
/* dht_jobs.c: what nodes report */
struct dht_io dsim_io(struct dsim_node *);
void dsim_items(struct dsim *);
/* The id that liar `no` claims when it is about this target. */
void dsim_fake_id(
    const uint8_t target[DHT_ID], uint32_t no, uint8_t id[DHT_ID]);

#endif
