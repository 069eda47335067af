/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_punch.c */
/*
 * Ways of our own to members (reach/punch.h decides, here it is carried out):
 * for whoever is reached by a carrier, and for whom a person asks it.
 *
 * A member names its places inside its session, so they are worth more than
 * hearsay, and may be a victim's all the same: pings there have a rate, of
 * each member and of all.  A place is used when a ping to it was answered.
 *
 * What also lives here: pings that keep a translator's entry alive, and
 * sessions that are kept so that this node can be found.
 */
#include "engine_punch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"

static struct lanes *
lanes_of(const struct peer_slot *p)
{
	return p->member != NULL && p->owner == NULL ? p->lanes : NULL;
}

static struct hole *
hole_of(struct engine *e, struct peer_slot *p)
{
	struct lanes *l = p->lanes;

	if (l->hole != NULL)
		return l->hole;
	l->hole = calloc(1, sizeof(*l->hole));
	if (l->hole != NULL)
		punch_init(&l->hole->punch,
		    memcmp(e->pub, p->conf.key, sizeof(e->pub)) < 0);
	return l->hole;
}

void
punching_end(struct engine *e, struct peer_slot *p)
{
	struct lanes *l = p->lanes;

	if (l->hole == NULL)
		return;
	punch_clear(&l->hole->punch, &e->punching.budget);
	free(l->hole);
	l->hole = NULL;
}

/* ---- lists ---- */

static uint32_t
rtt_ms(const struct peer_slot *p)
{
	const struct pathset *s = &p->lanes->paths;
	uint32_t us = s->best < PATHS_MAX ? s->at[s->best].rtt_us : 0;

	return (us != 0 ? us : p->rtt_us) / 1000;
}

static void
say(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct punch_step *step)
{
	struct hole *h = p->lanes->hole;
	uint8_t body[FRAME_BODY_MAX];
	struct cands c;
	size_t n;

	engine_candidates(e, h, &c);
	h->punch.nat = c.nat;
	c.delay_ms = step->delay_ms;
	if (step->answer)
		c.nat |= CANDS_ANSWER;
	n = cands_put(body, &c);
	if (n != 0 &&
	    engine_frame_send(e, p, now_ms, FRAME_CANDIDATES, body, n) == 0)
		count(e, CANDIDATES_SENT);
}

/* From where: its own new socket first. */
static unsigned
sockets(const struct engine *e, const struct hole *h,
    struct punch_from out[PUNCH_SOCKETS])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < e->nsocks && h->has_sock; i++)
		if (e->sock[i].no == h->sock)
			out[n++] =
			    (struct punch_from){h->sock, e->sock[i].family};
	for (uint32_t i = 0; i < e->nsocks && n < PUNCH_SOCKETS; i++)
		if (e->sock[i].no < UDP_STREAM_FIRST)
			out[n++] = (struct punch_from){
			    e->sock[i].no, e->sock[i].family};
	return n;
}

void
on_candidates(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct frame *f)
{
	struct punch_from from[PUNCH_SOCKETS];
	struct cands c;
	struct hole *h;
	unsigned n, kept = 0;

	if (cands_get(f->body, f->len, &c) == -1) {
		count(e, FRAMES_BAD);
		return;
	}
	if (lanes_of(p) == NULL || (h = hole_of(e, p)) == NULL)
		return;
	count(e, CANDIDATES_HEARD);
	for (unsigned i = 0; i < c.n; i++)
		if (!engine_is_inside(e, &c.c[i].ep))
			c.c[kept++] = c.c[i];
	c.n = (uint8_t)kept;
	n = sockets(e, h, from);
	h->punch.nat = engine_nat_octet(e);
	punch_list(&h->punch, &e->punching.budget, now_ms, &c, rtt_ms(p), from,
	    n, engine_on_link(e, &c));
	slot_arm(e, p);
}

void
punching_news(struct engine *e, uint64_t now_ms)
{
	e->punching.generation++;
	for (uint32_t i = 0; i < e->npeers; i++) {
		struct peer_slot *p = e->slot[e->order[i]];

		if (lanes_of(p) == NULL || !carry_is(p->sock))
			continue;
		if (p->lanes->hole != NULL)
			p->lanes->hole->want_ms = now_ms;
		slot_arm(e, p);
	}
}

/* ---- pings ---- */

