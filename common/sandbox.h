/* SPDX-License-Identifier: ISC */
/* file: common/sandbox.h */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdint.h>
#include <stdio.h>

#include "msg.h"

/*
 * The confinement of every process, from one table (sandbox_table.c): system
 * calls, pledge promises, rlimits, Landlock rights.  The table is what the
 * tests count, the manual pages print and the probes attack.
 *
 * A child's life:
 *	exec (argv: role only; environment empty; fd 0-2 /dev/null, 3 the
 *	parent's channel, 4 an empty directory; own uid and gid already)
 *	  -> sandbox_enter_early()  namespaces, chroot, caps, no_new_privs,
 *	                            non-dumpable, pdeathsig, rlimits, Landlock
 *	  -> (allocate, make the event loop, start threads)
 *	  -> sandbox_enter()        no more threads, seccomp (KILL_PROCESS) for
 *	                            all there are: for good
 *
 * Missing seccomp is fatal.  Everything weaker than planned (no user
 * namespaces, an old Landlock ABI) is a bit in `missing`, reported by READY
 * and shown by meshctl status; it is never silent.
 */
#define SANDBOX_SECCOMP 0x01
#define SANDBOX_LANDLOCK_FS 0x02
#define SANDBOX_LANDLOCK_NET 0x04
#define SANDBOX_LANDLOCK_SCOPE 0x08
#define SANDBOX_NETNS 0x10   /* own empty network namespace */
#define SANDBOX_CHROOT 0x20  /* in an empty directory */
#define SANDBOX_CAPS 0x40    /* none left (priv: exactly its four) */
#define SANDBOX_NNP 0x80     /* no_new_privs */
#define SANDBOX_NODUMP 0x100 /* not dumpable, core limit 0 */
#define SANDBOX_MDWE 0x200   /* no writable-then-executable memory */
#define SANDBOX_RLIMITS 0x400
#define SANDBOX_UID 0x800 /* own uid, no groups, can't go back */

#define SANDBOX_EMPTY_DIR_FD 4

struct sandbox_report {
	uint32_t have, missing;
};

/* 0, or -1 with a logged reason: the caller exits. */
int sandbox_enter_early(enum role, struct sandbox_report *);
int sandbox_enter(enum role, struct sandbox_report *);

/*
 * Priv, as root: keep exactly NET_ADMIN, SETUID, SETGID, KILL (effective,
 * permitted and bounding) while becoming uid/gid, then confine itself.
 * writable is the run directory, the only place it may create files in.
 */
int sandbox_priv(
    uint32_t uid, uint32_t gid, const char *writable, struct sandbox_report *);

/* The supervisor, as root: become uid/gid for good, with no capability. */
int sandbox_supervisor(uint32_t uid, uint32_t gid, struct sandbox_report *);

/*
 * A service of its own, not the supervisor's child: started as root it becomes
 * uid/gid for good, else it has to be a user without groups already.
 */
int sandbox_service(
    enum role, uint32_t uid, uint32_t gid, struct sandbox_report *);

/*
 * The config parser (root, throw-away): no capabilities, no writes, no
 * sockets; may read below `readable`, and of single files those in `also` that
 * are there now.  The list ends in NULL.
 */
int sandbox_conf(
    const char *readable, const char *const *also, struct sandbox_report *);

/* "seccomp,landlock-fs,..." of the bits in a mask. */
const char *sandbox_names(uint32_t mask, char *out, size_t cap);
/* The table, for tests and for the manual: one line per call. */
void sandbox_print(FILE *, enum role);
unsigned sandbox_count(enum role); /* system calls allowed */
const char *sandbox_pledge(enum role);

#endif
