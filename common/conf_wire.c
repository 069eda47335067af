/* SPDX-License-Identifier: ISC */
/* file: common/conf_wire.c */
/*
 * The configuration as frames: CONF_NODE once, CONF_PEER for each peer.
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

/* Octets of the longest payloads: a prefix is 18, an endpoint 19. */
#define NODE_WIRE_MAX                                                          \
	(2 * CONF_NAME_MAX + 3 * CONF_PATH_MAX + 128 +                         \
	    18 * (CONF_ADDRESSES_MAX + 3 * CONF_PREFIXES_MAX) +                \
	    2 * CONF_PORTS_MAX + 20 * CONF_LISTEN_MAX)
#define PEER_WIRE_MAX                                                          \
	(CONF_NAME_MAX + CONF_PATH_MAX + 128 + 18 * CONF_ALLOWED_MAX +         \
	    19 * CONF_ENDPOINTS_MAX)
_Static_assert(NODE_WIRE_MAX <= IPC_BODY_MAX, "CONF_NODE fits a frame");
_Static_assert(PEER_WIRE_MAX <= IPC_BODY_MAX, "CONF_PEER fits a frame");

static void
put_prefixes(struct wbuf *w, const struct prefix *p, unsigned n)
{
	wbuf_u16(w, (uint16_t)n);
	for (unsigned i = 0; i < n; i++)
		prefix_put(w, &p[i]);
}

/* A count that is too large marks the reader bad and reads as none. */
static uint16_t
get_count(struct rbuf *r, uint16_t max)
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
	uint16_t n = get_count(r, max);

	for (uint16_t i = 0; i < n; i++)
		prefix_get(r, &p[i]);
	return (uint8_t)n;
}

static void
put_listen(struct wbuf *w, const struct conf_node *n)
{
	wbuf_u16(w, n->nlisten);
	for (unsigned i = 0; i < n->nlisten; i++) {
		wbuf_bool(w, n->listen_any[i]);
		/* `*` has a port and no address */
		if (n->listen_any[i])
			wbuf_u16(w, n->listen[i].port);
		else
			endpoint_put(w, &n->listen[i]);
	}
}

static void
get_listen(struct rbuf *r, struct conf_node *n)
{
	n->nlisten = (uint8_t)get_count(r, CONF_LISTEN_MAX);
	for (unsigned i = 0; i < n->nlisten; i++) {
		n->listen_any[i] = rbuf_bool(r);
		if (n->listen_any[i])
			n->listen[i].port = rbuf_u16(r);
		else
			endpoint_get(r, &n->listen[i]);
	}
}

void
conf_node_put(struct wbuf *w, const struct conf_node *n)
{
	wbuf_str(w, n->name);
	wbuf_str(w, n->key_file);
	wbuf_str(w, n->device);
	wbuf_u16(w, n->mtu);
	wbuf_u8(w, n->offload);
	wbuf_bool(w, n->packet_ring);
	put_prefixes(w, n->address, n->naddresses);
	put_prefixes(w, n->subnet, n->nsubnets);
	put_prefixes(w, n->route, n->nroutes);
	put_prefixes(w, n->export, n->nexports);
	wbuf_u16(w, n->nports);
	for (unsigned i = 0; i < n->nports; i++)
		wbuf_u16(w, n->port[i]);
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
	wbuf_u32(w, n->sessions_max);
	wbuf_u32(w, n->sessions_idle_s);
	wbuf_u32(w, n->handshakes_per_source);
	wbuf_u32(w, n->handshakes_burst);
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
	n->sessions_max = rbuf_u32(r);
	n->sessions_idle_s = rbuf_u32(r);
	n->handshakes_per_source = rbuf_u32(r);
	n->handshakes_burst = rbuf_u32(r);
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
	n->offload = rbuf_u8(r);
	n->packet_ring = rbuf_bool(r);
	n->naddresses = get_prefixes(r, n->address, CONF_ADDRESSES_MAX);
	n->nsubnets = get_prefixes(r, n->subnet, CONF_PREFIXES_MAX);
	n->nroutes = get_prefixes(r, n->route, CONF_PREFIXES_MAX);
	n->nexports = get_prefixes(r, n->export, CONF_PREFIXES_MAX);
	n->nports = get_count(r, CONF_PORTS_MAX);
	for (unsigned i = 0; i < n->nports; i++)
		n->port[i] = rbuf_u16(r);
	get_listen(r, n);
	get_numbers(r, n);
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
	uint16_t n = get_count(r, CONF_ALLOWED_MAX);
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
	p->nendpoints = (uint8_t)get_count(r, CONF_ENDPOINTS_MAX);
	for (unsigned i = 0; i < p->nendpoints; i++)
		endpoint_get(r, &p->endpoint[i]);
	p->keepalive_s = rbuf_u16(r);
	p->admin_up = rbuf_bool(r);
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
