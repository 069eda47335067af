/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pathset_tick.c */
/*
 * Which place of a peer is used, as time goes by: see pathset.h.
 *
 * Among places of one rank the score decides: the smoothed round trip, four
 * times what it varies by, and half a millisecond for each in a thousand pings
 * that are lost.  Best is pinged every PATH_HEALTH_MS if it has rivals.  One
 * whose score is a fifth and 10 ms better is its rival: both are pinged
 * together, and who wins WINS rounds running is best.  Fresh answers count, or
 * loss does, so that one slow answer changes nothing; and at most one such
 * change is made in PATH_LEAST_MS.
 */
#include "pathset_int.h"

#define DOUBT_AGAIN_MAX_MS 1000
#define TRY_MAX 6 /* PATH_TRY_MS doubles so often */
#define WINS 3
#define LULLS 2
#define ROUND_MS 200
#define LOSS_US 500     /* of a score, a thousandth */
#define LOSS_GAP_PM 250 /* so much more is worse, whatever answers take */
#define LOSS_PINGS 32   /* ... if both are known by so many */

/* ---- how long ---- */

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

/* Before one of a higher rank than best is used: pongs, and their distance. */
static unsigned
proofs_needed(const struct path *p)
{
	return p->fails == 0 ? PATH_QUICK : PATH_PROOFS;
}

/* What failed is held down, but not for ever if it answers all the time. */
static bool
is_held(const struct pathset *s, const struct path *p, uint64_t now_ms)
{
	return now_ms < p->held_ms &&
	    (p->fails == 0 || p->proofs < PATH_SURE || now_ms < s->forced_ms);
}

/* Is it to be asked soon, so that it can be used? */
static bool
lacks_proofs(const struct pathset *s, const struct path *p, uint64_t now_ms)
{
	return p->proofs < proofs_needed(p) ||
	    (p->fails != 0 && is_held(s, p, now_ms) && p->proofs < PATH_SURE);
}

static uint64_t
proof_ms(const struct path *p)
{
	return p->fails == 0 ? at_least(trip_ms(p), PATH_QUICK_MS)
			     : at_least(2 * trip_ms(p), PATH_BACK_MS);
}

static bool
is_above(const struct pathset *s, unsigned i)
{
	return i != s->best && s->at[i].rank > s->at[s->best].rank;
}

static uint64_t
keep_ms(const struct pathset *s, unsigned i, uint64_t now_ms)
{
	static const uint32_t tries[] = {2000, 5000, 10000};
	const struct path *p = &s->at[i];
	bool works = p->missed == 0 && p->proved_ms != 0;

	if (i == s->best)
		return PATH_HEALTH_MS;
	if (i == s->left)
		return p->missed < 60 ? at_least(2 * trip_ms(p), PATH_BACK_MS)
				      : PATH_TRY_MS;
	if (works && is_above(s, i)) {
		if (lacks_proofs(s, p, now_ms))
			return proof_ms(p);
		if (p->held_ms > now_ms && p->held_ms - now_ms < PATH_KEEP_MS)
			return p->held_ms - now_ms;
	}
	if (works)
		return PATH_KEEP_MS;
	if (is_above(s, i)) {
		unsigned n = p->missed + (p->ping != 0); /* in vain so far */

		return tries[n < 2 ? n : 2];
	}
	return PATH_TRY_MS << (p->missed < TRY_MAX ? p->missed : TRY_MAX);
}

void
pathset_hurry(struct pathset *s, unsigned i, uint64_t now_ms)
{
	struct path *p = &s->at[i];
	uint64_t next = now_ms + proof_ms(p);

	if (path_is_there(s, s->best) && is_above(s, i) &&
	    lacks_proofs(s, p, now_ms) && p->next_ms > next)
		p->next_ms = next;
	next = is_held(s, p, now_ms) ? p->held_ms : now_ms + 1;
	if (is_above(s, i) && p->proofs >= proofs_needed(p) &&
	    p->next_ms > next)
		p->next_ms = next; /* to be used */
}

/* ---- which is better ---- */

static uint64_t
score(const struct path *p)
{
	return p->rtt_us + 4 * (uint64_t)p->var_us +
	    (uint64_t)p->loss_pm * LOSS_US;
}

/* Is a the better of two that work? */
static bool
better(const struct path *a, const struct path *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	return score(a) * 5 / 4 + 10000 < score(b);
}

