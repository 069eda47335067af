/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_pmtu.c */
/*
 * The path MTU search, driven as the engine drives it over a made-up path in
 * virtual time: what it finds is what the path takes, whatever is lost on the
 * way; a path that gets narrower is noticed, one that gets wider is used, and
 * who sends nothing asks nothing.
 */
#include "pmtu.h"
#include "unit.h"

#define OVER 28
#define NEED 1432 /* 1400 and what goes around it */
#define WAY_MAX 256

struct flight {
	uint64_t at_ms, id;
};

struct lab {
	struct pmtu s;
	uint16_t mtu;            /* of whole packets */
	uint16_t local;          /* longer ones the system refuses at once */
	uint32_t delay_ms, loss; /* there and back; of a thousand */
	bool dead;
	uint32_t every_ms; /* a long datagram; 0: none */
	uint64_t now, seed, next_id, next_ms;
	struct flight fly[WAY_MAX];
	unsigned nfly, asked, octets, drops;
	uint64_t drop_ms; /* since when long ones are too long for the path */
};

static struct endpoint
place(unsigned i)
{
	return (struct endpoint){
	    .addr = {.family = 4, .b = {192, 0, 2, (uint8_t)(i + 1)}},
	    .port = 51820};
}

static void
use(struct lab *l, unsigned i, uint16_t need)
{
	struct endpoint ep = place(i);

	pmtu_use(&l->s, &ep, 0, OVER, need, l->now);
}

static void
lab_init(struct lab *l, uint16_t mtu)
{
	*l = (struct lab){
	    .mtu = mtu, .delay_ms = 20, .now = 1000, .seed = 1, .next_id = 1};
	l->every_ms = 10;
	l->local = UINT16_MAX;
	pmtu_init(&l->s);
	use(l, 0, NEED);
}

static void
send_probe(struct lab *l, unsigned i)
{
	uint16_t size = l->s.ask[i].size;
	uint64_t id = l->next_id++;

	l->asked++;
	l->octets += size;
	if (size + OVER > l->local) {
		pmtu_refused(&l->s, i);
		return;
	}
	pmtu_asked(&l->s, i, id);
	if (l->dead || size + OVER > l->mtu ||
	    unit_random(&l->seed) % 1000 < l->loss ||
	    unit_random(&l->seed) % 1000 < l->loss)
		return;
	ck_assert_uint_lt(l->nfly, WAY_MAX);
	l->fly[l->nfly++] = (struct flight){l->now + l->delay_ms, id};
}

static void
land(struct lab *l)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < l->nfly; i++)
		if (l->fly[i].at_ms <= l->now)
			(void)pmtu_answer(&l->s, l->fly[i].id, l->now);
		else
			l->fly[kept++] = l->fly[i];
	l->nfly = kept;
}

static void
run(struct lab *l, uint64_t ms)
{
	for (uint64_t until = l->now + ms; l->now < until; l->now++) {
		unsigned n;

		land(l);
		if (l->every_ms != 0 && l->now >= l->next_ms) {
			(void)pmtu_sent(&l->s, l->now);
			l->next_ms = l->now + l->every_ms;
		}
		if (l->now < pmtu_due(&l->s))
			continue;
		n = pmtu_tick(&l->s, l->now);
		ck_assert_uint_le(n, PMTU_ASKS);
		for (unsigned i = 0; i < n; i++)
			send_probe(l, i);
	}
}

/* Data would pass. */
static bool
fits(const struct lab *l)
{
	uint16_t size = pmtu_limit(&l->s);

	return (size < NEED ? size : NEED) + OVER <= l->mtu;
}

/* How long until data passes, at most `most`. */
static uint64_t
until_fits(struct lab *l, uint64_t most)
{
	uint64_t from = l->now;

	while (!fits(l) && l->now - from < most)
		run(l, 1);
	return l->now - from;
}

START_TEST(an_ordinary_path_costs_one_round)
{
	struct lab l;

	lab_init(&l, 1500);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	run(&l, 1000);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	ck_assert_uint_eq(pmtu_path(&l.s, OVER), 1500);
	ck_assert_uint_le(l.asked, PMTU_ASKS);
}
END_TEST

