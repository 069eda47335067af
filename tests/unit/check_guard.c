/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_guard.c */
/*
 * The guard: addresses, ports and the order of verdicts by hand, and 10^5
 * packets against the twin.  check_guard_shape.c has what is malformed.
 */
#include <stdlib.h>

#include "judge.h"
#include "unit.h"

#define PACKETS 100000

static enum counter
from(const char *src)
{
	struct gen g;

	udp(&g, src, strchr(src, ':') == NULL ? ME : ME6);
	return judge(&g, true, true);
}

static enum counter
to(const char *dst)
{
	struct gen g;

	udp(&g, strchr(dst, ':') == NULL ? PEER : PEER6, dst);
	return judge(&g, true, true);
}

static enum counter
leaves(const char *src)
{
	struct gen g;

	udp(&g, src, strchr(src, ':') == NULL ? PEER : PEER6);
	return judge(&g, true, false);
}

/* ---- addresses ---- */

START_TEST(what_a_peer_sends_us_passes)
{
	ck_assert_int_eq(from(PEER), C_NONE);
	ck_assert_int_eq(from(PEER6), C_NONE);
	ck_assert_int_eq(from("192.168.20.3"), C_NONE); /* a route */
	ck_assert_int_eq(from("fd20::3"), C_NONE);
	ck_assert_int_eq(to("192.168.1.9"), C_NONE); /* an export */
	ck_assert_int_eq(to("fd01::9"), C_NONE);
}
END_TEST

START_TEST(a_source_outside_the_overlay_does_not_get_in)
{
	ck_assert_int_eq(from("8.8.8.8"), TI_SOURCE);
	ck_assert_int_eq(from("10.78.0.1"), TI_SOURCE);
	ck_assert_int_eq(from("240.0.0.1"), TI_SOURCE);
	ck_assert_int_eq(from("2001:db8::1"), TI_SOURCE);
	ck_assert_int_eq(from("2002:a4d:2::1"), TI_SOURCE); /* 6to4 */
	ck_assert_int_eq(from("::10.77.0.2"), TI_SOURCE);
	ck_assert_int_eq(from("64:ff9b::10.77.0.2"), TI_SOURCE);
}
END_TEST

START_TEST(our_own_address_does_not_come_from_outside)
{
	ck_assert_int_eq(from(ME), TI_OWN);
	ck_assert_int_eq(from(ME6), TI_OWN);
}
END_TEST

START_TEST(what_is_behind_us_does_not_come_from_outside)
{
	ck_assert_int_eq(from("192.168.1.9"), TI_SOURCE);
	ck_assert_int_eq(from("fd01::9"), TI_SOURCE);
	/* exported parts of the overlay itself */
	ck_assert_int_eq(from("10.77.50.7"), TI_OWN);
	ck_assert_int_eq(from("fd77::50:7"), TI_OWN);
}
END_TEST

START_TEST(a_route_inside_a_wider_export_is_still_a_route)
{
	/* 192.168.0.0/16 is exported, 192.168.20.0/24 is behind a peer */
	ck_assert_int_eq(from("192.168.20.3"), C_NONE);
	ck_assert_int_eq(from("192.168.21.3"), TI_SOURCE);
}
END_TEST

START_TEST(special_sources_and_destinations_do_not_get_in)
{
	static const char *const bad[] = {"127.0.0.1", "127.255.255.255",
	    "0.0.0.0", "169.254.3.4", "224.0.0.1", "239.255.255.255",
	    "255.255.255.255", "10.77.255.255", "::", "::1", "fe80::1",
	    "febf::1", "ff02::1", "ff0e::1", "::ffff:10.77.0.2",
	    "::ffff:10.77.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(from(bad[i]) == TI_SPECIAL, "%s", bad[i]);
		ck_assert_msg(to(bad[i]) == TI_SPECIAL, "%s", bad[i]);
	}
}
END_TEST

START_TEST(only_our_destinations_are_reached)
{
	ck_assert_int_eq(to("10.77.0.3"), TI_DEST);
	ck_assert_int_eq(to("8.8.8.8"), TI_DEST);
	ck_assert_int_eq(to("fd77::3"), TI_DEST);
	ck_assert_int_eq(to("10.77.0.0"), TI_DEST);
}
END_TEST

START_TEST(only_our_sources_leave)
{
	ck_assert_int_eq(leaves(ME), C_NONE);
	ck_assert_int_eq(leaves(ME6), C_NONE);
	ck_assert_int_eq(leaves("192.168.1.9"), C_NONE);
	ck_assert_int_eq(leaves("10.77.0.2"), TO_SOURCE);
	ck_assert_int_eq(leaves("8.8.8.8"), TO_SOURCE);
	ck_assert_int_eq(leaves("::ffff:10.77.0.1"), TO_SOURCE);
}
END_TEST

