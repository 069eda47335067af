/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_paths_rows.c */
/* The places of peers as people see them, and another one by their hand. */
#include <stdio.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"

static enum path_kind
kind_of(uint16_t sock)
{
	if (!carry_is(sock))
		return PK_DIRECT;
	if (sock == CARRY_RELAY)
		return PK_RELAY;
	return sock == CARRY_TLS ? PK_TLS : PK_TURN;
}

static uint64_t
date(uint64_t ms, uint64_t now_ms, uint64_t unix_ms)
{
	return ms == 0 ? 0 : unix_ms - (now_ms - ms);
}

static uint32_t
in_ms(uint64_t from_ms, uint64_t to_ms)
{
	uint64_t ms = to_ms > from_ms ? to_ms - from_ms : 0;

	return ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static bool
answers(const struct path *p, uint64_t now_ms)
{
	return p->proved_ms != 0 && p->missed == 0 &&
	    now_ms - p->proved_ms < PATH_FRESH_MS;
}

/* The one that would be used if best fell silent now. */
static unsigned
next_best(const struct pathset *s, uint64_t now_ms)
{
	unsigned next = PATH_NONE;

	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (i != s->best && s->at[i].ep.addr.family != 0 &&
		    answers(&s->at[i], now_ms) &&
		    (next == PATH_NONE || s->at[i].rank > s->at[next].rank))
			next = i;
	return next;
}

static enum path_state
state_of(const struct pathset *s, unsigned i, uint64_t now_ms)
{
	const struct path *p = &s->at[i];

	if (i == s->best)
		return s->state == PATHSET_DOUBT ? PST_DEAD : PST_BEST;
	if (answers(p, now_ms)) {
		if (p->held_ms > now_ms)
			return PST_HELD;
		return i == next_best(s, now_ms) ? PST_SPARE : PST_PROVED;
	}
	return p->fails == 0 && p->rtt_us == 0 ? PST_UNPROVED : PST_DEAD;
}

static enum path_reason
reason_of(const struct pathset *s)
{
	static const enum path_reason of[PATH_NWHYS] = {
	    [PATH_FAILED] = PR_FAILED,
	    [PATH_BACK] = PR_BACK,
	    [PATH_BETTER] = PR_BETTER,
	    [PATH_UPGRADE] = PR_UPGRADE,
	    [PATH_FOLLOWED] = PR_FIRST,
	    [PATH_MANUAL] = PR_BY_HAND,
	};

	return of[s->why];
}

static void
name_it(const struct engine *e, uint16_t sock, const struct endpoint *ep,
    char out[PATH_NAME_MAX])
{
	char text[PLACE_NAME_MAX];

	snprintf(
	    out, PATH_NAME_MAX, "%s", engine_place_name(e, sock, ep, text));
}

/* A peer that knows no probes has the one place where it was heard last. */
static int
only_row(const struct engine *e, const struct peer_slot *p, uint64_t now_ms,
    uint64_t unix_ms, struct msg_path_row *row)
{
	if (!p->has_ep)
		return 0;
	row->kind = kind_of(p->sock);
	name_it(e, p->sock, &p->ep, row->place);
	row->state = session_up(&p->ses, now_ms) ? PST_BEST : PST_UNPROVED;
	row->why = PR_ONLY;
	row->rank = carry_rank(p->sock);
	row->rtt_us = p->rtt_us;
	row->proved_unix_ms = date(p->seen_ms, now_ms, unix_ms);
	return 1;
}

static int
set_row(const struct engine *e, const struct peer_slot *p, unsigned i,
    uint64_t now_ms, uint64_t unix_ms, struct msg_path_row *row)
{
	const struct pathset *s = &p->lanes->paths;
	const struct path *at = &s->at[i];

	if (at->ep.addr.family == 0)
		return 0;
	row->kind = kind_of(at->sock);
	name_it(e, at->sock, &at->ep, row->place);
	row->state = state_of(s, i, now_ms);
	row->rank = at->rank;
	row->pinned = paths_pinned(e, p, at->sock, &at->ep);
	row->missed = at->missed;
	row->loss_pm = at->loss_pm < 1000 ? at->loss_pm : 1000;
	row->rtt_us = at->rtt_us;
	row->var_us = at->var_us;
	row->proved_unix_ms = date(at->proved_ms, now_ms, unix_ms);
	row->held_ms = in_ms(now_ms, at->held_ms);
	pmtu_row(e, p, at->sock, &at->ep, row);
	if (i != s->best)
		return 1;
	row->why = reason_of(s);
	row->changed_unix_ms = date(s->changed_ms, now_ms, unix_ms);
	if (s->silent_ms != 0)
		row->silent_ms = in_ms(s->silent_ms, now_ms);
	return 1;
}

/* The cursor counts places of peers. */
int
engine_path_row(const struct engine *e, uint32_t *cursor, const char *peer,
    uint64_t now_ms, uint64_t unix_ms, struct msg_path_row *row)
{
	uint32_t no = *cursor / PATHS_MAX, i = *cursor % PATHS_MAX;
	const struct peer_slot *p;

	if (no >= e->npeers)
		return -1;
	p = e->slot[e->order[no]];
	if (peer[0] != '\0' && strcmp(peer, p->conf.name) != 0) {
		*cursor = (no + 1) * PATHS_MAX;
		return 0;
	}
	++*cursor;
	*row = (struct msg_path_row){0};
	memcpy(row->peer, p->conf.name, sizeof(p->conf.name));
	if (p->lanes != NULL)
		return set_row(e, p, i, now_ms, unix_ms, row);
	return i == 0 ? only_row(e, p, now_ms, unix_ms, row) : 0;
}

/* ---- by hand ---- */

/* By its name, or the kind: then the best of it that answers. */
static unsigned
find_place(const struct engine *e, const struct pathset *s, const char *name,
    uint64_t now_ms)
{
	unsigned found = PATH_NONE;
	char text[PATH_NAME_MAX];

	for (unsigned i = 0; i < PATHS_MAX; i++) {
		const struct path *p = &s->at[i];

		if (p->ep.addr.family == 0)
			continue;
		name_it(e, p->sock, &p->ep, text);
		if (strcmp(text, name) == 0)
			return i;
		if (strcmp(path_kind_name(kind_of(p->sock)), name) != 0)
			continue;
		if (found == PATH_NONE || found == s->best ||
		    (i != s->best && answers(p, now_ms) &&
			!answers(&s->at[found], now_ms)))
			found = i;
	}
	return found;
}

static uint64_t
clock_us(const struct engine *e)
{
	return e->io.mono_us == NULL ? 0 : e->io.mono_us(e->io.ctx);
}

int
engine_failover(struct engine *e, uint64_t now_ms,
    const struct msg_failover_ask *ask, struct msg_failover_row *row)
{
	struct peer_slot *p = engine_find_name(e, ask->peer);
	unsigned place = PATH_NONE;
	uint64_t began_us = clock_us(e);

	if (p == NULL)
		return -1;
	*row = (struct msg_failover_row){.from_kind = kind_of(p->sock)};
	name_it(e, p->sock, &p->ep, row->from);
	if (ask->place[0] != '\0' && p->lanes != NULL) {
		place = find_place(e, &p->lanes->paths, ask->place, now_ms);
		if (place == PATH_NONE) {
			row->result = FO_UNKNOWN;
			return 0;
		}
	}
	row->result = paths_force(e, p, now_ms, place);
	row->to_kind = kind_of(p->sock);
	name_it(e, p->sock, &p->ep, row->to);
	row->took_us = (uint32_t)(clock_us(e) - began_us);
	if (p->lanes != NULL && p->lanes->paths.best < PATHS_MAX)
		row->rtt_us = p->lanes->paths.at[p->lanes->paths.best].rtt_us;
	return 0;
}
