/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/jobs.c */
/*
 * The table of jobs.h.  An id is the place in the low bits and a number that
 * grows with each use of the place in the others: an answer that comes after
 * its job ended finds nothing, whoever has the place now.
 */
#include "jobs.h"

#include <stdlib.h>

#include "crypto.h"

struct jobs {
	struct job *oldest, *newest;
	struct job *free; /* chained by newer */
	uint32_t touched; /* places from here on were never used */
	uint32_t n, foreign, initiations;
	struct job job[JOBS_MAX];
};

struct jobs *
jobs_new(void)
{
	return calloc(1, sizeof(struct jobs));
}

void
jobs_free(struct jobs *t)
{
	if (t == NULL)
		return;
	while (t->oldest != NULL)
		job_end(t, t->oldest);
	free(t);
}

static struct job *
take_place(struct jobs *t)
{
	struct job *j = t->free;

	if (j != NULL) {
		t->free = j->newer;
		return j;
	}
	if (t->touched == JOBS_MAX)
		return NULL;
	j = &t->job[t->touched];
	j->id = t->touched++;
	return j;
}

static bool
is_initiation(enum job_kind kind)
{
	return kind == JOB_ES || kind == JOB_SS;
}

struct job *
job_start(struct jobs *t, uint64_t now_ms, enum job_kind kind)
{
	bool initiation = is_initiation(kind);
	bool foreign = initiation || kind == JOB_SE;
	struct job *j;
	uint32_t id;

	if (foreign && t->foreign >= JOBS_FOREIGN)
		return NULL;
	if (initiation && t->initiations >= JOBS_INITIATIONS)
		return NULL;
	if ((j = take_place(t)) == NULL)
		return NULL;
	id = j->id + JOBS_MAX;
	if (id < JOBS_MAX) /* wrapped: 0 is not an id */
		id += JOBS_MAX;
	*j = (struct job){
	    .kind = kind,
	    .id = id,
	    .peer = JOB_NOBODY,
	    .due_ms = now_ms + JOB_LIFE_MS,
	    .foreign = foreign,
	    .older = t->newest,
	};
	if (t->newest != NULL)
		t->newest->newer = j;
	else
		t->oldest = j;
	t->newest = j;
	t->n++;
	t->foreign += foreign;
	t->initiations += initiation;
	return j;
}

struct job *
job_find(struct jobs *t, uint32_t id)
{
	struct job *j = &t->job[id % JOBS_MAX];

	return j->kind != JOB_FREE && j->id == id ? j : NULL;
}

void
job_end(struct jobs *t, struct job *j)
{
	uint32_t id = j->id;

	t->n--;
	t->foreign -= j->foreign;
	t->initiations -= is_initiation(j->kind);
	if (j->older != NULL)
		j->older->newer = j->newer;
	else
		t->oldest = j->newer;
	if (j->newer != NULL)
		j->newer->older = j->older;
	else
		t->newest = j->older;
	crypto_wipe(j, sizeof(*j));
	j->id = id;
	j->newer = t->free;
	t->free = j;
}

struct job *
jobs_oldest(struct jobs *t)
{
	return t->oldest;
}

uint32_t
jobs_foreign(const struct jobs *t)
{
	return t->foreign;
}

uint32_t
jobs_initiations(const struct jobs *t)
{
	return t->initiations;
}

uint32_t
jobs_own(const struct jobs *t)
{
	return t->n - t->initiations;
}
