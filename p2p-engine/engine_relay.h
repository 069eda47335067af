/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_relay.h */
#ifndef ENGINE_RELAY_H
#define ENGINE_RELAY_H

#include "msg.h"
#include "relay.h"

/*
 * Relays, as the engine keeps them: reach/relay.h has the table.
 *
 *	engine_relay.c        messages, and the carrier CARRY_RELAY
 *	engine_relay_frame.c  what members ask of each other about it
 *	engine_relay_seek.c   who needs a way by a relay, and by which; time
 *	engine_relay_keep.c   with whom there is a session before
 *
 * A relay forwards between places of sessions that it has itself, and by no
 * relay; it opens nothing and answers nothing.  Ends have the way as one of the
 * peer's places (engine_carry.h), so all else is as with any other place.
 */
struct datagram;
struct engine;
struct opening;
struct peer_slot;

#define RELAY_WAYS 2         /* by relays, of a peer that needs them */
#define RELAY_PATIENCE_MS 80 /* a direct place may answer first */
#define RELAY_LATER_MS                                                         \
	10000 /* the longest wait before relays are asked again */
#define RELAY_WARM_MS 25000
#define RELAY_WARM_S 25
#define RELAY_USED_MS 60000 /* a peer is in use so long after a packet */
#define RELAY_LOOK_MS 5000  /* who keeps relays looks at them so often */
#define RELAY_RTT_US 50000  /* of a relay whose is not known */
#define RELAY_BUF 65000

/* What a slot has of it. */
struct relayed {
	bool said; /* it relays for members, it said */
	bool kept; /* its session is kept alive for that */
	uint8_t tries;
	uint64_t due_ms; /* when ways to it are looked for, 0: not */
};

struct relays {
	struct relay t;
	uint8_t buf[RELAY_BUF];
	struct msg_own_relays told; /* to discoveryd */
	bool news;
	uint64_t look_ms;
	/* somebody has had a session with us; else the holder is called */
	bool known;
	uint64_t known_ms, known_wait_ms;
};

/* ---- engine_relay.c ---- */
int relays_init(struct engine *); /* 0 or -1 */
void relays_conf(struct engine *, uint64_t now_ms);
/* Do we relay?  If we are willing and our certificate allows it. */
bool relays_serve(const struct engine *);
bool relay_is(const struct peer_slot *); /* ... and does this member? */
struct endpoint relay_label(uint32_t label);
/* A session of ours by which relayed messages may go, or NULL. */
struct peer_slot *relay_neighbour(const struct engine *, uint32_t no);
enum udp_result relay_emit(struct engine *, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg);
bool relay_has(const struct engine *, const struct endpoint *);
/* Is the relay of this way itself reached by TLS? */
bool relay_is_by_tls(const struct engine *, const struct endpoint *);
/*
 * One receive.  False: not relayed messages of one way that is good, each has
 * to be looked at.  *stays: as engine_from_receive says.
 */
bool relay_receive(struct engine *, const struct opening *, bool *stays);
/* One that relay_receive did not take. */
enum counter engine_relay(
    struct engine *, uint64_t now_ms, const struct datagram *);

/* ---- engine_relay_frame.c ---- */
void on_relay_frame(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct frame *);
/* Ask this relay for a way to p, behind it by another one (NULL: none). */
void relay_ask_for(struct engine *, struct peer_slot *p, struct peer_slot *via,
    const uint8_t *onward, uint64_t now_ms);
/* There is a session with it: who waited for that goes on. */
void relay_up(struct engine *, struct peer_slot *, uint64_t now_ms);
/* There is none any more, or it forgot all. */
void relay_gone(struct engine *, struct peer_slot *, uint64_t now_ms);
/* The circuit is over; who has its other legs hears of it, but not `but`. */
void relay_end_of(struct engine *, struct circuit *, uint64_t now_ms,
    enum relay_why, const struct peer_slot *but);
/* What has to be repeated, or was waited for in vain. */
void relay_asks_tick(struct engine *, uint64_t now_ms);
/* INCOMING, to the destination of a way through us. */
void relay_tell_end(struct engine *, struct circuit *, uint64_t now_ms);

/* ---- engine_relay_seek.c ---- */
#define RELAY_CHOICES 8 /* looked at */
struct relay_choice {
	struct peer_slot *p;
	uint64_t score; /* lower is better */
};
/*
 * Relays with a session that are no way to p yet, the best first; alone: no way
 * without another one behind.
 */
unsigned relay_choices(struct engine *, const struct peer_slot *p, bool alone,
    struct relay_choice out[RELAY_CHOICES]);
/* A few more, but not p: those that are known are dialed, others looked up. */
void relay_find_more(
    struct engine *, const struct peer_slot *p, uint64_t now_ms);
void relay_hello(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct hello *);
/* It is dialed, or nobody knows where it is. */
void relay_dialed(struct engine *, struct peer_slot *, uint64_t now_ms);
uint64_t relay_slot_due(const struct peer_slot *); /* UINT64_MAX: never */
void relay_slot_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
/* There are new members: perhaps relays that others have published. */
void relays_known(struct engine *, uint64_t now_ms);
/* Of a member: are there relays to ask for it, as far as discoveryd knows? */
bool relay_is_hinted(const struct peer_slot *);
void relay_offer_all(struct engine *, struct peer_slot *, uint64_t now_ms);
void relays_tick(struct engine *, uint64_t now_ms); /* t_relay fired */
void relays_arm(struct engine *, uint64_t now_ms);

/* ---- engine_relay_keep.c ---- */
void relays_keep(struct engine *, uint64_t now_ms);
void relays_disc_ready(struct engine *);

#endif
