/* SPDX-License-Identifier: ISC */
/* file: tests/sim/sim.h */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "msg.h"

/*
 * A mesh in one process and in virtual time: real engines with real
 * cryptography and real keyd keys; the network, the hosts, the clocks and
 * discoveryd are made up here, all from one seed, so that a failure replays.
 *
 * As members of a network (conf.members) nodes find each other by what their
 * discoveryds say, with certificates of a real authority.
 *
 * Node i has the address 10.77.x.y, an endpoint of its own and a host that
 * sends numbered packets.  What arrives is checked at once: the right node,
 * the right source, no packet twice, none out of order in its flow while the
 * network keeps the order.  sim_check adds what must hold at any time: the
 * books of all borders balance and queues are within their bounds.  The first
 * thing that goes wrong is kept as text (sim_error), and stays.
 */
struct sim_net { /* may be changed at any time; probabilities per thousand */
	uint32_t loss, dup, corrupt, reorder;
	uint32_t delay_ms, jitter_ms; /* jitter: a reordered one is later */
};

struct sim_conf {
	uint32_t nodes;
	uint64_t seed;
	struct sim_net net;
	uint32_t key_delay_ms;  /* keyd's answers */
	uint32_t disc_delay_ms; /* discoveryd's */
	uint16_t keepalive_s;   /* of every peer; 0: off */
	bool endpoints;  /* peers' endpoints are configured, not looked up */
	bool star;       /* node 0 is everybody's only peer */
	bool members;    /* nobody is configured: they have certificates */
	bool sockets;    /* ... and sockets for streams */
	uint32_t relays; /* the first so many may relay, and do */
	uint32_t
	    places; /* addresses of each outside, SIM_PLACES at most; 0: 1 */
	bool super; /* hosts send super-packets of up to 8 numbered packets */
	/* 0: the defaults */
	uint32_t rekey_after_s, reject_after_s, attempt_s;
	uint32_t sessions_max, sessions_idle_s;
};

enum sim_disc { DISC_OK, DISC_HANG, DISC_AWAY, DISC_LIE };
enum sim_key { KEYD_OK, KEYD_HANG, KEYD_AWAY };

struct sim;

struct sim *sim_new(const struct sim_conf *);
void sim_free(struct sim *);
struct sim_net *sim_net(struct sim *);
uint64_t sim_now(const struct sim *);
void sim_run(struct sim *, uint64_t ms);      /* so much longer */
uint32_t sim_below(struct sim *, uint32_t n); /* the test's own dice */

/* ---- what hosts do ---- */
/* Node a's host sends one record in flow `flow` (0..255) to node b. */
void sim_send(struct sim *, uint32_t a, uint32_t b, uint32_t flow);
uint64_t sim_sent(const struct sim *); /* numbered packets, of all */
uint64_t sim_delivered(const struct sim *);
uint64_t sim_delivered_to(const struct sim *, uint32_t a, uint32_t b);
/* Longest way of a packet from a to b since the last call, in ms. */
uint64_t sim_slowest(struct sim *, uint32_t a, uint32_t b);
uint64_t sim_last_ms(const struct sim *, uint32_t a, uint32_t b); /* 0: none */
uint32_t sim_icmp(const struct sim *, uint32_t a); /* errors a's host got */

/* ---- what goes wrong ---- */
void sim_kill(struct sim *, uint32_t a);  /* the engine only */
void sim_start(struct sim *, uint32_t a); /* ... and its successor */
void sim_roam(struct sim *, uint32_t a);  /* another UDP port from now on */
void sim_clock(struct sim *, uint32_t a, int64_t jump_ms); /* real time */
void sim_disc(struct sim *, uint32_t a, enum sim_disc);
void sim_key(struct sim *, uint32_t a, enum sim_key);
/* What goes by node a's k-th place, in or out, is lost or takes longer. */
#define SIM_PLACES 3
void sim_place(
    struct sim *, uint32_t a, unsigned k, uint32_t delay_ms, bool dead);
void sim_block(struct sim *, uint32_t a, uint32_t b, bool); /* both ways */
/* Bytes from nowhere at node a's socket, as if from address `from`. */
void sim_inject(
    struct sim *, uint32_t a, uint32_t from, const uint8_t *, size_t len);
/*
 * Everything by a's socket for streams number k: so much later, or not at all.
 */
void sim_path(
    struct sim *, uint32_t a, unsigned k, uint32_t delay_ms, bool dead);
/* Node a takes its configuration again, with so many streams. */
void sim_streams(struct sim *, uint32_t a, uint8_t min, uint8_t max);
/* The authority revokes b's certificate, and a is told. */
void sim_revoke(struct sim *, uint32_t a, uint32_t b);
/* Node a takes its configuration again, without peer b if it is one. */
void sim_reload(struct sim *, uint32_t a, uint32_t without);

/* ---- looking ---- */
bool sim_up(struct sim *, uint32_t a, uint32_t b);
enum peer_view sim_state(struct sim *, uint32_t a, uint32_t b);
struct msg_peer_row *sim_row(struct sim *, uint32_t a, uint32_t b);
struct engine *sim_engine(struct sim *, uint32_t a); /* NULL: killed */
uint64_t sim_count(struct sim *, uint32_t a, enum counter);
uint64_t sim_count_all(struct sim *, enum counter);
const uint8_t *sim_pub(const struct sim *, uint32_t a);
/* NULL, or the first thing that was ever wrong. */
const char *sim_check(struct sim *);

#define SIM_NOBODY UINT32_MAX
#define SIM_HOLD_PACKETS 32
#define SIM_HOLD_MS 5000

#endif
