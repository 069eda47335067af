/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_filter.c */
/*
 * The filter: every rule and pair of rules of a small world against the slow
 * one, then what is remembered: answers, errors, fragments, other rules, and
 * who makes way for whom.
 */
#include "filter.h"
#include "pktgen.h"
#include "slow_filter.h"
#include "unit.h"

#define NEAR "10.77.0.1"
#define FAR "10.77.0.2"
#define THIRD "10.77.0.3"
#define NEAR6 "fd00::1"
#define FAR6 "fd00::2"

static const uint8_t hash_key[16] = {1};
static struct conf_node node;
static struct filter *filter;
static struct gen g;
static uint64_t now_ms;
static uint64_t who; /* of the peer that the next packets are of */
static uint32_t peer;
static const char admins[1][CERT_GROUP_MAX] = {"admins"};

/* No rules; allow. */
static void
setup(void)
{
	node = (struct conf_node){.flows_idle_s = 300};
	filter = filter_new(1024, hash_key);
	ck_assert_ptr_nonnull(filter);
	now_ms = 5000;
	who = 0;
	peer = 1;
}

static void
teardown(void)
{
	filter_free(filter);
}

static void
use(void)
{
	filter_set(filter, &node);
	who = filter_who(filter, "beta", NULL, 0);
}

static struct conf_rule *
add(bool pass, bool out, uint8_t proto, uint16_t port)
{
	struct conf_rule *r = &node.rule[node.nrules++];

	*r = (struct conf_rule){.pass = pass, .out = out, .proto = proto};
	if (port != 0)
		r->port[r->nports++] = (struct conf_ports){port, port};
	use();
	return r;
}

static bool
pass_bytes(bool out, const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len);
	struct pkt p;
	bool pass;

	/* of exact size, so that a sanitizer sees an overrun */
	memcpy(copy, data, len);
	ck_assert_int_eq(pkt_parse(&p, copy, len), 0);
	pass = filter_pass(filter,
	    &(struct filter_ask){.p = &p,
		.out = out,
		.peer = peer,
		.who = who,
		.now_ms = now_ms});
	free(copy);
	return pass;
}

static bool
pass_it(bool out)
{
	return pass_bytes(out, g.b, g.len);
}

static void
make(bool out, uint8_t proto, uint16_t near_port, uint16_t far_port)
{
	gen_ip(&g, out ? NEAR : FAR, out ? FAR : NEAR, proto);
	if (proto == 6)
		gen_tcp(&g, out ? far_port : near_port, 1, 20, 10);
	else
		gen_udp(&g, out ? far_port : near_port, 10);
	gen_16(g.b + g.l4, out ? near_port : far_port);
}

static bool
udp(bool out, uint16_t near_port, uint16_t far_port)
{
	make(out, 17, near_port, far_port);
	return pass_it(out);
}

static bool
tcp(bool out, uint16_t near_port, uint16_t far_port, uint8_t flags)
{
	make(out, 6, near_port, far_port);
	g.b[g.l4 + 13] = flags;
	return pass_it(out);
}

#define SYN 2
#define ACK 16
#define RST 4

static bool
icmp(bool out, uint8_t type, uint16_t id)
{
	gen_ip(&g, out ? NEAR : FAR, out ? FAR : NEAR, 1);
	memset(g.b + g.len, 0, 16);
	g.b[g.len] = type;
	gen_16(g.b + g.len + 4, id);
	g.len += 16;
	gen_seal(&g);
	return pass_it(out);
}

/* ---- rules ---- */

