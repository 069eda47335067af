/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_probe.c */
/*
 * Pings and pongs of streams (wire/probe.h), stream 0 among them.
 *
 * A pong goes back where its ping came from, and is no longer than it.  A
 * member that is heard from a new place is pinged there first, and what we
 * send goes there when the pong came from there: whoever caught a message and
 * played it to us from elsewhere before its owner could is not believed.  A
 * peer that knows no probes is believed at once, as WireGuard does.
 */
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"
#include "path.h"
#include "probe.h"
#include "wg.h"

static struct probe_keys *
keys_of(struct keypair *kp)
{
	probe_keys_make(&kp->probe, kp->send_key, kp->recv_key);
	return &kp->probe;
}

static void
say(struct engine *e, struct peer_slot *p, struct keypair *kp,
    const struct probe *what, uint16_t sock, const struct endpoint *to)
{
	uint8_t msg[PROBE_LEN(PROBE_BOX)];
	size_t n;

	n = probe_seal(keys_of(kp), kp->remote_index, what, PROBE_BOX, msg);
	if (n != 0)
		(void)engine_send(e, p, sock, to, msg, n);
}

static uint64_t
fresh_id(const struct engine *e)
{
	uint64_t id;

	e->io.rnd.fill(e->io.rnd.ctx, &id, sizeof(id));
	return id | 1; /* 0 is none */
}

void
probe_ping(struct engine *e, struct peer_slot *p, uint64_t now_ms)
{
	struct lane *lane = p->lanes->lane[p->place];
	struct ping *ping = &lane->ping[lane->next_ping++ % LANE_PINGS];
	struct probe what = {.kind = PROBE_PING, .flags = PROBE_DATA_HERE};

	if (!session_up(&p->ses, now_ms))
		return;
	*ping = (struct ping){fresh_id(e), now_ms};
	what.path = p->place;
	what.id = ping->id;
	count(e, PROBES_SENT);
	say(e, p, p->ses.slot[SLOT_CURRENT], &what, p->sock, &p->ep);
}

uint64_t
probe_place(struct engine *e, struct peer_slot *p, uint16_t sock,
    const struct endpoint *to)
{
	struct probe what = {.kind = PROBE_PING, .id = fresh_id(e)};

	count(e, PROBES_SENT);
	say(e, p, p->ses.slot[SLOT_CURRENT], &what, sock, to);
	return what.id;
}

enum udp_result
probe_sized(struct engine *e, struct peer_slot *p, size_t size, uint64_t *id)
{
	struct keypair *kp = p->ses.slot[SLOT_CURRENT];
	struct probe what = {.kind = PROBE_PING, .id = fresh_id(e)};
	uint8_t msg[PROBE_LEN(PROBE_BOX_MAX)];
	enum udp_result r;
	uint16_t sock = p->sock;
	size_t n;

	*id = what.id;
	if (size < PROBE_LEN(PROBE_BOX) || size > sizeof(msg) ||
	    !engine_sock_for(e, &p->ep, &sock))
		return UDP_ERROR;
	n = probe_seal(
	    keys_of(kp), kp->remote_index, &what, size - PROBE_LEN(0), msg);
	if (n == 0)
		return UDP_ERROR;
	if (carry_is(sock) || e->io.udp_send_as == NULL)
		r = engine_emit(e, sock, &p->ep, msg, n, n);
	else
		r = e->io.udp_send_as(
		    e->io.ctx, sock, &p->ep, msg, n, n, UDP_WHOLE);
	if (r != UDP_OK)
		return r;
	count(e, PMTU_PROBES);
	count(e, UDP_TX);
	e->c.v[UDP_TX_BYTES] += n;
	p->tx_packets++;
	p->tx_bytes += n;
	return UDP_OK;
}

