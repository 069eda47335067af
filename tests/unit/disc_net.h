/* SPDX-License-Identifier: ISC */
/* file: tests/unit/disc_net.h */
#ifndef DISC_NET_H
#define DISC_NET_H

/*
 * A network for discoveryd's tests: one authority, and members 0, 1, 2 ... with
 * the names n0, n1, ... and the addresses 10.77.0.1, 10.77.0.2, ...
 */
#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "conf.h"
#include "crypto.h"
#include "netkey.h"
#include "record.h"
#include "rnd.h"
#include "unit.h"

#define T0 1800000000u /* unix seconds when the tests begin */

static inline void
net_fill(void *ctx, void *out, size_t len)
{
	uint64_t *state = ctx;

	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(unit_random(state) >> 24);
}

static inline void
net_seed(uint8_t seed[32], const char *what, unsigned i)
{
	crypto_sha256(seed, what, strlen(what), &i, sizeof(i));
}

static inline struct addr
net_addr(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

static inline struct endpoint
net_ep(const char *ip, uint16_t port)
{
	return (struct endpoint){.addr = net_addr(ip), .port = port};
}

static inline struct addr
net_ip(unsigned i)
{
	struct addr a = {.family = 4, .b = {10, 77, 0, (uint8_t)(i + 1)}};

	return a;
}

static inline void
net_node_key(uint8_t pub[32], unsigned i)
{
	uint8_t id[32];

	net_seed(id, "identity", i);
	ck_assert_int_eq(crypto_x25519_pub(pub, id), 0);
}

static inline void
net_node_seed(uint8_t seed[32], unsigned i)
{
	uint8_t id[32];

	net_seed(id, "identity", i);
	netkey_node_seed(seed, id);
}

/* Certificate and records of member i with that serial. */
static inline void
net_bundle(struct bundle *b, unsigned i, uint64_t serial)
{
	struct cert c = {.serial = serial,
	    .not_before = T0 - 1000 + serial,
	    .not_after = T0 + 30 * 86400};
	uint8_t ca[32], dir[32], seed[32];

	memset(b, 0, sizeof(*b));
	net_seed(ca, "authority", 0);
	net_seed(dir, "directory", 0);
	crypto_sign_pub(b->authority, ca);
	crypto_sign_pub(b->directory, dir);
	net_node_key(b->holder, 0);
	net_seed(b->secret, "secret", 0);
	ck_assert_int_eq(prefix_parse("10.77.0.0/16", &b->prefix), 0);
	net_node_key(c.node, i);
	net_node_seed(seed, i);
	crypto_sign_pub(c.ed, seed);
	snprintf(c.name, sizeof(c.name), "n%u", i);
	c.naddresses = 1;
	c.address[0] = (struct prefix){.addr = net_ip(i), .len = 16};
	ck_assert_int_eq(bundle_issue(b, &c, ca, dir), 0);
}

static inline void
net_conf(struct conf_net *net, unsigned i)
{
	memset(net, 0, sizeof(*net));
	net->on = true;
	net_bundle(&net->bundle, i, 100 + i);
	netkeys_derive(&net->keys, net->bundle.secret);
	memset(net->bundle.secret, 0, 32);
	memset(net->keys.psk, 0, 32);
}

/* Member i says where it is. */
static inline void
net_place(struct record *r, unsigned i, uint64_t seq, const char *ip)
{
	struct place p = {.n = 1};
	uint8_t content[PLACE_MAX], seed[32], node[32];
	struct conf_net net;

	net_conf(&net, 0);
	p.c[0] = (struct candidate){.type = 1, .ep = net_ep(ip, 51820)};
	net_node_key(node, i);
	net_node_seed(seed, i);
	*r = (struct record){.kind = REC_PLACE, .seq = seq};
	crypto_sign_pub(r->k, seed);
	record_salt_place(r->salt, net.keys.rdv, node);
	ck_assert_int_eq(
	    record_seal(r, net.keys.rec, content, place_put(content, &p)), 0);
	ck_assert_int_eq(record_sign(r, seed), 0);
}

/* A revocation list with one serial. */
static inline size_t
net_crl(uint8_t out[CRL_MAX], uint64_t number, uint64_t serial)
{
	struct crl c = {.number = number,
	    .issued = T0,
	    .next_update = T0 + 86400,
	    .n = 1,
	    .serial = {serial}};
	uint8_t ca[32];

	net_seed(ca, "authority", 0);
	return crl_sign(out, &c, ca);
}

#endif
