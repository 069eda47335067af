/* SPDX-License-Identifier: ISC */
/* file: discoveryd/disc_dht.c */
/*
 * The DHT as one of discoveryd's parts: when there is one, what it is asked
 * for, and what becomes of its answers (see disc.h for the queue).
 */
#include <stdlib.h>
#include <string.h>

#include "disc_int.h"
#include "netkey.h"

/* ---- what it says ---- */

static void
on_send(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct disc *d = ctx;
	enum disc_fd kind = to->addr.family == 4 ? DISC_DHT4 : DISC_DHT6;

	d->io.udp_send(d->io.ctx, kind, to, data, len);
}

static struct event *
queue(struct disc *d, uint32_t search)
{
	struct event *e;

	if (d->nevents == DISC_EVENTS_MAX ||
	    (e = calloc(1, sizeof(*e))) == NULL) {
		d->events_lost++;
		return NULL;
	}
	e->search = search;
	*d->events_end = e;
	d->events_end = &e->next;
	d->nevents++;
	return e;
}

static void
on_item(void *ctx, uint32_t search, const struct dht_item *item,
    const struct endpoint *from)
{
	struct event *e = queue(ctx, search);

	(void)from;
	if (e == NULL)
		return;
	e->is_item = true;
	e->u.item = *item;
}

static void
on_done(void *ctx, uint32_t search, const struct dht_report *r)
{
	struct event *e = queue(ctx, search);

	if (e != NULL)
		e->u.report = *r;
}

/* A revocation list is the news of a network's DHT: see dht_news.c. */
static uint64_t
on_news(void *ctx, uint64_t now_ms, const uint8_t *data, size_t len)
{
	struct disc *d = ctx;

	return disc_news(d, now_ms, data, len) ? crl_number(data, len) : 0;
}

void
disc_dht_news(struct disc *d, uint64_t now_ms)
{
	const uint8_t *crl;
	size_t len;

	crl = members_crl_octets(d->members, &len);
	if (d->dht != NULL && crl != NULL)
		dht_news(d->dht, now_ms, crl_number(crl, len), crl, len);
}

static void
tell(struct disc *d, uint64_t now_ms, const struct event *e)
{
	uint32_t s = e->search;

	if (e->is_item) {
		if (!lookup_item(d->lookup, now_ms, d->unix_s, s, &e->u.item))
			(void)publish_item(d->publish, s, &e->u.item);
	} else if (!lookup_done(
		       d->lookup, now_ms, d->unix_s, s, &e->u.report)) {
		(void)publish_done(
		    d->publish, now_ms, d->unix_s, s, &e->u.report);
	}
}

void
disc_dht_pump(struct disc *d, uint64_t now_ms)
{
	struct event *e;

	/* telling may add more at the end; as many as there may be */
	for (unsigned i = 0; i < DISC_EVENTS_MAX && d->events != NULL; i++) {
		e = d->events;
		d->events = e->next;
		if (d->events == NULL)
			d->events_end = &d->events;
		d->nevents--;
		tell(d, now_ms, e);
		free(e);
	}
}

/* ---- what it is asked ---- */

uint32_t
disc_dht_get(void *ctx, uint64_t now_ms, const uint8_t k[32],
    const uint8_t salt[RECORD_SALT])
{
	struct dht_item about = {.is_mutable = true, .saltlen = RECORD_SALT};
	struct disc *d = ctx;

	if (d->dht == NULL)
		return 0;
	memcpy(about.k, k, sizeof(about.k));
	memcpy(about.salt, salt, RECORD_SALT);
	return dht_get(d->dht, now_ms, &about);
}

