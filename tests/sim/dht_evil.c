/* SPDX-License-Identifier: ISC */
/* file: tests/sim/dht_evil.c */
/*
 * The liars of the DHT's simulator; see dht_sim.h for their kinds.
 *
 * They know each other, all items and every target, share one view, and have
 * real nodes underneath that join and answer pings for them.
 */
#include <string.h>

#include "dht_sim_int.h"

void
dsim_fake_id(const uint8_t target[DHT_ID], uint32_t no, uint8_t id[DHT_ID])
{
	uint64_t rng = (uint64_t)no << 32 ^ target[19];
	uint64_t r = dsim_random(&rng);

	unsigned same = 4 + (unsigned)(r % 10), bit = same;

	/* 4 to 13 bits of the target: among the closest, but not absurd */
	for (int i = 0; i < DHT_ID; i++)
		id[i] = (uint8_t)dsim_random(&rng);
	for (bit = 0; bit <= same; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		id[bit / 8] = (uint8_t)((id[bit / 8] & ~mask) |
		    ((target[bit / 8] ^ (bit == same ? mask : 0)) & mask));
	}
}

/* ---- whom a liar names ---- */

static void
true_id(const struct dsim *s, uint32_t no, uint8_t id[DHT_ID])
{
	memcpy(id, dht_own_id(s->node[no].d, 4), DHT_ID);
}

/* Eight liars, under ids made up for this target. */
static size_t
name_fakes(struct dsim *s, const uint8_t target[DHT_ID], struct dht_node *out)
{
	size_t n = 0;

	for (; n < DHT_K; n++) {
		uint32_t no = s->liar[dsim_below(s, s->nliars)];

		dsim_fake_id(target, no, out[n].id);
		out[n].ep = s->node[no].ep;
	}
	return n;
}

/* The eight liars closest to it in truth (sybils: their like). */
static size_t
name_closest(struct dsim *s, enum dsim_kind kind, const uint8_t target[DHT_ID],
    struct dht_node *out)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->nliars; i++) {
		struct dsim_node *l = &s->node[s->liar[i]];
		uint8_t id[DHT_ID];
		size_t at;

		if ((l->kind == DSIM_SYBIL) != (kind == DSIM_SYBIL) ||
		    l->d == NULL)
			continue;
		true_id(s, l->no, id);
		if (n == DHT_K && !id_closer(target, id, out[n - 1].id))
			continue;
		at = n == DHT_K ? n - 1 : n++;
		for (; at > 0 && id_closer(target, id, out[at - 1].id); at--)
			out[at] = out[at - 1];
		memcpy(out[at].id, id, DHT_ID);
		out[at].ep = l->ep;
	}
	return n;
}

/* ---- what it says it has ---- */

static const struct dsim_item *
item_at(const struct dsim *s, const uint8_t target[DHT_ID])
{
	for (uint32_t i = 0; i <= s->conf.items; i++)
		if (memcmp(s->item[i].target, target, DHT_ID) == 0)
			return &s->item[i];
	return NULL;
}

static void
say_item(struct krpc_msg *m, const struct dht_item *it)
{
	m->k = it->k;
	m->sig = it->sig;
	m->has_seq = true;
	m->seq = it->seq;
	m->v = (struct octets){it->v, it->vlen};
}

static void
forge(struct dsim *s, struct krpc_msg *m, const struct dsim_item *item,
    struct dht_item *it)
{
	*it = item->first;
	it->seq = item->it.seq + 1 + dsim_below(s, 1000);
	switch (dsim_below(s, 6)) {
	case 0: /* an old signature for a new number */
		break;
	case 1: /* ... for another value */
		it->seq = item->it.seq;
		it->v[20] ^= 1;
		break;
	case 2: /* somebody else's item, which is right */
		*it = s->item[s->conf.items].first;
		break;
	case 3: /* a signature of nothing */
		for (int i = 0; i < 64; i++)
			it->sig[i] = (uint8_t)dsim_random(&s->rng);
		break;
	case 4: /* no value, but the highest number there can be */
		m->has_seq = true;
		m->seq = INT64_MAX;
		return;
	case 5: /* not even bencode */
		it->v[0] = 'x';
		break;
	}
	say_item(m, it);
}

