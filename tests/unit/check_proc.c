/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_proc.c */
/*
 * A child's start.  The test program is also the child: spawned with a role
 * it looks at itself and reports to the parent by LOG frames.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fds.h"
#include "log.h"
#include "proc.h"
#include "unit.h"

#define GEN 18446744073709551615ull
#define DEADLINE_MS 10000

extern char **environ;

/* ---- the child ---- */

static bool
is_null(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 &&
	    a.st_rdev == b.st_rdev;
}

/* Ignored ones survive exec; a sanitizer's handlers are not our business. */
static unsigned
signals_ignored(void)
{
	struct sigaction sa;
	unsigned n = 0;

	for (int sig = 1; sig < 32; sig++)
		n += sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN;
	return n;
}

static unsigned
signals_blocked(void)
{
	sigset_t set;
	unsigned n = 0;

	sigprocmask(SIG_SETMASK, NULL, &set);
	for (int sig = 1; sig < 32; sig++)
		n += sigismember(&set, sig) == 1;
	return n;
}

static unsigned
environment(void)
{
	unsigned n = 0;

	while (environ != NULL && environ[n] != NULL)
		n++;
	return n;
}

static int
child(int argc, char *argv[])
{
	struct chan_conf conf = {.self = ROLE_KEY, .peer = ROLE_PARENT};
	struct stat st;
	unsigned above = 0;
	uint64_t gen;
	struct chan *c;

	for (int fd = 5; fd < 256; fd++)
		above += fcntl(fd, F_GETFD) != -1;
	proc_child_init(argc, argv, ROLE_KEY, &gen);
	conf.gen = gen;
	c = chan_new(PROC_PARENT_FD, &conf);
	if (c == NULL)
		return 1;
	proc_log_to(c);
	log_info("gen %llu argc %d argv0 %s last %s", (unsigned long long)gen,
	    argc, argv[0], argv[argc - 1]);
	log_info("null %d%d%d", is_null(0), is_null(1), is_null(2));
	log_info("dir %d above %u",
	    fstat(PROC_EMPTY_DIR_FD, &st) == 0 && S_ISDIR(st.st_mode), above);
	log_info("gifts %d%d%d%d",
	    fstat(PROC_GIVE_FD, &st) == 0 && S_ISDIR(st.st_mode),
	    fstat(PROC_GIVE_FD + 1, &st) == 0 && S_ISREG(st.st_mode),
	    fstat(PROC_GIVE_FD + 2, &st) == 0,
	    fstat(PROC_GIVE_FD + 3, &st) == 0 && S_ISDIR(st.st_mode));
	log_info("env %u ignored %u blocked %u", environment(),
	    signals_ignored(), signals_blocked());
	log_info("uid %u %u gid %u back %d", getuid(), geteuid(), getgid(),
	    getuid() != 0 && setuid(0) == 0);
	log_warnx("the end");
	chan_free(c);
	return 7;
}

/* ---- the parent ---- */

static int exe_fd, empty_fd;

static void
open_them(void)
{
	exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	empty_fd = open("/", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	ck_assert(exe_fd != -1 && empty_fd != -1);
}

static struct proc_spec
spec(int chan_fd)
{
	return (struct proc_spec){.role = ROLE_KEY,
	    .exe_fd = exe_fd,
	    .arg0 = "keyd",
	    .uid = getuid(),
	    .gid = getgid(),
	    .chan_fd = chan_fd,
	    .empty_fd = empty_fd,
	    .gen = GEN};
}

static char said[4096];

static enum chan_verdict
on_log(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct msg_log m;
	struct rbuf r;
	size_t n = strlen(said);

	(void)c;
	(void)ctx;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_log(&r, &m) == -1)
		return CHAN_BAD;
	snprintf(said + n, sizeof(said) - n, "%u %s\n", m.level, m.text);
	return CHAN_OK;
}

static const struct chan_handler table[] = {{MSG_LOG, on_log}};

