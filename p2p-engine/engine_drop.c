/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/engine_drop.c */
/*
 * Where packets end: see engine_drop.h.  Headers are read again for it, so that
 * what is not dropped costs nothing.
 */
#include "engine_drop.h"

#include <stdio.h>
#include <string.h>

#include "engine_int.h"
#include "wg.h"

/* What tells a peer from who has its number after it. */
static uint32_t
mark_of(const struct peer_slot *p)
{
	return wg_get32(p->conf.key);
}

static void
note(struct engine *e, struct peer_slot *p, struct drop *d, uint64_t n)
{
	e->c.v[d->why] += n;
	d->peer = DROPS_NOBODY;
	if (p != NULL && p->owner != NULL)
		p = p->owner;
	if (p != NULL) {
		d->peer = p->no;
		d->mark = mark_of(p);
		if (p->dropped.why != d->why)
			p->dropped = (struct last_drop){.why = d->why};
		p->dropped.at_ms = e->now_ms;
		p->dropped.count += n;
	}
	drops_note(&e->drops, e->now_ms, d, n);
}

/* As far as it could be read. */
static void
describe(struct drop *d, const struct pkt *p)
{
	if (p->version != 4 && p->version != 6)
		return;
	d->proto = p->proto;
	d->src = p->src;
	d->dst = p->dst;
	d->sport = p->sport;
	d->dport = p->dport;
}

static void
describe_data(struct drop *d, const uint8_t *data, size_t len)
{
	struct pkt p;

	if (pkt_parse(&p, data, len) == 0)
		describe(d, &p);
}

/* ---- out ---- */

void
drop_cut(
    struct engine *e, enum counter why, const struct outgoing *r, uint64_t n)
{
	struct drop d = {.why = (uint16_t)why};

	describe(&d, &r->pkt);
	note(e, r->to, &d, n);
}

void
drop_out(struct engine *e, enum counter why, const struct outgoing *r)
{
	drop_cut(e, why, r, 1);
}

void
drop_waited(struct engine *e, enum counter why, struct peer_slot *p,
    const struct held *h)
{
	drop_shaped(e, why, p, h->pkt, h->len, 1);
}

void
drop_shaped(struct engine *e, enum counter why, struct peer_slot *p,
    const uint8_t *pkt, size_t len, uint64_t n)
{
	struct drop d = {.why = (uint16_t)why};

	describe_data(&d, pkt, len);
	note(e, p, &d, n);
}

void
drop_or_hold(struct engine *e, struct hold *h, uint64_t due_ms,
    const struct outgoing *r, enum counter full)
{
	struct drop d = {.why = (uint16_t)full};
	unsigned n;

	/* of several the first is as good as any */
	if (hold_never(h, r->len))
		describe_data(&d, r->data, r->len);
	else if (!hold_fits(h, r->len))
		describe_data(&d, h->head->pkt, h->head->len);
	n = hold_push(h, due_ms, r->vnet, r->data, r->len);
	if (n > 0)
		note(e, r->to, &d, n);
}

void
drop_batch(struct engine *e, enum counter why, const struct batch *b)
{
	struct drop d = {.why = (uint16_t)why,
	    .outer = true,
	    .proto = PROTO_UDP,
	    .dst = b->to.addr,
	    .dport = b->to.port};

	if (b->records > 0) /* a packet's last datagram may be in the next */
		note(e, slot_get(e, b->peer), &d, b->records);
}

/* ---- in ---- */

static void
describe_outer(struct drop *d, const struct endpoint *from)
{
	d->outer = true;
	d->proto = PROTO_UDP;
	d->src = from->addr;
	d->sport = from->port;
}

/* What is in it is known only after it was opened, and that was in place. */
static bool
has_packet(const struct datagram *d, enum counter why)
{
	return d->by != NULL && d->len > WG_DATA_HDR &&
	    (why == EI_QUARANTINE || why == EI_NOT_ALLOWED ||
		why == EI_FILTERED || why == EI_TUN_FULL) &&
	    d->data[WG_DATA_HDR] != FRAME_FIRST;
}

/*
 * Whose session it was for: who proved to be that, or else whose number stands
 * in it, which anybody can write.
 */
static struct peer_slot *
session_of(struct engine *e, enum counter why, const struct datagram *g)
{
	const struct index_entry *x;

	if (g->by != NULL ||
	    (why != EI_BAD_TAG && why != EI_REPLAY && why != EI_EXPIRED))
		return g->by;
	x = index_find(e->index, wg_get32(g->data + WG_DATA_RECEIVER));
	return x == NULL ? NULL : slot_get(e, x->peer);
}

void
drop_in(struct engine *e, enum counter why, const struct datagram *g)
{
	struct drop d = {.why = (uint16_t)why};

	if (has_packet(g, why))
		describe_data(&d, g->data + WG_DATA_HDR, g->len - WG_DATA_HDR);
	if (d.src.family == 0)
		describe_outer(&d, g->from);
	note(e, session_of(e, why, g), &d, 1);
}

void
drop_job(struct engine *e, enum counter why, const struct job *j)
{
	struct drop d = {.why = (uint16_t)why};

	describe_outer(&d, &j->from);
	note(e, slot_get(e, j->peer), &d, 1);
}

void
drop_merged(struct engine *e)
{
	struct drop d = {.why = EI_TUN_FULL};
	struct peer_slot *p = NULL;

	/* what was put together may be in memory of others by now */
	describe(&d, &e->merge.p);
	if (d.src.family != 0)
		p = slot_get(e, route_find(e->routes, &d.src));
	note(e, p, &d, e->merged);
}

/* ---- looking ---- */

static void
row_name(const struct engine *e, const struct drop *d, char out[64])
{
	const struct peer_slot *p = slot_get(e, d->peer);

	out[0] = '\0';
	if (d->peer != DROPS_NOBODY && p != NULL && mark_of(p) == d->mark)
		snprintf(out, 64, "%s", p->conf.name);
}

int
engine_drop_row(const struct engine *e, uint32_t *cursor, uint64_t now_ms,
    uint64_t unix_ms, struct msg_drop_row *row)
{
	const struct drop *d = drops_next(&e->drops, cursor);

	if (d == NULL)
		return -1;
	drops_row(row, d, ROLE_ENGINE, now_ms, unix_ms);
	row_name(e, d, row->peer);
	return 0;
}

int
engine_last_drop(const struct engine *e, const char *name, uint64_t now_ms,
    uint64_t unix_ms, struct msg_drop_row *row)
{
	const struct peer_slot *p = engine_find_name(e, name);
	struct drop d;

	if (p == NULL || p->dropped.why == C_NONE)
		return -1;
	d = (struct drop){.why = p->dropped.why,
	    .at_ms = p->dropped.at_ms,
	    .count = p->dropped.count};
	drops_row(row, &d, ROLE_ENGINE, now_ms, unix_ms);
	snprintf(row->peer, sizeof(row->peer), "%s", name);
	return 0;
}
