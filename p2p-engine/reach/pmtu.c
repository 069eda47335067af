/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/pmtu.c */
/*
 * Path MTU search: see pmtu.h.  It decides; engine_pmtu.c sends and is told.
 *
 * What is known is that lo passes and hi does not; size is what is used, which
 * is lo but for a new place.  While something is suspected lo is 0 again, for
 * what has passed before says nothing of a path that has changed.
 */
#include "pmtu.h"

#include <string.h>

#define FAR UINT64_MAX
#define PMTU_GONE 4 /* rounds without any answer */

/* Whole packets, as links and tunnels are made. */
static const uint16_t common[] = {PMTU_LEAST, 1360, 1392, 1400, 1420, 1440,
    1452, 1472, 1480, 1492, PMTU_COMMON, 4352, 8900, 9000};
#define NCOMMON (sizeof(common) / sizeof(common[0]))

#define SIZES_MAX (NCOMMON + 4)

struct sizes {
	unsigned n;
	uint16_t v[SIZES_MAX];
};

void
pmtu_init(struct pmtu *s)
{
	*s = (struct pmtu){.size = UINT16_MAX, .rtt_ms = UINT32_MAX};
}

/* ---- places ---- */

static bool
is_at(const struct pmtu_place *x, const struct endpoint *ep, uint16_t sock)
{
	return x->ep.addr.family != 0 && x->sock == sock &&
	    endpoint_eq(&x->ep, ep);
}

static unsigned
find(const struct pmtu *s, const struct endpoint *ep, uint16_t sock)
{
	unsigned i = 0;

	while (i < PMTU_PLACES && !is_at(&s->known[i], ep, sock))
		i++;
	return i;
}

static struct pmtu_place *
recall(struct pmtu *s, const struct endpoint *ep, uint16_t sock)
{
	unsigned i = find(s, ep, sock);

	return i == PMTU_PLACES ? NULL : &s->known[i];
}

/* What is known of the place in use, over what is oldest if need be. */
static void
remember(struct pmtu *s, uint64_t now_ms)
{
	struct pmtu_place *to = recall(s, &s->at.ep, s->at.sock);

	if (!s->on || s->proved == 0)
		return;
	for (unsigned i = 0; i < PMTU_PLACES && to == NULL; i++)
		if (s->known[i].ep.addr.family == 0)
			to = &s->known[i];
	for (unsigned i = 0; i < PMTU_PLACES && to == NULL; i++) {
		to = &s->known[i];
		for (unsigned k = i + 1; k < PMTU_PLACES; k++)
			if (s->known[k].left_ms < to->left_ms)
				to = &s->known[k];
	}
	*to = s->at;
	to->lo = s->proved;
	to->hi = s->hi;
	to->left_ms = now_ms;
}

/*
 * What is used: all that the tunnel has, or what is known to pass.  Once that
 * was not all, only an answer makes it more.
 */
static void
settle(struct pmtu *s)
{
	uint16_t most = s->need < s->top ? s->need : s->top;

	if (s->hi <= most)
		s->narrow = true;
	else if (s->lo >= most)
		s->narrow = false;
	if (!s->narrow)
		s->size = UINT16_MAX;
	else
		s->size = s->lo > s->base ? s->lo : s->base;
}

static void
limits(struct pmtu *s, uint16_t over, uint16_t need)
{
	uint16_t usual = (uint16_t)(PMTU_COMMON - over);

	s->base = (uint16_t)(PMTU_LEAST - over);
	s->need = need > s->base ? need : s->base;
	s->top = s->need > usual ? s->need : usual;
	if (s->top > PMTU_MOST)
		s->top = PMTU_MOST;
}

static void
forget_round(struct pmtu *s)
{
	s->suspect = 0;
	s->losses = 0;
	s->haste = false;
	s->dead = 0;
	s->n = 0;
	s->until_ms = 0;
}

