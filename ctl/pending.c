/* SPDX-License-Identifier: ISC */
/* file: ctl/pending.c */
/*
 * The table of open questions (see pending.h).  It is small and searched from
 * end to end: 128 places are two or three cache misses, and a hash would only
 * hide its bound.
 */
#include <string.h>

#include "pending.h"

void
pending_init(struct pending_table *t)
{
	*t = (struct pending_table){0};
}

unsigned
pending_of_client(const struct pending_table *t, unsigned client)
{
	unsigned n = 0;

	for (size_t i = 0; i < PENDING_MAX; i++)
		if (t->p[i].id != 0 && t->p[i].client == client)
			n++;
	return n;
}

static bool
id_in_use(const struct pending_table *t, uint32_t id)
{
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (t->p[i].id == id)
			return true;
	return false;
}

/* Never 0, and not one that still waits after four thousand million others. */
static uint32_t
fresh_id(struct pending_table *t)
{
	do
		t->last_id++;
	while (t->last_id == 0 || id_in_use(t, t->last_id));
	return t->last_id;
}

struct pending *
pending_add(struct pending_table *t, const struct pending_new *n)
{
	struct pending *p = NULL;
	unsigned room = 0;

	for (size_t i = 0; i < PENDING_MAX; i++)
		if (t->p[i].id == 0) {
			p = &t->p[i];
			room++;
		}
	if (room == 0 || n->len > sizeof(p->body) ||
	    (n->stranger && room <= PENDING_RESERVED) ||
	    pending_of_client(t, n->client) >= PENDING_PER_CLIENT)
		return NULL;
	*p = (struct pending){
	    .id = fresh_id(t),
	    .client = n->client,
	    .client_id = n->client_id,
	    .ask = n->ask,
	    .owing = n->owing,
	    .worst = END_OK,
	    .deadline_ms = n->deadline_ms,
	    .turn = ++t->turn,
	    .len = n->len,
	};
	if (n->len > 0)
		memcpy(p->body, n->body, n->len);
	return p;
}

static unsigned
at_a_time(uint16_t ask)
{
	switch (ask) {
	case MSG_FIND_ASK:
	case MSG_PUNCH_ASK:
		return PENDING_FINDS;
	case MSG_ECHO_ASK:
		return PENDING_ECHOES;
	default:
		return 1;
	}
}

/* Are as many of this kind there, and not answered yet, as may be? */
static bool
is_busy(const struct pending_table *t, uint16_t ask, uint32_t bit)
{
	unsigned out = 0;

	for (size_t i = 0; i < PENDING_MAX; i++)
		if (t->p[i].id != 0 && t->p[i].ask == ask &&
		    (t->p[i].owing & t->p[i].asked & bit) != 0)
			out++;
	return out >= at_a_time(ask);
}

struct pending *
pending_next(struct pending_table *t, enum role to)
{
	uint32_t bit = 1u << to;
	struct pending *next = NULL;

	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &t->p[i];

		if (p->id != 0 && (p->owing & ~p->asked & bit) != 0 &&
		    (next == NULL || p->turn < next->turn) &&
		    !is_busy(t, p->ask, bit))
			next = p;
	}
	return next;
}

void
pending_asked(struct pending *p, enum role to)
{
	p->asked |= 1u << to;
}

struct pending *
pending_find(struct pending_table *t, uint32_t id, enum role from)
{
	if (id == 0)
		return NULL;
	for (size_t i = 0; i < PENDING_MAX; i++)
		if (t->p[i].id == id)
			return (t->p[i].owing & t->p[i].asked & (1u << from)) !=
				0
			    ? &t->p[i]
			    : NULL;
	return NULL;
}

enum row_end
row_end_worse(enum row_end a, enum row_end b)
{
	/* clang-format off */
	static const uint8_t rank[] = {
		[END_OK] = 0, [END_UNKNOWN] = 1, [END_AWAY] = 2,
		[END_FAILED] = 3, [END_DENIED] = 4,
	};
	/* clang-format on */

	return rank[a] >= rank[b] ? a : b;
}

void
pending_end(struct pending *p, enum role from, enum row_end status)
{
	p->owing &= ~(1u << from);
	p->worst = row_end_worse(p->worst, status);
}

bool
pending_settled(const struct pending *p)
{
	return p->id != 0 && p->owing == 0;
}

void
pending_free(struct pending *p)
{
	*p = (struct pending){0};
}

/* What nobody was asked yet, nobody needs to be asked any more. */
void
pending_client_gone(struct pending_table *t, unsigned client)
{
	for (size_t i = 0; i < PENDING_MAX; i++) {
		struct pending *p = &t->p[i];

		if (p->id == 0 || p->client != client)
			continue;
		p->client = PENDING_NOBODY;
		p->owing &= p->asked;
		if (p->owing == 0)
			pending_free(p);
	}
}
