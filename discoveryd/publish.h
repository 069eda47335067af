/* SPDX-License-Identifier: ISC */
/* file: discoveryd/publish.h */
#ifndef PUBLISH_H
#define PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bundle.h"
#include "dht.h"
#include "msg.h"
#include "record.h"
#include "rnd.h"

/*
 * What this node keeps in the DHT: the records of its certificate, as the
 * authority signed them, and where it is, signed by keyd.
 *
 *	REST --due--> LOOK (once: our own record, for its seq) --> SIGN
 *	SIGN --keyd signed--> PUT the place, PUT each record --> REST
 *
 * Pure.  A change is published at once, the next one PUBLISH_GAP_MS later at
 * the earliest; after PUBLISH_BURST of them one in PUBLISH_REFILL_MS.  Without
 * a change every announce interval, 15 % earlier or later.  Without a DHT the
 * place is signed all the same: peers are told.
 */
#define PUBLISH_GAP_MS 3000
#define PUBLISH_BURST 8
#define PUBLISH_REFILL_MS 120000
#define PUBLISH_TLS_MAX 2
#define PUBLISH_PLACES_MAX 8 /* more are of no use, and look like an attack */

struct publish_io {
	void *ctx;
	/*
	 * Searches, or 0: too many.  Neither publish_item nor publish_done for
	 * one may be called before these return.
	 */
	uint32_t (*get)(void *ctx, uint64_t now_ms, const uint8_t k[32],
	    const uint8_t salt[RECORD_SALT]);
	uint32_t (*put)(void *ctx, uint64_t now_ms, const struct record *);
	/* 0: asked; -1: keyd is away */
	int (*sign)(void *ctx, uint32_t id, const struct msg_sign_ask *);
	/* A new place record of ours, signed. */
	void (*made)(void *ctx, uint64_t now_ms, const struct record *);
	struct rnd_src rnd;
};
struct publish_conf {
	uint8_t rdv[32], rec[32];
	uint8_t node[32], ed[32]; /* this node */
	uint64_t boot;
	uint32_t announce_s;
};
struct publish_stats {
	uint64_t puts, stored, failed, signatures;
	uint64_t last_unix_s; /* when the last round ended well, 0: never */
};

struct publish;

struct publish *publish_new(const struct publish_io *); /* NULL: no memory */
void publish_free(struct publish *);
/* NULL: nothing is published. */
void publish_configure(
    struct publish *, uint64_t now_ms, const struct publish_conf *);
/* Records to put as they are; copied. */
void publish_records(
    struct publish *, uint64_t now_ms, const struct record *, unsigned n);
/*
 * Where this node is, and how the translator in front of it behaves; the same
 * again is no change, nor is another port of one that has a port for each
 * destination: the next record says it.
 */
void publish_places(struct publish *, uint64_t now_ms, uint8_t nat,
    const struct candidate *, unsigned n);
/* By whom it can be reached beside; the same again is no change. */
void publish_relays(
    struct publish *, uint64_t now_ms, const uint8_t (*key)[32], unsigned n);
/*
 * Where it listens for TLS, and the pin that goes with it; n = 0: nowhere.
 * Takes effect with the next publish_places.
 */
void publish_tls(struct publish *, const struct candidate *, unsigned n,
    const uint8_t pin[32]);
/* The DHT knows nodes (true), or does not. */
void publish_ready(struct publish *, uint64_t now_ms, bool ready);
/* There is no DHT any more: its searches will not be told to have ended. */
void publish_dht_gone(struct publish *, uint64_t now_ms);
/*
 * So many nodes the DHT knows.  When there are many more than there were, those
 * that searches end at may all have come later than what we put: once more.
 */
void publish_nodes(struct publish *, uint64_t now_ms, uint32_t n);
/* The last sequence number used, from the saved file and for it. */
void publish_set_seq(struct publish *, uint64_t seq);
uint64_t publish_seq(const struct publish *);

void publish_signed(struct publish *, uint64_t now_ms, uint32_t id,
    const struct msg_sign_reply *);
void publish_key_lost(struct publish *, uint64_t now_ms); /* and its answer */
/* false: no search of ours */
bool publish_item(struct publish *, uint32_t search, const struct dht_item *);
bool publish_done(struct publish *, uint64_t now_ms, uint64_t unix_s,
    uint32_t search, const struct dht_report *);
void publish_tick(struct publish *, uint64_t now_ms, uint64_t unix_s);
uint64_t publish_due(const struct publish *); /* UINT64_MAX: nothing */
const struct publish_stats *publish_stats(const struct publish *);

#endif