void
pmtu_use(struct pmtu *s, const struct endpoint *ep, uint16_t sock,
    uint16_t over, uint16_t need, uint64_t now_ms)
{
	uint16_t top = s->top;
	const struct pmtu_place *was;

	if (s->on && is_at(&s->at, ep, sock)) {
		limits(s, over, need);
		if (s->top != top)
			pmtu_hint(s, now_ms);
		settle(s);
		return;
	}
	remember(s, now_ms);
	was = recall(s, ep, sock);
	limits(s, over, need);
	forget_round(s);
	s->lo = 0;
	s->hi = (uint16_t)(s->top + 1);
	if (was != NULL && now_ms - was->left_ms < PMTU_RAISE_MS) {
		s->lo = was->lo;
		if (was->hi < s->hi)
			s->hi = was->hi;
	}
	s->proved = s->lo;
	s->narrow = false;
	s->at = (struct pmtu_place){.ep = *ep, .sock = sock};
	s->on = true;
	s->idle = false;
	s->beyond = 0;
	s->rtt_ms = UINT32_MAX;
	s->wait_ms = PMTU_SOON_MS;
	s->raise_ms = now_ms + s->wait_ms;
	s->next_ms = now_ms;
	settle(s);
}

void
pmtu_stop(struct pmtu *s, uint64_t now_ms)
{
	remember(s, now_ms);
	s->on = false;
	s->size = UINT16_MAX;
	s->n = 0;
	s->until_ms = 0;
}

/* ---- what a round asks ---- */

static void
add(struct sizes *z, uint32_t size, uint32_t above, uint32_t upto)
{
	unsigned i = z->n;

	if (size <= above || size > upto || z->n == SIZES_MAX)
		return;
	for (unsigned k = 0; k < z->n; k++)
		if (z->v[k] == size)
			return;
	for (; i > 0 && z->v[i - 1] > size; i--)
		z->v[i] = z->v[i - 1];
	z->v[i] = (uint16_t)size;
	z->n++;
}

/* No more than fit, the smallest and the greatest among them. */
static void
thin(struct sizes *z, unsigned max)
{
	if (z->n <= max)
		return;
	for (unsigned i = 1; i < max; i++)
		z->v[i] = z->v[i * (z->n - 1) / (max - 1)];
	z->n = max;
}

/* The least that may be known to pass: nothing shorter is asked for. */
static uint16_t
least(const struct pmtu *s)
{
	return s->lo >= s->base ? s->lo : (uint16_t)(s->base - 1);
}

static void
choose(const struct pmtu *s, struct sizes *z)
{
	uint16_t above = least(s), upto = (uint16_t)(s->hi - 1);
	uint32_t gap;

	z->n = 0;
	if (s->beyond != 0) {
		add(z, s->beyond, above, s->top);
		add(z, s->need, above, s->top);
		add(z, s->top, above, s->top);
		return;
	}
	if (s->suspect != 0)
		upto = (uint16_t)(s->suspect - 1);
	for (unsigned i = 0; i < NCOMMON; i++)
		add(z, common[i] - (uint32_t)(PMTU_LEAST - s->base), above,
		    upto);
	add(z, s->need, above, upto);
	add(z, s->top, above, upto);
	gap = (uint32_t)upto + 1 - above;
	if (z->n == 0 && gap > PMTU_STEP)
		for (uint32_t i = 1; i < PMTU_ASKS - 1; i++)
			add(z, above + gap * i / (PMTU_ASKS - 1), above, upto);
	thin(z, s->suspect != 0 ? PMTU_ASKS - 2 : PMTU_ASKS - 1);
	add(z, s->suspect, above, s->suspect);
}

/* There is something between what passes and what does not. */
static bool
is_open(const struct pmtu *s)
{
	return s->hi > s->base && s->hi - least(s) > PMTU_STEP;
}

static uint32_t
patience(const struct pmtu *s)
{
	uint32_t ms = s->rtt_ms == UINT32_MAX ? PMTU_FIRST_MS
					      : 2 * s->rtt_ms + PMTU_ROUND_MS;

	for (unsigned i = 0; i < s->dead && ms < PMTU_SLOW_MS; i++)
		ms *= 2;
	return ms < PMTU_SLOW_MS ? ms : PMTU_SLOW_MS;
}

