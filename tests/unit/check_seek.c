/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_seek.c */
/*
 * Destinations that nobody has yet: what waits, what is asked, and what is
 * believed of the answer.
 */
#include "unit.h"

#include "duo_net.h"

#define A(d) ((d)->side[0].e)

static void
to(struct duo *d, uint8_t third, uint8_t host)
{
	char dst[20];

	snprintf(dst, sizeof(dst), "10.0.%u.%u", third, host);
	duo_send(d, 0, "10.0.0.1", dst, 100);
}

static void
answer_unknown(struct duo *d)
{
	struct msg_lookup_reply r = {.status = LOOKUP_UNKNOWN};

	net_answer(d, &r);
}

/* ---- asking ---- */

START_TEST(equal_questions_are_one_and_packets_wait_in_order)
{
	struct duo *d = net_new();

	for (int i = 0; i < 10; i++)
		duo_a_to_b(d);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	ck_assert_uint_eq(duo_count(d, 0, SEEKS), 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 10);
	duo_balanced(d);
	net_found(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 10);
	ck_assert_uint_eq(d->side[0].lookups, 1); /* that answer was enough */
	ck_assert_uint_eq(A(d)->net.seek_bytes, 0);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(only_addresses_of_the_network_are_asked_for)
{
	struct duo *d = net_new();
	struct addr own6;

	duo_send(d, 0, "10.0.0.1", "10.1.0.1", 10);
	duo_send(d, 0, "10.0.0.1", "192.0.2.9", 10);
	duo_send(d, 0, "10.0.0.1", "10.0.0.1", 10);
	duo_send(d, 0, "10.0.0.1", "10.0.0.0", 10);
	duo_send(d, 0, "10.0.0.1", "10.0.255.255", 10);
	ck_assert_uint_eq(d->side[0].lookups, 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 5);
	/* the address that the key gives is one */
	cert_address6(&own6, A(d)->net.check.ca[0], d->side[1].keys.pub);
	ck_assert(prefix_has(&A(d)->net.prefix6, &own6));
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(the_address_that_the_key_gives_is_found_and_routed)
{
	struct duo *d = net_new();
	char src[ADDR_STRLEN], dst[ADDR_STRLEN];
	struct conf_node *n = &d->side[0].conf.node;
	struct addr a6, b6;

	cert_address6(&a6, A(d)->net.check.ca[0], d->side[0].keys.pub);
	cert_address6(&b6, A(d)->net.check.ca[0], d->side[1].keys.pub);
	n->address[n->naddresses++] = (struct prefix){.addr = a6, .len = 48};
	duo_configure(d, 0);
	duo_send(d, 0, addr_format(&a6, src), addr_format(&b6, dst), 20);
	ck_assert(addr_eq(&d->side[0].last_ip, &b6));
	net_found(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(nobody_is_asked_again_soon_then_after_longer)
{
	static const uint32_t wait_s[] = {
	    2, 4, 8, 16, 32, 64, 128, 256, 300, 300};
	struct duo *d = net_new();

	duo_a_to_b(d);
	for (size_t i = 0; i < sizeof(wait_s) / sizeof(wait_s[0]); i++) {
		answer_unknown(d);
		ck_assert_uint_eq(d->side[0].lookups, i + 1);
		ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
		duo_later(d, wait_s[i] * 1000 - 1);
		duo_a_to_b(d);
		ck_assert_uint_eq(d->side[0].lookups, i + 1);
		duo_later(d, 1);
		duo_a_to_b(d);
		ck_assert_uint_eq(d->side[0].lookups, i + 2);
	}
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 20);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), 20);
	duo_balanced(d);
	net_free(d);
}
END_TEST

/* Nobody knows it yet: it asks where the member is that let it in. */
START_TEST(who_has_just_started_calls_somebody)
{
	struct duo *d = net_new();

	A(d)->relay->known = false;
	duo_later(d, 10);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	/* again, less and less often */
	duo_later(d, 4 * RELAY_LOOK_MS);
	ck_assert_uint_le(d->side[0].lookups, 3);
	ck_assert(!A(d)->relay->known);
	/* somebody calls: that is enough */
	net_call(d);
	duo_later(d, RELAY_LOOK_MS);
	ck_assert(A(d)->relay->known);
	net_free(d);
}
END_TEST

START_TEST(a_discoveryd_that_hangs_is_waited_for_six_seconds)
{
	struct duo *d = net_new();

	d->side[0].conf.node.hold_timeout_ms = 10000;
	duo_configure(d, 0);
	duo_a_to_b(d);
	duo_later(d, SEEK_MS - 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 1);
	duo_later(d, 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 1);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), 1);
	/* what it says now is too late */
	net_found(d);
	ck_assert_uint_eq(duo_count(d, 0, ILLEGAL_EVENTS), 1);
	ck_assert_uint_eq(engine_npeers(A(d)), 0);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(without_discoveryd_the_host_hears_at_once)
{
	struct duo *d = net_new();

	d->side[0].disc = false;
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 1);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), 1);
	/* it comes back: a second later it is asked */
	d->side[0].disc = true;
	duo_later(d, SEEK_AGAIN_MS);
	duo_a_to_b(d);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	engine_disc_lost(A(d), d->now);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 2);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(what_waits_is_bounded_for_each_and_for_all)
{
	struct duo *d = net_new();

	for (int i = 0; i < 40; i++)
		to(d, 1, 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), SEEK_PACKETS);
	ck_assert_uint_eq(duo_count(d, 0, EO_HOLD_FULL), 40 - SEEK_PACKETS);
	for (unsigned i = 0; i < 400; i++)
		to(d, (uint8_t)(2 + i / 200), (uint8_t)(1 + i % 200));
	ck_assert_uint_eq(duo_count(d, 0, SEEKS), SEEKS_MAX);
	ck_assert_uint_eq(duo_count(d, 0, EO_SEEK_FULL), 401 - SEEKS_MAX);
	ck_assert_uint_eq(
	    duo_count(d, 0, EO_HELD), SEEK_PACKETS + SEEKS_MAX - 1);
	duo_balanced(d);
	duo_later(d, SEEK_MS);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
	ck_assert_uint_eq(A(d)->net.seek_bytes, 0);
	/* the unknown make way for others */
	to(d, 9, 9);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 1);
	duo_balanced(d);
	net_free(d);
}
END_TEST

