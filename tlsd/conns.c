/* SPDX-License-Identifier: ISC */
/* file: tlsd/conns.c */
/*
 * Connections come and go (see tlsd.h): what listens, who may call, how long
 * anything may take.  Everything ends at one place, at the end of a turn, so
 * that nobody who is at work with a connection sees it vanish.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "tlsd.h"

#define BACKLOG 64
#define ACCEPTS 16 /* a turn */
#define NOTSENT 16384
#define UNACKED_MS 20000
#define TICK_MS 1000

/* ---- one more, one less ---- */

static void
on_io(int fd, int events, void *ctx)
{
	struct conn *c = ctx;

	(void)fd;
	if ((events & LOOP_WRITE) != 0 && c->state != CONN_TCP) {
		c->blocked = false;
		loop_io_set(c->io, LOOP_READ);
		c->events = LOOP_READ;
	}
	conn_run(c);
}

static void
tune(int fd)
{
	static const struct {
		int option, value;
	} all[] = {{TCP_NODELAY, 1}, {TCP_NOTSENT_LOWAT, NOTSENT},
	    {TCP_USER_TIMEOUT, UNACKED_MS}};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		(void)setsockopt(fd, IPPROTO_TCP, all[i].option, &all[i].value,
		    sizeof(all[i].value));
}

/* Takes the descriptor; NULL: no memory, or no place. */
static struct conn *
add(struct tlsd *t, int fd, uint32_t id, int events)
{
	struct conn *c = t->nconns < CONNS_MAX ? calloc(1, sizeof(*c)) : NULL;

	if (c == NULL || outq_init(&c->out) == -1)
		goto fail;
	c->io = loop_io_new(t->loop, fd, events, on_io, c);
	if (c->io == NULL)
		goto fail;
	tune(fd);
	c->tlsd = t;
	c->fd = fd;
	c->id = id;
	c->events = events;
	c->since_ms = clock_mono_ms();
	t->conn[t->nconns++] = c;
	return c;
fail:
	if (c != NULL)
		outq_clear(&c->out);
	free(c);
	close(fd);
	return NULL;
}

static void
remove_conn(struct tlsd *t, uint32_t i)
{
	struct conn *c = t->conn[i];

	/* who was not told that it is up waits for it, if it asked */
	if (c->told || !c->accepted)
		wire_down(t, c->id, c->why);
	t->counters.v[TLS_DROPPED] += c->out.dropped;
	loop_io_free(c->io);
	SSL_free(c->ssl);
	close(c->fd);
	outq_clear(&c->out);
	free(c);
	t->conn[i] = t->conn[--t->nconns];
}

struct conn *
conns_find(const struct tlsd *t, uint32_t id)
{
	for (uint32_t i = 0; i < t->nconns; i++)
		if (t->conn[i]->id == id)
			return t->conn[i];
	return NULL;
}

/* ---- who calls ---- */

static bool
same_source(const struct addr *a, const struct addr *b)
{
	return a->family == b->family &&
	    memcmp(a->b, b->b, a->family == 6 ? 8 : 4) == 0;
}

static bool
may_call(const struct tlsd *t, const struct endpoint *from)
{
	unsigned strangers = 0, source = 0, dialed = 0;

	for (uint32_t i = 0; i < t->nconns; i++) {
		const struct conn *c = t->conn[i];

		dialed += !c->accepted;
		if (!c->accepted)
			continue;
		strangers += c->state != CONN_UP;
		source += same_source(&c->far.addr, &from->addr);
	}
	return source < CONNS_SOURCE && strangers < CONNS_STRANGERS &&
	    t->nconns - dialed < CONNS_MAX - CONNS_DIALED;
}

static uint32_t
new_id(struct tlsd *t)
{
	do
		t->last_id = (t->last_id + 1) & (TLS_ACCEPTED_ID - 1);
	while (conns_find(t, t->last_id | TLS_ACCEPTED_ID) != NULL);
	return t->last_id | TLS_ACCEPTED_ID;
}

static bool
accept_one(struct tlsd *t, int listener)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);
	struct endpoint from;
	struct conn *c;
	int fd = accept4(listener, (struct sockaddr *)&ss, &len,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd == -1)
		return false;
	/* without an engine there is nobody to talk to */
	if (endpoint_from_sa(&ss, &from) == -1 || t->engine.chan == NULL ||
	    !may_call(t, &from)) {
		t->counters.v[TLS_TOO_MANY]++;
		close(fd);
		return true;
	}
	c = add(t, fd, new_id(t), LOOP_READ);
	if (c == NULL)
		return true;
	c->accepted = true;
	c->far = from;
	c->state = CONN_TLS;
	c->ssl = SSL_new(t->server);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1) {
		conn_end(c, TLS_CLOSED);
		return true;
	}
	SSL_set_accept_state(c->ssl);
	return true;
}

static void
on_call(int fd, int events, void *ctx)
{
	(void)events;
	for (int i = 0; i < ACCEPTS; i++)
		if (!accept_one(ctx, fd))
			break;
}

/* ---- whom we call ---- */

static bool
may_dial(const struct tlsd *t)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->nconns; i++)
		n += !t->conn[i]->accepted;
	return n < CONNS_DIALED;
}

