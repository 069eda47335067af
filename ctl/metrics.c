/* SPDX-License-Identifier: ISC */
/* file: ctl/metrics.c */
/*
 * A snapshot for Prometheus (see metrics.h): families in a fixed order, each
 * with its type and help, then its samples.
 */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "cert.h"
#include "metrics_int.h"

const char *
metrics_content_type(enum metrics_form form)
{
	return form == METRICS_OPENMETRICS
	    ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	    : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- node and processes ---- */

static void
node(struct out *o, const struct snapshot *s)
{
	metrics_family(
	    o, "mesh_build", INFO, "Version of the running daemons.");
	metrics_sample(o);
	metrics_label(o, "version", s->node.version);
	metrics_value(o, 1);
	metrics_family(o, "mesh_node", INFO, "Identity of this node.");
	metrics_sample(o);
	metrics_label(o, "node", s->node.name);
	metrics_label(o, "device", s->node.device);
	metrics_value(o, 1);
	metrics_family(o, "mesh_start_time_seconds", GAUGE,
	    "Start of the node since the epoch.");
	metrics_sample(o);
	metrics_fraction(o, s->node.started_unix_ms, 1000);
	metrics_family(o, "mesh_config_reloads", COUNTER,
	    "Configuration loads after the first, by result.");
	metrics_sample(o);
	metrics_label(o, "result", "success");
	metrics_value(o, s->node.reloads);
	metrics_sample(o);
	metrics_label(o, "result", "failure");
	metrics_value(o, s->node.reload_failures);
	metrics_family(o, "mesh_config_last_reload_success_timestamp_seconds",
	    GAUGE, "Time of the newest good load of the configuration.");
	metrics_sample(o);
	metrics_fraction(o, s->node.loaded_unix_ms, 1000);
}

static void
processes(struct out *o, const struct snapshot *s)
{
	metrics_family(
	    o, "mesh_daemon_up", GAUGE, "1 while the process is up, else 0.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		metrics_sample(o);
		metrics_label(o, "daemon", role_name(s->proc[i].role));
		metrics_value(o, s->proc[i].state == PROC_UP);
	}
	metrics_family(o, "mesh_daemon_restarts", COUNTER,
	    "Times that the process was started again.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		metrics_sample(o);
		metrics_label(o, "daemon", role_name(s->proc[i].role));
		metrics_value(o, s->proc[i].restarts);
	}
	metrics_family(o, "mesh_daemon_start_time_seconds", GAUGE,
	    "Start of the process since the epoch.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		metrics_sample(o);
		metrics_label(o, "daemon", role_name(s->proc[i].role));
		metrics_fraction(o, s->proc[i].started_unix_ms, 1000);
	}
	metrics_family(o, "mesh_daemon_confined", GAUGE,
	    "1 if the whole sandbox of the process is in force, else 0.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		metrics_sample(o);
		metrics_label(o, "daemon", role_name(s->proc[i].role));
		metrics_value(o, s->proc[i].missing == 0);
	}
	metrics_family(o, "mesh_daemon_resident_memory_bytes", GAUGE,
	    "Resident memory of the process, where it is known.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		if (s->proc[i].rss_kb == 0)
			continue;
		metrics_sample(o);
		metrics_label(o, "daemon", role_name(s->proc[i].role));
		metrics_value(o, s->proc[i].rss_kb * UINT64_C(1024));
	}
}

/* ---- peers ---- */

static void
peer_states(struct out *o, const struct snapshot *s)
{
	static const enum peer_view views[] = {
	    PV_IDLE, PV_LOOKUP, PV_HANDSHAKE, PV_UP, PV_WAIT, PV_OFF};
	uint64_t n[sizeof(views) / sizeof(views[0])] = {0};

	for (size_t i = 0; i < s->npeers; i++)
		for (size_t v = 0; v < sizeof(n) / sizeof(n[0]); v++)
			n[v] += s->peer[i].state == views[v];
	metrics_family(o, "mesh_peers", GAUGE, "Peers by state.");
	for (size_t v = 0; v < sizeof(n) / sizeof(n[0]); v++) {
		metrics_sample(o);
		metrics_label(o, "state", show_peer_state(views[v]));
		metrics_value(o, n[v]);
	}
}

/* How a figure of a peer's row is written. */
enum unit { PLAIN, MICRO_UNLESS_0, MILLI };

struct peer_family {
	const char *name;
	enum type type;
	const char *help;
	enum unit unit;
	size_t at; /* in the row */
	size_t size;
	bool basic; /* also of very many peers */
};

#define FIELD(f)                                                               \
	offsetof(struct msg_peer_row, f),                                      \
	    sizeof(((const struct msg_peer_row *)NULL)->f)

static const struct peer_family peer_families[] = {
    {"mesh_peer_rtt_seconds", GAUGE,
	"Round-trip time to the peer: of pings, else of the newest handshake.",
	MICRO_UNLESS_0, FIELD(rtt_us), true},
    {"mesh_peer_receive_bytes", COUNTER,
	"Octets of datagrams received from the peer.", PLAIN, FIELD(rx_bytes),
	true},
    {"mesh_peer_transmit_bytes", COUNTER,
	"Octets of datagrams sent to the peer.", PLAIN, FIELD(tx_bytes), true},
    {"mesh_peer_receive_packets", COUNTER, "Datagrams received from the peer.",
	PLAIN, FIELD(rx_packets), false},
    {"mesh_peer_transmit_packets", COUNTER, "Datagrams sent to the peer.",
	PLAIN, FIELD(tx_packets), false},
    {"mesh_peer_handshakes", COUNTER,
	"Handshakes with the peer that gave a session.", PLAIN,
	FIELD(handshakes), false},
    {"mesh_peer_last_handshake_timestamp_seconds", GAUGE,
	"Time of the newest finished handshake, 0 if none.", MILLI,
	FIELD(handshake_unix_ms), false},
    {"mesh_peer_last_seen_timestamp_seconds", GAUGE,
	"Time of the newest authenticated message, 0 if none.", MILLI,
	FIELD(seen_unix_ms), false},
    {"mesh_peer_held_packets", GAUGE,
	"Packets that wait for a session with the peer.", PLAIN, FIELD(held),
	false},
    {"mesh_peer_flows", GAUGE, "Connections through the peer.", PLAIN,
	FIELD(flows), false},
};

static uint64_t
figure(const struct msg_peer_row *p, const struct peer_family *f)
{
	const uint8_t *at = (const uint8_t *)p + f->at;
	uint32_t small;
	uint64_t v;

	if (f->size == sizeof(small)) {
		memcpy(&small, at, sizeof(small));
		return small;
	}
	memcpy(&v, at, sizeof(v));
	return v;
}

static void
peer_family(
    struct out *o, const struct snapshot *s, const struct peer_family *f)
{
	metrics_family(o, f->name, f->type, f->help);
	for (size_t i = 0; i < s->npeers; i++) {
		uint64_t v = figure(&s->peer[i], f);

		if (f->unit == MICRO_UNLESS_0 && v == 0)
			continue;
		metrics_sample(o);
		metrics_label(o, "peer", s->peer[i].name);
		if (f->unit == PLAIN)
			metrics_value(o, v);
		else
			metrics_fraction(
			    o, v, f->unit == MILLI ? 1000 : 1000000);
	}
}

static void
peers_up(struct out *o, const struct snapshot *s)
{
	metrics_family(o, "mesh_peer_up", GAUGE,
	    "1 while there is a session with the peer, else 0.");
	for (size_t i = 0; i < s->npeers; i++) {
		metrics_sample(o);
		metrics_label(o, "peer", s->peer[i].name);
		metrics_value(o, s->peer[i].state == PV_UP);
	}
}

/* The address in the overlay: what roams is no label. */
static void
peers_info(struct out *o, const struct snapshot *s)
{
	char text[ADDR_STRLEN];

	metrics_family(
	    o, "mesh_peer", INFO, "Slow-changing facts about a peer.");
	for (size_t i = 0; i < s->npeers; i++) {
		const struct msg_peer_row *p = &s->peer[i];

		metrics_sample(o);
		metrics_label(o, "peer", p->name);
		if (p->nallowed != 0)
			metrics_label(o, "address",
			    addr_format(&p->allowed[0].addr, text));
		metrics_value(o, 1);
	}
}

static void
peers(struct out *o, const struct snapshot *s)
{
	size_t n = sizeof(peer_families) / sizeof(peer_families[0]);

	peer_states(o, s);
	if (s->npeers > METRICS_BASIC_PEERS)
		return;
	peers_up(o, s);
	if (s->npeers <= METRICS_FULL_PEERS)
		peers_info(o, s);
	for (size_t i = 0; i < n; i++)
		if (peer_families[i].basic || s->npeers <= METRICS_FULL_PEERS)
			peer_family(o, s, &peer_families[i]);
}

/* ---- counters ---- */

bool
metrics_is_gauge(enum counter id)
{
	switch (id) {
	case MEMBERS:
	case GUESTS:
	case DISC_OPEN:
	case DISC_KNOWN:
	case BREAKERS_OPEN:
	case BREAKERS_HALF:
	case STREAMS:
	case FLOWS:
	case STREAM_QUEUED:
	case WORKERS:
	case RELOAD_GOOD:
		return true;
	default:
		return false;
	}
}

const char *
metrics_name(enum counter id, char out[METRICS_NAME_MAX])
{
	snprintf(out, METRICS_NAME_MAX, "mesh_%s", counter_info(id)->name);
	return out;
}

static void
border_records(struct out *o, const struct snapshot *s)
{
	struct show_book b;

	metrics_family(o, "mesh_border_records", COUNTER,
	    "Records that came to a border, and that left it on their way.");
	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++) {
		if (!snapshot_book(s, (enum border)i, &b))
			continue;
		metrics_sample(o);
		metrics_label(o, "border", border_name(b.border));
		metrics_label(o, "way", "in");
		metrics_value(o, b.in);
		metrics_sample(o);
		metrics_label(o, "border", border_name(b.border));
		metrics_label(o, "way", "out");
		metrics_value(o, b.out);
	}
	metrics_family(o, "mesh_border_held_records", GAUGE,
	    "Records that wait at a border.");
	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++) {
		if (!snapshot_book(s, (enum border)i, &b))
			continue;
		metrics_sample(o);
		metrics_label(o, "border", border_name(b.border));
		metrics_value(o, b.held);
	}
	metrics_family(o, "mesh_border_unaccounted_records", GAUGE,
	    "In less out, drops and held: 0 while the books balance.");
	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++) {
		if (!snapshot_book(s, (enum border)i, &b))
			continue;
		metrics_sample(o);
		metrics_label(o, "border", border_name(b.border));
		fprintf(o->f, "} %" PRId64 "\n", b.unaccounted);
	}
}

