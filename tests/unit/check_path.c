/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_path.c */
/* Every way out of the straight line, both ways; batches and super-packets. */
#include "unit.h"

#include "duo.h"
#include "engine_int.h"

/* One more of this counter, and balanced books, after a record from a. */
#define OUT_IS(d, id)                                                          \
	do {                                                                   \
		ck_assert_uint_eq(duo_count(d, 0, id), 1);                     \
		duo_balanced(d);                                               \
	} while (0)

/* ---- out ---- */

START_TEST(a_packet_goes_out_and_comes_in_as_it_was)
{
	struct duo *d = duo_up();
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 6);
	gen_tcp(&g, 80, 1, 20, 333);
	gen_sum(&g, 6);
	duo_gen(d, 0, &g);
	duo_pump(d);
	ck_assert_uint_eq(d->side[1].got_len, g.len);
	ck_assert_mem_eq(d->side[1].got, g.b, g.len);
	ck_assert_uint_eq(d->side[1].got_vnet.flags, VNET_F_DATA_VALID);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(nonsense_is_malformed)
{
	struct duo *d = duo_up();
	static const uint8_t junk[40] = {0x99};
	static const struct vnet v;

	engine_from_tun(d->side[0].e, d->now, &v, junk, sizeof(junk));
	OUT_IS(d, EO_MALFORMED);
	duo_free(d);
}
END_TEST

START_TEST(offload_fields_that_lie_are_malformed)
{
	struct duo *d = duo_up();
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	gen_udp(&g, 53, 100);
	g.v.gso_type = VNET_GSO_TCPV4;
	g.v.gso_size = 50;
	duo_gen(d, 0, &g);
	OUT_IS(d, EO_MALFORMED);
	duo_free(d);
}
END_TEST

START_TEST(a_foreign_source_is_spoofed)
{
	struct duo *d = duo_up();

	duo_send(d, 0, "10.0.0.3", "10.0.0.2", 10);
	OUT_IS(d, EO_SPOOFED);
	duo_free(d);
}
END_TEST

START_TEST(an_exported_source_is_ours)
{
	struct duo *d = duo_up();

	duo_send(d, 1, "10.0.9.77", "10.0.0.1", 10);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EO_SENT), 1);
	ck_assert_uint_eq(duo_count(d, 0, EI_DATA), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_dead_ttl_goes_nowhere)
{
	struct duo *d = duo_up();
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	g.b[8] = 0;
	gen_udp(&g, 53, 10);
	duo_gen(d, 0, &g);
	OUT_IS(d, EO_TTL);
	duo_free(d);
}
END_TEST

START_TEST(without_a_route_the_host_is_told_at_once)
{
	struct duo *d = duo_up();

	duo_send(d, 0, "10.0.0.1", "10.0.8.1", 10);
	OUT_IS(d, EO_NO_ROUTE);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), 1);
	ck_assert_uint_eq(d->side[0].got[20], 3); /* unreachable */
	ck_assert_uint_eq(d->side[0].got[21], 0);
	duo_free(d);
}
END_TEST

START_TEST(the_host_is_not_told_more_often_than_the_limit)
{
	struct duo *d = duo_up();

	for (int i = 0; i < 500; i++)
		duo_send(d, 0, "10.0.0.1", "10.0.8.1", 10);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 500);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), ICMP_BURST);
	duo_free(d);
}
END_TEST

START_TEST(a_peer_that_is_off_gets_nothing)
{
	struct duo *d = duo_up();

	d->side[0].conf.peer[0].admin_up = false;
	duo_configure(d, 0);
	duo_a_to_b(d);
	OUT_IS(d, EO_PEER_OFF);
	ck_assert_uint_eq(d->side[0].got[21], 13); /* prohibited */
	ck_assert_int_eq(duo_state(d, 0), PV_OFF);
	duo_free(d);
}
END_TEST

/* One rule of side i: what it blocks. */
static void
block(struct duo *d, int i, bool out, const char *peer)
{
	struct conf_node *n = &d->side[i].conf.node;

	n->rule[0] = (struct conf_rule){.out = out};
	if (peer != NULL) {
		n->rule[0].who = CONF_PEER;
		snprintf(n->rule[0].name, CONF_NAME_MAX, "%s", peer);
	}
	n->nrules = 1;
	duo_configure(d, i);
}

