/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_find.c */
/*
 * Where peers are: what the configuration says, what discoveryd answers, and
 * what was authenticated last; and what discoveryd is told in return.
 *
 * discoveryd is believed about places, never about keys: an address it gives
 * is worth an initiation now and then, and only the peer itself can answer
 * that.  Places of members are what anybody may have written into a DHT: one
 * that never answered is written to ten times a minute at most, whoever it is
 * said to be.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "log.h"
#include "path.h"

/* ---- sockets ---- */

/*
 * What we send to these peers comes from another place now; they answer there
 * as soon as they hear from us, not before.
 */
static void
show_place(struct engine *e, uint16_t sock)
{
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL || !p->has_keys || p->sock != sock ||
		    !engine_sock_for(e, &p->ep, &p->sock))
			continue;
		session_keepalive_now(&p->ses);
		slot_arm(e, p);
	}
}

static void
forget(struct engine *e, uint16_t sock)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < e->nsocks; i++)
		if (e->sock[i].no != sock)
			e->sock[kept++] = e->sock[i];
	e->nsocks = kept;
}

void
engine_socket_add(struct engine *e, uint16_t sock, uint8_t family)
{
	nat_socket_del(&e->nat, sock);
	path_flush(e);
	forget(e, sock);
	if (e->nsocks == SOCKETS_MAX) {
		log_warnx("more than %d UDP sockets", SOCKETS_MAX);
		return;
	}
	e->sock[e->nsocks++] =
	    (struct engine_sock){.no = sock, .family = family};
	show_place(e, sock);
	engine_hint(e);
}

bool
engine_socket_used(const struct engine *e, uint16_t sock)
{
	for (uint32_t i = 0; i < STREAMS_ALL; i++)
		if (e->stream[i] != NULL && e->stream[i]->sock == sock)
			return true;
	return false;
}

void
engine_socket_del(struct engine *e, uint16_t sock)
{
	nat_socket_del(&e->nat, sock);
	path_flush(e);
	forget(e, sock);
	show_place(e, sock);
}

/* ---- candidates ---- */

static unsigned
add_new(struct endpoint *list, unsigned n, const struct endpoint *ep)
{
	if ((ep->addr.family != 4 && ep->addr.family != 6) || ep->port == 0)
		return n;
	for (unsigned i = 0; i < n; i++)
		if (endpoint_eq(&list[i], ep))
			return n;
	list[n] = *ep;
	return n + 1;
}

/* Not the administrator says where it is. */
static bool
is_hearsay(const struct engine *e, const struct peer_slot *p)
{
	return p->member != NULL && e->net.targets != NULL;
}

bool
slot_target(struct engine *e, const struct peer_slot *p, uint64_t now_ms,
    uint32_t attempt, struct endpoint *to, uint16_t *sock)
{
	struct way list[PLACES_ALL];
	unsigned n = slot_places(p, list);
	bool withheld = false;

	/*
	 * The one whose turn it is, or the next with a socket for it; in the
	 * first round none that failed too often, while there are others.
	 */
	for (unsigned i = 0; i < 2 * n; i++) {
		const struct way *at = &list[(attempt + p->turn + i) % n];

		*to = at->ep;
		if (!slot_sock_for(e, p, at, sock) ||
		    (i < n && !spots_allow(&p->spots, now_ms, to)))
			continue;
		if (carry_is(*sock) || !is_hearsay(e, p) ||
		    targets_allow(e->net.targets, now_ms, &to->addr))
			return true;
		withheld = true;
	}
	if (withheld)
		count(e, INITS_WITHHELD);
	return false;
}

/* Were there others before it, who failed too often?  They hear of it. */
static bool
passes_over(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct endpoint *to)
{
	struct way list[PLACES_ALL];
	unsigned n = slot_places(p, list);
	bool any = false;

	for (unsigned i = 0; i < n; i++) {
		const struct way *at =
		    &list[(p->ses.attempts + p->turn + i) % n];
		uint16_t sock;

		if (endpoint_eq(&at->ep, to))
			break;
		if (slot_sock_for(e, p, at, &sock))
			any |= spots_passed(
			    &p->spots, &e->breaker, now_ms, &at->ep);
	}
	return any;
}

