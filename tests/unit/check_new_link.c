/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_new_link.c */
/*
 * A link, an address or a route came: who could not be reached is tried at
 * once if somebody wants it, and sessions show where we are.
 */
#include "unit.h"

#include "duo_net.h"

/* Nothing that is sent arrives: how many initiations of a. */
static unsigned
in_vain(struct duo *d, unsigned ms)
{
	unsigned n = 0;

	for (; ms > 0; ms--) {
		d->now++;
		duo_keyd(d);
		for (uint32_t i = 0; i < d->nwire; i++)
			n += wg_classify(d->wire[i].data, d->wire[i].len) ==
			    WG_INITIATION;
		d->nwire = 0;
	}
	return n;
}

/* Until its breaker has been open for the fifth time: a wait of a minute. */
static struct duo *
long_away(void)
{
	struct duo *d = duo_new();
	struct peer_slot *p = net_slot(d, 0);

	duo_a_to_b(d);
	for (int i = 0; p->breaker.wait.tries < 5; i++) {
		ck_assert_int_lt(i, 400000);
		in_vain(d, 1);
		if (p->breaker.state == BREAKER_HALF)
			duo_a_to_b(d);
	}
	ck_assert_int_eq(p->breaker.state, BREAKER_OPEN);
	return d;
}

START_TEST(without_a_way_out_the_breaker_opens_as_without_an_answer)
{
	struct duo *d = duo_new();
	struct peer_slot *p = net_slot(d, 0);

	d->side[0].udp = UDP_ERROR;
	duo_a_to_b(d);
	for (int i = 0; p->breaker.state != BREAKER_OPEN; i++) {
		ck_assert_int_lt(i, 5000);
		in_vain(d, 1);
	}
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), 0);
	/* the link is back */
	d->side[0].udp = UDP_OK;
	engine_link(d->side[0].e, d->now);
	for (int i = 0; i < 10; i++) {
		duo_pump(d);
		duo_later(d, 10);
	}
	ck_assert_int_eq(p->peer.state, PEER_UP);
	duo_free(d);
}
END_TEST

START_TEST(who_was_wanted_a_moment_ago_is_dialed_at_once)
{
	struct duo *d = long_away();
	struct peer_slot *p = net_slot(d, 0);

	duo_a_to_b(d); /* refused: the last trial was a moment ago */
	ck_assert_int_eq(p->breaker.state, BREAKER_OPEN);
	ck_assert_uint_eq(in_vain(d, 500), 0);
	engine_link(d->side[0].e, d->now);
	ck_assert_int_eq(p->breaker.state, BREAKER_TRIAL);
	ck_assert_uint_ge(in_vain(d, 300), 1);
	duo_pump(d);
	engine_link(d->side[0].e, d->now);
	for (int i = 0; i < 100; i++) {
		duo_later(d, 10);
		duo_pump(d);
	}
	ck_assert_int_eq(p->peer.state, PEER_UP);
	ck_assert_uint_eq(duo_count(d, 0, NEW_LINKS), 2);
	ck_assert_uint_eq(duo_count(d, 0, ILLEGAL_EVENTS), 0);
	duo_free(d);
}
END_TEST

START_TEST(who_slept_asks_everybody_anew)
{
	struct duo *d = duo_up();

	engine_watch(d->side[0].e, d->now);
	for (int i = 0; i < 20; i++) {
		d->now += 1000;
		engine_watch(d->side[0].e, d->now);
	}
	ck_assert_uint_eq(duo_count(d, 0, CLOCK_JUMPS), 0);
	d->now += 8000;
	engine_watch(d->side[0].e, d->now);
	ck_assert_uint_eq(duo_count(d, 0, CLOCK_JUMPS), 1);
	ck_assert_uint_eq(duo_count(d, 0, NEW_LINKS), 1);
	duo_free(d);
}
END_TEST

