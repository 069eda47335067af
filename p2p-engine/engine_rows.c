/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_rows.c */
/*
 * What a person sees of the engine: counters with their gauges, one row a
 * peer.  Nothing here changes anything.
 */
#include <string.h>

#include "engine_int.h"

/*
 * The gauges close the books at any moment: what is held, sealed but not yet
 * sent, at keyd, or in the open super-packet is neither lost nor done.
 */
const struct counters *
engine_counters(struct engine *e)
{
	uint64_t held = 0;

	for (uint32_t i = 0; i < e->nslots; i++)
		if (e->slot[i] != NULL)
			held += e->slot[i]->hold.n;
	for (uint32_t i = 0; i < BATCHES; i++)
		held += e->batch[i].records;
	e->c.v[EO_HELD] = held;
	e->c.v[EI_PENDING] = jobs_foreign(e->jobs) + (uint64_t)e->merged;
	return &e->c;
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
	    [PEER_WAIT] = PV_WAIT,
	};

	if (!p->conf.admin_up)
		return PV_OFF;
	if (p->peer.state == PEER_UP && !session_up(&p->ses, now_ms))
		return session_dialing(&p->ses) ? PV_HANDSHAKE : PV_IDLE;
	return views[p->peer.state];
}

static uint64_t
date(uint64_t ms, uint64_t now_ms, uint64_t unix_ms)
{
	return ms == 0 ? 0 : unix_ms - (now_ms - ms);
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
	row->handshakes = p->handshakes;
	row->attempts = session_dialing(&p->ses) ? p->ses.attempts : 0;
	row->held = p->hold.n;
	row->flows = flow_count_peer(e->flows, p->no);
	row->keepalive_s = p->conf.keepalive_s;
	row->rtt_us = p->rtt_us;
	row->nallowed = p->conf.nallowed;
	memcpy(row->allowed, p->conf.allowed,
	    p->conf.nallowed * sizeof(*row->allowed));
	return 0;
}
