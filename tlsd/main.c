/* SPDX-License-Identifier: ISC */
/* file: tlsd/main.c */
/*
 * tlsd: how it begins and ends, and what the parent says (see tlsd.h).
 *
 *	parent (fd 3)	configuration, sockets to listen on, wires, the end
 *	engine		TLS_CONNECT, TURN_CONNECT, TLS_UP, TLS_DATA, TLS_DOWN,
 *TLS_PIN
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"
#include "tlsd.h"

static struct tlsd self;

static void
reply(struct tlsd *t, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	if (wbuf_done(w) == 0)
		(void)chan_send(t->parent.chan, type, id, w->base, w->len, -1);
}

/* ---- the parent ---- */

static enum chan_verdict
on_wire(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_wire m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == -1 || m.kind != WIRE_CHAN ||
	    m.peer != ROLE_ENGINE) {
		close(f->fd);
		return CHAN_BAD;
	}
	wire_set(parent->tlsd, f->fd, m.gen);
	return CHAN_OK;
}

static enum chan_verdict
on_fd(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct msg_tls_fd m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_tls_fd(&r, &m) == -1) {
		close(f->fd);
		return CHAN_BAD;
	}
	conns_listen(parent->tlsd, &m, f->fd);
	return CHAN_OK;
}

static enum chan_verdict
on_conf_node(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct tlsd *t = parent->tlsd;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (conf_node_get(&r, &t->next) == -1)
		return CHAN_BAD;
	t->has_next = true;
	return CHAN_OK;
}

static enum chan_verdict
on_conf_end(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct tlsd *t = parent->tlsd;

	(void)ch;
	(void)f;
	if (!t->has_next)
		return CHAN_BAD;
	t->has_next = false;
	t->has_conf = true;
	t->conf = t->next;
	log_set_level((enum log_level)t->conf.log_level);
	log_set_burst(t->conf.log_rate);
	conns_conf(t);
	return CHAN_OK;
}

/* Those of tlsd stand in a row, and two are everybody's. */
static bool
is_own(unsigned c)
{
	return c == IPC_REFUSED || c == LOG_HELD ||
	    (c >= TLS_OPEN && c <= TLS_DROPPED);
}

static enum chan_verdict
on_counters(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;
	struct tlsd *t = parent->tlsd;
	const struct msg_end end = {.status = END_OK};
	uint64_t dropped = t->counters.v[TLS_DROPPED];
	uint8_t body[16];
	struct wbuf w;

	(void)ch;
	t->counters.v[LOG_HELD] = log_suppressed();
	for (uint32_t i = 0; i < t->nconns; i++)
		t->counters.v[TLS_DROPPED] += t->conn[i]->out.dropped;
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		struct msg_counter_row m = {.role = ROLE_TLS,
		    .id = (uint16_t)i,
		    .value = t->counters.v[i]};

		if (!is_own(i))
			continue;
		wbuf_init(&w, body, sizeof(body));
		msg_put_counter_row(&w, &m);
		reply(t, MSG_COUNTER_ROW, f->id, &w);
	}
	t->counters.v[TLS_DROPPED] = dropped;
	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &end);
	reply(t, MSG_END, f->id, &w);
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *parent = ctx;

	(void)ch;
	(void)f;
	loop_stop(parent->tlsd->loop);
	return CHAN_OK;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
    {MSG_TLS_FD, on_fd},
    {MSG_CONF_NODE, on_conf_node},
    {MSG_CONF_END, on_conf_end},
    {MSG_COUNTERS_ASK, on_counters},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_PING, proc_on_ping},
    {MSG_STOP, on_stop},
};

/* Without the parent there is nothing left to do. */
static void
on_parent_dead(struct chan *ch, void *ctx)
{
	struct wire *parent = ctx;

	if (proc_parent_gone(ch))
		parent->tlsd->failed = true;
	loop_stop(parent->tlsd->loop);
}

/* ---- start ---- */

/* The key from its file, or a new one into it. */
static void
load_key(struct tlsd *t)
{
	uint8_t file[IDENTITY_FILE_MAX], out[IDENTITY_FILE_MAX];
	bool has = fcntl(PROC_GIVE_FD, F_GETFD) != -1;
	ssize_t len = has ? pread(PROC_GIVE_FD, file, sizeof(file), 0) : 0;
	int n =
	    identity_load(&t->identity, file, len > 0 ? (size_t)len : 0, out);

	if (n == -1)
		fatalx("TLS key");
	if (n > 0 && has && pwrite(PROC_GIVE_FD, out, (size_t)n, 0) != n)
		log_warn("the TLS key could not be kept");
	explicit_bzero(file, sizeof(file));
	explicit_bzero(out, sizeof(out));
	t->server = identity_server(&t->identity);
	t->client = identity_client(conn_verify);
	if (t->server == NULL || t->client == NULL || conn_start() == -1)
		fatalx("TLS");
}

static void
on_again(void *ctx)
{
	struct tlsd *t = ctx;

	for (uint32_t i = 0; i < t->nconns; i++)
		if (t->conn[i]->ssl != NULL && SSL_has_pending(t->conn[i]->ssl))
			conn_run(t->conn[i]);
}

static void
start(struct tlsd *t, uint64_t gen)
{
	const struct chan_conf conf = {
	    .self = ROLE_TLS,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = sizeof(parent_handlers) / sizeof(parent_handlers[0]),
	    .ctx = &t->parent,
	};

	for (int i = 0; i < TLS_LISTEN_MAX; i++)
		t->listener[i].fd = -1;
	t->parent = (struct wire){.tlsd = t};
	if ((t->loop = loop_new()) == NULL)
		fatal("event loop");
	load_key(t);
	t->tick = loop_timer_new(t->loop, conns_tick, t);
	t->again = loop_timer_new(t->loop, on_again, t);
	t->parent.chan = chan_new(PROC_PARENT_FD, &conf);
	if (wire_init(t) == -1 || t->tick == NULL || t->again == NULL ||
	    t->parent.chan == NULL)
		fatal("start");
	t->parent.lc =
	    loop_chan_new(t->loop, t->parent.chan, on_parent_dead, &t->parent);
	if (t->parent.lc == NULL)
		fatal("channel to the parent");
	proc_log_to(t->parent.chan);
	loop_after_turn(t->loop, conns_turn, t);
	loop_timer_in(t->tick, 1000);
}

int
main(int argc, char *argv[])
{
	struct sandbox_report sandbox = {0};
	char pin[64];
	uint64_t gen;

	proc_child_init(argc, argv, ROLE_TLS, &gen);
	if (sandbox_enter_early(ROLE_TLS, &sandbox) == -1)
		return 1;
	start(&self, gen);
	if (sandbox_enter(ROLE_TLS, &sandbox) == -1)
		return 1;
	proc_tell_ready(self.parent.chan, sandbox.have, sandbox.missing);
	log_info("tls pin \"%s\"", key_format(self.identity.pin, pin));
	if (loop_run(self.loop) == -1)
		self.failed = true;
	return self.failed ? 1 : 0;
}
