/* SPDX-License-Identifier: ISC */
/* file: common/conf_wire.c */
/*
 * The configuration as frames: CONF_NODE once, CONF_NET for a member of a
 * network, CONF_PEER for each peer.
 *
 * The sender is the throw-away process that parsed the file, or the parent;
 * either could have been taken over by what it read.  So a reader accepts only
 * what the parser itself could have produced: counts within their arrays and
 * every value within the range of its row in the table (conf_value_valid).  A
 * list is a u16 count and its elements.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf_int.h"
#include "ipc.h"
#include "msg.h"

#define RULE_WIRE_MAX (6 + 4 * CONF_RULE_PORTS + 2 + CONF_NAME_MAX + 18)
#define CLASS_WIRE_MAX (2 + CONF_NAME_MAX + 8 + 1 + 2)
#define PIN_WIRE_MAX (2 * (2 + CONF_NAME_MAX) + 2) /* `to` is shorter */
/* Octets of the longest payloads: a prefix is 18, an endpoint 19. */
#define NODE_WIRE_MAX                                                          \
	(2 * CONF_NAME_MAX + 6 * CONF_PATH_MAX + CONF_TURN_TEXT + 256 +        \
	    18 * (CONF_ADDRESSES_MAX + 3 * CONF_PREFIXES_MAX) +                \
	    2 * CONF_PORTS_MAX + 20 * CONF_LISTEN_MAX + 32 * CERT_CAS_MAX +    \
	    19 * (CONF_BOOTSTRAP_MAX + CONF_TLS_LISTEN_MAX + 1) +              \
	    RULE_WIRE_MAX * CONF_RULES_MAX +                                   \
	    CLASS_WIRE_MAX * CONF_CLASSES_MAX + PIN_WIRE_MAX * CONF_PINS_MAX)
#define NET_WIRE_MAX (BUNDLE_MAX + 2 + 4 * 32 + 1 + 32 * CERT_CAS_MAX)
#define PEER_WIRE_MAX                                                          \
	(CONF_NAME_MAX + CONF_PATH_MAX + 128 + 18 * CONF_ALLOWED_MAX +         \
	    19 * (CONF_ENDPOINTS_MAX + CONF_TLS_ENDPOINTS_MAX) +               \
	    32 * CONF_TLS_PINS_MAX)
_Static_assert(NODE_WIRE_MAX <= IPC_BODY_MAX, "CONF_NODE fits a frame");
_Static_assert(NET_WIRE_MAX <= IPC_BODY_MAX, "CONF_NET fits a frame");
_Static_assert(PEER_WIRE_MAX <= IPC_BODY_MAX, "CONF_PEER fits a frame");

