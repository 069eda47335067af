/* SPDX-License-Identifier: ISC */
/* file: common/conf_schema.c */
/*
 * The table of options: THE place that says what exists.
 *
 * A row is an option: the block it belongs to, its words, its type, where the
 * value goes, its range, its default and how far a change of it reaches.  The
 * parser, the printer, the comparison, the frames, the hints for a misspelt
 * word, the manual's check and the tests all read it, so an option is added by
 * adding its row (and the field, and the code that reads the field).
 *
 * Ranges: rekey and reject end where a stock WireGuard peer throws its keys
 * away (180 s), since a longer value could only lose packets.  A look-up ends
 * before control gives a question up (8 s).  A path of a socket ends at 107,
 * the room in a sockaddr_un.  What is NULL and not a list depends on others:
 * conf_defaults or conf_member sets it.
 */
#include <string.h>

#include "conf_int.h"

#define SIZE_OF(type, f) sizeof(((type *)0)->f)
#define N(f) offsetof(struct conf_node, f), SIZE_OF(struct conf_node, f)
#define P(f) offsetof(struct conf_peer, f), SIZE_OF(struct conf_peer, f)
#define ONE 0, 0, 0

#define HOUR 3600
#define DAY 86400
#define MEGA (1024 * 1024)

/* clang-format off */
static const struct conf_row rows[] = {
	{ "identity", "name", CT_NAME, N(name), ONE, 1, 63,
	    NULL, CONF_LIVE,
	    "what this node is called in logs and listings" },
	{ "identity", "key file", CT_PATH, N(key_file), ONE, 1, 255,
	    "/var/lib/mesh/identity.key", CONF_RESTART,
	    "private key of this node, in base64, mode 0400" },

	{ "network", "certificate file", CT_FILE, N(cert_file), ONE, 1, 255,
	    NULL, CONF_LIVE,
	    "what this node is in its network, signed by the authority" },
	{ "network", "secret file", CT_FILE, N(secret_file), ONE, 1, 255,
	    NULL, CONF_LIVE,
	    "the network's secret, in base64, mode 0400" },
	{ "network", "authority", CT_KEY, N(authority), N(nauthorities),
	    CERT_CAS_MAX - 1, 44, 44, NULL, CONF_LIVE,
	    "a further authority whose certificates count" },

	{ "tunnel", "device", CT_DEVICE, N(device), ONE, 1, 15,
	    "mesh0", CONF_RESTART,
	    "name of the network interface" },
	{ "tunnel", "mtu", CT_AUTO, N(mtu), ONE, CONF_MTU_MIN, CONF_MTU_MAX,
	    "1400", CONF_LIVE,
	    "largest packet of the tunnel in octets" },
	{ "tunnel", "mtu limit", CT_INT, N(mtu_limit), ONE,
	    CONF_MTU_AUTO_MIN, CONF_MTU_MAX,
	    "1400", CONF_LIVE,
	    "what mtu auto goes up to" },
	{ "tunnel", "mss clamp", CT_BOOL, N(mss_clamp), ONE, 0, 1,
	    "yes", CONF_LIVE,
	    "TCP connections ask for no longer segments than pass" },
	{ "tunnel", "offload", CT_OFFLOAD, N(offload), ONE, 0, 15,
	    "yes", CONF_RESTART,
	    "let the kernel hand over packets of up to 64 KiB" },
	{ "tunnel", "packet ring", CT_BOOL, N(packet_ring), ONE, 0, 1,
	    "yes", CONF_RESTART,
	    "memory shared by tun and p2p-engine instead of a socket" },
	{ "tunnel", "address", CT_HOST, N(address), N(naddresses),
	    CONF_ADDRESSES_MAX, 0, 0, NULL, CONF_LIVE,
	    "address of this node in the mesh, with its length" },
	{ "tunnel", "subnet", CT_NET, N(subnet), N(nsubnets),
	    CONF_PREFIXES_MAX, 0, 0, NULL, CONF_LIVE,
	    "network of the mesh itself" },
	{ "tunnel", "route", CT_NET, N(route), N(nroutes),
	    CONF_PREFIXES_MAX, 0, 0, NULL, CONF_LIVE,
	    "network behind a peer: routed into the tunnel" },
	{ "tunnel", "export", CT_NET, N(export), N(nexports),
	    CONF_PREFIXES_MAX, 0, 0, NULL, CONF_LIVE,
	    "network behind this node that the mesh may reach" },

	{ "filter", "unallowed ports", CT_PORT, N(port), N(nports),
	    CONF_PORTS_MAX, 1, 65535, NULL, CONF_LIVE,
	    "ports of this node that no peer may reach" },
	{ "filter", "default", CT_POLICY, N(filter_deny), ONE, 0, 1,
	    "allow", CONF_LIVE,
	    "what becomes of a packet that no rule matches" },
	{ "filter", "pass", CT_RULE, N(rule), N(nrules),
	    CONF_RULES_MAX, 0, 0, NULL, CONF_LIVE,
	    "connections that are let through" },
	{ "filter", "block", CT_RULE, N(rule), N(nrules),
	    CONF_RULES_MAX, 0, 0, NULL, CONF_LIVE,
	    "connections that are not" },

	{ "transport", "listen on", CT_LISTEN, N(listen), N(nlisten),
	    CONF_LISTEN_MAX, 1, 65535, "* port 51820", CONF_LIVE,
	    "local address and UDP port" },
	{ "transport", "receive buffer", CT_SIZE, N(receive_buffer), ONE,
	    64 * 1024, 64 * MEGA, "1280K", CONF_LIVE,
	    "kernel buffer of each UDP socket" },
	{ "transport", "send buffer", CT_SIZE, N(send_buffer), ONE,
	    64 * 1024, 64 * MEGA, "1M", CONF_LIVE,
	    "kernel buffer of each UDP socket" },
	{ "transport", "segmentation offload", CT_BOOL, N(send_batches), ONE,
	    0, 1, "yes", CONF_LIVE,
	    "send many datagrams in one call" },
	{ "transport", "receive offload", CT_BOOL, N(receive_batches), ONE,
	    0, 1, "yes", CONF_LIVE,
	    "receive many datagrams in one call" },
	{ "transport", "handshake timeout", CT_SECONDS,
	    N(handshake_timeout_s), ONE, 1, HOUR, "90s", CONF_LIVE,
	    "how long a handshake is tried before its packets are dropped" },

	{ "engine", "workers", CT_AUTO, N(workers), ONE, 0, 4,
	    "auto", CONF_LIVE,
	    "threads beside the first that seal and open packets" },

	{ "crypto", "rekey after", CT_SECONDS, N(rekey_after_s), ONE, 2, 175,
	    "120s", CONF_LIVE,
	    "age at which session keys are replaced" },
	{ "crypto", "reject after", CT_SECONDS, N(reject_after_s), ONE, 5, 180,
	    "180s", CONF_LIVE,
	    "age at which session keys are thrown away" },

	{ "hold", "packets", CT_INT, N(hold_packets), ONE, 0, 1024,
	    "32", CONF_LIVE,
	    "packets kept for a peer while a handshake runs" },
	{ "hold", "bytes", CT_SIZE, N(hold_bytes), ONE, 2048, 16 * MEGA,
	    "256K", CONF_LIVE,
	    "octets kept for a peer while a handshake runs" },
	{ "hold", "timeout", CT_MILLIS, N(hold_timeout_ms), ONE, 100, 60000,
	    "5s", CONF_LIVE,
	    "how long a packet is kept" },

	{ "flows", "max", CT_INT, N(flows_max), ONE, 16, 1 << 20,
	    "65536", CONF_LIVE,
	    "connections that are remembered" },
	{ "flows", "idle timeout", CT_SECONDS, N(flows_idle_s), ONE, 1, DAY,
	    "300s", CONF_LIVE,
	    "silence after which a connection is forgotten" },
	{ "flows", "cleanup interval", CT_SECONDS, N(flows_cleanup_s), ONE,
	    1, HOUR, "60s", CONF_LIVE,
	    "time between two searches for forgotten connections" },

	{ "streams", "max per peer", CT_INT, N(streams_max), ONE,
	    1, CONF_STREAMS_MAX, "10", CONF_LIVE,
	    "associations with one member, each with keys of its own" },
	{ "streams", "min per peer", CT_INT, N(streams_min), ONE,
	    1, CONF_STREAMS_MAX, "1", CONF_LIVE,
	    "associations that are opened without need" },
	{ "streams", "idle timeout", CT_SECONDS, N(streams_idle_s), ONE,
	    1, DAY, "300s", CONF_LIVE,
	    "silence after which one is closed" },
	{ "streams", "cleanup interval", CT_SECONDS, N(streams_cleanup_s), ONE,
	    1, HOUR, "60s", CONF_LIVE,
	    "time between two searches for silent ones" },
	{ "streams", "packet buffer", CT_INT, N(streams_buffer), ONE,
	    1, 1024, "100", CONF_LIVE,
	    "packets kept of each while they change to another" },
	{ "streams", "own sockets", CT_BOOL, N(streams_sockets), ONE,
	    0, 1, "yes", CONF_LIVE,
	    "send each from a UDP port of its own" },

	{ "sessions", "max", CT_INT, N(sessions_max), ONE, 1, 65536,
	    "1024", CONF_LIVE,
	    "peers that may be connected at a time" },
	{ "sessions", "idle timeout", CT_SECONDS, N(sessions_idle_s), ONE,
	    0, DAY, "0s", CONF_LIVE,
	    "silence after which a session is closed; 0s keeps it" },

	{ "limits", "handshakes per source", CT_RATE,
	    N(handshakes_per_source), ONE, 1, 10000, "20/s", CONF_LIVE,
	    "handshakes accepted from one address" },
	{ "limits", "handshakes burst", CT_INT, N(handshakes_burst), ONE,
	    1, 1000, "5", CONF_LIVE,
	    "handshakes accepted from one address at once" },

	{ "breaker", "failure threshold", CT_INT, N(breaker_failures), ONE,
	    1, 100, "5", CONF_LIVE,
	    "unanswered handshake messages after which a peer is left alone" },
	{ "breaker", "reset timeout", CT_MILLIS, N(breaker_reset_ms), ONE,
	    1000, HOUR * 1000, "60s", CONF_LIVE,
	    "how long it is left alone once all retries were in vain" },
	{ "breaker", "success threshold", CT_INT, N(breaker_successes), ONE,
	    1, 10, "2", CONF_LIVE,
	    "answers after which it is trusted as before" },

	{ "retry", "max attempts", CT_INT, N(retry_attempts), ONE, 0, 20,
	    "5", CONF_LIVE,
	    "retries of a peer before the reset timeout is waited for" },
	{ "retry", "initial interval", CT_MILLIS, N(retry_initial_ms), ONE,
	    100, 60000, "1s", CONF_LIVE,
	    "wait before the first retry" },
	{ "retry", "max interval", CT_MILLIS, N(retry_max_ms), ONE,
	    100, HOUR * 1000, "30s", CONF_LIVE,
	    "longest wait before a retry" },
	{ "retry", "multiplier", CT_INT, N(retry_multiplier), ONE, 1, 10,
	    "2", CONF_LIVE,
	    "how much longer each wait is than the one before" },

	{ "qos", "enable", CT_BOOL, N(qos), ONE, 0, 1,
	    "no", CONF_LIVE,
	    "limit what peers are sent, and let classes of packets share it" },
	{ "qos", "bandwidth limit", CT_BITS, N(qos_limit_kbit), ONE,
	    64, 100000000, "none", CONF_LIVE,
	    "what each peer is sent a second" },
	{ "qos", "class", CT_CLASS, N(class), N(nclasses),
	    CONF_CLASSES_MAX, 0, 0, NULL, CONF_LIVE,
	    "packets with a share and a queue of their own" },

	{ "failover", "path", CT_PIN, N(pin), N(npins),
	    CONF_PINS_MAX, 0, 0, NULL, CONF_LIVE,
	    "rank of a peer's place: peer, place, priority or pinned" },

	{ "nat", "enable", CT_BOOL, N(nat_enable), ONE, 0, 1,
	    "yes", CONF_LIVE,
	    "find out how this node is seen from outside" },
	{ "nat", "stun servers", CT_ENDPOINT, N(stun), N(nstun),
	    CONF_STUN_MAX, 1, 65535, NULL, CONF_LIVE,
	    "STUN servers that are asked beside the peers" },
	{ "nat", "discovery interval", CT_SECONDS, N(nat_interval_s), ONE,
	    10, DAY, "300s", CONF_LIVE,
	    "time between two times of asking" },
	{ "nat", "serve stun", CT_BOOL, N(stun_serve), ONE, 0, 1,
	    "yes", CONF_LIVE,
	    "tell whoever asks from where it is seen" },
	{ "nat", "keepalive", CT_SECONDS, N(nat_keepalive_s), ONE, 0, 3600,
	    "25s", CONF_LIVE,
	    "silence after which a member is pinged, if a translator is in "
	    "front of this node; 0s is off" },

	{ "nat", "turn server", CT_ENDPOINT, N(turn), N(nturn),
	    CONF_TURN_MAX, 1, 65535, NULL, CONF_LIVE,
	    "server that relays for this node (TURN)" },
	{ "nat", "turn user", CT_TEXT, N(turn_user), ONE, 1, 127,
	    NULL, CONF_LIVE,
	    "who this node is to the TURN server" },
	{ "nat", "turn password file", CT_FILE, N(turn_file), ONE, 1, 255,
	    NULL, CONF_LIVE,
	    "its password there, one line, mode 0400" },
	{ "nat", "turn transport", CT_BY, N(turn_transport), ONE, 0, 3,
	    "udp", CONF_LIVE,
	    "how the TURN server is talked to; auto: otherwise if not by UDP" },
	{ "nat", "turn pin", CT_KEY, N(turn_pin), N(nturn_pins),
	    CONF_TURN_PINS_MAX, 0, 0, NULL, CONF_LIVE,
	    "key of its certificate: base64 of the SHA-256" },
	{ "nat", "port mapping", CT_BOOL, N(port_mapping), ONE, 0, 1,
	    "yes", CONF_LIVE,
	    "ask the default gateway for a port, by PCP or NAT-PMP" },
	{ "nat", "upnp", CT_BOOL, N(upnp), ONE, 0, 1,
	    "no", CONF_LIVE,
	    "... or by UPnP, if it knows neither" },

	{ "relay", "serve", CT_BOOL, N(relay_serve), ONE, 0, 1,
	    "no", CONF_LIVE,
	    "forward for members that can't reach each other" },
	{ "relay", "use", CT_BOOL, N(relay_use), ONE, 0, 1,
	    "yes", CONF_LIVE,
	    "go by other members where there is no direct way" },
	{ "relay", "keep", CT_BOOL, N(relay_keep), ONE, 0, 1,
	    "no", CONF_LIVE,
	    "stay connected to relays, also if nothing is in the way" },
	{ "relay", "bandwidth", CT_BITS, N(relay_kbit), ONE,
	    64, 100000000, "10Mbit/s", CONF_LIVE,
	    "what is forwarded a second for each member that asks" },
	{ "relay", "labels", CT_INT, N(relay_labels), ONE, 1, 512,
	    "64", CONF_LIVE,
	    "ways that each member may have" },

	{ "tls", "listen on", CT_SERVE, N(tls_listen), N(ntls_listen),
	    CONF_TLS_LISTEN_MAX, 1, 65535, NULL, CONF_LIVE,
	    "local address and TCP port where peers may call by TLS" },
	{ "tls", "connect", CT_TRY, N(tls_connect), ONE, 0, 2,
	    "no", CONF_LIVE,
	    "call peers by TLS: always, or where UDP is not answered" },
	{ "tls", "proxy", CT_ENDPOINT, N(tls_proxy), N(ntls_proxy),
	    1, 1, 65535, NULL, CONF_LIVE,
	    "HTTP proxy by which they are called" },

	{ "discovery", "dht", CT_DHT, N(dht), ONE, 0, 2,
	    NULL, CONF_LIVE,
	    "find members by a DHT: the network's own, or everybody's" },
	{ "discovery", "tag", CT_BOOL, N(dht_tag), ONE, 0, 1,
	    NULL, CONF_LIVE,
	    "talk to nodes of the network's own DHT only" },
	{ "discovery", "dht listen on", CT_BIND, N(dht_listen), ONE, 1, 65535,
	    "* port 6881", CONF_LIVE,
	    "local address and UDP port of the DHT" },
	{ "discovery", "bootstrap", CT_ENDPOINT, N(bootstrap), N(nbootstrap),
	    CONF_BOOTSTRAP_MAX, 1, 65535, NULL, CONF_LIVE,
	    "nodes of the DHT that are asked first" },
	{ "discovery", "lan", CT_BOOL, N(lan), ONE, 0, 1,
	    NULL, CONF_LIVE,
	    "find members on the same link by multicast" },
	{ "discovery", "announce interval", CT_SECONDS, N(announce_s), ONE,
	    10, 2 * HOUR, "2700s", CONF_LIVE,
	    "time between two publications of this node's place" },
	{ "discovery", "lookup timeout", CT_MILLIS, N(lookup_timeout_ms), ONE,
	    500, 7000, "5s", CONF_LIVE,
	    "how long the DHT is searched for one answer" },
	{ "discovery", "plain answers", CT_BOOL, N(dht_plain), ONE, 0, 1,
	    "no", CONF_LIVE,
	    "give values to addresses that have not shown a token" },

	{ "control", "socket", CT_PATH, N(socket), ONE, 1, 107,
	    NULL, CONF_RESTART,
	    "socket for root and the owner group" },
	{ "control", "status socket", CT_PATH, N(status_socket), ONE, 1, 107,
	    NULL, CONF_RESTART,
	    "socket for everybody, to look only" },
	{ "control", "owner group", CT_GROUP, N(group), ONE, 1, 31,
	    "mesh", CONF_RESTART,
	    "group that may use the control socket" },

	{ "log", "level", CT_LEVEL, N(log_level), ONE, 0, 3,
	    "info", CONF_LIVE,
	    "least important lines that are logged" },
	{ "log", "ring buffer", CT_INT, N(log_ring), ONE, 10, 20000,
	    "2000", CONF_LIVE,
	    "lines kept for meshctl log" },
	{ "log", "rate limit", CT_RATE, N(log_rate), ONE, 1, 10000,
	    "10/s", CONF_LIVE,
	    "lines of one kind" },

	{ "peer", "public key", CT_KEY, P(key), ONE, 44, 44,
	    NULL, CONF_REHANDSHAKE,
	    "the peer's key, which is its identity" },
	{ "peer", "address", CT_PEERADDR, P(allowed), P(nallowed),
	    CONF_ALLOWED_MAX, 0, 0, NULL, CONF_LIVE,
	    "address of the peer in the mesh" },
	{ "peer", "allowed prefixes", CT_ALLOWED, P(allowed), P(nallowed),
	    CONF_ALLOWED_MAX, 0, 0, NULL, CONF_LIVE,
	    "networks that the peer may speak for" },
	{ "peer", "endpoint", CT_ENDPOINT, P(endpoint), P(nendpoints),
	    CONF_ENDPOINTS_MAX, 1, 65535, NULL, CONF_LIVE,
	    "where the peer is reached first" },
	{ "peer", "psk file", CT_PSK, P(psk_file), ONE, 1, 255,
	    NULL, CONF_REHANDSHAKE,
	    "second secret of the two nodes, in base64, mode 0400" },
	{ "peer", "keepalive interval", CT_SECONDS, P(keepalive_s), ONE,
	    0, 65535, "0s", CONF_LIVE,
	    "silence after which an empty packet is sent; 0s is off" },
	{ "peer", "admin", CT_UPDOWN, P(admin_up), ONE, 0, 1,
	    "up", CONF_LIVE,
	    "down keeps the peer configured but unused" },
	{ "peer", "bandwidth limit", CT_BITS, P(limit_kbit), ONE,
	    64, 100000000, "default", CONF_LIVE,
	    "what the peer is sent a second, instead of the limit of qos" },
	{ "peer", "tls endpoint", CT_ENDPOINT, P(tls), P(ntls),
	    CONF_TLS_ENDPOINTS_MAX, 1, 65535, NULL, CONF_LIVE,
	    "where the peer is called by TLS" },
	{ "peer", "tls pin", CT_KEY, P(pin), P(npins),
	    CONF_TLS_PINS_MAX, 44, 44, NULL, CONF_LIVE,
	    "SHA-256 of the key of the peer's TLS, in base64" },
};
/* clang-format on */

