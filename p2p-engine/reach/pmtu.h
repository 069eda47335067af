/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pmtu.h */
#ifndef PMTU_H
#define PMTU_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

/*
 * How long datagrams to one peer may be, found by asking it (RFC 8899).  Pure:
 * time and the ids of probes are passed in, what is to be asked comes back.
 *
 * Sizes are octets of a datagram, what UDP carries.  A round is a few probes
 * of different sizes at once and a small one behind them: if the small one is
 * answered the others were on a path that works.  A size that was not answered
 * in PMTU_LOSSES such rounds does not pass.  If nothing is answered the round
 * says nothing, and the next one has more time.
 *
 * A new place is believed to take what the tunnel needs until it shows that it
 * does not: that is what everybody else does all the time.  In use, what is
 * believed is asked again every PMTU_CHECK_MS, so a path that gets narrower is
 * no black hole for longer than that and three rounds.  Larger sizes are tried
 * again some time after a size was given up, at first soon, in the end every
 * PMTU_RAISE_MS.  Who sends nothing asks nothing.
 *
 * What is known of places that are not used now is kept for a while.
 */
#define PMTU_LEAST 1280   /* packets of this length pass everywhere */
#define PMTU_COMMON 1500  /* and these nearly: looked for in any case */
#define PMTU_MOST 8972    /* the longest probe */
#define PMTU_SMALL 64     /* the shortest */
#define PMTU_ASKS 6       /* probes of a round */
#define PMTU_LOSSES 3     /* rounds that lack an answer */
#define PMTU_STEP 16      /* what is less apart is the same */
#define PMTU_ROUND_MS 200 /* the least time of a round */
#define PMTU_HASTE_MS 20  /* ... if data is silent, after the small one */
#define PMTU_FIRST_MS 500 /* while it is not known how far the peer is */
#define PMTU_SLOW_MS 30000
#define PMTU_CHECK_MS 2000
#define PMTU_SOON_MS 10000 /* larger ones again, at first */
#define PMTU_RAISE_MS 600000
#define PMTU_PLACES 8 /* remembered */

struct pmtu_place {
	struct endpoint ep; /* family 0: free */
	uint16_t sock;
	uint16_t lo, hi;
	uint64_t left_ms;
};

struct pmtu_ask {
	uint16_t size;
	uint64_t id;
	bool sent, answered, refused;
};

struct pmtu {
	bool on, idle;
	bool haste; /* data is silent, so answers are not waited for long */
	bool
	    narrow; /* not all that is needed has passed since something fell */
	struct pmtu_place at; /* the one in use; its lo and hi are below */
	uint16_t base, need, top;
	uint16_t size;    /* datagrams may be so long */
	uint16_t lo, hi;  /* passes, does not; 0: nothing is known to pass */
	uint16_t proved;  /* lo, or what it was before it was asked again */
	uint16_t suspect; /* not answered in `losses` rounds; 0: none */
	uint16_t beyond;  /* what did not pass is asked for again, 0: not */
	uint8_t losses, dead; /* rounds without any answer, in a row */
	/* the round under way */
	uint8_t n;
	struct pmtu_ask ask[PMTU_ASKS];
	uint64_t asked_ms, until_ms; /* until_ms 0: there is none */
	uint64_t next_ms, raise_ms, used_ms;
	uint32_t wait_ms; /* between two tries of larger ones */
	uint32_t rtt_ms;  /* UINT32_MAX: not known */
	struct pmtu_place known[PMTU_PLACES];
};

void pmtu_init(struct pmtu *);
/*
 * The peer is there now; over: octets that IP and UDP, or whatever carries it,
 * put before a datagram; need: the longest datagram that the tunnel wants to
 * send.  The same place again changes only what is needed.
 */
void pmtu_use(struct pmtu *, const struct endpoint *, uint16_t sock,
    uint16_t over, uint16_t need, uint64_t now_ms);
/* Anything passes, nothing is asked. */
void pmtu_stop(struct pmtu *, uint64_t now_ms);
/* Another network, perhaps: ask again. */
void pmtu_hint(struct pmtu *, uint64_t now_ms);
/* The peer is silent, which could be because of this. */
void pmtu_doubt(struct pmtu *, uint64_t now_ms);

/* A long datagram left; true: pmtu_due may be earlier now. */
static inline bool
pmtu_sent(struct pmtu *s, uint64_t now_ms)
{
	bool was = s->idle;

	s->used_ms = now_ms;
	s->idle = false;
	return was;
}

/* The longest datagram, UINT16_MAX: whatever the tunnel has. */
static inline uint16_t
pmtu_limit(const struct pmtu *s)
{
	return s->size;
}

uint64_t pmtu_due(const struct pmtu *); /* UINT64_MAX: nothing is */
/* How many of s->ask are to be sent now, in their order; 0: none. */
unsigned pmtu_tick(struct pmtu *, uint64_t now_ms);
/* Ask i left with this id; or the system said at once that it is too long. */
void pmtu_asked(struct pmtu *, unsigned i, uint64_t id);
void pmtu_refused(struct pmtu *, unsigned i);
/* true: it was one of ours. */
bool pmtu_answer(struct pmtu *, uint64_t id, uint64_t now_ms);

/* For people: what is known to pass, as a whole packet; 0: nothing yet. */
uint16_t pmtu_path(const struct pmtu *, uint16_t over);
/*
 * Of a place, in use or remembered: the longest datagram that passed and the
 * shortest that did not, 0: none was found.  false: nothing is known of it.
 */
bool pmtu_known(const struct pmtu *, const struct endpoint *, uint16_t sock,
    uint16_t *lo, uint16_t *hi);

#endif
