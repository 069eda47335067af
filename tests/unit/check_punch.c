/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_punch.c */
/*
 * Punching between two hosts of this file's network, in virtual time: each is
 * behind a translator of any mapping and filtering, and they talk by somebody
 * else's way meanwhile.  Who reaches whom must be what RFC 4787 and 5780 make
 * of the two kinds.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "punch.h"

#define T0 1000000
#define FLY_MS 20   /* from host to host */
#define RELAY_MS 40 /* ... by the relay */
#define QUEUE 4096
#define MAPS 64
#define MAIN_SOCK 0
#define NEW_SOCK 40
#define STUN_AT 3 /* the address that tells both where they are seen */

enum maps { M_NONE, M_EIM, M_ADM, M_APDM, M_N };
enum lets { L_EIF, L_ADF, L_APDF, L_N };

struct map {
	uint16_t sock, port;
	struct endpoint to; /* as far as it depends on that */
	struct endpoint sent[MAPS];
	unsigned nsent;
};

struct host {
	struct punch p;
	struct punch_budget b;
	uint8_t addr; /* 192.0.2.addr */
	enum maps maps;
	enum lets lets;
	bool trap;
	struct map map[MAPS];
	unsigned nmaps;
	uint16_t ports;
	struct {
		struct endpoint from;
		uint16_t port;
	} poison[MAPS];
	unsigned npoison;
	bool renewed;
	uint32_t generation;
	uint64_t reached_ms; /* a pong came */
	unsigned pings;
};

enum what { PING, PONG, LIST };
struct flight {
	uint64_t at_ms;
	enum what what;
	unsigned to; /* host */
	uint16_t port;
	struct endpoint from;
	uint64_t id;
	struct cands list;
	bool done;
};

static struct host host[2];
static struct flight sky[QUEUE];
static unsigned nsky;
static uint64_t now, ids;

static struct endpoint
place(uint8_t addr, uint16_t port)
{
	return (struct endpoint){{.family = 4, .b = {192, 0, 2, addr}}, port};
}

static bool
lets_in(const struct host *h, const struct map *m, const struct endpoint *from)
{
	if (h->maps == M_NONE && h->lets == L_EIF)
		return true;
	for (unsigned i = 0; i < m->nsent; i++)
		if (h->lets == L_EIF ||
		    (addr_eq(&m->sent[i].addr, &from->addr) &&
			(h->lets == L_ADF || m->sent[i].port == from->port)))
			return true;
	return false;
}

static bool
is_poisoned(const struct host *h, uint16_t port, const struct endpoint *to)
{
	for (unsigned i = 0; i < h->npoison; i++)
		if (h->poison[i].port == port &&
		    endpoint_eq(&h->poison[i].from, to))
			return true;
	return false;
}

/* The port that a packet from sock to there has outside. */
static struct map *
map_out(struct host *h, uint16_t sock, const struct endpoint *to)
{
	struct endpoint key = {0};
	struct map *m = NULL;
	bool away = false;

	if (h->maps == M_ADM)
		key.addr = to->addr;
	if (h->maps == M_APDM)
		key = *to;
	for (unsigned i = 0; i < h->nmaps; i++)
		if (h->map[i].sock == sock && endpoint_eq(&h->map[i].to, to) &&
		    key.addr.family == 0)
			return &h->map[i]; /* it was moved away */
	for (unsigned i = 0; i < h->nmaps && m == NULL; i++)
		if (h->map[i].sock == sock && endpoint_eq(&h->map[i].to, &key))
			m = &h->map[i];
	if (m != NULL && is_poisoned(h, m->port, to)) {
		away = true;
		key = *to;
	}
	if (m == NULL || away) {
		ck_assert_uint_lt(h->nmaps, MAPS);
		m = &h->map[h->nmaps++];
		*m = (struct map){.sock = sock, .to = key};
		m->port = (uint16_t)(h->maps == M_NONE && !away ? 50000 + sock
								: ++h->ports);
	}
	return m;
}

static struct endpoint
out(struct host *h, uint16_t sock, const struct endpoint *to)
{
	struct map *m = map_out(h, sock, to);

	ck_assert_uint_lt(m->nsent, MAPS);
	m->sent[m->nsent++ % MAPS] = *to;
	if (m->nsent == MAPS)
		m->nsent = MAPS / 2;
	return place(h->addr, m->port);
}

