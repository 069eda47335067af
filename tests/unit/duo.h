/* SPDX-License-Identifier: ISC */
/* file: tests/unit/duo.h */
#ifndef DUO_H
#define DUO_H

/*
 * Two engines, a and b, joined by nothing but arrays: what one sends lies in
 * `wire` until duo_pump delivers it, so a test can lose it, change it or keep
 * it for later.  keyd answers at the next pump; discoveryd is away (peers have
 * endpoints) unless a test sets `lookup`.  a is 10.0.0.1 at 192.0.2.1:1, b is
 * 10.0.0.2 at 192.0.2.2:1; 10.0.9.0/24 is behind b, 10.0.8.0/24 behind nobody.
 */
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "cookie.h"
#include "crypto.h"
#include "drops.h"
#include "engine.h"
#include "keys.h"
#include "log.h"
#include "pktgen.h"
#include "wg.h"

#define DUO_T0 5000000
#define DUO_WIRE 512
#define DUO_ASKS 4096
#define DUO_EVENTS 64

struct duo_msg {
	int to; /* engine */
	struct endpoint from;
	uint16_t sock;
	uint8_t data[2048];
	size_t len;
};

struct duo_ask {
	int by;
	uint32_t id;
	bool stamp;
	struct msg_mix_ask mix;
};

struct duo_side {
	struct duo *duo;
	int no;
	struct engine *e;
	struct keys keys;
	struct conf conf;
	struct endpoint ep;
	enum udp_result udp; /* what sending gives */
	bool tun_full, key_away, key_silent;
	uint32_t lookups, seen, seen_up;
	uint32_t last_lookup;
	struct addr last_ip;
	uint32_t blobs[128]; /* told, by their type */
	uint32_t frames;     /* told */
	struct msg_peer_frame frame;
	bool disc;              /* there is one */
	uint8_t got[PK_IP_MAX]; /* the last record for the host */
	size_t got_len;
	struct vnet got_vnet;
	uint32_t records;
	size_t sent_len, sent_seg; /* the last batch */
	uint32_t batches;
	struct msg_event event[DUO_EVENTS]; /* the last, in turns */
	uint32_t events;
	uint32_t echo_id, echoes; /* the last that ended, how many did */
	bool echo_unknown;
	struct msg_echo_row echo;
};

struct duo {
	uint64_t now;
	uint64_t unix_s; /* when now was DUO_T0 */
	uint64_t dice;
	struct duo_side side[2];
	struct duo_msg wire[DUO_WIRE];
	uint32_t nwire;
	struct duo_ask ask[DUO_ASKS];
	uint32_t nasks;
};

static inline enum udp_result
duo_udp(void *ctx, uint16_t sock, const struct endpoint *to,
    const uint8_t *data, size_t len, size_t seg)
{
	struct duo_side *s = ctx;
	struct duo *d = s->duo;

	s->batches++;
	s->sent_len = len;
	s->sent_seg = seg;
	if (s->udp != UDP_OK)
		return s->udp;
	for (size_t off = 0; off < len; off += seg) {
		struct duo_msg *m = &d->wire[d->nwire];
		size_t n = len - off < seg ? len - off : seg;

		if (d->nwire == DUO_WIRE || n > sizeof(m->data))
			continue;
		d->nwire++;
		m->to = to->addr.b[3] - 1;
		m->from = s->ep;
		m->sock = sock;
		m->len = n;
		memcpy(m->data, data + off, n);
	}
	return UDP_OK;
}

static inline int
duo_tun(void *ctx, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	struct duo_side *s = ctx;

	if (s->tun_full)
		return -1;
	memcpy(s->got, pkt, len);
	s->got_len = len;
	s->got_vnet = *v;
	s->records++;
	return 0;
}