unsigned
pathset_choose(const struct pathset *s, uint64_t since_ms, uint64_t now_ms)
{
	const struct path *best = NULL;

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		const struct path *p = &s->at[i];

		if (i == s->best || !path_is_there(s, i) ||
		    p->proved_ms < since_ms || !path_is_proved(p, now_ms))
			continue;
		if (best == NULL || p->rank > best->rank ||
		    (p->rank == best->rank && score(p) < score(best)))
			best = p;
	}
	return best == NULL ? PATH_NONE : (unsigned)(best - s->at);
}

/* May it be used without need?  What failed is to have answered just now. */
static bool
is_trusted(const struct pathset *s, const struct path *p, uint64_t now_ms)
{
	return path_is_proved(p, now_ms) && !is_held(s, p, now_ms) &&
	    p->proofs >= proofs_needed(p) &&
	    (p->fails == 0 || now_ms - p->proved_ms < 2 * proof_ms(p));
}

static unsigned
choose_calmly(const struct pathset *s, uint64_t now_ms)
{
	const struct path *best = NULL;

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		const struct path *p = &s->at[i];

		if (i == s->best || !path_is_there(s, i) ||
		    !is_trusted(s, p, now_ms))
			continue;
		if (best == NULL || p->rank > best->rank ||
		    (p->rank == best->rank && score(p) < score(best)))
			best = p;
	}
	return best == NULL ? PATH_NONE : (unsigned)(best - s->at);
}

/* ---- steps ---- */

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
	s->why = (uint8_t)why;
	step(t, PATH_USE, to, why);
}

/* ---- silence ---- */

/* But those whose answer may still be on its way. */
static void
ping_all(struct pathset *s, struct steps *t, uint64_t now_ms)
{
	for (unsigned i = 0; i < PATHS_MAX; i++) {
		const struct path *p = &s->at[i];
		uint64_t wait = p->rtt_us == 0 ? PATH_WAIT_MS : trip_ms(p);

		if (path_is_there(s, i) &&
		    (p->ping == 0 || now_ms - p->ping_ms >= wait))
			step(t, PATH_PING, i, PATH_FAILED);
	}
}

static void
doubt_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	unsigned to = pathset_choose(s, s->doubt_ms, now_ms);

	/* copies go to one that has answered since, until it is sure */
	if (to != PATH_NONE &&
	    (s->spare == PATH_NONE || s->at[s->spare].proved_ms < s->doubt_ms))
		s->spare = (uint8_t)to;
	if (to != PATH_NONE && now_ms - s->doubt_ms >= doubt_ms(s)) {
		pathset_fail(s, now_ms);
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

	if (s->silent_ms == 0 || !path_is_there(s, s->best))
		return;
	if (now_ms - s->used_ms >= PATH_QUIET_MS) {
		pathset_calm(s);
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
		s->spare = (uint8_t)pathset_choose(s, 0, now_ms);
		ping_all(s, t, now_ms);
	} else if (s->state == PATHSET_DOUBT) {
		doubt_tick(s, now_ms, t);
	}
}

/* When the one who sent steadily is asked why it stopped. */
static uint64_t
lull_due(const struct pathset *s)
{
	if (!pathset_is_steady(s) || s->lulls == LULLS ||
	    !path_is_there(s, s->best))
		return UINT64_MAX;
	return s->at[s->best].heard_ms +
	    PATH_LULL_MS * (s->lulls + UINT64_C(1));
}

static void
lull_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	if (now_ms < lull_due(s))
		return;
	s->lulls++;
	if (s->state == PATHSET_CALM) /* else it is asked anyway */
		step(t, PATH_KEEP, s->best, PATH_FAILED);
}

/* ---- upkeep ---- */

static bool
in_use(const struct pathset *s, uint64_t now_ms)
{
	return s->used_ms != 0 && now_ms - s->used_ms < PATH_USED_MS;
}

static bool
has_rivals(const struct pathset *s, uint64_t now_ms)
{
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (i != s->best && path_is_there(s, i) &&
		    s->at[i].rank == s->at[s->best].rank &&
		    path_is_proved(&s->at[i], now_ms))
			return true;
	return false;
}

/* How best fares matters while there is something to carry, and another way. */
static bool
best_is_asked(const struct pathset *s, uint64_t now_ms)
{
	return now_ms < s->used_ms + PATH_QUIET_MS && has_rivals(s, now_ms);
}