START_TEST(what_a_path_takes_is_found)
{
	static const uint16_t mtus[] = {
	    1280, 1281, 1300, 1359, 1360, 1400, 1433, 1452, 1459};

	for (unsigned i = 0; i < sizeof(mtus) / sizeof(mtus[0]); i++) {
		struct lab l;
		uint16_t size;

		lab_init(&l, mtus[i]);
		ck_assert_uint_le(until_fits(&l, 5000), 1500);
		run(&l, 5000);
		size = pmtu_limit(&l.s);
		ck_assert_uint_le(size + OVER, mtus[i]);
		ck_assert_uint_gt(size + OVER + PMTU_STEP, mtus[i]);
		ck_assert_uint_eq(pmtu_path(&l.s, OVER), size + OVER);
	}
}
END_TEST

START_TEST(a_path_that_gets_narrower_is_no_black_hole)
{
	struct lab l;

	lab_init(&l, 1500);
	run(&l, 30000);
	l.mtu = 1280;
	ck_assert_uint_le(until_fits(&l, 10000), 3000);
	ck_assert_uint_eq(pmtu_limit(&l.s) + OVER, 1280);
}
END_TEST

START_TEST(silence_makes_it_look_at_once)
{
	struct lab l;

	lab_init(&l, 1500);
	run(&l, 31500);
	l.mtu = 1280;
	pmtu_doubt(&l.s, l.now);
	ck_assert_uint_le(until_fits(&l, 10000), 200);
}
END_TEST

START_TEST(what_the_system_refuses_is_believed_at_once)
{
	struct lab l;

	lab_init(&l, 1500);
	run(&l, 30000);
	l.mtu = l.local = 1400;
	ck_assert_uint_le(until_fits(&l, 10000), PMTU_CHECK_MS + 600);
	run(&l, 3000);
	ck_assert_uint_eq(pmtu_limit(&l.s) + OVER, 1400);
}
END_TEST

START_TEST(a_path_that_gets_wider_is_used)
{
	struct lab l;

	lab_init(&l, 1280);
	run(&l, 5000);
	ck_assert_uint_eq(pmtu_limit(&l.s) + OVER, 1280);
	l.mtu = 1500;
	run(&l, PMTU_SOON_MS + 1000);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	ck_assert_uint_eq(pmtu_path(&l.s, OVER), 1500);
}
END_TEST

START_TEST(one_that_stays_narrow_is_asked_less_and_less)
{
	struct lab l;
	unsigned before;

	lab_init(&l, 1400);
	run(&l, 2 * PMTU_RAISE_MS);
	before = l.asked;
	run(&l, PMTU_RAISE_MS);
	/* a check is two probes, and a try of larger ones three rounds */
	ck_assert_uint_le(l.asked - before,
	    2 * PMTU_RAISE_MS / PMTU_CHECK_MS + 4 * 2 * PMTU_ASKS);
	ck_assert_uint_eq(pmtu_limit(&l.s) + OVER, 1400);
}
END_TEST

START_TEST(who_sends_nothing_asks_nothing)
{
	struct lab l;
	unsigned before;

	lab_init(&l, 1500);
	l.every_ms = 0;
	run(&l, 10000);
	before = l.asked;
	run(&l, 1000000);
	ck_assert_uint_eq(l.asked, before);
	ck_assert(pmtu_due(&l.s) == UINT64_MAX);
	/* and looks when it does again */
	ck_assert(pmtu_sent(&l.s, l.now));
	ck_assert(!pmtu_sent(&l.s, l.now));
	ck_assert_uint_le(pmtu_due(&l.s), l.now);
	run(&l, 100);
	ck_assert_uint_gt(l.asked, before);
}
END_TEST

START_TEST(a_dead_path_says_nothing_of_its_mtu)
{
	struct lab l;
	unsigned before;

	lab_init(&l, 1500);
	run(&l, 10000);
	l.dead = true;
	before = l.asked;
	run(&l, 120000);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	ck_assert_uint_le(l.asked - before, 20 * PMTU_ASKS);
	l.dead = false;
	run(&l, 2 * PMTU_SLOW_MS);
	ck_assert_uint_eq(pmtu_path(&l.s, OVER), 1500);
	l.dead = true;
	l.every_ms = 0;
	run(&l, 1000000);
	before = l.asked;
	run(&l, 1000000);
	ck_assert_uint_eq(l.asked, before);
}
END_TEST

