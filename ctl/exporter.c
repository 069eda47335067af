/* SPDX-License-Identifier: ISC */
/* file: ctl/exporter.c */
/*
 * mesh-exporter: GET /metrics.  Holds one listening socket and, while it
 * gathers, one connection to the status socket of control; can open no file,
 * no other socket than a local one, and has an account of its own.
 *
 * Whoever connects is a stranger: at most CLIENTS_MAX at a time, CLIENT_MS
 * each, one request of HTTP_REQUEST_MAX octets.  Figures are gathered once for
 * all who ask within FRESH_MS.
 */
#include <sys/socket.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "clock.h"
#include "gather.h"
#include "http.h"
#include "log.h"
#include "loop.h"
#include "metrics.h"
#include "sandbox.h"

#define ACCOUNT "_meshexp"
#define STATUS_SOCKET "/run/mesh/status.sock"
#define PORT 9869
#define CLIENTS_MAX 16
#define CLIENT_MS 5000
#define FRESH_MS 1000
#define BACKLOG 64

struct exporter;

struct client {
	struct exporter *x;
	int fd; /* -1: the place is free */
	struct loop_io *io;
	struct loop_timer *timer;
	size_t len, sent;
	char in[HTTP_REQUEST_MAX];
	char *out; /* NULL: the request is not there yet */
	size_t outlen;
};

struct exporter {
	struct loop *loop;
	const char *socket;
	int listen;
	struct loop_io *accept;
	struct client client[CLIENTS_MAX];
	unsigned nclients;
	struct snapshot snap;
	bool gathered;
	uint64_t gathered_ms;
};

/* ---- figures ---- */

static void
freshen(struct exporter *x)
{
	uint64_t now = clock_mono_ms();
	enum request_result result;
	struct request *r = NULL;

	if (x->gathered && now - x->gathered_ms < FRESH_MS)
		return;
	snapshot_clear(&x->snap);
	result = request_open(&r, x->socket);
	if (result == REQUEST_OK) {
		result = gather(r, &x->snap);
		request_close(r);
	}
	if (result != REQUEST_OK) {
		log_warnx("%s: no answer", x->socket);
		/* half of the figures would look like all of them */
		snapshot_clear(&x->snap);
	}
	snapshot_sort(&x->snap);
	x->gathered = true;
	x->gathered_ms = clock_mono_ms();
}

/* ---- one client ---- */

static void
client_close(struct client *c)
{
	loop_io_free(c->io);
	loop_timer_stop(c->timer);
	close(c->fd);
	free(c->out);
	c->fd = -1;
	c->out = NULL;
	c->len = c->sent = 0;
	c->x->nclients--;
	loop_io_set(c->x->accept, LOOP_READ);
}

static void
client_late(void *ctx)
{
	struct client *c = ctx;

	if (c->fd != -1)
		client_close(c);
}

/* The body; NULL: no memory. */
static char *
body_of(struct exporter *x, enum http_status status,
    const struct http_request *r, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (f == NULL)
		return NULL;
	if (status != HTTP_OK)
		fprintf(f, "%d %s\n", (int)status, http_reason(status));
	else if (r->page == HTTP_PAGE_METRICS)
		metrics_write(f,
		    r->openmetrics ? METRICS_OPENMETRICS : METRICS_TEXT,
		    &x->snap, clock_unix_ms());
	else
		fprintf(f, "mesh-exporter " MESH_VERSION "\n/metrics\n");
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}

/* 0, or -1: no memory */
static int
answer(struct client *c, enum http_status status, const struct http_request *r)
{
	const char *type = metrics_content_type(METRICS_TEXT);
	char head[HTTP_HEAD_MAX], *body;
	size_t nhead, nbody;

	if (status == HTTP_OK && r->page == HTTP_PAGE_METRICS) {
		freshen(c->x);
		if (r->openmetrics)
			type = metrics_content_type(METRICS_OPENMETRICS);
	} else {
		type = "text/plain; charset=utf-8";
	}
	body = body_of(c->x, status, r, &nbody);
	if (body == NULL)
		return -1;
	nhead = http_head(head, status, type, nbody);
	if (r->head)
		nbody = 0;
	c->out = malloc(nhead + nbody);
	if (c->out != NULL) {
		memcpy(c->out, head, nhead);
		memcpy(c->out + nhead, body, nbody);
		c->outlen = nhead + nbody;
	}
	free(body);
	return c->out == NULL ? -1 : 0;
}

/* What is left of the answer; false: the client is gone. */
static bool
client_write(struct client *c)
{
	ssize_t n = write(c->fd, c->out + c->sent, c->outlen - c->sent);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0)
		c->sent += (size_t)n;
	return n > 0 && c->sent < c->outlen;
}