/* ---- answers ---- */

static void
send_junk(struct dsim *s, struct dsim_node *n, uint32_t from,
    const struct krpc_msg *q)
{
	uint8_t out[200];
	struct krpc_msg m = {.kind = KRPC_RESPONSE, .t = q->t, .tag = s->tag};
	uint8_t id[DHT_ID];
	size_t len;

	true_id(s, n->no, id);
	m.id = id;
	len = krpc_build(out, sizeof(out), &m);
	if (dsim_below(s, 2) == 0 && len > 1)
		len = 1 + dsim_below(s, (uint32_t)len - 1);
	else
		out[dsim_below(s, (uint32_t)len)] ^=
		    (uint8_t)(1 + dsim_below(s, 255));
	dsim_post(s, n->no, &s->node[from].ep, out, len, true);
}

static bool
has_the_first(const struct dsim *s, const struct dsim_node *n)
{
	return n->kind == DSIM_STALE ||
	    (n->kind == DSIM_SYBIL && s->conf.siege == DSIM_OLD);
}

static void
send_refusal(struct dsim *s, struct dsim_node *n, uint32_t from,
    const struct krpc_msg *q)
{
	struct krpc_msg m = {.kind = KRPC_ERROR,
	    .t = q->t,
	    .tag = s->tag,
	    .code = KRPC_E_SERVER};
	uint8_t out[200];
	size_t len = krpc_build(out, sizeof(out), &m);

	if (len > 0)
		dsim_post(s, n->no, &s->node[from].ep, out, len, true);
}

static void
send_lie(struct dsim *s, struct dsim_node *n, uint32_t from,
    const struct krpc_msg *q)
{
	struct krpc_msg m = {.kind = KRPC_RESPONSE, .t = q->t, .tag = s->tag};
	uint8_t id[DHT_ID], nodes[DHT_K * KRPC_NODE4], out[KRPC_MAX];
	struct dht_node near[DHT_K];
	const struct dsim_item *item = NULL;
	struct dht_item it;
	struct wbuf w;
	size_t k = 0, len;

	true_id(s, n->no, id);
	if (n->kind == DSIM_NEAR && q->target != NULL)
		dsim_fake_id(q->target, n->no, id);
	if (q->target != NULL)
		k = n->kind == DSIM_NEAR
		    ? name_fakes(s, q->target, near)
		    : name_closest(s, n->kind, q->target, near);
	wbuf_init(&w, nodes, sizeof(nodes));
	for (size_t i = 0; i < k; i++)
		krpc_put_node(&w, &near[i]);
	m.id = id;
	m.ip = s->node[from].ep;
	if (k > 0)
		m.nodes = (struct octets){nodes, w.len};
	if (q->method == KRPC_GET) {
		m.token = (struct octets){(const uint8_t *)"believe!", 8};
		item = item_at(s, q->target);
	}
	if (item != NULL && has_the_first(s, n))
		say_item(&m, &item->first);
	else if (item != NULL && n->kind == DSIM_FORGE)
		forge(s, &m, item, &it);
	len = krpc_build(out, sizeof(out), &m);
	if (len > 0)
		dsim_post(s, n->no, &s->node[from].ep, out, len, true);
}

bool
dsim_lie(struct dsim *s, struct dsim_node *n, uint32_t from,
    const uint8_t *data, size_t len)
{
	struct krpc_msg q;

	if (krpc_parse(&q, data, len) != KRPC_FINE || q.kind != KRPC_QUERY ||
	    q.method == KRPC_PING)
		return false;
	/* among themselves they play the game */
	if (s->node[from].kind != DSIM_HONEST)
		return false;
	if (n->kind == DSIM_DROP ||
	    (n->kind == DSIM_SYBIL && s->conf.siege == DSIM_SILENT))
		return true;
	if (n->kind == DSIM_JUNK)
		send_junk(s, n, from, &q);
	else if (n->kind == DSIM_SYBIL && s->conf.siege == DSIM_REFUSE &&
	    q.method == KRPC_PUT)
		send_refusal(s, n, from, &q);
	else
		send_lie(s, n, from, &q);
	return true;
}