START_TEST(what_a_rule_blocks_does_not_leave_and_the_host_is_told)
{
	struct duo *d = duo_up();
	struct msg_rule_row row;

	block(d, 0, true, NULL);
	duo_a_to_b(d);
	OUT_IS(d, EO_FILTERED);
	ck_assert_uint_eq(d->side[0].got[20], 3);
	ck_assert_uint_eq(d->side[0].got[21], 13); /* prohibited */
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 0, &row), 0);
	ck_assert_str_eq(row.text, "block out");
	ck_assert_uint_eq(row.packets, 1);
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 1, &row), 0);
	ck_assert_str_eq(row.text, "default allow");
	ck_assert_uint_eq(row.packets, 0);
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 2, &row), -1);
	duo_free(d);
}
END_TEST

START_TEST(what_a_rule_blocks_does_not_come_in_and_nobody_is_told)
{
	struct duo *d = duo_up(); /* one came in */

	block(d, 1, false, d->side[1].conf.peer[0].name);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_FILTERED), 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_uint_eq(duo_count(d, 1, ICMP_SENT), 0);
	duo_balanced(d);
	/* another name is another peer; and without rules there is none */
	block(d, 1, false, "nobody");
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	d->side[1].conf.node.nrules = 0;
	duo_configure(d, 1);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 3);
	ck_assert_uint_eq(duo_count(d, 1, EI_FILTERED), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(what_is_held_is_counted_by_its_rule_once)
{
	struct duo *d = duo_new();
	struct msg_rule_row row;

	block(d, 0, true, NULL);
	d->side[0].conf.node.rule[0].pass = true;
	duo_configure(d, 0);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 10);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 1);
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 0, &row), 0);
	ck_assert_uint_eq(row.packets, 0);
	duo_pump(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_int_eq(engine_rule_row(d->side[0].e, 0, &row), 0);
	ck_assert_uint_eq(row.packets, 1);
	duo_free(d);
}
END_TEST

START_TEST(too_big_tells_the_mtu)
{
	struct duo *d = duo_up();
	const uint8_t *icmp = d->side[0].got + 20;

	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 1400 - 28);
	ck_assert_uint_eq(duo_count(d, 0, EO_TOO_BIG), 0);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 1401 - 28);
	OUT_IS(d, EO_TOO_BIG);
	ck_assert_uint_eq(icmp[0], 3);
	ck_assert_uint_eq(icmp[1], 4);
	ck_assert_uint_eq(icmp[6] << 8 | icmp[7], 1400);
	duo_free(d);
}
END_TEST

START_TEST(without_a_key_it_is_held)
{
	struct duo *d = duo_new();

	duo_a_to_b(d);
	OUT_IS(d, EO_HELD);
	duo_free(d);
}
END_TEST

START_TEST(a_full_socket_and_a_refusing_system_are_counted_apart)
{
	struct duo *d = duo_up();

	d->side[0].udp = UDP_FULL;
	duo_a_to_b(d);
	duo_balanced(d); /* before it was tried, too */
	duo_pump(d);
	OUT_IS(d, EO_UDP_FULL);
	d->side[0].udp = UDP_ERROR;
	duo_a_to_b(d);
	duo_pump(d);
	OUT_IS(d, EO_UDP_ERROR);
	duo_free(d);
}
END_TEST

START_TEST(without_a_socket_nothing_is_sent)
{
	struct duo *d = duo_up();

	engine_socket_del(d->side[0].e, 3);
	duo_a_to_b(d);
	duo_pump(d);
	OUT_IS(d, EO_UDP_ERROR);
	/* another one of the family takes over */
	engine_socket_add(d->side[0].e, 5, 6);
	engine_socket_add(d->side[0].e, 6, 4);
	duo_a_to_b(d);
	engine_flush(d->side[0].e, d->now);
	ck_assert_uint_eq(d->nwire, 1);
	ck_assert_uint_eq(d->wire[0].sock, 6);
	duo_free(d);
}
END_TEST

START_TEST(the_last_counters_of_a_key_are_never_used_twice)
{
	struct duo *d = duo_up();
	struct peer_slot *p = d->side[0].e->slot[0];
	struct gen g;

	p->ses.slot[SLOT_CURRENT]->tx_counter =
	    p->ses.slot[SLOT_CURRENT]->limit - 2;
	/* three segments do not fit any more */
	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	gen_udp(&g, 53, 300);
	gen_gso(&g, VNET_GSO_UDP_L4, 100);
	duo_gen(d, 0, &g);
	OUT_IS(d, EO_EXHAUSTED);
	duo_a_to_b(d);
	duo_a_to_b(d);
	duo_a_to_b(d); /* no key: a new handshake */
	duo_balanced(d);
	duo_later(d, WG_INIT_GAP_MS);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, HS_DONE), 2);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

