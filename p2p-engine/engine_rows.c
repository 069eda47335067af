/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_rows.c */
/*
 * What a person sees of the engine: counters with their gauges, one row a
 * peer.  Nothing here changes anything.
 */
#include <stdio.h>
#include <string.h>

#include "engine_int.h"
#include "engine_pmtu.h"

/*
 * The gauges close the books at any moment: what is held, sealed but not yet
 * sent, at keyd, or in the open super-packet is neither lost nor done.
 */
const struct counters *
engine_counters(struct engine *e)
{
	uint64_t held = 0, queued = 0, shaped = 0, in[BREAKER_NSTATES] = {0};

	for (uint32_t i = 0; i < e->nslots; i++) {
		if (e->slot[i] == NULL)
			continue;
		held += e->slot[i]->hold.n;
		queued += streams_held(e->slot[i]);
		shaped += qos_waiting(e->slot[i]);
		in[e->slot[i]->breaker.state]++;
	}
	e->c.v[BREAKERS_OPEN] = in[BREAKER_OPEN];
	e->c.v[BREAKERS_HALF] = in[BREAKER_HALF] + in[BREAKER_TRIAL];
	for (uint32_t i = 0; i < BATCHES; i++)
		held += e->batch[i].records;
	held += seeks_held(e);
	e->c.v[FILTER_EVICTED] = e->evicted_before;
	if (e->filter != NULL)
		e->c.v[FILTER_EVICTED] += filter_evicted(e->filter);
	e->c.v[MEMBERS] = engine_nmembers(e);
	e->c.v[GUESTS] = e->net.nguests;
	e->c.v[STREAMS] = e->nstreams;
	e->c.v[RELAY_OWN] =
	    e->relay->t.n[RELAY_ORIGIN] + e->relay->t.n[RELAY_END];
	e->c.v[RELAY_FOREIGN] = e->relay->t.n[RELAY_TRANSIT];
	e->c.v[STUN_SENT] = e->nat.asked;
	e->c.v[STUN_SILENT] = e->nat.silent;
	e->c.v[NAT_CHANGES] = e->nat.changes;
	engine_turn_gauges(e);
	engine_map_gauges(e);
	e->c.v[FLOWS] = e->flows == NULL ? 0 : flow_count(e->flows);
	e->c.v[STREAM_QUEUED] = queued;
	e->c.v[EO_HELD] = held + queued;
	e->c.v[EO_QOS_HELD] = shaped;
	e->c.v[EI_PENDING] = jobs_foreign(e->jobs) + (uint64_t)e->merged;
	return &e->c;
}

struct hist *
engine_hist(struct engine *e, enum hist_id id)
{
	return &e->hist[id];
}

uint32_t
engine_npeers(const struct engine *e)
{
	return e->npeers;
}

/* Keys that are too old to send with make a peer idle to a person. */
static enum peer_view
view_of(const struct peer_slot *p, uint64_t now_ms)
{
	static const enum peer_view views[PEER_NSTATES] = {
	    [PEER_IDLE] = PV_IDLE,
	    [PEER_LOOKUP] = PV_LOOKUP,
	    [PEER_DIAL] = PV_HANDSHAKE,
	    [PEER_UP] = PV_UP,
	};

	if (!p->conf.admin_up)
		return PV_OFF;
	if (breaker_blocks(&p->breaker))
		return PV_WAIT;
	if (p->peer.state == PEER_UP && !session_up(&p->ses, now_ms))
		return session_dialing(&p->ses) ? PV_HANDSHAKE : PV_IDLE;
	return views[p->peer.state];
}

static uint64_t
date(uint64_t ms, uint64_t now_ms, uint64_t unix_ms)
{
	return ms == 0 ? 0 : unix_ms - (now_ms - ms);
}

/* A peer's traffic is that of all its streams. */
static void
add_streams(const struct peer_slot *p, uint64_t now_ms, uint64_t unix_ms,
    struct msg_peer_row *row)
{
	for (unsigned i = 1; p->lanes != NULL && i < POOL_MAX; i++) {
		const struct peer_slot *s = p->lanes->slot[i];
		uint64_t seen;

		if (s == NULL)
			continue;
		row->rx_bytes += s->rx_bytes;
		row->tx_bytes += s->tx_bytes;
		row->rx_packets += s->rx_packets;
		row->tx_packets += s->tx_packets;
		seen = date(s->seen_ms, now_ms, unix_ms);
		if (seen > row->seen_unix_ms)
			row->seen_unix_ms = seen;
	}
}

