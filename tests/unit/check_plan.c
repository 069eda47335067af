/* SPDX-License-Identifier: ISC */
/* Two configurations -> requests to the kernel (tunnel-priv/plan.h). */
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "plan.h"
#include "sock.h"
#include "unit.h"

static struct prefix
net(const char *text)
{
	struct prefix p;

	ck_assert_int_eq(prefix_parse(text, &p), 0);
	return p;
}

static struct conf_node
node(const char *address, const char *subnet, const char *route)
{
	struct conf_node c = {.mtu = 1400};

	if (address != NULL)
		c.address[c.naddresses++] = net(address);
	if (subnet != NULL)
		c.subnet[c.nsubnets++] = net(subnet);
	if (route != NULL)
		c.route[c.nroutes++] = net(route);
	return c;
}

/* "+a 10.0.0.1/8 -r ..." that leads from old to new */
static const char *
plan(const struct conf_node *old, const struct conf_node *new)
{
	static char out[16384];
	char text[PREFIX_STRLEN];
	struct plan_item it;
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; plan_next(old, new, &i, &it);)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " +%c %s",
		    it.route ? 'r' : 'a', prefix_format(&it.prefix, text));
	for (unsigned i = 0; plan_next(new, old, &i, &it);)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " -%c %s",
		    it.route ? 'r' : 'a', prefix_format(&it.prefix, text));
	return n == 0 ? out : out + 1;
}

START_TEST(from_nothing_addresses_come_before_routes)
{
	struct conf_node c =
	    node("10.77.0.1/32", "10.77.0.0/16", "192.168.20.0/24");

	ck_assert_str_eq(plan(NULL, &c),
	    "+a 10.77.0.1/32 +r 10.77.0.0/16 +r 192.168.20.0/24");
}
END_TEST

START_TEST(what_an_address_connects_needs_no_route)
{
	struct conf_node c =
	    node("10.77.0.1/16", "10.77.0.0/16", "10.77.9.0/24");

	ck_assert_str_eq(plan(NULL, &c), "+a 10.77.0.1/16");
}
END_TEST

START_TEST(a_network_wider_than_the_address_needs_its_route)
{
	struct conf_node c = node("10.77.0.1/24", "10.77.0.0/16", NULL);

	ck_assert_str_eq(plan(NULL, &c), "+a 10.77.0.1/24 +r 10.77.0.0/16");
}
END_TEST

START_TEST(the_same_network_twice_is_one_route)
{
	struct conf_node c = node(NULL, "10.77.0.0/16", "10.77.0.0/16");

	ck_assert_str_eq(plan(NULL, &c), "+r 10.77.0.0/16");
}
END_TEST

START_TEST(host_bits_of_a_network_do_not_matter)
{
	struct conf_node a = node(NULL, "10.77.0.0/16", NULL);
	struct conf_node b = a;

	b.subnet[0].addr.b[3] = 9;
	ck_assert_str_eq(plan(&a, &b), "");
}
END_TEST

START_TEST(no_difference_is_no_step)
{
	struct conf_node c = node("fd00::1/64", "fd00::/48", "192.168.20.0/24");

	ck_assert_str_eq(plan(&c, &c), "");
}
END_TEST

START_TEST(a_changed_network_is_added_and_removed)
{
	struct conf_node a = node("10.77.0.1/16", NULL, "192.168.20.0/24");
	struct conf_node b = node("10.77.0.2/16", NULL, "192.168.21.0/24");

	ck_assert_str_eq(plan(&a, &b),
	    "+a 10.77.0.2/16 +r 192.168.21.0/24 "
	    "-a 10.77.0.1/16 -r 192.168.20.0/24");
}
END_TEST

START_TEST(a_longer_address_mask_makes_the_subnet_a_route)
{
	struct conf_node a = node("10.77.0.1/16", "10.77.0.0/16", NULL);
	struct conf_node b = node("10.77.0.1/32", "10.77.0.0/16", NULL);
	struct prefix r = net("10.77.0.0/16");

	ck_assert_str_eq(
	    plan(&a, &b), "+a 10.77.0.1/32 +r 10.77.0.0/16 -a 10.77.0.1/16");
	ck_assert(plan_connected(&a, &r));
	ck_assert(!plan_connected(&b, &r));
}
END_TEST

