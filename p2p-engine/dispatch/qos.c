/* SPDX-License-Identifier: ISC */
/* file: p2p-engine/dispatch/qos.c */
/*
 * Bands, buckets and the slots behind them: see qos.h.
 *
 * Deficit round robin (Shreedhar and Varghese, 1995) with quanta of a fraction
 * of a packet: a class that has one small packet waits for about a packet of
 * each other class, not for a quantum that is many packets long.  The turn
 * stays where it is while the bucket is too empty for the packet whose turn it
 * is.
 *
 * A slot is the number of the next one and its length, then the packet.
 * Numbers of slots are one more than their place, so that 0 is none.
 */
#include "qos.h"

#include <stdlib.h>
#include <string.h>

#define SLOT_HDR 8
#define QUANTA 16 /* of weight 1, in a packet */

struct slot_hdr {
	uint32_t next, len;
};

/* ---- classes ---- */

static void
add_class(struct qos *q, const struct conf_qos_class *c)
{
	struct qos_class *b = &q->band[q->nbands];

	memcpy(b->name, c->name, sizeof(b->name));
	b->weight = c->weight;
	b->queue = c->queue;
	for (unsigned d = 0; d < CONF_DSCPS; d++)
		if ((c->dscp >> d & 1) != 0)
			q->band_of[d] = (uint8_t)q->nbands;
	q->nbands++;
}

/* Code points of no class are where 0 is. */
static void
set_classes(struct qos *q, const struct conf_node *n)
{
	static const struct conf_qos_class rest = {.name = CONF_CLASS_REST,
	    .dscp = 1,
	    .weight = CONF_WEIGHT,
	    .queue = CONF_QUEUE};
	unsigned home = n->nclasses;

	for (unsigned i = 0; i < n->nclasses; i++)
		if ((n->class[i].dscp & 1) != 0)
			home = i;
	/* there are no three classes without it in a configuration */
	if (home == QOS_BANDS)
		home = QOS_BANDS - 1;
	memset(q->band_of, (int)home, sizeof(q->band_of));
	for (unsigned i = 0; i < n->nclasses; i++)
		add_class(q, &n->class[i]);
	if (home == q->nbands)
		add_class(q, &rest);
}

struct qos *
qos_new(const struct conf_node *n, uint32_t mtu)
{
	struct qos *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->mtu = mtu;
	q->stride = (SLOT_HDR + mtu + 63) / 64 * 64;
	q->nslots = QOS_OCTETS / q->stride;
	if (q->nslots > QOS_SLOTS)
		q->nslots = QOS_SLOTS;
	/* most of it is never touched, and then it is no memory */
	q->slots = malloc((size_t)q->nslots * q->stride);
	if (q->slots == NULL) {
		free(q);
		return NULL;
	}
	set_classes(q, n);
	return q;
}

void
qos_free(struct qos *q)
{
	if (q == NULL)
		return;
	if (q->fresh != 0)
		explicit_bzero(q->slots, (size_t)q->fresh * q->stride);
	free(q->slots);
	free(q);
}

bool
qos_fits(const struct qos *q, const struct conf_node *n, uint32_t mtu)
{
	struct qos other = {0};

	set_classes(&other, n);
	if (q->mtu != mtu || q->nbands != other.nbands ||
	    memcmp(q->band_of, other.band_of, sizeof(q->band_of)) != 0)
		return false;
	for (unsigned i = 0; i < q->nbands; i++)
		if (strcmp(q->band[i].name, other.band[i].name) != 0 ||
		    q->band[i].weight != other.band[i].weight ||
		    q->band[i].queue != other.band[i].queue)
			return false;
	return true;
}

void
qos_inherit(struct qos *q, const struct qos *old)
{
	for (unsigned i = 0; i < q->nbands; i++)
		for (unsigned k = 0; k < old->nbands; k++)
			if (strcmp(q->band[i].name, old->band[k].name) == 0)
				q->band[i].all = old->band[k].all;
}

unsigned
qos_band(const struct qos *q, uint8_t tos)
{
	return q->band_of[tos >> 2];
}

/* ---- slots ---- */

static uint8_t *
slot_at(const struct qos *q, uint32_t no)
{
	return q->slots + (size_t)(no - 1) * q->stride;
}

static struct slot_hdr
hdr_of(const struct qos *q, uint32_t no)
{
	struct slot_hdr h;

	memcpy(&h, slot_at(q, no), sizeof(h));
	return h;
}

static void
set_hdr(struct qos *q, uint32_t no, uint32_t next, uint32_t len)
{
	const struct slot_hdr h = {.next = next, .len = len};

	memcpy(slot_at(q, no), &h, sizeof(h));
}

/* The slot that will be taken next. */
static uint32_t
free_slot(const struct qos *q)
{
	return q->free != 0 ? q->free : q->fresh + 1;
}

static void
take_slot(struct qos *q)
{
	if (q->free != 0)
		q->free = hdr_of(q, q->free).next;
	else
		q->fresh++;
	q->used++;
}

static void
give_slot(struct qos *q, uint32_t no)
{
	set_hdr(q, no, q->free, 0);
	q->free = no;
	q->used--;
}

/* ---- the bucket ---- */

static uint64_t
burst(const struct qos *q, const struct shaper *s)
{
	uint64_t some = s->rate * QOS_BURST_MS, least = q->mtu * UINT64_C(2000);

	return some > least ? some : least;
}