static inline int
duo_asked(struct duo_side *s, uint32_t id, const struct msg_mix_ask *m)
{
	struct duo_ask *a = &s->duo->ask[s->duo->nasks];

	if (s->key_away || s->duo->nasks == DUO_ASKS)
		return -1;
	if (s->key_silent)
		return 0;
	s->duo->nasks++;
	*a = (struct duo_ask){.by = s->no, .id = id, .stamp = m == NULL};
	if (m != NULL)
		a->mix = *m;
	return 0;
}

static inline int
duo_mix(void *ctx, uint32_t id, const struct msg_mix_ask *m)
{
	return duo_asked(ctx, id, m);
}

static inline int
duo_stamp(void *ctx, uint32_t id)
{
	return duo_asked(ctx, id, NULL);
}

static inline int
duo_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *m)
{
	struct duo_side *s = ctx;

	if (!s->disc)
		return -1;
	s->lookups++;
	s->last_lookup = id;
	s->last_ip = m->ip;
	return 0;
}

static inline uint64_t
duo_unix(void *ctx)
{
	struct duo *d = ((struct duo_side *)ctx)->duo;

	return d->unix_s * 1000 + d->now - DUO_T0;
}

static inline int
duo_blob(void *ctx, enum msg_type type, const uint8_t *data, size_t len)
{
	struct duo_side *s = ctx;

	(void)data, (void)len;
	if (!s->disc)
		return -1;
	s->blobs[type]++;
	return 0;
}

static inline int
duo_frame(void *ctx, const struct msg_peer_frame *m)
{
	struct duo_side *s = ctx;

	s->frames++;
	s->frame = *m;
	return 0;
}

static inline void
duo_event(void *ctx, const struct msg_event *m)
{
	struct duo_side *s = ctx;

	s->event[s->events++ % DUO_EVENTS] = *m;
}

static inline void
duo_echo(void *ctx, uint32_t id, const struct msg_echo_row *m)
{
	struct duo_side *s = ctx;

	s->echoes++;
	s->echo_id = id;
	s->echo_unknown = m == NULL;
	if (m != NULL)
		s->echo = *m;
}

static inline int
duo_seen(void *ctx, const struct msg_peer_seen *m)
{
	struct duo_side *s = ctx;

	if (!s->disc)
		return -1;
	s->seen++;
	s->seen_up = m->up;
	return 0;
}

static inline void
duo_fill(void *ctx, void *out, size_t len)
{
	struct duo_side *s = ctx;

	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(&s->duo->dice);
}

/* ---- making and ending ---- */

static inline void
duo_prefix(const char *text, struct prefix *p)
{
	ck_assert_int_eq(prefix_parse(text, p), 0);
}

static inline void
duo_conf(struct duo *d, int no)
{
	struct duo_side *s = &d->side[no], *o = &d->side[!no];
	struct conf *c = &s->conf;
	struct conf_peer *p;

	conf_defaults(c, "duo", "/run/mesh");
	c->node.mtu = 1400;
	c->node.flows_max = 64;
	c->node.naddresses = 1;
	duo_prefix(
	    no == 0 ? "10.0.0.1/16" : "10.0.0.2/16", &c->node.address[0]);
	if (no == 1) {
		c->node.nexports = 1;
		duo_prefix("10.0.9.0/24", &c->node.export[0]);
	}
	c->peer = calloc(8, sizeof(*c->peer));
	c->npeers = 1;
	p = &c->peer[0];
	snprintf(p->name, sizeof(p->name), "%s", no == 0 ? "b" : "a");
	memcpy(p->key, o->keys.pub, 32);
	p->admin_up = true;
	p->allowed = calloc(4, sizeof(*p->allowed));
	p->nallowed = no == 0 ? 2 : 1;
	duo_prefix(no == 0 ? "10.0.0.2" : "10.0.0.1", &p->allowed[0]);
	if (no == 0)
		duo_prefix("10.0.9.0/24", &p->allowed[1]);
	p->nendpoints = 1;
	p->endpoint[0] = o->ep;
}