START_TEST(the_noise_of_a_kernel_does_not_leave)
{
	struct gen g;

	/* an MLD report: router alert in hop-by-hop options, ICMPv6 */
	gen_ip(&g, "fe80::1", "ff02::16", 58);
	gen_ext(&g, 0, 8);
	gen_payload(&g, 28, 143);
	gen_seal(&g);
	OUT(&g, TO_SOURCE);
	gen_ip(&g, "::", "ff02::16", 58);
	gen_payload(&g, 28, 143);
	gen_seal(&g);
	OUT(&g, TO_SOURCE);
	ck_assert_int_eq(leaves("169.254.3.4"), TO_SOURCE);
	ck_assert_int_eq(leaves("0.0.0.0"), TO_SOURCE);
}
END_TEST

START_TEST(an_export_of_everything_still_has_no_special_source)
{
	static const char *const bad[] = {"127.0.0.1", "224.0.0.1",
	    "255.255.255.255", "0.0.0.0", "169.254.1.1"};
	struct conf_node c = {0};
	struct guard *guard;
	struct gen g;

	prefix_parse("10.77.0.1/16", &c.address[c.naddresses++]);
	prefix_parse("10.77.0.0/16", &c.subnet[c.nsubnets++]);
	prefix_parse("0.0.0.0/0", &c.export[c.nexports++]);
	guard = guard_new(&c);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		udp(&g, bad[i], PEER);
		ck_assert_int_eq(guard_out(guard, &g.v, g.b, g.len), TO_SOURCE);
		udp(&g, PEER, bad[i]);
		ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_SPECIAL);
	}
	udp(&g, PEER, "8.8.8.8"); /* an exit node */
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), C_NONE);
	udp(&g, "8.8.8.8", ME);
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_SOURCE);
	guard_free(guard);
}
END_TEST

START_TEST(an_empty_configuration_lets_nothing_through)
{
	struct conf_node c = {0};
	struct guard *guard = guard_new(&c);
	struct gen g;

	udp(&g, PEER, ME);
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_SOURCE);
	ck_assert_int_eq(guard_out(guard, &g.v, g.b, g.len), TO_SOURCE);
	guard_free(guard);
	guard_free(NULL);
}
END_TEST

START_TEST(as_many_of_everything_as_can_be_configured)
{
	struct conf_node c = {0};
	struct guard *guard;
	struct gen g;
	struct prefix p;

	for (unsigned i = 0; i < CONF_PREFIXES_MAX; i++) {
		prefix_parse("10.9.0.0/24", &p);
		p.addr.b[2] = (uint8_t)i;
		c.subnet[c.nsubnets++] = p;
		p.addr.b[1] = 10;
		c.route[c.nroutes++] = p;
		p.addr.b[1] = 11;
		c.export[c.nexports++] = p;
		c.port[c.nports++] = (uint16_t)(1000 + i);
	}
	for (unsigned i = 0; i < CONF_ADDRESSES_MAX; i++) {
		prefix_parse("10.8.0.1/24", &p);
		p.addr.b[2] = (uint8_t)i;
		c.address[c.naddresses++] = p;
	}
	guard = guard_new(&c);
	udp(&g, "10.9.63.1", "10.8.7.1");
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), C_NONE);
	udp(&g, "10.10.63.1", "10.11.63.1");
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), C_NONE);
	gen_16(g.b + 22, 1063);
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_PORT);
	udp(&g, "10.8.0.255", "10.9.0.1");
	ck_assert_int_eq(guard_out(guard, &g.v, g.b, g.len), TO_SOURCE);
	udp(&g, "10.9.63.1", "10.8.7.255");
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_SPECIAL);
	guard_free(guard);
}
END_TEST

START_TEST(mapped_prefixes_in_the_configuration_are_ipv4)
{
	struct conf_node c = {0};
	struct guard *guard;
	struct gen g;

	prefix_parse("::ffff:10.77.0.1/112", &c.address[c.naddresses++]);
	prefix_parse("::ffff:10.77.0.0/112", &c.subnet[c.nsubnets++]);
	guard = guard_new(&c);
	udp(&g, PEER, ME);
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), C_NONE);
	udp(&g, "10.76.0.2", ME);
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_SOURCE);
	udp(&g, "10.77.255.255", ME);
	ck_assert_int_eq(guard_in(guard, &g.v, g.b, g.len), TI_SPECIAL);
	guard_free(guard);
}
END_TEST