START_TEST(each_place_has_its_own)
{
	struct lab l;

	lab_init(&l, 1300);
	run(&l, 5000);
	l.mtu = 1500;
	use(&l, 1, NEED);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	run(&l, 1000);
	ck_assert_uint_eq(pmtu_path(&l.s, OVER), 1500);
	/* back: it is known at once */
	l.mtu = 1300;
	use(&l, 0, NEED);
	ck_assert(fits(&l));
	ck_assert_uint_gt(pmtu_limit(&l.s) + OVER + PMTU_STEP, 1300);
	for (unsigned i = 2; i < 40; i++) {
		use(&l, i, NEED);
		run(&l, 3000);
	}
	ck_assert(fits(&l));
}
END_TEST

START_TEST(long_ones_are_found_if_they_are_needed)
{
	struct lab l;

	lab_init(&l, 9000);
	run(&l, 3000);
	ck_assert_uint_eq(pmtu_path(&l.s, OVER), 1500); /* nobody needs more */
	use(&l, 0, 8900 + 32);
	run(&l, 5000);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	use(&l, 1, 65032); /* more than a probe can be: believed */
	run(&l, 5000);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	l.mtu = 1500;
	use(&l, 2, 8900 + 32);
	run(&l, 20000);
	ck_assert_uint_eq(pmtu_limit(&l.s) + OVER, 1500);
}
END_TEST

START_TEST(narrower_than_all_is_the_least)
{
	struct lab l;

	lab_init(&l, 1000);
	run(&l, 20000);
	ck_assert_uint_eq(pmtu_limit(&l.s) + OVER, PMTU_LEAST);
	ck_assert_uint_eq(pmtu_path(&l.s, OVER), 0);
}
END_TEST

START_TEST(stopped_everything_passes)
{
	struct lab l;

	lab_init(&l, 1280);
	run(&l, 5000);
	pmtu_stop(&l.s, l.now);
	ck_assert_uint_eq(pmtu_limit(&l.s), UINT16_MAX);
	ck_assert(pmtu_due(&l.s) == UINT64_MAX);
	ck_assert_uint_eq(pmtu_tick(&l.s, l.now), 0);
	ck_assert(!pmtu_answer(&l.s, 0, l.now));
	use(&l, 0, NEED); /* it is remembered */
	ck_assert(fits(&l));
}
END_TEST

/* Any path, any loss up to 15 % a way, changes: found, and soon. */
START_TEST(any_path_with_loss)
{
	uint64_t seed = unit_seed();

	for (unsigned round = 0; round < 60; round++) {
		struct lab l;

		lab_init(&l, (uint16_t)(1280 + unit_random(&seed) % 300));
		l.seed = unit_random(&seed);
		l.loss = (uint32_t)(unit_random(&seed) % 150);
		l.delay_ms = (uint32_t)(1 + unit_random(&seed) % 300);
		for (unsigned i = 0; i < 4; i++) {
			/* the peer may be lost for a while, too */
			ck_assert_msg(until_fits(&l, 120000) < 90000,
			    "mtu %u loss %u", l.mtu, l.loss);
			run(&l, 60000);
			ck_assert(fits(&l));
			l.mtu = (uint16_t)(1280 + unit_random(&seed) % 300);
		}
		l.loss = 0;
		run(&l, 2 * PMTU_RAISE_MS + 60000);
		ck_assert(fits(&l));
		ck_assert_msg(pmtu_path(&l.s, OVER) + PMTU_STEP >
			(l.mtu < 1500 ? l.mtu : 1500),
		    "mtu %u, found %u", l.mtu, pmtu_path(&l.s, OVER));
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {an_ordinary_path_costs_one_round,
	    what_a_path_takes_is_found,
	    a_path_that_gets_narrower_is_no_black_hole,
	    silence_makes_it_look_at_once,
	    what_the_system_refuses_is_believed_at_once,
	    a_path_that_gets_wider_is_used,
	    one_that_stays_narrow_is_asked_less_and_less,
	    who_sends_nothing_asks_nothing, a_dead_path_says_nothing_of_its_mtu,
	    each_place_has_its_own, long_ones_are_found_if_they_are_needed,
	    narrower_than_all_is_the_least, stopped_everything_passes,
	    any_path_with_loss};

	return UNIT_RUN("pmtu", tests);
}
