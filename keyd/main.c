/* SPDX-License-Identifier: ISC */
/* file: keyd/main.c */
/*
 * keyd: the process that holds the node's private key and can only answer
 * fixed-size questions about it.
 *
 * It is born with two descriptors (the key file to read once, the stamp file
 * to write), and gets a channel each to the engine and to discoveryd.
 * It opens nothing, and has no event library: one ppoll over three channels.
 *
 * The key, its text and everything on the way from one to the other are in
 * one page that is locked, left out of dumps and empty in a fork.  Elsewhere
 * it exists only inside libcrypto while one question is answered.
 *
 * A client that misbehaves loses its channel and nothing else; keyd itself
 * ends with the parent only.
 */
#include <sys/mman.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "clock.h"
#include "conf.h"
#include "counters.h"
#include "crypto.h"
#include "keys.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"

#define KEY_TEXT 44 /* base64 of 32 octets; one newline may follow */
#define BODY_MAX 128

struct vault {
	struct keys keys;
	uint8_t priv[32];
	char text[KEY_TEXT + 2]; /* one more than a good file has */
};

enum client { CLIENT_ENGINE, CLIENT_DISC, NCLIENTS };

struct keyd {
	struct vault *vault;
	struct chan *parent;
	struct chan *client[NCLIENTS]; /* NULL: not wired */
	int stamp_fd;                  /* -1: there is none */
	struct sandbox_report sandbox;
	struct counters count;
};

/* ---- small helpers ---- */

static void
answer(struct chan *c, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	/* a full queue is counted there; the asker has a deadline */
	if (wbuf_done(w) == 0)
		chan_send(c, type, id, w->base, w->len, -1);
}

/* From now on nothing of the mapping can reach a disk or another process. */
static struct vault *
vault_new(void)
{
	long page = sysconf(_SC_PAGESIZE);
	struct vault *v;

	if (page < (long)sizeof(*v))
		return NULL;
	v = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (v == MAP_FAILED)
		return NULL;
	if (mlock(v, (size_t)page) == -1)
		log_warn("key memory can't be locked");
	if (madvise(v, (size_t)page, MADV_DONTDUMP) == -1 ||
	    madvise(v, (size_t)page, MADV_WIPEONFORK) == -1)
		log_warn("key memory can't be kept from dumps and forks");
	return v;
}

static void
vault_wipe(struct vault *v)
{
	crypto_wipe(v, sizeof(*v));
}

/* ---- files ---- */

static void
load_key(struct keyd *k, int fd)
{
	struct vault *v = k->vault;
	ssize_t n;

	n = pread(fd, v->text, sizeof(v->text), 0);
	if (n == KEY_TEXT + 1 && v->text[KEY_TEXT] == '\n')
		n = KEY_TEXT;
	v->text[KEY_TEXT] = '\0';
	if (n == -1)
		log_warn("key file");
	else if (n != KEY_TEXT || key_parse(v->text, v->priv) == -1)
		log_errorx("key file: not 32 octets in base64");
	else if (keys_load(&v->keys, v->priv, clock_mono_ms()) == -1)
		log_errorx("key file: not a usable private key");
	else
		log_debug("key loaded");
	crypto_wipe(v->text, sizeof(v->text));
	crypto_wipe(v->priv, sizeof(v->priv));
}

/* An empty file is a new one. */
static void
load_stamp(struct keyd *k, int fd)
{
	uint8_t stored[8];
	ssize_t n;

	n = pread(fd, stored, sizeof(stored), 0);
	if (n == -1)
		log_warn("stamp file");
	else if (n == sizeof(stored))
		keys_stamp_restore(&k->vault->keys, stored);
	else if (n != 0)
		log_warnx("stamp file: cut short, ignored");
	k->stamp_fd = n == -1 ? -1 : fd;
}

/*
 * Without the file a node still works as long as its clock does: say so, and
 * go on.
 */
static void
save_stamp(const struct keyd *k, const uint8_t stored[8])
{
	if (k->stamp_fd == -1)
		return;
	if (pwrite(k->stamp_fd, stored, 8, 0) != 8 ||
	    fdatasync(k->stamp_fd) == -1)
		log_warn("stamp file: write");
}

/* ---- what clients ask ---- */