/* ---- answers ---- */

/* The answer is believed in nothing. */
static void
wrong(struct duo *d, const struct msg_lookup_reply *r)
{
	net_answer(d, r);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, LOOKUP_WRONG), 1);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 1);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
	duo_balanced(d);
	net_free(d);
}

START_TEST(an_answer_that_is_not_verified_is_no_answer)
{
	for (int lie = 0; lie < 7; lie++) {
		struct duo *d = net_new();
		struct cert c = net_cert(d, d->side[1].keys.pub, 2, 101);
		struct msg_lookup_reply r = net_reply(d, &c, net_seed);

		duo_a_to_b(d);
		switch (lie) {
		case 0: /* another network's */
			r = net_reply(d, &c, net_other_seed);
			break;
		case 1: /* changed on the way */
			r.cert[r.certlen - 1] ^= 1;
			break;
		case 2: /* of another key than it says */
			r.key[3] ^= 1;
			break;
		case 3: /* none */
			r.certlen = 0;
			break;
		case 4: /* good, but somebody else's address */
			c = net_cert(d, d->side[1].keys.pub, 3, 101);
			r = net_reply(d, &c, net_seed);
			break;
		case 5: /* too old */
			c.not_after = c.not_before + 1;
			c.not_before -= 4000;
			c.not_after -= 4000;
			r = net_reply(d, &c, net_seed);
			break;
		default: /* our own */
			c = net_cert(d, d->side[0].keys.pub, 2, 101);
			r = net_reply(d, &c, net_seed);
		}
		wrong(d, &r);
	}
}
END_TEST

START_TEST(a_network_that_does_not_write_routes_does_not_get_them)
{
	for (int may = 0; may < 2; may++) {
		struct duo *d = net_new();
		struct cert c = net_cert(d, d->side[1].keys.pub, 2, 101);
		struct msg_lookup_reply r;

		c.nroutes = 1;
		duo_prefix("10.0.9.0/24", &c.route[0]);
		c.caps = may ? CERT_CAP_ROUTES : CERT_CAP_RELAY;
		r = net_reply(d, &c, net_seed);
		duo_a_to_b(d);
		net_answer(d, &r);
		duo_pump(d);
		to(d, 9, 9);
		ck_assert_uint_eq(d->side[0].lookups, may ? 1 : 2);
		net_free(d);
	}
}
END_TEST

START_TEST(places_nobody_should_be_sent_to_are_left_out)
{
	static const char *const bad[] = {"127.0.0.1", "224.0.0.1", "0.0.0.0",
	    "255.255.255.255", "::1", "ff02::1", "fe80::1"};
	struct duo *d = net_new();
	struct cert c = net_cert(d, d->side[1].keys.pub, 2, 101);
	struct msg_lookup_reply r = net_reply(d, &c, net_seed);

	for (unsigned i = 0; i < 7; i++) {
		r.c[i].ep.port = 9;
		ck_assert_int_eq(addr_parse(bad[i], &r.c[i].ep.addr), 0);
	}
	for (unsigned i = 7; i < CANDIDATES_MAX; i++) {
		r.c[i].ep = d->side[1].ep;
		r.c[i].ep.port = (uint16_t)(i == 7 ? 0 : i);
	}
	r.n = CANDIDATES_MAX;
	duo_a_to_b(d);
	net_answer(d, &r);
	ck_assert_uint_eq(net_slot(d, 0)->ncand, MEMBER_CANDIDATES);
	ck_assert_uint_eq(net_slot(d, 0)->cand[0].port, 8);
	net_free(d);
}
END_TEST

