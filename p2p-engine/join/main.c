/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/join/main.c */
/*
 * mesh-join: redeems an invitation for meshctl, which runs as root and so must
 * not look at what comes from the network.
 *
 *	meshctl --job on standard input--> mesh-join <--UDP--> a contact
 *	meshctl <--result on standard output-- mesh-join
 *
 *	job     u8 version 1 | token's text | request 168 | u32 deadline in ms
 *	result  u8 status | text | u32 length, bundle
 *
 * It opens its sockets, then enters the engine's sandbox, then says its first
 * word.  It knows the invitation's secret, and no key of the node.  As every
 * child it has its parent at the other end of descriptor 3 and an empty
 * directory at 4; it runs as the engine's user.
 */
#include <sys/socket.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "crypto.h"
#include "log.h"
#include "loop.h"
#include "redeem.h"
#include "sandbox.h"
#include "udp.h"

#define JOB_MAX 2048
#define DEADLINE_MAX_MS 300000
#define CANNOT_START 0xfe
#define TAI64_BASE UINT64_C(0x400000000000000a)
#define STAMP_STEP_NS (1u << 24) /* whitepaper 5.1: hides the clock */

struct joiner {
	struct redeem redeem;
	struct loop *loop;
	struct loop_timer *timer;
	struct udp *udp[2]; /* IPv4, IPv6; NULL: the system has none */
	uint64_t last_sec;
	uint32_t last_nsec;
	uint8_t buf[UDP_BUFFER];
};

static void
say(uint8_t status, const char *text, const uint8_t *bundle, size_t len)
{
	static uint8_t mem[BUNDLE_MAX + REDEEM_TEXT_MAX + 8];
	size_t done = 0;
	struct wbuf w;

	wbuf_init(&w, mem, sizeof(mem));
	wbuf_u8(&w, status);
	wbuf_str(&w, text);
	wbuf_u32(&w, (uint32_t)len);
	wbuf_bytes(&w, bundle, len);
	while (wbuf_done(&w) == 0 && done < w.len) {
		ssize_t n = write(STDOUT_FILENO, mem + done, w.len - done);

		if (n <= 0)
			_exit(1);
		done += (size_t)n;
	}
}

/* ---- effects ---- */

static void
send_to(void *ctx, const struct endpoint *to, const uint8_t *data, size_t len)
{
	struct joiner *j = ctx;
	struct udp *u = j->udp[to->addr.family == 6];

	if (u != NULL)
		(void)udp_send(u, to, data, len, len);
}

/* TAI64N, coarse and never the same twice */
static void
stamp(void *ctx, uint8_t out[12])
{
	struct joiner *j = ctx;
	uint64_t sec;
	uint32_t nsec;
	struct wbuf w;

	clock_unix(&sec, &nsec);
	nsec -= nsec % STAMP_STEP_NS;
	if (sec < j->last_sec || (sec == j->last_sec && nsec <= j->last_nsec)) {
		sec = j->last_sec;
		nsec = j->last_nsec + STAMP_STEP_NS;
		sec += nsec / 1000000000;
		nsec %= 1000000000;
	}
	j->last_sec = sec;
	j->last_nsec = nsec;
	wbuf_init(&w, out, 12);
	wbuf_u64(&w, TAI64_BASE + sec);
	wbuf_u32(&w, nsec);
}

/* ---- the loop ---- */

static void
next(struct joiner *j, uint64_t now_ms)
{
	uint64_t due = redeem_due(&j->redeem);

	if (j->redeem.over)
		loop_stop(j->loop);
	else
		loop_timer_in(j->timer, due > now_ms ? due - now_ms : 1);
}

static void
on_time(void *ctx)
{
	struct joiner *j = ctx;
	uint64_t now_ms = clock_mono_ms();

	redeem_tick(&j->redeem, now_ms);
	next(j, now_ms);
}

static void
on_datagram(void *ctx, uint16_t no, const struct endpoint *from, uint8_t *data,
    size_t len)
{
	struct joiner *j = ctx;

	(void)no;
	redeem_datagram(&j->redeem, clock_mono_ms(), from, data, len);
}

static void
on_readable(int fd, int events, void *ctx)
{
	struct joiner *j = ctx;

	(void)events;
	for (int i = 0; i < 2; i++)
		if (j->udp[i] != NULL && udp_fd(j->udp[i]) == fd)
			(void)udp_receive(j->udp[i], j->buf, on_datagram, j);
	next(j, clock_mono_ms());
}

/* ---- the start ---- */

static void
open_socket(struct joiner *j, int i)
{
	int fd = socket(i == 0 ? AF_INET : AF_INET6,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return;
	j->udp[i] = udp_new(fd, (uint16_t)i, i == 0 ? 4 : 6);
	if (j->udp[i] == NULL)
		fatal("socket");
}

static int
make_loop(struct joiner *j)
{
	if ((j->loop = loop_new()) == NULL ||
	    (j->timer = loop_timer_new(j->loop, on_time, j)) == NULL)
		return -1;
	for (int i = 0; i < 2; i++)
		if (j->udp[i] != NULL &&
		    loop_io_new(j->loop, udp_fd(j->udp[i]), LOOP_READ,
			on_readable, j) == NULL)
			return -1;
	return 0;
}

static size_t
read_job(uint8_t job[JOB_MAX])
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < JOB_MAX) {
		n = read(STDIN_FILENO, job + len, JOB_MAX - len);
		if (n > 0)
			len += (size_t)n;
	}
	return len;
}

/* 0, or -1 and *why */
static int
parse_job(const uint8_t *job, size_t len, struct invite_token *token,
    uint8_t request[JOIN_REQUEST], uint32_t *wait_ms, const char **why)
{
	char text[INVITE_TEXT_MAX];
	struct rbuf r;

	rbuf_init(&r, job, len);
	*why = "not a job of this version";
	if (rbuf_u8(&r) != 1)
		return -1;
	rbuf_str(&r, text, sizeof(text));
	rbuf_bytes(&r, request, JOIN_REQUEST);
	*wait_ms = rbuf_u32(&r);
	if (rbuf_done(&r) == -1 || *wait_ms > DEADLINE_MAX_MS)
		return -1;
	return invite_parse(text, token, why);
}

int
main(void)
{
	static struct joiner j;
	struct sandbox_report sandbox = {0};
	struct redeem_io io = {
	    .ctx = &j, .send = send_to, .stamp = stamp, .rnd = rnd_kernel()};
	uint8_t job[JOB_MAX], request[JOIN_REQUEST];
	struct invite_token token;
	const char *why;
	uint32_t wait_ms;
	uint64_t now_ms;

	log_init("mesh-join", LOG_L_INFO);
	if (crypto_init() == -1) /* a token has a check */
		return 1;
	if (parse_job(job, read_job(job), &token, request, &wait_ms, &why) ==
	    -1) {
		say(CANNOT_START, why, NULL, 0);
		return 0;
	}
	open_socket(&j, 0); /* before there is no network to open them in */
	open_socket(&j, 1);
	if (sandbox_enter_early(ROLE_ENGINE, &sandbox) == -1 ||
	    make_loop(&j) == -1 || sandbox_enter(ROLE_ENGINE, &sandbox) == -1)
		return 1;
	now_ms = clock_mono_ms();
	redeem_start(&j.redeem, &io, &token, request, now_ms, now_ms + wait_ms);
	next(&j, now_ms);
	if (loop_run(j.loop) == -1)
		return 1;
	say(j.redeem.status, j.redeem.text, j.redeem.bundle, j.redeem.len);
	redeem_clear(&j.redeem);
	return 0;
}
