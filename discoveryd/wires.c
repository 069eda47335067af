/* SPDX-License-Identifier: ISC */
/* file: discoveryd/wires.c */
/*
 * The channels to the engine, keyd and control: questions in, answers out.
 *
 * If a wire has been closed and no new one came for WIRE_LOST_MS (longer than
 * the parent ever waits before it starts a dead neighbour again), the
 * neighbour has hung up on us for good, and a fresh start is the way to new
 * wires.
 */
#include <stdlib.h>

#include "clock.h"
#include "figures.h"
#include "host.h"
#include "log.h"

#define WIRE_LOST_MS 35000
/* An engine that starts anew asks for every peer at once. */
#define ENGINE_FRAMES (CONF_PEERS_MAX + 256)
#define ENGINE_BYTES (ENGINE_FRAMES * 1400)
#define NODES_SHOWN 64

void
host_reply(
    struct chan *ch, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	if (wbuf_done(w) == 0)
		chan_send(ch, type, id, w->base, w->len, -1);
}

static int
tell(const struct wire *wire, enum msg_type type, uint32_t id,
    const struct wbuf *w)
{
	if (wire->chan == NULL || chan_state(wire->chan) != CHAN_S_READY ||
	    wbuf_done(w) == -1)
		return -1;
	return chan_send(wire->chan, type, id, w->base, w->len, -1);
}

/* ---- out ---- */

int
host_sign(void *ctx, uint32_t id, const struct msg_sign_ask *m)
{
	struct host *h = ctx;
	struct wbuf w;

	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_sign_ask(&w, m);
	return tell(&h->key, MSG_SIGN_ASK, id, &w);
}

int
host_to_peer(void *ctx, const struct msg_peer_frame *m)
{
	struct host *h = ctx;
	struct wbuf w;

	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_peer_frame(&w, m);
	return tell(&h->engine, MSG_PEER_FRAME, 0, &w);
}

int
host_to_engine(void *ctx, enum msg_type type, const void *data, size_t len)
{
	struct host *h = ctx;
	struct wbuf w;

	/* as msg_put_blob writes it, without a copy of the largest one */
	wbuf_init(&w, h->body, sizeof(h->body));
	wbuf_u16(&w, (uint16_t)len);
	wbuf_bytes(&w, data, len);
	return tell(&h->engine, type, 0, &w);
}

static void
answer_person(struct host *h, uint32_t id, const struct lookup_answer *a)
{
	struct msg_end end = {.status = END_OK};
	struct wbuf w;

	for (unsigned i = 0; i < a->nsteps; i++) {
		wbuf_init(&w, h->body, sizeof(h->body));
		msg_put_find_step(&w, &a->step[i]);
		(void)tell(&h->control, MSG_FIND_STEP, id, &w);
	}
	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_find_row(&w, &a->row);
	(void)tell(&h->control, MSG_FIND_ROW, id, &w);
	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_end(&w, &end);
	(void)tell(&h->control, MSG_END, id, &w);
}

void
host_answer(void *ctx, struct lookup_waiter who, const struct lookup_answer *a)
{
	struct host *h = ctx;
	struct wbuf w;

	if (who.person) {
		answer_person(h, who.id, a);
		return;
	}
	host_event_lookup(h, a->row.reply.status);
	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_lookup_reply(&w, &a->row.reply);
	(void)tell(&h->engine, MSG_LOOKUP_REPLY, who.id, &w);
}

/* ---- the engine ---- */

static enum chan_verdict
on_lookup(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct lookup_waiter who = {.id = f->id};
	struct wire *wire = ctx;
	struct msg_lookup_ask m;
	struct msg_find_ask ask = {.what = FIND_IP};
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_lookup_ask(&r, &m) == -1)
		return CHAN_BAD;
	ask.ip = m.ip;
	disc_ask(wire->host->disc, clock_mono_ms(), host_unix_s(), &ask, who);
	return CHAN_OK;
}

static enum chan_verdict
on_seen(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_peer_seen m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_peer_seen(&r, &m) == -1)
		return CHAN_BAD;
	disc_seen(wire->host->disc, clock_mono_ms(), host_unix_s(), &m);
	return CHAN_OK;
}

