/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/streams.h */
#ifndef STREAMS_H
#define STREAMS_H

#include "frame_stream.h"
#include "hold.h"
#include "pathset.h"
#include "pool.h"

/*
 * Streams beside the session of the node keys, as the engine keeps them.
 *
 *	streams.c        their life: slots, what the machine asks for
 *	streams_tick.c   time, and what the pool asks for
 *	streams_frame.c  STREAM_OPEN to FENCE_ACK, out and in
 *	engine_probe.c   pings and pongs, a new place is asked before it counts
 *	pool/            decides (pure)
 *
 * A stream is a peer_slot with an owner: session, batch, index, timer and
 * handshakes are those of any slot.  It has no name, route, certificate or
 * machine, and a number of its own range, so that whoever walks over peers
 * does not meet it.  Its static keys are here: one of the opener's for each
 * stream, one of the acceptor's for all, so no handshake of it asks keyd.
 *
 * Only members that said that they know streams have lanes.  What a frame
 * changes takes effect in the stream's own tick, never while packets are under
 * way.
 */
struct engine;
struct outgoing;
struct peer_slot;
struct endpoint;
struct flow;

#define STREAMS_ALL 512           /* of all peers */
#define STREAM_NUMBERS (1u << 20) /* slot numbers of streams, from here on */
#define LANE_PINGS 8              /* on their way, of one stream */
#define LANE_STATS_MS 1000
#define LANE_IDLE_TICK_MS 1000 /* while no stream has anything to do */
#define PATH_AGAIN_MS 200      /* pings to a new place, at most */

/* What a peer's HELLO said of streams. */
struct said {
	bool knows;
	uint8_t max;
	uint64_t boot;
	uint8_t key[32]; /* the acceptor's */
};

/* What only a stream has, or only a pool's place. */
struct lane {
	struct hold held; /* behind its fence */
	uint16_t id;
	bool mine;
	uint32_t req;             /* of our STREAM_OPEN */
	uint8_t key[32], pub[32]; /* ours for it, if we opened it */
	bool ended;               /* refused or closed by the peer */
	bool lost;                /* ... because nothing came through */
	enum close_reason why;
	bool said; /* STREAM_CLOSE */
	struct ping {
		uint64_t id, sent_ms;
	} ping[LANE_PINGS];
	uint8_t next_ping;
	/* STREAM_STATS */
	uint64_t stats_ms, its_rx, its_max;
	/* a stream's place that it was heard from, and is asked for */
	struct endpoint path;
	uint16_t path_sock;
	uint64_t path_id, path_ms;
};

struct lanes {
	struct pool pool;
	struct peer_slot *slot[POOL_MAX]; /* [0]: the peer's own */
	struct lane *lane[POOL_MAX];
	struct lane lane0;
	struct pathset paths; /* of stream 0 */
	uint64_t tick_ms;
	uint32_t grown, shrunk; /* as counted */
	bool deaf_sockets;      /* its sockets for streams do not answer */
};

/* ---- streams.c ---- */
void streams_init(struct engine *); /* this boot's key */
/* The peer said HELLO: it knows streams, or other ones than before. */
/* It is no guest any more: what it said counts. */
void streams_begin(struct engine *, struct peer_slot *, uint64_t now_ms);
void streams_hello(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct hello *);
void streams_conf(struct engine *, uint64_t now_ms); /* taken anew */
/* Stream 0 ended: all end.  Afterwards it has none. */
void streams_reset(struct engine *, struct peer_slot *owner, uint64_t now_ms);
void streams_free(struct peer_slot *owner); /* its lanes; no tables touched */
void streams_tick(struct engine *, uint64_t now_ms);
/* An event of a place; true: what was there is no more. */
bool stream_step(struct engine *, struct lanes *, unsigned place,
    uint64_t now_ms, enum stream_event);
/* The slot's place among the lanes of its peer had this event. */
void stream_event(
    struct engine *, struct peer_slot *, uint64_t now_ms, enum stream_event);
/* A stream's own timer; frees it perhaps. */
void stream_slot_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
/* The fence of any slot with lanes, stream 0 too. */
void stream_fence_tick(struct engine *, struct peer_slot *, uint64_t now_ms);
void stream_heard(struct engine *, struct peer_slot *, uint64_t now_ms);
/* The stream whose opener has this key, or NULL. */
struct peer_slot *streams_find_key(
    const struct engine *, const uint8_t key[32]);
/* A slot for the peer's stream; NULL: too many. */
struct peer_slot *stream_accept(struct engine *, struct peer_slot *owner,
    uint64_t now_ms, const struct stream_open *);
/*
 * The slot that a flow's packet goes by; NULL: it waits for a fence of the
 * slot in *behind.
 */
struct peer_slot *stream_of(struct engine *, struct peer_slot *owner,
    uint64_t now_ms, struct flow *, struct peer_slot **behind);
void stream_hold(struct engine *, uint64_t now_ms, const struct outgoing *);
uint64_t streams_held(const struct peer_slot *owner);
/* Something is to be looked at soon. */
void streams_wake(struct engine *, uint64_t now_ms);

/* ---- streams_frame.c ---- */
void stream_say_open(struct engine *, struct peer_slot *, uint64_t now_ms);
void stream_say_close(struct engine *, struct peer_slot *, uint64_t now_ms);
void stream_say_fence(struct engine *, struct peer_slot *, uint64_t now_ms);
void stream_say_stats(struct engine *, struct peer_slot *, uint64_t now_ms);
void on_stream_frame(
    struct engine *, struct peer_slot *, uint64_t now_ms, const struct frame *);

/* ---- streams_sock.c ---- */
void stream_socket_bound(
    struct engine *, uint16_t sock, const struct endpoint *local);
/* Of those for streams, if there are any; else it stays stream 0's. */
void stream_choose_socket(const struct engine *, struct peer_slot *);
bool stream_wants_socket(const struct peer_slot *); /* the acceptor's */
/* ... where that is; only what is there is added. */
void stream_offer_socket(
    const struct engine *, const struct peer_slot *, struct stream_accept *);
void stream_take_socket(
    struct engine *, struct peer_slot *, const struct stream_accept *);
/* It falls back: was it to that socket that nothing came through? */
void stream_socket_silent(struct engine *, struct peer_slot *);

#endif