/* Rule i of the small world; false: there is no such rule. */
static bool
small_rule(unsigned i, struct conf_rule *r)
{
	static const uint8_t protos[] = {0, 6, 1, 47};
	unsigned port, far;

	*r = (struct conf_rule){.pass = i & 1, .out = i & 2, .quick = i & 4};
	r->proto = protos[i >> 3 & 3];
	port = i >> 5 & 3;
	far = i >> 7 & 3;
	if (port != 0 && r->proto != 0 && r->proto != 6)
		return false;
	if (port != 0)
		r->port[r->nports++] = port == 1
		    ? (struct conf_ports){22, 22}
		    : (struct conf_ports){20, port == 2 ? 30 : 21};
	if (far == 1) {
		r->who = CONF_PREFIX;
		prefix_parse("10.77.0.0/24", &r->far);
	} else if (far != 0) {
		r->who = far == 2 ? CONF_GROUP : CONF_PEER;
		snprintf(
		    r->name, sizeof(r->name), far == 2 ? "admins" : "Beta");
	}
	return true;
}
#define SMALL 512

/* Datagram i, never the same connection twice; what it is, for the slow one. */
static void
small_datagram(unsigned i, struct slow_datagram *d)
{
	static const uint8_t protos[] = {6, 17, 1, 47};
	static uint16_t other;
	const char *near = NEAR, *far = i & 16 ? "10.78.0.2" : FAR;
	uint8_t proto = protos[i >> 1 & 3];

	other++;
	*d = (struct slow_datagram){.out = i & 1,
	    .proto = proto,
	    .ports = proto == 6 || proto == 17,
	    .dport = i & 8 ? 22 : 25,
	    .peer = i & 32 ? "beta" : "gamma",
	    .group = admins,
	    .ngroups = i & 64 ? 1 : 0};
	addr_parse(near, &d->near);
	addr_parse(far, &d->far);
	gen_ip(&g, d->out ? near : far, d->out ? far : near, proto);
	memset(g.b + g.len, 0, 20);
	if (d->ports) {
		gen_16(g.b + g.l4, other);
		gen_16(g.b + g.l4 + 2, d->dport);
	} else if (proto == 1) {
		g.b[g.l4] = 9; /* of nothing that is remembered */
	} else {
		/* not remembered from one to the next */
		gen_16(g.b + (d->out ? 18 : 14), other);
		addr_parse("0.0.0.0", &d->far);
		memcpy(d->far.b, g.b + (d->out ? 16 : 12), 4);
	}
	g.len += 20;
	gen_seal(&g);
}
#define DATAGRAMS 128

static void
compare_all(void)
{
	struct slow_datagram d;
	unsigned decided;
	bool pass;

	for (unsigned i = 0; i < DATAGRAMS; i++) {
		small_datagram(i, &d);
		who = filter_who(filter, d.peer, d.group, d.ngroups);
		pass = slow_pass(&node, &d, &decided);
		ck_assert_int_eq(pass_it(d.out), pass);
		ck_assert_uint_eq(filter_last(filter), decided);
	}
}

START_TEST(every_rule_says_of_every_datagram_what_the_slow_one_says)
{
	for (unsigned i = 0; i < SMALL * 2; i++) {
		if (!small_rule(i / 2, &node.rule[0]))
			continue;
		node.nrules = 1;
		node.filter_deny = i & 1;
		filter_set(filter, &node);
		compare_all();
	}
}
END_TEST

START_TEST(so_do_pairs_of_rules_and_unallowed_ports)
{
	uint64_t r = unit_seed();

	for (unsigned i = 0; i < 4000; i++) {
		node.nrules = 0;
		while (node.nrules < 2 + i % 4)
			node.nrules += small_rule(
			    gen_dice(&r, SMALL), &node.rule[node.nrules]);
		node.filter_deny = gen_dice(&r, 2) != 0;
		node.nports = (uint16_t)gen_dice(&r, 2);
		node.port[0] = 22;
		filter_set(filter, &node);
		compare_all();
	}
}
END_TEST

START_TEST(without_rules_all_passes_and_there_is_nothing_to_do)
{
	ck_assert(!filter_wanted(&node));
	use();
	ck_assert(udp(false, 22, 1000));
	ck_assert_uint_eq(filter_last(filter), FILTER_DEFAULT);
	node.nports = 1;
	ck_assert(filter_wanted(&node));
	node.nports = 0;
	node.filter_deny = true;
	ck_assert(filter_wanted(&node));
}
END_TEST

