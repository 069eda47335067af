/* SPDX-License-Identifier: ISC */
/*
 * The supervisor's questions to the process with the privileges, whose answers
 * are laid ready in the socket before the question is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask.h"
#include "chan.h"
#include "log.h"
#include "loop.h"
#include "sandbox.h"
#include "unit.h"

static struct loop *loop;
static struct ask *ask;
static int priv; /* the other end */
static uint8_t body[512], rec[IPC_FRAME_MAX];
static struct wbuf w;

static uint32_t gone[8];
static unsigned ngone;

static void
on_exit_of(void *ctx, const struct msg_p_exited *m)
{
	(void)ctx;
	gone[ngone++] = m->pid;
	if (ngone == 2)
		loop_stop(loop);
}

static struct wbuf *
fresh(void)
{
	wbuf_init(&w, body, sizeof(body));
	return &w;
}

static void
say(enum msg_type type, uint32_t id, int fd)
{
	size_t n = ipc_build(
	    rec, sizeof(rec), (uint16_t)type, id, body, w.len, fd != -1);

	ck_assert_int_eq(ipc_send_record(priv, rec, n, fd), 0);
}

static void
say_done(uint32_t id, uint32_t error, uint32_t pid)
{
	const struct msg_p_done m = {error, pid};

	msg_put_p_done(fresh(), &m);
	say(MSG_P_DONE, id, -1);
}

static void
say_exited(uint32_t pid)
{
	const struct msg_p_exited m = {ROLE_TUN, pid, 9};

	msg_put_p_exited(fresh(), &m);
	say(MSG_P_EXITED, 0, -1);
}

static void
begin(void)
{
	const struct msg_hello hello = {MSG_VERSION, ROLE_PRIV, 0};
	int sv[2];

	ngone = 0;
	loop = loop_new();
	ck_assert_int_eq(ipc_pair(sv), 0);
	priv = sv[1];
	ask = ask_new(sv[0], loop, on_exit_of, NULL);
	ck_assert_ptr_nonnull(ask);
	msg_put_hello(fresh(), &hello);
	say(MSG_HELLO, 0, -1);
}

START_TEST(a_child_is_a_pid_or_an_errno)
{
	begin();
	say_done(1, 0, 77);
	ck_assert_int_eq(ask_spawn(ask, ROLE_TUN, 1, priv), 77);
	say_done(2, EAGAIN, 0);
	ck_assert_int_eq(ask_spawn(ask, ROLE_TUN, 2, priv), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(what_was_refused_says_why)
{
	const struct msg_p_failed no = {EADDRINUSE, "it is taken"};
	const struct endpoint want = {{.family = 4}, 51820};
	struct endpoint local;
	char err[ASK_ERR];

	begin();
	msg_put_p_failed(fresh(), &no);
	say(MSG_P_FAILED, 1, -1);
	ck_assert_int_eq(ask_socket(ask, false, &want, &local, err), -1);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_str_eq(err, "it is taken");
}
END_TEST

START_TEST(a_socket_comes_with_its_place)
{
	const struct msg_p_fd yes = {0, {{.family = 4}, 4711}};
	const struct endpoint want = {{.family = 4}, 0};
	struct endpoint local;
	char err[ASK_ERR];
	int fd;

	begin();
	msg_put_p_fd(fresh(), &yes);
	say(MSG_P_FD, 1, priv);
	fd = ask_socket(ask, false, &want, &local, err);
	ck_assert_int_ne(fcntl(fd, F_GETFD), -1);
	ck_assert_uint_eq(local.port, 4711);
}
END_TEST

START_TEST(an_end_is_told_by_the_loop_and_never_inside_a_question)
{
	begin();
	say_exited(5);
	say_exited(6);
	say_done(1, 0, 0);
	ask_kill(ask, ROLE_TUN);
	ck_assert_uint_eq(ngone, 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(ngone, 2);
	ck_assert_uint_eq(gone[0], 5);
	ck_assert_uint_eq(gone[1], 6);
}
END_TEST

/* Its exit code; in a process of its own. */
static int
dies(void (*how)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		log_set_level(LOG_L_ERROR);
		how();
		ask_kill(ask, ROLE_TUN);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
by_silence_of_the_dead(void)
{
	(void)shutdown(priv, SHUT_RDWR);
}

static void
by_an_answer_to_another_question(void)
{
	say_done(9, 0, 0);
}

static void
by_the_wrong_answer(void)
{
	const struct msg_ready m = {0, 0};

	msg_put_ready(fresh(), &m);
	say(MSG_READY, 1, -1);
}

static void
by_too_many_ends(void)
{
	for (uint32_t i = 0; i < 2 * ROLE_NROLES + 1; i++)
		say_exited(i);
	say_done(1, 0, 0);
}

START_TEST(without_priv_the_program_ends_with_code_1)
{
	begin();
	ck_assert_int_eq(dies(by_silence_of_the_dead), 1);
}
END_TEST

START_TEST(an_answer_to_another_question_ends_the_program)
{
	begin();
	ck_assert_int_eq(dies(by_an_answer_to_another_question), 1);
}
END_TEST

START_TEST(the_wrong_answer_ends_the_program)
{
	begin();
	ck_assert_int_eq(dies(by_the_wrong_answer), 1);
}
END_TEST

START_TEST(more_ends_than_there_are_children_end_the_program)
{
	begin();
	ck_assert_int_eq(dies(by_too_many_ends), 1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_child_is_a_pid_or_an_errno,
	    what_was_refused_says_why,
	    a_socket_comes_with_its_place,
	    an_end_is_told_by_the_loop_and_never_inside_a_question,
	    without_priv_the_program_ends_with_code_1,
	    an_answer_to_another_question_ends_the_program,
	    the_wrong_answer_ends_the_program,
	    more_ends_than_there_are_children_end_the_program,
	};

	return UNIT_RUN("ask", tests);
}