/* ---- ports ---- */

static enum counter
port(uint8_t proto, uint16_t dport, bool in)
{
	struct gen g;

	gen_ip(&g, in ? PEER : ME, in ? ME : PEER, proto);
	gen_payload(&g, 40, 7);
	gen_16(g.b + 22, dport);
	gen_seal(&g);
	return judge(&g, true, in);
}

START_TEST(unallowed_ports_are_closed_for_every_protocol_that_has_ports)
{
	for (unsigned proto = 0; proto < 256; proto++) {
		bool has = proto == 6 || proto == 17 || proto == 33 ||
		    proto == 132 || proto == 136;

		if (proto == 51)
			continue;
		ck_assert_int_eq(
		    port((uint8_t)proto, 22, true), has ? TI_PORT : C_NONE);
		ck_assert_int_eq(
		    port((uint8_t)proto, 3306, false), has ? TO_PORT : C_NONE);
		ck_assert_int_eq(port((uint8_t)proto, 23, true), C_NONE);
	}
	ck_assert_int_eq(port(6, 65535, true), TI_PORT);
	ck_assert_int_eq(port(6, 65534, true), C_NONE);
	ck_assert_int_eq(port(6, 0, true), C_NONE);
}
END_TEST

START_TEST(an_unallowed_source_port_is_no_reason)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 6);
	gen_tcp(&g, 40000, 1, 20, 10);
	gen_16(g.b + 20, 22);
	IN(&g, C_NONE);
}
END_TEST

START_TEST(extension_headers_do_not_hide_a_port)
{
	static const uint8_t types[] = {0, 43, 44, 51, 60};

	for (size_t i = 0; i < sizeof(types); i++)
		for (size_t n = 8; n <= 64; n += 8) {
			struct gen g;

			gen_ip(&g, PEER6, ME6, 6);
			gen_ext(&g, types[i], types[i] == 44 ? 8 : n);
			gen_ext(&g, 60, 24);
			gen_tcp(&g, 22, 1, 20, 10);
			IN(&g, TI_PORT);
		}
}
END_TEST

START_TEST(ah_does_not_hide_a_port_in_ipv4_either)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 6);
	gen_ext(&g, 51, 24);
	gen_tcp(&g, 22, 1, 20, 10);
	IN(&g, TI_PORT);
}
END_TEST

START_TEST(options_do_not_hide_a_port)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 6);
	g.b[0] = 0x4f;
	memset(g.b + 20, 1, 40);
	g.len = g.l4 = 60;
	gen_tcp(&g, 22, 1, 20, 10);
	IN(&g, TI_PORT);
}
END_TEST

START_TEST(a_list_of_no_ports_closes_none)
{
	struct gen g;

	gen_ip(&g, PEER, ME, 6);
	gen_tcp(&g, 22, 1, 20, 10);
	ck_assert_int_eq(judge(&g, false, true), C_NONE);
	gen_16(g.b + 6, 0x2001);
	ck_assert_int_eq(judge(&g, false, true), C_NONE);
}
END_TEST

START_TEST(what_is_inside_a_tunnel_is_just_a_protocol)
{
	static const uint8_t protos[] = {4, 41, 47, 50};

	for (size_t i = 0; i < sizeof(protos); i++) {
		struct gen g;

		gen_ip(&g, PEER6, ME6, protos[i]);
		gen_payload(&g, 40, 0x45);
		gen_seal(&g);
		IN(&g, C_NONE);
	}
}
END_TEST

/* ---- order ---- */

START_TEST(the_first_reason_of_the_list_is_the_verdict)
{
	struct gen g;

	gen_ip(&g, "127.0.0.1", "8.8.8.8", 6);
	gen_tcp(&g, 22, 1, 20, 0);
	IN(&g, TI_SPECIAL);
	OUT(&g, TO_SOURCE);
	g.v.flags = 8;
	IN(&g, TI_MALFORMED);
	OUT(&g, TO_MALFORMED);
	gen_ip(&g, ME, "8.8.8.8", 6);
	gen_tcp(&g, 22, 1, 20, 0);
	IN(&g, TI_OWN);
	OUT(&g, TO_PORT);
	gen_ip(&g, "9.9.9.9", "8.8.8.8", 6);
	gen_tcp(&g, 22, 1, 20, 0);
	IN(&g, TI_SOURCE);
	gen_ip(&g, PEER, "8.8.8.8", 6);
	gen_tcp(&g, 22, 1, 20, 0);
	IN(&g, TI_DEST);
	gen_16(g.b + 6, 1);
	IN(&g, TI_DEST);
	gen_ip(&g, ME, PEER, 6);
	gen_tcp(&g, 22, 1, 20, 0);
	gen_16(g.b + 6, 1);
	OUT(&g, TO_FRAGMENT);
}
END_TEST

