/* SPDX-License-Identifier: ISC */
/* file: tunnel-priv/setup.h */
#ifndef SETUP_H
#define SETUP_H

#include <sys/types.h>

#include "msg.h"

/*
 * What priv opens while it still is root, and looks at before it trusts
 * it.  All of this happens before a child exists that outlives the start, so
 * every error ends the program with one clear line.
 */
#define SETUP_NKIDS 7
#define SETUP_SELF "/proc/self/exe"

/*
 * The key and what lies beside it, as their descriptors are handed out: to keyd
 * the first PROC_NGIVE, to discoveryd and tlsd their own.
 */
enum setup_file {
	SETUP_KEY,
	SETUP_STAMP,
	SETUP_AUTHORITY, /* -1: this node does not hold it */
	SETUP_LEDGER,    /* goes with the authority */
	SETUP_CACHE,
	SETUP_TLS, /* tlsd's own key */
	SETUP_NFILES
};

/* A child's program and who it runs as, in the order of their start. */
struct setup_program {
	enum role role;
	const char *file, *user;
	int fd; /* for fexecve */
	uid_t uid;
	gid_t gid;
};

struct setup {
	struct setup_program program[SETUP_NKIDS];
	int self_fd; /* this program: tun role and config parser */
	uid_t uid;   /* what priv becomes */
	gid_t gid;
	int run_fd;            /* the run directory */
	int lock_fd, empty_fd; /* in it */
	int null_fd;
	int file_fd[SETUP_NFILES]; /* by setup_file */
};

/* Of a process: it must exist and not be root's. */
void setup_account(const char *name, uid_t *, gid_t *);
/* Accounts and programs; libexec is where the programs are. */
void setup_programs(struct setup *, const char *libexec);
/* Make, check and lock the run directory. */
void setup_rundir(struct setup *, const char *rundir);
/* The key file, and those whose names begin with its. */
void setup_key(struct setup *, const char *path);
/* A unix socket in the run directory; the name is what path ends with. */
int setup_listen(const struct setup *, const char *rundir, const char *path,
    mode_t mode, gid_t gid, const char **name);
/* The last step: the service's pid into the lock, the directory to its owner.
 */
void setup_done(const struct setup *, pid_t);
/* The group that may use the control socket. */
gid_t setup_group(const char *name);

#endif
