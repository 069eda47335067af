/* SPDX-License-Identifier: ISC */
/* file: upnpd/jobs.c */
/*
 * The worker and what it is given (see upnpd.h).  Jobs and results are handed
 * over by pipes, each shorter than what a pipe takes as a whole.
 */
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "near.h"
#include "upnpd.h"

#define STACK (256 * 1024)

_Static_assert(sizeof(struct igd_result) <= PIPE_BUF, "handed over whole");

static void *
work(void *ctx)
{
	struct upnpd *u = ctx;
	struct igd_result out;
	struct igd_job job;

	/* it has begun: what libc does for that the sandbox would not let */
	if (write(u->done_fd[1], "", 1) != 1)
		return NULL;
	while (read(u->job_fd[0], &job, sizeof(job)) == sizeof(job)) {
		uint32_t far;

		memcpy(&far, job.gateway.b, sizeof(far));
		near_only(far);
		igd_do(u->igd, &job, &out);
		if (write(u->done_fd[1], &out, sizeof(out)) != sizeof(out))
			break;
	}
	return NULL;
}

/* What is to be given back one day. */
static void
note(struct upnpd *u, const struct igd_result *r)
{
	struct igd_job *at = NULL;

	for (struct igd_job *m = u->map; m < u->map + UPNPD_MAPS; m++)
		if (m->port == r->job.port &&
		    addr_eq(&m->gateway, &r->job.gateway))
			at = m;
	for (struct igd_job *m = u->map; m < u->map + UPNPD_MAPS; m++)
		if (at == NULL && m->port == 0)
			at = m;
	if (at == NULL)
		return;
	if (r->job.lifetime_s == 0) {
		if (at->port == r->job.port)
			at->port = 0;
	} else if (r->code == IGD_DONE) {
		*at = r->job;
		at->external = r->external.port;
	}
}

static void
on_result(int fd, int events, void *ctx)
{
	struct upnpd *u = ctx;
	struct igd_result r;

	(void)events;
	if (read(fd, &r, sizeof(r)) != sizeof(r))
		return;
	u->jobs--;
	note(u, &r);
	if (!u->stopping)
		wire_result(u, &r);
	else if (u->jobs == 0)
		loop_stop(u->loop);
}

static void
on_late(void *ctx)
{
	loop_stop(((struct upnpd *)ctx)->loop);
}

int
jobs_give(struct upnpd *u, const struct igd_job *j)
{
	if (u->jobs >= UPNPD_JOBS ||
	    write(u->job_fd[1], j, sizeof(*j)) != sizeof(*j))
		return -1;
	u->jobs++;
	return 0;
}

void
jobs_leave(struct upnpd *u)
{
	u->stopping = true;
	for (struct igd_job *m = u->map; m < u->map + UPNPD_MAPS; m++)
		if (m->port != 0) {
			m->lifetime_s = 0;
			(void)jobs_give(u, m);
		}
	if (u->jobs == 0)
		loop_stop(u->loop);
	loop_timer_in(u->leave, UPNPD_LEAVE_MS);
}

int
jobs_start(struct upnpd *u)
{
	pthread_attr_t attr;
	char begun;
	int r;

	/* a second arena would need mprotect */
	(void)mallopt(M_ARENA_MAX, 1);
	u->igd = igd_new();
	u->leave = loop_timer_new(u->loop, on_late, u);
	if (u->igd == NULL || u->leave == NULL ||
	    pipe2(u->job_fd, O_CLOEXEC) == -1 ||
	    pipe2(u->done_fd, O_CLOEXEC) == -1)
		return -1;
	u->results =
	    loop_io_new(u->loop, u->done_fd[0], LOOP_READ, on_result, u);
	if (u->results == NULL || pthread_attr_init(&attr) != 0)
		return -1;
	r = pthread_attr_setstacksize(&attr, STACK);
	if (r == 0)
		r = pthread_create(&u->worker, &attr, work, u);
	pthread_attr_destroy(&attr);
	return r == 0 && read(u->done_fd[0], &begun, 1) == 1 ? 0 : -1;
}
