/* SPDX-License-Identifier: ISC */
/* file: tests/sandbox/probe.h */
#ifndef PROBE_H
#define PROBE_H

#include "broker.h"
#include "world.h"

/* What all parts of the driver share. */
struct probe {
	struct world world;
	struct broker broker;
	unsigned passed, failed, skipped;
};

/* One started child, before and after its act. */
struct attack {
	int fd; /* the driver's end of its channel */
	pid_t pid;
	bool waits; /* to be looked at; goes on when told */
	bool got_ready, got_outcome;
	struct ready ready;
	struct outcome outcome;
	int status; /* of wait, -1: not known */
};

/* Start a child for an act and wait until it is confined.  0 or -1. */
int attack_begin(
    struct probe *, struct attack *, enum role, enum mode, size_t act);
/* Let it act and end. */
void attack_end(struct probe *, struct attack *, enum mode);

/* "ok   role what" or "FAIL role what: why", and counted. */
void verdict(
    struct probe *, bool good, enum role, const char *what, const char *why);

/* inspect.c: what /proc shows of a confined process */
void inspect_all(struct probe *);
/* worse.c: what happens where the kernel or the parent offers less */
void worse_all(struct probe *);

#endif
