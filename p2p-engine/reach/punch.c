/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/reach/punch.c */
/* Pinging each other's places at the same time: see punch.h. */
#include "punch.h"

static const uint32_t at_ms[PUNCH_PINGS] = {
    0, 50, 150, 350, 750, 2000, 10000, 60000};

/* Of the octet's two numbers, with 0 for not known. */
enum { DEPENDS = 2, BY_PORT = 3 };

bool
punch_can(uint8_t nat, uint8_t other)
{
	bool a = cands_mapping(nat) >= DEPENDS;
	bool b = cands_mapping(other) >= DEPENDS;

	if (((nat | other) & CANDS_BLOCKED) != 0 || (a && b))
		return false;
	/* who has another port for each must be let in from any port */
	if (a)
		return cands_filtering(other) != BY_PORT;
	if (b)
		return cands_filtering(nat) != BY_PORT;
	return true;
}

void
punch_init(struct punch *p, bool leads)
{
	*p = (struct punch){.leads = leads};
}

/* ---- the run ---- */

static void
close_pair(struct punch_pair *x, struct punch_budget *b)
{
	if (x->open && b->open > 0)
		b->open--;
	x->open = false;
}

static void
rest(struct punch *p, struct punch_budget *b)
{
	for (unsigned i = 0; i < p->npairs; i++)
		close_pair(&p->pair[i], b);
	p->state = PUNCH_REST;
}

void
punch_clear(struct punch *p, struct punch_budget *b)
{
	bool leads = p->leads;

	rest(p, b);
	punch_init(p, leads);
}

static struct punch_pair *
find(struct punch *p, uint16_t sock, const struct endpoint *to)
{
	for (unsigned i = 0; i < p->npairs; i++)
		if (p->pair[i].sock == sock && endpoint_eq(&p->pair[i].to, to))
			return &p->pair[i];
	return NULL;
}

static void
add(struct punch *p, struct punch_budget *b, uint16_t sock,
    const struct candidate *c)
{
	if (find(p, sock, &c->ep) != NULL)
		return;
	if (p->npairs == PUNCH_PAIRS) {
		b->refused++;
		return;
	}
	p->pair[p->npairs++] = (struct punch_pair){.to = c->ep,
	    .sock = sock,
	    .type = c->type,
	    .start_ms = p->start_ms};
}

static bool
is_near(uint32_t on_link, unsigned i)
{
	return (on_link >> i & 1) != 0;
}

/* Those that are near first, then as their owner likes them. */
static void
order(const struct cands *c, uint32_t on_link, uint8_t at[CANDIDATES_MAX])
{
	for (unsigned i = 0; i < c->n; i++) {
		unsigned k = i;

		for (; k > 0; k--) {
			unsigned o = at[k - 1];

			if (is_near(on_link, o) != is_near(on_link, i)
				? is_near(on_link, o)
				: c->c[o].priority >= c->c[i].priority)
				break;
			at[k] = at[k - 1];
		}
		at[k] = (uint8_t)i;
	}
}

static void
begin(struct punch *p, struct punch_budget *b, uint64_t start_ms,
    const struct punch_from *from, unsigned nfrom, uint32_t on_link)
{
	uint8_t at[CANDIDATES_MAX];

	rest(p, b);
	p->npairs = 0;
	p->start_ms = start_ms;
	p->renew_done = false;
	p->state = PUNCH_RUN;
	p->asks = 0;
	p->runs++;
	order(&p->its, on_link, at);
	for (unsigned i = 0; i < p->its.n; i++)
		for (unsigned k = 0; k < nfrom; k++)
			if (from[k].family == p->its.c[at[i]].ep.addr.family)
				add(p, b, from[k].sock, &p->its.c[at[i]]);
}

/* ---- what comes ---- */

void
punch_want(struct punch *p, uint64_t now_ms)
{
	if (p->state != PUNCH_REST)
		return;
	p->state = PUNCH_ASKED;
	p->asks = 0;
	p->ask_ms = now_ms;
	p->first = false;
}

void
punch_renewed(struct punch *p, uint64_t now_ms)
{
	if (p->state == PUNCH_ASKED && p->asks < PUNCH_ASKS)
		return;
	/* what is under way goes on until the answer */
	p->state = PUNCH_ASKED;
	p->asks = 0;
	p->ask_ms = now_ms;
	p->first = true;
}

void
punch_list(struct punch *p, struct punch_budget *b, uint64_t now_ms,
    const struct cands *c, uint32_t rtt_ms, const struct punch_from *from,
    unsigned nfrom, uint32_t on_link)
{
	bool answer = (c->nat & CANDS_ANSWER) != 0;
	uint32_t wait_ms =
	    c->delay_ms < CANDS_DELAY_MAX ? c->delay_ms : CANDS_DELAY_MAX;
	bool same = p->state == PUNCH_RUN && p->listed_ms != 0 &&
	    c->generation == p->its.generation &&
	    now_ms - p->listed_ms < PUNCH_AGAIN_MS;

	if (!answer) {
		p->answer_due = true;
		wait_ms += rtt_ms / 2;
		p->first = false;
	}
	if (same)
		return;
	p->its = *c;
	p->listed_ms = now_ms;
	p->turn = !answer && c->delay_ms >= PUNCH_FIRST_MS;
	begin(p, b, now_ms + wait_ms, from, nfrom, on_link);
}

void
punch_pinged_from(struct punch *p, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from)
{
	struct punch_pair *x;

	if (p->state != PUNCH_RUN || find(p, sock, from) != NULL)
		return;
	/* of those that were named the last makes way: this one is real */
	x = &p->pair[p->npairs < PUNCH_PAIRS ? p->npairs : PUNCH_PAIRS - 1];
	if (p->npairs == PUNCH_PAIRS && (x->open || x->answered))
		return;
	if (p->npairs < PUNCH_PAIRS)
		p->npairs++;
	*x = (struct punch_pair){
	    .to = *from, .sock = sock, .type = 4, .start_ms = now_ms};
}

