/* SPDX-License-Identifier: ISC */
/* file: tlsd/conn.c */
/*
 * One connection, from its socket to its datagrams (see tlsd.h).
 *
 *	dialed    TCP -> [PROXY] -> TLS -> HTTP -> UP
 *	to TURN   TCP -> [PROXY] -> [TLS] -------> UP
 *	accepted                    TLS -> HTTP -> UP
 *	                                        -> BYE: no such page
 *
 * Each step goes on until TCP has no more, or takes no more.  Whatever is
 * wrong ends the connection, and only that.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "clock.h"
#include "log.h"
#include "tlsd.h"

#define READS 16 /* records a turn, then others have theirs */

static int conn_index = -1; /* where a connection finds itself in its SSL */

int
conn_start(void)
{
	conn_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return conn_index;
}

void
conn_end(struct conn *c, enum tls_down why)
{
	if (c->state == CONN_DEAD)
		return;
	c->state = CONN_DEAD;
	c->why = why;
}

/* ---- TLS ---- */

int
conn_verify(X509_STORE_CTX *ctx, void *arg)
{
	static const uint8_t none[PIN_OCTETS];
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct conn *c = ssl == NULL ? NULL : SSL_get_ex_data(ssl, conn_index);
	X509 *cert = X509_STORE_CTX_get0_cert(ctx);
	uint8_t pin[PIN_OCTETS];
	bool any = false;

	(void)arg;
	if (c == NULL || cert == NULL || identity_pin(cert, pin) == -1)
		return 0;
	for (int i = 0; i < TLS_PINS; i++) {
		any |= memcmp(c->pin[i], none, sizeof(none)) != 0;
		if (memcmp(c->pin[i], pin, sizeof(pin)) == 0)
			return 1;
	}
	if (!any && !c->turn)
		return 1; /* nobody said whose it should be */
	c->tlsd->counters.v[TLS_PIN_WRONG]++;
	c->why = TLS_WRONG_PIN;
	return 0;
}

/* Another protocol, of servers that may not know the newest TLS (RFC 7443). */
static bool
is_for_turn(SSL *ssl)
{
	static const unsigned char alpn[] = "\x09stun.turn";

	SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
	/* 0 is success, unlike everywhere else */
	return SSL_set_min_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	    SSL_set_alpn_protos(ssl, alpn, sizeof(alpn) - 1) == 0;
}

static bool
begin_tls(struct conn *c)
{
	c->ssl = SSL_new(c->accepted ? c->tlsd->server : c->tlsd->client);
	if (c->ssl == NULL || SSL_set_fd(c->ssl, c->fd) != 1 ||
	    SSL_set_ex_data(c->ssl, conn_index, c) != 1 ||
	    (c->turn && !is_for_turn(c->ssl)))
		return false;
	if (c->accepted)
		SSL_set_accept_state(c->ssl);
	else
		SSL_set_connect_state(c->ssl);
	c->state = CONN_TLS;
	return true;
}

/* ---- out ---- */

/* What is in pend; false: it could not all go. */
static bool
push(struct conn *c)
{
	while (c->pend_at < c->npend) {
		int r = octets_write(
		    c, c->pend + c->pend_at, c->npend - c->pend_at);

		if (r == -1)
			conn_end(c, TLS_CLOSED);
		if (r <= 0)
			return false;
		c->pend_at += (uint32_t)r;
	}
	c->npend = c->pend_at = 0;
	return true;
}

void
conn_flush(struct conn *c)
{
	uint64_t now_ms = clock_mono_ms();

	if (c->state == CONN_DEAD || c->blocked || c->state < CONN_HTTP ||
	    !push(c))
		return;
	while (c->state == CONN_UP) {
		c->npend = (uint32_t)outq_get(
		    &c->out, now_ms, c->pend, sizeof(c->pend));
		if (c->npend == 0)
			break;
		c->said_ms = now_ms;
		if (!push(c))
			return;
	}
	if (c->state == CONN_BYE) {
		(void)SSL_shutdown(c->ssl);
		conn_end(c, TLS_CLOSED);
	}
}

