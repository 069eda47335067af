/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc_keep.c */
/*
 * What outlives this process: our certificate when it was renewed, the
 * revocation list, members, and nodes of the DHT (see cache.h).
 */
#include <stdlib.h>
#include <string.h>

#include "disc_int.h"

#define NODES_OF_A_FAMILY (CACHE_NODES_MAX / 2)

/* ---- our certificate ---- */

static uint64_t
serial_of(const struct bundle *b)
{
	struct cert c;

	return cert_get(b->cert, b->certlen, &c) == CERT_OK ? c.serial : 0;
}

/* It takes effect: in the DHT, for who asks, and as this node's own row. */
static void
take(struct disc *d, uint64_t now_ms, const struct bundle *b)
{
	struct member *m;
	bool fresh;

	d->own = *b;
	memset(d->own.secret, 0, sizeof(d->own.secret));
	d->has_own = true;
	m = members_cert(d->members, d->unix_s, b->cert, b->certlen, &fresh);
	members_own(d->members, m);
	for (unsigned i = 0; m != NULL && i < b->nrecords; i++)
		(void)members_record(
		    d->members, d->unix_s, &b->record[i], &fresh);
	publish_records(d->publish, now_ms, b->record, b->nrecords);
	lan_certificate(d->lan, b->cert, b->certlen);
}

bool
disc_adopt(
    struct disc *d, uint64_t now_ms, const void *data, size_t len, bool renewed)
{
	const struct conf_net *net = members_net(d->members);
	struct cert c;
	struct bundle b;

	if (!net->on || len > sizeof(d->own_octets) ||
	    bundle_get(data, len, &b) == -1 ||
	    memcmp(b.authority, net->bundle.authority, 32) != 0 ||
	    cert_get(net->bundle.cert, net->bundle.certlen, &c) != CERT_OK)
		return false;
	if (renewed &&
	    (bundle_verify(&b, c.node, d->unix_s) != NULL ||
		(d->has_own && serial_of(&b) <= serial_of(&d->own))))
		return false;
	take(d, now_ms, &b);
	d->own_renewed = renewed;
	d->own_len = 0;
	if (renewed)
		d->own_len = (uint16_t)bundle_put(d->own_octets, &d->own);
	return true;
}

/* ---- the file ---- */

void
disc_load(struct disc *d, const uint8_t *file, size_t len)
{
	free(d->file);
	d->file = NULL;
	if (len == 0 || (d->file = malloc(len)) == NULL)
		return;
	memcpy(d->file, file, len);
	d->file_len = len;
}

static void
use_members(struct disc *d, struct cache *c)
{
	struct cache_member m;
	struct member *known;
	bool fresh;

	while (cache_next(c, &m)) {
		known = members_cert(
		    d->members, d->unix_s, m.cert, m.certlen, &fresh);
		if (known == NULL)
			continue;
		if (m.seen.addr.family != 0)
			(void)members_seen(d->members, m.seen_s,
			    known->cert.node, &m.seen, false);
		if (!m.has_place ||
		    members_record(d->members, d->unix_s, &m.place, &fresh) ==
			NULL)
			continue;
		known->place_s = m.place_s < d->unix_s ? m.place_s : 0;
	}
}

/*
 * Twice: what was signed when there is a network, and the nodes when there is
 * a DHT, too.
 */
void
disc_use_file(struct disc *d, uint64_t now_ms)
{
	struct cache *c;
	int half;

	if (d->file == NULL || !members_on(d->members) ||
	    (c = malloc(sizeof(*c))) == NULL)
		return;
	half = cache_choose(d->file, d->file_len, c);
	if (half != -1 && !d->file_read) {
		d->image_number = c->number;
		d->half = half == 0 ? 1 : 0;
		publish_set_seq(d->publish, c->place_seq);
		if (c->crl_len > 0)
			(void)members_crl(
			    d->members, d->unix_s, c->crl, c->crl_len);
		if (c->bundle_len > 0)
			(void)disc_adopt(
			    d, now_ms, c->bundle, c->bundle_len, true);
		use_members(d, c);
	}
	d->file_read = true;
	for (unsigned i = 0; half != -1 && d->dht != NULL && i < c->nnodes; i++)
		dht_try(d->dht, now_ms, &c->node[i]);
	free(c);
	if (half != -1 && d->dht == NULL && d->conf.dht != CONF_DHT_NO)
		return; /* its nodes are still wanted */
	free(d->file);
	d->file = NULL;
}

void
disc_dirty(struct disc *d, uint64_t now_ms, bool at_once)
{
	uint64_t ms = d->saved_ms == 0 ? now_ms + DISC_SAVE_MS / 4
				       : d->saved_ms + DISC_SAVE_MS;

	if (!d->dirty || ms < d->save_ms)
		d->save_ms = ms;
	d->dirty = true;
	if (at_once)
		d->save_ms = now_ms;
}

static void
list_nodes(const struct disc *d, struct cache *c)
{
	struct dht_node all[4 * CACHE_NODES_MAX];
	unsigned n4 = 0, n6 = 0;
	size_t n = 0;

	if (d->dht != NULL)
		n = dht_nodes(d->dht, all, sizeof(all) / sizeof(all[0]));
	for (size_t i = 0; i < n; i++) {
		unsigned *of = all[i].ep.addr.family == 4 ? &n4 : &n6;

		if (*of == NODES_OF_A_FAMILY)
			continue;
		(*of)++;
		c->node[c->nnodes++] = all[i];
	}
}

void
disc_save(struct disc *d, uint64_t now_ms)
{
	struct cache *c;
	uint8_t *image;
	size_t len = 0;

	d->dirty = false;
	if (!members_on(d->members))
		return;
	c = calloc(1, sizeof(*c));
	image = malloc(CACHE_HALF);
	if (c != NULL && image != NULL) {
		list_nodes(d, c);
		c->number = d->image_number + 1;
		c->place_seq = publish_seq(d->publish);
		c->crl = members_crl_octets(d->members, &c->crl_len);
		c->bundle = d->own_octets;
		c->bundle_len = d->own_len;
		len = cache_put(image, CACHE_HALF, c, d->members);
	}
	if (len > 0) {
		d->io.save(d->io.ctx, d->half * (size_t)CACHE_HALF, image, len);
		d->image_number++;
		d->half ^= 1;
		d->images++;
	}
	free(c);
	free(image);
	d->saved_ms = now_ms;
}
void
disc_own_relays(struct disc *d, uint64_t now_ms, const struct msg_own_relays *m)
{
	publish_relays(d->publish, now_ms, m->key, m->n);
}
