/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/pool.c */
/*
 * The states of streams and what becomes of them in time: see pool.h.
 *
 * A stream is judged by comparison.  One that is silent while another is heard
 * has a bad path and is replaced; if all are silent the peer is gone, which is
 * for the session of stream 0 to find out.
 */
#include "pool.h"

#include <stddef.h>

struct step {
	bool legal;
	enum stream_state next;
	enum stream_action act;
};

/* The whole machine.  What is not listed is illegal, counted and ignored. */
/* clang-format off */
static const struct step steps[STREAM_NSTATES][SEV_NEVENTS] = {
	[STREAM_FREE][SEV_OPEN]      = { true, STREAM_ASKED,  SACT_ASK },
	[STREAM_FREE][SEV_TAKEN]     = { true, STREAM_DIAL,   SACT_AWAIT },
	[STREAM_ASKED][SEV_ACCEPTED] = { true, STREAM_DIAL,   SACT_DIAL },
	[STREAM_ASKED][SEV_CLOSE]    = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_ASKED][SEV_LOST]     = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_ASKED][SEV_OVER]     = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_DIAL][SEV_ACCEPTED]  = { true, STREAM_DIAL,   SACT_NONE },
	[STREAM_DIAL][SEV_UP]        = { true, STREAM_LIVE,   SACT_PLACE },
	[STREAM_DIAL][SEV_CLOSE]     = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_DIAL][SEV_LOST]      = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_DIAL][SEV_OVER]      = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_LIVE][SEV_ACCEPTED]  = { true, STREAM_LIVE,   SACT_NONE },
	[STREAM_LIVE][SEV_UP]        = { true, STREAM_LIVE,   SACT_NONE },
	[STREAM_LIVE][SEV_CLOSE]     = { true, STREAM_MOVING, SACT_FENCE },
	[STREAM_LIVE][SEV_LOST]      = { true, STREAM_MOVING, SACT_FENCE },
	[STREAM_LIVE][SEV_SICK]      = { true, STREAM_FALTER, SACT_STALL },
	[STREAM_LIVE][SEV_OVER]      = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_MOVING][SEV_UP]      = { true, STREAM_MOVING, SACT_NONE },
	[STREAM_MOVING][SEV_CLOSE]   = { true, STREAM_MOVING, SACT_NONE },
	[STREAM_MOVING][SEV_LOST]    = { true, STREAM_MOVING, SACT_NONE },
	[STREAM_MOVING][SEV_FENCED]  = { true, STREAM_LINGER, SACT_MOVE },
	[STREAM_MOVING][SEV_OVER]    = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_LINGER][SEV_UP]      = { true, STREAM_LINGER, SACT_NONE },
	[STREAM_LINGER][SEV_CLOSE]   = { true, STREAM_LINGER, SACT_NONE },
	[STREAM_LINGER][SEV_LOST]    = { true, STREAM_LINGER, SACT_NONE },
	[STREAM_LINGER][SEV_OVER]    = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_LIVE][SEV_SPREAD]    = { true, STREAM_SPREAD, SACT_STALL },
	[STREAM_SPREAD][SEV_FENCED]  = { true, STREAM_LIVE,   SACT_MOVE },
	[STREAM_SPREAD][SEV_CANCEL]  = { true, STREAM_LIVE,   SACT_MOVE },
	[STREAM_SPREAD][SEV_ACCEPTED] = { true, STREAM_SPREAD, SACT_NONE },
	[STREAM_SPREAD][SEV_UP]      = { true, STREAM_SPREAD, SACT_NONE },
	[STREAM_SPREAD][SEV_CLOSE]   = { true, STREAM_MOVING, SACT_FENCE },
	[STREAM_SPREAD][SEV_LOST]    = { true, STREAM_MOVING, SACT_FENCE },
	[STREAM_SPREAD][SEV_SICK]    = { true, STREAM_FALTER, SACT_STALL },
	[STREAM_SPREAD][SEV_OVER]    = { true, STREAM_FREE,   SACT_DROP },
	[STREAM_FALTER][SEV_FENCED]  = { true, STREAM_SICK,   SACT_MOVE },
	[STREAM_FALTER][SEV_UP]      = { true, STREAM_FALTER, SACT_NONE },
	[STREAM_SICK][SEV_UP]        = { true, STREAM_LIVE,   SACT_PLACE },
};
/* clang-format on */