#define NROWS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(NROWS <= CONF_ROWS_MAX, "a place for every row");

size_t
conf_nrows(void)
{
	return NROWS;
}

const struct conf_row *
conf_row(size_t i)
{
	return &rows[i];
}

size_t
conf_row_index(const struct conf_row *row)
{
	return (size_t)(row - rows);
}

const struct conf_row *
conf_row_named(const char *block, const char *name)
{
	for (size_t i = 0; i < NROWS; i++)
		if (strcmp(rows[i].block, block) == 0 &&
		    strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool
conf_block_known(const char *block)
{
	for (size_t i = 0; i < NROWS; i++)
		if (strcmp(rows[i].block, block) == 0)
			return true;
	return false;
}

/* How many words the name has, if the given ones begin with it; else 0. */
static unsigned
begins_with(const char *name, const char *const *word, unsigned nwords)
{
	unsigned n = 0;
	size_t len;

	for (;;) {
		len = strcspn(name, " ");
		if (n == nwords || strlen(word[n]) != len ||
		    strncmp(word[n], name, len) != 0)
			return 0;
		n++;
		if (name[len] == '\0')
			return n;
		name += len + 1;
	}
}

const struct conf_row *
conf_row_match(
    const char *block, const char *const *word, unsigned nwords, unsigned *used)
{
	const struct conf_row *best = NULL;
	unsigned n;

	*used = 0;
	for (size_t i = 0; i < NROWS; i++) {
		if (strcmp(rows[i].block, block) != 0)
			continue;
		n = begins_with(rows[i].name, word, nwords);
		if (n > *used) {
			*used = n;
			best = &rows[i];
		}
	}
	return best;
}

const char *
conf_block_with(const char *const *word, unsigned nwords)
{
	for (size_t i = 0; i < NROWS; i++)
		if (begins_with(rows[i].name, word, nwords) != 0)
			return rows[i].block;
	return NULL;
}

/* ---- what was meant ---- */
#define TYPED_MAX 64 /* longer words are nobody's typing error */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Edits that turn a into b: insert, delete, replace, or swap two neighbours
 * (optimal string alignment).  Three rows of the usual matrix.
 */
static unsigned
distance(const char *a, const char *b)
{
	unsigned m[3][TYPED_MAX + 1];
	unsigned *old = m[0], *prev = m[1], *cur = m[2], *t;
	size_t la = strlen(a), lb = strlen(b);

	if (la > TYPED_MAX || lb > TYPED_MAX)
		return TYPED_MAX;
	for (size_t j = 0; j <= lb; j++)
		prev[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			cur[j] = prev[j - 1] + (a[i - 1] != b[j - 1]);
			cur[j] = least(cur[j], prev[j] + 1);
			cur[j] = least(cur[j], cur[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				cur[j] = least(cur[j], old[j - 2] + 1);
		}
		t = old;
		old = prev;
		prev = cur;
		cur = t;
	}
	return prev[lb];
}

bool
conf_near(const char *typed, const char *meant, unsigned *edits)
{
	size_t allow = strlen(meant) / 3;

	*edits = distance(typed, meant);
	return *edits <= (allow == 0 ? 1 : allow);
}

/* The first n words with spaces between, cut at cap. */
static void
join(char *out, size_t cap, const char *const *word, unsigned n)
{
	size_t len = 0, w;

	for (unsigned i = 0; i < n; i++) {
		w = strlen(word[i]);
		if (len + w + 2 > cap)
			break;
		if (i > 0)
			out[len++] = ' ';
		memcpy(out + len, word[i], w);
		len += w;
	}
	out[len] = '\0';
}

const struct conf_row *
conf_row_nearest(
    const char *block, const char *const *word, unsigned nwords, unsigned *used)
{
	const struct conf_row *best = NULL;
	char typed[TYPED_MAX + 2];
	unsigned edits, fewest = TYPED_MAX, n;

	for (size_t i = 0; i < NROWS; i++) {
		if (strcmp(rows[i].block, block) != 0)
			continue;
		n = 1;
		for (const char *c = rows[i].name; *c != '\0'; c++)
			n += *c == ' ';
		if (n > nwords)
			n = nwords;
		join(typed, sizeof(typed), word, n);
		if (conf_near(typed, rows[i].name, &edits) && edits < fewest) {
			fewest = edits;
			best = &rows[i];
			*used = n;
		}
	}
	return best;
}

const char *
conf_block_nearest(const char *typed)
{
	unsigned edits, fewest;
	const char *best = NULL;

	if (conf_near(typed, "include", &fewest))
		best = "include";
	for (size_t i = 0; i < NROWS; i++)
		if (conf_near(typed, rows[i].block, &edits) &&
		    (best == NULL || edits < fewest)) {
			fewest = edits;
			best = rows[i].block;
		}
	return best;
}