int
engine_peer_row(const struct engine *e, uint32_t i, uint64_t now_ms,
    uint64_t unix_ms, struct msg_peer_row *row)
{
	const struct peer_slot *p;

	if (i >= e->npeers)
		return -1;
	p = e->slot[e->order[i]];
	memset(row, 0, sizeof(*row));
	memcpy(row->name, p->conf.name, sizeof(row->name));
	memcpy(row->key, p->conf.key, sizeof(row->key));
	row->state = view_of(p, now_ms);
	row->has_endpoint = p->has_ep;
	row->has_psk = p->conf.has_psk;
	row->endpoint = p->ep;
	row->since_unix_ms = date(p->since_ms, now_ms, unix_ms);
	row->handshake_unix_ms = date(p->handshake_ms, now_ms, unix_ms);
	row->seen_unix_ms = date(p->seen_ms, now_ms, unix_ms);
	row->rx_bytes = p->rx_bytes;
	row->tx_bytes = p->tx_bytes;
	row->rx_packets = p->rx_packets;
	row->tx_packets = p->tx_packets;
	add_streams(p, now_ms, unix_ms, row);
	row->handshakes = p->handshakes;
	row->attempts = session_dialing(&p->ses) ? p->ses.attempts : 0;
	row->held = p->hold.n;
	row->flows = flow_count_peer(e->flows, p->no);
	row->keepalive_s = p->conf.keepalive_s;
	row->rtt_us = p->rtt_us;
	if (p->lanes != NULL && p->lanes->pool.s[0].rtt_us != 0)
		row->rtt_us = p->lanes->pool.s[0].rtt_us;
	row->path_mtu = pmtu_shown(p);
	row->mtu = slot_mtu(e, p);
	row->nallowed = p->conf.nallowed;
	memcpy(row->allowed, p->conf.allowed,
	    p->conf.nallowed * sizeof(*row->allowed));
	return 0;
}

int
engine_breaker_row(const struct engine *e, uint32_t i, uint64_t now_ms,
    uint64_t unix_ms, struct msg_breaker_row *row)
{
	static const enum breaker_view views[BREAKER_NSTATES] = {
	    [BREAKER_CLOSED] = BV_CLOSED,
	    [BREAKER_OPEN] = BV_OPEN,
	    [BREAKER_HALF] = BV_HALF,
	    [BREAKER_TRIAL] = BV_HALF,
	};
	uint32_t no = i / (SPOTS_MAX + 1), spot = i % (SPOTS_MAX + 1);
	const struct peer_slot *p;
	const struct breaker *b;

	if (no >= e->npeers)
		return -1;
	p = e->slot[e->order[no]];
	b = spot == 0 ? &p->breaker : &p->spots.at[spot - 1].breaker;
	if (b->state == BREAKER_CLOSED)
		return 0;
	*row = (struct msg_breaker_row){.is_place = spot != 0,
	    .state = views[b->state],
	    .failures = b->failures,
	    .passes = b->passes,
	    .tries = b->wait.tries == 0 ? 0 : b->wait.tries - 1,
	    .since_unix_ms = date(b->since_ms, now_ms, unix_ms),
	    .trips = b->trips,
	    .refused = b->refused};
	memcpy(row->name, p->conf.name, sizeof(row->name));
	if (spot != 0)
		row->place = p->spots.at[spot - 1].ep;
	if (b->due_ms > now_ms)
		row->next_unix_ms = unix_ms + (b->due_ms - now_ms);
	return 1;
}

/* ---- streams ---- */

static void
stream_row(const struct peer_slot *p, struct msg_stream_row *row)
{
	const struct pool_stream *s = &p->lanes->pool.s[p->place];

	row->place = p->place;
	row->state = (uint8_t)s->state;
	row->mine = s->mine;
	row->socket = p->sock;
	row->ep = p->ep;
	row->rtt_us = s->rtt_us;
	row->loss_pm = s->loss_pm;
	row->held = p->lanes->lane[p->place]->held.n;
	row->tx_packets = p->tx_packets;
	row->rx_packets = p->rx_packets;
	row->tx_bytes = p->tx_bytes;
	row->rx_bytes = p->rx_bytes;
}

