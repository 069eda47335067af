/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_answer.c */
/*
 * Other people's queries.  Nothing here changes what we know of the network:
 * a query is answered, may put something into the store, and at most makes us
 * ping its sender.
 *
 * Whoever can forge a source can have our answers sent to somebody else.  So
 * an address that has not proved itself gets at most three times the octets
 * of its query, our ping included: nodes are left out until it fits, and a
 * value is kept back.  That there is one is said by `seq` without `v`; the
 * asker repeats its query with the token it got, or answers the ping, and has
 * the value one round trip later.
 */
#include <string.h>

#include "dht_int.h"

#define PING_OCTETS 100 /* of a ping of ours, with room for tag and ro */
#define PEERS_MAX 50

/* An answer while it is put together. */
struct answer {
	struct krpc_msg m;
	struct dht_node near[2][DHT_K];
	size_t nnear[2];
	struct endpoint peer[PEERS_MAX];
	size_t npeers;
	uint8_t token[TOKEN_LEN];
	uint8_t nodes[2][DHT_K * KRPC_NODE6];
	uint8_t values[PEERS_MAX * 24];
	bool ping; /* and we ask its sender something */
};

static size_t
headers(const struct endpoint *ep)
{
	return ep->addr.family == 4 ? LIMIT_IP4 : LIMIT_IP6;
}

static void
begin(struct dht *d, struct answer *a, const struct endpoint *to,
    const struct krpc_msg *q)
{
	memset(&a->m, 0, sizeof(a->m));
	a->nnear[0] = a->nnear[1] = a->npeers = 0;
	a->ping = false;
	a->m.kind = KRPC_RESPONSE;
	a->m.t = q->t;
	a->m.ip = *to;
	a->m.id = dht_own_id(d, to->addr.family);
	a->m.cas = KRPC_NO_CAS;
}

/* ---- making it fit ---- */

static void
encode(struct answer *a)
{
	struct octets *out[2] = {&a->m.nodes, &a->m.nodes6};
	struct wbuf w;

	for (int i = 0; i < 2; i++) {
		wbuf_init(&w, a->nodes[i], sizeof(a->nodes[i]));
		for (size_t j = 0; j < a->nnear[i]; j++)
			krpc_put_node(&w, &a->near[i][j]);
		*out[i] = (struct octets){NULL, 0};
		if (w.len > 0)
			*out[i] = (struct octets){a->nodes[i], w.len};
	}
	a->m.values = (struct octets){NULL, 0};
	if (a->npeers == 0)
		return;
	wbuf_init(&w, a->values, sizeof(a->values));
	krpc_put_peers(&w, a->peer, a->npeers);
	a->m.values = (struct octets){a->values, w.len};
}

/* Leave something out.  false: there is nothing left. */
static bool
shorten(struct answer *a)
{
	size_t *more = &a->nnear[a->nnear[1] > a->nnear[0]];

	if (a->npeers > DHT_K)
		a->npeers /= 2;
	else if (*more > 0)
		(*more)--;
	else if (a->npeers > 0)
		a->npeers = 0;
	else
		return false;
	return true;
}

static size_t
length_of(struct dht *d, struct answer *a)
{
	uint8_t out[KRPC_MAX];

	encode(a);
	if (d->conf.has_tag)
		a->m.tag = d->conf.tag;
	return krpc_build(out, sizeof(out), &a->m);
}

/* Send it, as much of it as may be sent, and the ping, if there is one. */
static void
finish(struct dht *d, uint64_t now_ms, const struct endpoint *to,
    struct answer *a, size_t in)
{
	size_t max = limit_answer_max(d->limit, now_ms, &to->addr, in);
	size_t ping = a->ping ? PING_OCTETS + headers(to) : 0, len;

