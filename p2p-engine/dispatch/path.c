/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/path.c */
/*
 * The straight line of every packet, both ways: see path.h.
 *
 * Out, a payload octet is copied once: cut to where it is sealed, behind the
 * datagrams that already wait for the same peer.  In, it is opened where it was
 * received and copied once, into the super-packet.
 */
#include "path.h"

#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_pmtu.h"
#include "wg.h"

/* ---- out ---- */

static bool
is_ours(const struct conf_node *n, const struct addr *a)
{
	for (unsigned i = 0; i < n->naddresses; i++)
		if (addr_eq(&n->address[i].addr, a))
			return true;
	for (unsigned i = 0; i < n->nexports; i++)
		if (prefix_has(&n->export[i], a))
			return true;
	return false;
}

/* The peer's pending datagrams; a new one starts in the next buffer. */
static struct batch *
batch_of(struct engine *e, struct peer_slot *to)
{
	struct batch *b = to->batch;

	if (b != NULL)
		return b;
	b = &e->batch[e->batch_next];
	e->batch_next = (e->batch_next + 1) % BATCHES;
	path_send(e, b);
	while (b->due)
		path_collect(e);
	b->peer = to->no;
	b->to = to->ep;
	b->sock = to->sock;
	to->batch = b;
	return b;
}

static bool
has_crew(const struct engine *e)
{
	return e->io.crew != NULL && crew_workers(e->io.crew) > 0;
}

static struct crew_job *
free_slot(struct engine *e)
{
	struct crew_job *job;

	while ((job = crew_slot(e->io.crew)) == NULL)
		path_collect(e);
	return job;
}

static void
give(struct engine *e)
{
	e->given++;
	crew_give(e->io.crew);
}

static void
give_seal(struct engine *e, const struct outgoing *r, struct keypair *kp,
    struct split *s, uint32_t n)
{
	struct crew_job *job = free_slot(e);
	struct batch *b = r->via->batch;

	*job = (struct crew_job){
	    .kind = CREW_SEAL,
	    .n = n,
	    .owner = b,
	    .seal = {.cut = *s,
		.index = kp->remote_index,
		.counter = keypair_take(kp, n),
		.pad_max = r->mtu,
		.out = batch_tail(b),
		.room = batch_left(b)},
	};
	memcpy(job->key, kp->send_key, sizeof(job->key));
	split_skip(s, n);
	give(e);
	b->job = e->given;
}

static void
seal_here(struct engine *e, const struct outgoing *r, struct keypair *kp,
    struct split *s, uint32_t n)
{
	uint8_t *out = batch_tail(r->via->batch), *in;
	size_t len;

	for (; n > 0; n--) {
		in = out + WG_DATA_HDR;
		len = split_next(s, in, PK_IP_MAX);
		if (r->pkt.proto == PROTO_TCP)
			pmtu_clamp(e, r->to, in, len, &r->pkt);
		len = pmtu_stretch(r, in, len);
		out += keypair_seal(kp, out, in, len, r->mtu);
	}
}

static void
seal_some(struct engine *e, const struct outgoing *r, struct keypair *kp,
    struct split *s, uint32_t n)
{
	if (n >= JOB_DATAGRAMS && r->stays && has_crew(e) && r->least == 0)
		give_seal(e, r, kp, s, n);
	else
		seal_here(e, r, kp, s, n);
}

/*
 * Find places for all of a record, and have it sealed there.  Whoever does
 * that, its place and its counters are settled here, in the order of sending.
 */
static enum counter
seal_all(
    struct engine *e, struct outgoing *r, struct keypair *kp, struct split *s)
{
	size_t full = pmtu_sealed_len(r, split_longest(s));
	size_t last = pmtu_sealed_len(r, split_last(s));
	uint32_t left = split_count(s), n;

