/* SPDX-License-Identifier: ISC */
/* file: ctl/why.h */
#ifndef WHY_H
#define WHY_H

#include "snapshot.h"

/*
 * Why does a packet for a peer, or for an address, get there or not?  The
 * engine's decision once more, step by step, from what the processes say of
 * themselves now.  Pure: a snapshot in; steps, one cause and what to do out.
 *
 *	route -> certificate -> peer -> breaker -> place -> streams -> filter
 *
 * The first step that fails is the cause.
 */
enum why_cause { /* the names are scripts': never rename */
	WHY_FINE,
	WHY_NOT_RUNNING,
	WHY_KEY_UNKNOWN, /* nobody has the address or the name */
	WHY_ADMIN_DOWN,
	WHY_CLOCK_SKEW, /* a certificate that is not valid yet */
	WHY_CERT_EXPIRED,
	WHY_BREAKER_OPEN,
	WHY_NO_ENDPOINT,
	WHY_PEER_OFF,   /* it does not answer */
	WHY_WARMING_UP, /* lookup or handshake are under way */
	WHY_IDLE,       /* no session, because nobody wants one */
	WHY_NCAUSES
};
const char *why_cause_name(enum why_cause); /* "breaker_open" */
const char *why_fix(enum why_cause);        /* a sentence, or "" */

enum why_verdict { WHY_OK, WHY_BAD, WHY_NOTE };
struct why_step {
	const char *step; /* "breaker" */
	enum why_verdict verdict;
	char proof[192];
};

#define WHY_STEPS_MAX 16
struct why {
	char peer[64]; /* "": none */
	enum why_cause cause;
	uint64_t next_unix_ms; /* the next try by itself, 0: none is known */
	unsigned n;
	struct why_step step[WHY_STEPS_MAX];
};

/* target: a peer's name or an address. */
void why(struct why *, const struct snapshot *, const char *target,
    uint64_t now_unix_ms);

#endif