/* -1 if it did not exit by itself */
static int
exit_code(pid_t pid)
{
	int status;

	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * Spawn, hear everything it says, return its exit code or -1.  No assertion
 * in here: one caller has closed the descriptors that Check reports with.
 */
static int
hear(struct proc_spec *s, int parent_fd, int child_fd)
{
	struct chan_conf conf = {.self = ROLE_PARENT,
	    .peer = ROLE_KEY,
	    .gen = s->gen,
	    .handlers = table,
	    .nhandlers = 1};
	struct chan *c = chan_new(parent_fd, &conf);
	struct pollfd p = {.fd = parent_fd, .events = POLLIN};
	bool eof;
	pid_t pid;

	said[0] = '\0';
	pid = proc_spawn(s);
	close(child_fd);
	while (poll(&p, 1, DEADLINE_MS) == 1 && chan_in(c) == 0)
		;
	eof = chan_eof(c);
	chan_free(c);
	return eof ? exit_code(pid) : -1;
}

static void
has(const char *line)
{
	ck_assert_msg(
	    strstr(said, line) != NULL, "no \"%s\" in\n%s", line, said);
}

START_TEST(a_child_starts_with_what_it_needs_and_nothing_else)
{
	struct proc_spec s;
	struct sigaction sa = {.sa_handler = SIG_IGN};
	sigset_t set;
	int sv[2];

	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	fds_some();
	ck_assert_int_ne(dup(exe_fd), -1); /* inheritable: must be closed */
	sigaction(SIGUSR1, &sa, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	s = spec(sv[1]);
	ck_assert_int_eq(hear(&s, sv[0], sv[1]), 7);
	has("2 gen 18446744073709551615 argc 3 argv0 keyd last "
	    "18446744073709551615\n");
	has("null 111\n");
	has("dir 1 above 0\n");
	has("env 0 ignored 4 blocked 0\n"); /* INT TERM HUP PIPE */
	has("1 the end\n");
	sigprocmask(SIG_SETMASK, NULL, &set);
	ck_assert(sigismember(&set, SIGUSR2));
	ck_assert(!sigismember(&set, SIGTERM));
}
END_TEST

START_TEST(what_is_given_comes_behind_the_empty_directory)
{
	struct proc_spec s;
	int sv[2];

	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	s = spec(sv[1]);
	s.give[0] = empty_fd;
	s.give[1] = exe_fd;
	s.give[3] = empty_fd;
	ck_assert_int_eq(hear(&s, sv[0], sv[1]), 7);
	has("dir 1 above 3\n");
	has("gifts 1101\n");
}
END_TEST

START_TEST(a_gift_or_a_directory_that_is_not_there_is_closed)
{
	struct proc_spec s;
	int sv[2];

	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	s = spec(sv[1]);
	s.empty_fd = -1;
	s.give[0] = -1;
	s.give[1] = exe_fd;
	ck_assert_int_eq(hear(&s, sv[0], sv[1]), 7);
	has("dir 0 above 1\n");
	has("gifts 0100\n");
}
END_TEST

/* In a process of its own, which may close what it likes.  0 if all is well. */
static int
spawn_from(const int order[3])
{
	struct proc_spec s;
	int sv[2], hi[4];

	if (ipc_pair(sv) == -1)
		return 1;
	hi[0] = fcntl(sv[1], F_DUPFD_CLOEXEC, 100);
	hi[1] = fcntl(empty_fd, F_DUPFD_CLOEXEC, 100);
	hi[2] = fcntl(exe_fd, F_DUPFD_CLOEXEC, 100);
	hi[3] = fcntl(sv[0], F_DUPFD_CLOEXEC, 100);
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	for (int k = 0; k < 3; k++)
		if (dup3(hi[k], order[k], O_CLOEXEC) == -1)
			return 2;
	close(hi[0]);
	s = spec(order[0]);
	s.empty_fd = order[1];
	s.exe_fd = order[2];
	if (hear(&s, hi[3], order[0]) != 7)
		return 3;
	return strstr(said, "null 111\n") != NULL &&
		strstr(said, "dir 1 above 0\n") != NULL
	    ? 0
	    : 4;
}

START_TEST(descriptors_may_sit_on_each_others_places)
{
	static const int orders[6][3] = {
	    {3, 4, 5}, {3, 5, 4}, {4, 3, 5}, {4, 5, 3}, {5, 3, 4}, {5, 4, 3}};

	open_them();
	for (int i = 0; i < 6; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(spawn_from(orders[i]));
		ck_assert_msg(exit_code(pid) == 0, "order %d", i);
	}
}
END_TEST

START_TEST(a_parent_without_standard_descriptors_can_spawn_too)
{
	struct proc_spec s;
	int sv[2], code;

	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	close(0);
	close(1);
	s = spec(sv[1]);
	code = hear(&s, sv[0], sv[1]);
	ck_assert_int_eq(code, 7);
	has("null 111\n");
	has("dir 1 above 0\n");
}
END_TEST

START_TEST(the_given_null_is_used_and_stderr_can_be_kept)
{
	struct proc_spec s;
	int sv[2], p[2];

	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	ck_assert_int_eq(pipe(p), 0);
	dup2(p[1], STDERR_FILENO);
	s = spec(sv[1]);
	s.null_fd = fds_some();
	s.keep_stderr = 1;
	ck_assert_int_eq(hear(&s, sv[0], sv[1]), 7);
	has("null 110\n");
}
END_TEST

START_TEST(extra_arguments_follow_the_generation)
{
	static const char *const extra[] = {
	    "/etc/mesh.conf", "-D", "x=1", NULL};
	struct proc_spec s;
	int sv[2];

	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	s = spec(sv[1]);
	s.extra = extra;
	ck_assert_int_eq(hear(&s, sv[0], sv[1]), 7);
	has("argc 6 argv0 keyd last x=1\n");
}
END_TEST

START_TEST(too_many_extra_arguments_are_an_error)
{
	const char *extra[PROC_EXTRA_MAX + 2];
	struct proc_spec s;

	for (int i = 0; i <= PROC_EXTRA_MAX; i++)
		extra[i] = "x";
	extra[PROC_EXTRA_MAX + 1] = NULL;
	open_them();
	s = spec(empty_fd);
	s.extra = extra;
	ck_assert_int_eq(proc_spawn(&s), -1);
	ck_assert_int_eq(errno, E2BIG);
}
END_TEST

START_TEST(the_user_changes_for_good)
{
	struct proc_spec s;
	int sv[2];

	if (geteuid() != 0)
		return; /* only root can change its user at all */
	open_them();
	ck_assert_int_eq(ipc_pair(sv), 0);
	s = spec(sv[1]);
	s.uid = 54321;
	s.gid = 54322;
	ck_assert_int_eq(hear(&s, sv[0], sv[1]), 7);
	has("uid 54321 54321 gid 54322 back 0\n");
}
END_TEST

START_TEST(what_fails_behind_the_fork_is_an_exit_code)
{
	struct proc_spec s;

	open_them();
	s = spec(empty_fd);
	s.exe_fd = empty_fd; /* a directory */
	ck_assert_int_eq(exit_code(proc_spawn(&s)), PROC_EXIT_EXEC);
	s = spec(-1);
	ck_assert_int_eq(exit_code(proc_spawn(&s)), PROC_EXIT_FDS);
	s = spec(empty_fd);
	s.uid = (uid_t)-2;
	if (geteuid() != 0)
		ck_assert_int_eq(exit_code(proc_spawn(&s)), PROC_EXIT_USER);
}
END_TEST

/* ---- the child's arguments ---- */

static void
refused(int argc, const char *a1, const char *a2, bool with_fd)
{
	char *argv[] = {(char *)(uintptr_t) "keyd", (char *)(uintptr_t)a1,
	    (char *)(uintptr_t)a2, NULL};
	char got[128] = {0};
	uint64_t gen;
	int p[2];
	pid_t pid;

	ck_assert_int_eq(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], STDERR_FILENO);
		if (with_fd)
			dup2(p[1], PROC_PARENT_FD);
		else
			close(PROC_PARENT_FD);
		proc_child_init(argc, argv, ROLE_KEY, &gen);
		_exit(0);
	}
	ck_assert_int_eq(exit_code(pid), 2);
	ck_assert_int_gt(read(p[0], got, sizeof(got) - 1), 0);
	ck_assert_str_eq(
	    got, "keyd is started by tunnel-priv(8); see mesh(7)\n");
	close(p[0]);
	close(p[1]);
}