static inline void
duo_configure(struct duo *d, int no)
{
	ck_assert_int_eq(
	    engine_configure(d->side[no].e, d->now, &d->side[no].conf), 0);
}

static inline void
duo_start(struct duo *d, int no)
{
	struct duo_side *s = &d->side[no];
	const struct engine_io io = {
	    .ctx = s,
	    .udp_send = duo_udp,
	    .tun_send = duo_tun,
	    .ask_mix = duo_mix,
	    .ask_stamp = duo_stamp,
	    .ask_lookup = duo_lookup,
	    .tell_seen = duo_seen,
	    .unix_ms = duo_unix,
	    .tell_blob = duo_blob,
	    .tell_frame = duo_frame,
	    .tell_event = duo_event,
	    .tell_echo = duo_echo,
	    .rnd = {.fill = duo_fill, .ctx = s},
	};

	s->e = engine_new(&io);
	ck_assert_ptr_nonnull(s->e);
	engine_socket_add(s->e, 3, 4);
	duo_configure(d, no);
	engine_set_pub(s->e, d->now, s->keys.pub);
}

/* Two engines that never spoke. */
static inline struct duo *
duo_new(void)
{
	struct duo *d = calloc(1, sizeof(*d));

	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(crypto_init(), 0);
	log_set_level(LOG_L_ERROR);
	d->now = DUO_T0;
	d->unix_s = 1700000000;
	d->dice = 42;
	for (int i = 0; i < 2; i++) {
		struct duo_side *s = &d->side[i];
		uint8_t priv[32];

		*s = (struct duo_side){.duo = d, .no = i};
		duo_fill(s, priv, sizeof(priv));
		ck_assert_int_eq(keys_load(&s->keys, priv, d->now), 0);
		ck_assert_int_eq(
		    addr_parse(i == 0 ? "192.0.2.1" : "192.0.2.2", &s->ep.addr),
		    0);
		s->ep.port = 1;
	}
	for (int i = 0; i < 2; i++) {
		duo_conf(d, i);
		duo_start(d, i);
	}
	return d;
}

static inline void
duo_free(struct duo *d)
{
	for (int i = 0; i < 2; i++) {
		engine_free(d->side[i].e);
		conf_clear(&d->side[i].conf);
	}
	free(d);
}

/* ---- time and messages ---- */

static inline void
duo_answer(struct duo *d, const struct duo_ask *a)
{
	struct duo_side *s = &d->side[a->by];
	struct msg_stamp_reply stamp;
	struct msg_mix_reply mix;
	uint8_t stored[8];

	if (a->stamp) {
		keys_stamp(&s->keys, d->now / 1000,
		    (uint32_t)(d->now % 1000) * 1000000, stamp.stamp, stored);
		engine_on_stamp(s->e, d->now, a->id, &stamp);
	} else {
		keys_mix(&s->keys, d->now, &a->mix, &mix);
		engine_on_mix(s->e, d->now, a->id, &mix);
	}
}

static inline void
duo_deliver(struct duo *d, struct duo_msg *m)
{
	uint8_t copy[sizeof(m->data)];

	memcpy(copy, m->data, m->len);
	engine_from_udp(
	    d->side[m->to].e, d->now, m->sock, &m->from, copy, m->len);
}

static inline void
duo_tick(struct duo *d)
{
	for (int i = 0; i < 2; i++) {
		if (engine_due(d->side[i].e) <= d->now)
			engine_tick(d->side[i].e, d->now);
		engine_flush(d->side[i].e, d->now);
	}
}

/* keyd answers, engines tick; the wire stays as it is. */
static inline void
duo_keyd(struct duo *d)
{
	duo_tick(d);
	while (d->nasks > 0) {
		struct duo_ask a = d->ask[0];

		memmove(d->ask, d->ask + 1, --d->nasks * sizeof(a));
		duo_answer(d, &a);
		duo_tick(d);
	}
}