static enum chan_verdict
on_recent(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct host *h = wire->host;
	struct msg_lookup_reply m;
	size_t cursor = 0;
	bool more = true;
	struct wbuf w;

	while (more) {
		more = disc_recent(
		    h->disc, clock_mono_ms(), host_unix_s(), &cursor, &m);
		if (!more)
			m = (struct msg_lookup_reply){0};
		wbuf_init(&w, h->body, sizeof(h->body));
		msg_put_lookup_reply(&w, &m);
		host_reply(ch, MSG_RECENT_ROW, f->id, &w);
	}
	return CHAN_OK;
}

static enum chan_verdict
on_peer_frame(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_peer_frame m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_peer_frame(&r, &m) == -1)
		return CHAN_BAD;
	disc_peer_frame(wire->host->disc, clock_mono_ms(), host_unix_s(), &m);
	return CHAN_OK;
}

static enum chan_verdict
on_blob(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_blob m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_blob(&r, &m) == -1)
		return CHAN_BAD;
	disc_blob(wire->host->disc, clock_mono_ms(), host_unix_s(),
	    (enum msg_type)f->type, m.data, m.len);
	return CHAN_OK;
}

static enum chan_verdict
on_reflexive(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_reflexive m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_reflexive(&r, &m) == -1)
		return CHAN_BAD;
	disc_reflexive(wire->host->disc, clock_mono_ms(), &m);
	return CHAN_OK;
}

static const struct chan_handler engine_handlers[] = {
    {MSG_LOOKUP_ASK, on_lookup},
    {MSG_PEER_SEEN, on_seen},
    {MSG_RECENT_ASK, on_recent},
    {MSG_REFLEXIVE, on_reflexive},
    {MSG_PEER_FRAME, on_peer_frame},
    {MSG_MEMBER, on_blob},
    {MSG_CRL, on_blob},
    {MSG_OWN_BUNDLE, on_blob},
};

/* ---- keyd ---- */

static enum chan_verdict
on_signed(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_sign_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_sign_reply(&r, &m) == -1)
		return CHAN_BAD;
	disc_signed(
	    wire->host->disc, clock_mono_ms(), host_unix_s(), f->id, &m);
	return CHAN_OK;
}

static const struct chan_handler key_handlers[] = {
    {MSG_SIGN_REPLY, on_signed},
};

/* ---- control ---- */

static void
reply_end(struct host *h, struct chan *ch, uint32_t id)
{
	struct msg_end end = {.status = END_OK};
	struct wbuf w;

	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_end(&w, &end);
	host_reply(ch, MSG_END, id, &w);
}

/* Those of discoveryd stand in two blocks of the list. */
static bool
is_own(unsigned c)
{
	return c == IPC_REFUSED || c == LOG_HELD || c == DISC_ASKED ||
	    c == DISC_UNKNOWN || (c >= DISC_BY_CACHE && c <= DISC_UDP_LOST);
}

static enum chan_verdict
on_counters(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct host *h = wire->host;
	struct wbuf w;

	h->counters.v[LOG_HELD] = log_suppressed();
	disc_count(h->disc, &h->counters);
	for (unsigned i = 0; i < C_NCOUNTERS; i++) {
		struct msg_counter_row m = {.role = ROLE_DISC,
		    .id = (uint16_t)i,
		    .value = h->counters.v[i]};

		if (!is_own(i))
			continue;
		wbuf_init(&w, h->body, sizeof(h->body));
		msg_put_counter_row(&w, &m);
		host_reply(ch, MSG_COUNTER_ROW, f->id, &w);
	}
	figures_process(ch, f->id, ROLE_DISC);
	figures_wire(ch, f->id, ROLE_DISC, h->parent.chan);
	figures_wire(ch, f->id, ROLE_DISC, h->engine.chan);
	figures_wire(ch, f->id, ROLE_DISC, h->key.chan);
	figures_wire(ch, f->id, ROLE_DISC, h->control.chan);
	reply_end(h, ch, f->id);
	return CHAN_OK;
}

static enum chan_verdict
on_find(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct lookup_waiter who = {.id = f->id, .person = true};
	struct wire *wire = ctx;
	struct msg_find_ask m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_find_ask(&r, &m) == -1)
		return CHAN_BAD;
	disc_ask(wire->host->disc, clock_mono_ms(), host_unix_s(), &m, who);
	return CHAN_OK;
}

