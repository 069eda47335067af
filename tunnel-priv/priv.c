/* SPDX-License-Identifier: ISC */
/*
 * The requests of the supervisor, one by one, each answered before the next is
 * looked at (priv.h).
 *
 * There is one process of a role at most.  What breaks the rules ends the
 * channel, and the end of the channel, for whatever reason, ends everything:
 * the children are killed, the sockets removed, the run directory is free.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "chan.h"
#include "log.h"
#include "netlink.h"
#include "options.h"
#include "priv.h"
#include "proc.h"
#include "sandbox.h"
#include "setup.h"
#include "sock.h"
#include "tun.h"

#define ARG_DEBUG 3
#define ARG_LIBEXEC 4
#define ARG_RUNDIR 5
#define ARG_FILE 6
#define ANSWER_MAX 272

struct priv {
	struct setup setup;
	struct chan *chan;
	struct netlink *nl; /* NULL: no interface yet */
	bool debug, settled;
	pid_t pid[ROLE_NROLES];  /* 0: none */
	const char *listener[2]; /* names in the run directory */
	const char *conf[3 + OPTIONS_MACROS_MAX + 1]; /* for the parser */
	uint32_t id;                                  /* of the request */
	int fd; /* that came with it, -1: none */
	struct wbuf out;
	uint8_t out_mem[ANSWER_MAX];
};

/* ---- answers ---- */

static struct wbuf *
out(struct priv *p)
{
	wbuf_init(&p->out, p->out_mem, sizeof(p->out_mem));
	return &p->out;
}

/* The descriptor, if there is one, is the supervisor's from here on. */
static enum chan_verdict
answer(struct priv *p, enum msg_type type, uint32_t id, int fd)
{
	return chan_send(p->chan, type, id, p->out.base, p->out.len, fd) == -1
	    ? CHAN_BAD
	    : CHAN_OK;
}

static enum chan_verdict
done(struct priv *p, int error, pid_t pid)
{
	const struct msg_p_done m = {(uint32_t)error, (uint32_t)pid};

	msg_put_p_done(out(p), &m);
	return answer(p, MSG_P_DONE, p->id, -1);
}

static enum chan_verdict
failed(struct priv *p, int error, const char *why)
{
	struct msg_p_failed m = {.error = (uint32_t)error};

	snprintf(m.text, sizeof(m.text), "%s", why);
	msg_put_p_failed(out(p), &m);
	return answer(p, MSG_P_FAILED, p->id, -1);
}

static enum chan_verdict
give(struct priv *p, const struct msg_p_fd *m, int fd)
{
	msg_put_p_fd(out(p), m);
	return answer(p, MSG_P_FD, p->id, fd);
}

/* ---- at the start only: an error here ends the program with one line ---- */

static enum chan_verdict
do_tun(struct priv *p, struct rbuf *r)
{
	struct msg_p_fd granted = {.offload = 0};
	struct msg_p_tun m;
	char err[TUN_ERR];
	struct tun tun;

	if (msg_get_p_tun(r, &m) == -1 || p->nl != NULL)
		return CHAN_BAD;
	if (tun_open(&tun, m.device, m.offload, err) == -1)
		return failed(p, errno, err);
	if ((p->nl = netlink_open(tun.ifindex)) == NULL)
		fatal("netlink");
	granted.offload = tun.offload;
	return give(p, &granted, tun.fd);
}

static enum chan_verdict
do_key(struct priv *p, struct rbuf *r)
{
	struct msg_p_key m;

	if (msg_get_p_key(r, &m) == -1)
		return CHAN_BAD;
	setup_key(&p->setup, m.path);
	return done(p, 0, 0);
}

static enum chan_verdict
do_listen(struct priv *p, struct rbuf *r)
{
	const struct msg_p_fd none = {.offload = 0};
	struct msg_p_listen m;
	bool control;
	gid_t gid;

	if (msg_get_p_listen(r, &m) == -1 || p->listener[m.kind] != NULL)
		return CHAN_BAD;
	control = m.kind == LISTEN_CONTROL;
	gid = control ? setup_group(m.group) : p->setup.gid;
	return give(p, &none,
	    setup_listen(&p->setup, p->conf[1], m.path, control ? 0660 : 0666,
		gid, &p->listener[m.kind]));
}

static enum chan_verdict
do_settled(struct priv *p, struct rbuf *r)
{
	struct sandbox_report report;
	struct msg_ready m;

	(void)r;
	setup_done(&p->setup, getppid());
	if (sandbox_priv(p->setup.uid, p->setup.gid, p->conf[1], &report) == -1)
		exit(1);
	if (!p->debug && dup2(p->setup.null_fd, STDERR_FILENO) == -1)
		fatal("/dev/null");
	proc_log_to(p->chan);
	p->settled = true;
	p->conf[0] = "-";
	m = (struct msg_ready){report.have, report.missing};
	msg_put_ready(out(p), &m);
	return answer(p, MSG_READY, p->id, -1);
}

