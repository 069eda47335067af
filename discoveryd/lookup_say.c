/* SPDX-License-Identifier: ISC */
/* file: discoveryd/lookup_say.c */
/*
 * What is answered to a question (see lookup.h): the row, and for people the
 * steps that were taken.  It looks and tells; nothing is started here.
 */
#include <string.h>

#include "lookup_int.h"

struct member *
lookup_resolve(
    const struct lookup *f, uint64_t unix_s, const struct msg_find_ask *q)
{
	struct members *ms = f->world.members;

	switch (q->what) {
	case FIND_IP:
		return members_by_ip(ms, unix_s, &q->ip);
	case FIND_KEY:
		return members_by_key(ms, unix_s, q->key);
	case FIND_NAME:
		return members_by_name(ms, unix_s, q->name);
	}
	return NULL;
}

static void
add_step(struct lookup_answer *a, enum find_source s, enum find_result r)
{
	a->step[a->nsteps++] = (struct msg_find_step){.source = s, .result = r};
}

/* The sources in the order in which they were asked, to the one that knew. */
static void
tell_steps(const struct lookup *f, uint64_t now_ms, const struct question *q,
    struct lookup_answer *a)
{
	enum find_source last = a->row.source;
	bool found = a->row.status == LOOKUP_FOUND;

	add_step(a, FIND_BOOK, found && last == FIND_BOOK ? FIND_YES : FIND_NO);
	if (last == FIND_BOOK && found)
		return;
	add_step(
	    a, FIND_CACHE, found && last == FIND_CACHE ? FIND_YES : FIND_NO);
	if (last == FIND_CACHE && found)
		return;
	add_step(a, FIND_LAN,
	    !lan_on(f->world.lan)           ? FIND_OFF
		: found && last == FIND_LAN ? FIND_YES
					    : FIND_NO);
	if (q == NULL)
		return;
	a->step[a->nsteps] = q->peers;
	if (a->step[a->nsteps].answers == 0 && q->req != 0)
		a->step[a->nsteps].took_ms =
		    (uint32_t)((now_ms < q->peers_ms ? now_ms : q->peers_ms) -
			q->began_ms);
	a->nsteps++;
	a->step[a->nsteps] = q->dht;
	if (q->dht.result == FIND_LATE && q->cert.started + q->place.started)
		a->step[a->nsteps].took_ms = (uint32_t)(now_ms - q->dht_ms);
	a->nsteps++;
}

void
lookup_compose(const struct lookup *f, uint64_t now_ms, uint64_t unix_s,
    const struct member *m, const struct question *q, struct lookup_answer *a)
{
	*a = (struct lookup_answer){0};
	if (m == NULL) {
		a->row.status = a->row.reply.status = LOOKUP_UNKNOWN;
		a->row.source = q != NULL && f->dht ? FIND_DHT : FIND_CACHE;
	} else {
		offer_member(&f->world, now_ms, unix_s, m, &a->row);
		if (q != NULL && now_ms >= q->peers_ms && a->row.reply.n == 0)
			offer_relays(&f->world, &a->row.reply, m);
		if (q != NULL)
			a->row.source = q->source;
	}
	tell_steps(f, now_ms, q, a);
}

bool
lookup_has_place(const struct lookup_answer *a)
{
	return a->row.status == LOOKUP_FOUND && a->row.reply.n > 0;
}

bool
lookup_in_book(const struct lookup *f, const struct msg_find_ask *ask,
    struct lookup_answer *a)
{
	struct msg_lookup_reply *m = &a->row.reply;

	*a = (struct lookup_answer){0};
	if (ask->what == FIND_IP)
		book_lookup(f->world.book, &ask->ip, m);
	else if (ask->what == FIND_KEY)
		book_lookup_key(f->world.book, ask->key, m);
	else
		book_lookup_name(f->world.book, ask->name, m);
	a->row.status = m->status;
	a->row.source = FIND_BOOK;
	add_step(a, FIND_BOOK, FIND_YES);
	return m->status == LOOKUP_FOUND;
}

void
lookup_busy(struct lookup *f, struct lookup_waiter w)
{
	struct lookup_answer a = {0};

	f->stats.busy++;
	a.row.status = a.row.reply.status = LOOKUP_BUSY;
	f->io.answer(f->io.ctx, w, &a);
}

void
lookup_say(struct lookup *f, struct question *q, const struct lookup_answer *a,
    bool persons)
{
	uint8_t kept = 0;

	for (uint8_t i = 0; i < q->nwaiters; i++) {
		if (q->waiter[i].person && !persons) {
			q->waiter[kept++] = q->waiter[i];
			continue;
		}
		if (a->row.status == LOOKUP_FOUND)
			f->stats.hit[a->row.source]++;
		else
			f->stats.unknown++;
		f->io.answer(f->io.ctx, q->waiter[i], a);
	}
	q->nwaiters = kept;
}
