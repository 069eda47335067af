/* SPDX-License-Identifier: ISC */
/* file: discoveryd/publish.c */
/*
 * Publishing (see publish.h).
 *
 * All records of a round are put side by side: a newcomer is found as soon as
 * the slowest of them is there.  What nobody took is tried again after
 * RETRY_MS, twice as late each time; a sequence number that keyd has seen
 * already is passed in growing steps, so that a clock that went back costs
 * seconds and not years.
 */
#include <stdlib.h>
#include <string.h>

#include "publish.h"

#define SOON_MS 1000 /* after the table's first node, and as much at random */
#define SIGN_MS 5000 /* keyd's answer is given up */
#define RETRY_MS 1000
#define RETRY_MAX_MS 600000
#define JITTER 15 /* per cent */
/*
 * So many nodes more, or twice as many.  A table has all nodes of a small
 * network and eight more each time that a large one doubles.
 */
#define GROWN 8

enum phase { REST, LOOK, SIGN, PUT };

struct publish {
	struct publish_io io;
	bool on, ready;
	uint32_t nodes; /* of the DHT, when there was something to do for it */
	struct publish_conf conf;
	unsigned nrecords;
	struct record record[BUNDLE_RECORDS_MAX];
	unsigned nplaces;
	uint8_t nat;
	struct candidate place[PUBLISH_PLACES_MAX];
	unsigned nrelays;
	uint8_t relay[PLACE_RELAYS_MAX][32];
	unsigned ntls;
	struct candidate tls[PUBLISH_TLS_MAX];
	uint8_t pin[32];
	bool tls_changed;

	enum phase phase;
	bool has_own;    /* `own` is signed */
	bool changed;    /* we are elsewhere than the last draft says */
	bool for_change; /* the draft was made for a change */
	bool looked;
	struct record own, draft;
	uint64_t seq; /* the last one used, or seen */
	uint64_t seq_step;
	uint32_t sign_id, search;             /* LOOK */
	uint32_t put[1 + BUNDLE_RECORDS_MAX]; /* PUT: searches, 0: over */
	unsigned todo;    /* bits by number: nobody has it yet as it is now */
	uint64_t sign_ms; /* when to sign again: UINT64_MAX: not */
	uint64_t put_ms;  /* when to put: UINT64_MAX: not */
	uint64_t late_ms; /* SIGN: no answer any more */
	uint64_t signed_ms;
	uint64_t retry_ms;
	uint64_t paid_ms; /* changes are paid for until then, see earliest() */
	struct publish_stats stats;
};

struct publish *
publish_new(const struct publish_io *io)
{
	struct publish *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->io = *io;
	p->sign_ms = p->put_ms = UINT64_MAX;
	return p;
}

void
publish_free(struct publish *p)
{
	free(p);
}

void
publish_configure(
    struct publish *p, uint64_t now_ms, const struct publish_conf *conf)
{
	if (conf == NULL) {
		p->on = p->has_own = false;
		p->phase = REST;
		p->search = 0;
		p->sign_ms = p->put_ms = UINT64_MAX;
		return;
	}
	if (p->on && memcmp(p->conf.node, conf->node, 32) == 0 &&
	    memcmp(p->conf.rdv, conf->rdv, 32) == 0) {
		p->conf.announce_s = conf->announce_s;
		return;
	}
	p->conf = *conf;
	p->on = true;
	p->has_own = p->looked = false;
	p->phase = REST;
	p->search = 0;
	p->paid_ms = 0;
	p->retry_ms = RETRY_MS;
	p->seq_step = 1;
	p->changed = true;
	p->sign_ms = p->nplaces > 0 ? now_ms : UINT64_MAX;
	p->put_ms = UINT64_MAX;
}

static uint64_t
soon(struct publish *p, uint64_t now_ms)
{
	return now_ms + SOON_MS + rnd_below(&p->io.rnd, SOON_MS);
}

/* Records by number, as bits; the first is our place. */
#define PLACE 1u
#define ALL ~0u

static void
put_at(struct publish *p, uint64_t ms, unsigned what)
{
	p->todo |= what;
	if (ms < p->put_ms)
		p->put_ms = ms;
}

static bool
is_putting(const struct publish *p)
{
	for (unsigned i = 0; i < 1 + BUNDLE_RECORDS_MAX; i++)
		if (p->put[i] != 0)
			return true;
	return false;
}

