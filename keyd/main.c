/* SPDX-License-Identifier: ISC */
/* file: keyd/main.c */
/*
 * keyd: the process that holds the node's private key, and the authority's if
 * this node has it, and can only answer questions of fixed form about them.
 *
 * It is born with up to four descriptors (the key file to read once, the stamp
 * file to write, the authority's file to read once, its ledger to append to),
 * and gets a channel each to the engine and to discoveryd.  It opens nothing,
 * and has no event library: one ppoll over three channels.
 *
 * The keys, their texts and everything on the way from one to the other are in
 * one page that is locked, left out of dumps and empty in a fork.  Elsewhere
 * they exist only inside libcrypto while one question is answered.
 *
 * A client that misbehaves loses its channel and nothing else; keyd itself
 * ends with the parent only.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "clock.h"
#include "counters.h"
#include "crypto.h"
#include "event_out.h"
#include "excess.h"
#include "figures.h"
#include "files.h"
#include "issue.h"
#include "keys.h"
#include "log.h"
#include "proc.h"
#include "sandbox.h"

#define BODY_MAX 128
#define BUNDLE_BODY_MAX (sizeof(struct msg_issue_reply) + 16)

/* Descriptors of ours, from PROC_GIVE_FD on; the last two may not be there. */
enum given { GIVEN_KEY, GIVEN_STAMP, GIVEN_AUTHORITY, GIVEN_LEDGER, NGIVEN };

enum client { CLIENT_ENGINE, CLIENT_DISC, NCLIENTS };

struct keyd {
	struct vault *vault;
	struct chan *parent;
	struct chan *client[NCLIENTS]; /* NULL: not wired */
	int fd[NGIVEN];                /* -1: there is none */
	struct stampfile stamp;
	struct issue issue;
	uint32_t skipped; /* of the ledger's lines, as was logged */
	struct sandbox_report sandbox;
	struct counters count;
	struct event_out events;
	struct excess excess;
};

/* ---- small helpers ---- */

static void
answer(struct chan *c, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	/* a full queue is counted there; the asker has a deadline */
	if (wbuf_done(w) == 0)
		chan_send(c, type, id, w->base, w->len, -1);
}

static uint64_t
unix_now(void)
{
	uint32_t nsec;
	uint64_t sec;

	clock_unix(&sec, &nsec);
	return sec;
}

static void
tell_skipped(struct keyd *k)
{
	if (k->issue.ledger.skipped > k->skipped)
		log_warnx(
		    "ledger: %u lines make no sense", k->issue.ledger.skipped);
	k->skipped = k->issue.ledger.skipped;
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
	uint8_t body[BODY_MAX];
	struct wbuf w;
	uint64_t sec;
	uint32_t nsec;

	/* no answer is an answer too: the asker has a deadline */
	if (!keys_stamp_allowed(&k->vault->keys, clock_mono_ms())) {
		k->count.v[KEY_BUSY]++;
		return CHAN_OK;
	}
	clock_unix(&sec, &nsec);
	/*
	 * Without the file a node still works as long as its clock does: it was
	 * logged, and that is all.
	 */
	if (keys_stamp(
		&k->vault->keys, sec, nsec, reply.stamp, k->stamp.octets) &&
	    k->stamp.fd != -1)
		(void)stampfile_save(&k->stamp);
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
	memcpy(reply.ed, k->vault->keys.ed, sizeof(reply.ed));
	memcpy(reply.renew, k->vault->keys.renew, sizeof(reply.renew));
	wbuf_init(&w, body, sizeof(body));
	msg_put_pub_reply(&w, &reply);
	answer(c, MSG_PUB_REPLY, f->id, &w);
	return CHAN_OK;
}

/* The number is on the disk before the signature can be anywhere else. */
static enum chan_verdict
on_sign_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	static const enum counter counted[] = {
	    [KEY_OK] = KEY_SIGN,
	    [KEY_BUSY_NOW] = KEY_BUSY,
	    [KEY_REFUSED_POINT] = KEY_REFUSED,
	};
	struct keyd *k = ctx;
	struct msg_sign_ask ask;
	struct msg_sign_reply reply;
	uint8_t body[BODY_MAX];
	struct rbuf r;
	struct wbuf w;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_sign_ask(&r, &ask) == -1)
		return CHAN_BAD;
	if (keys_sign(&k->vault->keys, clock_mono_ms(), unix_now(), &ask,
		&reply, k->stamp.octets + 8) &&
	    stampfile_save(&k->stamp) == -1)
		reply = (struct msg_sign_reply){.status = KEY_BUSY_NOW};
	k->count.v[counted[reply.status]]++;
	wbuf_init(&w, body, sizeof(body));
	msg_put_sign_reply(&w, &reply);
	answer(c, MSG_SIGN_REPLY, f->id, &w);
	return CHAN_OK;
}

