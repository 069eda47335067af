/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_relay.c */
/*
 * The table of ways by relays: what is forwarded and to whom, what is not, who
 * pays, when it ends; and the frames that set it up, there and back.
 */
#include <string.h>

#include "frame_relay.h"
#include "relay.h"
#include "unit.h"
#include "wg.h"

#define T0 1000000
enum { A = 1, B = 2, C = 3 };

static struct relay r;
static uint64_t dice;
static uint16_t moved; /* this peer is elsewhere */

static void
fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	for (uint8_t *p = out; len > 0; len--)
		*p++ = (uint8_t)unit_random(&dice);
}

static struct relay_place
place(uint32_t peer)
{
	struct relay_place p = {
	    .sock = 1, .ep = {.addr = {4, {192, 0, 2, (uint8_t)peer}}}};

	p.ep.port = 51820;
	return p;
}

static bool
is_at(void *ctx, uint32_t peer, const struct relay_place *from)
{
	struct relay_place p = place(peer);

	(void)ctx;
	return peer != moved && from->sock == p.sock &&
	    endpoint_eq(&from->ep, &p.ep);
}

static const struct relay_who who = {.is_at = is_at};

static const uint8_t *
key(uint32_t of)
{
	static uint8_t keys[256][32];

	memset(keys[of], (int)of, 32);
	return keys[of];
}

static struct relay_open
asks(uint32_t from, uint32_t to)
{
	struct relay_open o = {.req = 7, .hops = 2, .life_s = 3600};

	memcpy(o.to, key(to), 32);
	memcpy(o.origin, key(from), 32);
	return o;
}

static void
begin(void)
{
	const struct rnd_src rnd = {.fill = fill};

	dice = unit_seed();
	moved = 0;
	relay_init(&r, &rnd);
	relay_configure(&r, true, RELAY_KBIT, RELAY_LABELS);
}

static struct circuit *
way(uint32_t from, uint32_t to)
{
	struct relay_open o = asks(from, to);

	return relay_transit(&r, T0, &o, from, to, 0, 1);
}

static enum relay_verdict
comes(uint64_t now, uint32_t label, uint32_t from, size_t len,
    struct circuit **c, unsigned *leg)
{
	struct relay_place p = place(from);

	return relay_take(&r, &who, now, label, &p, len, 1, c, leg);
}

START_TEST(what_comes_by_one_leg_leaves_by_the_other)
{
	struct circuit *c, *got;
	unsigned leg;

	begin();
	c = way(A, B);
	ck_assert_uint_ne(c->leg[0].label, c->leg[1].label);
	ck_assert_int_eq(
	    comes(T0, c->leg[0].label, A, 100, &got, &leg), RELAY_ON);
	ck_assert_ptr_eq(got, c);
	ck_assert_uint_eq(leg, 1);
	ck_assert_int_eq(
	    comes(T0, c->leg[1].label, B, 60, &got, &leg), RELAY_ON);
	ck_assert_uint_eq(leg, 0);
	ck_assert_uint_eq(c->leg[0].packets, 1);
	ck_assert_uint_eq(c->leg[0].bytes, 100);
	ck_assert_uint_eq(c->leg[1].bytes, 60);
}
END_TEST

START_TEST(a_label_is_worth_nothing_elsewhere)
{
	struct circuit *c, *got;
	unsigned leg;

	begin();
	c = way(A, B);
	/* of the other leg, of a third member, of nobody, after a move */
	ck_assert_int_eq(
	    comes(T0, c->leg[0].label, B, 100, &got, &leg), RELAY_SPOOF);
	ck_assert_int_eq(
	    comes(T0, c->leg[1].label, A, 100, &got, &leg), RELAY_SPOOF);
	ck_assert_int_eq(
	    comes(T0, c->leg[0].label, C, 100, &got, &leg), RELAY_SPOOF);
	moved = A;
	ck_assert_int_eq(
	    comes(T0, c->leg[0].label, A, 100, &got, &leg), RELAY_SPOOF);
	ck_assert_uint_eq(c->leg[0].packets, 0);
	for (int i = 0; i < 10000; i++) {
		uint32_t label = (uint32_t)unit_random(&dice);

		if (label != c->leg[0].label && label != c->leg[1].label)
			ck_assert_int_eq(
			    comes(T0, label, A, 100, &got, &leg), RELAY_STRAY);
	}
	ck_assert_int_eq(comes(T0, 0, A, 100, &got, &leg), RELAY_STRAY);
}
END_TEST

