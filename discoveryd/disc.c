/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc.c */
/*
 * The parts of discoveryd together (see disc.h): who is told what.
 */
#include <stdlib.h>
#include <string.h>

#include "disc_int.h"
#include "offer.h"

#define DISC_NODES_MS 900000 /* the DHT's nodes are saved so often */

/* ---- effects of the parts ---- */

/* Where there is one family only, that one has every beacon. */
static void
lan_send(void *ctx, unsigned families, const uint8_t *data, size_t len)
{
	struct disc *d = ctx;
	bool is4 = d->sock[DISC_LAN4], is6 = d->sock[DISC_LAN6];

	if (is4 && (!is6 || (families & LAN_IP4) != 0))
		d->io.udp_send(d->io.ctx, DISC_LAN4, NULL, data, len);
	if (is6 && (!is4 || (families & LAN_IP6) != 0))
		d->io.udp_send(d->io.ctx, DISC_LAN6, NULL, data, len);
}

static void
lan_heard(void *ctx, uint64_t now_ms, const uint8_t key[32],
    const uint8_t *cert, size_t certlen)
{
	struct disc *d = ctx;
	struct member *m = members_by_key(d->members, d->unix_s, key);
	bool fresh;

	/* one signature is checked for a new certificate, none for others */
	if (certlen > 0 &&
	    (m == NULL || m->certlen != certlen ||
		memcmp(m->certificate, cert, certlen) != 0))
		(void)members_cert(
		    d->members, d->unix_s, cert, certlen, &fresh);
	if (members_by_key(d->members, d->unix_s, key) == NULL)
		gossip_want(d->gossip, now_ms, key);
	else
		lookup_learned(d->lookup, now_ms, d->unix_s, key, 0);
}

void
disc_learned(void *ctx, uint64_t now_ms, const uint8_t key[32], uint32_t req)
{
	struct disc *d = ctx;

	lookup_learned(d->lookup, now_ms, d->unix_s, key, req);
	disc_dirty(d, now_ms, false);
}

static void
gossip_bad(void *ctx, uint32_t req)
{
	struct disc *d = ctx;

	lookup_refused(d->lookup, req);
}

static int
ask_peers(void *ctx, const struct who_has *q)
{
	struct disc *d = ctx;

	return gossip_ask(d->gossip, q);
}

static int
to_peer(void *ctx, const struct msg_peer_frame *m)
{
	struct disc *d = ctx;

	return d->io.to_peer(d->io.ctx, m);
}

static int
sign(void *ctx, uint32_t id, const struct msg_sign_ask *m)
{
	struct disc *d = ctx;

	return d->io.sign(d->io.ctx, id, m);
}

static void
answer(void *ctx, struct lookup_waiter w, const struct lookup_answer *a)
{
	struct disc *d = ctx;

	d->io.answer(d->io.ctx, w, a);
}

/* Our place is signed: peers hear of it, and we answer for ourselves. */
static void
place_made(void *ctx, uint64_t now_ms, const struct record *r)
{
	struct disc *d = ctx;
	bool fresh;

	(void)members_record(d->members, d->unix_s, r, &fresh);
	gossip_own(d->gossip, r);
	disc_dirty(d, now_ms, false);
}

/* ---- life ---- */

static bool
make_parts(struct disc *d)
{
	const struct lan_io lan = {
	    .ctx = d, .send = lan_send, .heard = lan_heard, .rnd = d->io.rnd};
	const struct gossip_io gossip = {.ctx = d,
	    .send = to_peer,
	    .learned = disc_learned,
	    .refused = gossip_bad,
	    .rnd = d->io.rnd};
	const struct publish_io publish = {.ctx = d,
	    .get = disc_dht_get,
	    .put = disc_dht_put,
	    .sign = sign,
	    .made = place_made,
	    .rnd = d->io.rnd};
	const struct lookup_io lookup = {.ctx = d,
	    .get = disc_dht_get,
	    .cancel = disc_dht_cancel,
	    .ask_peers = ask_peers,
	    .answer = answer,
	    .rnd = d->io.rnd};
	struct lookup_world world;

	d->book = book_new();
	d->members = members_new();
	d->lan = lan_new(&lan);
	world = (struct lookup_world){d->book, d->members, d->lan, &d->places};
	d->gossip = gossip_new(&gossip, d->members);
	d->publish = publish_new(&publish);
	d->lookup = lookup_new(&lookup, &world);
	return d->book != NULL && d->members != NULL && d->lan != NULL &&
	    d->gossip != NULL && d->publish != NULL && d->lookup != NULL;
}