/* ---- children ---- */

static void
say_exited(struct priv *p, enum role role, int status)
{
	const struct msg_p_exited m = {
	    role, (uint32_t)p->pid[role], (uint32_t)status};

	p->pid[role] = 0;
	msg_put_p_exited(out(p), &m);
	(void)answer(p, MSG_P_EXITED, 0, -1);
}

static void
reap(struct priv *p)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (unsigned r = 0; r < ROLE_NROLES; r++)
			if (p->pid[r] == pid)
				say_exited(p, (enum role)r, status);
}

/* A role of setup.h, or the parser: root, to be the owner of secret files. */
static int
spec_for(const struct priv *p, enum role role, struct proc_spec *spec)
{
	const struct setup_program *k = p->setup.program;
	const struct setup *s = &p->setup;

	if (role == ROLE_CONF) {
		spec->exe_fd = s->self_fd;
		spec->arg0 = "tunnel-priv";
		spec->extra = p->conf;
		spec->keep_stderr = !p->settled || p->debug;
		return 0;
	}
	while (k < s->program + SETUP_NKIDS && k->role != role)
		k++;
	if (!p->settled || k == s->program + SETUP_NKIDS)
		return -1;
	spec->exe_fd = k->fd;
	spec->arg0 = k->file;
	spec->uid = k->uid;
	spec->gid = k->gid;
	if (role == ROLE_KEY)
		memcpy(spec->give, s->file_fd, sizeof(spec->give));
	else if (role == ROLE_DISC)
		spec->give[0] = s->file_fd[SETUP_CACHE];
	else if (role == ROLE_TLS)
		spec->give[0] = s->file_fd[SETUP_TLS];
	return 0;
}

static enum chan_verdict
do_spawn(struct priv *p, struct rbuf *r)
{
	struct proc_spec spec = {.chan_fd = p->fd,
	    .empty_fd = p->setup.empty_fd,
	    .null_fd = p->setup.null_fd};
	struct msg_p_spawn m;
	int status;
	pid_t pid;

	if (msg_get_p_spawn(r, &m) == -1 || spec_for(p, m.role, &spec) == -1)
		return CHAN_BAD;
	/* a parser that was told to end, and has not yet */
	if (p->pid[m.role] != 0 && kill(p->pid[m.role], SIGKILL) == 0 &&
	    waitpid(p->pid[m.role], &status, 0) != -1)
		say_exited(p, m.role, status);
	spec.role = m.role;
	spec.gen = m.gen;
	if ((pid = proc_spawn(&spec)) == -1)
		return done(p, errno, 0);
	p->pid[m.role] = pid;
	return done(p, 0, pid);
}

static enum chan_verdict
do_kill(struct priv *p, struct rbuf *r)
{
	struct msg_p_kill m;

	if (msg_get_p_kill(r, &m) == -1)
		return CHAN_BAD;
	if (p->pid[m.role] != 0)
		(void)kill(p->pid[m.role], SIGKILL);
	return done(p, 0, 0);
}

/* ---- sockets, addresses, routes ---- */

static enum chan_verdict
do_udp(struct priv *p, struct rbuf *r)
{
	struct msg_p_fd bound = {.offload = 0};
	struct msg_p_udp m;
	char err[SOCK_ERR];
	int fd;

	if (msg_get_p_udp(r, &m) == -1)
		return CHAN_BAD;
	if ((fd = sock_bound(m.tcp, &m.at, &bound.local, err)) == -1)
		return failed(p, errno, err);
	return give(p, &bound, fd);
}

static enum chan_verdict
do_buffers(struct priv *p, struct rbuf *r)
{
	struct msg_p_buffers m;

	if (msg_get_p_buffers(r, &m) == -1)
		return CHAN_BAD;
	return done(p, sock_buffers(p->fd, m.receive, m.send) ? 0 : ENOBUFS, 0);
}

static enum chan_verdict
do_net(struct priv *p, struct rbuf *r)
{
	struct msg_p_net m;

	if (msg_get_p_net(r, &m) == -1 || p->nl == NULL)
		return CHAN_BAD;
	return done(p,
	    netlink_put(p->nl, m.add, m.route, &m.prefix) == -1 ? errno : 0, 0);
}

static enum chan_verdict
do_link(struct priv *p, struct rbuf *r)
{
	struct msg_p_link m;

	if (msg_get_p_link(r, &m) == -1 || p->nl == NULL)
		return CHAN_BAD;
	return done(p, netlink_link(p->nl, m.mtu) == -1 ? errno : 0, 0);
}

