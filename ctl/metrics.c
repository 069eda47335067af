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
#include "log.h"
#include "metrics.h"

struct out {
	FILE *f;
	bool open; /* OpenMetrics */
	const char *name, *suffix;
	unsigned labels; /* of the sample that is being written */
};

enum type { GAUGE, COUNTER, INFO };

const char *
metrics_content_type(enum metrics_form form)
{
	return form == METRICS_OPENMETRICS
	    ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	    : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- one family ---- */

/* OpenMetrics names the family without the suffix of its samples. */
static void
family(struct out *o, const char *name, enum type type, const char *help)
{
	static const struct {
		const char *word, *suffix;
	} is[] = {
	    [GAUGE] = {"gauge", ""},
	    [COUNTER] = {"counter", "_total"},
	    [INFO] = {"info", "_info"},
	};
	const char *word = is[type].word, *tail = is[type].suffix;
	size_t len = strlen(name);
	char end;

	o->name = name;
	o->suffix = tail;
	if (o->open) {
		fprintf(o->f, "# TYPE %s %s\n", name, word);
		if (len > 8 && strcmp(name + len - 8, "_seconds") == 0)
			fprintf(o->f, "# UNIT %s seconds\n", name);
		if (len > 6 && strcmp(name + len - 6, "_bytes") == 0)
			fprintf(o->f, "# UNIT %s bytes\n", name);
		tail = "";
	}
	len = strlen(help);
	end = len == 0 ? '.' : help[len - 1];
	fprintf(o->f, "# HELP %s%s %s%s\n", name, tail, help,
	    end == '.' ? "" : ".");
	if (!o->open)
		fprintf(o->f, "# TYPE %s%s %s\n", name, tail,
		    type == INFO ? "gauge" : word);
}

static void
sample(struct out *o)
{
	o->labels = 0;
	fprintf(o->f, "%s%s", o->name, o->suffix);
}

static void
label(struct out *o, const char *key, const char *value)
{
	char vis[512];

	log_vis(vis, sizeof(vis), value);
	fprintf(o->f, "%s%s=\"", o->labels++ == 0 ? "{" : ",", key);
	for (const char *p = vis; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			putc('\\', o->f);
		putc(*p, o->f);
	}
	putc('"', o->f);
}

static void
value(struct out *o, uint64_t v)
{
	fprintf(o->f, "%s %" PRIu64 "\n", o->labels > 0 ? "}" : "", v);
}

/* v/scale as a decimal, for scales of powers of ten */
static void
fraction(struct out *o, uint64_t v, uint64_t scale)
{
	int digits = 0;

	for (uint64_t s = scale; s > 1; s /= 10)
		digits++;
	fprintf(o->f, "%s %" PRIu64 ".%0*" PRIu64 "\n",
	    o->labels > 0 ? "}" : "", v / scale, digits, v % scale);
}

static void
plain(struct out *o, const char *name, enum type type, const char *help,
    uint64_t v)
{
	family(o, name, type, help);
	sample(o);
	value(o, v);
}

/* ---- node and processes ---- */

static void
node(struct out *o, const struct snapshot *s)
{
	family(o, "mesh_build", INFO, "Version of the running daemons.");
	sample(o);
	label(o, "version", s->node.version);
	value(o, 1);
	family(o, "mesh_node", INFO, "Identity of this node.");
	sample(o);
	label(o, "node", s->node.name);
	label(o, "device", s->node.device);
	value(o, 1);
	family(o, "mesh_start_time_seconds", GAUGE,
	    "Start of the node since the epoch.");
	sample(o);
	fraction(o, s->node.started_unix_ms, 1000);
	family(o, "mesh_config_reloads", COUNTER,
	    "Configuration loads after the first, by result.");
	sample(o);
	label(o, "result", "success");
	value(o, s->node.reloads);
	sample(o);
	label(o, "result", "failure");
	value(o, s->node.reload_failures);
	family(o, "mesh_config_last_reload_success_timestamp_seconds", GAUGE,
	    "Time of the newest good load of the configuration.");
	sample(o);
	fraction(o, s->node.loaded_unix_ms, 1000);
}

static void
processes(struct out *o, const struct snapshot *s)
{
	family(
	    o, "mesh_daemon_up", GAUGE, "1 while the process is up, else 0.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		sample(o);
		label(o, "daemon", role_name(s->proc[i].role));
		value(o, s->proc[i].state == PROC_UP);
	}
	family(o, "mesh_daemon_restarts", COUNTER,
	    "Times that the process was started again.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		sample(o);
		label(o, "daemon", role_name(s->proc[i].role));
		value(o, s->proc[i].restarts);
	}
	family(o, "mesh_daemon_confined", GAUGE,
	    "1 if the whole sandbox of the process is in force, else 0.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		sample(o);
		label(o, "daemon", role_name(s->proc[i].role));
		value(o, s->proc[i].missing == 0);
	}
	family(o, "mesh_daemon_resident_memory_bytes", GAUGE,
	    "Resident memory of the process, where it is known.");
	for (unsigned i = 0; i < s->nprocs; i++) {
		if (s->proc[i].rss_kb == 0)
			continue;
		sample(o);
		label(o, "daemon", role_name(s->proc[i].role));
		value(o, s->proc[i].rss_kb * UINT64_C(1024));
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
	family(o, "mesh_peers", GAUGE, "Peers by state.");
	for (size_t v = 0; v < sizeof(n) / sizeof(n[0]); v++) {
		sample(o);
		label(o, "state", show_peer_state(views[v]));
		value(o, n[v]);
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
    {"mesh_peer_handshake_rtt_seconds", GAUGE,
	"Round trip of the newest handshake with the peer.", MICRO_UNLESS_0,
	FIELD(rtt_us), true},
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
	family(o, f->name, f->type, f->help);
	for (size_t i = 0; i < s->npeers; i++) {
		uint64_t v = figure(&s->peer[i], f);

		if (f->unit == MICRO_UNLESS_0 && v == 0)
			continue;
		sample(o);
		label(o, "peer", s->peer[i].name);
		if (f->unit == PLAIN)
			value(o, v);
		else
			fraction(o, v, f->unit == MILLI ? 1000 : 1000000);
	}
}

static void
peers_up(struct out *o, const struct snapshot *s)
{
	family(o, "mesh_peer_up", GAUGE,
	    "1 while there is a session with the peer, else 0.");
	for (size_t i = 0; i < s->npeers; i++) {
		sample(o);
		label(o, "peer", s->peer[i].name);
		value(o, s->peer[i].state == PV_UP);
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

	family(o, "mesh_border_records", COUNTER,
	    "Records that came to a border, and that left it on their way.");
	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++) {
		if (!snapshot_book(s, (enum border)i, &b))
			continue;
		sample(o);
		label(o, "border", border_name(b.border));
		label(o, "way", "in");
		value(o, b.in);
		sample(o);
		label(o, "border", border_name(b.border));
		label(o, "way", "out");
		value(o, b.out);
	}
	family(o, "mesh_border_held_records", GAUGE,
	    "Records that wait at a border.");
	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++) {
		if (!snapshot_book(s, (enum border)i, &b))
			continue;
		sample(o);
		label(o, "border", border_name(b.border));
		value(o, b.held);
	}
	family(o, "mesh_border_unaccounted_records", GAUGE,
	    "In less out, drops and held: 0 while the books balance.");
	for (unsigned i = B_NONE + 1; i < B_NBORDERS; i++) {
		if (!snapshot_book(s, (enum border)i, &b))
			continue;
		sample(o);
		label(o, "border", border_name(b.border));
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

	family(o, "mesh_dropped_packets", COUNTER,
	    "Records that were dropped, by border and reason.");
	for (unsigned id = 0; id < C_NCOUNTERS; id++) {
		const struct counter_info *i = counter_info((enum counter)id);

		if (i->kind != K_DROP || !total(s, id, &sum))
			continue;
		sample(o);
		label(o, "border", border_name(i->border));
		label(o, "reason", i->name);
		value(o, sum);
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
		family(o, name,
		    metrics_is_gauge((enum counter)id) ? GAUGE : COUNTER, help);
		for (unsigned r = 0; r < ROLE_NROLES; r++) {
			if (!s->has_counters[r] || !s->sent[r][id])
				continue;
			sample(o);
			label(o, "daemon", role_name((enum role)r));
			value(o, s->counters[r].v[id]);
		}
	}
}

/* ---- network ---- */

static void
network(struct out *o, const struct snapshot *s)
{
	struct cert c;

	plain(o, "mesh_revocations", GAUGE,
	    "Certificates on the newest revocation list.", s->net.crl_serials);
	plain(o, "mesh_revocation_list_number", GAUGE,
	    "Number of the newest revocation list, 0 if none.",
	    s->net.crl_number);
	if (cert_get(s->net.cert, s->net.certlen, &c) != CERT_OK)
		return;
	plain(o, "mesh_certificate_expiry_timestamp_seconds", GAUGE,
	    "When the certificate of this node stops being valid.",
	    c.not_after);
}

static void
dht(struct out *o, const struct snapshot *s)
{
	family(o, "mesh_dht_nodes", GAUGE,
	    "Nodes in the routing table of the DHT.");
	sample(o);
	label(o, "family", "ipv4");
	value(o, s->dht.nodes4);
	sample(o);
	label(o, "family", "ipv6");
	value(o, s->dht.nodes6);
	plain(o, "mesh_dht_items", GAUGE, "Items stored for the DHT.",
	    s->dht.items);
	plain(o, "mesh_dht_item_bytes", GAUGE, "Octets of these.",
	    s->dht.item_octets);
}

/* ---- shaping ---- */

static void
classes(struct out *o, const struct snapshot *s, const char *name,
    enum type type, const char *help, size_t at)
{
	family(o, name, type, help);
	for (size_t i = 0; i < s->nqos; i++) {
		uint64_t v = s->qos[i].waiting;

		if (type == COUNTER)
			memcpy(&v, (const uint8_t *)&s->qos[i] + at, sizeof(v));
		sample(o);
		label(o, "class", s->qos[i].name);
		value(o, v);
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
metrics_write(FILE *f, enum metrics_form form, const struct snapshot *s,
    uint64_t now_unix_ms)
{
	struct out o = {.f = f, .open = form == METRICS_OPENMETRICS};

	plain(&o, "mesh_up", GAUGE, "1 if the node answered, else 0.",
	    s->has_node);
	family(&o, "mesh_scrape_timestamp_seconds", GAUGE,
	    "When these figures were gathered.");
	sample(&o);
	fraction(&o, now_unix_ms, 1000);
	if (s->has_node) {
		node(&o, s);
		processes(&o, s);
	}
	if (s->has_node && !s->peers_unknown)
		peers(&o, s);
	border_records(&o, s);
	drops(&o, s);
	others(&o, s);
	if (s->has_net)
		network(&o, s);
	if (s->has_dht)
		dht(&o, s);
	if (s->nqos != 0)
		qos(&o, s);
	if (o.open)
		fputs("# EOF\n", f);
}