struct disc *
disc_new(const struct disc_io *io)
{
	struct disc *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->io = *io;
	d->events_end = &d->events;
	io->rnd.fill(io->rnd.ctx, &d->boot, sizeof(d->boot));
	if (!make_parts(d)) {
		disc_free(d);
		return NULL;
	}
	return d;
}

void
disc_free(struct disc *d)
{
	if (d == NULL)
		return;
	disc_dht_stop(d, 0);
	lookup_free(d->lookup);
	publish_free(d->publish);
	gossip_free(d->gossip);
	lan_free(d->lan);
	members_free(d->members);
	book_free(d->book);
	free(d->file);
	free(d);
}

struct book *
disc_book(struct disc *d)
{
	return d->book;
}

/* Has the DHT found somebody, and what do they say of us? */
static void
watch_dht(struct disc *d, uint64_t now_ms)
{
	struct endpoint own4, own6;
	struct dht_stats stats;
	struct dht_node one;
	bool ready;

	if (d->dht == NULL)
		return;
	ready = dht_nodes(d->dht, &one, 1) > 0;
	publish_ready(d->publish, now_ms, ready);
	dht_stats(d->dht, &stats);
	publish_nodes(d->publish, now_ms, stats.good);
	if (ready && (!d->ready || now_ms - d->saved_ms > DISC_NODES_MS))
		disc_dirty(d, now_ms, false);
	d->ready = ready;
	dht_own_address(d->dht, 4, &own4);
	dht_own_address(d->dht, 6, &own6);
	if (addr_eq(&own4.addr, &d->own4.addr) &&
	    addr_eq(&own6.addr, &d->own6.addr))
		return;
	d->own4 = own4;
	d->own6 = own6;
	disc_tell_places(d, now_ms);
}

/* ---- configuration ---- */

static void
start_lan(struct disc *d, uint64_t now_ms, const struct cert *own)
{
	const struct conf_net *net = members_net(d->members);
	struct lan_conf c = {.boot = d->boot};

	if (own == NULL || !d->conf.lan) {
		lan_configure(d->lan, now_ms, NULL);
		return;
	}
	memcpy(c.key, net->keys.lan, sizeof(c.key));
	memcpy(c.node, own->node, sizeof(c.node));
	lan_configure(d->lan, now_ms, &c);
	lan_places(d->lan, now_ms, &d->places);
}

static void
start_publish(struct disc *d, uint64_t now_ms, const struct cert *own)
{
	const struct conf_net *net = members_net(d->members);
	struct publish_conf c = {
	    .boot = d->boot, .announce_s = d->conf.announce_s};

	if (own == NULL) {
		publish_configure(d->publish, now_ms, NULL);
		return;
	}
	memcpy(c.rdv, net->keys.rdv, sizeof(c.rdv));
	memcpy(c.rec, net->keys.rec, sizeof(c.rec));
	memcpy(c.node, own->node, sizeof(c.node));
	memcpy(c.ed, own->ed, sizeof(c.ed));
	publish_configure(d->publish, now_ms, &c);
}

/* The configuration's certificate, unless there is a newer one already. */
static void
start_own(struct disc *d, uint64_t now_ms, const struct cert *conf)
{
	const struct conf_net *net = members_net(d->members);
	struct cert have;
	uint8_t octets[BUNDLE_MAX];

	if (d->has_own &&
	    (memcmp(d->own.authority, net->bundle.authority, 32) != 0 ||
		cert_get(d->own.cert, d->own.certlen, &have) != CERT_OK ||
		memcmp(have.node, conf->node, 32) != 0 ||
		have.serial < conf->serial))
		d->has_own = false;
	if (!d->has_own)
		(void)disc_adopt(
		    d, now_ms, octets, bundle_put(octets, &net->bundle), false);
}