	if (d->conf.plain)
		max = SIZE_MAX;
	while ((len = length_of(d, a)) == 0 || len + ping > max)
		if (!shorten(a)) {
			if (ping == 0)
				break;
			a->ping = false;
			ping = 0;
		}
	if (len == 0) {
		d->stats.not_answered++;
		return;
	}
	if (!d->conf.plain &&
	    !limit_may_answer(d->limit, now_ms, &to->addr, in, len + ping))
		return; /* the limiter has counted it */
	dht_send(d, to, &a->m);
	if (a->ping)
		ask_ping(d, now_ms, to, ASK_MEET);
}

static void
refuse(struct dht *d, uint64_t now_ms, const struct endpoint *to,
    const struct krpc_msg *q, size_t in, uint32_t code)
{
	struct answer a;

	begin(d, &a, to, q);
	a.m.kind = KRPC_ERROR;
	a.m.id = NULL;
	a.m.code = code;
	finish(d, now_ms, to, &a, in);
}

/* ---- what goes in ---- */

static void
add_nodes(struct dht *d, uint64_t now_ms, struct answer *a,
    const struct krpc_msg *q, const struct endpoint *to)
{
	bool said = q->want4 || q->want6;
	const bool want[2] = {said ? q->want4 : to->addr.family == 4,
	    said ? q->want6 : to->addr.family == 6};

	for (int i = 0; i < 2; i++)
		if (want[i] && d->net[i].on)
			a->nnear[i] = table_closest(&d->net[i].table, now_ms,
			    q->target, true, a->near[i], DHT_K);
}

static void
add_token(
    struct dht *d, uint64_t now_ms, struct answer *a, const struct endpoint *to)
{
	if (d->conf.read_only)
		return;
	token_make(&d->tokens, now_ms, &to->addr, a->token);
	a->m.token = (struct octets){a->token, TOKEN_LEN};
}

static bool
shows_token(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q)
{
	if (q->token.p == NULL ||
	    !token_ok(
		&d->tokens, now_ms, &from->addr, q->token.p, q->token.len))
		return false;
	limit_verify(d->limit, now_ms, &from->addr);
	return true;
}

/* May it have what is long? */
static bool
is_trusted(struct dht *d, uint64_t now_ms, const struct endpoint *ep)
{
	return d->conf.plain || limit_is_verified(d->limit, now_ms, &ep->addr);
}

static void
add_item(struct dht *d, uint64_t now_ms, struct answer *a,
    const struct krpc_msg *q, const struct endpoint *from)
{
	struct store_item it;

	if (!store_get(d->store, now_ms, q->target, &it))
		return;
	a->m.has_seq = true; /* says: there is one */
	a->m.seq = it.k != NULL ? it.seq : 0;
	if (it.k != NULL && q->has_seq && it.seq <= q->seq)
		return; /* it has that one already */
	if (!is_trusted(d, now_ms, from)) {
		a->ping = !ask_is_waiting(d, from);
		return;
	}
	a->m.has_seq = it.k != NULL;
	a->m.k = it.k;
	a->m.sig = it.sig;
	a->m.v = it.v;
}

static void
add_peers(struct dht *d, uint64_t now_ms, struct answer *a,
    const struct krpc_msg *q, const struct endpoint *from)
{
	a->npeers = swarm_peers(
	    d->swarm, now_ms, q->target, from->addr.family, a->peer, PEERS_MAX);
}

/* ---- what others want to leave here ---- */

static void
on_put(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q, size_t len)
{
	struct dht_item it;
	struct answer a;
	enum krpc_code code;

	if (!shows_token(d, now_ms, from, q)) {
		d->stats.bad_token++;
		refuse(d, now_ms, from, q, len, KRPC_E_PROTOCOL);
		return;
	}
	code = krpc_item(&it, q);
	if (code == KRPC_E_NONE && d->conf.read_only)
		code = KRPC_E_SERVER;
	if (code == KRPC_E_NONE)
		code = store_put(d->store, now_ms, &from->addr, &it, q->cas);
	if (code != KRPC_E_NONE) {
		if (code == KRPC_E_SIG)
			d->stats.bad_item++;
		d->stats.put_refused++;
		refuse(d, now_ms, from, q, len, code);
		return;
	}
	begin(d, &a, from, q);
	finish(d, now_ms, from, &a, len);
}

