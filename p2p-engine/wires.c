/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/wires.c */
/*
 * The channels to keyd, discoveryd and control: questions out, answers in.
 *
 * Any of the three may go and come back at any time; what was asked is failed
 * at once, and nobody waits.  A neighbour that breaks the protocol loses its
 * wire; the engine lives on.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "glue.h"
#include "log.h"
#include "wires_tls.h"

/* What control has yet to read: of answers those of a turn, see answers.h. */
#define CONTROL_FRAMES 1024
#define CONTROL_BYTES (4 * 1024 * 1024)
/* A restart asks for every peer at once. */
#define ASK_FRAMES (CONF_PEERS_MAX + 256)
/* A new discoveryd is told of every member. */
#define TELL_BYTES (2 * 1024 * 1024)

int
wire_reply(
    struct chan *ch, enum msg_type type, uint32_t id, const struct wbuf *w)
{
	if (wbuf_done(w) == -1)
		return -1;
	return chan_send(ch, type, id, w->base, w->len, -1);
}

/* ---- questions ---- */

int
wire_send(const struct wire *wire, enum msg_type type, uint32_t id,
    const struct wbuf *w)
{
	if (wire->chan == NULL || chan_state(wire->chan) != CHAN_S_READY ||
	    wbuf_done(w) == -1)
		return -1;
	return chan_send(wire->chan, type, id, w->base, w->len, -1);
}

int
ask_mix(void *ctx, uint32_t id, const struct msg_mix_ask *m)
{
	struct glue *g = ctx;
	uint8_t body[65];
	struct wbuf w;
	int r;

	wbuf_init(&w, body, sizeof(body));
	msg_put_mix_ask(&w, m);
	r = wire_send(&g->key, MSG_MIX_ASK, id, &w);
	explicit_bzero(body, sizeof(body));
	return r;
}

int
ask_stamp(void *ctx, uint32_t id)
{
	struct glue *g = ctx;
	uint8_t body[1];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	return wire_send(&g->key, MSG_STAMP_ASK, id, &w);
}

int
ask_lookup(void *ctx, uint32_t id, const struct msg_lookup_ask *m)
{
	struct glue *g = ctx;
	uint8_t body[32];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_lookup_ask(&w, m);
	return wire_send(&g->disc, MSG_LOOKUP_ASK, id, &w);
}

int
tell_seen(void *ctx, const struct msg_peer_seen *m)
{
	struct glue *g = ctx;
	uint8_t body[64];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_peer_seen(&w, m);
	return wire_send(&g->disc, MSG_PEER_SEEN, 0, &w);
}

/* ---- keyd ---- */

static enum chan_verdict
on_mix(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_mix_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_mix_reply(&r, &m) == -1)
		return CHAN_BAD;
	engine_on_mix(wire->glue->engine, clock_mono_ms(), f->id, &m);
	explicit_bzero(&m, sizeof(m));
	return CHAN_OK;
}

static enum chan_verdict
on_stamp(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_stamp_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_stamp_reply(&r, &m) == -1)
		return CHAN_BAD;
	engine_on_stamp(wire->glue->engine, clock_mono_ms(), f->id, &m);
	return CHAN_OK;
}

static enum chan_verdict
on_pub(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_pub_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_pub_reply(&r, &m) == -1)
		return CHAN_BAD;
	engine_set_pub(wire->glue->engine, clock_mono_ms(), m.pub);
	join_signature(wire->glue->engine, m.renew);
	return CHAN_OK;
}

static const struct chan_handler key_handlers[] = {
    {MSG_MIX_REPLY, on_mix},
    {MSG_STAMP_REPLY, on_stamp},
    {MSG_PUB_REPLY, on_pub},
    {MSG_ISSUE_REPLY, net_on_issue},
    {MSG_INVITE_ROW, net_on_invite},
};

static void
key_ready(struct chan *ch, void *ctx)
{
	(void)ctx;
	(void)chan_send(ch, MSG_PUB_ASK, 1, NULL, 0, -1);
}

/* ---- discoveryd ---- */

