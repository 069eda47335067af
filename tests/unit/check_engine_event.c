/* SPDX-License-Identifier: ISC */
/* file: tests/unit/check_engine_event.c */
/*
 * What the engine says of what happens to it, and whether a peer is there when
 * somebody asks.
 */
#include "unit.h"

#include "duo_net.h"

/* How many events of this kind a side told; *last is the last of them. */
static unsigned
told(struct duo *d, int no, enum event_kind kind, struct msg_event *last)
{
	const struct duo_side *s = &d->side[no];
	unsigned n = 0;

	ck_assert_uint_le(s->events, DUO_EVENTS);
	for (unsigned i = 0; i < s->events; i++)
		if (s->event[i].kind == kind) {
			*last = s->event[i];
			n++;
		}
	return n;
}

static const char *
text(struct msg_event *e, enum event_field f)
{
	return events_value(e, f)->s;
}

static enum event_word
cause(struct msg_event *e)
{
	return (enum event_word)events_value(e, EVF_CAUSE)->n;
}

START_TEST(a_peer_that_comes_is_told_once_with_its_place)
{
	struct duo *d = duo_up();
	struct msg_event e;

	ck_assert_uint_eq(told(d, 0, EV_PEER_UP, &e), 1);
	ck_assert_str_eq(text(&e, EVF_PEER), "b");
	ck_assert_str_eq(text(&e, EVF_PLACE), "192.0.2.2:1");
	for (int i = 0; i < 30; i++) { /* keys are made anew meanwhile */
		duo_a_to_b(d);
		duo_later(d, 10000);
	}
	ck_assert_uint_eq(told(d, 0, EV_PEER_UP, &e), 1);
	ck_assert_uint_eq(told(d, 0, EV_PEER_DOWN, &e), 0);
	duo_free(d);
}
END_TEST

START_TEST(one_that_is_not_heard_of_again_is_down_by_silence)
{
	struct duo *d = duo_up();
	struct msg_event e;

	duo_later(d, 600000);
	ck_assert_uint_eq(told(d, 0, EV_PEER_DOWN, &e), 1);
	ck_assert_str_eq(text(&e, EVF_PEER), "b");
	ck_assert_int_eq(cause(&e), EVW_SILENCE);
	duo_free(d);
}
END_TEST

START_TEST(one_that_does_not_answer_trips_its_breaker)
{
	struct duo *d = duo_up();
	struct msg_event e;

	d->side[1].udp = UDP_FULL; /* nothing leaves b */
	for (int i = 0; i < 60; i++) {
		duo_a_to_b(d);
		duo_later(d, 1000);
	}
	ck_assert_uint_eq(told(d, 0, EV_PEER_DOWN, &e), 1);
	ck_assert_int_eq(cause(&e), EVW_NO_ANSWER);
	ck_assert_uint_eq(told(d, 0, EV_BREAKER_OPEN, &e), 1);
	ck_assert_str_eq(text(&e, EVF_PEER), "b");
	ck_assert_uint_eq(events_value(&e, EVF_COUNT)->n, 1);
	d->side[1].udp = UDP_OK;
	for (int i = 0; i < 60; i++) {
		duo_a_to_b(d);
		duo_later(d, 1000);
	}
	ck_assert_uint_eq(told(d, 0, EV_BREAKER_CLOSED, &e), 1);
	ck_assert_uint_eq(told(d, 0, EV_PEER_UP, &e), 2);
	duo_free(d);
}
END_TEST

START_TEST(one_that_is_switched_off_is_removed)
{
	struct duo *d = duo_up();
	struct msg_event e;

	d->side[0].conf.peer[0].admin_up = false;
	duo_configure(d, 0);
	ck_assert_uint_eq(told(d, 0, EV_PEER_DOWN, &e), 1);
	ck_assert_int_eq(cause(&e), EVW_REMOVED);
	duo_free(d);
}
END_TEST

START_TEST(one_that_moves_is_told_with_both_places)
{
	struct duo *d = duo_up();
	struct msg_event e;

	d->side[1].ep.port = 77;
	duo_send(d, 1, "10.0.0.2", "10.0.0.1", 10);
	duo_pump(d);
	ck_assert_uint_eq(told(d, 0, EV_PEER_MOVED, &e), 1);
	ck_assert_str_eq(text(&e, EVF_PLACE), "192.0.2.2:77");
	ck_assert_str_eq(text(&e, EVF_WAS), "192.0.2.2:1");
	duo_free(d);
}
END_TEST

/* ---- members ---- */

