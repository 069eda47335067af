/* SPDX-License-Identifier: ISC */
/* file: discoveryd/dht/dht_find.c */
/*
 * Searches: search.c chooses, this file asks, checks what comes back, and
 * tells the one who wanted to know.
 *
 * Items are believed for their signature or hash only, never for who gave
 * them; whoever gives a wrong one is not believed again.  The host's callbacks
 * may start and cancel searches: nothing of a search is touched after its
 * done(), and it is not freed within its item().
 */
#include <stdlib.h>
#include <string.h>

#include "dht_int.h"

#define STEP_AGAIN_MS 100 /* there was no room for another query */

static const struct search_effort effort_node = {0, 32};
static const struct search_effort effort_get = {24, 40};
static const struct search_effort effort_put = {24, 40};

/* ---- begin ---- */

struct find *
find_new(struct dht *d, uint64_t now_ms, enum find_kind kind, bool own)
{
	struct find *f;
	int slot = -1, theirs = 0;

	for (int i = 0; i < DHT_FINDS; i++) {
		if (d->find[i] == NULL)
			slot = i;
		else
			theirs += !d->find[i]->own;
	}
	if (slot == -1 || (!own && theirs >= DHT_SEARCHES_MAX))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	if (++d->last_find == 0)
		d->last_find = 1;
	f->id = d->last_find;
	f->kind = kind;
	f->own = own;
	f->began_ms = now_ms;
	f->cas = KRPC_NO_CAS;
	d->find[slot] = f;
	return f;
}

struct find *
find_of(struct dht *d, uint32_t id)
{
	for (int i = 0; i < DHT_FINDS; i++)
		if (d->find[i] != NULL && d->find[i]->id == id)
			return d->find[i];
	return NULL;
}

/* From the table; and, where it has too few, from the bootstrap list. */
static void
add_roots(struct dht *d, uint64_t now_ms, struct find *f)
{
	struct dht_node near[DHT_ROOTS];
	size_t max = d->conf.v4 && d->conf.v6 ? DHT_ROOTS / 2 : DHT_ROOTS;
	size_t n, all = 0;

	for (int i = 0; i < 2; i++) {
		if (!d->net[i].on)
			continue;
		n = table_closest(
		    &d->net[i].table, now_ms, f->s.target, false, near, max);
		for (size_t j = 0; j < n; j++)
			search_root(&f->s, near[j].id, &near[j].ep);
		table_looked(&d->net[i].table, now_ms, f->s.target);
		all += n;
	}
	if (all >= DHT_ALPHA && !f->joins)
		return;
	for (uint32_t i = 0; i < d->nboot && i < DHT_BOOT_AT_ONCE; i++) {
		const struct endpoint *ep =
		    &d->boot[(d->next_boot + i) % d->nboot];

		if (dht_may_send(d, ep))
			search_root(&f->s, NULL, ep);
	}
	d->next_boot += DHT_BOOT_AT_ONCE;
}

uint32_t
find_start(struct dht *d, uint64_t now_ms, struct find *f,
    const uint8_t target[DHT_ID])
{
	uint32_t id = f->id;

	search_init(&f->s, target, keep_size_log(d));
	f->s.guarded = f->kind != FIND_NODE;
	f->s.effort = f->kind == FIND_NODE ? effort_node
	    : f->kind == FIND_GET          ? effort_get
					   : effort_put;
	add_roots(d, now_ms, f);
	/*
	 * Queries go out now; what ends it, or finds it here, waits for the
	 * next tick, so that nobody is told of a search before he knows its
	 * number.
	 */
	f->starting = true;
	d->step_ms = now_ms;
	find_step(d, now_ms, f);
	f->starting = false;
	return id;
}

/* ---- the end ---- */

static void
make_report(struct dht *d, uint64_t now_ms, struct find *f)
{
	struct dht_report *r = &f->report;
	uint16_t near[DHT_K];
	size_t n = search_closest(&f->s, near, DHT_K);

	(void)d;
	r->took_ms = now_ms - f->began_ms;
	r->nnodes = (uint8_t)n;
	for (size_t i = 0; i < n; i++) {
		const struct cand *c = &f->s.cand[near[i]];

		memcpy(r->node[i].id, c->id, DHT_ID);
		r->node[i].ep = c->ep;
		if (c->depth + 1u > r->rounds)
			r->rounds = c->depth + 1u;
	}
}

