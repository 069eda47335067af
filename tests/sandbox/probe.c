/* SPDX-License-Identifier: ISC */
/*
 * Attack every process of the suite from inside its own sandbox.
 *
 * For every role and every act (acts.h) a fresh process starts exactly as in
 * production, enters the sandbox of its role, and tries that one thing.  What
 * counts is what happened outside: was the canary read, does the bystander
 * live?  The same act without a sandbox must succeed, or it proves nothing.
 *
 * usage: probe (as root; changes nothing outside namespaces of its own and a
 * directory in /tmp).  Ends with "sandbox: N passed, M failed".
 */
#include <sys/socket.h>
#include <sys/wait.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "probe.h"
#include "sandbox_table.h"

#define PATIENCE_MS 5000

/* Where a role's answer is not the one of the act's own row. */
static const struct {
	enum role role;
	const char *name;
	int on; /* errno, 0: SIGSYS */
} differs[] = {
    {ROLE_CONF, "open for writing", 0},
    {ROLE_CONF, "/proc/self/mem", 0},
    {ROLE_PRIV, "creat", EPERM},
    {ROLE_PRIV, "open for writing", EACCES},
    {ROLE_PRIV, "unlinkat", EACCES},
    {ROLE_PRIV, "rename", EPERM},
    {ROLE_PRIV, "truncate", EPERM},
    {ROLE_PRIV, "execve", EPERM},
    {ROLE_PRIV, "clone3", ENOSYS},
    {ROLE_PRIV, "ptrace", EPERM},
    {ROLE_PRIV, "process_vm_readv", EPERM},
    {ROLE_PRIV, "process_vm_writev", EPERM},
    {ROLE_PRIV, "pidfd_getfd", EPERM},
    {ROLE_PRIV, "capset", EPERM},
    {ROLE_PRIV, "packet socket", EPERM},
    {ROLE_PRIV, "raw socket", EPERM},
    {ROLE_PRIV, "io_uring_setup", EPERM},
    {ROLE_PRIV, "bpf", EPERM},
    {ROLE_PRIV, "userfaultfd", EPERM},
    {ROLE_PRIV, "keyctl", EPERM},
    {ROLE_PRIV, "mmap PROT_EXEC", EACCES},
    {ROLE_PRIV, "mprotect PROT_EXEC", EACCES},
    {ROLE_PRIV, "memfd_create", EPERM},
    {ROLE_PRIV, "personality", EPERM},
    {ROLE_PRIV, "kill", EPERM},
    {ROLE_PRIV, "tgkill", EPERM},
    {ROLE_PRIV, "rt_sigqueueinfo", EPERM},
    {ROLE_PRIV, "pidfd_send_signal", EPERM},
    {ROLE_PRIV, "mount", EPERM},
    {ROLE_PRIV, "pivot_root", EPERM},
    {ROLE_PRIV, "chroot", EPERM},
    {ROLE_PRIV, "setns", EPERM},
    {ROLE_PRIV, "mknod", EPERM},
    {ROLE_PRIV, "init_module", EPERM},
    {ROLE_PRIV, "kexec_load", EPERM},
    {ROLE_PRIV, "reboot", EPERM},
    {ROLE_PRIV, "settimeofday", EPERM},
    {ROLE_PRIV, "sethostname", EPERM},
    {ROLE_PRIV, "int 0x80", 0},
    {ROLE_PRIV, "x32 numbering", 0},
    {ROLE_PRIV, "TUNSETPERSIST", EPERM},
    {ROLE_PRIV, "TUNSETOWNER", EPERM},
    {ROLE_PRIV, "TIOCSTI", EPERM},
    {ROLE_UPNP, "raw socket", EPERM},
    {ROLE_UPNP, "TCP bind", EACCES},
    {ROLE_UPNP, "fcntl F_SETOWN", EACCES},
    {ROLE_PARENT, "creat", EPERM},
    {ROLE_PARENT, "open for writing", EPERM},
    {ROLE_PARENT, "unlinkat", EPERM},
    {ROLE_PARENT, "rename", EPERM},
    {ROLE_PARENT, "truncate", EPERM},
    {ROLE_PARENT, "execve", EPERM},
    {ROLE_PARENT, "clone3", EPERM},
    {ROLE_PARENT, "ptrace", EPERM},
    {ROLE_PARENT, "process_vm_readv", EPERM},
    {ROLE_PARENT, "process_vm_writev", EPERM},
    {ROLE_PARENT, "pidfd_getfd", EPERM},
    {ROLE_PARENT, "capset", EPERM},
    {ROLE_PARENT, "packet socket", EPERM},
    {ROLE_PARENT, "raw socket", EPERM},
    {ROLE_PARENT, "io_uring_setup", EPERM},
    {ROLE_PARENT, "bpf", EPERM},
    {ROLE_PARENT, "userfaultfd", EPERM},
    {ROLE_PARENT, "keyctl", EPERM},
    {ROLE_PARENT, "mmap PROT_EXEC", EPERM},
    {ROLE_PARENT, "mprotect PROT_EXEC", EPERM},
    {ROLE_PARENT, "memfd_create", EPERM},
    {ROLE_PARENT, "personality", EPERM},
    {ROLE_PARENT, "kill", EPERM},
    {ROLE_PARENT, "tgkill", EPERM},
    {ROLE_PARENT, "rt_sigqueueinfo", EPERM},
    {ROLE_PARENT, "pidfd_send_signal", EPERM},
    {ROLE_PARENT, "mount", EPERM},
    {ROLE_PARENT, "pivot_root", EPERM},
    {ROLE_PARENT, "chroot", EPERM},
    {ROLE_PARENT, "setns", EPERM},
    {ROLE_PARENT, "mknod", EPERM},
    {ROLE_PARENT, "init_module", EPERM},
    {ROLE_PARENT, "kexec_load", EPERM},
    {ROLE_PARENT, "reboot", EPERM},
    {ROLE_PARENT, "settimeofday", EPERM},
    {ROLE_PARENT, "sethostname", EPERM},
    {ROLE_PARENT, "int 0x80", 0},
    {ROLE_PARENT, "x32 numbering", 0},
    {ROLE_PARENT, "TUNSETPERSIST", EPERM},
    {ROLE_PARENT, "TUNSETOWNER", EPERM},
    {ROLE_PARENT, "TIOCSTI", EPERM},
    {ROLE_PARENT, "TCP connect", EACCES},
    {ROLE_PARENT, "TCP bind", EACCES},
};
#define NDIFFERS (sizeof(differs) / sizeof(differs[0]))

