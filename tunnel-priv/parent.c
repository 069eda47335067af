/* SPDX-License-Identifier: ISC */
/*
 * The children and their lives (parent.h).
 *
 * A child ends in one way only, by being reaped: whatever is wrong with it (it
 * broke the protocol, it does not answer, it closed its channel) ends in a
 * SIGKILL, and what follows is the same as after a crash.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "parent.h"

static const enum role roles[SETUP_NKIDS] = {
    ROLE_TUN, ROLE_KEY, ROLE_DISC, ROLE_ENGINE, ROLE_CTL, ROLE_TLS, ROLE_UPNP};

#define TICK_MS 1000
#define SILENCE_MAX_MS 3000 /* of a child that is up */
#define READY_MAX_MS 10000  /* from spawn to READY */
#define GRACE_MS 1000       /* from STOP to SIGKILL */

struct child *
parent_child(struct parent *p, enum role role)
{
	for (struct child *k = p->kid; k < p->kid + SETUP_NKIDS; k++)
		if (k->role == role)
			return k;
	return NULL;
}

bool
child_wanted(const struct child *k)
{
	const struct conf_node *n = &k->parent->conf->node;

	if (k->role == ROLE_UPNP)
		return conf_wants_upnp(n);
	return k->role != ROLE_TLS || conf_wants_tls(n);
}

struct wbuf *
parent_out(struct parent *p)
{
	wbuf_init(&p->out, p->out_mem, sizeof(p->out_mem));
	return &p->out;
}

int
parent_send(struct child *k, enum msg_type type, uint32_t id, int fd)
{
	const struct wbuf *w = &k->parent->out;

	if (k->state != PROC_UP || wbuf_done(w) == -1 ||
	    (fd != -1 && (fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) == -1))
		return -1;
	return chan_send(k->chan, type, id, w->base, w->len, fd);
}

/* ---- log ---- */

static void
sink(void *ctx, enum log_level level, const char *line)
{
	static const int priority[] = {
	    LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	struct parent *p = ctx;
	struct msg_log m = {.level = (uint8_t)level};
	struct wbuf saved = p->out; /* somebody may be writing a message */
	uint8_t body[3 + sizeof(m.text)];

	if (p->foreground)
		log_stderr(NULL, level, line);
	else
		syslog(priority[level], "%s", line);
	snprintf(m.text, sizeof(m.text), "%s", line);
	wbuf_init(&p->out, body, sizeof(body));
	msg_put_log(&p->out, &m);
	(void)parent_send(parent_child(p, ROLE_CTL), MSG_LOG, 0, -1);
	p->out = saved;
}

void
parent_log_level(struct parent *p, int level)
{
	if (level == -1 && p->opt.verbose > 0)
		level = LOG_L_DEBUG;
	p->level = level;
	log_set_level(
	    (enum log_level)(level == -1 ? p->conf->node.log_level : level));
}

/* ---- messages of every child ---- */

static enum chan_verdict
on_ready(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct parent *p = k->parent;
	struct msg_event up;
	struct msg_ready m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (k->state != PROC_STARTING || msg_get_ready(&r, &m) == -1)
		return CHAN_BAD;
	k->state = PROC_UP;
	k->ready_ms = k->heard_ms = clock_mono_ms();
	k->sandbox = m.sandbox;
	k->missing = m.missing;
	k->features = k->lacking = 0;
	log_debug("%s: ready, pid %d", role_name(k->role), (int)k->pid);
	wire_child(k);
	news_child_up(k);
	for (k = p->kid; k < p->kid + SETUP_NKIDS; k++)
		if ((k->state != PROC_UP && child_wanted(k)) || p->announced)
			return CHAN_OK;
	p->announced = true;
	log_info("%s: up", p->conf->node.name);
	events_begin(&up, EV_NODE_UP);
	news_tell(p, &up);
	notify_say(p->notify_fd, "READY=1");
	return CHAN_OK;
}

static enum chan_verdict
on_pong(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	(void)c;
	(void)f;
	((struct child *)ctx)->heard_ms = clock_mono_ms();
	return CHAN_OK;
}

static enum chan_verdict
on_features(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct msg_features m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (k->state != PROC_UP || msg_get_features(&r, &m) == -1)
		return CHAN_BAD;
	k->features = m.have;
	k->lacking = m.lacking;
	return CHAN_OK;
}

static enum chan_verdict
on_log(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	uint64_t second = clock_mono_ms() / 1000;
	struct msg_log m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_log(&r, &m) == -1 || m.level > LOG_L_DEBUG)
		return CHAN_BAD;
	if (second != k->log_second)
		k->log_lines = 0;
	k->log_second = second;
	if (k->log_lines++ < PARENT_LOG_RATE)
		log_pass(role_name(k->role), (enum log_level)m.level, m.text);
	else
		k->parent->log_held++;
	return CHAN_OK;
}