void
find_end(struct dht *d, uint64_t now_ms, struct find *f, enum dht_result result)
{
	for (int i = 0; i < DHT_FINDS; i++)
		if (d->find[i] == f)
			d->find[i] = NULL;
	ask_forget(d, f->id);
	make_report(d, now_ms, f);
	f->report.result = result;
	keep_ended(d, now_ms, f);
	if (!f->own)
		d->io.done(d->io.ctx, f->id, &f->report);
	free(f);
}

static enum dht_result
verdict(const struct find *f)
{
	if (f->kind == FIND_GET && f->found)
		return DHT_FOUND;
	if (f->kind == FIND_PUT && f->report.stored > 0)
		return DHT_FOUND;
	if (f->report.answers == 0)
		return f->report.queries > 0 ? DHT_TIMEOUT : DHT_NOBODY;
	return f->kind == FIND_NODE ? DHT_FOUND : DHT_NONE;
}

/* ---- queries ---- */

static bool
send_leg(struct dht *d, uint64_t now_ms, struct find *f,
    const struct search_leg *leg)
{
	struct cand *c = &f->s.cand[leg->cand];
	struct ask a = {
	    .why = ASK_FIND, .to = c->ep, .find = f->id, .leg = *leg};
	struct krpc_msg m = {.method = KRPC_FIND_NODE, .cas = KRPC_NO_CAS};

	m.target = f->s.target;
	if (leg->side != SEARCH_NO_SIDE)
		m.target = f->s.side[leg->side];
	else if (f->kind != FIND_NODE)
		m.method = KRPC_GET;
	/* who has nothing newer need not send it */
	if (m.method == KRPC_GET && f->item.is_mutable &&
	    (f->found || f->kind == FIND_PUT)) {
		m.has_seq = true;
		m.seq = f->item.seq;
	}
	if (!ask_send(d, now_ms, &a, &m))
		return false;
	f->report.queries++;
	search_asked(&f->s, leg);
	return true;
}

/* The value was kept back: show that we are who we say we are. */
static void
ask_value(struct dht *d, uint64_t now_ms, struct find *f, unsigned i)
{
	struct cand *c = &f->s.cand[i];
	struct ask a = {.why = ASK_VALUE, .to = c->ep, .find = f->id};
	struct krpc_msg m = {.method = KRPC_GET, .cas = KRPC_NO_CAS};

	if (c->tokenlen == 0 || c->value_tries >= SEARCH_TRIES)
		return;
	a.leg =
	    (struct search_leg){.cand = (uint16_t)i, .side = SEARCH_NO_SIDE};
	m.target = f->s.target;
	m.token = (struct octets){c->token, c->tokenlen};
	m.has_seq = f->item.is_mutable && f->found;
	m.seq = f->item.seq;
	if (!ask_send(d, now_ms, &a, &m))
		return;
	c->value_tries++;
	f->values++;
	f->report.queries++;
}

/* All queries there is room for.  false: come back later. */
static bool
send_all(struct dht *d, uint64_t now_ms, struct find *f)
{
	struct search_leg leg;

	while (search_next(&f->s, &leg))
		if (!send_leg(d, now_ms, f, &leg)) {
			d->step_ms = now_ms + STEP_AGAIN_MS;
			return false;
		}
	return true;
}

/*
 * Whom the search knows may all be besiegers, above all if we are among them:
 * the table knows somebody elsewhere.  false: that has been done.
 */
static bool
widen(struct dht *d, uint64_t now_ms, struct find *f)
{
	struct dht_node near[DHT_SIDE_ROOTS];
	size_t n;

	if (f->widened == f->s.sieges)
		return false;
	f->widened = f->s.sieges;
	for (int i = 0; i < 2; i++)
		for (unsigned side = 0; side < f->s.nsides; side++) {
			n = !d->net[i].on
			    ? 0
			    : table_closest(&d->net[i].table, now_ms,
				  f->s.side[side], false, near, DHT_SIDE_ROOTS);
			for (size_t j = 0; j < n; j++)
				search_root(&f->s, near[j].id, &near[j].ep);
		}
	return true;
}