void
publish_records(
    struct publish *p, uint64_t now_ms, const struct record *r, unsigned n)
{
	p->nrecords = n < BUNDLE_RECORDS_MAX ? n : BUNDLE_RECORDS_MAX;
	memcpy(p->record, r, p->nrecords * sizeof(*r));
	if (p->on && p->ready)
		put_at(p, soon(p, now_ms), ALL);
}

/*
 * The next change: each costs PUBLISH_REFILL_MS, and so many of them are lent.
 */
static uint64_t
earliest(const struct publish *p)
{
	uint64_t gap = p->signed_ms + PUBLISH_GAP_MS;
	uint64_t lent = PUBLISH_BURST * (uint64_t)PUBLISH_REFILL_MS;
	uint64_t due = p->paid_ms > lent ? p->paid_ms - lent : 0;

	return due > gap ? due : gap;
}

/* What was signed says something else. */
static void
changed(struct publish *p, uint64_t now_ms)
{
	if (!p->on)
		return;
	p->changed = true;
	if (!p->has_own) {
		p->sign_ms = now_ms;
		return;
	}
	if (earliest(p) < p->sign_ms)
		p->sign_ms = earliest(p);
}

/*
 * A translator that gives each destination another port has one for each who
 * is asked: that one says little to others, and changes at each look.
 */
static bool
same_place(const struct candidate *a, const struct candidate *b, uint8_t nat)
{
	if (a->type != b->type)
		return false;
	if (a->type == CANDIDATE_REFLEXIVE && place_nat_varies(nat))
		return addr_eq(&a->ep.addr, &b->ep.addr);
	return endpoint_eq(&a->ep, &b->ep);
}

void
publish_places(struct publish *p, uint64_t now_ms, uint8_t nat,
    const struct candidate *c, unsigned n)
{
	bool same;

	if (n > PUBLISH_PLACES_MAX)
		n = PUBLISH_PLACES_MAX;
	same = n == p->nplaces && nat == p->nat && !p->tls_changed;
	for (unsigned i = 0; same && i < n; i++)
		same = same_place(&c[i], &p->place[i], nat);
	p->tls_changed = false;
	p->nat = nat;
	p->nplaces = n;
	memcpy(p->place, c, n * sizeof(*c));
	if (!same)
		changed(p, now_ms);
}

void
publish_relays(
    struct publish *p, uint64_t now_ms, const uint8_t (*key)[32], unsigned n)
{
	if (n > PLACE_RELAYS_MAX)
		n = PLACE_RELAYS_MAX;
	if (n == p->nrelays && memcmp(p->relay, key, n * sizeof(*key)) == 0)
		return;
	p->nrelays = n;
	memcpy(p->relay, key, n * sizeof(*key));
	if (p->nplaces > 0)
		changed(p, now_ms);
}

void
publish_tls(struct publish *p, const struct candidate *c, unsigned n,
    const uint8_t pin[32])
{
	bool same;

	if (n > PUBLISH_TLS_MAX)
		n = PUBLISH_TLS_MAX;
	same = n == p->ntls && memcmp(p->pin, pin, sizeof(p->pin)) == 0;
	for (unsigned i = 0; same && i < n; i++)
		same = endpoint_eq(&c[i].ep, &p->tls[i].ep);
	p->tls_changed |= !same;
	p->ntls = n;
	memcpy(p->tls, c, n * sizeof(*c));
	memcpy(p->pin, pin, sizeof(p->pin));
}

void
publish_ready(struct publish *p, uint64_t now_ms, bool ready)
{
	if (ready && !p->ready && p->on) {
		put_at(p, soon(p, now_ms), ALL);
		/* with a number above any that is there */
		if (!p->looked && p->nplaces > 0 && p->put_ms < p->sign_ms)
			p->sign_ms = p->put_ms;
	}
	p->ready = ready;
}

void
publish_dht_gone(struct publish *p, uint64_t now_ms)
{
	publish_ready(p, now_ms, false);
	memset(p->put, 0, sizeof(p->put));
	if (p->phase == LOOK) {
		p->looked = false;
		p->sign_ms = now_ms;
		p->phase = REST;
	} else if (p->phase == PUT) {
		put_at(p, now_ms + RETRY_MS, ALL);
		p->phase = REST;
	}
}