static void
invite_row(struct chan *c, uint32_t id, const struct msg_invite_row *row)
{
	uint8_t body[BODY_MAX];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_invite_row(&w, row);
	answer(c, MSG_INVITE_ROW, id, &w);
	crypto_wipe(body, sizeof(body));
}

/* Half a list would look like a whole one: then rather none, as with stamps. */
static enum chan_verdict
on_invites_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	static const struct msg_invite_row end;
	struct msg_invite_row rows[ISSUE_ROWS_MAX];
	struct keyd *k = ctx;
	int n;

	n = issue_rows(&k->issue, clock_mono_ms(), unix_now(), rows);
	tell_skipped(k);
	if (n == -1) {
		k->count.v[KEY_BUSY]++;
		return CHAN_OK;
	}
	for (int i = 0; i < n; i++)
		invite_row(c, f->id, &rows[i]);
	invite_row(c, f->id, &end);
	crypto_wipe(rows, sizeof(rows));
	return CHAN_OK;
}

static void
issue_log(struct keyd *k, const struct msg_issue_reply *reply)
{
	bool ok = reply->status == JOIN_OK;
	struct msg_event m;

	events_begin(&m, ok ? EV_CERT_ISSUED : EV_CERT_DENIED);
	events_text(&m, EVF_TEXT,
	    reply->who[0] != '\0' ? reply->who
				  : issue_status_name(reply->status));
	event_out_tell(&k->events, clock_mono_ms(), &m);
	if (ok)
		log_info("certificate issued: %s", reply->who);
	else
		log_warnx("certificate refused (%s)%s%s",
		    issue_status_name(reply->status),
		    reply->who[0] == '\0' ? "" : ": ", reply->who);
}

static enum chan_verdict
on_issue_ask(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct keyd *k = ctx;
	struct msg_issue_ask ask;
	struct msg_issue_reply reply = {.status = JOIN_BUSY};
	uint8_t body[BUNDLE_BODY_MAX];
	struct rbuf r;
	struct wbuf w;

	rbuf_init(&r, f->body, f->len);
	if (msg_get_issue_ask(&r, &ask) == -1)
		return CHAN_BAD;
	if (k->vault->keys.loaded)
		issue_answer(&k->issue, k->vault->keys.pub, &ask,
		    clock_mono_ms(), unix_now(), &reply);
	k->count.v[reply.status == JOIN_OK ? KEY_ISSUED : KEY_ISSUE_REFUSED]++;
	tell_skipped(k);
	issue_log(k, &reply);
	wbuf_init(&w, body, sizeof(body));
	msg_put_issue_reply(&w, &reply);
	answer(c, MSG_ISSUE_REPLY, f->id, &w);
	crypto_wipe(&reply, sizeof(reply));
	crypto_wipe(body, sizeof(body));
	return CHAN_OK;
}

static const struct chan_handler engine_handlers[] = {
    {MSG_MIX_ASK, on_mix_ask},
    {MSG_STAMP_ASK, on_stamp_ask},
    {MSG_PUB_ASK, on_pub_ask},
    {MSG_INVITES_ASK, on_invites_ask},
    {MSG_ISSUE_ASK, on_issue_ask},
};

static const struct chan_handler disc_handlers[] = {
    {MSG_PUB_ASK, on_pub_ask},
    {MSG_SIGN_ASK, on_sign_ask},
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
	static const enum counter ours[] = {KEY_MIX, KEY_STAMP, KEY_SIGN,
	    KEY_ISSUED, KEY_ISSUE_REFUSED, KEY_BUSY, KEY_REFUSED, IPC_REFUSED,
	    LOG_HELD};
	struct msg_end end = {.status = END_OK};
	struct keyd *k = ctx;
	uint8_t body[BODY_MAX];
	struct wbuf w;

	k->count.v[LOG_HELD] = log_suppressed();
	for (size_t i = 0; i < COUNT(ours); i++)
		count_row(c, f->id, ours[i], k->count.v[ours[i]]);
	figures_process(c, f->id, ROLE_KEY);
	figures_wire(c, f->id, ROLE_KEY, k->parent);
	for (unsigned i = 0; i < NCLIENTS; i++)
		figures_wire(c, f->id, ROLE_KEY, k->client[i]);
	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &end);
	answer(c, MSG_END, f->id, &w);
	return CHAN_OK;
}

