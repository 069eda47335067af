/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_paths.c */
/*
 * The places of a member that knows probes, and which of them is used:
 * reach/pathset.h decides, here it is carried out.
 *
 * Its session does not know about places, so a failover costs no handshake.
 * Streams beside stream 0 go with it when the place that failed was theirs.
 * Places come from discoveryd, and from where it is heard; those of discoveryd
 * are hearsay, and pinged within the limits of all hearsay until they answer.
 */
#include <stdio.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_punch.h"
#include "engine_relay.h"

#define RANK_NEAR 4         /* direct, and on a link of ours */
#define PATHS_ASK_MS 600000 /* where else is it?  so often */

static struct pathset *
paths_of(const struct peer_slot *p)
{
	return p->lanes != NULL && p->owner == NULL ? &p->lanes->paths : NULL;
}

/* ---- names and ranks ---- */

const char *
engine_place_name(const struct engine *e, uint16_t sock,
    const struct endpoint *ep, char out[PLACE_NAME_MAX])
{
	char text[ENDPOINT_STRLEN];

	(void)e;
	if (!carry_is(sock))
		return endpoint_format(ep, out);
	if (ep->addr.family == 4 || ep->addr.family == 6)
		snprintf(out, PLACE_NAME_MAX, "%s %s", carry_name(sock),
		    endpoint_format(ep, text));
	else
		snprintf(out, PLACE_NAME_MAX, "%s", carry_name(sock));
	return out;
}

/* On a link of ours, as far as addresses tell: the same /24 or /64. */
static bool
is_near(const struct engine *e, const struct addr *a)
{
	size_t same = a->family == 4 ? 3 : 8;

	for (unsigned i = 0; i < e->nat.nplaces; i++) {
		const struct addr *own = &e->nat.place[i].addr;

		if (own->family == a->family && memcmp(own->b, a->b, same) == 0)
			return true;
	}
	return false;
}

static bool
pin_is_for(const struct engine *e, const struct conf_pin *pin, uint16_t sock,
    const struct endpoint *ep)
{
	char name[PLACE_NAME_MAX];

	switch (pin->what) {
	case CONF_PIN_DIRECT:
		return !carry_is(sock);
	case CONF_PIN_TO:
		return !carry_is(sock) && addr_eq(&pin->to.addr, &ep->addr) &&
		    (pin->to.port == 0 || pin->to.port == ep->port);
	case CONF_PIN_VIA: /* "relay gamma" */
		(void)engine_place_name(e, sock, ep, name);
		return sock == CARRY_RELAY && strncmp(name, "relay ", 6) == 0 &&
		    strcmp(name + 6, pin->via) == 0;
	case CONF_PIN_RELAY:
		return sock == CARRY_RELAY;
	case CONF_PIN_TLS:
		return sock == CARRY_TLS;
	default:
		return carry_is(sock) && sock >= CARRY_TURN;
	}
}

/* What the configuration says of the place; of an address before of a kind. */
static const struct conf_pin *
pin_of(const struct engine *e, const struct peer_slot *p, uint16_t sock,
    const struct endpoint *ep)
{
	const struct conf_pin *found = NULL;

	for (unsigned i = 0; i < e->node.npins; i++) {
		const struct conf_pin *pin = &e->node.pin[i];
		bool one =
		    pin->what == CONF_PIN_TO || pin->what == CONF_PIN_VIA;

		if ((found == NULL || one) &&
		    strcmp(pin->peer, p->conf.name) == 0 &&
		    pin_is_for(e, pin, sock, ep))
			found = pin;
	}
	return found;
}

static uint8_t
rank_of(const struct engine *e, const struct peer_slot *p, uint16_t sock,
    const struct endpoint *ep)
{
	const struct conf_pin *pin = pin_of(e, p, sock, ep);

	if (pin != NULL)
		return pin->rank;
	if (!carry_is(sock) && is_near(e, &ep->addr))
		return (uint8_t)(carry_rank(sock) + RANK_NEAR);
	/* TLS to the peer itself is better than TLS to another one; and who
	 * is reached by a relay is no relay, and none for it */
	if (sock == CARRY_RELAY &&
	    (relay_is_by_tls(e, ep) || relay_is(p) || relays_serve(e)))
		return (uint8_t)(carry_rank(CARRY_TLS) - 1);
	return carry_rank(sock);
}

bool
paths_pinned(const struct engine *e, const struct peer_slot *p, uint16_t sock,
    const struct endpoint *ep)
{
	return pin_of(e, p, sock, ep) != NULL;
}

/* Our addresses or the configuration changed. */
static void
rank_all(struct engine *e, struct peer_slot *p, struct pathset *s)
{
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (s->at[i].ep.addr.family != 0)
			s->at[i].rank =
			    rank_of(e, p, s->at[i].sock, &s->at[i].ep);
}

/* ---- places come and go ---- */

