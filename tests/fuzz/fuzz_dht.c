/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_dht.c */
/*
 * One DHT node among strangers: arbitrary datagrams and well-formed ones, from
 * some addresses, between searches of its own and steps of time.
 *
 * The input is a list of steps: an octet that says what happens and to whom,
 * and what that needs.  Oracle: nobody is in the table who did not answer
 * twice; an address that has proved nothing gets no more than three times the
 * octets it sent, our pings included and our searches not; every search ends
 * once, and no item is delivered that is not right.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "dht_int.h"

#define ADDRESSES 16
#define STEPS_MAX 400
#define OWED_MAX 32 /* queries that an address may still answer */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct peer {
	struct endpoint ep;
	uint64_t in, out; /* octets with headers */
	unsigned answered;
	unsigned nowed;
	uint8_t owed[OWED_MAX][DHT_T];
};

struct world {
	struct dht *d;
	struct peer peer[ADDRESSES];
	uint64_t now_ms, rng;
	unsigned began, ended;
	struct peer *talking; /* whose datagram is being looked at */
};

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
fill(void *ctx, void *out, size_t len)
{
	struct world *w = ctx;

	for (uint8_t *p = out; len > 0; len--) {
		w->rng = w->rng * 6364136223846793005u + 1442695040888963407u;
		*p++ = (uint8_t)(w->rng >> 56);
	}
}

static struct peer *
peer_of(struct world *w, const struct endpoint *ep)
{
	for (int i = 0; i < ADDRESSES; i++)
		if (endpoint_eq(&w->peer[i].ep, ep))
			return &w->peer[i];
	return NULL;
}

static void
on_send(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct world *w = ctx;
	struct peer *p = peer_of(w, to);
	struct krpc_msg m;

	require(krpc_parse(&m, data, len) == KRPC_FINE);
	require(dht_may_send(w->d, to));
	if (p == NULL)
		return;
	if (m.kind == KRPC_QUERY && p->nowed < OWED_MAX)
		memcpy(p->owed[p->nowed++], m.t.p, DHT_T);
	if (m.kind != KRPC_QUERY || (p == w->talking && m.method == KRPC_PING))
		p->out += len + LIMIT_IP4;
}

static void
on_item(void *ctx, uint32_t search, const struct dht_item *it,
    const struct endpoint *from)
{
	(void)ctx;
	(void)search;
	(void)from;
	require(dht_item_ok(it));
}

static void
on_done(void *ctx, uint32_t search, const struct dht_report *r)
{
	struct world *w = ctx;

	(void)search;
	(void)r;
	w->ended++;
	require(w->ended <= w->began);
}

/* ---- steps ---- */

static void
give(struct world *w, struct peer *p, const uint8_t *data, size_t len)
{
	bool verified = limit_is_verified(w->d->limit, w->now_ms, &p->ep.addr);
	uint8_t *copy = malloc(len == 0 ? 1 : len);

	require(copy != NULL);
	memcpy(copy, data, len);
	p->in = len + LIMIT_IP4;
	p->out = 0;
	w->talking = p;
	dht_from_udp(w->d, w->now_ms, &p->ep, copy, len);
	w->talking = NULL;
	/* an answer, or a token, proves something within this very datagram */
	if (!verified && !w->d->conf.plain &&
	    !limit_is_verified(w->d->limit, w->now_ms, &p->ep.addr))
		require(p->out <= LIMIT_FACTOR * p->in);
	free(copy);
}

/* A query; what octets there are become its arguments. */
static void
give_query(struct world *w, struct peer *p, const uint8_t *data, size_t len)
{
	uint8_t out[2048];
	struct krpc_msg m = {.kind = KRPC_QUERY, .cas = KRPC_NO_CAS};

	if (len < 90)
		return;
	m.method = (enum krpc_method)(data[0] % KRPC_NMETHODS);
	m.t = (struct octets){data + 1, 4};
	m.id = data + 5;
	m.target =
	    m.method == KRPC_PING || m.method == KRPC_PUT ? NULL : data + 25;
	m.name = (struct octets){data + 1, 4};
	if (m.method == KRPC_PUT || m.method == KRPC_ANNOUNCE ||
	    (data[0] & 0x80) != 0)
		m.token = (struct octets){data + 45, 8};
	m.port = 1;
	m.want4 = (data[0] & 0x40) != 0;
	m.want6 = (data[0] & 0x20) != 0;
	m.tag = w->d->conf.tag;
	if (m.method == KRPC_PUT) {
		m.v = (struct octets){(const uint8_t *)"i7e", 3};
		if ((data[0] & 0x10) != 0) {
			m.k = data + 53;
			m.has_seq = true;
			m.sig = data + 20;
		}
	}
	len = krpc_build(out, sizeof(out), &m);
	if (len > 0)
		give(w, p, out, len);
}

