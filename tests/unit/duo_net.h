/* SPDX-License-Identifier: ISC */
/* file: tests/unit/duo_net.h */
#ifndef DUO_NET_H
#define DUO_NET_H

/*
 * The two engines of duo.h as members alpha and beta of one network, which
 * don't know each other: no configured peers, certificates by a real authority,
 * and a discoveryd that says what the test wants.
 */
#include "duo.h"
#include "engine_int.h"

#define NET_DAY 86400u

static const uint8_t net_seed[32] = {7, 7, 7}; /* the authority's */
static const uint8_t net_other_seed[32] = {8, 8};

/* A certificate to be signed: of the node with this key, 10.0.0.`host`. */
static inline struct cert
net_cert(
    const struct duo *d, const uint8_t key[32], uint8_t host, uint64_t serial)
{
	struct cert c = {.serial = serial,
	    .not_before = d->unix_s - 100,
	    .not_after = d->unix_s + 30 * NET_DAY,
	    .naddresses = 1};

	memcpy(c.node, key, 32);
	memset(c.ed, host, 32);
	snprintf(c.name, sizeof(c.name), "node%u", host);
	c.address[0] = (struct prefix){.addr.family = 4, .len = 16};
	memcpy(c.address[0].addr.b, (uint8_t[]){10, 0, 0, host}, 4);
	return c;
}

static inline uint16_t
net_sign(uint8_t out[CERT_MAX], struct cert *c, const uint8_t seed[32])
{
	size_t n = cert_sign(out, c, seed);

	ck_assert_uint_ne(n, 0);
	return (uint16_t)n;
}

/* The network as `no` has it, with its own certificate. */
static inline struct conf_net
net_conf(const struct duo *d, int no, uint64_t serial)
{
	struct conf_net n = {.on = true};
	struct cert c =
	    net_cert(d, d->side[no].keys.pub, (uint8_t)(no + 1), serial);

	ck_assert_int_eq(crypto_sign_pub(n.bundle.authority, net_seed), 0);
	memset(n.bundle.directory, 3, 32);
	memset(n.bundle.holder, 4, 32);
	duo_prefix("10.0.0.0/16", &n.bundle.prefix);
	n.bundle.certlen = net_sign(n.bundle.cert, &c, net_seed);
	memset(n.keys.psk, 5, 32);
	return n;
}

static inline void
net_set(struct duo *d, int no, const struct conf_net *n)
{
	engine_set_network(d->side[no].e, d->now, n);
	d->side[no].e->relay->known = true; /* it calls nobody by itself */
	duo_configure(d, no);
}

static inline struct duo *
net_new(void)
{
	struct duo *d = duo_new();

	for (int i = 0; i < 2; i++) {
		struct conf_net n = net_conf(d, i, 100 + (uint64_t)i);

		d->side[i].conf.npeers = 0;
		d->side[i].disc = true;
		net_set(d, i, &n);
	}
	return d;
}

static inline void
net_free(struct duo *d)
{
	for (int i = 0; i < 2; i++) /* what duo_conf made */
		d->side[i].conf.npeers =
		    d->side[i].conf.npeers == 0 ? 1 : d->side[i].conf.npeers;
	duo_free(d);
}

/* discoveryd's answer about a node with this certificate, at b's place. */
static inline struct msg_lookup_reply
net_reply(struct duo *d, struct cert *c, const uint8_t seed[32])
{
	struct msg_lookup_reply r = {.status = LOOKUP_FOUND, .n = 1};

	memcpy(r.key, c->node, 32);
	r.c[0].type = 1;
	r.c[0].ep = d->side[1].ep;
	r.certlen = net_sign(r.cert, c, seed);
	return r;
}

static inline void
net_answer(struct duo *d, const struct msg_lookup_reply *r)
{
	engine_on_lookup(d->side[0].e, d->now, d->side[0].last_lookup, r);
	duo_tick(d);
}

/* discoveryd of a knows b. */
static inline void
net_found(struct duo *d)
{
	struct cert c = net_cert(d, d->side[1].keys.pub, 2, 101);
	struct msg_lookup_reply r = net_reply(d, &c, net_seed);

	net_answer(d, &r);
}

/* a's packet to b, who is found. */
static inline void
net_call(struct duo *d)
{
	duo_a_to_b(d);
	net_found(d);
	duo_pump(d);
}

