/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/resilience/breaker.c */
/*
 * The machine drawn in breaker.h.  The table is all of it; the thresholds are
 * columns of their own, so that nothing but the table decides.
 */
#include "breaker.h"

struct step {
	bool legal;
	enum breaker_state next;
	enum breaker_action act;
};

#define CLOSED BREAKER_CLOSED
#define OPEN BREAKER_OPEN
#define HALF BREAKER_HALF
#define TRIAL BREAKER_TRIAL

/*
 * What is not listed is illegal, counted and ignored.  A miss and a pass are
 * taken everywhere: a network may be late with anything.
 */
/* clang-format off */
static const struct step steps[BREAKER_NSTATES][BEV_NEVENTS] = {
	[CLOSED][BEV_WANT]   = { true, CLOSED, BACT_GO },
	[CLOSED][BEV_PACKET] = { true, CLOSED, BACT_GO },
	[CLOSED][BEV_MISS]   = { true, CLOSED, BACT_COUNT },
	[CLOSED][BEV_MANY]   = { true, OPEN,   BACT_OPEN },
	[CLOSED][BEV_LOST]   = { true, OPEN,   BACT_OPEN },
	[CLOSED][BEV_PASS]   = { true, CLOSED, BACT_CLEAR },
	[CLOSED][BEV_CALL]   = { true, CLOSED, BACT_CLEAR },
	[CLOSED][BEV_HINT]   = { true, CLOSED, BACT_NONE },
	[CLOSED][BEV_LINK]   = { true, CLOSED, BACT_CLEAR },
	[CLOSED][BEV_OFF]    = { true, CLOSED, BACT_CLEAR },

	[OPEN][BEV_WANT]     = { true, OPEN,   BACT_REFUSE },
	[OPEN][BEV_PACKET]   = { true, OPEN,   BACT_REFUSE },
	[OPEN][BEV_EAGER]    = { true, TRIAL,  BACT_TRY },
	[OPEN][BEV_MISS]     = { true, OPEN,   BACT_NONE },
	[OPEN][BEV_LOST]     = { true, OPEN,   BACT_NONE },
	[OPEN][BEV_PASS]     = { true, HALF,   BACT_HALF },
	[OPEN][BEV_ENOUGH]   = { true, CLOSED, BACT_CLOSE },
	[OPEN][BEV_CALL]     = { true, CLOSED, BACT_CLOSE },
	[OPEN][BEV_TIME]     = { true, HALF,   BACT_HALF },
	[OPEN][BEV_HINT]     = { true, HALF,   BACT_HALF },
	[OPEN][BEV_LINK]     = { true, HALF,   BACT_HALF },
	[OPEN][BEV_OFF]      = { true, CLOSED, BACT_CLOSE },

	[HALF][BEV_WANT]     = { true, TRIAL,  BACT_TRY },
	[HALF][BEV_PACKET]   = { true, TRIAL,  BACT_TRY },
	[HALF][BEV_MISS]     = { true, HALF,   BACT_NONE },
	[HALF][BEV_LOST]     = { true, OPEN,   BACT_OPEN },
	[HALF][BEV_PASS]     = { true, HALF,   BACT_HALF },
	[HALF][BEV_ENOUGH]   = { true, CLOSED, BACT_CLOSE },
	[HALF][BEV_CALL]     = { true, CLOSED, BACT_CLOSE },
	[HALF][BEV_TIME]     = { true, HALF,   BACT_AGAIN },
	[HALF][BEV_HINT]     = { true, HALF,   BACT_NONE },
	[HALF][BEV_LINK]     = { true, HALF,   BACT_NONE },
	[HALF][BEV_OFF]      = { true, CLOSED, BACT_CLOSE },

	[TRIAL][BEV_WANT]    = { true, TRIAL,  BACT_REFUSE },
	[TRIAL][BEV_PACKET]  = { true, TRIAL,  BACT_REFUSE },
	[TRIAL][BEV_MISS]    = { true, TRIAL,  BACT_NONE },
	[TRIAL][BEV_LOST]    = { true, OPEN,   BACT_OPEN },
	[TRIAL][BEV_PASS]    = { true, HALF,   BACT_HALF },
	[TRIAL][BEV_ENOUGH]  = { true, CLOSED, BACT_CLOSE },
	[TRIAL][BEV_CALL]    = { true, CLOSED, BACT_CLOSE },
	[TRIAL][BEV_TIME]    = { true, OPEN,   BACT_OPEN },
	[TRIAL][BEV_HINT]    = { true, TRIAL,  BACT_NONE },
	[TRIAL][BEV_LINK]    = { true, TRIAL,  BACT_ANEW },
	[TRIAL][BEV_OFF]     = { true, CLOSED, BACT_CLOSE },
};
/* clang-format on */

