/* SPDX-License-Identifier: ISC */
/* file: tests/unit/unit.h */
#ifndef UNIT_H
#define UNIT_H

/*
 * What every unit test program needs and nothing more: run a list of tests,
 * and repeatable random numbers for property tests (SEED= in the environment;
 * print unit_seed() in the message of an assertion).
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

/* For what hangs; a busy machine is slow. */
#define UNIT_TIMEOUT_S 120

static inline int
unit_run(const char *name, const TTest *const tests[], size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, UNIT_TIMEOUT_S);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#define UNIT_RUN(name, tests)                                                  \
	unit_run((name), (tests), sizeof(tests) / sizeof((tests)[0]))

static inline uint64_t
unit_seed(void)
{
	static uint64_t seed;
	const char *env = getenv("SEED");

	if (seed == 0)
		seed = env != NULL ? strtoull(env, NULL, 10)
				   : (uint64_t)time(NULL);
	return seed;
}

/* splitmix64: every state gives a different number */
static inline uint64_t
unit_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

#endif
