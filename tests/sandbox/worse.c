/* SPDX-License-Identifier: ISC */
/*
 * A kernel that offers less, a parent that starts a child wrongly or dies:
 * what is missing is reported or fatal, and never silent.
 *
 * The poorer kernel is a filter of our own around an otherwise bare start; it
 * answers one system call with an error.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"
#include "probe.h"
#include "proc.h"

static int
refuse_call(uint32_t nr, uint32_t error)
{
	struct sock_filter code[] = {
	    BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

struct poorer {
	const char *what;
	uint32_t nr, error;
	uint32_t missing; /* what the report must say */
	bool starts;
};

static const struct poorer kernels[] = {
    {"without user namespaces", SYS_unshare, EPERM,
	SANDBOX_NETNS | SANDBOX_CHROOT | SANDBOX_CAPS, true},
    {"without Landlock", SYS_landlock_create_ruleset, EOPNOTSUPP,
	SANDBOX_LANDLOCK_FS | SANDBOX_LANDLOCK_NET | SANDBOX_LANDLOCK_SCOPE,
	true},
    {"without chroot", SYS_chroot, EPERM, SANDBOX_CHROOT, true},
    {"without seccomp filters", SYS_seccomp, EINVAL, 0, false},
    {"without capset", SYS_capset, EPERM, 0, false},
    {"without limits", SYS_prlimit64, EPERM, 0, false},
};

/* One start with our hand on it; what became of it. */
struct start {
	bool ready;
	int status;
	struct ready said;
};

static struct start
start_in(struct probe *p, const struct poorer *k, bool as_root)
{
	struct start s = {.status = -1};
	struct go g = {.act = 0};
	int sv[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return s;
	(void)ipc_send_record(sv[0], (const uint8_t *)&g, sizeof(g), -1);
	pid = fork();
	if (pid == 0) {
		close(sv[0]);
		if (k != NULL && refuse_call(k->nr, k->error) == -1)
			_exit(99);
		pid =
		    spawn_bare(&p->world, ROLE_ENGINE, MODE_ON, as_root, sv[1]);
		close(sv[1]);
		if (pid == -1 || waitpid(pid, &s.status, 0) == -1)
			_exit(98);
		_exit(WIFEXITED(s.status) ? WEXITSTATUS(s.status) : 97);
	}
	close(sv[1]);
	s.ready = recv(sv[0], &s.said, sizeof(s.said), 0) == sizeof(s.said);
	if (s.ready)
		(void)send(sv[0], "x", 1, MSG_NOSIGNAL);
	(void)waitpid(pid, &s.status, 0);
	close(sv[0]);
	return s;
}

/* In the sandbox, or already in proc_spawn; never confined by halves. */
static bool
ended_by_itself(const struct start *s)
{
	return !s->ready && WIFEXITED(s->status) &&
	    (WEXITSTATUS(s->status) == 1 ||
		WEXITSTATUS(s->status) == PROC_EXIT_USER);
}

static void
poorer_kernels(struct probe *p)
{
	char what[96], names[256], why[320];

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		const struct poorer *k = &kernels[i];
		struct start s = start_in(p, k, false);
		bool good;

		if (k->starts)
			good = s.ready && s.status == 0 &&
			    s.said.report.missing == k->missing &&
			    (s.said.report.have & k->missing) == 0;
		else
			good = ended_by_itself(&s);
		snprintf(what, sizeof(what), "kernel %s: %s", k->what,
		    k->starts ? "reported" : "fatal");
		snprintf(why, sizeof(why), "ready %d, status %#x, missing %s",
		    s.ready, s.status,
		    sandbox_names(s.said.report.missing, names, sizeof(names)));
		verdict(p, good, ROLE_ENGINE, what, why);
	}
}

static void
wrong_starts(struct probe *p)
{
	struct start s = start_in(p, NULL, true);
	int empty = p->world.empty_fd;

	verdict(p, ended_by_itself(&s), ROLE_ENGINE, "started as root: refused",
	    "it started");

	p->world.empty_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s = start_in(p, NULL, false);
	verdict(p, ended_by_itself(&s), ROLE_ENGINE,
	    "new root that anybody may fill: refused", "it started");
	close(p->world.empty_fd);
	p->world.empty_fd = empty;
}

/* ---- a parent that dies ---- */

static bool
hung_up(int fd, int ms)
{
	struct pollfd pfd = {.fd = fd, .events = 0};

	return poll(&pfd, 1, ms) == 1 && (pfd.revents & POLLHUP) != 0;
}

static void
parent_dies(struct probe *p)
{
	struct broker other;
	struct ready r;
	struct go g = {.act = 0};
	int sv[2];
	bool ready;

	if (broker_start(&other, &p->world) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return;
	(void)ipc_send_record(sv[0], (const uint8_t *)&g, sizeof(g), -1);
	(void)broker_spawn(&other, ROLE_KEY, sv[1]);
	close(sv[1]);
	ready = recv(sv[0], &r, sizeof(r), 0) == sizeof(r);
	(void)kill(other.pid, SIGKILL);
	verdict(p, ready && hung_up(sv[0], 2000), ROLE_KEY,
	    "dies with its parent", "it lives");
	broker_stop(&other);
	close(sv[0]);
}

/* Only a HUP on the channel tells: the new parent is a subreaper, or init. */
static void
parent_is_gone(struct probe *p)
{
	struct go g = {.act = 0};
	int sv[2], status = -1;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return;
	(void)ipc_send_record(sv[0], (const uint8_t *)&g, sizeof(g), -1);
	close(sv[0]);
	pid = spawn_bare(&p->world, ROLE_KEY, MODE_ON, false, sv[1]);
	close(sv[1]);
	(void)waitpid(pid, &status, 0);
	verdict(p, WIFEXITED(status) && WEXITSTATUS(status) == 1, ROLE_KEY,
	    "does not start without a parent", "it did");
}

/* ---- what the parent must still be able to do ---- */

static int
parent_works(const struct world *w)
{
	struct sandbox_report report;
	char path[96], run[80];
	pid_t pid;
	int status;

	snprintf(run, sizeof(run), "%s/run", w->dir);
	if (sandbox_priv(w->uid[ROLE_PRIV], w->gid[ROLE_PRIV], run, &report) ==
	    -1)
		return 10;
	snprintf(path, sizeof(path), "%s/made", run);
	if (open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) == -1)
		return 11;
	if (open("/dev/null", O_RDWR | O_CLOEXEC) == -1)
		return 12;
	if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) == -1)
		return 13;
	pid = fork();
	if (pid == 0)
		for (;;)
			(void)poll(NULL, 0, -1);
	if (kill(pid, SIGKILL) == -1 || waitpid(pid, &status, 0) != pid)
		return 14;
	/* only its own kind of descriptor may be executed */
	if (setresuid(0, 0, 0) == -1)
		return 15;
	return open("/etc/shadow", O_WRONLY | O_CLOEXEC) == -1 ? 0 : 16;
}

static void
parent_may(struct probe *p)
{
	char why[64];
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(parent_works(&p->world));
	(void)waitpid(pid, &status, 0);
	snprintf(why, sizeof(why), "status %#x", status);
	verdict(p, status == 0, ROLE_PRIV,
	    "can write its directory, read, spawn and kill", why);
}

void
worse_all(struct probe *p)
{
	poorer_kernels(p);
	wrong_starts(p);
	parent_dies(p);
	parent_is_gone(p);
	parent_may(p);
}
