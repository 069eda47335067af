/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/filter_int.h */
#ifndef FILTER_INT_H
#define FILTER_INT_H

#include "filter.h"

/*
 * What the two files of the filter share and nobody else sees: what a packet is
 * to the rules, and of which connection.
 *
 *	filter_look.c  packet -> view
 *	filter.c       view, rules, states -> verdict
 */

/* beside the version, in key.kind: who asks (ICMP), or a datagram's pieces */
#define KIND_NEAR_ASKS 0x10
#define KIND_FAR_ASKS 0x20
#define KIND_PIECES 0x40

/* A connection, the same from both ends. */
struct key {
	uint8_t kind, proto;
	uint16_t near_port, far_port; /* or the number of pieces */
	uint8_t near[16], far[16];
};

/* What rules look at. */
struct subject {
	bool out;
	bool knows_proto, knows_port;
	uint8_t proto;
	uint16_t dport;
	struct addr near, far;
	uint64_t who;
};

enum look {
	LOOK_KEY,   /* of a connection */
	LOOK_ERROR, /* about one */
	LOOK_PIECE, /* not the first of a datagram */
	LOOK_ALONE  /* remembered by nothing */
};

struct view {
	enum look look;
	struct subject s;
	struct key key;     /* of the connection, or of that quoted */
	struct addr quoted; /* who sent what an error is about */
	bool syn, end;
};

/* Has the protocol ports that rules look at? */
static inline bool
filter_has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

void filter_look(struct view *, const struct filter_ask *);
/* What a fragment and those that belong to it have in common. */
void filter_pieces(struct key *, const struct view *, const struct pkt *);

#endif
