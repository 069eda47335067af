/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/path.c */
/*
 * The straight line of every packet, both ways: see path.h.
 *
 * Out, a payload octet is copied once (split_next gives the AEAD header and
 * payload as one text) and sealed behind the datagrams that already wait for
 * the same peer.  In, it is opened where it was received and copied once, into
 * the super-packet.
 */
#include "path.h"

#include "engine_int.h"
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
	b->peer = to->no;
	b->to = to->ep;
	b->sock = to->sock;
	to->batch = b;
	return b;
}

/* Seal one packet into the batch.  0, or -1: the key has no counter left. */
static int
seal(struct engine *e, struct peer_slot *to, struct keypair *kp,
    const uint8_t *pkt, size_t len)
{
	struct batch *b = batch_of(e, to);
	uint8_t *tail = batch_tail(b);
	size_t n;

	n = keypair_seal(kp, tail, pkt, len, e->node.mtu);
	if (n == 0)
		return -1;
	count(e, SEG_OUT);
	if (batch_takes(b, n)) {
		batch_add(b, n);
		return 0;
	}
	path_send(e, b);
	batch_restart(b, tail, n);
	to->batch = b;
	return 0;
}

/* Cut, seal and append all of a record. */
static enum counter
seal_all(
    struct engine *e, struct peer_slot *to, struct keypair *kp, struct split *s)
{
	unsigned left = split_count(s);
	size_t n;

	if (kp->limit - kp->tx_counter < left)
		return EO_EXHAUSTED;
	while ((n = split_next(s, e->scratch, PK_IP_MAX)) != 0) {
		if (seal(e, to, kp, e->scratch, n) == -1)
			return EO_EXHAUSTED;
		if (--left == 0)
			to->batch->records++;
		if (batch_full(to->batch))
			path_send(e, to->batch);
	}
	return EO_SENT;
}

static void
note_flow(struct engine *e, uint64_t now_ms, const struct record *r)
{
	struct flow_key key;
	struct flow *f;

	flow_key(&key, &r->pkt);
	f = flow_touch(
	    e->flows, &key, r->to->no, now_ms, &e->c.v[FLOWS_EVICTED]);
	f->packets++;
	f->bytes += r->pkt.ip_len;
}

/*
 * One record from the tunnel to a peer.  The order is the policy: what the
 * packet says of itself, then whose it is, then whether it can go now.
 */
enum counter
path_out(struct engine *e, uint64_t now_ms, struct record *r)
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
	if (split_init(&s, r->vnet, r->data, r->len) == -1)
		return EO_MALFORMED;
	if (split_longest(&s) > e->node.mtu)
		return EO_TOO_BIG;
	kp = session_tx(&r->to->ses, now_ms);
	if (kp == NULL)
		return EO_HELD;
	note_flow(e, now_ms, r);
	verdict = seal_all(e, r->to, kp, &s);
	if (verdict == EO_SENT) {
		session_sent(&r->to->ses, now_ms, true);
		r->to->used_ms = now_ms;
	}
	return verdict;
}

int
path_keepalive(struct engine *e, uint64_t now_ms, struct peer_slot *p)
{
	struct keypair *kp = session_tx(&p->ses, now_ms);
	uint8_t msg[WG_DATA_MIN];

	if (kp == NULL || keypair_seal(kp, msg, msg, 0, e->node.mtu) == 0)
		return -1;
	session_sent(&p->ses, now_ms, false);
	/* what was sealed before it leaves before it */
	if (p->batch != NULL)
		path_send(e, p->batch);
	if (engine_send(e, p, p->sock, &p->ep, msg, sizeof(msg)) == -1)
		return -1;
	count(e, KEEPALIVES_SENT);
	return 0;
}

void
path_send(struct engine *e, struct batch *b)
{
	struct peer_slot *p = slot_get(e, b->peer);
	enum udp_result r = UDP_ERROR;
	uint16_t sock = b->sock;

	/* empty or not, the next one's datagrams are not to end up in it */
	if (p != NULL && p->batch == b)
		p->batch = NULL;
	if (b->n == 0)
		return;
	if (engine_sock_for(e, &b->to, &sock))
		r = e->io.udp_send(
		    e->io.ctx, sock, &b->to, b->buf, b->len, b->seg);
	if (r == UDP_OK) {
		e->c.v[EO_SENT] += b->records;
		e->c.v[UDP_TX] += b->n;
		e->c.v[UDP_TX_BYTES] += b->len;
	} else {
		e->c.v[r == UDP_FULL ? EO_UDP_FULL : EO_UDP_ERROR] +=
		    b->records;
	}
	if (p != NULL && r == UDP_OK) {
		p->tx_packets += b->n;
		p->tx_bytes += b->len;
	}
	batch_reset(b);
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
	}
	slot_roam(e, d->by, d->sock, d->from);
	d->by->seen_ms = now_ms;
	d->by->rx_packets++;
	d->by->rx_bytes += d->len;
	if (data)
		d->by->used_ms = now_ms;
}

static void
merge(struct engine *e, const struct pkt *p)
{
	if (e->merged != 0 && merge_add(&e->merge, p)) {
		e->merged++;
		return;
	}
	path_commit(e);
	merge_open(&e->merge, p);
	e->merged = 1;
}

/* The plaintext: a packet of this peer, behind it padding. */
static enum counter
deliver(struct engine *e, const struct datagram *d, size_t len)
{
	struct pkt p;

	if (pkt_parse(&p, d->data + WG_DATA_HDR, len) == -1)
		return EI_MALFORMED;
	p.len = p.ip_len;
	if (route_find(e->routes, &p.src) != d->by->no)
		return EI_NOT_ALLOWED;
	merge(e, &p);
	return EI_DATA;
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
	n = keypair_open(kp, d->data + WG_DATA_HDR, d->data, d->len);
	if (n < 0)
		return n == -1 ? EI_BAD_TAG : EI_REPLAY;
	d->by = p;
	heard(e, now_ms, d, kp, n > 0);
	if (n == 0)
		return EI_KEEPALIVE;
	count(e, SEG_IN);
	return deliver(e, d, (size_t)n);
}

void
path_commit(struct engine *e)
{
	struct vnet v;
	size_t len;

	if (e->merged == 0)
		return;
	len = merge_finish(&e->merge, &v);
	if (e->io.tun_send(e->io.ctx, &v, e->merge_buf, len) == 0) {
		e->c.v[EI_DATA] += e->merged;
		e->c.v[TUN_TX_BYTES] += len;
	} else {
		e->c.v[EI_TUN_FULL] += e->merged;
	}
	e->merged = 0;
}

void
path_flush(struct engine *e)
{
	for (uint32_t i = 0; i < BATCHES; i++)
		path_send(e, &e->batch[i]);
	path_commit(e);
}
