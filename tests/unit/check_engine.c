/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_engine.c */
/*
 * The engine's decisions about handshakes, peers, lookups and configurations,
 * between two engines whose wire is in the test's hands.
 */
#include "unit.h"

#include "duo.h"
#include "engine_int.h"

static struct peer_slot *
slot_of(struct duo *d, int no)
{
	return d->side[no].e->slot[d->side[no].e->order[0]];
}

/* a's initiation, made but not delivered. */
static struct duo_msg
initiation(struct duo *d)
{
	duo_a_to_b(d);
	duo_keyd(d);
	ck_assert_uint_eq(d->nwire, 1);
	ck_assert_uint_eq(d->wire[0].len, WG_INITIATION_LEN);
	d->nwire = 0;
	return d->wire[0];
}

/* b's response to it, made but not delivered. */
static struct duo_msg
response(struct duo *d)
{
	struct duo_msg m = initiation(d);

	duo_deliver(d, &m);
	duo_keyd(d);
	ck_assert_uint_eq(d->nwire, 1);
	ck_assert_uint_eq(d->wire[0].len, WG_RESPONSE_LEN);
	d->nwire = 0;
	return d->wire[0];
}

#define AT_B(d, id, n)                                                         \
	do {                                                                   \
		ck_assert_uint_eq(duo_count(d, 1, id), n);                     \
		duo_balanced(d);                                               \
	} while (0)

/* ---- handshakes ---- */

START_TEST(two_messages_and_the_first_packet_open_a_session)
{
	struct duo *d = duo_up();

	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 1);
	ck_assert_uint_eq(duo_count(d, 1, HS_RESP_SENT), 1);
	ck_assert_uint_eq(duo_count(d, 0, HS_DONE), 1);
	ck_assert_uint_eq(duo_count(d, 1, HS_DONE), 1);
	ck_assert_uint_eq(duo_count(d, 0, EI_HANDSHAKE), 1);
	ck_assert_uint_eq(duo_count(d, 1, EI_HANDSHAKE), 1);
	ck_assert_uint_eq(d->side[1].records, 1);
	ck_assert_uint_eq(duo_count(d, 0, ILLEGAL_EVENTS), 0);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_message_that_waits_for_keyd_is_pending)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	duo_deliver(d, &m);
	AT_B(d, EI_PENDING, 1);
	duo_pump(d);
	AT_B(d, EI_PENDING, 0);
	duo_free(d);
}
END_TEST

START_TEST(a_wrong_mac1_does_not_reach_keyd)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	m.data[120] ^= 1;
	duo_deliver(d, &m);
	AT_B(d, EI_BAD_MAC1, 1);
	ck_assert_uint_eq(d->nasks, 0);
	duo_free(d);
}
END_TEST

START_TEST(a_stranger_is_a_bad_handshake)
{
	struct duo *d = duo_new();
	struct duo_msg m = duo_stranger(d, 1);

	duo_deliver(d, &m);
	duo_pump(d);
	AT_B(d, EI_BAD_HANDSHAKE, 1);
	duo_free(d);
}
END_TEST

START_TEST(a_key_that_is_not_configured_is_an_unknown_peer)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	d->side[1].conf.peer[0].key[5] ^= 1;
	duo_configure(d, 1);
	duo_deliver(d, &m);
	duo_pump(d);
	AT_B(d, EI_UNKNOWN_PEER, 1);
	/* from where b expects another one */
	AT_B(d, HS_MISMATCH, 1);
	duo_free(d);
}
END_TEST

START_TEST(a_peer_that_is_off_is_not_answered)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	d->side[1].conf.peer[0].admin_up = false;
	duo_configure(d, 1);
	duo_deliver(d, &m);
	duo_pump(d);
	AT_B(d, EI_UNKNOWN_PEER, 1);
	ck_assert_uint_eq(duo_count(d, 1, HS_RESP_SENT), 0);
	duo_free(d);
}
END_TEST

START_TEST(an_initiation_counts_once)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	duo_deliver(d, &m);
	duo_keyd(d);
	d->nwire = 0;
	duo_deliver(d, &m);
	duo_keyd(d);
	AT_B(d, EI_RATE, 1); /* within 20 ms not even looked at */
	d->now += WG_INIT_GAP_MS;
	duo_deliver(d, &m);
	duo_keyd(d);
	AT_B(d, EI_OLD_STAMP, 1);
	ck_assert_uint_eq(duo_count(d, 1, HS_RESP_SENT), 1);
	duo_free(d);
}
END_TEST

