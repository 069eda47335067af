/* SPDX-License-Identifier: ISC */
/* file: common/hist.h */
#ifndef HIST_H
#define HIST_H

#include <stdint.h>

/*
 * Histograms: how often something was at most so much.  Pure.
 *
 * One list of them all, as with counters: the number is what travels
 * (HIST_ROW), the name is Prometheus's.  Each has HIST_EDGES fixed edges,
 * spread as a logarithm would and chosen so that what the program promises is
 * one of them; what is above the last is in a bucket of its own.  Values are
 * whole numbers: microseconds, or things.  Adding one is 14
 * comparisons and two sums.
 *
 * Append only: numbers are never reused.
 */
#define HIST_EDGES 14

enum hist_unit { HU_COUNT, HU_MICROSECONDS };
enum hist_scale { HS_BATCH, HS_MOMENT, HS_SETUP, HS_WAIT, HS_NSCALES };

/*  id, scale, unit, name, label and its value or "", help */
/* clang-format off */
#define HISTS(H)                                                               \
	H(HIST_BATCH_OUT, HS_BATCH, HU_COUNT, "mesh_batch_packets",            \
	    "direction", "out", "Datagrams moved by one system call.")         \
	H(HIST_BATCH_IN, HS_BATCH, HU_COUNT, "mesh_batch_packets",             \
	    "direction", "in", "Datagrams moved by one system call.")          \
	H(HIST_ROUTING, HS_MOMENT, HU_MICROSECONDS,                            \
	    "mesh_routing_latency_seconds", "", "",                            \
	    "Time from the first packet of a turn to the end of the turn, "    \
	    "when all have been handed over; one turn in 1024.")               \
	H(HIST_HANDSHAKE, HS_SETUP, HU_MICROSECONDS, "mesh_handshake_seconds", \
	    "", "", "Time from our initiation to its response.")               \
	H(HIST_SETUP, HS_SETUP, HU_MICROSECONDS,                               \
	    "mesh_connection_setup_seconds", "transport", "udp",               \
	    "Time from wanting a peer to a session with it.")                  \
	H(HIST_LOOKUP, HS_SETUP, HU_MICROSECONDS,                              \
	    "mesh_discovery_query_seconds", "", "",                            \
	    "Time from a question to discoveryd to its answer.")               \
	H(HIST_LAG, HS_WAIT, HU_MICROSECONDS, "mesh_event_loop_lag_seconds",   \
	    "", "", "Delay between a timer's due time and its run.")           \
	H(HIST_FAILOVER, HS_SETUP, HU_MICROSECONDS, "mesh_failover_seconds",   \
	    "", "", "Silence of a member's place until another was used.")
/* clang-format on */

enum hist_id {
#define H_ENUM(id, scale, unit, name, key, value, help) id,
	HISTS(H_ENUM)
#undef H_ENUM
	    HIST_N
};

struct hist_info {
	enum hist_scale scale;
	enum hist_unit unit;
	const char *name, *key, *value, *help; /* key "": no label */
};

struct hist {
	uint64_t n[HIST_EDGES + 1]; /* each by itself, the last: above all */
	uint64_t sum;
};

const struct hist_info *hist_info(enum hist_id); /* NULL: unknown */
/* Edge i of HIST_EDGES, growing; at most that is in bucket i. */
uint32_t hist_edge(enum hist_id, unsigned i);
void hist_add(struct hist *, enum hist_id, uint64_t value);
/* How many there were. */
uint64_t hist_count(const struct hist *);

#endif
