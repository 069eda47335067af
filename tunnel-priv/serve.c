/* SPDX-License-Identifier: ISC */
/*
 * What control may ask of the parent (parent.h): who we are and how the
 * children do, the counters and last drops of those that control has no wire
 * to, a reload, another log level.
 *
 * Nothing here waits.  Of the questions for counters and drops one at a time
 * goes from child to child, the others stand in a short queue; a child answers
 * only the question that it was asked, with no more rows than there can be, and
 * one that died or takes too long is passed over.
 */
#include <stdio.h>
#include <string.h>

#include "counters.h"
#include "drops.h"
#include "feature.h"
#include "figures.h"
#include "parent.h"

#define ASK_MAX_MS 2000
/* Of one child, in the answer to COUNTERS_ASK: 4 wires are its most. */
#define ROWS_MAX (C_NCOUNTERS + FIGURES_MAX(4))

static const enum role askable[] = {ROLE_TUN, ROLE_KEY, ROLE_TLS};
#define NASKABLE (sizeof(askable) / sizeof(askable[0]))

/* What is in p->out goes to control; id 0 is nobody's question. */
static void
row(struct parent *p, enum msg_type type, uint32_t id)
{
	if (id != 0)
		(void)parent_send(parent_child(p, ROLE_CTL), type, id, -1);
}

void
serve_done(struct parent *p, uint32_t id, enum row_end status)
{
	wbuf_u8(parent_out(p), (uint8_t)status);
	row(p, MSG_END, id);
}

void
serve_tell(struct parent *p, uint32_t id, uint8_t kind, const char *text)
{
	struct msg_text_row m = {.kind = kind};

	snprintf(m.text, sizeof(m.text), "%s", text);
	msg_put_text_row(parent_out(p), &m);
	row(p, MSG_TEXT_ROW, id);
}

void
serve_text(struct parent *p, uint32_t id, uint8_t kind, const char *text)
{
	log_pass("tunnel-priv",
	    (enum log_level)(
		kind > LOG_L_INFO ? LOG_L_ERROR : LOG_L_INFO - kind),
	    text);
	serve_tell(p, id, kind, text);
}

/* ---- STATUS_ASK ---- */

static void
node_row(struct parent *p, uint32_t id)
{
	const struct conf_node *c = &p->conf->node;
	struct msg_node_row m = {.started_unix_ms = p->started_unix_ms,
	    .loaded_unix_ms = p->loaded_unix_ms,
	    .reloads = p->reloads,
	    .reload_failures = p->reload_failures,
	    .mtu = p->net.mtu,
	    .mtu_limit = c->mtu == CONF_AUTO ? c->mtu_limit : 0,
	    .offload = p->net.offload,
	    .naddresses = c->naddresses,
	    .version = MESH_VERSION};

	memcpy(m.name, c->name, sizeof(m.name));
	memcpy(m.device, c->device, sizeof(m.device));
	memcpy(m.mtu_peer, p->mtu_peer, sizeof(m.mtu_peer));
	memcpy(m.address, c->address, sizeof(m.address));
	snprintf(m.conf_path, sizeof(m.conf_path), "%s", p->opt.conf);
	for (unsigned i = 0; i < NET_LISTEN_MAX && m.nlisten < 8; i++)
		if (p->net.udp[i].fd != -1)
			m.listen[m.nlisten++] = p->net.udp[i].local;
	msg_put_node_row(parent_out(p), &m);
	row(p, MSG_NODE_ROW, id);
}

/* What it told, and of the tun role what was wanted and granted. */
static void
features(const struct child *k, struct msg_proc_row *m)
{
	const struct parent *p = k->parent;
	uint32_t want = feature_offload(p->conf->node.offload);
	uint32_t have = feature_offload(p->net.offload);

	if (k->state != PROC_UP)
		return;
	m->features = k->features;
	m->lacking = k->lacking;
	if (k->role == ROLE_TUN) {
		m->features |= have;
		m->lacking |= want & ~have;
		if (!p->conf->node.packet_ring)
			m->lacking &= ~(uint32_t)FEATURE_RING;
	}
}