/* Which of these a child may send at all is msg.h's decision. */
static const struct chan_handler handlers[] = {
    {MSG_READY, on_ready},
    {MSG_FEATURES, on_features},
    {MSG_PONG, on_pong},
    {MSG_LOG, on_log},
    {MSG_EVENT, news_on_event},
    {MSG_TUN_MTU, mtu_on_wanted},
    {MSG_COUNTER_ROW, serve_row},
    {MSG_FIGURE_ROW, serve_figure},
    {MSG_DROP_ROW, serve_drop},
    {MSG_END, serve_end},
    {MSG_STATUS_ASK, serve_status},
    {MSG_COUNTERS_ASK, serve_asked},
    {MSG_DROPS_ASK, serve_asked},
    {MSG_RELOAD_ASK, serve_reload},
    {MSG_LOG_LEVEL, serve_level},
};

/* ---- birth and death ---- */

void
child_kill(struct child *k, const char *why)
{
	if (k->pid == 0)
		return;
	log_warnx(
	    "%s (pid %d): killed: %s", role_name(k->role), (int)k->pid, why);
	ask_kill(k->parent->priv, k->role);
}

/* Not UP from here on, so that nobody writes into a channel that is gone. */
static void
child_close(struct child *k)
{
	k->state = PROC_DOWN;
	loop_chan_free(k->io);
	k->io = NULL;
	k->chan = NULL;
}

static void
on_dead(struct chan *c, void *ctx)
{
	struct child *k = ctx;

	if (!chan_eof(c)) {
		k->parent->refused++;
		child_kill(k, chan_why(c));
	} else if (k->pid != 0)
		ask_kill(k->parent->priv, k->role); /* it is on its way out */
	child_close(k);
}

/* At once if it had worked, else later; never while we are stopping. */
static void
child_again(struct child *k)
{
	uint64_t lived = k->ready_ms == 0 ? 0 : clock_mono_ms() - k->ready_ms;

	if (!child_wanted(k))
		return;
	k->state = PROC_WAITING;
	k->restarts++;
	if (!k->parent->stopping)
		loop_timer_in(k->again, respawn_wait(&k->respawn, lived));
}

int
child_attach(struct child *k, int fd, uint64_t gen)
{
	struct chan_conf conf = {.self = ROLE_PARENT,
	    .peer = k->role,
	    .gen = gen,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = k,
	    .max_frames = CONFSET_FRAMES_MAX + 256,
	    .max_bytes = CONFSET_BYTES_MAX};

	k->heard_ms = clock_mono_ms();
	k->ready_ms = 0;
	k->state = PROC_STARTING;
	if ((k->chan = chan_new(fd, &conf)) == NULL)
		return -1;
	k->io = loop_chan_new(k->parent->loop, k->chan, on_dead, k);
	if (k->io == NULL)
		chan_free(k->chan);
	return k->io == NULL ? -1 : 0;
}

static void
child_start(void *ctx)
{
	struct child *k = ctx;
	struct parent *p = k->parent;
	uint64_t gen = ++p->gen;
	int sv[2];

	k->started_unix_ms = clock_unix_ms();
	if (ipc_pair(sv) == 0) {
		k->pid = ask_spawn(p->priv, k->role, gen, sv[1]);
		close(sv[1]);
		if (child_attach(k, sv[0], gen) == 0 && k->pid > 0)
			return;
	}
	log_warn("start %s", role_name(k->role));
	child_close(k);
	if (k->pid > 0) {
		ask_kill(p->priv, k->role); /* its end starts the next */
		return;
	}
	k->pid = 0;
	child_again(k);
}

void
child_look(struct child *k)
{
	bool wanted = child_wanted(k);

	if (wanted && k->state == PROC_DOWN && k->pid == 0)
		child_start(k);
	if (wanted || k->parent->stopping)
		return;
	loop_timer_stop(k->again);
	if (k->state == PROC_WAITING)
		k->state = PROC_DOWN;
	(void)parent_out(k->parent);
	if (parent_send(k, MSG_STOP, 0, -1) == -1 && k->pid != 0)
		ask_kill(k->parent->priv, k->role);
}

