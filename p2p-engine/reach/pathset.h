/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pathset.h */
#ifndef PATHSET_H
#define PATHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

/*
 * The places of one peer by which packets may reach it, and which of them is
 * used: `best`.  Pure: time and the ids of pings are passed in, what is to be
 * done comes back as steps.
 *
 * Failure is found by traffic.  Who has sent something and heard nothing since
 * pings best after PATH_ASK_MS (or 1.5 round trips).  After PATH_DOUBT_MS (or
 * three round trips) it doubts: all places are pinged and, if another one is
 * known to answer, everything is sent there as well; the receiver's replay
 * window takes one of both.  If best stays silent for as long again, or nothing
 * else was known, the first other one that answers is best from then on.
 *
 * Rank comes before everything: a direct place before a relay, what the
 * administrator wants before both.  One of a higher rank than best is tried
 * at once and after 2, 5, 10, 30, 60 s, and used after PATH_QUICK pongs in a
 * row.  What failed is held down, longer each time, and asked more often
 * before it is trusted.  Among equals the score counts: see pathset_tick.c.
 *
 * What came steadily and stops in the middle may have an end at the peer, or
 * at a translator that has forgotten us: then only we can make it known again,
 * and have nothing to say.  So best is pinged after PATH_LULL_MS, and once
 * more.
 *
 * Nobody is pinged while there is no traffic.  A peer in use has its other
 * places pinged every PATH_KEEP_MS, so that one is known to work when it is
 * needed.  A place is best only after an answer from there.
 */
#define PATHS_MAX 8
#define PATH_NONE PATHS_MAX
#define PATH_ASK_MS 100
#define PATH_DOUBT_MS 150
#define PATH_KEEP_MS 20000  /* pings to those that answer but are not used */
#define PATH_TRY_MS 5000    /* ... and to those that don't, at first */
#define PATH_BACK_MS 500    /* ... and to the one that was better, once */
#define PATH_QUICK_MS 50    /* ... and to one of a higher rank, ... */
#define PATH_QUICK 3        /* ... so often */
#define PATH_HEALTH_MS 3000 /* to best, if it has rivals of its rank */
#define PATH_USED_MS 60000  /* a peer is in use so long after a packet */
#define PATH_FRESH_MS 45000 /* an answer proves a place so long */
#define PATH_QUIET_MS 10000 /* nothing sent any more: silence says nothing */
#define PATH_WAIT_MS 400    /* for an answer from who never gave one */
#define PATH_PROOFS 5
#define PATH_LULL_MS 400 /* packets that come closer are steady, ... */
#define PATH_STEADY 10   /* ... if they are so many */
#define PATH_SURE 20 /* pongs in a row at PATH_BACK_MS: no longer held down */
#define PATH_HELD_MS 3000 /* what failed is not used again, doubled ... */
#define PATH_HELD_MAX_MS                                                       \
	60000               /* ... up to that; also what was left by hand      \
			     */
#define PATH_LEAST_MS 30000 /* between two changes that nothing forced */
#define PATH_LEAD_MS 3000   /* what was decided stands, with who leads ... */
#define PATH_STAND_MS 300   /* ... and with the other, and two round trips */

struct path {
	struct endpoint ep; /* family 0: free */
	uint16_t sock;
	uint8_t rank;            /* higher first */
	uint8_t proofs;          /* pings answered in a row */
	uint8_t missed;          /* pings not answered, in a row */
	uint8_t fails;           /* it was left so often because it failed */
	uint16_t loss_pm;        /* pings, smoothed */
	uint8_t judged;          /* of how many */
	uint32_t rtt_us, var_us; /* smoothed; 0: not known */
	uint32_t last_us;        /* its last answer took so long */
	uint64_t heard_ms, proved_ms; /* authentic data; a ping answered */
	uint64_t called_ms;     /* data came while it was not proved, or 0 */
	uint64_t ping, ping_ms; /* on its way, 0: none; sent */
	uint64_t next_ms;       /* when it is pinged for upkeep */
	uint64_t held_ms;       /* not used before, unless there is need */
};

enum pathset_state { PATHSET_CALM, PATHSET_ASKED, PATHSET_DOUBT };

struct pathset {
	struct path at[PATHS_MAX];
	uint8_t best, spare; /* spare: what DOUBT sends to as well, or NONE */
	uint8_t left;        /* that failed and was better, or PATH_NONE */
	uint8_t rival, wins; /* seems better than best, in so many rounds */
	uint8_t state;
	uint8_t why;        /* enum path_why: best is best */
	uint8_t steady;     /* packets heard in a row, up to PATH_STEADY; ... */
	uint8_t lulls;      /* ... pings since they stopped */
	uint64_t silent_ms; /* of the first packet without an answer; 0: none */
	uint64_t doubt_ms, again_ms, changed_ms, rival_ms;
	uint64_t used_ms;              /* data was sent */
	uint64_t decided_ms, asked_ms; /* by ourselves; a strange place, last */
	uint64_t forced_ms; /* by hand: nothing of a higher rank before */
	bool leads;         /* of two that decide at once, the other follows */
	/* for the books: best was left because it failed; silent since */
	uint32_t failures;
	uint64_t failed_ms;
};