void
verdict(struct probe *p, bool good, enum role role, const char *what,
    const char *why)
{
	if (good) {
		p->passed++;
		printf("ok   %s %s\n", role_name(role), what);
	} else {
		p->failed++;
		printf("FAIL %s %s: %s\n", role_name(role), what, why);
	}
}

/* ---- one child ---- */

static bool
record(int fd, void *buf, size_t len)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	if (poll(&pfd, 1, PATIENCE_MS) != 1)
		return false;
	return recv(fd, buf, len, MSG_DONTWAIT) == (ssize_t)len;
}

/* The parent's role is not started by a parent: a plain fork of the driver. */
static pid_t
fork_parent(struct probe *p, enum role role, int fd)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(attacked_parent(&p->world, role, fd));
	return pid;
}

static pid_t
start(struct probe *p, enum role role, enum mode mode, bool as_root, int fd)
{
	if (mode == MODE_ON && begins_as_root(role))
		return fork_parent(p, role, fd);
	if (mode == MODE_ON)
		return broker_spawn(&p->broker, role, fd);
	return spawn_bare(&p->world, role, mode, as_root, fd);
}

static int
send_go(struct probe *p, int fd, size_t act)
{
	const struct world *w = &p->world;
	struct go g = {.act = (uint32_t)act,
	    .victim = w->bystander,
	    .parent = getpid(),
	    .secret = (uintptr_t)w->secret,
	    .port = w->port};
	int gift, ret;

	memcpy(g.dir, w->dir, sizeof(g.dir));
	gift = world_gift(w, act_get(act)->gift);
	ret = ipc_send_record(fd, (const uint8_t *)&g, sizeof(g), gift);
	if (gift != -1)
		close(gift);
	return ret;
}