uint32_t
disc_dht_put(void *ctx, uint64_t now_ms, const struct record *r)
{
	struct dht_item item = {
	    .is_mutable = true, .saltlen = RECORD_SALT, .seq = r->seq};
	struct disc *d = ctx;

	if (d->dht == NULL || r->vlen > sizeof(item.v))
		return 0;
	memcpy(item.k, r->k, sizeof(item.k));
	memcpy(item.salt, r->salt, RECORD_SALT);
	memcpy(item.sig, r->sig, sizeof(item.sig));
	item.vlen = r->vlen;
	memcpy(item.v, r->v, r->vlen);
	return dht_put(d->dht, now_ms, &item, UINT64_MAX);
}

void
disc_dht_cancel(void *ctx, uint64_t now_ms, uint32_t search)
{
	struct disc *d = ctx;

	if (d->dht != NULL)
		dht_cancel(d->dht, now_ms, search);
}

/* ---- when there is one ---- */

static void
fill_conf(const struct disc *d, struct dht_conf *c)
{
	const struct conf_net *net = members_net(d->members);

	*c = (struct dht_conf){.v4 = d->sock[DISC_DHT4],
	    .v6 = d->sock[DISC_DHT6],
	    .is_private = d->conf.dht == CONF_DHT_PRIVATE,
	    .any_address = d->conf.dht == CONF_DHT_PRIVATE,
	    .has_tag = d->conf.dht == CONF_DHT_PRIVATE && d->conf.dht_tag,
	    .plain = d->conf.dht_plain};
	if (c->has_tag)
		netkey_dht_tag(c->tag, net->keys.rdv);
}

void
disc_dht_stop(struct disc *d, uint64_t now_ms)
{
	struct event *e;

	if (d->dht == NULL)
		return;
	dht_free(d->dht);
	d->dht = NULL;
	while ((e = d->events) != NULL) {
		d->events = e->next;
		free(e);
	}
	d->events_end = &d->events;
	d->nevents = 0;
	d->own4 = d->own6 = (struct endpoint){0};
	d->ready = false;
	publish_dht_gone(d->publish, now_ms);
}

static struct dht *
new_dht(struct disc *d, uint64_t now_ms)
{
	const struct dht_io io = {.ctx = d,
	    .send = on_send,
	    .item = on_item,
	    .done = on_done,
	    .news = on_news,
	    .rnd = d->io.rnd};

	return dht_new(&d->dht_conf, &io, now_ms);
}

static bool
same_conf(const struct dht_conf *a, const struct dht_conf *b)
{
	return a->v4 == b->v4 && a->v6 == b->v6 &&
	    a->is_private == b->is_private && a->has_tag == b->has_tag &&
	    memcmp(a->tag, b->tag, sizeof(a->tag)) == 0 && a->plain == b->plain;
}

void
disc_dht_start(struct disc *d, uint64_t now_ms)
{
	struct dht_conf c;

	if (!members_on(d->members) || d->conf.dht == CONF_DHT_NO ||
	    (!d->sock[DISC_DHT4] && !d->sock[DISC_DHT6])) {
		disc_dht_stop(d, now_ms);
		return;
	}
	fill_conf(d, &c);
	/* what was learned in one swarm must not get into another */
	if (d->dht != NULL &&
	    (c.is_private != d->dht_conf.is_private ||
		c.has_tag != d->dht_conf.has_tag ||
		memcmp(c.tag, d->dht_conf.tag, sizeof(c.tag)) != 0))
		disc_dht_stop(d, now_ms);
	if (d->dht != NULL && !same_conf(&c, &d->dht_conf))
		dht_configure(d->dht, &c);
	d->dht_conf = c;
	if (d->dht == NULL && (d->dht = new_dht(d, now_ms)) == NULL) {
		d->io.say(d->io.ctx, "no memory for the DHT");
		return;
	}
	dht_forget_bootstrap(d->dht);
	for (unsigned i = 0; i < d->conf.nbootstrap; i++)
		dht_bootstrap(d->dht, now_ms, &d->conf.bootstrap[i]);
	disc_use_file(d, now_ms);
	disc_dht_news(d, now_ms);
}