const char *
stream_state_name(enum stream_state s)
{
	static const char *const names[STREAM_NSTATES] = {"free", "asked",
	    "handshake", "live", "moving", "lingers", "spreads", "falters",
	    "sick"};

	return s < STREAM_NSTATES ? names[s] : "?";
}

void
pool_init(struct pool *p, const struct pool_limits *lim, uint64_t now_ms)
{
	*p = (struct pool){.lim = *lim,
	    .its_max = POOL_MAX,
	    .live = 1,
	    .next = 1,
	    .cleanup_due_ms = now_ms + lim->cleanup_ms};
	p->s[0] = (struct pool_stream){.state = STREAM_LIVE,
	    .state_ms = now_ms,
	    .born_ms = now_ms,
	    .used_ms = now_ms,
	    .heard_ms = now_ms};
}

void
pool_limit(struct pool *p, const struct pool_limits *lim)
{
	p->lim = *lim;
	p->open_due_ms = 0;
	p->again_ms = 0;
}

static void
count_live(struct pool *p)
{
	p->live = 0;
	for (unsigned i = 0; i < POOL_MAX; i++)
		if (p->s[i].state == STREAM_LIVE)
			p->live++;
}

/* An opening came to nothing: not again for a while. */
static void
back_off(struct pool *p, uint64_t now_ms)
{
	p->again_ms = p->again_ms == 0 ? POOL_AGAIN_MS : p->again_ms * 2;
	if (p->again_ms > POOL_AGAIN_MAX_MS)
		p->again_ms = POOL_AGAIN_MAX_MS;
	p->open_due_ms = now_ms + p->again_ms;
	if (p->replace > 0)
		p->replace--;
}

/*
 * Everything of these flows has arrived: they may choose, as if they were idle.
 * Whoever is next is looked for again, when it is known what came of it.
 */
static void
spread_over(struct pool *p, struct pool_stream *s, uint64_t now_ms)
{
	s->epoch++;
	if (p->spread_bits == 0)
		s->rate = s->octets = s->placed = 0;
	if (++p->spread_part < UINT32_C(1) << p->spread_bits)
		p->spread_due_ms = now_ms + 2 * POOL_SPREAD_MS;
}

/* Too many at once: half of them, soon. */
static void
spread_less(struct pool *p, uint64_t now_ms)
{
	p->spread_part = 0;
	if (p->spread_bits++ < POOL_SPREAD_BITS)
		p->spread_due_ms = now_ms + POOL_SPREAD_MS;
}

static void
entered(struct pool *p, struct pool_stream *s, uint64_t now_ms,
    enum stream_state was)
{
	s->state_ms = now_ms;
	if (s->state == STREAM_LIVE && was != STREAM_SPREAD) {
		p->spread_bits = 0;
		p->spread_part = 0;
		p->spread_due_ms = now_ms + POOL_SPREAD_MS;
		s->silent_ms = s->asked_ms = 0;
		s->heard_ms = s->used_ms = now_ms;
		s->slow = s->lossy = 0;
		if (s->mine) {
			p->again_ms = 0;
			p->replace = 0;
		}
	}
	if (s->state == STREAM_FREE) {
		if (s->mine && (was == STREAM_ASKED || was == STREAM_DIAL))
			back_off(p, now_ms);
		*s = (struct pool_stream){0};
	}
	count_live(p);
}

/* Stream 0 falters; it is never opened, closed or lost.  The others are. */
static bool
is_for(unsigned place, enum stream_event ev)
{
	if (place != 0)
		return ev != SEV_SICK;
	return ev == SEV_SICK || ev == SEV_SPREAD || ev == SEV_CANCEL ||
	    ev == SEV_FENCED || ev == SEV_UP;
}

enum stream_action
pool_event(
    struct pool *p, unsigned place, uint64_t now_ms, enum stream_event ev)
{
	struct pool_stream *s = &p->s[place];
	const struct step *t = &steps[s->state][ev];
	enum stream_state was = s->state;