static unsigned
begin(struct pmtu *s, uint64_t now_ms, const struct sizes *z)
{
	unsigned n = 0;

	/* the small one last: nobody has overtaken it */
	for (unsigned i = 0; i < z->n; i++)
		s->ask[n++] = (struct pmtu_ask){.size = z->v[i]};
	s->ask[n++] = (struct pmtu_ask){.size = PMTU_SMALL};
	s->n = (uint8_t)n;
	s->asked_ms = now_ms;
	s->until_ms = now_ms + patience(s);
	return n;
}

/* ---- what a round said ---- */

static bool
all_are_answered(const struct pmtu *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->ask[i].sent && !s->ask[i].answered)
			return false;
	return true;
}

static bool
is_missing(const struct pmtu *s, const struct pmtu_ask *x)
{
	return x->size > s->lo && !x->answered && (x->sent || x->refused);
}

/* The one that is suspected already, or the smallest. */
static const struct pmtu_ask *
first_missing(const struct pmtu *s)
{
	const struct pmtu_ask *first = NULL;

	for (unsigned i = 0; i + 1 < s->n; i++) {
		const struct pmtu_ask *x = &s->ask[i];

		if (!is_missing(s, x))
			continue;
		if (x->size == s->suspect || x->refused)
			return x;
		if (first == NULL)
			first = x;
	}
	return first;
}

/* When larger ones are tried again: soon, or after twice the time. */
static void
postpone(struct pmtu *s, uint64_t now_ms, bool soon)
{
	if (soon)
		s->wait_ms = PMTU_SOON_MS;
	else if (s->wait_ms < PMTU_RAISE_MS / 2)
		s->wait_ms *= 2;
	else
		s->wait_ms = PMTU_RAISE_MS;
	s->raise_ms = now_ms + s->wait_ms;
}

static void
missing(struct pmtu *s, uint64_t now_ms, const struct pmtu_ask *x)
{
	s->losses = x->size == s->suspect ? (uint8_t)(s->losses + 1) : 1;
	s->suspect = x->size;
	if (s->losses < PMTU_LOSSES && !x->refused)
		return;
	if (x->size <= s->size || s->beyond != 0)
		postpone(s, now_ms, s->beyond == 0);
	s->hi = x->size;
	s->suspect = 0;
	s->losses = 0;
	s->beyond = 0;
}

static void
nothing_is_missing(struct pmtu *s)
{
	s->suspect = 0;
	s->losses = 0;
	if (s->lo >= s->beyond)
		s->beyond = 0;
}

/* The longest that was answered; false: none was, not even the small one. */
static bool
answers(struct pmtu *s)
{
	bool alive = false;

	for (unsigned i = 0; i < s->n; i++) {
		const struct pmtu_ask *x = &s->ask[i];

		alive |= x->answered;
		if (x->answered && x->size != PMTU_SMALL && x->size > s->lo)
			s->lo = x->size;
	}
	/* what is needed still passes: so does what was found beyond it */
	if (s->lo >= s->need && s->lo < s->proved)
		s->lo = s->proved;
	if (s->hi <= s->lo) /* it takes more than it did */
		s->hi = (uint16_t)(s->top + 1);
	if (s->lo > s->proved)
		s->proved = s->lo;
	return alive;
}

static void
judge(struct pmtu *s, uint64_t now_ms)
{
	bool alive = answers(s);
	const struct pmtu_ask *x = first_missing(s);

	s->next_ms = now_ms;
	if (!alive && (x == NULL || !x->refused)) {
		s->dead = s->dead < 8 ? (uint8_t)(s->dead + 1) : 8;
		return;
	}
	s->dead = 0;
	if (x != NULL)
		missing(s, now_ms, x);
	else
		nothing_is_missing(s);
	if (s->suspect != 0)
		return;
	s->haste = false;
	settle(s);
	if (s->proved >= s->hi)
		s->proved = s->lo;
	if (s->beyond == 0 && !is_open(s))
		s->next_ms = now_ms + PMTU_CHECK_MS;
}

static void
end(struct pmtu *s, uint64_t now_ms)
{
	judge(s, now_ms);
	s->until_ms = 0;
	s->n = 0;
}

/* ---- time ---- */

uint64_t
pmtu_due(const struct pmtu *s)
{
	if (!s->on)
		return FAR;
	if (s->until_ms != 0)
		return s->until_ms;
	return s->idle ? FAR : s->next_ms;
}

