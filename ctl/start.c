/* SPDX-License-Identifier: ISC */
/* file: ctl/start.c */
/*
 * Starting other programs (see start.h).  They are found beside meshctl itself
 * (a build directory) or where they were installed, never by PATH.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "proc.h"
#include "request.h"
#include "start.h"

#define SELF "/proc/self/exe"
#define SYSTEMD "/run/systemd/system"
#define UP_MS 15000 /* until the daemons answer */
#define ACCOUNT "_meshengine"

/* ---- where ---- */

/* "DIR/name" beside this program if it is there; false: it is not */
static bool
beside(char out[PATH_MAX], const char *name)
{
	char self[PATH_MAX];
	ssize_t n = readlink(SELF, self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return snprintf(out, PATH_MAX, "%s/%s", self, name) < PATH_MAX &&
	    access(out, X_OK) == 0;
}

static void
find_helper(char out[PATH_MAX], const char *name)
{
	if (!beside(out, name))
		snprintf(out, PATH_MAX, "%s/%s", MESH_LIBEXECDIR, name);
}

/* Are all programs in one directory, as after make? */
static bool
is_build(char dir[PATH_MAX])
{
	if (!beside(dir, "keyd"))
		return false;
	*strrchr(dir, '/') = '\0';
	return true;
}

static bool
by_systemd(const struct call *c, const struct paths *f)
{
	char dir[PATH_MAX];

	return f->usual && strcmp(c->rundir, "/run/mesh") == 0 &&
	    access(SYSTEMD, F_OK) == 0 && !is_build(dir);
}

void
start_hint(const struct call *c, const struct paths *f, char *out, size_t cap)
{
	if (by_systemd(c, f))
		snprintf(out, cap, "sudo systemctl enable --now mesh.service");
	else
		snprintf(out, cap, "sudo tunnel-priv -f %s -R %s", f->conf,
		    c->rundir);
}

/* ---- the service ---- */

/* What it prints, the caller sees.  Its exit code, or -1. */
static int
run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execv(argv[0], argv);
		fprintf(stderr, "meshctl: %s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
run_systemd(void)
{
	char verb[] = "enable", now[] = "--now", unit[] = "mesh.service";
	char path[] = "/usr/bin/systemctl", other[] = "/bin/systemctl";
	char *const argv[] = {
	    access(path, X_OK) == 0 ? path : other, verb, now, unit, NULL};

	return run(argv);
}

static int
run_tunnel_priv(const struct call *c, const struct paths *f)
{
	char conf[CONF_PATH_MAX], program[PATH_MAX], dir[PATH_MAX];
	char rundir[PATH_MAX], dash_f[] = "-f", dash_r[] = "-R",
			       dash_l[] = "-L";
	char *argv[] = {
	    program, dash_f, conf, dash_r, rundir, NULL, NULL, NULL};

	snprintf(conf, sizeof(conf), "%s", f->conf);
	snprintf(rundir, sizeof(rundir), "%s", c->rundir);
	if (!beside(program, "tunnel-priv"))
		snprintf(program, sizeof(program), "tunnel-priv");
	if (is_build(dir)) {
		argv[5] = dash_l;
		argv[6] = dir;
	}
	return run(argv);
}

static int
no_row(void *ctx, const struct ipc_frame *f)
{
	(void)ctx;
	(void)f;
	return 0;
}

/* Does control answer? */
static bool
answers(const char *path)
{
	const struct question q = {.ask = MSG_STATUS_ASK,
	    .timeout_ms = REQUEST_LOOK_MS,
	    .row = no_row};
	struct request *r = NULL;
	enum row_end end;
	bool ok;

	if (request_open(&r, path) != REQUEST_OK)
		return false;
	ok = request_ask(r, &q, &end) == REQUEST_OK && end == END_OK;
	request_close(r);
	return ok;
}

int
start_service(const struct call *c, const struct paths *f, const char **how)
{
	uint64_t end = clock_mono_ms() + UP_MS;
	struct complaint m = {.exit_status = EXIT_BAD,
	    .code = "not_started",
	    .hint = {"meshctl configtest", "the system's log"}};
	bool systemd = by_systemd(c, f);
	char path[PATH_MAX];
	int r;

	*how = systemd ? "mesh.service" : "tunnel-priv";
	r = systemd ? run_systemd() : run_tunnel_priv(c, f);
	if (r != 0)
		return report_error(
		    c, &m, "%s does not start (exit code %d)", *how, r);
	snprintf(path, sizeof(path), "%s/control.sock", c->rundir);
	while (!answers(path)) {
		if (clock_mono_ms() >= end) {
			m.exit_status = EXIT_TIMEOUT;
			return report_error(
			    c, &m, "%s started but does not answer", *how);
		}
		(void)poll(NULL, 0, 50);
	}
	return EXIT_FINE;
}

/* ---- mesh-join ---- */

struct helper {
	pid_t pid;
	int in, out; /* our ends */
	int chan;
};

/* In the child: nothing of root's is left when the program begins. */
__attribute__((noreturn)) static void
become(const char *path, const struct passwd *pw, const int fd[5])
{
	char name[] = "mesh-join", *const argv[] = {name, NULL};
	char *const none[] = {NULL};
	int high[5];

	for (int i = 0; i < 5; i++)
		if ((high[i] = fcntl(fd[i], F_DUPFD_CLOEXEC, 16)) == -1)
			_exit(PROC_EXIT_FDS);
	for (int i = 0; i < 5; i++)
		if (dup2(high[i], i) == -1)
			_exit(PROC_EXIT_FDS);
	if (setgroups(0, NULL) == -1 ||
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == -1 ||
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1)
		_exit(PROC_EXIT_USER);
	execve(path, argv, none);
	_exit(PROC_EXIT_EXEC);
}

/* A directory that nobody can put anything into: it has no name any more. */
static int
empty_dir(const struct paths *f)
{
	char name[CONF_PATH_MAX + 16];
	int fd;

	snprintf(name, sizeof(name), "%s/join.XXXXXX", f->state);
	if (mkdtemp(name) == NULL)
		return -1;
	(void)chmod(name, 0555);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)rmdir(name);
	return fd;
}

static int
launch(struct helper *h, const char *path, const struct passwd *pw, int dir)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, chan[2] = {-1, -1};

	h->pid = -1;
	if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 &&
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, chan) == 0)
		h->pid = fork();
	if (h->pid == 0) {
		const int fd[5] = {in[0], out[1], STDERR_FILENO, chan[1], dir};

		become(path, pw, fd);
	}
	if (in[0] != -1)
		close(in[0]);
	if (out[1] != -1)
		close(out[1]);
	if (chan[1] != -1)
		close(chan[1]);
	h->in = in[1];
	h->out = out[0];
	h->chan = chan[0];
	return h->pid == -1 ? -1 : 0;
}

