/* SPDX-License-Identifier: ISC */
/* file: tests/sandbox/broker.h */
#ifndef BROKER_H
#define BROKER_H

#include "world.h"

/*
 * The parent in the play: a process that has entered sandbox_priv() and
 * starts children as tunnel-priv does.  A child's filter and Landlock domain
 * lie on top of the parent's, so only such children are the real thing.
 */
struct broker {
	pid_t pid;
	int fd;
	struct sandbox_report report;
};

int broker_start(struct broker *, const struct world *);
void broker_stop(struct broker *);
/* The child's pid, or -1; the descriptor stays the caller's. */
pid_t broker_spawn(struct broker *, enum role, int fd);
int broker_wait(struct broker *, int *status); /* of the last child */

/* The same from a process without any sandbox; uid 0 if as_root. */
pid_t spawn_bare(
    const struct world *, enum role, enum mode, bool as_root, int fd);

#endif