static bool
client_read(struct client *c)
{
	ssize_t n = read(c->fd, c->in + c->len, sizeof(c->in) - c->len);
	struct http_request r;
	int status;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n <= 0)
		return false;
	c->len += (size_t)n;
	status = http_parse(c->in, c->len, &r);
	if (status == 0)
		return true;
	loop_io_set(c->io, LOOP_WRITE);
	return answer(c, (enum http_status)status, &r) == 0 && client_write(c);
}

static void
on_client(int fd, int events, void *ctx)
{
	struct client *c = ctx;
	bool more;

	(void)fd;
	(void)events;
	more = c->out == NULL ? client_read(c) : client_write(c);
	if (!more)
		client_close(c);
}

/* ---- all clients ---- */

static void
on_accept(int fd, int events, void *ctx)
{
	struct exporter *x = ctx;
	struct client *c = x->client;
	int s = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (s == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_warn("accept");
		return;
	}
	while (c->fd != -1)
		c++; /* there is a place, or we would not be listening */
	c->io = loop_io_new(x->loop, s, LOOP_READ, on_client, c);
	if (c->io == NULL) {
		close(s);
		return;
	}
	c->fd = s;
	loop_timer_in(c->timer, CLIENT_MS);
	if (++x->nclients == CLIENTS_MAX)
		loop_io_set(x->accept, 0); /* the others wait in the backlog */
}

/* ---- start ---- */

static __attribute__((noreturn)) void
usage(void)
{
	fprintf(stderr,
	    "usage: mesh-exporter [-l address] [-p port] [-R rundir | -s "
	    "socket]\n"
	    "  -l, -p  where to listen (127.0.0.1 port %d)\n"
	    "  -R      the node's run directory (/run/mesh)\n"
	    "  -s      its status socket (" STATUS_SOCKET ")\n",
	    PORT);
	exit(2);
}

static __attribute__((noreturn)) void
die(const char *what)
{
	log_error("%s", what);
	exit(1);
}

static int
listen_at(const struct endpoint *ep)
{
	char text[ENDPOINT_STRLEN];
	struct sockaddr_storage ss;
	socklen_t len = (socklen_t)endpoint_to_sa(ep, &ss);
	int on = 1, fd;

	endpoint_format(ep, text);
	fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    listen(fd, BACKLOG) == -1)
		die(text);
	log_info("listening on %s", text);
	return fd;
}

static uint16_t
port(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 1 || n > 65535) {
		log_errorx("%s: not a port", text);
		exit(2);
	}
	return (uint16_t)n;
}

static void
confine(void)
{
	const struct passwd *pw = NULL;
	struct sandbox_report r;
	char missing[256];

	if (geteuid() == 0 && (pw = getpwnam(ACCOUNT)) == NULL) {
		log_errorx("no account " ACCOUNT " (systemd-sysusers, or "
			   "./quickstart users)");
		exit(1);
	}
	if (sandbox_service(ROLE_EXPORT, pw == NULL ? 0 : pw->pw_uid,
		pw == NULL ? 0 : pw->pw_gid, &r) == -1)
		exit(1);
	if (r.missing != 0)
		log_warnx("sandbox: this system lacks %s",
		    sandbox_names(r.missing, missing, sizeof(missing)));
}

static void
prepare(struct exporter *x)
{
	x->loop = loop_new();
	if (x->loop == NULL)
		die("event loop");
	for (struct client *c = x->client; c < x->client + CLIENTS_MAX; c++) {
		c->x = x;
		c->fd = -1;
		c->timer = loop_timer_new(x->loop, client_late, c);
		if (c->timer == NULL)
			die("event loop");
	}
	x->accept = loop_io_new(x->loop, x->listen, LOOP_READ, on_accept, x);
	if (x->accept == NULL)
		die("event loop");
}

int
main(int argc, char *argv[])
{
	static struct exporter x;
	struct endpoint at = {.addr = {4, {127, 0, 0, 1}}, .port = PORT};
	const struct sigaction ignore = {.sa_handler = SIG_IGN};
	char path[256] = STATUS_SOCKET;
	int opt;

	log_init("mesh-exporter", LOG_L_INFO);
	while ((opt = getopt(argc, argv, "l:p:R:s:")) != -1)
		switch (opt) {
		case 'l':
			if (addr_parse(optarg, &at.addr) == -1) {
				log_errorx("%s: not an address", optarg);
				return 2;
			}
			break;
		case 'p':
			at.port = port(optarg);
			break;
		case 'R':
			snprintf(path, sizeof(path), "%s/status.sock", optarg);
			break;
		case 's':
			snprintf(path, sizeof(path), "%s", optarg);
			break;
		default:
			usage();
		}
	if (optind != argc)
		usage();
	sigaction(SIGPIPE, &ignore, NULL);
	x.socket = path;
	x.listen = listen_at(&at);
	snapshot_init(&x.snap);
	prepare(&x);
	confine();
	/* a signal ends it: there is nothing to be tidied up */
	return loop_run(x.loop) == 0 ? 0 : 1;
}
