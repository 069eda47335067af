/* SPDX-License-Identifier: ISC */
/*
 * Starting the attacked children, under a confined parent or a bare one.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "ipc.h"
#include "proc.h"

static struct proc_spec
spec(const struct world *w, enum role role, enum mode mode, int fd)
{
	return (struct proc_spec){.role = role,
	    .exe_fd = w->exe_fd,
	    .arg0 = "probe",
	    .uid = w->uid[role],
	    .gid = w->gid[role],
	    .chan_fd = fd,
	    .empty_fd = w->empty_fd,
	    .null_fd = w->null_fd,
	    .gen = mode,
	    .keep_stderr = getenv("PROBE_VERBOSE") != NULL};
}

pid_t
spawn_bare(
    const struct world *w, enum role role, enum mode mode, bool as_root, int fd)
{
	struct proc_spec s = spec(w, role, mode, fd);

	if (as_root)
		s.uid = s.gid = 0;
	return proc_spawn(&s);
}

/* ---- the broker's own life ---- */

struct order {
	enum role role;
};

static int
take_order(int sock, struct order *o, int *fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {o, sizeof(*o)};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC) != sizeof(*o))
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c == NULL)
		return -1;
	memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return 0;
}

static void
serve(const struct world *w, int sock)
{
	struct order o;
	int fd, status;
	pid_t pid;

	while (take_order(sock, &o, &fd) == 0) {
		struct proc_spec s = spec(w, o.role, MODE_ON, fd);

		pid = proc_spawn(&s);
		close(fd);
		(void)send(sock, &pid, sizeof(pid), MSG_NOSIGNAL);
		if (pid == -1)
			continue;
		status = -1;
		(void)waitpid(pid, &status, 0);
		(void)send(sock, &status, sizeof(status), MSG_NOSIGNAL);
	}
}

__attribute__((noreturn)) static void
broker_life(const struct world *w, int sock)
{
	struct sandbox_report report;
	char run[80];

	snprintf(run, sizeof(run), "%s/run", w->dir);
	if (sandbox_priv(w->uid[ROLE_PRIV], w->gid[ROLE_PRIV], run, &report) ==
	    -1)
		_exit(1);
	(void)send(sock, &report, sizeof(report), MSG_NOSIGNAL);
	serve(w, sock);
	_exit(0);
}

int
broker_start(struct broker *b, const struct world *w)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return -1;
	b->pid = fork();
	if (b->pid == 0) {
		close(sv[0]);
		broker_life(w, sv[1]);
	}
	close(sv[1]);
	b->fd = sv[0];
	if (b->pid == -1 ||
	    recv(b->fd, &b->report, sizeof(b->report), 0) !=
		sizeof(b->report)) {
		warnx("the broker could not confine itself");
		return -1;
	}
	return 0;
}

void
broker_stop(struct broker *b)
{
	close(b->fd);
	(void)waitpid(b->pid, NULL, 0);
}

pid_t
broker_spawn(struct broker *b, enum role role, int fd)
{
	struct order o = {role};
	pid_t pid = -1;

	if (ipc_send_record(b->fd, (const uint8_t *)&o, sizeof(o), fd) == -1)
		return -1;
	if (recv(b->fd, &pid, sizeof(pid), 0) != sizeof(pid))
		return -1;
	return pid;
}

int
broker_wait(struct broker *b, int *status)
{
	return recv(b->fd, status, sizeof(*status), 0) == sizeof(*status) ? 0
									  : -1;
}
