/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pathset.c */
/*
 * Which place of a peer is used: see pathset.h.  A place is known by endpoint
 * and local socket together; what is the same endpoint by another socket is
 * another path.
 */
#include <string.h>

#include "pathset_int.h"

#define LOSS_PART 32 /* a new ping's part of the loss */
#define OUTAGE 3     /* more pings lost in a row are no loss */

void
pathset_init(struct pathset *s, bool leads)
{
	*s = (struct pathset){.best = PATH_NONE,
	    .spare = PATH_NONE,
	    .left = PATH_NONE,
	    .rival = PATH_NONE,
	    .why = PATH_FOLLOWED,
	    .leads = leads};
}

unsigned
pathset_find(const struct pathset *s, const struct endpoint *ep, uint16_t sock)
{
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (path_is_there(s, i) && s->at[i].sock == sock &&
		    endpoint_eq(&s->at[i].ep, ep))
			return i;
	return PATH_NONE;
}

bool
pathset_is_proved(const struct pathset *s, const struct endpoint *ep,
    uint16_t sock, uint64_t now_ms)
{
	unsigned i = pathset_find(s, ep, sock);

	return i != PATH_NONE && path_is_proved(&s->at[i], now_ms);
}

/* Free, or the one that is known worst and not in use. */
static unsigned
room(const struct pathset *s)
{
	unsigned worst = PATH_NONE;

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		if (!path_is_there(s, i))
			return i;
		if (i == s->best || i == s->spare || i == s->left ||
		    s->at[i].missed < (s->at[i].proved_ms != 0 ? OUTAGE : 1))
			continue;
		if (worst == PATH_NONE || s->at[i].missed > s->at[worst].missed)
			worst = i;
	}
	return worst;
}

unsigned
pathset_add(struct pathset *s, const struct endpoint *ep, uint16_t sock,
    uint8_t rank, uint64_t now_ms)
{
	unsigned i = pathset_find(s, ep, sock);

	if (i == PATH_NONE) {
		if ((i = room(s)) == PATH_NONE)
			return PATH_NONE;
		s->at[i] =
		    (struct path){.ep = *ep, .sock = sock, .next_ms = now_ms};
	}
	s->at[i].rank = rank;
	return i;
}

/* What we decided is not undone because the peer has not followed yet. */
static bool
stands(const struct pathset *s, uint64_t now_ms)
{
	return s->decided_ms != 0 &&
	    now_ms - s->decided_ms < (s->leads ? PATH_LEAD_MS : PATH_STAND_MS) +
		2 * trip_ms(&s->at[s->best]);
}

/* ---- which is used ---- */

void
pathset_calm(struct pathset *s)
{
	s->state = PATHSET_CALM;
	s->silent_ms = 0;
	s->spare = PATH_NONE;
}

/* Where something is heard from has to be in the set, whoever makes way. */
unsigned
pathset_put(struct pathset *s, const struct endpoint *ep, uint16_t sock,
    uint64_t now_ms)
{
	unsigned i = pathset_add(s, ep, sock, 0, now_ms), old = PATH_NONE;

	if (i != PATH_NONE)
		return i;
	for (i = 0; i < PATHS_MAX; i++)
		if (i != s->best &&
		    (old == PATH_NONE ||
			s->at[i].proved_ms < s->at[old].proved_ms))
			old = i;
	if (s->spare == old)
		s->spare = PATH_NONE;
	if (s->left == old)
		s->left = PATH_NONE;
	if (s->rival == old)
		s->rival = PATH_NONE;
	s->at[old] = (struct path){.ep = *ep, .sock = sock, .next_ms = now_ms};
	return old;
}

/* How long it is held down: twice as long each time, if that was soon. */
static void
hold_down(struct pathset *s, struct path *p, uint64_t now_ms)
{
	uint64_t ms = PATH_HELD_MS;

	if (now_ms - s->changed_ms >= PATH_HELD_MAX_MS)
		p->fails = 0; /* it worked for long */
	for (unsigned i = 0; i < p->fails && ms < PATH_HELD_MAX_MS; i++)
		ms *= 2;
	p->held_ms = now_ms + (ms < PATH_HELD_MAX_MS ? ms : PATH_HELD_MAX_MS);
	if (p->fails < UINT8_MAX)
		p->fails++;
}