START_TEST(whom_nobody_wants_is_not_dialed_but_the_next_packet_may)
{
	struct duo *d = long_away();
	struct peer_slot *p = net_slot(d, 0);

	p->wanted_ms = d->now - TALKS_MS;
	engine_link(d->side[0].e, d->now);
	ck_assert_int_eq(p->breaker.state, BREAKER_HALF);
	ck_assert_uint_eq(in_vain(d, 1000), 0);
	duo_a_to_b(d);
	ck_assert_int_eq(p->breaker.state, BREAKER_TRIAL);
	ck_assert_uint_ge(in_vain(d, 300), 1);
	duo_free(d);
}
END_TEST

START_TEST(in_vain_again_it_waits_as_after_the_first_failure)
{
	struct duo *d = long_away();
	struct peer_slot *p = net_slot(d, 0);

	duo_a_to_b(d);
	engine_link(d->side[0].e, d->now);
	for (int i = 0; p->breaker.state != BREAKER_OPEN; i++) {
		ck_assert_int_lt(i, 2 * BREAKER_TRIAL_MS);
		in_vain(d, 1);
	}
	ck_assert_uint_eq(p->breaker.wait.tries, 1);
	duo_free(d);
}
END_TEST

START_TEST(one_that_does_not_want_us_is_left_alone)
{
	struct duo *d = long_away();
	struct peer_slot *p = net_slot(d, 0);

	p->eager_ms = p->breaker.due_ms;
	engine_link(d->side[0].e, d->now);
	ck_assert_int_eq(p->breaker.state, BREAKER_OPEN);
	duo_free(d);
}
END_TEST

START_TEST(a_handshake_under_way_is_repeated_at_once)
{
	struct duo *d = duo_new();

	duo_a_to_b(d);
	in_vain(d, 2000);
	in_vain(d, 400 - (unsigned)(d->now - net_slot(d, 0)->hs_sent_ms) % 400);
	engine_link(d->side[0].e, d->now);
	/* not sooner than one may: WG_INIT_GAP_MS */
	ck_assert_uint_ge(in_vain(d, WG_INIT_GAP_MS + 2), 1);
	duo_free(d);
}
END_TEST

START_TEST(a_session_that_works_shows_its_place_and_is_not_made_anew)
{
	struct duo *d = duo_new();
	uint64_t before, sent;

	duo_a_to_b(d);
	duo_pump(d);
	duo_later(d, 1000);
	duo_pump(d);
	before = duo_count(d, 0, HS_INIT_SENT);
	sent = duo_count(d, 0, KEEPALIVES_SENT);
	d->side[0].ep.port = 99; /* of its new network */
	engine_link(d->side[0].e, d->now);
	duo_later(d, 10);
	duo_pump(d);
	ck_assert_uint_eq(duo_count(d, 0, KEEPALIVES_SENT), sent + 1);
	ck_assert_uint_eq(duo_count(d, 0, HS_INIT_SENT), before);
	ck_assert_uint_eq(net_slot(d, 1)->ep.port, 99);
	duo_free(d);
}
END_TEST

START_TEST(discoveryd_is_asked_again)
{
	struct duo *d = long_away();
	uint32_t before;

	d->side[0].disc = true;
	before = d->side[0].lookups;
	net_slot(d, 0)->asked_ms = d->now;
	duo_a_to_b(d);
	engine_link(d->side[0].e, d->now);
	in_vain(d, 1000);
	ck_assert_uint_gt(d->side[0].lookups, before);
	duo_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    without_a_way_out_the_breaker_opens_as_without_an_answer,
	    who_was_wanted_a_moment_ago_is_dialed_at_once,
	    who_slept_asks_everybody_anew,
	    whom_nobody_wants_is_not_dialed_but_the_next_packet_may,
	    in_vain_again_it_waits_as_after_the_first_failure,
	    one_that_does_not_want_us_is_left_alone,
	    a_handshake_under_way_is_repeated_at_once,
	    a_session_that_works_shows_its_place_and_is_not_made_anew,
	    discoveryd_is_asked_again,
	};

	return UNIT_RUN("new link", tests);
}
