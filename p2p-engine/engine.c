/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine.c */
/*
 * The engine's life, and where everything enters it: packets, datagrams,
 * time.  What happens then is in the files that engine_int.h lists.
 *
 * All that can grow is taken here and in engine_configure; while packets move
 * only the hold queue and new keys allocate.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "handshake.h"
#include "path.h"
#include "stun.h"
#include "wg.h"

/* ---- life ---- */

static int
take_memory(struct engine *e)
{
	int r = 0;

	e->merge_buf = malloc(PK_IP_MAX);
	e->jobs = jobs_new();
	e->index = index_new(KEYS_PER_PEER);
	e->claimed = limiter_new(LIMITER_PLACES, e->hash_key);
	e->proved = limiter_new(LIMITER_PLACES, e->hash_key);
	e->cookied = limiter_new(COOKIES_PLACES, e->hash_key);
	e->stun_from = limiter_new(LIMITER_PLACES, e->hash_key);
	e->routes = route_new();
	for (int i = 0; i < BATCHES; i++)
		r |= batch_init(&e->batch[i]);
	r |= timers_reserve(&e->timers, TIMERS_EXTRA);
	r |= join_init(e);
	r |= relays_init(e);
	r |= engine_turn_init(e);
	if (r != 0 || e->merge_buf == NULL || e->jobs == NULL ||
	    e->index == NULL || e->claimed == NULL || e->proved == NULL ||
	    e->cookied == NULL || e->stun_from == NULL || e->routes == NULL)
		return -1;
	limiter_set(e->cookied, COOKIES_PER_SOURCE, COOKIES_SOURCE_BURST);
	limiter_set(e->stun_from, STUN_PER_SOURCE, STUN_SOURCE_BURST);
	merge_init(&e->merge, e->merge_buf);
	return 0;
}

struct engine *
engine_new(const struct engine_io *io)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->io = *io;
	io->rnd.fill(io->rnd.ctx, e->hash_key, sizeof(e->hash_key));
	timers_init(&e->timers);
	e->t_jobs.id = TIMER_JOBS;
	e->t_flows.id = TIMER_FLOWS;
	e->t_seen.id = TIMER_SEEN;
	e->t_net.id = TIMER_NET;
	e->t_seek.id = TIMER_SEEK;
	e->t_join.id = TIMER_JOIN;
	e->t_streams.id = TIMER_STREAMS;
	e->t_echo.id = TIMER_ECHO;
	ev_init(e);
	e->t_nat.id = TIMER_NAT;
	e->t_punch.id = TIMER_PUNCH;
	e->t_relay.id = TIMER_RELAY;
	e->t_turn.id = TIMER_TURN;
	e->t_map.id = TIMER_MAP;
	e->t_tls.id = TIMER_TLS;
	streams_init(e);
	engine_nat_init(e);
	engine_map_init(e);
	load_init(&e->load, INITS_PER_WINDOW);
	drops_init(&e->drops, B_ENG_OUT, B_ENG_IN);
	if (take_memory(e) == -1) {
		engine_free(e);
		return NULL;
	}
	return e;
}

void
engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	for (uint32_t i = 0; i < e->nslots; i++)
		if (e->slot[i] != NULL)
			slot_free(e->slot[i]);
	network_clear(e);
	engine_turn_free(e);
	free(e->slot);
	free(e->order);
	keytab_free(e->by_key);
	route_free(e->routes);
	flow_free(e->flows);
	filter_free(e->filter);
	qos_free(e->qos);
	index_free(e->index);
	jobs_free(e->jobs);
	limiter_free(e->claimed);
	limiter_free(e->proved);
	limiter_free(e->cookied);
	limiter_free(e->stun_from);
	for (int i = 0; i < BATCHES; i++)
		batch_clear(&e->batch[i]);
	timers_clear(&e->timers);
	free(e->merge_buf);
	free(e->relay);
	crypto_wipe(e, sizeof(*e));
	free(e);
}

static bool
is_zero(const uint8_t *p, size_t len)
{
	uint8_t any = 0;

	while (len-- > 0)
		any |= *p++;
	return any == 0;
}

void
engine_set_pub(struct engine *e, uint64_t now_ms, const uint8_t pub[32])
{
	bool had = e->has_pub;
	bool same = had && memcmp(e->pub, pub, sizeof(e->pub)) == 0;

	if (is_zero(pub, sizeof(e->pub)))
		return; /* keyd has no key yet */
	if (!same) {
		cookie_checker_init(&e->checker, pub);
		e->stamp_ms = 0;
	}
	memcpy(e->pub, pub, sizeof(e->pub));
	e->has_pub = true;
	for (uint32_t i = 0; i < e->nslots; i++) {
		struct peer_slot *p = e->slot[i];

		if (p == NULL)
			continue;
		/* another identity: nobody knows the old one's sessions */
		if (had && !same)
			slot_close(e, p, now_ms, PEV_OFF);
		/* who could not dial without keyd need not wait any more */
		else if (session_dialing(&p->ses))
			hs_dial(e, p, now_ms);
	}
}