/* Everything is known; is it still so? */
static unsigned
look_again(struct pmtu *s, uint64_t now_ms)
{
	struct sizes z = {.n = 0};
	uint16_t now = s->lo < s->need ? s->lo : s->need;

	if (now_ms - s->used_ms > PMTU_CHECK_MS) {
		s->idle = true;
		return 0;
	}
	if (s->hi <= s->top && now_ms >= s->raise_ms) {
		s->beyond = s->hi;
		choose(s, &z);
		return begin(s, now_ms, &z);
	}
	add(&z, now, 0, UINT16_MAX);
	s->lo = 0; /* until it is answered */
	return begin(s, now_ms, &z);
}

unsigned
pmtu_tick(struct pmtu *s, uint64_t now_ms)
{
	struct sizes z;

	if (!s->on || now_ms < pmtu_due(s))
		return 0;
	if (s->until_ms != 0)
		end(s, now_ms);
	/* nobody is there, and nobody asks for it */
	if (s->dead >= PMTU_GONE && now_ms - s->used_ms > PMTU_CHECK_MS)
		s->idle = true;
	if (s->idle || now_ms < s->next_ms)
		return 0;
	if (s->suspect == 0 && s->beyond == 0 && !is_open(s))
		return look_again(s, now_ms);
	choose(s, &z);
	return begin(s, now_ms, &z);
}

void
pmtu_hint(struct pmtu *s, uint64_t now_ms)
{
	if (!s->on)
		return;
	forget_round(s);
	s->beyond = 0;
	s->hi = (uint16_t)(s->top + 1);
	s->wait_ms = PMTU_SOON_MS;
	s->next_ms = now_ms;
	s->idle = false;
}

void
pmtu_doubt(struct pmtu *s, uint64_t now_ms)
{
	if (!s->on || s->until_ms != 0 || s->idle || s->next_ms <= now_ms ||
	    now_ms - s->asked_ms < PMTU_FIRST_MS)
		return;
	s->next_ms = now_ms;
	s->haste = true;
}

void
pmtu_asked(struct pmtu *s, unsigned i, uint64_t id)
{
	if (i >= s->n)
		return;
	s->ask[i].id = id;
	s->ask[i].sent = true;
}

void
pmtu_refused(struct pmtu *s, unsigned i)
{
	if (i < s->n)
		s->ask[i].refused = true;
}

/* Those before it should be here, too. */
static void
heard_small(struct pmtu *s, uint32_t ms, uint64_t now_ms)
{
	uint64_t until_ms;

	s->rtt_ms = ms;
	until_ms = s->haste ? now_ms + ms / 2 + PMTU_HASTE_MS
			    : s->asked_ms + patience(s);
	if (until_ms < s->until_ms)
		s->until_ms = until_ms;
}

bool
pmtu_answer(struct pmtu *s, uint64_t id, uint64_t now_ms)
{
	for (unsigned i = 0; i < s->n && id != 0; i++) {
		uint64_t ms = now_ms - s->asked_ms;

		if (!s->ask[i].sent || s->ask[i].id != id)
			continue;
		s->ask[i].answered = true;
		if (ms > PMTU_SLOW_MS)
			ms = PMTU_SLOW_MS;
		if (s->ask[i].size == PMTU_SMALL)
			heard_small(s, (uint32_t)ms, now_ms);
		if (all_are_answered(s))
			end(s, now_ms);
		return true;
	}
	return false;
}

uint16_t
pmtu_path(const struct pmtu *s, uint16_t over)
{
	return !s->on || s->proved == 0 ? 0 : (uint16_t)(s->proved + over);
}

bool
pmtu_known(const struct pmtu *s, const struct endpoint *ep, uint16_t sock,
    uint16_t *lo, uint16_t *hi)
{
	unsigned i = find(s, ep, sock);

	if (s->on && is_at(&s->at, ep, sock)) {
		*lo = s->proved;
		*hi = s->hi;
	} else if (i != PMTU_PLACES) {
		*lo = s->known[i].lo;
		*hi = s->known[i].hi;
	} else
		return false;
	if (*hi > s->top) /* it was not asked for */
		*hi = 0;
	return true;
}
