/* SPDX-License-Identifier: ISC */
/*
 * The configuration parser's process (confchild.h).
 *
 * Everything is sent by waiting: there is one channel and nothing else to do.
 * What only takes effect at a restart is put back to its present value before
 * the result is sent, so that the parent and its children always hold what is
 * really in force, and the next reload reports the change again.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "chan.h"
#include "conf.h"
#include "confchild.h"
#include "crypto.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"

#define ARG_STDERR 3
#define ARG_RUNDIR 4
#define ARG_FILE 5
#define ARG_MACROS 6

enum row_kind { ROW_PLAIN, ROW_WARNING, ROW_ERROR };

struct confchild {
	struct chan *chan;
	struct conf old;
	bool has_old, old_done;
};

/* ---- reading the file ---- */

static unsigned
macros_split(
    char *const *text, unsigned n, struct conf_macro m[OPTIONS_MACROS_MAX])
{
	unsigned i;

	for (i = 0; i < n && i < OPTIONS_MACROS_MAX; i++) {
		char *value = strchr(text[i], '=');

		if (value == NULL)
			fatalx("-D %s: use name=value", text[i]);
		*value = '\0';
		m[i] = (struct conf_macro){.name = text[i], .value = value + 1};
	}
	return i;
}

struct source {
	const char *path, *rundir;
	unsigned nmacros;
	struct conf_macro macro[OPTIONS_MACROS_MAX];
};

/*
 * Into the sandbox.  What can be read is the file's directory and, wherever
 * that is, what meshctl wrote of the network: not the directory of the latter,
 * where the private keys are.
 */
static void
confine(const char *path)
{
	static const char *const also[] = {
	    CONF_CERT_FILE, CONF_SECRET_FILE, NULL};
	struct sandbox_report report;
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(dir, sizeof(dir), "%.*s",
	    slash == NULL || slash == path ? 1 : (int)(slash - path),
	    slash == NULL ? "." : path);
	if (access(dir, R_OK | X_OK) == -1)
		fatal("%s", dir);
	if (sandbox_conf(dir, also, &report) == -1)
		exit(1);
}

static int
load(const struct source *s, struct conf *out, struct conf_diags *diags)
{
	char host[CONF_NAME_MAX] = "";

	(void)gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	conf_defaults(out, host, s->rundir);
	/* reads its own configuration and asks for the machine's features */
	if (crypto_init() == -1)
		exit(1);
	confine(s->path);
	return conf_load(s->path, s->macro, s->nmacros, out, diags);
}

static void
print_diags(const struct conf_diags *d)
{
	for (uint32_t i = 0; i < d->n; i++)
		conf_diag_print(stderr, &d->d[i]);
}

int
confchild_check(const struct options *o)
{
	static struct conf_diags diags;
	static char out[BUFSIZ];
	struct source s = {.path = o->conf, .rundir = o->rundir};
	char *text[OPTIONS_MACROS_MAX];
	struct conf c;

	for (unsigned i = 0; i < o->nmacros; i++)
		if ((text[i] = strdup(o->macro[i])) == NULL)
			fatal("memory");
	s.nmacros = macros_split(text, o->nmacros, s.macro);
	/* stdio would ask whether this is a terminal: not in the sandbox */
	setvbuf(stdout, out, _IOFBF, sizeof(out));
	if (load(&s, &c, &diags) == -1) {
		print_diags(&diags);
		return 1;
	}
	print_diags(&diags);
	if (o->verbose > 0)
		conf_print(stdout, &c);
	else
		printf("%s: ok, %u peers\n", o->conf, c.npeers);
	conf_clear(&c);
	return fflush(stdout) == 0 ? 0 : 1;
}

/* ---- talking to the parent ---- */

/* One step of the channel; leaves when the parent is gone. */
static void
turn(struct chan *c)
{
	struct pollfd p = {.fd = chan_fd(c), .events = POLLIN};

	if (chan_wants_out(c))
		p.events |= POLLOUT;
	if (ppoll(&p, 1, NULL, NULL) == -1 && errno != EINTR)
		fatal("poll");
	if (((p.revents & POLLOUT) != 0 && chan_out(c) == -1) ||
	    ((p.revents & ~POLLOUT) != 0 && chan_in(c) == -1))
		exit(1);
}