	if (!t->legal || !is_for(place, ev)) {
		p->illegal++;
		return SACT_NONE;
	}
	if (ev == SEV_OPEN) {
		*s = (struct pool_stream){
		    .mine = true, .id = (uint16_t)place, .born_ms = now_ms};
		p->next = (uint8_t)(place % (POOL_MAX - 1) + 1);
	}
	if (ev == SEV_LOST && was == STREAM_LIVE && s->mine)
		p->replace = POOL_REPLACE_TRIES;
	s->state = t->next;
	if (s->state != was)
		entered(p, s, now_ms, was);
	if (was == STREAM_SPREAD && ev == SEV_FENCED)
		spread_over(p, s, now_ms);
	else if (ev == SEV_CANCEL)
		spread_less(p, now_ms);
	return t->act;
}

unsigned
pool_find(const struct pool *p, bool mine, uint16_t id)
{
	for (unsigned i = 1; i < POOL_MAX; i++)
		if (p->s[i].state != STREAM_FREE && p->s[i].mine == mine &&
		    p->s[i].id == id)
			return i;
	return 0;
}

/* Streams that carry flows or are going to. */
static unsigned
standing(const struct pool *p)
{
	unsigned n = 1;

	for (unsigned i = 1; i < POOL_MAX; i++)
		n += p->s[i].state != STREAM_FREE &&
		    p->s[i].state != STREAM_MOVING &&
		    p->s[i].state != STREAM_LINGER;
	return n;
}

unsigned
pool_beside(const struct pool *p)
{
	unsigned n = 0;

	for (unsigned i = 1; i < POOL_MAX; i++)
		n += p->s[i].state != STREAM_FREE;
	return n;
}

/* From `next` on, so that what just failed is not tried again at once. */
static unsigned
free_place(const struct pool *p)
{
	for (unsigned k = 0; k < POOL_MAX - 1; k++) {
		unsigned i = (p->next - 1 + k) % (POOL_MAX - 1) + 1;

		if (p->s[i].state == STREAM_FREE)
			return i;
	}
	return 0;
}

unsigned
pool_take(struct pool *p, uint64_t now_ms, uint16_t id)
{
	unsigned place = 0;

	if (standing(p) >= p->lim.max)
		return 0;
	/* from the far end: ours take their places, and sockets, in order */
	for (unsigned i = POOL_MAX - 1; i > 0 && place == 0; i--)
		if (p->s[i].state == STREAM_FREE)
			place = i;
	if (place == 0)
		return 0;
	p->s[place] = (struct pool_stream){.id = id, .born_ms = now_ms};
	(void)pool_event(p, place, now_ms, SEV_TAKEN);
	return place;
}

/* ---- time ---- */

struct todo {
	struct pool_step *out;
	unsigned n;
};

static void
put(struct todo *t, enum pool_do what, unsigned place, enum stream_event ev)
{
	if (t->n < POOL_STEPS)
		t->out[t->n++] = (struct pool_step){
		    .what = what, .place = (uint8_t)place, .ev = ev};
}

static void
roll(struct pool_stream *s)
{
	s->rate = s->rate - s->rate / 8 + s->octets / 8;
	s->octets = 0;
	s->placed /= 2;
	s->slow = s->delay_us > POOL_SLOW_US
	    ? (uint8_t)(s->slow + (s->slow < 255))
	    : 0;
	s->delay_us = 0;
}

static uint64_t
since(uint64_t at_ms, uint64_t now_ms)
{
	return at_ms == 0 ? 0 : now_ms - at_ms;
}

/*
 * Sending without hearing anything; or hearing the peer, but no pong: then
 * only our way there is bad.
 */
static uint64_t
silent_for(const struct pool_stream *s, uint64_t now_ms)
{
	uint64_t data = since(s->silent_ms, now_ms);
	uint64_t pong = since(s->asked_ms, now_ms);

	return data > pong ? data : pong;
}

/* Another one was heard while this one was silent. */
static bool
others_speak(const struct pool *p, unsigned place, uint64_t now_ms)
{
	for (unsigned i = 0; i < POOL_MAX; i++)
		if (i != place && p->s[i].state == STREAM_LIVE &&
		    now_ms - p->s[i].heard_ms < POOL_DEAD_MS / 2)
			return true;
	return false;
}