void
engine_set_offload(struct engine *e, uint8_t offload)
{
	path_commit(e);
	e->merge.takes = offload;
}

struct peer_slot *
engine_find_name(const struct engine *e, const char *name)
{
	for (uint32_t i = 0; i < e->npeers; i++)
		if (strcmp(e->slot[e->order[i]]->conf.name, name) == 0)
			return e->slot[e->order[i]];
	return NULL;
}

struct peer_slot *
engine_find_key(const struct engine *e, const uint8_t key[32])
{
	struct peer_slot *p = slot_get(e, keytab_find(e->by_key, key));

	return p != NULL ? p : guest_find(e, key);
}

/* ---- packets ---- */

/* What the host is told about a packet that was dropped; others: nothing. */
static void
complain_about(struct engine *e, uint64_t now_ms, enum counter verdict,
    const struct outgoing *r)
{
	if (verdict == EO_NO_ROUTE)
		engine_complain(e, now_ms, ICMP_NO_ROUTE, &r->pkt);
	else if (verdict == EO_PEER_OFF || verdict == EO_FILTERED)
		engine_complain(e, now_ms, ICMP_PROHIBITED, &r->pkt);
	else if (verdict == EO_BREAKER || verdict == EO_NO_ENDPOINT)
		engine_complain(e, now_ms, ICMP_HOST, &r->pkt);
	else if (verdict == EO_TOO_BIG)
		engine_complain(e, now_ms, ICMP_TOO_BIG, &r->pkt);
}

void
engine_from_tun(struct engine *e, uint64_t now_ms, const struct vnet *v,
    const uint8_t *pkt, size_t len)
{
	struct outgoing r = {.vnet = v, .data = pkt, .len = len, .stays = true};
	enum counter verdict;

	/* from here on collecting never means that something comes in */
	engine_collect_to(e, 0);
	count(e, EO_RECV);
	e->c.v[TUN_RX_BYTES] += len;
	e->now_ms = now_ms;
	if (!e->configured) {
		drop_out(e, EO_NO_ROUTE, &r);
		return;
	}
	verdict = path_out(e, now_ms, &r);
	if (verdict == EO_HELD) {
		slot_hold(e, now_ms, &r);
		return;
	}
	if (verdict == EO_NO_ROUTE && engine_seek(e, now_ms, &r))
		return;
	if (verdict == EO_BREAKER &&
	    (verdict = slot_stop(e, now_ms, &r)) == EO_HELD)
		return;
	if (r.to != NULL)
		slot_arm(e, r.via != NULL ? r.via : r.to);
	if (verdict != EO_SENT) {
		drop_out(e, verdict, &r);
		complain_about(e, now_ms, verdict, &r);
	}
}

static enum counter
judge(struct engine *e, uint64_t now_ms, struct datagram *d)
{
	enum counter verdict;

	switch (wg_classify(d->data, d->len)) {
	case WG_DATA:
		verdict = path_in(e, now_ms, d);
		if (verdict == EI_NO_SESSION)
			engine_stray(e, now_ms, d->from);
		return verdict;
	case WG_INITIATION:
		return hs_initiation(e, now_ms, d);
	case WG_RESPONSE:
		return hs_response(e, now_ms, d);
	case WG_COOKIE:
		return hs_cookie(e, now_ms, d);
	case WG_PROBE:
		return engine_probe(e, now_ms, d);
	case WG_RELAY:
		return engine_relay(e, now_ms, d);
	case WG_NONE:
		break;
	}
	if (engine_map_takes(e, now_ms, d, &verdict) ||
	    engine_turn_takes(e, now_ms, d, &verdict))
		return verdict;
	if (stun_is(d->data, d->len))
		return engine_stun(e, now_ms, d);
	return EI_UNKNOWN;
}

void
engine_take(struct engine *e, uint64_t now_ms, struct datagram *d)
{
	enum counter verdict;
	bool was = e->moving;

	e->now_ms = now_ms;
	count(e, EI_RECV);
	e->c.v[UDP_RX_BYTES] += d->len;
	e->moving = true;
	verdict = e->configured ? judge(e, now_ms, d) : EI_UNKNOWN;
	e->moving = was;
	if (verdict == EI_UNKNOWN)
		engine_sieve(e, sieve_garbage(&e->sieve, now_ms));
	/* the two that are counted later: see path.h and jobs.h */
	if (verdict == EI_DATA || verdict == EI_PENDING)
		return;
	if (counter_info(verdict)->kind == K_DROP)
		drop_in(e, verdict, d);
	else
		count(e, verdict);
}

