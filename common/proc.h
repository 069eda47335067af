/* SPDX-License-Identifier: ISC */
/* file: common/proc.h */
#ifndef PROC_H
#define PROC_H

#include <stdint.h>
#include <sys/types.h>

#include "chan.h"
#include "feature.h"
#include "msg.h"

/*
 * What every child of the suite does at both ends of its life.
 *
 * Parent side: proc_spawn.  fork; in the child: fd 0-2 /dev/null (2 is kept if
 * keep_stderr), 3 the channel, 4 the empty directory, 5 to 8 what `give` says,
 * everything else closed; signals back to default; groups dropped, gid and uid
 * set for good; an empty environment; fexecve of a descriptor opened at
 * start-up (never a path).
 *
 * Child side: proc_child_init.  Checks its argv and descriptors, ignores the
 * terminal's signals, and makes log lines go to the parent as LOG frames once
 * proc_log_to has been given the channel.
 */
#define PROC_PARENT_FD 3
#define PROC_EMPTY_DIR_FD 4
/*
 * Files that a child may use without being able to open any.  What is not
 * there is not open.  keyd: key, stamp, authority, ledger; discoveryd: cache.
 */
#define PROC_GIVE_FD 5
#define PROC_NGIVE 4

/* Exit codes of a child that did not get as far as its own program. */
#define PROC_EXIT_FDS 125  /* descriptors could not be arranged */
#define PROC_EXIT_USER 126 /* could not become uid and gid for good */
#define PROC_EXIT_EXEC 127

#define PROC_EXTRA_MAX 256

struct proc_spec {
	enum role role;
	int exe_fd;       /* O_RDONLY|O_CLOEXEC of the program */
	const char *arg0; /* argv[0]; argv[1] is the role's name */
	uid_t uid;        /* nothing is changed if both are already ours */
	gid_t gid;
	int chan_fd;  /* the child's end; stays the caller's */
	int empty_fd; /* O_DIRECTORY of an empty, root-owned directory; -1: none
		       */
	int null_fd;  /* O_RDWR of /dev/null; below 3: opened by path */
	int give[PROC_NGIVE]; /* for PROC_GIVE_FD and on; below 3: none */
	uint64_t gen;         /* argv[2], decimal: the channel's generation */
	int keep_stderr;
	const char *const *extra; /* argv[3] and on, ends in NULL; or NULL */
};

/*
 * The child's pid, or -1 with errno (E2BIG: more than PROC_EXTRA_MAX extra).
 * What goes wrong behind the fork is an exit code, see above.
 */
pid_t proc_spawn(const struct proc_spec *);

/*
 * Child: argv is {program, role_name(expected), generation, ...} and fd 3 is
 * there, or a hint for a person and exit 2.  Sets up the log (to stderr).
 */
void proc_child_init(int argc, char *argv[], enum role expected, uint64_t *gen);
/*
 * Log lines become LOG frames on this channel (NULL: back to stderr).  A line
 * that the channel does not take is dropped and counted in its overflow.
 */
void proc_log_to(struct chan *);

/* What the parent may say to every child, for its handler table. */
chan_fn proc_on_ping, proc_on_log_level;
/* What the sandbox could do and could not: the child works from now on. */
void proc_tell_ready(struct chan *, uint32_t have, uint32_t missing);
/*
 * The parent's channel is dead, so there is nothing left to do: the log is
 * stderr's again.  true: the parent did not just end, and the log says what.
 */
bool proc_parent_gone(struct chan *);
/* FEATURE_* of feature.h: when they are known, and when they change. */
void proc_tell_features(struct chan *, uint32_t have, uint32_t lacking);

/* ---- one file a system: proc_linux.c ---- */
void proc_close_from(int fd); /* fd and everything above */
/* Forget every capability, unless root; 0 or -1 with errno. */
int proc_drop_caps(void);
void proc_set_name(const char *); /* what ps(1) and top(1) show */

#endif