/* Until nobody has anything to say at this moment. */
static inline void
duo_pump(struct duo *d)
{
	duo_keyd(d);
	while (d->nwire > 0) {
		struct duo_msg m = d->wire[0];

		memmove(d->wire, d->wire + 1, --d->nwire * sizeof(m));
		if (m.to == 0 || m.to == 1)
			duo_deliver(d, &m);
		duo_keyd(d);
	}
}

static inline void
duo_later(struct duo *d, uint64_t ms)
{
	for (; ms > 0; ms--) {
		d->now++;
		if (engine_due(d->side[0].e) <= d->now ||
		    engine_due(d->side[1].e) <= d->now)
			duo_pump(d);
	}
}

/* ---- packets ---- */

static inline void
duo_gen(struct duo *d, int no, const struct gen *g)
{
	engine_from_tun(d->side[no].e, d->now, &g->v, g->b, g->len);
}

/* A UDP packet with n octets of payload. */
static inline void
duo_send(struct duo *d, int no, const char *src, const char *dst, size_t n)
{
	struct gen g;

	gen_ip(&g, src, dst, 17);
	gen_udp(&g, 53, n);
	gen_sum(&g, 17);
	duo_gen(d, no, &g);
}

static inline void
duo_a_to_b(struct duo *d)
{
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 100);
}

static inline uint64_t
duo_count(struct duo *d, int no, enum counter id)
{
	return engine_counters(d->side[no].e)->v[id];
}

static inline enum peer_view
duo_state(struct duo *d, int no)
{
	static struct msg_peer_row row;

	ck_assert_int_eq(
	    engine_peer_row(d->side[no].e, 0, d->now, d->now, &row), 0);
	return row.state;
}

/* A session is up, and a was its initiator. */
static inline struct duo *
duo_up(void)
{
	struct duo *d = duo_new();

	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	return d;
}

/* An initiation to b that anybody can make who knows b's public key. */
static inline struct duo_msg
duo_stranger(struct duo *d, uint32_t address)
{
	struct duo_msg m = {.to = 1, .len = WG_INITIATION_LEN};
	struct cookie_jar jar;

	m.from.addr.family = 4;
	gen_32(m.from.addr.b, address);
	m.from.port = 7;
	for (size_t i = 0; i < m.len; i++)
		m.data[i] = (uint8_t)unit_random(&d->dice);
	wg_put32(m.data, WG_INITIATION);
	cookie_jar_init(&jar, d->side[1].keys.pub);
	cookie_stamp(&jar, d->now, m.data, m.len);
	return m;
}

/* What was dropped is remembered: all of it where there was room. */
static inline void
duo_noted(struct duo *d, int no)
{
	static uint64_t noted[C_NCOUNTERS];
	static unsigned rows[C_NCOUNTERS];
	struct engine *e = d->side[no].e;
	struct msg_drop_row m;
	uint32_t at = 0;

	memset(noted, 0, sizeof(noted));
	memset(rows, 0, sizeof(rows));
	while (engine_drop_row(e, &at, d->now, d->now, &m) == 0) {
		noted[m.why] += m.count;
		rows[m.why]++;
	}
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		const struct counter_info *c = counter_info((enum counter)i);
		uint64_t n = duo_count(d, no, (enum counter)i);

		if (c->kind != K_DROP)
			ck_assert_uint_eq(rows[i], 0);
		else if (rows[i] < DROPS_EACH)
			ck_assert_msg(noted[i] == n, "%s: %ju of %ju", c->name,
			    (uintmax_t)noted[i], (uintmax_t)n);
		else
			ck_assert_uint_le(noted[i], n);
	}
}

static inline void
duo_balanced(struct duo *d)
{
	for (int i = 0; i < 2; i++) {
		const struct counters *c = engine_counters(d->side[i].e);

		ck_assert_int_eq(counters_balance(c, B_ENG_OUT), 0);
		ck_assert_int_eq(counters_balance(c, B_ENG_IN), 0);
		duo_noted(d, i);
	}
}

#endif