START_TEST(a_source_has_its_burst_and_others_have_theirs)
{
	struct duo *d = duo_new();
	struct duo_msg m;

	for (int i = 0; i < 10; i++) {
		m = duo_stranger(d, 0xc6120001);
		duo_deliver(d, &m);
	}
	ck_assert_uint_eq(duo_count(d, 1, EI_NEED_COOKIE), 5);
	m = duo_stranger(d, 0xc6120002);
	duo_deliver(d, &m);
	AT_B(d, EI_NEED_COOKIE, 5);
	AT_B(d, COOKIES_SENT, 5);
	AT_B(d, EI_PENDING, 6);
	duo_free(d);
}
END_TEST

static void
flood(struct duo *d, uint32_t n)
{
	while (n-- > 0) {
		struct duo_msg m = duo_stranger(d, 0xc6000000 + n);

		duo_deliver(d, &m);
	}
}

START_TEST(under_load_only_who_shows_a_cookie_costs_a_handshake)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);
	uint64_t before;

	flood(d, 1000);
	before = duo_count(d, 1, EI_PENDING);
	ck_assert_uint_le(before, INITS_PER_WINDOW + 1);
	AT_B(d, COOKIES_SENT, 1000 - before);
	d->nwire = 0;
	/* the honest one gets a cookie, and in with it, in one round trip */
	duo_deliver(d, &m);
	ck_assert_uint_eq(d->nwire, 1);
	ck_assert_uint_eq(d->wire[0].len, WG_COOKIE_LEN);
	duo_later(d, WG_INIT_GAP_MS + 2);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 2);
	AT_B(d, HS_DONE, 1);
	duo_free(d);
}
END_TEST

START_TEST(a_flood_never_takes_the_places_of_our_own_dialing)
{
	struct duo *d = duo_new();

	d->side[1].key_silent = true;
	for (int i = 0; i < 200; i++) {
		flood(d, 50);
		d->now += LOAD_WINDOW_MS;
	}
	ck_assert_uint_le(duo_count(d, 1, EI_PENDING), JOBS_FOREIGN);
	duo_balanced(d);
	d->nwire = 0;
	d->side[1].key_silent = false;
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_free(d);
}
END_TEST

START_TEST(a_forged_response_does_not_kill_the_handshake)
{
	struct duo *d = duo_new();
	struct duo_msg m = response(d), forged = m;
	struct cookie_jar jar;

	forged.data[20] ^= 1;
	cookie_jar_init(&jar, d->side[0].keys.pub);
	cookie_stamp(&jar, d->now, forged.data, forged.len);
	duo_deliver(d, &forged);
	duo_keyd(d);
	ck_assert_uint_eq(duo_count(d, 0, EI_BAD_HANDSHAKE), 1);
	duo_deliver(d, &m);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_response_counts_once_and_not_for_long)
{
	struct duo *d = duo_new();
	struct duo_msg m = response(d);

	d->now += 5000;
	duo_deliver(d, &m);
	ck_assert_uint_eq(duo_count(d, 0, EI_NO_SESSION), 1);
	duo_later(d, 300);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	duo_deliver(d, &m);
	ck_assert_uint_eq(duo_count(d, 0, EI_NO_SESSION), 2);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_cookie_that_was_not_asked_for_is_a_bad_handshake)
{
	struct duo *d = duo_up();
	struct duo_msg m = {.to = 0, .len = WG_COOKIE_LEN};

	wg_put32(m.data, WG_COOKIE);
	m.from = d->side[1].ep;
	duo_deliver(d, &m);
	ck_assert_uint_eq(duo_count(d, 0, EI_NO_SESSION), 1);
	wg_put32(
	    m.data + 4, slot_of(d, 0)->ses.slot[SLOT_CURRENT]->local_index);
	duo_deliver(d, &m);
	ck_assert_uint_eq(duo_count(d, 0, EI_BAD_HANDSHAKE), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(another_psk_is_a_bad_handshake_and_the_same_one_works)
{
	struct duo *d = duo_new();

	d->side[0].conf.peer[0].has_psk = true;
	memset(d->side[0].conf.peer[0].psk, 7, 32);
	duo_configure(d, 0);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, EI_BAD_HANDSHAKE), 1);
	ck_assert_uint_eq(duo_count(d, 0, HS_MISMATCH), 1);
	ck_assert_int_ne(duo_state(d, 0), PV_UP);
	d->side[1].conf.peer[0].has_psk = true;
	memset(d->side[1].conf.peer[0].psk, 7, 32);
	duo_configure(d, 1);
	duo_later(d, 1000);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(an_initiation_of_long_ago_can_not_move_a_live_session)
{
	struct duo *d = duo_new();
	struct duo_msg old = initiation(d);

	duo_later(d, 2000); /* the next one opens the session */
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	memset(slot_of(d, 1)->newest_stamp, 0, WG_STAMP); /* b is new */
	old.from.port = 6666;
	duo_deliver(d, &old);
	duo_keyd(d);
	ck_assert_uint_eq(duo_count(d, 1, HS_RESP_SENT), 2);
	ck_assert_uint_eq(slot_of(d, 1)->ep.port, d->side[0].ep.port);
	duo_free(d);
}
END_TEST

/* ---- keyd away, slow, mad ---- */

START_TEST(without_keyd_messages_are_busy_and_dialing_goes_on)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	d->side[1].key_away = true;
	duo_deliver(d, &m);
	AT_B(d, EI_BUSY, 1);
	d->side[0].key_away = true;
	duo_later(d, 1000);
	ck_assert_uint_eq(d->nwire, 0);
	d->side[0].key_away = d->side[1].key_away = false;
	duo_later(d, 250);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	duo_free(d);
}
END_TEST