	if (kp->limit - kp->tx_counter < left)
		return EO_EXHAUSTED;
	e->c.v[SEG_OUT] += left;
	for (; left > 0; left -= n) {
		struct batch *b = batch_of(e, r->via);

		n = batch_room(b, left, full, last);
		if (n > 0) {
			seal_some(e, r, kp, s, n);
			batch_add(b, n, left, full, last);
		}
		if (n == left)
			b->records++;
		if (n == 0 || batch_full(b))
			path_send(e, b);
	}
	return EO_SENT;
}

/* Its connection is remembered, and decides which stream it takes. */
static struct peer_slot *
stream_for(struct engine *e, uint64_t now_ms, struct outgoing *r)
{
	struct peer_slot *via = r->to;
	struct flow_key key;
	struct flow *f;

	flow_key(&key, &r->pkt);
	f = flow_touch(
	    e->flows, &key, r->to->no, now_ms, &e->c.v[FLOWS_EVICTED]);
	if (via->lanes != NULL)
		via = stream_of(e, via, now_ms, f, &r->behind);
	if (via == NULL)
		return NULL;
	f->packets++;
	f->bytes += r->pkt.ip_len;
	return via;
}

/* Timers and books of what was sealed. */
static void
note_sent(struct engine *e, uint64_t now_ms, const struct outgoing *r)
{
	struct peer_slot *via = r->via;

	session_sent(&via->ses, now_ms, true);
	r->to->used_ms = now_ms;
	if (via->lanes != NULL)
		pool_sent(
		    &via->lanes->pool.s[via->place], now_ms, (uint32_t)r->len);
	pmtu_note(e, r->to, now_ms, r->len);
	if (via->lanes != NULL && via->owner == NULL)
		paths_sent(e, via, now_ms);
}

/*
 * One record from the tunnel to a peer.  The order is the policy: what the
 * packet says of itself, then whose it is, then whether it can go now.
 */
enum counter
path_out(struct engine *e, uint64_t now_ms, struct outgoing *r)
{
	struct split s;
	struct keypair *kp;
	enum counter verdict;

	if (pkt_parse(&r->pkt, r->data, r->len) == -1)
		return EO_MALFORMED;
	if (!is_ours(&e->node, &r->pkt.src))
		return EO_SPOOFED;
	if (r->pkt.ttl == 0)
		return EO_TTL;
	r->to = slot_get(e, route_find(e->routes, &r->pkt.dst));
	if (r->to == NULL)
		return EO_NO_ROUTE;
	if (!r->to->conf.admin_up)
		return EO_PEER_OFF;
	if (breaker_blocks(&r->to->breaker))
		return EO_BREAKER;
	if (split_init(&s, r->vnet, r->data, r->len) == -1)
		return EO_MALFORMED;
	if (!pmtu_fits(e, r, &s))
		return EO_TOO_BIG;
	kp = session_tx(&r->to->ses, now_ms);
	if (e->filter != NULL && !r->paid &&
	    !engine_filter_out(e, now_ms, r, kp == NULL))
		return EO_FILTERED;
	if (kp == NULL)
		return EO_HELD;
	if (e->qos != NULL && !r->paid && qos_takes(e, now_ms, r, &s))
		return EO_SENT;
	if ((r->via = stream_for(e, now_ms, r)) == NULL)
		return EO_HELD;
	if (r->via != r->to && (kp = session_tx(&r->via->ses, now_ms)) == NULL)
		return EO_EXHAUSTED;
	verdict = seal_all(e, r, kp, &s);
	if (verdict == EO_SENT)
		note_sent(e, now_ms, r);
	return verdict;
}

/* One message that is no packet, apart from the batches. */
static int
send_alone(struct engine *e, uint64_t now_ms, struct peer_slot *p,
    const uint8_t *plain, size_t len)
{
	struct keypair *kp = session_tx(&p->ses, now_ms);
	uint8_t msg[WG_DATA_MIN + FRAME_MAX + FRAME_PAD];
	size_t n;

	if (kp == NULL)
		return -1;
	n = keypair_seal(kp, msg, plain, len, len + FRAME_PAD);
	if (n == 0)
		return -1;
	session_sent(&p->ses, now_ms, len != 0);
	/* what was sealed before it leaves before it */
	if (p->batch != NULL)
		path_send(e, p->batch);
	while (e->due_n > 0)
		path_collect(e);
	return engine_send(e, p, p->sock, &p->ep, msg, n);
}