START_TEST(the_fullest_configuration_is_listed_to_its_end)
{
	static struct conf_node c;
	struct plan_item it;
	unsigned n = 0;

	memset(&c, 0, sizeof(c));
	c.naddresses = CONF_ADDRESSES_MAX;
	c.nsubnets = c.nroutes = CONF_PREFIXES_MAX;
	for (uint8_t i = 0; i < CONF_PREFIXES_MAX; i++) {
		if (i < CONF_ADDRESSES_MAX)
			c.address[i] = (struct prefix){{4, {10, 0, 0, i}}, 32};
		c.subnet[i] = (struct prefix){{4, {11, 0, i, 0}}, 24};
		c.route[i] = (struct prefix){{4, {12, 0, i, 0}}, 24};
	}
	for (unsigned i = 0; plan_next(NULL, &c, &i, &it);)
		n++;
	ck_assert_uint_eq(n, CONF_ADDRESSES_MAX + 2 * CONF_PREFIXES_MAX);
	ck_assert_str_eq(plan(&c, &c), "");
}
END_TEST

static uint8_t
some(uint64_t *dice, unsigned below)
{
	return (uint8_t)(unit_random(dice) % below);
}

static struct conf_node
any(uint64_t *dice)
{
	struct conf_node c = {.naddresses = some(dice, 3)};

	c.nsubnets = some(dice, 4);
	c.nroutes = some(dice, 4);
	for (int i = 0; i < 4; i++) {
		uint8_t len = (uint8_t)(28 + some(dice, 5));

		c.address[i] =
		    (struct prefix){{4, {10, 0, 0, some(dice, 4)}}, len};
		len = (uint8_t)(28 + some(dice, 5));
		c.subnet[i] =
		    (struct prefix){{4, {10, 0, 0, some(dice, 8)}}, len};
		c.route[i] =
		    (struct prefix){{4, {10, 0, some(dice, 2), 0}}, 24};
	}
	return c;
}

#define SET_MAX 64
struct set {
	unsigned n;
	struct plan_item it[SET_MAX];
};

static int
find(const struct set *s, const struct plan_item *it)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->it[i].route == it->route &&
		    prefix_eq(&s->it[i].prefix, &it->prefix))
			return (int)i;
	return -1;
}

/* What a kernel with `have` of it has after the plan; -1: it refused. */
static int
carry_out(
    struct set *s, const struct conf_node *old, const struct conf_node *new)
{
	struct plan_item it;
	int at;

	for (unsigned i = 0; plan_next(old, new, &i, &it);) {
		if (find(s, &it) != -1 || s->n == SET_MAX)
			return -1;
		s->it[s->n++] = it;
	}
	for (unsigned i = 0; plan_next(new, old, &i, &it);) {
		if ((at = find(s, &it)) == -1)
			return -1;
		s->it[at] = s->it[--s->n];
	}
	return 0;
}

START_TEST(a_plan_leads_from_any_configuration_to_any_other)
{
	unsigned long long seed = unit_seed();
	uint64_t dice = seed;

	for (int round = 0; round < 2000; round++) {
		struct conf_node a = any(&dice), b = any(&dice);
		struct set walked = {.n = 0}, direct = {.n = 0};

		ck_assert_msg(carry_out(&walked, NULL, &a) == 0 &&
			carry_out(&walked, &a, &b) == 0 &&
			carry_out(&direct, NULL, &b) == 0,
		    "SEED=%llu round %d", seed, round);
		ck_assert_msg(
		    walked.n == direct.n, "SEED=%llu round %d", seed, round);
		for (unsigned i = 0; i < direct.n; i++)
			ck_assert_msg(find(&walked, &direct.it[i]) != -1,
			    "SEED=%llu round %d", seed, round);
	}
}
END_TEST

START_TEST(any_address_is_a_socket_of_each_family)
{
	struct conf_node c = {.nlisten = 2};
	struct plan_socket s;
	unsigned i = 0;

	c.listen[0] = (struct endpoint){.port = 51820};
	c.listen_any[0] = true;
	c.listen[1] = (struct endpoint){{4, {192, 0, 2, 1}}, 7};
	ck_assert(plan_socket(&c, &i, &s));
	ck_assert(s.at.addr.family == 4 && s.at.port == 51820 &&
	    s.need == PLAN_MUST && s.disc == -1);
	ck_assert(plan_socket(&c, &i, &s));
	ck_assert(s.at.addr.family == 6 && s.at.port == 51820 &&
	    s.need == PLAN_IF_FAMILY);
	ck_assert(plan_socket(&c, &i, &s));
	ck_assert(endpoint_eq(&s.at, &c.listen[1]) && s.need == PLAN_MUST);
	ck_assert(!plan_socket(&c, &i, &s));
}
END_TEST

/* All of them, in the order of the plan. */
static unsigned
sockets(const struct conf_node *c, struct plan_socket s[PLAN_SOCKETS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; plan_socket(c, &i, &s[n]); n++)
		ck_assert_uint_lt(n, PLAN_SOCKETS_MAX - 1);
	return n;
}

