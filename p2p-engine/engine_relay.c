/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_relay.c */
/*
 * Relayed messages (see engine_relay.h): forwarded, taken out, put in.
 *
 * What a relay gets in one receive leaves in one send, out of the same buffer:
 * only the labels in it are written anew.  Ends wrap a batch in one go as well.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_int.h"
#include "engine_paths.h"
#include "engine_relay.h"
#include "log.h"
#include "wg.h"

int
relays_init(struct engine *e)
{
	e->relay = calloc(1, sizeof(*e->relay));
	if (e->relay == NULL)
		return -1;
	relay_init(&e->relay->t, &e->io.rnd);
	return 0;
}

bool
relays_serve(const struct engine *e)
{
	return e->net.on && e->node.relay_serve &&
	    (e->net.own.caps & CERT_CAP_RELAY) != 0;
}

bool
relay_is(const struct peer_slot *p)
{
	return p->relayed.said && p->member != NULL &&
	    (p->member->cert.caps & CERT_CAP_RELAY) != 0;
}

void
relays_conf(struct engine *e, uint64_t now_ms)
{
	struct relay *t = &e->relay->t;
	bool was = t->serve;
	struct circuit *c;
	uint32_t at = 0;

	relay_configure(
	    t, relays_serve(e), e->node.relay_kbit, e->node.relay_labels);
	if (e->net.on && e->node.relay_serve && !t->serve)
		log_warnx("relay: serve yes, but the certificate does not "
			  "allow it: meshctl invite --relay");
	while (was && !t->serve && (c = relay_next(t, &at)) != NULL)
		if (c->role == RELAY_TRANSIT)
			relay_end_of(e, c, now_ms, RELAY_W_OFF, NULL);
	relays_arm(e, now_ms);
}

struct endpoint
relay_label(uint32_t label)
{
	struct endpoint ep = {.addr = {.family = ADDR_LABEL}};

	wg_put32(ep.addr.b, label);
	return ep;
}

/* ---- who is where ---- */

struct peer_slot *
relay_neighbour(const struct engine *e, uint32_t no)
{
	struct peer_slot *p = slot_get(e, no);

	return p != NULL && p->owner == NULL && p->member != NULL &&
		!p->guest && p->has_ep && p->sock != CARRY_RELAY &&
		session_up(&p->ses, e->now_ms)
	    ? p
	    : NULL;
}

/*
 * Where it is called, or another place that has answered a ping of its session:
 * it may have seen before us that the first one is dead.
 */
static bool
is_at(void *ctx, uint32_t no, const struct relay_place *from)
{
	struct engine *e = ctx;
	const struct peer_slot *p = relay_neighbour(e, no);

	return p != NULL &&
	    ((p->sock == from->sock && endpoint_eq(&p->ep, &from->ep)) ||
		paths_proved_at(p, e->now_ms, from->sock, &from->ep));
}

static struct relay_who
who(struct engine *e)
{
	return (struct relay_who){.ctx = e, .is_at = is_at};
}

/* ---- out ---- */

static struct circuit *
own_circuit(const struct engine *e, const struct endpoint *to)
{
	struct circuit *c;
	unsigned leg;

	if (to->addr.family != ADDR_LABEL)
		return NULL;
	c = relay_find(&e->relay->t, wg_get32(to->addr.b), &leg);
	return c == NULL || c->role == RELAY_TRANSIT ? NULL : c;
}

/* Who carries that way of ours, or NULL. */
static struct peer_slot *
carrier(const struct engine *e, const struct endpoint *to)
{
	const struct circuit *c = own_circuit(e, to);

	return c == NULL ? NULL : relay_neighbour(e, c->leg[0].peer);
}

bool
relay_has(const struct engine *e, const struct endpoint *to)
{
	return carrier(e, to) != NULL;
}

bool
relay_is_by_tls(const struct engine *e, const struct endpoint *to)
{
	const struct peer_slot *via = carrier(e, to);

	return via != NULL && via->sock == CARRY_TLS;
}