static bool
others_lose_less(const struct pool *p, unsigned place)
{
	for (unsigned i = 0; i < POOL_MAX; i++)
		if (i != place && p->s[i].state == STREAM_LIVE &&
		    p->s[i].loss_pm < p->s[place].loss_pm / 2)
			return true;
	return false;
}

static bool
is_bad(const struct pool *p, unsigned place, uint64_t now_ms)
{
	const struct pool_stream *s = &p->s[place];

	if (silent_for(s, now_ms) >= POOL_DEAD_MS &&
	    others_speak(p, place, now_ms))
		return true;
	return s->lossy >= POOL_LOSSY_N && others_lose_less(p, place);
}

/* Somebody is suspected: all are asked, to tell a path from the peer. */
static bool
any_silent(const struct pool *p, uint64_t now_ms)
{
	for (unsigned i = 0; i < POOL_MAX; i++)
		if (silent_for(&p->s[i], now_ms) >=
		    POOL_PING_SILENT_MS + p->s[i].rtt_us / 500)
			return true;
	return false;
}

static uint32_t
ping_every(const struct pool_stream *s, uint64_t now_ms, bool suspicion)
{
	if (suspicion)
		return POOL_PING_SILENT_MS;
	if (now_ms - s->used_ms < 2 * POOL_PING_BUSY_MS)
		return POOL_PING_BUSY_MS;
	return POOL_PING_MS;
}

static void
tick_ping(struct pool *p, struct todo *t, uint64_t now_ms)
{
	bool suspicion = any_silent(p, now_ms);

	if (pool_beside(p) == 0)
		return;
	for (unsigned i = 0; i < POOL_MAX; i++) {
		struct pool_stream *s = &p->s[i];

		if (s->state != STREAM_LIVE && s->state != STREAM_SICK)
			continue;
		if (now_ms - s->ping_ms < ping_every(s, now_ms, suspicion))
			continue;
		s->ping_ms = now_ms;
		if (s->asked_ms == 0)
			s->asked_ms = now_ms;
		put(t, DO_PING, i, SEV_NEVENTS);
	}
}

static void
tick_asked(struct pool_stream *s, struct todo *t, unsigned i, uint64_t now_ms)
{
	/* 1, 3, 7 s after the first; the last one gets 4 s, too */
	uint64_t due_ms =
	    s->state_ms + (UINT64_C(1000) << (s->asked + 1)) - 1000;

	if (now_ms < due_ms)
		return;
	s->asked++;
	if (s->asked >= POOL_ASK_TRIES)
		put(t, DO_EVENT, i, SEV_LOST);
	else
		put(t, DO_ASK_AGAIN, i, SEV_NEVENTS);
}

static void
tick_dial(struct pool_stream *s, struct todo *t, unsigned i, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - s->state_ms;

	if (age_ms >= POOL_DIAL_END_MS) {
		put(t, DO_EVENT, i, SEV_LOST);
	} else if (s->mine && age_ms >= POOL_DIAL_MS && !s->fell_back) {
		s->fell_back = true;
		put(t, DO_FALL_BACK, i, SEV_NEVENTS);
	}
}

static void
tick_stream(struct pool *p, struct todo *t, unsigned i, uint64_t now_ms)
{
	struct pool_stream *s = &p->s[i];

	roll(s);
	switch (s->state) {
	case STREAM_ASKED:
		tick_asked(s, t, i, now_ms);
		break;
	case STREAM_DIAL:
		tick_dial(s, t, i, now_ms);
		break;
	case STREAM_LIVE:
	case STREAM_SPREAD:
		if (is_bad(p, i, now_ms))
			put(t, DO_EVENT, i, i == 0 ? SEV_SICK : SEV_LOST);
		break;
	case STREAM_LINGER:
		if (now_ms - s->state_ms >= POOL_LINGER_MS)
			put(t, DO_EVENT, i, SEV_OVER);
		break;
	case STREAM_SICK:
		if (s->asked_ms == 0)
			put(t, DO_EVENT, i, SEV_UP);
		break;
	default:
		break;
	}
}

