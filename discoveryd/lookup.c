/* SPDX-License-Identifier: ISC */
/* file: discoveryd/lookup.c */
/*
 * Questions on their way (see lookup.h).
 *
 * A question has no state of its own beyond what it has started: after
 * everything that happens step() looks at what is known now, starts what is
 * missing, and answers.  So it does not matter who brought the certificate or
 * the place, nor in which order they came.
 */
#include <stdlib.h>
#include <string.h>

#include "lookup_int.h"
#include "siphash.h"

#define RETRY_MS 500   /* while the DHT knows nobody yet */
#define SECOND_MS 1500 /* once more, for what is just being published */
#define PERSON_MS 1000 /* how long a person waits for the figures */

struct lookup *
lookup_new(const struct lookup_io *io, const struct lookup_world *world)
{
	struct lookup *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->io = *io;
	f->world = *world;
	f->timeout_ms = 5000;
	f->next_req = 1;
	io->rnd.fill(io->rnd.ctx, f->hash_key, sizeof(f->hash_key));
	return f;
}

void
lookup_free(struct lookup *f)
{
	free(f);
}

static uint64_t
hash_of(const struct lookup *f, const struct msg_find_ask *ask)
{
	const struct who_has q = {.ask = *ask};
	uint8_t body[FRAME_BODY_MAX];

	return siphash(f->hash_key, body, who_has_put(body, &q));
}

/* ---- searches ---- */

/* No search now: there are too many, or no socket yet. */
static void
give_up(struct question *q, struct hunt *h, uint64_t now_ms)
{
	h->over = h->nobody = h->search == 0;
	q->nobody = q->nobody || h->nobody;
	h->again_ms = now_ms + RETRY_MS;
}

static void
start_cert(struct lookup *f, uint64_t now_ms, struct question *q)
{
	const struct conf_net *net = members_net(f->world.members);
	uint8_t salt[RECORD_SALT];

	switch (q->ask.what) {
	case FIND_IP:
		record_salt_address(salt, net->keys.rdv, &q->ask.ip);
		break;
	case FIND_KEY:
		record_salt_key(salt, net->keys.rdv, q->ask.key);
		break;
	case FIND_NAME:
		record_salt_name(salt, net->keys.rdv, q->ask.name);
		break;
	}
	q->cert = (struct hunt){.started = true};
	q->cert.search =
	    f->io.get(f->io.ctx, now_ms, net->bundle.directory, salt);
	give_up(q, &q->cert, now_ms);
}

static void
start_place(
    struct lookup *f, uint64_t now_ms, struct question *q, struct member *m)
{
	const struct conf_net *net = members_net(f->world.members);
	uint8_t salt[RECORD_SALT];

	record_salt_place(salt, net->keys.rdv, m->cert.node);
	m->renewed_ms = now_ms;
	q->place = (struct hunt){.started = true};
	q->place.search = f->io.get(f->io.ctx, now_ms, m->cert.ed, salt);
	give_up(q, &q->place, now_ms);
}

static bool
may_start(const struct question *q, const struct hunt *h, uint64_t now_ms)
{
	if (!h->started)
		return now_ms >= q->dht_ms;
	return h->over && (h->nobody || h->second) && now_ms >= h->again_ms;
}

static bool
running(const struct hunt *h)
{
	return h->started && (!h->over || h->nobody || h->second);
}

static void
end(struct lookup *f, uint64_t now_ms, struct question *q)
{
	if (q->cert.started && !q->cert.over)
		f->io.cancel(f->io.ctx, now_ms, q->cert.search);
	if (q->place.started && !q->place.over)
		f->io.cancel(f->io.ctx, now_ms, q->place.search);
	q->used = false;
	q->nwaiters = 0;
}

/* Has everybody who could know been asked, and did nobody? */
static bool
exhausted(const struct lookup *f, uint64_t now_ms, const struct question *q,
    const struct member *m)
{
	if (now_ms >= q->deadline_ms)
		return true;
	if (now_ms < q->peers_ms)
		return false;
	if (!f->dht)
		return true;
	if (m == NULL)
		return q->cert.started && !running(&q->cert);
	return q->place.started && !running(&q->place) &&
	    (!q->cert.started || q->cert.over);
}