/* The sum over the processes that sent it; false: nobody did. */
static bool
total(const struct snapshot *s, unsigned id, uint64_t *sum)
{
	bool any = false;

	*sum = 0;
	for (unsigned r = 0; r < ROLE_NROLES; r++) {
		if (!s->has_counters[r] || !s->sent[r][id])
			continue;
		any = true;
		*sum += s->counters[r].v[id];
	}
	return any;
}

static void
drops(struct out *o, const struct snapshot *s)
{
	uint64_t sum;

	metrics_family(o, "mesh_dropped_packets", COUNTER,
	    "Records that were dropped, by border and reason.");
	for (unsigned id = 0; id < C_NCOUNTERS; id++) {
		const struct counter_info *i = counter_info((enum counter)id);

		if (i->kind != K_DROP || !total(s, id, &sum))
			continue;
		metrics_sample(o);
		metrics_label(o, "border", border_name(i->border));
		metrics_label(o, "reason", i->name);
		metrics_value(o, sum);
	}
}

static void
others(struct out *o, const struct snapshot *s)
{
	char name[METRICS_NAME_MAX], help[160];

	for (unsigned id = C_NONE + 1; id < C_NCOUNTERS; id++) {
		const struct counter_info *i = counter_info((enum counter)id);
		uint64_t sum;

		if (i->border != B_NONE || !total(s, id, &sum))
			continue;
		metrics_name((enum counter)id, name);
		snprintf(help, sizeof(help), "%s: %s", i->name, i->help);
		metrics_family(o, name,
		    metrics_is_gauge((enum counter)id) ? GAUGE : COUNTER, help);
		for (unsigned r = 0; r < ROLE_NROLES; r++) {
			if (!s->has_counters[r] || !s->sent[r][id])
				continue;
			metrics_sample(o);
			metrics_label(o, "daemon", role_name((enum role)r));
			metrics_value(o, s->counters[r].v[id]);
		}
	}
}

