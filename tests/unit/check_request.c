/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_request.c */
/* meshctl's side of a socket, against a control that is played by a child. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "request.h"
#include "unit.h"

enum play { /* what the child does with a connection */
	ANSWER,
	HANG_UP,       /* at once: no place */
	HANG_UP_TWICE, /* and then answer */
	OTHER_VERSION,
	SAY_NOTHING, /* after the greeting */
	WRONG_ID,
	ROW_THEN_HANG_UP
};

static char dir[] = "/tmp/check_request.XXXXXX", path[64];
static pid_t child = -1;
static unsigned rows;
static struct request *r;

static void
say(struct chan *ch, enum msg_type type, uint32_t id, uint8_t octet)
{
	const uint8_t row[11] = {ROLE_DISC, 0, 1};

	if (type == MSG_END)
		(void)chan_send(ch, MSG_END, id, &octet, 1, -1);
	else
		(void)chan_send(ch, type, id, row, sizeof(row), -1);
}

static enum chan_verdict
on_ask(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	switch (*(enum play *)ctx) {
	case SAY_NOTHING:
		return CHAN_OK;
	case WRONG_ID:
		say(ch, MSG_END, f->id + 1, END_OK);
		return CHAN_OK;
	case ROW_THEN_HANG_UP:
		say(ch, MSG_COUNTER_ROW, f->id, 0);
		return CHAN_CLOSE;
	default:
		say(ch, MSG_COUNTER_ROW, f->id, 0);
		say(ch, MSG_COUNTER_ROW, f->id, 0);
		say(ch, MSG_END, f->id, END_UNKNOWN);
		return CHAN_OK;
	}
}

static const struct chan_handler handlers[] = {{MSG_COUNTERS_ASK, on_ask}};

static void
serve(int fd, enum play play)
{
	const struct chan_conf conf = {.self = ROLE_CTL,
	    .peer = ROLE_CLIENT,
	    .gen = play == OTHER_VERSION,
	    .handlers = handlers,
	    .nhandlers = 1,
	    .ctx = &play};
	struct chan *ch = chan_new(fd, &conf);
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (chan_out(ch) == 0 && poll(&p, 1, 5000) == 1 && chan_in(ch) == 0)
		continue;
	chan_free(ch);
}

static void
listen_at(int *fd)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(*fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(*fd, 5), 0);
}

static void
start(enum play play)
{
	int lfd, fd;

	rows = 0;
	listen_at(&lfd);
	child = fork();
	ck_assert_int_ne(child, -1);
	for (int n = 0; child == 0; n++) {
		fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1)
			_exit(1);
		if (play == HANG_UP || (play == HANG_UP_TWICE && n < 2))
			close(fd);
		else
			serve(fd, play);
	}
	close(lfd);
}

static void
stop(void)
{
	request_close(r);
	r = NULL;
	if (child != -1) {
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	unlink(path);
	rmdir(dir);
}

static int
on_row(void *ctx, const struct ipc_frame *f)
{
	(void)ctx;
	rows++;
	return f->len == 11 ? 0 : -1;
}

static enum request_result
ask(enum row_end *end)
{
	const struct question q = {
	    .ask = MSG_COUNTERS_ASK, .timeout_ms = 200, .row = on_row};

	return request_ask(r, &q, end);
}

START_TEST(several_questions_go_over_one_connection)
{
	enum row_end end = END_OK;

	start(ANSWER);
	ck_assert_int_eq(request_open(&r, path), REQUEST_OK);
	for (unsigned i = 1; i <= 3; i++) {
		ck_assert_int_eq(ask(&end), REQUEST_OK);
		ck_assert_int_eq(end, END_UNKNOWN);
		ck_assert_uint_eq(rows, 2 * i);
	}
	stop();
}
END_TEST

START_TEST(nobody_there_is_absent)
{
	int fd;

	ck_assert_int_eq(request_open(&r, "/nowhere/s"), REQUEST_ABSENT);
	listen_at(&fd);
	close(fd); /* the socket is still in the directory */
	ck_assert_int_eq(request_open(&r, path), REQUEST_ABSENT);
	stop();
}
END_TEST

START_TEST(a_path_that_is_too_long_is_an_error_and_not_cut)
{
	char name[300];

	memset(name, '/', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(request_open(&r, name), REQUEST_SYSTEM);
	ck_assert_int_eq(errno, ENAMETOOLONG);
}
END_TEST

START_TEST(no_place_is_busy_after_some_tries)
{
	start(HANG_UP);
	ck_assert_int_eq(request_open(&r, path), REQUEST_BUSY);
	stop();
}
END_TEST

START_TEST(a_place_that_comes_free_is_taken)
{
	enum row_end end;

	start(HANG_UP_TWICE);
	ck_assert_int_eq(request_open(&r, path), REQUEST_OK);
	ck_assert_int_eq(ask(&end), REQUEST_OK);
	stop();
}
END_TEST

START_TEST(another_greeting_is_broken)
{
	start(OTHER_VERSION);
	ck_assert_int_eq(request_open(&r, path), REQUEST_BROKEN);
	stop();
}
END_TEST

START_TEST(no_answer_is_a_time_out)
{
	enum row_end end;

	start(SAY_NOTHING);
	ck_assert_int_eq(request_open(&r, path), REQUEST_OK);
	ck_assert_int_eq(ask(&end), REQUEST_TIMEOUT);
	stop();
}
END_TEST

START_TEST(an_answer_to_another_question_is_broken)
{
	enum row_end end;

	start(WRONG_ID);
	ck_assert_int_eq(request_open(&r, path), REQUEST_OK);
	ck_assert_int_eq(ask(&end), REQUEST_BROKEN);
	ck_assert_ptr_nonnull(strstr(request_why(r), "END"));
	stop();
}
END_TEST

START_TEST(half_an_answer_is_broken)
{
	enum row_end end;

	start(ROW_THEN_HANG_UP);
	ck_assert_int_eq(request_open(&r, path), REQUEST_OK);
	ck_assert_int_eq(ask(&end), REQUEST_BROKEN);
	ck_assert_uint_eq(rows, 1);
	stop();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    several_questions_go_over_one_connection,
	    nobody_there_is_absent,
	    a_path_that_is_too_long_is_an_error_and_not_cut,
	    no_place_is_busy_after_some_tries,
	    a_place_that_comes_free_is_taken,
	    another_greeting_is_broken,
	    no_answer_is_a_time_out,
	    an_answer_to_another_question_is_broken,
	    half_an_answer_is_broken,
	};

	return UNIT_RUN("request", tests);
}
