/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_places.c */
/* Interfaces of a machine that exists only here, and where they lead to. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "places.h"
#include "unit.h"

#define ROWS_MAX 64

static struct net net;
static struct ifaddrs row[ROWS_MAX];
static struct sockaddr_storage sa[ROWS_MAX];
static char name[ROWS_MAX][16];
static unsigned nrows;

static struct ifaddrs *
add(const char *device, unsigned flags, int family)
{
	struct ifaddrs *i = &row[nrows];

	ck_assert_uint_lt(nrows, ROWS_MAX);
	memset(&sa[nrows], 0, sizeof(sa[0]));
	snprintf(name[nrows], sizeof(name[0]), "%s", device);
	*i = (struct ifaddrs){.ifa_name = name[nrows],
	    .ifa_flags = flags,
	    .ifa_addr = (struct sockaddr *)&sa[nrows]};
	sa[nrows].ss_family = (sa_family_t)family;
	if (nrows > 0)
		row[nrows - 1].ifa_next = i;
	nrows++;
	return i;
}

static void
interface(const char *device, unsigned flags, int index)
{
	struct ifaddrs *i = add(device, flags, AF_PACKET);
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_ifindex = index};

	memcpy(i->ifa_addr, &ll, sizeof(ll));
}

static void
address(const char *device, unsigned flags, const char *text)
{
	int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	struct ifaddrs *i = add(device, flags, family);
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (family == AF_INET6) {
		ck_assert_int_eq(inet_pton(family, text, &in6.sin6_addr), 1);
		memcpy(i->ifa_addr, &in6, sizeof(in6));
	} else {
		ck_assert_int_eq(inet_pton(family, text, &in.sin_addr), 1);
		memcpy(i->ifa_addr, &in, sizeof(in));
	}
}

static void
bound(unsigned place, const char *text, uint16_t port)
{
	struct net_udp *u = &net.udp[place];

	*u = (struct net_udp){.fd = 100, .disc = -1, .kept = true};
	ck_assert_int_eq(addr_parse(text, &u->local.addr), 0);
	u->local.port = port;
}

static void
start(void)
{
	net = (struct net){.device = "mesh0"};
	for (unsigned i = 0; i < NET_UDP_MAX; i++)
		net.udp[i].fd = -1;
	nrows = 0;
	row[0] = (struct ifaddrs){0};
}

static void
assert_place(
    const struct msg_places *m, unsigned i, uint32_t index, const char *want)
{
	char text[ENDPOINT_STRLEN];

	ck_assert_uint_lt(i, m->n);
	ck_assert_uint_eq(m->at[i].ifindex, index);
	ck_assert_str_eq(endpoint_format(&m->at[i].ep, text), want);
}

START_TEST(every_address_of_an_interface_leads_to_the_port_of_its_family)
{
	struct msg_places m;

	start();
	bound(0, "0.0.0.0", 51820);
	bound(1, "::", 51821);
	interface("eth0", IFF_UP, 7);
	address("eth0", IFF_UP, "192.0.2.1");
	address("eth0", IFF_UP, "2001:db8::1");
	places_from(&net, row, &m);
	ck_assert_uint_eq(m.n, 2);
	assert_place(&m, 0, 7, "192.0.2.1:51820");
	assert_place(&m, 1, 7, "[2001:db8::1]:51821");
}
END_TEST

START_TEST(a_socket_of_one_address_is_there_and_nowhere_else)
{
	struct msg_places m;

	start();
	bound(3, "192.0.2.2", 9);
	interface("eth0", IFF_UP, 1);
	address("eth0", IFF_UP, "192.0.2.1");
	address("eth0", IFF_UP, "192.0.2.2");
	places_from(&net, row, &m);
	ck_assert_uint_eq(m.n, 1);
	assert_place(&m, 0, 1, "192.0.2.2:9");
}
END_TEST

START_TEST(what_nobody_else_can_send_to_is_no_place)
{
	struct msg_places m;

	start();
	bound(0, "0.0.0.0", 1);
	bound(1, "::", 1);
	interface("lo", IFF_UP | IFF_LOOPBACK, 1);
	address("lo", IFF_UP | IFF_LOOPBACK, "127.0.0.1");
	interface("eth0", IFF_UP, 2);
	address("eth0", IFF_UP, "169.254.3.4");
	address("eth0", IFF_UP, "fe80::1");
	interface("eth1", 0, 3); /* down */
	address("eth1", 0, "192.0.2.3");
	interface("mesh0", IFF_UP, 4); /* the tunnel */
	address("mesh0", IFF_UP, "10.77.0.1");
	places_from(&net, row, &m);
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

START_TEST(discoveryds_sockets_are_not_wireguards)
{
	struct msg_places m;

	start();
	bound(NET_ENGINE_MAX, "0.0.0.0", 6881);
	net.udp[NET_ENGINE_MAX].disc = DISC_DHT4;
	interface("eth0", IFF_UP, 2);
	address("eth0", IFF_UP, "192.0.2.3");
	places_from(&net, row, &m);
	ck_assert_uint_eq(m.n, 0);
}
END_TEST

START_TEST(more_than_fit_are_left_out)
{
	char text[32];
	struct msg_places m;

	start();
	bound(0, "0.0.0.0", 1);
	interface("eth0", IFF_UP, 2);
	for (unsigned i = 0; i < CANDIDATES_MAX + 5; i++) {
		snprintf(text, sizeof(text), "192.0.2.%u", i + 1);
		address("eth0", IFF_UP, text);
	}
	places_from(&net, row, &m);
	ck_assert_uint_eq(m.n, CANDIDATES_MAX);
}
END_TEST

START_TEST(a_place_that_moved_is_another)
{
	struct msg_places a = {.n = 1, .at = {{.ifindex = 1}}}, b = a;

	ck_assert(places_eq(&a, &b));
	b.at[0].ep.port = 1;
	ck_assert(!places_eq(&a, &b));
	b = a;
	b.at[0].ifindex = 2;
	ck_assert(!places_eq(&a, &b));
	b = a;
	b.n = 0;
	ck_assert(!places_eq(&a, &b));
}
END_TEST

START_TEST(only_a_place_that_came_is_growth)
{
	struct msg_places a = {.n = 2, .at = {{.ifindex = 1}, {.ifindex = 2}}};
	struct msg_places b = a;

	ck_assert(!places_grew(&a, &b));
	b.at[0].ifindex = 2;
	b.at[1].ifindex = 1; /* in another order */
	ck_assert(!places_grew(&a, &b));
	b.n = 1;
	ck_assert(!places_grew(&a, &b));
	ck_assert(places_grew(&b, &a));
	b.at[0].ep.port = 1;
	ck_assert(places_grew(&a, &b));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_address_of_an_interface_leads_to_the_port_of_its_family,
	    a_socket_of_one_address_is_there_and_nowhere_else,
	    what_nobody_else_can_send_to_is_no_place,
	    discoveryds_sockets_are_not_wireguards,
	    more_than_fit_are_left_out,
	    a_place_that_moved_is_another,
	    only_a_place_that_came_is_growth,
	};

	return UNIT_RUN("places", tests);
}
