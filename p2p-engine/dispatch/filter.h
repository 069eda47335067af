/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/filter.h */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "pkt.h"

/*
 * What this node and its peers may say to each other, by the rules of its
 * configuration.  Pure: packets in, verdicts out; all memory at filter_new.
 *
 *	packet -> port never allowed? -> known connection? -> rules -> verdict
 *
 * Rules are read as pf(4) reads them: all of them in their order, the last that
 * matches decides, at once if it is `quick`; if none does, the default.  They
 * judge connections: what is let through in one direction is remembered with
 * its rule, and then both directions pass without asking again.  Connections
 * are judged anew, as who began them, when rules or a peer's groups change.
 *
 * TCP, UDP, SCTP: a connection is both addresses and ports; a TCP SYN alone is
 * never an answer.  Echo, timestamp: the identifier, and who asks.  Other
 * protocols: both addresses.  An ICMP error passes with the connection that it
 * quotes, if it comes from that connection's peer.
 *
 * Of a fragment that does not show its ports (in IPv6 nor, but for the first,
 * its protocol) the worst is assumed: it passes if the datagram would whatever
 * its ports are.  The others follow a first fragment that passed.
 *
 * States are a table of sets of FILTER_WAYS, the set chosen by a keyed hash.
 * In a full set something blocked makes way for something that passes, never
 * the reverse, and else the oldest of the peer that has most in it: a peer that
 * opens too many connections loses its own first.
 */
#define FILTER_WAYS 8
#define FILTER_STATES_MIN 64
#define FILTER_STATES_MAX (1u << 21)
#define FILTER_TCP_S 86400 /* of silence, if it was not closed */
#define FILTER_CLOSED_S 30
#define FILTER_FRAGMENT_S 30

/* Numbers of verdicts beside the rules' own. */
enum {
	FILTER_DEFAULT = CONF_RULES_MAX,
	FILTER_PORTS, /* unallowed ports */
	FILTER_NRULES
};

struct filter;

struct filter_hit {
	uint64_t connections; /* judged */
	uint64_t packets, bytes;
};

/* A packet of or to a peer; who: filter_who of it. */
struct filter_ask {
	const struct pkt *p;
	bool out;
	uint32_t peer;
	uint64_t who;
	uint64_t now_ms;
};

/* Has the configuration anything to filter? */
bool filter_wanted(const struct conf_node *);
/* Room for about so many connections.  NULL: no memory. */
struct filter *filter_new(uint32_t states, const uint8_t hash_key[16]);
void filter_free(struct filter *);
/* Rules from now on; those that are the same keep what they counted. */
void filter_set(struct filter *, const struct conf_node *);
/* Peers or their groups changed: what is remembered is judged again. */
void filter_renew(struct filter *);
/* Changes with every filter_set and filter_renew, never 0. */
uint32_t filter_generation(const struct filter *);
/* A bit for each rule of a group or peer that this one is. */
uint64_t filter_who(const struct filter *, const char *name,
    const char (*group)[CERT_GROUP_MAX], unsigned ngroups);

/* May it pass?  Counted. */
bool filter_pass(struct filter *, const struct filter_ask *);
/* The last one that passed did not go, and will be asked for again. */
void filter_take_back(struct filter *);

/*
 * What would decide on such a packet now: a rule, or FILTER_*.  Nothing is
 * counted, remembered or forgotten.  known: it is of a connection that was
 * judged before.
 */
struct filter_would {
	bool out;
	uint8_t proto;
	struct addr near, far; /* ours, the peer's */
	uint16_t near_port, far_port;
	uint32_t peer;
	uint64_t who;
	uint64_t now_ms;
};
unsigned filter_would(
    const struct filter *, const struct filter_would *, bool *known);
bool filter_passes(const struct filter *, unsigned rule);

/* What decided the last filter_pass: a rule, or FILTER_*. */
unsigned filter_last(const struct filter *);
const struct filter_hit *filter_hit(const struct filter *, unsigned rule);
uint64_t filter_evicted(const struct filter *); /* connections forgotten */

#endif