int
path_keepalive(struct engine *e, uint64_t now_ms, struct peer_slot *p)
{
	if (send_alone(e, now_ms, p, NULL, 0) == -1)
		return -1;
	count(e, KEEPALIVES_SENT);
	return 0;
}

int
path_frame(struct engine *e, uint64_t now_ms, struct peer_slot *p,
    const uint8_t *plain, size_t len)
{
	return len > FRAME_MAX ? -1 : send_alone(e, now_ms, p, plain, len);
}

/* Best is silent: the other one gets the same, whose receiver takes one. */
static void
send_copy(struct engine *e, const struct peer_slot *p, const struct batch *b)
{
	const struct path *to = paths_copy(p);

	if (to == NULL || (to->sock == b->sock && endpoint_eq(&to->ep, &b->to)))
		return;
	if (engine_emit(e, to->sock, &to->ep, b->buf, b->len, b->seg) == UDP_OK)
		e->c.v[FAILOVER_COPIES] += b->n;
}

static void
transmit(struct engine *e, struct batch *b)
{
	struct peer_slot *p = slot_get(e, b->peer);
	enum udp_result r = UDP_ERROR;
	uint16_t sock = b->sock;

	if (!b->spoilt && engine_sock_for(e, &b->to, &sock))
		r = pmtu_emit(e, p, sock, &b->to, b->buf, b->len, b->seg);
	if (p != NULL && !b->spoilt)
		send_copy(e, p, b);
	if (r == UDP_OK) {
		e->c.v[EO_SENT] += b->records;
		e->c.v[UDP_TX] += b->n;
		e->c.v[UDP_TX_BYTES] += b->len;
	} else {
		drop_batch(e, r == UDP_FULL ? EO_UDP_FULL : EO_UDP_ERROR, b);
	}
	if (p != NULL && r == UDP_OK) {
		p->tx_packets += b->n;
		p->tx_bytes += b->len;
	}
	batch_reset(b);
}

/* In the order in which they became due; none before its last job. */
static void
transmit_due(struct engine *e)
{
	while (e->due_n > 0 && e->due[e->due_first]->job <= e->collected) {
		transmit(e, e->due[e->due_first]);
		e->due_first = (e->due_first + 1) % BATCHES;
		e->due_n--;
	}
}

void
path_send(struct engine *e, struct batch *b)
{
	struct peer_slot *p = slot_get(e, b->peer);

	/* empty or not, the next one's datagrams are not to end up in it */
	if (p != NULL && p->batch == b)
		p->batch = NULL;
	if (b->n == 0 || b->due)
		return;
	b->due = true;
	e->due[(e->due_first + e->due_n++) % BATCHES] = b;
	transmit_due(e);
}

/* ---- in ---- */

/* The sender proved that it has the key: books, place, timers. */
static void
heard(struct engine *e, uint64_t now_ms, struct datagram *d, struct keypair *kp,
    bool data)
{
	bool next = kp == d->by->ses.slot[SLOT_NEXT];
	uint32_t gone[SLOT_N];
	int n;

	n = session_received(&d->by->ses, now_ms, kp, data, gone);
	index_drop_all(e, gone, n);
	if (next && kp == d->by->ses.slot[SLOT_CURRENT]) {
		count(e, HS_DONE);
		d->by->handshakes++;
		d->by->handshake_ms = kp->born_ms;
		paths_keyed_from(e, d->by, now_ms, d);
	}
	slot_heard_from(e, d->by, now_ms, d);
	/* what streams say of themselves is no use of them */
	if (d->by->lanes != NULL)
		pool_heard(&d->by->lanes->pool.s[d->by->place], now_ms,
		    data && d->data[WG_DATA_HDR] != FRAME_FIRST);
	if (next && d->by->owner == NULL)
		slot_proved(e, d->by, now_ms);
	d->by->seen_ms = now_ms;
	d->by->rx_packets++;
	d->by->rx_bytes += d->len;
}

