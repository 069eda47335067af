/* SPDX-License-Identifier: ISC */
/* file: tests/tools/dhtsim.c */
/*
 * Figures of a simulated DHT: how often a lookup succeeds, how long it takes
 * and what it costs, with loss, churn, liars or a siege of one key.
 *
 * usage: dhtsim [--nodes N] [--loss PERCENT] [--liars PERCENT]
 *	[--eclipse SYBILS [--besieged ITEMS] [--siege 0..3] [--bits N]]
 *	[--churn PERCENT-AN-HOUR] [--lookups N] [--items N] [--age MINUTES]
 *	[--hours N] [--records N] [--seed N] [--mask BITS] [--open] [--figures]
 *
 * --besieged: so many items have SYBILS around each, and only those are looked
 * up.  --siege: see enum dsim_siege.  --bits: how close to the key they are.
 * --age: so long after an item was published it is looked up.
 * --hours: before the lookups, let the network be; every node publishes
 * --records of its own each hour.
 * --figures: one more line, for tests/bench/dht.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto.h"
#include "../sim/dht_sim.h"

#define WARM_MS 1200000 /* everybody has seen the whole network grow */
#define APART_MS 50     /* between lookups */
#define REST_MS 30000   /* until the last is over */
#define HOUR_MS 3600000

struct options {
	struct dsim_conf sim;
	uint32_t lookups, hours, records, age;
	bool figures;
};

/* Of the parts that come before the lookups; 0: there were none. */
struct figures {
	double idle_octets, idle_datagrams; /* of a node in an hour */
	double put_queries;                 /* of a publish */
};

static int
by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t
percentile(uint32_t *list, uint32_t n, uint32_t p)
{
	if (n == 0)
		return 0;
	qsort(list, n, sizeof(*list), by_size);
	return list[(uint64_t)(n - 1) * p / 100];
}

static uint32_t
looked_up(const struct options *o)
{
	return o->sim.sybils > 0 ? o->sim.besieged : o->sim.items;
}

static void
idle_hours(struct dsim *s, const struct options *o, struct figures *f)
{
	double node_hours = (double)o->sim.nodes * o->hours;

	if (o->hours == 0)
		return;
	dsim_reset(s);
	for (uint32_t h = 0; h < o->hours; h++)
		for (uint32_t i = 0; i < o->sim.nodes; i++) {
			dsim_publish_own(s, i, o->records);
			dsim_run(s, HOUR_MS / o->sim.nodes);
		}
	f->idle_octets = (double)dsim_octets(s) / node_hours;
	f->idle_datagrams = (double)dsim_datagrams(s) / node_hours;
	printf("idle: %u h, %u records each: %.0f octets/node/h, "
	       "%.0f datagrams/node/h\n",
	    o->hours, o->records, f->idle_octets, f->idle_datagrams);
}

static void
publish_all(struct dsim *s, const struct options *o, struct figures *f)
{
	uint32_t items = looked_up(o);
	uint32_t *owner = calloc(items, sizeof(*owner));

	if (owner == NULL)
		exit(1);
	for (uint32_t i = 0; i < items; i++)
		owner[i] = dsim_honest(s);

	dsim_reset(s);
	/* twice, so that there is something stale */
	for (int version = 0; version < 2; version++)
		for (uint32_t i = 0; i < items; i++) {
			dsim_publish(s, owner[i], i);
			dsim_run(s, 2000);
		}
	free(owner);
	dsim_run(s, REST_MS);
	f->put_queries =
	    (double)dsim_score(s)->put_queries / (double)dsim_score(s)->puts;
	printf("publish: %u times 2 items, %.1f copies of each, "
	       "%.1f queries, %.1f datagrams of honest nodes\n",
	    items, (double)dsim_stored(s) / items / 2, f->put_queries,
	    (double)dsim_datagrams(s) / items / 2);
	dsim_run(s, (uint64_t)o->age * 60000);
}

static void
show_holders(struct dsim *s, const struct options *o)
{
	uint32_t items = looked_up(o);
	uint32_t near[3], sum[4] = {0};

	for (uint32_t i = 0; i < items; i++) {
		sum[3] += dsim_holders(s, i, near);
		for (int k = 0; k < 3; k++)
			sum[k] += near[k];
	}
	printf("honest holders of the newest: %.1f; of the 8 closest %.1f, "
	       "of 16 %.1f, of 32 %.1f\n",
	    (double)sum[3] / items, (double)sum[0] / items,
	    (double)sum[1] / items, (double)sum[2] / items);
}

static void
look_all(struct dsim *s, const struct options *o)
{
	uint32_t items = looked_up(o);

	dsim_reset(s);
	for (uint32_t i = 0; i < o->lookups; i++) {
		dsim_lookup(s, dsim_honest(s), i % items);
		dsim_run(s, APART_MS);
	}
	dsim_run(s, REST_MS);
}