void
publish_nodes(struct publish *p, uint64_t now_ms, uint32_t n)
{
	if (!p->on || !p->ready || n <= p->nodes ||
	    n < p->nodes + (p->nodes < GROWN ? p->nodes : GROWN))
		return;
	if (p->nodes > 0)
		put_at(p, soon(p, now_ms), ALL);
	p->nodes = n;
}

void
publish_set_seq(struct publish *p, uint64_t seq)
{
	if (seq > p->seq)
		p->seq = seq;
}

uint64_t
publish_seq(const struct publish *p)
{
	return p->seq;
}

/* ---- signing ---- */

static uint64_t
later(struct publish *p, uint64_t now_ms)
{
	uint64_t ms = now_ms + p->retry_ms;

	p->retry_ms =
	    p->retry_ms > RETRY_MAX_MS / 2 ? RETRY_MAX_MS : p->retry_ms * 2;
	return ms;
}

static int
make_record(struct publish *p, uint64_t unix_s)
{
	struct place place = {
	    .nat = p->nat, .boot = p->conf.boot, .n = (uint8_t)p->nplaces};
	uint8_t content[PLACE_MAX];

	memcpy(place.c, p->place, p->nplaces * sizeof(place.c[0]));
	place.nrelays = (uint8_t)p->nrelays;
	memcpy(place.relay, p->relay, p->nrelays * sizeof(place.relay[0]));
	memcpy(place.c + place.n, p->tls, p->ntls * sizeof(place.c[0]));
	place.n = (uint8_t)(place.n + p->ntls);
	place.has_pin = p->ntls > 0;
	if (place.has_pin)
		memcpy(place.pin, p->pin, sizeof(place.pin));
	p->seq = unix_s > p->seq ? unix_s : p->seq + 1;
	p->draft = (struct record){.kind = REC_PLACE, .seq = p->seq};
	memcpy(p->draft.k, p->conf.ed, sizeof(p->draft.k));
	record_salt_place(p->draft.salt, p->conf.rdv, p->conf.node);
	p->for_change = p->changed;
	p->changed = false;
	return record_seal(
	    &p->draft, p->conf.rec, content, place_put(content, &place));
}

static void
ask_signature(struct publish *p, uint64_t now_ms, uint64_t unix_s)
{
	struct msg_sign_ask m = {0};

	p->sign_ms = later(p, now_ms); /* unless it comes */
	p->phase = REST;
	if (make_record(p, unix_s) == -1)
		return;
	memcpy(m.salt, p->draft.salt, sizeof(m.salt));
	m.seq = p->draft.seq;
	m.vlen = p->draft.vlen;
	memcpy(m.v, p->draft.v, m.vlen);
	if (p->io.sign(p->io.ctx, ++p->sign_id, &m) == -1)
		return;
	p->phase = SIGN;
	p->late_ms = now_ms + SIGN_MS;
}

/* Somebody, or an earlier life of this node, may have used a higher one. */
static void
look(struct publish *p, uint64_t now_ms, uint64_t unix_s)
{
	uint8_t salt[RECORD_SALT];

	p->looked = true;
	record_salt_place(salt, p->conf.rdv, p->conf.node);
	p->search = p->io.get(p->io.ctx, now_ms, p->conf.ed, salt);
	if (p->search == 0)
		ask_signature(p, now_ms, unix_s);
	else
		p->phase = LOOK;
}

static uint64_t
next_announce(struct publish *p, uint64_t now_ms)
{
	uint64_t ms = (uint64_t)p->conf.announce_s * 1000;
	uint64_t jitter = ms / 100 * JITTER;

	return now_ms + ms - jitter +
	    rnd_below(&p->io.rnd, (uint32_t)(2 * jitter + 1));
}

void
publish_signed(struct publish *p, uint64_t now_ms, uint32_t id,
    const struct msg_sign_reply *m)
{
	if (p->phase != SIGN || id != p->sign_id)
		return; /* late */
	p->phase = REST;
	if (m->status == KEY_REFUSED_POINT) {
		p->seq += p->seq_step;
		if (p->seq_step < UINT32_MAX)
			p->seq_step *= 4;
		return;
	}
	memcpy(p->draft.sig, m->sig, sizeof(p->draft.sig));
	if (m->status != KEY_OK || !record_verify(&p->draft))
		return;
	p->own = p->draft;
	if (p->for_change && p->has_own)
		p->paid_ms = (p->paid_ms > now_ms ? p->paid_ms : now_ms) +
		    PUBLISH_REFILL_MS;
	p->has_own = true;
	p->stats.signatures++;
	p->retry_ms = RETRY_MS;
	p->seq_step = 1;
	p->signed_ms = now_ms;
	p->sign_ms = p->changed ? earliest(p) : next_announce(p, now_ms);
	if (p->ready)
		put_at(p, now_ms, p->for_change ? PLACE : ALL);
	p->io.made(p->io.ctx, now_ms, &p->own);
}

