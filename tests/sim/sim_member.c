/* SPDX-License-Identifier: ISC */
/* file: tests/sim/sim_member.c */
/* The authority of the simulated network, and those who would like to be it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto.h"
#include "sim_int.h"

#define SERIAL 1000 /* of node 0 */
#define YEAR_S (365u * 86400u)

static const uint8_t seed[32] = {1, 2, 3}, other_seed[32] = {3, 2, 1};

/* Node no's certificate, with the address of node `of`. */
static uint16_t
certify(const struct sim *s, uint32_t no, uint32_t of, const uint8_t ca[32],
    uint64_t until_s, uint8_t out[CERT_MAX])
{
	struct cert c = {.serial = SERIAL + no,
	    .not_before = SIM_UNIX0 - YEAR_S,
	    .not_after = until_s,
	    .naddresses = 1,
	    .caps = no < s->conf.relays ? CERT_CAP_RELAY : 0};

	memcpy(c.node, s->node[no].keys.pub, 32);
	memset(c.ed, 1, 32);
	snprintf(c.name, sizeof(c.name), "node%u", no);
	sim_addr(of, &c.address[0].addr);
	c.address[0].len = 16;
	return (uint16_t)cert_sign(out, &c, ca);
}

void
sim_certify(struct sim *s)
{
	for (uint32_t i = 0; i < s->conf.nodes; i++) {
		struct sim_node *n = &s->node[i];

		n->certlen =
		    certify(s, i, i, seed, SIM_UNIX0 + 20ull * YEAR_S, n->cert);
		if (n->certlen == 0)
			abort();
	}
}

void
sim_network(const struct sim_node *n, struct conf_net *c)
{
	*c = (struct conf_net){.on = true};
	if (crypto_sign_pub(c->bundle.authority, seed) == -1)
		abort();
	sim_addr(0, &c->bundle.prefix.addr);
	c->bundle.prefix.len = 16;
	prefix_mask(&c->bundle.prefix);
	c->bundle.certlen = n->certlen;
	memcpy(c->bundle.cert, n->cert, n->certlen);
	memset(c->keys.psk, 9, sizeof(c->keys.psk));
}

uint32_t
sim_node_by_key(const struct sim *s, const struct addr *a)
{
	uint8_t ca[32];
	struct addr at;

	if (a->family != 6 || crypto_sign_pub(ca, seed) == -1)
		return SIM_NOBODY;
	for (uint32_t i = 0; i < s->conf.nodes; i++) {
		cert_address6(&at, ca, s->node[i].keys.pub);
		if (addr_eq(&at, a))
			return i;
	}
	return SIM_NOBODY;
}

/* It has published the relays that it can reach. */
void
sim_hints(const struct sim *s, uint32_t no, struct msg_lookup_reply *r)
{
	uint8_t ca[32];

	if (crypto_sign_pub(ca, seed) == -1)
		abort();
	for (uint32_t i = 0; i < s->conf.relays; i++) {
		struct candidate *c = &r->c[r->n];

		if (i == no || sim_pair(s, no, i)->blocked ||
		    r->n == CANDIDATES_MAX)
			continue;
		*c = (struct candidate){.type = CANDIDATE_RELAY};
		cert_address6(&c->ep.addr, ca, s->node[i].keys.pub);
		r->n++;
	}
}

void
sim_lie(struct sim *s, struct msg_lookup_reply *r)
{
	uint32_t a = sim_below(s, s->conf.nodes),
		 b = sim_below(s, s->conf.nodes);

	r->status = LOOKUP_FOUND;
	switch (sim_below(s, 5)) {
	case 0: /* good, but of a node that was not asked for */
		memcpy(r->key, s->node[a].keys.pub, 32);
		memcpy(r->cert, s->node[a].cert, s->node[a].certlen);
		r->certlen = s->node[a].certlen;
		break;
	case 1: /* a's key with b's address, by an authority of its own */
		memcpy(r->key, s->node[a].keys.pub, 32);
		r->certlen = certify(
		    s, a, b, other_seed, SIM_UNIX0 + 20ull * YEAR_S, r->cert);
		break;
	case 2: /* one that is over */
		memcpy(r->key, s->node[a].keys.pub, 32);
		r->certlen =
		    certify(s, a, b, seed, SIM_UNIX0 - YEAR_S / 2, r->cert);
		break;
	case 3: /* b's certificate for a's key */
		memcpy(r->key, s->node[a].keys.pub, 32);
		memcpy(r->cert, s->node[b].cert, s->node[b].certlen);
		r->certlen = s->node[b].certlen;
		break;
	default: /* a bit somewhere */
		if (r->certlen > 0)
			r->cert[sim_below(s, r->certlen)] ^=
			    (uint8_t)(1 << sim_below(s, 8));
	}
}

void
sim_revoke(struct sim *s, uint32_t a, uint32_t b)
{
	struct crl l = {.number = ++s->crl_number,
	    .issued = SIM_UNIX0,
	    .next_update = SIM_UNIX0 + YEAR_S,
	    .n = 1,
	    .serial = {SERIAL + b}};
	uint8_t blob[CRL_MAX];
	size_t len = crl_sign(blob, &l, seed);

	if (s->node[a].engine == NULL)
		return;
	if (engine_on_crl(s->node[a].engine, s->now_ms, ROLE_CTL, blob, len) !=
	    NULL)
		sim_fail(s, "node %u refused a revocation list", a);
	sim_node_turn(&s->node[a]);
}
