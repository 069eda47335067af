/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_join.c */
/*
 * Newcomers and renewals: who may call with an invitation's key, and how a
 * question for a certificate gets to the node that can sign and back.
 *
 *	newcomer --JOIN_ASK--> any member that was told of the invitation
 *	         --JOIN_ASK--> its holder --ISSUE_ASK--> keyd decides
 *	         <--JOIN_REPLY, part by part, the same way back--
 *	member   --JOIN_ASK with no id: renewal--> holder
 *
 * This side decides nothing: keyd checks the proof, the ledger and the
 * signature.  Nothing is remembered of a question but where its answer goes and
 * who is to give it; who gets none asks again.  Every table is bounded, the
 * oldest makes way.
 *
 * A member is believed in what concerns itself.  Only the holder tells of
 * invitations: they say with which psk somebody may call, and whoever could
 * tell of one with another's key would keep that one out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "crypto.h"
#include "engine_int.h"
#include "frame.h"
#include "join_int.h"

/* ---- who may call ---- */

/* Still to be let in, or to be told why it is refused? */
static bool
matters(const struct engine *e, uint64_t now_ms, const struct invitation *v)
{
	return engine_unix_s(e, now_ms) < v->is.expires + INVITE_KEPT_S;
}

static struct invitation *
by_id(struct join *j, const uint8_t id[INVITE_ID])
{
	for (unsigned i = 0; i < INVITES_MAX; i++)
		if (j->inv[i].used &&
		    memcmp(j->inv[i].is.id, id, INVITE_ID) == 0)
			return &j->inv[i];
	return NULL;
}

const uint8_t *
join_psk(struct engine *e, uint64_t now_ms, const uint8_t key[32])
{
	for (unsigned i = 0; e->join != NULL && i < INVITES_MAX; i++) {
		const struct invitation *v = &e->join->inv[i];

		if (v->used && same(v->is.pub, key) && matters(e, now_ms, v))
			return v->is.psk;
	}
	return NULL;
}

/* A place for an invitation of this holder: not at the cost of others'. */
static struct invitation *
room_for(struct join *j, const uint8_t holder[32])
{
	struct invitation *oldest = NULL, *unused = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < INVITES_MAX; i++) {
		struct invitation *v = &j->inv[i];

		if (!v->used) {
			unused = v;
		} else if (same(v->holder, holder)) {
			n++;
			if (oldest == NULL ||
			    v->is.expires < oldest->is.expires)
				oldest = v;
		}
	}
	return n < INVITES_OF_ONE && unused != NULL ? unused : oldest;
}

static void
invitation_take(
    struct engine *e, const uint8_t holder[32], const struct join_invite *m)
{
	static const uint8_t none[INVITE_ID];
	struct invitation *v = by_id(e->join, m->id);

	if (memcmp(m->id, none, sizeof(none)) == 0)
		return;
	/* what somebody else answers for is not another's to change */
	if (v != NULL && !same(v->holder, holder))
		return;
	if (v == NULL && (v = room_for(e->join, holder)) == NULL)
		return;
	v->used = true;
	memcpy(v->holder, holder, sizeof(v->holder));
	v->is = *m;
}

static void
invitation_tell(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct invitation *v)
{
	uint8_t body[FRAME_BODY_MAX];
	size_t n = join_invite_put(body, &v->is);

	(void)engine_frame_send(e, p, now_ms, FRAME_INVITE, body, n);
	crypto_wipe(body, n);
}

/* Members let in whom they were told of: all that may still matter. */
void
join_up(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	for (unsigned i = 0; e->join != NULL && i < INVITES_MAX; i++) {
		const struct invitation *v = &e->join->inv[i];

		if (v->used && same(v->holder, e->pub) && matters(e, now_ms, v))
			invitation_tell(e, p, now_ms, v);
	}
}

static void
tell_all(struct engine *e, uint64_t now_ms, const struct invitation *v)
{
	for (uint32_t i = 0; i < e->nslots; i++)
		if (e->slot[i] != NULL && slot_is_member(e->slot[i]) &&
		    session_up(&e->slot[i]->ses, now_ms))
			invitation_tell(e, e->slot[i], now_ms, v);
}

/* keyd's: one row, or an empty one at the end. */
void
join_on_invite(
    struct engine *e, uint64_t now_ms, const struct msg_invite_row *m)
{
	struct join_invite is = {
	    .expires = m->expires, .state = (uint8_t)m->state};
	struct invitation *v;
	bool news;