START_TEST(a_keyd_that_goes_ends_what_it_was_asked)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	duo_deliver(d, &m);
	d->nasks = 0;
	engine_key_lost(d->side[1].e, d->now);
	AT_B(d, EI_BUSY, 1);
	AT_B(d, EI_PENDING, 0);
	duo_free(d);
}
END_TEST

START_TEST(a_keyd_that_hangs_is_waited_for_two_seconds)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	d->side[1].key_silent = true;
	duo_deliver(d, &m);
	duo_later(d, JOB_LIFE_MS - 1);
	AT_B(d, EI_PENDING, 1 + duo_count(d, 1, EI_RECV) - 1);
	duo_later(d, 1);
	ck_assert_uint_ge(duo_count(d, 1, EI_BUSY), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(answers_that_nobody_waits_for_are_counted_and_ignored)
{
	struct duo *d = duo_new();
	struct msg_mix_reply mix = {0};
	struct msg_stamp_reply stamp = {0};
	struct msg_lookup_reply found = {0};

	duo_a_to_b(d);
	duo_tick(d);
	ck_assert_uint_eq(d->nasks, 1);
	/* a stamp where a mix is due, an id of nobody, no id */
	engine_on_stamp(d->side[0].e, d->now, d->ask[0].id, &stamp);
	engine_on_mix(d->side[0].e, d->now, d->ask[0].id + 1, &mix);
	engine_on_mix(d->side[0].e, d->now, 0, &mix);
	engine_on_lookup(d->side[0].e, d->now, 0, &found);
	engine_on_lookup(d->side[0].e, d->now, 1 << SLOT_BITS, &found);
	ck_assert_uint_eq(duo_count(d, 0, ILLEGAL_EVENTS), 5);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	duo_free(d);
}
END_TEST

START_TEST(a_keyd_that_refuses_is_no_reason_to_die)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);
	struct msg_mix_reply no = {.status = KEY_BUSY_NOW};

	duo_deliver(d, &m);
	engine_on_mix(d->side[1].e, d->now, d->ask[0].id, &no);
	AT_B(d, EI_BUSY, 1);
	d->nasks = 0;
	m = duo_stranger(d, 9);
	duo_deliver(d, &m);
	no.status = KEY_REFUSED_POINT;
	engine_on_mix(d->side[1].e, d->now, d->ask[0].id, &no);
	AT_B(d, EI_BAD_HANDSHAKE, 1);
	duo_free(d);
}
END_TEST

