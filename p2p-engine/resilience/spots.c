/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/spots.c */
/* The table of spots.h: so few that it is searched along. */
#include "spots.h"

static int
find(const struct spots *p, const struct endpoint *ep)
{
	for (int i = 0; i < SPOTS_MAX; i++)
		if (p->at[i].ep.addr.family != 0 &&
		    endpoint_eq(&p->at[i].ep, ep))
			return i;
	return -1;
}

bool
spots_allow(const struct spots *p, uint64_t now_ms, const struct endpoint *ep)
{
	int i = find(p, ep);

	return i == -1 || !breaker_refuses(&p->at[i].breaker) ||
	    breaker_is_due(&p->at[i].breaker, now_ms);
}

void
spots_used(struct spots *p, const struct breaker_conf *c, uint64_t now_ms,
    const struct endpoint *ep)
{
	int i = find(p, ep);
	struct breaker *b;

	if (i == -1)
		return;
	b = &p->at[i].breaker;
	if (breaker_is_due(b, now_ms)) {
		breaker_event(b, c, now_ms, BEV_TIME);
		/* the last trial was in vain, and this is the next already */
		if (b->state == BREAKER_OPEN)
			breaker_event(b, c, now_ms, BEV_HINT);
	}
	/* who is written to all the same was not refused */
	if (!breaker_refuses(b))
		breaker_event(b, c, now_ms, BEV_WANT);
}

bool
spots_passed(struct spots *p, const struct breaker_conf *c, uint64_t now_ms,
    const struct endpoint *ep)
{
	int i = find(p, ep);

	return i != -1 && !breaker_is_due(&p->at[i].breaker, now_ms) &&
	    breaker_refuses(&p->at[i].breaker) &&
	    breaker_event(&p->at[i].breaker, c, now_ms, BEV_WANT) ==
	    BACT_REFUSE;
}

static struct spot *
spot_of(struct spots *p, uint64_t now_ms, const struct endpoint *ep)
{
	int old = find(p, ep);

	if (old != -1)
		return &p->at[old];
	old = 0;
	for (int i = 0; i < SPOTS_MAX; i++) {
		if (p->at[i].ep.addr.family == 0) {
			old = i;
			break;
		}
		if (p->at[i].breaker.since_ms < p->at[old].breaker.since_ms)
			old = i;
	}
	p->at[old] = (struct spot){.ep = *ep, .breaker = {.since_ms = now_ms}};
	return &p->at[old];
}

bool
spots_missed(struct spots *p, const struct breaker_conf *c, uint64_t now_ms,
    const struct endpoint *ep)
{
	struct spot *x = spot_of(p, now_ms, ep);
	bool trial = x->breaker.state == BREAKER_TRIAL;

	return breaker_event(&x->breaker, c, now_ms,
		   trial ? BEV_LOST : BEV_MISS) == BACT_OPEN &&
	    !trial;
}

void
spots_good(struct spots *p, const struct endpoint *ep)
{
	int i = find(p, ep);

	if (i != -1)
		p->at[i] = (struct spot){0};
}

void
spots_forget(struct spots *p)
{
	*p = (struct spots){0};
}
