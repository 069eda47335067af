/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_dht_sim.c */
/*
 * Whole DHTs, simulated: do lookups succeed with loss, churn, liars and a
 * siege of one key?  Small ones, for every build; tests/tools/dhtsim makes the
 * same with thousands of nodes.
 *
 * These are figures of chance, so the seed is the same each time: a run is red
 * for a change and not for bad luck.  SEED= takes another one.
 */
#include "../sim/dht_sim.h"
#include "crypto.h"
#include "unit.h"

#define NODES 200
#define ITEMS 20
#define LOOKUPS 200
#define WARM_MS 1200000
#define HOUR_MS 3600000
#define THE_SEED 1795300013

static uint64_t
the_seed(void)
{
	return getenv("SEED") != NULL ? unit_seed() : THE_SEED;
}

static struct dsim *
grow(struct dsim_conf c)
{
	struct dsim *s;

	ck_assert_int_eq(crypto_init(), 0);
	c.seed = the_seed();
	c.items = ITEMS;
	if (c.nodes == 0)
		c.nodes = NODES;
	s = dsim_new(&c);
	dsim_run(s, WARM_MS);
	return s;
}

/* Each owner publishes twice, so that there is something old. */
static void
publish(struct dsim *s, uint32_t items)
{
	uint32_t owner[ITEMS];

	for (uint32_t i = 0; i < items; i++)
		owner[i] = dsim_honest(s);
	for (int version = 0; version < 2; version++)
		for (uint32_t i = 0; i < items; i++) {
			dsim_publish(s, owner[i], i);
			dsim_run(s, 2000);
		}
	dsim_run(s, 20000);
}

/* So many of a thousand lookups must see the newest version. */
static void
look(struct dsim *s, uint32_t items, uint32_t want)
{
	const struct dsim_score *sc = dsim_score(s);

	dsim_reset(s);
	for (uint32_t i = 0; i < LOOKUPS; i++) {
		dsim_lookup(s, dsim_honest(s), i % items);
		dsim_run(s, 50);
	}
	dsim_run(s, 20000);
	ck_assert_uint_eq(sc->lookups, LOOKUPS);
	ck_assert_uint_eq(sc->wrong, 0);
	ck_assert_msg(sc->newest * 1000 >= LOOKUPS * want,
	    "%u of %u found, SEED=%llu", sc->newest, LOOKUPS,
	    (unsigned long long)the_seed());
}

static void
publish_and_look(struct dsim_conf c, uint32_t items, uint32_t want)
{
	struct dsim *s = grow(c);

	publish(s, items);
	look(s, items, want);
	dsim_free(s);
}

START_TEST(every_lookup_finds_the_newest)
{
	publish_and_look((struct dsim_conf){0}, ITEMS, 1000);
}
END_TEST

START_TEST(a_public_swarm_works_as_well)
{
	publish_and_look((struct dsim_conf){.open = true}, ITEMS, 1000);
}
END_TEST

START_TEST(eight_nodes_are_enough)
{
	publish_and_look((struct dsim_conf){.nodes = 8}, ITEMS, 1000);
}
END_TEST

START_TEST(a_fifth_of_all_datagrams_may_be_lost)
{
	publish_and_look((struct dsim_conf){.loss = 200}, ITEMS, 985);
}
END_TEST

START_TEST(a_quarter_may_be_liars)
{
	publish_and_look((struct dsim_conf){.liars = 250}, ITEMS, 985);
}
END_TEST

START_TEST(half_may_be_liars)
{
	publish_and_look((struct dsim_conf){.liars = 500}, ITEMS, 900);
}
END_TEST

static void
besiege(enum dsim_siege how, uint32_t keys)
{
	publish_and_look(
	    (struct dsim_conf){.sybils = 40, .besieged = keys, .siege = how},
	    keys, 930);
}

START_TEST(forty_sybils_do_not_hide_a_key)
{
	besiege(DSIM_HIDE, 1);
}
END_TEST

START_TEST(nor_two_keys_at_a_time)
{
	besiege(DSIM_HIDE, 2);
}
END_TEST

START_TEST(nor_by_refusing_what_is_put)
{
	besiege(DSIM_REFUSE, 1);
}
END_TEST

START_TEST(nor_by_silence)
{
	besiege(DSIM_SILENT, 1);
}
END_TEST

START_TEST(nor_by_holding_on_to_an_old_version)
{
	besiege(DSIM_OLD, 1);
}
END_TEST

START_TEST(half_of_the_nodes_may_change_within_the_hour)
{
	struct dsim *s = grow((struct dsim_conf){.churn = 500});

	publish(s, ITEMS);
	dsim_run(s, HOUR_MS / 2);
	look(s, ITEMS, 950);
	dsim_free(s);
}
END_TEST

START_TEST(an_idle_network_costs_less_than_a_megabyte_an_hour)
{
	struct dsim *s = grow((struct dsim_conf){.nodes = 8});

	dsim_reset(s);
	for (uint32_t i = 0; i < 8; i++)
		dsim_publish_own(s, i, 4);
	dsim_run(s, HOUR_MS);
	ck_assert_uint_gt(dsim_octets(s), 0);
	ck_assert_uint_le(dsim_octets(s) / 8, 1000000);
	dsim_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    every_lookup_finds_the_newest,
	    a_public_swarm_works_as_well,
	    eight_nodes_are_enough,
	    a_fifth_of_all_datagrams_may_be_lost,
	    a_quarter_may_be_liars,
	    half_may_be_liars,
	    forty_sybils_do_not_hide_a_key,
	    nor_two_keys_at_a_time,
	    nor_by_refusing_what_is_put,
	    nor_by_silence,
	    nor_by_holding_on_to_an_old_version,
	    half_of_the_nodes_may_change_within_the_hour,
	    an_idle_network_costs_less_than_a_megabyte_an_hour,
	};

	return UNIT_RUN("dht_sim", tests);
}