void
slot_target_used(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct endpoint *to)
{
	e->c.v[PLACES_SKIPPED] += passes_over(e, p, now_ms, to);
	spots_used(&p->spots, &e->breaker, now_ms, to);
	p->tried = *to;
	p->unanswered = true;
	if (is_hearsay(e, p))
		targets_note(e->net.targets, now_ms, &to->addr);
}

/* ---- lookups ---- */

uint32_t
lookup_id(struct engine *e, uint32_t no)
{
	e->lookups++;
	if (e->lookups >= UINT32_MAX >> SLOT_BITS)
		e->lookups = 1;
	return e->lookups << SLOT_BITS | no;
}

/* The books of it. */
static void
lookup_ended(struct engine *e, struct peer_slot *p, bool found)
{
	if (p->looks_again)
		count(e, found ? RETRY_LOOKUP_OK : RETRY_LOOKUP_FAILED);
	if (!found)
		count(e, LOOKUPS_FAILED);
	p->looks_again = !found;
}

int
slot_lookup(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct msg_lookup_ask ask = {0};
	uint32_t id;

	if (p->lookup_id != 0)
		return 0;
	if (p->conf.nallowed == 0)
		return -1;
	ask.ip = p->conf.allowed[0].addr;
	id = lookup_id(e, p->no);
	p->asked_ms = now_ms;
	e->c.v[RETRY_LOOKUP] += p->looks_again;
	if (e->io.ask_lookup(e->io.ctx, id, &ask) == -1) {
		lookup_ended(e, p, false);
		return -1;
	}
	count(e, LOOKUPS);
	p->looked_ms = now_ms;
	p->lookup_id = id;
	p->lookup_due_ms = now_ms + (p->member != NULL ? SEEK_MS : LOOKUP_MS);
	slot_arm(e, p);
	return 0;
}

/* The question is over, without an answer that helps. */
static void
lookup_failed(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct way list[PLACES_ALL];

	p->lookup_id = 0;
	lookup_ended(e, p, false);
	if (p->peer.state != PEER_LOOKUP)
		return;
	if (slot_places(p, list) != 0)
		slot_event(e, p, now_ms, PEV_FOUND);
	else
		slot_event(e, p, now_ms, PEV_UNKNOWN);
}

void
slot_lookup_late(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (p->lookup_id != 0 && now_ms >= p->lookup_due_ms)
		lookup_failed(e, p, now_ms);
}

/* Places of the answer; the old ones of discoveryd are forgotten. */
static void
take_candidates(struct peer_slot *p, const struct msg_lookup_reply *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n && i < CANDIDATES_MAX; i++)
		n = add_new(p->cand, n, &r->c[i].ep);
	p->ncand = (uint8_t)n;
}

void
slot_member_places(struct peer_slot *p, struct member *m, uint64_t now_ms)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->ncand; i++)
		n = add_new(p->cand, n, &m->cand[i]);
	p->ncand = (uint8_t)n;
	p->asked_ms = now_ms;
	m->ncand = 0;
}

/*
 * The answer about a member: its certificate may be a newer one, but it must
 * be good and its own, else the places in it are worth nothing either.
 */
static bool
take_member(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct msg_lookup_reply *r)
{
	struct member *m = p->member;

	if (r->certlen != 0 &&
	    !(r->certlen == m->certlen &&
		memcmp(r->cert, m->blob, r->certlen) == 0) &&
	    member_show(e, now_ms, r->cert, r->certlen, p->conf.key, &m) !=
		CERT_OK) {
		count(e, LOOKUP_WRONG);
		return false;
	}
	member_candidates(p->member, r);
	slot_member_places(p, p->member, now_ms);
	return true;
}