static void
step(struct lookup *f, uint64_t now_ms, uint64_t unix_s, struct question *q)
{
	struct member *m = lookup_resolve(f, unix_s, &q->ask);
	struct lookup_answer a;

	q->stepped_ms = now_ms;
	if (f->dht && m == NULL && may_start(q, &q->cert, now_ms))
		start_cert(f, now_ms, q);
	if (f->dht && m != NULL && may_start(q, &q->place, now_ms))
		start_place(f, now_ms, q, m);
	lookup_compose(f, now_ms, unix_s, m, q, &a);
	if (lookup_has_place(&a)) {
		if (q->found_ms == 0)
			q->found_ms = now_ms;
		lookup_say(f, q, &a, now_ms >= q->found_ms + PERSON_MS);
	}
	if (!exhausted(f, now_ms, q, m))
		return;
	lookup_say(f, q, &a, true);
	/* that there was no DHT yet says nothing about the question */
	if (!lookup_has_place(&a) && !q->nobody)
		refusals_add(&f->refusals, now_ms, q->hash);
	end(f, now_ms, q);
}

/* ---- questions ---- */

static struct question *
open_one(const struct lookup *f, uint64_t hash)
{
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++)
		if (f->question[i].used && f->question[i].hash == hash)
			return (struct question *)&f->question[i];
	return NULL;
}

/* A free one, or one that only runs on behind its answer. */
static struct question *
take_slot(struct lookup *f, uint64_t now_ms)
{
	struct question *idle = NULL;

	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		if (!f->question[i].used)
			return &f->question[i];
		if (f->question[i].nwaiters == 0)
			idle = &f->question[i];
	}
	if (idle != NULL)
		end(f, now_ms, idle);
	return idle;
}

static void
ask_peers(struct lookup *f, uint64_t now_ms, struct question *q)
{
	struct who_has who = {.req = f->next_req, .ask = q->ask};

	q->peers_ms = q->dht_ms = now_ms;
	if (f->io.ask_peers(f->io.ctx, &who) == -1)
		return;
	q->req = f->next_req;
	if (++f->next_req == 0)
		f->next_req = 1;
	q->peers_ms = now_ms + LOOKUP_PEERS_MS;
	q->dht_ms = now_ms + LOOKUP_DHT_MS;
	q->peers.queries = 1;
	q->peers.result = FIND_NO;
}

static struct question *
begin(struct lookup *f, uint64_t now_ms, const struct msg_find_ask *ask,
    uint64_t hash)
{
	struct question *q = take_slot(f, now_ms);

	if (q == NULL)
		return NULL;
	*q = (struct question){.used = true,
	    .ask = *ask,
	    .hash = hash,
	    .began_ms = now_ms,
	    .deadline_ms = now_ms + f->timeout_ms,
	    .source = FIND_CACHE,
	    .peers = {.source = FIND_PEERS, .result = FIND_OFF},
	    .dht = {
		.source = FIND_DHT, .result = f->dht ? FIND_LATE : FIND_OFF}};
	ask_peers(f, now_ms, q);
	return q;
}

/* One form of a question, so that equal ones are equal. */
static void
normal(struct msg_find_ask *out, const struct msg_find_ask *in)
{
	*out = (struct msg_find_ask){.what = in->what};
	if (in->what == FIND_IP) {
		out->ip = in->ip;
		addr_canonical(&out->ip);
	} else if (in->what == FIND_KEY) {
		memcpy(out->key, in->key, sizeof(out->key));
	} else {
		for (size_t i = 0;
		     i + 1 < sizeof(out->name) && in->name[i] != '\0'; i++)
			out->name[i] =
			    (char)(in->name[i] >= 'A' && in->name[i] <= 'Z'
				    ? in->name[i] - 'A' + 'a'
				    : in->name[i]);
	}
}

/* Look for a newer place of somebody whose place we have just told. */
static void
look_behind(struct lookup *f, uint64_t now_ms, uint64_t unix_s,
    const struct msg_find_ask *ask, struct member *m)
{
	uint64_t hash = hash_of(f, ask);
	struct question *q;

	if (offer_is_fresh(&f->world, now_ms, unix_s, m) ||
	    (m->renewed_ms != 0 && now_ms - m->renewed_ms < LOOKUP_RENEW_MS) ||
	    open_one(f, hash) != NULL)
		return;
	m->renewed_ms = now_ms;
	if ((q = begin(f, now_ms, ask, hash)) == NULL)
		return;
	f->stats.refreshed++;
	step(f, now_ms, unix_s, q);
}