START_TEST(before_the_public_key_is_known_nothing_is_answered)
{
	struct duo *d = duo_new();
	struct duo_msg m = initiation(d);

	engine_free(d->side[1].e);
	duo_start(d, 1);
	d->side[1].e->has_pub = false;
	duo_deliver(d, &m);
	AT_B(d, EI_BUSY, 1);
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	duo_keyd(d);
	ck_assert_uint_eq(d->nwire, 0);
	/* and once it is known, who waited goes first */
	engine_set_pub(d->side[1].e, d->now, d->side[1].keys.pub);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_free(d);
}
END_TEST

/* ---- finding peers ---- */

START_TEST(initiations_go_round_all_known_places)
{
	struct duo *d = duo_new();
	struct conf_peer *p = &d->side[0].conf.peer[0];
	unsigned to[3] = {0};

	p->nendpoints = 3;
	for (int i = 0; i < 3; i++) {
		p->endpoint[i] = d->side[1].ep;
		p->endpoint[i].addr.b[3] = (uint8_t)(50 + i);
	}
	duo_configure(d, 0);
	duo_a_to_b(d);
	for (int i = 0; i < 8000; i++) {
		d->now++;
		if (i % 100 == 0)
			duo_a_to_b(d);
		duo_keyd(d);
	}
	for (uint32_t i = 0; i < d->nwire; i++)
		to[d->wire[i].to - 49]++;
	for (int i = 0; i < 3; i++)
		ck_assert_uint_ge(to[i], 2);
	duo_free(d);
}
END_TEST

START_TEST(the_place_that_was_authenticated_last_is_tried_first)
{
	struct duo *d = duo_up();
	struct duo_msg m;

	/* b calls from elsewhere */
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	engine_flush(d->side[1].e, d->now);
	m = d->wire[0];
	d->nwire = 0;
	m.from.addr.b[3] = 99;
	duo_deliver(d, &m);
	ck_assert_uint_eq(duo_count(d, 0, ROAMS), 1);
	d->now += WG_REJECT_AFTER_S * 1000;
	duo_a_to_b(d);
	duo_keyd(d);
	ck_assert_uint_eq(d->wire[0].len, WG_INITIATION_LEN);
	ck_assert_int_eq(d->wire[0].to, 98);
	duo_free(d);
}
END_TEST

START_TEST(a_peer_hears_at_once_when_our_socket_changes)
{
	struct duo *d = duo_up();

	d->side[0].ep.port = 2;
	engine_socket_add(d->side[0].e, 4, 4);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, ROAMS), 0); /* the old one serves */
	engine_socket_del(d->side[0].e, 3);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, ROAMS), 1);
	ck_assert_uint_eq(slot_of(d, 1)->ep.port, 2);
	/* the same number, but another port */
	d->side[0].ep.port = 3;
	engine_socket_add(d->side[0].e, 4, 4);
	duo_pump(d);
	ck_assert_uint_eq(slot_of(d, 1)->ep.port, 3);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_known_place_is_dialed_while_discoveryd_is_asked)
{
	struct duo *d = duo_new();

	d->side[0].disc = true;
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_uint_eq(d->side[0].lookups, 1);
	ck_assert_uint_eq(d->side[0].seen, 1);
	duo_free(d);
}
END_TEST

static void
forget_places(struct duo *d)
{
	d->side[0].conf.peer[0].nendpoints = 0;
	duo_configure(d, 0);
}

static void
found_at(struct duo *d, const uint8_t *key, const struct endpoint *ep)
{
	struct msg_lookup_reply r = {.status = LOOKUP_FOUND, .n = 1};

	memcpy(r.key, key, 32);
	r.c[0].ep = *ep;
	engine_on_lookup(d->side[0].e, d->now, d->side[0].last_lookup, &r);
}

START_TEST(what_discoveryd_finds_is_dialed)
{
	struct duo *d = duo_new();

	forget_places(d);
	d->side[0].disc = true;
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_LOOKUP);
	found_at(d, d->side[1].keys.pub, &d->side[1].ep);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_free(d);
}
END_TEST

