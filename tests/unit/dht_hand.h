/* SPDX-License-Identifier: ISC */
/* file: tests/unit/dht_hand.h */
#ifndef DHT_HAND_H
#define DHT_HAND_H

/*
 * One struct dht in a test's hand: what it sends is kept, what others would
 * send is built here, time is a number.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "dht_int.h"
#include "item.h"
#include "unit.h"

#define HAND_SENT_MAX 512

struct hand_sent {
	struct endpoint to;
	uint8_t data[KRPC_MAX];
	size_t len;
	struct krpc_msg m;
};

struct hand {
	struct dht *d;
	uint64_t now_ms, rng;
	size_t nsent;
	struct hand_sent sent[HAND_SENT_MAX];
	/* the last search */
	uint32_t items, dones;
	struct dht_item item;
	struct dht_report report;
	bool cancel; /* in the next item() */
	/* texts of news shown to the host; their number is the first octet */
	uint32_t news;
};

static inline void
hand_fill(void *ctx, void *out, size_t len)
{
	struct hand *h = ctx;

	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(&h->rng);
}

static inline void
hand_send(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct hand *h = ctx;
	struct hand_sent *s;

	ck_assert_uint_le(len, KRPC_MAX);
	if (h->nsent == HAND_SENT_MAX)
		return;
	s = &h->sent[h->nsent++];
	s->to = *to;
	s->len = len;
	memcpy(s->data, data, len);
	ck_assert_int_eq(krpc_parse(&s->m, s->data, len), KRPC_FINE);
}

static inline void
hand_item(void *ctx, uint32_t search, const struct dht_item *it,
    const struct endpoint *from)
{
	struct hand *h = ctx;

	(void)from;
	h->items++;
	h->item = *it;
	if (h->cancel)
		dht_cancel(h->d, h->now_ms, search);
}

static inline void
hand_done(void *ctx, uint32_t search, const struct dht_report *r)
{
	struct hand *h = ctx;

	(void)search;
	h->dones++;
	h->report = *r;
}

/* Right is what begins with its number and ends with a full stop. */
static inline uint64_t
hand_news(void *ctx, uint64_t now_ms, const uint8_t *text, size_t len)
{
	struct hand *h = ctx;

	(void)now_ms;
	h->news++;
	return len > 1 && text[len - 1] == '.' ? text[0] : 0;
}

static inline struct hand *
hand_new(const struct dht_conf *c)
{
	struct hand *h = calloc(1, sizeof(*h));
	struct dht_io io = {.ctx = h,
	    .send = hand_send,
	    .item = hand_item,
	    .done = hand_done,
	    .news = hand_news,
	    .rnd = {hand_fill, h}};

	ck_assert_ptr_nonnull(h);
	h->now_ms = 1000000;
	h->rng = unit_seed();
	h->d = dht_new(c, &io, h->now_ms);
	ck_assert_ptr_nonnull(h->d);
	return h;
}

static inline void
hand_free(struct hand *h)
{
	dht_free(h->d);
	free(h);
}

/* Time goes on, tick by tick. */
static inline void
hand_wait(struct hand *h, uint64_t ms)
{
	uint64_t until = h->now_ms + ms, due;

	while ((due = dht_due(h->d)) <= until) {
		h->now_ms = due > h->now_ms ? due : h->now_ms;
		dht_tick(h->d, h->now_ms);
	}
	h->now_ms = until;
}

static inline struct endpoint
hand_ep(unsigned a, unsigned b, unsigned c, unsigned d)
{
	struct endpoint ep = {.addr.family = 4, .port = 6881};

	ep.addr.b[0] = (uint8_t)a;
	ep.addr.b[1] = (uint8_t)b;
	ep.addr.b[2] = (uint8_t)c;
	ep.addr.b[3] = (uint8_t)d;
	return ep;
}

/* Give it this message; the octets that went in. */
static inline size_t
hand_give(struct hand *h, const struct endpoint *from, const struct krpc_msg *m)
{
	uint8_t out[2048];
	size_t len = krpc_build(out, sizeof(out), m);

	ck_assert_uint_gt(len, 0);
	dht_from_udp(h->d, h->now_ms, from, out, len);
	return len;
}

/* A query with everything every query has. */
static inline struct krpc_msg
hand_query(enum krpc_method method, const uint8_t id[DHT_ID])
{
	return (struct krpc_msg){.kind = KRPC_QUERY,
	    .method = method,
	    .t = {(const uint8_t *)"quux", 4},
	    .id = id,
	    .cas = KRPC_NO_CAS};
}

/* The n-th last thing it sent to that address; NULL: nothing. */
static inline const struct hand_sent *
hand_last(const struct hand *h, const struct endpoint *to, enum krpc_kind kind)
{
	for (size_t i = h->nsent; i-- > 0;)
		if (endpoint_eq(&h->sent[i].to, to) &&
		    h->sent[i].m.kind == kind)
			return &h->sent[i];
	return NULL;
}

/* Answer its last query to that address. */
static inline void
hand_answer(struct hand *h, const struct endpoint *from,
    const uint8_t id[DHT_ID], struct krpc_msg *m)
{
	const struct hand_sent *q = hand_last(h, from, KRPC_QUERY);

	ck_assert_ptr_nonnull(q);
	m->kind = KRPC_RESPONSE;
	m->t = q->m.t;
	m->id = id;
	m->cas = KRPC_NO_CAS;
	hand_give(h, from, m);
}

static inline void
hand_pong(struct hand *h, const struct endpoint *from, const uint8_t id[DHT_ID])
{
	struct krpc_msg m = {.kind = KRPC_RESPONSE};

	hand_answer(h, from, id, &m);
}

/* Somebody comes, asks, answers twice, and is in the table if there is room. */
static inline void
hand_befriend(
    struct hand *h, const struct endpoint *ep, const uint8_t id[DHT_ID])
{
	struct krpc_msg q = hand_query(KRPC_PING, id);

	hand_give(h, ep, &q);
	if (hand_last(h, ep, KRPC_QUERY) == NULL)
		return;
	hand_pong(h, ep, id);
	hand_pong(h, ep, id);
}

/* A mutable item of a key made from `key`. */
static inline struct dht_item
hand_make_item(uint8_t key, uint64_t seq, const char *v)
{
	struct dht_item it = {.is_mutable = true, .seq = seq};
	uint8_t seed[32], octets[ITEM_SIGNED_MAX];

	memset(seed, key, sizeof(seed));
	it.vlen = (uint16_t)strlen(v);
	memcpy(it.v, v, it.vlen);
	crypto_sign_pub(it.k, seed);
	crypto_sign(it.sig, seed, octets, item_signed(octets, &it));
	return it;
}

static inline void
hand_say_item(struct krpc_msg *m, const struct dht_item *it)
{
	m->k = it->is_mutable ? it->k : NULL;
	m->sig = it->is_mutable ? it->sig : NULL;
	m->has_seq = it->is_mutable;
	m->seq = it->seq;
	m->v = (struct octets){it->v, it->vlen};
}

#endif