	if (e->join == NULL)
		return;
	if (memcmp(m->id, is.id, sizeof(is.id)) == 0) { /* the end of them */
		e->join->invites_due_ms = now_ms + INVITES_AGAIN_MS;
		join_arm(e);
		return;
	}
	memcpy(is.id, m->id, sizeof(is.id));
	memcpy(is.pub, m->pub, sizeof(is.pub));
	memcpy(is.psk, m->psk, sizeof(is.psk));
	v = by_id(e->join, m->id);
	news =
	    v == NULL || v->is.state != is.state || v->is.expires != is.expires;
	invitation_take(e, e->pub, &is);
	crypto_wipe(&is, sizeof(is));
	v = by_id(e->join, m->id);
	if (v != NULL && news)
		tell_all(e, now_ms, v);
}

bool
join_is_holder(const struct engine *e, const struct peer_slot *p)
{
	return same(p->conf.key, e->net.bundle.holder);
}

static void
on_invite(struct engine *e, const struct peer_slot *p, const uint8_t *body,
    size_t len)
{
	struct join_invite m;

	if (join_invite_get(body, len, &m) == 0 && join_is_holder(e, p))
		invitation_take(e, p->conf.key, &m);
	crypto_wipe(&m, sizeof(m));
}

/* ---- answers ---- */

static void
reply(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint32_t req,
    uint8_t part, const struct msg_issue_reply *m)
{
	struct join_reply r = {.req = req, .part = part, .status = m->status};
	size_t at = (size_t)part * JOIN_PART_MAX, n = strlen(m->who);
	const void *from = m->who;
	uint8_t body[FRAME_BODY_MAX];

	if (m->status == JOIN_OK) {
		if (at >= m->len)
			return;
		n = m->len - at;
		from = m->bundle + at;
	}
	r.len = (uint16_t)(n < JOIN_PART_MAX ? n : JOIN_PART_MAX);
	r.parts = (uint8_t)((m->len + JOIN_PART_MAX - 1) / JOIN_PART_MAX);
	memcpy(r.data, from, r.len);
	n = join_reply_put(body, &r);
	(void)engine_frame_send(e, p, now_ms, FRAME_JOIN_REPLY, body, n);
	crypto_wipe(&r, sizeof(r));
	crypto_wipe(body, sizeof(body));
}

static void
refuse(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct join_ask *q, enum join_status status, const char *why)
{
	struct msg_issue_reply m = {.status = (uint8_t)status};

	snprintf(m.who, sizeof(m.who), "%s", why);
	reply(e, p, now_ms, q->req, q->part, &m);
}

/* May it have one more question decided, or passed on?  It is told if not. */
static bool
may_ask(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct join_ask *q)
{
	if (bucket_take(&p->joinings, now_ms, JOINS_PER_S, JOINS_BURST))
		return true;
	count(e, FRAMES_LIMITED);
	refuse(e, p, now_ms, q, JOIN_BUSY, "too many questions");
	return false;
}

static void
answer_drop(struct answer *a)
{
	crypto_wipe(a, sizeof(*a));
}

static struct answer *
answer_find(
    struct join *j, uint64_t now_ms, const uint8_t request[JOIN_REQUEST])
{
	for (unsigned i = 0; i < ANSWERS_MAX; i++)
		if (j->answer[i].due_ms > now_ms &&
		    memcmp(j->answer[i].request, request, JOIN_REQUEST) == 0)
			return &j->answer[i];
	return NULL;
}

/* A free one, or the one that ends next. */
static struct answer *
answer_new(struct join *j)
{
	struct answer *a = j->answer;

	for (unsigned i = 1; i < ANSWERS_MAX; i++)
		if (j->answer[i].due_ms < a->due_ms)
			a = &j->answer[i];
	answer_drop(a);
	return a;
}

static struct answer *
ask_keyd(struct engine *e, uint64_t now_ms, const uint8_t request[JOIN_REQUEST])
{
	struct answer *a = answer_new(e->join);
	struct msg_issue_ask m;

	memcpy(m.request, request, sizeof(m.request));
	memcpy(a->request, request, sizeof(a->request));
	if (++e->join->next_id == 0)
		e->join->next_id = 1;
	a->id = e->join->next_id;
	a->pending = true;
	a->due_ms = now_ms + ISSUE_MS;
	if (e->io.ask_issue != NULL &&
	    e->io.ask_issue(e->io.ctx, a->id, &m) == 0)
		return a;
	answer_drop(a);
	return NULL;
}

