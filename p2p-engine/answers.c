/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/answers.c */
/*
 * The sender of answers.h, and the table of what can be asked: how each
 * question finds its next row.  What the rows say is engine_rows.c's business.
 */
#include "answers.h"

#include <string.h>

#include "clock.h"
#include "figures.h"
#include "glue.h"
#include "log.h"

#define BODY_MAX 8192

enum told {
	TOLD_ROW,
	TOLD_NOTHING, /* there is none at this place */
	TOLD_END,
	TOLD_UNKNOWN /* what was asked for is not there */
};

/* ---- one row of each kind ---- */

typedef enum told next_fn(struct glue *, struct wbuf *, enum msg_type *);

static enum told
next_peer(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	static struct msg_peer_row row; /* large */
	struct answers *a = &g->answers;
	const char *name = a->q[0].about.name;

	(void)type;
	if (engine_peer_row(g->engine, a->cursor, clock_mono_ms(),
		clock_unix_ms(), &row) == -1)
		return name[0] == '\0' || a->rows != 0 ? TOLD_END
						       : TOLD_UNKNOWN;
	a->cursor++;
	if (name[0] != '\0' && strcmp(name, row.name) != 0)
		return TOLD_NOTHING;
	msg_put_peer_row(w, &row);
	return TOLD_ROW;
}

static enum told
next_breaker(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	struct msg_breaker_row row;
	int is = engine_breaker_row(g->engine, g->answers.cursor,
	    clock_mono_ms(), clock_unix_ms(), &row);

	(void)type;
	if (is == -1)
		return TOLD_END;
	g->answers.cursor++;
	if (is == 0)
		return TOLD_NOTHING;
	msg_put_breaker_row(w, &row);
	return TOLD_ROW;
}

static enum told
next_stream(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	struct msg_stream_row row;

	(void)type;
	if (g->answers.rows == ANSWER_STREAMS ||
	    engine_stream_row(g->engine, &g->answers.cursor, clock_mono_ms(),
		clock_unix_ms(), &row) == -1)
		return TOLD_END;
	msg_put_stream_row(w, &row);
	return TOLD_ROW;
}

/* Those that were used last. */
static enum told
next_flow(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	struct msg_flow_row row;

	(void)type;
	if (g->answers.rows == ANSWER_FLOWS ||
	    engine_flow_row(
		g->engine, &g->answers.cursor, clock_mono_ms(), &row) == -1)
		return TOLD_END;
	msg_put_flow_row(w, &row);
	return TOLD_ROW;
}

static enum told
next_rule(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	struct msg_rule_row row;

	(void)type;
	if (engine_rule_row(g->engine, g->answers.cursor, &row) == -1)
		return TOLD_END;
	g->answers.cursor++;
	msg_put_rule_row(w, &row);
	return TOLD_ROW;
}

/* Classes of all traffic, or of one peer's. */
static enum told
next_class(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	const char *peer = g->answers.q[0].about.name;
	struct msg_qos_row row;

	(void)type;
	if (engine_qos_row(g->engine, peer, g->answers.cursor, &row) == -1)
		return peer[0] != '\0' && !engine_has_peer(g->engine, peer)
		    ? TOLD_UNKNOWN
		    : TOLD_END;
	g->answers.cursor++;
	msg_put_qos_row(w, &row);
	return TOLD_ROW;
}

/* All of the table, then the peer's last one. */
static enum told
next_drop(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	const char *peer = g->answers.q[0].about.name;
	uint64_t now_ms = clock_mono_ms(), unix_ms = clock_unix_ms();
	uint32_t *at = &g->answers.cursor;
	struct msg_drop_row row;

	(void)type;
	if (*at == UINT32_MAX)
		return TOLD_END;
	if (engine_drop_row(g->engine, at, now_ms, unix_ms, &row) == -1) {
		*at = UINT32_MAX;
		if (peer[0] == '\0' ||
		    engine_last_drop(g->engine, peer, now_ms, unix_ms, &row) ==
			-1)
			return TOLD_END;
	}
	msg_put_drop_row(w, &row);
	return TOLD_ROW;
}

/* The network, then its members. */
static enum told
next_of_network(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	static union {
		struct msg_net_row net;
		struct msg_member_row member;
	} row; /* large */
	uint32_t i = g->answers.cursor;

	if (i == 0) {
		*type = MSG_NET_ROW;
		if (engine_net_row(g->engine, clock_mono_ms(), &row.net) == -1)
			return TOLD_UNKNOWN; /* no network */
		msg_put_net_row(w, &row.net);
	} else if (engine_member_row(g->engine, i - 1, clock_mono_ms(),
		       clock_unix_ms(), &row.member) == -1) {
		return TOLD_END;
	} else {
		msg_put_member_row(w, &row.member);
	}
	g->answers.cursor++;
	return TOLD_ROW;
}

