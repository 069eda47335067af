/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_filter.c */
/*
 * Rules in text, a NUL, then packets: each an octet (bit 0: out, 1: of the
 * other peer, 2: later), two of length, the packet.
 *
 * Against the slow filter: a whole packet that nothing is remembered of is
 * judged as it says; one that is let through though it says no is of what was
 * let through before.  Without memory, a fragment that passes would pass
 * whatever its ports are.
 */
#include <stdio.h>
#include <stdlib.h>

#include "filter.h"
#include "slow_filter.h"

#define PATH "/etc/mesh/mesh.conf"
#define TEXT_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const uint8_t hash_key[16];
static const char groups[2][CERT_GROUP_MAX] = {"admins", "staff"};
static struct conf_diags ds;

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static int
read_rules(const uint8_t *data, size_t len, struct conf *c)
{
	static const char head[] =
	    "tunnel { address 10.77.0.1/16 }\nfilter {\n";
	char text[TEXT_MAX];
	int n;

	n = snprintf(text, sizeof(text), "%s%.*s\n}\n", head, (int)len,
	    (const char *)data);
	conf_defaults(c, "alpha", "/run/mesh");
	return conf_parse(PATH, text, (size_t)n, NULL, NULL, 0, c, &ds);
}

static bool
has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_SCTP;
}

static struct slow_datagram
slow_of(const struct pkt *p, bool out, bool other)
{
	return (struct slow_datagram){.out = out,
	    .ports = has_ports(p->proto),
	    .proto = p->proto,
	    .dport = p->dport,
	    .near = out ? p->src : p->dst,
	    .far = out ? p->dst : p->src,
	    .peer = other ? "gamma" : "beta",
	    .group = groups,
	    .ngroups = other ? 0 : 2};
}

/* Something of a filter that remembers nothing, judged by both. */
static void
compare(const struct conf_node *n, const struct filter_ask *a, bool other)
{
	struct filter *f = filter_new(FILTER_STATES_MIN, hash_key);
	struct slow_datagram d = slow_of(a->p, a->out, other);
	struct filter_ask first = *a;
	unsigned decided;
	bool pass, slow;

	if (f == NULL)
		return;
	filter_set(f, n);
	first.who = filter_who(f, d.peer, d.group, d.ngroups);
	pass = filter_pass(f, &first);
	if (!a->p->fragment) {
		slow = slow_pass(n, &d, &decided);
		require(pass == slow);
		require(filter_last(f) == decided);
	} else if (pass && !a->p->first && a->p->version == 4) {
		for (unsigned port = 0; port < 65536; port += 97) {
			d.dport = (uint16_t)port;
			require(slow_pass(n, &d, &decided));
		}
		for (unsigned i = 0; i < n->nports; i++) {
			d.dport = n->port[i];
			require(slow_pass(n, &d, &decided));
		}
	}
	/* the same again is what it was */
	require(filter_pass(f, &first) == pass);
	filter_free(f);
}

static void
packets(const struct conf_node *n, const uint8_t *data, size_t len)
{
	struct filter *f = filter_new(FILTER_STATES_MIN, hash_key);
	uint64_t now_ms = 1000, passed = 0;
	struct pkt p;

	if (f == NULL)
		return;
	filter_set(f, n);
	while (len >= 3) {
		uint8_t how = data[0];
		size_t size = (size_t)(data[1] << 8 | data[2]);
		struct filter_ask a = {.p = &p, .out = how & 1};
		bool other = how & 2;
		uint8_t *copy;

		data += 3;
		len -= 3;
		if (size > len)
			size = len;
		now_ms += how & 4 ? 400000 : 1;
		a.now_ms = now_ms;
		a.peer = other;
		a.who = filter_who(
		    f, other ? "gamma" : "beta", groups, other ? 0 : 2);
		copy = malloc(size + (size == 0));
		if (copy == NULL)
			break;
		memcpy(copy, data, size);
		if (pkt_parse(&p, copy, size) == 0) {
			compare(n, &a, other);
			passed += filter_pass(f, &a);
		}
		free(copy);
		data += size;
		len -= size;
	}
	for (unsigned i = 0; i < FILTER_NRULES; i++)
		passed -= i == FILTER_PORTS ? 0
		    : i == FILTER_DEFAULT
		    ? (n->filter_deny ? 0 : filter_hit(f, i)->packets)
		    : i < n->nrules && n->rule[i].pass
		    ? filter_hit(f, i)->packets
		    : 0;
	require(passed == 0);
	filter_free(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	size_t text = 0;
	struct conf c;

	while (text < len && data[text] != 0)
		text++;
	if (text > TEXT_MAX - 100)
		return 0;
	if (read_rules(data, text, &c) == -1)
		return 0;
	if (text < len)
		packets(&c.node, data + text + 1, len - text - 1);
	conf_clear(&c);
	return 0;
}