void
conn_send(struct conn *c, const uint8_t *msg, size_t len)
{
	if (c->state == CONN_UP)
		(void)outq_put(&c->out, clock_mono_ms(), msg, len);
}

static void
say(struct conn *c, const char *text, size_t len)
{
	memcpy(c->pend, text, len);
	c->npend = (uint32_t)len;
	c->pend_at = 0;
	c->blocked = false;
	conn_flush(c);
}

/* ---- in ---- */

static void
up(struct conn *c)
{
	c->state = CONN_UP;
	c->heard_ms = c->said_ms = clock_mono_ms();
	lengths_init(&c->in);
	turnframe_init(&c->turn_in);
	c->told = true;
	c->tlsd->counters.v[c->accepted ? TLS_ACCEPTED : TLS_DIALED]++;
	wire_up(c->tlsd, c);
}

static void
take_turn(struct conn *c, const uint8_t *data, size_t len)
{
	const uint8_t *msg;
	size_t n;

	while (c->state == CONN_UP) {
		switch (turnframe_next(&c->turn_in, &data, &len, &msg, &n)) {
		case TURNFRAME_MORE:
			return;
		case TURNFRAME_MESSAGE:
			wire_data(c->tlsd, c->id, msg, n);
			break;
		case TURNFRAME_LONG:
			c->tlsd->counters.v[TLS_RX_LOST]++;
			break;
		case TURNFRAME_BAD:
			c->tlsd->counters.v[TLS_BAD_FRAMES]++;
			conn_end(c, TLS_BROKEN);
			break;
		}
	}
}

static void
take_datagrams(struct conn *c, const uint8_t *data, size_t len)
{
	const uint8_t *msg;
	size_t n;

	while (c->state == CONN_UP) {
		switch (lengths_next(&c->in, &data, &len, &msg, &n)) {
		case LENGTHS_MORE:
			return;
		case LENGTHS_ALIVE:
			break;
		case LENGTHS_MESSAGE:
			wire_data(c->tlsd, c->id, msg, n);
			break;
		case LENGTHS_BAD:
			c->tlsd->counters.v[TLS_BAD_FRAMES]++;
			conn_end(c, TLS_BROKEN);
			break;
		}
	}
}

static void
take(struct conn *c, const uint8_t *data, size_t len)
{
	c->heard_ms = clock_mono_ms();
	if (c->turn)
		take_turn(c, data, len);
	else
		take_datagrams(c, data, len);
}

/* The request of somebody who called: 101 and datagrams, or no such page. */
static void
answer(struct conn *c, int status, size_t used)
{
	char out[UPGRADE_OUT_MAX];
	size_t n = upgrade_answer(out, status);

	if (status == 101)
		up(c);
	else {
		c->tlsd->counters.v[TLS_STRANGERS]++;
		c->state = CONN_BYE;
	}
	say(c, out, n);
	if (c->state == CONN_UP)
		take(c, (const uint8_t *)c->head + used, c->nhead - used);
}

static void
answered(struct conn *c, int status, size_t used)
{
	if (status != 101) {
		conn_end(c, TLS_REFUSED);
		return;
	}
	up(c);
	take(c, (const uint8_t *)c->head + used, c->nhead - used);
}

static void
http(struct conn *c, const uint8_t *data, size_t len)
{
	size_t room = sizeof(c->head) - c->nhead, used;
	int status;

	if (len > room)
		len = room;
	memcpy(c->head + c->nhead, data, len);
	c->nhead += (uint32_t)len;
	if (c->accepted) {
		status = upgrade_request_read(c->head, c->nhead, &used);
		if (status != UPGRADE_MORE)
			answer(c, status, used);
	} else {
		status = upgrade_answer_read(c->head, c->nhead, &used);
		if (status != UPGRADE_MORE)
			answered(c, status, used);
	}
}