START_TEST(a_person_gets_a_hint)
{
	refused(1, NULL, NULL, true);
	refused(2, "keyd", NULL, true);
	refused(3, "tun", "1", true);
	refused(3, "keyd", "1", false);
}
END_TEST

START_TEST(the_generation_is_a_plain_number)
{
	refused(3, "keyd", "", true);
	refused(3, "keyd", "-1", true);
	refused(3, "keyd", "+1", true);
	refused(3, "keyd", " 1", true);
	refused(3, "keyd", "1x", true);
	refused(3, "keyd", "18446744073709551616", true);
}
END_TEST

/* ---- the log over the channel ---- */

START_TEST(a_full_channel_drops_lines_and_counts_them)
{
	struct chan_conf conf = {
	    .self = ROLE_KEY, .peer = ROLE_PARENT, .max_frames = 4};
	struct chan *c;
	int sv[2];

	ck_assert_int_eq(ipc_pair(sv), 0);
	c = chan_new(sv[0], &conf);
	log_init("keyd", LOG_L_INFO);
	log_set_burst(0);
	proc_log_to(c);
	for (int i = 0; i < 100000 && chan_stats(c)->overflow == 0; i++)
		log_info("line");
	ck_assert_uint_eq(chan_stats(c)->overflow, 1);
	ck_assert_int_eq(chan_state(c), CHAN_S_NEW);
	proc_log_to(NULL);
	chan_free(c);
}
END_TEST

int
main(int argc, char *argv[])
{
	const TTest *const tests[] = {
	    a_child_starts_with_what_it_needs_and_nothing_else,
	    what_is_given_comes_behind_the_empty_directory,
	    a_gift_or_a_directory_that_is_not_there_is_closed,
	    descriptors_may_sit_on_each_others_places,
	    a_parent_without_standard_descriptors_can_spawn_too,
	    the_given_null_is_used_and_stderr_can_be_kept,
	    extra_arguments_follow_the_generation,
	    too_many_extra_arguments_are_an_error,
	    the_user_changes_for_good,
	    what_fails_behind_the_fork_is_an_exit_code,
	    a_person_gets_a_hint,
	    the_generation_is_a_plain_number,
	    a_full_channel_drops_lines_and_counts_them,
	};

	if (argc > 1)
		return child(argc, argv);
	return UNIT_RUN("proc", tests);
}