/* Into the open super-packet, or the first of the next one. */
static enum counter
merge(struct engine *e, const struct pkt *p)
{
	uint8_t *to = e->merge_buf;

	if (e->merged != 0 && merge_add(&e->merge, p)) {
		e->merged++;
		return EI_DATA;
	}
	path_commit(e);
	if (e->io.tun_room != NULL && (to = e->io.tun_room(e->io.ctx)) == NULL)
		return EI_TUN_FULL;
	e->merge.buf = to;
	merge_open(&e->merge, p);
	e->merged = 1;
	return EI_DATA;
}

/*
 * Its certificate came in this turn, so it has no routes yet: what nobody else
 * has and its certificate covers is its own.
 */
static bool
is_vouched(
    const struct engine *e, const struct peer_slot *p, const struct addr *src)
{
	const struct member *m = member_find(e, p->conf.key);

	return m != NULL && member_covers(e, m, src) &&
	    route_find(e->routes, src) == ROUTE_NONE;
}

/* The plaintext: a packet of this peer, behind it padding; or a frame. */
static enum counter
deliver(struct engine *e, const struct datagram *d, uint64_t now_ms, size_t len)
{
	struct peer_slot *by = d->by;
	struct pkt p;

	if (d->data[WG_DATA_HDR] == FRAME_FIRST)
		return engine_frame(e, by, now_ms, d->data + WG_DATA_HDR, len);
	if (by->owner != NULL)
		by = by->owner;
	by->used_ms = now_ms;
	if (by->guest && !by->vouched)
		return EI_QUARANTINE;
	if (pkt_parse(&p, d->data + WG_DATA_HDR, len) == -1)
		return EI_MALFORMED;
	p.len = p.ip_len;
	if (by->guest ? !is_vouched(e, by, &p.src)
		      : route_find(e->routes, &p.src) != by->no)
		return EI_NOT_ALLOWED;
	if (e->filter != NULL && !engine_filter_in(e, now_ms, by, &p))
		return EI_FILTERED;
	if (p.proto == PROTO_TCP)
		pmtu_clamp(e, by, d->data + WG_DATA_HDR, p.len, &p);
	return merge(e, &p);
}

/*
 * One data message.  Nothing of it counts before its tag and counter are
 * verified: not the place it came from, not a timer.
 */
enum counter
path_in(struct engine *e, uint64_t now_ms, struct datagram *d)
{
	uint32_t index = wg_get32(d->data + WG_DATA_RECEIVER);
	const struct index_entry *x = index_find(e->index, index);
	struct peer_slot *p;
	struct keypair *kp;
	long n;

	if (x == NULL || x->kind != INDEX_KEYS)
		return EI_NO_SESSION;
	if ((p = slot_get(e, x->peer)) == NULL)
		return EI_NO_SESSION;
	if ((kp = session_rx(&p->ses, now_ms, index)) == NULL)
		return EI_EXPIRED;
	n = d->opened == NOT_OPENED
	    ? keypair_open(kp, d->data + WG_DATA_HDR, d->data, d->len)
	    : keypair_opened(kp, d->data, d->len, d->opened == OPENED);
	if (n < 0)
		return n == -1 ? EI_BAD_TAG : EI_REPLAY;
	d->by = p;
	heard(e, now_ms, d, kp, n > 0);
	if (n == 0)
		return EI_KEEPALIVE;
	count(e, SEG_IN);
	return deliver(e, d, now_ms, (size_t)n);
}

