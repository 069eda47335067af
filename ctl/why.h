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
 *	-> last drop
 *
 * The first step that fails is the cause.  What was dropped last may be of an
 * older one, so it is none; but it has its own reason and advice (reason.h).
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
	WHY_PEER_OFF,      /* it does not answer */
	WHY_WARMING_UP,    /* lookup or handshake are under way */
	WHY_IDLE,          /* no session, because nobody wants one */
	WHY_POLICY_DENIED, /* the filter blocks this packet */
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

/* What is asked about: a peer's name, an address, or a packet. */
struct why_target {
	const char *name;      /* as given; NULL: addresses only */
	uint8_t proto;         /* 0: any */
	struct addr src, dst;  /* family 0: any */
	uint16_t sport, dport; /* 0: any */
	char text[160];        /* "tcp 10.0.0.1:5000 -> 10.0.0.2:80" */
};
#define WHY_WORDS_MAX 3 /* of a target */
/*
 * "beta", "10.9.0.2", "tcp 10.9.0.2:80", "tcp 10.9.0.1:5000 10.9.0.2:80", as
 * meshctl flows prints them.  0, or -1: what the *bad-th word is makes no
 * sense.
 */
int why_target(
    struct why_target *, char *const *words, unsigned n, unsigned *bad);

#define WHY_STEPS_MAX 16
#define WHY_DROPS_MAX 12
struct why {
	char peer[64]; /* "": none */
	enum why_cause cause;
	uint64_t next_unix_ms; /* the next try by itself, 0: none is known */
	unsigned n;
	struct why_step step[WHY_STEPS_MAX];
	/* of the target, the newest first; the snapshot's */
	unsigned ndrops;
	const struct msg_drop_row *drop[WHY_DROPS_MAX];
};

/* The snapshot is sorted. */
void why(struct why *, const struct snapshot *, const struct why_target *,
    uint64_t now_unix_ms);
/* Whose packets it is about, or NULL. */
const struct msg_peer_row *why_peer(
    const struct snapshot *, const struct why_target *);
/* "no_route"; for what is newer than this program "unknown" */
const char *why_reason(const struct msg_drop_row *);

#endif
