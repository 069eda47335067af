/* SPDX-License-Identifier: ISC */
/*
 * Forbidden acts, first half: files, programs, processes and the way back to
 * privileges.  Runs inside the process that is attacked; knows nothing of the
 * sandbox.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <linux/capability.h>
#include <linux/if_tun.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "acts.h"

#define ACT(name) static long name(const struct go *g, struct outcome *o)
#define UNUSED(x) (void)(x)

static const char *
below(const struct go *g, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", g->dir, name);
	return path;
}

/* ---- S-01: files ---- */

static long
slurp(long fd, struct outcome *o)
{
	if (fd == -1)
		return -1;
	return read((int)fd, o->data, sizeof(o->data));
}

ACT(by_openat)
{
	return slurp(
	    syscall(SYS_openat, AT_FDCWD, below(g, "canary"), O_RDONLY, 0), o);
}

ACT(by_dotdot)
{
	char path[128];

	snprintf(path, sizeof(path), "../../../../../../..%s/canary", g->dir);
	return slurp(syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0), o);
}

ACT(by_open)
{
	return slurp(syscall(SYS_open, below(g, "canary"), O_RDONLY, 0), o);
}

ACT(by_openat2)
{
	uint64_t how[3] = {O_RDONLY, 0, 0};

	return slurp(syscall(SYS_openat2, AT_FDCWD, below(g, "canary"), how,
			 sizeof(how)),
	    o);
}

ACT(by_creat)
{
	UNUSED(o);
	return syscall(SYS_creat, below(g, "made"), 0600);
}

ACT(by_writing)
{
	UNUSED(o);
	return syscall(
	    SYS_openat, AT_FDCWD, below(g, "canary"), O_WRONLY | O_TRUNC, 0);
}

ACT(by_stat)
{
	struct stat st;

	UNUSED(o);
	return syscall(SYS_stat, below(g, "canary"), &st);
}

ACT(by_fstatat)
{
	struct stat st;

	UNUSED(o);
	return syscall(SYS_newfstatat, AT_FDCWD, below(g, "canary"), &st, 0);
}

ACT(by_statx)
{
	struct statx st;

	UNUSED(o);
	return syscall(
	    SYS_statx, AT_FDCWD, below(g, "canary"), 0, STATX_BASIC_STATS, &st);
}

ACT(by_readlink)
{
	char to[64];

	UNUSED(o);
	return syscall(SYS_readlink, below(g, "link"), to, sizeof(to));
}

ACT(by_unlink)
{
	UNUSED(o);
	return syscall(SYS_unlinkat, AT_FDCWD, below(g, "canary"), 0);
}

ACT(by_rename)
{
	char to[128];

	UNUSED(o);
	snprintf(to, sizeof(to), "%s/made", g->dir);
	return syscall(SYS_rename, below(g, "canary"), to);
}

ACT(by_truncate)
{
	UNUSED(o);
	return syscall(SYS_truncate, below(g, "canary"), 1l);
}

ACT(by_own_mem)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR, 0);
}

ACT(by_victims_maps)
{
	char path[64];

	UNUSED(o);
	snprintf(path, sizeof(path), "/proc/%d/maps", g->victim);
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
}

/* ---- S-02, S-03: programs and processes ---- */

static char *const sh_argv[] = {"sh", "-c", "exit 42", NULL};
static char *const no_env[] = {NULL};

ACT(by_execve)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_execve, "/bin/sh", sh_argv, no_env);
}

ACT(by_execveat)
{
	UNUSED(o);
	return syscall(
	    SYS_execveat, g->gift, "", sh_argv, no_env, AT_EMPTY_PATH);
}

static long
child_leaves(long pid)
{
	if (pid == 0)
		_exit(0);
	return pid;
}

ACT(by_fork)
{
	UNUSED(g);
	UNUSED(o);
	return child_leaves(syscall(SYS_fork));
}

ACT(by_vfork)
{
	UNUSED(g);
	UNUSED(o);
	return child_leaves(vfork()); /* NOLINT: it is the act */
}

ACT(by_clone)
{
	UNUSED(g);
	UNUSED(o);
	return child_leaves(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
}

ACT(by_clone3)
{
	uint64_t args[8] = {[4] = SIGCHLD};

	UNUSED(g);
	UNUSED(o);
	return child_leaves(syscall(SYS_clone3, args, sizeof(args)));
}

static void *
thread(void *arg)
{
	return arg;
}

ACT(by_thread)
{
	pthread_t t;
	int error;

	UNUSED(g);
	UNUSED(o);
	error = pthread_create(&t, NULL, thread, NULL);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

/* ---- S-04: other processes' memory ---- */

ACT(by_ptrace)
{
	UNUSED(o);
	/* SEIZE does not stop the other one, so a success does no harm */
	return syscall(SYS_ptrace, PTRACE_SEIZE, g->victim, 0, 0);
}

static void
vectors(const struct go *g, struct outcome *o, struct iovec *mine,
    struct iovec *theirs)
{
	mine->iov_base = o->data;
	theirs->iov_base = (void *)(uintptr_t)g->secret; /* NOLINT */
	mine->iov_len = theirs->iov_len = SECRET_LEN;
}

ACT(by_vm_read)
{
	struct iovec mine, theirs;

	vectors(g, o, &mine, &theirs);
	return syscall(
	    SYS_process_vm_readv, g->victim, &mine, 1ul, &theirs, 1ul, 0ul);
}

ACT(by_vm_write)
{
	struct iovec mine, theirs;

	vectors(g, o, &mine, &theirs);
	return syscall(
	    SYS_process_vm_writev, g->victim, &mine, 1ul, &theirs, 1ul, 0ul);
}

ACT(by_getfd)
{
	UNUSED(o);
	return syscall(SYS_pidfd_getfd, g->gift, 2, 0u);
}

ACT(by_kcmp)
{
	UNUSED(o);
	return syscall(SYS_kcmp, getpid(), g->victim, 1, 0ul, 0ul);
}

ACT(by_perf)
{
	uint32_t attr[32] = {1, sizeof(attr)};

	UNUSED(o);
	return syscall(SYS_perf_event_open, attr, g->victim, -1, -1, 0ul);
}

/* ---- S-06: back to privileges ---- */

ACT(by_setresuid)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_setresuid, 0, 0, 0);
}

