/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wire/session.h */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keypair.h"
#include "noise.h"
#include "rnd.h"

/*
 * One WireGuard association: three key slots and the timers of whitepaper
 * section 6, as a machine without clock, socket or peer table.  The caller
 * reports what happened and does what comes back.
 *
 *	previous <-- current <-- next (responder: until the first message on it)
 *
 * Timers (all relative to events reported here, all lengths in the limits):
 *  - we sent data, nothing authenticated came back for 10 s + 5 s: handshake
 *  - we received data and sent nothing for 10 s: keepalive
 *  - we are the initiator and the key is rekey_after old (checked on send), or
 *    reject_after - min(15 s, reject_after / 3) old (checked on receive):
 *    handshake; also, in any role, after rekey_after_messages
 *  - persistent keepalive, if set, after that long without sending anything;
 *    without a usable key it asks for a handshake instead
 *  - a handshake is repeated after 250, 500, 750, 750 ... ms, each with up
 *    to a third of jitter, and given up after attempt_s; the next want starts
 *    a new one.  Initiations are never closer together than WG_INIT_GAP_MS.
 *  - all keys are wiped 3 * reject_after after the last one was made
 *
 * Crossing handshakes (both sides initiate at once) may both complete.  Both
 * sides then know both keys, and the one whose initiator chose the smaller
 * index is used: the loser follows at the first message on it, the winner
 * keeps the other only to receive.  So one side stays the initiator, and the
 * next rekey does not cross again.  A stock peer needs no agreement: whatever
 * it sends on is received.
 */
struct session_limits {
	uint32_t rekey_after_s, reject_after_s, attempt_s;
	uint64_t rekey_after_messages, reject_after_messages;
	uint32_t keepalive_ms; /* WG_KEEPALIVE_MS */
};
void session_limits_default(struct session_limits *);

enum session_slot { SLOT_PREVIOUS, SLOT_CURRENT, SLOT_NEXT, SLOT_N };

/* What the caller should do now (bits). */
#define SES_INITIATE 1  /* send an initiation (first or repeated) */
#define SES_KEEPALIVE 2 /* send an empty data message */
#define SES_GAVE_UP 4   /* no answer within attempt_s: drop what is held */
#define SES_WIPED 8     /* keys are gone: forget their indices */

struct session {
	struct session_limits lim;
	struct keypair *slot[SLOT_N]; /* NULL: empty */
	uint16_t persistent_s;        /* the caller may set it at any time */
	/* the handshake as initiator */
	bool dialing, ever_initiated;
	uint32_t attempts; /* initiations sent in this dialing */
	uint64_t dial_began_ms, dial_due_ms, last_init_ms;
	/* timers: absolute due times, 0: off */
	uint64_t dead_due_ms, keepalive_due_ms, persistent_due_ms, wipe_due_ms;
	bool rekey_wanted; /* session_tick turns it into dialing */
};

void session_init(struct session *, const struct session_limits *);
void session_clear(struct session *); /* wipes and frees the keys */

/* ---- handshake ---- */
/*
 * A packet waits or a rekey is due.  Starts dialing unless it is under way
 * (then attempt_s goes on counting, so that what is held hears of a failure).
 * While an initiation of the peer was just answered, ours waits a moment.
 */
void session_want(struct session *, uint64_t now_ms);
bool session_dialing(const struct session *);
void session_stop_dialing(struct session *);
/*
 * The initiation of SES_INITIATE was sent; arms the repetition.  Until this is
 * called SES_INITIATE comes again every 250 ms: making an initiation takes
 * answers of keyd, and a caller that already waits for them ignores it.
 */
void session_init_sent(
    struct session *, uint64_t now_ms, const struct rnd_src *);
/* A cookie came: repeat once, soon, with mac2 (one RTT, not a time-out). */
void session_cookie_taken(struct session *, uint64_t now_ms);
/* The network is another one: repeat as soon as one may.  While dialing only.
 */
void session_retry_now(struct session *, uint64_t now_ms);
/* The way is long: do not repeat before due_ms.  Nothing unless dialing. */
void session_be_patient(struct session *, uint64_t due_ms);
/*
 * Keys from a finished handshake (the caller wipes them).  Initiator: they
 * become current, the old current previous, and a keepalive is due at once
 * unless something is sent first: the responder waits for it.  Responder: they
 * become next.  Indices of keys that fell out go to gone[] (at most SLOT_N,
 * returned count) for the index table.  No memory: -1, nothing changed.
 */
int session_established(struct session *, uint64_t now_ms, bool initiator,
    const struct noise_keys *, uint32_t local_index, uint32_t remote_index,
    uint32_t gone[SLOT_N]);

/* ---- data ---- */
/*
 * The key to seal with: current, young enough and not exhausted; else NULL.
 * Sets rekey_wanted when it is time (the caller calls session_tick then).  A
 * batch may seal many messages with it; keypair_seal says 0 at the limit.
 */
struct keypair *session_tx(struct session *, uint64_t now_ms);
/* The key an index names, if it may still receive; else NULL. */
struct keypair *session_rx(
    struct session *, uint64_t now_ms, uint32_t local_index);
/*
 * Report an authenticated, not replayed message on this key.  data: it had a
 * payload.  Promotes next to current, which also ends dialing (look at
 * session_up afterwards for what is held); gone as above; returns the count.
 */
int session_received(struct session *, uint64_t now_ms, struct keypair *,
    bool data, uint32_t gone[SLOT_N]);
/* A data message (data: not a keepalive) was sent. */
void session_sent(struct session *, uint64_t now_ms, bool data);
/* The peer should hear from us: a keepalive is due unless we send before. */
void session_keepalive_now(struct session *);

/* ---- time ---- */
/* Everything due now, as SES_* bits; gone/ngone as above when SES_WIPED. */
unsigned session_tick(
    struct session *, uint64_t now_ms, uint32_t gone[SLOT_N], unsigned *ngone);
/* Next due, UINT64_MAX: none, 0: now. */
uint64_t session_due(const struct session *);
/* Live for sending now? (state for humans and for the hold queue) */
bool session_up(const struct session *, uint64_t now_ms);

#endif