static enum udp_result
to_neighbour(struct engine *e, struct peer_slot *p, const uint8_t *data,
    size_t len, size_t seg)
{
	uint16_t sock = p->sock;

	if (!engine_sock_for(e, &p->ep, &sock))
		return UDP_ERROR;
	p->used_ms = e->now_ms;
	/* its own place may die under that: see engine_paths.h, engine_tls.h */
	if (p->lanes != NULL)
		paths_sent(e, p, e->now_ms);
	return engine_emit(e, sock, &p->ep, data, len, seg);
}

/* As many as fit into the buffer, wrapped; how many octets of data. */
static size_t
wrap(struct engine *e, uint32_t label, const uint8_t *data, size_t len,
    size_t seg, size_t *wrapped)
{
	uint8_t *out = e->relay->buf;
	size_t used = 0;

	*wrapped = 0;
	for (int i = 0; i < BATCH_DATAGRAMS && used < len; i++) {
		size_t n = len - used < seg ? len - used : seg;

		if (*wrapped + n + WG_RELAY_HDR > RELAY_BUF)
			break;
		wg_put32(out, WG_RELAY);
		wg_put32(out + WG_RELAY_LABEL, label);
		memcpy(out + WG_RELAY_HDR, data + used, n);
		out += n + WG_RELAY_HDR;
		*wrapped += n + WG_RELAY_HDR;
		used += n;
		e->c.v[RELAY_SENT]++;
	}
	return used;
}

enum udp_result
relay_emit(struct engine *e, const struct endpoint *to, const uint8_t *data,
    size_t len, size_t seg)
{
	struct circuit *c = own_circuit(e, to);
	struct peer_slot *via;
	enum udp_result r;
	size_t n, out;

	if (c == NULL || (via = relay_neighbour(e, c->leg[0].peer)) == NULL)
		return UDP_ERROR;
	relay_sent(c, e->now_ms, len, (uint32_t)((len + seg - 1) / seg));
	for (; len > 0; data += n, len -= n) {
		n = wrap(e, c->leg[0].label, data, len, seg, &out);
		if (n == 0)
			return UDP_ERROR;
		r = to_neighbour(
		    e, via, e->relay->buf, out, seg + WG_RELAY_HDR);
		if (r != UDP_OK)
			return r;
	}
	return UDP_OK;
}

/* ---- in ---- */

/* Relayed messages with one label and nothing else; how many, 0: no. */
static uint32_t
one_way(const struct opening *o)
{
	uint32_t label = wg_get32(o->data + WG_RELAY_LABEL), count_of = 0;
	size_t n;

	for (size_t off = 0; off < o->len; off += n, count_of++) {
		const uint8_t *msg = o->data + off;

		n = o->len - off < o->seg ? o->len - off : o->seg;
		if (wg_classify(msg, n) != WG_RELAY ||
		    !wg_relay_whole(msg, n) ||
		    wg_get32(msg + WG_RELAY_LABEL) != label)
			return 0;
	}
	return count_of;
}

static enum counter
forward(struct engine *e, struct circuit *c, unsigned leg, uint8_t *data,
    size_t len, size_t seg, uint32_t n)
{
	struct peer_slot *to = relay_neighbour(e, c->leg[leg].peer);

	if (to == NULL)
		return EI_RELAY_LOST;
	for (size_t off = 0; off < len; off += seg)
		wg_put32(data + off + WG_RELAY_LABEL, c->leg[leg].label);
	if (to_neighbour(e, to, data, len, seg) != UDP_OK)
		return EI_RELAY_LOST;
	e->c.v[RELAY_BYTES] += len;
	e->c.v[UDP_TX] += n;
	e->c.v[UDP_TX_BYTES] += len;
	return EI_RELAYED;
}

/* All of a receive was forwarded, or was not. */
static void
forwarded(
    struct engine *e, const struct opening *o, uint32_t n, enum counter verdict)
{
	struct datagram d = {.sock = o->sock, .from = &o->from};

	e->now_ms = o->now_ms;
	e->c.v[EI_RECV] += n;
	e->c.v[UDP_RX_BYTES] += o->len;
	if (verdict == EI_RELAYED) {
		e->c.v[EI_RELAYED] += n;
		return;
	}
	for (size_t off = 0; off < o->len; off += o->seg) {
		d.data = o->data + off;
		d.len = o->len - off < o->seg ? o->len - off : o->seg;
		drop_in(e, verdict, &d);
	}
}

