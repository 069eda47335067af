/* SPDX-License-Identifier: ISC */
/* file: common/proc.c */
/*
 * How a child starts, seen from the parent and from the child (proc.h).
 *
 * Between fork and exec the child runs with the parent's memory and filter:
 * it only makes system calls there, allocates nothing and never returns.  The
 * order is the policy: signals first (a handler of the parent must not run
 * here), then descriptors, then the user, then exec.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "proc.h"

#define NELEM(a) (sizeof(a) / sizeof((a)[0]))

/* Where the program's descriptor waits for exec; it is CLOEXEC. */
#define EXE_FD (PROC_GIVE_FD + PROC_NGIVE)

/* ---- the parent's side, behind the fork ---- */

static void
reset_signals(void)
{
	struct sigaction sa = {.sa_handler = SIG_DFL};
	sigset_t none;

	sigemptyset(&sa.sa_mask);
	for (int sig = 1; sig < NSIG; sig++)
		(void)sigaction(sig, &sa, NULL); /* KILL and STOP refuse */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Channel, empty directory and gifts, in the order of their numbers in the
 * child, where one that is not there is closed; then program and /dev/null.
 * Any of the sources may sit on any of the targets: everything goes up out of
 * the way first and comes down from there.
 */
static int
arrange_fds(const struct proc_spec *s)
{
	const int above = EXE_FD + 1;
	int have[2 + PROC_NGIVE] = {s->chan_fd, s->empty_fd};
	int up[NELEM(have)], exe, null;

	for (size_t i = 0; i < PROC_NGIVE; i++)
		have[2 + i] = s->give[i] > STDERR_FILENO ? s->give[i] : -1;
	for (size_t i = 0; i < NELEM(have); i++) {
		up[i] = fcntl(have[i], F_DUPFD_CLOEXEC, above);
		if (up[i] == -1 && (have[i] != -1 || i == 0))
			return -1;
	}
	exe = fcntl(s->exe_fd, F_DUPFD_CLOEXEC, above);
	if (s->null_fd > STDERR_FILENO)
		null = fcntl(s->null_fd, F_DUPFD_CLOEXEC, above);
	else
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (exe == -1 || null == -1)
		return -1;
	/* an open may have landed low, where dup2 to itself keeps CLOEXEC */
	if (null < above && (null = fcntl(null, F_DUPFD_CLOEXEC, above)) == -1)
		return -1;
	if (dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		return -1;
	if (!s->keep_stderr && dup2(null, STDERR_FILENO) == -1)
		return -1;
	for (int i = 0; i < (int)NELEM(have); i++)
		if (up[i] == -1)
			(void)close(PROC_PARENT_FD + i);
		else if (dup2(up[i], PROC_PARENT_FD + i) == -1)
			return -1;
	if (dup3(exe, EXE_FD, O_CLOEXEC) == -1)
		return -1;
	proc_close_from(EXE_FD + 1);
	return 0;
}

static int
become(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		return -1;
	if (ruid == uid && euid == uid && suid == uid && rgid == gid &&
	    egid == gid && sgid == gid)
		return 0;
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return -1;
	if (uid == 0)
		return 0;
	if (proc_drop_caps() == -1)
		return -1;
	/* there must be no way back */
	if (setresuid(0, 0, 0) != -1 || setresgid(0, 0, 0) != -1)
		return -1;
	return getuid() == uid && geteuid() == uid ? 0 : -1;
}

__attribute__((noreturn)) static void
run_child(const struct proc_spec *s, char *const argv[])
{
	char *const empty[] = {NULL};

	reset_signals();
	if (arrange_fds(s) == -1)
		_exit(PROC_EXIT_FDS);
	if (become(s->uid, s->gid) == -1)
		_exit(PROC_EXIT_USER);
	fexecve(EXE_FD, argv, empty);
	_exit(PROC_EXIT_EXEC);
}

/* ---- the parent's side, in front of the fork ---- */

/* exec takes char *, and does not write through it. */
static char *
arg(const char *s)
{
	return (char *)(uintptr_t)s;
}

static int
fill_argv(const struct proc_spec *s, const char *gen, char **argv)
{
	size_t n = 0;

	argv[n++] = arg(s->arg0);
	argv[n++] = arg(role_name(s->role));
	argv[n++] = arg(gen);
	for (size_t i = 0; s->extra != NULL && s->extra[i] != NULL; i++) {
		if (i == PROC_EXTRA_MAX) {
			errno = E2BIG;
			return -1;
		}
		argv[n++] = arg(s->extra[i]);
	}
	argv[n] = NULL;
	return 0;
}

pid_t
proc_spawn(const struct proc_spec *s)
{
	char *argv[3 + PROC_EXTRA_MAX + 1], gen[24];
	sigset_t all, before;
	pid_t pid;
	int err;

	snprintf(gen, sizeof(gen), "%llu", (unsigned long long)s->gen);
	if (fill_argv(s, gen, argv) == -1)
		return -1;
	/*
	 * A signal between fork and reset_signals would run the parent's
	 * handler in the child, which writes into a pipe both share.
	 */
	sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return -1;
	pid = fork();
	if (pid == 0)
		run_child(s, argv);
	err = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = err;
	return pid;
}

/* ---- the child's side ---- */

static int
parse_gen(const char *s, uint64_t *out)
{
	uint64_t v = 0;
	unsigned d;

	if (s[0] == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		d = (unsigned)(*s - '0');
		if (v > (UINT64_MAX - d) / 10)
			return -1;
		v = v * 10 + d;
	}
	*out = v;
	return 0;
}

static void
ignore_signals(void)
{
	static const int sigs[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction sa = {.sa_handler = SIG_IGN};

	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		(void)sigaction(sigs[i], &sa, NULL);
}

void
proc_child_init(int argc, char *argv[], enum role expected, uint64_t *gen)
{
	const char *name = role_name(expected);

	if (argc < 3 || strcmp(argv[1], name) != 0 ||
	    parse_gen(argv[2], gen) == -1 ||
	    fcntl(PROC_PARENT_FD, F_SETFD, FD_CLOEXEC) == -1) {
		fprintf(stderr,
		    "%s is started by tunnel-priv(8); see mesh(7)\n", name);
		exit(2);
	}
	proc_set_name(name);
	ignore_signals();
	log_init(name, LOG_L_INFO);
}

static void
sink(void *ctx, enum log_level level, const char *line)
{
	struct chan *c = ctx;
	struct msg_log m = {.level = (uint8_t)level};
	uint8_t body[3 + sizeof(m.text)];
	struct wbuf w;

	/* the parent knows who we are, and would not believe us anyway */
	snprintf(m.text, sizeof(m.text), "%s", log_text(line));
	wbuf_init(&w, body, sizeof(body));
	msg_put_log(&w, &m);
	if (wbuf_done(&w) == 0)
		chan_send(c, MSG_LOG, 0, body, w.len, -1);
}

void
proc_log_to(struct chan *c)
{
	log_set_sink(c == NULL ? NULL : sink, c);
}

enum chan_verdict
proc_on_ping(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	(void)ctx;
	chan_send(c, MSG_PONG, f->id, NULL, 0, -1);
	return CHAN_OK;
}

enum chan_verdict
proc_on_log_level(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct msg_log_level m;
	struct rbuf r;

	(void)c;
	(void)ctx;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_log_level(&r, &m) == -1 || m.level > LOG_L_DEBUG)
		return CHAN_BAD;
	log_set_level((enum log_level)m.level);
	return CHAN_OK;
}

void
proc_tell_ready(struct chan *c, uint32_t have, uint32_t missing)
{
	const struct msg_ready m = {.sandbox = have, .missing = missing};
	uint8_t body[8];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_ready(&w, &m);
	(void)chan_send(c, MSG_READY, 0, body, w.len, -1);
}

bool
proc_parent_gone(struct chan *c)
{
	proc_log_to(NULL);
	if (chan_eof(c))
		return false;
	log_errorx("parent: %s", chan_why(c));
	return true;
}

void
proc_tell_features(struct chan *c, uint32_t have, uint32_t lacking)
{
	const struct msg_features m = {.have = have, .lacking = lacking};
	uint8_t body[8];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_features(&w, &m);
	(void)chan_send(c, MSG_FEATURES, 0, body, w.len, -1);
}