static void
fly(unsigned to, uint16_t port, const struct endpoint *from, enum what what,
    uint64_t id)
{
	ck_assert_uint_lt(nsky, QUEUE);
	sky[nsky++] = (struct flight){.at_ms = now + FLY_MS,
	    .what = what,
	    .to = to,
	    .port = port,
	    .from = *from,
	    .id = id};
}

static void
send_from(struct host *h, uint16_t sock, const struct endpoint *to,
    enum what what, uint64_t id)
{
	struct endpoint from = out(h, sock, to);

	for (unsigned i = 0; i < 2; i++)
		if (to->addr.b[3] == host[i].addr)
			fly(i, to->port, &from, what, id);
}

static uint8_t
nat_of(const struct host *h)
{
	static const enum nat_mapping maps[M_N] = {
	    NAT_NONE, NAT_INDEPENDENT, NAT_ADDRESS, NAT_SYMMETRIC};
	static const enum nat_filtering lets[L_N] = {
	    NAT_F_INDEPENDENT, NAT_F_ADDRESS, NAT_F_PORT};

	return cands_nat(maps[h->maps], lets[h->lets]);
}

static void
say(struct host *h, const struct punch_step *s)
{
	struct endpoint stun = place(STUN_AT, 3478);
	struct cands c = {.generation = h->generation,
	    .nat = nat_of(h),
	    .delay_ms = s->delay_ms};
	uint16_t sock = h->renewed ? NEW_SOCK : MAIN_SOCK;

	h->p.nat = c.nat;
	c.c[c.n++] = (struct candidate){
	    .type = 2, .ep = out(h, sock, &stun), .priority = 100};
	/* a host's own address leads nowhere from outside */
	c.c[c.n++] = (struct candidate){.type = 1,
	    .ep = {{.family = 4, .b = {10, h->addr, 0, 2}}, 50000},
	    .priority = 126};
	if (s->answer)
		c.nat |= CANDS_ANSWER;
	ck_assert_uint_lt(nsky, QUEUE);
	sky[nsky++] = (struct flight){.at_ms = now + RELAY_MS,
	    .what = LIST,
	    .to = h == &host[0],
	    .list = c};
}

static void
turn(struct host *h)
{
	struct punch_step step[PUNCH_STEPS];
	unsigned n = punch_tick(&h->p, &h->b, now, step);

	for (unsigned i = 0; i < n; i++) {
		const struct punch_pair *x = &h->p.pair[step[i].pair];

		if (step[i].act == PUNCH_SAY) {
			say(h, &step[i]);
		} else if (step[i].act == PUNCH_RENEW) {
			h->renewed = true;
			h->generation++;
			punch_renewed(&h->p, now);
		} else {
			h->pings++;
			punch_pinged(&h->p, step[i].pair, ++ids, now);
			send_from(h, x->sock, &x->to, PING, ids);
		}
	}
}

static void
arrive(const struct flight *f)
{
	struct host *h = &host[f->to];
	uint16_t sock = MAIN_SOCK;
	uint64_t sent;
	bool in = false;

	if (f->what == LIST) {
		const struct punch_from from[2] = {
		    {h->renewed ? NEW_SOCK : MAIN_SOCK, 4}};

		punch_list(
		    &h->p, &h->b, now, &f->list, 2 * RELAY_MS, from, 1, 0);
		return;
	}
	for (unsigned i = 0; i < h->nmaps && !in; i++)
		if (h->map[i].port == f->port &&
		    (in = lets_in(h, &h->map[i], &f->from)))
			sock = h->map[i].sock;
	if (!in && h->maps == M_NONE && h->lets == L_EIF) {
		in = true;
		sock = (uint16_t)(f->port - 50000);
	}
	if (!in && h->trap && h->npoison < MAPS) {
		h->poison[h->npoison].from = f->from;
		h->poison[h->npoison++].port = f->port;
	}
	if (!in)
		return;
	if (f->what == PING) {
		send_from(h, sock, &f->from, PONG, f->id);
		punch_pinged_from(&h->p, now, sock, &f->from);
	} else if (punch_pong(&h->p, &h->b, f->id, &f->from, now, &sent) !=
		NULL &&
	    h->reached_ms == 0) {
		h->reached_ms = now;
	}
}