START_TEST(who_asked_pays_for_both_directions)
{
	uint64_t passed = 0;
	struct circuit *c, *d, *got;
	unsigned leg;

	begin();
	c = way(A, B);
	d = way(C, B);
	/* twice what it may, for ten seconds */
	for (uint64_t ms = 0; ms < 10000; ms++)
		for (int i = 0; i < 2; i++)
			if (comes(T0 + ms, c->leg[i].label, i == 0 ? A : B,
				1250, &got, &leg) == RELAY_ON)
				passed += 1250;
	ck_assert_uint_ge(passed, 10 * RELAY_KBIT * 125);
	ck_assert_uint_le(passed, 10 * RELAY_KBIT * 125 + RELAY_KBIT * 125 / 2);
	/* others have their own */
	ck_assert_int_eq(
	    comes(T0 + 10000, c->leg[0].label, A, 60000, &got, &leg),
	    RELAY_QUOTA);
	ck_assert_ptr_eq(got, c);
	ck_assert_int_eq(
	    comes(T0 + 10000, d->leg[0].label, C, 60000, &got, &leg), RELAY_ON);
	/* to close and open again is no way to have more */
	relay_close(&r, c);
	c = way(A, B);
	ck_assert_int_eq(
	    comes(T0 + 10000, c->leg[0].label, A, 60000, &got, &leg),
	    RELAY_QUOTA);
}
END_TEST

START_TEST(nobody_has_more_labels_than_he_may)
{
	struct circuit *c = NULL;
	struct relay_open o = asks(A, B);

	begin();
	relay_configure(&r, true, RELAY_KBIT, 3);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_nonnull(c = way(A, B));
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_BUSY);
	ck_assert_ptr_null(way(A, B));
	ck_assert_ptr_nonnull(way(C, B));
	relay_close(&r, c);
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_OK);
	ck_assert_ptr_nonnull(way(A, B));
	relay_configure(&r, false, RELAY_KBIT, 3);
	o = asks(C, B);
	ck_assert_int_eq(
	    relay_may_open(&r, &o, C, key(C), key(9)), RELAY_DENIED);
}
END_TEST

START_TEST(no_node_is_on_a_way_twice)
{
	struct relay_open o;

	begin();
	o = asks(A, A);
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_LOOP);
	o = asks(A, 9);
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_LOOP);
	o = asks(9, B);
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_LOOP);
	for (uint32_t k = 1; k <= 9; k++) {
		o = asks(A, B);
		o.n = 1;
		memcpy(o.onward[0], key(k), 32);
		ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)),
		    k == A || k == B || k == 9 ? RELAY_LOOP : RELAY_OK);
		/* ... and who asks for another one */
		ck_assert_int_eq(relay_may_open(&r, &o, 8, key(8), key(9)),
		    k == A || k == B || k == 8 || k == 9 ? RELAY_LOOP
							 : RELAY_OK);
	}
	o.n = 2;
	memcpy(o.onward[0], key(C), 32);
	memcpy(o.onward[1], key(C), 32);
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_LOOP);
	memcpy(o.onward[1], key(C + 1), 32);
	ck_assert_int_eq(relay_may_open(&r, &o, A, key(A), key(9)), RELAY_OK);
	o.hops = 1;
	ck_assert_int_eq(
	    relay_may_open(&r, &o, A, key(A), key(9)), RELAY_DENIED);
}
END_TEST

START_TEST(a_way_ends_when_it_is_idle_or_old)
{
	struct circuit *c, *got;
	enum relay_why why;
	unsigned leg;

	begin();
	c = way(A, B);
	ck_assert(!relay_is_over(c, T0 + RELAY_IDLE_MS - 1, &why));
	ck_assert(relay_is_over(c, T0 + RELAY_IDLE_MS, &why));
	ck_assert_int_eq(why, RELAY_W_IDLE);
	for (uint64_t ms = 0; ms < 3600000; ms += 60000)
		(void)comes(T0 + ms, c->leg[0].label, A, 40, &got, &leg);
	ck_assert(!relay_is_over(c, T0 + 3599999, &why));
	ck_assert(relay_is_over(c, T0 + 3600000, &why));
	ck_assert_int_eq(why, RELAY_W_OLD);
	relay_close(&r, c);
	ck_assert_uint_eq(r.n[RELAY_TRANSIT], 0);
}
END_TEST