static void
keep_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	bool asks = best_is_asked(s, now_ms);

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		if (!path_is_there(s, i) || now_ms < s->at[i].next_ms)
			continue;
		if (i != s->best || asks)
			step(t, PATH_PING, i, PATH_FAILED);
		s->at[i].next_ms = now_ms + keep_ms(s, i, now_ms);
	}
}

/* ---- changes that nothing forces ---- */

/* The round is over: who was better in it? */
static bool
wins_round(const struct path *rival, const struct path *best)
{
	if (rival->ping != 0 || !better(rival, best))
		return false;
	if (best->loss_pm >= rival->loss_pm + LOSS_GAP_PM &&
	    rival->judged >= LOSS_PINGS && best->judged >= LOSS_PINGS)
		return true;
	return best->ping == 0 &&
	    rival->last_us + (uint64_t)10000 < best->last_us;
}

static void
new_round(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	uint64_t ms = at_least(trip_ms(&s->at[s->rival]), ROUND_MS);

	step(t, PATH_PING, s->rival, PATH_BETTER);
	step(t, PATH_PING, s->best, PATH_BETTER);
	s->rival_ms = now_ms + at_least(ms, trip_ms(&s->at[s->best]));
}

static void
rival_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	unsigned to = s->rival;

	if (to != PATH_NONE && now_ms < s->rival_ms)
		return;
	if (to != PATH_NONE) {
		if (!path_is_proved(&s->at[to], now_ms) ||
		    !wins_round(&s->at[to], &s->at[s->best]))
			s->rival = PATH_NONE;
		else if (++s->wins >= WINS)
			decide(s, t, to, PATH_BETTER, now_ms);
		else
			new_round(s, now_ms, t);
		return;
	}
	if (s->changed_ms != 0 && now_ms - s->changed_ms < PATH_LEAST_MS)
		return;
	to = pathset_choose(s, 0, now_ms);
	if (to == PATH_NONE || s->at[s->best].rtt_us == 0 ||
	    now_ms < s->at[to].held_ms ||
	    s->at[to].rank != s->at[s->best].rank ||
	    !better(&s->at[to], &s->at[s->best]))
		return;
	s->rival = (uint8_t)to;
	s->wins = 0;
	new_round(s, now_ms, t);
}

/* Nothing forces it, but there is a better one. */
static void
better_tick(struct pathset *s, uint64_t now_ms, struct steps *t)
{
	unsigned to = choose_calmly(s, now_ms);
	const struct path *best = &s->at[s->best];

	if (to != PATH_NONE && s->at[to].rank > best->rank) {
		decide(
		    s, t, to, to == s->left ? PATH_BACK : PATH_UPGRADE, now_ms);
		return;
	}
	to = s->left;
	if (to != PATH_NONE && is_trusted(s, &s->at[to], now_ms) &&
	    !better(best, &s->at[to])) {
		decide(s, t, to, PATH_BACK, now_ms);
		return;
	}
	rival_tick(s, now_ms, t);
}

unsigned
pathset_tick(
    struct pathset *s, uint64_t now_ms, struct path_step out[PATH_STEPS])
{
	struct steps t = {.out = out};

	silence_tick(s, now_ms, &t);
	lull_tick(s, now_ms, &t);
	if (s->state == PATHSET_CALM && in_use(s, now_ms) &&
	    path_is_there(s, s->best)) {
		keep_tick(s, now_ms, &t);
		better_tick(s, now_ms, &t);
	}
	return t.n;
}

static uint64_t
silence_due(const struct pathset *s)
{
	if (s->silent_ms == 0 || !path_is_there(s, s->best))
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
	uint64_t due = silence_due(s), end = s->used_ms + PATH_USED_MS;

	if (lull_due(s) < due)
		due = lull_due(s);
	if (s->used_ms == 0 || s->state != PATHSET_CALM)
		return due;
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (path_is_there(s, i) && s->at[i].next_ms < end &&
		    s->at[i].next_ms < due &&
		    (i != s->best || best_is_asked(s, s->at[i].next_ms)))
			due = s->at[i].next_ms;
	if (s->rival != PATH_NONE && s->rival_ms < due && s->rival_ms < end)
		due = s->rival_ms;
	return due;
}
