/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_engine_qos.c */
/*
 * A limit in the path: what waits, what a reload does to it, what happens to it
 * when the session or the peer goes; the books balance all the time.
 */
#include "unit.h"
#include "duo.h"
#include "engine_int.h"

#define EF (46 << 2)

/* a limits b to this; two classes if asked for */
static void
limit(struct duo *d, uint32_t kbit, bool classes)
{
	struct conf_node *n = &d->side[0].conf.node;

	n->qos = kbit != 0;
	n->qos_limit_kbit = kbit;
	n->nclasses = classes;
	n->class[0] = (struct conf_qos_class){.name = "voice",
	    .dscp = UINT64_C(1) << 46,
	    .weight = 30,
	    .queue = 50};
	duo_configure(d, 0);
}

static struct peer_slot *
slot(const struct duo *d)
{
	return d->side[0].e->slot[d->side[0].e->order[0]];
}

/* One packet of so many octets. */
static void
packet(struct duo *d, size_t len, uint8_t tos)
{
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	g.b[1] = tos;
	gen_udp(&g, 53, len - 28);
	gen_sum(&g, 17);
	duo_gen(d, 0, &g);
}

static void
send_super(struct duo *d, size_t payload)
{
	static struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 6);
	gen_tcp(&g, 80, 1, 20, payload);
	gen_gso(&g, VNET_GSO_TCPV4, 1000);
	duo_gen(d, 0, &g);
}

static void
one_ms(struct duo *d)
{
	duo_later(d, 1);
	duo_pump(d);
	duo_balanced(d);
}

START_TEST(it_is_off_by_default_and_then_there_is_nothing)
{
	struct duo *d = duo_up();

	ck_assert_ptr_null(d->side[0].e->qos);
	ck_assert_ptr_null(slot(d)->shaper);
	send_super(d, 60000);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_CUT), 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_SENT), 2);
	duo_free(d);
}
END_TEST

START_TEST(without_a_limit_packets_pass_and_are_counted)
{
	struct duo *d = duo_up();

	limit(d, CONF_LIMIT_NONE, true);
	send_super(d, 60000);
	packet(d, 200, EF);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_CUT), 0);
	ck_assert_uint_eq(slot(d)->shaper->band[0].count.tx_bytes, 200);
	ck_assert_uint_eq(slot(d)->shaper->band[1].count.tx_packets, 60);
	ck_assert_uint_eq(slot(d)->shaper->band[1].count.tx_bytes, 62400);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_limit_is_kept_and_the_books_balance_meanwhile)
{
	struct duo *d = duo_up();
	uint64_t before;

	limit(d, 8000, false); /* 1,000 octets a millisecond */
	for (int i = 0; i < 100; i++)
		packet(d, 1000, 0);
	duo_balanced(d);
	ck_assert_uint_gt(duo_count(d, 0, EO_QOS_HELD), 0);
	before = slot(d)->shaper->band[0].count.tx_bytes;
	for (int i = 0; i < 50; i++)
		one_ms(d);
	ck_assert_uint_ge(
	    slot(d)->shaper->band[0].count.tx_bytes - before, 49000);
	ck_assert_uint_le(
	    slot(d)->shaper->band[0].count.tx_bytes - before, 51000);
	for (int i = 0; i < 60; i++)
		one_ms(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 100);
	ck_assert_uint_eq(d->side[1].e->c.v[EI_REPLAY], 0);
	duo_free(d);
}
END_TEST

START_TEST(a_super_packet_leaves_packet_by_packet)
{
	struct duo *d = duo_up();

	limit(d, 8000, false);
	send_super(d, 50000);
	duo_balanced(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_CUT), 49);
	ck_assert_uint_ge(duo_count(d, 0, EO_QOS_HELD), 38);
	for (int i = 0; i < 60; i++)
		one_ms(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_SENT), 1 + 50);
	ck_assert_uint_eq(duo_count(d, 1, SEG_IN), 1 + 50);
	ck_assert_uint_eq(duo_count(d, 1, EI_MALFORMED), 0);
	duo_free(d);
}
END_TEST

START_TEST(too_many_are_dropped_each_of_them_counted)
{
	struct duo *d = duo_up();

	limit(d, 64, true);
	for (int i = 0; i < 100; i++)
		packet(d, 1000, EF);
	send_super(d, 60000);
	duo_balanced(d);
	/* the bucket had two packets of 1400 */
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_FULL), 100 - 2 - 50);
	ck_assert_uint_eq(d->side[0].e->qos->band[0].all.dropped, 48);
	ck_assert_uint_eq(slot(d)->shaper->band[0].count.dropped, 48);
	for (int i = 0; i < 10; i++)
		send_super(d, 60000);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 50 + CONF_QUEUE);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_rare_class_does_not_wait_behind_the_others)
{
	struct duo *d = duo_up();
	uint64_t ms = 0;

	limit(d, 8000, true);
	for (int i = 0; i < 100; i++)
		packet(d, 1000, 0);
	packet(d, 100, EF);
	while (slot(d)->shaper->band[0].count.tx_packets == 0) {
		one_ms(d);
		ms++;
	}
	ck_assert_uint_le(ms, 4);
	duo_free(d);
}
END_TEST