static enum chan_verdict
on_mix_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	static const enum counter counted[] = {
	    [KEY_OK] = KEY_MIX,
	    [KEY_BUSY_NOW] = KEY_BUSY,
	    [KEY_REFUSED_POINT] = KEY_REFUSED,
	};
	struct keyd *k = ctx;
	struct msg_mix_ask ask;
	struct msg_mix_reply reply;
	uint8_t body[BODY_MAX];
	struct rbuf r;
	struct wbuf w;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_mix_ask(&r, &ask) == -1)
		return CHAN_BAD;
	keys_mix(&k->vault->keys, clock_mono_ms(), &ask, &reply);
	k->count.v[counted[reply.status]]++;
	wbuf_init(&w, body, sizeof(body));
	msg_put_mix_reply(&w, &reply);
	answer(c, MSG_MIX_REPLY, f->id, &w);
	crypto_wipe(&ask, sizeof(ask));
	crypto_wipe(&reply, sizeof(reply));
	crypto_wipe(body, sizeof(body));
	return CHAN_OK;
}

static enum chan_verdict
on_stamp_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct keyd *k = ctx;
	struct msg_stamp_reply reply;
	uint8_t stored[8], body[BODY_MAX];
	struct wbuf w;
	uint64_t sec;
	uint32_t nsec;

	/* no answer is an answer too: the asker has a deadline */
	if (!keys_stamp_allowed(&k->vault->keys, clock_mono_ms())) {
		k->count.v[KEY_BUSY]++;
		return CHAN_OK;
	}
	clock_unix(&sec, &nsec);
	if (keys_stamp(&k->vault->keys, sec, nsec, reply.stamp, stored))
		save_stamp(k, stored);
	k->count.v[KEY_STAMP]++;
	wbuf_init(&w, body, sizeof(body));
	msg_put_stamp_reply(&w, &reply);
	answer(c, MSG_STAMP_REPLY, f->id, &w);
	return CHAN_OK;
}

/* Before there is a key nobody is answered: asking again is their business. */
static enum chan_verdict
on_pub_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct keyd *k = ctx;
	struct msg_pub_reply reply;
	uint8_t body[BODY_MAX];
	struct wbuf w;

	if (!k->vault->keys.loaded)
		return CHAN_OK;
	memcpy(reply.pub, k->vault->keys.pub, sizeof(reply.pub));
	wbuf_init(&w, body, sizeof(body));
	msg_put_pub_reply(&w, &reply);
	answer(c, MSG_PUB_REPLY, f->id, &w);
	return CHAN_OK;
}

static const struct chan_handler engine_handlers[] = {
    {MSG_MIX_ASK, on_mix_ask},
    {MSG_STAMP_ASK, on_stamp_ask},
    {MSG_PUB_ASK, on_pub_ask},
};

static const struct chan_handler disc_handlers[] = {
    {MSG_PUB_ASK, on_pub_ask},
};

/* ---- what the parent says ---- */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
client_drop(struct keyd *k, enum client i)
{
	if (k->client[i] == NULL)
		return;
	k->count.v[IPC_REFUSED] += chan_stats(k->client[i])->refused;
	chan_free(k->client[i]);
	k->client[i] = NULL;
}

static enum chan_verdict
on_wire(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct keyd *k = ctx;
	struct chan_conf conf = {.self = ROLE_KEY, .ctx = k};
	struct msg_wire m;
	enum client i;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_wire(&r, &m) == -1 || m.kind != WIRE_CHAN ||
	    (m.peer != ROLE_ENGINE && m.peer != ROLE_DISC)) {
		close(f->fd);
		return CHAN_BAD;
	}
	i = m.peer == ROLE_ENGINE ? CLIENT_ENGINE : CLIENT_DISC;
	conf.peer = m.peer;
	conf.gen = m.gen;
	conf.handlers = i == CLIENT_ENGINE ? engine_handlers : disc_handlers;
	conf.nhandlers =
	    i == CLIENT_ENGINE ? COUNT(engine_handlers) : COUNT(disc_handlers);
	client_drop(k, i);
	k->client[i] = chan_new(f->fd, &conf);
	if (k->client[i] == NULL)
		log_warn("wire to %s", role_name(m.peer));
	return CHAN_OK;
}

static void
count_row(struct chan *c, uint32_t id, enum counter which, uint64_t value)
{
	struct msg_counter_row row = {
	    .role = ROLE_KEY, .id = (uint16_t)which, .value = value};
	uint8_t body[BODY_MAX];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_counter_row(&w, &row);
	answer(c, MSG_COUNTER_ROW, id, &w);
}