START_TEST(discoveryd_gets_sockets_for_what_is_on)
{
	struct plan_socket s[PLAN_SOCKETS_MAX];
	struct conf_node c = {
	    .dht_listen = {.port = 6881}, .dht_listen_any = true};

	ck_assert_uint_eq(sockets(&c, s), 0);
	c.dht = CONF_DHT_PRIVATE;
	ck_assert_uint_eq(sockets(&c, s), 2);
	ck_assert(s[0].disc == DISC_DHT4 && s[0].need == PLAN_MUST);
	ck_assert(s[0].at.addr.family == 4 && s[0].at.port == 6881);
	ck_assert(s[1].disc == DISC_DHT6 && s[1].need == PLAN_IF_FAMILY);
	c.lan = true;
	ck_assert_uint_eq(sockets(&c, s), 4);
	ck_assert(s[2].disc == DISC_LAN4 && s[2].need == PLAN_MAY);
	ck_assert(s[3].disc == DISC_LAN6 && s[3].at.addr.family == 6);
	ck_assert_uint_eq(s[3].at.port, SOCK_SHARED_PORT);
}
END_TEST

START_TEST(one_address_for_the_dht_is_one_socket_of_its_family)
{
	struct plan_socket s[PLAN_SOCKETS_MAX];
	struct conf_node c = {.dht = CONF_DHT_PUBLIC};

	c.dht_listen = (struct endpoint){{6, {0x20, 1, 0xd, 0xb8}}, 7};
	ck_assert_uint_eq(sockets(&c, s), 1);
	ck_assert(s[0].disc == DISC_DHT6 && s[0].need == PLAN_MUST);
	ck_assert(endpoint_eq(&s[0].at, &c.dht_listen));
	c.dht_listen = (struct endpoint){{4, {192, 0, 2, 1}}, 7};
	ck_assert_uint_eq(sockets(&c, s), 1);
	ck_assert_int_eq(s[0].disc, DISC_DHT4);
}
END_TEST

START_TEST(streams_of_a_network_have_sockets_of_their_own)
{
	struct plan_socket s[PLAN_SOCKETS_MAX];
	struct conf_node c = {.nlisten = 1,
	    .listen_any = {true},
	    .streams_max = 3,
	    .streams_sockets = true};

	ck_assert_uint_eq(sockets(&c, s), 2); /* of no network */
	c.cert_file[0] = '/';
	ck_assert_uint_eq(sockets(&c, s), 2 + 6);
	for (unsigned i = 2; i < 8; i++) {
		ck_assert_uint_eq(s[i].stream, i / 2);
		ck_assert_uint_eq(s[i].at.port, 0);
		ck_assert_uint_eq(s[i].at.addr.family, i % 2 == 0 ? 4 : 6);
		ck_assert_uint_eq(s[i].need, PLAN_MAY);
	}
	c.streams_max = 1;
	ck_assert_uint_eq(sockets(&c, s), 2);
	c.streams_max = CONF_STREAMS_MAX;
	ck_assert_uint_eq(sockets(&c, s), 2 + PLAN_STREAM_MAX);
	c.streams_sockets = false;
	ck_assert_uint_eq(sockets(&c, s), 2);
}
END_TEST

START_TEST(streams_have_sockets_of_the_families_that_are_listened_on)
{
	struct plan_socket s[PLAN_SOCKETS_MAX];
	struct conf_node c = {.nlisten = 1,
	    .cert_file = "/",
	    .streams_max = 2,
	    .streams_sockets = true};

	c.listen[0] = (struct endpoint){{6, {0x20, 1, 0xd, 0xb8}}, 7};
	ck_assert_uint_eq(sockets(&c, s), 3);
	ck_assert_uint_eq(s[1].at.addr.family, 6);
	ck_assert_uint_eq(s[2].at.addr.family, 6);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    from_nothing_addresses_come_before_routes,
	    what_an_address_connects_needs_no_route,
	    a_network_wider_than_the_address_needs_its_route,
	    the_same_network_twice_is_one_route,
	    host_bits_of_a_network_do_not_matter,
	    no_difference_is_no_step,
	    a_changed_network_is_added_and_removed,
	    a_longer_address_mask_makes_the_subnet_a_route,
	    the_fullest_configuration_is_listed_to_its_end,
	    a_plan_leads_from_any_configuration_to_any_other,
	    any_address_is_a_socket_of_each_family,
	    discoveryd_gets_sockets_for_what_is_on,
	    one_address_for_the_dht_is_one_socket_of_its_family,
	    streams_of_a_network_have_sockets_of_their_own,
	    streams_have_sockets_of_the_families_that_are_listened_on,
	};

	return UNIT_RUN("plan", tests);
}