/* PATH_KEEP: PATH_PING, if there is a translator that may have forgotten us */
enum path_act { PATH_PING, PATH_USE, PATH_KEEP };
enum path_why {
	PATH_FAILED,
	PATH_BACK,
	PATH_BETTER,
	PATH_UPGRADE,  /* of a higher rank */
	PATH_FOLLOWED, /* the peer uses it, or it was there first */
	PATH_MANUAL,
	PATH_NWHYS
};
struct path_step {
	enum path_act act;
	uint8_t place;
	enum path_why why; /* of PATH_USE */
};
#define PATH_STEPS (2 * PATHS_MAX)

/* leads: of the two ends exactly one does. */
void pathset_init(struct pathset *, bool leads);
/*
 * A place where the peer may be.  Its number; PATH_NONE: there is no room, and
 * all that are there are better known.  One that is there keeps what is known
 * of it; its rank is set.
 */
unsigned pathset_add(struct pathset *, const struct endpoint *, uint16_t sock,
    uint8_t rank, uint64_t now_ms);
/* The same for where something authentic came from: there is always room. */
unsigned pathset_put(
    struct pathset *, const struct endpoint *, uint16_t sock, uint64_t now_ms);
unsigned pathset_find(
    const struct pathset *, const struct endpoint *, uint16_t sock);
/* It is one of them, and has answered lately. */
bool pathset_is_proved(const struct pathset *, const struct endpoint *,
    uint16_t sock, uint64_t now_ms);
/* Best is this one now, whoever decided it (a handshake, the administrator). */
void pathset_use(
    struct pathset *, const struct endpoint *, uint16_t sock, uint64_t now_ms);
/* It can't be reached any more: if it is best, whoever answers is best next. */
void pathset_drop(
    struct pathset *, const struct endpoint *, uint16_t sock, uint64_t now_ms);
/*
 * Left by hand: for place i, or PATH_NONE for the next best that is proved.
 * Which it is; PATH_NONE: there is none.  pathset_use follows.
 */
unsigned pathset_force(struct pathset *, unsigned i, uint64_t now_ms);
/* The peer tries place i: it may work now. */
void pathset_tried(struct pathset *, unsigned i, uint64_t now_ms);
/* Another network, perhaps: nothing is proved any more, all may be asked. */
void pathset_hint(struct pathset *, uint64_t now_ms);

/* A data packet left by best; true: pathset_due may be earlier now. */
static inline bool
pathset_sent(struct pathset *s, uint64_t now_ms)
{
	s->used_ms = now_ms;
	if (s->silent_ms != 0)
		return false;
	s->silent_ms = now_ms;
	return true;
}

/* Packets come steadily: pathset_due may be earlier than before they did. */
static inline bool
pathset_is_steady(const struct pathset *s)
{
	return s->steady == PATH_STEADY;
}

/*
 * Something authentic came from there.  What follows: PATH_STAY; PATH_ASK, it
 * is not known to be the peer's, ping it; PATH_FOLLOW, the peer uses that one
 * and not best any more, so do it, too.
 */
enum path_heard { PATH_STAY, PATH_ASK, PATH_FOLLOW };
enum path_heard pathset_heard(
    struct pathset *, const struct endpoint *, uint16_t sock, uint64_t now_ms);
/* A ping leaves for place i. */
void pathset_pinged(struct pathset *, unsigned i, uint64_t id, uint64_t now_ms);
/*
 * A pong with this id came from there: its place, PATH_NONE if none of ours.
 * *rtt_us is how long it took.
 */
unsigned pathset_pong(struct pathset *, uint64_t id, const struct endpoint *,
    uint64_t now_ms, uint32_t *rtt_us);

/* The peer is at place i, as something else than a pong has shown. */
void pathset_proved(struct pathset *, unsigned i, uint64_t now_ms);

/*
 * Place i has just been proved: is that because the peer uses it and no other?
 * If so it is to be used, as after PATH_FOLLOW.
 */
bool pathset_called(struct pathset *, unsigned i, uint64_t now_ms);

uint64_t pathset_due(const struct pathset *); /* UINT64_MAX: nothing is */
/* Carry the steps out in their order: PATH_USE i, then pathset_use follows. */
unsigned pathset_tick(
    struct pathset *, uint64_t now_ms, struct path_step out[PATH_STEPS]);
/* Is a copy of everything to be sent to the spare one? */
static inline const struct path *
pathset_copy(const struct pathset *s)
{
	return s->state == PATHSET_DOUBT && s->spare < PATHS_MAX
	    ? &s->at[s->spare]
	    : NULL;
}

#endif