START_TEST(an_address_that_never_answers_gets_ten_a_minute_of_all_of_us)
{
	struct duo *d = net_new();
	uint32_t to_victim = 0;

	d->side[0].conf.node.hold_timeout_ms = 60000;
	duo_configure(d, 0);
	for (uint8_t i = 0; i < 50; i++) {
		struct msg_lookup_reply r;
		uint8_t key[32] = {9, i, 1};
		struct cert c;

		key[31] = 1;
		to(d, 0, (uint8_t)(10 + i));
		c = net_cert(d, key, (uint8_t)(10 + i), 400 + i);
		r = net_reply(d, &c, net_seed);
		r.c[0].ep.addr.b[3] = 77; /* the victim */
		r.c[0].ep.port = (uint16_t)(1000 + i);
		net_answer(d, &r);
	}
	for (int i = 0; i < 59000; i++) {
		d->now++;
		duo_keyd(d);
		for (uint32_t k = 0; k < d->nwire; k++)
			to_victim += d->wire[k].to == 76;
		d->nwire = 0;
	}
	ck_assert_uint_eq(to_victim, TARGET_MAX);
	ck_assert_uint_gt(duo_count(d, 0, INITS_WITHHELD), 0);
	net_free(d);
}
END_TEST

START_TEST(an_address_that_has_answered_is_not_counted)
{
	struct duo *d = net_up();
	struct peer_slot *p = net_slot(d, 0);
	uint32_t sent = 0;

	/* b is gone, and its address is dialed as often as any */
	slot_close(A(d), p, d->now, PEV_CLOSED);
	for (int i = 0; i < 30000; i++) {
		d->now++;
		if (i % 100 == 0)
			duo_a_to_b(d);
		duo_keyd(d);
		sent += d->nwire;
		d->nwire = 0;
	}
	ck_assert_uint_gt(sent, 2 * TARGET_MAX);
	net_free(d);
}
END_TEST

START_TEST(a_member_that_is_known_is_asked_for_like_any_peer)
{
	struct duo *d = net_up();
	struct cert c = net_cert(d, d->side[1].keys.pub, 2, 202);
	struct msg_lookup_reply r;

	slot_close(A(d), net_slot(d, 0), d->now, PEV_CLOSED);
	d->now += LOOKUP_MS;
	duo_a_to_b(d);
	ck_assert_uint_eq(d->side[0].lookups, 2);
	/* the answer brings a newer certificate */
	r = net_reply(d, &c, net_seed);
	net_answer(d, &r);
	duo_pump(d);
	ck_assert_uint_eq(net_slot(d, 0)->member->cert.serial, 202);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	net_free(d);
}
END_TEST

START_TEST(a_member_that_was_up_before_a_restart_is_called_without_a_packet)
{
	struct duo *d = net_new();
	struct cert c = net_cert(d, d->side[1].keys.pub, 2, 101);
	struct msg_lookup_reply r = net_reply(d, &c, net_other_seed);

	engine_on_recent(A(d), d->now, &r); /* a liar's */
	duo_pump(d);
	ck_assert_uint_eq(engine_npeers(A(d)), 0);
	ck_assert_uint_eq(duo_count(d, 0, LOOKUP_WRONG), 1);
	r = net_reply(d, &c, net_seed);
	engine_on_recent(A(d), d->now, &r);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	net_free(d);
}
END_TEST

START_TEST(a_session_with_a_key_can_be_had_without_knowing_more)
{
	struct duo *d = net_new();
	struct addr b6;

	cert_address6(&b6, A(d)->net.check.ca[0], d->side[1].keys.pub);
	engine_want_key(A(d), d->side[1].keys.pub, d->now);
	engine_want_key(A(d), d->side[1].keys.pub, d->now);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	ck_assert(addr_eq(&d->side[0].last_ip, &b6));
	net_found(d);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	net_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    equal_questions_are_one_and_packets_wait_in_order,
	    only_addresses_of_the_network_are_asked_for,
	    the_address_that_the_key_gives_is_found_and_routed,
	    nobody_is_asked_again_soon_then_after_longer,
	    who_has_just_started_calls_somebody,
	    a_discoveryd_that_hangs_is_waited_for_six_seconds,
	    without_discoveryd_the_host_hears_at_once,
	    what_waits_is_bounded_for_each_and_for_all,
	    an_answer_that_is_not_verified_is_no_answer,
	    a_network_that_does_not_write_routes_does_not_get_them,
	    places_nobody_should_be_sent_to_are_left_out,
	    an_address_that_never_answers_gets_ten_a_minute_of_all_of_us,
	    an_address_that_has_answered_is_not_counted,
	    a_member_that_is_known_is_asked_for_like_any_peer,
	    a_member_that_was_up_before_a_restart_is_called_without_a_packet,
	    a_session_with_a_key_can_be_had_without_knowing_more,
	};

	return UNIT_RUN("seek", tests);
}