static void
on_announce(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q, size_t len)
{
	struct endpoint peer = *from;
	struct answer a;

	if (!shows_token(d, now_ms, from, q)) {
		d->stats.bad_token++;
		refuse(d, now_ms, from, q, len, KRPC_E_PROTOCOL);
		return;
	}
	if (!q->implied_port)
		peer.port = q->port;
	if (d->conf.read_only ||
	    swarm_announce(d->swarm, now_ms, q->target, &peer) == -1) {
		refuse(d, now_ms, from, q, len, KRPC_E_SERVER);
		return;
	}
	begin(d, &a, from, q);
	finish(d, now_ms, from, &a, len);
}

/* ---- news ---- */

/*
 * A number, and perhaps what has it.  Who is behind gets ours with the answer
 * if it is not a forger's victim, else a token to ask with once more.
 */
static void
on_news(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q, size_t len)
{
	struct answer a;

	(void)shows_token(d, now_ms, from, q);
	if (q->seq > d->news_number)
		news_came(d, now_ms, q);
	begin(d, &a, from, q);
	a.m.has_seq = true;
	a.m.seq = d->news_number;
	if (q->seq < d->news_number) {
		if (is_trusted(d, now_ms, from))
			a.m.v = (struct octets){d->news, d->news_len};
		else
			add_token(d, now_ms, &a, from);
	}
	finish(d, now_ms, from, &a, len);
}

/* ---- queries ---- */

/* Somebody we don't know: would we like to? */
static bool
is_welcome(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q)
{
	struct net *net = dht_net(d, from->addr.family);
	struct dht_node n = {.ep = *from};

	memcpy(n.id, q->id, DHT_ID);
	if (net == NULL || q->read_only || table_met(&net->table, &n))
		return false;
	return table_wants(&net->table, &n, true) && !ask_is_waiting(d, from) &&
	    !memo_is_banned(d->memo, now_ms, from);
}

static void
on_question(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q, size_t len)
{
	struct answer a;

	begin(d, &a, from, q);
	a.ping = is_welcome(d, now_ms, from, q);
	if (q->target != NULL)
		add_nodes(d, now_ms, &a, q, from);
	if (q->method == KRPC_GET || q->method == KRPC_GET_PEERS) {
		shows_token(d, now_ms, from, q);
		add_token(d, now_ms, &a, from);
	}
	if (q->method == KRPC_GET)
		add_item(d, now_ms, &a, q, from);
	else if (q->method == KRPC_GET_PEERS)
		add_peers(d, now_ms, &a, q, from);
	finish(d, now_ms, from, &a, len);
}

void
answer_query(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q, size_t len)
{
	d->stats.queries_in[q->method]++;
	switch (q->method) {
	case KRPC_PUT:
		on_put(d, now_ms, from, q, len);
		return;
	case KRPC_ANNOUNCE:
		on_announce(d, now_ms, from, q, len);
		return;
	case KRPC_NEWS:
		if (d->conf.has_tag)
			on_news(d, now_ms, from, q, len);
		else
			refuse(d, now_ms, from, q, len, KRPC_E_METHOD);
		return;
	case KRPC_OTHER:
		if (q->target != NULL)
			break;
		refuse(d, now_ms, from, q, len, KRPC_E_METHOD);
		return;
	case KRPC_PING:
	case KRPC_FIND_NODE:
	case KRPC_GET_PEERS:
	case KRPC_GET:
	case KRPC_NMETHODS:
		break;
	}
	on_question(d, now_ms, from, q, len);
}

void
answer_fault(struct dht *d, uint64_t now_ms, const struct endpoint *from,
    const struct krpc_msg *q, size_t len)
{
	refuse(d, now_ms, from, q, len, KRPC_E_PROTOCOL);
}