void
disc_configure(struct disc *d, uint64_t now_ms, uint64_t unix_s,
    const struct conf_node *conf, const struct conf_net *net)
{
	struct cert cert;
	bool on = net != NULL && net->on &&
	    cert_get(net->bundle.cert, net->bundle.certlen, &cert) == CERT_OK;

	d->unix_s = unix_s;
	d->conf = *conf;
	if (!on || !members_on(d->members) ||
	    memcmp(members_net(d->members)->bundle.authority,
		net->bundle.authority, 32) != 0)
		gossip_reset(d->gossip);
	members_configure(d->members, unix_s, on ? net : NULL);
	lookup_configure(d->lookup, now_ms, on && conf->dht != CONF_DHT_NO,
	    conf->lookup_timeout_ms);
	start_publish(d, now_ms, on ? &cert : NULL);
	start_lan(d, now_ms, on ? &cert : NULL);
	if (on)
		start_own(d, now_ms, &cert);
	else
		d->has_own = d->own_renewed = false;
	disc_use_file(d, now_ms);
	disc_dht_start(d, now_ms);
	disc_tell_places(d, now_ms);
	if (on)
		disc_engine_ready(d);
	disc_dht_pump(d, now_ms);
}

void
disc_socket(struct disc *d, uint64_t now_ms, enum disc_fd kind, bool there)
{
	if (d->sock[kind] == there)
		return;
	d->sock[kind] = there;
	if (kind == DISC_DHT4 || kind == DISC_DHT6)
		disc_dht_start(d, now_ms);
	disc_dht_pump(d, now_ms);
}

/* ---- from the network ---- */

void
disc_from_udp(struct disc *d, uint64_t now_ms, uint64_t unix_s,
    enum disc_fd kind, const struct endpoint *from, const uint8_t *data,
    size_t len)
{
	d->unix_s = unix_s;
	if (kind == DISC_LAN4 || kind == DISC_LAN6)
		lan_from_udp(d->lan, now_ms, unix_s, from, data, len);
	else if (d->dht != NULL)
		dht_from_udp(d->dht, now_ms, from, data, len);
	disc_dht_pump(d, now_ms);
	if (!d->ready)
		watch_dht(d, now_ms);
}

/* ---- from the neighbours ---- */

void
disc_ask(struct disc *d, uint64_t now_ms, uint64_t unix_s,
    const struct msg_find_ask *ask, struct lookup_waiter w)
{
	d->unix_s = unix_s;
	lookup_ask(d->lookup, now_ms, unix_s, ask, w);
	disc_dht_pump(d, now_ms);
}

void
disc_engine_ready(struct disc *d)
{
	size_t len;
	const uint8_t *crl = members_crl_octets(d->members, &len);

	if (crl != NULL)
		(void)d->io.to_engine(d->io.ctx, MSG_CRL, crl, len);
	if (d->has_own && d->own_renewed && d->own_len > 0)
		(void)d->io.to_engine(
		    d->io.ctx, MSG_OWN_BUNDLE, d->own_octets, d->own_len);
}

void
disc_engine_lost(struct disc *d)
{
	lookup_drop(d->lookup, false);
}

void
disc_control_lost(struct disc *d)
{
	lookup_drop(d->lookup, true);
}

void
disc_seen(struct disc *d, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_seen *m)
{
	const struct member *who;
	bool was = false;

	d->unix_s = unix_s;
	/* unknown to the book: a member, or the configuration is on its way */
	(void)book_seen(d->book, m);
	who = members_by_key(d->members, unix_s, m->key);
	if (who != NULL)
		was = who->up;
	if (!members_seen(d->members, unix_s, m->key, &m->ep, m->up))
		return;
	if (was != m->up)
		gossip_change(d->gossip, now_ms, m->key, m->up);
	disc_dirty(d, now_ms, false);
	lookup_learned(d->lookup, now_ms, unix_s, m->key, 0);
	disc_dht_pump(d, now_ms);
}

bool
disc_recent(struct disc *d, uint64_t now_ms, uint64_t unix_s, size_t *cursor,
    struct msg_lookup_reply *m)
{
	const struct lookup_world world = {
	    d->book, d->members, d->lan, &d->places};
	struct msg_find_row row;
	const struct member *who;
	size_t n = book_count(d->book), at;

