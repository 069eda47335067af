/* SPDX-License-Identifier: ISC */
/* file: common/drops.c */
/*
 * The last drops, some for each reason: see drops.h.
 */
#include "drops.h"

#include <string.h>

#define NOT_NOTED UINT8_MAX

void
drops_init(struct drops *t, enum border a, enum border b)
{
	uint8_t n = 0;

	memset(t, 0, sizeof(*t));
	memset(t->place, NOT_NOTED, sizeof(t->place));
	for (unsigned i = 0; i < C_NCOUNTERS && n < DROPS_REASONS; i++) {
		const struct counter_info *c = counter_info((enum counter)i);

		if (c->kind == K_DROP && (c->border == a || c->border == b))
			t->place[i] = n++;
	}
}

/* The source port is that of a program which tries again. */
static bool
is_alike(const struct drop *a, const struct drop *b)
{
	return a->count != 0 && a->peer == b->peer && a->mark == b->mark &&
	    a->proto == b->proto && a->outer == b->outer &&
	    a->dport == b->dport && addr_eq(&a->dst, &b->dst) &&
	    addr_eq(&a->src, &b->src);
}

void
drops_note(
    struct drops *t, uint64_t now_ms, const struct drop *what, uint64_t n)
{
	struct drop *row, *to;
	uint64_t before = 0;

	if (what->why >= C_NCOUNTERS || t->place[what->why] == NOT_NOTED)
		return;
	to = row = t->d[t->place[what->why]];
	for (struct drop *d = row; d < row + DROPS_EACH; d++) {
		if (is_alike(d, what)) {
			to = d;
			before = d->count;
			break;
		}
		if (d->at_ms < to->at_ms)
			to = d;
	}
	*to = *what;
	to->at_ms = now_ms;
	to->count = before + n;
}

const struct drop *
drops_next(const struct drops *t, uint32_t *cursor)
{
	while (*cursor < DROPS_REASONS * DROPS_EACH) {
		uint32_t i = (*cursor)++;
		const struct drop *d = &t->d[i / DROPS_EACH][i % DROPS_EACH];

		if (d->count != 0)
			return d;
	}
	return NULL;
}

void
drops_row(struct msg_drop_row *m, const struct drop *d, enum role role,
    uint64_t now_ms, uint64_t unix_ms)
{
	*m = (struct msg_drop_row){.role = role,
	    .why = d->why,
	    .count = d->count,
	    .at_unix_ms = unix_ms - (now_ms - d->at_ms),
	    .outer = d->outer,
	    .proto = d->proto,
	    .src = d->src,
	    .dst = d->dst,
	    .sport = d->sport,
	    .dport = d->dport};
}
