/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics_engine.c */
/*
 * What the engine says beside its counters: histograms, streams, breakers of
 * peers, the rules of the filter, and classes of packets.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "metrics_int.h"

static void
histograms(struct out *o, const struct snapshot *s)
{
	const char *before = "";

	for (unsigned i = 0; i < HIST_N; i++) {
		const struct hist_info *h = hist_info((enum hist_id)i);

		if (!s->has_hist[i])
			continue;
		/* those that differ in a label only follow each other */
		if (strcmp(before, h->name) != 0)
			metrics_family(o, h->name, HISTOGRAM, h->help);
		before = h->name;
		metrics_hist(o, (enum hist_id)i, &s->hist[i]);
	}
}

/* ---- streams ---- */

static const struct msg_stream_row *
session_of(const struct snapshot *s, const char *peer, unsigned *n)
{
	const struct msg_stream_row *first = NULL;

	*n = 0;
	for (size_t i = 0; i < s->nstreams; i++) {
		if (strcmp(s->stream[i].peer, peer) != 0)
			continue;
		++*n;
		if (s->stream[i].place == 0)
			first = &s->stream[i];
	}
	return first;
}

static void
streams(struct out *o, const struct snapshot *s)
{
	unsigned n;

	metrics_family(o, "mesh_peer_streams", GAUGE,
	    "Streams to the peer, its session among them.");
	for (size_t i = 0; i < s->npeers; i++) {
		(void)session_of(s, s->peer[i].name, &n);
		metrics_sample(o);
		metrics_label(o, "peer", s->peer[i].name);
		metrics_value(o, n == 0 && s->peer[i].state == PV_UP ? 1 : n);
	}
	metrics_family(o, "mesh_peer_loss_ratio", GAUGE,
	    "Share of pings lost lately, where there are any.");
	for (size_t i = 0; i < s->npeers; i++) {
		const struct msg_stream_row *m =
		    session_of(s, s->peer[i].name, &n);

		if (m == NULL)
			continue;
		metrics_sample(o);
		metrics_label(o, "peer", s->peer[i].name);
		metrics_fraction(o, m->loss_pm, 1000);
	}
}

/* ---- breakers ---- */

static void
breakers(struct out *o, const struct snapshot *s)
{
	static const char *const states[] = {[BV_CLOSED] = "closed",
	    [BV_OPEN] = "open",
	    [BV_HALF] = "half_open"};

	metrics_family(o, "mesh_peer_circuit_breaker", STATESET,
	    "State of the circuit breaker towards the peer.");
	for (size_t i = 0; i < s->npeers; i++) {
		enum breaker_view is = BV_CLOSED;

		for (size_t k = 0; k < s->nbreakers; k++)
			if (!s->breaker[k].is_place &&
			    strcmp(s->breaker[k].name, s->peer[i].name) == 0)
				is = s->breaker[k].state;
		metrics_state(o, states, 3, is, "peer", s->peer[i].name);
	}
}

/* ---- the filter ---- */

/*
 * Rules by their place in the list; what is no rule of it is "ports" or
 * "default".  The text is cut: it is for people, and must not grow.
 */
static void
rule_labels(struct out *o, const struct msg_rule_row *m)
{
	char text[METRICS_RULE_TEXT + 1], no[8];
	bool is_default = strncmp(m->text, "default", 7) == 0;

	snprintf(no, sizeof(no), "%u", (unsigned)m->no);
	snprintf(text, sizeof(text), "%.*s", METRICS_RULE_TEXT, m->text);
	metrics_sample(o);
	metrics_label(o, "rule",
	    m->no != 0       ? no
		: is_default ? "default"
			     : "ports");
	metrics_label(o, "text", text);
}

static void
rules(struct out *o, const struct snapshot *s)
{
	metrics_family(o, "mesh_filter_rule_connections", COUNTER,
	    "Connections that a rule of the filter decided on.");
	for (size_t i = 0; i < s->nrules; i++) {
		rule_labels(o, &s->rule[i]);
		metrics_value(o, s->rule[i].judged);
	}
	metrics_family(o, "mesh_filter_rule_packets", COUNTER,
	    "Packets to which a rule of the filter applied.");
	for (size_t i = 0; i < s->nrules; i++) {
		rule_labels(o, &s->rule[i]);
		metrics_value(o, s->rule[i].packets);
	}
	metrics_family(o, "mesh_filter_rule_bytes", COUNTER,
	    "Octets of packets to which a rule of the filter applied.");
	for (size_t i = 0; i < s->nrules; i++) {
		rule_labels(o, &s->rule[i]);
		metrics_value(o, s->rule[i].bytes);
	}
}

/* ---- shaping ---- */

static void
classes(struct out *o, const struct snapshot *s, const char *name,
    enum type type, const char *help, size_t at)
{
	metrics_family(o, name, type, help);
	for (size_t i = 0; i < s->nqos; i++) {
		uint64_t v = s->qos[i].waiting;

		if (type == COUNTER)
			memcpy(&v, (const uint8_t *)&s->qos[i] + at, sizeof(v));
		metrics_sample(o);
		metrics_label(o, "class", s->qos[i].name);
		metrics_value(o, v);
	}
}

static void
qos(struct out *o, const struct snapshot *s)
{
	classes(o, s, "mesh_qos_queued_packets", GAUGE,
	    "Packets that wait for a peer's bandwidth limit, by class.", 0);
	classes(o, s, "mesh_qos_transmit_packets", COUNTER,
	    "Packets sent to peers, by class.",
	    offsetof(struct msg_qos_row, tx_packets));
	classes(o, s, "mesh_qos_transmit_bytes", COUNTER,
	    "Octets of packets sent to peers, by class.",
	    offsetof(struct msg_qos_row, tx_bytes));
	classes(o, s, "mesh_qos_dropped_packets", COUNTER,
	    "Packets dropped because too many of the class waited.",
	    offsetof(struct msg_qos_row, dropped));
}

void
metrics_engine(struct out *o, const struct snapshot *s)
{
	histograms(o, s);
	if (s->nrules != 0)
		rules(o, s);
	if (s->nqos != 0)
		qos(o, s);
	if (s->npeers == 0 || s->peers_unknown ||
	    s->npeers > METRICS_FULL_PEERS)
		return;
	streams(o, s);
	breakers(o, s);
	metrics_paths(o, s);
}