void
pathset_fail(struct pathset *s, uint64_t now_ms)
{
	struct path *old = &s->at[s->best];

	hold_down(s, old, now_ms);
	old->proofs = 0;
	old->proved_ms = 0;
	old->next_ms = now_ms + PATH_BACK_MS;
	if (s->left == PATH_NONE)
		s->left = s->best;
	s->failures++;
	s->failed_ms = s->silent_ms;
	s->why = PATH_FAILED;
}

void
pathset_use(struct pathset *s, const struct endpoint *ep, uint16_t sock,
    uint64_t now_ms)
{
	unsigned i = pathset_find(s, ep, sock);

	if (i == s->best && i != PATH_NONE)
		return;
	if (i == PATH_NONE)
		i = pathset_put(s, ep, sock, now_ms);
	/* what is left without need is to be known to work, for later */
	if (path_is_there(s, s->best) && s->left != s->best)
		s->at[s->best].next_ms = now_ms + PATH_QUICK_MS;
	s->best = (uint8_t)i;
	s->steady = s->lulls = 0;
	s->rival = PATH_NONE;
	s->at[i].heard_ms = now_ms;
	if (s->left == i)
		s->left = PATH_NONE;
	s->changed_ms = now_ms;
	pathset_calm(s);
}

void
pathset_drop(struct pathset *s, const struct endpoint *ep, uint16_t sock,
    uint64_t now_ms)
{
	unsigned i = pathset_find(s, ep, sock);

	if (i == PATH_NONE)
		return;
	if (s->spare == i)
		s->spare = PATH_NONE;
	if (s->left == i)
		s->left = PATH_NONE;
	if (s->rival == i)
		s->rival = PATH_NONE;
	if (i != s->best) {
		s->at[i] = (struct path){0};
		return;
	}
	/* it is known to be silent, without waiting for that */
	if (s->state == PATHSET_DOUBT)
		return;
	if (s->silent_ms == 0)
		s->silent_ms = now_ms;
	s->used_ms = now_ms;
	s->state = PATHSET_DOUBT;
	s->doubt_ms = now_ms;
	s->again_ms = now_ms;
	s->at[i].missed = 1;
	s->at[i].proved_ms = 0;
	s->spare = (uint8_t)pathset_choose(s, 0, now_ms);
}

unsigned
pathset_force(struct pathset *s, unsigned i, uint64_t now_ms)
{
	if (i == PATH_NONE)
		i = pathset_choose(s, 0, now_ms);
	if (i == PATH_NONE || i == s->best || !path_is_there(s, i) ||
	    !path_is_proved(&s->at[i], now_ms))
		return PATH_NONE;
	/* nothing takes it back at once */
	for (unsigned k = 0; k < PATHS_MAX; k++)
		if (k == s->best || s->at[k].rank > s->at[i].rank)
			s->at[k].held_ms = now_ms + PATH_HELD_MAX_MS;
	s->at[i].held_ms = 0;
	s->forced_ms = now_ms + PATH_HELD_MAX_MS;
	s->decided_ms = now_ms;
	s->left = PATH_NONE;
	s->why = PATH_MANUAL;
	return i;
}

void
pathset_tried(struct pathset *s, unsigned i, uint64_t now_ms)
{
	struct path *p = &s->at[i];

	if (i == s->best || path_is_proved(p, now_ms) || now_ms >= p->next_ms)
		return;
	/* once for each of its pings is enough */
	if (p->ping == 0 || now_ms - p->ping_ms >= PATH_WAIT_MS / 2)
		p->next_ms = now_ms;
}

void
pathset_hint(struct pathset *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		s->at[i].missed = 0;
		s->at[i].proofs = 0;
		s->at[i].proved_ms = 0;
		s->at[i].next_ms = now_ms;
		s->at[i].held_ms = 0;
	}
}

/* ---- what comes ---- */

/*
 * The peer may send by what it likes; that is no reason to leave what is
 * better in our eyes, and works, nor to undo what was done by hand.
 */
static bool
may_follow(const struct pathset *s, const struct path *p, uint64_t now_ms)
{
	uint8_t rank = s->at[s->best].rank;

	return p->rank == rank || (p->rank > rank && now_ms >= s->forced_ms);
}

/* By best. */
static void
note_steady(struct pathset *s, uint64_t last_ms, uint64_t now_ms)
{
	s->lulls = 0;
	if (now_ms - last_ms >= PATH_LULL_MS)
		s->steady = 0;
	if (s->steady < PATH_STEADY)
		s->steady++;
}

