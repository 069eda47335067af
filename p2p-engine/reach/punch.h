/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/punch.h */
#ifndef PUNCH_H
#define PUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frame_cand.h"

/*
 * A way of our own to a peer that we have a session with by somebody else: both
 * name the places where they may be, and both ping all of the other's at the
 * same time, so that each one's translator has let something out before it is
 * to let something in.  Pure: time, ids and lists are passed in, what is to be
 * done comes back as steps.
 *
 *	REST --wanted--> ASKED: our list is sent, at 0, 1 and 3 s
 *	any --its list--> RUN: all pairs are pinged at 0, 50, 150, 350 and
 *	    750 ms, 2 s, 10 s, 60 s --all silent, or one answered--> REST
 *
 * Who answers a list waits half a round trip with its pings, who is answered
 * begins at once.  A ping from elsewhere is from where the peer's translator
 * lets it out: that place is pinged, too.
 *
 * Each pair that was pinged without an answer is an entry in translators, of
 * ours and of others: a peer may have PUNCH_PAIRS of them, all together
 * PUNCH_OPEN_MAX.
 *
 * A translator may give the port that others know to a packet of theirs that
 * comes before ours goes out, and then ours leaves by another port forever.  If
 * nothing was heard after PUNCH_RENEW_MS where the kinds of both translators
 * promise an answer, one side takes a new socket (PUNCH_RENEW), and pings
 * PUNCH_FIRST_MS before the other; later the other does.
 */
#define PUNCH_PAIRS 12
#define PUNCH_PINGS 8
#define PUNCH_BURST 5 /* the first ones: more are of no use after an answer */
#define PUNCH_OPEN_MAX 128
#define PUNCH_SOCKETS 4 /* of ours */
#define PUNCH_ASKS 3    /* lists without an answer */
#define PUNCH_ASK_MS 1000
#define PUNCH_WAIT_MS 1000  /* for the last answers */
#define PUNCH_AGAIN_MS 5000 /* the same list is no reason to begin anew */
#define PUNCH_RENEW_MS 10000
#define PUNCH_OTHER_MS 6000 /* so much later it is the other's turn */
#define PUNCH_FIRST_MS 300
#define PUNCH_RENEWS 2

enum punch_state { PUNCH_REST, PUNCH_ASKED, PUNCH_RUN };

struct punch_pair {
	struct endpoint to;
	uint16_t sock;
	uint8_t type; /* of the candidate: 1 host, 2 seen, 3 mapped, 4 heard */
	uint8_t sent;
	bool open, answered;
	uint32_t after_ms,
	    rtt_ms; /* of the answer: since the start; its ping */
	uint64_t start_ms;
	uint64_t id[PUNCH_PINGS], sent_ms[PUNCH_PINGS];
};

struct punch_budget {
	uint32_t open;    /* pairs without an answer, of all peers */
	uint64_t refused; /* counted: pings put off, pairs left out */
};

struct punch {
	enum punch_state state;
	bool leads;         /* of two ends exactly one does */
	bool answer_due;    /* its list wants ours */
	bool first;         /* we begin PUNCH_FIRST_MS before it */
	bool turn;          /* it took a new socket: next time we do */
	uint8_t asks;       /* sent, without an answer */
	uint64_t ask_ms;    /* when the next is due */
	uint64_t start_ms;  /* of the pings */
	uint64_t listed_ms; /* when its list came, 0: never */
	uint8_t nat;        /* ours, as we said */
	struct cands its;
	uint8_t npairs;
	struct punch_pair pair[PUNCH_PAIRS];
	uint8_t renews;
	bool renew_done; /* of this run */
	uint32_t runs, worked;
};

/* What both can have without anybody's help, by the octets nat of both. */
bool punch_can(uint8_t nat, uint8_t other);

void punch_init(struct punch *, bool leads);
/* All that is open is given back. */
void punch_clear(struct punch *, struct punch_budget *);
/* Somebody wants a way of our own.  Nothing, if one is being looked for. */
void punch_want(struct punch *, uint64_t now_ms);
/* The same, from a socket that nobody has seen; we ping before the other. */
void punch_renewed(struct punch *, uint64_t now_ms);
/*
 * Its list came; we can ping from these sockets.  on_link: of its place i, is
 * it on a network that we are on?  Those come first.
 */
struct punch_from {
	uint16_t sock;
	uint8_t family;
};
void punch_list(struct punch *, struct punch_budget *, uint64_t now_ms,
    const struct cands *, uint32_t rtt_ms, const struct punch_from *,
    unsigned nfrom, uint32_t on_link);
/* A ping of its came from there: where its translator lets it out. */
void punch_pinged_from(
    struct punch *, uint64_t now_ms, uint16_t sock, const struct endpoint *);

enum punch_act {
	PUNCH_SAY,  /* send our list, and what the step says */
	PUNCH_PING, /* pair i; punch_pinged follows, if it left */
	PUNCH_RENEW /* take another socket, then punch_renewed */
};
struct punch_step {
	enum punch_act act;
	uint8_t pair;
	bool answer;
	uint16_t delay_ms;
};
#define PUNCH_STEPS (PUNCH_PAIRS + 2)
uint64_t punch_due(const struct punch *); /* UINT64_MAX: nothing is */
unsigned punch_tick(struct punch *, struct punch_budget *, uint64_t now_ms,
    struct punch_step out[PUNCH_STEPS]);
void punch_pinged(struct punch *, unsigned pair, uint64_t id, uint64_t now_ms);
/*
 * A pong with this id came from there: its pair, NULL: none of ours.  *sent_ms
 * is when its ping left.
 */
const struct punch_pair *punch_pong(struct punch *, struct punch_budget *,
    uint64_t id, const struct endpoint *from, uint64_t now_ms,
    uint64_t *sent_ms);

#endif