static enum chan_verdict
on_dht(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct host *h = wire->host;
	struct dht_node node[NODES_SHOWN];
	struct msg_dht_node row;
	struct msg_dht_row m;
	struct wbuf w;
	size_t n;

	disc_row(h->disc, &m);
	wbuf_init(&w, h->body, sizeof(h->body));
	msg_put_dht_row(&w, &m);
	host_reply(ch, MSG_DHT_ROW, f->id, &w);
	n = disc_nodes(h->disc, node, NODES_SHOWN);
	for (size_t i = 0; i < n; i++) {
		row.ep = node[i].ep;
		for (size_t j = 0; j < sizeof(row.id); j++)
			row.id[j] = node[i].id[j];
		wbuf_init(&w, h->body, sizeof(h->body));
		msg_put_dht_node(&w, &row);
		host_reply(ch, MSG_DHT_NODE, f->id, &w);
	}
	reply_end(h, ch, f->id);
	return CHAN_OK;
}

static const struct chan_handler control_handlers[] = {
    {MSG_COUNTERS_ASK, on_counters},
    {MSG_FIND_ASK, on_find},
    {MSG_DHT_ASK, on_dht},
};

/* ---- wires ---- */

static void
wire_clear(struct wire *w)
{
	if (w->chan == NULL)
		return;
	loop_chan_free(w->lc); /* and the channel */
	w->lc = NULL;
	w->chan = NULL;
	if (w->peer == ROLE_ENGINE)
		disc_engine_lost(w->host->disc);
	else if (w->peer == ROLE_KEY)
		disc_key_lost(w->host->disc, clock_mono_ms());
	else
		disc_control_lost(w->host->disc);
}

static void
on_wire_dead(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	if (chan_eof(ch)) {
		log_debug("wire to %s closed", role_name(w->peer));
		loop_timer_in(w->lost, WIRE_LOST_MS);
	} else {
		w->host->counters.v[IPC_REFUSED]++;
		log_warnx("wire to %s: %s; going on without",
		    role_name(w->peer), chan_why(ch));
	}
	wire_clear(w);
}

static void
on_wire_lost(void *ctx)
{
	struct wire *w = ctx;

	log_errorx("lost wire to %s", role_name(w->peer));
	w->host->failed = true;
	loop_stop(w->host->loop);
}

/* It has said HELLO: what is sent from now on is not lost. */
static void
on_ready(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	(void)ch;
	if (w->peer == ROLE_ENGINE)
		disc_engine_ready(w->host->disc);
}

int
wires_init(struct host *h)
{
	struct wire *all[] = {&h->engine, &h->key, &h->control};
	static const enum role roles[] = {ROLE_ENGINE, ROLE_KEY, ROLE_CTL};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		*all[i] = (struct wire){.host = h, .peer = roles[i]};
		all[i]->lost = loop_timer_new(h->loop, on_wire_lost, all[i]);
		if (all[i]->lost == NULL)
			return -1;
	}
	return 0;
}

#define TABLE(t) .handlers = (t), .nhandlers = sizeof(t) / sizeof((t)[0])

static void
wire_set(struct wire *w, int fd, struct chan_conf *conf, uint64_t gen)
{
	conf->self = ROLE_DISC;
	conf->peer = w->peer;
	conf->gen = gen;
	conf->ctx = w;
	conf->ready = on_ready;
	wire_clear(w);
	loop_timer_stop(w->lost);
	w->chan = chan_new(fd, conf);
	if (w->chan != NULL)
		w->lc = loop_chan_new(w->host->loop, w->chan, on_wire_dead, w);
	if (w->lc == NULL) {
		log_warn("wire to %s", role_name(w->peer));
		chan_free(w->chan);
		w->chan = NULL;
	}
}

bool
wires_set(struct host *h, enum role peer, int fd, uint64_t gen)
{
	struct chan_conf engine = {TABLE(engine_handlers),
	    .max_frames = ENGINE_FRAMES, .max_bytes = ENGINE_BYTES};
	struct chan_conf key = {TABLE(key_handlers)};
	struct chan_conf control = {TABLE(control_handlers)};

	if (peer == ROLE_ENGINE)
		wire_set(&h->engine, fd, &engine, gen);
	else if (peer == ROLE_KEY)
		wire_set(&h->key, fd, &key, gen);
	else if (peer == ROLE_CTL)
		wire_set(&h->control, fd, &control, gen);
	else
		return false;
	return true;
}
