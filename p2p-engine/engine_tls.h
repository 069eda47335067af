/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_tls.h */
#ifndef ENGINE_TLS_H
#define ENGINE_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine_carry.h"
#include "engine_net.h"
#include "timers.h"

/*
 * The carrier CARRY_TLS: tlsd's connections as places of peers.
 *
 * A connection's place is the endpoint of its other end.  Those of others are
 * just places that datagrams come from.  We call a peer
 *
 *	that is dialed, and has not answered for TLS_PATIENCE_MS;
 *	whose place has been silent for TLS_SILENCE_MS under traffic;
 *	`connect yes`: as soon as it is wanted;
 *
 * if its TLS place is known, by the configuration or by its signed record.
 * What nobody uses any more is closed after a while.
 */
#define TLS_CONNS 160
#define TLS_PATIENCE_MS 500 /* no way is so slow that works */
#define TLS_SILENCE_MS 400
#define TLS_TICK_MS 100
#define TLS_AGAIN_MS 1000    /* after a call in vain, twice as long each time */
#define TLS_AGAIN_MAX 5      /* ... so often */
#define TLS_ASK_MS 2000      /* for a member's place, twice as late each time */
#define TLS_ASK_MAX 8        /* ... so often */
#define TLS_UNUSED_MS 60000  /* our own is closed then */
#define TLS_STRANGE_MS 20000 /* somebody else's, that nobody proved */
#define TLS_IDLE_MS 300000   /* ... that was somebody's once */
#define TLS_LOOK_MS 1000
#define TLS_GONE_MS 10000 /* tlsd is not back: others are told */

struct tls_conn {
	uint32_t id;
	bool up, dialed;
	uint8_t key[32]; /* dialed: whom */
	struct endpoint far;
	uint64_t used_ms; /* somebody's place then, or since then unused */
	bool used;        /* ever */
};

struct tls {
	bool there; /* is tlsd? */
	uint32_t n, last_id;
	struct tls_conn conn[TLS_CONNS];
	struct msg_tls_pin pin;
	bool has_pin;
	uint64_t looked_ms, gone_ms;
};

struct msg_lookup_reply;

enum udp_result tls_emit(struct engine *, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg);
uint32_t tls_next_id(struct engine *); /* for a connection of ours; never 0 */
bool tls_has(const struct engine *, const struct endpoint *);
void tls_tick(struct engine *, uint64_t now_ms);
/* Places and pin of an answer. */
void tls_member(struct member *, const struct msg_lookup_reply *);
void tls_disc_ready(struct engine *); /* it is told our pin */

#endif
