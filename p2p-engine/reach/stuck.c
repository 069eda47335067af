/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/stuck.c */
/* Who fills the send buffer: see stuck.h. */
#include "stuck.h"

#include <string.h>

static struct stuck_place *
find(struct stuck_place *list, uint32_t n, const struct endpoint *to)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i].ms != 0 && endpoint_eq(&list[i].to, to))
			return &list[i];
	return NULL;
}

/* In its place, a free one, or that of the oldest; true: it is a free one. */
static bool
note(struct stuck_place *list, uint32_t n, const struct endpoint *to,
    uint64_t now_ms)
{
	struct stuck_place *p = find(list, n, to);
	bool is_new = false;

	if (p == NULL) {
		p = list;
		for (uint32_t i = 1; i < n; i++)
			if (list[i].ms < p->ms)
				p = &list[i];
		is_new = p->ms == 0;
	}
	p->to = *to;
	p->ms = now_ms;
	return is_new;
}

void
stuck_begin(struct stuck *s, uint64_t now_ms)
{
	s->since_ms = now_ms;
}

void
stuck_end(struct stuck *s)
{
	s->since_ms = 0;
	s->good_ms = 0;
	s->base_ms = 0;
	s->trial_ms = 0;
	memset(s->stays, 0, sizeof(s->stays));
	memset(s->other, 0, sizeof(s->other));
}

bool
stuck_is_slow(struct stuck *s, uint64_t now_ms, const struct endpoint *to)
{
	struct stuck_place *p;

	if (s->nslow == 0 || (p = find(s->slow, STUCK_SLOW, to)) == NULL)
		return false;
	if (now_ms - p->ms < STUCK_FORGET_MS)
		return true;
	p->ms = 0;
	s->nslow--;
	return false;
}

bool
stuck_share(struct stuck *s, uint64_t now_ms, size_t unsent, size_t limit,
    const struct endpoint *to)
{
	if (unsent < limit / 4 || !stuck_is_slow(s, now_ms, to))
		return false;
	s->nslow += note(s->slow, STUCK_SLOW, to, now_ms);
	return true;
}

static bool
knows(struct stuck_place *list, uint64_t now_ms, const struct endpoint *to)
{
	const struct stuck_place *p = find(list, STUCK_KNOWN, to);

	return p != NULL && now_ms - p->ms < STUCK_KNOWN_MS;
}

/*
 * The batch that was watched: has it left?  If it is small beside what leaves
 * anyway nobody can say.
 */
static void
judge(struct stuck *s, uint64_t now_ms, size_t unsent)
{
	size_t all = s->before + s->added,
	       gone = all > unsent ? all - unsent : 0;
	size_t expected =
	    s->leaves * (size_t)(now_ms - s->trial_ms) / STUCK_TRIAL_MS;

	s->trial_ms = 0;
	s->base_ms = 0;
	if (s->added >= 2 * expected && gone < 2 * expected + s->added / 2) {
		(void)note(s->stays, STUCK_KNOWN, &s->tried, now_ms);
		return;
	}
	(void)note(s->other, STUCK_KNOWN, &s->tried, now_ms);
	if (s->added >= 2 * expected)
		s->good_ms = now_ms;
}

/* Watch the buffer for a moment; true: that is done. */
static bool
watch(struct stuck *s, uint64_t now_ms, size_t unsent)
{
	size_t gone;

	if (s->base_ms == 0) {
		s->base_ms = now_ms;
		s->base = unsent;
	}
	if (now_ms - s->base_ms < STUCK_TRIAL_MS)
		return false;
	gone = s->base > unsent ? s->base - unsent : 0;
	s->leaves = gone * STUCK_TRIAL_MS / (size_t)(now_ms - s->base_ms);
	return true;
}

enum stuck_act
stuck_next(
    struct stuck *s, uint64_t now_ms, size_t unsent, const struct endpoint *to)
{
	if (s->since_ms == 0 || now_ms - s->since_ms < STUCK_MS)
		return STUCK_SEND;
	if (s->trial_ms != 0) {
		if (now_ms - s->trial_ms < STUCK_TRIAL_MS)
			return STUCK_WAIT;
		judge(s, now_ms, unsent);
	}
	if (stuck_is_slow(s, now_ms, to))
		return STUCK_DROP;
	if (knows(s->stays, now_ms, to)) {
		if (s->good_ms == 0)
			return STUCK_SEND;
		s->nslow += note(s->slow, STUCK_SLOW, to, now_ms);
		return STUCK_DROP;
	}
	if (knows(s->other, now_ms, to))
		return STUCK_SEND;
	return watch(s, now_ms, unsent) ? STUCK_TRY : STUCK_WAIT;
}

void
stuck_tried(struct stuck *s, uint64_t now_ms, const struct endpoint *to,
    size_t before, size_t added)
{
	s->trial_ms = now_ms;
	s->tried = *to;
	s->before = before;
	s->added = added;
}