/* What is in them, one behind the other in the same place. */
static bool
unwrap(struct engine *e, const struct opening *o, uint32_t n,
    const struct circuit *c)
{
	const struct endpoint from = relay_label(c->leg[0].label);
	uint8_t *first = o->data + WG_RELAY_HDR, *out = first;

	e->c.v[EI_RECV] += n;
	e->c.v[EI_RELAY_HERE] += n;
	e->c.v[UDP_RX_BYTES] += n * (uint64_t)WG_RELAY_HDR;
	for (size_t off = 0; off < o->len; off += o->seg) {
		size_t len = o->len - off < o->seg ? o->len - off : o->seg;

		memmove(out, o->data + off + WG_RELAY_HDR, len - WG_RELAY_HDR);
		out += len - WG_RELAY_HDR;
	}
	if (n == 1) {
		carry_received(e, o->now_ms, CARRY_RELAY, &from, first,
		    (size_t)(out - first));
		return false;
	}
	return engine_from_receive(e, o->now_ms, CARRY_RELAY, &from, first,
	    (size_t)(out - first), o->seg - WG_RELAY_HDR);
}

bool
relay_receive(struct engine *e, const struct opening *o, bool *stays)
{
	const struct relay_place from = {o->sock, o->from};
	struct relay_who w = who(e);
	struct circuit *c;
	unsigned leg;
	uint32_t n;

	if (o->sock == CARRY_RELAY || (n = one_way(o)) == 0)
		return false;
	e->now_ms = o->now_ms;
	*stays = false;
	switch (relay_take(&e->relay->t, &w, o->now_ms,
	    wg_get32(o->data + WG_RELAY_LABEL), &from, o->len, n, &c, &leg)) {
	case RELAY_ON:
		forwarded(
		    e, o, n, forward(e, c, leg, o->data, o->len, o->seg, n));
		return true;
	case RELAY_HERE:
		*stays = unwrap(e, o, n, c);
		return true;
	default:
		return false;
	}
}

enum counter
engine_relay(struct engine *e, uint64_t now_ms, const struct datagram *d)
{
	const struct relay_place from = {d->sock, *d->from};
	struct relay_who w = who(e);
	struct circuit *c;
	unsigned leg;

	if (d->sock == CARRY_RELAY || !wg_relay_whole(d->data, d->len))
		return EI_RELAY_BAD;
	switch (relay_take(&e->relay->t, &w, now_ms,
	    wg_get32(d->data + WG_RELAY_LABEL), &from, d->len, 1, &c, &leg)) {
	case RELAY_ON:
		return forward(e, c, leg, d->data, d->len, d->len, 1);
	case RELAY_SPOOF:
		return EI_RELAY_SPOOF;
	case RELAY_QUOTA:
		c->drops++;
		return EI_RELAY_QUOTA;
	default:
		return EI_RELAY_STRAY;
	}
}

/* ---- for people ---- */

static void
name_of(const struct engine *e, const uint8_t key[32], char out[64])
{
	const struct peer_slot *p = engine_find_key(e, key);

	memset(out, 0, 64);
	if (p != NULL)
		memcpy(out, p->conf.name, 64);
}

int
engine_relay_row(const struct engine *e, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_relay_row *row)
{
	const struct circuit *c = relay_next(&e->relay->t, cursor);
	const struct peer_slot *p;

	if (c == NULL)
		return -1;
	*row = (struct msg_relay_row){.role = (uint8_t)c->role,
	    .hops = c->hops,
	    .label = c->leg[0].label,
	    .since_unix_ms = unix_ms - (now_ms - c->born_ms),
	    .idle_ms = (uint32_t)(now_ms - c->used_ms),
	    .packets = c->leg[0].packets + c->leg[1].packets,
	    .bytes = c->leg[0].bytes + c->leg[1].bytes,
	    .drops = c->drops};
	name_of(e, c->far, row->peer);
	if ((p = slot_get(e, c->leg[0].peer)) != NULL)
		memcpy(row->via, p->conf.name, sizeof(row->via));
	return 0;
}