static bool
is_relayed(const struct engine *e, const uint8_t *data, size_t len)
{
	return len >= WG_RELAY_MIN && data[0] == WG_RELAY && e->configured;
}

void
engine_from_udp(struct engine *e, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, uint8_t *data, size_t len)
{
	struct datagram d = {
	    .sock = sock, .from = from, .data = data, .len = len};
	struct opening o = {sock, *from, now_ms, data, len, len};
	bool stays;

	if (is_relayed(e, data, len) && relay_receive(e, &o, &stays))
		return;
	engine_take(e, now_ms, &d);
	if (d.by != NULL)
		slot_heard(e, d.by, now_ms);
}

bool
engine_from_receive(struct engine *e, uint64_t now_ms, uint16_t sock,
    const struct endpoint *from, uint8_t *data, size_t len, size_t seg)
{
	const struct opening o = {.sock = sock,
	    .from = *from,
	    .now_ms = now_ms,
	    .data = data,
	    .len = len,
	    .seg = seg};

	bool stays;

	if (is_relayed(e, data, len) && relay_receive(e, &o, &stays))
		return stays;
	if (e->configured && path_give(e, &o))
		return true;
	/* not past what came before */
	engine_collect(e);
	for (size_t n; len > 0; data += n, len -= n) {
		n = len < seg ? len : seg;
		engine_from_udp(e, now_ms, sock, from, data, n);
	}
	return false;
}

void
engine_collect_to(struct engine *e, uint32_t n)
{
	while (e->openings > n)
		path_collect(e);
}

void
engine_collect(struct engine *e)
{
	while (e->collected != e->given)
		path_collect(e);
}

void
engine_flush(struct engine *e, uint64_t now_ms)
{
	e->now_ms = now_ms;
	path_flush(e);
}

int
engine_send(struct engine *e, struct peer_slot *p, uint16_t sock,
    const struct endpoint *to, const uint8_t *msg, size_t len)
{
	if (!engine_sock_for(e, to, &sock) ||
	    engine_emit(e, sock, to, msg, len, len) != UDP_OK)
		return -1;
	count(e, UDP_TX);
	e->c.v[UDP_TX_BYTES] += len;
	if (p != NULL) {
		p->tx_packets++;
		p->tx_bytes += len;
	}
	return 0;
}

/* ---- time ---- */

static void
expire_flows(struct engine *e, uint64_t now_ms)
{
	flow_expire(e->flows, now_ms, e->node.flows_idle_s * UINT64_C(1000));
	timers_set(&e->timers, &e->t_flows,
	    now_ms + e->node.flows_cleanup_s * UINT64_C(1000));
}

/* What is still due after TICK_BATCH waits for a turn of packets. */
void
engine_tick(struct engine *e, uint64_t now_ms)
{
	struct timer *t;

	e->now_ms = now_ms;
	for (int i = 0; i < TICK_BATCH; i++) {
		struct peer_slot *p;

		if ((t = timers_expired(&e->timers, now_ms)) == NULL)
			return;
		p = slot_get(e, t->id);
		if (t == &e->t_jobs)
			hs_tick(e, now_ms);
		else if (t == &e->t_flows)
			expire_flows(e, now_ms);
		else if (t == &e->t_seen)
			engine_tell_seen(e, now_ms);
		else if (t == &e->t_net)
			engine_net_tick(e, now_ms);
		else if (t == &e->t_seek)
			seeks_tick(e, now_ms);
		else if (t == &e->t_join)
			join_tick(e, now_ms);
		else if (t == &e->t_streams)
			streams_tick(e, now_ms);
		else if (t == &e->t_echo)
			echo_tick(e, now_ms);
		else if (t == &e->t_nat)
			engine_nat_tick(e, now_ms);
		else if (t == &e->t_punch)
			punching_look(e, now_ms);
		else if (t == &e->t_relay)
			relays_tick(e, now_ms);
		else if (t == &e->t_turn)
			engine_turn_tick(e, now_ms);
		else if (t == &e->t_map)
			engine_map_tick(e, now_ms);
		else if (t == &e->t_tls)
			tls_tick(e, now_ms);
		else if (p != NULL && p->owner != NULL)
			stream_slot_tick(e, p, now_ms);
		else if (p != NULL)
			slot_tick(e, p, now_ms);
	}
}

uint64_t
engine_due(const struct engine *e)
{
	return timers_due(&e->timers);
}