/* The youngest that stands, ours before the peer's; 0: none. */
static unsigned
newest(const struct pool *p)
{
	unsigned found = 0;

	for (unsigned i = 1; i < POOL_MAX; i++) {
		const struct pool_stream *s = &p->s[i], *f = &p->s[found];

		if (s->state != STREAM_LIVE && s->state != STREAM_ASKED &&
		    s->state != STREAM_DIAL)
			continue;
		if (found == 0 || (s->mine && !f->mine) ||
		    (s->mine == f->mine && s->born_ms >= f->born_ms))
			found = i;
	}
	return found;
}

static void
tick_idle(struct pool *p, struct todo *t, uint64_t now_ms)
{
	unsigned n = standing(p);

	if (now_ms < p->cleanup_due_ms &&
	    p->cleanup_due_ms - now_ms <= p->lim.cleanup_ms)
		return;
	p->cleanup_due_ms = now_ms + p->lim.cleanup_ms;
	for (unsigned i = 1; i < POOL_MAX && n > p->lim.min; i++) {
		struct pool_stream *s = &p->s[i];

		if (s->state != STREAM_LIVE || !s->mine ||
		    now_ms - s->used_ms < p->lim.idle_ms)
			continue;
		put(t, DO_EVENT, i, SEV_CLOSE);
		p->shrunk++;
		n--;
	}
}

/* Would one less have done at half its power, for a minute? */
static bool
too_many(struct pool *p, uint64_t now_ms)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < POOL_MAX; i++)
		total += p->s[i].rate;
	if (p->capacity == 0 || p->live < 2 ||
	    total >= (uint64_t)(p->live - 1) * p->capacity / 2) {
		p->fits_ms = now_ms;
		return false;
	}
	if (now_ms - p->fits_ms < POOL_FITS_MS)
		return false;
	p->fits_ms = now_ms;
	return true;
}

static bool
is_slow(struct pool *p)
{
	bool slow = false;

	for (unsigned i = 0; i < POOL_MAX; i++) {
		if (p->s[i].slow < POOL_SLOW_TICKS)
			continue;
		slow = true;
		if (p->s[i].rate > p->capacity)
			p->capacity = p->s[i].rate;
	}
	return slow;
}

/* One opening at a time, so that both sides see what the other does. */
static bool
is_opening(const struct pool *p)
{
	for (unsigned i = 1; i < POOL_MAX; i++)
		if (p->s[i].state == STREAM_ASKED ||
		    p->s[i].state == STREAM_DIAL)
			return true;
	return false;
}

static uint8_t
most(const struct pool *p)
{
	return p->lim.max < p->its_max ? p->lim.max : p->its_max;
}

static void
grow(struct pool *p, struct todo *t, uint64_t now_ms)
{
	unsigned place;

	if (now_ms < p->open_due_ms || is_opening(p) ||
	    (place = free_place(p)) == 0)
		return;
	for (unsigned i = 0; i < POOL_MAX; i++)
		p->s[i].slow = 0;
	p->fits_ms = now_ms;
	p->grown++;
	put(t, DO_EVENT, place, SEV_OPEN);
}

static void
tick_number(struct pool *p, struct todo *t, uint64_t now_ms)
{
	unsigned n = standing(p), last = newest(p);
	bool slow = is_slow(p), many = too_many(p, now_ms);

	if (n > p->lim.max && last != 0) {
		put(t, DO_EVENT, last, SEV_CLOSE);
		p->shrunk++;
	} else if (n < most(p) && (n < p->lim.min || p->replace > 0 || slow)) {
		grow(p, t, now_ms);
	} else if (n > p->lim.min && many && last != 0 && p->s[last].mine) {
		put(t, DO_EVENT, last, SEV_CLOSE);
		p->shrunk++;
	}
}

/* The busiest, if it has half as much again as its share. */
static void
tick_spread(struct pool *p, struct todo *t, uint64_t now_ms)
{
	uint64_t total = 0;
	unsigned most_busy = 0;

	if (p->spread_due_ms == 0 || now_ms < p->spread_due_ms || is_opening(p))
		return;
	p->spread_due_ms = 0;
	for (unsigned i = 0; i < POOL_MAX; i++) {
		total += p->s[i].rate;
		if (p->s[i].rate > p->s[most_busy].rate)
			most_busy = i;
	}
	if (p->s[most_busy].state == STREAM_LIVE && p->live > 1 &&
	    (uint64_t)p->s[most_busy].rate * p->live * 2 > total * 3) {
		p->s[most_busy].mask = (UINT32_C(1) << p->spread_bits) - 1;
		p->s[most_busy].part = p->spread_part;
		put(t, DO_EVENT, most_busy, SEV_SPREAD);
	}
}