	if (*cursor < n && book_recent(d->book, cursor, m))
		return true;
	if (*cursor < n)
		*cursor = n;
	at = *cursor - n;
	while ((who = members_next(d->members, &at)) != NULL) {
		*cursor = n + at;
		if (!who->up)
			continue;
		offer_member(&world, now_ms, unix_s, who, &row);
		*m = row.reply;
		return true;
	}
	return false;
}

void
disc_peer_frame(struct disc *d, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_frame *m)
{
	d->unix_s = unix_s;
	gossip_frame(d->gossip, now_ms, unix_s, m);
	disc_dht_pump(d, now_ms);
}

static void
on_member(struct disc *d, uint64_t now_ms, const void *data, size_t len)
{
	const struct member *m;
	uint8_t key[32];
	bool fresh;

	m = members_cert(d->members, d->unix_s, data, len, &fresh);
	if (m == NULL)
		return;
	memcpy(key, m->cert.node, sizeof(key));
	/* it has introduced itself: now it hears what it is told */
	if (m->up)
		gossip_change(d->gossip, now_ms, key, true);
	disc_learned(d, now_ms, key, 0);
}

bool
disc_news(struct disc *d, uint64_t now_ms, const uint8_t *data, size_t len)
{
	int r = members_crl(d->members, d->unix_s, data, len);

	if (r != 1)
		return r == 0;
	disc_dirty(d, now_ms, true);
	(void)d->io.to_engine(d->io.ctx, MSG_CRL, data, len);
	return true;
}

void
disc_blob(struct disc *d, uint64_t now_ms, uint64_t unix_s, enum msg_type type,
    const void *data, size_t len)
{
	d->unix_s = unix_s;
	switch (type) {
	case MSG_MEMBER:
		on_member(d, now_ms, data, len);
		break;
	case MSG_CRL:
		if (members_crl(d->members, unix_s, data, len) != 1)
			break;
		disc_dirty(d, now_ms, true);
		disc_dht_news(d, now_ms);
		break;
	case MSG_OWN_BUNDLE:
		if (disc_adopt(d, now_ms, data, len, true))
			disc_dirty(d, now_ms, true);
		break;
	default:
		break;
	}
	disc_dht_pump(d, now_ms);
}

void
disc_signed(struct disc *d, uint64_t now_ms, uint64_t unix_s, uint32_t id,
    const struct msg_sign_reply *m)
{
	d->unix_s = unix_s;
	publish_signed(d->publish, now_ms, id, m);
	disc_dht_pump(d, now_ms);
}

void
disc_key_lost(struct disc *d, uint64_t now_ms)
{
	publish_key_lost(d->publish, now_ms);
}

/* ---- time ---- */

void
disc_tick(struct disc *d, uint64_t now_ms, uint64_t unix_s)
{
	d->unix_s = unix_s;
	if (d->dht != NULL && now_ms >= dht_due(d->dht))
		dht_tick(d->dht, now_ms);
	disc_dht_pump(d, now_ms);
	lookup_tick(d->lookup, now_ms, unix_s);
	gossip_tick(d->gossip, now_ms, unix_s);
	lan_tick(d->lan, now_ms, unix_s);
	publish_tick(d->publish, now_ms, unix_s);
	watch_dht(d, now_ms);
	disc_dht_pump(d, now_ms);
	if (d->dirty && now_ms >= d->save_ms)
		disc_save(d, now_ms);
}

uint64_t
disc_due(const struct disc *d)
{
	const uint64_t due[] = {d->dht != NULL ? dht_due(d->dht) : UINT64_MAX,
	    lookup_due(d->lookup), gossip_due(d->gossip), lan_due(d->lan),
	    publish_due(d->publish), d->dirty ? d->save_ms : UINT64_MAX,
	    d->events != NULL ? 0 : UINT64_MAX};
	uint64_t soonest = UINT64_MAX;

	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++)
		if (due[i] < soonest)
			soonest = due[i];
	return soonest;
}

void
disc_stop(struct disc *d, uint64_t now_ms)
{
	disc_save(d, now_ms);
}