START_TEST(a_peers_own_limit_wins)
{
	struct duo *d = duo_up();
	struct conf_peer *p = &d->side[0].conf.peer[0];

	p->limit_kbit = 16000;
	limit(d, 8000, false);
	ck_assert_uint_eq(slot(d)->shaper->rate, 2000000);
	p->limit_kbit = CONF_LIMIT_NONE;
	duo_configure(d, 0);
	ck_assert_uint_eq(slot(d)->shaper->rate, 0);
	p->limit_kbit = CONF_LIMIT_DEFAULT;
	duo_configure(d, 0);
	ck_assert_uint_eq(slot(d)->shaper->rate, 1000000);
	duo_free(d);
}
END_TEST

START_TEST(another_limit_leaves_what_waits_where_it_is)
{
	struct duo *d = duo_up();
	const struct qos *q;
	uint64_t waits;

	limit(d, 64, false);
	q = d->side[0].e->qos;
	for (int i = 0; i < 100; i++)
		packet(d, 1000, 0);
	waits = duo_count(d, 0, EO_QOS_HELD);
	limit(d, 8000, false);
	ck_assert_ptr_eq(d->side[0].e->qos, q);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), waits);
	for (int i = 0; i < 110; i++)
		one_ms(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 100);
	duo_free(d);
}
END_TEST

START_TEST(what_waits_goes_at_once_if_classes_change_or_qos_ends)
{
	struct duo *d = duo_up();

	limit(d, 64, false);
	for (int i = 0; i < 50; i++)
		packet(d, 1000, 0);
	limit(d, 64, true);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	duo_balanced(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 50);
	for (int i = 0; i < 50; i++)
		packet(d, 1000, EF);
	limit(d, 0, true);
	ck_assert_ptr_null(d->side[0].e->qos);
	ck_assert_ptr_null(slot(d)->shaper);
	duo_pump(d);
	duo_balanced(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 100);
	duo_free(d);
}
END_TEST

START_TEST(another_mtu_is_no_danger_to_what_waits)
{
	struct duo *d = duo_up();

	limit(d, 64, false);
	for (int i = 0; i < 50; i++)
		packet(d, 1400, 0);
	d->side[0].conf.node.mtu = 1000;
	duo_configure(d, 0);
	duo_pump(d);
	duo_balanced(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 50);
	for (int i = 0; i < 5; i++)
		packet(d, 1400, 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_TOO_BIG), 5);
	duo_free(d);
}
END_TEST

START_TEST(without_a_key_it_waits_for_the_next_and_keeps_its_order)
{
	struct duo *d = duo_up();
	uint64_t got;

	limit(d, 64, false);
	duo_later(d, WG_INIT_GAP_MS);
	for (int i = 0; i < 10; i++)
		packet(d, 1000, 0);
	got = duo_count(d, 1, EI_DATA);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 8);
	slot_close(d->side[0].e, slot(d), d->now, PEV_CLOSED);
	packet(d, 1001, 0); /* is held behind the others */
	duo_balanced(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_state(d, 0), PV_UP);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 9);
	for (int i = 0; i < 1300; i++)
		one_ms(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	ck_assert_uint_eq(d->side[1].got_len, 1001); /* the last */
	ck_assert_uint_ge(duo_count(d, 1, EI_DATA) - got, 9);
	duo_free(d);
}
END_TEST

START_TEST(without_any_key_it_is_dropped_after_the_hold_timeout)
{
	struct duo *d = duo_up();

	limit(d, 64, false);
	for (int i = 0; i < 10; i++)
		packet(d, 1000, 0);
	d->side[0].key_silent = true;
	slot_close(d->side[0].e, slot(d), d->now, PEV_CLOSED);
	for (int i = 0; i < 8000; i++) {
		duo_later(d, 1);
		d->nwire = 0;
	}
	duo_balanced(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	ck_assert_uint_eq(
	    duo_count(d, 0, EO_HOLD_TIMEOUT) + duo_count(d, 0, EO_BREAKER), 8);
	duo_free(d);
}
END_TEST

START_TEST(a_peer_that_goes_takes_it_along)
{
	struct duo *d = duo_up();
	struct conf *c = &d->side[0].conf;

	limit(d, 64, false);
	for (int i = 0; i < 10; i++)
		packet(d, 1000, 0);
	c->peer[0].admin_up = false;
	duo_configure(d, 0);
	duo_balanced(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_PEER_OFF), 8);
	c->peer[0].admin_up = true;
	duo_configure(d, 0);
	duo_later(d, WG_INIT_GAP_MS);
	duo_a_to_b(d);
	duo_pump(d);
	for (int i = 0; i < 10; i++)
		packet(d, 1000, 0);
	ck_assert_uint_gt(duo_count(d, 0, EO_QOS_HELD), 0);
	c->npeers = 0;
	duo_configure(d, 0);
	c->npeers = 1;
	duo_balanced(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_QOS_HELD), 0);
	ck_assert_uint_gt(duo_count(d, 0, EO_SHUTDOWN), 0);
	ck_assert_uint_eq(d->side[0].e->qos->used, 0);
	duo_free(d);
}
END_TEST