int
join_ask_keyd(struct engine *e, uint64_t now_ms, const uint8_t asker[32],
    const uint8_t request[JOIN_REQUEST])
{
	struct answer *a = ask_keyd(e, now_ms, request);

	if (a == NULL)
		return -1;
	memcpy(a->asker, asker, sizeof(a->asker));
	join_arm(e);
	return 0;
}

/* We can sign: from what is known already, or by keyd. */
static void
answer_here(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct join_ask *q)
{
	struct answer *a = answer_find(e->join, now_ms, q->request);

	if (a != NULL && !a->pending) {
		a->due_ms = now_ms + ANSWER_MS;
		reply(e, p, now_ms, q->req, q->part, &a->r);
		return;
	}
	if (a == NULL && !may_ask(e, p, now_ms, q))
		return;
	if (a == NULL && (a = ask_keyd(e, now_ms, q->request)) == NULL) {
		refuse(e, p, now_ms, q, JOIN_BUSY, "keyd is busy or away");
		return;
	}
	memcpy(a->asker, p->conf.key, sizeof(a->asker));
	a->req = q->req;
}

void
join_on_issue(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_issue_reply *m)
{
	struct answer *a;
	struct peer_slot *p;

	if (e->join == NULL)
		return;
	for (a = e->join->answer; !a->pending || a->id != id; a++)
		if (a == e->join->answer + ANSWERS_MAX - 1)
			return; /* too late */
	a->pending = false;
	a->due_ms = now_ms + ANSWER_MS;
	a->r = *m;
	if (same(a->asker, e->pub))
		renew_issued(e, now_ms, m);
	else if ((p = engine_find_key(e, a->asker)) != NULL)
		reply(e, p, now_ms, a->req, 0, m);
	if (m->status != JOIN_OK)
		answer_drop(a); /* the next question may be answered better */
	/* an invitation was used: its state is news */
	e->join->invites_due_ms = now_ms;
	join_arm(e);
}

/* ---- passing on ---- */

static struct passed *
passed_new(struct join *j, uint64_t now_ms)
{
	struct passed *s = j->passed;

	for (unsigned i = 1; i < PASSED_MAX; i++)
		if (j->passed[i].due_ms < s->due_ms)
			s = &j->passed[i];
	*s = (struct passed){.req = join_req(j), .due_ms = now_ms + PASSED_MS};
	return s;
}

static void
pass_on(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct join_ask *q, const uint8_t holder[32])
{
	struct peer_slot *h = engine_find_key(e, holder);
	struct join_ask on = *q;
	uint8_t body[FRAME_BODY_MAX];
	struct passed *s;

	if (h == NULL || h == p || !session_up(&h->ses, now_ms)) {
		engine_want_key(e, holder, now_ms);
		refuse(e, p, now_ms, q, JOIN_NO_AUTHORITY,
		    "the node that can sign can't be reached from here");
		return;
	}
	if (!may_ask(e, p, now_ms, q))
		return;
	s = passed_new(e->join, now_ms);
	memcpy(s->asker, p->conf.key, sizeof(s->asker));
	memcpy(s->holder, holder, sizeof(s->holder));
	s->theirs = q->req;
	on.req = s->req;
	(void)engine_frame_send(
	    e, h, now_ms, FRAME_JOIN_ASK, body, join_ask_put(body, &on));
}

/* The answer to a question that was passed on, or to our own. */
static void
on_reply(struct engine *e, const struct peer_slot *from, uint64_t now_ms,
    const uint8_t *body, size_t len)
{
	struct passed *s = e->join->passed;
	uint8_t back[FRAME_BODY_MAX];
	struct join_reply m;
	struct peer_slot *p;

	if (join_reply_get(body, len, &m) == -1 || m.req == 0)
		return;
	while (s < e->join->passed + PASSED_MAX && s->req != m.req)
		s++;
	if (s == e->join->passed + PASSED_MAX) {
		renew_reply(e, from, now_ms, &m);
	} else if (s->due_ms > now_ms && same(s->holder, from->conf.key)) {
		m.req = s->theirs;
		p = engine_find_key(e, s->asker);
		*s = (struct passed){.req = 0};
		if (p != NULL)
			(void)engine_frame_send(e, p, now_ms, FRAME_JOIN_REPLY,
			    back, join_reply_put(back, &m));
		crypto_wipe(back, sizeof(back));
	}
	crypto_wipe(&m, sizeof(m));
}

/*
 * Who answers for it; NULL: nobody that we know of.  A guest asks for the
 * invitation that let it in.  A member asks us what we can decide; only its own
 * renewal is passed on, so that no question goes round in a circle.
 */