void
publish_key_lost(struct publish *p, uint64_t now_ms)
{
	if (p->phase != SIGN)
		return;
	p->phase = REST;
	p->sign_ms = now_ms + RETRY_MS;
}

/* ---- putting ---- */

static void
round_over(struct publish *p, uint64_t now_ms, uint64_t unix_s)
{
	p->phase = REST;
	if (p->todo == 0) {
		p->stats.last_unix_s = unix_s;
		p->retry_ms = RETRY_MS;
	} else {
		p->stats.failed++;
		put_at(p, later(p, now_ms), p->todo);
	}
}

static void
put_one(struct publish *p, uint64_t now_ms, unsigned i, const struct record *r)
{
	if ((p->todo & 1u << i) == 0)
		return;
	p->put[i] = p->io.put(p->io.ctx, now_ms, r);
	p->stats.puts += p->put[i] != 0; /* else too many searches */
}

static void
put_all(struct publish *p, uint64_t now_ms, uint64_t unix_s)
{
	p->put_ms = UINT64_MAX;
	memset(p->put, 0, sizeof(p->put));
	p->todo &= (2u << p->nrecords) - (p->has_own ? 1 : 2);
	if (p->has_own)
		put_one(p, now_ms, 0, &p->own);
	for (unsigned i = 0; i < p->nrecords; i++)
		put_one(p, now_ms, 1 + i, &p->record[i]);
	p->phase = PUT;
	if (!is_putting(p))
		round_over(p, now_ms, unix_s);
}

/* Is it one of the round's?  Then it is over. */
static bool
put_over(struct publish *p, uint32_t search, bool stored)
{
	for (unsigned i = 0; i < 1 + BUNDLE_RECORDS_MAX; i++) {
		if (search == 0 || p->put[i] != search)
			continue;
		p->put[i] = 0;
		if (stored)
			p->todo &= ~(1u << i);
		return true;
	}
	return false;
}

bool
publish_item(struct publish *p, uint32_t search, const struct dht_item *item)
{
	if (p->phase != LOOK || search != p->search)
		return false;
	publish_set_seq(p, item->seq);
	return true;
}

bool
publish_done(struct publish *p, uint64_t now_ms, uint64_t unix_s,
    uint32_t search, const struct dht_report *r)
{
	if (p->phase == LOOK && search == p->search) {
		/* nobody to ask is no answer: look again when there is */
		if (r->result == DHT_NOBODY)
			p->looked = false;
		ask_signature(p, now_ms, unix_s);
		return true;
	}
	if (p->phase != PUT || !put_over(p, search, r->stored > 0))
		return false;
	p->stats.stored += r->stored;
	if (!is_putting(p))
		round_over(p, now_ms, unix_s);
	return true;
}

/* ---- time ---- */

void
publish_tick(struct publish *p, uint64_t now_ms, uint64_t unix_s)
{
	if (!p->on)
		return;
	if (p->phase == SIGN && now_ms >= p->late_ms)
		p->phase = REST;
	if (p->phase != REST)
		return;
	if (now_ms >= p->sign_ms) {
		if (p->ready && !p->looked)
			look(p, now_ms, unix_s);
		else
			ask_signature(p, now_ms, unix_s);
	} else if (now_ms >= p->put_ms) {
		put_all(p, now_ms, unix_s);
	}
}

uint64_t
publish_due(const struct publish *p)
{
	if (!p->on)
		return UINT64_MAX;
	if (p->phase == SIGN)
		return p->late_ms;
	if (p->phase != REST)
		return UINT64_MAX;
	return p->sign_ms < p->put_ms ? p->sign_ms : p->put_ms;
}

const struct publish_stats *
publish_stats(const struct publish *p)
{
	return &p->stats;
}
