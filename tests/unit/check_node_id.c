/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_node_id.c */
/* Node ids of BEP42, and our own address by vote. */
#include "hex.h"
#include "node_id.h"
#include "unit.h"

#define T0 5000

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert_int_eq(addr_parse(text, &a), 0);
	return a;
}

/* ---- ids ---- */

START_TEST(the_vectors_of_the_standard)
{
	static const struct {
		const char *ip, *id;
		uint8_t seed;
	} cases[] = {
	    {"124.31.75.21", "5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401", 1},
	    {"21.75.31.124", "5a3ce9c14e7a08645677bbd1cfe7d8f956d53256", 86},
	    {"65.23.51.170", "a5d43220bc8f112a3d426c84764f8c2a1150e616", 22},
	    {"84.124.73.14", "1b0321dd1bb1fe518101ceef99462b947a01ff41", 65},
	    {"43.213.53.83", "e56f6cbf5b7c4be0237986d5243b87aa6d51305a", 90},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr a = address(cases[i].ip);
		uint8_t id[DHT_ID], other[DHT_ID];

		unhex(id, sizeof(id), cases[i].id);
		ck_assert(node_id_fits(id, &a));
		memcpy(other, id, sizeof(id));
		other[0] = other[1] = other[19] = 0;
		other[2] &= 7;
		node_id_bind(other, &a, cases[i].seed);
		ck_assert_mem_eq(other, id, sizeof(id));
		a.b[3] ^= 1;
		ck_assert(!node_id_fits(id, &a));
	}
}
END_TEST

static void
fill(void *ctx, void *out, size_t len)
{
	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(ctx);
}

START_TEST(an_id_fits_the_address_it_was_made_for_and_hardly_another)
{
	uint64_t seed = unit_seed();
	struct rnd_src rnd = {fill, &seed};
	int others = 0;

	for (int i = 0; i < 500; i++) {
		struct addr a = {.family = i % 2 == 0 ? 4 : 6}, b;
		uint8_t id[DHT_ID];

		fill(&seed, a.b, i % 2 == 0 ? 4 : 16);
		b = a;
		b.b[2] ^= 0x04;
		node_id_make(id, &a, &rnd);
		ck_assert_msg(node_id_fits(id, &a), "SEED=%lu",
		    (unsigned long)unit_seed());
		if (node_id_exempt(&a))
			continue;
		others += node_id_fits(id, &b);
		id[2] ^= 0x08; /* the 21st bit */
		ck_assert(!node_id_fits(id, &a));
		id[2] ^= 0x0c; /* the 22nd is free */
		ck_assert(node_id_fits(id, &a));
		id[19] ^= 1;
		others += node_id_fits(id, &a);
	}
	ck_assert_int_le(others, 2);
}
END_TEST

/* Half of an IPv6 address is the host's business. */
START_TEST(only_the_first_half_of_an_ipv6_address_counts)
{
	struct addr a = address("2001:db8::1"), b = address("2001:db8::ffff:1");
	uint8_t id[DHT_ID] = {0};

	node_id_bind(id, &a, 77);
	ck_assert(node_id_fits(id, &b));
}
END_TEST

START_TEST(local_addresses_are_exempt_and_their_neighbours_not)
{
	static const char *const yes[] = {"10.0.0.1", "10.255.255.255",
	    "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1",
	    "127.0.0.1", "::1", "fc00::1", "fdff::1", "fe80::1", "febf::1"};
	static const char *const no[] = {"9.255.255.255", "11.0.0.0",
	    "172.15.255.255", "172.32.0.0", "192.167.1.1", "192.169.1.1",
	    "169.253.1.1", "128.0.0.1", "::2", "fbff::1", "fe00::1", "fec0::1",
	    "2001:db8::1", "100.64.0.1"};
	struct addr none = {0};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		struct addr a = address(yes[i]);

		ck_assert_msg(node_id_exempt(&a), "%s", yes[i]);
		ck_assert(node_id_fits((const uint8_t[DHT_ID]){0}, &a));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		struct addr a = address(no[i]);

		ck_assert_msg(!node_id_exempt(&a), "%s", no[i]);
	}
	ck_assert(node_id_exempt(&none));
}
END_TEST

/* ---- votes ---- */

static struct votes votes;

static bool
vote(uint64_t now_ms, const char *from, const char *says, uint16_t port)
{
	struct addr a = address(from);
	struct endpoint e = {address(says), port};

	return votes_add(&votes, now_ms, &a, &e);
}

/* n different ones: 198.51.100.first and up */
static unsigned
votes_of(uint64_t now_ms, unsigned first, unsigned n, const char *says,
    uint16_t port)
{
	unsigned changes = 0;
	char from[ADDR_STRLEN];

	while (n-- > 0) {
		snprintf(from, sizeof(from), "198.51.100.%u", first++);
		changes += vote(now_ms, from, says, port);
	}
	return changes;
}

static bool
own_is(const char *text, uint16_t port)
{
	struct addr a = address(text);

	return addr_eq(&votes.own.addr, &a) && votes.own.port == port;
}

