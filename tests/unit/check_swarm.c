/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_swarm.c */
/* Announced peers: who is there, how long, and all bounds. */
#include "swarm.h"
#include "unit.h"

#define T0 1000
static const uint8_t hash_key[16] = {5, 7, 7};
static struct endpoint out[100];

static struct endpoint
at(uint32_t ip, uint16_t port)
{
	return (struct endpoint){{4,
				     {(uint8_t)(ip >> 24), (uint8_t)(ip >> 16),
					 (uint8_t)(ip >> 8), (uint8_t)ip}},
	    port};
}

static int
announce(
    struct swarm *s, uint64_t now_ms, uint32_t hash, uint32_t ip, uint16_t port)
{
	struct endpoint e = at(ip, port);
	uint8_t id[DHT_ID] = {(uint8_t)(hash >> 8), (uint8_t)hash};

	return swarm_announce(s, now_ms, id, &e);
}

static size_t
peers(struct swarm *s, uint64_t now_ms, uint32_t hash, size_t max)
{
	uint8_t id[DHT_ID] = {(uint8_t)(hash >> 8), (uint8_t)hash};

	return swarm_peers(s, now_ms, id, 4, out, max);
}

static struct swarm_stats
stats(const struct swarm *s)
{
	struct swarm_stats st;

	swarm_get_stats(s, &st);
	return st;
}

START_TEST(the_last_announced_come_first)
{
	struct swarm *s = swarm_new(hash_key);
	struct endpoint e;

	for (uint32_t ip = 1; ip <= 5; ip++)
		ck_assert_int_eq(announce(s, T0 + ip, 1, ip, 80), 0);
	ck_assert_int_eq(announce(s, T0 + 9, 1, 2, 80), 0);
	ck_assert_uint_eq(peers(s, T0 + 9, 1, 3), 3);
	e = at(2, 80);
	ck_assert(endpoint_eq(&out[0], &e));
	e = at(5, 80);
	ck_assert(endpoint_eq(&out[1], &e));
	ck_assert_uint_eq(peers(s, T0 + 9, 1, 100), 5);
	ck_assert_uint_eq(peers(s, T0 + 9, 2, 100), 0);
	swarm_free(s);
}
END_TEST

START_TEST(families_are_kept_apart)
{
	struct swarm *s = swarm_new(hash_key);
	struct endpoint e = {{6, {0x20, 1}}, 80};
	uint8_t id[DHT_ID] = {0, 1};

	announce(s, T0, 1, 1, 80);
	ck_assert_int_eq(swarm_announce(s, T0, id, &e), 0);
	ck_assert_uint_eq(peers(s, T0, 1, 100), 1);
	ck_assert_uint_eq(swarm_peers(s, T0, id, 6, out, 100), 1);
	ck_assert(endpoint_eq(&out[0], &e));
	swarm_free(s);
}
END_TEST

START_TEST(an_announcement_lives_half_an_hour)
{
	struct swarm *s = swarm_new(hash_key);

	announce(s, T0, 1, 1, 80);
	announce(s, T0 + 5, 1, 2, 80);
	ck_assert_uint_eq(swarm_due(s), T0 + SWARM_LIFE_MS);
	ck_assert_uint_eq(peers(s, T0 + SWARM_LIFE_MS - 1, 1, 100), 2);
	ck_assert_uint_eq(peers(s, T0 + SWARM_LIFE_MS, 1, 100), 1);
	swarm_tick(s, T0 + 5 + SWARM_LIFE_MS);
	ck_assert_uint_eq(stats(s).hashes, 0);
	ck_assert_uint_eq(stats(s).peers, 0);
	ck_assert_uint_eq(swarm_due(s), UINT64_MAX);
	swarm_free(s);
}
END_TEST