enum chan_verdict
serve_status(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct parent *p = ((struct child *)ctx)->parent;
	struct msg_proc_row m = {.role = ROLE_PARENT,
	    .state = PROC_UP,
	    .pid = (uint32_t)p->pid,
	    .started_unix_ms = p->started_unix_ms,
	    .sandbox = p->sandbox.have,
	    .missing = p->sandbox.missing};

	(void)c;
	node_row(p, f->id);
	msg_put_proc_row(parent_out(p), &m);
	row(p, MSG_PROC_ROW, f->id);
	m.role = ROLE_PRIV;
	m.pid = (uint32_t)p->priv_pid;
	m.sandbox = p->priv_sandbox.have;
	m.missing = p->priv_sandbox.missing;
	msg_put_proc_row(parent_out(p), &m);
	row(p, MSG_PROC_ROW, f->id);
	for (struct child *k = p->kid; k < p->kid + SETUP_NKIDS; k++) {
		if (!child_wanted(k))
			continue;
		m = (struct msg_proc_row){.role = k->role,
		    .state = k->state,
		    .pid = (uint32_t)k->pid,
		    .restarts = k->restarts,
		    .started_unix_ms = k->started_unix_ms,
		    .sandbox = k->sandbox,
		    .missing = k->missing};
		features(k, &m);
		msg_put_proc_row(parent_out(p), &m);
		row(p, MSG_PROC_ROW, f->id);
	}
	serve_done(p, f->id, END_OK);
	return CHAN_OK;
}

/* ---- COUNTERS_ASK, DROPS_ASK ---- */

static void
counter_row(struct parent *p, enum role role, enum counter id, uint64_t value)
{
	struct msg_counter_row m = {
	    .role = role, .id = (uint16_t)id, .value = value};

	msg_put_counter_row(parent_out(p), &m);
	row(p, MSG_COUNTER_ROW, p->ask[0].id);
}

/* Packets are the tun role's only. */
static bool
knows(enum role role, enum msg_type what)
{
	return what == MSG_COUNTERS_ASK || role == ROLE_TUN;
}

static int
ask_child(struct parent *p, enum role role)
{
	const struct parent_ask *a = &p->ask[0];
	struct wbuf *w = parent_out(p);

	if (!knows(role, (enum msg_type)a->what))
		return -1;
	if (a->what == MSG_DROPS_ASK)
		wbuf_str(w, ""); /* of no peer: there are none */
	return parent_send(
	    parent_child(p, role), (enum msg_type)a->what, a->id, -1);
}

static void
own_figures(struct parent *p)
{
	struct chan *to = parent_child(p, ROLE_CTL)->chan;
	uint32_t id = p->ask[0].id;

	if (to == NULL)
		return;
	figures_process(to, id, ROLE_PARENT);
	for (struct child *k = p->kid; k < p->kid + SETUP_NKIDS; k++)
		figures_wire(to, id, ROLE_PARENT, k->chan);
	ask_figures(p->priv, to, id);
}

static void
own_rows(struct parent *p)
{
	if (p->ask[0].what != MSG_COUNTERS_ASK)
		return;
	counter_row(p, ROLE_PARENT, IPC_REFUSED, p->refused);
	counter_row(p, ROLE_PARENT, RELOAD_GOOD, p->loaded_good);
	counter_row(p, ROLE_PARENT, LOG_HELD, p->log_held + log_suppressed());
	own_figures(p);
}

/* Ask the next child, or finish the question and begin with the one after. */
static void
ask_next(struct parent *p)
{
	p->ask_ms = clock_mono_ms();
	p->ask_rows = 0;
	while (p->asks > 0) {
		for (; p->ask_at < NASKABLE; p->ask_at++)
			if (ask_child(p, askable[p->ask_at]) == 0)
				return;
		own_rows(p);
		serve_done(p, p->ask[0].id, END_OK);
		memmove(p->ask, p->ask + 1, --p->asks * sizeof(p->ask[0]));
		p->ask_at = 0;
	}
}