START_TEST(an_answer_with_another_key_is_no_answer)
{
	struct duo *d = duo_new();

	forget_places(d);
	d->side[0].disc = true;
	duo_a_to_b(d);
	found_at(d, d->side[0].keys.pub, &d->side[1].ep);
	ck_assert_int_eq(duo_state(d, 0), PV_WAIT);
	ck_assert_uint_eq(duo_count(d, 0, LOOKUPS_FAILED), 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ENDPOINT), 1);
	ck_assert_uint_eq(duo_count(d, 0, ICMP_SENT), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(without_discoveryd_and_without_a_place_it_waits_and_tries_again)
{
	struct duo *d = duo_new();

	forget_places(d);
	duo_a_to_b(d);
	ck_assert_int_eq(duo_state(d, 0), PV_WAIT);
	duo_a_to_b(d); /* too soon */
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ENDPOINT), 2);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 0);
	d->side[0].disc = true;
	duo_later(d, 1250);
	duo_a_to_b(d);
	ck_assert_int_eq(slot_of(d, 0)->peer.state, PEER_LOOKUP);
	found_at(d, d->side[1].keys.pub, &d->side[1].ep);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_new_discoveryd_is_asked_at_once_and_told_who_is_up)
{
	struct duo *d = duo_up();

	d->side[0].disc = true;
	engine_disc_ready(d->side[0].e, d->now);
	ck_assert_uint_eq(d->side[0].seen, 1);
	ck_assert_uint_eq(d->side[0].seen_up, 1);
	/* and that it is not, once the keys are gone */
	d->now += 3 * WG_REJECT_AFTER_S * 1000;
	duo_tick(d);
	ck_assert_uint_eq(d->side[0].seen, 2);
	ck_assert_uint_eq(d->side[0].seen_up, 0);
	duo_free(d);
}
END_TEST

START_TEST(while_nobody_answers_discoveryd_is_asked_again_but_not_often)
{
	struct duo *d = duo_new();

	d->side[0].disc = true;
	for (int i = 0; i < 21000; i++) {
		d->now++;
		if (i % 100 == 0)
			duo_a_to_b(d);
		duo_keyd(d);
		d->nwire = 0;
	}
	ck_assert_uint_ge(d->side[0].lookups, 4);
	ck_assert_uint_le(d->side[0].lookups, 9);
	duo_free(d);
}
END_TEST

START_TEST(who_was_up_before_a_restart_is_dialed_without_a_packet)
{
	struct duo *d = duo_up();
	struct msg_lookup_reply r = {.status = LOOKUP_FOUND, .n = 1};

	engine_free(d->side[0].e);
	duo_start(d, 0);
	memcpy(r.key, d->side[1].keys.pub, 32);
	r.c[0].ep = d->side[1].ep;
	d->now += WG_INIT_GAP_MS;
	engine_on_recent(d->side[0].e, d->now, &r);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	r.key[0] ^= 1; /* not configured any more */
	engine_on_recent(d->side[0].e, d->now, &r);
	duo_free(d);
}
END_TEST

START_TEST(who_talks_to_a_session_we_lost_is_called)
{
	struct duo *d = duo_up();

	engine_free(d->side[1].e);
	duo_start(d, 1);
	d->now += WG_INIT_GAP_MS;
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_NO_SESSION), 1);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_forged_hint_is_worth_three_initiations_and_then_the_back_off)
{
	struct duo *d = duo_new();
	struct duo_msg m = {.to = 1, .len = 64, .from = d->side[0].ep};

	wg_put32(m.data, WG_DATA);
	for (int i = 0; i < 60000; i++) { /* a minute of them */
		d->now++;
		m.data[4] = (uint8_t)i;
		duo_deliver(d, &m);
		duo_keyd(d);
		d->nwire = 0;
	}
	/* 0.5 s, 1, 2, 4, 8, 16, 16 ... between them */
	ck_assert_uint_le(duo_count(d, 1, HS_INIT_SENT), 8 * STRAY_TRIES);
	ck_assert_uint_ge(duo_count(d, 1, HS_INIT_SENT), 4 * STRAY_TRIES);
	/* elsewhere it is worth nothing */
	m.from.port++;
	d->now += 90000; /* the longest wait, with its jitter */
	duo_tick(d);
	ck_assert_int_eq(duo_state(d, 1), PV_IDLE);
	duo_deliver(d, &m);
	ck_assert_int_eq(duo_state(d, 1), PV_IDLE);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(a_peer_that_never_answers_is_given_up_and_left_alone)
{
	struct duo *d = duo_new();
	uint64_t sent;

	duo_a_to_b(d);
	for (int i = 0; i < 91000; i++) {
		d->now++;
		duo_keyd(d);
		d->nwire = 0;
	}
	ck_assert_uint_eq(duo_count(d, 0, HS_GIVEN_UP), 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_BREAKER), 1);
	ck_assert_uint_eq(duo_count(d, 0, BREAKER_TRIPS), 1);
	sent = duo_count(d, 0, HS_INIT_SENT);
	ck_assert_uint_eq(sent, 5);
	duo_later(d, 600000);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), sent);
	ck_assert_int_eq(duo_state(d, 0), PV_IDLE);
	ck_assert_uint_eq(index_count(d->side[0].e->index), 0);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