/* Once a second. */
static enum chan_verdict
on_ping(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	uint64_t now_ms = clock_mono_ms();
	struct keyd *k = ctx;
	struct msg_event m;

	while (excess_next(&k->excess, &k->count, now_ms, &m))
		event_out_tell(&k->events, now_ms, &m);
	event_out_tick(&k->events, now_ms);
	return proc_on_ping(c, ctx, f);
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
    {MSG_PING, on_ping},
    {MSG_COUNTERS_ASK, on_counters_ask},
    {MSG_LOG_LEVEL, proc_on_log_level},
    {MSG_STOP, on_stop},
};

static void
on_parent_ready(struct chan *c, void *ctx)
{
	struct keyd *k = ctx;

	proc_tell_ready(c, k->sandbox.have, k->sandbox.missing);
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

/* ---- start ---- */

/* Before anything is opened that could have one of these numbers. */
static void
find_given(struct keyd *k)
{
	for (int i = 0; i < NGIVEN; i++) {
		k->fd[i] = PROC_GIVE_FD + i;
		if (fcntl(k->fd[i], F_GETFD) == -1)
			k->fd[i] = -1;
	}
}

static void
give_back(struct keyd *k, enum given i)
{
	if (k->fd[i] != -1)
		close(k->fd[i]);
	k->fd[i] = -1;
}

/* Without the ledger nothing can be written down, so nothing is issued. */
static void
load_authority(struct keyd *k)
{
	const struct authority *a = NULL;
	struct vault *v = k->vault;
	struct issue_io io;

	if (k->fd[GIVEN_AUTHORITY] != -1)
		vault_load_authority(v, k->fd[GIVEN_AUTHORITY]);
	give_back(k, GIVEN_AUTHORITY);
	if (v->has_authority && k->fd[GIVEN_LEDGER] != -1)
		a = &v->authority;
	else if (v->has_authority)
		log_errorx("authority without a ledger: no certificates");
	ledgerfile(&io, &k->fd[GIVEN_LEDGER]);
	issue_init(&k->issue, &io, a, clock_mono_ms());
	if (a != NULL && issue_read(&k->issue) == -1)
		log_warnx("ledger: not read");
	tell_skipped(k);
}

static int
load_all(struct keyd *k)
{
	k->vault = vault_new();
	if (k->vault == NULL)
		return -1;
	if (k->fd[GIVEN_KEY] != -1)
		vault_load_key(k->vault, k->fd[GIVEN_KEY], clock_mono_ms());
	give_back(k, GIVEN_KEY);
	stampfile_load(&k->stamp, k->fd[GIVEN_STAMP], &k->vault->keys);
	load_authority(k);
	return 0;
}

int
main(int argc, char *argv[])
{
	static const enum counter limits[] = {KEY_BUSY, C_NONE};
	struct keyd k = {0};
	uint64_t gen;

	proc_child_init(argc, argv, ROLE_KEY, &gen);
	find_given(&k);
	if (sandbox_enter_early(ROLE_KEY, &k.sandbox) == -1)
		return 1;
	k.parent = parent_chan(&k, gen);
	if (k.parent == NULL)
		return 1;
	proc_log_to(k.parent);
	event_out_init(&k.events, k.parent);
	excess_init(&k.excess, limits);
	if (crypto_init() == -1)
		return 1;
	if (load_all(&k) == -1)
		fatal("key memory");
	if (sandbox_enter(ROLE_KEY, &k.sandbox) == -1)
		return 1;
	serve(&k);
	issue_clear(&k.issue);
	vault_wipe(k.vault);
	proc_log_to(NULL);
	for (int i = 0; i < NCLIENTS; i++)
		client_drop(&k, (enum client)i);
	chan_free(k.parent);
	return 0;
}
