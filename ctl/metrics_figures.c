/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics_figures.c */
/*
 * Figures of processes that have a label (figures.h), and what is reckoned from
 * rows that are there for another reason: nodes and routes by state, events of
 * peers, look-ups by source, and health from 0 to 1.
 */
#include <stddef.h>
#include <string.h>

#include "figures_info.h"
#include "metrics_int.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what processes say ---- */

static void
figure_rows(struct out *o, const struct snapshot *s, unsigned id)
{
	const struct figure_info *f = figure_info(id);
	char label[FIGURE_LABEL_MAX];

	for (size_t i = 0; i < s->nfigures; i++) {
		const struct msg_figure_row *m = &s->figure[i];

		if (m->id != id || figure_label(id, m->label, label) == -1)
			continue;
		metrics_sample(o);
		metrics_label(o, "daemon", role_name(m->role));
		if (f->key[0] != '\0')
			metrics_label(o, f->key, label);
		if (f->fixed_key[0] != '\0')
			metrics_label(o, f->fixed_key, f->fixed_value);
		if (f->type == FT_COUNTER_US)
			metrics_seconds(o, m->value);
		else
			metrics_value(o, m->value);
	}
}

static void
figures(struct out *o, const struct snapshot *s)
{
	const char *before = "";

	for (unsigned id = 0; id < FIG_N; id++) {
		const struct figure_info *f = figure_info(id);

		if (strcmp(before, f->name) != 0)
			metrics_family(o, f->name,
			    f->type == FT_GAUGE ? GAUGE : COUNTER, f->help);
		before = f->name;
		figure_rows(o, s, id);
	}
}

/* ---- nodes and routes ---- */

enum standing { STANDS_UP, STANDS_DOWN, STANDS_IDLE, STANDS_OFF, NSTANDINGS };

static const char *const standings[NSTANDINGS] = {"up", "down", "idle", "off"};

/* Down is who is wanted and not there. */
static enum standing
standing(enum peer_view v)
{
	switch (v) {
	case PV_UP:
		return STANDS_UP;
	case PV_IDLE:
		return STANDS_IDLE;
	case PV_OFF:
		return STANDS_OFF;
	case PV_LOOKUP:
	case PV_HANDSHAKE:
	case PV_WAIT:
		break;
	}
	return STANDS_DOWN;
}

static void
by_standing(struct out *o, const char *name, const char *help,
    const uint64_t n[NSTANDINGS])
{
	metrics_family(o, name, GAUGE, help);
	for (unsigned i = 0; i < NSTANDINGS; i++) {
		metrics_sample(o);
		metrics_label(o, "state", standings[i]);
		metrics_value(o, n[i]);
	}
}

static void
nodes(struct out *o, const struct snapshot *s)
{
	uint64_t n[NSTANDINGS] = {0};

	if (!s->has_net)
		return;
	for (size_t i = 0; i < s->nmembers; i++)
		n[standing(s->member[i].state)]++;
	by_standing(o, "mesh_nodes",
	    "Other members of the network that are known here, by state.", n);
}

static void
routes(struct out *o, const struct snapshot *s)
{
	uint64_t n[NSTANDINGS] = {0};

	if (!s->has_node || s->peers_unknown)
		return;
	for (size_t i = 0; i < s->npeers; i++)
		n[standing(s->peer[i].state)] += s->peer[i].nallowed;
	by_standing(o, "mesh_routes",
	    "Prefixes in the overlay, by the state of the peer behind them.",
	    n);
}

/* ---- sums with a label ---- */

static uint64_t
sum(const struct snapshot *s, enum counter id)
{
	uint64_t n = 0;

	for (unsigned r = 0; r < ROLE_NROLES; r++)
		if (s->has_counters[r] && s->sent[r][id])
			n += s->counters[r].v[id];
	return n;
}

static void
peer_events(struct out *o, const struct snapshot *s)
{
	static const struct {
		const char *event;
		enum counter of[2];
	} list[] = {
	    {"connect", {PEER_UPS, C_NONE}},
	    {"disconnect", {PEER_DOWNS, C_NONE}},
	    {"path_change", {FAILOVERS, PATH_RETURNS}},
	    {"roam", {ROAMS, C_NONE}},
	    {"rekey", {REKEYS, C_NONE}},
	};

	if (!s->has_counters[ROLE_ENGINE])
		return;
	metrics_family(o, "mesh_peer_events", COUNTER,
	    "What became of peers: all of them together.");
	for (size_t i = 0; i < COUNT(list); i++) {
		metrics_sample(o);
		metrics_label(o, "event", list[i].event);
		metrics_value(o, sum(s, list[i].of[0]) + sum(s, list[i].of[1]));
	}
}