/* ---- network ---- */

static void
network(struct out *o, const struct snapshot *s)
{
	struct cert c;

	metrics_plain(o, "mesh_revocations", GAUGE,
	    "Certificates on the newest revocation list.", s->net.crl_serials);
	metrics_plain(o, "mesh_revocation_list_number", GAUGE,
	    "Number of the newest revocation list, 0 if none.",
	    s->net.crl_number);
	if (cert_get(s->net.cert, s->net.certlen, &c) != CERT_OK)
		return;
	metrics_plain(o, "mesh_certificate_expiry_timestamp_seconds", GAUGE,
	    "When the certificate of this node stops being valid.",
	    c.not_after);
}

static void
dht(struct out *o, const struct snapshot *s)
{
	metrics_family(o, "mesh_dht_nodes", GAUGE,
	    "Nodes in the routing table of the DHT.");
	metrics_sample(o);
	metrics_label(o, "family", "ipv4");
	metrics_value(o, s->dht.nodes4);
	metrics_sample(o);
	metrics_label(o, "family", "ipv6");
	metrics_value(o, s->dht.nodes6);
	metrics_plain(o, "mesh_dht_items", GAUGE, "Items stored for the DHT.",
	    s->dht.items);
	metrics_plain(o, "mesh_dht_item_bytes", GAUGE, "Octets of these.",
	    s->dht.item_octets);
}

void
metrics_write(FILE *f, enum metrics_form form, const struct snapshot *s,
    uint64_t now_unix_ms)
{
	struct out o = {.f = f, .open = form == METRICS_OPENMETRICS};

	metrics_plain(&o, "mesh_up", GAUGE, "1 if the node answered, else 0.",
	    s->has_node);
	metrics_family(&o, "mesh_scrape_timestamp_seconds", GAUGE,
	    "When these figures were gathered.");
	metrics_sample(&o);
	metrics_fraction(&o, now_unix_ms, 1000);
	if (s->took_us != 0) {
		metrics_family(&o, "mesh_scrape_duration_seconds", GAUGE,
		    "Time to gather these figures.");
		metrics_sample(&o);
		metrics_seconds(&o, s->took_us);
	}
	if (s->has_node) {
		node(&o, s);
		processes(&o, s);
	}
	if (s->has_node && !s->peers_unknown)
		peers(&o, s);
	border_records(&o, s);
	drops(&o, s);
	others(&o, s);
	metrics_engine(&o, s);
	metrics_figures(&o, s);
	if (s->has_net)
		network(&o, s);
	if (s->has_dht)
		dht(&o, s);
	if (o.open)
		fputs("# EOF\n", f);
}
