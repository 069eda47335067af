/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pathset.c */
/*
 * Which place of a peer is used: see pathset.h.  A place is known by endpoint
 * and local socket together; what is the same endpoint by another socket is
 * another path.
 */
#include <string.h>

#include "pathset.h"

#define DOUBT_AGAIN_MAX_MS 1000
#define TRY_MAX 6 /* PATH_TRY_MS doubles so often */

void
pathset_init(struct pathset *s, bool leads)
{
	*s = (struct pathset){.best = PATH_NONE,
	    .spare = PATH_NONE,
	    .left = PATH_NONE,
	    .leads = leads};
}

static bool
is_there(const struct pathset *s, unsigned i)
{
	return i < PATHS_MAX && s->at[i].ep.addr.family != 0;
}

static bool
is_proved(const struct path *p, uint64_t now_ms)
{
	return p->proved_ms != 0 && now_ms - p->proved_ms < PATH_FRESH_MS &&
	    p->missed == 0;
}

unsigned
pathset_find(const struct pathset *s, const struct endpoint *ep, uint16_t sock)
{
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (is_there(s, i) && s->at[i].sock == sock &&
		    endpoint_eq(&s->at[i].ep, ep))
			return i;
	return PATH_NONE;
}

/* Free, or the one that is known worst and not in use. */
static unsigned
room(const struct pathset *s)
{
	unsigned worst = PATH_NONE;

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		if (!is_there(s, i))
			return i;
		if (i == s->best || i == s->spare || i == s->left ||
		    s->at[i].proved_ms != 0)
			continue;
		if (worst == PATH_NONE || s->at[i].missed > s->at[worst].missed)
			worst = i;
	}
	return worst != PATH_NONE && s->at[worst].missed > 0 ? worst
							     : PATH_NONE;
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

/* ---- how long ---- */

static uint64_t
at_least(uint64_t ms, uint64_t least)
{
	return ms > least ? ms : least;
}

/* A message and its answer take so long, with some room. */
static uint64_t
trip_ms(const struct path *p)
{
	return (p->rtt_us + 4 * (uint64_t)p->var_us) / 1000 + 10;
}

static uint64_t
ask_ms(const struct pathset *s)
{
	return at_least(
	    s->at[s->best].rtt_us * UINT64_C(3) / 2000, PATH_ASK_MS);
}

static uint64_t
doubt_ms(const struct pathset *s)
{
	const struct path *p = &s->at[s->best];
	uint64_t ms = at_least(p->rtt_us * UINT64_C(3) / 1000, PATH_DOUBT_MS);

	/* the ping of ask_ms must have had its time */
	return at_least(ms, ask_ms(s) + at_least(trip_ms(p), 30));
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

static void
calm(struct pathset *s)
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
	s->at[old] = (struct path){.ep = *ep, .sock = sock, .next_ms = now_ms};
	return old;
}

static unsigned choose(
    const struct pathset *, uint64_t since_ms, uint64_t now_ms);

/* Best is left because it failed. */
static void
fail(struct pathset *s, uint64_t now_ms)
{
	struct path *old = &s->at[s->best];

	old->proofs = 0;
	old->proved_ms = 0;
	old->next_ms = now_ms + PATH_BACK_MS;
	if (s->left == PATH_NONE)
		s->left = s->best;
	s->failures++;
	s->failed_ms = s->silent_ms;
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
	if (is_there(s, s->best) && s->left != s->best)
		s->at[s->best].next_ms = now_ms + PATH_KEEP_MS;
	s->best = (uint8_t)i;
	s->at[i].heard_ms = now_ms;
	if (s->left == i)
		s->left = PATH_NONE;
	s->changed_ms = now_ms;
	calm(s);
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
	s->spare = (uint8_t)choose(s, 0, now_ms);
}

void
pathset_hint(struct pathset *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		s->at[i].missed = 0;
		s->at[i].proofs = 0;
		s->at[i].proved_ms = 0;
		s->at[i].next_ms = now_ms;
	}
}

/* ---- what comes ---- */