static const uint8_t *
holder_of(struct engine *e, const struct peer_slot *p, const struct join_ask *q)
{
	static const uint8_t none[INVITE_ID];
	bool renewal = memcmp(q->request, none, sizeof(none)) == 0;
	const uint8_t *holder = e->net.bundle.holder;
	const struct invitation *v;

	if (!renewal) {
		if ((v = by_id(e->join, q->request)) == NULL)
			return NULL;
		if (slot_is_guest(p))
			return same(v->is.pub, p->conf.key) ? v->holder : NULL;
		holder = v->holder;
	} else if (slot_is_guest(p)) {
		return NULL;
	}
	if (same(holder, e->pub) ||
	    (renewal && same(q->request + INVITE_ID, p->conf.key)))
		return holder;
	return NULL;
}

static void
on_ask(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const uint8_t *body, size_t len)
{
	const uint8_t *holder;
	struct join_ask q;

	if (join_ask_get(body, len, &q) == -1)
		return;
	holder = holder_of(e, p, &q);
	if (holder == NULL)
		refuse(e, p, now_ms, &q, JOIN_UNKNOWN, "no such invitation");
	else if (same(holder, e->pub))
		answer_here(e, p, now_ms, &q);
	else
		pass_on(e, p, now_ms, &q, holder);
}

/* ---- what the engine calls ---- */

int
join_init(struct engine *e)
{
	e->join = calloc(1, sizeof(*e->join));
	return e->join == NULL ? -1 : 0;
}

void
join_clear(struct engine *e)
{
	if (e->join != NULL)
		crypto_wipe(e->join, sizeof(*e->join));
	free(e->join);
	e->join = NULL;
}

void
join_signature(struct engine *e, const uint8_t sig[64])
{
	if (e->join != NULL)
		memcpy(e->join->signature, sig, sizeof(e->join->signature));
}

/* Another network: what was heard of the old one is worth nothing. */
void
join_conf(struct engine *e, uint64_t now_ms)
{
	uint8_t signature[64];

	if (e->join == NULL)
		return;
	memcpy(signature, e->join->signature, sizeof(signature));
	crypto_wipe(e->join, sizeof(*e->join));
	memcpy(e->join->signature, signature, sizeof(signature));
	e->join->invites_due_ms = now_ms;
	e->join->look_due_ms = now_ms + LOOK_FIRST_MS;
	join_arm(e);
}

uint32_t
join_invites(const struct engine *e)
{
	uint32_t n = 0;

	for (unsigned i = 0; e->join != NULL && i < INVITES_MAX; i++)
		n += e->join->inv[i].used &&
		    e->join->inv[i].is.state == INVITE_LIVE;
	return n;
}

void
join_arm(struct engine *e)
{
	uint64_t due = e->join->invites_due_ms, r = renew_due(e);

	if (!e->net.on) {
		timers_stop(&e->timers, &e->t_join);
		return;
	}
	if (r < due)
		due = r;
	for (unsigned i = 0; i < ANSWERS_MAX; i++)
		if (e->join->answer[i].due_ms != 0 &&
		    e->join->answer[i].due_ms < due)
			due = e->join->answer[i].due_ms;
	timers_set(&e->timers, &e->t_join, due);
}

void
join_frame(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint8_t type,
    const uint8_t *body, size_t len)
{
	if (e->join == NULL)
		return;
	if (type == FRAME_JOIN_ASK)
		on_ask(e, p, now_ms, body, len);
	else if (slot_is_guest(p))
		return;
	else if (type == FRAME_JOIN_REPLY)
		on_reply(e, p, now_ms, body, len);
	else if (type == FRAME_INVITE)
		on_invite(e, p, body, len);
}

void
join_ledger(struct engine *e, uint64_t now_ms)
{
	if (e->join == NULL)
		return;
	e->join->invites_due_ms = now_ms;
	join_arm(e);
}

void
join_tick(struct engine *e, uint64_t now_ms)
{
	struct join *j = e->join;

	if (j == NULL)
		return;
	for (unsigned i = 0; i < ANSWERS_MAX; i++)
		if (j->answer[i].due_ms != 0 && j->answer[i].due_ms <= now_ms)
			answer_drop(&j->answer[i]);
	if (now_ms >= j->invites_due_ms) {
		/* soon again, unless keyd's whole list comes */
		j->invites_due_ms = now_ms + INVITES_LATE_MS;
		if (same(e->net.bundle.holder, e->pub) &&
		    e->io.ask_invites != NULL)
			(void)e->io.ask_invites(e->io.ctx, 1);
	}
	renew_tick(e, now_ms);
	join_arm(e);
}
