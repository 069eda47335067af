/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/pool/pool.c */
/*
 * The states of streams, and which one a flow takes: see pool.h.
 */
#include "pool_int.h"

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
unsigned
pool_standing(const struct pool *p)
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
unsigned
pool_free_place(const struct pool *p)
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

	if (pool_standing(p) >= p->lim.max)
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