static inline struct duo *
net_up(void)
{
	struct duo *d = net_new();

	net_call(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	return d;
}

/* ---- somebody who calls b, message by message ---- */

struct caller {
	struct keys keys;
	struct noise hs;
	struct keypair *kp; /* NULL: not answered */
	struct endpoint ep;
};

static inline void
caller_mix(struct duo *d, struct caller *c, const struct msg_mix_ask *a,
    struct msg_mix_reply *r)
{
	keys_mix(&c->keys, d->now, a, r);
	ck_assert_int_eq(r->status, KEY_OK);
}

static inline void
caller_init(struct duo *d, struct caller *c, uint32_t no)
{
	uint8_t priv[32];

	*c = (struct caller){.ep = d->side[0].ep};
	duo_fill(&d->side[0], priv, sizeof(priv));
	ck_assert_int_eq(keys_load(&c->keys, priv, d->now), 0);
	c->ep.addr.b[2] = (uint8_t)(no >> 8);
	c->ep.addr.b[3] = (uint8_t)((no & 0x7f) | 0x80);
	c->ep.port = (uint16_t)(1000 + no);
}

/* Only the initiation. */
static inline void
caller_knock(struct duo *d, struct caller *c)
{
	uint8_t eph[32], msg[WG_INITIATION_LEN], stored[8];
	struct msg_stamp_reply stamp;
	struct msg_mix_reply r;
	struct msg_mix_ask a;
	struct cookie_jar jar;
	struct duo_msg m = {.to = 1, .from = c->ep, .sock = 3};

	duo_fill(&d->side[0], eph, sizeof(eph));
	ck_assert_int_eq(noise_init_start(&c->hs, c->keys.pub,
			     d->side[1].keys.pub, eph, 77, msg, &a),
	    0);
	caller_mix(d, c, &a, &r);
	keys_stamp(&c->keys, d->now / 1000, (uint32_t)(d->now % 1000) * 1000000,
	    stamp.stamp, stored);
	noise_init_finish(&c->hs, &r, stamp.stamp, msg);
	cookie_jar_init(&jar, d->side[1].keys.pub);
	cookie_stamp(&jar, d->now, msg, sizeof(msg));
	memcpy(m.data, msg, sizeof(msg));
	m.len = sizeof(msg);
	duo_deliver(d, &m);
}

/* Initiation and response; whether it worked is c->kp. */
static inline void
caller_call(struct duo *d, struct caller *c, const uint8_t psk[32])
{
	struct noise_keys keys;
	struct msg_mix_reply r;
	struct msg_mix_ask a;

	d->nwire = 0;
	caller_knock(d, c);
	duo_keyd(d);
	if (d->nwire != 1 || d->wire[0].len != WG_RESPONSE_LEN)
		return;
	d->nwire = 0;
	ck_assert_int_eq(noise_resp_read(&c->hs, d->wire[0].data, &a), 0);
	caller_mix(d, c, &a, &r);
	if (noise_resp_finish(&c->hs, &r, psk, d->wire[0].data, &keys) == 0)
		c->kp = keypair_new(
		    &keys, 77, c->hs.remote_index, WG_REJECT_AFTER_MESSAGES);
}

static inline void
caller_data(struct duo *d, struct caller *c, const void *plain, size_t len)
{
	struct duo_msg m = {.to = 1, .from = c->ep, .sock = 3};

	m.len = keypair_seal(c->kp, m.data, plain, len, len + 16);
	duo_deliver(d, &m);
}

static inline void
caller_say(
    struct duo *d, struct caller *c, uint8_t type, const void *body, size_t len)
{
	uint8_t frame[FRAME_MAX];
	size_t n = frame_put(frame, sizeof(frame), type, body, len);

	ck_assert_uint_ne(n, 0);
	caller_data(d, c, frame, n);
}

static inline void
caller_hello(struct duo *d, struct caller *c, struct cert *cert)
{
	struct hello h = {.boot = 1, .mtu = 1400};
	uint8_t body[FRAME_BODY_MAX];

	h.certlen = net_sign(h.cert, cert, net_seed);
	caller_say(d, c, FRAME_HELLO, body, hello_put(body, &h));
	duo_keyd(d);
}

/* What b sent it: the type of the frame, 0: none, or no frame. */
static inline uint8_t
caller_heard(struct duo *d, struct caller *c)
{
	struct frame f;
	uint8_t type = 0;

	for (uint32_t i = 0; i < d->nwire; i++) {
		struct duo_msg *m = &d->wire[i];
		uint8_t plain[2048];
		long n;

		if (wg_get32(m->data) != WG_DATA)
			continue;
		n = keypair_open(c->kp, plain, m->data, m->len);
		if (n > 0 && frame_get(plain, (size_t)n, &f) == 0)
			type = f.type;
	}
	d->nwire = 0;
	return type;
}

static inline void
caller_end(struct caller *c)
{
	keypair_free(c->kp);
	keys_wipe(&c->keys);
}

static inline struct peer_slot *
net_slot(struct duo *d, int no)
{
	return engine_find_key(d->side[no].e, d->side[!no].keys.pub);
}

/* a's slot of the node whose key begins so. */
static inline struct peer_slot *
net_slot_at(struct duo *d, uint8_t first)
{
	struct engine *e = d->side[0].e;

	for (uint32_t i = 0; i < e->npeers; i++)
		if (e->slot[e->order[i]]->conf.key[0] == first)
			return e->slot[e->order[i]];
	return NULL;
}

static inline struct peer_slot *
net_slot_of(struct duo *d, const uint8_t key[32])
{
	return engine_find_key(d->side[1].e, key);
}

#endif