START_TEST(icmp_is_that_of_both_families)
{
	node.filter_deny = true;
	add(true, false, 1, 0);
	gen_ip(&g, FAR6, NEAR6, 58);
	memset(g.b + g.len, 0, 8);
	g.b[g.len] = 128;
	g.len += 8;
	gen_seal(&g);
	ck_assert(pass_it(false));
	ck_assert(icmp(false, 8, 7));
	ck_assert(!udp(false, 1, 2));
}
END_TEST

/* ---- connections ---- */

START_TEST(an_answer_passes_and_nothing_else_of_that_peer)
{
	node.filter_deny = true;
	add(true, true, 17, 53);
	ck_assert(!udp(false, 4000, 53));
	ck_assert(udp(true, 4000, 53));
	ck_assert(udp(false, 4000, 53));
	ck_assert(!udp(false, 4001, 53));
	ck_assert(!udp(false, 4000, 54));
	ck_assert(!tcp(false, 4000, 53, ACK));
	peer = 2;
	ck_assert(!udp(false, 4000, 53));
}
END_TEST

START_TEST(answers_of_this_node_pass_too)
{
	node.filter_deny = true;
	add(true, false, 6, 22);
	ck_assert(!tcp(true, 22, 5000, SYN | ACK));
	ck_assert(tcp(false, 22, 5000, SYN));
	ck_assert(tcp(true, 22, 5000, SYN | ACK));
	ck_assert(!tcp(true, 5000, 22, SYN));
}
END_TEST

START_TEST(a_syn_alone_is_no_answer)
{
	node.filter_deny = true;
	add(true, true, 6, 0);
	ck_assert(tcp(true, 22, 5000, SYN));
	ck_assert(!tcp(false, 22, 5000, SYN));
	/* and does not end what there is */
	ck_assert(tcp(false, 22, 5000, SYN | ACK));
}
END_TEST

START_TEST(what_was_refused_may_be_begun_from_the_other_end)
{
	node.filter_deny = true;
	add(true, true, 17, 0);
	ck_assert(!udp(false, 4000, 53));
	ck_assert(udp(true, 4000, 53));
	ck_assert(udp(false, 4000, 53));
}
END_TEST

START_TEST(a_silent_connection_is_forgotten_tcp_later_and_sooner_if_closed)
{
	node.filter_deny = true;
	add(true, true, 0, 0);
	ck_assert(udp(true, 1, 2));
	ck_assert(tcp(true, 1, 2, SYN));
	ck_assert(tcp(true, 3, 2, SYN));
	ck_assert(tcp(false, 3, 2, RST | ACK));
	now_ms += (FILTER_CLOSED_S + 1) * 1000;
	ck_assert(!tcp(false, 3, 2, ACK));
	ck_assert(tcp(false, 1, 2, ACK));
	ck_assert(udp(false, 1, 2));
	now_ms += 301 * 1000;
	ck_assert(!udp(false, 1, 2));
	ck_assert(tcp(false, 1, 2, ACK));
	now_ms += (FILTER_TCP_S + 1) * UINT64_C(1000);
	ck_assert(!tcp(false, 1, 2, ACK));
}
END_TEST

START_TEST(an_echo_is_answered_and_not_asked_back)
{
	node.filter_deny = true;
	add(true, true, 1, 0);
	ck_assert(!icmp(false, 0, 7));
	ck_assert(icmp(true, 8, 7));
	ck_assert(icmp(false, 0, 7));
	ck_assert(!icmp(false, 0, 8));
	ck_assert(!icmp(false, 8, 7));
	ck_assert(!icmp(false, 14, 7));
	ck_assert(icmp(true, 8, 1));
	ck_assert(!icmp(false, 8, 1));
}
END_TEST

