/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_net.c */
/*
 * The network that this node is a member of: comes, changes and goes with the
 * configuration; the node's own certificate; what is done at the end of a
 * turn, in this order:
 *
 *	who expired or was revoked is shut out
 *	peers are made anew, if members came, changed or went
 *	packets that waited for one of them go their way
 *	a new revocation list is passed on to whoever is still a member
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "log.h"

#define TARGET_PLACES 1024

uint64_t
engine_unix_s(const struct engine *e, uint64_t now_ms)
{
	(void)now_ms;
	return e->io.unix_ms == NULL ? 0 : e->io.unix_ms(e->io.ctx) / 1000;
}

void
network_soon(struct engine *e)
{
	timers_set(&e->timers, &e->t_net, 0);
}

void
network_clear(struct engine *e)
{
	members_clear(e);
	seeks_clear(e);
	targets_free(e->net.targets);
	e->net.targets = NULL;
	join_clear(e);
}

/* ---- coming and going ---- */

static void
leave(struct engine *e, uint64_t now_ms)
{
	struct network *n = &e->net;

	guests_clear(e, now_ms);
	seeks_drop(e, now_ms, EO_SHUTDOWN);
	members_dismiss(e, now_ms);
	n->on = false;
	n->has_crl = n->crl_news = n->crl_tell = n->bundle_tell = false;
	n->renewed = false;
	n->check = (struct cert_check){0};
	n->dirty = true;
	crypto_wipe(n->psk, sizeof(n->psk));
	network_soon(e);
}

static int
take_memory(struct engine *e)
{
	struct network *n = &e->net;

	if (n->targets == NULL)
		n->targets = targets_new(TARGET_PLACES, e->hash_key);
	if (n->targets == NULL || seeks_init(e) == -1)
		return -1;
	if (n->boot == 0)
		e->io.rnd.fill(e->io.rnd.ctx, &n->boot, sizeof(n->boot));
	return 0;
}

static void
take_authorities(struct network *n, const struct conf_net *c)
{
	memcpy(n->check.ca[0], c->bundle.authority, 32);
	n->check.nca = 1;
	for (unsigned i = 0; i < c->nmore && i < CERT_CAS_MAX - 1; i++)
		memcpy(n->check.ca[n->check.nca++], c->more[i], 32);
	n->check.has_prefix = c->bundle.prefix.addr.family != 0;
	n->check.prefix = c->bundle.prefix;
	n->check.crl = n->has_crl ? &n->crl : NULL;
	cert_prefix6(&n->prefix6, c->bundle.authority);
}

/* The file's own, unless we were given a newer one since. */
static void
take_configured(struct network *n, const struct conf_net *c)
{
	struct cert own;

	if (cert_get(c->bundle.cert, c->bundle.certlen, &own) != CERT_OK) {
		log_warnx("this node's certificate is malformed");
		own = (struct cert){0};
	}
	if (n->renewed && memcmp(n->own.node, own.node, 32) == 0 &&
	    n->own.not_before > own.not_before)
		return;
	n->renewed = false;
	n->bundle = c->bundle;
	n->own = own;
}

static bool
is_same(const struct network *n, const struct conf_net *c)
{
	return n->on && memcmp(n->check.ca[0], c->bundle.authority, 32) == 0 &&
	    memcmp(n->psk, c->keys.psk, sizeof(n->psk)) == 0;
}

void
engine_set_network(struct engine *e, uint64_t now_ms, const struct conf_net *c)
{
	struct network *n = &e->net;
	bool same = is_same(n, c);

	e->now_ms = now_ms;
	if (n->on && (!c->on || !same))
		leave(e, now_ms);
	if (!c->on)
		return;
	if (take_memory(e) == -1) {
		log_warnx("no memory for the network");
		return;
	}
	n->on = true;
	memcpy(n->psk, c->keys.psk, sizeof(n->psk));
	take_authorities(n, c);
	take_configured(n, c);
	members_verify(e, now_ms);
	n->dirty = true;
	network_soon(e);
	if (!same)
		join_conf(e, now_ms);
}

/* ---- our own certificate ---- */

static int
take_bundle(struct engine *e, uint64_t now_ms, const uint8_t *data, size_t len)
{
	struct network *n = &e->net;
	struct bundle b;
	struct cert c;
	int r = -1;

	if (!n->on || bundle_get(data, len, &b) == -1)
		return -1;
	if (memcmp(b.authority, n->bundle.authority, 32) == 0 &&
	    cert_verify(b.cert, b.certlen, &n->check, engine_unix_s(e, now_ms),
		&c) == CERT_OK &&
	    memcmp(c.node, e->has_pub ? e->pub : n->own.node, 32) == 0 &&
	    c.not_before > n->own.not_before) {
		crypto_wipe(b.secret, sizeof(b.secret));
		n->bundle = b;
		n->own = c;
		n->renewed = true;
		log_info("this node's certificate: number %llu",
		    (unsigned long long)c.serial);
		ev_renewed(e);
		hello_all(e, now_ms);
		r = 0;
	}
	crypto_wipe(&b, sizeof(b));
	return r;
}

int
engine_own_bundle(
    struct engine *e, uint64_t now_ms, const uint8_t *data, size_t len)
{
	if (take_bundle(e, now_ms, data, len) == -1)
		return -1;
	e->net.bundle_tell = true;
	timers_set(&e->timers, &e->t_seen, 0);
	return 0;
}

void
engine_on_bundle(
    struct engine *e, uint64_t now_ms, const uint8_t *data, size_t len)
{
	(void)take_bundle(e, now_ms, data, len);
}

/* ---- discoveryd ---- */

static bool
tell_bundle(struct engine *e)
{
	uint8_t octets[BUNDLE_MAX];
	size_t len = bundle_put(octets, &e->net.bundle);

	return len == 0 ||
	    e->io.tell_blob(e->io.ctx, MSG_OWN_BUNDLE, octets, len) == 0;
}

bool
engine_tell_net(struct engine *e)
{
	struct network *n = &e->net;

	if (!n->on || e->io.tell_blob == NULL)
		return true;
	if (n->crl_tell &&
	    e->io.tell_blob(e->io.ctx, MSG_CRL, n->crlblob, n->crllen) == -1)
		return false;
	n->crl_tell = false;
	if (n->bundle_tell && !tell_bundle(e))
		return false;
	n->bundle_tell = false;
	return members_tell(e);
}

void
network_disc_ready(struct engine *e)
{
	struct network *n = &e->net;

	n->crl_tell = n->has_crl;
	n->bundle_tell = n->renewed;
	for (uint32_t i = 0; i < n->nmembers; i++)
		n->member[i]->tell = true;
}

/* ---- the end of a turn ---- */

void
engine_net_tick(struct engine *e, uint64_t now_ms)
{
	struct network *n = &e->net;

	if (!n->on && !n->dirty)
		return;
	members_look(e, now_ms);
	if (n->dirty && e->configured && engine_remake(e, now_ms) == -1) {
		log_warnx("no memory for the members");
		timers_set(&e->timers, &e->t_net, now_ms + NET_AGAIN_MS);
		return;
	}
	crl_flood(e, now_ms);
	if (n->on)
		timers_set(&e->timers, &e->t_net, members_due(e, now_ms));
}