static void
put_prefixes(struct wbuf *w, const struct prefix *p, unsigned n)
{
	wbuf_u16(w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		prefix_put(w, &p[i]);
}

/* A count that is too large marks the reader bad and reads as none. */
uint16_t
conf_get_count(struct rbuf *r, uint16_t max)
{
	uint16_t n = rbuf_u16(r);

	if (n > max) {
		r->bad = true;
		return 0;
	}
	return n;
}

static uint8_t
get_prefixes(struct rbuf *r, struct prefix *p, uint16_t max)
{
	uint16_t n = conf_get_count(r, max);

	for (uint16_t i = 0; i < n; i++)
		prefix_get(r, &p[i]);
	return (uint8_t)n;
}

/* `*` has a port and no address. */
static void
put_local(struct wbuf *w, const struct endpoint *ep, bool any)
{
	wbuf_bool(w, any);
	if (any)
		wbuf_u16(w, ep->port);
	else
		endpoint_put(w, ep);
}

static bool
get_local(struct rbuf *r, struct endpoint *ep)
{
	bool any = rbuf_bool(r);

	if (any)
		ep->port = rbuf_u16(r);
	else
		endpoint_get(r, ep);
	return any;
}

static void
put_listen(struct wbuf *w, const struct conf_node *n)
{
	wbuf_u16(w, n->nlisten);
	for (unsigned i = 0; i < n->nlisten; i++)
		put_local(w, &n->listen[i], n->listen_any[i]);
}

static void
get_listen(struct rbuf *r, struct conf_node *n)
{
	n->nlisten = (uint8_t)conf_get_count(r, CONF_LISTEN_MAX);
	for (unsigned i = 0; i < n->nlisten; i++)
		n->listen_any[i] = get_local(r, &n->listen[i]);
}

static void
put_rules(struct wbuf *w, const struct conf_node *n)
{
	wbuf_bool(w, n->filter_deny);
	wbuf_u16(w, n->nrules);
	for (unsigned i = 0; i < n->nrules; i++) {
		const struct conf_rule *r = &n->rule[i];

		wbuf_bool(w, r->pass);
		wbuf_bool(w, r->out);
		wbuf_bool(w, r->quick);
		wbuf_u8(w, r->proto);
		wbuf_u8(w, r->nports);
		for (unsigned k = 0; k < r->nports; k++) {
			wbuf_u16(w, r->port[k].lo);
			wbuf_u16(w, r->port[k].hi);
		}
		wbuf_u8(w, (uint8_t)r->who);
		if (r->who == CONF_PREFIX)
			prefix_put(w, &r->far);
		else if (r->who != CONF_ANY)
			wbuf_str(w, r->name);
		prefix_put(w, &r->near);
	}
}

static void
get_rule(struct rbuf *r, struct conf_rule *x)
{
	uint8_t n, who;

	x->pass = rbuf_bool(r);
	x->out = rbuf_bool(r);
	x->quick = rbuf_bool(r);
	x->proto = rbuf_u8(r);
	n = rbuf_u8(r);
	if (n > CONF_RULE_PORTS)
		r->bad = true;
	for (; x->nports < n && !r->bad; x->nports++) {
		x->port[x->nports].lo = rbuf_u16(r);
		x->port[x->nports].hi = rbuf_u16(r);
	}
	who = rbuf_u8(r);
	if (who >= CONF_NWHO)
		r->bad = true;
	x->who = r->bad ? CONF_ANY : (enum conf_who)who;
	if (x->who == CONF_PREFIX)
		prefix_get(r, &x->far);
	else if (x->who != CONF_ANY)
		rbuf_str(r, x->name, sizeof(x->name));
	prefix_get(r, &x->near);
}

static void
get_rules(struct rbuf *r, struct conf_node *n)
{
	n->filter_deny = rbuf_bool(r);
	n->nrules = (uint8_t)conf_get_count(r, CONF_RULES_MAX);
	for (unsigned i = 0; i < n->nrules && !r->bad; i++)
		get_rule(r, &n->rule[i]);
}

static void
put_qos(struct wbuf *w, const struct conf_node *n)
{
	wbuf_bool(w, n->qos);
	wbuf_u32(w, n->qos_limit_kbit);
	wbuf_u16(w, n->nclasses);
	for (unsigned i = 0; i < n->nclasses; i++) {
		wbuf_str(w, n->class[i].name);
		wbuf_u64(w, n->class[i].dscp);
		wbuf_u8(w, n->class[i].weight);
		wbuf_u16(w, n->class[i].queue);
	}
}

static void
get_qos(struct rbuf *r, struct conf_node *n)
{
	n->qos = rbuf_bool(r);
	n->qos_limit_kbit = rbuf_u32(r);
	n->nclasses = (uint8_t)conf_get_count(r, CONF_CLASSES_MAX);
	for (unsigned i = 0; i < n->nclasses; i++) {
		rbuf_str(r, n->class[i].name, sizeof(n->class[i].name));
		n->class[i].dscp = rbuf_u64(r);
		n->class[i].weight = rbuf_u8(r);
		n->class[i].queue = rbuf_u16(r);
	}
}

static void
put_keys(struct wbuf *w, const uint8_t (*key)[32], unsigned n)
{
	wbuf_u8(w, (uint8_t)n);
	for (unsigned i = 0; i < n; i++)
		wbuf_bytes(w, key[i], 32);
}

static uint8_t
get_keys(struct rbuf *r, uint8_t (*key)[32])
{
	uint8_t n = rbuf_u8(r);

	if (n > CERT_CAS_MAX - 1)
		r->bad = true;
	for (unsigned i = 0; i < n && !r->bad; i++)
		rbuf_bytes(r, key[i], 32);
	return r->bad ? 0 : n;
}

static void
put_endpoints(struct wbuf *w, const struct endpoint *ep, unsigned n)
{
	wbuf_u16(w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		put_local(w, &ep[i], ep[i].addr.family == 0);
}

static uint8_t
get_endpoints(struct rbuf *r, struct endpoint *ep, uint16_t max)
{
	uint16_t n = conf_get_count(r, max);

	for (unsigned i = 0; i < n; i++)
		(void)get_local(r, &ep[i]);
	return (uint8_t)n;
}

static void
put_tls(struct wbuf *w, const struct conf_node *n)
{
	put_endpoints(w, n->tls_listen, n->ntls_listen);
	put_endpoints(w, n->tls_proxy, n->ntls_proxy);
	wbuf_u8(w, n->tls_connect);
}

static void
get_tls(struct rbuf *r, struct conf_node *n)
{
	n->ntls_listen = get_endpoints(r, n->tls_listen, CONF_TLS_LISTEN_MAX);
	n->ntls_proxy = get_endpoints(r, n->tls_proxy, 1);
	n->tls_connect = rbuf_u8(r);
}

static void
put_discovery(struct wbuf *w, const struct conf_node *n)
{
	wbuf_str(w, n->cert_file);
	wbuf_str(w, n->secret_file);
	put_keys(w, n->authority, n->nauthorities);
	wbuf_u8(w, n->dht);
	wbuf_bool(w, n->dht_tag);
	wbuf_bool(w, n->dht_plain);
	put_local(w, &n->dht_listen, n->dht_listen_any);
	wbuf_u16(w, n->nbootstrap);
	for (unsigned i = 0; i < n->nbootstrap; i++)
		endpoint_put(w, &n->bootstrap[i]);
	wbuf_bool(w, n->lan);
	wbuf_u32(w, n->announce_s);
	wbuf_u32(w, n->lookup_timeout_ms);
}

static void
get_discovery(struct rbuf *r, struct conf_node *n)
{
	rbuf_str(r, n->cert_file, sizeof(n->cert_file));
	rbuf_str(r, n->secret_file, sizeof(n->secret_file));
	n->nauthorities = get_keys(r, n->authority);
	n->dht = rbuf_u8(r);
	n->dht_tag = rbuf_bool(r);
	n->dht_plain = rbuf_bool(r);
	n->dht_listen_any = get_local(r, &n->dht_listen);
	n->nbootstrap = (uint8_t)conf_get_count(r, CONF_BOOTSTRAP_MAX);
	for (unsigned i = 0; i < n->nbootstrap; i++)
		endpoint_get(r, &n->bootstrap[i]);
	n->lan = rbuf_bool(r);
	n->announce_s = rbuf_u32(r);
	n->lookup_timeout_ms = rbuf_u32(r);
}

void
conf_node_put(struct wbuf *w, const struct conf_node *n)
{
	wbuf_str(w, n->name);
	wbuf_str(w, n->key_file);
	wbuf_str(w, n->device);
	wbuf_u16(w, n->mtu);
	wbuf_u16(w, n->mtu_limit);
	wbuf_u8(w, n->offload);
	wbuf_bool(w, n->packet_ring);
	wbuf_bool(w, n->mss_clamp);
	put_prefixes(w, n->address, n->naddresses);
	put_prefixes(w, n->subnet, n->nsubnets);
	put_prefixes(w, n->route, n->nroutes);
	put_prefixes(w, n->export, n->nexports);
	wbuf_u16(w, n->nports);
	for (unsigned i = 0; i < n->nports; i++)
		wbuf_u16(w, n->port[i]);
	put_rules(w, n);
	put_listen(w, n);
	wbuf_u32(w, n->receive_buffer);
	wbuf_u32(w, n->send_buffer);
	wbuf_bool(w, n->send_batches);
	wbuf_bool(w, n->receive_batches);
	wbuf_u32(w, n->handshake_timeout_s);
	wbuf_u8(w, n->workers);
	wbuf_u32(w, n->rekey_after_s);
	wbuf_u32(w, n->reject_after_s);
	wbuf_u16(w, n->hold_packets);
	wbuf_u32(w, n->hold_bytes);
	wbuf_u32(w, n->hold_timeout_ms);
	wbuf_u32(w, n->flows_max);
	wbuf_u32(w, n->flows_idle_s);
	wbuf_u32(w, n->flows_cleanup_s);
	wbuf_u8(w, n->streams_max);
	wbuf_u8(w, n->streams_min);
	wbuf_u32(w, n->streams_idle_s);
	wbuf_u32(w, n->streams_cleanup_s);
	wbuf_u16(w, n->streams_buffer);
	wbuf_bool(w, n->streams_sockets);
	wbuf_u32(w, n->sessions_max);
	wbuf_u32(w, n->sessions_idle_s);
	wbuf_u32(w, n->handshakes_per_source);
	wbuf_u32(w, n->handshakes_burst);
	wbuf_u8(w, n->breaker_failures);
	wbuf_u8(w, n->breaker_successes);
	wbuf_u32(w, n->breaker_reset_ms);
	wbuf_u8(w, n->retry_attempts);
	wbuf_u8(w, n->retry_multiplier);
	wbuf_u32(w, n->retry_initial_ms);
	wbuf_u32(w, n->retry_max_ms);
	put_qos(w, n);
	conf_put_reach(w, n);
	put_tls(w, n);
	put_discovery(w, n);
	wbuf_str(w, n->socket);
	wbuf_str(w, n->status_socket);
	wbuf_str(w, n->group);
	wbuf_u8(w, n->log_level);
	wbuf_u32(w, n->log_ring);
	wbuf_u32(w, n->log_rate);
}

static void
get_numbers(struct rbuf *r, struct conf_node *n)
{
	n->receive_buffer = rbuf_u32(r);
	n->send_buffer = rbuf_u32(r);
	n->send_batches = rbuf_bool(r);
	n->receive_batches = rbuf_bool(r);
	n->handshake_timeout_s = rbuf_u32(r);
	n->workers = rbuf_u8(r);
	n->rekey_after_s = rbuf_u32(r);
	n->reject_after_s = rbuf_u32(r);
	n->hold_packets = rbuf_u16(r);
	n->hold_bytes = rbuf_u32(r);
	n->hold_timeout_ms = rbuf_u32(r);
	n->flows_max = rbuf_u32(r);
	n->flows_idle_s = rbuf_u32(r);
	n->flows_cleanup_s = rbuf_u32(r);
	n->streams_max = rbuf_u8(r);
	n->streams_min = rbuf_u8(r);
	n->streams_idle_s = rbuf_u32(r);
	n->streams_cleanup_s = rbuf_u32(r);
	n->streams_buffer = rbuf_u16(r);
	n->streams_sockets = rbuf_bool(r);
	n->sessions_max = rbuf_u32(r);
	n->sessions_idle_s = rbuf_u32(r);
	n->handshakes_per_source = rbuf_u32(r);
	n->handshakes_burst = rbuf_u32(r);
	n->breaker_failures = rbuf_u8(r);
	n->breaker_successes = rbuf_u8(r);
	n->breaker_reset_ms = rbuf_u32(r);
	n->retry_attempts = rbuf_u8(r);
	n->retry_multiplier = rbuf_u8(r);
	n->retry_initial_ms = rbuf_u32(r);
	n->retry_max_ms = rbuf_u32(r);
}

static bool
all_valid(const char *block, bool want_peer, const void *base)
{
	const struct conf_row *row;

	for (size_t i = 0; i < conf_nrows(); i++) {
		row = conf_row(i);
		if ((strcmp(row->block, block) == 0) == want_peer &&
		    !conf_value_valid(row, base))
			return false;
	}
	return true;
}

int
conf_node_get(struct rbuf *r, struct conf_node *n)
{
	memset(n, 0, sizeof(*n));
	rbuf_str(r, n->name, sizeof(n->name));
	rbuf_str(r, n->key_file, sizeof(n->key_file));
	rbuf_str(r, n->device, sizeof(n->device));
	n->mtu = rbuf_u16(r);
	n->mtu_limit = rbuf_u16(r);
	n->offload = rbuf_u8(r);
	n->packet_ring = rbuf_bool(r);
	n->mss_clamp = rbuf_bool(r);
	n->naddresses = get_prefixes(r, n->address, CONF_ADDRESSES_MAX);
	n->nsubnets = get_prefixes(r, n->subnet, CONF_PREFIXES_MAX);
	n->nroutes = get_prefixes(r, n->route, CONF_PREFIXES_MAX);
	n->nexports = get_prefixes(r, n->export, CONF_PREFIXES_MAX);
	n->nports = conf_get_count(r, CONF_PORTS_MAX);
	for (unsigned i = 0; i < n->nports; i++)
		n->port[i] = rbuf_u16(r);
	get_rules(r, n);
	get_listen(r, n);
	get_numbers(r, n);
	get_qos(r, n);
	conf_get_reach(r, n);
	get_tls(r, n);
	get_discovery(r, n);
	rbuf_str(r, n->socket, sizeof(n->socket));
	rbuf_str(r, n->status_socket, sizeof(n->status_socket));
	rbuf_str(r, n->group, sizeof(n->group));
	n->log_level = rbuf_u8(r);
	n->log_ring = rbuf_u32(r);
	n->log_rate = rbuf_u32(r);
	if (rbuf_done(r) == -1 || !all_valid("peer", false, n)) {
		memset(n, 0, sizeof(*n));
		return -1;
	}
	return 0;
}

/* Whoever calls with PSK, or looks for others with the rest. */
void
conf_net_put(struct wbuf *w, const struct conf_net *n, unsigned role)
{
	static const struct netkeys none;
	const struct netkeys *call = role == ROLE_ENGINE ? &n->keys : &none;
	const struct netkeys *find = role == ROLE_DISC ? &n->keys : &none;
	struct bundle b = n->bundle;
	uint8_t octets[BUNDLE_MAX];
	size_t len;

	memset(b.secret, 0, sizeof(b.secret));
	len = bundle_put(octets, &b);
	wbuf_u16(w, (uint16_t)len);
	wbuf_bytes(w, octets, len);
	wbuf_bytes(w, find->rdv, sizeof(find->rdv));
	wbuf_bytes(w, find->rec, sizeof(find->rec));
	wbuf_bytes(w, call->psk, sizeof(call->psk));
	wbuf_bytes(w, find->lan, sizeof(find->lan));
	put_keys(w, n->more, n->nmore);
}

int
conf_net_get(struct rbuf *r, struct conf_net *n)
{
	static const uint8_t none[32];
	uint16_t len;

	memset(n, 0, sizeof(*n));
	len = rbuf_u16(r);
	if (r->bad || len > r->left || bundle_get(r->p, len, &n->bundle) == -1)
		r->bad = true;
	else
		rbuf_skip(r, len);
	rbuf_bytes(r, n->keys.rdv, sizeof(n->keys.rdv));
	rbuf_bytes(r, n->keys.rec, sizeof(n->keys.rec));
	rbuf_bytes(r, n->keys.psk, sizeof(n->keys.psk));
	rbuf_bytes(r, n->keys.lan, sizeof(n->keys.lan));
	n->nmore = get_keys(r, n->more);
	n->on = rbuf_done(r) == 0 && memcmp(n->bundle.secret, none, 32) == 0;
	if (!n->on)
		explicit_bzero(n, sizeof(*n));
	return n->on ? 0 : -1;
}

static void
put_peer(struct wbuf *w, const struct conf_peer *p, bool secret)
{
	static const uint8_t none[32];

	wbuf_str(w, p->name);
	wbuf_bytes(w, p->key, sizeof(p->key));
	wbuf_bool(w, secret && p->has_psk);
	wbuf_bytes(w, secret && p->has_psk ? p->psk : none, sizeof(none));
	wbuf_str(w, secret ? p->psk_file : "");
	put_prefixes(w, p->allowed, p->nallowed);
	wbuf_u16(w, p->nendpoints);
	for (unsigned i = 0; i < p->nendpoints; i++)
		endpoint_put(w, &p->endpoint[i]);
	wbuf_u16(w, p->keepalive_s);
	wbuf_bool(w, p->admin_up);
	wbuf_u32(w, p->limit_kbit);
	put_endpoints(w, p->tls, p->ntls);
	wbuf_u8(w, p->npins);
	wbuf_bytes(w, p->pin, sizeof(p->pin));
}

void
conf_peer_put(struct wbuf *w, const struct conf_peer *p)
{
	put_peer(w, p, true);
}

void
conf_peer_put_public(struct wbuf *w, const struct conf_peer *p)
{
	put_peer(w, p, false);
}

static void
get_allowed(struct rbuf *r, struct conf_peer *p)
{
	uint16_t n = conf_get_count(r, CONF_ALLOWED_MAX);
	struct prefix a;

	while (n-- > 0) {
		prefix_get(r, &a);
		if (r->bad)
			return;
		if (conf_peer_allow(p, &a) == -1)
			r->bad = true;
	}
}

int
conf_peer_get(struct rbuf *r, struct conf_peer *p)
{
	memset(p, 0, sizeof(*p));
	rbuf_str(r, p->name, sizeof(p->name));
	rbuf_bytes(r, p->key, sizeof(p->key));
	p->has_psk = rbuf_bool(r);
	rbuf_bytes(r, p->psk, sizeof(p->psk));
	rbuf_str(r, p->psk_file, sizeof(p->psk_file));
	get_allowed(r, p);
	p->nendpoints = (uint8_t)conf_get_count(r, CONF_ENDPOINTS_MAX);
	for (unsigned i = 0; i < p->nendpoints; i++)
		endpoint_get(r, &p->endpoint[i]);
	p->keepalive_s = rbuf_u16(r);
	p->admin_up = rbuf_bool(r);
	p->limit_kbit = rbuf_u32(r);
	p->ntls = get_endpoints(r, p->tls, CONF_TLS_ENDPOINTS_MAX);
	p->npins = rbuf_u8(r);
	rbuf_bytes(r, p->pin, sizeof(p->pin));
	if (rbuf_done(r) == 0 && conf_name_valid(p->name) &&
	    all_valid("peer", true, p))
		return 0;
	conf_peer_clear(p);
	return -1;
}

void
conf_peer_clear(struct conf_peer *p)
{
	free(p->allowed);
	explicit_bzero(p, sizeof(*p));
}