/* ---- configurations ---- */

START_TEST(the_same_configuration_again_changes_nothing)
{
	struct duo *d = duo_up();

	duo_configure(d, 0);
	duo_configure(d, 1);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 1);
	duo_free(d);
}
END_TEST

START_TEST(a_peer_that_is_removed_leaves_nothing_behind)
{
	struct duo *d = duo_up();

	d->side[0].conf.npeers = 0;
	duo_configure(d, 0);
	ck_assert_uint_eq(engine_npeers(d->side[0].e), 0);
	ck_assert_uint_eq(index_count(d->side[0].e->index), 0);
	ck_assert_uint_eq(flow_count(d->side[0].e->flows), 0);
	duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 1);
	duo_balanced(d);
	d->side[0].conf.npeers = 1;
	duo_configure(d, 0);
	d->now += WG_INIT_GAP_MS;
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 2);
	duo_free(d);
}
END_TEST

START_TEST(what_a_removed_peer_held_is_shut_down)
{
	struct duo *d = duo_new();

	duo_a_to_b(d);
	duo_a_to_b(d);
	duo_keyd(d);
	d->side[0].conf.npeers = 0;
	duo_configure(d, 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_SHUTDOWN), 2);
	ck_assert_uint_eq(index_count(d->side[0].e->index), 0);
	duo_balanced(d);
	d->side[0].conf.npeers = 1;
	duo_free(d);
}
END_TEST

START_TEST(a_prefix_moves_to_another_peer_and_what_is_held_moves_with_it)
{
	struct duo *d = duo_new();
	struct conf *c = &d->side[0].conf;

	duo_send(d, 0, "10.0.0.1", "10.0.9.9", 10);
	c->npeers = 2;
	c->peer[1] = c->peer[0];
	c->peer[1].key[0] ^= 1;
	c->peer[1].allowed = calloc(1, sizeof(struct prefix));
	c->peer[1].nallowed = 1;
	c->peer[1].allowed[0] = c->peer[0].allowed[1];
	c->peer[0].nallowed = 1;
	duo_configure(d, 0);
	duo_send(d, 0, "10.0.0.1", "10.0.9.9", 10);
	duo_a_to_b(d);
	duo_pump(d);
	/* b is up; both packets to 10.0.9.9 wait for the other one */
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 2);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(two_peers_of_one_key_or_one_prefix_are_the_first_one)
{
	struct duo *d = duo_new();
	struct conf *c = &d->side[0].conf;

	c->npeers = 3;
	for (int i = 1; i < 3; i++) {
		c->peer[i] = c->peer[0];
		c->peer[i].allowed = calloc(2, sizeof(struct prefix));
		memcpy(c->peer[i].allowed, c->peer[0].allowed,
		    2 * sizeof(struct prefix));
	}
	c->peer[2].key[0] ^= 1;
	duo_configure(d, 0);
	ck_assert_uint_eq(engine_npeers(d->side[0].e), 2);
	duo_a_to_b(d);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 1, EI_DATA), 1);
	duo_free(d);
}
END_TEST

START_TEST(another_psk_drops_the_keys_and_wants_new_ones)
{
	struct duo *d = duo_up();

	for (int i = 0; i < 2; i++) {
		d->side[i].conf.peer[0].has_psk = true;
		memset(d->side[i].conf.peer[0].psk, 3, 32);
	}
	duo_configure(d, 1);
	duo_configure(d, 0);
	ck_assert_int_ne(duo_state(d, 0), PV_UP);
	duo_later(d, 2000);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	ck_assert_int_eq(duo_state(d, 1), PV_UP);
	duo_free(d);
}
END_TEST