START_TEST(a_member_joins_and_says_goodbye)
{
	struct duo *d = net_up();
	struct msg_event e;

	ck_assert_uint_eq(told(d, 0, EV_MEMBER_JOINED, &e), 1);
	ck_assert_str_eq(text(&e, EVF_PEER), "node2");
	ck_assert_uint_eq(events_value(&e, EVF_SERIAL)->n, 101);
	engine_leave(d->side[1].e, d->now);
	duo_pump(d);
	ck_assert_uint_eq(told(d, 0, EV_PEER_DOWN, &e), 1);
	ck_assert_int_eq(cause(&e), EVW_GOODBYE);
	net_free(d);
}
END_TEST

START_TEST(its_certificate_ends_and_it_is_out)
{
	struct duo *d = net_up();
	struct msg_event e;

	d->unix_s += 31 * NET_DAY;
	duo_later(d, NET_LOOK_MS + 1000);
	ck_assert_uint_eq(told(d, 0, EV_MEMBER_LEFT, &e), 1);
	ck_assert_str_eq(text(&e, EVF_PEER), "node2");
	ck_assert_int_eq(cause(&e), EVW_EXPIRED);
	ck_assert_uint_eq(told(d, 0, EV_PEER_DOWN, &e), 1);
	ck_assert_int_eq(cause(&e), EVW_EXPIRED);
	net_free(d);
}
END_TEST

START_TEST(our_own_is_told_once_when_it_nears_its_end_and_once_at_it)
{
	struct duo *d = net_new();
	struct msg_event e;

	engine_watch(d->side[0].e, d->now);
	ck_assert_uint_eq(told(d, 0, EV_CERT_ENDING, &e), 0);
	d->unix_s += 26 * NET_DAY;
	engine_watch(d->side[0].e, d->now);
	engine_watch(d->side[0].e, d->now + 1000);
	ck_assert_uint_eq(told(d, 0, EV_CERT_ENDING, &e), 1);
	ck_assert_uint_eq(events_value(&e, EVF_SERIAL)->n, 100);
	ck_assert_uint_gt(events_value(&e, EVF_EXPIRES)->n, 0);
	d->unix_s += 5 * NET_DAY;
	engine_watch(d->side[0].e, d->now);
	engine_watch(d->side[0].e, d->now + 1000);
	ck_assert_uint_eq(told(d, 0, EV_CERT_EXPIRED, &e), 1);
	ck_assert_uint_eq(told(d, 0, EV_CERT_ENDING, &e), 1);
	net_free(d);
}
END_TEST

START_TEST(a_new_one_is_told_with_its_end)
{
	struct duo *d = net_new();
	struct conf_net n = net_conf(d, 0, 100);
	struct cert c = net_cert(d, d->side[0].keys.pub, 1, 200);
	uint8_t octets[BUNDLE_MAX];
	struct msg_event e;
	size_t len;

	c.not_before = d->unix_s - 10;
	n.bundle.certlen = net_sign(n.bundle.cert, &c, net_seed);
	len = bundle_put(octets, &n.bundle);
	ck_assert_uint_ne(len, 0);
	ck_assert_int_eq(
	    engine_own_bundle(d->side[0].e, d->now, octets, len), 0);
	ck_assert_uint_eq(told(d, 0, EV_CERT_RENEWED, &e), 1);
	ck_assert_uint_eq(events_value(&e, EVF_SERIAL)->n, 200);
	ck_assert_uint_eq(events_value(&e, EVF_EXPIRES)->n, c.not_after * 1000);
	net_free(d);
}
END_TEST

/* ---- echoes ---- */

static void
echo(struct duo *d, int no, uint32_t id, const char *name)
{
	struct msg_echo_ask m = {.wait_ms = 1000};

	snprintf(m.name, sizeof(m.name), "%s", name);
	engine_echo(d->side[no].e, d->now, id, &m);
}

START_TEST(a_member_answers_and_the_time_is_taken)
{
	struct duo *d = net_up();
	struct duo_side *s = &d->side[0];

	echo(d, 0, 7, "node2");
	ck_assert_uint_eq(s->echoes, 0);
	ck_assert_uint_eq(d->nwire, 1);
	d->now += 30;
	duo_pump(d);
	ck_assert_uint_eq(s->echoes, 1);
	ck_assert_uint_eq(s->echo_id, 7);
	ck_assert_int_eq(s->echo.result, ECHO_ANSWERED);
	ck_assert_uint_eq(s->echo.rtt_us, 30000);
	ck_assert(endpoint_eq(&s->echo.place, &d->side[1].ep));
	ck_assert_uint_eq(duo_count(d, 0, ECHOES_ANSWERED), 1);
	duo_later(d, 2000); /* and that was all */
	ck_assert_uint_eq(s->echoes, 1);
	duo_balanced(d);
	net_free(d);
}
END_TEST