static void
report(struct dsim *s)
{
	const struct dsim_score *sc = dsim_score(s);
	double n = sc->lookups > 0 ? sc->lookups : 1;

	printf("lookups: %u, newest found %u (%.2f %%), any version %u\n",
	    sc->lookups, sc->newest, 100.0 * sc->newest / n, sc->found);
	printf("wrong answers accepted: %llu; lies that came: %llu; "
	       "items refused: %llu\n",
	    (unsigned long long)sc->wrong, (unsigned long long)dsim_hostile(s),
	    (unsigned long long)sc->refused);
	printf("each: %.1f queries, %.1f rounds; found after p50 %u ms, "
	       "p95 %u ms; over after p50 %u ms, p95 %u ms\n",
	    (double)sc->queries / n, (double)sc->rounds / n,
	    percentile(sc->first_ms, sc->newest, 50),
	    percentile(sc->first_ms, sc->newest, 95),
	    percentile(sc->took_ms, sc->lookups, 50),
	    percentile(sc->took_ms, sc->lookups, 95));
}

static void
show_figures(struct dsim *s, const struct options *o, const struct figures *f)
{
	const struct dsim_score *sc = dsim_score(s);
	double n = sc->lookups > 0 ? sc->lookups : 1;

	printf("figures seed=%llu lookups=%u newest=%u wrong=%llu lies=%llu "
	       "queries=%.2f rounds=%.2f p50=%u p95=%u over95=%u "
	       "put=%.1f idle_octets=%.0f idle_datagrams=%.0f\n",
	    (unsigned long long)o->sim.seed, sc->lookups, sc->newest,
	    (unsigned long long)sc->wrong, (unsigned long long)dsim_hostile(s),
	    (double)sc->queries / n, (double)sc->rounds / n,
	    percentile(sc->first_ms, sc->newest, 50),
	    percentile(sc->first_ms, sc->newest, 95),
	    percentile(sc->took_ms, sc->lookups, 95), f->put_queries,
	    f->idle_octets, f->idle_datagrams);
}

static uint32_t
number(const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (*s == '\0' || *end != '\0' || n > UINT32_MAX) {
		fprintf(stderr, "dhtsim: not a number: %s\n", s);
		exit(2);
	}
	return (uint32_t)n;
}

static void
parse(int argc, char *argv[], struct options *o)
{
	static const struct option opts[] = {{"nodes", 1, NULL, 'n'},
	    {"loss", 1, NULL, 'l'}, {"liars", 1, NULL, 'e'},
	    {"eclipse", 1, NULL, 'y'}, {"churn", 1, NULL, 'c'},
	    {"lookups", 1, NULL, 'k'}, {"items", 1, NULL, 'i'},
	    {"hours", 1, NULL, 'h'}, {"records", 1, NULL, 'r'},
	    {"seed", 1, NULL, 's'}, {"mask", 1, NULL, 'm'},
	    {"besieged", 1, NULL, 'b'}, {"siege", 1, NULL, 'w'},
	    {"bits", 1, NULL, 't'}, {"age", 1, NULL, 'a'},
	    {"figures", 0, NULL, 'f'}, {"open", 0, NULL, 'o'},
	    {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		uint32_t n = optarg != NULL ? number(optarg) : 0;

		switch (c) {
		case 'n':
			o->sim.nodes = n;
			break;
		case 'l':
			o->sim.loss = n * 10;
			break;
		case 'e':
			o->sim.liars = n * 10;
			break;
		case 'y':
			o->sim.sybils = n;
			break;
		case 'c':
			o->sim.churn = n * 10;
			break;
		case 'k':
			o->lookups = n;
			break;
		case 'i':
			o->sim.items = n;
			break;
		case 'h':
			o->hours = n;
			break;
		case 'r':
			o->records = n;
			break;
		case 's':
			o->sim.seed = n;
			break;
		case 'm':
			o->sim.mask = n;
			break;
		case 'b':
			o->sim.besieged = n;
			break;
		case 'w':
			o->sim.siege = (enum dsim_siege)n;
			break;
		case 'a':
			o->age = n;
			break;
		case 'f':
			o->figures = true;
			break;
		case 't':
			o->sim.sybil_bits = n;
			break;
		case 'o':
			o->sim.open = true;
			break;
		default:
			exit(2);
		}
	}
}

int
main(int argc, char *argv[])
{
	struct options o = {
	    .sim = {.nodes = 1000, .seed = 1, .items = 50, .besieged = 1},
	    .lookups = 1000,
	    .records = 4};
	struct figures f = {0};
	clock_t began = clock();
	struct dsim *s;

	setvbuf(stdout, NULL, _IOLBF, 0);
	parse(argc, argv, &o);
	if (o.sim.nodes == 0 || o.sim.items == 0 || o.sim.besieged == 0 ||
	    o.sim.besieged > o.sim.items || o.sim.siege >= DSIM_NSIEGES ||
	    crypto_init() == -1)
		return 2;
	s = dsim_new(&o.sim);
	dsim_run(s, WARM_MS);
	printf("%u nodes, loss %u, liars %u, churn %u (of 1000), sybils %u, "
	       "seed %llu: joined after %.1f s of CPU\n",
	    o.sim.nodes, o.sim.loss, o.sim.liars, o.sim.churn, o.sim.sybils,
	    (unsigned long long)o.sim.seed,
	    (double)(clock() - began) / CLOCKS_PER_SEC);
	idle_hours(s, &o, &f);
	if (o.lookups > 0) {
		publish_all(s, &o, &f);
		show_holders(s, &o);
		look_all(s, &o);
		report(s);
	}
	if (o.figures)
		show_figures(s, &o, &f);
	dsim_free(s);
	printf("%.1f s of CPU\n", (double)(clock() - began) / CLOCKS_PER_SEC);
	return 0;
}