static void
say(struct confchild *cc, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	while (chan_wants_out(cc->chan))
		turn(cc->chan);
	if (wbuf_done(w) == -1 ||
	    chan_send(cc->chan, type, id, w->base, w->len, -1) == -1)
		exit(1);
}

static void
say_row(struct confchild *cc, enum row_kind kind, const char *text)
{
	struct msg_text_row m = {.kind = (uint8_t)kind};
	uint8_t body[3 + sizeof(m.text)];
	struct wbuf w;

	snprintf(m.text, sizeof(m.text), "%s", text);
	wbuf_init(&w, body, sizeof(body));
	msg_put_text_row(&w, &m);
	say(cc, MSG_TEXT_ROW, 0, &w);
}

static void
say_diags(struct confchild *cc, const struct conf_diags *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct conf_diag *x = &d->d[i];
		char text[1024];

		char at[32] = "";

		if (x->line != 0)
			snprintf(at, sizeof(at), ":%u:%u", x->line, x->column);
		snprintf(text, sizeof(text), "%s%s: %s: %s%s%s%s", x->file, at,
		    x->severity == CONF_ERROR ? "error" : "warning", x->message,
		    x->hint[0] == '\0' ? "" : " (", x->hint,
		    x->hint[0] == '\0' ? "" : ")");
		say_row(cc, x->severity == CONF_ERROR ? ROW_ERROR : ROW_WARNING,
		    text);
	}
}

static void
on_change(void *ctx, const struct conf_change *c)
{
	static const char *const when[] = {
	    [CONF_LIVE] = "now",
	    [CONF_REHANDSHAKE] = "now, with a new handshake",
	    [CONF_RESTART] = "at the next restart of tunnel-priv",
	};
	struct confchild *cc = ctx;
	char text[384];

	snprintf(text, sizeof(text), "%-24s %s -> %s  %s", c->what,
	    c->from[0] == '\0' ? "-" : c->from, c->to[0] == '\0' ? "-" : c->to,
	    when[c->cls]);
	say_row(cc, ROW_PLAIN, text);
}

/* What CONF_RESTART means: see the head of this file. */
static void
keep_till_restart(struct conf_node *new, const struct conf_node *old)
{
	memcpy(new->key_file, old->key_file, sizeof(new->key_file));
	memcpy(new->device, old->device, sizeof(new->device));
	new->offload = old->offload;
	new->packet_ring = old->packet_ring;
	memcpy(new->socket, old->socket, sizeof(new->socket));
	memcpy(
	    new->status_socket, old->status_socket, sizeof(new->status_socket));
	memcpy(new->group, old->group, sizeof(new->group));
}

static void
say_peer(struct confchild *cc, const struct conf_peer *p, enum role whom)
{
	static uint8_t body[IPC_BODY_MAX];
	struct conf_peer copy = *p;
	struct wbuf w;

	if (whom != ROLE_ENGINE) {
		explicit_bzero(copy.psk, sizeof(copy.psk));
		memset(copy.psk_file, 0, sizeof(copy.psk_file));
		copy.has_psk = false;
	}
	wbuf_init(&w, body, sizeof(body));
	conf_peer_put(&w, &copy);
	say(cc, MSG_CONF_PEER, whom, &w);
}

static void
say_net(struct confchild *cc, const struct conf_net *n, enum role whom)
{
	static uint8_t body[IPC_BODY_MAX];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	conf_net_put(&w, n, whom);
	say(cc, MSG_CONF_NET, whom, &w);
}

static void
say_conf(struct confchild *cc, const struct conf *c)
{
	static uint8_t body[IPC_BODY_MAX];
	struct msg_conf_end end = {.npeers = c->npeers};
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	conf_node_put(&w, &c->node);
	say(cc, MSG_CONF_NODE, 0, &w);
	if (c->node.turn_password[0] != '\0') {
		wbuf_init(&w, body, sizeof(body));
		conf_turn_put(&w, &c->node);
		say(cc, MSG_CONF_TURN, ROLE_ENGINE, &w);
		explicit_bzero(body, sizeof(body));
	}
	if (c->net.on) {
		say_net(cc, &c->net, ROLE_ENGINE);
		say_net(cc, &c->net, ROLE_DISC);
	}
	for (uint32_t i = 0; i < c->npeers; i++) {
		say_peer(cc, &c->peer[i], ROLE_ENGINE);
		say_peer(cc, &c->peer[i], ROLE_DISC);
	}
	wbuf_init(&w, body, sizeof(body));
	msg_put_conf_end(&w, &end);
	say(cc, MSG_CONF_END, 0, &w);
}