/* All it says until it is done; -1: it does not end. */
static long
converse(struct helper *h, const uint8_t *job, size_t len, uint8_t *answer,
    size_t cap, uint64_t end_ms)
{
	struct pollfd p = {.fd = h->out, .events = POLLIN};
	size_t got = 0;
	ssize_t n = 1;

	/* it fits into an empty pipe */
	if (write(h->in, job, len) != (ssize_t)len)
		return 0;
	close(h->in);
	h->in = -1;
	while (n > 0 && got < cap) {
		uint64_t now = clock_mono_ms();

		if (now >= end_ms || poll(&p, 1, (int)(end_ms - now)) == 0)
			return -1;
		n = read(h->out, answer + got, cap - got);
		if (n > 0)
			got += (size_t)n;
		else if (n == -1 && errno == EINTR)
			n = 1;
	}
	return (long)got;
}

static int
finish(struct helper *h, long got)
{
	int status = 0;

	if (h->in != -1)
		close(h->in);
	if (h->out != -1)
		close(h->out);
	if (h->chan != -1)
		close(h->chan);
	if (h->pid == -1)
		return -1;
	if (got == -1)
		(void)kill(h->pid, SIGKILL);
	while (waitpid(h->pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

long
start_join(const struct call *c, const struct paths *f, const uint8_t *job,
    size_t len, uint8_t *answer, size_t cap, unsigned wait_ms)
{
	const struct complaint user = {.exit_status = EXIT_BAD,
	    .code = "system",
	    .hint = {"systemd-sysusers", "sudo ./quickstart users"}};
	const struct complaint bad = {
	    .exit_status = EXIT_BAD, .code = "system"};
	const struct passwd *pw = getpwnam(ACCOUNT);
	struct helper h = {.pid = -1, .in = -1, .out = -1, .chan = -1};
	/* one that is gone before it has read its job is an exit code */
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	char path[PATH_MAX];
	long got = 0;
	int dir, code;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	if (pw == NULL || pw->pw_uid == 0) {
		(void)report_error(c, &user, "there is no account " ACCOUNT);
		return -1;
	}
	find_helper(path, "mesh-join");
	dir = empty_dir(f);
	if (dir != -1 && launch(&h, path, pw, dir) == 0)
		got = converse(
		    &h, job, len, answer, cap, clock_mono_ms() + wait_ms);
	code = finish(&h, got);
	if (dir != -1)
		close(dir);
	if (code == 0 && got > 0)
		return got;
	if (code == PROC_EXIT_EXEC)
		(void)report_error(c, &bad, "%s can't be started", path);
	else
		(void)report_error(
		    c, &bad, "mesh-join failed (exit code %d)", code);
	return -1;
}