/* ---- batches ---- */

START_TEST(a_super_packet_leaves_as_one_batch_and_arrives_as_one_record)
{
	struct duo *d = duo_up();
	uint32_t batches = d->side[0].batches, records = d->side[1].records;
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 6);
	gen_tcp(&g, 80, 1, 20, 20 * 1000 + 500);
	gen_gso(&g, VNET_GSO_TCPV4, 1000);
	duo_gen(d, 0, &g);
	duo_pump(d);
	ck_assert_uint_eq(d->side[0].batches - batches, 1);
	ck_assert_uint_eq(d->side[0].sent_seg, 1040 + 32);
	ck_assert_uint_eq(duo_count(d, 0, EO_SENT), 2);
	ck_assert_uint_eq(duo_count(d, 0, SEG_OUT), 1 + 21);
	duo_balanced(d);
	/* the test's keyd pump flushes after each datagram: not here */
	ck_assert_uint_ge(d->side[1].records - records, 1);
	duo_free(d);
}
END_TEST

/* Deliver all that is on the wire to b as one turn. */
static void
one_turn(struct duo *d)
{
	for (uint32_t i = 0; i < d->nwire; i++)
		duo_deliver(d, &d->wire[i]);
	d->nwire = 0;
	duo_balanced(d);
	engine_flush(d->side[1].e, d->now);
}

START_TEST(segments_of_one_turn_are_merged_again)
{
	struct duo *d = duo_up();
	uint32_t records = d->side[1].records;
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 6);
	gen_tcp(&g, 80, 1, 20, 20 * 1000 + 500);
	gen_gso(&g, VNET_GSO_TCPV4, 1000);
	duo_gen(d, 0, &g);
	engine_flush(d->side[0].e, d->now);
	one_turn(d);
	ck_assert_uint_eq(d->side[1].records - records, 1);
	ck_assert_uint_eq(d->side[1].got_len, 40 + 20500);
	ck_assert_uint_eq(d->side[1].got_vnet.gso_size, 1000);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 21);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_full_channel_to_the_host_is_counted_for_every_datagram)
{
	struct duo *d = duo_up();
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 6);
	gen_tcp(&g, 80, 1, 20, 5000);
	gen_gso(&g, VNET_GSO_TCPV4, 1000);
	duo_gen(d, 0, &g);
	engine_flush(d->side[0].e, d->now);
	d->side[1].tun_full = true;
	one_turn(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_TUN_FULL), 5);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_batch_ends_at_sixty_four_datagrams)
{
	struct duo *d = duo_up();
	uint32_t batches = d->side[0].batches;

	for (int i = 0; i < 130; i++)
		duo_a_to_b(d);
	ck_assert_uint_eq(d->side[0].batches - batches, 2);
	engine_flush(d->side[0].e, d->now);
	ck_assert_uint_eq(d->side[0].batches - batches, 3);
	ck_assert_uint_eq(duo_count(d, 0, EO_SENT), 131);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_batch_never_has_more_octets_than_a_datagram_may)
{
	struct duo *d = duo_up();

	for (int i = 0; i < 200; i++) {
		duo_send(d, 0, "10.0.0.1", "10.0.0.2", 1400 - 28);
		ck_assert_uint_le(d->side[0].sent_len, BATCH_OCTETS);
	}
	ck_assert_uint_eq(d->side[0].sent_len, 45 * (1400 + 32));
	duo_free(d);
}
END_TEST

START_TEST(a_shorter_one_closes_a_batch_and_a_longer_one_starts_another)
{
	struct duo *d = duo_up();
	uint32_t batches = d->side[0].batches;

	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 500);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 500);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 100); /* closes: sent */
	ck_assert_uint_eq(d->side[0].batches - batches, 1);
	ck_assert_uint_eq(d->nwire, 3);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 100);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 500); /* longer: sent first */
	ck_assert_uint_eq(d->side[0].batches - batches, 2);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1 + 5);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(order_survives_batches_that_are_pushed_out)
{
	struct duo *d = duo_up();
	uint64_t dice = unit_seed();

	for (int i = 0; i < 300; i++)
		duo_send(
		    d, 0, "10.0.0.1", "10.0.0.2", unit_random(&dice) % 1300);
	engine_flush(d->side[0].e, d->now);
	for (uint32_t i = 0; i < d->nwire; i++) /* 0 was the first packet */
		ck_assert_uint_eq(
		    wg_get32(d->wire[i].data + WG_DATA_COUNTER), 1 + i);
	ck_assert_uint_eq(d->nwire, 300);
	duo_free(d);
}
END_TEST