void
breaker_conf_default(struct breaker_conf *c)
{
	*c = (struct breaker_conf){
	    .failures = 5,
	    .successes = 2,
	    .wait = {.first_ms = 1000,
		.max_ms = 30000,
		.late_ms = 60000,
		.multiplier = 2,
		.attempts = 5},
	};
}

bool
breaker_is_due(const struct breaker *b, uint64_t now_ms)
{
	return b->due_ms != 0 && now_ms >= b->due_ms;
}

bool
breaker_refuses(const struct breaker *b)
{
	return steps[b->state][BEV_WANT].act == BACT_REFUSE;
}

/* Long enough for a packet, which does not wait for the reset timeout. */
static bool
waited(const struct breaker *b, uint64_t now_ms)
{
	uint32_t ms = b->wait.ms;

	return now_ms - b->since_ms >=
	    (ms < BREAKER_EAGER_MS ? ms : BREAKER_EAGER_MS);
}

/* The column: the thresholds have their say. */
static enum breaker_event
column(const struct breaker *b, const struct breaker_conf *c, uint64_t now_ms,
    enum breaker_event ev)
{
	switch (ev) {
	case BEV_PACKET:
		return b->state == OPEN && waited(b, now_ms) ? BEV_EAGER : ev;
	case BEV_MISS:
		return b->state == CLOSED && b->failures + 1 >= c->failures
		    ? BEV_MANY
		    : ev;
	case BEV_PASS:
		return b->state != CLOSED && b->passes + 1 >= c->successes
		    ? BEV_ENOUGH
		    : ev;
	default:
		return ev;
	}
}

static void
opened(struct breaker *b, const struct breaker_conf *c, uint64_t now_ms)
{
	b->failures = 0;
	b->passes = 0;
	b->due_ms = now_ms + backoff_next(&b->wait, &c->wait);
}

static void
closed(struct breaker *b)
{
	b->failures = 0;
	b->passes = 0;
	b->due_ms = 0;
	backoff_reset(&b->wait);
}

/* What the action says of the numbers. */
static void
keep_books(struct breaker *b, const struct breaker_conf *c, uint64_t now_ms,
    enum breaker_event ev, enum breaker_action act)
{
	if (ev == BEV_LINK)
		backoff_reset(&b->wait);
	switch (act) {
	case BACT_COUNT:
		b->failures++;
		break;
	case BACT_CLEAR:
		b->failures = 0;
		break;
	case BACT_REFUSE:
		b->refused++;
		break;
	case BACT_OPEN:
		opened(b, c, now_ms);
		break;
	case BACT_TRY:
	case BACT_ANEW:
		b->due_ms = now_ms + BREAKER_TRIAL_MS;
		break;
	case BACT_HALF:
		b->passes += ev == BEV_PASS;
		b->due_ms = b->passes != 0 ? now_ms + c->wait.first_ms : 0;
		break;
	case BACT_AGAIN:
		b->due_ms = now_ms + c->wait.first_ms;
		break;
	case BACT_CLOSE:
		closed(b);
		break;
	default:
		break;
	}
}

enum breaker_action
breaker_event(struct breaker *b, const struct breaker_conf *c, uint64_t now_ms,
    enum breaker_event ev)
{
	const struct step *s;

	ev = column(b, c, now_ms, ev);
	s = &steps[b->state][ev];
	if (!s->legal) {
		b->illegal++;
		return BACT_NONE;
	}
	b->trips += b->state == CLOSED && s->next == OPEN;
	keep_books(b, c, now_ms, ev, s->act);
	if (b->state != s->next)
		b->since_ms = now_ms;
	b->state = s->next;
	return s->act;
}

const char *
breaker_state_name(enum breaker_state s)
{
	static const char *const names[BREAKER_NSTATES] = {
	    "closed", "open", "half open", "trial"};

	return s < BREAKER_NSTATES ? names[s] : "?";
}

bool
breaker_cell(enum breaker_state s, enum breaker_event ev,
    enum breaker_state *next, enum breaker_action *act)
{
	*next = steps[s][ev].next;
	*act = steps[s][ev].act;
	return steps[s][ev].legal;
}