ACT(by_setresgid)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_setresgid, 0, 0, 0);
}

ACT(by_setgroups)
{
	gid_t root = 0;

	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_setgroups, 1, &root);
}

ACT(by_capset)
{
	struct __user_cap_header_struct h = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct d[2] = {
	    {1u << CAP_SYS_CHROOT, 1u << CAP_SYS_CHROOT, 0}};

	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_capset, &h, d);
}

ACT(by_prctl)
{
	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}

ACT(by_prlimit)
{
	struct rlimit l = {64, 64};

	UNUSED(g);
	UNUSED(o);
	return syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &l, NULL);
}

/* What a child without bad intentions does; the driver looks at it. */
ACT(by_waiting)
{
	struct iovec iov = {o->data, 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	UNUSED(g);
	return recvmsg(3, &m, 0);
}

/* clang-format off */
static const struct act acts[] = {
	{ "S-00", "wait to be looked at", by_waiting, 0, GIFT_NONE, 0, 0, 0, R_ANY },
#define STATS R(CONF) /* glob asks for names, whatever Landlock says */
	/* id      name                   function     flags       gift    on      weak    off  not for */
	{ "S-01", "openat",               by_openat,   READS,      GIFT_NONE, EACCES, ENOENT, 0, 0 },
	{ "S-01", "openat ../..",         by_dotdot,   READS,      GIFT_NONE, EACCES, ENOENT, 0, 0 },
	{ "S-01", "open",                 by_open,     READS,      GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "openat2",              by_openat2,  READS,      GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "creat",                by_creat,    MAKES,      GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "open for writing",     by_writing,  SPOILS,     GIFT_NONE, EACCES, ENOENT, 0, R(CONF) },
	{ "S-01", "stat",                 by_stat,     0,          GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "newfstatat",           by_fstatat,  0,          GIFT_NONE, EACCES, ENOENT, 0, STATS },
	{ "S-01", "statx",                by_statx,    0,          GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "readlink",             by_readlink, SANITIZER,          GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "unlinkat",             by_unlink,   SPOILS,     GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "rename",               by_rename,   SPOILS|MAKES, GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "truncate",             by_truncate, SPOILS,     GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-01", "/proc/self/mem",       by_own_mem,  AS_ROOT,    GIFT_NONE, EACCES, ENOENT, 0, R(CONF) },
	{ "S-01", "/proc/victim/maps",    by_victims_maps, AS_ROOT, GIFT_NONE, EACCES, ENOENT, 0, 0 },
	{ "S-02", "execve",               by_execve,   EXECS,      GIFT_NONE, 0, ENOENT, 0, 0 },
	{ "S-02", "execveat of a descriptor", by_execveat, EXECS,  GIFT_PROGRAM, 0, EACCES, 0, 0 },
	{ "S-03", "fork",                 by_fork,     0,          GIFT_NONE, 0, EAGAIN, 0, 0 },
	{ "S-03", "vfork",                by_vfork,    0,          GIFT_NONE, 0, EAGAIN, 0, 0 },
	{ "S-03", "clone",                by_clone,    0,          GIFT_NONE, 0, EAGAIN, 0, 0 },
	{ "S-03", "clone3",               by_clone3,   0,          GIFT_NONE, 0, EAGAIN, 0, 0 },
	{ "S-03", "pthread_create",       by_thread,   0,          GIFT_NONE, 0, EAGAIN, 0, 0 },
	{ "S-04", "ptrace",               by_ptrace,   0,          GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-04", "process_vm_readv",     by_vm_read,  READS,      GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-04", "process_vm_writev",    by_vm_write, WRITES,     GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-04", "pidfd_getfd",          by_getfd,    0,          GIFT_PIDFD, 0, EPERM, 0, 0 },
	{ "S-04", "kcmp",                 by_kcmp,     MAY_LACK,   GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-04", "perf_event_open",      by_perf,     AS_ROOT|MAY_LACK, GIFT_NONE, 0, 0, 0, 0 },
	{ "S-06", "setresuid(0)",         by_setresuid, AS_ROOT,   GIFT_NONE, 0, EINVAL, 0, 0 },
	{ "S-06", "setresgid(0)",         by_setresgid, AS_ROOT,   GIFT_NONE, 0, EINVAL, 0, 0 },
	{ "S-06", "setgroups",            by_setgroups, AS_ROOT,   GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-06", "capset",               by_capset,   AS_ROOT,    GIFT_NONE, 0, EPERM, 0, 0 },
	{ "S-06", "prctl",                by_prctl,    0,          GIFT_NONE, 0, 0, 0, 0 },
	{ "S-06", "prlimit64",            by_prlimit,  SANITIZER,          GIFT_NONE, 0, 0, 0, 0 },
};
/* clang-format on */

struct act_list
acts_near(void)
{
	return (struct act_list){acts, sizeof(acts) / sizeof(acts[0])};
}