/* The answer to a query of ours that it got. */
static void
give_answer(struct world *w, struct peer *p, const uint8_t *data, size_t len)
{
	uint8_t out[2048];
	struct krpc_msg m = {.kind = KRPC_RESPONSE, .cas = KRPC_NO_CAS};

	if (len < 40 || p->nowed == 0)
		return;
	m.t = (struct octets){p->owed[--p->nowed], DHT_T};
	m.id = data + 1;
	m.ip = w->peer[data[0] % ADDRESSES].ep;
	m.tag = w->d->conf.tag;
	if ((data[0] & 0x80) != 0)
		m.token = (struct octets){data + 21, 8};
	m.has_seq = (data[0] & 0x40) != 0;
	m.seq = data[30];
	if ((data[0] & 0x20) != 0)
		m.v = (struct octets){(const uint8_t *)"i7e", 3};
	len = (len - 40) / KRPC_NODE4 * KRPC_NODE4;
	if (len > 0)
		m.nodes = (struct octets){data + 40, len};
	len = krpc_build(out, sizeof(out), &m);
	if (len == 0)
		return;
	p->answered++;
	give(w, p, out, len);
}

static void
begin_search(struct world *w, const uint8_t *data, size_t len)
{
	struct dht_item it = {.is_mutable = false, .vlen = 3};
	uint32_t id = 0;

	if (len < 33)
		return;
	memcpy(it.v, "i7e", 3);
	memcpy(it.k, data + 1, 32);
	w->began++;
	switch (data[0] % 5) {
	case 0:
		id = dht_get(w->d, w->now_ms, &it);
		break;
	case 1:
		id = dht_get_hash(w->d, w->now_ms, data + 1);
		break;
	case 2:
		id = dht_put(w->d, w->now_ms, &it, KRPC_NO_CAS);
		break;
	case 3:
		id = dht_find_node(w->d, w->now_ms, data + 1);
		break;
	case 4:
		w->began--;
		dht_cancel(w->d, w->now_ms, data[1]);
		return;
	}
	if (id == 0)
		w->began--;
}

static void
wait_for(struct world *w, uint64_t ms)
{
	uint64_t until = w->now_ms + ms, due;

	for (int i = 0; i < 10000 && (due = dht_due(w->d)) <= until; i++) {
		if (due > w->now_ms)
			w->now_ms = due;
		dht_tick(w->d, w->now_ms);
	}
	w->now_ms = until;
}

static void
check_table(struct world *w)
{
	struct dht_node n[64];
	size_t len = dht_nodes(w->d, n, 64);

	for (size_t i = 0; i < len; i++) {
		struct peer *p = peer_of(w, &n[i].ep);

		require(p != NULL && p->answered >= 2);
	}
}

static void
step(struct world *w, uint8_t what, const uint8_t *data, size_t len)
{
	struct peer *p = &w->peer[what & 15];

	switch (what >> 4) {
	case 0:
	case 1:
	case 2:
		give(w, p, data, len);
		break;
	case 3:
	case 4:
	case 5:
		give_query(w, p, data, len);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		give_answer(w, p, data, len);
		break;
	case 10:
	case 11:
		begin_search(w, data, len);
		break;
	case 12:
		dht_bootstrap(w->d, w->now_ms, &p->ep);
		break;
	case 13:
		wait_for(w, 1000);
		break;
	default:
		wait_for(w, len == 0 ? 50 : (uint64_t)data[0] * 500);
		break;
	}
	check_table(w);
}

static void
settle(struct world *w, const struct dht_conf *c)
{
	for (int i = 0; i < ADDRESSES; i++) {
		w->peer[i].ep.addr.family = 4;
		/* some share a network, two an address, one is special */
		w->peer[i].ep.addr.b[0] = i < 15 ? 52 : 127;
		w->peer[i].ep.addr.b[1] = (uint8_t)(i / 4);
		w->peer[i].ep.addr.b[3] = (uint8_t)(i == 1 ? 1 : i + 1);
		w->peer[i].ep.port = (uint16_t)(6881 + (i == 1));
	}
	/* there are few addresses, and zeroing is most of the work */
	w->d = dht_new_bounded(c,
	    &(struct dht_io){.ctx = w,
		.send = on_send,
		.item = on_item,
		.done = on_done,
		.rnd = {fill, w}},
	    w->now_ms,
	    &(struct dht_bounds){.limit_places = 64, .memo_places = 64});
	require(w->d != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct dht_conf c = {.v4 = true};

	if (size < 1 || crypto_init() == -1)
		return 0;
	w = (struct world){.now_ms = 1000000, .rng = data[0]};
	c.is_private = (data[0] & 1) != 0;
	c.has_tag = (data[0] & 2) != 0;
	c.plain = (data[0] & 4) != 0;
	c.v6 = (data[0] & 8) != 0;
	c.any_address = (data[0] & 16) != 0;
	settle(&w, &c);
	data++;
	size--;
	for (int i = 0; i < STEPS_MAX && size >= 2; i++) {
		uint8_t what = data[0];
		size_t len = data[1];

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		step(&w, what, data, len);
		data += len;
		size -= len;
	}
	wait_for(&w, 60000);
	require(w.ended == w.began);
	dht_free(w.d);
	return 0;
}
