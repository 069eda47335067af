/* SPDX-License-Identifier: ISC */
/* file: tests/fuzz/fuzz_chan.c */
/*
 * A channel of the engine and a neighbour that sends whatever it likes.
 *
 * The first octet chooses the neighbour's role, then come records: one octet
 * of how (bit 0-1: 0, 1 or 2 descriptors; bit 2: as given, else with a good
 * header for the type, length and body that follow), one of type, one of
 * length, the octets.  With bit 3 a good HELLO goes in front.  Oracle: a
 * model of three lines decides which record is the first offence; the channel
 * must handle exactly those before it, die there, and leave no descriptor.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chan.h"

#define GEN 3
#define HOW_FDS 3
#define HOW_RAW 4
#define HOW_HELLO 8

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct model {
	enum role peer;
	bool ready, dead;
	unsigned handled;
};

static unsigned handled;
static int null_fd = -1;

/* Every second type has a handler, so that both ways are walked. */
static enum chan_verdict
on_any(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	(void)ctx;
	if (chan_state(c) != CHAN_S_READY)
		abort();
	for (size_t i = 0; i < f->len; i++)
		if (f->body[i] == 0xff)
			break;
	if (f->fd != -1)
		close(f->fd);
	handled++;
	return CHAN_OK;
}

#define M_HANDLER(n, no, lo, hi, f, who, st) {(no) % 2 ? (no) : 0, on_any},
static const struct chan_handler table[] = {MESSAGES(M_HANDLER)};

#define M_RULE(n, no, lo, hi, f, who, st) {no, lo, hi, f, who, st},
static const struct rule {
	unsigned type, min, max, fd, from, when;
} rules[] = {MESSAGES(M_RULE)};

static const struct rule *
rule_of(unsigned type)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

static size_t
good_hello(enum role role, uint8_t *out)
{
	struct msg_hello h = {MSG_VERSION, role, GEN};
	struct wbuf w;

	wbuf_init(&w, out, 16);
	msg_put_hello(&w, &h);
	return w.len;
}

/* What a record must do to the channel, said again and without its code. */
static void
predict(struct model *m, const uint8_t *rec, size_t len, unsigned nfds)
{
	uint8_t hello[16];
	size_t body = len - 12;
	const struct rule *r;
	unsigned type;

	if (m->dead)
		return;
	m->dead = true;
	if (len < 12 || body > IPC_BODY_MAX || rec[2] != 0 || rec[3] > 1 ||
	    rec[3] != nfds)
		return;
	if (((size_t)rec[4] << 24 | (size_t)rec[5] << 16 | (size_t)rec[6] << 8 |
		rec[7]) != body)
		return;
	type = (unsigned)(rec[0] << 8 | rec[1]);
	r = rule_of(type);
	if (r == NULL || body < r->min || body > r->max || r->fd != nfds ||
	    (r->from & 1u << m->peer) == 0)
		return;
	if (type == MSG_HELLO && !m->ready) {
		good_hello(m->peer, hello);
		m->ready = memcmp(rec + 12, hello, body) == 0;
		m->dead = !m->ready;
	} else if (m->ready && type % 2 == 1 && type != MSG_HELLO) {
		m->handled++;
		m->dead = false;
	}
}

/* 0, or -1 when the socket is full: the input ends there. */
static int
send_raw(int sock, const uint8_t *rec, size_t len, unsigned nfds)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)rec, .iov_len = len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(2 * sizeof(int))] = {0};
	int fds[2] = {null_fd, null_fd};

	if (nfds > 0) {
		mh.msg_control = ctl;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), fds, nfds * sizeof(int));
	}
	return sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len
	    ? 0
	    : -1;
}

static void
step(struct chan *c, struct model *m, int sock, const uint8_t *rec, size_t len,
    unsigned nfds)
{
	/* an empty record without a descriptor is the end, not an offence */
	if (len == 0 && nfds == 0)
		return;
	if (send_raw(sock, rec, len, nfds) == -1)
		return;
	predict(m, rec, len, nfds);
	if ((chan_in(c) == -1) != m->dead)
		abort();
	if (handled != m->handled)
		abort();
	if ((chan_state(c) == CHAN_S_READY) != (m->ready && !m->dead))
		abort();
	if (m->dead && chan_why(c)[0] == '\0')
		abort();
}

static void
play(struct chan *c, struct model *m, int sock, const uint8_t *p, size_t left)
{
	uint8_t rec[12 + 256], hello[16];
	size_t n;

	while (left >= 3 && !m->dead) {
		unsigned how = p[0], type = p[1], nfds = how & HOW_FDS;
		size_t len = p[2];

		p += 3;
		left -= 3;
		if (len > left)
			len = left;
		if (how & HOW_HELLO) {
			n = good_hello(m->peer, hello);
			n = ipc_build(
			    rec, sizeof(rec), MSG_HELLO, 0, hello, n, 0);
			step(c, m, sock, rec, n, 0);
		}
		if (m->dead)
			break;
		nfds = nfds > 2 ? 2 : nfds;
		if (how & HOW_RAW) {
			step(c, m, sock, p, len, nfds);
		} else {
			n = ipc_build(rec, sizeof(rec), (uint16_t)type, 1, p,
			    len, nfds > 0);
			step(c, m, sock, rec, n, nfds);
		}
		p += len;
		left -= len;
	}
}

/* The lowest free number: the same before and after if nothing leaked. */
static int
lowest_free(void)
{
	int fd = dup(null_fd);

	close(fd);
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct chan_conf conf = {.self = ROLE_ENGINE,
	    .gen = GEN,
	    .handlers = table,
	    .nhandlers = sizeof(table) / sizeof(table[0])};
	struct model m = {0};
	struct chan *c;
	int sv[2], free_before;

	if (size == 0)
		return 0;
	if (null_fd == -1)
		null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	free_before = lowest_free();
	if (ipc_pair(sv) == -1)
		return 0;
	handled = 0;
	m.peer = conf.peer =
	    (enum role)(ROLE_PARENT + data[0] % (ROLE_NROLES - 1));
	if ((c = chan_new(sv[0], &conf)) == NULL)
		abort();
	play(c, &m, sv[1], data + 1, size - 1);
	chan_free(c);
	close(sv[1]);
	if (lowest_free() != free_before)
		abort();
	return 0;
}