/* An error for the sender of what g is now, from somebody. */
static bool
error(bool out, const char *from, const char *to, uint8_t type, size_t quoted)
{
	static struct gen e;

	gen_ip(&e, from, to, 1);
	memset(e.b + e.len, 0, 8);
	e.b[e.len] = type;
	memcpy(e.b + e.len + 8, g.b, quoted);
	e.len += 8 + quoted;
	gen_seal(&e);
	return pass_bytes(out, e.b, e.len);
}

START_TEST(an_error_about_a_connection_passes_and_no_other)
{
	node.filter_deny = true;
	add(true, true, 17, 0);
	make(true, 17, 4000, 53);
	ck_assert(!error(false, FAR, NEAR, 3, 28));
	ck_assert(pass_it(true));
	ck_assert(error(false, FAR, NEAR, 3, 28));
	ck_assert(error(false, THIRD, NEAR, 11, 28)); /* a router's */
	ck_assert(!error(false, FAR, NEAR, 5, 28));
	ck_assert(!error(false, FAR, THIRD, 3, 28)); /* not to the sender */
	ck_assert(!error(false, FAR, NEAR, 3, 27));
	peer = 2;
	ck_assert(!error(false, FAR, NEAR, 3, 28));
	peer = 1;
	make(true, 17, 4000, 54);
	ck_assert(!error(false, FAR, NEAR, 3, 28));
	make(false, 17, 4000, 53); /* what it sent itself */
	ck_assert(!error(false, FAR, NEAR, 3, 28));
}
END_TEST

START_TEST(an_error_of_this_node_about_what_came_in_passes)
{
	node.filter_deny = true;
	add(true, false, 17, 53);
	make(false, 17, 53, 4000);
	ck_assert(pass_it(false));
	ck_assert(error(true, NEAR, FAR, 3, 28));
	make(false, 17, 54, 4000);
	ck_assert(!pass_it(false));
	ck_assert(!error(true, NEAR, FAR, 3, 28));
}
END_TEST

/* ---- fragments ---- */

/* A piece of a UDP datagram: octets 0..15 of it, or 16..31. */
static bool
piece(bool second, uint16_t id, uint16_t dport)
{
	make(false, 17, dport, 4000);
	gen_16(g.b + 4, id);
	gen_16(g.b + 6, second ? 2 : 0x2000);
	if (second)
		memset(g.b + 20, 0xff, 16);
	g.len = 36;
	gen_seal(&g);
	return pass_it(false);
}

START_TEST(a_fragment_follows_the_first_that_passed)
{
	node.filter_deny = true;
	add(true, false, 17, 53);
	ck_assert(!piece(true, 9, 0));
	ck_assert(piece(false, 9, 53));
	ck_assert(piece(true, 9, 0));
	ck_assert(!piece(true, 10, 0));
	ck_assert(!piece(false, 11, 54));
	ck_assert(!piece(true, 11, 0));
	now_ms += (FILTER_FRAGMENT_S + 1) * 1000;
	ck_assert(!piece(true, 9, 0));
}
END_TEST

START_TEST(a_fragment_without_ports_passes_only_if_any_port_would)
{
	add(false, false, 17, 53);
	ck_assert(!piece(true, 9, 0));
	ck_assert(!piece(false, 9, 53));
	node.nrules = 0;
	add(false, false, 6, 53);
	ck_assert(piece(true, 9, 0)); /* IPv4 says that it is not TCP */
	node.nrules = 0;
	node.nports = 1;
	node.port[0] = 99;
	use();
	ck_assert(!piece(true, 9, 0));
	ck_assert(!piece(false, 9, 99));
	ck_assert(piece(false, 9, 98));
	ck_assert(piece(true, 9, 0));
}
END_TEST

static bool
piece6(bool second, uint32_t id, uint8_t says, uint16_t dport)
{
	uint8_t *h;

	gen_ip(&g, FAR6, NEAR6, says);
	h = gen_ext(&g, 60, 8);
	h = gen_ext(&g, 44, 8);
	gen_16(h + 2, second ? 16 : 1);
	gen_32(h + 4, id);
	memset(g.b + g.len, 0, 16);
	gen_16(g.b + g.len + 2, dport);
	g.len += 16;
	gen_seal(&g);
	return pass_it(false);
}

