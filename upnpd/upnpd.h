/* SPDX-License-Identifier: ISC */
/* file: upnpd/upnpd.h */
#ifndef UPNPD_H
#define UPNPD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "chan.h"
#include "igd.h"
#include "loop.h"
#include "msg.h"

/*
 * upnpd: ports of the gateway by UPnP, where it knows neither PCP nor NAT-PMP.
 * It reads SSDP, HTTP and XML of whoever is on the link, so it has nothing but
 * the network: no keys, no files, no configuration but what the engine asks.
 *
 *	engine --UPNP_ASK--> main thread --job--> worker: libminiupnpc, blocks
 *	engine <--UPNP_REPLY-- main thread <--result--
 *
 * What it mapped it gives back when it is told to stop.
 */
#define UPNPD_JOBS 8 /* under way at most */
#define UPNPD_MAPS 4 /* to be given back */
#define UPNPD_LEAVE_MS 800

struct upnpd;
struct wire {
	struct upnpd *upnpd;
	struct chan *chan; /* NULL: away */
	struct loop_chan *lc;
};

struct upnpd {
	struct loop *loop;
	struct wire parent, engine;
	struct loop_timer *leave;
	struct loop_io *results;
	pthread_t worker;
	struct igd *igd;                /* the worker's */
	int job_fd[2], done_fd[2];      /* pipes: read, write */
	unsigned jobs;                  /* under way */
	struct igd_job map[UPNPD_MAPS]; /* port 0: free */
	bool stopping, failed;
};

/* wire.c */
void wire_set(struct upnpd *, int fd, uint64_t gen);
void wire_result(struct upnpd *, const struct igd_result *);
/* jobs.c */
int jobs_start(struct upnpd *); /* the worker: before the sandbox closes */
int jobs_give(struct upnpd *, const struct igd_job *); /* -1: too many */
void jobs_leave(struct upnpd *); /* give all back, then end */

#endif
