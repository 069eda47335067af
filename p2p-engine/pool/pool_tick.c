/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/pool_tick.c */
/*
 * What becomes of streams in time: see pool.h.
 *
 * A stream is judged by comparison.  One that is silent while another is heard
 * has a bad path and is replaced; if all are silent the peer is gone, which is
 * for the session of stream 0 to find out.
 */
#include "pool_int.h"

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
	unsigned n = pool_standing(p);

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
	    (place = pool_free_place(p)) == 0)
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
	unsigned n = pool_standing(p), last = newest(p);
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
