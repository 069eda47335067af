/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_index.c */
/* Receiver indices, public keys and keyd jobs: the engine's three tables. */
#include <string.h>

#include "index.h"
#include "jobs.h"
#include "keytab.h"
#include "unit.h"

static void
fill(void *ctx, void *out, size_t len)
{
	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(ctx);
}

/* Few different numbers, so that runs of the table collide and wrap. */
static void
fill_narrow(void *ctx, void *out, size_t len)
{
	uint32_t v = (uint32_t)unit_random(ctx) % 64;

	v = v < 32 ? v : UINT32_MAX - v;
	memcpy(out, &v, len < sizeof(v) ? len : sizeof(v));
}

START_TEST(an_index_names_what_it_was_taken_for)
{
	uint64_t seed = 1;
	struct rnd_src rnd = {fill, &seed};
	struct index_table *t = index_new(10);
	uint32_t i = index_take(t, &rnd, INDEX_DIAL, 7);

	ck_assert_uint_ne(i, 0);
	ck_assert_uint_eq(index_find(t, i)->peer, 7);
	ck_assert_int_eq(index_find(t, i)->kind, INDEX_DIAL);
	ck_assert_ptr_null(index_find(t, i + 1));
	ck_assert_ptr_null(index_find(t, 0));
	index_drop(t, i);
	ck_assert_ptr_null(index_find(t, i));
	ck_assert_uint_eq(index_count(t), 0);
	index_free(t);
}
END_TEST

START_TEST(a_full_table_gives_no_index_and_loses_none)
{
	uint64_t seed = 2;
	struct rnd_src rnd = {fill, &seed};
	struct index_table *t = index_new(100);
	uint32_t got[1000], n = 0;

	while ((got[n] = index_take(t, &rnd, INDEX_KEYS, n)) != 0)
		n++;
	ck_assert_uint_ge(n, 100);
	ck_assert_uint_lt(n, 1000);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(index_find(t, got[i])->peer, i);
	ck_assert_int_eq(index_reserve(t, 2 * n), 0);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(index_find(t, got[i])->peer, i);
	ck_assert_uint_ne(index_take(t, &rnd, INDEX_KEYS, n), 0);
	index_free(t);
}
END_TEST

START_TEST(taking_and_dropping_at_random_agrees_with_a_list)
{
	uint64_t seed = unit_seed(), dice = seed;
	struct rnd_src rnd = {fill_narrow, &dice};
	struct index_table *t = index_new(16);
	uint32_t list[32] = {0};

	for (int step = 0; step < 100000; step++) {
		uint32_t k = (uint32_t)unit_random(&dice) % 32;

		if (list[k] != 0) {
			ck_assert_msg(index_find(t, list[k]) != NULL &&
				index_find(t, list[k])->peer == k,
			    "SEED=%llu step %d", (unsigned long long)seed,
			    step);
			index_drop(t, list[k]);
			list[k] = 0;
		} else if (index_count(t) < 16) {
			list[k] = index_take(t, &rnd, INDEX_KEYS, k);
		}
	}
	index_free(t);
}
END_TEST

START_TEST(a_key_is_found_under_its_first_number)
{
	static const uint8_t hash_key[16] = {1};
	struct keytab *t = keytab_new(3, hash_key);
	uint8_t key[4][32] = {{1}, {2}, {3}, {4}};

	ck_assert_uint_eq(keytab_find(NULL, key[0]), KEYTAB_NONE);
	ck_assert_uint_eq(keytab_find(t, key[0]), KEYTAB_NONE);
	ck_assert_uint_eq(keytab_put(t, key[0], 10), 10);
	ck_assert_uint_eq(keytab_put(t, key[1], 11), 11);
	ck_assert_uint_eq(keytab_put(t, key[0], 12), 10);
	ck_assert_uint_eq(keytab_find(t, key[0]), 10);
	ck_assert_uint_eq(keytab_find(t, key[1]), 11);
	ck_assert_uint_eq(keytab_find(t, key[2]), KEYTAB_NONE);
	keytab_free(t);
}
END_TEST

