/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/relay.h */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "frame_relay.h"
#include "rnd.h"

/*
 * Ways through other members (label switching).  Pure; time, randomness and
 * who is where are passed in.
 *
 *	A --label a--> C --label b--> B     a, b: random, made by C
 *	A <--label a-- C <--label b-- B
 *
 * A circuit has a leg to each of its neighbours; each leg has one label for
 * both directions.  A relayed message is taken only from where the leg's peer
 * is at the moment, and leaves by the other leg: one for one, with another
 * label, nothing added, nothing opened.  Ends have one leg: what comes by it is
 * theirs.  A relay makes labels only between members that it has sessions with.
 *
 * Whoever asked for a circuit pays for both directions of it: a token bucket
 * and a number of labels for each neighbour that asks.
 */
#define RELAY_CIRCUITS 1024
#define RELAY_BUCKETS 2048
#define RELAY_PAYERS 128
#define RELAY_ASKS 128
#define RELAY_IDLE_MS 120000
#define RELAY_LIFE_S 3600
#define RELAY_LABELS 64    /* of one neighbour, by default and as an end */
#define RELAY_KBIT 10000   /* ... a second, by default */
#define RELAY_BURST_MS 250 /* of that at once, */
#define RELAY_BURST 131072 /* ... but so many octets at least */
#define RELAY_AGAIN_MS 300 /* a frame is repeated; doubles */
#define RELAY_TRIES 4
#define RELAY_DEST_MS 2000 /* to get a session with the destination */
#define RELAY_ASK_MS 4000  /* an answer is late after this */

enum relay_role {
	RELAY_FREE,
	RELAY_ORIGIN, /* we asked for it */
	RELAY_END,    /* somebody else did, to reach us */
	RELAY_TRANSIT /* between two others */
};

struct relay_leg {
	uint32_t peer, label;    /* the neighbour; label 0: no such leg */
	uint64_t packets, bytes; /* from there */
	uint16_t next;           /* in its bucket */
};

struct circuit {
	enum relay_role role;
	struct relay_leg leg[2]; /* [0]: who asked, or the only one */
	uint8_t hops;            /* relays to the other end */
	uint8_t back;            /* transit: ... to the origin, as it says */
	uint8_t far[32];         /* ends: the other end; transit: destination */
	uint8_t origin[32];      /* as it says, of transit */
	uint32_t req; /* of leg 0's peer: repeated, the same answer */
	uint16_t payer;
	uint64_t born_ms, used_ms, end_ms;
	uint64_t drops; /* over the quota */
	/* INCOMING is repeated until something comes from there */
	uint8_t told;
	uint64_t told_ms, warm_ms;
};

struct relay_payer {
	uint32_t peer, labels;
	uint64_t octets, at_ms; /* there are, since */
	bool used;
};

/* A RELAY_OPEN without an answer: ours, or what we were asked. */
struct relay_ask {
	uint32_t req;  /* our number, 0: free */
	uint32_t by;   /* the neighbour that asked; RELAY_US */
	uint32_t peer; /* ours: the peer that is wanted */
	uint32_t via;  /* who has to answer; RELAY_US: a session to come */
	uint8_t sent;
	uint64_t began_ms, again_ms, end_ms;
	struct relay_open o; /* as it came, or goes */
};
#define RELAY_US UINT32_MAX

struct relay {
	struct rnd_src rnd;
	bool serve;
	uint32_t kbit, labels;
	uint32_t n[RELAY_TRANSIT + 1]; /* circuits, by role */
	uint32_t reqs, nasks;
	struct circuit at[RELAY_CIRCUITS];
	uint16_t bucket[RELAY_BUCKETS]; /* 0: none; 2 * circuit + leg + 1 */
	struct relay_payer payer[RELAY_PAYERS];
	struct relay_ask ask[RELAY_ASKS];
};

/* Who is where: has this peer been proved to be at that place, now? */
struct relay_place {
	uint16_t sock;
	struct endpoint ep;
};
struct relay_who {
	void *ctx;
	bool (*is_at)(void *ctx, uint32_t peer, const struct relay_place *);
};

void relay_init(struct relay *, const struct rnd_src *);
void relay_configure(
    struct relay *, bool serve, uint32_t kbit, uint32_t labels);

/* ---- messages ---- */
enum relay_verdict {
	RELAY_HERE,  /* for us: *c */
	RELAY_ON,    /* leaves by leg *out of *c */
	RELAY_STRAY, /* no such label */
	RELAY_SPOOF, /* not from where that leg's peer is */
	RELAY_QUOTA  /* who asked for the circuit has used up its share */
};
/* n messages of len octets together. */
enum relay_verdict relay_take(struct relay *, const struct relay_who *,
    uint64_t now_ms, uint32_t label, const struct relay_place *from, size_t len,
    uint32_t n, struct circuit **c, unsigned *out);
struct circuit *relay_find(
    const struct relay *, uint32_t label, unsigned *leg); /* or NULL */
/* We send by a circuit of ours; counted as leg 1's. */
void relay_sent(struct circuit *, uint64_t now_ms, size_t len, uint32_t n);

/* ---- circuits ---- */
/* May it be opened?  own: our key.  RELAY_OK or why not. */
enum relay_status relay_may_open(const struct relay *,
    const struct relay_open *, uint32_t by, const uint8_t asker[32],
    const uint8_t own[32]);
/* Between two neighbours; label: of the leg to `to`, 0: one is made. NULL: busy
 */
struct circuit *relay_transit(struct relay *, uint64_t now_ms,
    const struct relay_open *, uint32_t by, uint32_t to, uint32_t label,
    uint8_t hops);
/* An end of ours.  NULL: the label is in use, or there are too many. */
struct circuit *relay_end(struct relay *, uint64_t now_ms, enum relay_role,
    uint32_t via, uint32_t label, const uint8_t far[32], uint8_t hops,
    uint16_t life_s);
/* The circuit that this neighbour's request made, or NULL. */
struct circuit *relay_again(struct relay *, uint32_t by, uint32_t req);
/* One after the other, *cursor is 0 at first; NULL: no more. */
struct circuit *relay_next(struct relay *, uint32_t *cursor);
void relay_close(struct relay *, struct circuit *);
/* Its time is over: why in *why. */
bool relay_is_over(
    const struct circuit *, uint64_t now_ms, enum relay_why *why);

/* ---- requests ---- */
/* NULL: too many. */
struct relay_ask *relay_ask_new(struct relay *, uint64_t now_ms, uint32_t by);
struct relay_ask *relay_ask_find(struct relay *, uint32_t req, uint32_t via);
/* What is asked already by this neighbour with this number of its. */
struct relay_ask *relay_ask_same(struct relay *, uint32_t by, uint32_t req);
struct relay_ask *relay_ask_next(struct relay *, uint32_t *cursor);
void relay_ask_end(struct relay *, struct relay_ask *);

#endif