enum path_heard
pathset_heard(struct pathset *s, const struct endpoint *ep, uint16_t sock,
    uint64_t now_ms)
{
	unsigned i = pathset_find(s, ep, sock);
	uint64_t last_ms;
	struct path *p;

	if (i == PATH_NONE)
		return PATH_ASK;
	p = &s->at[i];
	last_ms = p->heard_ms;
	p->heard_ms = now_ms;
	if (i == s->best) {
		note_steady(s, last_ms, now_ms);
		pathset_calm(s);
		return PATH_STAY;
	}
	if (!path_is_proved(p, now_ms)) {
		p->called_ms = now_ms;
		return PATH_ASK;
	}
	if (!path_is_there(s, s->best))
		return PATH_FOLLOW;
	if (s->state == PATHSET_DOUBT) {
		pathset_fail(s, now_ms);
		return PATH_FOLLOW;
	}
	if (!may_follow(s, p, now_ms))
		return PATH_STAY;
	/* copies come by both; one that is used alone leaves the other silent
	 */
	if (now_ms - s->at[s->best].heard_ms < PATH_ASK_MS || stands(s, now_ms))
		return PATH_STAY;
	s->why = PATH_FOLLOWED;
	return PATH_FOLLOW;
}

bool
pathset_called(struct pathset *s, unsigned i, uint64_t now_ms)
{
	uint64_t called = s->at[i].called_ms;

	s->at[i].called_ms = 0;
	if (called == 0 || !path_is_there(s, s->best) ||
	    called <= s->at[s->best].heard_ms || stands(s, now_ms))
		return false;
	if (s->state != PATHSET_DOUBT && !may_follow(s, &s->at[i], now_ms))
		return false;
	s->why = s->state == PATHSET_DOUBT ? PATH_FAILED : PATH_FOLLOWED;
	return true;
}

void
pathset_pinged(struct pathset *s, unsigned i, uint64_t id, uint64_t now_ms)
{
	struct path *p = &s->at[i];

	if (p->judged < UINT8_MAX)
		p->judged++;
	if (p->ping != 0) {
		p->proofs = 0;
		p->last_us = UINT32_MAX;
		p->loss_pm =
		    (uint16_t)(p->loss_pm + (1000 - p->loss_pm) / LOSS_PART);
		if (p->missed < UINT8_MAX)
			p->missed++;
	}
	p->ping = id;
	p->ping_ms = now_ms;
}

static void
measure(struct path *p, uint32_t us)
{
	uint32_t off;

	p->last_us = us;
	p->loss_pm = (uint16_t)(p->loss_pm - p->loss_pm / LOSS_PART);
	if (p->rtt_us == 0) {
		p->rtt_us = us == 0 ? 1 : us;
		p->var_us = us / 2;
		return;
	}
	/* RFC 6298, 2.3 */
	off = us > p->rtt_us ? us - p->rtt_us : p->rtt_us - us;
	p->var_us = (uint32_t)((3 * (uint64_t)p->var_us + off) / 4);
	p->rtt_us = (uint32_t)((7 * (uint64_t)p->rtt_us + us) / 8);
	if (p->rtt_us == 0)
		p->rtt_us = 1;
}

void
pathset_proved(struct pathset *s, unsigned i, uint64_t now_ms)
{
	struct path *p = &s->at[i];

	/* it was gone and is back: what was lost then says nothing */
	if (p->missed >= OUTAGE)
		p->loss_pm = p->judged = 0;
	p->missed = 0;
	if (p->proofs < UINT8_MAX)
		p->proofs++;
	p->proved_ms = now_ms;
	p->heard_ms = now_ms;
	if (i == s->best) {
		pathset_calm(s);
		if (s->lulls > 0)
			s->steady = s->lulls = 0; /* nobody has forgotten us */
	} else
		pathset_hurry(s, i, now_ms);
}

unsigned
pathset_pong(struct pathset *s, uint64_t id, const struct endpoint *ep,
    uint64_t now_ms, uint32_t *rtt_us)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		struct path *p = &s->at[i];

		if (id == 0 || !path_is_there(s, i) || p->ping != id ||
		    !endpoint_eq(&p->ep, ep))
			continue;
		*rtt_us = (uint32_t)(now_ms - p->ping_ms) * 1000;
		measure(p, *rtt_us);
		p->ping = 0;
		pathset_proved(s, i, now_ms);
		return i;
	}
	return PATH_NONE;
}