START_TEST(a_class_has_a_row_of_each_peer_and_of_all)
{
	struct duo *d = duo_up();
	struct engine *e = d->side[0].e;
	struct msg_qos_row row;

	ck_assert_int_eq(engine_qos_row(e, "", 0, &row), -1);
	d->side[0].conf.peer[0].limit_kbit = 64;
	limit(d, 20000, true);
	for (int i = 0; i < 60; i++)
		packet(d, 1000, EF);
	ck_assert_int_eq(engine_qos_row(e, "b", 0, &row), 0);
	ck_assert_str_eq(row.peer, "b");
	ck_assert_str_eq(row.name, "voice");
	ck_assert_uint_eq(row.limit_kbit, 64);
	ck_assert_uint_eq(row.weight, 30);
	ck_assert_uint_eq(row.queue, 50);
	ck_assert_uint_eq(row.waiting, 50);
	ck_assert_uint_eq(row.tx_packets, 2);
	ck_assert_uint_eq(row.tx_bytes, 2000);
	ck_assert_uint_eq(row.dropped, 8);
	ck_assert_int_eq(engine_qos_row(e, "", 0, &row), 0);
	ck_assert_str_eq(row.peer, "");
	ck_assert_uint_eq(row.limit_kbit, 20000);
	ck_assert_uint_eq(row.waiting, 50);
	ck_assert_uint_eq(row.dropped, 8);
	ck_assert_int_eq(engine_qos_row(e, "", 1, &row), 0);
	ck_assert_str_eq(row.name, "default");
	ck_assert_uint_eq(row.tx_packets, 0);
	ck_assert_int_eq(engine_qos_row(e, "", 2, &row), -1);
	ck_assert_int_eq(engine_qos_row(e, "nobody", 0, &row), -1);
	ck_assert(engine_has_peer(e, "b"));
	ck_assert(!engine_has_peer(e, "nobody"));
	duo_free(d);
}
END_TEST

/* Records of all kinds, limits that come and go: nothing is lost uncounted. */
START_TEST(any_packets_and_any_limits_leave_the_books_balanced)
{
	static const uint32_t limits[] = {
	    0, 64, 8000, CONF_LIMIT_NONE, 100000, 64};
	uint64_t dice = unit_seed();
	struct duo *d = duo_up();
	static struct gen g;

	for (int i = 0; i < 6000; i++) {
		if (i % 500 == 0)
			limit(d, limits[unit_random(&dice) % 6],
			    unit_random(&dice) % 2 == 0);
		if (unit_random(&dice) % 3 == 0)
			send_super(d, 1000 + unit_random(&dice) % 60000);
		else if (unit_random(&dice) % 2 == 0)
			packet(d, 100 + unit_random(&dice) % 1300,
			    (uint8_t)unit_random(&dice));
		else {
			gen_any(&g, &dice);
			duo_gen(d, 0, &g);
		}
		if (unit_random(&dice) % 4 == 0) {
			duo_later(d, 1 + unit_random(&dice) % 5);
			duo_tick(d);
			d->nwire = 0;
		}
		duo_balanced(d);
	}
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    it_is_off_by_default_and_then_there_is_nothing,
	    without_a_limit_packets_pass_and_are_counted,
	    a_limit_is_kept_and_the_books_balance_meanwhile,
	    a_super_packet_leaves_packet_by_packet,
	    too_many_are_dropped_each_of_them_counted,
	    a_rare_class_does_not_wait_behind_the_others,
	    a_peers_own_limit_wins,
	    another_limit_leaves_what_waits_where_it_is,
	    what_waits_goes_at_once_if_classes_change_or_qos_ends,
	    another_mtu_is_no_danger_to_what_waits,
	    without_a_key_it_waits_for_the_next_and_keeps_its_order,
	    without_any_key_it_is_dropped_after_the_hold_timeout,
	    a_peer_that_goes_takes_it_along,
	    a_class_has_a_row_of_each_peer_and_of_all,
	    any_packets_and_any_limits_leave_the_books_balanced,
	};

	return UNIT_RUN("engine_qos", tests);
}
