/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics_paths.c */
/* By which places peers are reached: how many of each kind and state. */
#include <string.h>

#include "metrics_int.h"

static void
counts(struct out *o, const struct snapshot *s)
{
	uint64_t n[PK_NKINDS][PST_NSTATES] = {{0}};

	for (size_t i = 0; i < s->npaths; i++)
		n[s->path[i].kind][s->path[i].state]++;
	metrics_family(
	    o, "mesh_paths", GAUGE, "Places of peers, by kind and state.");
	for (unsigned k = 0; k < PK_NKINDS; k++)
		for (unsigned i = 0; i < PST_NSTATES; i++) {
			metrics_sample(o);
			metrics_label(
			    o, "kind", path_kind_name((enum path_kind)k));
			metrics_label(
			    o, "state", path_state_name((enum path_state)i));
			metrics_value(o, n[k][i]);
		}
}

/* Of each peer and kind the one that would be used of it. */
static bool
is_first(const struct snapshot *s, size_t at)
{
	const struct msg_path_row *m = &s->path[at];

	if (m->rtt_us == 0 || m->state >= PST_UNPROVED)
		return false;
	for (size_t i = 0; i < s->npaths; i++) {
		const struct msg_path_row *k = &s->path[i];

		if (i != at && k->kind == m->kind && k->rtt_us != 0 &&
		    (k->state < m->state || (k->state == m->state && i < at)) &&
		    strcmp(k->peer, m->peer) == 0)
			return false;
	}
	return true;
}

static void
of_peers(struct out *o, const struct snapshot *s)
{
	static const char *const kinds[PK_NKINDS] = {
	    "direct", "relay", "turn", "tls"};

	metrics_family(o, "mesh_peer_path", STATESET,
	    "By which kind of place the peer is reached.");
	for (size_t i = 0; i < s->npaths; i++)
		if (s->path[i].why != PR_NONE)
			metrics_state(o, kinds, PK_NKINDS, s->path[i].kind,
			    "peer", s->path[i].peer);
	metrics_family(o, "mesh_path_rtt_seconds", GAUGE,
	    "Round trip to the peer by its best place of a kind.");
	for (size_t i = 0; i < s->npaths; i++) {
		if (!is_first(s, i))
			continue;
		metrics_sample(o);
		metrics_label(o, "peer", s->path[i].peer);
		metrics_label(o, "kind", path_kind_name(s->path[i].kind));
		metrics_seconds(o, s->path[i].rtt_us);
	}
}

void
metrics_paths(struct out *o, const struct snapshot *s)
{
	counts(o, s);
	if (s->npeers <= METRICS_FULL_PEERS)
		of_peers(o, s);
}