static void
child_gone(struct child *k, int status)
{
	struct parent *p = k->parent;
	int pid = (int)k->pid;

	k->pid = 0;
	k->state = PROC_DOWN;
	if (k->chan != NULL)
		(void)chan_in(k->chan); /* its last words */
	child_close(k);
	serve_child_gone(k);
	if (!p->stopping && child_wanted(k)) {
		log_warnx("%s (pid %d): %s %d", role_name(k->role), pid,
		    WIFSIGNALED(status) ? "died of signal" : "exited with",
		    WIFSIGNALED(status) ? WTERMSIG(status)
					: WEXITSTATUS(status));
		news_child_died(k, pid, status);
	}
	child_again(k);
	if (k->role == ROLE_TUN && !p->stopping && !net_alive(&p->net)) {
		log_errorx("%s: somebody removed the interface", p->net.device);
		parent_stop(p, 1);
	}
}

static void
stop_if_last(struct parent *p)
{
	bool left = false;

	for (int i = 0; i < SETUP_NKIDS; i++)
		left = left || p->kid[i].pid != 0;
	if (p->stopping && !left)
		loop_stop(p->loop);
}

static void
on_exited(void *ctx, const struct msg_p_exited *m)
{
	struct parent *p = ctx;

	if ((pid_t)m->pid == p->reload.pid)
		p->reload.pid = 0;
	for (int i = 0; i < SETUP_NKIDS; i++)
		if (p->kid[i].pid == (pid_t)m->pid)
			child_gone(&p->kid[i], (int)m->status);
	stop_if_last(p);
}

/* ---- every second ---- */

static void
on_tick(void *ctx)
{
	struct parent *p = ctx;
	uint64_t now = clock_mono_ms();
	bool late = now - p->ticked_ms > 2 * TICK_MS;

	p->ticked_ms = now;
	for (struct child *k = p->kid; k < p->kid + SETUP_NKIDS; k++) {
		/* if it was us who slept, they had no chance to answer */
		if (late)
			k->heard_ms = now;
		if (now - k->heard_ms >
		    (k->state == PROC_UP ? SILENCE_MAX_MS : READY_MAX_MS))
			child_kill(k, "does not answer");
		(void)parent_out(p);
		(void)parent_send(k, MSG_PING, 0, -1);
	}
	wire_places(p, now);
	serve_tick(p, now);
	news_tick(p, now);
	notify_say(p->notify_fd, "WATCHDOG=1");
	loop_timer_in(p->tick, TICK_MS);
}

/* ---- start and stop ---- */

static void
on_grace(void *ctx)
{
	struct parent *p = ctx;

	for (int i = 0; i < SETUP_NKIDS; i++)
		child_kill(&p->kid[i], "does not stop");
}

void
parent_stop(struct parent *p, int exit_code)
{
	struct msg_event e;

	if (p->stopping)
		return;
	log_info("stopping");
	events_begin(&e, EV_NODE_STOPPING);
	news_tell(p, &e);
	notify_say(p->notify_fd, "STOPPING=1");
	p->stopping = true;
	p->exit_code = exit_code;
	for (struct child *k = p->kid; k < p->kid + SETUP_NKIDS; k++) {
		loop_timer_stop(k->again);
		(void)parent_out(p);
		if (parent_send(k, MSG_STOP, 0, -1) == -1 && k->pid != 0)
			ask_kill(p->priv, k->role);
	}
	loop_timer_in(p->grace, GRACE_MS);
	stop_if_last(p);
}

static void
on_signal(int sig, void *ctx)
{
	struct parent *p = ctx;

	if (sig != SIGHUP)
		parent_stop(p, 0);
	else if (!p->stopping)
		reload_start(p, 0);
}

int
parent_init(struct parent *p, int priv_fd)
{
	static const int sigs[] = {SIGHUP, SIGINT, SIGTERM};

	if ((p->loop = loop_new()) == NULL ||
	    (p->priv = ask_new(priv_fd, p->loop, on_exited, p)) == NULL ||
	    (p->tick = loop_timer_new(p->loop, on_tick, p)) == NULL ||
	    (p->grace = loop_timer_new(p->loop, on_grace, p)) == NULL)
		return -1;
	for (int i = 0; i < SETUP_NKIDS; i++) {
		struct child *k = &p->kid[i];

		k->parent = p;
		k->role = roles[i];
		k->again = loop_timer_new(p->loop, child_start, k);
		if (k->again == NULL)
			return -1;
	}
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		if (loop_signal(p->loop, sigs[i], on_signal, p) == -1)
			return -1;
	news_init(p);
	log_set_sink(sink, p);
	return 0;
}

void
parent_start(struct parent *p)
{
	p->ticked_ms = clock_mono_ms();
	wire_links(p);
	for (int i = 0; i < SETUP_NKIDS; i++)
		if (child_wanted(&p->kid[i]))
			child_start(&p->kid[i]);
	loop_timer_in(p->tick, TICK_MS);
}
