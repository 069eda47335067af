/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_put.c */
/*
 * The second half of a put: where to, and who took it.
 *
 * More copies than the k closest, and far more when something about the
 * neighbourhood of the key can't be true: who wants to hide an item must then
 * sit in all of the region, not just closest to the key.
 */
#include <string.h>

#include "dht_int.h"

/* We keep it, too, if others would come to us for it. */
static void
keep_own_copy(struct dht *d, uint64_t now_ms, struct find *f)
{
	uint16_t near[DHT_K];
	size_t n = search_closest(&f->s, near, DHT_K);
	const struct net *net = &d->net[d->net[0].on ? 0 : 1];

	if (d->conf.read_only)
		return;
	if (n == DHT_K &&
	    !id_closer(f->s.target, net->table.own, f->s.cand[near[n - 1]].id))
		return;
	store_put(d->store, now_ms, NULL, &f->item, f->cas);
}

void
put_begin(struct dht *d, uint64_t now_ms, struct find *f)
{
	f->putting = true;
	f->nplaces = (uint16_t)search_places(&f->s, f->place, 0,
	    f->s.sieges > 0    ? DHT_PLACES_SIEGE
		: f->s.suspect ? DHT_PLACES_SUSPECT
			       : DHT_PLACES);
	keep_own_copy(d, now_ms, f);
}

static bool
send_put(struct dht *d, uint64_t now_ms, struct find *f, unsigned i)
{
	struct cand *c = &f->s.cand[i];
	struct ask a = {.why = ASK_PUT, .to = c->ep, .find = f->id};
	struct krpc_msg m = {.method = KRPC_PUT, .cas = KRPC_NO_CAS};

	a.leg =
	    (struct search_leg){.cand = (uint16_t)i, .side = SEARCH_NO_SIDE};
	m.token = (struct octets){c->token, c->tokenlen};
	m.v = (struct octets){f->item.v, f->item.vlen};
	if (f->item.is_mutable) {
		m.k = f->item.k;
		m.sig = f->item.sig;
		m.has_seq = true;
		m.seq = f->item.seq;
		m.cas = f->cas;
		if (f->item.saltlen > 0)
			m.salt = (struct octets){f->item.salt, f->item.saltlen};
	}
	if (!ask_send(d, now_ms, &a, &m))
		return false;
	c->put = PUT_ASKED;
	c->put_tries++;
	f->putting_now++;
	f->report.queries++;
	return true;
}

static unsigned
failed(const struct find *f)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->nplaces; i++)
		n += f->s.cand[f->place[i]].put == PUT_FAILED;
	return n;
}

void
put_step(struct dht *d, uint64_t now_ms, struct find *f)
{
	if (f->nplaces < DHT_PLACES_MAX && failed(f) > f->replaced) {
		f->replaced++;
		f->nplaces = (uint16_t)search_places(
		    &f->s, f->place, f->nplaces, f->nplaces + 1u);
	}
	for (unsigned i = 0;
	     i < f->nplaces && f->putting_now < DHT_PUTS_AT_ONCE; i++) {
		struct cand *c = &f->s.cand[f->place[i]];

		if (c->put == PUT_NOT && !send_put(d, now_ms, f, f->place[i]))
			c->put = PUT_FAILED;
	}
}

bool
put_is_done(const struct find *f)
{
	for (unsigned i = 0; i < f->nplaces; i++) {
		uint8_t put = f->s.cand[f->place[i]].put;

		if (put != PUT_STORED && put != PUT_FAILED)
			return false;
	}
	return true;
}

void
put_answered(struct dht *d, struct find *f, const struct ask *a,
    const struct krpc_msg *m)
{
	struct cand *c = &f->s.cand[a->leg.cand];

	(void)d;
	f->putting_now--;
	f->report.answers++;
	c->put = m->kind == KRPC_RESPONSE ? PUT_STORED : PUT_FAILED;
	if (c->put == PUT_STORED)
		f->report.stored++;
	else
		f->report.refused++;
}

void
put_missed(struct find *f, const struct ask *a, bool refused)
{
	struct cand *c = &f->s.cand[a->leg.cand];

	f->putting_now--;
	c->put = !refused && c->put_tries < SEARCH_TRIES ? PUT_NOT : PUT_FAILED;
}
