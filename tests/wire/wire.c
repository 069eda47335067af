/* SPDX-License-Identifier: ISC */
/* file: tests/wire/wire.c */
/*
 * The wire's switch, rules, plan and heap: see wire.h.
 */
#include <stdlib.h>
#include <string.h>

#include "wire.h"
#include "wire_frame.h"

#define MACS 256
#define STRIDE (WIRE_HEAD + WIRE_ROOM)
#define SECOND UINT64_C(1000000000)

struct link {
	struct wire_rule rule[WIRE_RULES]; /* [0]: the base */
	unsigned n;
};

struct waiting {
	uint64_t due_ns, seq;
	uint32_t slot;
};

struct planned {
	uint64_t due_ns, seq;
	struct wire_cmd cmd;
};

struct slot {
	uint16_t len;
	uint8_t end;
	uint32_t next; /* of those that are free */
};

struct wire {
	unsigned ends;
	uint64_t seed, seq;
	char name[WIRE_ENDS][WIRE_NAME];
	struct link link[WIRE_ENDS][WIRE_ENDS];
	struct mac {
		uint8_t addr[6], end; /* end: 1 and up, 0: nobody's */
	} mac[MACS];
	uint32_t frames, free, nheap, nplan;
	struct slot *slot;
	struct waiting *heap;
	uint8_t *room;
	struct planned plan[WIRE_PLANNED]; /* in the order of their times */
	enum wire_what asked[WIRE_PLANNED];
	uint32_t nasked;
};

const char *
wire_fate_name(enum wire_fate f)
{
	static const char *const names[WIRE_NFATES] = {"in", "out", "lost",
	    "mtu", "full", "late", "doubled", "corrupted", "no_room"};

	return f < WIRE_NFATES ? names[f] : "?";
}

/* splitmix64 */
static uint64_t throw(uint64_t * state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* A rule's own dice: of its link and what it matches, not when it was made. */
static uint64_t
dice_of(const struct wire *w, unsigned from, unsigned to,
    const struct wire_match *m)
{
	uint64_t d = w->seed ^ (uint64_t)(from * WIRE_ENDS + to + 1) << 48;

	d = throw(&d) ^ (uint64_t)m->from.port << 16 ^ m->to.port;
	for (int i = 0; i < 16; i++) {
		d = throw(&d) ^ m->from.addr.b[i];
		d = throw(&d) ^ m->to.addr.b[i];
	}
	return d;
}

struct wire *
wire_new(
    uint64_t seed, const char *const name[], unsigned ends, uint32_t frames)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (w == NULL || ends > WIRE_ENDS || frames == 0) {
		free(w);
		return NULL;
	}
	w->seed = seed;
	w->ends = ends;
	w->frames = frames;
	w->slot = calloc(frames, sizeof(*w->slot));
	w->heap = calloc(frames, sizeof(*w->heap));
	w->room = malloc((size_t)frames * STRIDE);
	if (w->slot == NULL || w->heap == NULL || w->room == NULL) {
		wire_free(w);
		return NULL;
	}
	/* the lower ones are taken first and again, so they stay warm */
	for (uint32_t i = 0; i < frames; i++)
		w->slot[i].next = i + 1 < frames ? i + 1 : WIRE_NONE;
	for (unsigned a = 0; a < ends; a++) {
		strncpy(w->name[a], name[a], WIRE_NAME - 1);
		for (unsigned b = 0; b < ends; b++) {
			w->link[a][b].n = 1;
			w->link[a][b].rule[0].dice =
			    dice_of(w, a, b, &w->link[a][b].rule[0].match);
		}
	}
	return w;
}

void
wire_free(struct wire *w)
{
	if (w == NULL)
		return;
	free(w->slot);
	free(w->heap);
	free(w->room);
	free(w);
}

/* ---- slots ---- */

uint32_t
wire_slot(struct wire *w)
{
	uint32_t i = w->free;

	if (i != WIRE_NONE)
		w->free = w->slot[i].next;
	return i;
}

uint8_t *
wire_frame(struct wire *w, uint32_t slot)
{
	return w->room + (size_t)slot * STRIDE + WIRE_HEAD;
}

void
wire_drop(struct wire *w, uint32_t slot)
{
	w->slot[slot].next = w->free;
	w->free = slot;
}

/* ---- the heap ---- */

