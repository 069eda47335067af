/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_renew.c */
/*
 * Our own certificate in time for its end: from two thirds of its life on, the
 * holder of the authority's key is asked for another one with the same name
 * and addresses.  On the holder itself that is our own keyd.
 *
 * The old certificate counts until its end, so nothing hurries and nothing is
 * interrupted; what was not answered is tried again ten minutes later.
 *
 * Only the holder can refuse.  A member that passes the question on may lie, or
 * not know: then it is the next one's turn.
 */
#include "cert.h"
#include "crypto.h"
#include "join_int.h"
#include "log.h"

#define LOOK_MS 600000
#define ASK_MS 1000
#define GIVE_UP_MS 20000

/* ---- the end of one, good or bad ---- */

static void
over(struct engine *e, uint64_t now_ms, const char *why)
{
	struct renewal *n = &e->join->renewal;

	if (why[0] != '\0') {
		log_warnx("certificate not renewed: %s", why);
		ev_not_renewed(e, why);
	} else
		log_info("certificate renewed");
	crypto_wipe(n, sizeof(*n));
	e->join->look_due_ms = now_ms + LOOK_MS;
}

#define NO_BETTER "what came is no better than what we have"

void
renew_issued(struct engine *e, uint64_t now_ms, const struct msg_issue_reply *m)
{
	if (!e->join->renewal.active)
		return;
	if (m->status != JOIN_OK)
		over(e, now_ms, m->who);
	else if (engine_own_bundle(e, now_ms, m->bundle, m->len) == -1)
		over(e, now_ms, NO_BETTER);
	else
		over(e, now_ms, "");
}

/* What was said is worth nothing: another one is asked, from the start. */
static void
start_over(struct renewal *n)
{
	crypto_wipe(n->bundle, n->len);
	n->len = 0;
	n->part = 0;
	n->turn++;
}

static void
refused(struct engine *e, uint64_t now_ms, bool by_holder,
    const struct join_reply *m)
{
	size_t len = m->len;
	char why[128];

	if (m->status == JOIN_BUSY || m->status == JOIN_NO_AUTHORITY)
		return; /* asked again until GIVE_UP_MS */
	if (!by_holder) {
		start_over(&e->join->renewal);
		return;
	}
	if (len >= sizeof(why))
		len = sizeof(why) - 1;
	memcpy(why, m->data, len);
	why[len] = '\0';
	over(e, now_ms, why);
}

static void ask(struct engine *, uint64_t now_ms);

void
renew_reply(struct engine *e, const struct peer_slot *from, uint64_t now_ms,
    const struct join_reply *m)
{
	struct renewal *n = &e->join->renewal;

	if (!n->active || m->req != n->req || m->part != n->part ||
	    !same(n->asked, from->conf.key))
		return;
	if (m->status != JOIN_OK) {
		refused(e, now_ms, join_is_holder(e, from), m);
		return;
	}
	if (m->part >= m->parts || m->len > sizeof(n->bundle) - n->len)
		return;
	memcpy(n->bundle + n->len, m->data, m->len);
	n->len += m->len;
	if (++n->part < m->parts)
		ask(e, now_ms);
	else if (engine_own_bundle(e, now_ms, n->bundle, n->len) == 0)
		over(e, now_ms, "");
	else if (join_is_holder(e, from))
		over(e, now_ms, NO_BETTER);
	else
		start_over(n);
}

/* ---- asking ---- */

static void
request_of(const struct engine *e, uint8_t out[JOIN_REQUEST])
{
	struct join_request q = {.id = {0}};

	memcpy(q.node, e->pub, sizeof(q.node));
	memcpy(q.ed, e->net.own.ed, sizeof(q.ed));
	memcpy(q.sig, e->join->signature, sizeof(q.sig));
	join_request_put(out, &q);
}

static bool
can_pass_on(const struct peer_slot *p, uint64_t now_ms)
{
	return slot_is_member(p) && session_up(&p->ses, now_ms);
}

/* The holder; or the member that is up and whose turn it is. */
static struct peer_slot *
whom(struct engine *e, uint64_t now_ms)
{
	struct peer_slot *p = engine_find_key(e, e->net.bundle.holder);
	uint32_t n = 0, i;

	if (p != NULL && session_up(&p->ses, now_ms))
		return p;
	engine_want_key(e, e->net.bundle.holder, now_ms);
	for (i = 0; i < e->npeers; i++)
		n += can_pass_on(e->slot[e->order[i]], now_ms);
	if (n == 0)
		return NULL;
	n = e->join->renewal.turn % n;
	for (i = 0; !can_pass_on(e->slot[e->order[i]], now_ms) || n-- > 0;)
		i++;
	return e->slot[e->order[i]];
}

static void
ask(struct engine *e, uint64_t now_ms)
{
	struct renewal *n = &e->join->renewal;
	struct join_ask q = {.part = n->part};
	uint8_t body[FRAME_BODY_MAX];
	struct peer_slot *p;

	n->ask_due_ms = now_ms + ASK_MS;
	request_of(e, q.request);
	if (same(e->net.bundle.holder, e->pub)) {
		(void)join_ask_keyd(e, now_ms, e->pub, q.request);
		return;
	}
	q.req = n->req = join_req(e->join);
	if ((p = whom(e, now_ms)) == NULL)
		return;
	memcpy(n->asked, p->conf.key, sizeof(n->asked));
	(void)engine_frame_send(
	    e, p, now_ms, FRAME_JOIN_ASK, body, join_ask_put(body, &q));
}

const char *
join_renew(struct engine *e, uint64_t now_ms)
{
	struct renewal *n;

	if (e->join == NULL || !e->net.on)
		return "this node is not a member of a network";
	if (!e->has_pub)
		return "keyd is away";
	n = &e->join->renewal;
	if (!n->active) {
		crypto_wipe(n, sizeof(*n));
		n->active = true;
		n->end_ms = now_ms + GIVE_UP_MS;
		ask(e, now_ms);
	}
	join_arm(e);
	return NULL;
}

/* Have two thirds of its life passed? */
static bool
is_time(const struct engine *e, uint64_t now_ms)
{
	const struct cert *c = &e->net.own;

	return e->net.on &&
	    engine_unix_s(e, now_ms) >=
	    c->not_after - (c->not_after - c->not_before) / 3;
}

void
renew_tick(struct engine *e, uint64_t now_ms)
{
	struct renewal *n = &e->join->renewal;

	if (n->active && now_ms >= n->end_ms)
		over(e, now_ms, "the node that can sign did not answer");
	else if (n->active && now_ms >= n->ask_due_ms) {
		n->turn++; /* who was asked said nothing, or nothing good */
		ask(e, now_ms);
	}
	if (now_ms < e->join->look_due_ms)
		return;
	e->join->look_due_ms = now_ms + LOOK_MS;
	if (is_time(e, now_ms))
		(void)join_renew(e, now_ms);
}

uint64_t
renew_due(const struct engine *e)
{
	const struct renewal *n = &e->join->renewal;
	uint64_t due = e->join->look_due_ms;

	if (n->active && n->end_ms < due)
		due = n->end_ms;
	if (n->active && n->ask_due_ms < due)
		due = n->ask_due_ms;
	return due;
}