/* The key of a receive that is nothing but data of one session; or NULL. */
static struct keypair *
one_session(struct engine *e, const struct opening *o)
{
	uint32_t index = wg_get32(o->data + WG_DATA_RECEIVER);
	const struct index_entry *x;
	struct peer_slot *p;
	size_t n;

	for (size_t off = 0; off < o->len; off += n) {
		const uint8_t *msg = o->data + off;

		n = o->len - off < o->seg ? o->len - off : o->seg;
		if (wg_classify(msg, n) != WG_DATA ||
		    wg_get32(msg + WG_DATA_RECEIVER) != index)
			return NULL;
	}
	x = index_find(e->index, index);
	if (x == NULL || x->kind != INDEX_KEYS ||
	    (p = slot_get(e, x->peer)) == NULL || p->guest)
		return NULL;
	return session_rx(&p->ses, o->now_ms, index);
}

/*
 * A few datagrams are opened here, unless others are being opened: then they
 * queue up behind, because waiting would cost more.
 */
bool
path_give(struct engine *e, const struct opening *o)
{
	size_t n = (o->len + o->seg - 1) / o->seg;
	struct crew_job *job;
	struct keypair *kp;

	if (!has_crew(e) || n > CREW_DATAGRAMS || o->len < WG_DATA_MIN ||
	    (n < JOB_DATAGRAMS && e->openings == 0))
		return false;
	/* first: what is collected for it may end a session */
	job = free_slot(e);
	if ((kp = one_session(e, o)) == NULL)
		return false;
	*job = (struct crew_job){
	    .kind = CREW_OPEN,
	    .n = (uint32_t)n,
	    .owner = &e->opening[e->given % CREW_SLOTS],
	    .open = {.buf = o->data,
		.len = o->len,
		.seg = o->seg,
		.limit = kp->limit},
	};
	memcpy(job->key, kp->recv_key, sizeof(job->key));
	e->opening[e->given % CREW_SLOTS] = *o;
	e->openings++;
	give(e);
	return true;
}

/* What became of a receive, as if it had just come. */
static void
opened(struct engine *e, const struct opening *o, uint64_t good)
{
	struct peer_slot *by = NULL;
	size_t left = o->len;

	for (uint8_t *p = o->data; left > 0; good >>= 1) {
		struct datagram d = {.sock = o->sock,
		    .from = &o->from,
		    .data = p,
		    .len = left < o->seg ? left : o->seg,
		    .opened = (good & 1) != 0 ? OPENED : FORGED};

		engine_take(e, o->now_ms, &d);
		if (d.by != NULL)
			by = d.by;
		p += d.len;
		left -= d.len;
	}
	e->openings--;
	if (by == NULL)
		return;
	/* then what was held is sent, which is no moment for more to come in */
	if (by->owner == NULL && by->peer.state != PEER_UP)
		engine_collect(e);
	slot_heard(e, by, o->now_ms);
}

void
path_collect(struct engine *e)
{
	struct crew_job *job = crew_oldest(e->io.crew, true);
	struct opening o = {0};
	struct batch *b;
	uint64_t good = 0;

	if (job->kind == CREW_OPEN) {
		o = *(const struct opening *)job->owner;
		good = job->open.good;
	} else if (job->seal.len == 0) {
		b = job->owner;
		b->spoilt = true;
	}
	crew_drop(e->io.crew);
	e->collected++;
	if (o.data != NULL)
		opened(e, &o, good);
	transmit_due(e);
}

void
path_commit(struct engine *e)
{
	struct vnet v;
	size_t len;

	if (e->merged == 0)
		return;
	len = merge_finish(&e->merge, &v);
	if (e->io.tun_send(e->io.ctx, &v, e->merge.buf, len) == 0) {
		e->c.v[EI_DATA] += e->merged;
		e->c.v[TUN_TX_BYTES] += len;
	} else {
		drop_merged(e);
	}
	e->merged = 0;
}

void
path_flush(struct engine *e)
{
	for (uint32_t i = 0; i < BATCHES; i++)
		path_send(e, &e->batch[i]);
	engine_collect(e);
	path_commit(e);
}