/* One row: what the filter would do with such a packet. */
static enum told
next_verdict(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	struct msg_verdict_row row;

	(void)type;
	if (g->answers.cursor++ != 0)
		return TOLD_END;
	engine_verdict(
	    g->engine, clock_mono_ms(), &g->answers.q[0].packet, &row);
	msg_put_verdict_row(w, &row);
	return TOLD_ROW;
}

/*
 * The engine's own.  The others' are in the list too, but not counted here; of
 * those that came late only these few are not the engine's.
 */
static bool
is_own(enum counter id)
{
	if (id == EVENTS || id == EVENTS_LOST || id == RELOAD_GOOD)
		return false;
	return (id >= EO_RECV && id <= ILLEGAL_EVENTS) ||
	    (id >= EI_CONTROL && id <= BYES) || id >= EO_BREAKER ||
	    id == IPC_REFUSED || id == LOG_HELD;
}

static void
take_counters(struct glue *g, struct counters *c)
{
	*c = *engine_counters(g->engine);
	c->v[ILLEGAL_EVENTS] += g->illegal;
	c->v[IPC_REFUSED] = g->refused;
	if (g->crew != NULL)
		c->v[WORKERS] = crew_workers(g->crew);
	c->v[LOG_HELD] = log_suppressed();
	c->v[UDP_REFUSED] = g->gone.v[UDP_REFUSED];
	c->v[UDP_LOST] = g->gone.v[UDP_LOST];
	for (int i = 0; i < UDP_SOCKETS; i++)
		if (g->udp[i] != NULL)
			udp_count(g->udp[i], c);
}

static void
put_hist(struct glue *g, struct wbuf *w, uint32_t i)
{
	const struct msg_hist_row m = {.role = ROLE_ENGINE,
	    .id = (uint16_t)i,
	    .h = *engine_hist(g->engine, (enum hist_id)i)};

	msg_put_hist_row(w, &m);
}

/* Step i of FIGURE_STEPS; how many rows it was. */
#define FIGURE_STEPS 5
static unsigned
figures(struct glue *g, uint32_t i)
{
	const struct chan *const wires[FIGURE_STEPS] = {
	    NULL, g->parent.chan, g->key.chan, g->disc.chan, g->control.chan};
	uint32_t id = g->answers.q[0].id;

	if (i == 0) {
		figures_process(g->control.chan, id, ROLE_ENGINE);
		return FIGURES_MAX(0);
	}
	figures_wire(g->control.chan, id, ROLE_ENGINE, wires[i]);
	return FIGURE_WIRE_ROWS;
}

/* Counters, then histograms, and the figures that have labels. */
static enum told
next_counter(struct glue *g, struct wbuf *w, enum msg_type *type)
{
	struct answers *a = &g->answers;
	struct msg_counter_row m = {.role = ROLE_ENGINE};

	if (a->cursor == 0)
		take_counters(g, &a->counters);
	if (a->cursor == C_NCOUNTERS + HIST_N + FIGURE_STEPS)
		return TOLD_END;
	if (a->cursor >= C_NCOUNTERS + HIST_N) {
		a->rows += figures(g, a->cursor++ - C_NCOUNTERS - HIST_N);
		return TOLD_NOTHING;
	}
	if (a->cursor >= C_NCOUNTERS) {
		*type = MSG_HIST_ROW;
		put_hist(g, w, a->cursor++ - C_NCOUNTERS);
		return TOLD_ROW;
	}
	m.id = (uint16_t)a->cursor++;
	if (!is_own((enum counter)m.id))
		return TOLD_NOTHING;
	m.value = a->counters.v[m.id];
	msg_put_counter_row(w, &m);
	return TOLD_ROW;
}

static const struct kind {
	uint16_t ask;
	enum msg_type row;
	next_fn *next;
} kinds[] = {
    {MSG_PEERS_ASK, MSG_PEER_ROW, next_peer},
    {MSG_BREAKERS_ASK, MSG_BREAKER_ROW, next_breaker},
    {MSG_STREAMS_ASK, MSG_STREAM_ROW, next_stream},
    {MSG_FLOWS_ASK, MSG_FLOW_ROW, next_flow},
    {MSG_RULES_ASK, MSG_RULE_ROW, next_rule},
    {MSG_QOS_ASK, MSG_QOS_ROW, next_class},
    {MSG_DROPS_ASK, MSG_DROP_ROW, next_drop},
    {MSG_NET_ASK, MSG_MEMBER_ROW, next_of_network},
    {MSG_VERDICT_ASK, MSG_VERDICT_ROW, next_verdict},
    {MSG_COUNTERS_ASK, MSG_COUNTER_ROW, next_counter},
};

