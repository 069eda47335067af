/* SPDX-License-Identifier: ISC */
/* file: ctl/snapshot.h */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "hist.h"
#include "ipc.h"
#include "msg.h"
#include "show.h"

/*
 * What came back: the rows of one or more questions, decoded and counted.
 *
 * Pure but for malloc; trusts nothing: control is only the one that passed the
 * rows on.  Bounded in every direction, so that a mad answer ends in an error
 * and not in all memory.
 */
#define SNAPSHOT_PEERS_MAX 8192
#define SNAPSHOT_TEXTS_MAX 16384
#define SNAPSHOT_LINES_MAX 65536
#define SNAPSHOT_BREAKERS_MAX 65536
#define SNAPSHOT_MEMBERS_MAX 65536
#define SNAPSHOT_NODES_MAX 8192
#define SNAPSHOT_FINDS_MAX 64
#define SNAPSHOT_STEPS_MAX 64
#define SNAPSHOT_STREAMS_MAX 8192
#define SNAPSHOT_FLOWS_MAX 65536
#define SNAPSHOT_DROPS_MAX 4096
#define SNAPSHOT_NATS_MAX 1024
#define SNAPSHOT_RULES_MAX (CONF_RULES_MAX + 2)
#define SNAPSHOT_FIGURES_MAX 4096
#define SNAPSHOT_CLASSES_MAX CONF_CLASSES_MAX

struct snapshot_line { /* of the log */
	uint64_t unix_ms;
	uint8_t level;
	char *text;
};

struct snapshot_text {
	uint8_t kind;
	char *text;
};

struct snapshot {
	bool has_node;
	struct msg_node_row node;
	struct msg_proc_row proc[ROLE_NROLES]; /* in the order they came */
	unsigned nprocs;
	bool has_counters[ROLE_NROLES];
	bool sent[ROLE_NROLES][C_NCOUNTERS];
	struct counters counters[ROLE_NROLES];
	/* of the engine; nobody else has any */
	bool has_hist[HIST_N];
	struct hist hist[HIST_N];
	struct msg_figure_row *figure; /* no two of one role, id and label */
	size_t nfigures, figures_room;
	uint64_t took_us;   /* to gather it, 0: not measured */
	bool peers_unknown; /* set by who asked for them in vain */
	struct msg_peer_row *peer;
	size_t npeers, peers_room;
	struct snapshot_text *text;
	size_t ntexts, texts_room;
	struct snapshot_line *line;
	size_t nlines, lines_room;
	/* of the network */
	bool has_net, has_dht;
	struct msg_net_row net;
	struct msg_dht_row dht;
	struct msg_member_row *member;
	size_t nmembers, members_room;
	struct msg_stream_row *stream;
	size_t nstreams, streams_room;
	struct msg_flow_row *flow;
	size_t nflows, flows_room;
	struct msg_nat_row *nat;
	size_t nnats, nats_room;
	struct msg_nat_seen_row *nat_seen;
	size_t nnat_seen, nat_seen_room;
	struct msg_breaker_row *breaker;
	size_t nbreakers, breakers_room;
	struct msg_dht_node *dht_node;
	size_t ndht_nodes, dht_nodes_room;
	struct msg_find_row *find;
	size_t nfinds, finds_room;
	struct msg_find_step step[SNAPSHOT_STEPS_MAX];
	size_t nsteps;
	/* what was dropped last; unknown: set by who was not told */
	bool drops_unknown;
	struct msg_drop_row *drop;
	size_t ndrops, drops_room;
	/* of the filter */
	struct msg_rule_row *rule;
	size_t nrules, rules_room;
	bool has_verdict;
	struct msg_verdict_row verdict;
	struct msg_qos_row qos[SNAPSHOT_CLASSES_MAX];
	size_t nqos;
};

void snapshot_init(struct snapshot *);
void snapshot_clear(struct snapshot *);

/* Take one row.  0, or -1: malformed, not a row, too many, or no memory. */
int snapshot_take(struct snapshot *, const struct ipc_frame *);

/* Peers by name, drops with the newest first. */
void snapshot_sort(struct snapshot *);
const struct msg_peer_row *snapshot_peer(
    const struct snapshot *, const char *name);

/* ---- sums ---- */
void snapshot_summary(const struct snapshot *, struct show_summary *);
void snapshot_traffic(const struct snapshot *, struct show_traffic *);
/* One border; false: nobody counts there (its process is away). */
bool snapshot_book(const struct snapshot *, enum border, struct show_book *);
/* Drops above zero, most first; at most max.  How many there are at all. */
size_t snapshot_drops(
    const struct snapshot *, struct show_counter *out, size_t max);
/*
 * What needs attention, worst first, at most max of them; *degraded is true
 * if one of them is an error.
 */
size_t snapshot_notes(
    const struct snapshot *, struct show_note *out, size_t max, bool *degraded);

#endif
