/* SPDX-License-Identifier: ISC */
/* file: ctl/seats.c */
/*
 * The listening sockets and the clients' channels (see daemon.h).
 *
 * A client is freed in one place only, when a turn of the loop ends, so that
 * no handler, timer or row on its way to it ever looks at a channel that is
 * gone: who wants one out says so (cut), and it takes nothing from then on.
 *
 * Whose a connection is: SO_PEERCRED gives uids as our user namespace sees
 * them, and ours is usually an empty one, made for the sandbox, in which every
 * user is nobody.  Then who reached the control socket passed its mode and
 * counts as root; the others are told apart by their processes.
 */
#include <sys/socket.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "daemon.h"
#include "figures.h"
#include "log.h"
#include "peercred.h"

#define TICK_MS 200
#define BREATHE_MS 100
#define ACCEPT_BATCH 32
#define SEAT_FRAMES 8192 /* a row for each peer of a big mesh, and more */
#define SEAT_BYTES (5 * 512 * 1024) /* ... with 65536 prefixes in all */
#define SAY_MS 10000 /* how often to log that clients were sent away */
#define PROCESS (UINT64_C(1) << 32) /* beyond all uids */

/* Anybody can cause these: a line each would be a way to flush the log. */
static void
sent_away(struct daemon *d, const char *who, const char *why)
{
	d->sent_away++;
	log_debug("client (%s) sent away: %s", who, why);
}

static void
say_sent_away(struct daemon *d, uint64_t now_ms)
{
	if (d->sent_away == 0 || now_ms - d->said_ms < SAY_MS)
		return;
	log_info("%llu clients sent away: rubbish, silence, or no room",
	    (unsigned long long)d->sent_away);
	d->sent_away = 0;
	d->said_ms = now_ms;
}

static enum chan_verdict
on_question(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct seat *s = ctx;

	(void)ch;
	if (s->cut != NULL)
		return CHAN_CLOSE;
	return control_question(
	    &s->daemon->control, s->place, f, clock_mono_ms());
}

/* What a client may say at all; which socket it said it on comes later. */
static const struct chan_handler questions[] = {
    {MSG_STATUS_ASK, on_question},
    {MSG_PEERS_ASK, on_question},
    {MSG_RULES_ASK, on_question},
    {MSG_QOS_ASK, on_question},
    {MSG_COUNTERS_ASK, on_question},
    {MSG_LOG_ASK, on_question},
    {MSG_EVENTS_ASK, on_question},
    {MSG_ECHO_ASK, on_question},
    {MSG_RELOAD_ASK, on_question},
    {MSG_LOG_LEVEL, on_question},
    {MSG_FIND_ASK, on_question},
    {MSG_DHT_ASK, on_question},
    {MSG_NET_ASK, on_question},
    {MSG_BREAKERS_ASK, on_question},
    {MSG_STREAMS_ASK, on_question},
    {MSG_FLOWS_ASK, on_question},
    {MSG_DROPS_ASK, on_question},
    {MSG_NETCHECK_ASK, on_question},
    {MSG_VERDICT_ASK, on_question},
    {MSG_CRL, on_question},
    {MSG_LEDGER_NEW, on_question},
    {MSG_RENEW_ASK, on_question},
};

static void
on_greeted(struct chan *ch, void *ctx)
{
	struct seat *s = ctx;

	(void)ch;
	control_client_greeted(&s->daemon->control, s->place, clock_mono_ms());
}

static void
seat_clear(struct seat *s)
{
	loop_chan_free(s->lc); /* and the channel */
	s->lc = NULL;
	s->chan = NULL;
	s->cut = NULL;
	control_client_gone(&s->daemon->control, s->place);
}

/* From the loop: the client left, or broke the protocol. */
static void
on_client_dead(struct chan *ch, void *ctx)
{
	struct seat *s = ctx;

	if (!chan_eof(ch) && s->cut == NULL) {
		s->daemon->control.counters.v[CTL_REFUSED]++;
		sent_away(s->daemon, s->who, chan_why(ch));
	}
	seat_clear(s);
}

/* ---- what struct control wants done ---- */

static int
to_client(void *ctx, unsigned place, enum msg_type type, uint32_t id,
    const void *body, size_t len)
{
	struct daemon *d = ctx;
	struct seat *s = &d->seat[place];

	if (s->chan == NULL || s->cut != NULL)
		return -1;
	return chan_send(s->chan, type, id, body, len, -1);
}

static bool
unread(void *ctx, unsigned place, uint64_t *out)
{
	struct daemon *d = ctx;
	const struct seat *s = &d->seat[place];

	*out = 0;
	if (s->chan == NULL || s->cut != NULL)
		return false;
	*out = chan_stats(s->chan)->out;
	return chan_wants_out(s->chan);
}

static void
cut(void *ctx, unsigned place, const char *why)
{
	struct daemon *d = ctx;
	struct seat *s = &d->seat[place];

	if (s->chan == NULL || s->cut != NULL)
		return;
	s->cut = why;
	d->control.counters.v[CTL_REFUSED]++;
	sent_away(d, s->who, why);
	loop_timer_in(d->soon, 0); /* the turn that frees it comes at once */
}

static void
evict(void *ctx, unsigned place)
{
	struct daemon *d = ctx;

	sent_away(d, d->seat[place].who, "room for another");
	seat_clear(&d->seat[place]);
}

static uint64_t
suppressed(void *ctx)
{
	(void)ctx;
	return log_suppressed();
}