START_TEST(switching_off_drops_what_waits_and_on_starts_anew)
{
	struct duo *d = duo_new();

	duo_a_to_b(d);
	d->side[0].conf.peer[0].admin_up = false;
	duo_configure(d, 0);
	ck_assert_uint_eq(duo_count(d, 0, EO_PEER_OFF), 1);
	ck_assert_int_eq(duo_state(d, 0), PV_OFF);
	duo_later(d, 10000);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 0);
	d->side[0].conf.peer[0].admin_up = true;
	d->side[0].conf.peer[0].keepalive_s = 10;
	duo_configure(d, 0);
	duo_pump(d);
	ck_assert_int_eq(duo_state(d, 0), PV_UP);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

START_TEST(limits_take_effect_while_it_runs)
{
	struct duo *d = duo_new();

	d->side[0].conf.node.hold_packets = 3;
	d->side[0].conf.node.hold_timeout_ms = 1000;
	d->side[0].conf.node.flows_max = 2;
	d->side[0].conf.node.mtu = 600;
	duo_configure(d, 0);
	for (int i = 0; i < 10; i++)
		duo_a_to_b(d);
	ck_assert_uint_eq(duo_count(d, 0, EO_HELD), 3);
	ck_assert_uint_eq(duo_count(d, 0, EO_HOLD_FULL), 7);
	for (int i = 0; i < 1000; i++) {
		d->now++;
		duo_keyd(d);
	}
	ck_assert_uint_eq(duo_count(d, 0, EO_HOLD_TIMEOUT), 3);
	duo_send(d, 0, "10.0.0.1", "10.0.0.2", 600);
	ck_assert_uint_eq(duo_count(d, 0, EO_TOO_BIG), 1);
	duo_balanced(d);
	duo_free(d);
}
END_TEST

/* Peers come, go and change their order at random. */
START_TEST(any_sequence_of_configurations_leaves_the_last_one)
{
	enum { KEYS = 60 };
	uint64_t seed = unit_seed(), dice = seed;
	struct duo *d = duo_up();
	struct conf c = d->side[0].conf;

	c.peer = calloc(KEYS, sizeof(*c.peer));
	for (int round = 0; round < 300; round++) {
		c.npeers = 0;
		for (uint32_t k = 1; k < KEYS; k++) {
			struct conf_peer *p = &c.peer[c.npeers];

			if (unit_random(&dice) % 3 == 0)
				continue;
			*p = d->side[0].conf.peer[0];
			p->allowed = calloc(1, sizeof(*p->allowed));
			p->nallowed = 1;
			p->key[0] = (uint8_t)k;
			p->allowed[0].addr.family = 4;
			gen_32(p->allowed[0].addr.b, 0x0a000100 + k);
			p->allowed[0].len = 32;
			p->admin_up = unit_random(&dice) % 4 != 0;
			c.npeers++;
		}
		ck_assert_int_eq(engine_configure(d->side[0].e, d->now, &c), 0);
		ck_assert_uint_eq(engine_npeers(d->side[0].e), c.npeers);
		for (uint32_t i = 0; i < c.npeers; i++) {
			char dst[16];

			snprintf(dst, sizeof(dst), "10.0.1.%u",
			    c.peer[i].allowed[0].addr.b[3]);
			duo_send(d, 0, "10.0.0.1", dst, 10);
			free(c.peer[i].allowed);
		}
		d->now += 100;
		duo_keyd(d);
		d->nwire = 0;
		duo_balanced(d);
	}
	ck_assert_uint_eq(duo_count(d, 0, EO_NO_ROUTE), 0);
	c.npeers = 0;
	ck_assert_int_eq(engine_configure(d->side[0].e, d->now, &c), 0);
	ck_assert_uint_eq(index_count(d->side[0].e->index), 0);
	duo_balanced(d);
	free(c.peer);
	duo_free(d);
}
END_TEST

/* ---- rows ---- */