static enum chan_verdict
do_stop(struct priv *p, struct rbuf *r)
{
	(void)p;
	(void)r;
	return CHAN_CLOSE;
}

/* All that can be asked for; a descriptor is closed when it is done. */
static const struct request {
	uint16_t type;
	bool early; /* until P_SETTLED only */
	enum chan_verdict (*fn)(struct priv *, struct rbuf *);
} requests[] = {
    {MSG_P_TUN, true, do_tun},
    {MSG_P_KEY, true, do_key},
    {MSG_P_LISTEN, true, do_listen},
    {MSG_P_SETTLED, true, do_settled},
    {MSG_P_SPAWN, false, do_spawn},
    {MSG_P_KILL, false, do_kill},
    {MSG_P_UDP, false, do_udp},
    {MSG_P_BUFFERS, false, do_buffers},
    {MSG_P_NET, false, do_net},
    {MSG_P_LINK, false, do_link},
    {MSG_STOP, false, do_stop},
};
#define NREQUESTS (sizeof(requests) / sizeof(requests[0]))

static enum chan_verdict
on_request(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	const struct request *q = requests;
	enum chan_verdict v = CHAN_BAD;
	struct priv *p = ctx;
	struct rbuf r;

	(void)c;
	while (q->type != f->type)
		q++; /* it is there: the handlers are made of it */
	p->id = f->id;
	p->fd = f->fd;
	rbuf_init(&r, f->body, f->len);
	if (!q->early || !p->settled)
		v = q->fn(p, &r);
	if (f->fd != -1)
		close(f->fd);
	return v;
}

/* ---- life and death ---- */

/* SIGCHLD can come while we wait and at no other time. */
static void
serve(struct priv *p)
{
	struct pollfd pfd = {.fd = chan_fd(p->chan)};
	sigset_t none;

	sigemptyset(&none);
	for (;;) {
		reap(p);
		pfd.events = POLLIN;
		if (chan_wants_out(p->chan))
			pfd.events |= POLLOUT;
		if (ppoll(&pfd, 1, NULL, &none) == -1) {
			if (errno == EINTR)
				continue;
			log_error("poll");
			return;
		}
		if (((pfd.revents & POLLOUT) != 0 && chan_out(p->chan) == -1) ||
		    ((pfd.revents & ~POLLOUT) != 0 && chan_in(p->chan) == -1))
			return;
	}
}

/* Nothing of ours may outlive us; the lock goes last. */
static void
leave(struct priv *p)
{
	for (unsigned r = 0; r < ROLE_NROLES; r++)
		if (p->pid[r] != 0)
			(void)kill(p->pid[r], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
	for (int i = 0; i < 2; i++)
		if (p->listener[i] != NULL)
			sock_unlink(p->setup.run_fd, p->listener[i]);
	close(p->setup.lock_fd);
}

static void
on_child(int sig)
{
	(void)sig;
}

static void
catch_children(void)
{
	struct sigaction sa = {.sa_handler = on_child};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    sigaction(SIGCHLD, &sa, NULL) == -1)
		fatal("signals");
}

int
priv_main(int argc, char *argv[])
{
	static struct priv p;
	struct chan_handler handlers[NREQUESTS];
	struct chan_conf conf = {.self = ROLE_PRIV,
	    .peer = ROLE_PARENT,
	    .handlers = handlers,
	    .nhandlers = NREQUESTS,
	    .ctx = &p};

	proc_child_init(argc, argv, ROLE_PRIV, &conf.gen);
	if (argc <= ARG_FILE || argc > ARG_FILE + 1 + OPTIONS_MACROS_MAX)
		fatalx("arguments are missing");
	p.debug = strcmp(argv[ARG_DEBUG], "-d") == 0;
	setup_programs(&p.setup, argv[ARG_LIBEXEC]);
	setup_rundir(&p.setup, argv[ARG_RUNDIR]);
	p.conf[0] = "-e";
	/* absolute, because we shall be in another directory */
	if ((p.conf[1] = realpath(argv[ARG_RUNDIR], NULL)) == NULL)
		fatal("%s", argv[ARG_RUNDIR]);
	for (int i = ARG_FILE; i < argc; i++)
		p.conf[2 + i - ARG_FILE] = argv[i];
	for (size_t i = 0; i < NREQUESTS; i++)
		handlers[i] =
		    (struct chan_handler){requests[i].type, on_request};
	catch_children();
	if ((p.chan = chan_new(PROC_PARENT_FD, &conf)) == NULL)
		fatal("channel");
	serve(&p);
	proc_log_to(NULL);
	if (!chan_eof(p.chan) && strcmp(chan_why(p.chan), "closed") != 0)
		log_errorx("supervisor: %s", chan_why(p.chan));
	leave(&p);
	return 0;
}