/* ---- the twin ---- */

static void
all_verdicts_happened(const unsigned *n, enum counter first, enum counter last)
{
	for (unsigned i = first; i <= last; i++) {
		const struct counter_info *info = counter_info(i);

		if (info->kind == K_DROP && i != TI_WRITE)
			ck_assert_msg(
			    n[i] > 20, "%s: only %u", info->name, n[i]);
	}
	ck_assert_uint_gt(n[C_NONE], PACKETS / 100);
}

START_TEST(the_twin_agrees_about_every_packet)
{
	static unsigned n[C_NCOUNTERS];
	uint64_t r = unit_seed();
	struct conf_node c[2];
	struct guard *guard[2];

	for (int f = 0; f < 2; f++) {
		gen_node(&c[f], f);
		guard[f] = guard_new(&c[f]);
	}
	for (int i = 0; i < PACKETS; i++) {
		struct gen g;
		uint8_t *b;
		enum counter in, out;
		int f = i % 4 != 0;

		gen_any(&g, &r);
		b = malloc(g.len + (g.len == 0));
		memcpy(b, g.b, g.len);
		in = guard_in(guard[f], &g.v, b, g.len);
		out = guard_out(guard[f], &g.v, b, g.len);
		ck_assert_msg(in == twin_in(&c[f], &g.v, b, g.len) &&
			out == twin_out(&c[f], &g.v, b, g.len),
		    "SEED=%llu packet %d", (unsigned long long)unit_seed(), i);
		n[in]++;
		n[out]++;
		free(b);
	}
	all_verdicts_happened(n, TO_MALFORMED, TI_FRAGMENT);
	guard_free(guard[0]);
	guard_free(guard[1]);
}
END_TEST

START_TEST(the_twin_agrees_about_noise)
{
	uint64_t r = unit_seed();
	struct conf_node c;
	struct guard *guard;

	gen_node(&c, true);
	guard = guard_new(&c);
	for (int i = 0; i < PACKETS; i++) {
		size_t len = gen_dice(&r, 100);
		uint8_t *b = malloc(len + 1);
		struct vnet v = {0};

		for (size_t k = 0; k < len; k++)
			b[k] = (uint8_t)gen_dice(&r, 256);
		b[0] = gen_dice(&r, 2) ? 0x45 : 0x60;
		if (b[0] == 0x45 && len > 3)
			gen_16(b + 2, len);
		else if (len > 40)
			gen_16(b + 4, len - 40);
		b = realloc(b, len + (len == 0));
		ck_assert_msg(
		    guard_in(guard, &v, b, len) == twin_in(&c, &v, b, len) &&
			guard_out(guard, &v, b, len) ==
			    twin_out(&c, &v, b, len),
		    "SEED=%llu packet %d", (unsigned long long)unit_seed(), i);
		free(b);
	}
	guard_free(guard);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_a_peer_sends_us_passes,
	    a_source_outside_the_overlay_does_not_get_in,
	    our_own_address_does_not_come_from_outside,
	    what_is_behind_us_does_not_come_from_outside,
	    a_route_inside_a_wider_export_is_still_a_route,
	    special_sources_and_destinations_do_not_get_in,
	    only_our_destinations_are_reached,
	    only_our_sources_leave,
	    the_noise_of_a_kernel_does_not_leave,
	    an_export_of_everything_still_has_no_special_source,
	    an_empty_configuration_lets_nothing_through,
	    as_many_of_everything_as_can_be_configured,
	    mapped_prefixes_in_the_configuration_are_ipv4,
	    unallowed_ports_are_closed_for_every_protocol_that_has_ports,
	    an_unallowed_source_port_is_no_reason,
	    extension_headers_do_not_hide_a_port,
	    ah_does_not_hide_a_port_in_ipv4_either,
	    options_do_not_hide_a_port,
	    a_list_of_no_ports_closes_none,
	    what_is_inside_a_tunnel_is_just_a_protocol,
	    the_first_reason_of_the_list_is_the_verdict,
	    the_twin_agrees_about_every_packet,
	    the_twin_agrees_about_noise,
	};

	return UNIT_RUN("guard", tests);
}