void
punch_pinged(struct punch *p, unsigned pair, uint64_t id, uint64_t now_ms)
{
	struct punch_pair *x = &p->pair[pair];

	x->id[x->sent - 1] = id;
	x->sent_ms[x->sent - 1] = now_ms;
}

const struct punch_pair *
punch_pong(struct punch *p, struct punch_budget *b, uint64_t id,
    const struct endpoint *from, uint64_t now_ms, uint64_t *sent_ms)
{
	for (unsigned i = 0; id != 0 && i < p->npairs; i++) {
		struct punch_pair *x = &p->pair[i];

		for (unsigned k = 0; k < x->sent; k++) {
			if (x->id[k] != id || !endpoint_eq(&x->to, from))
				continue;
			x->id[k] = 0;
			*sent_ms = x->sent_ms[k];
			if (!x->answered) {
				x->after_ms = (uint32_t)(now_ms - x->start_ms);
				x->rtt_ms = (uint32_t)(now_ms - *sent_ms);
				p->worked++;
			}
			x->answered = true;
			close_pair(x, b);
			return x;
		}
	}
	return NULL;
}

/* ---- time ---- */

static bool
any_answered(const struct punch *p)
{
	for (unsigned i = 0; i < p->npairs; i++)
		if (p->pair[i].answered)
			return true;
	return false;
}

/* How many pings it gets at most. */
static unsigned
most(const struct punch *p, const struct punch_pair *x)
{
	if (x->answered)
		return x->sent;
	return any_answered(p) ? PUNCH_BURST : PUNCH_PINGS;
}

static uint64_t
pair_due(const struct punch *p, const struct punch_pair *x)
{
	return x->sent < most(p, x) ? x->start_ms + at_ms[x->sent] : UINT64_MAX;
}

/* When the last answers have come. */
static uint64_t
end_ms(const struct punch *p)
{
	uint64_t end = p->start_ms;

	for (unsigned i = 0; i < p->npairs; i++) {
		const struct punch_pair *x = &p->pair[i];
		unsigned n = most(p, x);

		if (n > 0 && x->start_ms + at_ms[n - 1] > end)
			end = x->start_ms + at_ms[n - 1];
	}
	return end + PUNCH_WAIT_MS;
}

static uint64_t
renew_due(const struct punch *p)
{
	if (p->state != PUNCH_RUN || p->renew_done || p->npairs == 0 ||
	    p->renews >= PUNCH_RENEWS || any_answered(p) ||
	    !punch_can(p->nat, p->its.nat))
		return UINT64_MAX;
	if (p->turn)
		return p->start_ms + PUNCH_OTHER_MS;
	return p->start_ms + PUNCH_RENEW_MS + (p->leads ? 0 : PUNCH_OTHER_MS);
}

uint64_t
punch_due(const struct punch *p)
{
	uint64_t due = UINT64_MAX, x;

	if (p->answer_due)
		return 0;
	if (p->state == PUNCH_ASKED)
		return p->ask_ms;
	if (p->state == PUNCH_REST)
		return UINT64_MAX;
	for (unsigned i = 0; i < p->npairs; i++)
		if ((x = pair_due(p, &p->pair[i])) < due)
			due = x;
	if ((x = renew_due(p)) < due)
		due = x;
	if ((x = end_ms(p)) < due)
		due = x;
	return due;
}

static unsigned
say(struct punch *p, struct punch_budget *b, uint64_t now_ms,
    struct punch_step *out)
{
	unsigned n = 0;

	if (p->answer_due) {
		p->answer_due = false;
		out[n++] =
		    (struct punch_step){.act = PUNCH_SAY, .answer = true};
	}
	if (p->state != PUNCH_ASKED || now_ms < p->ask_ms)
		return n;
	if (p->asks == PUNCH_ASKS) {
		rest(p, b);
		return n;
	}
	p->ask_ms = now_ms + ((uint64_t)PUNCH_ASK_MS << p->asks);
	p->asks++;
	out[n++] = (struct punch_step){
	    .act = PUNCH_SAY, .delay_ms = p->first ? PUNCH_FIRST_MS : 0};
	return n;
}

static unsigned
ping(struct punch *p, struct punch_budget *b, uint64_t now_ms,
    struct punch_step *out, unsigned n)
{
	for (unsigned i = 0; i < p->npairs; i++) {
		struct punch_pair *x = &p->pair[i];

		if (now_ms < pair_due(p, x))
			continue;
		if (!x->open && b->open >= PUNCH_OPEN_MAX) {
			/* as if it began later */
			b->refused++;
			x->start_ms += PUNCH_WAIT_MS;
			continue;
		}
		if (!x->open)
			b->open++;
		x->open = true;
		x->sent++;
		out[n++] =
		    (struct punch_step){.act = PUNCH_PING, .pair = (uint8_t)i};
	}
	return n;
}

unsigned
punch_tick(struct punch *p, struct punch_budget *b, uint64_t now_ms,
    struct punch_step out[PUNCH_STEPS])
{
	unsigned n = say(p, b, now_ms, out);

	if (p->state != PUNCH_RUN)
		return n;
	n = ping(p, b, now_ms, out, n);
	if (now_ms >= renew_due(p)) {
		p->renew_done = true;
		p->renews++;
		out[n++] = (struct punch_step){.act = PUNCH_RENEW};
	}
	if (now_ms >= end_ms(p))
		rest(p, b);
	return n;
}
