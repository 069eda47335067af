/* SPDX-License-Identifier: ISC */
/* file: discoveryd/gossip.c */
/* WHO_HAS, RECORD and PEERS between members (see gossip.h). */
#include <stdlib.h>
#include <string.h>

#include "gossip.h"

#define SETTLE_MS 2000 /* before who is up is told: others follow */
#define MS_A_FRAME (1000 / GOSSIP_RATE)

struct source { /* a token bucket */
	uint8_t key[32];
	uint64_t last_ms; /* when its last token came */
	unsigned left;
};

struct gossip {
	struct gossip_io io;
	struct members *members;
	unsigned nsources;
	struct source source[GOSSIP_SOURCES_MAX + 1]; /* the last: all others */
	bool has_own, changed;
	struct record own;
	uint64_t peers_ms; /* when to tell who is up, if changed */
	uint64_t told_ms;
	unsigned nwanted;
	uint8_t wanted[GOSSIP_WANTED_MAX][32];
	uint64_t wanted_ms; /* when to ask for the next */
	uint32_t req;
	struct gossip_stats stats;
};

struct gossip *
gossip_new(const struct gossip_io *io, struct members *members)
{
	struct gossip *g = calloc(1, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->io = *io;
	g->members = members;
	return g;
}

void
gossip_free(struct gossip *g)
{
	free(g);
}

void
gossip_reset(struct gossip *g)
{
	g->nsources = g->nwanted = 0;
	g->has_own = g->changed = false;
}

/* ---- how much of whom ---- */

static struct source *
source_of(struct gossip *g, uint64_t now_ms, const uint8_t key[32])
{
	struct source *s = &g->source[GOSSIP_SOURCES_MAX], *idle = NULL;

	for (unsigned i = 0; i < g->nsources; i++) {
		if (memcmp(g->source[i].key, key, 32) == 0)
			return &g->source[i];
		if (now_ms - g->source[i].last_ms > GOSSIP_BURST * MS_A_FRAME)
			idle = &g->source[i];
	}
	if (g->nsources < GOSSIP_SOURCES_MAX)
		idle = &g->source[g->nsources++];
	if (idle == NULL)
		return s;
	*idle = (struct source){.last_ms = now_ms, .left = GOSSIP_BURST};
	memcpy(idle->key, key, sizeof(idle->key));
	return idle;
}

static bool
may(struct gossip *g, uint64_t now_ms, const uint8_t key[32])
{
	struct source *s = source_of(g, now_ms, key);
	uint64_t came = (now_ms - s->last_ms) / MS_A_FRAME;

	if (came > 0) {
		s->last_ms = now_ms;
		s->left = came > GOSSIP_BURST - s->left
		    ? GOSSIP_BURST
		    : s->left + (unsigned)came;
	}
	if (s->left == 0)
		return false;
	s->left--;
	return true;
}

/* ---- out ---- */

static int
send_body(struct gossip *g, const uint8_t *to, enum frame_type type,
    struct msg_peer_frame *m, size_t len)
{
	if (len == 0)
		return -1;
	m->type = (uint8_t)type;
	m->len = (uint16_t)len;
	if (to != NULL)
		memcpy(m->key, to, sizeof(m->key));
	return g->io.send(g->io.ctx, m);
}

static void
send_told(struct gossip *g, const uint8_t *to, const struct told *t)
{
	struct msg_peer_frame m = {0};

	(void)send_body(g, to, FRAME_RECORD, &m, told_put(m.body, t));
}

static void
send_record(
    struct gossip *g, const uint8_t *to, uint32_t req, const struct record *r)
{
	struct told t = {.req = req, .record = *r};

	send_told(g, to, &t);
}

int
gossip_ask(struct gossip *g, const struct who_has *q)
{
	struct msg_peer_frame m = {0};

	return send_body(g, NULL, FRAME_WHO_HAS, &m, who_has_put(m.body, q));
}

void
gossip_own(struct gossip *g, const struct record *r)
{
	g->own = *r;
	g->has_own = true;
	send_record(g, NULL, 0, r);
}

/* What proves it, as who asks for it hears it, and where it is. */
static void
send_member(struct gossip *g, const uint8_t *to, uint32_t req,
    const struct member *m, const struct record *r)
{
	struct told t = {.req = req, .is_cert = true};

	if (r != NULL) {
		send_record(g, to, req, r);
	} else {
		t.certlen = m->certlen;
		memcpy(t.cert, m->certificate, m->certlen);
		send_told(g, to, &t);
	}
	if (m->place_record != NULL)
		send_record(g, to, req, m->place_record);
}

static bool
may_relay(const struct gossip *g, const uint8_t key[32])
{
	const struct member *m;
	size_t cursor = 0;

	while ((m = members_next(g->members, &cursor)) != NULL)
		if (memcmp(m->cert.node, key, sizeof(m->cert.node)) == 0)
			return (m->cert.caps & CERT_CAP_RELAY) != 0;
	return false;
}

/* Who comes may need one that it does not know, and then at once. */
static void
tell_relays(struct gossip *g, const uint8_t to[32])
{
	const struct member *m;
	size_t cursor = 0;
	unsigned n = 0;

	while (n < GOSSIP_RELAYS_TO &&
	    (m = members_next(g->members, &cursor)) != NULL) {
		if (!m->up || m->own || (m->cert.caps & CERT_CAP_RELAY) == 0 ||
		    memcmp(m->cert.node, to, sizeof(m->cert.node)) == 0)
			continue;
		send_member(g, to, 0, m, NULL);
		n++;
	}
}

void
gossip_change(struct gossip *g, uint64_t now_ms, const uint8_t key[32], bool up)
{
	bool relay = up && may_relay(g, key);
	uint64_t at = now_ms + SETTLE_MS,
		 least =
		     g->told_ms + (relay ? GOSSIP_RELAY_MS : GOSSIP_PEERS_MS);

	if (up && g->has_own)
		send_record(g, key, 0, &g->own);
	if (up)
		tell_relays(g, key);
	if (g->told_ms != 0 && at < least)
		at = least;
	if (!g->changed || at < g->peers_ms)
		g->peers_ms = at;
	g->changed = true;
}

/* Members that are up, and those seen last, this node not among them. */
static unsigned
list_peers(struct gossip *g, uint64_t unix_s, struct peers_row *row)
{
	const struct member *m;
	size_t cursor = 0;
	unsigned n = 0;

	while (n < PEERS_ROWS_MAX &&
	    (m = members_next(g->members, &cursor)) != NULL)
		if (m->up) {
			memcpy(row[n].key, m->cert.node, sizeof(row[n].key));
			row[n++].age_s = 0;
		}
	cursor = 0;
	while (n < PEERS_ROWS_MAX &&
	    (m = members_next(g->members, &cursor)) != NULL)
		if (!m->up && !m->own && m->seen_s != 0 &&
		    m->seen_s <= unix_s && unix_s - m->seen_s < UINT32_MAX) {
			memcpy(row[n].key, m->cert.node, sizeof(row[n].key));
			row[n++].age_s = (uint32_t)(unix_s - m->seen_s);
		}
	return n;
}

static void
tell_peers(struct gossip *g, uint64_t now_ms, uint64_t unix_s)
{
	struct peers_row row[PEERS_ROWS_MAX];
	struct msg_peer_frame f = {0};
	const struct member *m;
	size_t cursor = 0, len;
	unsigned up = 0, skip, told = 0;

	g->changed = false;
	g->told_ms = now_ms;
	len = peers_put(f.body, row, list_peers(g, unix_s, row));
	while ((m = members_next(g->members, &cursor)) != NULL)
		up += m->up;
	/* a run of them, from anywhere on */
	skip = up > GOSSIP_PEERS_TO ? rnd_below(&g->io.rnd, up) : 0;
	cursor = 0;
	for (unsigned i = 0; i < up + skip && told < GOSSIP_PEERS_TO;) {
		if ((m = members_next(g->members, &cursor)) == NULL) {
			cursor = 0;
			continue;
		}
		if (!m->up || i++ < skip)
			continue;
		told++;
		(void)send_body(g, m->cert.node, FRAME_PEERS, &f, len);
	}
}

void
gossip_want(struct gossip *g, uint64_t now_ms, const uint8_t key[32])
{
	for (unsigned i = 0; i < g->nwanted; i++)
		if (memcmp(g->wanted[i], key, 32) == 0)
			return;
	if (g->nwanted == GOSSIP_WANTED_MAX) {
		g->stats.not_wanted++; /* it will be named again */
		return;
	}
	if (g->nwanted == 0 && g->wanted_ms < now_ms)
		g->wanted_ms = now_ms; /* the first at once */
	memcpy(g->wanted[g->nwanted++], key, 32);
}

static void
ask_wanted(struct gossip *g, uint64_t now_ms, uint64_t unix_s)
{
	struct who_has q = {.ask = {.what = FIND_KEY}};

	memcpy(q.ask.key, g->wanted[0], sizeof(q.ask.key));
	g->nwanted--;
	memmove(g->wanted[0], g->wanted[1], g->nwanted * sizeof(g->wanted[0]));
	if (members_by_key(g->members, unix_s, q.ask.key) != NULL)
		return; /* meanwhile */
	g->wanted_ms = now_ms + GOSSIP_WANTED_MS;
	q.req = GOSSIP_REQ | g->req++;
	(void)gossip_ask(g, &q);
}

/* ---- in ---- */

/* The record that proves what was asked for, or any of its records. */
static const struct record *
record_for(const struct member *m, const struct msg_find_ask *q)
{
	static const enum record_kind kinds[] = {
	    [FIND_IP] = REC_ADDRESS,
	    [FIND_NAME] = REC_NAME,
	    [FIND_KEY] = REC_KEY,
	};

	for (unsigned i = 0; i < m->nrecords; i++)
		if (m->record[i]->kind == kinds[q->what])
			return m->record[i];
	return m->nrecords > 0 ? m->record[0] : NULL;
}

static struct member *
resolve(struct gossip *g, uint64_t unix_s, const struct msg_find_ask *q)
{
	switch (q->what) {
	case FIND_IP:
		return members_by_ip(g->members, unix_s, &q->ip);
	case FIND_KEY:
		return members_by_key(g->members, unix_s, q->key);
	case FIND_NAME:
		return members_by_name(g->members, unix_s, q->name);
	}
	return NULL;
}

static void
on_who_has(struct gossip *g, uint64_t unix_s, const struct msg_peer_frame *f)
{
	const struct member *m;
	struct who_has q;

	if (who_has_get(f->body, f->len, &q) == -1) {
		g->stats.malformed++;
		return;
	}
	g->stats.asked++;
	/* the list is the engine's business */
	if (q.crl || (m = resolve(g, unix_s, &q.ask)) == NULL)
		return;
	g->stats.answered++;
	send_member(g, f->key, q.req, m, record_for(m, &q.ask));
}

static void
on_told(struct gossip *g, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_frame *f)
{
	const struct member *m;
	struct told t;
	bool fresh;
	uint8_t key[32];

	if (told_get(f->body, f->len, &t) == -1) {
		g->stats.malformed++;
		return;
	}
	if (t.is_cert)
		m = members_cert(g->members, unix_s, t.cert, t.certlen, &fresh);
	else
		m = members_record(g->members, unix_s, &t.record, &fresh);
	if (m == NULL) {
		g->stats.refused++;
		g->io.refused(g->io.ctx, t.req);
		return;
	}
	g->stats.taken++;
	memcpy(key, m->cert.node, sizeof(key));
	if (fresh || t.req != 0)
		g->io.learned(g->io.ctx, now_ms, key, t.req);
}

static void
on_peers(struct gossip *g, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_frame *f)
{
	struct peers_row row[PEERS_ROWS_MAX];
	int n = peers_get(f->body, f->len, row);

	if (n == -1)
		g->stats.malformed++;
	for (int i = 0; i < n; i++)
		if (members_by_key(g->members, unix_s, row[i].key) == NULL)
			gossip_want(g, now_ms, row[i].key);
}

void
gossip_frame(struct gossip *g, uint64_t now_ms, uint64_t unix_s,
    const struct msg_peer_frame *f)
{
	if (!members_on(g->members))
		return;
	if (!may(g, now_ms, f->key)) {
		g->stats.limited++;
		return;
	}
	switch (f->type) {
	case FRAME_WHO_HAS:
		on_who_has(g, unix_s, f);
		break;
	case FRAME_RECORD:
		on_told(g, now_ms, unix_s, f);
		break;
	case FRAME_PEERS:
		on_peers(g, now_ms, unix_s, f);
		break;
	default:
		g->stats.malformed++;
		break;
	}
}

/* ---- time ---- */

void
gossip_tick(struct gossip *g, uint64_t now_ms, uint64_t unix_s)
{
	if (g->changed && now_ms >= g->peers_ms)
		tell_peers(g, now_ms, unix_s);
	if (g->nwanted > 0 && now_ms >= g->wanted_ms)
		ask_wanted(g, now_ms, unix_s);
}

uint64_t
gossip_due(const struct gossip *g)
{
	uint64_t due = UINT64_MAX;

	if (g->changed)
		due = g->peers_ms;
	if (g->nwanted > 0 && g->wanted_ms < due)
		due = g->wanted_ms;
	return due;
}

const struct gossip_stats *
gossip_stats(const struct gossip *g)
{
	return &g->stats;
}
