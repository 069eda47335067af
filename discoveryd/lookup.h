/* SPDX-License-Identifier: ISC */
/* file: discoveryd/lookup.h */
#ifndef LOOKUP_H
#define LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"
#include "dht.h"
#include "frames.h"
#include "lan.h"
#include "members.h"
#include "msg.h"
#include "rnd.h"

/*
 * Whose is an address, a name or a key, and where is that node?
 *
 *	address book -> members known -> LAN        at once
 *	connected peers (WHO_HAS)                   300 ms
 *	DHT: certificate, then place                from 150 ms on
 *
 * Pure.  A question is answered as soon as a certificate and one place are
 * known; its searches run on, so that newer records replace what was found
 * first.  Equal questions are one; everything is bounded, what is too much is
 * answered with BUSY.  A place older than LOOKUP_FRESH_S is given at once and
 * looked for again behind the answer.  What nobody knows is not looked for
 * again for 2 s, then twice as long each time, to 5 min.
 */
#define LOOKUP_QUESTIONS_MAX 256
#define LOOKUP_WAITERS_MAX 64 /* of one question */
#define LOOKUP_PEERS_MS 300
#define LOOKUP_DHT_MS 150
#define LOOKUP_FRESH_S 60
#define LOOKUP_PRIVATE_S 4    /* ... if nothing in it is public */
#define LOOKUP_RENEW_MS 30000 /* between two searches for a newer place */

struct lookup_waiter {
	uint32_t id;
	bool person; /* wants to know how; no remembered refusal */
};
struct lookup_answer {
	struct msg_find_row row;
	uint8_t nsteps;
	struct msg_find_step step[FIND_DHT + 1];
};
struct lookup_io {
	void *ctx;
	/*
	 * A search, or 0.  Neither lookup_item nor lookup_done for it may be
	 * called before this returns.
	 */
	uint32_t (*get)(void *ctx, uint64_t now_ms, const uint8_t k[32],
	    const uint8_t salt[RECORD_SALT]);
	void (*cancel)(void *ctx, uint64_t now_ms, uint32_t search);
	/* WHO_HAS to peers that are up; -1: there is no engine */
	int (*ask_peers)(void *ctx, const struct who_has *);
	void (*answer)(
	    void *ctx, struct lookup_waiter, const struct lookup_answer *);
	struct rnd_src rnd;
};
/* What there is to look into; all of it stays the caller's. */
struct lookup_world {
	const struct book *book;
	struct members *members;
	const struct lan *lan;
	const struct msg_places *places; /* of this node */
};
struct lookup_stats {
	uint64_t hit[FIND_DHT + 1]; /* answered by, enum find_source */
	uint64_t unknown, refused_again, busy, merged, refreshed;
	uint32_t open;
};

struct lookup;

struct lookup *lookup_new(
    const struct lookup_io *, const struct lookup_world *);
void lookup_free(struct lookup *);
/* dht: is there one to ask?  With another network all questions end. */
void lookup_configure(
    struct lookup *, uint64_t now_ms, bool dht, uint32_t timeout_ms);
/* The answer may come before this returns. */
void lookup_ask(struct lookup *, uint64_t now_ms, uint64_t unix_s,
    const struct msg_find_ask *, struct lookup_waiter);
/* Nobody waits any more for what the engine, or control, has asked. */
void lookup_drop(struct lookup *, bool person);
/* Something is known now about this key; req: in answer to that, or 0. */
void lookup_learned(struct lookup *, uint64_t now_ms, uint64_t unix_s,
    const uint8_t key[32], uint32_t req);
/* A peer sent what was not right in answer to req. */
void lookup_refused(struct lookup *, uint32_t req);
/* false: no search of ours */
bool lookup_item(struct lookup *, uint64_t now_ms, uint64_t unix_s,
    uint32_t search, const struct dht_item *);
bool lookup_done(struct lookup *, uint64_t now_ms, uint64_t unix_s,
    uint32_t search, const struct dht_report *);
void lookup_tick(struct lookup *, uint64_t now_ms, uint64_t unix_s);
uint64_t lookup_due(const struct lookup *); /* UINT64_MAX: nothing */
const struct lookup_stats *lookup_stats(struct lookup *);

/* Of which kind is the item of a search, as a record; -1: too long. */
int lookup_record(struct record *, enum record_kind, const struct dht_item *);

#endif