static enum chan_verdict
on_counters_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	static const enum counter ours[] = {
	    KEY_MIX, KEY_STAMP, KEY_BUSY, KEY_REFUSED, IPC_REFUSED, LOG_HELD};
	struct msg_end end = {.status = END_OK};
	struct keyd *k = ctx;
	uint8_t body[BODY_MAX];
	struct wbuf w;

	k->count.v[LOG_HELD] = log_suppressed();
	for (size_t i = 0; i < COUNT(ours); i++)
		count_row(c, f->id, ours[i], k->count.v[ours[i]]);
	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &end);
	answer(c, MSG_END, f->id, &w);
	return CHAN_OK;
}

static enum chan_verdict
on_stop(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	(void)c;
	(void)ctx;
	(void)f;
	return CHAN_CLOSE;
}

static const struct chan_handler parent_handlers[] = {
    {MSG_WIRE, on_wire},
    {MSG_PING, proc_on_ping},
    {MSG_COUNTERS_ASK, on_counters_ask},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_STOP, on_stop},
};

static void
on_parent_ready(struct chan *c, void *ctx)
{
	struct keyd *k = ctx;
	struct msg_ready m = {
	    .sandbox = k->sandbox.have, .missing = k->sandbox.missing};
	uint8_t body[BODY_MAX];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_ready(&w, &m);
	answer(c, MSG_READY, 0, &w);
}

static struct chan *
parent_chan(struct keyd *k, uint64_t gen)
{
	struct chan_conf conf = {
	    .self = ROLE_KEY,
	    .peer = ROLE_PARENT,
	    .gen = gen,
	    .handlers = parent_handlers,
	    .nhandlers = COUNT(parent_handlers),
	    .ctx = k,
	    .ready = on_parent_ready,
	};

	return chan_new(PROC_PARENT_FD, &conf);
}

/* ---- the loop ---- */

static void
poll_add(struct pollfd *p, const struct chan *c, short always)
{
	p->fd = c == NULL ? -1 : chan_fd(c);
	p->events = always;
	if (c != NULL)
		p->events |= chan_wants_out(c) ? POLLOUT : POLLIN;
	p->revents = 0;
}

/* 0, or -1: the channel is DEAD. */
static int
turn(struct chan *c, short revents)
{
	if ((revents & POLLOUT) != 0 && chan_out(c) == -1)
		return -1;
	if ((revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		return chan_in(c);
	return chan_state(c) == CHAN_S_DEAD ? -1 : 0;
}

static void
client_turn(struct keyd *k, enum client i, short revents)
{
	struct chan *c = k->client[i];

	if (c == NULL || turn(c, revents) == 0)
		return;
	if (!chan_eof(c))
		log_warnx("wire to %s closed: %s", role_name(chan_peer(c)),
		    chan_why(c));
	client_drop(k, i);
}

/*
 * Each channel has at most CHAN_BATCH frames a turn, so a flood costs the
 * others a few milliseconds, and a client that does not take its answers is
 * not asked for more questions.  The parent is always heard, and comes last:
 * it may replace clients.
 */
static void
serve(struct keyd *k)
{
	struct pollfd p[NCLIENTS + 1];

	for (;;) {
		for (int i = 0; i < NCLIENTS; i++)
			poll_add(&p[i], k->client[i], 0);
		poll_add(&p[NCLIENTS], k->parent, POLLIN);
		if (ppoll(p, NCLIENTS + 1, NULL, NULL) == -1) {
			if (errno == EINTR)
				continue;
			log_warn("ppoll");
			return;
		}
		for (int i = 0; i < NCLIENTS; i++)
			client_turn(k, (enum client)i, p[i].revents);
		if (turn(k->parent, p[NCLIENTS].revents) == -1)
			return;
	}
}

int
main(int argc, char *argv[])
{
	struct keyd k = {.stamp_fd = -1};
	uint64_t gen;

	proc_child_init(argc, argv, ROLE_KEY, &gen);
	if (sandbox_enter_early(ROLE_KEY, &k.sandbox) == -1)
		return 1;
	k.parent = parent_chan(&k, gen);
	if (k.parent == NULL)
		return 1;
	proc_log_to(k.parent);
	if (crypto_init() == -1)
		return 1;
	k.vault = vault_new();
	if (k.vault == NULL)
		fatal("key memory");
	load_key(&k, PROC_GIVE_FD);
	close(PROC_GIVE_FD);
	load_stamp(&k, PROC_GIVE_FD + 1);
	if (sandbox_enter(ROLE_KEY, &k.sandbox) == -1)
		return 1;
	serve(&k);
	vault_wipe(k.vault);
	proc_log_to(NULL);
	for (int i = 0; i < NCLIENTS; i++)
		client_drop(&k, (enum client)i);
	chan_free(k.parent);
	return 0;
}
