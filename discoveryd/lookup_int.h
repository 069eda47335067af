/* SPDX-License-Identifier: ISC */
/* file: discoveryd/lookup_int.h */
#ifndef LOOKUP_INT_H
#define LOOKUP_INT_H

#include "lookup.h"
#include "frames.h"
#include "offer.h"
#include "refusals.h"

/* The inside of lookup.h, for lookup.c (what happens) and lookup_say.c
 * (answers). */
struct hunt { /* one search in the DHT */
	uint32_t search;
	bool started, over, nobody, second;
	uint64_t again_ms; /* nobody, second: when to try again */
};

struct question {
	bool used;
	struct msg_find_ask ask;
	uint64_t hash;
	uint8_t nwaiters;
	struct lookup_waiter waiter[LOOKUP_WAITERS_MAX];
	uint32_t req; /* of our WHO_HAS; 0: nobody was asked */
	uint64_t began_ms, dht_ms, peers_ms, deadline_ms, found_ms, stepped_ms;
	struct hunt cert, place;
	bool second; /* nothing was found once: it is searched again */
	bool nobody; /* there was nobody to ask, at least once */
	enum find_source source; /* who brought what came last */
	struct msg_find_step peers, dht;
};

struct lookup {
	struct lookup_io io;
	struct lookup_world world;
	bool dht;
	uint32_t timeout_ms, next_req;
	uint8_t hash_key[16];
	struct question question[LOOKUP_QUESTIONS_MAX];
	struct refusals refusals;
	struct lookup_stats stats;
};

struct member *lookup_resolve(
    const struct lookup *, uint64_t unix_s, const struct msg_find_ask *);
/* What is to be said now of m, or of nobody (NULL); q: or NULL. */
void lookup_compose(const struct lookup *, uint64_t now_ms, uint64_t unix_s,
    const struct member *m, const struct question *q, struct lookup_answer *);
bool lookup_has_place(const struct lookup_answer *);
/* false: the address book does not know */
bool lookup_in_book(
    const struct lookup *, const struct msg_find_ask *, struct lookup_answer *);
void lookup_busy(struct lookup *, struct lookup_waiter);
/* Everybody that waits, or only the engine: people like to see figures. */
void lookup_say(struct lookup *, struct question *,
    const struct lookup_answer *, bool persons);

#endif