static void
read_some(struct conn *c)
{
	uint8_t data[4096]; /* of HTTP at most what the head holds */
	int r;

	for (int i = 0; i < READS * 4; i++) {
		if (c->state != CONN_HTTP && c->state != CONN_UP)
			return;
		r = octets_read(c, data, sizeof(data));
		if (r == -1)
			conn_end(c, TLS_CLOSED);
		if (r <= 0)
			return;
		if (c->state == CONN_HTTP)
			http(c, data, (size_t)r);
		else
			take(c, data, (size_t)r);
	}
	/* what TLS has taken from the socket wakes nobody */
	if (c->ssl != NULL && SSL_has_pending(c->ssl))
		loop_timer_in(c->tlsd->again, 0);
}

/* ---- the steps before ---- */

static bool
is_connected(struct conn *c)
{
	socklen_t n = sizeof(int);
	int error = 0;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) == -1 ||
	    error != 0) {
		conn_end(c, TLS_NO_ANSWER);
		return false;
	}
	return true;
}

/* TCP is there, to the other end: what comes next, false: it failed. */
static bool
begin(struct conn *c)
{
	if (!c->plain)
		return begin_tls(c);
	octets_wait(c, LOOP_READ);
	up(c);
	return true;
}

/* In the clear: few octets, which fit a new connection's buffer. */
static bool
ask_proxy(struct conn *c)
{
	char out[UPGRADE_OUT_MAX];
	struct iovec iov = {
	    .iov_base = out, .iov_len = upgrade_proxy(out, &c->far)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)iov.iov_len) {
		conn_end(c, TLS_NO_ANSWER);
		return false;
	}
	c->state = CONN_PROXY;
	octets_wait(c, LOOP_READ);
	return true;
}

/* An octet at a time: what follows the head is TLS, and not ours to take. */
static void
read_proxy(struct conn *c)
{
	struct iovec iov = {.iov_len = 1};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	int status = UPGRADE_MORE;
	size_t used;
	ssize_t n;

	while (status == UPGRADE_MORE && c->nhead < sizeof(c->head)) {
		iov.iov_base = c->head + c->nhead;
		n = recvmsg(c->fd, &m, MSG_DONTWAIT);
		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			break;
		c->nhead++;
		if (c->head[c->nhead - 1] == '\n')
			status = upgrade_answer_read(c->head, c->nhead, &used);
	}
	c->nhead = 0;
	if (status < 200 || status > 299 || !begin(c)) {
		c->tlsd->counters.v[TLS_PROXY_REFUSED]++;
		conn_end(c, TLS_REFUSED);
	}
}

static void
greet(struct conn *c)
{
	char out[UPGRADE_OUT_MAX];

	octets_wait(c, LOOP_READ);
	if (c->turn) {
		up(c);
		return;
	}
	c->state = CONN_HTTP;
	if (!c->accepted)
		say(c, out, upgrade_request(out, &c->far));
}

static void
shake_hands(struct conn *c)
{
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(c->ssl);
	if (r == 1)
		greet(c);
	else if (!octets_waits(c, r))
		conn_end(c, c->why == TLS_WRONG_PIN ? c->why : TLS_REFUSED);
}

void
conn_run(struct conn *c)
{
	if (c->state == CONN_TCP && is_connected(c) &&
	    (c->tlsd->conf.ntls_proxy != 0 ? !ask_proxy(c) : !begin(c)))
		conn_end(c, TLS_NO_ANSWER);
	if (c->state == CONN_PROXY)
		read_proxy(c);
	if (c->state == CONN_TLS)
		shake_hands(c);
	if (c->state == CONN_HTTP || c->state == CONN_UP)
		read_some(c);
	if (c->state == CONN_UP || c->state == CONN_BYE ||
	    c->state == CONN_HTTP)
		conn_flush(c);
}