void
engine_on_lookup(struct engine *e, uint64_t now_ms, uint32_t id,
    const struct msg_lookup_reply *r)
{
	struct peer_slot *p = slot_get(e, id & (SLOTS_MAX - 1));

	e->now_ms = now_ms;
	if (seek_is(id)) {
		seek_answer(e, now_ms, id, r);
		return;
	}
	if (p == NULL || id == 0 || p->lookup_id != id) {
		count(e, ILLEGAL_EVENTS);
		return;
	}
	if (r->status != LOOKUP_FOUND || r->n == 0) {
		lookup_failed(e, p, now_ms);
		return;
	}
	if (memcmp(r->key, p->conf.key, sizeof(r->key)) != 0) {
		log_warnx("%s: discoveryd names another key for its address",
		    p->conf.name);
		ev_mismatch(e, p, NULL, EVW_LOOKUP_KEY);
		lookup_failed(e, p, now_ms);
		return;
	}
	if (p->member == NULL) {
		take_candidates(p, r);
	} else if (!take_member(e, p, now_ms, r)) {
		lookup_failed(e, p, now_ms);
		return;
	}
	p->lookup_id = 0;
	measure(e, HIST_LOOKUP, p->looked_ms, now_ms);
	lookup_ended(e, p, p->ncand != 0);
	paths_learn(e, p, now_ms);
	if (p->peer.state == PEER_LOOKUP)
		slot_event(
		    e, p, now_ms, p->ncand != 0 ? PEV_FOUND : PEV_UNKNOWN);
	else if (p->ncand != 0)
		slot_hint(e, p, now_ms);
}

/* A member that the engine before us had a session with. */
static void
recent_member(
    struct engine *e, uint64_t now_ms, const struct msg_lookup_reply *r)
{
	struct member *m;

	if (member_show(e, now_ms, r->cert, r->certlen, r->key, &m) !=
	    CERT_OK) {
		count(e, LOOKUP_WRONG);
	} else if (m != NULL) {
		member_candidates(m, r);
		m->wanted = m->ncand != 0;
	}
}

void
engine_on_recent(
    struct engine *e, uint64_t now_ms, const struct msg_lookup_reply *r)
{
	struct peer_slot *p = slot_get(e, keytab_find(e->by_key, r->key));

	if (p == NULL && r->certlen != 0 && e->net.on) {
		recent_member(e, now_ms, r);
		return;
	}
	if (p == NULL || r->n == 0 || !p->conf.admin_up)
		return;
	if (p->member == NULL)
		take_candidates(p, r);
	else if (!take_member(e, p, now_ms, r))
		return;
	if (p->ncand == 0 || p->peer.state != PEER_IDLE)
		return;
	/* not authenticated by us, but by the engine before us: goes first */
	if (!p->has_ep && p->member == NULL) {
		p->ep = p->cand[0];
		p->has_ep = true;
	}
	slot_want(e, p, now_ms, BEV_WANT);
}

void
engine_disc_lost(struct engine *e, uint64_t now_ms)
{
	e->now_ms = now_ms;
	for (uint32_t i = 0; i < e->nslots; i++)
		if (e->slot[i] != NULL && e->slot[i]->lookup_id != 0)
			lookup_failed(e, e->slot[i], now_ms);
	seeks_disc_lost(e, now_ms);
}

/* ---- hints ---- */

static bool
lives_at(const struct peer_slot *p, const struct endpoint *ep)
{
	struct way list[PLACES_ALL];
	unsigned n = slot_places(p, list);

	for (unsigned i = 0; i < n; i++)
		if (endpoint_eq(&list[i].ep, ep))
			return true;
	return false;
}

/*
 * Anybody can forge such a message.  So it is worth a few initiations, to a
 * place that we know anyway, and then the back-off; and looking for the peer
 * has a rate.
 */