static void
begin(enum maps m0, enum lets l0, enum maps m1, enum lets l1)
{
	memset(host, 0, sizeof(host));
	nsky = 0;
	now = T0;
	for (unsigned i = 0; i < 2; i++) {
		struct endpoint stun = place(STUN_AT, 3478);

		punch_init(&host[i].p, i == 0);
		host[i].addr = (uint8_t)(i + 1);
		host[i].maps = i == 0 ? m0 : m1;
		host[i].lets = i == 0 ? l0 : l1;
		host[i].ports = (uint16_t)(20000 + 10000 * i);
		(void)out(&host[i], MAIN_SOCK, &stun);
	}
}

static bool
run(uint64_t ms)
{
	for (uint64_t end = now + ms; now < end; now++) {
		for (unsigned i = 0; i < nsky; i++)
			if (!sky[i].done && sky[i].at_ms <= now) {
				sky[i].done = true;
				arrive(&sky[i]);
			}
		for (unsigned i = 0; i < 2; i++)
			if (now >= punch_due(&host[i].p))
				turn(&host[i]);
	}
	return host[0].reached_ms != 0 && host[1].reached_ms != 0;
}

/*
 * A pair that connects: one of them is seen by the other as by everybody, and
 * lets in whoever has another port than it said.
 */
static bool
theory(enum maps m0, enum lets l0, enum maps m1, enum lets l1)
{
	if (m0 <= M_EIM && m1 <= M_EIM)
		return true;
	if (m0 > M_EIM && m1 > M_EIM)
		return false;
	return m0 > M_EIM ? l1 != L_APDF : l0 != L_APDF;
}

START_TEST(who_reaches_whom_is_what_theory_says)
{
	unsigned worked = 0, pairs = 0;

	for (int a = 0; a < M_N * L_N; a++)
		for (int b = 0; b < M_N * L_N; b++) {
			enum maps m0 = (enum maps)(a / L_N);
			enum maps m1 = (enum maps)(b / L_N);
			enum lets l0 = (enum lets)(a % L_N);
			enum lets l1 = (enum lets)(b % L_N);
			bool got;

			/* of those nobody can say it: see below */
			if (m0 > M_EIM && m1 > M_EIM &&
			    (l0 != L_APDF || l1 != L_APDF))
				continue;
			begin(m0, l0, m1, l1);
			punch_want(&host[0].p, now);
			got = run(100000);
			ck_assert_msg(got == theory(m0, l0, m1, l1),
			    "%d/%d %d/%d: %d", m0, l0, m1, l1, got);
			ck_assert(punch_can(nat_of(&host[0]),
				      nat_of(&host[1])) == got);
			if (got)
				ck_assert_uint_lt(
				    host[0].reached_ms - T0, 1000);
			ck_assert_uint_eq(host[0].b.open, 0);
			ck_assert_uint_eq(host[1].b.open, 0);
			ck_assert_int_eq(host[0].p.state, PUNCH_REST);
			worked += got;
			pairs++;
		}
	printf("%u of %u pairs of translators connect\n", worked, pairs);
}
END_TEST

START_TEST(both_may_want_it_at_the_same_time)
{
	begin(M_EIM, L_APDF, M_EIM, L_APDF);
	punch_want(&host[0].p, now);
	punch_want(&host[1].p, now);
	ck_assert(run(5000));
	ck_assert_uint_le(host[0].p.runs, 2);
	ck_assert_uint_lt(host[0].pings, 20);
}
END_TEST

START_TEST(nobody_answers_a_list_and_it_ends)
{
	begin(M_EIM, L_APDF, M_EIM, L_APDF);
	punch_want(&host[0].p, now);
	for (uint64_t end = now + 10000; now < end; now++)
		if (now >= punch_due(&host[0].p))
			turn(&host[0]);
	ck_assert_uint_eq(nsky, PUNCH_ASKS);
	ck_assert_int_eq(host[0].p.state, PUNCH_REST);
	ck_assert_uint_eq(punch_due(&host[0].p), UINT64_MAX);
}
END_TEST

/* The one in the trap was pinged before it pinged: its port is burnt. */
START_TEST(a_poisoned_mapping_is_left_for_a_new_socket)
{
	for (unsigned side = 0; side < 2; side++) {
		struct host *h = &host[side];

		begin(M_EIM, L_APDF, M_EIM, L_APDF);
		h->trap = true;
		h->poison[0].from = out(&host[!side], MAIN_SOCK,
		    &(struct endpoint){{.family = 4, .b = {9, 9, 9, 9}}, 1});
		h->poison[0].port = out(h, MAIN_SOCK,
		    &(struct endpoint){{.family = 4, .b = {9, 9, 9, 9}}, 1})
					.port;
		h->npoison = 1;
		punch_want(&host[0].p, now);
		ck_assert(!run(9000));
		ck_assert(run(20000));
		ck_assert(host[0].renewed || host[1].renewed);
		ck_assert_uint_lt(host[0].reached_ms - T0, 20000);
	}
}
END_TEST

