/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_filter_would.c */
/*
 * What the filter would do is what it does, and asking changes nothing: random
 * rules, random packets, each asked about before it is judged.
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "pktgen.h"
#include "unit.h"

static const uint8_t hash_key[16] = {1};
static const char *const near_at[] = {"10.77.0.1", "fd00::1"};
static const char *const far_at[] = {"10.77.0.2", "fd00::2"};
static struct conf_node node;
static struct filter *filter;

static void
some_rules(void)
{
	node =
	    (struct conf_node){.flows_idle_s = 300, .filter_deny = rand() & 1};
	node.nrules = (uint8_t)(rand() % 6);
	for (unsigned i = 0; i < node.nrules; i++) {
		struct conf_rule *r = &node.rule[i];
		uint16_t port = (uint16_t)(rand() % 4);

		*r = (struct conf_rule){.pass = rand() & 1,
		    .out = rand() & 1,
		    .quick = rand() & 1,
		    .proto = rand() & 1 ? 6 : 17};
		if (rand() & 1)
			r->port[r->nports++] = (struct conf_ports){port, port};
	}
	if (rand() % 4 == 0)
		node.port[node.nports++] = 1;
	filter_set(filter, &node);
}

static void
one_packet(uint64_t now_ms)
{
	unsigned v = rand() & 1;
	struct filter_would w = {.out = rand() & 1,
	    .proto = rand() & 1 ? 6 : 17,
	    .near_port = (uint16_t)(rand() % 4),
	    .far_port = (uint16_t)(rand() % 4),
	    .peer = 1,
	    .now_ms = now_ms};
	struct filter_ask a = {.out = w.out, .peer = 1, .now_ms = now_ms};
	struct filter_hit before;
	struct gen g;
	struct pkt p;
	unsigned rule;
	bool known;

	addr_parse(near_at[v], &w.near);
	addr_parse(far_at[v], &w.far);
	gen_ip(&g, w.out ? near_at[v] : far_at[v],
	    w.out ? far_at[v] : near_at[v], w.proto);
	if (w.proto == 6)
		gen_tcp(&g, w.out ? w.far_port : w.near_port, 1, 20, 10);
	else
		gen_udp(&g, w.out ? w.far_port : w.near_port, 10);
	gen_16(g.b + g.l4, w.out ? w.near_port : w.far_port);
	if (w.proto == 6)
		g.b[g.l4 + 13] = 16;
	ck_assert_int_eq(pkt_parse(&p, g.b, g.len), 0);
	a.p = &p;
	rule = filter_would(filter, &w, &known);
	before = *filter_hit(filter, rule);
	for (int i = 0; i < 3; i++) /* asked again it says the same */
		ck_assert_uint_eq(filter_would(filter, &w, &known), rule);
	ck_assert_mem_eq(&before, filter_hit(filter, rule), sizeof(before));
	ck_assert_int_eq(filter_pass(filter, &a), filter_passes(filter, rule));
	ck_assert_uint_eq(filter_last(filter), rule);
	/* known: the connection was counted when it began */
	ck_assert_uint_eq(
	    filter_hit(filter, rule)->connections, before.connections + !known);
}

START_TEST(what_it_would_do_is_what_it_does)
{
	const char *s = getenv("SEED");
	unsigned seed = s == NULL ? 1 : (unsigned)strtoul(s, NULL, 0);
	uint64_t now_ms = 5000;

	srand(seed);
	filter = filter_new(1024, hash_key);
	ck_assert_ptr_nonnull(filter);
	for (int round = 0; round < 500; round++) {
		/* as if the engine had none before: nothing is known of old */
		filter_free(filter);
		filter = filter_new(1024, hash_key);
		some_rules();
		for (int i = 0; i < 60; i++)
			one_packet(now_ms += (uint64_t)(rand() % 100000));
	}
	filter_free(filter);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {what_it_would_do_is_what_it_does};

	return UNIT_RUN("filter_would", tests);
}