void
engine_stray(struct engine *e, uint64_t now_ms, const struct endpoint *from)
{
	if (!bucket_take(&e->stray, now_ms, STRAY_PER_S, STRAY_PER_S))
		return;
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL || p->guest || p->peer.state != PEER_IDLE ||
		    !p->conf.admin_up || !lives_at(p, from))
			continue;
		p->hinted = true;
		slot_want(e, p, now_ms, BEV_WANT);
		if (p->peer.state == PEER_IDLE)
			p->hinted = false;
		return;
	}
}

/*
 * A key that we don't know, from where we expect one that we know: somebody
 * changed a key there and not here, or took the place.  What it claims is not
 * proved, so it is said and counted, and changes nothing.
 */
void
engine_stranger(struct engine *e, uint64_t now_ms, const struct endpoint *from)
{
	char where[ENDPOINT_STRLEN];

	if (!bucket_take(
		&e->strangers, now_ms, STRANGERS_PER_S, STRANGERS_PER_S))
		return;
	for (uint32_t i = 0; i < e->nslots; i++) {
		const struct peer_slot *p = e->slot[i];

		if (p == NULL || p->guest || !lives_at(p, from))
			continue;
		count(e, HS_MISMATCH);
		log_warnx("%s: another key calls from its place %s",
		    p->conf.name, endpoint_format(from, where));
		ev_mismatch(e, p, from, EVW_OTHER_KEY);
		return;
	}
}

/* ---- what discoveryd is told ---- */

/* A new discoveryd knows nothing of us; who waited for one waits no longer. */
void
engine_disc_ready(struct engine *e, uint64_t now_ms)
{
	struct way list[PLACES_ALL];

	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL)
			continue;
		if (p->seen_up)
			p->seen_due = true;
		if (slot_places(p, list) == 0)
			slot_hint(e, p, now_ms);
	}
	network_disc_ready(e);
	engine_nat_disc_ready(e);
	engine_tell_seen(e, now_ms);
}

void
slot_roam(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from)
{
	if (p->has_ep && p->sock == sock && endpoint_eq(&p->ep, from))
		return;
	if (p->batch != NULL)
		path_send(e, p->batch);
	if (p->has_ep && !endpoint_eq(&p->ep, from)) {
		count(e, ROAMS);
		ev_moved(e, p, from);
	}
	p->has_ep = true;
	p->ep = *from;
	p->sock = sock;
	paths_used(p, now_ms);
	if (p->seen_up)
		slot_seen(e, p, true);
}

void
slot_proved(struct engine *e, const struct peer_slot *p, uint64_t now_ms)
{
	if (is_hearsay(e, p) && addr_eq(&p->spoken_to, &p->ep.addr))
		targets_good(e->net.targets, now_ms, &p->ep.addr);
}

void
slot_seen(struct engine *e, struct peer_slot *p, bool up)
{
	p->seen_up = up;
	p->seen_due = true;
	timers_set(&e->timers, &e->t_seen, 0);
}

static int
tell(struct engine *e, struct peer_slot *p)
{
	struct msg_peer_seen m = {.up = p->seen_up};

	/* where a carrier found it is no place for a socket */
	if (!carry_is(p->sock))
		m.ep = p->ep;
	memcpy(m.key, p->conf.key, sizeof(m.key));
	if (e->io.tell_seen(e->io.ctx, &m) == -1)
		return -1;
	p->seen_due = false;
	return 0;
}

/* A few at a time: the channel is bounded, and nobody waits for it. */
void
engine_tell_seen(struct engine *e, uint64_t now_ms)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL || !p->seen_due)
			continue;
		if (n++ == SEEN_BATCH || tell(e, p) == -1) {
			timers_set(
			    &e->timers, &e->t_seen, now_ms + SEEN_AGAIN_MS);
			return;
		}
	}
	if (!engine_tell_net(e))
		timers_set(&e->timers, &e->t_seen, now_ms + SEEN_AGAIN_MS);
}
