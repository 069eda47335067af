/* SPDX-License-Identifier: ISC */
/*
 * Accounts, programs, run directory and key file (setup.h).  All of it as root,
 * all of it on the administrator's own files: each is opened without following
 * a link at its end, and judged by its descriptor, never by its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "setup.h"
#include "sock.h"

#define HINT                                                                   \
	"run ./quickstart users, or systemd-sysusers with "                    \
	"sysusers.d/mesh.conf"
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

static const struct setup_program programs[SETUP_NKIDS] = {
    {.role = ROLE_TUN, .file = "tunnel-priv", .user = "_meshtun"},
    {.role = ROLE_KEY, .file = "keyd", .user = "_meshkey"},
    {.role = ROLE_DISC, .file = "discoveryd", .user = "_meshdisc"},
    {.role = ROLE_ENGINE, .file = "p2p-engine", .user = "_meshengine"},
    {.role = ROLE_CTL, .file = "control", .user = "_meshctl"},
    {.role = ROLE_TLS, .file = "tlsd", .user = "_meshtls"},
    {.role = ROLE_UPNP, .file = "upnpd", .user = "_meshupnp"},
};

void
setup_account(const char *name, uid_t *uid, gid_t *gid)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL)
		fatalx("account %s does not exist (" HINT ")", name);
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		fatalx("account %s must not be root's", name);
	*uid = pw->pw_uid;
	*gid = pw->pw_gid;
}

gid_t
setup_group(const char *name)
{
	const struct group *gr = getgrnam(name);

	if (gr == NULL)
		fatalx("group %s does not exist (" HINT ")", name);
	return gr->gr_gid;
}

void
setup_programs(struct setup *s, const char *libexec)
{
	char path[PATH_MAX];

	setup_account("_meshpriv", &s->uid, &s->gid);
	s->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	s->self_fd = open(SETUP_SELF, O_RDONLY | O_CLOEXEC);
	if (s->null_fd == -1 || s->self_fd == -1)
		fatal("/dev/null or " SETUP_SELF);
	memcpy(s->program, programs, sizeof(programs));
	for (struct setup_program *p = s->program; p < s->program + SETUP_NKIDS;
	     p++) {
		setup_account(p->user, &p->uid, &p->gid);
		p->fd = s->self_fd;
		if (p->role == ROLE_TUN)
			continue;
		snprintf(path, sizeof(path), "%s/%s", libexec, p->file);
		if ((p->fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
			fatal("%s (-L names the directory)", path);
	}
}

/*
 * One node for each run directory: the lock goes with the descriptor, so it
 * can't outlive us.  A hard link would make us write into a file elsewhere.
 */
static int
lock_take(int dir, const char *rundir)
{
	char pid[16] = "";
	struct stat st;
	int fd = openat(
	    dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("%s/lock", rundir);
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		fatalx("%s/lock is not a plain file", rundir);
	/* who can open it, if only to read, can hold it */
	if (fchmod(fd, 0600) == -1)
		fatal("%s/lock", rundir);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (read(fd, pid, sizeof(pid) - 1) > 0)
		pid[strcspn(pid, "\n")] = '\0';
	fatalx("already running with %s (pid %s)", rundir, pid);
}

void
setup_done(const struct setup *s, pid_t pid)
{
	if (ftruncate(s->lock_fd, 0) == -1 ||
	    dprintf(s->lock_fd, "%d\n", (int)pid) < 0 ||
	    fchown(s->run_fd, s->uid, s->gid) == -1)
		fatal("run directory");
}

/* A directory below `at`, made if it is not there; nobody else may write. */
static int
directory(int at, const char *name, mode_t mode, uid_t uid)
{
	struct stat st;
	int fd;

	if (mkdirat(at, name, mode) == -1 && errno != EEXIST)
		fatal("directory %s", name);
	fd = openat(at, name, DIR_FLAGS);
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("directory %s", name);
	if ((st.st_uid != 0 && st.st_uid != uid) ||
	    (st.st_mode & OTHERS_WRITE) != 0)
		fatalx("directory %s: others may write there", name);
	return fd;
}

void
setup_rundir(struct setup *s, const char *rundir)
{
	s->run_fd = directory(AT_FDCWD, rundir, 0755, s->uid);
	s->lock_fd = lock_take(s->run_fd, rundir);
	/* of an earlier run: without it root needs CAP_DAC_OVERRIDE */
	if (fchown(s->run_fd, 0, 0) == -1)
		fatal("directory %s", rundir);
	s->empty_fd = directory(s->run_fd, "empty", 0555, 0);
}

/*
 * The run directory is the only place where priv may remove a file when
 * it ends; and in it, under the lock, an old socket can only be our own.
 */
int
setup_listen(const struct setup *s, const char *rundir, const char *path,
    mode_t mode, gid_t gid, const char **name)
{
	size_t n = strlen(rundir);
	char err[SOCK_ERR];
	int fd;

	if (strncmp(path, rundir, n) != 0 || path[n] != '/' ||
	    path[n + 1] == '\0' || strchr(path + n + 1, '/') != NULL)
		fatalx("%s: sockets must be in the run directory %s", path,
		    rundir);
	if ((*name = strdup(path + n + 1)) == NULL)
		fatal("memory");
	if ((fd = sock_listen(s->run_fd, *name, mode, gid, err)) == -1)
		fatalx("%s", err);
	return fd;
}

/* The largest that each may be is also the child's limit, sandbox_table.c. */
static const struct {
	const char *suffix;
	int flags;
	off_t max;
} files[SETUP_NFILES] = {
    [SETUP_KEY] = {"", O_RDONLY, 4096},
    [SETUP_STAMP] = {".stamp", O_RDWR | O_CREAT, 4096},
    [SETUP_AUTHORITY] = {".authority", O_RDONLY, 4096},
    [SETUP_LEDGER] = {".ledger", O_RDWR | O_APPEND | O_CREAT, 16 << 20},
    [SETUP_CACHE] = {".cache", O_RDWR | O_CREAT, 1 << 20},
    [SETUP_TLS] = {".tls", O_RDWR | O_CREAT, 4096},
};

/*
 * Ours alone, or -1: not there.  O_NONBLOCK so that a FIFO can't make us wait
 * for a writer.
 */
static int
secret_open(const char *path, int flags, off_t max)
{
	int fd = open(
	    path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd == -1 && errno == ENOENT)
		return -1;
	if (fd == -1 && errno == ELOOP)
		fatalx("%s is a symbolic link; name the file itself", path);
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("%s", path);
	if (!S_ISREG(st.st_mode) || st.st_size > max)
		fatalx("%s is not a plain file of at most %lld octets", path,
		    (long long)max);
	if (st.st_uid != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		fatalx("%s must be root's alone (chown root %s; chmod 600 %s)",
		    path, path, path);
	return fd;
}

void
setup_key(struct setup *s, const char *path)
{
	char name[PATH_MAX];
	int *fd = s->file_fd;

	for (int i = 0; i < SETUP_NFILES; i++) {
		snprintf(name, sizeof(name), "%s%s", path, files[i].suffix);
		fd[i] = -1;
		if (i != SETUP_LEDGER || fd[SETUP_AUTHORITY] != -1)
			fd[i] = secret_open(name, files[i].flags, files[i].max);
		/* before anything is made beside a name that was misspelt */
		if (fd[SETUP_KEY] == -1)
			fatalx("key file %s does not exist (make one: meshctl "
			       "keygen -o %s)",
			    path, path);
	}
}