static bool
may_aim(
    struct engine *e, struct hole *h, uint64_t now_ms, const struct addr *to)
{
	if (e->net.targets == NULL)
		return true;
	if (targets_allow(e->net.targets, now_ms, to)) {
		targets_note(e->net.targets, now_ms, to);
		return true;
	}
	return bucket_take(&h->aimed, now_ms, PUNCH_AIM_S, PUNCH_AIM_BURST) &&
	    bucket_take(&e->punching.aimed, now_ms, PUNCH_AIM_ALL_S,
		PUNCH_AIM_ALL_BURST);
}

static void
ping(struct engine *e, struct peer_slot *p, uint64_t now_ms, unsigned i)
{
	struct hole *h = p->lanes->hole;
	const struct punch_pair *x = &h->punch.pair[i];

	if (!may_aim(e, h, now_ms, &x->to.addr)) {
		count(e, PUNCH_WITHHELD);
		return;
	}
	count(e, PUNCH_PINGED);
	punch_pinged(&h->punch, i, probe_place(e, p, x->sock, &x->to), now_ms);
}

void
punching_pinged_from(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	if (lanes_of(p) == NULL || p->lanes->hole == NULL || carry_is(d->sock))
		return;
	punch_pinged_from(&p->lanes->hole->punch, now_ms, d->sock, d->from);
	slot_arm(e, p);
}

/* It is among the member's places from now on, and pathset.h decides. */
static void
take(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint64_t id,
    const struct punch_pair *x, uint64_t sent_ms)
{
	struct pathset *s = &p->lanes->paths;
	uint32_t us;
	unsigned i = pathset_put(s, &x->to, x->sock, now_ms);

	s->at[i].rank = carry_rank(x->sock);
	pathset_pinged(s, i, id, sent_ms);
	(void)pathset_pong(s, id, &x->to, now_ms, &us);
	e->c.v[PUNCH_UPGRADES] += carry_is(p->sock);
}

bool
punching_pong(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    uint64_t id, const struct datagram *d)
{
	const struct punch_pair *x;
	uint32_t worked;
	uint64_t sent_ms;
	struct hole *h;

	if (lanes_of(p) == NULL || (h = p->lanes->hole) == NULL)
		return false;
	worked = h->punch.worked;
	x = punch_pong(
	    &h->punch, &e->punching.budget, id, d->from, now_ms, &sent_ms);
	if (x == NULL)
		return false;
	count(e, PROBES_ANSWERED);
	e->c.v[PUNCH_ANSWERED] += h->punch.worked != worked;
	if (e->net.targets != NULL)
		targets_good(e->net.targets, now_ms, &d->from->addr);
	take(e, p, now_ms, id, x, sent_ms);
	slot_arm(e, p);
	return true;
}

/* ---- a new socket ---- */

static void
renew(struct engine *e, struct hole *h, uint64_t now_ms)
{
	int no =
	    engine_extra_socket(e, now_ms, h->punch.pair[0].to.addr.family, h);

	if (no == -1)
		return;
	count(e, PUNCH_SOCKETS_NEW);
	h->has_sock = true;
	h->sock = (uint16_t)no;
	h->sock_ms = now_ms;
}

/* Somebody says where it is, or nobody does in time. */
static void
look_new(struct engine *e, struct hole *h, uint64_t now_ms)
{
	bool seen = engine_seen(e, h->sock) != NULL;

	if (h->sock_ms == 0 || (!seen && now_ms - h->sock_ms < PUNCH_SEEN_MS))
		return;
	h->sock_ms = 0;
	if (!seen)
		return;
	e->punching.generation++;
	punch_renewed(&h->punch, now_ms);
}

/* ---- time ---- */

/* Its session is up, and all goes by somebody else. */
static bool
is_carried(const struct peer_slot *p)
{
	return p->peer.state == PEER_UP && carry_is(p->sock);
}

bool
punch_may_be_forgotten(const struct engine *e, const struct peer_slot *p)
{
	return e->node.nat_keepalive_s != 0 && !carry_is(p->sock) &&
	    engine_behind_nat(e);
}

static uint64_t
keep_due(const struct engine *e, const struct peer_slot *p)
{
	const struct lanes *l = p->lanes;
	uint64_t last =
	    l->kept_ms > l->paths.used_ms ? l->kept_ms : l->paths.used_ms;

	if (p->peer.state != PEER_UP || !punch_may_be_forgotten(e, p))
		return UINT64_MAX;
	return last + e->node.nat_keepalive_s * UINT64_C(1000);
}

