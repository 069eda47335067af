/* SPDX-License-Identifier: ISC */
/* file: common/sandbox_linux.h */
#ifndef SANDBOX_LINUX_H
#define SANDBOX_LINUX_H

#include "sandbox_table.h"

/* The two kernel mechanisms behind sandbox_linux.c; private to it. */

/* For good, all threads.  0, or -1 with a logged reason. */
int sandbox_seccomp(enum role);

/* No process and no thread more than there are: the same. */
int sandbox_no_threads(enum role);

/*
 * Confine files, TCP, signals and abstract sockets as the role's facts say;
 * `path` is the one directory of LL_READ_ONE and LL_WRITE_ONE, else NULL, and
 * `also` a list of single files for LL_READ_ONE that ends in NULL.
 * What the running kernel can't do is a missing bit.  0, or -1 with a logged
 * reason if a rule can't be made.
 */
int sandbox_landlock(enum role, const char *path, const char *const *also,
    struct sandbox_report *report);

#endif