START_TEST(kinds_that_promise_nothing_take_no_new_socket)
{
	begin(M_APDM, L_APDF, M_EIM, L_APDF);
	punch_want(&host[0].p, now);
	ck_assert(!run(100000));
	ck_assert(!host[0].renewed && !host[1].renewed);
	ck_assert_uint_le(host[0].pings, 2 * PUNCH_PINGS);
}
END_TEST

START_TEST(what_is_open_is_bounded)
{
	struct punch_budget b = {.open = PUNCH_OPEN_MAX};
	struct punch_step step[PUNCH_STEPS];
	const struct punch_from from[2] = {{1, 4}, {2, 4}};
	struct cands c = {.nat = CANDS_ANSWER, .n = CANDIDATES_MAX};
	struct punch p;

	for (unsigned i = 0; i < c.n; i++)
		c.c[i] = (struct candidate){2, place(9, (uint16_t)(i + 1)), i};
	punch_init(&p, true);
	punch_list(&p, &b, T0, &c, 0, from, 2, 1);
	ck_assert_uint_eq(p.npairs, PUNCH_PAIRS);
	ck_assert_uint_eq(b.refused, 2 * CANDIDATES_MAX - PUNCH_PAIRS);
	/* what is on our link first, then the priorities */
	ck_assert_uint_eq(p.pair[0].to.port, 1);
	ck_assert_uint_eq(p.pair[2].to.port, CANDIDATES_MAX);
	ck_assert_uint_eq(punch_tick(&p, &b, T0, step), 0);
	b.open = 0;
	ck_assert_uint_eq(
	    punch_tick(&p, &b, T0 + PUNCH_WAIT_MS, step), PUNCH_PAIRS);
	ck_assert_uint_eq(b.open, PUNCH_PAIRS);
	/* a new run does not forget what the old one has open */
	c.generation = 2;
	punch_list(&p, &b, T0 + 2000, &c, 0, from, 2, 0);
	ck_assert_uint_eq(b.open, 0);
	punch_clear(&p, &b);
	ck_assert_uint_eq(b.open, 0);
}
END_TEST

START_TEST(a_pong_counts_from_where_the_ping_went_only)
{
	struct punch_budget b = {0};
	struct punch_step step[PUNCH_STEPS];
	const struct punch_from from = {1, 4};
	struct endpoint other = place(9, 8), right = place(9, 7);
	struct cands c = {.nat = CANDS_ANSWER, .n = 1, .c = {{2, right, 1}}};
	uint64_t sent;
	struct punch p;

	punch_init(&p, true);
	punch_list(&p, &b, T0, &c, 0, &from, 1, 0);
	ck_assert_uint_eq(punch_tick(&p, &b, T0, step), 1);
	punch_pinged(&p, 0, 77, T0);
	ck_assert_uint_eq(punch_tick(&p, &b, T0 + 50, step), 1);
	punch_pinged(&p, 0, 78, T0 + 50);
	ck_assert_ptr_null(punch_pong(&p, &b, 77, &other, T0 + 60, &sent));
	ck_assert_ptr_null(punch_pong(&p, &b, 0, &right, T0 + 60, &sent));
	/* the older one's answer comes behind the newer ping */
	ck_assert_ptr_nonnull(punch_pong(&p, &b, 77, &right, T0 + 80, &sent));
	ck_assert_uint_eq(sent, T0);
	ck_assert_uint_eq(p.pair[0].rtt_ms, 80);
	ck_assert_ptr_null(punch_pong(&p, &b, 77, &right, T0 + 90, &sent));
	ck_assert_uint_eq(b.open, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    who_reaches_whom_is_what_theory_says,
	    both_may_want_it_at_the_same_time,
	    nobody_answers_a_list_and_it_ends,
	    a_poisoned_mapping_is_left_for_a_new_socket,
	    kinds_that_promise_nothing_take_no_new_socket,
	    what_is_open_is_bounded,
	    a_pong_counts_from_where_the_ping_went_only,
	};

	return UNIT_RUN("punch", tests);
}