/* The translator forgets who says nothing. */
static void
keep(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (now_ms < keep_due(e, p))
		return;
	p->lanes->kept_ms = now_ms;
	if (!session_up(&p->ses, now_ms))
		return;
	count(e, NAT_KEPT);
	(void)probe_place(e, p, p->sock, &p->ep);
}

uint64_t
punching_due(const struct engine *e, const struct peer_slot *p)
{
	const struct lanes *l = lanes_of(p);
	const struct hole *h;
	uint64_t due, x;

	if (l == NULL)
		return UINT64_MAX;
	due = keep_due(e, p);
	h = l->hole;
	if (h == NULL)
		return is_carried(p) && l->hole_ms < due ? l->hole_ms : due;
	if ((x = punch_due(&h->punch)) < due)
		due = x;
	if (is_carried(p) && h->punch.state == PUNCH_REST && h->want_ms < due)
		due = h->want_ms;
	x = h->sock_ms == 0 ? UINT64_MAX : h->sock_ms + PUNCH_LOOK_MS;
	return x < due ? x : due;
}

/* As long as there is no way of our own: now and then. */
static void
want(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct lanes *l = p->lanes;
	struct hole *h;

	if (!is_carried(p)) {
		if (l->hole != NULL)
			l->hole->wait_ms = 0;
		return;
	}
	if (now_ms < l->hole_ms)
		return;
	l->hole_ms = now_ms + PUNCH_LOOK_MS; /* without memory */
	if ((h = hole_of(e, p)) == NULL || h->punch.state != PUNCH_REST ||
	    now_ms < h->want_ms)
		return;
	h->wait_ms = h->wait_ms == 0 ? PUNCH_TRY_MS : h->wait_ms * 2;
	if (h->wait_ms > PUNCH_TRY_MAX_MS)
		h->wait_ms = PUNCH_TRY_MAX_MS;
	h->want_ms = now_ms + h->wait_ms;
	punch_want(&h->punch, now_ms);
}

void
punching_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct punch_step step[PUNCH_STEPS];
	struct hole *h;
	uint64_t refused;
	unsigned n;

	if (lanes_of(p) == NULL)
		return;
	keep(e, p, now_ms);
	want(e, p, now_ms);
	if ((h = p->lanes->hole) == NULL)
		return;
	look_new(e, h, now_ms);
	if (h->sock_ms != 0)
		slot_arm(e, p);
	if (now_ms < punch_due(&h->punch))
		return;
	if (!session_up(&p->ses, now_ms)) {
		punch_clear(&h->punch, &e->punching.budget);
		return;
	}
	refused = e->punching.budget.refused;
	n = punch_tick(&h->punch, &e->punching.budget, now_ms, step);
	e->c.v[PUNCH_REFUSED] += e->punching.budget.refused - refused;
	for (unsigned i = 0; i < n; i++) {
		if (step[i].act == PUNCH_SAY)
			say(e, p, now_ms, &step[i]);
		else if (step[i].act == PUNCH_PING)
			ping(e, p, now_ms, step[i].pair);
		else
			renew(e, h, now_ms);
	}
}

/* ---- sessions that are kept ---- */

/* This node can be found by who is always in touch with others. */
static bool
may_keep(const struct peer_slot *p)
{
	return p->member != NULL && p->owner == NULL &&
	    p->conf.keepalive_s == 0 && p->peer.state == PEER_UP && p->has_ep &&
	    !carry_is(p->sock) && !addr_is_private(&p->ep.addr);
}

static void
keep_some(struct engine *e)
{
	uint16_t s = e->node.nat_keepalive_s;
	unsigned n = 0, room = engine_behind_nat(e) && s != 0 ? KEPT_MAX : 0;

	for (unsigned pass = 0; pass < 2; pass++)
		for (uint32_t i = 0; i < e->npeers; i++) {
			struct peer_slot *p = e->slot[e->order[i]];
			bool is = p->member != NULL &&
			    p->conf.keepalive_s == 0 &&
			    p->ses.persistent_s != 0;
			bool stays = n < room && may_keep(p);

			if (is != (pass == 0) || (pass == 1 && !stays))
				continue;
			p->ses.persistent_s = stays ? s : 0;
			n += stays;
			slot_arm(e, p);
		}
}

/* ---- for people ---- */