enum chan_verdict
serve_asked(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct parent *p = ((struct child *)ctx)->parent;

	(void)c;
	if (p->asks == PARENT_ASKS_MAX) {
		serve_done(p, f->id, END_FAILED);
		return CHAN_OK;
	}
	p->ask[p->asks++] = (struct parent_ask){f->id, f->type};
	p->ask_at = p->asks == 1 ? 0 : p->ask_at;
	if (p->asks == 1)
		ask_next(p);
	return CHAN_OK;
}

static bool
was_asked(const struct child *k, uint32_t id)
{
	const struct parent *p = k->parent;

	return p->asks > 0 && askable[p->ask_at] == k->role &&
	    p->ask[0].id == id;
}

static bool
is_askable(enum role role)
{
	for (size_t i = 0; i < NASKABLE; i++)
		if (askable[i] == role)
			return true;
	return false;
}

enum chan_verdict
serve_row(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct msg_counter_row m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	/* nobody counts for somebody else, or without being asked at all */
	if (msg_get_counter_row(&r, &m) == -1 || m.role != k->role ||
	    !is_askable(k->role))
		return CHAN_BAD;
	if (!was_asked(k, f->id))
		return CHAN_OK; /* too late */
	if (k->parent->ask[0].what != MSG_COUNTERS_ASK ||
	    k->parent->ask_rows++ > ROWS_MAX)
		return CHAN_BAD;
	counter_row(k->parent, k->role, (enum counter)m.id, m.value);
	return CHAN_OK;
}

enum chan_verdict
serve_figure(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct parent *p = k->parent;
	struct msg_figure_row m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_figure_row(&r, &m) == -1 || m.role != k->role ||
	    !is_askable(k->role))
		return CHAN_BAD;
	if (!was_asked(k, f->id))
		return CHAN_OK; /* too late */
	if (p->ask[0].what != MSG_COUNTERS_ASK || p->ask_rows++ > ROWS_MAX)
		return CHAN_BAD;
	msg_put_figure_row(parent_out(p), &m);
	row(p, MSG_FIGURE_ROW, p->ask[0].id);
	return CHAN_OK;
}

enum chan_verdict
serve_drop(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;
	struct parent *p = k->parent;
	struct msg_drop_row m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_drop_row(&r, &m) == -1 || m.role != k->role ||
	    m.role != ROLE_TUN)
		return CHAN_BAD;
	if (!was_asked(k, f->id))
		return CHAN_OK; /* too late */
	if (p->ask[0].what != MSG_DROPS_ASK ||
	    p->ask_rows++ > DROPS_REASONS * DROPS_EACH)
		return CHAN_BAD;
	msg_put_drop_row(parent_out(p), &m);
	row(p, MSG_DROP_ROW, p->ask[0].id);
	return CHAN_OK;
}

static void
ask_skip(struct parent *p)
{
	p->ask_at++;
	ask_next(p);
}

enum chan_verdict
serve_end(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct child *k = ctx;

	(void)c;
	if (was_asked(k, f->id))
		ask_skip(k->parent);
	return CHAN_OK;
}

void
serve_child_gone(struct child *k)
{
	struct parent *p = k->parent;

	if (k->role == ROLE_CTL)
		p->asks = p->reload.id = 0;
	else if (was_asked(k, p->ask[0].id))
		ask_skip(p);
}

void
serve_tick(struct parent *p, uint64_t now_ms)
{
	if (p->asks > 0 && now_ms - p->ask_ms > ASK_MAX_MS)
		ask_skip(p);
}

/* ---- RELOAD_ASK, LOG_LEVEL ---- */

enum chan_verdict
serve_reload(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	(void)c;
	reload_start(((struct child *)ctx)->parent, f->id);
	return CHAN_OK;
}

/* Until the next reload, which sets what the configuration says. */
enum chan_verdict
serve_level(struct chan *c, void *ctx, const struct ipc_frame *f)
{
	struct parent *p = ((struct child *)ctx)->parent;
	struct msg_log_level m;
	struct rbuf r;

	(void)c;
	rbuf_init(&r, f->body, f->len);
	if (msg_get_log_level(&r, &m) == -1)
		return CHAN_BAD;
	parent_log_level(p, m.level);
	for (int i = 0; i < SETUP_NKIDS; i++)
		wire_level(&p->kid[i]);
	serve_done(p, f->id, END_OK);
	return CHAN_OK;
}