static void
query(struct out *o, const char *source, const char *result, uint64_t n)
{
	metrics_sample(o);
	metrics_label(o, "source", source);
	metrics_label(o, "result", result);
	metrics_value(o, n);
}

/* Who was not asked by anybody's help is found in the configuration. */
static void
queries(struct out *o, const struct snapshot *s)
{
	uint64_t cache = sum(s, DISC_BY_CACHE), lan = sum(s, DISC_BY_LAN),
		 peers = sum(s, DISC_BY_PEERS), dht = sum(s, DISC_BY_DHT),
		 all = sum(s, DISC_ASKED);

	if (!s->has_counters[ROLE_DISC])
		return;
	metrics_family(o, "mesh_discovery_queries", COUNTER,
	    "Look-ups of peers, by who knew.");
	query(o, "configuration", "found", all - cache - lan - peers - dht);
	query(o, "cache", "found", cache);
	query(o, "lan", "found", lan);
	query(o, "gossip", "found", peers);
	query(o, "dht", "found", dht);
	query(o, "all", "unknown", sum(s, DISC_UNKNOWN));
	query(o, "all", "refused", sum(s, DISC_BUSY) + sum(s, DISC_AGAIN));
}

/* ---- health ---- */

static void
score(struct out *o, const char *component, uint64_t good, uint64_t of)
{
	metrics_sample(o);
	metrics_label(o, "component", component);
	metrics_fraction(o, of == 0 ? 1000 : good * 1000 / of, 1000);
}

static bool
books_balance(const struct snapshot *s)
{
	struct show_book b;

	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++)
		if (snapshot_book(s, (enum border)i, &b) && b.unaccounted != 0)
			return false;
	return true;
}

static void
health(struct out *o, const struct snapshot *s)
{
	uint64_t n[NSTANDINGS] = {0}, up = 0;

	if (!s->has_node)
		return;
	for (unsigned i = 0; i < s->nprocs; i++)
		up += s->proc[i].state == PROC_UP;
	for (size_t i = 0; i < s->npeers; i++)
		n[standing(s->peer[i].state)]++;
	metrics_family(o, "mesh_health_score", GAUGE,
	    "Health of a part from 0 (failed) to 1 (healthy).");
	score(o, "processes", up, s->nprocs);
	if (!s->peers_unknown)
		score(o, "peers", n[STANDS_UP], n[STANDS_UP] + n[STANDS_DOWN]);
	if (s->has_counters[ROLE_PARENT])
		score(o, "configuration", sum(s, RELOAD_GOOD), 1);
	score(o, "books", books_balance(s), 1);
	if (s->has_dht && s->dht.mode != 0)
		score(o, "dht", s->dht.good > 0, 1);
}

static uint32_t
loss_of(const struct snapshot *s, const char *peer)
{
	for (size_t i = 0; i < s->nstreams; i++)
		if (s->stream[i].place == 0 &&
		    strcmp(s->stream[i].peer, peer) == 0)
			return s->stream[i].loss_pm;
	return 0;
}

static void
peer_health(struct out *o, const struct snapshot *s)
{
	if (s->peers_unknown || s->npeers == 0 ||
	    s->npeers > METRICS_FULL_PEERS)
		return;
	metrics_family(o, "mesh_peer_health_score", GAUGE,
	    "Health of the peer from 0 to 1: what comes through while it is "
	    "up, 0 while it is wanted and down; nothing while it is idle.");
	for (size_t i = 0; i < s->npeers; i++) {
		enum standing is = standing(s->peer[i].state);
		uint32_t loss = loss_of(s, s->peer[i].name);

		if (is == STANDS_IDLE || is == STANDS_OFF)
			continue;
		metrics_sample(o);
		metrics_label(o, "peer", s->peer[i].name);
		metrics_fraction(
		    o, is == STANDS_UP && loss < 1000 ? 1000 - loss : 0, 1000);
	}
}

void
metrics_figures(struct out *o, const struct snapshot *s)
{
	if (s->nfigures != 0)
		figures(o, s);
	nodes(o, s);
	routes(o, s);
	peer_events(o, s);
	queries(o, s);
	health(o, s);
	peer_health(o, s);
	if (s->has_dht)
		metrics_plain(o, "mesh_dht_joined", GAUGE,
		    "1 if the DHT is on and other nodes in it have answered.",
		    s->dht.mode != 0 && s->dht.good > 0);
}