void
paths_begin(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	pathset_init(
	    &p->lanes->paths, memcmp(e->pub, p->conf.key, sizeof(e->pub)) < 0);
	if (p->has_ep)
		paths_used(e, p, now_ms);
	paths_learn(e, p, now_ms);
}

void
paths_learn(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct way list[PLACES_ALL];
	struct pathset *s = paths_of(p);
	unsigned n;

	if (s == NULL)
		return;
	rank_all(e, p, s);
	n = slot_places(p, list);
	for (unsigned i = 0; i < n; i++) {
		uint16_t sock;

		if (slot_sock_for(e, p, &list[i], &sock))
			(void)pathset_add(s, &list[i].ep, sock,
			    rank_of(e, p, sock, &list[i].ep), now_ms);
	}
	slot_arm(e, p);
}

void
paths_gone(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    uint16_t sock, const struct endpoint *ep)
{
	struct pathset *s = paths_of(p);

	if (s == NULL)
		return;
	pathset_drop(s, ep, sock, now_ms);
	slot_arm(e, p);
}

void
paths_hint(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pathset *s = paths_of(p);

	if (s == NULL)
		return;
	pathset_hint(s, now_ms);
	paths_learn(e, p, now_ms);
}

/* By another port of its translator it has answered. */
static bool
answered_there(const struct pathset *s, const struct addr *a, uint64_t now_ms)
{
	for (unsigned i = 0; i < PATHS_MAX; i++)
		if (s->at[i].rtt_us != 0 && addr_eq(&s->at[i].ep.addr, a) &&
		    now_ms - s->at[i].heard_ms < PATH_USED_MS)
			return true;
	return false;
}

/* What discoveryd says of a member's place costs little until it answers. */
static bool
may_ping(struct engine *e, const struct pathset *s, const struct path *p,
    uint64_t now_ms)
{
	if (carry_is(p->sock) || p->proved_ms != 0 || p->heard_ms != 0 ||
	    e->net.targets == NULL || answered_there(s, &p->ep.addr, now_ms))
		return true;
	if (!targets_allow(e->net.targets, now_ms, &p->ep.addr))
		return false;
	targets_note(e->net.targets, now_ms, &p->ep.addr);
	return true;
}

static void
ping(struct engine *e, struct peer_slot *p, uint64_t now_ms, unsigned i)
{
	struct pathset *s = &p->lanes->paths;
	const struct path *to = &s->at[i];
	uint64_t id;

	if (!session_up(&p->ses, now_ms) || !may_ping(e, s, to, now_ms))
		return;
	id = probe_place(e, p, to->sock, &to->ep);
	pathset_pinged(s, i, id, now_ms);
}

/* Streams whose place was the same lose it with stream 0. */
static void
take_along(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct addr *from)
{
	for (unsigned i = 1; i < POOL_MAX; i++) {
		struct peer_slot *k = p->lanes->slot[i];
		struct endpoint to;
		uint16_t sock;

		if (k == NULL || !addr_eq(&k->ep.addr, from))
			continue;
		to = (struct endpoint){p->ep.addr, k->ep.port};
		sock = k->sock;
		if (engine_sock_for(e, &to, &sock))
			slot_roam(e, k, now_ms, sock, &to);
	}
}

static void
use(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct path *to)
{
	struct endpoint ep = to->ep, old = p->ep;

	slot_roam(e, p, now_ms, to->sock, &ep);
	take_along(e, p, now_ms, &old.addr);
}

/* What people hear of a change, and the books. */
static void
note(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct way *old, enum path_why why)
{
	uint64_t silent_ms = now_ms - p->lanes->paths.failed_ms;

	switch (why) {
	case PATH_FAILED:
		count(e, FAILOVERS);
		hist_add(
		    &e->hist[HIST_FAILOVER], HIST_FAILOVER, silent_ms * 1000);
		ev_path(e, p, EV_PATH_FAILED, old, silent_ms);
		break;
	case PATH_UPGRADE:
		count(e, PATH_UPGRADES);
		ev_path(e, p, EV_PATH_UPGRADED, old, 0);
		break;
	case PATH_MANUAL:
		count(e, PATH_BY_HAND);
		ev_path(e, p, EV_PATH_BY_HAND, old, 0);
		break;
	default:
		count(e, PATH_RETURNS);
		ev_path(e, p, EV_PATH_BACK, old, 0);
		break;
	}
}

static void
change(struct engine *e, struct peer_slot *p, uint64_t now_ms, unsigned place,
    enum path_why why)
{
	struct way old = {p->ep, p->sock};

	use(e, p, now_ms, &p->lanes->paths.at[place]);
	note(e, p, now_ms, &old, why);
}