/* The cursor counts places of peers. */
int
engine_stream_row(const struct engine *e, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_stream_row *row)
{
	for (; *cursor < e->npeers * POOL_MAX; ++*cursor) {
		const struct peer_slot *p =
		    e->slot[e->order[*cursor / POOL_MAX]];
		const struct peer_slot *s;

		if (p->lanes == NULL)
			continue;
		if ((s = p->lanes->slot[*cursor % POOL_MAX]) == NULL)
			continue;
		++*cursor;
		*row = (struct msg_stream_row){0};
		memcpy(row->peer, p->conf.name, sizeof(p->conf.name));
		row->since_unix_ms = date(s->since_ms, now_ms, unix_ms);
		stream_row(s, row);
		return 0;
	}
	return -1;
}

int
engine_flow_row(const struct engine *e, uint32_t *cursor, uint64_t now_ms,
    struct msg_flow_row *row)
{
	const struct flow *f = NULL;
	const struct peer_slot *p;

	if (e->flows == NULL || (f = flow_at(e->flows, cursor)) == NULL)
		return -1;
	*row = (struct msg_flow_row){.proto = f->key.proto,
	    .src = {.family = f->key.version},
	    .dst = {.family = f->key.version},
	    .sport = f->key.sport,
	    .dport = f->key.dport,
	    .stream = f->stream,
	    .idle_ms = (uint32_t)(now_ms - f->last_ms),
	    .packets = f->packets,
	    .bytes = f->bytes};
	memcpy(row->src.b, f->key.src, sizeof(row->src.b));
	memcpy(row->dst.b, f->key.dst, sizeof(row->dst.b));
	if ((p = slot_get(e, f->peer)) != NULL)
		memcpy(row->peer, p->conf.name, sizeof(p->conf.name));
	return 0;
}

/* ---- the network ---- */

static const char *
note_of(const struct engine *e, uint64_t now_ms)
{
	const struct network *n = &e->net;
	struct cert own;

	switch (cert_verify(n->bundle.cert, n->bundle.certlen, &n->check,
	    engine_unix_s(e, now_ms), &own)) {
	case CERT_OK:
		return e->has_pub && memcmp(own.node, e->pub, 32) != 0
		    ? "of another key"
		    : "";
	case CERT_EARLY:
		return "not valid yet";
	case CERT_EXPIRED:
		return "expired";
	case CERT_REVOKED:
		return "revoked";
	default:
		return "not good";
	}
}

int
engine_net_row(const struct engine *e, uint64_t now_ms, struct msg_net_row *row)
{
	const struct network *n = &e->net;

	*row = (struct msg_net_row){0};
	if (!n->on)
		return -1;
	memcpy(row->authority, n->check.ca[0], sizeof(row->authority));
	memcpy(row->holder, n->bundle.holder, sizeof(row->holder));
	row->prefix = n->check.prefix;
	row->prefix6 = n->prefix6;
	if (n->has_crl) {
		row->crl_number = n->crl.number;
		row->crl_issued = n->crl.issued;
		row->crl_next = n->crl.next_update;
		row->crl_serials = n->crl.n;
	}
	row->members = engine_nmembers(e);
	row->guests = n->nguests;
	row->invites = join_invites(e);
	row->is_holder =
	    e->has_pub && memcmp(n->bundle.holder, e->pub, 32) == 0;
	snprintf(row->note, sizeof(row->note), "%s", note_of(e, now_ms));
	row->certlen = n->bundle.certlen;
	memcpy(row->cert, n->bundle.cert, n->bundle.certlen);
	return 0;
}

uint32_t
engine_nmembers(const struct engine *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->net.nmembers; i++)
		n += !e->net.member[i]->gone;
	return n;
}

int
engine_member_row(const struct engine *e, uint32_t i, uint64_t now_ms,
    uint64_t unix_ms, struct msg_member_row *row)
{
	const struct peer_slot *p;
	const struct member *m;

	if (i >= e->net.nmembers)
		return -1;
	m = e->net.member[i];
	p = slot_get(e, m->no);
	*row = (struct msg_member_row){.certlen = m->certlen};
	memcpy(row->cert, m->blob, m->certlen);
	if (p != NULL && p->member == m) {
		row->state = view_of(p, now_ms);
		row->seen_unix_ms = date(p->seen_ms, now_ms, unix_ms);
	}
	return 0;
}