/* Is it there, too? */
static void
path_ask(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	struct lane *lane = p->lanes->lane[p->place];
	struct probe what = {.kind = PROBE_PING};

	if (!session_up(&p->ses, now_ms) ||
	    (lane->path_id != 0 && now_ms - lane->path_ms < PATH_AGAIN_MS &&
		endpoint_eq(&lane->path, d->from)))
		return;
	/* one at a time, and not more often than that to whomever */
	if (lane->path_id != 0 && now_ms - lane->path_ms < PATH_AGAIN_MS / 4)
		return;
	lane->path = *d->from;
	lane->path_sock = d->sock;
	lane->path_id = fresh_id(e);
	lane->path_ms = now_ms;
	what.id = lane->path_id;
	what.path = p->place;
	count(e, PATHS_ASKED);
	count(e, PROBES_SENT);
	say(e, p, p->ses.slot[SLOT_CURRENT], &what, d->sock, d->from);
}

void
slot_heard_from(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct datagram *d)
{
	if (p->has_ep && p->sock == d->sock && endpoint_eq(&p->ep, d->from)) {
		if (p->lanes != NULL && p->owner == NULL)
			paths_heard(e, p, now_ms, d);
		return;
	}
	if (p->lanes == NULL || !p->has_ep || endpoint_eq(&p->ep, d->from))
		slot_roam(e, p, now_ms, d->sock, d->from);
	else if (p->owner == NULL)
		paths_heard(e, p, now_ms, d);
	else
		path_ask(e, p, now_ms, d);
}

static void
on_ping(struct engine *e, struct peer_slot *p, struct keypair *kp,
    const struct probe *ping, const struct datagram *d)
{
	struct probe pong = {
	    .kind = PROBE_PONG, .path = ping->path, .id = ping->id};

	if (!carry_is(d->sock)) /* else it is no place that means anything */
		pong.seen = *d->from;
	say(e, p, kp, &pong, d->sock, d->from);
}

static void
on_pong(struct engine *e, struct peer_slot *p, uint64_t now_ms,
    const struct probe *pong, const struct datagram *d)
{
	struct lane *lane = p->lanes->lane[p->place];
	struct pool *pool = &p->lanes->pool;

	if (pong->id == 0 || punching_pong(e, p, now_ms, pong->id, d) ||
	    paths_pong(e, p, now_ms, pong->id, d->from) ||
	    pmtu_pong(e, p, now_ms, pong->id))
		return;
	if (echo_answered(e, p, now_ms, pong->id, d)) {
		count(e, PROBES_ANSWERED);
		return;
	}
	if (pong->id == lane->path_id && endpoint_eq(&lane->path, d->from)) {
		lane->path_id = 0;
		count(e, PROBES_ANSWERED);
		slot_roam(e, p, now_ms, lane->path_sock, &lane->path);
	}
	for (unsigned i = 0; i < LANE_PINGS; i++) {
		struct ping *ping = &lane->ping[i];

		if (ping->id != pong->id)
			continue;
		ping->id = 0;
		count(e, PROBES_ANSWERED);
		pool_rtt(
		    pool, p->place, (uint32_t)(now_ms - ping->sent_ms) * 1000);
		pool_heard(&pool->s[p->place], now_ms, false);
	}
}

enum counter
engine_probe(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	uint32_t index = wg_get32(d->data + WG_DATA_RECEIVER);
	const struct index_entry *x = index_find(e->index, index);
	struct peer_slot *p = NULL;
	struct keypair *kp;
	struct probe what;

	if (x != NULL && x->kind == INDEX_KEYS)
		p = slot_get(e, x->peer);
	if (p == NULL || p->lanes == NULL)
		return EI_NO_SESSION;
	if ((kp = session_rx(&p->ses, now_ms, index)) == NULL)
		return EI_EXPIRED;
	switch (probe_open(keys_of(kp), d->data, d->len, &what)) {
	case 0:
		break;
	case -2:
		return EI_REPLAY;
	case -3:
		return EI_MALFORMED;
	default:
		return EI_BAD_TAG;
	}
	p->rx_packets++;
	p->rx_bytes += d->len;
	if (what.kind == PROBE_PING) {
		on_ping(e, p, kp, &what, d);
		paths_pinged_from(e, p, now_ms, d);
		punching_pinged_from(e, p, now_ms, d);
	} else
		on_pong(e, p, now_ms, &what, d);
	return EI_CONTROL;
}