enum path_heard
pathset_heard(struct pathset *s, const struct endpoint *ep, uint16_t sock,
    uint64_t now_ms)
{
	unsigned i = pathset_find(s, ep, sock);
	struct path *p;

	if (i == PATH_NONE)
		return PATH_ASK;
	p = &s->at[i];
	p->heard_ms = now_ms;
	if (i == s->best) {
		calm(s);
		return PATH_STAY;
	}
	if (!is_proved(p, now_ms)) {
		p->called_ms = now_ms;
		return PATH_ASK;
	}
	if (!is_there(s, s->best))
		return PATH_FOLLOW;
	if (s->state == PATHSET_DOUBT) {
		fail(s, now_ms);
		return PATH_FOLLOW;
	}
	/* copies come by both; one that is used alone leaves the other silent
	 */
	if (now_ms - s->at[s->best].heard_ms < PATH_ASK_MS || stands(s, now_ms))
		return PATH_STAY;
	return PATH_FOLLOW;
}

bool
pathset_called(struct pathset *s, unsigned i, uint64_t now_ms)
{
	uint64_t called = s->at[i].called_ms;

	s->at[i].called_ms = 0;
	return called != 0 && is_there(s, s->best) &&
	    called > s->at[s->best].heard_ms && !stands(s, now_ms);
}

void
pathset_pinged(struct pathset *s, unsigned i, uint64_t id, uint64_t now_ms)
{
	struct path *p = &s->at[i];

	if (p->ping != 0) {
		p->proofs = 0;
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

unsigned
pathset_pong(struct pathset *s, uint64_t id, const struct endpoint *ep,
    uint64_t now_ms, uint32_t *rtt_us)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		struct path *p = &s->at[i];

		if (id == 0 || !is_there(s, i) || p->ping != id ||
		    !endpoint_eq(&p->ep, ep))
			continue;
		*rtt_us = (uint32_t)(now_ms - p->ping_ms) * 1000;
		measure(p, *rtt_us);
		p->ping = 0;
		p->missed = 0;
		if (p->proofs < UINT8_MAX)
			p->proofs++;
		p->proved_ms = now_ms;
		p->heard_ms = now_ms;
		if (i == s->best)
			calm(s);
		return i;
	}
	return PATH_NONE;
}

/* ---- time ---- */

/* Is a the better of two that work? */
static bool
better(const struct path *a, const struct path *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return (uint64_t)a->rtt_us * 5 / 4 + 10000 < b->rtt_us;
}

/* The best of those that are proved since then, without the one in use. */
static unsigned
choose(const struct pathset *s, uint64_t since_ms, uint64_t now_ms)
{
	const struct path *best = NULL;

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		const struct path *p = &s->at[i];

		if (i == s->best || !is_there(s, i) ||
		    p->proved_ms < since_ms || !is_proved(p, now_ms))
			continue;
		if (best == NULL || p->rank > best->rank ||
		    (p->rank == best->rank && p->rtt_us < best->rtt_us))
			best = p;
	}
	return best == NULL ? PATH_NONE : (unsigned)(best - s->at);
}

struct steps {
	struct path_step *out;
	unsigned n;
};

static void
step(struct steps *t, enum path_act act, unsigned place, enum path_why why)
{
	if (t->n < PATH_STEPS)
		t->out[t->n++] = (struct path_step){
		    .act = act, .place = (uint8_t)place, .why = why};
}

static void
decide(struct pathset *s, struct steps *t, unsigned to, enum path_why why,
    uint64_t now_ms)
{
	s->decided_ms = now_ms;
	step(t, PATH_USE, to, why);
}

/* But those whose answer may still be on its way. */
static void
ping_all(struct pathset *s, struct steps *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		const struct path *p = &s->at[i];
		uint64_t wait = p->rtt_us == 0 ? PATH_WAIT_MS : trip_ms(p);

		if (is_there(s, i) &&
		    (p->ping == 0 || now_ms - p->ping_ms >= wait))
			step(t, PATH_PING, i, PATH_FAILED);
	}
}

static void
doubt_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	unsigned to = choose(s, s->doubt_ms, now_ms);

	if (to != PATH_NONE && s->spare == PATH_NONE)
		s->spare = (uint8_t)to; /* copies go there until it is sure */
	if (to != PATH_NONE && now_ms - s->doubt_ms >= doubt_ms(s)) {
		fail(s, now_ms);
		decide(s, t, to, PATH_FAILED, now_ms);
		return;
	}
	if (now_ms < s->again_ms)
		return;
	ping_all(s, t, now_ms);
	s->again_ms = now_ms +
	    (now_ms - s->doubt_ms < DOUBT_AGAIN_MAX_MS ? PATH_ASK_MS
						       : DOUBT_AGAIN_MAX_MS);
}