int
attack_begin(struct probe *p, struct attack *a, enum role role, enum mode mode,
    size_t act)
{
	const struct act *what = act_get(act);
	bool as_root = mode == MODE_OFF && (what->flags & AS_ROOT) != 0;
	int sv[2];

	memset(a, 0, sizeof(*a));
	a->status = -1;
	a->waits = act == 0;
	if (world_fresh(&p->world, p->world.uid[role], p->world.gid[role]) ==
	    -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return -1;
	a->fd = sv[0];
	/* before the start: the program waits for it, the fork may not */
	if (send_go(p, sv[0], act) == 0)
		a->pid = start(p, role, mode, as_root, sv[1]);
	close(sv[1]);
	if (a->pid <= 0)
		return -1;
	a->got_ready = record(a->fd, &a->ready, sizeof(a->ready));
	return a->got_ready ? 0 : -1;
}

void
attack_end(struct probe *p, struct attack *a, enum mode mode)
{
	if (a->pid > 0) {
		if (a->waits)
			(void)send(a->fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		a->got_outcome = record(a->fd, &a->outcome, sizeof(a->outcome));
		if (waitpid(a->pid, &a->status, 0) == -1 && mode == MODE_ON)
			(void)broker_wait(&p->broker, &a->status);
	}
	close(a->fd);
}

/* ---- was it as expected? ---- */

static bool
died_by_sigsys(const struct attack *a)
{
	return WIFSIGNALED(a->status) && WTERMSIG(a->status) == SIGSYS &&
	    !a->got_outcome;
}

static bool
failed_with(const struct attack *a, int error)
{
	return a->got_outcome && a->outcome.ret < 0 &&
	    a->outcome.error == error;
}

static bool
succeeded(const struct act *act, const struct attack *a, unsigned effects)
{
	unsigned wanted =
	    act->flags & (READS | KILLS | WRITES | MAKES | SPOILS);

	if ((act->flags & EXECS) != 0)
		return WIFEXITED(a->status) &&
		    WEXITSTATUS(a->status) == EXEC_CODE;
	if (act->off != 0 && failed_with(a, act->off))
		return true;
	return a->got_outcome && a->outcome.ret >= 0 &&
	    (effects & wanted) == wanted;
}

static const char *
describe(const struct attack *a, unsigned effects, char *out, size_t cap)
{
	if (!a->got_ready)
		snprintf(out, cap, "did not start (status %#x)", a->status);
	else if (!a->got_outcome)
		snprintf(
		    out, cap, "status %#x, effects %#x", a->status, effects);
	else
		snprintf(out, cap, "returned %lld (%s), effects %#x",
		    (long long)a->outcome.ret, strerror(a->outcome.error),
		    effects);
	return out;
}

/* What this kernel, or this build, is known to treat otherwise. */
static bool
may_differ(const struct act *act, enum mode mode)
{
	if (mode == MODE_OFF)
		return (act->flags & MAY_LACK) != 0;
	return mode == MODE_ON && (act->flags & SANITIZER) != 0 &&
	    sandbox_nextra() != 0;
}

static void
cell(struct probe *p, enum role role, size_t i, enum mode mode, int expected)
{
	static const char *const modes[] = {
	    "", " (no filter)", " (no sandbox)"};
	const struct act *act = act_get(i);
	bool patient = mode == MODE_OFF && (act->flags & KILLS) != 0;
	char what[96], why[128];
	struct attack a;
	unsigned effects;
	bool good;

	(void)attack_begin(p, &a, role, mode, i);
	attack_end(p, &a, mode);
	effects = world_effects(&p->world, &a.outcome, patient ? 1000 : 2);
	if (mode == MODE_OFF)
		good = succeeded(act, &a, effects);
	else if (expected == 0)
		good = died_by_sigsys(&a) && effects == 0;
	else
		good = failed_with(&a, expected) && effects == 0;
	snprintf(
	    what, sizeof(what), "%s %s%s", act->id, act->name, modes[mode]);
	if (!good && may_differ(act, mode)) {
		p->skipped++;
		printf("skip %s %s: %s\n", role_name(role), what,
		    describe(&a, effects, why, sizeof(why)));
		return;
	}
	verdict(p, a.got_ready && good, role, what,
	    describe(&a, effects, why, sizeof(why)));
}

/* False: this act is not one for this role. */
static bool
expectation(enum role role, const struct act *act, int *on)
{
	for (size_t i = 0; i < NDIFFERS; i++)
		if (differs[i].role == role &&
		    strcmp(differs[i].name, act->name) == 0) {
			*on = differs[i].on;
			return true;
		}
	if (begins_as_root(role) || (act->not_for & R(NONE) << role) != 0)
		return false;
	*on = act->on;
	return true;
}

/* tlsd calls peers: it has the host's network, and its filter alone keeps it */
static bool
needs_netns(const struct act *act)
{
	return strcmp(act->name, "UDP over IPv4") == 0 ||
	    strcmp(act->name, "UDP over IPv6") == 0 ||
	    strcmp(act->name, "abstract unix socket") == 0;
}

static void
attack_role(struct probe *p, enum role role)
{
	const struct act *act;
	int on;

	for (size_t i = 1; (act = act_get(i)) != NULL; i++) {
		if (!expectation(role, act, &on))
			continue;
		cell(p, role, i, MODE_ON, on);
		if (begins_as_root(role))
			continue;
		if (role != ROLE_CONF && act->weak != 0 &&
		    (!calls_others(role) || !needs_netns(act)))
			cell(p, role, i, MODE_WEAK, act->weak);
		cell(p, role, i, MODE_OFF, 0);
	}
}

static int
drive(void)
{
	static const enum role roles[] = {ROLE_TUN, ROLE_KEY, ROLE_ENGINE,
	    ROLE_DISC, ROLE_CTL, ROLE_TLS, ROLE_UPNP, ROLE_CONF, ROLE_PRIV,
	    ROLE_PARENT};
	static struct probe p;

	if (geteuid() != 0)
		errx(2, "needs root");
	if (world_make(&p.world) == -1 ||
	    broker_start(&p.broker, &p.world) == -1) {
		world_clear(&p.world);
		return 2;
	}
	inspect_all(&p);
	worse_all(&p);
	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		attack_role(&p, roles[i]);
	world_clear(&p.world); /* the bystander has a copy of all we have */
	broker_stop(&p.broker);
	if (p.skipped != 0)
		printf(
		    "%u acts skipped: not offered by this kernel\n", p.skipped);
	printf("sandbox: %u passed, %u failed\n", p.passed, p.failed);
	return p.failed == 0 ? 0 : 1;
}

int
main(int argc, char *argv[])
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned r = ROLE_PARENT; argc > 1 && r < ROLE_NROLES; r++)
		if (strcmp(argv[1], role_name((enum role)r)) == 0)
			return attacked_main(argc, argv, (enum role)r);
	return drive();
}