static void
fill(const struct qos *q, struct shaper *s, uint64_t now_ms)
{
	uint64_t most = burst(q, s), ms = now_ms - s->at_ms;

	s->at_ms = now_ms;
	/* while something waits, the time went by because we were late */
	if (s->waiting != 0 && most < s->rate * QOS_LATE_MS)
		most = s->rate * QOS_LATE_MS;
	if (s->credit >= most || ms >= most / s->rate + 1) {
		s->credit = most;
		return;
	}
	s->credit += s->rate * ms;
	if (s->credit > most)
		s->credit = most;
}

void
shaper_limit(struct shaper *s, uint32_t kbit)
{
	uint64_t rate = kbit == CONF_LIMIT_NONE ? 0 : kbit * UINT64_C(125);

	if (rate == s->rate)
		return;
	/* a lower one is in force at once, a higher one does not begin full */
	if (s->rate == 0 || rate < s->rate)
		s->credit = 0;
	s->rate = rate;
	s->due_ms = 0;
}

bool
shaper_pass(struct qos *q, struct shaper *s, uint64_t now_ms, unsigned band,
    uint32_t packets, uint64_t octets)
{
	if (s->waiting != 0)
		return false;
	if (s->rate != 0) {
		fill(q, s, now_ms);
		if (s->credit < octets * 1000)
			return false;
		s->credit -= octets * 1000;
	}
	s->band[band].count.tx_packets += packets;
	s->band[band].count.tx_bytes += octets;
	q->band[band].all.tx_packets += packets;
	q->band[band].all.tx_bytes += octets;
	return true;
}

/* ---- what waits ---- */

uint8_t *
shaper_room(struct qos *q, const struct shaper *s, unsigned band)
{
	uint32_t n = s->band[band].n;

	if (n >= q->band[band].queue || n >= q->nslots - q->used)
		return NULL;
	return slot_at(q, free_slot(q)) + SLOT_HDR;
}

void
shaper_push(struct qos *q, struct shaper *s, unsigned band, uint32_t len)
{
	struct qos_band *b = &s->band[band];
	uint32_t no = free_slot(q);

	take_slot(q);
	set_hdr(q, no, 0, len);
	if (b->n == 0)
		b->head = no;
	else
		set_hdr(q, b->tail, no, hdr_of(q, b->tail).len);
	b->tail = no;
	b->n++;
	s->waiting++;
	q->band[band].waiting++;
}

void
shaper_drop(struct qos *q, struct shaper *s, unsigned band, uint32_t n)
{
	s->band[band].count.dropped += n;
	q->band[band].all.dropped += n;
}

static uint32_t
quantum(const struct qos *q, unsigned band)
{
	return (q->mtu / QUANTA + 1) * q->band[band].weight;
}

/* Whose turn is it?  Something waits; the turn stays with who has it. */
static struct qos_band *
find_turn(const struct qos *q, struct shaper *s, uint32_t *len)
{
	for (;;) {
		struct qos_band *b = &s->band[s->turn];

		if (b->n != 0) {
			*len = hdr_of(q, b->head).len;
			/* without others there is nothing to share */
			if (b->deficit >= *len || b->n == s->waiting)
				return b;
		} else {
			b->deficit = 0;
		}
		s->turn = (s->turn + 1) % q->nbands;
		if (s->band[s->turn].n != 0)
			s->band[s->turn].deficit += quantum(q, s->turn);
	}
}

const uint8_t *
shaper_any(struct qos *q, struct shaper *s, uint32_t *len)
{
	if (s->waiting == 0)
		return NULL;
	return slot_at(q, find_turn(q, s, len)->head) + SLOT_HDR;
}

const uint8_t *
shaper_next(struct qos *q, struct shaper *s, uint64_t now_ms, uint32_t *len)
{
	const uint8_t *pkt = shaper_any(q, s, len);
	uint64_t needs;

	s->due_ms = 0;
	if (pkt == NULL || s->rate == 0)
		return pkt;
	fill(q, s, now_ms);
	needs = *len * UINT64_C(1000);
	if (s->credit >= needs)
		return pkt;
	s->due_ms = now_ms + (needs - s->credit + s->rate - 1) / s->rate;
	return NULL;
}

/* The head of the band whose turn it is, which find_turn left there. */
static uint32_t
pop(struct qos *q, struct shaper *s)
{
	struct qos_band *b = &s->band[s->turn];
	uint32_t no = b->head;
	struct slot_hdr h = hdr_of(q, no);

	b->head = h.next;
	b->n--;
	b->deficit = b->deficit > h.len ? b->deficit - h.len : 0;
	s->waiting--;
	q->band[s->turn].waiting--;
	give_slot(q, no);
	return h.len;
}

void
shaper_sent(struct qos *q, struct shaper *s)
{
	unsigned band = s->turn;
	uint32_t len = pop(q, s);
	uint64_t costs = len * UINT64_C(1000);

	s->credit = s->credit > costs ? s->credit - costs : 0;
	s->band[band].count.tx_packets++;
	s->band[band].count.tx_bytes += len;
	q->band[band].all.tx_packets++;
	q->band[band].all.tx_bytes += len;
	if (s->waiting == 0 && s->rate != 0 && s->credit > burst(q, s))
		s->credit = burst(q, s);
}

uint32_t
shaper_clear(struct qos *q, struct shaper *s)
{
	uint32_t n = s->waiting;

	for (s->turn = 0; s->turn < q->nbands; s->turn++)
		while (s->band[s->turn].n != 0)
			(void)pop(q, s);
	s->turn = 0;
	s->due_ms = 0;
	s->lost_ms = 0;
	return n;
}