START_TEST(a_later_fragment_of_ipv6_is_of_no_protocol)
{
	add(false, false, 6, 22);
	ck_assert(!piece6(true, 1, 17, 0));
	ck_assert(piece6(false, 1, 17, 53));
	ck_assert(piece6(true, 1, 17, 0));
	ck_assert(piece6(true, 1, 6, 0)); /* what it says is of no interest */
	ck_assert(!piece6(true, 2, 17, 0));
	ck_assert(!piece6(false, 2, 6, 22));
	ck_assert(!piece6(true, 2, 6, 0));
}
END_TEST

START_TEST(a_fragment_that_passes_would_pass_with_every_port)
{
	uint64_t r = unit_seed();
	struct slow_datagram d;
	unsigned decided, passed = 0;

	for (unsigned i = 0; i < 4000; i++) {
		bool all = true;

		node.nrules = 0;
		while (node.nrules < 1 + i % 4)
			node.nrules += small_rule(
			    gen_dice(&r, SMALL), &node.rule[node.nrules]);
		node.filter_deny = gen_dice(&r, 2) != 0;
		filter_set(filter, &node);
		who = filter_who(filter, "beta", admins, 1);
		d = (struct slow_datagram){.proto = 17,
		    .ports = true,
		    .peer = "beta",
		    .group = admins,
		    .ngroups = 1};
		addr_parse(NEAR, &d.near);
		addr_parse(FAR, &d.far);
		for (d.dport = 19; d.dport < 32; d.dport++)
			all = all && slow_pass(&node, &d, &decided);
		if (!piece(true, (uint16_t)(i + 100), 0))
			continue;
		ck_assert(all);
		passed++;
	}
	ck_assert_uint_gt(passed, 400);
}
END_TEST

/* ---- changes ---- */

START_TEST(other_rules_judge_a_connection_as_it_was_begun)
{
	node.filter_deny = true;
	add(true, true, 17, 53);
	ck_assert(udp(true, 4000, 53));
	node.rule[0].quick = true;
	use();
	ck_assert(udp(false, 4000, 53));
	node.rule[0].pass = false;
	use();
	ck_assert(!udp(false, 4000, 53));
	ck_assert(!udp(true, 4000, 53));
	node.rule[0].pass = true;
	use();
	ck_assert(!udp(false, 4000, 53));
	ck_assert(udp(true, 4000, 53));
	ck_assert(udp(false, 4000, 53));
}
END_TEST

START_TEST(who_leaves_a_group_loses_what_it_gave)
{
	struct conf_rule *r;

	node.filter_deny = true;
	r = add(true, false, 17, 0);
	r->who = CONF_GROUP;
	snprintf(r->name, sizeof(r->name), "admins");
	filter_set(filter, &node);
	who = filter_who(filter, "beta", admins, 1);
	ck_assert(udp(false, 4000, 53));
	ck_assert(udp(true, 4000, 53));
	who = filter_who(filter, "beta", NULL, 0);
	filter_renew(filter);
	ck_assert(!udp(true, 4000, 53));
	ck_assert(!udp(false, 4000, 53));
}
END_TEST

START_TEST(rules_keep_their_counts_wherever_they_move)
{
	uint16_t len;

	add(true, true, 17, 53);
	ck_assert(udp(true, 4000, 53));
	ck_assert(udp(true, 4000, 53));
	ck_assert(udp(false, 4000, 53));
	len = (uint16_t)g.len;
	node.rule[1] = node.rule[0];
	node.rule[0].pass = false;
	node.nrules = 2;
	use();
	ck_assert_uint_eq(filter_hit(filter, 0)->packets, 0);
	ck_assert_uint_eq(filter_hit(filter, 1)->connections, 1);
	ck_assert_uint_eq(filter_hit(filter, 1)->packets, 3);
	ck_assert_uint_eq(filter_hit(filter, 1)->bytes, 3u * len);
}
END_TEST