/* Is the asking over?  Sends what is to be sent before it is. */
static bool
has_asked(struct dht *d, uint64_t now_ms, struct find *f)
{
	bool satisfied = f->found || f->kind == FIND_NODE;
	struct search_leg leg;

	do {
		if (!send_all(d, now_ms, f) || f->starting || f->values > 0)
			return false;
		if (search_done(&f->s, satisfied))
			return true;
		/* to look whether it is done may open its sides */
	} while (widen(d, now_ms, f) || search_next(&f->s, &leg));
	return false;
}

void
find_step(struct dht *d, uint64_t now_ms, struct find *f)
{
	if (f->busy)
		return;
	if (!f->putting) {
		if (!has_asked(d, now_ms, f))
			return;
		if (f->kind == FIND_PUT)
			put_begin(d, now_ms, f);
	}
	if (f->putting) {
		put_step(d, now_ms, f);
		if (!put_is_done(f))
			return;
	}
	find_end(d, now_ms, f, verdict(f));
}

/* ---- items ---- */

/* Tell the owner; he may cancel it there.  false: he did. */
static bool
deliver(
    struct dht *d, uint64_t now_ms, struct find *f, const struct endpoint *from)
{
	f->busy = true;
	if (!f->own)
		d->io.item(d->io.ctx, f->id, &f->item, from);
	f->busy = false;
	if (!f->cancelled)
		return true;
	find_end(d, now_ms, f, DHT_CANCELLED);
	return false;
}

/* We may be one of those who keep it. */
static void
look_at_home(struct dht *d, uint64_t now_ms, struct find *f)
{
	const struct endpoint nobody = {.port = 0};
	struct store_item it;

	if (!store_get(d->store, now_ms, f->s.target, &it) ||
	    it.v.len > DHT_V_MAX || (it.k != NULL) != f->item.is_mutable)
		return;
	if (it.k != NULL)
		memcpy(f->item.sig, it.sig, sizeof(f->item.sig));
	f->item.seq = it.k != NULL ? it.seq : 0;
	f->item.vlen = (uint16_t)it.v.len;
	memcpy(f->item.v, it.v.p, it.v.len);
	f->found = true;
	f->report.copies++;
	deliver(d, now_ms, f, &nobody);
}

static bool
is_same(const struct dht_item *a, const struct dht_item *b)
{
	return a->seq == b->seq && a->vlen == b->vlen &&
	    memcmp(a->v, b->v, a->vlen) == 0 &&
	    (!a->is_mutable || memcmp(a->sig, b->sig, sizeof(a->sig)) == 0);
}

/* Is it what is sought, and right? */
static bool
is_right(const struct find *f, const struct dht_item *it)
{
	uint8_t target[DHT_ID];

	if (it->is_mutable != f->item.is_mutable)
		return false;
	dht_target(target, it);
	return memcmp(target, f->s.target, DHT_ID) == 0 && dht_item_ok(it);
}

static void
caught(struct dht *d, uint64_t now_ms, struct find *f, const struct ask *a)
{
	struct net *net = dht_net(d, a->to.addr.family);

	f->report.refused++;
	d->stats.bad_item++;
	search_shun(&f->s, a->leg.cand);
	memo_ban(d->memo, now_ms, &a->to);
	if (net != NULL)
		table_remove(&net->table, &a->to);
}

/* false: the search is over */
static bool
take_item(struct dht *d, uint64_t now_ms, struct find *f, const struct ask *a,
    const struct krpc_msg *m)
{
	struct krpc_msg with = *m;
	struct dht_item it;

	with.salt = (struct octets){f->item.salt, f->item.saltlen};
	if (krpc_item(&it, &with) != KRPC_E_NONE) {
		caught(d, now_ms, f, a);
		return true;
	}
	if (f->found && is_same(&it, &f->item)) {
		f->report.copies++;
		return true;
	}
	/* old is not wrong, and not worth the price of a signature */
	if (f->found && it.seq <= f->item.seq)
		return true;
	if (!is_right(f, &it)) {
		caught(d, now_ms, f, a);
		return true;
	}
	f->item = it;
	f->found = true;
	f->report.copies++;
	return deliver(d, now_ms, f, &a->to);
}