START_TEST(a_row_says_what_happened)
{
	struct duo *d = duo_new();
	static struct msg_peer_row r;

	duo_a_to_b(d);
	duo_keyd(d);
	d->now += 7;
	duo_pump(d);
	ck_assert_int_eq(
	    engine_peer_row(d->side[0].e, 0, d->now, 90000, &r), 0);
	ck_assert_str_eq(r.name, "b");
	ck_assert_int_eq(r.state, PV_UP);
	ck_assert(r.has_endpoint && !r.has_psk);
	ck_assert_uint_eq(r.endpoint.port, 1);
	ck_assert_uint_eq(r.since_unix_ms, 90000);
	ck_assert_uint_eq(r.handshake_unix_ms, 90000);
	ck_assert_uint_eq(r.rtt_us, 7000);
	ck_assert_uint_eq(r.handshakes, 1);
	ck_assert_uint_eq(r.flows, 1);
	ck_assert_uint_eq(r.nallowed, 2);
	ck_assert_uint_eq(r.tx_packets, 2);
	ck_assert_uint_eq(r.tx_bytes, WG_INITIATION_LEN + 16 + 128 + 16);
	ck_assert_int_eq(
	    engine_peer_row(d->side[0].e, 1, d->now, 90000, &r), -1);
	duo_free(d);
}
END_TEST

START_TEST(an_engine_without_a_configuration_drops_and_counts)
{
	struct duo *d = duo_new();
	struct duo_msg m = duo_stranger(d, 1);
	struct engine_io io = d->side[1].e->io;

	engine_free(d->side[1].e);
	d->side[1].e = engine_new(&io);
	duo_deliver(d, &m);
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	engine_tick(d->side[1].e, d->now);
	engine_flush(d->side[1].e, d->now);
	AT_B(d, EI_UNKNOWN, 1);
	AT_B(d, EO_NO_ROUTE, 1);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    two_messages_and_the_first_packet_open_a_session,
	    a_message_that_waits_for_keyd_is_pending,
	    a_wrong_mac1_does_not_reach_keyd,
	    a_stranger_is_a_bad_handshake,
	    a_key_that_is_not_configured_is_an_unknown_peer,
	    a_peer_that_is_off_is_not_answered,
	    an_initiation_counts_once,
	    a_source_has_its_burst_and_others_have_theirs,
	    under_load_only_who_shows_a_cookie_costs_a_handshake,
	    a_flood_never_takes_the_places_of_our_own_dialing,
	    a_forged_response_does_not_kill_the_handshake,
	    a_response_counts_once_and_not_for_long,
	    a_cookie_that_was_not_asked_for_is_a_bad_handshake,
	    another_psk_is_a_bad_handshake_and_the_same_one_works,
	    an_initiation_of_long_ago_can_not_move_a_live_session,
	    without_keyd_messages_are_busy_and_dialing_goes_on,
	    a_keyd_that_goes_ends_what_it_was_asked,
	    a_keyd_that_hangs_is_waited_for_two_seconds,
	    answers_that_nobody_waits_for_are_counted_and_ignored,
	    a_keyd_that_refuses_is_no_reason_to_die,
	    before_the_public_key_is_known_nothing_is_answered,
	    initiations_go_round_all_known_places,
	    the_place_that_was_authenticated_last_is_tried_first,
	    a_peer_hears_at_once_when_our_socket_changes,
	    a_known_place_is_dialed_while_discoveryd_is_asked,
	    what_discoveryd_finds_is_dialed,
	    an_answer_with_another_key_is_no_answer,
	    without_discoveryd_and_without_a_place_it_waits_and_tries_again,
	    a_new_discoveryd_is_asked_at_once_and_told_who_is_up,
	    while_nobody_answers_discoveryd_is_asked_again_but_not_often,
	    who_was_up_before_a_restart_is_dialed_without_a_packet,
	    who_talks_to_a_session_we_lost_is_called,
	    a_forged_hint_is_worth_three_initiations_and_then_the_back_off,
	    a_peer_that_never_answers_is_given_up_and_left_alone,
	    the_same_configuration_again_changes_nothing,
	    a_peer_that_is_removed_leaves_nothing_behind,
	    what_a_removed_peer_held_is_shut_down,
	    a_prefix_moves_to_another_peer_and_what_is_held_moves_with_it,
	    two_peers_of_one_key_or_one_prefix_are_the_first_one,
	    another_psk_drops_the_keys_and_wants_new_ones,
	    switching_off_drops_what_waits_and_on_starts_anew,
	    limits_take_effect_while_it_runs,
	    any_sequence_of_configurations_leaves_the_last_one,
	    a_row_says_what_happened,
	    an_engine_without_a_configuration_drops_and_counts,
	};

	return UNIT_RUN("engine", tests);
}
