/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_event.h */
#ifndef ENGINE_EVENT_H
#define ENGINE_EVENT_H

#include "cert.h"
#include "events.h"
#include "excess.h"

/*
 * What the engine says of what happened (events.h), and whether a peer is
 * there when somebody asks (engine_echo.c).  All of it is for people: nothing
 * here changes what the engine does, and nobody has to listen.
 */
struct engine;
struct peer_slot;
struct lanes;
struct circuit;
struct datagram;
struct endpoint;

#define ECHOES_MAX 64 /* on their way; control asks for no more */
#define ECHOES_PER_S 100
#define ECHOES_BURST 100
#define ECHO_LOOK_MS 20 /* while a session is waited for */

/* ---- engine_event.c ---- */
void ev_init(struct engine *);
/* What the peer's next end is due to, if not to silence. */
void ev_cause(struct peer_slot *, enum event_word);
void ev_peer(struct engine *, struct peer_slot *); /* its state changed */
void ev_moved(
    struct engine *, const struct peer_slot *, const struct endpoint *to);
/* Its place is another one now: EV_PATH_FAILED, EV_PATH_BACK and the like. */
void ev_path(struct engine *, const struct peer_slot *, enum event_kind,
    const struct way *was, uint64_t silent_ms);
/* Packets to it may be so long now. */
void ev_pmtu(struct engine *, const struct peer_slot *, uint16_t mtu);
/* at may be NULL: nobody knows where. */
void ev_mismatch(struct engine *, const struct peer_slot *,
    const struct endpoint *at, enum event_word why);
void ev_breaker(struct engine *, const struct peer_slot *, bool opened);
void ev_stream_up(struct engine *, const struct lanes *, unsigned place);
/* It ends: given up, or not needed. */
void ev_stream_end(
    struct engine *, const struct lanes *, unsigned place, bool lost);
/* A way by a relay that this node is an end of. */
void ev_relay(struct engine *, const struct circuit *, bool opened);
void ev_member(struct engine *, const struct cert *, enum event_kind);
void ev_member_gone(
    struct engine *, const struct cert *, enum cert_verdict why);
void ev_crl(struct engine *);
void ev_renewed(struct engine *); /* our own certificate */
void ev_not_renewed(struct engine *, const char *why);

/* ---- engine_echo.c ---- */
struct echo {
	uint32_t id; /* of the question; 0: free */
	char name[64];
	uint64_t due_ms;
	uint64_t probe, sent_us; /* 0: not sent yet */
};
void echo_tick(struct engine *, uint64_t now_ms); /* t_echo fired */
/* Is this pong the answer to one of ours? */
bool echo_answered(struct engine *, const struct peer_slot *, uint64_t now_ms,
    uint64_t probe, const struct datagram *);

#endif
