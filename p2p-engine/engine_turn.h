/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_turn.h */
#ifndef ENGINE_TURN_H
#define ENGINE_TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "engine.h"
#include "pcp.h"
#include "turn.h"

/*
 * What others do for this node to be reached: the allocation at a TURN server,
 * which is also a carrier (CARRY_TURN), and the ports that the default gateway
 * leads to it.  What it gains by them discoveryd is told (engine_gains_tell).
 */
struct datagram;
struct engine;
struct msg_gateways;
struct msg_map_row;
struct msg_turn_row;
struct peer_slot;

#define TURN_OFFERS 3        /* places of a peer that are tried by the server */
#define TURN_LATER_MS 250    /* after they were tried directly */
#define TURN_UPKEEP_MS 60000 /* who is reached by it stays permitted */
#define TURN_UDP_MS 2000     /* auto: an answer by UDP is waited for so long */
#define TURN_CALL_MS 300     /* a new configuration comes to tlsd, too */
#define TURN_BATCH_SEGS 64
#define TURN_BATCH_MAX 65507

struct engine_turn {
	struct turn t;
	uint16_t sock;                /* by which the server is reached */
	bool moved;                   /* ... is another one */
	uint64_t offer_ms, upkeep_ms; /* 0: not */
	enum turn_state told;
	/* engine_turn_stream.c; by: CONF_TURN_UDP, _TCP or _TLS */
	uint8_t transport, by, npins;
	uint8_t pin[CONF_TURN_PINS_MAX][32];
	uint32_t id;                /* of tlsd's connection, 0: none */
	bool up;                    /* is it? */
	uint64_t began_ms, call_ms; /* by UDP, auto; not before; 0: not */
	uint8_t out[TURN_BATCH_MAX];
};

#define MAPS_MAX 2 /* sockets that a port leads to */
struct engine_map {
	struct engine *e;
	uint16_t sock;
	uint32_t asked; /* the last question to upnpd */
	struct pcp pcp;
};

int engine_turn_init(struct engine *); /* -1: no memory */
void engine_turn_free(struct engine *);
void engine_turn_conf(struct engine *, uint64_t now_ms); /* node is new */
void engine_turn_tick(struct engine *, uint64_t now_ms); /* t_turn fired */
void engine_turn_leave(struct engine *, uint64_t now_ms);
/* Is it of the server?  Then what became of it. */
bool engine_turn_takes(struct engine *, uint64_t now_ms,
    const struct datagram *, enum counter *verdict);
/* An initiation leaves for a peer: soon it is tried by the server, too. */
void engine_turn_dial(struct engine *, struct peer_slot *, uint64_t now_ms);
enum udp_result engine_turn_emit(struct engine *, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg);
bool engine_turn_has(const struct engine *, const struct endpoint *to);
void engine_turn_gauges(struct engine *);
/* 0, or -1: there is none. */
int engine_turn_row(const struct engine *, uint64_t now_ms, uint64_t unix_ms,
    struct msg_turn_row *);

/* What the client has to say is done, at once or soon. */
void engine_turn_settle(struct engine *, uint64_t now_ms);
void engine_turn_news(struct engine *, uint64_t now_ms);

/* ---- engine_turn_stream.c ---- */
int turn_stream_send(struct engine *, const uint8_t *, size_t);
enum udp_result turn_stream_emit(
    struct engine *, const uint8_t *, size_t len, size_t seg);
bool turn_stream_is(const struct engine *, uint32_t id);
void turn_stream_up(struct engine *, uint64_t now_ms);
void turn_stream_down(struct engine *, uint64_t now_ms, enum tls_down);
void turn_stream_data(struct engine *, uint64_t now_ms, uint8_t *, size_t);
void turn_stream_there(struct engine *, uint64_t now_ms, bool there);
/* true: the client was stopped, as another way is configured. */
bool turn_stream_conf(struct engine *, uint64_t now_ms);
void turn_stream_later(struct engine *, uint64_t now_ms);
/* The client's state is another one; true: it goes on by another way. */
bool turn_stream_changed(struct engine *, uint64_t now_ms);
uint64_t turn_stream_due(const struct engine_turn *);
void turn_stream_tick(struct engine *, uint64_t now_ms);

/* ---- engine_portmap.c ---- */
void engine_map_init(struct engine *);
void engine_map_conf(struct engine *, uint64_t now_ms);
void engine_map_tick(struct engine *, uint64_t now_ms); /* t_map fired */
void engine_map_leave(struct engine *, uint64_t now_ms);
void engine_map_gauges(struct engine *);
/* Where the default routes of the host lead. */
void engine_gateways(
    struct engine *, uint64_t now_ms, const struct msg_gateways *);
/* Are they still there?  Somebody asks, or the network changed. */
void engine_map_check(struct engine *, uint64_t now_ms);
bool engine_map_busy(const struct engine *);
bool engine_map_takes(struct engine *, uint64_t now_ms, const struct datagram *,
    enum counter *verdict);
/* One after the other, *cursor is 0 at first.  0, or -1: no more. */
int engine_map_row(const struct engine *, uint32_t *cursor, uint64_t now_ms,
    struct msg_map_row *);
/* Places that others keep for us now. */
void engine_gains(const struct engine *, struct msg_gained *);
/* ... to discoveryd; again: it is a new one. */
void engine_gains_tell(struct engine *, bool again);

#endif