static const struct kind *
kind_of(uint16_t ask)
{
	const struct kind *k = kinds;

	while (k->ask != ask) /* others have no handler */
		k++;
	return k;
}

/* ---- the sender ---- */

/* The first question is over; the next one begins. */
static void
end(struct glue *g, enum row_end status)
{
	struct answers *a = &g->answers;

	wire_end(g->control.chan, a->q[0].id, status);
	a->n--;
	memmove(&a->q[0], &a->q[1], a->n * sizeof(a->q[0]));
	a->cursor = 0;
	a->rows = 0;
	a->stuck_ms = 0;
}

/* 0, or -1: it can't be sent, or it is one more than an answer may have. */
static int
send_row(struct glue *g, enum msg_type type, const struct wbuf *w)
{
	struct answers *a = &g->answers;

	if (++a->rows > MSG_ROWS_MAX)
		return -1;
	return wire_reply(g->control.chan, type, a->q[0].id, w);
}

/* What one turn allows. */
static void
some_rows(struct glue *g)
{
	static uint8_t body[BODY_MAX];
	const struct kind *k = kind_of(g->answers.q[0].ask);
	uint32_t most = g->answers.rows + ANSWER_ROWS;
	struct wbuf w;

	for (int i = 0; i < ANSWER_LOOKS && g->answers.rows < most; i++) {
		enum msg_type type = k->row;
		enum told told;

		wbuf_init(&w, body, sizeof(body));
		told = k->next(g, &w, &type);
		if (told == TOLD_ROW && send_row(g, type, &w) == -1) {
			end(g, END_FAILED);
			return;
		}
		if (told == TOLD_END || told == TOLD_UNKNOWN) {
			end(g, told == TOLD_END ? END_OK : END_UNKNOWN);
			return;
		}
	}
}

static void
on_more(void *ctx)
{
	struct glue *g = ctx;
	struct answers *a = &g->answers;
	uint64_t now_ms = clock_mono_ms();
	bool unread = chan_wants_out(g->control.chan);

	if (!unread) {
		a->stuck_ms = 0;
		some_rows(g);
	} else if (a->stuck_ms == 0) {
		a->stuck_ms = now_ms;
	} else if (now_ms - a->stuck_ms >= a->patience_ms) {
		end(g, END_FAILED);
		a->stuck_ms = now_ms;
	}
	if (a->n > 0)
		loop_timer_in(a->more, unread ? ANSWER_WAIT_MS : 0);
}

enum chan_verdict
answers_on_ask(struct chan *ch, void *ctx, const struct ipc_frame *f)
{
	struct wire *wire = ctx;
	struct answers *a = &wire->glue->answers;
	struct msg_peers_ask m = {0};
	struct msg_verdict_ask packet = {0};
	struct msg_qos_ask classes;
	struct rbuf r;

	rbuf_init(&r, f->body, f->len);
	if ((f->type == MSG_PEERS_ASK || f->type == MSG_DROPS_ASK) &&
	    msg_get_peers_ask(&r, &m) == -1)
		return CHAN_BAD;
	if (f->type == MSG_QOS_ASK && msg_get_qos_ask(&r, &classes) == -1)
		return CHAN_BAD;
	if (f->type == MSG_QOS_ASK)
		memcpy(m.name, classes.peer, sizeof(m.name));
	if (f->type == MSG_VERDICT_ASK &&
	    msg_get_verdict_ask(&r, &packet) == -1)
		return CHAN_BAD;
	if (a->n == ANSWERS_MAX) {
		wire_end(ch, f->id, END_FAILED);
		return CHAN_OK;
	}
	a->q[a->n] = (struct question_of_control){f->type, f->id, m, packet};
	if (a->n++ == 0)
		loop_timer_in(a->more, 0);
	return CHAN_OK;
}

/* ---- life ---- */

void
answers_drop(struct answers *a)
{
	loop_timer_stop(a->more);
	a->n = 0;
	a->cursor = 0;
	a->rows = 0;
	a->stuck_ms = 0;
}

int
answers_init(struct glue *g)
{
	g->answers = (struct answers){.patience_ms = ANSWER_PATIENCE_MS,
	    .more = loop_timer_new(g->loop, on_more, g)};
	return g->answers.more == NULL ? -1 : 0;
}

void
answers_clear(struct glue *g)
{
	loop_timer_free(g->answers.more);
	g->answers.more = NULL;
}
