/* SPDX-License-Identifier: ISC */
/* file: tests/sim/sim_int.h */
#ifndef SIM_INT_H
#define SIM_INT_H

#include "conf.h"
#include "engine.h"
#include "keys.h"
#include "sim.h"

/*
 * What the files of the simulator share: sim.c has the events and the network,
 * sim_node.c a node's surroundings, sim_member.c the authority, sim_host.c the
 * packets and their checks.
 */
#define SIM_T0 1000000       /* virtual time starts here, in ms */
#define SIM_UNIX0 1700000000 /* ... which is this, in s of real time */
#define SIM_PORT 51820
#define SIM_FLOWS 256
#define SIM_STREAMS 10 /* sockets for them */
#define SIM_STREAM_PORT 20000
#define SIM_SEQS 4096 /* numbered packets a flow at most */

enum sim_kind { EV_TICK, EV_DATAGRAMS, EV_MIX, EV_STAMP, EV_LOOKUP };

struct sim_event {
	uint64_t at_ms, order;
	enum sim_kind kind;
	uint32_t node, epoch, id;
	union {
		struct msg_mix_ask mix;
		struct msg_lookup_ask lookup;
		struct {
			uint32_t from; /* node, or a number for its address */
			struct endpoint src;
			uint16_t port; /* of the destination */
			uint8_t *data; /* heap */
			size_t len, seg;
		} net;
	} u;
};

struct sim_flow {
	uint32_t sent, delivered, next; /* next: lowest number in order */
	uint8_t seen[SIM_SEQS / 8];
};

struct sim_pair {
	struct sim_flow **flow; /* SIM_FLOWS, all made when first used */
	uint64_t delivered, slowest_ms, last_ms;
	bool blocked, seen_up;
	struct endpoint seen; /* as discoveryd of the first remembers it */
};

struct sim_node {
	struct sim *sim;
	uint32_t no;
	struct engine *engine;
	uint32_t epoch; /* of the engine: old answers are not delivered */
	struct keys keys;
	uint16_t certlen;
	uint8_t cert[CERT_MAX];
	int64_t clock_ms; /* real time minus virtual time */
	uint16_t port;
	enum sim_disc disc;
	enum sim_key key;
	uint64_t tick_ms; /* the earliest tick that is scheduled */
	uint32_t icmp;
	uint8_t streams_min, streams_max; /* 0: the default */
	struct {
		uint32_t delay_ms;
		bool dead;
	} path[SIM_STREAMS + 1], place[SIM_PLACES];
	uint64_t dice; /* the engine's randomness */
};

struct sim {
	struct sim_conf conf;
	uint64_t now_ms, order;
	uint64_t dice, net_dice;
	struct sim_node *node;
	struct sim_pair *pair; /* [a * nodes + b] */
	struct sim_event **heap;
	size_t n, cap;
	uint64_t sent, delivered;
	uint64_t crl_number;
	bool ordered; /* the network never changed the order until now */
	struct msg_peer_row row;
	char error[256];
};

uint64_t sim_dice(uint64_t *state);
void sim_fail(struct sim *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct sim_pair *sim_pair(const struct sim *, uint32_t a, uint32_t b);
void sim_addr(uint32_t node, struct addr *);
void sim_endpoint(const struct sim *, uint32_t node, struct endpoint *);
/* ... of its k-th address; and which one that is. */
void sim_endpoint_at(
    const struct sim *, uint32_t node, unsigned k, struct endpoint *);
unsigned sim_place_of(const struct addr *);
/* Which node is that: SIM_NOBODY if none. */
uint32_t sim_node_at(const struct sim *, const struct addr *);

/* An event for node `no` in delay_ms, zeroed but for that. */
struct sim_event *sim_later(
    struct sim *, uint64_t delay_ms, enum sim_kind, uint32_t no);

/* ---- sim_node.c ---- */
int sim_node_start(struct sim_node *);
void sim_node_event(struct sim_node *, struct sim_event *);
/* After anything was done with its engine: flush, and schedule the tick. */
void sim_node_turn(struct sim_node *);

/* ---- sim.c: the network ---- */
enum udp_result sim_net_send(struct sim_node *from, uint16_t sock,
    const struct endpoint *to, const uint8_t *data, size_t len, size_t seg);
/* A node's socket is a port: which one; 0, its first, has a port of its own. */
uint16_t sim_port_of(const struct sim_node *, unsigned k);
int sim_socket_at(const struct sim_node *, uint16_t port); /* k, -1: none */

/* ---- sim_member.c ---- */
void sim_certify(struct sim *); /* every node */
/* What node n's configuration says of the network. */
void sim_network(const struct sim_node *, struct conf_net *);
uint32_t sim_node_by_key(const struct sim *, const struct addr *);
/* The relays by which node no is reached, into an answer. */
void sim_hints(const struct sim *, uint32_t no, struct msg_lookup_reply *);
/* A certificate that is not what it should be, in an answer. */
void sim_lie(struct sim *, struct msg_lookup_reply *);

/* ---- sim_host.c ---- */
int sim_host_receive(
    struct sim_node *, const struct vnet *, const uint8_t *pkt, size_t len);

#endif