START_TEST(a_table_of_keys_that_is_full_says_so)
{
	static const uint8_t hash_key[16] = {1};
	struct keytab *t = keytab_new(4, hash_key);
	uint8_t key[32] = {0};
	uint32_t n = 0;

	while (keytab_put(t, key, n) == n)
		key[0] = (uint8_t)++n;
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(keytab_find(t, key), KEYTAB_NONE);
	keytab_free(t);
}
END_TEST

START_TEST(a_job_is_found_by_its_id_until_it_ends)
{
	struct jobs *t = jobs_new();
	struct job *j = job_start(t, 100, JOB_DIAL);
	uint32_t id = j->id;

	ck_assert_uint_ne(id, 0);
	ck_assert_ptr_eq(job_find(t, id), j);
	ck_assert_ptr_null(job_find(t, 0));
	ck_assert_ptr_eq(jobs_oldest(t), j);
	ck_assert_uint_eq(j->due_ms, 100 + JOB_LIFE_MS);
	job_end(t, j);
	ck_assert_ptr_null(job_find(t, id));
	ck_assert_ptr_null(jobs_oldest(t));
	/* who has the place now has another id */
	j = job_start(t, 101, JOB_DIAL);
	ck_assert_uint_ne(j->id, id);
	ck_assert_ptr_null(job_find(t, id));
	jobs_free(t);
}
END_TEST

START_TEST(strangers_can_not_take_all_jobs)
{
	struct jobs *t = jobs_new();
	struct job *j;
	uint32_t n = 0;

	while ((j = job_start(t, 1, JOB_ES)) != NULL) {
		if (n++ % 2 == 0)
			j->kind = JOB_SS; /* a step further */
	}
	ck_assert_uint_eq(n, JOBS_INITIATIONS);
	while (job_start(t, 1, JOB_SE) != NULL)
		n++;
	ck_assert_uint_eq(n, JOBS_FOREIGN);
	ck_assert_uint_eq(jobs_foreign(t), JOBS_FOREIGN);
	while (job_start(t, 2, JOB_DIAL) != NULL)
		n++;
	ck_assert_uint_eq(n, JOBS_MAX);
	ck_assert_uint_eq(jobs_foreign(t), JOBS_FOREIGN);
	while (jobs_oldest(t) != NULL)
		job_end(t, jobs_oldest(t));
	ck_assert_uint_eq(jobs_foreign(t) + jobs_initiations(t), 0);
	jobs_free(t);
}
END_TEST

START_TEST(jobs_end_in_any_order_and_the_oldest_stays_first)
{
	struct jobs *t = jobs_new();
	struct job *j[5];

	for (int i = 0; i < 5; i++)
		j[i] = job_start(t, (uint64_t)i, JOB_ES);
	job_end(t, j[2]);
	job_end(t, j[0]);
	ck_assert_ptr_eq(jobs_oldest(t), j[1]);
	job_end(t, j[4]);
	job_end(t, j[1]);
	ck_assert_ptr_eq(jobs_oldest(t), j[3]);
	job_end(t, j[3]);
	ck_assert_ptr_null(jobs_oldest(t));
	ck_assert_uint_eq(jobs_foreign(t), 0);
	jobs_free(t);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    an_index_names_what_it_was_taken_for,
	    a_full_table_gives_no_index_and_loses_none,
	    taking_and_dropping_at_random_agrees_with_a_list,
	    a_key_is_found_under_its_first_number,
	    a_table_of_keys_that_is_full_says_so,
	    a_job_is_found_by_its_id_until_it_ends,
	    strangers_can_not_take_all_jobs,
	    jobs_end_in_any_order_and_the_oldest_stays_first,
	};

	return UNIT_RUN("index", tests);
}