static void
measure_spread(struct pool *p)
{
	uint32_t low = UINT32_MAX, high = 0;

	for (unsigned i = 0; i < POOL_MAX; i++) {
		uint32_t rtt = p->s[i].rtt_us;

		if (p->s[i].state == STREAM_FREE || rtt == 0)
			continue;
		low = rtt < low ? rtt : low;
		high = rtt > high ? rtt : high;
	}
	p->spread_us = high > low ? high - low : 0;
}

unsigned
pool_tick(struct pool *p, uint64_t now_ms, struct pool_step out[POOL_STEPS])
{
	struct todo t = {.out = out};

	for (unsigned i = 0; i < POOL_MAX; i++)
		tick_stream(p, &t, i, now_ms);
	measure_spread(p);
	if (t.n == 0)
		tick_idle(p, &t, now_ms);
	if (t.n == 0)
		tick_number(p, &t, now_ms);
	if (t.n == 0)
		tick_spread(p, &t, now_ms);
	tick_ping(p, &t, now_ms);
	return t.n;
}

/* ---- the packet path ---- */

/* murmur3's finalizer: every bit of the sum decides every bit */
static uint32_t
weight(uint32_t hash, unsigned place)
{
	uint32_t h = hash + place * 0x9e3779b1u;

	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	return h ^ h >> 16;
}

/* A flow that was just placed has sent nothing yet, but will. */
static uint32_t
load(const struct pool_stream *s)
{
	return s->rate + s->placed * 2048;
}

unsigned
pool_pick(struct pool *p, uint32_t hash)
{
	unsigned first = POOL_MAX, second = POOL_MAX;
	uint32_t w1 = 0, w2 = 0, w;

	for (unsigned i = 0; i < POOL_MAX; i++) {
		if (p->s[i].state != STREAM_LIVE)
			continue;
		w = weight(hash, i);
		if (first == POOL_MAX || w > w1) {
			second = first;
			w2 = w1;
			first = i;
			w1 = w;
		} else if (second == POOL_MAX || w > w2) {
			second = i;
			w2 = w;
		}
	}
	if (first == POOL_MAX)
		return 0;
	if (second != POOL_MAX && load(&p->s[second]) < load(&p->s[first]))
		first = second;
	p->s[first].placed++;
	return first;
}

enum pool_way
pool_way(const struct pool *p, unsigned place, uint32_t hash, uint16_t epoch,
    uint64_t idle_ms)
{
	const struct pool_stream *s = &p->s[place];
	bool ours = (hash & s->mask) == s->part;
	bool free =
	    (ours && s->epoch != epoch) || fence_is_idle(idle_ms, p->spread_us);

	switch (s->state) {
	case STREAM_LIVE:
		return free && p->live > 1 ? WAY_MOVE : WAY_STAY;
	case STREAM_SPREAD:
		return ours ? WAY_HOLD : WAY_STAY;
	case STREAM_MOVING:
	case STREAM_FALTER:
		return free ? WAY_MOVE : WAY_HOLD;
	default:
		return WAY_MOVE;
	}
}

void
pool_rtt(struct pool *p, unsigned place, uint32_t rtt_us)
{
	struct pool_stream *s = &p->s[place];

	s->asked_ms = 0;
	s->rtt_us =
	    s->rtt_us == 0 ? rtt_us : s->rtt_us - s->rtt_us / 8 + rtt_us / 8;
}

void
pool_loss(struct pool *p, unsigned place, uint64_t n, uint64_t lost)
{
	struct pool_stream *s = &p->s[place];
	uint32_t pm;

	if (n < POOL_LOSS_LEAST || lost > n)
		return;
	pm = (uint32_t)(lost * 1000 / n);
	s->loss_pm = s->loss_pm - s->loss_pm / 4 + pm / 4;
	s->lossy =
	    pm > POOL_LOSSY_PM ? (uint8_t)(s->lossy + (s->lossy < 255)) : 0;
}