START_TEST(an_end_has_its_own_and_no_label_twice)
{
	struct circuit *c, *got;
	unsigned leg;

	begin();
	c = relay_end(&r, T0, RELAY_END, C, 42, key(A), 1, 0);
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_null(relay_end(&r, T0, RELAY_END, B, 42, key(A), 1, 0));
	ck_assert_ptr_null(relay_end(&r, T0, RELAY_END, B, 0, key(A), 1, 0));
	ck_assert_int_eq(comes(T0, 42, C, 100, &got, &leg), RELAY_HERE);
	ck_assert_ptr_eq(got, c);
	ck_assert_int_eq(comes(T0, 42, B, 100, &got, &leg), RELAY_SPOOF);
	/* a neighbour does not fill the table */
	for (uint32_t i = 1; i < RELAY_LABELS; i++)
		ck_assert_ptr_nonnull(
		    relay_end(&r, T0, RELAY_ORIGIN, C, 1000 + i, key(A), 1, 0));
	ck_assert_ptr_null(relay_end(&r, T0, RELAY_END, C, 2000, key(A), 1, 0));
	ck_assert_ptr_nonnull(
	    relay_end(&r, T0, RELAY_END, B, 2000, key(A), 1, 0));
}
END_TEST

START_TEST(the_table_is_as_full_as_it_gets_and_empties)
{
	static struct circuit *all[RELAY_CIRCUITS];
	struct circuit *got;
	unsigned leg, n = 0;

	begin();
	relay_configure(&r, true, RELAY_KBIT, 64);
	for (uint32_t from = 10; n < RELAY_CIRCUITS; from++)
		for (int i = 0; i < 64 && n < RELAY_CIRCUITS; i++)
			ck_assert_ptr_nonnull(all[n++] = way(from, B));
	ck_assert_ptr_null(way(200, B));
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < 2; k++)
			ck_assert_ptr_eq(
			    relay_find(&r, all[i]->leg[k].label, &leg), all[i]);
	for (unsigned i = 0; i < n; i += 2) {
		uint32_t label = all[i]->leg[0].label;

		relay_close(&r, all[i]);
		ck_assert_int_eq(
		    comes(T0, label, 10, 9, &got, &leg), RELAY_STRAY);
	}
	for (unsigned i = 1; i < n; i += 2)
		ck_assert_ptr_eq(
		    relay_find(&r, all[i]->leg[1].label, &leg), all[i]);
	ck_assert_uint_eq(r.n[RELAY_TRANSIT], n / 2);
}
END_TEST

START_TEST(a_request_is_known_again)
{
	struct relay_open o = asks(A, B);
	struct relay_ask *a, *b;
	struct circuit *c;

	begin();
	a = relay_ask_new(&r, T0, A);
	a->o = o;
	a->via = C;
	ck_assert_ptr_eq(relay_ask_same(&r, A, 7), a);
	ck_assert_ptr_null(relay_ask_same(&r, B, 7));
	ck_assert_ptr_eq(relay_ask_find(&r, a->req, C), a);
	ck_assert_ptr_null(relay_ask_find(&r, a->req, B));
	ck_assert_ptr_null(relay_ask_find(&r, 0, C));
	b = relay_ask_new(&r, T0, RELAY_US);
	ck_assert_uint_ne(a->req, b->req);
	relay_ask_end(&r, a);
	ck_assert_uint_eq(r.nasks, 1);
	c = way(A, B);
	ck_assert_ptr_eq(relay_again(&r, A, 7), c);
	ck_assert_ptr_null(relay_again(&r, A, 8));
	ck_assert_ptr_null(relay_again(&r, B, 7));
	for (int i = 1; i < RELAY_ASKS; i++)
		ck_assert_ptr_nonnull(relay_ask_new(&r, T0, A));
	ck_assert_ptr_null(relay_ask_new(&r, T0, A));
}
END_TEST

/* ---- on the wire ---- */

START_TEST(only_one_whole_message_is_relayed)
{
	uint8_t msg[WG_RELAY_HDR + WG_INITIATION_LEN] = {WG_RELAY};
	uint8_t *in = msg + WG_RELAY_HDR;

	ck_assert_int_eq(wg_classify(msg, sizeof(msg)), WG_RELAY);
	ck_assert(!wg_relay_whole(msg, sizeof(msg)));
	in[0] = WG_INITIATION;
	ck_assert(wg_relay_whole(msg, sizeof(msg)));
	ck_assert(!wg_relay_whole(msg, sizeof(msg) - 1));
	in[0] = WG_RELAY;
	ck_assert(!wg_relay_whole(msg, sizeof(msg)));
	in[0] = WG_PROBE;
	ck_assert(wg_relay_whole(msg, sizeof(msg)));
	in[0] = WG_DATA;
	for (size_t n = 0; n < sizeof(msg); n++) {
		ck_assert_int_eq(
		    wg_classify(msg, n) == WG_RELAY, n >= WG_RELAY_MIN);
		ck_assert(wg_relay_whole(msg, n) == (n >= WG_RELAY_MIN));
	}
	msg[1] = 1;
	ck_assert_int_eq(wg_classify(msg, sizeof(msg)), WG_NONE);
}
END_TEST

