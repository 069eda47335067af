/* SPDX-License-Identifier: ISC */
/*
 * The attacked process: starts exactly as the real children do (proc.h,
 * sandbox.h), then turns bad.
 */
#include <sys/socket.h>
#include <sys/uio.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc.h"
#include "sandbox_linux.h"
#include "world.h"

const struct act *
act_get(size_t i)
{
	struct act_list near = acts_near(), far = acts_far();

	if (i < near.n)
		return &near.act[i];
	return i - near.n < far.n ? &far.act[i - near.n] : NULL;
}

/* One record, and the descriptor that may come with it. */
static int
receive(int fd, struct go *g)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {g, sizeof(*g)};
	struct msghdr m = {.msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC) != sizeof(*g))
		return -1;
	g->gift = -1;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(&g->gift, CMSG_DATA(c), sizeof(int));
	return 0;
}

/* As the real children send: sendmsg is in their tables, send is not. */
static int
tell(int fd, void *buf, size_t len)
{
	struct iovec iov = {buf, len};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	return sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

static int
tell_ready(int fd, const struct sandbox_report *report)
{
	struct ready r = {.report = *report};
	void *heap = malloc(1);

	r.text = (uintptr_t)&attacked_main;
	r.heap = (uintptr_t)heap;
	r.stack = (uintptr_t)&r;
	free(heap);
	return tell(fd, &r, sizeof(r));
}

void
attacked_act(int fd, const struct go *g)
{
	const struct act *a = act_get(g->act);
	struct outcome o = {0};

	errno = 0;
	o.ret = a->fn(g, &o);
	o.error = o.ret < 0 ? errno : 0;
	if (o.ret < -1) /* an architecture's own way to say errno */
		o.error = (int32_t)-o.ret;
	(void)tell(fd, &o, sizeof(o));
	_exit(0);
}

static int
confine(enum role role, enum mode mode, const struct go *g,
    struct sandbox_report *r)
{
	static const char *const none[] = {NULL};
	char conf[80];

	memset(r, 0, sizeof(*r));
	if (mode == MODE_OFF)
		return 0;
	if (role == ROLE_CONF) {
		snprintf(conf, sizeof(conf), "%s/conf", g->dir);
		if (sandbox_conf(conf, none, r) == -1)
			return -1;
		/* its work must still be possible */
		snprintf(conf, sizeof(conf), "%s/conf/file", g->dir);
		return open(conf, O_RDONLY | O_CLOEXEC) == -1 ? -1 : 0;
	}
	if (sandbox_enter_early(role, r) == -1)
		return -1;
	if (mode == MODE_WEAK)
		return sandbox_no_threads(role);
	return sandbox_enter(role, r);
}

int
attacked_main(int argc, char *argv[], enum role role)
{
	struct sandbox_report report;
	struct go g;
	uint64_t mode;

	proc_child_init(argc, argv, role, &mode);
	if (receive(PROC_PARENT_FD, &g) == -1)
		err(1, "go");
	if (confine(role, (enum mode)mode, &g, &report) == -1)
		return 1;
	if (tell_ready(PROC_PARENT_FD, &report) == -1)
		return 1;
	attacked_act(PROC_PARENT_FD, &g);
}

int
attacked_parent(const struct world *w, enum role role, int fd)
{
	struct sandbox_report report;
	char run[80];
	struct go g;
	int rv;

	snprintf(run, sizeof(run), "%s/run", w->dir);
	if (receive(fd, &g) == -1)
		return 1;
	if (role == ROLE_PRIV)
		rv = sandbox_priv(w->uid[role], w->gid[role], run, &report);
	else
		rv = sandbox_supervisor(w->uid[role], w->gid[role], &report);
	if (rv == -1)
		return 1;
	if (tell_ready(fd, &report) == -1)
		return 1;
	attacked_act(fd, &g);
}