static void
say_failed(struct confchild *cc, const struct conf_diags *d)
{
	struct msg_conf_failed m = {
	    .errors = d->errors, .warnings = d->warnings};
	uint8_t body[8];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_conf_failed(&w, &m);
	say(cc, MSG_CONF_FAILED, 0, &w);
}

/* ---- the configuration in force, from the parent ---- */

static enum chan_verdict
on_node(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct confchild *cc = ctx;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	cc->has_old = true;
	return conf_node_get(&r, &cc->old.node) == -1 ? CHAN_BAD : CHAN_OK;
}

static enum chan_verdict
on_net(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct confchild *cc = ctx;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	return conf_net_get(&r, &cc->old.net) == -1 ? CHAN_BAD : CHAN_OK;
}

static enum chan_verdict
on_turn(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct confchild *cc = ctx;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	return conf_turn_get(&r, &cc->old.node) == -1 ? CHAN_BAD : CHAN_OK;
}

static enum chan_verdict
on_peer(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct confchild *cc = ctx;
	struct conf_peer *peer = reallocarray(
	    cc->old.peer, cc->old.npeers + 1u, sizeof(*cc->old.peer));
	struct rbuf r;

	(void)c;
	if (peer == NULL)
		return CHAN_BAD;
	cc->old.peer = peer;
	rbuf_init(&r, f->body, f->len);
	if (conf_peer_get(&r, &peer[cc->old.npeers]) == -1)
		return CHAN_BAD;
	cc->old.npeers++;
	return CHAN_OK;
}

static enum chan_verdict
on_end(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct confchild *cc = ctx;

	(void)c;
	(void)f;
	cc->old_done = true;
	return CHAN_OK;
}

static const struct chan_handler handlers[] = {
    {MSG_CONF_NODE, on_node},
    {MSG_CONF_NET, on_net},
    {MSG_CONF_TURN, on_turn},
    {MSG_CONF_PEER, on_peer},
    {MSG_CONF_END, on_end},
};

int
confchild_main(int argc, char *argv[])
{
	static struct conf_diags diags;
	struct confchild cc = {.has_old = false};
	struct chan_conf conf = {.self = ROLE_CONF,
	    .peer = ROLE_PARENT,
	    .handlers = handlers,
	    .nhandlers = sizeof(handlers) / sizeof(handlers[0]),
	    .ctx = &cc};
	struct source s = {.path = NULL};
	struct conf new;

	proc_child_init(argc, argv, ROLE_CONF, &conf.gen);
	if (argc < ARG_MACROS)
		fatalx("arguments are missing");
	s.rundir = argv[ARG_RUNDIR];
	s.path = argv[ARG_FILE];
	s.nmacros = macros_split(
	    &argv[ARG_MACROS], (unsigned)(argc - ARG_MACROS), s.macro);
	if ((cc.chan = chan_new(PROC_PARENT_FD, &conf)) == NULL)
		fatal("channel");
	while (!cc.old_done)
		turn(cc.chan);
	if (load(&s, &new, &diags) == -1) {
		if (strcmp(argv[ARG_STDERR], "-e") == 0)
			print_diags(&diags);
		say_diags(&cc, &diags);
		say_failed(&cc, &diags);
	} else {
		if (strcmp(argv[ARG_STDERR], "-e") == 0)
			print_diags(&diags);
		say_diags(&cc, &diags);
		if (cc.has_old) {
			conf_diff(&cc.old, &new, on_change, &cc);
			keep_till_restart(&new.node, &cc.old.node);
		}
		say_conf(&cc, &new);
		conf_clear(&new);
	}
	while (chan_wants_out(cc.chan))
		turn(cc.chan);
	return 0;
}
