/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/search.h */
#ifndef SEARCH_H
#define SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "dht.h"

/*
 * Whom an iterative lookup asks next, and when it has asked enough.  Pure: no
 * clock, no messages; the caller tells what happened to whom it asked.
 *
 *	NEW --asked--> ASKED --300 ms--> LATE
 *	 ^               |                 |
 *	 |             answered, by either of them --> ANSWERED
 *	 +----1 s, tries left-- or DEAD <--+
 *
 * Plain Kademlia always asks the closest, so one liar that names liars very
 * close to the target has the rest of the search to himself.  Therefore:
 *
 *  - Fair shares.  Every node we start from opens a line; a candidate belongs
 *    to the lines of all who told about it.  A query is charged to its lines,
 *    and each charge weighs as much as one bit of closeness.
 *  - A teller alone.  Of candidates that only one node told about, few are
 *    asked before the others are.
 *  - The crowd.  From the size of the network follows how many nodes there can
 *    be how close to the target.  Of a crowd, only the first are asked early.
 *  - Contradiction.  Who is near knows everybody who is near.  If several
 *    that are leave out what has answered us, somebody keeps his neighbours
 *    to himself: more is asked, and kept in more places.
 *  - The sides.  Whoever is honest and near a crowd names only the crowd.  Then
 *    we ask for keys next to it (one of the leading bits turned round), and
 *    find the honest neighbourhood from there.
 */
#define SEARCH_CANDS 320
#define SEARCH_LINES 16
#define SEARCH_TRIES 3     /* of one candidate */
#define SEARCH_INFLIGHT 10 /* with those that are late */
#define SEARCH_TOLD 8      /* of a family in one answer are believed */
#define SEARCH_SOLE 4      /* see "a teller alone" */
#define SEARCH_SIDES 3
#define SEARCH_SIDE_ASKS 5 /* queries for each side */
#define SEARCH_SIEGES 3    /* one behind the other */
#define SEARCH_NO_SIDE 0xff

enum cand_state { CAND_NEW, CAND_ASKED, CAND_LATE, CAND_ANSWERED, CAND_DEAD };

enum cand_put { PUT_NOT, PUT_ASKED, PUT_LATE, PUT_STORED, PUT_FAILED };

struct cand {
	uint8_t id[DHT_ID];
	struct endpoint ep;
	bool has_id;   /* false: only an address to start from */
	bool odd;      /* its id can't be that of its address (BEP42) */
	bool shunned;  /* gave a wrong item, or is many nodes at once */
	uint8_t state; /* enum cand_state */
	uint8_t tries;
	uint8_t sides;   /* bit i: was asked for side i */
	uint8_t sole;    /* asked candidates that only it told about */
	uint8_t tellers; /* how many told about it, at most 255 */
	uint8_t depth;   /* how many told each other before we heard of it */
	int16_t teller;  /* the first of them, or -1 */
	uint16_t bits;   /* common with the target */
	uint32_t lines;
	uint32_t told[SEARCH_CANDS / 32]; /* bit i: it told about i */

	/* for get and put */
	uint8_t put; /* enum cand_put */
	uint8_t put_tries;
	uint8_t value_tries; /* asked again with its token */
	uint8_t tokenlen, token[64];
};

/* How much is asked. */
struct search_effort {
	uint16_t least; /* so many even if the closest have answered */
	uint16_t most;
};

/* One query: to whom, and for which side, if for one. */
struct search_leg {
	uint16_t cand;
	uint8_t side; /* or SEARCH_NO_SIDE */
	bool late;    /* no answer for 300 ms */
};

struct search {
	uint8_t target[DHT_ID];
	struct search_effort effort;
	bool guarded;      /* get, put: look at the sides, too */
	bool knows_size;   /* of the network, so: */
	unsigned size_log; /* log2 of it, 1/16 */
	unsigned depth;    /* bits that 8 nodes of it share with the target */
	unsigned crowd;    /* who shares so many is in it */
	uint8_t sieges;    /* how often the crowd was found to be too many */
	bool suspect;      /* not all of what we are told can be true */
	bool full;         /* the crowd has had its share */
	uint8_t nlines;
	uint8_t nsides, side_asks[SEARCH_SIDES];
	uint8_t side[SEARCH_SIDES][DHT_ID];
	uint16_t n, asked, inflight, late, answered, retried, revived;
	uint32_t spent[SEARCH_LINES]; /* 1/16 query */
	struct cand cand[SEARCH_CANDS];
};

/* size_log: table_size_log's; 0: not known */
void search_init(
    struct search *, const uint8_t target[DHT_ID], unsigned size_log);
/* Somebody to start from; id NULL: known by its address only. */
void search_root(struct search *, const uint8_t *id, const struct endpoint *);
/* Candidate number `teller` told about this node; what we have of it now, or
 * NULL: not taken. */
struct cand *search_told(
    struct search *, unsigned teller, const struct dht_node *);

/*
 * Whom to ask now.  false: nobody.  For a side it is find_node for
 * search.side[leg.side], whatever the search is for.
 */
bool search_next(const struct search *, struct search_leg *);
void search_asked(struct search *, const struct search_leg *);
void search_late(struct search *, struct search_leg *);
/* id: what it says it is */
void search_answered(
    struct search *, const struct search_leg *, const uint8_t id[DHT_ID]);
void search_missed(struct search *, const struct search_leg *);
/* It lied: nothing that only it told is worth anything any more. */
void search_shun(struct search *, unsigned cand);

/*
 * Is enough asked?  satisfied: what was looked for has been found, so the
 * least effort need not be made.  May open sides (sieges grows): then the
 * caller adds whom he knows next to each as a root, and goes on.
 */
bool search_done(struct search *, bool satisfied);

/* The closest that answered, best first; numbers of candidates. */
size_t search_closest(const struct search *, uint16_t out[], size_t max);
/*
 * Where an item goes, of those that gave a token: the k closest; then more, in
 * fair shares, from outside of the crowd.  out has n already; at most max.
 */
size_t search_places(
    const struct search *, uint16_t out[], size_t n, size_t max);

#endif