static uint8_t body[FRAME_BODY_MAX];

START_TEST(frames_are_read_as_they_were_written)
{
	struct relay_open o = asks(A, B), o2;
	struct relay_opened d = {7, 42, RELAY_LOOP, 3, 3600, 1400}, d2;
	struct relay_incoming i = {.label = 42, .hops = 2}, i2;
	struct relay_close c = {42, 65535}, c2;
	size_t n;

	for (o.n = 0; o.n <= RELAY_ONWARD_MAX; o.n++) {
		if (o.n > 0)
			memcpy(o.onward[o.n - 1], key(100u + o.n), 32);
		n = relay_open_put(body, &o);
		ck_assert_uint_eq(n, 72 + 32u * o.n);
		ck_assert_int_eq(relay_open_get(body, n, &o2), 0);
		ck_assert_mem_eq(&o, &o2, sizeof(o));
		for (size_t k = 0; k < n; k++)
			ck_assert_int_eq(relay_open_get(body, k, &o2), -1);
		ck_assert_int_eq(relay_open_get(body, n + 1, &o2), -1);
	}
	n = relay_opened_put(body, &d);
	ck_assert_int_eq(relay_opened_get(body, n, &d2), 0);
	ck_assert_uint_eq(d2.label, 42);
	ck_assert_uint_eq(d2.status, RELAY_LOOP);
	ck_assert_uint_eq(d2.mtu, 1400);
	for (size_t k = 0; k < n; k++)
		ck_assert_int_eq(relay_opened_get(body, k, &d2), -1);
	memcpy(i.origin, key(A), 32);
	n = relay_incoming_put(body, &i);
	ck_assert_int_eq(relay_incoming_get(body, n, &i2), 0);
	ck_assert_mem_eq(i.origin, i2.origin, 32);
	ck_assert_uint_eq(i2.hops, 2);
	for (size_t k = 0; k < n; k++)
		ck_assert_int_eq(relay_incoming_get(body, k, &i2), -1);
	n = relay_close_put(body, &c);
	ck_assert_int_eq(relay_close_get(body, n, &c2), 0);
	ck_assert_uint_eq(c2.why, 65535);
	for (size_t k = 0; k < n; k++)
		ck_assert_int_eq(relay_close_get(body, k, &c2), -1);
}
END_TEST

START_TEST(frames_out_of_their_bounds_are_none)
{
	struct relay_open o = asks(A, B);
	struct relay_opened d = {.status = RELAY_NSTATUS};
	struct relay_incoming i = {.hops = RELAY_ONWARD_MAX + 2};

	o.n = RELAY_ONWARD_MAX + 1;
	ck_assert_uint_eq(relay_open_put(body, &o), 0);
	o.n = 0;
	o.hops = RELAY_ONWARD_MAX + 1;
	ck_assert_uint_eq(relay_open_put(body, &o), 0);
	ck_assert_uint_eq(relay_opened_put(body, &d), 0);
	ck_assert_uint_eq(relay_incoming_put(body, &i), 0);
	memset(body, 0, sizeof(body));
	body[5] = RELAY_ONWARD_MAX + 1;
	ck_assert_int_eq(relay_open_get(body, 72 + 96, &o), -1);
	body[5] = 0;
	body[4] = RELAY_NSTATUS;
	ck_assert_int_eq(relay_opened_get(body, 16, &d), -1);
	body[4] = 0;
	body[15] = 1;
	ck_assert_int_eq(relay_opened_get(body, 16, &d), -1);
	body[15] = 0;
	body[5] = 1;
	ck_assert_int_eq(relay_incoming_get(body, 40, &i), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_comes_by_one_leg_leaves_by_the_other,
	    a_label_is_worth_nothing_elsewhere,
	    who_asked_pays_for_both_directions,
	    nobody_has_more_labels_than_he_may,
	    no_node_is_on_a_way_twice,
	    a_way_ends_when_it_is_idle_or_old,
	    an_end_has_its_own_and_no_label_twice,
	    the_table_is_as_full_as_it_gets_and_empties,
	    a_request_is_known_again,
	    only_one_whole_message_is_relayed,
	    frames_are_read_as_they_were_written,
	    frames_out_of_their_bounds_are_none,
	};

	return UNIT_RUN("relay", tests);
}