static enum chan_verdict
on_lookup(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct msg_lookup_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_lookup_reply(&r, &m) == -1)
		return CHAN_BAD;
	engine_on_lookup(wire->glue->engine, clock_mono_ms(), f->id, &m);
	return CHAN_OK;
}

static enum chan_verdict
on_recent(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	static const uint8_t end[32];
	struct wire *wire = ctx;
	struct glue *g = wire->glue;
	struct msg_lookup_reply m;
	struct rbuf r;

	(void)ch;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_lookup_reply(&r, &m) == -1)
		return CHAN_BAD;
	if (g->recent_left == 0) {
		g->illegal++; /* not asked, or more than there are peers */
		return CHAN_OK;
	}
	g->recent_left--;
	if (memcmp(m.key, end, sizeof(end)) == 0) {
		g->knows_recent = true;
		g->recent_left = 0;
	} else {
		engine_on_recent(g->engine, clock_mono_ms(), &m);
	}
	return CHAN_OK;
}

static const struct chan_handler disc_handlers[] = {
    {MSG_LOOKUP_REPLY, on_lookup},
    {MSG_RECENT_ROW, on_recent},
    {MSG_PEER_FRAME, net_on_frame},
    {MSG_CRL, net_on_disc_crl},
    {MSG_OWN_BUNDLE, net_on_bundle},
};

static void
disc_ready(struct chan *ch, void *ctx)
{
	struct wire *wire = ctx;
	struct glue *g = wire->glue;

	engine_disc_ready(g->engine, clock_mono_ms());
	/* who was up before we were started: asked once in a life */
	if (!g->knows_recent &&
	    chan_send(ch, MSG_RECENT_ASK, 1, NULL, 0, -1) == 0)
		g->recent_left = CONF_PEERS_MAX + 1; /* and the end */
}

/* ---- control ---- */

void
wire_end(struct chan *ch, uint32_t id, enum row_end status)
{
	struct msg_end m = {.status = status};
	uint8_t body[1];
	struct wbuf w;

	wbuf_init(&w, body, sizeof(body));
	msg_put_end(&w, &m);
	(void)wire_reply(ch, MSG_END, id, &w);
}

static const struct chan_handler control_handlers[] = {
    {MSG_STREAMS_ASK, answers_on_ask},
    {MSG_RELAYS_ASK, answers_on_ask},
    {MSG_FLOWS_ASK, answers_on_ask},
    {MSG_PEERS_ASK, answers_on_ask},
    {MSG_COUNTERS_ASK, answers_on_ask},
    {MSG_VERDICT_ASK, answers_on_ask},
    {MSG_RULES_ASK, answers_on_ask},
    {MSG_QOS_ASK, answers_on_ask},
    {MSG_DROPS_ASK, answers_on_ask},
    {MSG_NET_ASK, answers_on_ask},
    {MSG_BREAKERS_ASK, answers_on_ask},
    {MSG_ECHO_ASK, net_on_echo},
    {MSG_NETCHECK_ASK, nat_on_netcheck},
    {MSG_PATHS_ASK, answers_on_ask},
    {MSG_FAILOVER_ASK, paths_on_failover},
    {MSG_PUNCH_ASK, nat_on_punch},
    {MSG_CRL, net_on_crl},
    {MSG_LEDGER_NEW, net_on_ledger},
    {MSG_RENEW_ASK, net_on_renew},
};

/* ---- wires come and go ---- */

static void
control_gone(struct glue *g)
{
	answers_drop(&g->answers);
	netchecks_clear(g, false);
	engine_echo_lost(g->engine);
	engine_punch_lost(g->engine);
}

/* What the engine had asked there will not be answered any more. */
static void
wire_clear(struct wire *w)
{
	if (w->chan == NULL)
		return;
	loop_chan_free(w->lc); /* and the channel */
	w->lc = NULL;
	w->chan = NULL;
	if (w->peer == ROLE_KEY)
		engine_key_lost(w->glue->engine, clock_mono_ms());
	else if (w->peer == ROLE_CTL)
		control_gone(w->glue);
	else if (w->peer == ROLE_TLS)
		engine_tls_there(w->glue->engine, clock_mono_ms(), false);
	else if (w->peer == ROLE_DISC) {
		w->glue->recent_left = 0;
		engine_disc_lost(w->glue->engine, clock_mono_ms());
	}
}