START_TEST(a_hash_has_64_peers_and_the_oldest_goes)
{
	struct swarm *s = swarm_new(hash_key);
	struct endpoint first = at(1, 80);

	for (uint32_t ip = 1; ip <= SWARM_PEERS_MAX + 1; ip++)
		ck_assert_int_eq(announce(s, T0 + ip, 1, ip, 80), 0);
	ck_assert_uint_eq(peers(s, T0 + 99, 1, 100), SWARM_PEERS_MAX);
	for (uint32_t i = 0; i < SWARM_PEERS_MAX; i++)
		ck_assert(!endpoint_eq(&out[i], &first));
	swarm_free(s);
}
END_TEST

START_TEST(one_address_has_four_ports_of_a_hash)
{
	struct swarm *s = swarm_new(hash_key);

	announce(s, T0, 1, 9, 80);
	for (uint16_t port = 1; port <= 7; port++)
		ck_assert_int_eq(announce(s, T0 + port, 1, 1, port), 0);
	ck_assert_uint_eq(peers(s, T0 + 9, 1, 100), 1 + SWARM_PER_SOURCE);
	ck_assert_uint_eq(out[0].port, 7);
	ck_assert_uint_eq(out[SWARM_PER_SOURCE - 1].port, 4);
	ck_assert_uint_eq(out[SWARM_PER_SOURCE].port, 80);
	swarm_free(s);
}
END_TEST

START_TEST(there_are_256_hashes_and_the_stalest_goes)
{
	struct swarm *s = swarm_new(hash_key);

	for (uint32_t h = 0; h < SWARM_HASHES_MAX; h++)
		ck_assert_int_eq(announce(s, T0 + h, h, h, 80), 0);
	announce(s, T0 + 500, 0, 77777, 80);
	announce(s, T0 + 501, 999, 1, 80);
	ck_assert_uint_eq(stats(s).hashes, SWARM_HASHES_MAX);
	ck_assert_uint_eq(peers(s, T0 + 501, 0, 100), 2);
	ck_assert_uint_eq(peers(s, T0 + 501, 1, 100), 0);
	ck_assert_uint_eq(peers(s, T0 + 501, 999, 100), 1);
	swarm_free(s);
}
END_TEST

START_TEST(a_source_may_announce_eight_times_a_minute)
{
	struct swarm *s = swarm_new(hash_key);
	int ok = 0;

	for (uint32_t h = 0; h < 20; h++)
		ok += announce(s, T0, h, 1, 80) == 0;
	ck_assert_int_eq(ok, SWARM_ANNOUNCES_MINUTE);
	ck_assert_int_eq(announce(s, T0 + 60000, 1, 1, 80), 0);
	ck_assert_uint_eq(stats(s).too_fast, 12);
	swarm_free(s);
	swarm_free(NULL);
}
END_TEST

START_TEST(any_sequence_keeps_the_counts_right)
{
	struct swarm *s = swarm_new(hash_key);
	uint64_t seed = unit_seed(), now = T0;

	for (int i = 0; i < 30000; i++) {
		uint64_t r = unit_random(&seed);
		uint32_t sum = 0;

		now += r % 2000;
		announce(s, now, (uint32_t)(r >> 16) % 400,
		    (uint32_t)(r >> 32) % 3000, (uint16_t)(r >> 60));
		if (i % 500 != 0)
			continue;
		swarm_tick(s, now);
		for (uint32_t h = 0; h < 400; h++)
			sum += (uint32_t)peers(s, now, h, 100);
		ck_assert_msg(sum == stats(s).peers, "SEED=%lu",
		    (unsigned long)unit_seed());
		ck_assert_uint_le(stats(s).hashes, SWARM_HASHES_MAX);
	}
	ck_assert_uint_gt(stats(s).evicted, 0);
	ck_assert_uint_gt(stats(s).expired, 0);
	swarm_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    the_last_announced_come_first,
	    families_are_kept_apart,
	    an_announcement_lives_half_an_hour,
	    a_hash_has_64_peers_and_the_oldest_goes,
	    one_address_has_four_ports_of_a_hash,
	    there_are_256_hashes_and_the_stalest_goes,
	    a_source_may_announce_eight_times_a_minute,
	    any_sequence_keeps_the_counts_right,
	};

	return UNIT_RUN("swarm", tests);
}