void
paths_tick(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pathset *s = paths_of(p);
	struct path_step step[PATH_STEPS];
	unsigned n;

	if (s == NULL || now_ms < pathset_due(s))
		return;
	n = pathset_tick(s, now_ms, step);
	for (unsigned i = 0; i < n; i++) {
		if (step[i].act == PATH_PING ||
		    (step[i].act == PATH_KEEP && punch_may_be_forgotten(e, p)))
			ping(e, p, now_ms, step[i].place);
		else if (step[i].act == PATH_USE)
			change(e, p, now_ms, step[i].place, step[i].why);
	}
	/* it called, so nobody was asked where it is: where else could it be?
	 */
	if (p->ncand == 0 && p->member != NULL && s->used_ms != 0 &&
	    (p->asked_ms == 0 || now_ms - p->asked_ms >= PATHS_ASK_MS))
		(void)slot_lookup(e, p, now_ms);
}

void
paths_sent(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	if (pathset_sent(&p->lanes->paths, now_ms))
		slot_arm(e, p);
}

void
paths_heard(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	struct pathset *s = &p->lanes->paths;
	bool steady = pathset_is_steady(s);
	uint32_t failures = s->failures;
	struct way old = {p->ep, p->sock};
	unsigned i;

	switch (pathset_heard(s, d->from, d->sock, now_ms)) {
	case PATH_STAY:
		if (!steady && pathset_is_steady(s))
			slot_arm(e, p);
		return;
	case PATH_FOLLOW:
		i = pathset_find(s, d->from, d->sock);
		use(e, p, now_ms, &s->at[i]);
		if (s->failures != failures)
			note(e, p, now_ms, &old, PATH_FAILED);
		return;
	case PATH_ASK:
		break;
	}
	i = pathset_put(s, d->from, d->sock, now_ms);
	s->at[i].rank = rank_of(e, p, d->sock, d->from);
	if (s->at[i].ping != 0 && now_ms - s->at[i].ping_ms < PATH_AGAIN_MS)
		return;
	if (s->asked_ms != 0 && now_ms - s->asked_ms < PATH_AGAIN_MS / 4)
		return; /* nor more often than that to whomever */
	s->asked_ms = now_ms;
	s->at[i].heard_ms = now_ms;
	count(e, PATHS_ASKED);
	ping(e, p, now_ms, i);
}

void
paths_keyed_from(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	const struct way *w = &p->answered_to;
	struct pathset *s = paths_of(p);
	unsigned i;

	if (s == NULL || w->sock != d->sock || !endpoint_eq(&w->ep, d->from))
		return;
	i = pathset_put(s, d->from, d->sock, now_ms);
	s->at[i].rank = rank_of(e, p, d->sock, d->from);
	pathset_proved(s, i, now_ms);
}

void
paths_pinged_from(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	struct pathset *s = paths_of(p);

	unsigned i;

	/* it tries this one, so it may be wanted soon */
	if (s == NULL ||
	    (i = pathset_add(s, d->from, d->sock,
		 rank_of(e, p, d->sock, d->from), now_ms)) == PATH_NONE)
		return;
	pathset_tried(s, i, now_ms);
	slot_arm(e, p);
}

bool
paths_pong(struct engine *e, struct peer_slot *p, uint64_t now_ms, uint64_t id,
    const struct endpoint *from)
{
	struct pathset *s = paths_of(p);
	uint32_t rtt_us;
	unsigned i;

	if (s == NULL ||
	    (i = pathset_pong(s, id, from, now_ms, &rtt_us)) == PATH_NONE)
		return false;
	count(e, PROBES_ANSWERED);
	if (i != s->best && pathset_called(s, i, now_ms))
		use(e, p, now_ms, &s->at[i]);
	slot_arm(e, p);
	return true;
}

enum failover_result
paths_force(
    struct engine *e, struct peer_slot *p, uint64_t now_ms, unsigned place)
{
	struct pathset *s = paths_of(p);
	unsigned i;

	if (!session_up(&p->ses, now_ms) || p->peer.state != PEER_UP)
		return FO_DOWN;
	if (s == NULL)
		return FO_ONE;
	if (place != PATH_NONE && place == s->best)
		return FO_USED;
	if ((i = pathset_force(s, place, now_ms)) == PATH_NONE)
		return place == PATH_NONE ? FO_NONE : FO_UNPROVED;
	change(e, p, now_ms, i, PATH_MANUAL);
	slot_arm(e, p);
	return FO_DONE;
}

const struct path *
paths_copy(const struct peer_slot *p)
{
	const struct pathset *s = paths_of(p);

	return s == NULL ? NULL : pathset_copy(s);
}

bool
paths_proved_at(const struct peer_slot *p, uint64_t now_ms, uint16_t sock,
    const struct endpoint *ep)
{
	const struct pathset *s = paths_of(p);

	return s != NULL && pathset_is_proved(s, ep, sock, now_ms);
}

void
paths_used(const struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct pathset *s = paths_of(p);

	if (s == NULL)
		return;
	pathset_use(s, &p->ep, p->sock, now_ms);
	s->at[s->best].rank = rank_of(e, p, p->sock, &p->ep);
}

uint64_t
paths_due(const struct peer_slot *p)
{
	const struct pathset *s = paths_of(p);

	return s == NULL || p->peer.state != PEER_UP ? UINT64_MAX
						     : pathset_due(s);
}