static void
silence_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	uint64_t silent;

	if (s->silent_ms == 0 || !is_there(s, s->best))
		return;
	if (now_ms - s->used_ms >= PATH_QUIET_MS) {
		calm(s);
		return;
	}
	silent = now_ms - s->silent_ms;
	if (s->state == PATHSET_CALM && silent >= ask_ms(s)) {
		s->state = PATHSET_ASKED;
		step(t, PATH_PING, s->best, PATH_FAILED);
	}
	if (s->state == PATHSET_ASKED && silent >= doubt_ms(s)) {
		s->state = PATHSET_DOUBT;
		s->doubt_ms = now_ms;
		s->again_ms = now_ms + PATH_ASK_MS;
		s->at[s->best].missed = 1;
		s->spare = (uint8_t)choose(s, 0, now_ms);
		ping_all(s, t, now_ms);
	} else if (s->state == PATHSET_DOUBT) {
		doubt_tick(s, now_ms, t);
	}
}

static bool
in_use(const struct pathset *s, uint64_t now_ms)
{
	return s->used_ms != 0 && now_ms - s->used_ms < PATH_USED_MS;
}

static uint64_t
keep_ms(const struct pathset *s, unsigned i)
{
	const struct path *p = &s->at[i];

	if (i == s->left)
		return p->missed < 60 ? at_least(2 * trip_ms(p), PATH_BACK_MS)
				      : PATH_TRY_MS;
	if (p->missed == 0 && p->proved_ms != 0)
		return PATH_KEEP_MS;
	return PATH_TRY_MS << (p->missed < TRY_MAX ? p->missed : TRY_MAX);
}

static void
keep_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		if (i == s->best || !is_there(s, i) ||
		    now_ms < s->at[i].next_ms)
			continue;
		step(t, PATH_PING, i, PATH_FAILED);
		s->at[i].next_ms = now_ms + keep_ms(s, i);
	}
}

/* Nothing forces it, but there is a better one. */
static void
better_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	unsigned to = s->left;
	const struct path *best = &s->at[s->best];

	if (to != PATH_NONE && s->at[to].proofs >= PATH_PROOFS &&
	    !better(best, &s->at[to])) {
		decide(s, t, to, PATH_BACK, now_ms);
		return;
	}
	to = choose(s, 0, now_ms);
	if (to == PATH_NONE || s->at[to].proofs < PATH_PROOFS ||
	    best->rtt_us == 0 || !better(&s->at[to], best) ||
	    (s->changed_ms != 0 && now_ms - s->changed_ms < PATH_LEAST_MS))
		return;
	decide(s, t, to, PATH_BETTER, now_ms);
}

unsigned
pathset_tick(
    struct pathset *s, uint64_t now_ms, struct path_step out[PATH_STEPS])
{
	struct steps t = {.out = out};

	silence_tick(s, now_ms, &t);
	if (s->state == PATHSET_CALM && in_use(s, now_ms) &&
	    is_there(s, s->best)) {
		keep_tick(s, now_ms, &t);
		better_tick(s, now_ms, &t);
	}
	return t.n;
}

static uint64_t
silence_due(const struct pathset *s)
{
	if (s->silent_ms == 0 || !is_there(s, s->best))
		return UINT64_MAX;
	switch (s->state) {
	case PATHSET_CALM:
		return s->silent_ms + ask_ms(s);
	case PATHSET_ASKED:
		return s->silent_ms + doubt_ms(s);
	default:
		return s->again_ms;
	}
}

uint64_t
pathset_due(const struct pathset *s)
{
	uint64_t due = silence_due(s);

	if (s->used_ms == 0 || s->state != PATHSET_CALM)
		return due;
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (i != s->best && is_there(s, i) &&
		    s->at[i].next_ms < s->used_ms + PATH_USED_MS &&
		    s->at[i].next_ms < due)
			due = s->at[i].next_ms;
	return due;
}