static void
arm(struct engine *e, uint64_t due_ms)
{
	if (e->t_punch.pos == 0 || e->t_punch.due_ms > due_ms)
		timers_set(&e->timers, &e->t_punch, due_ms);
}

static void
tell_pairs(
    struct engine *e, const struct punch_asker *x, const struct peer_slot *p)
{
	const struct hole *h = p->lanes->hole;
	struct cands c;

	engine_candidates(e, h, &c);
	for (unsigned i = 0; i < c.n; i++)
		e->io.tell_punch(e->io.ctx, x->id,
		    &(struct msg_punch_row){.kind = PUNCH_ROW_OURS,
			.type = c.c[i].type,
			.ep = c.c[i].ep},
		    END_OK);
	for (unsigned i = 0; h != NULL && i < h->punch.npairs; i++) {
		const struct punch_pair *y = &h->punch.pair[i];

		e->io.tell_punch(e->io.ctx, x->id,
		    &(struct msg_punch_row){.kind = PUNCH_ROW_PAIR,
			.type = y->type,
			.ep = y->to,
			.sock = y->sock,
			.sent = y->sent,
			.answered = y->answered,
			.after_ms = y->after_ms,
			.rtt_ms = y->rtt_ms},
		    END_OK);
	}
}

/* What it is about is over, or has taken long enough. */
static bool
is_over(const struct punch_asker *x, const struct peer_slot *p, uint64_t now_ms)
{
	const struct hole *h = p->lanes == NULL ? NULL : p->lanes->hole;

	if (now_ms - x->since_ms >= PUNCH_ASK_MS_MAX)
		return true;
	return h != NULL && h->punch.runs != x->runs &&
	    (h->punch.state == PUNCH_REST ||
		now_ms >= h->punch.start_ms + PUNCH_SHOW_MS);
}

static bool
go_on(struct engine *e, struct punch_asker *x, uint64_t now_ms)
{
	struct peer_slot *p = engine_find_name(e, x->name);
	enum row_end end = END_OK;

	if (p != NULL && p->member != NULL && p->conf.admin_up &&
	    !is_over(x, p, now_ms)) {
		if (!session_up(&p->ses, now_ms) || p->lanes == NULL)
			slot_want(e, p, now_ms, BEV_WANT);
		else if (hole_of(e, p) != NULL &&
		    p->lanes->hole->punch.runs == x->runs) {
			punch_want(&p->lanes->hole->punch, now_ms);
			slot_arm(e, p);
		}
		return true;
	}
	if (p == NULL)
		end = END_UNKNOWN;
	else if (p->member == NULL || !p->conf.admin_up || p->lanes == NULL)
		end = END_FAILED;
	else
		tell_pairs(e, x, p);
	e->io.tell_punch(e->io.ctx, x->id, NULL, end);
	return false;
}

void
engine_punch(struct engine *e, uint64_t now_ms, uint32_t id, const char *name)
{
	struct peer_slot *p = engine_find_name(e, name);
	struct punch_asker *x = NULL;

	for (unsigned i = 0; i < PUNCH_ASKERS && x == NULL; i++)
		if (e->punching.asker[i].id == 0)
			x = &e->punching.asker[i];
	if (x == NULL) {
		e->io.tell_punch(e->io.ctx, id, NULL, END_FAILED);
		return;
	}
	*x = (struct punch_asker){.id = id, .since_ms = now_ms};
	snprintf(x->name, sizeof(x->name), "%s", name);
	if (p != NULL && p->lanes != NULL && p->lanes->hole != NULL)
		x->runs = p->lanes->hole->punch.runs;
	if (!go_on(e, x, now_ms))
		x->id = 0;
	arm(e, now_ms + PUNCH_LOOK_MS);
}

void
punching_look(struct engine *e, uint64_t now_ms)
{
	uint64_t next_ms = now_ms + KEPT_LOOK_MS;

	for (unsigned i = 0; i < PUNCH_ASKERS; i++) {
		struct punch_asker *x = &e->punching.asker[i];

		if (x->id != 0 && !go_on(e, x, now_ms))
			x->id = 0;
		if (x->id != 0)
			next_ms = now_ms + PUNCH_LOOK_MS;
	}
	keep_some(e);
	if (engine_behind_nat(e) || next_ms - now_ms < KEPT_LOOK_MS)
		timers_set(&e->timers, &e->t_punch, next_ms);
}

void
engine_punch_lost(struct engine *e)
{
	memset(e->punching.asker, 0, sizeof(e->punching.asker));
}
