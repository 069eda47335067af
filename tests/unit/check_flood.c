/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_flood.c */
/*
 * Initiations of strangers: what a flood of them, from wherever it seems to
 * come, may cost, and that nobody who is honest is locked out by it.
 */
#include "unit.h"

#include "duo.h"
#include "engine_int.h"

#define ADDRESS_OF_A 0xc0000201 /* 192.0.2.1 */

/* Initiations that seem to come from where a lives, one each step_ms. */
static void
spoof(struct duo *d, uint64_t for_ms, double per_ms)
{
	double due = 0;

	for (; for_ms > 0; for_ms--) {
		for (due += per_ms; due >= 1; due--) {
			struct duo_msg m = duo_stranger(d, ADDRESS_OF_A);

			/* a's own port at times, others at others */
			m.from.port = (uint16_t)(1 + unit_random(&d->dice) % 3);
			duo_deliver(d, &m);
		}
		d->now++;
		duo_pump(d);
	}
}

START_TEST(a_flood_from_a_peers_own_address_does_not_lock_it_out)
{
	static const double rate[] = {0.03, 0.4, 0.45, 3};

	for (size_t i = 0; i < sizeof(rate) / sizeof(rate[0]); i++) {
		struct duo *d = duo_new();

		for (int round = 0; round < 60; round++) {
			engine_free(d->side[0].e); /* and all its cookies */
			duo_start(d, 0);
			duo_a_to_b(d);
			spoof(d, 1000, rate[i]);
			ck_assert_msg(duo_state(d, 0) == PV_UP,
			    "locked out in second %d at %g", round, rate[i]);
		}
		duo_balanced(d);
		duo_free(d);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_flood_from_a_peers_own_address_does_not_lock_it_out,
	};

	return UNIT_RUN("flood", tests);
}