/* What can be said without asking anybody: true if it was. */
static bool
at_once(struct lookup *f, uint64_t now_ms, uint64_t unix_s,
    const struct msg_find_ask *ask, struct lookup_waiter w)
{
	struct lookup_answer a;
	struct member *m = NULL;
	bool on = members_on(f->world.members);

	if (lookup_in_book(f, ask, &a)) {
		f->stats.hit[FIND_BOOK]++;
		f->io.answer(f->io.ctx, w, &a);
		return true;
	}
	if (on)
		m = lookup_resolve(f, unix_s, ask);
	lookup_compose(f, now_ms, unix_s, m, NULL, &a);
	if (m != NULL && (lookup_has_place(&a) || m->own)) {
		f->stats.hit[a.row.source]++;
		f->io.answer(f->io.ctx, w, &a);
		look_behind(f, now_ms, unix_s, ask, m);
		return true;
	}
	if (on &&
	    (w.person || !refusals_has(&f->refusals, now_ms, hash_of(f, ask))))
		return false;
	f->stats.unknown++;
	f->stats.refused_again += on;
	f->io.answer(f->io.ctx, w, &a);
	return true;
}

void
lookup_ask(struct lookup *f, uint64_t now_ms, uint64_t unix_s,
    const struct msg_find_ask *in, struct lookup_waiter w)
{
	struct msg_find_ask ask;
	struct question *q;
	uint64_t hash;

	normal(&ask, in);
	if (at_once(f, now_ms, unix_s, &ask, w))
		return;
	hash = hash_of(f, &ask);
	if ((q = open_one(f, hash)) != NULL)
		f->stats.merged++;
	else
		q = begin(f, now_ms, &ask, hash);
	if (q == NULL || q->nwaiters == LOOKUP_WAITERS_MAX) {
		lookup_busy(f, w);
		return;
	}
	q->waiter[q->nwaiters++] = w;
	step(f, now_ms, unix_s, q);
}

void
lookup_drop(struct lookup *f, bool person)
{
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		struct question *q = &f->question[i];
		uint8_t kept = 0;

		for (uint8_t j = 0; j < q->nwaiters; j++)
			if (q->waiter[j].person != person)
				q->waiter[kept++] = q->waiter[j];
		q->nwaiters = kept;
	}
}

void
lookup_configure(
    struct lookup *f, uint64_t now_ms, bool dht, uint32_t timeout_ms)
{
	struct lookup_answer a = {0};

	a.row.status = a.row.reply.status = LOOKUP_UNKNOWN;
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		struct question *q = &f->question[i];

		if (!q->used)
			continue;
		lookup_say(f, q, &a, true);
		end(f, now_ms, q);
	}
	refusals_clear(&f->refusals);
	f->dht = dht;
	f->timeout_ms = timeout_ms;
}

/* ---- what comes back ---- */

static void
learned(struct lookup *f, uint64_t now_ms, uint64_t unix_s,
    const struct member *m, enum find_source source)
{
	uint8_t key[32];

	memcpy(key, m->cert.node, sizeof(key));
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		struct question *q = &f->question[i];

		if (!q->used)
			continue;
		/* by key: what happens in step may move members */
		m = members_by_key(f->world.members, unix_s, key);
		if (m == NULL)
			return;
		if (!member_is(m, &q->ask))
			continue;
		q->source = source;
		refusals_forget(&f->refusals, q->hash);
		step(f, now_ms, unix_s, q);
	}
}

void
lookup_learned(struct lookup *f, uint64_t now_ms, uint64_t unix_s,
    const uint8_t key[32], uint32_t req)
{
	const struct member *m = members_by_key(f->world.members, unix_s, key);

	for (unsigned i = 0; req != 0 && i < LOOKUP_QUESTIONS_MAX; i++) {
		struct question *q = &f->question[i];

		if (!q->used || q->req != req)
			continue;
		q->peers.answers++;
		q->peers.result = FIND_YES;
		q->peers.took_ms = (uint32_t)(now_ms - q->began_ms);
	}
	if (m != NULL)
		learned(f, now_ms, unix_s, m,
		    req != 0 ? FIND_PEERS
			: lan_find(f->world.lan, now_ms, key) != NULL
			? FIND_LAN
			: FIND_CACHE);
}

void
lookup_refused(struct lookup *f, uint32_t req)
{
	for (unsigned i = 0; req != 0 && i < LOOKUP_QUESTIONS_MAX; i++)
		if (f->question[i].used && f->question[i].req == req)
			f->question[i].peers.refused++;
}

static struct question *
of_search(struct lookup *f, uint32_t search, struct hunt **h)
{
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		struct question *q = &f->question[i];

		if (!q->used)
			continue;
		*h = &q->cert;
		if ((*h)->started && !(*h)->over && (*h)->search == search)
			return q;
		*h = &q->place;
		if ((*h)->started && !(*h)->over && (*h)->search == search)
			return q;
	}
	return NULL;
}