START_TEST(a_batch_that_stayed_empty_is_not_the_peers_any_more)
{
	struct duo *d = duo_up();
	struct engine *e = d->side[0].e;
	struct peer_slot *p = e->slot[e->order[0]];

	/* what a key without a counter leaves: taken, nothing in it */
	p->batch = &e->batch[e->batch_next];
	p->batch->peer = p->no;
	path_flush(e);
	ck_assert_ptr_null(p->batch);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

/* ---- in ---- */

/* b's answer to one data message of a's that the test has its hands on. */
#define IN_IS(d, id)                                                           \
	do {                                                                   \
		ck_assert_uint_eq(duo_count(d, 1, id), 1);                     \
		duo_balanced(d);                                               \
	} while (0)

static struct duo_msg
caught(struct duo *d)
{
	duo_a_to_b(d);
	engine_flush(d->side[0].e, d->now);
	ck_assert_uint_eq(d->nwire, 1);
	d->nwire = 0;
	return d->wire[0];
}

START_TEST(a_message_that_is_not_of_ours_is_unknown)
{
	struct duo *d = duo_up();
	struct duo_msg m = caught(d);

	m.data[0] = 9;
	duo_deliver(d, &m);
	IN_IS(d, EI_UNKNOWN);
	duo_free(d);
}
END_TEST

START_TEST(an_index_that_is_not_live_is_no_session)
{
	struct duo *d = duo_up();
	struct duo_msg m = caught(d);

	m.data[WG_DATA_RECEIVER] ^= 1;
	duo_deliver(d, &m);
	IN_IS(d, EI_NO_SESSION);
	duo_free(d);
}
END_TEST

START_TEST(a_changed_octet_is_a_bad_tag_and_moves_nothing)
{
	struct duo *d = duo_up();
	struct duo_msg m = caught(d);

	m.data[40] ^= 1;
	m.from.port = 999;
	duo_deliver(d, &m);
	IN_IS(d, EI_BAD_TAG);
	ck_assert_uint_eq(duo_count(d, 1, ROAMS), 0);
	m.data[40] ^= 1; /* and the right one still counts */
	duo_deliver(d, &m);
	engine_flush(d->side[1].e, d->now);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	ck_assert_uint_eq(duo_count(d, 1, ROAMS), 1);
	duo_free(d);
}
END_TEST

START_TEST(the_same_message_twice_is_a_replay)
{
	struct duo *d = duo_up();
	struct duo_msg m = caught(d);

	duo_deliver(d, &m);
	m.from.port = 999;
	duo_deliver(d, &m);
	IN_IS(d, EI_REPLAY);
	ck_assert_uint_eq(duo_count(d, 1, ROAMS), 0);
	duo_free(d);
}
END_TEST

START_TEST(a_key_past_its_life_opens_nothing)
{
	struct duo *d = duo_up();
	struct duo_msg m = caught(d);

	d->now += WG_REJECT_AFTER_S * 1000;
	duo_deliver(d, &m);
	IN_IS(d, EI_EXPIRED);
	duo_free(d);
}
END_TEST

/* Seal something of a's that its own path would never send. */
static void
sealed_by_a(struct duo *d, const uint8_t *in, size_t len)
{
	struct keypair *kp = d->side[0].e->slot[0]->ses.slot[SLOT_CURRENT];
	struct duo_msg m = {.to = 1, .from = d->side[0].ep, .sock = 3};

	m.len = keypair_seal(kp, m.data, in, len, 1400);
	duo_deliver(d, &m);
	engine_flush(d->side[1].e, d->now);
}

START_TEST(authenticated_nonsense_is_malformed)
{
	struct duo *d = duo_up();

	sealed_by_a(d, (const uint8_t *)"not an IP packet", 16);
	IN_IS(d, EI_MALFORMED);
	duo_free(d);
}
END_TEST

START_TEST(a_packet_longer_than_what_came_is_malformed)
{
	struct duo *d = duo_up();
	struct gen g;

	gen_ip(&g, "10.0.0.1", "10.0.0.2", 17);
	gen_udp(&g, 53, 100);
	sealed_by_a(d, g.b, g.len - 16);
	IN_IS(d, EI_MALFORMED);
	duo_free(d);
}
END_TEST

START_TEST(a_source_of_another_peer_or_of_nobody_is_not_allowed)
{
	struct duo *d = duo_up();
	struct gen g;

	gen_ip(&g, "10.0.0.77", "10.0.0.2", 17);
	gen_udp(&g, 53, 100);
	sealed_by_a(d, g.b, g.len);
	IN_IS(d, EI_NOT_ALLOWED);
	duo_free(d);
}
END_TEST

START_TEST(padding_does_not_reach_the_host)
{
	struct duo *d = duo_up();

	for (size_t n = 0; n < 33; n++) {
		duo_send(d, 0, "10.0.0.1", "10.0.0.2", n);
		duo_pump(d);
		ck_assert_uint_eq(d->side[1].got_len, 28 + n);
	}
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_keepalive_is_heard_and_not_delivered)
{
	struct duo *d = duo_up();
	uint32_t records = d->side[1].records;
	uint64_t before = duo_count(d, 1, EI_KEEPALIVE);

	sealed_by_a(d, NULL, 0);
	ck_assert_uint_eq(duo_count(d, 1, EI_KEEPALIVE), before + 1);
	ck_assert_uint_eq(d->side[1].records, records);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(any_octets_from_either_side_leave_the_books_balanced)
{
	uint64_t seed = unit_seed(), dice = seed;
	struct duo *d = duo_up();
	static struct gen g;

	for (int i = 0; i < 20000; i++) {
		struct duo_msg m = {.to = 1, .from = d->side[0].ep};

		gen_any(&g, &dice);
		duo_gen(d, 0, &g);
		m.len = unit_random(&dice) % 200;
		for (size_t k = 0; k < m.len; k++)
			m.data[k] = (uint8_t)unit_random(&dice);
		m.data[0] &= 7;
		m.data[1] = m.data[2] = m.data[3] = 0;
		duo_deliver(d, &m);
		if (i % 64 == 0) {
			duo_pump(d);
			duo_balanced(d);
		}
		d->nwire = 0;
	}
	duo_balanced(d);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_packet_goes_out_and_comes_in_as_it_was,
	    nonsense_is_malformed,
	    offload_fields_that_lie_are_malformed,
	    a_foreign_source_is_spoofed,
	    an_exported_source_is_ours,
	    a_dead_ttl_goes_nowhere,
	    without_a_route_the_host_is_told_at_once,
	    the_host_is_not_told_more_often_than_the_limit,
	    a_peer_that_is_off_gets_nothing,
	    what_a_rule_blocks_does_not_leave_and_the_host_is_told,
	    what_a_rule_blocks_does_not_come_in_and_nobody_is_told,
	    what_is_held_is_counted_by_its_rule_once,
	    too_big_tells_the_mtu,
	    without_a_key_it_is_held,
	    a_full_socket_and_a_refusing_system_are_counted_apart,
	    without_a_socket_nothing_is_sent,
	    the_last_counters_of_a_key_are_never_used_twice,
	    a_super_packet_leaves_as_one_batch_and_arrives_as_one_record,
	    segments_of_one_turn_are_merged_again,
	    a_full_channel_to_the_host_is_counted_for_every_datagram,
	    a_batch_ends_at_sixty_four_datagrams,
	    a_batch_never_has_more_octets_than_a_datagram_may,
	    a_shorter_one_closes_a_batch_and_a_longer_one_starts_another,
	    order_survives_batches_that_are_pushed_out,
	    a_batch_that_stayed_empty_is_not_the_peers_any_more,
	    a_message_that_is_not_of_ours_is_unknown,
	    an_index_that_is_not_live_is_no_session,
	    a_changed_octet_is_a_bad_tag_and_moves_nothing,
	    the_same_message_twice_is_a_replay,
	    a_key_past_its_life_opens_nothing,
	    authenticated_nonsense_is_malformed,
	    a_packet_longer_than_what_came_is_malformed,
	    a_source_of_another_peer_or_of_nobody_is_not_allowed,
	    padding_does_not_reach_the_host,
	    a_keepalive_is_heard_and_not_delivered,
	    any_octets_from_either_side_leave_the_books_balanced,
	};

	return UNIT_RUN("path", tests);
}