/* A connection to there, or by the proxy; NULL: none, and why. */
static struct conn *
dial(
    struct tlsd *t, uint32_t id, const struct endpoint *far, enum tls_down *why)
{
	const struct endpoint *to =
	    t->conf.ntls_proxy != 0 ? &t->conf.tls_proxy[0] : far;
	struct sockaddr_storage ss;
	socklen_t len = (socklen_t)endpoint_to_sa(to, &ss);
	struct conn *c;
	int fd;

	*why = len == 0 ? TLS_REFUSED : TLS_FULL;
	if (len == 0)
		return NULL;
	fd = may_dial(t) ? socket(ss.ss_family,
			       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
			 : -1;
	if (fd == -1) {
		t->counters.v[TLS_TOO_MANY]++;
		return NULL;
	}
	if (connect(fd, (struct sockaddr *)&ss, len) == -1 &&
	    errno != EINPROGRESS) {
		close(fd);
		*why = TLS_NO_ANSWER;
		return NULL;
	}
	if ((c = add(t, fd, id, LOOP_WRITE)) == NULL)
		return NULL;
	c->state = CONN_TCP;
	c->far = *far;
	return c;
}

void
conns_dial(struct tlsd *t, uint32_t id, const struct msg_tls_connect *m)
{
	enum tls_down why = TLS_REFUSED;
	struct conn *c = NULL;

	if (t->has_conf && t->conf.tls_connect != CONF_TLS_NO)
		c = dial(t, id, &m->to, &why);
	if (c == NULL)
		wire_down(t, id, why);
	else
		memcpy(c->pin, m->pin, sizeof(c->pin));
}

/* Is it what the configuration says, as far as it says it? */
static bool
is_turn_server(const struct conf_node *n, const struct msg_turn_connect *m)
{
	if (n->nturn == 0 || !endpoint_eq(&n->turn[0], &m->to))
		return false;
	if (n->turn_transport == CONF_TURN_AUTO)
		return m->secure == (n->nturn_pins != 0);
	return n->turn_transport == (m->secure ? CONF_TURN_TLS : CONF_TURN_TCP);
}

void
conns_dial_turn(struct tlsd *t, uint32_t id, const struct msg_turn_connect *m)
{
	enum tls_down why = TLS_REFUSED;
	struct conn *c = NULL;

	if (t->has_conf && is_turn_server(&t->conf, m))
		c = dial(t, id, &m->to, &why);
	if (c == NULL) {
		wire_down(t, id, why);
		return;
	}
	c->turn = c->out.turn = true;
	c->plain = !m->secure;
	for (unsigned i = 0; i < t->conf.nturn_pins; i++)
		memcpy(c->pin[i], t->conf.turn_pin[i], sizeof(c->pin[i]));
}

/* ---- listeners ---- */

static void
stop_listening(struct listener *l)
{
	if (l->fd == -1)
		return;
	loop_io_free(l->io);
	close(l->fd);
	*l = (struct listener){.fd = -1};
}

void
conns_listen(struct tlsd *t, const struct msg_tls_fd *m, int fd)
{
	struct listener *l = &t->listener[m->index];
	char text[ENDPOINT_STRLEN];

	stop_listening(l);
	l->fd = fd;
	l->local = m->local;
	l->io = loop_io_new(t->loop, fd, LOOP_READ, on_call, t);
	if (l->io == NULL || listen(fd, BACKLOG) == -1) {
		log_warn("listen on %s", endpoint_format(&m->local, text));
		stop_listening(l);
	}
	wire_pin(t);
}

static bool
is_wanted(const struct conf_node *n, const struct endpoint *at)
{
	for (unsigned i = 0; i < n->ntls_listen; i++) {
		const struct endpoint *w = &n->tls_listen[i];

		if (w->port == at->port &&
		    (w->addr.family == 0 || addr_eq(&w->addr, &at->addr)))
			return true;
	}
	return false;
}

void
conns_conf(struct tlsd *t)
{
	for (int i = 0; i < TLS_LISTEN_MAX; i++)
		if (!is_wanted(&t->conf, &t->listener[i].local))
			stop_listening(&t->listener[i]);
	wire_pin(t);
}

/* ---- time ---- */

void
conns_drop_all(struct tlsd *t)
{
	for (uint32_t i = 0; i < t->nconns; i++)
		conn_end(t->conn[i], TLS_CLOSED);
}

void
conns_turn(void *ctx)
{
	struct tlsd *t = ctx;

	for (uint32_t i = 0; i < t->nconns; i++)
		conn_flush(t->conn[i]);
	for (uint32_t i = t->nconns; i-- > 0;)
		if (t->conn[i]->state == CONN_DEAD)
			remove_conn(t, i);
	t->counters.v[TLS_OPEN] = t->nconns;
}

static void
look_at(struct conn *c, uint64_t now_ms)
{
	if (c->state == CONN_UP) {
		if (now_ms - c->heard_ms > CONN_SILENT_MS)
			conn_end(c, TLS_CLOSED);
		else if (now_ms - c->said_ms >= CONN_ALIVE_MS)
			outq_alive(&c->out, now_ms);
		return;
	}
	if (now_ms - c->since_ms <= CONN_SETUP_MS)
		return;
	c->tlsd->counters.v[TLS_LATE]++;
	conn_end(c, TLS_NO_ANSWER);
}

void
conns_tick(void *ctx)
{
	struct tlsd *t = ctx;
	uint64_t now_ms = clock_mono_ms();

	for (uint32_t i = 0; i < t->nconns; i++)
		look_at(t->conn[i], now_ms);
	loop_timer_in(t->tick, TICK_MS);
}