int
lookup_record(
    struct record *r, enum record_kind kind, const struct dht_item *item)
{
	if (!item->is_mutable || item->saltlen != RECORD_SALT ||
	    item->vlen > sizeof(r->v))
		return -1;
	*r = (struct record){.kind = kind, .seq = item->seq};
	memcpy(r->k, item->k, sizeof(r->k));
	memcpy(r->salt, item->salt, sizeof(r->salt));
	memcpy(r->sig, item->sig, sizeof(r->sig));
	r->vlen = item->vlen;
	memcpy(r->v, item->v, item->vlen);
	return 0;
}

bool
lookup_item(struct lookup *f, uint64_t now_ms, uint64_t unix_s, uint32_t search,
    const struct dht_item *item)
{
	static const enum record_kind kinds[] = {
	    [FIND_IP] = REC_ADDRESS,
	    [FIND_NAME] = REC_NAME,
	    [FIND_KEY] = REC_KEY,
	};
	struct member *m = NULL;
	struct record r;
	struct hunt *h;
	struct question *q = of_search(f, search, &h);
	bool fresh;

	if (q == NULL)
		return false;
	if (lookup_record(
		&r, h == &q->cert ? kinds[q->ask.what] : REC_PLACE, item) == 0)
		m = members_record(f->world.members, unix_s, &r, &fresh);
	if (m == NULL || !member_is(m, &q->ask)) {
		q->dht.refused++;
		return true;
	}
	q->dht.copies++;
	q->dht.result = FIND_YES;
	q->dht.took_ms = (uint32_t)(now_ms - q->dht_ms);
	learned(f, now_ms, unix_s, m, FIND_DHT);
	return true;
}

static void
add_report(struct msg_find_step *s, const struct dht_report *r)
{
	s->queries += r->queries;
	s->answers += r->answers;
	s->timeouts += r->timeouts;
	s->rounds += r->rounds;
	s->refused += r->refused;
}

bool
lookup_done(struct lookup *f, uint64_t now_ms, uint64_t unix_s, uint32_t search,
    const struct dht_report *r)
{
	struct hunt *h;
	struct question *q = of_search(f, search, &h);

	if (q == NULL)
		return false;
	h->over = true;
	h->nobody = r->result == DHT_NOBODY;
	q->nobody = q->nobody || h->nobody;
	h->again_ms = now_ms + RETRY_MS;
	if (r->result == DHT_NONE && !q->second) {
		q->second = h->second = true;
		h->again_ms = now_ms + SECOND_MS;
	}
	add_report(&q->dht, r);
	if (q->dht.result == FIND_LATE && r->result == DHT_NONE)
		q->dht.result = FIND_NO;
	q->dht.took_ms = (uint32_t)(now_ms - q->dht_ms);
	step(f, now_ms, unix_s, q);
	return true;
}

/* ---- time ---- */

static void
soonest(uint64_t *due, const struct question *q, bool wanted, uint64_t at_ms)
{
	/* what was due at the last step has been looked at */
	if (wanted && at_ms > q->stepped_ms && at_ms < *due)
		*due = at_ms;
}

/* When step would do something that it has not done yet. */
static uint64_t
question_due(const struct lookup *f, const struct question *q)
{
	uint64_t due = q->deadline_ms;

	soonest(&due, q, f->dht, q->dht_ms);
	soonest(&due, q, true, q->peers_ms);
	soonest(&due, q, q->cert.over, q->cert.again_ms);
	soonest(&due, q, q->place.over, q->place.again_ms);
	soonest(&due, q, q->found_ms != 0 && q->nwaiters > 0,
	    q->found_ms + PERSON_MS);
	return due;
}

void
lookup_tick(struct lookup *f, uint64_t now_ms, uint64_t unix_s)
{
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++) {
		struct question *q = &f->question[i];

		if (q->used && now_ms >= question_due(f, q))
			step(f, now_ms, unix_s, q);
	}
}

uint64_t
lookup_due(const struct lookup *f)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++)
		if (f->question[i].used &&
		    question_due(f, &f->question[i]) < due)
			due = question_due(f, &f->question[i]);
	return due;
}

const struct lookup_stats *
lookup_stats(struct lookup *f)
{
	f->stats.open = 0;
	for (unsigned i = 0; i < LOOKUP_QUESTIONS_MAX; i++)
		f->stats.open += f->question[i].used;
	return &f->stats;
}