static void
on_dead(struct chan *ch, void *ctx)
{
	struct wire *w = ctx;

	if (chan_eof(ch)) {
		log_debug("wire to %s closed", role_name(w->peer));
		/* the configuration may want none any more */
		if (w->peer != ROLE_TLS && w->peer != ROLE_UPNP)
			loop_timer_in(w->lost, WIRE_LOST_MS);
	} else {
		w->glue->refused++;
		log_warnx("wire to %s: %s; going on without",
		    role_name(w->peer), chan_why(ch));
	}
	wire_clear(w);
}

static void
on_lost(void *ctx)
{
	struct wire *w = ctx;

	glue_lost(w->glue, w->peer);
}

static void
conf_for(const struct wire *w, uint64_t gen, struct chan_conf *c)
{
	*c = (struct chan_conf){
	    .self = ROLE_ENGINE, .peer = w->peer, .gen = gen, .ctx = (void *)w};
#define HANDLERS(table)                                                        \
	c->handlers = table;                                                   \
	c->nhandlers = sizeof(table) / sizeof(table[0])
	if (w->peer == ROLE_KEY) {
		HANDLERS(key_handlers);
		c->ready = key_ready;
		c->max_frames = ASK_FRAMES;
		c->max_bytes = ASK_FRAMES * 128;
	} else if (w->peer == ROLE_DISC) {
		HANDLERS(disc_handlers);
		c->ready = disc_ready;
		c->max_frames = ASK_FRAMES;
		c->max_bytes = TELL_BYTES;
	} else if (w->peer == ROLE_TLS) {
		tls_wire_conf(c);
	} else if (w->peer == ROLE_UPNP) {
		upnp_wire_conf(c);
	} else {
		HANDLERS(control_handlers);
		c->max_frames = CONTROL_FRAMES;
		c->max_bytes = CONTROL_BYTES;
	}
#undef HANDLERS
}

static struct wire *
wire_of(struct glue *g, enum role role)
{
	switch (role) {
	case ROLE_KEY:
		return &g->key;
	case ROLE_DISC:
		return &g->disc;
	case ROLE_CTL:
		return &g->control;
	case ROLE_TLS:
		return &g->tls;
	case ROLE_UPNP:
		return &g->upnp;
	default:
		return NULL;
	}
}

int
wires_set(struct glue *g, enum role role, int fd, uint64_t gen)
{
	struct wire *w = wire_of(g, role);
	struct chan_conf conf;

	if (w == NULL)
		return -1;
	wire_clear(w);
	loop_timer_stop(w->lost);
	conf_for(w, gen, &conf);
	w->chan = chan_new(fd, &conf);
	if (w->chan != NULL)
		w->lc = loop_chan_new(g->loop, w->chan, on_dead, w);
	if (w->lc == NULL) {
		log_warn("wire to %s", role_name(role));
		chan_free(w->chan);
		w->chan = NULL;
	}
	return 0;
}

void
wires_init(struct glue *g)
{
	static const enum role roles[] = {
	    ROLE_KEY, ROLE_DISC, ROLE_CTL, ROLE_TLS, ROLE_UPNP};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		struct wire *w = wire_of(g, roles[i]);

		*w = (struct wire){.glue = g, .peer = roles[i]};
		w->lost = loop_timer_new(g->loop, on_lost, w);
		if (w->lost == NULL)
			fatal("wires");
	}
	if (answers_init(g) == -1)
		fatal("wires");
	netchecks_init(g);
}

void
wires_clear(struct glue *g)
{
	static const enum role roles[] = {
	    ROLE_KEY, ROLE_DISC, ROLE_CTL, ROLE_TLS, ROLE_UPNP};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		struct wire *w = wire_of(g, roles[i]);

		wire_clear(w);
		loop_timer_free(w->lost);
		w->lost = NULL;
	}
	answers_clear(g);
	netchecks_clear(g, true);
}