/* What an answer to get says about the item.  false: the search is over. */
static bool
take_get(struct dht *d, uint64_t now_ms, struct find *f, const struct ask *a,
    const struct krpc_msg *m)
{
	struct cand *c = &f->s.cand[a->leg.cand];

	if (m->token.p != NULL && m->token.len <= sizeof(c->token)) {
		c->tokenlen = (uint8_t)m->token.len;
		memcpy(c->token, m->token.p, m->token.len);
	}
	if (f->kind != FIND_GET)
		return true;
	if (m->v.p != NULL)
		return take_item(d, now_ms, f, a, m);
	if (!m->has_seq)
		return true;
	if (!f->found || m->seq > f->item.seq)
		ask_value(d, now_ms, f, a->leg.cand);
	else if (m->seq == f->item.seq)
		f->report.copies++;
	return true;
}

/* ---- answers ---- */

static bool
is_us(const struct dht *d, const uint8_t id[DHT_ID])
{
	return memcmp(id, d->net[0].table.own, DHT_ID) == 0 ||
	    memcmp(id, d->net[1].table.own, DHT_ID) == 0;
}

/* The nodes in an answer: who could be asked, under the id we know them by. */
static void
take_nodes(struct dht *d, uint64_t now_ms, struct find *f, unsigned teller,
    const struct krpc_msg *m)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		size_t n = krpc_nnodes(m, family);

		for (size_t i = 0; i < n && i < SEARCH_TOLD; i++) {
			const uint8_t *known;
			struct dht_node node;
			struct cand *c;

			krpc_node(m, family, i, &node);
			if (!dht_may_send(d, &node.ep) || is_us(d, node.id) ||
			    memo_is_banned(d->memo, now_ms, &node.ep))
				continue;
			known = memo_id(d->memo, now_ms, &node.ep);
			if (known != NULL)
				memcpy(node.id, known, DHT_ID);
			c = search_told(&f->s, teller, &node);
			if (c != NULL && dht_is_open(d))
				c->odd = !node_id_fits(c->id, &c->ep.addr);
		}
	}
}

void
find_answered(struct dht *d, uint64_t now_ms, struct find *f,
    const struct ask *a, const struct krpc_msg *m)
{
	if (a->why == ASK_PUT) {
		put_answered(d, f, a, m);
		find_step(d, now_ms, f);
		return;
	}
	f->report.answers++;
	if (a->why == ASK_VALUE) {
		f->values--;
	} else {
		search_answered(&f->s, &a->leg, m->id);
		take_nodes(d, now_ms, f, a->leg.cand, m);
	}
	if (a->leg.side == SEARCH_NO_SIDE && f->kind != FIND_NODE &&
	    !take_get(d, now_ms, f, a, m))
		return;
	find_step(d, now_ms, f);
}

void
find_missed(struct dht *d, uint64_t now_ms, struct find *f, const struct ask *a,
    bool refused)
{
	if (!refused)
		f->report.timeouts++;
	switch ((enum ask_why)a->why) {
	case ASK_PUT:
		put_missed(f, a, refused);
		break;
	case ASK_VALUE:
		f->values--;
		if (!refused)
			ask_value(d, now_ms, f, a->leg.cand);
		break;
	case ASK_FIND:
		if (refused) /* it is there; asking again is no use */
			f->s.cand[a->leg.cand].tries = SEARCH_TRIES;
		search_missed(&f->s, &a->leg);
		break;
	case ASK_PING:
	case ASK_MEET:
	case ASK_NEWS:
		break;
	}
	find_step(d, now_ms, f);
}

/* ---- those that nothing else moves on ---- */

void
find_step_all(struct dht *d, uint64_t now_ms)
{
	d->step_ms = UINT64_MAX;
	for (int i = 0; i < DHT_FINDS; i++) {
		struct find *f = d->find[i];
		uint32_t id;

		if (f == NULL)
			continue;
		id = f->id;
		if (f->kind == FIND_GET && !f->found && !f->own)
			look_at_home(d, now_ms, f);
		/* somebody else may have its place by now */
		if (d->find[i] == f && f->id == id)
			find_step(d, now_ms, f);
	}
}