static bool
sooner(const struct waiting *a, const struct waiting *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->seq < b->seq;
}

static void
push(struct wire *w, uint64_t due_ns, uint32_t slot)
{
	struct waiting x = {due_ns, w->seq++, slot};
	uint32_t i = w->nheap++;

	for (; i > 0 && sooner(&x, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = x;
}

static uint32_t
pop(struct wire *w)
{
	uint32_t slot = w->heap[0].slot, i = 0, k;
	struct waiting x = w->heap[--w->nheap];

	for (; (k = 2 * i + 1) < w->nheap; i = k) {
		if (k + 1 < w->nheap && sooner(&w->heap[k + 1], &w->heap[k]))
			k++;
		if (!sooner(&w->heap[k], &x))
			break;
		w->heap[i] = w->heap[k];
	}
	w->heap[i] = x;
	return slot;
}

/* ---- rules ---- */

static bool
fits(const struct endpoint *want, const struct endpoint *is)
{
	if (want->port != 0 && want->port != is->port)
		return false;
	return want->addr.family == 0 || addr_eq(&want->addr, &is->addr);
}

static struct wire_rule *
rule_for(struct link *l, const struct wire_look *look)
{
	if (look->udp != 0)
		for (unsigned i = l->n - 1; i > 0; i--)
			if (fits(&l->rule[i].match.from, &look->from) &&
			    fits(&l->rule[i].match.to, &look->to))
				return &l->rule[i];
	return &l->rule[0];
}

static bool
same(const struct wire_match *a, const struct wire_match *b)
{
	return endpoint_eq(&a->from, &b->from) && endpoint_eq(&a->to, &b->to);
}

static struct wire_rule *
rule_named(
    struct wire *w, unsigned from, unsigned to, const struct wire_match *m)
{
	struct link *l = &w->link[from][to];
	struct wire_rule *r;

	for (unsigned i = 0; i < l->n; i++)
		if (same(&l->rule[i].match, m))
			return &l->rule[i];
	if (l->n == WIRE_RULES)
		return NULL;
	r = &l->rule[l->n++];
	/* what is under way by the base is not overtaken */
	*r = (struct wire_rule){.match = *m,
	    .set = l->rule[0].set,
	    .dice = dice_of(w, from, to, m),
	    .last_ns = l->rule[0].last_ns};
	return r;
}

static void
change(struct wire_set *to, uint32_t fields, const struct wire_set *by)
{
	if (fields & WIRE_F_DELAY)
		to->delay_ns = by->delay_ns;
	if (fields & WIRE_F_JITTER)
		to->jitter_ns = by->jitter_ns;
	if (fields & WIRE_F_LOSS)
		to->loss = by->loss;
	if (fields & WIRE_F_DUP)
		to->dup = by->dup;
	if (fields & WIRE_F_CORRUPT)
		to->corrupt = by->corrupt;
	if (fields & WIRE_F_REORDER) {
		to->reorder = by->reorder;
		to->late_ns = by->late_ns;
	}
	if (fields & WIRE_F_RATE)
		to->rate = by->rate;
	if (fields & WIRE_F_QUEUE)
		to->queue = by->queue;
	if (fields & WIRE_F_MTU)
		to->mtu = by->mtu;
}

static bool
has(uint32_t set, unsigned end)
{
	return (set & 1u << end) != 0;
}

static int
set_rule(struct wire *w, unsigned from, unsigned to, const struct wire_cmd *c,
    bool back)
{
	struct wire_match m = c->match;
	struct wire_rule *r;

	if (from == to)
		return 0;
	if (back) {
		m.from = c->match.to;
		m.to = c->match.from;
	}
	if ((r = rule_named(w, from, to, &m)) == NULL)
		return -1;
	change(&r->set, c->fields, &c->set);
	return 0;
}

static int
do_now(struct wire *w, const struct wire_cmd *c)
{
	int result = 0;

	if (c->what != WIRE_DO_RULE) {
		if (w->nasked == WIRE_PLANNED)
			return -1;
		w->asked[w->nasked++] = c->what;
		return 0;
	}
	for (unsigned a = 0; a < w->ends; a++)
		for (unsigned b = 0; b < w->ends; b++) {
			if (!has(c->from, a) || !has(c->to, b))
				continue;
			if (set_rule(w, a, b, c, false) == -1 ||
			    (c->both && set_rule(w, b, a, c, true) == -1))
				result = -1;
		}
	return result;
}

/* Commands whose time came, before whatever else happens at that time. */
static void
catch_up(struct wire *w, uint64_t now_ns)
{
	uint32_t n = 0;

	while (n < w->nplan && w->plan[n].due_ns <= now_ns)
		(void)do_now(w, &w->plan[n++].cmd);
	if (n == 0)
		return;
	w->nplan -= n;
	memmove(w->plan, w->plan + n, w->nplan * sizeof(w->plan[0]));
}

int
wire_do(struct wire *w, uint64_t now_ns, const struct wire_cmd *c)
{
	uint64_t due_ns = now_ns + c->after_ns;
	uint32_t i = w->nplan;

	catch_up(w, now_ns);
	if (c->after_ns == 0)
		return do_now(w, c);
	if (w->nplan == WIRE_PLANNED)
		return -1;
	for (; i > 0 && w->plan[i - 1].due_ns > due_ns; i--)
		w->plan[i] = w->plan[i - 1];
	w->plan[i] = (struct planned){.due_ns = due_ns, .cmd = *c};
	w->nplan++;
	return 0;
}

bool
wire_asked(struct wire *w, uint64_t now_ns, enum wire_what *what)
{
	catch_up(w, now_ns);
	if (w->nasked == 0)
		return false;
	*what = w->asked[0];
	memmove(w->asked, w->asked + 1, --w->nasked * sizeof(w->asked[0]));
	return true;
}

const struct wire_rule *
wire_rule(const struct wire *w, unsigned from, unsigned to, unsigned i)
{
	const struct link *l = &w->link[from][to];

	return i < l->n ? &l->rule[i] : NULL;
}

uint32_t
wire_waiting(const struct wire *w)
{
	return w->nheap;
}

/* ---- a frame ---- */

struct throws {
	uint64_t loss, reorder, dup, corrupt, jitter, where;
};

static bool
hit(uint64_t dice, uint32_t million)
{
	return (dice >> 11) % WIRE_MILLION < million;
}

/* When the last bit of it has left at this rate; UINT64_MAX: queue full. */
static uint64_t
at_rate(struct wire_rule *r, uint64_t now_ns, size_t len)
{
	const struct wire_set *s = &r->set;
	uint64_t start = r->busy_ns > now_ns ? r->busy_ns : now_ns;
	uint64_t most = s->queue, waits;

	if (s->rate == 0)
		return now_ns;
	if (most == 0)
		most = s->rate / 80 > WIRE_QUEUE ? s->rate / 80 : WIRE_QUEUE;
	waits = (start - now_ns) / 1000 * (s->rate / 8) / 1000000;
	if (waits + len > most)
		return UINT64_MAX;
	r->busy_ns = start + (uint64_t)len * 8 * SECOND / s->rate;
	return r->busy_ns;
}

/* When it arrives; UINT64_MAX: never, and counted. */
static uint64_t
decide(struct wire_rule *r, uint64_t now_ns, size_t len, struct throws *t)
{
	const struct wire_set *s = &r->set;
	uint64_t due;

	/* all of them each time: a figure that changes leaves the others be */
	*t = (struct throws){.loss = throw(&r->dice),
	    .reorder = throw(&r->dice),
	    .dup = throw(&r->dice),
	    .corrupt = throw(&r->dice),
	    .jitter = throw(&r->dice),
	    .where = throw(&r->dice)};
	r->n[WIRE_IN]++;
	if (s->mtu != 0 && len > s->mtu + WIRE_ETHER) {
		r->n[WIRE_MTU]++;
		return UINT64_MAX;
	}
	if (hit(t->loss, s->loss)) {
		r->n[WIRE_LOST]++;
		return UINT64_MAX;
	}
	if ((due = at_rate(r, now_ns, len)) == UINT64_MAX) {
		r->n[WIRE_FULL]++;
		return UINT64_MAX;
	}
	due += s->delay_ns;
	if (s->jitter_ns != 0)
		due += (t->jitter >> 11) % (s->jitter_ns + 1);
	if (hit(t->reorder, s->reorder)) {
		r->n[WIRE_LATE]++;
		return due + s->late_ns;
	}
	if (due < r->last_ns)
		due = r->last_ns;
	r->last_ns = due;
	return due;
}

static uint32_t
copy_of(struct wire *w, uint32_t slot, size_t len)
{
	uint32_t other = wire_slot(w);

	if (other != WIRE_NONE)
		memcpy(wire_frame(w, other) - WIRE_HEAD,
		    wire_frame(w, slot) - WIRE_HEAD, WIRE_HEAD + len);
	return other;
}

static void
go(struct wire *w, struct wire_rule *r, uint64_t due_ns, uint32_t slot,
    unsigned end, size_t len)
{
	if (slot == WIRE_NONE) {
		r->n[WIRE_NO_ROOM]++;
		return;
	}
	w->slot[slot].len = (uint16_t)len;
	w->slot[slot].end = (uint8_t)end;
	r->n[WIRE_OUT]++;
	push(w, due_ns, slot);
}

/* The slot is the link's. */
static void
pass(struct wire *w, uint64_t now_ns, unsigned from, unsigned to, uint32_t slot,
    size_t len, bool summed)
{
	uint8_t *f = wire_frame(w, slot);
	struct wire_look look;
	struct wire_rule *r;
	struct throws t;
	uint64_t due;

	wire_look(f, len, &look);
	r = rule_for(&w->link[from][to], &look);
	if ((due = decide(r, now_ns, len, &t)) == UINT64_MAX) {
		wire_drop(w, slot);
		return;
	}
	if (hit(t.corrupt, r->set.corrupt)) {
		r->n[WIRE_CORRUPTED]++;
		wire_flip(f, len, &look, t.where, summed);
	}
	go(w, r, due, slot, to, len);
	if (hit(t.dup, r->set.dup)) {
		r->n[WIRE_DOUBLED]++;
		go(w, r, due, copy_of(w, slot, len), to, len);
	}
}

/* ---- the switch ---- */

static struct mac *
mac_of(struct wire *w, const uint8_t addr[6])
{
	return &w->mac[(addr[3] * 31u + addr[4] * 7u + addr[5]) % MACS];
}

/* The end that is known to have it; WIRE_ENDS: all. */
static unsigned
end_for(struct wire *w, unsigned from, const uint8_t *f)
{
	struct mac *m = mac_of(w, f + 6);

	if (w->ends == 2)
		return 1 - from;
	if ((f[6] & 1) == 0) {
		memcpy(m->addr, f + 6, 6);
		m->end = (uint8_t)(from + 1);
	}
	m = mac_of(w, f);
	if ((f[0] & 1) != 0 || m->end == 0 || memcmp(m->addr, f, 6) != 0)
		return WIRE_ENDS;
	return m->end - 1u;
}

void
wire_take(struct wire *w, uint64_t now_ns, unsigned end, uint32_t slot,
    size_t len, bool summed)
{
	unsigned to;

	catch_up(w, now_ns);
	if (len < WIRE_ETHER || len > WIRE_ROOM) {
		wire_drop(w, slot);
		return;
	}
	if ((to = end_for(w, end, wire_frame(w, slot))) == end) {
		wire_drop(w, slot);
		return;
	}
	if (to < w->ends) {
		pass(w, now_ns, end, to, slot, len, summed);
		return;
	}
	for (to = 0; to < w->ends; to++) {
		uint32_t other;

		if (to == end)
			continue;
		if ((other = copy_of(w, slot, len)) == WIRE_NONE)
			w->link[end][to].rule[0].n[WIRE_NO_ROOM]++;
		else
			pass(w, now_ns, end, to, other, len, summed);
	}
	wire_drop(w, slot);
}

uint64_t
wire_due(const struct wire *w)
{
	uint64_t due = w->nheap > 0 ? w->heap[0].due_ns : UINT64_MAX;

	if (w->nplan > 0 && w->plan[0].due_ns < due)
		due = w->plan[0].due_ns;
	return w->nasked > 0 ? 0 : due;
}

uint32_t
wire_next(struct wire *w, uint64_t now_ns, struct wire_out *o)
{
	catch_up(w, now_ns);
	if (w->nheap == 0 || w->heap[0].due_ns > now_ns)
		return WIRE_NONE;
	o->slot = pop(w);
	o->end = w->slot[o->slot].end;
	o->len = w->slot[o->slot].len;
	return o->slot;
}