START_TEST(a_probe_that_is_lost_is_late_and_an_answer_after_that_is_nothing)
{
	struct duo *d = net_up();
	struct duo_side *s = &d->side[0];
	struct duo_msg m;

	echo(d, 0, 7, "node2");
	m = d->wire[0];
	d->nwire = 0;
	duo_later(d, 999);
	ck_assert_uint_eq(s->echoes, 0);
	duo_later(d, 1);
	ck_assert_uint_eq(s->echoes, 1);
	ck_assert_int_eq(s->echo.result, ECHO_LATE);
	duo_deliver(d, &m);
	duo_pump(d);
	ck_assert_uint_eq(s->echoes, 1);
	net_free(d);
}
END_TEST

START_TEST(without_a_session_one_is_made_first)
{
	struct duo *d = net_up();
	struct duo_side *s = &d->side[0];

	engine_leave(d->side[1].e, d->now);
	duo_pump(d);
	ck_assert_int_ne(duo_state(d, 0), PV_UP);
	echo(d, 0, 7, "node2");
	duo_pump(d);
	duo_later(d, 500);
	ck_assert_uint_eq(s->echoes, 1);
	ck_assert_int_eq(s->echo.result, ECHO_ANSWERED);
	net_free(d);
}
END_TEST

START_TEST(if_none_can_be_made_it_says_so_in_time)
{
	struct duo *d = net_up();
	struct duo_side *s = &d->side[0];

	engine_leave(d->side[1].e, d->now);
	duo_pump(d);
	d->side[1].udp = UDP_FULL;
	echo(d, 0, 7, "node2");
	duo_later(d, 1000);
	ck_assert_uint_eq(s->echoes, 1);
	ck_assert_int_eq(s->echo.result, ECHO_DOWN);
	net_free(d);
}
END_TEST

START_TEST(a_configured_peer_is_sent_nothing)
{
	struct duo *d = duo_up();
	struct duo_side *s = &d->side[0];

	echo(d, 0, 7, "b");
	ck_assert_uint_eq(d->nwire, 0);
	ck_assert_uint_eq(s->echoes, 1);
	ck_assert_int_eq(s->echo.result, ECHO_DEAF);
	ck_assert_uint_eq(s->echo.seen_unix_ms, d->unix_s * 1000);
	duo_free(d);
}
END_TEST

START_TEST(who_is_unknown_or_off_is_told_at_once)
{
	struct duo *d = duo_up();
	struct duo_side *s = &d->side[0];

	echo(d, 0, 7, "nobody");
	ck_assert(s->echo_unknown);
	ck_assert_uint_eq(s->echo_id, 7);
	s->conf.peer[0].admin_up = false;
	duo_configure(d, 0);
	echo(d, 0, 8, "b");
	ck_assert_uint_eq(s->echo_id, 8);
	ck_assert(!s->echo_unknown);
	ck_assert_int_eq(s->echo.result, ECHO_OFF);
	duo_free(d);
}
END_TEST

START_TEST(too_many_at_a_time_are_refused)
{
	struct duo *d = net_up();
	struct duo_side *s = &d->side[0];

	for (uint32_t i = 1; i <= ECHOES_MAX; i++)
		echo(d, 0, i, "node2");
	ck_assert_uint_eq(s->echoes, 0);
	echo(d, 0, 999, "node2");
	ck_assert_uint_eq(s->echo_id, 999);
	ck_assert_int_eq(s->echo.result, ECHO_BUSY);
	ck_assert_uint_eq(duo_count(d, 0, ECHOES_REFUSED), 1);
	duo_pump(d);
	ck_assert_uint_eq(s->echoes, ECHOES_MAX + 1);
	ck_assert_uint_eq(duo_count(d, 0, ECHOES_ANSWERED), ECHOES_MAX);
	net_free(d);
}
END_TEST

START_TEST(who_asked_is_gone_and_nobody_is_told)
{
	struct duo *d = net_up();

	echo(d, 0, 7, "node2");
	engine_echo_lost(d->side[0].e);
	duo_pump(d);
	duo_later(d, 3000);
	ck_assert_uint_eq(d->side[0].echoes, 0);
	net_free(d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    a_peer_that_comes_is_told_once_with_its_place,
	    one_that_is_not_heard_of_again_is_down_by_silence,
	    one_that_does_not_answer_trips_its_breaker,
	    one_that_is_switched_off_is_removed,
	    one_that_moves_is_told_with_both_places,
	    a_member_joins_and_says_goodbye,
	    its_certificate_ends_and_it_is_out,
	    our_own_is_told_once_when_it_nears_its_end_and_once_at_it,
	    a_new_one_is_told_with_its_end,
	    a_member_answers_and_the_time_is_taken,
	    a_probe_that_is_lost_is_late_and_an_answer_after_that_is_nothing,
	    without_a_session_one_is_made_first,
	    if_none_can_be_made_it_says_so_in_time,
	    a_configured_peer_is_sent_nothing,
	    who_is_unknown_or_off_is_told_at_once,
	    too_many_at_a_time_are_refused,
	    who_asked_is_gone_and_nobody_is_told,
	};

	return UNIT_RUN("engine_event", tests);
}