START_TEST(what_is_held_and_comes_again_is_counted_once)
{
	add(true, true, 17, 53);
	ck_assert(udp(true, 4000, 53));
	filter_take_back(filter);
	ck_assert(udp(true, 4000, 53));
	ck_assert_uint_eq(filter_hit(filter, 0)->connections, 1);
	ck_assert_uint_eq(filter_hit(filter, 0)->packets, 1);
	ck_assert_uint_eq(filter_hit(filter, 0)->bytes, g.len);
}
END_TEST

/* ---- room ---- */

START_TEST(who_opens_too_many_loses_its_own)
{
	node.filter_deny = true;
	add(true, true, 17, 53);
	add(true, false, 17, 80);
	for (uint16_t i = 0; i < 100; i++)
		ck_assert(udp(true, (uint16_t)(4000 + i), 53));
	peer = 2;
	for (unsigned i = 0; i < 60000; i++)
		ck_assert(udp(false, 80, (uint16_t)i));
	ck_assert_uint_gt(filter_evicted(filter), 50000);
	peer = 1;
	for (uint16_t i = 0; i < 100; i++)
		ck_assert(udp(false, (uint16_t)(4000 + i), 53));
}
END_TEST

START_TEST(nothing_refused_costs_anybody_a_connection)
{
	node.filter_deny = true;
	add(true, true, 17, 53);
	for (uint16_t i = 0; i < 700; i++)
		ck_assert(udp(true, (uint16_t)(4000 + i), 53));
	ck_assert_uint_lt(filter_evicted(filter), 20);
	for (unsigned i = 0; i < 60000; i++)
		ck_assert(!udp(false, 80, (uint16_t)i));
	ck_assert_uint_lt(filter_evicted(filter), 20);
}
END_TEST

/* ---- anything ---- */

START_TEST(any_packet_is_judged_without_a_stumble)
{
	uint64_t r = unit_seed();
	struct pkt p;

	node.filter_deny = true;
	node.nports = 1;
	node.port[0] = 22;
	for (unsigned i = 0; i < 6; i++)
		small_rule(gen_dice(&r, SMALL), &node.rule[i]);
	node.nrules = 6;
	use();
	for (int i = 0; i < 100000; i++) {
		gen_any(&g, &r);
		if (g.len != 0 && pkt_parse(&p, g.b, g.len) == 0)
			(void)pass_it(i & 1);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_rule_says_of_every_datagram_what_the_slow_one_says,
	    so_do_pairs_of_rules_and_unallowed_ports,
	    without_rules_all_passes_and_there_is_nothing_to_do,
	    icmp_is_that_of_both_families,
	    an_answer_passes_and_nothing_else_of_that_peer,
	    answers_of_this_node_pass_too,
	    a_syn_alone_is_no_answer,
	    what_was_refused_may_be_begun_from_the_other_end,
	    a_silent_connection_is_forgotten_tcp_later_and_sooner_if_closed,
	    an_echo_is_answered_and_not_asked_back,
	    an_error_about_a_connection_passes_and_no_other,
	    an_error_of_this_node_about_what_came_in_passes,
	    a_fragment_follows_the_first_that_passed,
	    a_fragment_without_ports_passes_only_if_any_port_would,
	    a_later_fragment_of_ipv6_is_of_no_protocol,
	    a_fragment_that_passes_would_pass_with_every_port,
	    other_rules_judge_a_connection_as_it_was_begun,
	    who_leaves_a_group_loses_what_it_gave,
	    rules_keep_their_counts_wherever_they_move,
	    what_is_held_and_comes_again_is_counted_once,
	    who_opens_too_many_loses_its_own,
	    nothing_refused_costs_anybody_a_connection,
	    any_packet_is_judged_without_a_stumble,
	};
	Suite *suite = suite_create("filter");
	TCase *tc = tcase_create("filter");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, UNIT_TIMEOUT_S);
	tcase_add_checked_fixture(tc, setup, teardown);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