START_TEST(five_sources_have_to_agree)
{
	votes_init(&votes);
	ck_assert_uint_eq(votes_of(T0, 1, 4, "203.0.113.1", 6881), 0);
	ck_assert_uint_eq(votes.own.addr.family, 0);
	ck_assert(vote(T0, "198.51.100.5", "203.0.113.1", 6881));
	ck_assert(own_is("203.0.113.1", 6881));
}
END_TEST

START_TEST(one_source_has_one_vote_however_often_it_speaks)
{
	votes_init(&votes);
	for (int i = 0; i < 50; i++)
		ck_assert(!vote(T0, "198.51.100.7", "203.0.113.1", 1));
	ck_assert_uint_eq(votes.own.addr.family, 0);
}
END_TEST

START_TEST(one_ipv6_customer_has_one_vote)
{
	char from[ADDR_STRLEN];

	votes_init(&votes);
	for (int i = 0; i < 50; i++) {
		snprintf(from, sizeof(from), "2001:db8:1:1::%x", i);
		ck_assert(!vote(T0, from, "2001:db8::9", 1));
	}
	for (int i = 2; i < 5; i++) {
		snprintf(from, sizeof(from), "2001:db8:1:%x::1", i);
		ck_assert(!vote(T0, from, "2001:db8::9", 1));
	}
	ck_assert(vote(T0, "2001:db8:2::1", "2001:db8::9", 1));
	ck_assert(own_is("2001:db8::9", 1));
}
END_TEST

START_TEST(the_majority_wins_and_a_minority_changes_nothing)
{
	votes_init(&votes);
	votes_of(T0, 1, 10, "203.0.113.1", 1);
	ck_assert_uint_eq(votes_of(T0, 50, 10, "203.0.113.66", 1), 0);
	ck_assert(own_is("203.0.113.1", 1));
	ck_assert(vote(T0, "198.51.100.90", "203.0.113.66", 1));
	ck_assert(own_is("203.0.113.66", 1));
}
END_TEST

START_TEST(a_port_counts_only_if_five_say_the_same)
{
	char from[ADDR_STRLEN];

	votes_init(&votes);
	for (uint16_t i = 1; i < 10; i++) {
		snprintf(from, sizeof(from), "198.51.100.%u", i);
		vote(T0, from, "203.0.113.1", (uint16_t)(1000 + i));
	}
	ck_assert(own_is("203.0.113.1", 0));
	votes_of(T0, 1, 5, "203.0.113.1", 6881);
	ck_assert(own_is("203.0.113.1", 6881));
}
END_TEST

START_TEST(a_new_address_wins_when_enough_have_seen_it)
{
	votes_init(&votes);
	votes_of(T0, 1, VOTE_MAX, "203.0.113.1", 1);
	votes_of(T0 + 1000, 101, VOTE_MAX / 2 + 1, "203.0.113.2", 1);
	ck_assert(own_is("203.0.113.2", 1));
}
END_TEST

START_TEST(old_votes_do_not_count)
{
	votes_init(&votes);
	votes_of(T0, 1, 20, "203.0.113.1", 1);
	votes_of(T0 + VOTE_OLD_MS, 101, 5, "203.0.113.2", 1);
	ck_assert(own_is("203.0.113.2", 1));
}
END_TEST

START_TEST(a_local_address_gives_way_to_one_of_the_open_network)
{
	votes_init(&votes);
	votes_of(T0, 1, 9, "192.168.1.5", 1);
	ck_assert(own_is("192.168.1.5", 1));
	votes_of(T0, 51, 5, "203.0.113.1", 1);
	ck_assert(own_is("203.0.113.1", 1));
	votes_of(T0, 71, 9, "192.168.1.5", 1);
	ck_assert(own_is("203.0.113.1", 1));
}
END_TEST

START_TEST(what_no_host_can_have_is_no_vote)
{
	votes_init(&votes);
	votes_of(T0, 1, 9, "0.0.0.0", 1);
	votes_of(T0, 1, 9, "224.0.0.1", 1);
	votes_of(T0, 1, 9, "255.255.255.255", 1);
	votes_of(T0, 1, 9, "2001:db8::1", 1);
	ck_assert_uint_eq(votes.own.addr.family, 0);
	votes_of(T0, 1, 9, "127.0.0.1", 1);
	ck_assert(own_is("127.0.0.1", 1));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_vectors_of_the_standard,
	    an_id_fits_the_address_it_was_made_for_and_hardly_another,
	    only_the_first_half_of_an_ipv6_address_counts,
	    local_addresses_are_exempt_and_their_neighbours_not,
	    five_sources_have_to_agree,
	    one_source_has_one_vote_however_often_it_speaks,
	    one_ipv6_customer_has_one_vote,
	    the_majority_wins_and_a_minority_changes_nothing,
	    a_port_counts_only_if_five_say_the_same,
	    a_new_address_wins_when_enough_have_seen_it,
	    old_votes_do_not_count,
	    a_local_address_gives_way_to_one_of_the_open_network,
	    what_no_host_can_have_is_no_vote,
	};

	return UNIT_RUN("node_id", tests);
}