static void
figures(void *ctx, unsigned place, uint32_t id)
{
	struct daemon *d = ctx;
	struct chan *to = d->seat[place].chan;

	if (to == NULL || d->seat[place].cut != NULL)
		return;
	figures_process(to, id, ROLE_CTL);
	figures_wire(to, id, ROLE_CTL, d->parent.chan);
	figures_wire(to, id, ROLE_CTL, d->engine.chan);
	figures_wire(to, id, ROLE_CTL, d->disc.chan);
}

/* ---- time ---- */

static void
after_turn(void *ctx)
{
	struct daemon *d = ctx;

	if (control_pump(&d->control, clock_mono_ms()))
		loop_timer_in(d->soon, 0);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (d->seat[i].cut != NULL)
			seat_clear(&d->seat[i]);
}

/* Exists to make the loop turn once more. */
static void
on_soon(void *ctx)
{
	(void)ctx;
}

static void
on_tick(void *ctx)
{
	struct daemon *d = ctx;

	control_tick(&d->control, clock_mono_ms());
	say_sent_away(d, clock_mono_ms());
	if (clients_count(&d->control.clients) > 0)
		loop_timer_in(d->tick, TICK_MS);
}

/* ---- newcomers ---- */

static int
seat_open(struct seat *s, int fd)
{
	const struct chan_conf conf = {
	    .self = ROLE_CTL,
	    .peer = ROLE_CLIENT,
	    .handlers = questions,
	    .nhandlers = sizeof(questions) / sizeof(questions[0]),
	    .ctx = s,
	    .max_frames = SEAT_FRAMES,
	    .max_bytes = SEAT_BYTES,
	    .ready = on_greeted,
	};

	s->chan = chan_new(fd, &conf);
	if (s->chan == NULL)
		return -1;
	s->lc = loop_chan_new(s->daemon->loop, s->chan, on_client_dead, s);
	if (s->lc == NULL) {
		chan_free(s->chan);
		s->chan = NULL;
		return -1;
	}
	return 0;
}

/* The user, as far as the sandbox lets us see; 0 or -1. */
static int
whose(const struct listener *l, int fd, uint64_t *user, char *who, size_t cap)
{
	uint32_t uid, pid;

	if (peercred(fd, &uid, &pid) == -1) {
		log_warn("client's user");
		return -1;
	}
	if (l->daemon->sees_uids) {
		*user = uid;
		snprintf(
		    who, cap, "uid %u, pid %u", (unsigned)uid, (unsigned)pid);
	} else {
		*user = l->kind == LISTEN_CONTROL ? 0 : PROCESS | pid;
		snprintf(who, cap, "pid %u", (unsigned)pid);
	}
	return 0;
}

static void
welcome(struct listener *l, int fd)
{
	struct daemon *d = l->daemon;
	uint64_t now = clock_mono_ms();
	char who[sizeof(d->seat[0].who)];
	uint64_t user;
	int place;

	if (whose(l, fd, &user, who, sizeof(who)) == -1) {
		close(fd);
		return;
	}
	place = control_client_new(&d->control, l->kind, user, now);
	if (place == -1) {
		sent_away(d, who, "no room");
		close(fd);
		return;
	}
	snprintf(d->seat[place].who, sizeof(d->seat[place].who), "%s", who);
	if (seat_open(&d->seat[place], fd) == -1) {
		log_warn("client (%s)", who);
		control_client_gone(&d->control, (unsigned)place);
		return;
	}
	if (clients_count(&d->control.clients) == 1)
		loop_timer_in(d->tick, TICK_MS);
}

static void
pause_listening(struct daemon *d)
{
	for (int i = 0; i < 2; i++)
		if (d->listener[i].io != NULL)
			loop_io_set(d->listener[i].io, 0);
	loop_timer_in(d->breathe, BREATHE_MS);
}

static void
on_breathe(void *ctx)
{
	struct daemon *d = ctx;

	for (int i = 0; i < 2; i++)
		if (d->listener[i].io != NULL)
			loop_io_set(d->listener[i].io, LOOP_READ);
}

/* errno says why there is nobody to welcome. */
static bool
try_the_next(void)
{
	return errno == EINTR || errno == ECONNABORTED;
}

static void
on_listener(int listening, int events, void *ctx)
{
	struct listener *l = ctx;
	int fd;

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		fd = accept4(
		    listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd != -1) {
			welcome(l, fd);
		} else if (!try_the_next()) {
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				return;
			log_warn("accept");
			pause_listening(l->daemon);
			return;
		}
	}
}

void
seats_listen(struct daemon *d, enum listen_kind kind, int fd)
{
	struct listener *l = &d->listener[kind];

	loop_io_free(l->io);
	if (l->fd != -1)
		close(l->fd);
	l->fd = fd;
	l->io = loop_io_new(d->loop, fd, LOOP_READ, on_listener, l);
	if (l->io == NULL)
		log_warn("listening socket");
}

int
seats_init(struct daemon *d)
{
	d->ops = (struct control_ops){
	    .to_client = to_client,
	    .to_upstream = d->ops.to_upstream,
	    .unread = unread,
	    .cut = cut,
	    .evict = evict,
	    .suppressed = suppressed,
	    .figures = figures,
	    .ctx = d,
	};
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		d->seat[i] = (struct seat){.daemon = d, .place = i};
	for (unsigned i = 0; i < 2; i++)
		d->listener[i] = (struct listener){
		    .daemon = d, .kind = (enum listen_kind)i, .fd = -1};
	control_init(&d->control, &d->ops);
	d->tick = loop_timer_new(d->loop, on_tick, d);
	d->soon = loop_timer_new(d->loop, on_soon, d);
	d->breathe = loop_timer_new(d->loop, on_breathe, d);
	loop_after_turn(d->loop, after_turn, d);
	if (d->tick == NULL || d->soon == NULL || d->breathe == NULL) {
		log_warn("timers");
		return -1;
	}
	return 0;
}
